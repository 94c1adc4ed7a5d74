"""A patrol and a watering on a phone without a network: written down, kept over a reload, sent once."""

from datetime import UTC, datetime, timedelta

import pytest
from chromium import chromium, expect, until
from rooms import DISPATCHER
from test_field_browser import Phone, Served

from desk.posts import roster
from desk.posts.roster import Wish
from desk.sites import register, watering
from desk.sites.register import Wish as Site
from incidents.lifecycle import PostKind
from ledger import patrols
from ledger.patrols import Asked

pytestmark = pytest.mark.browser

PLACE = 3


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def served(tmp_path_factory):
    running = Served(tmp_path_factory.mktemp("patrols"), tmp_path_factory.mktemp("home"))
    room, leaf = running.room, running.room.area.net.leaf
    roster.add(room, Wish(PostKind.WORKER, "网格员", (leaf.key, str(leaf.codes[PLACE]))), DISPATCHER, datetime.now(UTC))
    here = leaf.geoms[PLACE].representative_point()
    register.put(room, Site("dust", "一号工地", lon=here.x, lat=here.y), DISPATCHER, datetime.now(UTC) - timedelta(days=3))  # fmt: skip
    running.start()
    yield running
    running.stop()


def walked(served):
    with served.room.ledger.reading() as connection:
        return patrols.page(connection, Asked(served.room.id))


def test_a_patrol_and_a_watering_wait_for_the_network_and_are_sent_once(browser, served):
    one = Phone(browser, served, PLACE)
    page = one.page
    page.wait_for_selector("html[data-kept~=map]", state="attached")
    until(page, lambda: page.evaluate("Boolean(field.inspecting.done)"))
    one.offline()
    page.click("[data-tab=add]")
    page.click("#to-patrols")
    page.click("#new-patrol")
    page.click("#send")
    one.shows("main .warn:not([hidden])", "请选择巡查结果")
    page.click("[data-key=hazard]")
    page.locator(".count .plain >> nth=1").click()
    until(page, lambda: page.evaluate("fieldStore.open().then((store) => store.all('drafts')).then((all) => all.filter((one) => one.kind === 'patrol' && one.found === '1').length)"), 1)  # fmt: skip
    one.reload("[data-key=hazard][aria-pressed=true]")  # an empty battery
    page.fill("#text", "楼道有杂物")
    page.click("#send")
    page.wait_for_selector("#new-patrol")
    (site,) = register.listed(served.room, register.Asked(served.room.id))
    one.go(f"#/site/{site.number}", "#watering")
    one.shows("#watering", "尚无记录")
    page.click("[data-way=mist]")
    one.band("离线，2 条待发").box("waiting", "waiting")
    assert walked(served) == []

    one.offline(False).entries("done", "done").quiet()
    (filed,) = walked(served)
    assert (filed.state.outcomes, filed.state.found, filed.state.walkers) == (("hazard",), 1, (one.post,))
    (line,) = watering.log(served.room, site, datetime.now(UTC)).lines
    assert (line.way, line.post) == ("mist", one.post)
    assert len({key for keys in one.sent for key in keys}) == 2
    one.go(f"#/patrol/{filed.number}", "header.sheet")
    expect(page.locator("main")).to_contain_text("发现隐患")
    assert one.complaints == []
