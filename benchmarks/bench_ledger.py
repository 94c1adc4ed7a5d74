"""The ledger: durable reports a second through the full rules beside raw inserts of the same rows, and the list page over a million incidents.

One run, one machine, one disk; raw inserts go into the same tables with the same indexes, one transaction a report, with the same durability (SQLite: WAL and
synchronous=FULL; PostgreSQL: fsync and synchronous_commit on).

    python benchmarks/bench_ledger.py [--reports 2000] [--rounds 3] [--incidents 1000000] [--folder DIR] [--json]
"""

import argparse
import itertools
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import shapely

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from ledgers import AREA, NOW, bulk  # noqa: E402
from postgres import fresh, running  # noqa: E402

import data  # noqa: E402
from desk.reports import Draft, report  # noqa: E402
from desk.room import Room  # noqa: E402
from desk.rules import rules_of  # noqa: E402
from incidents.lifecycle import By, PostKind  # noqa: E402
from layers.load import load  # noqa: E402
from ledger import find, tables  # noqa: E402
from ledger.find import Wanted  # noqa: E402
from ledger.store import open_ledger  # noqa: E402

WRITERS = 20
CLASS = "06010"  # 暴露垃圾
BY = By("worker:micro:0001", PostKind.WORKER)
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TABLES = ("incident", "incident_grid", "incident_post", "wording", "origin", "history")


def drafts(area, count, name):
    """Return reports as a worker makes them, each with a key of its own, at places of the net."""
    places = [(point.x, point.y) for point in map(shapely.point_on_surface, area.net.leaf.geoms)]
    return [
        Draft(
            class_=CLASS,
            lon=places[number % len(places)][0],
            lat=places[number % len(places)][1],
            text="三号楼前有垃圾堆放,请处理。",
            address="龙南街道三号楼",
            key=f"{name}-{number}",
        )
        for number in range(count)
    ]


