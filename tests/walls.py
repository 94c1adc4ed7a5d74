"""Walls in a real browser, the console that serves them, and the room behind it."""

import signal
from datetime import UTC, datetime

from accounts import signed_in
from chromium import until, window
from console_server import ended, free_port, started
from desk_browser import reported, room_in

from api.identity import COOKIE
from api.live import answer
from desk.walls import views
from reports.wall import shown

AREA = "longnan"
KNOWN = "Object.fromEntries(Array.from(battlemap.model.live.known.values()).map((one) => [one.uid, one.mark]))"
DRAWN = "(() => { const drawn = battlemap.drawn(); return [drawn.red, drawn.yellow, drawn.green]; })()"
STREAMED = "Boolean(battlemap.model.live.stream)"
VIEW = "battlemap.model.map.getBounds().toBBoxString().split(',').map((degrees) => Number(degrees).toFixed(7)).join()"
# Whether the map shows the whole net, and its longer side fills its frame.
FITS = """() => { const map = battlemap.model.map, bounds = battlemap.model.data.bounds, size = map.getSize();
  const low = map.latLngToContainerPoint([bounds[1], bounds[0]]), high = map.latLngToContainerPoint([bounds[3], bounds[2]]);
  return low.x >= 0 && high.y >= 0 && high.x <= size.x && low.y <= size.y && size.x === map.getContainer().clientWidth && Math.max((high.x - low.x) / size.x, (low.y - high.y) / size.y) > 0.75; }"""


class Screens:
    """A console that serves walls, the room behind it, and a browser."""

    def __init__(self, folder, browser):
        self.folder, self.browser, self.room = folder, browser, room_in(folder)
        self.port, self.place = free_port(), 0
        self.environ = {"BATTLEMAP_DATA_DIR": str(folder), "BATTLEMAP_AREA": AREA, "BATTLEMAP_DEMO": "0", "BATTLEMAP_DEMO_ACCESS": "0"}  # fmt: skip
        self.start()

    def start(self):
        self.process, self.address = started(self.folder, port=self.port, **self.environ)

    def stop(self, how=signal.SIGTERM):
        ended(self.process, how)

    def report(self):
        self.place += 1
        return reported(self.room, place=self.place)

    def admitted(self, name="wall", *, size=(1280, 720), **options):
        """A window of a screen that was let in by a code."""
        found = window(self.browser, *size, **options)
        found.add_cookies([{"name": COOKIE, "value": signed_in(self.folder, "wall", AREA, name=name), "url": self.address}])  # fmt: skip
        return found

    def open(self, context, path=f"/wall/{AREA}", query=""):
        page = context.new_page()
        page.goto(f"{self.address}{path}{query}")
        page.wait_for_selector("html[data-ready='1']", state="attached")
        until(page, lambda: page.evaluate(STREAMED))
        return page

    def ledger(self):
        said = answer(self.room, shown(views.drafted(self.room, {})), None, datetime.now(UTC))
        return {row[0]: row[3] for row in said["incidents"]}


def still(page):
    """Return what the map shows, once it shows the whole net and no longer moves."""
    before = []

    def stands():
        before.append(page.evaluate(VIEW) if page.evaluate(FITS) else "")
        return before[-1] != "" and before[-1] == before[-2]

    until(page, stands)
    return before[-1]
