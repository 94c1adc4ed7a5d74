"""Inbox and table in a real browser: counts, keyboard, filters, saved views, files, a dispatch of many, and following the ledger."""

import csv
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO

import pytest
from chromium import COMPLETE, expect, pick
from desk_browser import post, reported
from openpyxl import load_workbook

from desk.acts import Doing, do
from incidents.lifecycle import Act
from ledger import find

pytestmark = pytest.mark.browser

HEAD = "head:grid:410102999001001"
TEXTS = ("井盖破损", "垃圾满溢", "飞线充电", "杂草丛生", "路灯不亮", "占道经营")


@pytest.fixture(scope="module")
def room(room):
    now = datetime.now(UTC)
    for place, text in enumerate(TEXTS):
        number = reported(room, text, place=place, now=now - timedelta(days=9 if place == 5 else 0)).number
        if place == 0:
            do(room, Doing(number, Act.CANCEL, {"reason": "误报"}), post("dispatcher::"), now)
    return room


def piles(page):
    """Return the counts of the inbox, by the names of its piles."""
    return dict(re.findall(r"(\S+)\s+([\d,]+)", page.inner_text(".bm-piles").split("\n", 1)[1].replace("\n", " ")))


def count(page):
    return int(re.search(r"[\d,]+", page.inner_text(".bm-many"))[0].replace(",", ""))


def stands(room, number):
    with room.ledger.reading() as connection:
        return find.get(connection, room.id, number)


def test_the_inbox_shows_what_waits_and_what_is_late_first(desk):
    one = desk().open("/inbox", ".bm-rows")
    one.until(lambda: [piles(one.page)[name] for name in ("待受理", "全辖区", "超期")], ["5", "5", "1"])
    one.says(".bm-rows li", "占道经营")
    expect(one.page.locator(".bm-rows li >> nth=0 >> .bm-light")).to_have_text(re.compile("^超 "))
    one.says(".bm-digest", "自上一班")


def test_the_inbox_and_the_board_count_alike(desk):
    one = desk().open("/inbox", ".bm-rows").says(".bm-piles", "超期")
    found = piles(one.page)
    one.open("/", ".bm-count.bm-red b")
    one.reads(".bm-count.bm-red b", found["全辖区"]).says(".bm-count.bm-red small", found["超期"])


def test_an_empty_pile_is_said_kindly(desk):
    one = desk("inspector::").open("/inbox", ".bm-piles")
    one.page.click(".bm-piles a:has-text('待核查')")
    one.says(".bm-empty", "没有待核查的事件").until(lambda: "pile=verify" in one.page.url)


def test_keys_go_through_the_inbox_open_and_dispatch_but_not_while_typing(desk):
    one = desk().open("/inbox", ".bm-rows li >> nth=1")
    page = one.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("ArrowDown")
    second = page.inner_text(".bm-rows li >> nth=1 >> code")
    one.until(lambda: page.evaluate("document.activeElement.querySelector('code').innerText"), second)
    page.keyboard.press("o")
    one.says(".bm-number", second).until(lambda: f"case={second}" in page.url)
    page.wait_for_selector(".st-key-key_previous button:enabled")
    page.keyboard.press("k")
    expect(page.locator(".bm-number")).not_to_contain_text(second)
    page.wait_for_selector(COMPLETE)
    page.keyboard.press("d")
    page.focus(".st-key-act_form textarea")
    page.keyboard.type("jkod?")
    one.holds(".st-key-act_form textarea", "jkod?")
    assert page.query_selector(".bm-keys [aria-expanded=true]") is None


def test_d_in_the_inbox_opens_the_dispatch_of_that_case(desk):
    page = desk().open("/inbox", ".bm-rows").page
    page.keyboard.press("j")
    page.keyboard.press("d")
    page.wait_for_selector(".st-key-act_form [class*=_handler]")


def test_the_question_mark_shows_what_keys_do(desk):
    one = desk().open("/inbox", ".bm-rows")
    assert not one.page.is_visible(".bm-keys dl")
    one.page.keyboard.press("?")
    one.says(".bm-keys dl", "派遣")


def test_the_inbox_follows_the_ledger(desk, room):
    one = desk().open("/inbox", ".bm-rows").says(".bm-piles", "待受理")
    before = int(piles(one.page)["待受理"])
    reported(room, "刚刚上报", place=8)
    one.until(lambda: int(piles(one.page)["待受理"]), before + 1).says(".bm-rows", "刚刚上报")


def test_the_table_is_filtered_by_its_address_and_by_its_widgets(desk):
    one = desk().open("/cases", ".stDataFrame").says(".bm-many", "件")
    page, everything = one.page, count(one.page)
    page.fill("[class*=st-key-sieve_q] input", "垃圾")
    page.keyboard.press("Enter")
    one.until(lambda: count(page), 1).until(lambda: "q=" in page.url)
    page.click(".st-key-sieve_clear button")
    one.until(lambda: count(page), everything)
    one.open("/cases", ".stDataFrame", late=1).until(lambda: count(page), 1)
    one.open("/cases", ".bm-refused", grid="nonsense").says(".bm-refused", "无法识别")


def test_what_is_downloaded_is_what_is_shown(desk):
    page = desk().open("/cases", ".stDataFrame", status="cancelled").page
    with page.expect_download() as waiting:
        page.click(".st-key-to_csv button")
    text = waiting.value.path().read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text)))
    assert [row["标题"] for row in rows] == ["井盖破损"]
    assert rows[0]["状态"] == "作废"
    with page.expect_download() as waiting:
        page.click(".st-key-to_xlsx button")
    sheet = load_workbook(BytesIO(waiting.value.path().read_bytes())).active
    heads, row = sheet.iter_rows(values_only=True)
    assert row[heads.index("标题")] == "井盖破损"
    assert waiting.value.suggested_filename.endswith(".xlsx")


