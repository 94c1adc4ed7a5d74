"""`battlemap pack init`: from what a street has to a pack, and what it says on the way."""

import json
import tomllib
import zipfile
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cli import battlemap
from geo.crs import geometries_from_wgs84
from geo.errors import CrsError, MissingCrs, PackError
from geo.scheme import Name
from geo.validate import Severity
from layers.check import check, check_reading
from layers.intake.columns import code_column, status_map, texts
from layers.intake.first_day import FirstDay, Request, first_day, nearest_timezone
from layers.intake.propose import Wishes
from layers.intake.sources import guess_encoding, read_sources
from layers.intake.write import Heading, _pair
from layers.load import build_net, load, read
from layers.pack import read_pack

DC = Path(__file__).parent.parent / "data" / "dc"
TODAY = date(2026, 11, 22)


# ---- what the tests write -------------------------------------------------------------------------------------------------------------------------------


@cache
def net(file: str) -> tuple[list[dict], np.ndarray]:
    document = json.loads((DC / file).read_text("utf-8"))
    features = document["features"]
    return [feature["properties"] for feature in features], np.array(
        [shapely.geometry.shape(feature["geometry"]) for feature in features]
    )


def save(
    path: Path,
    columns: dict[str, list],
    geoms,
    *,
    crs: str | None = "EPSG:4326",
    layer: str | None = None,
    append: bool = False,
    **options,
) -> Path:
    """Write a map file with GDAL; pyogrio's frames are avoided, so that nothing is typed behind our back."""
    import warnings

    geoms = np.asarray(geoms, dtype=object)
    if crs and crs != "EPSG:4326":
        geoms = geometries_from_wgs84(geoms, crs)
    kinds = {geom.geom_type for geom in geoms if geom is not None}
    kind = (
        kinds.pop()
        if len(kinds) == 1
        else "Polygon"
        if kinds == {"Polygon", "MultiPolygon"} and path.suffix == ".shp"
        else "Unknown"
    )
    values = [
        pd.array(column).to_numpy()
        if all(isinstance(value, int) for value in column)
        else np.array(column, dtype=object)
        for column in columns.values()
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL warns that it cuts names at ten characters: what we test
        pyogrio.raw.write(
            path,
            shapely.to_wkb(geoms),
            values,
            list(columns),
            geometry_type=kind,
            crs=crs,
            layer=layer,
            append=append,
            **options,
        )
    return path


def columns_of(rows: list[dict]) -> dict[str, list]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def save_dc(path: Path, file: str, crs: str = "EPSG:4326", extra: dict[str, list] | None = None, **options) -> Path:
    rows, geoms = net(file)
    return save(path, {**columns_of(rows), **(extra or {})}, geoms, crs=crs, **options)


def lattice(wide: int, high: int, *, west: float = 113.60, south: float = 34.74, size: float = 0.002) -> np.ndarray:
    """Squares, west to east, then north to south; by default in Zhengzhou."""
    return np.array(
        [
            shapely.box(west + i * size, south - (j + 1) * size, west + (i + 1) * size, south - j * size)
            for j in range(high)
            for i in range(wide)
        ]
    )


def street(folder: Path, *, crs: str = "EPSG:4490", **options) -> Path:
    """A street of 4 communities with 36 micro-grids, in Chinese, as Shapefiles."""
    folder.mkdir(parents=True, exist_ok=True)
    save(
        folder / "社区.shp",
        {
            "社区代码": ["410102001001", "410102001002", "410102001003", "410102001004"],
            "社区名称": ["陇南社区", "棉纺社区", "建设社区", "桐柏社区"],
        },
        lattice(2, 2, size=0.006),
        crs=crs,
        **options,
    )
    parents = [f"41010200100{1 + i // 3 + 2 * (j // 3)}" for j in range(6) for i in range(6)]
    codes = [f"{parent}{number:03d}" for number, parent in enumerate(parents, start=1)]
    save(
        folder / "微网格.shp",
        {
            "OBJECTID": list(range(1, 37)),
            "网格编码": codes,
            "所属社区": parents,
            "Shape_Area": [1234.5 + n for n in range(36)],
        },
        lattice(6, 6),
        crs=crs,
        **options,
    )
    return folder


def day(source: Path, **asked) -> FirstDay:
    return first_day(Request(source=source, today=TODAY, **asked))


def roles(found: FirstDay) -> dict[str, str]:
    return {entry.layer.name: entry.role for entry in found.proposal.entries}


def settings(found: FirstDay, name: str) -> dict:
    return dict(next(entry.settings for entry in found.proposal.entries if entry.layer.name == name))


def level_names(found: FirstDay) -> list[str]:
    return [entry.layer.name for entry in found.proposal.of("level")]


def run(*arguments: object):
    return CliRunner().invoke(battlemap, [str(argument) for argument in arguments])


# ---- the real net of Washington in every format -------------------------------------------------------------------------------------------------------


@cache
def shipped(lon: tuple[float, ...], lat: tuple[float, ...]) -> list[str]:
    """Codes of districts by the shipped pack."""
    return list(build_net(read(DC)).assign(np.array(lon), np.array(lat))["smd"])


def assert_is_washington(found: FirstDay, out: Path) -> None:
    by_role = {role: [len(entry.layer) for entry in found.proposal.of(role)] for role in ("level", "overlay")}
    assert by_role == {"level": [40, 296], "overlay": [8]}
    leaf = found.proposal.of("level")[1]
    assert (leaf.settings["code"], leaf.settings["parent"]) == ("SMD_ID", "ANC_ID")
    found.write(out)
    reading = read(out)
    x, y = (-77.0365, -77.0091, -76.95), (38.8977, 38.8899, 38.87)
    assert list(build_net(reading).assign(np.array(x), np.array(y))[leaf.key]) == shipped(x, y)
    assert Severity.ERROR not in {fault.severity for fault in check_reading(reading)}


@pytest.mark.parametrize("crs", ["EPSG:32618", "EPSG:2248"])
def test_shapefiles_with_gbk_names_and_any_projection_become_the_net(tmp_path, crs):
    source = tmp_path / "net"
    source.mkdir()
    save_dc(source / "smd.shp", "smd.geojson", crs, {"名称": [f"第{n}选区" for n in range(296)]}, encoding="GBK")
    save_dc(source / "anc.shp", "anc.geojson", crs, {"名称": [f"邻里{n}" for n in range(40)]}, encoding="GBK")
    save_dc(source / "wards.shp", "wards.geojson", crs, encoding="UTF-8")
    for cpg in source.glob("*.cpg"):
        cpg.unlink()
    found = day(source)
    assert_is_washington(found, tmp_path / "pack")
    assert (
        json.loads((tmp_path / "pack" / "smd.geojson").read_text("utf-8"))["features"][3]["properties"]["名称"]
        == "第3选区"
    )
    assert {entry.layer.encoding for entry in found.proposal.of("level")} == {"GB18030"}


def test_a_geopackage_with_several_layers_becomes_the_net(tmp_path):
    for number, (layer, file) in enumerate(
        (("wards", "wards.geojson"), ("smd", "smd.geojson"), ("anc", "anc.geojson"))
    ):
        save_dc(tmp_path / "dc.gpkg", file, "EPSG:2248", layer=layer, append=number > 0)
    found = day(tmp_path / "dc.gpkg")
    assert level_names(found) == ["dc/anc", "dc/smd"]
    assert_is_washington(found, tmp_path / "pack")


def test_kml_files_become_the_net(tmp_path):
    source = tmp_path / "kml"
    source.mkdir()
    for name in ("smd", "anc", "wards"):
        save_dc(source / f"{name}.kml", f"{name}.geojson", driver="LIBKML")
    found = day(source)
    assert_is_washington(found, tmp_path / "pack")
    assert "tessellate" not in found.proposal.entries[0].layer.columns


def test_a_zip_of_geojson_with_points_becomes_the_net(tmp_path):
    with zipfile.ZipFile(tmp_path / "dc.zip", "w") as archive:
        for name in ("smd", "anc", "wards", "gas_stations", "rodent", "schools", "police_stations"):
            archive.write(DC / f"{name}.geojson", f"dc/{name}.geojson")
    found = day(tmp_path / "dc.zip")
    assert_is_washington(found, tmp_path / "pack")
    kinds = {entry.key: entry.settings["kind"] for entry in found.proposal.of("points")}
    assert kinds == {"gas_stations": "site", "rodent": "incident", "schools": "building", "police_stations": "service"}
    fields = settings(found, "rodent")["fields"]
    assert fields == {
        "title": "SERVICECODEDESCRIPTION",
        "status": "SERVICEORDERSTATUS",
        "reported": "ADDDATE",
        "due": "SERVICEDUEDATE",
        "closed": "RESOLUTIONDATE",
        "responsible": "ORGANIZATIONACRONYM",
        "address": "STREETADDRESS",
    }
    frame = load(tmp_path / "pack").points["rodent"]
    assert len(frame) == 317 + 1
    assert set(frame["status"]) <= {"closed", "reported", "cancelled", "in_hand", "linked", "refused"}
    assert read_pack(tmp_path / "pack").timezone.key == "America/New_York"


def test_wards_that_nearly_hold_the_districts_are_still_no_level(tmp_path):
    """98.9 % of the districts' area lies in one ward; three districts lie across two."""
    source = tmp_path / "net"
    source.mkdir()
    for name in ("smd", "wards"):
        (source / f"{name}.geojson").write_bytes((DC / f"{name}.geojson").read_bytes())
    found = day(source)
    assert roles(found) == {"smd": "level", "wards": "overlay"}
    assert any("3 polygons lie in two" in reason for reason in found.proposal.of("overlay")[0].reasons)


# ---- Chinese streets ----------------------------------------------------------------------------------------------------------------------------------


def test_a_chinese_street_in_gbk_without_cpg_keeps_its_names_and_codes(tmp_path):
    source = street(tmp_path / "街道", encoding="GBK")
    for cpg in source.glob("*.cpg"):
        cpg.unlink()
    found = day(source)
    assert level_names(found) == ["社区", "微网格"]
    assert settings(found, "社区")["code"] == "社区代码"
    assert settings(found, "社区")["label"] == "社区名称"
    assert settings(found, "微网格")["code"] == "网格编码"
    assert settings(found, "微网格")["parent"] == "所属社区"
    found.write(tmp_path / "pack")
    area = load(tmp_path / "pack")
    assert area.net.leaf.codes[0] == "410102001001001"
    assert list(area.net.level("community").labels) == ["陇南社区", "棉纺社区", "建设社区", "桐柏社区"]
    assert read_pack(tmp_path / "pack").name == Name("街道", "街道")
    assert str(read_pack(tmp_path / "pack").timezone) == "Asia/Shanghai"
    assert check(tmp_path / "pack").errors == 0


def test_a_cpg_that_lies_is_not_believed(tmp_path):
    source = street(tmp_path / "net", encoding="GBK")
    for cpg in source.glob("*.cpg"):
        cpg.write_text("UTF-8")
    found = day(source)
    assert settings(found, "微网格")["code"] == "网格编码"
    assert any("which its bytes are not" in note for note in found.proposal.entries[0].layer.notes)


def test_an_encoding_given_is_obeyed_and_an_unknown_one_refused(tmp_path):
    source = street(tmp_path / "net", encoding="GBK")
    assert "网格编码" not in day(source, encoding="cp1252").proposal.entries[1].layer.columns
    with pytest.raises(PackError, match="'klingon' is unknown"):
        day(source, encoding="klingon")


def test_swapped_axes_are_put_right(tmp_path):
    source = tmp_path / "net"
    source.mkdir()
    turned = shapely.transform(lattice(3, 3), lambda points: points[:, ::-1])
    save(source / "网格.shp", {"编号": [f"3-{n:02d}" for n in range(9)]}, turned, crs=None, encoding="UTF-8")
    found = day(source)
    place = found.places["网格"]
    assert (place.crs, place.swapped) == ("EPSG:4490", True)
    assert shapely.total_bounds(found.proposal.entries[0].layer.geoms)[0] == pytest.approx(113.6)


@pytest.mark.parametrize("swapped", [False, True])
def test_eastings_with_a_zone_number_tell_their_zone(tmp_path, swapped):
    geoms = geometries_from_wgs84(lattice(3, 3), "EPSG:4526")
    if swapped:
        geoms = shapely.transform(geoms, lambda points: points[:, ::-1])
    save(tmp_path / "grid.shp", {"CODE": [f"g{n}" for n in range(9)]}, geoms, crs=None)
    place = day(tmp_path / "grid.shp").places["grid"]
    assert (place.crs, place.swapped, place.confidence) == ("EPSG:4526", swapped, "medium")


def test_eastings_without_a_zone_number_ask_and_name_the_candidates(tmp_path):
    save(
        tmp_path / "grid.shp",
        {"CODE": [f"g{n}" for n in range(9)]},
        geometries_from_wgs84(lattice(3, 3), "EPSG:4547"),
        crs=None,
    )
    with pytest.raises(
        MissingCrs, match=r"grid.shp declares no coordinate system .*EPSG:4547 puts it at 113.60, 34.74"
    ):
        day(tmp_path / "grid.shp")
    found = day(tmp_path / "grid.shp", crs="EPSG:4547")
    assert shapely.total_bounds(found.proposal.entries[0].layer.geoms)[0] == pytest.approx(113.6, abs=1e-6)


def test_eastings_without_a_zone_number_follow_the_layers_beside_them(tmp_path):
    source = street(tmp_path / "net", encoding="UTF-8")
    save(
        source / "加油站.shp",
        {"名称": ["甲", "乙"]},
        geometries_from_wgs84([shapely.Point(113.605, 34.735), shapely.Point(113.606, 34.736)], "EPSG:4547"),
        crs=None,
        encoding="UTF-8",
    )
    found = day(source)
    assert found.places["加油站"].crs == "EPSG:4547"
    assert roles(found)["加油站"] == "points"


def test_a_declared_system_that_the_numbers_contradict_is_not_believed(tmp_path):
    source = street(tmp_path / "net", crs="EPSG:4490", encoding="UTF-8")
    prj = (source / "微网格.prj").read_text()
    save(
        source / "other.shp",
        {"CODE": ["a"]},
        geometries_from_wgs84([shapely.box(113.60, 34.72, 113.61, 34.73)], "EPSG:4526"),
        crs=None,
    )
    (source / "other.prj").write_text(prj)
    assert day(source).places["other"].crs == "EPSG:4526"


def test_a_system_given_that_cannot_be_is_refused(tmp_path):
    save(tmp_path / "grid.geojson", {"CODE": ["a", "b"]}, lattice(2, 1))
    with pytest.raises(CrsError, match="holds degrees"):
        day(tmp_path / "grid.geojson", crs="EPSG:4547")


@pytest.mark.parametrize(
    ("west", "south", "crs"),
    [(113.6, 34.7, "EPSG:4490"), (90.4, 23.8, "EPSG:4326"), (127.0, 37.5, "EPSG:4326"), (77.2, 28.6, "EPSG:4326")],
)
def test_degrees_without_a_declaration_are_cgcs2000_in_china_and_wgs84_beside_it(tmp_path, west, south, crs):
    """Zhengzhou; Dhaka, Seoul and Delhi lie within China's rectangle, and not in China."""
    save(tmp_path / "grid.shp", {"CODE": ["a", "b"]}, lattice(2, 1, west=west, south=south), crs=None)
    assert day(tmp_path / "grid.shp").places["grid"].crs == crs


def test_gcj02_can_be_declared(tmp_path):
    save(tmp_path / "grid.geojson", {"CODE": ["a", "b"]}, lattice(2, 1))
    found = day(tmp_path / "grid.geojson", crs_of={"grid.geojson": "GCJ-02"})
    assert shapely.total_bounds(found.proposal.entries[0].layer.geoms)[0] == pytest.approx(113.594, abs=5e-4)


# ---- drawings -------------------------------------------------------------------------------------------------------------------------------------------


def dxf(path: Path, *, encoding: str = "gbk", version: str = "AC1015") -> Path:
    """A survey office's drawing: closed polylines by layer, lettering on a layer of its own, no system, zone 38."""

    def pair(code: int, value: object) -> str:
        return f"{code}\n{value}\n"

    def outline(layer: str, geom) -> str:
        points = shapely.get_coordinates(geom)[:-1]
        return (
            pair(0, "LWPOLYLINE")
            + pair(100, "AcDbEntity")
            + pair(8, layer)
            + pair(100, "AcDbPolyline")
            + pair(90, len(points))
            + pair(70, 1)
            + "".join(pair(10, x) + pair(20, y) for x, y in points)
        )

    def text(layer: str, words: str, geom) -> str:
        middle = shapely.centroid(geom)
        return pair(0, "TEXT") + pair(8, layer) + pair(10, middle.x) + pair(20, middle.y) + pair(40, 5) + pair(1, words)

    wide, leaf = (
        geometries_from_wgs84(lattice(2, 2, size=0.006), "EPSG:4526"),
        geometries_from_wgs84(lattice(6, 6), "EPSG:4526"),
    )
    body = "".join(outline("社区界线", geom) for geom in wide) + "".join(outline("微网格", geom) for geom in leaf)
    body += "".join(text("微网格注记", f"{n // 6 + 1}-{n % 6 + 1:02d}", geom) for n, geom in enumerate(leaf))
    body += (
        pair(0, "LINE")
        + pair(8, "图框")
        + pair(10, wide[0].bounds[0])
        + pair(20, wide[0].bounds[1])
        + pair(11, wide[0].bounds[2])
        + pair(21, wide[0].bounds[3])
    )
    head = (
        pair(0, "SECTION")
        + pair(2, "HEADER")
        + pair(9, "$ACADVER")
        + pair(1, version)
        + pair(9, "$DWGCODEPAGE")
        + pair(3, "ANSI_936")
        + pair(0, "ENDSEC")
    )
    path.write_bytes(
        (head + pair(0, "SECTION") + pair(2, "ENTITIES") + body + pair(0, "ENDSEC") + pair(0, "EOF")).encode(encoding)
    )
    return path


@pytest.mark.parametrize(("encoding", "version"), [("gbk", "AC1015"), ("utf-8", "AC1015"), ("utf-8", "AC1027")])
def test_a_drawing_becomes_a_net_with_its_lettering_as_codes(tmp_path, encoding, version):
    found = day(dxf(tmp_path / "图.dxf", encoding=encoding, version=version))
    assert level_names(found) == ["图/社区界线", "图/微网格"]
    assert settings(found, "图/微网格")["code"] == "TEXT"
    assert settings(found, "图/社区界线")["code"] == "GRID_CODE"
    assert dict(found.proposal.left_out).keys() == {"图/微网格注记", "图/图框"}
    found.write(tmp_path / "pack")
    area = load(tmp_path / "pack")
    assert area.net.leaf.codes[0] == "1-01"
    assert area.net.bounds[0] == pytest.approx(113.6, abs=1e-6)
    assert check(tmp_path / "pack").errors == 0


def test_a_drawing_written_by_gdal_is_read_too(tmp_path):
    rows, geoms = net("smd.geojson")
    save(
        tmp_path / "d.dxf",
        {"Layer": ["SMD"] * len(rows)},
        shapely.get_exterior_ring([max(shapely.get_parts(geom), key=shapely.area) for geom in geoms]),
        crs="EPSG:32618",
        driver="DXF",
    )
    found = day(tmp_path / "d.dxf", crs="EPSG:32618")
    assert [len(entry.layer) for entry in found.proposal.of("level")] == [296]
    assert sorted(settings(found, found.proposal.entries[0].layer.name)) == ["code"]


# ---- foreign tables -------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"BoroCD": [101, 102, 103], "Shape_Leng": [1.5, 2.5, 3.5], "Shape_Area": [9.1, 9.2, 9.3]}, "BoroCD"),
        (
            {
                "area": [0, 0, 0],
                "area_num_1": ["35", "36", "37"],
                "area_numbe": ["35", "36", "37"],
                "comarea": [0, 0, 0],
                "community": ["DOUGLAS", "OAKLAND", "FULLER PARK"],
            },
            "area_numbe",
        ),
        ({"objectid": [1, 2, 3], "ward": ["12", "16", "15"], "shape_area": [1.0, 2.0, 3.5]}, "ward"),
        (
            {
                "n_sq_ar": [750000001, 750000002, 750000003],
                "c_ar": [1, 2, 3],
                "c_arinsee": [75101, 75102, 75103],
                "l_ar": ["1er Ardt", "2ème Ardt", "3ème Ardt"],
            },
            "c_arinsee",
        ),
        ({"FID": [0, 1, 2], "网格编号": ["3-01", "3-02", "3-03"], "名称": ["一", "二", "三"]}, "网格编号"),
        (
            {
                "NTACode": ["BK88", "QN51", "QN27"],
                "BoroCode": [3, 4, 4],
                "NTAName": ["Borough Park", "Murray Hill", "East Elmhurst"],
            },
            "NTACode",
        ),
        ({"GEOID10": ["36061000100", "36061000201", "36061000202"], "NAME10": ["1", "2.01", "2.02"]}, "GEOID10"),
        (
            {"globalid": ["{a}", "{b}", "{c}"], "dist_num": ["1", "2", "3"], "dist_label": ["1ST", "2ND", "3RD"]},
            "dist_num",
        ),
        ({"OBJECTID": [1, 2, 3]}, "OBJECTID"),
        (  # Chicago's community areas: COMAREA_ID is what ArcInfo counted, AREA_NUMBE(R) the official number
            {
                "COMAREA_": [2, 3, 4],
                "COMAREA_ID": [1, 2, 4],
                "AREA_NUMBE": ["1", "9", "76"],
                "COMMUNITY": ["A", "B", "C"],
            },
            "AREA_NUMBE",
        ),
    ],
)
def test_the_code_is_found_among_foreign_columns(columns, code):
    found = code_column(columns)
    assert found is not None
    assert found.column == code


