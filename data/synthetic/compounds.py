"""Where people live: walk-up courtyards (家属院), slab and tower estates, and dense former villages (城中村)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from data.synthetic.blocks import Area, Building, Parcel
from data.synthetic.buildings import fits, lawn, slab, street_front, tower
from data.synthetic.plane import Chance, blob, largest, rectangle

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapely.geometry.base import BaseGeometry

    from data.synthetic.streets import Street


@dataclass(frozen=True)
class Estate:
    """How an estate of rows is built.

    Lengths in metres, from and to; ``flats`` is flats a landing (一梯几户); ``sun`` is the distance between rows as a share of
    the height (日照间距).
    """

    storeys: tuple[int, int]
    unit: tuple[float, float]
    depth: tuple[float, float]
    units: tuple[tuple[int, float], ...]
    sun: float
    flats: int
    gap: tuple[float, float]
    shapes: tuple[str, ...]
    setback: float
    shops: dict[str, float]


ESTATES = {
    "yard": Estate(
        (5, 6),
        (12.8, 14.6),
        (10.4, 11.8),
        ((2, 2), (3, 5), (4, 2)),
        1.0,
        2,
        (6.0, 9.0),
        ("plain", "plain", "bays", "stepped"),
        3.2,
        {"arterial": 0.9, "secondary": 0.62, "lane": 0.12},
    ),
    "walkup": Estate(
        (6, 7),
        (14.5, 16.8),
        (11.8, 13.4),
        ((2, 3), (3, 5), (4, 1)),
        1.08,
        2,
        (7.5, 11.0),
        ("bays", "stepped", "setback", "plain"),
        4.2,
        {"arterial": 0.9, "secondary": 0.6, "lane": 0.08},
    ),
    "slab": Estate(
        (11, 11),
        (18.5, 20.5),
        (13.5, 15.0),
        ((2, 4), (3, 5)),
        1.0,
        2,
        (11.0, 15.0),
        ("bays", "stepped", "setback"),
        5.5,
        {"arterial": 0.8, "secondary": 0.4, "lane": 0.03},
    ),
    "point": Estate(
        (17, 18),
        (25.0, 28.0),
        (18.5, 21.0),
        ((1, 1),),
        0.66,
        4,
        (19.0, 26.0),
        ("cross", "butterfly", "core"),
        6.0,
        {"arterial": 0.9, "secondary": 0.6},
    ),
}


@dataclass(frozen=True)
class Manner:
    """What one estate chose of its kind: the width of a unit and the depth in metres, storeys, shape."""

    estate: Estate
    unit: float
    depth: float
    storeys: int
    style: str


def build(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    """Build the dwellings of a parcel in the manner of its kind."""
    parcel.begin()
    if parcel.kind == "village":
        _village(parcel, chance)
    elif parcel.kind == "high":
        _high(parcel, streets, chance)
    else:
        _estate(parcel, ESTATES[parcel.kind], streets, chance)


def _estate(parcel: Parcel, estate: Estate, streets: Sequence[Street], chance: Chance) -> None:
    parcel.build.buildings += street_front(parcel.land, streets, chance, estate.shops)
    inner = _inner(parcel, estate.setback)
    if inner.area < 400:
        return
    storeys, style = chance.whole(*estate.storeys), chance.pick(estate.shapes)
    manner = Manner(estate, chance.between(*estate.unit), chance.between(*estate.depth), storeys, style)
    depth, pitch = manner.depth, manner.depth + estate.sun * storeys * 2.95 * chance.between(0.97, 1.08)
    columns = _columns(inner, manner.unit, estate, chance)
    heart = _heart(inner, chance) if parcel.kind in {"slab", "point"} and parcel.land.area > 15_000 else None
    for y in _rows(inner, depth, pitch):
        for a, b in _stretches(inner, y, depth + 1.3):
            for x0, x1 in columns:
                if heart is None or not heart.intersects(rectangle(x0, y, x1, y + depth)):
                    _set_slab(parcel, inner, (max(a, x0), min(b, x1), y), manner, chance)
    if heart is not None:
        _green_heart(parcel, heart, chance)
    _lanes(parcel, inner, columns)
    _sheds(parcel, chance)
    _open_ground(parcel, chance)


def _inner(parcel: Parcel, setback: float) -> Polygon:
    """Return the land in its frame, clear of its walls and of the shops on its edge."""
    free = parcel.land.buffer(-setback, join_style="mitre")
    if parcel.buildings:
        free = free.difference(shapely.union_all([b.shape for b in parcel.buildings]).buffer(5.5, join_style="mitre"))
    return parcel.frame.inside(largest(free.buffer(-3).buffer(3)))


def _columns(inner: Polygon, unit: float, estate: Estate, chance: Chance) -> list[tuple[float, float]]:
    """Share the width among columns of slabs; the gaps between them line up from row to row, as lanes do."""
    x0, _, x1, _ = inner.bounds
    gap = chance.between(*estate.gap)
    length = chance.weighted(estate.units) * unit
    count = max(1, round((x1 - x0 + gap) / (length + gap)))
    lane = 4.0 if count > 2 else 0.0
    wide = (x1 - x0 - (count - 1) * gap - lane) / count
    columns = []
    west = x0
    for i in range(count):
        east = x1 if i == count - 1 else west + wide * chance.between(0.97, 1.03)
        columns.append((west, east))
        west = east + gap + (lane if i == (count - 1) // 2 else 0.0)
    return columns


def _rows(inner: Polygon, depth: float, pitch: float) -> Iterator[float]:
    """Yield the south edges of the rows: as many as the sun allows, spread over the depth of the land."""
    x0, y0, x1, y1 = inner.bounds

    def usable(y: float) -> bool:
        return sum(b - a for a, b in _stretches(inner, y, depth)) > 0.5 * (x1 - x0)

    levels = [float(y) for y in np.arange(y0 + 0.3, y1 - depth, 1.5)]
    south = next((y for y in levels if usable(y)), None)
    north = next((y for y in reversed(levels) if usable(y)), None)
    if south is None or north is None:
        return
    count = int((north - south) / (pitch * 0.9)) + 1
    step = min((north - south) / (count - 1), pitch * 1.3) if count > 1 else 0.0
    start = south + (north - south - step * (count - 1)) * 0.3
    for i in range(count):
        yield start + i * step


def _stretches(free: BaseGeometry, y: float, depth: float) -> list[tuple[float, float]]:
    """Return the stretches of a row, from x to x, that are free through its whole depth."""
    west, _, east, _ = free.bounds
    found = [(west, east)]
    for level in (0.05, 0.5, 0.95):
        line = free.intersection(LineString([(west - 1, y + level * depth), (east + 1, y + level * depth)]))
        parts = [part.bounds for part in shapely.get_parts(line) if part.length > 1]
        found = [(max(a, p[0]), min(b, p[2])) for a, b in found for p in parts if min(b, p[2]) - max(a, p[0]) > 8]
    return found


def _set_slab(
    parcel: Parcel,
    free: BaseGeometry,
    place: tuple[float, float, float],
    manner: Manner,
    chance: Chance,
) -> None:
    """Set the longest building that a cell of the pattern (west, east, south) holds; leave one in forty cells empty."""
    west, east, y = place
    estate, unit, depth, style = manner.estate, manner.unit, manner.depth, manner.style
    if east - west < unit * 0.94:
        return
    if estate.units == ((1, 1),):
        outline, units = tower(max(west, (west + east - unit) / 2), y, min(unit, east - west), depth, style), 1
        outline = outline if east - west > unit * 0.93 else Polygon()
    else:
        units = min(5, int((east - west) / (unit * 0.94)))
        fitted = min(unit * 1.07, (east - west) / max(1, units)) - 0.05
        outline = (
            slab(west if chance.happens(0.5) else east - units * fitted, y, fitted, units, depth=depth, style=style)
            if units
            else Polygon()
        )
    if outline.is_empty or not free.buffer(0.6).contains(outline) or chance.happens(0.025):
        return
    height = _height(manner.storeys, units, chance)
    placed = parcel.frame.outside(outline)
    if fits(placed, parcel.land, parcel.buildings, apart=3.5):
        parcel.buildings.append(Building(placed, "residence", height, units, height * units * estate.flats))


def _height(storeys: int, units: int, chance: Chance) -> int:
    """Vary the storeys a little; long or short slabs of eleven storeys get nine, so that one or two of them make a micro-grid."""
    if storeys == 11 and units != 3:
        return 9
    return storeys - (1 if chance.happens(0.16) and storeys < 9 else 0)


def _heart(inner: Polygon, chance: Chance) -> Polygon:
    x0, y0, x1, y1 = inner.bounds
    centre = (x0 + (x1 - x0) * chance.between(0.42, 0.58), y0 + (y1 - y0) * chance.between(0.42, 0.58))
    return blob(chance, centre, min(18.0, max(10.0, (x1 - x0) * 0.12)), min(11.0, max(7.0, (y1 - y0) * 0.08)))


def _green_heart(parcel: Parcel, heart: Polygon, chance: Chance) -> None:
    green = parcel.frame.outside(heart)
    if any(green.intersects(b.shape) for b in parcel.buildings):
        green = largest(green.difference(shapely.union_all([b.shape for b in parcel.buildings]).buffer(3)))
    if green.area < 60:
        return
    parcel.areas.append(Area(green, "garden"))
    if green.area > 900 and chance.happens(0.6):
        x, y = green.centroid.coords[0]
        pond = blob(chance, (x, y), 11, 6)
        if green.buffer(-2).contains(pond):
            parcel.areas.append(Area(pond, "pond"))


def _lanes(parcel: Parcel, inner: Polygon, columns: Sequence[tuple[float, float]]) -> None:
    """Draw the estate's own lane in its widest gaps, wall to wall."""
    if len(columns) < 2:
        return
    gaps = [((a[1] + b[0]) / 2, b[0] - a[1]) for a, b in itertools.pairwise(columns)]
    _, y0, _, y1 = inner.bounds
    middle = max(gaps, key=lambda gap: gap[1] - 0.02 * abs(gap[0] - (inner.bounds[0] + inner.bounds[2]) / 2))
    line = parcel.frame.outside(LineString([(middle[0], y0 - 25), (middle[0], y1 + 25)])).intersection(parcel.land)
    if parcel.buildings:
        line = line.difference(shapely.union_all([b.shape.buffer(1.5) for b in parcel.buildings]))
    parcel.build.paths += [
        part for part in shapely.get_parts(line) if part.geom_type == "LineString" and part.length > 25
    ]


