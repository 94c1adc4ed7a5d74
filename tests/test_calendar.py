"""The working calendar: which days and hours are worked."""

import itertools
import pickle
import tomllib
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import RulesError
from incidents.calendar import ANNOUNCED, Calendar, Days, Hours, Season

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
SHIPPED = Path(__file__).parent.parent / "data/rules/holidays.toml"
CN = Calendar("cn")
PLAIN = Calendar("none")


def at(text, zone=SHANGHAI):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def hours(calendar, start, end, zone=SHANGHAI):
    return calendar.working_time(at(start, zone), at(end, zone)) / timedelta(hours=1)


def test_national_day_2026_is_a_week_without_work_between_two_make_up_days():
    assert [CN.is_workday(date(2026, 10, day)) for day in range(1, 8)] == [False] * 7
    assert CN.is_workday(date(2026, 9, 20))  # a Sunday
    assert CN.is_workday(date(2026, 10, 10))  # a Saturday
    assert not CN.is_workday(date(2026, 10, 11))


def test_every_make_up_day_of_2026_is_worked_and_falls_on_a_weekend():
    days = [
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ]
    assert all(day.weekday() >= 5 and CN.is_workday(day) for day in days)


def test_without_a_calendar_weekdays_are_worked_and_holidays_are_too():
    assert PLAIN.is_workday(date(2026, 10, 1))
    assert not PLAIN.is_workday(date(2026, 10, 10))


def test_a_time_is_taken_for_its_day():
    assert not CN.is_workday(datetime(2026, 10, 1, 9, tzinfo=SHANGHAI))
    assert CN.is_known(datetime(2026, 10, 1, 9, tzinfo=SHANGHAI))


def test_a_year_that_nobody_announced_follows_the_weekday_rule_and_is_named():
    year = max(ANNOUNCED) + 2
    day = date(year, 10, 1)
    assert not CN.is_known(day)
    assert CN.is_workday(day) is (day.weekday() < 5)
    assert CN.unknown_years(date(year - 2, 12, 1), date(year, 1, 1)) == (year - 1, year)


def test_known_years_and_a_calendar_of_weekdays_ask_for_no_warning():
    assert CN.is_known(date(2026, 12, 31))
    assert CN.unknown_years(date(2025, 1, 1), date(2026, 12, 31)) == ()
    assert PLAIN.unknown_years(date(2025, 1, 1), date(2099, 12, 31)) == ()
    assert PLAIN.is_known(date(2099, 1, 1))


def test_a_table_by_file_wins_over_the_library():
    calendar = Calendar("cn", {date(2026, 10, 1): True, date(2026, 10, 10): False})
    assert calendar.is_workday(date(2026, 10, 1))
    assert not calendar.is_workday(date(2026, 10, 10))
    assert not calendar.is_workday(date(2026, 10, 2))


def test_a_table_gives_a_new_year_its_holidays_and_takes_the_warning_away():
    days = Days.from_table(
        tomllib.loads(
            'years = [2031]\nholidays = [2031-01-01, "2031-01-22..2031-01-28"]\nworkdays = ["2031-02-01"]\nbase = "cn"'
        )
    )
    calendar = Calendar.of_days(days)
    assert [calendar.is_workday(date(2031, 1, day)) for day in (1, 2, 21, 22, 28, 29)] == [
        False,
        True,
        True,
        False,
        False,
        True,
    ]
    assert calendar.is_workday(date(2031, 2, 1))  # a Saturday
    assert calendar.is_known(date(2031, 6, 1))
    assert calendar.unknown_years(date(2031, 1, 1), date(2032, 1, 1)) == (2032,)


def test_a_single_day_makes_no_year_known():
    calendar = Calendar("cn", {date(2031, 3, 3): False})
    assert calendar.is_known(date(2031, 3, 3))
    assert not calendar.is_known(date(2031, 3, 4))
    assert calendar.unknown_years(date(2031, 3, 3), date(2031, 3, 3)) == (2031,)


def test_a_pack_s_table_lies_over_the_city_s():
    city = Days({date(2026, 6, 1): False, date(2026, 6, 2): False}, frozenset({2031}))
    both = city | Days({date(2026, 6, 2): True}, base="none")
    assert (both.days, both.years, both.base) == (
        {date(2026, 6, 1): False, date(2026, 6, 2): True},
        frozenset({2031}),
        "none",
    )


def test_the_shipped_table_is_empty_and_its_example_can_be_read():
    text = SHIPPED.read_text(encoding="utf-8")
    assert Days.from_table(tomllib.loads(text)) == Days()
    example = "\n".join(
        line[2:] for line in text.splitlines() if line.startswith(("# base", "# years", "# holi", "# work"))
    )
    assert len(Days.from_table(tomllib.loads(example)).days) == 9


