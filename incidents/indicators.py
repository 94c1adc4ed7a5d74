"""Indicators (评价指标) as data: which figure is shared by which, in what unit, by what source.

Source: domain.md 1.8 (rates are shown with what they are made of; one without a denominator is none).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from incidents.reading import unknown

FIGURES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cases": ("new", "handled", "open", "late"),
        "campaign": ("targets", "visited", "new_today", "findings", "corrected", "correcting", "handed_over", "open_late"),
    }
)  # fmt: skip
"""What each sheet counts, in the order of its columns."""

UNITS: Mapping[str, int] = MappingProxyType({"%": 100, "‰": 1000})
KEYS = ("key", "of", "name", "name_en", "part", "whole", "unit", "source")
TAKEN = frozenset({"rank", "change", "name"})  # keys of a sheet that are no indicators
KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
LONGEST = 30  # of a heading
PLACES = Decimal("0.01")


def share(part: int, whole: int, unit: str = "%") -> str | None:
    """Return a share, rounded half up to two places as bulletins do; None where there is nothing to share.

    Examples
    --------
    >>> share(911, 972)
    '93.72%'
    """
    if not whole:
        return None
    return f"{(Decimal(UNITS[unit] * part) / Decimal(whole)).quantize(PLACES, ROUND_HALF_UP)}{unit}"


@dataclass(frozen=True)
class Indicator:
    """One indicator of a sheet.

    Attributes
    ----------
    key
        Of its column; the only one of its sheet.
    name
        Heading, by language.
    part, whole
        Numerator and denominator: figures of `FIGURES`.
    unit
        A key of `UNITS`.
    source
        Whose formula it is.
    """

    key: str
    name: Mapping[str, str]
    part: str
    whole: str
    unit: str
    source: str

    def of(self, figures: Mapping[str, Any]) -> str | None:
        """Return its value for the figures of a line; None without a denominator."""
        return share(int(figures[self.part]), int(figures[self.whole]), self.unit)


@dataclass(frozen=True)
class Indicators:
    """All of ``indicators.toml``: the indicators of each sheet, in their order."""

    sheets: Mapping[str, tuple[Indicator, ...]]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``indicators.toml``; docs/sheet.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its entry and key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, ("indicator",), "", faults)
        entries = table.get("indicator", [])
        if not isinstance(entries, list) or not all(isinstance(one, Mapping) for one in entries):
            raise RulesError("indicators.toml has 1 fault(s):", ["indicator: write each one as [[indicator]]"])
        read = [_read(one, f"indicator {place}", faults) for place, one in enumerate(entries, 1)]
        for place, (first, one) in enumerate(zip(read, entries, strict=True), 1):
            if first and first in read[: place - 1]:
                faults.append(
                    f"indicator {place}.key: {one['key']!r} is there already for {one['of']!r}; choose another"
                )
        missing = [sheet for sheet in FIGURES if not any(one.get("of") == sheet for one in entries)]
        faults += [f"indicator: none is of {sheet!r}; the first one ranks its lines" for sheet in missing]
        if faults:
            raise RulesError(f"indicators.toml has {len(faults)} fault(s):", faults)
        ordered = sorted(entries, key=lambda one: str(one["of"]))
        return cls({sheet: tuple(_made(one) for one in found) for sheet, found in groupby(ordered, key=lambda one: str(one["of"]))})  # fmt: skip


def _read(one: Mapping[str, Any], prefix: str, faults: list[str]) -> tuple[str, str] | None:
    """Note the faults of an entry; return its sheet and key where it has both."""
    unknown(one, KEYS, f"{prefix}.", faults)
    sheet, key = one.get("of"), one.get("key")
    figures = FIGURES.get(sheet, ()) if isinstance(sheet, str) else ()
    if not figures:
        faults.append(f"{prefix}.of: {sheet!r} is no sheet; write one of {', '.join(FIGURES)}")
    if not isinstance(key, str) or not KEY.fullmatch(key) or key in TAKEN or key in figures:
        faults.append(f"{prefix}.key: {key!r} is no free key; write small letters, digits and _ that name no figure")
    headings = [name for name in ("name", "name_en") if not _is_heading(one.get(name))]
    faults += [f"{prefix}.{name}: {one.get(name)!r} is no heading; write 1 to {LONGEST} characters" for name in headings]  # fmt: skip
    others = [name for name in ("part", "whole") if figures and one.get(name) not in figures]
    faults += [f"{prefix}.{name}: {one.get(name)!r} is no figure of {sheet}; write one of {', '.join(figures)}" for name in others]  # fmt: skip
    if one.get("unit") not in tuple(UNITS):
        faults.append(f"{prefix}.unit: {one.get('unit')!r} is not known; write one of {', '.join(UNITS)}")
    if not isinstance(source := one.get("source"), str) or not source.strip():
        faults.append(f"{prefix}.source: say whose formula it is")
    return (str(sheet), str(key)) if figures and isinstance(key, str) else None


def _is_heading(said: object) -> bool:
    return isinstance(said, str) and 0 < len(said.strip()) <= LONGEST


def _made(one: Mapping[str, Any]) -> Indicator:
    return Indicator(one["key"], {"zh": one["name"].strip(), "en": one["name_en"].strip()}, one["part"], one["whole"], one["unit"], one["source"].strip())  # fmt: skip
