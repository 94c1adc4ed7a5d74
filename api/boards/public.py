"""``/board/{token}``: anybody who stands before a notice board may write what is wrong there. It only takes: nothing can be read by it, nobody is recognised.

A cookie of an hour, which holds a random number, tells the phones behind one address apart, so that one who floods shuts no neighbour out.

Off, unknown, revoked: all are answered alike, as an address that does not exist.
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
from api.multipart import NotAForm, Sent, TooMuch, read
from api.visitors import AT_ONCE, MEGABYTE, Phones, once, words
from desk.access.entrance import Entrance
from desk.access.limits import Limits, limits_of, network_of
from desk.boards import page
from desk.boards.page import Said
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import BattlemapError, DraftError, PhotoError, TextError, TooOften, UnknownClass
from layers.style import css_by_system
from ledger.boards import Board
from locales import N_, translator
from reports.refusals import refusal as why
from settings import Settings

PATH = "/board/{token}"
LONGEST_CONTACT = 40
PHONE = "battlemap_board"  # cookie
HEADERS = {**SAFE, "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY", "Content-Security-Policy": POLICY, "Cache-Control": "no-store", "X-Robots-Tag": "noindex"}  # fmt: skip
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "title": N_("Report a problem here"),
        "board": N_("Notice board"),
        "urgent": N_("Fire, gas, people hurt or a crime: call 119, 110 or 120 at once. This page is not watched day and night."),
        "class": N_("What is it?"),
        "text": N_("In a few words"),
        "text_hint": N_("What, and where exactly. No names of other people, please."),
        "photo": N_("Photo"),
        "photo_hint": N_("One, if it helps; no faces, no number plates. Its place and time of day are removed."),
        "contact": N_("Your telephone, if you want to be asked back"),
        "contact_hint": N_("Need not be given. It is kept encrypted, shown to few, and erased when the matter is long over."),
        "send": N_("Send"),
        "optional": N_("optional"),
        "marked": N_("A person looks at every report before anything is done. It is marked as unchecked until then."),
        "received": N_("Received"),
        "receipt": N_("Receipt number"),
        "receipt_hint": N_("It tells you that your report arrived, and opens nothing: no progress can be looked up by it."),
        "again": N_("Report something else"),
        "photo_again": N_("Choose the photo again: it was not kept."),
        "office": N_("Responsible post"),
    }
)  # fmt: skip
FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "often": N_("Too many reports came from here just now. Wait {n} s, then send again."),
        "old": N_("The page was open too long. What you wrote is still here: look at it, and send it again."),
        "class": N_("Choose what it is."),
    }
)


@dataclass(frozen=True)
class _Door:
    """What every page of a board needs."""

    rooms: Rooms
    language: str
    signer: URLSafeTimedSerializer
    phones: Phones
    limits: Limits
    pages: Environment
    free: asyncio.Semaphore

    def board(self, request: Request, now: datetime) -> tuple[Room, Board] | None:
        """Return the board of an address and its room; None where nothing may be reported there, for whatever reason."""
        try:
            ledger = self.rooms.ledger
            found = page.find_board(ledger, request.path_params["token"])
            room = self.rooms.get(found[0], now) if found else None
        except BattlemapError:
            return None
        if room is None or found is None or not room.rules.boards.open:
            return None
        return room, found[1]

    def answer(self, request: Request, room: Room, board: Board, status: int = HTTPStatus.OK, **said: Any) -> Response:
        """Answer with the page, or with its receipt."""
        language = language_of(request, self.language)
        _ = translator(language)
        token, rules = request.path_params["token"], room.rules.boards
        post = room.post(board.post) if board.post else None
        common = {
            "tag": TAGS[language], "other_tag": OTHER[language][0], "other": OTHER[language][1], "tokens": TOKENS,
            "words": {key: _(text) for key, text in WORDS.items()}, "place": board.place, "name": board.name,
            "area": room.area.pack.name.in_(language), "post": post.title if post else "", "phone": board.contact,
            "classes": [(one.key, one.name.in_(language)) for one in page.classes(room)], "most": rules.longest_text,
            "form": self.signer.dumps([token, secrets.token_urlsafe(9)]), "receipt": "", "fault": "", "text": "", "chosen": "", "contact": "", "again": False,
            "action": request.url.path + (f"?lang={language}" if language != self.language else ""),
            "path": request.url.path,
        }  # fmt: skip
        html = self.pages.get_template("board.html").render(**{**common, **said})
        return Response(html, status, HEADERS, "text/html; charset=utf-8")

    def opened(self, request: Request, room: Room, board: Board) -> Response:
        """Answer with an empty page, and give a phone that has none a number of its own for this board."""
        return self.phones.give(request, self.answer(request, room, board), board.id)

    def fault(  # noqa: PLR0917
        self, request: Request, room: Room, board: Board, sent: Sent, text: str, status: int
    ) -> Response:
        """Answer with the page as it was filled in, and what is wrong."""
        kept = {"text": sent.fields.get("text", "")[: room.rules.boards.longest_text], "chosen": sent.fields.get("class", ""), "contact": sent.fields.get("contact", "")[:LONGEST_CONTACT], "again": bool(sent.files)}  # fmt: skip
        return self.answer(request, room, board, status, fault=text, **kept)


def routes(settings: Settings, rooms: Rooms, entrance: Entrance) -> list[Route]:
    """Return the route of the public page."""
    signer = URLSafeTimedSerializer(entrance.key, salt="battlemap.board")
    phones = Phones(URLSafeTimedSerializer(entrance.key, salt="battlemap.board.phone"), PHONE)
    door = _Door(
        rooms, settings.language, signer, phones, limits_of(settings.rules), templates(), asyncio.Semaphore(AT_ONCE)
    )

    async def answer(request: Request) -> Response:
        now = datetime.now(UTC)
        found = await run_in_threadpool(door.board, request, now)
        if found is None:
            return missing(request)
        if request.method != "POST":
            return door.opened(request, *found)
        try:
            return await _taken(door, request, *found, now)
        except (TooMuch, NotAForm) as error:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if isinstance(error, TooMuch) else HTTPStatus.BAD_REQUEST
            return refusal(request, status, *(TOO_LARGE if isinstance(error, TooMuch) else FOREIGN), home=request.url.path)  # fmt: skip
        except ClientDisconnect:  # nobody hears this
            return Response(status_code=HTTPStatus.BAD_REQUEST)

    return [Route(PATH, answer, methods=["GET", "POST"])]


async def _taken(door: _Door, request: Request, room: Room, board: Board, now: datetime) -> Response:
    """Look at what was sent, cheap things first."""
    _ = translator(language_of(request, door.language))
    if not is_own(request.headers):
        return refusal(request, HTTPStatus.FORBIDDEN, *FOREIGN, home=request.url.path)
    try:
        page.ask(door.limits, door.phones.number(request, board.id), network_of(address_of(request)), board, now)
    except TooOften as error:
        answer = door.fault(request, room, board, await words(request), _(FAULTS["often"]).format(n=error.wait), HTTPStatus.TOO_MANY_REQUESTS)  # fmt: skip
        answer.headers["Retry-After"] = str(error.wait)
        return answer
    sent = await read(request, most=room.rules.boards.photo_mb * MEGABYTE)
    opened = once(door.signer, request, sent, room.rules.boards.fresh_minutes)
    if opened is None:
        return refusal(request, HTTPStatus.FORBIDDEN, *FOREIGN, home=request.url.path)
    if not opened:
        return door.fault(request, room, board, sent, _(FAULTS["old"]), HTTPStatus.UNPROCESSABLE_ENTITY)
    photos = tuple(data for _name, data in sent.files.values())
    said = Said(
        sent.fields.get("class", ""),
        sent.fields.get("text", ""),
        sent.fields.get("contact", ""),
        photos,
        str(opened[0]),
    )
    async with door.free:
        return await run_in_threadpool(_kept, door, request, room, board, sent, said, now)


def _kept(  # noqa: PLR0917
    door: _Door, request: Request, room: Room, board: Board, sent: Sent, said: Said, now: datetime
) -> Response:
    _ = translator(language_of(request, door.language))
    try:
        receipt = page.take(room, board, said, now)
    except UnknownClass:
        return door.fault(request, room, board, sent, _(FAULTS["class"]), HTTPStatus.UNPROCESSABLE_ENTITY)
    except (TextError, PhotoError, DraftError) as error:
        return door.fault(request, room, board, sent, why(error, _), HTTPStatus.UNPROCESSABLE_ENTITY)
    return door.answer(request, room, board, receipt=receipt)


TOKENS = Markup(css_by_system())  # noqa: S704  our own style sheet
