"""How well polygons cover: overlaps, holes and shortfalls, as pieces with a size and a width.

Everything is computed on the degrees as they stand in the file, where a straight edge is straight and a corner that lies on a neighbour's edge stays there; only the
pieces found are measured in metres, each on the ellipsoid around its own middle. (Projecting first bends long edges: 1.4 m over 10 km, enough to invent slivers.)
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NOISE_WIDTH_M = 0.02
"""Pieces of a lower mean width are rounding, and ignored: 1e-7 degree is 1.1 cm."""
NOISE_M2 = 0.01
"""Pieces of a lower area are ignored too."""
SLIVER_WIDTH_M = 0.3
"""Pieces of a lower mean width are slivers (碎片): two boundaries that were meant to be one."""
TOUCH_DEGREES = 2e-6
"""Polygons within so much of a piece are its neighbours: 0.2 m."""

_AXIS_M = 6378137.0
_ECCENTRICITY2 = 0.0066943799901413165


def metres_per_degree(lat: Any) -> tuple[Floats, Floats]:
    """Return the metres in one degree of longitude and of latitude at latitudes (n,), on the WGS84 ellipsoid (Snyder 1987, equations 4-18 and 4-19)."""
    phi = np.radians(np.asarray(lat, dtype=np.float64))
    w2 = 1.0 - _ECCENTRICITY2 * np.sin(phi) ** 2
    east = np.radians(_AXIS_M / np.sqrt(w2) * np.cos(phi))
    north = np.radians(_AXIS_M * (1.0 - _ECCENTRICITY2) / (w2 * np.sqrt(w2)))
    return east, north


def sizes(geoms: np.ndarray) -> tuple[Floats, Floats]:
    """Return the area (square metres) and mean width (metres: twice the area by the perimeter) of lon/lat polygons (n,); right to 1e-4 up to 50 km."""
    bounds = shapely.bounds(geoms)
    east, north = metres_per_degree((bounds[:, 1] + bounds[:, 3]) / 2)
    coordinates, index = shapely.get_coordinates(geoms, return_index=True)
    scaled = shapely.set_coordinates(
        np.array(geoms, dtype=object), coordinates * np.column_stack([east[index], north[index]])
    )
    areas, lengths = shapely.area(scaled), shapely.length(scaled)
    return areas, np.divide(2.0 * areas, lengths, out=np.zeros_like(areas), where=lengths > 0)


@dataclass(frozen=True, eq=False)
class Pieces:
    """Polygons that are too much or missing; arrays (n,) run by area, the largest first.

    Attributes
    ----------
    owner
        int64 (n, k): what each piece belongs to: the two polygons that overlap, or the polygon that is not covered.
    geoms
        Polygons, degrees.
    area_m2, width_m
        Size, and mean width.
    """

    owner: np.ndarray
    geoms: np.ndarray
    area_m2: Floats
    width_m: Floats

    def __len__(self) -> int:
        return len(self.geoms)

    def __getitem__(self, which: Any) -> "Pieces":
        return Pieces(self.owner[which], self.geoms[which], self.area_m2[which], self.width_m[which])

    @property
    def thin(self) -> NDArray[np.bool_]:
        """Whether each is a sliver."""
        return self.width_m < SLIVER_WIDTH_M


def pieces_of(geoms: np.ndarray, owner: np.ndarray) -> Pieces:
    """Take geometries (n,) apart into polygons, and leave out what is rounding."""
    parts, index = shapely.get_parts(np.asarray(geoms, dtype=object), return_index=True)
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON.value
    parts, index = parts[polygons], index[polygons]
    area, width = sizes(parts)
    keep = np.flatnonzero((area >= NOISE_M2) & (width >= NOISE_WIDTH_M))
    keep = keep[np.argsort(-area[keep], kind="stable")]
    return Pieces(np.asarray(owner)[index[keep]], parts[keep], area[keep], width[keep])


@dataclass(frozen=True, eq=False)
class Coverage:
    """Polygons (n,), degrees, that should lie side by side; invalid ones are made valid for the sake of the comparison."""

    raw: np.ndarray

    @cached_property
    def geoms(self) -> np.ndarray:
        """The polygons, valid."""
        return areal(self.raw)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """An index of the polygons."""
        return shapely.STRtree(self.geoms)

    @cached_property
    def suspect(self) -> NDArray[np.bool_]:
        """Which polygons have an edge that their neighbours do not share corner by corner, or that runs through another; no two others overlap."""
        return (
            np.asarray(shapely.length(shapely.coverage_invalid_edges(self.geoms)) > 0)
            if len(self.geoms)
            else np.array([], dtype=bool)
        )

    @cached_property
    def exact(self) -> bool:
        """Whether neighbours share all their corners, so that nothing overlaps."""
        return bool(len(self.geoms)) and not self.suspect.any()

    @cached_property
    def union(self) -> shapely.Geometry:
        """What the polygons cover together."""
        return shapely.coverage_union_all(self.geoms) if self.exact else shapely.union_all(self.geoms)

    def overlaps(self) -> Pieces:
        """Return the pieces that two polygons both cover; ``owner`` (n, 2) holds their positions."""
        if self.exact or not len(self.geoms):
            return pieces_of(np.array([], dtype=object), np.empty((0, 2), dtype=np.int64))
        one, other = self.tree.query(self.geoms, predicate="intersects")
        pairs = np.column_stack([one, other])[(one < other) & (self.suspect[one] | self.suspect[other])]
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        common = shapely.intersection(self.geoms[pairs[:, 0]], self.geoms[pairs[:, 1]])
        areal_ones = shapely.area(common) > 0
        return pieces_of(common[areal_ones], pairs[areal_ones])

    def holes(self) -> Pieces:
        """Return the pieces that the polygons surround and do not cover; ``owner`` (n, 1) is -1."""
        parts = shapely.get_parts(self.union)
        rings, index = shapely.get_rings(parts, return_index=True)
        inner = np.flatnonzero(np.diff(index, prepend=-1) == 0)  # the first ring of a part is its shell
        filled = shapely.polygons(rings[inner])
        if len(parts) > 1:  # an island in a lake
            filled = shapely.difference(filled, self.union)
        return pieces_of(filled, np.full((len(inner), 1), -1))

    def uncovered(self, base: "Coverage") -> Pieces:
        """Return the pieces of the polygons of another level that these do not cover; ``owner`` (n, 1) is the position there."""
        one, other = self.tree.query(base.geoms, predicate="intersects")
        mine = np.split(self.geoms[other], np.searchsorted(one, np.arange(1, len(base.geoms))))
        join = shapely.coverage_union_all if self.exact else shapely.union_all
        unions = np.array([join(geoms) for geoms in mine[: len(base.geoms)]], dtype=object)
        return pieces_of(shapely.difference(base.geoms, unions), np.arange(len(base.geoms))[:, None])

    def outside(self, base: "Coverage", parents: np.ndarray) -> Pieces:
        """Return the pieces of these polygons outside of their parents; ``owner`` (n, 1) is the position of the polygon."""
        known = np.flatnonzero(parents >= 0)
        known = known[~base.covering(parents[known], self.geoms[known])]
        rest = shapely.difference(self.geoms[known], base.geoms[parents[known]])
        return pieces_of(rest, known[:, None])

    def shares(self, base: "Coverage") -> tuple[np.ndarray, np.ndarray, Floats]:
        """Return (position, position in base, shared share of the polygon's own area) of every pair that shares area."""
        one, other = base.tree.query(self.geoms, predicate="intersects")
        shared = base.covering(other, self.geoms[one]).astype(np.float64)
        part = np.flatnonzero(shared == 0)  # an intersection is dear: most grids lie wholly in one parent
        mine, theirs = self.geoms[one[part]], base.geoms[other[part]]
        sizes = np.maximum(shapely.area(mine), np.finfo(float).tiny)
        shared[part] = shapely.area(shapely.intersection(mine, theirs)) / sizes
        keep = shared > 0
        return one[keep], other[keep], shared[keep]

    def covering(self, which: np.ndarray, geoms: np.ndarray) -> NDArray[np.bool_]:
        """Return whether each of some of the polygons (positions (m,)) covers the geometry (m,) beside it."""
        shapely.prepare(self.geoms)
        return np.asarray(shapely.covers(self.geoms[which], geoms))

    def neighbours(self, pieces: Pieces) -> list[np.ndarray]:
        """Return, for each piece, the positions of the polygons that touch it."""
        piece, polygon = self.tree.query(pieces.geoms, predicate="dwithin", distance=TOUCH_DEGREES)
        order = np.lexsort((polygon, piece))
        return np.split(polygon[order], np.searchsorted(piece[order], np.arange(1, len(pieces)))) if len(pieces) else []


def areal(geoms: np.ndarray) -> np.ndarray:
    """Return valid (multi)polygons (n,): lines and points that come out of making one valid are dropped."""
    out = np.array(geoms, dtype=object)
    bad = np.flatnonzero(~shapely.is_valid(out))
    out[bad] = [_polygons_of(geom) for geom in shapely.make_valid(out[bad])]
    return out


def _polygons_of(geom: shapely.Geometry) -> shapely.Geometry:
    if geom.geom_type in {"Polygon", "MultiPolygon"}:
        return geom
    parts = [part for part in shapely.get_parts(shapely.get_parts(geom)) if part.geom_type == "Polygon"]
    return shapely.union_all(parts) if parts else shapely.Polygon()
