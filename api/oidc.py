"""Log-in by a provider of OpenID Connect: ``/log-in/provider`` sends the browser there, ``/log-in/returned`` takes it back."""

import hmac
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.answers import SAFE, missing, refusal
from api.identity import LOG_IN, cookie_of
from api.login.enter import PROVIDER
from api.login.house import came, let_in, onward, own_path
from api.turns import Turns
from desk.access.entrance import Entrance
from desk.access.grants import fitted
from desk.access.provider import Begun, Provider, Vouched, provider_of
from desk.access.sessions import Entered
from desk.rooms import Rooms
from geo.errors import AccessError, LoginError, UnknownArea
from incidents.access import Scope
from locales import N_
from settings import Settings

LOG = logging.getLogger(__name__)
RETURNED = "/log-in/returned"
PATHS = (PROVIDER, RETURNED)
STATE, STATE_OVER_TLS = "battlemap_provider", "__Host-battlemap_provider"
FRESH = 600  # seconds that somebody has at the provider
HEADERS = {**SAFE, "Cache-Control": "no-store"}
AGAIN = N_("Go back to the log-in page, and begin again. If it stays so, tell the system administrator.")
# What went wrong -> status, heading, advice.
FAULTS: Mapping[str, tuple[HTTPStatus, str, str]] = {
    "unreachable": (
        HTTPStatus.SERVICE_UNAVAILABLE,
        N_("The organisation's log-in cannot be reached"),
        N_("Log in with a name and password of this console, or try again later. Tell the system administrator."),
    ),
    "stale": (HTTPStatus.BAD_REQUEST, N_("This log-in was not begun here, or took too long"), AGAIN),
    "unknown": (
        HTTPStatus.FORBIDDEN,
        N_("Your organisation's account has no role here"),
        N_("Ask the security administrator which group gives one. Nothing was changed."),
    ),
    "provider": (HTTPStatus.FORBIDDEN, N_("The organisation's log-in did not let you in"), AGAIN),
}


def routes(settings: Settings, rooms: Rooms, entrance: Entrance) -> list[Route]:
    """Return the two routes; without a provider in the settings there is nothing behind them."""
    if not settings.oidc_issuer:
        return [Route(PROVIDER, missing), Route(RETURNED, missing)]
    provider = provider_of(
        settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret_file, settings.rules
    )
    signer = URLSafeTimedSerializer(entrance.key, salt="battlemap.provider")

    def begin(request: Request) -> Response:
        following = own_path(request.query_params.get("next", "/"))
        try:
            begun = provider.begin(_back(request), datetime.now(UTC))
        except LoginError as error:
            return _failed(request, error)
        answer = RedirectResponse(begun.address, HTTPStatus.SEE_OTHER, HEADERS)
        _remember(request, answer, signer.dumps([begun.state, begun.nonce, begun.verifier, following]))
        return answer

    def returned(request: Request) -> Response:
        try:
            begun, following = _begun(request, signer)
            entered = _let_in(request, provider, rooms, entrance, begun)
        except AccessError as error:
            answer = _failed(request, error)
        else:
            answer = let_in(request, entered.token, onward(entered, following, request))
        answer.delete_cookie(_cookie(request), path="/", secure=_is_secure(request), httponly=True, samesite="lax")
        return answer

    turns = Turns()  # a provider that answers slowly keeps nobody else waiting

    async def begin_in_turn(request: Request) -> Response:
        return await turns.take(request, begin, request)

    async def returned_in_turn(request: Request) -> Response:
        return await turns.take(request, returned, request)

    return [Route(PROVIDER, begin_in_turn), Route(RETURNED, returned_in_turn)]


def _let_in(request: Request, provider: Provider, rooms: Rooms, entrance: Entrance, begun: Begun) -> Entered:
    now = datetime.now(UTC)
    vouched = provider.end(_back(request), request.query_params["code"], begun.nonce, begun.verifier, now)
    return entrance.accounts.log_in_as(
        vouched.subject,
        vouched.name,
        vouched.role,
        _fitted(rooms, vouched, now),
        now=now,
        before=cookie_of(request.scope),
        **came(request),
    )


def _fitted(rooms: Rooms, vouched: Vouched, now: datetime) -> Scope:
    """Return the scope that the claims name, its grid by its code; raises LoginError where the area has no such place: an account of it would see nothing."""
    try:
        return fitted(rooms, vouched.role, vouched.scope, now)
    except (AccessError, UnknownArea) as error:
        raise LoginError(f"The rule of {vouched.name} gives a place that there is not: {error}", "unknown") from error


def _begun(request: Request, signer: URLSafeTimedSerializer) -> tuple[Begun, str]:
    """Return the log-in that this browser began, and where it goes afterwards; raises LoginError where it began none, or the provider says no."""
    try:
        state, nonce, verifier, following = signer.loads(request.cookies.get(_cookie(request), ""), max_age=FRESH)
    except (BadData, ValueError) as error:
        raise LoginError("This browser began no log-in within ten minutes.", "stale") from error
    said = request.query_params
    if not hmac.compare_digest(said.get("state", "").encode(), state.encode()):
        raise LoginError("The provider's answer belongs to another log-in.", "stale")
    if "error" in said or not said.get("code"):
        raise LoginError(f"The provider says: {said.get('error', 'nothing')[:80]}", "provider")
    return Begun("", state, nonce, verifier), following


def _failed(request: Request, error: AccessError) -> Response:
    LOG.warning("log-in by the provider: %s", error)
    return refusal(request, *FAULTS.get(error.kind, FAULTS["provider"]), home=LOG_IN)  # why stands in the log


def _back(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers['host']}{RETURNED}"


def _remember(request: Request, answer: Response, said: str) -> None:
    secure = _is_secure(request)
    # lax: the provider sends the browser back from its own page
    answer.set_cookie(_cookie(request), said, max_age=FRESH, path="/", secure=secure, httponly=True, samesite="lax")


def _cookie(request: Request) -> str:
    return STATE_OVER_TLS if _is_secure(request) else STATE


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"
