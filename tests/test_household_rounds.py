"""Household rounds: counts alone, never above what there is, the same in whatever order, unknown ones apart; and what is left is planned at once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visits import AREA, DAY, HEAD, NOON, TODAY, by, done, goals, leafs, made, walking, who, worker

from desk.visits import rounds
from desk.visits.places import Goal, households, houses
from geo.errors import DraftError, LifecycleError, RulesError
from incidents.household_rounds import AGAIN, Reach, Round, Seen, reach, round_of
from incidents.visit_rules import VisitRules
from incidents.visits import Walk
from reports import household_rounds, visit_lists

SEEN = st.builds(Seen, met=st.integers(0, 200), tries=st.integers(0, 5), refused=st.booleans(), due=st.none() | st.just(TODAY))  # fmt: skip
HOUSES = st.lists(st.tuples(st.none() | st.integers(1, 120), SEEN), max_size=30)


@given(HOUSES, st.integers(0, 30), st.randoms())
def test_a_round_is_never_above_what_there_is_and_parts_make_the_whole(found, cut, random):
    whole = round_of(found)
    assert 0 <= whole.met <= whole.households == sum(has or 0 for has, _seen in found)
    assert whole.every == len(found) == sum(whole.buildings.values())
    assert round_of(found[:cut]) + round_of(found[cut:]) == whole
    assert whole.buildings[Reach.UNKNOWN] == sum(has is None for has, _seen in found)
    assert whole.again == whole.buildings[Reach.NOBODY] + whole.buildings[Reach.PART]
    mixed = random.sample(found, len(found))
    assert round_of(mixed) == whole


@given(st.integers(1, 100), SEEN, st.integers(1, 50))
def test_who_meets_more_never_falls_back(has, seen, more):
    order = [Reach.NOT_YET, Reach.NOBODY, Reach.REFUSED, Reach.PART, Reach.WHOLE]
    after = Seen(seen.met + more, seen.tries + 1, seen.refused)
    assert order.index(reach(has, after)) >= order.index(reach(has, seen))
    assert (reach(has, after) is Reach.WHOLE) is (after.met >= has)


def test_an_empty_round_has_no_share():
    assert household_rounds.share(Round()) == "–"
    assert {Reach.NOBODY, Reach.PART} == AGAIN


@pytest.fixture
def room(tmp_path):
    found = walking(tmp_path)
    yield found
    found.ledger.close()


def home(room):
    """Return a building of a worker's grid of which the pack says how many households it has."""
    known = households(room.area)
    return next(goal for goal in goals(room, many=50) if known.get(goal.building, 0) > 1)


def of(room, building, now=NOON, **said):
    return next(one for one in household_rounds.houses(room, said, now) if one.goal.building == building)


def test_visits_of_the_round_reach_buildings_and_others_do_not(room):
    goal = home(room)
    has = households(room.area)[goal.building]
    made(room, households=3)  # an ordinary visit
    assert of(room, goal.building).reach is Reach.NOT_YET
    everything = household_rounds.houses(room, {}, NOON)
    assert len(everything) == sum(households(room.area).get(one.building) != 0 for one in houses(room))
    planned = rounds.plan_left(room, [one for one in everything if one.goal.building == goal.building], date(2026, 11, 30), by(HEAD), NOON)  # fmt: skip
    assert [(one.building, one.state.visitor, one.state.due) for one in planned] == [(goal.building, worker(room), date(2026, 11, 30))]  # fmt: skip
    assert of(room, goal.building).seen.is_planned
    assert goal.building not in {one.goal.building for one in rounds.left(household_rounds.houses(room, {}, NOON))}
    done(room, planned[0], Walk.NOBODY, worker(room))
    assert of(room, goal.building).reach is Reach.NOBODY
    done(room, planned[0], Walk.DONE, worker(room), NOON + DAY, households=has - 1)
    half = of(room, goal.building, NOON + DAY)
    assert (half.reach, half.seen.met, half.seen.is_planned) == (Reach.PART, has - 1, False)
    assert half.goal.building in {one.goal.building for one in rounds.left([half])}
    again = rounds.plan_left(room, [half], date(2026, 11, 30), by(HEAD), NOON + DAY)
    done(room, again[0], Walk.DONE, worker(room), NOON + 2 * DAY, households=has)
    whole = of(room, goal.building, NOON + 2 * DAY)
    assert (whole.reach, rounds.whole([whole]).met) == (Reach.WHOLE, has)
    assert of(room, goal.building, NOON + 40 * DAY).reach is Reach.NOT_YET  # the next month
    counts = visit_lists.counts(room, {"q": goal.building}, NOON + 2 * DAY)
    assert (counts["planned"], visit_lists.first(counts, {"q": goal.building}), visit_lists.first(counts, {})) == (0, "over", "planned")  # fmt: skip
    assert of(room, goal.building, NOON + 40 * DAY, period="last").reach is Reach.WHOLE