def test_a_table_without_a_value_of_its_own_in_every_row_has_no_code():
    assert code_column({"type": ["a", "a", "b"], "area": [1.5, 2.5, 3.5]}) is None
    assert code_column({}) is None


def test_codes_stay_integers_where_some_are_missing(tmp_path):
    ids = pd.array([410102001001001019, None, 410102001001001021], dtype="Int64")
    frame = __import__("geopandas").GeoDataFrame({"CODE": ids}, geometry=lattice(3, 1), crs=4490)
    frame.to_file(tmp_path / "g.gpkg", layer="g")
    layer = read_sources(tmp_path / "g.gpkg").layers[0]
    assert texts(layer.columns["CODE"]) == ["410102001001001019", "", "410102001001001021"]


def test_rows_of_one_code_are_joined_as_parts_and_it_says_so(tmp_path):
    geoms = lattice(5, 1)
    save(tmp_path / "g.geojson", {"CODE": ["a", "b", "c", "d", "a"], "kind": ["x"] * 5}, geoms)
    entry = day(tmp_path / "g.geojson").proposal.entries[0]
    assert len(entry.layer) == 4
    assert entry.layer.geoms[0].geom_type == "MultiPolygon"
    assert entry.layer.notes == ("1 features were joined to others of the same code, as parts of one grid",)


