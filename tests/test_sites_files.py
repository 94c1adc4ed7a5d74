"""The register of sites as a file and at the command line: what it holds, what it leaves out, and what a signature takes."""

import json
import sqlite3

import openpyxl
import pytest
from click.testing import CliRunner
from rooms import DISPATCHER, NOON, room_of, shipped

from cli import battlemap
from desk.places import buildings
from desk.sites import register
from desk.sites.register import Wish
from geo.errors import TableError
from ledger.sites import Asked
from reports import site_exports

AREA = "longnan"


@pytest.fixture
def room(tmp_path):
    room = room_of(shipped(AREA), tmp_path / "ledger")
    for at, spot in enumerate(list(buildings(room.area).values())[:4]):
        register.put(room, Wish("gas_vendor", f"{at}号餐车", spot.lon, spot.lat, mobile="豫A12345", contact="13800000000", fields={"cylinders": at}), DISPATCHER, NOON)  # fmt: skip
    yield room
    room.ledger.close()


def test_files_hold_codes_papers_and_facts_and_neither_telephone_nor_mark(room, tmp_path):
    traced = []
    assert site_exports.export(room, Asked(AREA), tmp_path / "s.csv", "zh", mark="水印", trace=traced.append) == 4
    text = (tmp_path / "s.csv").read_text("utf-8-sig")
    assert "3号餐车" in text
    assert "水印" in text
    assert not [word for word in ("豫A12345", "13800000000") if word in text]
    assert traced == [4]
    site_exports.export(room, Asked(AREA, text="2号"), tmp_path / "s.xlsx", "en", mark="mark")
    rows = list(openpyxl.load_workbook(tmp_path / "s.xlsx").worksheets[0].values)
    assert [row[0] for row in rows] == ["Number", "场-0003"]
    site_exports.export(room, Asked(AREA), tmp_path / "s.gpkg", "zh")
    with sqlite3.connect(tmp_path / "s.gpkg") as package:
        assert package.execute("select count(*), sum(cylinders) from sites").fetchone() == (4, 6)
    found = json.loads((tmp_path / "s.geojson").read_text("utf-8")) if site_exports.export(room, Asked(AREA), tmp_path / "s.geojson", "zh") else {}  # fmt: skip
    one = register.get(room, "场-0001")
    assert found["features"][0]["geometry"]["coordinates"] == [one.lon, one.lat]


def test_a_file_that_is_there_or_would_be_too_long_is_not_written(room, tmp_path):
    (tmp_path / "s.csv").write_text("mine")
    with pytest.raises(TableError, match="exists"):
        site_exports.export(room, Asked(AREA), tmp_path / "s.csv", "zh")
    with pytest.raises(TableError, match="more than the 3"):
        site_exports.export(room, Asked(AREA), tmp_path / "t.csv", "zh", most=3)
    assert not (tmp_path / "t.csv").exists()


def test_the_command_line_plans_writes_lists_and_signs(tmp_path, monkeypatch):
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("BATTLEMAP_DEMO", "false")
    spots = list(buildings(shipped(AREA)).values())[:40:20]
    lines = [f"G-{at},沿街瓶装燃气门店,{name}馆,{spot.lon},{spot.lat}" for at, (name, spot) in enumerate(zip(("羊汤", "烩面"), spots, strict=True))]  # fmt: skip
    (tmp_path / "s.csv").write_text(
        "\n".join(["编号,类型,名称,经度,纬度", *lines, "G-9,面包房,某店,1,1"]), encoding="gbk"
    )

    def said(*words, code=0):
        done = CliRunner().invoke(battlemap, ["sites", *words])
        assert done.exit_code == code, done.output
        return done.output

    given = ("import", str(tmp_path / "s.csv"), "--area", AREA, "--language", "en")
    assert "nobody knows the kind 面包房" in said(*given, code=3)
    assert "Nothing was written" in said(*given, "--write", code=3)
    assert "2 new sites" in said(*given, "--write", "--skip-bad-rows", code=3)
    assert said("list", "--area", AREA).startswith("2 sites\n场-0001\tgas_shop\tactive")
    assert json.loads(said("rebind", "--area", AREA, "--json"))["differences"] == []
    assert "2 sites written" in said("export", "--area", AREA, "--out", str(tmp_path / "out.geojson"))
    said("list", "--area", AREA, "--kind", "bakery", code=2)
