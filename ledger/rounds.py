"""Rounds of sites in the ledger: the rule as it was edited on its page, approvals of fewer rounds, and what was told to run out. The history alone holds them: the last entry counts.

What a round depends on is read in columns, since it is worked out for all sites of an area at once.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from geo.errors import Conflict
from inspections.findings import State as Stands
from inspections.inspection import Way
from inspections.lowering import Act, Lowering
from inspections.sites import State
from ledger import sites
from ledger.tables import finding, history, inspection, instant, site, site_grid
from ledger.writing import Actor, Writing

RULE, LOWERING, EXPIRY = "round_rule", "lowering", "expiry"  # subjects
KEY, SAVE, TELL = "rounds", "save", "tell"
MOST_IN = 500


@dataclass(frozen=True)
class Kept:
    """A version of the rule as it was saved: its table ({} for that of the file), by whom, when and why."""

    version: int
    table: Mapping[str, Any]
    post: str
    at: datetime
    reason: str


# The rule


def rules(connection: Connection, area: str, *, most: int = 20) -> list[Kept]:
    """Return the versions of the rule that were saved, the latest first."""
    c = history.c
    asked = select(c.version, c.post, c.at, c.after).where(c.area == area, c.subject == RULE, c.key == KEY)
    rows = connection.execute(asked.order_by(c.version.desc()).limit(most))
    found = [(row, json.loads(row.after)) for row in rows]
    return [Kept(row.version, said["table"], row.post, instant(row.at), said["reason"]) for row, said in found]


def save(writing: Writing, area: str, table: Mapping[str, Any], reason: str, *, seen: int, by: Actor, at: datetime) -> int:  # fmt: skip
    """Write a version of the rule, and return its version.

    Parameters
    ----------
    seen
        Version that whoever saves it saw; 0 for the file's.

    Raises
    ------
    Conflict
        Somebody saved another one since.
    """
    there = rules(writing.connection, area, most=1)
    now = there[0].version if there else 0
    if now != seen:
        raise Conflict(KEY, seen, now)
    before = {"table": dict(there[0].table), "reason": there[0].reason} if there else {}
    return writing.enter(area, RULE, KEY, SAVE, post=by, at=at, before=before, after={"table": dict(table), "reason": reason})  # fmt: skip


# Fewer rounds


def lowerings(connection: Connection, area: str, numbers: Collection[str] | None = None) -> dict[str, Lowering]:
    """Return the last request for fewer rounds of each site, or of some."""
    c = history.c
    asked = select(c.key, c.version, c.after).where(c.area == area, c.subject == LOWERING)
    if numbers is not None:
        asked = asked.where(c.key.in_(sorted(numbers)))
    rows = {row.key: row for row in connection.execute(asked.order_by(c.version))}
    return {key: Lowering.from_json(json.loads(row.after), row.version) for key, row in rows.items()}


def put(writing: Writing, area: str, after: Lowering, act: Act, *, by: Actor, at: datetime) -> Lowering:
    """Write a request, or what was decided of it, and return it with its version.

    Raises
    ------
    Conflict
        Somebody changed it since the version that it carries.
    """
    there = lowerings(writing.connection, area, [after.site]).get(after.site)
    if (there.version if there else 0) != after.version:
        raise Conflict(after.site, after.version, there.version if there else 0)
    version = writing.enter(area, LOWERING, after.site, act.value, post=by, at=at, before=there.to_json() if there else {}, after=after.to_json())  # fmt: skip
    return replace(after, version=version)


# What the rounds depend on


def columns(connection: Connection, area: str, numbers: Collection[str] | None = None) -> list[Row[Any]]:
    """Return of every site in use, or of some: number, kind, post, the time at which it was entered (ms), and the day since which it is in use ("" or None where it always was)."""
    c, h = site.c, history.c
    asked = select(c.number, c.kind, c.post, h.at, c.state_since).join(history, h.version == c.id)
    some = () if numbers is None else (c.number.in_(sorted(numbers)),)
    return list(connection.execute(asked.where(c.area == area, c.state == State.ACTIVE.value, *some).order_by(c.id)))


def found_last(connection: Connection, area: str, numbers: Iterable[str]) -> dict[str, str]:
    """Return the day on which something was found last at some sites, withdrawn findings left out."""
    c, found = finding.c, dict[str, str]()
    for some in _parts(numbers):
        asked = select(c.site, func.max(c.found)).where(c.area == area, c.site.in_(some), c.state != Stands.WITHDRAWN.value)  # fmt: skip
        found.update(connection.execute(asked.group_by(c.site)).all())
    return found


def clean(connection: Connection, area: str, number: str) -> int:
    """Return how many of the last inspections of a site, self-checks and looks at findings alone left out, found nothing."""
    c = inspection.c
    asked = select(c.failed).where(c.area == area, c.site == number, c.way == Way.INSPECT.value)
    many = 0
    for (failed,) in connection.execute(asked.order_by(c.day.desc(), c.id.desc())):
        if failed:
            break
        many += 1
    return many


def numbers(connection: Connection, asked: sites.Asked) -> list[tuple[str, str]]:
    """Return number and kind of all sites that are asked for, in order of their numbers."""
    c = site.c
    found = select(c.number, c.kind).where(*sites.wanted(asked)).order_by(c.id)
    return [(number, kind) for number, kind in connection.execute(found)]


def grids(connection: Connection, area: str, key: str) -> list[tuple[str, str]]:
    """Return in which grids of a level or overlay each site in use counts: number and code, several times where it lies in several."""
    c, of = site_grid.c, site.c
    asked = select(of.number, c.code).join(site, c.site == of.id).where(c.area == area, c.key == key, c.state == State.ACTIVE.value)  # fmt: skip
    return [(number, code) for number, code in connection.execute(asked)]


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of the rule or of an approval; 0 while there is none."""
    c = history.c
    asked = select(func.max(c.version)).where(c.area == area, c.subject.in_([RULE, LOWERING]))
    return int(connection.execute(asked).scalar() or 0)