def test_levels_mixed_in_one_layer_are_parted(tmp_path):
    geoms = np.concatenate([lattice(1, 1, size=0.012), lattice(2, 2, size=0.006), lattice(6, 6)])
    grades = ["街道"] + ["社区"] * 4 + ["微网格"] * 36
    save(tmp_path / "网格.geojson", {"编码": [f"g{n:02d}" for n in range(41)], "级别": grades}, geoms)
    assert level_names(day(tmp_path / "网格.geojson")) == ["网格:街道", "网格:社区", "网格:微网格"]


def test_a_level_can_be_made_by_joining_grids(tmp_path):
    parents = [f"c{1 + i // 3 + 2 * (j // 3)}" for j in range(6) for i in range(6)]
    save(tmp_path / "g.geojson", {"CODE": [f"g{n:02d}" for n in range(36)], "社区": parents}, lattice(6, 6))
    assert "--dissolve g:社区=KEY" in day(tmp_path / "g.geojson").proposal.advice[0]
    found = day(tmp_path / "g.geojson", wishes=Wishes(dissolve={"g": {"社区": "community"}}))
    assert [(entry.key, len(entry.layer)) for entry in found.proposal.of("level")] == [("community", 4), ("g", 36)]
    assert settings(found, "g")["parent"] == "社区"


