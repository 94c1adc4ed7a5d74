"""The daily sheet as it stands: its day, its rates and ranks, its figures beside the map's, and its files over HTTP."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from io import BytesIO
from itertools import count
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import streamlit
from accounts import signed_in
from busy_room import Busy
from desk_browser import post, reported
from http_client import ask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from rooms import NOON, room_of
from small_pack import MANIFEST, write_small_pack
from starlette.applications import Starlette

import api
from api.identity import COOKIE
from api.live import answer
from desk.acts import Doing, do
from geo.errors import FilterError, RulesError
from incidents.indicators import share
from incidents.lifecycle import Act
from incidents.sheets import SheetRules, day_of, ranks, span
from layers.load import load
from reports import exports, figures
from reports.daily import cases_by, draft
from reports.figures import Filter
from reports.sheet_files import Stock, printed
from settings import Settings

INDEX = Path(streamlit.__file__).with_name("static") / "index.html"
ZONE = ZoneInfo("Asia/Shanghai")
CUTOFF = time(17)
NAMES = count()
COUNTS = ("new", "handled", "open", "late")  # what they were the day before changes where a class is kept back now
SHARES = st.integers(0, 50).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole)))


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A room whose clock goes."""
    folder = tmp_path_factory.mktemp("packs")
    pack = write_small_pack(folder / "small")
    (pack / "area.toml").write_text(MANIFEST.replace("archive = true\n", ""), encoding="utf-8")
    return room_of(load(pack), folder / "var")


@pytest.fixture(scope="module")
def app(room):
    console = api.Console(index=INDEX, paths=("/",), assets={})
    settings = Settings(area="longnan", data_dir=room.ledger.folder, demo=False, host="0.0.0.0")
    return Starlette(routes=api.routes(settings, console), middleware=api.middleware(settings, console))


@pytest.fixture(scope="module")
def day(room):
    """Some cases of the day that runs."""
    now = datetime.now(UTC)
    made = [reported(room, f"楼道堆放杂物{place}", place=place, now=now) for place in (0, 1, 5, 40, 80, 120)]
    for case in made:
        do(room, Doing(case.number, Act.FILE, {}), post("dispatcher::"), now)
    return now


@given(st.lists(SHARES, max_size=12))
def test_equal_shares_are_ranked_alike_and_one_without_a_whole_has_no_rank(shares):
    found = ranks(shares)
    for (part, whole), place in zip(shares, found, strict=True):
        better = sum(Fraction(a, b) > Fraction(part, whole) for a, b in shares if b) if whole else None
        assert place == (None if better is None else better + 1)


def test_after_a_tie_the_next_rank_is_left_out():
    assert ranks([(9, 10), (8, 10), (4, 5), (1, 2)]) == [1, 2, 2, 4]
    assert ranks([]) == []


@given(st.integers(0, 5_000_000), st.times())
def test_each_moment_lies_in_the_span_of_its_day(minutes, cutoff):
    moment = datetime(2020, 1, 1, tzinfo=ZONE) + timedelta(minutes=minutes)
    begins, ends = span(day_of(moment, cutoff, ZONE), cutoff, ZONE)
    assert begins <= moment < ends


def test_the_cut_off_belongs_to_the_next_day():
    at = datetime(2026, 11, 23, 17, tzinfo=ZONE)
    assert day_of(at, CUTOFF, ZONE) == date(2026, 11, 24)
    assert day_of(at - timedelta(seconds=1), CUTOFF, ZONE) == date(2026, 11, 23)


def test_every_fault_of_the_rules_is_named():
    with pytest.raises(RulesError) as caught:
        SheetRules.from_table({"cutoff": "25:00", "signer": 3, "colour": "red"})
    assert {fault.split()[0].rstrip(":") for fault in caught.value.faults} == {"cutoff", "signer", "colour"}
    assert SheetRules.from_table({"cutoff": "18:00"}).cutoff == time(18)


