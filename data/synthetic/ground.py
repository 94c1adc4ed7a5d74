"""What lies under the net: water, green, streets, railway, compounds and outlines of buildings, a little beyond the area's edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely
from shapely.geometry.base import BaseGeometry

from data.synthetic.plane import line_parts
from data.synthetic.points import USES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely.geometry import Polygon

    from data.synthetic.area import Drawing
    from data.synthetic.blocks import Parcel

Row = dict[str, object]
Feature = tuple[BaseGeometry, Row]

WATER_WIDTH = 0.42
"""Share of a canal's reserve that is water; the rest is its green banks."""


def layers(drawing: Drawing, edge: Polygon) -> dict[str, list[Feature]]:
    """Return the features of every ground layer on the plane, cut or chosen within ``edge``."""
    parcels = [p for block in [*drawing.blocks, *drawing.context] for p in block.node.parcels() if p.land.area > 300]
    near = [p for p in parcels if edge.contains(p.land.representative_point())]
    canals = [s for s in drawing.skeleton.streets if s.kind == "canal"]
    water: list[Feature] = [
        (s.line.buffer(s.width * WATER_WIDTH / 2, quad_segs=3), {"name": s.name, "class": "canal"}) for s in canals
    ]
    banks: list[Feature] = [
        (s.line.buffer(s.width / 2 - 2, quad_segs=3).difference(w), {"name": "", "class": "bank"})
        for s, (w, _) in zip(canals, water, strict=True)
    ]
    streets = [s for s in drawing.streets() if s.kind in {"arterial", "secondary", "lane"}]
    rank = {"lane": 0, "secondary": 1, "arterial": 2}
    streets.sort(key=lambda s: rank[s.kind])
    return {
        "water": [*_clip(water, edge), *_areas(near, {"pond"})],
        "green": [*_clip(banks, edge), *_areas(near, {"park", "garden", "lawn", "playground", "track", "pitch"})],
        "railway": _clip([(s.line, {"name": s.name}) for s in drawing.skeleton.streets if s.kind == "railway"], edge),
        "blocks": [(p.land, {"name": p.name, "address": p.address, "class": _class(p)}) for p in near],
        "paths": [(line, {"name": "", "class": "path"}) for p in near for line in p.paths],
        "streets": _clip([(s.line, {"name": s.name, "class": s.kind}) for s in streets], edge),
        "footprints": [
            (b.shape, {"use": USES.get(b.use, "附属"), "storeys": b.storeys}) for p in near for b in p.buildings
        ],
    }


def _class(parcel: Parcel) -> str:
    housing = {"yard": "家属院", "walkup": "小区", "slab": "小区", "point": "小区", "high": "小区", "village": "城中村"}
    return housing.get(parcel.kind, "单位")


def _areas(parcels: Sequence[Parcel], kinds: set[str]) -> list[Feature]:
    return [
        (area.shape, {"name": area.name, "class": area.kind}) for p in parcels for area in p.areas if area.kind in kinds
    ]


def _clip(features: Sequence[tuple[BaseGeometry, Row]], edge: Polygon) -> list[Feature]:
    return [(part, row) for shape, row in features for part in _parts(shape.intersection(edge))]


def _parts(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    if geometry.geom_type.endswith("LineString"):
        yield from line_parts(geometry)
    else:
        yield from (part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and part.area > 1)
