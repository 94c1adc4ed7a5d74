"""Places that a phone knows without a network: the buildings of one's part, and the towers whose micro-grids lie one above another."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import shapely

from desk.emergency.building import BUILDING, building
from desk.places import nearest
from desk.reading import lies_in
from desk.room import Room
from geo.errors import UnknownGrid
from geo.net import Stack
from layers.load import Area

MOST = 150  # buildings; who looks after more of them takes the map


@dataclass(frozen=True)
class Spot:
    """A building as a phone lists it."""

    code: str
    name: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Tower:
    """A place in which unit and floor tell the micro-grid; ``bounds`` are west, south, east, north in degrees."""

    bounds: tuple[float, float, float, float]
    parts: tuple[Stack, ...]


def buildings(room: Room) -> tuple[Spot, ...]:
    """Return the buildings in the scope of who looks, none where they are more than `MOST`."""
    return _buildings(room.area, room.within.grid, room.within.codes)


def building_at(room: Room, lon: float, lat: float) -> Spot | None:
    """Return the building next to a place, where there is one that who looks sees."""
    spot = nearest(room.area, lon, lat)
    try:
        found = building(room, spot.building) if spot else None
    except UnknownGrid:
        return None
    return Spot(found.code, _name(found.name, found.address, found.code), found.lon, found.lat) if found else None


def towers(room: Room) -> tuple[Tower, ...]:
    """Return the towers in the scope of who looks."""
    return _towers(room.area, room.within.grid, room.within.codes)


@lru_cache(maxsize=512)
def _buildings(area: Area, grid: str, codes: frozenset[str]) -> tuple[Spot, ...]:
    found = list(_all(area, grid, codes))
    return tuple(found) if len(found) <= MOST else ()


def _all(area: Area, grid: str, codes: frozenset[str]) -> Iterator[Spot]:
    for entry in area.pack.points:
        if entry.kind != BUILDING:
            continue
        frame = area.points[entry.key]
        if codes:
            frame = frame[[not codes.isdisjoint(str(joined).split(";")) for joined in frame[grid]]]
        for row in frame.itertuples():
            yield Spot(
                str(row.id),
                _name(row.name, row.address, str(row.id)),
                round(row.geometry.x, 6),
                round(row.geometry.y, 6),
            )


def _name(name: str, address: str, code: str) -> str:
    return (address if name in address else f"{address} {name}".strip()) or code


@lru_cache(maxsize=512)
def _towers(area: Area, grid: str, codes: frozenset[str]) -> tuple[Tower, ...]:
    net, found = area.net, []
    for code, parts in net.stacked.items():
        own = not codes or not codes.isdisjoint(part.code for part in parts)
        if len(parts) > 1 and (own or any(lies_in(net, (net.leaf.key, code), (grid, one)) for one in codes)):
            west, south, east, north = (
                round(float(value), 6) for value in shapely.bounds(net.leaf.geoms[net.leaf.positions[code]])
            )
            found.append(Tower((west, south, east, north), tuple(parts)))
    return tuple(found)
