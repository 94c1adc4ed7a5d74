"""The theme: every colour, size and space, read from theme.toml, for whoever draws (map, console, wall, print)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

THEME = Path(__file__).with_name("theme.toml")
NAMES = ("light", "dark", "print")
MARKS = ("red", "yellow", "green")
KINDS = ("desk", "wall", "print")


@dataclass(frozen=True)
class MarkStyle:
    """How a mark looks.

    Attributes
    ----------
    fill, edge
        Colours of the shape and of its contour.
    text
        Colour of figures and words that speak of the mark; readable on the theme's surface (WCAG 2.2 AA).
    state
        Colour, with alpha, that a grid in this state is painted with.
    path
        Shape as an SVG path in a box from -12 to 12, y down.
    """

    fill: str
    edge: str
    text: str
    state: str
    path: str


@dataclass(frozen=True)
class Style:
    """One theme.

    Attributes
    ----------
    colours
        Name -> ``#RRGGBB`` or ``#RRGGBBAA``.
    tints
        Base tints of grids; neighbours get different ones.
    outlines
        Colours of outlines, from the widest level to the leaf.
    marks
        ``red``, ``yellow`` and ``green`` -> how they look.
    """

    name: str
    colours: Mapping[str, str]
    tints: tuple[str, ...]
    outlines: tuple[str, ...]
    marks: Mapping[str, MarkStyle]


@cache
def tables() -> Mapping[str, Any]:
    """Return theme.toml as it stands; treat it as read-only."""
    return MappingProxyType(tomllib.loads(THEME.read_text(encoding="utf-8")))


@cache
def style(name: str) -> Style:
    """Return a theme: ``light`` (desk), ``dark`` (wall) or ``print``.

    Raises
    ------
    ValueError
        There is no such theme.
    """
    if name not in NAMES:
        raise ValueError(f"There is no theme {name!r}; choose among {', '.join(NAMES)}.")
    table, shapes = tables()[name], tables()["mark"]
    return Style(
        name=name,
        colours=MappingProxyType({key: value for key, value in table.items() if isinstance(value, str)}),
        tints=tuple(table["tints"]),
        outlines=tuple(table["outlines"]),
        marks=MappingProxyType({mark: MarkStyle(**table[mark], path=shapes[mark]) for mark in MARKS}),
    )


def outline(depth: int, levels: int, colours: tuple[Any, ...]) -> Any:
    """Choose from a list that runs from the widest level to the leaf; the leaf always has the last entry.

    Parameters
    ----------
    depth
        Level, 0 for the widest.
    levels
        How many levels the net has.
    colours
        Entries: colours, or widths.
    """
    if depth == levels - 1:
        return colours[-1]
    return colours[min(depth, len(colours) - 2)]


def css(name: str, *, selector: str = ":root") -> str:
    """Return a theme as CSS custom properties: ``--ground``, ``--red-fill``, ``--space-m``, ``--desk-body``, ``--font`` …

    Sizes are numbers times ``--k``, the scale, which is 1 unless a host sets another.
    """
    theme = style(name)
    values = {
        "font": tables()["type"]["family"],
        **{key.replace("_", "-"): value for key, value in theme.colours.items()},
    }
    for mark, look in theme.marks.items():
        values |= {f"{mark}-{part}": getattr(look, part) for part in ("fill", "edge", "text", "state")}
    values |= {f"tint-{number}": tint for number, tint in enumerate(theme.tints)}
    values |= {f"space-{key}": f"calc({value}px * var(--k, 1))" for key, value in tables()["space"].items()}
    for kind in ("desk", "wall"):
        values |= {f"{kind}-{key}": f"calc({value}px * var(--k, 1))" for key, value in tables()["type"][kind].items()}
    lines = "".join(f"  --{key}: {value};\n" for key, value in values.items())
    scheme = "dark" if name == "dark" else "light"
    return f"{selector} {{\n  color-scheme: {scheme};\n{lines}}}\n"


def css_by_system() -> str:
    """Return the themes of a document that has no switch: dark where the reader's system is, light elsewhere and on paper."""
    dark, light = css("dark"), css("light")
    return f"{light}@media screen and (prefers-color-scheme: dark) {{ {dark} }}\n"


def glyph(class_: str) -> str:
    """Return the glyph of a class of sites, services or buildings: an SVG path in a 16 x 16 box, even-odd; a square for a class without its own."""
    glyphs: Mapping[str, str] = tables()["glyph"]
    return glyphs[tables()["class"].get(class_, "square")]


def mark_svg(mark: str, *, theme: str = "light", size: float = 16, title: str = "") -> str:
    """Return a mark as an SVG element for legends, lists and pages.

    Parameters
    ----------
    mark
        ``red``, ``yellow`` or ``green``.
    size
        Width and height, pixels.
    title
        What it says to who cannot see it; without one it is decoration.
    """
    look = style(theme).marks[mark]
    aria = f'role="img" aria-label="{escape(title)}"' if title else 'aria-hidden="true"'
    tick = tables()["mark"]["tick"]
    ink = look.edge if theme == "print" else "#FFFFFF"
    inner = (
        f'<path d="{tick}" fill="none" stroke="{ink}" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/>'
        if mark == "green"
        else ""
    )
    edge = f' stroke="{look.edge}" stroke-width="1.2" stroke-linejoin="round"' if theme != "dark" else ""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-12 -12 24 24" width="{size:g}" height="{size:g}" {aria}><path d="{look.path}" fill="{look.fill}"{edge}/>{inner}</svg>'
