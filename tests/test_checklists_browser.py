"""The page of checklists through a browser: one is chosen, answers are tried, and what they come to is shown; printing shows the paper alone."""

from chromium import expect


def test_answers_are_tried_and_what_they_come_to_is_shown_at_once(desk):
    seat = desk().open("/checklists", ".bm-item", checklist="gas_shop")
    seat.says(".bm-checklists", "施工工地扬尘检查表", "瓶装液化石油气门店")
    seat.says(".st-key-check_verdict", "目前没有不合格项")
    line = seat.page.locator(".st-key-check_line_G17 input[type=text]")
    line.fill("2.01")
    line.press("Enter")
    seat.says(".st-key-check_do_G17", "不合格", "2.01 m，应不超过 2 m", "一般隐患")
    seat.says(".st-key-check_verdict", "限期整改并复查")
    seat.page.click(".st-key-check_do_G17 label:has-text('当场整改')")
    seat.says(".st-key-check_verdict", "当场整改")
    seat.page.click(".st-key-check_do_G09 button:has-text('不合格')")
    seat.says(".st-key-check_verdict", "建议停用", "城市管理（燃气）主管部门")
    line = seat.page.locator(".st-key-check_line_G02A input[type=text]")
    line.fill("2023-02-30")
    line.press("Enter")
    seat.says(".st-key-check_do_G02A", "2023-02-30", "不是日期")
    seat.page.click(".st-key-check_clear button")
    seat.says(".st-key-check_verdict", "目前没有不合格项")

    paper = seat.page.locator(".bm-checkpaper")
    expect(paper).to_be_hidden()
    seat.page.emulate_media(media="print")
    expect(paper).to_be_visible()
    expect(seat.page.locator(".st-key-checks")).to_be_hidden()
    expect(paper).to_contain_text("□\N{NO-BREAK SPACE}合格")
