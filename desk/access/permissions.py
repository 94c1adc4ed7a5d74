"""The table of permissions: which role may do what, and which address needs what."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from data import rules
from geo.errors import NoAccess, RulesError
from incidents.access import Role, Who

FILE = "permissions"
PUBLIC, OFF = "public", "off"
ANY = "*"


@dataclass(frozen=True)
class Permissions:
    """What stands in ``permissions.toml``.

    Attributes
    ----------
    capabilities
        Capability -> the roles that have it.
    routes
        "METHOD address", as routes write it -> capability, "public", or "off"; in the order in which they are looked at.
    """

    capabilities: Mapping[str, frozenset[Role]]
    routes: Mapping[str, str]

    def of(self, role: Role) -> frozenset[str]:
        """Return what a role may do."""
        return frozenset(name for name, roles in self.capabilities.items() if role in roles)

    def given(self, who: Who) -> Who:
        """Return somebody with what their role may do."""
        return replace(who, may=self.of(who.role))


def demand(who: Who, capability: str) -> None:
    """Ask for a capability.

    Raises
    ------
    NoAccess
        The role does not have it.
    """
    if not who.can(capability):
        raise NoAccess(
            f"The role {who.role.value} may not do this ({capability}). Ask the security administrator.", capability
        )


@lru_cache(maxsize=4)
def permissions_of(folder: Path | None) -> Permissions:
    """Read the table, from a folder of rules or as it was shipped.

    Raises
    ------
    RulesError
        It names a role or a capability that there is not, or cannot be read.
    """
    said = rules.read(FILE, rules.folders_of(None, folder))
    capabilities = {str(name): _roles(name, roles) for name, roles in _table(said, "capabilities").items()}
    routes = {str(route): str(needs) for route, needs in _table(said, "routes").items()}
    unknown = sorted(set(routes.values()) - {PUBLIC, OFF} - set(capabilities))
    if unknown:
        raise RulesError(f"permissions.toml [routes] names {', '.join(unknown)}, which is no line of [capabilities].")
    return Permissions(capabilities, routes)


def _table(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = said.get(name)
    if not isinstance(found, dict):
        raise RulesError(f"permissions.toml has no table [{name}].")
    return found


def _roles(name: str, roles: Any) -> frozenset[Role]:
    try:
        return frozenset(Role(role) for role in roles)
    except (TypeError, ValueError) as error:
        raise RulesError(f"permissions.toml {name}: {error}. Roles: {', '.join(Role)}.") from error
