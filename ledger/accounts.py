"""Accounts, their passwords' hashes, and failed log-ins, as rows. Every writing function is called in a change of the ledger."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from geo.errors import AccessError
from incidents.access import Role, Scope
from ledger import tables
from ledger.tables import instant, milliseconds

FOREVER = 2**53
account, past_password, attempt = tables.account, tables.past_password, tables.attempt


@dataclass(frozen=True)
class Account:
    """Somebody who may come in.

    Attributes
    ----------
    key
        Opaque, for ever the same: what the history names.
    role, scope
        None until the security administrator granted them.
    changed
        When the password was set.
    issuer
        Of OpenID Connect; "" for one who has a password here.
    """

    key: str
    name: str
    role: Role | None
    scope: Scope | None
    enabled: bool
    must_change: bool
    made: datetime
    changed: datetime
    issuer: str = ""


def new_key() -> str:
    """Return a key of an account that was not used yet."""
    return f"a{secrets.token_hex(8)}"


def add(connection: Connection, made: Account, password: str, subject: str | None = None) -> None:
    """Write a new account.

    Parameters
    ----------
    password
        Its hash; "" for none.
    """
    values = {
        **granted(made.role, made.scope),
        **{name: getattr(made, name) for name in ("key", "name", "enabled", "must_change")},
        "password": password,
        "made": milliseconds(made.made),
        "changed": milliseconds(made.changed),
        "issuer": made.issuer or None,
        "subject": subject,
    }
    connection.execute(insert(account).values(values))


def named(connection: Connection, name: str) -> tuple[Account, str] | None:
    """Return an account by its name, and the hash of its password."""
    row = connection.execute(select(account).where(account.c.name == name)).mappings().one_or_none()
    return (of_row(row), row["password"]) if row else None


def one(connection: Connection, key: str) -> Account:
    """Return an account by its key.

    Raises
    ------
    AccessError
        There is none.
    """
    row = connection.execute(select(account).where(account.c.key == key)).mappings().one_or_none()
    if row is None:
        raise AccessError("There is no such account. `battlemap user list` lists them.", "unknown")
    return of_row(row)


def provided(connection: Connection, issuer: str, subject: str) -> Account | None:
    """Return the account of somebody whom a provider knows."""
    c = account.c
    row = connection.execute(select(account).where(c.issuer == issuer, c.subject == subject)).mappings().one_or_none()
    return of_row(row) if row else None


def every(connection: Connection) -> list[Account]:
    """Return all accounts by name."""
    return [of_row(row) for row in connection.execute(select(account).order_by(account.c.name)).mappings()]


def count(connection: Connection) -> int:
    """Return how many accounts there are."""
    return int(connection.execute(select(func.count()).select_from(account)).scalar_one())


def grant(connection: Connection, key: str, role: Role | None, scope: Scope | None) -> None:
    """Set role and scope."""
    connection.execute(update(account).where(account.c.key == key).values(granted(role, scope)))


def enable(connection: Connection, key: str, *, enabled: bool) -> None:
    """Let an account in, or no more."""
    connection.execute(update(account).where(account.c.key == key).values(enabled=enabled))


def set_password(connection: Connection, key: str, password: str, *, now: datetime, must_change: bool) -> None:
    """Set the hash of a password; the one before is kept among the past ones."""
    before = connection.execute(select(account.c.password).where(account.c.key == key)).scalar_one()
    if before:
        connection.execute(insert(past_password).values({"account": key, "password": before, "at": milliseconds(now)}))
    values = {"password": password, "changed": milliseconds(now), "must_change": must_change}
    connection.execute(update(account).where(account.c.key == key).values(values))


def rehash(connection: Connection, key: str, before: str, after: str) -> None:
    """Set another hash of the same password, unless it was changed in between."""
    connection.execute(update(account).where(account.c.key == key, account.c.password == before).values(password=after))


def past(connection: Connection, key: str, most: int) -> list[str]:
    """Return the hash of the password of an account, and those of so many before it."""
    c = past_password.c
    now = connection.execute(select(account.c.password).where(account.c.key == key)).scalar_one()
    before = select(c.password).where(c.account == key).order_by(c.id.desc()).limit(most)
    return [now, *connection.execute(before).scalars()]


def forget_past(connection: Connection, key: str, most: int) -> None:
    """Forget all but so many of an account's earlier passwords."""
    c = past_password.c
    kept = list(connection.execute(select(c.id).where(c.account == key).order_by(c.id.desc()).limit(most)).scalars())
    connection.execute(delete(past_password).where(c.account == key, c.id.not_in(kept)))


