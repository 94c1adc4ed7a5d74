"""What a demonstration holds of visits (走访): the household round of the last weeks, most buildings reached in part or wholly, some met nobody, some not visited yet. Buildings and counts alone, no people."""

from datetime import UTC, datetime, timedelta

from data.synthetic.plane import Chance
from desk.orders.people import CENTRE, keepers
from desk.room import Room
from desk.visits.acts import BLANK
from desk.visits.people import nearest
from desk.visits.places import Goal, households, houses
from incidents.lifecycle import By
from incidents.posts import kind_of
from incidents.visits import Walk, Walked
from ledger import visits
from ledger.visits import Filed
from ledger.writing import Writing

DAY = timedelta(days=1)
SEED = 1
DAYS = 12  # over which the round went so far
SHARE_WALKED, SHARE_NOBODY, SHARE_WHOLE = 0.7, 0.15, 0.6


def write(writing: Writing, room: Room, now: datetime) -> None:
    """Write them for an invented area, in a change that goes on already."""
    rules, known = room.rules.visits, households(room.area)
    if not room.area.pack.synthetic or not rules.round_kind:
        return
    homes = [goal for goal in houses(room) if known.get(goal.building)][: rules.most_places]
    begun, leaf = now - DAYS * DAY, room.area.net.leaf.key
    until = now.astimezone(room.area.pack.timezone).date() + DAYS * DAY
    blanks, entries = [], []
    for goal in homes:
        data = {"kind": rules.round_kind, "visitor": nearest(room, goal.codes, begun).key, "keepers": keepers(room, CENTRE, goal.codes, begun), "due": until.isoformat(), "topics": list(rules.round_topics)}  # fmt: skip
        blanks.append(Filed(room.id, BLANK, goal.lon, goal.lat, goal.building, dict(goal.codes), goal.codes.get(leaf, "")))  # fmt: skip
        entries.append(Walked(Walk.PLAN, CENTRE, begun.astimezone(UTC), data))
    day = f"{begun.astimezone(room.area.pack.timezone):%Y%m%d}"
    made = visits.make(writing, blanks, entries, prefix=rules.prefix, day=day) if homes else []
    for filed, goal in zip(made, homes, strict=True):
        _goes_on(writing, room, filed, goal, known[goal.building], now)


def _goes_on(writing: Writing, room: Room, filed: Filed, goal: Goal, has: int, now: datetime) -> None:  # noqa: PLR0917
    chance, visitor = Chance(room.id, SEED, goal.building, "visit"), filed.state.visitor
    if not chance.happens(SHARE_WALKED):
        return
    at = (now - chance.whole(1, DAYS - 1) * DAY).astimezone(UTC)
    nobody = chance.happens(SHARE_NOBODY)
    met = has if chance.happens(SHARE_WHOLE) else chance.whole(1, has)
    again = (at + room.rules.visits.kind(filed.state.kind).again_days * DAY).date()
    data = {"due": max(again, now.date()).isoformat()} if nobody else {"households": met}
    act = Walk.NOBODY if nobody else Walk.DONE
    visits.act(writing, room.id, filed.number, Walked(act, By(visitor, kind_of(visitor)), at, data))
