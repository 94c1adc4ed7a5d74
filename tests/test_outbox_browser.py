"""Messages in a real browser: the number in the header, reading, the call list, and a text to be copied into a group."""

from datetime import UTC, datetime, timedelta

import pytest
from chromium import chromium, window
from desk_browser import Desk, consoles, post, reported, room_in
from outbox import derived, messages, sent_to

from ledger.outbox import State

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    found = room_in(tmp_path_factory.mktemp("ledger"))
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def handler(room):
    return next(key for key in room.posts if key.startswith("head:") and not room.posts[key].volunteer)


@pytest.fixture(scope="module")
def cases(room, handler):
    """Two cases that were sent to a head two hours ago, and that nobody took notice of."""
    then = datetime.now(UTC) - timedelta(hours=2)
    found = [reported(room, "井盖破损", place=place, now=then) for place in (3, 4)]
    for case in found:
        sent_to(room, case.number, handler, then)
    derived(room, datetime.now(UTC))
    return found


@pytest.fixture(scope="module")
def console(room, cases, tmp_path_factory):
    with consoles(room.ledger.folder, tmp_path_factory.mktemp("home")) as found:
        yield found[0]


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield window(found)


def state(room, handler):
    return [one.state for one in messages(room) if (one.kind, one.post, one.channel) == ("assignment", handler, "app")]


def test_who_did_not_read_is_called_by_the_dispatcher_and_reads_it_then(browser, console, room, handler, cases):
    desk = Desk(browser, console)
    desk.open("/messages", ".st-key-messages h1", post="dispatcher::")
    desk.says("[class*='st-key-call_']", cases[0].number, cases[1].number, "派遣给您")
    desk.page.wait_for_selector(
        "[class*='st-key-copy_'] code:has-text('派遣给您')"
    )  # in office hours a first handler may be late by now, too
    assert desk.page.locator("[class*='st-key-called_'] button").count() == 1  # a head is called once, for both
    desk.page.click("[class*='st-key-called_'] button")
    desk.until(lambda: desk.page.locator(".bm-call").count(), 0)
    waiting = desk.page.locator("[class*='st-key-copied_'] button").count()
    desk.page.click("[class*='st-key-copied_'] button")
    desk.until(lambda: desk.page.locator("[class*='st-key-copied_'] button").count() < waiting)
    assert set(state(room, handler)) == {State.SENT}  # a call is no reading
    head = Desk(browser, console, handler)
    head.open("/inbox", ".bm-piles")
    head.page.wait_for_selector(".bm-unread a")
    head.page.click(".bm-unread a")
    head.says(".bm-news", cases[0].number, "未读")
    head.page.click(".st-key-read_all button")
    head.says(".bm-news", "已读")
    head.until(lambda: set(state(room, handler)), {State.READ})
    head.until(lambda: head.page.locator(".bm-unread b").count(), 0)
    head.page.click(f".bm-news a:has-text('{cases[0].number}')")
    head.says(".bm-number", cases[0].number)
    assert [one.complaints for one in (desk, head)] == [[], []]
    assert post(handler).post == handler


def test_a_notice_is_written_at_the_desk_and_acknowledged_by_a_head(browser, console, room):
    key = [key for key in room.posts if key.startswith("head:") and not room.posts[key].volunteer][-1]
    desk = Desk(browser, console)
    desk.open("/messages", ".st-key-message_view h1", post="dispatcher::", tab="write")
    desk.page.click(".st-key-message_view [data-testid=stMultiSelect] input")
    desk.page.keyboard.type(room.post(key).title)
    desk.page.click(f"[role=option]:has-text('{room.post(key).title}') >> nth=0")
    desk.says(".st-key-notice_send", "1")
    title = desk.page.locator("[class*='st-key-notice_new_title'] input")
    title.fill("明早七点停水")
    title.blur()
    desk.page.click("[class*='st-key-notice_new_receipt'] label")
    desk.page.click(".st-key-notice_send button")
    desk.says(".st-key-message_view h2", "0／1")
    head = Desk(browser, console, key)
    head.open("/messages?tab=notices", ".bm-news a")
    head.says(".bm-news", "明早七点停水", "请确认收到")
    head.page.click(".bm-news a")
    head.page.click(".st-key-notice_acknowledge button")
    head.says(".st-key-message_view .bm-saved", "确认收到")
    desk.says(".st-key-message_view h2", "1／1")
    assert [one.complaints for one in (desk, head)] == [[], []]
