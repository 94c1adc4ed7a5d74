"""The places of an area by name: for a person who types one into a form, for messages that name one, and for a click that has none."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.crs import to_wgs84
from geo.errors import PlaceError
from geo.nearby import Nearby
from geo.net import Net, Stack
from incidents.places import Because, Kind, PlaceRef, Places, Whereabouts, numbers, plain
from layers import search as index
from layers.load import Area
from layers.pack import PointEntry
from layers.tables import both, coordinate

MOST = 12
NEAR_M = 40.0  # a click this near to a building is probably at it
GENERIC = 3  # so many buildings of one name: none is known by it alone
SYSTEMS = ("WGS84", "GCJ-02", "BD-09")
GUESSED = frozenset({Because.ONLY_ONE, Because.ONE_OF_SEVERAL})  # from a number alone
NUMBERED = re.compile(r"(?:[A-Za-z]?\d{1,3}|[A-Za-z])号楼?")
DOOR = re.compile(r".+?\d+号")
# Parts of an address that say where in a building, not which one.
INSIDE = re.compile(
    r"\d{1,2}单元(?:\d{3,4})?|(?:负|地下|[Bb-])?\d{1,2}(?:层|楼)(?!道|长|梯)|\d{3,4}(?:室|户|房)|(?<=号楼)\d{1,2}-\d{3,4}"
)


@dataclass(frozen=True)
class Spot:
    """A place that a report may be given.

    Attributes
    ----------
    kind, code
        What it is, and its key there.
    label, detail
        What to show, and what tells it from others of its name.
    lon, lat
        Degrees; of a grid, compound or street a point in the middle.
    exact
        Whether it is the place itself, and not the middle of something wide.
    address
        As a case keeps it.
    building
        Id of the building, "" elsewhere.
    unit, floor
        As they were named with it; None where not.
    """

    kind: Kind
    code: str
    label: str
    detail: str
    lon: float
    lat: float
    exact: bool = False
    address: str = ""
    building: str = ""
    unit: float | None = None
    floor: float | None = None


def search(area: Area, query: str, *, most: int = MOST) -> list[Spot]:
    """Find places as a person types them: 康桥新城5号楼2单元, 织云路74号, 3-05, 建材市场; best first."""
    bare, said = INSIDE.sub("", plain(query)), numbers(query)
    spoken = [found for found in places_of(area).find(query) if found.because not in GUESSED or found.word == bare]
    listed = _indexed(area, query) or _indexed(area, bare)
    known: dict[tuple[Kind, str], Spot] = {}
    for spot in [*filter(None, (spot_of(area, found) for found in spoken)), *listed]:
        known.setdefault((spot.kind, spot.code), _with_part(spot, said.unit, said.floor))
    return list(known.values())[:most]


def spot_of(area: Area, found: Whereabouts) -> Spot | None:
    """Return the place that words name, or None where it has no coordinates."""
    spot = _spots(area).get((found.ref.kind, found.ref.code))
    return spot and _with_part(spot, found.unit, found.floor)


@lru_cache(maxsize=8)
def places_of(area: Area) -> Places:
    """Return the places of an area, made ready for many texts."""
    return Places(ref for ref, _spot in _named(area))


@lru_cache(maxsize=8)
def names_of(area: Area) -> frozenset[str]:
    """Return the names of an area's places, which are no people's: streets, compounds, sites, grids."""
    wide = {spot.label for (kind, _), spot in _spots(area).items() if kind is not Kind.BUILDING}
    return frozenset(name for name in wide if len(name) > 1)


def nearest(area: Area, lon: float, lat: float, *, metres: float = NEAR_M) -> Spot | None:
    """Return the building next to a point, or None where none is so near."""
    found = _buildings_near(area).within(lon, lat, metres=metres)
    return _spots(area)[Kind.BUILDING, found[0][0]] if found else None


@lru_cache(maxsize=8)
def buildings(area: Area) -> Mapping[str, Spot]:
    """Return the buildings of an area by their ids."""
    return {spot.building: spot for (kind, _), spot in _spots(area).items() if kind is Kind.BUILDING}


def covered(area: Area, kind: str, code: str) -> Spot | None:
    """Return a place by its kind and code, as a group register names what it covers; None where the area has none."""
    return _spots(area).get((Kind(kind), code))


def stacks_at(area: Area, codes: str) -> tuple[Stack, ...]:
    """Return the micro-grids that lie one above another where these leaf codes (";"-joined) are: unit and floor tell which one it is."""
    net = area.net
    wanted = set(codes.split(";"))
    group = next((group for group in net.stacked.values() if wanted & {stack.code for stack in group}), ())
    return group if len(group) > 1 else ()


def typed(text: str, system: str = "WGS84") -> tuple[float, float]:
    """Read coordinates as a person types or pastes them, and return WGS84 longitude and latitude.

    Longitude first; latitude first is understood where the numbers leave no doubt (34.74, 113.63).

    Parameters
    ----------
    system
        One of `SYSTEMS`; CGCS2000 differs from WGS84 by centimetres.

    Raises
    ------
    PlaceError
        These are no two numbers.
    """
    cell = text.replace("、", ",").strip()
    first, second = (found[0] for found in both([cell]))
    try:
        lon = coordinate(first, axis="longitude", geographic=True)
        lat = coordinate(second, axis="latitude", geographic=True)
    except ValueError as error:
        raise PlaceError(
            f"{text.strip()!r} is no pair of coordinates: {error}. Write longitude, latitude: 113.63, 34.74.",
            kind="unreadable",
        ) from error
    if first == second == cell:
        raise PlaceError(
            f"{text.strip()!r} is one number. Write longitude, latitude: 113.63, 34.74.", kind="unreadable"
        )
    if abs(lat) > 90 >= abs(lon):  # noqa: PLR2004  no latitude is beyond the pole
        lon, lat = lat, lon
    x, y = to_wgs84(np.array([lon]), np.array([lat]), system)
    return float(x[0]), float(y[0])


def _indexed(area: Area, query: str) -> list[Spot]:
    """Find by the index that the map's own search uses."""
    kinds, spots = _kinds(area), _spots(area)
    points = {entry.key for entry in area.pack.points}
    found = [thing for thing in index.index_of(area).search(query, most=3 * MOST) if thing.kind in kinds]
    keys = [
        (kinds[thing.kind], f"{thing.kind}:{thing.code}" if thing.kind in points else thing.code) for thing in found
    ]
    return [spots[key] for key in keys if key in spots]


