"""Plans of a day's walks (排线) in the ledger: each is kept as an entry of the history, replaced by a later one or withdrawn.

Who sees all of an area sees all of them; others see those in which one of their posts walks, and those that one of their posts kept.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select, update

from geo.errors import Conflict, DraftError
from incidents.within import Within
from inspections.plans import Act, DayPlan, State, after
from ledger import sites
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import day_plan
from ledger.writing import Actor, Writing

SUBJECT = "day_plan"
PREFIX = "排"  # what the numbers begin with
COLUMNS = ("state", "day", "post", "walkers", "body", "replaced_by")
CHANGES = ("state", "replaced_by")


def keep(writing: Writing, plan: DayPlan, instead: Mapping[str, int], *, by: Actor, at: datetime) -> DayPlan:
    """Keep a plan under the next number of its day, and return it; those of the day that have one of its posts are replaced.

    Parameters
    ----------
    instead
        Number -> version of the plans that whoever keeps it saw would be replaced.

    Raises
    ------
    Conflict
        Others would be replaced than those.
    """
    there = sharing(writing.connection, plan.area, plan.day, plan.posts)
    for one in there:
        if instead.get(one.number) != one.version:
            raise Conflict(one.number, instead.get(one.number, 0), one.version)
    number = next_number(writing.connection, day_plan, plan.area, f"{PREFIX}-{plan.day:%Y%m%d}-")
    for one in there:
        _put(writing, one, Act.REPLACE, number, by=by, at=at)
    version = writing.version + 1
    kept = replace(plan, number=number, version=version, id=version, state=after(None, Act.KEEP))
    writing.enter(
        kept.area, SUBJECT, number, Act.KEEP.value, post=by, at=at, after=facts(kept), data={"to": list(kept.posts)}
    )
    row = {**facts(kept), "body": dumps(kept.body())}
    writing.connection.execute(insert(day_plan), {"id": version, "area": kept.area, "number": number, "version": version, **row})  # fmt: skip
    return kept


def withdraw(writing: Writing, area: str, number: str, version: int, *, by: Actor, at: datetime) -> DayPlan:
    """Withdraw a plan, and return it as it stands then.

    Raises
    ------
    DraftError
        There is none of that number.
    Conflict
        It changed since the version that was seen.
    LifecycleError
        It was replaced or withdrawn before.
    """
    there = get(writing.connection, area, number, sites.EVERYTHING)
    if there.version != version:
        raise Conflict(number, version, there.version)
    return _put(writing, there, Act.WITHDRAW, "", by=by, at=at)


def _put(writing: Writing, there: DayPlan, act: Act, replaced_by: str, *, by: Actor, at: datetime) -> DayPlan:
    version = writing.version + 1
    changed = replace(there, version=version, state=after(there.state, act), replaced_by=replaced_by)
    said, before = facts(changed), facts(there)
    data = {"to": list(there.posts), "day": said["day"]}
    writing.enter(there.area, SUBJECT, there.number, act.value, post=by, at=at, before={name: before[name] for name in CHANGES}, after={name: said[name] for name in CHANGES}, data=data)  # fmt: skip
    row = {**{name: said[name] for name in CHANGES}, "version": version}
    writing.connection.execute(update(day_plan).where(day_plan.c.id == there.id).values(row))
    return changed


def facts(plan: DayPlan) -> dict[str, Any]:
    """Return what the history says of a plan, as the columns have it but for its body, which is a text there."""
    return {
        "state": plan.state.value,
        "day": plan.day.isoformat(),
        "post": plan.post,
        "walkers": f";{';'.join(plan.posts)};",
        "body": plan.body(),
        "replaced_by": plan.replaced_by,
    }


def get(connection: Connection, area: str, number: str, within: Within | None) -> DayPlan:
    """Return one plan.

    Raises
    ------
    DraftError
        There is none of that number, or none for who sees that far: the answer does not tell which.
    """
    asked = select(day_plan).where(day_plan.c.area == area, day_plan.c.number == number, *_sees(within))
    row = None if "\0" in number else connection.execute(asked).mappings().first()
    if row is None:
        raise DraftError(f"{area} has no plan {number.replace(chr(0), '')!r}. Look it up in the list.", field="plan_gone")  # fmt: skip
    return _plan(row)


def page(connection: Connection, area: str, within: Within | None, *, most: int) -> list[DayPlan]:
    """Return the plans of the latest days, those kept last first."""
    c = day_plan.c
    asked = select(day_plan).where(c.area == area, *_sees(within)).order_by(c.day.desc(), c.id.desc()).limit(most)
    return [_plan(row) for row in connection.execute(asked).mappings()]


def of_day(connection: Connection, area: str, day: date, within: Within | None) -> list[DayPlan]:
    """Return the plans of a day that hold, in order of their numbers."""
    c = day_plan.c
    asked = select(day_plan).where(c.area == area, c.day == day.isoformat(), c.state == State.KEPT.value, *_sees(within))  # fmt: skip
    return [_plan(row) for row in connection.execute(asked.order_by(c.id)).mappings()]


def sharing(connection: Connection, area: str, day: date, posts: Collection[str]) -> list[DayPlan]:
    """Return the plans of a day that hold and have one of some posts."""
    own = frozenset(posts)
    return [one for one in of_day(connection, area, day, sites.EVERYTHING) if not own.isdisjoint(one.posts)]


def seen_of(connection: Connection, area: str, within: Within | None, numbers: Collection[str]) -> frozenset[str]:
    """Return those of some numbers that somebody sees."""
    asked = select(day_plan.c.number).where(day_plan.c.area == area, day_plan.c.number.in_(sorted(numbers)), *_sees(within))  # fmt: skip
    return frozenset(connection.execute(asked).scalars())


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of any plan; 0 while there is none."""
    return int(connection.execute(select(func.max(day_plan.c.version)).where(day_plan.c.area == area)).scalar() or 0)


def _sees(within: Within | None) -> list[ColumnElement[bool]]:
    c = day_plan.c
    if within is None:
        return [c.id.is_(None)]
    if not within.narrows:
        return []
    mine = sorted(within.posts)
    return [or_(c.post.in_(mine), *(c.walkers.contains(f";{post};", autoescape=True) for post in mine))]


def _plan(row: Mapping[Any, Any]) -> DayPlan:
    own = {name: row[name] for name in ("area", "number", "version", "id", "post", "replaced_by")}
    walkers = tuple(row["walkers"].strip(";").split(";"))
    return DayPlan.of_body(json.loads(row["body"]), **own, walkers=walkers, state=State(row["state"]), day=date.fromisoformat(row["day"]))  # fmt: skip
