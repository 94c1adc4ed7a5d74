"""Inbox and table in a real browser: counts, keyboard, filters, saved views, files, a dispatch of many, and following the ledger."""

import csv
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO

import pytest
from chromium import chromium
from desk_browser import Desk, consoles, post, reported, room_in
from openpyxl import load_workbook

from desk.acts import Doing, do
from incidents.lifecycle import Act
from ledger import find

pytestmark = pytest.mark.browser

HEAD = "head:grid:410102999001001"
TEXTS = ("井盖破损", "垃圾满溢", "飞线充电", "杂草丛生", "路灯不亮", "占道经营")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(scope="module")
def room(folder):
    found = room_in(folder)
    now = datetime.now(UTC)
    for place, text in enumerate(TEXTS):
        number = reported(found, text, place=place, now=now - timedelta(days=9 if place == 5 else 0)).number
        if place == 0:
            do(found, Doing(number, Act.CANCEL, {"reason": "误报"}), post("dispatcher::"), now)
    return found


@pytest.fixture(scope="module")
def address(folder, room, tmp_path_factory):
    with consoles(folder, tmp_path_factory.mktemp("home")) as found:
        yield found[0]


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)


@pytest.fixture
def desk(browser, address):
    people = []

    def sit(key="dispatcher::", language="zh"):
        people.append(Desk(browser, address, key, language))
        return people[-1]

    yield sit
    for one in people:
        assert one.complaints == []
        one.page.close()


def piles(page):
    """Return the counts of the inbox, by the names of its piles."""
    return dict(re.findall(r"(\S+)\s+([\d,]+)", page.inner_text(".bm-piles").split("\n", 1)[1].replace("\n", " ")))


def count(page):
    return int(re.search(r"[\d,]+", page.inner_text(".bm-many"))[0].replace(",", ""))


def until(page, holds, what):
    for _ in range(150):
        if holds():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"wanted {what}; the page is {page.url}")


def stands(room, number):
    with room.ledger.reading() as connection:
        return find.get(connection, room.id, number)


def test_the_inbox_shows_what_waits_and_what_is_late_first(desk):
    page = desk().open("/inbox", ".bm-rows").page
    found = piles(page)
    assert (found["待受理"], found["全辖区"], found["超期"]) == ("5", "5", "1")
    assert "占道经营" in page.inner_text(".bm-rows li >> nth=0")
    assert page.inner_text(".bm-rows li >> nth=0 >> .bm-light").startswith("超 ")
    assert "自上一班" in page.inner_text(".bm-digest")


def test_the_inbox_and_the_board_count_alike(desk):
    page = desk().open("/inbox", ".bm-rows").page
    found = piles(page)
    page.goto(page.url.replace("/inbox", "/"))
    page.wait_for_selector(".bm-count.bm-red b")
    assert page.inner_text(".bm-count.bm-red b") == found["全辖区"]
    assert f"{found['超期']} 件超期" in page.inner_text(".bm-count.bm-red") or found["超期"] in page.inner_text(
        ".bm-count.bm-red small"
    )


def test_an_empty_pile_is_said_kindly(desk):
    page = desk("inspector::").open("/inbox", ".bm-piles").page
    page.click(".bm-piles a:has-text('待核查')")
    page.wait_for_selector(".bm-empty:has-text('没有待核查的事件')")
    until(page, lambda: "pile=verify" in page.url, "pile=verify")


def test_keys_go_through_the_inbox_open_and_dispatch_but_not_while_typing(desk):
    page = desk().open("/inbox", ".bm-rows").page
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("ArrowDown")
    second = page.inner_text(".bm-rows li >> nth=1 >> code")
    assert page.evaluate("document.activeElement.querySelector('code').innerText") == second
    page.keyboard.press("o")
    page.wait_for_selector(".bm-head")
    assert second in page.inner_text(".bm-number")
    until(page, lambda: f"case={second}" in page.url, second)
    page.wait_for_selector(".st-key-key_previous button:enabled")
    page.keyboard.press("k")
    until(page, lambda: second not in page.inner_text(".bm-number"), "the case before")
    page.keyboard.press("d")
    page.wait_for_selector(".st-key-act_form textarea")
    page.focus(".st-key-act_form textarea")
    page.keyboard.type("jkod?")
    assert page.input_value(".st-key-act_form textarea") == "jkod?"
    assert page.query_selector(".bm-keys [aria-expanded=true]") is None


def test_d_in_the_inbox_opens_the_dispatch_of_that_case(desk):
    page = desk().open("/inbox", ".bm-rows").page
    page.keyboard.press("j")
    page.keyboard.press("d")
    page.wait_for_selector(".st-key-act_form [class*=_handler]")


def test_the_question_mark_shows_what_keys_do(desk):
    page = desk().open("/inbox", ".bm-rows").page
    assert not page.is_visible(".bm-keys dl")
    page.keyboard.press("?")
    assert "派遣" in page.inner_text(".bm-keys dl")


def test_the_inbox_follows_the_ledger(desk, room):
    page = desk().open("/inbox", ".bm-rows").page
    before = int(piles(page)["待受理"])
    reported(room, "刚刚上报", place=8)
    until(page, lambda: int(piles(page)["待受理"]) == before + 1, "one more")
    assert "刚刚上报" in page.inner_text(".bm-rows")


