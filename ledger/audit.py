"""The audit trail: who came in, looked, took out and changed what. Append-only by triggers, each line chained to the one before by its hash, its two ends signed.

Nothing secret stands in it. Unlike the history it may be shortened, from its oldest line on, after the time that the rules say: the signed head says where it begins.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from incidents.access import Who
from ledger import tables
from ledger.history import NOTHING
from ledger.rows import dumps, plain
from ledger.tables import instant, milliseconds

FIELDS = ("number", "at", "act", "account", "name", "role", "area", "what", "address", "data", "previous")
SECRET = frozenset({"password", "token", "secret", "code", "cookie"})
CLOCK = "clock_back"
LOCAL = "local"  # the role of whoever commands the machine itself
READING = ("audit_read", "audit_exported")  # acts of the auditor, whose data hold a filter
PAGE = 200


@dataclass(frozen=True)
class Line:
    """One line of the trail.

    Attributes
    ----------
    account, name, role
        Who; a role of ``local`` is the command line, an empty one nobody who was logged in.
    what
        On what: a case, a file, an account.
    data
        More about it: a filter, a reason, a count.
    """

    number: int
    at: datetime
    act: str
    account: str
    name: str
    role: str
    area: str
    what: str
    address: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ends:
    """Where the trail begins and ends."""

    first: int
    number: int
    hash: str
    at: int
    signature: str = ""

    def signed(self, key: bytes) -> str:
        """Return the signature of a key over all of it."""
        text = f"audit {self.first} {self.number} {self.hash} {self.at}"
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def append(
    connection: Connection,
    key: bytes,
    act: str,
    who: Who | None,
    *,
    now: datetime,
    area: str = "",
    what: str = "",
    address: str = "",
    data: Mapping[str, Any] | None = None,
    local: bool = False,
) -> int:
    """Write a line, in a transaction of the ledger that writes alone, and return its number.

    Parameters
    ----------
    key
        The ledger's.
    local
        Whether it was done at the command line of the machine.

    Raises
    ------
    ValueError
        The data name a secret.
    """
    if SECRET & set(data or ()):
        raise ValueError(f"The audit trail takes no {', '.join(sorted(SECRET & set(data or ())))}.")
    before = ends(connection)
    row: dict[str, Any] = {
        "number": before.number + 1,
        "at": milliseconds(now),
        "act": act,
        "account": who.account or who.session if who else "",
        "name": who.name if who else "",
        "role": who.role.value if who else LOCAL if local else "",
        "area": plain(area)[:80],
        "what": plain(what)[:300],
        "address": plain(address)[:60],
        "data": plain(dumps(dict(data or {}))),
        "previous": before.hash,
    }
    row["hash"] = hash_of(row)
    connection.execute(tables.audit.insert(), row)
    _set(connection, key, Ends(before.first, row["number"], row["hash"], row["at"]))
    return int(row["number"])


def hash_of(row: Mapping[str, Any]) -> str:
    """Return the hash of a line, over all of its fields and the hash before it."""
    return hashlib.sha256(dumps([row[name] for name in FIELDS]).encode()).hexdigest()


def ends(connection: Connection) -> Ends:
    """Return where the trail begins and ends, as it is stored."""
    c = tables.audit_head.c
    row = connection.execute(select(c.first, c.number, c.hash, c.at, c.signature)).one()
    return Ends(*row)


def sign_anew(connection: Connection, key: bytes) -> None:
    """Sign the ends as they are with another key: after a restore, or when the key was lost."""
    stored = ends(connection)
    if stored.number:
        _set(connection, key, stored)


def forget(connection: Connection, key: bytes, *, before: datetime) -> int:
    """Delete the oldest lines that are from before a time, and return how many; a younger one among them keeps what follows it.

    Raises
    ------
    sqlalchemy.exc.DBAPIError
        A line is younger than six months: the triggers refuse.
    """
    c, stored = tables.audit.c, ends(connection)
    kept = connection.execute(select(func.min(c.number)).where(c.at >= milliseconds(before))).scalar()
    first = stored.number + 1 if kept is None else int(kept)
    gone = connection.execute(delete(tables.audit).where(c.number < first)).rowcount
    if gone:
        _set(connection, key, Ends(first, stored.number, stored.hash, stored.at))
    return int(gone)


def read(
    connection: Connection,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    act: str = "",
    name: str = "",
    area: str = "",
    text: str = "",
    before: int | None = None,
    limit: int | None = PAGE,
) -> list[Line]:
    """Return lines, the newest first.

    Parameters
    ----------
    name
        Of an account, as it was when the line was written.
    text
        Some letters of what it was about, of where it came from, or of what is said about it.
    before
        Only lines of a smaller number, for the next page.
    """
    c = tables.audit.c
    asked = select(tables.audit).order_by(c.number.desc())
    wanted = (
        (since, c.at >= (milliseconds(since) if since else 0)),
        (until, c.at < (milliseconds(until) if until else 0)),
        (act, c.act == act),
        (name, c.name == name),
        (area, c.area == area),
        (text, _says(text)),
        (before is not None, c.number < (before or 0)),
    )
    for given, condition in wanted:
        if given:
            asked = asked.where(condition)
    rows = connection.execute(asked.limit(limit)).mappings()
    return [_line(row) for row in rows]


def count_of(connection: Connection, act: str, area: str, what: str, *, since: datetime, text: str = "") -> int:
    """Return how many lines of an act there are about something since a time.

    Parameters
    ----------
    text
        Some letters of what is said about it.
    """
    c = tables.audit.c
    asked = select(func.count()).where(c.at >= milliseconds(since), c.act == act, c.area == area, c.what == plain(what))
    return int(connection.execute(asked.where(c.data.contains(text, autoescape=True))).scalar_one())


def _says(text: str) -> ColumnElement[bool]:
    """Return the condition for some letters; a line that says what was searched for is not what is searched for."""
    c = tables.audit.c
    what, address, data = (column.contains(text, autoescape=True) for column in (c.what, c.address, c.data))
    return or_(what, address, and_(data, c.act.not_in(READING)))


def last(connection: Connection, act: str) -> int:
    """Return the number of the last line of an act; 0 for none."""
    c = tables.audit.c
    return int(connection.execute(select(func.max(c.number)).where(c.act == act)).scalar() or 0)


def count(connection: Connection, act: str, since: datetime) -> int:
    """Count the lines of an act since a time."""
    c = tables.audit.c
    asked = select(func.count()).where(c.act == act, c.at >= milliseconds(since))
    return int(connection.execute(asked).scalar_one())


def acts(connection: Connection) -> list[str]:
    """Return every act that the trail holds a line of."""
    c = tables.audit.c
    return list(connection.execute(select(c.act).distinct().order_by(c.act)).scalars())


def breaks(connection: Connection, key: bytes) -> Iterator[str]:
    """Yield every place where the trail does not hold, from the oldest kept line on."""
    stored = ends(connection)
    if stored.number and not hmac.compare_digest(stored.signed(key), stored.signature):
        yield "the head of the audit trail is not signed by this ledger's key"
    if not stored.number and connection.execute(select(tables.account.c.key).limit(1)).first():
        yield "there are accounts and no audit trail: it was emptied"
    yield from chain(_stream(connection), stored)


def chain(rows: Iterator[Mapping[str, Any]], stored: Ends) -> Iterator[str]:
    """Yield every place where lines do not follow from one another, or not from the first to the last that the head names."""
    number, previous = stored.first - 1, ""
    for row in rows:
        if row["number"] != number + 1:
            yield f"lines {number + 1} to {row['number'] - 1} of the audit trail are missing"
        elif previous and row["previous"] != previous:
            yield f"line {row['number']} of the audit trail does not follow the one before it"
        if hash_of(row) != row["hash"]:
            yield f"line {row['number']} of the audit trail was changed"
        number, previous = row["number"], row["hash"]
    is_whole = number == stored.number and previous in {"", stored.hash}
    if not is_whole or (not stored.number and stored.hash != NOTHING):
        yield f"the audit trail ends at line {number}, its head says {stored.number}"


def _set(connection: Connection, key: bytes, now: Ends) -> None:
    values = {**vars(now), "signature": now.signed(key)}
    connection.execute(update(tables.audit_head).values(values))


def _stream(connection: Connection) -> Iterator[Mapping[str, Any]]:
    options = {"stream_results": True, "yield_per": 1000}
    asked = select(tables.audit).order_by(tables.audit.c.number)
    return (dict(row) for row in connection.execute(asked, execution_options=options).mappings())


def _line(row: Mapping[Any, Any]) -> Line:
    plain = {name: row[name] for name in ("number", "act", "account", "name", "role", "area", "what", "address")}
    return Line(**plain, at=instant(row["at"]), data=json.loads(row["data"]))
