"""The net as it is filed: numbers, codes, labels and posts of every level, stacks and dedicated grids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapely import STRtree
from shapely.geometry import Point, Polygon

from data.synthetic import grids
from data.synthetic.grids import Leaf, reading_order, reading_point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.synthetic.area import Drawing
    from data.synthetic.blocks import Parcel

Row = dict[str, object]


@dataclass
class Entry:
    """A polygon of a level: its shape in degrees and its properties."""

    shape: Polygon
    row: Row


@dataclass
class Filed:
    """All levels from the widest to the micro-grids, the stacks and the dedicated grids."""

    levels: dict[str, list[Entry]]
    stacks: list[Row] = field(default_factory=list)
    dedicated: list[Entry] = field(default_factory=list)
    _leaves: STRtree | None = None

    def micro_at(self, point: Point) -> Entry | None:
        """Return the leaf polygon under a point, the first where several touch it."""
        entries = self.levels["micro"]
        self._leaves = self._leaves or STRtree([entry.shape for entry in entries])
        found = sorted(self._leaves.query(point, predicate="intersects").tolist())
        return entries[found[0]] if found else None


def file_net(drawing: Drawing) -> Filed:
    """File the net: number it from west to east and from north to south, and give codes and posts."""
    plan = drawing.plan
    leaves = drawing.leaves
    filed = Filed({})
    community_of = dict(zip(drawing.groups, drawing.communities, strict=True))
    for leaf in leaves:
        assert leaf.group in community_of
    members = {
        c: [leaf for leaf in leaves if community_of[leaf.group] == c] for c in sorted(set(community_of.values()))
    }
    order = _ordered([_union(found) for found in members.values()], plan.bands[0])
    keys = list(members)
    if plan.street:
        filed.levels["street"] = [
            Entry(
                _union(leaves),
                {"code": plan.code, "label": plan.name, "name": plan.name, "post": f"{plan.name}一级网格长"},
            )
        ]
    filed.levels |= {"community": [], "grid": [], "micro": []}
    for number, i in enumerate(order, 1):
        name = plan.communities[number - 1]
        code = f"{plan.code}{number:03d}" if plan.street else plan.code
        row: Row = {"code": code, "label": name, "name": name, "post": f"{name}二级网格长"}
        filed.levels["community"].append(
            Entry(_union(members[keys[i]]), row | ({"parent": plan.code} if plan.street else {}))
        )
        _file_grids(filed, members[keys[i]], row, plan.bands)
    _file_dedicated(filed, drawing)
    return filed


def _file_grids(filed: Filed, leaves: Sequence[Leaf], community: Row, bands: tuple[float, float, float]) -> None:
    groups = sorted({leaf.group for leaf in leaves})
    shapes = {group: _union([leaf for leaf in leaves if leaf.group == group]) for group in groups}
    for number, i in enumerate(_ordered(list(shapes.values()), bands[1]), 1):
        mine = [leaf for leaf in leaves if leaf.group == groups[i]]
        code = f"{community['code']}{number:03d}"
        name = f"{community['name']}第{number}网格"
        row: Row = {
            "code": code,
            "label": f"网格{number}",
            "name": name,
            "parent": community["code"],
            "post": f"三级网格长（{number}）",
        }
        filed.levels["grid"].append(Entry(shapes[groups[i]], row))
        _file_micros(filed, mine, code, number, bands[2])


def _file_micros(filed: Filed, leaves: Sequence[Leaf], parent: str, grid: int, band: float) -> None:
    serial, towers = 1, 0
    for i in _ordered([leaf.shape for leaf in leaves], band):
        leaf = leaves[i]
        leaf.label, leaf.code = f"{grid}-{serial:02d}", f"{parent}{serial:02d}"
        if leaf.stacks:
            towers += 1
            first = leaf.label
            leaf.code = f"{parent}{90 + towers}"
            leaf.label = f"{first}–{serial + leaf.stacks - 1:02d}"
            _file_stacks(filed, leaf, parent, grid, serial)
        row: Row = {
            "code": leaf.code,
            "label": leaf.label,
            "parent": parent,
            "households": leaf.households,
            "post": f"{leaf.label} 微网格长",
        }
        filed.levels["micro"].append(Entry(leaf.shape, row))
        for building in leaf.buildings:
            building.code = leaf.code
        serial += max(1, leaf.stacks)


def _file_stacks(filed: Filed, leaf: Leaf, parent: str, grid: int, serial: int) -> None:
    tower = next(b for b in leaf.buildings if b.flats)
    for i, part in enumerate(grids.slices(tower, leaf.stacks)):
        label = f"{grid}-{serial + i:02d}"
        filed.stacks.append({
            "code": f"{parent}{serial + i:02d}", "parent": parent, "on": leaf.code,
            "unit_from": part.units[0], "unit_to": part.units[1], "floor_from": part.floors[0], "floor_to": part.floors[1],
            "label": label, "households": grids.lived_in(part), "post": f"{label} 微网格长",
        })  # fmt: skip


def _file_dedicated(filed: Filed, drawing: Drawing) -> None:
    plan = drawing.plan
    parcels: list[Parcel] = [parcel for parcel in drawing.parcels() if parcel.title]
    shapes = [plan.plane.to_degrees(parcel.land.simplify(0.3)) for parcel in parcels]
    serial: dict[str, int] = {}
    for number, i in enumerate(_ordered(shapes, plan.bands[1]), 1):
        micro = filed.micro_at(shapes[i].representative_point())
        assert micro is not None
        community = str(micro.row["parent"])[:12]
        serial[community] = serial.get(community, 600) + 1
        row: Row = {
            "code": f"{community}{serial[community]}",
            "label": f"专{number}",
            "name": parcels[i].name,
            "kind": KINDS[parcels[i].kind],
            "address": parcels[i].address,
            "post": f"专{number} 网格长（{parcels[i].title}）",
        }
        filed.dedicated.append(Entry(shapes[i], row))


KINDS = {"school": "学校", "kindergarten": "幼儿园", "hospital": "医院", "market": "农贸市场", "mall": "商场", "office": "机关", "tower office": "楼宇",
         "works": "园区", "site": "工地", "depot": "场站", "park": "公园", "hotel": "宾馆"}  # fmt: skip


def _union(leaves: Sequence[Leaf]) -> Polygon:
    joined = grids.join([leaf.shape for leaf in leaves])
    assert isinstance(joined, Polygon), "a grid is in several parts"
    return joined


def _ordered(shapes: Sequence[Polygon], band: float) -> list[int]:
    """Order shapes as they are numbered; ``band`` in metres."""
    return reading_order([reading_point(shape) for shape in shapes], band / 111_000)
