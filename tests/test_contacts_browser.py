"""Who reported a case, in a real browser: masked, in full for a minute with a reason, and never for a role that may not; and files that say who took them out."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from chromium import expect
from desk_browser import reported

from desk.reports import Draft, report
from incidents.lifecycle import By, PostKind
from ledger import audit

pytestmark = pytest.mark.browser

BY = By("dispatcher::", PostKind.DISPATCHER, account="a1")
NAME, PHONE = "张小明", "13812345678"
MASKED = "张*明 138****5678"


@pytest.fixture(scope="module")
def case(room):
    point = room.area.net.leaf.geoms[0].representative_point()
    draft = Draft(room.rules.directory.favourites[0], point.x, point.y, text="楼道堆物", reporter=NAME, phone=PHONE)
    return report(room, draft, BY, datetime.now(UTC))


@pytest.fixture(scope="module")
def console(room, case, console):
    reported(room, "井盖破损", place=3)
    return console


def lines(room, act):
    with room.ledger.reading() as connection:
        return audit.read(connection, act=act)


def test_a_contact_is_masked_until_a_reason_is_given_and_for_a_minute_after(desk, case, room):
    one = desk().case(case.number).says(".bm-contact", MASKED)
    assert PHONE not in one.page.content()
    one.page.click(".st-key-contact summary")
    one.page.click(".st-key-unmask_now button")
    one.says(".bm-refused", "理由")
    assert lines(room, "unmask") == []
    one.page.fill(".st-key-unmask_reason input", "回访核实")
    one.page.click(".st-key-unmask_now button")
    one.says(".bm-contact", NAME, PHONE).says(".st-key-contact [role=status]", "一分钟")
    until = float(one.page.get_attribute(".bm-contact", "data-until")) / 1000
    assert 0 < until - datetime.now(UTC).timestamp() <= timedelta(minutes=1).total_seconds()
    (line,) = lines(room, "unmask")
    assert (line.what, line.data["reason"], line.role) == (case.number, "回访核实", "dispatcher")
    assert line.name
    one.case(case.number).says(".bm-contact", MASKED, "1 次")
    assert PHONE not in one.page.content()


@pytest.mark.parametrize("key", ["inspector::", "head:micro:{leaf}"])
def test_a_role_that_may_not_is_offered_no_way_to_see_it(desk, case, room, key):
    one = desk(key.format(leaf=room.area.net.leaf.codes[0])).case(case.number).says(".bm-contact", MASKED)
    assert one.page.locator(".st-key-unmask_now").count() == 0


def test_a_file_says_who_took_it_and_the_trail_says_so_too(desk, case, room):
    page = desk().open("/cases", ".stDataFrame").page
    with page.expect_download() as waiting:
        page.click(".st-key-to_csv button")
    text = waiting.value.path().read_bytes().decode("utf-8-sig")
    heads, *rows = csv.reader(StringIO(text))
    (line,) = lines(room, "export")
    assert heads[-1].startswith(f"{line.name} (城运中心派遣员) · ")
    assert {row[-1] for row in rows} == {""}
    assert line.name in waiting.value.suggested_filename
    assert line.what == waiting.value.suggested_filename
    assert line.data["rows"] == len(rows) == 2
    assert PHONE not in text
    assert "138****5678" not in text


def test_a_page_that_the_browser_prints_says_whose_it_is(desk, case):
    one = desk().case(case.number)
    expect(one.page.locator(".bm-printed")).to_be_hidden()
    one.page.emulate_media(media="print")
    expect(one.page.locator(".bm-printed")).to_be_visible()
    one.says(".bm-printed", "dispatcher-", "(城运中心派遣员) · ", f"陇南社区 · {case.number}")


def test_a_table_that_the_browser_prints_says_its_own_filter_and_not_the_maps(desk):
    one = desk().open("/cases", ".st-key-cases", mark="red")
    one.page.emulate_media(media="print")
    one.says(".bm-printed", "陇南社区 · 上报流转 · 全部数据")


def test_the_facts_page_says_what_was_erased(desk):
    desk().open("/facts", ".st-key-facts").says(".st-key-facts", "到期删除", "反映人联系方式", "30")
