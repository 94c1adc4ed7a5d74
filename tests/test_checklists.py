"""Checklists as files, and what the answers to them come to: limits on both sides, dates, grades, outcomes, and what is refused."""

import json
import tomllib
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import rules
from desk.sites.checklists import checklists_of
from geo.errors import AnswersError, RulesError
from inspections.answers import Mark, Outcome, evaluate, read
from inspections.checklist_file import checklist_of
from inspections.checklists import Action, Kind, edited
from inspections.dates import day_of, months_after, months_between
from inspections.grades import Degree, Grades
from inspections.reading import lines_of
from inspections.site_rules import SiteRules
from locales import LANGUAGES, translator
from reports import checklists as words

DAY = date(2026, 11, 23)
ALL = checklists_of()
SHOP = ALL.current("gas_shop")
KEYS = (
    "burning",
    "construction",
    "dust_source",
    "ebike",
    "enterprise",
    "fumes",
    "gas_household",
    "gas_shop",
    "living_source",
    "machinery",
    "self_check",
    "small_places",
)


def verdict(said, *, of=SHOP, day=DAY, refused=False):
    return evaluate(of, read(of, said, day), day, grades=ALL.grades, refused=refused)


def result(key, said, *, of=SHOP, day=DAY):
    return next(one for one in verdict(said, of=of, day=day).results if one.item.key == key)


def refusal(said, *, of=SHOP, day=DAY):
    with pytest.raises(AnswersError) as caught:
        read(of, said, day)
    return [(fault.item, fault.kind) for fault in caught.value.faults]


def passing(checklist):
    """An answer to each item with which it passes."""
    values = {Kind.YES_NO: "pass", Kind.NUMBER: None, Kind.COUNT: None, Kind.CYLINDERS: {"15": 1}}
    found = {}
    for item in checklist.items.values():
        if item.kind is Kind.CHOICE:
            found[item.key] = next((one.key for one in item.options if one.result == "pass"), item.options[0].key)
        elif item.kind is Kind.DATE:
            found[item.key] = "2026-11-22" if item.means != "expires" else "2030-01"
        elif item.kind in {Kind.NUMBER, Kind.COUNT}:
            found[item.key] = item.least if item.least is not None else item.most if item.most is not None else 1
        elif item.kind is not Kind.SUM:
            found[item.key] = values[item.kind]
    return found


# --- the shipped files ---


def test_every_shipped_checklist_can_be_used():
    assert ALL.refused == {}
    assert ALL.keys == KEYS


def test_the_gas_list_has_every_line_of_the_reference():
    assert {f"G{number:02}" for number in range(1, 28)} <= set(SHOP.items)


@pytest.mark.parametrize("key", KEYS)
def test_every_line_says_where_it_comes_from_in_both_languages(key):
    for item in ALL.current(key).items.values():
        assert item.source
        assert item.text.zh != item.text.en
        assert bool(item.look.zh) == (item.look != type(item.look)("", ""))
        assert item.look.zh == "" or item.look.en != item.look.zh
        assert all(option.name.zh != option.name.en for option in item.options)


def test_what_was_not_seen_in_the_original_is_marked_as_a_setting():
    doubtful = [item for key in KEYS for item in ALL.current(key).items.values() if "own, medium" in item.source or "own, low" in item.source]  # fmt: skip
    assert doubtful
    assert [item.key for item in doubtful if not item.setting] == []


def test_no_line_of_a_user_is_a_major_hazard():
    """domain.md 0.6: the standard of 2023 judges the operator."""
    every = [item for key in KEYS for item in ALL.current(key).items.values()]
    assert {item.party for item in every if Degree.MAJOR in (item.grade, *item.worse)} == {"operator"}


def test_a_checklist_is_found_by_kind_or_group_of_a_site():
    assert [one.key for one in ALL.for_site("gas_shop", "gas")] == ["gas_shop", "self_check"]
    assert [one.key for one in ALL.for_site("small_hotel", "venue")] == ["small_places"]
    assert ALL.for_site("nothing", "") == ()


