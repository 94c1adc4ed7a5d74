"""Whatever leaves the console says who took it out, when, and by which filter; and the audit trail says that it left."""

import csv
import json
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import streamlit
from click.testing import CliRunner
from http_client import ask
from small_pack import write_small_pack
from starlette.applications import Starlette

import api
from cli import battlemap
from data import rules as shipped_rules
from desk import imports
from desk.access.permissions import permissions_of
from desk.reports import Draft, report
from desk.taken import EXPORT, require_few, taken
from geo.errors import LedgerError, TableError
from incidents.access import Role, Scope, Who
from incidents.lifecycle import By
from ledger import audit
from ledger.store import open_ledger
from locales import translator
from reports import figures
from reports.export_files import export
from reports.exports import table
from reports.figures import Filter
from reports.listing import listing, to_csv, to_xlsx
from reports.watermark import LONGEST, filtered, watermark
from settings import Settings
from tests.rooms import DISPATCHER, NOON, room_of, shipped

INDEX = Path(streamlit.__file__).with_name("static") / "index.html"
BY = By(DISPATCHER.post, DISPATCHER.kind, account="a1")
LI = Who("a1", "li", Role.DISPATCHER, Scope("longnan"), "s1")
ZH = translator("zh")
KINDS = ("xlsx", "csv", "geojson", "gpkg", "parquet")
MARK = "=li (派遣员) · 2026-11-20 12:00 · 红色 & 全部"  # a name may begin like a formula


@pytest.fixture
def room(tmp_path, database):
    room = room_of(shipped("longnan"), tmp_path / "ledger", database)
    for place in range(3):
        spot = room.area.net.leaf.geoms[place].representative_point()
        report(room, Draft("06010", spot.x, spot.y, text=f"垃圾 {place}"), DISPATCHER, NOON)
    yield room
    room.ledger.close()


def marks_in(path):
    """Every place in which a file carries its watermark."""
    if path.suffix == ".csv":
        return {next(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))[-1].removeprefix("'")}
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        foot = book.worksheets[0].oddFooter.left.text
        return {book.worksheets[-1]["A1"].value, foot.replace("&&", "&"), book.properties.description}
    if path.suffix == ".geojson":
        return {json.loads(path.read_text(encoding="utf-8"))["watermark"]}
    if path.suffix == ".gpkg":
        return {pyogrio.read_info(path, layer="incidents")["layer_metadata"]["watermark"]}
    return {pq.read_schema(path).metadata[b"watermark"].decode()}


def rows_of(path):
    """The rows as any program reads them, without what marks the file."""
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, encoding="utf-8-sig").iloc[:, :-1]
    if path.suffix == ".xlsx":
        return pd.read_excel(path, sheet_name=0, dtype=str, engine="openpyxl")
    return gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_carries_the_watermark_and_the_rows_are_the_same(room, tmp_path, kind):
    plain, marked = tmp_path / f"plain.{kind}", tmp_path / f"marked.{kind}"
    question = figures.asked(room, Filter(), NOON, rows=True)
    export(room, question, plain, NOON, "zh")
    export(room, question, marked, NOON, "zh", mark=MARK)
    assert marks_in(marked) == {MARK}
    rows = rows_of(marked)
    assert len(rows) == len(table(room, question, NOON, "zh")) == 3
    other = pd.read_csv(plain, dtype=str, encoding="utf-8-sig") if kind == "csv" else rows_of(plain)
    pd.testing.assert_frame_equal(pd.DataFrame(rows), pd.DataFrame(other))


def test_what_the_table_downloads_carries_it_too(room, tmp_path):
    frame = listing(room, Filter(), NOON, ZH, "zh").frame
    (tmp_path / "a.csv").write_bytes(to_csv(frame, MARK))
    (tmp_path / "a.xlsx").write_bytes(to_xlsx(frame, "台账", ("不足 5 件",), "说明", MARK))
    assert marks_in(tmp_path / "a.csv") == marks_in(tmp_path / "a.xlsx") == {MARK}
    assert list(rows_of(tmp_path / "a.csv").columns) == list(frame.columns)
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[-1]["A2"].value == "不足 5 件"


