"""Giving the ledger's cases out: one table for the screen and for every file."""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rooms import DISPATCHER, NOON, room_of, shipped
from small_pack import COLUMN, ROW, SOUTH, WEST, write_small_pack

from cli import battlemap
from desk.acts import Doing, do
from desk.begin import begin
from desk.reports import Draft, report
from geo.errors import FilterError, TableError
from incidents.lifecycle import Act, By, PostKind
from incidents.model import Channel
from layers.load import load
from ledger import find
from reports import export_files, figures
from reports.export_files import export, harmless
from reports.exports import AFTER_GRIDS, BEFORE_GRIDS, batches, columns, named, table
from reports.figures import Filter
from reports.listing import listing

IN_GRID = (WEST + 1.5 * COLUMN, SOUTH + 1.5 * ROW)
KINDS = ("xlsx", "csv", "geojson", "gpkg", "parquet")
HANDLER = By("department::城管执法中队", PostKind.DEPARTMENT)


@pytest.fixture(scope="module")
def dc(tmp_path_factory):
    room = room_of(shipped("dc"), tmp_path_factory.mktemp("dc"))
    begin(room, NOON, demo=True)
    return room


@pytest.fixture
def room(tmp_path):
    return room_of(load(write_small_pack(tmp_path / "small")), tmp_path / "ledger")


def reported(room, **other):
    said = {
        "class_": "06010",
        "lon": IN_GRID[0],
        "lat": IN_GRID[1],
        "text": "井盖破损",
        "address": "中山路12号",
        "reported": NOON,
    }
    return report(room, Draft(**{**said, **other}), DISPATCHER, NOON)


def asked(room, now, **options):
    return figures.asked(room, named(room, **options), now, rows=True)


def everything(room, language="zh"):
    return table(room, asked(room, NOON), NOON, language)


def written(room, path, language="zh", **wanted):
    export(room, asked(room, NOON, **wanted), path, NOON, language)
    return path


def read_csv(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def sheet(path):
    page = openpyxl.load_workbook(path).active
    head, *rows = page.iter_rows()
    return page, [cell.value for cell in head], rows


# --- the table


def test_the_table_has_the_ledgers_usual_columns_in_chinese(room):
    heads = [column.heading for column in columns(room, "zh") if column.heading]
    usual = [
        "编号",
        "来源",
        "大类",
        "小类",
        "描述",
        "位置",
        "微网格",
        "上报时间",
        "派遣单位",
        "派遣时间",
        "时限",
        "处置时限",
        "反馈时间",
        "结案时间",
        "状态",
        "三色标记",
        "超期",
        "按期办结",
        "返工次数",
        "满意度",
    ]
    assert [head for head in heads if head in usual] == usual
    assert len(heads) == len(set(heads))


def test_a_case_is_told_as_it_stands(room):
    case = reported(room, channel=Channel.HOTLINE)
    do(room, Doing(case.number, Act.FILE), DISPATCHER, NOON)
    do(room, Doing(case.number, Act.DISPATCH, {"handler": HANDLER.post}), DISPATCHER, NOON)
    row = everything(room).iloc[0]
    assert row["number"] == case.number
    assert (row["channel_name"], row["class_name"], row["status_name"], row["mark_name"]) == (
        "12345热线",
        room.rules.directory.name("06010").zh,
        "已派遣",
        "上报流转",
    )
    assert (row["handler_name"], row["micro"], row["third_name"]) == ("城管执法中队", "2-02", "2")
    assert row["reported"] == pd.Timestamp(NOON)
    assert str(row["reported"].tz) == "Asia/Shanghai"
    assert row["dispatched"] == pd.Timestamp(NOON)
    assert pd.isna(row["closed"])
    assert not row["overdue"]


def test_a_table_without_rows_has_its_columns_and_types(room):
    frame = everything(room)
    assert frame.empty
    assert [column.key for column in columns(room, "zh")] == list(frame.columns)
    assert str(frame["due"].dt.tz) == "Asia/Shanghai"


def test_every_case_of_the_ledger_is_in_the_table_once_and_batches_make_no_difference(dc):
    wanted = asked(dc, NOON)
    whole = table(dc, wanted, NOON, "en")
    assert len(whole) == whole["number"].nunique() == 4494
    parts = list(batches(dc, wanted, NOON, "en", size=1000))
    assert [len(part) for part in parts] == [1000, 1000, 1000, 1000, 494]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)


