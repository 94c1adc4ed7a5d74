"""A task of a heavy-pollution warning on a phone without a network: written down, kept over a reload, sent once; one that was closed meanwhile says why and stays."""

from datetime import UTC, datetime, timedelta

import pytest
from chromium import chromium, expect, until
from rooms import DISPATCHER
from test_field_browser import Phone, Served, jpeg

from desk.sites import register
from desk.sites.register import Wish as Site
from desk.warnings import acts
from desk.warnings.acts import Order
from incidents.alerts import Level
from inspections.warnings import State

pytestmark = pytest.mark.browser

PLACE = 3
ENTRY = "main .entry[data-number]"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def served(tmp_path_factory):
    running = Served(tmp_path_factory.mktemp("warnings"), tmp_path_factory.mktemp("home"))
    room, now = running.room, datetime.now(UTC)
    here = room.area.net.leaf.geoms[PLACE].representative_point()
    running.site = register.put(
        room, Site("dust", "一号工地", lon=here.x, lat=here.y), DISPATCHER, now - timedelta(days=3)
    )
    starts, ends = now + timedelta(hours=2), now + timedelta(days=2)
    running.warning = acts.issue(room, Order("市攻坚办", "1号", Level.YELLOW, ends, starts), DISPATCHER, now)
    running.start()
    yield running
    running.stop()


def tasks(served, state):
    return [one for one in acts.tasks(served.room, served.warning.number) if one.state is state]


def test_a_task_is_done_without_a_network_and_one_that_was_closed_meanwhile_says_why(browser, served):
    many = len(tasks(served, State.OPEN))
    one = Phone(browser, served, PLACE)
    page = one.page
    page.wait_for_selector("html[data-kept~=map]", state="attached")
    one.shows("#warnings", f"待办{many}项")
    until(page, lambda: page.evaluate("Boolean(field.inspecting.done)"))
    one.offline()
    page.evaluate("number => { location.hash = '#/site/' + encodeURIComponent(number); }", served.site.number)
    one.shows("#tasks", f"待办{many}项")  # its sheet leads to them too
    page.click("#tasks")
    one.shows("main .level", "黄色预警")
    page.click(f"{ENTRY} >> nth=0")
    page.click("[data-how=yes]")
    page.fill("#meter", "正常")  # no reading
    page.click("#send")
    one.shows("main .warn:not([hidden])", "请填写电表读数或上传照片")
    page.fill("#meter", "1024")
    page.set_input_files("input[data-photo=camera]", [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}])
    page.wait_for_selector(".kept img")
    until(page, lambda: page.evaluate("fieldStore.open().then((store) => store.all('drafts')).then((all) => all.filter((one) => one.meter === '1024' && one.photos.length).length)"), 1)  # fmt: skip
    one.reload(".kept img")  # an empty battery
    expect(page.locator("#meter")).to_have_value("1024")
    page.click("#send")
    page.wait_for_selector(f"{ENTRY} .chip.waiting")
    page.click(f"{ENTRY} >> nth=1")
    page.click("[data-how=no]")
    page.fill("#text", "仍在作业")
    page.click("#send")
    one.band("离线，2 条待发")
    done, closed = [page.locator(ENTRY).nth(n).get_attribute("data-number") for n in range(2)]
    assert len(tasks(served, State.OPEN)) == many

    one.offline(False).box("done", "done").quiet()
    assert {(each.kept, each.meter, each.note) for each in tasks(served, State.DONE)} == {(True, "1024", ""), (False, "", "仍在作业")}  # fmt: skip
    assert {f"{served.warning.number}/{each.number}" for each in tasks(served, State.DONE)} == {done, closed}

    page.click("[data-tab=list]")
    page.click("#warnings")
    one.offline()
    page.click(f"{ENTRY} >> nth=0")
    acts.stand_down(served.room, served.warning, "2号", DISPATCHER, datetime.now(UTC))
    page.click("[data-how=yes]")
    page.fill("#meter", "7")
    page.click("#send")
    page.wait_for_selector(f"{ENTRY} .chip.waiting")
    one.offline(False).box("refused", "done", "done")
    expect(page.locator("main .entry.refused .warn")).to_contain_text("预警已解除")
    expect(page.locator("main .entry.refused .seen")).to_have_text("已落实、电表读数 7")  # no sheet shows it any more
    expect(page.locator("main .entry").get_by_text("查看任务")).to_have_count(0)
    assert not tasks(served, State.OPEN)
    assert len(tasks(served, State.DONE)) == 2
    assert one.complaints == []