def test_every_fault_of_a_table_of_days_is_named():
    table = {
        "holidays": [
            "2031-02-30",
            7,
            "2031-05-02..2031-05-01",
            date(2031, 6, 1),
            datetime(2031, 6, 1, 8, tzinfo=SHANGHAI),
        ],
        "workdays": [date(2031, 6, 1)],
        "years": ["2031"],
        "base": "us",
        "holiday": [],
    }
    with pytest.raises(RulesError) as caught:
        Days.from_table(table)
    said = "\n".join(caught.value.faults)
    for word in (
        "2031-02-30",
        "7 is no day",
        "2031-05-02..2031-05-01",
        "datetime",
        "2031-06-01 stands",
        "years",
        "'us'",
        "'holiday'",
    ):
        assert word in said
    assert len(caught.value.faults) == 8


@pytest.mark.parametrize("key", ["holidays", "workdays"])
def test_days_that_are_no_list_are_named(key):
    with pytest.raises(RulesError, match=f"{key}: '2031-01-01' is no list"):
        Days.from_table({key: "2031-01-01"})


def test_an_unknown_calendar_is_named():
    with pytest.raises(RulesError, match=r"'us'.*cn or none"):
        Calendar("us")


def test_hours_of_a_day_are_eight_with_a_noon_break():
    assert hours(CN, "2026-11-13T00:00", "2026-11-14T00:00") == 8
    assert hours(CN, "2026-11-13T11:30", "2026-11-13T14:30") == 1
    assert hours(CN, "2026-11-13T12:00", "2026-11-13T14:00") == 0


def test_a_week_with_a_make_up_saturday_has_five_days_less_the_holiday():
    assert hours(CN, "2026-10-01T00:00", "2026-10-12T00:00") == 3 * 8  # Thursday 8th, Friday 9th, Saturday 10th
    assert CN.working_days(at("2026-10-01T00:00"), at("2026-10-12T00:00")) == 3


def test_working_time_backwards_is_negative():
    assert hours(CN, "2026-11-16T10:00", "2026-11-13T17:00") == -3
    assert hours(CN, "2027-01-04T10:00", "2026-12-31T17:00") == -hours(CN, "2026-12-31T17:00", "2027-01-04T10:00")
    assert CN.working_days(at("2027-01-04T08:00"), at("2026-12-31T08:00")) < 0


SUMMER = Hours.from_table(
    tomllib.loads(
        'periods = [["08:00", "12:00"], ["14:00", "18:00"]]\n'
        '[summer]\nfrom = "05-01"\nto = "09-30"\nperiods = [["08:00", "12:00"], ["15:00", "18:00"]]'
    )
)


def test_summer_hours_hold_between_two_days_of_the_year():
    for day, afternoon in (
        (date(2026, 4, 30), 14),
        (date(2026, 5, 1), 15),
        (date(2026, 9, 30), 15),
        (date(2026, 10, 1), 14),
    ):
        assert SUMMER.on(day) == ((time(8), time(12)), (time(afternoon), time(18)))


def test_winter_hours_run_over_the_new_year():
    winter = Season((11, 15), (3, 15), ((time(9), time(17)),))
    assert [winter.holds_on(date(2026, *day)) for day in ((11, 14), (11, 15), (12, 31), (1, 1), (3, 15), (3, 16))] == [
        False,
        True,
        True,
        True,
        True,
        False,
    ]


def test_a_day_of_summer_hours_has_the_hours_that_it_has():
    calendar = Calendar("cn", {}, SUMMER)
    assert hours(calendar, "2026-07-01T00:00", "2026-07-02T00:00") == 7
    assert calendar.working_days(at("2026-07-01T08:00"), at("2026-07-01T18:00")) == 1


