"""Micro-grids: cut blocks along walls and between rows until every piece holds 50 to 70 households; then one exact topology."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry import Polygon, box

from data.synthetic.plane import Plane, largest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from data.synthetic.blocks import Building, Node, Parcel

LEAST, MOST = 50, 70
"""Households of a micro-grid (微网格 50-70 户)."""
LIVED_IN = 0.8
"""At least this share of the flats is lived in."""

Rect = tuple[float, float, float, float]
Options = dict[int, tuple[float, "Plan"]]


@dataclass(frozen=True)
class Piece:
    """A piece of land that becomes a leaf polygon: a micro-grid, the ground under a stack (``stacks`` > 0), or nobody's yet."""

    shape: BaseGeometry
    buildings: tuple[Building, ...]
    stacks: int = 0
    builds: tuple[tuple[Parcel, int], ...] = ()


Plan = tuple[Piece, ...]


def range_of(buildings: Sequence[Building]) -> tuple[int, int]:
    """Return how many households the buildings can hold, at least and at most."""
    low = sum(max(1, math.ceil(LIVED_IN * b.flats)) for b in buildings if b.flats)
    return low, sum(b.flats for b in buildings)


def options(node: Node) -> Options:
    """Return the ways to cut a piece of a block into micro-grids: how many -> (cost, plan).

    A piece without dwellings has one way: no micro-grid of its own (it is given to a neighbour later).
    """
    buildings = tuple(b for parcel in node.parcels() for b in parcel.buildings if b.flats)
    if not buildings:
        return {0: (0.0, tuple(Piece(parcel.shape, ()) for parcel in node.parcels()))}
    if node.parcel is not None:
        return _ways_of(node.parcel)
    found: Options = {}
    whole = _single(buildings, node.shape, tuple((parcel, parcel.chosen) for parcel in node.parcels()))
    if whole is not None:
        found[1] = whole
    left, right = (options(child) for child in node.children)
    _combine(found, left, right, 0.0)
    return found


def _ways_of(parcel: Parcel) -> Options:
    """Return the ways to cut a parcel, over all the ways to build it."""
    found: Options = {}
    for i in range(len(parcel.builds)):
        parcel.chosen = i
        for k, (cost, plan) in cut_parcel(parcel).items():
            if k not in found or cost + 0.6 * i < found[k][0]:
                found[k] = cost + 0.6 * i, plan
    parcel.chosen = 0
    return found


def _combine(found: Options, left: Options, right: Options, toll: float) -> None:
    for a, (cost_a, plan_a) in left.items():
        for b, (cost_b, plan_b) in right.items():
            cost = cost_a + cost_b + toll
            if a + b not in found or cost < found[a + b][0]:
                found[a + b] = (cost, plan_a + plan_b)


def _single(
    buildings: Sequence[Building], shape: BaseGeometry, builds: tuple[tuple[Parcel, int], ...]
) -> tuple[float, Plan] | None:
    low, high = range_of(buildings)
    if high < LEAST + 1 or low > MOST - 1:
        return None
    near = min(max(60, low), high)
    return ((near - 60) / 7) ** 2 + _ugly(shape), (Piece(shape, tuple(buildings), 0, builds),)


def _ugly(shape: BaseGeometry) -> float:
    """Say how far a shape is from a compact one: 0 for a square, growing with length and dents."""
    if shape.geom_type != "Polygon" or shape.is_empty:
        return 60.0
    return 3.0 * max(0.0, shape.length / (4 * math.sqrt(shape.area)) - 1.05) ** 1.5


