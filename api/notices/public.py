"""``/self-check/{token}``: whoever has the link of a site answers its checklist there, without an account (自查). It shows the site's name and its checklist, and takes; nothing can be read by it.

Off, unknown, run out, revoked, used up: all are answered alike, as an address that does not exist. A cookie of an hour tells the phones behind one address apart.
"""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from itsdangerous import URLSafeTimedSerializer
from jinja2 import Environment
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import SAFE, language_of, missing, refusal
from api.forms import FOREIGN, is_own
from api.frame import OTHER, POLICY, TAGS, templates
from api.guard import TOO_LARGE
from api.identity import address_of
from api.multipart import MOST_FIELDS, NotAForm, Sent, TooMuch, read
from api.visitors import AT_ONCE, MEGABYTE, Phones, once, words
from desk.access.entrance import Entrance
from desk.access.limits import Limits, limits_of, network_of
from desk.papers import self_checks
from desk.papers.self_checks import LONGEST_NOTE, Said
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import AnswersError, BattlemapError, DraftError, PhotoError, TextError, TooOften
from inspections.checklists import Checklist, Item, Kind
from inspections.sites import Site
from layers.style import css_by_system
from ledger.self_checks import Link
from locales import N_, Translator, translator
from reports.checklists import MARK, fault_text, unit_of
from reports.refusals import refusal as refused
from settings import Settings

PATH = "/self-check/{token}"
PHONE = "battlemap_self"  # cookie
MOST_SIZES = 8  # fields of one item
LONGEST_ANSWER = 40
HEADERS = {**SAFE, "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY", "Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}  # fmt: skip
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "title": N_("Self-check"),
        "intro": N_("Look at each line, and say how it is. What does not fit your place is not applicable. A person of the community looks at what you send; it is no inspection and has no penalty."),
        "urgent": N_("You smell gas, or something burns: leave, and call 119 and the gas company from outside. This page is not watched."),
        "note": N_("In a few words"),
        "note_hint": N_("No names of people, please."),
        "photo": N_("Photos"),
        "photo_hint": N_("If they help; no faces. Their place and time of day are removed."),
        "photo_again": N_("Choose the photos again: they were not kept."),
        "optional": N_("optional"),
        "send": N_("Send"),
        "received": N_("Received"),
        "receipt": N_("Receipt number"),
        "receipt_hint": N_("It tells you that your self-check arrived, and opens nothing."),
        "month": N_("as the plate says it: 2026-11 or 2026-11-23"),
    }
)  # fmt: skip
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "often": N_("Too much came from here just now. Wait {n} s, then send again."),
        "old": N_("The page was open too long. What you said is still here: look at it, and send it again."),
        "self_check_empty": N_("Nothing is answered. Answer at least one line."),
        "photos": N_("Too many photos. Send at most {n}."),
    }
)


@dataclass(frozen=True)
class _Open:
    """A link that opens its page, with what it shows."""

    room: Room
    link: Link
    site: Site
    checklist: Checklist


@dataclass(frozen=True)
class _Door:
    """What every such page needs."""

    rooms: Rooms
    language: str
    signer: URLSafeTimedSerializer
    phones: Phones
    limits: Limits
    pages: Environment
    free: asyncio.Semaphore

    def open(self, request: Request, now: datetime) -> _Open | None:
        """Return what an address opens; None for nothing, for whatever reason."""
        try:
            link = self_checks.find(self.rooms.ledger, request.path_params["token"])
            room = self.rooms.get(link.area, now) if link else None
            found = self_checks.opened(room, link, now) if room and link else None
        except BattlemapError:
            return None
        return _Open(room, link, *found) if room and link and found else None

    def answer(self, request: Request, at: _Open, status: int = HTTPStatus.OK, **said: Any) -> Response:
        """Answer with the page, or with its receipt."""
        language = language_of(request, self.language)
        _ = translator(language)
        kept, rules = said.pop("kept", {}), at.room.rules.papers.self_check
        faults = said.pop("faults", {})
        sections = [
            (section.name.in_(language), [_asked(item, kept, faults, _, language) for item in self_checks.items(at.checklist) if item.section == section.key])
            for section in at.checklist.sections
        ]  # fmt: skip
        common = {
            "tag": TAGS[language], "other_tag": OTHER[language][0], "other": OTHER[language][1], "tokens": TOKENS,
            "words": {key: _(text) for key, text in WORDS.items()}, "site": at.site.name, "list": at.checklist.name.in_(language),
            "area": at.room.area.pack.name.in_(language), "sections": [one for one in sections if one[1]], "most": LONGEST_NOTE, "longest": LONGEST_ANSWER, "photos": range(rules.most_photos),
            "form": self.signer.dumps([request.path_params["token"], at.checklist.version, secrets.token_urlsafe(9)]), "receipt": "", "fault": "", "note": kept.get("note", "")[:LONGEST_NOTE], "again": False,
            "action": request.url.path + (f"?lang={language}" if language != self.language else ""), "path": request.url.path,
        }  # fmt: skip
        html = self.pages.get_template("self_check.html").render(**{**common, **said})
        return Response(html, status, HEADERS, "text/html; charset=utf-8")

    def opened(self, request: Request, at: _Open) -> Response:
        """Answer with an empty page, and give a phone that has none a number of its own for this link."""
        return self.phones.give(request, self.answer(request, at), at.link.id)


