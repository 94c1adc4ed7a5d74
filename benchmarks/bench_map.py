"""Our map document beside st_folium at its best: time to load, bytes, heap, and what a refresh costs.

1,000 grids, 50,000 buildings and 20,000 incidents, made from a seed, the same for both; one run, one Chromium, medians.

    python benchmarks/bench_map.py [--rounds 5] [--json]

The peer needs the packages of the group `bench`, and npm for the one Leaflet plug-in that folium would fetch from the internet.
"""

import argparse
import contextlib
import gzip
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import shapely
from playwright.sync_api import Error, sync_playwright
from starlette.responses import PlainTextResponse
from starlette.routing import Route

HOUSE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HOUSE), str(HOUSE / "tests")]

from map_server import serving  # noqa: E402

from desk.room import DISPATCHER  # noqa: E402
from incidents.lifecycle import Act, By, Entry, PostKind  # noqa: E402
from ledger import find  # noqa: E402

GRIDS, BUILDINGS, INCIDENTS = (40, 25), 50_000, 20_000
WEST, SOUTH, WIDTH, HEIGHT = 113.55, 34.70, 0.10, 0.08
CENTRE, ZOOM = (34.74, 113.60), 15
CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PLUGIN = "leaflet.markercluster@1.1.0"
STATUS = {"dispatched": 0.2, "self_cleared": 0.1, "closed": 0.7}
COLOUR = {"dispatched": "#d92b2b", "self_cleared": "#f2ae00", "closed": "#2a9d62"}


def collection(features):
    return json.dumps(
        {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "properties": p, "geometry": g} for p, g in features],
        }
    )


def make_pack(folder, seed=20260301):
    """Write the pack, and beside it the same points for the peer."""
    rng = np.random.default_rng(seed)
    columns, rows = GRIDS
    xs, ys = np.meshgrid(
        np.linspace(WEST, WEST + WIDTH, columns * 4 + 1), np.linspace(SOUTH, SOUTH + HEIGHT, rows * 4 + 1)
    )
    inner = np.ones_like(xs)
    inner[[0, -1], :] = inner[:, [0, -1]] = 0
    xs, ys = (np.round(v + inner * rng.normal(0, s, v.shape), 6) for v, s in ((xs, 6e-5), (ys, 6e-5)))
    grids = []
    for r in range(rows):
        for c in range(columns):
            a, b, x, y = r * 4, r * 4 + 4, c * 4, c * 4 + 4
            ring = [
                *zip(xs[a, x:y], ys[a, x:y], strict=True),
                *zip(xs[a:b, y], ys[a:b, y], strict=True),
                *zip(xs[b, y:x:-1], ys[b, y:x:-1], strict=True),
                *zip(xs[b:a:-1, x], ys[b:a:-1, x], strict=True),
            ]
            grids.append((f"{r // 5 * 5 + c // 8 + 1:02}", f"{r:02}{c:02}", shapely.Polygon(ring)))
    parents = sorted({parent for parent, _, _ in grids})
    third = [
        ({"code": code}, shapely.geometry.mapping(shapely.union_all([g for p, _, g in grids if p == code])))
        for code in parents
    ]
    leaf = [({"code": code, "parent": parent}, shapely.geometry.mapping(shape)) for parent, code, shape in grids]
    buildings = np.round(
        np.column_stack([rng.uniform(WEST, WEST + WIDTH, BUILDINGS), rng.uniform(SOUTH, SOUTH + HEIGHT, BUILDINGS)]), 6
    )
    buildings = buildings[np.lexsort((buildings[:, 0], np.floor(buildings[:, 1] * 500)))]
    incidents = np.round(
        np.column_stack([rng.uniform(WEST, WEST + WIDTH, INCIDENTS), rng.uniform(SOUTH, SOUTH + HEIGHT, INCIDENTS)]), 6
    )
    statuses = rng.choice(list(STATUS), INCIDENTS, p=list(STATUS.values()))
    minutes = rng.integers(0, 40_000, INCIDENTS)
    point = lambda at: {"type": "Point", "coordinates": [float(at[0]), float(at[1])]}  # noqa: E731
    reported = [
        (np.datetime64("2026-02-01T00:00") + np.timedelta64(int(m), "m")).astype(str) + ":00+08:00" for m in minutes
    ]
    (folder / "third.geojson").write_text(collection(third))
    (folder / "micro.geojson").write_text(collection(leaf))
    (folder / "houses.geojson").write_text(
        collection(({"id": f"B{n}", "name": f"{n % 60 + 1}号楼"}, point(at)) for n, at in enumerate(buildings))
    )
    (folder / "cases.geojson").write_text(
        collection(
            ({"id": str(n), "title": f"事件{n % 120}", "status": s, "reported": t}, point(at))
            for n, (s, t, at) in enumerate(zip(statuses.tolist(), reported, incidents, strict=True))
        )
    )
    (folder / "area.toml").write_text(
        textwrap.dedent("""
        name = "量"
        edition = 2026-01-01
        [[levels]]
        key = "third"
        name = "三级网格"
        file = "third.geojson"
        code = "code"
        [[levels]]
        key = "micro"
        name = "微网格"
        file = "micro.geojson"
        code = "code"
        parent = "parent"
        [[points]]
        key = "houses"
        name = "楼栋"
        kind = "building"
        file = "houses.geojson"
        id = "id"
        fields = { name = "name" }
        [[points]]
        key = "cases"
        name = "事件"
        kind = "incident"
        class = "litter"
        file = "cases.geojson"
        id = "id"
        fields = { title = "title", status = "status", reported = "reported" }
        """),
        encoding="utf-8",
    )
    colours = [COLOUR[s] for s in statuses]
    (folder / "peer.json").write_text(
        json.dumps(
            {
                "buildings": buildings[:, ::-1].tolist(),
                "incidents": [[float(y), float(x), c] for (x, y), c in zip(incidents, colours, strict=True)],
            }
        )
    )


