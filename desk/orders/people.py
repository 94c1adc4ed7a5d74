"""Who has to do with orders: who sees one, who may ask, who keeps it, and which teams it fits."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from desk.posts.acting import NOBODY
from desk.posts.own import seeing_posts
from desk.room import DISPATCHER, Room
from incidents.access import Role
from incidents.lifecycle import By, PostKind
from incidents.orders import ASKERS, RUNNING, Order, Phase
from incidents.posts import Post, line_of
from incidents.teams import Team
from ledger import teams as register
from ledger.orders import Filed, Sight, seen_in

CENTRE = By(DISPATCHER, PostKind.DISPATCHER)


def sight(room: Room) -> Sight:
    """Return whose orders who looks through a room sees: those of their posts, and of the places of their grid; None for all of the area.

    What they may do decides first: without the capability ``orders`` nobody sees any.
    """
    who = room.who
    if who is None:
        return None
    if not who.can("orders"):
        return frozenset()
    if who.role is Role.DEMO or (who.scope.whole and who.role is not Role.DEPARTMENT):
        return None
    key = who.scope.grid[0] if who.scope.grid else ""
    grids = frozenset(seen_in(key, code) for code in room.within.codes) if key else frozenset[str]()
    return seeing_posts(room.register.ever(), who) | grids


def sees(room: Room, filed: Filed) -> bool:
    """Tell whether who looks through a room sees an order, or was offered it: a team that comes too late is told so."""
    return bool(seen(room, [filed]))


def seen(room: Room, found: Iterable[Filed]) -> list[Filed]:
    """Return those of some orders that who looks through a room `sees`."""
    known = sight(room)
    return [filed for filed in found if known is None or not known.isdisjoint(filed.seen | _offered(filed))]


def _offered(filed: Filed) -> set[str]:
    return {offer.post for offer in filed.state.offers} if filed.state.phase in RUNNING else set()


def may_ask(room: Room, post: Post) -> bool:
    """Tell whether a post may ask for a resident: one of a grid, or the centre."""
    in_grid = post.grid is not None or post.kind is PostKind.DISPATCHER
    return post is not NOBODY and post.kind in ASKERS and in_grid and bool(room.rules.services.items)


def is_inside(room: Room, codes: Mapping[str, str]) -> bool:
    """Tell whether a place lies where who looks through a room may ask for residents."""
    within = room.within
    if room.who is None or not within.narrows:
        return True
    return bool(within.grid) and not within.codes.isdisjoint(codes.get(within.grid, "").split(";"))


def keepers(room: Room, by: By, codes: Mapping[str, str], now: datetime) -> list[str]:
    """Return the posts that keep an order: who asked, then the heads of its place, the nearest first."""
    line = line_of(room.area.net, codes, room.register.posts(now))
    return list(dict.fromkeys([by.post, *(post.key for post in line)]))


def fitting(room: Room, item: str, codes: Mapping[str, str], since: datetime, until: datetime) -> list[Team]:
    """Return the teams that an order fits: by what they do, where, and when."""
    zone, calendar = room.area.pack.timezone, room.rules.calendar
    first, last = since.astimezone(zone), until.astimezone(zone)
    with room.ledger.reading() as connection:
        found = register.teams(connection, room.id)
    return [team for team in found if team.fits(item, codes, first, last, calendar)]


def waits_for(order: Order) -> frozenset[str]:
    """Return the posts on whom an order waits: teams that it is offered to, the team that has it, or who keeps it."""
    if order.phase is Phase.OFFERED:
        return frozenset(offer.post for offer in order.open_offers)
    if order.phase is Phase.ACCEPTED:
        return frozenset({order.server})
    return frozenset({order.asker}) if order.phase in {Phase.ASKED, Phase.BACK, Phase.DONE} else frozenset()
