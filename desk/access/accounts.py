"""Who may come in: accounts, log-in, sessions, walls, and the three administrators' work on them.

Every change is one transaction of the ledger together with its line of the audit trail. Nothing that is cached lives longer than a second, so that what one process revokes
is over in all of them. Times are those that the caller hands in; a clock that is set back by more than `SLACK` ends every session (docs/accounts.md).
"""

import builtins
import hashlib
import hmac
import logging
import secrets
import unicodedata
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from itsdangerous import BadSignature, Signer

from desk.access.hashing import Passwords
from desk.access.rules import Identity, identity_of
from geo.errors import AccessError, LedgerError, LoginError, NoAccess
from incidents import passwords
from incidents.access import ADMINISTRATORS, GIVEN, Role, Scope, Who
from ledger import accounts as rows
from ledger import audit
from ledger import sessions as live
from ledger.accounts import FOREVER, Account
from ledger.audit import Line
from ledger.sessions import Live, Session, session_key
from ledger.store import Ledger, open_ledger
from ledger.tables import instant, milliseconds
from ledger.writing import Writing

__all__ = ["Account", "Accounts", "Entered", "Line", "Session", "accounts_of"]

LOG = logging.getLogger(__name__)
T = TypeVar("T")
FRESH = timedelta(seconds=1)  # so long what was read counts as true
TOUCH = timedelta(seconds=30)  # so often a sign of life is written
SLACK = timedelta(seconds=60)  # by which a clock may go back: clocks are set right now and then
THREE = (Role.SYSTEM, Role.SECURITY, Role.AUDIT)  # in the order in which they are made
CACHED = 10_000  # sessions that are remembered for a second
NAME_LENGTH = range(2, 65)
NAME_SIGNS = frozenset("._-@")
CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # what nobody takes for one another
CODE_LENGTH = 8
WRONG = "The name or the password is wrong. Type both again; the security administrator unlocks a locked name."


