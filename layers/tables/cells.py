"""Cells: values to text, text to coordinates, and the names of columns."""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_COMMA = re.compile(r"[+-]?\d+,\d+")
_DMS = re.compile(r"([+-]?)(\d+(?:\.\d+)?)[D°º˚度](?:(\d+(?:\.\d+)?)['′分](?:(\d+(?:\.\d+)?)(?:''|[\"″秒]))?)?")
_SIDES = {
    "E": 1,
    "东经": 1,
    "东": 1,
    "W": -1,
    "西经": -1,
    "西": -1,
    "N": 1,
    "北纬": 1,
    "北": 1,
    "S": -1,
    "南纬": -1,
    "南": -1,
}
_LON_SIDES = frozenset({"E", "W", "东经", "东", "西经", "西"})
_MARKS = str.maketrans(
    {"’": "'", "‘": "'", "`": "'", "´": "'", "”": '"', "“": '"', "−": "-", "–": "-", "—": "-", "、": ",", "。": "."}
)
_BLANK = frozenset({"", "-", "--", "/", "NULL", "NONE", "NAN", "N/A", "#N/A", "无", "空", "暂无"})


_TEXTS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (date, date.isoformat),
    (time, time.isoformat),
    (bytes, bytes.hex),
    (float, float.__repr__),
)


def cell_text(value: Any) -> str:
    """Write a value as the text of a cell: nothing as "", times as ISO 8601, lists and objects as JSON."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.tzinfo is None else value.isoformat()
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=cell_text)
    return next((write(value) for kind, write in _TEXTS if isinstance(value, kind)), None) or str(value)


def json_value(value: Any) -> Any:
    """Return a value as JSON has it: what JSON lacks becomes text, NaN becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date | time | timedelta | bytes):
        return cell_text(value)
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    return value


def coordinates(values: Sequence[Any], *, axis: str, geographic: bool) -> tuple[np.ndarray, dict[int, str]]:
    """Read a column of coordinates.

    Parameters
    ----------
    values
        Numbers or text: decimal, with degree marks, in degrees, minutes and seconds, in full-width digits, with a decimal comma or thousands.
    axis
        "longitude" or "latitude"; used in messages, and to notice the letter of the other axis.
    geographic
        Whether the numbers are degrees: "113,625" then has a decimal comma, else thousands.

    Returns
    -------
    numpy.ndarray, dict
        float64 (n,), NaN where unusable; and row -> why.
    """
    try:
        numbers = (
            np.array(values, dtype=np.float64) if all(type(value) in (str, float, int) for value in values) else None
        )
    except (ValueError, OverflowError):
        numbers = None
    if numbers is not None and numbers.ndim == 1 and np.isfinite(numbers).all():
        return numbers, {}
    return _one_by_one(values, axis=axis, geographic=geographic)


def _one_by_one(values: Sequence[Any], *, axis: str, geographic: bool) -> tuple[np.ndarray, dict[int, str]]:
    numbers, faults = np.full(len(values), np.nan), {}
    for row, value in enumerate(values):
        try:
            numbers[row] = coordinate(value, axis=axis, geographic=geographic)
        except ValueError as error:
            faults[row] = str(error)
    return numbers, faults


def coordinate(value: Any, *, axis: str, geographic: bool) -> float:
    """Read one coordinate.

    Raises
    ------
    ValueError
        It cannot be read; the message says why.
    """
    if isinstance(value, bool | date | time | timedelta):
        raise ValueError(f"{axis} is {cell_text(value)!r}, not a number")  # noqa: TRY004  a value of the file, not a type of ours
    if isinstance(value, int | float | np.number):
        number = float(value)
    else:
        number = _read(cell_text(value), axis=axis, geographic=geographic)
    if not math.isfinite(number):
        raise ValueError(f"{axis} is missing" if math.isnan(number) else f"{axis} is not finite")
    return number


def _read(raw: str, *, axis: str, geographic: bool) -> float:
    text = raw.translate(_MARKS)  # before NFKC, which would split some marks in two
    text = "".join(
        unicodedata.normalize("NFKC", text.replace("″", '"').replace("′", "'").replace("º", "°").replace("˚", "°"))
        .upper()
        .split()
    )
    if text in _BLANK:
        raise ValueError(f"{axis} is missing")
    text, sign = _side(text.strip(","), raw, axis)
    if geographic and (match := _DMS.fullmatch(text)):
        return sign * _degrees(match, raw, axis)
    text = text.rstrip("°度")
    if _GROUPED.fullmatch(text) and not (geographic and text.count(",") == 1):
        text = text.replace(",", "")
    elif _COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if not _NUMBER.fullmatch(text):
        many = len(re.findall(r"\d+\.\d+", text)) > 1
        raise ValueError(f"{axis} holds two numbers: {raw!r}" if many else f"{axis} is not a number: {raw!r}")
    return sign * float(text)


def _side(text: str, raw: str, axis: str) -> tuple[str, int]:
    """Take the side of the world ("E", "东经") off a text, and return its sign."""
    for side, sign in _SIDES.items():
        bare = text.removeprefix(side).removesuffix(side)
        if bare == text or (side in "EWNS" and not bare[:1].isdigit()):
            continue
        if (side in _LON_SIDES) != (axis == "longitude"):
            raise ValueError(f"{axis} names the other axis: {raw!r}; are the columns swapped?")
        return bare.strip(":,"), sign
    return text, 1


