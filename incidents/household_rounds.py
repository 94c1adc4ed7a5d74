"""Household rounds (每月入户巡查): how far a period's visits reach the households of buildings, in counts. No household is known, only how many there are and how many were met.

A building's share is what was met there, at most what it has: two visits that met the same door do not make more of it. Buildings of which nobody said how many households they have stay out of the share, and are counted apart.

Source: domain.md 8.3 F16 (每月开展一轮入户巡查), 6 (走访(入户)登记: 见面与否, 下次时间).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType


class Reach(StrEnum):
    """How far a building was reached, the least first; each is in exactly one."""

    UNKNOWN = "unknown"  # nobody said how many households it has
    NOT_YET = "not_yet"
    NOBODY = "nobody"  # somebody went, nobody was at home
    REFUSED = "refused"  # turned away, and nobody met
    PART = "part"
    WHOLE = "whole"


AGAIN = frozenset({Reach.NOBODY, Reach.PART})  # a second visit is due


@dataclass(frozen=True)
class Seen:
    """What the visits of a period came to at one building.

    Attributes
    ----------
    met
        Households met, over all of them.
    tries
        How often somebody went there.
    refused
        Whether the last of those that are over was turned away.
    due
        Until when somebody goes there next; None where nothing is planned.
    visitor
        Post of the last one.
    """

    met: int = 0
    tries: int = 0
    refused: bool = False
    due: date | None = None
    visitor: str = ""

    @property
    def is_planned(self) -> bool:
        """Whether somebody is to go there."""
        return self.due is not None


NOTHING = Seen()


@dataclass(frozen=True)
class Round:
    """How far a round reached some buildings, in counts; the sum of two parts is that of the whole.

    Attributes
    ----------
    buildings
        By how far each was reached.
    households, met
        Of buildings whose households are known; ``met`` is never more.
    planned
        Buildings that are not wholly reached where somebody is to go.
    """

    buildings: Mapping[Reach, int] = field(default_factory=lambda: MappingProxyType(dict.fromkeys(Reach, 0)))
    households: int = 0
    met: int = 0
    planned: int = 0

    def __add__(self, other: "Round") -> "Round":
        both = {reach: self.buildings[reach] + other.buildings[reach] for reach in Reach}
        return Round(MappingProxyType(both), self.households + other.households, self.met + other.met, self.planned + other.planned)  # fmt: skip

    @property
    def again(self) -> int:
        """Return at how many buildings a second visit is due."""
        return sum(self.buildings[reach] for reach in AGAIN)

    @property
    def every(self) -> int:
        """Return how many buildings there are."""
        return sum(self.buildings.values())


def reach(households: int | None, seen: Seen) -> Reach:
    """Return how far a building with so many households was reached; None for one of which nobody said how many."""
    if households is None:
        return Reach.UNKNOWN
    if seen.met >= households:
        return Reach.WHOLE
    if seen.met:
        return Reach.PART
    if seen.refused:
        return Reach.REFUSED
    return Reach.NOBODY if seen.tries else Reach.NOT_YET


def round_of(buildings: Iterable[tuple[int | None, Seen]]) -> Round:
    """Return how far a round reached buildings, of each its households and what was seen there."""
    counts, households, met, planned = dict.fromkeys(Reach, 0), 0, 0, 0
    for has, seen in buildings:
        how = reach(has, seen)
        counts[how] += 1
        households += has or 0
        met += min(seen.met, has or 0)
        planned += how is not Reach.WHOLE and seen.is_planned
    return Round(MappingProxyType(counts), households, met, planned)
