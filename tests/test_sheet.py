"""The printed sheet: its scale is true, its marks are the figures', its labels keep clear of one another, and it says what it is in both languages."""

import json
import re
from datetime import UTC, datetime
from html import unescape
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rooms import filled, shipped
from small_pack import write_small_pack

from api.print import conditions, view_of, wanted_of
from data import available
from geo.errors import FilterError, UnknownGrid
from geo.measure import WGS84
from layers.load import load
from layers.sheet import View, Wanted, frame, sheet
from layers.sheet.board import CELL, LEAST, Board, Box, text_width
from layers.sheet.plot import around, as_on_screen, bar_metres, round_scale
from layers.sheet.svg import element, number, path_data
from locales import translator
from reports import figures
from reports.figures import Filter

SVG = "{http://www.w3.org/2000/svg}"
PRINTED = datetime(2026, 11, 22, 6, 40, tzinfo=UTC)
HOSTILE = '<script>alert("1")</script>&amp;'


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack")
    return filled(load(write_small_pack(folder / "small")), folder / "var")


@pytest.fixture(scope="module")
def dc(tmp_path_factory):
    return filled(shipped("dc"), tmp_path_factory.mktemp("var"))


def draw(room, query=None, *, language="zh", **kept):
    wanted = wanted_of(room, Filter.from_query(query or {}), PRINTED, **kept)
    return sheet(room.area, wanted, language=language, translate=translator(language), printed_at=PRINTED)


def select(room, query):
    return figures.select(room, Filter.from_query(query), PRINTED)


def parsed(markup):
    return ET.fromstring(markup)


def marks(root):
    return [part for part in root.iter(f"{SVG}g") if part.get("class") == "mark"]


def counted(root):
    totals = dict.fromkeys(figures.MARKS, 0)
    for mark in marks(root):
        totals[mark.get("data-mark")] += int(mark.get("data-count"))
        assert len(mark.get("data-uids").split()) == int(mark.get("data-count"))
    return totals


def words(root):
    return [unescape("".join(part.itertext())) for part in root.iter(f"{SVG}text")]


def test_the_sheet_is_a3_in_millimetres(small):
    root = parsed(draw(small))
    assert (root.get("viewBox"), root.get("width"), root.get("height")) == ("0 0 420 297", "420mm", "297mm")


@pytest.mark.parametrize(
    "query", [{}, {"mark": "red"}, {"mark": "red,green"}, {"grid": "third:1"}, {"grid": "micro:3-04b"}, {"days": "1"}]
)
def test_marks_on_the_sheet_are_those_of_the_figures(small, query):
    root = parsed(draw(small, query))
    chosen = select(small, query)
    assert counted(root) == figures.counts(chosen)
    assert sorted(uid for mark in marks(root) for uid in mark.get("data-uids").split()) == sorted(chosen["uid"])


def test_the_totals_on_the_panel_are_the_figures(small):
    root = parsed(draw(small))
    totals = {part.get("data-mark"): int(part.text) for part in root.iter(f"{SVG}text") if part.get("class") == "total"}
    assert totals == figures.counts(select(small, {"days": "all"})) == {"red": 6, "yellow": 3, "green": 5}


def test_a_crowded_sheet_counts_every_case_in_its_grid(dc):
    root = parsed(draw(dc, {"days": "all"}))
    beyond = select(dc, {"days": "all"})
    assert sum(counted(root).values()) == len(beyond)
    assert counted(root) == figures.counts(beyond)


@pytest.mark.parametrize("name", sorted(available()))
def test_every_shipped_area_is_drawn_small_enough_and_counts_as_the_figures(name, tmp_path):
    room = filled(shipped(name), tmp_path)
    markup = draw(room, {"days": "all"})
    root = parsed(markup)
    beyond = int(re.sub(r"\D", "", next((said for said in words(root) if "件在图外" in said), "0").split("件")[0]) or 0)
    cases = select(room, {"days": "all"})
    assert sum(counted(root).values()) + beyond == len(cases) - figures.restricted(cases)
    assert len(markup.encode()) < (1_000_000 if name == "longnan" else 4_000_000)


def test_a_view_says_how_many_cases_lie_beyond_it(small):
    root = parsed(draw(small, view=View(34.7536, 113.601, 19)))
    beyond = 14 - sum(counted(root).values())
    assert beyond > 0
    assert any(
        f"{beyond} " in said or f"{beyond}件" in said or str(beyond) in said for said in words(root) if "图" in said
    )


