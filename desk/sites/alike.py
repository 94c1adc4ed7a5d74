"""Sites that may be one and the same: of one kind, near to each other, of like names. A person decides."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import shapely

from geo.measure import distances_m, projection

LIKE = 0.8  # share of letters that two names have in common
SHORTEST = 2
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Known:
    """A site as it is compared: what to call it, its kind, name and place in degrees."""

    key: str
    kind: str
    name: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Pair:
    """Two sites that may be one, and how far apart they are."""

    key: str
    other: str
    name: str
    metres: float


def alike(news: Sequence[Known], there: Sequence[Known], *, metres: float) -> list[Pair]:
    """Return which of some new sites may be one of those before them, or one that there is, each with the nearest.

    Parameters
    ----------
    news, there
        In order; a key stands for one site in both.
    """
    every = [*there, *news]
    if not news:
        return []
    lon, lat = (np.array([getattr(one, axis) for one in every]) for axis in ("lon", "lat"))
    planar = projection(float(lon.mean()), float(lat.mean()))(np.column_stack([lon, lat]))
    tree = shapely.STRtree(shapely.points(planar))
    first = len(there)
    ours, others = tree.query(shapely.points(planar[first:]), predicate="dwithin", distance=metres * 1.01)
    earlier = others < ours + first
    ours, others = ours[earlier] + first, others[earlier]
    apart = distances_m(lon[ours], lat[ours], lon[others], lat[others])
    found: dict[str, Pair] = {}
    for at, other, far in sorted(zip(ours.tolist(), others.tolist(), apart.tolist(), strict=True), key=lambda row: (row[0], row[2])):  # fmt: skip
        one, before = every[at], every[other]
        if far <= metres and one.key not in found and one.key != before.key and _like(one, before):
            found[one.key] = Pair(one.key, before.key, before.name, round(far, 1))
    return list(found.values())


def _like(one: Known, other: Known) -> bool:
    a, b = _plain(one.name), _plain(other.name)
    if one.kind != other.kind or _DIGITS.findall(a) != _DIGITS.findall(b):
        return False
    short, long = sorted((a, b), key=len)
    within = len(short) >= SHORTEST and short in long
    return a == b or within or SequenceMatcher(None, a, b).ratio() >= LIKE


def _plain(name: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())