def cut_parcel(parcel: Parcel) -> Options:
    """Cut a parcel, as it is built, by straight lines between its buildings, rows and columns, in its own frame."""
    build = ((parcel, parcel.chosen),)
    buildings = tuple(b for b in parcel.buildings if b.flats)
    if sum(b.flats for b in buildings) < LEAST:
        return {}
    shape = parcel.frame.inside(parcel.shape)
    standing = [*buildings, *(b for b in parcel.buildings if not b.flats and b.use != "annex")]
    bounds = np.array([parcel.frame.inside(b.shape).bounds for b in standing])
    flats = len(buildings)

    @cache
    def solve(rect: Rect, chosen: frozenset[int]) -> Options:
        here = tuple(buildings[i] for i in sorted(chosen) if i < flats)
        piece = parcel.frame.outside(shapely.intersection(shape, box(*rect)))
        if not here:
            return {0: (2.0, (Piece(piece, ()),))}
        found = _leaf(here, piece, build)
        low, high = range_of(here)
        if high < 2 * LEAST:
            return found
        for toll, first, second in _cuts(bounds, chosen, rect):
            _combine(found, solve(*first), solve(*second), toll)
        return {k: value for k, value in found.items() if math.ceil(low / MOST) <= k <= high // LEAST}

    x0, y0, x1, y1 = shape.bounds
    return solve((x0 - 1, y0 - 1, x1 + 1, y1 + 1), frozenset(range(len(standing))))


def _leaf(here: tuple[Building, ...], piece: BaseGeometry, build: tuple[tuple[Parcel, int], ...]) -> Options:
    single = _single(here, piece, build)
    if single is not None:
        return {1: single}
    if len(here) == 1 and here[0].flats > MOST:
        ways = stack_ways(here[0])
        return {s: (_ugly(piece), (Piece(piece, here, s, build),)) for s in ways}
    return {}


@dataclass(frozen=True)
class Slice:
    """A part of a tower that is a micro-grid: units and floors from and to, and the flats there."""

    units: tuple[int, int]
    floors: tuple[int, int]
    flats: int


def slices(tower: Building, count: int) -> list[Slice]:
    """Slice a tower into stacked micro-grids: unit by unit, by ranges of floors within units, or by floors through all units."""
    landing = tower.flats // (tower.storeys * tower.units)
    by_unit = count % tower.units == 0 and tower.units > 1
    ranges = count // tower.units if by_unit else count
    edges = [round(i * tower.storeys / ranges) for i in range(ranges + 1)]
    floors = [(a + 1, b) for a, b in itertools.pairwise(edges)]
    units = [(u, u) for u in range(1, tower.units + 1)] if by_unit else [(1, tower.units)]
    return [Slice(u, f, (u[1] - u[0] + 1) * (f[1] - f[0] + 1) * landing) for u in units for f in floors]


def stack_ways(tower: Building) -> list[int]:
    """Return into how many stacked micro-grids a tower can be sliced."""
    low, high = range_of([tower])
    ways = range(max(2, math.ceil(low / MOST)), high // LEAST + 1)
    return [
        n for n in ways if all(s.flats >= LEAST and math.ceil(LIVED_IN * s.flats) <= MOST for s in slices(tower, n))
    ]


def _cuts(
    bounds: np.ndarray, chosen: frozenset[int], rect: Rect
) -> list[tuple[float, tuple[Rect, frozenset[int]], tuple[Rect, frozenset[int]]]]:
    """List cuts through gaps between buildings, best first, at most eight: (toll, side, other side)."""
    index = np.array(sorted(chosen))
    found = []
    for axis in (0, 1):
        order = index[np.argsort(bounds[index, axis], kind="stable")]
        reach = np.maximum.accumulate(bounds[order, axis + 2])
        for i in np.flatnonzero(bounds[order[1:], axis] - reach[:-1] > 0.9):
            gap = bounds[order[i + 1], axis] - reach[i]
            at = round(float(reach[i] + gap * 0.5), 2)
            lower = (rect[0], rect[1], at, rect[3]) if axis == 0 else (rect[0], rect[1], rect[2], at)
            upper = (at, rect[1], rect[2], rect[3]) if axis == 0 else (rect[0], at, rect[2], rect[3])
            halves = frozenset(order[: i + 1].tolist()), frozenset(order[i + 1 :].tolist())
            balance = abs(len(halves[0]) - len(halves[1])) / len(index)
            found.append((2.0 / (1 + gap), balance, (lower, halves[0]), (upper, halves[1])))
    found.sort(key=lambda cut: (round(cut[0] + 0.25 * cut[1], 6), cut[2][0]))
    return [(toll, first, second) for toll, _, first, second in found[:9]]


def choose(ways: Sequence[Options], wanted: int) -> list[Plan] | None:
    """Choose one way for every block so that their micro-grids number ``wanted``, at the least cost.

    Returns
    -------
    list or None
        A plan for each block, None where no choice adds up.
    """
    best: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    for found in ways:
        further: dict[int, tuple[float, tuple[int, ...]]] = {}
        for total, (cost, picks) in best.items():
            for k, (extra, _) in found.items():
                key = total + k
                if key <= wanted and (key not in further or cost + extra < further[key][0]):
                    further[key] = (cost + extra, (*picks, k))
        best = further
    if wanted not in best:
        return None
    return [found[k][1] for found, k in zip(ways, best[wanted][1], strict=True)]


@dataclass
class Leaf:
    """A polygon of the finest level in degrees, with what stands on it."""

    shape: Polygon
    buildings: list[Building]
    group: int
    stacks: int = 0
    label: str = ""
    code: str = ""
    households: int = 0
    parts: list[int] = field(default_factory=list)


def assemble(pieces: Sequence[Piece], groups: Sequence[int], plane: Plane) -> list[Leaf]:
    """Turn pieces into leaves that share every vertex, on the grid of 1e-7 degree; nobody's land goes to a neighbour of its group.

    Parameters
    ----------
    pieces
        Pieces on the plane; together they tile.
    groups
        The third-level grid of each piece.
    """
    outlines = [plane.to_degrees(shapely.segmentize(piece.shape, 60.0)) for piece in pieces]
    lines = shapely.unary_union([outline.boundary for outline in outlines], grid_size=1e-7)
    faces = [_tidy(face) for face in shapely.get_parts(shapely.polygonize([lines]))]
    owner = _owners(faces, outlines)
    leaves = []
    for i, piece in enumerate(pieces):
        mine = [faces[int(j)] for j in np.flatnonzero(owner == i)]
        leaves.append(Leaf(join(mine), list(piece.buildings), groups[i], piece.stacks))
    return _give_away(leaves)


def _tidy(face: Polygon) -> Polygon:
    rounded: Polygon = shapely.transform(face, lambda xy: np.round(xy, 7))
    return rounded


def _owners(faces: Sequence[Polygon], outlines: Sequence[BaseGeometry]) -> np.ndarray:
    tree = STRtree(list(outlines))
    inside = [face.representative_point() for face in faces]
    owner = np.full(len(faces), -1)
    point, piece = tree.query(inside, predicate="within")
    owner[point[::-1]] = piece[::-1]
    for i in np.flatnonzero(owner < 0).tolist():
        if faces[i].area < 2e-9:
            owner[i] = tree.nearest(inside[i])
    return owner


def join(parts: Sequence[Polygon]) -> BaseGeometry:
    """Unite polygons that share vertices, without adding or moving any."""
    return _tidy(shapely.coverage_union_all(list(parts)).normalize()) if len(parts) else Polygon()


def _give_away(leaves: list[Leaf]) -> list[Leaf]:
    """Merge land without households, and parts cut off from their own, into the neighbour with which it makes the best shape."""
    kept, loose = [], []
    for leaf in leaves:
        home = largest(leaf.shape)
        if leaf.shape.geom_type == "MultiPolygon":
            loose += [(part, leaf.group) for part in shapely.get_parts(leaf.shape) if not part.equals(home)]
        leaf.shape = home
        if leaf.buildings:
            kept.append(leaf)
        elif not home.is_empty:
            loose.append((home, leaf.group))
    loose.sort(key=lambda item: (item[0].area, item[0].bounds))
    while loose:
        best = _best_home(kept, loose)
        if best is None:
            break
        index, target, shape = best
        kept[target].shape = shape
        loose.pop(index)
    if loose:
        raise ValueError(f"{len(loose)} pieces of land have no neighbour with households.")
    return kept


def _best_home(kept: Sequence[Leaf], loose: Sequence[tuple[Polygon, int]]) -> tuple[int, int, Polygon] | None:
    tree = STRtree([leaf.shape for leaf in kept])
    for strict in (True, False):
        for i, (shape, group) in enumerate(loose):
            found = []
            for j in sorted(tree.query(shape, predicate="intersects").tolist()):
                if strict and kept[j].group != group:
                    continue
                shared = shape.boundary.intersection(kept[j].shape.boundary).length
                union = join([shape, kept[j].shape])
                if shared > 5e-6 and union.geom_type == "Polygon":
                    found.append((_roundness_loss(union) - 0.4 * shared / shape.length, j, union))
            if found:
                _, j, union = min(found, key=lambda item: (round(item[0], 9), item[1]))
                return i, j, union
    return None


def _roundness_loss(shape: Polygon) -> float:
    squashed = shapely.transform(shape, lambda xy: xy * [0.82, 1.0])
    hull = 1 - squashed.area / squashed.convex_hull.area
    return squashed.length / (4 * math.sqrt(squashed.area)) - 1 + 1.6 * hull + 0.6 * len(shape.interiors)


def settle(leaf: Leaf) -> None:
    """Fill the flats of a leaf's buildings so that it holds between 50 and 70 households."""
    homes = [b for b in leaf.buildings if b.flats]
    if leaf.stacks:
        leaf.households = homes[0].households = sum(lived_in(part) for part in slices(homes[0], leaf.stacks))
        return
    low, high = range_of(homes)
    share = (int(leaf.shape.area * 1e11) % 97) / 96
    wanted = int(np.clip(round(low + (high - low) * (0.12 + 0.66 * share)), max(LEAST, low), min(MOST, high)))
    given = [max(1, math.ceil(LIVED_IN * b.flats)) for b in homes]
    order = sorted(range(len(homes)), key=lambda i: (-homes[i].flats, i))
    while sum(given) < wanted:
        for i in order:
            if given[i] < homes[i].flats and sum(given) < wanted:
                given[i] += 1
    for building, households in zip(homes, given, strict=True):
        building.households = households
    leaf.households = sum(given)


def lived_in(part: Slice) -> int:
    """Return the households of a slice of a tower."""
    return min(MOST, max(LEAST, round(part.flats * 0.96)))


def reading_point(shape: Polygon) -> tuple[float, float]:
    """Return where a reader's eye finds a shape: over its centre, half-way up to its northern edge.

    By its centre alone a grid two blocks deep in the north-west corner would be numbered after its shallow neighbours.
    """
    return shape.centroid.x, (shape.centroid.y + shape.bounds[3]) / 2


def reading_order(points: Sequence[tuple[float, float]], band: float) -> list[int]:
    """Order points as grids are numbered: rows from north to south, in each row from west to east (从西到东、从北到南).

    A row takes the northernmost point left and all within ``band`` south of it.
    """
    left = sorted(range(len(points)), key=lambda i: (-points[i][1], points[i][0]))
    order: list[int] = []
    while left:
        limit = points[left[0]][1] - band
        row = [i for i in left if points[i][1] >= limit]
        order += sorted(row, key=lambda i: (points[i][0], -points[i][1]))
        left = [i for i in left if points[i][1] < limit]
    return order