def test_the_scale_bar_is_as_long_as_it_says(small, dc):
    for room in (small, dc):
        root, area = parsed(draw(room)), room.area
        bar = next(part for part in root.iter(f"{SVG}g") if part.get("class") == "scale-bar")
        denominator = int(
            next(part.get("data-denominator") for part in root.iter(f"{SVG}text") if part.get("class") == "scale")
        )
        boxes = list(bar.iter(f"{SVG}rect"))
        drawn = sum(float(box.get("width")) for box in boxes)
        assert drawn * denominator / 1000 == pytest.approx(float(bar.get("data-metres")), abs=0.03 * denominator / 1000)
        plot = around(area.net.levels[0].geoms, frame.layout().window)
        assert plot.denominator == denominator
        west, south, east, north = area.net.bounds
        ends = np.array([[west, (south + north) / 2], [east, (south + north) / 2]])
        on_paper = np.hypot(*np.diff(plot.place(ends), axis=0)[0])
        _, _, metres = WGS84.inv(*ends[0], *ends[1])
        assert on_paper * denominator / 1000 == pytest.approx(metres, rel=2e-5)


def test_the_net_fills_the_window_and_stays_inside(small, dc):
    for area in (small.area, dc.area):
        plot = around(area.net.levels[0].geoms, frame.layout().window)
        left, top, right, bottom = shapely.total_bounds(plot.draw(area.net.leaf.geoms))
        window = plot.window
        assert window.left <= left
        assert window.top <= top
        assert right <= window.right
        assert bottom <= window.bottom
        assert max((right - left) / window.width, (bottom - top) / window.height) > 0.75


def test_north_is_up_and_east_is_right(small):
    plot = around(small.area.net.levels[0].geoms, frame.layout().window)
    here, east, north = plot.place(np.array([[113.604, 34.752], [113.605, 34.752], [113.604, 34.753]]))
    assert east[0] > here[0]
    assert north[1] < here[1]


def test_a_screen_view_is_printed_at_about_its_scale():
    plot = as_on_screen(View(34.75, 113.6, 16), frame.layout().window)
    screen = 40_075_016.686 * np.cos(np.radians(34.75)) / (256 * 2**16) / (0.0254 / 96)
    assert screen * 0.9 < plot.denominator < screen * 1.25


@given(st.floats(1, 5e6))
def test_a_scale_is_round_and_never_too_large(need):
    chosen = round_scale(need)
    assert chosen >= need - 1e-6 or chosen == 250
    assert chosen <= max(250, need) * 1.26
    assert len(str(chosen).rstrip("0")) <= 2


@given(st.integers(250, 2_000_000))
def test_a_scale_bar_is_round_and_fits(denominator):
    metres = bar_metres(denominator)
    assert str(int(metres * 10)).rstrip("0") in {"1", "2", "5"}
    assert 20 < metres * 1000 / denominator <= 60


places = st.tuples(st.floats(0, 95), st.floats(0, 45), st.floats(0.5, 20), st.floats(0.5, 6))


@given(st.lists(places, max_size=60))
def test_settled_boxes_never_overlap(wanted):
    board = Board(Box(0, 0, 100, 50))
    boxes = [Box(x, y, x + width, y + height) for x, y, width, height in wanted]
    settled = [box for box in boxes if board.settle([box])]
    assert not boxes or not board.inside(boxes[0]) or boxes[0] in settled
    for i, one in enumerate(settled):
        assert board.inside(one)
        for other in settled[:i]:
            assert (
                one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top
            )


def test_a_board_refuses_what_leaves_the_window():
    board = Board(Box(10, 10, 20, 20))
    assert not board.settle([Box(19, 12, 21, 13)])
    assert board.settle([Box(19, 12, 20, 13)])
    assert not board.free([Box(19 + CELL / 2, 12, 20, 13)])


def test_chinese_is_wider_than_figures():
    assert text_width("网格", 2) == 4
    assert 0 < text_width("3-05", 2) < 5
    assert text_width("", 2) == 0


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("ink", ["colour", "black"])
def test_no_text_is_below_five_points(small, language, ink):
    sizes = [
        float(part.get("font-size")) for part in parsed(draw(small, language=language, ink=ink)).iter(f"{SVG}text")
    ]
    assert min(sizes) >= LEAST - 0.01


