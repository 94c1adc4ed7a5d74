"""The net: points in, codes of every level and overlay out."""

import math
from functools import cache

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import GeometryError, UnknownGrid, UnknownLevel
from geo.net import Level, Net, Overlay, Stack
from geo.scheme import Name, code_text, code_texts, key_fault

LON, LAT = 113.6, 34.75
STEP = 0.001


def square(column, row, size=1.0):
    west, south = LON + column * STEP, LAT + row * STEP
    return shapely.box(west, south, west + size * STEP, south + size * STEP)


def level(key, shapes, parents=None, labels=None):
    codes = np.array(sorted(shapes), dtype=object)
    return Level(
        key=key,
        name=Name(key, key),
        codes=codes,
        labels=np.array([labels[c] if labels else c for c in codes], dtype=object),
        geoms=np.array([shapes[c] for c in codes], dtype=object),
        parents=np.array([parents[c] if parents else -1 for c in codes], dtype=np.int64),
        posts=np.array([f"{c} 网格长" for c in codes], dtype=object),
    )


def overlay(shapes):
    codes = np.array(sorted(shapes), dtype=object)
    blank = np.full(len(codes), "", dtype=object)
    return Overlay(
        "dedicated",
        Name("专属网格", "Dedicated grid"),
        codes,
        codes,
        blank,
        np.array([shapes[c] for c in codes], dtype=object),
        blank,
        responsible=True,
    )


@pytest.fixture
def net():
    return net_of_all()


@cache
def net_of_all():
    """Four micro-grids in a row, two to a grid; B1 carries a stack; two dedicated grids overlap on the third."""
    micro = level(
        "micro",
        {"A1": square(0, 0), "A2": square(1, 0), "B1": square(2, 0), "B2": square(3, 0)},
        {"A1": 0, "A2": 0, "B1": 1, "B2": 1},
    )
    grid = level(
        "grid", {"A": shapely.union(square(0, 0), square(1, 0)), "B": shapely.union(square(2, 0), square(3, 0))}
    )
    stacks = (
        Stack("B1-2", "B1-2", "B", "B1", floor_from=11, floor_to=20),
        Stack("B1-1", "B1-1", "B", "B1", floor_from=1, floor_to=10),
    )
    dedicated = overlay({"D1": square(2.25, 0.25, 0.5), "D2": square(2.5, 0.5, 0.4)})
    return Net((grid, micro), (dedicated,), stacks)


def assign(net, *points, **options):
    x, y = np.array(points, dtype=float).T
    return net.assign(LON + x * STEP, LAT + y * STEP, **options)


def test_a_point_inside_gets_its_leaf_and_every_ancestor(net):
    row = assign(net, (0.5, 0.5)).iloc[0]
    assert (row["micro"], row["grid"], row["grid_match"], row["grid_distance_m"]) == ("A1", "A", "inside", 0.0)


def test_a_point_on_a_shared_edge_belongs_to_the_lower_code(net):
    x = shapely.get_coordinates(net.leaf.geoms[0])[:, 0].max()
    row = net.assign(np.array([x]), np.array([LAT + STEP / 2])).iloc[0]
    assert (row["micro"], row["grid_match"]) == ("A1", "boundary")


def test_a_point_outside_gets_nothing(net):
    row = assign(net, (9, 9)).iloc[0]
    assert (row["micro"], row["grid"], row["dedicated"], row["grid_match"]) == ("", "", "", "outside")
    assert math.isnan(row["grid_distance_m"])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_point_without_a_place_gets_nothing(net, value):
    found = net.assign(np.array([value]), np.array([LAT]), nearest=1e9)
    assert found["grid_match"].tolist() == ["outside"]


def test_no_points_give_no_rows_and_every_column(net):
    found = net.assign(np.array([]), np.array([]))
    assert list(found) == ["grid", "micro", "dedicated", "grid_match", "grid_distance_m"]
    assert len(found) == 0


def test_a_stack_gives_all_its_codes_when_the_floor_is_unknown(net):
    assert assign(net, (2.1, 0.1))["micro"].tolist() == ["B1-1;B1-2"]
    assert assign(net, (2.1, 0.1), floor=[math.nan])["micro"].tolist() == ["B1-1;B1-2"]


def test_a_floor_finds_its_part_of_the_stack(net):
    found = assign(net, (2.1, 0.1), (2.1, 0.1), (0.5, 0.5), floor=[7, 12, 7])
    assert found["micro"].tolist() == ["B1-1", "B1-2", "A1"]


def test_a_floor_that_no_part_holds_gives_the_whole_stack(net):
    assert assign(net, (2.1, 0.1), floor=[33])["micro"].tolist() == ["B1-1;B1-2"]