def test_shipped_kinds_of_sites_and_checklists_know_one_another():
    kinds = SiteRules.from_table(rules.read("site_kinds")).kinds
    assert {kind.checklist for kind in kinds.values()} - {""} <= set(KEYS)
    for checklist in map(ALL.current, KEYS):
        assert set(checklist.kinds) <= set(kinds)
        assert set(checklist.groups) <= {kind.group for kind in kinds.values()}
    for kind in kinds.values():
        assert not kind.checklist or kind.checklist in {one.key for one in ALL.for_site(kind.key, kind.group)}


# --- kg of cylinders ---


@pytest.mark.parametrize(
    ("said", "kg", "mark"),
    [({"50": 2}, 100, Mark.PASS), ({"15": 6}, 90, Mark.PASS), ({"15": 7}, 105, Mark.FAIL), ({"5": 1, "12": 8}, 101, Mark.FAIL), ({"50": 0}, 0, Mark.PASS)],
)  # fmt: skip
def test_stock_outside_of_a_cylinder_room_is_at_most_100_kg(said, kg, mark):
    found = result("G05", {"G05": said})
    assert (found.facts["value"], found.mark) == (kg, mark)


@pytest.mark.parametrize(("kg", "mark"), [(100, Mark.PASS), (100.1, Mark.FAIL), (99.9, Mark.PASS)])
def test_a_tenth_of_a_kilogram_above_the_limit_fails(kg, mark):
    table = deepcopy(SHOP.table)
    next(item for item in table["items"] if item["key"] == "G05")["sizes"] = [kg]
    of = checklist_of(table, ALL.grades)
    assert result("G05", {"G05": {f"{kg:g}": 1}}, of=of).mark is mark


def test_sums_of_tenths_are_exact():
    table = deepcopy(SHOP.table)
    next(item for item in table["items"] if item["key"] == "G05")["sizes"] = [0.1]
    of = checklist_of(table, ALL.grades)
    assert result("G05", {"G05": {"0.1": 1000}}, of=of).mark is Mark.PASS


@pytest.mark.parametrize(("many", "mark", "g07"), [(28, Mark.PASS, Mark.NA), (29, Mark.FAIL, Mark.UNANSWERED)])
def test_a_cylinder_room_holds_420_kg_and_above_it_a_separate_building_is_asked_for(many, mark, g07):
    said = {"G05": "na", "G06": {"15": many}, "G07A": "na"}
    assert result("G06", said).mark is mark
    assert result("G07", said).mark is g07


@pytest.mark.parametrize(("said", "zh"), [({"50": 2}, None), ({"15": 7}, "应设专用瓶组间"), ({"50": 9}, "应设独立瓶组间")])  # fmt: skip
def test_the_total_says_which_room_it_needs(said, zh):
    needs = result("K01", {"G05": said}).facts["needs"]
    assert needs is None if zh is None else needs.text.zh.startswith(zh)


def test_what_only_a_cylinder_room_needs_is_asked_above_100_kg():
    assert result("G08A", {"G05": {"50": 2}}).mark is Mark.NA
    assert result("G08A", {"G06": {"50": 3}, "G08A": 1}).mark is Mark.FAIL
    assert result("G08A", {"G06": {"50": 3}, "G08A": 2}).mark is Mark.PASS


def test_the_total_is_of_all_places_and_unanswered_where_none_is():
    assert result("K01", {"G05": {"15": 2}, "G06": {"50": 1}, "G07A": {"5": 1}}).facts["value"] == 85
    assert result("K01", {}).mark is Mark.UNANSWERED


# --- lengths, distances, numbers ---


@pytest.mark.parametrize(
    ("key", "value", "mark"),
    [
        ("G17", 2, Mark.PASS), ("G17", "2.0", Mark.PASS), ("G17", 2.01, Mark.FAIL), ("G17", 0, Mark.PASS),
        ("G11", 0.5, Mark.PASS), ("G11", 0.49, Mark.FAIL), ("G11", "０.５", Mark.PASS),
        ("G20A", 0.3, Mark.PASS), ("G20A", 0.31, Mark.FAIL),
    ],
)  # fmt: skip
def test_at_the_limit_it_passes(key, value, mark):
    assert result(key, {key: value}).mark is mark


