"""The numbers of micro-grids, each with its state, and on crowded sheets the counts of cases in their grids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from layers.sheet.board import Box, seats, text_width
from layers.sheet.drawing import Drawing
from layers.sheet.ink import Ink, ladder, size
from layers.sheet.marks import Placed, Stack, marked, width_of
from layers.sheet.net import around, leader
from layers.sheet.street_names import MIDDLE
from layers.sheet.svg import Look, group, rect, text
from layers.style import MARKS

LEADING = 1.3
PAD = 0.45
APART = 0.35
MOST_LINES = 5
"""So many stacked micro-grids are listed on their polygon; of more the first and the last."""

FAR = 9.0
"""What finds no room in its grid may stand so far away, millimetres, with a line that leads to it."""


@dataclass(frozen=True)
class Number:
    """The number of a grid, and its state ("" for none)."""

    label: str
    state: str


@dataclass(frozen=True, eq=False)
class Grid:
    """A grid that wants its numbers, and perhaps counts, written: its shape, and the middle and radius of the largest circle in it, millimetres."""

    numbers: tuple[Number, ...]
    stacks: tuple[Stack, ...]
    shape: shapely.Geometry
    pole: tuple[float, float]
    radius: float


@dataclass(frozen=True)
class Block:
    """Numbers above counts, the counts in a row or a column; ``em`` is the size of the type, millimetres."""

    numbers: tuple[Number, ...]
    stacks: tuple[Stack, ...]
    em: float
    column: bool = False

    @property
    def mark(self) -> float:
        """Width of a mark among the counts."""
        return self.em * 1.2

    @property
    def counts(self) -> list[float]:
        """Widths of the counts."""
        return [width_of(stack, self.mark, self.em) for stack in self.stacks]

    @property
    def counts_width(self) -> float:
        """Width of all the counts together."""
        each = self.counts
        if self.column:
            return max(each, default=0.0)
        return sum(each) + APART * max(0, len(each) - 1)

    @property
    def width(self) -> float:
        """Width in millimetres."""
        return max([text_width(number.label, self.em) + 2 * PAD for number in self.numbers] + [self.counts_width])

    @property
    def height(self) -> float:
        """Height in millimetres."""
        lines = len(self.stacks) if self.column else bool(self.stacks)
        return LEADING * self.em * len(self.numbers) + self.mark * 1.12 * lines


def draw(drawing: Drawing, placed: Placed) -> tuple[str, int]:
    """Write the numbers of the leaf's grids, and the counts where grids carry them; tell how many numbers found no room."""
    levels = drawing.net.levels
    leaf = len(levels) - 1
    written, left_out = [], 0
    for depth in [leaf] if placed.depth in {None, leaf} else [placed.depth or 0, leaf]:
        grids = _grids(drawing, depth, placed)
        for grid in sorted(grids, key=lambda grid: not grid.stacks):
            if grid.stacks:
                markup, numbered = _counted(drawing, grid)
            else:
                markup = _numbered(drawing, grid) or ""
                numbered = bool(markup)
            written.append(markup)
            left_out += not numbered
    ink = drawing.ink
    return group(written, class_="numbers", text_anchor="middle", font_weight=700, fill=ink["leaf_label"]), left_out


def plate(ink: Ink, number: Number, x: float, y: float, em: float) -> str:
    """Write a number whose form tells its state: white on a full plate, on a plate with a broken edge, on one with round ends, or bare."""
    width, height = text_width(number.label, em) + 2 * PAD - 0.1, em * LEADING - 0.12
    box = Box.around(x, y, width, height)
    fill, edge, _ = ink.marks.get(number.state, ("", "", ""))
    edges = (box.left, box.top, box.right, box.bottom)
    bare: Look = {
        "stroke": ink["halo"],
        "stroke_width": size("halo"),
        "paint_order": "stroke",
        "stroke_linejoin": "round",
    }
    looks: dict[str, tuple[str, Look]] = {
        "red": (rect(*edges, rx=0.5, fill=fill, stroke=edge, stroke_width=0.15), {"fill": "#FFFFFF"}),
        "yellow": (rect(*edges, rx=0.5, fill=fill, stroke=edge, stroke_width=0.3, stroke_dasharray="0.7 0.4"), {}),
        "green": (
            rect(
                *edges, rx=height / 2, fill=ink["halo"], stroke=fill if ink.name == "colour" else edge, stroke_width=0.3
            ),
            {},
        ),
    }
    back, front = looks.get(number.state, ("", bare))
    return back + text(number.label, x, y + em * MIDDLE, em, data_state=number.state or None, **front)


def _grids(drawing: Drawing, depth: int, placed: Placed) -> list[Grid]:
    """Return the grids of a level in the window; a level above the leaf has them only where they carry counts."""
    level = drawing.net.levels[depth]
    cut = drawing.plot.fit(drawing.levels[level.key], margin=-0.6)
    shown = np.flatnonzero(shapely.area(cut) > 0)
    circles = shapely.maximum_inscribed_circle(cut[shown], tolerance=0.3)
    poles, radii = shapely.get_coordinates(shapely.get_point(circles, 0)).tolist(), shapely.length(circles).tolist()
    numbers = _numbers(drawing, depth)
    counts = placed.counts if depth == placed.depth else {}
    return [
        Grid(
            numbers[str(level.codes[place])], tuple(counts.get(int(place), ())), cut[place], (pole[0], pole[1]), radius
        )
        for place, pole, radius in zip(shown, poles, radii, strict=True)
    ]


