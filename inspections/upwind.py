"""Upwind (上风向溯源): which stations stand out, and which sources lie where the wind came from, ranked with the reasons. A list to walk (大数据+网格化+铁脚板), never a proof.

Micro-stations show trends only: nothing here is an index, a limit or a ground for a measure. The numbers are settings [own, medium]. Source: domain.md 4.5.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from geo.errors import DraftError
from geo.measure import WGS84

CIRCLE = 360.0


class Alarm(StrEnum):
    """Why a station stands out."""

    NEIGHBOURS = "neighbours"  # so many times the mean of the others
    RISE = "rise"  # so much more than an hour before


@dataclass(frozen=True)
class UpwindRules:
    """How stations stand out, and how far one looks for sources.

    Attributes
    ----------
    times
        A value of so many times the mean of the neighbours stands out.
    rise
        So does one that rose by this share within an hour.
    regional
        Where this share of all stations rose so, it is the whole city, and none stands out.
    core_deg, wide_deg
        Half angles of the sector upwind: the core of it, and all of it.
    rings_m
        Outer radii of the rings in metres, the nearest first.
    calm_m_s
        Below this wind there is no direction, and one looks around within ``calm_radius_m``.
    """

    times: float = 1.5
    rise: float = 0.5
    regional: float = 0.6
    core_deg: float = 22.5
    wide_deg: float = 45.0
    rings_m: tuple[float, ...] = (500.0, 1000.0, 3000.0)
    calm_m_s: float = 1.0
    calm_radius_m: float = 500.0


@dataclass(frozen=True)
class Wind:
    """The wind of an hour: from which direction it blows, degrees clockwise from north, and metres a second."""

    from_deg: float
    speed: float

    def __post_init__(self) -> None:
        """Refuse what is no wind."""
        if not (0 <= self.from_deg <= CIRCLE and 0 <= self.speed < CIRCLE):
            raise DraftError(f"No wind blows from {self.from_deg} degrees with {self.speed} m/s.", field="air_wind")


@dataclass(frozen=True)
class Source:
    """What might be the cause: its number and kind, where it is (degrees WGS84), and how many findings it had lately."""

    number: str
    kind: str
    lon: float
    lat: float
    findings: int = 0


@dataclass(frozen=True)
class Proposal:
    """A source upwind, with the reasons for its rank.

    Attributes
    ----------
    metres, bearing_deg
        From the station: how far, and in which direction it lies.
    off_deg
        Between that and where the wind comes from; None without a direction.
    ring
        0 for the nearest.
    core
        Whether it lies in the core of the sector; without a direction all do.
    likely
        Whether its kind fits what was measured.
    """

    source: Source
    metres: float
    bearing_deg: float
    off_deg: float | None
    ring: int
    core: bool
    likely: bool


def alarms(now: Mapping[str, float], before: Mapping[str, float], rules: UpwindRules) -> dict[str, tuple[Alarm, ...]]:
    """Return which stations stand out, and why.

    Parameters
    ----------
    now, before
        Station -> value of this hour and of the one before, of one pollutant; what is missing is left out.
    """
    rose = {key for key, value in now.items() if before.get(key, 0) > 0 and value >= before[key] * (1 + rules.rise)}
    known = sum(before.get(key, 0) > 0 for key in now)
    if known > 1 and len(rose) >= rules.regional * known:
        return {}
    total, found = sum(now.values()), {}
    for key, value in now.items():
        others = (total - value) / (len(now) - 1) if len(now) > 1 else 0.0
        why = [Alarm.NEIGHBOURS] if others > 0 and value >= rules.times * others else []
        if key in rose:
            why.append(Alarm.RISE)
        if why:
            found[key] = tuple(why)
    return found


def upwind(  # noqa: PLR0917
    lon: float,
    lat: float,
    wind: Wind | None,
    sources: Sequence[Source],
    rules: UpwindRules,
    likely: Collection[str] = (),
) -> list[Proposal]:
    """Return the sources from which it may have come to a station, the likeliest first: by ring, core of the sector, kind, findings, and distance.

    Parameters
    ----------
    lon, lat
        Of the station, degrees WGS84.
    wind
        None where nobody measured it.
    likely
        Kinds that fit what was measured: dust where there is much more PM10 than PM2.5, say.
    """
    if not sources:
        return []
    here = np.full(len(sources), lon), np.full(len(sources), lat)
    there = np.array([[one.lon, one.lat] for one in sources])
    bearing, _, metres = WGS84.inv(*here, there[:, 0], there[:, 1])
    bearing = np.mod(bearing, CIRCLE)
    blows = wind is not None and wind.speed >= rules.calm_m_s
    off = np.abs(np.mod(bearing - (wind.from_deg if wind else 0.0) + CIRCLE / 2, CIRCLE) - CIRCLE / 2)
    ring = np.searchsorted(rules.rings_m, metres, side="left")
    there_is = (ring < len(rules.rings_m)) & (off <= rules.wide_deg) if blows else metres <= rules.calm_radius_m
    found = [
        Proposal(
            sources[at],
            float(metres[at]),
            float(bearing[at]),
            float(off[at]) if blows else None,
            int(ring[at]),
            not blows or bool(off[at] <= rules.core_deg),
            sources[at].kind in likely,
        )
        for at in np.flatnonzero(there_is).tolist()
    ]
    return sorted(found, key=lambda one: (one.ring, not one.core, not one.likely, -one.source.findings, one.metres))
