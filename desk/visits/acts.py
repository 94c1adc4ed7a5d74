"""Planning visits, and doing something to one: what its lifecycle needs is filled in (who goes, until when, who is told), then all is written in one change."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from desk.access.permissions import demand
from desk.orders.people import keepers
from desk.places import names_of
from desk.posts.acting import change
from desk.room import Room
from desk.visits.people import SEES, VISITORS, goes, head_of, may_plan, nearest, sight
from desk.visits.places import Goal, point
from geo.errors import DraftError, LifecycleError, UnknownPost
from incidents.lifecycle import By, PostKind
from incidents.moments import to_time
from incidents.posts import Post
from incidents.text import clean, find_personal
from incidents.visits import OUTCOMES, PLANNERS, Phase, Visit, Walk, Walked
from ledger import visits
from ledger.visits import Filed
from ledger.writing import Writing

NEEDS = "act"
WORDS = ("text", "reason")
MANY_DIGITS = re.compile(r"\d{7}")  # in a row: a number of somebody's, with or without a word before it
MOST_AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class Planning:
    """Visits that somebody wants made.

    Attributes
    ----------
    goals
        Where, one visit each.
    visitor
        Key of the post that goes; "": of each place its own worker, else its nearest head.
    kind, topics
        Keys of the rules; "" is the first kind.
    due
        Until which day; None for the days that the kind has.
    text
        For who goes; nobody's name or number.
    """

    goals: tuple[Goal, ...]
    visitor: str = ""
    kind: str = ""
    topics: tuple[str, ...] = ()
    due: date | None = None
    text: str = ""


@dataclass(frozen=True)
class Doing:
    """What somebody wants done to a visit.

    Attributes
    ----------
    data
        What the act needs, by name: ``topics``, ``households``, ``text``, ``case``, ``reason``, ``due`` (ISO day), ``visitor``. ``item_key`` and ``done_at`` of a phone.
    expected
        Version that the person saw.
    """

    number: str
    act: Walk
    data: Mapping[str, Any] = field(default_factory=dict)
    expected: int | None = None


@dataclass(frozen=True)
class Unplanned:
    """A visit that was made without a plan.

    Attributes
    ----------
    lon, lat
        Degrees WGS84.
    building
        Its id, "" for a point.
    outcome
        One of `incidents.visits.OUTCOMES`.
    data
        As of `Doing`, for that outcome.
    """

    lon: float
    lat: float
    outcome: str
    building: str = ""
    kind: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def plan(room: Room, planning: Planning, by: By, now: datetime) -> list[Filed]:
    """Plan visits, tell who goes there, and return them with their numbers.

    Raises
    ------
    LifecycleError, DraftError, TextError, UnknownPost, NoAccess
        Why it cannot be; nothing was written.
    """
    _require_planner(room, by, PLANNERS)
    most = room.rules.visits.most_places
    if not 0 < len(planning.goals) <= most:
        raise DraftError(f"A plan has 1 to {most} places, this one {len(planning.goals)}. Choose fewer.", field="visit_many")  # fmt: skip
    kind = _kind(room, planning.kind)
    due = planning.due or today(room, now) + timedelta(days=room.rules.visits.kind(kind).due_days)
    shared = {"kind": kind, "due": _day(room, due.isoformat(), now), "topics": _topics(room, planning.topics), "text": note(room, planning.text)}  # fmt: skip
    told: dict[str, dict[str, Any]] = {}
    entries = []
    for goal in planning.goals:
        visitor = _visitor(room, planning.visitor, goal, by, now)
        data = {**shared, "visitor": visitor, "keepers": keepers(room, by, goal.codes, now)}
        if visitor != by.post:
            first = told.setdefault(visitor, data)
            first |= {"to": [visitor], "count": first.get("count", 0) + 1}  # one message for all of them
        entries.append(data)
    return _made(room, Walk.PLAN, planning.goals, entries, by, now)


def walk(room: Room, made: Unplanned, by: By, now: datetime) -> Filed:
    """Write a visit down that was made without a plan, once under the key of a phone, and return it.

    Raises
    ------
    LifecycleError, DraftError, PlaceError, TextError, UnknownIncident, NoAccess
        Why it cannot be; nothing was written.
    """
    _require_planner(room, by, VISITORS)
    if made.outcome not in {act.value for act in OUTCOMES}:
        raise DraftError("Say how the visit ended.", field="form.outcome")
    goal, kind = point(room, made.lon, made.lat, made.building), _kind(room, made.kind)
    blank = Visit(Phase.PLANNED, kind, by.post, by.post, tuple(keepers(room, by, goal.codes, now)))
    said = _filled(room, blank, Walk(made.outcome), _cleaned(room, made.data), now)
    data = {"kind": kind, "visitor": by.post, "keepers": list(blank.keepers), "outcome": made.outcome, **said}
    return _made(room, Walk.WALK, [goal], [data], by, now)[0]


def do(room: Room, doing: Doing, by: By, now: datetime) -> Filed:
    """Do one act, and return the visit as it stands then; what a phone sent before is not done again.

    Raises
    ------
    LifecycleError, Conflict, UnknownVisit, UnknownIncident, DraftError, TextError, NoAccess
        Why it cannot be done; nothing was written.
    """
    _require_sight(room)
    if doing.act is Walk.STEP:
        raise LifecycleError(f"{doing.act.value} is done by the desk itself, and by no person.")
    data = _cleaned(room, doing.data)

    def work(writing: Writing) -> Filed:
        filed = visits.get(writing.connection, room.id, doing.number, sight(room))
        if data.get("item_key") in filed.state.items:
            return filed
        said = _filled(room, filed.state, doing.act, data, now)
        if said.get("visitor"):
            said["visitor"] = _visitor(room, said["visitor"], Goal(filed.lon, filed.lat, filed.codes), by, now)
        entry = Walked(doing.act, by, now.astimezone(UTC), said)
        return visits.act(writing, room.id, doing.number, entry, expected=doing.expected)

    return change(room, NEEDS, by, now, work)


def of(room: Room, number: str) -> Filed:
    """Return a visit as who looks through a room sees it; raises UnknownVisit."""
    with room.ledger.reading() as connection:
        return visits.get(connection, room.id, number, sight(room))


def note(room: Room, text: str, *, what: str = "text", most: int = 0) -> str:
    """Return a note as it is kept, of so many characters at most; 0 for those of a visit.

    Raises
    ------
    TextError
        It is too long.
    DraftError
        It holds a number or a name of somebody.
    """
    kept = clean(text, most=most or room.rules.visits.longest_note, what=what, lines=False)
    if MANY_DIGITS.search(kept) or find_personal(kept, keep=names_of(room.area)):
        raise DraftError(
            "The note holds a name or a number of somebody. Take it out: say the matter; what a household needs is a case or an order.",
            field="visit_note",
        )
    return kept


def today(room: Room, now: datetime) -> date:
    """Return the day in the zone of the area."""
    return now.astimezone(room.area.pack.timezone).date()


def _require_sight(room: Room) -> None:
    if room.who:
        demand(room.who, SEES)


def _require_planner(room: Room, by: By, kinds: Collection[PostKind]) -> None:
    _require_sight(room)
    if by.kind not in kinds or not may_plan(room.post(by.post)):
        raise LifecycleError(f"plan is not for a post of the kind {by.kind.value}: a grid post goes.")


def _made(  # noqa: PLR0917
    room: Room, act: Walk, goals: Sequence[Goal], entries: Sequence[Mapping[str, Any]], by: By, now: datetime
) -> list[Filed]:
    """Write new visits; one that a phone made already is returned as it stands."""
    leaf, day = room.area.net.leaf.key, f"{today(room, now):%Y%m%d}"
    blanks = [
        Filed(room.id, BLANK, goal.lon, goal.lat, goal.building, dict(goal.codes), goal.codes.get(leaf, ""))
        for goal in goals
    ]
    said = [{name: value for name, value in one.items() if value not in ("", None, [])} for one in entries]
    item = str(entries[0].get("item_key", ""))

    def work(writing: Writing) -> list[Filed]:
        there = visits.sent(writing.connection, room.id, [item]) if item else {}
        if there:
            return [visits.get(writing.connection, room.id, there[item][0])]
        walked = [Walked(act, by, now.astimezone(UTC), one) for one in said]
        return visits.make(writing, blanks, walked, prefix=room.rules.visits.prefix, day=day)

    return change(room, NEEDS, by, now, work)


BLANK = Visit(Phase.PLANNED, "", "", "", ())  # what it is, its first entry says


def _cleaned(room: Room, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an act's data with its words and keys checked; nothing that is empty."""
    found: dict[str, Any] = {
        name: note(room, str(value or ""), what=name) if name in WORDS else value for name, value in data.items()
    }
    if found.get("topics"):
        found["topics"] = _topics(room, found["topics"])
    met = found.get("households")
    if met is not None and not 0 <= met <= room.rules.visits.most_households:
        raise DraftError(f"{met} households cannot have been met. Give a number from 0 to {room.rules.visits.most_households}.", field="form.households")  # fmt: skip
    if found.get("case"):
        found["case"] = room.get(str(found["case"])).number
    return {name: value for name, value in found.items() if value not in ("", None, [])}


