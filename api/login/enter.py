"""``/log-in`` and ``/log-out``: by a name and its password, or by the code of a wall; and out again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from api.frame import Said, go, onward_in, to
from api.identity import COOKIE, LOG_IN, OVER_TLS, cookie_of
from api.login.house import FIRST_RUN, WALL, House, address, came, faults_of, home, let_in, onward, own_path, status_of
from desk.access.limits import limits_of, network_of
from geo.errors import LoginError
from layers.style import css
from locales import N_

PROVIDER = "/log-in/provider"  # api/oidc.py
DARK = Markup(css("dark"))  # noqa: S704  our own style sheet
WORDS: Mapping[str, str] = {
    "log_in": N_("Log in"),
    "device": N_("Connect a screen by code"),
    "provider": N_("Log in with the organisation's account"),
    "first_run": N_("Create the first account"),
    "code": N_("Code of the screen"),
    "code_hint": N_(
        "The security administrator makes the code. It holds for ten minutes, once; the screen then stays connected until it is revoked."
    ),
    "connect": N_("Connect this screen"),
    "left": N_("This screen is no longer connected. The security administrator makes a new code."),
    "with_name": N_("Log in with name and password"),
    "log_out_hint": N_("You will need your password to come back. Other devices stay logged in."),
}


def show(house: House, request: Request, *, name: str = "", code: str | None = None, **said: Any) -> Response:
    """Ask for a name and a password, or for a code."""
    query = request.query_params
    following = own_path(query.get("next", "/"))
    if code is None and "name" not in query:
        code = query.get("code")
        if code is None and house.accounts.walls.left(cookie_of(request.scope), datetime.now(UTC)):
            code, said = "", {"errors": [Said(WORDS["left"])], "tokens": DARK, **said}  # it hangs in a hall
    return house.page(
        request,
        "log_in",
        Said(WORDS["log_in"] if code is None else WORDS["connect"]),
        words=WORDS,
        name=name,
        next=following,
        code=None if code is None else code[:12],
        device=address(request, code="", name=None),
        back=address(request, code=None, name=""),
        provider=_provider(request, following) if house.settings.oidc_issuer else "",
        first_run=to(request, FIRST_RUN) if house.nobody_yet(request) else "",
        **said,
    )


def _provider(request: Request, following: str) -> str:
    """Return the way to the provider, which brings the language of the page with it."""
    return f"{PROVIDER}?{urlencode({'next': onward_in(request, following)})}"


def take(house: House, request: Request, fields: Mapping[str, str]) -> Response:
    """Let somebody in, or say what was wrong."""
    name, now = fields.get("name", ""), datetime.now(UTC)
    try:
        _count(house, request, fields, now)
        if "code" in fields:
            return _connect(house, request, fields, now)
        password, before = fields.get("password", ""), cookie_of(request.scope)
        entered = house.accounts.log_in(name, password, now=now, before=before, **came(request))
    except LoginError as error:
        answer = show(
            house, request, name=name[:64], code=fields.get("code"), status=status_of(error), errors=faults_of(error)
        )
        if error.wait:
            answer.headers["Retry-After"] = str(error.wait)
        return answer
    return let_in(request, entered.token, onward(entered, fields.get("next", ""), request))


def _connect(house: House, request: Request, fields: Mapping[str, str], now: datetime) -> Response:
    """Let a screen in: to the view to which it is bound, else to the view that was opened on it, else to that of its area."""
    token = house.accounts.walls.redeem(fields["code"], now=now, **came(request))
    wall, following = house.entrance.who(token, now, active=True), own_path(fields.get("next", ""))
    if wall is None:
        return let_in(request, token, "/")
    return let_in(request, token, following if following.startswith(WALL) and not wall.view else home(wall, request))


def _count(house: House, request: Request, fields: Mapping[str, str], now: datetime) -> None:
    """Count an attempt by its name, or one with a code by its address; raises LoginError where there were too many."""
    limits, network = limits_of(house.settings.rules), network_of(came(request)["address"])
    code = {"code.address": network, "code.all": ""}
    for name, key in (code if "code" in fields else {"log_in.name": fields.get("name", "").casefold()[:64]}).items():
        wait = limits.wait(name, key, now)
        if wait:
            raise LoginError("Too many attempts.", "often", wait)


def show_out(house: House, request: Request) -> Response:
    """Ask before somebody is logged out."""
    return house.page(request, "log_out", Said(N_("Log out")), words=WORDS, home="/")


def take_out(house: House, request: Request, _fields: Mapping[str, str]) -> Response:
    """End the session of this browser, and take its cookie away."""
    token = cookie_of(request.scope)
    if token:
        house.accounts.sessions.log_out(token, datetime.now(UTC))
    answer, secure = go(to(request, LOG_IN)), request.url.scheme == "https"
    answer.delete_cookie(OVER_TLS if secure else COOKIE, path="/", secure=secure, httponly=True, samesite="lax")
    return answer
