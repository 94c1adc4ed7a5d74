"""Phones that come back at once after an outage, at a console that runs: ours (a parcel of items with keys) beside a naive peer (one request an item, no keys).

Both go through the same console, the same rules and the same commits. The answers of every third phone's first request are lost on the way, as they are where the signal is poor: whereupon
a phone sends again what it does not know to be done. The naive peer has no key by which it would be known, so that it makes a second case.

    python benchmarks/bench_field.py [--phones 200] [--reports 3] [--json]
"""

import argparse
import http.client
import json
import platform
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from accounts import account, quick_rules, signed_in  # noqa: E402
from console_server import ended, started  # noqa: E402

LEAF = "41010299900100101"
SCOPE = f"longnan:micro:{LEAF}"
ACCOUNTS = 40
LOST = 3  # of so many phones one does not hear the first answer


class Phone:
    """One phone: what it wrote down, and how it sends that."""

    def __init__(self, address, cookie, listed, reports, *, loses):
        self.netloc, self.address, self.cookie, self.loses = urlsplit(address).netloc, address, cookie, loses
        self.items, self.requests, self.seconds = written(listed, reports), 0, 0.0

    def ask(self, items, *, hear=True):
        """Send items; None where the answer is lost."""
        self.requests += 1
        body = json.dumps({"clock": datetime.now(UTC).isoformat(), "items": items})
        headers = {
            "cookie": f"battlemap_session={self.cookie}",
            "origin": self.address,
            "content-type": "application/json",
        }
        with closing(http.client.HTTPConnection(self.netloc, timeout=300)) as wire:
            wire.request("POST", "/field/longnan/send", body, headers)
            answer = wire.getresponse()
            if not hear:
                return None  # it was done, and nobody heard of it
            return json.loads(answer.read())["items"]

    def together(self):
        """Ours: one parcel, and the same again until it was heard."""
        found = self.ask(self.items, hear=not self.loses)
        return found or self.ask(self.items)

    def one_by_one(self):
        """Send each item by itself, as the peer does: every try has a key of its own, so that none is known again; notes name the number that came back."""
        numbers, found = {}, []
        for place, item in enumerate(self.items):
            case = item.get("case")
            sent = {**item, **({"case": numbers[case["key"]]} if case else {})}
            heard = None
            while heard is None:
                lost = self.loses and place == 0 and not self.requests
                heard = self.ask([{**sent, "key": str(uuid4())}], hear=not lost)
            numbers[item["key"]] = heard[0].get("number")
            found += heard
        return found


def written(listed, reports):
    """So many reports, each with a note."""
    west, south, east, north = listed["area"]["grids"][0]["bounds"]
    spot = {"class_": "06010", "lon": (west + east) / 2, "lat": (south + north) / 2, "text": "楼道堆物,请处理"}
    common = {"as": listed["who"]["posts"][0]["key"], "at": datetime.now(UTC).isoformat(), "photos": []}
    found = []
    for _ in range(reports):
        key = str(uuid4())
        found += [
            {**common, "key": key, "do": "report", "data": spot},
            {**common, "key": str(uuid4()), "do": "note", "case": {"key": key}, "data": {"text": "三楼也有"}},
        ]
    return found


def come_back(phones, how):
    """Let all phones send at once; return the seconds until the last was done."""
    gate = threading.Barrier(len(phones) + 1)

    def run(phone):
        gate.wait()
        began = time.perf_counter()
        done = how(phone)
        phone.seconds = time.perf_counter() - began
        assert all(one["state"] == "done" for one in done), done

    threads = [threading.Thread(target=run, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def cases(var):
    with closing(sqlite3.connect(f"file:{var / 'ledger.db'}?mode=ro", uri=True)) as connection:
        return connection.execute("SELECT count(*) FROM incident").fetchone()[0]


def measured(name, how, house, *, count, reports):
    address, cookies, listed, var = house
    phones = [
        Phone(address, cookies[place % len(cookies)], listed, reports, loses=place % LOST == 0)
        for place in range(count)
    ]
    before, wanted = cases(var), count * reports
    seconds = come_back(phones, how)
    made = cases(var) - before
    waits = sorted(phone.seconds for phone in phones)
    return {
        "how": name, "seconds": round(seconds, 2), "items a second": round(2 * wanted / seconds), "requests": sum(phone.requests for phone in phones),
        "median phone s": round(statistics.median(waits), 2), "slowest phone s": round(waits[-1], 2), "cases wanted": wanted, "cases made": made, "lost or doubled": made - wanted,
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phones", type=int, default=200)
    parser.add_argument("--reports", type=int, default=3, help="each with a note")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, var = Path(name), Path(name) / "var"
        var.mkdir()
        rules = quick_rules(folder)
        process, address = started(
            folder, BATTLEMAP_DATA_DIR=str(var), BATTLEMAP_RULES=str(rules), BATTLEMAP_DEMO="off"
        )
        try:
            for number in range(ACCOUNTS):
                account(var, "worker", SCOPE, f"worker-{number}")
            cookies = [signed_in(var, "worker", SCOPE, name=f"worker-{number}") for number in range(ACCOUNTS)]
            with closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)) as wire:
                wire.request("GET", "/field/longnan/data", headers={"cookie": f"battlemap_session={cookies[0]}"})
                listed = json.loads(wire.getresponse().read())
            house = address, cookies, listed, var
            size = {"count": chosen.phones, "reports": chosen.reports}
            rows = [
                measured("parcels with keys", Phone.together, house, **size),
                measured("one request an item, no keys", Phone.one_by_one, house, **size),
            ]
        finally:
            ended(process)
    if chosen.json:
        print(json.dumps({"python": platform.python_version(), "phones": chosen.phones, "rows": rows}, indent=2))
        return
    for row in rows:
        print(", ".join(f"{name} {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