@given(metres=st.floats(0, 1000, allow_nan=False))
@settings(max_examples=60)
def test_a_hose_passes_up_to_two_metres_and_no_further(metres):
    assert (result("G17", {"G17": metres}).mark is Mark.PASS) == (round(metres, 6) <= 2)


@given(counts=st.dictionaries(st.sampled_from(["5", "12", "15", "50"]), st.integers(0, 40), min_size=1))
@settings(max_examples=60)
def test_kilograms_are_sizes_times_counts(counts):
    kg = sum(int(size) * count for size, count in counts.items())
    assert (result("G05", {"G05": counts}).mark is Mark.PASS) == (kg <= 100)


# --- dates ---


@pytest.mark.parametrize(
    ("said", "mark", "why"),
    [
        ("2026-11-22", Mark.FAIL, "expired"), ("2026-11-23", Mark.PASS, "soon"), ("2026-11", Mark.PASS, "soon"), ("2026-10", Mark.FAIL, "expired"),
        ("2026-12-23", Mark.PASS, "soon"), ("2026-12-24", Mark.PASS, "holds"), ("2026/12/24", Mark.PASS, "holds"),
    ],
)  # fmt: skip
def test_the_last_day_still_holds_and_a_month_holds_until_its_end(said, mark, why):
    found = result("G02A", {"G02A": said})
    assert (found.mark, found.why) == (mark, why)


@pytest.mark.parametrize(
    ("hose", "made", "mark"),
    [
        ("rubber", "2024-11-23", Mark.PASS), ("rubber", "2024-11-22", Mark.FAIL), ("rubber", "2024-11", Mark.PASS), ("rubber", "2024-10", Mark.FAIL),
        ("metal", "2018-11-23", Mark.PASS), ("metal", "2018-11-22", Mark.FAIL),
    ],
)  # fmt: skip
def test_a_hose_is_as_old_as_what_it_is_made_of_allows(hose, made, mark):
    assert result("G16", {"G15": hose, "G16": made}).mark is mark


def test_the_age_of_a_hose_is_told_in_whole_months():
    assert result("G16", {"G15": "metal", "G16": "2024-11-24"}).facts["months"] == 23
    assert result("G16", {"G15": "metal", "G16": "2024-11-23"}).facts["months"] == 24


def test_a_hose_of_which_nobody_says_what_it_is_cannot_be_judged():
    found = result("G16", {"G16": "2024-11-23"})
    assert (found.mark, found.why) == (Mark.UNANSWERED, "by")


@pytest.mark.parametrize(
    ("kind", "made", "mark"),
    [("powder", "2016-11-23", Mark.PASS), ("powder", "2016-11-22", Mark.FAIL), ("water", "2020-11-23", Mark.PASS), ("water", "2020-11-22", Mark.FAIL), ("co2", "2014-11-23", Mark.PASS), ("co2", "2014-11-22", Mark.FAIL)],
)  # fmt: skip
def test_an_extinguisher_is_scrapped_by_its_kind(kind, made, mark):
    assert result("G22B", {"G22A": kind, "G22B": made}).mark is mark


@pytest.mark.parametrize(
    ("made", "serviced", "mark"),
    [
        ("2021-11-23", "never", Mark.PASS), ("2021-11-22", "never", Mark.FAIL),  # the first after five years
        ("2018-01-01", "2024-11-23", Mark.PASS), ("2018-01-01", "2024-11-22", Mark.FAIL),  # then every two
    ],
)  # fmt: skip
def test_an_extinguisher_is_serviced_first_after_five_years_then_every_two(made, serviced, mark):
    assert result("G22C", {"G22A": "powder", "G22B": made, "G22C": serviced}).mark is mark


def test_a_service_that_never_was_needs_the_day_of_making():
    found = result("G22C", {"G22A": "powder", "G22C": "never"})
    assert (found.mark, found.why) == (Mark.UNANSWERED, "since")


def test_what_will_expire_is_listed_with_the_next_first():
    found = verdict({"G02A": "2027-05", "G20B": "2026-12", "G02B": "2026-10"})
    assert [(one.item.key, one.expires) for one in found.expiring] == [("G20B", date(2026, 12, 31)), ("G02A", date(2027, 5, 31))]  # fmt: skip


