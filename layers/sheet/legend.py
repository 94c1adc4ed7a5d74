"""The legend: a sample of everything that the sheet draws, and what it means."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import shapely

from layers.sheet.board import LEAST, Box, text_width
from layers.sheet.drawing import Drawing
from layers.sheet.frame import fitted
from layers.sheet.grid_labels import Number, plate
from layers.sheet.ink import dash, size, sizes, street_width
from layers.sheet.marks import Stack, marked
from layers.sheet.net import hatched
from layers.sheet.sites import Sites, badge
from layers.sheet.svg import Look, group, line, path, rect, text
from layers.style import outline

HALF = 4.0
"""Half the length of a sample, millimetres."""

SWATCH = 1.1
LONGEST = 6


@dataclass(frozen=True)
class Sample:
    """Something drawn around a place (x, y), and what it means."""

    draw: Callable[[float, float], str]
    words: str


def samples(drawing: Drawing, shown: Sequence[Sites], *, counted: bool) -> list[Sample]:
    """Return the samples of a sheet.

    Parameters
    ----------
    shown
        Classes of sites that it shows.
    counted
        Whether grids carry counts in place of marks.
    """
    return [*_states(drawing, counted=counted), *_edges(drawing), *_ground(drawing), *_sites(drawing, shown)]


def draw(listed: Sequence[Sample], box: Box, tall: float, em: float) -> str:
    """Write samples in two columns of rows ``tall`` millimetres high, in type of ``em``."""
    parts = []
    deep, wide = -(-len(listed) // 2), box.width / 2
    for number, sample in enumerate(listed):
        x, middle = box.left + (number // deep) * wide, box.top + (number % deep + 0.5) * tall
        parts.append(group([sample.draw(x + HALF + 1, middle)], text_anchor="middle", font_weight=700))
        room = wide - 2 * HALF - 4
        small = max(LEAST, min(em, em * room / max(text_width(sample.words, em), 0.1)))
        parts.append(text(fitted(sample.words, room, small), x + 2 * HALF + 3, middle + 0.36 * small, small))
    return group(parts, class_="legend")


def _states(drawing: Drawing, *, counted: bool) -> list[Sample]:
    _, number = drawing.translate, str(drawing.net.leaf.labels[0])[:LONGEST]
    words = {
        "red": _("Grid with a red case"),
        "yellow": _("Yellow, none red"),
        "green": _("Green only"),
        "": _("Grid without a case"),
    }
    stack = _("Cases in the grid") if counted else _("Several at one place")
    return [
        *(Sample(partial(_plate, drawing, Number(number, state)), said) for state, said in words.items()),
        Sample(partial(_stack, drawing), stack),
    ]


def _edges(drawing: Drawing) -> list[Sample]:
    net, ink = drawing.net, drawing.ink
    found = []
    for depth, level in enumerate(net.levels):
        leaf = depth == len(net.levels) - 1
        look: Look = {
            "stroke": ink["quiet"] if leaf else outline(depth, len(net.levels), ink.outlines),
            "stroke_width": outline(depth, len(net.levels), sizes("level")),
            "stroke_dasharray": dash("leaf_dash") if leaf and depth else None,
        }
        found.append(Sample(partial(_line, look), drawing.say(level.name)))
    return found + [
        Sample(partial(_overlay, drawing, solid=overlay.responsible), drawing.say(overlay.name))
        for overlay in net.overlays
    ]


def _ground(drawing: Drawing) -> list[Sample]:
    _, ink = drawing.translate, drawing.ink
    titles = {entry.kind: drawing.say(entry.name) for entry in reversed(drawing.area.pack.ground)}
    looks: dict[str, Look] = {
        "green": {"fill": ink["park"]},
        "water": {"fill": ink["water"], "stroke": ink["water_label"], "stroke_width": 0.1},
        "block": {"fill": ink["block"], "stroke": ink["block_line"], "stroke_width": 0.25},
        "footprint": {"fill": ink["footprint"], "stroke": ink["footprint_line"], "stroke_width": 0.12},
    }
    streets = {"arterial": _("Main street"), "secondary": _("Street, lane")} if "street" in titles else {}
    return [Sample(partial(_street, drawing, class_), words) for class_, words in streets.items()] + [
        Sample(partial(_swatch, look), titles[kind]) for kind, look in looks.items() if kind in titles
    ]


def _sites(drawing: Drawing, shown: Sequence[Sites]) -> list[Sample]:
    return [
        Sample(partial(badge, drawing, sites.key, sites.kind), f"{drawing.say(sites.title)} {len(sites)}")
        for sites in shown
    ]


def _plate(drawing: Drawing, number: Number, x: float, y: float) -> str:
    return plate(drawing.ink, number, x, y, LEAST * 1.1).replace("data-state", "data-sample")


def _stack(drawing: Drawing, x: float, y: float) -> str:
    mark = marked(
        drawing.ink, Stack("green", x, y, ["", "", ""]), (x - 1, y), 0.8 * min(drawing.mark, 3.6), LEAST * 1.1
    )
    return group([mark.replace('class="mark"', 'class="sample"')], text_anchor="start")


def _line(look: Look, x: float, y: float) -> str:
    return line(x - HALF, y, x + HALF, y, **look)


def _swatch(look: Look, x: float, y: float) -> str:
    return rect(x - 0.9 * HALF, y - SWATCH, x + 0.9 * HALF, y + SWATCH, **look)


def _street(drawing: Drawing, class_: str, x: float, y: float) -> str:
    kind = "arterial" if class_ == "arterial" else "street"
    wide = min(street_width(class_, drawing.plot.mm_per_m), 1.8)
    casing = line(
        x - HALF, y, x + HALF, y, stroke=drawing.ink[f"{kind}_casing"], stroke_width=wide + 4 * size("casing")
    )
    return casing + line(x - HALF, y, x + HALF, y, stroke=drawing.ink[kind], stroke_width=wide)


def _overlay(drawing: Drawing, x: float, y: float, *, solid: bool) -> str:
    colour = drawing.ink["dedicated"]
    look: Look = {"stroke": colour, "stroke_width": size("dedicated_line")}
    if not solid:
        return _line({**look, "stroke_dasharray": dash("overlay_dash")}, x, y)
    shape = np.array([shapely.box(x - 0.9 * HALF, y - SWATCH, x + 0.9 * HALF, y + SWATCH)])
    return path(hatched(shape), stroke=colour, stroke_width=size("hatch_line"), fill="none") + path(
        shape, fill="none", **look
    )
