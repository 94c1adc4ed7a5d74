"""Notice boards (公示牌): their register with the sheet of labels, and the public page that a board's QR opens. docs/boards.md describes both."""

from starlette.routing import Route

from api.boards import public, register
from desk.access.entrance import Entrance
from desk.rooms import Rooms
from settings import Settings

DOORS = (f"POST {register.PATH}", f"POST {register.IMPORT}", f"POST {public.PATH}")


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the routes of the register and of the public page.

    Parameters
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    """
    return [*register.routes(settings, rooms, entrance, assets), *public.routes(settings, rooms, entrance)]
