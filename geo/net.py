"""One edition of a net: levels that nest, overlays that need not, and micro-grids stacked in towers.

Level (网格层级), overlay (专属网格 and other nets beside the levels), stack (several micro-grids one above another on one polygon).
All coordinates are WGS84, x = longitude, y = latitude, degrees.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
import shapely

from geo.errors import GeometryError, UnknownGrid, UnknownLevel
from geo.locate import Locator
from geo.measure import centre_of, distances_m, projection
from geo.scheme import Name

MATCH = ("inside", "boundary", "nearest", "outside")
MOST_LON, MOST_LAT = 360.0, 90.0
STRAIGHT = 500.0  # metres over which a line is as straight in degrees as in metres, to a centimetre


@dataclass(frozen=True, eq=False)
class Level:
    """One level of the net; arrays run in order of code.

    Attributes
    ----------
    key, name
        Key in output columns, and the name to show.
    codes, labels, posts
        Text (n,): code, label on the map, title of the responsible post.
    geoms
        (Multi)polygons (n,).
    parents
        int64 (n,): position in the level above, -1 where there is none.
    volunteer
        Whether the heads at this level are volunteers, who are not bound to deadlines.
    """

    key: str
    name: Name
    codes: np.ndarray
    labels: np.ndarray
    geoms: np.ndarray
    parents: np.ndarray
    posts: np.ndarray
    volunteer: bool = False

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Code -> position; of a repeated code the first."""
        return _positions(self.codes)

    def position(self, code: str) -> int:
        """Return the position of a code.

        Raises
        ------
        UnknownGrid
            The level has no such code.
        """
        try:
            return self.positions[code]
        except KeyError:
            raise UnknownGrid(f"Level {self.key!r} has no grid {code!r}.") from None


@dataclass(frozen=True, eq=False)
class Overlay:
    """A net beside the levels: it need not tile or nest. Arrays (n,) run in order of code.

    ``responsible`` is true for dedicated grids (专属网格): inside one, its head is responsible and the micro-grid's is informed (属地兜底).
    """

    key: str
    name: Name
    codes: np.ndarray
    labels: np.ndarray
    titles: np.ndarray
    geoms: np.ndarray
    posts: np.ndarray
    responsible: bool = False

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def positions(self) -> dict[str, int]:
        """Code -> position; of a repeated code the first."""
        return _positions(self.codes)

    @cached_property
    def locator(self) -> Locator:
        """The overlay, compiled."""
        return Locator(self.geoms)


@dataclass(frozen=True)
class Stack:
    """A micro-grid that is a part of a building: some of its units (单元) and floors. None leaves an end open."""

    code: str
    label: str
    parent: str
    on: str
    unit_from: int | None = None
    unit_to: int | None = None
    floor_from: int | None = None
    floor_to: int | None = None
    households: int | None = None
    post: str = ""

    def holds(self, unit: float | None, floor: float | None) -> bool:
        """Whether a unit and floor lie in this part; an unknown one (None, NaN) never rules it out."""
        return _within(unit, self.unit_from, self.unit_to) and _within(floor, self.floor_from, self.floor_to)


