"""``/bridge``: the system administrator sees how the bridge (网闸) of each area stands. It is joined and scheduled at the command line of the machine."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.admin.office import Office
from api.frame import Said
from desk.bridge.standing import standing
from geo.errors import BattlemapError
from ledger import bridge
from locales import N_, Translator, translator
from reports.bridge_words import standing_rows

PATH = "/bridge"
TITLE = N_("Bridge")
WORDS = {
    "hint": N_(
        "Two consoles of one area, joined by files. Here stands how far they are; no file and no case is shown."
    ),
    "none": N_("No area has a bridge. `battlemap bridge join` makes one; docs/bridge.md describes it."),
}


def show(office: Office, request: Request) -> Response:
    """Show how each bridge stands."""
    now, _ = datetime.now(UTC), translator(office.language(request))
    with office.rooms.ledger.reading() as connection:
        areas = [line.area for line in bridge.lines(connection)]
    return office.page(
        request, "bridge", Said(TITLE), words=WORDS, bridges=[_one(office, area, now, _) for area in areas]
    )


def _one(office: Office, area: str, now: datetime, _: Translator) -> dict[str, Any]:
    """Return how the bridge of an area stands, as rows; or why nobody can say."""
    try:
        room = office.rooms.get(area, now)
        return {"area": area, "rows": standing_rows(room, standing(room, now), _), "fault": ""}
    except BattlemapError as error:
        return {"area": area, "rows": [], "fault": str(error)}
