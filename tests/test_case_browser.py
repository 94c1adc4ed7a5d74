"""A case from report to close in a real browser, by four posts; two people on one case; undo; photos; paper."""

import re
from datetime import UTC, datetime

import pytest
from chromium import COMPLETE, expect
from desk_browser import Desk, consoles, jpeg, post, reported, seats

from desk.acts import Doing, do, do_all
from incidents.lifecycle import Act
from ledger import find

pytestmark = pytest.mark.browser

WORKER = "head:micro:41010299900100101"
HEAD = "head:grid:410102999001001"


@pytest.fixture(scope="module")
def addresses(room, tmp_path_factory):
    with consoles(room.ledger.folder, tmp_path_factory.mktemp("home"), many=2) as found:
        yield found


@pytest.fixture
def desk(shared, addresses):
    """Sit people down, each before a page; ``at`` says at which of the two processes."""
    with seats(Desk, shared, *addresses) as (sit, _people):
        yield sit


def stands(room, number):
    with room.ledger.reading() as connection:
        return find.get(connection, room.id, number)


def history(room, number):
    with room.ledger.reading() as connection:
        return [entry["act"] for entry in find.entries(connection, room.id, number)]


def sent(room, number, handler=HEAD, *, accepted=True):
    """Bring a case into somebody's hands."""
    do(room, Doing(number, Act.FILE), post("dispatcher::"), room_now())
    do(room, Doing(number, Act.DISPATCH, {"handler": handler}), post("dispatcher::"), room_now())
    if accepted:
        do(room, Doing(number, Act.ACCEPT), post(handler), room_now())


def room_now():
    return datetime.now(UTC)


def test_a_case_goes_from_report_to_close_by_four_posts(desk, room):
    number = reported(room, "院里杂草又长起来了", place=3, by=WORKER).number
    dispatcher = desk().case(number)
    dispatcher.until_state("已上报").page.click(".st-key-key_dispatch button")
    dispatcher.choose("handler", "三级网格长（1）").write("text", "两小时内到场").confirm()
    dispatcher.until_state("已派遣")
    head = desk(HEAD).case(number)
    head.press("accept").confirm().until_state("处置中")
    head.press("escalate").confirm().until_state("已派遣")
    community = desk(stands(room, number).state.handler).case(number)
    community.press("accept").confirm().until_state("处置中")
    community.press("feedback").write("text", "已清除杂草")
    community.page.set_input_files(
        ".st-key-act_form input[type=file]", {"name": "after.jpg", "mimeType": "image/jpeg", "buffer": jpeg("#4a4")}
    )
    community.page.wait_for_selector(".st-key-act_form [data-testid=stFileChip]")
    community.confirm().until_state("待核查")
    inspector = desk("inspector::").case(number)
    inspector.until(lambda: inspector.page.evaluate("document.querySelector('.bm-photo img').naturalWidth > 100"))
    inspector.press("close").confirm().until_state("已结案")
    acts = ("report", "file", "dispatch", "accept", "escalate", "accept", "feedback", "close")
    inspector.until_acts(*acts[::-1])
    assert history(room, number) == list(acts)
    assert [one.complaints for one in (dispatcher, head, community, inspector)] == [[], [], [], []]


def test_the_handler_is_not_offered_to_verify_his_own_case(desk, room):
    number = reported(room, place=5).number
    sent(room, number)
    do(room, Doing(number, Act.FEEDBACK, {"text": "好了"}), post(HEAD), room_now())
    desk("inspector::").case(number).page.wait_for_selector(".st-key-key_act_close")
    head = desk(HEAD).case(number)
    head.page.wait_for_selector(".st-key-acts button")
    assert not head.page.query_selector(".st-key-key_act_close")


def test_two_people_on_one_case_the_second_sees_both_and_loses_no_word(desk, room):
    """Each sits at another process over the same ledger."""
    number = reported(room, "一楼飞线充电", place=7).number
    first, second = desk().case(number), desk(at=1).case(number)
    second.press("dispatch").choose("handler", "三级网格长（2）").write("text", "这是第二个人写的话")
    first.press("refuse").write("reason", "不属于网格履职事项").confirm().until_state("不予立案")
    second.confirm()
    second.says(".st-key-conflict", "这是第二个人写的话", "三级网格长（2）", "不属于网格履职事项")
    second.says(".bm-sides", "已上报", "不予立案")
    second.page.wait_for_selector(".st-key-give_up button")
    second.page.wait_for_selector(COMPLETE)
    assert not second.page.query_selector(".st-key-go_on"), "a refused case cannot be dispatched"
    assert history(room, number) == ["report", "refuse"]
    second.page.click(".st-key-give_up button")
    second.page.wait_for_selector(".st-key-conflict", state="detached")


def test_who_has_not_filled_in_all_is_told_first_that_somebody_else_changed_the_case(desk, room):
    number = reported(room, "井盖异响", place=14).number
    first, second = desk().case(number), desk(at=1).case(number)
    second.press("dispatch")
    first.press("refuse").write("reason", "误报").confirm().until_state("不予立案")
    second.confirm()
    second.reads(".bm-refused", "此事件期间已被他人改动")


def test_after_a_conflict_one_may_go_on_with_the_new_state(desk, room):
    number = reported(room, "路灯不亮", place=9).number
    sent(room, number)
    first, second = desk().case(number), desk(at=1).case(number)
    second.press("supervise").write("text", "请尽快到场")
    first.press("note").write("text", "居民又来电").confirm()
    first.page.wait_for_selector("[data-act=note]")
    second.confirm()
    second.says(".st-key-conflict", "请尽快到场")
    second.page.click(".st-key-go_on button")
    second.page.wait_for_selector("[data-act=supervise]")
    assert history(room, number)[-2:] == ["note", "supervise"]


