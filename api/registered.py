"""``/registered/{area}``: the sites of the register, or the findings of the ledger, as a layer of the map; to one who has seen the present version, that nothing changed."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import SAFE, answering, fresh
from api.identity import room as room_of
from api.live import scope_of
from desk.rooms import Rooms
from layers.document import assets_digest
from reports.site_layer import lasts, layer, version

UNCHANGED = 304


def routes(rooms: Rooms) -> list[Route]:
    """Return the route of these layers."""

    def registered(request: Request) -> Response:
        now, query = datetime.now(UTC), request.query_params
        room = room_of(request, rooms, now)
        what = "findings" if "findings" in query else "sites"
        text = query.get(what, "")
        headers = {"Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Encoding"}
        if lasts(text):
            headers["ETag"] = f'"{version(room)}.{scope_of(room)}.{room.clock(now):%Y%m%d}.{assets_digest()}"'
            if request.headers.get("if-none-match") == headers["ETag"]:
                return Response(status_code=UNCHANGED, headers={**SAFE, **headers})
        answer = fresh(layer(room, what, text, now), request)
        answer.headers.update(headers)
        return answer

    return [Route("/registered/{area}", answering(registered))]