def test_the_sheet_counts_what_the_map_shows_and_its_total_is_the_sum_of_its_rows(room, day):
    paper = draft(room, day, "zh")
    begins, ends = span(day_of(day, CUTOFF, ZONE), CUTOFF, ZONE)
    shown = figures.look(room, Filter(since=begins.replace(tzinfo=None), until=ends.replace(tzinfo=None)), day).placed
    marks = figures.counts(shown)
    whole = paper.total.values
    assert whole["new"] == sum(marks.values()) >= 6
    assert whole["open"] == marks["red"]
    for name in ("new", "handled", "open", "late", "change"):
        assert whole[name] == sum(row.values[name] for row in paper.rows)
    assert all(row.values["new"] == row.values["handled"] + row.values["open"] for row in paper.rows)
    assert whole["rate"] == share(whole["handled"], whole["new"])
    assert 'class="red"' in paper.map
    assert any(f">{row.name}<" in paper.map for row in paper.rows), "the map names the lines"
    assert paper.state


def test_a_day_without_cases_has_no_rate_and_no_rank(room, day):
    paper = draft(room, day, "zh", day=date(2020, 1, 2))
    assert paper.total.values["new"] == 0
    assert {paper.total.values["rate"], *(row.values["rank"] for row in paper.rows)} == {None}
    assert paper.rows


def test_a_day_that_is_not_there_yet_is_refused(room, day):
    with pytest.raises(FilterError, match="not there yet"):
        draft(room, day, "zh", day=day.date() + timedelta(days=9))


def test_the_files_say_the_figures_of_the_sheet_and_leave_a_trace(room, app, day):
    cookie = f"{COOKIE}={signed_in(room.ledger.folder, 'dispatcher', 'longnan')}"
    paper = draft(room, day, "zh")
    answer = ask(app, "/sheet-file/longnan/xlsx?lang=zh", cookie=cookie)
    assert answer.status == 200
    page = openpyxl.load_workbook(BytesIO(answer.body)).active
    rows = [[cell.value for cell in row] for row in page.iter_rows(min_row=5, max_row=4 + len(paper.rows))]
    assert [row[:2] for row in rows] == [[row.name, row.values["new"]] for row in paper.rows]
    answer = ask(app, "/sheet-file/longnan/pdf?lang=zh", cookie=cookie)
    assert answer.headers["content-type"] == "application/pdf"
    text = "".join(one.extract_text() for one in PdfReader(BytesIO(answer.body)).pages)
    assert str(paper.total.values["new"]) in text


@pytest.mark.parametrize(
    ("path", "status"),
    [("html", 404), ("pdf?day=monday", 400), ("pdf?day=2999-01-01", 400), ("pdf?campaign=none", 404)],
)
def test_what_is_no_sheet_is_refused(room, app, path, status):
    cookie = f"{COOKIE}={signed_in(room.ledger.folder, 'dispatcher', 'longnan')}"
    assert ask(app, f"/sheet-file/longnan/{path}", cookie=cookie).status == status


def test_who_may_not_take_files_out_gets_none(room, app):
    assert ask(app, "/sheet-file/longnan/pdf").status in {302, 303, 401, 403}
    cookie = f"{COOKIE}={signed_in(room.ledger.folder, 'worker', 'longnan:grid:410102999001001')}"
    assert ask(app, "/sheet-file/longnan/pdf", cookie=cookie).status == 403


@pytest.mark.parametrize("path", ["/sheet-file/longnan/pdf", "/warning-report/longnan/警-2026-0001/pdf"])
def test_who_may_not_open_the_page_gets_no_file_of_it_either(room, app, path):
    cookie = f"{COOKIE}={signed_in(room.ledger.folder, 'department', 'longnan')}"
    assert ask(app, quote(path), cookie=cookie).status == 403


def test_a_broken_template_of_the_street_is_named_and_is_no_fault_of_the_system(room, app):
    cookie = f"{COOKIE}={signed_in(room.ledger.folder, 'dispatcher', 'longnan')}"
    template = room.ledger.folder / "papers" / "daily.docx"
    template.parent.mkdir()
    template.write_bytes(b"no document")
    answer = ask(app, "/sheet-file/longnan/docx", cookie=cookie)
    assert answer.status == 503
    assert b"daily.docx is no .docx document" in answer.body
    template.unlink()
    assert ask(app, "/sheet-file/longnan/docx", cookie=cookie).status == 200


