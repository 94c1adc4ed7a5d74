"""Where labels may stand: a board of small squares on which each label takes its place, so that no two overlap.

Greedy in order of importance (Christensen, Marks and Shieber 1995, ACM Transactions on Graphics 14, section 4.1): what comes first stays, what finds no room is left out.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

POINT = 25.4 / 72
"""A typographic point in millimetres."""

LEAST = 5 * POINT
"""No text is smaller than 5 points: below, a photocopier closes the figures."""

CELL = 0.2
"""Side of a square of the board, millimetres."""


ADVANCES = ((" .,:;'|!ijlI·", 0.33), ("()[]-/frt", 0.4), ("mwMW%@", 0.96), ("ABCDEFGHJKLNOPQRSTUVXYZ", 0.69))
"""Widths of characters in ems, those of a bold sans; every other one that is not Chinese has 0.6."""


@dataclass(frozen=True)
class Box:
    """A rectangle on the paper, millimetres, y downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> "Box":
        """Return the box of a size around its centre."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @property
    def width(self) -> float:
        """Width in millimetres."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in millimetres."""
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[float, float]:
        """The middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def grown(self, by: float) -> "Box":
        """Return the box, larger on every side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def polygon(self) -> shapely.Polygon:
        """Return the box as a polygon."""
        return shapely.box(self.left, self.top, self.right, self.bottom)


def text_width(words: str, size: float) -> float:
    """Estimate the width of a line of text, on the safe side for the sans fonts of the theme.

    Parameters
    ----------
    words
        One line.
    size
        Height of the em, in any unit; the width comes back in the same.
    """
    return size * sum(_advance(character) for character in words)


def _advance(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WFA":
        return 1.0
    return next((width for characters, width in ADVANCES if character in characters), 0.6)


class Board:
    """The free and taken squares of a window of the paper."""

    def __init__(self, window: Box) -> None:
        self.window = window
        rows, columns = int(np.ceil(window.height / CELL)), int(np.ceil(window.width / CELL))
        self._taken = np.zeros((rows, columns), dtype=bool)

    def inside(self, box: Box) -> bool:
        """Whether a box lies wholly in the window."""
        window = self.window
        return (
            box.left >= window.left
            and box.top >= window.top
            and box.right <= window.right
            and box.bottom <= window.bottom
        )

    def free(self, boxes: Iterable[Box]) -> bool:
        """Whether all boxes lie in the window and on free squares only."""
        return all(self.inside(box) and not self._squares(box).any() for box in boxes)

    def take(self, boxes: Iterable[Box]) -> None:
        """Take the squares of the boxes, whoever holds them."""
        for box in boxes:
            self._squares(box)[...] = True

    def settle(self, boxes: Sequence[Box]) -> bool:
        """Take the boxes if all of them are free; tell whether they were."""
        if not self.free(boxes):
            return False
        self.take(boxes)
        return True

    def _squares(self, box: Box) -> np.ndarray:
        left, top = (box.left - self.window.left) / CELL, (box.top - self.window.top) / CELL
        right, bottom = (box.right - self.window.left) / CELL, (box.bottom - self.window.top) / CELL
        return self._taken[
            max(0, int(np.floor(top))) : max(0, int(np.ceil(bottom))),
            max(0, int(np.floor(left))) : max(0, int(np.ceil(right))),
        ]


def poles(polygons: np.ndarray, *, tolerance: float = 0.4) -> np.ndarray:
    """Return the middle of the largest circle inside each polygon (n,), float64 (n, 2): where a label stands best (polylabel)."""
    circles = shapely.maximum_inscribed_circle(polygons, tolerance=tolerance)
    return shapely.get_coordinates(shapely.get_point(circles, 0))


def seats(
    polygon: shapely.Geometry, pole: tuple[float, float], width: float, height: float, *, most: int = 80
) -> list[Box]:
    """List boxes of a size inside a polygon, the one at the pole first, then others by their distance from it."""
    left, top, right, bottom = shapely.bounds(polygon)
    step = max(0.8, float(np.sqrt(max((right - left) * (bottom - top), 0.01) / (4 * most))))
    xs, ys = np.meshgrid(
        np.arange(left + width / 2, right - width / 2 + 0.01, step),
        np.arange(top + height / 2, bottom - height / 2 + 0.01, step),
    )
    places = np.vstack([[pole], np.column_stack([xs.ravel(), ys.ravel()])])
    x, y = places[:, 0], places[:, 1]
    shapely.prepare(polygon)
    fits = shapely.contains(polygon, shapely.box(x - width / 2, y - height / 2, x + width / 2, y + height / 2))
    order = np.argsort(np.hypot(x - pole[0], y - pole[1]), kind="stable")
    return [Box.around(float(x[i]), float(y[i]), width, height) for i in order if fits[i]][:most]
