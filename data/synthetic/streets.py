"""The skeleton: streets, canals and railways as lines, and the blocks that they enclose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon, box
from shapely.ops import substring

from data.synthetic.plane import Chance, Point2, smooth

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shapely.geometry.base import BaseGeometry

RESERVE = {"arterial": 38.0, "secondary": 24.0, "lane": 11.0, "path": 5.0}
"""Width between the walls on both sides (红线宽度), metres."""


@dataclass(frozen=True)
class Stroke:
    """A line of the hand-drawn skeleton: a street of some class, a ``canal`` or a ``railway``."""

    name: str
    kind: str
    points: tuple[Point2, ...]
    width: float = 0.0


@dataclass(frozen=True)
class Street:
    """A street as laid: its centre line on the plane and the width of its reserve in metres."""

    name: str
    kind: str
    line: LineString
    width: float


@dataclass
class Skeleton:
    """All lines of a plan, and the faces (blocks to the centre lines) between them."""

    streets: list[Street]
    faces: list[Polygon] = field(default_factory=list)

    def reserve(self, kinds: Collection[str] = ("arterial", "secondary", "lane", "canal", "railway")) -> BaseGeometry:
        """Return the land that lines of these kinds take: streets between walls, canals with their banks."""
        lines = [street for street in self.streets if street.kind in kinds]
        return shapely.union_all([street.line.buffer(street.width / 2, quad_segs=3) for street in lines])


def lay(
    strokes: Sequence[Stroke], extent: tuple[float, float, float, float], chance: Chance, *, sway: float = 1.0
) -> Skeleton:
    """Lay the strokes with a light unsteady hand and find the faces between them.

    Parameters
    ----------
    strokes
        The skeleton; an end within 45 m of another line is fitted to it.
    extent
        West, south, east, north of the drawing, metres; lines are cut there.
    chance
        Where the unsteadiness comes from.
    sway
        How unsteady the hand is; 1 moves the points of a secondary street by up to 4.5 m.
    """
    frame = box(*extent)
    drawn = [(stroke, _wander(stroke, chance, sway)) for stroke in strokes]
    lines = [line for _, line in drawn]
    streets = []
    for i, (stroke, line) in enumerate(drawn):
        fitted = _fit_ends(line, [other for j, other in enumerate(lines) if j != i])
        width = stroke.width or RESERVE[stroke.kind]
        streets.append(Street(stroke.name, stroke.kind, fitted, width))
    noded = shapely.unary_union([frame.exterior, *(street.line.intersection(frame) for street in streets)])
    faces = [face for face in shapely.get_parts(shapely.polygonize([noded])) if face.area > 1]
    order = np.lexsort([[round(f.centroid.x, 3) for f in faces], [-round(f.centroid.y, 3) for f in faces]])
    return Skeleton(streets, [faces[i] for i in order])


def _wander(stroke: Stroke, chance: Chance, much: float) -> LineString:
    sway = much * {"arterial": 3.0, "secondary": 4.5, "lane": 4.0}.get(stroke.kind, 5.0)
    points = [(x + chance.between(-sway, sway), y + chance.between(-sway, sway)) for x, y in stroke.points]
    return LineString(smooth(points, step=30.0))


def _fit_ends(line: LineString, others: Sequence[LineString], reach: float = 45.0) -> LineString:
    """Cut an end that overshoots its last crossing, or stretch one that falls short; a hand's breadth beyond, so that lines meet."""
    stretched = _stretch(_stretch(line, others, reach).reverse(), others, reach).reverse()
    crossings = shapely.get_parts(stretched.intersection(shapely.union_all(list(others))))
    along = sorted(stretched.project(point) for point in crossings if point.geom_type == "Point")
    if not along:
        return stretched
    start = max(0.0, along[0] - 0.3) if along[0] < 1.5 * reach else 0.0
    end = along[-1] + 0.3 if stretched.length - along[-1] < 1.5 * reach else stretched.length
    cut = substring(stretched, start, end)
    return cut if isinstance(cut, LineString) else stretched


def _stretch(line: LineString, others: Sequence[LineString], reach: float) -> LineString:
    (x0, y0), (x1, y1) = line.coords[-2], line.coords[-1]
    run = float(np.hypot(x1 - x0, y1 - y0))
    tip = Point(x1, y1)
    if any(0 < other.distance(tip) < reach for other in others) and not any(
        other.distance(tip) == 0 for other in others
    ):
        further = (x1 + (x1 - x0) / run * reach * 1.3, y1 + (y1 - y0) / run * reach * 1.3)
        longer = LineString([*line.coords, further])
        if any(LineString([(x1, y1), further]).intersects(other) for other in others):
            return longer
    return line
