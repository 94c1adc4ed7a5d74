"""Patrols (巡查) in the ledger, and the plans that open them: each act is an entry of the history, in one change with where it stands and who sees it.

Who sees one is a look-up, as with visits: the posts that walk and keep it, its grid, and the grids above. Pages ask by `Asked` and get a part of the rows, or sums by grid or post.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, or_, select, update

from geo.errors import Conflict, DraftError
from incidents.lifecycle import By, PostKind
from inspections.patrols import Act, Done, Patrol, State, apply
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import instant, milliseconds, patrol, patrol_plan, patrol_seen, wording
from ledger.visits import Sight, seen_in
from ledger.writing import Actor, Writing

SUBJECT, PLAN = "patrol", "patrol_plan"
KIND = "by"  # what an entry's data calls the kind of the post
JSON = ("codes", "standing")
VIEWS = ("planned", "done", "missed", "cancelled")


@dataclass(frozen=True)
class Filed:
    """A patrol as the ledger has it.

    Attributes
    ----------
    level, code
        Of its grid: a level or an overlay, and its code.
    codes
        Of that grid and those above it, by level.
    version
        Of its last change; 0 before it is written.
    item
        Account and key by which a phone made it; "" elsewhere.
    """

    area: str
    state: Patrol
    level: str
    code: str
    codes: Mapping[str, str] = field(default_factory=dict)
    number: str = ""
    version: int = 0
    id: int = 0
    item: str = ""


@dataclass(frozen=True)
class Plan:
    """A plan of patrols.

    Attributes
    ----------
    kind
        Of the patrols that it opens.
    level, places
        Level or overlay of its grids, and their codes.
    every
        A night each so many days, from the first on.
    begins, ends
        Clock times ``22:00`` in the area's zone.
    walkers
        Posts; () where each grid's own posts walk.
    post
        That made it.
    first, last
        Nights; no last one for no end.
    """

    name: str
    kind: str
    level: str
    places: tuple[str, ...]
    every: int
    begins: str
    ends: str
    walkers: tuple[str, ...]
    post: str
    first: date
    last: date | None = None
    id: int = 0
    version: int = 0


@dataclass(frozen=True)
class Asked:
    """A question about the patrols of an area; what is empty does not narrow it.

    Attributes
    ----------
    sight
        Who asks: posts and grids; None sees every one.
    since, until
        First and last night.
    grid
        Level and code: in that grid or below it.
    walker, plan, text
        ``text`` is a part of the number.
    """

    area: str
    sight: Sight = None
    since: date | None = None
    until: date | None = None
    kinds: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()
    grid: tuple[str, str] | None = None
    walker: str = ""
    plan: int = 0
    text: str = ""


@dataclass(frozen=True)
class Figures:
    """Patrols of one grid or post, in counts; of ``done``, how many problems were found, cleared on the spot and reported up."""

    key: str
    planned: int = 0
    done: int = 0
    missed: int = 0
    cancelled: int = 0
    found: int = 0
    cleared: int = 0
    reported: int = 0


# Writing


def make(writing: Writing, blanks: Sequence[Filed], entries: Sequence[Done], *, prefix: str) -> list[Filed]:
    """Write new patrols, each under the next number of its night, and return them; the state of each is made here, by its entry."""
    connection, next_of, made = writing.connection, dict[str, int](), []
    for blank, said in zip(blanks, entries, strict=True):
        entry, version = _kept(said), writing.version + 1
        state = apply(None, entry)
        start = f"{prefix}-{state.night:%Y%m%d}-"
        if start not in next_of:
            next_of[start] = int(next_number(connection, patrol, blank.area, start).removeprefix(start))
        item = state.items[0] if entry.act is Act.WALK and state.items else ""
        filed = replace(blank, number=f"{start}{next_of[start]:04d}", id=version, version=version, state=state, item=item)  # fmt: skip
        next_of[start] += 1
        _enter(writing, filed, entry, {})
        made.append(filed)
    if made:
        connection.execute(insert(patrol), [{"id": one.id, "area": one.area, "number": one.number, **_row(one)} for one in made])  # fmt: skip
        connection.execute(insert(patrol_seen), [row for one in made for row in _seen_rows(one)])
    return made


def act(writing: Writing, area: str, number: str, entry: Done, *, expected: int | None = None) -> Filed:
    """Do an act to a patrol, and return it as it stands then.

    Raises
    ------
    DraftError
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
    after = replace(before, state=apply(before.state, entry), version=writing.version + 1)
    _enter(writing, after, entry, facts(before))
    connection.execute(update(patrol).where(patrol.c.id == after.id).values(_row(after)))
    if seen(facts(after)) != seen(facts(before)):
        connection.execute(delete(patrol_seen).where(patrol_seen.c.patrol == after.id))
        connection.execute(insert(patrol_seen), _seen_rows(after))
    return after


