"""Write a drawing as an area pack: GeoJSON with one feature a line, stacks.csv, area.toml. The same drawing gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import shapely
from shapely.geometry import mapping

from data.synthetic import ground, points
from data.synthetic.area import Drawing, outline_of
from data.synthetic.net import Entry, Filed, Row, file_net
from data.synthetic.plane import Chance, Plane

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from data.synthetic.points import Spot

CREDIT = "示意数据：由程序随机生成，街道、小区、网格、事件均为虚构"
CREDIT_EN = "Demonstration data, generated: streets, compounds, grids and incidents are invented"


def files_of(drawing: Drawing) -> dict[str, bytes]:
    """Return the files of the pack: name -> bytes."""
    filed = file_net(drawing)
    points.number_buildings(drawing)
    key = f"{drawing.plan.key}/{drawing.seed}"
    layers = {
        "buildings": points.buildings(drawing),
        "sites": points.sites(drawing, Chance(key, "sites")),
        "services": points.services(drawing, Chance(key, "services")),
    }
    out: dict[str, str] = {f"{level}.geojson": _entries(entries) for level, entries in filed.levels.items()}
    out["stacks.csv"] = _stacks(filed)
    out["dedicated.geojson"] = _entries(filed.dedicated)
    out |= {f"{name}.geojson": _spots(spots, drawing.plan.plane) for name, spots in layers.items()}
    edge = outline_of(drawing).buffer(drawing.plan.margin, join_style="mitre")
    drawn = {name: features for name, features in ground.layers(drawing, edge).items() if features}
    out |= {f"{name}.geojson": _features(features, drawing.plan.plane) for name, features in drawn.items()}
    out["area.toml"] = manifest(drawing, list(filed.levels), list(drawn))
    return {name: text.encode("utf-8") for name, text in out.items()}


def write(drawing: Drawing, folder: Path) -> list[Path]:
    """Write the pack into a folder and return the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in files_of(drawing).items():
        (folder / name).write_bytes(content)
        written.append(folder / name)
    return written


def _entries(entries: Iterable[Entry]) -> str:
    return _collection((shapely.orient_polygons(entry.shape), entry.row) for entry in entries)


def _spots(spots: Sequence[Spot], plane: Plane) -> str:
    return _collection((plane.to_degrees(spot.point), spot.row) for spot in spots)


def _features(features: Sequence[ground.Feature], plane: Plane) -> str:
    return _collection(
        (shapely.orient_polygons(plane.to_degrees(shape.simplify(0.12))), row) for shape, row in features
    )


def _collection(features: Iterable[tuple[BaseGeometry, Row]]) -> str:
    lines = [
        json.dumps(
            {"type": "Feature", "properties": row, "geometry": _geometry(shape)},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for shape, row in features
    ]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


def _geometry(shape: BaseGeometry) -> Row:
    def rounded(values: object) -> object:
        if isinstance(values, float):
            return round(values, 7)
        assert isinstance(values, (tuple, list))
        return [rounded(value) for value in values]

    found = mapping(shape)
    return {"type": found["type"], "coordinates": rounded(found["coordinates"])}


def _stacks(filed: Filed) -> str:
    text = io.StringIO()
    columns = ["code", "parent", "on", "unit_from", "unit_to", "floor_from", "floor_to", "label", "households", "post"]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(filed.stacks)
    return text.getvalue()


LEVELS = {
    "street": ("一级网格（街道）", "Street"),
    "community": ("二级网格（社区）", "Community"),
    "grid": ("三级网格", "Third-level grid"),
    "micro": ("微网格", "Micro-grid"),
}
GROUND = {
    "water": ("water", "水系", "Water", "name", "class"),
    "green": ("green", "绿地", "Green", "name", "class"),
    "railway": ("railway", "铁路", "Railway", "name", ""),
    "blocks": ("block", "小区院落", "Compounds", "name", "class"),
    "paths": ("street", "院内道路", "Paths", "name", "class"),
    "streets": ("street", "道路", "Streets", "name", "class"),
    "footprints": ("footprint", "房屋轮廓", "Building outlines", "", "use"),
}
"""Ground layers from the bottom up: kind, names, properties with the name and the class."""


def manifest(drawing: Drawing, levels: Sequence[str], drawn: Sequence[str]) -> str:
    """Return the text of area.toml."""
    plan = drawing.plan
    parts = [
        (
            f"# Made by `python -m data.synthetic {plan.key} --seed {drawing.seed}`: edit the generator, not these files.\n\n"
            f'name = "{plan.name}"\nname_en = "{plan.name_en}"\ncrs = "EPSG:4326"\nedition = {plan.edition}\nsynthetic = true\n'
            f'attribution = "{CREDIT}"\nattribution_en = "{CREDIT_EN}"\ntimezone = "Asia/Shanghai"\ncalendar = "cn"\n'
            f'prefix = "{plan.prefix}"\n'
        )
    ]
    parts += [_level(key, i) for i, key in enumerate(levels)]
    parts.append(
        '[[overlays]]\nkey = "dedicated"\nname = "专属网格"\nname_en = "Dedicated grid"\nfile = "dedicated.geojson"\ncode = "code"\n'
        'label = "label"\ntitle = "name"\nresponsible = true\npost = "post"\n'
    )
    parts += [
        _buildings(),
        _classed("sites", "site", "场所", "Sites", points.SITE_CLASSES),
        _classed("services", "service", "服务阵地", "Service points", points.SERVICE_CLASSES),
    ]
    parts += [_ground(key) for key in drawn]
    return "\n".join(parts)


def _level(key: str, depth: int) -> str:
    name, english = LEVELS[key]
    lines = [
        "[[levels]]",
        f'key = "{key}"',
        f'name = "{name}"',
        f'name_en = "{english}"',
        f'file = "{key}.geojson"',
        'code = "code"',
        'label = "label"',
    ]
    lines += ['parent = "parent"'] if depth else []
    lines += ['post = "post"']
    lines += ['stacks = "stacks.csv"', "volunteer = true"] if key == "micro" else []
    return "\n".join(lines) + "\n"


def _buildings() -> str:
    return (
        '[[points]]\nkey = "buildings"\nname = "楼栋"\nname_en = "Buildings"\nkind = "building"\nfile = "buildings.geojson"\nid = "id"\n\n'
        '[points.fields]\nname = "name"\naddress = "address"\nuse = "use"\nhouseholds = "households"\nstoreys = "storeys"\nunits = "units"\n'
    )


def _classed(key: str, kind: str, name: str, english: str, classes: dict[str, tuple[str, str]]) -> str:
    return (
        f'[[points]]\nkey = "{key}"\nname = "{name}"\nname_en = "{english}"\nkind = "{kind}"\nclass_property = "class"\n'
        f'file = "{key}.geojson"\nid = "id"\n\n[points.fields]\nname = "name"\naddress = "address"\nhours = "hours"\n\n{_names(classes)}'
    )


def _names(classes: dict[str, tuple[str, str]]) -> str:
    return "[points.classes]\n" + "".join(
        f'{key} = {{ name = "{name}", name_en = "{english}" }}\n' for key, (name, english) in classes.items()
    )


def _ground(key: str) -> str:
    kind, name, english, titled, classed = GROUND[key]
    lines = [
        "[[ground]]",
        f'key = "{key}"',
        f'name = "{name}"',
        f'name_en = "{english}"',
        f'kind = "{kind}"',
        f'file = "{key}.geojson"',
    ]
    lines += [f'title = "{titled}"'] if titled else []
    lines += [f'class = "{classed}"'] if classed else []
    return "\n".join(lines) + "\n"
