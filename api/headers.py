"""The headers that every answer carries, whoever made it: ours, Streamlit's, a refusal, an error that nobody foresaw."""

import logging
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import DOCUMENT_POLICY, SAFE, WENT_WRONG, refusal

LOG = logging.getLogger(__name__)
HALF_A_YEAR = 15_552_000  # seconds
STRICT_TRANSPORT = f"max-age={HALF_A_YEAR}"


class SafeHeaders:
    """Set the safe headers on every answer that lacks them, and take away those that would open it to other origins.

    Parameters
    ----------
    app
        The application behind; this comes before all else.
    strict_transport
        Whether browsers shall come by https only from now on: where the console has a certificate that was given. Never with the local
        authority's, since HSTS leaves nobody a way in whose device has not installed it.
    """

    def __init__(self, app: ASGIApp, *, strict_transport: bool = False) -> None:
        self._app, self._strict = app, strict_transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and mind the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, secure = False, scope["scheme"] == "https"

        async def safe(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _mind(MutableHeaders(scope=message), secure=secure, strict=self._strict)
            await send(message)

        try:
            await self._app(scope, receive, safe)
        except Exception:
            LOG.exception("%s %s could not be answered", scope["method"], scope["path"])
            if not begun:
                await refusal(Request(scope), HTTPStatus.INTERNAL_SERVER_ERROR, *WENT_WRONG)(scope, receive, safe)
            else:
                raise


def _mind(headers: MutableHeaders, *, secure: bool, strict: bool) -> None:
    for name, value in SAFE.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", DOCUMENT_POLICY)
    headers.setdefault("Cache-Control", "no-store")
    for opened in [name for name in headers if name.startswith("access-control-")]:
        del headers[opened]
    if secure:
        headers.raw[:] = [_sealed(*header) for header in headers.raw]
    if secure and strict:
        headers["Strict-Transport-Security"] = STRICT_TRANSPORT


def _sealed(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Return a header; a cookie (Streamlit's, which does not know that we speak https) with the word that keeps it there."""
    if name == b"set-cookie" and b"; secure" not in value.lower():
        return name, value + b"; Secure"
    return name, value
