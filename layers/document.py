"""The map document: one page of an area, edition, language and theme, made with folium, served as it is and opened by wall, console and print alike.

Everything it names lies on this server: folium's and its plugins' network addresses are replaced here, in one place. No script is inline, so that the content security
policy can forbid inline scripts; identifiers are deterministic, so that the same area gives the same bytes.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import folium
import numpy as np
import shapely
from branca.element import Element, Figure, MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template

from geo.scheme import Name
from geo.tint import tints
from layers import style
from layers.classes import class_names
from layers.compact import UNIT, ground_file, origin_of, points_file, shapes, to_json
from layers.labels import anchors, leaf_labels, tint_depth
from layers.load import Area
from layers.sheet import frame
from layers.wall_words import wall_words
from layers.words import words

if TYPE_CHECKING:
    from geo.net import Level, Overlay

ASSETS = Path(__file__).with_name("assets")
SCRIPTS = (
    "leaflet/leaflet.js",
    "core.js",
    "base.js",
    "marks.js",
    "registered.js",
    "top.js",
    "stream.js",
    "live.js",
    "panel.js",
    "main.js",
    "walks.js",
    "pick.js",
)
STYLES = ("leaflet/leaflet.css", "battlemap.css")
WALL_SCRIPTS, WALL_STYLES = ("wall.js",), ("wall.css",)
TINTS = 6
CSS_PIXELS = 96 / 25.4
"""Of a millimetre."""

SIMPLIFY = 3e-6
"""Side of the triangles that an outline may lose (Visvalingam), degrees: a third of a metre, less than a pixel at any zoom."""


@dataclass(frozen=True, eq=False)
class Document:
    """A map document.

    Attributes
    ----------
    html
        The page, UTF-8.
    files
        Name -> media type and bytes; the page fetches them from ``{base}map/{area}/data/{digest}/{name}``. They never change under one digest.
    etag
        Digest of the page.
    digest
        Digest of the files.
    made
        Digest of all that the page was made from, which it holds itself: a screen that stands for weeks asks whether it is still this one.
    """

    html: bytes
    files: Mapping[str, tuple[str, bytes]]
    etag: str
    digest: str
    made: str


def build(
    area: Area,
    *,
    language: str,
    theme: str,
    translate: Callable[[str], str] = str,
    classes: Mapping[str, Name] = MappingProxyType({}),
    states: Mapping[str, str] = MappingProxyType({}),
    site_kinds: Mapping[str, tuple[str, str, str]] = MappingProxyType({}),
    base: str = "/",
    tiles: str | None = None,
    tiles_credit: str = "",
    stale_after: int = 30,
    wall: Mapping[str, Any] | None = None,
) -> Document:
    """Build the map document of an area.

    Parameters
    ----------
    language
        ``zh`` or ``en``: for the names that the pack gives.
    theme
        ``light`` or ``dark``.
    translate
        From an English msgid to the text to show.
    classes
        Names of the classes and major classes of incidents, by key.
    states
        Names of the states of incidents in that language, by key.
    site_kinds
        Letter, shape and name of the kinds of the register's sites in that language, by key.
    base
        Path under which the doors lie, with a slash at its end.
    tiles
        Address pattern of a local raster basemap, such as ``/tiles/{z}/{x}/{y}``; None for no basemap.
    tiles_credit
        Credit line of the basemap.
    stale_after
        Seconds without an answer after which the map calls its connection lost.
    wall
        What a screen shows that nobody touches (大屏): the document is that of a wall then. It has ``view``, the end of the address of its panels, and what `layers/assets/wall.js` reads.
    """
    files, place = _files(area), quote(area.id, safe="")
    script_digest, digest = (
        _code_digest(),
        _digest([area.digest.encode(), _code_digest().encode(), (tiles or "").encode()]),
    )
    look, window = style.style(theme), frame.layout().window
    data = {
        "area": area.id,
        "pack": area.digest,
        "name": area.pack.name.in_(language),
        "language": language,
        "theme": theme,
        "synthetic": area.pack.synthetic,
        "attribution": " · ".join(text for text in (area.pack.attribution.in_(language), tiles_credit) if text),
        "paper": [round(side * CSS_PIXELS) for side in (window.width, window.height)],
        "edition": area.pack.edition.isoformat() if area.pack.edition else "",
        "timezone": str(area.pack.timezone),
        "stale_after": stale_after,
        "urls": {name: f"{base}{name}/{place}" for name in ("live", "stream", "card", "search", "print", "registered")}
        | {"data": f"{base}map/{place}/data/{digest}/"},
        "words": words(translate),
        "style": _style(look),
        "classes": {key: name.in_(language) for key, name in classes.items()}
        | {key: name.in_(language) for kind in ("site", "service") for key, name in class_names(area, kind).items()},
        "states": dict(states),
        "site_kinds": dict(site_kinds),
        "layers": [
            {"key": entry.key, "kind": entry.kind, "name": entry.name.in_(language)} for entry in area.pack.points
        ],
        "ground": [
            {"key": entry.key, "kind": entry.kind, "name": entry.name.in_(language)} for entry in area.pack.ground
        ],
        "glyphs": _glyphs(area),
        **_net(area, language),
        **(_wall(wall, f"{base}panels/{place}", translate) if wall else {}),
    }
    data["made"] = made = _digest([to_json(data), script_digest.encode()])
    page, script = _render(
        data, look, f"{base}assets/{script_digest}/", f"{base}map/{place}/data/{digest}/map.js", tiles
    )
    files = {**files, "map.js": ("text/javascript", script)}
    return Document(page, files, _digest([page]), digest, made)


def _wall(wall: Mapping[str, Any], panels: str, translate: Callable[[str], str]) -> dict[str, Any]:
    """Return what the script of a wall reads beside what every map has."""
    address = "/".join(filter(None, (panels, wall["view"])))
    return {"wall": {**wall, "panels_url": address, "words": wall_words(translate)}}


def assets() -> Mapping[str, Path]:
    """Return the files under ``/assets/{digest}/``: path in the address -> file."""
    return {path.relative_to(ASSETS).as_posix(): path for path in sorted(ASSETS.rglob("*")) if path.is_file()}


def assets_digest() -> str:
    """Return the digest in the addresses of our scripts and styles; it changes when they do."""
    return _code_digest()


class _Page(Figure):
    """folium's figure without inline scripts."""

    _template = Template(
        """<!DOCTYPE html>
<html lang="{{ this.language }}" data-theme="{{ this.theme }}">
<head>
<meta charset="utf-8">
<title>{{ this.title | e }}</title>
{{ this.header.render(**kwargs) }}
</head>
<body>
{{ this.html.render(**kwargs) }}
<script src="{{ this.script_url | e }}"></script>
</body>
</html>
"""
    )

    def __init__(self, title: str, *, language: str, theme: str, script_url: str) -> None:
        super().__init__(title=title)
        self.language, self.theme, self.script_url = language, theme, script_url