def _filled(room: Room, visit: Visit, act: Walk, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    return {**data, **_FILL.get(act, _no_more)(room, visit, data, now)}


Filler = Callable[[Room, Visit, Mapping[str, Any], datetime], dict[str, Any]]


def _no_more(_room: Room, _visit: Visit, _data: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    return {}


def _about(_room: Room, visit: Visit, data: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    if not data.get("topics") and not visit.topics:
        raise DraftError("A visit was about something. Choose at least one topic.", field="visit_topics")
    return {}


def _tried(room: Room, visit: Visit, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Plan the next try where there is one; else the head decides, and is told."""
    kind = room.rules.visits.kind(visit.kind)
    if visit.tries + 1 >= kind.tries:
        return {"to": [head_of(visit)]}
    went = today(room, to_time(data.get("done_at")) or now)
    return {"due": max(went + timedelta(days=kind.again_days), today(room, now)).isoformat()}


def _again(room: Room, visit: Visit, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    goes_ = data.get("visitor") or visit.visitor
    return {"due": _day(room, str(data.get("due", "")), now), "to": [goes_]}


def _cancelled(_room: Room, visit: Visit, _data: Mapping[str, Any], _now: datetime) -> dict[str, Any]:
    return {"to": [visit.visitor]}


_FILL: Mapping[Walk, Filler] = MappingProxyType(
    {Walk.DONE: _about, Walk.NOBODY: _tried, Walk.AGAIN: _again, Walk.CANCEL: _cancelled}
)


def _kind(room: Room, key: str) -> str:
    kinds = room.rules.visits.kinds
    if key and key not in kinds:
        raise DraftError("There is no such kind of visit. Choose one of the list.", field="form.kind")
    return key or next(iter(kinds))


def _topics(room: Room, keys: Sequence[str]) -> list[str]:
    """Return topics in the order of the rules, each once."""
    known = room.rules.visits.topics
    if any(key not in known for key in keys):
        raise DraftError("There is no such topic. Choose among those of the list.", field="form.topics")
    return [key for key in known if key in keys]


def _day(room: Room, text: str, now: datetime) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    first = today(room, now)
    if not first <= day <= first + MOST_AHEAD:
        raise DraftError("A visit is due today or later, at most in a year. Choose another day.", field="visit_due")
    return day.isoformat()


def _visitor(room: Room, key: str, goal: Goal, by: By, now: datetime) -> str:
    """Return the post that goes to a place.

    Raises
    ------
    DraftError, UnknownPost
        It cannot: it is none, or the place lies in another grid; or a worker plans for somebody else.
    """
    if by.kind is PostKind.WORKER:
        key = key or by.post
        if key != by.post:
            raise DraftError("A worker plans for himself. Ask the head to plan for others.", field="visit_visitor")
    post = _known(room, key, by, now) if key else nearest(room, goal.codes, now)
    if not goes(post, goal.codes):
        raise DraftError(
            "The place lies outside of that post's grid. Choose a post of its grid.", field="visit_visitor"
        )
    return post.key


def _known(room: Room, key: str, by: By, now: datetime) -> Post:
    found = room.register.posts(now).get(key) or (room.post(key) if key == by.post else None)
    if found is None or found.kind not in VISITORS:
        raise UnknownPost(f"{key!r} does not go on visits. Choose a worker or a head of a grid.")
    return found
