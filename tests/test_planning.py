"""The plan of a day: each site at most once, hours and the noon break held, what is left out has a reason; ways along streets in two pieces; the same seed plans the same."""

import json
from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from inspected import kept, shop, worker_of
from rooms import NOON
from shapely import LineString

from cli import battlemap
from data import rules
from desk.planning import day, told
from desk.planning.day import Asking
from desk.planning.solve import solved
from desk.planning.ways import ways
from desk.planning.work import Work, worked
from geo.errors import DraftError, RulesError
from inspections.planning import PlanRules, Problem, Visit, Why, by_due, filled, left_out, spans_of, walked, worth

HOUR = 3600
NOONS = (12 * HOUR, 14 * HOUR)
HOURS = st.sampled_from([((9 * HOUR, 18 * HOUR),), ((9 * HOUR, 11 * HOUR), (14 * HOUR, 17 * HOUR)), ((11 * HOUR, 13 * HOUR + 1800),), ((20 * HOUR, 21 * HOUR),)])  # fmt: skip


@st.composite
def problems(draw, share=None):
    many, people = draw(st.integers(0, 8)), draw(st.integers(1, 3))
    shared = draw(st.booleans()) if share is None else share
    own = [frozenset(range(people)) if shared else frozenset(draw(st.sets(st.integers(0, people - 1), max_size=1))) for _ in range(many)]  # fmt: skip
    visits = tuple(
        Visit(
            f"{n}",
            draw(st.integers(1, 150)) * 60,
            draw(HOURS),
            draw(st.integers(0, 9)),
            draw(st.integers(0, 9)),
            own[n],
        )
        for n in range(many)
    )
    places = np.array([draw(st.tuples(st.integers(0, 9000), st.integers(0, 9000))) for _ in range(many + people)])
    metres = np.abs(places[:, None] - places[None, :]).sum(axis=2)
    begins = draw(st.integers(8, 13)) * HOUR
    spans = tuple(
        span for at in range(people) for span in spans_of(at, begins, begins + draw(st.integers(2, 9)) * HOUR, NOONS)
    )
    return Problem(visits, spans, metres, 70)


def holds(problem, orders):
    there = [one for order in orders for one in order]
    assert len(there) == len(set(there))
    out = left_out(problem, orders)
    assert sorted([*there, *out]) == list(range(len(problem.visits)))
    for at, order in enumerate(orders):
        walk, span = walked(problem, at, order), problem.spans[at]
        assert walk
        assert walk.back <= span.ends
        assert not (span.begins < NOONS[1] and span.ends > NOONS[0])
        for one, begins in zip(order, walk.begins, strict=True):
            visit = problem.visits[one]
            assert span.walker in visit.walkers
            assert begins >= span.begins
            assert any(opens <= begins and begins + visit.seconds <= closes for opens, closes in visit.hours)
    return out


@settings(deadline=None, max_examples=25)
@given(problems())
def test_a_plan_visits_each_site_at_most_once_within_hours_and_grids_and_says_why_the_others_are_left_out(problem):
    holds(problem, solved(problem, iterations=5))


@settings(deadline=None)
@given(problems())
def test_the_plain_plan_holds_the_same_rules(problem):
    holds(problem, by_due(problem))


@settings(deadline=None, max_examples=25)
@given(problems())
def test_what_is_filled_up_holds_the_same_rules_and_is_worth_no_less(problem):
    for before in (by_due(problem), tuple(() for _ in problem.spans)):
        after = filled(problem, before)
        holds(problem, after)
        worth = [sum(problem.visits[one].points for order in plan for one in order) for plan in (before, after)]
        assert worth[1] >= worth[0]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6))
def test_a_plan_is_never_worth_less_than_the_plain_order(seed):
    random = np.random.default_rng(seed)
    places = tuple((113.6 + lon, 34.7 + lat) for lon, lat in random.uniform(0, 0.01, (9, 2)).tolist())
    visits = tuple(Visit(str(n), 1800, ((8 * HOUR, 18 * HOUR),), float(random.integers(1, 4)), n, frozenset({0})) for n in range(8))  # fmt: skip
    done = worked(Work(visits, spans_of(0, 9 * HOUR, 12 * HOUR, NOONS), places, [], 1.3, 70, 1, seed))
    assert worth(done.problem, done.orders) >= worth(done.problem, done.plain)
    holds(done.problem, done.orders)


@settings(deadline=None, max_examples=10)
@given(problems(share=True))
def test_the_same_seed_plans_the_same(problem):
    assert solved(problem, iterations=5, seed=3) == solved(problem, iterations=5, seed=3)


def small(**changed):
    visit = replace(Visit("1", 1800, ((9 * HOUR, 17 * HOUR),), 1, 0, frozenset({0})), **changed)
    metres = np.array([[0, 1000], [1000, 0]])
    return Problem((visit,), spans_of(0, 9 * HOUR, 11 * HOUR, NOONS), metres, 70)


def test_what_is_left_out_has_its_reason():
    nothing = ((),)
    assert left_out(small(walkers=frozenset()), nothing) == {0: Why.NOBODY}
    assert left_out(small(hours=((20 * HOUR, 21 * HOUR),)), nothing) == {0: Why.CLOSED}
    assert left_out(small(seconds=7000), nothing) == {0: Why.BEYOND}
    assert left_out(small(), nothing) == {0: Why.FULL}
    assert filled(small(), solved(small(), iterations=1)) == ((0,),)


def test_more_work_than_hours_leaves_out_those_with_the_fewest_points():
    visits = tuple(Visit(str(n), HOUR, ((8 * HOUR, 18 * HOUR),), n, 0, frozenset({0})) for n in range(6))
    problem = Problem(visits, spans_of(0, 9 * HOUR, 12 * HOUR, NOONS), np.zeros((7, 7), dtype=np.int64), 70)
    assert set(left_out(problem, solved(problem, iterations=50))) == {0, 1, 2}


