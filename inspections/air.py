"""The air quality index (环境空气质量指数, AQI) of HJ 633-2026, and of HJ 633-2012 for days before it was in force.

What is reckoned here is for reference (参考): the index of a place is published by its monitoring centre. Concentrations are those of the standard's reports, µg/m³, carbon
monoxide mg/m³. Source: HJ 633-2026 tables 1 to 5, HJ 633-2012; domain.md 4.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from types import MappingProxyType

from geo.errors import DraftError

LEAST, MOST = 1, 500
GOOD = 50  # up to it no pollutant is the primary one
PUBLISHED = 100  # with a pollutant missing, only an index above it is one
STEPS = (0, 50, 100, 150, 200, 300, 400, 500)


class Pollutant(StrEnum):
    """The six pollutants of the index, in the order of the standard."""

    SO2 = "so2"
    NO2 = "no2"
    CO = "co"
    O3 = "o3"
    PM10 = "pm10"
    PM25 = "pm25"


class Report(StrEnum):
    """Which report: of an hour (时报), or of a natural day (日报), whose ozone is the highest mean of eight hours."""

    HOUR = "hour"
    DAY = "day"


class Grade(StrEnum):
    """The classes of the index: 优, 良, 轻度污染, 中度污染, 重度污染, 严重污染."""

    EXCELLENT = "excellent"
    GOOD = "good"
    LIGHT = "light"
    MODERATE = "moderate"
    HEAVY = "heavy"
    SEVERE = "severe"


# The highest index of each class; above the last but one it is severe.
GRADES = MappingProxyType(dict(zip(Grade, (50, 100, 150, 200, 300, MOST), strict=True)))
Limits = tuple[str, ...]
HOURLY: Mapping[Pollutant, Limits] = MappingProxyType(
    {
        Pollutant.SO2: ("0", "150", "500", "650", "800"),
        Pollutant.NO2: ("0", "100", "200", "700", "1200", "2340", "3090", "3840"),
        Pollutant.CO: ("0", "5", "10", "35", "60", "90", "120", "150"),
        Pollutant.O3: ("0", "160", "200", "300", "400", "800", "1000", "1200"),
    }
)
DAILY: Mapping[Pollutant, Limits] = MappingProxyType(
    {
        Pollutant.SO2: ("0", "50", "150", "475", "800", "1600", "2100", "2620"),
        Pollutant.NO2: ("0", "40", "80", "180", "280", "565", "750", "940"),
        Pollutant.CO: ("0", "2", "4", "14", "24", "36", "48", "60"),
        Pollutant.O3: ("0", "100", "160", "215", "265", "800"),
    }
)


@dataclass(frozen=True)
class Standard:
    """An edition of the standard.

    Attributes
    ----------
    key
        As it is cited.
    since
        The first day on which it is in force.
    pm10, pm25
        Limits of particles, for both reports.
    caps
        Whether a gas beyond the last limit of its column has the index of that limit; the older edition gives it none.
    """

    key: str
    since: date
    pm10: Limits
    pm25: Limits
    caps: bool

    def limits(self, report: Report, pollutant: Pollutant) -> tuple[Decimal, ...]:
        """Return the concentrations at `STEPS`; fewer where the column ends before."""
        particles = {Pollutant.PM10: self.pm10, Pollutant.PM25: self.pm25}
        column = particles.get(pollutant) or (HOURLY if report is Report.HOUR else DAILY)[pollutant]
        return tuple(map(Decimal, column))


STANDARDS = (
    Standard(
        "HJ 633-2026",
        date(2026, 3, 1),
        ("0", "50", "120", "250", "350", "420", "500", "600"),
        ("0", "35", "60", "115", "150", "250", "350", "500"),
        caps=True,
    ),
    Standard(
        "HJ 633-2012",
        date(2016, 1, 1),
        ("0", "50", "150", "250", "350", "420", "500", "600"),
        ("0", "35", "75", "115", "150", "250", "350", "500"),
        caps=False,
    ),
)


@dataclass(frozen=True)
class Index:
    """What some concentrations come to.

    Attributes
    ----------
    value
        The index, 1 to 500; None where a pollutant is missing and the others give no more than 100 (NA), or where all are.
    primary
        The primary pollutants (首要污染物), above 50 alone; those that tie stand together.
    parts
        Index of each pollutant (IAQI), 0 to 500.
    missing
        What was not measured, or has no index at this concentration.
    standard
        The edition by which it was reckoned.
    """

    value: int | None
    primary: tuple[Pollutant, ...]
    parts: Mapping[Pollutant, int]
    missing: tuple[Pollutant, ...]
    standard: str

    @property
    def grade(self) -> Grade | None:
        """Return its class."""
        return None if self.value is None else grade_of(self.value)


def standard_on(day: date) -> Standard:
    """Return the edition in force on a day; the oldest one for any day before."""
    return next((one for one in STANDARDS if one.since <= day), STANDARDS[-1])


def grade_of(value: int) -> Grade:
    """Return the class of an index."""
    return next(grade for grade, highest in GRADES.items() if value <= highest)


def rounded(pollutant: Pollutant, concentration: float) -> Decimal:
    """Round a concentration as the standard asks (GB/T 8170, half to even): to one decimal place for carbon monoxide, else to whole numbers."""
    step = Decimal("0.1") if pollutant is Pollutant.CO else Decimal(1)
    return Decimal(str(concentration)).quantize(step, ROUND_HALF_EVEN)


def part(standard: Standard, report: Report, pollutant: Pollutant, concentration: float) -> int | None:
    """Return the index of one pollutant (IAQI), always rounded up; None where this edition gives none for so much.

    Raises
    ------
    DraftError
        The concentration is no number, or below 0.
    """
    if not 0 <= concentration < float("inf"):
        raise DraftError(f"{concentration!r} is no concentration of {pollutant.value}.", field="air_value")
    limits, asked = standard.limits(report, pollutant), rounded(pollutant, concentration)
    if asked > limits[-1]:
        return STEPS[len(limits) - 1] if standard.caps or len(limits) == len(STEPS) else None
    above = next(place for place, limit in enumerate(limits) if asked <= limit)
    if above == 0:
        return 0
    low, high = limits[above - 1], limits[above]
    steps = Decimal(STEPS[above] - STEPS[above - 1])
    exact = steps * (asked - low) / (high - low) + STEPS[above - 1]
    return int(exact.to_integral_value(ROUND_CEILING))


def index(measured: Mapping[Pollutant, float], report: Report, day: date) -> Index:
    """Return the index of what was measured.

    Parameters
    ----------
    measured
        Pollutant -> concentration; what is missing is left out.
    day
        Of the measurement: it says which edition is in force.
    """
    standard = standard_on(day)
    found = {one: part(standard, report, one, measured[one]) for one in Pollutant if one in measured}
    parts = {one: value for one, value in found.items() if value is not None}
    missing = tuple(one for one in Pollutant if one not in parts)
    highest = max(parts.values(), default=0)
    is_one = bool(parts) and (not missing or highest > PUBLISHED)
    primary = tuple(one for one, value in parts.items() if is_one and value == highest > GOOD)
    return Index(max(highest, LEAST) if is_one else None, primary, MappingProxyType(parts), missing, standard.key)
