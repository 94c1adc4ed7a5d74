"""``battlemap check``: a pack's whole report, its forms, its exit codes, and the repaired copy."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import data
from cli import battlemap
from geo import crs
from geo.errors import PackError
from geo.validate import SEVERITY
from layers.check import check
from layers.load import load
from layers.repair import repair
from reports.advice import ADVICE

EDGE = sorted((Path(__file__).parent / "data" / "geojson_edge").rglob("*.geojson"))
LON, LAT, CELL = 113.6, 34.75, 0.002

TOML = """
name = "测试"
{top}
[[levels]]
key = "sanji"
name = "三级网格"
file = "top.geojson"
code = "id"
[[levels]]
key = "wei"
name = "微网格"
file = "leaf.geojson"
code = "id"
{more}
"""
POINTS = """
[[points]]
key = "shops"
name = "商户"
kind = "site"
file = "shops.geojson"
id = "no"
"""


def cell(column, row, columns=1, rows=1):
    return shapely.box(
        LON + column * CELL, LAT + row * CELL, LON + (column + columns) * CELL, LAT + (row + rows) * CELL
    )


def feature(geom, **properties):
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": None if geom is None else json.loads(shapely.to_geojson(geom)),
    }


def collection(*features, **members):
    return json.dumps({"type": "FeatureCollection", "features": features, **members}, ensure_ascii=False)


def leaves(*geoms):
    return collection(*(feature(geom, id=f"{n:02d}") for n, geom in enumerate(geoms, start=1)))


SOUND = [cell(0, 0), cell(1, 0), cell(0, 1), cell(1, 1)]


def make(folder, *, top="", more="", leaf=None, **files):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "area.toml").write_text(TOML.format(top=top, more=more), encoding="utf-8")
    (folder / "top.geojson").write_text(collection(feature(cell(0, 0, 2, 2), id="T")))
    leaf = leaves(*SOUND) if leaf is None else leaf
    (folder / "leaf.geojson").write_bytes(leaf if isinstance(leaf, bytes) else leaf.encode())
    for name, text in files.items():
        (folder / f"{name}.geojson").write_text(text, encoding="utf-8")
    return folder


def kinds(folder):
    return [fault.kind for fault in check(folder).faults]


def run(*arguments):
    return CliRunner().invoke(battlemap, ["check", *map(str, arguments)])


def snapshot(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- the command


def test_a_sound_pack_exits_0(tmp_path):
    result = run(make(tmp_path / "p"))
    assert (result.exit_code, result.output) == (0, "p: 0 errors, 0 warnings\n")


def test_a_warning_exits_0_and_an_error_1(tmp_path):
    assert run(make(tmp_path / "warning", leaf=leaves(*SOUND[1:]))).exit_code == 0
    assert run(make(tmp_path / "error", leaf=leaves(*SOUND, cell(0.5, 0.5)))).exit_code == 1


def test_wrong_usage_exits_2(tmp_path):
    assert run("nowhere").exit_code == 2
    assert run().exit_code == 2
    pack = make(tmp_path / "p")
    assert run(pack, "--fix", pack).exit_code == 2


def test_a_folder_without_area_toml_is_an_error(tmp_path):
    result = run(tmp_path, "--json")
    assert result.exit_code == 1
    assert json.loads(result.output)["faults"][0]["kind"] == "bad_manifest"


def test_every_fault_of_area_toml_is_listed(tmp_path):
    (tmp_path / "area.toml").write_text('crs = "Mars"\n[[levels]]\nkey = "A"\n')
    assert len(check(tmp_path).faults) > 3


def test_the_json_has_the_documented_members(tmp_path):
    report = json.loads(run(make(tmp_path / "p", leaf=leaves(*SOUND[1:])), "--json").output)
    assert {key: report[key] for key in ("format", "pack", "errors", "warnings")} == {
        "format": 1,
        "pack": "p",
        "errors": 0,
        "warnings": 1,
    }
    (fault,) = report["faults"]
    assert list(fault) == ["severity", "kind", "file", "codes", "features", "lon", "lat", "area_m2", "count", "message"]
    assert (fault["kind"], fault["file"], fault["count"]) == ("gap", "leaf.geojson", 1)
    assert fault["area_m2"] == pytest.approx(183.1 * 221.9, rel=0.01)


def test_the_text_has_severity_file_codes_place_and_size(tmp_path):
    line = run(make(tmp_path / "p", leaf=leaves(*SOUND, cell(0.5, 0.5, 0.4, 0.4)))).output.splitlines()[0]
    assert line.startswith("error    leaf.geojson: overlap [01, 05] at 113.6")
    assert " m2: 01 and 05 overlap" in line


def test_errors_come_first(tmp_path):
    faults = check(make(tmp_path / "p", leaf=leaves(*SOUND[1:], cell(1.5, 1.5)))).faults
    severities = [SEVERITY[fault.kind] for fault in faults]
    assert severities == sorted(severities)
    assert {"overlap", "gap"} <= {fault.kind for fault in faults}


def test_a_shipped_area_is_checked_by_its_name():
    assert run("dc").exit_code == 0


@pytest.mark.parametrize("name", sorted(data.available()))
def test_a_shipped_area_has_no_error(name):
    assert [fault for fault in check(data.path(name)).faults if fault.severity == "error"] == []


def test_the_net_of_washington_has_no_line_but_for_its_winding():
    assert set(kinds(data.path("dc"))) <= {"right_hand_rule"}


# --- what only a whole pack shows


@pytest.mark.parametrize("path", EDGE, ids=lambda path: "/".join(path.parts[-3:]))
def test_an_edge_file_in_a_pack_ends_in_a_report(path, tmp_path):
    make(tmp_path / "p", more=POINTS)
    for name in ("leaf", "shops"):
        shutil.copyfile(path, tmp_path / "p" / f"{name}.geojson")
    assert json.loads(check(tmp_path / "p").json())["errors"] > 0
    repair(tmp_path / "p", tmp_path / "out")
    check(tmp_path / "out")


def test_a_missing_property_says_what_there_is(tmp_path):
    pack = make(tmp_path / "p", leaf=collection(*(feature(geom, GRID=str(n)) for n, geom in enumerate(SOUND))))
    fault = next(fault for fault in check(pack).faults if fault.kind == "missing_property")
    assert "GRID" in fault.message


def test_points_outside_are_one_line_with_their_ids(tmp_path):
    shops = collection(
        feature(shapely.Point(LON, LAT), no="1"),
        feature(shapely.Point(0, 0), no="2"),
        feature(shapely.Point(1, 1), no="3"),
    )
    (fault,) = check(make(tmp_path / "p", more=POINTS, shops=shops)).faults
    assert (fault.kind, fault.codes, fault.count) == ("point_outside", ("2", "3"), 2)


def test_ids_that_repeat_are_one_line(tmp_path):
    shops = collection(*(feature(shapely.Point(LON + CELL, LAT + CELL), no=no) for no in ("a", "a", "b", "a")))
    (fault,) = check(make(tmp_path / "p", more=POINTS, shops=shops)).faults
    assert (fault.kind, fault.codes, fault.count) == ("repeated_id", ("a",), 2)


def test_a_point_without_a_place_is_a_warning(tmp_path):
    assert kinds(make(tmp_path / "p", more=POINTS, shops=collection(feature(None, no="1")))) == ["no_place"]


def test_a_line_among_points_is_an_error(tmp_path):
    assert kinds(
        make(
            tmp_path / "p",
            more=POINTS,
            shops=collection(feature(shapely.LineString([(LON, LAT), (LON + CELL, LAT)]), no="1")),
        )
    ) == ["wrong_geometry_type"]


def test_statuses_times_and_numbers_that_cannot_be_read_are_said(tmp_path):
    more = (
        POINTS.replace('"site"', '"incident"')
        + '[points.fields]\nstatus = "s"\nreported = "t"\nfloor = "f"\n[points.status]\nOPEN = "reported"\n'
    )
    place = shapely.Point(LON + CELL, LAT + CELL)
    shops = collection(
        feature(place, no="1", s="OPEN", t="2026-03-01T08:30", f=3),
        feature(place, no="2", s="WHAT", t="yesterday-ish", f="third"),
    )
    pack = make(tmp_path / "p", more=more, shops=shops)
    assert sorted(kinds(pack)) == ["unreadable_number", "unreadable_time"]
    found = check(pack, statuses={"reported"}).faults
    assert {(fault.kind, fault.codes) for fault in found} == {
        ("unreadable_number", ("2",)),
        ("unreadable_time", ("2",)),
        ("unknown_status", ("2",)),
    }


def test_a_whole_pack_with_swapped_axes_that_fit_a_globe_is_found(tmp_path):
    """Kashgar: 76 east, 39 north; swapped it lies in the Arctic, which is a place."""
    swapped = [shapely.box(39.5 + n * CELL, 75.9, 39.5 + (n + 1) * CELL, 75.9 + CELL) for n in range(2)]
    assert "swapped_axes" in kinds(make(tmp_path / "p", leaf=leaves(*swapped)))


def test_swapped_axes_are_found_by_the_time_zone(tmp_path):
    boxes = [shapely.box(38.9, -77.1 + n * CELL, 38.9 + CELL, -77.1 + (n + 1) * CELL) for n in range(2)]
    assert "swapped_axes" in kinds(make(tmp_path / "p", top='timezone = "America/New_York"', leaf=leaves(*boxes)))


def test_one_file_with_swapped_axes_is_found_by_the_others(tmp_path):
    lon, lat = 30.0, 31.0
    boxes = collection(feature(shapely.box(lon, lat, lon + CELL, lat + CELL), id="1"))
    pack = make(
        tmp_path / "p",
        top='timezone = "Africa/Cairo"',
        leaf=boxes,
        more=POINTS,
        shops=collection(feature(shapely.Point(lat, lon), no="1")),
    )
    (pack / "top.geojson").write_text(boxes)
    assert [(fault.kind, fault.file) for fault in check(pack).faults if fault.severity == "error"] == [
        ("swapped_axes", "shops.geojson")
    ]


def test_a_stack_with_faults_is_named(tmp_path):
    pack = make(tmp_path / "p")
    toml = (pack / "area.toml").read_text(encoding="utf-8")
    (pack / "area.toml").write_text(
        toml.replace('file = "leaf.geojson"', 'file = "leaf.geojson"\nstacks = "stacks.csv"'), encoding="utf-8"
    )
    rows = [
        "code,parent,on,unit_from,unit_to,floor_from,floor_to",
        "a,T,01,1,1,1,9",
        "b,T,01,1,1,9,20",
        "a,T,01,2,2,1,9",
        "c,X,02,1,1,9,1",
        "d,T,99,,,,",
        "e,T,01,x,,,",
    ]
    (pack / "stacks.csv").write_text("\n".join(rows))
    found = [(fault.kind, fault.codes[0]) for fault in check(pack).faults]
    assert found == [("bad_stack", code) for code in ("e", "a", "c", "c", "d", "a")]


# --- GCJ-02


def shifted(tmp_path, convert, seed=1):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(LON, LON + 4 * CELL, 200), rng.uniform(LAT, LAT + 4 * CELL, 200)
    x, y = convert(x, y)
    shops = collection(*(feature(shapely.Point(*place), no=str(n)) for n, place in enumerate(zip(x, y, strict=True))))
    pack = make(
        tmp_path / "p", more=POINTS, shops=shops, leaf=leaves(*(cell(i, j) for i in range(4) for j in range(4)))
    )
    (pack / "top.geojson").write_text(collection(feature(cell(0, 0, 4, 4), id="T")))
    return pack


def test_points_in_gcj02_that_pose_as_wgs84_are_suspected(tmp_path):
    pack = shifted(tmp_path, lambda x, y: crs.from_wgs84(x, y, "GCJ-02"))
    fault = next(fault for fault in check(pack).faults if fault.kind == "looks_like_gcj02")
    assert "is it GCJ-02?" in fault.message
    assert fault.file == "shops.geojson"


def test_a_net_in_gcj02_that_poses_as_wgs84_is_suspected(tmp_path):
    pack = shifted(tmp_path, lambda x, y: crs.to_wgs84(x, y, "GCJ-02"))
    assert any("is the net GCJ-02?" in fault.message for fault in check(pack).faults)


@pytest.mark.parametrize("move", [(0.0, 0.0), (0.0, 0.005), (0.0, -0.005), (0.004, 0.004), (0.05, 0.05)])
def test_points_that_are_right_or_off_another_way_are_not_suspected(tmp_path, move):
    assert "looks_like_gcj02" not in kinds(shifted(tmp_path, lambda x, y: (x + move[0], y + move[1])))


# --- repairs


def test_a_repaired_copy_has_no_error_and_the_pack_is_untouched(tmp_path):
    bow = shapely.Polygon(
        [(LON, LAT), (LON + CELL, LAT), (LON + CELL, LAT + CELL), (LON, LAT + CELL), (LON + CELL / 2, LAT - CELL / 10)]
    )
    text = leaves(bow, cell(0.9, 0, 1.1, 1), cell(0, 1), cell(1, 1))
    document = json.loads(text)
    del document["features"][3]["geometry"]["coordinates"][0][-1]
    document["features"][2]["type"] = "feature"
    pack = make(tmp_path / "p", leaf=json.dumps(document))
    before = snapshot(pack)
    assert {"invalid_geometry", "unclosed_ring", "not_geojson", "overlap"} <= set(kinds(pack))
    result = run(pack, "--fix", tmp_path / "out", "--json")
    report = json.loads(result.output)
    assert (result.exit_code, report["errors"]) == (0, 0)
    assert {"invalid_geometry", "unclosed_ring", "not_geojson", "overlap"} <= {
        each["kind"] for each in report["repairs"]
    }
    assert snapshot(pack) == before
    assert {path.name for path in tmp_path.iterdir()} == {"p", "out"}
    load(tmp_path / "out")


def test_a_file_in_gbk_is_rewritten_as_declared(tmp_path):
    text = collection(*(feature(geom, id=f"{n}", name="陇南社区") for n, geom in enumerate(SOUND)))
    pack = make(tmp_path / "p", leaf=text.encode("gbk"))
    assert kinds(pack) == ["wrong_encoding"]
    assert [each.kind for each in repair(pack, tmp_path / "out")] == ["wrong_encoding"]
    assert kinds(tmp_path / "out") == []
    assert "陇南社区" in (tmp_path / "out" / "leaf.geojson").read_text(encoding="utf-8")


def test_swapped_axes_are_put_right(tmp_path):
    swapped = shapely.transform(np.array(SOUND), lambda c: c[:, ::-1])
    pack = make(tmp_path / "p", leaf=leaves(*swapped))
    assert kinds(pack)[0] == "swapped_axes"
    repair(pack, tmp_path / "out")
    assert kinds(tmp_path / "out") == []


def test_a_strip_between_grids_in_metres_is_filled(tmp_path):
    east = shapely.box(LON + CELL + 2e-6, LAT, LON + 2 * CELL, LAT + 2 * CELL)
    metres = crs.geometries_from_wgs84(np.array([cell(0, 0, 1, 2), east, cell(0, 0, 2, 2)], dtype=object), "EPSG:4547")
    pack = make(tmp_path / "p", top='crs = "EPSG:4547"', leaf=leaves(*metres[:2]))
    (pack / "top.geojson").write_text(collection(feature(metres[2], id="T")))
    assert "sliver" in kinds(pack)
    assert "sliver" in [each.kind for each in repair(pack, tmp_path / "out")]
    assert kinds(tmp_path / "out") == []


def test_what_is_a_decision_is_left_and_said(tmp_path):
    pack = make(tmp_path / "p", leaf=collection(feature(cell(0, 0), id="1"), feature(cell(1, 0, 1, 2), id="1")))
    assert repair(pack, tmp_path / "out") == []
    assert kinds(tmp_path / "out") == ["duplicate_code", "gap"]


def test_a_copy_is_whole_or_not_there(tmp_path, monkeypatch):
    pack = make(tmp_path / "p")
    monkeypatch.setattr(
        "layers.repair._coverage", lambda folder: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(PackError, match="No space left"):
        repair(pack, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_copy_never_goes_over_anything_or_into_the_pack(tmp_path):
    pack = make(tmp_path / "p")
    for out in (pack, pack / "inside"):
        with pytest.raises(PackError):
            repair(pack, out)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 3), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
def test_a_repaired_copy_never_has_more_errors(tmp_path_factory, which, east, north):
    folder = tmp_path_factory.mktemp("fix")
    geoms = list(SOUND)
    geoms[which] = shapely.transform(geoms[which], lambda c: c + np.array([east * CELL, north * CELL]))
    pack = make(folder / "p", leaf=leaves(*geoms))
    repair(pack, folder / "out")
    assert check(folder / "out").errors <= check(pack).errors
    assert "overlap" not in kinds(folder / "out")


def test_every_kind_of_fault_has_advice_for_the_page():
    assert set(ADVICE) == set(SEVERITY)