def test_the_table_is_filtered_by_its_address_and_by_its_widgets(desk):
    page = desk().open("/cases", ".stDataFrame").page
    everything = count(page)
    page.fill("[class*=st-key-sieve_q] input", "垃圾")
    page.keyboard.press("Enter")
    until(page, lambda: count(page) == 1, "one case")
    until(page, lambda: "q=" in page.url, "q in the address")
    page.click(".st-key-sieve_clear button")
    until(page, lambda: count(page) == everything, everything)
    page = desk().open("/cases", ".stDataFrame", late=1).page
    assert count(page) == 1
    page = desk().open("/cases", ".bm-refused", grid="nonsense").page
    assert "无法识别" in page.inner_text(".bm-refused")


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
    page = desk().open("/cases", ".stDataFrame", late=1).page
    page.click(".st-key-views button")
    page.fill("[class*=st-key-view_name] input", "超期件")
    page.keyboard.press("Tab")
    page.click(".st-key-view_save button")
    page.wait_for_selector(".st-key-view_0_show")
    page = desk().open("/cases", ".stDataFrame").page
    everything = count(page)
    page.click(".st-key-views button")
    page.click(".st-key-view_0_show button")
    until(page, lambda: count(page) == 1, "the view's one case")
    assert everything > 1
    until(page, lambda: "late=1" in page.url, "late=1")
    if not page.is_visible(".st-key-view_0_drop"):
        page.click(".st-key-views button")
    page.click(".st-key-view_0_drop button")
    page.wait_for_selector(".st-key-view_back", state="attached")
    page.keyboard.press("Escape")
    page.click(".st-key-view_back button")
    page.wait_for_selector(".st-key-view_back", state="detached")


def test_keys_go_through_the_table_and_open(desk):
    page = desk().open("/cases", ".stDataFrame").page
    page.keyboard.press("j")
    page.wait_for_selector(".st-key-key_open button:enabled")
    page.keyboard.press("j")
    page.wait_for_timeout(700)
    page.keyboard.press("o")
    page.wait_for_selector(".bm-head")
    assert re.search(r"2 / \d", page.inner_text(".st-key-walk"))


def select(page, *rows):
    """Tick rows of the table: it is drawn on a canvas."""
    box = page.query_selector(".stDataFrame canvas").bounding_box()
    for row in rows:
        page.mouse.click(box["x"] + 18, box["y"] + 35 * (row + 1.5))
        page.wait_for_timeout(250)


def test_many_are_dispatched_in_one_change_and_those_that_cannot_be_are_named(desk, room):
    ours = [reported(room, f"批量{place}", place=30 + place).number for place in range(3)]
    do(room, Doing(ours[1], Act.REFUSE, {"reason": "重复"}), post("dispatcher::"), datetime.now(UTC))
    page = desk().open("/cases", ".stDataFrame", q="批量").page
    until(page, lambda: count(page) == 3, "three")
    select(page, 0, 1, 2)
    until(page, lambda: "已选 3 件" in page.inner_text(".bm-many"), "three selected")
    page.click(".st-key-key_dispatch button")
    page.wait_for_selector(".st-key-bulk .stForm")
    assert "将派遣 2 件" in page.inner_text(".st-key-bulk")
    page.click(".st-key-bulk summary:has-text('1 件不能派遣')")
    page.wait_for_selector(f".st-key-bulk li:has-text('{ours[1]}')")
    said = page.inner_text(".st-key-bulk")
    assert ours[1] in said
    assert "不予立案" in said
    page.click(".st-key-bulk [class*=_handler] input")
    page.keyboard.type("三级网格长（3）")
    page.keyboard.press("Enter")
    page.click(".st-key-bulk .stFormSubmitButton button >> nth=0")
    page.wait_for_selector(".st-key-undo")
    assert "已将 2 件派遣至三级网格长（3）" in page.inner_text(".st-key-undo")
    assert [stands(room, number).status.value for number in ours] == ["dispatched", "refused", "dispatched"]
    assert page.inner_text(".st-key-undo button") == "撤销派遣（仍为已立案）"
    page.click(".st-key-undo button")
    page.wait_for_selector("[role=status]:has-text('已撤销派遣：2 件，其中 2 件仍为已立案')")
    until(page, lambda: stands(room, ours[0]).status.value == "filed", "taken back")
    assert stands(room, ours[2]).status.value == "filed"


def test_a_dispatch_of_many_that_somebody_crosses_is_not_done_at_all(desk, room):
    ours = [reported(room, f"冲突{place}", place=50 + place).number for place in range(2)]
    page = desk().open("/cases", ".stDataFrame", q="冲突").page
    until(page, lambda: count(page) == 2, "two")
    select(page, 0, 1)
    page.click(".st-key-key_dispatch button")
    page.wait_for_selector(".st-key-bulk .stForm")
    page.click(".st-key-bulk [class*=_handler] input")
    page.keyboard.type("三级网格长（3）")
    page.keyboard.press("Enter")
    do(room, Doing(ours[0], Act.NOTE, {"text": "有人先看了"}), post("inspector::"), datetime.now(UTC))
    page.click(".st-key-bulk .stFormSubmitButton button >> nth=0")
    page.wait_for_selector(".bm-refused")
    assert ours[0] in page.inner_text(".bm-refused")
    assert "一件也未派遣" in page.inner_text(".bm-refused")
    assert {stands(room, number).status.value for number in ours} == {"reported"}


@pytest.mark.parametrize("path", ["/inbox", "/cases"])
def test_pages_in_english_hold_no_chinese_of_ours(desk, path):
    page = desk(language="en").open(path, ".st-key-head").page
    page.wait_for_selector(".bm-rows, .stDataFrame")
    said = page.inner_text(".st-key-inbox" if path == "/inbox" else ".st-key-sieve")
    ours = re.sub(r"\S*[网格长杂物井盖破损]\S*", "", "" if path == "/inbox" else said)
    assert not re.search("[一-鿿]", ours)
    assert ("Since the last shift" in said) if path == "/inbox" else ("More filters" in said)
