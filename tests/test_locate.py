"""The locator answers exactly as shapely.covers does, only faster."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo import _kernels, locate
from geo.errors import GeometryError
from geo.locate import Locator

DISTRICTS = Path(__file__).parent.parent / "data" / "dc" / "smd.geojson"
EXAMPLES = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

LEFT, RIGHT = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
RING = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])


# ---- what shapely says ----


def covered(polygons, x, y):
    """Say which polygon (row) covers which point (column)."""
    finite = np.isfinite(x) & np.isfinite(y)
    points = shapely.points(np.where(finite, x, 0), np.where(finite, y, 0))
    with np.errstate(all="ignore"):
        return shapely.covers(np.asarray(polygons, dtype=object)[:, None], points[None]) & finite


def on_boundary(polygons, x, y, positions):
    rings = shapely.boundary(np.asarray(polygons, dtype=object))
    points = shapely.points(np.nan_to_num(x), np.nan_to_num(y))
    finite = np.isfinite(x) & np.isfinite(y)
    with np.errstate(all="ignore"):
        return (
            np.array([k >= 0 and bool(shapely.intersects(rings[k], p)) for k, p in zip(positions, points, strict=True)])
            & finite
        )


def assert_as_shapely(polygons, x, y):
    polygons = np.asarray(polygons, dtype=object)
    covers = covered(polygons, x, y)
    first = np.where(covers.any(axis=0), covers.argmax(axis=0), -1)
    locator = Locator(polygons).prepare()
    np.testing.assert_array_equal(locator.locate(x, y), first)
    assert [locator.locate_one(*point) for point in zip(x, y, strict=True)] == first.tolist()
    indptr, positions = locator.locate_all(x, y)
    np.testing.assert_array_equal(np.diff(indptr), covers.sum(axis=0))
    np.testing.assert_array_equal(positions, np.nonzero(covers.T)[1])
    for given_position in (first, np.arange(len(x)) % len(polygons)):
        np.testing.assert_array_equal(
            locator.on_edge(x, y, given_position), on_boundary(polygons, x, y, given_position)
        )


def hard_points(polygons, rng, n=40):
    """Points anywhere, on vertices, on edges, level with vertices, their floating-point neighbours, and points that are nowhere."""
    corners = shapely.get_coordinates(polygons)
    low, high = corners.min(axis=0), corners.max(axis=0)
    anywhere = low + (rng.random((n, 2)) * 1.2 - 0.1) * np.where(high > low, high - low, 1)
    vertex = rng.integers(0, max(len(corners) - 1, 1), n)
    share = rng.choice([0.5, 0.25, 0.1, 1 / 3, rng.random()], (n, 1))
    between = corners[vertex] + share * (corners[np.minimum(vertex + 1, len(corners) - 1)] - corners[vertex])
    crossed = np.stack([rng.permutation(corners[vertex, 0]), corners[vertex, 1]], axis=1)
    level = np.stack([anywhere[:, 0], corners[vertex, 1]], axis=1)
    points = np.concatenate([anywhere, corners[vertex], between, crossed, level])
    near = np.nextafter(points, rng.choice([-np.inf, np.inf], points.shape))
    nowhere = [
        (np.nan, 0.5),
        (0.5, np.inf),
        (-np.inf, 0.5),
        (np.nan, np.nan),
        (1e300, 1e300),
        (-1e300, low[1]),
        (low[0], 5e-324),
    ]
    return np.ascontiguousarray(np.concatenate([points, near, nowhere]).T)


# ---- nets that hypothesis makes ----

SMALL = st.integers(0, 6)
RINGS = st.lists(st.tuples(SMALL, SMALL), min_size=3, max_size=8)
PLACES = st.sampled_from(
    [
        (1.0, 0.0, 0.0),
        (1.0, -3.0, -3.0),
        (0.1, 116.4, 39.9),
        (1e-9, 1e3, 0.0),
        (1 / 3, 5e5, 3.8e6),
        (1e5, -5e5, 3.8e6),
        (1e12, 0.0, 1e9),
        (1e-3, 0.0, -0.003),
    ]
)


@st.composite
def any_polygons(draw):
    """Overlapping polygons and multipolygons on a lattice; most are invalid: crossed, doubled, flat, with holes outside."""
    polygon = st.builds(shapely.Polygon, RINGS, st.lists(RINGS, max_size=2))
    several = st.builds(shapely.MultiPolygon, st.lists(polygon, min_size=1, max_size=3))
    return draw(st.lists(polygon | several, min_size=1, max_size=8))


@st.composite
def tilings(draw):
    """Nets whose polygons share their edges exactly: Voronoi cells and triangles of random points, rows of boxes."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    points = shapely.multipoints(rng.uniform(0, 6, (draw(st.integers(3, 40)), 2)))
    make = draw(st.sampled_from([shapely.voronoi_polygons, shapely.delaunay_triangles]))
    cells = shapely.get_parts(make(points))
    return list(cells) if len(cells) else [LEFT, RIGHT]


