"""Sites, service points and named buildings on the paper: a glyph for its class, its name where there is room."""

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely

from geo.scheme import Name
from layers.classes import class_names
from layers.sheet.board import Box, text_width
from layers.sheet.drawing import Drawing
from layers.sheet.ink import size
from layers.sheet.street_names import MIDDLE
from layers.sheet.svg import Look, element, group, rect, text
from layers.style import glyph as glyph_path
from layers.style import tables

SHARE = 0.03
"""Share of the shown land that glyphs may cover; classes with the most sites are left out first, and the foot of the sheet says so."""

FINE, FINE_SHARE = 12.0, 0.02
"""Where the median grid is smaller than a square of so many millimetres, its number needs the room more."""

DETAIL = 0.09
"""Names of sites and buildings are at most so large a part of the side of the median grid."""

GLYPH_BOX = 16
NEAR = 6000
"""At scales smaller than 1:6000 the names of single buildings are left out."""

LONGEST = 9


@dataclass(frozen=True, eq=False)
class Sites:
    """Sites of one class in the window: names (n,) and places (n, 2) in millimetres."""

    key: str
    title: Name
    kind: str
    names: np.ndarray
    places: np.ndarray

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Named:
    """A site with a name, and where its glyph stands, millimetres."""

    name: str
    x: float
    y: float


def find(drawing: Drawing) -> tuple[list[Sites], list[Sites]]:
    """Return the classes that the sheet shows, and those that it leaves out for want of room."""
    everything = [sites for sites in _classes(drawing) if len(sites)]
    window = drawing.plot.window.polygon()
    share = FINE_SHARE if drawing.grain < FINE else SHARE
    room = share * shapely.area(shapely.intersection(shapely.make_valid(drawing.reach), window)) / size("glyph") ** 2
    shown: list[Sites] = []
    for sites in sorted(everything, key=lambda sites: (sites.kind != "service", len(sites))):
        if sum(len(other) for other in shown) + len(sites) <= room:
            shown.append(sites)
    return [sites for sites in everything if sites in shown], [sites for sites in everything if sites not in shown]


def draw(drawing: Drawing, shown: list[Sites]) -> tuple[str, list[Named]]:
    """Write the glyphs, which lie under marks and numbers, and take their places; return the named ones that stand free."""
    glyphs: list[str] = []
    free: list[Named] = []
    side = size("glyph")
    for sites in sorted(shown, key=lambda sites: sites.kind != "service"):
        for name, (x, y) in zip(sites.names, sites.places.tolist(), strict=True):
            settled = drawing.board.settle([Box.around(x, y, side, side)])
            glyphs.append(badge(drawing, sites.key, sites.kind, x, y))
            free += [Named(str(name), x, y)] if settled and name else []
    return group(glyphs, class_="sites"), free


def name_sites(drawing: Drawing, free: list[Named]) -> str:
    """Write the names that find room beside their glyphs."""
    ink = drawing.ink
    halo: Look = {
        "stroke": ink["halo"],
        "stroke_width": size("halo"),
        "paint_order": "stroke",
        "stroke_linejoin": "round",
    }
    return group(
        [_named(drawing, one.name, one.x, one.y) for one in free], class_="site-names", fill=ink["site"], **halo
    )


def name_buildings(drawing: Drawing) -> str:
    """Write the names of buildings at large scales, where nothing else wants the place."""
    if drawing.plot.denominator > NEAR:
        return ""
    written: list[str] = []
    for entry in drawing.area.pack.points:
        if entry.kind != "building" or entry.key in tables()["class"]:
            continue
        frame = drawing.area.points[entry.key]
        named = frame[(frame["name"] != "") & (frame["name"].str.len() <= LONGEST)]
        written += filter(
            None,
            (
                _centred(drawing, str(name), x, y)
                for name, (x, y) in zip(named["name"], _spots(drawing, named).tolist(), strict=True)
            ),
        )
    return group(written, class_="building-names", text_anchor="middle", fill=drawing.ink["quiet"])


def badge(drawing: Drawing, class_: str, kind: str, x: float, y: float) -> str:
    """Write the glyph of a class on its square badge."""
    side, ink = size("glyph"), drawing.ink
    scale = side / GLYPH_BOX
    box = Box.around(x, y, side, side)
    back = rect(
        box.left, box.top, box.right, box.bottom, rx=0.45, fill=ink["site_ground"], stroke=ink[kind], stroke_width=0.16
    )
    inner = element(
        "path",
        d=glyph_path(class_),
        fill_rule="evenodd",
        fill=ink[kind],
        transform=f"translate({box.left:.2f} {box.top:.2f}) scale({scale:.4f})",
    )
    return element("g", [back, inner], class_="site", data_class=class_)


def _classes(drawing: Drawing) -> Iterator[Sites]:
    area, drawn_buildings = drawing.area, tables()["class"]
    for kind in ("service", "site"):
        for key, title in class_names(area, kind).items():
            frames = [frame[frame["class"] == key] for frame in area.of_kind(kind).values()]
            yield _sites(drawing, key, title, kind, frames)
    for entry in area.pack.points:
        if entry.kind == "building" and entry.key in drawn_buildings:
            yield _sites(drawing, entry.key, entry.name, "service", [area.points[entry.key]])


def _sites(drawing: Drawing, key: str, title: Name, kind: str, frames: list[gpd.GeoDataFrame]) -> Sites:
    places = np.concatenate([_spots(drawing, frame) for frame in frames]) if frames else np.empty((0, 2))
    names = (
        np.concatenate([frame["name"].to_numpy(dtype=object) for frame in frames])
        if frames
        else np.array([], dtype=object)
    )
    window = drawing.plot.window.grown(-size("glyph") / 2)
    inside = (
        (places[:, 0] > window.left)
        & (places[:, 0] < window.right)
        & (places[:, 1] > window.top)
        & (places[:, 1] < window.bottom)
    )
    return Sites(key, title, kind, names[inside], places[inside])


def _spots(drawing: Drawing, frame: gpd.GeoDataFrame) -> np.ndarray:
    return drawing.plot.place(shapely.get_coordinates(frame.geometry.to_numpy())) if len(frame) else np.empty((0, 2))


def _named(drawing: Drawing, name: str, x: float, y: float) -> str:
    side = size("glyph")
    for em in drawing.sizes("site", share=DETAIL):
        width, height = text_width(name, em), em * 1.1
        sides = (
            (Box(x + side / 2 + 0.3, y - height / 2, x + side / 2 + 0.3 + width, y + height / 2), "start"),
            (Box(x - side / 2 - 0.3 - width, y - height / 2, x - side / 2 - 0.3, y + height / 2), "end"),
            (Box.around(x, y + side / 2 + height / 2 + 0.1, width, height), "middle"),
            (Box.around(x, y - side / 2 - height / 2 - 0.1, width, height), "middle"),
        )
        for box, anchor in sides:
            if drawing.board.settle([box]):
                at = {"start": box.left, "end": box.right, "middle": box.centre[0]}[anchor]
                return text(name, at, box.centre[1] + em * MIDDLE, em, text_anchor=anchor)
    return ""


def _centred(drawing: Drawing, name: str, x: float, y: float) -> str | None:
    for em in drawing.sizes("building", share=DETAIL):
        if drawing.board.settle([Box.around(x, y, text_width(name, em), em * 1.05)]):
            return text(name, x, y + em * MIDDLE, em)
    return None
