"""Names along streets, as Chinese maps write them.

A Chinese name runs with the street, its characters apart; along a street that runs rather north the characters stand upright and are read downwards. A Latin name
turns with the street as one word.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.ops import substring

from layers.sheet.board import Board, Box, text_width
from layers.sheet.svg import element, number
from layers.sheet.svg import text as svg_text

SPREAD = 1.5
"""Distance of the characters of a name along a street, in ems."""

EVERY = 150.0
"""A long street is named again after so many millimetres."""

AGAIN = 70.0
"""…but never twice within so many: the other carriageway has the same name."""

WIDE = 2.5
"""A street so many times wider than its name bears it beside its middle…"""

ASIDE = 0.62
"""…by so many ems."""

BENT = 0.94
"""A name needs a stretch whose chord is at least this share of its length."""

MIDDLE = 0.36
"""From the middle of a line of text to its baseline, in ems."""


@dataclass(frozen=True)
class Run:
    """Where the characters of a name stand: centres (n, 2) in millimetres, and the turn of each in degrees."""

    centres: np.ndarray
    turn: np.ndarray
    upright: bool


@dataclass(frozen=True)
class Street:
    """A street to be named: its pieces on the paper (n,), joined where they meet, and its drawn width, millimetres."""

    name: str
    lines: np.ndarray
    width: float


def name_along(street: Street, sizes: tuple[float, ...], board: Board, *, surface: str) -> tuple[list[str], list[str]]:
    """Write a street's name along it wherever there is room, and take the places.

    A wide street bears its name beside its middle, where the edges of grids run; a narrow one bears it on a strip that breaks these.

    Parameters
    ----------
    sizes
        Sizes that the name may have, millimetres, the best first.
    surface
        Colour of the street.

    Returns
    -------
    tuple
        The strips, and the names above them.
    """
    strips: list[str] = []
    names: list[str] = []
    middles: list[np.ndarray] = []
    for stretch in _stretches(street.lines):
        for size in sizes:
            run = _seat(street, stretch, size, board, middles)
            if run is not None:
                middles.append(run.centres.mean(axis=0))
                names.append(
                    _chinese(street.name, run, size) if _is_chinese(street.name) else _latin(street.name, run, size)
                )
                strips += [_strip(run, size, surface)] if not _beside(street, size) else []
                break
    return strips, names


def _beside(street: Street, size: float) -> bool:
    return street.width >= WIDE * size


def _strip(run: Run, size: float, surface: str) -> str:
    first, last = run.centres[0], run.centres[-1]
    along = (last - first) / max(float(np.hypot(*(last - first))), 0.01) * size * 0.6
    places = " ".join(f"{number(x)} {number(y)}" for x, y in [first - along, *run.centres, last + along])
    return element("path", d=f"M{places}", stroke=surface, stroke_width=size * 1.02, fill="none", class_="street-strip")


def _stretches(lines: np.ndarray) -> Iterator[shapely.LineString]:
    """Walk the pieces of a street, the longest first, a long one in stretches that each may bear the name."""
    for piece in lines[np.argsort(-shapely.length(lines), kind="stable")]:
        parts = max(1, round(shapely.length(piece) / EVERY))
        for part in range(parts):
            yield substring(piece, part / parts, (part + 1) / parts, normalized=True) if parts > 1 else piece


def _is_chinese(words: str) -> bool:
    return all(unicodedata.east_asian_width(character) in "WF" for character in words)


def _seat(street: Street, line: shapely.LineString, size: float, board: Board, named: list[np.ndarray]) -> Run | None:
    """Find where a name may run along a line, far enough from where the street is named already, and take the place."""
    words, chinese = street.name, _is_chinese(street.name)
    aside = ASIDE * size if _beside(street, size) else 0.0
    need = size * (SPREAD * (len(words) - 1) + 1) if chinese else text_width(words, size)
    length = shapely.length(line)
    if length < need * 1.05:
        return None
    steps = (
        np.linspace(-need / 2 + size / 2, need / 2 - size / 2, len(words))
        if chinese
        else np.arange(-need / 2 + size / 2, need / 2, size * 0.8)
    )
    middles = np.linspace(need / 2, length - need / 2, max(1, min(40, int((length - need) / 2) + 1)))
    for middle in middles[np.argsort(np.abs(middles - length / 2), kind="stable")]:
        run = _run(line, middle + steps, size, aside)
        if run is None or any(np.hypot(*(run.centres.mean(axis=0) - other)) < AGAIN for other in named):
            continue
        if board.settle([Box.around(float(x), float(y), size * 1.06, size * 1.06) for x, y in run.centres]):
            return run
    return None


def _run(line: shapely.LineString, along: np.ndarray, size: float, aside: float) -> Run | None:
    """Return where characters stand, or None where the street bends too much for a name."""
    ends = shapely.get_coordinates(shapely.line_interpolate_point(line, [along[0], along[-1]]))
    chord = ends[1] - ends[0]
    if len(along) > 1 and np.hypot(*chord) < BENT * (along[-1] - along[0]):
        return None
    before = shapely.get_coordinates(shapely.line_interpolate_point(line, along - size / 2))
    after = shapely.get_coordinates(shapely.line_interpolate_point(line, along + size / 2))
    centres = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    direction = after - before
    upright = abs(chord[1]) > abs(chord[0]) if len(along) > 1 else abs(direction[0, 1]) > abs(direction[0, 0])
    backwards = chord[1] < 0 if upright else chord[0] < 0
    if backwards:
        centres, direction = centres[::-1], -direction[::-1]
    angle = np.degrees(np.arctan2(direction[:, 1], direction[:, 0]))
    if aside:  # above a street that runs across, to the right of one that runs down
        across = np.column_stack([direction[:, 1], -direction[:, 0]])
        centres = centres + across / np.maximum(np.hypot(*across.T), 1e-9)[:, None] * aside
    return Run(centres, angle - 90 if upright else angle, bool(upright))


def _chinese(words: str, run: Run, size: float) -> str:
    radians = np.radians(run.turn)
    # SVG turns a character about the left end of its baseline: half an em left of and a bit below its centre.
    x = run.centres[:, 0] - size * (0.5 * np.cos(radians) + MIDDLE * np.sin(radians))
    y = run.centres[:, 1] - size * (0.5 * np.sin(radians) - MIDDLE * np.cos(radians))
    places = {
        "x": " ".join(map(number, x)),
        "y": " ".join(map(number, y)),
        "rotate": " ".join(f"{turn:.1f}" for turn in run.turn),
    }
    return element("text", _escaped(words), font_size=size, class_="street-name", **places)


def _latin(words: str, run: Run, size: float) -> str:
    first, last = run.centres[0], run.centres[-1]
    angle = float(np.degrees(np.arctan2(last[1] - first[1], last[0] - first[0]))) if len(run.centres) > 1 else 0.0
    angle = angle - 180 if angle > 90 else angle + 180 if angle < -90 else angle  # noqa: PLR2004 - never upside down
    x, y = run.centres.mean(axis=0)
    turn = f"translate({number(x)} {number(y)}) rotate({angle:.1f})"
    return svg_text(words, 0, size * MIDDLE, size, text_anchor="middle", transform=turn, class_="street-name")


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
