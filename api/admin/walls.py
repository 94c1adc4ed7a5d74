"""``/grants/walls``: wall screens come in by a code that the security administrator makes, as text and as QR, and go out when they are revoked."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from api.admin.office import Office, chosen, fault, here, span, when
from api.frame import Said, to
from api.identity import LOG_IN, LOOPBACK_NAMES, who
from api.login.own import device_name
from desk.walls import views
from geo.errors import AccessError, BattlemapError, UnknownView
from incidents.access import EVERYWHERE, Role, Scope, Who
from incidents.wall_views import DEFAULT, WallView
from ledger.sessions import Session
from locales import N_

PATH = "/grants/walls"
PAST = 50  # walls that are over and still shown
HALF = 4
WORDS: Mapping[str, str] = {
    "new": N_("Connect a wall screen"),
    "new_hint": N_("A wall screen sees the map and the counts of its scope, no case by its words, and can do nothing. It stays connected until it is revoked, or for a year."),
    "device_name": N_("Name of the screen"),
    "other_area": N_("Area of the screen"),
    "choose": N_("Choose"),
    "place": N_("Grid"),
    "whole": N_("The whole area"),
    "view": N_("View"),
    "any_view": N_("Any view, and the map"),
    "make": N_("Make a code"),
    "address": N_("Network address"),
    "device": N_("Device"),
    "since": N_("Since"),
    "seen": N_("Last seen"),
    "until": N_("At the latest until"),
    "revoke": N_("Revoke"),
    "none": N_("No wall screen is connected. Make a code above."),
    "past": N_("Revoked and expired"),
    "now": N_("Connected, or with a code that holds"),
    "code": N_("Code of the screen"),
    "code_end": N_("Back to the wall screens"),
}  # fmt: skip
STATES: Mapping[str, str] = {
    "in": N_("Connected"),
    "waits": N_("Waits for its code until {time}"),
    "missed": N_("The code was not used in time"),
    "revoked": N_("Revoked {time}"),
    "over": N_("Expired {time}"),
}


def show(office: Office, request: Request) -> Response:
    """Show all wall screens, or the question before one is revoked."""
    if request.query_params.get("ask") == "revoke":
        return _question(office, request)
    return _list(office, request)


def take(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    """Make a code, or revoke a wall screen."""
    now = datetime.now(UTC)
    try:
        return chosen(ACTS, fields)(office, request, fields, now)
    except AccessError as error:
        return _list(office, request, fields=fields, status=HTTPStatus.UNPROCESSABLE_ENTITY, faults=fault(error.kind))


def _offer(office: Office, request: Request, fields: Mapping[str, str], now: datetime) -> Response:
    name, scope = fields.get("name", ""), office.fitted(Role.WALL, fields, now)
    if scope.area == EVERYWHERE:
        raise AccessError("A wall is bound to one area.", "area")
    view = _view(office, scope, fields.get("view", ""), now)
    code = office.accounts.walls.offer(name, scope, view=view.key, by=who(request), now=now)
    return _code(office, request, name, scope=scope, view=view, code=code, now=now)


def _view(office: Office, scope: Scope, key: str, now: datetime) -> WallView:
    """Return the view to which a screen shall be bound; `DEFAULT` for none.

    Raises
    ------
    AccessError
        There is no such view, or it shows what the screen does not see.
    """
    if not key:
        return DEFAULT
    try:
        return views.view(office.rooms.look(scope.area, now).seen_by(Who("", "", Role.WALL, scope)), key)
    except UnknownView as error:
        raise AccessError(str(error), "view") from error


def _revoke(office: Office, request: Request, fields: Mapping[str, str], now: datetime) -> Response:
    found = _find(office, fields.get("device", ""))
    office.accounts.walls.revoke(found.key, by=who(request), now=now)
    return office.done(request, PATH, "revoked", found.name)


ACTS = {"offer": _offer, "revoke": _revoke}


def _code(
    office: Office, request: Request, name: str, *, scope: Scope, view: WallView, code: str, now: datetime
) -> Response:
    """Show a code once, as text and, where another device can follow it, as QR."""
    address, rules = _address(request), office.accounts.rules
    lines = [
        Said(N_("On the screen open {address} and choose “Connect a screen by code”, or scan the picture with it."), address=address or LOG_IN),
        Said(N_("The code holds for {time}, until {end}, once, and is shown only here."), time=span(rules.code), end=when(now + rules.code)),
        Said(N_("It will see: {scope}."), scope=office.places.name(scope, office.language(request))),
    ]  # fmt: skip
    if view.key:
        lines.append(Said(N_("It will show the view “{view}” and nothing else."), view=view.name))
    if not address:
        lines.append(Said(N_("You opened this console as this very machine, so there is no picture: no other device could follow it. Open the console by the machine's name or number for one.")))  # fmt: skip
    return office.page(
        request,
        "code",
        Said(N_("Code for {name}"), name=name),
        words=WORDS,
        secret=f"{code[:HALF]}-{code[HALF:]}",
        picture=_picture(f"{address}?{urlencode({'code': code})}") if address else "",
        lines=lines,
        back=to(request, PATH),
    )


def _address(request: Request) -> str:
    """Return the address of the log-in page for another device; "" where only this machine knows the console."""
    host = request.headers.get("host", "").lower()
    name = host if host.endswith("]") else host.rsplit(":", 1)[0]
    return "" if name in LOOPBACK_NAMES or name.startswith("127.") else f"{request.url.scheme}://{host}{LOG_IN}"


def _picture(address: str) -> Markup:
    code = segno.make(address, error="m", micro=False)
    return Markup(code.svg_inline(scale=5, border=4, dark="#000", light="#fff", omitsize=True))  # noqa: S704  drawn here


def _find(office: Office, key: str) -> Session:
    found = next((one for one in office.accounts.walls.every() if one.key == key and one.ended is None), None)
    if found is None:
        raise AccessError("There is no such wall.", "wall")
    return found


def _list(office: Office, request: Request, *, fields: Mapping[str, str] | None = None, **said: Any) -> Response:
    now, language, kept = datetime.now(UTC), office.language(request), fields or {}
    rows = [_row(office, request, one, language, now) for one in office.accounts.walls.every()]
    area = kept.get("area") or request.query_params.get("area") or office.settings.area
    try:
        groups, faults = office.places.groups(Role.WALL, area, language, now), {}
    except AccessError as error:
        groups, faults = [], fault(error.kind)
    faults |= said.pop("faults", {})
    return office.page(
        request,
        "walls",
        Said(N_("Wall screens")),
        words=WORDS,
        rows=[row for row in rows if row["kind"] in {"in", "waits"}],
        past=[row for row in rows if row["kind"] not in {"in", "waits"}][:PAST],
        areas=list(office.places.areas(language).items()),
        area=area,
        groups=groups,
        name=kept.get("name", "")[:64],
        place=kept.get("place", ""),
        views=list(_names(office, area, now).items()),
        view=kept.get("view", ""),
        faults=faults,
        **{**_notice(office, request), **said},
    )


def _row(office: Office, request: Request, one: Session, language: str, now: datetime) -> dict[str, Any]:
    kind, moment = _state(office, one, now)
    names = _names(office, one.scope.area, now) if one.view and one.scope else {}
    return {
        "name": one.name,
        "scope": office.places.name(one.scope, language),
        "view": names.get(one.view, one.view),
        "kind": kind,
        "state": Said(STATES[kind], time=when(moment)),
        "what": device_name(one.agent),
        "address": one.address,
        "since": when(one.begun),
        "seen": when(one.seen),
        "until": when(one.until) if one.begun else "",
        "revoke": here(request, ask="revoke", device=one.key),
    }


def _names(office: Office, area: str, now: datetime) -> dict[str, str]:
    """Return what the views of an area are called; none where it cannot be read, so that screens can be revoked all the same."""
    try:
        return {one.key: one.name for one in views.views(office.rooms.look(area, now))}
    except BattlemapError:
        return {}


def _state(office: Office, one: Session, now: datetime) -> tuple[str, datetime | None]:
    rules = office.accounts.rules
    if one.ended is not None:
        return "revoked", one.ended
    if one.begun is not None:
        return ("in", None) if now < one.until else ("over", one.until)
    code_until = one.until - rules.device + rules.code  # as both were counted from the moment when it was made
    return ("waits", code_until) if now < code_until else ("missed", None)


def _question(office: Office, request: Request) -> Response:
    try:
        found = _find(office, request.query_params.get("device", ""))
    except AccessError as error:
        return _list(office, request, status=HTTPStatus.UNPROCESSABLE_ENTITY, faults=fault(error.kind))
    return office.page(
        request,
        "confirm",
        Said(N_("Revoke the wall screen {name}?"), name=found.name),
        lines=[Said(N_("The screen is cut off within ten seconds. This cannot be taken back: it needs a new code."))],
        button=Said(WORDS["revoke"]),
        fields={"act": "revoke", "device": found.key},
        back=here(request, ask="", device=""),
    )


def _notice(office: Office, request: Request) -> dict[str, Any]:
    match office.noticed(request):
        case ["revoked", name]:
            return {"notice": Said(N_("The wall screen {name} is revoked."), name=name)}
    return {}