def test_a_view_is_saved_shown_again_deleted_and_put_back(desk):
    one = desk().open("/cases", ".stDataFrame", late=1)
    page = one.page
    page.click(".st-key-views button")
    page.fill("[class*=st-key-view_name] input", "超期件")
    page.keyboard.press("Tab")
    page.click(".st-key-view_save button")
    page.wait_for_selector(".st-key-view_0_show")
    one.open("/cases", ".stDataFrame").says(".bm-many", "件")
    assert count(page) > 1
    page.click(".st-key-views button")
    page.click(".st-key-view_0_show button")
    one.until(lambda: count(page), 1).until(lambda: "late=1" in page.url)
    page.wait_for_selector(COMPLETE)
    if not page.is_visible(".st-key-view_0_drop"):
        page.click(".st-key-views button")
    page.click(".st-key-view_0_drop button")
    page.wait_for_selector(".st-key-view_back", state="attached")
    page.keyboard.press("Escape")
    page.click(".st-key-view_back button")
    page.wait_for_selector(".st-key-view_back", state="detached")


def test_keys_go_through_the_table_and_open(desk):
    one = desk().open("/cases", ".stDataFrame canvas")
    one.page.wait_for_selector(".stDataFrame #glide-cell-2-1", state="attached")
    for row in (0, 1):
        one.page.keyboard.press("j")
        one.page.wait_for_selector(f".stDataFrame #glide-cell-2-{row}[aria-selected=true]", state="attached")
    one.page.wait_for_selector(".st-key-key_open button:enabled")
    one.page.wait_for_selector(COMPLETE)
    one.page.keyboard.press("o")
    one.page.wait_for_selector(".bm-head")
    one.says(".st-key-walk", "2 / ")


def select(one, *rows):
    """Tick rows of the table: it is drawn on a canvas, beside which it stands in words."""
    one.page.wait_for_selector(f".stDataFrame #glide-cell-2-{max(rows)}", state="attached")
    box = one.page.query_selector(".stDataFrame canvas").bounding_box()
    for many, row in enumerate(rows, 1):
        one.page.mouse.click(box["x"] + 18, box["y"] + 35 * (row + 1.5))
        one.says(".bm-many", f"已选 {many} 件")
        one.page.wait_for_selector(COMPLETE)


def test_many_are_dispatched_in_one_change_and_those_that_cannot_be_are_named(desk, room):
    ours = [reported(room, f"批量{place}", place=30 + place).number for place in range(3)]
    do(room, Doing(ours[1], Act.REFUSE, {"reason": "重复"}), post("dispatcher::"), datetime.now(UTC))
    one = desk().open("/cases", ".stDataFrame canvas", q="批量")
    page = one.until(lambda: count(one.page), 3).page
    select(one, 0, 1, 2)
    page.click(".st-key-key_dispatch button")
    one.says(".st-key-bulk", "将派遣 2 件")
    page.click(".st-key-bulk summary:has-text('1 件不能派遣')")
    one.says(f".st-key-bulk li:has-text('{ours[1]}')", "不予立案")
    pick(page, ".st-key-bulk [class*=_handler]", "三级网格长（3）")
    page.click(".st-key-bulk .stFormSubmitButton button >> nth=0")
    one.says(".st-key-undo", "已将 2 件派遣至三级网格长（3）")
    assert [stands(room, number).status.value for number in ours] == ["dispatched", "refused", "dispatched"]
    one.reads(".st-key-undo button", "撤销派遣（仍为已立案）")
    page.click(".st-key-undo button")
    page.wait_for_selector("[role=status]:has-text('已撤销派遣：2 件，其中 2 件仍为已立案')")
    assert [stands(room, number).status.value for number in ours] == ["filed", "refused", "filed"]


def test_a_dispatch_of_many_that_somebody_crosses_is_not_done_at_all(desk, room):
    ours = [reported(room, f"冲突{place}", place=50 + place).number for place in range(2)]
    one = desk().open("/cases", ".stDataFrame canvas", q="冲突")
    page = one.until(lambda: count(one.page), 2).page
    select(one, 0, 1)
    page.click(".st-key-key_dispatch button")
    pick(page, ".st-key-bulk [class*=_handler]", "三级网格长（3）")
    do(room, Doing(ours[0], Act.NOTE, {"text": "有人先看了"}), post("inspector::"), datetime.now(UTC))
    page.click(".st-key-bulk .stFormSubmitButton button >> nth=0")
    one.says(".bm-refused", ours[0], "一件也未派遣")
    assert {stands(room, number).status.value for number in ours} == {"reported"}


@pytest.mark.parametrize(
    ("path", "part", "says"),
    [("/inbox", ".st-key-inbox", "Since the last shift"), ("/cases", ".st-key-sieve", "More filters")],
)
def test_pages_in_english_hold_no_chinese_of_ours(desk, path, part, says):
    one = desk(language="en").open(path, ".bm-rows, .stDataFrame").says(part, says)
    if path == "/cases":  # the inbox shows what was reported, in the words of who reported it
        ours = re.sub(r"\S*[网格长杂物井盖破损]\S*", "", one.page.inner_text(part))
        assert not re.search("[一-鿿]", ours)
