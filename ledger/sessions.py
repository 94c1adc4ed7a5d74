"""Sessions of browsers and of walls, as rows: of a token only its SHA-256 is stored. Every writing function is called in a change of the ledger."""

import hashlib
import secrets
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from geo.errors import LedgerError
from incidents.access import Role, Scope
from ledger import tables
from ledger.accounts import Account, of_row
from ledger.history import is_shared, key_of
from ledger.rows import plain
from ledger.tables import instant, milliseconds

KEY_FILE = "session.key"
TOKEN_BYTES = 32
session, device, account = tables.session, tables.device, tables.account


@dataclass(frozen=True)
class Session:
    """A browser in which somebody is logged in, or was; or a wall (`device`), which belongs to no account.

    Attributes
    ----------
    key
        Names it, and is no secret.
    account, name
        Key of the account, "" for a wall; for a wall its name.
    until
        When it ends whatever happens.
    ended, why
        When it ended before that, and why: out, again, password, disabled, revoked, clock.
    view
        Key of the wall view to which a wall is bound; "" for none.
    """

    key: str
    account: str
    address: str
    agent: str
    begun: datetime | None
    seen: datetime | None
    until: datetime
    ended: datetime | None = None
    why: str = ""
    name: str = ""
    scope: Scope | None = None
    view: str = ""

    def is_over(self, now: datetime, *, idle: timedelta | None) -> bool:
        """Tell whether it is over at a time.

        Parameters
        ----------
        idle
            After which it ends without a sign of life; None for never.
        """
        if self.ended is not None or self.seen is None or now >= self.until:
            return True
        return idle is not None and now - self.seen >= idle


@dataclass(frozen=True)
class Live:
    """A session with whom it belongs to, as both are now."""

    session: Session
    account: Account | None

    @property
    def role(self) -> Role | None:
        """The role in which it acts now; None when it may not."""
        if self.account is None:
            return Role.WALL
        return self.account.role if self.account.enabled else None

    @property
    def scope(self) -> Scope | None:
        """How far it sees now."""
        return self.account.scope if self.account else self.session.scope


def session_key(folder: Path) -> bytes:
    """Return the key that signs cookies; it is made where there is none, readable by its owner alone.

    Raises
    ------
    LedgerError
        It cannot be read, is too short, or others may read it.
    """
    path = folder / KEY_FILE
    try:
        if path.exists() and is_shared(path):
            raise LedgerError(
                f"{path} may be read by others (mode {stat.S_IMODE(path.stat().st_mode):04o}), who could have copied it. Delete it and start again: a new one is made, and everybody logs in anew."
            )
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}. Let the console read {folder}.") from error
    try:
        return key_of(folder, KEY_FILE)
    except LedgerError as error:
        raise LedgerError(
            f"{path} cannot be used: {error.__cause__ or error}. Let the console read it; if it is damaged, delete it and start again: a new one is made, and everybody logs in anew."
        ) from error


