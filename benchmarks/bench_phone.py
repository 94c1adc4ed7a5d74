"""The list of a phone, from the tap on its address to the first case on the screen, on a slow phone behind a slow network: ours beside the console's own list of cases, which is made with Streamlit.

Chromium slows its processor down and its network (both by its DevTools protocol): as many times, bytes a second and milliseconds of a round trip as are given. The defaults are a processor six times
slower and the "3G" of WebPageTest: 1.6 Mbit/s down, 768 kbit/s up, 300 ms. First: nothing is kept on the phone. Again: its worker has kept the shell. Bytes are those on the wire.

    python benchmarks/bench_phone.py [--cases 200] [--runs 5] [--cpu 6] [--down 1600] [--up 768] [--rtt 300] [--field] [--json]
"""

import argparse
import http.client
import json
import os
import platform
import statistics
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from accounts import quick_rules, signed_in  # noqa: E402
from busy_room import Busy  # noqa: E402
from chromium import chromium, window  # noqa: E402
from console_server import ended, started  # noqa: E402
from rooms import room_of, shipped  # noqa: E402

from api.identity import COOKIE  # noqa: E402

AREA, SCOPE = "longnan", "longnan:community:410102999001"
LISTS = {
    "field pages": ("/field/longnan?lang=zh", "main .card"),
    "console": ("/cases", "iframe, [data-testid=stDataFrame]"),
}
SEEN = """
(selector) => {
  const look = () => {
    if (!document.querySelector(selector)) return requestAnimationFrame(look);
    requestAnimationFrame(() => setTimeout(() => { document.documentElement.dataset.seen = performance.now(); }));
  };
  look();
}
"""


class Phone:
    """A browser that is slow, with somebody logged in."""

    def __init__(self, browser, address, cookie, chosen):
        self.address, self.chosen = address, chosen
        self.context = window(browser, 390, 844, is_mobile=True, has_touch=True)
        self.context.add_cookies(
            [{"name": COOKIE, "value": cookie, "url": address, "httpOnly": True, "sameSite": "Lax"}]
        )

    def close(self):
        """Put it away."""
        self.context.close()

    def load(self, path, selector):
        """Open an address; return seconds until what is looked for was painted, bytes on the wire, and requests."""
        page = self.context.new_page()
        slow = self.context.new_cdp_session(page)
        slow.send("Network.enable")
        slow.send("Emulation.setCPUThrottlingRate", {"rate": self.chosen.cpu})
        slow.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": self.chosen.rtt,
                "downloadThroughput": self.chosen.down * 125,
                "uploadThroughput": self.chosen.up * 125,
            },
        )
        loaded = []
        slow.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
        page.add_init_script(f"({SEEN})({json.dumps(selector)})")
        page.goto(f"{self.address}{path}")
        page.wait_for_selector("html[data-seen]", state="attached")
        seconds, size, requests = float(page.get_attribute("html", "data-seen")) / 1000, sum(loaded), len(loaded)
        page.wait_for_load_state("networkidle" if path.startswith("/field") else "load")
        page.close()
        return seconds, size, requests

    def keep(self, path):
        """Wait until its worker has kept the shell."""
        page = self.context.new_page()
        page.goto(f"{self.address}{path}")
        page.wait_for_selector("html[data-kept~=shell]", state="attached")
        page.close()


def measured(name, loads):
    """Return a line of the table."""
    seconds = [found[0] for found in loads]
    return {
        "list": name, "median s": round(statistics.median(seconds), 2), "slowest s": round(max(seconds), 2),
        "kB": round(statistics.median(found[1] for found in loads) / 1000, 1), "requests": round(statistics.median(found[2] for found in loads)),
    }  # fmt: skip


def lines(browser, address, cookie, chosen):
    """Measure all lists; return the lines of the table."""
    found = []
    for name, (path, selector) in LISTS.items():
        if chosen.field and not path.startswith("/field"):
            continue
        firsts = []
        for _ in range(chosen.runs):
            phone = Phone(browser, address, cookie, chosen)
            firsts.append(phone.load(path, selector))
            phone.close()
        found.append(measured(f"{name}, first", firsts))
        phone = Phone(browser, address, cookie, chosen)
        if path.startswith("/field"):
            phone.keep(path)
        else:
            phone.load(path, selector)
        found.append(measured(f"{name}, again", [phone.load(path, selector) for _ in range(chosen.runs)]))
        phone.close()
    return found


def ask(address, cookie):
    """Ask for the list, so that the area has begun."""
    with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=300)) as wire:
        wire.request("GET", f"/field/{AREA}/data", headers={"cookie": f"{COOKIE}={cookie}"})
        return json.loads(wire.getresponse().read())


def main():
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cpu", type=float, default=6, help="times slower")
    parser.add_argument("--down", type=int, default=1600, help="kbit/s")
    parser.add_argument("--up", type=int, default=768, help="kbit/s")
    parser.add_argument("--rtt", type=int, default=300, help="ms of a round trip")
    parser.add_argument("--field", action="store_true", help="the field pages alone")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        folder, var = Path(name), Path(name) / "var"
        var.mkdir()
        process, address = started(
            folder,
            BATTLEMAP_DATA_DIR=str(var),
            BATTLEMAP_RULES=str(quick_rules(folder)),
            BATTLEMAP_DEMO="off",
            BATTLEMAP_AREA=AREA,
        )
        try:
            cookie = signed_in(var, "community", SCOPE)
            ask(address, cookie)
            busy = Busy(room_of(shipped(AREA), var), AREA, 1, 1, datetime.now(UTC))
            while len(ask(address, cookie)["cases"]) < chosen.cases:
                busy.report(datetime.now(UTC))
            rows = lines(browser, address, cookie, chosen)
        finally:
            ended(process)
    if chosen.json:
        print(json.dumps({"python": platform.python_version(), "load": os.getloadavg(), "rows": rows}, indent=2))
        return
    for row in rows:
        print(", ".join(f"{key} {value}" for key, value in row.items()))
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
