"""A pack of twelve polygons with everything that a map can hold: streets, water, a tower with three micro-grids, dedicated grids, sites, incidents at one place."""

import json
from pathlib import Path
from typing import Any

WEST, SOUTH = 113.6, 34.75
COLUMN, ROW = 0.002, 0.0016
TOWER = "3-04"

MANIFEST = """
name = "小网格"
name_en = "Small net"
edition = 2026-01-01
synthetic = true
archive = true
attribution = "Made for tests"
timezone = "Asia/Shanghai"

[[levels]]
key = "community"
name = "社区"
name_en = "communities"
file = "community.geojson"
code = "code"
label = "name"

[[levels]]
key = "third"
name = "三级网格"
name_en = "third-level grids"
file = "third.geojson"
code = "code"
parent = "parent"

[[levels]]
key = "micro"
name = "微网格"
name_en = "micro-grids"
file = "micro.geojson"
code = "code"
parent = "parent"
stacks = "stacks.csv"

[[overlays]]
key = "dedicated"
name = "专属网格"
name_en = "dedicated grids"
file = "dedicated.geojson"
code = "code"
title = "name"
responsible = true

[[points]]
key = "cases"
name = "事件"
name_en = "Incidents"
kind = "incident"
class = "litter"
file = "cases.geojson"
id = "id"

[points.fields]
title = "title"
status = "status"
reported = "reported"
due = "due"

[[points]]
key = "shops"
name = "商户"
name_en = "Shops"
kind = "site"
class = "shop"
file = "shops.geojson"
id = "id"

[points.fields]
name = "name"

[[points]]
key = "houses"
name = "楼栋"
name_en = "Buildings"
kind = "building"
file = "houses.geojson"
id = "id"

[points.fields]
name = "name"

[[ground]]
key = "streets"
name = "道路"
name_en = "Streets"
kind = "street"
file = "streets.geojson"
title = "name"
class = "class"

[[ground]]
key = "canal"
name = "水系"
name_en = "Water"
kind = "water"
file = "canal.geojson"
title = "name"
"""


def write_small_pack(folder: Path, *, title: str = "井盖破损") -> Path:
    """Write the pack into a folder, which is returned.

    Its incidents: 6 red (one suspended, three at one place, one overdue), 3 yellow, 5 green.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "area.toml").write_text(MANIFEST, encoding="utf-8")
    thirds = {str(row + 1): _box(0, 2 - row, 4, 3 - row) for row in range(3)}
    micros = [
        (f"{row + 1}-{column + 1:02}", str(row + 1), _box(column, 2 - row, column + 1, 3 - row))
        for row in range(3)
        for column in range(4)
    ]
    _write(folder, "community", [({"code": "C1", "name": "小社区"}, _box(0, 0, 4, 3))])
    _write(folder, "third", [({"code": code, "parent": "C1"}, shape) for code, shape in thirds.items()])
    _write(folder, "micro", [({"code": code, "parent": parent}, shape) for code, parent, shape in micros])
    stacks = [
        f"3-{number},3,{TOWER},,,{low},{low + 9},3-{number},60,第{number}微网格长"
        for number, low in (("04a", 1), ("04b", 11), ("04c", 21))
    ]
    (folder / "stacks.csv").write_text(
        "\n".join(["code,parent,on,unit_from,unit_to,floor_from,floor_to,label,households,post", *stacks]),
        encoding="utf-8",
    )
    _write(
        folder,
        "dedicated",
        [
            ({"code": "专1", "name": "第一小学"}, _box(0.2, 2.2, 0.7, 2.6)),
            ({"code": "专2", "name": "农贸市场"}, _box(2.1, 0.3, 2.8, 0.7)),
        ],
    )
    _write(folder, "cases", _cases(title))
    _write(
        folder,
        "shops",
        [({"id": "S1", "name": "便民超市"}, _point(1.5, 1.5)), ({"id": "S2", "name": "早餐店"}, _point(2.6, 1.7))],
    )
    _write(folder, "houses", [({"id": f"B{n}", "name": f"{n}号楼"}, _point(0.1 + 0.1 * n, 0.5)) for n in range(1, 9)])
    _write(
        folder,
        "streets",
        [
            ({"name": "中山路", "class": "arterial"}, _line((-0.5, 1), (4.5, 1.02))),
            ({"name": "陇海街", "class": "secondary"}, _line((2, -0.4), (2.02, 3.4))),
        ],
    )
    _write(folder, "canal", [({"name": "金水河"}, _box(-0.5, -0.3, 4.5, -0.1))])
    return folder


def _cases(title: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    together = [("reported", 3.5, 2.5)] * 3
    red = [*together, ("suspended", 1.5, 2.5), ("dispatched", 0.5, 1.5), ("in_hand", 3.5, 0.5)]
    yellow = [("self_cleared", 1.5, 0.5), ("self_cleared", 2.5, 1.5), ("self_cleared", 3.5, 2.5)]
    green = [("closed", 0.5 + 0.7 * n, 0.8) for n in range(5)]
    return [
        (
            {
                "id": f"E{n:02}",
                "title": title,
                "status": status,
                "reported": f"2026-03-01T08:{n:02}:00",
                "due": "2026-03-01T08:05:00" if n == 4 else "2026-03-09T00:00:00",
            },
            _point(x, y),
        )
        for n, (status, x, y) in enumerate([*red, *yellow, *green])
    ]


def _place(x: float, y: float) -> list[float]:
    return [round(WEST + x * COLUMN, 7), round(SOUTH + y * ROW, 7)]


def _point(x: float, y: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": _place(x, y)}


def _line(*places: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [_place(*place) for place in places]}


def _box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return {"type": "Polygon", "coordinates": [[_place(*corner) for corner in corners]]}


def _write(folder: Path, name: str, rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    features = [{"type": "Feature", "properties": properties, "geometry": geometry} for properties, geometry in rows]
    (folder / f"{name}.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False), encoding="utf-8"
    )
