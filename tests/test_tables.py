"""Tables of points: what goes in comes out, whatever the format, the encoding or the cell."""

import csv
import datetime as dt
import json
import sqlite3

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.crs import parse
from geo.errors import TableError
from layers.tables import (
    Added,
    candidate_pairs,
    coordinate,
    coordinates,
    create_table,
    guess_pair,
    named_system,
    open_table,
    storey,
    whole_or_nothing,
)

MOMENT, DAY = dt.datetime.fromisoformat("2024-01-02T03:04:05"), dt.datetime.fromisoformat("2024-01-02")
ENCODINGS = ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
ODD = [
    "00123",
    "410102001000123",
    "1.23E+15",
    "",
    " padded ",
    "a,b",
    'say "hi"',
    "two\nlines",
    "two\r\nlines",
    "=1+1",
    "TRUE",
    "2024-01-02",
    "棉纺路街道",
    "NULL",
    "1.10",
]


def copied(source_path, out, **options):
    """Copy a table and add one column of text and one of numbers."""
    with open_table(source_path, **options) as table:
        with (
            whole_or_nothing(out) as part,
            create_table(part, table, ["grid", "metres"], numeric=frozenset({"metres"})) as writer,
        ):
            for chunk in table.chunks():
                n = len(chunk)
                writer.write(
                    chunk,
                    Added([["3-05"] * n, [0.5] * n], np.full(n, 113.6), np.full(n, 34.7)),
                    table.crs or parse(4326),
                )
        return writer, table


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def rows_of(path, **options):
    with open_table(path, **options) as table:
        return [row for chunk in table.chunks() for row in chunk.rows]


# --- CSV -------------------------------------------------------------------------------------------------------------------------------------------------


def test_every_odd_cell_of_a_csv_comes_out_as_it_went_in(tmp_path):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [["id", "id", "", "备注"], *([value, value, value, value] for value in ODD if value)]
        )
    copied(path, out)
    with path.open(newline="", encoding="utf-8") as before, out.open(newline="", encoding="utf-8") as after:
        old, new = list(csv.reader(before)), list(csv.reader(after))
    assert new[0] == ["id", "id", "", "备注", "grid", "metres"]
    assert new[1:] == [[*row, "3-05", "0.5"] for row in old[1:]]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("given_name", [False, True])
def test_encodings_are_found_or_given_and_kept(tmp_path, encoding, given_name):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    text = "编号,地址,经度,纬度\r\n00123,棉纺路1号,113.6,34.7\r\n00124,陇海路,113.61,34.71\r\n"
    path.write_bytes(text.encode(encoding))
    copied(path, out, encoding=encoding if given_name else None)
    written = out.read_bytes()
    assert written.startswith(text.encode(encoding)[:8])
    assert written.decode(encoding).splitlines()[1] == "00123,棉纺路1号,113.6,34.7,3-05,0.5"


@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\ufeff"), max_size=8), min_size=3, max_size=3
        ),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_any_text_survives(tmp_path, encoding, rows):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows([["a", "b", "c"], *rows])
    copied(path, out, encoding=encoding)
    with out.open(newline="", encoding=encoding) as file:
        assert [row[:3] for row in csv.reader(file)][1:] == rows


@pytest.mark.parametrize(("delimiter", "newline"), [(",", "\n"), (";", "\r\n"), ("\t", "\n"), ("|", "\r\n")])
def test_delimiter_and_line_ends_are_found_and_kept(tmp_path, delimiter, newline):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_bytes(
        newline.join([delimiter.join(row) for row in (["名称", "lon", "lat"], ["a b", "113.6", "34.7"])]).encode()
        + newline.encode()
    )
    copied(path, out)
    assert out.read_bytes().decode().split(newline)[1] == delimiter.join(["a b", "113.6", "34.7", "3-05", "0.5"])


