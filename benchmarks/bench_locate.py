"""The locator beside everything else that joins points to polygons, in one run, on the same data.

    python benchmarks/bench_locate.py                               # 700 and 10,000 polygons, 1e5 and 1e6 points: about four minutes
    python benchmarks/bench_locate.py --polygons 100000 --points 1e7 --slow 1e6 --json out.json

Every answer is compared before anything is timed. Peers that are not installed are named as skipped. What is timed of a peer is its join alone, with its points and polygons already in the form
it likes best; what is timed of the locator is the whole call on two columns of numbers.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import geopandas
import numpy as np
import shapely

sys.path.insert(0, str(Path(__file__).parent.parent))

from geo.locate import Locator

LONGEST = 6  # points between two junctions
SPACING = (0.006, 0.005)  # degrees
ORIGIN = (113.5, 34.6)


# ---- data ----


def tiling(count: int, seed: int = 1) -> np.ndarray:
    """Make a net of `count` grids in rows like bricks: three meet at a junction, borders bend, neighbours share their vertices exactly; 13 to 42 edges each."""
    rng = np.random.default_rng(seed)
    side = int(np.ceil(np.sqrt(count)))
    row, half = np.mgrid[0 : side + 1, 0 : 2 * side + 2]
    junctions = np.stack([half * 0.5, row * 1.0], axis=-1) + rng.uniform(-0.08, 0.08, (*row.shape, 2))
    level = _bent(junctions[:, :-1].reshape(-1, 2), junctions[:, 1:].reshape(-1, 2), rng)
    upright = _bent(junctions[:-1].reshape(-1, 2), junctions[1:].reshape(-1, 2), rng)
    r, c = np.divmod(np.arange(count), side)
    j = 2 * c + r % 2
    along, up = 2 * side + 1, 2 * side + 2
    borders = [
        _forth(level, r * along + j),
        _forth(level, r * along + j + 1),
        _forth(upright, r * up + j + 2),
        _back(level, (r + 1) * along + j + 1, junctions[r + 1, j + 2]),
        _back(level, (r + 1) * along + j, junctions[r + 1, j + 1]),
        _back(upright, r * up + j, junctions[r + 1, j]),
    ]
    kept = np.concatenate([mask for _, mask in borders], axis=1)
    vertices = np.concatenate([points for points, _ in borders], axis=1)[kept] * SPACING + ORIGIN
    return shapely.polygons(shapely.linearrings(vertices, indices=np.repeat(np.arange(count), kept.sum(axis=1))))


def _bent(start: np.ndarray, end: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return bent lines, each its start and 1 to 6 further points, and which of their points exist."""
    count = rng.integers(1, LONGEST + 1, len(start))
    share = np.arange(1, LONGEST + 1) / (count[:, None] + 1)
    along = end - start
    across = np.stack([-along[:, 1], along[:, 0]], axis=-1) / np.hypot(*along.T)[:, None]
    points = (
        start[:, None]
        + along[:, None] * share[..., None]
        + across[:, None] * rng.uniform(-0.05, 0.05, (*share.shape, 1))
    )
    return np.concatenate([start[:, None], points], axis=1), np.arange(LONGEST + 1) <= count[:, None]


