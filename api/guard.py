"""What every request passes: methods, Host, addresses that do not exist, and the headers that every answer carries."""

import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import SAFE, missing, refusal
from locales import N_

READING = frozenset({"GET", "HEAD"})
HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")
REFUSED = ("/_stcore/agent", "/_stcore/metrics", "/_stcore/upload_file")
STREAMLIT = ("/_stcore/", "/static/", "/media/", "/component/")
NOT_ALLOWED = (N_("That cannot be done here"), N_("This address is only for reading."))
BAD_HOST = (N_("The request cannot be understood"), N_("Open the console by the name or number of its machine."))


class Guard:
    """Refuse what the console never serves, and set the safe headers on the rest.

    Parameters
    ----------
    app
        The application behind.
    paths
        Addresses that exist, beside those of Streamlit.
    prefixes
        Beginnings of addresses that exist, each with its last slash.
    """

    def __init__(self, app: ASGIApp, *, paths: Collection[str], prefixes: tuple[str, ...]) -> None:
        self._app = app
        self._paths = frozenset(paths)
        self._prefixes = (*STREAMLIT, *prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            if scope["type"] == "websocket" and not is_own_page(Headers(scope=scope)):
                await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the browser sees 403
                return
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if not HOST.fullmatch(request.headers.get("host", "")):
            await refusal(request, HTTPStatus.BAD_REQUEST, *BAD_HOST)(scope, receive, send)
        elif not self._exists(scope["path"]):
            await missing(request)(scope, receive, send)
        elif scope["method"] not in READING:
            answer = refusal(request, HTTPStatus.METHOD_NOT_ALLOWED, *NOT_ALLOWED)
            answer.headers["Allow"] = ", ".join(sorted(READING))
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, _with_headers(send))

    def _exists(self, path: str) -> bool:
        if path.startswith(REFUSED):
            return False
        return path in self._paths or path.startswith(self._prefixes)


def is_own_page(headers: Mapping[str, str]) -> bool:
    """Tell whether a websocket was opened by one of our own pages: its Origin is the Host that was asked, or it has none, as scripts have.

    Streamlit would look for its public address at a service outside before it refused a foreign one; nothing of ours asks outside.
    """
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _with_headers(send: Send) -> Send:
    async def safe(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SAFE.items():
                headers.setdefault(name, value)
        await send(message)

    return safe