def test_the_line_by_which_excel_names_the_delimiter_is_no_header(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("sep=;\nlon;lat\n113,6;34,7\n", encoding="utf-8")
    with open_table(path) as table:
        assert (table.columns, table.length) == (["lon", "lat"], 1)


def test_short_rows_are_filled_long_ones_widen_the_table_and_blank_lines_are_no_rows(tmp_path):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("a,b\n1\n\n1,2,3\n\n", encoding="utf-8")
    _, table = copied(path, out)
    assert out.read_text(encoding="utf-8").splitlines() == ["a,b,,grid,metres", "1,,,3-05,0.5", "1,2,3,3-05,0.5"]
    assert "3 cells" in table.notes[0]


def test_a_csv_with_a_header_only_gives_a_header_only(tmp_path):
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("a,b\n", encoding="utf-8")
    copied(path, out)
    assert out.read_text(encoding="utf-8") == "a,b,grid,metres\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b'a,b\n"open,1\n2,3\n', "line"),
        (b'a,b\n"x"y,1\n', "line 2"),
        (b"a,b\n\xff\xfe\xfd\xff,1\n", "neither UTF-8 nor GBK"),
        ("名,b\n棉纺路街道棉纺路街道棉纺路街道,1\n".encode() + b"\xff,2\n", "UTF-8 but for byte"),
    ],
)
def test_a_broken_csv_is_refused_with_its_place(tmp_path, content, message):
    path = tmp_path / "in.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=message):
        rows_of(path)


@pytest.mark.parametrize(
    ("encoding", "message"), [("klingon", "unknown"), ("ascii", "is not ascii"), ("base64", "unknown")]
)
def test_a_wrong_encoding_is_refused(tmp_path, encoding, message):
    path = tmp_path / "in.csv"
    path.write_text("名称,lon\n", encoding="utf-8")
    with pytest.raises(TableError, match=message):
        open_table(path, encoding=encoding)


def test_a_cell_may_be_longer_than_the_csv_module_likes(tmp_path):
    path = tmp_path / "in.csv"
    path.write_text("a,b\n" + "x" * 200_000 + ",1\n", encoding="utf-8")
    assert len(rows_of(path)[0][0]) == 200_000


# --- XLSX ------------------------------------------------------------------------------------------------------------------------------------------------


def workbook(path, rows, *, title="台账", more=()):
    book = openpyxl.Workbook()
    page = book.active
    page.title = title
    for row in rows:
        page.append(row)
    for name in more:
        book.create_sheet(name).append(["别的"])
    return book, page


def test_dates_stay_dates_integers_integers_and_text_text(tmp_path):
    path, out = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    values = [
        "00123",
        410102001000123,
        5,
        1.5,
        MOMENT,
        dt.date(2024, 1, 2),
        dt.time(3, 4),
        True,
        None,
        "a\nb",
    ]
    book, page = workbook(path, [["id", "code", "n", "f", "t", "d", "c", "b", "e", "s"], values])
    page["C2"].number_format = "0000"
    page["K2"] = None
    text = page["A2"]
    text.data_type = "s"
    book.save(path)
    copied(path, out)
    row = next(openpyxl.load_workbook(out).active.iter_rows(min_row=2))
    read = [cell.value for cell in row]
    assert read[:5] == values[:5]
    assert [type(value) for value in read[:4]] == [str, int, int, float]
    assert (read[5].date(), row[5].is_date) == (dt.date(2024, 1, 2), True)
    assert read[6:10] == values[6:]
    assert read[10:] == ["3-05", 0.5]
    assert row[2].number_format == "0000"


@pytest.mark.parametrize("text", ["=1+1", "#N/A", "1.23E+15", "00123", "2024-01-02", "+cmd", "@x", "bell\x07"])
def test_text_of_a_csv_is_text_in_a_workbook(tmp_path, text):
    path, out = tmp_path / "in.csv", tmp_path / "out.xlsx"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["a", "b"], [text, "x"]])
    copied(path, out)
    cell = openpyxl.load_workbook(out).active["A2"]
    assert (cell.data_type, cell.value) == ("s", text.replace("\x07", "_x0007_"))


def test_long_integers_become_text_in_a_workbook(tmp_path):
    path, out = tmp_path / "in.parquet", tmp_path / "out.xlsx"
    pq.write_table(pa.table({"id": [410102001000123456], "lon": [113.6], "lat": [34.7]}), path)
    copied(path, out)
    assert openpyxl.load_workbook(out).active["A2"].value == "410102001000123456"


def test_the_first_sheet_is_read_and_the_others_are_named(tmp_path):
    path = tmp_path / "in.xlsx"
    workbook(path, [["lon", "lat"], [113.6, 34.7]], more=["附表"])[0].save(path)
    with open_table(path) as table:
        assert "附表" in table.notes[0]
    with open_table(path, sheet="附表") as table:
        assert table.columns == ["别的"]
    with pytest.raises(TableError, match="台账, 附表"):
        open_table(path, sheet="没有")