def test_the_sheet_names_what_it_shows(small):
    said = words(parsed(draw(small)))
    joined = "\n".join(said)
    for expected in (
        "小网格 · 网格作战图",
        "示意",
        "3 个三级网格",
        "14 个微网格",
        "2 个专属网格",
        "数据截至 2026-03-01 08:13",
        "2026-11-22 14:40",
        "2026-01-01",
        "不作为划界依据",
        "图例",
        "中山路",
        "陇海街",
        "金水河",
        "3-04b",
        "专1",
        "第一小学",
    ):
        assert expected in joined, expected
    assert re.search(r"^1:\d+$", joined, re.MULTILINE)


def test_english_leaves_no_chinese_of_ours(small):
    joined = "\n".join(words(parsed(draw(small, {"mark": "red", "days": "3"}, language="en"))))
    for expected in (
        "Small net · Grid battle map",
        "Illustrative",
        "Legend",
        "Data as of 2026-03-01 08:13",
        "not a basis for drawing boundaries",
        "Reported up",
    ):
        assert expected in joined
    chinese = set(re.findall(r"[\u4e00-\u9fff]+", joined))
    data = (
        *small.area.net.overlays[0].titles,
        *small.area.net.overlays[0].posts,
        "专",
        "号楼",
        *(title for frame in small.area.ground.values() for title in frame["title"]),
        "便民超市",
        "早餐店",
        "小社区",
    )
    assert not {found for found in chinese if not any(found in text for text in data)}


def test_every_word_of_the_sheet_has_its_chinese():
    from pathlib import Path

    said = set()
    for file in [*Path("layers/sheet").glob("*.py"), Path("api/print.py")]:
        said |= set(re.findall(r'\b(?:_|translate|more)\(\s*"([^"]+)"', file.read_text(encoding="utf-8")))
    assert len(said) > 20
    _ = translator("zh")
    assert not [
        text
        for text in said
        if not re.search(r"[\u4e00-\u9fff]", _(text)) and text not in {"{count} {name}", "{name} {code}"}
    ]


def test_a_grid_of_the_filter_has_the_sheet_to_itself(small):
    whole, one = (
        int(
            next(
                part.get("data-denominator")
                for part in parsed(draw(small, query)).iter(f"{SVG}text")
                if part.get("class") == "scale"
            )
        )
        for query in ({}, {"grid": "micro:1-01"})
    )
    assert one < whole
    assert "微网格 1-01" in words(parsed(draw(small, {"grid": "micro:1-01"})))[0] or any(
        "微网格 1-01" in said for said in words(parsed(draw(small, {"grid": "micro:1-01"})))
    )


def test_a_dedicated_grid_is_hatched_numbered_and_indexed(small):
    root = parsed(draw(small, {"grid": "dedicated:专1"}))
    said = words(root)
    assert any("专1 第一小学" in text for text in said)
    assert "第一小学" in said


def test_states_have_a_form_each(small):
    root = parsed(draw(small))
    states = {part.text: part.get("data-state") for part in root.iter(f"{SVG}text") if part.get("data-state")}
    assert states["1-02"] == "red"
    assert states["2-03"] == "yellow"
    assert states["3-01"] == "green"
    assert "1-01" not in states


def test_the_same_sheet_is_drawn_twice(small):
    assert draw(small) == draw(small)


def test_black_ink_has_no_colour(small):
    colours = re.findall(r"#([0-9A-Fa-f]{6})", draw(small, ink="black"))
    assert colours
    assert not {colour for colour in colours if len({colour[:2].upper(), colour[2:4].upper(), colour[4:6].upper()}) > 1}


def test_hostile_texts_are_text(tmp_path):
    folder = write_small_pack(tmp_path / "hostile", title=HOSTILE)
    for file in ("area.toml", "dedicated.geojson", "streets.geojson", "shops.geojson"):
        path = folder / file
        text = path.read_text(encoding="utf-8")
        for harmless in ("第一小学", "中山路", "便民超市"):
            text = text.replace(harmless, "<img src=x onerror=alert(1)>")
        path.write_text(
            text.replace("Made for tests", "<script>alert(2)</script>").replace("小网格", "<b>网格</b>"),
            encoding="utf-8",
        )
    markup = draw(filled(load(folder), tmp_path / "var"))
    root = parsed(markup)
    assert {part.tag for part in root.iter()} <= {
        SVG + tag for tag in ("svg", "title", "defs", "clipPath", "g", "path", "rect", "text")
    }
    assert not [name for part in root.iter() for name in part.attrib if name.startswith("on")]
    assert "<script" not in markup
    assert "<img" not in markup


