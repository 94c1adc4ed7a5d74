"""A day of many sites and people: our plan beside the plain order by due date, and beside OR-Tools with the same time.

Sites lie anywhere in the net of an area, with kinds, days and points by a seed; everybody may visit anything, from 08:30 to 17:30 with the noon break; ways follow the streets of the pack.
OR-Tools gets the same ways, hours, breaks and prizes, and as many seconds as ours took: guided local search after parallel cheapest insertion. It is no part of the lock: `pip install ortools` where it is to be compared.

    python benchmarks/bench_planning.py [--sites 400] [--people 12] [--area longnan]
"""

import argparse
import itertools
import json
import sys
import time
from pathlib import Path

import numpy as np

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from rooms import shipped  # noqa: E402

from data import rules  # noqa: E402
from desk.planning.solve import PRIZE  # noqa: E402
from desk.planning.ways import streets  # noqa: E402
from desk.planning.work import Work, worked  # noqa: E402
from inspections.planning import PlanRules, Visit, spans_of, totals, walked  # noqa: E402

SEED = 20261123
BEGINS, ENDS = 8 * 3600 + 1800, 17 * 3600 + 1800


def work_of(area_name, sites, people):
    """Return the work of a day."""
    area, plan, random = shipped(area_name), PlanRules.from_table(rules.read("planning")), np.random.default_rng(SEED)
    west, south, east, north = area.net.bounds
    lon, lat = random.uniform(west, east, 20 * (sites + people)), random.uniform(south, north, 20 * (sites + people))
    inside = np.flatnonzero(area.net.columns(lon, lat)["grid_match"] == "inside")[: sites + people]
    kinds = [*plan.kinds.values()]
    visits = tuple(
        Visit(f"{n:04d}", (kind := kinds[n % len(kinds)]).minutes * 60, kind.hours, float(random.integers(1, 12)), int(random.integers(0, 60)), frozenset(range(people)))
        for n in range(sites)
    )  # fmt: skip
    spans = tuple(span for at in range(people) for span in spans_of(at, BEGINS, ENDS, plan.noon))
    places = tuple(zip(lon[inside].tolist(), lat[inside].tolist(), strict=True))
    return Work(visits, spans, places, streets(area), plan.straight_factor, plan.walk_m_per_minute, plan.iterations, 0, plan.join_m)  # fmt: skip


def said(problem, orders):
    """Return what a plan comes to."""
    sites, metres, minutes = totals(problem, orders)
    there = [one for order in orders for one in order]
    return {"sites": sites, "points": sum(problem.visits[one].points for one in there), "km": round(metres / 1000, 1), "way_minutes": minutes, "metres_a_site": round(metres / max(1, sites))}  # fmt: skip


def ortools_orders(problem, seconds):
    """Return the orders that OR-Tools finds; a site with several hours may begin in any of them."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    many, spans, fix_start_cumul_to_zero = len(problem.visits), problem.spans, False
    starts = [problem.start(at) for at in range(len(spans))]
    manager = pywrapcp.RoutingIndexManager(len(problem.metres), len(spans), starts, starts)
    routing = pywrapcp.RoutingModel(manager)
    metres, ways = problem.metres.tolist(), problem.seconds.tolist()
    stay = [visit.seconds for visit in problem.visits] + [0] * (len(problem.metres) - many)

    def way(a, b):
        return metres[manager.IndexToNode(a)][manager.IndexToNode(b)]

    def spent(a, b):
        one = manager.IndexToNode(a)
        return stay[one] + ways[one][manager.IndexToNode(b)]

    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitCallback(way))
    routing.AddDimension(routing.RegisterTransitCallback(spent), 86400, 86400, fix_start_cumul_to_zero, "time")
    clock = routing.GetDimensionOrDie("time")
    for at, span in enumerate(spans):
        for index in (routing.Start(at), routing.End(at)):
            clock.CumulVar(index).SetRange(span.begins, span.ends)
    for one, visit in enumerate(problem.visits):
        index = manager.NodeToIndex(one)
        hours = [(opens, closes - visit.seconds) for opens, closes in visit.hours]
        clock.CumulVar(index).SetRange(hours[0][0], hours[-1][1])
        for (_first, last), (opens, _last) in itertools.pairwise(hours):
            clock.CumulVar(index).RemoveInterval(last + 1, opens - 1)
        routing.AddDisjunction([index], round(visit.points * PRIZE))
    asked = pywrapcp.DefaultRoutingSearchParameters()
    asked.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    asked.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    asked.time_limit.FromMilliseconds(int(seconds * 1000))
    found = routing.SolveWithParameters(asked)
    if found is None:
        return tuple(() for _ in spans)
    orders = []
    for at in range(len(spans)):
        index, order = routing.Start(at), []
        while not routing.IsEnd(index):
            one = manager.IndexToNode(index)
            order += [one] if one < many else []
            index = found.Value(routing.NextVar(index))
        assert walked(problem, at, order)
        orders.append(tuple(order))
    return tuple(orders)


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sites", type=int, default=400)
    asked.add_argument("--people", type=int, default=12)
    asked.add_argument("--area", default="longnan")
    given = asked.parse_args()
    work = work_of(given.area, given.sites, given.people)
    begun = time.perf_counter()
    done = worked(work)
    seconds = time.perf_counter() - begun
    found = {"ours": {**said(done.problem, done.orders), "seconds": round(seconds, 1)}, "by_due_date": said(done.problem, done.plain)}  # fmt: skip
    try:
        found["ortools_same_time"] = said(done.problem, ortools_orders(done.problem, seconds))
    except ImportError:
        found["ortools_same_time"] = "not installed"
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
