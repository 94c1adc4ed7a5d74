"""Accounts (账号): who may come in, as what, and by which password.

Every change is one transaction of the ledger together with its line of the audit trail. Times are those that the caller hands in.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from desk.access.attempts import Attempts
from desk.access.clock import Clock
from desk.access.cookies import Cookies
from desk.access.hashing import Passwords
from desk.access.names import checked, is_name, normal
from desk.access.records import Records
from desk.access.rules import Identity, identity_of
from desk.access.sessions import Entered, Sessions
from desk.access.three import (
    missing,
    require,
    require_another,
    require_given,
    require_one_left,
    require_ordinary,
)
from desk.access.walls import Walls
from geo.errors import AccessError, LoginError, NoAccess
from incidents.access import Role, Scope, Who
from ledger import accounts as rows
from ledger import sessions as live
from ledger.accounts import Account
from ledger.sessions import session_key
from ledger.store import Ledger, open_ledger
from ledger.writing import Writing


@dataclass(frozen=True)
class Added(Account):
    """An account that was just made.

    Attributes
    ----------
    once
        The password that was made for it, to be shown once; "" where one was given.
    """

    once: str = field(default="", repr=False)


class Accounts:
    """The accounts of a ledger, and what belongs to them. `accounts_of` gives those of some settings.

    Parameters
    ----------
    rules
        What stands in ``identity.toml``.
    key
        Signs cookies and digests codes: ``session.key``.

    Attributes
    ----------
    sessions
        Where they are logged in.
    attempts
        Failed log-ins, and what they lock.
    walls
        Screens without an account.
    trail
        What all of them did.
    """

    def __init__(self, ledger: Ledger, rules: Identity, key: bytes) -> None:
        self.ledger, self.rules = ledger, rules
        self._records, cookies = Records(ledger), Cookies(key)
        self._passwords, self._clock = Passwords(rules), Clock(self._records)
        self._begun = False
        self.trail = self._records.trail
        self.attempts = Attempts(self._records, self._passwords, rules)
        self.sessions = Sessions(self._records, self._clock, cookies, rules)
        self.walls = Walls(self._records, self._clock, cookies, self.attempts, rules)

    def any(self, now: datetime) -> bool:
        """Tell whether there is an account: from then on nobody comes in without one. Another process's first account is seen within a second."""
        if not self._begun:  # for good: accounts are never deleted
            self._begun = self._records.lately("accounts", now, rows.count) > 0
        return self._begun

    def every(self) -> list[Account]:
        """Return all accounts by name."""
        with self._records.reading() as connection:
            return rows.every(connection)

    def missing(self) -> tuple[Role, ...]:
        """Return the administrators that the first ones are still without: none any more as soon as anybody else has an account."""
        return missing(self.every())

    def named(self, name: str) -> Account:
        """Return an account by its name.

        Raises
        ------
        AccessError
            There is none.
        """
        with self._records.reading() as connection:
            found = rows.named(connection, normal(name)) if is_name(normal(name)) else None
        if found is None:
            raise AccessError(f"There is no account {name!r}. `battlemap user list` lists them.", "unknown")
        return found[0]

    # --- coming in ----------------------------------------------------------------------------------------------------------------------------------

    def log_in(self, name: str, password: str, *, address: str, agent: str, now: datetime, before: str = "") -> Entered:
        """Let somebody in who knows a name and its password; always with a new session and a new token.

        Parameters
        ----------
        before
            The cookie that the browser came with: its session ends.

        Raises
        ------
        LoginError
            ``wrong``, ``locked`` (with the seconds to wait; 0 until it is unlocked), ``often`` (too many at once), ``expired`` (a first password after its time)
            or ``role`` (right, but no role was granted yet).
        """
        self._clock.watch(now)
        account = self.attempts.prove(normal(name), password, address=address, now=now)
        if account.must_change and not account.issuer and now - account.changed >= self.rules.once:
            note = self.trail.note
            self._records.change(
                lambda work: note(work, "log_in_expired", None, now, what=account.name, address=address)
            )
            raise LoginError("This first password has expired. Ask the system administrator for another.", "expired")
        return self.sessions.begin(account, address=address, agent=agent, now=now, before=before)

    def log_in_as(
        self,
        subject: tuple[str, str],
        name: str,
        role: Role | None,
        scope: Scope | None,
        *,
        address: str,
        agent: str,
        now: datetime,
        before: str = "",
    ) -> Entered:
        """Let somebody in whom a provider vouches for; the first time an account is made, later its role and scope follow the claims.

        Parameters
        ----------
        subject
            Issuer, and who they are there.
        role, scope
            As the claims say; None leaves what the security administrator granted.

        Raises
        ------
        LoginError
            ``provider``: disabled here, or the name belongs to another account. ``role``: neither the claims nor anybody here gave one.
        """
        self._clock.watch(now)
        issuer, sub = subject
        named = checked(name)

        def work(writing: Writing) -> Account:
            connection, act = writing.connection, ""
            found = rows.provided(connection, issuer, sub)
            if found is None:
                if rows.named(connection, named):
                    raise LoginError(
                        f"The name {named} belongs to another account here. Ask the system administrator.", "provider"
                    )
                found, act = (
                    Account(
                        rows.new_key(),
                        named,
                        role,
                        scope,
                        enabled=True,
                        must_change=False,
                        made=now,
                        changed=now,
                        issuer=issuer,
                    ),
                    "account_added",
                )
                rows.add(connection, found, "", sub)
            elif not found.enabled:
                raise LoginError("This account is disabled. Ask the system administrator.", "provider")
            elif role is not None and (found.role, found.scope) != (role, scope):
                found, act = replace(found, role=role, scope=scope), "granted"
                rows.grant(connection, found.key, role, scope)
            if act:
                data = {"provider": issuer, **rows.granted(role, scope)}
                self.trail.note(writing, act, None, now, what=found.name, address=address, data=data)
            return found

        return self.sessions.begin(self._records.change(work), address=address, agent=agent, now=now, before=before)  # fmt: skip

    def change_password(self, who: Who, old: str, new: str, now: datetime) -> Entered:
        """Change one's own password. All sessions end; the browser goes on with a new one.

        Raises
        ------
        LoginError
            The old one is wrong, which counts as a failed log-in; or too many passwords are looked at just now.
        PasswordError
            The new one is not good enough; nothing was changed.
        """
        session, most = self.sessions.own(who, now), self.rules.policy.past
        account = self.attempts.prove(who.name, old, address=session.address, now=now)
        with self._records.reading() as connection:
            past = rows.past(connection, account.key, most)
        hashed = self._passwords.taken(new, name=account.name, past=past)

        def work(writing: Writing) -> None:
            rows.set_password(writing.connection, account.key, hashed, now=now, must_change=False)
            rows.forget_past(writing.connection, account.key, most)
            live.end_of(writing.connection, account.key, "password", now)
            self.trail.note(writing, "password_changed", who, now, address=session.address)

        self._records.change(work)
        changed = replace(account, changed=now, must_change=False)
        return self.sessions.begin(changed, address=session.address, agent=session.agent, now=now, silent=True)

    # --- the system administrator: accounts exist ---------------------------------------------------------------------------------------------------

    def add(
        self,
        name: str,
        role: Role | None,
        scope: Scope | None,
        password: str | None = None,
        *,
        by: Who | None,
        now: datetime,
        must_change: bool = True,
        first: bool = False,
        completes: bool = False,
    ) -> Added:
        """Make an account.

        Parameters
        ----------
        role, scope
            None for an account that the security administrator has yet to grant something. A system administrator cannot give any.
        password
            None: one is made, to be used once.
        by
            None for the command line, and for the page of the first account.
        first
            Only if there is no account yet.
        completes
            Only if there is nothing but administrators, of whom this is one that is missing.

        Raises
        ------
        AccessError
            The name is taken (``taken``) or no name (``name``), the role is none to be given (``role``), or it is not for the page of the first accounts to make (``first``).
        PasswordError
            The password is not good enough.
        LoginError
            Too many passwords are looked at just now.
        NoAccess
            Somebody else than a system administrator asks.
        """
        require(by, Role.SYSTEM)
        if by is not None and role is not None:
            raise NoAccess(
                "A system administrator makes accounts; what they may do is the security administrator's to grant.",
                "grants",
            )
        named = checked(name)
        require_given(role, scope)
        once = "" if password is not None else self._passwords.made(named)
        hashed = self._passwords.taken(once if password is None else password, name=named)
        made = Account(rows.new_key(), named, role, scope, enabled=True, must_change=must_change, made=now, changed=now)

        def work(writing: Writing) -> None:
            every = rows.every(writing.connection) if first or completes else []
            if (first and every) or (completes and role not in missing(every)):
                raise AccessError("There is an account already. Log in with it.", "first")
            if rows.named(writing.connection, named):
                raise AccessError(f"There is an account {named} already. Choose another name.", "taken")
            rows.add(writing.connection, made, hashed)
            self.trail.note(writing, "account_added", by, now, what=named, data=rows.granted(role, scope))

        self._records.change(work)
        return Added(**vars(made), once=once)

    def reset(self, account: str, *, by: Who | None, now: datetime) -> str:
        """Give an account a password to be used once, and return it; its sessions end, and it is unlocked.

        Raises
        ------
        NoAccess
            Somebody else than a system administrator asks, or the account is an administrator's: those are reset at the command line, or one administrator could become another.
        AccessError
            There is no such account, a provider vouches for it, or too many passwords are looked at just now.
        """
        with self._records.reading() as connection:
            found = _of_system(connection, account, by)
        if found.issuer:
            raise AccessError(f"{found.name} comes in by {found.issuer} and has no password here.", "provider")
        once = self._passwords.made(found.name)
        hashed = self._passwords.taken(once, name=found.name)

        def work(writing: Writing) -> None:
            _of_system(writing.connection, account, by)  # security may have made an administrator of it since
            rows.set_password(writing.connection, account, hashed, now=now, must_change=True)
            rows.clear_attempts(writing.connection, rows.digest_of(found.name))
            live.end_of(writing.connection, account, "password", now)
            self.trail.note(writing, "password_reset", by, now, what=found.name)

        self._records.change(work)
        return once

    def disable(self, account: str, *, by: Who | None, now: datetime) -> None:
        """Let an account in no more; its sessions end. Raises as `reset`."""
        self._set_enabled(account, by, now, enabled=False)

    def enable(self, account: str, *, by: Who | None, now: datetime) -> None:
        """Let an account in again. Raises as `reset`."""
        self._set_enabled(account, by, now, enabled=True)

    def _set_enabled(self, account: str, by: Who | None, now: datetime, *, enabled: bool) -> None:
        def work(writing: Writing) -> None:
            found = _of_system(writing.connection, account, by)
            rows.enable(writing.connection, account, enabled=enabled)
            if not enabled:
                live.end_of(writing.connection, account, "disabled", now)
            self.trail.note(writing, "account_enabled" if enabled else "account_disabled", by, now, what=found.name)

        self._records.change(work)

    # --- the security administrator: accounts may ---------------------------------------------------------------------------------------------------

    def grant(self, account: str, role: Role | None, scope: Scope | None, *, by: Who | None, now: datetime) -> None:
        """Give an account a role and a scope, or take both away (None); it counts from the next request on.

        Raises
        ------
        NoAccess
            Somebody else than a security administrator asks, or for oneself.
        AccessError
            There is no such account, the role is none to be given, or it is the last administrator of its kind (``last``), whom the command line alone changes.
        """
        require(by, Role.SECURITY)
        require_another(by, account)
        require_given(role, scope)

        def work(writing: Writing) -> None:
            found = rows.one(writing.connection, account)
            if role is not found.role:
                require_one_left(by, found, rows.every(writing.connection))
            rows.grant(writing.connection, account, role, scope)
            before = {f"{name}_before": value for name, value in rows.granted(found.role, found.scope).items()}
            data = {**before, **rows.granted(role, scope)}
            self.trail.note(writing, "granted", by, now, what=found.name, data=data)

        self._records.change(work)


def _of_system(connection: Any, account: str, by: Who | None) -> Account:
    """Return an account that a system administrator may look after."""
    require(by, Role.SYSTEM)
    require_another(by, account)
    found = rows.one(connection, account)
    require_ordinary(by, found)
    return found


@lru_cache(maxsize=4)
def accounts_of(data_dir: Path, database_url: str, rules: Path | None) -> Accounts:
    """Return the accounts of some settings, the same object each time, so that all doors of a process share what they know.

    Parameters
    ----------
    rules
        Folder of rules (BATTLEMAP_RULES).

    Raises
    ------
    LedgerError
        The ledger cannot be opened, or session.key cannot be used.
    RulesError
        ``identity.toml`` cannot be used.
    """
    identity = identity_of(rules)
    opened = open_ledger(data_dir, database_url)
    return Accounts(opened, identity, session_key(data_dir))
