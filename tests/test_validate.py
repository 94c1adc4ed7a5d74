"""The faults of a net: a sound one has none, and each defect is found at its place and with its size."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geo.coverage import NOISE_M2, Coverage, sizes
from geo.measure import WGS84, areas_m2
from geo.repair import tidy
from geo.validate import LISTED, NAMES, SEVERITY, SLIVERS_LISTED, Fault, Sheet, merged, net_faults, place

DOC = Path(__file__).parents[1] / "docs" / "check.md"
LON, LAT, CELL = 113.6, 34.75, 0.002


def sheet(geoms, codes=None, *, key="leaf", parents=None, said=None):
    geoms = np.array([*geoms, None], dtype=object)[:-1]
    codes = [f"{number:03d}" for number in range(len(geoms))] if codes is None else codes
    return Sheet(
        key,
        f"{key}.geojson",
        np.array(codes, dtype=object),
        geoms,
        None if parents is None else np.array(parents, dtype=object),
        np.zeros(len(geoms), dtype=bool) if said is None else said,
    )


def cell(column, row, columns=1, rows=1):
    return shapely.box(
        LON + column * CELL, LAT + row * CELL, LON + (column + columns) * CELL, LAT + (row + rows) * CELL
    )


def tiling(columns, rows, seed):
    """Cells with shared corners moved at random: they tile exactly."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(columns + 1) * CELL + LON, np.arange(rows + 1) * CELL + LAT)
    x[:, 1:-1] += rng.uniform(-0.3, 0.3, x[:, 1:-1].shape) * CELL
    y[1:-1, :] += rng.uniform(-0.3, 0.3, y[1:-1, :].shape) * CELL
    x, y = np.round(x, 7), np.round(y, 7)
    corners = [(0, 0), (0, 1), (1, 1), (1, 0), (0, 0)]
    return np.array(
        [
            shapely.Polygon([(x[j + a, i + b], y[j + a, i + b]) for a, b in corners])
            for j in range(rows)
            for i in range(columns)
        ],
        dtype=object,
    )


def kinds(faults):
    return [fault.kind for fault in faults]


def geodesic_m2(polygon):
    return abs(WGS84.geometry_area_perimeter(polygon)[0])


tilings = st.builds(tiling, st.integers(1, 5), st.integers(1, 5), st.integers(0, 9999))


@given(tilings)
def test_a_random_tiling_has_no_fault(geoms):
    assert net_faults([sheet(geoms)]) == []


@given(tilings)
def test_a_random_tiling_that_fills_its_parent_has_no_fault(geoms):
    assert net_faults([sheet([shapely.union_all(geoms)], key="top"), sheet(geoms)]) == []


@settings(deadline=None)
@given(tilings, st.data())
def test_a_grid_moved_over_its_neighbours_overlaps_them_with_the_right_size(geoms, data):
    which = data.draw(st.integers(0, len(geoms) - 1))
    geoms = geoms.copy()
    geoms[which] = shapely.transform(geoms[which], lambda c: c + np.array([0.0003, 0.0002]))
    others = np.delete(np.arange(len(geoms)), which)
    expected = {
        tuple(sorted((f"{which:03d}", f"{other:03d}"))): geodesic_m2(shapely.intersection(geoms[which], geoms[other]))
        for other in others
    }
    expected = {codes: area for codes, area in expected.items() if area > 1.0}
    found = {fault.codes: fault for fault in net_faults([sheet(geoms)]) if fault.kind == "overlap"}
    for codes, area in expected.items():
        if codes in found:
            assert found[codes].area_m2 == pytest.approx(area, rel=0.01)
            one, other = (geoms[int(code)] for code in codes)
            assert (
                shapely.intersection(one, other).buffer(1e-9).covers(shapely.Point(found[codes].lon, found[codes].lat))
            )
    large = {codes for codes, area in expected.items() if area > 500.0}
    assert large <= set(found)


@settings(deadline=None)
@given(st.integers(3, 5), st.integers(3, 5), st.integers(0, 9999), st.data())
def test_a_grid_taken_out_leaves_a_gap_with_the_right_size_and_place(columns, rows, seed, data):
    geoms = tiling(columns, rows, seed)
    column, row = data.draw(st.integers(1, columns - 2)), data.draw(st.integers(1, rows - 2))
    gone = geoms[row * columns + column]
    faults = net_faults([sheet(np.delete(geoms, row * columns + column))])
    assert kinds(faults) == ["gap"]
    assert faults[0].area_m2 == pytest.approx(geodesic_m2(gone), rel=0.01)
    assert gone.covers(shapely.Point(faults[0].lon, faults[0].lat))


