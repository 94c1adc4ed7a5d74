"""Campaigns through a browser: made, begun, its figures lead to the sites, one of which nobody opened, and its phase is closed before its gate only with a reason; a meeting is changed, its task moved, and a theme day called off."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from chromium import COMPLETE

from desk.campaigns import acts, meetings, themes
from desk.places import buildings
from desk.sites import register
from desk.sites.register import Wish
from inspections.campaigns import Phase, Rule, Source, State
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


def type_day(one, field, day):
    """Type a day as the widget shows it, its parts one after another, once the form has come to rest."""
    parts = one.page.locator(f"[class*={field}] [role=spinbutton]")
    parts.first.wait_for()
    one.page.wait_for_selector(COMPLETE, state="attached")
    parts.first.click()
    one.page.keyboard.type(f"{day:%Y%m%d}", delay=30)
    one.until(parts.all_inner_texts, [f"{day:%Y}", f"{day:%m}", f"{day:%d}"])
    one.page.keyboard.press("Tab")
    one.page.wait_for_selector(COMPLETE, state="attached")


def test_a_meeting_is_changed_unless_somebody_else_did_its_task_is_moved_and_a_theme_day_cancelled(desk, room):
    by, now = register.hand(room, datetime.now(UTC)), datetime.now(UTC)
    today = now.astimezone(room.area.pack.timezone).date()
    phase = Phase("沿街门店", Rule(("gas_shop",)), today, today + timedelta(days=9))
    campaign = acts.make(room, acts.Wish("日例会", Source.SITES, (by.post,), (phase,)), by, now)
    give = meetings.Give("补查关门的两家", by.post, today)
    wish = meetings.Wish(
        campaign.number, today, time(17, 30), "三楼会议室", by.post, problems="两家关门。", tasks=[give]
    )
    held = meetings.hold(room, wish, by, now)
    theme = themes.plan(room, themes.Wish(campaign.number, "主题网格日", today, time(9), time(11), "社区门口", [by.post]), by, now)  # fmt: skip
    one = desk("dispatcher::").open("/campaigns", ".st-key-meeting_save", campaign=campaign.number, tab="meetings", meeting=held.number, do="edit")  # fmt: skip
    page, words = one.page, "[class*=_problems_] textarea"
    other = meetings.hold(room, replace(wish, problems="三家关门。", tasks=(), number=held.number, version=held.version), by, now)  # fmt: skip
    page.fill(words, "四家关门。")
    page.locator(words).blur()
    one.says(".bm-refused", "其他人")
    page.click(".st-key-meeting_save button")
    one.says("[data-testid=stMain]", "期间已被他人改动")
    one.until(lambda: page.input_value(words), "四家关门。")
    assert meetings.of(room, held.number)[0] == other
    page.click("[class*=_again_] button")
    page.wait_for_selector("[class*=_again_]", state="detached")
    one.until(lambda: page.input_value(words), "三家关门。")
    page.fill(words, "四家关门。")
    page.locator(words).blur()
    page.click(".st-key-meeting_save button")
    one.says("[data-testid=stMain]", "四家关门。", "补查关门的两家")
    (task,) = meetings.tasks(room, campaign.number)
    page.click(f".st-key-task_{task.id}_move button")
    due = today + timedelta(days=3)
    type_day(one, "_due_", due)
    page.click("[class*=_sure_] button")
    one.until(lambda: meetings.tasks(room, campaign.number)[0].due, today + timedelta(days=3))
    page.click(".st-key-meeting_strike button")
    page.wait_for_selector("[class*=_sure_]")
    page.click("[class*=_sure_] button")
    one.says(".bm-refused", "理由为空")
    page.fill("[class*=_reason_] input", "记错了专项行动")
    page.keyboard.press("Enter")
    page.click("[class*=_sure_] button")
    one.until(lambda: meetings.listed(room, campaign.number), [])
    one.open("/campaigns", ".st-key-theme_cancel", campaign=campaign.number, tab="themes", theme=theme.number)
    page.click(".st-key-theme_cancel button")
    page.fill("[class*=_reason_] input", "预报有雨")
    page.keyboard.press("Enter")
    page.click("[class*=_sure_] button")
    one.says("[data-testid=stMain]", "预报有雨")
    assert verify(room.ledger, now=datetime.now(UTC)).breaks == ()
