"""Plans of patrols (夜间巡查计划): made, changed and ended by heads and the command room. What was opened stays as it was."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from desk.access.permissions import demand
from desk.patrols.people import grids, inside, may_walk, walkers
from desk.posts.acting import change
from desk.room import Room
from desk.visits.acts import note, today
from desk.visits.people import SEES
from geo.errors import DraftError, LifecycleError
from incidents.lifecycle import By, PostKind
from ledger import patrols
from ledger.patrols import Plan
from ledger.writing import Writing

NEEDS = "act"
MOST_EVERY = 31  # days between two nights
MOST_AHEAD = timedelta(days=366)
LONGEST_NAME = 40
PLANNERS = frozenset({PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY, PostKind.OFFICE, PostKind.DISPATCHER})


@dataclass(frozen=True)
class Planning:
    """A plan that somebody wants: as `ledger.patrols.Plan`, its grids as level or overlay and codes. ``first`` None is tonight."""

    name: str
    level: str
    places: tuple[str, ...]
    begins: time
    ends: time
    kind: str = "night"
    every: int = 1
    walkers: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None


def make(room: Room, planning: Planning, by: By, now: datetime) -> Plan:
    """Write a plan, and return it.

    Raises
    ------
    DraftError, LifecycleError, TextError, UnknownPost, NoAccess
        Why it cannot be; nothing was written.
    """
    made = _checked(room, planning, by, now)
    return change(room, NEEDS, by, now, lambda writing: patrols.plan(writing, room.id, made, by=by, at=now.astimezone(UTC)))  # fmt: skip


def end(room: Room, plan: Plan, last: date, by: By, now: datetime) -> Plan:
    """End a plan with a night from yesterday on, and return it; what was opened stays.

    Raises
    ------
    DraftError, LifecycleError, Conflict, NoAccess
        Why it cannot be; nothing was written.
    """
    _require(room, by)
    if plan not in listed(room):
        raise DraftError("That plan is none of yours. Choose one of the list.", field="patrol_plan_gone")
    first = today(room, now) - timedelta(days=1)
    if not max(first, plan.first - timedelta(days=1)) <= last <= first + MOST_AHEAD:
        raise DraftError("A plan ends yesterday at the earliest: what was opened stays. Choose another night.", field="patrol_last")  # fmt: skip

    def work(writing: Writing) -> Plan:
        there = patrols.plan_of(writing.connection, room.id, plan.id)
        wanted = replace(there, last=last, version=plan.version)
        return patrols.plan(writing, room.id, wanted, by=by, at=now.astimezone(UTC))

    return change(room, NEEDS, by, now, work)


def listed(room: Room) -> list[Plan]:
    """Return the plans that who looks through a room sees: those of whose grids one is theirs."""
    if room.who and not room.who.can(SEES):
        return []
    with room.ledger.reading() as connection:
        found = patrols.plans(connection, room.id)
    if room.who is None or not room.within.narrows:
        return found
    own = set(grids(room))
    return [plan for plan in found if own & {(plan.level, code) for code in plan.places}]


def _require(room: Room, by: By) -> None:
    if room.who:
        demand(room.who, SEES)
    post = room.post(by.post)
    if not may_walk(post) or post.kind not in PLANNERS:
        raise LifecycleError(f"plan is not for a post of the kind {by.kind.value}: a head of a grid plans.")


def _checked(room: Room, planning: Planning, by: By, now: datetime) -> Plan:
    _require(room, by)
    rules, night = room.rules.patrols, today(room, now)
    if planning.kind not in rules.kinds:
        raise DraftError("There is no such kind of patrol. Choose one of the list.", field="patrol_kind")
    name = note(room, planning.name, what="title", most=LONGEST_NAME)
    if not name:
        raise DraftError("A plan has a name. Write what it is called.", field="patrol_name")
    if not 0 < len(planning.places) <= rules.most_places:
        raise DraftError(f"A plan has 1 to {rules.most_places} grids, this one {len(planning.places)}. Choose others.", field="patrol_grid")  # fmt: skip
    if not 1 <= planning.every <= MOST_EVERY:
        raise DraftError(f"A night comes each 1 to {MOST_EVERY} days. Choose another number.", field="patrol_every")
    first, last = planning.first or night, planning.last
    if not night <= first <= night + MOST_AHEAD or (last and not first <= last <= first + MOST_AHEAD):
        raise DraftError("A plan begins tonight or later, and ends after it began, at most in a year.", field="patrol_first")  # fmt: skip
    places = tuple(dict.fromkeys(planning.places))
    for code in places:
        inside(room, (planning.level, code))
    named = walkers(room, planning.walkers, rules.kind(planning.kind).walkers, now) if planning.walkers else []
    begins, ends = (f"{at:%H:%M}" for at in (planning.begins, planning.ends))
    if begins == ends:
        raise DraftError("A patrol that ends when it begins would last a whole day. Choose other times.", field="patrol_time")  # fmt: skip
    return Plan(name, planning.kind, planning.level, places, planning.every, begins, ends, tuple(named), by.post, first, last)  # fmt: skip
