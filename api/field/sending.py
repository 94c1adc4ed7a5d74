"""``PUT /field/{area}/photo/{sha256}`` and ``POST /field/{area}/send``: what a phone sends, from our own pages alone, no larger than it can be, and not too often."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.answers import SAFE, failure, fresh
from api.forms import is_own
from api.identity import room as room_of
from api.identity import who
from desk.access.limits import Limits, limits_of
from desk.field import items
from desk.field.sending import Outcome, State, send
from desk.field.staged import DIGEST, Staged
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import BattlemapError, DraftError, PhotoError, TooOften
from reports.field_words import said_of
from settings import Settings

DOORS = ("PUT /field/{area}/photo/{sha256}", "POST /field/{area}/send")
LARGEST = 2**20  # bytes of a parcel
AT_ONCE = 16  # parcels, of the forty threads of a process: after an outage all phones come at once, and the desk goes on working
PIECE = 2**18  # bytes of a photo that are written at once


class _Refused(Exception):
    """A request that is not taken: status and what a script is told."""

    def __init__(self, status: HTTPStatus, error: str, detail: str = "") -> None:
        super().__init__(error)
        self.status, self.said = status, {"error": error, **({"detail": detail} if detail else {})}


def routes(rooms: Rooms, settings: Settings) -> list[Route]:
    """Return the routes of photos and of what was done."""
    limits, free = limits_of(settings.rules), asyncio.Semaphore(AT_ONCE)

    async def photo(request: Request) -> Response:
        digest = request.path_params["sha256"]
        room = await _entered(request, rooms, limits, "field_photos.account")
        if not DIGEST.fullmatch(digest):
            raise _Refused(HTTPStatus.BAD_REQUEST, "form", "The address ends with a SHA-256 in hexadecimal.")
        box = _box(room, who(request).account)
        if not box.has(digest):
            await _take(request, box, digest)
        return fresh({"photo": digest})

    async def parcel(request: Request) -> Response:
        came = datetime.now(UTC)
        room = await _entered(request, rooms, limits, "field_requests.account")
        body = await _body(request)
        async with free:
            return await run_in_threadpool(_sent, room, body, limits, request, came)

    return [
        Route("/field/{area}/photo/{sha256}", _answering(photo), methods=["PUT"]),
        Route("/field/{area}/send", _answering(parcel), methods=["POST"]),
    ]


def _answering(endpoint: Callable[[Request], Any]) -> Callable[[Request], Any]:
    """Make an endpoint say in JSON why it takes nothing."""

    async def safe(request: Request) -> Response:
        try:
            answer: Response = await endpoint(request)
        except _Refused as refused:
            return JSONResponse(refused.said, refused.status, SAFE)
        except BattlemapError as error:
            return failure(request, error)
        except ClientDisconnect:  # the signal went; nobody hears this
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        return answer

    return safe


async def _entered(request: Request, rooms: Rooms, limits: Limits, limit: str) -> Room:
    """Return the room that a request may send to; it comes from a page of ours, and not too often."""
    if not is_own(request.headers):
        raise _Refused(HTTPStatus.FORBIDDEN, "foreign", "This is taken from pages of this console alone.")
    now = datetime.now(UTC)
    limits.ask(limit, who(request).account, now)
    return await run_in_threadpool(room_of, request, rooms, now)


def _box(room: Room, account: str) -> Staged:
    settings = room.rules.settings
    return Staged(room.ledger.folder, account, own_mb=settings.staged_mb, all_mb=settings.staged_all_mb)


async def _take(request: Request, box: Staged, digest: str) -> None:
    try:
        await _taken(request, box, digest)
    except PhotoError as error:
        raise _Refused(HTTPStatus.CONFLICT, "full", str(error)) from error


async def _taken(request: Request, box: Staged, digest: str) -> None:
    with await run_in_threadpool(box.taking, digest, datetime.now(UTC)) as taking:
        piece = bytearray()
        async for chunk in request.stream():
            piece += chunk
            if len(piece) >= PIECE:
                _write(taking.write, piece)
        _write(taking.write, piece)
        if not await run_in_threadpool(taking.done):
            raise _Refused(HTTPStatus.BAD_REQUEST, "incomplete", "What came is not what was announced. Send it again.")


def _write(write: Callable[[bytes], bool], piece: bytearray) -> None:
    if not write(bytes(piece)):
        raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "large", "A photo has 20 MB at most.")
    piece.clear()


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise _Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "large", "A parcel has 1 MB at most.")
    return bytes(body)


def _sent(room: Room, body: bytes, limits: Limits, request: Request, came: datetime) -> Response:
    """Do what a parcel says, and answer with what became of it; its clock went on while it waited for its turn."""
    now, account = datetime.now(UTC), who(request).account
    try:
        found = items.read(_read(body))
    except DraftError as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, "many" if error.field == "many" else "form", str(error)) from error
    if found.account and found.account != account:
        raise _Refused(HTTPStatus.BAD_REQUEST, "account", "This was written by another account. Log in as that one.")
    found = replace(found, clock=found.clock + (now - came))
    outcomes = send(room, found, now, _box(room, account), lambda: limits.ask("field_items.account", account, now))
    return fresh({"served": now.isoformat(), "items": [_said(room, one) for one in outcomes]}, request)


def _read(body: bytes) -> Any:
    """Return what a body says: JSON in UTF-8, not deeper than anything of ours, every character of which can be written."""
    try:
        text = body.decode("utf-8")
        said = json.loads(text, parse_constant=_no_number)
        json.dumps(said, ensure_ascii=False).encode()  # half a character, which JSON can name and nothing can keep
    except (ValueError, RecursionError) as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, "json", "The body is no JSON in UTF-8.") from error
    return said


def _no_number(name: str) -> float:
    raise ValueError(name)


def _said(room: Room, outcome: Outcome) -> dict[str, Any]:
    said: dict[str, Any] = {"key": outcome.key, "state": outcome.state.value}
    if outcome.state is State.DONE:
        return {**said, "number": outcome.number, "version": outcome.version}
    error: dict[str, Any] = {"kind": outcome.kind.value if outcome.kind else "", **said_of(room, outcome)}
    if outcome.missing:
        error["photos"] = list(outcome.missing)
    if isinstance(outcome.error, TooOften):
        error["seconds"] = outcome.error.wait
    case = outcome.case
    now = {"number": case.number, "version": case.version, "status": case.status.value} if case else {}
    return {
        **said,
        **{name: now[name] for name in ("number", "version") if now},
        "error": {**error, **({"case": now} if now else {})},
    }
