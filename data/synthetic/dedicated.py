"""Land that is not for living: schools, hospital, market, park, sites, the old mill. Many of them are dedicated grids (专属网格)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon

from data.synthetic.blocks import Area, Building, Parcel
from data.synthetic.buildings import comb, fits, lawn, oval, street_front, tower
from data.synthetic.plane import Chance, blob, largest, rectangle, smooth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from data.synthetic.streets import Street


@dataclass(frozen=True)
class Special:
    """A unit that needs land.

    Attributes
    ----------
    kind
        How it is built: a key of ``BUILDERS``.
    name
        Its name on the map; the title of its dedicated grid.
    area
        Hectares wanted.
    post
        Title of the head of the dedicated grid, empty if the unit is none.
    near
        ``arterial``, ``canal`` or ``""``: what it likes to lie at.
    """

    kind: str
    name: str
    area: float
    post: str = ""
    near: str = ""


SPOTS = tuple(
    (u, v)
    for edge in (0.0, 0.06, 0.13)
    for u, v in (
        (1 - edge, 0.5),
        (edge, 0.5),
        (0.5, edge),
        (1 - edge, edge),
        (edge, edge),
        (1 - edge, 1 - edge),
        (edge, 1 - edge),
        (0.5, 1 - edge),
    )
)
"""Where a sports field is tried: at the edges first, shares of the room left."""


def build(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    """Build the unit of a parcel in the manner of its kind."""
    parcel.begin()
    BUILDERS[parcel.kind](parcel, streets, chance)


def _put(
    parcel: Parcel, outline: Polygon, use: str, storeys: int, *, name: str = "", apart: float = 5.0, edge: float = 2.0
) -> bool:
    placed = parcel.frame.outside(outline)
    if not fits(placed, parcel.land.buffer(-edge), parcel.buildings, apart=apart):
        return False
    if any(placed.distance(area.shape) < 2 for area in parcel.areas if area.kind in {"track", "pitch", "pond"}):
        return False
    parcel.buildings.append(Building(placed, use, storeys, name=name))
    return True


def _try(  # noqa: PLR0917 - one line a building reads best
    parcel: Parcel,
    make: Callable[[float, float], Polygon],
    use: str,
    storeys: int,
    name: str,
    chance: Chance,
    *,
    tries: int = 60,
    apart: float = 6.0,
) -> bool:
    """Put a building somewhere on the land, starting with places that line up with its edges."""
    x0, y0, x1, y1 = parcel.frame.inside(parcel.land).bounds
    size = make(0, 0).bounds
    width, depth = size[2] - size[0], size[3] - size[1]
    for i in range(tries):
        u = chance.pick((0.06, 0.5, 0.94)) if i < tries / 2 else chance.between(0.03, 0.97)
        v = chance.pick((0.06, 0.5, 0.94)) if i < tries / 2 else chance.between(0.03, 0.97)
        if _put(
            parcel, make(x0 + u * (x1 - x0 - width), y0 + v * (y1 - y0 - depth)), use, storeys, name=name, apart=apart
        ):
            return True
    return False


def _field(parcel: Parcel) -> None:
    """Lay the largest running track that fits, with its pitch."""
    land = parcel.frame.inside(parcel.land.buffer(-4))
    x0, y0, x1, y1 = land.bounds
    for length, width in ((176, 92), (150, 76), (124, 62), (98, 50), (78, 42), (60, 32)):
        if length * width > 0.42 * land.area:
            continue
        for a, b in ((width, length), (length, width)):
            for u, v in SPOTS:
                track = oval(x0 + u * (x1 - x0 - a), y0 + v * (y1 - y0 - b), a, b)
                if land.contains(track):
                    inner = track.buffer(-max(5.0, width * 0.1))
                    parcel.areas.append(Area(parcel.frame.outside(track.difference(inner)), "track"))
                    parcel.areas.append(Area(parcel.frame.outside(inner.buffer(-1.0)), "pitch"))
                    return


def _wings(parcel: Parcel, length: float, wings: int, chance: Chance) -> bool:
    def body(x: float, y: float) -> Polygon:
        return comb(x, y, length, wings, depth=9.5, gap=17)

    return _try(parcel, body, "school", 5, "教学楼", chance, tries=80)


def _school(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    _field(parcel)
    room = parcel.frame.inside(parcel.land).area
    length = float(np.clip(room**0.5 * 0.34, 26, 62))
    wings = 4 if room > 22_000 else 3 if room > 9_000 else 2
    while wings and not _wings(parcel, length, wings, chance):
        wings -= 1
        length *= 0.85
    _try(parcel, lambda x, y: rectangle(x, y, x + 36, y + 13), "school", 4, "综合楼", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 28, y + 22), "school", 2, "体育馆", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 34, y + 12), "school", 5, "行政楼", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 7, y + 5), "annex", 1, "", chance)
    _lawns(parcel, chance, 2)
    del streets


def _kindergarten(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    def body(x: float, y: float) -> Polygon:
        return Polygon(shapely.union_all([rectangle(x, y, x + 38, y + 12), rectangle(x, y, x + 12, y + 30)]).exterior)

    if not _try(parcel, body, "school", 3, "教学楼", chance):
        _try(parcel, lambda x, y: rectangle(x, y, x + 26, y + 11), "school", 3, "教学楼", chance)
    _lawns(parcel, chance, 2, kind="playground")
    _try(parcel, lambda x, y: rectangle(x, y, x + 18, y + 9), "school", 1, "", chance)
    del streets


def _hospital(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    def outpatient(x: float, y: float) -> Polygon:
        return Polygon(
            shapely.union_all([rectangle(x, y, x + 66, y + 24), rectangle(x + 22, y, x + 44, y + 46)]).exterior
        )

    _try(parcel, outpatient, "hospital", 6, "门诊楼", chance, tries=90)
    _try(parcel, lambda x, y: rectangle(x, y, x + 58, y + 17), "hospital", 14, "住院楼", chance, apart=14)
    _try(parcel, lambda x, y: rectangle(x, y, x + 44, y + 15), "hospital", 8, "医技楼", chance, apart=9)
    _try(parcel, lambda x, y: rectangle(x, y, x + 30, y + 13), "hospital", 4, "行政楼", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 16, y + 11), "annex", 1, "", chance)
    _lawns(parcel, chance, 3)
    del streets


def _market(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    land = parcel.frame.inside(parcel.land)
    x0, y0, x1, y1 = land.bounds
    width, depth = min(62, 0.62 * (x1 - x0)), min(46, 0.55 * (y1 - y0))
    _try(parcel, lambda x, y: rectangle(x, y, x + width, y + depth), "market", 2, "交易大厅", chance)
    parcel.build.buildings += [
        b
        for b in street_front(parcel.land, streets, chance, dict.fromkeys(("arterial", "secondary", "lane"), 0.9))
        if fits(b.shape, parcel.land, parcel.buildings, apart=4.0)
    ]
    for _ in range(3):
        _try(parcel, lambda x, y: rectangle(x, y, x + 30, y + 6), "market", 1, "", chance, tries=25)


def _mall(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    hall = parcel.frame.inside(parcel.land).buffer(-13, join_style="mitre")
    core = largest(hall.buffer(-6).buffer(6, quad_segs=3).simplify(0.8))
    cut = min(core.area**0.5, 96.0)
    body = largest(
        core.intersection(
            rectangle(
                core.centroid.x - cut * 0.62,
                core.centroid.y - cut * 0.46,
                core.centroid.x + cut * 0.62,
                core.centroid.y + cut * 0.46,
            )
        )
    )
    _put(parcel, body, "mall", 6, name=parcel.name)
    _try(parcel, lambda x, y: tower(x, y, 32, 30, "core"), "office", 24, "写字楼", chance)
    _lawns(parcel, chance, 2)
    del streets


def _office(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    def court(x: float, y: float) -> Polygon:
        wings = [
            rectangle(x, y + 26, x + 58, y + 42),
            rectangle(x, y, x + 14, y + 30),
            rectangle(x + 44, y, x + 58, y + 30),
        ]
        return Polygon(shapely.union_all(wings).exterior)

    if not _try(parcel, court, "office", 7, "办公楼", chance):
        _try(parcel, lambda x, y: rectangle(x, y, x + 42, y + 15), "office", 7, "办公楼", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 40, y + 14), "office", 5, "附属楼", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 22, y + 12), "office", 2, "食堂", chance)
    _lawns(parcel, chance, 3)
    del streets


def _tower_office(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    _try(parcel, lambda x, y: tower(x, y, 38, 34, "cross"), "office", 26, "A座", chance)
    _try(parcel, lambda x, y: tower(x, y, 34, 26, "core"), "office", 19, "B座", chance, apart=12)
    _try(parcel, lambda x, y: rectangle(x, y, x + 34, y + 20), "shop", 3, "裙楼", chance)
    _lawns(parcel, chance, 2)
    del streets


def _works(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    """Lay out the old mill: long weaving halls, a dye house, stores, a chimney."""
    land = parcel.frame.inside(parcel.land).buffer(-7, join_style="mitre")
    x0, y0, x1, y1 = land.bounds
    y = y0
    while y < y1 - 14:
        depth = chance.pick((18.0, 18.0, 24.0, 36.0))
        x = x0
        while x < x1 - 20:
            length = chance.between(34, 92)
            outline = largest(rectangle(x, y, min(x + length, x1), min(y + depth, y1)).intersection(land))
            if (
                outline.area > 260
                and outline.area > 0.8 * outline.minimum_rotated_rectangle.area
                and chance.happens(0.82)
            ):
                _put(parcel, outline, "works", chance.pick((1, 1, 2, 3)), apart=3.0, edge=3)
            x += length + chance.between(8, 14)
        y += depth + chance.between(7, 13)
    _try(parcel, lambda x, y: Polygon(Point(x + 3, y + 3).buffer(3, quad_segs=3).exterior), "works", 1, "烟囱", chance)
    _lawns(parcel, chance, 2)
    del streets


def _site(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    for _ in range(3):
        _try(parcel, lambda x, y: tower(x, y, 34, 17, "core"), "under construction", 9, "在建楼", chance, apart=20)
    _try(parcel, lambda x, y: rectangle(x, y, x + 30, y + 6), "annex", 2, "项目部", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 22, y + 6), "annex", 2, "工人宿舍", chance)
    land = parcel.frame.inside(parcel.land.buffer(-8))
    x, y = land.representative_point().coords[0]
    pit = blob(chance, (x, y), 20, 12, wobble=0.3)
    if land.contains(pit):
        parcel.areas.append(Area(parcel.frame.outside(pit), "bare"))
    del streets


def _depot(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    _try(parcel, lambda x, y: rectangle(x, y, x + 46, y + 15), "works", 2, "检修车间", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 26, y + 11), "office", 3, "调度楼", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 38, y + 7), "annex", 1, "", chance)
    del streets


def _hotel(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    _try(parcel, lambda x, y: tower(x, y, 46, 19, "core"), "hotel", 16, "主楼", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 40, y + 24), "hotel", 3, "裙楼", chance, apart=0.5)
    _lawns(parcel, chance, 2)
    del streets


def _park(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    green = parcel.land.buffer(-2).buffer(0)
    parcel.areas.append(Area(green, "park", parcel.name))
    x0, y0, x1, y1 = parcel.land.bounds
    cx, cy = parcel.land.centroid.coords[0]
    pond = blob(
        chance,
        (cx + chance.between(-12, 12), cy + chance.between(-12, 12)),
        (x1 - x0) * 0.2,
        (y1 - y0) * 0.17,
        wobble=0.17,
        corners=10,
    )
    pond = largest(pond.intersection(green.buffer(-14)))
    if pond.area > 250:
        parcel.areas.append(Area(pond, "pond"))
        ring = pond.buffer(7).exterior
        parcel.paths.append(LineString(ring.simplify(0.6)))
    walk = largest(green.buffer(-12)).exterior
    parcel.paths.append(
        LineString(
            smooth(
                [walk.interpolate(t, normalized=True).coords[0] for t in np.linspace(0, 0.92, 14)],
                step=16,
                closed=False,
            )
        )
    )
    for _ in range(4):
        a, b = (green.exterior.interpolate(chance.between(0, 1), normalized=True) for _ in range(2))
        middle = (cx + chance.between(-25, 25), cy + chance.between(-25, 25))
        line = (
            LineString(smooth([a.coords[0], middle, b.coords[0]], step=14))
            .intersection(green)
            .difference(pond.buffer(4))
        )
        parcel.build.paths += [p for p in shapely.get_parts(line) if p.geom_type == "LineString" and p.length > 25]
    _try(parcel, lambda x, y: rectangle(x, y, x + 9, y + 8), "annex", 1, "亭", chance)
    _try(parcel, lambda x, y: rectangle(x, y, x + 18, y + 8), "annex", 1, "管理房", chance)
    del streets


def _shops(parcel: Parcel, streets: Sequence[Street], chance: Chance) -> None:
    """Fill a leftover corner with commerce: shop strips round a yard of stores."""
    parcel.build.buildings += street_front(
        parcel.land, streets, chance, dict.fromkeys(("arterial", "secondary", "lane"), 1.0)
    )
    for _ in range(4):
        size = chance.between(16, 34), chance.between(11, 16)
        _try(parcel, lambda x, y, s=size: rectangle(x, y, x + s[0], y + s[1]), "shop", 3, "", chance, tries=30)  # type: ignore[misc]


def _lawns(parcel: Parcel, chance: Chance, count: int, kind: str = "lawn") -> None:
    """Lay lawns on what is left free."""
    taken = [b.shape.buffer(4) for b in parcel.buildings] + [a.shape.buffer(3) for a in parcel.areas]
    free = parcel.land.buffer(-3).difference(shapely.union_all(taken)) if taken else parcel.land.buffer(-3)
    rooms = sorted(shapely.get_parts(free.buffer(-4).buffer(3)), key=lambda part: -part.area)
    for room in [part for part in rooms if part.geom_type == "Polygon" and part.area > 90][:count]:
        bed = lawn(room, parcel.frame, chance)
        if bed.area > 80:
            parcel.areas.append(Area(bed, kind))


BUILDERS: dict[str, Callable[[Parcel, Sequence[Street], Chance], None]] = {
    "school": _school, "kindergarten": _kindergarten, "hospital": _hospital, "market": _market, "mall": _mall,
    "office": _office, "tower office": _tower_office, "works": _works, "site": _site, "depot": _depot, "hotel": _hotel,
    "park": _park, "shops": _shops,
}  # fmt: skip


def place(
    parcels: Sequence[Parcel],
    grids: Sequence[int],
    specials: Sequence[Special],
    streets: Sequence[Street],
    chance: Chance,
) -> None:
    """Give every special unit the parcel that suits it: by area, by what it lies at, and never so that nobody lives in a grid.

    Parameters
    ----------
    parcels
        Parcels without a kind yet; those chosen get the kind, name and title of the unit.
    grids
        The third-level grid of each parcel.
    specials
        The units, placed from the largest down.
    """
    used: dict[int, int] = {}
    share: dict[int, float] = {}
    total = {grid: sum(p.land.area for p, g in zip(parcels, grids, strict=True) if g == grid) for grid in set(grids)}
    for special in sorted(specials, key=lambda item: -item.area):
        housing = special.kind in {"high", "village"}
        free = [i for i, parcel in enumerate(parcels) if not parcel.kind and parcel.land.area > 900]
        costs: list[float] = []
        for i in free:
            land = parcels[i].land
            ratio = abs(float(np.log(land.area / (special.area * 10_000))))
            part = land.area / total[grids[i]]
            crowd = 0.3 * used.get(grids[i], 0) + 6.0 * (not housing and share.get(grids[i], 0.0) + part > 0.45)
            far = 0.0 if not special.near else min(1.5, _distance(land, streets, special.near) / 60)
            narrow = (
                0.0
                if special.kind != "high"
                else 2.5 * max(0.0, 0.85 - land.area / land.envelope.area) + 2.0 * max(0.0, 95 - _breadth(land)) / 30
            )
            costs.append(1.5 * ratio + crowd + far + narrow + chance.between(0, 0.25))
        best = free[int(np.argmin(costs))]
        parcels[best].kind, parcels[best].name, parcels[best].title = special.kind, special.name, special.post
        used[grids[best]] = used.get(grids[best], 0) + 1
        if not housing:
            share[grids[best]] = share.get(grids[best], 0.0) + parcels[best].land.area / total[grids[best]]


def _breadth(land: Polygon) -> float:
    ring = land.minimum_rotated_rectangle.exterior.coords
    return min(LineString(ring[i : i + 2]).length for i in range(2))


def _distance(land: Polygon, streets: Sequence[Street], kind: str) -> float:
    near = [street.line.distance(land) - street.width / 2 for street in streets if street.kind == kind]
    return max(0.0, min(near, default=100.0))