def test_a_refusal_counts_until_somebody_is_met(room):
    goal = home(room)
    (filed,) = rounds.plan_left(room, [of(room, goal.building)], date(2026, 11, 30), by(HEAD), NOON)
    searched = {"q": goal.building}
    assert visit_lists.first(visit_lists.counts(room, searched, NOON), searched) == "planned"
    done(room, filed, Walk.REFUSED, worker(room))
    one = of(room, goal.building)
    assert (one.reach, one.seen.refused) == (Reach.REFUSED, True)


def test_lines_of_a_level_make_the_sum_and_lead_to_their_buildings(room):
    found = household_rounds.houses(room, {}, NOON)
    for level in household_rounds.levels(room):
        rows = household_rounds.lines(room, found, level)
        whole = sum((one for code, _name, one in rows if code), Round())
        assert whole == rows[-1][2]
        code, _name, one = rows[0]
        for how in Reach:
            assert len(rounds.some(found, how.value, {level: code})) == one.buildings[how]


def test_a_building_under_several_grids_is_counted_and_listed_in_one():
    found = [rounds.House(Goal(0, 0, {"micro": codes}, building), 2, Seen()) for building, codes in (("1", "a;b"), ("2", "b"), ("3", ""))]  # fmt: skip
    counted = {code: one.every for code, one in rounds.by_grid(found, "micro").items()}
    assert counted == {"": 1, "a": 1, "b": 1}
    assert {code: len(rounds.some(found, "", {"micro": code})) for code in counted} == counted


def test_who_sees_a_grid_sees_its_buildings_alone_and_a_worker_plans_for_himself(room):
    own = room.seen_by(who("worker", f"{AREA}:micro:{leafs(room)[0]}"))
    found = household_rounds.houses(own, {}, NOON)
    assert {one.goal.codes["micro"] for one in found} == {leafs(room)[0]}
    with pytest.raises((DraftError, LifecycleError)):
        rounds.plan_left(own, [], date(2026, 11, 30), by(worker(room)), NOON)


def test_nothing_left_is_said(room):
    with pytest.raises(DraftError, match="Nothing is left"):
        rounds.plan_left(room, [], date(2026, 11, 30), by(HEAD), NOON + timedelta(days=1))


@pytest.mark.parametrize("said", [[], {"kind": "x", "topics": ["hazard"]}, {"kind": "round"}, {"kind": "round", "topics": ["x"]}, {"kind": "round", "topics": ["hazard"], "odd": 1}, {"kind": ["round"], "topics": ["hazard"]}, {"kind": "round", "topics": [["hazard"]]}])  # fmt: skip
def test_a_round_that_the_rules_do_not_know_is_a_fault(said):
    table = {"prefix": "访", "longest_note": 9, "most_households": 9, "most_places": 9, "kinds": [{"key": "round", "name": "巡", "due_days": 1, "again_days": 1, "tries": 1}], "topics": [{"key": "hazard", "name": "隐患"}]}  # fmt: skip
    assert VisitRules.from_table(table).round_kind == ""
    assert VisitRules.from_table({**table, "round": {"kind": "round", "topics": ["hazard"]}}).round_topics == ("hazard",)  # fmt: skip
    with pytest.raises(RulesError):
        VisitRules.from_table({**table, "round": said})
