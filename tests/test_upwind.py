"""Which stations stand out, and which sources lie upwind of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import DraftError
from geo.measure import WGS84
from inspections.upwind import Alarm, Source, UpwindRules, Wind, alarms, upwind

RULES = UpwindRules()
LON, LAT = 113.63, 34.74
QUIET = {"a": 50.0, "b": 52.0, "c": 48.0, "d": 50.0}


def at(number, bearing, metres, kind="dust", findings=0):
    lon, lat, _ = WGS84.fwd(LON, LAT, bearing, metres)
    return Source(number, kind, lon, lat, findings)


def test_one_that_is_half_as_much_again_as_its_neighbours_stands_out_at_the_limit():
    assert alarms({"a": 75.0, "b": 50.0, "c": 50.0}, {}, RULES) == {"a": (Alarm.NEIGHBOURS,)}
    assert alarms({"a": 74.9, "b": 50.0, "c": 50.0}, {}, RULES) == {}


def test_one_that_rose_by_half_within_an_hour_stands_out_at_the_limit():
    assert alarms({**QUIET, "a": 75.0}, {**QUIET, "a": 50.0}, RULES)["a"] == (Alarm.NEIGHBOURS, Alarm.RISE)
    assert alarms({**QUIET, "a": 60.0}, {**QUIET, "a": 40.0}, RULES) == {"a": (Alarm.RISE,)}
    assert alarms({**QUIET, "a": 59.9}, {**QUIET, "a": 40.0}, RULES) == {}


def test_where_the_whole_city_rises_none_stands_out():
    assert alarms({key: value * 2 for key, value in QUIET.items()}, QUIET, RULES) == {}


def test_a_station_alone_without_an_hour_before_says_nothing():
    assert alarms({"a": 500.0}, {}, RULES) == {}
    assert alarms({}, {}, RULES) == {}
    assert alarms({"a": 0.0, "b": 0.0}, {"a": 0.0, "b": 0.0}, RULES) == {}


def test_what_lies_where_the_wind_comes_from_is_proposed_and_what_lies_behind_is_not():
    sources = [at("far", 90, 2900), at("near", 90, 400), at("edge", 90 + 44, 400), at("behind", 270, 100), at("beyond", 90, 3100)]  # fmt: skip
    found = upwind(LON, LAT, Wind(90, 3), sources, RULES)
    assert [(one.source.number, one.ring, one.core) for one in found] == [("near", 0, True), ("edge", 0, False), ("far", 2, True)]  # fmt: skip


@pytest.mark.parametrize(("off", "core", "there"), [(22.4, True, True), (22.6, False, True), (44.9, False, True), (45.1, False, False)])  # fmt: skip
def test_the_sector_has_a_core_and_an_edge(off, core, there):
    for bearing in (10 + off, 10 - off):
        found = upwind(LON, LAT, Wind(10, 2), [at("s", bearing, 300)], RULES)
        assert bool(found) is there
        assert [one.core for one in found] == [core][: len(found)]


def test_without_wind_there_is_no_direction_and_one_looks_around_nearby():
    sources = [at("near", 200, 499), at("far", 200, 501)]
    for wind in (None, Wind(200, 0.9)):
        (one,) = upwind(LON, LAT, wind, sources, RULES)
        assert (one.source.number, one.off_deg, one.core) == ("near", None, True)
    assert len(upwind(LON, LAT, Wind(200, 1.0), sources, RULES)) == 2


def test_kind_findings_and_distance_rank_within_a_ring():
    sources = [at("c", 0, 100), at("b", 0, 300, findings=2), at("a", 0, 400, kind="fumes")]
    assert [one.source.number for one in upwind(LON, LAT, Wind(0, 2), sources, RULES, {"fumes"})] == ["a", "b", "c"]


@given(st.floats(0, 360), st.floats(0, 359.9), st.floats(1, 2999))
def test_turning_wind_and_sources_together_changes_nothing(turn, bearing, metres):
    before = upwind(LON, LAT, Wind(0, 2), [at("s", bearing, metres)], RULES)
    after = upwind(LON, LAT, Wind(turn % 360, 2), [at("s", (bearing + turn) % 360, metres)], RULES)
    edge = min(abs(abs((bearing + 180) % 360 - 180) - one) for one in (22.5, 45)) < 1e-3
    rings = min(abs(metres - ring) for ring in RULES.rings_m) < 1e-3
    assert edge or rings or [(one.ring, one.core) for one in before] == [(one.ring, one.core) for one in after]


@pytest.mark.parametrize("wrong", [(-1, 2), (361, 2), (90, -1), (float("nan"), 1)])
def test_what_is_no_wind_is_refused(wrong):
    with pytest.raises(DraftError, match="No wind"):
        Wind(*wrong)


def test_nothing_comes_of_no_sources():
    assert upwind(LON, LAT, Wind(0, 2), [], RULES) == []
