"""Weeks before a wall, in half an hour: three screens beside a day of change, while their connections are cut and their console is killed and started again; what grows, and whether each screen is the ledger at the end.

The screens reach the console through a relay, which closes all connections at a cut. The console's clock runs as many times faster as the day is longer than the run, where libfaketime is there
(Debian: libfaketime), and past the hour that New York loses in spring: midnight, shifts and that hour pass. Without it the clock is the machine's, and the run says so.
Things come and go, so that about as much stands on the screens all the time: what grows then is a leak. After the first fifth of the run (warming up) each measure's median of the first half is
compared with that of the second; more than five per cent, or a screen that is not the ledger, ends with exit code 1.

    python benchmarks/soak_wall.py [--minutes 30] [--hours 24] [--changes 4000] [--cuts 200] [--restarts 20] [--walls 3] [--json]
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from accounts import quick_rules, signed_in  # noqa: E402
from busy_room import Busy  # noqa: E402
from chromium import chromium, window  # noqa: E402
from console_server import answering, ended, free_port  # noqa: E402
from relays import Relay  # noqa: E402
from rooms import DISPATCHER, room_of  # noqa: E402

from api.identity import COOKIE  # noqa: E402
from api.live import answer  # noqa: E402
from data import path as pack_path  # noqa: E402
from geo.errors import LifecycleError  # noqa: E402
from incidents.lifecycle import Act, Entry  # noqa: E402
from layers.load import load  # noqa: E402
from reports.figures import Filter  # noqa: E402

SHIPPED, AREA, ZONE = "longnan", "soak", "America/New_York"
LEAP = datetime(2027, 3, 14, 7, tzinfo=UTC)  # when it is 03:00 in New York, and not 02:00
AFTER = 0.25  # of the run comes after it
DAY = 24  # hours
LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
)
STANDING = 60  # cases that stand open at a time, or a tenth of the changes
SAMPLES = 60  # of each screen, and of the console; no more than one a second
WARM = 0.2  # of the run
MOST = 0.05  # that a measure may grow
KNOWN = "Object.fromEntries(Array.from(battlemap.model.live.known.values()).map((one) => [one.uid, one.mark]))"
KEYS = {"JSHeapUsedSize": "heap", "Nodes": "nodes", "JSEventListeners": "listeners"}


class Clock:
    """The console's clock: the machine's, or one that runs faster from another day on."""

    def __init__(self, hours, minutes):
        self.library = next(filter(os.path.exists, LIBRARIES), None) if hours else None
        self.speed = hours * 60 / minutes if self.library else 1
        begin = LEAP - timedelta(hours=hours * (1 - AFTER))
        self.real, self.begin = time.time(), begin if self.library else datetime.now(UTC)

    def now(self):
        """Return the console's time."""
        return self.begin + timedelta(seconds=(time.time() - self.real) * self.speed)

    def environ(self):
        """Return what makes a process see it."""
        if not self.library:
            return {}
        at = self.now().strftime("@%Y-%m-%d %H:%M:%S")
        return {"LD_PRELOAD": self.library, "FAKETIME": f"{at} x{self.speed:g}", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}  # fmt: skip


