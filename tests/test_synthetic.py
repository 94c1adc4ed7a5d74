"""The invented areas: counts, one exact tiling, households that fit their buildings, and the same bytes from the same seed."""

import csv
import itertools
import json
import math
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely import STRtree
from shapely.geometry import LineString, Polygon, shape

from data import SHIPPED
from data.synthetic import __main__ as door
from data.synthetic.area import NoFit, draw
from data.synthetic.blocks import Building
from data.synthetic.grids import lived_in, reading_order, reading_point, slices, stack_ways
from data.synthetic.plane import Chance, Plane
from data.synthetic.plans import LONGNAN, PLANS
from data.synthetic.write import files_of
from layers.pack import read_pack

AREAS = ("longnan", "mianfang")
COUNTS = {
    "longnan": {"community": 1, "grid": 7, "micro": 79, "dedicated": 13},
    "mianfang": {"street": 1, "community": 12, "grid": 97, "micro": 676, "dedicated": 34},
}


@cache
def rows(area: str, name: str) -> list[dict]:
    return [f["properties"] for f in json.loads((SHIPPED / area / f"{name}.geojson").read_text("utf-8"))["features"]]


@cache
def shapes(area: str, name: str) -> np.ndarray:
    features = json.loads((SHIPPED / area / f"{name}.geojson").read_text("utf-8"))["features"]
    return np.array([shape(feature["geometry"]) for feature in features])


