"""The daily sheet over a ledger of many cases and a net of 800 grids, PDF included, beside pandas that reads the same table.

python benchmarks/bench_sheet.py [--incidents 1000000] [--folder DIR]
"""

import argparse
import json
import resource
import sys
import tempfile
import textwrap
import time
from datetime import timedelta
from pathlib import Path

import pandas as pd
import shapely
import sqlalchemy

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from ledgers import NOW, bulk  # noqa: E402
from rooms import room_of  # noqa: E402

from incidents.model import Mark  # noqa: E402
from incidents.sheets import day_of, span  # noqa: E402
from layers.load import load  # noqa: E402
from reports.daily import draft  # noqa: E402
from reports.sheet_files import KINDS, Stock, printed  # noqa: E402

ROUNDS, MICROS, SIDE = 5, 800, 0.002  # degrees
WEST, SOUTH = 113.6, 34.7


def make_pack(folder):
    """Write a pack whose grids have the codes that `ledgers.bulk` gives: 8 communities of 10 grids of 10 micro-grids."""
    boxes = {}
    for micro in range(MICROS):
        community, rest = divmod(micro, 100)
        x, y = community % 4 * 10 + rest % 10, community // 4 * 10 + rest // 10
        boxes[micro] = shapely.box(WEST + x * SIDE, SOUTH + y * SIDE, WEST + (x + 1) * SIDE, SOUTH + (y + 1) * SIDE)
    levels = {
        "street": {"s": range(MICROS)},
        "community": {f"c{n}": range(n * 100, n * 100 + 100) for n in range(8)},
        "grid": {f"g{n:02d}": range(n * 10, n * 10 + 10) for n in range(80)},
        "micro": {f"m{n:03d}": [n] for n in range(MICROS)},
    }
    parents = {"community": lambda _: "s", "grid": lambda n: f"c{n // 100}", "micro": lambda n: f"g{n // 10:02d}"}
    written = ['name = "量"', "edition = 2026-01-01", 'timezone = "Asia/Shanghai"']
    for key, grids in levels.items():
        features = [
            {
                "type": "Feature",
                "properties": {"code": code, **({"parent": parents[key](held[0])} if key in parents else {})},
                "geometry": shapely.geometry.mapping(shapely.union_all([boxes[one] for one in held])),
            }
            for code, held in grids.items()
        ]
        (folder / f"{key}.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        parent = 'parent = "parent"' if key in parents else ""
        written.append(f'[[levels]]\nkey = "{key}"\nname = "{key}"\nfile = "{key}.geojson"\ncode = "code"\n{parent}')
    (folder / "area.toml").write_text(textwrap.dedent("\n".join(written)))
    return load(folder)


def plain(url, begins, ends):
    """Count as a script would: the table into pandas, the day out of it, and a count by community."""
    engine = sqlalchemy.create_engine(url)
    frame = pd.read_sql(
        "SELECT reported, codes, mark, due FROM incident WHERE mark IN ('red', 'yellow', 'green')", engine
    )
    frame["reported"] = pd.to_datetime(frame["reported"], utc=True, unit="ms")
    day = frame[(frame["reported"] >= begins) & (frame["reported"] < ends)]
    code = day["codes"].map(lambda text: json.loads(text)["community"])
    return day.assign(new=1, red=day["mark"] == Mark.RED.value).groupby(code)[["new", "red"]].sum()


def timed(work, rounds=ROUNDS):
    """Return the seconds of the quickest round, and what it returned."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        made = work()
        found.append(time.perf_counter() - began)
    return min(found), made


def measure(folder, count):
    """Print seconds."""
    (folder / "pack").mkdir(parents=True)
    area = make_pack(folder / "pack")
    room = room_of(area, folder / "ledger")
    began = time.perf_counter()
    bulk(room.ledger, count, area=area.id, micros=MICROS)
    print(f"{count:,} cases written in {time.perf_counter() - began:.0f} s")
    cutoff, zone = room.rules.sheets.cutoff, area.pack.timezone
    day = day_of(NOW, cutoff, zone) - timedelta(days=1)
    begins, ends = span(day, cutoff, zone)
    began = time.perf_counter()
    draft(room, NOW, "zh", day=day)
    print(f"first sheet of the process {time.perf_counter() - began:.2f} s")
    moments = iter(range(1, 10_000))  # a minute later each time: no picture is asked for twice
    seconds, paper = timed(lambda: draft(room, NOW + timedelta(minutes=next(moments)), "zh", day=day))
    whole_of = dict(paper.total.values)
    print(f"sheet {seconds:.3f} s: {whole_of['new']:,} cases of the day")
    for kind in KINDS:
        print(f"{kind} {timed(lambda kind=kind: printed(paper, kind, Stock()))[0]:.3f} s")
    whole, _ = timed(
        lambda: printed(draft(room, NOW + timedelta(minutes=next(moments)), "zh", day=day), "pdf", Stock())
    )
    file = next(one for one in (folder / "ledger").rglob("*") if one.is_file() and one.open("rb").read(6) == b"SQLite")
    theirs, frame = timed(lambda: plain(f"sqlite:///{file}", begins, ends), rounds=2)
    assert int(frame["new"].sum()) == whole_of["new"], (frame.sum(), whole_of)
    assert int(frame["red"].sum()) == whole_of["open"]
    print(f"sheet with PDF {whole:.3f} s; pandas, counts alone {theirs:.3f} s; ratio {theirs / whole:.1f}")
    print(f"most memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main():
    """Measure."""
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--incidents", type=int, default=1_000_000)
    said.add_argument("--folder", type=Path)
    wanted = said.parse_args()
    with tempfile.TemporaryDirectory() as own:
        measure(wanted.folder or Path(own), wanted.incidents)


if __name__ == "__main__":
    main()
