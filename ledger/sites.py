"""Sites (场所、污染源) in the ledger: each change is an entry of the history under the number of its site, in one change with where it stands and in which grids it counts.

Pages ask by `Asked` and get a part of the rows, or counts: nothing is counted in Python. The office's telephone of a place stands in a column beside, never in the history.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, or_, select, update

from geo.errors import Conflict, DraftError
from incidents.within import Within
from inspections.sites import DAYS, PLAIN, Act, Bound, Site, State
from ledger.rows import dumps
from ledger.tables import history, instant, milliseconds, site, site_grid
from ledger.writing import Actor, Writing, post_of

SUBJECT = "site"
JSON = ("codes", "fields", "spots", "documents")
BESIDE = "mobile"  # a vehicle's mark may be its plate: with the telephone it stands beside, and the history says only that somebody wrote it
COLUMNS = (*(name for name in PLAIN if name != BESIDE), *DAYS, *JSON, "bound", "state", "expires")
EVERYTHING = Within()
MOST_IN = 500  # values that one condition names


@dataclass(frozen=True)
class Asked:
    """A question about the sites of an area; what is empty does not narrow it.

    Attributes
    ----------
    within
        As far as who asks sees; None: nothing of it.
    kinds, states, matches
        Any of them: kinds of ``site_kinds.toml``, `State`, ``inside`` to ``outside``.
    grid
        Key of a level or overlay, and code.
    several
        Sets of keys of levels and overlays: only those that lie in more than one grid of one of the sets.
    unsettled
        Only those whose post nobody named, and nobody confirmed.
    post
        Key of a post; ``without_post``: only those that none answers for.
    expiring
        Only those of which a document runs out until this day, or did.
    text
        A part of the number, name or address.
    """

    area: str
    within: Within | None = EVERYTHING
    kinds: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    matches: frozenset[str] = frozenset()
    grid: tuple[str, str] | None = None
    several: tuple[frozenset[str], ...] = ()
    post: str = ""
    without_post: bool = False
    near_edge: bool = False
    bound: str = ""
    unsettled: bool = False
    expiring: date | None = None
    text: str = ""
    numbers: frozenset[str] = field(default_factory=frozenset)


# Writing


def make(
    writing: Writing,
    area: str,
    made: Sequence[Site],
    *,
    prefix: str,
    by: Actor,
    at: datetime,
    contacts: Mapping[int, str] | None = None,
) -> list[Site]:
    """Write new sites, and return them with number and version.

    Parameters
    ----------
    contacts
        Place in ``made`` -> office's telephone.

    Raises
    ------
    DraftError
        Another site has the external id of one of them.
    """
    connection, contacts = writing.connection, contacts or {}
    if there := of_source(connection, area, [(one.source, one.external_id) for one in made if one.external_id]):
        key, number = next(iter(there.items()))
        raise DraftError(f"{number} has the id {key[1]!r} of {key[0] or area} already. Change that one.", field="site_id")  # fmt: skip
    first, found, rows = _last(connection, area) + 1, [], []
    for place, one in enumerate(made):
        version = writing.version + 1
        filed = replace(one, number=f"{prefix}-{first + place:04d}", version=version)
        writing.enter(area, SUBJECT, filed.number, Act.ADD.value, post=by, at=at, after=_told(_facts(filed)))
        found.append(filed)
        rows.append({"id": version, "area": area, "contact": contacts.get(place, ""), **_row(filed)})
    if rows:
        connection.execute(insert(site), rows)
        _insert_grids(connection, [line for row, one in zip(rows, found, strict=True) for line in _grids(area, row["id"], one)])  # fmt: skip
    return found


def put(
    writing: Writing,
    area: str,
    after: Site,
    act: Act,
    *,
    by: Actor,
    at: datetime,
    contact: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> Site:
    """Write a changed site, and return it with its version; where nothing changed, nothing is written.

    Parameters
    ----------
    after
        With the version that it had when whoever changes it saw it.
    contact
        The office's telephone; None leaves what stands.

    Raises
    ------
    DraftError
        There is none of that number.
    Conflict
        Somebody changed it since.
    """
    return put_all(writing, area, [after], act, by=by, at=at, contacts={} if contact is None else {after.number: contact}, data=data)[0]  # fmt: skip


def put_all(
    writing: Writing,
    area: str,
    changed: Sequence[Site],
    act: Act,
    *,
    by: Actor,
    at: datetime,
    contacts: Mapping[str, str] | None = None,
    data: Mapping[str, Any] | None = None,
) -> list[Site]:
    """Write changed sites in one change, as `put` writes one; those that stay as they are keep their version."""
    connection, rings = writing.connection, _rings(writing.connection, area, contacts or {})
    before = {number: (id_, one) for id_, number, one in _by_numbers(connection, area, [one.number for one in changed])}
    found, rows, moved = [], [], []
    for one in changed:
        if one.number not in before:
            raise _gone(area, one.number)
        id_, was = before[one.number]
        if was.version != one.version:
            raise Conflict(one.number, one.version, was.version)
        old, new = _facts(was), _facts(one)
        names = [name for name in new if old[name] != new[name]]
        if names or one.number in rings:
            one = replace(one, version=writing.version + 1)  # noqa: PLW2901
            told = (_told(said, names) for said in (old, new))
            writing.enter(area, SUBJECT, one.number, act.value, post=by, at=at, before=next(told), after=next(told), data=data)  # fmt: skip
            rows.append({"of": id_, **_row(one)})
            if {"codes", "state", "kind"} & {*names}:
                moved.append((id_, one))
        found.append(one)
    if rows:
        _update(connection, rows, moved, area)
        _ring(connection, area, rings)
    return found


def forget(writing: Writing, area: str, *, before: date, at: datetime) -> int:
    """Erase telephone and vehicle's mark of sites that moved away or closed before a day, and return how many had one; neither stands in the history."""
    c = site.c
    gone = (c.area == area, c.state.in_([State.MOVED.value, State.CLOSED.value]), c.state_since < before.isoformat())
    told = or_(c.contact != "", c.mobile != "")
    erased = int(writing.connection.execute(update(site).where(*gone, told).values(contact="", mobile="")).rowcount)
    if erased:
        writing.enter(area, "sites", area, "erase", post="", at=at, after={"erased": erased})
    return erased


