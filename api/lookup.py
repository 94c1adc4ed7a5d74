"""``/card/…`` and ``/search/…``: what the map asks about one thing, or looks for by name."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import answering, fresh, language_of
from api.identity import room as room_of
from desk.rooms import Rooms
from layers.search import Found
from reports.cards import card
from reports.figures import Filter
from reports.search import search as look_up
from settings import Settings

LONGEST = 100  # characters of a query


def routes(rooms: Rooms, settings: Settings) -> list[Route]:
    """Return the routes of cards and search."""

    def card_of(request: Request) -> Response:
        now, path = datetime.now(UTC), request.path_params
        room, wanted = room_of(request, rooms, now), Filter.from_query(request.query_params)
        language = language_of(request, settings.language)
        return fresh(card(room, path["kind"], path["code"], now, wanted=wanted, language=language))

    def search(request: Request) -> Response:
        now = datetime.now(UTC)
        room = room_of(request, rooms, now)
        language = language_of(request, settings.language)
        found = look_up(room, request.query_params.get("q", "")[:LONGEST], now)
        return fresh({"items": [_item(thing, language) for thing in found]})

    return [Route("/card/{area}/{kind}/{code:path}", answering(card_of)), Route("/search/{area}", answering(search))]


def _item(thing: Found, language: str) -> dict[str, object]:
    return {
        "kind": thing.kind,
        "code": thing.code,
        "label": thing.label,
        "detail": thing.detail.in_(language),
        "lon": thing.lon,
        "lat": thing.lat,
        "bbox": list(thing.bbox),
    }
