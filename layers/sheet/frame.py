"""The sheet's frame: its layout, title, squares, north arrow, scale and foot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from geo.net import Level, Overlay
from geo.scheme import Name
from layers.sheet.board import LEAST, Box, text_width
from layers.sheet.drawing import Drawing, grids_within, position_of
from layers.sheet.ink import points, size
from layers.sheet.plot import bar_metres
from layers.sheet.svg import element, group, line, rect, text

INSET = 4.0
KILOMETRE = 1000
BAR_PARTS = 4


@dataclass(frozen=True)
class Layout:
    """Where everything lies on the paper, millimetres."""

    paper: Box
    frame: Box
    title: Box
    window: Box
    panel: Box
    foot: Box


def layout() -> Layout:
    """Lay the sheet out."""
    paper = Box(0, 0, size("width"), size("height"))
    frame = paper.grown(-size("edge"))
    inner = frame.grown(-INSET)
    top, bottom = frame.top + size("title"), frame.bottom - size("foot")
    split = inner.right - size("panel")
    window = Box(inner.left, top, split - size("gap"), bottom).grown(-size("band"))
    return Layout(
        paper,
        frame,
        Box(inner.left, frame.top, inner.right, top),
        window,
        Box(split, top, inner.right, bottom),
        Box(inner.left, bottom, inner.right, frame.bottom),
    )


def square_of(window: Box, x: float, y: float) -> str:
    """Return the square of a place on the map, such as ``C3``."""
    columns, rows = _squares(window)
    column = min(max(int((x - window.left) / window.width * columns), 0), columns - 1)
    row = min(max(int((y - window.top) / window.height * rows), 0), rows - 1)
    return f"{chr(ord('A') + column)}{row + 1}"


def bordered(drawing: Drawing, lay: Layout) -> str:
    """Write the outer frame, the map's own frame, and the letters and numbers of its squares."""
    window, band, ink = lay.window, lay.window.grown(size("band")), drawing.ink
    columns, rows = _squares(window)
    parts = [
        rect(
            lay.frame.left,
            lay.frame.top,
            lay.frame.right,
            lay.frame.bottom,
            fill="none",
            stroke=ink["text"],
            stroke_width=size("frame"),
        ),
        rect(
            band.left, band.top, band.right, band.bottom, fill="none", stroke=ink["text"], stroke_width=2 * size("neat")
        ),
        rect(
            window.left,
            window.top,
            window.right,
            window.bottom,
            fill="none",
            stroke=ink["text"],
            stroke_width=size("neat"),
        ),
    ]
    em, letters = points("small"), []
    for column in range(columns):
        x = window.left + (column + 0.5) * window.width / columns
        letters += [
            text(chr(ord("A") + column), x, y + 0.36 * em, em)
            for y in ((band.top + window.top) / 2, (band.bottom + window.bottom) / 2)
        ]
        parts += [
            line(x + window.width / columns / 2, a, x + window.width / columns / 2, b)
            for a, b in ((band.top, window.top), (window.bottom, band.bottom))
            if column < columns - 1
        ]
    for row in range(rows):
        y = window.top + (row + 0.5) * window.height / rows
        letters += [
            text(str(row + 1), x, y + 0.36 * em, em)
            for x in ((band.left + window.left) / 2, (band.right + window.right) / 2)
        ]
        parts += [
            line(a, y + window.height / rows / 2, b, y + window.height / rows / 2)
            for a, b in ((band.left, window.left), (window.right, band.right))
            if row < rows - 1
        ]
    return group(
        [
            group(parts, stroke=ink["text"], stroke_width=size("neat")),
            group(letters, text_anchor="middle", fill=ink["quiet"]),
        ],
        class_="frame",
    )


def titled(drawing: Drawing, lay: Layout) -> str:
    """Write the title, what the sheet counts, the filter, and how far the data go."""
    _, ink, box = drawing.translate, drawing.ink, lay.title
    em, sub = points("title"), points("sub")
    base = box.top + 11.6
    name = heading(drawing)
    parts = [text(name, box.left, base, em, font_weight=700, class_="title")]
    right = box.left + text_width(name, em) * 1.01 + 4
    if drawing.area.pack.synthetic:
        word, tag = _("Illustrative"), points("heading")
        wide = text_width(word, tag) + 3
        parts.append(
            rect(right, base - 5.4, right + wide, base + 0.2, rx=0.8, fill="none", stroke=ink["text"], stroke_width=0.3)
        )
        parts.append(
            text(word, right + wide / 2, base - 2.6 + 0.36 * tag, tag, text_anchor="middle", class_="synthetic")
        )
    parts.append(
        text(
            _separated(drawing, counted(drawing)),
            box.left + 0.4,
            box.bottom - 1.9,
            sub,
            fill=ink["quiet"],
            class_="counted",
        )
    )
    as_of = drawing.wanted.as_of
    if as_of is not None:
        stamp = _("Data as of {time}").format(time=as_of.strftime("%Y-%m-%d %H:%M"))
        parts.append(
            text(stamp, box.right, base, points("heading") * 1.15, text_anchor="end", font_weight=700, class_="as-of")
        )
    if drawing.wanted.conditions:
        said = _("Filter: {conditions}").format(conditions=_separated(drawing, drawing.wanted.conditions))
        parts.append(
            text(said, box.right, box.bottom - 1.9, sub, text_anchor="end", fill=ink["quiet"], class_="filter")
        )
    return group(parts, class_="head")