def _update(connection: Connection, rows: list[dict[str, Any]], moved: Sequence[tuple[int, Site]], area: str) -> None:
    connection.execute(update(site).where(site.c.id == bindparam("of")), rows)
    if moved:
        connection.execute(delete(site_grid).where(site_grid.c.site == bindparam("of")), [{"of": id_} for id_, _one in moved])  # fmt: skip
        _insert_grids(connection, [line for id_, one in moved for line in _grids(area, id_, one)])


def _rings(connection: Connection, area: str, said: Mapping[str, str]) -> dict[str, str]:
    """Return those telephones that are others than stand."""
    there = contacts(connection, area, said) if said else {}
    return {number: ring for number, ring in said.items() if ring != there.get(number, "")}


def _ring(connection: Connection, area: str, rings: Mapping[str, str]) -> None:
    if rings:
        told = [{"of": number, "told": ring} for number, ring in rings.items()]
        wanted = (site.c.area == area, site.c.number == bindparam("of"))
        connection.execute(update(site).where(*wanted).values(contact=bindparam("told")), told)


def _insert_grids(connection: Connection, lines: list[dict[str, Any]]) -> None:
    if lines:
        connection.execute(insert(site_grid), lines)


def _last(connection: Connection, area: str) -> int:
    """Return the last number that was given; nothing is ever deleted, so that of the newest row."""
    number = connection.execute(select(site.c.number).where(site.c.area == area).order_by(site.c.id.desc()).limit(1)).scalar()  # fmt: skip
    return int(number.rpartition("-")[2]) if number else 0


# Looking


def get(connection: Connection, area: str, number: str, within: Within | None = EVERYTHING) -> Site:
    """Return one site.

    Raises
    ------
    DraftError
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    asked = select(site).where(site.c.area == area, site.c.number == number, *sees(area, within))
    row = None if "\0" in number else connection.execute(asked).mappings().first()
    if row is None:
        raise _gone(area, number)
    return _site(row)


def contact(connection: Connection, area: str, number: str) -> str:
    """Return the telephone of a place's office, "" for none."""
    asked = select(site.c.contact).where(site.c.area == area, site.c.number == number)
    return str(connection.execute(asked).scalar() or "")


def contacts(connection: Connection, area: str, numbers: Iterable[str]) -> dict[str, str]:
    """Return the telephones of some places that have one, by number."""
    asked = select(site.c.number, site.c.contact).where(site.c.area == area, site.c.contact != "")
    return {number: said for some in _parts(numbers) for number, said in connection.execute(asked.where(site.c.number.in_(some)))}  # fmt: skip