PEER = """
import json
from pathlib import Path
import folium, streamlit as st
from folium.plugins import FastMarkerCluster
from streamlit_folium import st_folium

FOLDER = Path({folder!r})
folium.Map.default_js = folium.Map.default_js[:1]  # Leaflet alone: the others would only cost it time
folium.Map.default_css = folium.Map.default_css[:1]
st.set_page_config(layout="wide")
DOT = "function (row) {{ return L.circleMarker(new L.LatLng(row[0], row[1]), {{radius: 4, color: row[2] || '#777', weight: 1}}); }}"

def ground():  # anew each run: folium cannot render a map twice
    chart = folium.Map({centre}, zoom_start={zoom}, tiles=None, prefer_canvas=True)
    chart.options["max_zoom"] = 20  # the plug-in needs to know
    folium.GeoJson(data()["grids"], style_function=lambda f: {{"weight": 1, "fillOpacity": 0.2}}).add_to(chart)
    FastMarkerCluster(data()["buildings"], callback=DOT, disableClusteringAtZoom=18).add_to(chart)
    return chart

@st.cache_resource
def data():
    return json.loads((FOLDER / "peer.json").read_text()) | {{"grids": json.loads((FOLDER / "micro.geojson").read_text())}}

st.session_state.n = st.session_state.get("n", -1) + 1
rows = [[*row] for row in data()["incidents"]]
rows[0][2] = "#%06x" % (st.session_state.n % 0xFFFFFF)
layer = folium.FeatureGroup(name="incidents")
FastMarkerCluster(rows, callback=DOT, disableClusteringAtZoom=18).add_to(layer)
st.button("refresh")
st_folium(ground(), feature_group_to_add=layer, returned_objects=[], key="map", use_container_width=True, height=700)
st.markdown(f"<i id='run'>run-{{st.session_state.n}}</i>", unsafe_allow_html=True)
"""


def plugin_files(folder):
    """Return the files that folium names on the internet: the plug-in from its npm package, and Leaflet."""
    name = (
        subprocess.run(["npm", "pack", "--silent", PLUGIN], cwd=folder, check=True, capture_output=True, text=True)
        .stdout.strip()
        .splitlines()[-1]
    )
    with tarfile.open(folder / name) as archive:
        archive.extractall(folder, filter="data")
    found = [*(folder / "package" / "dist").iterdir(), *(HOUSE / "layers" / "assets" / "leaflet").iterdir()]
    return {path.name: path.read_bytes() for path in found if path.is_file()}


@contextlib.contextmanager
def peer(folder):
    script = folder / "peer.py"
    script.write_text(PEER.format(folder=str(folder), centre=CENTRE, zoom=ZOOM))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "server.port": port,
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "server.fileWatcherType": "none",
        "server.enableWebsocketCompression": "true",
    }
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(script),
        *(f"--{key}={value}" for key, value in options.items()),
    ]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": ""}
    )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1).read()
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


