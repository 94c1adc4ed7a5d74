"""What lies under the net: green, water, compounds, streets and buildings, and their names."""

from dataclasses import dataclass

import numpy as np
import shapely

from layers.pack import GROUND_KINDS
from layers.sheet import street_names
from layers.sheet.board import Box, poles, text_width
from layers.sheet.drawing import Drawing
from layers.sheet.ink import ladder, size, street_ranks, street_width
from layers.sheet.street_names import MIDDLE
from layers.sheet.svg import group, path, text

MAIN = 2
"""So many classes of streets are main ones, whose names come before the numbers of grids."""

SMALLEST = 0.08
"""Buildings below so many square millimetres are left out."""


@dataclass(frozen=True, eq=False)
class Things:
    """Drawn things of one kind: titles, classes and shapes (n,), cut to the window."""

    titles: np.ndarray
    classes: np.ndarray
    shapes: np.ndarray


def lay(drawing: Drawing) -> dict[str, Things]:
    """Draw the ground's layers on the paper, by kind, without what lies outside the window."""
    found: dict[str, list[Things]] = {kind: [] for kind in GROUND_KINDS}
    for entry in drawing.area.pack.ground:
        frame = drawing.area.ground[entry.key]
        shapes = drawing.plot.fit(
            drawing.plot.draw(frame.geometry.to_numpy()),
            margin=0.0 if entry.kind in {"green", "water", "block"} else 3.0,
        )
        there = ~shapely.is_empty(shapes)
        titles, classes = frame["title"].to_numpy(dtype=object), frame["class"].to_numpy(dtype=object)
        found[entry.kind].append(Things(titles[there], classes[there], shapes[there]))
    return {kind: _joined(parts) for kind, parts in found.items()}


def draw(drawing: Drawing, ground: dict[str, Things]) -> str:
    """Write the ground."""
    ink, blocks = drawing.ink, ground["block"]
    parts = [
        path(ground["green"].shapes, fill=ink["park"], fill_rule="evenodd"),
        path(
            ground["water"].shapes,
            fill=ink["water"],
            fill_rule="evenodd",
            stroke=ink["water_label"],
            stroke_width=0.1,
            stroke_opacity=0.5,
        ),
        path(
            blocks.shapes,
            fill=ink["block"],
            fill_rule="evenodd",
            stroke=ink["block_line"],
            stroke_width=size("block_line"),
        ),
        _railways(drawing, ground["railway"]),
        _streets(drawing, ground["street"]),
        _footprints(drawing, ground["footprint"]),
    ]
    return group(parts, class_="ground", stroke_linejoin="round", stroke_linecap="round")


def name_streets(drawing: Drawing, streets: Things, *, main: bool) -> str:
    """Write the names of streets along them, wide streets first: of the main ones, or of the others."""
    strips: list[str] = []
    names: list[str] = []
    order = {class_: rank for rank, class_ in enumerate(street_ranks())}
    ranks = np.array([order.get(class_, len(order)) for class_ in streets.classes], dtype=np.int64)
    for title, lines in _by_title(streets, ranks):
        class_ = _class_of(streets, title, ranks)
        if main != (class_ in street_ranks()[:MAIN]):
            continue
        width = street_width(class_, drawing.plot.mm_per_m)
        sizes = tuple(em for em in drawing.sizes("street") if em <= max(width * 1.3, ladder("street")[-2]))
        surface = drawing.ink["arterial" if class_ == "arterial" else "street"]
        made = street_names.name_along(street_names.Street(title, lines, width), sizes, drawing.board, surface=surface)
        strips += made[0]
        names += made[1]
    return group(strips) + group(names, **_halo(drawing, "street_label"))


def name_places(
    drawing: Drawing, things: Things, *, colour: str, least: float = 0.8, **attributes: str | float | None
) -> str:
    """Write the names of water, parks or compounds inside them, the largest first, each name once.

    Parameters
    ----------
    colour
        Name of a colour of the theme.
    least
        A name may be so many times wider than its thing.
    """
    written: list[str] = []
    titled = np.flatnonzero((things.titles != "") & (shapely.get_dimensions(things.shapes) == 2))  # noqa: PLR2004 - areas
    seen: set[str] = set()
    for place in titled[np.argsort(-shapely.area(things.shapes[titled]), kind="stable")]:
        title = str(things.titles[place])
        if title in seen:
            continue
        shape = things.shapes[place]
        made = _inside(drawing, title, shape, least)
        written += [made] if made else []
        seen |= {title} if made else set()
    return group(written, text_anchor="middle", **_halo(drawing, colour), **attributes)