@dataclass(frozen=True)
class Entered:
    """What a log-in gives.

    Attributes
    ----------
    token
        The value of the cookie, already signed; never to be logged.
    must_change
        Whether the password has to be changed before anything else.
    until
        When the session ends whatever happens.
    """

    token: str = field(repr=False)
    who: Who
    must_change: bool
    until: datetime


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
    """The accounts of a ledger. `accounts_of` gives those of some settings.

    Parameters
    ----------
    rules
        What stands in ``identity.toml``.
    key
        Signs cookies and digests codes: ``session.key``.
    """

    def __init__(self, ledger: Ledger, rules: Identity, key: bytes) -> None:
        self.rules = rules
        self._ledger, self._key = ledger, key
        self._signer = Signer(key, salt=b"battlemap session", digest_method=hashlib.sha256, key_derivation="hmac")
        self._passwords = Passwords(rules)
        self._lock = Lock()  # of what follows
        self._found: dict[str, tuple[datetime, Live | None]] = {}
        self._counted: tuple[datetime, bool] | None = None
        self._latest: datetime | None = None
        self._turned = 0  # line of the audit trail in which the clock was last set back

    # --- coming in ----------------------------------------------------------------------------------------------------------------------------------

    def any(self, now: datetime) -> bool:
        """Tell whether there is an account: from then on nobody comes in without one. Another process's first account is seen within a second."""
        with self._lock:
            counted = self._counted
        if counted and (counted[1] or abs(now - counted[0]) < FRESH):
            return counted[1]
        with self._ledger.reading() as connection:
            found = rows.count(connection) > 0
        with self._lock:
            self._counted = (now, found)
        return found

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
        self._watch_clock(now)
        account = self._proved(_normal(name), password, address, now)
        if account.must_change and not account.issuer and now - account.changed >= self.rules.once:
            self._change(lambda work: self._line(work, "log_in_expired", None, now, what=account.name, address=address))
            raise LoginError("This first password has expired. Ask the system administrator for another.", "expired")
        return self._enter(account, address=address, agent=agent, now=now, before=before)

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
        self._watch_clock(now)
        issuer, sub = subject
        named = _checked_name(name)

        def work(writing: Writing) -> Account:
            connection = writing.connection
            found = rows.provided(connection, issuer, sub)
            if found is None:
                if rows.named(connection, named):
                    raise LoginError(
                        f"The name {named} belongs to another account here. Ask the system administrator.", "provider"
                    )
                found = Account(rows.new_key(), named, role, scope, True, False, now, now, issuer)  # noqa: FBT003
                rows.add(connection, found, "", sub)
                self._line(
                    writing,
                    "account_added",
                    None,
                    now,
                    what=named,
                    address=address,
                    data={"provider": issuer, **_said(role, scope)},
                )
            elif not found.enabled:
                raise LoginError("This account is disabled. Ask the system administrator.", "provider")
            elif role is not None and (found.role, found.scope) != (role, scope):
                rows.grant(connection, found.key, role, scope)
                self._line(
                    writing,
                    "granted",
                    None,
                    now,
                    what=found.name,
                    address=address,
                    data={"provider": issuer, **_said(role, scope)},
                )
                found = replace(found, role=role, scope=scope)
            return found

        return self._enter(self._change(work), address=address, agent=agent, now=now, before=before)

    def who(self, token: str, now: datetime, *, touch: bool = True) -> Who | None:
        """Return who comes with a cookie, in the role and scope that they have now; None for nobody.

        Parameters
        ----------
        touch
            Whether this is a sign of life; False for what a page asks by itself, so that a forgotten screen ends.
        """
        secret = self._unsigned(token)
        if secret is None:
            return None
        self._watch_clock(now)
        digest = live.digest_of(secret)
        found = self._looked_up(digest, now, lambda connection: live.by_token(connection, digest))
        return self._who(found, now, touch=touch)

    def of_session(self, key: str, now: datetime) -> Who | None:
        """Return who a session belongs to, by its key, which the gate puts where only we can: no sign of life."""
        self._watch_clock(now)
        return self._who(self._looked_up(key, now, lambda connection: live.by_key(connection, key)), now, touch=False)

    def must_change(self, who: Who, now: datetime) -> bool:
        """Tell whether somebody has to change their password before anything else: it is a first one, or too old."""
        found = self._looked_up(who.session, now, lambda connection: live.by_key(connection, who.session))
        return bool(found and found.account and self._is_due(found.account, now))

    def ended(self, sessions: Collection[str], now: datetime) -> set[str]:
        """Return those of some sessions (and walls), by key, that are over; one question, nothing cached."""
        if not sessions:
            return set()
        self._watch_clock(now)
        with self._ledger.reading() as connection:
            found = live.some(connection, set(sessions))
        return set(sessions) - {one.session.key for one in found if self._is_live(one, now)}

    def log_out(self, token: str, now: datetime) -> None:
        """End the session of a cookie; nothing happens where there is none."""
        who = self.who(token, now, touch=False)
        if who is None:
            return

        def work(writing: Writing) -> None:
            found = live.by_key(writing.connection, who.session)
            if found:
                self._end(writing, found, "log_out", who, now)

        self._change(work)

    # --- one's own ----------------------------------------------------------------------------------------------------------------------------------

    def sessions(self, account: str) -> list[Session]:
        """Return the sessions of an account, by its key, the newest first, those that are over included."""
        with self._ledger.reading() as connection:
            return live.of_account(connection, account)

    def current(self, account: str, now: datetime) -> list[Session]:
        """Return the sessions of an account that are not over."""
        return [one for one in self.sessions(account) if not one.is_over(now, idle=self.rules.idle)]

    def everybody(self, now: datetime) -> builtins.list[Live]:
        """Return the sessions of all accounts that are not over, with whom they belong to, those seen last first."""
        with self._ledger.reading() as connection:
            found = live.of_everybody(connection)
        return [one for one in found if self._is_live(one, now)]

    def last_log_ins(self) -> dict[str, datetime]:
        """Return when each account last logged in, by its key, as far back as sessions are kept."""
        with self._ledger.reading() as connection:
            return live.last_begun(connection)

    def end(self, session: str, *, by: Who | None, now: datetime) -> None:
        """End a session: one's own, or as security administrator anybody's.

        Raises
        ------
        NoAccess
            It is somebody else's.
        """

        def work(writing: Writing) -> None:
            found = live.by_key(writing.connection, session)
            if found is None:
                return
            if by is not None and found.session.account != by.account:
                _require(by, Role.SECURITY)
            self._end(writing, found, "session_ended", by, now)

        self._change(work)

    def end_all(self, account: str, *, by: Who | None, now: datetime, but: str = "") -> int:
        """End every session of an account: one's own (but for one, by its key), or as security administrator anybody's; return how many.

        Raises
        ------
        NoAccess
            They are somebody else's.
        AccessError
            There is no such account.
        """
        if by is not None and by.account != account:
            _require(by, Role.SECURITY)

        def work(writing: Writing) -> int:
            found = _keyed(writing, account)
            keys = [
                one.key for one in live.of_account(writing.connection, account) if one.ended is None and one.key != but
            ]
            ended = sum(live.end(writing.connection, key, "revoked", now) for key in keys)
            self._line(writing, "sessions_ended", by, now, what=found.name, data={"sessions": ended})
            return ended

        return self._change(work)

    def change_password(self, who: Who, old: str, new: str, now: datetime) -> Entered:
        """Change one's own password. All sessions end; the browser goes on with a new one.

        Raises
        ------
        LoginError
            The old one is wrong; this counts as a failed log-in.
        PasswordError
            The new one is not good enough; nothing was changed.
        """
        session = self._own_session(who, now)
        account = self._proved(who.name, old, session.address, now)
        most = self.rules.policy.past
        with self._ledger.reading() as connection:
            past = rows.past(connection, account.key, most)
        self._passwords.require_good(new, name=account.name, past=past)
        hashed = self._passwords.hashed(new)

        def work(writing: Writing) -> None:
            rows.set_password(writing.connection, account.key, hashed, now=now, must_change=False)
            rows.forget_past(writing.connection, account.key, most)
            live.end_of(writing.connection, account.key, "password", now)
            self._line(writing, "password_changed", who, now, address=session.address)

        self._change(work)
        changed = replace(account, changed=now, must_change=False)
        return self._enter(changed, address=session.address, agent=session.agent, now=now, silent=True)

    # --- the system administrator: accounts exist ------------------------------------------------------------------------------------------------------

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
        NoAccess
            Somebody else than a system administrator asks.
        """
        if by is not None:
            _require(by, Role.SYSTEM)
        if by is not None and role is not None:
            raise NoAccess(
                "A system administrator makes accounts; what they may do is the security administrator's to grant.",
                "grants",
            )
        named, once = _checked_name(name), "" if password is not None else self._passwords.made(name)
        _require_given(role, scope)
        if password is not None:
            self._passwords.require_good(password, name=named)
        hashed = self._passwords.hashed(once or password or "")
        made = Account(rows.new_key(), named, role, scope, True, must_change, now, now)  # noqa: FBT003

        def work(writing: Writing) -> None:
            every = rows.every(writing.connection) if first or completes else []
            if (first and every) or (completes and role not in _missing(every)):
                raise AccessError("There is an account already. Log in with it.", "first")
            if rows.named(writing.connection, named):
                raise AccessError(f"There is an account {named} already. Choose another name.", "taken")
            rows.add(writing.connection, made, hashed)
            self._line(writing, "account_added", by, now, what=named, data=_said(role, scope))

        self._change(work)
        return Added(**vars(made), once=once)

    def reset(self, account: str, *, by: Who | None, now: datetime) -> str:
        """Give an account a password to be used once, and return it; its sessions end, and it is unlocked.

        Raises
        ------
        NoAccess
            Somebody else than a system administrator asks, or the account is an administrator's: those are reset at the command line, or one administrator could become another.
        AccessError
            There is no such account, or a provider vouches for it.
        """
        found = self._of_system(account, by)
        if found.issuer:
            raise AccessError(f"{found.name} comes in by {found.issuer} and has no password here.", "provider")
        once = self._passwords.made(found.name)
        hashed = self._passwords.hashed(once)

        def work(writing: Writing) -> None:
            rows.set_password(writing.connection, account, hashed, now=now, must_change=True)
            rows.clear_attempts(writing.connection, rows.digest_of(found.name))
            live.end_of(writing.connection, account, "password", now)
            self._line(writing, "password_reset", by, now, what=found.name)

        self._change(work)
        return once

    def disable(self, account: str, *, by: Who | None, now: datetime) -> None:
        """Let an account in no more; its sessions end.

        Raises
        ------
        NoAccess, AccessError
            As `reset`.
        """
        found = self._of_system(account, by)

        def work(writing: Writing) -> None:
            rows.enable(writing.connection, account, enabled=False)
            live.end_of(writing.connection, account, "disabled", now)
            self._line(writing, "account_disabled", by, now, what=found.name)

        self._change(work)

    def enable(self, account: str, *, by: Who | None, now: datetime) -> None:
        """Let an account in again.

        Raises
        ------
        NoAccess, AccessError
            As `reset`.
        """
        found = self._of_system(account, by)

        def work(writing: Writing) -> None:
            rows.enable(writing.connection, account, enabled=True)
            self._line(writing, "account_enabled", by, now, what=found.name)

        self._change(work)

    def list(self) -> builtins.list[Account]:
        """Return all accounts by name."""
        with self._ledger.reading() as connection:
            return rows.every(connection)

    def missing(self) -> tuple[Role, ...]:
        """Return the administrators that the first ones are still without: none any more as soon as anybody else has an account."""
        return _missing(self.list())

    def named(self, name: str) -> Account:
        """Return an account by its name.

        Raises
        ------
        AccessError
            There is none.
        """
        with self._ledger.reading() as connection:
            found = rows.named(connection, _normal(name)) if _is_name(_normal(name)) else None
        if found is None:
            raise AccessError(f"There is no account {name!r}. `battlemap user list` lists them.", "unknown")
        return found[0]

    # --- the security administrator: accounts may -----------------------------------------------------------------------------------------------------

    def grant(self, account: str, role: Role | None, scope: Scope | None, *, by: Who | None, now: datetime) -> None:
        """Give an account a role and a scope, or take both away (None); it counts from the next request on.

        Raises
        ------
        NoAccess
            Somebody else than a security administrator asks, or for oneself.
        AccessError
            There is no such account, the role is none to be given, or it is the last administrator of its kind (``last``), whom the command line alone changes.
        """
        if by is not None:
            _require(by, Role.SECURITY)
            _require_another(by, account)
        _require_given(role, scope)

        def work(writing: Writing) -> None:
            found = _keyed(writing, account)
            if by is not None and role is not found.role:
                _require_one_left(found, rows.every(writing.connection))
            rows.grant(writing.connection, account, role, scope)
            before = {f"{name}_before": value for name, value in _said(found.role, found.scope).items()}
            self._line(writing, "granted", by, now, what=found.name, data={**before, **_said(role, scope)})

        self._change(work)

    def unlock(self, account: str, *, by: Who | None, now: datetime) -> None:
        """Forget the failed log-ins of an account.

        Raises
        ------
        NoAccess
            Somebody else than a security administrator asks.
        AccessError
            There is no such account.
        """
        if by is not None:
            _require(by, Role.SECURITY)

        def work(writing: Writing) -> None:
            found = _keyed(writing, account)
            rows.clear_attempts(writing.connection, rows.digest_of(found.name))
            self._line(writing, "unlocked", by, now, what=found.name)

        self._change(work)

    def locked(self, now: datetime) -> dict[str, datetime | None]:
        """Return the keys of the accounts that are locked, and until when; None until somebody unlocks them."""
        with self._ledger.reading() as connection:
            digests, accounts = rows.locked(connection, now), rows.every(connection)
        found = {one.key: digests[digest] for one in accounts if (digest := rows.digest_of(one.name)) in digests}
        return {key: None if until >= FOREVER else instant(until) for key, until in found.items()}

    def device_code(self, name: str, scope: Scope, *, by: Who | None, now: datetime) -> str:
        """Offer a wall a way in: a code of eight characters that holds ten minutes, once.

        Raises
        ------
        NoAccess
            Somebody else than a security administrator asks.
        AccessError
            The name is no name.
        """
        if by is not None:
            _require(by, Role.SECURITY)
        named = _checked_name(name)
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        digest, until = self._code_digest(code), now + self.rules.code

        def work(writing: Writing) -> None:
            live.offer(
                writing.connection, named, scope, digest, code_until=until, until=now + self.rules.device, now=now
            )
            self._line(writing, "device_offered", by, now, what=named, data={"scope": str(scope)})

        self._change(work)
        return code

    def redeem(self, code: str, *, address: str, agent: str, now: datetime) -> str:
        """Let a wall in, and return its cookie.

        Raises
        ------
        LoginError
            ``code``: wrong, used, or too late. ``locked``: too many wrong ones from this address.
        """
        self._watch_clock(now)
        digest, counted = self._code_digest(_normal_code(code)), rows.digest_of(f"code\0{address}")
        token = live.new_token()

        def work(writing: Writing) -> tuple[int, Session | None]:
            connection = writing.connection
            locked, failures = rows.begin_attempt(connection, counted, self.rules.steps, now)
            if locked:
                return locked, None
            found = live.redeem(connection, digest, token, address=address, agent=agent, now=now)
            if found:
                rows.clear_attempts(connection, counted)
                self._line(
                    writing, "device_in", None, now, what=found.name, address=address, data={"device": found.key}
                )
            else:
                self._line(writing, "device_refused", None, now, address=address, data={"failures": failures})
            return 0, found

        locked, found = self._change(work)
        if locked:
            raise _locked(locked, now)
        if found is None:
            raise LoginError(
                "This code is wrong, was used, or is too old. Ask the security administrator for another.", "code"
            )
        return self._signed(token)

    def devices(self) -> builtins.list[Session]:
        """Return every wall, the newest first; one that waits for its code has no `begun`."""
        with self._ledger.reading() as connection:
            return live.walls(connection)

    def revoke(self, device: str, *, by: Who | None, now: datetime) -> None:
        """End a wall, or its code.

        Raises
        ------
        NoAccess
            Somebody else than a security administrator asks.
        """
        if by is not None:
            _require(by, Role.SECURITY)

        def work(writing: Writing) -> None:
            found = live.by_key(writing.connection, device)
            if found and live.end(writing.connection, device, "revoked", now):
                self._line(writing, "device_revoked", by, now, what=found.session.name, data={"device": device})

        self._change(work)

    # --- the audit administrator: accounts did --------------------------------------------------------------------------------------------------------

    def audit(
        self,
        act: str,
        who: Who | None,
        *,
        area: str = "",
        what: str = "",
        address: str = "",
        data: Mapping[str, Any] | None = None,
        now: datetime,
    ) -> None:
        """Write a line of the audit trail, durably; nothing secret belongs in it.

        Raises
        ------
        ValueError
            The data name a secret.
        LedgerError
            It cannot be written: what it is about must not go on.
        """
        key = self._ledger.key
        self._ledger.change(
            lambda writing: audit.append(
                writing.connection, key, act, who, now=now, area=area, what=what, address=address, data=data
            )
        )

    def trail(self, **wanted: Any) -> builtins.list[Line]:
        """Return lines of the audit trail, the newest first; `ledger.audit.read` says by what they may be chosen."""
        with self._ledger.reading() as connection:
            return audit.read(connection, **wanted)

    def acts(self) -> builtins.list[str]:
        """Return every act that the audit trail holds a line of."""
        with self._ledger.reading() as connection:
            return audit.acts(connection)

    def check_trail(self, *, by: Who | None, now: datetime, address: str = "") -> builtins.list[str]:
        """Look whether the audit trail holds, write down that it was looked at and what was found, and return every place that does not hold."""
        with self._ledger.reading() as connection:
            found = [*audit.breaks(connection, self._ledger.key)]
            last = audit.ends(connection).number
        self.audit("audit_checked", by, address=address, data={"breaks": len(found), "last": last}, now=now)
        return found

    # --- how it is done -------------------------------------------------------------------------------------------------------------------------------

    def _change(self, work: Callable[[Writing], T]) -> T:
        try:
            return self._ledger.change(work)
        finally:
            with self._lock:
                self._found.clear()
                self._counted = None

    def _line(
        self,
        writing: Writing,
        act: str,
        by: Who | None,
        now: datetime,
        *,
        what: str = "",
        address: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a line of the audit trail in a change; nobody, from no address, is the command line, and whoever is logged in acts from where they logged in."""
        local = by is None and not address
        if by is not None and not address:
            found = live.by_key(writing.connection, by.session)
            address = found.session.address if found else ""
        audit.append(
            writing.connection, self._ledger.key, act, by, now=now, what=what, address=address, data=data, local=local
        )

    def _proved(self, name: str, password: str, address: str, now: datetime) -> Account:
        """Return the account of a name whose password this is. A failure is counted before the password is looked at, whether or not there is such a name."""
        with self._passwords.turn():
            digest = rows.digest_of(name)

            def begin(writing: Writing) -> tuple[int, int, tuple[Account, str] | None]:
                locked, failures = rows.begin_attempt(writing.connection, digest, self.rules.steps, now)
                return locked, failures, rows.named(writing.connection, name) if not locked and _is_name(name) else None

            locked, failures, found = self._change(begin)
            if locked:
                raise _locked(locked, now)
            hashed = found[1] if found else ""
            is_right = self._passwords.proves(hashed or self._passwords.nobody, password) and bool(hashed)
            if not is_right or found is None or not found[0].enabled:
                self._failed(found[0] if found else None, failures, address, now)
                raise LoginError(WRONG)
            again = self._passwords.hashed(password) if self._passwords.is_stale(hashed) else ""

        def end(writing: Writing) -> None:
            rows.clear_attempts(writing.connection, digest)
            if again:
                rows.rehash(writing.connection, found[0].key, hashed, again)

        self._change(end)
        return found[0]

    def _failed(self, account: Account | None, failures: int, address: str, now: datetime) -> None:
        """Note a failed log-in. A name that nobody has is not noted: people type passwords there."""
        said: dict[str, Any] = {"failures": failures}
        if self.rules.steps.lock(failures, now):
            said["locked"] = True
        what = account.name if account else ""
        self._change(
            lambda writing: self._line(
                writing, "log_in_failed", None, now, what=what, address=address or "?", data=said
            )
        )

    def _enter(
        self, account: Account, *, address: str, agent: str, now: datetime, before: str = "", silent: bool = False
    ) -> Entered:
        """Begin a session."""
        if account.role is None or account.scope is None:
            raise LoginError("No role was granted to this account yet. Ask the security administrator.", "role")
        token, until = live.new_token(), now + self.rules.longest
        old = self._unsigned(before)
        granted = account.role, account.scope

        def work(writing: Writing) -> Who:
            connection = writing.connection
            stale = live.by_token(connection, live.digest_of(old)) if old else None
            if stale:
                live.end(connection, stale.session.key, "again", now)
            made = live.begin(connection, account.key, token, address=address, agent=agent, now=now, until=until)
            who = Who(account.key, account.name, *granted, made.key)
            if not silent:
                self._line(writing, "log_in", who, now, address=address)
            return who

        who = self._change(work)
        return Entered(self._signed(token), who, self._is_due(account, now), until)

    def _end(self, writing: Writing, session: Live, act: str, by: Who | None, now: datetime) -> None:
        """End a session, and say so once."""
        key, whose = session.session.key, session.account.name if session.account else session.session.name
        if live.end(writing.connection, key, "out" if act == "log_out" else "revoked", now):
            self._line(writing, act, by, now, what=whose, data={"session": key})

    def _looked_up(self, name: str, now: datetime, look: Callable[[Any], Live | None]) -> Live | None:
        """Return a session by the digest of its token or by its key, as it was within the last second."""
        with self._lock:
            cached = self._found.get(name)
        if cached and abs(now - cached[0]) < FRESH:
            return cached[1]
        with self._ledger.reading() as connection:
            found = look(connection)
        with self._lock:
            if len(self._found) >= CACHED:
                self._found.clear()
            self._found[name] = (now, found)
        return found

    def _who(self, found: Live | None, now: datetime, *, touch: bool) -> Who | None:
        if found is None or not self._is_live(found, now) or found.role is None or found.scope is None:
            return None
        session, account = found.session, found.account
        if touch and session.seen is not None and now - session.seen >= TOUCH:
            with suppress(LedgerError):  # a full or read-only disk: reading goes on
                self._change(lambda writing: live.touch(writing.connection, session.key, now))
        name = account.name if account else session.name
        return Who(session.account, name, found.role, found.scope, session.key)

    def _is_live(self, found: Live, now: datetime) -> bool:
        idle = self.rules.idle if found.account else None
        return found.role is not None and not found.session.is_over(now, idle=idle)

    def _is_due(self, account: Account, now: datetime) -> bool:
        """Tell whether a password has to be changed."""
        if account.issuer:
            return False
        return account.must_change or passwords.is_old(self.rules.policy, account.changed, now)

    def _own_session(self, who: Who, now: datetime) -> Session:
        with self._ledger.reading() as connection:
            found = live.by_key(connection, who.session)
        if found is None or found.account is None or not self._is_live(found, now):
            raise NoAccess("Log in again, then change your password.", "own")
        return found.session

    def _of_system(self, account: str, by: Who | None) -> Account:
        """Return an account that a system administrator may look after."""
        with self._ledger.reading() as connection:
            found = rows.keyed(connection, account)
        if by is not None:
            _require(by, Role.SYSTEM)
            _require_another(by, account)
        if found is None:
            raise AccessError("There is no such account.", "unknown")
        if by is not None and found[0].role in ADMINISTRATORS:
            raise NoAccess(
                f"{found[0].name} is an administrator. Use `battlemap user` on the machine itself.", "accounts"
            )
        return found[0]

    def _watch_clock(self, now: datetime) -> None:
        """End every session when the clock was set back, in this process or while none ran: access never lasts longer because of it."""
        with self._lock:
            latest = self._latest
        if latest is None:
            with self._ledger.reading() as connection:
                self._turned = audit.last(connection, audit.CLOCK)
                latest = instant(max(audit.ends(connection).at, live.latest(connection)))
        if latest - now > SLACK:
            self._turn_back(latest, now)
            latest = now
        with self._lock:
            self._latest = max(latest, now)

    def _turn_back(self, latest: datetime, now: datetime) -> None:
        def work(writing: Writing) -> int | None:
            found = audit.last(writing.connection, audit.CLOCK)
            if found > self._turned:  # another process has seen it
                self._turned = found
                return None
            ended = live.turn_back(writing.connection, latest=latest, now=now)
            seconds = round((latest - now).total_seconds())
            audit.append(
                writing.connection,
                self._ledger.key,
                audit.CLOCK,
                None,
                now=now,
                data={"seconds": seconds, "sessions": ended},
            )
            self._turned = audit.last(writing.connection, audit.CLOCK)
            return ended

        ended = self._change(work)
        if ended is not None:
            LOG.warning(
                "The clock was set back by %s: %d sessions ended, everybody logs in again.", latest - now, ended
            )

    def _code_digest(self, code: str) -> str:
        return hmac.new(self._key, f"code {code}".encode(), hashlib.sha256).hexdigest()

    def _signed(self, token: str) -> str:
        return self._signer.sign(token).decode()

    def _unsigned(self, token: str) -> str | None:
        """Return the secret of a cookie that we signed."""
        try:
            secret = self._signer.unsign(token).decode("ascii")
        except (BadSignature, UnicodeError):
            return None
        return secret if self._signed(secret) == token else None  # in one spelling only


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


