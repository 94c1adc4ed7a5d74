"""What time brings to patrols: each night its plans open theirs, once; what nobody said was walked is missed, and told to its head, once."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from desk.orders.people import keepers
from desk.patrols.acts import BLANK
from desk.patrols.people import head_of, lineage, usual
from desk.room import Room
from desk.visits.acts import today
from desk.visits.people import CENTRE
from geo.errors import DraftError
from inspections.patrols import Act, Done, hours, nights
from ledger import patrols
from ledger.patrols import Filed, Plan
from ledger.writing import Writing

MOST = 200  # patrols in one change, so that nobody waits long for the ledger
DAY = timedelta(days=1)


def take(room: Room, now: datetime) -> int:
    """Open what the plans say and write what was missed, and return how many that were; an archive has none."""
    if room.area.pack.archive:
        return 0
    total = 0
    for step in (_open, _miss):
        taken = MOST
        while taken == MOST:
            taken = step(room, now)
            total += taken
    return total


def _open(room: Room, now: datetime) -> int:
    with room.ledger.reading() as connection:
        plans = patrols.plans(connection, room.id)
        wanted = _wanted(room, plans, patrols.opened(connection, room.id, _oldest(room, now)), now)
    if not wanted:
        return 0

    def work(writing: Writing) -> int:
        there = patrols.opened(writing.connection, room.id, _oldest(room, now))
        found = _wanted(room, patrols.plans(writing.connection, room.id), there, now)[:MOST]
        blanks, entries = [one for one, _ in found], _told([said for _, said in found], today(room, now))
        patrols.make(writing, blanks, entries, prefix=room.rules.patrols.prefix)
        return len(found)

    return room.ledger.change(work)


def _told(entries: list[Done], tonight: date) -> list[Done]:
    """Return the entries with whom each tells: every post once, of all that it walks tonight."""
    night = tonight.isoformat()
    walks = Counter(post for one in entries if one.data["night"] == night for post in one.data["walkers"])
    told, found = set[str](), []
    for one in entries:
        to = [post for post in one.data["walkers"] if post not in told] if one.data["night"] == night else []
        told |= set(to)
        found.append(replace(one, data={**one.data, "to": to, "counts": {post: walks[post] for post in to}}) if to else one)  # fmt: skip
    return found


def _oldest(room: Room, now: datetime) -> date:
    return today(room, now) - room.rules.patrols.back_days * DAY


def _wanted(
    room: Room, plans: list[Plan], there: frozenset[tuple[int, date, str, str]], now: datetime
) -> list[tuple[Filed, Done]]:
    """Return the patrols that plans open until today and that are not there, the oldest night first."""
    missing = sorted(
        (night, plan.id, code, plan)
        for plan in plans
        for night in nights(plan.first, plan.last, plan.every, _oldest(room, now), today(room, now))
        for code in plan.places
        if (plan.id, night, plan.level, code) not in there
    )
    found = (_one(room, plan, night, code, now) for night, _id, code, plan in missing)
    return [one for one in found if one]


def _one(room: Room, plan: Plan, night: date, code: str, now: datetime) -> tuple[Filed, Done] | None:
    """Return one patrol that a plan opens; None where the net has no such grid any more."""
    try:
        codes = lineage(room.area.net, plan.level, code)
    except DraftError:
        return None
    kind = room.rules.patrols.kind(plan.kind)
    since, until = hours(night, time.fromisoformat(plan.begins), time.fromisoformat(plan.ends), room.area.pack.timezone)
    walkers = list(plan.walkers) or usual(room, codes, kind.walkers, now)
    kept = [plan.post, *(key for key in keepers(room, CENTRE, codes, now) if key not in {plan.post, CENTRE.post})]
    data = {
        "kind": plan.kind,
        "night": night.isoformat(),
        "since": since.isoformat(),
        "until": until.isoformat(),
        "walkers": walkers,
        "keepers": kept,
        "plan": plan.id,
    }
    return Filed(room.id, BLANK, plan.level, code, dict(codes)), Done(Act.PLAN, CENTRE, now.astimezone(UTC), data)


def _miss(room: Room, now: datetime) -> int:
    moment = now - timedelta(minutes=room.rules.patrols.grace_minutes)
    with room.ledger.reading() as connection:
        if not patrols.over(connection, room.id, moment, most=1):
            return 0

    def work(writing: Writing) -> int:
        found = patrols.over(writing.connection, room.id, moment, most=MOST)
        heads = [head_of(one.state) for one in found]
        for place, (one, head) in enumerate(zip(found, heads, strict=True)):
            told = {"to": [head], "counts": {head: heads.count(head)}} if head not in heads[:place] else {}
            patrols.act(writing, room.id, one.number, Done(Act.STEP, CENTRE, now.astimezone(UTC), told))
        return len(found)

    return room.ledger.change(work)
