"""The pages before the console: log in, log out, password, own sessions, the first account. Documents without script; Chinese first, English on the other side."""

from starlette.routing import Route

from api.forms import Forms
from api.frame import templates
from api.identity import LOG_IN, PASSWORD
from api.login import enter, first_run, own, password
from api.login.house import FIRST_RUN, LOG_OUT, OWN, PATHS, House, taking
from api.places import Places
from api.turns import Turns
from desk.access.entrance import Entrance
from desk.rooms import Rooms
from settings import Settings

__all__ = ["PATHS", "routes"]


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the routes of these pages.

    Parameters
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    """
    places, forms, turns = Places(rooms, settings.packs), Forms(entrance.key), Turns()
    house = House(settings, places, forms, assets, templates(), entrance)
    pages = (
        (LOG_IN, taking(house, enter.show, enter.take, turns)),
        (LOG_OUT, taking(house, enter.show_out, enter.take_out)),
        (PASSWORD, taking(house, password.show, password.take, turns)),
        (OWN, taking(house, own.show, own.take)),
        (FIRST_RUN, taking(house, first_run.show, first_run.take, turns)),
    )
    return [Route(path, answer, methods=["GET", "POST"]) for path, answer in pages]