def test_merged_cells_are_told_of(tmp_path):
    path = tmp_path / "in.xlsx"
    book, page = workbook(path, [["lon", "lat"], [113.6, 34.7], [113.6, 34.8]])
    page.merge_cells("A2:A3")
    book.save(path)
    with open_table(path) as table:
        assert [row for chunk in table.chunks() for row in chunk.rows] == [[113.6, 34.7], [None, 34.8]]
        assert "merged" in table.notes[0]


def test_formulas_give_their_stored_values_and_lost_ones_are_counted(tmp_path):
    path = tmp_path / "in.xlsx"
    book, _ = workbook(path, [["lon", "lat", "sum"], [113.6, 34.7, "=A2+B2"]])
    book.save(path)
    with open_table(path) as table:
        assert [row for chunk in table.chunks() for row in chunk.rows] == [[113.6, 34.7, None]]
        assert any("1 formulas have no stored value" in note for note in table.notes)


def test_a_sheet_whose_declared_size_is_wrong_is_read_to_the_end(tmp_path):
    import zipfile

    path, wrong = tmp_path / "in.xlsx", tmp_path / "wrong.xlsx"
    workbook(path, [["lon", "lat"], [113.6, 34.7]])[0].save(path)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(wrong, "w") as new:
        for item in old.namelist():
            new.writestr(item, old.read(item).replace(b'ref="A1:B2"', b'ref="A1"'))
    assert rows_of(wrong) == [[113.6, 34.7]]


def test_a_title_above_the_header(tmp_path):
    path, out = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    workbook(path, [["某街道台账"], [], ["编号", "经度", "纬度"], ["1", 113.6, 34.7]])[0].save(path)
    copied(path, out, header_row=3)
    assert [[cell.value for cell in row] for row in openpyxl.load_workbook(out).active.iter_rows()] == [
        ["编号", "经度", "纬度", "grid", "metres"],
        ["1", 113.6, 34.7, "3-05", 0.5],
    ]


def test_values_right_of_the_last_column_name_are_refused(tmp_path):
    path = tmp_path / "in.xlsx"
    workbook(path, [["lon", "lat"], [113.6, 34.7, "lost?"]])[0].save(path)
    with pytest.raises(TableError, match="lost"):
        rows_of(path)


@pytest.mark.parametrize("content", [b"", b"not a workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600])
def test_a_file_that_is_no_workbook(tmp_path, content):
    path = tmp_path / "in.xlsx"
    path.write_bytes(content)
    with pytest.raises(TableError, match="not a readable XLSX"):
        open_table(path)


def test_a_cell_too_long_for_a_sheet_is_refused_not_cut(tmp_path):
    path, out = tmp_path / "in.csv", tmp_path / "out.xlsx"
    path.write_text("a,b\n" + "x" * 40_000 + ",1\n", encoding="utf-8")
    with pytest.raises(TableError, match="32,767"):
        copied(path, out)
    assert names_in(tmp_path) == ["in.csv"]


# --- GeoJSON, GeoPackage, GeoParquet ---------------------------------------------------------------------------------------------------------------------


def test_geojson_keeps_members_ids_order_and_its_declared_system(tmp_path):
    path, out = tmp_path / "in.geojson", tmp_path / "out.geojson"
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    features = [
        {
            "type": "Feature",
            "id": 7,
            "vendor": [1],
            "properties": {"b": 1.5, "a": {"x": [1]}, "A": 2},
            "geometry": {"type": "Point", "coordinates": [464289.6, 3846927.6, 9]},
        },
        {"type": "Feature", "properties": None, "geometry": None},
    ]
    path.write_text(
        json.dumps({"type": "FeatureCollection", "name": "n", "crs": crs, "features": features}), encoding="utf-8"
    )
    _, table = copied(path, out)
    written = json.loads(out.read_text(encoding="utf-8"))
    assert table.crs.name == "EPSG:4547"
    assert (written["crs"], written["name"]) == (crs, "n")
    assert written["features"][0] == {
        **features[0],
        "properties": {"b": 1.5, "a": {"x": [1]}, "A": 2, "grid": "3-05", "metres": 0.5},
    }
    assert written["features"][1]["properties"] == {"grid": "3-05", "metres": 0.5}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "not a GeoJSON"),
        ('{"type":"Topology"}', "not a GeoJSON"),
        ('{"type":"FeatureCollection","features":[1]}', "entry 1"),
        ('{"type":"FeatureCollection","features":[{"type":"Feature","properties":[]}]}', "feature 1"),
        ('{"type":"FeatureCollection","features":[],"crs":{"type":"name"}}', "crs"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_broken_geojson_is_refused(tmp_path, text, message):
    path = tmp_path / "in.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=message):
        open_table(path)


@pytest.fixture
def frame():
    return gpd.GeoDataFrame(
        {
            "id": ["00123", "x", None],
            "n": pd.array([1, None, 3], dtype="Int64"),
            "f": [1.5, np.nan, 2.0],
            "t": pd.to_datetime(["2024-01-02T03:04:05Z", None, "2024-01-03T00:00:00Z"]),
            "b": [True, False, True],
        },
        geometry=[shapely.Point(113.6, 34.7), None, shapely.Point(113.7, 34.8)],
        crs="EPSG:4490",
    )


def test_a_geopackage_keeps_types_layer_and_system(tmp_path, frame):
    path, out = tmp_path / "in.gpkg", tmp_path / "out.gpkg"
    frame.to_file(path, layer="点位")
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(0, 0)], crs=4326).to_file(path, layer="other")
    _, table = copied(path, out)
    back = gpd.read_file(out, layer="点位")
    assert "other" in table.notes[0]
    assert back.crs == frame.crs
    pd.testing.assert_frame_equal(
        pd.DataFrame(back[list("nftb")]), pd.DataFrame(gpd.read_file(path, layer="点位")[list("nftb")])
    )
    assert back.geometry.geom_equals(frame.geometry).tolist() == [True, False, True]
    assert back["id"].tolist()[:2] == ["00123", "x"]
    assert back["grid"].tolist() == ["3-05"] * 3
    with open_table(path, layer="other") as other:
        assert other.columns == ["a"]
    with pytest.raises(TableError, match="点位"):
        open_table(path, layer="none")


