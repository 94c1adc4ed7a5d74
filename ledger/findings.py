"""Findings (隐患) in the ledger: each act is an entry of the history under the number of its finding, in one change with where it stands. Who sees a site sees what was found there.

Pages ask by `Asked` and get a part of the rows, or counts: nothing is counted in Python.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, or_, select, update

from geo.errors import Conflict, DraftError
from incidents.lifecycle import By, PostKind
from incidents.within import Within
from inspections.findings import STANDING, Act, Done, Finding, State, apply
from inspections.grades import Degree
from ledger import sites
from ledger.inspections import Photo, among, at_sites, enter_photos, seen
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import (
    finding,
    history,
    inspection,
    inspection_photo,
    instant,
    milliseconds,
    site,
    site_grid,
    wording,
)
from ledger.writing import Writing

SUBJECT = "finding"
MOST_IN = 500  # numbers of one question
KIND = "by"  # what an entry's data calls the kind of the post
FACTS = ("site", "kind", "inspection", "checklist", "checklist_version", "item", "party", "article", "repeats")


@dataclass(frozen=True)
class Filed:
    """A finding as the ledger has it.

    Attributes
    ----------
    site, kind
        Number and kind of the site.
    inspection
        Number of the one that found it.
    checklist, checklist_version, item
        What failed.
    party
        Whose fault it is, as the checklist names them.
    article
        Of a standard of major hazards, "" for none.
    repeats
        Number of the finding before it of the same item at the same place; "" for none.
    found, closed
        Days.
    """

    area: str
    site: str
    kind: str
    inspection: str
    checklist: str
    checklist_version: int
    item: str
    party: str
    article: str
    found: date
    state: Finding
    repeats: str = ""
    closed: date | None = None
    number: str = ""
    version: int = 0
    id: int = 0


@dataclass(frozen=True)
class Asked:
    """A question about the findings of an area; what is empty does not narrow it.

    Attributes
    ----------
    within
        As far as who asks sees; None: nothing of it.
    today
        The day in the area's zone: what was due before it is overdue.
    since, until
        First and last day on which it was found.
    due_until
        Only those whose day comes until then, or is over.
    overdue, repeated
        Only those.
    post
        Answers for the site.
    text
        A part of its number, or of number, name or address of the site.
    numbers
        Only these.
    """

    area: str
    today: date
    within: Within | None = sites.EVERYTHING
    states: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    checklists: frozenset[str] = frozenset()
    site: str = ""
    inspection: str = ""
    incident: str = ""
    since: date | None = None
    until: date | None = None
    due_until: date | None = None
    overdue: bool = False
    repeated: bool = False
    grid: tuple[str, str] | None = None
    post: str = ""
    text: str = ""
    numbers: frozenset[str] = frozenset()


# Writing


def make(writing: Writing, blanks: Sequence[Filed], entries: Sequence[Done], *, prefix: str) -> list[Filed]:
    """Write new findings of one day, and return them with their numbers; the state of each is made here, by its entry."""
    if not blanks:
        return []
    start = f"{prefix}-{blanks[0].found:%Y%m%d}-"
    first = int(next_number(writing.connection, finding, blanks[0].area, start).removeprefix(start))
    found = []
    for place, (blank, said) in enumerate(zip(blanks, entries, strict=True), first):
        entry, version = _kept(said), writing.version + 1
        one = replace(blank, number=f"{start}{place:04d}", id=version, version=version, state=apply(None, entry))
        one = replace(one, closed=one.found if one.state.state not in STANDING else None)
        _enter(writing, one, entry, {}, ())
        found.append(one)
    writing.connection.execute(insert(finding), [{"id": one.id, "area": one.area, "number": one.number, "version": one.version, **_row(one)} for one in found])  # fmt: skip
    return found


def act(writing: Writing, area: str, number: str, entry: Done, *, day: date, expected: int | None = None, photos: Sequence[Photo] = ()) -> Filed:  # fmt: skip
    """Do an act to a finding, and return it as it stands then.

    Parameters
    ----------
    day
        Today, in the area's zone.

    Raises
    ------
    DraftError
        There is none of that number.
    Conflict
        Somebody else changed it since the expected version.
    LifecycleError
        The rules do not allow the act.
    """
    before, entry = get(writing.connection, area, number), _kept(entry)
    if expected is not None and before.version != expected:
        raise Conflict(number, expected, before.version)
    state = apply(before.state, entry)
    closed = before.closed or (None if state.state in STANDING else day)
    after = replace(before, state=state, version=writing.version + 1, closed=closed)
    _enter(writing, after, entry, facts(before), photos)
    writing.connection.execute(update(finding).where(finding.c.id == after.id).values(version=after.version, **_row(after)))  # fmt: skip
    return after


def forget(writing: Writing, area: str, *, before: date, at: datetime) -> int:
    """Erase the words of findings that were over before a day, and of inspections without one that is not, and return how many; the history keeps that there were some."""
    c, i = finding.c, inspection.c
    over = select(c.number).where(c.area == area, c.closed < before.isoformat())
    stands = select(c.inspection).where(c.area == area, c.closed.is_(None))
    old = select(i.number).where(i.area == area, i.day < before.isoformat(), i.number.not_in(stands))
    told = (wording.c.area == area, or_(wording.c.number.in_(over), wording.c.number.in_(old)), wording.c.text.is_not(None))  # fmt: skip
    erased = int(writing.connection.execute(update(wording).where(*told).values(text=None)).rowcount)
    if erased:
        writing.enter(area, "inspections", area, "erase", post="", at=at, after={"erased": erased})
    return erased


def facts(filed: Filed) -> dict[str, Any]:
    """Return what the history says of a finding, as the columns have it."""
    state = filed.state
    return {
        **{name: getattr(filed, name) for name in FACTS},
        "found": filed.found.isoformat(),
        "closed": filed.closed.isoformat() if filed.closed else None,
        "standing": state.to_json(),
        "state": state.state.value,
        "grade": state.grade.value,
        "due": state.due.isoformat() if state.due else None,
        "late": state.late,
        "incident": state.incident,
    }


COLUMNS = (*FACTS, "found", "closed", "standing", "state", "grade", "due", "late", "incident")


def done(entry: Mapping[str, Any], data: Mapping[str, Any]) -> Done:
    """Return an entry of the history as the lifecycle takes it."""
    by = By(entry["post"], PostKind(data[KIND]), str(data.get("account", "")))
    return Done(Act(entry["act"]), by, instant(entry["at"]), data)


def _kept(entry: Done) -> Done:
    """Return an act with its time as the ledger keeps it, so that a state is the same whether it was read or replayed."""
    return replace(entry, at=instant(milliseconds(entry.at)))


def _enter(writing: Writing, after: Filed, entry: Done, before: Mapping[str, Any], photos: Sequence[Photo]) -> None:
    data = {**entry.data, KIND: entry.by.kind.value, **({"photos": [vars(photo) for photo in photos]} if photos else {})}  # fmt: skip
    enter_photos(writing, after.area, after.number, writing.version + 1, photos)
    writing.enter(after.area, SUBJECT, after.number, entry.act.value, post=entry.by, at=entry.at, before=before, after=facts(after), data=data)  # fmt: skip


def _row(filed: Filed) -> dict[str, Any]:
    said = facts(filed)
    return {**said, "standing": dumps(said["standing"])}


# Looking


def get(connection: Connection, area: str, number: str, within: Within | None = sites.EVERYTHING) -> Filed:
    """Return one finding.

    Raises
    ------
    DraftError
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    c = finding.c
    asked = select(finding).where(c.area == area, c.number == number, *_sees(area, within))
    row = None if "\0" in number else connection.execute(asked).mappings().first()
    if row is None:
        raise DraftError(f"{area} has no finding {number.replace(chr(0), '')!r}. Look it up in the list.", field="finding_gone")  # fmt: skip
    return _filed(row)


