"""``/order/{area}``: the form by which an authority makes an order out (责令整改通知书); ``/order/{area}/{number}``: the order on A4. No community has these addresses."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import answering, failure
from api.forms import FIELD, ForeignForm, Forms, foreign, is_own
from api.frame import OTHER, Said, go, templates, to
from api.notices.sheet import Sheets
from api.places import Places
from desk.access.entrance import Entrance
from desk.papers import notices, orders
from desk.papers.orders import OFFICERS, Wish
from desk.posts.acting import acting
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import BattlemapError, DraftError, NetError, NoAccess, TextError
from incidents.posts import Post
from layers.style import css_by_system
from locales import N_, translator
from reports.case_words import local, post_name
from reports.inspection_papers import lines, shown
from settings import Settings

FORM, PAPER = "/order/{area}", "/order/{area}/{number}"
TITLE = N_("Order to put right")
LARGEST = 32 * 1024  # bytes of the form
WORDS = {
    "title": TITLE,
    "as": N_("Authority that makes it out"),
    "none": N_("No authority stands behind your post. Let papers.toml name it; a community tells a place of its hazards by a notice."),
    "empty": N_("Nothing that failed in this inspection is left to put right; there is nothing to order."),
    "wanted": N_("What has to be put right"),
    "basis": N_("Legal basis"),
    "basis_hint": N_("Clauses of what failed, and articles that judge this place itself. Hold them against the original text."),
    "due": N_("Until"),
    "officer": N_("Officer"),
    "name": N_("Name of the officer"),
    "no_basis": N_("None of these items names a clause in its checklist, so the order would rest on nothing. Let the checklist name it."),
    "certificate": N_("Number of the certificate"),
    "officers_hint": N_("Two officers with certificates. Their names stand on the order, and are erased when their time is over."),
    "addressee": N_("Addressee"),
    "addressee_hint": N_("as its licence names it; empty: the name of the site"),
    "text": N_("More that is asked"),
    "optional": N_("optional"),
    "issue": N_("Make the order out"),
    "before": N_("Orders on this inspection"),
    "back": N_("Back"),
}  # fmt: skip
SHEET = {
    "addressee": WORDS["addressee"],
    "found": N_("At the inspection these problems were found:"),
    "problem": N_("Problem, and where"),
    "asked": N_("You are ordered to put them right by this day:"),
    "basis": N_("This rests on:"),
    "more": N_("More that is asked:"),
    "officers": N_("Officers, with certificate numbers"),
    "received": N_("Received by (signature)"),
    "left": N_("Refused to receive it, or left at the place (reason, witness)"),
    "again": N_("To be looked at again on"),
    "seal": N_("Authority (seal)"),
    "copies": N_("Two copies: one for the addressee, one for the file."),
    "erased": N_("erased"),
    "date": N_("Date"),
}
FAULTS: Mapping[str, str] = {
    "order_items": N_("Choose at least one item that failed and is not put right."),
    "order_basis": N_("Choose at least one text on which the order rests."),
    "order_due": N_("The day cannot be: not before today, and not later than papers.toml allows."),
    "order_officers": N_("Name two officers, each with name and certificate number (4 to 40 letters or digits)."),
    "order_twice": N_("Of one of these there is an order of today already. Print that one."),
    "order_self": N_("A self-check is no inspection. Inspect the place first."),
    "text": N_("A text is too long."),
    "access": N_("No authority stands behind your post, or it is none of yours."),
}


class Orders(Sheets):
    """The form and the order."""

    def form(self, request: Request, *, fault: str = "", kept: Mapping[str, Any] | None = None) -> Response:
        """Answer with the form for an inspection."""
        now, language = datetime.now(UTC), self.language(request)
        room, _ = self.room(request, now), translator(language)
        number = request.query_params.get("inspection", "")
        try:
            found = notices.look(room, number, needs=notices.ORDER)
            before = orders.listed(room, found.made.number)
        except DraftError as error:
            raise NetError(str(error)) from error
        posts = orders.issuers(room, now)
        kept = kept or {"items": [one.item.key for one in found.open]}
        due = max((one.due for one in found.open if one.due), default=None)
        area = quote(room.id, safe="")
        return self.answer(
            request, "order_form", Said(TITLE), words=WORDS, status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK, tokens=Markup(css_by_system()), area=room.area.pack.name.in_(language),  # noqa: S704  our own
            number=found.made.number, fault=_(FAULTS.get(fault, FAULTS["text"])) if fault else "", rows=shown(room, found, _, language),
            posts=[(post.key, name.in_(language)) for post in posts if (name := orders.authority(room, post))],
            items=[(one.item.key, one.item.text.in_(language), one.item.clause, one.item.key in kept.get("items", ())) for one in found.open],
            basis=[(text, text in kept.get("articles", ())) for text in orders.basis(found, "zh")], due=kept.get("due", due.isoformat() if due else ""), today=now.astimezone(room.area.pack.timezone).date().isoformat(),
            officers=[(number, kept.get(f"name{number}", ""), kept.get(f"certificate{number}", "")) for number in range(1, OFFICERS + 1)], addressee=kept.get("addressee", ""), text=kept.get("text", ""),
            send_to=to(request, request.url.path, inspection=found.made.number), before=[(to(request, f"/order/{area}/{quote(one.number, safe='')}"), one.number) for one in before],
            back_to=to(request, "/inspections", area=room.id, inspection=found.made.number), other_to=to(request, request.url.path, inspection=found.made.number, lang=OTHER[language][0]),
        )  # fmt: skip

    def take(self, request: Request, said: Mapping[str, Any]) -> Response:
        """Make an order out, and go to it; or answer with the form as it was filled in."""
        now = datetime.now(UTC)
        room = self.room(request, now)
        try:
            post = _issuer(room, said.get("as", ""), now)
            wish = Wish(
                request.query_params.get("inspection", ""), said["items"], said["articles"], _day(said.get("due", "")),
                [(said.get(f"name{number}", ""), said.get(f"certificate{number}", "")) for number in range(1, OFFICERS + 1)], said.get("addressee", ""), said.get("text", ""),
            )  # fmt: skip
            order = orders.issue(room, wish, acting(room, post), now)
        except NoAccess:
            return self.form(request, fault="access", kept=said)
        except (DraftError, TextError) as error:
            return self.form(request, fault=error.field if isinstance(error, DraftError) else "text", kept=said)
        return go(to(request, f"/order/{quote(room.id, safe='')}/{quote(order.number, safe='')}"))

    def order(self, request: Request) -> Response:
        """Answer with an order on A4."""
        now, language = datetime.now(UTC), self.language(request)
        room, _ = self.room(request, now), translator(language)
        try:
            order, found = orders.get(room, request.path_params["number"])
        except DraftError as error:
            raise NetError(str(error)) from error
        words, area = order.words, quote(room.id, safe="")
        problems = {one.item: one for one in reversed(lines(room, found, _, language)) if one.item in order.items}
        return self.paper(
            request, room, now, "order", TITLE, order.number, sheet="authority_order", since=datetime.combine(order.day, datetime.min.time(), UTC), words=SHEET,
            back=to(request, f"/order/{area}", inspection=order.inspection), record=f"/order/{area}/{quote(order.number, safe='')}", authority=order.authority, addressee=words.get("addressee", "") or found.site.name,
            site=found.site.name, address=found.site.address, inspected=local(room, found.made.done_at), lines=list(problems.values())[::-1], articles=list(order.articles), due=order.due.isoformat(), day=order.day.isoformat(),
            officers=[tuple(one) for one in words.get("officers", ())], text=words.get("text", ""), post=post_name(room, order.post, _), inspection=order.inspection,
        )  # fmt: skip


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the routes of the form and of the order."""
    made = Orders(settings, Places(rooms, settings.packs), Forms(entrance.key), assets, templates(), rooms)
    return [Route(FORM, _taking(made), methods=["GET", "POST"]), Route(PAPER, answering(made.order))]


def _taking(made: Orders) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            if request.method != "POST":
                return await run_in_threadpool(made.form, request)
            return await run_in_threadpool(made.take, request, await _fields(made, request))
        except ForeignForm:
            return foreign(request)
        except BattlemapError as error:
            return failure(request, error)

    return answer


async def _fields(made: Orders, request: Request) -> dict[str, Any]:
    """Return the fields of the form: several items and articles each under one name."""
    if not is_own(request.headers):
        raise ForeignForm
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise ForeignForm
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    said: dict[str, Any] = dict(pairs)
    made.forms.require(request, said.pop(FIELD, ""))
    several = {name: [value for key, value in pairs if key == name] for name in ("items", "articles")}
    return {**said, **several}


def _issuer(room: Room, key: str, now: datetime) -> Post:
    found = next((one for one in orders.issuers(room, now) if one.key == key), None)
    if found is None:
        raise NoAccess("No authority stands behind this post, or it is none of yours.", notices.ORDER)
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DraftError(f"{text[:20]!r} is no day.", field="order_due") from error
