"""Deadlines: spans, limits, lights, steps, extension, suspension, rework."""

import copy
import functools
import itertools
import re
import textwrap
import timeit
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.errors import RulesError
from incidents.calendar import Calendar, Days, Hours
from incidents.deadlines import (
    EXTERNAL,
    DeadlineRules,
    Light,
    Limit,
    Span,
    Stage,
    Step,
    StepKind,
    Unit,
    add,
    amber_at,
    elapsed,
    extension_allowed,
    external,
    light,
    next_step,
    paused,
    remaining,
    resumed,
    reworked,
    shift_due,
    steps,
    steps_due,
    working_time,
)
from incidents.limits import LIMIT_KEYS, SECTIONS, STEP_KEYS

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
RULES = Path(__file__).parent.parent / "data/rules"
SHIPPED = tomllib.loads((RULES / "deadlines.toml").read_text(encoding="utf-8"))
RULES_OF_THE_STREET = DeadlineRules.from_table(SHIPPED)
CN = Calendar("cn")
PLAIN = Calendar("none")
SUMMER = Calendar(
    "cn",
    {},
    Hours.from_table({"summer": {"from": "05-01", "to": "09-30", "periods": [["08:00", "12:00"], ["15:00", "18:00"]]}}),
)


def at(text, zone=SHANGHAI):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def due(start, span, calendar=CN, zone=SHANGHAI):
    return add(calendar, at(start, zone), Span.parse(span)).isoformat(timespec="minutes")[:16]


def rules(text=""):
    return DeadlineRules.from_table(tomllib.loads(text + '\n[[limits]]\nspan = "1 work_day"'))


# --- the vectors of the domain ---------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2026-11-13T17:00", "4 工作时", "2026-11-16T11:00"),  # Friday to Monday
        ("2026-11-13T15:00", "1 工作日", "2026-11-16T15:00"),
        ("2026-11-13T23:00", "2 紧急工作时", "2026-11-14T01:00"),
        ("2026-11-13T12:30", "1 工作时", "2026-11-13T15:00"),
        ("2026-11-13T15:00", "1 自然日", "2026-11-14T15:00"),
    ],
)
def test_the_worked_examples_of_the_domain(start, span, expected):
    assert due(start, span) == expected


def test_a_make_up_saturday_counts_as_a_working_day():
    assert due("2026-10-09T17:00", "4 work_hour") == "2026-10-10T11:00"  # Saturday
    assert due("2026-10-09T15:00", "2 work_day") == "2026-10-12T15:00"  # Friday, Saturday, not Sunday, Monday


def test_national_day_does_not_count_in_working_time_and_counts_in_the_other_two_units():
    assert due("2026-09-30T17:00", "2 work_hour") == "2026-10-08T09:00"
    assert due("2026-09-30T17:00", "1 work_day") == "2026-10-08T17:00"
    assert due("2026-09-30T17:00", "24 urgent_hour") == "2026-10-01T17:00"
    assert due("2026-09-30T17:00", "3 natural_day") == "2026-10-03T17:00"


def test_in_a_year_that_nobody_announced_the_weekday_rule_counts():
    assert due("2031-09-30T17:00", "2 work_hour") == "2031-10-01T09:00"  # Tuesday, and Wednesday although National Day


def test_a_table_by_file_moves_the_deadline():
    calendar = Calendar("cn", {date(2026, 11, 16): False, date(2026, 11, 14): True})
    assert due("2026-11-13T17:00", "4 工作时", calendar) == "2026-11-14T11:00"
    assert due("2026-11-13T17:00", "12 工作时", calendar) == "2026-11-17T11:00"


# --- starts outside hours, boundaries ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2026-11-14T10:00", "1 work_hour", "2026-11-16T09:00"),  # Saturday: from the next opening
        ("2026-11-14T10:00", "1 work_day", "2026-11-16T18:00"),  # the whole of Monday, not Tuesday's opening
        ("2026-11-13T18:00", "1 work_day", "2026-11-16T18:00"),
        ("2026-11-13T22:00", "8 work_hour", "2026-11-16T18:00"),
        ("2026-11-13T06:00", "1 work_day", "2026-11-13T18:00"),
        ("2026-11-13T08:00", "4 work_hour", "2026-11-13T12:00"),  # the end of the morning, not 14:00
        ("2026-11-13T13:00", "0.5 work_day", "2026-11-13T18:00"),
        ("2026-11-13T08:00", "0.5 work_day", "2026-11-13T12:00"),
        ("2026-12-31T17:00", "2 work_hour", "2027-01-01T09:00"),  # 2027 is not announced: Friday is a weekday
        ("2026-12-30T18:00", "1 work_day", "2026-12-31T18:00"),  # the last day of the year, not the first of the next
        ("2026-12-30T18:00", "8 work_hour", "2026-12-31T18:00"),
        ("2026-11-13T17:59", "0 work_hour", "2026-11-13T17:59"),
        ("2026-11-14T10:00", "0 work_day", "2026-11-14T10:00"),
    ],
)
def test_where_a_span_lands(start, span, expected):
    assert due(start, span) == expected


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2026-11-16T11:00", "-4 work_hour", "2026-11-13T17:00"),
        ("2026-11-16T10:00", "-2 work_hour", "2026-11-16T08:00"),  # counting back lands at an opening
        ("2026-11-16T15:00", "-1 work_day", "2026-11-13T15:00"),
        ("2026-11-16T00:30", "-1 work_day", "2026-11-13T08:00"),
        ("2027-01-04T09:00", "-10 work_hour", "2026-12-31T17:00"),
        ("2027-01-04T09:00", "-2 work_day", "2026-12-31T09:00"),
        ("2026-11-14T01:00", "-2 urgent_hour", "2026-11-13T23:00"),
    ],
)
def test_a_negative_span_counts_back(start, span, expected):
    assert due(start, span) == expected


