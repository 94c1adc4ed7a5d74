"""What the administrators' pages have in common: frame, forms, notices that only we can write, faults beside their fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from itsdangerous import BadData, URLSafeTimedSerializer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.answers import failure, language_of
from api.forms import ForeignForm, Forms, browser, foreign, remember
from api.identity import who
from api.login import HEADERS, TAGS, ZONE
from api.places import Places, clock, zone_name
from desk.access.accounts import Accounts
from desk.access.entrance import Entrance
from desk.rooms import Rooms
from geo.errors import AccessError, BattlemapError
from incidents.access import Role
from layers.style import css
from locales import N_, Translator, translator
from reports.words import ROLE
from settings import Settings

NOTICE_AGE = 600  # seconds for which a notice is believed
TABS: Mapping[Role, Sequence[tuple[str, str]]] = {
    Role.SYSTEM: (("/accounts", N_("Accounts")),),
    Role.SECURITY: (
        ("/grants", N_("Roles and scopes")),
        ("/grants/sessions", N_("Logged in at present")),
        ("/grants/walls", N_("Wall screens")),
    ),
    Role.AUDIT: (("/audit", N_("Audit trail")),),
}
# Kind of a fault -> the field that it stands beside, and what is said
FAULTS: Mapping[str, tuple[str, str]] = {
    "taken": ("name", N_("There is an account of this name already. Choose another name.")),
    "name": ("name", N_("A name has 2 to 64 letters, digits, dots, hyphens, underscores or @.")),
    "area": ("area", N_("Choose an area that there is.")),
    "role": ("role", N_("Choose a role that can be given.")),
    "scope": ("place", N_("This role needs another place: choose a grid or a department of the area.")),
    "day": ("since", N_("Write days as 2026-11-22, the first before the last.")),
    "own": ("", N_("Nobody does this to their own account. Ask another administrator.")),
    "accounts": ("", N_("Administrators' accounts are looked after at the command line of the machine alone.")),
    "provider": ("", N_("This account comes in by the organisation's log-in and has no password here.")),
    "wall": ("", N_("This wall screen is revoked already, or there is none.")),
    "unknown": ("", N_("There is no such account any more. Look at the list as it is now.")),
    "changed": ("", N_("Somebody changed this account in the meantime, so nothing was done. Look at it as it is now.")),
    "last": ("", N_("This is the last administrator of this kind: without one nobody could do this work. Give the role to somebody else first, or use the command line.")),
    "rows": ("", N_("A workbook does not hold so many lines. Narrow the filter, or export CSV.")),
    "step": ("", N_("Choose once more: nothing was done.")),
}  # fmt: skip
OTHER = N_("This cannot be done as it was typed.")
WORDS: Mapping[str, str] = {
    "product": N_("Grid battle map"),
    "log_out": N_("Log out"),
    "search": N_("Search"),
    "back": N_("Back"),
    "undo": N_("Undo"),
    "name": N_("Account name"),
    "role": N_("Role"),
    "scope": N_("Scope"),
    "state": N_("State"),
    "area": N_("Area"),
    "own_page": N_("My password and sessions"),
    "all": N_("All"),
    "older": N_("Older"),
    "next": N_("Next page"),
    "before": N_("Previous page"),
    "actions": N_("Actions"),
}

T = TypeVar("T")
Shown = Callable[["Office", Request], Response]
Taken = Callable[["Office", Request, Mapping[str, str]], Response]


@dataclass(frozen=True)
class Said:
    """A sentence, and what stands in it; a value that is a `Said` is said in the same language, and a time in the zone of the page."""

    text: str
    names: Mapping[str, object]

    def __init__(self, text: str, **names: object) -> None:
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "names", names)

    def spoken(self, _: Translator, zone: tzinfo) -> str:
        """Return it in a language, on a clock."""
        names = {key: _spoken(value, _, zone) for key, value in self.names.items()}
        return _(self.text).format(**names)


@dataclass(frozen=True)
class Office:
    """What every one of these pages needs."""

    accounts: Accounts
    rooms: Rooms
    settings: Settings
    places: Places
    forms: Forms
    notices: URLSafeTimedSerializer
    assets: str
    pages: Environment

    @classmethod
    def opened(cls, settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> "Office":
        """Return the office of some settings."""
        folder = Path(__file__).parents[1] / "templates"
        pages = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)
        notices = URLSafeTimedSerializer(entrance.key, salt="battlemap.notice")
        places = Places(rooms, settings.packs)
        return cls(entrance.accounts, rooms, settings, places, Forms(entrance.key), notices, assets, pages)

    def page(
        self, request: Request, template: str, title: Said, /, *, status: int = HTTPStatus.OK, **said: Any
    ) -> Response:
        """Answer with one of the pages; its forms are signed for this browser and for this address."""
        language, mine, person = self.language(request), browser(request), who(request)
        _, zone = translator(language), self.places.zone()
        other = "en" if language == "zh" else "zh"
        html = self.pages.get_template(f"admin/{template}.html").render(
            tag=TAGS[language],
            title=title.spoken(_, zone),
            assets=self.assets,
            tokens=TOKENS,
            words={key: _(text) for key, text in {**WORDS, **said.pop("words", {})}.items()},
            other_language="English" if language == "zh" else "中文",
            other=here(request, lang=other) if request.method == "GET" else to(request, request.url.path, lang=other),
            other_tag=TAGS[other],
            person=f"{person.name} · {_(ROLE[person.role])}",
            tabs=[(to(request, path), _(text), path == request.url.path) for path, text in TABS.get(person.role, ())],
            own=to(request, "/own"),
            log_out=to(request, "/log-out"),
            action=to(request, request.url.path),
            lang=request.query_params.get("lang", ""),
            token=self.forms.token(request, mine),
            zone=_(ZONE).format(zone=zone_name(datetime.now(UTC), zone)),
            **{"notice": "", "undo": None, "faults": {}, "mark": "", **{key: _spoken(value, _, zone) for key, value in said.items()}},
        )  # fmt: skip
        answer = Response(html, status, HEADERS, "text/html; charset=utf-8")
        remember(request, answer, mine)
        return answer

    def language(self, request: Request) -> str:
        """Return the language of the page."""
        return language_of(request, self.settings.language)

    def done(self, request: Request, path: str, kind: str, *facts: str, **query: str) -> Response:
        """Go on to a page that says what was done, so that loading it again does nothing again."""
        return go(to(request, path, done=self.notices.dumps([kind, *facts]), **query))

    def noticed(self, request: Request) -> list[str]:
        """Return what was done just now: its kind and its facts; nothing that did not come from `done` of late."""
        try:
            found = self.notices.loads(request.query_params.get("done", ""), max_age=NOTICE_AGE)
        except BadData:
            return []
        return [str(one) for one in found]


def taking(office: Office, show: Shown, take: Taken) -> Callable[[Request], Any]:
    """Show a page, and take its forms if one of our pages sent them; both in a thread, for they read the ledger."""

    async def answer(request: Request) -> Response:
        try:
            if request.method != "POST":
                return await run_in_threadpool(show, office, request)
            fields = await office.forms.read(request)
            return await run_in_threadpool(take, office, request, fields)
        except ForeignForm:
            return foreign(request)
        except BattlemapError as error:
            return failure(request, error)

    return answer


def faults_of(error: AccessError) -> dict[str, Said]:
    """Return what is wrong, by the field that it stands beside; "" for the page as a whole."""
    field, text = FAULTS.get(error.kind, ("", OTHER))
    return {field: Said(text)}


def chosen(acts: Mapping[str, T], fields: Mapping[str, str]) -> T:
    """Return what a form asks for.

    Raises
    ------
    AccessError
        It asks for nothing that there is.
    """
    found = acts.get(fields.get("act", ""))
    if found is None:
        raise AccessError("The form names no act.", "step")
    return found


def go(address: str) -> Response:
    """Answer a form that was taken."""
    return RedirectResponse(address, HTTPStatus.SEE_OTHER, HEADERS)


def to(request: Request, path: str, **query: str | int) -> str:
    """Return an address in the language that was asked for; parameters that are empty are left out."""
    language = request.query_params.get("lang", "")
    said = {"lang": language if language in TAGS else "", **query}
    kept = {name: value for name, value in said.items() if value != ""}
    return f"{path}?{urlencode(kept)}" if kept else path


def here(request: Request, **changed: str | int) -> str:
    """Return the address of this page with some parameters changed; "" takes one out. What was done just now is not said again."""
    query = {**request.query_params, "done": "", **changed}
    kept = {name: value for name, value in query.items() if value != ""}
    return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path


def when(moment: datetime | None) -> datetime | str:
    """Return a time for a page to show; "" for none."""
    return "" if moment is None else moment


def span(length: timedelta) -> Said:
    """Return a length of time in hours or minutes."""
    hours = length // timedelta(hours=1)
    return Said(N_("{n} hours"), n=hours) if hours else Said(N_("{n} minutes"), n=length // timedelta(minutes=1))


def _spoken(value: Any, _: Translator, zone: tzinfo) -> Any:
    if isinstance(value, Said):
        return value.spoken(_, zone)
    if isinstance(value, datetime):
        return clock(value, zone)
    if isinstance(value, Mapping):
        return {key: _spoken(one, _, zone) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_spoken(one, _, zone) for one in value]
    return value


def _media(name: str, query: str) -> str:
    return f"@media {query} {{ {css(name)} }}"


TOKENS = Markup(css("light") + _media("dark", "screen and (prefers-color-scheme: dark)") + _media("print", "print"))  # noqa: S704  our own style sheet
