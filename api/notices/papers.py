"""``/notice/{area}/{number}``: what an inspection found, told to the place on A4 (隐患告知单); ``…/{sha256}``: a photo of it; ``/checklist/{area}/{key}``: a list to fill in by hand."""

from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import NOT_FOUND, answering, refusal, unchanging
from api.forms import Forms
from api.frame import templates, to
from api.notices.sheet import Sheets, record_of
from api.places import Places
from desk.access.entrance import Entrance
from desk.papers import notices
from desk.rooms import Rooms
from desk.sites import register
from geo.errors import DraftError, NetError, RulesError
from inspections.inspection import Way
from ledger import files
from locales import N_, translator
from reports.case_words import post_name
from reports.checklists import grade_name, paper
from reports.inspection_papers import lines, shown, signed
from settings import Settings

NOTICE, SHOT, LIST = "/notice/{area}/{number}", "/notice/{area}/{number}/{sha256}", "/checklist/{area}/{key}"
TITLE, EMPTY = N_("Notice of hazards"), N_("Checklist to fill in by hand")
WORDS = {
    "found": N_("These hazards were found. Please put them right by the day that stands beside each."),
    "none": N_("No hazard was found in this inspection."),
    "hazard": N_("Hazard, and where"),
    "clause": N_("Clause"),
    "grade": N_("Grade of hazard"),
    "todo": N_("What is advised"),
    "until": N_("Until"),
    "total": N_("Grade, and the first day:"),
    "ask": N_("When it is put right, or to ask, call the office of this post:"),
    "disclaimer": N_("This is advice on safety by the community. It is no administrative penalty and no document of law enforcement."),
    "person": N_("Person in charge of the place (signature)"),
    "inspector": N_("Inspected by (signature)"),
    "date": N_("Date"),
    "copies": N_("Two copies: one stays at the place, one with the community."),
    "signature": N_("Signature"),
}  # fmt: skip
T = TypeVar("T")


class Papers(Sheets):
    """The notice, its photos, and the list."""

    def notice(self, request: Request) -> Response:
        """Answer with the notice of an inspection."""
        now, language = datetime.now(UTC), self.language(request)
        room, _ = self.room(request, now), translator(language)
        found = _seen(lambda: notices.look(room, request.path_params["number"]))
        made = found.made
        if made.way is Way.SELF:
            raise NetError(f"{made.number} is a self-check: a person inspects the place first, and tells it then.")
        grades = room.rules.checklists.grades
        verdict, path = found.verdict, f"/notice/{quote(room.id, safe='')}/{quote(made.number, safe='')}"
        record = record_of(room, inspection=made.number)
        return self.paper(
            request, room, now, "notice", TITLE, made.number, sheet="notice", since=made.done_at, words=WORDS, back=to(request, "/inspections", area=room.id, inspection=made.number), record=record,
            rows=shown(room, found, _, language), lines=lines(room, found, _, language), grade=grade_name(grades, verdict.grade if verdict else None, language), due=verdict.due.isoformat() if verdict and verdict.due else "",
            post=post_name(room, found.site.post or made.post, _), phone=notices.telephone(room, found.site.post or made.post), by=post_name(room, made.post, _), day=made.day.isoformat(),
            signed=signed(made.signed, _), signature=f"{path}/{made.signature}" if made.signature in found.photos else "",
        )  # fmt: skip

    def shot(self, request: Request) -> Response:
        """Answer with a photo of an inspection, or with its signature."""
        now, digest = datetime.now(UTC), request.path_params["sha256"]
        room = self.room(request, now)
        found = _seen(lambda: notices.look(room, request.path_params["number"]))
        try:
            data = files.path(room.ledger.folder, digest).read_bytes() if digest in found.photos else b""
        except OSError:
            data = b""
        if not data:
            return refusal(request, HTTPStatus.NOT_FOUND, *NOT_FOUND)
        return unchanging(request, data, "image/jpeg", shared=False)

    def list(self, request: Request) -> Response:
        """Answer with a checklist that is filled in by hand, for one place where one is named."""
        now, language = datetime.now(UTC), self.language(request)
        room, _ = self.room(request, now), translator(language)
        key, number = request.path_params["key"], request.query_params.get("site", "")
        try:
            checklist = room.rules.checklists.current(key)
        except RulesError as error:
            raise NetError(str(error)) from error
        site = _seen(lambda: register.get(room, number)) if number else None
        today = now.astimezone(room.area.pack.timezone).date()
        body = paper(checklist, today, _, language, place=site.name if site else "", address=site.address if site else "")  # fmt: skip
        record = f"/sites?area={quote(room.id, safe='')}" + (f"&site={quote(site.number)}" if site else "")
        return self.paper(
            request, room, now, "checklist_paper", EMPTY, site.number if site else checklist.id, sheet="checklist", since=now, words={}, back=to(request, "/sites", area=room.id, site=number), record=record,
            body=Markup(body),  # noqa: S704  `paper` escapes what it says
        )  # fmt: skip


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the routes of the notice and of the list."""
    papers = Papers(settings, Places(rooms, settings.packs), Forms(entrance.key), assets, templates(), rooms)
    return [
        Route(NOTICE, answering(papers.notice)),
        Route(SHOT, answering(papers.shot)),
        Route(LIST, answering(papers.list)),
    ]


def _seen(look: Callable[[], T]) -> T:
    """Return what somebody looks for; what is not there, or not theirs to see, is an address that does not exist."""
    try:
        return look()
    except DraftError as error:
        raise NetError(str(error)) from error
