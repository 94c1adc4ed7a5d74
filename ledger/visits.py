"""Visits (走访) in the ledger: each act is an entry of the history under the number of its visit, in one change with where it stands and who sees it.

Who sees one is a look-up, as with orders: the posts that planned it and go there, and the grids of its place. Pages ask by `Asked` and get a part of the rows, or sums by grid or post: nothing is
counted in Python.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, or_, select, update

from geo.errors import Conflict, UnknownVisit
from incidents.household_rounds import NOTHING, Seen
from incidents.lifecycle import By, PostKind
from incidents.visits import OPEN, WALKED, Phase, Visit, Walk, Walked, apply
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import instant, milliseconds, visit, visit_seen, wording
from ledger.writing import Writing

SUBJECT = "visit"
GRID = "grid:"
KIND = "by"  # what an entry's data calls the kind of the post
JSON = ("codes", "standing")
UNKNOWN = "There is no visit {number!r} in {area}. Look it up in the list of visits."
Sight = frozenset[str] | None  # posts, and grids by `seen_in`; None sees every one


@dataclass(frozen=True)
class Filed:
    """A visit as the ledger has it.

    Attributes
    ----------
    lon, lat
        Where, degrees WGS84.
    building
        Its id, "" for none.
    codes
        Of the place, by level and overlay.
    leaf
        Code of its micro-grid.
    version
        Of its last change; 0 before it is written.
    ended
        When it was done, refused or cancelled, UTC.
    item
        Account and key by which a phone made it; "" elsewhere.
    """

    area: str
    state: Visit
    lon: float
    lat: float
    building: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    leaf: str = ""
    number: str = ""
    version: int = 0
    id: int = 0
    ended: datetime | None = None
    item: str = ""


@dataclass(frozen=True)
class Asked:
    """A question about the visits of an area.

    Attributes
    ----------
    sight
        Who asks.
    today
        The day in the area's zone: what was due before it is overdue.
    since, until
        The period: from a moment, until one that is not in it any more, with its last day.
    kind, topic, visitor, text
        Narrow it; "" does not. ``text`` is a part of the number, or the id of a building.
    """

    area: str
    sight: Sight
    today: date
    since: datetime
    until: datetime
    last_day: date
    kind: str = ""
    topic: str = ""
    visitor: str = ""
    text: str = ""


@dataclass(frozen=True)
class Figures:
    """Visits of one grid or post, in counts.

    Attributes
    ----------
    planned
        To be made until the end of the period, their day not over.
    overdue, waiting
        Now, of whatever period.
    done, refused, households
        In the period.
    """

    key: str
    planned: int
    overdue: int
    waiting: int
    done: int
    refused: int
    households: int


def seen_in(level: str, code: str) -> str:
    """Return what stands for a grid among those who see a visit."""
    return f"{GRID}{level}:{code}"


# Writing


def make(writing: Writing, blanks: Sequence[Filed], entries: Sequence[Walked], *, prefix: str, day: str) -> list[Filed]:
    """Write new visits, and return them with their numbers.

    Parameters
    ----------
    blanks
        With their places; the state of each is made here, by its entry.
    prefix, day
        What their numbers begin with, and the day ``20261122`` in the area's time.
    """
    connection, start = writing.connection, f"{prefix}-{day}-"
    first = int(next_number(connection, visit, blanks[0].area, start).removeprefix(start)) if blanks else 0
    found = []
    for place, (blank, said) in enumerate(zip(blanks, entries, strict=True), first):
        entry, version = _kept(said), writing.version + 1
        made = _after(replace(blank, number=f"{start}{place:04d}", id=version), apply(None, entry), entry, version)
        _enter(writing, made, entry, {})
        found.append(made)
    if found:
        connection.execute(insert(visit), [{"id": one.id, "area": one.area, "number": one.number, **_row(one)} for one in found])  # fmt: skip
        connection.execute(insert(visit_seen), [row for one in found for row in _seen_rows(one)])
    return found


def act(writing: Writing, area: str, number: str, entry: Walked, *, expected: int | None = None) -> Filed:
    """Do an act to a visit, and return it as it stands then.

    Raises
    ------
    UnknownVisit
        There is none of that number.
    Conflict
        Somebody else changed it since the expected version.
    LifecycleError
        The rules do not allow the act.
    """
    connection, entry = writing.connection, _kept(entry)
    before = get(connection, area, number)
    if expected is not None and before.version != expected:
        raise Conflict(number, expected, before.version)
    after = _after(before, apply(before.state, entry), entry, writing.version + 1)
    _enter(writing, after, entry, facts(before))
    connection.execute(update(visit).where(visit.c.id == after.id).values(_row(after)))
    if seen(facts(after)) != seen(facts(before)):
        connection.execute(delete(visit_seen).where(visit_seen.c.visit == after.id))
        connection.execute(insert(visit_seen), _seen_rows(after))
    return after


def forget(writing: Writing, area: str, *, before: datetime, at: datetime) -> int:
    """Erase the notes of visits that ended before a time, and return how many; the history keeps that there were some."""
    c = visit.c
    over = select(c.number).where(c.area == area, c.ended < milliseconds(before))
    told = (wording.c.area == area, wording.c.number.in_(over), wording.c.text.is_not(None))
    erased = int(writing.connection.execute(update(wording).where(*told).values(text=None)).rowcount)
    if erased:
        writing.enter(area, "visits", area, "erase", post="", at=at, after={"erased": erased})
    return erased


def facts(filed: Filed) -> dict[str, Any]:
    """Return what the history says of a visit: its place, and where it stands, as the columns have it."""
    state = filed.state
    return {
        **{name: getattr(filed, name) for name in ("building", "lon", "lat", "leaf")},
        **{name: getattr(state, name) for name in ("kind", "visitor", "late", "households", "tries")},
        "codes": dict(filed.codes),
        "standing": state.to_json(),
        "phase": state.phase.value,
        "due": state.due.isoformat() if state.due else "",
        "topics": "".join(f";{topic}" for topic in state.topics) + ";",
        "walked": milliseconds(state.walked) if state.walked else None,
        "ended": milliseconds(filed.ended) if filed.ended else None,
        "item": filed.item,
    }


COLUMNS = ("building", "lon", "lat", "leaf", "kind", "visitor", "late", "households", "tries", *JSON, "phase", "due", "topics", "walked", "ended", "item")  # fmt: skip


def seen(said: Mapping[str, Any]) -> frozenset[str]:
    """Return who sees a visit of which the history says this."""
    grids = {seen_in(key, code) for key, codes in said["codes"].items() for code in codes.split(";") if code}
    return frozenset({said["standing"]["asker"], said["visitor"]} | grids)


def walked(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Walked:
    """Return an entry of the history as the lifecycle takes it."""
    return Walked(Walk(entry["act"]), By(entry["post"], PostKind(data[KIND])), instant(entry["at"]), data)


def _after(filed: Filed, state: Visit, entry: Walked, version: int) -> Filed:
    is_over = state.phase not in OPEN
    ended = (filed.ended or entry.at) if is_over else None
    item = state.items[0] if entry.act is Walk.WALK and state.items else filed.item
    return replace(filed, state=state, version=version, ended=ended, item=item)


def _kept(entry: Walked) -> Walked:
    """Return an act with its time as the ledger keeps it, so that a state is the same whether it was read or replayed."""
    return replace(entry, at=instant(milliseconds(entry.at)))


def _enter(writing: Writing, after: Filed, entry: Walked, before: Mapping[str, Any]) -> None:
    data = {**entry.data, KIND: entry.by.kind.value}
    writing.enter(
        after.area, SUBJECT, after.number, entry.act.value, post=entry.by, at=entry.at, before=before, after=facts(after), data=data
    )  # fmt: skip


def _row(filed: Filed) -> dict[str, Any]:
    said = facts(filed)
    return {**said, **{name: dumps(said[name]) for name in JSON}, "version": filed.version}


def _seen_rows(filed: Filed) -> list[dict[str, Any]]:
    return [{"visit": filed.id, "by": by, "area": filed.area} for by in sorted(seen(facts(filed)))]


# Looking


def get(connection: Connection, area: str, number: str, sight: Sight = None) -> Filed:
    """Return one visit.

    Raises
    ------
    UnknownVisit
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    asked = select(visit).where(visit.c.area == area, visit.c.number == number, *_sees(area, sight))
    row = None if "\0" in number else connection.execute(asked).mappings().first()
    if row is None:
        raise UnknownVisit(UNKNOWN.format(number=number.replace("\0", ""), area=area))
    return _filed(row)


