"""Names along streets, as Chinese maps write them.

A Chinese name runs with the street, its characters apart; along a street that runs rather north the characters stand upright and are read downwards. A Latin name
turns with the street as one word.
"""

import unicodedata
from dataclasses import dataclass

import numpy as np
import shapely

from layers.sheet.board import Board, Box, text_width
from layers.sheet.svg import element, number
from layers.sheet.svg import text as svg_text

SPREAD = 1.5
"""Distance of the characters of a name along a street, in ems."""

EVERY = 150.0
"""A long street is named again after so many millimetres."""

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


def name_along(
    words: str, lines: np.ndarray, sizes: tuple[float, ...], board: Board, **attributes: str | float | None
) -> list[str]:
    """Write a street's name along its lines (n,) wherever there is room, and take the places.

    Parameters
    ----------
    words
        The name.
    lines
        Its pieces on the paper, joined where they meet.
    sizes
        Sizes that it may have, millimetres, the best first.
    """
    written: list[str] = []
    for piece in lines[np.argsort(-shapely.length(lines), kind="stable")]:
        for start in np.arange(0.0, max(1.0, shapely.length(piece) - EVERY / 2), EVERY):
            stretch = (
                shapely.ops.substring(piece, start, start + EVERY) if shapely.length(piece) > 1.5 * EVERY else piece
            )
            found = next((made for size in sizes if (made := _write(words, stretch, size, board, attributes))), None)
            written += [found] if found else []
            if stretch is piece:
                break
        if written and shapely.length(piece) < EVERY:
            break
    return written


def _write(
    words: str, line: shapely.LineString, size: float, board: Board, attributes: dict[str, str | float | None]
) -> str | None:
    chinese = all(unicodedata.east_asian_width(character) in "WF" for character in words)
    need = size * (SPREAD * (len(words) - 1) + 1) if chinese else text_width(words, size)
    length = shapely.length(line)
    if length < need * 1.05:
        return None
    middles = np.linspace(need / 2, length - need / 2, max(1, min(40, int((length - need) / 2) + 1)))
    for middle in middles[np.argsort(np.abs(middles - length / 2), kind="stable")]:
        steps = (
            np.linspace(-need / 2 + size / 2, need / 2 - size / 2, len(words))
            if chinese
            else np.arange(-need / 2 + size / 2, need / 2, size * 0.8)
        )
        run = _run(line, middle + steps, size)
        if run is None:
            continue
        boxes = [Box.around(float(x), float(y), size * 1.06, size * 1.06) for x, y in run.centres]
        if board.settle(boxes):
            return _chinese(words, run, size, attributes) if chinese else _latin(words, run, size, attributes)
    return None


def _run(line: shapely.LineString, along: np.ndarray, size: float) -> Run | None:
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
    return Run(centres, angle - 90 if upright else angle, bool(upright))


def _chinese(words: str, run: Run, size: float, attributes: dict[str, str | float | None]) -> str:
    radians = np.radians(run.turn)
    # SVG turns a character about the left end of its baseline: half an em left of and a bit below its centre.
    x = run.centres[:, 0] - size * (0.5 * np.cos(radians) + MIDDLE * np.sin(radians))
    y = run.centres[:, 1] - size * (0.5 * np.sin(radians) - MIDDLE * np.cos(radians))
    places = {
        "x": " ".join(map(number, x)),
        "y": " ".join(map(number, y)),
        "rotate": " ".join(f"{turn:.1f}" for turn in run.turn),
    }
    return element("text", _escaped(words), font_size=size, **places, **attributes)


def _latin(words: str, run: Run, size: float, attributes: dict[str, str | float | None]) -> str:
    first, last = run.centres[0], run.centres[-1]
    angle = float(np.degrees(np.arctan2(last[1] - first[1], last[0] - first[0]))) if len(run.centres) > 1 else 0.0
    angle = angle - 180 if angle > 90 else angle + 180 if angle < -90 else angle  # noqa: PLR2004 - never upside down
    x, y = run.centres.mean(axis=0)
    turn = f"translate({number(x)} {number(y)}) rotate({angle:.1f})"
    return svg_text(words, 0, size * MIDDLE, size, text_anchor="middle", transform=turn, **attributes)


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