def new_token() -> str:
    """Return a new token of 256 random bits."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest_of(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(
    connection: Connection, key: str, token: str, *, address: str, agent: str, now: datetime, until: datetime
) -> Session:
    """Write a new session of an account."""
    made = Session(f"s{secrets.token_hex(8)}", key, plain(address)[:60], plain(agent)[:200], now, now, until)
    at = milliseconds(now)
    values = {
        **{name: getattr(made, name) for name in ("key", "account", "address", "agent", "why")},
        "token": digest_of(token),
        "begun": at,
        "seen": at,
        "until": milliseconds(until),
    }
    connection.execute(insert(session).values(values))
    return made


def by_token(connection: Connection, digest: str) -> Live | None:
    """Return the session or the wall of a token."""
    return _live(connection, session.c.token == digest, device.c.token == digest)


def by_key(connection: Connection, key: str) -> Live | None:
    """Return a session or a wall by its key."""
    return _live(connection, session.c.key == key, device.c.key == key)


def some(connection: Connection, keys: Collection[str]) -> list[Live]:
    """Return sessions and walls by their keys."""
    found = connection.execute(_with_account().where(session.c.key.in_(keys))).mappings().all()
    walls = connection.execute(select(device).where(device.c.key.in_(keys))).mappings().all()
    return [*map(_of_both, found), *(Live(_wall(row), None) for row in walls)]


def of_account(connection: Connection, key: str) -> list[Session]:
    """Return the sessions of an account, the newest first."""
    asked = select(session).where(session.c.account == key).order_by(session.c.begun.desc(), session.c.key)
    return [_session(row) for row in connection.execute(asked).mappings()]


def of_everybody(connection: Connection) -> list[Live]:
    """Return the sessions that nobody ended, with whom they belong to, those seen last first; some of them have run out."""
    asked = _with_account().where(session.c.ended.is_(None)).order_by(session.c.seen.desc(), session.c.key)
    return [_of_both(row) for row in connection.execute(asked).mappings()]


def last_begun(connection: Connection) -> dict[str, datetime]:
    """Return when each account last logged in, by its key, as far back as sessions are kept."""
    asked = select(session.c.account, func.max(session.c.begun)).group_by(session.c.account)
    return {key: instant(begun) for key, begun in connection.execute(asked)}


def walls(connection: Connection) -> list[Session]:
    """Return every wall, the newest first; one that did not come in yet has no `begun`."""
    asked = select(device).order_by(device.c.made.desc(), device.c.key)
    return [_wall(row) for row in connection.execute(asked).mappings()]


def touch(connection: Connection, key: str, now: datetime) -> None:
    """Note a sign of life; never an earlier one than was noted."""
    at = milliseconds(now)
    for table in (session, device):
        connection.execute(update(table).where(table.c.key == key, table.c.seen < at).values(seen=at))


def end(connection: Connection, key: str, why: str, now: datetime) -> bool:
    """End a session or a wall; tells whether there was one to end."""
    at = milliseconds(now)
    ended = connection.execute(
        update(session).where(session.c.key == key, session.c.ended.is_(None)).values(ended=at, why=why)
    ).rowcount
    gone = {"ended": at, "code": None}
    walls_ended = connection.execute(
        update(device).where(device.c.key == key, device.c.ended.is_(None)).values(gone)
    ).rowcount
    return bool(ended or walls_ended)


def end_of(connection: Connection, key: str, why: str, now: datetime, *, but: str = "") -> int:
    """End every session of an account, but for one by its key, and return how many."""
    of_it = update(session).where(session.c.account == key, session.c.key != but, session.c.ended.is_(None))
    return int(connection.execute(of_it.values(ended=milliseconds(now), why=why)).rowcount)


def turn_back(connection: Connection, *, latest: datetime, now: datetime) -> int:
    """After the clock was set back: end every session, let walls end that much earlier, and no code hold; return how many sessions ended."""
    lost = (latest - now) // timedelta(milliseconds=1)
    c, at = device.c, milliseconds(now)
    alive = update(device).where(c.ended.is_(None))
    connection.execute(alive.values(until=c.until - lost, code=None, code_until=0))
    connection.execute(alive.where(c.seen > at).values(seen=at))
    ended = update(session).where(session.c.ended.is_(None)).values(ended=at, why="clock")
    return int(connection.execute(ended).rowcount)


def latest(connection: Connection) -> int:
    """Return the last sign of life of all that is not over, in milliseconds; 0 for none."""
    seen = (select(func.max(table.c.seen)).where(table.c.ended.is_(None)) for table in (session, device))
    return max(int(connection.execute(asked).scalar() or 0) for asked in seen)


def forget(connection: Connection, *, before: datetime) -> int:
    """Delete what was over before a time, and return how many rows."""
    at = milliseconds(before)
    return sum(
        int(connection.execute(delete(table).where((table.c.until < at) | (table.c.ended < at))).rowcount)
        for table in (session, device)
    )


def offer(
    connection: Connection,
    name: str,
    scope: Scope,
    code: str,
    *,
    view: str = "",
    code_until: datetime,
    until: datetime,
    now: datetime,
) -> Session:
    """Write a wall that may come in with a code, of which only a digest is handed in."""
    key = f"d{secrets.token_hex(8)}"
    values = {
        "key": key,
        "name": name,
        "scope": str(scope),
        "view": view,
        "made": milliseconds(now),
        "code": code,
        "code_until": milliseconds(code_until),
        "address": "",
        "agent": "",
        "until": milliseconds(until),
    }
    connection.execute(insert(device).values(values))
    return Session(key, "", "", "", None, None, until, name=name, scope=scope, view=view)


def redeem(connection: Connection, code: str, token: str, *, address: str, agent: str, now: datetime) -> Session | None:
    """Let the wall of a code in, once; None when the code is wrong, was used, or is over."""
    c, at = device.c, milliseconds(now)
    holds = (c.code == code, c.ended.is_(None), c.made <= at, c.code_until > at)
    row = connection.execute(select(device).where(*holds)).mappings().one_or_none()
    if row is None:
        return None
    values = {"code": None, "token": digest_of(token), "begun": at, "seen": at}
    values |= {"address": plain(address)[:60], "agent": plain(agent)[:200]}
    connection.execute(update(device).where(c.key == row["key"]).values(values))
    return _wall({**row, **values})


def _live(connection: Connection, of_session: Any, of_device: Any) -> Live | None:
    row = connection.execute(_with_account().where(of_session)).mappings().one_or_none()
    if row:
        return _of_both(row)
    wall = connection.execute(select(device).where(of_device)).mappings().one_or_none()
    return Live(_wall(wall), None) if wall else None


def _with_account() -> Any:
    own = [column.label(f"session_{column.name}") for column in session.c]
    return select(*own, account).join(account, account.c.key == session.c.account)


def _of_both(row: Mapping[Any, Any]) -> Live:
    own = {column.name: row[f"session_{column.name}"] for column in session.c}
    return Live(_session(own), of_row(row))


def _session(row: Mapping[Any, Any]) -> Session:
    return Session(
        key=row["key"],
        account=row["account"],
        address=row["address"],
        agent=row["agent"],
        begun=instant(row["begun"]),
        seen=instant(row["seen"]),
        until=instant(row["until"]),
        ended=_time(row["ended"]),
        why=row["why"],
    )


def _wall(row: Mapping[Any, Any]) -> Session:
    return Session(
        key=row["key"],
        account="",
        address=row["address"],
        agent=row["agent"],
        begun=_time(row["begun"]),
        seen=_time(row["seen"]),
        until=instant(row["until"]),
        ended=_time(row["ended"]),
        why="revoked" if row["ended"] is not None else "",
        name=row["name"],
        scope=Scope.read(row["scope"]),
        view=row["view"],
    )


def _time(number: int | None) -> datetime | None:
    return None if number is None else instant(number)
