"""`battlemap assign`: the join of a table with a net, from the command line and from Python."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyproj
import pytest
import shapely
from click.testing import CliRunner

from cli import battlemap
from geo.crs import from_wgs84
from geo.errors import BattlemapError, CrsError, MissingCrs, TableError
from layers.assign import Request, assign
from layers.load import load

WEST, SOUTH, SIDE = 113.6, 34.7, 0.01
MANIFEST = """
name = "测试"
name_en = "Test"
edition = 2026-01-01
[[levels]]
key = "community"
name = "社区"
name_en = "Community"
file = "communities.geojson"
code = "code"
[[levels]]
key = "grid"
name = "微网格"
name_en = "Micro-grid"
file = "grids.geojson"
code = "code"
stacks = "stacks.csv"
[[overlays]]
key = "zone"
name = "专属网格"
name_en = "Dedicated"
file = "zones.geojson"
code = "code"
"""
STACKS = "code,parent,on,unit_from,unit_to,floor_from,floor_to\nD-hi,B,D,1,2,7,\nD-lo,B,D,1,2,,6\n"


def square(column, row, width=1, height=1):
    return shapely.box(*at(column, row), *at(column + width, row + height))


def write_layer(path, shapes):
    features = [
        {"type": "Feature", "properties": {"code": code}, "geometry": json.loads(shapely.to_geojson(shape))}
        for code, shape in shapes.items()
    ]
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), encoding="utf-8"
    )


def write_pack(folder, grids, communities, zones):
    folder.mkdir()
    (folder / "area.toml").write_text(MANIFEST, encoding="utf-8")
    (folder / "stacks.csv").write_text(STACKS, encoding="utf-8")
    for name, shapes in (("grids", grids), ("communities", communities), ("zones", zones)):
        write_layer(folder / f"{name}.geojson", shapes)
    return folder


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """Four squares: A B over C D; communities A = west, B = east; two zones that overlap; D carries two stacked micro-grids."""
    grids = {"A": square(0, 1), "B": square(1, 1), "C": square(0, 0), "D": square(1, 0)}
    zones = {"专2": square(0, 0, 2, 1), "专1": square(1, 0, 1, 2)}
    return write_pack(
        tmp_path_factory.mktemp("packs") / "four", grids, {"A": square(0, 0, 1, 2), "B": square(1, 0, 1, 2)}, zones
    )


@pytest.fixture(scope="module")
def area(pack):
    return load(pack)


def at(column, row):
    """Return a place, in units of squares."""
    return round(WEST + column * SIDE, 9), round(SOUTH + row * SIDE, 9)


def write_csv(path, rows, header=("id", "lon", "lat")):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def joined(area, folder, rows, header=("id", "lon", "lat"), **options):
    """Join rows by way of CSV, and return the summary and the rows written."""
    summary = assign(area, Request(write_csv(folder / "in.csv", rows, header), folder / "out.csv", **options))
    with (folder / "out.csv").open(newline="", encoding="utf-8") as file:
        return summary, list(csv.DictReader(file))


# --- what a row gets -------------------------------------------------------------------------------------------------------------------------------------


def test_a_row_gets_its_grid_its_ancestors_its_overlays_and_how(area, tmp_path):
    summary, (row,) = joined(area, tmp_path, [("00123", *at(0.5, 0.5))])
    assert list(row) == ["id", "lon", "lat", "community", "grid", "zone", "grid_match", "grid_distance_m", "error"]
    assert [*row.values()][3:] == ["A", "C", "专2", "inside", "0", ""]
    assert (summary.rows, summary.inside, summary.errors, summary.edition, summary.area) == (
        1,
        1,
        0,
        "2026-01-01",
        "four",
    )


def test_on_an_edge_the_lowest_code_wins_and_the_match_is_boundary(area, tmp_path):
    summary, rows = joined(area, tmp_path, [("edge", *at(1, 1.5)), ("corner", *at(1, 1)), ("rim", *at(0, 0.5))])
    assert [(row["grid"], row["community"], row["grid_match"], row["grid_distance_m"]) for row in rows] == [
        ("A", "A", "boundary", "0"),
        ("A", "A", "boundary", "0"),
        ("C", "A", "boundary", "0"),
    ]
    assert summary.boundary == 3


def test_all_overlays_are_named_in_order_of_code(area, tmp_path):
    _, (row,) = joined(area, tmp_path, [("x", *at(1.5, 0.5))])
    assert row["zone"] == "专1;专2"


def test_a_stack_gives_its_codes_and_unit_and_floor_choose_among_them(area, tmp_path):
    place = at(1.5, 0.5)
    rows = [("a", *place, "", ""), ("b", *place, "1单元", "12层"), ("c", *place, "2", "B1"), ("d", *place, "1", "")]
    header = ("id", "lon", "lat", "单元", "楼层")
    _, plain = joined(area, tmp_path, rows, header)
    assert [row["grid"] for row in plain] == ["D-hi;D-lo"] * 4
    (tmp_path / "out.csv").unlink()
    _, told = joined(area, tmp_path, rows, header, unit="单元", floor="楼层")
    assert [row["grid"] for row in told] == ["D-hi;D-lo", "D-hi", "D-lo", "D-hi;D-lo"]
    assert {row["community"] for row in told} == {"B"}


def test_outside_is_blank_and_nearest_measures_in_metres(area, tmp_path):
    lon, lat = at(2, 0.5)
    rows = [("near", lon + 0.001, lat), ("far", lon + 0.1, lat)]
    _, plain = joined(area, tmp_path, rows)
    assert [(row["grid"], row["grid_match"], row["grid_distance_m"]) for row in plain] == [("", "outside", "")] * 2
    (tmp_path / "out.csv").unlink()
    summary, near = joined(area, tmp_path, rows, nearest=200)
    _, _, metres = pyproj.Geod(ellps="WGS84").inv(lon, lat, lon + 0.001, lat)
    assert [row["grid_match"] for row in near] == ["nearest", "outside"]
    assert near[0]["grid"] == "D-hi;D-lo"
    assert float(near[0]["grid_distance_m"]) == pytest.approx(metres, abs=0.01)
    assert (near[1]["grid_distance_m"], summary.nearest, summary.outside) == ("", 1, 1)


def test_a_random_net_agrees_with_shapely(tmp_path):
    rng = np.random.default_rng(7)
    box = square(0, 0, 10, 10)
    seeds = shapely.MultiPoint(
        np.column_stack([rng.uniform(WEST, WEST + 0.1, 80), rng.uniform(SOUTH, SOUTH + 0.1, 80)])
    )
    cells = sorted(
        (shapely.intersection(cell, box) for cell in shapely.voronoi_polygons(seeds).geoms), key=lambda cell: cell.wkb
    )
    grids = {f"{number:02d}": cell for number, cell in enumerate(cells)}
    area = load(write_pack(tmp_path / "net", grids, {"A": box}, {"z": square(2, 2, 3, 3)}))
    x, y = rng.uniform(WEST - 0.01, WEST + 0.11, 3000), rng.uniform(SOUTH - 0.01, SOUTH + 0.11, 3000)
    vertices = np.concatenate([shapely.get_coordinates(cell) for cell in area.net.leaf.geoms])
    x, y = np.concatenate([x, vertices[:, 0]]), np.concatenate([y, vertices[:, 1]])
    _, rows = joined(
        area,
        tmp_path,
        [(number, repr(a), repr(b)) for number, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True))],
    )
    points = shapely.points(x, y)
    covers = shapely.covers(area.net.leaf.geoms[:, None], points[None, :])
    expected = np.where(covers.any(axis=0), np.append(area.net.leaf.codes, "")[covers.argmax(axis=0)], "")
    assert [row["grid"] for row in rows] == expected.tolist()
    edge = shapely.touches(area.net.leaf.geoms[covers.argmax(axis=0)], points) & covers.any(axis=0)
    assert [row["grid_match"] == "boundary" for row in rows] == edge.tolist()


def test_a_net_with_errors_is_joined_all_the_same_and_says_so(tmp_path):
    grids = {"A": square(0, 0, 2, 1), "B": square(1, 0, 1, 1)}
    area = load(write_pack(tmp_path / "net", grids, {"A": square(0, 0, 2, 1)}, {"z": square(0, 0)}))
    summary, rows = joined(area, tmp_path, [("1", *at(1.5, 0.5))])
    assert rows[0]["grid"] == "A"
    assert any("net has errors" in note and "battlemap check" in note for note in summary.notes)


# --- coordinates -----------------------------------------------------------------------------------------------------------------------------------------


def test_rows_with_unusable_coordinates_are_kept_and_counted(area, tmp_path):
    rows = [
        ("1", "", "34.7"),
        ("2", "abc", "34.7"),
        ("3", "113.605", "134.7"),
        ("4", *at(0.5, 0.5)),
        ("5", "inf", "nan"),
        ("6", "34.705", "113.605"),
    ]
    summary, written = joined(area, tmp_path, rows)
    assert [row["id"] for row in written] == ["1", "2", "3", "4", "5", "6"]
    assert [row["error"] for row in written] == [
        "longitude is missing",
        "longitude is not a number: 'abc'",
        "latitude 134.7 is out of range",
        "",
        "longitude is not a number: 'inf'; latitude is missing",
        "latitude 113.605 is out of range; are longitude and latitude swapped?",
    ]
    assert [row["grid_match"] for row in written] == ["", "", "", "inside", "", ""]
    assert (summary.errors, summary.inside, summary.rows) == (5, 1, 6)
    assert summary.samples[0] == "Row 2: longitude is missing."


def test_coordinates_as_people_write_them(area, tmp_path):
    rows = [("1", "113°36′18″E", "34°42′18″N"), ("2", "１１３．６０５", "北纬34.705°"), ("3", "113,605", "34,705")]
    _, written = joined(area, tmp_path, rows)
    assert [row["grid"] for row in written] == ["C", "C", "C"]
    assert written[0]["lon"] == "113°36′18″E"


@pytest.mark.parametrize("crs", ["GCJ-02", "BD-09", "EPSG:4547", "EPSG:4526", "CGCS2000"])
def test_coordinates_in_any_system(area, tmp_path, crs):
    places = [at(0.5, 0.5), at(1.5, 1.5)]
    rows = [(number, *(repr(float(value)) for value in from_wgs84(*place, crs))) for number, place in enumerate(places)]
    summary, written = joined(area, tmp_path, rows, crs=crs)
    assert [row["grid"] for row in written] == ["C", "B"]
    assert summary.crs == ("EPSG:4490" if crs == "CGCS2000" else crs)


def test_columns_that_speak_of_gcj02_need_a_word(area, tmp_path):
    with pytest.raises(MissingCrs, match="--crs GCJ-02"):
        joined(area, tmp_path, [("1", 113.6, 34.7)], ("id", "gcj_lng", "gcj_lat"))
    assert not (tmp_path / "out.csv").exists()


def test_swapped_columns_are_noticed(area, tmp_path):
    lon, lat = at(0.5, 0.5)
    summary, _ = joined(area, tmp_path, [("1", lat, lon)] * 3)
    assert "exchange --lon and --lat" in summary.notes[0]
    (tmp_path / "out.csv").unlink()
    _, rows = joined(area, tmp_path, [("1", lat, lon)], lon="lat", lat="lon")
    assert rows[0]["grid"] == "C"


def test_an_error_that_asks_ends_with_one_mark(area, tmp_path):
    summary, _ = joined(area, tmp_path, [("1", "34.7", "113.6"), ("2", "113.6", "999")])
    assert summary.samples == [
        "Row 2: latitude 113.6 is out of range; are longitude and latitude swapped?",
        "Row 3: latitude 999 is out of range.",
    ]


@pytest.mark.parametrize("cell", ["{} {}", "{}，{}", "({}; {})", "POINT ({} {})", "SRID=4326;POINT({} {})"])
def test_one_column_may_hold_both_coordinates(area, tmp_path, cell):
    east, north = at(0.5, 0.5)
    rows = [("1", cell.format(east, north)), ("2", str(east)), ("3", "")]
    summary, found = joined(area, tmp_path, rows, ("id", "坐标"), lon="坐标", lat="坐标")
    assert [row["grid"] for row in found] == ["C", "", ""]
    assert (summary.coordinates, summary.errors) == ("column '坐标'", 2)


def test_degrees_read_as_metres_are_noticed(area, tmp_path):
    summary, _ = joined(area, tmp_path, [("1", *at(0.5, 0.5))], crs="EPSG:4547")
    assert "look like degrees" in summary.notes[0]


def test_swapped_northings_and_eastings_are_noticed(area, tmp_path):
    x, y = (float(value) for value in from_wgs84(*at(0.5, 0.5), 4547))
    summary, _ = joined(area, tmp_path, [("1", y, x)], ("id", "X坐标", "Y坐标"), crs="EPSG:4547")
    assert "exchange --lon and --lat" in summary.notes[0]


@pytest.mark.parametrize(("crs", "advice"), [(4547, "metres"), (4526, "--crs EPSG:4526")])
def test_metres_without_a_system_are_noticed(area, tmp_path, crs, advice):
    x, y = (float(value) for value in from_wgs84(*at(0.5, 0.5), crs))
    summary, _ = joined(area, tmp_path, [("1", x, y)], ("id", "x", "y"))
    assert (summary.errors, advice in summary.notes[0]) == (1, True)


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        (("id", "a", "b"), {}, "no columns that look like"),
        (("id", "lon", "lat"), {"lon": "经度", "lat": "lat"}, "no column '经度'"),
        (("id", "lon", "lat"), {"lon": "lon"}, "both --lon and --lat"),
        (("lon", "lon", "lat"), {"lon": "lon", "lat": "lat"}, "2 columns 'lon'"),
        (("id", "lon", "lat"), {"crs": "EPSG:99999"}, "no such code"),
        (("id", "lon", "lat"), {"unit": "单元"}, "no column '单元'"),
        (("start_lon", "start_lat", "end_lon", "end_lat"), {}, "several pairs"),
    ],
)
def test_what_cannot_be_found_is_said_and_nothing_is_written(area, tmp_path, header, options, message):
    with pytest.raises((TableError, CrsError), match=message):
        joined(area, tmp_path, [["1"] * len(header)], header, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_header_further_down_is_pointed_at(area, tmp_path):
    (tmp_path / "in.csv").write_text("某街道台账\n编号,经度,纬度\n1,113.605,34.705\n", encoding="utf-8")
    request = Request(tmp_path / "in.csv", tmp_path / "out.csv")
    with pytest.raises(TableError, match="--header-row 2"):
        assign(area, request)
    summary = assign(area, Request(tmp_path / "in.csv", tmp_path / "out.csv", header_row=2))
    assert summary.inside == 1


# --- names and files -------------------------------------------------------------------------------------------------------------------------------------


def test_a_clash_of_names_ignoring_case_gets_a_suffix_and_a_line(area, tmp_path):
    summary, (row,) = joined(area, tmp_path, [("old", *at(0.5, 0.5), "x")], ("Grid", "lon", "lat", "ERROR"))
    assert (row["Grid"], row["grid_2"], row["ERROR"], row["error_2"]) == ("old", "C", "x", "")
    assert summary.columns["grid"] == "grid_2"
    assert [note for note in summary.notes if "'grid'" in note] == [
        "The table has a column 'grid' already: ours is written as 'grid_2'."
    ]


def test_the_result_may_be_joined_again(area, tmp_path):
    joined(area, tmp_path, [("1", *at(0.5, 0.5))])
    assign(area, Request(tmp_path / "out.csv", tmp_path / "again.csv"))
    row = pd.read_csv(tmp_path / "again.csv").iloc[0]
    assert (row["grid"], row["grid_2"]) == ("C", "C")


@pytest.mark.parametrize("link", [None, os.symlink, os.link])
def test_the_input_is_never_the_output(area, tmp_path, link):
    path = write_csv(tmp_path / "in.csv", [("1", *at(0.5, 0.5))])
    before = path.read_bytes()
    out = path if link is None else tmp_path / "out.csv"
    if link:
        link(path, out)
    with pytest.raises(TableError, match="input itself"):
        assign(area, Request(path, out, force=True))
    assert path.read_bytes() == before


def test_an_existing_file_is_replaced_only_by_force(area, tmp_path):
    path, out = write_csv(tmp_path / "in.csv", [("1", *at(0.5, 0.5))]), tmp_path / "out.csv"
    out.write_text("old", encoding="utf-8")
    with pytest.raises(TableError, match="--force"):
        assign(area, Request(path, out))
    assert out.read_text(encoding="utf-8") == "old"
    assert assign(area, Request(path, out, force=True)).rows == 1
    assert out.read_text(encoding="utf-8").startswith("id,")


def test_chunks_do_not_show(area, tmp_path, monkeypatch):
    monkeypatch.setattr("layers.tables.text.CHUNK", 7)
    seen = []
    path = write_csv(tmp_path / "in.csv", [(number, *at(0.5, 0.5)) for number in range(23)])
    summary = assign(area, Request(path, tmp_path / "out.csv"), progress=lambda done, total: seen.append((done, total)))
    assert seen == [(7, 23), (14, 23), (21, 23), (23, 23)]
    assert pd.read_csv(tmp_path / "out.csv")["id"].tolist() == list(range(23))
    assert summary.inside == 23


# --- geometry --------------------------------------------------------------------------------------------------------------------------------------------


def test_geometries_that_are_no_points_are_kept_and_named(area, tmp_path):
    geoms = [
        shapely.Point(at(0.5, 0.5)),
        None,
        shapely.Point(),
        square(0, 0),
        shapely.MultiPoint([at(1.5, 1.5)]),
        shapely.MultiPoint([at(0, 0), at(1, 1)]),
    ]
    gpd.GeoDataFrame({"n": range(6)}, geometry=geoms, crs=4326).to_file(tmp_path / "in.gpkg")
    summary = assign(area, Request(tmp_path / "in.gpkg", tmp_path / "out.gpkg"))
    back = gpd.read_file(tmp_path / "out.gpkg")
    assert back["grid"].fillna("").tolist() == ["C", "", "", "", "B", ""]
    assert [str(error) for error in back["error"].fillna("")][1:4] == [
        "geometry is missing",
        back["error"][2],
        "geometry is a Polygon, not a point",
    ]
    assert summary.errors == 4
    assert back.geometry[3].geom_type in {"Polygon", "MultiPolygon"}
    flat = assign(area, Request(tmp_path / "in.gpkg", tmp_path / "out.csv"))
    assert any("are not points" in note for note in flat.notes)


def test_a_declared_system_is_honoured_and_crs_overrules_it_with_a_note(area, tmp_path):
    lon, lat = at(0.5, 0.5)
    frame = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(lon, lat)], crs=4326)
    frame.to_crs(4547).to_file(tmp_path / "in.gpkg")
    summary = assign(area, Request(tmp_path / "in.gpkg", tmp_path / "out.geojson"))
    feature = json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))["features"][0]
    assert (summary.crs, feature["properties"]["grid"]) == ("EPSG:4547", "C")
    assert feature["geometry"]["coordinates"] == pytest.approx([lon, lat], abs=1e-8)
    shifted = gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(from_wgs84(lon, lat, "GCJ-02"))], crs=4326)
    shifted.to_file(tmp_path / "gcj.gpkg")
    told = assign(area, Request(tmp_path / "gcj.gpkg", tmp_path / "gcj.csv", crs="GCJ-02"))
    assert told.inside == 1
    assert "declares EPSG:4326" in told.notes[0]


def test_a_file_without_a_declared_system_must_be_told(area, tmp_path):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gpd.GeoDataFrame({"n": [1]}, geometry=[shapely.Point(at(0.5, 0.5))]).to_file(tmp_path / "in.gpkg")
    with pytest.raises(MissingCrs, match="--crs"):
        assign(area, Request(tmp_path / "in.gpkg", tmp_path / "out.csv"))
    assert assign(area, Request(tmp_path / "in.gpkg", tmp_path / "out.csv", crs="EPSG:4326")).inside == 1


# --- the command -----------------------------------------------------------------------------------------------------------------------------------------


def run(*arguments):
    return CliRunner().invoke(battlemap, ["assign", *map(str, arguments)])


def test_the_command_writes_and_says_what_it_did(pack, tmp_path):
    path = write_csv(tmp_path / "点.csv", [("1", *at(0.5, 0.5)), ("2", "x", "y")], ("编号", "经度", "纬度"))
    result = run(path, "--area", pack, "--out", tmp_path / "out.xlsx")
    assert result.exit_code == 0, result.output
    assert "2 rows written" in result.output
    assert "1 with errors" in result.output
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx").active
    assert [cell.value for cell in sheet[2]] == ["1", "113.605", "34.705", "A", "C", "专2", "inside", 0, None]


def test_json_is_one_document(pack, tmp_path):
    path = write_csv(tmp_path / "in.csv", [("1", *at(0.5, 0.5))])
    result = run(path, "--area", pack, "--out", tmp_path / "out.parquet", "--json")
    summary = json.loads(result.stdout)
    assert {key: summary[key] for key in ("rows", "inside", "boundary", "nearest", "outside", "errors")} == {
        "rows": 1, "inside": 1, "boundary": 0, "nearest": 0, "outside": 0, "errors": 0,
    }  # fmt: skip
    assert gpd.read_parquet(tmp_path / "out.parquet")["grid"].tolist() == ["C"]


def test_exit_codes_from_a_real_process(pack, tmp_path):
    path = write_csv(tmp_path / "in.csv", [("1", *at(0.5, 0.5)), ("2", "", "")])
    root = Path(__file__).parent.parent

    def status(*arguments):
        done = subprocess.run(
            [sys.executable, root / "cli.py", "assign", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=root,
        )
        return done.returncode, done.stderr

    assert status(path, "--area", pack, "--out", tmp_path / "a.csv")[0] == 0
    assert status(path, "--area", pack, "--out", tmp_path / "b.csv", "--strict")[0] == 3
    code, stderr = status(tmp_path / "none.csv", "--area", pack, "--out", tmp_path / "c.csv")
    assert (code, "does not exist" in stderr, "Traceback" in stderr) == (1, True, False)
    assert status(path, "--area", pack)[0] == 2
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.csv", "b.csv", "in.csv"]


def test_an_unknown_area_is_an_error_of_ours(tmp_path):
    path = write_csv(tmp_path / "in.csv", [("1", 1, 2)])
    result = run(path, "--area", "nowhere", "--out", tmp_path / "out.csv")
    assert isinstance(result.exception, BattlemapError)


def test_the_page_names_every_option_and_no_other():
    import re

    page = (Path(__file__).parent.parent / "docs" / "assign.md").read_text(encoding="utf-8")
    options = {name for param in battlemap.commands["assign"].params for name in param.opts if name.startswith("--")}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page)) == options


def test_a_table_from_a_street_in_gbk_with_a_title_and_two_sheets_of_trouble(area, tmp_path):
    text = io.StringIO()
    csv.writer(text).writerows(
        [
            ["编号", "地址", "经度", "纬度"],
            ["00123", "棉纺路1号\n3单元", "113.605", "34.705"],
            ["1.23E+15", "=HYPERLINK()", "113.605", "34.705"],
        ]
    )
    (tmp_path / "in.csv").write_bytes(text.getvalue().encode("gbk"))
    summary = assign(area, Request(tmp_path / "in.csv", tmp_path / "out.csv"))
    with (tmp_path / "out.csv").open(newline="", encoding="gbk") as file:
        rows = list(csv.reader(file))
    assert [row[:2] for row in rows[1:]] == [["00123", "棉纺路1号\n3单元"], ["1.23E+15", "=HYPERLINK()"]]
    assert summary.details["encoding"] == "GB18030"
