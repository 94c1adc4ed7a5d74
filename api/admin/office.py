"""What the administrators' pages have in common: frame, forms, notices that only we can write, faults beside their fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import urlencode

from itsdangerous import BadData, URLSafeTimedSerializer
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.answers import failure
from api.forms import ForeignForm, Forms, foreign
from api.frame import NOT_SO, OTHER, Frame, Said, go, templates, to
from api.identity import who
from api.login.house import LOG_OUT, OWN
from api.places import Places
from desk.access.accounts import Accounts
from desk.access.entrance import Entrance
from desk.access.grants import fitted
from desk.rooms import Rooms
from geo.errors import AccessError, BattlemapError, PackError, UnknownArea
from incidents.access import Role, Scope
from layers.style import css_by_system
from ledger.accounts import Account
from locales import N_
from reports.words import ROLE
from settings import Settings

NOTICE_AGE = 600  # seconds for which a notice is believed
NOTHING: Mapping[str, str] = MappingProxyType({})
TABS: Mapping[Role, Sequence[tuple[str, str]]] = {
    Role.SYSTEM: (("/accounts", N_("Accounts")), ("/channels", N_("Messages and channels")), ("/bridge", N_("Bridge"))),
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
    "screen": ("name", N_("Write 1 to 64 signs on one line.")),
    "area": ("area", N_("Choose an area that there is.")),
    "role": ("role", N_("Choose a role that can be given.")),
    "scope": ("place", N_("This role needs another place: choose a grid or a department of the area.")),
    "view": ("view", N_("This screen would not see that view: choose another one, or a wider place.")),
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
class Office(Frame):
    """What every one of these pages needs."""

    accounts: Accounts
    rooms: Rooms
    notices: URLSafeTimedSerializer

    @classmethod
    def opened(cls, settings: Settings, rooms: Rooms, entrance: Entrance, assets: str) -> "Office":
        """Return the office of some settings."""
        notices = URLSafeTimedSerializer(entrance.key, salt="battlemap.notice")
        places, forms = Places(rooms, settings.packs), Forms(entrance.key)
        return cls(settings, places, forms, assets, templates(), entrance.accounts, rooms, notices)

    def page(
        self, request: Request, template: str, title: Said, /, *, words: Mapping[str, str] = NOTHING, **said: Any
    ) -> Response:
        """Answer with one of the pages."""
        person = who(request)
        tag, own_name = OTHER[self.language(request)]
        is_shown = request.method == "GET"
        common = {
            "tokens": TOKENS,
            "other_language": own_name,
            "other": here(request, lang=tag) if is_shown else to(request, request.url.path, lang=tag),
            "person": Said("{name} · {role}", name=person.name, role=Said(ROLE[person.role])),
            "tabs": [
                (to(request, path), Said(text), path == request.url.path) for path, text in TABS.get(person.role, ())
            ],
            "own": to(request, OWN),
            "log_out": to(request, LOG_OUT),
            "lang": request.query_params.get("lang", ""),
            "notice": "",
            "undo": None,
            "faults": {},
            "mark": "",
        }
        return self.answer(request, f"admin/{template}", title, words={**WORDS, **words}, **{**common, **said})

    def account(self, key: str) -> Account | None:
        """Return an account by its key; None for one that there is not."""
        return next((one for one in self.accounts.every() if one.key == key), None)

    def fitted(self, role: Role, fields: Mapping[str, str], now: datetime) -> Scope:
        """Return the scope that a form names, in which somebody can work in a role.

        Raises
        ------
        AccessError
            There is no such area, or the role needs another place.
        """
        wanted = self.places.scope(role, fields.get("area", ""), fields.get("place", ""))
        try:
            return fitted(self.rooms, role, wanted, now)
        except (UnknownArea, PackError) as error:
            raise AccessError(str(error), "area") from error

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


def showing(office: Office, show: Shown) -> Callable[[Request], Any]:
    """Show a page that takes no form; in a thread, for it reads the ledger."""

    async def answer(request: Request) -> Response:
        try:
            return await run_in_threadpool(show, office, request)
        except BattlemapError as error:
            return failure(request, error)

    return answer


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


def fault(kind: str) -> dict[str, Said]:
    """Return what is wrong, by the field that it stands beside; "" for the page as a whole."""
    field, text = FAULTS.get(kind, ("", NOT_SO))
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


TOKENS = Markup(css_by_system())  # noqa: S704  our own style sheet
