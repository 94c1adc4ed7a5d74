"""Places of an area by name, coordinates as people type them, and the building next to a click."""

import pytest
from rooms import room_of, shipped
from small_pack import write_small_pack

from desk import places
from desk.places.place import place
from geo.errors import PlaceError
from incidents.places import Kind
from layers.load import load


@pytest.fixture(scope="module")
def longnan():
    return shipped("longnan")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return load(write_small_pack(tmp_path_factory.mktemp("packs") / "small"))


def test_a_building_is_found_as_people_say_it_with_its_unit_and_floor(longnan):
    found = places.search(longnan, "机修巷12号院 2栋3单元501")[0]
    assert (found.kind, found.label, found.address) == (Kind.BUILDING, "机修巷12号院 2号楼", "机修巷12号院2号楼")
    assert (found.unit, found.floor, found.exact) == (3.0, 5.0, True)


@pytest.mark.parametrize(
    ("said", "kind", "label"),
    [
        ("3-05", Kind.GRID, "3-05"),
        ("３－０５", Kind.GRID, "3-05"),
        ("3-5", Kind.GRID, "3-05"),
        ("网格3", Kind.GRID, "网格3"),
        ("康桥新城", Kind.COMPOUND, "康桥新城"),
        ("织云路74号", Kind.COMPOUND, "康桥新城"),
        ("铁匠巷", Kind.STREET, "铁匠巷"),
        ("陇溪公园", Kind.SITE, "陇溪公园"),
    ],
)
def test_places_of_every_kind_are_found(longnan, said, kind, label):
    found = places.search(longnan, said)[0]
    assert (found.kind, found.label) == (kind, label)


def test_a_grid_is_placed_inside_itself(longnan):
    for (kind, code), spot in places._spots(longnan).items():
        codes = longnan.net.assign([spot.lon], [spot.lat]).iloc[0]
        if kind is Kind.GRID and code in longnan.net.leaf.positions:
            assert code in codes["micro"].split(";")


def test_a_number_that_no_compound_of_the_words_has_is_not_answered_with_any_house(longnan):
    found = places.search(shipped("mianfang"), "康桥新城5号楼")
    assert found == []
    assert [spot.kind for spot in places.search(longnan, "康桥新城99号楼")] == [Kind.COMPOUND]


def test_nothing_typed_finds_nothing(longnan):
    assert places.search(longnan, "") == places.search(longnan, "  ") == []


def test_a_pack_without_compounds_finds_its_houses_and_streets(small):
    assert [spot.label for spot in places.search(small, "5号楼")] == ["5号楼"]
    assert places.search(small, "中山路")[0].kind is Kind.STREET
    assert places.search(small, "3-04b")[0].kind is Kind.GRID


def test_names_of_places_are_kept_from_being_taken_for_peoples(longnan):
    assert {"康桥新城", "铁匠巷", "3-05"} <= places.names_of(longnan)
    assert "5号楼" not in places.names_of(longnan)


def test_the_building_next_to_a_click_is_named_and_a_far_one_is_not(longnan):
    house = places.search(longnan, "机修巷12号院2号楼")[0]
    assert places.nearest(longnan, house.lon + 0.00005, house.lat) == house
    assert places.nearest(longnan, house.lon + 0.5, house.lat) is None


def test_a_tower_tells_its_parts(small):
    tower = places.search(small, "3-04a")[0]
    found = small.net.assign([tower.lon], [tower.lat]).iloc[0]
    assert [stack.label for stack in places.stacks_at(small, found["micro"])] == ["3-04a", "3-04b", "3-04c"]
    assert places.stacks_at(small, "3-04b") == places.stacks_at(small, found["micro"])
    assert places.stacks_at(small, "1-01") == ()


@pytest.mark.parametrize(
    "text",
    [
        "113.63,34.74",
        " 113.63 34.74 ",
        "（113.63，34.74）",
        "113.63、34.74",
        "34.74,113.63",
        "东经113.63 北纬34.74",
        "113°37'48\"E 34°44'24\"N",
        "１１３．６３，３４．７４",
    ],
)
def test_coordinates_are_read_as_people_write_them(text):
    assert places.typed(text) == pytest.approx((113.63, 34.74), abs=1e-9)


def test_the_middle_of_nowhere_is_a_pair_too():
    assert places.typed("0, 0") == (0.0, 0.0)


def test_coordinates_of_a_chinese_map_app_are_moved_to_where_they_mean():
    lon, lat = places.typed("113.63, 34.74", "GCJ-02")
    assert (lon, lat) == pytest.approx((113.6240, 34.7412), abs=1e-3)
    assert places.typed("113.63, 34.74", "BD-09") != (lon, lat)


@pytest.mark.parametrize("text", ["", "x", "113.63", "113.63,", "一一三,三四", "113.63,34.74,5", "nan,nan"])
def test_what_is_no_pair_of_coordinates_says_how_to_write_one(text):
    with pytest.raises(PlaceError, match=r"113\.63, 34\.74") as raised:
        places.typed(text)
    assert raised.value.kind == "unreadable"


@pytest.mark.parametrize(
    ("lon", "lat", "kind"),
    [
        (34.74, 113.635, "swapped"),
        (500000.0, 3846000.0, "projected"),
        (float("nan"), 34.74, "missing"),
        (0.0, 0.0, "outside"),
        (113.6427, 34.7389, "shifted"),
    ],
)
def test_a_point_outside_says_what_it_may_be(longnan, tmp_path_factory, lon, lat, kind):
    with pytest.raises(PlaceError) as raised:
        place(room_of(longnan, tmp_path_factory.getbasetemp() / "ledger"), lon, lat)
    assert raised.value.kind == kind