def _sheds(parcel: Parcel, chance: Chance) -> None:
    """Put a bicycle shed, a substation or a gatehouse where there is room."""
    west, south, east, north = parcel.land.bounds
    for _ in range(chance.whole(4, 9)):
        x, y = chance.between(west, east), chance.between(south, north)
        outline = parcel.frame.outside(rectangle(x, y, x + chance.between(5, 16), y + chance.between(4, 5.5)))
        if fits(outline, parcel.land.buffer(-1), parcel.buildings, apart=4.5) and not any(
            outline.intersects(area.shape) for area in parcel.areas
        ):
            parcel.buildings.append(Building(outline, "annex", 1))


def _open_ground(parcel: Parcel, chance: Chance) -> None:
    """Use what is left free: a ball court where one fits, else a lawn; some of it stays bare."""
    taken = [b.shape.buffer(4.0) for b in parcel.buildings] + [a.shape.buffer(3.0) for a in parcel.areas]
    free = parcel.land.buffer(-2.5).difference(shapely.union_all(taken)) if taken else parcel.land.buffer(-2.5)
    rooms = [
        part
        for part in shapely.get_parts(free.buffer(-4.0).buffer(3.2, quad_segs=2))
        if part.geom_type == "Polygon" and part.area > 260
    ]
    for room in sorted(rooms, key=lambda part: -part.area)[:5]:
        u, v = parcel.frame.inside(room).representative_point().coords[0]
        court = parcel.frame.outside(rectangle(u - 14, v - 7.5, u + 14, v + 7.5)) if chance.happens(0.5) else Polygon()
        turned = (
            parcel.frame.outside(rectangle(u - 7.5, v - 14, u + 7.5, v + 14))
            if court.is_empty and chance.happens(0.3)
            else Polygon()
        )
        if not court.is_empty and room.contains(court):
            parcel.areas.append(Area(court, "pitch"))
        elif not turned.is_empty and room.contains(turned):
            parcel.areas.append(Area(turned, "pitch"))
        elif chance.happens(0.7):
            bed = lawn(room, parcel.frame, chance)
            if bed.area > 100:
                parcel.areas.append(Area(bed, "lawn"))


