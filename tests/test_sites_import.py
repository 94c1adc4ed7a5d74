"""Tables of sites that come in: what is read of each cell, what is refused, what may be there already; whole or none, and the same twice changes nothing."""

import csv
import json
from datetime import UTC, date, datetime

import numpy as np
import openpyxl
import pytest
from rooms import DISPATCHER, NOON, room_of, shipped

from desk.imports.cells import Spoilt
from desk.imports.findings import finding
from desk.places import buildings
from desk.sites import cells, imports, register
from desk.sites.alike import Known, alike
from desk.sites.imports import Verdict
from geo.crs import from_wgs84
from geo.errors import DraftError, MissingColumns, RulesError
from inspections.sites import Document, State
from ledger.sites import Asked
from ledger.verify import verify

AREA = "longnan"
NAMES = ["羊汤", "烩面", "胡辣汤", "串串香", "麻辣烫", "小龙虾", "黄焖鸡", "煎饼", "包子铺", "米线", "水饺", "酸菜鱼"]
HEAD = ["编号", "类型", "名称", "经度", "纬度"]


@pytest.fixture
def room(tmp_path):
    room = room_of(shipped(AREA), tmp_path / "ledger")
    yield room
    room.ledger.close()


def spots(room, count=12):
    """Buildings that lie well apart."""
    found = []
    for spot in buildings(room.area).values():
        if all(abs(spot.lon - one.lon) + abs(spot.lat - one.lat) > 0.0015 for one in found):
            found.append(spot)
    return found[:count]


def rows_of(room, count=6):
    return [[f"G-{at}", "沿街瓶装燃气门店", f"{NAMES[at]}店", spot.lon, spot.lat] for at, spot in enumerate(spots(room, count))]  # fmt: skip


def sheet(path, rows, head=HEAD):
    book = openpyxl.Workbook()
    for row in [head, *rows]:
        book.active.append(row)
    book.save(path / "sites.xlsx")
    return path / "sites.xlsx"


def text(path, rows, head=HEAD, encoding="utf-8"):
    with (path / "sites.csv").open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path / "sites.csv"


def put(room, plan, **how):
    return imports.write(room, plan, DISPATCHER, NOON, **how)


def kinds(row):
    return [one.kind for one in row.findings]


# Cells


@pytest.mark.parametrize(
    ("said", "day", "how"),
    [
        ("2026-11-22", date(2026, 11, 22), ""),
        ("2026/1/5", date(2026, 1, 5), ""),
        ("20260105", date(2026, 1, 5), ""),
        (datetime(2024, 5, 6, tzinfo=UTC), date(2024, 5, 6), ""),
        (45123, date(2023, 7, 16), "excel_date"),
        ("45123", date(2023, 7, 16), "excel_date"),
        ("二〇二三年十二月三十一日", date(2023, 12, 31), ""),
        ("二零二三年十月二十日", date(2023, 10, 20), ""),
        ("2024年2月", date(2024, 2, 29), "month_only"),
        ("二〇二三年五月", date(2023, 5, 31), "month_only"),
    ],
)
def test_a_day_is_read_in_every_form_and_what_it_lacks_is_said(said, day, how):
    found = cells.day(said, last=True)
    assert (found.day, found.how) == (day, how)
    assert bool(found.note) == (how == "month_only")


def test_a_month_begins_on_its_first_day_and_what_never_ends_has_none():
    assert cells.day("2024年2月", last=False).day == date(2024, 2, 1)
    assert cells.day("长期有效", last=True) is None
    assert cells.day("", last=True) is None


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("2023-02-30", "date_impossible"),
        ("二〇二三年", "date_year"),
        ("2023", "date_year"),
        ("见合同", "date_unreadable"),
        ("1066-10-14", "date_impossible"),
        (13800000000.0, "date_unreadable"),
    ],
)
def test_what_is_no_day_is_refused_with_its_reason(said, why):
    with pytest.raises(Spoilt) as caught:
        cells.day(said, last=True)
    assert caught.value.kind == why
    assert finding(why, column="软管", value=str(said)).is_refusal


