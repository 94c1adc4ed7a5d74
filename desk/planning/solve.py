"""A problem becomes walks, by PyVRP.

PyVRP knows one span of hours a client and no breaks: a site with several spans of hours is several clients of which one is visited, and a walker is a vehicle before noon and one after it.
Each site carries a prize by its points; one that does not fit is left out. The same problem and seed give the same walks, unless `LONGEST` stops the search first.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from pyvrp import (
    Client,
    ClientGroup,
    Depot,
    IteratedLocalSearchParams,
    Location,
    ProblemData,
    SolveParams,
    VehicleType,
    solve,
)
from pyvrp.search import PerturbationParams
from pyvrp.stop import MaxIterations, MaxRuntime, MultipleCriteria

from inspections.planning import Orders, Problem, walked

LEAST = 500  # iterations
LONGEST = 18.0  # seconds, all searches of a plan together
PRIZE = 1_000  # metres that one walks for a point
# PyVRP's own are for longer searches. With so few iterations fewer changes at once, and a shorter memory of what is still accepted, find walks that are worth more (benchmarks/README.md).
PARAMETERS = SolveParams(ils=IteratedLocalSearchParams(history_length=20), perturbation=PerturbationParams(max_perturbations=10))  # fmt: skip


def solved(problem: Problem, *, iterations: int, seed: int = 0, tell: Callable[[float], None] | None = None) -> Orders:
    """Return the order of the visits of each span.

    Parameters
    ----------
    iterations
        For each visit; 500 in all at least.
    tell
        Called with the share of the work that is done, from 0 to 1.
    """
    found: list[tuple[int, ...]] = [() for _ in problem.spans]
    parts = _apart(problem)
    telling = _Telling(sum(_rounds(visits, iterations) for visits, _spans in parts), tell)
    for visits, spans in parts:
        longest = LONGEST * len(visits) / len(problem.visits)
        for span, order in _searched(problem, visits, spans, _rounds(visits, iterations), longest, seed, telling):
            found[span] = order
    return tuple(found)


def _rounds(visits: Sequence[int], iterations: int) -> int:
    return max(LEAST, iterations * len(visits))


class _Telling:
    """A criterion of PyVRP's that never stops: it tells how far all searches are, a hundred times at most."""

    def __init__(self, rounds: int, tell: Callable[[float], None] | None) -> None:
        self.rounds, self.tell, self.done = rounds, tell, 0

    def __call__(self, best_cost: int) -> bool:  # noqa: ARG002  PyVRP's name
        self.done += 1
        if self.tell and self.done % max(1, self.rounds // 100) == 0:
            self.tell(min(1.0, self.done / self.rounds))
        return False


def _apart(problem: Problem) -> list[tuple[list[int], list[int]]]:
    """Return visits and spans that have to do with each other, set by set: those of one walker where each site has one."""
    sets = sorted({visit.walkers for visit in problem.visits if visit.walkers}, key=sorted)
    return [
        ([at for at, visit in enumerate(problem.visits) if visit.walkers == among], [at for at, span in enumerate(problem.spans) if span.walker in among])
        for among in sets
    ]  # fmt: skip


def _searched(  # noqa: PLR0917
    problem: Problem,
    visits: Sequence[int],
    spans: Sequence[int],
    rounds: int,
    longest: float,
    seed: int,
    telling: _Telling,
) -> list[tuple[int, tuple[int, ...]]]:
    clients: list[Client] = []
    groups: list[ClientGroup] = []
    who: list[int] = []
    starts = sorted({problem.start(span) for span in spans})
    for place, at in enumerate(visits):
        visit = problem.visits[at]
        hours = [(opens, closes - visit.seconds) for opens, closes in visit.hours if closes - opens >= visit.seconds]
        group = len(groups) if len(hours) > 1 else None
        if group is not None:
            groups.append(ClientGroup(list(range(len(clients), len(clients) + len(hours))), required=False))
        for first, last in hours:
            clients.append(Client(place, service_duration=visit.seconds, tw_early=first, tw_late=last, prize=round(visit.points * PRIZE), required=False, group=group))  # fmt: skip
            who.append(at)
    if not clients or not spans:
        return []
    places = [*visits, *starts]
    vehicles = [
        VehicleType(1, start_depot=(depot := starts.index(problem.start(span))), end_depot=depot, tw_early=problem.spans[span].begins, tw_late=problem.spans[span].ends)
        for span in spans
    ]  # fmt: skip
    some = np.ix_(places, places)
    metres: Any = problem.metres[some]
    seconds: Any = problem.seconds[some]
    data = ProblemData(
        [Location(0, 0) for _ in places],
        clients,
        [Depot(len(visits) + at) for at in range(len(starts))],
        vehicles,
        [metres],
        [seconds],
        groups,
    )
    stop = MultipleCriteria([telling, MaxIterations(rounds), MaxRuntime(longest)])
    best = solve(data, stop, seed=seed, collect_stats=False, display=False, params=PARAMETERS).best
    if not best.is_feasible():
        return []
    found = []
    for route in best.routes():
        order = tuple(who[done.idx] for done in route.schedule() if done.is_client())
        span = spans[route.vehicle_type()]
        if walked(problem, span, order):
            found.append((span, order))
    return found