def plan(writing: Writing, area: str, made: Plan, *, by: Actor, at: datetime) -> Plan:
    """Write a new plan, or one as it stands from now on, and return it.

    Raises
    ------
    Conflict
        It was changed since the version that it says.
    """
    version, c = writing.version + 1, patrol_plan.c
    before = plan_of(writing.connection, area, made.id) if made.id else None
    if before and before.version != made.version:
        raise Conflict(before.name, made.version, before.version)
    after = replace(made, id=made.id or version, version=version)
    said = planned(before) if before else {}
    writing.enter(area, PLAN, str(after.id), "change" if before else "make", post=by, at=at, before=said, after=planned(after))  # fmt: skip
    row = {**planned(after), "places": dumps(list(after.places)), "posts": dumps(list(after.walkers)), "version": version}  # fmt: skip
    if before:
        writing.connection.execute(update(patrol_plan).where(c.area == area, c.id == after.id).values(row))
    else:
        writing.connection.execute(insert(patrol_plan), {"id": after.id, "area": area, **row})
    return after


def forget(writing: Writing, area: str, *, before: datetime, at: datetime) -> int:
    """Erase the notes of patrols that were over before a time, and return how many; the history keeps that there were some."""
    c = patrol.c
    over = select(c.number).where(c.area == area, c.state != State.PLANNED.value, c.until < milliseconds(before))
    told = (wording.c.area == area, wording.c.number.in_(over), wording.c.text.is_not(None))
    erased = int(writing.connection.execute(update(wording).where(*told).values(text=None)).rowcount)
    if erased:
        writing.enter(area, "patrols", area, "erase", post="", at=at, after={"erased": erased})
    return erased


def facts(filed: Filed) -> dict[str, Any]:
    """Return what the history says of a patrol: its grid, and where it stands, as the columns have it."""
    state = filed.state
    return {
        **{name: getattr(filed, name) for name in ("level", "code", "item")},
        **{name: getattr(state, name) for name in ("kind", "found", "cleared", "reported")},
        "codes": dict(filed.codes),
        "standing": state.to_json(),
        "state": state.state.value,
        "night": state.night.isoformat(),
        "since": milliseconds(state.since),
        "until": milliseconds(state.until),
        "plan": state.plan or None,
        "walkers": f";{';'.join(state.walkers)};",
        "outcomes": f";{';'.join(state.outcomes)};",
    }


COLUMNS = ("level", "code", "item", "kind", "found", "cleared", "reported", *JSON, "state", "night", "since", "until", "plan", "walkers", "outcomes")  # fmt: skip


def planned(made: Plan) -> dict[str, Any]:
    """Return what the history says of a plan, as the columns have it but for its lists."""
    return {
        **{name: getattr(made, name) for name in ("name", "kind", "level", "every", "begins", "ends", "post")},
        "places": list(made.places),
        "posts": list(made.walkers),
        "first": made.first.isoformat(),
        "last": made.last.isoformat() if made.last else "",
    }


PLANNED = ("name", "kind", "level", "every", "begins", "ends", "post", "places", "posts", "first", "last")


def seen(said: Mapping[str, Any]) -> frozenset[str]:
    """Return who sees a patrol of which the history says this."""
    standing = said["standing"]
    grids = {seen_in(key, code) for key, code in {**said["codes"], said["level"]: said["code"]}.items() if code}
    return frozenset({*standing["walkers"], *standing["keepers"]} | grids)


