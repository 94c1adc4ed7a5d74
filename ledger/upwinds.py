"""Patrol lists of sources upwind (溯源巡查单) in the ledger: each is an entry of the history with its lines, and each answer to a line is one.

Who sees a site sees its lines, and the lists that hold one of them; who sees the whole area sees all lists.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from geo.errors import DraftError
from incidents.within import Within
from inspections.proposed import Act, Found, Line, Tally, Walk, answered, reopened
from inspections.upwind import Wind
from ledger import sites
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import instant, milliseconds, site, upwind, upwind_line
from ledger.writing import Actor, Writing

SUBJECT, LINE = "upwind", "upwind_line"
PREFIX = "溯"
COLUMNS = ("station", "hour", "post", "made", "standing")
OWN = ("site", "kind", "post", "found", "standing")
WHY = ("metres", "bearing", "off", "ring", "core", "likely", "findings")
SAID = ("cause", "note", "by")
OPEN = "open"  # what is not answered, where it is asked for


# Writing


def make(writing: Writing, area: str, walk: Walk, lines: Sequence[Line], *, day: str, by: Actor, at: datetime) -> Walk:
    """Write a list with its lines, and return it with its number: the next of a day, which is written 20261123; the posts that answer for its sources are told."""
    connection, version = writing.connection, writing.version + 1
    filed = replace(walk, number=next_number(connection, upwind, area, f"{PREFIX}-{day}-"), version=version)
    said = [[one.number, line_facts(one)] for one in lines]
    to = sorted({one.post for one in lines if one.post})
    writing.enter(area, SUBJECT, filed.number, Act.MAKE.value, post=by, at=at, after=facts(filed), data={"to": to, "lines": said})  # fmt: skip
    row = {**facts(filed), "standing": dumps(facts(filed)["standing"])}
    connection.execute(insert(upwind), {"id": version, "area": area, "number": filed.number, **row})
    connection.execute(insert(upwind_line), [{"area": area, "walk": filed.number, "number": one.number, **_row(one)} for one in lines])  # fmt: skip
    return filed


def put(writing: Writing, area: str, number: str, after: Line, act: Act, *, by: Actor, at: datetime) -> Line:
    """Write a line that was answered, or whose answer was taken back, and return it."""
    before = line(writing.connection, area, number, after.number)
    writing.enter(area, LINE, f"{number}/{after.number}", act.value, post=by, at=at, before=line_facts(before), after=line_facts(after))  # fmt: skip
    c = upwind_line.c
    writing.connection.execute(update(upwind_line).where(c.area == area, c.walk == number, c.number == after.number).values(_row(after)))  # fmt: skip
    return after


def follows(number: int, act: str, post: str, at: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:  # noqa: PLR0917
    """Tell whether what an entry says of a line follows from what stood before, by the rules; ``at`` in milliseconds.

    Raises
    ------
    LifecycleError, KeyError, ValueError
        It cannot have been so.
    """
    was, now = _line(number, before), _line(number, after)
    if act == Act.UNDO:
        return was.by == post and now == reopened(was, post)
    is_said = now.found is not None and (now.found is not Found.CONFIRMED or bool(now.cause))
    return is_said and now == answered(was, now.found or Found.NOTHING, now.cause, now.note, post, instant(at), {now.cause} - {""})  # fmt: skip


def facts(one: Walk) -> dict[str, Any]:
    """Return what the history says of a list, as the columns have it."""
    wind = [one.wind.from_deg, one.wind.speed] if one.wind else None
    return {
        "station": one.station,
        "hour": milliseconds(one.hour),
        "post": one.post,
        "made": milliseconds(one.made),
        "standing": {"name": one.name, "wind": wind, "left_out": one.left_out},
    }


def line_facts(one: Line) -> dict[str, Any]:
    """Return what the history says of a line, as the columns have it."""
    at = milliseconds(one.at) if one.at else None
    return {
        **{name: getattr(one, name) for name in ("site", "kind", "post")},
        "found": one.found.value if one.found else "",
        "standing": {**{name: getattr(one, name) for name in (*WHY, *SAID)}, "at": at},
    }


def _row(one: Line) -> dict[str, Any]:
    said = line_facts(one)
    return {**said, "standing": dumps(said["standing"])}


# Looking


def get(connection: Connection, area: str, number: str, within: Within | None = sites.EVERYTHING) -> Walk:
    """Return one list.

    Raises
    ------
    DraftError
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    asked = select(upwind).where(upwind.c.area == area, upwind.c.number == number, *_sees(area, within))
    row = None if "\0" in number else connection.execute(asked).mappings().first()
    if row is None:
        raise DraftError(f"{area} has no patrol list {number.replace(chr(0), '')!r}. Look it up on the page of the air.", field="upwind_gone")  # fmt: skip
    return _walk(row)


def page(connection: Connection, area: str, within: Within | None, *, most: int) -> list[Walk]:
    """Return the newest lists that hold a line that somebody sees, the newest first."""
    asked = select(upwind).where(upwind.c.area == area, *_sees(area, within)).order_by(upwind.c.id.desc()).limit(most)
    return [_walk(row) for row in connection.execute(asked).mappings()]


def seen_of(connection: Connection, area: str, within: Within | None, numbers: Collection[str]) -> frozenset[str]:
    """Return those of some lists that somebody sees."""
    asked = select(upwind.c.number).where(upwind.c.area == area, upwind.c.number.in_(sorted(numbers)), *_sees(area, within))  # fmt: skip
    return frozenset(connection.execute(asked).scalars())