@pytest.mark.parametrize(
    ("said", "phone"),
    [(13800000000.0, "13800000000"), ("13800000000.0", "13800000000"), ("0371-60000001", "0371-60000001"), (None, "")],
)
def test_a_telephone_is_text_again(said, phone):
    assert cells.phone(said) == phone


@pytest.mark.parametrize("said", ["1.38E+10", "call me", "1" * 30])
def test_a_telephone_that_was_rounded_is_none(said):
    with pytest.raises(Spoilt):
        cells.phone(said)


def test_numbers_keep_their_value_and_lose_their_unit():
    assert [cells.number(said) for said in ("120㎡", "3.5 kg", "1,200", 12.0, "")] == [120, 3.5, 1200, 12, None]
    for said in ("约100", "-3", "12-15"):
        with pytest.raises(Spoilt):
            cells.number(said)


# Sites that may be one


def test_sites_that_may_be_one_are_of_a_kind_near_and_of_like_names():
    there = [Known("场-0001", "gas_shop", "老街羊汤馆", 113.6, 34.75)]
    news = [
        Known("@2", "gas_shop", "老街羊汤馆（总店）", 113.6002, 34.75),
        Known("@3", "fumes", "老街羊汤馆", 113.6, 34.75),
        Known("@4", "gas_shop", "老街羊汤馆", 113.61, 34.75),
        Known("@5", "gas_shop", "兰州拉面", 113.6, 34.75),
        Known("@6", "gas_shop", "兰州拉面", 113.6001, 34.75),
    ]
    found = alike(news, there, metres=50)
    assert [(pair.key, pair.other) for pair in found] == [("@2", "场-0001"), ("@6", "@5")]
    assert 15 < found[0].metres < 25
    assert alike([], there, metres=50) == []
    assert alike([Known("@1", "x", "3号楼", 1, 1), Known("@2", "x", "4号楼", 1, 1)], [], metres=50) == []


# Tables


def test_a_workbook_as_offices_keep_it_is_read_planned_and_taken(room, tmp_path):
    head = [*HEAD, "联系电话", "软管更换日期", "灭火器有效期", "面积", "供气单位", "负责人"]
    rows = [[*row, 13800000000.0, 45123, "2027年1月", "35㎡", "中燃", "张三"] for row in rows_of(room)]
    rows[0][0] = 100.0
    book = openpyxl.Workbook()
    for row in (["瓶装燃气门店台账"], head, *rows):
        book.active.append(row)
    book.active.merge_cells("A1:K1")
    book.active["B4"] = None
    book.active.merge_cells("B3:B4")
    book.save(tmp_path / "ledger.xlsx")
    plan = imports.plan(room, tmp_path / "ledger.xlsx")
    assert plan.counts == {"new": 6, "known": 0, "changed": 0, "alike": 0, "refused": 0}
    assert {"title_rows", "merged", "guessed", "assumed_crs"} <= {note.kind for note in plan.notes}
    first = plan.rows[0]
    assert (first.id, first.contact) == ("100", "13800000000")
    assert first.site.fields == {"area_m2": 35, "supplier": "中燃"}
    assert first.site.documents == (
        Document("extinguisher", None, date(2027, 1, 31), "2027年1月"),
        Document("hose", date(2023, 7, 16), None, ""),
    )
    assert register.count(room, Asked(AREA)) == 0
    outcome = put(room, plan)
    assert len(outcome.made) == 6
    assert register.contact(room, outcome.made[0]) == "13800000000"
    assert "张三" not in json.dumps([str(one) for one in register.listed(room, Asked(AREA))], ensure_ascii=False)
    assert verify(room.ledger, now=NOON).breaks == ()


