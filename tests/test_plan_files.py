"""A plan on paper and as files: every stop once, in order, at its time; read again by others' readers; nothing for who may not see it."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import openpyxl
import pyogrio
import pytest
import streamlit
from accounts import signed_in
from click.testing import CliRunner
from http_client import ask
from inspected import AREA, BUILDING, kept, shop, worker_of
from rooms import DISPATCHER, NOON
from starlette.applications import Starlette

import api
from api.identity import COOKIE
from cli import battlemap
from desk.planning import day, keep
from desk.planning.day import Asking
from desk.sites import register
from desk.sites.register import Wish
from geo.errors import TableError
from inspections.plans import DayPlan
from ledger.sites import Asked
from reports.plan_files import FOLD, TYPES, lines_of, written
from settings import Settings

INDEX = Path(streamlit.__file__).with_name("static") / "index.html"
HOUR = 3600
NAME = "豫香面馆；<旺达>, 一分店\\" + "很长的名字" * 8
SPACE = "{http://www.topografix.com/GPX/1/1}"


@pytest.fixture
def room(tmp_path):
    found, _site = kept(tmp_path / "ledger")
    shop(found, NAME)
    yield found
    found.ledger.close()


@pytest.fixture
def plan(room) -> DayPlan:
    site = next(iter(_sites(room)))
    worker = worker_of(room, site)
    asking = Asking((worker.post,), NOON.date(), 9 * HOUR, 17 * HOUR, sites=frozenset(one.number for one in _sites(room)))  # fmt: skip
    return keep.keep(room, day.planned(room, asking, NOON), asking, DISPATCHER, NOON, seen={})


def _sites(room):
    return register.listed(room, Asked(room.id))


def stops(plan):
    return [stop for walk in plan.walks for stop in walk.stops]


def file(room, plan, kind):
    return written(room, plan, kind, "zh", NOON, mark="水印 A")


def test_gpx_has_a_waypoint_a_stop_and_a_route_a_walk_and_gdal_reads_it(room, plan, tmp_path):
    data = file(room, plan, "gpx")
    root = ET.fromstring(data)
    assert (root.tag, root.get("version")) == (f"{SPACE}gpx", "1.1")
    assert len(root.findall(f"{SPACE}wpt")) == len(stops(plan)) >= 2
    routes = root.findall(f"{SPACE}rte")
    assert [len(route.findall(f"{SPACE}rtept")) for route in routes] == [len(walk.stops) + 2 for walk in plan.walks]
    assert [child.tag.removeprefix(SPACE) for child in root] == ["metadata", *["wpt"] * len(stops(plan)), *["rte"] * len(routes)]  # fmt: skip
    out = tmp_path / "plan.gpx"
    out.write_bytes(data)
    if "GPX" in pyogrio.list_drivers(read=True):
        assert len(pyogrio.read_dataframe(out, layer="waypoints")) == len(stops(plan))


def test_geojson_has_a_point_a_stop_and_a_closed_line_a_walk(room, plan):
    found = json.loads(file(room, plan, "geojson"))
    points = [one["properties"] for one in found["features"] if one["geometry"]["type"] == "Point"]
    assert [one["number"] for one in points] == [stop.number for stop in stops(plan)]
    ways = [one["geometry"]["coordinates"] for one in found["features"] if one["geometry"]["type"] == "LineString"]
    assert [(way[0], way[-1]) for way in ways] == [(list(walk.start), list(walk.start)) for walk in plan.walks]
    assert found["watermark"] == "水印 A"


def unfolded(data):
    lines = data.decode().split("\r\n")
    assert all(len(line.encode()) <= FOLD for line in lines)
    assert lines[-1] == ""
    assert "\n" not in "".join(lines)
    return data.decode().replace("\r\n ", "").split("\r\n")[:-1]


def test_a_calendar_has_an_event_a_stop_in_world_time_with_lines_that_are_folded_and_texts_that_are_escaped(room, plan):
    lines = unfolded(file(room, plan, "ics"))
    begins = [line.removeprefix("DTSTART:") for line in lines if line.startswith("DTSTART:")]
    midnight = datetime(plan.day.year, plan.day.month, plan.day.day, tzinfo=UTC) - timedelta(hours=8)
    assert begins == [f"{midnight + timedelta(seconds=stop.begins):%Y%m%dT%H%M%SZ}" for stop in stops(plan)]
    assert len({line for line in lines if line.startswith("UID:")}) == lines.count("BEGIN:VEVENT") == len(stops(plan))
    assert (lines[0], lines[1], lines[-1]) == ("BEGIN:VCALENDAR", "VERSION:2.0", "END:VCALENDAR")
    said = [line for line in lines if line.startswith("SUMMARY:") and "旺达" in line]
    assert said
    assert said[0].endswith(NAME.replace("\\", "\\\\").replace(",", "\\,"))
    assert "STATUS:CONFIRMED" in lines


def test_the_calendar_of_a_withdrawn_plan_is_cancelled(room, plan):
    lines = unfolded(file(room, keep.withdraw(room, plan, DISPATCHER, NOON), "ics"))
    assert "STATUS:CANCELLED" in lines
    assert "STATUS:CONFIRMED" not in lines


def test_the_field_list_has_a_row_a_stop_with_a_box_and_no_formulas(room, plan):
    page = openpyxl.load_workbook(BytesIO(file(room, plan, "xlsx"))).active
    rows = list(page.iter_rows(min_row=3, values_only=True))
    assert [row[5] for row in rows[:-1]] == [stop.number for stop in stops(plan)]
    assert {row[10] for row in rows[:-1]} == {"☐"}
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
    assert rows[-1][0] == "水印 A"


def test_the_same_plan_gives_the_same_bytes_and_another_kind_is_refused(room, plan):
    assert all(file(room, plan, kind) == file(room, plan, kind) for kind in TYPES)
    with pytest.raises(TableError, match="gpx"):
        file(room, plan, "pdf")


def test_a_terminal_writes_each_kind_of_what_it_planned(room, tmp_path, monkeypatch):
    sites = _sites(room)
    monkeypatch.setattr("cli._room", lambda _area: room)
    monkeypatch.setattr("cli._now", lambda: NOON)
    args = ["plan", "--area", AREA, "--post", worker_of(room, sites[0]).post, "--site", sites[0].number]
    for kind in TYPES:
        out = tmp_path / f"walks.{kind}"
        done = CliRunner().invoke(battlemap, [*args, "--out", str(out)])
        assert done.exit_code == 0, done.output
        assert out.stat().st_size
    refused = CliRunner().invoke(battlemap, [*args, "--out", str(tmp_path / "walks.doc")])
    assert refused.exit_code != 0
    assert not (tmp_path / "walks.doc").exists()


@pytest.fixture
def app(room):
    console = api.Console(index=INDEX, paths=("/",), assets={})
    settings = Settings(area=AREA, data_dir=room.ledger.folder, demo=False, host="0.0.0.0")
    return Starlette(routes=api.routes(settings, console), middleware=api.middleware(settings, console))


def as_(room, role, scope=AREA):
    return f"{COOKIE}={signed_in(room.ledger.folder, role, scope)}"


def test_a_sheet_has_every_stop_with_its_box_a_code_and_the_map_of_its_walk(room, plan, app):
    cookie, number = as_(room, "dispatcher"), quote(plan.number)
    page = ask(app, f"/plan-sheet/{AREA}/{number}?lang=zh", cookie=cookie)
    text = page.body.decode()
    assert page.status == 200
    assert text.count("☐") == len(stops(plan)) == len(lines_of(room, plan))
    assert text.count('<article class="a4">') == len(plan.walks)
    assert all(stop.number in text for stop in stops(plan))
    assert "<旺达>" not in text
    assert "&lt;旺达&gt;" in text
    assert text.count("<polyline") == 2 * len(plan.walks)
    one = ask(app, f"/plan-sheet/{AREA}/{number}?walk=1", cookie=cookie).body.decode()
    assert one.count('<article class="a4">') == 1
    assert ask(app, f"/plan-sheet/{AREA}/{number}?walk=99", cookie=cookie).status == 404


def test_who_sees_a_part_prints_the_own_walk_and_not_that_of_another_whose_sites_they_do_not_see(room, app):
    mine, level = register.put(room, Wish("gas_shop", "甲店", building=BUILDING), DISPATCHER, NOON), room.area.net.leaf
    code = mine.codes[level.key].split(";")[0]
    elsewhere = next(at for at, each in enumerate(level.codes) if str(each) != code)
    place = level.geoms[elsewhere].representative_point()
    theirs = register.put(room, Wish("gas_shop", "乙店", lon=place.x, lat=place.y), DISPATCHER, NOON)
    posts = tuple(worker_of(room, site).post for site in (mine, theirs))
    asking = Asking(posts, NOON.date(), 9 * HOUR, 17 * HOUR, sites=frozenset({mine.number, theirs.number}))
    plan = keep.keep(room, day.planned(room, asking, NOON), asking, DISPATCHER, NOON, seen={})
    assert {post for walk in plan.walks for post in walk.posts} == set(posts)
    sheet = f"/plan-sheet/{AREA}/{quote(plan.number)}"
    for cookie, sheets in ((as_(room, "worker", f"{AREA}:{level.key}:{code}"), 1), (as_(room, "dispatcher"), len(plan.walks))):  # fmt: skip
        text = ask(app, sheet, cookie=cookie).body.decode()
        assert text.count('<article class="a4">') == sheets
        assert "甲店" in text
        assert ("乙店" in text) == (sheets > 1)


def test_files_come_by_http_with_a_name_and_a_trace_to_who_sees_the_plan_alone(room, plan, app):
    cookie, number = as_(room, "dispatcher"), quote(plan.number)
    for kind, type_ in TYPES.items():
        answer = ask(app, f"/plan-file/{AREA}/{number}/{kind}?lang=zh", cookie=cookie)
        assert (answer.status, answer.headers["content-type"]) == (200, type_)
        assert f"{number}.{kind}" in answer.headers["content-disposition"]
    assert ask(app, f"/plan-file/{AREA}/{number}/doc", cookie=cookie).status == 404
    assert ask(app, f"/plan-file/{AREA}/{quote('排-20000101-0001')}/gpx", cookie=cookie).status == 404
    worker, inspector = as_(room, "worker", f"{AREA}:grid:410102999001001"), as_(room, "inspector")
    for path, status in ((f"/plan-file/{AREA}/{number}/gpx", 403), (f"/plan-sheet/{AREA}/{number}", 404)):
        assert ask(app, path).status in {302, 303, 401, 403}
        assert ask(app, path, cookie=inspector).status == 403
        assert (
            ask(app, path, cookie=worker).status == status
        )  # who may not plan takes no files; none of theirs walks in it
    other = as_(room, "community", f"{AREA}:community:410102999002")
    assert ask(app, f"/plan-sheet/{AREA}/{number}", cookie=other).status == 404
