"""The net on the paper: tints, outlines that weigh by level, dedicated grids, and the numbers of everything."""

from collections.abc import Iterable

import numpy as np
import shapely

from geo.tint import tints
from layers.sheet.board import LEAST, Box, poles, text_width
from layers.sheet.drawing import Drawing
from layers.sheet.ink import dash, points, size, sizes
from layers.sheet.plot import TOLERANCE
from layers.sheet.street_names import MIDDLE
from layers.sheet.svg import PLACES, Look, element, group, line, number, path, rect, text
from layers.style import outline

REACH = 14.0
"""A label that finds no room in its grid may stand so far away, millimetres, with a line that leads to it."""


def tinted(drawing: Drawing) -> str:
    """Write the base tints of the level above the leaf, so that neighbours differ; in black, dots of different distance."""
    net = drawing.net
    level = net.levels[-2] if len(net.levels) > 1 else net.leaf
    shapes = drawing.plot.fit(drawing.levels[level.key])
    chosen = tints(level.geoms, colours=len(drawing.ink.tints))
    filled = [
        path(shapes[chosen == tint], fill=colour, fill_rule="evenodd") for tint, colour in enumerate(drawing.ink.tints)
    ]
    dotted = (
        [_dots(shapes[chosen == tint], apart) for tint, apart in enumerate(sizes("dots")) if apart]
        if drawing.ink.name == "black"
        else []
    )
    return group(
        [*filled, group(dotted, stroke="#000000", stroke_width=0.13, stroke_linecap="round", fill="none")],
        class_="tints",
    )


def veil(drawing: Drawing) -> str:
    """Write what makes everything outside the wanted grid or net stand back, and a soft band along its edge."""
    reach, ink = shapely.make_valid(shapely.simplify(drawing.reach, TOLERANCE)), drawing.ink
    window = drawing.plot.window.polygon()
    outside = np.array([window.difference(reach)])
    band = np.array([window.intersection(reach.buffer(size("edge_band"), quad_segs=3).difference(reach))])
    return group(
        [
            path(outside, fill=ink["halo"], fill_opacity=0.58, fill_rule="evenodd"),
            path(band, fill=ink.outlines[0], fill_opacity=0.14, fill_rule="evenodd"),
        ],
        class_="veil",
    )


def outlined(drawing: Drawing) -> str:
    """Write the outlines, the leaf's first and the widest level's last; an edge that two grids share is drawn once."""
    levels, ink = drawing.net.levels, drawing.ink
    parts = []
    for depth in reversed(range(len(levels))):
        level = levels[depth]
        leaf = depth == len(levels) - 1
        parts.append(
            path(
                _edges(drawing, drawing.levels[level.key]),
                class_="level",
                data_level=level.key,
                stroke=ink["quiet"] if leaf else outline(depth, len(levels), ink.outlines),
                stroke_width=outline(depth, len(levels), sizes("level")),
                stroke_dasharray=dash("leaf_dash") if leaf and len(levels) > 1 else None,
            )
        )
    return group(parts, fill="none", stroke_linejoin="round", stroke_linecap="butt")


def overlaid(drawing: Drawing) -> str:
    """Write the overlays: dedicated grids with hatching and a fine outline, others with a broken line."""
    parts = []
    for overlay in drawing.net.overlays:
        shapes = drawing.plot.fit(drawing.overlays[overlay.key])
        if overlay.responsible:
            parts.append(
                path(hatched(shapes), stroke=drawing.ink["dedicated"], stroke_width=size("hatch_line"), fill="none")
            )
            parts.append(
                path(
                    shapes,
                    stroke=drawing.ink["dedicated"],
                    stroke_width=size("dedicated_line"),
                    fill="none",
                    class_="overlay",
                )
            )
        else:
            edges = _edges(drawing, drawing.overlays[overlay.key])
            parts.append(
                path(
                    edges,
                    stroke=drawing.ink["dedicated"],
                    stroke_width=size("dedicated_line"),
                    stroke_dasharray=dash("overlay_dash"),
                    fill="none",
                    class_="overlay",
                )
            )
    return group(parts, stroke_linejoin="round")