def named(connection: Connection, area: str, numbers: Collection[str]) -> dict[str, Filed]:
    """Return findings by their numbers; those that there are not are left out."""
    c = finding.c
    asked = select(finding).where(c.area == area, c.number.in_(sorted(numbers)))
    return {row["number"]: _filed(row) for row in connection.execute(asked).mappings()}


def page(connection: Connection, asked: Asked, *, most: int | None = None, skip: int = 0) -> list[Filed]:
    """Return a part of the findings: what stands by its day, then what is over, the latest first."""
    found = select(finding).where(*_wanted(asked)).order_by(*_order()).limit(most).offset(skip)
    return [_filed(row) for row in connection.execute(found).mappings()]


def walk(connection: Connection, asked: Asked) -> Iterator[Filed]:
    """Yield all findings that are asked for, in the order of `page`, a thousand at a time."""
    found = select(finding).where(*_wanted(asked)).order_by(*_order())
    yield from map(_filed, connection.execute(found, execution_options={"stream_results": True, "yield_per": 1000}).mappings())  # fmt: skip


def count(connection: Connection, asked: Asked) -> int:
    """Return how many findings there are."""
    return int(connection.execute(select(func.count()).select_from(finding).where(*_wanted(asked))).scalar_one())


def counts(connection: Connection, asked: Asked, by: str) -> dict[str, int]:
    """Return how many there are by ``state``, ``kind``, ``grade``, ``item``, ``checklist`` or ``site``; or by the grids of a level or overlay, of its key."""
    c = finding.c
    if by in {"state", "kind", "grade", "item", "checklist", "site"}:
        found = select(c[by], func.count()).where(*_wanted(asked)).group_by(c[by])
    else:
        there = (site.c.area == c.area, site.c.number == c.site, site_grid.c.site == site.c.id, site_grid.c.key == by)
        found = select(site_grid.c.code, func.count()).where(*there, *_wanted(asked)).group_by(site_grid.c.code)
    return {str(key): int(number) for key, number in connection.execute(found)}


