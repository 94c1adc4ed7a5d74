"""The yearly emergency list (应急减排清单): what each enterprise on it does at each level of a heavy-pollution warning, its grade, and who is exempt.

The list is the ecology bureau's; the street takes it over as it is. Source: domain.md 4.4: industry acts "per list", one plan a plant (一厂一策).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from geo.errors import DraftError
from incidents.alerts import Level

LEVELS = (Level.YELLOW, Level.ORANGE, Level.RED)
FIRST_YEAR, LAST_YEAR = 2013, 2100  # the first lists followed the action plan of that year
LONGEST_SAYS, LONGEST_NAME, LONGEST_PLAN, LONGEST_GRADE = 300, 120, 120, 12
MOST_LINES = 2_000


@dataclass(frozen=True)
class Line:
    """An enterprise of a list.

    Attributes
    ----------
    site
        Its number in the register.
    name
        As the list writes it.
    says
        What it does at each level; a level that is left out asks for nothing.
    exempt
        Why it is exempt, "" where it is not: then nothing stops, and it is only checked.
    plan
        File or number of its own plan (一厂一策).
    """

    site: str
    name: str
    grade: str = ""
    says: Mapping[Level, str] = field(default_factory=dict)
    exempt: str = ""
    plan: str = ""

    def asks(self, level: Level) -> str:
        """Return what it does at a level, "" for nothing."""
        return "" if self.exempt else self.says.get(level, "")

    def concerned(self, level: Level) -> bool:
        """Tell whether it is checked while a warning of a level holds."""
        return bool(self.exempt or self.asks(level))

    def to_json(self) -> dict[str, Any]:
        """Return it as the ledger keeps it."""
        says = {level.value: text for level, text in self.says.items()}
        return {"site": self.site, "name": self.name, "grade": self.grade, "says": says, "exempt": self.exempt, "plan": self.plan}  # fmt: skip

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        says = MappingProxyType({Level(level): text for level, text in said["says"].items()})
        return cls(said["site"], said["name"], said["grade"], says, said["exempt"], said["plan"])


@dataclass(frozen=True)
class EmergencyList:
    """The list of a year.

    Attributes
    ----------
    file
        Name of the file that it came from.
    version
        0 before it is written.
    """

    year: int
    lines: tuple[Line, ...]
    file: str = ""
    version: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as the ledger keeps it, without its version."""
        return {"year": self.year, "file": self.file, "lines": [line.to_json() for line in self.lines]}

    @classmethod
    def from_json(cls, said: Mapping[str, Any], version: int = 0) -> Self:
        """Read what `to_json` wrote."""
        return cls(said["year"], tuple(map(Line.from_json, said["lines"])), said["file"], version)


@dataclass(frozen=True)
class Difference:
    """What a list says otherwise than the one before: enterprises that came, those whose line changed, those that went."""

    added: tuple[Line, ...]
    changed: tuple[Line, ...]
    gone: tuple[Line, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.gone)


def allowed(wished: EmergencyList) -> EmergencyList:
    """Return a list as it may be.

    Raises
    ------
    DraftError
        The year is none, there is no line or too many, or an enterprise stands in it twice.
    """
    if not FIRST_YEAR <= wished.year <= LAST_YEAR:
        raise DraftError(f"{wished.year} is no year of a list. Write one from {FIRST_YEAR} to {LAST_YEAR}.", field="list_year")  # fmt: skip
    if not 1 <= len(wished.lines) <= MOST_LINES:
        raise DraftError(f"A list has 1 to {MOST_LINES:,} enterprises, this one has {len(wished.lines):,}.", field="list_many")  # fmt: skip
    twice = sorted(site for site, many in Counter(line.site for line in wished.lines).items() if many > 1)
    if twice:
        raise DraftError(f"{', '.join(twice)} stands in the list twice. Keep one line of each.", field="list_twice")  # fmt: skip
    return wished


def difference(before: EmergencyList | None, after: EmergencyList) -> Difference:
    """Return what a list says otherwise than the one before of its year."""
    there = {line.site: line for line in before.lines} if before else {}
    now = {line.site: line for line in after.lines}
    return Difference(
        tuple(line for site, line in now.items() if site not in there),
        tuple(line for site, line in now.items() if site in there and line != there[site]),
        tuple(line for site, line in there.items() if site not in now),
    )


def of_year(lists: Iterable[EmergencyList], year: int) -> EmergencyList | None:
    """Return the list that holds in a year: its own, else the last one before it; None where there is none."""
    return max((one for one in lists if one.year <= year), key=lambda one: one.year, default=None)


def by_site(one: EmergencyList | None) -> Mapping[str, Line]:
    """Return the lines of a list by the number of their site."""
    return {line.site: line for line in one.lines} if one else {}


def grades(lines: Sequence[Line]) -> list[tuple[str, int]]:
    """Return how many enterprises have each grade, in order of the grades; "" for none."""
    return sorted(Counter(line.grade for line in lines).items())
