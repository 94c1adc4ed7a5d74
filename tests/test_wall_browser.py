"""The wall in a real browser: it fits every screen in letters that one reads from afar, says what is amiss, heals by itself, and no data moves its view."""

import signal
from datetime import UTC, datetime, timedelta

import pytest
from accounts import accounts_in, close
from chromium import chromium, says, until
from walls import AREA, DRAWN, FITS, KNOWN, VIEW, Screens, still

from desk import alerts
from desk.walls import views
from incidents.alerts import Alert, Level
from incidents.lifecycle import By, PostKind
from incidents.wall_views import WallView

pytestmark = pytest.mark.browser
SIZES = ((1280, 720), (1920, 1080), (3840, 2160), (3840, 1080), (5760, 1080))
# Texts that stand outside the map and are smaller than they may be, and what is wider or higher than the screen or its own box, by more than the empty part of a letter's.
SMALL = """() => { const least = innerHeight / 60 - 0.3; return Array.from(document.querySelectorAll('.head *, .foot *, .rail *')).filter((one) =>
  one.offsetParent && Array.from(one.childNodes).some((node) => node.nodeType === 3 && node.textContent.trim()) && parseFloat(getComputedStyle(one).fontSize) < least).map((one) => one.className + ':' + one.textContent); }"""
# Rows that are cut: their words, or they themselves at the end of their list.
CUT = """() => Array.from(document.querySelectorAll('.rail .item')).filter((one) => Array.from(one.children).some((part) => part.scrollWidth > part.clientWidth + 1 && part.clientWidth)
  || one.getBoundingClientRect().bottom > one.closest('.list').getBoundingClientRect().bottom + 1).map((one) => one.textContent)"""
BODY = "() => parseFloat(getComputedStyle(document.querySelector('.item')).fontSize) / innerHeight"
SPILLS = """() => Array.from(document.querySelectorAll('html, body, .head, .foot, .rail, .rail section, .rail dl')).filter((one) =>
  one.clientWidth && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + innerHeight / 200)).map((one) => one.tagName + '.' + one.className)"""


@pytest.fixture(scope="module")
def screens(tmp_path_factory):
    with chromium() as browser:
        found = Screens(tmp_path_factory.mktemp("walls"), browser)
        for _ in range(9):
            found.report()
        yield found
        found.stop()


@pytest.fixture(scope="module")
def wall(screens):
    """A screen that logged in and came to its wall by itself."""
    context = screens.admitted()
    page = screens.open(context, path="/")
    assert page.url.endswith(f"/wall/{AREA}")
    yield page
    context.close()


def test_it_fits_every_screen_in_letters_that_one_reads_from_afar(screens, wall):
    for width, height in SIZES:
        wall.set_viewport_size({"width": width, "height": height})
        until(wall, lambda: wall.evaluate(SPILLS), [])
        until(wall, lambda: wall.evaluate(SMALL), [])
        until(wall, lambda: wall.evaluate(BODY) >= 1 / 45 - 1e-4)
        until(wall, lambda: wall.evaluate(CUT), [])
        until(wall, lambda: wall.evaluate(FITS))
    wall.set_viewport_size({"width": 1280, "height": 720})


def test_on_a_squarer_and_an_upright_screen_nothing_is_cut_either(screens, wall):
    for width, height in ((1280, 1024), (1080, 1920)):
        wall.set_viewport_size({"width": width, "height": height})
        until(wall, lambda: wall.evaluate(SPILLS), [])
        until(wall, lambda: wall.evaluate(CUT), [])
        until(wall, lambda: wall.evaluate(FITS))
    wall.set_viewport_size({"width": 1280, "height": 720})


def test_a_burst_draws_the_eye_once(wall):
    begun = "Array.from(battlemap.model.live.known.values(), (one) => { battlemap.model.attend(one); return battlemap.model.fresh[battlemap.model.fresh.length - 1].since; })"
    assert wall.evaluate(f"(() => {{ const begun = {begun}; return [begun.length > 8, new Set(begun).size]; }})()") == [True, 1]  # fmt: skip


def test_a_new_red_is_drawn_and_draws_the_eye_once_and_nothing_moves(screens, wall):
    view = still(wall)
    wall.evaluate("() => { const attend = battlemap.model.attend; battlemap.calls = []; battlemap.model.attend = (one) => { attend(one); battlemap.calls.push(one.uid); }; }")  # fmt: skip
    case = screens.report()
    until(wall, lambda: wall.evaluate(KNOWN) == screens.ledger())
    assert wall.evaluate("battlemap.calls") == [case.number]
    until(wall, lambda: wall.evaluate(DRAWN)[0], len(screens.ledger()))
    says(wall, ".board .red b", str(len(screens.ledger())))
    until(wall, lambda: wall.evaluate("battlemap.model.fresh.length"), 0)  # then it stands still
    assert wall.evaluate(VIEW) == view
    says(wall, ".grids .keys", str(len(screens.ledger())))


