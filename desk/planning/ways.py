"""Ways on foot between places: along the streets and paths of the pack, else straight."""

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import shapely

from geo.measure import distances_m

if TYPE_CHECKING:
    from layers.load import Area

STREETS = "street"
STEP = 0.0003  # degrees between two nodes of a street at most
DEGREE = 111_000.0  # metres of a degree of latitude at least, about
TOUCH = 0.02  # metres: lines that are closer touch
BEYOND = 0.05  # of a gap, by which it is drawn beyond the line, so that the two cross
DIGITS = 7  # of a node's degrees


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways between places.

    Attributes
    ----------
    metres
        From each place to each.
    network
        Whether the pack has streets.
    joined
        Ends of streets that were joined to another close by.
    straight
        Pairs of places between which no street leads: their way is the straight line times the factor.
    """

    metres: npt.NDArray[np.int64]
    network: bool
    straight: int
    joined: int = 0


def ways(area: "Area", lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], *, factor: float, join_m: float = 0) -> Ways:  # fmt: skip
    """Return the ways between places, degrees WGS84."""
    return between(streets(area), lon, lat, factor=factor, join_m=join_m)


def streets(area: "Area") -> list[shapely.Geometry]:
    """Return the lines of all streets and paths of a pack, degrees WGS84; none where it has no ground of that kind."""
    frames = [area.ground[entry.key] for entry in area.pack.ground if entry.kind == STREETS]
    return [geom for frame in frames for geom in frame.geometry if geom.length]


def between(lines: list[shapely.Geometry], lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], *, factor: float, join_m: float = 0) -> Ways:  # fmt: skip
    """Return the ways between places along lines, as `ways`; without an area, so that another process can work them out.

    Parameters
    ----------
    join_m
        The end of a line counts as joined to another that lies within so many metres of it.
    """
    many = len(lon)
    a, b = np.repeat(np.arange(many), many), np.tile(np.arange(many), many)
    line = (distances_m(lon[a], lat[a], lon[b], lat[b]) * factor).reshape(many, many)
    if not lines or not many:
        return Ways(np.ceil(line).astype(np.int64), network=False, straight=0)
    gaps = _gaps(lines, join_m) if join_m else []
    nodes, edges = _graph([*lines, *gaps])
    tree = shapely.STRtree(shapely.points(nodes))
    at = tree.nearest(shapely.points(lon, lat))
    off = distances_m(lon, lat, nodes[at, 0], nodes[at, 1]) * factor
    rows = {int(node): _from(edges, int(node)) for node in np.unique(at)}
    there = np.stack([rows[int(node)][at] for node in at]) + off[:, None] + off[None, :]
    near = at[:, None] == at[None, :]
    reached = np.isfinite(there)
    found = np.where(near | ~reached, line, there)
    np.fill_diagonal(found, 0)
    return Ways(np.ceil(found).astype(np.int64), network=True, straight=int((~reached).sum()) // 2, joined=len(gaps))


def _gaps(lines: list[shapely.Geometry], metres: float) -> list[shapely.Geometry]:
    """Return what closes the gap between the end of a line that touches no other and the one next to it, within so many metres."""
    parts = shapely.get_parts(lines)
    tree, which = shapely.STRtree(parts), np.arange(len(parts))
    ends = np.concatenate([shapely.get_point(parts, 0), shapely.get_point(parts, -1)])
    own = np.concatenate([which, which])
    far = 2 * metres / DEGREE / np.cos(np.radians(shapely.get_y(ends)).max())
    end, line = tree.query(ends, predicate="dwithin", distance=far)
    end, line = end[own[end] != line], line[own[end] != line]
    gap = shapely.get_coordinates(shapely.shortest_line(ends[end], parts[line])).reshape(-1, 2, 2)
    wide = distances_m(gap[:, 0, 0], gap[:, 0, 1], gap[:, 1, 0], gap[:, 1, 1])
    nearest: dict[int, tuple[float, int]] = {}
    for row, (one, way) in enumerate(zip(end.tolist(), wide.tolist(), strict=True)):
        nearest[one] = min(nearest.get(one, (way, row)), (way, row))
    found = [gap[row] for way, row in nearest.values() if TOUCH < way <= metres]
    return [shapely.linestrings([first, last, last + (last - first) * BEYOND]) for first, last in found]


def _graph(lines: list[shapely.Geometry]) -> tuple[npt.NDArray[np.float64], list[list[tuple[int, float]]]]:
    noded = shapely.segmentize(shapely.get_parts(shapely.node(shapely.multilinestrings(shapely.get_parts(lines)))), STEP)  # fmt: skip
    points, which = shapely.get_coordinates(noded, return_index=True)
    nodes, place = np.unique(points.round(DIGITS), axis=0, return_inverse=True)
    follows = which[1:] == which[:-1]
    first, last = place.ravel()[:-1][follows], place.ravel()[1:][follows]
    metres = distances_m(nodes[first, 0], nodes[first, 1], nodes[last, 0], nodes[last, 1])
    edges: list[list[tuple[int, float]]] = [[] for _ in nodes]
    for one, other, way in zip(first.tolist(), last.tolist(), metres.tolist(), strict=True):
        edges[one].append((other, way))
        edges[other].append((one, way))
    return nodes, edges


def _from(edges: list[list[tuple[int, float]]], start: int) -> npt.NDArray[np.float64]:
    """Return the shortest ways from a node to all (Dijkstra 1959); infinite where none leads."""
    found = [float("inf")] * len(edges)
    found[start] = 0.0
    heap = [(0.0, start)]
    while heap:
        way, at = heappop(heap)
        if way > found[at]:
            continue
        for other, step in edges[at]:
            if way + step < found[other]:
                found[other] = way + step
                heappush(heap, (way + step, other))
    return np.array(found)
