"""Incidents on the paper, by shape and colour: marks at their places, or, where they would hide everything, counts in their grids."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely

from layers.sheet.board import Box, text_width
from layers.sheet.drawing import Drawing
from layers.sheet.ink import Ink, points, size
from layers.sheet.net import around, leader
from layers.sheet.street_names import MIDDLE
from layers.sheet.svg import Look, element, group, text
from layers.style import MARKS, tables

CROWDED = 0.06
"""Share of the shown land that marks may cover; above, grids carry counts."""

ROOMY = 6.5
"""Grids carry counts where the median one is as large as a square of so many millimetres; else the level above does."""

MERGE = 0.8
"""Marks of one colour nearer than so many of their widths stand as one, with a count."""

BOX = 24
"""Side of the box that the theme draws marks in."""


@dataclass
class Stack:
    """Cases of one colour at one place: where the first, the newest, lies, and all their ids."""

    mark: str
    x: float
    y: float
    uids: list[str] = field(default_factory=list)
    suspended: bool = False


@dataclass(frozen=True)
class Placed:
    """What became of the cases.

    Attributes
    ----------
    markup
        Marks at their places.
    counts
        Stacks by position in the level at ``depth``, for sheets on which grids carry counts; empty otherwise.
    depth
        The level whose grids carry counts; None where marks stand at their places.
    beyond
        How many cases lie beyond the window.
    """

    markup: str
    counts: dict[int, list[Stack]]
    depth: int | None
    beyond: int


def place(drawing: Drawing) -> Placed:
    """Place every case of the sheet that has a place: each is in exactly one mark or count, or beyond the window."""
    cases = drawing.wanted.placed
    spots = drawing.plot.place(cases[["lon", "lat"]].to_numpy(dtype=np.float64)) if len(cases) else np.empty((0, 2))
    window = drawing.plot.window.grown(-drawing.mark)
    there = (
        (spots[:, 0] > window.left)
        & (spots[:, 0] < window.right)
        & (spots[:, 1] > window.top)
        & (spots[:, 1] < window.bottom)
    )
    seen, spots = cases[there], spots[there]
    urgency = np.argsort([MARKS.index(mark) for mark in seen["mark"]], kind="stable")
    rows = seen.iloc[urgency]
    spots = spots[urgency]
    beyond = int((~there).sum())
    suspended = (rows["status"] == "suspended").to_numpy()
    depth = _counting(drawing) if _crowded(drawing, len(rows)) else None
    grids = _positions(drawing, rows, depth) if depth is not None else np.full(len(rows), -1)
    loose = grids < 0
    markup = _settle(drawing, _stacks(rows[loose], spots[loose], suspended[loose], drawing.mark))
    return Placed(markup, _by_grid(rows[~loose], grids[~loose]), depth, beyond)


def glyph(ink: Ink, mark: str, x: float, y: float, width: float, *, suspended: bool = False) -> str:
    """Write one mark's shape: triangle, diamond, or disc with a tick; a suspended one carries two bars."""
    shapes, (fill, edge, tick) = tables()["mark"], ink.marks[mark]
    inner = (
        element(
            "path",
            d=shapes["tick"],
            fill="none",
            stroke=tick,
            stroke_width=2.8,
            stroke_linecap="round",
            stroke_linejoin="round",
        )
        if mark == "green"
        else ""
    )
    bars = (
        element(
            "path", d=shapes["suspended"], fill="none", stroke="#FFFFFF", stroke_width=1.9, transform="translate(0 3.2)"
        )
        if suspended
        else ""
    )
    body = element("path", d=shapes[mark], fill=fill, stroke=edge, stroke_width=1.5, stroke_linejoin="round")
    scale = width / BOX
    return element("g", [body, inner, bars], transform=f"translate({x:.2f} {y:.2f}) scale({scale:.4f})")


def marked(ink: Ink, stack: Stack, at: tuple[float, float], width: float, em: float) -> str:
    """Write a stack: its glyph, and its count when it is more than one; it says which cases it stands for."""
    (x, y), count = at, len(stack.uids)
    halo: Look = {
        "stroke": ink["halo"],
        "stroke_width": size("halo"),
        "paint_order": "stroke",
        "stroke_linejoin": "round",
    }
    figure = text(str(count), x + width * 0.56, y + em * MIDDLE, em, class_="count", **halo) if count > 1 else ""
    return element(
        "g",
        [glyph(ink, stack.mark, x, y, width, suspended=stack.suspended and count == 1), figure],
        class_="mark",
        data_mark=stack.mark,
        data_count=count,
        data_uids=" ".join(stack.uids),
    )


