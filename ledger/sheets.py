"""Daily sheets (日通报) in the ledger: each act is an entry of the history under the number of its sheet; the entry says the digest of the figures, which stand frozen in the row."""

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from geo.errors import Conflict, DraftError
from incidents.lifecycle import By
from incidents.sheet_life import Act, Sheet, State, apply
from ledger.numbers import next_number
from ledger.rows import dumps
from ledger.tables import instant, milliseconds, sheet
from ledger.writing import Writing

SUBJECT = "sheet"
PREFIX = "日"
COLUMNS = ("day", "campaign", "state", "issue", "digest", "standing")
KIND = "by"  # what an entry's data calls the kind of the post


def digest_of(frozen: Mapping[str, Any]) -> str:
    """Return the SHA-256 of figures as they are kept."""
    return sha256(dumps(dict(frozen)).encode()).hexdigest()


def draw(writing: Writing, area: str, made: Sheet, frozen: Mapping[str, Any], *, by: By, at: datetime, expected: int = 0) -> Sheet:  # fmt: skip
    """Draw a sheet up, or anew; return it.

    Raises
    ------
    Conflict
        Somebody changed it since.
    LifecycleError
        It was checked or signed meanwhile.
    """
    before, at = standing(writing.connection, area, made.day, made.campaign), instant(milliseconds(at))
    if (before.version if before else 0) != expected:
        raise Conflict(before.number if before else made.day.isoformat(), expected, before.version if before else 0)
    after = apply(before, Act.DRAFT, by, at, made=replace(made, digest=digest_of(frozen)))
    return _put(writing, area, before, after, Act.DRAFT, by, at, frozen)


def act(writing: Writing, area: str, number: str, doing: Act, *, by: By, at: datetime, expected: int, reason: str = "") -> Sheet:  # fmt: skip
    """Do an act to a sheet, and return it as it stands then.

    Raises
    ------
    DraftError
        There is none of that number.
    Conflict, LifecycleError
        As `draw`.
    """
    connection, before, at = writing.connection, get(writing.connection, area, number), instant(milliseconds(at))
    if before.version != expected:
        raise Conflict(number, expected, before.version)
    issue = 0
    if doing is Act.SIGN:
        c = sheet.c
        year = select(func.max(c.issue)).where(c.area == area, c.day >= f"{before.day.year}-01-01", c.day <= f"{before.day.year}-12-31")  # fmt: skip
        issue = int(connection.execute(year).scalar() or 0) + 1
    return _put(writing, area, before, apply(before, doing, by, at, issue=issue, reason=reason), doing, by, at, None)


def facts(one: Sheet) -> dict[str, Any]:
    """Return what the columns have of a sheet, its standing not as text."""
    return {"day": one.day.isoformat(), "campaign": one.campaign, "state": one.state.value, "issue": one.issue, "digest": one.digest, "standing": one.to_json()}  # fmt: skip


def _put(writing: Writing, area: str, before: Sheet | None, after: Sheet, doing: Act, by: By, at: datetime, frozen: Mapping[str, Any] | None) -> Sheet:  # noqa: PLR0917  # fmt: skip
    number = before.number if before else next_number(writing.connection, sheet, area, f"{PREFIX}-{after.day:%Y%m%d}-")
    filed = replace(after, number=number, version=writing.version + 1)
    data = {KIND: by.kind.value}
    writing.enter(area, SUBJECT, number, doing.value, post=by, at=at, before=before.to_json() if before else {}, after=filed.to_json(), data=data)  # fmt: skip
    said = facts(filed)
    row = {**said, "standing": dumps(said["standing"]), "version": filed.version, **({"frozen": dumps(dict(frozen))} if frozen is not None else {})}  # fmt: skip
    if before:
        writing.connection.execute(update(sheet).where(sheet.c.area == area, sheet.c.number == number).values(row))
    else:
        writing.connection.execute(insert(sheet), {"id": filed.version, "area": area, "number": number, **row})
    return filed


# Looking


def get(connection: Connection, area: str, number: str) -> Sheet:
    """Return one sheet; raises DraftError where there is none of that number."""
    c = sheet.c
    row = None if "\0" in number else connection.execute(select(sheet).where(c.area == area, c.number == number)).mappings().first()  # fmt: skip
    if row is None:
        raise DraftError(f"{area} has no daily sheet {number.replace(chr(0), '')!r}. Look it up in the list.", field="sheet_gone")  # fmt: skip
    return _sheet(row)


def standing(connection: Connection, area: str, day: date, campaign: str = "") -> Sheet | None:
    """Return the sheet of a day that was not withdrawn; None where there is none."""
    c = sheet.c
    asked = select(sheet).where(c.area == area, c.day == day.isoformat(), c.campaign == campaign, c.state != State.WITHDRAWN.value)  # fmt: skip
    row = connection.execute(asked.order_by(c.id.desc()).limit(1)).mappings().first()
    return None if row is None else _sheet(row)


def frozen(connection: Connection, area: str, number: str) -> dict[str, Any]:
    """Return the figures of a sheet as they were frozen."""
    c = sheet.c
    found: dict[str, Any] = json.loads(connection.execute(select(c.frozen).where(c.area == area, c.number == number)).scalar_one())  # fmt: skip
    return found


def page(connection: Connection, area: str, *, campaigns: Collection[str] | None = None, states: Collection[State] = (), most: int = 60) -> list[Sheet]:  # fmt: skip
    """Return the last sheets, the latest day first; ``campaigns`` narrows them, "" among them for those of cases."""
    c = sheet.c
    wanted = [c.area == area, *([c.campaign.in_(sorted(campaigns))] if campaigns is not None else []), *([c.state.in_(sorted(states))] if states else [])]  # fmt: skip
    rows = connection.execute(select(sheet).where(*wanted).order_by(c.day.desc(), c.id.desc()).limit(most)).mappings()
    return [_sheet(row) for row in rows]


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of any sheet; 0 while there is none."""
    return int(connection.execute(select(func.max(sheet.c.version)).where(sheet.c.area == area)).scalar() or 0)


def _sheet(row: Mapping[Any, Any]) -> Sheet:
    return Sheet.from_json(json.loads(row["standing"]), number=row["number"], version=row["version"])