@given(tilings, st.data())
def test_a_grid_taken_out_at_the_edge_is_a_gap_of_the_level_above(geoms, data):
    assume(len(geoms) > 1)
    which = data.draw(st.integers(0, len(geoms) - 1))
    faults = net_faults([sheet([shapely.union_all(geoms)], ["T"], key="top"), sheet(np.delete(geoms, which))])
    assert kinds(faults) == ["gap"]
    assert faults[0].area_m2 == pytest.approx(geodesic_m2(geoms[which]), rel=0.01)


@given(tilings, st.data())
def test_a_repeated_code_is_found(geoms, data):
    assume(len(geoms) > 1)
    codes = [f"{number:03d}" for number in range(len(geoms))]
    which = data.draw(st.integers(1, len(geoms) - 1))
    codes[which] = "000"
    faults = net_faults([sheet(geoms, codes)])
    assert [(fault.kind, fault.codes, fault.features) for fault in faults] == [
        ("duplicate_code", ("000",), (1, which + 1))
    ]


@settings(deadline=None)
@given(tilings, st.data())
def test_tidying_a_moved_grid_leaves_no_overlap(geoms, data):
    which = data.draw(st.integers(0, len(geoms) - 1))
    geoms = geoms.copy()
    geoms[which] = shapely.transform(geoms[which], lambda c: c + np.array([0.0003, 0.0002]))
    done = tidy(np.array([f"{number:03d}" for number in range(len(geoms))]), geoms)
    assert not {"overlap", "sliver"} & set(kinds(net_faults([sheet(done.geoms)])))


def test_a_repeated_code_is_named_as_it_stands_in_the_file():
    (fault,) = net_faults([sheet([cell(0, 0), cell(1, 0)], ["3-05", "3-05"])])
    assert fault.message.startswith("code '3-05' stands 2 times (features 1, 2)")


def test_the_size_of_a_piece_agrees_with_the_geodesic_area():
    polygons = np.array(
        [shapely.box(113, 34, 113.1, 34.1), shapely.box(-77, 38, -76.9999, 38.0001), shapely.box(20, 69, 20.2, 69.1)]
    )
    assert sizes(polygons)[0] == pytest.approx([geodesic_m2(polygon) for polygon in polygons], rel=1e-3)
    assert sizes(polygons[:1])[0] == pytest.approx(areas_m2(polygons[:1]), rel=1e-3)


# --- one by one


def test_two_grids_side_by_side_have_no_fault():
    assert net_faults([sheet([cell(0, 0), cell(1, 0)])]) == []


def test_a_corner_on_a_neighbours_edge_is_no_fault():
    assert net_faults([sheet([cell(0, 0, 2, 1), cell(0, 1), cell(1, 1)])]) == []


def test_a_long_edge_with_a_corner_of_others_on_it_is_no_fault():
    wide = [
        shapely.box(113.0, 34.0, 114.0, 34.1),
        shapely.box(113.0, 34.1, 113.5, 34.2),
        shapely.box(113.5, 34.1, 114.0, 34.2),
    ]
    assert net_faults([sheet([shapely.box(113.0, 34.0, 114.0, 34.2)], ["T"], key="top"), sheet(wide)]) == []


def test_rounding_to_a_centimetre_is_no_fault():
    geoms = tiling(4, 4, 1)
    turned = shapely.transform(geoms, lambda c: c @ np.array([[0.98, 0.17], [-0.17, 0.98]]))
    cut = np.array(
        [
            shapely.Polygon([*shapely.segmentize(polygon, CELL / 7 * (1 + number % 3)).exterior.coords])
            for number, polygon in enumerate(turned)
        ]
    )
    assert net_faults([sheet(shapely.transform(cut, lambda c: np.round(c, 7)))]) == []


def test_a_strip_narrower_than_thirty_centimetres_is_a_sliver():
    east = shapely.transform(cell(1, 0), lambda c: c - [2e-6, 0.0])
    faults = net_faults([sheet([cell(0, 0), east])])
    assert kinds(faults) == ["sliver"]
    assert faults[0].area_m2 == pytest.approx(2e-6 * 91_560 * CELL * 110_930, rel=0.02)


def test_many_slivers_are_one_line():
    geoms = [
        shapely.box(LON + n * CELL, LAT, LON + (n + 1) * CELL + 2e-6, LAT + CELL) for n in range(SLIVERS_LISTED + 2)
    ]
    faults = net_faults([sheet(geoms)])
    assert [(fault.kind, fault.count) for fault in faults] == [("sliver", SLIVERS_LISTED + 1)]


def test_a_hole_inside_one_grid_is_an_enclave():
    ring = shapely.difference(cell(0, 0, 3, 3), cell(1, 1))
    faults = net_faults([sheet([ring, cell(3, 0, 1, 3)])])
    assert [(fault.kind, fault.codes) for fault in faults] == [("enclave", ("000",))]