def test_geoparquet_keeps_its_schema_and_system(tmp_path, frame):
    path, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    frame.astype({"id": "category"}).to_parquet(path)
    copied(path, out)
    before, after = pq.read_schema(path), pq.read_schema(out)
    assert [after.field(name).type for name in before.names] == [field.type for field in before]
    assert after.metadata[b"geo"] == before.metadata[b"geo"]
    back = gpd.read_parquet(out)
    assert back.crs == frame.crs
    assert back["n"].tolist()[0] == 1
    assert back["metres"].tolist() == [0.5] * 3


@pytest.mark.parametrize("suffix", ["gpkg", "parquet", "geojson"])
@pytest.mark.parametrize("target", ["csv", "xlsx", "geojson", "gpkg", "parquet"])
def test_from_any_format_to_any_other(tmp_path, frame, suffix, target):
    path, out = tmp_path / f"in.{suffix}", tmp_path / f"out.{target}"
    if suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_file(path, driver={"gpkg": "GPKG", "geojson": "GeoJSON"}[suffix])
    copied(path, out)
    if target in {"csv", "xlsx"}:
        rows = rows_of(out)
        assert [str(row[0]) for row in rows][:2] == ["00123", "x"]
        assert str(rows[0][1]) == "1"
        assert rows[1][1] in {"", None}
        assert [str(value) for value in rows[2][-2:]] == ["3-05", "0.5"]
        assert [float(value) for value in rows[0][-4:-2]] == [113.6, 34.7]
    else:
        back = gpd.read_parquet(out) if target == "parquet" else gpd.read_file(out)
        assert back["id"].tolist()[:2] == ["00123", "x"]
        assert [value is None for value in back.geometry] == [False, True, False]
        assert (back.geometry.x[0], back.geometry.y[0]) == (113.6, 34.7)


@pytest.mark.parametrize("target", ["geojson", "gpkg", "parquet"])
def test_a_csv_becomes_points_in_wgs84_with_all_its_text(tmp_path, target):
    path, out = tmp_path / "in.csv", tmp_path / f"out.{target}"
    path.write_text("fid,geom,Name,name,name,\n007,x,a,b,c,d\n", encoding="utf-8")
    writer, _ = copied(path, out)
    back = gpd.read_parquet(out) if target == "parquet" else gpd.read_file(out)
    assert back.crs == "EPSG:4326"
    assert back.drop(columns="geometry", errors="ignore").iloc[0].astype(str).tolist()[:6] == [
        "007",
        "x",
        "a",
        "b",
        "c",
        "d",
    ]
    assert any("cannot hold one name twice" in note for note in writer.notes)