def _normal(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _is_name(name: str) -> bool:
    return len(name) in NAME_LENGTH and all(sign.isalnum() or sign in NAME_SIGNS for sign in name)


def _checked_name(name: str) -> str:
    """Return a name as it is kept."""
    made = _normal(name)
    if not _is_name(made):
        raise AccessError(
            f"{name[:80]!r} is no name for an account: 2 to 64 letters, digits, dots, hyphens, underscores or @.",
            "name",
        )
    return made


def _normal_code(code: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", code).upper() if sign.isalnum())[:64]


def _require(by: Who, role: Role) -> None:
    if by.role is not role:
        raise NoAccess(f"Only the {role.value} administrator may do this.", role.value)


def _require_another(by: Who, account: str) -> None:
    if by.account == account:
        raise NoAccess("Nobody does this to their own account. Ask another administrator.", "own")


def _require_one_left(found: Account, every: Collection[Account]) -> None:
    """Raise where an account is the only one left that can do an administrator's work."""
    others = [one for one in every if one.role is found.role and one.enabled and one.key != found.key]
    if found.role in ADMINISTRATORS and found.enabled and not others:
        raise AccessError(
            f"{found.name} is the last {found.role} administrator. Grant that role to somebody else first, or use `battlemap user grant` on the machine itself.",
            "last",
        )


def _missing(every: Collection[Account]) -> tuple[Role, ...]:
    found = {one.role for one in every}
    return tuple(role for role in THREE if role not in found) if found <= ADMINISTRATORS else ()


def _require_given(role: Role | None, scope: Scope | None) -> None:
    if role is Role.WALL:
        raise AccessError("A wall has no account: the security administrator gives it a code.", "role")
    if role is not None and role not in GIVEN:
        raise AccessError(f"The role {role.value} cannot be given.", "role")
    if (role is None) is not (scope is None):
        raise AccessError("A role needs a scope, and a scope a role. Give both or neither.", "role")


def _keyed(writing: Writing, account: str) -> Account:
    found = rows.keyed(writing.connection, account)
    if found is None:
        raise AccessError("There is no such account.", "unknown")
    return found[0]


def _locked(until: int, now: datetime) -> LoginError:
    if until >= FOREVER:
        return LoginError("This name is locked. Ask the security administrator to unlock it.", "locked")
    wait = max(1, -((milliseconds(now) - until) // 1000))
    return LoginError(f"Too many wrong passwords. Try again in {wait} seconds.", "locked", wait)


def _said(role: Role | None, scope: Scope | None) -> dict[str, str]:
    return {"role": role.value if role else "", "scope": str(scope) if scope else ""}
