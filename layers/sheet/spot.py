"""The place of one case as a small map: for its sheet on the screen, and for the paper that is sent out (派遣单)."""

from collections.abc import Callable, Sequence

import pandas as pd

from geo.measure import projection
from layers.load import Area
from layers.sheet import grid_labels, ground, marks, net, sites
from layers.sheet.board import Board, Box
from layers.sheet.drawing import Drawing, Wanted
from layers.sheet.ink import family, ink, points
from layers.sheet.plot import Plot, bar_metres
from layers.sheet.svg import Look, element, group, line, rect, text

MARK = 7.0  # millimetres


def spot(
    area: Area,
    lon: float,
    lat: float,
    *,
    mark: str,
    width: float = 120.0,
    height: float = 75.0,
    denominator: int = 2000,
    look: str = "colour",
    language: str = "zh",
    translate: Callable[[str], str] = str,
) -> str:
    """Draw the surroundings of a place.

    Parameters
    ----------
    lon, lat
        Degrees.
    mark
        ``red``, ``yellow`` or ``green``; "" for a plain ring.
    width, height
        Millimetres; one user unit is one.
    denominator
        N of the scale 1:N.
    look
        An ink: ``colour`` or ``black``.

    Returns
    -------
    str
        An SVG document.
    """
    plot = Plot(Box(0, 0, width, height), denominator, lon, lat, (0.0, 0.0), projection(lon, lat))
    drawing = laid(area, plot, look, language, translate)
    below, (x, y) = ground.lay(drawing), drawing.plot.window.centre
    drawing.board.take([Box.around(x, y, 1.4 * MARK, 1.4 * MARK)])
    content = [
        rect(0, 0, width, height, fill=drawing.ink["surface"]),
        net.tinted(drawing),
        ground.draw(drawing, below),
        net.overlaid(drawing),
        net.outlined(drawing),
        sites.draw(drawing, sites.find(drawing)[0])[0],
        ground.name_streets(drawing, below["street"], main=True),
        grid_labels.draw(drawing, marks.Placed("", {}, None, 0))[0],
        ground.name_streets(drawing, below["street"], main=False),
        ground.name_places(drawing, below["block"], colour="quiet"),
        sites.name_buildings(drawing),
        bar(drawing, height),
        _here(drawing, mark, x, y),
    ]
    return picture(drawing, content, width, height)


def picture(drawing: Drawing, content: Sequence[str], width: float, height: float) -> str:
    """Return the SVG document of a small map; one user unit is one millimetre."""
    return element(
        "svg",
        [group(content)],
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        font_family=family(),
        fill=drawing.ink["text"],
    )


def laid(area: Area, plot: Plot, look: str, language: str, translate: Callable[[str], str]) -> Drawing:
    """Return the drawing of a small map: all levels and overlays in its window, no marks, no focus."""
    return Drawing(
        area=area,
        wanted=Wanted(pd.DataFrame({"uid": [], "mark": [], "status": []}), ink=look),
        plot=plot,
        ink=ink(look),
        board=Board(plot.window),
        language=language,
        translate=translate,
        levels={level.key: plot.draw(level.geoms) for level in area.net.levels},
        overlays={overlay.key: plot.draw(overlay.geoms) for overlay in area.net.overlays},
        focus=None,
    )


def _here(drawing: Drawing, mark: str, x: float, y: float) -> str:
    if mark:
        return marks.glyph(drawing.ink, mark, x, y, MARK)
    stroke = drawing.ink["text"]
    return element("circle", cx=x, cy=y, r=MARK / 3, fill="none", stroke=stroke, stroke_width=0.8)


def bar(drawing: Drawing, height: float) -> str:
    """Write the scale as a bar; it stays true when the picture is scaled."""
    metres = bar_metres(drawing.plot.denominator, longest=30)
    long, em = metres * drawing.plot.mm_per_m, points("small")
    left, base = 3.0, height - 3.0
    halo: Look = {"stroke": drawing.ink["halo"], "stroke_width": 1.0, "paint_order": "stroke"}
    parts = [
        line(left, base, left + long, base),
        line(left, base - 1, left, base),
        line(left + long, base - 1, left + long, base),
    ]
    return group(
        [
            group(parts, stroke=drawing.ink["halo"], stroke_width=1.2),
            group(parts, stroke=drawing.ink["text"], stroke_width=0.35),
            text(f"{metres:g} m", left + long + 1.2, base + 0.3, em, **halo),
        ]
    )
