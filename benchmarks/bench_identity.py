"""What it costs to know who asks: the session of a request, the gate, the hash of a password, a storm of log-ins; and how long an import keeps the ledger to itself.

python benchmarks/bench_identity.py [--asks 2000] [--hashes 8] [--seconds 6] [--rows 10000 100000] [--json]
python benchmarks/bench_identity.py --asks 300 --hashes 2 --seconds 3 --rows 2000     # less than a minute
"""

import argparse
import asyncio
import gc
import hashlib
import http.client
import json
import os
import platform
import re
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import argon2
from itsdangerous import TimestampSigner
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from accounts import PASSWORD, account, signed_in  # noqa: E402
from console_server import served  # noqa: E402
from rooms import room_of  # noqa: E402
from small_pack import write_small_pack  # noqa: E402
from test_import_many import rows_of  # noqa: E402

from api.identity import COOKIE, Gate  # noqa: E402
from desk import imports  # noqa: E402
from desk.access.entrance import entrance_of  # noqa: E402
from desk.access.rules import identity_of  # noqa: E402
from layers.load import load  # noqa: E402

ROLE, SCOPE = "dispatcher", "longnan"
APART = timedelta(seconds=2)  # between two requests, so that nothing is remembered
DJANGO = 1_200_000  # iterations of PBKDF2-SHA256 in Django 6.0
STORM = 16  # threads
PAGES = ("/live/longnan", "/search/longnan?q=1")


def micros(work, count):
    """Return the median microseconds of a call, the collector being off."""
    found = []
    gc.disable()
    for number in range(count):
        began = time.perf_counter()
        work(number)
        found.append((time.perf_counter() - began) * 1e6)
    gc.enable()
    return statistics.median(found)


def sessions(folder, args):
    """Return the microseconds of finding out whose request it is."""
    cookie, now = signed_in(folder, ROLE, SCOPE), datetime.now(UTC)
    entrance = entrance_of(folder, "", None, demo=False)
    signer = TimestampSigner("k" * 32)
    signed = signer.sign(b64encode(json.dumps({"account": "a3f0", "role": ROLE, "scope": SCOPE}).encode()))
    database = sqlite3.connect(folder / "ledger.db")
    token = database.execute("SELECT token FROM session").fetchone()[0]
    few = min(args.asks, 1000)  # a session must not come to its end by it
    assert entrance.who(cookie, now, active=False).role == ROLE
    asked = gate(entrance, cookie, args)  # first: what follows puts the clock forward
    found = {
        "signed cookie alone": micros(lambda _: json.loads(b64decode(signer.unsign(signed, max_age=1209600))), args.asks),
        "one SELECT": micros(lambda _: database.execute("SELECT * FROM session WHERE token = ?", (token,)).fetchone(), args.asks),
        "ours, remembered": micros(lambda _: entrance.who(cookie, now, active=False), args.asks),
        "ours, read anew": micros(lambda number: entrance.who(cookie, now + number * APART, active=False), few),
    }  # fmt: skip
    database.close()
    return found, asked


def gate(entrance, cookie, args):
    """Return the microseconds of a request to an app of small routes, with the gate and without."""

    async def small(_request):
        return PlainTextResponse("ok")

    routes = [Route("/healthz", small), Route("/inbox", small)]
    bare, gated = Starlette(routes=routes), Starlette(routes=routes, middleware=[Middleware(Gate, entrance=entrance)])
    return {
        f"{path} {name}": asyncio.run(_requests(app, path, cookie, args.asks))
        for path in ("/healthz", "/inbox")
        for name, app in (("without", bare), ("with", gated))
    }


async def _requests(app, path, cookie, count):
    headers = [(b"host", b"localhost"), (b"cookie", f"{COOKIE}={cookie}".encode())]
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80)}  # fmt: skip
    said = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        said.append(message.get("status", 200))

    found = []
    for _ in range(count):
        began = time.perf_counter()
        await app(dict(scope), receive, send)
        found.append((time.perf_counter() - began) * 1e6)
    assert set(said) == {200}, set(said)
    return statistics.median(found)


def hashes(args):
    """Return the milliseconds of one check of a password."""
    cost, secret, salt = identity_of(None).cost, PASSWORD.encode(), b"s" * 16
    ours = argon2.PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=cost.lanes)
    usual = argon2.PasswordHasher()
    made, other = ours.hash(PASSWORD), usual.hash(PASSWORD)
    works = {
        "argon2id, ours": lambda _: ours.verify(made, PASSWORD),
        "argon2id, argon2-cffi's defaults": lambda _: usual.verify(other, PASSWORD),
        "scrypt, N=2^14 r=8 p=1": lambda _: hashlib.scrypt(secret, salt=salt, n=2**14, r=8, p=1),
        "scrypt, N=2^17 r=8 p=1": lambda _: hashlib.scrypt(secret, salt=salt, n=2**17, r=8, p=1, maxmem=2**28),
        f"PBKDF2-SHA256, {DJANGO:,}": lambda _: hashlib.pbkdf2_hmac("sha256", secret, salt, DJANGO),
    }
    return {name: micros(work, args.hashes) / 1000 for name, work in works.items()}


