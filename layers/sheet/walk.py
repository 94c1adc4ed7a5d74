"""A walk on paper (走线图): the ground around its stops, each with its place in the order, joined by straight lines."""

from collections.abc import Callable, Sequence

import numpy as np
import shapely

from layers.load import Area
from layers.sheet import grid_labels, ground, marks, net
from layers.sheet.board import Box
from layers.sheet.drawing import Drawing
from layers.sheet.ink import points
from layers.sheet.plot import Plot, around
from layers.sheet.spot import bar, laid, picture
from layers.sheet.svg import element, group, rect, text

STOP = 2.4  # millimetres: radius of a stop
BORDER = 9.0  # millimetres around the outermost stop
NARROW = 0.0008  # degrees around a place that stands alone


def walk(
    area: Area,
    start: tuple[float, float],
    stops: Sequence[tuple[str, tuple[float, float]]],
    *,
    width: float = 182.0,
    height: float = 80.0,
    look: str = "black",
    language: str = "zh",
    translate: Callable[[str], str] = str,
) -> str:
    """Draw a walk.

    Parameters
    ----------
    start
        From where it starts and to where it comes back, degrees WGS84.
    stops
        What stands on each, and its place, in order.
    width, height
        Millimetres; one user unit is one.
    look
        An ink: ``colour`` or ``black``.

    Returns
    -------
    str
        An SVG document.
    """
    window = Box(0, 0, width, height)
    plot = _plot(np.array([start, *(place for _label, place in stops)], dtype=float), window)
    drawing = laid(area, plot, look, language, translate)
    below = ground.lay(drawing)
    drawn = plot.place(np.array([start, *(place for _label, place in stops), start], dtype=float))
    drawing.board.take([Box.around(x, y, 3 * STOP, 3 * STOP) for x, y in drawn.tolist()])
    content = [
        rect(0, 0, width, height, fill=drawing.ink["surface"]),
        net.tinted(drawing),
        ground.draw(drawing, below),
        net.overlaid(drawing),
        net.outlined(drawing),
        ground.name_streets(drawing, below["street"], main=True),
        grid_labels.draw(drawing, marks.Placed("", {}, None, 0))[0],
        ground.name_streets(drawing, below["street"], main=False),
        ground.name_places(drawing, below["block"], colour="quiet"),
        bar(drawing, height),
        _line(drawing, drawn),
        *(_stop(drawing, label, x, y) for (label, _place), (x, y) in zip(stops, drawn[1:-1].tolist(), strict=True)),
        _start(drawing, *drawn[0].tolist()),
    ]
    return picture(drawing, content, width, height)


def _plot(places: np.ndarray, window: Box) -> Plot:
    (west, south), (east, north) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
    grown = shapely.box(west - NARROW, south - NARROW, east + NARROW, north + NARROW)
    return around(np.array([grown]), window, border=BORDER)


def _line(drawing: Drawing, drawn: np.ndarray) -> str:
    way = " ".join(f"{x:.2f},{y:.2f}" for x, y in drawn.tolist())
    fill: dict[str, str | float | None] = {"fill": "none", "stroke_linejoin": "round"}
    wide = element("polyline", points=way, stroke=drawing.ink["halo"], stroke_width=1.6, **fill)
    thin = element("polyline", points=way, stroke=drawing.ink["text"], stroke_width=0.6, stroke_dasharray="2 1", **fill)
    return group([wide, thin])


def _stop(drawing: Drawing, label: str, x: float, y: float) -> str:
    em = points("small")
    disc = element("circle", cx=x, cy=y, r=STOP, fill=drawing.ink["surface"], stroke=drawing.ink["text"], stroke_width=0.5)  # fmt: skip
    return group([disc, text(label, x, y + 0.36 * em, em, text_anchor="middle", font_weight="bold")])


def _start(drawing: Drawing, x: float, y: float) -> str:
    return rect(x - STOP / 2, y - STOP / 2, x + STOP / 2, y + STOP / 2, fill=drawing.ink["text"])
