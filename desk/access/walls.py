"""Walls (大屏): screens without an account, which come in by a code and stay until they are revoked."""

import secrets
import unicodedata
from datetime import datetime

from desk.access.attempts import Attempts
from desk.access.clock import Clock
from desk.access.cookies import Cookies
from desk.access.names import called
from desk.access.records import Records
from desk.access.rules import Identity
from desk.access.three import require
from geo.errors import LoginError
from incidents.access import Role, Scope, Who
from ledger import accounts as rows
from ledger import sessions as live
from ledger.sessions import Session
from ledger.writing import Writing

CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # what nobody takes for one another
CODE_LENGTH = 8


class Walls:
    """The walls of a ledger."""

    def __init__(self, records: Records, clock: Clock, cookies: Cookies, attempts: Attempts, rules: Identity) -> None:
        self._records, self._clock, self._cookies, self._attempts = records, clock, cookies, attempts
        self._rules = rules

    def offer(self, name: str, scope: Scope, *, view: str = "", by: Who | None, now: datetime) -> str:
        """Offer a wall a way in: a code of eight characters that holds ten minutes, once.

        Parameters
        ----------
        view
            Key of the wall view that it shows and nothing else; "" for any. That the scope has it is asked before.

        Raises
        ------
        NoAccess
            Somebody else than a security administrator asks.
        AccessError
            As `called`.
        """
        require(by, Role.SECURITY)
        named = called(name)
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        digest = self._cookies.digest(code)
        until = {"code_until": now + self._rules.code, "until": now + self._rules.device}

        def work(writing: Writing) -> None:
            live.offer(writing.connection, named, scope, digest, view=view, **until, now=now)
            said = {"scope": str(scope), **({"view": view} if view else {})}
            self._records.trail.note(writing, "device_offered", by, now, what=named, data=said)

        self._records.change(work)
        return code

    def redeem(self, code: str, *, address: str, agent: str, now: datetime) -> str:
        """Let a wall in, and return its cookie.

        Raises
        ------
        LoginError
            ``code``: wrong, used, or too late. ``locked``: too many wrong ones from this address.
        """
        self._clock.watch(now)
        digest, counted = self._cookies.digest(_normal(code)), rows.digest_of(f"code\0{address}")
        token, note = live.new_token(), self._records.trail.note

        def work(writing: Writing) -> Session | None:
            failures = self._attempts.begin(writing, counted, now)
            found = live.redeem(writing.connection, digest, token, address=address, agent=agent, now=now)
            if found is None:
                note(writing, "device_refused", None, now, address=address, data={"failures": failures})
                return None
            rows.clear_attempts(writing.connection, counted)
            note(writing, "device_in", None, now, what=found.name, address=address, data={"device": found.key})
            return found

        if self._records.change(work) is None:
            raise LoginError(
                "This code is wrong, was used, or is too old. Ask the security administrator for another.", "code"
            )
        return self._cookies.signed(token)

    def left(self, cookie: str, now: datetime) -> bool:
        """Tell whether a browser was a wall, by its cookie, and is none any more: it was revoked, or its time is over."""
        token = self._cookies.token(cookie)
        if token is None:
            return False
        with self._records.reading() as connection:
            found = live.by_token(connection, live.digest_of(token))
        return found is not None and not found.session.account and found.session.is_over(now, idle=None)

    def every(self) -> list[Session]:
        """Return every wall, the newest first; one that waits for its code has no `begun`."""
        with self._records.reading() as connection:
            return live.walls(connection)

    def revoke(self, wall: str, *, by: Who | None, now: datetime) -> None:
        """End a wall, or its code.

        Raises
        ------
        NoAccess
            Somebody else than a security administrator asks.
        """
        require(by, Role.SECURITY)

        def work(writing: Writing) -> None:
            found = live.by_key(writing.connection, wall)
            if found and live.end(writing.connection, wall, "revoked", now):
                what, data = found.session.name, {"device": wall}
                self._records.trail.note(writing, "device_revoked", by, now, what=what, data=data)

        self._records.change(work)


def _normal(code: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", code).upper() if sign.isalnum())[:64]