@pytest.mark.parametrize(
    "said",
    ["2023-02-30", "2023-13-01", "2023-00", "45123", 45123, 45123.0, "二〇二三年五月", "2023年", "", " ", "20230501", "0001-01-01", "9999-12-31", True, None, "2023-2-"],
)  # fmt: skip
def test_what_is_no_day_is_none(said):
    assert day_of(said) is None


@pytest.mark.parametrize(("said", "day"), [("2024-02-29", date(2024, 2, 29)), ("2024-02", date(2024, 2, 29)), ("2023.2.5", date(2023, 2, 5)), ("２０２３-０２-０５", date(2023, 2, 5)), (date(2023, 2, 5), date(2023, 2, 5))])  # fmt: skip
def test_days_are_read_as_papers_and_plates_write_them(said, day):
    assert day_of(said) == day


def test_months_end_on_the_last_day_where_there_is_no_such_day():
    assert months_after(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert months_after(date(2026, 12, 31), 2) == date(2027, 2, 28)
    assert months_between(date(2024, 2, 29), date(2025, 2, 28)) == 12
    assert months_between(date(2025, 1, 1), date(2024, 1, 1)) == 0


# --- answers that cannot be ones ---


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"G99": "pass"}, ("G99", "unknown")),
        ({"G01": "yes"}, ("G01", "word")),
        ({"G01": True}, ("G01", "word")),
        ({"G15": "wood"}, ("G15", "option")),
        ({"G17": "two"}, ("G17", "number")),
        ({"G17": float("nan")}, ("G17", "number")),
        ({"G17": float("inf")}, ("G17", "number")),
        ({"G17": True}, ("G17", "number")),
        ({"G17": -1}, ("G17", "negative")),
        ({"G17": "-1"}, ("G17", "negative")),
        ({"G08A": 1.5}, ("G08A", "count")),
        ({"G05": {"15": -1}}, ("G05", "negative")),
        ({"G05": {"15": "three"}}, ("G05", "count")),
        ({"G05": {"14": 1}}, ("G05", "size")),
        ({"G05": 3}, ("G05", "cylinders")),
        ({"K01": 50}, ("K01", "computed")),
        ({"G02A": "2023-02-30"}, ("G02A", "date")),
        ({"G02A": 45123}, ("G02A", "date")),
        ({"G02A": "never"}, ("G02A", "date")),
        ({"G14A": "2026-11-24"}, ("G14A", "future")),
        ({"G14A": "2026-12"}, ("G14A", "future")),
        ({"G09": {"value": "fail", "corrected": True}}, ("G09", "not_on_spot")),
        ({"G01": {"value": "fail", "corrected": "yes"}}, ("G01", "corrected")),
        ({"G03": {"value": "fail", "grade": "stop"}}, ("G03", "grade")),
        ({"G01": {"value": "fail", "note": "x" * 201}}, ("G01", "note")),
        ({"G01": {"value": "fail", "photos": "abc"}}, ("G01", "photos")),
        ({"G01": {"value": "fail", "fine": 500}}, ("G01", "form")),
    ],
)  # fmt: skip
def test_an_answer_that_cannot_be_one_is_refused_with_its_item_and_the_reason(said, fault):
    assert refusal(said) == [fault]


def test_every_wrong_answer_is_named_at_once_and_the_words_exist_in_both_languages():
    with pytest.raises(AnswersError, match="3 answer") as caught:
        read(SHOP, {"G17": "two", "G02A": "2023-02-30", "G05": {"15": -1}, "G01": "pass"}, DAY)
    for language in LANGUAGES:
        said = [words.fault_text(fault, translator(language)) for fault in caught.value.faults]
        assert len(said) == 3
        assert "2023-02-30" in said[1]


def test_answers_that_are_no_table_are_refused():
    assert refusal(["pass"]) == [("", "form")]


def test_this_months_making_is_no_future():
    assert result("G14A", {"G14A": "2026-11"}).mark is Mark.PASS


