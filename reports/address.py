"""What a filter's parameters may be in an address, and how each is read."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from geo.errors import FilterError

MOST_DAYS = 3660
EVERYTHING = "all"
SHIFT, THIS_SHIFT = "shift", 0  # the present shift, in an address and as days
YEARS = (1970, 2200)  # that a ledger can hold, with room for every zone
FLAGS = {"1": True, "0": False}


def storable(query: Mapping[str, str], names: Iterable[str]) -> None:
    """Refuse what no database can hold, and PostgreSQL does not even look for: a NUL.

    Raises
    ------
    FilterError
        Names the parameter.
    """
    for name in names:
        if "\0" in query.get(name, ""):
            raise FilterError(f"{name}: it holds a NUL, which is in no text. Take it out of the address.")


def grid(text: str) -> tuple[str, str] | None:
    """Read ``level:code``; None for nothing.

    Raises
    ------
    FilterError
        It is something else.
    """
    if not text:
        return None
    key, colon, code = text.partition(":")
    if not colon or not key or not code:
        raise FilterError(f"grid={text}: write it as level:code, for example grid=micro:0305.")
    return key, code


def several(text: str) -> frozenset[str]:
    """Read words between commas."""
    return frozenset(part for part in text.split(",") if part)


def among(name: str, text: str, known: tuple[str, ...]) -> frozenset[str]:
    """Read words between commas, each of which must be known.

    Raises
    ------
    FilterError
        One is not.
    """
    values = several(text)
    if values - set(known):
        raise FilterError(f"{name}={text}: choose among {', '.join(known)}.")
    return values


def days(text: str, otherwise: int | None) -> int | None:
    """Read a number of days; None for ``all``, `THIS_SHIFT` for ``shift``, and ``otherwise`` for nothing.

    Raises
    ------
    FilterError
        It is something else.
    """
    if not text:
        return otherwise
    if text in {EVERYTHING, SHIFT}:
        return None if text == EVERYTHING else THIS_SHIFT
    if not (text.isdecimal() and len(text) <= len(str(MOST_DAYS)) and 1 <= int(text) <= MOST_DAYS):
        raise FilterError(f"days={text}: give a whole number from 1 to {MOST_DAYS}, {SHIFT}, or {EVERYTHING}.")
    return int(text)


def flag(name: str, text: str) -> bool | None:
    """Read 1 or 0; None for nothing.

    Raises
    ------
    FilterError
        It is something else.
    """
    if text and text not in FLAGS:
        raise FilterError(f"{name}={text}: choose 1 for yes, 0 for no.")
    return FLAGS.get(text)


def time(name: str, text: str, *, last: bool = False) -> datetime | None:
    """Read a moment in the area's time, ``2026-11-20`` or ``2026-11-20T08:30``; None for nothing.

    Parameters
    ----------
    last
        It ends a period: a day counts whole.

    Raises
    ------
    FilterError
        It is something else.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or not YEARS[0] < found.year < YEARS[1]:
        raise FilterError(f"{name}={text}: write a day or a minute in the area's time: 2026-11-20, 2026-11-20T08:30.")
    is_day = len(text) <= len("2026-11-20")
    return found + timedelta(days=1) if last and is_day else found
