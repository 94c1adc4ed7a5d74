"""``/password``: one's own password is changed, of free will or because it is a first or an old one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.frame import Said, to
from api.identity import who
from api.login.house import (
    FAULTS,
    LOG_OUT,
    OWN,
    House,
    faults_of,
    let_in,
    onward,
    own_path,
    require_same,
    rule_of,
    status_of,
)
from desk.access.entrance import OWN as MUST_CHANGE
from geo.errors import AccessError, LoginError
from locales import N_

WORDS: Mapping[str, str] = {"old": N_("Present password"), "new": N_("New password")}
ONCE = N_("The password that you were given holds once. Choose your own now.")


def show(house: House, request: Request, **said: Any) -> Response:
    """Ask for the old password and a new one."""
    person = who(request)
    forced = person.may == MUST_CHANGE
    return house.page(
        request,
        "password",
        Said(N_("Change the password")),
        words=WORDS,
        name=person.name,
        forced=forced,
        next=own_path(request.query_params.get("next", "/")),
        rule=rule_of(house.accounts.rules.policy),
        own=to(request, OWN),
        log_out=to(request, LOG_OUT),
        **{"note": Said(ONCE) if forced else "", **said},
    )


def take(house: House, request: Request, fields: Mapping[str, str]) -> Response:
    """Change it; the browser goes on with a new session."""
    person, old, new = who(request), fields.get("old", ""), fields.get("new", "")
    try:
        require_same(new, fields)
        entered = house.accounts.change_password(person, old, new, datetime.now(UTC))
    except AccessError as error:
        is_old = isinstance(error, LoginError) and error.kind == "wrong"
        errors = [Said(FAULTS["old"])] if is_old else faults_of(error)
        return show(house, request, status=status_of(error), errors=errors)
    return let_in(request, entered.token, onward(entered, fields.get("next", ""), request))