def test_a_working_day_of_summer_hours_is_the_whole_day_and_eight_hours_are_more():
    assert due("2026-07-01T08:00", "1 work_day", SUMMER) == "2026-07-01T18:00"
    assert due("2026-07-01T08:00", "8 work_hour", SUMMER) == "2026-07-02T09:00"
    assert due("2026-07-01T16:30", "1 work_hour", SUMMER) == "2026-07-01T17:30"
    assert due("2026-07-01T12:30", "1 work_hour", SUMMER) == "2026-07-01T16:00"


def test_a_part_of_a_working_day_is_that_part_of_the_next_whatever_its_hours():
    # 10:00 is 2/8 of a winter day, and 09:45 is 1.75/7 of a summer day: the same quarter
    assert due("2026-04-30T10:00", "1 work_day", SUMMER) == "2026-05-06T09:45"  # after Labour Day
    assert due("2026-09-30T09:45", "1 work_day", SUMMER) == "2026-10-08T10:00"


def test_a_hundredth_of_a_working_day_is_288_seconds_to_the_microsecond():
    start = at("2026-11-13T08:00")
    for hundredths in range(1, 51):
        found = add(CN, start, Span(hundredths / 100, Unit.WORK_DAY))
        assert found == start + timedelta(seconds=288 * hundredths)


def test_a_thousand_working_days_need_no_walk():
    start = at("2026-11-13T17:00")
    add(CN, start, Span(1000, Unit.WORK_DAY))  # lays out the years
    for span in (
        Span(4, Unit.WORK_HOUR),
        Span(1, Unit.WORK_DAY),
        Span(1000, Unit.WORK_DAY),
        Span(8000, Unit.WORK_HOUR),
    ):
        best = min(timeit.repeat(functools.partial(add, CN, start, span), number=200, repeat=10)) / 200
        assert best < 50e-6  # 6 us


def test_a_thousand_working_days_are_counted_right():
    start = at("2026-01-05T15:00")
    found = add(CN, start, Span(1000, Unit.WORK_DAY))
    days = [start.date() + timedelta(n) for n in range(1, (found.date() - start.date()).days + 1)]
    assert sum(CN.is_workday(day) for day in days) == 1000
    assert (found.hour, found.minute) == (15, 0)


def test_a_time_without_a_zone_and_a_span_beyond_all_years_are_refused():
    with pytest.raises(ValueError, match="no time zone"):
        add(CN, at("2026-11-13T17:00", None), Span(1, Unit.WORK_HOUR))
    for unit in Unit:
        with pytest.raises(RulesError, match="shorter span"):
            add(PLAIN, at("9999-12-31T08:00"), Span(900, unit))
    with pytest.raises(RulesError, match="no year 9999"):
        add(PLAIN, at("9998-12-31T17:00"), Span(2, Unit.WORK_HOUR))


# --- New York changes its clocks ----------------------------------------------------------------------------------------------------------------------------------


def test_the_clock_runs_on_through_a_change_of_time():
    assert due("2026-03-07T23:00", "4 urgent_hour", PLAIN, NEW_YORK) == "2026-03-08T04:00"  # 02:00 to 03:00 is skipped
    assert due("2026-10-31T23:00", "4 urgent_hour", PLAIN, NEW_YORK) == "2026-11-01T02:00"  # 01:00 to 02:00 comes twice
    assert elapsed(PLAIN, at("2026-10-31T23:00", NEW_YORK), at("2026-11-01T02:00", NEW_YORK), Unit.URGENT_HOUR) == 4