def hatched(shapes: np.ndarray) -> np.ndarray:
    """Return the lines that hatch drawn polygons (n,): real lines, since a pattern may reach the printer as a picture."""
    return np.asarray(shapely.intersection(shapes, _hatch(shapes, size("hatch"))))


def numerals(drawing: Drawing) -> str:
    """Write the labels of the level above the leaf, large and pale, into the ground."""
    levels = drawing.net.levels
    if len(levels) < 2 or len(levels[-2]) < 2:  # noqa: PLR2004 - one grid alone needs no number
        return ""
    written = []
    for label, shape in _in_window(drawing, _brief(levels[-2].labels), drawing.levels[levels[-2].key]):
        circle = shapely.maximum_inscribed_circle(shape, 0.5)
        (x, y), radius = shapely.get_coordinates(circle)[0], shapely.length(circle)
        em = min(points("numeral"), 1.7 * radius / text_width(label, 1.0))
        if em > 2 * LEAST:
            written.append(text(label, x, y + em * MIDDLE, em))
    return group(
        written, class_="numerals", text_anchor="middle", font_weight=700, fill=drawing.ink["text"], fill_opacity=0.1
    )


def _brief(labels: np.ndarray) -> np.ndarray:
    """Return labels without what all of them begin with: of 网格1, 网格2, … the figures."""
    common = next((at for at, letters in enumerate(zip(*labels, strict=False)) if len(set(letters)) > 1), 0)
    while common and any(str(label)[common - 1 : common].isdigit() for label in labels):
        common -= 1
    brief = np.array([str(label)[common:].strip() for label in labels], dtype=object)
    return brief if all(brief) else labels


def level_names(drawing: Drawing) -> str:
    """Write the names of the levels between the widest and the one above the leaf."""
    written: list[str] = []
    ink, em = drawing.ink, points("level")
    for level in drawing.net.levels[1:-2]:
        for label, shape in _in_window(drawing, level.labels, drawing.levels[level.key]):
            x, y = poles(np.array([shape]))[0]
            places = around(float(x), float(y), text_width(label, em) * 1.05, em * 1.15, REACH)
            box = next((box for box in places if drawing.board.settle([box])), None)
            written += [text(label, box.centre[0], box.centre[1] + em * MIDDLE, em)] if box else []
    halo: Look = {
        "stroke": ink["halo"],
        "stroke_width": 2 * size("halo"),
        "paint_order": "stroke",
        "stroke_linejoin": "round",
    }
    return group(written, text_anchor="middle", font_weight=700, fill=ink["level_label"], class_="level-names", **halo)


def overlay_labels(drawing: Drawing) -> str:
    """Write the labels of overlays, each on a small plate; the index beside the map says their names."""
    written = []
    for overlay in drawing.net.overlays:
        for label, shape in _in_window(drawing, overlay.labels, drawing.overlays[overlay.key]):
            written.append(_plate(drawing, label, shape))
    return group(
        written, text_anchor="middle", font_weight=700, fill=drawing.ink["dedicated_label"], class_="overlay-label"
    )


def _plate(drawing: Drawing, label: str, shape: shapely.Geometry) -> str:
    x, y = poles(np.array([shape]))[0]
    for em in drawing.sizes("dedicated"):
        box = next(
            (
                box
                for box in around(float(x), float(y), text_width(label, em) + 0.8, em * 1.15, 0.35 * REACH)
                if drawing.board.settle([box])
            ),
            None,
        )
        if box:
            break
    else:
        em = LEAST
        box = next(
            (
                box
                for box in around(float(x), float(y), text_width(label, em) + 0.8, em * 1.15, REACH)
                if drawing.board.settle([box])
            ),
            None,
        )
    if box is None:
        return ""
    ink = drawing.ink
    plate = rect(
        box.left, box.top, box.right, box.bottom, rx=0.4, fill=ink["halo"], stroke=ink["dedicated"], stroke_width=0.18
    )
    return (
        leader(drawing, (float(x), float(y)), box) + plate + text(label, box.centre[0], box.centre[1] + em * MIDDLE, em)
    )


