"""``/photo/{area}/{sha256}``: photos and their small pictures, only those that a case of that area names which who asks may read."""

from datetime import UTC, datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import NOT_FOUND, answering, refusal, unchanging
from api.identity import room as room_of
from desk.posts.acting import reads
from desk.rooms import Rooms
from ledger import files


def routes(rooms: Rooms) -> list[Route]:
    """Return the route of photos."""

    def photo(request: Request) -> Response:
        now, digest = datetime.now(UTC), request.path_params["sha256"]
        room = room_of(request, rooms, now)
        cases = room.of_photo(digest) if files.NAME.fullmatch(digest) else []
        known = any(reads(room, case, now) for case in cases)
        try:
            data = files.path(room.ledger.folder, digest).read_bytes() if known else b""
        except OSError:
            data = b""
        if not data:
            return refusal(request, HTTPStatus.NOT_FOUND, *NOT_FOUND)
        return unchanging(request, data, "image/jpeg", shared=False)

    return [Route("/photo/{area}/{sha256}", answering(photo))]
