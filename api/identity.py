"""The gate: who asks, and whether they may, decided before any code of ours or Streamlit's runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import SAFE, failure, missing, refusal, wants_page
from desk.access.entrance import OWN, Entrance, room_of
from desk.access.permissions import ANY, OFF, PUBLIC
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import BattlemapError
from incidents.access import EVERYWHERE, Role, Who
from locales import LANGUAGES, N_

LOG = logging.getLogger(__name__)
COOKIE, OVER_TLS = "battlemap_session", "__Host-battlemap_session"
SESSION = b"x-battlemap-session"  # tells the pages whose websocket it is; taken from whatever comes in
ACTIVE = "x-battlemap-active"  # a page that asks by itself says so when somebody did something since
FIELD = "/field/"  # whose pages keep what was written, and ask for nothing but to log in again
LOG_IN, PASSWORD = "/log-in", "/password"
HOME: Mapping[Role, str] = {Role.SYSTEM: "/accounts", Role.SECURITY: "/grants", Role.AUDIT: "/audit"}
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
FORWARDED = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"})
EVERY = 3.0  # seconds between two looks at the sessions whose websockets are open
PATIENCE = 20.0  # seconds that a script waits for an area that begins
CUT = 4401  # close code of a websocket whose session is over
NOT_IN = (N_("Please log in"), N_("Your session is over, or you have not logged in yet."))
NOT_YOURS = (
    N_("Your role may not see this"),
    N_("Open the console. If you need this for your work, ask the security administrator."),
)
NOT_DIVIDED = (
    N_("Your role may not see this"),
    N_("Open your own page. What administrators may do is divided among three, and this belongs to others."),
)
NOT_ALLOWED = (N_("That cannot be done here"), N_("This address is only for reading."))


def who(request: Request) -> Who:
    """Return who asks, as the gate found them; without a gate nobody may ask, which is an error of ours."""
    found: Who = request.state.who
    return found


def home_of(somebody: Who) -> str:
    """Return the page to which somebody belongs: an administrator to the work of the role, a screen to its wall, in the view to which it is bound; "" for the console."""
    if somebody.role is Role.WALL:
        area = "" if somebody.scope.area == EVERYWHERE else quote(somebody.scope.area, safe="")
        return "/".join(filter(None, ("/wall", area, somebody.view)))
    return HOME.get(somebody.role, "")


def address_of(request: Request) -> str:
    """Return the address that a request came from; "" where nobody knows."""
    return request.client.host if request.client else ""


def room(request: Request, rooms: Rooms, now: datetime, *, begun: bool = True, patience: float | None = None) -> Room:
    """Return the room that an address names, as who asks sees it.

    Parameters
    ----------
    begun
        Whether it must have begun; False for what shows the net alone.
    patience
        Seconds to wait for that; None: none for a person, whose page says so and asks again, and `PATIENCE` for a script.

    Raises
    ------
    Beginning
        It begins just now.
    UnknownArea
        There is none, or none for them.
    """
    if patience is None:
        patience = 0 if wants_page(request) else PATIENCE
    return room_of(rooms, request.path_params["area"], who(request), now, begun=begun, patience=patience)


class Table:
    """The lines of the table of permissions, as addresses are found in them."""

    def __init__(self, routes: Mapping[str, str]) -> None:
        self._lines = [_Line(line, needs) for line, needs in routes.items()]

    def needs(self, method: str, path: str) -> str | None:
        """Return what an address needs: the need of the first line that fits; `OFF` where none does, None where it takes other methods."""
        method = "GET" if method == "HEAD" else method
        fits = [line for line in self._lines if line.pattern.fullmatch(path)]
        found = next((line for line in fits if line.method in {method, ANY}), None)
        if (found is None or found.needs == OFF) and any(line.needs != OFF for line in fits):
            return None
        return found.needs if found else OFF

    def template(self, path: str) -> str:
        """Return an address as the first line that fits and is not off writes it; "" where none does."""
        return next((line.path for line in self._lines if line.needs != OFF and line.pattern.fullmatch(path)), "")

    def methods(self, path: str) -> list[str]:
        """Return the methods that an address takes."""
        found = {line.method for line in self._lines if line.needs != OFF and line.pattern.fullmatch(path)}
        return sorted(found | ({"HEAD"} if "GET" in found else set()))


class _Line:
    def __init__(self, line: str, needs: str) -> None:
        self.method, self.path = line.split(" ", 1)
        self.needs, self.pattern = needs, compile_path(self.path)[0]


class Gate:
    """Let through who may, and turn away everybody else: to the log-in page, or with a refusal.

    Parameters
    ----------
    app
        The application behind.
    entrance
        Knows sessions and what roles may do.
    every
        Seconds between two looks at the sessions of open websockets.
    """

    def __init__(self, app: ASGIApp, *, entrance: Entrance, every: float = EVERY) -> None:
        self._app, self._entrance = app, entrance
        self._table = Table(entrance.permissions.routes)
        self._watch = _Watch(entrance, every)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on with who asks in its state, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != SESSION]
        scope = {**scope, "headers": headers, "state": {**scope.get("state", {})}}
        try:
            if scope["type"] == "websocket":
                await self._talk(scope, receive, send)
            else:
                await self._answer(scope, receive, send)
        except BattlemapError as error:  # the ledger cannot be read: nobody comes in
            LOG.warning("%s", error)
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1011})
            else:
                await failure(Request(scope), error)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        needs = self._table.needs(scope["method"], scope["path"])
        if needs == PUBLIC:
            await self._app(scope, receive, send)
            return
        asked = await self._asked(scope)
        request = Request(scope)
        if asked is None:
            answer = _turned_away(request)
        elif needs is None:
            answer = refusal(request, HTTPStatus.METHOD_NOT_ALLOWED, *NOT_ALLOWED)
            answer.headers["Allow"] = ", ".join(self._table.methods(scope["path"]))
        elif needs == OFF:
            answer = missing(request)
        elif not asked.can(needs):
            answer = _refused(request, asked)
        else:
            scope["state"]["who"] = asked
            await self._app(scope, receive, send)
            return
        await answer(scope, receive, send)

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open a websocket to who may, and cut it when the session is over."""
        needs = self._table.needs("WEBSOCKET", scope["path"])
        asked = await self._asked(scope) if needs not in {None, OFF} else None
        if asked is None or not asked.can(str(needs)):
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the browser sees 403
            return
        scope["headers"].append((SESSION, asked.session.encode()))
        scope["state"]["who"] = asked
        async with self._watch.over(asked.session) as over:
            await self._app(scope, _until(over, receive, send), _while_not(over, send))

    async def _asked(self, scope: Scope) -> Who | None:
        """Return who asks. A cookie that is not ours costs no look into the ledger."""
        now, cookie, headers = datetime.now(UTC), cookie_of(scope), Headers(scope=scope)
        if cookie:
            active = "text/html" in headers.get("accept", "") or ACTIVE in headers
            found = await run_in_threadpool(self._entrance.who, cookie, now, active=active)
            if found:
                return found
        return await run_in_threadpool(self._entrance.visitor, now) if is_local(scope) else None


