"""``/dispatch/{area}/{number}``: the dispatch sheet (派遣单) of a case on A4. ``/spot/{area}/{number}``: its place as a small map."""

from datetime import UTC, datetime
from html import escape
from ipaddress import ip_address
from urllib.parse import quote, urlencode

import segno
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import DOCUMENT_POLICY, SAFE, answering, language_of
from api.identity import room as room_of
from api.marking import over_page, printed
from desk.posts.acting import looks_as, reads
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import FilterError
from incidents.case import Incident
from layers.sheet.ink import INKS
from layers.sheet.spot import spot
from layers.style import css, mark_svg
from ledger import find
from locales import Translator, translator
from reports.dispatch_sheet import DispatchSheet, dispatch_sheet
from reports.words import mark_name
from settings import Settings

WIDTH, HEIGHT = 182.0, 74.0  # millimetres of the map on the paper
PRIVATE = "private, no-store"


def routes(rooms: Rooms, settings: Settings, assets: str) -> list[Route]:
    """Return the routes of papers about one case.

    Parameters
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    """

    def paper(request: Request) -> Response:
        now = datetime.now(UTC)
        room, language = room_of(request, rooms, now), language_of(request, settings.language)
        ink = _ink(request)
        case = _case(request, room, now)
        entries = room.history(case.number)
        _ = translator(language)
        sheet = dispatch_sheet(room, case, entries, _, language)
        mark = printed(request, room, now, _, language, what=case.number, said=[case.number], data={"sheet": "dispatch", "rows": 1})  # fmt: skip
        html = _page(room, case, sheet, request=request, language=language, ink=ink, assets=assets, mark=mark, _=_)
        headers = {**SAFE, "Content-Security-Policy": DOCUMENT_POLICY, "Cache-Control": PRIVATE}
        return Response(html, headers=headers, media_type="text/html; charset=utf-8")

    def place(request: Request) -> Response:
        now = datetime.now(UTC)
        room, language = room_of(request, rooms, now), language_of(request, settings.language)
        case = _case(request, room, now)
        drawn = _spot(room, case, language, _ink(request), width=120, height=78)
        return Response(drawn, headers={**SAFE, "Cache-Control": PRIVATE}, media_type="image/svg+xml")

    return [
        Route("/dispatch/{area}/{number}", answering(paper)),
        Route("/spot/{area}/{number}", answering(place)),
    ]


def address_of(request: Request, room: Room, case: Incident) -> str:
    """Return the address of a case on this console, for another device; its number where only this machine knows the console."""
    host = request.headers.get("host", "")
    name = host.rsplit(":", 1)[0].strip("[]") if not host.endswith("]") else host.strip("[]")
    if name == "localhost" or _is_loopback(name):
        return case.number
    return f"{request.url.scheme}://{host}/case?{urlencode({'area': room.id, 'case': case.number})}"


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _case(request: Request, room: Room, now: datetime) -> Incident:
    """Return the case that an address names; one of a restricted class only to a post that works on it, and to nobody who names none.

    Raises
    ------
    UnknownIncident
        There is none, or none that may be shown: the answer does not tell which.
    """
    number = request.path_params["number"]
    case = room.get(number)
    post = looks_as(room, request.query_params.get("post", ""), now)
    if not reads(room, case, now, through=post):
        raise find.unknown(room.id, number)
    return case


def _ink(request: Request) -> str:
    ink = request.query_params.get("ink", INKS[0])
    if ink not in INKS:
        raise FilterError(f"ink={ink}: choose among {', '.join(INKS)}.")
    return ink


def _spot(room: Room, case: Incident, language: str, ink: str, *, width: float, height: float) -> str:
    mark = case.mark.value if case.mark else ""
    return spot(
        room.area, case.lon, case.lat, mark=mark, width=width, height=height, look=ink, language=language, translate=translator(language)
    )  # fmt: skip


def _page(
    room: Room,
    case: Incident,
    sheet: DispatchSheet,
    *,
    request: Request,
    language: str,
    ink: str,
    assets: str,
    mark: str,
    _: Translator,
) -> str:
    words = {"colour": _("In colour"), "black": _("Black and white")}
    other = next(name for name in INKS if name != ink)
    area, number = quote(room.id, safe=""), quote(case.number, safe="")
    acting = {"post": post} if (post := request.query_params.get("post", "")) else {}
    switch = "?" + urlencode({"lang": language, "ink": other, **acting})
    back = f"../../case?{urlencode({'area': room.id, 'lang': language, 'case': case.number, **acting})}"
    address = address_of(request, room, case)
    synthetic = f'<span class="tag">{escape(_("Illustrative"))}</span>' if room.area.pack.synthetic else ""
    demo = f'<span class="tag">{escape(_("Demonstration"))}</span>' if case.demo else ""
    colour = case.mark.value if case.mark else ""
    shape = f"{mark_svg(colour, theme='print', size=18)} {escape(mark_name(colour, _))}" if colour else ""
    rows = "".join(
        f"<tr><th scope=row>{escape(label)}</th><td>{_lines(value)}</td></tr>" for label, value in sheet.rows
    )
    code = segno.make(address, error="m", micro=False).svg_inline(
        scale=3, border=2, dark="#000", light="#fff", omitsize=True
    )
    foot = escape(_("Printed by {mark}").format(mark=mark))
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(sheet.title)} {escape(case.number)}</title><style>{css("light")}</style><link rel="stylesheet" href="{assets}print.css"><link rel="stylesheet" href="{assets}paper.css"></head>
<body class="paper" data-area="{area}" data-number="{number}"><nav class="tools"><a id="back" href="{escape(back)}">← {escape(_("Back to the case"))}</a><span>{escape(_("A4 upright, 100 %"))}</span>
<a id="ink" href="{escape(switch)}">{escape(words[other])}</a><button id="print" type="button">{escape(_("Print"))}</button></nav>
<main><article class="a4"><header><div><h1>{escape(sheet.title)}{synthetic}{demo}</h1><p class="number">{escape(_("No."))} {escape(sheet.number)}</p><p class="mark">{shape}</p></div>
<figure class="qr">{code}<figcaption>{escape(_("Scan to open the case") if address != case.number else case.number)}</figcaption></figure></header>
<table>{rows}</table>
<figure class="place">{_spot(room, case, language, ink, width=WIDTH, height=HEIGHT)}<figcaption>{escape(_("Place of the case"))} · 1:2000</figcaption></figure>
<footer>{foot}</footer>{over_page(mark)}</article></main><script src="{assets}print.js"></script></body></html>"""


def _lines(value: str) -> str:
    return "<br>".join(escape(line) for line in value.split("\n"))
