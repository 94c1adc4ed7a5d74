"""The entrance (门禁): who comes in, and which areas they find there. Every door asks here: pages, documents, live data, websocket."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from desk.access.accounts import Accounts, accounts_of
from desk.access.permissions import Permissions, permissions_of
from desk.room import Room
from desk.rooms import Rooms
from desk.walls.views import bound
from geo.errors import UnknownArea
from incidents.access import EVERYWHERE, Role, Scope, Who
from layers.pack import Pack
from ledger.sessions import session_key

VISITOR = "demonstration"  # key of the session of everybody who only looks at a demonstration
OWN = frozenset({"own"})  # all that somebody may who has to change the password first
WALL = frozenset({"wall", "wall_counts"})  # all that a screen may that is bound to one view


@dataclass(frozen=True)
class Entrance:
    """Who comes in: by the session of an account, or, while there is no account, to look at a demonstration.

    Attributes
    ----------
    key
        With which cookies and forms are signed.
    demo
        Whether demonstrations may be looked at without an account.
    """

    accounts: Accounts
    permissions: Permissions
    key: bytes = field(repr=False)
    demo: bool = True

    def who(self, cookie: str, now: datetime, *, active: bool) -> Who | None:
        """Return who comes with a cookie, and what their role may do now; None for nobody.

        Parameters
        ----------
        active
            Whether this is a sign of life; False for what a page asks by itself, so that a forgotten screen ends.
        """
        return self._may(self.accounts.sessions.who(cookie, now, touch=active), now)

    def of_session(self, key: str, now: datetime) -> Who | None:
        """Return who a session belongs to, by the key that the gate found: no sign of life."""
        return self.visitor(now) if key == VISITOR else self._may(self.accounts.sessions.whose(key, now), now)

    def visitor(self, now: datetime) -> Who | None:
        """Return a visitor of the demonstrations; None as soon as a real account exists, and where they are off."""
        if not self.demo or self.accounts.any(now):
            return None
        return self.permissions.given(Who("", "", Role.DEMO, Scope(EVERYWHERE), VISITOR))

    def ended(self, sessions: Collection[str], now: datetime) -> set[str]:
        """Return which of these keys of sessions are over."""
        over = self.accounts.sessions.ended([key for key in sessions if key != VISITOR], now)
        return over | ({VISITOR} if VISITOR in sessions and self.visitor(now) is None else set())

    def _may(self, found: Who | None, now: datetime) -> Who | None:
        if found is None:
            return None
        if self.accounts.sessions.must_change(found, now):
            return replace(found, may=OWN)
        given = self.permissions.given(found)
        return replace(given, may=given.may & WALL) if given.view else given


@lru_cache(maxsize=4)
def entrance_of(data_dir: Path, database_url: str, rules: Path | None, demo: bool) -> Entrance:  # noqa: FBT001  the key of a cache
    """Return the entrance of some settings, the same object each time.

    Raises
    ------
    LedgerError, RulesError
        As `accounts_of` and `permissions_of`.
    """
    return Entrance(accounts_of(data_dir, database_url, rules), permissions_of(rules), session_key(data_dir), demo)


def room_of(rooms: Rooms, name: str, who: Who, now: datetime, *, begun: bool = True, patience: float = 0) -> Room:
    """Return a room as somebody sees it; a screen that is bound to a view, no farther than that view.

    Parameters
    ----------
    begun
        Whether it must have begun; False for what shows the net alone.
    patience
        Seconds to wait for that.

    Raises
    ------
    UnknownArea
        There is none, or none for them: the answer does not tell which.
    Beginning
        It begins just now.
    UnknownView
        A screen is bound to a view that was removed, or is not in its scope any more.
    PackError, RulesError, LedgerError
        As `Rooms.look`.
    """
    if who.scope.covers(name) and name in rooms.names():
        room = rooms.look(name, now)
        if may_enter(who, room.area.pack):
            beginning = rooms.beginning(name, patience) if begun else None
            if beginning:
                raise beginning
            return bound(room, who) if who.view else room.seen_by(who)
    known = ", ".join(one for one in rooms.names() if who.scope.covers(one))
    raise UnknownArea(f"There is no area {name!r}. Known areas: {known or 'none'}. Add its folder to BATTLEMAP_PACKS.")


def may_enter(who: Who, pack: Pack) -> bool:
    """Tell whether somebody finds an area: a visitor only what is invented, or an archive."""
    return who.role is not Role.DEMO or pack.synthetic or pack.archive