def test_the_same_file_again_changes_nothing_and_news_are_taken_when_asked_for(room, tmp_path):
    rows = rows_of(room)
    put(room, imports.plan(room, text(tmp_path, rows)))
    again = imports.plan(room, text(tmp_path, rows))
    assert again.counts["known"] == 6
    assert put(room, again) == imports.Outcome()
    rows[2][2] = "老店换新名"
    news = imports.plan(room, text(tmp_path, rows))
    assert [(row.id, row.changes) for row in news.of(Verdict.CHANGED)] == [("G-2", ("name",))]
    assert put(room, news) == imports.Outcome()
    assert put(room, news, update=True).changed == ("场-0003",)
    assert register.get(room, "场-0003").name == "老店换新名"
    assert imports.plan(room, text(tmp_path, rows)).counts["known"] == 6


def test_without_ids_the_same_file_twice_is_the_same_sites(room, tmp_path):
    rows = [row[1:] for row in rows_of(room)]
    put(room, imports.plan(room, text(tmp_path, rows, HEAD[1:])))
    assert imports.plan(room, text(tmp_path, rows, HEAD[1:])).counts["known"] == 6


def test_gbk_is_found(room, tmp_path):
    plan = imports.plan(room, text(tmp_path, rows_of(room), encoding="gbk"))
    assert plan.counts["new"] == 6
    assert plan.details["encoding"].lower() in {"gbk", "gb18030"}


def test_geojson_is_read_with_its_places(room, tmp_path):
    features = [{"type": "Feature", "properties": {"编号": row[0], "类型": row[1], "名称": row[2]}, "geometry": {"type": "Point", "coordinates": row[3:]}} for row in rows_of(room)]  # fmt: skip
    path = tmp_path / "sites.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    plan = imports.plan(room, path)
    assert plan.counts["new"] == 6
    assert plan.rows[0].site.codes == register.checked(room, register.Wish("gas_shop", "店", *rows_of(room)[0][3:])).codes  # fmt: skip


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({3: None, 4: None}, "place_missing"),
        ({3: 116.397, 4: 39.908}, "place_outside"),
        ({3: None}, "place_half"),
        ({1: "面包房"}, "kind_unknown"),
        ({1: None}, "kind_missing"),
        ({2: None}, "name_missing"),
        ({0: "G-1"}, "id_twice"),
    ],
)
def test_a_row_that_cannot_be_is_refused_and_nothing_is_written(room, tmp_path, change, why):
    rows = rows_of(room)
    for column, value in change.items():
        rows[3][column] = value
    plan = imports.plan(room, sheet(tmp_path, rows))
    assert plan.counts["refused"] == 1
    assert why in kinds(plan.of(Verdict.REFUSED)[0])
    with pytest.raises(DraftError, match="1 of 6 rows"):
        put(room, plan)
    assert register.count(room, Asked(AREA)) == 0
    assert len(put(room, plan, skip=True).made) == 5


def test_swapped_coordinates_stop_the_whole_file(room, tmp_path):
    rows = [[*row[:3], row[4], row[3]] for row in rows_of(room)]
    plan = imports.plan(room, sheet(tmp_path, rows))
    assert plan.counts["refused"] == 6
    assert {kind for row in plan.rows for kind in kinds(row)} <= {"place_swapped", "place_axes"}
    assert [doubt.kind for doubt in plan.doubts] == ["all_swapped"]


def test_a_table_in_gcj02_that_says_nothing_of_it_is_found_by_its_own_grids(room, tmp_path):
    leaf = room.area.net.leaf.key
    found = spots(room, 200)
    lon, lat = from_wgs84(np.array([spot.lon for spot in found]), np.array([spot.lat for spot in found]), "GCJ-02")
    codes = [register.checked(room, register.Wish("gas_shop", "店", spot.lon, spot.lat)).codes[leaf] for spot in found]
    rows = [[f"G-{at}", "gas_shop", f"{at}号店", x, y, code] for at, (x, y, code) in enumerate(zip(lon, lat, codes, strict=True))]  # fmt: skip
    path = text(tmp_path, rows, [*HEAD, leaf])
    plan = imports.plan(room, path)
    assert {doubt.kind for doubt in plan.doubts} & {"grids_shifted", "all_shifted"}
    with pytest.raises(DraftError, match="in doubt"):
        put(room, plan, skip=True)
    right = imports.plan(room, path, options={"crs": "GCJ-02"})
    assert right.doubts == []
    assert right.counts["refused"] == 0
    near = [row.site for row in right.rows]
    assert max(max(abs(one.lon - spot.lon), abs(one.lat - spot.lat)) for one, spot in zip(near, found, strict=True)) < 1e-5  # fmt: skip
    assert [one.codes[leaf] for one in near] == codes


