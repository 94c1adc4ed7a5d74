"""What lies near a place: an index of points that come and go, as incidents do.

The net is compiled once and asked often (`geo.locate`); incidents change all day, so they stand in an R-tree (rtree, libspatialindex), which takes and gives up points one by one.
"""

import math
from collections.abc import Iterable
from itertools import count
from threading import Lock

import numpy as np
from rtree import index

from geo.errors import GeometryError
from geo.measure import distances_m

METRES_A_DEGREE = 110_500.0  # of latitude, at its least (equator, WGS84 ellipsoid: 110,574 m), so that a search box is never too small
POLE = 89.9
FIRST_RING = 100.0
FARTHEST = 20_100_000.0  # half a turn round the earth


class Nearby:
    """Points with a key each, WGS84 longitude and latitude in degrees. Safe to use from many threads.

    Parameters
    ----------
    points
        Triples of key, longitude, latitude; points without a place (NaN) are left out.

    Examples
    --------
    >>> near = Nearby([("a", 113.6, 34.75), ("b", 113.6001, 34.75)])
    >>> [key for key, metres in near.within(113.6, 34.75, metres=50)]
    ['a', 'b']
    """

    def __init__(self, points: Iterable[tuple[str, float, float]] = ()) -> None:
        self._lock = Lock()
        self._numbers = count()
        self._places: dict[str, tuple[int, float, float]] = {}
        self._keys: dict[int, str] = {}
        self._tree = index.Index()
        for key, lon, lat in points:
            if math.isfinite(lon) and math.isfinite(lat):
                self.put(key, lon, lat)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def put(self, key: str, lon: float, lat: float) -> None:
        """Add a point, or move the one of that key.

        Raises
        ------
        GeometryError
            The place is not a finite longitude and latitude.
        """
        if not (math.isfinite(lon) and math.isfinite(lat) and abs(lat) <= 90):  # noqa: PLR2004
            raise GeometryError(f"{key!r} has no place: longitude {lon}, latitude {lat}. Give degrees.")
        with self._lock:
            self._drop(key)
            number = next(self._numbers)
            self._places[key], self._keys[number] = (number, lon, lat), key
            self._tree.insert(number, (lon, lat, lon, lat))

    def remove(self, key: str) -> None:
        """Take a point out; one that is not there is no fault."""
        with self._lock:
            self._drop(key)

    def within(self, lon: float, lat: float, *, metres: float) -> list[tuple[str, float]]:
        """Return the keys within a geodesic distance, each with its metres, nearest first, of equals by key."""
        high = metres / METRES_A_DEGREE
        edge = min(abs(lat) + high, POLE)
        wide = min(high / math.cos(math.radians(edge)), 360.0)
        with self._lock:
            found = [
                self._keys[number]
                for number in self._tree.intersection((lon - wide, lat - high, lon + wide, lat + high))
            ]
            places = np.array([self._places[key][1:] for key in found], dtype=np.float64).reshape(-1, 2)
        distances = distances_m(np.full(len(found), lon), np.full(len(found), lat), places[:, 0], places[:, 1])
        near = [(key, float(distance)) for key, distance in zip(found, distances, strict=True) if distance <= metres]
        return sorted(near, key=lambda pair: (pair[1], pair[0]))

    def nearest(self, lon: float, lat: float, *, most: int = 1) -> list[tuple[str, float]]:
        """Return at most so many keys, each with its metres, nearest first, of equals by key."""
        ring = FIRST_RING
        while True:
            found = self.within(lon, lat, metres=ring)
            if len(found) >= min(most, len(self)) or ring >= FARTHEST:
                return found[:most]
            ring *= 4

    def _drop(self, key: str) -> None:
        if key in self._places:
            number, lon, lat = self._places.pop(key)
            del self._keys[number]
            self._tree.delete(number, (lon, lat, lon, lat))
