"""A register of many sites: all of them bound anew to a net that was redrawn, table updated and differences listed, beside geopandas; and pages of the register.

The sites lie anywhere in the net of an area; the ledger knows them by an older net, which lay a few metres beside, so that some count elsewhere now. The peer is what one would write by hand: the table read
into a frame, one `sjoin` with the micro-grids and one with each overlay, codes of the levels above by their parents, compared with the table and written back, without posts, history, chain or conflict.

    python benchmarks/bench_sites.py [--sites 1000000] [--pages 100000] [--folder DIR]
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from itertools import count as counting
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from rooms import DISPATCHER, NOON, room_of, shipped  # noqa: E402

from desk.inspections import rounds  # noqa: E402
from desk.sites import rebind, register  # noqa: E402
from inspections.sites import Site  # noqa: E402
from ledger import sites  # noqa: E402
from ledger.sites import Asked  # noqa: E402

AREA, SEED, ROUNDS = "longnan", 20261123, 15
AT_ONCE = 50_000
BESIDE = 4e-5  # degrees by which the older net lay beside this one: some four metres
KINDS = ("dust", "fumes", "gas_shop", "small_shop")


def filled(folder, count):
    """Return a room whose register has so many sites, as an older net had them."""
    room, random = room_of(shipped(AREA), Path(folder)), np.random.default_rng(SEED)
    net, post = room.area.net, register.ruled(room)
    west, south, east, north = net.bounds
    lon, lat = random.uniform(west, east, 2 * count), random.uniform(south, north, 2 * count)
    old = net.columns(lon + BESIDE, lat + BESIDE)
    kept = np.flatnonzero(old["grid_match"] == "inside")[:count]
    for begin in range(0, len(kept), AT_ONCE):
        codes = [(int(at), {key: str(old[key][at]) for key in net.keys}) for at in kept[begin : begin + AT_ONCE]]
        part = [
            Site(KINDS[n % len(KINDS)], f"场所{n}", float(lon[at]), float(lat[at]), codes=said, post=post(said))
            for n, (at, said) in enumerate(codes, begin)
        ]
        room.ledger.change(
            lambda writing, part=part: sites.make(writing, room.id, part, prefix="场", by=DISPATCHER, at=NOON)
        )
    return room


def timed(work):
    """Return seconds, and what the work returned."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def naive(room, folder):
    """Bind all sites of a copy of the ledger anew with geopandas; return number -> code of the micro-grid, of those that differ."""
    net = room.area.net
    copy = Path(folder) / "naive.db"
    with sqlite3.connect(copy) as connection:
        frame = pd.read_sql("SELECT id, number, lon, lat, codes FROM site", connection)
        points = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs="EPSG:4326")
        for part in (net.leaf, *net.overlays):
            grids = gpd.GeoDataFrame(
                {part.key: part.codes.astype(str)}, geometry=np.asarray(part.geoms), crs="EPSG:4326"
            )
            joined = points[["geometry"]].sjoin(grids, predicate="intersects", how="left")
            points[part.key] = joined.groupby(level=0)[part.key].min().fillna("")
        for above, below in reversed(list(pairwise(net.levels))):
            parents = dict(zip(below.codes.astype(str), above.codes.astype(str)[below.parents], strict=True))
            points[above.key] = points[below.key].map(parents).fillna("")
        towers = {code: ";".join(stack.code for stack in stacks) for code, stacks in net.stacked.items()}
        points[net.leaf.key] = points[net.leaf.key].replace(towers)
        now = [json.dumps(row, ensure_ascii=False) for row in points[list(net.keys)].to_dict("records")]
        before = np.array([json.loads(said)[net.leaf.key] for said in frame["codes"]])
        differs = np.flatnonzero(points[net.leaf.key].to_numpy() != before)
        ids, columns = (
            frame["id"].to_numpy()[differs].tolist(),
            {key: points[key].to_numpy()[differs] for key in net.keys},
        )
        connection.executemany(
            "UPDATE site SET codes = ? WHERE id = ?", zip((now[at] for at in differs), ids, strict=True)
        )
        connection.executemany("DELETE FROM site_grid WHERE site = ?", ((id_,) for id_ in ids))
        rows = ((id_, room.id, key, code) for key, codes in columns.items() for id_, code in zip(ids, codes, strict=True) if code)  # fmt: skip
        connection.executemany("INSERT INTO site_grid (site, area, key, code, state, kind) VALUES (?, ?, ?, ?, 'active', '')", rows)  # fmt: skip
    return dict(zip(frame["number"].to_numpy()[differs], columns[net.leaf.key], strict=True))


