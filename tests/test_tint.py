"""Base tints and measures."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.measure import areas_m2, centre_of, distances_m, projection
from geo.tint import neighbours, tints


def cells(seed, n):
    points = np.random.default_rng(seed).random((n, 2))
    return np.array(
        shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=shapely.box(0, 0, 1, 1)))
    )


def touching(geoms):
    """The pairs that share a line, found the slow way."""
    for a in range(len(geoms)):
        for b in range(a):
            if shapely.length(shapely.intersection(geoms[a], geoms[b])) > 1e-12:
                yield a, b


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_neighbours_never_share_a_tint(seed, n):
    geoms = cells(seed, n)
    chosen = tints(geoms, colours=7)
    for a, b in touching(geoms):
        assert chosen[a] != chosen[b]


def test_tints_are_used_evenly():
    used = np.bincount(tints(cells(1, 70), colours=7), minlength=7)
    assert used.max() - used.min() <= 4


def test_squares_that_meet_in_a_corner_are_no_neighbours():
    assert neighbours(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)])) == [[], []]


def test_no_polygons_need_no_tints():
    assert tints(np.array([], dtype=object), colours=7).tolist() == []


def test_too_few_colours_still_give_every_polygon_one():
    assert set(tints(cells(3, 30), colours=2)) == {0, 1}


def test_an_area_is_given_in_square_metres():
    """One thousandth of a degree squared at 34.75 N: 91.58 m by 110.94 m (series of the ellipsoid, GRS80/WGS84)."""
    assert areas_m2(np.array([shapely.box(113.6, 34.75, 113.601, 34.751)]))[0] == pytest.approx(
        91.58 * 110.94, rel=1e-3
    )


def test_a_distance_is_given_in_metres():
    assert distances_m(np.array([113.6]), np.array([34.75]), np.array([113.6]), np.array([34.751]))[0] == pytest.approx(
        110.94, abs=0.01
    )


@given(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_a_projection_and_its_inverse_are_one_to_a_millimetre(east, north):
    place = np.array([[113.6 + east, 34.75 + north]])
    assert projection(113.6, 34.75, inverse=True)(projection(113.6, 34.75)(place)) == pytest.approx(place, abs=1e-8)


def test_nothing_has_its_centre_at_zero():
    assert centre_of(np.array([None, shapely.Polygon()])) == (0.0, 0.0)
