"""The places of visits: buildings of the pack, found by grid or by their codes, and points."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from desk.orders.people import is_inside
from desk.places import buildings
from desk.places.place import place
from desk.room import Room
from geo.errors import DraftError
from layers.load import Area

BUILDING = "building"
SHOWN = 5  # unknown codes that an error names
BETWEEN = re.compile(r"[\s,，;；、]+")  # codes that somebody wrote


@dataclass(frozen=True)
class Goal:
    """Where a visit goes.

    Attributes
    ----------
    lon, lat
        Degrees WGS84.
    codes
        Of every level and overlay.
    building
        Its id, "" for a point.
    """

    lon: float
    lat: float
    codes: Mapping[str, str]
    building: str = ""
    title: str = ""


def houses(room: Room, grid: tuple[str, str] | None = None) -> list[Goal]:
    """Return the buildings that who looks through a room may plan visits to, in the order of the pack.

    Parameters
    ----------
    grid
        Level or overlay, and code: only those in it.
    """
    found = (goal for goal in _all(room.area).values() if is_inside(room, goal.codes))
    return [goal for goal in found if grid is None or grid[1] in goal.codes.get(grid[0], "").split(";")]


@lru_cache(maxsize=8)
def households(area: Area) -> Mapping[str, int]:
    """Return how many households each building of an area has; those of which the pack does not say are left out."""
    found: dict[str, int] = {}
    for entry in area.pack.points:
        if entry.kind == BUILDING:
            frame = area.points[entry.key]
            known = frame[frame["households"].notna()]
            found |= {str(id_): int(many) for id_, many in zip(known["id"], known["households"], strict=True)}
    return found


def codes_in(text: str) -> list[str]:
    """Return the codes of a text that has one a line, or one after the other with what a Chinese or a Latin keyboard puts between."""
    return [code for code in BETWEEN.split(text) if code]


def named(room: Room, codes: Iterable[str]) -> list[Goal]:
    """Return buildings by their ids, each once.

    Raises
    ------
    DraftError
        Some are none, or lie beyond what one sees; names them.
    """
    known = {goal.building: goal for goal in houses(room)}
    wanted = list(dict.fromkeys(code.strip() for code in codes if code.strip()))
    strange = [code for code in wanted if code not in known]
    if strange:
        raise DraftError(f"There is no building {', '.join(strange[:SHOWN])} here. Take it from the list of a grid.", field="visit_places")  # fmt: skip
    return [known[code] for code in wanted]


def point(room: Room, lon: float, lat: float, building: str = "") -> Goal:
    """Return a place by its coordinates, with the building that was named there.

    Raises
    ------
    PlaceError, DraftError
        It lies in no grid; or in none of who looks.
    """
    goal = _all(room.area).get(building) or Goal(float(lon), float(lat), place(room, lon, lat).codes)
    if not is_inside(room, goal.codes):
        raise DraftError("The place lies in none of your grids. The post of that grid goes there.", field="visit_where")
    return goal


def title(room: Room, building: str) -> str:
    """Return what people call a building; "" for none."""
    goal = _all(room.area).get(building)
    return goal.title if goal else ""


@lru_cache(maxsize=8)
def _all(area: Area) -> Mapping[str, Goal]:
    """Return every building of an area by its id."""
    spots, keys = buildings(area), area.net.keys
    found: dict[str, Goal] = {}
    for entry in area.pack.points:
        if entry.kind != BUILDING:
            continue
        frame = area.points[entry.key]
        for id_, codes in zip(frame["id"].astype(str), frame[keys].astype(str).to_dict("records"), strict=True):
            spot = spots.get(id_)
            if spot and id_ not in found:
                found[id_] = Goal(spot.lon, spot.lat, {str(key): code for key, code in codes.items()}, id_, spot.label)
    return found
