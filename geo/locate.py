"""Points to grids: which polygon of a net covers each of many points.

The net is compiled once into a raster of cells (geo/_kernels.py says how): a point in a cell that one polygon covers is answered by a look-up, a point in a cell
that one straight edge cuts by one orientation, and only the rest by a short list of edges. Orientation is exact and agrees with shapely to the last tie.

The compiled code is imported when the first large question comes, so that a program which asks a few points does not wait for it.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import GeometryError

if TYPE_CHECKING:
    from geo._kernels import Net, Tables

__all__ = ["Locator"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Geometries = NDArray[Any]
T = TypeVar("T")

PATIENCE = 20_000  # points answered by the tree, in about 0.05 s, before the index is built (loading numba takes 0.6 s, its first compilation 10 s)
CALL = 200  # points that a call counts as, so that questions about single points come to the index too
SHARE = 131_072  # points that a thread takes at a time
DENSITY = 5  # cells per vertex
CELLS, ACROSS = 2**26, 2**20  # at most: in all, in one direction
LARGEST, SMALLEST = 1e140, 1e-120  # magnitudes of coordinates between which products neither overflow nor vanish
VERTICES = 2**28  # that the tables can number
CROWD, INNER_CROWD = 4, 8  # touching edges above which a cell is divided: of the raster, within a block
LEVELS = 4  # of blocks within blocks
ROOMIEST = 8  # times the usual room, before polygons that lie many deep get fewer cells

_POLYGON = 3


class Locator:
    """Find the first of many polygons that covers each of many points.

    The answers equal ``shapely.covers`` for every point: a point on a shared edge belongs to the covering polygon that comes first. Points that are not finite
    are in no polygon. Parts that are None, empty, not polygonal or not finite match nothing. Invalid polygons answer as ``shapely.covers`` does: by the
    even-odd rule within a ring, a multipolygon covers what any of its members covers.

    Safe to call from many threads at once; can be pickled, with its index if that has been built.

    Parameters
    ----------
    polygons
        (Multi)polygons, shape (m,), in order of precedence: an array, a list or a GeoSeries.

    Raises
    ------
    GeometryError
        Something among the polygons is not a geometry.

    Examples
    --------
    >>> locator = Locator([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> locator.locate([0.5, 1.0, 1.5, 9.0], [0.5, 0.5, 0.5, 0.5]).tolist()
    [0, 0, 1, -1]
    """

    def __init__(self, polygons: Iterable[Any]) -> None:
        self._count, self._parts, self._owners = _parts(polygons)
        self._asked = 0
        self._tree: shapely.STRtree | None = None
        self._first: _Index | None = None
        self._every: _Index | None = None
        self._lock = Lock()
        self._by_tree = not _within_reach(self._parts)

    def __len__(self) -> int:
        return self._count

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key not in ("_lock", "_tree")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=Lock(), _tree=None)

    @property
    def nbytes(self) -> int:
        """Size of the index in bytes; 0 while it is not built."""
        indices = {id(index): index for index in (self._first, self._every) if index is not None}
        return sum(index.nbytes for index in indices.values())

    def prepare(self) -> "Locator":
        """Build the index now, rather than at the first large question; return the locator."""
        if not self._by_tree:
            self._index()
        return self

    def locate(self, x: ArrayLike, y: ArrayLike, *, threads: int | None = None) -> Ints:
        """Return the first polygon that covers each point.

        Parameters
        ----------
        x, y
            Coordinates, shape (n,), in the unit of the polygons.
        threads
            At most so many threads; default: one for each core.

        Returns
        -------
        Positions, shape (n,); -1 where no polygon covers the point.

        Raises
        ------
        GeometryError
            x and y are not two arrays of numbers of the same length.
        """
        x, y = _points(x, y)
        if self._tree_suffices(len(x)):
            return self._locate_by_tree(x, y)
        index, kernels = self._index(), _kernels()
        found = np.empty(len(x), dtype=np.int32)

        def work(share: slice) -> int:
            return int(kernels.locate(index.tables, x[share], y[share], found[share]))

        if sum(_in_threads(work, len(x), threads)):
            asked = np.flatnonzero(found == kernels.ASK)
            found[asked] = self._locate_by_tree(x[asked], y[asked])
        return found

    def locate_one(self, x: float, y: float) -> int:
        """Return the first polygon that covers one point; -1 for none."""
        index = self._first
        if index is None:
            return int(self.locate([x], [y])[0])
        x, y = float(x), float(y)
        x0, y0, inverse, width, height = index.origin
        t, u = (x - x0) * inverse, (y - y0) * inverse
        if not (0.0 <= t < width and 0.0 <= u < height):
            return -1
        code: int = index.view[int(u) * width + int(t)]
        if code >= -1:
            return code
        kernels = _kernels()
        found: int = kernels.locate_one(index.tables, x, y)
        return found if found != kernels.ASK else int(self._locate_by_tree(np.array([x]), np.array([y]))[0])

    def locate_all(self, x: ArrayLike, y: ArrayLike, *, threads: int | None = None) -> tuple[Longs, Ints]:
        """Return all polygons that cover each point, in compressed rows.

        Parameters
        ----------
        x, y
            Coordinates, shape (n,), in the unit of the polygons.
        threads
            At most so many threads; default: one for each core.

        Returns
        -------
        indptr, positions
            The polygons that cover point i are ``positions[indptr[i]:indptr[i + 1]]``, ascending; shapes (n + 1,) and (k,).

        Raises
        ------
        GeometryError
            x and y are not two arrays of numbers of the same length.
        """
        x, y = _points(x, y)
        if self._tree_suffices(len(x)):
            points, owners = self._pairs(x, y)
            return _offsets(np.bincount(points, minlength=len(x))), owners
        index, kernels = self._index(everything=True), _kernels()
        counts = np.empty(len(x), dtype=np.int32)
        shares = _in_threads(lambda share: _all_of(index, x[share], y[share], counts[share]), len(x), threads)
        owners = np.concatenate([np.empty(0, dtype=np.int32), *shares])
        asked = np.flatnonzero(counts == kernels.ASK)
        if len(asked):
            owners = self._with_asked(x, y, counts, owners, asked)
        return _offsets(counts), owners

    def on_edge(self, x: ArrayLike, y: ArrayLike, positions: ArrayLike, *, threads: int | None = None) -> Bools:
        """Tell which points lie exactly on the boundary of the polygon they are given.

        Parameters
        ----------
        x, y
            Coordinates, shape (n,), in the unit of the polygons.
        positions
            A polygon for each point, shape (n,), as `locate` returns them; -1 is no polygon and has no boundary.
        threads
            At most so many threads; default: one for each core.

        Returns
        -------
        Truth values, shape (n,); equal to ``shapely.intersects(shapely.boundary(polygon), point)``.

        Raises
        ------
        GeometryError
            The three are not arrays of numbers of the same length, or a position is no polygon's.
        """
        x, y = _points(x, y)
        owners = self._positions(positions, len(x))
        if self._tree_suffices(len(x)):
            return self._on_edge_by_tree(x, y, owners)
        index, kernels = self._index(everything=True), _kernels()
        found = np.empty(len(x), dtype=np.int8)

        def work(share: slice) -> int:
            return int(kernels.on_edge(index.tables, x[share], y[share], owners[share], found[share]))

        if sum(_in_threads(work, len(x), threads)):
            asked = np.flatnonzero(found == kernels.ASK)
            found[asked] = self._on_edge_by_tree(x[asked], y[asked], owners[asked])
        return found.astype(np.bool_)

    # ---- the index ----

    def _tree_suffices(self, n: int) -> bool:
        if self._by_tree or n == 0:
            return True
        if self._first is not None:
            return False
        self._asked += n + CALL
        return self._asked <= PATIENCE

    def _index(self, *, everything: bool = False) -> "_Index":
        """Return the index, built if it is not yet; with everything, one that has the candidates behind the first too."""
        index = self._every if everything else self._first
        if index is not None:
            return index
        with self._lock:
            if self._first is None:
                self._first = _build(self._parts, self._owners, everything=False)
                self._every = None if self._first.cut else self._first
            if everything and self._every is None:
                self._every = _build(self._parts, self._owners, everything=True)
            return self._every if everything and self._every is not None else self._first

    # ---- shapely's own answers ----

    def _near(self, x: Floats, y: Floats) -> tuple[Longs, Longs, Geometries]:
        """Return pairs of (point, part) whose boxes meet, and the points of the pairs."""
        with self._lock:
            if self._tree is None:
                self._tree = shapely.STRtree(self._parts)
        usable = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        geometries = shapely.points(x[usable], y[usable])
        points, parts = self._tree.query(geometries)
        return usable[points], parts, geometries[points]

    def _pairs(self, x: Floats, y: Floats) -> tuple[Longs, Ints]:
        """Return pairs of (point, position) that cover, in order, each once."""
        points, parts, geometries = self._near(x, y)
        with np.errstate(all="ignore"):  # of products beyond the number range, which shapely answers all the same
            covers = shapely.covers(self._parts[parts], geometries)
        pairs = np.unique(np.stack([points[covers], self._owners[parts[covers]].astype(np.int64)]), axis=1)
        return pairs[0], pairs[1].astype(np.int32)

    def _locate_by_tree(self, x: Floats, y: Floats) -> Ints:
        points, owners = self._pairs(x, y)
        found = np.full(len(x), -1, dtype=np.int32)
        points, first = np.unique(points, return_index=True)
        found[points] = owners[first]
        return found

    def _on_edge_by_tree(self, x: Floats, y: Floats, owners: Ints) -> Bools:
        finite = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        first, end = (
            np.searchsorted(self._owners, owners[finite]),
            np.searchsorted(self._owners, owners[finite], side="right"),
        )
        points = np.repeat(finite, end - first)
        parts = np.arange(len(points)) + np.repeat(first - _offsets(end - first)[:-1], end - first)
        parts, index = np.unique(parts, return_inverse=True)
        with np.errstate(all="ignore"):
            on = shapely.intersects(shapely.boundary(self._parts[parts])[index], shapely.points(x[points], y[points]))
        found = np.zeros(len(x), dtype=np.bool_)
        found[points[on]] = True
        return found

    def _with_asked(self, x: Floats, y: Floats, counts: Ints, owners: Ints, asked: Longs) -> Ints:
        """Put shapely's answers for some points among the others; counts is completed in place."""
        points, more = self._pairs(x[asked], y[asked])
        counts[asked] = 0
        rows = np.concatenate([np.repeat(np.arange(len(counts)), counts), asked[points]])
        counts[asked] = np.bincount(points, minlength=len(asked))
        return np.concatenate([owners, more])[np.argsort(rows, kind="stable")]

    def _positions(self, positions: ArrayLike, n: int) -> Ints:
        owners = np.asarray(positions)
        if owners.shape != (n,) or owners.dtype.kind not in "iu":
            raise GeometryError(
                f"positions has shape {owners.shape} and type {owners.dtype}, {n} points were given. Hand in what locate returned for these points."
            )
        if n and not -1 <= owners.min() <= owners.max() < self._count:
            raise GeometryError(
                f"positions range from {owners.min()} to {owners.max()}, but there are {self._count} polygons. Hand in what locate returned."
            )
        return np.ascontiguousarray(owners, dtype=np.int32)


# ---- input ----


def _parts(polygons: Iterable[Any]) -> tuple[int, Geometries, Ints]:
    """Return how many polygons there are, their parts (polygons of one shell), and the position of each part's owner."""
    listed = list(polygons)
    geometries: Geometries = np.empty(len(listed), dtype=np.object_)
    geometries[:] = listed
    strange = np.flatnonzero(~(shapely.is_geometry(geometries) | shapely.is_missing(geometries)))
    if len(strange):
        raise GeometryError(
            f"Polygon {strange[0]} is a {type(geometries[strange[0]]).__name__}, no geometry. Hand in shapely (multi)polygons or None."
        )
    count = len(geometries)
    owners = np.arange(count, dtype=np.int32)
    while np.any(shapely.get_type_id(geometries) > _POLYGON):
        geometries, index = shapely.get_parts(geometries, return_index=True)
        owners = owners[index]
    keep = (shapely.get_type_id(geometries) == _POLYGON) & ~shapely.is_empty(geometries)
    geometries, owners = shapely.force_2d(geometries[keep]), owners[keep]
    coords, index = shapely.get_coordinates(geometries, return_index=True)
    finite = np.ones(len(geometries), dtype=bool)
    finite[index[~np.isfinite(coords).all(axis=1)]] = False
    return count, geometries[finite], owners[finite]


def _within_reach(parts: Geometries) -> bool:
    """Tell whether the kernels can do the arithmetic of these polygons; else shapely answers alone."""
    sizes = np.abs(shapely.get_coordinates(parts))
    sizes = sizes[sizes > 0]
    return bool(
        len(parts) and len(sizes) and len(sizes) < 2 * VERTICES and sizes.max() <= LARGEST and sizes.min() >= SMALLEST
    )


def _points(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    try:
        xs, ys = np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GeometryError(
            f"x and y are not arrays of numbers ({error}). Hand in two arrays of numbers of the same length."
        ) from error
    if np.ndim(x) != 1 or np.ndim(y) != 1 or xs.shape != ys.shape:
        raise GeometryError(
            f"x has shape {np.shape(x)} and y {np.shape(y)}. Hand in two arrays of one dimension and the same length."
        )
    return xs, ys


def _offsets(counts: NDArray[Any]) -> Longs:
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


# ---- work ----


def _kernels() -> ModuleType:
    from geo import _kernels as kernels  # noqa: PLC0415 - loads numba, which short programs do not need

    return kernels


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_threads(work: Callable[[slice], T], n: int, threads: int | None) -> list[T]:
    """Do the work for slices of n points, in at most so many threads; return what it returned, in order."""
    shares = [slice(start, min(start + SHARE, n)) for start in range(0, n, SHARE)]
    workers = min(threads or _cores(), len(shares))
    if workers <= 1:
        return [work(share) for share in shares]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, shares))


def _all_of(index: "_Index", x: Floats, y: Floats, counts: Ints) -> Ints:
    """Return the owners of each point, one after another; write how many each has."""
    kernels = _kernels()
    done, room, pieces = 0, 2 * len(x) + 64, []
    while done < len(x):
        found = np.empty(room, dtype=np.int32)
        now = int(kernels.locate_all(index.tables, x[done:], y[done:], counts[done:], found))
        written = counts[done : done + now]
        pieces.append(found[: int(written[written > 0].sum())])
        done, room = done + now, 2 * room
    return np.concatenate(pieces)


# ---- building ----


class _Index:
    """The tables of an index; `cut` tells that some candidates behind the first were dropped."""

    def __init__(self, tables: "Tables", *, cut: bool) -> None:
        for table in tables:
            if isinstance(table, np.ndarray):
                table.flags.writeable = False  # as the compiled functions expect, and as a memory map may be
        self.tables = tables
        self.cut = cut
        self.view = memoryview(tables.cells)  # type: ignore[arg-type]  # numpy declares its buffer from Python 3.12 on
        self.origin = (tables.x0, tables.y0, tables.inverse, tables.width, tables.height)

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (tuple(self.tables), self.cut)

    @property
    def nbytes(self) -> int:
        return sum(table.nbytes for table in self.tables if isinstance(table, np.ndarray))


def _revive(tables: tuple[Any, ...], cut: bool) -> _Index:  # noqa: FBT001 - pickle hands it over by place
    return _Index(_kernels().Tables(*tables), cut=cut)


def _raster(bounds: Floats, cells: int) -> tuple[float, float, float, int, int]:
    """Lay square cells over bounds (x0, y0, x1, y1), about so many, with an empty one all round; return x0, y0, inverse, width, height."""
    x0, y0, x1, y1 = bounds.tolist()
    wide, high = x1 - x0, y1 - y0
    least = max(8 * np.spacing(np.abs(bounds).max()), max(wide, high) / min(cells, ACROSS))
    side = float(max(np.sqrt(wide * high / cells), least))
    x0, y0, inverse = x0 - 1.5 * side, y0 - 1.5 * side, 1.0 / side
    return x0, y0, inverse, int((x1 - x0) * inverse) + 3, int((y1 - y0) * inverse) + 3


def _build(parts: Geometries, owners: Ints, *, everything: bool) -> _Index:
    """Build the tables; where the room that was guessed runs out, with more room and fewer cells."""
    _, coords, (rings, polygons) = shapely.to_ragged_array(parts)
    holed = np.flatnonzero(shapely.get_num_interior_rings(parts) > 0)
    asking = np.zeros(len(parts), dtype=np.bool_)
    asking[holed] = ~shapely.is_valid(parts[holed])
    net = _kernels().Net(
        np.array(coords, order="C"), rings.astype(np.int64), polygons.astype(np.int64), owners.copy(), asking
    )
    bounds = np.concatenate([coords.min(axis=0), coords.max(axis=0)])
    cells, room = int(np.clip(DENSITY * len(coords), 256, CELLS)), 1
    while (index := _attempt(net, _raster(bounds, cells), room, everything=everything)) is None:
        room *= 2
        cells = cells if room <= ROOMIEST else max(cells // 2, 1)
    return index


def _attempt(net: "Net", raster: tuple[float, float, float, int, int], room: int, *, everything: bool) -> _Index | None:
    kernels = _kernels()
    n, smaller = len(net.coords), kernels.SIDE**2
    tables = kernels.Tables(
        np.full(raster[3] * raster[4], -1, dtype=np.int32),
        *raster,
        records=_aligned(2 * room * n + 64),
        lists=np.empty(8 * room * n + 4096, dtype=np.int32),
        blocks=np.empty(smaller * (n + 64), dtype=np.uint8),
        bases=np.empty(n + 64, dtype=np.int32),
        codes=np.empty(4 * room * n + 4096, dtype=np.int32),
        coords=net.coords,
    )
    stream = np.empty(min(32 * room * n + 65536, 2**31 - 16), dtype=np.int32)
    todo = np.empty(8 * room * n + 4096, dtype=np.int32)
    used, latest = np.zeros(8, dtype=np.int64), np.full(n, -1, dtype=np.int32)
    kernels.build(net, kernels.Draft(tables, stream, todo, latest, used, everything, CROWD, INNER_CROWD, LEVELS))
    if used[kernels.SHORT]:
        return None
    records = _aligned(used[kernels.RECORDS])
    records[:] = tables.records[: len(records)]
    kept = tables._replace(
        records=records,
        lists=tables.lists[: used[kernels.LISTS]].copy(),
        blocks=tables.blocks[: smaller * used[kernels.BLOCKS]].copy(),
        bases=tables.bases[: used[kernels.BLOCKS]].copy(),
        codes=tables.codes[: used[kernels.CODES]].copy(),
    )
    return _Index(kept, cut=bool(used[kernels.CUT]))


def _aligned(records: int) -> Floats:
    """Return an array (records, 8) whose rows are each one line of the processor's cache."""
    room = np.empty(8 * records + 8)
    start = -room.ctypes.data // 8 % 8
    return room[start : start + 8 * records].reshape(records, 8)
