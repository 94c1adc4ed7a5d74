"""How often a site is visited: fewer days where problems repeat, more where that was approved, and what a table would ask for in the next days."""

from contextlib import suppress
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import rules as files
from geo.errors import RulesError
from inspections.grades import Degree
from inspections.rounds import NONE_OPEN, RoundRules, Sites, Standing, Why, between, due, many, rounds, standing, why

TABLE = files.read("rounds")
SHIPPED = RoundRules.from_table(TABLE)
TODAY = (date(2026, 11, 23) - date(1970, 1, 1)).days
COLUMNS = ("base", "last", "findings", "open", "lowered")


def sites(*rows):
    """Return columns from rows of (days of the kind, days since the last round, findings, worst open degree or None, days that an approval still holds or None)."""
    found = [(base, TODAY - ago, findings, NONE_OPEN if degree is None else Degree(degree).rank, 0 if held is None else TODAY + held) for base, ago, findings, degree, held in rows]  # fmt: skip
    return Sites(**dict(zip(COLUMNS, np.array(found, dtype=np.int64).T, strict=True)))


ROWS = st.lists(
    st.tuples(st.integers(1, 400), st.integers(0, 900), st.integers(0, 9), st.sampled_from([None, *Degree]), st.sampled_from([None, 0, 5, -1])),
    min_size=1, max_size=12,
)  # fmt: skip


@pytest.mark.parametrize(
    ("row", "days", "reason"),
    [
        ((30, 0, 0, None, None), 30, Why.KIND),
        ((30, 0, 1, None, None), 30, Why.KIND),
        ((30, 0, 2, None, None), 15, Why.FINDINGS),
        ((30, 0, 3, None, None), 15, Why.FINDINGS),
        ((30, 0, 4, None, None), 7, Why.FINDINGS),
        ((30, 0, 0, "minor", None), 15, Why.OPEN),
        ((30, 0, 1, "serious", None), 7, Why.OPEN),
        ((30, 0, 1, "stop", None), 1, Why.OPEN),
        ((7, 0, 1, "serious", None), 7, Why.KIND),
        ((2, 0, 4, None, None), 1, Why.FINDINGS),
        ((30, 0, 0, None, 5), 45, Why.LOWERED),
        ((30, 0, 0, None, 0), 45, Why.LOWERED),
        ((30, 0, 0, None, -1), 30, Why.KIND),
        ((30, 0, 1, None, 5), 30, Why.KIND),
        ((30, 0, 0, "minor", 5), 15, Why.OPEN),
    ],
)
def test_the_days_between_two_rounds_and_what_made_them(row, days, reason):
    assert (between(sites(row), SHIPPED, TODAY).tolist(), why(sites(row), SHIPPED, TODAY)) == ([days], [reason])


@pytest.mark.parametrize(
    ("ago", "stands"),
    [(0, Standing.LATER), (26, Standing.LATER), (27, Standing.SOON), (29, Standing.SOON), (30, Standing.DUE), (31, Standing.OVERDUE), (59, Standing.OVERDUE), (60, Standing.SKIPPED)],
)  # fmt: skip
def test_a_site_is_due_on_its_day_overdue_the_day_after_and_skipped_a_whole_round_later(ago, stands):
    assert standing(sites((30, ago, 0, None, None)), SHIPPED, TODAY).tolist() == [stands]


def test_no_site_has_no_rounds():
    none = Sites(*(np.zeros(0, dtype=np.int64) for _ in COLUMNS))
    assert (len(none), due(none, SHIPPED, TODAY).tolist(), rounds(none, SHIPPED, TODAY, 30).shape) == (0, [], (0, 30))


@given(ROWS)
def test_a_problem_more_or_a_worse_one_never_asks_for_fewer_rounds(rows):
    found = sites(*rows)
    days = between(found, SHIPPED, TODAY)
    assert (days >= SHIPPED.least_days).all()
    assert (between(replace(found, findings=found.findings + 1), SHIPPED, TODAY) <= days).all()
    assert (between(replace(found, open=np.minimum(found.open + 1, len(Degree) - 1)), SHIPPED, TODAY) <= days).all()


@given(ROWS, st.integers(1, 60))
def test_the_rounds_of_the_next_days_are_those_that_somebody_makes_who_keeps_to_them(rows, days):
    found = sites(*rows)
    every, first = between(found, SHIPPED, TODAY), due(found, SHIPPED, TODAY)
    table = rounds(found, SHIPPED, TODAY, days)
    assert table.sum(axis=1).tolist() == many(found, SHIPPED, TODAY, days).tolist()
    for row, step, begin in zip(table, every.tolist(), first.tolist(), strict=True):
        walked, day = [], max(begin, TODAY)
        while day < TODAY + days:
            walked.append(day - TODAY)
            day += step
        assert np.flatnonzero(row).tolist() == walked


def test_a_degree_that_is_left_out_is_held_to_the_days_of_the_lesser_one():
    rules = RoundRules.from_table({**TABLE, "open_days": {"serious": 5}})
    assert between(sites(*((30, 0, 0, degree, None) for degree in Degree)), rules, TODAY).tolist() == [30, 5, 5, 5]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"window_days": 0}, "window_days: 0"),
        ({"window_days": True}, "window_days: True"),
        ({"soon_days": "drei"}, "soon_days: 'drei'"),
        ({"rise": []}, "rise: this is not known"),
        ({"raise": [{"findings": 2, "factor": 2}]}, "raise[1].factor: 2"),
        ({"raise": [{"findings": 2, "factor": 0.5}, {"findings": 2, "factor": 0.25}]}, "raise[2]."),
        ({"raise": [{"factor": 0.5}]}, "raise[1].findings: it is missing"),
        ({"raise": {"findings": 2}}, "raise: this is no list of tables"),
        ({"open_days": {"general": 3}}, "open_days.general: this is not known"),
        ({"open_days": 3}, "open_days: this is no table"),
        ({"lower": {"clean_rounds": 6, "lasts_days": 10}}, "lower.factor: it is missing"),
        ({"lower": {"clean_rounds": 6, "factor": 0.5, "lasts_days": 10}}, "lower.factor: 0.5"),
        ({"lower": None}, "lower: it is missing"),
    ],
)
def test_a_table_that_is_wrong_says_where_and_what_to_write(change, says):
    with pytest.raises(RulesError) as refused:
        RoundRules.from_table({**TABLE, **change})
    assert says in str(refused.value)


@given(st.dictionaries(st.sampled_from([*TABLE, "x"]), st.none() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2) | st.dictionaries(st.text(max_size=4), st.integers(), max_size=2), max_size=6))  # fmt: skip
def test_any_table_is_read_or_refused(table):
    with suppress(RulesError):  # and nothing else
        RoundRules.from_table(table)
