"""Reading the cells of a foreign table: ids that a spreadsheet may have spoilt, times in many forms, limits in words."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from geo.errors import RulesError
from incidents.limits import Span, Unit
from layers.tables import cell_text

NOON = 12
EXACT = 10**15  # a spreadsheet keeps 15 digits of a number
EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  a day without a zone, as Excel counts
EXCEL_DAYS = (32874, 73051)  # 1990 to 2099
EMPTY = frozenset({"", "null", "none", "nan", "n/a", "#n/a", "-", "--", "/", "无", "空", "暂无"})
LONGEST_EMPTY = 16
_ROUNDED = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+\d+|[+-]?\d\.\d+[eE]\d+")
_QUOTED = re.compile(r'="([^"]*)"')
_TIME = re.compile(
    r"(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2}) ?[日号]?[ T]*"
    r"(?:(上午|下午)? ?(\d{1,2}) ?[:时点] ?(?:(\d{1,2}) ?[:分]? ?(?:(\d{1,2})(?:\.\d+)? ?秒?)?)?)? ?(Z|[+-]\d{2}:?\d{2})?"
)
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[ T]?(\d{2})(\d{2})(\d{2})?)?")
_LIMIT = re.compile(r"(\d+(?:\.\d+)?)个?(紧急工作时|工作时|工作小时|工作日|自然日|日历天|小时|时|天|日)内?")
_UNITS = {
    "紧急工作时": Unit.URGENT_HOUR,
    "小时": Unit.URGENT_HOUR,
    "时": Unit.URGENT_HOUR,
    "工作时": Unit.WORK_HOUR,
    "工作小时": Unit.WORK_HOUR,
    "工作日": Unit.WORK_DAY,
    "自然日": Unit.NATURAL_DAY,
    "日历天": Unit.NATURAL_DAY,
    "天": Unit.NATURAL_DAY,
    "日": Unit.NATURAL_DAY,
}


class Spoilt(ValueError):
    """A cell that cannot be read as what it should be; ``kind`` is one of `desk.imports.findings`."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def is_empty(value: Any) -> bool:
    """Tell whether a cell says nothing: empty, or one of the words for it (NULL, 无, -)."""
    if type(value) is str:
        return value == "" or (len(value) < LONGEST_EMPTY and value.strip().casefold() in EMPTY)
    return value is None or (isinstance(value, float) and value != value) or words(value).casefold() in EMPTY  # noqa: PLR0124  NaN


def words(value: Any) -> str:
    """Return a cell as text, without spaces around it; what a spreadsheet puts around a text to keep it one is taken off."""
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    text = (value if type(value) is str else cell_text(value)).strip()
    if match := _QUOTED.fullmatch(text):
        return match[1].strip()
    return text.removeprefix("'") if len(text) > 1 else text


def identifier(value: Any, *, spreadsheet: bool = False) -> str:
    """Return an id as text; "" for an empty cell.

    Parameters
    ----------
    spreadsheet
        Whether a spreadsheet kept it: a whole number of more than 15 digits is not what it was there.

    Raises
    ------
    Spoilt
        It was rounded (``1.23E+15``, a number of more than 15 digits), or is no id (a date, a truth value).
    """
    if is_empty(value):
        return ""
    if isinstance(value, bool | date | time | timedelta):
        raise Spoilt("id_kind")
    if spreadsheet and isinstance(value, int) and abs(value) >= EXACT:
        raise Spoilt("id_rounded")
    if isinstance(value, float) and (abs(value) >= EXACT or not value.is_integer()):
        raise Spoilt("id_rounded" if abs(value) >= EXACT else "id_kind")
    text = unicodedata.normalize("NFKC", words(value))
    if _ROUNDED.fullmatch(text):
        raise Spoilt("id_rounded")
    return text


def moment(value: Any, zone: tzinfo, forms: Sequence[str] = (), *, end_of_day: bool = False) -> datetime | None:
    """Return a time, aware; None for an empty cell.

    Parameters
    ----------
    zone
        Of what carries no offset.
    forms
        Forms of `strptime` that are tried before the usual ones: year first, in digits, with signs or with 年月日.
    end_of_day
        Read a day without a time as its end: a deadline.

    Raises
    ------
    Spoilt
        It is none; "excel_date" when it is a number that may be a date of Excel (`excel_date` reads it).
    """
    if is_empty(value):
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return _day(value.year, value.month, value.day, zone, end_of_day=end_of_day)
    if isinstance(value, int | float):
        raise Spoilt("excel_date" if EXCEL_DAYS[0] <= value < EXCEL_DAYS[1] else "time_unreadable")
    text = unicodedata.normalize("NFKC", words(value)).strip()
    for form in forms:
        try:
            found = datetime.strptime(text, form)  # noqa: DTZ007  the zone follows
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=zone)
    return _usual(text, zone, end_of_day=end_of_day)


def excel_date(value: float, zone: tzinfo) -> datetime:
    """Return the time that a number of Excel means, to the second."""
    return (EXCEL_EPOCH + timedelta(seconds=round(value * 86400))).replace(tzinfo=zone)


def limit(value: Any) -> Span | None:
    """Return a limit in words (``5个工作日``, ``24小时``), or None where the cell holds none."""
    match = _LIMIT.fullmatch("".join(unicodedata.normalize("NFKC", words(value)).split()))
    try:
        return Span(float(match[1]), _UNITS[match[2]]) if match else None
    except RulesError:
        return None


def _usual(text: str, zone: tzinfo, *, end_of_day: bool) -> datetime:
    text = " ".join(text.split())
    if digits := _DIGITS.fullmatch(text):
        year, month, day, hour, minute, second = digits.groups()
        half, offset = None, None
    elif match := _TIME.fullmatch(text):
        year, month, day, half, hour, minute, second, offset = match.groups()
    else:
        raise Spoilt("time_unreadable")
    if hour is None:
        return _day(int(year), int(month), int(day), zone, end_of_day=end_of_day)
    later = 12 if half == "下午" and int(hour) < NOON else 0
    clock = f"{int(hour) + later:02}:{minute or 0:0>2}:{second or 0:0>2}{offset or ''}"
    try:
        found = datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}T{clock}")
    except ValueError:
        raise Spoilt("time_unreadable") from None
    return found if found.tzinfo else found.replace(tzinfo=zone)


def _day(year: int, month: int, day: int, zone: tzinfo, *, end_of_day: bool) -> datetime:
    try:
        return datetime(year, month, day, 23 if end_of_day else 0, 59 if end_of_day else 0, tzinfo=zone)
    except ValueError:
        raise Spoilt("time_unreadable") from None