def open_of(connection: Connection, area: str, numbers: Collection[str]) -> dict[str, list[Filed]]:
    """Return what stands at some sites, by their numbers, the oldest first."""
    c, found = finding.c, dict[str, list[Filed]]()
    asked = select(finding).where(c.area == area, c.site.in_(sorted(numbers)), c.state.in_(sorted(STANDING)))
    for row in connection.execute(asked.order_by(c.id)).mappings():
        found.setdefault(row["site"], []).append(_filed(row))
    return found


def before(connection: Connection, area: str, number: str, items: Collection[str], since: date) -> dict[str, str]:
    """Return of some items the last finding at a site since a day, withdrawn ones left out: item -> number."""
    c = finding.c
    asked = select(c.item, c.number).where(c.area == area, c.site == number, c.item.in_(sorted(items)))
    told = asked.where(c.found >= since.isoformat(), c.state != State.WITHDRAWN.value).order_by(c.id)
    return dict(connection.execute(told).all())  # the last one of an item counts


def since(connection: Connection, area: str, day: date, numbers: Collection[str] | None = None) -> dict[str, int]:
    """Return how many findings each site had since a day, or some of them, withdrawn ones left out."""
    c = finding.c
    asked = select(c.site, func.count()).where(c.area == area, c.found >= day.isoformat(), *among(c.site, numbers))
    return dict(connection.execute(asked.where(c.state != State.WITHDRAWN.value).group_by(c.site)).all())


def worst(connection: Connection, area: str, numbers: Collection[str] | None = None) -> dict[str, Degree]:
    """Return the worst grade of what stands at each site that has something, or at some of them."""
    c = finding.c
    rank = case({degree.value: degree.rank for degree in Degree}, value=c.grade)
    asked = select(c.site, func.max(rank)).where(c.area == area, c.state.in_(sorted(STANDING)), *among(c.site, numbers))
    asked = asked.group_by(c.site)
    return {number: list(Degree)[int(found)] for number, found in connection.execute(asked)}


def by_site(connection: Connection, asked: Asked) -> dict[str, tuple[int, int]]:
    """Return of each site that has findings that are asked for how many, and the rank of the worst grade."""
    c = finding.c
    rank = case({degree.value: degree.rank for degree in Degree}, value=c.grade)
    found = select(c.site, func.count(), func.max(rank)).where(*_wanted(asked)).group_by(c.site)
    return {number: (int(many), int(worst_)) for number, many, worst_ in connection.execute(found)}


