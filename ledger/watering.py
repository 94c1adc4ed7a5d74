"""Watering logs (洒水台账) in the ledger: each line is one entry of the history, struck and never deleted; and the days on which nobody has to water."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from geo.errors import DraftError
from ledger.tables import instant, milliseconds, watering, wet_day
from ledger.writing import Actor, Writing

SUBJECT, WET = "watering", "wet_day"
COLUMNS = ("site", "at", "way", "post", "item", "struck")
MOST_IN = 500


@dataclass(frozen=True)
class Line:
    """A line of a log: when a site was watered, how, by which post; ``struck`` is when somebody struck it, None where it stands."""

    site: str
    at: datetime
    way: str
    post: str
    item: str = ""
    struck: datetime | None = None
    id: int = 0


def make(writing: Writing, area: str, line: Line, *, by: Actor, at: datetime) -> Line:
    """Write a line, and return it."""
    filed = replace(line, id=writing.version + 1)
    writing.enter(area, SUBJECT, str(filed.id), "make", post=by, at=at, after=_facts(filed))
    writing.connection.execute(insert(watering), {"id": filed.id, "area": area, **_facts(filed)})
    return filed


def strike(writing: Writing, area: str, number: int, *, by: Actor, at: datetime) -> Line:
    """Strike a line, and return it.

    Raises
    ------
    DraftError
        There is none of that number, or it was struck already.
    """
    c = watering.c
    row = writing.connection.execute(select(watering).where(c.area == area, c.id == number)).mappings().first()
    if row is None or row["struck"] is not None:
        raise DraftError("There is no such line, or it was struck already. Look at the log again.", field="watering_gone")  # fmt: skip
    before = _line(row)
    after = replace(before, struck=instant(milliseconds(at)))
    writing.enter(area, SUBJECT, str(number), "strike", post=by, at=at, before=_facts(before), after=_facts(after))
    writing.connection.execute(update(watering).where(c.id == number).values(struck=milliseconds(at)))
    return after


def excuse(writing: Writing, area: str, day: date, reason: str, *, by: Actor, at: datetime) -> None:
    """Write that nobody has to water on a day; "" takes that back."""
    c = wet_day.c
    before = writing.connection.execute(select(c.reason, c.post).where(c.area == area, c.day == day.isoformat())).mappings().first()  # fmt: skip
    was = dict(before) if before else {}
    after = {"reason": reason, "post": by if isinstance(by, str) else by.post} if reason else {}
    if was.get("reason") == after.get("reason"):
        return
    writing.enter(area, WET, day.isoformat(), "set", post=by, at=at, before=was, after=after)
    writing.connection.execute(delete(wet_day).where(c.area == area, c.day == day.isoformat()))
    if after:
        writing.connection.execute(insert(wet_day), {"area": area, "day": day.isoformat(), **after})


def sent(connection: Connection, area: str, items: Collection[str]) -> dict[str, tuple[str, int]]:
    """Return the lines that phones made under some keys, as account and key: number of the site, and version."""
    c = watering.c
    asked = select(c.item, c.site, c.id).where(c.area == area, c.item.in_(sorted(items)))
    return {item: (site, version) for item, site, version in connection.execute(asked)} if items else {}


def of_site(connection: Connection, area: str, site: str, since: datetime) -> list[Line]:
    """Return the log of a site since a moment, the latest first."""
    c = watering.c
    asked = select(watering).where(c.area == area, c.site == site, c.at >= milliseconds(since)).order_by(c.at.desc(), c.id.desc())  # fmt: skip
    return [_line(row) for row in connection.execute(asked).mappings()]


def walk(connection: Connection, area: str, sites: Collection[str], since: datetime, *, most: int) -> list[Line]:
    """Return the logs of some sites since a moment, the latest first, struck lines among them."""
    c = watering.c
    asked = select(watering).where(c.area == area, c.site.in_(sorted(sites)), c.at >= milliseconds(since))
    return [_line(row) for row in connection.execute(asked.order_by(c.at.desc(), c.id.desc()).limit(most)).mappings()]


def last(connection: Connection, area: str, sites: Collection[str] | None = None) -> dict[str, datetime]:
    """Return when each site was watered last, or some of them; those that never were are left out."""
    c = watering.c
    asked = select(c.site, func.max(c.at)).where(c.area == area, c.struck.is_(None)).group_by(c.site)
    if sites is None:
        return {site: instant(at) for site, at in connection.execute(asked)}
    some, found = sorted(sites), dict[str, datetime]()
    for start in range(0, len(some), MOST_IN):
        part = asked.where(c.site.in_(some[start : start + MOST_IN]))
        found |= {site: instant(at) for site, at in connection.execute(part)}
    return found


def excused(connection: Connection, area: str, since: date) -> dict[date, tuple[str, str]]:
    """Return the days since one on which nobody has to water: day -> reason and post."""
    c = wet_day.c
    asked = select(c.day, c.reason, c.post).where(c.area == area, c.day >= since.isoformat())
    return {date.fromisoformat(day): (reason, post) for day, reason, post in connection.execute(asked)}


def _facts(line: Line) -> dict[str, Any]:
    plain = {name: getattr(line, name) for name in ("site", "way", "post", "item")}
    return {**plain, "at": milliseconds(line.at), "struck": milliseconds(line.struck) if line.struck else None}


def _line(row: Mapping[Any, Any]) -> Line:
    plain = {name: row[name] for name in ("site", "way", "post", "item", "id")}
    return Line(**plain, at=instant(row["at"]), struck=None if row["struck"] is None else instant(row["struck"]))