def _kinds(area: Area) -> dict[str, Kind]:
    """Return what the things of the index are as places."""
    net = area.net
    points = {"building": Kind.BUILDING, "site": Kind.SITE, "service": Kind.SITE}
    ground = {"block": Kind.COMPOUND, "green": Kind.SITE}
    return {
        **{level.key: _level_kind(net, level.key) for level in net.levels},
        **{overlay.key: Kind.GRID for overlay in net.overlays},
        **{entry.key: points[entry.kind] for entry in area.pack.points if entry.kind in points},
        **{entry.key: ground[entry.kind] for entry in area.pack.ground if entry.kind in ground},
        "street": Kind.STREET,
    }


def _level_kind(net: Net, key: str) -> Kind:
    """Count the two lowest levels as grids, the wider ones as areas."""
    return Kind.GRID if key in {level.key for level in net.levels[-2:]} else Kind.AREA


@lru_cache(maxsize=8)
def _spots(area: Area) -> dict[tuple[Kind, str], Spot]:
    found: dict[tuple[Kind, str], Spot] = {}
    for ref, spot in _named(area):
        found.setdefault((ref.kind, ref.code), spot)
    return found


@lru_cache(maxsize=8)
def _buildings_near(area: Area) -> Nearby:
    return Nearby((spot.code, spot.lon, spot.lat) for (kind, _), spot in _spots(area).items() if kind is Kind.BUILDING)


@lru_cache(maxsize=8)
def _named(area: Area) -> tuple[tuple[PlaceRef, Spot], ...]:
    """Return every place under every name, each with what a report is given when it is chosen."""
    return (*_points(area), *_compounds(area), *_greens(area), *_grids(area), *_overlays(area), *_streets(area))


def _points(area: Area) -> Iterator[tuple[PlaceRef, Spot]]:
    for entry in area.pack.points:
        if entry.kind == "building":
            yield from _buildings(area, entry)
        elif entry.kind in {"site", "service"}:
            yield from _sites(area, entry)


