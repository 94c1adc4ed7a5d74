"""What a demonstration holds of patrols (巡查): a plan of nights in each grid above the micro-grids, three weeks of its patrols, most of them walked, some missed, and patrols by day. Posts alone, no people."""

from datetime import UTC, date, datetime, time, timedelta

from data.synthetic.plane import Chance
from desk.orders.people import CENTRE, keepers
from desk.patrols.acts import BLANK
from desk.patrols.people import lineage, usual
from desk.room import Room
from incidents.lifecycle import By
from incidents.posts import kind_of
from inspections.patrols import NOTHING, Act, Done, hours, nights
from ledger import patrols
from ledger.patrols import Filed, Plan
from ledger.writing import Writing

DAY = timedelta(days=1)
SEED = 1
DAYS = 21
EVERY = 3  # nights
BEGINS, ENDS = time(21), time(23)
SHARE_WALKED, SHARE_FOUND = 0.85, 0.4
OUTCOMES = ("publicity", "hazard", "mediation")
MOST_FOUND = 3


def write(writing: Writing, room: Room, now: datetime) -> None:
    """Write them for an invented area, in a change that goes on already."""
    rules, levels = room.rules.patrols, room.area.net.levels
    above = levels[-2] if len(levels) > 1 else levels[-1]
    if not room.area.pack.synthetic or "night" not in rules.kinds:
        return
    today, first = now.astimezone(room.area.pack.timezone).date(), now - DAYS * DAY
    codes = tuple(str(code) for code in above.codes)[: rules.most_places]
    made = Plan("夜间巡查", "night", above.key, codes, EVERY, f"{BEGINS:%H:%M}", f"{ENDS:%H:%M}", (), CENTRE.post, first.date())  # fmt: skip
    plan = patrols.plan(writing, room.id, made, by=CENTRE, at=first.astimezone(UTC))
    for night in nights(plan.first, None, plan.every, plan.first, today - DAY):
        _night(writing, room, plan, night)


def _night(writing: Writing, room: Room, plan: Plan, night: date) -> None:
    """Write the patrols of a night: opened, and walked or missed."""
    since, until = hours(night, BEGINS, ENDS, room.area.pack.timezone)
    needed = room.rules.patrols.kind(plan.kind).walkers
    blanks, entries = [], []
    for code in plan.places:
        codes = lineage(room.area.net, plan.level, code)
        data = {"kind": plan.kind, "night": night.isoformat(), "since": since.isoformat(), "until": until.isoformat(), "walkers": usual(room, codes, needed, since), "keepers": keepers(room, CENTRE, codes, since), "plan": plan.id}  # fmt: skip
        blanks.append(Filed(room.id, BLANK, plan.level, code, dict(codes)))
        entries.append(Done(Act.PLAN, CENTRE, since - 3 * timedelta(hours=1), data))
    for one in patrols.make(writing, blanks, entries, prefix=room.rules.patrols.prefix):
        _goes_on(writing, room, one)


def _goes_on(writing: Writing, room: Room, filed: Filed) -> None:
    chance, state = Chance(room.id, SEED, filed.number), filed.state
    if not chance.happens(SHARE_WALKED):
        at = state.until + timedelta(minutes=room.rules.patrols.grace_minutes + 1)
        patrols.act(writing, room.id, filed.number, Done(Act.STEP, CENTRE, at))
        return
    found = chance.whole(1, MOST_FOUND) if chance.happens(SHARE_FOUND) else 0
    known = [key for key in OUTCOMES if key in room.rules.patrols.outcomes]
    outcomes = [chance.pick(known)] if found and known else [NOTHING]
    counts = {"found": found, "cleared": found} if outcomes != [NOTHING] else {}
    by = By(state.walkers[0], kind_of(state.walkers[0]))
    data = {"since": (state.since + timedelta(minutes=chance.whole(0, 15))).isoformat(), "until": (state.until - timedelta(minutes=chance.whole(0, 20))).isoformat(), "walkers": list(state.walkers), "outcomes": outcomes, **counts}  # fmt: skip
    patrols.act(writing, room.id, filed.number, Done(Act.DONE, by, state.until, data))
