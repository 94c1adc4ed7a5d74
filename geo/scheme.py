"""Level names and codes: what a city may call its levels, and how codes are read.

Level names and numbers differ from city to city (a community is level two in Zhengzhou and level one in Jiuquan), so nothing here knows any of them: a level is a
key, two names and an optional parent.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
RESERVED = frozenset({"grid_match", "grid_distance_m", "error", "geometry", "class", "mark", "days", "view", "at"})


@dataclass(frozen=True)
class Name:
    """A name in the two languages of the interface."""

    zh: str
    en: str
    plural_en: str = ""

    def in_(self, language: str) -> str:
        """Return the name in ``zh`` or ``en``."""
        return self.zh if language == "zh" else self.en

    def counted(self, number: int, language: str) -> str:
        """Return the name as it stands after a number: in English the plural that the pack gives, else the regular one."""
        if language == "zh" or number == 1:
            return self.in_(language)
        return self.plural_en or regular_plural(self.en)


def regular_plural(english: str) -> str:
    """Return the regular English plural of a name; one that ends in a single "s" is taken for a plural already, and what is not English stays."""
    if re.search(r"[^aeiou]y$", english):
        return english[:-1] + "ies"
    if re.search(r"(ss|x|z|ch|sh)$", english):
        return english + "es"
    return english + "s" if re.search(r"[a-rt-z]$", english) else english


def key_fault(key: str) -> str | None:
    """Say what is wrong with the key of a level, overlay or layer, or None."""
    if not KEY.fullmatch(key):
        return f"key {key!r} must be a lower-case ASCII word: a letter, then letters, digits or '_', at most 32"
    if key in RESERVED:
        return f"key {key!r} is a word of ours; choose another"
    return None


def code_text(value: object) -> str:
    """Read a code as text.

    Codes are names, not numbers, yet spreadsheets and databases hand them out as floats: ``410102001.0`` is read as ``"410102001"``.

    Parameters
    ----------
    value
        A property of a feature; None and NaN become the empty string.
    """
    if value is None:
        return ""
    if isinstance(value, float):
        if not np.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value).strip()


def code_texts(values: Iterable[object]) -> np.ndarray:
    """Read many codes as text, object array (n,)."""
    return np.array([code_text(value) for value in values], dtype=object)