def moved(polygons, place):
    scale, east, north = place
    return shapely.transform(np.array(polygons, dtype=object), lambda at: at * scale + [east, north])


@EXAMPLES
@given(tilings(), PLACES, st.integers(0, 2**32))
def test_tilings_are_answered_as_shapely_answers(polygons, place, seed):
    polygons = moved(polygons, place)
    assert_as_shapely(polygons, *hard_points(polygons, np.random.default_rng(seed)))


@EXAMPLES
@given(any_polygons(), PLACES, st.integers(0, 2**32))
def test_overlaps_holes_multipolygons_and_invalid_rings_are_answered_as_shapely_answers(polygons, place, seed):
    polygons = moved(polygons, place)
    assert_as_shapely(polygons, *hard_points(polygons, np.random.default_rng(seed)))


@pytest.mark.parametrize(
    ("density", "crowd", "levels"), [(0.05, (0, 0), 4), (0.05, (3, 1), 2), (0.5, (100, 8), 4), (200, (0, 8), 1)]
)
def test_any_coarseness_of_the_raster_gives_the_same_answers(monkeypatch, density, crowd, levels):
    monkeypatch.setattr(locate, "DENSITY", density)
    monkeypatch.setattr(locate, "CROWD", crowd[0])
    monkeypatch.setattr(locate, "INNER_CROWD", crowd[1])
    monkeypatch.setattr(locate, "LEVELS", levels)
    rng = np.random.default_rng(5)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(rng.random((60, 2)))))
    discs = shapely.buffer(shapely.points(rng.random((20, 2))), rng.uniform(0.01, 0.5, 20))
    crescents = shapely.difference(discs[:-1], discs[1:])
    for polygons in (cells, discs, np.concatenate([discs, cells]), crescents[~shapely.is_empty(crescents)]):
        assert_as_shapely(polygons, *hard_points(polygons, rng))


def test_a_table_that_proves_too_small_is_made_larger(monkeypatch):
    many = [shapely.box(0, 0, 9, 9 - k / 64) for k in range(300)]
    rooms = []
    attempt = locate._attempt
    monkeypatch.setattr(
        locate, "_attempt", lambda net, raster, room, **rest: rooms.append(room) or attempt(net, raster, room, **rest)
    )
    indptr, _ = Locator(many).prepare().locate_all(np.full(30_000, 0.5), np.full(30_000, 0.5))
    assert max(rooms) > 1
    assert (np.diff(indptr) == 300).all()


def test_the_real_districts_of_washington_are_answered_as_shapely_answers():
    polygons = geopandas.read_file(DISTRICTS).geometry.to_numpy()
    rng = np.random.default_rng(7)
    for _ in range(3):
        assert_as_shapely(polygons, *hard_points(polygons, rng, 200))


# ---- facts in literals ----


@pytest.mark.parametrize(
    ("x", "y", "position"),
    [
        (0.5, 0.5, 0),
        (1.0, 0.5, 0),
        (1.5, 0.5, 1),
        (2.0, 1.0, 1),
        (0.0, 0.0, 0),
        (2.0000000000000004, 0.5, -1),
        (1e9, 0.5, -1),
        (np.nan, 0.5, -1),
        (0.5, -np.inf, -1),
    ],
)
def test_a_point_on_a_shared_edge_belongs_to_the_polygon_that_comes_first(x, y, position):
    for locator in (Locator([LEFT, RIGHT]), Locator([LEFT, RIGHT]).prepare()):
        assert locator.locate([x], [y]).tolist() == [position]
        assert locator.locate_one(x, y) == position


def test_a_hole_is_outside_and_its_edge_is_not():
    locator = Locator([RING]).prepare()
    assert locator.locate([4.5, 3.0, 3.0, 1.0], [4.5, 4.0, 3.0, 1.0]).tolist() == [-1, 0, 0, 0]
    assert locator.on_edge([4.5, 3.0, 3.0, 1.0], [4.5, 4.0, 3.0, 1.0], [0, 0, 0, 0]).tolist() == [
        False,
        True,
        True,
        False,
    ]