def cookie_of(scope: Scope) -> str:
    """Return the session's cookie that a request brings, "" for none; over TLS only the one that no other host can have set."""
    secure = scope["scheme"] in {"https", "wss"}
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load("; ".join(Headers(scope=scope).getlist("cookie")))
    except CookieError:
        return ""
    found = jar.get(OVER_TLS if secure else COOKIE)
    return found.value if found else ""


def is_local(scope: Scope) -> bool:
    """Tell whether somebody at this machine asks: from loopback, by a name of loopback, and through no proxy."""
    headers = Headers(scope=scope)
    name = headers.get("host", "").lower()
    name = name if name.endswith("]") else name.rsplit(":", 1)[0]
    if name.rstrip(".") not in LOOPBACK_NAMES or FORWARDED & set(headers.keys()):
        return False
    try:
        return ip_address((scope.get("client") or ("",))[0]).is_loopback
    except ValueError:
        return False


def _turned_away(request: Request) -> Response:
    """Send a person to the log-in page, and from there back; tell a script that it is nobody."""
    if not wants_page(request):
        if request.url.path.startswith(FIELD):
            return JSONResponse({"error": "log_in"}, HTTPStatus.UNAUTHORIZED, SAFE)
        return refusal(request, HTTPStatus.UNAUTHORIZED, *NOT_IN)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(here, safe='')}" if request.method in {"GET", "HEAD"} and here != "/" else ""
    language = request.query_params.get("lang", "")
    back += f"{'&' if back else '?'}lang={language}" if language in LANGUAGES else ""
    return RedirectResponse(f"{LOG_IN}{back}", HTTPStatus.SEE_OTHER, {**SAFE, "Cache-Control": "no-store"})


def _refused(request: Request, asked: Who) -> Response:
    """Tell somebody that the role may not; or that the password comes first; an administrator who opens the console goes to the own page, a screen that is bound to a view back to it from wherever it went."""
    own, here = home_of(asked) or "/", request.url.path
    home = PASSWORD if asked.may == OWN else own if here == "/" or asked.view else "/"
    if home not in {"/", here} and wants_page(request):
        return RedirectResponse(home, HTTPStatus.SEE_OTHER, {**SAFE, "Cache-Control": "no-store"})
    return refusal(request, HTTPStatus.FORBIDDEN, *(NOT_DIVIDED if asked.role in HOME else NOT_YOURS), home=own)


class _Watch:
    """Knows the open websockets by session, and asks for all of them together whether they are over."""

    def __init__(self, entrance: Entrance, every: float) -> None:
        self._entrance, self._every = entrance, every
        self._open: dict[asyncio.Event, str] = {}
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def over(self, session: str) -> AsyncIterator[asyncio.Event]:
        """Yield what is set when the session is over."""
        event = asyncio.Event()
        self._open[event] = session
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        try:
            yield event
        finally:
            del self._open[event]

    async def _look(self) -> None:
        while self._open:
            await asyncio.sleep(self._every)
            try:
                ended = await run_in_threadpool(self._entrance.ended, set(self._open.values()), datetime.now(UTC))
            except BattlemapError as error:  # asked again in a moment
                LOG.warning("%s", error)
                continue
            for event, session in list(self._open.items()):
                if session in ended:
                    event.set()


def _until(over: asyncio.Event, receive: Receive, send: Send) -> Receive:
    """Hear what comes in until the session is over; then close, and say that the other side went."""

    async def heard() -> Message:
        listening, ending = asyncio.ensure_future(receive()), asyncio.ensure_future(over.wait())
        try:
            await asyncio.wait({listening, ending}, return_when=asyncio.FIRST_COMPLETED)
            if not over.is_set():
                return listening.result()
        finally:
            ending.cancel()
            if not listening.done():
                listening.cancel()
        await send({"type": "websocket.close", "code": CUT, "reason": "the session is over"})
        return {"type": "websocket.disconnect", "code": CUT}

    return heard


def _while_not(over: asyncio.Event, send: Send) -> Send:
    """Say nothing any more to somebody whose session is over."""

    async def said(message: Message) -> None:
        if not over.is_set():
            await send(message)

    return said