class Tab:
    """A fresh browser context; counts what comes over the wire (as sent: compressed), frames of websockets included."""

    def __init__(self, browser, plugins):
        self.context = browser.new_context(viewport={"width": 1366, "height": 768})
        self.page = self.context.new_page()
        self.bytes, self.foreign = 0, set()
        self.wire = self.context.new_cdp_session(self.page)
        for domain in ("Network", "HeapProfiler", "Runtime"):
            self.wire.send(f"{domain}.enable")
        self.wire.on("Network.loadingFinished", lambda event: self.add(event["encodedDataLength"]))
        self.wire.on("Network.webSocketFrameReceived", lambda event: self.add(self.frame(event["response"])))
        self.page.route("**/*", lambda route: self.fetch(route, plugins))

    def add(self, count):
        self.bytes += count

    @staticmethod
    def frame(response):
        """Return the size of a frame as permessage-deflate would send it; Chromium reports it unpacked."""
        payload = response["payloadData"]
        return (
            len(gzip.compress(payload.encode("latin-1", "replace"), 6))
            if response["opcode"] == 1
            else len(gzip.compress(__import__("base64").b64decode(payload), 6))
        )

    def fetch(self, route, plugins):
        url = route.request.url
        if url.startswith(("http://127.0.0.1", "data:", "blob:")):
            route.continue_()
            return
        name = url.split("?")[0].rsplit("/", 1)[-1]
        self.foreign.add(url)
        if name in plugins:
            self.add(len(gzip.compress(plugins[name])))
            route.fulfill(body=plugins[name], content_type="text/css" if name.endswith(".css") else "text/javascript")
        else:
            route.abort()

    def heap(self):
        self.wire.send("HeapProfiler.collectGarbage")
        return self.wire.send("Runtime.getHeapUsage")["usedSize"] / 1e6

    def close(self):
        self.context.close()


def measure_ours(browser, base, rounds):
    samples = []
    for number in range(rounds + 1):  # the first fills the server's caches and does not count
        tab = Tab(browser, {})
        start = time.perf_counter()
        tab.page.goto(f"{base}/map/pack?embed=1&days=all&view={CENTRE[0]},{CENTRE[1]},{ZOOM}", wait_until="commit")
        tab.page.wait_for_selector('html[data-ready="1"]', state="attached")
        load = time.perf_counter() - start
        drawn = tab.page.evaluate("() => battlemap.drawn()")
        assert drawn["red"] + drawn["yellow"] + drawn["green"] == INCIDENTS, drawn
        assert tab.page.evaluate("() => battlemap.model.points[0].at.length") == BUILDINGS * 2
        sample = {"load_s": load, "load_mb": tab.bytes / 1e6, "heap_mb": tab.heap(), "foreign": len(tab.foreign)}
        before = tab.bytes
        times = []
        for _ in range(10):
            urllib.request.urlopen(f"{base}/change", timeout=30).close()
            start = time.perf_counter()
            tab.page.evaluate(
                "() => battlemap.model.live.poll().then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))"
            )
            times.append(time.perf_counter() - start)
        sample |= {
            "refresh_s": statistics.median(times),
            "refresh_kb": (tab.bytes - before) / 1e3 / len(times),
            "leak_mb": (tab.heap() - sample["heap_mb"]) / len(times),
        }
        if number:
            samples.append(sample)
        tab.close()
    return samples


READY = """() => [...document.querySelectorAll('iframe')].some((frame) => {
  const inside = frame.contentDocument;
  return inside && inside.querySelectorAll('.marker-cluster').length > 1 && inside.querySelectorAll('canvas').length > 0;
})"""