def sent(connection: Connection, area: str, items: Collection[str]) -> dict[str, tuple[str, int]]:
    """Return the visits that phones made under some keys, as account and key: number and version."""
    c = visit.c
    asked = select(c.item, c.number, c.version).where(c.area == area, c.item.in_(sorted(items)))
    return {item: (number, version) for item, number, version in connection.execute(asked)} if items else {}


def seen_of(connection: Connection, area: str, sight: Sight, numbers: Collection[str]) -> frozenset[str]:
    """Return those of some numbers that somebody sees."""
    asked = select(visit.c.number).where(visit.c.area == area, visit.c.number.in_(sorted(numbers)), *_sees(area, sight))
    return frozenset(connection.execute(asked).scalars())


def open_of(connection: Connection, area: str, sight: Sight, visitors: Collection[str], *, most: int) -> list[Filed]:
    """Return the open visits of some posts, then those of others that one sees, each by their day, at most so many."""
    c = visit.c
    own = case((c.visitor.in_(sorted(visitors)), 0), else_=1)
    asked = select(visit).where(c.area == area, c.phase.in_(sorted(OPEN)), *_sees(area, sight))
    return [_filed(row) for row in connection.execute(asked.order_by(own, c.due, c.id).limit(most)).mappings()]


def open_count(connection: Connection, area: str, sight: Sight) -> int:
    """Return how many open visits somebody sees."""
    asked = select(func.count()).where(visit.c.area == area, visit.c.phase.in_(sorted(OPEN)), *_sees(area, sight))
    return int(connection.execute(asked).scalar_one())