def around(x: float, y: float, width: float, height: float, reach: float) -> Iterable[Box]:
    """Walk the boxes of a size around a point, outwards up to ``reach`` millimetres."""
    yield Box.around(x, y, width, height)
    for distance in np.arange(height * 0.5, reach, height * 0.5):
        for turn in np.linspace(0, 2 * np.pi, 12, endpoint=False) - np.pi / 2:
            yield Box.around(x + distance * float(np.cos(turn)), y + distance * float(np.sin(turn)), width, height)


def leader(drawing: Drawing, place: tuple[float, float], box: Box) -> str:
    """Write the line from a place to its label when the label stands away from it."""
    if (
        box.grown(0.6).left <= place[0] <= box.grown(0.6).right
        and box.grown(0.6).top <= place[1] <= box.grown(0.6).bottom
    ):
        return ""
    return line(*place, *box.centre, stroke=drawing.ink["quiet"], stroke_width=0.14, class_="leader")


def _in_window(drawing: Drawing, labels: np.ndarray, shapes: np.ndarray) -> list[tuple[str, shapely.Geometry]]:
    """Return labels and shapes of what the window shows enough of."""
    cut = drawing.plot.fit(shapes, margin=-1.0)
    whole = shapely.area(shapes)
    seen = shapely.area(cut)
    return [(str(labels[i]), cut[i]) for i in np.flatnonzero((seen > 0.2 * whole) | (seen > 400)) if seen[i] > 0]  # noqa: PLR2004 - shares


def _edges(drawing: Drawing, shapes: np.ndarray) -> np.ndarray:
    """Return the edges of drawn polygons (n,) as lines, each stretch once, cut and simplified."""
    rings = shapely.get_rings(shapely.get_parts(shapes))
    coordinates, of = shapely.get_coordinates(rings, return_index=True)
    whole = np.rint(coordinates * PLACES).astype(np.int64)
    joined = np.flatnonzero(of[1:] == of[:-1])
    ends = np.stack([whole[joined], whole[joined + 1]], axis=1)
    swap = (ends[:, 0, 0] > ends[:, 1, 0]) | ((ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1]))
    ends[swap] = ends[swap][:, ::-1]
    once = np.unique(ends.reshape(-1, 4), axis=0)
    once = once[(once[:, :2] != once[:, 2:]).any(axis=1)]
    lines = shapely.line_merge(shapely.multilinestrings(shapely.linestrings(once.reshape(-1, 2, 2) / PLACES)))
    return drawing.plot.fit(shapely.get_parts(lines))


def _hatch(shapes: np.ndarray, apart: float) -> shapely.Geometry:
    """Return diagonal lines over the bounds of shapes, aligned all over the sheet."""
    if not len(shapes) or shapely.is_empty(shapes).all():
        return shapely.MultiLineString()
    left, top, right, bottom = shapely.total_bounds(shapes)
    step = apart * np.sqrt(2)
    first, last = np.floor((left + top) / step), np.ceil((right + bottom) / step)
    sums = np.arange(first, last + 1) * step
    return shapely.multilinestrings([[(total - bottom, bottom), (total - top, top)] for total in sums])


def _dots(shapes: np.ndarray, apart: float) -> str:
    """Write dots on the crossings of a lattice inside shapes."""
    if not len(shapes) or shapely.is_empty(shapes).all():
        return ""
    left, top, right, bottom = shapely.total_bounds(shapes)
    xs, ys = (
        np.arange(np.floor(left / apart), np.ceil(right / apart) + 1),
        np.arange(np.floor(top / apart), np.ceil(bottom / apart) + 1),
    )
    grid_x, grid_y = np.meshgrid(xs, ys)
    x, y = ((grid_x + (grid_y % 2) / 2) * apart).ravel(), (grid_y * apart).ravel()
    whole = shapely.union_all(shapely.make_valid(shapes))
    shapely.prepare(whole)
    inside = shapely.contains_xy(whole, x, y)
    return element("path", d="".join(f"M{number(a)} {number(b)}h0" for a, b in zip(x[inside], y[inside], strict=True)))