def test_a_hand_holds_the_view_and_one_button_gives_it_back(screens, wall):
    view = still(wall)
    wall.mouse.move(640, 360)
    wall.mouse.wheel(0, -400)
    wall.wait_for_selector("button.back")
    until(wall, lambda: wall.evaluate(VIEW) != view)
    wall.click("button.back")
    until(wall, lambda: wall.evaluate(VIEW), view)
    wall.wait_for_selector("button.back", state="hidden")


def test_a_clock_that_is_wrong_does_not_matter(screens):
    context = screens.admitted("wrong")
    context.add_init_script("{ const now = Date.now; Date.now = () => now() + 5 * 3600e3; }")
    page = screens.open(context)
    until(page, lambda: abs(page.evaluate("battlemap.model.now().getTime()") / 1000 - datetime.now(UTC).timestamp()) < 3)  # fmt: skip
    assert page.evaluate("battlemap.model.live.state") == "live"
    context.close()


def test_a_console_that_is_killed_is_said_greyed_and_healed_and_the_screen_is_the_ledger(screens, wall):
    view = still(wall)
    screens.stop(signal.SIGKILL)
    wall.wait_for_selector(".outage", timeout=5000)
    wall.evaluate("battlemap.model.data.stale_after = 1")
    wall.wait_for_selector("body.grey")
    screens.report()
    screens.start()
    wall.wait_for_selector("body:not(.grey):not(.lost)")
    until(wall, lambda: wall.evaluate(KNOWN) == screens.ledger())
    wall.wait_for_selector(".outage", state="hidden")
    assert wall.evaluate(VIEW) == view


def test_a_screen_that_shows_a_changed_view_loads_itself_anew_and_not_without_end(screens):
    by = By("dispatcher::", PostKind.DISPATCHER)
    was = views.save(screens.room, WallView("hall", "大厅", AREA), by, datetime.now(UTC))
    context = screens.admitted("hall")
    page = screens.open(context, f"/wall/{AREA}/hall")
    loads = []
    page.on("domcontentloaded", lambda _page: loads.append(1))
    views.save(screens.room, WallView("hall", "大厅", AREA, panels=("newest",)), by, datetime.now(UTC), was=was)
    page.evaluate("void battlemap.wall.ask()")
    page.wait_for_selector(".panel.duty", state="detached")
    page.wait_for_selector(".panel.newest")
    assert loads == [1]
    assert page.evaluate("battlemap.wall.renew()") > 10_000  # were it still another one, it would wait longer now
    context.close()


def test_a_screen_that_is_revoked_says_what_it_is_and_nothing_else(screens):
    context = screens.admitted("stolen")
    page = screens.open(context)
    accounts = accounts_in(screens.folder)
    try:
        for one in accounts.walls.every():
            if one.name == "stolen":
                accounts.walls.revoke(one.key, by=None, now=datetime.now(UTC))
    finally:
        close(accounts)
    says(page, "body", "此大屏的连接已撤销", "输入大屏代码")
    assert page.evaluate("document.querySelectorAll('canvas, .rail, .head').length") == 0
    assert page.evaluate("battlemap.model.live.known.size") == 0
    context.close()


def test_a_warning_stands_across_the_screen_until_it_is_lifted_and_takes_no_mark(screens, wall):
    wall.set_viewport_size({"width": 1280, "height": 720})
    now = datetime.now(UTC)
    smog = Alert(
        "heavy_pollution", Level.RED, "市环境污染防治攻坚办", "郑环攻坚〔2026〕43号", now, now + timedelta(days=2)
    )
    one = alerts.issue(screens.room, smog, By("dispatcher::", PostKind.DISPATCHER), now)
    wall.evaluate("battlemap.wall.ask()")
    says(wall, ".alerts .alert.red", "重污染天气红色预警（Ⅰ级响应）", "预计至", "郑环攻坚〔2026〕43号")
    for width, height in SIZES[:2]:
        wall.set_viewport_size({"width": width, "height": height})
        until(wall, lambda: wall.evaluate(SPILLS), [])
        until(wall, lambda: wall.evaluate(FITS))
    wall.set_viewport_size({"width": 1280, "height": 720})
    alerts.lift(screens.room, one, By("dispatcher::", PostKind.DISPATCHER), now + timedelta(minutes=1))
    wall.evaluate("battlemap.wall.ask()")
    wall.wait_for_selector(".alerts", state="hidden")
    until(wall, lambda: wall.evaluate(FITS))