@given(seed=st.integers(0, 10**6), back=st.integers(0, 3), community=st.integers(0, 20))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sheet_counts_as_map_table_workbook_and_live_feed_do(template, seed, back, community):
    room = Busy(template, f"sheet{next(NAMES)}", seed, 60, NOON).room
    cutoff, zone = room.rules.sheets.cutoff, room.area.pack.timezone
    chosen = day_of(NOON, cutoff, zone) - timedelta(days=back)
    paper, key = draft(room, NOON, "zh", day=chosen), figures.level_of(room).key
    begin, end = span(chosen, cutoff, zone)
    wanted = Filter(since=begin.replace(tzinfo=None), until=end.replace(tzinfo=None))
    picture, told = figures.look(room, wanted, NOON), answer(room, wanted, None, NOON)
    whole = paper.total.values
    assert whole["new"] == len(picture.placed) == sum(told["counts"].values()) - told["hidden"]
    assert (whole["open"], whole["late"]) == (
        figures.counts(picture.placed)["red"],
        len(figures.overdue(picture.placed, min(picture.clock, room.clock(end)))),
    )
    file = exports.table(room, figures.asked(room, wanted, NOON, rows=True), NOON, "zh")
    assert whole["new"] == int(((file["mark"] != "") & ~file["restricted"]).sum())
    page = openpyxl.load_workbook(BytesIO(printed(paper, "xlsx", Stock()))).active
    sheet = {row[0].value: row[1].value for row in page.iter_rows(min_row=5, max_row=5 + len(paper.rows))}
    assert sheet == {row.name: row.values["new"] for row in (*paper.rows, paper.total)}
    for row in (*paper.rows, paper.total):
        for name in COUNTS if row.code or row is paper.total else ():
            listed = Filter(counted=f"{chosen}.{name}.{row.code}")
            rows = exports.table(room, figures.asked(room, listed, NOON, rows=True), NOON, "zh")
            assert row.values[name] == len(rows), "each figure leads to its cases"
    codes = room.area.net.levels[1].codes
    code = str(codes[community % len(codes)])
    here = cases_by(figures.day_figures(picture.placed, key, picture.clock)).get(code, {"new": 0, "open": 0})
    there = figures.look(room, replace(wanted, grid=(key, code)), NOON).placed
    assert (here["new"], here["open"]) == (len(there), figures.counts(there)["red"])


@pytest.mark.parametrize(
    "said", ["x", "2026-11-19", "2026-11-19.some", "2026-13-01.new", "日-20260101-0001.new", ".new", "2.new"]
)
def test_a_figure_of_no_sheet_is_refused(room, said):
    with pytest.raises(FilterError, match="counted="):
        figures.look(room, Filter(counted=said), NOON)


@given(seed=st.integers(0, 10**6), steps=st.lists(st.integers(1, 30), min_size=1, max_size=4))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sheet_of_a_day_that_is_over_says_for_ever_what_it_said_at_its_cut_off(template, seed, steps):
    busy = Busy(template, f"past{next(NAMES)}", seed, 30, NOON)
    room, zone = busy.room, template.area.pack.timezone
    end = span(day_of(NOON, CUTOFF, zone), CUTOFF, zone)[1]
    busy.happen(NOON + timedelta(hours=1), count=10)
    said = draft(room, end - timedelta(microseconds=1), "zh")
    now = end
    for hours in steps:
        now += timedelta(hours=hours)
        busy.happen(now, count=6)
        again = draft(room, now, "zh", day=said.day)
        if again.notes != said.notes:  # a class that is kept back now is kept back of the past, too
            break
        assert _counts(again) == _counts(said)
        assert again.map == said.map


def _counts(paper):
    return {row.name: [row.values[name] for name in COUNTS] for row in (*paper.rows, paper.total)}