def test_working_hours_and_days_are_those_of_the_wall_on_both_sides_of_the_change():
    assert due("2026-03-06T17:00", "4 work_hour", PLAIN, NEW_YORK) == "2026-03-09T11:00"
    assert due("2026-10-30T15:00", "1 work_day", PLAIN, NEW_YORK) == "2026-11-02T15:00"
    assert due("2026-03-07T10:00", "1 natural_day", PLAIN, NEW_YORK) == "2026-03-08T10:00"
    assert due("2026-03-07T02:30", "1 natural_day", PLAIN, NEW_YORK) == "2026-03-08T03:30"  # 02:30 does not exist


def test_the_offset_of_a_deadline_is_that_of_its_own_day():
    found = add(PLAIN, at("2026-03-06T17:00", NEW_YORK), Span(4, Unit.WORK_HOUR))
    assert found.utcoffset() == timedelta(hours=-4)
    assert found.tzinfo is NEW_YORK


def test_a_light_is_right_in_the_hour_that_comes_twice():
    start, first = at("2026-10-31T23:00", NEW_YORK), at("2026-11-01T01:30", NEW_YORK)
    second = first.replace(fold=1)  # an hour later, though the wall says the same
    assert light(PLAIN, start, first, second, rules=rules(), unit=Unit.URGENT_HOUR) is Light.RED
    assert light(PLAIN, start, second, first, rules=rules(), unit=Unit.URGENT_HOUR) is Light.AMBER


# --- spans as text ------------------------------------------------------------------------------------------------------------------------------------------------


@given(st.floats(-1e6, 1e6), st.sampled_from(Unit))
def test_a_span_reads_what_it_writes(value, unit):
    span = Span(value, unit)
    assert Span.parse(span.text) == span


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("4 work_hour", Span(4, Unit.WORK_HOUR)),
        (" 0.5urgent_hour ", Span(0.5, Unit.URGENT_HOUR)),
        ("2紧急工作时", Span(2, Unit.URGENT_HOUR)),
        ("15 工作日", Span(15, Unit.WORK_DAY)),
        ("3 自然日", Span(3, Unit.NATURAL_DAY)),
        ("-1 work_hour", Span(-1, Unit.WORK_HOUR)),
    ],
)
def test_a_span_is_read_in_either_language(text, span):
    assert Span.parse(text) == span


def test_a_span_is_written_short():
    assert [Span(4.0, Unit.WORK_HOUR).text, Span(0.25, Unit.URGENT_HOUR).text] == ["4 work_hour", "0.25 urgent_hour"]


@pytest.mark.parametrize(
    "text", ["", "4", "work_hour", "4 hours", "4 工作", "nan work_hour", "1e9 work_hour", 4, None, "4 5 work_hour"]
)
def test_what_is_no_span_is_refused(text):
    with pytest.raises(RulesError):
        Span.parse(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e7])
def test_a_span_is_a_finite_number(value):
    with pytest.raises(RulesError, match="no length of time"):
        Span(value, Unit.WORK_DAY)


# --- properties ---------------------------------------------------------------------------------------------------------------------------------------------------

CALENDARS = (CN, SUMMER, PLAIN, Calendar("cn", {date(2026, 3, 2): False, date(2026, 3, 8): True}, Hours()))
FIRST = datetime(2024, 11, 1, tzinfo=UTC)
minutes = st.integers(0, 3 * 365 * 24 * 60)
instants = minutes.map(lambda offset: (FIRST + timedelta(minutes=offset)).astimezone(SHANGHAI))
instants_in_new_york = minutes.map(lambda offset: (FIRST + timedelta(minutes=offset)).astimezone(NEW_YORK))
units = st.sampled_from(Unit)
calendars = st.sampled_from(CALENDARS)
values = st.floats(0, 400) | st.sampled_from([0.25, 0.5, 1, 2, 4, 7, 8, 15, 40])
CLOSE = timedelta(microseconds=2)


def apart(first, second):
    return abs(first.astimezone(UTC) - second.astimezone(UTC))


@given(calendars, instants, instants, values, units)
def test_a_later_start_never_gives_an_earlier_deadline(calendar, start, other, value, unit):
    first, second = sorted((start, other))
    assert add(calendar, first, Span(value, unit)) <= add(calendar, second, Span(value, unit))


@given(
    instants_in_new_york,
    instants_in_new_york,
    values,
    st.sampled_from([Unit.URGENT_HOUR, Unit.WORK_HOUR, Unit.WORK_DAY]),
)
def test_a_later_start_never_gives_an_earlier_deadline_in_new_york(start, other, value, unit):
    # natural days go by the wall, which in autumn says one hour twice
    first, second = sorted((start, other), key=lambda t: t.astimezone(UTC))
    found = [add(PLAIN, t, Span(value, unit)).astimezone(UTC) for t in (first, second)]
    assert found == sorted(found)


