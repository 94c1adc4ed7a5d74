"""The three administrators in a real browser: each does the own work, and tries the others'."""

import pytest
from accounts import PASSWORD, account, accounts_in, close, quick_rules
from chromium import COMPLETE, expect, reads, says, window
from console_server import served

pytestmark = pytest.mark.browser

PAGES = {"system": "/accounts", "security": "/grants", "audit": "/audit"}
NEW = "Birke-am-Ufer-58"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("console")
    for role in PAGES:
        account(found, role, "*", role)
    account(found, "dispatcher", "longnan", "sun")
    return found


@pytest.fixture(scope="module")
def address(folder, tmp_path_factory):
    environ = {
        "BATTLEMAP_DATA_DIR": str(folder),
        "BATTLEMAP_RULES": str(quick_rules(folder)),
        "BATTLEMAP_DEMO": "false",
    }
    with served(tmp_path_factory.mktemp("home"), "--area", "longnan", **environ) as found:
        yield found


@pytest.fixture
def windows(browser):
    """Windows of people who were never here; closed at the end."""
    made = []

    def fresh(**options):
        made.append(window(browser, **options))
        return made[-1]

    yield fresh
    for one in made:
        one.close()


def log_in(context, address, name, password=PASSWORD):
    page = context.new_page()
    page.goto(f"{address}/log-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")
    return page


@pytest.mark.parametrize("role", PAGES)
def test_each_lands_on_the_own_page_and_is_refused_at_the_others(windows, address, role):
    context = windows()
    page = log_in(context, address, role)
    page.wait_for_url(f"{address}{PAGES[role]}")
    says(page, "header .me", role)
    tabs = page.locator("header nav a")
    for other in {*PAGES.values(), "/grants/sessions", "/grants/walls", "/", "/cases", "/map/longnan", "/live/longnan"}:
        if not other.startswith(PAGES[role]):
            expect(tabs.locator(f'xpath=self::a[@href="{other}"]')).to_have_count(0)
            answer = context.new_page().goto(address + other)
            assert answer.status == 403 or (other == "/" and answer.url.endswith(PAGES[role])), f"{role} opened {other}"


def test_a_newcomer_is_added_granted_and_comes_in_and_the_auditor_reads_it_all(windows, address, folder):
    system = log_in(windows(), address, "system")
    system.fill(".add [name=name]", "li.na")
    system.keyboard.press("Enter")
    once = system.locator("#once").inner_text()
    newcomer = log_in(windows(), address, "li.na", once)
    says(newcomer, ".refused", "安全管理员")

    security = log_in(windows(), address, "security")
    security.click("tr:has-text('li.na') td.acts a")
    security.select_option("[name=role]", "head")
    security.click("form.card button.quiet")
    security.select_option("#grant [name=place]", label="微网格 1-02")
    security.click("#grant button")
    says(security, ".note", "li.na", "网格长", "微网格 1-02")

    newcomer = log_in(windows(), address, "li.na", once)
    newcomer.wait_for_url("**/password**")
    for field, text in (("old", once), ("new", NEW), ("again", NEW)):
        newcomer.fill(f"[name={field}]", text)
    newcomer.click("main form button[type=submit]")
    newcomer.wait_for_url(f"{address}/")
    newcomer.wait_for_selector(COMPLETE, state="attached")

    system.goto(f"{address}/accounts?q=li.na")
    system.click("tr:has-text('li.na') >> text=停用")
    system.wait_for_selector("button.danger")
    system.click("button.danger")
    says(system, ".note", "li.na 已停用")
    newcomer.wait_for_url("**/log-in**")  # the open page is cut and sent away

    audit = log_in(windows(), address, "audit")
    audit.fill("[name=text]", "li.na")
    audit.click("form.tools button")
    for act in ("新增账号", "授予或收回角色", "停用账号"):
        says(audit, "table.trail", act)
    assert once not in audit.content()
    with audit.expect_download() as download:
        audit.click("text=导出 CSV")
    text = download.value.path().read_text("utf-8-sig")
    assert "li.na" in text
    assert "audit (审计管理员)" in text


def test_destructive_things_ask_first_by_keyboard_too_and_back_changes_nothing(windows, address, folder):
    page = log_in(windows(), address, "security")
    page.goto(f"{address}/grants?q=sun")
    page.click("tr:has-text('sun') td.acts a")
    page.click("a.danger")
    page.wait_for_selector("button.danger")
    expect(page.locator("p.row a.button")).to_be_focused()
    page.keyboard.press("Enter")
    says(page, "dl", "派遣员")
    accounts = accounts_in(folder)
    try:
        assert accounts.named("sun").role is not None
    finally:
        close(accounts)


@pytest.mark.parametrize("role", PAGES)
def test_on_a_phone_nothing_is_wider_than_the_screen_and_what_one_presses_is_large_enough(windows, address, role):
    page = log_in(windows(**PHONE), address, role)
    page.wait_for_url(f"{address}{PAGES[role]}")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = page.eval_on_selector_all(
        "main a, main button, main select, main input:not([type=hidden]), header a",
        "all => all.map(one => [one.outerHTML.slice(0, 80), one.getBoundingClientRect()]).filter(([, box]) => box.width && box.height < 44).map(([text]) => text)",
    )
    assert small == []


def test_a_wall_comes_in_by_its_code_and_is_sent_away_when_it_is_revoked(windows, address):
    security = log_in(windows(), address, "security")
    security.goto(f"{address}/grants/walls")
    security.fill("#offer [name=name]", "大厅")
    security.click("#offer button")
    code = security.locator("#code").inner_text()
    wall = windows().new_page()
    wall.goto(f"{address}/log-in?code=")
    wall.fill("[name=code]", code)
    wall.click("main button[type=submit]")
    wall.wait_for_url("**/wall/longnan**")
    security.goto(f"{address}/grants/walls")
    security.click("tr:has-text('大厅') >> text=撤销")
    reads(security, "h1", "撤销大屏“大厅”？")
    security.click("button.danger")
    says(security, ".note", "大屏“大厅”已撤销")
    wall.goto(f"{address}/wall/longnan")
    wall.wait_for_url("**/log-in**")
    says(wall, ".refused", "此大屏的连接已结束")


def test_each_speaks_english_too_and_is_printed_without_its_forms(windows, address):
    page = log_in(windows(), address, "audit")
    page.click("header .me a[lang=en]")
    reads(page, "h1", "Audit trail")
    page.emulate_media(media="print")
    expect(page.locator("form.tools")).to_be_hidden()
    expect(page.locator("header nav")).to_be_hidden()
    says(page, "footer", "audit (Auditor)")
