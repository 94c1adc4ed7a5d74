"""``/sheet-file/{area}/{kind}``: the daily sheet (日通报) as a file: pdf, xlsx or docx; of the cases of a day, or of a campaign. Each is a line of the audit trail."""

from datetime import UTC, date, datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import SAFE, answering, language_of
from api.identity import address_of
from api.identity import room as room_of
from desk.access.permissions import demand
from desk.room import Room
from desk.rooms import Rooms
from desk.sheets import acts
from desk.taken import EXPORT, taken
from geo.errors import DraftError, NetError
from incidents.sheet_life import Sheet
from incidents.sheets import day_of
from locales import translator
from reports.daily import day_from
from reports.sheet_files import KINDS, TYPES, Stock, printed
from reports.sheet_frozen import shown
from reports.watermark import watermark
from settings import Settings

FOLDER = "papers"  # of the data directory: a street's own fonts and template


def routes(rooms: Rooms, settings: Settings) -> list[Route]:
    """Return the route of sheets as files."""
    stock = Stock(settings.data_dir / FOLDER)

    def file(request: Request) -> Response:
        now, kind = datetime.now(UTC), request.path_params["kind"]
        room, language = room_of(request, rooms, now), language_of(request, settings.language)
        _ = translator(language)
        if kind not in KINDS:
            raise NetError(f"A sheet is no {kind}: choose among {', '.join(KINDS)}.")
        campaign = request.query_params.get("campaign", "")
        if room.who is not None:  # None: at the command line
            demand(room.who, "sheets")
            if campaign:
                demand(room.who, "campaigns")
        try:
            sheet, day = _of(request, room, campaign, now)
            paper = shown(room, now, language, sheet, day=day, campaign=campaign)
        except DraftError as error:
            raise NetError(str(error)) from error
        mark = watermark(room, room.who, now, [paper.title], _, language)
        data = printed(paper, kind, stock, foot=mark)
        said = {"sheet": "daily", "rows": len(paper.rows), "filter": dict(request.query_params)}
        taken(room, EXPORT, room.who, now, what=f"daily.{kind}", data=said, address=address_of(request))
        name = quote(f"{paper.title} {paper.at:%Y%m%d %H%M}.{kind}")
        headers = {**SAFE, "Cache-Control": "private, no-store", "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}  # fmt: skip
        return Response(data, headers=headers, media_type=TYPES[kind])

    return [
        Route("/sheet-file/{area}/{kind}", answering(file)),
    ]


def _of(request: Request, room: Room, campaign: str, now: datetime) -> tuple[Sheet | None, date | None]:
    """Return the sheet that is asked for by its number or its day, None where nobody drew it up."""
    number = request.query_params.get("number", "")
    if number:
        found = acts.numbered(room, number)
        return found, found.day
    day = day_from(request.query_params.get("day", ""))
    return acts.of(room, day or day_of(now, room.rules.sheets.cutoff, room.area.pack.timezone), campaign), day