def test_both_languages_say_the_same_of_the_same_cases(dc):
    wanted = asked(dc, NOON, classes=["rodent"])
    zh, en = table(dc, wanted, NOON, "zh"), table(dc, wanted, NOON, "en")
    assert set(zh["status_name"]) != set(en["status_name"])
    plain = [column.key for column in columns(dc, "en") if not column.key.endswith("_name")]
    pd.testing.assert_frame_equal(zh[plain], en[plain])


def test_counts_agree_with_the_ledgers_own(dc):
    frame = everything(dc)
    with dc.ledger.reading() as connection:
        for column in ("status", "class", "handler", "mark"):
            wanted = dc.wanted(shift=dc.shift(NOON))
            assert frame[column].value_counts().to_dict() == find.counts_by(connection, wanted, column), column


def test_what_is_overdue_is_counted_as_the_ledger_counts_it(dc):
    frame = everything(dc)
    with dc.ledger.reading() as connection:
        late = find.count(connection, dc.wanted(due_before=dc.clock(NOON).to_pydatetime()))
    assert int(frame["overdue"].sum()) == late > 0
    assert (frame.loc[frame["overdue"], "due"] < dc.clock(NOON)).all()


def test_what_is_done_was_on_time_or_late_by_the_deadline_that_was_promised_and_is_never_overdue(dc):
    frame = everything(dc)
    closed = frame[frame["status"] == "closed"]
    assert not closed["overdue"].any()
    assert closed["due"].isna().all()
    late = closed["closed"] > closed["promised"]
    assert late.any()
    assert (closed["in_time_name"] == np.where(closed["promised"].isna(), "", np.where(late, "逾期", "按期"))).all()
    assert (frame.loc[frame["mark"] == "red", "in_time"] == "").all()


def test_what_was_cleared_in_a_former_shift_is_green(tmp_path):
    room = room_of(load(write_small_pack(tmp_path / "small")), tmp_path / "ledger")
    begin(room, NOON, demo=True)
    by_id = everything(room).set_index("external_id")
    with room.ledger.reading() as connection:
        marks = find.counts_by(connection, room.wanted(shift=room.shift(NOON)), "mark")
    assert by_id["mark"].value_counts().to_dict() == marks


# --- what is kept back


def test_restricted_cases_have_neither_words_nor_place(room):
    reported(room, class_="L5001", text="独居老人需要帮助", address="中山路12号3单元201室", unit=3, floor=2)
    plain = reported(room, text="井盖破损")
    frame = everything(room).set_index("restricted")
    hidden = frame.loc[True]
    assert hidden["number"].startswith("SMALL-")
    assert (hidden["class"], hidden["status"]) == ("L5001", "reported")
    assert [hidden[name] for name in ("title", "text", "address", "micro", "micro_name", "community", "post")] == [
        ""
    ] * 7
    assert all(np.isnan(hidden[name]) for name in ("lon", "lat", "unit", "floor"))
    assert frame.loc[False]["number"] == plain.number


def test_no_post_says_in_which_grid_a_restricted_case_lies(room):
    case = reported(room, class_="L5001", text="独居老人需要帮助")
    head = next(key for key, post in room.posts.items() if post.grid)
    for act, by, data in (
        (Act.FILE, "dispatcher::", {}),
        (Act.DISPATCH, "dispatcher::", {"handler": head}),
    ):
        do(room, Doing(case.number, act, data), By(by, PostKind.DISPATCHER), NOON)
    hidden = everything(room).set_index("number").loc[case.number]
    assert [hidden[name] for name in ("handler", "handler_name", "post_name")] == [""] * 3
    assert hidden["reporter_name"] != ""  # the command room lies in no grid


def test_a_grid_that_is_asked_for_does_not_say_where_a_restricted_case_lies(room):
    hidden, plain = reported(room, class_="L5001"), reported(room)
    grid = f"micro:{plain.codes['micro']}"
    assert hidden.codes == plain.codes
    assert list(table(room, asked(room, NOON, grid=grid), NOON, "zh")["number"]) == [plain.number]
    assert set(everything(room)["number"]) == {hidden.number, plain.number}