def width_of(stack: Stack, width: float, em: float) -> float:
    """Return the width of a stack with its count."""
    return width + (text_width(str(len(stack.uids)), em) + 0.2 if len(stack.uids) > 1 else 0.0)


def _crowded(drawing: Drawing, many: int) -> bool:
    window = drawing.plot.window.polygon()
    land = shapely.area(shapely.intersection(shapely.make_valid(drawing.reach), window))
    return many * drawing.mark**2 > CROWDED * land


def _stacks(rows: pd.DataFrame, spots: np.ndarray, suspended: np.ndarray, width: float) -> list[Stack]:
    """Join cases of one colour that lie nearer than a mark's width; the first of each stays where it is."""
    reach = MERGE * width
    cells: dict[tuple[str, int, int], list[Stack]] = {}
    out: list[Stack] = []
    for uid, mark, (x, y), held in zip(rows["uid"], rows["mark"], spots.tolist(), suspended, strict=True):
        column, row = int(x // reach), int(y // reach)
        near = (
            stack for dx in (-1, 0, 1) for dy in (-1, 0, 1) for stack in cells.get((mark, column + dx, row + dy), ())
        )
        stack = min(
            (stack for stack in near if np.hypot(stack.x - x, stack.y - y) < reach),
            key=lambda s: np.hypot(s.x - x, s.y - y),
            default=None,
        )
        if stack is None:
            stack = Stack(mark, x, y, suspended=bool(held))
            cells.setdefault((mark, column, row), []).append(stack)
            out.append(stack)
        stack.uids.append(str(uid))
    return out


def _settle(drawing: Drawing, stacks: Sequence[Stack]) -> str:
    """Write the stacks, the most urgent first at their places; the others step aside, with a line that leads back when they step far."""
    width, em, ink = drawing.mark, max(points("small"), 0.55 * drawing.mark), drawing.ink
    written = []
    for stack in stacks:
        whole = width_of(stack, width, em)
        places = (
            box
            for box in around(stack.x + (whole - width) / 2, stack.y, whole, width, 4 * width)
            if drawing.board.inside(box)
        )
        box = next((box for box in places if drawing.board.settle([box])), None) or Box.around(
            stack.x + (whole - width) / 2, stack.y, whole, width
        )
        x, y = box.left + width / 2, box.centre[1]
        away = float(np.hypot(x - stack.x, y - stack.y)) > 1.1 * width
        written.append(
            (leader(drawing, (stack.x, stack.y), box) if away else "") + marked(ink, stack, (x, y), width, em)
        )
    return group(reversed(written), class_="marks", font_weight=700, fill=ink["text"])


def _counting(drawing: Drawing) -> int:
    """Return the lowest level whose grids have room for counts on this paper, else the widest."""
    levels = drawing.net.levels
    window = drawing.plot.window.polygon()
    for depth in reversed(range(1, len(levels))):
        shapes = drawing.levels[levels[depth].key]
        seen = shapes[shapely.intersects(window, shapes)]
        if len(seen) and np.sqrt(np.median(shapely.area(seen))) >= ROOMY:
            return depth
    return 0


def _positions(drawing: Drawing, rows: pd.DataFrame, depth: int) -> np.ndarray:
    """Return each row's position in a level, -1 for none; of several stacked codes, that of what carries them."""
    net, level = drawing.net, drawing.net.levels[depth]
    carrier = {stack.code: stack.on for stack in net.stacks} if level is net.leaf else {}
    firsts = [str(code).split(";")[0] for code in rows[level.key]]
    return np.array([level.positions.get(carrier.get(code, code), -1) for code in firsts], dtype=np.int64)


def _by_grid(rows: pd.DataFrame, grids: np.ndarray) -> dict[int, list[Stack]]:
    found: dict[int, dict[str, Stack]] = {}
    for uid, mark, grid in zip(rows["uid"], rows["mark"], grids.tolist(), strict=True):
        found.setdefault(grid, {}).setdefault(mark, Stack(mark, 0.0, 0.0)).uids.append(str(uid))
    return {grid: list(by_mark.values()) for grid, by_mark in sorted(found.items())}
