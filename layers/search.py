"""Searching an area for a grid, building, street or site by name or code."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import geopandas as gpd
import numpy as np
import shapely

from geo.net import Level, Net, Overlay
from geo.scheme import Name
from layers.grid_names import homes
from layers.load import Area

MOST = 20
SEPARATOR = "\n"


@dataclass(frozen=True)
class Found:
    """A thing that a search found.

    Attributes
    ----------
    kind, code
        Key of its level, overlay, point layer or ground layer ("street" for streets), and its code in there.
    label, detail
        What to show, and what it is.
    lon, lat, bbox
        Where it is, degrees; bbox is west, south, east, north.
    """

    kind: str
    code: str
    label: str
    detail: Name
    lon: float
    lat: float
    bbox: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Index:
    """Everything of an area that can be found: ``texts`` are the folded names and codes of ``things``, in order of rank."""

    things: list[Found]
    texts: list[str]

    def search(self, query: str, *, most: int = MOST) -> list[Found]:
        """Find things that hold every word of a query, the best first: exact, then beginning with it, then holding it; of equals grids come first."""
        words = [fold(word) for word in query.split()]
        words = [word for word in words if word]
        if not words:
            return []
        hits = [position for position, text in enumerate(self.texts) if all(word in text for word in words)]
        whole = fold(query)
        hits.sort(key=lambda position: (_rank(self.texts[position], whole), position))
        return [self.things[position] for position in hits[:most]]


@lru_cache(maxsize=8)
def index_of(area: Area) -> Index:
    """Build the index of an area: once, then a search over 50,000 buildings takes milliseconds."""
    things, texts = [], []
    for thing, names in _things(area):
        folded = dict.fromkeys(fold(name) for name in (thing.label, thing.code, *names))
        things.append(thing)
        texts.append(SEPARATOR + SEPARATOR.join(text for text in folded if text) + SEPARATOR)
    return Index(things, texts)


def fold(text: str) -> str:
    """Fold a text so that case, full-width forms, kinds of dashes and spaces do not matter."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_DASHES.get(character, character) for character in wide if not character.isspace())


_DASHES = dict.fromkeys("‐‑‒–—―−﹣－", "-")


def _rank(text: str, query: str) -> int:
    if SEPARATOR + query + SEPARATOR in text:
        return 0
    return 1 if SEPARATOR + query in text else 2


def _things(area: Area) -> Iterator[tuple[Found, list[str]]]:
    """Walk through everything, what people look for most first."""
    for level in reversed(area.net.levels):
        yield from _grids(level, area.net)
    for overlay in area.net.overlays:
        yield from _overlay(overlay)
    yield from _streets(area)
    for entry in area.pack.points:
        if entry.kind in {"building", "site", "service"}:
            yield from _points(entry.key, entry.name, area.points[entry.key])
    for ground in area.pack.ground:
        if ground.kind not in {"street", "footprint"}:
            yield from _named(ground.key, ground.name, area.ground[ground.key])


def _grids(level: Level, net: Net) -> Iterator[tuple[Found, list[str]]]:
    home = homes(net)[level.key]
    carriers = net.stacked if level is net.leaf else {}
    for position, code in enumerate(level.codes):
        geom = level.geoms[position]
        if code not in carriers:
            detail = _with_home(level.name, home[code])
            yield _found(level.key, code, level.labels[position], detail, geom), [level.posts[position], home[code]]
        for stack in carriers.get(code, ()):
            detail = _with_home(level.name, home[stack.code])
            yield _found(level.key, stack.code, stack.label, detail, geom), [stack.post, home[stack.code]]


def _with_home(name: Name, home: str) -> Name:
    return Name(f"{name.zh} · {home}", f"{name.en} · {home}") if home else name


def _overlay(overlay: Overlay) -> Iterator[tuple[Found, list[str]]]:
    for code, label, title, post, geom in zip(
        overlay.codes, overlay.labels, overlay.titles, overlay.posts, overlay.geoms, strict=True
    ):
        shown = title if label in title else f"{label} {title}".strip()
        yield _found(overlay.key, code, shown, overlay.name, geom), [label, title, post]


def _points(key: str, name: Name, frame: gpd.GeoDataFrame) -> Iterator[tuple[Found, list[str]]]:
    x, y = shapely.get_x(frame.geometry.to_numpy()), shapely.get_y(frame.geometry.to_numpy())
    for code, title, address, lon, lat in zip(frame["id"], frame["name"], frame["address"], x, y, strict=True):
        if np.isfinite(lon) and np.isfinite(lat):
            place = (round(float(lon), 6), round(float(lat), 6))
            detail = Name(f"{name.zh} · {address}", f"{name.en} · {address}") if address and title else name
            yield Found(key, str(code), title or address or str(code), detail, *place, (*place, *place)), [address]


def _streets(area: Area) -> Iterator[tuple[Found, list[str]]]:
    for entry in area.pack.ground:
        if entry.kind == "street":
            yield from _named("street", entry.name, area.ground[entry.key])


def _named(kind: str, name: Name, frame: gpd.GeoDataFrame) -> Iterator[tuple[Found, list[str]]]:
    """Walk through the named things of a ground layer; the pieces of one name are one thing."""
    for title, pieces in _by_title(frame):
        yield _found(kind, title, title, name, shapely.union_all(pieces) if len(pieces) > 1 else pieces[0]), []


def _by_title(frame: gpd.GeoDataFrame) -> Iterable[tuple[str, np.ndarray]]:
    titles = frame["title"].to_numpy()
    geoms = frame.geometry.to_numpy()
    for title in sorted({str(title) for title in titles if title}):
        yield title, geoms[titles == title]


def _found(kind: str, code: str, label: str, detail: Name, geom: shapely.Geometry) -> Found:
    west, south, east, north = (round(float(edge), 6) for edge in shapely.bounds(geom))
    middle = shapely.point_on_surface(geom)
    return Found(
        kind, code, label, detail, round(float(middle.x), 6), round(float(middle.y), 6), (west, south, east, north)
    )
