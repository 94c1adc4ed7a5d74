"""What is chosen becomes walks: ways, orders, and the plain plan beside them. It needs no area and no ledger, so that a process of its own can do it (`desk.planning.runs`)."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import shapely

from desk.planning.solve import solved
from desk.planning.ways import Ways, between
from inspections.planning import Orders, Problem, Span, Visit, by_due, filled, worth


@dataclass(frozen=True, eq=False)
class Work:
    """What is to be ordered.

    Attributes
    ----------
    places
        Degrees WGS84: of the visits, then from where each walker starts.
    lines
        Streets and paths.
    factor, metres_a_minute, iterations, join_m
        As `PlanRules` has them.
    """

    visits: tuple[Visit, ...]
    spans: tuple[Span, ...]
    places: tuple[tuple[float, float], ...]
    lines: list[shapely.Geometry] = field(repr=False)
    factor: float
    metres_a_minute: float
    iterations: int
    seed: int = 0
    join_m: float = 0


@dataclass(frozen=True, eq=False)
class Worked:
    """What came of it: the visits of each span, by the plan and by due date alone."""

    problem: Problem
    ways: Ways
    orders: Orders
    plain: Orders


def worked(work: Work, tell: Callable[[float], None] | None = None) -> Worked:
    """Order what was chosen into walks.

    Parameters
    ----------
    tell
        Called with the share of the work that is done, from 0 to 1.
    """
    lon, lat = np.array(work.places, dtype=float).T
    found = between(work.lines, lon, lat, factor=work.factor, join_m=work.join_m)
    problem = Problem(work.visits, work.spans, found.metres, work.metres_a_minute)
    orders = filled(problem, solved(problem, iterations=work.iterations, seed=work.seed, tell=tell))
    plain = by_due(problem)
    return Worked(problem, found, max(orders, plain, key=lambda some: worth(problem, some)), plain)