def page(connection: Connection, asked: Asked, *, most: int | None = None, skip: int = 0) -> list[Site]:
    """Return a part of the sites, in order of their numbers."""
    found = select(site).where(*wanted(asked)).order_by(site.c.id).limit(most).offset(skip)
    return [_site(row) for row in connection.execute(found).mappings()]


def walk(connection: Connection, asked: Asked) -> Iterator[Site]:
    """Yield all sites that are asked for, in order of their numbers, a thousand at a time."""
    found = select(site).where(*wanted(asked)).order_by(site.c.id)
    options = {"stream_results": True, "yield_per": 1000}
    yield from map(_site, connection.execute(found, execution_options=options).mappings())


def places(connection: Connection, asked: Asked) -> list[tuple[int, str, float, float, str, str, str, str, str]]:
    """Return of all sites that are asked for what a map or a new assignment needs: version, number, lon, lat, codes as JSON, match, post, bound, kind."""
    c = site.c
    names = (c.version, c.number, c.lon, c.lat, c.codes, c.match, c.post, c.bound, c.kind)
    return [tuple(row) for row in connection.execute(select(*names).where(*wanted(asked)).order_by(c.id))]


def drawn(connection: Connection, asked: Asked) -> list[tuple[str, str, float, float, str]]:
    """Return of all sites that are asked for what a layer of the map needs: number, name, lon, lat, kind, in order of their numbers."""
    c = site.c
    found = select(c.number, c.name, c.lon, c.lat, c.kind).where(*wanted(asked)).order_by(c.id)
    return [tuple(row) for row in connection.execute(found)]


def count(connection: Connection, asked: Asked) -> int:
    """Return how many sites there are."""
    return int(connection.execute(select(func.count()).select_from(site).where(*wanted(asked))).scalar_one())


def counts(connection: Connection, asked: Asked, by: str) -> dict[str, int]:
    """Return how many sites there are by ``kind``, ``state``, ``post``, ``match`` or ``bound``; or by the grids of a level or overlay, of its key."""
    if by in {"kind", "state", "post", "match", "bound"}:
        column = site.c[by]
        found = select(column, func.count()).where(*wanted(asked)).group_by(column)
    else:
        found = _by_grid(asked, by)
    return {str(key): int(number) for key, number in connection.execute(found)}


def _by_grid(asked: Asked, key: str) -> Any:
    """Count by grid; where kind and state alone are asked for, that stands in one index."""
    c = site_grid.c
    found = select(c.code, func.count()).where(c.area == asked.area, c.key == key).group_by(c.code)
    plain = replace(asked, kinds=frozenset(), states=frozenset())
    if plain == Asked(asked.area):
        return found.where(*_among(c.kind, asked.kinds), *_among(c.state, asked.states))
    return found.join(site, site.c.id == c.site).where(*wanted(asked))


