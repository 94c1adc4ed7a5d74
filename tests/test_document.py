"""The map document: the same bytes for the same area, nothing from another machine, nothing inline."""

import json
import re

import numpy as np
import pytest
import shapely
from small_pack import TOWER, write_small_pack

from layers import compact, document, labels
from layers.load import load


@pytest.fixture(scope="module")
def area(tmp_path_factory):
    return load(write_small_pack(tmp_path_factory.mktemp("packs") / "small"))


def page_of(area, **options):
    return document.build(area, **{"language": "zh", "theme": "light", **options})


def data_of(page):
    return json.loads(re.search(r'id="battlemap-data">(.*?)</script>', page.html.decode(), re.DOTALL)[1])


def decoded(parts):
    return [np.cumsum(np.reshape(part, (-1, 2)), axis=0) for part in parts]


def test_the_same_area_gives_the_same_bytes(area):
    first, second = page_of(area), page_of(area)
    assert first.html == second.html
    assert first.etag == second.etag
    assert first.files == second.files


def test_another_language_or_theme_is_another_page_with_the_same_files(area):
    pages = [page_of(area), page_of(area, language="en"), page_of(area, theme="dark")]
    assert len({page.etag for page in pages}) == 3
    assert len({page.digest for page in pages}) == 1
    assert all(page.files == pages[0].files for page in pages)


def test_no_script_is_inline(area):
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page_of(area).html.decode(), re.DOTALL)
    assert scripts
    for attributes, text in scripts:
        assert 'type="application/json"' in attributes or ("src=" in attributes and not text.strip())


def test_nothing_names_another_machine(area):
    page = page_of(area)
    everything = page.html + b"".join(body for _, body in page.files.values())
    for path in document.assets().values():
        if path.suffix in {".js", ".css"} and path.parent.name != "leaflet":
            everything += path.read_bytes()
    assert not re.findall(rb"(?:https?:)?//[a-z0-9-]+\.[a-z]", everything.replace(b"http://www.w3.org/2000/svg", b""))


def test_every_file_that_the_page_names_exists(area):
    page = page_of(area, base="/sub/")
    named = re.findall(r'(?:src|href)="/sub/assets/[0-9a-f]+/([^"]+)"', page.html.decode())
    assert {"leaflet/leaflet.js", "battlemap.css", "main.js"} <= set(named) <= set(document.assets())
    assert f"/sub/map/small/data/{page.digest}/map.js" in page.html.decode()
    assert set(page.files) == {"map.js", "ground.json", "buildings.json", "sites.json"}


def test_text_of_a_pack_cannot_end_the_block_of_data(tmp_path):
    folder = write_small_pack(tmp_path / "evil")
    manifest = (folder / "area.toml").read_text(encoding="utf-8")
    (folder / "area.toml").write_text(
        manifest.replace("小网格", "</script><script>alert(1)</script>"), encoding="utf-8"
    )
    text = page_of(load(folder)).html.decode()
    assert "<script>alert" not in text
    assert "</title><" not in re.search(r"<title>(.*)", text)[1].replace("</title>", "", 1)


def test_counts_of_levels_count_stacked_grids_and_not_their_carrier(area):
    assert [level["count"] for level in data_of(page_of(area))["levels"]] == [1, 3, 14]


def test_names_come_in_the_language_asked_for(area):
    assert data_of(page_of(area))["levels"][2]["name"] == "微网格"
    assert data_of(page_of(area, language="en"))["levels"][2]["name"] == "micro-grids"


def test_words_are_translated_by_whom_the_door_hands_in(area):
    assert data_of(page_of(area, translate=str.upper))["words"]["legend"] == "LEGEND"


def test_a_tower_says_the_first_and_last_of_its_micro_grids(area):
    assert labels.leaf_labels(area.net)[area.net.leaf.position(TOWER)] == "3-04a–3-04c"


def test_shapes_come_back_within_half_a_millionth_of_a_degree(area):
    origin = compact.origin_of(area.net)
    for shape, parts in zip(area.net.leaf.geoms, compact.shapes(area.net.leaf.geoms, origin), strict=True):
        back = (decoded(parts)[0] + origin) * compact.UNIT
        assert np.abs(back - shapely.get_coordinates(shape)[:-1]).max() <= 0.51e-6


def test_a_shape_keeps_its_holes_and_a_line_its_parts():
    holed = shapely.Point(0, 0).buffer(1, quad_segs=2).difference(shapely.box(-0.1, -0.1, 0.1, 0.1))
    lines = shapely.MultiLineString([[(0, 0), (1, 1)], [(2, 2), (3, 3), (4, 2)]])
    assert [
        len(parts)
        for parts in compact.shapes(np.array([holed, lines, shapely.Point(0, 0), None], dtype=object), (0, 0))
    ] == [2, 2, 0, 0]


def test_points_of_a_line_that_fall_together_are_dropped():
    line = shapely.LineString([(0, 0), (1e-8, 0), (1, 1)])
    assert compact.shapes(np.array([line], dtype=object), (0, 0)) == [[[0, 0, 1_000_000, 1_000_000]]]


def test_no_geometry_gives_no_shapes_and_no_anchors():
    assert compact.shapes(np.array([], dtype=object), (0, 0)) == []
    assert labels.anchors(np.array([], dtype=object)).shape == (0, 4)


def test_an_anchor_lies_inside_even_where_the_centre_does_not():
    horseshoe = shapely.box(0, 0, 0.01, 0.01).difference(shapely.box(0.002, 0.002, 0.008, 0.01))
    lon, lat, radius, half = labels.anchors(np.array([horseshoe], dtype=object))[0]
    assert horseshoe.contains(shapely.Point(lon, lat))
    assert 100 < radius <= half


def test_an_anchor_of_a_bow_tie_is_found_all_the_same():
    bow_tie = shapely.Polygon([(0, 0), (0.01, 0.01), (0.01, 0), (0, 0.01)])
    assert np.isfinite(labels.anchors(np.array([bow_tie], dtype=object))).all()


def test_neighbours_have_different_tints(area):
    tints = data_of(page_of(area))["tints"]
    assert tints[0] != tints[1] != tints[2]


def test_tiles_of_this_server_are_named_when_asked_for(area):
    page = page_of(area, tiles="/tiles/{z}/{x}/{y}", tiles_credit="Survey")
    assert b"/tiles/{z}/{x}/{y}" in page.files["map.js"][1]
    assert "Survey" in data_of(page)["attribution"]
    assert page.digest != page_of(area).digest


def test_simplifying_keeps_what_cannot_be_simplified():
    broken = np.array([shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])], dtype=object)
    assert document.simplified(broken)[0] is broken[0]


@pytest.mark.parametrize(
    ("codes", "written"),
    [
        (["B1", "B2", "B10"], {"prefix": "B", "digits": 0, "steps": [1, 1, 8]}),
        (["007", "012"], {"prefix": "", "digits": 3, "steps": [7, 5]}),
        (["B1", "B2#2"], "B1\nB2#2"),
        (["B01", "B2"], "B01\nB2"),
        (["1", "99999999999999999999"], "1\n99999999999999999999"),
        ([], ""),
    ],
)
def test_ids_are_written_short_only_where_they_come_back_exactly(codes, written):
    assert compact._ids(codes) == written