@given(calendars, instants, values, values, units)
def test_a_longer_span_never_gives_an_earlier_deadline(calendar, start, value, other, unit):
    shorter, longer = sorted((value, other))
    assert start <= add(calendar, start, Span(shorter, unit)) <= add(calendar, start, Span(longer, unit))


@given(calendars, instants, values, units)
def test_what_was_added_has_elapsed(calendar, start, value, unit):
    found = add(calendar, start, Span(value, unit))
    assert elapsed(calendar, start, found, unit) == pytest.approx(value, abs=1e-6)
    assert elapsed(calendar, found, start, unit) == pytest.approx(-value, abs=1e-6)


@given(instants_in_new_york, values, st.sampled_from([Unit.URGENT_HOUR, Unit.WORK_HOUR, Unit.WORK_DAY]))
def test_what_was_added_has_elapsed_in_new_york(start, value, unit):
    assert elapsed(PLAIN, start, add(PLAIN, start, Span(value, unit)), unit) == pytest.approx(value, abs=1e-6)


@given(calendars, instants, values, values, units)
def test_two_spans_one_after_the_other_are_their_sum(calendar, start, first, second, unit):
    in_two = add(calendar, add(calendar, start, Span(first, unit)), Span(second, unit))
    at_once = add(calendar, start, Span(first + second, unit))
    # a rounding of a microsecond may fall on either side of a night
    assert apart(in_two, at_once) <= CLOSE or abs(elapsed(calendar, in_two, at_once, unit)) < 1e-6


@given(calendars, instants, st.integers(1, 200), st.integers(1, 200), units)
def test_two_whole_spans_one_after_the_other_are_exactly_their_sum(calendar, start, first, second, unit):
    in_two = add(calendar, add(calendar, start, Span(first, unit)), Span(second, unit))
    assert in_two == add(calendar, start, Span(first + second, unit))


@given(calendars, instants, st.floats(0.01, 400), st.sampled_from([Unit.WORK_HOUR, Unit.WORK_DAY]))
def test_a_deadline_in_working_time_lies_within_working_hours(calendar, start, value, unit):
    found = add(calendar, start, Span(value, unit))
    assert calendar.is_workday(found.date())
    clock = found.time()
    assert any(first <= clock <= last for first, last in calendar.hours.on(found.date()))


@given(calendars, instants, values, units)
def test_there_and_back_is_where_one_began(calendar, start, value, unit):
    begun = add(calendar, start, Span(1, unit))  # within working hours
    back = add(calendar, add(calendar, begun, Span(value, unit)), Span(-value, unit))
    assert abs(elapsed(calendar, begun, back, unit)) < 1e-6


@given(calendars, instants, instants)
def test_a_working_day_is_eight_working_hours_where_every_day_has_eight(calendar, start, end):
    assume(calendar is not SUMMER)
    days, hours = (elapsed(calendar, start, end, unit) for unit in (Unit.WORK_DAY, Unit.WORK_HOUR))
    assert days * 8 == pytest.approx(hours, abs=1e-6)
    assert working_time(calendar, start, end) / timedelta(hours=1) == hours


# --- suspension, extension, rework, external orders ------------------------------------------------------------------------------------------------------------------


def test_resuming_gives_back_what_was_left():
    deadline = at("2026-11-16T11:00")
    left = paused(CN, at("2026-11-13T18:00"), deadline, Unit.WORK_HOUR)
    assert left == 3
    assert resumed(CN, at("2026-12-01T09:00"), left, Unit.WORK_HOUR) == at("2026-12-01T12:00")
    assert resumed(CN, at("2026-12-05T09:00"), left, Unit.WORK_HOUR) == at("2026-12-07T11:00")  # a Saturday


def test_what_was_overdue_when_it_was_suspended_is_overdue_by_as_much_afterwards():
    left = paused(CN, at("2026-11-16T15:00"), at("2026-11-16T11:00"), Unit.WORK_HOUR)
    assert left == -2
    assert resumed(CN, at("2026-12-01T10:00"), left, Unit.WORK_HOUR) == at("2026-12-01T08:00")


@given(calendars, st.tuples(instants, instants, instants), values, units)
def test_suspension_keeps_what_is_left(calendar, times, value, unit):
    start, stopped, again = times
    deadline = add(calendar, start, Span(value, unit))
    left = paused(calendar, stopped, deadline, unit)
    assert remaining(calendar, again, resumed(calendar, again, left, unit), unit) == pytest.approx(left, abs=1e-6)


@given(calendars, instants, values, units)
def test_a_pause_of_no_length_changes_nothing(calendar, start, value, unit):
    deadline = add(calendar, start, Span(value, unit))
    again = resumed(calendar, start, paused(calendar, start, deadline, unit), unit)
    assert apart(again, deadline) <= CLOSE