def test_slivers_and_invalid_polygons_do_not_hide_the_net(tmp_path):
    rng = np.random.default_rng(7)
    geoms = np.array(
        [shapely.transform(geom, lambda points: points + rng.normal(0, 2e-5, 2)) for geom in lattice(12, 10)]
    )
    geoms[5] = shapely.Polygon([(113.61, 34.74), (113.612, 34.738), (113.612, 34.74), (113.61, 34.738)])
    wide = np.array(
        [
            shapely.box(113.6 + i * 0.008, 34.74 - (j + 1) * 0.01, 113.6 + (i + 1) * 0.008, 34.74 - j * 0.01)
            for j in range(2)
            for i in range(3)
        ]
    )
    source = tmp_path / "net"
    source.mkdir()
    save(source / "b.geojson", {"nr": [f"{n:03d}" for n in range(120)]}, geoms)
    save(source / "a.geojson", {"naam": list("abcdef")}, wide)
    assert level_names(day(source)) == ["a", "b"]


def test_houses_streets_water_and_sites_find_their_places(tmp_path):
    source = street(tmp_path / "net", encoding="UTF-8")
    houses = shapely.buffer(shapely.centroid(lattice(24, 24, size=0.0005)), 0.0001, cap_style="square")
    save(source / "fw.geojson", {"id": list(range(576)), "height": [9] * 576}, houses)
    save(source / "道路.geojson", {"路名": ["棉纺路"]}, [shapely.LineString([(113.6, 34.735), (113.612, 34.735)])])
    save(source / "水系.geojson", {"名称": ["金水河"]}, [shapely.box(113.6, 34.7345, 113.612, 34.735)])
    save(source / "专属网格.geojson", {"编号": ["专1", "专2"], "单位名称": ["医院", "学校"]}, lattice(2, 1, size=0.001))
    save(
        source / "餐饮.geojson",
        {"店名": ["甲", "乙"], "地址": ["a", "b"]},
        [shapely.Point(113.601, 34.739), shapely.Point(113.602, 34.738)],
    )
    save(
        source / "民房.geojson",
        {"总户数": [36, 130], "层数": [6, 33]},
        [shapely.Point(113.601, 34.739), shapely.Point(113.602, 34.738)],
    )
    found = day(source)
    kinds = {
        entry.layer.name: (entry.role, entry.settings.get("kind", entry.settings.get("responsible")))
        for entry in found.proposal.entries
    }
    assert level_names(found) == ["社区", "微网格"]
    assert kinds["fw"] == ("ground", "footprint")
    assert kinds["道路"] == ("ground", "street")
    assert kinds["水系"] == ("ground", "water")
    assert kinds["专属网格"] == ("overlay", True)
    assert kinds["餐饮"] == ("points", "site")
    assert kinds["民房"] == ("points", "building")
    found.write(tmp_path / "pack")
    assert load(tmp_path / "pack").points["building"]["households"].tolist() == [36.0, 130.0]


