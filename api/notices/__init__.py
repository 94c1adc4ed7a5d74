"""Papers of inspections: notices (隐患告知单), orders (责令整改通知书), lists to fill in by hand; and self-checks (自查) by a link. docs/papers.md describes them."""

from starlette.routing import Route

from api.notices import links, orders, papers, public
from desk.access.entrance import Entrance
from desk.rooms import Rooms
from settings import Settings

DOORS = (f"POST {orders.FORM}", f"POST {links.PATH}", f"POST {public.PATH}")


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the routes of papers, of the form of an order, of links and of the public page.

    Parameters
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    """
    return [
        *papers.routes(settings, rooms, entrance, assets),
        *orders.routes(settings, rooms, entrance, assets),
        *links.routes(settings, rooms, entrance, assets),
        *public.routes(settings, rooms, entrance),
    ]