def test_an_extension_moves_the_deadline_by_working_time():
    assert shift_due(CN, at("2026-11-13T15:00"), Span(1, Unit.WORK_DAY)) == at("2026-11-16T15:00")


def test_an_extension_is_granted_once_and_by_the_limit_at_most():
    limit, deadline = Limit(Span(2, Unit.WORK_DAY), "default"), at("2026-11-13T15:00")

    def may(text, granted=0, of=RULES_OF_THE_STREET):
        return extension_allowed(CN, deadline, Span.parse(text), limit, granted=granted, rules=of)

    assert may("2 work_day")
    assert may("16 work_hour")  # the same in another unit
    assert not may("17 work_hour")
    assert not may("2 work_day", granted=1)
    assert not may("0 work_day")
    assert not may("-1 work_day")
    assert may("17 work_hour", granted=1, of=rules("[extension]\ntimes = 2\nshare = 1.5"))


def test_rework_goes_on_with_what_was_left_or_with_half_where_the_rules_say_so():
    limit, now = Limit(Span(4, Unit.WORK_HOUR), "default"), at("2026-11-16T09:00")
    half = rules("[rework]\nshare = 0.5")
    assert reworked(CN, now, 1, limit, rules=RULES_OF_THE_STREET) == at("2026-11-16T10:00")
    assert reworked(CN, now, 1, limit, rules=half) == at("2026-11-16T11:00")
    assert reworked(CN, now, 3, limit, rules=half) == at("2026-11-16T12:00")
    assert reworked(CN, now, -1, limit, rules=RULES_OF_THE_STREET) == at("2026-11-16T08:00")  # was late, stays late


def test_an_external_order_keeps_its_deadline():
    start, deadline = at("2026-11-13T17:00"), at("2026-11-15T12:00")
    limit = external(start, deadline)
    assert (
        (limit.rule, limit.span) == (EXTERNAL, Span(43, Unit.URGENT_HOUR)) == ("external", Span.parse("43 urgent_hour"))
    )
    assert add(CN, start, limit.span) == deadline
    assert external(deadline, start).span.value == -43  # it came too late


# --- the light ----------------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-13T17:00", "green"),
        ("2026-11-15T12:00", "green"),  # two nights and a Sunday have passed, one working hour of four
        ("2026-11-16T09:59", "green"),
        ("2026-11-16T10:00", "amber"),  # a quarter is left
        ("2026-11-16T11:00", "amber"),
        ("2026-11-16T11:01", "red"),
    ],
)
def test_a_light_is_measured_in_working_time(now, expected):
    assert light(CN, at("2026-11-13T17:00"), at("2026-11-16T11:00"), at(now), rules=RULES_OF_THE_STREET) == expected


@pytest.mark.parametrize(
    ("start", "deadline", "unit", "expected"),
    [
        ("2026-11-13T15:00", "2026-11-17T15:00", Unit.WORK_DAY, "2026-11-17T09:00"),  # half a day of two: four hours
        ("2026-11-13T15:00", "2026-11-17T15:00", Unit.NATURAL_DAY, "2026-11-16T15:00"),
        ("2026-11-13T22:00", "2026-11-14T10:00", Unit.URGENT_HOUR, "2026-11-14T07:00"),
        ("2026-11-13T22:00", "2026-11-14T00:00", Unit.URGENT_HOUR, "2026-11-13T23:00"),  # the last hour
        ("2026-11-13T22:00", "2026-11-13T22:30", Unit.URGENT_HOUR, "2026-11-13T22:00"),  # not before the start
        ("2026-11-13T15:00", "2026-11-16T09:00", Unit.WORK_HOUR, "2026-11-13T18:00"),  # one hour is left all weekend
        ("2026-11-14T08:00", "2026-11-14T16:00", Unit.WORK_HOUR, "2026-11-14T14:00"),  # no working time: by the clock
    ],
)
def test_amber_begins_with_the_last_quarter_or_hour(start, deadline, unit, expected):
    assert amber_at(CN, at(start), at(deadline), rules=RULES_OF_THE_STREET, unit=unit) == at(expected)


def test_share_and_hours_of_amber_are_settings():
    small = rules("[light]\namber_share = 0.2\namber_hours = 0")
    assert amber_at(CN, at("2026-11-13T08:00"), at("2026-11-13T18:00"), rules=small) == at("2026-11-13T16:24")
    never = rules("[light]\namber_share = 0\namber_hours = 0")
    assert light(CN, at("2026-11-13T08:00"), at("2026-11-13T18:00"), at("2026-11-13T17:59"), rules=never) == "green"


