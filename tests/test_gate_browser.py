"""The gate before a real browser: coming in, the demonstration, and what happens to an open page when its session or its role changes."""

import re
from datetime import UTC, datetime

import pytest
from accounts import accounts_in, close, quick_rules
from chromium import expect, window
from console_server import served
from desk_browser import AREA, Desk, account_of, reported, signed

from incidents.access import Role, Scope

pytestmark = pytest.mark.browser

PASSWORD = "Birke-am-Ufer-58"
CUT_WITHIN = 20_000  # milliseconds: 10 s for the gate, and as long again for a busy machine


def changed(folder, key, change):
    """Change an account as an administrator in another process would."""
    role, _scope = account_of(key)
    accounts = accounts_in(folder)
    try:
        found = next(one for one in accounts.every() if one.role is Role(role))
        change(accounts, found.key, datetime.now(UTC))
    finally:
        close(accounts)


def test_the_first_account_is_made_in_the_browser_and_ends_the_demonstration(browser, tmp_path):
    rules = str(quick_rules(tmp_path))
    with served(tmp_path, "--area", AREA, BATTLEMAP_DATA_DIR=str(tmp_path / "var"), BATTLEMAP_RULES=rules) as address:
        context, other = window(browser), window(browser)
        page, visitor = context.new_page(), other.new_page()
        for one in (page, visitor):
            one.goto(f"{address}/")
            expect(one.locator(".bm-who")).to_contain_text("演示（只读）")
            expect(one.locator(".st-key-nav")).to_contain_text("台账")
        assert "上报" not in page.inner_text(".st-key-nav")
        page.click(".bm-who a")
        expect(page.locator("select[name=role]")).to_have_value("system")
        page.select_option("select[name=role]", "dispatcher")
        for name, text in {"name": "li.na", "password": PASSWORD, "again": PASSWORD}.items():
            page.fill(f"input[name={name}]", text)
        page.click("button[type=submit]")
        expect(page.locator(".bm-who")).to_contain_text("li.na")
        expect(page.locator(".st-key-nav")).to_contain_text("上报")
        visitor.wait_for_url(re.compile(r"/log-in\?next="), timeout=CUT_WITHIN)
        page.click(".bm-who a >> nth=1")
        page.click("button[type=submit]")
        page.fill("input[name=name]", "LI.NA")
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        expect(page.locator(".bm-who")).to_contain_text("li.na")
        for one in (context, other):
            one.close()


@pytest.mark.parametrize(("path", "shown"), [("/inbox", ".bm-piles"), ("/", ".bm-map iframe")])
def test_a_page_goes_to_the_log_in_by_itself_when_its_session_ends(context, console, path, shown):
    desk = Desk(context, console, "inspector::").open(path, shown)
    changed(console.folder, "inspector::", lambda accounts, key, now: accounts.sessions.end_all(key, by=None, now=now))
    desk.page.wait_for_url(re.compile(r"/log-in\?next="), timeout=CUT_WITHIN)
    expect(desk.page.locator("input[name=password]")).to_be_visible()


def test_on_a_phone_who_looks_stands_in_the_header_and_the_rest_behind_it(browser, console):
    context = window(browser, width=390, height=844)
    page = Desk(context, console, "dispatcher::").open("/inbox", ".bm-piles").page
    expect(page.locator("[data-menu]")).to_contain_text("城运中心派遣员")
    expect(page.locator(".bm-who")).to_be_hidden()
    page.click("[data-menu]")
    expect(page.locator(".bm-who")).to_contain_text("退出登录")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.emulate_media(media="print")
    expect(page.locator(".bm-printed")).to_be_visible()
    page.emulate_media(media="screen")
    page.keyboard.press("Escape")
    expect(page.locator(".bm-who")).to_be_hidden()
    page.click("[data-menu]")
    page.click(".bm-piles")
    expect(page.locator(".bm-who")).to_be_hidden()
    context.close()


def test_a_map_by_itself_goes_there_too(context, console):
    page = signed(context, console, "inspector::").new_page()
    page.goto(f"{console}/map/{AREA}")
    page.wait_for_selector("html[data-ready='1']")
    changed(console.folder, "inspector::", lambda accounts, key, now: accounts.sessions.end_all(key, by=None, now=now))
    page.wait_for_url(re.compile(rf"/log-in\?next=%2Fmap%2F{AREA}"), timeout=CUT_WITHIN)


def test_a_button_that_was_shown_does_nothing_once_the_role_is_gone(context, console, room):
    """A page shows what the role could do then; what is done is asked for at the moment in which it is done."""
    number = reported(room, "楼道堆放杂物", place=40).number
    desk = Desk(context, console, "dispatcher::").case(number)
    desk.page.wait_for_selector(".st-key-acts button")
    desk.press("note").write("text", "已看过")
    before = stands(room, number)
    scope = Scope.read(AREA)
    changed(
        console.folder,
        "dispatcher::",
        lambda accounts, key, now: accounts.grant(key, Role.ANALYST, scope, by=None, now=now),
    )
    desk.page.wait_for_timeout(1100)  # for so long a session counts as it was
    desk.confirm()
    expect(desk.page.locator(".bm-who")).to_contain_text("数据分析")
    expect(desk.page.locator(".st-key-acts button")).to_have_count(0)
    assert stands(room, number) == before
    changed_back(console.folder)


def changed_back(folder):
    accounts = accounts_in(folder)
    try:
        for one in accounts.every():
            if one.role is Role.ANALYST:
                accounts.grant(one.key, Role.DISPATCHER, Scope.read(AREA), by=None, now=datetime.now(UTC))
    finally:
        close(accounts)


def stands(room, number):
    return room.get(number).version


def test_nobody_acts_as_a_post_that_is_not_theirs(context, console, room):
    """The address names any post; who acts is one of the account's."""
    head = next(key for key in room.posts if key.startswith("head:micro:"))
    desk = Desk(context, console, head)
    desk.key = "dispatcher::"
    desk.open("/inbox", ".bm-piles")
    expect(desk.page.locator(".bm-piles p").first).to_contain_text(room.posts[head].title)
    desk.page.click(".st-key-nav >> text=更多")
    expect(desk.page.locator('[data-testid="stPopoverBody"]')).to_contain_text("值守")
    desk.open("/duty", ".bm-watch")
    assert desk.page.locator(".st-key-rota_fill, .st-key-rota_copy").count() == 0
