"""From "saved" to "told", and to "drawn": a hundred screens at a console that runs, while four people work in it and another process writes to its ledger; by the stream, beside asking every few seconds.

Each change is one commit of another process. A screen has it when an answer names its version or a later one; both clocks are of one machine. Asking is what the screens did before there was a
stream, and what a page that refreshes itself does. The people load pages of the console, one after the other, with a second of thought between two. Some screens that read the stream are maps in a
Chromium: they note when the browser has shown the frame in which a version was drawn. Chromium runs on the same cores.

    python benchmarks/bench_stream.py [--screens 100] [--drawn 1] [--people 4] [--rate 5] [--seconds 30] [--every 5] [--json]
"""

import argparse
import asyncio
import json
import os
import platform
import re
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from accounts import quick_rules, signed_in  # noqa: E402
from busy_room import Busy  # noqa: E402
from chromium import chromium, until, window  # noqa: E402
from console_server import ended, started  # noqa: E402
from lines import line  # noqa: E402
from rooms import room_of, shipped  # noqa: E402

from api.identity import COOKIE  # noqa: E402

AREA = "longnan"
PAGES = ("cases", "inbox", "", "posts")
VERSION = re.compile(rb'"version":\s?(\d+)')
THOUGHT = 1.0  # seconds
OF_ONE = 20  # screens of one session, which may have so many streams and few more
SETTLED = 3.0  # seconds after the last change
# Notes version and time of what was drawn, once its frame was shown: the map draws in the frame that follows a change.
NOTE = """
window.drawn = [];
(function look() {
  const live = window.battlemap && battlemap.model && battlemap.model.live;
  const version = live ? live.since : 0, last = drawn.length ? drawn[drawn.length - 1][0] : 0;
  if (version > last) requestAnimationFrame(() => setTimeout(() => { drawn.push([version, Date.now()]); requestAnimationFrame(look); }));
  else requestAnimationFrame(look);
})();
"""


class Screen:
    """One screen: when it knew which version, and how many bytes it was told."""

    def __init__(self, address, cookie):
        self.host, self.cookie = urlsplit(address).netloc, cookie
        self.knew, self.bytes, self.version = [], 0, None

    def hear(self, said):
        """Note what was said."""
        self.version = int(VERSION.search(said)[1])
        self.knew.append((self.version, time.time()))
        self.bytes += len(said)

    async def ask(self, path):
        """Ask for an address; return reader and writer, the head of the answer read."""
        host, port = self.host.split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=2**24)
        head = f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\nCookie: battlemap_session={self.cookie}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        await reader.readuntil(b"\r\n\r\n")
        return reader, writer

    async def listen(self):
        """Read the stream for ever."""
        reader, _ = await self.ask(f"/stream/{AREA}")
        name = b""
        while text := await reader.readline():
            if text.startswith(b"event: "):
                name = text[7:].strip()
            elif text.startswith(b"data: ") and name == b"delta":
                self.hear(text)

    async def poll(self, every):
        """Ask what changed, every few seconds, for ever."""
        await asyncio.sleep(every * np.random.default_rng(id(self) % 2**32).random())
        seen = None
        while True:
            since = (
                f"?since={seen['version']}&at={quote(seen['served'])}&pack={seen['pack']}&scope={seen['scope']}"
                if seen
                else ""
            )
            reader, writer = await self.ask(f"/live/{AREA}{since}")
            body = await reader.read()
            writer.close()
            self.hear(body)
            seen = json.loads(body)
            await asyncio.sleep(every)


class Drawing(threading.Thread):
    """Maps in a browser: when each version stood on their screens."""

    def __init__(self, address, cookie, count):
        super().__init__()
        self._address, self._cookie, self._count = address, cookie, count
        self.are_open, self.over, self.knew = threading.Event(), threading.Event(), []

    def run(self):
        """Open them, wait until it is over, and read what they noted."""
        try:
            with chromium() as browser:
                pages = [self._page(browser) for _ in range(self._count)]
                self.are_open.set()
                self.over.wait()
                self.knew = [[(version, at / 1000) for version, at in page.evaluate("drawn")] for page in pages]
        finally:
            self.are_open.set()

    def _page(self, browser):
        context = window(browser, 1920, 1080)  # of its own: windows of one share a stream
        context.add_cookies([{"name": COOKIE, "value": self._cookie, "url": self._address}])
        page = context.new_page()
        page.add_init_script(NOTE)
        page.goto(f"{self._address}/map/{AREA}")
        until(page, lambda: page.evaluate("Boolean(battlemap.model.live.stream)"))
        return page


def waits(knew, saved):
    """Return after how many seconds a screen knew each change."""
    versions = [version for version, _ in knew]
    found = []
    for version, at in saved:
        place = next((place for place, known in enumerate(versions) if known >= version), None)
        found.append(np.inf if place is None else knew[place][1] - at)
    return found


def work(address, cookie, over, runs):
    """Work in the console: load its pages, one after the other."""
    with line(address, cookie) as open_line:
        while not over.is_set():
            for page in PAGES:
                began = time.perf_counter()
                open_line.run("", page=page)
                runs.append(time.perf_counter() - began)
                if over.wait(THOUGHT):
                    return