def routes(settings: Settings, rooms: Rooms, entrance: Entrance) -> list[Route]:
    """Return the route of the public page."""
    signer = URLSafeTimedSerializer(entrance.key, salt="battlemap.self-check")
    phones = Phones(URLSafeTimedSerializer(entrance.key, salt="battlemap.self-check.phone"), PHONE)
    door = _Door(
        rooms, settings.language, signer, phones, limits_of(settings.rules), templates(), asyncio.Semaphore(AT_ONCE)
    )

    async def answer(request: Request) -> Response:
        now = datetime.now(UTC)
        at = await run_in_threadpool(door.open, request, now)
        if at is None:
            return missing(request)
        if request.method != "POST":
            return door.opened(request, at)
        try:
            return await _taken(door, request, at, now)
        except (TooMuch, NotAForm) as error:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if isinstance(error, TooMuch) else HTTPStatus.BAD_REQUEST
            return refusal(request, status, *(TOO_LARGE if isinstance(error, TooMuch) else FOREIGN), home=request.url.path)  # fmt: skip
        except ClientDisconnect:  # nobody hears this
            return Response(status_code=HTTPStatus.BAD_REQUEST)

    return [Route(PATH, answer, methods=["GET", "POST"])]


async def _taken(door: _Door, request: Request, at: _Open, now: datetime) -> Response:
    """Look at what was sent, cheap things first."""
    _, rules = translator(language_of(request, door.language)), at.room.rules.papers.self_check
    if not is_own(request.headers):
        return refusal(request, HTTPStatus.FORBIDDEN, *FOREIGN, home=request.url.path)
    most = MOST_FIELDS + sum(len(item.sizes) or 1 for item in self_checks.items(at.checklist))
    try:
        self_checks.ask(
            door.limits, door.phones.number(request, at.link.id), network_of(address_of(request)), at.link, now
        )
    except TooOften as error:
        sent = await words(request, fields=most)
        answer = door.answer(request, at, HTTPStatus.TOO_MANY_REQUESTS, fault=_(FAULTS["often"]).format(n=error.wait), kept=sent.fields, again=bool(sent.files))  # fmt: skip
        answer.headers["Retry-After"] = str(error.wait)
        return answer
    sent = await read(request, most=rules.photos_mb * MEGABYTE, files=rules.most_photos, fields=most)
    opened = once(door.signer, request, sent, rules.fresh_minutes)
    if opened is None:
        return refusal(request, HTTPStatus.FORBIDDEN, *FOREIGN, home=request.url.path)
    if not opened or opened[0] != at.checklist.version:  # open too long, or another list than was looked at
        return _refused(door, request, at, sent, _(FAULTS["old"]))
    photos = tuple(data for _name, data in sent.files.values())
    said = Said(_answers(at.checklist, sent.fields), sent.fields.get("note", ""), photos, str(opened[-1]))
    async with door.free:
        return await run_in_threadpool(_kept, door, request, at, sent, said, now)


def _kept(  # noqa: PLR0917
    door: _Door, request: Request, at: _Open, sent: Sent, said: Said, now: datetime
) -> Response:
    _ = translator(language_of(request, door.language))
    try:
        receipt = self_checks.take(at.room, at.link, said, now)
    except AnswersError as error:
        faults = {one.item: fault_text(one, _) for one in error.faults}
        return _refused(door, request, at, sent, next(iter(faults.values())), faults)
    except DraftError as error:
        if error.field == "link_gone":
            return missing(request)
        text = _(FAULTS[error.field]) if error.field in FAULTS else refused(error, _)
        return _refused(door, request, at, sent, text.format(n=at.room.rules.papers.self_check.most_photos))
    except (TextError, PhotoError) as error:
        return _refused(door, request, at, sent, refused(error, _))
    return door.answer(request, at, receipt=receipt)


def _refused(  # noqa: PLR0917
    door: _Door, request: Request, at: _Open, sent: Sent, text: str, faults: Mapping[str, str] = MappingProxyType({})
) -> Response:
    """Answer with the page as it was filled in, and what is wrong."""
    return door.answer(request, at, HTTPStatus.UNPROCESSABLE_ENTITY, fault=text, kept=sent.fields, faults=faults, again=bool(sent.files))  # fmt: skip


def _answers(checklist: Checklist, fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the answers of a page as `inspections.answers.read` takes them; what is left out is no answer."""
    found: dict[str, Any] = {}
    for item in self_checks.items(checklist):
        if item.kind is Kind.CYLINDERS and fields.get(f"a.{item.key}") != "na":
            counted = {f"{size:g}": fields.get(f"a.{item.key}.{size:g}", "")[:LONGEST_ANSWER].strip() for size in item.sizes}  # fmt: skip
            found[item.key] = {size: count for size, count in counted.items() if count}
        else:
            found[item.key] = fields.get(f"a.{item.key}", "")[:LONGEST_ANSWER].strip()
    return {key: value for key, value in found.items() if value}


def _asked(item: Item, kept: Mapping[str, str], faults: Mapping[str, str], _: Translator, language: str) -> dict[str, Any]:  # fmt: skip
    """Return what the page asks of one item."""
    name = f"a.{item.key}"
    marks = [(mark.value, _(text)) for mark, text in MARK.items() if mark.value in {"pass", "fail", "na"}]
    choices = {Kind.YES_NO: marks, Kind.CHOICE: [(one.key, one.name.in_(language)) for one in item.options]}.get(item.kind, [])  # fmt: skip
    return {
        "name": name, "key": item.key, "text": item.text.in_(language), "look": item.look.in_(language), "choices": choices, "value": kept.get(name, "")[:LONGEST_ANSWER],
        "sizes": [(f"{name}.{size:g}", f"{size:g} kg", kept.get(f"{name}.{size:g}", "")[:LONGEST_ANSWER]) for size in item.sizes],
        "unit": unit_of(item, language), "date": item.kind is Kind.DATE, "fault": faults.get(item.key, ""),
    }  # fmt: skip


TOKENS = Markup(css_by_system())  # noqa: S704  our own style sheet