def measure_peer(browser, base, rounds, plugins):
    samples = []
    for number in range(rounds + 1):  # the first fills Streamlit's caches and does not count
        tab = Tab(browser, plugins)
        start = time.perf_counter()
        tab.page.goto(base, wait_until="commit")
        tab.page.wait_for_function(READY, timeout=40_000, polling=50)
        load = time.perf_counter() - start
        tab.page.wait_for_timeout(1500)
        sample = {"load_s": load, "load_mb": tab.bytes / 1e6, "heap_mb": tab.heap(), "foreign": len(tab.foreign)}
        before = tab.bytes
        times = []
        for _ in range(4):
            frame = next(frame for frame in tab.page.frames if "streamlit_folium" in frame.url)
            frame.evaluate(
                "() => { window.added = 0; window.map_div.on('layeradd', () => { window.added = performance.now(); }); }"
            )
            run = int(tab.page.inner_text("#run").split("-")[1])
            start = time.perf_counter()
            tab.page.get_by_role("button", name="refresh").click()
            tab.page.wait_for_function(
                "run => document.querySelector('#run') && document.querySelector('#run').innerText === 'run-' + run",
                arg=run + 1,
                timeout=40_000,
            )
            try:
                frame.wait_for_function("() => window.added > 0", timeout=40_000, polling=20)
            except Error:  # it loads its frame anew
                tab.page.wait_for_function(READY, timeout=40_000, polling=50)
            tab.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            times.append(time.perf_counter() - start)
            tab.page.wait_for_timeout(500)
        sample |= {
            "refresh_s": statistics.median(times),
            "refresh_kb": (tab.bytes - before) / 1e3 / len(times),
            "leak_mb": (tab.heap() - sample["heap_mb"]) / len(times),
        }
        if number:
            samples.append(sample)
        tab.close()
    return samples


def changing(rooms):
    """Return a route that changes one incident after another in the ledger."""
    numbers = []

    def change(_request):
        room, now = rooms.get("pack", datetime.now(UTC)), datetime.now(UTC)
        if not numbers:
            with room.ledger.reading() as connection:
                numbers.extend(row["number"] for row in find.rows(connection, room.wanted(), columns=("number",)))
        note = Entry(Act.NOTE, By(DISPATCHER, PostKind.DISPATCHER), now, {"text": "benchmark"})
        room.ledger.change(lambda writing: writing.act(room.id, numbers.pop(), note))
        return PlainTextResponse("changed")

    return [Route("/change", change)]


@contextlib.contextmanager
def ours_of(folder):
    """Serve our side in a process of its own, as the peer is."""
    process = subprocess.Popen([sys.executable, __file__, "--serve", str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=10)


def serve(folder):
    with serving((folder,), more=changing) as base:
        urllib.request.urlopen(
            f"{base}/live/pack?days=all", timeout=300
        ).close()  # its incidents are taken into the ledger
        print(base, flush=True)
        while True:
            time.sleep(1)


def table(results):
    names = (
        ("load_s", "load, s", "{:.2f}"),
        ("load_mb", "bytes over the wire, MB", "{:.2f}"),
        ("heap_mb", "JS heap, MB", "{:.1f}"),
        ("refresh_s", "refresh, s", "{:.3f}"),
        ("refresh_kb", "bytes of a refresh, kB", "{:.1f}"),
        ("leak_mb", "heap growth a refresh, MB", "{:.2f}"),
        ("foreign", "requests to other machines", "{:.0f}"),
    )
    lines = ["| median | battlemap | st_folium | ratio |", "|---|---|---|---|"]
    for key, label, form in names:
        ours, theirs = results["battlemap"][key], results["st_folium"].get(key)
        ratio = f"{theirs / ours:.1f}x" if theirs and ours > 0.005 else ""
        lines.append(
            f"| {label} | {form.format(ours)} | {form.format(theirs) if theirs is not None else '-'} | {ratio} |"
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as driver:
        folder = Path(temporary) / "pack"
        folder.mkdir()
        make_pack(folder)
        browser = driver.chromium.launch(executable_path=CHROMIUM if Path(CHROMIUM).exists() else None, args=ARGS)
        with ours_of(folder) as base:
            ours = measure_ours(browser, base, options.rounds)
        extra = Path(temporary) / "npm"
        extra.mkdir()
        with peer(folder) as base:
            theirs = measure_peer(browser, base, options.rounds, plugin_files(extra))
        version = browser.version
        browser.close()
    median = lambda samples: {key: statistics.median(sample[key] for sample in samples) for key in samples[0]}  # noqa: E731
    results = {
        "battlemap": median(ours),
        "st_folium": median(theirs),
        "rounds": options.rounds,
        "chromium": version,
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
    }
    print(
        json.dumps(results, indent=1)
        if options.json
        else f"{options.rounds} rounds, Chromium {version}, {os.cpu_count()} cores\n\n{table(results)}"
    )


if __name__ == "__main__":
    main()
