"""``/plan-file/{area}/{number}/{kind}``: a kept plan of a day (排线) as GPX, GeoJSON, calendar or field list; ``/plan-sheet/{area}/{number}``: its walks on A4, a walk a sheet. Each is a line of the audit trail."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import SAFE, answering
from api.forms import Forms
from api.frame import templates, to
from api.identity import address_of
from api.notices.sheet import Sheets, base_of, code_of
from api.places import Places
from desk.access.entrance import Entrance
from desk.planning import keep
from desk.posts.acting import posts_of
from desk.room import Room
from desk.rooms import Rooms
from desk.taken import EXPORT, taken
from geo.errors import DraftError, NetError, TableError
from inspections.plans import DayPlan, KeptWalk
from layers.sheet.walk import walk as walk_map
from locales import N_, Translator, translator
from reports.plan_files import TYPES, Line, lines_of, written
from reports.plan_words import STATE, about_ways, clock, kilometres, who
from reports.watermark import watermark
from settings import Settings

EVER = datetime(1970, 1, 1, tzinfo=UTC)  # a number is given once
TITLE = N_("Walk of a day")
WORDS = {
    "place_head": N_("Place in the order"),
    "time": N_("Time"),
    "site": N_("Site"),
    "visited": N_("Visited"),
    "note": N_("Note"),
    "map_note": N_("The square is where the walk starts and ends. Lines join stops as the crow flies."),
    "signature": N_("Signature"),
}


class Plans(Sheets):
    """Papers and files of a plan."""

    def file(self, request: Request) -> Response:
        """Answer with a plan as a file."""
        now, language, kind = datetime.now(UTC), self.language(request), request.path_params["kind"]
        room = self.room(request, now)
        if kind not in TYPES:
            raise NetError(f"A plan is no {kind}: choose among {', '.join(TYPES)}.")
        plan = _plan(room, request)
        mark = watermark(room, room.who, now, [plan.number], translator(language), language)
        try:
            data = written(room, plan, kind, language, now, mark=mark)
        except TableError as error:
            raise NetError(str(error)) from error
        said = {"sheet": "plan", "rows": sum(len(walk.stops) for walk in plan.walks)}
        taken(room, EXPORT, room.who, now, what=f"{plan.number}.{kind}", data=said, address=address_of(request))
        name = quote(f"{plan.number}.{kind}")
        headers = {**SAFE, "Cache-Control": "private, no-store", "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}  # fmt: skip
        return Response(data, headers=headers, media_type=TYPES[kind])

    def sheet(self, request: Request) -> Response:
        """Answer with the walks of a plan on paper: those of one's own posts and those of which one sees a site, or the one whose number the address says."""
        now, language = datetime.now(UTC), self.language(request)
        room, _ = self.room(request, now), translator(language)
        plan = _plan(room, request)
        lines, wanted = lines_of(room, plan), request.query_params.get("walk", "")
        own = {post.key for post in posts_of(room, room.who, now)} if room.who else set()
        theirs = {str(line.walk) for line in lines if line.site} | {str(at) for at, walk in enumerate(plan.walks, 1) if own & set(walk.posts)}  # fmt: skip
        walks = [
            _walk(room, walk, at, [line for line in lines if line.walk == at], base_of(request), language, _)
            for at, walk in enumerate(plan.walks, 1)
            if (str(at) == wanted if wanted else str(at) in theirs or not theirs)
        ]
        if not walks:
            raise NetError(f"{plan.number} has no walk {wanted!r}. It has {len(plan.walks)}.")
        record = f"/plan?{urlencode({'area': room.id, 'plan': plan.number})}"
        about = about_ways(network=plan.network, straight=plan.straight, _=_)
        back = to(request, "/plan", area=room.id, plan=plan.number)
        return self.paper(
            request, room, now, "plan_sheet", TITLE, plan.number, sheet="plan", since=EVER, words=WORDS, back=back, record=record, walks=walks, day=str(plan.day),
            state=_(STATE[plan.state]), about=about,
        )  # fmt: skip


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the routes of kept plans."""
    plans = Plans(settings, Places(rooms, settings.packs), Forms(entrance.key), assets, templates(), rooms)
    return [
        Route("/plan-file/{area}/{number}/{kind}", answering(plans.file)),
        Route("/plan-sheet/{area}/{number}", answering(plans.sheet)),
    ]


def _plan(room: Room, request: Request) -> DayPlan:
    """Return the plan of an address; what is not there, or not theirs to see, is an address that does not exist."""
    try:
        return keep.plan(room, request.path_params["number"])
    except DraftError as error:
        raise NetError(str(error)) from error


def _walk(room: Room, walk: KeptWalk, at: int, lines: list[Line], base: str, language: str, _: Translator) -> dict[str, Any]:  # noqa: PLR0917  # fmt: skip
    seen = [(str(line.place), (line.site.lon, line.site.lat)) for line in lines if line.site]
    about = _("{hours}: {n} sites, {km} km, back at {back}").format(hours=f"{clock(walk.begins)}–{clock(walk.ends)}", n=len(walk.stops), km=kilometres(walk.metres), back=clock(walk.back))  # fmt: skip
    drawn = walk_map(room.area, walk.start, seen, language=language, translate=_)
    return {
        "number": at,
        "who": who(room, walk.posts, _),
        "about": about,
        "map": Markup(drawn),  # noqa: S704  drawn here
        "stops": [_stop(room, line, base, language, _) for line in lines],
    }


def _stop(room: Room, line: Line, base: str, language: str, _: Translator) -> dict[str, Any]:
    site, stop = line.site, line.stop
    kind = room.rules.sites.kind(site.kind).name.in_(language) if site else ""
    record = f"{base}/sites?{urlencode({'area': room.id, 'site': stop.number})}"
    return {
        "place": line.place,
        "begins": clock(stop.begins),
        "ends": clock(stop.ends),
        "name": site.name if site else _("a site beyond what you see"),
        "about": " · ".join(filter(None, (stop.number, kind))),
        "address": site.address if site else "",
        "code": code_of(record if base else stop.number),
    }