async def watched(screens, how, busy, rate, seconds):
    """Let screens look while things happen; return the version and the time of each change."""
    tasks = [asyncio.create_task(how(screen)) for screen in screens]
    while not all(screen.knew for screen in screens):
        await asyncio.sleep(0.1)
        assert not any(task.done() for task in tasks), [task.exception() for task in tasks if task.done()]
    for screen in screens:
        screen.bytes = 0
    saved = await asyncio.to_thread(write, busy, rate, seconds)
    await asyncio.sleep(SETTLED)
    latest = saved[-1][0]
    while not all(screen.version >= latest for screen in screens):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    return saved


async def stopped(screens, process):
    """Return the seconds that a console takes to stop while screens read its streams."""
    tasks = [asyncio.create_task(screen.listen()) for screen in screens]
    while not all(screen.knew for screen in screens):  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    began = time.perf_counter()
    await asyncio.to_thread(ended, process)
    took = time.perf_counter() - began
    await asyncio.gather(*tasks)  # each was ended
    return took


def write(busy, rate, seconds):
    """Write changes, each in a commit of its own; return version and time of each."""
    saved, began = [], time.monotonic()
    for number in range(int(rate * seconds)):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        saved.append((busy.report(datetime.now(UTC)).version, time.time()))
    return saved


def measured(name, how, house, chosen, maps=0):
    """Let screens look in one way while people work, and maps in a browser by the stream; return a line of the table."""
    address, cookies, busy = house
    drawing = Drawing(address, cookies[1], maps)
    if maps:
        drawing.start()
        drawing.are_open.wait()
        assert drawing.is_alive(), "the maps could not be opened"
    screens = [Screen(address, cookies[1 + place // OF_ONE]) for place in range(chosen.screens - maps)]
    over, runs = threading.Event(), []
    people = [threading.Thread(target=work, args=(address, cookies[0], over, runs)) for _ in range(chosen.people)]
    for person in people:
        person.start()
    saved = asyncio.run(watched(screens, how, busy, chosen.rate, chosen.seconds))
    over.set()
    for person in people:
        person.join()
    if maps:
        drawing.over.set()
        drawing.join()
    return {
        "how": name, **percentiles("", [screen.knew for screen in screens], saved), **percentiles("drawn ", drawing.knew, saved), "changes": len(saved),
        "bytes a change a screen": round(sum(screen.bytes for screen in screens) / len(screens) / len(saved)), "pages loaded": len(runs), "median page s": round(float(np.median(runs)), 2) if runs else None,
    }  # fmt: skip


def percentiles(what, knew, saved):
    """Return how long it took until some screens knew what was saved."""
    if not knew:
        return {}
    found = np.array([waits(one, saved) for one in knew])
    middle, most = np.percentile(found, [50, 95])
    return {f"{what}median s": round(float(middle), 3), f"{what}p95 s": round(float(most), 3), f"{what}slowest s": round(float(found.max()), 3)}  # fmt: skip


def main():
    """Measure both, and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--screens", type=int, default=100)
    parser.add_argument("--drawn", type=int, default=1, help="how many of them are maps in a browser")
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--rate", type=float, default=5, help="changes a second")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--every", type=float, default=5, help="seconds between two questions of a screen that asks")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, var = Path(name), Path(name) / "var"
        var.mkdir()
        process, address = started(
            folder, BATTLEMAP_DATA_DIR=str(var), BATTLEMAP_RULES=str(quick_rules(folder)), BATTLEMAP_AREA=AREA
        )
        try:
            walls = [signed_in(var, "wall", AREA, name=f"wall {n}") for n in range(-(-chosen.screens // OF_ONE))]
            cookies = [signed_in(var, "dispatcher", AREA), *walls]
            asyncio.run(first(Screen(address, walls[0])))
            busy = Busy(room_of(shipped(AREA), var), AREA, 1, 1, datetime.now(UTC))
            house = address, cookies, busy
            rows = [
                measured("stream", Screen.listen, house, chosen, chosen.drawn),
                measured(f"asking every {chosen.every:g} s", lambda screen: screen.poll(chosen.every), house, chosen),
            ]
            open_ones = [Screen(address, cookies[1 + place // OF_ONE]) for place in range(chosen.screens)]
            stop = asyncio.run(stopped(open_ones, process))
        finally:
            process.kill()
    if chosen.json:
        print(
            json.dumps(
                {
                    "python": platform.python_version(),
                    "load": os.getloadavg(),
                    "screens": chosen.screens,
                    "rows": rows,
                    "stop s": round(stop, 2),
                },
                indent=2,
            )
        )
        return
    for row in rows:
        print(", ".join(f"{key} {value}" for key, value in row.items()))
    print(f"asking / stream: {rows[1]['p95 s'] / rows[0]['p95 s']:.0f}x at p95; load {os.getloadavg()[0]:.1f}")
    print(f"a stop with {chosen.screens} open streams: {stop:.1f} s")


async def first(screen):
    """Wait until the area has begun."""
    reader, writer = await screen.ask(f"/live/{AREA}")
    await reader.read()
    writer.close()


if __name__ == "__main__":
    main()
