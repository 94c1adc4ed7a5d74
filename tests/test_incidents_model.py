"""States and marks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.model import MARK, Mark, Status, mark_of, state_of_grid


def test_every_state_has_its_line_in_the_table():
    assert set(MARK) == set(Status)


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        (Status.UNCHECKED, None),
        (Status.REPORTED, Mark.RED),
        (Status.DISPATCHED, Mark.RED),
        (Status.SUSPENDED, Mark.RED),
        (Status.SELF_CLEARED, Mark.YELLOW),
        (Status.SELF_VERIFIED, Mark.GREEN),
        (Status.CLOSED, Mark.GREEN),
        (Status.REFUSED, None),
        (Status.CANCELLED, None),
        (Status.LINKED, None),
    ],
)
def test_a_state_shows_its_mark(status, mark):
    assert mark_of(status) == mark


@given(st.lists(st.sampled_from(["red", "yellow", "green", ""])))
def test_the_worst_mark_colours_a_grid(marks):
    expected = next((mark for mark in ("red", "yellow", "green") if mark in marks), "")
    assert state_of_grid(marks) == expected


def test_a_grid_without_incidents_is_neutral():
    assert state_of_grid([]) == ""