def lines(connection: Connection, area: str, number: str, within: Within | None = sites.EVERYTHING) -> list[Line]:
    """Return the lines of a list at sites that somebody sees, in their order."""
    c = upwind_line.c
    asked = select(upwind_line).where(c.area == area, c.walk == number, *_at_sites(area, within)).order_by(c.number)
    return [_line(row["number"], {**row, "standing": json.loads(row["standing"])}) for row in connection.execute(asked).mappings()]  # fmt: skip


def line(connection: Connection, area: str, number: str, place: int) -> Line:
    """Return one line; raises DraftError where there is none."""
    found = next((one for one in lines(connection, area, number) if one.number == place), None)
    if found is None:
        raise DraftError(f"{number} has no line {place}. Look it up in the list.", field="upwind_gone")
    return found


def of_site(connection: Connection, area: str, number: str, *, most: int) -> list[tuple[Walk, Line]]:
    """Return the newest lines at a site with their lists."""
    c = upwind_line.c
    both = upwind.c.area == c.area, upwind.c.number == c.walk
    asked = select(upwind.c.number).join(upwind_line, both[0] & both[1]).where(c.area == area, c.site == number)
    found = connection.execute(asked.order_by(upwind.c.id.desc()).limit(most)).scalars()
    return [(get(connection, area, walk), one) for walk in found for one in lines(connection, area, walk) if one.site == number]  # fmt: skip


def listed_at(connection: Connection, area: str, station: str, hour: datetime) -> frozenset[str]:
    """Return the sites that lists of a station's hour hold already."""
    c = upwind_line.c
    asked = select(c.site).join(upwind, (upwind.c.area == c.area) & (upwind.c.number == c.walk))
    return frozenset(connection.execute(asked.where(c.area == area, upwind.c.station == station, upwind.c.hour == milliseconds(hour))).scalars())  # fmt: skip


def counts(connection: Connection, area: str, within: Within | None) -> dict[tuple[str, str], Tally]:
    """Return what became of the lines that somebody sees, by code of the station and kind of the source."""
    c = upwind_line.c
    asked = select(upwind.c.station, c.kind, c.found, func.count().label("many"))
    asked = asked.join(upwind, (upwind.c.area == c.area) & (upwind.c.number == c.walk)).where(c.area == area, *_at_sites(area, within))  # fmt: skip
    found: dict[tuple[str, str], Tally] = {}
    for station, kind, said, many in connection.execute(asked.group_by(upwind.c.station, c.kind, c.found)):
        found[station, kind] = found.get((station, kind), Tally()).more(Found(said) if said else None, many)
    return found


def such(connection: Connection, area: str, within: Within | None, *, station: str = "", kind: str = "", found: str = "") -> list[tuple[str, Line]]:  # fmt: skip
    """Return the lines that a figure of `counts` counts, with the numbers of their lists, the newest list first.

    Parameters
    ----------
    station, kind
        Code of the station, kind of the source; "" for any.
    found
        One of `Found`, ``open``, or "" for all.
    """
    c = upwind_line.c
    wanted = [c.area == area, *_at_sites(area, within)]
    wanted += [upwind.c.station == station] if station else []
    wanted += [c.kind == kind] if kind else []
    wanted += [c.found == ("" if found == OPEN else found)] if found else []
    asked = select(upwind_line).join(upwind, (upwind.c.area == c.area) & (upwind.c.number == c.walk)).where(*wanted)
    rows = connection.execute(asked.order_by(upwind.c.id.desc(), c.number)).mappings()
    return [(row["walk"], _line(row["number"], {**row, "standing": json.loads(row["standing"])})) for row in rows]


def tallies(connection: Connection, area: str, within: Within | None, numbers: Collection[str]) -> dict[str, Tally]:
    """Return what became of the lines of some lists, as far as somebody sees them."""
    c = upwind_line.c
    asked = select(c.walk, c.found, func.count().label("many")).where(c.area == area, c.walk.in_(sorted(numbers)), *_at_sites(area, within))  # fmt: skip
    found: dict[str, Tally] = {}
    for walk, said, many in connection.execute(asked.group_by(c.walk, c.found)):
        found[walk] = found.get(walk, Tally()).more(Found(said) if said else None, many)
    return found


def _at_sites(area: str, within: Within | None) -> list[ColumnElement[bool]]:
    if within is not None and not within.narrows:
        return []
    return [upwind_line.c.site.in_(select(site.c.number).where(site.c.area == area, *sites.sees(area, within)))]


def _sees(area: str, within: Within | None) -> list[ColumnElement[bool]]:
    if within is not None and not within.narrows:
        return []
    c = upwind_line.c
    return [upwind.c.number.in_(select(c.walk).where(c.area == area, *_at_sites(area, within)))]


def _walk(row: Mapping[Any, Any]) -> Walk:
    said = json.loads(row["standing"])
    wind = Wind(*said["wind"]) if said["wind"] else None
    return Walk(row["station"], said["name"], instant(row["hour"]), wind, row["post"], instant(row["made"]), said["left_out"], row["number"], row["id"])  # fmt: skip


def _line(number: int, row: Mapping[str, Any]) -> Line:
    said = dict(row["standing"])
    at = said.pop("at")
    found = Found(row["found"]) if row["found"] else None
    return Line(number, row["site"], row["kind"], row["post"], found=found, at=instant(at) if at is not None else None, **said)  # fmt: skip
