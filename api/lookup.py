"""``/card/…`` and ``/search/…``: what the map asks about one thing, or looks for by name."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import answering, fresh, language_of
from layers.areas import Areas
from layers.search import Found, index_of
from reports.cards import card
from settings import Settings

LONGEST = 100  # characters of a query


def routes(areas: Areas, settings: Settings) -> list[Route]:
    """Return the routes of cards and search."""

    def card_of(request: Request) -> Response:
        area = areas.get(request.path_params["area"])
        language = language_of(request, settings.language)
        return fresh(card(area, request.path_params["kind"], request.path_params["code"], language=language))

    def search(request: Request) -> Response:
        area = areas.get(request.path_params["area"])
        language = language_of(request, settings.language)
        found = index_of(area).search(request.query_params.get("q", "")[:LONGEST])
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
