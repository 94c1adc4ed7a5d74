"""What every request passes: methods, Host, and addresses that do not exist."""

import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import missing, refusal
from locales import N_

READING = frozenset({"GET", "HEAD"})
SENDING = frozenset({"PUT", "DELETE"})  # of a photo that a form takes in, and of one that is put away again
HOST = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
LONGEST_PATH, LONGEST_QUERY = 2048, 4096  # bytes; no address of ours comes near, and nobody's work grows with one
# All that the console asks of Streamlit; its agents, metrics and old components are not among it.
STREAMLIT_PATHS = frozenset({"/_stcore/health", "/_stcore/host-config"})
STREAMLIT = ("/_stcore/bidi-components/", "/static/", "/media/")
# Where forms put photos: a session that Streamlit knows, and a file of it.
UPLOAD = re.compile(r"/_stcore/upload_file/[A-Za-z0-9-]{8,64}/[A-Za-z0-9-]{8,64}")
LARGEST = 25 * 2**20  # bytes of one photo with what frames it
NOT_ALLOWED = (N_("That cannot be done here"), N_("This address is only for reading."))
TOO_LONG = (N_("The request cannot be understood"), N_("Check the address, or open the console."))
TOO_LARGE = (N_("The file is too large"), N_("Send it smaller: at most 25 MB."))
FOREIGN = (N_("That cannot be done here"), N_("Files are taken from pages of this console alone."))
BAD_HOST = (N_("The request cannot be understood"), N_("Open the console by the name or number of its machine."))


class Guard:
    """Refuse what the console never serves.

    Parameters
    ----------
    app
        The application behind.
    paths
        Addresses that exist, beside those of Streamlit.
    prefixes
        Beginnings of addresses that exist, each with its last slash.
    names
        Names under which the console may be asked for, as `is_known` reads them; None for any.
    forms
        Addresses that take forms, which they look at themselves (`api.forms`); they are addresses that exist.
    doors
        Routes that take something else than forms, as "METHOD address"; they look themselves at who sent it, and how much.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        paths: Collection[str],
        prefixes: tuple[str, ...],
        names: Collection[str] | None = None,
        forms: Collection[str] = (),
        doors: Collection[str] = (),
    ) -> None:
        self._app = app
        self._doors = [(method, compile_path(path)[0]) for method, path in (door.split(" ", 1) for door in doors)]
        self._paths = frozenset(paths) | frozenset(forms)
        self._forms = frozenset(forms)
        self._prefixes = prefixes
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            if scope["type"] == "websocket" and not self._may_talk(Headers(scope=scope)):
                await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the browser sees 403
                return
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        host = request.headers.get("host", "")
        if not HOST.fullmatch(host):
            await refusal(request, HTTPStatus.BAD_REQUEST, *BAD_HOST)(scope, receive, send)
        elif not is_known(host, self._names):
            detail = f"{host} is not a name of this console. Its administrator can add it to BATTLEMAP_NAMES."
            await refusal(request, HTTPStatus.BAD_REQUEST, *BAD_HOST, detail)(scope, receive, send)
        elif len(scope["path"]) > LONGEST_PATH or len(scope["query_string"]) > LONGEST_QUERY:
            await refusal(request, HTTPStatus.REQUEST_URI_TOO_LONG, *TOO_LONG)(scope, receive, send)
        elif not self._exists(scope["path"]):
            await missing(request)(scope, receive, send)
        elif UPLOAD.fullmatch(scope["path"]):
            await self._upload(request, scope, receive, send)
        elif scope["method"] not in READING and not self._takes(scope["method"], scope["path"]):
            answer = refusal(request, HTTPStatus.METHOD_NOT_ALLOWED, *NOT_ALLOWED)
            answer.headers["Allow"] = ", ".join(sorted(READING))
            await answer(scope, receive, send)
        elif self._is_ours(scope["path"]):
            await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, _without_pages(request, scope, receive, send))

    async def _upload(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a photo in, from our own pages alone and no larger than one is; Streamlit looks whether it knows the session."""
        headers = request.headers
        if scope["method"] not in SENDING:
            answer = refusal(request, HTTPStatus.METHOD_NOT_ALLOWED, *NOT_ALLOWED)
            answer.headers["Allow"] = ", ".join(sorted(SENDING))
            await answer(scope, receive, send)
        elif "origin" not in headers or not is_own_page(headers):
            await refusal(request, HTTPStatus.FORBIDDEN, *FOREIGN)(scope, receive, send)
        elif not is_short(headers.get("content-length", "0")):
            await refusal(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, *TOO_LARGE)(scope, receive, send)
        else:
            told = _Told(send)
            try:
                await self._app(scope, _counted(receive), told)
            except _TooLarge:
                if not told.begun:
                    await refusal(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, *TOO_LARGE)(scope, receive, send)

    def _may_talk(self, headers: Headers) -> bool:
        host = headers.get("host", "")
        return HOST.fullmatch(host) is not None and is_known(host, self._names) and is_own_page(headers)

    def _takes(self, method: str, path: str) -> bool:
        """Tell whether an address takes something by a method."""
        is_form = method == "POST" and path in self._forms
        return is_form or any(method == door and pattern.fullmatch(path) for door, pattern in self._doors)

    def _is_ours(self, path: str) -> bool:
        return path in self._paths or path.startswith(self._prefixes)

    def _exists(self, path: str) -> bool:
        return (
            self._is_ours(path)
            or path in STREAMLIT_PATHS
            or path.startswith(STREAMLIT)
            or UPLOAD.fullmatch(path) is not None
        )


def is_known(host: str, names: Collection[str] | None) -> bool:
    """Tell whether a Host header names this console.

    A page from outside can let its own name point at this machine, and would then count as one of ours (DNS rebinding). It cannot do so with a number, nor with
    a name without a dot: those are always taken, other names only when they are listed.

    Parameters
    ----------
    names
        The other names, in lower case; None for any.
    """
    found = HOST.fullmatch(host)
    if found is None:
        return False
    name = found["name"].lower().rstrip(".")
    return names is None or name in names or "." not in name or _is_number(name)


def _is_number(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def is_own_page(headers: Mapping[str, str]) -> bool:
    """Tell whether a websocket was opened by one of our own pages: its Origin is the Host that was asked, or it has none, as scripts have.

    Streamlit would look for its public address at a service outside before it refused a foreign one; nothing of ours asks outside.
    """
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def is_short(length: str) -> bool:
    """Tell whether a declared length is a number, and no more than a photo has."""
    return length.isascii() and length.isdecimal() and len(length) < 12 and int(length) <= LARGEST  # noqa: PLR2004  digits


class _TooLarge(Exception):
    """More came than was declared, or than a photo has."""


class _Told:
    """A sender that remembers whether the answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send, self.begun = send, False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        await self._send(message)


def _counted(receive: Receive) -> Receive:
    """Count what comes in, whatever its length was declared to be."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST:
            raise _TooLarge
        return message

    return counted


def _without_pages(request: Request, scope: Scope, receive: Receive, send: Send) -> Send:
    """Let no page of Streamlit's through: it answers any address that it does not know with its own front page, which lacks our policy."""
    hidden = False

    async def safe(message: Message) -> None:
        nonlocal hidden
        if message["type"] == "http.response.start":
            hidden = Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")
            if hidden:
                await missing(request)(scope, receive, send)
        if not hidden:
            await send(message)

    return safe
