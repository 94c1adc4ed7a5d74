"""Cells of a table of sites: days in many forms and precisions, telephones and numbers that a spreadsheet spoilt."""

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from desk.boards.register import PHONE
from desk.imports.cells import EXCEL_DAYS, Spoilt, excel_date, is_empty, words

FIRST, LAST = 1990, 2099
DIGITS = MappingProxyType(dict(zip("〇零○一二三四五六七八九", "000123456789", strict=True)))
LASTING = frozenset({"长期", "长期有效", "永久", "永久有效", "无期限"})
_DAY = re.compile(r"(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2}) ?[日号]?(?:[ T].*)?")
_MONTH = re.compile(r"(\d{4}) ?[-/.年] ?(\d{1,2}) ?月?")
_YEAR = re.compile(r"(\d{4}) ?年?")
_SOLID = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?")
_TENS = re.compile(r"([一二三])?十([一二三四五六七八九])?")
_WHOLE = re.compile(r"(\+?\d+)\.0+")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?) ?(?:[^\d\s.,-][^\d]*\d?)?")


@dataclass(frozen=True)
class Read:
    """A day that was read.

    Attributes
    ----------
    note
        What was written, where that was less than a day: a month.
    how
        ``month_only`` or ``excel_date`` where that has to be said.
    """

    day: date
    note: str = ""
    how: str = ""


def day(value: Any, *, last: bool) -> Read | None:
    """Return a day; None for an empty cell, and for what never runs out.

    Parameters
    ----------
    last
        Read a month as its last day: until when something holds; else as its first.

    Raises
    ------
    Spoilt
        There is no such day (2023-02-30), it names a year alone, or it is none.
    """
    if is_empty(value):
        return None
    if isinstance(value, datetime | date):
        return Read(_within(value.year, value.month, value.day))
    if isinstance(value, int | float) and not isinstance(value, bool) and EXCEL_DAYS[0] <= value < EXCEL_DAYS[1]:
        return _serial(float(value))
    text = " ".join(unicodedata.normalize("NFKC", words(value)).split())
    return None if text in LASTING else _written(text, last=last)


def _written(text: str, *, last: bool) -> Read:
    plain = _arabic(text)
    if found := (_DAY.fullmatch(plain) or _SOLID.fullmatch(plain)):
        return Read(_within(*map(int, found.groups())))
    if found := _MONTH.fullmatch(plain):
        year, month = map(int, found.groups())
        _within(year, month, 1)
        return Read(date(year, month, calendar.monthrange(year, month)[1] if last else 1), text, "month_only")
    if (found := _SERIAL.fullmatch(plain)) and EXCEL_DAYS[0] <= int(found[1]) < EXCEL_DAYS[1]:
        return _serial(float(plain))
    raise Spoilt("date_year" if _YEAR.fullmatch(plain) else "date_unreadable")


def phone(value: Any) -> str:
    """Return a telephone as text: 13800000000.0, as a spreadsheet made it, too; "" for an empty cell.

    Raises
    ------
    Spoilt
        It is none, or was rounded.
    """
    if is_empty(value):
        return ""
    text = unicodedata.normalize("NFKC", words(value)).replace("—", "-").replace("–", "-").strip()
    text = whole[1] if (whole := _WHOLE.fullmatch(text)) else text
    if not PHONE.fullmatch(text) or len(text) > 20:  # noqa: PLR2004  as the form takes it
        raise Spoilt("phone_unreadable")
    return text


def number(value: Any) -> float | None:
    """Return a number from 0, with its unit or without (120㎡); None for an empty cell.

    Raises
    ------
    Spoilt
        It is none.
    """
    if is_empty(value):
        return None
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", words(value)).replace(",", ""))
    if found is None or isinstance(value, bool | date):
        raise Spoilt("number_unreadable")
    plain = float(found[1])
    return int(plain) if plain.is_integer() else plain


def _serial(value: float) -> Read:
    return Read(excel_date(value, UTC).date(), "", "excel_date")


def _within(year: int, month: int, number_: int) -> date:
    try:
        found = date(year, month, number_)
    except ValueError:
        raise Spoilt("date_impossible") from None
    if not FIRST <= year <= LAST:
        raise Spoilt("date_impossible")
    return found


def _arabic(text: str) -> str:
    """Return a text with Chinese numerals as digits: 二〇二三年十月二十一日."""
    text = re.sub("廿", "二十", text)
    text = _TENS.sub(
        lambda found: f"{DIGITS[found[1]] if found[1] else '1'}{DIGITS[found[2]] if found[2] else '0'}", text
    )
    return "".join(DIGITS.get(letter, letter) for letter in text)
