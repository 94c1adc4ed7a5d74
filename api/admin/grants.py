"""``/grants``: the security administrator says in which role and how far each account works, and unlocks names. That accounts exist is not theirs."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.admin.office import Office, chosen, fault, here, when
from api.admin.sessions import session_row
from api.admin.standing import STATES, Paged, Standing, standings
from api.frame import Said, to
from api.identity import who
from geo.errors import AccessError
from incidents.access import ADMINISTRATORS, EVERYWHERE, GIVEN, IN_A_GRID, Role, Scope
from ledger.accounts import Account
from locales import N_
from reports.words import ROLE

PATH = "/grants"
ROLES = tuple(role for role in GIVEN if role is not Role.WALL)
LONGEST = 64
WORDS: Mapping[str, str] = {
    "find": N_("Letters of the name"),
    "last": N_("Last log-in"),
    "never": N_("never"),
    "no_role": N_("none yet"),
    "change": N_("Role and sessions"),
    "give": N_("Give a role"),
    "unlock": N_("Unlock"),
    "none": N_("No account fits. Take the search away; the system administrator adds accounts."),
    "yourself": N_("you"),
    "count": N_("Accounts that fit"),
    "step_one": N_("1. Role and area"),
    "step_two": N_("2. Place"),
    "find_place": N_("Letters of the place, to shorten the list"),
    "go_on": N_("Go on"),
    "place": N_("Grid or department"),
    "whole": N_("The whole area"),
    "choose": N_("Choose"),
    "no_places": N_("This area has none that fits. Take the letters away, or choose another area; the dispatcher adds departments as posts."),
    "now_is": N_("At present"),
    "then_is": N_("Will be"),
    "grant": N_("Grant"),
    "take": N_("Take the role away"),
    "own_hint": N_("You cannot change your own role. Another security administrator can, or `battlemap user grant` on the machine."),
    "sessions": N_("Logged in at present"),
    "no_sessions": N_("Not logged in anywhere."),
    "end": N_("End it"),
    "end_all": N_("End all sessions"),
    "since": N_("since"),
    "seen": N_("last seen"),
    "here": N_("here"),
    "to_list": N_("All accounts"),
}  # fmt: skip
DONE: Mapping[str, str] = {
    "granted": N_("{name} is now {role}, {scope}, from the next request on."),
    "taken": N_("{name} has no role any more and does not come in."),
    "unlocked": N_("{name} is unlocked and may try again."),
    "ended": N_("{n} sessions of {name} have ended."),
}
Act = Callable[[Office, Request, Account, Mapping[str, str], datetime], Response]


def show(office: Office, request: Request) -> Response:
    """Show the list, one account, or the question before a role is taken away."""
    key = request.query_params.get("account", "")
    if not key:
        return _list(office, request)
    account = _find(office, key)
    if account is None:
        return _list(office, request, status=HTTPStatus.NOT_FOUND, faults=fault("unknown"))
    asked = request.query_params.get("ask", "")
    if asked in QUESTIONS and (asked == "end_all" or account.key != who(request).account):
        return _question(office, request, account, asked)
    return _one(office, request, account)


def take(office: Office, request: Request, fields: Mapping[str, str]) -> Response:
    """Do what a form asks for."""
    account = _find(office, fields.get("account", ""))
    if account is None:
        return _list(office, request, status=HTTPStatus.NOT_FOUND, faults=fault("unknown"))
    try:
        act = chosen(ACTS, fields)
        _require_unchanged(account, fields)
        return act(office, request, account, fields, datetime.now(UTC))
    except AccessError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _one(office, request, account, fields, status=status, faults=fault(error.kind))


def _require_unchanged(account: Account, fields: Mapping[str, str]) -> None:
    """Raise where somebody else gave the account another role since the form was shown."""
    if fields.get("was", _was(account)) != _was(account):
        raise AccessError("The account was changed since.", "changed")


def _grant(office: Office, request: Request, account: Account, fields: Mapping[str, str], now: datetime) -> Response:
    role = _role(fields.get("role", ""))
    if role is None:
        raise AccessError("The form names no role.", "role")
    scope = office.fitted(role, fields, now)
    office.accounts.grant(account.key, role, scope, by=who(request), now=now)
    return office.done(request, PATH, "granted", account.key, *_before(account), account=account.key)


def _take(office: Office, request: Request, account: Account, _fields: Mapping[str, str], now: datetime) -> Response:
    office.accounts.grant(account.key, None, None, by=who(request), now=now)
    return office.done(request, PATH, "taken", account.key, *_before(account), account=account.key)


def _unlock(office: Office, request: Request, account: Account, _fields: Mapping[str, str], now: datetime) -> Response:
    office.accounts.attempts.unlock(account.key, by=who(request), now=now)
    return office.done(request, PATH, "unlocked", account.key, "", "")


def _end_all(office: Office, request: Request, account: Account, _fields: Mapping[str, str], now: datetime) -> Response:
    person = who(request)
    own = person.session if account.key == person.account else ""
    ended = office.accounts.sessions.end_all(account.key, by=person, now=now, but=own)
    return office.done(request, PATH, "ended", account.key, str(ended), "", account=account.key)


ACTS: Mapping[str, Act] = {"grant": _grant, "take": _take, "unlock": _unlock, "end_all": _end_all}
QUESTIONS: Mapping[str, tuple[str, str, str]] = {
    "take": (
        N_("Take the role of {name} away?"),
        N_("From the next request on the account sees and does nothing, and it cannot log in until it has a role again. The role can be given back."),
        N_("Take the role away"),
    ),
    "end_all": (
        N_("End all sessions of {name}?"),
        N_("The account is logged out everywhere within a second; what was being typed there is lost. It can log in again. Your own session here goes on."),
        N_("End all sessions"),
    ),
}  # fmt: skip


def _find(office: Office, key: str) -> Account | None:
    return office.account(key)


def _role(text: str) -> Role | None:
    return Role(text) if text in set(ROLES) else None


def _before(account: Account) -> tuple[str, str]:
    return (account.role.value if account.role else "", str(account.scope or ""))


def _was(account: Account) -> str:
    return " ".join(_before(account))


def _list(office: Office, request: Request, **said: Any) -> Response:
    query, now, language = request.query_params, datetime.now(UTC), office.language(request)
    find, state, role = query.get("q", "")[:LONGEST], query.get("state", ""), query.get("role", "")
    found = [one for one in standings(office.accounts, now) if one.fits(find, state) and _of_role(one, role)]
    found.sort(key=lambda one: one.account.role is not None)  # those that wait come first
    paged = Paged.of(request, found)
    return office.page(
        request,
        "grants",
        Said(N_("Roles and scopes")),
        words=WORDS,
        rows=[_row(office, request, one, language) for one in paged.rows],
        paged=paged,
        q=find,
        state=state,
        states=[(key, Said(text)) for key, text in STATES.items()],
        role=role,
        roles=[(one.value, Said(ROLE[one])) for one in ROLES],
        **{**_notice(office, request, language), **said},
    )


def _of_role(one: Standing, role: str) -> bool:
    return not role or (one.account.role is not None and one.account.role.value == role)


def _row(office: Office, request: Request, one: Standing, language: str) -> dict[str, Any]:
    account = one.account
    return {
        "key": account.key,
        "name": account.name,
        "role": Said(ROLE[account.role]) if account.role else "",
        "scope": office.places.name(account.scope, language),
        "state": one.said(),
        "kind": one.kind,
        "last": when(one.last),
        "own": account.key == who(request).account,
        "address": to(request, PATH, account=account.key),
    }


def _one(
    office: Office, request: Request, account: Account, fields: Mapping[str, str] | None = None, **said: Any
) -> Response:
    """Show one account, and the way to another role in two steps; what was chosen stays chosen."""
    now, language, person = datetime.now(UTC), office.language(request), who(request)
    standing = next(one for one in standings(office.accounts, now) if one.account.key == account.key)
    choice = _choice(office, account, {**request.query_params, **(fields or {})}, now, language)
    faults = {**choice.pop("faults"), **said.pop("faults", {})}
    return office.page(
        request,
        "grant",
        Said(N_("{name}: role and scope"), name=account.name),
        words=WORDS,
        account=_row(office, request, standing, language),
        was=_was(account),
        roles=[(one.value, Said(ROLE[one])) for one in ROLES],
        areas=[*office.places.areas(language).items(), (EVERYWHERE, Said(N_("Every area")))],
        take=here(request, ask="take", account=account.key) if account.role else "",
        end_all=here(request, ask="end_all", account=account.key),
        sessions=[
            session_row(request, one, account.name, person)
            for one in office.accounts.sessions.current(account.key, now)
        ],
        list=to(request, PATH),
        faults=faults,
        **choice,
        **{**_notice(office, request, language), **said},
    )  # fmt: skip


def _choice(office: Office, account: Account, query: Mapping[str, str], now: datetime, language: str) -> dict[str, Any]:
    """Return what was chosen so far, and the places that are left to choose from; what the account has where nothing was."""
    role = _role(query.get("role", "")) or (account.role if "role" not in query else None)
    area = query.get("area") or (account.scope.area if account.scope else office.settings.area)
    if role in ADMINISTRATORS:
        area = EVERYWHERE
    elif area == EVERYWHERE and (role in IN_A_GRID or role is Role.DEPARTMENT):
        area = office.settings.area
    find, faults, groups = query.get("find", "")[:LONGEST], {}, []
    try:
        groups = office.places.groups(role, area, language, now, find) if role else []
    except AccessError as error:
        role, faults = None, fault(error.kind)
    return {
        "role": role.value if role else "",
        "role_name": Said(ROLE[role]) if role else "",
        "area": area,
        "area_name": office.places.name(Scope(area), language) if area else "",
        "find": find,
        "groups": groups,
        "place": query.get("place", _place(account.scope) if account.scope and account.scope.area == area else ""),
        "needs_place": role in IN_A_GRID or role is Role.DEPARTMENT,
        "has_places": role is not None and role not in ADMINISTRATORS and area != EVERYWHERE,
        "faults": faults,
    }


def _place(scope: Scope) -> str:
    return f"department:{scope.department}" if scope.department else ":".join(scope.grid or ())


def _question(office: Office, request: Request, account: Account, asked: str) -> Response:
    title, line, button = QUESTIONS[asked]
    return office.page(
        request,
        "confirm",
        Said(title, name=account.name),
        lines=[Said(line)],
        button=Said(button),
        fields={"act": asked, "account": account.key, "was": _was(account)},
        back=to(request, PATH, account=account.key),
    )


def _notice(office: Office, request: Request, language: str) -> dict[str, Any]:
    """Say what was done just now; a role that was changed can be set back from there."""
    match office.noticed(request):
        case [kind, key, first, second] if kind in DONE:
            account = _find(office, key)
            if account is None:
                return {}
            role = Said(ROLE[account.role]) if account.role else ""
            names = {
                "name": account.name,
                "role": role,
                "scope": office.places.name(account.scope, language),
                "n": first,
            }
            undo = _undo(account, first, second) if kind in {"granted", "taken"} else None
            return {"notice": Said(DONE[kind], **names), "undo": undo}
    return {}  # fmt: skip


def _undo(account: Account, role: str, scope: str) -> dict[str, str] | None:
    """Return the form that sets a role back; None where it is that role already."""
    if _before(account) == (role, scope):
        return None
    own = {"account": account.key, "was": _was(account)}
    if not role:
        return {**own, "act": "take"}
    before = Scope.read(scope)
    return {**own, "act": "grant", "role": role, "area": before.area, "place": _place(before)}
