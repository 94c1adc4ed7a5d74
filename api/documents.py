"""``/map/{area}``, its data files, and the scripts and styles of all our pages under ``/assets/``."""

import mimetypes
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import answering, language_of, missing, page, unchanging
from api.identity import room as room_of
from desk.room import Room
from desk.rooms import Rooms
from layers import document
from locales import translator
from reports.choices import class_names
from reports.figures import STATUSES
from reports.words import status_name
from settings import Settings

THEMES = ("light", "dark")
TILES = "/tiles/{z}/{x}/{y}"


def routes(rooms: Rooms, settings: Settings, files: Mapping[str, Path]) -> list[Route]:
    """Return the routes of map documents, their data, and assets.

    Parameters
    ----------
    files
        Assets beside those of the map: name in the address -> file.
    """
    assets = {**document.assets(), **files}

    @lru_cache(maxsize=32)
    def built(room: Room, language: str, theme: str) -> document.Document:
        return document.build(
            room.area,
            language=language,
            theme=theme,
            translate=translator(language),
            classes=class_names(room),
            states={status: status_name(status, translator(language)) for status in STATUSES},
            tiles=TILES if settings.tiles else None,
            tiles_credit=settings.tiles_credit,
            stale_after=settings.stale_after,
        )

    def chart(request: Request) -> Response:
        room = room_of(request, rooms, datetime.now(UTC))
        theme = request.query_params.get("theme", "")
        made = built(room.whole, language_of(request, settings.language), theme if theme in THEMES else THEMES[0])
        return page(request, made.html, tag=made.etag)

    def data(request: Request) -> Response:
        made = built(room_of(request, rooms, datetime.now(UTC)).whole, settings.language, THEMES[0])
        found = made.files.get(request.path_params["file"])
        if found is None or request.path_params["digest"] != made.digest:
            return missing(request)
        kind, body = found
        return unchanging(request, body, kind, shared=False)

    def asset(request: Request) -> Response:
        path = assets.get(request.path_params["file"])
        if path is None or request.path_params["digest"] != document.assets_digest():
            return missing(request)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return unchanging(request, path.read_bytes(), kind, shared=True)

    return [
        Route("/map/{area}", answering(chart)),
        Route("/map/{area}/data/{digest}/{file}", answering(data)),
        Route("/assets/{digest}/{file:path}", asset),
    ]
