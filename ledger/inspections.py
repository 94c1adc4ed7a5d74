"""Inspections (检查) in the ledger: each is one entry of the history under its number, written once. Who sees a site sees what was looked at there; who made an inspection sees it.

What people wrote to the items stands where it can be erased; the history refers to it. Pages ask by `Asked` and get a part of the rows, or counts.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select

from geo.errors import DraftError
from incidents.within import Within
from inspections.inspection import Inspection, Way
from ledger import sites
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import inspection, inspection_photo, site, site_grid, wording
from ledger.writing import Actor, Writing

SUBJECT, MADE = "inspection", "make"
JSON = ("codes", "answers", "findings", "rechecked")
MOST_IN = 500  # numbers of one question


@dataclass(frozen=True)
class Photo:
    """A photo of an inspection or a finding; its file is named by its digest."""

    sha256: str
    thumbnail: str
    width: int
    height: int


@dataclass(frozen=True)
class Asked:
    """A question about the inspections of an area; what is empty does not narrow it.

    Attributes
    ----------
    within
        As far as who asks sees; None: nothing of it.
    since, until
        First and last day.
    kinds, ways, outcomes, grades, checklists
        Any of them.
    grid
        Key of a level or overlay, and code: of the site as it lies now.
    post
        That made it.
    open
        Only those that came to nothing yet: something is not answered, and nothing that is answered fails.
    text
        A part of its number, or of number, name or address of the site.
    """

    area: str
    within: Within | None = sites.EVERYTHING
    since: date | None = None
    until: date | None = None
    kinds: frozenset[str] = frozenset()
    ways: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()
    checklists: frozenset[str] = frozenset()
    site: str = ""
    grid: tuple[str, str] | None = None
    post: str = ""
    text: str = ""
    open: bool = False


def make(writing: Writing, area: str, made: Inspection, *, by: Actor, at: datetime, notes: Mapping[str, str], photos: Sequence[Photo] = ()) -> Inspection:  # fmt: skip
    """Write an inspection that has its number (`numbered`), and return it with its version.

    Parameters
    ----------
    notes
        What was written to an item, by its key; "" is the key of the inspection's own.
    """
    filed = replace(made, version=writing.version + 1)
    data = {"text": dumps(dict(notes))} if notes else {}
    enter_photos(writing, area, filed.number, filed.version, photos)
    told = {"photos": [vars(photo) for photo in photos]} if photos else {}
    writing.enter(area, SUBJECT, filed.number, MADE, post=by, at=at, after=filed.to_json(), data={**data, **told})
    writing.connection.execute(insert(inspection), {"id": filed.version, "area": area, **_row(filed)})
    return filed


def numbered(writing: Writing, area: str, made: Inspection, prefix: str) -> Inspection:
    """Return an inspection with its number: prefix, day, and the next of that day."""
    return replace(made, number=next_number(writing.connection, inspection, area, f"{prefix}-{made.day:%Y%m%d}-"))


def enter_photos(writing: Writing, area: str, number: str, version: int, photos: Sequence[Photo]) -> None:
    """Write which photos belong to an entry of an inspection or a finding; one that is attached twice counts once."""
    shots = {photo.sha256: photo for photo in photos}.values()
    rows = [{"area": area, "number": number, "version": version, **vars(photo)} for photo in shots]
    if rows:
        writing.connection.execute(insert(inspection_photo), rows)


# Looking


def get(connection: Connection, area: str, number: str, within: Within | None = sites.EVERYTHING) -> Inspection:
    """Return one inspection.

    Raises
    ------
    DraftError
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    c = inspection.c
    asked = select(inspection).where(c.area == area, c.number == number, *seen(area, within, c.site, c.post))
    row = None if "\0" in number else connection.execute(asked).mappings().first()
    if row is None:
        raise DraftError(f"{area} has no inspection {number.replace(chr(0), '')!r}. Look it up in the list.", field="inspection_gone")  # fmt: skip
    return _inspection(row)


def named(connection: Connection, area: str, numbers: Collection[str]) -> dict[str, Inspection]:
    """Return inspections by their numbers, as far as nobody looks: what belongs to something that somebody sees. Those that there are not are left out."""
    c, some, found = inspection.c, sorted(numbers), dict[str, Inspection]()
    for start in range(0, len(some), MOST_IN):
        asked = select(inspection).where(c.area == area, c.number.in_(some[start : start + MOST_IN]))
        found |= {row["number"]: _inspection(row) for row in connection.execute(asked).mappings()}
    return found


def sent(connection: Connection, area: str, items: Collection[str]) -> dict[str, tuple[str, int]]:
    """Return the inspections that phones made under some keys, as account and key: number and version."""
    c = inspection.c
    asked = select(c.item, c.number, c.version).where(c.area == area, c.item.in_(sorted(items)))
    return {item: (number, version) for item, number, version in connection.execute(asked)} if items else {}


def page(connection: Connection, asked: Asked, *, most: int | None = None, skip: int = 0) -> list[Inspection]:
    """Return a part of the inspections, the latest first."""
    c = inspection.c
    found = select(inspection).where(*_wanted(asked)).order_by(c.day.desc(), c.id.desc()).limit(most).offset(skip)
    return [_inspection(row) for row in connection.execute(found).mappings()]


def walk(connection: Connection, asked: Asked) -> Iterator[Inspection]:
    """Yield all inspections that are asked for, the latest first, a thousand at a time."""
    c = inspection.c
    found = select(inspection).where(*_wanted(asked)).order_by(c.day.desc(), c.id.desc())
    yield from map(_inspection, connection.execute(found, execution_options={"stream_results": True, "yield_per": 1000}).mappings())  # fmt: skip


