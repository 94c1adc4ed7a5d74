"""``/first-run``: the first account is made in the browser of this very machine, and after it the administrators that are missing."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.answers import missing
from api.frame import Said, go, onward_in, to
from api.identity import cookie_of, is_local
from api.login.house import FIRST_RUN, House, came, faults_of, let_in, require_same, rule_of
from desk.access.entrance import OWN as MUST_CHANGE
from geo.errors import AccessError
from incidents.access import ADMINISTRATORS, EVERYWHERE, GIVEN, Role, Scope
from locales import N_
from reports.words import ROLE

FIRST, NEXT = N_("Create the first account"), N_("Create the next administrator")
EVERY_AREA = N_("Every area")
COMMAND = 'battlemap user add NAME --role {role} --scope "*"'
WORDS: Mapping[str, str] = {
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
    "later_hint": N_("Those that are missing can also be made on this machine by command:"),
    "repeat": N_("Password again"),
    "create": N_("Create the account"),
}


def show(house: House, request: Request, *, fields: Mapping[str, str] | None = None, **said: Any) -> Response:
    """Ask for the name, the role and the password of the next account that is made here."""
    begins, kept, language = house.nobody_yet(request), fields or {}, house.language(request)
    roles = _to_make(house, request, begins=begins)
    if not roles:
        return missing(request)
    areas = [*house.places.areas(language).items(), (EVERYWHERE, Said(EVERY_AREA))]
    return house.page(
        request,
        "first_run",
        Said(FIRST if begins else NEXT),
        words=WORDS,
        begins=begins,
        name=kept.get("name", "")[:64],
        role=kept.get("role", roles[0].value),
        roles=[(role.value, Said(ROLE[role])) for role in roles],
        scope=kept.get("scope", house.settings.area),
        scopes=areas if begins else [],
        rule=rule_of(house.accounts.rules.policy),
        command=COMMAND.format(role=(Role.SECURITY if begins else roles[0]).value),
        home=to(request, "/"),
        **said,
    )


def take(house: House, request: Request, fields: Mapping[str, str]) -> Response:
    """Make the first account, and let its owner in; then, one by one, the administrators that are missing."""
    begins = house.nobody_yet(request)
    role = next((role for role in _to_make(house, request, begins=begins) if role == fields.get("role")), None)
    if role is None:
        return missing(request)
    accounts, now = house.accounts, datetime.now(UTC)
    name, password = fields.get("name", ""), fields.get("password", "")
    try:
        require_same(password, fields)
        scope = Scope.read(EVERYWHERE if role in ADMINISTRATORS else fields.get("scope", ""))
        accounts.add(
            name, role, scope, password, by=None, now=now, must_change=not begins, first=begins, completes=not begins
        )
        entered = accounts.log_in(name, password, now=now, **came(request)) if begins else None
    except AccessError as error:
        return show(house, request, fields=fields, status=HTTPStatus.UNPROCESSABLE_ENTITY, errors=faults_of(error))
    following = to(request, FIRST_RUN) if accounts.missing() else "/"
    return let_in(request, entered.token, following) if entered else go(onward_in(request, following))


def _to_make(house: House, request: Request, *, begins: bool) -> tuple[Role, ...]:
    """Return the roles that may be given here: any to the first account; then, to an administrator at this machine, the administrators that are missing."""
    if begins:
        return (Role.SYSTEM, *(role for role in GIVEN if role not in {Role.SYSTEM, Role.WALL}))
    token = cookie_of(request.scope) if is_local(request.scope) else ""
    person = house.entrance.who(token, datetime.now(UTC), active=True) if token else None
    if person is None or person.role not in ADMINISTRATORS or person.may == MUST_CHANGE:
        return ()
    return house.accounts.missing()
