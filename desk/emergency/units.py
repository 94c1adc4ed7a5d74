"""Households of each unit (单元) of a building, as somebody writes them down on its card: ``1:24 2:24 3:20``. Counts, nobody's data."""

import re
import unicodedata
from collections.abc import Mapping

from geo.errors import DraftError

MOST_UNITS = 24  # so that all of them stand in one line of the ledger
PAIR = re.compile(r"(\d{1,2})\s*(?:单元)?\s*[:=]\s*(\d{1,4})\s*户?")
BETWEEN = re.compile(r"[\s,;、]*")


def read_units(text: str) -> dict[int, int]:
    """Return unit -> households, in order of the units, from ``1:24 2:24``, ``1单元：24户，2单元：24户`` and the like.

    Raises
    ------
    DraftError
        It is something else, names a unit twice, or more than `MOST_UNITS`.
    """
    said = unicodedata.normalize("NFKC", text).strip()
    pairs = [(int(unit), int(households)) for unit, households in PAIR.findall(said)]
    units = dict(sorted(pairs))
    if BETWEEN.fullmatch(PAIR.sub("", said)) is None or len(units) != len(pairs) or len(units) > MOST_UNITS:
        raise DraftError("Write each unit once with its households, as 1:24 2:24 3:20.", field="units")
    return units


def units_text(units: Mapping[int, int]) -> str:
    """Return households by unit in the form that `read_units` reads."""
    return " ".join(f"{unit}:{households}" for unit, households in units.items())
