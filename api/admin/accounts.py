"""``/accounts``: the system administrator sees to it that accounts exist: adds, disables, enables, resets. What they may do is not theirs to say."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.admin.office import Office, chosen, fault, here, span, when
from api.admin.standing import STATES, Paged, Standing, standings
from api.frame import Said, to
from api.identity import who
from desk.people import retention
from geo.errors import AccessError
from incidents.access import ADMINISTRATORS, Who
from ledger.accounts import Account
from locales import N_, translator
from reports.trail import details
from reports.words import ROLE

PATH = "/accounts"
TITLE = N_("Accounts")
LOCAL_ONLY = N_("At the command line only")
WORDS: Mapping[str, str] = {
    "add": N_("Add an account"),
    "add_hint": N_(
        "A password is made that holds once. What the account may do is for the security administrator to grant; until then it does not come in."
    ),
    "find": N_("Letters of the name"),
    "last": N_("Last log-in"),
    "never": N_("never"),
    "made": N_("Added"),
    "disable": N_("Disable"),
    "enable": N_("Enable"),
    "reset": N_("Reset the password"),
    "once": N_("Password, to be used once"),
    "none": N_("No account fits. Take the search away, or add one."),
    "no_role": N_("none yet"),
    "yourself": N_("you"),
    "count": N_("Accounts that fit"),
    "make": N_("Add the account"),
    "retention": N_("Erased when its time was over"),
    "retention_hint": N_("Once a day, by the rules of each area. Counts only; nobody's name."),
    "retention_none": N_("Nothing was erased so far. The console looks once a day."),
    "when": N_("Last done"),
    "erased": N_("What went"),
    "once_end": N_("Written down? Back to the list"),
}
DONE: Mapping[str, str] = {
    "disabled": N_("{name} is disabled, and all of its sessions have ended."),
    "enabled": N_("{name} is enabled and may log in again."),
}
Act = Callable[[Office, Request, Account, datetime], Response]


def show(office: Office, request: Request) -> Response:
    """Show the list, or the question before something that cannot be taken back."""
    asked = request.query_params.get("ask", "")
    if asked in {"disable", "reset"}:
        return _question(office, request, asked)
    return _list(office, request)


def take(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    """Do what a form asks for."""
    now = datetime.now(UTC)
    try:
        if fields.get("act") == "add":
            return _add(office, request, fields, now)
        act = chosen(ACTS, fields)
        return act(office, request, _account(office, fields.get("account", ""), fields), now)
    except AccessError as error:
        return _list(office, request, fields=fields, status=HTTPStatus.UNPROCESSABLE_ENTITY, faults=fault(error.kind))


def _add(office: Office, request: Request, fields: Mapping[str, str], now: datetime) -> Response:
    made = office.accounts.add(fields.get("name", ""), None, None, by=who(request), now=now)
    return _once(office, request, made.name, made.once, is_new=True)


def _disable(office: Office, request: Request, account: Account, now: datetime) -> Response:
    office.accounts.disable(account.key, by=who(request), now=now)
    return office.done(request, PATH, "disabled", account.key)


def _enable(office: Office, request: Request, account: Account, now: datetime) -> Response:
    office.accounts.enable(account.key, by=who(request), now=now)
    return office.done(request, PATH, "enabled", account.key)


def _reset(office: Office, request: Request, account: Account, now: datetime) -> Response:
    once = office.accounts.reset(account.key, by=who(request), now=now)
    return _once(office, request, account.name, once, is_new=False)


ACTS: Mapping[str, Act] = {"disable": _disable, "enable": _enable, "reset": _reset}


def _account(office: Office, key: str, fields: Mapping[str, str]) -> Account:
    """Return the account that a form names; one that was given another password since the question was asked is not given a third."""
    found = office.account(key)
    if found is None:
        raise AccessError("There is no such account.", "unknown")
    if fields.get("stand", _stand(found)) != _stand(found):
        raise AccessError("The account was changed since.", "changed")
    return found


def _stand(account: Account) -> str:
    return f"{account.changed.timestamp()} {account.enabled}"


def _once(office: Office, request: Request, name: str, once: str, *, is_new: bool) -> Response:
    """Show a password once: it stands in this answer and nowhere else."""
    lines = [
        Said(N_("It is shown this once and kept nowhere. Hand it over in person; it must be changed at the first log-in.")),
        Said(N_("It holds for {time}. If it gets lost, reset it."), time=span(office.accounts.rules.once)),
    ]  # fmt: skip
    if is_new:
        lines.append(Said(N_("Next, the security administrator grants {name} a role and a scope."), name=name))
    title = Said(N_("{name} was added") if is_new else N_("{name} has a new password"), name=name)
    return office.page(request, "once", title, words=WORDS, name=name, secret=once, lines=lines, back=to(request, PATH))


def _question(office: Office, request: Request, asked: str) -> Response:
    query = request.query_params
    account = office.account(query.get("account", ""))
    fault = _refusal(account, who(request))
    if account is None or fault:
        return _list(office, request, status=HTTPStatus.UNPROCESSABLE_ENTITY, faults=fault)
    title, line, button = QUESTIONS[asked]
    return office.page(
        request,
        "confirm",
        Said(title, name=account.name),
        lines=[Said(line)],
        button=Said(button),
        fields={"act": asked, "account": account.key, "stand": _stand(account)},
        back=here(request, ask="", account=""),
    )


QUESTIONS: Mapping[str, tuple[str, str, str]] = {
    "disable": (
        N_("Disable {name}?"),
        N_("The account is logged out everywhere within a second and cannot log in. It can be enabled again at any time."),
        N_("Disable"),
    ),
    "reset": (
        N_("Reset the password of {name}?"),
        N_("The present password holds no more, and the account is logged out everywhere. You are shown a new one, once. This cannot be taken back."),
        N_("Reset the password"),
    ),
}  # fmt: skip


def _refusal(account: Account | None, person: Who) -> dict[str, Said]:
    """Say why an account is not this administrator's to look after."""
    kind = "unknown" if account is None else "own" if account.key == person.account else ""
    if account is not None and not kind and account.role in ADMINISTRATORS:
        kind = "accounts"
    return fault(kind) if kind else {}