def rebinding(count, folder):
    """Print what binding all sites anew takes, ours and the peer's."""
    room = filled(folder, count)
    leaf = room.area.net.leaf.key
    with (
        sqlite3.connect(Path(folder) / "ledger.db") as source,
        sqlite3.connect(Path(folder) / "naive.db") as copy,
    ):
        source.backup(copy)
    planning, planned = timed(lambda: rebind.plan(room))
    listing, differences = timed(planned.differences)
    signing, differing = timed(lambda: rebind.sign(room, planned, planned.code, DISPATCHER, NOON))
    ours = {one.number: one.codes[1][leaf] for one in differences if leaf in one.keys}
    peer, theirs = timed(lambda: naive(room, folder))
    agree = sum(theirs.get(number) == code for number, code in ours.items())
    total = planning + listing + signing
    print(
        f"{count:,} sites, {differing:,} differ, {len(ours):,} in their micro-grid (the peer: {len(theirs):,}, {agree:,} alike)"
    )
    print(
        f"battlemap: found and compared {planning:.1f} s, listed {listing:.1f} s, written with history {signing:.1f} s; {total:.1f} s"
    )
    print(f"geopandas: {peer:.1f} s; ratio {peer / total:.2f}")
    room.ledger.close()


def pages(count, folder):
    """Print the milliseconds of pages of the register, the quickest of some rounds: of what else the machine does it holds the least."""
    room = filled(folder, count)
    every, net = Asked(AREA), room.area.net
    grid = replace(every, grid=(net.levels[1].key, str(net.levels[1].codes[0])))
    asked = {
        "first page": lambda: register.listed(room, every),
        "last page": lambda: register.listed(room, every, skip=count - 50),
        "count": lambda: register.count(room, every),
        "by kind": lambda: register.counts(room, every, "kind"),
        "by grid": lambda: register.counts(room, every, net.levels[1].key),
        "by post": lambda: register.counts(room, every, "post"),
        "page of a grid": lambda: register.listed(room, grid),
        "page by words": lambda: register.listed(room, replace(every, text="场所77")),
        "without a post": lambda: register.count(room, replace(every, without_post=True)),
    }
    print(f"{count:,} sites, ms")
    later = counting()
    asked |= {
        "rounds of all, worked out": lambda: rounds.stand(room, NOON + timedelta(days=next(later))),
        "rounds of all, kept": lambda: rounds.stand(room, NOON),
        "rounds counted": lambda: rounds.counts(room, every, NOON),
        "effect of another rule": lambda: rounds.effect(room, replace(rounds.rules(room), base_days={"dust": 2}), NOON),
    }
    for name, work in asked.items():
        print(f"{name}: {min(timed(work)[0] for _ in range(ROUNDS)) * 1000:.1f}")
    room.ledger.close()


def main():
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=100_000)
    parser.add_argument("--folder", help="on the disk to measure")
    chosen = parser.parse_args()
    print(f"geopandas {gpd.__version__}, shapely {shapely.__version__}")
    for work, count in ((pages, chosen.pages), (rebinding, chosen.sites)):
        if count:
            with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
                work(count, folder)


if __name__ == "__main__":
    main()
