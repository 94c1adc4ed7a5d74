"""The page of rounds through a browser: numbers are changed, their effect is seen before they are saved, and the rule is put back."""

from datetime import UTC, datetime, timedelta

from chromium import COMPLETE

from desk.inspections import rounds
from desk.sites import register
from desk.sites.register import Wish


def test_a_number_is_changed_its_effect_seen_and_the_rule_saved_and_put_back(desk, room):
    now = datetime.now(UTC)
    points = [geom.representative_point() for geom in room.area.net.leaf.geoms[:6]]
    ages = (1, 12, 31, 40, 61, 100)
    for at, (point, age) in enumerate(zip(points, ages, strict=True)):
        then = now - timedelta(days=age)
        register.put(room, Wish("gas_shop", f"{at}号气瓶店", point.x, point.y), register.hand(room, then), then)
    one = desk("dispatcher::").open("/rounds", ".bm-rounds", tab="overdue")
    one.says(".bm-rounds", "2号气瓶店", "逾期 1 天", "尚未检查").says(".bm-piles", "漏查一轮 2", "检查逾期 2")
    one.open("/rounds", ".st-key-round_save button", tab="rule", do="change")
    page = one.page
    before = page.get_attribute(".bm-effect", "data-before")
    field = page.get_by_label("沿街瓶装燃气门店", exact=True)
    field.fill("10")
    field.press("Enter")
    one.says(".st-key-round_effect", "立即逾期的场所：1 处")  # entered twelve days ago
    one.until(lambda: int(page.get_attribute(".bm-effect", "data-after") or 0) > int(before))
    one.until(lambda: page.locator(".bm-bars span").count(), 30)
    assert rounds.versions(room) == []
    page.wait_for_selector(COMPLETE, state="attached")
    page.fill(".st-key-round_effect [class*=_reason_] input", "夏季加密")
    page.keyboard.press("Enter")
    page.wait_for_selector(COMPLETE, state="attached")
    page.click(".st-key-round_save button")
    one.says(".st-key-round_view", "规则已保存", "夏季加密")
    assert rounds.rules(room).base_days == {"gas_shop": 10}
    page.wait_for_selector(COMPLETE, state="attached")
    page.click(".st-key-round_back button")
    one.says(".st-key-round_view", "恢复原规则")
    one.until(lambda: dict(rounds.rules(room).base_days), {})
    assert one.complaints == []
