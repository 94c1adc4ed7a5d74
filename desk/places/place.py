"""Placing a report in the net: its codes, whether they can be trusted, who is responsible, and what may be the same thing."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from desk.room import Room
from geo.crs import to_wgs84
from geo.errors import PlaceError
from geo.nearby import Nearby
from incidents.case import Incident
from incidents.posts import Duty, duty_of
from ledger import find

MOST_LON, MOST_LAT = 180.0, 90.0


@dataclass(frozen=True)
class Place:
    """Where a point lies.

    Attributes
    ----------
    codes
        Code of every level and overlay.
    match
        ``inside``, ``boundary`` or ``nearest``.
    edge_m
        Metres to an edge that is too near to trust; None elsewhere.
    """

    codes: Mapping[str, str]
    match: str
    edge_m: float | None


def place(room: Room, lon: float, lat: float, *, unit: float | None = None, floor: float | None = None) -> Place:
    """Find the grids of one point.

    Raises
    ------
    PlaceError
        It lies in no grid, nor near one; says what it may be: swapped, in another system, or outside.
    """
    codes = room.area.net.inside(float(lon), float(lat), edge=room.rules.settings.edge_m, unit=unit, floor=floor)
    if codes is not None:
        return Place(codes, "inside", None)
    found = places(
        room, np.array([lon], dtype=np.float64), np.array([lat], dtype=np.float64), unit=[unit], floor=[floor]
    )[0]
    if isinstance(found, PlaceError):
        raise found
    return found


def places(
    room: Room, lon: np.ndarray, lat: np.ndarray, *, unit: Any = None, floor: Any = None
) -> list[Place | PlaceError]:
    """Find the grids of many points; one that lies in none gets the error that says so.

    Parameters
    ----------
    lon, lat
        Degrees, float64 (n,).
    unit, floor
        Unit and floor of each (n,), None where nobody told; None for all.
    """
    net, settings = room.area.net, room.rules.settings
    found = net.columns(lon, lat, unit=unit, floor=floor, nearest=settings.outside_m)
    edges = net.edge_m(lon, lat, within=settings.edge_m)
    codes = [dict(zip(net.keys, row, strict=True)) for row in zip(*(found[key] for key in net.keys), strict=True)]
    return [
        _outside(room, x, y)
        if match == "outside"
        else Place(
            {str(key): str(code) for key, code in row.items()}, match, None if math.isnan(edge) else round(edge, 1)
        )
        for row, match, edge, x, y in zip(codes, found["grid_match"], edges, lon, lat, strict=True)
    ]


def duty(room: Room, codes: Mapping[str, str]) -> Duty:
    """Return the posts that answer for a place."""
    return duty_of(room.area.net, codes, room.posts)


def neighbours(room: Room, incident: Incident, *, at: datetime) -> list[tuple[Incident, float]]:
    """Return what may be the same thing as an incident, with its distance in metres, nearest first.

    The same class, within `same_m` metres and `same_hours` before ``at``; those that a person linked with it or kept apart from it are left out, and those that who
    looks does not see: of an incident that lies beyond that itself there are none.
    """
    if not room.sees(incident):
        return []
    settings = room.rules.settings
    since = at - timedelta(hours=settings.same_hours)
    with room.ledger.reading() as connection:
        recent = find.incidents(
            connection,
            room.wanted(
                classes=frozenset({incident.class_}), reported_since=since, reported_until=at + timedelta(hours=1)
            ),
        )
        decided = find.related(connection, room.id, incident.number) if incident.number else {}
    known = {other.number: other for other in recent if other.number != incident.number and other.number not in decided}
    index = Nearby((number, other.lon, other.lat) for number, other in known.items())
    return [
        (known[number], metres) for number, metres in index.within(incident.lon, incident.lat, metres=settings.same_m)
    ]


def _outside(room: Room, lon: float, lat: float) -> PlaceError:
    """Say what a point in no grid may be."""
    kind, message = _whereabouts(room, lon, lat)
    return PlaceError(message, kind=kind)


def _whereabouts(room: Room, lon: float, lat: float) -> tuple[str, str]:
    west, south, east, north = room.area.net.bounds
    where = f"{lon:.6f}, {lat:.6f}"
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return "missing", "The place has no coordinates. Give longitude and latitude, or a building."
    if west <= lat <= east and south <= lon <= north:
        return (
            "swapped",
            f"{where} lies in no grid of {room.id}; with longitude and latitude exchanged it would. Exchange them.",
        )
    if abs(lon) > MOST_LON or abs(lat) > MOST_LAT:
        return (
            "projected",
            f"{where} is no longitude and latitude; it may be metres of a projected system. Declare its system.",
        )
    shifted = _from_gcj02(lon, lat)
    if not pd.isna(shifted[0]) and room.area.net.locator.locate(*(np.array([value]) for value in shifted))[0] >= 0:
        return (
            "shifted",
            f"{where} lies in no grid of {room.id}; read as GCJ-02 it would. Declare the system as GCJ-02.",
        )
    return (
        "outside",
        f"{where} lies in no grid of {room.id}, nor within {room.rules.settings.outside_m:.0f} m of one. Look at the place on the map.",
    )


def _from_gcj02(lon: float, lat: float) -> tuple[float, float]:
    x, y = to_wgs84(np.array([lon]), np.array([lat]), "GCJ-02")
    return float(x[0]), float(y[0])
