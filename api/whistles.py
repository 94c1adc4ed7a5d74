"""``/whistle/{area}/{number}``: the papers of a whistle on A4, for who is in it; ``/whistle/{area}/{number}/{sha256}``: a photo of it or of its case."""

from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import DOCUMENT_POLICY, NOT_FOUND, SAFE, answering, language_of, refusal, unchanging
from api.identity import room as room_of
from api.marking import over_page, printed
from desk.posts.acting import looks_as
from desk.room import Room
from desk.rooms import Rooms
from layers.sheet.spot import spot
from layers.style import css
from ledger import files
from locales import Translator, translator
from reports.whistle_pack import Pack, Part, pack
from reports.whistles import Sheet, sheet
from settings import Settings

WIDTH, HEIGHT = 182.0, 62.0  # millimetres of the map on the paper


def routes(rooms: Rooms, settings: Settings, assets: str) -> list[Route]:
    """Return the routes of a whistle's papers and photos.

    Parameters
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    """

    def paper(request: Request) -> Response:
        now = datetime.now(UTC)
        room, language = room_of(request, rooms, now), language_of(request, settings.language)
        shown, _ = _shown(request, room, now), translator(language)
        number = shown.filed.number
        mark = printed(request, room, now, _, language, what=number, said=[number], data={"sheet": "whistle", "rows": 1})  # fmt: skip
        html = _page(room, shown, pack(room, shown, now, _, language), language, assets, mark, request.query_params.get("post", ""), _)  # fmt: skip
        headers = {**SAFE, "Content-Security-Policy": DOCUMENT_POLICY, "Cache-Control": "private, no-store"}
        return Response(html, headers=headers, media_type="text/html; charset=utf-8")

    def photo(request: Request) -> Response:
        now, digest = datetime.now(UTC), request.path_params["sha256"]
        room = room_of(request, rooms, now)
        shown = _shown(request, room, now)
        named = {one[name] for one in (*shown.photos, *shown.case_photos) for name in ("sha256", "thumbnail")}
        try:
            data = files.path(room.ledger.folder, digest).read_bytes() if digest in named else b""
        except OSError:
            data = b""
        if not data:
            return refusal(request, HTTPStatus.NOT_FOUND, *NOT_FOUND)
        return unchanging(request, data, "image/jpeg", shared=False)

    return [
        Route("/whistle/{area}/{number}", answering(paper)),
        Route("/whistle/{area}/{number}/{sha256}", answering(photo)),
    ]


def _shown(request: Request, room: Room, now: datetime) -> Sheet:
    """Return the whistle that an address names; raises UnknownWhistle for who has nothing to do with it."""
    post = looks_as(room, request.query_params.get("post", ""), now)
    return sheet(room, request.path_params["number"], now, through=post)


def _page(  # noqa: PLR0917
    room: Room, shown: Sheet, papers: Pack, language: str, assets: str, mark: str, acting: str, _: Translator
) -> str:
    area, number = quote(room.id, safe=""), quote(papers.number, safe="")
    said = {"area": room.id, "lang": language, "whistle": papers.number, **({"post": acting} if acting else {})}
    synthetic = f'<span class="tag">{escape(_("Illustrative"))}</span>' if room.area.pack.synthetic else ""
    letter = f'<p class="letter">{escape(papers.letter)}</p>' if papers.letter else ""
    first, *rest = (_part(part, area, number) for part in papers.parts)
    drawn = spot(room.area, shown.filed.lon, shown.filed.lat, mark="", width=WIDTH, height=HEIGHT, language=language, translate=_)  # fmt: skip
    foot = escape(_("Printed by {mark}").format(mark=mark))
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(papers.title)} {escape(papers.number)}</title><style>{css("light")}</style><link rel="stylesheet" href="{assets}print.css"><link rel="stylesheet" href="{assets}paper.css"></head>
<body class="paper pack" data-area="{area}" data-number="{number}"><nav class="tools"><a id="back" href="/whistles?{escape(urlencode(said))}">← {escape(_("Back to the whistle"))}</a><span>{escape(_("A4 upright, 100 %"))}</span>
<button id="print" type="button">{escape(_("Print"))}</button></nav>
<main><article class="a4"><header><div><h1>{escape(papers.title)}{synthetic}</h1><p class="number">{escape(_("No."))} {escape(papers.number)}</p></div></header>
{letter}{first}
<figure class="place">{drawn}<figcaption>{escape(_("Place"))} · 1:2000</figcaption></figure>
{"".join(rest)}
<footer>{foot}</footer>{over_page(mark)}</article></main><script src="{assets}print.js"></script></body></html>"""


def _part(part: Part, area: str, number: str) -> str:
    rows = "".join(f"<tr><th scope=row>{escape(label)}</th><td>{_lines(value)}</td></tr>" for label, value in part.rows)
    table = f"<table>{rows}</table>" if rows else ""
    if part.table:
        head, *lines = part.table
        cells = "".join(f"<th scope=col>{escape(name)}</th>" for name in head)
        body = "".join(f"<tr>{''.join(f'<td>{_lines(cell)}</td>' for cell in line)}</tr>" for line in lines)
        table += f'<table class="columns"><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>'
    shots = "".join(
        f'<figure><img src="/whistle/{area}/{number}/{digest}" alt=""><figcaption>{escape(said)}</figcaption></figure>'
        for digest, said in part.photos
    )
    photos = f'<div class="shots">{shots}</div>' if shots else ""
    return f'<section class="{"slip" if part.slip else "part"}"><h2>{escape(part.title)}</h2>{table}{photos}</section>'


def _lines(value: str) -> str:
    return "<br>".join(escape(line) for line in value.split("\n"))