@pytest.mark.parametrize("kind", KINDS)
def test_no_file_holds_what_is_restricted_nor_who_reported(room, tmp_path, kind):
    reported(room, class_="L5001", text="独居老人需要帮助", address="中山路99号", reporter="张明", phone="13812345678")
    path = written(room, tmp_path / f"a.{kind}")
    if kind == "xlsx":
        text = "\n".join(str(cell.value) for row in sheet(path)[2] for cell in row)
    elif kind in {"csv", "geojson"}:
        text = path.read_text(encoding="utf-8-sig")
    else:
        frame = gpd.read_file(path) if kind == "gpkg" else gpd.read_parquet(path)
        assert frame.geometry.isna().all()
        text = frame.to_csv()
    for secret in ("独居老人", "中山路99号", "张", "138", "113.6"):
        assert secret not in text, secret


# --- what is on screen is in the file


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_on_screen_equals_what_is_in_the_file(dc, tmp_path, kind):
    wanted = {"classes": ["rodent", "vehicles"], "marks": ["red"]}
    frame = table(dc, asked(dc, NOON, **wanted), NOON, "zh")
    path = written(dc, tmp_path / f"a.{kind}", **wanted)
    known = {column.key: column.heading for column in columns(dc, "zh")}
    if kind == "csv":
        rows = read_csv(path)
        assert [row["编号"] for row in rows] == frame["number"].tolist()
        assert [row["状态"] for row in rows] == frame["status_name"].tolist()
        assert [row["上报时间"] for row in rows] == frame["reported"].dt.strftime("%Y-%m-%d %H:%M").tolist()
        assert [float(row["经度"]) for row in rows] == frame["lon"].tolist()
    elif kind == "xlsx":
        _, heads, rows = sheet(path)
        at = {heading: heads.index(heading) for heading in heads}
        assert [row[at["编号"]].value for row in rows] == frame["number"].tolist()
        times = [time.tz_localize(None).to_pydatetime().replace(microsecond=0) for time in frame["reported"]]
        assert [row[at["上报时间"]].value.replace(microsecond=0) for row in rows] == times
        assert set(heads) == set(filter(None, known.values()))
    elif kind == "geojson":
        found = json.loads(path.read_text(encoding="utf-8"))["features"]
        assert [one["properties"]["number"] for one in found] == frame["number"].tolist()
        assert found[0]["geometry"]["coordinates"] == [frame["lon"][0], frame["lat"][0]]
        assert set(found[0]["properties"]) == set(known) - {"lon", "lat"}
    else:
        read = gpd.read_file(path) if kind == "gpkg" else gpd.read_parquet(path)
        assert read.crs == "EPSG:4326"
        assert read["number"].tolist() == frame["number"].tolist()
        assert read.geometry.x.tolist() == frame["lon"].tolist()
        assert (
            read["due"].dt.tz_convert("UTC").tolist() == frame["due"].dt.tz_convert("UTC").tolist()
            if kind == "parquet"
            else True
        )
        assert set(read.columns) == {*(set(known) - {"lon", "lat"}), "geometry"}


def test_a_filter_asks_for_a_grid_a_class_a_mark_and_days(dc):
    frame = everything(dc)
    red = frame[(frame["mark"] == "red") & (frame["class"] == "graffiti")]
    inside = red[[("2" in codes.split(";")) for codes in red["ward"]]]
    found = table(dc, asked(dc, NOON, grid="ward:2", classes=["graffiti"], marks=["red"]), NOON, "zh")
    assert found["number"].tolist() == inside["number"].tolist()
    local = datetime(2016, 8, 10)  # noqa: DTZ001  in the area's time
    since = local.replace(tzinfo=dc.area.pack.timezone)
    later = table(dc, asked(dc, NOON, since=local, until=local + timedelta(days=1)), NOON, "zh")
    assert len(later) == int(((frame["reported"] >= since) & (frame["reported"] < since + timedelta(days=1))).sum()) > 0
    words = table(dc, asked(dc, NOON, text="SPRINGLAND"), NOON, "zh")
    assert words["address"].str.contains("SPRINGLAND").all()
    assert len(words) > 0


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_filter_takes_the_names_that_the_files_show(dc, language):
    frame = everything(dc, language)
    for key, option in (("class", "classes"), ("major", "classes"), ("status", "statuses")):
        for own, name in frame.loc[frame[key] != "", [key, f"{key}_name"]].drop_duplicates().to_numpy():
            assert asked(dc, NOON, **{option: [name]}) == asked(dc, NOON, **{option: [own]}), (own, name)
    own, name = frame.loc[frame["ward"] == "2", ["ward", "ward_name"]].iloc[0]
    assert asked(dc, NOON, grid=f"ward:{name}") == asked(dc, NOON, grid=f"ward:{own}")