def rate(count, threads, work):
    """Return works a second: ``work(thread, number)`` for every number, parted among threads."""

    def run(thread):
        for number in range(thread, count, threads):
            work(thread, number)

    workers = [threading.Thread(target=run, args=(thread,)) for thread in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count / (time.perf_counter() - began)


def template(ledger):
    """Return the rows of the last report, by table."""
    with ledger.reading() as connection:
        last = ledger.version()
        found = {}
        for name in TABLES:
            table = tables.METADATA.tables[name]
            by = {
                "incident": "id",
                "incident_grid": "incident",
                "incident_post": "incident",
                "origin": "incident",
                "history": "version",
            }.get(name)
            where = table.c[by] == last if by else table.c.key == f"{last}.words"
            found[name] = [dict(row) for row in connection.execute(table.select().where(where)).mappings()]
    assert all(found.values()), found
    return found


def numbered(rows, number):
    """Return the rows of another report of the same size."""
    marks = {"id": number, "incident": number, "version": number}
    made = {
        name: [{**row, **{k: v for k, v in marks.items() if k in row}} for row in some] for name, some in rows.items()
    }
    made["incident"][0]["number"] = made["history"][0]["key"] = f"LN-20261123-{number:06d}"
    made["wording"][0]["key"], made["origin"][0]["key"] = f"{number}.words", f"key-{number}"
    return made


def inserts(rows, mark):
    """Return the statements that insert such rows."""
    columns = {name: ", ".join(f'"{column}"' for column in some[0]) for name, some in rows.items()}
    marks = {name: ", ".join(mark for _ in some[0]) for name, some in rows.items()}
    return {name: f"INSERT INTO {name} ({columns[name]}) VALUES ({marks[name]})" for name in rows}


class Raw:
    """Raw inserts, each thread with a connection of its own."""

    def __init__(self, rows, folder, url):
        self.rows, self.url, self.path = rows, url, folder / "ledger.db"
        self.statements = inserts(rows, "%s" if url else "?")
        self.numbers = itertools.count(1_000_000)
        self.local = threading.local()

    def connection(self):
        if not hasattr(self.local, "connection"):
            if self.url:
                self.local.connection = psycopg.connect(self.url)
            else:
                made = sqlite3.connect(self.path, timeout=60, isolation_level=None)
                for pragma in ("synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
                    made.execute(f"PRAGMA {pragma}")
                self.local.connection = made
        return self.local.connection

    def __call__(self, _thread, _number):
        connection, rows = self.connection(), numbered(self.rows, next(self.numbers))
        cursor = connection.cursor()
        if not self.url:
            cursor.execute("BEGIN IMMEDIATE")
        for name, some in rows.items():
            values = [tuple(row.values()) for row in some]
            if len(values) == 1:
                cursor.execute(self.statements[name], values[0])
            else:
                cursor.executemany(self.statements[name], values)
        connection.commit()


def reports(area, base, make_url, args):
    """Return the reports a second of one database: raw and ours, one writer and twenty, taken in turn."""
    found = {("raw", 1): [], ("ours", 1): [], ("raw", WRITERS): [], ("ours", WRITERS): []}
    for turn in range(args.rounds):
        raw_folder, raw_url = base / f"raw-{turn}", make_url()
        open_ledger(raw_folder, raw_url).close()
        ledger = open_ledger(base / f"reports-{turn}", make_url())
        room = Room(area, rules_of(area.pack, None), ledger)
        ours(room, drafts(area, 50, "warm"), 1)
        raw = Raw(template(ledger), raw_folder, raw_url)
        rate(50, 1, raw)
        for threads in (1, WRITERS):
            found["raw", threads].append(rate(args.reports, threads, raw))
            found["ours", threads].append(ours(room, drafts(area, args.reports, threads), threads))
        ledger.close()
    return {f"{who} {threads}": statistics.median(rates) for (who, threads), rates in found.items()}


def ours(room, made, threads):
    return rate(len(made), threads, lambda _thread, number: report(room, made[number], BY, AT))


def views(count):
    """Return what list pages ask of a million incidents."""
    week, micro, grid = NOW - timedelta(days=7), frozenset({"m333"}), frozenset({"g33"})
    kind, red, green = frozenset({"m1.c1"}), frozenset({"red"}), frozenset({"green"})
    return {
        "newest": (Wanted(AREA), "newest"),
        "colour, class, grid (rare)": (Wanted(AREA, marks=red, classes=kind, grid="grid", codes=grid), "newest"),
        "colour, class, grid (common)": (Wanted(AREA, marks=green, classes=kind, grid="micro", codes=micro), "newest"),
        "colour, major, community": (
            Wanted(AREA, marks=green, majors=frozenset({"m1"}), grid="community", codes=frozenset({"c3"})),
            "newest",
        ),
        "state, class, week": (
            Wanted(AREA, statuses=frozenset({"evaluated"}), classes=kind, reported_since=week),
            "newest",
        ),
        "state, handler, grid": (
            Wanted(AREA, statuses=frozenset({"in_hand"}), handler="department::3", grid="grid", codes=grid),
            "newest",
        ),
        "inbox of a department": (
            Wanted(AREA, handler="department::3", statuses=frozenset({"dispatched", "in_hand", "returned"})),
            "newest",
        ),
        "my turn": (Wanted(AREA, mine="department::3"), "newest"),
        "red of a micro-grid": (Wanted(AREA, marks=red, grid="micro", codes=micro), "newest"),
        "overdue": (Wanted(AREA, due_before=NOW), "due"),
        "a grid this week": (Wanted(AREA, active_since=week, grid="grid", codes=grid), "newest"),
        "changed since": (Wanted(AREA, after_version=count - 300), "changed"),
        "a word in text, no hit": (Wanted(AREA, text="nowhere"), "newest"),
    }


def lists(base, url, args):
    """Return the milliseconds of a page of 100 incidents and of its count up to 1,000: median and 95th percentile."""
    ledger = open_ledger(base / "list", url)
    began = time.perf_counter()
    bulk(ledger, args.incidents)
    found = {"made in s": time.perf_counter() - began}
    with ledger.reading() as connection:
        for name, (wanted, order) in views(args.incidents).items():
            page = [_timed(lambda w=wanted, o=order: find.rows(connection, w, order=o, limit=100)) for _ in range(21)]
            count = [_timed(lambda w=wanted: find.count(connection, w, most=1000)) for _ in range(7)]
            found[name] = [statistics.median(page), sorted(page)[19], statistics.median(count)]
    ledger.close()
    return found


def _timed(work):
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reports", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--incidents", type=lambda text: int(float(text)), default=1_000_000)
    parser.add_argument("--folder", type=Path, help="a folder on the disk to measure")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    area = load(data.path("longnan", ()))
    versions = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version, "load": os.getloadavg()}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder, running(durable=True) as server:
        base = Path(folder)
        result = {
            "versions": versions,
            "reports sqlite": reports(area, base / "sqlite", str, args),
            "reports postgresql": reports(area, base / "postgresql", lambda: fresh(server), args),
        }
        if args.incidents:
            result["list sqlite"] = lists(base / "sqlite", "", args)
            result["list postgresql"] = lists(base / "postgresql", fresh(server), args)
        versions["load at end"] = os.getloadavg()
    print(json.dumps(result, indent=1) if args.json else text(result))


def text(result):
    lines = [str(result["versions"])]
    for name, found in result.items():
        lines += [name, *(f"  {key}: {_shown(value)}" for key, value in found.items())] if name != "versions" else []
    return "\n".join(lines)


def _shown(value):
    return ", ".join(f"{one:,.1f}" for one in (value if isinstance(value, list) else [value]))


if __name__ == "__main__":
    main()
