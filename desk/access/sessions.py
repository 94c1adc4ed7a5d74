"""Sessions (会话): how one begins, who comes with its cookie, and when it is over. Nothing that is read here counts for longer than a second."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from desk.access.clock import Clock
from desk.access.cookies import Cookies
from desk.access.records import Records
from desk.access.rules import Identity
from desk.access.three import require
from geo.errors import LedgerError, LoginError, NoAccess
from incidents import passwords
from incidents.access import Role, Who
from ledger import accounts as rows
from ledger import sessions as live
from ledger.accounts import Account
from ledger.sessions import Live, Session
from ledger.writing import Writing

TOUCH = timedelta(seconds=30)  # so often a sign of life is written


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


class Sessions:
    """The sessions of a ledger: of browsers in which somebody is logged in, and, where they are asked for by cookie or key, of walls."""

    def __init__(self, records: Records, clock: Clock, cookies: Cookies, rules: Identity) -> None:
        self._records, self._clock, self._cookies, self._rules = records, clock, cookies, rules

    def begin(
        self, account: Account, *, address: str, agent: str, now: datetime, before: str = "", silent: bool = False
    ) -> Entered:
        """Begin a session of somebody who proved who they are.

        Parameters
        ----------
        before
            The cookie that the browser came with: its session ends.
        silent
            Whether the trail says already why there is another session.

        Raises
        ------
        LoginError
            ``role``: none was granted to the account yet.
        """
        if account.role is None or account.scope is None:
            raise LoginError("No role was granted to this account yet. Ask the security administrator.", "role")
        token, until = live.new_token(), now + self._rules.longest
        old, granted = self._cookies.token(before), (account.role, account.scope)

        def work(writing: Writing) -> Who:
            connection = writing.connection
            stale = live.by_token(connection, live.digest_of(old)) if old else None
            if stale:
                live.end(connection, stale.session.key, "again", now)
            made = live.begin(connection, account.key, token, address=address, agent=agent, now=now, until=until)
            who = Who(account.key, account.name, *granted, made.key)
            if not silent:
                self._records.trail.note(writing, "log_in", who, now, address=address)
            return who

        who = self._records.change(work)
        return Entered(self._cookies.signed(token), who, self._is_due(account, now), until)

    def who(self, cookie: str, now: datetime, *, touch: bool = True) -> Who | None:
        """Return who comes with a cookie, in the role and scope that they have now; None for nobody.

        Parameters
        ----------
        touch
            Whether this is a sign of life; False for what a page asks by itself, so that a forgotten screen ends.
        """
        token = self._cookies.token(cookie)
        if token is None:
            return None
        self._clock.watch(now)
        digest = live.digest_of(token)
        return self._who(self._lately(digest, live.by_token, now), now, touch=touch)

    def whose(self, key: str, now: datetime) -> Who | None:
        """Return whose a session is, by its key, which the gate puts where only we can: no sign of life."""
        self._clock.watch(now)
        return self._who(self._lately(key, live.by_key, now), now, touch=False)

    def must_change(self, who: Who, now: datetime) -> bool:
        """Tell whether somebody has to change their password before anything else: it is a first one, or too old."""
        found = self._lately(who.session, live.by_key, now)
        return bool(found and found.account and self._is_due(found.account, now))

    def ended(self, keys: Collection[str], now: datetime) -> set[str]:
        """Return those of some sessions (and walls), by key, that are over; one question, nothing remembered."""
        if not keys:
            return set()
        self._clock.watch(now)
        with self._records.reading() as connection:
            found = live.some(connection, set(keys))
        return set(keys) - {one.session.key for one in found if self._is_live(one, now)}

    def of(self, account: str) -> list[Session]:
        """Return the sessions of an account, by its key, the newest first, those that are over included."""
        with self._records.reading() as connection:
            return live.of_account(connection, account)

    def current(self, account: str, now: datetime) -> list[Session]:
        """Return the sessions of an account that are not over."""
        return [one for one in self.of(account) if not one.is_over(now, idle=self._rules.idle)]

    def everybody(self, now: datetime) -> list[Live]:
        """Return the sessions of all accounts that are not over, with whom they belong to, those seen last first."""
        with self._records.reading() as connection:
            found = live.of_everybody(connection)
        return [one for one in found if self._is_live(one, now)]

    def last_begun(self) -> dict[str, datetime]:
        """Return when each account last logged in, by its key, as far back as sessions are kept."""
        with self._records.reading() as connection:
            return live.last_begun(connection)

    def own(self, who: Who, now: datetime) -> Session:
        """Return the session in which somebody acts; raises NoAccess where it is over, or a wall's."""
        with self._records.reading() as connection:
            found = live.by_key(connection, who.session)
        if found is None or found.account is None or not self._is_live(found, now):
            raise NoAccess("Log in again, then change your password.", "own")
        return found.session

    def log_out(self, cookie: str, now: datetime) -> None:
        """End the session of a cookie; nothing happens where there is none."""
        who = self.who(cookie, now, touch=False)
        if who:
            self._records.change(lambda writing: self._end(writing, who.session, "log_out", who, now))

    def end(self, session: str, *, by: Who | None, now: datetime) -> None:
        """End a session: one's own, or as security administrator anybody's.

        Raises
        ------
        NoAccess
            It is somebody else's.
        """
        self._records.change(lambda writing: self._end(writing, session, "session_ended", by, now))

    def end_all(self, account: str, *, by: Who | None, now: datetime, but: str = "") -> int:
        """End every session of an account: one's own (but for one, by its key), or as security administrator anybody's; return how many.

        Raises
        ------
        NoAccess
            They are somebody else's.
        AccessError
            There is no such account.
        """
        _require_own(by, account)

        def work(writing: Writing) -> int:
            found = rows.one(writing.connection, account)
            ended = live.end_of(writing.connection, account, "revoked", now, but=but)
            self._records.trail.note(writing, "sessions_ended", by, now, what=found.name, data={"sessions": ended})
            return ended

        return self._records.change(work)

    def _end(self, writing: Writing, session: str, act: str, by: Who | None, now: datetime) -> None:
        """End a session, and say so once."""
        found = live.by_key(writing.connection, session)
        if found is None:
            return
        _require_own(by, found.session.account)
        if live.end(writing.connection, session, "out" if act == "log_out" else "revoked", now):
            what = found.account.name if found.account else found.session.name
            self._records.trail.note(writing, act, by, now, what=what, data={"session": session})

    def _lately(self, name: str, look: Callable[[Any, str], Live | None], now: datetime) -> Live | None:
        return self._records.lately(name, now, lambda connection: look(connection, name))

    def _who(self, found: Live | None, now: datetime, *, touch: bool) -> Who | None:
        if found is None or not self._is_live(found, now) or found.role is None or found.scope is None:
            return None
        session, account = found.session, found.account
        if touch and session.seen is not None and now - session.seen >= TOUCH:
            with suppress(LedgerError):  # a full or read-only disk: reading goes on
                self._records.change(lambda writing: live.touch(writing.connection, session.key, now))
        name = account.name if account else session.name
        return Who(session.account, name, found.role, found.scope, session.key, view=session.view)

    def _is_live(self, found: Live, now: datetime) -> bool:
        idle = self._rules.idle if found.account else None
        return found.role is not None and not found.session.is_over(now, idle=idle)

    def _is_due(self, account: Account, now: datetime) -> bool:
        """Tell whether a password has to be changed."""
        if account.issuer:
            return False
        return account.must_change or passwords.is_old(self._rules.policy, account.changed, now)


def _require_own(by: Who | None, account: str) -> None:
    """Ask that a session is one's own, or that the security administrator asks."""
    if by is not None and by.account != account:
        require(by, Role.SECURITY)