@pytest.mark.parametrize("nothing", [None, "", {}, {"value": None}, {"value": ""}])
def test_nothing_said_is_no_answer_and_no_fault(nothing):
    assert result("G17", {"G17": nothing}).mark is Mark.UNANSWERED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**6) | st.floats() | st.text(max_size=8) | st.sampled_from(["pass", "fail", "na", "never", "2024-05", "rubber"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["value", "corrected", "grade", "note", "photos", "15", "x"]), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip


@given(said=st.dictionaries(st.sampled_from([*SHOP.items, "X"]), JSON, max_size=12), day=st.dates(date(2000, 1, 1), date(2100, 1, 1)))  # fmt: skip
@settings(max_examples=120, deadline=None)
def test_no_set_of_answers_crashes(said, day):
    try:
        found = verdict(said, day=day)
    except AnswersError:
        return
    assert [one.item.key for one in found.results] == list(SHOP.items)
    for one in found.results:
        words.why(one, translator("en"), "en")
        assert (one.mark is Mark.FAIL) == (one.grade is not None)


# --- grades, due days, outcomes ---


@pytest.mark.parametrize("key", KEYS)
def test_a_place_where_everything_is_right_passes(key):
    found = verdict(passing(ALL.current(key)), of=ALL.current(key))
    assert found.failed == ()
    assert (found.outcome, found.steps, found.grade, found.due) == (Outcome.PASS, (Outcome.PASS,), None, None)
    assert found.is_complete


def test_what_is_not_answered_is_listed_and_nothing_passes_before():
    found = verdict({"G01": "pass"})
    assert found.outcome is None
    assert "G01" not in found.unanswered
    assert "G02" in found.unanswered
    assert not found.is_complete


@pytest.mark.parametrize(
    ("fails", "grade", "days", "outcome"),
    [
        ("G12", Degree.MINOR, 7, Outcome.DEADLINE),
        ("G20", Degree.SERIOUS, 15, Outcome.DEADLINE),
        ("G24", Degree.SERIOUS, 15, Outcome.HAND_OVER),
        ("G02", Degree.SERIOUS, 15, Outcome.STOP),
        ("G09", Degree.STOP, 0, Outcome.STOP),
    ],
)
def test_the_grade_gives_the_day_and_the_action_the_outcome(fails, grade, days, outcome):
    found = verdict({**passing(SHOP), fails: "fail"})
    assert (found.grade, found.due, found.outcome) == (grade, DAY + timedelta(days=days), outcome)


def test_days_of_an_item_go_before_those_of_its_grade():
    site = ALL.current("construction")
    assert verdict({**passing(site), "D01": "fail"}, of=site).due == DAY + timedelta(days=2)


def test_what_is_put_right_on_the_spot_has_no_deadline():
    found = verdict({**passing(SHOP), "G12": {"value": "fail", "corrected": True, "photos": ["a"]}})
    assert (found.outcome, found.grade, found.due, found.is_complete) == (Outcome.CORRECTED, None, None, True)
    assert [one.item.key for one in found.failed] == ["G12"]


def test_the_gravest_outcome_leads_and_the_others_are_kept():
    found = verdict({**passing(SHOP), "G09": "fail", "G20": "fail", "G24": "fail", "G12": {"value": "fail", "corrected": True}})  # fmt: skip
    assert found.steps == (Outcome.STOP, Outcome.HAND_OVER, Outcome.DEADLINE, Outcome.CORRECTED)
    assert (found.grade, found.due) == (Degree.STOP, DAY)


def test_who_refuses_to_put_it_right_is_handed_over():
    said = {**passing(SHOP), "G12": "fail"}
    assert verdict(said, refused=True).outcome is Outcome.HAND_OVER
    assert verdict(passing(SHOP), refused=True).outcome is Outcome.PASS


def test_an_inspector_may_give_the_graver_grade_that_the_item_names():
    found = verdict({**passing(SHOP), "G03": {"value": "fail", "grade": "serious"}})
    assert (found.grade, found.due) == (Degree.SERIOUS, DAY + timedelta(days=15))


def test_a_failure_asks_for_its_photo():
    assert verdict({"G20": "fail"}).lacking == ("G20",)
    assert verdict({"G20": {"value": "fail", "photos": ["abc"]}}).lacking == ()
    assert verdict({"G25": "fail"}).lacking == ()


# --- whose major hazard it is (domain.md 0.6, 3.4) ---


def test_gas_below_ground_is_out_of_use_and_no_major_hazard_of_the_shop():
    found = verdict({**passing(SHOP), "G09": "fail", "P01": "not_found"})
    assert (found.grade, found.others) == (Degree.STOP, ())


def test_it_is_the_operators_where_the_operator_found_it_and_did_not_tell():
    found = verdict({**passing(SHOP), "G09": "fail", "P01": "not_told"})
    (other,) = found.others
    assert (other.grade, other.action, other.article.key, other.article.number) == (Degree.MAJOR, Action.HAND_OVER, "gas_operator:9", "9")  # fmt: skip
    assert (found.grade, found.outcome, Outcome.HAND_OVER in found.steps) == (Degree.STOP, Outcome.STOP, False)
    assert "P01" not in [one.item.key for one in found.failed]


def test_it_is_nobodys_where_nothing_of_article_nine_was_found():
    found = verdict({**passing(SHOP), "G12": "fail", "P01": "not_told"})
    assert found.others == ()
    assert result("P01", {**passing(SHOP), "P01": "not_told"}).mark is Mark.NA


def test_a_file_that_calls_a_users_fault_a_major_hazard_is_refused():
    table = deepcopy(SHOP.table)
    next(item for item in table["items"] if item["key"] == "G09")["grade"] = "major"
    with pytest.raises(RulesError, match="never the operator's"):
        checklist_of(table, ALL.grades)


def test_the_operators_article_does_not_make_it_one_either():
    table = deepcopy(SHOP.table)
    next(item for item in table["items"] if item["key"] == "G09").update(grade="major", article="gas_operator:9")
    with pytest.raises(RulesError, match="judges 'user'"):
        checklist_of(table, ALL.grades)


# --- versions and digests ---


def test_the_digest_follows_what_is_said_and_not_how_it_is_written():
    again = json.loads(json.dumps(SHOP.table, sort_keys=True))
    assert checklist_of(again, ALL.grades).digest == SHOP.digest
    again["items"][0]["text"] += "。"
    assert checklist_of(again, ALL.grades).digest != SHOP.digest


def test_a_list_that_was_edited_under_the_same_version_is_found_out():
    assert edited(ALL, {("gas_shop", 1): SHOP.digest}) == []
    assert edited(ALL, {("gone", 1): "x"}) == []
    (fault,) = edited(ALL, {("gas_shop", 1): "another"})
    assert "gas_shop" in fault
    assert "version = 2" in fault


def test_answers_say_under_which_version_they_were_given():
    found = verdict({"G01": "pass"})
    assert (found.checklist, found.version, found.digest) == ("gas_shop", 1, SHOP.digest)


def put(folder, name, text):
    path = folder / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def shop_text(**changed):
    text = rules.text("checklists/gas_shop")
    for was, becomes in changed.values():
        assert was in text
        text = text.replace(was, becomes, 1)
    return text


def test_an_older_version_stays_readable_beside_the_new_one(tmp_path):
    put(tmp_path, "checklists/gas_shop-2", shop_text(a=("version = 1", "version = 2"), b=("at_most = 100", "at_most = 99")))  # fmt: skip
    found = checklists_of([tmp_path])
    assert (found.current("gas_shop").version, found.get("gas_shop", 1).digest) == (2, SHOP.digest)
    late = evaluate(found.get("gas_shop", 1), read(SHOP, {"G05": {"50": 2}}, DAY), DAY, grades=found.grades)
    assert next(one for one in late.results if one.item.key == "G05").mark is Mark.PASS
    new = found.current("gas_shop")
    assert result("G05", {"G05": {"50": 2}}, of=new).mark is Mark.FAIL


def test_a_city_replaces_a_file_and_a_pack_goes_before_the_city(tmp_path):
    put(tmp_path / "city", "checklists/gas_shop", shop_text(a=("version = 1", "version = 3")))
    put(tmp_path / "pack", "checklists/gas_shop", shop_text(a=("version = 1", "version = 4")))
    assert checklists_of([tmp_path / "city"]).current("gas_shop").version == 3
    assert checklists_of([tmp_path / "city", tmp_path / "pack"]).current("gas_shop").version == 4
    assert checklists_of([tmp_path / "city", tmp_path / "pack"]).keys == KEYS


def test_two_files_that_call_themselves_the_same_are_both_refused(tmp_path):
    put(tmp_path, "checklists/shop_too", shop_text())
    found = checklists_of([tmp_path])
    assert set(found.refused) == {"checklists/gas_shop", "checklists/shop_too"}
    assert "gas_shop" not in found.keys


# --- files that cannot be used ---


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('grade = "serious"', 'grade = "heavy"', "grade: 'heavy' is none; write one of minor, serious, major, stop"),
        ('type = "yes_no"', 'type = "maybe"', "type: 'maybe' is none"),
        ("at_most = 100", "at_most = -1", "at_most: -1 is no number"),
        ("at_most = 100", 'at_most = "100"', "at_most: '100' is no number"),
        ("at_most = 100", "at_mst = 100", "at_mst: this is not known"),
        ("sizes = [5, 12, 15, 50]", "sizes = []", "sizes: [] are no sizes"),
        ("sizes = [5, 12, 15, 50]", "sizes = [5, 5]", "sizes: [5, 5] are no sizes"),
        ('section = "supply"', 'section = "suply"', "section: there is no section 'suply'"),
        ('key = "G02"', 'key = "G01"', "key: 'G01' is there already"),
        ('key = "G02"', 'key = "02"', "key: '02' is no letter and two digits"),
        ('of = ["G05", "G06", "G07A"]', 'of = ["G05", "G99"]', "of: no item 'G99' stands above"),
        ('of = ["G05", "G06", "G07A"]', 'of = ["G01"]', "of: G01 is of type yes_no"),
        ('applies = { item = "K01", above = 420 }', 'applies = { item = "K01" }', "applies: write either"),
        ('applies = { item = "K01", above = 420 }', "applies = true", "applies: True is no condition"),
        ("{ above = 420,", "{ above = 100,", "steps: they do not rise"),
        ('life_by = { item = "G15", rubber = 24,', 'life_by = { item = "G15", wood = 24,', "life_by: G15 has no option 'wood'"),
        ('means = "expires"', 'means = "until"', "means: 'until' is none"),
        ('result = "pass"', 'result = "good"', "result: 'good' is no result"),
        ("photo = true", 'photo = "yes"', "photo: 'yes' is neither true nor false"),
        ('source = "domain.md 3.2 G05 [src: 777doc]"', "", "source: it is missing"),
        ("version = 1", "version = 0", "version: 0 is no whole number"),
        ("version = 1", "", "version: it is missing"),
        ('action = "stop"', "days = 1000", "days: 1000 is no whole number from 0 to 366"),
    ],
)  # fmt: skip
def test_a_fault_is_said_with_its_line_its_place_and_what_to_write(tmp_path, was, becomes, said):
    text = shop_text(a=(was, becomes))
    put(tmp_path, "checklists/gas_shop", text)
    found = checklists_of([tmp_path])
    error = found.refused["checklists/gas_shop"]
    fault = next(one for one in error.faults if said in one)
    assert str(tmp_path) in str(error)
    assert fault.startswith("line ") or said == "version: it is missing"
    assert "gas_shop" not in found.keys  # the shipped one does not stand in for it in silence
    assert "fumes" in found.keys
    with pytest.raises(RulesError, match="There is no checklist 'gas_shop'"):
        found.current("gas_shop")


