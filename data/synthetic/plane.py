"""The drawing plane: metres east and north of an origin, turned frames, and a repeatable source of chance."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import shapely
from shapely.affinity import rotate
from shapely.geometry import LineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

T = TypeVar("T")
G = TypeVar("G", bound=BaseGeometry)
Point2 = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """Where the drawing plane touches the earth: longitude and latitude (degrees) of its origin."""

    lon: float
    lat: float

    def scale(self) -> tuple[float, float]:
        """Return metres per degree of longitude and of latitude at the origin (WGS84 series, good to a centimetre a kilometre)."""
        phi = math.radians(self.lat)
        east = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi) + 0.118 * math.cos(5 * phi)
        north = 111_132.92 - 559.82 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
        return east, north

    def to_degrees(self, geometry: G) -> G:
        """Turn metres into degrees, rounded to the 7 decimals that the files carry."""
        east, north = self.scale()

        def turn(xy: NDArray[np.float64]) -> NDArray[np.float64]:
            lonlat: NDArray[np.float64] = np.column_stack([self.lon + xy[:, 0] / east, self.lat + xy[:, 1] / north])
            return lonlat.round(7)

        turned: G = shapely.transform(geometry, turn)
        return turned


@dataclass(frozen=True)
class Frame:
    """A frame turned by ``angle`` degrees about ``origin``: rows of buildings run along its x axis."""

    angle: float
    origin: Point2

    def inside(self, geometry: G) -> G:
        """Return the geometry as seen in the frame."""
        return rotate(geometry, -self.angle, origin=self.origin)

    def outside(self, geometry: G) -> G:
        """Return a geometry of the frame on the plane."""
        return rotate(geometry, self.angle, origin=self.origin)


class Chance:
    """Repeatable draws: the same key gives the same numbers on every machine and Python version.

    Only ``random.Random.random`` is used, whose sequence Python guarantees; numpy promises no such thing for its generators.
    """

    def __init__(self, *key: object) -> None:
        self._random = random.Random("/".join(str(part) for part in key))

    def between(self, low: float, high: float) -> float:
        """Draw a number in [low, high)."""
        return low + (high - low) * self._random.random()

    def whole(self, low: int, high: int) -> int:
        """Draw an integer in [low, high]."""
        return low + int(self._random.random() * (high - low + 1))

    def happens(self, probability: float) -> bool:
        """Say whether an event of this probability happens."""
        return self._random.random() < probability

    def pick(self, items: Sequence[T]) -> T:
        """Draw one item."""
        return items[int(self._random.random() * len(items))]

    def weighted(self, table: Sequence[tuple[T, float]]) -> T:
        """Draw one item of (item, weight) pairs."""
        mark = self._random.random() * sum(weight for _, weight in table)
        for item, weight in table:
            mark -= weight
            if mark < 0:
                return item
        return table[-1][0]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in a drawn order."""
        return [item for _, item in sorted(((self._random.random(), i), item) for i, item in enumerate(items))]


def largest(geometry: BaseGeometry) -> Polygon:
    """Return the largest polygon of a geometry, an empty one where there is none."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    parts += [inner for part in shapely.get_parts(geometry) if isinstance(part, MultiPolygon) for inner in part.geoms]
    return max(parts, key=lambda part: part.area, default=Polygon())


def rectangle(x0: float, y0: float, x1: float, y1: float) -> Polygon:
    """Return an upright rectangle."""
    return Polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def smooth(points: Sequence[Point2], *, step: float = 28.0, closed: bool = False) -> list[Point2]:
    """Return a curve through the points (centripetal enough: Catmull-Rom), one vertex about every ``step`` metres."""
    pts = [np.array(p, dtype=float) for p in points]
    if len(pts) < 3 and not closed:
        return [(float(p[0]), float(p[1])) for p in pts]
    ring = [pts[-1], *pts, pts[0], pts[1]] if closed else [2 * pts[0] - pts[1], *pts, 2 * pts[-1] - pts[-2]]
    out: list[Point2] = []
    for a, b, c, d in zip(ring, ring[1:], ring[2:], ring[3:], strict=False):
        count = max(1, round(float(np.hypot(*(c - b))) / step))
        for t in np.arange(count) / count:
            p = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
            out.append((float(p[0]), float(p[1])))
    if not closed:
        out.append((float(pts[-1][0]), float(pts[-1][1])))
    return out


def blob(
    chance: Chance, centre: Point2, radius_x: float, radius_y: float, *, wobble: float = 0.22, corners: int = 9
) -> Polygon:
    """Return a soft closed shape, such as a pond or a lawn."""
    points = []
    for i in range(corners):
        turn = 2 * math.pi * i / corners
        reach = 1 + chance.between(-wobble, wobble)
        points.append((centre[0] + radius_x * reach * math.cos(turn), centre[1] + radius_y * reach * math.sin(turn)))
    return Polygon(smooth(points, step=max(4.0, radius_x / 4), closed=True)).buffer(0)


def lengthwise_angle(shape: Polygon) -> float:
    """Return the direction in degrees, within +-45, of the sides of a block that run nearest to east-west."""
    ring = np.asarray(shape.simplify(3.0).exterior.coords)
    steps = np.diff(ring, axis=0)
    angles = (np.degrees(np.arctan2(steps[:, 1], steps[:, 0])) + 45) % 90 - 45
    weights = np.hypot(steps[:, 0], steps[:, 1]) ** 1.5
    mean = np.angle(np.sum(weights * np.exp(4j * np.radians(angles)))) / 4
    return float(np.degrees(mean))


def line_parts(geometry: BaseGeometry) -> list[LineString]:
    """Return the line strings of any geometry."""
    merged = shapely.line_merge(geometry) if geometry.geom_type == "MultiLineString" else geometry
    return [part for part in shapely.get_parts(merged) if part.geom_type == "LineString" and part.length > 0]