class _Map(folium.Map):
    """folium's map on vendored files; its own header, with inline scripts and a forbidden zoom, is left out."""

    _template = Template(
        """{% macro html(this, kwargs) %}<div class="folium-map" id="{{ this.get_name() }}"></div>{% endmacro %}
{% macro script(this, kwargs) %}var {{ this.get_name() }} = L.map("{{ this.get_name() }}", Object.assign({center: {{ this.location | tojson }}}, {{ this.options | tojavascript }}));{% endmacro %}"""
    )

    def __init__(self, centre: tuple[float, float], assets_url: str, *, wall: bool) -> None:
        super().__init__(
            location=centre,
            tiles=None,
            prefer_canvas=True,
            zoom_control=False,
            attribution_control=False,
            zoom_snap=0,
            zoom_delta=0.5,
        )
        scripts, styles = (WALL_SCRIPTS, WALL_STYLES) if wall else ((), ())
        self.default_js = [(name, assets_url + name) for name in (*SCRIPTS, *scripts)]
        self.default_css = [(name, assets_url + name) for name in (*STYLES, *styles)]

    def render(self, **kwargs: Any) -> str:
        """Add links, markup and script to the page."""
        JSCSSMixin.render(self, **kwargs)  # type: ignore[no-untyped-call]
        return ""