def of_source(connection: Connection, area: str, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the numbers of the sites that came from other systems: source and external id -> number."""
    wanted: dict[str, list[str]] = {}
    for source, id_ in keys:
        wanted.setdefault(source, []).append(id_)
    c, found = site.c, {}
    for source, ids in wanted.items():
        for some in _parts(ids):
            asked = select(c.external_id, c.number).where(c.area == area, c.source == source, c.external_id.in_(some))
            found.update({(source, id_): number for id_, number in connection.execute(asked)})
    return found


def named(connection: Connection, area: str, numbers: Collection[str]) -> dict[str, Site]:
    """Return sites by their numbers; those that there are not are left out."""
    return {number: one for _id, number, one in _by_numbers(connection, area, numbers)}


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of any site; 0 while there is none."""
    return int(connection.execute(select(func.max(site.c.version)).where(site.c.area == area)).scalar() or 0)


def entries(connection: Connection, area: str, number: str) -> list[dict[str, Any]]:
    """Return the history of a site, oldest first."""
    c = history.c
    asked = select(c.version, c.act, c.post, c.at, c.data, c.before, c.after)
    asked = asked.where(c.area == area, c.subject == SUBJECT, c.key == number).order_by(c.version)
    return [
        {**row, **{name: json.loads(row[name]) for name in ("data", "before", "after")}}
        for row in connection.execute(asked).mappings()
    ]


@dataclass(frozen=True)
class Last:
    """The last change of some sites by one hand: its version, act and time, and number -> what it changed, as it was before."""

    version: int
    act: Act
    at: datetime
    before: Mapping[str, Mapping[str, Any]]


def last(connection: Connection, area: str, acts: Collection[Act], by: Actor, since: datetime) -> Last | None:
    """Return the last change by somebody that was one of some acts; None where there is none since then."""
    c, post, account = history.c, post_of(by), getattr(by, "account", "")
    asked = select(c.version, c.key, c.act, c.at, c.data, c.before, c.post)
    asked = asked.where(c.area == area, c.at >= milliseconds(since), c.subject == SUBJECT, c.act.in_(sorted(acts)))
    found: list[Any] = []
    for row in connection.execute(asked.where(c.post == post).order_by(c.version.desc())):
        if json.loads(row.data).get("account", "") != account:
            continue
        if found and (row.at, row.act) != (found[0].at, found[0].act):
            break
        found.append(row)
    if not found:
        return None
    first = found[0]
    return Last(first.version, Act(first.act), instant(first.at), {row.key: {"version": row.version, **json.loads(row.before)} for row in found})  # fmt: skip


def _by_numbers(connection: Connection, area: str, numbers: Collection[str]) -> list[tuple[int, str, Site]]:
    asked = select(site).where(site.c.area == area)
    rows = (row for some in _parts(numbers) for row in connection.execute(asked.where(site.c.number.in_(some))).mappings())  # fmt: skip
    return [(row["id"], row["number"], _site(row)) for row in rows]


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    some = list(dict.fromkeys(values))
    yield from (some[at : at + MOST_IN] for at in range(0, len(some), MOST_IN))


def _gone(area: str, number: str) -> DraftError:
    return DraftError(f"{area} has no site {number.replace(chr(0), '')!r}. Look it up in the register.", field="site_gone")  # fmt: skip


def wanted(asked: Asked) -> list[ColumnElement[bool]]:
    """Return the conditions of a question, for other readers of the same rows."""
    c = site.c
    found: list[ColumnElement[bool]] = [c.area == asked.area, *sees(asked.area, asked.within), *_binding(asked)]
    for column, values in ((c.kind, asked.kinds), (c.state, asked.states), (c.match, asked.matches), (c.number, asked.numbers)):  # fmt: skip
        found += _among(column, values)
    if asked.grid:
        found.append(_in_grid(asked.area, asked.grid[0], frozenset({asked.grid[1]})))
    if asked.several:
        found.append(or_(*(_in_several(asked, keys) for keys in asked.several)))
    if asked.near_edge:
        found.append(or_(c.match == "boundary", c.edge_m.is_not(None)))
    if asked.expiring:
        found.append(c.expires <= asked.expiring.isoformat())
    if asked.text:
        found.append(or_(*(column.contains(asked.text, autoescape=True) for column in (c.number, c.name, c.address))))
    return found


def _binding(asked: Asked) -> list[ColumnElement[bool]]:
    """Return the conditions of who answers for a site, and by what."""
    c = site.c
    found: list[ColumnElement[bool]] = [c.post == asked.post] if asked.post else []
    if asked.without_post:
        found.append(c.post == "")
    if asked.bound:
        found.append(c.bound == asked.bound)
    if asked.unsettled:
        found += [c.bound == Bound.RULE.value, c.bound_since.is_(None)]
    return found


def _among(column: Any, values: frozenset[str]) -> list[ColumnElement[bool]]:
    return [column.in_(sorted(values))] if values else []


def sees(area: str, within: Within | None) -> list[ColumnElement[bool]]:
    """Return the condition that somebody sees it: it counts in their grid, or one of their posts answers for it."""
    if within is None:
        return [site.c.id.is_(None)]
    if not within.narrows:
        return []
    ways: list[ColumnElement[bool]] = [site.c.post.in_(sorted(within.posts))]
    if within.grid:
        ways.append(_in_grid(area, within.grid, within.codes))
    return [or_(*ways)]


def _in_grid(area: str, key: str, codes: frozenset[str]) -> ColumnElement[bool]:
    c = site_grid.c
    return site.c.id.in_(select(c.site).where(c.area == area, c.key == key, c.code.in_(sorted(codes))))


def _in_several(asked: Asked, keys: frozenset[str]) -> ColumnElement[bool]:
    c = site_grid.c
    there = (c.area == asked.area, c.key.in_(sorted(keys)), *_among(c.kind, asked.kinds), *_among(c.state, asked.states))  # fmt: skip
    return site.c.id.in_(select(c.site).where(*there).group_by(c.site).having(func.count() > 1))


# Rows


def _facts(one: Site) -> dict[str, Any]:
    """Return the facts of a site, as the columns have them."""
    return {**one.to_json(), "expires": one.expires.isoformat() if one.expires else None}


def _told(said: Mapping[str, Any], names: Collection[str] | None = None) -> dict[str, Any]:
    """Return what of the facts an entry says: those that changed, and never what stands beside."""
    return {name: said[name] for name in (said if names is None else names) if name != BESIDE}


def _row(one: Site) -> dict[str, Any]:
    said = _facts(one)
    return {**said, **{name: dumps(said[name]) for name in JSON}, "number": one.number, "version": one.version}


def grids_of(codes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return every grid in which a site counts, as key of the level or overlay and code."""
    return [(key, code) for key, said in codes.items() for code in dict.fromkeys(said.split(";")) if code]


def _grids(area: str, id_: int, one: Site) -> list[dict[str, Any]]:
    same = {"site": id_, "area": area, "state": one.state.value, "kind": one.kind}
    return [{**same, "key": key, "code": code} for key, code in grids_of(one.codes)]


def _site(row: Mapping[Any, Any]) -> Site:
    said = {**row, **{name: json.loads(row[name]) for name in JSON}}
    return Site.from_json(said, number=row["number"], version=row["version"])


# A net that was redrawn


@dataclass(frozen=True)
class Moved:
    """Where a site counts before and after the net was redrawn: codes as JSON, match, metres to an edge, and post."""

    id: int
    number: str
    version: int
    kind: str
    state: str
    before: tuple[str, str, float | None, str]
    after: tuple[str, str, float | None, str]


MOVED = ("codes", "match", "edge_m", "post")
CONFIRMED = ("bound", "bound_reason", "bound_since")


def located(connection: Connection, area: str) -> list[Any]:
    """Return of every site, in whatever state: id, number, version, kind, state, lon, lat, bound, and `MOVED`."""
    c = site.c
    names = (c.id, c.number, c.version, c.kind, c.state, c.lon, c.lat, c.bound, *(c[name] for name in MOVED))
    return list(connection.execute(select(*names).where(c.area == area).order_by(c.id)))


def move(writing: Writing, area: str, moved: Sequence[Moved], *, by: Actor, at: datetime, data: Mapping[str, Any]) -> None:  # fmt: skip
    """Write where sites count now, all in one change; what somebody confirmed of a rule holds no longer where grids or post are others.

    Raises
    ------
    Conflict
        Somebody changed one of them since; nothing was written.
    """
    connection = writing.connection
    asked = select(site.c.id, site.c.version, *(site.c[name] for name in CONFIRMED)).where(site.c.area == area)
    there = {row.id: row for row in connection.execute(asked)}
    rows: list[dict[str, Any]] = []
    for one in moved:
        was = there.get(one.id)
        if was is None or was.version != one.version:
            raise Conflict(one.number, one.version, was.version if was else 0)
        before, after = (dict(zip(MOVED, side, strict=True)) for side in (one.before, one.after))
        said = {name: getattr(was, name) for name in CONFIRMED}
        lapses = was.bound == Bound.RULE.value and (one.before[0], one.before[3]) != (one.after[0], one.after[3])
        before, after = {**before, **said}, {**after, **(said | {"bound_reason": "", "bound_since": None} if lapses else said)}  # fmt: skip
        names = [name for name in before if before[name] != after[name]]
        old, new = ({name: json.loads(str(side[name])) if name == "codes" else side[name] for name in names} for side in (before, after))  # fmt: skip
        writing.enter(area, SUBJECT, one.number, Act.REBIND.value, post=by, at=at, before=old, after=new, data=data)
        rows.append({"of": one.id, "version": writing.version, **after})
    if rows:
        connection.execute(update(site).where(site.c.id == bindparam("of")), rows)
    regridded = [one for one in moved if one.before[0] != one.after[0]]
    if regridded:
        connection.execute(delete(site_grid).where(site_grid.c.site == bindparam("of")), [{"of": one.id} for one in regridded])  # fmt: skip
        _insert_grids(connection, [line for one in regridded for line in _lines(area, one)])


def _lines(area: str, one: Moved) -> list[dict[str, Any]]:
    same = {"site": one.id, "area": area, "state": one.state, "kind": one.kind}
    return [{**same, "key": key, "code": code} for key, code in grids_of(json.loads(one.after[0]))]
