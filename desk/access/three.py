"""The three administrators (三员分立): what each may do to accounts, and what none may. None as who acts is the command line, which may do all of it."""

from collections.abc import Collection

from geo.errors import AccessError, NoAccess
from incidents.access import ADMINISTRATORS, GIVEN, Role, Scope, Who
from ledger.accounts import Account

THREE = (Role.SYSTEM, Role.SECURITY, Role.AUDIT)  # in the order in which they are made


def require(by: Who | None, role: Role) -> None:
    """Ask for one of the three; raises NoAccess where somebody else acts."""
    if by is not None and by.role is not role:
        raise NoAccess(f"Only the {role.value} administrator may do this. Ask them.", role.value)


def require_another(by: Who | None, account: str) -> None:
    """Ask that an account is not the own one; raises NoAccess where it is."""
    if by is not None and by.account == account:
        raise NoAccess("Nobody does this to their own account. Ask another administrator.", "own")


def require_ordinary(by: Who | None, found: Account) -> None:
    """Ask that an account is no administrator's, or one of them could become another; raises NoAccess where it is."""
    if by is not None and found.role in ADMINISTRATORS:
        raise NoAccess(f"{found.name} is an administrator. Use `battlemap user` on the machine itself.", "accounts")


def require_one_left(by: Who | None, found: Account, every: Collection[Account]) -> None:
    """Ask that an account is not the only one left that can do an administrator's work; raises AccessError where it is."""
    others = [one for one in every if one.role is found.role and one.enabled and one.key != found.key]
    if by is not None and found.role in ADMINISTRATORS and found.enabled and not others:
        raise AccessError(
            f"{found.name} is the last {found.role} administrator. Grant that role to somebody else first, or use `battlemap user grant` on the machine itself.",
            "last",
        )


def require_given(role: Role | None, scope: Scope | None) -> None:
    """Ask that a role can be given, with a scope, or neither; raises AccessError otherwise."""
    if role is Role.WALL:
        raise AccessError("A wall has no account: the security administrator gives it a code.", "role")
    if role is not None and role not in GIVEN:
        raise AccessError(f"The role {role.value} cannot be given.", "role")
    if (role is None) is not (scope is None):
        raise AccessError("A role needs a scope, and a scope a role. Give both or neither.", "role")


def missing(every: Collection[Account]) -> tuple[Role, ...]:
    """Return those of the three that there is no account of; none as soon as anybody else has one."""
    found = {one.role for one in every}
    return tuple(role for role in THREE if role not in found) if found <= ADMINISTRATORS else ()