@dataclass(frozen=True)
class Steps:
    """When failed log-ins lock a name, and for how long."""

    failures: int
    first: timedelta
    most: timedelta
    most_failures: int
    forget: timedelta

    def lock(self, failures: int, now: datetime) -> int:
        """Return until when so many failures lock a name, in milliseconds; 0 for not, `FOREVER` until it is unlocked."""
        if failures >= self.most_failures:
            return FOREVER
        if failures < self.failures:
            return 0
        doubled = self.first * 2 ** min(failures - self.failures, 20)
        return milliseconds(now + min(doubled, self.most))


def digest_of(name: str) -> str:
    """Return what failed log-ins of a name are counted by."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def begin_attempt(connection: Connection, digest: str, steps: Steps, now: datetime) -> tuple[int, int]:
    """Count a log-in as failed before the password is looked at, so that no two at once share a count.

    Returns
    -------
    Milliseconds until when the name is locked, `FOREVER` for good, 0 when the password may be looked at; and the failures so far.
    """
    at = milliseconds(now)
    row = connection.execute(select(attempt).where(attempt.c.name == digest)).mappings().one_or_none()
    if row and row["locked"] > at:
        return int(row["locked"]), int(row["failures"])
    is_stale = row is not None and at - row["last"] >= steps.forget // timedelta(milliseconds=1)
    failures = 1 if row is None or is_stale else row["failures"] + 1
    values = {"failures": failures, "last": at, "locked": steps.lock(failures, now)}
    if row:
        connection.execute(update(attempt).where(attempt.c.name == digest).values(values))
    else:
        connection.execute(insert(attempt).values({"name": digest, **values}))
    return 0, failures


def clear_attempts(connection: Connection, digest: str) -> None:
    """Forget the failures of a name: the password was right, or it was unlocked."""
    connection.execute(delete(attempt).where(attempt.c.name == digest))


def forget_attempts(connection: Connection, *, before: datetime) -> int:
    """Forget failures from before a time, but not of names that are locked for good; return how many."""
    c = attempt.c
    old = delete(attempt).where(c.last < milliseconds(before), c.locked < FOREVER)
    return int(connection.execute(old).rowcount)


def locked(connection: Connection, now: datetime) -> dict[str, int]:
    """Return the digests of the names that are locked, and until when in milliseconds."""
    c = attempt.c
    return {row.name: row.locked for row in connection.execute(select(attempt).where(c.locked > milliseconds(now)))}


def of_row(row: Mapping[Any, Any]) -> Account:
    """Return the account of a row."""
    return Account(
        key=row["key"],
        name=row["name"],
        role=Role(row["role"]) if row["role"] else None,
        scope=Scope.read(row["scope"]) if row["scope"] else None,
        enabled=bool(row["enabled"]),
        must_change=bool(row["must_change"]),
        made=instant(row["made"]),
        changed=instant(row["changed"]),
        issuer=row["issuer"] or "",
    )


def granted(role: Role | None, scope: Scope | None) -> dict[str, str]:
    """Return a role and a scope as text, "" for none: as a row and as a line of the trail hold them."""
    return {"role": role.value if role else "", "scope": str(scope) if scope else ""}
