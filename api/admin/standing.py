"""How an account stands, in one word, as both the system and the security administrator see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request

from api.admin.office import here, when
from api.frame import Said
from desk.access.accounts import Accounts
from ledger.accounts import Account
from locales import N_

PAGE = 50
STATES: Mapping[str, str] = {
    "active": N_("In use"),
    "role": N_("Waits for a role"),
    "first": N_("First password not changed yet"),
    "expired": N_("First password expired"),
    "locked": N_("Locked"),
    "disabled": N_("Disabled"),
}


@dataclass(frozen=True)
class Standing:
    """An account with its state.

    Attributes
    ----------
    kind
        A key of `STATES`: the first that holds of disabled, locked, waiting for a role, first password.
    until
        When a lock ends; None for until somebody unlocks it.
    last
        When it last logged in; None for never, or longer ago than sessions are kept.
    """

    account: Account
    kind: str
    until: datetime | None
    last: datetime | None

    def said(self) -> Said:
        """Return the state in words."""
        if self.kind == "locked" and self.until:
            return Said(N_("Locked until {time}"), time=when(self.until))
        return Said(STATES[self.kind])

    def fits(self, find: str, state: str) -> bool:
        """Tell whether it is searched for."""
        return find.strip().casefold() in self.account.name and state in {"", self.kind}


def standings(accounts: Accounts, now: datetime) -> list[Standing]:
    """Return all accounts with their states, by name."""
    locked, last = accounts.attempts.locked(now), accounts.sessions.last_begun()
    return [
        Standing(one, _kind(accounts, one, one.key in locked, now), locked.get(one.key), last.get(one.key))
        for one in accounts.every()
    ]


def _kind(accounts: Accounts, account: Account, is_locked: bool, now: datetime) -> str:  # noqa: FBT001
    if not account.enabled:
        return "disabled"
    if is_locked:
        return "locked"
    if account.role is None:
        return "role"
    if account.must_change and not account.issuer:
        return "expired" if now - account.changed >= accounts.rules.once else "first"
    return "active"


@dataclass(frozen=True)
class Paged:
    """One page of a list.

    Attributes
    ----------
    before, after
        Addresses of the pages beside it, "" for none.
    """

    rows: Sequence[Any]
    count: int
    number: int
    pages: int
    before: str
    after: str

    @classmethod
    def of(cls, request: Request, rows: Sequence[Any]) -> "Paged":
        """Cut a list; a page that there is not is the nearest that there is."""
        pages = max(1, -(-len(rows) // PAGE))
        asked = request.query_params.get("page", "1")
        number = min(max(int(asked), 1), pages) if asked.isdecimal() and len(asked) < 6 else 1  # noqa: PLR2004  digits
        before = here(request, page=number - 1) if number > 1 else ""
        after = here(request, page=number + 1) if number < pages else ""
        return cls(rows[(number - 1) * PAGE : number * PAGE], len(rows), number, pages, before, after)