def test_a_hole_that_the_level_above_has_too_is_said_once():
    ring = shapely.difference(cell(0, 0, 3, 3), cell(1, 1))
    faults = net_faults([sheet([ring], ["T"], key="top"), sheet([ring])])
    assert [(fault.kind, fault.file) for fault in faults] == [("enclave", "top.geojson")]


def test_an_island_in_a_hole_is_not_counted_as_gap():
    ring = shapely.difference(cell(0, 0, 5, 5), cell(1, 1, 3, 3))
    faults = net_faults([sheet([ring, cell(2, 2)])])
    assert faults[0].area_m2 == pytest.approx(8 * sizes(np.array([cell(2, 2)]))[0][0], rel=1e-3)


def test_the_same_polygon_twice_is_asked_for_as_a_duplicate():
    faults = net_faults([sheet([cell(0, 0), cell(0, 0)])])
    assert kinds(faults) == ["overlap"]
    assert "duplicate" in faults[0].message


def test_a_grid_wholly_inside_another_overlaps_it():
    faults = net_faults([sheet([cell(0, 0, 5, 5), cell(2, 2)])])
    assert [(fault.kind, fault.codes) for fault in faults] == [("overlap", ("000", "001"))]


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=6
    )
)
def test_the_short_way_finds_every_pair_that_overlaps(boxes):
    geoms = np.array([cell(*box) for box in boxes])
    pairs = {
        (i, j)
        for j in range(len(geoms))
        for i in range(j)
        if shapely.area(shapely.intersection(geoms[i], geoms[j])) > 1e-9
    }
    assert {tuple(pair) for pair in Coverage(geoms).overlaps().owner.tolist()} == pairs


def test_overlaps_above_the_leaf_are_a_warning():
    top = sheet([cell(0, 0, 2, 1), cell(1, 0, 2, 1)], key="top")
    leaf = sheet([cell(0, 0), cell(1, 0), cell(2, 0)], parents=["000", "000", "001"])
    assert kinds(net_faults([top, leaf])) == ["parents_overlap"]


def test_a_grid_mostly_in_another_parent_does_not_nest():
    top = sheet([cell(0, 0), cell(1, 0)], ["W", "E"], key="top")
    leaf = sheet([cell(0, 0, 1.3, 1), shapely.difference(cell(1, 0), cell(0, 0, 1.3, 1))])
    faults = net_faults([top, leaf])
    assert [(fault.kind, fault.codes) for fault in faults] == [("not_nested", ("000", "W"))]
    assert faults[0].area_m2 == pytest.approx(0.3 * sizes(np.array([cell(1, 0)]))[0][0], rel=1e-3)


def test_a_grid_that_reaches_a_little_over_is_a_small_difference():
    top = sheet([cell(0, 0), cell(1, 0)], ["W", "E"], key="top")
    leaf = sheet([cell(0, 0, 1.05, 1), shapely.difference(cell(1, 0), cell(0, 0, 1.05, 1))])
    assert kinds(net_faults([top, leaf])) == ["nesting"]


def test_a_declared_parent_that_does_not_exist_is_unknown():
    top = sheet([cell(0, 0)], ["T"], key="top")
    faults = net_faults([top, sheet([cell(0, 0)], ["a"], parents=["X"])])
    assert [(fault.kind, fault.codes) for fault in faults] == [("unknown_parent", ("a", "X"))]


def test_a_grid_in_no_parent_has_an_unknown_one():
    top = sheet([cell(0, 0)], ["T"], key="top")
    assert kinds(net_faults([top, sheet([cell(0, 0), cell(5, 5)])])) == ["unknown_parent"]


def test_a_parent_without_grids_is_a_gap_with_its_code():
    top = sheet([cell(0, 0), cell(1, 0)], ["W", "E"], key="top")
    faults = net_faults([top, sheet([cell(0, 0)])])
    assert [(fault.kind, fault.codes) for fault in faults] == [("gap", ("E",))]


def test_a_declared_parent_elsewhere_does_not_nest():
    top = sheet([cell(0, 0), cell(1, 0)], ["W", "E"], key="top")
    faults = net_faults([top, sheet([cell(0, 0), cell(1, 0)], parents=["E", "E"])])
    assert [(fault.kind, fault.codes) for fault in faults] == [("not_nested", ("000", "E"))]


@pytest.mark.parametrize(
    ("geom", "kind"),
    [
        (None, "missing_geometry"),
        (shapely.Polygon(), "empty_geometry"),
        (shapely.Point(LON, LAT), "wrong_geometry_type"),
        (shapely.GeometryCollection([cell(3, 3)]), "wrong_geometry_type"),
        (
            shapely.Polygon([(LON, LAT), (LON + CELL, LAT + CELL), (LON + CELL, LAT), (LON, LAT + CELL)]),
            "invalid_geometry",
        ),
    ],
)
def test_a_geometry_that_is_none_of_a_grid_is_an_error(geom, kind):
    faults = net_faults([sheet([geom, cell(9, 9)])])
    assert (faults[0].kind, faults[0].features) == (kind, (1,))
    assert SEVERITY[kind] == "error"


