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
    straight
        Pairs of places between which no street leads: their way is the straight line times the factor.
    """

    metres: npt.NDArray[np.int64]
    network: bool
    straight: int


def ways(area: "Area", lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], *, factor: float) -> Ways:
    """Return the ways between places, degrees WGS84."""
    return between(streets(area), lon, lat, factor=factor)


def streets(area: "Area") -> list[shapely.Geometry]:
    """Return the lines of all streets and paths of a pack, degrees WGS84; none where it has no ground of that kind."""
    frames = [area.ground[entry.key] for entry in area.pack.ground if entry.kind == STREETS]
    return [geom for frame in frames for geom in frame.geometry if geom.length]


def between(lines: list[shapely.Geometry], lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], *, factor: float) -> Ways:  # fmt: skip
    """Return the ways between places along lines, as `ways`; without an area, so that another process can work them out."""
    many = len(lon)
    a, b = np.repeat(np.arange(many), many), np.tile(np.arange(many), many)
    line = (distances_m(lon[a], lat[a], lon[b], lat[b]) * factor).reshape(many, many)
    if not lines or not many:
        return Ways(np.ceil(line).astype(np.int64), network=False, straight=0)
    nodes, edges = _graph(lines)
    tree = shapely.STRtree(shapely.points(nodes))
    at = tree.nearest(shapely.points(lon, lat))
    off = distances_m(lon, lat, nodes[at, 0], nodes[at, 1]) * factor
    rows = {int(node): _from(edges, int(node)) for node in np.unique(at)}
    there = np.stack([rows[int(node)][at] for node in at]) + off[:, None] + off[None, :]
    near = at[:, None] == at[None, :]
    reached = np.isfinite(there)
    found = np.where(near | ~reached, line, there)
    np.fill_diagonal(found, 0)
    return Ways(np.ceil(found).astype(np.int64), network=True, straight=int((~reached).sum()) // 2)


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
