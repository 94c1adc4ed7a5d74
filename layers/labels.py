"""Where the number of a grid stands, and what it says."""

import numpy as np
import shapely

from geo.measure import centre_of, projection
from geo.net import Net


def anchors(geoms: np.ndarray) -> np.ndarray:
    """Find the place inside each polygon that is farthest from its edges (pole of inaccessibility).

    Parameters
    ----------
    geoms
        (Multi)polygons (n,), degrees.

    Returns
    -------
    numpy.ndarray
        float64 (n, 4): longitude, latitude, distance to the nearest edge in metres, and half of the free width to the left and right in metres. An invalid polygon gets
        a point inside its repaired shape.
    """
    if not len(geoms):
        return np.empty((0, 4))
    lon, lat = centre_of(geoms)
    metric = shapely.make_valid(shapely.transform(geoms, projection(lon, lat)))
    extent = shapely.bounds(metric)
    size = np.maximum(extent[:, 2] - extent[:, 0], extent[:, 3] - extent[:, 1])
    circles = np.array(
        [
            shapely.maximum_inscribed_circle(shape, tolerance=max(side / 200, 0.01))
            for shape, side in zip(metric, size, strict=True)
        ],
        dtype=object,
    )
    centres = shapely.get_point(circles, 0)
    x, y = shapely.get_x(centres), shapely.get_y(centres)
    chords = shapely.intersection(
        metric, shapely.linestrings(np.stack([np.column_stack([x - size, y]), np.column_stack([x + size, y])], axis=1))
    )
    width = np.array([_free(chord, east) for chord, east in zip(chords, x, strict=True)])
    degrees = _back(x, y, lon, lat)
    return np.column_stack([degrees, shapely.length(circles), np.maximum(width, shapely.length(circles))])


def leaf_labels(net: Net) -> list[str]:
    """Return what each polygon of the leaf level says: its own label, or the first and last of the micro-grids stacked on it ("3-07–3-09")."""
    out = []
    for code, label in zip(net.leaf.codes, net.leaf.labels, strict=True):
        stacked = [stack.label for stack in net.stacked.get(code, ())]
        out.append(str(label) if not stacked else stacked[0] if len(stacked) == 1 else f"{stacked[0]}–{stacked[-1]}")
    return out


def tint_depth(net: Net) -> int:
    """Choose the level that carries the base tints: of those above the leaf the one whose number of grids is nearest to nine; the leaf of a net with one level."""
    above = [(abs(np.log(len(level) / 9)), depth) for depth, level in enumerate(net.levels[:-1]) if len(level) > 1]
    return min(above)[1] if above else max(len(net.levels) - 2, 0) if len(net.levels) > 1 else 0


def _free(chord: shapely.Geometry, x: float) -> float:
    """Return the smaller of the free widths to the left and right of x along a horizontal chord."""
    for part in shapely.get_parts(chord):
        west, _, east, _ = shapely.bounds(part)
        if west <= x <= east:
            return float(min(x - west, east - x))
    return 0.0


def _back(x: np.ndarray, y: np.ndarray, lon: float, lat: float) -> np.ndarray:
    """Return degrees of metres around a centre, good to a metre over a city (the plane of the latitude, then one correction by the forward projection)."""
    project = projection(lon, lat)
    guess = np.column_stack([lon + x / (111_320 * np.cos(np.radians(lat))), lat + y / 110_950])
    for _ in range(3):
        error = np.column_stack([x, y]) - project(guess)
        guess = guess + error / np.column_stack([111_320 * np.cos(np.radians(guess[:, 1])), np.full(len(x), 110_950.0)])
    return guess