def test_what_was_done_can_be_taken_back_for_a_minute_by_who_did_it(desk, room):
    number = reported(room, place=11).number
    inspector, dispatcher = desk("inspector::").case(number), desk().case(number)
    dispatcher.press("refuse").write("reason", "误报").confirm().until_state("不予立案")
    dispatcher.says(".st-key-undo time", " 秒")
    inspector.page.click(".st-key-show_now button")  # open before the minute began: a slow machine must not use it up
    inspector.until_state("不予立案").page.wait_for_selector(COMPLETE)
    assert not inspector.page.query_selector(".st-key-undo")
    dispatcher.page.click(".st-key-undo button")
    dispatcher.until_state("已上报")
    assert history(room, number) == ["report", "refuse", "undo"]


def test_taking_back_what_was_filed_and_dispatched_in_one_go_says_that_it_stays_filed(desk, room):
    number = reported(room, place=12).number
    made = Doing(number, Act.FILE), Doing(number, Act.DISPATCH, {"handler": HEAD})
    do_all(room, made, post("dispatcher::"), datetime.now(UTC))
    one = desk().case(number).says(".st-key-undo", "立案并派遣").reads(".st-key-undo button", "撤销派遣（仍为已立案）")
    page = one.page
    page.click(".st-key-undo button")
    page.wait_for_selector("[role=status]:has-text('已撤销派遣')")
    assert history(room, number) == ["report", "file", "dispatch", "undo"]


def test_a_field_that_is_left_empty_is_named_and_nothing_is_lost(desk, room):
    number = reported(room, place=13).number
    dispatcher = desk().case(number)
    dispatcher.press("dispatch").write("text", "带上工具").confirm()
    dispatcher.says(".bm-refused", "派遣单位").holds(".st-key-act_form [class*=_text] textarea", "带上工具")
    assert history(room, number) == ["report"]


def test_a_file_that_is_no_photo_is_refused_in_words(desk, room):
    number = reported(room, place=8).number
    sent(room, number)
    head = desk(HEAD).case(number).press("feedback").write("text", "完成")
    head.page.set_input_files(
        ".st-key-act_form input[type=file]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"%PDF-1.7 no photo"}
    )
    head.page.wait_for_selector(".st-key-act_form [data-testid=stFileChip]")
    head.confirm()
    expect(head.page.locator(".bm-refused")).to_contain_text(re.compile("照片|图片"))
    assert history(room, number)[-1] == "accept"


def test_two_reports_of_one_thing_are_linked_or_kept_apart_by_a_person(desk, room):
    one = reported(room, "垃圾满溢", place=17).number
    two = reported(room, "垃圾桶满了", place=17).number
    three = reported(room, "又满了", place=17).number
    dispatcher = desk().case(two)
    dispatcher.page.click(f".st-key-keep_apart_{three} button")
    dispatcher.page.wait_for_selector(f".st-key-near_{three}", state="detached")
    dispatcher.page.click(f".st-key-link_{one} button")
    dispatcher.until_state("并").says(".st-key-beside", one)
    assert stands(room, two).state.linked_to == one


def test_a_case_that_does_not_exist_is_said_and_leads_back(desk):
    one = desk().open("/case", ".bm-trouble", case="LN-20200101-0001").says(".bm-trouble", "没有该编号的事件")
    one.page.click(".bm-back a >> nth=0")
    one.page.wait_for_selector(".st-key-inbox")


def test_the_sheet_in_english_has_no_chinese_of_ours(desk, room):
    number = reported(room, "english", place=19).number
    one = desk(language="en").case(number).says(".st-key-work", "Course of the case")
    expect(one.page.locator(".st-key-acts")).to_have_text(re.compile("^File and dispatch"), use_inner_text=True)


def test_a_photo_opens_over_the_page_and_the_arrows_go_on(desk, room):
    number = reported(room, "两张照片", place=21, photos=[jpeg("#a33"), jpeg("#33a")]).number
    one = desk().case(number)
    page = one.page
    page.wait_for_selector(".bm-said a[data-photo] >> nth=1")
    page.click(".bm-said a[data-photo] >> nth=0")
    one.says(".bm-viewer p", "1 / 2")
    first = page.get_attribute(".bm-viewer img", "src")
    page.keyboard.press("ArrowRight")
    one.says(".bm-viewer p", "2 / 2")
    assert page.get_attribute(".bm-viewer img", "src") != first
    page.keyboard.press("Escape")
    page.wait_for_selector(".bm-viewer", state="detached")


def test_the_way_back_of_the_browser_leads_to_the_case_before(desk, room):
    one, two = (reported(room, text, place=place).number for text, place in (("前一件", 23), ("后一件", 25)))
    page = desk().open("/inbox", ".bm-rows").page
    for number in (one, two):
        page.click(f".bm-rows a:has-text('{number}')")
        page.wait_for_selector(f".bm-number:has-text('{number}')")
        page.wait_for_url(f"**case={number}*")
        if number == one:
            page.click(".st-key-walk a >> nth=0")
            page.wait_for_selector(".bm-rows")
    page.go_back()
    page.wait_for_selector(".bm-rows")
    page.wait_for_function("!location.search.includes('case=')")
    page.wait_for_selector(COMPLETE)
    page.go_back()
    page.wait_for_selector(f".bm-number:has-text('{one}')")
