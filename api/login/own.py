"""``/own``: what somebody is here, and where they are logged in, with a way to end it."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from api.answers import missing
from api.forms import browser
from api.frame import Said, go, to
from api.identity import PASSWORD, who
from api.login.house import LOG_OUT, OWN, House, home
from locales import N_
from reports.words import ROLE

WORDS: Mapping[str, str] = {
    "sessions": N_("Logged in at present"),
    "here": N_("here"),
    "since": N_("since"),
    "seen": N_("last seen"),
    "end": N_("End it"),
    "console": N_("Open the console"),
}
BROWSERS = (("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Firefox/", "Firefox"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def show(house: House, request: Request) -> Response:
    """Show role, scope and sessions."""
    person = who(request)
    return house.page(
        request,
        "own",
        Said("{name}", name=person.name),
        words=WORDS,
        role=Said(ROLE[person.role]),
        scope=house.places.name(person.scope, house.language(request)),
        sessions=[
            {
                "key": one.key,
                "what": device_name(one.agent) or Said(N_("Unknown device")),
                "address": one.address,
                "since": one.begun or "",
                "seen": one.seen or "",
                "here": one.key == person.session,
            }
            for one in house.accounts.sessions.current(person.account, datetime.now(UTC))
        ],
        log_out=to(request, LOG_OUT),
        out_token=house.forms.token(request, browser(request), LOG_OUT),
        password=to(request, PASSWORD),
        home=home(person, request),
    )


def take(house: House, request: Request, fields: Mapping[str, str]) -> Response:
    """End a session of one's own; of anybody else's there is none here."""
    person, sessions, key = who(request), house.accounts.sessions, fields.get("session", "")
    if key not in {one.key for one in sessions.of(person.account)}:
        return missing(request)
    sessions.end(key, by=person, now=datetime.now(UTC))
    return go(to(request, OWN))


def device_name(agent: str) -> str:
    """Return what a browser calls itself, in two words: ``Chrome · Windows``."""
    found = (next((name for mark, name in names if mark in agent), "") for names in (BROWSERS, SYSTEMS))
    return " · ".join(filter(None, found))
