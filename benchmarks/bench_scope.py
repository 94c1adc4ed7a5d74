"""What a scope costs: first page, day and counts of one who sees a part of the area, over a ledger of many cases, on both databases.

python benchmarks/bench_scope.py [--incidents 200000] [--folder DIR]
"""

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from ledgers import AREA, NOW, bulk  # noqa: E402
from postgres import fresh, running  # noqa: E402

from incidents.within import Within  # noqa: E402
from ledger import find  # noqa: E402
from ledger.find import Wanted  # noqa: E402
from ledger.store import open_ledger  # noqa: E402
from reports.figures import READ  # noqa: E402

ROUNDS = 15
SCOPES = {
    "everything": Within(),
    "analyst of a third-level grid": Within("grid", frozenset({"g33"})),
    "worker of a micro-grid": Within("micro", frozenset({"m333"}), frozenset({"worker:micro:m333"})),
    "head of a third-level grid": Within("grid", frozenset({"g33"}), frozenset({"head:grid:g33", "deputy:grid:g33"})),
    "a community, a seventh of all": Within("community", frozenset({"c3"}), frozenset({"head:community:c3"})),
    "a department": Within(posts=frozenset({"department::3"})),
}


def asked(connection, within):
    """Return what is asked, by name."""
    everything = Wanted(AREA, within=within)
    day = Wanted(AREA, within=within, marked=True, active_since=NOW - timedelta(days=1))
    number = Wanted(AREA, within=within, numbers=frozenset({"LN-20261122-7"}))
    changed = Wanted(AREA, within=within, after_version=find.version(connection, AREA) - 50)
    return {
        "first page": lambda: find.incidents(connection, everything, limit=100),
        "count": lambda: find.count(connection, everything),
        "marks": lambda: find.counts_by(connection, everything, "mark"),
        "map of a day": lambda: find.table(connection, day, READ),
        "marks of a day": lambda: find.counts_by(connection, day, "mark"),
        "red": lambda: find.incidents(connection, Wanted(AREA, within=within, marks=frozenset({"red"})), limit=100),
        "overdue": lambda: find.count(connection, Wanted(AREA, within=within, due_before=NOW)),
        "one case": lambda: find.incidents(connection, number),
        "changed": lambda: find.rows(connection, changed, columns=("number",), order="changed"),
    }


def timed(work):
    """Return the milliseconds of the quickest of some rounds: of what else the machine does it holds the least."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000)
    return min(found)


def measure(name, folder, url, count):
    """Print a table of milliseconds: a line for each scope."""
    ledger = open_ledger(folder, url)
    bulk(ledger, count)
    with ledger.reading() as connection:
        print(f"{name}, {count:,} cases, ms", *asked(connection, Within()), sep=" | ")
        for who, within in SCOPES.items():
            print(who, *(f"{timed(work):.1f}" for work in asked(connection, within).values()), sep=" | ")
    ledger.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--incidents", type=int, default=200_000)
    parser.add_argument("--folder", type=Path, help="a folder on the disk to measure")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder, running(durable=True) as server:
        measure("SQLite", Path(folder) / "sqlite", "", args.incidents)
        measure("PostgreSQL", Path(folder) / "postgresql", fresh(server), args.incidents)


if __name__ == "__main__":
    main()
