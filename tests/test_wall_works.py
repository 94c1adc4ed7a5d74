"""Panels of work on a wall: the same counts as the pages have, cut to the shown part, for who may open those pages, and for a screen where a kept view names them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from inspected import AREA, inspected, kept, shop, worker_of
from orders import who
from rooms import DISPATCHER, NOON

from desk.air.readings import Readings, Station
from desk.campaigns import acts as campaigns
from desk.campaigns.acts import Wish
from desk.planning import day, keep
from desk.planning.day import Asking
from desk.sheets import acts as sheets
from desk.sites import register
from desk.warnings import acts as warnings
from desk.warnings.acts import Order
from incidents.access import Scope, Who
from incidents.alerts import Level
from incidents.lifecycle import By, PostKind
from incidents.sheet_life import Act
from incidents.wall_views import DEFAULT, WallView
from inspections.air import Pollutant
from inspections.campaigns import Phase, Rule, Source, total
from ledger.sites import Asked
from reports.coverage import coverage
from reports.sheet_frozen import drawn_up, printable
from reports.wall import panels
from reports.wall_works import NEEDS, permitted

WORKS = ("campaign", "sheet", "plan", "air")
HALL = WallView("hall", "大厅", AREA, panels=("counts", *WORKS))
DRAFT = replace(HALL, key="")
DAY, HOUR, TODAY = timedelta(days=1), timedelta(hours=1), NOON.date()


@pytest.fixture
def room(tmp_path):
    found, site = kept(tmp_path / "ledger")
    worker_of(found, site)
    shop(found, "二店")
    yield found
    found.ledger.close()


def told(room, panel, view=HALL, now=NOON):
    return panels(room, view, now, "zh")[panel]


def begun(room, name="瓶装燃气专项行动"):
    phase = Phase("沿街门店", Rule(("gas_shop",)), TODAY, TODAY + 10 * DAY)
    return campaigns.begin(room, campaigns.make(room, Wish(name, Source.SITES, (DISPATCHER.post,), (phase,)), DISPATCHER, NOON), 1, DISPATCHER, NOON)  # fmt: skip


def signed(room):
    frozen, seen = drawn_up(room, TODAY, "", {}, NOON)
    writer, checker, signer = (By(DISPATCHER.post, PostKind.DISPATCHER, one) for one in ("w1", "c1", "s1"))
    sheet = sheets.draw(room, TODAY, "", frozen, seen, 0, writer, NOON)
    for act, hand in ((Act.CHECK, checker), (Act.SIGN, signer)):
        assert told(room, "sheet", now=NOON)["rows"] == [], "what nobody signed hangs on no wall"
        sheet = sheets.do(room, sheet, act, hand, NOON)
    return sheet


def planned(room):
    sites = register.listed(room, Asked(room.id))
    asking = Asking((worker_of(room, sites[0]).post,), TODAY, 9 * 3600, 17 * 3600, sites=frozenset(one.number for one in sites))  # fmt: skip
    return keep.keep(room, day.planned(room, asking, NOON), asking, DISPATCHER, NOON, seen={}), sites


def grids_of(room, site):
    """Return the third-level grid in which a site lies, and another one."""
    own = site.codes["grid"].split(";")[0]
    return own, next(code for code in room.area.net.level("grid").codes.tolist() if code != own)


def test_where_nothing_is_under_way_no_panel_has_a_line(room):
    assert [told(room, panel) for panel in WORKS] == [{"note": [], "rows": [], "count": 0}] * 4


def test_a_campaign_is_counted_as_on_its_page_and_in_a_part_as_far_as_the_part(room):
    (site, _other) = register.listed(room, Asked(room.id))
    campaign = begun(room)
    inspected(room, site)
    later = NOON + HOUR
    whole = total(coverage(room, campaign, 1, later, by="community"))
    found = told(room, "campaign", now=later)
    assert found["note"] == ["瓶装燃气专项行动", "沿街门店"]
    assert (found["rows"][0]["detail"], found["rows"][0]["part"]) == (["已排查 1\u00a0/\u00a02"], 0.5)
    assert (whole.visited, whole.targets) == (1, 2)
    own, other = grids_of(room, site)
    assert told(room, "campaign", replace(HALL, grid=f"grid:{own}"), later)["rows"][0]["part"] == 0.5
    assert told(room, "campaign", replace(HALL, grid=f"grid:{other}"), later)["rows"][0]["part"] == 0.0
    screen = room.seen_by(who("wall", f"{AREA}:grid:{other}"))
    assert told(screen, "campaign", now=later)["rows"][0]["detail"] == ["已排查 0\u00a0/\u00a00"]


def test_the_last_signed_sheet_hangs_as_it_was_frozen_in_order_of_rank(room):
    sheet = signed(room)
    found = told(room, "sheet", now=NOON + HOUR)
    paper = printable(room, sheet, "zh")
    assert found["note"][:2] == [TODAY.isoformat(), paper.number]
    assert [row["label"] for row in found["rows"]] == [paper.total.name, *(row.name for row in paper.rows)]
    sheets.do(room, sheet, Act.WITHDRAW, By(DISPATCHER.post, PostKind.DISPATCHER, "s1"), NOON + HOUR, reason="数据有误")
    assert told(room, "sheet", now=NOON + 2 * HOUR)["rows"] == []


def test_walks_of_the_day_say_what_is_inspected_of_them_and_no_site(room):
    plan, sites = planned(room)
    first = plan.walks[0].stops[0].number
    inspected(room, next(one for one in sites if one.number == first))
    found = told(room, "plan", now=NOON + HOUR)
    assert found["rows"][0]["lead"] == "1\u00a0/\u00a02"
    assert found["note"][1] == "已查 1\u00a0/\u00a02 处"
    assert not any(one.name in json.dumps(found, ensure_ascii=False) for one in sites)
    assert told(room, "plan", now=NOON + DAY)["rows"] == []
    own, other = grids_of(room, sites[0])
    assert told(room, "plan", replace(HALL, grid=f"grid:{own}"), NOON + HOUR)["count"] == 1
    assert told(room, "plan", replace(HALL, grid=f"grid:{other}"), NOON + HOUR)["count"] == 0


def test_the_air_says_the_warning_that_holds_its_tasks_and_the_stations(room, monkeypatch):
    shop(room, "康桥工地", "dust")
    values = {Pollutant.PM25: 40.0, Pollutant.PM10: 90.0}
    readings = Readings({"a": Station("a", "甲站"), "b": Station("b", "乙站")}, {"a": {NOON: values}, "b": {}})
    monkeypatch.setattr("reports.wall_works.readings", lambda _room: readings)
    warnings.issue(room, Order("市污染防治攻坚办", "郑环攻坚办〔2026〕1号", Level.ORANGE, NOON + 3 * DAY, NOON + HOUR), DISPATCHER, NOON)  # fmt: skip
    before, after = told(room, "air"), told(room, "air", now=NOON + 2 * HOUR)
    assert before["note"] == [], "it is announced, and holds not yet"
    assert after["note"][0].startswith("重污染天气橙色预警")
    assert after["note"][1].startswith("任务完成 0\u00a0/")
    assert [row["label"] for row in after["rows"]] == ["甲站", "乙站"]
    assert after["rows"][1]["lead"] == "—"


def test_who_may_not_open_the_page_has_no_such_panel(room):
    begun(room)
    department = room.seen_by(who("department", f"{AREA}:department:公安机关"))
    worker = room.seen_by(who("worker", AREA))
    assert permitted(department, HALL).panels == ("counts", "air")
    assert permitted(worker, HALL).panels == ("counts", "campaign", "plan", "air")
    assert set(WORKS).isdisjoint(set(panels(department, HALL, NOON, "zh")) - {"air"})
    assert permitted(room.seen_by(who("dispatcher", AREA)), HALL) == HALL


def test_a_screen_has_these_panels_where_a_kept_view_names_them_and_the_permissions_say_so(room):
    screen = who("wall", AREA)
    assert permitted(room.seen_by(screen), HALL) == HALL
    assert permitted(room.seen_by(screen), DRAFT).panels == ("counts", "air")
    unnamed = replace(screen, may=screen.may - {"wall_counts"})
    assert permitted(room.seen_by(unnamed), HALL).panels == ("counts", "air")
    assert permitted(room, DEFAULT) == DEFAULT


def test_a_sheet_names_every_community_and_hangs_nowhere_where_a_part_is_shown(room):
    part = f"grid:{grids_of(room, register.listed(room, Asked(room.id))[0])[0]}"
    assert "sheet" not in permitted(room, replace(HALL, grid=part)).panels
    assert "sheet" not in permitted(room.seen_by(who("wall", f"{AREA}:{part}")), HALL).panels


def test_what_one_may_see_is_not_told_to_another_who_sees_as_far(room):
    begun(room)
    assert "campaign" in panels(room.seen_by(who("dispatcher", AREA)), DRAFT, NOON, "zh")
    for role in ("wall", "department"):
        assert "campaign" not in panels(room.seen_by(who(role, AREA)), DRAFT, NOON, "zh")
    nobody = Who("", "", who("worker", AREA).role, Scope(AREA))
    assert not set(NEEDS) & set(panels(room.seen_by(nobody), DRAFT, NOON, "zh"))
