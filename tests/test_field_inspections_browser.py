"""A day of inspections on a phone, with the network cut in the middle: what was answered, photographed and signed is sent once, and the phone says what it comes to before."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from chromium import chromium, expect, until
from desk_browser import jpeg, post
from rooms import DISPATCHER
from test_field_browser import Phone, Served

from desk.inspections.acts import Made, inspect
from desk.posts import roster
from desk.posts.roster import Wish
from desk.sites import register
from desk.sites.register import Wish as Site
from incidents.lifecycle import PostKind
from inspections.answers import Outcome
from inspections.inspection import Signed
from ledger import findings, inspections
from ledger.findings import Asked

pytestmark = pytest.mark.browser

PLACE = 3


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def served(tmp_path_factory):
    running = Served(tmp_path_factory.mktemp("inspect"), tmp_path_factory.mktemp("home"))
    room = running.room
    leaf = room.area.net.leaf
    roster.add(room, Wish(PostKind.WORKER, "网格员", (leaf.key, str(leaf.codes[PLACE]))), DISPATCHER, datetime.now(UTC))
    running.start()
    yield running
    running.stop()


def site(served, name, east, kind="gas_shop"):
    """A site so many degrees east of where the phone stands."""
    here = served.room.area.net.leaf.geoms[PLACE].representative_point()
    wish = Site(kind, name, lon=here.x + east, lat=here.y)
    return register.put(served.room, wish, DISPATCHER, datetime.now(UTC) - timedelta(days=40))


def all_of(served):
    with served.room.ledger.reading() as connection:
        return sorted(inspections.page(connection, inspections.Asked(served.room.id)), key=lambda one: one.version)


def standing(served, number):
    with served.room.ledger.reading() as connection:
        return findings.page(connection, Asked(served.room.id, datetime.now(UTC).date(), site=number))


def sign(page):
    """Draw a line over the field for the signature."""
    page.click("[data-how=signed]")
    canvas = page.locator("#signature")
    canvas.scroll_into_view_if_needed()
    until(page, lambda: canvas.evaluate("(one) => one.width > 300"))
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 120, steps=6)
    page.mouse.up()
    until(page, lambda: page.evaluate("field.drafts.some((one) => one.signature)"))


def finish(page):
    """Send; what was not answered is asked about."""
    page.click("#send")
    page.click("dialog .main")
    page.wait_for_selector("header.sheet")


def with_photo_and_signature(one):
    """Inspect a site, go offline meanwhile, lose the page, and send."""
    page = one.page
    page.click("[data-item=G01] [data-how=fail]")
    expect(page.locator("[data-item=G01] .result")).to_contain_text("缺照片")
    page.set_input_files("[data-item=G01] input[data-photo=camera]", [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": jpeg()}])  # fmt: skip
    expect(page.locator("[data-item=G01] .result")).not_to_contain_text("缺照片")
    one.offline()
    page.fill("[data-item=G01A] input", "202613")
    expect(page.locator("[data-item=G01A] .result")).to_contain_text("“2026-13”不是日期")
    page.fill("[data-item=G01A] input", "")
    page.fill("[data-item=G11] input", "2.1")
    expect(page.locator("[data-item=G11]")).to_have_class(re.compile("pass|fail"))
    page.click("[data-item=G03] [data-how=fail]")
    page.locator("[data-item=G03] .check input").check()
    expect(page.locator("[data-item=G03] .result")).to_contain_text("已当场整改")
    said = page.locator(".progress").inner_text()
    assert said.startswith("3/")
    until(page, lambda: page.evaluate("fieldStore.open().then((store) => store.all('drafts')).then((all) => all.filter((one) => one.answers && one.answers.G03 && one.answers.G03.corrected).length)"), 1)  # fmt: skip
    one.reload("[data-item=G01] .kept img")  # an empty battery, and no network
    expect(page.locator(".progress")).to_have_text(said)
    page.click("#end")
    expect(page.locator(".outcome h2")).to_contain_text("移交")
    sign(page)
    finish(page)
    one.band("离线，1 条待发")


def with_findings_of_before(one, far):
    """Inspect another site offline, of which the draft is left and found again, and send; return when."""
    page = one.page
    one.go(f"#/site/{far.number}", "[data-start]")
    page.click("[data-start=gas_shop]")
    page.locator(".again [data-how=fail]").click()
    page.click("[data-item=G01] [data-how=pass]")
    one.go("#/box", ".entry.draft")  # a second one, which is not finished, beside the one that waits
    one.shows(".entry.draft", far.name)
    page.click(".entry.draft a")
    expect(page.locator("[data-item=G01] [data-how=pass]")).to_have_attribute("aria-checked", "true")
    page.click("#end")
    page.click("[data-how=absent]")
    before = datetime.now(UTC)
    finish(page)
    one.band("离线，2 条待发").box("waiting", "waiting")
    return before


def test_a_day_is_walked_with_the_network_cut_in_the_middle(browser, served):
    far, near = site(served, "福满楼烩面馆", 0.0003), site(served, "康桥老灶羊汤馆", 0.00005)
    worker = post(f"worker:{served.room.area.net.leaf.key}:{served.room.area.net.leaf.codes[PLACE]}")
    inspect(
        served.room, Made(far.number, "gas_shop", 1, {"G03": "fail"}), worker, datetime.now(UTC) - timedelta(days=32)
    )
    one = Phone(browser, served, PLACE)
    page = one.page
    page.wait_for_selector("html[data-kept~=map]", state="attached")
    until(page, lambda: page.evaluate("Boolean(field.inspecting.done)"))
    page.click("#filter-inspect")
    cards = page.locator("#section-inspect .card")
    expect(cards).to_have_count(2)
    until(page, lambda: [cards.nth(n).get_attribute("data-number") for n in range(2)], [near.number, far.number])
    expect(cards.nth(1)).to_contain_text("1 项隐患待整改")

    cards.nth(0).locator("[data-act=inspect]").click()  # one press begins
    with_photo_and_signature(one)
    before = with_findings_of_before(one, far)
    assert len(all_of(served)) == 1

    one.offline(False).entries("done", "done").quiet()
    _, first, second = all_of(served)
    assert (first.site, first.signed, first.outcome, first.corrected) == (
        near.number,
        Signed.SIGNED,
        Outcome.HAND_OVER,
        1,
    )
    assert len(first.photos) == 2
    assert (second.site, second.signed, len(second.rechecked)) == (far.number, Signed.ABSENT, 1)
    assert second.done_at >= before - timedelta(seconds=2)
    assert [found.state.failed_rounds for found in standing(served, far.number)] == [1]
    assert len(standing(served, near.number)) == len(first.findings) >= 2
    keys = [key for parcel in one.sent for key in parcel]
    assert len(set(keys)) == 2
    one.shows("a[href^='/notice/']", "打印告知单")
    assert one.complaints == []
    one.context.close()
