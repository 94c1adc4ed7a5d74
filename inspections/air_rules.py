"""Settings of the air: ``air.toml``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name
from inspections.reading import entries, name_of, number_of, text_of, texts_of, unknown, whole_of
from inspections.upwind import UpwindRules

WHOLE = MappingProxyType(
    {"stopped_hours": 240, "day_least_hours": 24, "ozone_least_means": 24, "ozone_least_hours": 8, "list_most": 200}
)
SHARES = MappingProxyType({"times": (1, 100), "rise": (0.01, 100), "regional": (0.01, 1), "core_deg": (1, 180), "wide_deg": (1, 180), "calm_m_s": (0, 20), "calm_radius_m": (1, 20_000)})  # fmt: skip
RATIO, RINGS, KINDS, CAUSES = "coarse_ratio", "rings_m", ("coarse_kinds", "fine_kinds"), "causes"
KEY = re.compile(r"[a-z][a-z_]{0,19}")
MOST_RINGS, FARTHEST = 6, 50_000


@dataclass(frozen=True)
class Cause:
    """A kind of cause that somebody confirms at a source, and the kinds of sources for which it is offered first."""

    key: str
    name: Name
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class AirRules:
    """All of ``air.toml``.

    Attributes
    ----------
    stopped_hours
        A station without a value for so many hours has stopped.
    day_least_hours
        A day has a mean of a pollutant from so many hours on.
    ozone_least_means, ozone_least_hours
        Its ozone needs so many means of eight hours, each of so many hours.
    upwind
        How stations stand out, and where one looks for sources.
    coarse_ratio, coarse_kinds, fine_kinds
        From so much more PM10 than PM2.5 on, the first kinds of sources are likely; else the others.
    list_most
        A patrol list holds so many sources at most.
    causes
        Kinds of causes, by their keys.
    """

    stopped_hours: int
    day_least_hours: int
    ozone_least_means: int
    ozone_least_hours: int
    upwind: UpwindRules
    coarse_ratio: float
    coarse_kinds: tuple[str, ...]
    fine_kinds: tuple[str, ...]
    list_most: int
    causes: Mapping[str, Cause]

    def causes_of(self, kind: str) -> list[Cause]:
        """Return the causes, those of a kind of source first."""
        return sorted(self.causes.values(), key=lambda one: kind not in one.kinds)

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``air.toml``.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, (*WHOLE, *SHARES, RINGS, RATIO, CAUSES, *KINDS), "", faults)
        faults += [f"{name}: it is missing; write it as data/rules/air.toml does" for name in (*WHOLE, *SHARES, RINGS, RATIO) if name not in table]  # fmt: skip
        whole = {name: whole_of(table, name, "", faults, most=most, least=1) or 1 for name, most in WHOLE.items()}
        shares = {name: number_of(table, name, "", faults, most=most, least=least) or 0.0 for name, (least, most) in SHARES.items()}  # fmt: skip
        rings = _rings(table.get(RINGS), faults)
        ratio = number_of(table, RATIO, "", faults, most=100, least=1) or 1.0
        kinds = {name: texts_of(table, name, "", faults) for name in KINDS}
        causes = _causes(table, faults)
        if shares["core_deg"] > shares["wide_deg"]:
            faults.append("core_deg: the core is wider than the sector; write one that is at most wide_deg")
        if faults:
            raise RulesError(f"air.toml has {len(faults)} fault(s):", faults)
        coarse, fine = (kinds[name] for name in KINDS)
        return cls(**whole, upwind=UpwindRules(**shares, rings_m=rings), coarse_ratio=ratio, coarse_kinds=coarse, fine_kinds=fine, causes=MappingProxyType(causes))  # fmt: skip


def _rings(said: Any, faults: list[str]) -> tuple[float, ...]:
    numbers = isinstance(said, list) and all(isinstance(one, int | float) and not isinstance(one, bool) and 0 < one <= FARTHEST for one in said)  # fmt: skip
    if said is None:
        return ()
    if not numbers or not 0 < len(said) <= MOST_RINGS or any(far <= near for near, far in pairwise(said)):
        faults.append(f"{RINGS}: {said!r} is no list of metres, the nearest first; write {RINGS} = [500, 1000, 3000]")
        return ()
    return tuple(float(one) for one in said)


def _causes(table: Mapping[str, Any], faults: list[str]) -> dict[str, Cause]:
    found: dict[str, Cause] = {}
    for where, one in entries(table, CAUSES, faults):
        unknown(one, ("key", "name", "name_en", "kinds", "source"), where, faults)
        key = one.get("key")
        if not isinstance(key, str) or not KEY.fullmatch(key) or key in found:
            faults.append(f"{where}key: {key!r} is no key of its own; write small letters, each key once")
            continue
        if not text_of(one, "source", where, faults):
            faults.append(f'{where}source: it is missing; write source = "…", where the kind of cause comes from')
        found[key] = Cause(key, name_of(one, "name", where, faults), texts_of(one, "kinds", where, faults))
    if not found:
        faults.append("causes: there is none; write them as data/rules/air.toml does")
    return found