def _numbers(drawing: Drawing, depth: int) -> dict[str, tuple[Number, ...]]:
    """Return the numbers on each polygon of a level, by its code: its own, or those of the micro-grids stacked on it."""
    net, level = drawing.net, drawing.net.levels[depth]
    states = drawing.wanted.states.get(level.key, {})
    own: dict[str, tuple[Number, ...]] = {
        str(code): (Number(str(label), states.get(code, "")),)
        for code, label in zip(level.codes, level.labels, strict=True)
    }
    if level is not net.leaf:
        return own
    return own | {
        on: tuple(Number(stack.label, states.get(stack.code, "")) for stack in stacks)
        for on, stacks in net.stacked.items()
    }


def _brief(numbers: tuple[Number, ...]) -> tuple[Number, ...]:
    """Return several stacked numbers as one span in their most urgent state."""
    if len(numbers) == 1:
        return numbers
    worst = next((state for state in MARKS if any(number.state == state for number in numbers)), "")
    return (Number(f"{numbers[0].label}–{numbers[-1].label}", worst),)


def _whole(drawing: Drawing, grid: Grid) -> Iterator[Block]:
    """Walk the blocks that say everything of a grid, the best first."""
    brief = _brief(grid.numbers)
    for em in drawing.sizes("leaf"):
        if len(grid.numbers) <= MOST_LINES:
            yield Block(grid.numbers, grid.stacks, em)
        if brief != grid.numbers:
            yield Block(brief, grid.stacks, em)
    if len(grid.stacks) > 1:
        yield Block(brief, grid.stacks, ladder("leaf")[-1], column=True)


def _numbered(drawing: Drawing, grid: Grid) -> str | None:
    """Write a grid's number inside it, or across its edge, or nearby with a line; None where there is no room at all."""
    inside = _first(drawing, grid, _whole(drawing, grid))
    if inside:
        return inside
    small = Block(_brief(grid.numbers), (), ladder("leaf")[-1])
    return _nearby(drawing, grid, small, 0.6 * FAR)


def _counted(drawing: Drawing, grid: Grid) -> tuple[str, bool]:
    """Write a grid's counts, which never fall away, with its number if both find room; tell whether they did."""
    least = ladder("leaf")[-1]
    row, column = Block((), grid.stacks, least), Block((), grid.stacks, least, column=True)
    inside = _first(drawing, grid, _whole(drawing, grid))
    if inside:
        return inside, True
    bare = _first(drawing, grid, [row, column])
    if bare:
        beside = _numbered(drawing, Grid(grid.numbers, (), grid.shape, grid.pole, grid.radius))
        return bare + (beside or ""), beside is not None
    outside = _nearby(drawing, grid, Block(_brief(grid.numbers), grid.stacks, least), FAR)
    if outside:
        return outside, True
    bare = _nearby(drawing, grid, row, FAR)
    return bare or _block(drawing.ink, row, Box.around(*grid.pole, row.width, row.height)), False


def _first(drawing: Drawing, grid: Grid, blocks: Iterator[Block] | Sequence[Block]) -> str | None:
    for block in blocks:
        box = _seat(drawing, grid, block)
        if box:
            return _block(drawing.ink, block, box)
    return None


def _seat(drawing: Drawing, grid: Grid, block: Block) -> Box | None:
    """Find room for a block inside its grid: at the middle if that is free, which needs no search, else by looking around."""
    width, height = block.width, block.height
    if np.hypot(width, height) / 2 <= grid.radius:
        box = Box.around(*grid.pole, width, height)
        if drawing.board.settle([box]):
            return box
    left, top, right, bottom = shapely.bounds(grid.shape)
    if width > right - left or height > bottom - top:
        return None
    return next((box for box in seats(grid.shape, grid.pole, width, height) if drawing.board.settle([box])), None)


def _nearby(drawing: Drawing, grid: Grid, block: Block, reach: float) -> str | None:
    for box in around(*grid.pole, block.width, block.height, reach):
        if drawing.board.settle([box]):
            return leader(drawing, grid.pole, box) + _block(drawing.ink, block, box)
    return None


def _block(ink: Ink, block: Block, box: Box) -> str:
    parts = []
    x, y = box.centre[0], box.top
    for number in block.numbers:
        parts.append(plate(ink, number, x, y + LEADING * block.em / 2, block.em))
        y += LEADING * block.em
    left = x - block.counts_width / 2
    for stack, wide in zip(block.stacks, block.counts, strict=True):
        at = (left + block.mark / 2, y + block.mark * 0.56)
        parts.append(group([marked(ink, stack, at, block.mark, block.em)], text_anchor="start"))
        y += block.mark * 1.12 if block.column else 0.0
        left += 0.0 if block.column else wide + APART
    return "".join(parts)