def test_the_line_is_that_of_the_key_or_of_its_table(tmp_path):
    text = shop_text(a=('grade = "serious"', 'grade = "heavy"'))
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "heavy" in one)
    put(tmp_path, "checklists/gas_shop", text)
    (fault,) = checklists_of([tmp_path]).refused["checklists/gas_shop"].faults
    assert fault.startswith(f"line {line}, items[1].grade:")


def test_lines_of_texts_of_several_lines_do_not_lead_astray():
    text = 'a = """\n[[items]]\nkey = 1\n"""\n[[items]]\nkey = "G01"\n[[items]]\nlook = "x"\n'
    assert lines_of(text) == {"a": 1, "items[1]": 5, "items[1].key": 6, "items[2]": 7, "items[2].look": 8}


def test_a_file_that_is_no_toml_is_refused_with_its_line(tmp_path):
    put(tmp_path, "checklists/fumes", 'key = "fumes"\nversion = \n')
    found = checklists_of([tmp_path])
    assert "line 2" in str(found.refused["checklists/fumes"])
    assert "gas_shop" in found.keys


def test_an_empty_file_says_all_that_is_missing(tmp_path):
    put(tmp_path, "checklists/fumes", "")
    said = str(checklists_of([tmp_path]).refused["checklists/fumes"])
    assert all(what in said for what in ("key:", "version:", "name:", "authority:", "items:"))