def test_a_filter_takes_the_labels_of_grids_in_any_level(tmp_path):
    room = room_of(shipped("longnan"), tmp_path / "ledger")
    level = room.area.net.leaf
    code, label = next((code, label) for code, label in zip(level.codes, level.labels, strict=True) if code != label)
    assert asked(room, NOON, grid=f"micro:{label}") == asked(room, NOON, grid=f"micro:{code}")
    assert asked(room, NOON, grid=f"{level.name.zh}：{label}") == asked(room, NOON, grid=f"micro:{code}")
    assert asked(room, NOON, classes=["店外经营"], statuses=["已结案"]).statuses == {"closed"}
    for wrong, near in (
        ({"classes": ["店外经营者"]}, "店外经营"),
        ({"statuses": ["已结"]}, "已结案"),
        ({"grid": f"micro:{label}x"}, str(label)),
    ):
        with pytest.raises(FilterError, match=near):
            asked(room, NOON, **wrong)


def test_what_the_area_does_not_have_is_named(dc):
    for wanted in (
        {"grid": "ward:99"},
        {"grid": "block:1"},
        {"classes": ["dragons"]},
        {"marks": ["blue"]},
        {"statuses": ["ajar"]},
    ):
        with pytest.raises(FilterError):
            asked(dc, NOON, **wanted)


# --- the files themselves


def test_a_workbook_has_a_fixed_header_a_filter_widths_real_dates_and_ids_as_text(room, tmp_path):
    case = reported(room, text="=HYPERLINK(1)", source="12345", external_id="001234567890123456")
    page, heads, (row,) = sheet(written(room, tmp_path / "a.xlsx"))
    cells = dict(zip(heads, row, strict=True))
    assert page.freeze_panes == "B2"
    assert page.auto_filter.ref.startswith("A1:")
    assert page.auto_filter.ref.endswith("2")
    assert page.column_dimensions["A"].width == 20
    assert (cells["编号"].value, cells["编号"].data_type, cells["编号"].number_format) == (case.number, "s", "@")
    assert (cells["外部编号"].value, cells["外部编号"].data_type) == ("001234567890123456", "s")
    assert (cells["描述"].value, cells["描述"].data_type) == ("=HYPERLINK(1)", "s")
    assert cells["上报时间"].value == datetime(2026, 11, 20, 12, 0)  # noqa: DTZ001  as Excel has them
    assert cells["上报时间"].number_format == "yyyy-mm-dd hh:mm"