def test_a_sheet_gets_types_where_a_column_is_of_one_kind(tmp_path):
    path, out = tmp_path / "in.xlsx", tmp_path / "out.parquet"
    workbook(path, [["n", "mixed", "t", "f"], [1, "a", DAY, 1.5], [2, 3, None, 2]])[0].save(path)
    copied(path, out)
    assert [str(kind) for kind in pq.read_schema(out).types[:4]] == ["int64", "string", "timestamp[us]", "double"]
    assert pq.read_table(out)["mixed"].to_pylist() == ["a", "3"]


@pytest.mark.parametrize("target", ["csv", "xlsx", "geojson", "gpkg", "parquet"])
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "geojson", "gpkg", "parquet"])
def test_no_rows_in_no_rows_out(tmp_path, suffix, target, frame):
    path, out = tmp_path / f"in.{suffix}", tmp_path / f"out.{target}"
    if suffix == "csv":
        path.write_text("lon,lat\n", encoding="utf-8")
    elif suffix == "xlsx":
        workbook(path, [["lon", "lat"]])[0].save(path)
    elif suffix == "geojson":
        path.write_text('{"type":"FeatureCollection","features":[]}', encoding="utf-8")
    elif suffix == "gpkg":
        frame.iloc[:0].to_file(path)
    else:
        frame.iloc[:0].to_parquet(path)
    copied(path, out)
    assert rows_of(out) == []


def test_a_geopackage_of_a_table_without_geometry(tmp_path):
    path = tmp_path / "in.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(0, 0)], crs=4326).to_file(path, layer="x")
    with sqlite3.connect(path) as base:
        base.execute("create table t (fid integer primary key, lon real, lat real)")
        base.execute("insert into t values (1, 113.6, 34.7)")
        base.execute("insert into gpkg_contents (table_name, data_type, identifier) values ('t', 'attributes', 't')")
    base.close()
    with open_table(path, layer="t") as table:
        assert (table.has_geometry, table.columns) == (False, ["lon", "lat"])
        assert [chunk.rows for chunk in table.chunks()] == [[[113.6, 34.7]]]


@pytest.mark.parametrize("name", ["in.gpkg", "in.parquet"])
def test_a_file_that_is_not_what_its_name_says(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"something else")
    with pytest.raises(TableError, match="not a readable"):
        open_table(path)


@pytest.mark.parametrize(("name", "advice"), [("a.xls", "Save it as .xlsx"), ("a", "no extension"), ("a.dbf", ".dbf")])
def test_an_extension_that_is_not_ours(tmp_path, name, advice):
    with pytest.raises(TableError, match=advice):
        open_table(tmp_path / name)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(TableError, match="does not exist"):
        open_table(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(TableError, match="not a file"):
        open_table(tmp_path / "folder.csv")


# --- whole or nothing ------------------------------------------------------------------------------------------------------------------------------------


def break_off(path, out, error):
    """Write a row, then stop."""
    with open_table(path) as table, whole_or_nothing(out) as part, create_table(part, table, ["grid"]) as writer:
        for chunk in table.chunks():
            writer.write(chunk, Added([["1"]], np.array([1.0]), np.array([2.0])), parse(4326))
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "geojson", "gpkg", "parquet"])
def test_what_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path, suffix, error):
    path, out = tmp_path / "in.csv", tmp_path / f"out.{suffix}"
    path.write_text("lon,lat\n1,2\n", encoding="utf-8")
    out.write_bytes(b"old")
    with pytest.raises(error):
        break_off(path, out, error)
    assert out.read_bytes() == b"old"
    assert names_in(tmp_path) == ["in.csv", f"out.{suffix}"]


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(TableError, match="Choose a folder"), whole_or_nothing(tmp_path / "none" / "out.csv"):
        pass


