"""``/inspected/{area}/{number}/{sha256}``: a photo of an inspection or of a finding, for who sees it."""

from datetime import UTC, datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import NOT_FOUND, answering, refusal, unchanging
from api.identity import room as room_of
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import DraftError
from ledger import files
from reports.inspection_lists import digests


def routes(rooms: Rooms) -> list[Route]:
    """Return the route of the photos."""

    def photo(request: Request) -> Response:
        room, digest = room_of(request, rooms, datetime.now(UTC)), request.path_params["sha256"]
        data = _read(room, request.path_params["number"], digest)
        return unchanging(request, data, "image/jpeg", shared=False) if data else refusal(request, HTTPStatus.NOT_FOUND, *NOT_FOUND)  # fmt: skip

    return [Route("/inspected/{area}/{number}/{sha256}", answering(photo))]


def _read(room: Room, number: str, digest: str) -> bytes:
    try:
        return files.path(room.ledger.folder, digest).read_bytes() if digest in digests(room, number) else b""
    except (DraftError, OSError):
        return b""
