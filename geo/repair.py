"""Repairs of polygons, only on demand, each with what was done and to whom.

Nothing is invented: a ring is closed, an invalid polygon made valid, an overlap goes to the lower code (as `Locator` answers a point there), a gap that is thin or small to
the neighbour with the longest common boundary. What would be a decision, a wide gap or an overlap that eats half of a grid, is left to people.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.coverage import Coverage, Pieces, areal, sizes
from geo.validate import place

GAP_M2 = 100.0
"""A wider gap is left to people."""
EATEN = 0.5
"""An overlap of more than this share of the grid that would lose it is left to people."""
GRID_DEGREES = 1e-9
"""Changed polygons are rounded to this: 0.1 mm."""


@dataclass(frozen=True)
class Repair:
    """One repair: the kind of fault it mends, what was done, and where."""

    kind: str
    message: str
    file: str = ""
    codes: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    area_m2: float | None = None


@dataclass(frozen=True, eq=False)
class Tidied:
    """Polygons (n,) after repair, and what was done."""

    geoms: np.ndarray
    repairs: tuple[Repair, ...]

    def changed(self, before: np.ndarray) -> np.ndarray:
        """Return the positions of the polygons that are not what they were."""
        return np.flatnonzero([new is not old for new, old in zip(self.geoms, before, strict=True)])


def tidy(codes: np.ndarray, geoms: np.ndarray, base: np.ndarray | None = None) -> Tidied:
    """Make polygons lie side by side: trim overlaps, then fill thin and small gaps.

    Parameters
    ----------
    codes
        Text (n,), in order: of two that overlap the first keeps.
    geoms
        Valid (multi)polygons (n,), degrees.
    base
        The polygons that these should fill, such as the level above; None: only holes are filled.
    """
    trimmed = _trim(codes, geoms)
    filled = _fill(codes, trimmed.geoms, base)
    return Tidied(filled.geoms, (*trimmed.repairs, *filled.repairs))


def made_valid(geom: shapely.Geometry) -> shapely.Geometry | None:
    """Return a valid (multi)polygon, or None when nothing with an area is left; collections give their polygons."""
    polygons = areal(np.array([geom], dtype=object))[0]
    if polygons.geom_type not in {"Polygon", "MultiPolygon"}:
        parts = [part for part in shapely.get_parts(polygons) if part.geom_type in {"Polygon", "MultiPolygon"}]
        polygons = shapely.union_all(parts) if parts else None
    return None if polygons is None or polygons.is_empty else polygons


def _trim(codes: np.ndarray, geoms: np.ndarray) -> Tidied:
    out = np.array(geoms, dtype=object)
    areas = sizes(out)[0]
    repairs = []
    pairs: dict[tuple[int, int], float] = {}
    pieces = Coverage(geoms).overlaps()
    for owner, area in zip(pieces.owner, pieces.area_m2, strict=True):
        pair = int(owner[0]), int(owner[1])
        pairs[pair] = pairs.get(pair, 0.0) + float(area)
    for (keeper, loser), area in sorted(pairs.items()):
        if area > EATEN * areas[loser]:
            continue
        lon, lat = place(shapely.intersection(geoms[keeper], geoms[loser]))
        out[loser] = _polygons(shapely.difference(out[loser], geoms[keeper], grid_size=GRID_DEGREES))
        text = f"{codes[keeper]} keeps {area:.2f} m2 that {codes[loser]} covered too"
        repairs.append(Repair("overlap", text, "", (str(codes[keeper]), str(codes[loser])), lon, lat, area))
    return Tidied(out, tuple(repairs))


def _fill(codes: np.ndarray, geoms: np.ndarray, base: np.ndarray | None) -> Tidied:
    out = np.array(geoms, dtype=object)
    coverage = Coverage(geoms)
    pieces = coverage.holes() if base is None else coverage.uncovered(Coverage(base))
    pieces = pieces[pieces.thin | (pieces.area_m2 <= GAP_M2)]
    repairs = []
    taken: dict[int, list[shapely.Geometry]] = {}
    for index, touching in enumerate(coverage.neighbours(pieces)):
        taker = _longest_side(pieces, index, geoms, touching)
        if taker is None:
            continue
        taken.setdefault(taker, []).append(pieces.geoms[index])
        area, (lon, lat) = float(pieces.area_m2[index]), place(pieces.geoms[index])
        kind = "sliver" if pieces.thin[index] else "gap"
        repairs.append(
            Repair(
                kind,
                f"{codes[taker]} takes {area:.2f} m2 that no grid covered",
                "",
                (str(codes[taker]),),
                lon,
                lat,
                area,
            )
        )
    for taker, parts in taken.items():
        out[taker] = _polygons(shapely.union_all([out[taker], *parts], grid_size=GRID_DEGREES))
    return Tidied(out, tuple(repairs))


def _longest_side(pieces: Pieces, index: int, geoms: np.ndarray, touching: np.ndarray) -> int | None:
    """Return the neighbour with the longest boundary along a piece; of equals the lowest code; None when it touches none."""
    if not len(touching):
        return None
    rim = shapely.buffer(shapely.boundary(pieces.geoms[index]), 1e-8)
    sides = shapely.length(shapely.intersection(rim, shapely.boundary(geoms[touching])))
    return int(touching[np.argmax(sides)]) if sides.max() > 0 else None


def _polygons(geom: shapely.Geometry) -> shapely.Geometry:
    return made_valid(geom) or shapely.Polygon()
