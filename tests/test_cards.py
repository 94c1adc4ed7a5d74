"""Cards, and who is responsible where."""

import json

import numpy as np
import pytest
from rooms import NOON, filled, room_of, shipped
from small_pack import MANIFEST, write_small_pack

from geo.errors import UnknownGrid
from geo.measure import distances_m
from incidents.posts import duty_of
from layers.load import load
from ledger import find
from reports import cards, figures
from reports.facts import faults_of
from reports.figures import Filter


@pytest.fixture(scope="module")
def area(tmp_path_factory):
    """The small pack with posts: micro-grid heads are volunteers, third-level ones are paid; dedicated grids have heads of their own."""
    folder = write_small_pack(tmp_path_factory.mktemp("packs") / "small")
    manifest = MANIFEST.replace(
        'code = "code"\nparent = "parent"\n\n', 'code = "code"\nparent = "parent"\npost = "code"\n\n', 1
    )
    manifest = manifest.replace('stacks = "stacks.csv"', 'stacks = "stacks.csv"\npost = "code"\nvolunteer = true')
    manifest = manifest.replace("responsible = true", 'responsible = true\npost = "name"')
    (folder / "area.toml").write_text(manifest, encoding="utf-8")
    return load(folder)


@pytest.fixture(scope="module")
def room(area, tmp_path_factory):
    return filled(area, tmp_path_factory.mktemp("var"))


@pytest.fixture(scope="module")
def number(room):
    """The number of an incident, by its id in the pack."""
    with room.ledger.reading() as connection:
        found = find.rows(connection, room.wanted(), columns=("number", "external_id"))
    return {row["external_id"]: row["number"] for row in found}


def card(room, kind, code, **options):
    return cards.card(room, kind, code, NOON, **options)


def rows(made):
    return dict(map(tuple, made["rows"]))


def test_a_micro_grid_shows_the_codes_of_all_levels(room):
    made = card(room, "micro", "1-01")
    assert (made["title"], made["subtitle"], made["kind"], made["code"]) == ("1-01", "微网格", "micro", "1-01")
    assert rows(made)["社区"] == "小社区（C1）"
    assert rows(made)["三级网格"] == "1"
    assert rows(made)["微网格"] == "1-01"


def test_overdue_goes_to_the_nearest_paid_post_above_a_volunteer(room):
    shown = rows(card(room, "micro", "2-03"))
    assert shown["责任岗位"] == "2-03（志愿者）"
    assert shown["超期督办"] == "2"


def test_in_a_dedicated_grid_its_head_is_responsible_and_the_micro_grids_is_informed(room):
    shown = rows(card(room, "dedicated", "专1"))
    assert (shown["责任岗位"], shown["属地知会"]) == ("第一小学", "1-01")
    assert "超期督办" not in shown  # itself, for it is paid


def test_duties(area):
    codes = {"community": "C1", "third": "2", "micro": "2-03"}
    assert titles(duty_of(area.net, codes)) == ("2-03", None, "2")
    assert duty_of(area.net, codes).post.volunteer
    assert titles(duty_of(area.net, {**codes, "dedicated": "专2"})) == ("农贸市场", "2-03", "农贸市场")
    assert titles(duty_of(area.net, {})) == (None, None, None)
    tower = {**codes, "micro": "3-04a;3-04b;3-04c"}
    assert titles(duty_of(area.net, tower)) == ("2", None, "2")  # nobody told which of the three


def titles(duty):
    return tuple(post and post.title for post in (duty.post, duty.informed, duty.overdue))


def test_a_stacked_micro_grid_has_its_own_households_post_and_floors(room):
    shown = rows(card(room, "micro", "3-04b"))
    assert shown["单元楼层"] == "11–20 层"
    assert shown["户数"] == "60"
    assert shown["责任岗位"] == "第04b微网格长（志愿者）"


def test_a_polygon_that_carries_a_stack_lists_it(room):
    made = card(room, "micro", "3-04")
    section = next(section for section in made["sections"] if section["title"] == "叠设微网格")
    assert [item["code"] for item in section["items"]] == ["3-04a", "3-04b", "3-04c"]


def test_an_upper_grid_counts_the_stacked_ones_and_not_what_carries_them(room):
    assert rows(card(room, "community", "C1"))["微网格"] == "14 个"
    assert rows(card(room, "third", "3"))["微网格"] == "6 个"


