"""The three administrators' pages (三员分立): accounts exist, accounts may, accounts did. Documents of the server without script; Chinese first."""

from starlette.routing import Route

from api.admin import accounts, bridge, channels, grants, sessions, trail, walls
from api.admin.office import Office, showing, taking
from desk.access.entrance import Entrance
from desk.rooms import Rooms
from settings import Settings

FORMS = (accounts.PATH, channels.PATH, grants.PATH, sessions.PATH, walls.PATH, trail.PATH)
PATHS = (*FORMS, bridge.PATH, trail.EXPORT)


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the routes of the administrators' pages; the gate lets each see their own alone.

    Parameters
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    """
    office = Office.opened(settings, rooms, entrance, assets)
    pages = (
        (accounts.PATH, accounts.show, accounts.take),
        (channels.PATH, channels.show, channels.take),
        (grants.PATH, grants.show, grants.take),
        (sessions.PATH, sessions.show, sessions.take),
        (walls.PATH, walls.show, walls.take),
        (trail.PATH, trail.show, trail.take),
    )
    return [
        *(Route(path, taking(office, show, take), methods=["GET", "POST"]) for path, show, take in pages),
        Route(bridge.PATH, showing(office, bridge.show)),
        Route(trail.EXPORT, trail.exporting(office)),
    ]
