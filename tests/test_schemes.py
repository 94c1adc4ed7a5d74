"""The level schemes of five cities: names, order and numbers come from the pack, nothing is hard-coded."""

from pathlib import Path

import numpy as np
import pytest

import data
from geo.scheme import Name
from layers.check import check
from layers.load import load

PACKS = Path(__file__).parent / "packs"
SCHEMES = {
    "zhengzhou": ["一级网格", "二级网格", "三级网格", "四级微网格", "五级党员中心户"],
    "chengdu": ["街道", "社区总网格", "一般网格", "微网格"],
    "dunhuang": ["社区", "片区", "楼栋", "单元"],
    "maanshan": ["街道", "社区", "网格", "楼栋"],
    "jiuquan": ["一级网格区", "二级网格区", "片区"],
}
OVERLAYS = {"zhengzhou": "专属网格", "chengdu": "专属网格", "dunhuang": "党建网格", "maanshan": None, "jiuquan": None}
NORTH_WEST = {
    "zhengzhou": {"street": "1", "community": "二1", "sanji": "01", "wei": "3-01", "centre": "户1"},
    "chengdu": {"street": "1", "zong": "总1", "yiban": "01", "wei": "001"},
    "dunhuang": {"community": "1", "pianqu": "片1", "loudong": "1号楼", "danyuan": "1单元"},
    "maanshan": {"street": "1", "community": "社1", "grid": "第1网格", "loudong": "1栋"},
    "jiuquan": {"community": "1", "quarter": "2-1", "pianqu": "片区1"},
}


@pytest.mark.parametrize("city", SCHEMES)
def test_a_citys_levels_have_its_own_names(city):
    assert [level.name.zh for level in load(PACKS / city).net.levels] == SCHEMES[city]


@pytest.mark.parametrize("city", OVERLAYS)
def test_a_citys_parallel_net_is_an_overlay(city):
    names = [overlay.name.zh for overlay in load(PACKS / city).net.overlays]
    assert names == [OVERLAYS[city]] if OVERLAYS[city] else names == []


@pytest.mark.parametrize("city", SCHEMES)
def test_a_citys_pack_has_no_fault(city):
    assert check(PACKS / city).faults == ()


@pytest.mark.parametrize("city", NORTH_WEST)
def test_a_point_gets_the_codes_of_every_level(city):
    row = load(PACKS / city).net.assign(np.array([113.6005]), np.array([34.7155])).iloc[0]
    assert {key: row[key] for key in NORTH_WEST[city]} == NORTH_WEST[city]


def test_the_level_of_the_community_differs_from_city_to_city():
    places = {
        city: next(
            (n for n, level in enumerate(load(PACKS / city).net.levels, start=1) if level.key in {"community", "zong"}),
            None,
        )
        for city in SCHEMES
    }
    assert places == {"zhengzhou": 2, "chengdu": 2, "dunhuang": 1, "maanshan": 2, "jiuquan": 1}


def test_every_pack_of_the_folder_is_tested():
    assert set(data.available([PACKS])) - set(data.available()) == set(SCHEMES)


@pytest.mark.parametrize(
    ("name", "number", "said"),
    [
        (Name("社区", "Community"), 7, "Communities"),
        (Name("社区", "Community"), 1, "Community"),
        (Name("三级网格", "Third-level grid"), 97, "Third-level grids"),
        (Name("支部", "Branch"), 2, "Branches"),
        (Name("走廊", "Gateway"), 2, "Gateways"),
        (Name("街区", "micro-grids"), 2, "micro-grids"),
        (Name("半区", "Half", "Halves"), 0, "Halves"),
        (Name("三级网格", "三级网格"), 2, "三级网格"),
    ],
)
def test_an_english_name_after_a_number_is_a_plural(name, number, said):
    assert name.counted(number, "en") == said
    assert name.counted(number, "zh") == name.zh
