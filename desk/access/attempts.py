"""Failed log-ins (失败锁定): counted by name, or by address where a code was tried, before the password is looked at; after some the name is locked."""

from datetime import datetime
from typing import Any

from desk.access.hashing import Passwords
from desk.access.names import is_name
from desk.access.records import Records
from desk.access.rules import Identity
from desk.access.three import require
from geo.errors import LoginError
from incidents.access import Role, Who
from ledger import accounts as rows
from ledger.accounts import FOREVER, Account
from ledger.tables import instant, milliseconds
from ledger.writing import Writing

WRONG = "The name or the password is wrong. Type both again; the security administrator unlocks a locked name."


class Attempts:
    """Proves passwords, and counts who could not."""

    def __init__(self, records: Records, passwords: Passwords, rules: Identity) -> None:
        self._records, self._passwords, self._steps = records, passwords, rules.steps

    def begin(self, writing: Writing, counted: str, now: datetime) -> int:
        """Count an attempt as failed, and return how many failed in a row, this one among them.

        Parameters
        ----------
        counted
            Digest of what it is counted by (`ledger.accounts.digest_of`).

        Raises
        ------
        LoginError
            ``locked``, with the seconds to wait; 0 until somebody unlocks it.
        """
        locked, failures = rows.begin_attempt(writing.connection, counted, self._steps, now)
        if locked >= FOREVER:
            raise LoginError("This name is locked. Ask the security administrator to unlock it.", "locked")
        if locked:
            wait = max(1, -((milliseconds(now) - locked) // 1000))
            raise LoginError(f"Too many wrong passwords. Try again in {wait} seconds.", "locked", wait)
        return failures

    def prove(self, name: str, password: str, *, address: str, now: datetime) -> Account:
        """Return the account of a name whose password this is. A name that nobody has costs the same, and is counted and locked just the same.

        Raises
        ------
        LoginError
            ``wrong``, ``locked``, or ``often``: too many passwords are looked at just now.
        """
        counted = rows.digest_of(name)

        def begin(writing: Writing) -> tuple[int, tuple[Account, str] | None]:
            failures = self.begin(writing, counted, now)
            return failures, rows.named(writing.connection, name) if is_name(name) else None

        with self._passwords.turn():
            failures, found = self._records.change(begin)
            account, hashed = found or (None, "")
            is_right = self._passwords.proves(hashed or self._passwords.nobody, password) and bool(hashed)
            if not is_right or account is None or not account.enabled:
                self._failed(account, failures, address, now)
                raise LoginError(WRONG)
            again = self._passwords.hashed(password) if self._passwords.is_stale(hashed) else ""

        def end(writing: Writing) -> None:
            rows.clear_attempts(writing.connection, counted)
            if again:
                rows.rehash(writing.connection, account.key, hashed, again)

        self._records.change(end)
        return account

    def locked(self, now: datetime) -> dict[str, datetime | None]:
        """Return the keys of the accounts that are locked, and until when; None until somebody unlocks them."""
        with self._records.reading() as connection:
            digests, accounts = rows.locked(connection, now), rows.every(connection)
        found = {one.key: digests[digest] for one in accounts if (digest := rows.digest_of(one.name)) in digests}
        return {key: None if until >= FOREVER else instant(until) for key, until in found.items()}

    def unlock(self, account: str, *, by: Who | None, now: datetime) -> None:
        """Forget the failed log-ins of an account.

        Raises
        ------
        NoAccess
            Somebody else than a security administrator asks.
        AccessError
            There is no such account.
        """
        require(by, Role.SECURITY)

        def work(writing: Writing) -> None:
            found = rows.one(writing.connection, account)
            rows.clear_attempts(writing.connection, rows.digest_of(found.name))
            self._records.trail.note(writing, "unlocked", by, now, what=found.name)

        self._records.change(work)

    def _failed(self, account: Account | None, failures: int, address: str, now: datetime) -> None:
        """Note a failed log-in. A name that nobody has is not noted: people type passwords there."""
        said: dict[str, Any] = {"failures": failures}
        if self._steps.lock(failures, now):
            said["locked"] = True
        what, note = account.name if account else "", self._records.trail.note
        self._records.change(
            lambda writing: note(writing, "log_in_failed", None, now, what=what, address=address or "?", data=said)
        )