def test_hours_may_reach_midnight_in_either_form_and_come_as_toml_times():
    table = tomllib.loads('periods = [[00:00:00, 02:00:00], ["20：00", "24:00"]]')
    night = Hours.from_table(table)
    assert night.periods == ((time(0), time(2)), (time(20), time(0)))
    assert hours(Calendar("none", {}, night), "2026-11-12T20:00", "2026-11-13T02:00") == 6


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"periods": []}, "periods"),
        ({"periods": [["08:00"]]}, "periods"),
        ({"periods": "08:00-12:00"}, "periods"),
        ({"periods": [["08:00", "25:00"]]}, "'25:00'"),
        ({"periods": [["8", "12"]]}, "'8'"),
        ({"periods": [[8, 12]]}, "8 is no time"),
        ({"periods": [["12:00", "08:00"]]}, "not in order"),
        ({"periods": [["14:00", "18:00"], ["08:00", "12:00"]]}, "not in order"),
        ({"periods": [["08:00", "13:00"], ["12:00", "18:00"]]}, "not in order"),
        ({"periods": [["22:00", "06:00"]]}, "not in order"),
        ({"summer": 3}, "summer is no season"),
        ({"summer": {"from": "5-1", "to": "02-30", "periods": [["08:00", "12:00"]]}}, "summer.from"),
        ({"summer": {"from": "05-01", "to": "02-30", "periods": [["08:00", "12:00"]]}}, "summer.to"),
        ({"summer": {"from": "05-01", "to": "09-30"}}, "summer.periods"),
        ({"summer": {"from": "05-01", "to": "09-30", "until": 1, "periods": [["08:00", "12:00"]]}}, "summer.until"),
    ],
)
def test_hours_that_cannot_be_are_named(table, words):
    with pytest.raises(RulesError) as caught:
        Hours.from_table(table)
    assert any(words in fault for fault in caught.value.faults)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        CN.working_time(at("2026-11-13T08:00", None), at("2026-11-13T09:00"))


def test_the_zone_is_that_of_the_first_time_whatever_the_second_s():
    assert CN.working_time(at("2026-11-13T08:00"), at("2026-11-13T02:00", ZoneInfo("UTC"))) == timedelta(hours=2)


def test_a_calendar_can_be_sent_to_another_process():
    calendar = Calendar("cn", {date(2026, 10, 1): True}, SUMMER, years=[2031])
    hours(calendar, "2026-11-13T00:00", "2026-11-14T00:00")
    again = pickle.loads(pickle.dumps(calendar))
    assert again.is_workday(date(2026, 10, 1))
    assert again.years == {2031}
    assert again.hours == SUMMER


def test_the_calendar_keeps_its_own_copy_of_the_table():
    extra = {date(2026, 10, 1): True}
    calendar = Calendar("cn", extra)
    extra.clear()
    assert calendar.is_workday(date(2026, 10, 1))


def test_hours_that_a_change_of_clock_swallows_are_not_worked():
    night = Calendar(
        "none",
        {date(2026, 3, 8): True, date(2026, 11, 1): True},
        Hours(((time(1), time(2, 30)), (time(2, 45), time(4)))),
    )
    # spring: 02:00 to 03:00 does not exist; autumn: 01:00 to 02:00 comes twice
    assert hours(night, "2026-03-08T00:00", "2026-03-09T00:00", NEW_YORK) == 1.75
    assert hours(night, "2026-11-01T00:00", "2026-11-02T00:00", NEW_YORK) == 3.75


def by_minutes(calendar, start, end):
    """Working minutes the slow way: look at each minute, in UTC."""
    count = 0
    while start < end:
        local = start.astimezone(SHANGHAI)
        clock = local.timetz().replace(tzinfo=None)
        count += calendar.is_workday(local.date()) and any(
            first <= clock and (clock < last or last == time(0)) for first, last in calendar.hours.on(local.date())
        )
        start += timedelta(minutes=1)
    return count


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 365 * 24 * 60), st.integers(0, 5 * 24 * 60))
def test_working_time_equals_a_count_of_minutes(offset, length):
    calendar = Calendar("cn", {date(2026, 3, 2): False, date(2026, 3, 8): True}, SUMMER)
    start = at("2026-01-01T00:00").astimezone(ZoneInfo("UTC")) + timedelta(minutes=offset)
    end = start + timedelta(minutes=length)
    counted = calendar.working_time(start.astimezone(SHANGHAI), end.astimezone(SHANGHAI))
    assert counted == timedelta(minutes=by_minutes(calendar, start, end))


def test_working_time_of_years_is_the_sum_of_its_days():
    days = [date(2024, 12, 1) + timedelta(n) for n in range(800)]
    worked = sum(CN.is_workday(day) for day in days)
    last = days[-1] + timedelta(1)
    assert hours(CN, f"{days[0]}T00:00", f"{last}T00:00") == 8 * worked
    assert CN.working_days(at(f"{days[0]}T00:00"), at(f"{last}T00:00")) == worked


def test_every_day_of_a_year_has_as_many_hours_as_its_periods():
    calendar = Calendar("cn", {}, SUMMER)
    for day, after in itertools.pairwise(date(2026, 1, 1) + timedelta(n) for n in range(366)):
        expected = (7 if 5 <= day.month <= 9 else 8) if calendar.is_workday(day) else 0
        assert hours(calendar, f"{day}T00:00", f"{after}T00:00") == expected