def test_nothing_comes_from_elsewhere(small):
    markup = draw(small).replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//|url\((?!#window\))|@import|href", markup)


def test_an_area_without_cases_ground_or_overlays_is_drawn(tmp_path):
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "area.toml").write_text(
        'name = "空"\n[[levels]]\nkey = "only"\nname = "网格"\nfile = "n.geojson"\ncode = "c"\n', encoding="utf-8"
    )
    (folder / "n.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"c":"1"},"geometry":{"type":"Polygon","coordinates":[[[113,34],[113.01,34],[113.01,34.01],[113,34.01],[113,34]]]}}]}',
        encoding="utf-8",
    )
    root = parsed(draw(filled(load(folder), tmp_path / "var")))
    assert counted(root) == {"red": 0, "yellow": 0, "green": 0}
    assert any("不作为划界依据" in said for said in words(root))


def test_an_unknown_grid_is_refused(small):
    with pytest.raises(UnknownGrid):
        sheet(
            small.area,
            Wanted(select(small, {}), grid=("micro", "nowhere")),
            language="zh",
            translate=translator("zh"),
            printed_at=PRINTED,
        )
    with pytest.raises(FilterError):
        draw(small, {"grid": "micro:nowhere"})


@pytest.mark.parametrize("text", ["1", "1,2", "a,b,c", "nan,1,2", "91,0,3", "10,200,5", "1,2,3,4"])
def test_a_view_that_is_none_is_refused(text):
    with pytest.raises(FilterError, match="view="):
        view_of(text)


def test_a_view_is_latitude_longitude_zoom():
    assert view_of("34.75,113.6,16.5") == View(34.75, 113.6, 16.5)
    assert view_of("") is None


def test_the_filter_is_said_in_words(small):
    wanted = Filter.from_query({"mark": "green,red", "days": "7"})
    assert conditions(small, wanted, "en", translator("en")) == ["Reported up", "Done", "the last 7 days"]
    assert "筛选" in "".join(words(parsed(draw(small, conditions=("上报流转",)))))


def test_paths_are_written_short_and_exact():
    assert path_data(np.array([shapely.LineString([(0, 0), (1.5, 0), (1.5, -0.25)])])) == "M0 0l1.5 0 0-.25"
    assert path_data(np.array([shapely.box(0, 0, 2, 1)])) == "M2 0l0 1-2 0 0-1z"
    assert path_data(np.array([shapely.Point(1, 1), shapely.Polygon()])) == ""
    assert path_data(np.array([], dtype=object)) == ""
    assert [number(value) for value in (0, -0.001, 1.004, 12, -3.5)] == ["0", "0", "1", "12", "-3.5"]


def test_elements_escape_their_attributes():
    assert element("a", class_='"<', stroke_width=0.5, none=None) == '<a class="&quot;&lt;" stroke-width="0.5"/>'


def test_defective_polygons_are_drawn_as_well_as_can_be(tmp_path):
    folder = write_small_pack(tmp_path / "defective")
    for name in ("community", "third", "micro", "dedicated"):
        path_ = folder / f"{name}.geojson"
        document = json.loads(path_.read_text(encoding="utf-8"))
        ring = document["features"][0]["geometry"]["coordinates"][0]
        ring[1], ring[2] = ring[2], ring[1]  # a bow tie
        spike = [ring[0][0] - 0.0005, ring[0][1]]
        ring[0:1] = [ring[0], spike, ring[0]]  # and a spike, which repair turns into a line
        path_.write_text(json.dumps(document), encoding="utf-8")
    room = filled(load(folder), tmp_path / "var")
    for query in ({}, {"grid": "third:1"}, {"grid": "dedicated:专1"}):
        for ink in ("colour", "black"):
            wanted = select(room, query)
            assert counted(parsed(draw(room, query, ink=ink))) == figures.counts(wanted)
