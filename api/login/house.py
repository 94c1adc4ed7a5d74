"""What the pages before the console have in common: how forms are taken, what is said of errors, and where somebody goes who came in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.forms import ForeignForm, foreign
from api.frame import NOT_SO, OTHER, Frame, Said, go, onward_in
from api.identity import COOKIE, LOG_IN, OVER_TLS, PASSWORD, address_of, home_of, is_local
from api.turns import Turns
from desk.access.accounts import Accounts
from desk.access.entrance import Entrance
from desk.access.sessions import Entered
from geo.errors import AccessError, LoginError, PasswordError
from incidents.access import IN_A_GRID, Who
from incidents.passwords import Policy
from layers.style import css_by_system
from locales import N_

LOG_OUT, OWN, FIRST_RUN = "/log-out", "/own", "/first-run"
PATHS = (LOG_IN, LOG_OUT, PASSWORD, OWN, FIRST_RUN)
FIELD, WALL = "/field", "/wall/"  # api/field, api/wall.py
PHONE = "Mobi"  # what browsers of phones call themselves, as MDN advises to look for
LONGEST_NEXT = 2000
A_MINUTE = 60
WORDS: Mapping[str, str] = {
    "product": N_("Grid battle map"),
    "name": N_("Account name"),
    "password": N_("Password"),
    "again": N_("New password again"),
    "change": N_("Change the password"),
    "log_out": N_("Log out"),
    "back": N_("Back"),
    "role": N_("Role"),
    "scope": N_("Scope"),
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


@dataclass(frozen=True)
class House(Frame):
    """What every one of these pages needs."""

    entrance: Entrance

    @property
    def accounts(self) -> Accounts:
        """Who may come in."""
        return self.entrance.accounts

    def page(
        self, request: Request, template: str, title: Said, /, *, words: Mapping[str, str], **said: Any
    ) -> Response:
        """Answer with one of the pages."""
        other = address(request, lang=OTHER[self.language(request)][0])
        common = {"tokens": TOKENS, "other": other, "errors": (), "note": ""}
        return self.answer(request, template, title, words={**WORDS, **words}, **{**common, **said})  # fmt: skip

    def nobody_yet(self, request: Request) -> bool:
        """Tell whether the first account may be made: there is none, and this very machine asks."""
        return is_local(request.scope) and not self.accounts.any(datetime.now(UTC))


Shown = Callable[[House, Request], Response]
Taken = Callable[[House, Request, Mapping[str, str]], Response]


def taking(house: House, show: Shown, take: Taken, turns: Turns | None = None) -> Callable[[Request], Any]:
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


def home(person: Who, request: Request) -> str:
    """Return where somebody begins: an administrator at the work of the role, a wall at its own page, who works in a grid and comes with a phone at the field page, everybody else at the console."""
    if person.role in IN_A_GRID and PHONE in request.headers.get("user-agent", ""):
        return FIELD
    return home_of(person) or "/"


def onward(entered: Entered, following: str, request: Request) -> str:
    """Return where somebody goes who came in: where they wanted to, but first to another password where they need one."""
    following = own_path(following)
    if entered.must_change:
        return f"{PASSWORD}?{urlencode({'next': following})}"
    return following if following != "/" else home(entered.who, request)


def let_in(request: Request, token: str, following: str) -> Response:
    """Give the browser its session, and send it on."""
    answer, secure = go(onward_in(request, following)), request.url.scheme == "https"
    name = OVER_TLS if secure else COOKIE
    answer.set_cookie(name, token, path="/", secure=secure, httponly=True, samesite="lax")
    return answer


def came(request: Request) -> dict[str, str]:
    """Return where a request came from, as the list of sessions shows it."""
    return {
        "address": address_of(request),
        "agent": request.headers.get("user-agent", "")[:200],
    }


def address(request: Request, **changed: str | None) -> str:
    """Return the address of this page with some parameters changed; None takes one out."""
    query = {name: value for name, value in {**request.query_params, **changed}.items() if value is not None}
    return f"{request.url.path}?{urlencode(query)}" if query else request.url.path


def require_same(password: str, fields: Mapping[str, str]) -> None:
    """Ask that a new password was typed twice alike; raises AccessError."""
    if password != fields.get("again", ""):
        raise AccessError("The two new passwords are not the same.", "again")


def status_of(error: AccessError) -> HTTPStatus:
    """Return with which status a fault is said."""
    if not isinstance(error, LoginError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.TOO_MANY_REQUESTS if error.kind in {"locked", "often"} else HTTPStatus.UNAUTHORIZED


def faults_of(error: AccessError) -> list[Said]:
    """Return everything that is wrong, in sentences of the page."""
    if isinstance(error, PasswordError):
        return [Said(FAULTS[f"password.{kind}"]) for kind in error.faults]
    wait = error.wait if isinstance(error, LoginError) else 0
    kind = "for_good" if isinstance(error, LoginError) and error.kind == "locked" and not wait else error.kind
    return [Said(FAULTS.get(kind, NOT_SO), wait=_span(wait))]


def rule_of(policy: Policy) -> Said:
    """Say what a password must be."""
    words = [N_("At least {least} characters.")]
    if policy.kinds > 1:
        words = [N_("At least {least} characters, of {kinds} kinds: lower case, upper case, digits, signs.")]
    if policy.max_age:
        words.append(N_("It must be changed every {n} days."))
    return Said(*words, least=policy.least, kinds=policy.kinds, n=policy.max_age.days if policy.max_age else 0)


def _span(seconds: int) -> Said:
    minutes = -(-seconds // A_MINUTE)
    return Said(N_("{n} minutes"), n=minutes) if seconds > A_MINUTE else Said(N_("{n} seconds"), n=seconds)


TOKENS = Markup(css_by_system())  # noqa: S704  our own style sheet