def test_blocks_that_touch_are_a_level_and_compounds_are_not(tmp_path):
    source = street(tmp_path / "net", encoding="UTF-8")
    save(source / "blocks.geojson", {"GEOID": [f"b{n:03d}" for n in range(144)]}, lattice(12, 12, size=0.001))
    assert level_names(day(source)) == ["社区", "微网格", "blocks"]
    apart = shapely.buffer(shapely.centroid(lattice(12, 12, size=0.001)), 0.0004, cap_style="square")
    save(source / "blocks.geojson", {"GEOID": [f"b{n:03d}" for n in range(144)]}, apart)
    assert roles(day(source))["blocks"] == "ground"


def test_one_net_in_two_formats_is_taken_once(tmp_path):
    source = street(tmp_path / "net", encoding="UTF-8")
    save(source / "微网格.geojson", {"编号": [str(n) for n in range(36)]}, lattice(6, 6))
    found = day(source)
    assert len(found.proposal.of("level")) == 2
    assert [why for _, why in found.proposal.left_out] == ["it holds the same polygons as 微网格"]


def test_a_declared_net_may_be_as_wide_as_a_country_but_a_bare_drawing_is_asked_about(tmp_path):
    wide = lattice(4, 4, west=-120.0, south=48.0, size=5.0)
    save(tmp_path / "a.shp", {"CODE": [str(n) for n in range(16)]}, wide)
    assert day(tmp_path / "a.shp").places["a"].crs == "EPSG:4326"
    (tmp_path / "a.prj").unlink()
    with pytest.raises(MissingCrs, match="local coordinates"):
        day(tmp_path / "a.shp")


