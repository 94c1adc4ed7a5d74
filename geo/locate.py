"""Points to grids: which polygon of a net covers each of many points."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import GeometryError

__all__ = ["Locator"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

_POLYGON = 3


class Locator:
    """Find the first of many polygons that covers each of many points.

    Parameters
    ----------
    polygons
        (Multi)polygons, shape (m,), in order of precedence: an array, a list or a GeoSeries. None and empty polygons never match.
    """

    def __init__(self, polygons: Iterable[Any]) -> None:
        self._count, self._parts, self._owners = _parts(polygons)
        self._tree = shapely.STRtree(self._parts)

    def __len__(self) -> int:
        return self._count

    def locate(self, x: ArrayLike, y: ArrayLike, *, threads: int | None = None) -> Ints:
        """Return the position of the first polygon that covers each point, shape (n,); -1 for none."""
        x, y = _points(x, y)
        found = np.full(len(x), self._count, dtype=np.int32)
        points, owners = self._pairs(x, y)
        np.minimum.at(found, points, owners)
        found[found == self._count] = -1
        return found

    def locate_one(self, x: float, y: float) -> int:
        """Return the position of the first polygon that covers one point; -1 for none."""
        return int(self.locate(np.array([x]), np.array([y]))[0])

    def locate_all(self, x: ArrayLike, y: ArrayLike, *, threads: int | None = None) -> tuple[NDArray[np.int64], Ints]:
        """Return all polygons that cover each point: those of point i are positions[indptr[i]:indptr[i + 1]], ascending."""
        x, y = _points(x, y)
        pairs = np.unique(np.stack(self._pairs(x, y)), axis=1)
        indptr = np.zeros(len(x) + 1, dtype=np.int64)
        np.cumsum(np.bincount(pairs[0], minlength=len(x)), out=indptr[1:])
        return indptr, pairs[1].astype(np.int32)

    def on_edge(self, x: ArrayLike, y: ArrayLike, positions: ArrayLike) -> NDArray[np.bool_]:
        """Tell whether each point lies exactly on the boundary of the polygon at its position (False for -1)."""
        x, y = _points(x, y)
        at = np.asarray(positions)
        usable = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        geoms = shapely.points(x[usable], y[usable])
        points, parts = self._tree.query(geoms)
        keep = at[usable[points]] == self._owners[parts]
        points, parts = points[keep], parts[keep]
        on = shapely.intersects(shapely.boundary(self._parts[parts]), geoms[points])
        answer = np.zeros(len(x), dtype=bool)
        answer[usable[points[on]]] = True
        return answer

    def _pairs(self, x: Floats, y: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        usable = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        geoms = shapely.points(x[usable], y[usable])
        points, parts = self._tree.query(geoms)
        keep = shapely.covers(self._parts[parts], geoms[points])
        return usable[points[keep]], self._owners[parts[keep]].astype(np.int64)


def _parts(polygons: Iterable[Any]) -> tuple[int, NDArray[Any], Ints]:
    geoms = np.asarray(polygons, dtype=object)
    count = len(geoms)
    owners = np.arange(count, dtype=np.int32)
    while np.any(shapely.get_type_id(geoms) > _POLYGON):
        geoms, index = shapely.get_parts(geoms, return_index=True)
        owners = owners[index]
    keep = (shapely.get_type_id(geoms) == _POLYGON) & ~shapely.is_empty(geoms)
    return count, shapely.force_2d(geoms[keep]), owners[keep]


def _points(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    xs = np.ascontiguousarray(x, dtype=np.float64)
    ys = np.ascontiguousarray(y, dtype=np.float64)
    if xs.ndim != 1 or xs.shape != ys.shape:
        raise GeometryError(f"x has shape {xs.shape} and y {ys.shape}. Hand in two arrays of one dimension and the same length.")
    return xs, ys
