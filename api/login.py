"""The pages before the console: log in, log out, password, own sessions, the first account. Documents without script; Chinese first, English on the other side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.answers import SAFE, language_of, missing
from api.forms import ForeignForm, Forms, browser, foreign, remember
from api.identity import COOKIE, HOME, LOG_IN, OVER_TLS, PASSWORD, cookie_of, is_local, who
from api.places import Places, clock, zone_name
from api.turns import Turns
from desk.access.accounts import Entered
from desk.access.entrance import OWN as MUST_CHANGE
from desk.access.entrance import Entrance
from desk.access.limits import limits_of, network_of
from desk.rooms import Rooms
from geo.errors import AccessError, LoginError, PasswordError
from incidents.access import ADMINISTRATORS, EVERYWHERE, GIVEN, Role, Scope, Who
from incidents.passwords import Policy
from layers.style import css
from locales import N_, translator
from reports.words import ROLE
from settings import Settings

LOG_OUT, OWN, FIRST_RUN = "/log-out", "/own", "/first-run"
PROVIDER = "/log-in/provider"  # api/oidc.py
PATHS = (LOG_IN, LOG_OUT, PASSWORD, OWN, FIRST_RUN)
LONGEST_NEXT = 2000
A_MINUTE = 60
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# same-origin, not no-referrer: without any referrer a browser would say "Origin: null" of our own forms
HEADERS = {
    **SAFE,
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
}
TAGS = {"zh": "zh-CN", "en": "en"}
WORDS: Mapping[str, str] = {
    "product": N_("Grid battle map"),
    "name": N_("Account name"),
    "password": N_("Password"),
    "log_in": N_("Log in"),
    "log_out": N_("Log out"),
    "log_out_hint": N_("You will need your password to come back. Other devices stay logged in."),
    "device": N_("Connect a screen by code"),
    "provider": N_("Log in with the organisation's account"),
    "first_run": N_("Create the first account"),
    "first_run_hint": N_(
        "Nobody has an account yet. This page is open on this machine alone; the demonstration ends with the first account. Begin with the system administrator."
    ),
    "next_hint": N_(
        "Give the name and a first password of the next administrator, best another person: they choose their own password when they log in."
    ),
    "three_hint": N_(
        "Three administrators share the power, so that nobody can act and hide it: system adds accounts, security gives them roles and scopes, audit reads what everybody did. Without the first two nobody else can come in."
    ),
    "later": N_("Later"),
    "later_hint": N_(
        'Those that are missing can also be made on this machine with `battlemap user add NAME --role {role} --scope "*"`.'
    ),
    "create": N_("Create the account"),
    "code": N_("Code of the screen"),
    "code_hint": N_(
        "The security administrator makes the code. It holds for ten minutes, once; the screen then stays connected until it is revoked."
    ),
    "connect": N_("Connect this screen"),
    "with_name": N_("Log in with name and password"),
    "old": N_("Present password"),
    "new": N_("New password"),
    "again": N_("New password again"),
    "change": N_("Change the password"),
    "back": N_("Back"),
    "role": N_("Role"),
    "scope": N_("Scope"),
    "sessions": N_("Logged in at present"),
    "here": N_("here"),
    "since": N_("since"),
    "seen": N_("last seen"),
    "end": N_("End it"),
    "console": N_("Open the console"),
}
FAULTS: Mapping[str, str] = {
    "wrong": N_("Name or password is wrong, or the account may not log in."),
    "locked": N_(
        "Too many wrong passwords. Try again in {wait}, or ask the security administrator to unlock the name."
    ),
    "often": N_("Too many attempts from here. Try again in {wait}."),
    "code": N_("The code is wrong, used, or out of date. Ask for a new one."),
    "provider": N_("The organisation's log-in did not let you in. Try again, or ask the administrator."),
    "for_good": N_("The name is locked. Ask the security administrator to unlock it."),
    "expired": N_("This first password has expired. Ask the system administrator for another."),
    "role": N_("No role was granted to this account yet. Ask the security administrator."),
    "taken": N_("There is an account of this name already. Choose another name."),
    "name": N_("A name has 2 to 64 letters, digits, dots, hyphens, underscores or @."),
    "again": N_("The two new passwords are not the same."),
    "old": N_("The present password is wrong."),
    "password.short": N_("The password is too short."),
    "password.long": N_("The password is too long."),
    "password.control": N_("The password holds a character that no keyboard types."),
    "password.kinds": N_("The password needs more kinds of characters: lower case, upper case, digits, signs."),
    "password.common": N_("The password is a common one."),
    "password.simple": N_("The password is one row of keys, or one part over and over."),
    "password.name": N_("The password is made of the name."),
    "password.past": N_("The password was used before."),
}
ZONE = N_("All times: {zone}")
OTHER = N_("This cannot be done as it was typed.")


@dataclass(frozen=True)
class _House:
    """What every one of these pages needs."""

    entrance: Entrance
    settings: Settings
    places: Places
    forms: Forms
    assets: str
    pages: Environment

    def page(
        self, request: Request, template: str, title: "_Said", /, *, status: int = HTTPStatus.OK, **said: Any
    ) -> Response:
        """Answer with one of the pages; its form is signed for this browser."""
        language, mine = language_of(request, self.settings.language), browser(request)
        _ = translator(language)
        html = self.pages.get_template(f"{template}.html").render(
            tag=TAGS[language],
            title=title.spoken(_),
            assets=self.assets,
            tokens=_TOKENS,
            words={**{key: _(text) for key, text in WORDS.items()}, "other": "English" if language == "zh" else "中文"},
            other=_address(request, lang="en" if language == "zh" else "zh") if request.method == "GET" else "",
            other_tag=TAGS["en" if language == "zh" else "zh"],
            action=_to(request.url.path, request),
            token=self.forms.token(request, mine),
            **{"errors": (), "note": "", **{key: _spoken(value, _) for key, value in said.items()}},
        )
        answer = Response(html, status, HEADERS, "text/html; charset=utf-8")
        remember(request, answer, mine)
        return answer


def routes(settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> list[Route]:
    """Return the routes of these pages.

    Parameters
    ----------
    assets
        Address of our scripts and styles, with a slash at its end.
    """
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined
    )
    places = Places(rooms, settings.packs)
    house, turns = _House(entrance, settings, places, Forms(entrance.key), assets, pages), Turns()
    both = ["GET", "POST"]
    return [
        Route(LOG_IN, _taking(house, _log_in_page, _log_in, turns), methods=both),
        Route(LOG_OUT, _taking(house, _log_out_page, _log_out), methods=both),
        Route(PASSWORD, _taking(house, _password_page, _password, turns), methods=both),
        Route(OWN, _taking(house, _own_page, _own), methods=both),
        Route(FIRST_RUN, _taking(house, _first_run_page, _first_run, turns), methods=both),
    ]


Shown = Callable[[_House, Request], Response]
Taken = Callable[[_House, Request, Mapping[str, str]], Response]


def _taking(house: _House, show: Shown, take: Taken, turns: Turns | None = None) -> Callable[[Request], Any]:
    """Show a page, and take its form if one of our pages sent it; both in a thread, and by turns where passwords are proved, for that is slow."""

    async def answer(request: Request) -> Response:
        if request.method != "POST":
            return await run_in_threadpool(show, house, request)
        try:
            fields = await house.forms.read(request)
        except ForeignForm:
            return foreign(request)
        if turns:
            return await turns.take(request, take, house, request, fields)
        return await run_in_threadpool(take, house, request, fields)

    return answer


def own_path(text: str) -> str:
    """Return an address of this console to which one may be sent after logging in; "/" for any other."""
    is_ours = text.startswith("/") and not text.startswith("//") and len(text) <= LONGEST_NEXT
    fits = is_ours and text.isprintable() and "\\" not in text and urlsplit(text).path not in PATHS
    return text if fits else "/"


def home(person: Who) -> str:
    """Return where somebody begins: an administrator at the work of the role, a wall at its map, everybody else at the console."""
    if person.role is Role.WALL:
        return f"/map/{quote(person.scope.area, safe='')}?theme=dark" if person.scope.area != EVERYWHERE else "/own"
    return HOME.get(person.role, "/")


def _log_in_page(house: _House, request: Request, *, name: str = "", **said: Any) -> Response:
    query = request.query_params
    following = own_path(query.get("next", "/"))
    return house.page(
        request,
        "log_in",
        _Said(N_("Connect this screen") if "code" in query else N_("Log in")),
        name=name,
        next=following,
        code=query.get("code", "")[:12] if "code" in query else None,
        device=_address(request, code="", next=""),
        back=_address(request, code=None),
        provider=f"{PROVIDER}?{urlencode({'next': following})}" if house.settings.oidc_issuer else "",
        first_run=_to(FIRST_RUN, request) if _nobody_yet(house, request) else "",
        **said,
    )


def _log_in(house: _House, request: Request, fields: Mapping[str, str]) -> Response:
    accounts, now, came = house.entrance.accounts, datetime.now(UTC), _came(request)
    try:
        _count(house, request, fields, now)
        if "code" in fields:
            token = accounts.redeem(fields["code"], now=now, **came)
            return _enter(house, request, token, "")
        before = cookie_of(request.scope)
        entered = accounts.log_in(fields.get("name", ""), fields.get("password", ""), now=now, before=before, **came)
    except LoginError as error:
        answer = _log_in_page(
            house, request, name=fields.get("name", "")[:64], status=_status(error), errors=_faults(error)
        )
        if error.wait:
            answer.headers["Retry-After"] = str(error.wait)
        return answer
    return _entered(house, request, entered, fields.get("next", ""))


def _count(house: _House, request: Request, fields: Mapping[str, str], now: datetime) -> None:
    """Count an attempt by its name, or one with a code by its address; raises LoginError where there were too many."""
    limits, address = limits_of(house.settings.rules), network_of(_came(request)["address"])
    code = {"code.address": address, "code.all": ""}
    for name, key in (code if "code" in fields else {"log_in.name": fields.get("name", "").casefold()[:64]}).items():
        wait = limits.wait(name, key, now)
        if wait:
            raise LoginError("Too many attempts.", "often", wait)


def _log_out_page(house: _House, request: Request) -> Response:
    return house.page(request, "log_out", _Said(N_("Log out")), home="/")


def _log_out(house: _House, request: Request, _fields: Mapping[str, str]) -> Response:
    token = cookie_of(request.scope)
    if token:
        house.entrance.accounts.log_out(token, datetime.now(UTC))
    answer = _go(_to(LOG_IN, request))
    secure = request.url.scheme == "https"
    answer.delete_cookie(OVER_TLS if secure else COOKIE, path="/", secure=secure, httponly=True, samesite="lax")
    return answer


def _password_page(house: _House, request: Request, **said: Any) -> Response:
    person = who(request)
    forced = person.may == MUST_CHANGE
    return house.page(
        request,
        "password",
        _Said(N_("Change the password")),
        name=person.name,
        forced=forced,
        next=own_path(request.query_params.get("next", "/")),
        rule=_rule(house.entrance.accounts.rules.policy),
        own=_to(OWN, request),
        log_out=_to(LOG_OUT, request),
        **{
            "note": _Said(N_("The password that you were given holds once. Choose your own now.")) if forced else "",
            **said,
        },
    )


def _password(house: _House, request: Request, fields: Mapping[str, str]) -> Response:
    person, old, new = who(request), fields.get("old", ""), fields.get("new", "")
    try:
        _same(new, fields)
        entered = house.entrance.accounts.change_password(person, old, new, datetime.now(UTC))
    except AccessError as error:
        wrong = isinstance(error, LoginError) and error.kind == "wrong"
        said = [_Said(FAULTS["old"])] if wrong else _faults(error)
        return _password_page(house, request, status=_status(error), errors=said)
    return _entered(house, request, entered, fields.get("next", ""))


def _own_page(house: _House, request: Request, **said: Any) -> Response:
    person, language = who(request), language_of(request, house.settings.language)
    _, now, zone = translator(language), datetime.now(UTC), house.places.zone()
    found = house.entrance.accounts.current(person.account, now)
    return house.page(
        request,
        "own",
        _Said("{name}", name=person.name),
        role=_(ROLE[person.role]),
        scope=house.places.name(person.scope, language),
        zone=_Said(ZONE, zone=zone_name(now, zone)),
        sessions=[
            {
                "key": one.key,
                "what": device_name(one.agent) or _("Unknown device"),
                "address": one.address,
                "since": clock(one.begun, zone) if one.begun else "",
                "seen": clock(one.seen, zone) if one.seen else "",
                "here": one.key == person.session,
            }
            for one in found
        ],
        log_out=_to(LOG_OUT, request),
        out_token=house.forms.token(request, browser(request), LOG_OUT),
        password=_to(PASSWORD, request),
        home=home(person),
        **said,
    )


def _own(house: _House, request: Request, fields: Mapping[str, str]) -> Response:
    """End a session of one's own; of anybody else's there is none here."""
    person, accounts = who(request), house.entrance.accounts
    key = fields.get("session", "")
    if key not in {one.key for one in accounts.sessions(person.account)}:
        return missing(request)
    accounts.end(key, by=person, now=datetime.now(UTC))
    return _go(_to(OWN, request))


def _same(password: str, fields: Mapping[str, str]) -> None:
    if password != fields.get("again", ""):
        raise AccessError("The two new passwords are not the same.", "again")


def _nobody_yet(house: _House, request: Request) -> bool:
    return is_local(request.scope) and not house.entrance.accounts.any(datetime.now(UTC))


def _to_make(house: _House, request: Request, *, begins: bool) -> tuple[Role, ...]:
    """Return the roles that may be given here: any to the first account; then, to an administrator at this machine, the administrators that are missing."""
    if begins:
        return (Role.SYSTEM, *(role for role in GIVEN if role not in {Role.SYSTEM, Role.WALL}))
    token = cookie_of(request.scope) if is_local(request.scope) else ""
    person = house.entrance.who(token, datetime.now(UTC), active=True) if token else None
    if person is None or person.role not in ADMINISTRATORS or person.may == MUST_CHANGE:
        return ()
    return house.entrance.accounts.missing()


def _first_run_page(
    house: _House, request: Request, *, fields: Mapping[str, str] | None = None, **said: Any
) -> Response:
    begins = _nobody_yet(house, request)
    roles = _to_make(house, request, begins=begins)
    if not roles:
        return missing(request)
    language, kept = language_of(request, house.settings.language), fields or {}
    _ = translator(language)
    title = N_("Create the first account") if begins else N_("Create the next administrator")
    return house.page(
        request,
        "first_run",
        _Said(title),
        begins=begins,
        name=kept.get("name", "")[:64],
        role=kept.get("role", roles[0].value),
        roles=[(role.value, _(ROLE[role])) for role in roles],
        scope=kept.get("scope", house.settings.area),
        scopes=[*house.places.areas(language).items(), (EVERYWHERE, _("Every area"))] if begins else [],
        rule=_rule(house.entrance.accounts.rules.policy),
        later=_Said(WORDS["later_hint"], role=roles[0].value if not begins else Role.SECURITY.value),
        home=_to("/", request),
        **said,
    )


def _first_run(house: _House, request: Request, fields: Mapping[str, str]) -> Response:
    """Make the first account, and let its owner in; then, one by one, the administrators that are missing."""
    begins = _nobody_yet(house, request)
    role = next((role for role in _to_make(house, request, begins=begins) if role == fields.get("role")), None)
    if role is None:
        return missing(request)
    accounts, now = house.entrance.accounts, datetime.now(UTC)
    name, password = fields.get("name", ""), fields.get("password", "")
    try:
        _same(password, fields)
        scope = Scope.read(EVERYWHERE if role in ADMINISTRATORS else fields.get("scope", ""))
        accounts.add(
            name, role, scope, password, by=None, now=now, must_change=not begins, first=begins, completes=not begins
        )
        entered = accounts.log_in(name, password, now=now, **_came(request)) if begins else None
    except AccessError as error:
        return _first_run_page(
            house, request, fields=fields, status=HTTPStatus.UNPROCESSABLE_ENTITY, errors=_faults(error)
        )
    following = _to(FIRST_RUN, request) if accounts.missing() else "/"
    return _enter(house, request, entered.token, following) if entered else _go(following)


def _entered(house: _House, request: Request, entered: Entered, following: str) -> Response:
    if entered.must_change:
        following = f"{PASSWORD}?{urlencode({'next': own_path(following)})}"
        return _enter(house, request, entered.token, following)
    following = own_path(following)
    return _enter(house, request, entered.token, following if following != "/" else home(entered.who))


def _enter(house: _House, request: Request, token: str, following: str) -> Response:
    """Give the browser its session, and send it where it wanted to go."""
    if not following:
        person = house.entrance.who(token, datetime.now(UTC), active=True)
        following = home(person) if person else "/"
    answer, secure = _go(following), request.url.scheme == "https"
    name = OVER_TLS if secure else COOKIE
    answer.set_cookie(name, token, path="/", secure=secure, httponly=True, samesite="lax")
    return answer


def _go(address: str) -> Response:
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, HEADERS)


def _came(request: Request) -> dict[str, str]:
    """Return where a request came from, as the list of sessions shows it."""
    return {
        "address": request.client.host if request.client else "",
        "agent": request.headers.get("user-agent", "")[:200],
    }


def _to(path: str, request: Request) -> str:
    """Return an address with the language that was asked for."""
    language = request.query_params.get("lang", "")
    return f"{path}?{urlencode({'lang': language})}" if language in TAGS else path


def _address(request: Request, **changed: str | None) -> str:
    """Return the address of this page with some parameters changed; None takes one out."""
    query = {name: value for name, value in {**request.query_params, **changed}.items() if value is not None}
    return f"{request.url.path}?{urlencode(query)}" if query else request.url.path


def _spoken(value: Any, _: Callable[[str], str]) -> Any:
    """Return what a page says in its language; a fault brings along what stands in it."""
    if isinstance(value, _Said):
        return value.spoken(_)
    if isinstance(value, list):
        return [_spoken(one, _) for one in value]
    return value


@dataclass(frozen=True)
class _Said:
    """A sentence in parts, with what stands in it; numbers of seconds are said as a time."""

    texts: Sequence[str]
    names: Mapping[str, object]
    wait: int

    def __init__(self, *texts: str, wait: int = 0, **names: object) -> None:
        for field, value in (("texts", texts), ("names", names), ("wait", wait)):
            object.__setattr__(self, field, value)

    def spoken(self, _: Callable[[str], str]) -> str:
        """Return it in a language."""
        minutes, seconds = -(-self.wait // 60), self.wait
        wait = _("{n} minutes").format(n=minutes) if seconds > A_MINUTE else _("{n} seconds").format(n=seconds)
        return " ".join(_(text).format(wait=wait, **self.names) for text in self.texts)


def _status(error: AccessError) -> HTTPStatus:
    if not isinstance(error, LoginError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.TOO_MANY_REQUESTS if error.kind in {"locked", "often"} else HTTPStatus.UNAUTHORIZED


def _faults(error: AccessError) -> list[_Said]:
    """Return everything that is wrong, in sentences of the page."""
    if isinstance(error, PasswordError):
        return [_Said(FAULTS[f"password.{kind}"]) for kind in error.faults]
    kind = "for_good" if isinstance(error, LoginError) and error.kind == "locked" and not error.wait else error.kind
    return [_Said(FAULTS.get(kind, OTHER), wait=error.wait if isinstance(error, LoginError) else 0)]


def device_name(agent: str) -> str:
    """Return what a browser calls itself, in two words: ``Chrome · Windows``."""
    browsers = (("Edg/", "Edge"), ("Chrome/", "Chrome"), ("Firefox/", "Firefox"), ("Safari/", "Safari"))
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    found = (next((name for mark, name in names if mark in agent), "") for names in (browsers, systems))
    return " · ".join(filter(None, found))


def _rule(policy: Policy) -> _Said:
    """Say what a password must be."""
    words = [N_("At least {least} characters.")]
    if policy.kinds > 1:
        words = [N_("At least {least} characters, of {kinds} kinds: lower case, upper case, digits, signs.")]
    if policy.max_age:
        words.append(N_("It must be changed every {n} days."))
    return _Said(*words, least=policy.least, kinds=policy.kinds, n=policy.max_age.days if policy.max_age else 0)


_TOKENS = Markup(css("light"))  # noqa: S704  our own style sheet
