"""Who asks too often is told to wait, before anything costly is done for them."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.answers import failure
from api.guard import UPLOAD
from desk.access.limits import Limits, network_of
from geo.errors import TooOften

# "METHOD address" -> limits by address, and for all together
BY_ADDRESS = {
    "POST /log-in": ("log_in.address", "log_in.all"),
    "GET /log-in/provider": ("provider.address",),
    "GET /log-in/returned": ("provider.address",),
}


class Limited:
    """Count log-ins by address and photos by session; behind the gate, which knows the session.

    The address is the other side's, or what a proxy of BATTLEMAP_PROXIES says of it; nobody else's word is taken.
    """

    def __init__(self, app: ASGIApp, *, limits: Limits) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or answer 429."""
        try:
            if scope["type"] == "http":
                self._count(scope, datetime.now(UTC))
        except TooOften as error:
            await failure(Request(scope), error)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _count(self, scope: Scope, now: datetime) -> None:
        address = network_of((scope.get("client") or ("",))[0])
        for name in BY_ADDRESS.get(f"{scope['method']} {scope['path']}", ()):
            self._limits.ask(name, address if name.endswith(".address") else "", now)
        if scope["method"] == "PUT" and UPLOAD.fullmatch(scope["path"]):
            who = scope.get("state", {}).get("who")
            self._limits.ask("uploads.session", who.session if who else address, now)