def test_kml_tables_in_descriptions_become_columns(tmp_path):
    html = "<html><table><tr><td>网格编码</td><td>{0}</td></tr><tr><td>网格长</td><td>岗位{0}</td></tr></table></html>"
    save(
        tmp_path / "g.kml",
        {"Name": ["x"] * 4, "Description": [html.format(f"3-0{n}") for n in range(4)]},
        lattice(4, 1),
        driver="KML",
    )
    layer = read_sources(tmp_path / "g.kml").layers[0]
    assert layer.columns["网格编码"] == ["3-00", "3-01", "3-02", "3-03"]
    assert "description" not in {name.lower() for name in layer.columns}


def test_mixed_kinds_of_geometry_are_parted(tmp_path):
    geoms = [
        *lattice(3, 1),
        shapely.Point(113.6, 34.74),
        shapely.GeometryCollection([shapely.Point(0, 0), lattice(4, 1)[3]]),
        None,
    ]
    text = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": str(n)},
                "geometry": None if geom is None else shapely.geometry.mapping(geom),
            }
            for n, geom in enumerate(geoms)
        ],
    }
    (tmp_path / "m.geojson").write_text(json.dumps(text))
    layers = read_sources(tmp_path / "m.geojson").layers
    assert {layer.name: layer.columns["code"] for layer in layers}["m:points"] == ["3"]
    assert next(layer for layer in layers if layer.name == "m").kind == "polygon"