def test_members_of_a_multipolygon_answer_as_one():
    locator = Locator([shapely.MultiPolygon([LEFT, RIGHT]), LEFT]).prepare()
    indptr, positions = locator.locate_all([1.0, 1.5, 3.0], [0.5, 0.5, 0.5])
    assert indptr.tolist() == [0, 2, 3, 3]
    assert positions.tolist() == [0, 1, 0]


def test_precedence_is_the_order_of_the_polygons():
    wide, small = shapely.box(0, 0, 10, 10), shapely.box(4, 4, 5, 5)
    assert Locator([wide, small]).prepare().locate_one(4.5, 4.5) == 0
    assert Locator([small, wide]).prepare().locate_one(4.5, 4.5) == 0
    assert Locator([small, wide]).prepare().locate_one(5.5, 4.5) == 1


def test_the_edge_of_a_polygon_beneath_another_is_found():
    wide, small = shapely.box(0, 0, 10, 10), shapely.box(4, 4, 5, 5)
    locator = Locator([wide, small]).prepare()
    assert locator.on_edge([4.0, 4.0, 4.5], [4.5, 4.5, 4.5], [1, 0, 1]).tolist() == [True, False, False]


def test_missing_empty_and_other_geometries_match_nothing():
    others = [
        None,
        shapely.Polygon(),
        shapely.MultiPolygon(),
        shapely.Point(0.5, 0.5),
        shapely.LineString([(0, 0), (1, 1)]),
        shapely.GeometryCollection(),
    ]
    with np.errstate(invalid="ignore"):
        unfinished = shapely.Polygon([(0, 0), (np.nan, 0), (1, 1)])
    locator = Locator(
        [
            *others,
            unfinished,
            shapely.GeometryCollection([shapely.Point(0, 0), LEFT]),
            LEFT,
        ]
    ).prepare()
    assert len(locator) == 9
    assert locator.locate([0.5, 1.5], [0.5, 0.5]).tolist() == [7, -1]


@pytest.mark.parametrize(
    "polygons", [[], [None], [shapely.Polygon()], np.array([], dtype=object), geopandas.GeoSeries([])]
)
def test_a_net_without_polygons_finds_nothing(polygons):
    locator = Locator(polygons).prepare()
    assert locator.locate([0.0], [0.0]).tolist() == [-1]
    assert locator.locate_one(0.0, 0.0) == -1
    assert [part.tolist() for part in locator.locate_all([0.0, 1.0], [0.0, 1.0])] == [[0, 0, 0], []]
    assert locator.on_edge([0.0], [0.0], [-1]).tolist() == [False]


@pytest.mark.parametrize(
    "flat",
    [
        shapely.Polygon([(1, 1), (1, 1), (1, 1), (1, 1)]),
        shapely.Polygon([(0, 0), (4, 0), (2, 0)]),
        shapely.Polygon([(0, 0), (4, 4), (2, 2)]),
        shapely.Polygon([(0, 0), (1e9, 1), (1e9, 1.0000000000000002)]),
        shapely.Polygon([(0, 0), (0, 0), (0, 1e-300)]),
        shapely.Polygon([(0, 0), (1e200, 0), (0, 1e200)]),
        shapely.Polygon([(0, 0), (1e-130, 0), (0, 1)]),
        shapely.Polygon([(0, 0), (0, 5e-324), (5e-324, 0)]),
    ],
)
def test_polygons_without_area_and_at_the_ends_of_the_number_range_are_answered_as_shapely_answers(flat):
    assert_as_shapely([flat], *hard_points([flat], np.random.default_rng(3)))
    assert_as_shapely([flat, LEFT], *hard_points([flat, LEFT], np.random.default_rng(4)))


def test_a_thin_sliver_between_two_grids_is_decided_to_the_last_bit():
    x = np.linspace(116.3, 116.5, 400)
    line = np.stack([x, 39.9 + (x - 116.3) / 3], axis=1)
    north = shapely.Polygon([*line, (116.5, 41.0), (116.3, 41.0)])
    south = shapely.Polygon([*line, (116.5, 39.0), (116.3, 39.0)])
    rng = np.random.default_rng(1)
    xs = rng.uniform(116.3, 116.5, 3000)
    ys = 39.9 + (xs - 116.3) / 3
    for y in (ys, np.nextafter(ys, 0), np.nextafter(ys, 99)):
        assert_as_shapely([north, south], xs, y)


# ---- how it is asked ----


