"""``/field/…``: the pages of who works away from the desk. The document is a shell that a phone may keep; what it shows, and what it sends, passes as JSON.

docs/field.md is the protocol.
"""

from collections.abc import Mapping
from pathlib import Path

from starlette.routing import BaseRoute

from api.field import reading, sending, shell
from desk.rooms import Rooms
from settings import Settings

DOORS = (*sending.DOORS,)


def routes(rooms: Rooms, settings: Settings, files: Mapping[str, Path]) -> list[BaseRoute]:
    """Return the routes of these pages."""
    return [*shell.routes(rooms, settings, files), *reading.routes(rooms, settings), *sending.routes(rooms, settings)]
