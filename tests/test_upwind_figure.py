"""The figure beside proposals: what it draws with a wind, without one, and for a name that is no text of ours."""

import re
from base64 import b64decode
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from inspections.upwind import Proposal, Source, UpwindRules, Wind
from locales import LANGUAGES, translator
from reports.upwind_figure import figure

RULES = UpwindRules()
NEAR = Proposal(Source("场-0001", "dust", 0, 0), 250, 90, 0, 0, True, True)


def drawn(found, wind, rules=RULES, language="zh_CN"):
    """Return the figure as a tree, which only XML that is sound becomes."""
    said = re.search(r"base64,([A-Za-z0-9+/=]+)\"", figure(found, wind, rules, translator(language)))
    return ET.fromstring(b64decode(said[1]).decode())


def classes(tree):
    return [one.get("class") for one in tree if one.get("class")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_a_wind_there_are_its_sector_its_core_all_rings_and_the_sources(language):
    found = classes(drawn([NEAR, replace(NEAR, likely=False, metres=2900.0)], Wind(90, 3), language=language))
    assert (found.count("ring"), found.count("wide"), found.count("core"), found.count("wind")) == (3, 1, 1, 1)
    assert (found.count("likely"), found.count("source"), found.count("place")) == (1, 1, 2)


@pytest.mark.parametrize("wind", [None, Wind(90, 0.5)])
def test_without_a_direction_there_is_one_ring_and_no_sector(wind):
    found = classes(drawn([NEAR], wind))
    assert (found.count("ring"), found.count("wide"), found.count("core"), found.count("wind")) == (1, 0, 0, 0)


def test_a_source_stands_where_it_lies():
    (mark,) = [one for one in drawn([NEAR], Wind(90, 3)) if one.get("class") == "likely"]
    x, y = float(mark.get("cx")), float(mark.get("cy"))
    assert (x > 160, round(y)) == (True, 160), "east of the middle"


@pytest.mark.parametrize("rules", [replace(RULES, wide_deg=180.0), replace(RULES, rings_m=(500.0,))])
@pytest.mark.parametrize("found", [[], [replace(NEAR, metres=9e9)], [NEAR] * 30])
def test_whatever_the_settings_it_is_drawn(rules, found):
    assert classes(drawn(found, Wind(350, 9), rules)).count("ring") == len(rules.rings_m)