def done(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Done:
    """Return an entry of the history as the lifecycle takes it."""
    return Done(Act(entry["act"]), By(entry["post"], PostKind(data[KIND])), instant(entry["at"]), data)


def _kept(entry: Done) -> Done:
    """Return an act with its time as the ledger keeps it, so that a state is the same whether it was read or replayed."""
    return replace(entry, at=instant(milliseconds(entry.at)))


def _enter(writing: Writing, after: Filed, entry: Done, before: Mapping[str, Any]) -> None:
    data = {**entry.data, KIND: entry.by.kind.value}
    writing.enter(after.area, SUBJECT, after.number, entry.act.value, post=entry.by, at=entry.at, before=before, after=facts(after), data=data)  # fmt: skip


def _row(filed: Filed) -> dict[str, Any]:
    said = facts(filed)
    return {**said, **{name: dumps(said[name]) for name in JSON}, "version": filed.version}


def _seen_rows(filed: Filed) -> list[dict[str, Any]]:
    return [{"patrol": filed.id, "by": by, "area": filed.area} for by in sorted(seen(facts(filed)))]


# Looking


def get(connection: Connection, area: str, number: str, sight: Sight = None) -> Filed:
    """Return one patrol.

    Raises
    ------
    DraftError
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    c = patrol.c
    asked = select(patrol).where(c.area == area, c.number == number, *_sees(area, sight))
    row = None if "\0" in number else connection.execute(asked).mappings().first()
    if row is None:
        raise DraftError(f"{area} has no patrol {number.replace(chr(0), '')!r}. Look it up in the list.", field="patrol_gone")  # fmt: skip
    return _filed(row)


def sent(connection: Connection, area: str, items: Collection[str]) -> dict[str, tuple[str, int]]:
    """Return the patrols that phones made under some keys, as account and key: number and version."""
    c = patrol.c
    asked = select(c.item, c.number, c.version).where(c.area == area, c.item.in_(sorted(items)))
    return {item: (number, version) for item, number, version in connection.execute(asked)} if items else {}


def seen_of(connection: Connection, area: str, sight: Sight, numbers: Collection[str]) -> frozenset[str]:
    """Return those of some numbers that somebody sees."""
    c = patrol.c
    asked = select(c.number).where(c.area == area, c.number.in_(sorted(numbers)), *_sees(area, sight))
    return frozenset(connection.execute(asked).scalars())


def of_posts(connection: Connection, area: str, posts: Collection[str], since: date, until: date, *, most: int) -> list[Filed]:  # fmt: skip
    """Return the patrols of some nights that any of some posts walks, those to be walked first, by their time; cancelled ones are left out."""
    c = patrol.c
    walks = or_(*(_has(c.walkers, post) for post in sorted(posts)))
    nights = (c.night >= since.isoformat(), c.night <= until.isoformat())
    asked = select(patrol).where(c.area == area, walks, c.state != State.CANCELLED.value, *nights)
    order = case((c.state == State.PLANNED.value, 0), else_=1)
    return [_filed(row) for row in connection.execute(asked.order_by(order, c.since, c.id).limit(most)).mappings()] if posts else []  # fmt: skip


def over(connection: Connection, area: str, moment: datetime, *, most: int) -> list[Filed]:
    """Return patrols that are to be walked and whose time was over before a moment, the oldest first."""
    c = patrol.c
    wanted = (c.area == area, c.state == State.PLANNED.value, c.until < milliseconds(moment))
    return [_filed(row) for row in connection.execute(select(patrol).where(*wanted).order_by(c.id).limit(most)).mappings()]  # fmt: skip


def opened(connection: Connection, area: str, since: date) -> frozenset[tuple[int, date, str, str]]:
    """Return plan, night, level and code of each patrol that a plan opened from a night on."""
    c = patrol.c
    asked = select(c.plan, c.night, c.level, c.code).where(c.area == area, c.plan.is_not(None), c.night >= since.isoformat())  # fmt: skip
    return frozenset((of, date.fromisoformat(night), level, code) for of, night, level, code in connection.execute(asked))  # fmt: skip


def plans(connection: Connection, area: str) -> list[Plan]:
    """Return all plans of an area, the newest first."""
    c = patrol_plan.c
    rows = connection.execute(select(patrol_plan).where(c.area == area).order_by(c.id.desc())).mappings()
    return [_plan(row) for row in rows]


def plan_of(connection: Connection, area: str, number: int) -> Plan:
    """Return one plan; raises DraftError where there is none."""
    c = patrol_plan.c
    row = connection.execute(select(patrol_plan).where(c.area == area, c.id == number)).mappings().first()
    if row is None:
        raise DraftError(f"There is no plan {number}. Look it up in the list of plans.", field="patrol_plan_gone")
    return _plan(row)


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of any patrol or plan; 0 while there is none."""
    asked = [select(func.max(table.c.version)).where(table.c.area == area) for table in (patrol, patrol_plan)]
    return max(int(connection.execute(one).scalar() or 0) for one in asked)


def words(connection: Connection, filed: Filed) -> list[str]:
    """Return what was said of a patrol, the oldest first; what was erased is left out."""
    c = wording.c
    asked = select(c.key, c.text).where(c.area == filed.area, c.number == filed.number, c.text.is_not(None))
    return [text for key, text in sorted(connection.execute(asked).all(), key=lambda one: int(one[0].split(".")[0]))]


def page(connection: Connection, asked: Asked, view: str = "", *, most: int | None = None, skip: int = 0) -> list[Filed]:  # fmt: skip
    """Return a part of one of `VIEWS`, or of all: what is to be walked by its time, what is over the latest first."""
    c = patrol.c
    order = (c.since, c.id) if view == "planned" else (c.since.desc(), c.id.desc())
    found = select(patrol).where(*_wanted(asked), *_in(view)).order_by(*order).limit(most).offset(skip)
    return [_filed(row) for row in connection.execute(found).mappings()]


def count(connection: Connection, asked: Asked, view: str = "") -> int:
    """Return how many patrols one of `VIEWS` has, or all."""
    return int(connection.execute(select(func.count()).select_from(patrol).where(*_wanted(asked), *_in(view))).scalar_one())  # fmt: skip


def counts(connection: Connection, asked: Asked) -> dict[str, int]:
    """Return how many patrols each of `VIEWS` has."""
    c = patrol.c
    rows = connection.execute(select(c.state, func.count()).where(*_wanted(asked)).group_by(c.state))
    found = {str(state): int(number) for state, number in rows}
    return {view: found.get(view, 0) for view in VIEWS}


def in_grids(connection: Connection, asked: Asked, level: str) -> list[Figures]:
    """Return the figures of each grid of a level or overlay, with those of the grids below it, by its code."""
    c, seen_by = patrol.c, patrol_seen.c
    start = seen_in(level, "")
    there = (seen_by.patrol == c.id, seen_by.by.startswith(start, autoescape=True))
    rows = connection.execute(select(seen_by.by, *_sums()).where(*there, *_wanted(asked)).group_by(seen_by.by))
    return sorted((Figures(by.removeprefix(start), *map(int, sums)) for by, *sums in rows), key=lambda one: one.key)


def by_post(connection: Connection, asked: Asked) -> list[Figures]:
    """Return the figures of each post that walked, or was to; a patrol of a pair counts for both, so that these do not add up."""
    c = patrol.c
    sums: dict[str, Counter[str]] = {}
    for walkers, *said in connection.execute(select(c.walkers, *_sums()).where(*_wanted(asked)).group_by(c.walkers)):
        for post in filter(None, walkers.split(";")):
            sums.setdefault(post, Counter()).update(dict(zip(_SUMMED, map(int, said), strict=True)))
    return [Figures(post, **{name: of[name] for name in _SUMMED}) for post, of in sorted(sums.items())]


def by_outcome(connection: Connection, asked: Asked, outcomes: Iterable[str]) -> dict[str, int]:
    """Return how many patrols that were walked came to each outcome; one with several counts for each."""
    keys = list(outcomes)
    sums = [func.sum(case((_has(patrol.c.outcomes, key), 1), else_=0)) for key in keys]
    row = connection.execute(select(*sums).where(*_wanted(asked), *_in("done"))).one() if keys else ()
    return {key: int(number or 0) for key, number in zip(keys, row, strict=True)}


_SUMMED = (*VIEWS, "found", "cleared", "reported")


def _sums() -> list[ColumnElement[Any]]:
    c = patrol.c
    states = [func.sum(case((c.state == view, 1), else_=0)) for view in VIEWS]
    return [*states, *(func.sum(c[name]) for name in ("found", "cleared", "reported"))]


def _in(view: str) -> list[ColumnElement[bool]]:
    return [patrol.c.state == view] if view else []


def _has(column: Any, key: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.contains(f";{key};", autoescape=True)
    return found


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    c = patrol.c
    found: list[ColumnElement[bool]] = [c.area == asked.area, *_sees(asked.area, asked.sight)]
    if asked.since:
        # What is still to be walked is on the list after midnight too, when its night was that of another month.
        found.append(or_(c.night >= asked.since.isoformat(), c.state == State.PLANNED.value))
    if asked.until:
        found.append(c.night <= asked.until.isoformat())
    if asked.kinds:
        found.append(c.kind.in_(sorted(asked.kinds)))
    if asked.outcomes:
        found.append(or_(*(_has(c.outcomes, key) for key in sorted(asked.outcomes))))
    if asked.grid:
        found.append(_sees(asked.area, frozenset({seen_in(*asked.grid)}))[0])
    if asked.walker:
        found.append(_has(c.walkers, asked.walker))
    if asked.plan:
        found.append(c.plan == asked.plan)
    if asked.text:
        found.append(c.number.contains(asked.text, autoescape=True))
    return found


def _sees(area: str, sight: Sight) -> list[ColumnElement[bool]]:
    if sight is None:
        return []
    c = patrol_seen.c
    return [patrol.c.id.in_(select(c.patrol).where(and_(c.area == area, c.by.in_(sorted(sight)))))]


def _filed(row: Mapping[Any, Any]) -> Filed:
    plain = {name: row[name] for name in ("area", "level", "code", "number", "version", "id", "item")}
    return Filed(**plain, codes=json.loads(row["codes"]), state=Patrol.from_json(json.loads(row["standing"])))


def _plan(row: Mapping[Any, Any]) -> Plan:
    plain = {name: row[name] for name in ("name", "kind", "level", "every", "begins", "ends", "post", "id", "version")}
    lists: dict[str, Any] = {
        name: tuple(json.loads(row[of])) for name, of in (("places", "places"), ("walkers", "posts"))
    }
    last = date.fromisoformat(row["last"]) if row["last"] else None
    return Plan(**plain, **lists, first=date.fromisoformat(row["first"]), last=last)