@cache
def stacks(area: str) -> list[dict[str, str]]:
    with (SHIPPED / area / "stacks.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def carriers(area: str) -> set[str]:
    return {row["on"] for row in stacks(area)}


@pytest.mark.parametrize("area", AREAS)
def test_every_level_has_its_number_of_grids(area):
    found = {name: len(rows(area, name)) for name in COUNTS[area] if name != "micro"}
    found["micro"] = len(rows(area, "micro")) - len(carriers(area)) + len(stacks(area))
    assert found == COUNTS[area]


def test_three_towers_of_longnan_carry_stacks():
    assert len(carriers("longnan")) == 3


@pytest.mark.parametrize("area", AREAS)
def test_micro_grids_hold_50_to_70_households(area):
    lone = [row["households"] for row in rows(area, "micro") if row["code"] not in carriers(area)]
    stacked = [int(row["households"]) for row in stacks(area)]
    assert min(lone + stacked) >= 50
    assert max(lone + stacked) <= 70


@pytest.mark.parametrize("area", AREAS)
def test_codes_are_unique_digits_and_carry_their_parent(area):
    levels = [name for name in ("street", "community", "grid", "micro") if name in COUNTS[area]]
    codes = [row["code"] for name in levels for row in rows(area, name)] + [row["code"] for row in stacks(area)]
    codes += [row["code"] for row in rows(area, "dedicated")]
    assert len(codes) == len(set(codes))
    assert all(code.isdigit() for code in codes)
    for upper, lower in itertools.pairwise(levels):
        parents = {row["code"] for row in rows(area, upper)}
        assert all(row["parent"] in parents and row["code"].startswith(row["parent"]) for row in rows(area, lower))


@pytest.mark.parametrize("area", AREAS)
def test_labels_name_grid_and_serial_without_a_gap(area):
    labels = Counter()
    for row in [*rows(area, "micro"), *stacks(area)]:
        if row["code"] not in carriers(area):
            labels[row["parent"], row["label"]] += 1
    by_grid: dict[str, list[str]] = {}
    for (parent, label), count in labels.items():
        assert count == 1
        by_grid.setdefault(parent, []).append(label)
    for parent, found in by_grid.items():
        assert sorted(found) == [f"{int(parent[-3:])}-{serial:02d}" for serial in range(1, len(found) + 1)]


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("level", ["community", "grid", "micro"])
def test_a_level_tiles_without_gap_or_overlap(area, level):
    found = shapes(area, level)
    assert all(item.geom_type == "Polygon" and item.is_valid for item in found)
    assert shapely.coverage_is_valid(found)
    assert shapely.coverage_union_all(found).geom_type == "Polygon"


@pytest.mark.parametrize("area", AREAS)
def test_a_grid_is_exactly_the_union_of_its_parts(area):
    levels = [name for name in ("street", "community", "grid", "micro") if name in COUNTS[area]]
    for upper, lower in itertools.pairwise(levels):
        parents = np.array([row["parent"] for row in rows(area, lower)])
        for row, whole in zip(rows(area, upper), shapes(area, upper), strict=True):
            parts = shapely.coverage_union_all(shapes(area, lower)[parents == row["code"]])
            assert parts.symmetric_difference(whole).area == 0


@pytest.mark.parametrize("area", AREAS)
def test_no_micro_grid_is_a_sliver(area):
    squashed = shapely.transform(shapes(area, "micro"), lambda xy: xy * [math.cos(math.radians(34.75)), 1])
    roundness = 4 * math.pi * shapely.area(squashed) / shapely.length(squashed) ** 2
    assert roundness.min() > 0.2
    assert np.median(roundness) > 0.65


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize(("level", "band"), [("grid", 150.0), ("micro", 45.0)])
def test_grids_are_numbered_from_west_to_east_and_north_to_south(area, level, band):
    parents = np.array([row["parent"] for row in rows(area, level)])
    for parent in sorted(set(parents)):
        mine = [
            (row, item)
            for row, item in zip(rows(area, level), shapes(area, level), strict=True)
            if row["parent"] == parent
        ]
        found = [mine[i][0]["label"] for i in reading_order([reading_point(s) for _, s in mine], band / 111_000)]
        serials = [int(label.split("–")[0].replace("网格", "").split("-")[-1]) for label in found]
        assert serials == sorted(serials)


def test_dedicated_grids_are_numbered_in_the_same_order():
    centres = [reading_point(item) for item in shapes("longnan", "dedicated")]
    order = reading_order(centres, 150 / 111_000)
    assert [rows("longnan", "dedicated")[i]["label"] for i in order] == [f"专{n}" for n in range(1, 14)]


@pytest.mark.parametrize("area", AREAS)
def test_a_dedicated_grid_lies_within_one_micro_grid(area):
    tree = STRtree(shapes(area, "micro"))
    for item in shapes(area, "dedicated"):
        shares = [item.intersection(tree.geometries[i]).area / item.area for i in tree.query(item)]
        assert max(shares) > 0.999


@pytest.mark.parametrize("area", AREAS)
def test_every_building_lies_in_exactly_one_micro_grid(area):
    tree = STRtree(shapes(area, "micro"))
    found = tree.query(shapes(area, "buildings"), predicate="intersects")[0]
    assert Counter(found.tolist()) == dict.fromkeys(range(len(rows(area, "buildings"))), 1)


@pytest.mark.parametrize("area", AREAS)
def test_households_of_buildings_add_up_to_those_of_their_micro_grid(area):
    tree = STRtree(shapes(area, "micro"))
    point, grid = tree.query(shapes(area, "buildings"), predicate="within")
    households = np.array([row["households"] for row in rows(area, "buildings")])
    assert np.bincount(grid, households[point], len(rows(area, "micro"))).tolist() == [
        row["households"] for row in rows(area, "micro")
    ]


@pytest.mark.parametrize("area", AREAS)
def test_households_fit_their_buildings(area):
    homes = [row for row in rows(area, "buildings") if row["households"]]
    assert all(row["use"] == "住宅" for row in homes)
    walkups = [row for row in homes if row["storeys"] == 6 and row["units"] == 3]
    assert walkups
    assert all(28 <= row["households"] <= 36 for row in walkups)
    towers = [row for row in homes if row["storeys"] >= 30]
    assert all(115 <= row["households"] <= 260 for row in towers)
    assert all(row["households"] <= 72 for row in homes if row["storeys"] < 30)


@pytest.mark.parametrize("area", AREAS)
def test_outlines_of_buildings_are_clear_of_each_other_of_water_and_of_streets(area):
    outlines = shapes(area, "footprints")
    assert shapely.is_valid(outlines).all()
    first, second = STRtree(outlines).query(outlines, predicate="intersects")
    pairs = first < second
    assert shapely.intersection(outlines[first[pairs]], outlines[second[pairs]]).size == 0 or (
        shapely.area(shapely.intersection(outlines[first[pairs]], outlines[second[pairs]])).max() < 1e-12
    )
    assert not STRtree(shapes(area, "water")).query(outlines, predicate="intersects").size
    lines, kinds = shapes(area, "streets"), [row["class"] for row in rows(area, "streets")]
    assert {"arterial", "secondary", "lane"} == set(kinds)
    reserve = {"arterial": 18.0, "secondary": 11.0, "lane": 5.0}
    widths = np.array([reserve[kind] for kind in kinds]) / 111_000
    assert not STRtree(shapely.buffer(lines, widths)).query(outlines, predicate="intersects").size


@pytest.mark.parametrize("area", AREAS)
def test_every_street_and_lane_has_a_name(area):
    assert all(row["name"] for row in rows(area, "streets"))


@pytest.mark.parametrize("area", AREAS)
def test_points_lie_inside_the_area(area):
    whole = shapely.coverage_union_all(shapes(area, "micro"))
    shapely.prepare(whole)
    for name in ("buildings", "sites", "services"):
        assert shapely.covers(whole, shapes(area, name)).all(), name


@pytest.mark.parametrize(("area", "prefix"), [("longnan", "LN"), ("mianfang", "MF")])
def test_a_pack_brings_no_incidents_but_says_what_their_numbers_begin_with(area, prefix):
    pack = read_pack(SHIPPED / area)
    assert [entry.key for entry in pack.points] == ["buildings", "sites", "services"]
    assert pack.prefix == prefix


@pytest.mark.parametrize(("area", "most"), [("longnan", 3_000_000), ("mianfang", 12_000_000)])
def test_a_pack_stays_small(area, most):
    assert sum(file.stat().st_size for file in (SHIPPED / area).iterdir()) < most


def test_coordinates_have_at_most_seven_decimals():
    for name in ("micro", "buildings", "streets"):
        xy = shapely.get_coordinates(shapes("longnan", name))
        assert (np.round(xy, 7) == xy).all()


def test_the_shipped_longnan_is_what_its_seed_gives():
    made = files_of(draw(LONGNAN, LONGNAN.seed))
    assert set(made) == {file.name for file in (SHIPPED / "longnan").iterdir()}
    changed = [name for name, content in made.items() if (SHIPPED / "longnan" / name).read_bytes() != content]
    assert changed == []


def test_the_door_writes_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(door, "draw", lambda plan, seed: (plan.key, seed))
    asked = []
    monkeypatch.setattr(
        door, "write", lambda drawing, folder: asked.append((drawing, folder)) or [SHIPPED / "longnan" / "area.toml"]
    )
    assert door.main(["longnan", "--seed", "9", "--out", str(tmp_path)]) == 0
    assert asked == [(("longnan", 9), tmp_path)]
    assert "1 files" in capsys.readouterr().out


def test_the_door_says_when_no_drawing_adds_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def never(plan, seed):
        raise NoFit(f"Plan {plan.key} with seed {seed} does not add up.")

    monkeypatch.setattr(door, "draw", never)
    assert door.main(["mianfang", "--seed", "3"]) == 1
    assert "mianfang with seed 3" in capsys.readouterr().err


def test_the_plans_are_the_shipped_areas():
    assert sorted(PLANS) == sorted(AREAS)


def test_reading_order_goes_row_by_row_from_the_north_west():
    assert reading_order([(0, 0), (5, 10.4), (1, 10), (9, 9.8), (4, 0.3)], 1.0) == [2, 1, 3, 0, 4]
    assert reading_order([], 1.0) == []


def test_a_tower_of_two_units_is_sliced_by_unit():
    tower = Building(Polygon(), "residence", 33, 2, 132)
    assert [(s.units, s.floors, s.flats) for s in slices(tower, 2)] == [((1, 1), (1, 33), 66), ((2, 2), (1, 33), 66)]


def test_a_tower_of_one_unit_is_sliced_by_floors():
    tower = Building(Polygon(), "residence", 32, 1, 128)
    assert [(s.units, s.floors, s.flats) for s in slices(tower, 2)] == [((1, 1), (1, 16), 64), ((1, 1), (17, 32), 64)]


def test_a_slice_never_leaves_the_bounds_of_a_micro_grid():
    tower = Building(Polygon(), "residence", 33, 2, 198)
    assert stack_ways(tower) == [3]
    assert [lived_in(part) for part in slices(tower, 3)] == [63, 63, 63]


def test_chance_repeats_itself_and_keys_differ():
    first, again, other = Chance("a", 1), Chance("a", 1), Chance("a", 2)
    drawn = [first.between(0, 1) for _ in range(3)]
    assert drawn == [again.between(0, 1) for _ in range(3)]
    assert drawn != [other.between(0, 1) for _ in range(3)]


def test_the_plane_keeps_metres():
    lonlat = Plane(113.6, 34.75).to_degrees(LineString([(0, 0), (1000, 0), (1000, 1000)]))
    assert lonlat.coords[0] == (113.6, 34.75)
    sides = [Geod(ellps="WGS84").inv(*a, *b)[2] for a, b in itertools.pairwise(lonlat.coords)]
    assert sides == pytest.approx([1000, 1000], abs=0.1)


def test_the_north_western_grid_is_the_first():
    firsts = [
        item.centroid
        for row, item in zip(rows("longnan", "grid"), shapes("longnan", "grid"), strict=True)
        if row["label"] == "网格1"
    ]
    west, _, _, north = shapely.total_bounds(shapes("longnan", "grid"))
    corner = min(shapes("longnan", "grid"), key=lambda item: item.distance(shapely.Point(west, north)))
    assert firsts == [corner.centroid]