# --- cells -----------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("113.6", 113.6), (" 113.6 ", 113.6), ("１１３．６", 113.6), ("113。6", 113.6), ("113.6°", 113.6), ("113.6度", 113.6), ("113,625", 113.625), ("113.6，", 113.6),
        ("1.136E2", 113.6), ("113°36′00″E", 113.6), ("113°36'0\"", 113.6), ("E113°36'", 113.6), ("东经113度36分0秒", 113.6), ("113°36′00″", 113.6), ("113º36’0”", 113.6),
        ("-113.6", -113.6), ("113.6W", -113.6), ("西经113.6", -113.6), ("113°36'0''W", -113.6), ("E 113.6", 113.6), (113, 113.0), (113.6, 113.6), ("+113.6", 113.6),
    ],
)  # fmt: skip
def test_coordinates_as_people_write_them(text, number):
    assert coordinate(text, axis="longitude", geographic=True) == pytest.approx(number, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "missing"), (None, "missing"), ("NULL", "missing"), ("无", "missing"), (float("nan"), "missing"), ("nan", "missing"), ("inf", "not a number"), (float("inf"), "not finite"),
        ("abc", "not a number"), ("113.6,34.7", "two numbers"), ("113.6 34.7", "not a number|two numbers"), ("N34.7", "swapped"), ("34°42′N", "swapped"), ("113°61′", "60 or more"),
        (True, "not a number"), (DAY, "not a number"), ("1_1", "not a number"), ("0x71", "not a number"),
    ],
)  # fmt: skip
def test_what_is_no_coordinate_says_why(text, why):
    with pytest.raises(ValueError, match=why):
        coordinate(text, axis="longitude", geographic=True)


def test_thousands_in_metres():
    assert coordinate("3,846,927.6", axis="northing", geographic=False) == 3846927.6
    assert coordinate("464,289", axis="easting", geographic=False) == 464289.0


def test_a_column_is_read_at_once_or_cell_by_cell():
    assert coordinates(["1", "2.5"], axis="longitude", geographic=True)[0].tolist() == [1.0, 2.5]
    numbers, faults = coordinates(["1", "x", None, "2"], axis="longitude", geographic=True)
    assert np.isnan(numbers).tolist() == [False, True, True, False]
    assert list(faults) == [1, 2]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3单元", 3),
        ("12F", 12),
        ("B1", -1),
        ("地下2层", -2),
        ("-1", -1),
        ("１２", 12),
        (5, 5),
        ("", None),
        ("一层", None),
        (None, None),
    ],
)
def test_units_and_floors(text, number):
    assert storey(text) == number


@pytest.mark.parametrize(
    ("columns", "pair"),
    [
        (["id", "经度", "纬度"], (1, 2)), (["Lat", "Lon"], (1, 0)), (["經度", "緯度"], (0, 1)), (["lng", "lat"], (0, 1)), (["LONGITUDE", "LATITUDE"], (0, 1)), (["X", "Y"], (0, 1)), (["X坐标", "Y坐标"], (0, 1)),
        (["东经", "北纬"], (0, 1)), (["坐标X", "坐标Y"], (0, 1)), (["事发经度", "事发纬度"], (0, 1)), (["wgs_lng", "wgs_lat"], (0, 1)), (["经度(WGS84)", "纬度(WGS84)"], (0, 1)),
        (["x", "y", "lon", "lat"], (2, 3)), (["gcj_lng", "gcj_lat"], (0, 1)), (["ＬＯＮ", "ＬＡＴ"], (0, 1)), (["POINT_X", "POINT_Y"], (0, 1)), (["startLon", "startLat"], (0, 1)),
        (["a", "b"], None), (["lon"], None), ([], None), (["start_lon", "start_lat", "end_lon", "end_lat"], None), (["lon", "lon", "lat"], None), (["platform", "long_text"], None),
    ],
)  # fmt: skip
def test_columns_of_coordinates_are_known_by_their_names(columns, pair):
    assert guess_pair(columns) == pair


def test_several_pairs_are_listed():
    assert candidate_pairs(["start_lon", "start_lat", "end_lon", "end_lat"]) == [(0, 1), (2, 3)]


def test_names_that_speak_of_a_shifted_system():
    assert [named_system(name, "") for name in ("gcj_lng", "百度经度", "lon")] == ["GCJ-02", "BD-09", None]


def test_rows_carry_the_numbers_that_a_person_counts_where_blank_rows_are_left_out(tmp_path):
    (tmp_path / "a.csv").write_text('a,b\n\n1,"two\nlines"\n\n3,4\n', encoding="utf-8")
    book = openpyxl.Workbook()
    for row in (["a", "b"], [], [1, 2], [], [3, 4]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    for name in ("a.csv", "a.xlsx"):
        with open_table(tmp_path / name) as table:
            assert [chunk.numbers for chunk in table.chunks()] == [[3, 5]], name


def test_merged_cells_of_a_sheet_are_named(tmp_path):
    book = openpyxl.Workbook()
    for row in (["a", "b"], [1, 2], [None, 3]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "a.xlsx")
    with open_table(tmp_path / "a.xlsx") as table:
        assert table.merged == [(2, 1, 3, 1)]
