"""Pages and counts of many inspections and findings: of the whole area, and as far as one micro-grid sees.

One inspection with its finding is made as a person makes it; the others are its rows again with other numbers, sites, days and states, written past the history, which these questions never read.

    python benchmarks/bench_inspections.py [--inspections 100000] [--sites 20000] [--folder DIR]
"""

import argparse
import random
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import insert, select, text

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from inspected import FAULT, inspected, kept  # noqa: E402

from incidents.within import Within  # noqa: E402
from ledger import findings, inspections, sites  # noqa: E402
from ledger.findings import Asked as AskedFindings  # noqa: E402
from ledger.inspections import Asked as AskedInspections  # noqa: E402
from ledger.tables import finding, inspection, site, site_grid  # noqa: E402

SEED, ROUNDS, PAGE, BACK_DAYS = 20261123, 5, 50, 700
TODAY = date(2026, 11, 20)
MONTH = TODAY.replace(day=1)
STANDS, OVER = ("open", "corrected", "handed_over"), ("closed", "closed", "closed", "withdrawn")
FIRST = 10_000_000  # id of the first row that is made here


def filled(folder, many, places, faults=None):
    """Return a room with so many sites and inspections, and as many findings unless ``faults`` says how many."""
    room, one = kept(Path(folder))
    inspected(room, one, FAULT)
    draw, leaf = random.Random(SEED), room.area.net.leaf
    with room.ledger.engine.begin() as connection:
        place, made, found = (dict(connection.execute(select(table)).mappings().one()) for table in (site, inspection, finding))  # fmt: skip
        grids = [dict(row) for row in connection.execute(select(site_grid)).mappings()]
        number = [f"场-{n:07d}" for n in range(places)]
        connection.execute(insert(site), [{**place, "id": FIRST + n, "number": number[n], "version": n} for n in range(places)])  # fmt: skip
        codes = [{"code": leaf.codes[n % len(leaf.codes)]} for n in range(places)]
        connection.execute(insert(site_grid), [{**row, "site": FIRST + n, **(codes[n] if row["key"] == leaf.key else {})} for n in range(places) for row in grids])  # fmt: skip

        def other(n):
            day = (TODAY - timedelta(days=draw.randrange(BACK_DAYS))).isoformat()
            return {"id": FIRST + n, "number": f"x-{n:07d}", "version": n, "site": draw.choice(number)}, day

        rows = [{**made, **same, "day": day, "item": f"a {n}"} for n in range(many) for same, day in (other(n),)]
        connection.execute(insert(inspection), rows)
        rows = []
        for n in range(many if faults is None else faults):
            (same, day), state = other(n), draw.choice(STANDS + OVER)
            end = {"due": day, "closed": None} if state in STANDS else {"due": None, "closed": day}
            rows.append({**found, **same, "found": day, "state": state, **end})
        connection.execute(insert(finding), rows)
        connection.execute(text("ANALYZE"))
    return room


def questions(room, within):
    """Return what a page asks, by name."""
    level = room.area.net.leaf.key
    made, found = AskedInspections(room.id, within), AskedFindings(room.id, TODAY, within)
    month, waiting = replace(made, since=MONTH), replace(found, states=frozenset({"open"}))
    return {
        "inspections, first page": lambda c: inspections.page(c, made, most=PAGE),
        "inspections, all": lambda c: inspections.count(c, made),
        "inspections of the month": lambda c: inspections.count(c, month),
        "inspections by outcome": lambda c: inspections.counts(c, made, "outcome"),
        "inspections by micro-grid": lambda c: inspections.counts(c, made, level),
        "inspections by words": lambda c: inspections.page(c, replace(made, text="羊汤"), most=PAGE),
        "findings, first page": lambda c: findings.page(c, found, most=PAGE),
        "findings, open": lambda c: findings.page(c, waiting, most=PAGE),
        "findings, overdue": lambda c: findings.count(c, replace(found, overdue=True)),
        "findings by state": lambda c: findings.counts(c, found, "state"),
        "findings by micro-grid": lambda c: findings.counts(c, found, level),
    }


def milliseconds(connection, ask):
    """Return the median time of a question, in ms, after a first one."""
    taken = []
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        ask(connection)
        taken.append(1000 * (time.perf_counter() - begin))
    return sorted(taken[1:])[ROUNDS // 2]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inspections", type=int, default=100_000)
    parser.add_argument("--sites", type=int, default=20_000)
    parser.add_argument("--folder", default="")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        room = filled(said.folder or folder, said.inspections, said.sites)
        leaf = room.area.net.leaf
        own = Within(leaf.key, frozenset({leaf.codes[0]}), frozenset({"worker"}))
        every, narrow = questions(room, sites.EVERYTHING), questions(room, own)
        with room.ledger.reading() as connection:
            print(f"{'ms':30s} {'all':>8s} {'one grid':>9s}")
            for name, ask in every.items():
                print(f"{name:30s} {milliseconds(connection, ask):8.1f} {milliseconds(connection, narrow[name]):9.1f}")
        room.ledger.close()


if __name__ == "__main__":
    main()
