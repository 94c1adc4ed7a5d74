"""How often a site is visited: the days of its kind, fewer where problems repeat, more where a person approved that; and what a table of such rules would ask for.

All of it works on columns, a row a site, since a rule is tried on every site of an area before it is saved. Days are whole, and counted by the calendar: a round that falls on a holiday is the planner's matter.

Source: domain.md 8.3 F12 (对重点问题、反复发生问题加密巡查频次).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from geo.errors import RulesError
from inspections.grades import Degree
from inspections.reading import entries, number_of, unknown, whole_of

MOST_DAYS = 3660
MOST_FINDINGS = 1000
NONE_OPEN = -1

Days = npt.NDArray[np.int64]


class Standing(IntEnum):
    """How a site stands on a day: the worst is the largest."""

    LATER = 0
    SOON = 1
    DUE = 2
    OVERDUE = 3
    SKIPPED = 4  # a whole round was left out


class Why(StrEnum):
    """What made the days between two rounds what they are."""

    KIND = "kind"
    FINDINGS = "findings"
    OPEN = "open"
    LOWERED = "lowered"


@dataclass(frozen=True)
class Raise:
    """From so many findings on, the days of a kind times a factor below 1."""

    findings: int
    factor: float


@dataclass(frozen=True)
class Lower:
    """After so many rounds without a finding, the days of a kind times a factor above 1, for so many days from the approval on."""

    clean_rounds: int
    factor: float
    lasts_days: int


@dataclass(frozen=True)
class RoundRules:
    """All of ``rounds.toml``.

    Attributes
    ----------
    window_days
        Findings of so many days count.
    least_days
        Between two rounds, at the least.
    soon_days
        So many days before its day a site is due soon.
    raises
        Fewest findings first.
    open_days
        While a finding of a degree is open, at most so many days lie between two rounds.
    base_days
        Kind of site -> days between two rounds, in place of those of ``site_kinds.toml``.
    """

    window_days: int
    least_days: int
    soon_days: int
    raises: tuple[Raise, ...]
    open_days: Mapping[Degree, int]
    lower: Lower
    base_days: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``rounds.toml``; docs/rounds.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(
            table, ("window_days", "least_days", "soon_days", "raise", "open_days", "lower", "base_days"), "", faults
        )
        window, least, soon = (
            _needed(table, key, "", faults, least=low)
            for key, low in (("window_days", 1), ("least_days", 1), ("soon_days", 0))
        )
        raises, open_days, lower = _raises(table, faults), _open_days(table, faults), _lower(table, faults)
        base_days = _base_days(table, faults)
        if faults:
            raise RulesError(f"rounds.toml has {len(faults)} fault(s):", faults)
        return cls(window, least, soon, raises, MappingProxyType(open_days), lower, MappingProxyType(base_days))

    def to_table(self) -> dict[str, Any]:
        """Return the table that `from_table` reads."""
        return {
            **{name: getattr(self, name) for name in ("window_days", "least_days", "soon_days")},
            "raise": [vars(step) for step in self.raises],
            "open_days": {degree.value: days for degree, days in self.open_days.items()},
            "lower": vars(self.lower),
            "base_days": dict(self.base_days),
        }


@dataclass(frozen=True, eq=False)
class Sites:
    """What the rounds of sites depend on, a column each.

    Attributes
    ----------
    base
        Days of their kind.
    last
        Day of the last round, as a number of days since 1970-01-01; of a site without one the day on which it was entered.
    findings
        Within the window.
    open
        Rank of the worst degree among their open findings; `NONE_OPEN` for none.
    lowered
        The last day of an approval of fewer rounds, as ``last``; 0 for none.
    """

    base: Days
    last: Days
    findings: Days
    open: Days
    lowered: Days

    def __len__(self) -> int:
        return len(self.base)


def between(sites: Sites, rules: RoundRules, today: int) -> Days:
    """Return the days between two rounds of each site, as they are on a day."""
    days = np.minimum(_raised(sites, rules), _most(rules)[sites.open])
    days = np.where(is_lowered(sites, today), sites.base * rules.lower.factor, days)
    return np.maximum(np.floor(days), rules.least_days).astype(np.int64)


def is_lowered(sites: Sites, today: int) -> npt.NDArray[np.bool_]:
    """Tell of which sites an approval of fewer rounds holds: until its last day, or until something is found."""
    return (sites.lowered >= today) & (sites.findings == 0) & (sites.open == NONE_OPEN)


def due(sites: Sites, rules: RoundRules, today: int) -> Days:
    """Return the day of the next round of each site."""
    return sites.last + between(sites, rules, today)


def standing(sites: Sites, rules: RoundRules, today: int) -> Days:
    """Return how each site stands on a day, as `Standing`."""
    days = between(sites, rules, today)
    late = today - (sites.last + days)
    return np.select(
        [late >= days, late > 0, late == 0, late >= -rules.soon_days],
        [Standing.SKIPPED, Standing.OVERDUE, Standing.DUE, Standing.SOON],
        Standing.LATER,
    ).astype(np.int64)


def rounds(sites: Sites, rules: RoundRules, today: int, days: int) -> Days:
    """Return how many rounds of each site fall on each of the next days, today the first: an array of sites by days.

    What is overdue is taken to be made today, and everything else on its day.
    """
    every = between(sites, rules, today)
    first = np.maximum(sites.last + every, today) - today
    after = np.arange(days)[None, :] - first[:, None]
    return ((after >= 0) & (after % every[:, None] == 0)).astype(np.int64)


def many(sites: Sites, rules: RoundRules, today: int, days: int) -> Days:
    """Return how many rounds of each site fall on the next days, today the first: the sums of `rounds`, without that many cells."""
    every = between(sites, rules, today)
    first = np.maximum(sites.last + every, today) - today
    return np.where(first < days, 1 + (days - 1 - first) // every, 0).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Effect:
    """What another table would come to.

    Attributes
    ----------
    before, after
        Rounds of each of the next days, today the first.
    each_before, each_after
        Rounds of each site on those days together.
    at_once
        Which sites are overdue by the other table, and are not yet.
    """

    before: Days
    after: Days
    each_before: Days
    each_after: Days
    at_once: npt.NDArray[np.bool_]


def effect(sites: Sites, rules: RoundRules, others: Sites, wished: RoundRules, today: int, days: int) -> Effect:  # noqa: PLR0917
    """Return what a table would come to on the next days.

    Parameters
    ----------
    sites, others
        The same sites, row by row, as each of the two tables looks at them: days of their kind, and findings within its window.
    """
    late = standing(sites, rules, today) >= Standing.OVERDUE
    at_once = (standing(others, wished, today) >= Standing.OVERDUE) & ~late
    sides = [(rounds(sites, rules, today, days), many(sites, rules, today, days)), (rounds(others, wished, today, days), many(others, wished, today, days))]  # fmt: skip
    (before, each_before), (after, each_after) = sides
    return Effect(before.sum(axis=0), after.sum(axis=0), each_before, each_after, at_once)


def why(sites: Sites, rules: RoundRules, today: int) -> list[Why]:
    """Return what made the days between two rounds of each site what they are."""
    raised = _raised(sites, rules)
    kinds = np.select(
        [is_lowered(sites, today), _most(rules)[sites.open] < raised, raised < sites.base],
        [Why.LOWERED, Why.OPEN, Why.FINDINGS],
        Why.KIND,
    )
    return [Why(str(one)) for one in kinds]


def _raised(sites: Sites, rules: RoundRules) -> npt.NDArray[np.float64]:
    """Return the days of each kind times the factor that its findings ask for."""
    factors = np.array([1.0, *(step.factor for step in rules.raises)])
    step = np.searchsorted([one.findings for one in rules.raises], sites.findings, side="right")
    return np.asarray(sites.base * factors[step], dtype=np.float64)


def _most(rules: RoundRules) -> npt.NDArray[np.int64]:
    """Return the most days by the rank of the worst open degree, the last for none: a worse one asks for no fewer rounds than a lesser one."""
    asked = np.array([rules.open_days.get(degree, MOST_DAYS) for degree in Degree])
    return np.append(np.minimum.accumulate(asked), MOST_DAYS)


def _needed(table: Mapping[str, Any], key: str, where: str, faults: list[str], *, least: int, most: int = MOST_DAYS) -> int:  # fmt: skip
    found = whole_of(table, key, where, faults, most=most, least=least)
    if found is None and key not in table:
        faults.append(f"{where}{key}: it is missing; write {key} = {max(least, 1)}")
    return least if found is None else found


def _factor(table: Mapping[str, Any], where: str, faults: list[str], *, least: float, most: float, such: float) -> float:  # fmt: skip
    found = table.get("factor")
    if number_of(table, "factor", where, faults, most=most, least=least) is None and found is None:
        faults.append(f"{where}factor: it is missing; write factor = {such}")
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else such


def _raises(table: Mapping[str, Any], faults: list[str]) -> tuple[Raise, ...]:
    found: Sequence[Raise] = list(_steps(table, faults))
    for number, (one, other) in enumerate(pairwise(found), 2):
        if other.findings <= one.findings or other.factor >= one.factor:
            faults.append(f"raise[{number}].: more findings ask for more rounds; write more findings and a smaller factor than above it")  # fmt: skip
    return tuple(found)


def _steps(table: Mapping[str, Any], faults: list[str]) -> Iterator[Raise]:
    for where, entry in entries(table, "raise", faults):
        unknown(entry, ("findings", "factor"), where, faults)
        findings = _needed(entry, "findings", where, faults, least=1, most=MOST_FINDINGS)
        yield Raise(findings, _factor(entry, where, faults, least=0.01, most=1, such=0.5))


def _open_days(table: Mapping[str, Any], faults: list[str]) -> dict[Degree, int]:
    found = table.get("open_days", {})
    if not isinstance(found, Mapping):
        faults.append("open_days: this is no table; write [open_days], and minor = 15 below it")
        return {}
    unknown(found, [degree.value for degree in Degree], "open_days.", faults)
    return {degree: _needed(found, degree.value, "open_days.", faults, least=1) for degree in Degree if degree in found}


def _base_days(table: Mapping[str, Any], faults: list[str]) -> dict[str, int]:
    found = table.get("base_days", {})
    if not isinstance(found, Mapping):
        faults.append("base_days: this is no table; write [base_days], and gas_shop = 30 below it")
        return {}
    return {str(kind): _needed(found, kind, "base_days.", faults, least=1) for kind in found}


def _lower(table: Mapping[str, Any], faults: list[str]) -> Lower:
    found = table.get("lower")
    if not isinstance(found, Mapping):
        faults.append("lower: it is missing; write [lower], and clean_rounds, factor and lasts_days below it")
        found = {"clean_rounds": 1, "factor": 1.0, "lasts_days": 1}
    unknown(found, ("clean_rounds", "factor", "lasts_days"), "lower.", faults)
    return Lower(
        _needed(found, "clean_rounds", "lower.", faults, least=1, most=MOST_FINDINGS),
        _factor(found, "lower.", faults, least=1, most=10, such=1.5),
        _needed(found, "lasts_days", "lower.", faults, least=1),
    )
