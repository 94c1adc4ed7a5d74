"""Watering (洒水降尘) of construction sites: how often a site has to be watered, and how it stands at a moment. Days on which nobody has to (rain, frost) do not count.

How often is no rule of a standard: the practice names every day (每天洒水降尘, domain.md 4.5), the hours between two are a setting of the city.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name
from inspections.reading import entries, name_of, texts_of, unknown, whole_of

KEY = re.compile(r"[a-z][a-z_]{0,19}")
MOST_HOURS = 24 * 31
MOST_KEEP = 3660
DAY = timedelta(days=1)


class Wet(StrEnum):
    """How a site stands."""

    EXCUSED = "excused"  # today nobody has to water
    WATERED = "watered"
    DRY = "dry"  # longer ago than the rule allows, or never


@dataclass(frozen=True)
class WateringRules:
    """All of ``watering.toml``.

    Attributes
    ----------
    hours
        So many hours lie between two waterings at most.
    back_days
        So many days back a watering is written down.
    kinds
        Kinds of sites that keep a log.
    ways, reasons
        Key -> name: how it is done, and why nobody has to on a day.
    """

    hours: int
    back_days: int
    kinds: tuple[str, ...]
    ways: Mapping[str, Name]
    reasons: Mapping[str, Name]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``watering.toml``; docs/sites.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, ("hours", "back_days", "kinds", "ways", "reasons"), "", faults)
        hours = whole_of(table, "hours", "", faults, most=MOST_HOURS, least=1)
        back = whole_of(table, "back_days", "", faults, most=MOST_KEEP, least=1)
        faults += [f"{name}: it is missing; write {name} = 12" for name in ("hours", "back_days") if name not in table]
        kinds = texts_of(table, "kinds", "", faults)
        ways, reasons = (_named(table, what, faults) for what in ("ways", "reasons"))
        if kinds and not ways:
            faults.append("ways: there is none; write [[ways]] above each")
        if faults:
            raise RulesError(f"watering.toml has {len(faults)} fault(s):", faults)
        return cls(hours or 1, back or 1, kinds, MappingProxyType(ways), MappingProxyType(reasons))

    def way(self, key: str) -> Name:
        """Return what a way is called; one that the rules do not have any more is called by its key."""
        return self.ways.get(key) or Name(key, key)

    def reason(self, key: str) -> Name:
        """Return what a reason is called; one that the rules do not have any more is called by its key."""
        return self.reasons.get(key) or Name(key, key)


def standing(last: datetime | None, now: datetime, hours: int, excused: Collection[date], zone: tzinfo) -> Wet:
    """Return how a site stands.

    Parameters
    ----------
    last
        When it was watered last; None for never.
    hours
        That lie between two at most.
    excused
        Days on which nobody has to water. Their hours do not count: from the evening before to the morning after one the clock stands still.
    """
    today = now.astimezone(zone).date()
    if today in excused:
        return Wet.EXCUSED
    if last is None:
        return Wet.DRY
    waited = now - last
    for day in excused:
        # In UTC: the day on which the clocks change has 23 hours, or 25.
        start, end = (datetime.combine(one, datetime.min.time(), zone).astimezone(UTC) for one in (day, day + DAY))
        waited -= max(timedelta(0), min(now, end) - max(last, start))
    return Wet.WATERED if waited <= timedelta(hours=hours) else Wet.DRY


def _named(table: Mapping[str, Any], what: str, faults: list[str]) -> dict[str, Name]:
    found: dict[str, Name] = {}
    for where, entry in entries(table, what, faults):
        unknown(entry, ("key", "name", "name_en", "source"), where, faults)
        key, name = entry.get("key"), name_of(entry, "name", where, faults)
        if not isinstance(key, str) or not KEY.fullmatch(key) or key in found:
            faults.append(f'{where}key: {key!r} is no word of its own of at most 20 letters a to z; write key = "cart"')
        else:
            found[key] = name
    return found