def _degrees(match: re.Match[str], raw: str, axis: str) -> float:
    degrees, minutes, seconds = (float(part or 0) for part in match.groups()[1:])
    if minutes >= 60 or seconds >= 60:  # noqa: PLR2004
        raise ValueError(f"{axis} has 60 or more minutes or seconds: {raw!r}")
    return (-1 if match[1] == "-" else 1) * (degrees + minutes / 60 + seconds / 3600)


_BOTH = re.compile(
    r"(?:(?:SRID=\d+;)?POINT ?)?[(\[（]?([^,，;；\s]+?)[,，;；\s]+([^,，;；\s]+?)[)\]）]?", re.IGNORECASE
)


def both(values: Sequence[Any]) -> tuple[list[str], list[str]]:
    """Part cells that hold both coordinates, longitude first: "113.6,34.7", "(113.6 34.7)", "POINT (113.6 34.7)"; a cell that is not of two parts stays whole in both."""
    texts = [cell_text(value).strip() for value in values]
    parts = [match.groups() if (match := _BOTH.fullmatch(text)) else (text, text) for text in texts]
    return [east for east, _ in parts], [north for _, north in parts]


_FLOOR = re.compile(r"(-|B|地下|负)?(\d+)")


def storey(value: Any) -> float | None:
    """Read a unit or floor: 3, "3单元", "12层", "12F"; "B1", "地下1层" and "负1" are -1; None where there is no number."""
    text = "".join(unicodedata.normalize("NFKC", cell_text(value)).upper().split())
    match = _FLOOR.search(text)
    if not match:
        return None
    return -float(match[2]) if match[1] else float(match[2])


# --- names of columns ------------------------------------------------------------------------------------------------------------------------------------

_PAIRS = (
    ("lon", "lat"), ("lng", "lat"), ("long", "lat"), ("longitude", "latitude"), ("经度", "纬度"), ("經度", "緯度"), ("东经", "北纬"), ("lonwgs84", "latwgs84"), ("lon84", "lat84"),
    ("gpslon", "gpslat"), ("gpslng", "gpslat"), ("x", "y"), ("x坐标", "y坐标"), ("坐标x", "坐标y"), ("横坐标", "纵坐标"), ("pointx", "pointy"), ("xcoord", "ycoord"),
    ("coordx", "coordy"), ("coordinatex", "coordinatey"), ("easting", "northing"), ("东坐标", "北坐标"),
)  # fmt: skip
_LON_WORDS = ("经度", "經度", "东经", "longitude", "lon", "lng", "long")
_LAT_WORDS = ("纬度", "緯度", "北纬", "latitude", "lat")
_SYSTEM_WORDS = {
    "gcj": "GCJ-02",
    "火星": "GCJ-02",
    "高德": "GCJ-02",
    "腾讯": "GCJ-02",
    "amap": "GCJ-02",
    "bd09": "BD-09",
    "百度": "BD-09",
    "baidu": "BD-09",
}


def folded(name: str) -> str:
    """Fold the name of a column for comparison: width and case."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _letters(name: str) -> str:
    return "".join(character for character in folded(name) if character.isalnum())


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", unicodedata.normalize("NFKC", name))
    return re.findall(r"[a-z]+|[\u3400-\u9fff]+|\d+", spaced.casefold())


def guess_pair(columns: Sequence[str]) -> tuple[int, int] | None:
    """Find the columns of longitude and latitude by their names.

    Returns
    -------
    tuple of int, or None
        Their positions; None when no pair, or more than one, could be meant.
    """
    bare = [_letters(name) for name in columns]
    for lon, lat in _PAIRS:
        if bare.count(lon) == 1 and bare.count(lat) == 1:
            return bare.index(lon), bare.index(lat)
    pairs = candidate_pairs(columns)
    return pairs[0] if len(pairs) == 1 else None


def candidate_pairs(columns: Sequence[str]) -> list[tuple[int, int]]:
    """Return every pair of columns whose names hold a word for longitude and for latitude, and are otherwise alike."""
    lons = {column: rest for column, name in enumerate(columns) if (rest := _without(name, _LON_WORDS)) is not None}
    lats = {column: rest for column, name in enumerate(columns) if (rest := _without(name, _LAT_WORDS)) is not None}
    alike = [(lon, lat) for lon, a in lons.items() for lat, b in lats.items() if a == b]
    return alike or ([(next(iter(lons)), next(iter(lats)))] if len(lons) == len(lats) == 1 else [])


def _without(name: str, words: tuple[str, ...]) -> tuple[str, ...] | None:
    parts = _words(name)
    for word in words:
        if word.isascii():
            if word in parts:
                return tuple(part for part in parts if part != word)
        elif any(word in part for part in parts):
            return tuple(part.replace(word, "") for part in parts if part != word)
    return None


def named_system(*names: str) -> str | None:
    """Return the shifted coordinate system that the names of columns speak of ("gcj_lng", "百度经度"), or None."""
    return next((system for name in names for word, system in _SYSTEM_WORDS.items() if word in folded(name)), None)


def free_name(name: str, taken: set[str]) -> str:
    """Return a name that is not taken, ignoring case: "grid", then "grid_2", "grid_3", …; it is taken afterwards."""
    number, found = 1, name
    while folded(found) in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(folded(found))
    return found
