"""A campaign through a browser: made, begun, its figures lead to the sites, one of which nobody opened, and its phase is closed before its gate only with a reason."""

from datetime import UTC, datetime

from desk.campaigns import acts
from desk.places import buildings
from desk.sites import register
from desk.sites.register import Wish
from inspections.campaigns import State
from ledger.verify import verify


def choose(page, field, text):
    """Choose one of a list of which several may be chosen, and close it."""
    page.fill(f"{field} input", text)
    page.locator("[role=option]", has_text=text).first.click()
    page.keyboard.press("Escape")
    page.wait_for_selector("[role=option]", state="detached")


def test_a_campaign_is_made_begun_counted_and_closed(desk, room):
    by, now = register.hand(room, datetime.now(UTC)), datetime.now(UTC)
    spots = list(buildings(room.area).values())
    made = [register.put(room, Wish("gas_shop", f"{n}号小馆", spots[n].lon, spots[n].lat), by, now) for n in range(3)]
    one = desk("dispatcher::").open("/campaigns", ".st-key-campaign_save", tab="new")
    page = one.page
    page.click(".st-key-campaign_save button")
    one.says(".bm-refused", "请填写专项行动名称")
    page.fill("[class*=campaign_new_name_] input >> nth=0", "瓶装燃气整治")
    page.keyboard.press("Enter")
    choose(page, "[class*=campaign_new_force_]", "城运中心派遣员")
    page.fill("[class*=campaign_new_name_1_] input", "沿街门店")
    page.keyboard.press("Enter")
    choose(page, "[class*=campaign_new_kinds_1_]", "沿街瓶装燃气门店")
    page.click(".st-key-campaign_save button")
    one.says(".bm-phases", "沿街门店", "未启动")
    page.click(".st-key-campaign_begin button")
    one.says(".bm-sum", "3")
    (campaign,) = acts.listed(room)
    assert campaign.state is State.RUNNING
    page.click(".bm-sum a >> nth=0")
    one.says(".bm-sites", "0号小馆", "2号小馆")
    one.open("/sites", ".st-key-attempt_save", site=made[0].number)
    page.click(".st-key-attempt_save button")
    one.says(".st-key-site_sheet", "无人在场")
    one.open("/campaigns", ".bm-sum", campaign=campaign.number)
    page.click(".st-key-campaign_close button")
    page.wait_for_selector(".st-key-campaign_close_now")
    page.click(".st-key-campaign_close_now button")
    one.says(".bm-refused", "请说明为何仍要结束")
    page.fill("[class*=_reason_] textarea", "转入下一阶段")
    page.locator("[class*=_reason_] textarea").blur()
    page.click(".st-key-campaign_close_now button")
    one.says(".bm-phases", "已结束")
    one.until(lambda: acts.of(room, campaign.number).state, State.CLOSED)
    assert acts.of(room, campaign.number).phases[0].reason == "转入下一阶段"
    assert verify(room.ledger, now=datetime.now(UTC)).breaks == ()
