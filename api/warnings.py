"""``/warning-report/{area}/{number}/{kind}?at=2026-11-23T17:00``: what was done in a warning as of an hour, as PDF, workbook or document. Each is a line of the audit trail."""

from datetime import UTC, datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import SAFE, answering, language_of
from api.identity import address_of
from api.identity import room as room_of
from api.sheets import FOLDER
from desk.access.permissions import demand
from desk.rooms import Rooms
from desk.taken import EXPORT, taken
from geo.errors import DraftError, NetError
from locales import translator
from reports.sheet_files import KINDS, TYPES, Stock, printed
from reports.warning_report import moment, report
from reports.watermark import watermark
from settings import Settings


def routes(rooms: Rooms, settings: Settings) -> list[Route]:
    """Return the route of reports of warnings."""
    stock = Stock(settings.data_dir / FOLDER)

    def file(request: Request) -> Response:
        now, kind, number = datetime.now(UTC), request.path_params["kind"], request.path_params["number"]
        room, language = room_of(request, rooms, now), language_of(request, settings.language)
        if kind not in KINDS:
            raise NetError(f"A report is no {kind}: choose among {', '.join(KINDS)}.")
        if room.who is not None:  # None: at the command line
            demand(room.who, "sites")
        said = request.query_params.get("at", "")
        at = moment(room, said) if said else now
        try:
            paper = report(room, number, at, now, language)
        except DraftError as error:
            raise NetError(str(error)) from error
        mark = watermark(room, room.who, now, [paper.title], translator(language), language)
        data = printed(paper, kind, stock, foot=mark)
        told = {"sheet": "warning", "rows": paper.total.values["done"], "filter": dict(request.query_params)}
        taken(room, EXPORT, room.who, now, what=f"{number}.{kind}", data=told, address=address_of(request))
        name = quote(f"{paper.number} {paper.at:%Y%m%d %H%M}.{kind}")
        headers = {**SAFE, "Cache-Control": "private, no-store", "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}  # fmt: skip
        return Response(data, headers=headers, media_type=TYPES[kind])

    return [Route("/warning-report/{area}/{number}/{kind}", answering(file))]