def late(connection: Connection, area: str, today: date, *, most: int) -> list[Filed]:
    """Return findings whose day is over, of which nobody was told."""
    c = finding.c
    wanted = (c.area == area, c.state == State.OPEN.value, c.due < today.isoformat(), c.late.is_(False))
    asked = select(finding).where(*wanted).order_by(c.id).limit(most)
    return [_filed(row) for row in connection.execute(asked).mappings()]


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of any finding; 0 while there is none."""
    return int(connection.execute(select(func.max(finding.c.version)).where(finding.c.area == area)).scalar() or 0)


def entries(connection: Connection, area: str, number: str) -> list[dict[str, Any]]:
    """Return the history of a finding, oldest first."""
    c = history.c
    asked = select(c.version, c.act, c.post, c.at, c.data).where(c.area == area, c.subject == SUBJECT, c.key == number)
    return [{**row, "data": json.loads(row["data"])} for row in connection.execute(asked.order_by(c.version)).mappings()]  # fmt: skip


def told(connection: Connection, area: str, numbers: Collection[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return of each of some findings the last entry of each act: number -> act -> post, at, and the text that was written with it ("" for none, or an erased one)."""
    c, w, some, found = history.c, wording.c, sorted(numbers), dict[str, dict[str, dict[str, Any]]]()
    for start in range(0, len(some), MOST_IN):
        part = some[start : start + MOST_IN]
        asked = select(c.version, c.key, c.act, c.post, c.at).where(
            c.area == area, c.subject == SUBJECT, c.key.in_(part)
        )
        said = dict(connection.execute(select(w.key, w.text).where(w.area == area, w.number.in_(part))).all())
        for version, number, act, post, at in connection.execute(asked.order_by(c.version)):
            text = said.get(f"{version}.text") or said.get(f"{version}.reason") or ""
            found.setdefault(number, {})[act] = {"post": post, "at": instant(at), "text": text}
    return found


def photographed(connection: Connection, area: str, numbers: Collection[str]) -> dict[str, int]:
    """Return how many photos some findings have of how they were put right; those without any are left out."""
    c, some, found = inspection_photo.c, sorted(numbers), dict[str, int]()
    for start in range(0, len(some), MOST_IN):
        asked = select(c.number, func.count()).where(c.area == area, c.number.in_(some[start : start + MOST_IN]))
        found |= {number: int(many) for number, many in connection.execute(asked.group_by(c.number))}
    return found


def _order() -> tuple[Any, ...]:
    c = finding.c
    stands = case((c.state.in_(sorted(STANDING)), 0), else_=1)
    return stands, case((c.due.is_(None), 1), else_=0), c.due, c.id.desc()


def _sees(area: str, within: Within | None) -> list[ColumnElement[bool]]:
    return seen(area, within, finding.c.site)


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    c = finding.c
    found: list[ColumnElement[bool]] = [c.area == asked.area, *_sees(asked.area, asked.within)]
    for column, values in ((c.state, asked.states), (c.kind, asked.kinds), (c.grade, asked.grades), (c.item, asked.items), (c.checklist, asked.checklists), (c.number, asked.numbers)):  # fmt: skip
        found += [column.in_(sorted(values))] if values else []
    for named_, value in ((c.site, asked.site), (c.inspection, asked.inspection), (c.incident, asked.incident)):
        found += [named_ == value] if value else []
    found += [c.found >= asked.since.isoformat()] if asked.since else []
    found += [c.found <= asked.until.isoformat()] if asked.until else []
    found += [c.due <= asked.due_until.isoformat()] if asked.due_until else []
    found += [and_(c.state == State.OPEN.value, c.due < asked.today.isoformat())] if asked.overdue else []
    found += [c.repeats != ""] if asked.repeated else []
    if asked.post:
        found.append(c.site.in_(select(site.c.number).where(site.c.area == asked.area, site.c.post == asked.post)))
    return found + at_sites(asked.area, c.site, grid=asked.grid, text=asked.text, own=c.number)


def _filed(row: Mapping[Any, Any]) -> Filed:
    names = ("area", *FACTS, "number", "version", "id")
    closed = date.fromisoformat(row["closed"]) if row["closed"] else None
    state = Finding.from_json(json.loads(row["standing"]))
    found = date.fromisoformat(row["found"])
    return Filed(state=state, found=found, closed=closed, **{name: row[name] for name in names})
