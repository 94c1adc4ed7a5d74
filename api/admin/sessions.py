"""``/grants/sessions``: where everybody is logged in, and how the security administrator ends it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.admin.office import Office, here, when
from api.admin.standing import Paged
from api.frame import Said, to
from api.identity import who
from api.login.own import device_name
from incidents.access import Who
from ledger.sessions import Live, Session
from locales import N_
from reports.words import ROLE

PATH = "/grants/sessions"
WORDS: Mapping[str, str] = {
    "find": N_("Letters of the name or the address"),
    "device": N_("Device"),
    "address": N_("Network address"),
    "since": N_("Since"),
    "seen": N_("Last seen"),
    "end": N_("End it"),
    "here": N_("here"),
    "unknown": N_("Unknown device"),
    "none": N_("Nobody who fits is logged in. Take the search away."),
    "count": N_("Sessions that fit"),
}


def show(office: Office, request: Request) -> Response:
    """Show all sessions, or the question before one is ended."""
    if request.query_params.get("ask") == "end":
        return _question(office, request)
    return _list(office, request)


def take(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    """End a session."""
    now = datetime.now(UTC)
    found = _find(office, fields.get("session", ""), now)
    if fields.get("act") != "end" or found is None:
        return _gone(office, request)
    office.accounts.sessions.end(found.session.key, by=who(request), now=now)
    return office.done(request, PATH, "ended", found.account.name if found.account else "")


def session_row(request: Request, one: Session, name: str, person: Who) -> dict[str, Any]:
    """Return a session as lists show it."""
    return {
        "name": name,
        "what": device_name(one.agent) or Said(WORDS["unknown"]),
        "address": one.address,
        "since": when(one.begun),
        "seen": when(one.seen),
        "here": one.key == person.session,
        "end": to(request, PATH, ask="end", session=one.key),
    }


def _list(office: Office, request: Request, **said: Any) -> Response:
    find = request.query_params.get("q", "")[:64]
    found = [
        one for one in office.accounts.sessions.everybody(datetime.now(UTC)) if _fits(one, find.strip().casefold())
    ]
    paged = Paged.of(request, found)
    person = who(request)
    return office.page(
        request,
        "sessions",
        Said(N_("Logged in at present")),
        words=WORDS,
        rows=[
            {**session_row(request, one.session, one.account.name, person), "role": Said(ROLE[one.role])}
            for one in paged.rows
        ],
        paged=paged,
        q=find,
        **{**_notice(office, request), **said},
    )


def _fits(one: Live, find: str) -> bool:
    return one.account is not None and (find in one.account.name or find in one.session.address.casefold())


def _find(office: Office, key: str, now: datetime) -> Live | None:
    return next((one for one in office.accounts.sessions.everybody(now) if one.session.key == key), None)


def _gone(office: Office, request: Request) -> Response:
    faults = {"": Said(N_("This session is over already."))}
    return _list(office, request, status=HTTPStatus.UNPROCESSABLE_ENTITY, faults=faults)


def _question(office: Office, request: Request) -> Response:
    found = _find(office, request.query_params.get("session", ""), datetime.now(UTC))
    if found is None or found.account is None:
        return _gone(office, request)
    lines = [
        Said(N_("Device: {device}, address {address}."), device=device_name(found.session.agent) or Said(WORDS["unknown"]), address=found.session.address),
        Said(N_("Within a second nothing more is answered there; what was being typed is lost. The account can log in again.")),
    ]  # fmt: skip
    if found.session.key == who(request).session:
        lines.append(Said(N_("This is the session in which you are: you will have to log in again.")))
    return office.page(
        request,
        "confirm",
        Said(N_("End this session of {name}?"), name=found.account.name),
        lines=lines,
        button=Said(WORDS["end"]),
        fields={"act": "end", "session": found.session.key},
        back=here(request, ask="", session=""),
    )


def _notice(office: Office, request: Request) -> dict[str, Any]:
    match office.noticed(request):
        case ["ended", name]:
            return {"notice": Said(N_("The session of {name} has ended."), name=name)}
    return {}
