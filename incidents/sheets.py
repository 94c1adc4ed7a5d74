"""The daily sheet (日通报): when its day ends, and who stands where.

Source: domain.md 6 (columns, cut-off, 并列 in tables of ranks).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from fractions import Fraction
from typing import Any, Self

from geo.errors import RulesError
from incidents.reading import unknown

CUTOFF = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
KEYS = ("cutoff", "circulation", "circulation_en", "signer", "signer_en")
LONGEST = 200


@dataclass(frozen=True)
class SheetRules:
    """All of ``sheets.toml``.

    Attributes
    ----------
    cutoff
        When a day of the sheet ends, in the area's time.
    circulation, signer
        Whom it is sent to and the post that signs, by language; "" leaves room for handwriting.
    """

    cutoff: time
    circulation: Mapping[str, str]
    signer: Mapping[str, str]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``sheets.toml``; docs/sheet.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, KEYS, "", faults)
        cutoff = table.get("cutoff")
        if not isinstance(cutoff, str) or not CUTOFF.fullmatch(cutoff):
            faults.append(f'cutoff: {cutoff} is no time of day; write cutoff = "17:00"')
        for key in KEYS[1:]:
            text = table.get(key, "")
            if not isinstance(text, str) or len(text) > LONGEST:
                faults.append(f"{key}: write a text of at most {LONGEST} characters, or leave it out")
        if faults:
            raise RulesError(f"sheets.toml has {len(faults)} fault(s):", faults)
        said = {key: {"zh": table.get(key, ""), "en": table.get(f"{key}_en", "")} for key in ("circulation", "signer")}
        return cls(time.fromisoformat(str(cutoff)), said["circulation"], said["signer"])


def span(day: date, cutoff: time, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return from when to when a day of the sheet goes: from the cut-off of the day before to its own, which belongs to the next."""
    return datetime.combine(day - timedelta(days=1), cutoff, zone), datetime.combine(day, cutoff, zone)


def day_of(moment: datetime, cutoff: time, zone: tzinfo) -> date:
    """Return the day of the sheet that a moment belongs to."""
    there = moment.astimezone(zone)
    return there.date() + timedelta(days=int(there.time() >= cutoff))


def ranks(shares: Sequence[tuple[int, int]]) -> list[int | None]:
    """Return the place of each share (part, whole), the greatest first; equal ones are placed alike (并列: 1, 2, 2, 4), and one without a whole has none."""
    exact = [Fraction(part, whole) if whole else None for part, whole in shares]
    return [None if one is None else 1 + sum(other is not None and other > one for other in exact) for one in exact]