def heading(drawing: Drawing) -> str:
    """Return the title: the area, the wanted grid, and what this is."""
    _ = drawing.translate
    return " · ".join(
        [
            drawing.say(drawing.area.pack.name),
            *([_grid_name(drawing)] if drawing.wanted.grid else []),
            _("Grid battle map"),
        ]
    )


def counted(drawing: Drawing) -> list[str]:
    """Say how many grids of each level and overlay the sheet is about: those of the whole net, or those in the wanted grid."""
    _, net, wanted = drawing.translate, drawing.net, drawing.wanted.grid
    if wanted is None:
        layers = [(level.name, net.count(level.key)) for level in net.levels if net.count(level.key) > 1] + [
            (overlay.name, len(overlay)) for overlay in net.overlays
        ]
        return [_("{count} {name}").format(count=f"{count:,}", name=drawing.say(name, count)) for name, count in layers]
    layer = drawing.layer(wanted[0])
    position = position_of(net, layer, wanted[1])
    said = [_("{name} {code}").format(name=drawing.say(layer.name), code=wanted[1])]
    said += [str(layer.posts[position])] if layer.posts[position] else []
    return said + [
        _("{count} {name}").format(count=f"{count:,}", name=drawing.say(name, count))
        for name, count in _below(drawing, layer, position)
    ]


def north(drawing: Drawing, lay: Layout) -> str:
    """Write the north arrow into the window's corner and take its place."""
    _ = drawing.translate
    x, y, ink = lay.window.right - 8, lay.window.top + 12.5, drawing.ink
    drawing.board.take([Box.around(x, y - 1, 11, 18)])
    em = points("heading")
    return group(
        [
            element(
                "path",
                d=f"M{x} {y - 6}L{x - 3.4} {y + 6}L{x} {y + 3.4}Z",
                fill=ink["text"],
                stroke=ink["text"],
                stroke_width=0.25,
                stroke_linejoin="round",
            ),
            element(
                "path",
                d=f"M{x} {y - 6}L{x + 3.4} {y + 6}L{x} {y + 3.4}Z",
                fill=ink["halo"],
                stroke=ink["text"],
                stroke_width=0.25,
                stroke_linejoin="round",
            ),
            text(
                _("N"),
                x,
                y - 6.9,
                em,
                text_anchor="middle",
                font_weight=700,
                stroke=ink["halo"],
                stroke_width=1,
                paint_order="stroke",
            ),
        ],
        class_="north",
    )


def scaled(drawing: Drawing, lay: Layout) -> str:
    """Write the scale in figures and as a bar; both are true on paper printed at 100 %."""
    _, ink = drawing.translate, drawing.ink
    metres = bar_metres(drawing.plot.denominator)
    long = metres * drawing.plot.mm_per_m
    left, top, em = lay.foot.left + 27, lay.foot.top + 6.4, points("small")
    part = long / BAR_PARTS
    boxes = [
        rect(
            left + k * part,
            top,
            left + (k + 1) * part,
            top + 1.5,
            fill=ink["text"] if k % 2 == 0 else ink["halo"],
            stroke=ink["text"],
            stroke_width=0.15,
        )
        for k in range(BAR_PARTS)
    ]
    unit, by = ("km", KILOMETRE) if metres >= 2 * KILOMETRE else ("m", 1)
    ticks = [
        text(
            f"{metres * k / BAR_PARTS / by:g}{' ' + unit if k == BAR_PARTS else ''}",
            left + k * part,
            top - 1,
            em,
            text_anchor="middle",
        )
        for k in (0, 1, 2, 4)
    ]
    bar = element("g", boxes, class_="scale-bar", data_metres=metres, data_left=left, data_right=left + long)
    figures = text(
        f"1:{drawing.plot.denominator}",
        lay.foot.left,
        top + 1.4,
        points("heading") * 1.3,
        font_weight=700,
        class_="scale",
        data_denominator=str(drawing.plot.denominator),
    )
    note = text(_("True at 100 % on A3"), lay.foot.left, lay.foot.bottom - 2.1, LEAST, fill=ink["quiet"])
    return group([figures, bar, *ticks, note])


