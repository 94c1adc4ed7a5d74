"""Visits through a browser: a community plans them for a grid, a worker writes one down, and the counts say so."""

from datetime import UTC, datetime

import pytest
from chromium import expect, pick
from desk_browser import AREA, Desk, consoles, seats
from visits import HEAD, goals, walking, worker

from ledger import visits
from ledger.verify import verify
from reports import visit_lists


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("visits")


@pytest.fixture(scope="module")
def room(folder):
    found = walking(folder, now=datetime.now(UTC))
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def served(folder, room, tmp_path_factory):
    with consoles(folder, tmp_path_factory.mktemp("home")) as addresses:
        yield addresses


@pytest.fixture
def sit(context, served):
    with seats(Desk, context, *served) as (sit, people):
        yield sit
        assert not [said for one in people for said in one.complaints]


def test_a_community_plans_for_a_grid_and_a_worker_writes_down_what_came_of_it(sit, room):
    head = sit(HEAD).open("/visits", ".bm-empty")
    head.says(".bm-empty", "本期没有待走访的地点")
    head.open("/visits", ".st-key-visit_save", tab="plan")
    head.page.click("[class*=st-key-visit_plan_way] button:has-text('楼栋编号')")
    head.page.fill("[class*=st-key-visit_plan_codes] textarea", "B404")
    head.page.keyboard.press("Control+Enter")
    head.says(".bm-refused", "没有这个楼栋编号")
    codes = [goal.building for goal in goals(room, many=3)]
    head.page.fill("[class*=st-key-visit_plan_codes] textarea", " ".join(codes))
    head.page.keyboard.press("Control+Enter")
    expect(head.page.locator(".st-key-visit_save button")).to_have_text("计划走访 3 处")
    pick(head.page, "[class*=st-key-visit_plan_kind]", "关爱看望")
    head.page.click(".st-key-visit_save button")
    head.says(".bm-saved", "已计划走访 3 处")
    with room.ledger.reading() as connection:
        filed = visits.open_of(connection, AREA, None, [worker(room)], most=9)
    assert {one.state.visitor for one in filed} == {worker(room)}
    assert [one.building for one in filed] == codes

    own = sit(worker(room)).open("/visits", ".bm-visits", tab="planned")
    own.page.click(".bm-visits a")
    own.page.click(".st-key-visit_done button")
    own.page.wait_for_selector(".st-key-visit_act_form")
    own.page.click("[class*=st-key-visit_act] .stMultiSelect input")
    own.page.keyboard.type("关爱")
    expect(own.page.locator("[role=option]").first).to_contain_text("关爱服务")
    own.page.keyboard.press("Enter")
    own.page.keyboard.press("Escape")
    own.page.fill("[class*=_households_] input", "4")
    own.page.fill("[class*=_words_] input", "电话13800138000")
    own.page.click(".st-key-visit_confirm button")
    own.says(".bm-refused", "请去掉")
    own.page.fill("[class*=_words_] input", "暖气不热,已约维修")
    own.page.click(".st-key-visit_confirm button")
    own.says(".st-key-visit_sheet .bm-pairs", "已走访", "关爱服务", "4")
    own.says(".bm-timeline", "暖气不热,已约维修", "见面 4 户")

    head.open("/visits", ".bm-counted", tab="counts", by="micro", lang="en")
    head.says(".bm-counted", "Households met", "33%")
    with head.page.expect_download() as taken:
        head.page.click(".st-key-to_csv button")
    lines = taken.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("Micro-grid,To be visited,Overdue")
    assert [line.split(",")[1:8] for line in lines[1:]] == [["2", "0", "0", "1", "0", "4", "33%"]]
    assert visit_lists.counts(room, {}, datetime.now(UTC))["over"] == 1
    assert verify(room.ledger, now=datetime.now(UTC)).breaks == ()


def test_what_is_left_of_a_round_is_planned_once_it_was_asked_twice(sit, room):
    head = sit(HEAD).open("/visits", ".st-key-visit_round_plan", tab="round")
    with room.ledger.reading() as connection:
        before = visits.open_count(connection, AREA, None)
    head.page.click(".st-key-visit_round_plan button")
    head.page.click(".st-key-visit_round_leave button")
    head.page.click(".st-key-visit_round_plan button")
    head.page.click(".st-key-visit_round_sure button")
    head.says(".bm-saved", "已计划走访")
    with room.ledger.reading() as connection:
        made = visits.open_count(connection, AREA, None) - before
    assert 0 < made <= room.rules.visits.most_places
    head.page.click(".bm-counted tbody tr:first-child td a >> nth=0")
    head.says(".bm-round", "尚未走访")
