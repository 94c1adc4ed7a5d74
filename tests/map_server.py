"""A server of the map's doors only, in a thread: for the browser tests and the benchmark of the map."""

import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api import documents, live, lookup, stream
from api import print as paper
from desk.access.entrance import VISITOR
from desk.access.permissions import permissions_of
from desk.rooms import Rooms
from incidents.access import EVERYWHERE, Role, Who
from incidents.access import Scope as Everything
from layers import document
from layers.areas import Areas
from ledger.store import open_ledger
from settings import Settings


class Visitor:
    """In place of the gate: whoever asks is a visitor of a demonstration."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "state": {**scope.get("state", {}), "who": visitor()}}, receive, send)


def visitor() -> Who:
    """Return one who looks at a demonstration."""
    return permissions_of(None).given(Who("", "", Role.DEMO, Everything(EVERYWHERE), VISITOR))


@contextmanager
def serving(
    packs: tuple[Path, ...] = (), more: Callable[[Rooms], Sequence[BaseRoute]] | None = None, **settings: object
) -> Iterator[str]:
    """Serve the map documents of some packs over a ledger of their own, and ``more`` routes that are made of its rooms; yields the address, without a slash at its end."""
    chosen = Settings(packs=packs, **settings)
    folder = tempfile.TemporaryDirectory()
    rooms = Rooms(Areas(packs, chosen.area), open_ledger(Path(folder.name), chosen.database_url))
    app = Starlette(
        routes=[
            *(more(rooms) if more else ()),
            *documents.routes(rooms, chosen, {}),
            *live.routes(rooms),
            *stream.routes(stream.Streams(rooms, lambda _key, _now: visitor())),
            *lookup.routes(rooms, chosen),
            *paper.routes(rooms, chosen, f"/assets/{document.assets_digest()}/"),
        ],
        middleware=[Middleware(Visitor)],
    )
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()
        rooms.ledger.close()
        folder.cleanup()