def test_all_faults_are_said_at_once(tmp_path):
    put(tmp_path, "checklists/gas_shop", shop_text(a=("at_most = 100", "at_most = -1"), b=("version = 1", "version = 0")))  # fmt: skip
    assert len(checklists_of([tmp_path]).refused["checklists/gas_shop"].faults) == 2


PLACES = [(), *((("items", number)) for number in range(0, len(SHOP.table["items"]), 3))]


@given(place=st.sampled_from(PLACES), data=st.data(), value=JSON)
@settings(max_examples=150, deadline=None)
def test_whatever_stands_in_a_file_it_is_used_or_refused(place, data, value):
    table = deepcopy(dict(SHOP.table))
    inner = table["items"][place[1]] if place else table
    inner[data.draw(st.sampled_from(sorted(inner)))] = value
    with suppress(RulesError):
        assert checklist_of(table, ALL.grades).digest


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ('key = "minor"', 'key = "small"', "key: 'small' is no grade"),
        ('key = "minor"', 'key = "stop"', "'stop' is there already"),
        ("days = 7", "days = -7", "days: -7 is no whole number"),
        ("days = 7", "", "days: it is missing"),
        ('judges = "operator"', "", "judges: it is missing"),
        ('number = "4", ', "", "number: it is missing"),
    ],
)
def test_grades_that_cannot_be_used_are_refused_with_their_line(was, becomes, said):
    text = rules.text("grades").replace(was, becomes, 1)
    with pytest.raises(RulesError) as caught:
        Grades.from_table(tomllib.loads(text), lines_of(text))
    assert said in str(caught.value)
    assert any(said in fault and fault.startswith("line ") for fault in caught.value.faults)