def _forth(lines: tuple[np.ndarray, np.ndarray], which: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return lines[0][which], lines[1][which]


def _back(lines: tuple[np.ndarray, np.ndarray], which: np.ndarray, end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    points, mask = _forth(lines, which)
    place = mask.sum(axis=1)[:, None] - 1 - np.arange(LONGEST)
    turned = np.take_along_axis(points, np.clip(place, 0, LONGEST)[..., None], axis=1)
    first = np.ones((len(which), 1), dtype=bool)
    return np.concatenate([end[:, None], turned], axis=1), np.concatenate([first, place >= 1], axis=1)


def scattered(
    polygons: np.ndarray, count: int, *, on_edges: float = 0.02, seed: int = 2
) -> tuple[np.ndarray, np.ndarray]:
    """Scatter points over the net at random, some of them exactly on vertices or (as exactly as numbers allow) on edges."""
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(polygons)
    x, y = rng.uniform(west, east, count), rng.uniform(south, north, count)
    corners, owner = shapely.get_coordinates(polygons, return_index=True)
    edges = np.flatnonzero(owner[1:] == owner[:-1])
    chosen = rng.choice(edges, int(count * on_edges))
    share = np.where(rng.random(len(chosen)) < 0.5, 0.0, rng.random(len(chosen)))[:, None]
    at = rng.choice(count, len(chosen), replace=False)
    x[at], y[at] = (corners[chosen] + share * (corners[chosen + 1] - corners[chosen])).T
    return x, y


def by_tile(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sort points by tiles of 0.01 degree, as points that come by street or by vehicle are."""
    order = np.lexsort(((x * 100).astype(np.int64), (y * 100).astype(np.int64)))
    return x[order], y[order]


# ---- peers: each makes its data ready and returns the join, which returns (point, polygon) pairs ----

Join = Callable[[], tuple[np.ndarray, np.ndarray]]


def geopandas_sjoin(polygons: np.ndarray, x: np.ndarray, y: np.ndarray) -> Join:
    left = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(x, y), crs="EPSG:4326")
    right = geopandas.GeoDataFrame(geometry=polygons, crs="EPSG:4326")

    def join() -> tuple[np.ndarray, np.ndarray]:
        found = left.sjoin(right, predicate="intersects")
        return found.index.to_numpy(), found["index_right"].to_numpy()

    return join


def shapely_tree(polygons: np.ndarray, x: np.ndarray, y: np.ndarray) -> Join:
    tree, points = shapely.STRtree(polygons), shapely.points(x, y)

    def join() -> tuple[np.ndarray, np.ndarray]:
        return tuple(tree.query(points, predicate="intersects"))

    return join


def shapely_prepared(polygons: np.ndarray, x: np.ndarray, y: np.ndarray) -> Join:
    tree, points = shapely.STRtree(polygons), shapely.points(x, y)
    shapely.prepare(polygons)

    def join() -> tuple[np.ndarray, np.ndarray]:
        point, polygon = tree.query(points)
        inside = shapely.intersects_xy(polygons[polygon], x[point], y[point])
        return point[inside], polygon[inside]

    return join


def duckdb_spatial(polygons: np.ndarray, x: np.ndarray, y: np.ndarray, threads: int) -> Join:
    import duckdb
    import pyarrow as pa

    connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": str(threads)})
    _load_spatial(connection)
    points = pa.table({"id": np.arange(len(x)), "x": x, "y": y})
    nets = pa.table({"id": np.arange(len(polygons)), "wkb": shapely.to_wkb(polygons)})
    connection.register("points_", points)
    connection.register("nets_", nets)
    connection.execute("create table points as select id, ST_Point(x, y) as geom from points_")
    connection.execute("create table nets as select id, ST_GeomFromWKB(wkb) as geom from nets_")

    def join() -> tuple[np.ndarray, np.ndarray]:
        found = connection.execute(
            "select p.id as p, n.id as n from points p join nets n on ST_Intersects(n.geom, p.geom)"
        ).fetchnumpy()
        return np.asarray(found["p"]), np.asarray(found["n"])

    return join


def _load_spatial(connection: object) -> None:
    try:
        import duckdb_extension_spatial

        connection.load_extension(
            str(next(Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension")))
        )
    except ImportError:
        connection.load_extension("spatial")  # where one has been installed by other means


def sedona_db(polygons: np.ndarray, x: np.ndarray, y: np.ndarray) -> Join:
    import sedonadb

    context = sedonadb.connect()
    points = geopandas.GeoDataFrame({"p": np.arange(len(x))}, geometry=geopandas.points_from_xy(x, y), crs="EPSG:4326")
    nets = geopandas.GeoDataFrame({"n": np.arange(len(polygons))}, geometry=polygons, crs="EPSG:4326")
    context.create_data_frame(points).to_memtable().to_view("points")
    context.create_data_frame(nets).to_memtable().to_view("nets")

    def join() -> tuple[np.ndarray, np.ndarray]:
        found = context.sql(
            "select p, n from points join nets on ST_Intersects(nets.geometry, points.geometry)"
        ).to_arrow_table()
        return found["p"].to_numpy(), found["n"].to_numpy()

    return join


def polars_st(polygons: np.ndarray, x: np.ndarray, y: np.ndarray) -> Join:
    import polars as pl
    import polars_st as st

    points = pl.DataFrame({"p": np.arange(len(x))}).with_columns(
        st.from_shapely(pl.Series("geometry", shapely.points(x, y), dtype=pl.Object))
    )
    nets = pl.DataFrame({"n": np.arange(len(polygons))}).with_columns(
        st.from_shapely(pl.Series("geometry", polygons, dtype=pl.Object))
    )

    def join() -> tuple[np.ndarray, np.ndarray]:
        found = points.st.sjoin(nets, on="geometry", predicate="intersects")
        return found["p"].to_numpy(), found["n"].to_numpy()

    return join


def peers(cores: int) -> dict[str, Callable[..., Join]]:
    return {
        "geopandas sjoin": geopandas_sjoin,
        "shapely STRtree": shapely_tree,
        "shapely STRtree, prepared": shapely_prepared,
        "polars-st sjoin": polars_st,
        "DuckDB spatial, 1 thread": lambda *data: duckdb_spatial(*data, threads=1),
        f"DuckDB spatial, {cores} threads": lambda *data: duckdb_spatial(*data, threads=cores),
        f"SedonaDB, {cores} threads": sedona_db,
    }


PACKAGES = ("numpy", "numba", "shapely", "geopandas", "duckdb", "duckdb-extension-spatial", "sedonadb", "polars-st")


# ---- measuring ----


def seconds(work: Callable[[], object], repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def lowest(pairs: tuple[np.ndarray, np.ndarray], n: int) -> np.ndarray:
    """Return the first polygon of each point among pairs; -1 for none."""
    found = np.full(n, np.iinfo(np.int32).max, dtype=np.int64)
    np.minimum.at(found, pairs[0], pairs[1])
    return np.where(found == np.iinfo(np.int32).max, -1, found)


def single(polygons: np.ndarray, locator: Locator, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return the median time of a question about one point, in microseconds."""
    points = list(zip(x[:20_000].tolist(), y[:20_000].tolist(), strict=True))
    tree = shapely.STRtree(polygons)
    ours, theirs = [], []
    for point in points:
        start = time.perf_counter_ns()
        locator.locate_one(*point)
        ours.append(time.perf_counter_ns() - start)
    for point in points[:2_000]:
        start = time.perf_counter_ns()
        tree.query(shapely.Point(point), predicate="intersects")
        theirs.append(time.perf_counter_ns() - start)
    return {"locate_one": float(np.median(ours)) / 1e3, "STRtree": float(np.median(theirs)) / 1e3}


def first_use() -> dict[str, float]:
    """Return how long a new process waits for the compiled code: once per machine, and from the cache, in seconds."""
    code = "import time; t = time.perf_counter(); from geo.locate import Locator; import shapely; Locator([shapely.box(0, 0, 1, 1)]).prepare().locate([0.5], [0.5]); print(time.perf_counter() - t)"
    with tempfile.TemporaryDirectory() as folder:
        root = Path(__file__).parent.parent
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder, "PYTHONPATH": str(root)}
        runs = [
            float(
                subprocess.run(
                    [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment
                ).stdout
            )
            for _ in range(2)
        ]
    return {"compiling": runs[0], "from the cache": runs[1]}


def ours(polygons: np.ndarray, x: np.ndarray, y: np.ndarray, repeats: int) -> Iterator[dict[str, object]]:
    """Measure the locator: building, locating, and the bare reading of the columns."""
    building = seconds(lambda: Locator(polygons).prepare(), 3)
    locator = Locator(polygons).prepare()
    near_x, near_y = by_tile(x, y)
    out = np.empty(len(x))
    yield {"name": "numpy pass over the columns", "times": seconds(lambda: np.add(x, y, out=out), repeats)}
    yield {
        "name": "locator, all threads",
        "times": seconds(lambda: locator.locate(x, y), repeats),
        "build": building,
        "bytes": locator.nbytes,
    }
    yield {
        "name": "locator, 1 thread",
        "times": seconds(lambda: locator.locate(x, y, threads=1), repeats),
        "build": building,
        "bytes": locator.nbytes,
    }
    yield {
        "name": "locator, 1 thread, points by tile",
        "times": seconds(lambda: locator.locate(near_x, near_y, threads=1), repeats),
    }
    yield {
        "name": "locator, all covering, 1 thread",
        "times": seconds(lambda: locator.locate_all(x, y, threads=1), repeats),
    }


def measure(count: int, n: int, options: argparse.Namespace) -> dict[str, object]:
    polygons = tiling(count)
    x, y = scattered(polygons, n)
    expected = Locator(polygons).prepare().locate(x, y)
    rows, skipped = [], {}
    for name, make in peers(options.cores).items() if n <= options.slow else ():
        with _skipping(name, skipped):
            join = make(polygons.copy(), x, y)
            agree = bool((lowest(join(), n) == expected).all())
            rows.append({"name": name, "times": seconds(join, options.repeat_peers), "agrees": agree})
            print(f"  {name}: {np.median(rows[-1]['times']):.3f} s" + ("" if agree else "  DISAGREES"), flush=True)
    rows.extend(ours(polygons, x, y, options.repeat))
    sizes = shapely.get_num_coordinates(polygons) - 1
    return {
        "polygons": count,
        "edges": [int(sizes.min()), float(sizes.mean()), int(sizes.max())],
        "points": n,
        "rows": [_summary(row, n) for row in rows],
        "skipped": skipped,
        "single_us": single(polygons, Locator(polygons).prepare(), x, y),
    }


@contextmanager
def _skipping(name: str, skipped: dict[str, str]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        skipped[name] = f"{type(error).__name__}: {str(error).splitlines()[0]}"


def _summary(row: dict[str, object], n: int) -> dict[str, object]:
    times = row.pop("times")
    row |= {"median_s": float(np.median(times)), "best_s": min(times), "points_per_s": n / float(np.median(times))}
    if "build" in row:
        row["build"] = float(np.median(row["build"]))
    return row


# ---- report ----


def table(result: dict[str, object]) -> str:
    n, rows = result["points"], result["rows"]
    base = next((row["median_s"] for row in rows if row["name"] == "geopandas sjoin"), None)
    low, mean, high = result["edges"]
    lines = [f"\n### {result['polygons']:,} polygons ({low}-{high} edges, mean {mean:.0f}), {n:,} points\n"]
    lines += [
        "| | median s | M points/s | x sjoin | build s | index MB | pays from points |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        ratio = f"{base / row['median_s']:.1f}" if base else ""
        built, size, even = "", "", ""
        if "build" in row:
            built, size = f"{row['build']:.3f}", f"{row['bytes'] / 1e6:.1f}"
            even = f"{row['build'] / ((base - row['median_s']) / n):,.0f}" if base else ""
        wrong = " (DISAGREES)" if row.get("agrees") is False else ""
        lines.append(
            f"| {row['name']}{wrong} | {row['median_s']:.4f} | {row['points_per_s'] / 1e6:.2f} | {ratio} | {built} | {size} | {even} |"
        )
    lines += [f"\nskipped: {name} ({why})" for name, why in result["skipped"].items()]
    one = result["single_us"]
    lines.append(f"\none point, median: locate_one {one['locate_one']:.2f} us, STRtree {one['STRtree']:.2f} us")
    return "\n".join(lines)


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "-"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--polygons", type=float, nargs="+", default=[700, 10_000])
    parser.add_argument("--points", type=float, nargs="+", default=[1e5, 1e6])
    parser.add_argument("--slow", type=float, default=1e6, help="ask the peers only up to so many points")
    parser.add_argument("--repeat", type=int, default=15, help="of ours")
    parser.add_argument("--repeat-peers", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    waiting = first_use()
    print(
        f"cores {options.cores}, {versions()}\na new process waits {waiting['compiling']:.1f} s once per machine, then {waiting['from the cache']:.2f} s",
        flush=True,
    )
    results = []
    for count in options.polygons:
        for n in options.points:
            results.append(measure(int(count), int(n), options))
            print(table(results[-1]), flush=True)
    if options.json:
        report = {"versions": versions(), "cores": options.cores, "first_use_s": waiting, "results": results}
        options.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