@pytest.fixture(scope="module")
def net():
    rng = np.random.default_rng(11)
    polygons = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(rng.random((300, 2)))))
    x, y = rng.uniform(-0.1, 1.1, (2, 300_000))
    return Locator(polygons).prepare(), x, y


def test_threads_do_not_change_an_answer(net):
    locator, x, y = net
    one = locator.locate(x, y, threads=1)
    for threads in (2, 5, None):
        np.testing.assert_array_equal(locator.locate(x, y, threads=threads), one)
        np.testing.assert_array_equal(
            locator.locate_all(x, y, threads=threads)[1], locator.locate_all(x, y, threads=1)[1]
        )
        np.testing.assert_array_equal(
            locator.on_edge(x, y, one, threads=threads), locator.on_edge(x, y, one, threads=1)
        )


def test_many_threads_may_ask_a_new_locator_at_once(net):
    prepared, x, y = net
    fresh = pickle.loads(pickle.dumps(Locator(list(prepared._parts))))
    expected = prepared.locate(x, y)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: fresh.locate(x, y), range(16)))
    assert all((answer == expected).all() for answer in answers)


def test_a_pickled_locator_keeps_its_index_and_its_answers(net):
    locator, x, y = net
    copy = pickle.loads(pickle.dumps(locator))
    assert copy.nbytes == locator.nbytes > 0
    np.testing.assert_array_equal(copy.locate(x, y), locator.locate(x, y))
    assert copy.locate_one(x[0], y[0]) == locator.locate_one(x[0], y[0])


def test_read_only_strided_narrow_and_list_input_is_taken(net):
    locator, x, y = net
    x, y = x[:1000].copy(), y[:1000].copy()
    expected = locator.locate(x, y)
    frozen_x, frozen_y = x.copy(), y.copy()
    frozen_x.flags.writeable = frozen_y.flags.writeable = False
    table = np.stack([x, y], axis=1)
    for xs, ys in [
        (frozen_x, frozen_y),
        (table[:, 0], table[:, 1]),
        (x.tolist(), y.tolist()),
        (x[::-1][::-1], y[::-1][::-1]),
    ]:
        np.testing.assert_array_equal(locator.locate(xs, ys), expected)
    np.testing.assert_array_equal(
        locator.locate(np.float32(x), np.float32(y)),
        locator.locate(np.float32(x).astype(float), np.float32(y).astype(float)),
    )
    assert Locator([LEFT]).locate(np.array([0, 2]), np.array([1, 1])).tolist() == [0, -1]


def test_no_points_give_no_answers(net):
    locator = net[0]
    assert locator.locate([], []).shape == (0,)
    assert [part.tolist() for part in locator.locate_all([], [])] == [[0], []]
    assert locator.on_edge([], [], np.array([], dtype=np.int32)).shape == (0,)


def test_few_points_are_answered_without_an_index():
    locator = Locator([LEFT, RIGHT])
    assert locator.locate([1.5], [0.5]).tolist() == [1]
    assert locator.nbytes == 0
    locator.locate(np.zeros(locate.PATIENCE), np.zeros(locate.PATIENCE))
    assert locator.nbytes > 0


def test_single_questions_come_to_the_index_too():
    locator = Locator([LEFT, RIGHT])
    assert {locator.locate_one(1.5, 0.5) for _ in range(locate.PATIENCE // locate.CALL + 1)} == {1}
    assert locator.nbytes > 0


@pytest.mark.parametrize(
    ("x", "y"), [([1.0, 2.0], [1.0]), ([[1.0]], [[1.0]]), (1.0, 1.0), (["east"], ["north"]), ([None, {}], [1, 2])]
)
def test_columns_that_do_not_fit_are_refused_with_their_shapes(x, y):
    with pytest.raises(GeometryError, match="Hand in two arrays"):
        Locator([LEFT]).locate(x, y)


@pytest.mark.parametrize("positions", [[0], [0, 1], [0.0, 0.0], [-2, 0]])
def test_positions_that_are_no_polygons_are_refused(positions):
    with pytest.raises(GeometryError, match="Hand in what locate returned"):
        Locator([LEFT]).on_edge([0.5, 0.5], [0.5, 0.5], positions)


def test_what_is_no_geometry_is_refused():
    with pytest.raises(GeometryError, match="Polygon 1 is a str"):
        Locator([LEFT, "POLYGON EMPTY"])


def test_both_halves_agree_on_the_smallest_number():
    assert _kernels.SMALLEST == locate.SMALLEST
