"""Who asks, in which role, and how far they see: the words of identity, without files, clock or database."""

from dataclasses import dataclass, field
from enum import StrEnum

from geo.errors import AccessError

EVERYWHERE = "*"


class Role(StrEnum):
    """What somebody is to the console. The three administrators know nothing of each other's work (三员分立)."""

    WALL = "wall"
    WORKER = "worker"
    HEAD = "head"
    COMMUNITY = "community"
    DISPATCHER = "dispatcher"
    DEPARTMENT = "department"
    INSPECTOR = "inspector"
    ANALYST = "analyst"
    SYSTEM = "system"
    SECURITY = "security"
    AUDIT = "audit"
    DEMO = "demo"  # nobody: a visitor of a demonstration, on the console's own machine


ADMINISTRATORS = frozenset({Role.SYSTEM, Role.SECURITY, Role.AUDIT})
IN_A_GRID = frozenset({Role.WORKER, Role.HEAD, Role.COMMUNITY})
GIVEN = tuple(role for role in Role if role is not Role.DEMO)


@dataclass(frozen=True)
class Scope:
    """How far somebody sees: an area, a grid of it and all below, or what a department works on.

    Attributes
    ----------
    area
        Name of the area; ``*`` for every one.
    grid
        Key of a level or overlay, and a code of it.
    department
        Name of a department, as the posts call it.
    """

    area: str
    grid: tuple[str, str] | None = None
    department: str = ""

    @classmethod
    def read(cls, text: str) -> "Scope":
        """Read ``AREA``, ``AREA:LEVEL:CODE``, ``AREA:department:NAME`` or ``*``.

        Raises
        ------
        AccessError
            The text has another form.
        """
        area, _, rest = text.strip().partition(":")
        key, _, name = rest.partition(":")
        if not area or (rest and not (key and name)) or (area == EVERYWHERE and rest):
            raise AccessError(
                f"{text!r} is no scope. Write AREA, AREA:LEVEL:CODE, AREA:department:NAME, or * for every area."
            )
        if key == "department":
            return cls(area, department=name)
        return cls(area, (key, name) if rest else None)

    def __str__(self) -> str:
        """Return the scope in the form that `read` reads."""
        if self.department:
            return f"{self.area}:department:{self.department}"
        return ":".join((self.area, *(self.grid or ())))

    @property
    def whole(self) -> bool:
        """Whether it is all of its area."""
        return self.grid is None and not self.department

    def covers(self, area: str) -> bool:
        """Tell whether anything of an area lies in it."""
        return self.area in {EVERYWHERE, area}


@dataclass(frozen=True)
class Who:
    """Somebody who asks.

    Attributes
    ----------
    account
        Opaque key of the account, which the history may hold; "" for a visitor of a demonstration.
    name
        The name by which they log in.
    session
        Key of the session or of the device, never its secret.
    may
        What the role may do, of ``permissions.toml``.
    view
        Key of the wall view to which a screen is bound; "" for one that is bound to none, and for people.
    """

    account: str
    name: str
    role: Role
    scope: Scope
    session: str = ""
    may: frozenset[str] = field(default_factory=frozenset)
    view: str = ""

    def can(self, capability: str) -> bool:
        """Tell whether the role may do something."""
        return capability in self.may