# --- the paper ---


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KEYS)
def test_the_paper_has_every_line_and_says_its_version(key, language):
    checklist = ALL.current(key)
    said = words.paper(checklist, DAY, translator(language), language)
    assert all(f"<td>{item}</td>" in said for item in checklist.items)
    assert checklist.digest[: words.SHORT] in said
    assert escape(checklist.name.in_(language)) in said


def test_a_failure_is_said_with_grade_article_action_and_day():
    found = verdict({**passing(SHOP), "G09": "fail", "P01": "not_told"})
    assert words.failed_text(found.others[0], ALL.grades, translator("zh"), "zh") == "重大隐患；城镇燃气经营安全重大隐患判定标准（建城规〔2023〕4号）第9条；移交；期限 2026-11-24"  # fmt: skip
    assert words.outcome_text(found, translator("zh")) == "建议停用，通知供气企业和主管部门"


def test_a_limit_is_said_beside_the_text_only_where_the_text_says_another():
    zh = translator("zh")
    assert words.limit_text(SHOP.items["G05"], zh, "zh") == ""
    assert words.limit_text(SHOP.items["G14A"], zh, "zh") == ""  # 60 months stand there as 5 years
    assert words.limit_text(replace(SHOP.items["G05"], most=99), zh, "zh") == "不超过 99 kg"
    assert words.limit_text(SHOP.items["G27A"], zh, "zh") == "有效 12 个月"
