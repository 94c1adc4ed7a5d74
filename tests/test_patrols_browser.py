"""Patrols through a browser: a head plans a night, a worker writes one down that found nothing, and the counts lead to it."""

from datetime import UTC, datetime

import pytest
from chromium import expect
from desk_browser import Desk, consoles, seats
from patrols import AREA, HEAD, leafs, walking, worker

from desk.patrols import clock
from ledger import patrols
from ledger.patrols import Asked
from ledger.verify import verify


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("patrols")


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


def listed(room, view=""):
    with room.ledger.reading() as connection:
        return patrols.page(connection, Asked(AREA), view)


def test_a_night_is_planned_and_a_patrol_that_found_nothing_is_written_down(sit, room):
    head = sit(HEAD).open("/patrols", ".st-key-patrol_plan_save", tab="plans")
    head.page.click(".st-key-patrol_plan_save button")
    head.says(".bm-refused", "计划须有名称")
    head.page.fill("[class*=st-key-patrol_plan_new_name] input", "充电棚夜巡")
    head.page.keyboard.press("Tab")
    head.page.click(".st-key-patrol_plan_save button")
    head.says(".bm-saved", "计划已保存")
    clock.take(room, datetime.now(UTC))
    assert {one.state.plan for one in listed(room)} != {0}

    own = sit(worker(room)).open("/patrols", ".st-key-patrol_save", tab="new")
    own.page.click(".st-key-patrol_save button")
    own.says(".bm-refused", "请选择巡查结果")
    own.page.click("[class*=_outcomes_] button:has-text('未发现问题')")
    own.page.fill("[class*=_words_] input", "已到点位")
    own.page.keyboard.press("Tab")
    own.page.click(".st-key-patrol_save button")
    own.says(".bm-saved", "巡查已登记")
    (filed,) = listed(room, "done")
    assert (filed.state.outcomes, filed.state.walkers, filed.code) == (("nothing",), (worker(room),), leafs(room)[0])
    own.page.click(".bm-saved a")
    own.says(".bm-pairs", filed.number)
    own.says(".bm-quote", "已到点位")
    is_now = filed.state.night.month == datetime.now(room.area.pack.timezone).month  # else the first hour of a month
    own.open("/patrols", ".bm-counted", tab="counts", by="post", period="month" if is_now else "last")
    own.page.click(".bm-counted td a[href*='tab=done']")
    own.says(".bm-visits tbody", filed.number, "未发现问题")
    expect(own.page.locator(".bm-visits tbody tr")).to_have_count(1)
    assert not verify(room.ledger, now=datetime.now(UTC)).breaks
