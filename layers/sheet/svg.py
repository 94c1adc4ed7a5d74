"""Writing SVG: numbers, elements, paths and text, in millimetres, escaped."""

from collections.abc import Iterable, Mapping
from html import escape

import numpy as np
import shapely

PLACES = 100
"""Coordinates are written to the hundredth of a millimetre, finer than any printer."""

Look = Mapping[str, str | float | None]
"""Attributes of an element."""


def number(value: float) -> str:
    """Write a length to the hundredth, as short as can be."""
    words = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if words == "-0" else words


def element(name: str, content: str | Iterable[str] | None = None, /, **attributes: str | float | None) -> str:
    """Write an element.

    Parameters
    ----------
    name
        Tag.
    content
        Markup inside, already escaped; None closes the tag at once.
    **attributes
        ``stroke_width`` is written as ``stroke-width``; a trailing ``_`` falls away (``class_``); None is left out. Values are escaped.
    """
    said = "".join(f' {_name(key)}="{_value(value)}"' for key, value in attributes.items() if value is not None)
    if content is None:
        return f"<{name}{said}/>"
    inner = content if isinstance(content, str) else "".join(content)
    return f"<{name}{said}>{inner}</{name}>"


def group(content: Iterable[str], **attributes: str | float | None) -> str:
    """Write a group, or nothing when there is nothing in it."""
    inner = "".join(content)
    return element("g", inner, **attributes) if inner else ""


def text(words: str, x: float, y: float, size: float, **attributes: str | float | None) -> str:
    """Write a line of text with its baseline at ``y``; ``size`` in millimetres."""
    return element("text", escape(words, quote=False), x=x, y=y, font_size=size, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: str | float | None) -> str:
    """Write a straight line."""
    return element("path", d=f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", **attributes)


def rect(left: float, top: float, right: float, bottom: float, **attributes: str | float | None) -> str:
    """Write a rectangle from its edges."""
    return element("rect", x=left, y=top, width=right - left, height=bottom - top, **attributes)


def path_data(geoms: np.ndarray) -> str:
    """Return the ``d`` of one path through all lines and rings of geometries (n,) in millimetres; points are left out."""
    parts = shapely.get_parts(shapely.get_parts(geoms))  # a collection may hold multi-parts
    kinds = shapely.get_type_id(parts)
    rings = np.concatenate([shapely.get_rings(parts[kinds == 3]), parts[(kinds == 1) | (kinds == 2)]])  # noqa: PLR2004 - GEOS's numbers: 1 line, 2 ring, 3 polygon
    closed = np.arange(len(rings)) < len(rings) - int(((kinds == 1) | (kinds == 2)).sum())  # noqa: PLR2004
    coordinates, of = shapely.get_coordinates(rings, return_index=True)
    whole = np.rint(coordinates * PLACES).astype(np.int64)
    starts = np.searchsorted(of, np.arange(len(rings) + 1))
    return "".join(
        _run(whole[a:b], closed=bool(shut)) for a, b, shut in zip(starts[:-1], starts[1:], closed, strict=True)
    )


def path(geoms: np.ndarray, **attributes: str | float | None) -> str:
    """Write one path through all lines and rings of geometries (n,), or nothing when there are none."""
    data = path_data(geoms)
    return element("path", d=data, **attributes) if data else ""


def _run(points: np.ndarray, *, closed: bool) -> str:
    steps = np.diff(points, axis=0)
    moved = steps[(steps != 0).any(axis=1)]
    if closed and len(moved):
        moved = moved[:-1]
    if not len(moved):
        return ""
    flat = " ".join(_hundredth(value) for value in moved.ravel().tolist())
    head = f"M{_hundredth(int(points[0, 0]))} {_hundredth(int(points[0, 1]))}l"
    return head + flat.replace(" -", "-") + ("z" if closed else "")


def _hundredth(value: int) -> str:
    if value % PLACES == 0:
        return str(value // PLACES)
    return (
        f"{value / PLACES:.2f}".rstrip("0").replace("0.", ".", 1)
        if -PLACES < value < PLACES
        else f"{value / PLACES:.2f}".rstrip("0")
    )


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _value(value: str | float | None) -> str:
    return escape(value) if isinstance(value, str) else number(float(value or 0.0))