@given(calendars, instants, values, instants, units)
def test_a_light_says_what_is_left(calendar, start, value, now, unit):
    deadline = add(calendar, start, Span(value, unit))
    assume(now >= start)
    left = remaining(calendar, now, deadline, unit)
    hours = remaining(
        calendar, now, deadline, Unit.WORK_HOUR if unit in {Unit.WORK_HOUR, Unit.WORK_DAY} else Unit.URGENT_HOUR
    )
    assume(abs(left - value / 4) > 1e-6 and abs(hours - 1) > 1e-6)  # rounding
    assume(value > 1e-6)
    expected = "red" if now > deadline else "amber" if left <= value / 4 or hours <= 1 else "green"
    assert light(calendar, start, deadline, now, rules=RULES_OF_THE_STREET, unit=unit) == expected


# --- steps --------------------------------------------------------------------------------------------------------------------------------------------------------


def test_reminder_then_the_next_head_then_supervision():
    assert steps(RULES_OF_THE_STREET, at("2026-11-13T17:30"), CN) == (
        Step(StepKind.REMINDER, at("2026-11-13T16:30"), 1),
        Step(StepKind.NEXT_HEAD, at("2026-11-13T17:30"), 1),
        Step(StepKind.SUPERVISE, at("2026-11-16T17:30"), 1),
        Step(StepKind.SUPERVISE, at("2026-11-18T17:30"), 2),
    )


def test_steps_come_due_one_after_the_other():
    deadline = at("2026-11-13T17:30")

    def kinds(now):
        return [step.kind for step in steps_due(RULES_OF_THE_STREET, deadline, at(now), CN)]

    assert kinds("2026-11-13T16:29") == []
    assert kinds("2026-11-13T16:30") == ["reminder"]
    assert kinds("2026-11-15T12:00") == ["reminder", "next_head"]
    assert kinds("2026-12-01T12:00") == ["reminder", "next_head", "supervise", "supervise"]


def test_the_next_step_is_the_first_that_has_not_come():
    deadline = at("2026-11-13T17:30")
    assert next_step(RULES_OF_THE_STREET, deadline, at("2026-11-13T17:00"), CN) == Step(StepKind.NEXT_HEAD, deadline)
    assert next_step(RULES_OF_THE_STREET, deadline, at("2026-12-01T17:00"), CN) is None


def test_an_emergency_has_steps_of_its_own():
    found = steps(RULES_OF_THE_STREET, at("2026-11-14T01:00"), CN, urgency="emergency")
    assert [(step.kind, step.at.strftime("%d %H:%M")) for step in found] == [
        ("reminder", "14 00:45"),
        ("next_head", "14 01:00"),
        ("supervise", "14 02:00"),
    ]


def test_rules_without_steps_have_none():
    assert steps(rules(), at("2026-11-14T01:00"), CN) == ()


# --- which limit ----------------------------------------------------------------------------------------------------------------------------------------------------

TABLE = """
version = "t1"
[[limits]]
span = "5 work_day"
[[limits]]
urgency = "urgent"
span = "4 urgent_hour"
[[limits]]
major = "06"
span = "2 work_day"
[[limits]]
major = "06"
level = "community"
span = "3 work_day"
[[limits]]
class = ["06010", "06011"]
span = "4 work_hour"
[[limits]]
class = "06010"
urgency = "urgent"
span = "1 urgent_hour"
[[limits]]
class = "06010"
level = "community"
span = "6 work_hour"
[[limits]]
class = "L1008"
urgency = "any"
span = "1 urgent_hour"
[[limits]]
class = "L1008"
urgency = "emergency"
span = "0.5 urgent_hour"
[[limits]]
stage = "verify"
span = "1 work_day"
[[limits]]
stage = "verify"
class = "06010"
span = "2 work_hour"
"""


@pytest.mark.parametrize(
    ("class_key", "major", "urgency", "level", "expected"),
    [
        ("08001", "08", "normal", None, "5 work_day"),
        (None, None, "normal", None, "5 work_day"),
        ("06001", "06", "normal", None, "2 work_day"),
        ("06010", "06", "normal", None, "4 work_hour"),
        ("06011", "06", "normal", None, "4 work_hour"),
        ("06010", "06", "urgent", None, "1 urgent_hour"),
        (
            "06011",
            "06",
            "urgent",
            None,
            "4 urgent_hour",
        ),  # no rule of class or major speaks of urgent: the default does
        ("06011", "06", "emergency", None, "4 urgent_hour"),  # nobody speaks of an emergency: urgent holds
        ("06010", "06", "emergency", None, "1 urgent_hour"),
        ("L1008", "L1", "normal", None, "1 urgent_hour"),
        ("L1008", "L1", "urgent", None, "1 urgent_hour"),
        ("L1008", "L1", "emergency", None, "0.5 urgent_hour"),
        ("06010", "06", "normal", "community", "6 work_hour"),
        ("06001", "06", "normal", "community", "3 work_day"),
        ("06001", "06", "normal", "micro", "2 work_day"),
        ("06010", "06", "urgent", "community", "1 urgent_hour"),
    ],
)
def test_the_most_specific_limit_wins(class_key, major, urgency, level, expected):
    found = DeadlineRules.from_table(tomllib.loads(TABLE)).limit(class_key, major=major, urgency=urgency, level=level)
    assert found.span.text == expected


