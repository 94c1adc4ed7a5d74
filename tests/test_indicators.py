"""Indicators of the daily sheet: shares as data, with formula and source."""

import tomllib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspected import kept
from rooms import NOON

from data import rules
from geo.errors import RulesError
from incidents.indicators import FIGURES, UNITS, Indicators, share
from reports.daily import draft
from reports.sheet_files.paper import RATE

SHIPPED = Path(rules.__file__).parent / "indicators.toml"
NONE = dict.fromkeys(FIGURES["cases"], 0)


def shipped():
    return Indicators.from_table(tomllib.loads(SHIPPED.read_text(encoding="utf-8")))


def entry(**other):
    said = {"key": "rate", "of": "cases", "name": "处置率", "name_en": "Share", "part": "handled", "whole": "new", "unit": "%", "source": "s"}  # fmt: skip
    return {**said, **other}


def of_campaign():
    return entry(of="campaign", part="visited", whole="targets")


@pytest.fixture
def room(tmp_path, database):
    found, _site = kept(tmp_path / "ledger", database)
    yield found
    found.ledger.close()


def test_the_rates_of_the_bulletin_come_out_as_it_has_them():
    rate = shipped().sheets["cases"][0]
    assert rate.of({**NONE, "handled": 911, "new": 972}) == "93.72%"
    assert rate.of({**NONE, "handled": 737, "new": 972}) == "75.82%"
    assert rate.of({**NONE, "handled": 953, "new": 996}) == "95.68%"


def test_a_share_is_rounded_half_up_and_one_without_a_denominator_is_none():
    assert (share(1, 8), share(0, 3), share(3, 3), share(0, 0)) == ("12.50%", "0.00%", "100.00%", None)
    assert share(1, 800) == "0.13%"  # half up
    assert share(1, 8, "‰") == "125.00‰"
    assert shipped().sheets["cases"][0].of(NONE) is None


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.sampled_from(sorted(UNITS)))
def test_what_is_said_is_never_further_from_the_share_than_half_of_its_last_place(part, whole, unit):
    said = Decimal(str(share(part, whole, unit)).rstrip(unit))
    assert abs(said * whole - UNITS[unit] * part) * 200 <= whole


def test_every_sheet_has_its_indicators_each_with_a_source():
    found = shipped().sheets
    assert [one.key for one in found["campaign"]] == ["rate", "corrected_rate"]
    assert set(found) == set(FIGURES)
    assert all(one.source for several in found.values() for one in several)


def test_every_fault_of_the_file_is_named_with_its_entry():
    wrong = entry(key="late", of="cases", name="", part="closed", whole=3, unit="pct", source=" ", colour="red")
    with pytest.raises(RulesError) as caught:
        Indicators.from_table({"indicator": [entry(), wrong, entry()], "more": 1})
    said = {fault.split(":")[0].split(" is not known")[0] for fault in caught.value.faults}
    second = {f"indicator 2.{key}" for key in ("key", "name", "part", "whole", "unit", "source", "colour")}
    assert said == {"more", "indicator", "indicator 3.key", *second}
    with pytest.raises(RulesError, match="indicator"):
        Indicators.from_table({"indicator": "rate"})


@pytest.mark.parametrize(
    "bad", [{"of": 3}, {"of": ["cases"]}, {"key": ["a"]}, {"name": 3}, {"unit": ["%"]}, {"part": {}}]
)
def test_a_value_of_another_kind_is_a_fault_and_no_crash(bad):
    with pytest.raises(RulesError):
        Indicators.from_table({"indicator": [entry(**bad), of_campaign()]})


def test_an_own_indicator_is_a_column_beside_its_figure_and_the_sheet_says_its_formula(room):
    own = entry(key="late_rate", name="超期率", name_en="Share overdue", part="late", whole="open")
    found = Indicators.from_table({"indicator": [entry(), own, of_campaign()]})
    other = replace(room, rules=replace(room.rules, indicators=found))
    paper = draft(other, NOON + timedelta(minutes=1), "zh")
    keys = [one.key for one in paper.columns]
    assert keys == ["new", "handled", "rate", "open", "late", "late_rate", "rank", "change"]
    assert [one.key for one in paper.columns if one.kind == RATE] == ["rate", "late_rate"]
    assert paper.total.values["late_rate"] is None
    assert any("超期率 = " in one and "÷" in one for one in paper.notes)
