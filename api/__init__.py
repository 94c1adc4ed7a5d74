"""The doors by HTTP: the map document, live data, cards, search, tiles, the front page of the console, and before all of them the gate. They only read, but for log-in, administration, and what phones send."""

import ssl
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api import (
    admin,
    boards,
    campaign_papers,
    documents,
    emergency,
    field,
    front,
    inspected,
    live,
    login,
    lookup,
    metrics,
    notices,
    oidc,
    papers,
    photos,
    plans,
    registered,
    rota,
    sheets,
    stream,
    ticker,
    tiles,
    wall,
    warnings,
    whistles,
)
from api import print as paper
from api.answers import missing
from api.front import streamlit_options
from api.guard import Guard
from api.headers import SafeHeaders
from api.identity import Gate
from api.limited import Limited
from desk.access.entrance import Entrance, entrance_of
from desk.access.limits import limits_of
from desk.outbox.book import Books
from desk.outbox.courier import Courier
from desk.outbox.deliver import Sender
from desk.rooms import Rooms, rooms_of
from desk.tls import Tls
from layers import document
from settings import Settings

__all__ = ["Console", "lifespan", "middleware", "routes", "streamlit_options", "tls"]

PREFIXES = (
    "/map/",
    "/assets/",
    "/live/",
    "/stream/",
    "/wall/",
    "/panels/",
    "/card/",
    "/search/",
    "/registered/",
    "/print/",
    "/tiles/",
    "/dispatch/",
    "/spot/",
    "/photo/",
    "/sheet-file/",
    "/warning-report/",
    "/plan-file/",
    "/plan-sheet/",
    "/whistle/",
    "/rota/",
    "/field/",
    "/emergency/",
    "/boards/",
    "/board/",
    "/inspected/",
    "/notice/",
    "/order/",
    "/checklist/",
    "/meeting/",
    "/theme-day/",
    "/letter/",
    "/self-checks/",
    "/self-check/",
)
LOOPBACK = ("127.", "localhost", "::1")


@dataclass(frozen=True)
class Console:
    """What the console brings along.

    Attributes
    ----------
    index
        Streamlit's own page.
    paths
        Addresses of the console's pages.
    assets
        Its scripts and styles: name in the address -> file.
    """

    index: Path
    paths: Collection[str]
    assets: Mapping[str, Path]


def routes(settings: Settings, console: Console) -> list[BaseRoute]:
    """Return every route of ours; what lies under one of our prefixes and is none of them is missing."""
    rooms = _rooms(settings)
    streams = _streams(settings)
    counted = _metrics(settings)
    counted.watch(rooms, streams.sizes)
    assets = f"/assets/{document.assets_digest()}/"
    return [
        Route("/healthz", healthz),
        *documents.routes(rooms, settings, console.assets),
        *live.routes(rooms),
        *metrics.routes(settings, counted),
        *stream.routes(streams),
        *wall.routes(rooms, settings),
        *lookup.routes(rooms, settings),
        *registered.routes(rooms),
        *paper.routes(rooms, settings, assets),
        *papers.routes(rooms, settings, assets),
        *sheets.routes(rooms, settings),
        *warnings.routes(rooms, settings),
        *photos.routes(rooms),
        *inspected.routes(rooms),
        *whistles.routes(rooms, settings, assets),
        *rota.routes(rooms, settings, assets),
        *field.routes(rooms, settings, console.assets),
        *emergency.routes(settings, rooms, _entrance(settings), assets, console.assets),
        *boards.routes(settings, rooms, _entrance(settings), assets),
        *notices.routes(settings, rooms, _entrance(settings), assets),
        *plans.routes(settings, rooms, _entrance(settings), assets),
        *campaign_papers.routes(settings, rooms, _entrance(settings), assets),
        *tiles.routes(settings),
        *login.routes(settings, rooms, _entrance(settings), assets),
        *oidc.routes(settings, rooms, _entrance(settings)),
        *admin.routes(settings, rooms, _entrance(settings), assets),
        *front.routes(settings, console.paths, console.index, assets),
        *(Route(f"{prefix}{{rest:path}}", missing) for prefix in PREFIXES),
    ]


def middleware(settings: Settings, console: Console) -> list[Middleware]:
    """Return what every request passes before any route: the gate, first of all, and what looks at names, methods and lengths.

    A console that listens on its own machine alone takes no foreign name for its own unless it is set; one that listens on a network takes any, unless names are set.
    """
    names = settings.names if settings.names or settings.host.startswith(LOOPBACK) else None
    return [
        Middleware(metrics.Measured, metrics=_metrics(settings)),
        Middleware(SafeHeaders, strict_transport=settings.certificate is not None),
        Middleware(Gate, entrance=_entrance(settings)),
        Middleware(
            Guard,
            paths=[*console.paths, "/healthz", metrics.PATH, "/field", wall.PATH, *oidc.PATHS, *admin.PATHS],
            prefixes=PREFIXES,
            names=names,
            forms=(*login.PATHS, *admin.FORMS),
            doors=(*field.DOORS, *emergency.DOORS, *boards.DOORS, *notices.DOORS),
        ),
        Middleware(Limited, limits=limits_of(settings.rules)),  # behind the gate, which tells it the session
    ]


def lifespan(settings: Settings) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return what runs beside the routes while the console serves."""
    rooms = _rooms(settings)
    return ticker.lifespan(rooms, courier=Courier(Sender(rooms, Books(settings.data_dir), settings.language)))


def ending(settings: Settings) -> Callable[[], None]:
    """Return what ends every stream of the console, which would hold up its stop."""
    return _streams(settings).end


@lru_cache(maxsize=4)
def _streams(settings: Settings) -> stream.Streams:
    """Return who reads the streams of a console, the same object for its routes and for its stop."""
    return stream.Streams(_rooms(settings), _entrance(settings).of_session)


@lru_cache(maxsize=4)
def _metrics(settings: Settings) -> metrics.Metrics:
    """Return what a console counts, the same object for its routes and for what stands before them."""
    return metrics.Metrics(_entrance(settings).permissions.routes)


def _entrance(settings: Settings) -> Entrance:
    return entrance_of(settings.data_dir, settings.database_url, settings.rules, settings.demo_access)


def tls(settings: Settings) -> ssl.SSLContext | None:
    """Return what to speak https with, where the settings say so; raises SettingsError."""
    if not settings.secure:
        return None
    wanted = Tls(settings.data_dir, settings.host, settings.names, settings.certificate)
    return wanted.context(lambda: datetime.now(UTC))


def _rooms(settings: Settings) -> Rooms:
    return rooms_of(
        settings.packs, settings.area, settings.data_dir, settings.database_url, settings.rules, settings.demo
    )


async def healthz(_request: Request) -> Response:  # on the loop, so that it answers while every thread is busy
    """Answer that the console is ready, and nothing else."""
    return PlainTextResponse("ok")
