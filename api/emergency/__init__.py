"""``/emergency/{area}/{building}``: the emergency card (应急卡) of a building as a plain document, on a phone and on A4. docs/emergency.md describes it."""

from collections.abc import Mapping
from pathlib import Path

from starlette.routing import Route

from api.emergency import page
from desk.access.entrance import Entrance
from desk.rooms import Rooms
from settings import Settings

DOORS = (f"POST {page.PATH}",)


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str, files: Mapping[str, Path]) -> list[Route]:
    """Return the routes of emergency cards.

    Parameters
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    files
        The console's scripts and styles: name -> file.
    """
    return page.routes(settings, rooms, entrance, assets, files)