def walked_lately(
    connection: Connection, area: str, visitors: Collection[str], since: datetime, *, most: int
) -> list[Filed]:
    """Return what some posts made since a moment, the latest first."""
    c = visit.c
    wanted = (
        c.area == area,
        c.visitor.in_(sorted(visitors)),
        c.phase.in_(sorted(WALKED)),
        c.ended >= milliseconds(since),
    )
    return [_filed(row) for row in connection.execute(select(visit).where(*wanted).order_by(c.walked.desc(), c.id).limit(most)).mappings()]  # fmt: skip


def late(connection: Connection, area: str, today: date, *, most: int) -> list[Filed]:
    """Return visits whose day is over, of which their head was not told."""
    c = visit.c
    wanted = (c.area == area, c.phase == Phase.PLANNED.value, c.due < today.isoformat(), c.late.is_(False))
    return [
        _filed(row) for row in connection.execute(select(visit).where(*wanted).order_by(c.id).limit(most)).mappings()
    ]


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of any visit; 0 while there is none."""
    return int(connection.execute(select(func.max(visit.c.version)).where(visit.c.area == area)).scalar() or 0)


def words(connection: Connection, filed: Sequence[Filed]) -> dict[str, str]:
    """Return what was said when visits were made or planned: number -> text; what was erased, or said nothing, is left out."""
    keys = {f"{one.id}.text": one.number for one in filed}
    asked = select(wording.c.key, wording.c.text).where(wording.c.key.in_(keys), wording.c.text.is_not(None))
    return {keys[key]: text for key, text in connection.execute(asked)}


# The views of a list: which visits, and what comes first.
VIEWS = ("overdue", "planned", "waiting", "over", "cancelled")


def page(connection: Connection, asked: Asked, view: str, *, most: int, skip: int = 0) -> list[Filed]:
    """Return a part of one of `VIEWS`: what is open by its day, what is over by when somebody went there, the latest first."""
    c = visit.c
    order = (c.ended.desc(), c.id.desc()) if view in {"over", "cancelled"} else (c.due, c.id)
    found = select(visit).where(*_wanted(asked), _in(asked)[view]).order_by(*order).limit(most).offset(skip)
    return [_filed(row) for row in connection.execute(found).mappings()]


def count(connection: Connection, asked: Asked, view: str) -> int:
    """Return how many visits one of `VIEWS` has."""
    found = select(func.count()).select_from(visit).where(*_wanted(asked), _in(asked)[view])
    return int(connection.execute(found).scalar_one())


def counts(connection: Connection, asked: Asked) -> dict[str, int]:
    """Return how many visits each of `VIEWS` has."""
    ways = _in(asked)
    sums = [func.sum(case((ways[view], 1), else_=0)).label(view) for view in VIEWS]
    row = connection.execute(select(*sums).where(*_wanted(asked), or_(*ways.values()))).mappings().one()
    return {view: int(row[view] or 0) for view in VIEWS}


def figures(connection: Connection, asked: Asked, by: str) -> list[Figures]:
    """Return the counts of a period by ``leaf`` (micro-grid) or ``visitor`` (post), by their keys."""
    ways, column = _in(asked), visit.c[by]
    kept = {"planned": ways["planned"], "overdue": ways["overdue"], "waiting": ways["waiting"]}
    kept |= {phase.value: and_(ways["over"], visit.c.phase == phase.value) for phase in (Phase.DONE, Phase.REFUSED)}
    sums = [func.sum(case((way, 1), else_=0)).label(name) for name, way in kept.items()]
    met = func.sum(case((ways["over"], visit.c.households), else_=0)).label("households")
    rows = connection.execute(
        select(column.label("key"), *sums, met).where(*_wanted(asked), or_(*kept.values())).group_by(column)
    )
    found = [Figures(str(row["key"]), **{name: int(row[name] or 0) for name in (*kept, "households")}) for row in rows.mappings()]  # fmt: skip
    return sorted(found, key=lambda one: one.key)


def by_building(connection: Connection, asked: Asked, kind: str) -> dict[str, Seen]:
    """Return what the visits of one kind came to at each building, in the period; what is to be made stands in every one."""
    c, ways, found = visit.c, _in(asked), dict[str, Seen]()
    wanted = (c.kind == kind, c.building != "", or_(ways["over"], c.phase.in_(sorted(OPEN))))
    columns = (c.building, c.phase, c.households, c.tries, c.due, c.visitor)
    rows = connection.execute(select(*columns).where(*_wanted(asked), *wanted).order_by(c.walked, c.id))
    for building, phase, households, tries, due, visitor in rows:
        was, is_over = found.get(building, NOTHING), phase in {one.value for one in WALKED}
        found[building] = Seen(
            was.met + (households or 0 if phase == Phase.DONE.value else 0),
            was.tries + tries,
            phase == Phase.REFUSED.value if is_over else was.refused,
            max(filter(None, (was.due, date.fromisoformat(due) if due and not is_over else None)), default=None),
            visitor,
        )
    return found


def by_topic(connection: Connection, asked: Asked, topics: Collection[str]) -> dict[str, int]:
    """Return how many visits of the period were about each topic; one with several counts for each."""
    keys = list(topics)
    sums = [func.sum(case((_about(topic), 1), else_=0)) for topic in keys]
    row = connection.execute(select(*sums).where(*_wanted(asked), _in(asked)["over"])).one() if keys else ()
    return {topic: int(number or 0) for topic, number in zip(keys, row, strict=True)}


def _in(asked: Asked) -> dict[str, ColumnElement[bool]]:
    """Return the condition of each view: what is overdue or waits stands in every period, what is planned until its end, and what is over by when somebody went there."""
    c, today = visit.c, asked.today.isoformat()
    since, until = milliseconds(asked.since), milliseconds(asked.until)
    planned = c.phase == Phase.PLANNED.value
    return {
        "overdue": and_(planned, c.due < today),
        "planned": and_(planned, c.due >= today, c.due <= asked.last_day.isoformat()),
        "waiting": c.phase == Phase.WAITING.value,
        "over": and_(c.phase.in_(sorted(WALKED)), c.walked >= since, c.walked < until),
        "cancelled": and_(c.phase == Phase.CANCELLED.value, c.ended >= since, c.ended < until),
    }


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    c = visit.c
    found: list[ColumnElement[bool]] = [c.area == asked.area, *_sees(asked.area, asked.sight)]
    if asked.kind:
        found.append(c.kind == asked.kind)
    if asked.topic:
        found.append(_about(asked.topic))
    if asked.visitor:
        found.append(c.visitor == asked.visitor)
    if asked.text:
        found.append(or_(c.number.contains(asked.text, autoescape=True), c.building == asked.text))
    return found


def _about(topic: str) -> ColumnElement[bool]:
    return visit.c.topics.contains(f";{topic};", autoescape=True)


def _sees(area: str, sight: Sight) -> list[ColumnElement[bool]]:
    """Return the condition that somebody sees it."""
    if sight is None:
        return []
    c = visit_seen.c
    return [visit.c.id.in_(select(c.visit).where(c.area == area, c.by.in_(sorted(sight))))]


def _filed(row: Mapping[Any, Any]) -> Filed:
    names = ("area", "number", "building", "lon", "lat", "leaf", "version", "id", "item")
    ended = None if row["ended"] is None else instant(row["ended"])
    state = Visit.from_json(json.loads(row["standing"]))
    return Filed(state=state, codes=json.loads(row["codes"]), ended=ended, **{name: row[name] for name in names})
