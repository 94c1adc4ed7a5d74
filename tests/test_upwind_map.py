"""The map around a station: rings and rays of the earth's own lengths and bearings."""

import re
from math import hypot

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspected import AREA
from rooms import shipped

from layers.sheet.upwind import EDGE, upwind
from layers.sheet.upwind import ray as drawn_ray

SIDE, RADIUS = 110.0, 1000.0
GEOD = pyproj.Geod(ellps="WGS84")
CIRCLE = re.compile(r'<circle cx="([\d.]+)" cy="([\d.]+)" r="2.6"')


@pytest.fixture(scope="module")
def area():
    return shipped(AREA)


@given(st.floats(0, 359.9), st.floats(20, 990))
def test_a_source_stands_where_the_earth_has_it(area, bearing, metres):
    west, south, east, north = area.net.bounds
    station = ((west + east) / 2, (south + north) / 2)
    lon, lat, _back = GEOD.fwd(*station, bearing, metres)
    drawn = upwind(area, station, [((lon, lat), True)], radius_m=RADIUS, rings_m=(500.0, RADIUS))
    (x, y) = map(float, CIRCLE.search(drawn).groups())
    scale = (SIDE / 2 - EDGE) / RADIUS
    wanted = drawn_ray(SIDE / 2, metres * scale, bearing)
    assert hypot(x - wanted[0], y - wanted[1]) < 0.15, "millimetres on the paper"


def test_rings_and_sectors_are_drawn_as_far_as_the_picture_goes(area):
    west, south, east, north = area.net.bounds
    station = ((west + east) / 2, (south + north) / 2)
    calm = upwind(area, station, [], radius_m=500, rings_m=(500.0,))
    blown = upwind(area, station, [], radius_m=RADIUS, rings_m=(500.0, RADIUS, 3000.0), sectors=((90.0, 45.0), (90.0, 22.5)))  # fmt: skip
    assert "500 m" in calm
    assert 'fill-opacity="0.14"' not in calm
    assert blown.count('fill-opacity="0.14"') == 2
    assert "1 km" in blown
    assert "3 km" not in blown