class Asker:
    """Somebody with a connection that stays open."""

    def __init__(self, address, cookie=""):
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}

    def ask(self, path, **kept):
        self._connection.request("GET", path, headers={**self._headers, **kept})
        answer = self._connection.getresponse()
        return answer, answer.read().decode()

    def log_in(self, name, password):
        """Open the log-in page, send its form, and return the status and the seconds of the form alone."""
        page, text = self.ask("/log-in", Accept="text/html")
        fields = {"form": re.search(r'name="form" value="([^"]+)"', text)[1], "name": name, "password": password}
        host = self._connection.host, self._connection.port
        headers = {
            "Cookie": page.getheader("set-cookie").split(";")[0],
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": "http://{}:{}".format(*host),
        }
        began = time.perf_counter()
        self._connection.request("POST", "/log-in", urlencode(fields), headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - began


def storm(folder, args):
    """Return the milliseconds of honest people's requests without and with a storm of log-ins beside them, and what became of both kinds of log-in."""
    cookie = signed_in(folder, ROLE, SCOPE)
    account(folder, ROLE, SCOPE, "honest")
    with served(folder, "--area", "longnan", BATTLEMAP_DATA_DIR=str(folder), BATTLEMAP_DEMO="off") as address:
        for path in PAGES:
            assert Asker(address, cookie).ask(path)[0].status == 200
        quiet, entered = _honest(address, cookie, args.seconds)
        over, bogus, lock = threading.Event(), {}, threading.Lock()
        threads = [threading.Thread(target=_bogus, args=(address, at, over, bogus, lock)) for at in range(STORM)]
        for thread in threads:
            thread.start()
        loud, besieged = _honest(address, cookie, args.seconds)
        over.set()
        for thread in threads:
            thread.join()
    return {
        "pages, median and p95, quiet": _spread(quiet),
        "pages, median and p95, storm": _spread(loud),
        "honest log-ins, quiet": entered,
        "honest log-ins, storm": besieged,
        "bogus log-ins a second": {status: count / args.seconds for status, count in sorted(bogus.items())},
    }


def _honest(address, cookie, seconds):
    """Ask for pages as people do, and log in now and then; returns milliseconds of pages, and the log-ins as status and milliseconds."""
    pages, entered, over = [], [], threading.Event()

    def enter():
        while not over.wait(1):
            status, took = Asker(address).log_in("honest", PASSWORD)
            entered.append((status, round(took * 1000)))

    entering = threading.Thread(target=enter)
    entering.start()
    asker, end = Asker(address, cookie), time.monotonic() + seconds
    while time.monotonic() < end:
        for path in PAGES:
            began = time.perf_counter()
            answer, _ = asker.ask(path)
            assert answer.status == 200
            pages.append((time.perf_counter() - began) * 1000)
        time.sleep(0.05)
    over.set()
    entering.join()
    return pages, entered


def _bogus(address, at, over, found, lock):
    asker, number = Asker(address), 0
    while not over.is_set():
        number += 1
        status, _ = asker.log_in(f"nobody{at}-{number}", "wrong-Password-1")
        with lock:
            found[status] = found.get(status, 0) + 1


def _spread(times):
    return [statistics.median(times), sorted(times)[int(len(times) * 0.95)]]


def imported(base, rows):
    """Return the seconds of processor time of an import of so many rows: of all of it, of writing, and of what is done while nobody else can write."""
    room, held = room_of(load(write_small_pack(base / "small")), base / "ledger"), []
    commit = room.ledger._commit  # noqa: SLF001  from the lock on the ledger to the disk's word

    def timed(batch):
        began = time.thread_time()
        commit(batch)
        held.append(time.thread_time() - began)

    now, path = datetime.now(UTC), rows_of(base / "rows.csv", rows)
    began, started = time.thread_time(), time.perf_counter()
    planned = imports.plan(room, path, None, now)
    read = time.thread_time()
    room.ledger._commit = timed  # noqa: SLF001
    made = imports.write(room, planned, now)
    ended = time.thread_time()
    assert len(made.made) == rows
    room.ledger.close()
    return {
        "whole": ended - began,
        "writing": ended - read,
        "in the lock": sum(held),
        "share": sum(held) / (ended - began),
        "wall": time.perf_counter() - started,
    }


def measured(args):
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        versions = {"python": platform.python_version(), "argon2-cffi": version("argon2-cffi"), "load": os.getloadavg()}
        found, asked = sessions(base / "sessions", args)
        result = {"versions": versions, "session, us": found, "gate, us": asked}
        result["password, ms"] = hashes(args)
        (base / "storm").mkdir()
        result["storm, ms"] = storm(base / "storm", args)
        for rows in args.rows:
            (base / str(rows)).mkdir()
            result[f"import of {rows:,}, s"] = imported(base / str(rows), rows)
        versions["load at end"] = os.getloadavg()
    return result


def text(result):
    lines = [str(result.pop("versions"))]
    for name, found in result.items():
        first = next(iter(found.values()))
        compared = name.startswith(("session", "password"))
        lines += [name, *(f"  {key}: {_shown(value)}" + (f"  x{value / first:.2f}" if compared else "") for key, value in found.items())]  # fmt: skip
    return "\n".join(lines)


def _shown(value):
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one:,.1f}" for key, one in value.items())
    return ", ".join(f"{one:,.2f}" if isinstance(one, float) else str(one) for one in (value if isinstance(value, list) else [value]))  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--asks", type=int, default=2000)
    parser.add_argument("--hashes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = measured(args)
    print(json.dumps(result, indent=1) if args.json else text(result))


if __name__ == "__main__":
    main()
