"""Forms that change something: sent by our own pages alone, and by nobody else in their name."""

import secrets
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from api.answers import refusal
from api.identity import cookie_of as session_cookie_of
from locales import N_

COOKIE, OVER_TLS = "battlemap_form", "__Host-battlemap_form"
FIELD = "form"
LARGEST = 16 * 1024  # bytes of a form
FRESH = 4 * 3600  # seconds for which a page may be open before its form is sent
FOREIGN = (
    N_("The form was not sent by this console, or is out of date"),
    N_("Open the page again, and send it from there. Nothing was changed."),
)


class ForeignForm(Exception):
    """A form that none of our pages sent to this browser just now."""


class Forms:
    """Signs what a form carries, and takes nothing that does not carry it.

    A form is taken when the browser says that a page of ours sent it, and when it holds a token that was signed for this browser, this session and this address.

    Parameters
    ----------
    key
        The key with which sessions are signed; the tokens have a salt of their own.
    """

    def __init__(self, key: bytes) -> None:
        self._signer = URLSafeTimedSerializer(key, salt="battlemap.form")

    def token(self, request: Request, mine: str, path: str = "") -> str:
        """Return the token of a form.

        Parameters
        ----------
        mine
            What the browser is known by; see `browser`.
        path
            Where it will be sent; where it is shown if nothing else is said.
        """
        return self._signer.dumps([mine, session_cookie_of(request.scope), path or request.url.path])

    async def read(self, request: Request) -> Mapping[str, str]:
        """Return the fields of a form that one of our pages sent.

        Raises
        ------
        ForeignForm
            None of ours did, or it is out of date, or larger than any form of ours.
        """
        if not is_own(request.headers):
            raise ForeignForm
        fields = dict(parse_qsl((await _body(request)).decode("utf-8", "replace"), keep_blank_values=True))
        self.require(request, fields.pop(FIELD, ""))
        return fields

    def require(self, request: Request, token: str, path: str = "") -> None:
        """Ask that one of our pages sent a form just now, as its token says.

        Parameters
        ----------
        path
            Where the token was signed for; where it came to if nothing else is said.

        Raises
        ------
        ForeignForm
            None of ours did, or it is out of date.
        """
        if not is_own(request.headers):
            raise ForeignForm
        try:
            said = self._signer.loads(token, max_age=FRESH)
        except BadData as error:
            raise ForeignForm from error
        mine = request.cookies.get(cookie_of(request), "")
        if not mine or said != [mine, session_cookie_of(request.scope), path or request.url.path]:
            raise ForeignForm


def browser(request: Request) -> str:
    """Return what a browser is known by before anybody logged in: what its cookie says, or something new."""
    return request.cookies.get(cookie_of(request), "") or secrets.token_urlsafe(18)


def remember(request: Request, answer: Response, mine: str) -> None:
    """Give a browser what it is known by."""
    if request.cookies.get(cookie_of(request)) != mine:
        secure = request.url.scheme == "https"
        answer.set_cookie(cookie_of(request), mine, path="/", httponly=True, samesite="strict", secure=secure)


def cookie_of(request: Request) -> str:
    """Return the name of that cookie; over TLS one that no other host can set."""
    return OVER_TLS if request.url.scheme == "https" else COOKIE


def is_own(headers: Headers) -> bool:
    """Tell whether a browser says that a page of this very console sent something; one that says nothing is not believed."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        return False
    return site in {None, "same-origin"} and (origin is None or urlsplit(origin).netloc == headers.get("host"))


def foreign(request: Request) -> Response:
    """Answer a form that was not taken."""
    return refusal(request, HTTPStatus.FORBIDDEN, *FOREIGN)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise ForeignForm
    return body
