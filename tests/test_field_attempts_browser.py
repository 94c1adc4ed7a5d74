"""A visit of a site that came to nothing, on a phone without a network: written down, kept over a reload, sent once, and the second visit on the list."""

from datetime import UTC, datetime, timedelta

import pytest
from chromium import chromium, expect, until
from rooms import DISPATCHER
from test_field_browser import Phone, Served

from desk.sites import register
from desk.sites.register import Wish as Site
from inspections.campaigns import Found
from inspections.sites import Act
from ledger import campaigns

pytestmark = pytest.mark.browser

PLACE = 3
DUE = "须再次走访"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def served(tmp_path_factory):
    running = Served(tmp_path_factory.mktemp("attempts"), tmp_path_factory.mktemp("home"))
    room, now = running.room, datetime.now(UTC)
    here = room.area.net.leaf.geoms[PLACE].representative_point()
    running.site = register.put(
        room, Site("gas_shop", "老灶羊汤馆", lon=here.x, lat=here.y), DISPATCHER, now - timedelta(days=3)
    )
    running.start()
    yield running
    running.stop()


def tries(served):
    with served.room.ledger.reading() as connection:
        return campaigns.of_site(connection, served.room.id, served.site.number)


def test_it_is_written_without_a_network_and_sent_once(browser, served):
    one = Phone(browser, served, PLACE)
    page = one.page
    page.wait_for_selector("html[data-kept~=map]", state="attached")
    until(page, lambda: page.evaluate("Boolean(field.inspecting.done)"))
    one.offline()
    page.evaluate("number => { location.hash = '#/site/' + encodeURIComponent(number); }", served.site.number)
    page.click("[data-act=site_attempt]")
    page.click("[data-how=refused]")
    page.click("#send")
    one.shows("main .chip.waiting", "上门未果").shows("main dl", "拒绝进入").band("离线，1 条待发")
    one.reload("main .chip.waiting")  # an empty battery
    page.click("[data-tab=list]")
    one.shows(f".card[data-number='{served.site.number}']", DUE).box("waiting")
    assert tries(served) == []

    one.offline(False).entries("done").quiet()
    (line,) = tries(served)
    assert (line.found, line.again, line.post) == (Found.REFUSED, None, one.post)
    one.shows("main .entry.done", "上门未果")
    page.click("main .entry.done a.link")
    expect(page.locator("main dl")).to_contain_text(DUE)
    assert len([key for keys in one.sent for key in keys]) == 1

    one.offline()
    page.click("[data-act=site_attempt]")
    page.click("#send")
    page.click("[data-undo=site_attempt]")  # taken back: its form again, under the same key
    page.click("[data-how=refused]")
    page.click("#send")
    one.shows("main .chip.waiting", "上门未果")
    now = datetime.now(UTC)
    register.turn(served.room, served.site, Act.CLOSE, "注销", served.room.clock(now).date(), DISPATCHER, now)
    one.offline(False).box("refused", "done")
    one.shows("main .entry.refused .warn", "场所已")
    assert len(tries(served)) == 1
    assert one.complaints == []
