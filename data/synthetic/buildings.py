"""Outlines of buildings, upright in their frame: slabs, point towers, strips of shops, sheds, school wings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from data.synthetic.blocks import Building
from data.synthetic.plane import Chance, Frame, largest, rectangle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from data.synthetic.streets import Street


def slab(x: float, y: float, unit: float, units: int, *, depth: float, style: str) -> Polygon:
    """Return a slab (板楼) with its south-west corner at x, y: plain, with stair bays, or with every other unit set back."""
    length = unit * units
    if style == "plain":
        return rectangle(x, y, x + length, y + depth)
    if style == "bays":
        return _with_bays(x, y, unit, units, depth)
    points = [(x, y), (x + length, y)]
    for i in reversed(range(units)):
        back = depth + (1.8 if i % 2 else 0.0)
        points += [(x + unit * (i + 1), y + back), (x + unit * i, y + back)]
    points = points if style == "stepped" else [(px, y + y + depth - py) for px, py in points]
    return Polygon(points).buffer(0)


def _with_bays(x: float, y: float, unit: float, units: int, depth: float) -> Polygon:
    points = [(x, y), (x + unit * units, y), (x + unit * units, y + depth)]
    for i in reversed(range(units)):
        middle = x + unit * (i + 0.5)
        points += [(middle + 1.5, y + depth), (middle + 1.5, y + depth + 1.3)]
        points += [(middle - 1.5, y + depth + 1.3), (middle - 1.5, y + depth)]
    return Polygon([*points, (x, y + depth)])


def tower(x: float, y: float, width: float, depth: float, style: str) -> Polygon:
    """Return a point tower (点式高层): a cross, a butterfly, or a slab with a recessed core."""
    if style == "cross":
        a, b = width * 0.2, depth * 0.22
        ring = [(a, 0), (width - a, 0), (width - a, b), (width, b), (width, depth - b), (width - a, depth - b)]
        ring += [(width - a, depth), (a, depth), (a, depth - b), (0, depth - b), (0, b), (a, b)]
    elif style == "butterfly":
        c, d = width * 0.36, depth * 0.3
        ring = [(0, 0), (c, 0), (c, d * 0.6), (width - c, d * 0.6), (width - c, 0), (width, 0), (width, depth * 0.72)]
        ring += [
            (width - c * 0.8, depth * 0.72),
            (width - c * 0.8, depth),
            (c * 0.8, depth),
            (c * 0.8, depth * 0.72),
            (0, depth * 0.72),
        ]
    else:
        c = width * 0.42
        ring = [
            (0, 0),
            (width, 0),
            (width, depth * 0.8),
            (width - c, depth * 0.8),
            (width - c, depth),
            (c, depth),
            (c, depth * 0.8),
            (0, depth * 0.8),
        ]
    return Polygon([(x + px, y + py) for px, py in ring])


def comb(x: float, y: float, length: float, wings: int, *, depth: float, gap: float) -> Polygon:
    """Return parallel wings joined by a corridor on the west, as schools and clinics are built."""
    body = [
        rectangle(x, y + i * (depth + gap), x + length * (1 if i % 2 else 0.86), y + i * (depth + gap) + depth)
        for i in range(wings)
    ]
    spine = rectangle(x, y, x + 7.5, y + wings * depth + (wings - 1) * gap)
    return Polygon(shapely.union_all([*body, spine]).exterior)


def oval(x: float, y: float, length: float, width: float) -> Polygon:
    """Return a running track's outer edge: two straights and two half circles."""
    if length < width:
        x, y = x + width / 2, y + width / 2
        return Polygon(LineString([(x, y), (x, y + length - width)]).buffer(width / 2, quad_segs=6).exterior)
    return Polygon(
        LineString([(x + width / 2, y + width / 2), (x + length - width / 2, y + width / 2)])
        .buffer(width / 2, quad_segs=6)
        .exterior
    )


def lawn(room: Polygon, frame: Frame, chance: Chance) -> Polygon:
    """Return a lawn in an open space: laid out square with the buildings, its corners worn."""
    x, y = frame.inside(room).representative_point().coords[0]
    wide, deep = chance.between(9, 24), chance.between(6, 15)
    bed = frame.inside(room).intersection(rectangle(x - wide, y - deep, x + wide, y + deep))
    return frame.outside(largest(bed.buffer(-2.5).buffer(2.3, quad_segs=2)).simplify(0.5))


def fits(shape: Polygon, land: BaseGeometry, others: Sequence[Building], *, apart: float) -> bool:
    """Say whether an outline lies on the land and keeps its distance from what stands there."""
    if not land.contains(shape):
        return False
    return not others or float(np.min(shapely.distance(shape, [other.shape for other in others]))) >= apart


def street_front(land: Polygon, streets: Sequence[Street], chance: Chance, share: dict[str, float]) -> list[Building]:
    """Line the streets with strips of shops (沿街门店, 1-3 storeys), chord by chord along the frontage.

    Parameters
    ----------
    land
        The compound inside its walls.
    streets
        The streets around it.
    share
        Chance that a frontage on a street of this class is built up.
    """
    built: list[Building] = []
    for street in streets:
        if street.kind not in share or not chance.happens(share[street.kind]):
            continue
        depth = chance.between(10.5, 15.0) if street.kind == "arterial" else chance.between(8.5, 12.0)
        front = land.exterior.intersection(street.line.buffer(street.width / 2 + 3.5))
        merged = shapely.line_merge(front) if front.geom_type == "MultiLineString" else front
        for part in shapely.get_parts(merged):
            if part.geom_type == "LineString" and part.length > 34:
                built += _strip(part, land, depth, chance, built)
    return built


def _strip(
    front: LineString, land: Polygon, depth: float, chance: Chance, before: Sequence[Building]
) -> list[Building]:
    strip: list[Building] = []
    along, gate = chance.between(5, 12), chance.between(0.35, 0.65) * front.length
    storeys = chance.weighted([(1, 2), (2, 5), (3, 2)])
    while along + 14 < front.length:
        length = min(chance.between(16, 46), front.length - along - 5)
        if along < gate < along + length:
            length = gate - along
        if length >= 13:
            outline = _chord(front, along, along + length, depth + chance.between(-1, 1), land)
            if fits(outline, land, [*before, *strip], apart=0.4):
                strip.append(Building(outline, "shop", max(1, storeys + chance.whole(-1, 0))))
        along += length + (chance.between(9, 12) if abs(along + length - gate) < 1 else chance.between(0.6, 4.5))
    return strip


def _chord(front: LineString, start: float, end: float, depth: float, land: Polygon) -> Polygon:
    a, b = np.array(front.interpolate(start).coords[0]), np.array(front.interpolate(end).coords[0])
    normal = np.array([-(b - a)[1], (b - a)[0]]) / np.hypot(*(b - a))
    if not land.contains(shapely.Point((a + b) / 2 + normal * 6)):
        normal = -normal
    near, far = normal * 0.9, normal * (0.9 + depth)
    return Polygon([a + near, b + near, b + far, a + far])