def test_an_invalid_polygon_says_where_it_crosses_itself():
    bow = shapely.Polygon([(LON, LAT), (LON + CELL, LAT + CELL), (LON + CELL, LAT), (LON, LAT + CELL)])
    fault = net_faults([sheet([bow])])[0]
    assert (fault.lon, fault.lat) == pytest.approx((LON + CELL / 2, LAT + CELL / 2))


def test_a_level_without_a_grid_is_an_error():
    assert kinds(net_faults([sheet([])])) == ["level_without_grid"]
    assert kinds(net_faults([sheet([cell(0, 0)], [""])])) == ["missing_code", "level_without_grid"]


def test_overlays_may_overlap():
    assert net_faults([sheet([cell(0, 0)])], [sheet([cell(0, 0), cell(0, 0)], key="dedicated")]) == []


def test_faults_beyond_the_list_are_one_with_its_count():
    faults = merged([Fault("missing_code", str(n), "a", features=(n,), area_m2=1.0) for n in range(LISTED + 50)])
    assert (len(faults), faults[-1].count, faults[-1].area_m2) == (LISTED + 1, 50, 50.0)
    assert len(merged([Fault("missing_code", str(n), "a") for n in range(LISTED + 1)])) == LISTED + 1


def test_gaps_need_not_be_looked_for():
    above = sheet([cell(0, 0, 3, 1)], ["A"], key="above")
    level = sheet([cell(0, 0), cell(0, 0)], ["1", "2"])
    assert kinds(net_faults([above, level])) == ["overlap", "gap"]
    assert kinds(net_faults([above, level], gaps=False)) == ["overlap"]


def test_an_island_without_a_grid_is_a_gap_away_from_every_grid():
    island = shapely.MultiPolygon([cell(0, 0), cell(5, 5)])
    (fault,) = net_faults([sheet([island], ["A"], key="above"), sheet([cell(0, 0)], ["1"])])
    assert (fault.kind, fault.codes) == ("gap", ())
    assert fault.message.startswith("gap away from every grid")


def test_nothing_covers_nothing():
    empty = Coverage(np.array([], dtype=object))
    assert (len(empty.overlaps()), len(empty.holes())) == (0, 0)
    assert place(None) == (None, None)
    assert NOISE_M2 > 0


# --- repairs


def test_an_overlap_goes_to_the_lower_code():
    done = tidy(np.array(["a", "b"]), np.array([cell(0, 0, 1.2, 1), cell(1, 0)]))
    assert [repair.codes for repair in done.repairs] == [("a", "b")]
    assert shapely.area(done.geoms[0]) == pytest.approx(1.2 * CELL**2)
    assert shapely.area(done.geoms[1]) == pytest.approx(0.8 * CELL**2)


def test_an_overlap_of_most_of_a_grid_is_left():
    geoms = np.array([cell(0, 0), cell(0, 0, 1.2, 1)])
    assert tidy(np.array(["a", "b"]), geoms).repairs == ()


def test_a_strip_goes_to_the_neighbour_with_the_longest_side():
    geoms = np.array([cell(0, 0), shapely.box(LON + CELL + 2e-6, LAT, LON + 2 * CELL, LAT + CELL)])
    done = tidy(np.array(["a", "b"]), geoms, np.array([cell(0, 0, 2, 1)]))
    assert [repair.kind for repair in done.repairs] == ["sliver"]
    assert net_faults([sheet([cell(0, 0, 2, 1)], key="top"), sheet(done.geoms)]) == []


def test_a_wide_gap_is_left():
    done = tidy(np.array(["a", "b"]), np.array([cell(0, 0), cell(2, 0)]), np.array([cell(0, 0, 3, 1)]))
    assert done.repairs == ()


# --- the table and the doc


def test_every_kind_has_a_severity_and_two_names():
    assert set(SEVERITY) == set(NAMES)
    assert all(name.zh and name.en for name in NAMES.values())
    assert len({name.zh for name in NAMES.values()}) == len(NAMES)


def test_the_doc_lists_every_kind_with_its_severity():
    rows = [
        [part.strip() for part in line.split("|")[1:-1]]
        for line in DOC.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    assert {row[0].strip("`"): row[1] for row in rows} == {kind: str(severity) for kind, severity in SEVERITY.items()}
    assert {row[0].strip("`"): row[2] for row in rows} == {kind: name.zh for kind, name in NAMES.items()}
