"""A building as an emergency card needs it: where it is, how many households it has, what lies nearest. Counts and places, nobody's data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from desk.places import stacks_at
from desk.room import Room
from geo.errors import UnknownGrid
from geo.measure import distances_m
from geo.net import Stack
from incidents.emergency_rules import Nearest
from layers.load import Area
from layers.pack import PointEntry

BUILDING = "building"
NEARBY = frozenset({"site", "service", BUILDING})


@dataclass(frozen=True)
class Building:
    """A building of the pack.

    Attributes
    ----------
    households, storeys, units
        As the pack counts them; None where it does not.
    parts
        The micro-grids that lie one above another in it, with their units, floors and households.
    """

    code: str
    layer: str
    name: str
    address: str
    lon: float
    lat: float
    codes: Mapping[str, str]
    households: int | None = None
    storeys: int | None = None
    units: int | None = None
    parts: tuple[Stack, ...] = ()

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.address or self.code


@dataclass(frozen=True)
class Near:
    """The nearest point of a kind, by straight line in metres; None where the pack has none."""

    kind: Nearest
    name: str = ""
    address: str = ""
    metres: float | None = None


def building(room: Room, code: str) -> Building:
    """Return a building.

    Raises
    ------
    UnknownGrid
        There is none of that code, or none for who looks: the answer does not tell which.
    """
    found = next((one for one in _all(room.area, code) if sees(room, one.codes)), None)
    if found is None:
        raise UnknownGrid(f"Area {room.id!r} has no building {code!r}. Search for it by name.")
    return found


def sees(room: Room, codes: Mapping[str, str]) -> bool:
    """Tell whether a place lies in the scope of who looks: a grid's people see their grid, a department, which comes when it is called, the whole area."""
    within = room.within
    return not within.codes or not within.codes.isdisjoint(codes.get(within.grid, "").split(";"))


def titles(room: Room) -> dict[str, str]:
    """Return the buildings that who looks sees: code -> what people call it."""
    found: dict[str, str] = {}
    for entry in room.area.pack.points:
        if entry.kind != BUILDING:
            continue
        frame, within = room.area.points[entry.key], room.within
        if within.codes:
            frame = frame[[not within.codes.isdisjoint(str(codes).split(";")) for codes in frame[within.grid]]]
        for code, name, address in zip(frame["id"], frame["name"], frame["address"], strict=True):
            found.setdefault(str(code), name or address or str(code))
    return found


def nearest(room: Room, at: Building) -> list[Near]:
    """Return the nearest point of every kind that ``emergency.toml`` names."""
    return [_nearest(room.area, kind, at) for kind in room.rules.emergencies.nearest]


def _nearest(area: Area, kind: Nearest, at: Building) -> Near:
    found = Near(kind)
    for entry in area.pack.points:
        if entry.kind not in NEARBY:
            continue
        frame = area.points[entry.key]
        if entry.key not in kind.layers:
            frame = frame[frame["class"].isin(kind.classes)] if "class" in frame else frame.iloc[:0]
        if frame.empty:
            continue
        lon, lat = frame.geometry.x.to_numpy(), frame.geometry.y.to_numpy()
        metres = distances_m(lon, lat, np.full(len(lon), at.lon), np.full(len(lat), at.lat))
        first = int(metres.argmin())
        if found.metres is None or metres[first] < found.metres:
            row = frame.iloc[first]
            found = Near(kind, row["name"] or row["address"] or str(row["id"]), row["address"], float(metres[first]))
    return found


def _all(area: Area, code: str) -> Iterator[Building]:
    for entry in area.pack.points:
        if entry.kind == BUILDING:
            yield from _of_layer(area, entry, code)


def _of_layer(area: Area, entry: PointEntry, code: str) -> Iterator[Building]:
    frame, keys = area.points[entry.key], area.net.keys
    for _, row in frame[frame["id"] == code].iterrows():
        codes = {key: str(row[key]) for key in keys}
        leaf = codes[area.net.leaf.key]
        counts = (None if row[name] != row[name] else int(row[name]) for name in ("households", "storeys", "units"))
        households, storeys, units = counts
        yield Building(
            str(row["id"]), entry.key, row["name"], row["address"], row.geometry.x, row.geometry.y, codes,
            households, storeys, units, stacks_at(area, leaf),
        )  # fmt: skip