@dataclass(frozen=True, eq=False)
class Net:
    """One edition of a net, from the widest level to the leaf."""

    levels: tuple[Level, ...]
    overlays: tuple[Overlay, ...] = ()
    stacks: tuple[Stack, ...] = ()
    edition: date | None = None

    def __post_init__(self) -> None:
        if not self.levels:
            raise GeometryError("A net needs at least one level; declare [[levels]] in area.toml.")

    @property
    def keys(self) -> list[str]:
        """The keys of the levels, from the widest to the leaf, then of the overlays: the columns of codes."""
        return [*(level.key for level in self.levels), *(overlay.key for overlay in self.overlays)]

    @property
    def leaf(self) -> Level:
        """The lowest level, which tiles."""
        return self.levels[-1]

    @cached_property
    def locator(self) -> Locator:
        """The leaf level, compiled; a point on a shared edge belongs to the lowest code."""
        return Locator(self.leaf.geoms)

    @cached_property
    def stacked(self) -> Mapping[str, tuple[Stack, ...]]:
        """Code of a carrying polygon -> the micro-grids stacked on it, in order of code."""
        groups: dict[str, list[Stack]] = {}
        for stack in sorted(self.stacks, key=lambda s: s.code):
            groups.setdefault(stack.on, []).append(stack)
        return {on: tuple(group) for on, group in groups.items()}

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the leaf level, degrees."""
        west, south, east, north = shapely.total_bounds(self.leaf.geoms)
        return float(west), float(south), float(east), float(north)

    def level(self, key: str) -> Level:
        """Return a level by its key.

        Raises
        ------
        UnknownLevel
            The net has no such level.
        """
        for level in self.levels:
            if level.key == key:
                return level
        raise UnknownLevel(f"The net has no level {key!r}; it has {', '.join(level.key for level in self.levels)}.")

    def count(self, key: str) -> int:
        """Count the grids of a level: at the leaf, stacked micro-grids count and the polygons that carry them do not."""
        level = self.level(key)
        if level is not self.leaf:
            return len(level)
        carriers = sum(1 for code in level.codes if code in self.stacked)
        return len(level) - carriers + len(self.stacks)

    def ancestors(self, positions: np.ndarray) -> dict[str, np.ndarray]:
        """Return, for leaf positions int (n,), the position in every level, -1 where there is none."""
        found: dict[str, np.ndarray] = {}
        current = np.asarray(positions, dtype=np.int64)
        for level in reversed(self.levels):
            found[level.key] = current
            known = current >= 0
            current = np.where(known, level.parents[np.where(known, current, 0)], -1) if len(level) else current
        return {level.key: found[level.key] for level in self.levels}

    def assign(
        self,
        x: np.ndarray,
        y: np.ndarray,
        *,
        unit: Sequence[float | None] | None = None,
        floor: Sequence[float | None] | None = None,
        nearest: float | None = None,
        threads: int | None = None,
    ) -> pd.DataFrame:
        """Find the grids of points.

        Parameters
        ----------
        x, y
            Longitude and latitude, degrees, float64 (n,); NaN is in no grid.
        unit, floor
            Unit and floor of each point, to tell stacked micro-grids apart; None or NaN where unknown.
        nearest
            Give a point in no grid the nearest one within so many metres.
        threads
            At most so many threads; default: all cores.

        Returns
        -------
        pandas.DataFrame
            n rows: a column of codes for each level ("" for none, stacked codes ";"-joined) and overlay (all codes, ";"-joined, sorted), ``grid_match``
            (inside, boundary = exactly on the edge of its leaf, nearest, outside) and ``grid_distance_m`` (0 inside, NaN where no grid was given).
        """
        return pd.DataFrame(self.columns(x, y, unit=unit, floor=floor, nearest=nearest, threads=threads))

    def columns(
        self,
        x: np.ndarray,
        y: np.ndarray,
        *,
        unit: Sequence[float | None] | None = None,
        floor: Sequence[float | None] | None = None,
        nearest: float | None = None,
        threads: int | None = None,
    ) -> dict[str, np.ndarray]:
        """Return the columns of `assign` without a frame around them, whose making takes longer than finding one point."""
        x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        leaf = self.locator.locate(x, y, threads=threads).astype(np.int64)
        edge = self.locator.on_edge(x, y, leaf, threads=threads)
        match = np.where(leaf < 0, "outside", np.where(edge, "boundary", "inside")).astype(object)
        metres = np.where(leaf < 0, np.nan, 0.0)
        if nearest is not None:
            rows, positions, distances = self._nearest(x, y, leaf, nearest)
            leaf[rows], match[rows], metres[rows] = positions, "nearest", distances
        columns: dict[str, np.ndarray] = {
            key: _texts(self.level(key).codes, positions) for key, positions in self.ancestors(leaf).items()
        }
        self._name_stacks(columns[self.leaf.key], leaf, unit, floor)
        for overlay in self.overlays:
            columns[overlay.key] = _joined(overlay, x, y, threads)
        return {**columns, "grid_match": match, "grid_distance_m": metres}

    def inside(
        self, x: float, y: float, *, edge: float, unit: float | None = None, floor: float | None = None
    ) -> dict[str, str] | None:
        """Return the codes of one point that lies in a leaf and farther than ``edge`` metres from where the answer changes; None for any other point.

        Of such a point there is nothing else to say, and its codes are those of `columns`, found in a tenth of the time of `columns` and `edge_m`.

        Parameters
        ----------
        x, y
            Longitude and latitude, degrees.
        """
        leaf = self.locator.locate_one(x, y)
        if leaf < 0 or not shapely.contains_xy(self._core(leaf, edge), x, y):
            return None
        codes, position = dict.fromkeys(self.keys, ""), leaf
        for level in reversed(self.levels):
            codes[level.key] = str(level.codes[position])
            position = int(level.parents[position])
            if position < 0:
                break
        for overlay in self.overlays:
            if overlay.locator.locate_one(x, y) >= 0:
                codes[overlay.key] = str(_joined(overlay, np.array([x]), np.array([y]), 1)[0])
        group = self.stacked.get(codes[self.leaf.key])
        if group:
            codes[self.leaf.key] = _stacked(group, unit, floor)
        return codes

    def _core(self, leaf: int, edge: float) -> shapely.Geometry:
        """Return what of a leaf lies farther than ``edge`` metres from every edge, in degrees and prepared; kept for the next point."""
        core = self._cores.get((leaf, edge))
        if core is None:
            tree, planar = self._edges
            shape = shapely.transform(self.leaf.geoms[leaf], planar)
            lines = tree.geometries[tree.query(shape, predicate="intersects")]
            near = shapely.union_all(
                shapely.buffer(lines, edge * 1.02 + 0.1)
            )  # a buffer's arcs are cut short by half a percent
            back = projection(*centre_of(self.leaf.geoms), inverse=True)
            core = shapely.transform(shapely.segmentize(shapely.difference(shape, near), STRAIGHT), back)
            shapely.prepare(core)
            self._cores[leaf, edge] = core
        return core

    @cached_property
    def _cores(self) -> dict[tuple[int, float], shapely.Geometry]:
        return {}

    @cached_property
    def _edges(self) -> tuple[shapely.STRtree, Callable[[np.ndarray], np.ndarray]]:
        """The edges at which the answer of "who is responsible" changes, in metres around the middle of the net, and the projection."""
        planar = projection(*centre_of(self.leaf.geoms))
        shapes = np.concatenate([self.leaf.geoms, *(overlay.geoms for overlay in self.overlays if overlay.responsible)])
        lines = shapely.boundary(shapely.transform(shapes, planar))
        return shapely.STRtree(lines), planar

    @cached_property
    def _segments(self) -> tuple[shapely.STRtree, Callable[[np.ndarray], np.ndarray]]:
        """The same edges piece by piece: the nearest of short pieces is found in an eighth of the time."""
        tree, planar = self._edges
        ends, line = shapely.get_coordinates(shapely.get_parts(tree.geometries), return_index=True)
        joined = line[1:] == line[:-1]
        return shapely.STRtree(shapely.linestrings(np.stack([ends[:-1][joined], ends[1:][joined]], axis=1))), planar

    def edge_m(self, x: np.ndarray, y: np.ndarray, *, within: float) -> np.ndarray:
        """Return the distance to the nearest edge of a leaf or of a responsible overlay.

        Parameters
        ----------
        x, y
            Longitude and latitude, degrees, float64 (n,).
        within
            Metres beyond which no distance is given.

        Returns
        -------
        numpy.ndarray
            Metres, float64 (n,); NaN where no edge is as near as that.
        """
        tree, planar = self._segments
        metres = np.full(len(x), np.nan)
        places = planar(np.column_stack([x, y]))
        usable = np.flatnonzero(np.isfinite(places).all(axis=1))
        (rows, _), found = tree.query_nearest(
            shapely.points(places[usable]), max_distance=within, return_distance=True, all_matches=False
        )
        metres[usable[rows]] = found
        return metres

    def _nearest(
        self, x: np.ndarray, y: np.ndarray, leaf: np.ndarray, limit: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return rows outside that have a leaf within ``limit`` metres, its position, and the distance; of equally near leaves the lowest code."""
        lost = np.flatnonzero((leaf < 0) & (np.abs(y) <= MOST_LAT) & (np.abs(x) <= MOST_LON))
        if not len(lost):
            return lost, lost, np.empty(0)
        centre = centre_of(self.leaf.geoms)
        planar = projection(*centre)(np.column_stack([x[lost], y[lost]]))
        lost, points = lost[np.isfinite(planar).all(axis=1)], shapely.points(planar[np.isfinite(planar).all(axis=1)])
        polygons = shapely.transform(self.leaf.geoms, projection(*centre))
        reach = limit * 1.01 + 1.0  # the projection may stretch a little; the geodesic below decides
        which, positions = shapely.STRtree(polygons).query_nearest(points, max_distance=reach, all_matches=True)
        order = np.lexsort((positions, which))
        which, first = np.unique(which[order], return_index=True)
        positions = positions[order][first]
        ends = shapely.get_coordinates(shapely.shortest_line(points[which], polygons[positions]))[1::2]
        near = projection(*centre, inverse=True)(ends)
        rows = lost[which]
        distances = distances_m(x[rows], y[rows], near[:, 0], near[:, 1])
        close = distances <= limit
        return rows[close], positions[close], distances[close]

    def _name_stacks(
        self,
        codes: np.ndarray,
        leaf: np.ndarray,
        unit: Sequence[float | None] | None,
        floor: Sequence[float | None] | None,
    ) -> None:
        """Put, in place, the codes of stacked micro-grids where a point lies on the polygon that carries them."""
        carriers = np.array([self.leaf.positions[code] for code in self.stacked], dtype=np.int64)
        for row in np.flatnonzero(np.isin(leaf, carriers)).tolist():
            known = unit[row] if unit is not None else None, floor[row] if floor is not None else None
            codes[row] = _stacked(self.stacked[codes[row]], *known)


def _positions(codes: np.ndarray) -> dict[str, int]:
    return {code: position for position, code in reversed(list(enumerate(codes)))}


def _within(value: float | None, low: int | None, high: int | None) -> bool:
    if value is None or value != value:  # noqa: PLR0124  NaN
        return True
    return (low is None or value >= low) and (high is None or value <= high)


def _stacked(group: Sequence[Stack], unit: float | None, floor: float | None) -> str:
    """Return the codes of those of some stacked micro-grids that a unit and floor leave, of all where they leave none."""
    return ";".join(stack.code for stack in [stack for stack in group if stack.holds(unit, floor)] or group)


def _texts(codes: np.ndarray, positions: np.ndarray) -> np.ndarray:
    return np.append(codes, "")[positions].astype(object)


def _joined(overlay: Overlay, x: np.ndarray, y: np.ndarray, threads: int | None) -> np.ndarray:
    indptr, positions = overlay.locator.locate_all(x, y, threads=threads)
    out = np.full(len(x), "", dtype=object)
    for row in np.flatnonzero(np.diff(indptr)):
        out[row] = ";".join(sorted(overlay.codes[positions[indptr[row] : indptr[row + 1]]]))
    return out
