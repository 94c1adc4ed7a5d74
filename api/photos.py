"""``/photo/{area}/{sha256}``: photos and their small pictures, only those that a case of that area names."""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import NOT_FOUND, answering, refusal, unchanging
from desk.rooms import Rooms
from ledger import files, find


def routes(rooms: Rooms) -> list[Route]:
    """Return the route of photos."""

    def photo(request: Request) -> Response:
        area, digest = request.path_params["area"], request.path_params["sha256"]
        ledger = rooms.ledger
        with ledger.reading() as connection:
            known = files.NAME.fullmatch(digest) and find.names_photo(connection, area, digest)
        try:
            data = files.path(ledger.folder, digest).read_bytes() if known else b""
        except OSError:
            data = b""
        if not data:
            return refusal(request, HTTPStatus.NOT_FOUND, *NOT_FOUND)
        return unchanging(request, data, "image/jpeg", shared=False)

    return [Route("/photo/{area}/{sha256}", answering(photo))]