def test_an_empty_problem_has_an_empty_plan():
    problem = Problem((), spans_of(0, 9 * HOUR, 17 * HOUR, NOONS), np.zeros((1, 1), dtype=np.int64), 70)
    assert solved(problem, iterations=1) == by_due(problem) == ((), ())


def ground(*lines):
    frame = gpd.GeoDataFrame(geometry=list(lines), crs="EPSG:4326")
    return SimpleNamespace(pack=SimpleNamespace(ground=[SimpleNamespace(key="s", kind="street")]), ground={"s": frame})


def test_ways_follow_the_streets_and_pieces_without_a_street_between_them_are_joined_straight():
    lon, lat = np.array([113.0, 113.01, 113.05]), np.array([34.0, 34.01, 34.05])
    corner = LineString([(113.0, 34.0), (113.01, 34.0), (113.01, 34.01)])
    found = ways(ground(corner, LineString([(113.05, 34.05), (113.06, 34.05)])), lon, lat, factor=1.0)
    straight = ways(ground(), lon, lat, factor=1.0)
    assert (found.network, found.straight, straight.network) == (True, 2, False)
    assert found.metres[0, 1] > straight.metres[0, 1] * 1.3
    assert found.metres[0, 2] == straight.metres[0, 2]
    assert (found.metres == found.metres.T).all()


def test_a_street_that_ends_short_of_another_is_joined_within_the_tolerance_and_no_further():
    lon, lat = np.array([113.0, 113.01]), np.array([34.0, 34.01])
    short = LineString([(113.0, 34.0), (113.00995, 34.0)])  # some five metres before the other
    streets = ground(short, LineString([(113.01, 33.99), (113.01, 34.01)]))
    apart, joined, far = (ways(streets, lon, lat, factor=1.0, join_m=metres) for metres in (0, 8, 3))
    assert (apart.straight, apart.joined, far.straight, far.joined) == (1, 0, 1, 0)
    assert (joined.straight, joined.joined) == (0, 1)
    assert joined.metres[0, 1] > apart.metres[0, 1] * 1.3
    whole = ground(LineString([(113.0, 34.0), (113.01, 34.0)]), LineString([(113.01, 33.99), (113.01, 34.01)]))
    assert ways(whole, lon, lat, factor=1.0, join_m=8).joined == 0


@pytest.fixture
def room(tmp_path, database):
    found, _shop = kept(tmp_path / "ledger", database)
    yield found
    found.ledger.close()


def test_a_day_is_planned_for_the_post_in_whose_grid_a_site_lies(room):
    site = shop(room, "豫香面馆")
    worker = worker_of(room, site)
    found = day.planned(room, Asking((worker.post,), NOON.date(), 9 * HOUR, 17 * HOUR, sites=frozenset({site.number})), NOON)  # fmt: skip
    out = holds(found.problem, found.orders)
    assert site.number in {found.sites[one].number for order in found.orders for one in order}
    assert not out
    said = told.plain(found)
    assert said["planned"]["sites"] == sum(len(walk["sites"]) for walk in said["walks"]) >= 1


def test_a_recheck_by_night_is_visited_in_the_hours_of_the_night_alone(room):
    site = shop(room, "豫香面馆")
    worker = worker_of(room, site)
    asking = Asking((worker.post,), NOON.date(), 9 * HOUR, 22 * HOUR, night=frozenset({site.number}))
    found = day.planned(room, asking, NOON)
    walks = [walked(found.problem, at, order) for at, order in enumerate(found.orders)]
    begins = {found.sites[one].number: at for walk in walks for one, at in zip(walk.order, walk.begins, strict=True)}
    assert begins[site.number] >= room.rules.planning.night[0]
    early = day.planned(room, replace(asking, ends=17 * HOUR), NOON)
    assert Why.CLOSED in {why for one, why in early.out.items() if early.sites[one].number == site.number}


def test_unknown_posts_and_sites_and_no_hours_are_refused_with_what_to_do(room):
    worker = worker_of(room, shop(room, "豫香面馆"))
    good = Asking((worker.post,), NOON.date(), 9 * HOUR, 17 * HOUR)
    for bad in ({"posts": ("x",)}, {"posts": ()}, {"posts": (worker.post, worker.post)}, {"sites": frozenset({"场-9999"})}, {"begins": 12 * HOUR, "ends": 13 * HOUR}):  # fmt: skip
        with pytest.raises(DraftError):
            day.planned(room, replace(good, **bad), NOON)


def test_a_terminal_plans_and_writes_the_walks(room, tmp_path, monkeypatch):
    site = shop(room, "豫香面馆")
    worker = worker_of(room, site)
    monkeypatch.setattr("cli._room", lambda _area: room)
    monkeypatch.setattr("cli._now", lambda: NOON)
    args = ["plan", "--area", "longnan", "--post", worker.post, "--site", site.number]
    done = CliRunner().invoke(battlemap, [*args, "--out", str(tmp_path / "walks.geojson"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["planned"]["sites"] >= 1
    assert json.loads((tmp_path / "walks.geojson").read_text(encoding="utf-8"))["features"]
    assert site.number in CliRunner().invoke(battlemap, args).output


def test_the_rules_name_every_fault():
    table = rules.read("planning")
    assert PlanRules.from_table(table).kind("anything").minutes == 15
    with pytest.raises(RulesError) as caught:
        PlanRules.from_table(
            {**table, "noon": ["14:00", "12:00"], "iterations": 0, "other": 1, "kinds": [{"key": "a"}]}
        )
    assert all(name in str(caught.value) for name in ("noon", "iterations", "other", "kinds"))
