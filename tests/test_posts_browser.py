"""Posts and duty in a real browser: entering and handing over, importing, a rota by turns, a note signed by the next shift, the paper."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from chromium import COMPLETE, expect, pick
from desk_browser import reported

from desk.posts import duty
from incidents.rota import Role
from ledger import find, posts

pytestmark = pytest.mark.browser

HEAD = "head:micro:41010299900100101"
SHEET = ".st-key-post_sheet h2"


@pytest.fixture(scope="module")
def room(room):
    room.ledger.change(lambda writing: duty.demo(room, writing, datetime.now(UTC)))
    reported(room, "井盖破损")
    reported(room, "路灯不亮", place=9)
    return room


def held(room, key=HEAD):
    with room.ledger.reading() as connection:
        return [one.holder for one in posts.holdings(connection, room.id, key=key, at=datetime.now(UTC))]


def form(desk, words):
    desk.page.click(f".st-key-post_sheet button:has-text('{words}')")
    desk.page.wait_for_selector(".st-key-post_form .stFormSubmitButton button")
    desk.page.wait_for_selector(COMPLETE)


def send(desk, box):
    desk.page.click(f"{box} .stFormSubmitButton button >> nth=0")


def test_a_holder_is_entered_a_contact_refused_and_the_post_handed_over_and_taken_back(desk, room):
    page = desk().open("/posts", SHEET, key=HEAD)
    form(page, "登记任职")
    page.page.fill(".st-key-post_form input[type=text] >> nth=0", "示例甲 13812345678")
    send(page, ".st-key-post_form")
    page.page.wait_for_selector("[data-testid=stAlert]:has-text('启用账号之前不保存任何联系方式')")
    assert held(room) == []
    page.page.fill(".st-key-post_form input[type=text] >> nth=0", "示例甲")
    send(page, ".st-key-post_form")
    page.page.wait_for_selector(".bm-holders:has-text('示例甲')")
    assert held(room) == ["示例甲"]
    with room.ledger.reading() as connection:
        assert "示例甲" not in str(find.entries(connection, room.id, HEAD, subject="post"))
    page.page.click(".st-key-undo button")
    page.page.wait_for_selector(".st-key-post_sheet .bm-vacant")
    assert held(room) == []


def test_one_walks_down_the_tree_by_keyboard_and_finds_by_a_word(desk):
    page = desk().open("/posts", ".bm-posts tbody tr")
    page.page.click(".bm-posts a:has-text('下辖') >> nth=1")
    page.page.wait_for_selector(".bm-trail b:has-text('网格1')")
    page.page.keyboard.press("j")
    page.page.keyboard.press("j")
    page.page.keyboard.press("o")
    page.page.wait_for_selector(f"{SHEET}:has-text('1-01 微网格长')")
    page.page.fill(".st-key-roster_side input", "专3")
    page.page.keyboard.press("Enter")
    page.until(lambda: "q=" in page.page.url)
    page.page.wait_for_selector(".st-key-posts .bm-empty, .bm-posts tbody tr")


def test_what_is_over_the_norm_says_so_in_words(desk):
    page = desk(language="en").open("/posts", ".bm-posts tbody tr", show="over")
    rows = page.page.locator(".bm-posts tbody tr")
    assert rows.count()
    expect(rows.filter(has_not_text="over")).to_have_count(0)


def test_a_post_is_added_in_a_dialog_and_acts(desk, room):
    page = desk().open("/posts", ".bm-posts tbody tr")
    page.page.click(".st-key-add_post button")
    page.page.wait_for_selector("[role=dialog] .st-key-new_title input")
    pick(page.page, ".st-key-new_kind", "督导员")
    page.page.fill(".st-key-new_title input", "第二督导组")
    page.page.keyboard.press("Tab")
    page.page.click(".st-key-new_add button")
    page.page.wait_for_selector(f"{SHEET}:has-text('第二督导组')")
    assert room.posts["inspector::2"].title == "第二督导组"


def test_a_spreadsheet_is_looked_at_first_and_taken_as_a_whole(desk, room, tmp_path):
    page = desk().open("/posts", ".bm-posts tbody tr")
    page.page.click(".st-key-import_posts button")
    page.page.wait_for_selector("[role=dialog] input[type=file]", state="attached")
    page.page.wait_for_selector(COMPLETE)  # a download is pressed once: a button that is drawn anew would not hear it
    with page.page.expect_download() as waiting:
        page.page.click(".st-key-staff_template button")
    assert waiting.value.suggested_filename == "posts.xlsx"
    before = room.ledger.version()
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text("网格,姓名,电话\n1-02,示例乙,13812345678\n9-99,示例丙,\n", encoding="gb18030")
    good.write_text("网格,姓名\n1-02,示例乙\n", encoding="utf-8")
    page.page.set_input_files("[role=dialog] input[type=file]", bad)
    page.page.wait_for_selector("[role=dialog] td:has-text('没有网格“9-99”')")
    assert not page.page.query_selector(".st-key-staff_write")
    assert room.ledger.version() == before
    page.page.set_input_files("[role=dialog] input[type=file]", good)
    page.page.click(".st-key-staff_write button")
    page.page.wait_for_selector("[role=dialog]", state="detached")
    assert held(room, "head:micro:41010299900100102") == ["示例乙"]


def test_who_is_on_duty_stands_large_without_a_name_and_the_week_is_changed_by_hand(desk, room):
    page = desk().open("/duty", ".bm-watch dd")
    page.says(".bm-watch", "带班领导", "值班员")
    week = duty.week(room, duty.monday(room, None, datetime.now(UTC)))
    slot = week.slots[Role.OFFICER][0]
    page.page.click(".bm-rota tbody tr:nth-child(2) td:nth-child(2) a >> nth=0")
    pick(page.page, ".st-key-rota_form .stSelectbox", "督导员")
    send(page, ".st-key-rota_form")
    page.page.wait_for_selector(".st-key-undo:has-text('值班表已保存')")
    changed = duty.week(room, week.days[0]).of(Role.OFFICER, slot)
    assert [one.post for one in changed] == ["inspector::"]
    page.page.click(".st-key-undo_rota button")
    page.page.wait_for_selector(".st-key-undo", state="detached")
    assert duty.week(room, week.days[0]).of(Role.OFFICER, slot)[0].post == week.of(Role.OFFICER, slot)[0].post


def test_an_empty_week_shows_its_gaps_and_is_filled_by_copying(desk, room):
    first = duty.monday(room, None, datetime.now(UTC)) + timedelta(days=28)
    page = desk().open("/duty", ".bm-faults", week=first.isoformat())
    page.says(".bm-faults", "无人")
    page.page.click(".st-key-rota_copy button")
    page.page.wait_for_selector("[data-testid=stAlert]:has-text('上一周没有排班')")
    page.page.click(".st-key-rota_fill button")
    page.page.wait_for_selector("[role=dialog] .st-key-fill_go button")
    page.page.click("[role=dialog] .stMultiSelect input")
    page.page.wait_for_selector("[role=option]")
    page.page.keyboard.press("Enter")
    page.page.wait_for_selector("[role=dialog] .stMultiSelect [data-tag]")
    page.page.wait_for_selector(COMPLETE)
    page.page.keyboard.press("Escape")
    page.page.click(".st-key-fill_go button")
    page.page.wait_for_selector(".st-key-undo:has-text('7 个班次')")
    assert len(duty.week(room, first).shifts) == 7


def test_a_note_carries_the_open_cases_and_the_next_shift_signs_for_it(desk, room):
    leaving = desk("first_head:community:410102999001").open("/duty", ".st-key-note_open")
    leaving.page.click(".st-key-note_open label")
    leaving.page.fill(".st-key-note_text textarea", "灭火器明早送检，王阿姨 13812345678 来过电话")
    leaving.page.keyboard.press("Tab")
    leaving.page.click(".st-key-note_write button")
    leaving.page.wait_for_selector(".bm-handed:has-text('灭火器明早送检')")
    assert "13812345678" not in leaving.page.inner_text(".st-key-duty")
    (note,) = duty.waiting(room)
    assert len(note.cases) == 2
    leaving.says(f".st-key-note_{note.id}", "签字后完成交接")
    leaving.page.wait_for_selector(COMPLETE)
    assert not leaving.page.query_selector(f".st-key-take_{note.id}")
    taking = desk("inspector::").open("/duty", ".bm-handed")
    taking.page.click(f".st-key-take_{note.id} button")
    taking.page.wait_for_selector(f".st-key-note_{note.id}", state="detached")
    (taken,) = duty.past(room)
    assert (taken.to_post, duty.waiting(room)) == ("inspector::", [])
    leaving.page.wait_for_selector(f".st-key-note_{note.id}", state="detached")  # the page follows


def test_the_rota_is_printed_on_one_a4_sheet_and_names_stand_on_it_only_when_asked_for(desk, room):
    first = duty.monday(room, None, datetime.now(UTC)) + timedelta(days=35)
    slot = duty.week(room, first).slots[Role.OFFICER][0]
    duty.put(room, slot, Role.OFFICER, "inspector::", room.post("dispatcher::").by, datetime.now(UTC), holder="示例甲")
    page = desk()
    page.page.goto(f"{page.address}/rota/longnan?week={first}&lang=zh")
    page.says("table", "督导员")
    assert "示例甲" not in page.page.inner_text("body")
    paper = page.page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
    width, height = (float(found) for found in re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper).groups())
    assert (round(width / 72 * 25.4), round(height / 72 * 25.4)) == (297, 210)
    page.page.click("#names")
    page.page.wait_for_selector("td:has-text('示例甲')")


def test_a_week_that_is_none_is_said_in_both_languages(desk):
    page = desk()
    for language in ("zh", "en"):
        answer = page.page.request.get(f"{page.address}/rota/longnan?week=next&lang={language}")
        assert answer.status == 400