# ---- encodings ------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "encoding", "guess"),
    [
        ("棉纺路街道陇南社区第三网格", "gbk", "gb18030"),
        ("棉纺路街道陇南社区第三网格", "utf-8", "utf-8"),
        (
            "Château d'Eau, Épinettes, Père-Lachaise, Grandes-Carrières, Saint-Germain-l'Auxerrois, Hôpital",
            "cp1252",
            "cp1252",
        ),
        ("中正區大安區信義區內湖區社區發展協會", "big5", "big5"),
        ("Ward 3", "ascii", "utf-8"),
    ],
)
def test_encodings_are_guessed_by_trial(words, encoding, guess):
    assert guess_encoding([word.encode(encoding) for word in words.split(", ")]) == guess


def test_a_character_cut_in_two_at_the_end_of_a_field_is_dropped():
    assert guess_encoding(["网格名称".encode()[:-1]]) == "utf-8"
    assert guess_encoding(["网格名称".encode("gbk")[:-1]]) == "gb18030"


# ---- writing --------------------------------------------------------------------------------------------------------------------------------------------


def test_an_existing_folder_is_never_overwritten_without_force(tmp_path):
    found = day(street(tmp_path / "net", encoding="UTF-8"))
    out = tmp_path / "pack"
    found.write(out)
    with pytest.raises(PackError, match="--force"):
        found.write(out)
    (out / "mine.txt").write_text("x")
    found.write(out, force=True)
    assert sorted(path.name for path in out.iterdir()) == ["area.toml", "community.geojson", "micro.geojson"]
    (tmp_path / "photos").mkdir()
    with pytest.raises(PackError, match="no pack"):
        found.write(tmp_path / "photos", force=True)
    assert not list(tmp_path.glob(".battlemap-*"))


def test_a_pack_that_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    found = day(street(tmp_path / "net", encoding="UTF-8"))

    def full(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("layers.intake.write.area_toml", full)
    with pytest.raises(PackError, match="No space left"):
        found.write(tmp_path / "pack")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net"]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_our_toml(key, value):
    assert tomllib.loads(_pair(key, value)) == {key: value}


def test_truth_values_and_dates_are_written_as_toml_has_them():
    assert tomllib.loads(_pair("a", True) + "\n" + _pair("b", TODAY)) == {"a": True, "b": TODAY}


def test_comments_cannot_break_out_of_their_line(tmp_path):
    source = street(tmp_path / "net", encoding="UTF-8")
    found = day(source)
    entry = replace(found.proposal.entries[0], reasons=("a\n[[levels]]\u2028\x00",))
    proposal = replace(found.proposal, entries=(entry, *found.proposal.entries[1:]))
    FirstDay(found.heading, proposal, found.places, ()).write(tmp_path / "pack")
    assert len(read_pack(tmp_path / "pack").levels) == 2


def test_coordinates_have_seven_decimals_and_rings_the_right_hand(tmp_path):
    day(street(tmp_path / "net", crs="EPSG:4526", encoding="UTF-8")).write(tmp_path / "pack")
    text = (tmp_path / "pack" / "micro.geojson").read_text("utf-8")
    geoms = [shapely.geometry.shape(feature["geometry"]) for feature in json.loads(text)["features"]]
    assert np.array_equal(np.round(shapely.get_coordinates(geoms), 7), shapely.get_coordinates(geoms))
    assert shapely.is_ccw(shapely.get_exterior_ring([shapely.get_parts(geom)[0] for geom in geoms])).all()


# ---- the command ----------------------------------------------------------------------------------------------------------------------------------------


def test_pack_init_writes_a_pack_and_opens_the_report(tmp_path):
    source = street(tmp_path / "net", encoding="GBK")
    result = run("pack", "init", source, "--out", tmp_path / "pack", "--name", "棉纺路街道")
    assert result.exit_code == 0, result.output
    assert "level 'micro': 微网格, 36 polygons" in result.output
    assert "0 errors" in result.output
    assert read_pack(tmp_path / "pack").name.zh == "棉纺路街道"


def test_pack_init_takes_corrections(tmp_path):
    source = street(tmp_path / "net", encoding="UTF-8")
    result = run(
        "pack",
        "init",
        source,
        "--out",
        tmp_path / "pack",
        "--level",
        "微网格.shp=wg",
        "--overlay",
        "社区=sq",
        "--code",
        "微网格=OBJECTID",
        "--edition",
        "2026-03-01",
        "--json",
    )
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert [(entry["role"], entry["key"]) for entry in told["entries"]] == [("level", "wg"), ("overlay", "sq")]
    assert told["check"]["errors"] == 0
    pack = read_pack(tmp_path / "pack")
    assert (pack.levels[0].code, pack.edition) == ("OBJECTID", date(2026, 3, 1))


def test_pack_init_dry_run_writes_nothing(tmp_path):
    source = street(tmp_path / "net", encoding="UTF-8")
    assert run("pack", "init", source, "--dry-run").exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net"]


def test_pack_init_names_every_wish_that_fits_nothing(tmp_path):
    source = street(tmp_path / "net", encoding="UTF-8")
    with pytest.raises(PackError) as caught:
        day(source, wishes=Wishes(levels={"nowhere": "A B"}, codes={"社区": "nothing"}, points={"微网格": "tree"}))
    assert len(caught.value.faults) == 4


@pytest.mark.parametrize(
    "arguments", [("--crs", "EPSG:4490", "--crs", "EPSG:4326"), ("--level", "micro"), ("--dissolve", "a=b"), ()]
)
def test_pack_init_explains_wrong_usage(tmp_path, arguments):
    source = street(tmp_path / "net", encoding="UTF-8")
    out = ("--out", tmp_path / "pack") if arguments else ()
    assert run("pack", "init", source, *out, *arguments).exit_code == 2


def test_what_cannot_be_read_is_named_and_the_rest_goes_on(tmp_path):
    source = street(tmp_path / "net", encoding="UTF-8")
    (source / "broken.gpkg").write_bytes(b"no database")
    (source / "config.json").write_text('{"a": 1}')
    (source / "half.shp").write_bytes((source / "社区.shp").read_bytes())
    found = day(source)
    assert level_names(found) == ["社区", "微网格"]
    assert sorted(fault.split(":")[0] for fault in found.unread) == ["broken.gpkg", "config.json", "half.shp"]
    assert any(".shx is missing" in fault for fault in found.unread)


def test_a_file_without_a_readable_geometry_is_named(tmp_path):
    """ECharts packs the coordinates of its maps into text, which nobody else reads."""
    source = street(tmp_path / "net", encoding="UTF-8")
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": ["@@LoOX"]}}
    (source / "henan.json").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    (unread,) = day(source).unread
    assert unread.startswith(
        "henan.json: cannot be read: no feature has a usable geometry; feature 1 has the text '@@LoOX'"
    )


def test_drawings_tables_and_archives_that_are_not_read_are_named(tmp_path):
    source = street(tmp_path / "net", encoding="UTF-8")
    for name in ("总图.dwg", "台账.xlsx", "旧图.rar", "说明.docx"):
        (source / name).write_bytes(b"")
    assert sorted(day(source).unread) == [
        "台账.xlsx: a table, no map: join its points to the net with `battlemap assign`.",
        "总图.dwg: AutoCAD's own format: save it as DXF.",
        "旧图.rar: unpack it first, or pack it as .zip.",
    ]


def test_a_kml_in_gbk_is_read(tmp_path):
    (tmp_path / "g.kml").write_bytes(
        '<?xml version="1.0" encoding="GBK"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>微网格</name>'
        "<Point><coordinates>113.6,34.7</coordinates></Point></Placemark></Document></kml>".encode("gbk")
    )
    (layer,) = read_sources(tmp_path / "g.kml").layers
    assert (layer.columns["Name"], layer.encoding) == (["微网格"], "GB18030")


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_a_folder_without_maps_is_refused(tmp_path, name):
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackError, match=r"does not exist|no map layer"):
        day(tmp_path / name)