def test_a_watermark_says_who_when_where_and_by_which_filter(room):
    wanted = Filter(grid=("micro", "41010299900100301"), marks=frozenset({"red"}), days=7)
    said = watermark(room, LI, NOON, filtered(room, wanted, ZH, "zh"), ZH, "zh")
    assert said.startswith("li (")
    for part in ("2026-11-20 12:00", room.area.pack.name.zh, "micro:41010299900100301", "7"):
        assert part in said
    nobody = Who("", "", Role.DEMO, Scope("*"), "demonstration")
    assert watermark(room, nobody, NOON, (), translator("en"), "en").startswith("Demonstration")
    assert watermark(room, None, NOON, (), translator("en"), "en", user="root").startswith("root (command line)")


def test_a_watermark_has_an_end(room, tmp_path):
    said = watermark(room, LI, NOON, ["&" * 1000], ZH, "zh")
    assert len(said) == LONGEST
    question = figures.asked(room, Filter(), NOON, rows=True)
    export(room, question, tmp_path / "a.xlsx", NOON, "zh", mark=said)
    foot = openpyxl.load_workbook(tmp_path / "a.xlsx").worksheets[0].oddFooter
    assert len(f"&L{foot.left.text}&R{foot.right.text}") <= 255  # what Excel opens


def test_a_line_of_the_trail_has_counts_and_filter_and_strikes_people_out(room):
    data = {"rows": 3, "filter": {"mark": "red", "q": "13812345678"}}
    taken(room, EXPORT, LI, NOON, what="a.csv", data=data, address="10.0.0.7")
    with room.ledger.reading() as connection:
        (line,) = audit.read(connection)
    assert (line.act, line.name, line.role, line.area, line.what, line.address) == (
        "export", "li", "dispatcher", "longnan", "a.csv", "10.0.0.7",
    )  # fmt: skip
    assert line.data["rows"] == 3
    assert line.data["filter"]["mark"] == "red"
    assert "13812345678" not in str(line.data)


def test_no_file_is_left_where_its_line_cannot_be_written(room, tmp_path):
    def trace(_rows):
        raise LedgerError("the disk is full")

    question = figures.asked(room, Filter(), NOON, rows=True)
    for kind in KINDS:
        with pytest.raises(LedgerError):
            export(room, question, tmp_path / f"a.{kind}", NOON, "zh", trace=trace)
        assert not (tmp_path / f"a.{kind}").exists()


def test_no_file_holds_more_rows_than_the_setting_allows(room, tmp_path):
    question = figures.asked(room, Filter(), NOON, rows=True)
    with pytest.raises(TableError, match="export_rows"):
        export(room, question, tmp_path / "a.csv", NOON, "zh", most=2)
    assert not (tmp_path / "a.csv").exists()
    assert export(room, question, tmp_path / "a.csv", NOON, "zh", most=3) == 3
    most = room.rules.settings.export_rows
    require_few(room, most)
    with pytest.raises(TableError, match="export_rows"):
        require_few(room, most + 1)


def test_the_command_marks_its_file_and_leaves_a_line(tmp_path, monkeypatch):
    write_small_pack(tmp_path / "packs" / "small")
    rules = tmp_path / "rules"
    rules.mkdir()
    text = (shipped_rules.SHIPPED / "desk.toml").read_text(encoding="utf-8")
    (rules / "desk.toml").write_text(text.replace("export_rows = 100000", "export_rows = 5"), encoding="utf-8")
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("BATTLEMAP_PACKS", str(tmp_path / "packs"))
    monkeypatch.setenv("BATTLEMAP_RULES", str(rules))
    words = ["incidents", "export", "--area", "small", "--out", str(tmp_path / "a.csv"), "--text", "王阿姨"]
    assert CliRunner().invoke(battlemap, words).exit_code == 0
    done = CliRunner().invoke(battlemap, [*words[:-2], "--force"])
    assert "export_rows" in str(done.exception)
    assert CliRunner().invoke(battlemap, [*words[:-2], "--force", "--no-limit"]).exit_code == 0
    ledger = open_ledger(tmp_path / "var")
    with ledger.reading() as connection:
        last, first = audit.read(connection)
    ledger.close()
    assert (last.act, last.role, last.what, last.data["rows"]) == ("export", "local", "a.csv", 14)
    assert "王" not in str(first.data)
    (mark,) = marks_in(tmp_path / "a.csv")
    assert "命令行" in mark or "command line" in mark


