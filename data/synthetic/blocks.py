"""From a face of the skeleton to parcels: cut by lanes, then by walls, as blocks are parcelled out over the years."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import shapely
from shapely.geometry import LineString, Polygon
from shapely.ops import split

from data.synthetic.plane import Chance, Frame, largest, lengthwise_angle, line_parts
from data.synthetic.streets import RESERVE, Skeleton, Street

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry


@dataclass
class Building:
    """A building: outline on the plane, storeys, and how many flats (户) it can hold, by how many units (单元)."""

    shape: Polygon
    use: str
    storeys: int
    units: int = 0
    flats: int = 0
    name: str = ""
    households: int = 0
    address: str = ""
    code: str = ""


@dataclass
class Area:
    """A drawn area that is not a building: a lawn, a pitch, a pond."""

    shape: Polygon
    kind: str
    name: str = ""


@dataclass
class Build:
    """One way to build a parcel: what stands and lies on it."""

    buildings: list[Building] = field(default_factory=list)
    areas: list[Area] = field(default_factory=list)
    paths: list[LineString] = field(default_factory=list)


@dataclass
class Parcel:
    """Land behind one wall (小区/院落/单位): its shape to the middle of streets and walls, its land, what stands on it."""

    shape: Polygon
    land: Polygon
    frame: Frame
    kind: str = ""
    name: str = ""
    title: str = ""
    address: str = ""
    builds: list[Build] = field(default_factory=list)
    chosen: int = 0

    @property
    def build(self) -> Build:
        """The way in which the parcel is built."""
        return self.builds[self.chosen] if self.builds else Build()

    @property
    def buildings(self) -> list[Building]:
        """What stands on the parcel."""
        return self.build.buildings

    @property
    def areas(self) -> list[Area]:
        """Lawns, pitches, ponds."""
        return self.build.areas

    @property
    def paths(self) -> list[LineString]:
        """Lanes of its own."""
        return self.build.paths

    def begin(self) -> None:
        """Start one more way to build the parcel."""
        self.builds.append(Build())
        self.chosen = len(self.builds) - 1


@dataclass
class Node:
    """A piece of a face: cut in two, or a parcel."""

    shape: Polygon
    children: tuple[Node, ...] = ()
    parcel: Parcel | None = None

    def parcels(self) -> Iterator[Parcel]:
        """Walk the parcels of the piece."""
        if self.parcel is not None:
            yield self.parcel
        for child in self.children:
            yield from child.parcels()


@dataclass
class Block:
    """A face of the skeleton with its parcels and the lanes cut through it."""

    key: str
    node: Node
    lanes: list[Street]


def parcel_out(key: str, face: Polygon, skeleton: Skeleton, chance: Chance, *, sizes: tuple[float, float]) -> Block:
    """Cut a face into parcels.

    Parameters
    ----------
    key
        Name of the face, for repeatable draws.
    face
        Polygon to the centre lines around it.
    skeleton
        The streets and banks around, whose land is left out; lanes end at the bank of a canal.
    sizes
        Parcels of about this area, from and to, square metres.
    """
    frame = Frame(lengthwise_angle(face), (face.centroid.x, face.centroid.y))
    lanes: list[LineString] = []
    root = _divide(frame.inside(face), chance, sizes, lanes, depth=0)
    banks = skeleton.reserve({"canal", "railway"})
    drawn = [_longest(frame.outside(line).difference(banks)) for line in lanes]
    streets = [Street("", "lane", line, RESERVE["lane"]) for line in drawn if line.length > 30]
    taken = shapely.union_all([skeleton.reserve(), *(street.line.buffer(street.width / 2) for street in streets)])
    return Block(key, _place(root, frame, taken), streets)


def _divide(shape: Polygon, chance: Chance, sizes: tuple[float, float], lanes: list[LineString], depth: int) -> Node:
    wanted = sizes[0] + (sizes[1] - sizes[0]) * chance.between(0, 1) ** 1.6
    x0, y0, x1, y1 = shape.bounds
    if shape.area < wanted * 1.45 or min(x1 - x0, y1 - y0) < 98:
        return Node(shape)
    as_lane = chance.happens((0.9, 0.55, 0.2)[depth] if depth < 3 else 0.05)
    for _ in range(12):
        cut = _cut(shape, chance, bend=5.0 if as_lane else 0.0)
        parts = sorted(split(shape, cut).geoms, key=lambda part: part.area)
        if (
            len(parts) != 2
            or parts[0].area < max(sizes[0] * 0.7, 0.26 * shape.area)
            or _stringy(parts[0])
            or _stringy(parts[1])
        ):
            continue
        if as_lane:
            lanes.append(max(shapely.get_parts(cut.intersection(shape)), key=lambda part: part.length))
        ordered = sorted(parts, key=lambda part: (part.centroid.x - part.centroid.y, part.centroid.x))
        return Node(shape, tuple(_divide(part, chance, sizes, lanes, depth + 1) for part in ordered))
    return Node(shape)


def _longest(geometry: BaseGeometry) -> LineString:
    return max(line_parts(geometry), key=lambda part: part.length, default=LineString())


def _cut(shape: Polygon, chance: Chance, *, bend: float) -> LineString:
    x0, y0, x1, y1 = shape.bounds
    across = chance.happens(0.5 + 0.9 * ((x1 - x0) / (x1 - x0 + y1 - y0) - 0.5) * 2)
    tilt, sag = chance.between(-0.022, 0.022), chance.between(-bend, bend)
    if across:
        x, half = x0 + (x1 - x0) * chance.between(0.32, 0.68), (y1 - y0) / 2
        mid = (y0 + y1) / 2
        points = [(x - tilt * half, y0 - 9), (x + sag, mid + chance.between(-20, 20)), (x + tilt * half, y1 + 9)]
    else:
        y, half = y0 + (y1 - y0) * chance.between(0.34, 0.66), (x1 - x0) / 2
        mid = (x0 + x1) / 2
        points = [(x0 - 9, y - tilt * half), (mid + chance.between(-20, 20), y + sag), (x1 + 9, y + tilt * half)]
    return LineString(points if bend else [points[0], points[2]])


def halve(face: Polygon, chance: Chance, *, bend: float) -> tuple[list[Polygon], LineString]:
    """Cut a face in two by a bent line across its longer side; return the parts and the line.

    Raises
    ------
    ValueError
        No cut leaves two sound parts.
    """
    frame = Frame(lengthwise_angle(face), (face.centroid.x, face.centroid.y))
    shape = frame.inside(face)
    best: tuple[float, list[Polygon], LineString] | None = None
    for _ in range(60):
        cut = _cut(shape, chance, bend=bend)
        parts = list(split(shape, cut).geoms)
        if len(parts) == 2:
            poor = (
                max(part.length / (4 * part.area**0.5) for part in parts)
                + abs(parts[0].area - parts[1].area) / shape.area
            )
            if best is None or poor < best[0]:
                best = poor, parts, _longest(cut.intersection(shape))
    if best is None:
        raise ValueError("A face cannot be cut in two.")
    return [frame.outside(part) for part in best[1]], frame.outside(best[2])


def _stringy(shape: Polygon) -> bool:
    box = shape.minimum_rotated_rectangle
    sides = sorted(LineString(box.exterior.coords[i : i + 2]).length for i in range(2))
    return bool(sides[0] < 62 or sides[1] > 3.4 * sides[0] or shape.area < 0.62 * box.area)


def _place(node: Node, frame: Frame, taken: BaseGeometry) -> Node:
    shape = frame.outside(node.shape)
    if node.children:
        return Node(shape, tuple(_place(child, frame, taken) for child in node.children))
    land = largest(shape.difference(taken).buffer(-5.0, join_style="mitre").buffer(4.0, quad_segs=2))
    angle = lengthwise_angle(land) if land.area > 500 else frame.angle
    own = Frame(angle if abs(angle - frame.angle) < 9 else frame.angle, (shape.centroid.x, shape.centroid.y))
    return Node(shape, (), Parcel(shape, land, own))