class Console:
    """The console, in one life after another."""

    def __init__(self, folder, packs, clock):
        self.folder, self.clock, self.port, self.lives = folder, clock, free_port(), []
        self.environ = {"BATTLEMAP_DATA_DIR": str(folder / "var"), "BATTLEMAP_RULES": str(quick_rules(folder)), "BATTLEMAP_PACKS": str(packs), "BATTLEMAP_AREA": AREA, "BATTLEMAP_DEMO": "off"}  # fmt: skip

    def start(self):
        """Begin a life."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BATTLEMAP_")}
        said = (self.folder / "console.log").open("a")
        self.process = subprocess.Popen([sys.executable, str(HOUSE / "cli.py"), "serve", "--port", str(self.port)], cwd=self.folder, env={**kept, **self.environ, **self.clock.environ()}, stdout=said, stderr=said)  # fmt: skip
        said.close()
        answering(self.process, f"http://localhost:{self.port}")
        self.lives.append([])

    def stop(self, how):
        """End it."""
        ended(self.process, how)

    def sample(self):
        """Note the memory of this life, MB."""
        with suppress(OSError, StopIteration):
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
            self.lives[-1].append(int(line.split()[1]) / 1024)


class Screen:
    """One wall in a browser, and what it took at each sample."""

    def __init__(self, browser, address, cookie):
        context = window(browser, 1920, 1080)
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": address}])
        self.page, self.samples = context.new_page(), []
        self.page.goto(f"{address}/wall/{AREA}")
        self.page.wait_for_selector("html[data-ready='1']", state="attached")
        self.line = context.new_cdp_session(self.page)
        self.line.send("Performance.enable")

    def sample(self):
        """Note heap, nodes and listeners after a collection."""
        self.line.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in self.line.send("Performance.getMetrics")["metrics"]}
        self.samples.append({key: found[name] for name, key in KEYS.items()})

    def known(self):
        """Return what it shows: case -> mark."""
        return self.page.evaluate(KNOWN)


def write(busy, clock, chosen, over):
    """Let things come and go, evenly over the run; return how many changes were made."""
    standing, made, began, most = [], 0, time.monotonic(), min(STANDING, chosen.changes // 10)
    every = chosen.minutes * 60 / chosen.changes
    while not over.is_set() and made < chosen.changes:
        over.wait(max(0.0, began + made * every - time.monotonic()))
        now = clock.now()
        if len(standing) < most:
            standing.append(busy.report(now).number)
        else:
            gone = standing.pop(busy.random.randrange(len(standing)))
            entry = Entry(Act.CANCEL, DISPATCHER, now, {"reason": "x"})
            with suppress(LifecycleError):
                busy.room.ledger.change(lambda writing, gone=gone, entry=entry: writing.act(AREA, gone, entry))
        made += 1
    return made


def growth(samples):
    """Return by how much the median of the second half lies over that of the first, once it is warm."""
    warm = samples[int(len(samples) * WARM) :]
    half = len(warm) // 2
    return statistics.median(warm[half:]) / statistics.median(warm[:half]) - 1


def packed(folder):
    """Write the area again, in a zone whose clocks spring forward; return the folder of packs."""
    found = folder / "packs" / AREA
    shutil.copytree(pack_path(SHIPPED, ()), found)
    text = (found / "area.toml").read_text("utf-8")
    (found / "area.toml").write_text(text.replace('timezone = "Asia/Shanghai"', f'timezone = "{ZONE}"'), "utf-8")
    return found.parent


def run(folder, browser, chosen):
    """Let it run; return the lines of the report, and whether all is well."""
    clock = Clock(chosen.hours, chosen.minutes)
    (folder / "var").mkdir()
    packs = packed(folder)
    room = room_of(load(packs / AREA), folder / "var")
    busy = Busy(room, AREA, 1, 1, clock.now())
    cookie = signed_in(folder / "var", "wall", AREA, now=clock.now())
    console = Console(folder, packs, clock)
    console.start()
    relay, over = Relay(console.port), threading.Event()
    screens = [Screen(browser, f"http://localhost:{relay.port}", cookie) for _ in range(chosen.walls)]
    writer = threading.Thread(target=write, args=(busy, clock, chosen, over))
    writer.start()
    began, ends = time.monotonic(), chosen.minutes * 60
    samples = min(SAMPLES, int(ends))
    todo = sorted(
        [(ends * (n + 1) / (chosen.cuts + 1), "cut") for n in range(chosen.cuts)]
        + [(ends * (n + 0.5) / chosen.restarts, "restart") for n in range(chosen.restarts)]
        + [(ends * n / samples, "sample") for n in range(1, samples + 1)]
    )
    for at, what in todo:
        screens[0].page.wait_for_timeout(max(0.0, began + at - time.monotonic()) * 1000)
        if what == "cut":
            relay.cut()
        elif what == "restart":
            console.stop(random.choice((signal.SIGKILL, signal.SIGTERM)))
            console.start()
        else:
            for one in (console, *screens):
                one.sample()
    writer.join()
    over.set()
    wanted, same = {}, False
    until = time.monotonic() + 120
    while not same and time.monotonic() < until:
        screens[0].page.wait_for_timeout(1000)
        said = answer(room, Filter.from_query({"days": "shift"}), None, clock.now())
        wanted = {row[0]: row[3] for row in said["incidents"]}
        same = all(screen.known() == wanted for screen in screens)
    console.stop(signal.SIGTERM)
    grown = {key: max(growth([one[key] for one in screen.samples]) for screen in screens) for key in KEYS.values()}
    lives = [life[-1] for life in console.lives if life]
    if len(lives) > 4:
        grown["server memory"] = growth(lives)
    return {
        "clock": f"{clock.speed:g} times faster, to {clock.now():%Y-%m-%d %H:%M} UTC" if clock.library else "the machine's",
        "a screen at tenths": screens[0].samples[:: max(1, samples // 10)], "server MB, each life": [round(one, 1) for one in lives], "shown at the end": len(wanted), "screens are the ledger": same,
        "grown": {key: round(value, 3) for key, value in grown.items()}, "load": os.getloadavg()[0],
    }, same and all(value <= MOST for value in grown.values())  # fmt: skip


def main():
    """Run, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--hours", type=float, default=DAY, help="of the console's clock; 0 leaves it alone")
    parser.add_argument("--changes", type=int, default=4000)
    parser.add_argument("--cuts", type=int, default=200)
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--walls", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        found, well = run(Path(name), browser, chosen)
    print(json.dumps(found, indent=2) if chosen.json else "\n".join(f"{key}: {value}" for key, value in found.items()))
    sys.exit(not well)


if __name__ == "__main__":
    main()
