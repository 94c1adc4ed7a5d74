"""The panel beside the map: the three counts, the grids one by one, the index of dedicated grids, and the legend."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from geo.net import Level
from layers.sheet import legend
from layers.sheet.board import LEAST, Box, poles, text_width
from layers.sheet.drawing import Drawing, grids_within, parents_at, position_of
from layers.sheet.frame import fitted, square_of
from layers.sheet.ink import points
from layers.sheet.marks import glyph
from layers.sheet.sites import Sites
from layers.sheet.svg import group, line, text
from layers.style import MARKS
from layers.words import WORDS

HEAD = 7.0
"""Height of a section's heading with the space above it, millimetres."""

COUNTS = 22.0
TALL, LOW = 5.4, 2.5
"""A row is at most and at least so high, millimetres."""

TWO_COLUMNS = 14
"""A longer index stands in two columns."""

FIGURES = 9.5
"""Width of a column of figures, millimetres."""


@dataclass(frozen=True)
class Row:
    """A row of the table: label, post, grids at the leaf, and cases by mark."""

    label: str
    post: str
    grids: int
    cases: tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """An entry of the index: label, title, and the square of the map to look in."""

    label: str
    title: str
    square: str


@dataclass
class Contents:
    """What the panel lists, and how high its rows are."""

    rows: list[Row]
    entries: list[Entry]
    samples: list[legend.Sample]
    tall: float = TALL

    @property
    def columns(self) -> int:
        """Columns of the index."""
        return 2 if len(self.entries) > TWO_COLUMNS else 1

    @property
    def lines(self) -> int:
        """Rows of all sections, one above the other."""
        return (
            (len(self.rows) + 1 if self.rows else 0)
            + -(-len(self.entries) // self.columns)
            + -(-len(self.samples) // 2)
        )

    @property
    def em(self) -> float:
        """Size of the type."""
        return max(LEAST, min(points("body"), self.tall * 0.62))


def draw(drawing: Drawing, box: Box, shown: Sequence[Sites], *, counted: bool) -> str:
    """Write the panel.

    Parameters
    ----------
    box
        Where it stands.
    shown
        Classes of sites that the sheet shows.
    counted
        Whether grids carry counts in place of marks.
    """
    _, level = drawing.translate, table_level(drawing)
    contents = _fit(
        drawing,
        Contents(table(drawing), index(drawing), legend.samples(drawing, shown, counted=counted)),
        box.height - COUNTS - 3 * HEAD,
    )
    y, parts = box.top + COUNTS, [_counts(drawing, box)]
    if level is not None and contents.rows:
        parts += [
            _section(drawing, drawing.say(level.name), box, y),
            _table(drawing, contents, Box(box.left, y + HEAD, box.right, box.bottom)),
        ]
        y += HEAD + contents.tall * (len(contents.rows) + 1)
    if contents.entries:
        comma = "、" if drawing.language == "zh" else ", "
        words = comma.join(drawing.say(overlay.name) for overlay in drawing.net.overlays)
        parts += [
            _section(drawing, words, box, y),
            _index(drawing, contents, Box(box.left, y + HEAD, box.right, box.bottom)),
        ]
        y += HEAD + contents.tall * -(-len(contents.entries) // contents.columns)
    parts += [
        _section(drawing, _("Legend"), box, y),
        legend.draw(contents.samples, Box(box.left, y + HEAD, box.right, box.bottom), contents.tall, contents.em),
    ]
    return group(parts, class_="panel")


def table_level(drawing: Drawing) -> Level | None:
    """Return the level whose grids the table lists: the widest with more than one, below the wanted grid."""
    levels, wanted = drawing.net.levels, drawing.wanted.grid
    depth = next((depth for depth, level in enumerate(levels) if wanted and level.key == wanted[0]), -1)
    if wanted and depth < 0:
        return None
    return next((level for level in levels[depth + 1 :] if len(level) > 1), None)


def table(drawing: Drawing) -> list[Row]:
    """Return the rows of the table, and one for cases in none of these grids where there are such."""
    _, level, net = drawing.translate, table_level(drawing), drawing.net
    if level is None:
        return []
    depth = net.levels.index(level)
    grids = grids_within(net, depth, len(net.levels) - 1)
    tally, none = _tally(drawing, level), (0,) * len(MARKS)
    rows = [
        Row(str(level.labels[i]), str(level.posts[i]), int(grids[i]), tally.pop(str(level.codes[i]), none))
        for i in np.flatnonzero(_inside(drawing, depth))
    ]
    rows.sort(key=lambda row: (len(row.label), row.label))
    elsewhere = tuple(int(sum(column)) for column in zip(*tally.values(), strict=True))
    return [*rows, Row(_("Elsewhere"), "", 0, elsewhere)] if elsewhere else rows


def index(drawing: Drawing) -> list[Entry]:
    """Return the overlays' grids in the window: label, title, and the square to look in."""
    entries = []
    for overlay in drawing.net.overlays:
        shapes = drawing.plot.fit(drawing.overlays[overlay.key], margin=-1.0)
        seen = np.flatnonzero(shapely.area(shapes) > 0)
        for i, (x, y) in zip(seen, poles(shapes[seen]).tolist(), strict=True):
            title = str(overlay.titles[i]) or str(overlay.posts[i])
            entries.append(
                Entry(
                    str(overlay.labels[i]),
                    "" if title == overlay.labels[i] else title,
                    square_of(drawing.plot.window, x, y),
                )
            )
    return sorted(entries, key=lambda entry: (len(entry.label), entry.label))


def left_out(drawing: Drawing, hidden: Sequence[Sites]) -> list[str]:
    """Say which classes of sites the sheet leaves out at its scale."""
    if not hidden:
        return []
    _ = drawing.translate
    comma = "、" if drawing.language == "zh" else ", "
    classes = comma.join(f"{drawing.say(sites.title)} {len(sites)}" for sites in hidden)
    return [_("Not drawn at this scale: {classes}").format(classes=classes)]


def _fit(drawing: Drawing, contents: Contents, room: float) -> Contents:
    """Make the rows as low as need be; where even that does not help, cut the longer list, which then says so."""
    contents.tall = min(TALL, max(LOW, room / max(contents.lines, 1)))
    spare = int(np.ceil(contents.lines - room / contents.tall - 1e-9))
    if spare <= 0:
        return contents
    _ = drawing.translate
    more = _("{count} more")
    if len(contents.rows) * contents.columns >= len(contents.entries):
        kept, rest = (
            contents.rows[: max(3, len(contents.rows) - spare - 1)],
            contents.rows[max(3, len(contents.rows) - spare - 1) :],
        )
        sums = tuple(sum(row.cases[mark] for row in rest) for mark in range(len(MARKS)))
        contents.rows = [*kept, Row(more.format(count=len(rest)), "", sum(row.grids for row in rest), sums)]
    else:
        kept_entries = contents.entries[: max(3, len(contents.entries) - (spare + 1) * contents.columns)]
        contents.entries = [*kept_entries, Entry("…", more.format(count=len(contents.entries) - len(kept_entries)), "")]
    return contents


def _counts(drawing: Drawing, box: Box) -> str:
    """Write the three counts of the sheet's cases, each with its shape."""
    _, ink, cases = drawing.translate, drawing.ink, drawing.wanted.cases
    wide, middle, parts = box.width / len(MARKS), box.top + 7.6, []
    for column, mark in enumerate(MARKS):
        x = box.left + column * wide
        figures = f"{int((cases['mark'] == mark).sum()):,}"
        em = min(points("numeral"), (wide - 10) / text_width(figures, 1.0))
        parts.append(glyph(ink, mark, x + 4, middle, 7.2))
        parts.append(text(figures, x + 9, middle + 0.36 * em, em, font_weight=700, class_="total", data_mark=mark))
        words = _(WORDS[mark])
        small = min(points("body"), (wide - 1) / text_width(words, 1.0))
        parts.append(text(words, x + 0.4, middle + 8, small))
    if drawing.wanted.overdue:
        said = _("{count} of them overdue").format(count=f"{drawing.wanted.overdue:,}")
        parts.append(text(said, box.left + 0.4, middle + 11.6, points("small"), fill=ink["quiet"], class_="overdue"))
    return group(parts, class_="counts")


def _section(drawing: Drawing, words: str, box: Box, y: float) -> str:
    return text(words, box.left, y + 4.6, points("heading"), font_weight=700) + line(
        box.left, y + 5.9, box.right, y + 5.9, stroke=drawing.ink["text"], stroke_width=0.25
    )


def _table(drawing: Drawing, contents: Contents, box: Box) -> str:
    ink, em, tall, rows = drawing.ink, contents.em, contents.tall, contents.rows
    counted = table_level(drawing) is not drawing.net.leaf  # at the leaf each grid is one
    edges = [box.right - 1 - FIGURES * k for k in reversed(range(len(MARKS) + 1))]  # the right edges of the figures
    parts = [
        glyph(ink, mark, edge - em * 0.5, box.top + tall / 2, em * 1.25)
        for mark, edge in zip(MARKS, edges[1:], strict=True)
    ]
    if counted:
        head = fitted(drawing.say(drawing.net.leaf.name), 26, em)
        parts.append(text(head, edges[0], box.top + tall / 2 + 0.36 * em, em, text_anchor="end", fill=ink["quiet"]))
    label = max(text_width(row.label, em) for row in rows) + 2
    for number, row in enumerate(rows, start=1):
        top = box.top + number * tall
        base = top + tall / 2 + 0.36 * em
        parts.append(line(box.left, top, box.right, top, stroke=ink["line"], stroke_width=0.1))
        parts.append(text(row.label, box.left + 0.4, base, em, font_weight=700))
        parts.append(
            text(fitted(row.post, edges[0] - 6 - box.left - label, em), box.left + label, base, em, fill=ink["quiet"])
            if row.post
            else ""
        )
        parts += [
            text(f"{figure:,}" if figure else "·", edge, base, em, text_anchor="end")
            for figure, edge in list(zip((row.grids, *row.cases), edges, strict=True))[not counted :]
        ]
    return group(parts, class_="table")


def _index(drawing: Drawing, contents: Contents, box: Box) -> str:
    em, tall, columns, parts = contents.em, contents.tall, contents.columns, []
    deep, wide = -(-len(contents.entries) // columns), (box.width - 3 * (columns - 1)) / columns
    label = max(text_width(entry.label, em) for entry in contents.entries) + 1.6
    for number, entry in enumerate(contents.entries):
        x, base = box.left + (number // deep) * (wide + 3), box.top + (number % deep + 0.5) * tall + 0.36 * em
        parts.append(text(entry.label, x + 0.4, base, em, font_weight=700))
        parts.append(text(fitted(entry.title, wide - label - 6, em), x + label, base, em, class_="index-title"))
        parts.append(text(entry.square, x + wide, base, em, text_anchor="end", fill=drawing.ink["quiet"]))
    return group(parts, class_="index")


def _tally(drawing: Drawing, level: Level) -> dict[str, tuple[int, ...]]:
    """Count cases by grid of a level and mark; at the leaf, those of stacked micro-grids under what carries them."""
    net, cases = drawing.net, drawing.wanted.cases
    carriers = {stack.code: stack.on for stack in net.stacks} if level is net.leaf else {}
    found: dict[str, list[int]] = {}
    for codes, mark in zip(cases[level.key], cases["mark"], strict=True):
        code = str(codes).split(";")[0]
        found.setdefault(carriers.get(code, code), [0] * len(MARKS))[MARKS.index(mark)] += 1
    return {code: tuple(counts) for code, counts in found.items()}


def _inside(drawing: Drawing, depth: int) -> np.ndarray:
    """Tell which grids of a level lie in the wanted grid, or all."""
    net, wanted = drawing.net, drawing.wanted.grid
    if wanted is None:
        return np.ones(len(net.levels[depth]), dtype=bool)
    above = next(position for position, level in enumerate(net.levels) if level.key == wanted[0])
    return np.asarray(parents_at(net, above, depth) == position_of(net, net.levels[above], wanted[1]))
