"""Searching by name or code."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from small_pack import write_small_pack

from geo.net import Level, Net, Stack
from geo.scheme import Name
from layers.grid_names import full_names, homes
from layers.load import load
from layers.search import SEPARATOR, Found, Index, fold, index_of


@pytest.fixture(scope="module")
def area(tmp_path_factory):
    return load(write_small_pack(tmp_path_factory.mktemp("packs") / "small"))


@pytest.fixture(scope="module")
def dc():
    return load(Path(__file__).parent.parent / "data" / "dc")


def names(index, query):
    return [(thing.kind, thing.label) for thing in index.search(query)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("1-02", ("micro", "1-02")),
        ("１－０２", ("micro", "1-02")),
        ("1 - 02", ("micro", "1-02")),
        ("中山路", ("street", "中山路")),
        ("金水", ("canal", "金水河")),
        ("便民", ("shops", "便民超市")),
        ("s1", ("shops", "便民超市")),
        ("5号楼", ("houses", "5号楼")),
        ("第一小学", ("dedicated", "专1 第一小学")),
        ("专2", ("dedicated", "专2 农贸市场")),
        ("小社区", ("community", "小社区")),
        ("第04b微网格长", ("micro", "3-04b")),
    ],
)
def test_a_thing_is_found_by_name_code_title_or_post(area, query, first):
    assert names(index_of(area), query)[0] == first


def test_stacked_micro_grids_are_found_and_what_carries_them_is_not(area):
    assert [thing.code for thing in index_of(area).search("3-04")] == ["3-04a", "3-04b", "3-04c"]


def test_every_word_must_be_there(area):
    assert names(index_of(area), "农贸 专2") == [("dedicated", "专2 农贸市场")]
    assert names(index_of(area), "农贸 专1") == []


@pytest.mark.parametrize("query", ["", "   ", "no such thing", "没有"])
def test_nothing_is_found_for_nothing(area, query):
    assert index_of(area).search(query) == []


def test_exact_comes_before_beginning_before_inside(dc):
    found = names(index_of(dc), "1a")
    assert found[0] == ("anc", "1A")
    assert found[1] == ("smd", "1A01")


def test_at_most_twenty(dc):
    assert len(index_of(dc).search("s")) == 20


def test_a_thing_says_where_it_is(area):
    thing = index_of(area).search("1-01")[0]
    west, south, east, north = thing.bbox
    assert west < thing.lon < east
    assert south < thing.lat < north


def test_folding():
    assert fold(" ＡＢｃ－１ ２ ") == "abc-12"
    assert fold("3—05") == fold("3-05")


def test_a_search_over_50_000_buildings_finds_the_one_and_only_the_first_of_the_many():
    place = Found("b", "0", "楼", Name("楼栋", "Building"), 0.0, 0.0, (0.0, 0.0, 0.0, 0.0))
    rng = np.random.default_rng(2)
    texts = [f"{SEPARATOR}{n}号楼{SEPARATOR}织云路{n}号{SEPARATOR}b{n}{SEPARATOR}" for n in rng.permutation(50_000)]
    index = Index([place] * len(texts), texts)
    assert len(index.search("织云路 49999号")) == 1
    assert len(index.search("织云路")) == 20


def test_grids_of_the_same_label_are_told_apart_by_the_nearest_grid_above_that_can(dc):
    """Two communities, each with a third-level grid "网格1" that holds a "1-01"; in one of them it carries a stack."""
    box = [shapely.box(x, 0, x + 1, 1) for x in range(2)]

    def level(key, codes, labels, parents):
        texts = np.array(codes, dtype=object), np.array(labels, dtype=object)
        return Level(
            key,
            Name(key, key),
            *texts,
            np.array(box, dtype=object),
            np.array(parents),
            np.array(["", ""], dtype=object),
        )

    levels = (
        level("community", ["A", "B"], ["织布路", "棉纺路"], [-1, -1]),
        level("third", ["A1", "B1"], ["网格1", "网格1"], [0, 1]),
        level("micro", ["A101", "B101"], ["1-01", "1-01"], [0, 1]),
    )
    net = Net(levels, stacks=(Stack("B101a", "1-01", "B1", "B101"),))
    assert full_names(net)["community"] == {"A": "织布路", "B": "棉纺路"}
    assert full_names(net)["third"] == {"A1": "织布路 网格1", "B1": "棉纺路 网格1"}
    assert full_names(net)["micro"]["A101"] == "织布路 1-01"
    assert full_names(net)["micro"]["B101a"] == "棉纺路 1-01"
    assert set(homes(dc.net)["smd"].values()) == {""}
