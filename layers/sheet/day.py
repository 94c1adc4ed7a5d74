"""The day's map (一日一图): the net with the state of each grid, as a picture for the daily sheet."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geo.net import Level, Overlay
from layers.load import Area
from layers.sheet import net
from layers.sheet.board import Board, Box, poles, text_width
from layers.sheet.drawing import Drawing, Wanted
from layers.sheet.ink import family, ink, points
from layers.sheet.plot import around, bar_metres
from layers.sheet.svg import Look, element, group, line, path, rect, text

STATES = ("red", "yellow", "green")
SHADES: Mapping[str, str] = {
    "red": "#E58379",
    "yellow": "#F3D77E",
    "green": "#CFE6C4",
}  # told apart on a photocopy too: dark, middle, light
PLAIN = "#FFFFFF"
EM, LEAST_EM = 2.9, 1.9  # millimetres
KEY, GAP = 3.2, 1.6  # millimetres: a square of the legend, and what lies between


def day_map(
    area: Area,
    states: Mapping[str, str],
    *,
    key: str,
    named: str = "",
    words: Mapping[str, str],
    width: float = 168.0,
    height: float = 96.0,
    language: str = "zh",
) -> str:
    """Draw the net with the grids of a level coloured by their state.

    Parameters
    ----------
    states
        Code of a grid -> ``red``, ``yellow`` or ``green``; those that are not named stay white.
    key
        The level that is coloured.
    named
        The level whose names are written; the coloured one by default.
    words
        The states and ``none`` in words, for the legend.
    width, height
        Millimetres; one user unit is one.

    Returns
    -------
    str
        An SVG document.

    Raises
    ------
    UnknownLevel
        The net has no such level.
    """
    window = Box(0, 0, width, height - 8)
    plot = around(area.net.levels[0].geoms, window, border=2.0)
    drawing = Drawing(
        area=area,
        wanted=Wanted(pd.DataFrame({"uid": [], "mark": [], "status": []})),
        plot=plot,
        ink=ink("colour"),
        board=Board(window),
        language=language,
        translate=str,
        levels={level.key: plot.draw(level.geoms) for level in area.net.levels},
        overlays={overlay.key: plot.draw(overlay.geoms) for overlay in area.net.overlays},
        focus=None,
    )
    layer = drawing.layer(key)
    shapes = plot.fit(drawing.levels[key] if key in drawing.levels else drawing.overlays[key])
    held = np.array([states.get(str(code), "") for code in layer.codes])
    content = [
        rect(0, 0, width, height, fill=PLAIN),
        *(path(shapes[held == state], fill=SHADES[state], fill_rule="evenodd", class_=state) for state in STATES),
        net.outlined(drawing),
        _labels(drawing, drawing.layer(named or key)),
        _legend(drawing, words, width, height),
    ]
    return element(
        "svg",
        [group(content)],
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}mm",
        height=f"{height:g}mm",
        role="img",
        font_family=f"'Battlemap Song', {family()}",  # the type of the papers that hold it
        fill=drawing.ink["text"],
    )


def _labels(drawing: Drawing, layer: Level | Overlay) -> str:
    """Write the label of each grid of a level where it fits inside."""
    shapes = drawing.plot.fit(drawing.plot.draw(layer.geoms))
    written = []
    for label, shape in zip(layer.labels, shapes, strict=True):
        if shape.is_empty:
            continue
        (x, y), words = poles(np.array([shape]))[0], str(label)
        for em in (EM, LEAST_EM):
            box = Box.around(float(x), float(y), text_width(words, em) * 1.05, em * 1.1)
            if shape.intersection(box.polygon()).area > 0.9 * box.width * box.height and drawing.board.settle([box]):
                written.append(text(words, float(x), float(y) + 0.36 * em, em))
                break
    halo: Look = {"stroke": "#FFFFFF", "stroke_width": 0.5, "paint_order": "stroke", "stroke_linejoin": "round"}
    return group(written, text_anchor="middle", **halo)


def _legend(drawing: Drawing, words: Mapping[str, str], width: float, height: float) -> str:
    """Write what the shades mean, and the scale as a bar, below the map."""
    base, em, x, parts = height - 2.2, points("small"), 1.0, []
    for state in (*STATES, "none"):
        fill = SHADES.get(state, PLAIN)
        parts.append(
            rect(x, base - KEY + 0.6, x + KEY, base + 0.6, fill=fill, stroke=drawing.ink["quiet"], stroke_width=0.2)
        )
        parts.append(text(words[state], x + KEY + GAP / 2, base, em))
        x += KEY + 2 * GAP + text_width(words[state], em)
    metres = bar_metres(drawing.plot.denominator, longest=30)
    long, label = metres * drawing.plot.mm_per_m, f"{metres:g} m"
    left = width - long - text_width(label, em) - 3
    ends = [
        line(left, base, left + long, base),
        line(left, base - 1, left, base),
        line(left + long, base - 1, left + long, base),
    ]
    parts.append(group(ends, stroke=drawing.ink["text"], stroke_width=0.35))
    return group([*parts, text(label, left + long + 1, base + 0.3, em)])
