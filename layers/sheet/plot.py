"""The map's window on the paper, and how the earth gets there true to scale."""

from dataclasses import dataclass

import numpy as np
import shapely

from geo.measure import Projection, centre_of, projection
from layers.sheet.board import Box

STEPS = (1.0, 1.2, 1.5, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)
"""Leading figures of scales that a reader can divide by."""

BAR_STEPS = (1.0, 2.0, 5.0)
LARGEST = 250
"""Nothing is drawn larger than 1:250; below, the data are not that good."""

TOLERANCE = 0.05
"""Shapes are simplified by so much, millimetres: less than the thinnest line."""

TILE = 256
DOT = 0.0254 / 96
"""Side of a CSS pixel in metres."""

EQUATOR = 40_075_016.686


@dataclass(frozen=True)
class View:
    """What a screen shows: its centre in degrees, and the zoom of the web's tiles."""

    lat: float
    lon: float
    zoom: float


@dataclass(frozen=True, eq=False)
class Plot:
    """A window of the paper and the scale in it.

    Attributes
    ----------
    window
        Where the map lies, millimetres on the paper.
    denominator
        N of the scale 1:N, true on paper printed at 100 %.
    lon, lat
        Where the projection (azimuthal equidistant) touches the earth: near the middle of the window.
    shift
        Metres east and north of that point at the middle of the window.
    """

    window: Box
    denominator: int
    lon: float
    lat: float
    shift: tuple[float, float]
    project: Projection

    @property
    def mm_per_m(self) -> float:
        """Millimetres of paper for one metre on the ground."""
        return 1000 / self.denominator

    def place(self, coordinates: np.ndarray) -> np.ndarray:
        """Turn lon/lat (n, 2) into millimetres on the paper (n, 2), y downwards."""
        metres = self.project(coordinates) - np.array(self.shift)
        middle = np.array(self.window.centre)
        return middle + metres * self.mm_per_m * np.array([1.0, -1.0])

    def draw(self, geoms: np.ndarray) -> np.ndarray:
        """Turn lon/lat geometries (n,) into millimetres, repaired, whole, not simplified."""
        return repaired(np.asarray(shapely.transform(geoms, self.place)))

    def fit(self, drawn: np.ndarray, *, margin: float = 3.0) -> np.ndarray:
        """Cut drawn geometries to the window and simplify them; what lies outside becomes empty."""
        box = self.window.grown(margin)
        out = np.full(len(drawn), shapely.from_wkt("POLYGON EMPTY"), dtype=object)
        bounds = shapely.bounds(drawn)
        near = np.flatnonzero(
            (bounds[:, 0] <= box.right)
            & (bounds[:, 2] >= box.left)
            & (bounds[:, 1] <= box.bottom)
            & (bounds[:, 3] >= box.top)
        )
        shapes = shapely.simplify(drawn[near], TOLERANCE)
        shapes = repaired(shapes)
        out[near] = _plain(shapely.clip_by_rect(shapes, box.left, box.top, box.right, box.bottom))
        return out


def repaired(shapes: np.ndarray) -> np.ndarray:
    """Return shapes (n,) with the invalid ones made valid; of what repair turns into a mixture, only areas, or only lines where there is no area."""
    broken = ~shapely.is_valid(shapes)
    if not broken.any():
        return shapes
    out = shapes.copy()
    out[broken] = shapely.make_valid(shapes[broken])
    return _plain(out)


def _plain(shapes: np.ndarray) -> np.ndarray:
    """Return shapes (n,) with each collection (GEOS type 7) reduced to its parts of the highest dimension."""
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == 7)  # noqa: PLR2004
    out = shapes.copy() if len(mixed) else shapes
    for place in mixed:
        parts = shapely.get_parts(shapely.get_parts(shapes[place]))
        dimensions = shapely.get_dimensions(parts)
        out[place] = shapely.union_all(parts[dimensions == dimensions.max()]) if len(parts) else shapely.Polygon()
    return out


def around(geoms: np.ndarray, window: Box, *, border: float = 5.0) -> Plot:
    """Lay lon/lat geometries (n,) into a window at the largest round scale that holds them, with a border in millimetres."""
    lon, lat = centre_of(geoms)
    project = projection(lon, lat)
    west, south, east, north = shapely.total_bounds(shapely.transform(geoms, project))
    need = 1000 * max((east - west) / (window.width - 2 * border), (north - south) / (window.height - 2 * border))
    return Plot(window, round_scale(need), lon, lat, (float(west + east) / 2, float(south + north) / 2), project)


def as_on_screen(view: View, window: Box) -> Plot:
    """Lay the ground around a screen's centre into a window, at the round scale next to the screen's."""
    metres = EQUATOR * np.cos(np.radians(view.lat)) / (TILE * 2**view.zoom)
    return Plot(
        window, round_scale(metres / DOT * 0.97), view.lon, view.lat, (0.0, 0.0), projection(view.lon, view.lat)
    )


def round_scale(need: float) -> int:
    """Return the smallest round denominator that is not below ``need``."""
    return round(_round_up(max(need, LARGEST), STEPS))


def bar_metres(denominator: int, *, longest: float = 60.0) -> float:
    """Return the length on the ground of the longest round scale bar of at most ``longest`` millimetres."""
    most = longest / 1000 * denominator
    return max(step * 10.0**power for power in range(-1, 7) for step in BAR_STEPS if step * 10.0**power <= most)


def _round_up(value: float, steps: tuple[float, ...]) -> float:
    power = 10.0 ** np.floor(np.log10(value))
    return float(next((step * power for step in steps if step * power >= value * (1 - 1e-9)), 10 * power))
