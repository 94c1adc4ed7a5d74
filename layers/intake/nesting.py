"""How polygon layers lie in one another: by shared area, on shapes projected to square metres."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely

from geo.measure import projection
from layers.intake.sources import Layer

TILES = 0.05  # a layer whose polygons overlap each other by a larger share of their area is no level
COVERED = 0.6  # share of the wide level that the narrow one must cover (streets may be left out of the grids; buildings cover a third)
INSIDE = 0.8  # share of the narrow level that must lie in the wide one
WHOLE = 0.9  # a polygon nests when so much of what lies in the level above lies in one parent
NESTS = 0.97  # share of the area that must lie in one parent
LOST = (
    20  # one polygon in so many may lie mostly outside of the level above (parks, water, strips beyond a clipped edge)
)
STRAYS = 200  # one polygon in so many, and always one, may lie in two parents: nets have their faults


@dataclass(frozen=True, eq=False)
class Shapes:
    """The polygons of a layer in square metres, valid."""

    layer: Layer
    geoms: np.ndarray

    @cached_property
    def areas(self) -> np.ndarray:
        """Area of each polygon, m2; 0 where there is none."""
        return np.nan_to_num(shapely.area(self.geoms))

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Index of the polygons."""
        return shapely.STRtree(self.geoms)

    @cached_property
    def overlap(self) -> float:
        """Share of the area that lies in more than one polygon of the layer."""
        total = float(self.areas.sum())
        if not total or len(self.geoms) < 2 or shapely.coverage_is_valid(self.geoms[~shapely.is_missing(self.geoms)]):  # noqa: PLR2004
            return 0.0
        first, second = self.tree.query(self.geoms, predicate="intersects")
        pairs = first < second
        return (
            float(shapely.area(shapely.intersection(self.geoms[first[pairs]], self.geoms[second[pairs]])).sum()) / total
        )

    @property
    def typical(self) -> float:
        """Median area, m2."""
        return float(np.median(self.areas)) if len(self.areas) else 0.0


@dataclass(frozen=True, eq=False)
class Nesting:
    """How a narrow layer lies in a wide one.

    Attributes
    ----------
    parents
        int64 (n,): the polygon of the wide layer that shares the most area, -1 for none.
    shares
        float64 (n,): of what lies in the wide layer, the share in that parent; NaN for none.
    inside, covered
        Share of the narrow layer's area that lies in the wide one, and of the wide one's that the narrow one covers.
    nested
        Share of the area, of what lies in the wide layer, that lies in one parent.
    """

    parents: np.ndarray
    shares: np.ndarray
    inside: float
    covered: float
    nested: float
    lost: int

    @property
    def strays(self) -> int:
        """Count the polygons that lie in two parents."""
        return int((self.shares < WHOLE).sum())

    @property
    def holds(self) -> bool:
        """Whether the narrow layer nests in the wide one."""
        count = len(self.shares)
        return (
            self.inside >= INSIDE
            and self.covered >= COVERED
            and self.nested >= NESTS
            and self.strays <= max(1, count // STRAYS)
            and self.lost <= max(1, count // LOST)
        )


def shapes_of(layers: list[Layer]) -> dict[str, Shapes]:
    """Project the polygon layers to square metres around their common centre, and make their polygons valid."""
    polygons = [layer for layer in layers if layer.kind == "polygon"]
    points = np.concatenate([shapely.get_coordinates(layer.geoms) for layer in polygons] or [np.empty((0, 2))])
    points = points[np.isfinite(points).all(axis=1)]
    project = projection(*(np.median(points, axis=0) if len(points) else (0.0, 0.0)), kind="laea")
    return {
        layer.name: Shapes(layer, _areal(shapely.make_valid(shapely.transform(layer.geoms, project))))
        for layer in polygons
    }


def _areal(geoms: np.ndarray) -> np.ndarray:
    """Leave out lines and points that making a polygon valid may leave behind."""
    mixed = np.flatnonzero(shapely.get_type_id(geoms) == 7)  # noqa: PLR2004
    out = geoms.copy()
    for position in mixed:
        parts = shapely.get_parts(geoms[position])
        out[position] = shapely.union_all(parts[shapely.get_dimensions(parts) == 2])  # noqa: PLR2004
    return out


def nesting(wide: Shapes, narrow: Shapes) -> Nesting:
    """Measure how a narrow layer lies in a wide one."""
    child, parent = wide.tree.query(narrow.geoms, predicate="intersects")
    shapely.prepare(wide.geoms)
    shared = narrow.areas[child]
    part = np.flatnonzero(~shapely.covers(wide.geoms[parent], narrow.geoms[child]))  # an intersection is dear
    shared[part] = shapely.area(shapely.intersection(narrow.geoms[child[part]], wide.geoms[parent[part]]))
    count = len(narrow.geoms)
    within = np.bincount(child, weights=shared, minlength=count)
    best, parents = np.zeros(count), np.full(count, -1, dtype=np.int64)
    order = np.lexsort((-parent, shared))
    best[child[order]], parents[child[order]] = shared[order], parent[order]
    parents[best <= 0] = -1
    shares = np.divide(best, within, out=np.full(count, np.nan), where=within > 0)
    total = float(narrow.areas.sum()) or 1.0
    return Nesting(
        parents=parents,
        shares=shares,
        inside=float(np.minimum(within, narrow.areas).sum()) / total,
        covered=float(within.sum()) / (float(wide.areas.sum()) or 1.0),
        nested=float(best.sum()) / (float(within.sum()) or 1.0),
        lost=int(((within < narrow.areas / 2) & (narrow.areas > 0)).sum()),
    )


def chain(shapes: list[Shapes], liked: dict[str, float]) -> list[Shapes]:
    """Find the longest row of layers in which each nests in the one before, widest first.

    Parameters
    ----------
    shapes
        Candidates.
    liked
        Name of a layer -> what speaks for it; decides between rows of one length.
    """
    ordered = sorted(shapes, key=lambda one: (len(one.geoms), -one.typical))
    best: dict[str, tuple[float, list[Shapes]]] = {}
    for narrow in ordered:
        best[narrow.layer.name] = (1.0 + liked[narrow.layer.name], [narrow])
        for wide in ordered:
            if len(wide.geoms) >= len(narrow.geoms) or wide.typical <= narrow.typical or wide.layer.name not in best:
                continue
            held = nesting(wide, narrow)
            score, row = best[wide.layer.name]
            gained = score + 1.0 + liked[narrow.layer.name] + held.nested * held.covered / 100
            if held.holds and gained > best[narrow.layer.name][0]:
                best[narrow.layer.name] = (gained, [*row, narrow])
    return max(best.values(), key=lambda one: (one[0], len(one[1][-1].geoms)), default=(0.0, []))[1]
