"""Service orders through a browser: the centre keeps a team, a head orders for a resident, the team takes and does it, and the head asks how it was."""

from datetime import UTC, datetime

import pytest
from chromium import expect, pick
from desk_browser import AREA, Desk, consoles, room_in, seats
from orders import DAY, ERRANDS, HEAD, REPAIRS, asked, with_teams

from desk.orders import register
from ledger import orders
from ledger.verify import verify


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("orders")


@pytest.fixture(scope="module")
def room(folder):
    found = with_teams(room_in(folder), datetime.now(UTC))
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


def all_orders(room):
    with room.ledger.reading() as connection:
        return orders.listed(connection, AREA)


def test_an_order_that_no_team_takes_stands_in_the_inbox_of_the_centre(sit, room):
    now = datetime.now(UTC)
    asked(room, now=now, item="meal", day=(now + DAY).date())
    centre = sit("dispatcher::").open("/inbox", ".bm-piles")
    centre.reads(".bm-piles a:has-text('待派点单') b", "1")
    centre.says(".bm-piles", "超期走访")
    centre.page.click(".bm-piles a:has-text('待派点单')")
    centre.says(".bm-orders", "待派")


def test_three_posts_bring_an_order_to_its_end(sit, room):
    head = sit(HEAD).open("/orders", ".st-key-orders h1", tab="new")
    pick(head.page, "[class*=st-key-order_item]", "跑腿代办")
    head.page.fill("[class*=st-key-order_place_query] input", "1号楼")
    head.page.click(".st-key-spot_0 button")
    head.page.wait_for_selector("[data-fits]")
    head.page.fill("[class*=st-key-order_text] textarea", "三楼,按两次门铃")
    head.page.click(".st-key-save_order button")
    head.says(".bm-saved", "已下单", "代号")
    filed = max(all_orders(room), key=lambda one: one.number)
    assert {offer.post for offer in filed.state.open_offers} == {ERRANDS, REPAIRS}

    team = sit(ERRANDS).open("/inbox", ".bm-orders", pile="orders")
    team.says(".bm-orders", "跑腿代办", "待接单")
    team.page.click(".bm-orders a")
    team.says(".st-key-order_sheet", filed.number, filed.state.key)
    team.page.click(".st-key-order_accept button")
    team.page.wait_for_selector(".st-key-order_finish button")
    team.page.click(".st-key-order_finish button")
    team.page.wait_for_selector(".st-key-order_act_form")
    team.page.fill(".st-key-order_act_form textarea", "已送到")
    team.page.click(".st-key-order_confirm button")
    team.says(".st-key-order_sheet .bm-pairs", "已办，待回访")

    head.open("/orders", ".st-key-order_sheet .bm-pairs", tab="mine", order=filed.number)
    head.page.click(".st-key-order_rate button")
    head.page.wait_for_selector(".st-key-order_act_form")
    head.page.click(".st-key-order_confirm button")
    head.says(".st-key-order_sheet .bm-pairs", "非常满意")
    head.says(".bm-timeline", "回访评价", "办结", "已送到", "接单", "派给服务队", "下单")
    assert verify(room.ledger, now=datetime.now(UTC)).breaks == ()


def test_the_centre_keeps_the_register_and_takes_a_change_back(sit, room):
    centre = sit().open("/orders", ".st-key-team_form", tab="teams")
    centre.page.fill("[class*=st-key-team_name] input", "理发服务队")
    centre.page.click("[class*=st-key-team_skills] input")
    centre.page.keyboard.type("上门理发")
    expect(centre.page.locator("[role=option]").first).to_contain_text("上门理发")
    centre.page.keyboard.press("Enter")
    centre.page.keyboard.press("Escape")
    centre.says("[class*=st-key-team_skills]", "上门理发")
    pick(centre.page, "[class*=st-key-team_post]", "跑腿服务队")
    centre.page.click(".st-key-save_team button")
    centre.says(".st-key-team_list", "理发服务队", "上门理发")
    centre.page.click(".st-key-undo_team button")
    centre.until(lambda: [team.name for team in register.of_room(room) if team.name == "理发服务队"], [])


def test_who_is_no_team_and_keeps_nothing_is_offered_nothing_to_do(sit, room):
    now = datetime.now(UTC)
    filed = asked(room, now=now, day=(now + DAY).astimezone(room.area.pack.timezone).date())
    other = sit("department::公安机关").open("/orders", ".st-key-orders", order=filed.number)
    other.says(".st-key-order_sheet", "没有该编号的单")
    assert not other.page.query_selector(".st-key-team_form")