def _high(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    """Build three towers of 32 or 33 storeys round a garden; each holds more than one micro-grid."""
    parcel.build.buildings += street_front(
        parcel.land, streets, chance, {"arterial": 1.0, "secondary": 0.8, "lane": 0.2}
    )
    inner = _inner(parcel, 9.0)
    if inner.area < 4_000:
        return
    x0, y0, x1, y1 = inner.bounds
    kinds = chance.shuffled(
        [(33, 2, 2, 33.0, 16.5, "core"), (32, 1, 4, 27.0, 21.0, "cross"), (33, 2, 3, 36.0, 19.0, "butterfly")]
    )
    spots = (
        ((0.04, 0.06), (0.96, 0.28), (0.1, 0.96))
        if x1 - x0 < 1.25 * (y1 - y0)
        else ((0.02, 0.2), (0.5, 0.85), (0.98, 0.15))
    )
    for (storeys, units, flats, width, depth, style), (u, v) in zip(kinds, spots, strict=True):
        for shrink in (0.0, 0.06, 0.12, 0.18, 0.24, 0.3, 0.38):
            uu, vv = u + (0.5 - u) * shrink, v + (0.5 - v) * shrink
            outline = tower(x0 + uu * (x1 - x0 - width), y0 + vv * (y1 - y0 - depth), width, depth, style)
            placed = parcel.frame.outside(outline)
            if inner.contains(outline) and fits(placed, parcel.land, parcel.buildings, apart=13.0):
                parcel.buildings.append(Building(placed, "residence", storeys, units, storeys * units * flats))
                break
    free = inner.difference(shapely.union_all([parcel.frame.inside(b.shape) for b in parcel.buildings]).buffer(8))
    centre = largest(free.buffer(-9).buffer(7))
    if not centre.is_empty:
        _green_heart(parcel, centre.simplify(1.5), chance)


def _village(parcel: Parcel, chance: Chance) -> None:
    """Build a dense patch of self-built houses on lanes that one can touch on both sides."""
    inner = parcel.frame.inside(parcel.land.buffer(-1.2, join_style="mitre"))
    x0, y0, x1, y1 = inner.bounds
    y = y0
    while y < y1 - 9:
        depth = chance.between(10.5, 13.5)
        for row in range(2):
            _house_row(parcel, inner, (x0, x1, y + row * (depth + 0.5), depth), chance)
        lane = y + 2 * depth + 0.5 + 1.9
        line = parcel.frame.outside(LineString([(x0 - 5, lane), ((x0 + x1) / 2, lane), (x1 + 5, lane)]))
        parcel.build.paths += [p for p in shapely.get_parts(line.intersection(parcel.land)) if p.length > 30]
        y += 2 * depth + 0.5 + 3.8


def _house_row(parcel: Parcel, inner: Polygon, row: tuple[float, float, float, float], chance: Chance) -> None:
    west, east, y, depth = row
    x, count = west + chance.between(0, 1.0), 0
    breaks = (east - west) / max(1, round((east - west) / 58))
    while x < east - 8:
        width = chance.between(8.8, 13.5)
        if (x - west) % breaks + width > breaks - 1.6:
            x = west + ((x - west) // breaks + 1) * breaks + 1.8
            continue
        cut_back = chance.between(0, 1.6)
        outline = rectangle(x, y + cut_back * chance.between(0, 1), x + width, y + depth - cut_back * 0.5)
        count += 1
        if inner.contains(outline) and not chance.happens(0.05):
            storeys = chance.weighted([(2, 1), (3, 3), (4, 5), (5, 4), (6, 1)])
            homes = max(2, storeys + chance.whole(-1, 1))
            parcel.buildings.append(Building(parcel.frame.outside(outline), "residence", storeys, 1, homes))
        x += width + chance.weighted([(0.3, 4), (0.9, 3), (2.2, 1)])