def test_overlays_give_all_codes_sorted(net):
    assert assign(net, (2.6, 0.6), (2.3, 0.3), (0.5, 0.5))["dedicated"].tolist() == ["D1;D2", "D1", ""]


def test_nearest_gives_the_distance_in_metres(net):
    row = assign(net, (-1, 0.5), nearest=200).iloc[0]
    assert (row["micro"], row["grid"], row["grid_match"]) == ("A1", "A", "nearest")
    assert row["grid_distance_m"] == pytest.approx(91.6, abs=0.2)  # 0.001 degree of longitude at 34.75 N


def test_nearest_stops_at_its_limit(net):
    assert assign(net, (-1, 0.5), nearest=90)["grid_match"].tolist() == ["outside"]


def test_of_equally_near_leaves_the_lower_code_is_taken(net):
    x = shapely.get_coordinates(net.leaf.geoms[0])[:, 0].max()
    assert net.assign(np.array([x]), np.array([LAT - STEP]), nearest=500)["micro"].tolist() == ["A1"]


def test_the_callers_arrays_are_left_alone(net):
    x, y = np.array([LON + 0.5 * STEP]), np.array([LAT + 0.5 * STEP])
    x.setflags(write=False)
    y.setflags(write=False)
    assert net.assign(x, y, nearest=10)["micro"].tolist() == ["A1"]


PLACES = st.tuples(st.floats(-0.2, 4.2), st.floats(-0.2, 1.2)).map(lambda at: (LON + at[0] * STEP, LAT + at[1] * STEP))


@given(PLACES, st.sampled_from([0.0, 5.0, 30.0]), st.none() | st.floats(0, 40))
def test_a_point_well_inside_is_told_as_the_columns_tell_it_and_any_other_is_not(place, edge, floor):
    net = net_of_all()
    x, y = np.array([place[0]]), np.array([place[1]])
    found = {key: column[0] for key, column in net.columns(x, y, floor=[floor]).items()}
    metres = net.edge_m(x, y, within=edge * 1.1 + 1.0)[0]
    told = net.inside(*place, edge=edge, floor=floor)
    if told is not None:
        assert told == {key: found[key] for key in net.keys}
        assert found["grid_match"] == "inside"
        assert math.isnan(metres) or metres > edge
    else:
        assert found["grid_match"] != "inside" or not math.isnan(metres)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_point_without_a_place_is_not_told(net, value):
    assert net.inside(value, 0.5, edge=5.0) is None


def test_stacked_micro_grids_count_and_their_carrier_does_not(net):
    assert net.count("micro") == 5
    assert net.count("grid") == 2


def test_an_unknown_level_or_grid_is_named(net):
    with pytest.raises(UnknownLevel, match=r"'street'.*grid, micro"):
        net.level("street")
    with pytest.raises(UnknownGrid, match="'Z9'"):
        net.leaf.position("Z9")


def test_a_net_needs_a_level():
    with pytest.raises(GeometryError, match=r"\[\[levels\]\]"):
        Net(())


@given(st.lists(st.tuples(st.floats(-1, 5), st.floats(-1, 2)), min_size=1, max_size=30))
def test_a_leaf_and_its_ancestors_agree_with_covers(points):
    net = net_of_four()
    x, y = LON + np.array(points).T[0] * STEP, LAT + np.array(points).T[1] * STEP
    found = net.assign(x, y)
    for level_ in net.levels:
        covering = [
            [code for code, shape in zip(level_.codes, level_.geoms, strict=True) if shapely.covers(shape, point)]
            for point in shapely.points(x, y)
        ]
        assert found[level_.key].tolist() == [codes[0] if codes else "" for codes in covering]


def net_of_four():
    micro = level(
        "micro",
        {"A1": square(0, 0), "A2": square(1, 0), "B1": square(2, 0), "B2": square(3, 0)},
        {"A1": 0, "A2": 0, "B1": 1, "B2": 1},
    )
    return Net(
        (level("grid", {"A": shapely.union_all(micro.geoms[:2]), "B": shapely.union_all(micro.geoms[2:])}), micro)
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (math.nan, ""),
        (410102001.0, "410102001"),
        (7, "7"),
        (" 3-05 ", "3-05"),
        ("007", "007"),
        (1.5, "1.5"),
        (True, "True"),
    ],
)
def test_codes_are_read_as_text(value, text):
    assert code_text(value) == text


def test_many_codes_keep_their_order():
    assert code_texts([2.0, "1", None]).tolist() == ["2", "1", ""]


@pytest.mark.parametrize("key", ["Micro", "3grid", "", "grid match", "网格", "grid_match", "a" * 33])
def test_a_bad_key_is_explained(key):
    assert key_fault(key)


def test_a_good_key_has_no_fault():
    assert key_fault("micro_grid2") is None