def test_a_csv_begins_with_a_mark_and_runs_no_formula(room, tmp_path):
    reported(room, text="=1+1", address="@SUM(A1)")
    path = written(room, tmp_path / "a.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    (row,) = read_csv(path)
    assert row["描述"] == "'=1+1"
    assert row["位置"] == "'@SUM(A1)"
    assert row["经度"] == repr(IN_GRID[0])


@given(st.text(max_size=20))
def test_no_text_begins_like_a_formula_and_none_is_lost(text):
    found = harmless(text)
    assert not found.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert found in {text, "'" + text}


@pytest.mark.parametrize("text", ["😀👨‍👩‍👧", "שלום", "两\n行", 'Zitat "x", y;', "a" * 2000])
@pytest.mark.parametrize("kind", KINDS)
def test_every_text_comes_through(room, tmp_path, text, kind):
    reported(room, text=text)
    path = written(room, tmp_path / f"a.{kind}")
    if kind == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            (row,) = csv.DictReader(file)
            assert row["描述"] == text
    elif kind == "xlsx":
        _, heads, (row,) = sheet(path)
        assert row[heads.index("描述")].value == text
    elif kind == "geojson":
        assert json.loads(path.read_text(encoding="utf-8"))["features"][0]["properties"]["text"] == text
    else:
        assert (gpd.read_file(path) if kind == "gpkg" else gpd.read_parquet(path))["text"].tolist() == [text]


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_ledger_makes_a_file_with_columns(room, tmp_path, kind):
    path = written(room, tmp_path / f"a.{kind}")
    if kind == "xlsx":
        assert sheet(path)[1][0] == "编号"
    elif kind == "csv":
        assert path.read_text(encoding="utf-8-sig").startswith("编号,")
    elif kind == "geojson":
        assert json.loads(path.read_text(encoding="utf-8")) == {"type": "FeatureCollection", "features": []}
    elif kind == "parquet":
        assert "number" in pq.read_schema(path).names
    else:
        assert gpd.read_file(path).empty


def test_a_file_that_exists_is_replaced_only_when_asked(room, tmp_path):
    path = written(room, tmp_path / "a.csv")
    with pytest.raises(TableError, match="exists"):
        written(room, path)
    assert export(room, asked(room, NOON), path, NOON, "zh", force=True) == 0


def test_an_unknown_kind_is_refused(room, tmp_path):
    with pytest.raises(TableError, match=r"ends in \.xls"):
        written(room, tmp_path / "a.xls")


def test_more_rows_than_a_sheet_holds_are_refused_with_advice(dc, tmp_path, monkeypatch):
    monkeypatch.setattr(export_files, "SHEET_ROWS", 4493)
    with pytest.raises(
        TableError, match=r"4,494 cases are more than the 4,493 rows of a sheet. Write .csv or .parquet"
    ):
        written(dc, tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_that_breaks_leaves_nothing_behind(dc, tmp_path, monkeypatch, kind):
    def some(*given, **more):
        yield next(batches(*given, **more, size=10))
        raise TableError("broken")

    monkeypatch.setattr(export_files, "batches", some)
    with pytest.raises(TableError, match="broken"):
        written(dc, tmp_path / f"a.{kind}")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_to_the_end(dc, tmp_path):
    seen = []
    export(
        dc, asked(dc, NOON), tmp_path / "a.parquet", NOON, "zh", progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(4494, 4494)]


def test_every_column_is_documented(dc):
    prose = (Path(__file__).parent.parent / "docs/import.md").read_text(encoding="utf-8")
    for column in (*BEFORE_GRIDS, *AFTER_GRIDS):
        assert f"`{column.key}`" in prose, column.key


# --- the command


def test_the_command_writes_what_it_is_asked_for(tmp_path, monkeypatch):
    write_small_pack(tmp_path / "packs" / "small")
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("BATTLEMAP_PACKS", str(tmp_path / "packs"))

    def run(name, *words):
        return CliRunner().invoke(
            battlemap, ["incidents", "export", "--area", "small", "--out", str(tmp_path / name), *words]
        )

    assert run("a.csv").output == f"14 cases written to {tmp_path / 'a.csv'}.\n"
    assert "fewer than 5" in run("grid.csv", "--grid", "micro:3-04", "--language", "en").output
    assert "不足 5 件" in run("grid2.csv", "--grid", "micro:3-04").output
    assert run("b.csv", "--mark", "red", "--grid", "micro:1-04", "--language", "en").exit_code == 0
    assert {row["State"] for row in read_csv(tmp_path / "b.csv")} == {"Reported"}
    assert len(read_csv(tmp_path / "b.csv")) == 3
    assert run("c.csv", "--since", "2026-03-01", "--until", "2026-03-01").output.startswith("14 ")
    assert run("d.csv", "--until", "2026-02-28").output.startswith("0 ")
    assert isinstance(run("e.csv", "--class", "dragons").exception, FilterError)


def test_files_stand_at_the_minute_of_the_table_and_of_the_map(room):
    reported(room)
    number = reported(room, lon=IN_GRID[0] + COLUMN).number
    do(room, Doing(number, Act.CANCEL, {"reason": "误报"}), DISPATCHER, NOON + timedelta(seconds=10))
    for later in (timedelta(days=1, seconds=40), timedelta(days=1, minutes=1)):
        now = NOON + later
        wanted = Filter.from_query({"days": "1"})
        assert asked(room, now, days=1) == figures.asked(room, wanted, now, rows=True)
        assert len(table(room, asked(room, now, days=1), now, "zh")) == listing(room, wanted, now, str, "zh").total


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_spreadsheet_says_which_cases_are_a_demonstration(room, tmp_path, kind):
    reported(room)
    reported(room, lon=IN_GRID[0] + COLUMN, demo=True)
    out = tmp_path / f"out.{kind}"
    export(room, asked(room, NOON), out, NOON, "zh")
    read = pd.read_csv(out) if kind == "csv" else pd.read_excel(out, engine="openpyxl")
    assert sorted(read["演示"]) == ["否", "是"]
