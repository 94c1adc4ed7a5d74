"""Walls while something is amiss: the console is killed as cases stream in, the machine of a screen sleeps for a night. What they show in the end is the ledger, and nothing moved but what may."""

import signal
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from busy_room import Busy
from chromium import chromium, says, until
from relays import Relay
from walls import AREA, DRAWN, KNOWN, STREAMED, VIEW, Screens, still

from api.live import grid_states
from desk.walls import views
from reports import figures
from reports.wall import shown

pytestmark = pytest.mark.browser
WHOLE, PART = "", "?grid=grid:410102999001001"
EVERY = 0.2  # seconds from one change to the next
RENEWALS = 10  # each left two listeners before
NIGHT = timedelta(hours=26)  # longer than any, so that it is another day at whatever hour this is run
SHOWN = f"""() => {{ const model = battlemap.model, figure = (mark) => document.querySelector('.board .' + mark + ' b').textContent;
  return {{ marks: {KNOWN}, counts: model.counts, overdue: model.overdue, hidden: model.hiddenCount, states: model.states, board: ['red', 'yellow', 'green'].map(figure) }}; }}"""
# A machine whose clock stands at its first day.
ASTRAY = "{ const now = Date.now; Date.now = () => now() - 20 * 365 * 86400e3; }"
# A machine that sleeps: its own count of milliseconds stands still, its clock goes on.
SLEEPER = "{ const now = Date.now; window.slept = 0; Date.now = () => now() + window.slept; }"


@pytest.fixture(scope="module")
def screens(tmp_path_factory):
    with chromium() as browser:
        found = Screens(tmp_path_factory.mktemp("faults"), browser)
        found.busy = Busy(found.room, AREA, 1, 30, datetime.now(UTC))
        yield found
        found.stop()


def ledger(room, query):
    """Return what a wall is to show, as papers and tables count it."""
    wanted = shown(views.drafted(room, dict(parse_qsl(query.removeprefix("?")))))
    picture = figures.look(room, wanted, datetime.now(UTC))
    counts = figures.counts(picture.cases)
    return {
        "marks": dict(zip(picture.placed["uid"], picture.placed["mark"], strict=True)), "counts": counts, "overdue": len(figures.overdue(picture.cases, picture.clock)),
        "hidden": figures.restricted(picture.cases), "states": grid_states(room.area.net, picture.cases), "board": [f"{counts[mark]:,}" for mark in figures.MARKS],
    }  # fmt: skip


@contextmanager
def changes(busy):
    """Let things happen, some every fifth of a second, whether a console runs or not."""
    over = threading.Event()

    def write():
        while not over.wait(EVERY):
            busy.happen(datetime.now(UTC), 6)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        over.set()
        writer.join()


def heard(page):
    """Return a list that fills with what a page complains about; that it reaches nobody is no complaint of its own."""
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" and "Failed to load" not in said.text else None)  # fmt: skip
    return complaints


def test_walls_beside_a_stream_of_changes_are_the_ledger_after_their_console_was_killed_twice(screens):
    context = screens.admitted()
    context.add_init_script(ASTRAY)
    walls = [(screens.open(context, query=query), query) for query in (WHOLE, PART, WHOLE)]
    complaints = [heard(page) for page, _query in walls]
    before = still(walls[0][0])
    pinned = walls[2][0]
    still(pinned)
    pinned.mouse.move(640, 360)
    pinned.mouse.wheel(0, -400)
    pinned.wait_for_selector("button.back")
    until(pinned, lambda: pinned.evaluate(VIEW) != before)
    until(pinned, lambda: pinned.evaluate("!battlemap.model.zooming"))
    held, version = [page.evaluate(VIEW) for page, _query in walls], screens.room.version()
    with changes(screens.busy):
        for _ in range(2):
            screens.stop(signal.SIGKILL)
            for page, _query in walls:
                page.wait_for_selector(".outage")
            screens.start()
            for page, _query in walls:
                until(page, lambda page=page: page.evaluate(STREAMED))
    assert screens.room.version() - version > 30
    for page, query in walls:
        until(page, lambda page=page, query=query: page.evaluate(SHOWN) == ledger(screens.room, query))
        page.wait_for_selector(".outage", state="hidden")
    marks = list(ledger(screens.room, WHOLE)["marks"].values())
    until(walls[0][0], lambda: walls[0][0].evaluate(DRAWN), [marks.count(mark) for mark in figures.MARKS])
    assert [page.evaluate(VIEW) for page, _query in walls] == held
    assert abs(walls[1][0].evaluate("battlemap.model.now().getTime()") / 1000 - datetime.now(UTC).timestamp()) < 5
    assert pinned.is_visible("button.back")
    assert complaints == [[], [], []]
    context.close()


def test_a_screen_whose_streams_end_again_and_again_keeps_nothing_of_them(screens):
    context = screens.admitted()
    page = screens.open(context)
    line = context.new_cdp_session(page)
    line.send("Performance.enable")

    def listeners():
        line.send("HeapProfiler.collectGarbage")
        return next(one["value"] for one in line.send("Performance.getMetrics")["metrics"] if one["name"] == "JSEventListeners")  # fmt: skip

    before = listeners()
    for _ in range(RENEWALS):
        page.evaluate("battlemap.model.live.lose(), battlemap.model.live.next = 0")
        until(page, lambda: page.evaluate(STREAMED))
    until(page, lambda: listeners() < before + RENEWALS / 2)
    context.close()


def test_a_screen_that_slept_for_a_night_says_so_when_it_wakes_and_then_is_the_ledger(screens):
    relay, context = Relay(screens.port), screens.admitted("sleeper")
    context.add_init_script(SLEEPER)
    page = context.new_page()
    page.goto(f"http://localhost:{relay.port}/wall/{AREA}")
    page.wait_for_selector("html[data-ready='1']", state="attached")
    until(page, lambda: page.evaluate(STREAMED))
    complaints, view = heard(page), still(page)
    evening = datetime.fromtimestamp(page.evaluate("battlemap.model.asOf") / 1000, UTC)
    line = context.new_cdp_session(page)
    relay.hold()
    line.send("Page.setWebLifecycleState", {"state": "frozen"})
    screens.busy.pour(datetime.now(UTC), 2000)
    screens.busy.happen(datetime.now(UTC), 20)
    line.send("Page.setWebLifecycleState", {"state": "active"})
    # The console's clock cannot be set: what the screen heard last becomes older instead, and holds a case that went in the night.
    page.evaluate(
        """(night) => { const live = battlemap.model.live;
          window.slept = night; live.at = new Date(Date.parse(live.at) - night).toISOString();
          live.known.set('gone', { ...live.known.values().next().value, uid: 'gone' }); }""",
        NIGHT.total_seconds() * 1000,
    )
    page.wait_for_selector(".outage", timeout=5000)
    local = evening.astimezone(screens.room.area.pack.timezone)
    says(page, ".outage", f"{local:%m-%d}")
    assert abs(page.evaluate("battlemap.model.now().getTime()") / 1000 - (datetime.now(UTC) + NIGHT).timestamp()) < 5
    relay.go_on()
    until(page, lambda: page.evaluate(SHOWN) == ledger(screens.room, WHOLE))
    page.wait_for_selector(".outage", state="hidden")
    until(page, lambda: page.evaluate(STREAMED))
    assert abs(page.evaluate("battlemap.model.now().getTime()") / 1000 - datetime.now(UTC).timestamp()) < 5
    assert page.evaluate(VIEW) == view
    assert complaints == []
    context.close()
