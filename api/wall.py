"""``/wall/{area}[/{view}]``: the battle map of a screen that nobody touches (大屏), and ``/panels/{area}[/{view}]``: the figures that stand beside it."""

from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.answers import SAFE, answering, fresh, language_of, page
from api.documents import wall_of
from api.identity import room as room_of
from api.identity import who
from desk.room import Room
from desk.rooms import Rooms
from desk.walls.views import drafted
from desk.walls.views import view as kept
from incidents.access import EVERYWHERE
from incidents.wall_views import WallView
from layers.document import Document
from reports.wall import panels
from reports.wall_works import permitted
from settings import Settings

PATH = "/wall"


def routes(rooms: Rooms, settings: Settings) -> list[Route]:
    """Return the routes of the walls."""
    built = wall_of(settings)

    def made(request: Request, room: Room, view: WallView) -> Document:
        return built(room.whole, language_of(request, settings.language), view.theme, view)

    def begin(request: Request) -> Response:
        area = who(request).scope.area
        name = rooms.names()[0] if area == EVERYWHERE else area
        return RedirectResponse(f"{PATH}/{quote(name, safe='')}", HTTPStatus.SEE_OTHER, {**SAFE, "Cache-Control": "no-store"})  # fmt: skip

    def wall(request: Request) -> Response:
        room = room_of(request, rooms, datetime.now(UTC), begun=False)
        found = made(request, room, _view(request, room))
        return page(request, found.html, tag=found.etag)

    def figures(request: Request) -> Response:
        now = datetime.now(UTC)
        room = room_of(request, rooms, now)
        view = _view(request, room)
        said = panels(room, view, now, language_of(request, settings.language))
        return fresh({"served": now.isoformat(timespec="seconds"), "made": made(request, room, view).made, **said}, request)  # fmt: skip

    return [
        Route(PATH, begin),
        Route("/wall/{area}", answering(wall)),
        Route("/wall/{area}/{view}", answering(wall)),
        Route("/panels/{area}", answering(figures)),
        Route("/panels/{area}/{view}", answering(figures)),
    ]


def _view(request: Request, room: Room) -> WallView:
    """Return the view that an address names, or describes, with the panels that who looks may see."""
    key = request.path_params.get("view", "")
    return permitted(room, kept(room, key) if key else drafted(room, request.query_params))
