"""What the sheet is drawn with: the theme's colours and widths, in colour or in black for a photocopier."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from layers.sheet.board import LEAST, POINT
from layers.style import MARKS, style, tables

INKS = ("colour", "black")


@dataclass(frozen=True)
class Ink:
    """Colours of a sheet.

    Attributes
    ----------
    name
        ``colour``, or ``black``: greys only, with dots in place of tints.
    colours
        Name in the theme -> ``#RRGGBB``.
    tints, outlines
        As in the theme; in black all tints are white.
    marks
        Mark -> (fill, edge, tick).
    """

    name: str
    colours: Mapping[str, str]
    tints: tuple[str, ...]
    outlines: tuple[str, ...]
    marks: Mapping[str, tuple[str, str, str]]

    def __getitem__(self, name: str) -> str:
        return self.colours[name]


@cache
def ink(name: str) -> Ink:
    """Return one of `INKS`."""
    light, paper = style("light"), style("print")
    if name == "black":
        greys = {key: grey(value) for key, value in paper.colours.items()}
        black = {mark: (_solid(mark), "#000000", "#000000") for mark in MARKS}
        return Ink(
            name, MappingProxyType(greys), ("#FFFFFF",) * len(_sizes()["dots"]), paper.outlines, MappingProxyType(black)
        )
    colours = {
        **light.colours,
        "text": paper.colours["text"],
        "quiet": paper.colours["quiet"],
        "leaf_label": paper.colours["text"],
    }
    marks = {mark: (look.fill, look.edge, "#FFFFFF") for mark, look in light.marks.items()}
    return Ink(name, MappingProxyType(colours), light.tints, light.outlines, MappingProxyType(marks))


def grey(colour: str) -> str:
    """Return the grey of a colour's lightness (BT.709), its alpha kept."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    level = round(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return f"#{level:02X}{level:02X}{level:02X}{colour[7:]}"


def size(name: str) -> float:
    """Return a length of the theme's ``[sheet]``, millimetres."""
    return float(_sizes()[name])


def sizes(name: str) -> tuple[Any, ...]:
    """Return a list of the theme's ``[sheet]``."""
    return tuple(_sizes()[name])


def dash(name: str) -> str:
    """Return a pattern of dashes of the theme's ``[sheet]``."""
    return str(_sizes()[name])


def street_width(class_: str, mm_per_m: float) -> float:
    """Return the drawn width of a street of a class, millimetres; a class of another city's is drawn as a lane."""
    table = _sizes()["street"]
    metres, least, most = table.get(class_, table["lane"])
    return float(min(max(metres * mm_per_m, least), most))


def street_ranks() -> tuple[str, ...]:
    """Return the classes of streets, the widest first."""
    return tuple(_sizes()["street"])


def points(name: str) -> float:
    """Return a type size of the theme's ``[sheet.type]``, millimetres."""
    return float(_sizes()["type"][name]) * POINT


def ladder(name: str) -> tuple[float, ...]:
    """Return the sizes that a kind of label may have, millimetres, the best first; none is below 5 points."""
    return tuple(max(LEAST, float(value) * POINT) for value in _sizes()["type"][name])


def family() -> str:
    """Return the list of fonts."""
    return str(tables()["type"]["family"])


def _sizes() -> Mapping[str, Any]:
    sheet: Mapping[str, Any] = tables()["sheet"]
    return sheet


def _solid(mark: str) -> str:
    """Return the fill of a mark in black ink: the most urgent is black, the others are white with a black edge."""
    return "#000000" if mark == MARKS[0] else "#FFFFFF"
