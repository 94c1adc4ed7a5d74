"""The plan of a day (排线): who visits which sites, in which order. Pure: times are seconds since midnight, ways are metres of a matrix.

A noon break is two spans: everybody leaves the start twice and is back before the break. A pair of inspectors is one walker.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from geo.errors import RulesError
from inspections.grades import Degree
from inspections.reading import again, entries, number_of, text_of, texts_of, unknown, whole_of

NUMBERS = ("base", "day_overdue", "most_overdue", *(f"open_{degree.value}" for degree in Degree), "finding", "named")
DAY = 86400
KEYS = (
    "walk_m_per_minute",
    "straight_factor",
    "join_m",
    "noon",
    "night",
    "most_sites",
    "iterations",
    "points",
    "kinds",
)
MOST_SITES = 2000


class Why(StrEnum):
    """Why a site is in no walk."""

    NOBODY = "nobody"  # it lies in nobody's grid
    CLOSED = "closed"  # its hours leave no time in anybody's
    BEYOND = "beyond"  # nobody comes there and back in time
    FULL = "full"  # no time is left
    TAKEN = "taken"  # a person took it out


@dataclass(frozen=True)
class KindOf:
    """How long a visit of a kind takes, and when it may be."""

    minutes: int
    hours: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class PlanRules:
    """All of ``planning.toml``, which says what each means."""

    walk_m_per_minute: float
    straight_factor: float
    join_m: float
    noon: tuple[int, int]
    night: tuple[int, int]
    most_sites: int
    iterations: int
    points: Mapping[str, float]
    kinds: Mapping[str, KindOf]

    def kind(self, key: str) -> KindOf:
        """Return what holds for a kind: the first entry for one that is not named."""
        return self.kinds.get(key) or next(iter(self.kinds.values()))

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``planning.toml``; docs/planning.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, KEYS, "", faults)
        speed = number_of(table, "walk_m_per_minute", "", faults, least=1, most=1000)
        factor = number_of(table, "straight_factor", "", faults, least=1, most=10)
        join = number_of(table, "join_m", "", faults, most=100)
        most = whole_of(table, "most_sites", "", faults, least=1, most=MOST_SITES)
        iterations = whole_of(table, "iterations", "", faults, least=1, most=10_000)
        for name, found in (("walk_m_per_minute", speed), ("straight_factor", factor), ("join_m", join), ("most_sites", most), ("iterations", iterations)):  # fmt: skip
            if found is None and name not in table:
                faults.append(f"{name}: it is missing")
        noon, night = _hours(table, "noon", faults), _hours(table, "night", faults)
        points, kinds = _points(table, faults), _kinds(table, faults)
        if faults or noon is None or night is None:
            raise RulesError(f"planning.toml has {len(faults)} fault(s):", faults)
        return cls(speed or 1, factor or 1, join or 0, noon, night, most or 1, iterations or 1, MappingProxyType(points), MappingProxyType(kinds))  # fmt: skip


def _points(table: Mapping[str, Any], faults: list[str]) -> dict[str, float]:
    said = table.get("points")
    if not isinstance(said, Mapping):
        faults.append("points: it is missing; write [points], and base = 1 below it")
        return {}
    unknown(said, NUMBERS, "points.", faults)
    return {name: number_of(said, name, "points.", faults, most=1000) or 0.0 for name in NUMBERS}


def _kinds(table: Mapping[str, Any], faults: list[str]) -> dict[str, KindOf]:
    found: dict[str, KindOf] = {}
    names = []
    for where, entry in entries(table, "kinds", faults):
        unknown(entry, ("key", "minutes", "hours", "source"), where, faults)
        key = text_of(entry, "key", where, faults)
        minutes = whole_of(entry, "minutes", where, faults, least=1, most=480)
        spans = [_span(text) for text in texts_of(entry, "hours", where, faults)]
        if not key or minutes is None or not spans or None in spans:
            faults.append(f'{where}key: write key = "dust", minutes = 30 and hours = ["08:00-18:00"], from earlier to later')  # fmt: skip
            continue
        names.append(key)
        found[key] = KindOf(minutes, tuple(span for span in spans if span))
    faults += again(names, "kinds")
    if not found:
        faults.append("kinds: it is missing; write [[kinds]] at least once")
    return found


def _hours(table: Mapping[str, Any], key: str, faults: list[str]) -> tuple[int, int] | None:
    said = table.get(key)
    span = _span("-".join(said) if isinstance(said, list) and all(isinstance(at, str) for at in said) else "")
    if span is None:
        faults.append(f'{key}: write two times, the earlier first, such as ["12:00", "14:00"]')
    return span


def clock_of(text: str) -> int | None:
    """Return a time such as ``09:30`` as seconds since midnight; None for anything else."""
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):  # noqa: PLR2004
        return None
    at = int(hours) * 3600 + int(minutes) * 60
    return at if at <= DAY and int(minutes) < 60 else None  # noqa: PLR2004


def _span(text: str) -> tuple[int, int] | None:
    first, _, last = text.partition("-")
    begins, ends = clock_of(first), clock_of(last)
    return (begins, ends) if begins is not None and ends is not None and begins < ends else None


@dataclass(frozen=True)
class Visit:
    """A site to be visited.

    Attributes
    ----------
    seconds
        That a visit takes.
    hours
        When it may begin and has to end.
    due
        Day of its round, as a number of days.
    walkers
        Places of the walkers who may.
    """

    number: str
    seconds: int
    hours: tuple[tuple[int, int], ...]
    points: float
    due: int
    walkers: frozenset[int]


@dataclass(frozen=True)
class Span:
    """A part of a walker's day: from the start, and back to it."""

    walker: int
    begins: int
    ends: int


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be planned.

    Attributes
    ----------
    metres
        Ways between all places: those of the visits first, then the start of each walker.
    seconds
        That they take, whole.
    """

    visits: tuple[Visit, ...]
    spans: tuple[Span, ...]
    metres: npt.NDArray[np.int64]
    metres_a_minute: float
    seconds: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seconds", np.ceil(self.metres * 60 / self.metres_a_minute).astype(np.int64))

    def start(self, span: int) -> int:
        """Return the place from which a span starts."""
        return len(self.visits) + self.spans[span].walker


Orders = tuple[tuple[int, ...], ...]  # of each span its visits, in order


@dataclass(frozen=True)
class Walk:
    """A span as it is walked: when each visit begins, when its walker is back, and the way in metres."""

    order: tuple[int, ...]
    begins: tuple[int, ...]
    back: int
    metres: int


def spans_of(walker: int, begins: int, ends: int, noon: tuple[int, int]) -> tuple[Span, ...]:
    """Return the parts of a day around the noon break."""
    parts = ((begins, min(ends, noon[0])), (max(begins, noon[1]), ends))
    return tuple(Span(walker, first, last) for first, last in parts if first < last)


def walked(problem: Problem, span: int, order: Sequence[int]) -> Walk | None:
    """Return how an order of visits is walked; None where it cannot be."""
    part, at = problem.spans[span], problem.start(span)
    now, way, begins = part.begins, 0, []
    for one in order:
        visit = problem.visits[one]
        now += int(problem.seconds[at, one])
        way += int(problem.metres[at, one])
        first = _first(visit, now)
        if first is None or part.walker not in visit.walkers:
            return None
        begins.append(first)
        now, at = first + visit.seconds, one
    if order:
        now += int(problem.seconds[at, problem.start(span)])
        way += int(problem.metres[at, problem.start(span)])
    return Walk(tuple(order), tuple(begins), now, way) if now <= part.ends else None


def _first(visit: Visit, now: int) -> int | None:
    """Return when a visit begins for who comes at a time; None where its hours are over."""
    found = [max(now, opens) for opens, closes in visit.hours if max(now, opens) + visit.seconds <= closes]
    return min(found, default=None)


def by_due(problem: Problem) -> Orders:
    """Return the plain plan that ours is measured by, under the same hours, breaks and grids.

    Sites are taken by the day of their round, and each comes into the walk, and at the place of it, that make the whole way longer by the least.
    """
    found: list[tuple[int, ...]] = [() for _ in problem.spans]
    for one in sorted(range(len(problem.visits)), key=lambda at: (problem.visits[at].due, problem.visits[at].number)):
        visit = problem.visits[one]
        fits = [
            (_added(problem, span, found[span], place, one), span, place)
            for span, part in enumerate(problem.spans)
            if part.walker in visit.walkers
            for place in range(len(found[span]) + 1)
        ]
        for _way, span, place in sorted(fits):
            order = (*found[span][:place], one, *found[span][place:])
            if walked(problem, span, order):
                found[span] = order
                break
    return tuple(found)


def _added(problem: Problem, span: int, order: Sequence[int], place: int, one: int) -> int:
    start, metres = problem.start(span), problem.metres
    before, then = order[place - 1] if place else start, order[place] if place < len(order) else start
    return int(metres[before, one] + metres[one, then] - metres[before, then])


def filled(problem: Problem, orders: Orders) -> Orders:
    """Return a plan to which sites are added that it left out: where there is room, or in the place of one with fewer points; those with the most points first."""
    found = list(orders)
    waiting = sorted(
        left_out(problem, orders), key=lambda one: (-problem.visits[one].points, problem.visits[one].number)
    )
    while waiting:
        one = waiting.pop(0)
        best = min(_places(problem, found, one), default=None)
        if best is None:
            continue
        _lost, _way, span, order = best
        gone = set(found[span]) - set(order)
        found[span] = order
        waiting = sorted({*waiting, *gone}, key=lambda at: (-problem.visits[at].points, problem.visits[at].number))
    return tuple(found)


def _places(problem: Problem, orders: Sequence[tuple[int, ...]], one: int) -> Iterator[tuple[float, int, int, tuple[int, ...]]]:  # fmt: skip
    """Yield the walks that a visit may come into: the points that are lost by it, the metres, the span, and its order then."""
    visit = problem.visits[one]
    for span, order in enumerate(orders):
        if problem.spans[span].walker not in visit.walkers:
            continue
        for place in range(len(order) + 1):
            tried = (*order[:place], one, *order[place:])
            if walk := walked(problem, span, tried):
                yield 0, walk.metres, span, tried
        for place, other in enumerate(order):
            points = problem.visits[other].points
            tried = (*order[:place], one, *order[place + 1 :])
            if points < visit.points and (walk := walked(problem, span, tried)):
                yield points, walk.metres, span, tried


def left_out(problem: Problem, orders: Orders) -> dict[int, Why]:
    """Return the visits in no walk, and why."""
    there = {one for order in orders for one in order}
    return {at: _why(problem, at) for at in range(len(problem.visits)) if at not in there}


def _why(problem: Problem, one: int) -> Why:
    visit = problem.visits[one]
    spans = [at for at, span in enumerate(problem.spans) if span.walker in visit.walkers]
    if not spans:
        return Why.NOBODY
    parts = [problem.spans[at] for at in spans]
    if not any(max(opens, part.begins) + visit.seconds <= min(closes, part.ends) for part in parts for opens, closes in visit.hours):  # fmt: skip
        return Why.CLOSED
    return Why.FULL if any(walked(problem, at, [one]) for at in spans) else Why.BEYOND


def worth(problem: Problem, orders: Orders) -> tuple[float, int]:
    """Return what a plan is worth: the points of its visits, then how short its way is, metres below nothing."""
    return sum(problem.visits[one].points for order in orders for one in order), -totals(problem, orders)[1]


def totals(problem: Problem, orders: Orders) -> tuple[int, int, int]:
    """Return visits, metres, and minutes on the way of a plan."""
    walks = [walked(problem, span, order) for span, order in enumerate(orders)]
    metres = sum(walk.metres for walk in walks if walk)
    return sum(map(len, orders)), metres, ceil(metres / problem.metres_a_minute)