def count(connection: Connection, asked: Asked) -> int:
    """Return how many inspections there are."""
    return int(connection.execute(select(func.count()).select_from(inspection).where(*_wanted(asked))).scalar_one())


def counts(connection: Connection, asked: Asked, by: str) -> dict[str, int]:
    """Return how many there are by ``kind``, ``way``, ``outcome``, ``grade``, ``checklist``, ``post`` or ``day``; or by the grids of a level or overlay, of its key."""
    c = inspection.c
    if by in {"kind", "way", "outcome", "grade", "checklist", "post", "day"}:
        found = select(c[by], func.count()).where(*_wanted(asked)).group_by(c[by])
    else:
        there = (site.c.area == c.area, site.c.number == c.site, site_grid.c.site == site.c.id, site_grid.c.key == by)
        found = select(site_grid.c.code, func.count()).where(*there, *_wanted(asked)).group_by(site_grid.c.code)
    return {str(key or ""): int(number) for key, number in connection.execute(found)}


def last_days(connection: Connection, area: str, numbers: Collection[str] | None = None) -> dict[str, str]:
    """Return the day of the last inspection of each site that had one, or of some, self-checks left out."""
    c = inspection.c
    asked = select(c.site, func.max(c.day)).where(c.area == area, c.way != Way.SELF.value, *among(c.site, numbers))
    return dict(connection.execute(asked.group_by(c.site)).all())


def notes(connection: Connection, area: str, made: Inspection) -> dict[str, str]:
    """Return what was written to its items, by their keys; {} where nothing was, or it was erased."""
    c = wording.c
    asked = select(c.text).where(c.area == area, c.number == made.number, c.key == f"{made.version}.text")
    said = connection.execute(asked).scalar()
    return dict(json.loads(said)) if said else {}


def photos(connection: Connection, area: str, number: str) -> list[dict[str, Any]]:
    """Return the photos of an inspection or a finding with the version of their entry, the oldest first."""
    c = inspection_photo.c
    asked = select(c.version, c.sha256, c.thumbnail, c.width, c.height).where(c.area == area, c.number == number)
    return [dict(row) for row in connection.execute(asked.order_by(c.version, c.sha256)).mappings()]


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last inspection; 0 while there is none."""
    asked = select(func.max(inspection.c.version)).where(inspection.c.area == area)
    return int(connection.execute(asked).scalar() or 0)


def digests(connection: Connection) -> dict[tuple[str, int], str]:
    """Return of every version of a checklist that was used the digest of its file."""
    c = inspection.c
    asked = select(c.checklist, c.checklist_version, c.digest).where(c.checklist != "").distinct()
    return {(key, version): digest for key, version, digest in connection.execute(asked)}


def among(number: Any, numbers: Collection[str] | None) -> list[ColumnElement[bool]]:
    """Return the condition that what was done was done at one of some sites; none for all of them."""
    return [] if numbers is None else [number.in_(sorted(numbers))]


def seen(area: str, within: Within | None, number: Any, post: Any = None) -> list[ColumnElement[bool]]:
    """Return the condition that somebody sees what was done at a site: they see the site, or one of their posts did it."""
    if within is not None and not within.narrows:
        return []
    there = number.in_(select(site.c.number).where(site.c.area == area, *sites.sees(area, within)))
    return [there if post is None or within is None else or_(there, post.in_(sorted(within.posts)))]


def at_sites(area: str, number: Any, *, grid: tuple[str, str] | None, text: str, own: Any) -> list[ColumnElement[bool]]:
    """Return the conditions that what was done at a site lies in a grid, and that its own number or the site has a text."""
    found: list[ColumnElement[bool]] = []
    if grid:
        c = site_grid.c
        there = select(site.c.number).join(site_grid, c.site == site.c.id)
        found.append(number.in_(there.where(site.c.area == area, c.area == area, c.key == grid[0], c.code == grid[1])))
    if text:
        columns = (site.c.number, site.c.name, site.c.address)
        named = select(site.c.number).where(site.c.area == area, or_(*(one.contains(text, autoescape=True) for one in columns)))  # fmt: skip
        found.append(or_(own.contains(text, autoescape=True), number.in_(named)))
    return found


def _wanted(asked: Asked) -> list[ColumnElement[bool]]:
    c = inspection.c
    found: list[ColumnElement[bool]] = [c.area == asked.area, *seen(asked.area, asked.within, c.site, c.post)]
    for column, values in ((c.kind, asked.kinds), (c.way, asked.ways), (c.outcome, asked.outcomes), (c.grade, asked.grades), (c.checklist, asked.checklists)):  # fmt: skip
        found += [column.in_(sorted(values))] if values else []
    found += [c.outcome.is_(None), c.checklist != "", c.way != Way.SELF.value] if asked.open else []
    found += [c.site == asked.site] if asked.site else []
    found += [c.post == asked.post] if asked.post else []
    found += [c.day >= asked.since.isoformat()] if asked.since else []
    found += [c.day <= asked.until.isoformat()] if asked.until else []
    return found + at_sites(asked.area, c.site, grid=asked.grid, text=asked.text, own=c.number)


def _row(one: Inspection) -> dict[str, Any]:
    said = one.to_json()
    return {**said, **{name: dumps(said[name]) for name in JSON}, "number": one.number, "version": one.version}


COLUMNS = tuple(name for name in inspection.c.keys() if name not in {"id", "area", "number", "version"})  # noqa: SIM118


def _inspection(row: Mapping[Any, Any]) -> Inspection:
    said = {**row, **{name: json.loads(row[name]) for name in JSON}}
    return Inspection.from_json(said, number=row["number"], version=row["version"])