class _Header(MacroElement):
    """What stands in the head beside the links."""

    _template = Template(
        """{% macro header(this, kwargs) %}<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<style>{{ this.css }}</style>{% endmacro %}"""
    )

    def __init__(self, css: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self.css = "Header", css


class _Net(MacroElement):
    """The net and everything the script must know, as a block of data, and the one call that starts the script."""

    _template = Template(
        """{% macro html(this, kwargs) %}<script type="application/json" id="battlemap-data">{{ this.data }}</script>{% endmacro %}
{% macro script(this, kwargs) %}battlemap.start({{ this._parent.get_name() }});{% endmacro %}"""
    )

    def __init__(self, data: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self.data = "Net", data


def _render(
    data: dict[str, Any], look: style.Style, assets_url: str, script_url: str, tiles: str | None
) -> tuple[bytes, bytes]:
    """Return the page and the script that folium wrote for it."""
    west, south, east, north = data["bounds"]
    page = _Page(
        f"{data['name']} · {data['words']['battle_map']}",
        language="zh-CN" if data["language"] == "zh" else "en",
        theme=look.name,
        script_url=script_url,
    )
    chart = _Map(((south + north) / 2, (west + east) / 2), assets_url, wall="wall" in data)
    page.add_child(chart)
    chart.add_child(_Header(style.css(look.name)))
    if tiles:
        chart.add_child(folium.TileLayer(tiles=tiles, attr=" ", max_zoom=21, max_native_zoom=18))
    chart.add_child(_Net(to_json(data).decode().replace("<", "\\u003c")))
    _number([page])
    return page.render().encode(), page.script.render().encode()


def _number(elements: Iterable[Element]) -> None:
    """Give elements the identifiers 0, 1, 2 … instead of folium's random ones."""
    waiting, number = list(elements), 0
    while waiting:
        element = waiting.pop(0)
        element._id = str(number)  # noqa: SLF001  folium has no other way
        waiting.extend(element._children.values())  # noqa: SLF001
        number += 1


@lru_cache(maxsize=8)
def _files(area: Area) -> Mapping[str, tuple[str, bytes]]:
    return {
        "ground.json": ("application/json", ground_file(area)),
        "buildings.json": ("application/json", points_file(area, ("building",))),
        "sites.json": ("application/json", points_file(area, ("site", "service"))),
    }


def _net(area: Area, language: str) -> dict[str, Any]:
    """Return the net as the script takes it; geometry is the same in every language and is encoded once."""
    net, shape = area.net, _encoded(area)
    depth = tint_depth(net)
    names = {entry.key: entry.name for entry in (*area.pack.levels, *area.pack.overlays)}
    levels = [
        {
            "key": level.key,
            "name": names[level.key].in_(language),
            "counted": names[level.key].counted(net.count(level.key), language),
            "count": net.count(level.key),
            "codes": level.codes.tolist(),
            "labels": leaf_labels(net) if level is net.leaf else level.labels.tolist(),
            "parents": level.parents.tolist(),
            **shape[level.key],
        }
        for level in net.levels
    ]
    overlays = [
        {
            "key": overlay.key,
            "name": names[overlay.key].in_(language),
            "counted": names[overlay.key].counted(len(overlay), language),
            "responsible": overlay.responsible,
            "codes": overlay.codes.tolist(),
            "labels": overlay.labels.tolist(),
            "titles": overlay.titles.tolist(),
            **shape[overlay.key],
        }
        for overlay in net.overlays
    ]
    return {
        "origin": origin_of(net),
        "unit": UNIT,
        "bounds": net.bounds,
        "outline": shape[""]["shapes"],
        "tint_depth": depth,
        "tints": shape[""]["tints"],
        "levels": levels,
        "overlays": overlays,
        "stacks": {stack.code: stack.on for stack in net.stacks},
    }


@lru_cache(maxsize=8)
def _encoded(area: Area) -> dict[str, dict[str, Any]]:
    net, origin = area.net, origin_of(area.net)
    parts: tuple[Level | Overlay, ...] = (*net.levels, *net.overlays)
    encoded = {
        part.key: {"shapes": shapes(simplified(part.geoms), origin), "anchors": _rounded(anchors(part.geoms), origin)}
        for part in parts
    }
    tinted = net.levels[tint_depth(net)]
    outline = shapely.union_all(shapely.make_valid(net.leaf.geoms), grid_size=1e-7)
    encoded[""] = {
        "shapes": shapes(simplified(np.array([outline], dtype=object)), origin),
        "tints": tints(shapely.make_valid(tinted.geoms), colours=TINTS).tolist(),
    }
    return encoded


def simplified(geoms: np.ndarray) -> np.ndarray:
    """Drop points that no screen can show; edges that polygons share stay shared. Geometries that cannot be simplified stay as they are."""
    if not len(geoms) or not shapely.is_valid(geoms).all():
        return geoms
    try:
        return np.asarray(shapely.coverage_simplify(geoms, SIMPLIFY))
    except shapely.errors.ShapelyError:
        return geoms


def _rounded(places: np.ndarray, origin: tuple[int, int]) -> list[list[float]]:
    return [
        [round(lon / UNIT) - origin[0], round(lat / UNIT) - origin[1], round(radius, 1), round(half, 1)]
        for lon, lat, radius, half in places
    ]


def _style(look: style.Style) -> dict[str, Any]:
    table = style.tables()
    return {
        "colours": dict(look.colours),
        "tints": look.tints,
        "outlines": look.outlines,
        "line": table["line"],
        "state": table["state"],
        "font": table["type"]["family"],
        "desk": table["type"]["desk"],
        "wall": table["type"]["wall"],
        "mark": {
            "size": table["mark"]["size"],
            "tick": table["mark"]["tick"],
            "suspended": table["mark"]["suspended"],
            "ripples": table["mark"]["new_ripples"],
        },
        "marks": {name: vars(mark) for name, mark in look.marks.items()},
    }


def _glyphs(area: Area) -> dict[str, str]:
    classes = {key for kind in ("site", "service") for key in class_names(area, kind)} | {
        entry.key for entry in area.pack.points if entry.kind == "building"
    }
    return {key: style.glyph(key) for key in sorted(classes) if key in style.tables()["class"]} | {"": style.glyph("")}


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """Return a digest of everything but the area that shapes a document."""
    room = Path(__file__).parent
    console = sorted((room.parent / "pages" / "assets").iterdir())
    paths = [*sorted(room.glob("*.py")), style.THEME, *assets().values(), *(path for path in console if path.is_file())]
    return _digest([path.read_bytes() for path in paths])


def _digest(parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()[:20]