def footed(drawing: Drawing, lay: Layout, printed_at: datetime, notes: Sequence[str]) -> str:
    """Write the foot: the disclaimer, edition, sources, the time of printing, and what the sheet leaves out."""
    _, pack, foot = drawing.translate, drawing.area.pack, lay.foot
    edition = drawing.net.edition
    credit = pack.attribution.in_(drawing.language)
    local = printed_at.astimezone(pack.timezone).strftime("%Y-%m-%d %H:%M")
    first = [
        *([_("Net of {date}").format(date=edition.isoformat())] if edition else []),
        _("Printed {time}").format(time=local),
        *([_("Data: {source}").format(source=credit)] if credit else []),
    ]
    disclaimer = (
        _("Illustrative map, not a basis for drawing boundaries")
        if pack.synthetic
        else _("Not a basis for drawing boundaries")
    )
    em, left = points("small"), foot.left + 100
    room = foot.right - left
    lines = [
        fitted(
            "　".join(first) if drawing.language == "zh" else " · ".join(first),
            room - text_width(disclaimer, points("body")) - 8,
            em,
        ),
        fitted(_separated(drawing, notes), room, em),
    ]
    return group(
        [
            text(lines[0], left, foot.top + 5.6, em, fill=drawing.ink["quiet"], class_="edition"),
            text(lines[1], left, foot.top + 9.9, em, fill=drawing.ink["quiet"], class_="notes") if lines[1] else "",
            text(
                disclaimer,
                foot.right,
                foot.top + 5.6,
                points("body"),
                text_anchor="end",
                font_weight=700,
                class_="disclaimer",
            ),
        ],
        class_="foot",
    )


def watermarked(drawing: Drawing, lay: Layout) -> str:
    """Write the watermark along the four edges of the paper, outside the frame, and once small along the lower edge of the map, so that what is cut out of a copy still says whose it was."""
    mark = drawing.wanted.watermark
    if not mark:
        return ""
    em, quiet, box = LEAST, drawing.ink["quiet"], lay.frame
    middle_x, middle_y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    wide, high = fitted(mark, box.width, em), fitted(mark, box.height, em)
    given: dict[str, str | float | None] = {"text_anchor": "middle", "fill": quiet}
    edges = [
        text(wide, middle_x, box.top - 1, em, **given),
        text(wide, middle_x, box.bottom + 1 + em, em, **given),
        text(high, box.left - 1, middle_y, em, transform=f"rotate(-90 {box.left - 1} {middle_y})", **given),
        text(high, box.right + 1, middle_y, em, transform=f"rotate(90 {box.right + 1} {middle_y})", **given),
    ]
    below = text(
        fitted(mark, lay.window.width - 4, em),
        lay.window.right - 1.5,
        lay.window.bottom - 1,
        em,
        text_anchor="end",
        fill=quiet,
        stroke=drawing.ink["halo"],
        stroke_width=0.6,
        paint_order="stroke",
    )
    return group([*edges, below], class_="watermark")


def fitted(words: str, width: float, em: float) -> str:
    """Return a line of text, cut with an ellipsis where it is longer than its room."""
    if text_width(words, em) <= width * 1.001:
        return words
    while words and text_width(words + "…", em) > width:
        words = words[:-1]
    return words + "…"


def _separated(drawing: Drawing, parts: Sequence[str]) -> str:
    return ("　" if drawing.language == "zh" else " · ").join(parts)


def _grid_name(drawing: Drawing) -> str:
    if drawing.wanted.grid is None:
        return ""
    key, code = drawing.wanted.grid
    layer = drawing.layer(key)
    stack = next((stack for stack in drawing.net.stacks if stack.code == code), None)
    position = position_of(drawing.net, layer, code)
    _, label = drawing.translate, stack.label if stack else str(layer.labels[position])
    if isinstance(layer, Level) and label.isascii():
        label = _("{name} {code}").format(name=drawing.say(layer.name), code=label)
    title = str(layer.titles[position]) if isinstance(layer, Overlay) else label
    return label if not title or title == label else f"{label} {title}"


def _below(drawing: Drawing, layer: Level | Overlay, position: int) -> list[tuple[Name, int]]:
    """Return the levels below a grid and how many of their grids lie in it; nothing is below an overlay."""
    levels = drawing.net.levels
    depth = next((depth for depth, level in enumerate(levels) if level is layer), len(levels))
    return [
        (level.name, int(grids_within(drawing.net, depth, below)[position]))
        for below, level in enumerate(levels)
        if below > depth
    ]


def _squares(window: Box) -> tuple[int, int]:
    return max(1, round(window.width / size("square"))), max(1, round(window.height / size("square")))
