"""Warnings on the duty page, in a real browser: entered, refused with the reason, changed, lifted; read by who may not enter them."""

import pytest
from chromium import pick
from desk_browser import Desk, seats

from desk import alerts

pytestmark = pytest.mark.browser
HEAD = "head:grid:410102999001001"


class Duty(Desk):
    """The duty page, before somebody."""

    def start(self):
        return self.open("/duty", ".bm-watch")

    def press(self, key):
        self.page.click(f"[class*='st-key-alert_{key}'] button")
        return self

    def type(self, field, text):
        self.page.fill(f"[class*='st-key-alert_{field}_'] input", text)
        self.page.keyboard.press("Enter")
        return self


@pytest.fixture
def duty(context, console):
    with seats(Duty, context, console) as (sit, _people):
        yield sit


def test_a_warning_is_entered_refused_with_the_reason_changed_and_lifted(duty, room):
    one = duty()
    one.press("new").page.wait_for_selector(".st-key-alert_form")
    one.press("save").says(".st-key-alerts .bm-refused", "请填写发布单位")
    one.type("issuer", "市环境污染防治攻坚办").type("number", "郑环攻坚〔2026〕43号")
    pick(one.page, "[class*='st-key-alert_level_']", "橙色")
    one.press("save").says(".bm-alert", "重污染天气橙色预警（Ⅱ级响应）", "郑环攻坚〔2026〕43号", "起")
    duty(HEAD).says(".bm-alert", "重污染天气橙色预警")
    assert duty(HEAD).page.query_selector("[class*='st-key-alert_new']") is None
    one.press("change").page.wait_for_selector(".st-key-alert_form")
    pick(one.page, "[class*='st-key-alert_level_']", "红色")
    one.press("save").says(".bm-alert", "重污染天气红色预警（Ⅰ级响应）")
    one.press("ask").says(".st-key-alerts", "确认解除")
    one.press("lift").says(".st-key-alerts", "当前没有生效的预警")
    one.until(lambda: len(alerts.alerts(room).over), 1)
    assert one.complaints == []
