"""Dates as papers and plates say them, and how long a thing lasts from one."""

import re
import unicodedata
from calendar import monthrange
from datetime import date, datetime

DAY = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
YEARS = range(1950, 2151)


def day_of(said: object) -> date | None:
    """Read a date: ``2026-11-23``, or ``2026-11`` as plates say it, which is the last day of the month; None for what is no day of the calendar.

    Numbers as spreadsheets keep dates (45123) and Chinese numerals are none: what they would be is a guess.
    """
    if isinstance(said, datetime):
        return said.date()
    if isinstance(said, date):
        return said if said.year in YEARS else None
    found = DAY.fullmatch(unicodedata.normalize("NFKC", said).strip()) if isinstance(said, str) else None
    if found is None or int(found[1]) not in YEARS or not 1 <= int(found[2]) <= 12:  # noqa: PLR2004 -- months of a year
        return None
    year, month, last = int(found[1]), int(found[2]), monthrange(int(found[1]), int(found[2]))[1]
    day = int(found[3]) if found[3] else last
    return date(year, month, day) if 1 <= day <= last else None


def months_after(day: date, months: int) -> date:
    """Return the day so many months later; where that month has no such day, its last one (民法典 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_between(first: date, second: date) -> int:
    """Return how many whole months lie between two days; 0 where the second is not later."""
    many = (second.year - first.year) * 12 + second.month - first.month
    return max(0, many - (months_after(first, many) > second))
