"""``/rota/{area}``: a week of the duty rota (值班表) on A4. Posts; names of people only where the desk asks for them."""

from datetime import UTC, date, datetime
from html import escape
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import DOCUMENT_POLICY, SAFE, answering, language_of
from api.identity import room as room_of
from api.marking import over_page, printed
from desk.posts import duty
from desk.posts.duty import Week
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import FilterError
from incidents.rota import COVER, Cover, Role, Slot
from layers.style import css
from locales import Translator, translator
from reports.roster import ROLE, clock, day_name, post_full
from settings import Settings

ALWAYS = (Role.LEADER, Role.OFFICER)


def routes(rooms: Rooms, settings: Settings, assets: str) -> list[Route]:
    """Return the route of the printed rota.

    Parameters
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    """

    def paper(request: Request) -> Response:
        now = datetime.now(UTC)
        room, language = room_of(request, rooms, now), language_of(request, settings.language)
        week = duty.week(room, duty.monday(room, _day(request.query_params.get("week", "")), now))
        names, first = request.query_params.get("names") == "1", week.days[0].isoformat()
        data = {"sheet": "rota", "rows": len(week.shifts), "filter": {"week": first, "names": names}}
        mark = printed(request, room, now, translator(language), language, what=f"rota {first}", said=[first], data=data)  # fmt: skip
        html = _page(room, week, mark, language=language, names=names, assets=assets)
        headers = {**SAFE, "Content-Security-Policy": DOCUMENT_POLICY, "Cache-Control": "private, no-store"}
        return Response(html, headers=headers, media_type="text/html; charset=utf-8")

    return [Route("/rota/{area}", answering(paper))]


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.max
    if not duty.FIRST <= day <= duty.LAST:
        raise FilterError(f"week={text}: write a day of the week, for example week=2026-11-23.")
    return day


def _page(room: Room, week: Week, mark: str, *, language: str, names: bool, assets: str) -> str:
    _ = translator(language)
    area, first = room.area.pack.name.in_(language), week.days[0]
    title = _("Duty rota {first} to {last}").format(first=first.isoformat(), last=week.days[-1].isoformat())
    switch = "?" + urlencode({"week": first.isoformat(), "lang": language, "names": "" if names else "1"})
    words = _("Posts only") if names else _("With names")
    back = f"../duty?{urlencode({'area': room.id, 'lang': language, 'week': first.isoformat()})}"
    synthetic = f'<span class="tag">{escape(_("Illustrative"))}</span>' if room.area.pack.synthetic else ""
    head = "".join(f"<th scope=col>{escape(day_name(day, _))}</th>" for day in week.days)
    body = "".join(_row(room, week, role, names=names, _=_) for role in Role if role in ALWAYS or _used(week, role))
    signed = f'<tr class="sign"><th scope=row>{escape(_("Signed by who takes over"))}</th>{"<td></td>" * len(week.days)}</tr>'
    foot = escape(_("Printed by {mark}").format(mark=mark))
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{css("light")}</style><link rel="stylesheet" href="{assets}print.css"><link rel="stylesheet" href="{assets}rota.css"></head>
<body class="rota" data-area="{quote(room.id, safe="")}"><nav class="tools"><a id="back" href="{escape(back)}">← {escape(_("Back to the rota"))}</a><span>{escape(_("A4 landscape, 100 %"))}</span>
<a id="names" href="{escape(switch)}">{escape(words)}</a><button id="print" type="button">{escape(_("Print"))}</button></nav>
<main><article class="a4"><header><h1>{escape(area)} {escape(title)}{synthetic}</h1></header>
<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}{signed}</tbody></table>
<footer><span>{foot}</span><span>1 / 1</span></footer>{over_page(mark)}</article></main><script src="{assets}print.js"></script></body></html>"""


def _used(week: Week, role: Role) -> bool:
    return any(shift.role is role for shift in week.shifts)


def _row(room: Room, week: Week, role: Role, *, names: bool, _: Translator) -> str:
    cells = "".join(
        f"<td>{''.join(_slot(room, week, role, slot, names=names, _=_) for slot in week.slots[role] if slot.day == day)}</td>"
        for day in week.days
    )
    return f"<tr><th scope=row>{escape(_(ROLE[role]))}</th>{cells}</tr>"


def _slot(room: Room, week: Week, role: Role, slot: Slot, *, names: bool, _: Translator) -> str:
    time = "" if COVER[role] is Cover.WHOLE_DAY else f"<i>{clock(room, slot.since)}–{clock(room, slot.until)}</i>"
    said = [
        f"<b>{escape(post_full(room, one.post, _))}</b>{f'<span>{escape(one.holder)}</span>' if names and one.holder else ''}"
        for one in week.of(role, slot)
    ]
    return f"<p>{time}{''.join(said) or '<b>—</b>'}</p>"