# What runs out


def dated(connection: Connection, area: str, checklists: Collection[str], numbers: Collection[str] | None = None) -> list[Row[Any]]:  # fmt: skip
    """Return of each site in use its last inspection by each of some checklists: site, number, checklist, version, digest, day, answers as JSON."""
    c = inspection.c
    last = select(func.max(c.id)).where(c.area == area, c.checklist.in_(sorted(checklists)), c.way == Way.INSPECT.value)
    if numbers is not None:
        last = last.where(c.site.in_(sorted(numbers)))
    asked = select(c.site, c.number, c.checklist, c.checklist_version, c.digest, c.day, c.answers)
    there = (site.c.area == c.area, site.c.number == c.site, site.c.state == State.ACTIVE.value)
    return list(connection.execute(asked.where(c.id.in_(last.group_by(c.site, c.checklist)), *there)))


def told(connection: Connection, area: str, numbers: Iterable[str]) -> set[tuple[str, str, str]]:
    """Return what some sites were told to run out: site, key, and day."""
    c, found = history.c, set[tuple[str, str, str]]()
    for some in _parts(numbers):
        asked = select(c.key, c.after).where(c.area == area, c.subject == EXPIRY, c.key.in_(some))
        for key, after in connection.execute(asked):
            found |= {(key, name, day) for name, day in json.loads(after).items()}
    return found


def tell(writing: Writing, area: str, number: str, things: Mapping[str, str], data: Mapping[str, Any], *, by: Actor, at: datetime) -> None:  # fmt: skip
    """Write what of a site was told to run out: key -> day."""
    writing.enter(area, EXPIRY, number, TELL, post=by, at=at, after=things, data=data)


def _parts(values: Iterable[str]) -> Iterable[list[str]]:
    some = list(dict.fromkeys(values))
    return (some[at : at + MOST_IN] for at in range(0, len(some), MOST_IN))
