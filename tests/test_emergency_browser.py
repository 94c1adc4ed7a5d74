"""From the map's building to its emergency card: steps logged, also without a network, the card printed; and from a board's page to the dispatcher's inbox."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from chromium import expect, says, until, window
from console_server import served
from desk_browser import AREA, Console, Desk, jpeg, post, room_in, signed

from data import rules as shipped
from desk.boards import register
from desk.boards.register import Wish
from desk.emergency import events

pytestmark = pytest.mark.browser
BUILDING = "B00040"
CARD = f"/emergency/{AREA}/{BUILDING}?class=fire"


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    found = room_in(tmp_path_factory.mktemp("ledger"))
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def console(room, tmp_path_factory):
    """A console whose boards are open to anybody."""
    own = tmp_path_factory.mktemp("rules")
    text = (Path(shipped.__file__).parent / "boards.toml").read_text("utf-8")
    (own / "boards.toml").write_text(text.replace("open = false", "open = true"), "utf-8")
    environ = {"BATTLEMAP_DATA_DIR": str(room.ledger.folder), "BATTLEMAP_DEMO": "false", "BATTLEMAP_RULES": str(own)}
    with served(tmp_path_factory.mktemp("home"), "--area", AREA, **environ) as address:
        yield Console(address, room.ledger.folder)


@pytest.fixture(scope="module")
def phone(browser, console):
    """A dispatcher with a phone."""
    return signed(window(browser, 390, 844), console, "dispatcher::")


@pytest.fixture
def page(phone):
    page, complaints = phone.new_page(), []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    phone.set_offline(False)  # whatever became of the test
    page.close()
    assert complaints == []


KEPT = """caches.match(location.href).then((one) => one && one.text()).then((text) => (text || "").includes('class="end"'))"""


def lines(room):
    return [line.step for event in events.events(room, BUILDING) for line in event.lines if line.struck is None]


def test_one_tap_from_the_map_leads_to_the_card(page, phone, console):
    page.goto(f"{console}/map/{AREA}?at=buildings:{BUILDING}")
    link = page.locator(".card a.primary")
    says(page, ".card a.primary", "应急卡")
    with phone.expect_page() as opened:
        link.click()
    says(opened.value, "h1", "10号楼")
    says(opened.value, ".numbers", "119")
    opened.value.close()


def test_an_emergency_is_begun_logged_struck_and_ended(page, console, room):
    page.goto(f"{console}{CARD}")
    page.click(".begin summary")
    page.click(".begin button")
    says(page, "#running", "火灾")
    page.click("[data-step=call] button")
    says(page, "[data-step=call] .done-by", "城运中心派遣员")
    page.fill("[data-step=knock] input[name=count]", "12")
    page.click("[data-step=knock] button")
    says(page, "[data-step=knock] .total", "12")
    until(page, lambda: lines(room), ["call", "knock"])
    page.locator(".log li", has_text="119").locator("button").click()
    says(page, ".log li.struck", "已划掉")
    until(page, lambda: lines(room), ["knock"])


def test_the_card_fits_a_phone_and_what_is_pressed_is_big(page, console):
    page.goto(f"{console}{CARD}")
    says(page, "h1", "10号楼")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    heights = page.eval_on_selector_all(
        "main button, .number, .classes a",
        "all => all.filter((one) => one.offsetParent).map((one) => one.offsetHeight)",
    )
    assert heights
    assert min(heights) >= 44


def test_the_last_copy_opens_without_a_network_says_its_age_and_keeps_what_is_done(page, phone, console, room):
    page.goto(f"{console}{CARD}")
    page.wait_for_function("navigator.serviceWorker.controller || navigator.serviceWorker.ready.then(() => true)")
    until(
        page,
        lambda: (
            page.evaluate(
                "caches.open('emergency-cards').then((box) => box.keys()).then((keys) => keys.filter((one) => one.url.includes('?class=')).length)"
            )
            >= 4
        ),
    )  # all four classes
    before = len(lines(room))
    phone.set_offline(True)
    page.goto(f"{console}{CARD}")
    says(page, "#copy", "没有网络", "分钟前的副本")
    says(page, ".numbers", "119")
    page.click("[data-step=road] button")
    says(page, "[data-step=road] .queued", "已记在本机")
    other = phone.new_page()  # what waits to be sent stands on the first
    other.goto(f"{console}/emergency/{AREA}/{BUILDING}?class=gas")
    says(other, ".classes [aria-current]", "燃气泄漏")
    other.close()
    assert len(lines(room)) == before
    phone.set_offline(False)  # the page loads itself again, and sends what waits
    until(page, lambda: lines(room).count("road"), 1)
    expect(page.locator("#copy")).to_be_hidden()
    page.wait_for_function("localStorage.getItem('battlemap.emergency') === '[]'")
    page.wait_for_load_state("networkidle")
    page.goto(f"{console}{CARD}")
    says(page, "[data-step=road] .done-by", "城运中心派遣员")
    expect(page.locator("#copy")).to_be_hidden()
    page.reload()
    until(page, lambda: lines(room).count("road"), 1)


def test_a_network_that_is_back_in_name_only_is_asked_again_until_it_carries(page, phone, console, room):
    page.goto(f"{console}{CARD}")
    page.wait_for_function("navigator.serviceWorker.controller || navigator.serviceWorker.ready.then(() => true)")
    until(page, lambda: page.evaluate("caches.match(location.href).then((one) => !!one)"))
    phone.set_offline(True)
    page.goto(f"{console}{CARD}")
    says(page, "#copy", "没有网络")
    page.click("[data-step=cordon] button")
    says(page, "[data-step=cordon] .queued", "已记在本机")
    before = lines(room).count("cordon")
    asked = []
    page.route(f"**{CARD}", lambda route: (asked.append(1), route.abort())[1])  # the page itself still reaches nothing
    phone.set_offline(False)
    until(page, lambda: len(asked) >= 2)
    assert lines(room).count("cordon") == before
    page.unroute(f"**{CARD}")
    until(page, lambda: lines(room).count("cordon"), before + 1)
    expect(page.locator("#copy")).to_be_hidden()


def test_a_step_whose_sending_breaks_off_is_kept_and_sent_again(page, console, room):
    page.goto(f"{console}{CARD}")
    before, broken = lines(room).count("helped"), []
    page.route(f"**{CARD}", lambda route: route.continue_() if broken or route.request.method == "GET" else (broken.append(1), route.abort())[1])  # fmt: skip
    page.fill("[data-step=helped] input[name=count]", "2")
    page.click("[data-step=helped] button")
    until(page, lambda: lines(room).count("helped"), before + 1)
    says(page, "[data-step=helped] .done-by", "2")
    assert broken


def test_what_the_log_could_not_take_is_said_until_somebody_has_seen_it(page, phone, console, room):
    page.goto(f"{console}{CARD}")
    page.wait_for_function("navigator.serviceWorker.controller || navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_selector(".end summary")
    until(page, lambda: page.evaluate(KEPT))  # as it is now, not as it was before the emergency began
    phone.set_offline(True)
    page.goto(f"{console}{CARD}")
    says(page, "#copy", "没有网络")
    page.click(".end summary")
    page.click(".end button")
    says(page, "#copy", "只能勾选步骤")  # the card stays
    (running,) = [event for event in events.events(room, BUILDING) if event.ended is None]
    events.end(room, BUILDING, running.id, post("dispatcher::"), datetime.now(UTC))
    page.click("[data-step=solar] button")
    says(page, "[data-step=solar] .queued", "已记在本机")
    phone.set_offline(False)
    says(page, "[data-step=solar] .queued", "未记入")
    elsewhere = phone.new_page()
    elsewhere.goto(f"{console}/emergency/{AREA}/B00041?class=fire")
    says(elsewhere, "#elsewhere", "10号楼")
    elsewhere.close()
    page.click("[data-step=solar] .queued button")
    expect(page.locator(".queued")).to_have_count(0)
    assert "solar" not in lines(room)


def test_the_card_is_printed_on_one_sheet_with_a_watermark(page, console):
    page.goto(f"{console}{CARD}&paper=1")
    says(page, ".a4 h1", "应急卡")
    says(page, ".a4 footer", "dispatcher")
    page.wait_for_selector(".a4 > .watermark", state="attached")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1


def test_a_phone_before_a_board_reports_and_the_dispatcher_sees_it_marked(browser, console, room):
    now = datetime.now(UTC)
    board = register.put(
        room, Wish("3-01", BUILDING, "小区东门内侧", contact="0371-60000001"), post("dispatcher::"), now
    )
    stranger = window(browser, 390, 844)  # nobody: no account
    page = stranger.new_page()
    page.goto(f"{console}/board/{board.token}")
    says(page, "main", "小区东门内侧", "119", "0371-60000001")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator(".pick label").first.click()
    page.fill("textarea", "楼道堆了沙发")
    page.set_input_files("#photo", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()})
    page.click("button")
    says(page, "h1", "已收到")
    assert re.fullmatch(r"[2-9A-Z]{5}-[2-9A-Z]{5}", page.inner_text(".receipt"))
    assert [(one["name"], one["httpOnly"]) for one in stranger.cookies()] == [("battlemap_board", True)]
    stranger.close()
    desk = Desk(window(browser, 1366, 768), console)
    desk.open("/inbox", ".bm-rows, [class*=bm-row]", pile="unchecked")
    desk.says("body", "楼道堆了沙发", "来件待核实")