def test_without_coordinates_a_building_that_is_known_places_a_site_and_a_grid_does_not(room, tmp_path):
    leaf, house = room.area.net.leaf, next(iter(buildings(room.area).values()))
    rows = [["G-1", "gas_shop", "羊汤馆", house.building, ""], ["G-2", "gas_shop", "烩面馆", "", str(leaf.codes[0])]]
    plan = imports.plan(room, text(tmp_path, rows, ["编号", "类型", "名称", "楼栋", leaf.key]))
    assert [row.verdict for row in plan.rows] == [Verdict.NEW, Verdict.REFUSED]
    assert (plan.rows[0].site.building, plan.rows[0].site.lon) == (house.building, house.lon)
    assert kinds(plan.rows[1]) == ["place_missing"]


def test_what_may_be_there_already_waits_for_a_decision(room, tmp_path):
    rows = rows_of(room, 3)
    put(room, imports.plan(room, text(tmp_path, rows)))
    other = [["X-1", *rows[0][1:]], ["X-2", rows[1][1], "另外一家", *rows[1][3:]]]
    plan = imports.plan(room, text(tmp_path, other), options={"source": "消防"})
    assert [row.verdict for row in plan.rows] == [Verdict.ALIKE, Verdict.NEW]
    assert plan.rows[0].findings[-1].said["other"] == "场-0001"
    with pytest.raises(DraftError, match="may be there already"):
        put(room, plan)
    assert len(put(room, plan, skip=True).made) == 1
    assert (
        len(put(room, imports.plan(room, text(tmp_path, other), options={"source": "消防"}), alike_too=True).made) == 1
    )


def test_a_mapping_of_ones_own_is_kept_and_read_again(room, tmp_path):
    rows = [[row[0], "店", row[2], "停业", *row[3:]] for row in rows_of(room)]
    path = text(tmp_path, rows, ["号", "种", "招牌", "情况", "x", "y"])
    said = 'source = "消防"\n[columns]\nid = "号"\nkind = "种"\nname = "招牌"\nstate = "情况"\nlon = "x"\nlat = "y"\n[values.kind]\n"店" = "gas_shop"\n'
    (tmp_path / "m.toml").write_text(said, encoding="utf-8")
    mapping = imports.ColumnMapping.read(tmp_path / "m.toml", imports.fields_of(room.rules.sites))
    plan = imports.plan(room, path, mapping)
    assert plan.counts["new"] == 6
    assert {row.site.state for row in plan.rows} == {State.SUSPENDED}
    assert imports.ColumnMapping.from_table(__import__("tomllib").loads(mapping.toml()), fields=imports.fields_of(room.rules.sites)) == mapping  # fmt: skip
    with pytest.raises(MissingColumns):
        imports.plan(room, text(tmp_path, rows_of(room)), mapping)


def test_a_kind_for_all_rows_is_one_that_there_is(room, tmp_path):
    rows = [[row[0], *row[2:]] for row in rows_of(room)]
    path = text(tmp_path, rows, ["编号", "名称", "经度", "纬度"])
    assert imports.plan(room, path).counts["refused"] == 6
    assert imports.plan(room, path, kind="fumes").counts["new"] == 6
    with pytest.raises(RulesError, match="no kind of site"):
        imports.plan(room, path, kind="bakery")
