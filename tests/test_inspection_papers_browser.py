"""Papers of inspections as a browser makes PDF of them: pages, heads that repeat, nothing of the screen on paper; and a notice on a phone."""

import re
from datetime import UTC, datetime
from urllib.parse import quote

from desk_browser import AREA, jpeg, post
from test_inspections_browser import shop

from desk.inspections.acts import Made, inspect
from inspections.inspection import Signed

PAGE = re.compile(rb"/Type\s*/Page\b")


def notice(room, site, keys, **fields):
    checklist, now = room.rules.checklists.current("gas_shop"), datetime.now(UTC)
    said = {
        key: {"value": "fail", "note": "后厨", "photos": ["p"] if checklist.items[key].photo else []} for key in keys
    }
    made = Made(site.number, checklist.key, checklist.version, said, photos={"p": jpeg(), "s": jpeg()}, **fields)
    number = inspect(room, made, post("dispatcher::"), now).inspection.number
    return f"/notice/{AREA}/{quote(number)}", number


def failing(room):
    checklist = room.rules.checklists.current("gas_shop")
    return [key for key, item in checklist.items.items() if item.kind == "yes_no" and item.party == checklist.party and not item.applies]  # fmt: skip


def test_a_notice_is_one_page_of_pdf_and_a_long_one_breaks_with_its_head(desk, room):
    keys, site = failing(room), shop(room, 21, "新密烩面馆")
    one = desk("dispatcher::")
    short, number = notice(room, site, keys[:2], signed=Signed.REFUSED)
    one.page.goto(f"{one.address}{short}?lang=zh")
    said = one.page.inner_text(".a4")
    assert all(word in said for word in ("隐患告知单", number, "新密烩面馆", "拒绝签名", "不是行政处罚", "后厨"))
    assert len(PAGE.findall(one.page.pdf(prefer_css_page_size=True))) == 1
    long, _number = notice(room, site, keys, signed=Signed.SIGNED, signature="s")
    one.page.goto(f"{one.address}{long}?lang=zh")
    assert one.page.evaluate("document.querySelector('.ends img').naturalWidth") > 0
    pages = len(PAGE.findall(one.page.pdf(prefer_css_page_size=True)))
    assert 2 <= pages <= 4
    one.page.emulate_media(media="print")
    assert one.page.evaluate("getComputedStyle(document.querySelector('.tools')).display") == "none"
    assert one.page.evaluate("getComputedStyle(document.querySelector('.found thead')).display") == "table-header-group"


def test_a_notice_fits_a_phone_and_its_site_leads_to_the_lists_on_paper(desk, room):
    site = shop(room, 24, "康桥早餐店")
    path, _number = notice(room, site, failing(room)[:4])
    one = desk("dispatcher::")
    one.open("/sites", ".bm-links", site=site.number).says(".bm-links", "场所自查", "纸质：")
    one.page.set_viewport_size({"width": 390, "height": 844})
    one.page.goto(f"{one.address}{path}?lang=en")
    assert "no administrative penalty" in one.page.inner_text("#disclaimer")
    assert one.page.evaluate("document.documentElement.scrollWidth") <= 390
