"""``/map/{area}``, its data files, and the scripts and styles of all our pages under ``/assets/``."""

import mimetypes
from collections.abc import Callable, Mapping
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
from incidents.wall_views import WallView
from layers import document
from locales import translator
from reports.choices import class_names
from reports.figures import STATUSES
from reports.words import status_name
from settings import Settings

THEMES = ("light", "dark")
JOINED, MOST_JOINED = "+", 12  # scripts that are loaded together, under one address: one round trip of a slow network
TILES = "/tiles/{z}/{x}/{y}"

Builder = Callable[..., document.Document]  # of a room, a language, a theme, and the view of a wall


def routes(rooms: Rooms, settings: Settings, files: Mapping[str, Path]) -> list[Route]:
    """Return the routes of map documents, their data, and assets.

    Parameters
    ----------
    files
        Assets beside those of the map: name in the address -> file.
    """
    assets = {**document.assets(), **files}

    built = _builder(settings)
    chart = _chart(rooms, settings, built)

    def data(request: Request) -> Response:
        made = built(room_of(request, rooms, datetime.now(UTC), begun=False).whole, settings.language, THEMES[0])
        found = made.files.get(request.path_params["file"])
        if found is None or request.path_params["digest"] != made.digest:
            return missing(request)
        kind, body = found
        return unchanging(request, body, kind, shared=False)

    def asset(request: Request) -> Response:
        names = request.path_params["file"].split(JOINED)
        if (
            len(names) > MOST_JOINED
            or not set(names) <= assets.keys()
            or request.path_params["digest"] != document.assets_digest()
        ):
            return missing(request)
        kind = mimetypes.guess_type(names[0])[0] or "application/octet-stream"
        return unchanging(request, b"\n".join(assets[name].read_bytes() for name in names), kind, shared=True)

    return [
        Route("/map/{area}", answering(chart)),
        Route("/map/{area}/data/{digest}/{file}", answering(data)),
        Route("/assets/{digest}/{file:path}", asset),
    ]


def wall_of(settings: Settings) -> Builder:
    """Return what builds the documents of walls."""
    return _builder(settings)


def map_of(rooms: Rooms, settings: Settings) -> Callable[[Request], Response]:
    """Return what answers with the map document of an area, for another address than its own."""
    return _chart(rooms, settings, _builder(settings))


def _chart(rooms: Rooms, settings: Settings, built: Builder) -> Callable[[Request], Response]:
    def chart(request: Request) -> Response:
        room = room_of(request, rooms, datetime.now(UTC), begun=False)
        theme = request.query_params.get("theme", "")
        made = built(room.whole, language_of(request, settings.language), theme if theme in THEMES else THEMES[0])
        return page(request, made.html, tag=made.etag)

    return chart


@lru_cache(maxsize=4)
def _builder(settings: Settings) -> Builder:
    """Return what builds documents by these settings, and keeps them."""

    @lru_cache(maxsize=32)
    def built(room: Room, language: str, theme: str, view: WallView | None = None) -> document.Document:
        return document.build(
            room.area,
            language=language,
            theme=theme,
            translate=translator(language),
            classes=class_names(room),
            site_kinds={
                key: (kind.letter, kind.shape, kind.name.in_(language)) for key, kind in room.rules.sites.kinds.items()
            },
            states={status: status_name(status, translator(language)) for status in STATUSES},
            tiles=TILES if settings.tiles else None,
            tiles_credit=settings.tiles_credit,
            stale_after=settings.stale_after,
            wall=_said(view) if view else None,
        )

    return built


def _said(view: WallView) -> dict[str, object]:
    """Return what the page of a wall is told of its view; the address of its panels ends with its key."""
    names = ("name", "grid", "layers", "panels", "every", "over", "chime")
    return {"view": view.key, **{name: getattr(view, name) for name in names}}
