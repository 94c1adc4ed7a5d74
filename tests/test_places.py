"""Places in free text: the longest name, numbers of buildings and units however they are written, narrowed by the chat group."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.places import OTHERS, Because, Kind, Numbers, PlaceRef, Places, numbers, plain

REFS = (
    PlaceRef("康桥新城", Kind.COMPOUND, "C1", within=frozenset({"M305", "陇南社区"})),
    PlaceRef("织云路74号", Kind.COMPOUND, "C1", within=frozenset({"M305", "陇南社区"})),
    PlaceRef("康桥新城二期", Kind.COMPOUND, "C2", within=frozenset({"M306"})),
    PlaceRef("电缆厂家属院", Kind.COMPOUND, "C3"),
    PlaceRef("电缆厂北院", Kind.COMPOUND, "C4"),
    PlaceRef("岗洼南院", Kind.COMPOUND, "C5"),
    PlaceRef("阳光花园", Kind.COMPOUND, "C6"),
    *(
        PlaceRef(
            f"{n}号楼", Kind.BUILDING, f"C1-{n}", of="康桥新城", within=frozenset({"C1", "M305"}), lon=113.6, lat=34.7
        )
        for n in (1, 2, 5, 12)
    ),
    *(PlaceRef(f"{n}号楼", Kind.BUILDING, f"C3-{n}", of="电缆厂家属院", within=frozenset({"C3"})) for n in (1, 3, 5)),
    PlaceRef("A座", Kind.BUILDING, "C6-A", of="阳光花园"),
    PlaceRef("28号", Kind.BUILDING, "C5-28", of="岗洼南院"),
    PlaceRef("3-05", Kind.GRID, "M305", within=frozenset({"陇南社区"})),
    PlaceRef("3-06", Kind.GRID, "M306", within=frozenset({"陇南社区"})),
    PlaceRef("3-06", Kind.GRID, "N306", within=frozenset({"岚河社区"})),
    PlaceRef("网格3", Kind.GRID, "G3"),
    PlaceRef("陇南社区", Kind.AREA, "陇南社区"),
    PlaceRef("岚河社区", Kind.AREA, "岚河社区"),
    PlaceRef("织云路", Kind.STREET, "S1"),
    PlaceRef("一品超市", Kind.SITE, "P1"),
)
PLACES = Places(REFS)


def codes(text, **options):
    return [(found.ref.code, found.because) for found in PLACES.find(text, **options)]


@pytest.mark.parametrize(
    ("text", "compared"),
    [
        ("五号楼２单元", "5号楼2单元"),
        ("十二 号楼", "12号楼"),
        ("二十三栋", "23号楼"),
        ("一百零五室", "105室"),
        ("5#楼 6# 7幢", "5号楼6号楼7号楼"),
        ("Ａ座", "A号楼"),
        ("3－05 3—05", "3-053-05"),
        ("两栋楼没水", "两栋楼没水"),
        ("棉纺一厂二砂", "棉纺一厂二砂"),
        ("", ""),
    ],
)
def test_a_text_is_compared_as_it_is_meant(text, compared):
    assert plain(text) == compared


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5号楼2单元301室", Numbers("5", "2", "3", "301")),
        ("五号楼二单元三楼", Numbers("5", "2", "3", "")),
        ("12栋1单元1203", Numbers("12", "1", "12", "1203")),
        ("3-2-501", Numbers("3", "2", "5", "501")),
        ("5号楼2-301", Numbers("5", "2", "3", "301")),
        ("A座12层", Numbers("A", "", "12", "")),
        ("负一层车库", Numbers("", "", "-1", "")),
        ("B2层", Numbers("", "", "-2", "")),
        ("2单元楼道灯", Numbers("", "2", "", "")),
        ("3楼道灯不亮", Numbers()),
        ("2026-11-20 9:12", Numbers()),
        ("织云路174号", Numbers()),
        ("", Numbers()),
    ],
)
def test_unit_floor_and_room_are_taken_out(text, said):
    assert numbers(text) == said


@pytest.mark.parametrize(
    ("text", "code", "because"),
    [
        ("康桥新城门口有垃圾", "C1", Because.NAMED),
        ("康桥新城二期没水", "C2", Because.NAMED),
        ("康桥 新城 五号楼灯坏了", "C1-5", Because.NAMED),
        ("康桥新城的5号楼灯坏了", "C1-5", Because.NUMBER_IN_COMPOUND),
        ("织云路74号院内12栋漏水", "C1-12", Because.NUMBER_IN_COMPOUND),
        ("康桥新城9号楼", "C1", Because.NO_SUCH_NUMBER),
        ("康桥5号楼", "C1-5", Because.PARTLY_NAMED),
        ("阳光花园A座电梯坏了", "C6-A", Because.NAMED),
        ("岗洼南院28号", "C5-28", Because.NAMED),
        ("12号楼停电", "C1-12", Because.ONLY_ONE),
        ("一品超市门口占道", "P1", Because.NAMED),
        ("3-05路灯不亮", "M305", Because.NAMED),
        ("３－５路灯不亮", "M305", Because.NAMED),
        ("3网格5微网格路灯", "M305", Because.NAMED),
        ("第三网格路不平", "G3", Because.NAMED),
        ("织云路没灯", "S1", Because.NAMED),
    ],
)
def test_a_place_is_found_with_the_reason(text, code, because):
    assert codes(text)[0] == (code, because)


def test_the_more_exact_place_comes_first():
    assert [code for code, _ in codes("织云路 3-05 康桥新城5号楼")] == ["C1-5", "M305", "S1"]


@pytest.mark.parametrize("text", ["", "灯坏了", "阳光真好", "13-05", "织云的路", "5楼漏水"])
def test_nothing_is_guessed(text):
    assert codes(text) == []


def test_a_longer_number_is_not_cut():
    assert codes("织云路174号") == codes("织云路")[:1]
    assert codes("织云路741号") == codes("织云路")[:1]


def test_what_is_named_alike_is_left_to_a_person():
    assert codes("5号楼没电") == [("C1-5", Because.ONE_OF_SEVERAL), ("C3-5", Because.ONE_OF_SEVERAL)]
    assert [code for code, _ in codes("电缆厂没水")] == ["C3", "C4"]
    assert [code for code, _ in codes("3-06没灯")] == ["M306", "N306"]


def test_another_place_of_the_text_tells_apart_what_is_named_alike():
    assert codes("岚河社区3-06没灯")[0] == ("N306", Because.NAMED)
    assert "M306" not in dict(codes("岚河社区3-06没灯"))


@pytest.mark.parametrize("group", [{"C3"}, {"C3-5", "C3-1"}, {"电缆厂家属院"}])
def test_the_group_tells_which_building(group):
    assert codes("5号楼没电", group=group) == [("C3-5", Because.ONLY_IN_GROUP)]


def test_a_group_that_has_no_such_building_proposes_none():
    assert codes("12号楼没电", group={"C3", "C4"}) == []


def test_a_place_outside_the_group_is_said_to_be():
    assert codes("康桥新城5号楼没电", group={"C3"}) == [("C1-5", Because.OUTSIDE_GROUP)]


def test_a_group_of_one_place_is_that_place():
    assert codes("没电了", group={"C4"}) == [("C4", Because.GROUP)]
    assert codes("没电了", group={"C3", "C4"}) == []
    assert codes("没电了", group={"unheard of"}) == []


def test_unit_and_floor_come_along():
    found = PLACES.find("康桥新城5号楼2单元301")[0]
    assert (found.ref.lon, found.unit, found.floor, found.room) == (113.6, "2", "3", "301")
    assert found.word == "康桥新城5号楼"


def test_an_area_without_places_finds_none():
    assert Places([]).find("康桥新城5号楼") == []


def test_thousands_of_places_are_searched_in_milliseconds():
    refs = [PlaceRef(f"{n % 30}号楼", Kind.BUILDING, f"B{n}", of=f"{chr(0x4E00 + n // 30)}新家园") for n in range(6000)]
    many = Places(refs)
    assert len(many.find("3号楼")) == OTHERS
    before = time.thread_time()
    for _ in range(50):
        many.find(f"{chr(0x4E05)}新家园3号楼2单元的灯坏了很久了没有人来修请网格长看看" * 3)
    assert time.thread_time() - before < 10


@given(
    st.text(st.sampled_from("康桥新城二期五5号楼栋#单元层室-－织云路74网格一十百A座负 ３"), max_size=30),
    st.sets(st.sampled_from(["C1", "C3", "M305"])),
)
def test_whatever_is_said_is_answered(text, group):
    found = PLACES.find(text, group=group)
    assert len({(place.ref.kind, place.ref.code) for place in found}) == len(found)
    assert plain(plain(text)) == plain(text)