def _buildings(area: Area, entry: PointEntry) -> Iterator[tuple[PlaceRef, Spot]]:
    frame = area.points[entry.key]
    often = Counter(frame["name"])
    for row, home in zip(_rows(area, frame), _homes(area, frame), strict=True):
        if not row.lies:
            continue
        generic = bool(NUMBERED.fullmatch(row.name)) or often[row.name] > GENERIC
        code, within = f"{entry.key}:{row.id}", row.within | ({home} if home else set())
        spot = Spot(
            Kind.BUILDING,
            code,
            f"{home} {row.name}" if generic and home else row.name,
            row.address or home,
            row.lon,
            row.lat,
            exact=True,
            address=row.address if row.name in row.address else f"{row.address}{row.name}",
            building=row.id,
        )
        of = home if generic else ""
        yield PlaceRef(row.name, Kind.BUILDING, code, of, frozenset(within), row.lon, row.lat), spot


def _sites(area: Area, entry: PointEntry) -> Iterator[tuple[PlaceRef, Spot]]:
    for row in _rows(area, area.points[entry.key]):
        if not row.lies:
            continue
        code, named = f"{entry.key}:{row.id}", row.address if row.name in row.address else f"{row.address} {row.name}"
        spot = Spot(Kind.SITE, code, row.name, row.address, row.lon, row.lat, exact=True, address=named.strip())
        yield PlaceRef(row.name, Kind.SITE, code, "", frozenset(row.within), row.lon, row.lat), spot


class _Row(NamedTuple):
    """A point with what it lies in."""

    id: str
    name: str
    address: str
    lon: float
    lat: float
    within: set[str]

    @property
    def lies(self) -> bool:
        return math.isfinite(self.lon) and math.isfinite(self.lat)


def _rows(area: Area, frame: gpd.GeoDataFrame) -> Iterator[_Row]:
    x, y = shapely.get_x(frame.geometry.to_numpy()), shapely.get_y(frame.geometry.to_numpy())
    codes = frame[area.net.keys].astype(str).to_dict("records")
    for id_, name, address, lon, lat, lies in zip(
        frame["id"], frame["name"], frame["address"], x, y, codes, strict=True
    ):
        yield _Row(str(id_), str(name or address or id_), str(address), float(lon), float(lat), _within(area.net, lies))


def _within(net: Net, codes: dict[str, str]) -> set[str]:
    """Return codes and names of the grids that something lies in."""
    found: set[str] = set()
    for level in net.levels:
        for code in filter(None, codes.get(level.key, "").split(";")):
            found.add(code)
            if level.key != net.leaf.key and code in level.positions:
                found.add(str(level.labels[level.positions[code]]))
    for overlay in net.overlays:
        found.update(filter(None, codes.get(overlay.key, "").split(";")))
    return found


def _homes(area: Area, frame: gpd.GeoDataFrame) -> list[str]:
    """Return for each building the name of the compound that it lies in, "" for none."""
    titles, shapes = _blocks(area)
    found = np.full(len(frame), "", dtype=object)
    if len(shapes):
        inside, which = shapely.STRtree(shapes).query(frame.geometry.to_numpy(), predicate="intersects")
        found[inside[::-1]] = titles[which[::-1]]
    return [str(title) for title in found]


def _blocks(area: Area) -> tuple[np.ndarray, np.ndarray]:
    frames = [area.ground[entry.key] for entry in area.pack.ground if entry.kind == "block"]
    named = [frame[frame["title"] != ""] for frame in frames]
    if not named or not sum(map(len, named)):
        return np.array([], dtype=object), np.array([], dtype=object)
    whole = pd.concat(named)
    return whole["title"].to_numpy(dtype=object), whole.geometry.to_numpy()


def _compounds(area: Area) -> Iterator[tuple[PlaceRef, Spot]]:
    """Walk through compounds: by their own name, and by street and number, as the addresses of their buildings say."""
    titles, shapes = _blocks(area)
    doors = _doors(area)
    for title in dict.fromkeys(map(str, titles)):
        middle = shapely.point_on_surface(shapely.union_all(shapes[titles == title]))
        within = _around(area, middle)
        door = doors.get(title, "")
        spot = Spot(
            Kind.COMPOUND, title, title, door, middle.x, middle.y, address=title if door in title else door + title
        )
        for name in dict.fromkeys((title, door)):
            if name:
                yield PlaceRef(name, Kind.COMPOUND, title, "", within, middle.x, middle.y), spot