def test_a_marked_file_is_read_again_by_the_import(room, tmp_path):
    question = figures.asked(room, Filter(), NOON, rows=True)
    export(room, question, tmp_path / "a.csv", NOON, "zh", mark=watermark(room, LI, NOON, ["红色"], ZH, "zh"))
    planned = imports.plan(room, tmp_path / "a.csv", None, NOON, options={"source": "again"})
    assert planned.counts["refused"] == 0


# --- paper


@pytest.fixture
def console(tmp_path):
    """The papers of a console, as the dispatcher li sees them, and the room behind them."""
    folder = tmp_path / "console"
    room = room_of(shipped("longnan"), folder)
    spot = room.area.net.leaf.geoms[0].representative_point()
    case = report(room, Draft("06010", spot.x, spot.y, text="垃圾", reporter="张小明", phone="13812345678"), BY, NOON)
    settings = Settings(area="longnan", data_dir=folder, demo=False)
    app = Starlette(routes=api.routes(settings, api.Console(index=INDEX, paths=("/",), assets={})))
    who = permissions_of(None).given(LI)

    async def as_li(scope, receive, send):
        await app({**scope, "state": {"who": who}}, receive, send)

    yield as_li, room, case
    room.ledger.close()


def printed(room):
    with room.ledger.reading() as connection:
        return audit.read(connection, act="print")


PAPERS = {
    "map": ("/print/longnan?mark=red&lang=zh", "map", {"sheet": "map", "rows": 1, "filter": {"mark": "red"}}),
    "rota": ("/rota/longnan?week=2026-11-16&lang=zh", "rota 2026-11-16", {"sheet": "rota", "rows": 0, "filter": {"week": "2026-11-16", "names": False}}),
}  # fmt: skip


@pytest.mark.parametrize("paper", PAPERS)
def test_every_print_says_who_printed_it_and_leaves_a_line(console, paper):
    app, room, _case = console
    address, what, data = PAPERS[paper]
    answer = ask(app, address)
    assert answer.status == 200
    assert "li (城运中心派遣员) · " in answer.text
    assert 'class="watermark"' in answer.text
    (line,) = printed(room)
    assert (line.name, line.role, line.area, line.what, line.address) == (
        "li",
        "dispatcher",
        "longnan",
        what,
        "127.0.0.1",
    )
    if paper == "rota":
        assert line.data == data
    assert line.data["filter"] == data["filter"]


def test_a_dispatch_sheet_says_who_printed_it_and_holds_no_contact(console):
    app, room, case = console
    answer = ask(app, f"/dispatch/longnan/{case.number}?post=dispatcher::&lang=zh")
    assert answer.status == 200
    foot = answer.text.partition("<footer>")[2].partition("</footer>")[0]
    assert foot.startswith("打印：li (城运中心派遣员) · ")
    assert case.number in foot
    assert 'class="watermark"' in answer.text
    for secret in ("张小明", "13812345678", "张*明", "138****5678"):
        assert secret not in answer.text
    assert [(line.what, line.data) for line in printed(room)] == [(case.number, {"sheet": "dispatch", "rows": 1})]


def test_nothing_is_printed_where_the_line_cannot_be_written(console, monkeypatch):
    app, _room, case = console

    def full(*_args, **_more):
        raise LedgerError("The disk is full.")

    monkeypatch.setattr("api.marking.taken", full)
    for address in ("/print/longnan", "/rota/longnan", f"/dispatch/longnan/{case.number}?post=dispatcher::"):
        answer = ask(app, address)
        assert answer.status >= 500
        assert "垃圾" not in answer.text
        assert "<svg" not in answer.text or "watermark" not in answer.text


def test_what_is_refused_is_no_print(console):
    app, room, _case = console
    for address in ("/dispatch/longnan/LN-0", "/print/longnan?ink=pink", "/print/nowhere", "/rota/longnan?week=x"):
        assert ask(app, address).status >= 400
    assert printed(room) == []
