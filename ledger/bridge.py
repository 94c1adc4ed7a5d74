"""The bridge (网闸) as the ledger knows it: how far both sides have come, what each tells the other, and what the inner one could not do.

What a side tells is its own history: everything after the version that the other one said it has. So nothing has to be noted when something is done, a file that is lost is made good by the next one, and one
that comes twice says nothing new. Every change of `bridge` and `bridge_refusal` is an entry of the history, from which `ledger.beside` proves them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from incidents.lifecycle import Act
from ledger import tables
from ledger.tables import instant, milliseconds
from ledger.writing import Writing

SUBJECT = "bridge"
JOIN, EXPORT, IMPORT, REFUSED = "join", "export", "import", "refused"
ORIGIN = "bridge"  # source of a case that came over the bridge; the key is its number on the other side
MARK = "bridge"  # what an entry calls the version on the outer side of what it does, or why it could not be done
AT_ONCE = 500
table, refusal, history, wording = tables.bridge, tables.bridge_refusal, tables.history, tables.wording


class Side(StrEnum):
    """Where a console stands: inside is the command room, which decides; outside are the phones."""

    INSIDE = "inside"
    OUTSIDE = "outside"

    @property
    def other(self) -> "Side":
        """The side on which the peer stands."""
        return Side.OUTSIDE if self is Side.INSIDE else Side.INSIDE


@dataclass(frozen=True)
class Line:
    """How far a bridge has come; the columns of `tables.bridge`. Versions are those of the whole ledger, times milliseconds since 1970."""

    area: str
    side: str
    peer: str
    line: int
    sequence: int = 0
    previous: str = ""
    exported: int = 0
    exported_at: int | None = None
    acked: int = 0
    owed: bool = False
    seen_line: int = 0
    seen: int = 0
    read: int = 0
    read_hash: str = ""
    imported_at: int | None = None
    made: int | None = None


COLUMNS = tuple(field.name for field in fields(Line) if field.name != "area")


@dataclass(frozen=True)
class Refusal:
    """Something that an account did outside, and that could not be done inside.

    Attributes
    ----------
    key
        Of the item.
    number
        Of the case, as the outside knows it.
    did, kind
        What it was, and why it could not be done (`desk.field.sending.Kind`).
    at
        When the outside learned of it.
    """

    account: str
    key: str
    number: str
    did: str
    kind: str
    at: datetime


def line_of(connection: Connection, area: str) -> Line | None:
    """Return the bridge of an area; None where it has none."""
    row = connection.execute(select(table).where(table.c.area == area)).mappings().one_or_none()
    return None if row is None else _line(row)


def lines(connection: Connection) -> list[Line]:
    """Return all bridges of the ledger, in order of area."""
    return [_line(row) for row in connection.execute(select(table).order_by(table.c.area)).mappings()]


def put(writing: Writing, line: Line, act: str, at: datetime, data: Mapping[str, Any] | None = None) -> int:
    """Write how far a bridge has come, and return the version of the entry that says so."""
    connection = writing.connection
    before = line_of(connection, line.area)
    connection.execute(delete(table).where(table.c.area == line.area))
    connection.execute(insert(table).values(vars(line)))
    if before is None or before.side != line.side:
        writing.joins()
    old = {name: getattr(before, name) for name in COLUMNS} if before else {}
    new = {name: getattr(line, name) for name in COLUMNS}
    changed = [name for name in COLUMNS if not old or old[name] != new[name]]
    told = {name: old[name] for name in changed if old}, {name: new[name] for name in changed}
    return writing.enter(line.area, SUBJECT, line.area, act, post="", at=at, before=told[0], after=told[1], data=data)


def entries(connection: Connection, area: str, since: int, upto: int) -> list[dict[str, Any]]:
    """Return what an area's history says of cases, posts and the bridge after a version and up to another, oldest first; people's words in their place, None where they were erased."""
    c = history.c
    wanted = (c.area == area, c.version > since, c.version <= upto, c.subject.in_(("incident", "post", SUBJECT)))
    rows = [dict(row) for row in connection.execute(select(history).where(*wanted).order_by(c.version)).mappings()]
    for row in rows:
        row |= {name: json.loads(row[name]) for name in ("data", "before", "after")}
        row["at"] = instant(row["at"])
    said = _words(connection, [ref for row in rows for ref in _refs(row)])
    for row in rows:
        row["data"] = {name: said.get(value["ref"]) if _is_ref(value) else value for name, value in row["data"].items()}
        written = row["after"].pop("words", None)
        row["words"] = json.loads(said.get(written["ref"]) or "{}") if written else {}
    return rows


def hash_at(connection: Connection, version: int) -> str:
    """Return the hash of an entry; "" where there is none."""
    return str(connection.execute(select(history.c.hash).where(history.c.version == version)).scalar() or "")


def adopted(connection: Connection, area: str, number: str, *, before: int | None = None) -> Mapping[str, Any]:
    """Return what the last entry that came from the inner side says of its place there (number, version, hash); empty where none came, or none before a version."""
    c = history.c
    asked = select(c.data).where(c.area == area, c.subject == "incident", c.key == number, c.act == Act.ADOPT.value)
    if before is not None:
        asked = asked.where(c.version < before)
    found = connection.execute(asked.order_by(c.version.desc()).limit(1)).scalar()
    return dict(json.loads(found)["inside"]) if found else {}


def first(connection: Connection, area: str, number: str) -> dict[str, Any]:
    """Return the entry with which a case began: version, hash, act, data, and its facts as they were (``after``); empty where there is no such case."""
    c = history.c
    wanted = (c.area == area, c.subject == "incident", c.key == number)
    asked = select(c.version, c.hash, c.act, c.data, c.after).where(*wanted).order_by(c.version).limit(1)
    row = connection.execute(asked).mappings().one_or_none()
    return {} if row is None else {**row, **{name: json.loads(row[name]) for name in ("data", "after")}}


def acts_since(connection: Connection, area: str, number: str, version: int) -> list[dict[str, Any]]:
    """Return what was done to a case after a version, oldest first: version, act, data and what it changed (``after``)."""
    c = history.c
    wanted = (c.area == area, c.subject == "incident", c.key == number, c.version > version)
    found = connection.execute(select(c.version, c.act, c.data, c.after).where(*wanted).order_by(c.version))
    return [
        {"version": number, "act": Act(act), "data": json.loads(data), "after": json.loads(after)}
        for number, act, data, after in found
    ]


def joined(connection: Connection, area: str) -> int:
    """Return the version of the entry by which the other console was joined first; 0 where there is none. To join the same one again is no beginning."""
    c = history.c
    asked = select(c.version, c.after).where(c.area == area, c.subject == SUBJECT, c.key == area, c.act == JOIN)
    rows = connection.execute(asked.order_by(c.version.desc()))
    return next((version for version, after in rows if {"peer", "side"} & set(json.loads(after))), 0)


def was_written(connection: Connection, area: str, since: int, until: int) -> bool:
    """Tell whether a batch was written, or the bridge joined, while the ledger stood between two versions."""
    c = history.c
    asked = select(c.version, c.after).where(c.area == area, c.subject == SUBJECT, c.key == area)
    found = connection.execute(
        asked.where(c.act.in_((JOIN, EXPORT)), c.version > since).order_by(c.version).limit(1)
    ).one_or_none()
    return found is not None and (found.version < until or since <= json.loads(found.after).get("exported", 0) < until)


def refuse(writing: Writing, area: str, refused: Refusal) -> bool:
    """Note what the inner side could not do, and tell whether that is news."""
    connection, c = writing.connection, refusal.c
    there = (c.area == area, c.account == refused.account, c.key == refused.key)
    if connection.execute(select(func.count()).select_from(refusal).where(*there)).scalar():
        return False
    row = {**vars(refused), "at": milliseconds(refused.at)}
    connection.execute(insert(refusal).values({**row, "area": area}))
    writing.enter(area, SUBJECT, refused.key, REFUSED, post="", at=refused.at, after=row)
    return True


def refusals(connection: Connection, area: str, *, account: str = "", since: datetime | None = None) -> list[Refusal]:
    """Return what the inner side could not do, of one account or of all, the latest first."""
    c = refusal.c
    wanted = [c.area == area, *([c.account == account] if account else [])]
    if since is not None:
        wanted.append(c.at >= milliseconds(since))
    found = connection.execute(select(refusal).where(*wanted).order_by(c.at.desc(), c.key)).mappings()
    return [
        Refusal(**{name: row[name] for name in ("account", "key", "number", "did", "kind")}, at=instant(row["at"]))
        for row in found
    ]


def moved(line: Line, **said: Any) -> Line:
    """Return a bridge that has come farther; times as aware moments."""
    plain: dict[str, Any] = {
        name: milliseconds(value) if isinstance(value, datetime) else value for name, value in said.items()
    }
    return replace(line, **plain)


def _line(row: Mapping[Any, Any]) -> Line:
    return Line(**{**row, "owed": bool(row["owed"])})


def _refs(row: Mapping[str, Any]) -> Iterable[str]:
    return (value["ref"] for value in (*row["data"].values(), row["after"].get("words")) if _is_ref(value))


def _is_ref(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"ref", "sha256"}


def _words(connection: Connection, keys: Sequence[str]) -> dict[str, str | None]:
    said: dict[str, str | None] = {}
    for first in range(0, len(keys), AT_ONCE):
        some = keys[first : first + AT_ONCE]
        said |= dict(connection.execute(select(wording.c.key, wording.c.text).where(wording.c.key.in_(some))).all())
    return said
