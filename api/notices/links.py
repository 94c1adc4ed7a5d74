"""``/self-checks/{area}/{site}``: the links by which a site checks itself (自查), and what it sent; for the posts that judge findings there."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import failure
from api.forms import ForeignForm, Forms, foreign
from api.frame import OTHER, Said, go, templates, to
from api.notices.sheet import Sheets, base_of, code_of
from api.places import Places
from desk.access.entrance import Entrance
from desk.papers import notices, self_checks
from desk.posts.acting import acting, posts_of
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import BattlemapError, DraftError, NetError, NoAccess
from incidents.lifecycle import By
from inspections.answers import Mark
from layers.style import css_by_system
from ledger.self_checks import Check, Link
from locales import N_, Translator, translator
from reports.case_words import local, post_name
from reports.checklists import why
from settings import Settings

PATH = "/self-checks/{area}/{site}"
WORDS = {
    "title": N_("Self-checks of the site"),
    "off": N_("Self-checks by a link are off (papers.toml): no link opens anything."),
    "hint": N_("Whoever has the link sees the name of the site and its checklist, and nothing else. What comes in is no inspection: it raises no finding and counts in no figure before a person looked."),
    "list": N_("Checklist"),
    "make": N_("Make a link"),
    "fresh": N_("The link, shown this once"),
    "fresh_hint": N_("Print it, or send it to the site. It is kept nowhere: who loses it gets another."),
    "no_address": N_("You opened this console as this very machine, so there is no code: no telephone could follow it. Open it by the machine's name, or set `address` in papers.toml."),
    "links": N_("Links"),
    "until": N_("Until"),
    "state": N_("State"),
    "sent": N_("Came in"),
    "revoke": N_("Revoke"),
    "checks": N_("What came in"),
    "waiting": N_("Self-check, not looked at"),
    "seen": N_("Looked at by"),
    "see": N_("I looked at it"),
    "failed": N_("Said to fail"),
    "passed": N_("of which pass"),
    "none": N_("Nothing came in yet."),
    "no_links": N_("There is no link yet."),
    "paper": N_("Checklist to fill in by hand"),
    "photos": N_("Photos"),
    "back": N_("Back to the site"),
}  # fmt: skip
FAULTS: Mapping[str, str] = {
    "self_check_off": WORDS["off"],
    "self_check_site": N_("The site is not in use, and checks nothing."),
    "self_check_list": N_("There is no such checklist for this kind of site."),
    "self_check_many": N_("The site has enough links that open their page. Revoke one first."),
    "gone": N_("That is not there any more. Look at the list as it is now."),
    "access": N_("Your role may not do this. Ask the security administrator."),
}


class Links(Sheets):
    """The page of one site."""

    def show(self, request: Request, *, fault: str = "", token: str = "") -> Response:
        """Answer with the links and what came in; with a new link, this once."""
        now, language = datetime.now(UTC), self.language(request)
        room, _ = self.room(request, now), translator(language)
        number = request.path_params["site"]
        try:
            place = self_checks.site(room, number)
            links, checks = self_checks.listed(room, number)
        except DraftError as error:
            raise NetError(str(error)) from error
        rules, area = room.rules.papers.self_check, quote(room.id, safe="")
        base = rules.address or base_of(request)
        address = f"{base}/self-check/{token}" if token and base else f"/self-check/{token}" if token else ""
        lists = self_checks.checklists(room, place)
        lists = tuple(sorted(lists, key=lambda one: one.key != "self_check"))
        return self.answer(
            request, "self_links", Said(WORDS["title"]), words=WORDS, status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK, tokens=Markup(css_by_system()),  # noqa: S704  our own
            area=room.area.pack.name.in_(language), site=place.name, number=place.number, open=rules.open, fault=_(FAULTS.get(fault, FAULTS["gone"])) if fault else "", address=address, code=code_of(address) if token and base else "",
            lists=[(one.key, one.name.in_(language)) for one in lists], papers=[(to(request, f"/checklist/{area}/{one.key}", site=place.number), one.name.in_(language)) for one in lists],
            links=[_link(room, one, now, _) for one in links], checks=[_check(room, one, _, language) for one in checks], send_to=to(request, request.url.path),
            back_to=to(request, "/sites", area=room.id, site=place.number), other_to=to(request, request.url.path, lang=OTHER[language][0]),
        )  # fmt: skip

    def take(self, request: Request, fields: Mapping[str, str]) -> Response:
        """Do what a form asks for."""
        now, number = datetime.now(UTC), request.path_params["site"]
        room = self.room(request, now)
        try:
            by = _by(room, now)
            if fields.get("act") == "make":
                _made, token = self_checks.make(room, number, fields.get("list", ""), by, now)
                return self.show(request, token=token)
            if fields.get("act") == "revoke":
                self_checks.revoke(room, number, _whole(fields.get("link", "")), by, now)
            elif fields.get("act") == "see":
                self_checks.see(room, number, fields.get("check", ""), by, now)
        except NoAccess:
            return self.show(request, fault="access")
        except DraftError as error:
            return self.show(request, fault=error.field)
        return go(to(request, request.url.path))


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the route of the page."""
    links = Links(settings, Places(rooms, settings.packs), Forms(entrance.key), assets, templates(), rooms)
    return [Route(PATH, _taking(links), methods=["GET", "POST"])]


def _taking(links: Links) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            if request.method != "POST":
                return await run_in_threadpool(links.show, request)
            fields = await links.forms.read(request)
            return await run_in_threadpool(links.take, request, fields)
        except ForeignForm:
            return foreign(request)
        except BattlemapError as error:
            return failure(request, error)

    return answer


def _by(room: Room, now: datetime) -> By:
    posts = posts_of(room, room.who, now) if room.who else ()
    if not posts:
        raise NoAccess("There is no post as which you could do this.", self_checks.EDIT)
    return acting(room, posts[0])


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0  # noqa: PLR2004  digits


def _link(room: Room, one: Link, now: datetime, _: Translator) -> dict[str, Any]:
    most = room.rules.papers.self_check.most
    opens = one.opens(now, most)
    over = _("revoked") if one.revoked else _("run out") if now >= one.expires else _("used up")
    state = _("opens its page") if opens else over
    return {"id": one.id, "until": local(room, one.expires), "state": state, "opens": opens, "sent": f"{one.sent} / {most}", "post": post_name(room, one.post, _)}  # fmt: skip


def _check(room: Room, one: Check, _: Translator, language: str) -> dict[str, Any]:
    made, fails, passed, note, photos = one.inspection, [], 0, "", []
    try:
        found = notices.look(room, made.number, needs=self_checks.EDIT)
        fails = [(line.item.text.in_(language), why(line, _, language)) for line in found.failed]
        passed = sum(line.mark is Mark.PASS for line in found.verdict.results) if found.verdict else 0
        note = found.notes.get("", "")
        area = quote(room.id, safe="")
        photos = [f"/notice/{area}/{quote(made.number, safe='')}/{digest}" for digest in found.shots]
    except BattlemapError:  # its checklist is not there any more
        fails = []
    return {"number": made.number, "at": local(room, made.done_at), "fails": fails, "passed": passed, "asked": len(made.answers), "note": note, "photos": photos, "seen": f"{post_name(room, one.seen_by, _)} {local(room, one.seen)}" if one.seen else ""}  # fmt: skip
