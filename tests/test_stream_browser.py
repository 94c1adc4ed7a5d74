"""Screens in a real browser: what another process saves is drawn by itself, windows share streams, and a console that stops and starts again is said and healed."""

import signal
from datetime import UTC, datetime

import pytest
from busy_room import Busy
from chromium import COMPLETE, chromium, says, until, window
from console_server import ended, free_port, started
from rooms import room_of, shipped

from api.live import answer
from incidents.model import Status
from reports.figures import MARKS, Filter

pytestmark = pytest.mark.browser
KNOWN = "Object.fromEntries(Array.from(battlemap.model.live.known.values()).map((one) => [one.uid, one.mark]))"
STATE = "battlemap.model.live.state"
STREAMED = "Boolean(battlemap.model.live.stream)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("console")


@pytest.fixture(scope="module")
def room(folder):
    """The room of another process: at the same ledger as the console."""
    return room_of(shipped("longnan"), folder)


@pytest.fixture(scope="module")
def busy(room, folder):
    environ = {"BATTLEMAP_DATA_DIR": str(folder), "BATTLEMAP_AREA": "longnan", "BATTLEMAP_DEMO": "0"}
    port = free_port()
    process, address = started(folder, port=port, **environ)
    consoles = [process]
    found = Busy(room, "longnan", 1, 15, datetime.now(UTC))
    found.address = address

    def again():
        ended(consoles.pop(), signal.SIGTERM)
        yield
        consoles.append(started(folder, port=port, **environ)[0])

    found.again = again
    yield found
    ended(consoles.pop())


def shown(room, wanted):
    told = answer(room, wanted, None, datetime.now(UTC))
    return {row[0]: row[3] for row in told["incidents"]}


@pytest.fixture(scope="module")
def screen():
    with chromium() as browser:
        yield window(browser, 1280, 720)


def open_map(screen, address, query=""):
    page = screen.new_page()
    page.goto(f"{address}/map/longnan{query}")
    page.wait_for_selector("html[data-ready='1']")
    return page


def test_windows_share_streams_and_every_one_of_many_shows_what_is_saved(screen, busy, room):
    """A browser opens six connections to a host: eight streams would leave two windows, and everything else, waiting for ever."""
    views = [Filter(days=1), Filter(days=1), *(Filter(marks=frozenset({mark})) for mark in MARKS), Filter(days=2), Filter(days=3), Filter(days=4)]  # fmt: skip
    pages = [open_map(screen, busy.address, f"?{wanted}") for wanted in views]
    until(
        pages[0], lambda: [page.evaluate(STREAMED) for page in pages].count(True), 4
    )  # three streams, of which two windows share one
    busy.happen(datetime.now(UTC), 4)
    for page, wanted in zip(pages, views, strict=True):
        until(page, lambda p=page, w=wanted: p.evaluate(KNOWN) == shown(room, w))
    for page in pages[1:]:
        page.close()
    busy.happen(datetime.now(UTC), 2)
    until(pages[0], lambda: pages[0].evaluate(KNOWN) == shown(room, views[0]))
    pages[0].close()


def test_a_console_that_stopped_is_said_and_what_happened_meanwhile_is_shown_once_it_is_back(screen, busy, room):
    page = open_map(screen, busy.address)
    until(page, lambda: page.evaluate(STREAMED))
    view = page.evaluate("JSON.stringify(battlemap.model.map.getBounds())")
    stopped = busy.again()
    next(stopped)
    page.wait_for_selector("body.lost")
    busy.happen(datetime.now(UTC), 5)
    assert list(stopped) == []
    until(page, lambda: page.evaluate(STATE), "live")
    until(page, lambda: page.evaluate(KNOWN) == shown(room, Filter(days=1)))
    until(page, lambda: page.evaluate(STREAMED))
    busy.happen(datetime.now(UTC), 2)
    until(page, lambda: page.evaluate(KNOWN) == shown(room, Filter(days=1)))
    assert page.evaluate("JSON.stringify(battlemap.model.map.getBounds())") == view
    page.close()


def test_what_a_joined_stream_says_first_does_not_stand_for_what_it_said_before(screen, busy, room):
    """A window that joins asks for what it missed; the stream may say the next thing before that answer comes."""
    page = open_map(screen, busy.address)
    until(page, lambda: page.evaluate(STREAMED))
    found = page.evaluate(
        """async () => {
          const live = battlemap.model.live;
          const said = await (await fetch(live.address("live"))).json();
          const row = (uid) => { const made = live.known.values().next().value; return [uid, 121.5, 31.2, "red", made.cls, made.leaf, uid, null, "", null]; };
          const tells = (version, uid) => ({ ...said, reset: false, version: version, removed: [], incidents: [row(uid)] });
          live.hush();
          clearTimeout(live.timer);
          let answer, hear;
          window.fetch = () => new Promise((done) => { answer = done; });
          battlemap.openStream = (address, told) => { hear = told; return { close() {} }; };
          live.next = 0;
          live.listen();
          hear("joined");
          hear("delta", tells(said.version + 2, "second"));
          answer({ status: 200, ok: true, json: async () => tells(said.version + 1, "first") });
          await new Promise((done) => setTimeout(done, 0));
          await new Promise((done) => setTimeout(done, 0));
          return ["first", "second"].map((uid) => live.known.has(uid));
        }"""
    )
    page.close()
    assert found == [True, True]


def test_a_map_whose_net_is_another_one_is_loaded_again_once_and_then_says_that_it_is_cut_off(screen, busy):
    """A phone keeps its map: until the new one is whole, loading again brings the old one."""
    page, loads = screen.new_page(), []
    page.on("domcontentloaded", lambda _page: loads.append(1))
    other = '{"pack": "other", "version": 1, "served": "2026-11-22T10:00:00+00:00"}'
    page.route("**/live/**", lambda route: route.fulfill(body=other, content_type="application/json"))
    page.goto(f"{busy.address}/map/longnan")
    until(page, lambda: len(loads) >= 2)
    until(page, lambda: page.evaluate("battlemap.model && battlemap.model.live.failures >= 2"))
    assert len(loads) == 2
    page.close()


def test_a_page_of_the_console_hears_of_a_change_and_shows_it_in_its_place(screen, busy):
    page, sent = screen.new_page(), []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(bytes(data))))
    page.goto(f"{busy.address}/inbox")
    page.wait_for_selector(".st-key-piles")
    page.evaluate("window.kept = true")
    moved = lambda: any(b"moved" in one for one in sent)  # noqa: E731
    until(page, moved)  # what was saved before it listened
    page.wait_for_selector(COMPLETE)
    sent.clear()
    reports = iter(lambda: busy.report(datetime.now(UTC)), None)
    says(page, ".stMain", next(case.number for case in reports if case.status is Status.REPORTED))
    assert moved(), "it was told, and did not ask"
    assert page.evaluate("window.kept")
    page.close()