def test_incidents_by_mark_and_the_open_ones(room):
    made = card(room, "community", "C1")
    assert [rows(made)[name] for name in ("上报流转", "随手清", "处置完毕")] == ["6", "3", "5"]
    assert made["mark"] == "red"
    section = next(section for section in made["sections"] if section["title"] == "未结事件")
    assert len(section["items"]) == 6
    assert {item["mark"] for item in section["items"]} == {"red"}


def test_an_incident_tells_its_state_its_time_and_whom_it_is_late_for(room, number):
    made = card(room, "incident", number["E04"])
    shown = rows(made)
    assert (made["title"], made["subtitle"], made["mark"]) == ("井盖破损", "事件 · 上报流转", "red")
    assert shown["状态"] == "已派遣"
    assert shown["上报时间"] == "2026-03-01 08:04"
    assert shown["时限"] == "2026-03-01 08:05 · 超期"
    assert shown["超期"] == "已超 8 分钟"
    assert shown["超期督办"] == "2"


def test_an_incident_in_time_is_not_called_overdue(room, number):
    assert "超期" not in rows(card(room, "incident", number["E05"]))


@pytest.mark.parametrize(("kind", "code", "title"), [("houses", "B3", "3号楼"), ("shops", "S2", "早餐店")])
def test_points_have_cards(room, kind, code, title):
    assert card(room, kind, code)["title"] == title


def test_a_street_has_a_length_and_the_grids_along_it(room):
    made = card(room, "street", "中山路")
    assert rows(made)["长度"] == "916 m"  # 0.01 degree of longitude at 34.75 north
    assert rows(made)["沿线微网格"] == "4"  # it leans by 3 m into the row above


def test_water_has_a_card_by_its_layer(room):
    assert card(room, "canal", "金水河")["title"] == "金水河"


def test_in_english(room, number):
    made = card(room, "incident", number["E04"], language="en")
    assert rows(made)["State"] == "Dispatched"
    assert made["subtitle"] == "Incidents · Reported up"


@pytest.mark.parametrize(
    ("kind", "code"),
    [("micro", "9-99"), ("nothing", "1"), ("incident", "none"), ("cases", "E01"), ("street", "无名路"), ("shops", "")],
)
def test_what_is_not_there_is_named(room, kind, code):
    with pytest.raises(UnknownGrid, match="has no"):
        card(room, kind, code)


def test_a_real_district_has_cards_without_posts_or_households(tmp_path):
    made = card(room_of(shipped("dc"), tmp_path), "smd", "1A01", language="en")
    assert rows(made)["Commission"] == "1A"
    assert "Responsible post" not in rows(made)
    assert any(section["title"].startswith("Ward") for section in made["sections"])


def test_an_incident_shows_what_was_reported_close_by_in_the_same_class(room):
    cases = figures.select(room, Filter(), NOON).set_index("uid")
    for uid, row in cases.iterrows():
        alike = [
            other
            for other, there in cases.iterrows()
            if other != uid
            and there["class"] == row["class"]
            and distances_m(*(np.array([value]) for value in (row["lon"], row["lat"], there["lon"], there["lat"])))[0]
            <= 50
        ]
        sections = {section["title"]: section["items"] for section in card(room, "incident", uid)["sections"]}
        shown = next((items for title, items in sections.items() if title.startswith("50 米内同类事件")), [])
        assert {item["code"] for item in shown} <= set(alike)
        assert len(shown) == min(len(alike), 8)


def test_an_incident_links_to_its_case_sheet(room, number):
    link = card(room, "incident", number["E04"])["link"]
    assert link["href"] == f"/case?area=small&case={number['E04']}&lang=zh"
    assert link["own"] == {"case": number["E04"]}


def test_the_page_of_facts_says_what_is_wrong_and_what_to_do_in_its_language(tmp_path):
    folder = write_small_pack(tmp_path / "small")
    path = folder / "micro.geojson"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["features"][0]["geometry"] = None
    path.write_text(json.dumps(document), encoding="utf-8")
    faults, total = faults_of(load(folder), "zh")
    assert total == len(faults) > 0
    assert ("警告" in faults[0]) or ("错误" in faults[0])
    assert all(row[-1] and not row[-1].isascii() for row in faults)
