"""``/print/{area}``: the battle map as one A3 sheet, for paper and for PDF."""

from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote, urlencode

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import DOCUMENT_POLICY, SAFE, answering, language_of
from api.identity import room as room_of
from api.marking import printed
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import FilterError
from layers.load import Area
from layers.sheet import View, Wanted, sheet
from layers.sheet.ink import INKS
from layers.style import css
from locales import Translator, translator
from reports import figures
from reports.figures import Filter
from reports.filter_words import conditions
from reports.watermark import filtered
from reports.withheld import few_left_out
from settings import Settings

ZOOMS = (8.0, 22.0)


def routes(rooms: Rooms, settings: Settings, assets: str) -> list[Route]:
    """Return the route of printed sheets.

    Parameters
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    """

    def paper(request: Request) -> Response:
        now = datetime.now(UTC)
        room = room_of(request, rooms, now)
        language = language_of(request, settings.language)
        ink = request.query_params.get("ink", INKS[0])
        if ink not in INKS:
            raise FilterError(f"ink={ink}: choose among {', '.join(INKS)}.")
        _ = translator(language)
        wanted = Filter.from_query(request.query_params)
        said = tuple(conditions(room, wanted, language, _))
        view = view_of(request.query_params.get("view", ""))
        chosen = wanted_of(room, wanted, now, conditions=said, view=view, ink=ink, translate=_)
        data = {"sheet": "map", "rows": len(chosen.cases), "filter": wanted.to_query()}
        mark = printed(request, room, now, _, language, what="map", said=filtered(room, wanted, _, language), data=data)
        chosen = replace(chosen, watermark=mark)
        drawn = sheet(room.area, chosen, language=language, translate=_, printed_at=now)
        headers = {**SAFE, "Content-Security-Policy": DOCUMENT_POLICY, "Cache-Control": "no-store"}
        html = _page(room.area, drawn, assets=assets, query=_query(request), language=language, ink=ink, _=_)
        return Response(html, headers=headers, media_type="text/html; charset=utf-8")

    return [Route("/print/{area}", answering(paper))]


def view_of(text: str) -> View | None:
    """Read a view from an address: ``LAT,LON,ZOOM``.

    Raises
    ------
    FilterError
        It is something else.
    """
    if not text:
        return None
    try:
        lat, lon, zoom = (float(part) for part in text.split(","))
    except ValueError:
        raise FilterError(
            f"view={text}: write it as latitude,longitude,zoom, for example view=34.75,113.6,16."
        ) from None
    if not (np.isfinite([lat, lon, zoom]).all() and abs(lat) <= 85 and abs(lon) <= 180):  # noqa: PLR2004 - the web's tiles end at 85 degrees
        raise FilterError(f"view={text}: the latitude lies between -85 and 85, the longitude between -180 and 180.")
    return View(lat, lon, float(np.clip(zoom, *ZOOMS)))


def wanted_of(
    room: Room,
    wanted: Filter,
    now: datetime,
    *,
    conditions: tuple[str, ...] = (),
    view: View | None = None,
    ink: str = INKS[0],
    translate: Translator = str,
) -> Wanted:
    """Return what a filter wants printed: cases, states and the number of overdue ones, all from the one query."""
    picture = figures.look(room, wanted, now)
    cases = picture.cases
    few = few_left_out(room, picture.question, translate)
    return Wanted(
        cases=cases,
        states={key: figures.grid_states(room.area.net, cases, key) for key in room.area.net.keys},
        overdue=len(figures.overdue(cases, picture.clock)),
        grid=wanted.grid,
        conditions=conditions,
        notes=(few,) if few else (),
        view=view,
        ink=ink,
        as_of=room.clock(now),
    )


def _query(request: Request) -> dict[str, str]:
    return {name: value for name, value in request.query_params.items() if name != "ink"}


def _page(area: Area, drawn: str, *, assets: str, query: dict[str, str], language: str, ink: str, _: Translator) -> str:
    other = next(name for name in INKS if name != ink)
    words = {"colour": _("In colour"), "black": _("Black and white")}
    title = f"{area.pack.name.in_(language)} · {_('Grid battle map')}"
    switch = "?" + urlencode({**query, "ink": other})
    back = f"../map/{quote(area.id, safe='')}" + (f"?{urlencode(query)}" if query else "")
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{css("light")}</style><link rel="stylesheet" href="{assets}print.css"></head>
<body><nav class="tools"><a id="back" href="{escape(back)}">← {escape(_("Back to the map"))}</a><span>{escape(_("A3 landscape, 100 %, no margins"))}</span>
<a id="ink" href="{escape(switch)}">{escape(words[other])}</a><button id="print" type="button">{escape(_("Print"))}</button></nav>
<main>{drawn}</main><script src="{assets}print.js"></script></body></html>"""