def test_a_limit_says_which_rule_gave_it():
    found = DeadlineRules.from_table(tomllib.loads(TABLE))
    assert found.limit("06010", major="06").rule == "class=06010 urgency=normal stage=handle rules=t1"
    assert found.limit("06001", major="06", level="community").rule == (
        "major=06 urgency=normal level=community stage=handle rules=t1"
    )
    assert found.limit(None).rule == "default urgency=normal stage=handle rules=t1"


def test_stages_have_limits_of_their_own_or_none():
    found = DeadlineRules.from_table(tomllib.loads(TABLE))
    assert found.stage(Stage.VERIFY).span.text == "1 work_day"
    assert found.stage("verify", class_key="06010", major="06").span.text == "2 work_hour"
    assert found.stage("accept") is None
    assert found.stage("handle") == found.limit(None)


def test_a_change_of_the_rules_does_not_touch_a_limit_that_was_given():
    table = tomllib.loads(TABLE)
    old = DeadlineRules.from_table(table)
    given_ = old.limit("06010", major="06")
    stored = (given_.span.text, given_.rule)
    table["limits"][4]["span"] = "9 work_day"
    table["version"] = "t2"
    new = DeadlineRules.from_table(table)
    assert new.limit("06010", major="06") == Limit(Span(9, Unit.WORK_DAY), given_.rule.replace("t1", "t2"))
    assert old.limit("06010", major="06") == given_
    assert (given_.span.text, given_.rule) == stored
    with pytest.raises(AttributeError):
        given_.span = Span(9, Unit.WORK_DAY)


def test_the_version_is_declared_or_a_digest_that_changes_with_the_table():
    table = tomllib.loads(TABLE)
    assert DeadlineRules.from_table(table).version == "t1"
    del table["version"]
    other = copy.deepcopy(table)
    other["limits"][0]["span"] = "6 work_day"
    digests = [DeadlineRules.from_table(each).version for each in (table, copy.deepcopy(table), other)]
    assert digests[0] == digests[1] != digests[2]


def test_rules_have_defaults_for_all_but_the_limit():
    found = rules()
    assert (found.hours, found.amber_share, found.amber_hours) == (Hours(), 0.25, 1)
    assert (found.extension_times, found.extension_share, found.rework_share) == (1, 1, 0)


# --- faults -------------------------------------------------------------------------------------------------------------------------------------------------------

WRONG = """
versoin = "1"
version = 7
[hours]
periods = [["12:00", "08:00"]]
[light]
amber_share = 1.5
amber_hours = "one"
[extension]
times = -1
share = true
[rework]
share = nan
[[limits]]
span = "4 hours"
[[limits]]
class = 6010
span = "0 work_hour"
[[limits]]
class = "06010"
major = "06"
urgency = "hurry"
stage = "cook"
level = 3
[[limits]]
major = []
span = 4
[[limits]]
class = "06011"
span = "4 work_hour"
[[limits]]
class = ["06011", "06012"]
span = "99999 work_hour"
spam = 1
[[steps]]
kind = "shout"
after = "1 work_hour"
[[steps]]
before = "-1 work_hour"
[[steps]]
kind = "reminder"
[[steps]]
kind = "reminder"
before = "1 work_hour"
after = "1 work_hour"
"""