def test_points_alone_are_no_net(tmp_path):
    save(tmp_path / "p.geojson", {"name": ["a"]}, [shapely.Point(113.6, 34.7)])
    with pytest.raises(PackError, match="no polygons"):
        day(tmp_path / "p.geojson")


def test_statuses_are_mapped_and_the_unknown_ones_listed():
    assert status_map(["已办结", "处理中", "Closed", "OPEN", "神秘", None, "self_cleared"]) == (
        {
            "Closed": "closed",
            "OPEN": "reported",
            "self_cleared": "self_cleared",
            "处理中": "in_hand",
            "已办结": "closed",
        },
        ["神秘"],
    )


@pytest.mark.parametrize(
    ("lon", "lat", "zone"),
    [
        (-74.0, 40.7, "America/New_York"),
        (-87.6, 41.9, "America/Chicago"),
        (2.35, 48.85, "Europe/Paris"),
        (113.6, 34.7, "Asia/Shanghai"),
    ],
)
def test_the_timezone_is_that_of_the_nearest_city(lon, lat, zone):
    assert nearest_timezone(lon, lat) == zone


def test_pack_show_tells_what_a_pack_holds():
    result = run("pack", "show", DC)
    assert result.exit_code == 0, result.output
    assert "296 grids" in result.output
    told = json.loads(run("pack", "show", DC, "--json").output)
    assert [level["grids"] for level in told["levels"]] == [40, 296]
    assert told["overlays"][0]["grids"] == 8
    assert len(told["digest"]) == 64
    assert told["points"][0]["crs"] == "EPSG:4326"


def test_pack_show_of_no_pack_is_an_error(tmp_path):
    assert run("pack", "show", tmp_path / "none").exit_code == 2
    with pytest.raises(PackError, match=r"area\.toml"):
        CliRunner().invoke(battlemap, ["pack", "show", str(tmp_path)], catch_exceptions=False)


def test_the_heading_is_what_was_asked(tmp_path):
    found = day(
        street(tmp_path / "net", encoding="UTF-8"),
        name="棉纺路街道",
        name_en="Mianfang Road",
        attribution="某局",
        timezone="Asia/Urumqi",
    )
    assert found.heading == Heading(Name("棉纺路街道", "Mianfang Road"), TODAY, "Asia/Urumqi", "cn", "某局")
