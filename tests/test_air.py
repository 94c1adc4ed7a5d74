"""The air quality index against the standard's own table, and what holds for every concentration."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import DraftError
from inspections.air import DAILY, HOURLY, STANDARDS, STEPS, Grade, Pollutant, Report, index, part, standard_on

NEW, OLD = STANDARDS
TODAY = date(2026, 11, 22)
CLEAN = dict.fromkeys(Pollutant, 1.0)


# domain.md 4.1: the vectors that were reckoned from the standard's text.
@pytest.mark.parametrize(
    ("report", "pollutant", "concentration", "wanted"),
    [
        *(
            ("day", "pm25", *pair)
            for pair in [(35, 50), (36, 52), (60, 100), (61, 101), (75, 114), (115, 150), (150, 200), (250, 300)]
        ),
        *(("day", "pm10", *pair) for pair in [(120, 100), (121, 101), (150, 112)]),
        *(("hour", "o3", *pair) for pair in [(160, 50), (200, 100)]),
        ("hour", "so2", 900, 200),
        ("day", "o3", 900, 300),
        ("day", "co", 2.1, 53),
        ("hour", "pm25", 75, 114),
        ("day", "so2", 475, 150),
        ("day", "pm25", 9000, 500),
    ],
)
def test_the_standards_own_vectors(report, pollutant, concentration, wanted):
    assert part(NEW, Report(report), Pollutant(pollutant), concentration) == wanted


@pytest.mark.parametrize("report", Report)
@pytest.mark.parametrize("pollutant", Pollutant)
def test_at_each_limit_the_index_is_the_tables(report, pollutant):
    for standard in STANDARDS:
        limits = standard.limits(report, pollutant)
        assert [part(standard, report, pollutant, float(limit)) for limit in limits] == list(STEPS[: len(limits)])


def test_the_columns_rise_and_only_particles_changed():
    for column in (*HOURLY.values(), *DAILY.values(), *(limits for one in STANDARDS for limits in (one.pm10, one.pm25))):  # fmt: skip
        assert list(map(Decimal, column)) == sorted(set(map(Decimal, column)))
    assert part(OLD, Report.DAY, Pollutant.PM25, 75) == 100
    assert part(OLD, Report.DAY, Pollutant.PM10, 150) == 100


@given(
    st.sampled_from(list(Report)),
    st.sampled_from(list(Pollutant)),
    st.floats(0, 5000),
    st.floats(0, 5000),
    st.sampled_from(STANDARDS),
)
def test_more_is_never_better(report, pollutant, one, other, standard):
    low, high = (part(standard, report, pollutant, value) for value in sorted((one, other)))
    assert high is None or (low is not None and 0 <= low <= high <= 500)


def test_the_edition_follows_the_day():
    assert standard_on(date(2026, 2, 28)) is OLD
    assert standard_on(date(2026, 3, 1)) is NEW
    assert standard_on(date(2001, 1, 1)) is OLD
    assert index({**CLEAN, Pollutant.PM25: 75}, Report.DAY, date(2026, 2, 28)).value == 100
    assert index({**CLEAN, Pollutant.PM25: 75}, Report.DAY, TODAY).value == 114


def test_concentrations_are_rounded_half_to_even_before_anything_else():
    assert part(NEW, Report.DAY, Pollutant.PM25, 35.5) == part(NEW, Report.DAY, Pollutant.PM25, 36) == 52
    assert part(NEW, Report.DAY, Pollutant.PM25, 34.5) == part(NEW, Report.DAY, Pollutant.PM25, 34)
    assert part(NEW, Report.DAY, Pollutant.CO, 2.05) == 50
    assert part(NEW, Report.DAY, Pollutant.CO, 2.15) == part(NEW, Report.DAY, Pollutant.CO, 2.2)


def test_the_index_is_the_worst_part_and_names_what_ties():
    found = index({**CLEAN, Pollutant.PM25: 60, Pollutant.PM10: 120}, Report.DAY, TODAY)
    assert (found.value, found.primary, found.grade) == (100, (Pollutant.PM10, Pollutant.PM25), Grade.GOOD)
    clean = index(CLEAN, Report.DAY, TODAY)
    assert (clean.primary, clean.grade) == ((), Grade.EXCELLENT)
    assert index(dict.fromkeys(Pollutant, 0.0), Report.HOUR, TODAY).value == 1


def test_with_a_pollutant_missing_only_an_index_above_100_is_one():
    without = {one: value for one, value in CLEAN.items() if one is not Pollutant.O3}
    assert index({**without, Pollutant.PM25: 60}, Report.DAY, TODAY).value is None
    bad = index({**without, Pollutant.PM25: 61}, Report.DAY, TODAY)
    assert (bad.value, bad.primary, bad.missing) == (101, (Pollutant.PM25,), (Pollutant.O3,))
    none = index({}, Report.DAY, TODAY)
    assert (none.value, none.grade, none.missing) == (None, None, tuple(Pollutant))


def test_a_gas_beyond_its_column_counts_as_its_end_since_2026_and_not_before():
    assert part(NEW, Report.HOUR, Pollutant.SO2, 801) == 200
    assert part(OLD, Report.HOUR, Pollutant.SO2, 801) is None
    assert Pollutant.SO2 in index({**CLEAN, Pollutant.SO2: 801}, Report.HOUR, date(2020, 1, 1)).missing


@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
def test_what_is_no_concentration_is_refused(wrong):
    with pytest.raises(DraftError, match="no concentration of pm25"):
        part(NEW, Report.DAY, Pollutant.PM25, wrong)
