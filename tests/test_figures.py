"""One filter, one query: every count comes through it."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rooms import NOON, filled, shipped
from small_pack import write_small_pack

from geo.errors import FilterError
from layers.load import load
from reports import figures
from reports.address import MOST_DAYS
from reports.choices import grid_choices
from reports.figures import MARKS, Filter


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs")
    return filled(load(write_small_pack(folder / "small")), folder / "var")


@pytest.fixture(scope="module")
def dc(tmp_path_factory):
    return filled(shipped("dc"), tmp_path_factory.mktemp("var"))


def select(room, wanted):
    return figures.select(room, wanted, NOON)


WORDS = st.text(
    st.characters(blacklist_characters=",:;&=+%#", blacklist_categories=("Cs", "Cc", "Z")), min_size=1, max_size=12
)
TIMES = st.datetimes(datetime(1971, 1, 2), datetime(2199, 1, 1))  # noqa: DTZ001  in the area's time
FILTERS = st.builds(
    Filter,
    grid=st.none() | st.tuples(WORDS, WORDS),
    classes=st.frozensets(WORDS, max_size=4),
    marks=st.frozensets(st.sampled_from(MARKS)),
    days=st.none() | st.integers(1, MOST_DAYS),
    statuses=st.frozensets(st.sampled_from(figures.STATUSES), max_size=3),
    handler=WORDS | st.just(""),
    duty=WORDS | st.just(""),
    channels=st.frozensets(st.sampled_from(figures.CHANNELS), max_size=3),
    late=st.booleans(),
    demo=st.sampled_from([None, True, False]),
    since=st.none() | TIMES,
    until=st.none() | TIMES,
    text=st.lists(WORDS, max_size=3).map(" ".join),
)


@given(FILTERS, st.sampled_from([figures.PERIOD, None]))
def test_a_filter_survives_its_way_through_an_address(wanted, period):
    query = wanted.to_query(period=period)
    assert Filter.from_query(query, period=period) == wanted
    assert set(query) <= set(figures.PARAMETERS)


def test_a_day_that_ends_a_period_counts_whole_and_times_are_the_areas(room):
    wanted = Filter.from_query({"from": "2026-03-01", "until": "2026-03-01"})
    assert wanted.until - wanted.since == timedelta(days=1)
    assert figures.asked(room, wanted, NOON).reported_since.isoformat() == "2026-03-01T00:00:00+08:00"
    assert Filter.from_query({"until": "2026-03-01T08:30"}).until.hour == 8


def test_an_address_that_names_no_period_means_the_last_day():
    assert Filter.from_query({"lang": "zh", "view": "1,2,3", "grid": ""}) == Filter(days=1)
    assert Filter(days=1).to_query() == {}


def test_everything_is_asked_for_by_name():
    assert Filter.from_query({"days": "all"}) == Filter()
    assert Filter().to_query() == {"days": "all"}


@pytest.mark.parametrize(
    "query",
    [
        {"grid": "micro"},
        {"grid": ":1"},
        {"mark": "blue"},
        {"days": "0"},
        {"days": "-1"},
        {"days": "x"},
        {"days": "99999"},
        {"channel": "dove"},
        {"late": "yes"},
        {"demo": "2"},
        {"from": "yesterday"},
        {"from": "2026-03-01T08:00+08:00"},
        {"until": "9999-12-31"},
        {"until": "0001-01-01"},
    ],
)
def test_what_makes_no_sense_is_named(query):
    with pytest.raises(FilterError, match=next(iter(query))):
        Filter.from_query(query)


def test_marks_and_counts(room):
    assert figures.counts(select(room, Filter())) == {"red": 6, "yellow": 3, "green": 5}
    assert figures.counts(select(room, Filter(marks=frozenset({"yellow"})))) == {
        "red": 0,
        "yellow": 3,
        "green": 0,
    }


def test_counts_reconcile_over_the_grids_of_every_level(dc):
    everything = figures.counts(select(dc, Filter()))
    for level in dc.area.net.levels:
        parts = [figures.counts(select(dc, Filter(grid=(level.key, code)))) for code in level.codes]
        outside = figures.counts(select(dc, Filter())[select(dc, Filter())[level.key] == ""])
        assert {mark: sum(part[mark] for part in parts) + outside[mark] for mark in MARKS} == everything


def test_a_case_in_a_tower_without_a_floor_counts_in_each_of_its_micro_grids_and_once_in_all(room):
    cases = select(room, Filter())
    in_tower = cases[cases["micro"].str.contains("3-04a")]
    assert len(in_tower) > 0
    for code in ("3-04a", "3-04b", "3-04c", "3-04"):
        assert len(select(room, Filter(grid=("micro", code)))) == len(in_tower)


def test_states_of_grids_the_worst_first(room):
    states = figures.grid_states(room.area.net, select(room, Filter()), "micro")
    assert states["1-04"] == "red"  # three red and one yellow at one place
    assert states["2-03"] == "yellow"
    assert "1-01" not in states
    assert states["3-04a"] == states["3-04c"] == "red"


def test_overdue_is_red_and_late(room):
    late = figures.overdue(select(room, Filter()), room.area.as_of)
    assert late["reported"].dt.minute.tolist() == [4]
    assert figures.overdue(late, None).empty


def test_days_keep_what_is_recent_or_open(dc):
    week = select(dc, Filter(days=7))
    since = dc.area.as_of - timedelta(days=7)
    assert 0 < len(week) < len(select(dc, Filter()))
    assert ((week["reported"] >= since) | (week["closed"] >= since) | (week["mark"] == "red")).all()
    assert figures.counts(week)["red"] == figures.counts(select(dc, Filter()))["red"]


def test_newest_first(room):
    assert select(room, Filter())["reported"].is_monotonic_decreasing


def test_a_filter_that_matches_nothing(room):
    found = select(room, Filter(grid=("micro", "1-01")))
    assert found.empty
    assert figures.counts(found) == {"red": 0, "yellow": 0, "green": 0}


@pytest.mark.parametrize(
    "wanted", [Filter(grid=("micro", "9-99")), Filter(grid=("nothing", "1")), Filter(classes=frozenset({"gas"}))]
)
def test_a_grid_or_class_that_the_area_lacks_is_named(room, wanted):
    with pytest.raises(FilterError, match=r"There (are|is)|there is no"):
        select(room, wanted)


def test_every_grid_can_be_chosen_and_what_is_chosen_can_be_filtered_by(room):
    choices = grid_choices(room.area, "zh")
    assert next(iter(choices)) == "community:C1"
    assert "micro:3-04b" in choices
    assert "micro:3-04" not in choices
    assert choices["dedicated:专1"] == "专1 第一小学 · 专属网格"
    for choice in choices:
        select(room, Filter.from_query({"grid": choice}))