def _list(office: Office, request: Request, *, fields: Mapping[str, str] | None = None, **said: Any) -> Response:
    query, now, person = request.query_params, datetime.now(UTC), who(request)
    language = office.language(request)
    every = standings(office.accounts, now)
    state, find = query.get("state", ""), query.get("q", "")[:64]
    fitting = [one for one in every if one.fits(find, state)]
    paged = Paged.of(request, fitting)
    return office.page(
        request,
        "accounts",
        Said(TITLE),
        words=WORDS,
        rows=[_row(office, request, one, person, language) for one in paged.rows],
        paged=paged,
        q=find,
        state=state,
        states=[(key, Said(text)) for key, text in STATES.items()],
        name=(fields or {}).get("name", "")[:64],
        erased=_erased(office, language),
        **{**_notice(office, request), **said},
    )


def _row(office: Office, request: Request, one: Standing, person: Who, language: str) -> dict[str, Any]:
    account = one.account
    is_theirs = not _refusal(account, person)
    return {
        "key": account.key,
        "name": account.name,
        "role": Said(ROLE[account.role]) if account.role else "",
        "scope": office.places.name(account.scope, language),
        "state": one.said(),
        "kind": one.kind,
        "last": when(one.last),
        "made": when(account.made),
        "enabled": account.enabled,
        "own": account.key == person.account,
        "local": Said(LOCAL_ONLY) if not is_theirs and account.key != person.account else "",
        "theirs": is_theirs,
        "disable": here(request, ask="disable", account=account.key),
        "reset": "" if account.issuer else here(request, ask="reset", account=account.key),
    }


def _erased(office: Office, language: str) -> list[dict[str, Any]]:
    """Return what was last erased in every area and of the console itself, where anything was looked at."""
    _ = translator(language)
    names = {**office.places.areas(language), "": _("Console")}
    found = {area: retention.last(office.rooms.ledger, area) for area in names}
    return [
        {"area": names[area], "at": when(line.at), "said": details(line, _) or "–"}
        for area, line in found.items()
        if line
    ]


def _notice(office: Office, request: Request) -> dict[str, Any]:
    """Say what was done just now; what was disabled can be enabled again from there."""
    match office.noticed(request):
        case [kind, key] if kind in DONE:
            account = office.account(key)
            if account is None or account.enabled is not (kind == "enabled"):
                return {}
            undo = {"act": "enable", "account": key} if kind == "disabled" else None
            return {"notice": Said(DONE[kind], name=account.name), "undo": undo}
    return {}