def _doors(area: Area) -> dict[str, str]:
    """Return compound -> street and number."""
    found: dict[str, str] = {}
    for frame in area.of_kind("building").values():
        for address, home in zip(frame["address"], _homes(area, frame), strict=True):
            door = DOOR.match(str(address))
            if home and door and home in str(address):
                found.setdefault(home, door[0])
    return found


def _greens(area: Area) -> Iterator[tuple[PlaceRef, Spot]]:
    for entry in area.pack.ground:
        if entry.kind == "green":
            yield from _titled(area, area.ground[entry.key], Kind.SITE)


def _streets(area: Area) -> Iterator[tuple[PlaceRef, Spot]]:
    for entry in area.pack.ground:
        if entry.kind == "street":
            yield from _titled(area, area.ground[entry.key], Kind.STREET)


def _titled(area: Area, frame: gpd.GeoDataFrame, kind: Kind) -> Iterator[tuple[PlaceRef, Spot]]:
    """Walk through the named things of a ground layer, the pieces of one name as one; their place is on the piece nearest to the middle of them all."""
    titles, geoms = frame["title"].to_numpy(), frame.geometry.to_numpy()
    for title in sorted({str(title) for title in titles if title}):
        whole = shapely.union_all(geoms[titles == title])
        middle = shapely.point_on_surface(whole)
        if kind is Kind.STREET:  # a point of the line, not beside it
            middle = shapely.Point(shapely.shortest_line(whole, whole.centroid).coords[0])
        ref = PlaceRef(title, kind, title, "", _around(area, middle) if kind is Kind.SITE else frozenset())
        spot = Spot(kind, title, title, "", middle.x, middle.y, address=title)
        yield replace(ref, lon=middle.x, lat=middle.y), spot


def _around(area: Area, point: shapely.Point) -> frozenset[str]:
    codes = area.net.assign(np.array([point.x]), np.array([point.y])).iloc[0]
    return frozenset(_within(area.net, {key: str(codes[key]) for key in area.net.keys}))


def _grids(area: Area) -> Iterator[tuple[PlaceRef, Spot]]:
    net = area.net
    for depth, level in enumerate(net.levels):
        kind = _level_kind(net, level.key)
        middles = shapely.point_on_surface(level.geoms)
        for position, (code, middle) in enumerate(zip(map(str, level.codes), middles, strict=True)):
            above = _above(net, depth, position)
            home, marks = " ".join(label for _, label in above), {mark for pair in above for mark in pair}
            stacked = net.stacked.get(code, ()) if level is net.leaf else ()
            for own, label in [(stack.code, stack.label) for stack in stacked] or [(code, str(level.labels[position]))]:
                ref = PlaceRef(label, kind, own, "", frozenset(marks | {code}), middle.x, middle.y)
                yield ref, Spot(kind, own, label, home, middle.x, middle.y)


def _above(net: Net, depth: int, position: int) -> list[tuple[str, str]]:
    """Return code and label of the grids above a grid, the widest first."""
    found: list[tuple[str, str]] = []
    while depth and position >= 0:
        position = int(net.levels[depth].parents[position])
        depth -= 1
        if position >= 0:
            level = net.levels[depth]
            found.insert(0, (str(level.codes[position]), str(level.labels[position])))
    return found


def _overlays(area: Area) -> Iterator[tuple[PlaceRef, Spot]]:
    for overlay in area.net.overlays:
        middles = shapely.point_on_surface(overlay.geoms)
        for code, label, title, middle in zip(overlay.codes, overlay.labels, overlay.titles, middles, strict=True):
            shown = str(title) if str(label) in str(title) else f"{label} {title}".strip()
            spot = Spot(Kind.GRID, str(code), shown, "", middle.x, middle.y, address=str(title))
            for name in dict.fromkeys(filter(None, (str(label), str(title)))):
                yield PlaceRef(name, Kind.GRID, str(code), "", _around(area, middle), middle.x, middle.y), spot


def _with_part(spot: Spot, unit: str, floor: str) -> Spot:
    """Note unit and floor, where a place has some."""
    if spot.kind not in {Kind.BUILDING, Kind.COMPOUND, Kind.GRID}:
        return spot
    return replace(spot, unit=_number(unit), floor=_number(floor))


def _number(text: str) -> float | None:
    return float(text) if text else None
