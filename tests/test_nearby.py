"""What lies near a place, while points come and go."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import GeometryError
from geo.measure import distances_m
from geo.nearby import Nearby

PLACE = st.tuples(st.floats(113.6, 113.61), st.floats(34.75, 34.76))


def by_hand(points, lon, lat):
    """Every key with its distance, nearest first, the slow way."""
    distances = {
        key: float(distances_m(np.array([lon]), np.array([lat]), np.array([x]), np.array([y]))[0])
        for key, (x, y) in points.items()
    }
    return sorted(distances.items(), key=lambda pair: (pair[1], pair[0]))


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=4), PLACE, max_size=25), PLACE, st.floats(1, 2000))
def test_within_finds_what_a_look_at_every_point_finds(points, place, metres):
    near = Nearby((key, *at) for key, at in points.items())
    assert near.within(*place, metres=metres) == [pair for pair in by_hand(points, *place) if pair[1] <= metres]


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=4), PLACE, max_size=25), PLACE, st.integers(1, 6))
def test_nearest_finds_what_a_look_at_every_point_finds(points, place, most):
    near = Nearby((key, *at) for key, at in points.items())
    assert near.nearest(*place, most=most) == by_hand(points, *place)[:most]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | PLACE), max_size=20))
def test_points_come_move_and_go(changes):
    near, points = Nearby(), {}
    for key, at in changes:
        if at is None:
            near.remove(key)
            points.pop(key, None)
        else:
            near.put(key, *at)
            points[key] = at
    assert len(near) == len(points)
    assert near.nearest(113.605, 34.755, most=9) == by_hand(points, 113.605, 34.755)


def test_nothing_is_near_in_an_empty_index():
    near = Nearby()
    assert near.within(113.6, 34.75, metres=50) == []
    assert near.nearest(113.6, 34.75) == []


def test_fifty_metres_are_fifty_metres_at_any_latitude():
    for lat in (0.0, 34.75, -60.0, 85.0):
        degree = 111_320 * math.cos(math.radians(lat))
        near = Nearby([("in", 100 + 49 / degree, lat), ("out", 100 + 51 / degree, lat)])
        assert [key for key, _ in near.within(100, lat, metres=50)] == ["in"]


def test_the_farthest_point_is_found_all_the_same():
    assert Nearby([("far", -66.4, -34.75)]).nearest(113.6, 34.75)[0][0] == "far"


def test_a_point_without_a_place_is_left_out_when_given_with_others_and_refused_alone():
    assert "lost" not in Nearby([("lost", math.nan, 34.75)])
    with pytest.raises(GeometryError, match="'lost' has no place"):
        Nearby().put("lost", math.nan, 34.75)
