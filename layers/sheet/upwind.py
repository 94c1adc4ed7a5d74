"""The surroundings of a station on the map: rings and the sector upwind, true to scale, and the sources by their places in the list.

The plot touches the earth at the station (azimuthal equidistant), so that circles around it are distances and rays from it are bearings, without distortion.
"""

from collections.abc import Callable, Sequence
from math import cos, radians, sin

import numpy as np

from geo.measure import projection
from layers.load import Area
from layers.sheet import grid_labels, ground, marks, net
from layers.sheet.board import Box
from layers.sheet.drawing import Drawing
from layers.sheet.ink import points
from layers.sheet.plot import Plot
from layers.sheet.spot import bar, laid, picture
from layers.sheet.svg import Look, element, group, rect, text

DOT, SMALL, NUMBER = 2.6, 1.1, 3.0  # millimetres: radius of a source with its place, and without; size of the place
NUMBERED = 9
HALF = 180.0
EDGE = 4.0  # millimetres around what is drawn


def upwind(
    area: Area,
    station: tuple[float, float],
    sources: Sequence[tuple[tuple[float, float], bool]],
    *,
    radius_m: float,
    rings_m: Sequence[float],
    sectors: Sequence[tuple[float, float]] = (),
    side: float = 110.0,
    language: str = "zh",
    translate: Callable[[str], str] = str,
) -> str:
    """Draw the sources around a station.

    Parameters
    ----------
    station
        Degrees WGS84.
    sources
        Place of each, degrees, and whether its kind fits what was measured; in order of the list.
    radius_m
        From the station to the edge of the picture.
    rings_m
        Metres; those beyond the edge are left out.
    sectors
        Bearing of the middle, clockwise from north, and half the width, degrees; the widest first.
    side
        Millimetres; one user unit is one.

    Returns
    -------
    str
        An SVG document.
    """
    lon, lat = station
    denominator = max(1, round(radius_m * 1000 / (side / 2 - EDGE)))
    plot = Plot(Box(0, 0, side, side), denominator, lon, lat, (0.0, 0.0), projection(lon, lat))
    drawing = laid(area, plot, "colour", language, translate)
    below, middle = ground.lay(drawing), side / 2
    at = plot.place(np.array([place for place, _likely in sources], dtype=float).reshape(-1, 2)).tolist()
    drawing.board.take([Box.around(x, y, 2 * DOT, 2 * DOT) for x, y in [*at[:NUMBERED], [middle, middle]]])
    rings = [ring for ring in rings_m if ring <= radius_m * 1.01] or [radius_m]
    outer = rings[-1] * plot.mm_per_m
    content = [
        rect(0, 0, side, side, fill=drawing.ink["surface"]),
        net.tinted(drawing),
        ground.draw(drawing, below),
        net.outlined(drawing),
        ground.name_streets(drawing, below["street"], main=True),
        grid_labels.draw(drawing, marks.Placed("", {}, None, 0))[0],
        ground.name_streets(drawing, below["street"], main=False),
        group([_sector(drawing, middle, outer, *sector) for sector in sectors]),
        group([_ring(drawing, middle, ring * plot.mm_per_m, ring) for ring in rings]),
        bar(drawing, side),
        *(_source(drawing, place, x, y, likely=likely) for place, ((x, y), (_at, likely)) in reversed(list(enumerate(zip(at, sources, strict=True), 1)))),
        _station(drawing, middle),
    ]  # fmt: skip
    return picture(drawing, content, side, side)


def ray(middle: float, radius: float, bearing: float) -> tuple[float, float]:
    """Return where a bearing, degrees clockwise from north, lies so far from the middle."""
    return middle + radius * sin(radians(bearing)), middle - radius * cos(radians(bearing))


def _sector(drawing: Drawing, middle: float, radius: float, bearing: float, half: float) -> str:
    look: Look = {"fill": drawing.ink["accent"], "fill_opacity": 0.14}
    if half >= HALF:
        return element("circle", cx=middle, cy=middle, r=radius, **look)
    (x0, y0), (x1, y1) = (ray(middle, radius, bearing + side) for side in (-half, half))
    large = int(half * 2 > HALF)
    return element("path", d=f"M{middle:g} {middle:g}L{x0:.2f} {y0:.2f}A{radius:.2f} {radius:.2f} 0 {large} 1 {x1:.2f} {y1:.2f}Z", **look)  # fmt: skip


def _ring(drawing: Drawing, middle: float, radius: float, metres: float) -> str:
    said = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"  # noqa: PLR2004
    halo: Look = {"stroke": drawing.ink["halo"], "stroke_width": 1.0, "paint_order": "stroke"}
    return group([
        element("circle", cx=middle, cy=middle, r=radius, fill="none", stroke=drawing.ink["text"], stroke_width=0.3, stroke_dasharray="1.5 1"),
        text(said, middle, middle + radius - 1, points("small"), text_anchor="middle", **halo),
    ])  # fmt: skip


def _source(drawing: Drawing, place: int, x: float, y: float, *, likely: bool) -> str:
    dark, pale = drawing.ink["text"], drawing.ink["surface"]
    fill, ink = (dark, pale) if likely else (pale, dark)
    radius = DOT if place <= NUMBERED else SMALL
    dot = element("circle", cx=x, cy=y, r=radius, fill=fill, stroke=dark, stroke_width=0.3)
    if place > NUMBERED:
        return dot
    return group([dot, text(str(place), x, y + 1.1, NUMBER, text_anchor="middle", fill=ink, font_weight="bold")])


def _station(drawing: Drawing, middle: float) -> str:
    return element("path", d=f"M{middle - 2.5:g} {middle:g}h5M{middle:g} {middle - 2.5:g}v5", fill="none", stroke=drawing.ink["text"], stroke_width=0.8)  # fmt: skip