def _inside(drawing: Drawing, title: str, shape: shapely.Geometry, least: float) -> str | None:
    left, top, right, bottom = shapely.bounds(shape)
    middle, pole = shapely.centroid(shape), poles(np.array([shape]))[0]
    places = [(middle.x, middle.y)] if shapely.contains(shape, middle) else []
    for em in drawing.sizes("place"):
        width = text_width(title, em)
        if width > max(right - left, bottom - top) / least:
            continue
        for x, y in [*places, (float(pole[0]), float(pole[1]))]:
            for nudge in (0.0, -1.2 * em, 1.2 * em, -2.4 * em, 2.4 * em):
                if not shapely.contains_xy(shape, x, y + nudge):
                    continue
                if drawing.board.settle([Box.around(x, y + nudge, width, em * 1.1)]):
                    return text(title, x, y + nudge + em * MIDDLE, em)
    return None


def _streets(drawing: Drawing, streets: Things) -> str:
    """Write all casings, then all surfaces, narrow streets first, so that streets join where they cross."""
    ink, scale, casing = drawing.ink, drawing.plot.mm_per_m, size("casing")
    ranks = street_ranks()
    known = np.isin(streets.classes, ranks)
    classes = np.where(known, streets.classes, "lane")
    casings, surfaces = [], []
    for class_ in reversed(ranks):
        shapes, width = streets.shapes[classes == class_], street_width(class_, scale)
        kind = "arterial" if class_ == "arterial" else "street"
        casings.append(path(shapes, stroke=ink[f"{kind}_casing"], stroke_width=width + 2 * casing))
        surfaces.append(path(shapes, stroke=ink[kind], stroke_width=width))
    return group([*casings, *surfaces], fill="none")


def _railways(drawing: Drawing, rails: Things) -> str:
    colour = drawing.ink["railway"]
    return group(
        [
            path(rails.shapes, stroke=colour, stroke_width=0.6),
            path(rails.shapes, stroke="#FFFFFF", stroke_width=0.36, stroke_dasharray="1.6 1.6", stroke_linecap="butt"),
        ],
        fill="none",
    )


def _footprints(drawing: Drawing, buildings: Things) -> str:
    seen = buildings.shapes[shapely.area(buildings.shapes) > SMALLEST]
    ink = drawing.ink
    return path(
        seen,
        fill=ink["footprint"],
        fill_rule="evenodd",
        stroke=ink["footprint_line"],
        stroke_width=size("footprint_line"),
    )


def _halo(drawing: Drawing, colour: str) -> dict[str, str | float | None]:
    return {
        "fill": drawing.ink[colour],
        "stroke": drawing.ink["halo"],
        "stroke_width": size("halo"),
        "paint_order": "stroke",
        "stroke_linejoin": "round",
    }


def _by_title(streets: Things, ranks: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return (name, its lines joined) for every named street, the widest class first, then the longest."""
    titled = np.flatnonzero((streets.titles != "") & (shapely.get_dimensions(streets.shapes) == 1))
    lines: dict[str, list[int]] = {}
    for place in titled:
        lines.setdefault(str(streets.titles[place]), []).append(int(place))
    joined = {
        title: shapely.get_parts(shapely.line_merge(shapely.union_all(streets.shapes[places])))
        for title, places in lines.items()
    }
    return sorted(
        joined.items(), key=lambda item: (min(ranks[lines[item[0]]]), -float(shapely.length(item[1]).sum()), item[0])
    )


def _class_of(streets: Things, title: str, ranks: np.ndarray) -> str:
    mine = np.flatnonzero(streets.titles == title)
    return str(streets.classes[mine[np.argmin(ranks[mine])]])


def _joined(parts: list[Things]) -> Things:
    if not parts:
        empty = np.array([], dtype=object)
        return Things(empty, empty, empty)
    return Things(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("titles", "classes", "shapes"))
    )