def test_every_fault_of_the_rules_is_named_with_its_key():
    with pytest.raises(RulesError) as caught:
        DeadlineRules.from_table(tomllib.loads(WRONG))
    said = caught.value.faults
    for beginning in (
        "versoin is not known",
        "version: 7",
        "hours.periods",
        "light.amber_share: 1.5",
        "light.amber_hours: 'one'",
        "extension.times: -1",
        "extension.share: True",
        "rework.share: nan",
        "limits[1].span: '4 hours'",
        "limits[2].class: 6010",
        "limits[2].span: '0 work_hour'",
        "limits[3] names a class and a major",
        "limits[3].urgency: 'hurry'",
        "limits[3].stage: 'cook'",
        "limits[3].level: 3",
        "limits[3].span is missing",
        "limits[4].major: []",
        "limits[4].span: 4",
        "limits[6] says again what limits[5] says",
        "limits[6].span: '99999 work_hour'",
        "limits[6].spam is not known",
        "steps[1].kind: 'shout'",
        "steps[2].kind: None",
        "steps[2].before: '-1 work_hour'",
        "steps[3] needs a span",
        "steps[4] needs a span",
    ):
        assert any(fault.startswith(beginning) for fault in said), beginning
    assert len(said) == 26
    assert "26 fault(s)" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "limits: there is no default"),
        ({"limits": [{"major": "06", "span": "1 work_day"}]}, "limits: there is no default"),
        ({"limits": [{"urgency": "urgent", "span": "1 work_day"}]}, "limits: there is no default"),
        ({"limits": {"span": "1 work_day"}}, r"write \[\[limits\]\]"),
        ({"limits": ["1 work_day"]}, r"write \[\[limits\]\]"),
        ({"limits": [{"span": "1 work_day"}], "light": 3}, "light is no table"),
        ({"limits": [{"span": "1 work_day"}], "hours": 3}, "hours is no table"),
        ({"limits": [{"span": "1 work_day", "class": "  "}]}, r"limits\[1\].class"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(table, words):
    with pytest.raises(RulesError, match=words):
        DeadlineRules.from_table(table)


def test_a_default_for_any_urgency_is_a_default():
    found = DeadlineRules.from_table({"limits": [{"urgency": "any", "span": "1 work_day"}]})
    assert found.limit("06010", urgency="emergency").span == Span(1, Unit.WORK_DAY)


def test_an_urgency_or_stage_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="hurry"):
        RULES_OF_THE_STREET.limit("06010", urgency="hurry")
    with pytest.raises(ValueError, match="cook"):
        RULES_OF_THE_STREET.stage("cook")


# --- the shipped file -----------------------------------------------------------------------------------------------------------------------------------------------


def test_the_sample_limits_of_the_domain_are_shipped():
    expected = {
        "06001": "15 work_day",
        "06010": "4 work_hour",
        "06012": "2 work_hour",
        "06017": "4 work_hour",
        "06025": "15 work_day",
    }
    assert {key: RULES_OF_THE_STREET.limit(key, major="06").span.text for key in expected} == expected


def test_every_stage_of_the_shipped_rules_has_a_limit():
    assert all(RULES_OF_THE_STREET.stage(stage) for stage in Stage)


def test_every_code_of_the_shipped_limits_is_in_the_shipped_directory():
    directory = tomllib.loads((RULES / "classes.toml").read_text(encoding="utf-8"))
    known = {
        "class": {entry["key"] for entry in directory["classes"]},
        "major": {entry["key"] for entry in directory["majors"]},
    }
    for scope, codes in known.items():
        used = {rule.key for rule in RULES_OF_THE_STREET.limits if rule.scope == scope}
        assert used
        assert used <= codes


def test_an_urgent_case_is_never_slower_than_an_ordinary_one():
    scopes = {(rule.scope, rule.key) for rule in RULES_OF_THE_STREET.limits}
    starts = [at("2026-11-13T00:00") + timedelta(hours=hour) for hour in range(0, 72, 3)]
    for (scope, key), start in itertools.product(scopes, starts):
        asked = {"class_key": key if scope == "class" else None, "major": key if scope == "major" else None}
        found = [
            add(CN, start, RULES_OF_THE_STREET.limit(urgency=urgency, **asked).span)
            for urgency in ("normal", "urgent", "emergency")
        ]
        assert found == sorted(found, reverse=True), (scope, key, start)


@settings(max_examples=50)
@given(instants, st.sampled_from(sorted({rule.key for rule in RULES_OF_THE_STREET.limits})))
def test_a_case_has_its_deadline_after_its_start(start, key):
    assert add(CN, start, RULES_OF_THE_STREET.limit(key, major=key).span) > start


# --- the page of the docs -------------------------------------------------------------------------------------------------------------------------------------------


def test_every_key_of_the_rules_is_documented_and_the_reverse():
    page = (RULES.parent.parent / "docs/deadlines.md").read_text(encoding="utf-8")
    table = page[page.index("## Every key") :]
    first_cells = "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    documented = set(re.findall(r"`([\w.]+)`", first_cells))
    known = {
        "version",
        "hours.periods",
        "hours.NAME",
        *(f"limits.{key}" for key in LIMIT_KEYS),
        *(f"steps.{key}" for key in STEP_KEYS),
        *(f"{name}.{key}" for name, keys in SECTIONS.items() for key in keys),
    }
    assert documented == known


def test_the_examples_of_the_docs_can_be_read():
    page = (RULES.parent.parent / "docs/deadlines.md").read_text(encoding="utf-8")
    blocks = [
        textwrap.dedent(block) for block in re.findall(r"(?:^(?: {4}.*)?\n)+", page, re.MULTILINE) if block.strip()
    ]
    assert len(blocks) == 5
    *ours, days = blocks
    found = DeadlineRules.from_table(tomllib.loads("\n".join(ours)))
    assert found.limit("06010", level="community").span == Span(2, Unit.WORK_HOUR)
    assert len(found.timings) == 3
    assert Days.from_table(tomllib.loads(days)).years == {2027}
