"""Readings of monitors: tables of hours and stations, read from a folder that another system fills, or somebody; a table that is handed in lies there whole or not at all.

A file that cannot be used is named with its rows and reasons, and takes no other with it. Of two values for one hour of a station the one of the later file counts, and that is said.
"""

import math
import os
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any

from desk.imports.cells import EXCEL_DAYS, Spoilt, excel_date, is_empty, moment, words
from desk.imports.mapping import guessed_row
from geo.errors import TableError
from inspections.air import Pollutant
from layers.tables import KINDS, kind_of, open_table, whole_or_nothing

MOST_FILES = 1_000  # of a folder that are read, the newest: forty days of one an hour
MOST_FAULTS = 50  # of one file, told row by row
MOST_VALUE = 10_000.0  # µg/m³, and mg/m³: no instrument measures more
CODE, NAME, TIME, LON, LAT = "code", "name", "time", "lon", "lat"
HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        CODE: (
            "站点编号",
            "站点编码",
            "监测点编号",
            "设备编号",
            "编号",
            "编码",
            "stationcode",
            "code",
            "station",
            "id",
        ),
        NAME: ("站点名称", "监测点名称", "点位名称", "站点", "点位", "名称", "stationname", "name"),
        TIME: ("监测时间", "数据时间", "采样时间", "时间", "time", "datetime", "hour"),
        LON: ("经度", "lon", "lng", "longitude"),
        LAT: ("纬度", "lat", "latitude"),
        Pollutant.SO2: ("so2", "二氧化硫"),
        Pollutant.NO2: ("no2", "二氧化氮"),
        Pollutant.CO: ("co", "一氧化碳"),
        Pollutant.O3: ("o3", "臭氧"),
        Pollutant.PM10: ("pm10", "可吸入颗粒物"),
        Pollutant.PM25: ("pm25", "细颗粒物"),
    }
)
STATION, MEASURED = "station", "measured"
NEEDED: Mapping[str, str] = MappingProxyType(
    {STATION: "a station (站点编号)", TIME: "a time (时间)", MEASURED: "a pollutant (PM2.5, PM10, SO2, NO2, CO, O3)"}
)
Hours = Mapping[datetime, Mapping[Pollutant, float]]
UNITS = ("μgm3", "ugm3", "mgm3", "微克立方米", "毫克立方米", "浓度", "小时均值", "1h")


@dataclass(frozen=True)
class Station:
    """A monitor: its code, its name, and where it stands, degrees WGS84; None where no file says so."""

    code: str
    name: str
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell: file, row as a person counts, column, what it says, and the kind of fault (a key of the words that a page has for it)."""

    file: str
    row: int
    column: str
    said: str
    kind: str


class ReadingsError(TableError):
    """A table that cannot be taken as one of readings.

    Parameters
    ----------
    message
        What is wrong, and what to do.
    faults, left_out
        The first cells that cannot be read, and how many there are.
    missing, there
        What it has no column for (of `NEEDED`), and its headings.
    """

    def __init__(self, message: str, *, faults: Sequence[Fault] = (), left_out: int = 0, missing: Sequence[str] = (), there: Sequence[str] = ()) -> None:  # fmt: skip
        super().__init__(message)
        self.faults, self.left_out = tuple(faults), left_out
        self.missing, self.there = tuple(missing), tuple(there)


@dataclass(frozen=True)
class Readings:
    """What some files say.

    Attributes
    ----------
    stations
        By their codes.
    hours
        Station -> hour, as the file calls it, in UTC -> pollutant -> concentration: µg/m³, carbon monoxide mg/m³. A station that said nothing in an hour has an empty one.
    faults, left_out
        Cells that were left out, the first of each file, and how many there are; ``refused`` are files that could not be read, with what was raised.
    twice
        How many hours of stations came again with other values.
    """

    stations: Mapping[str, Station] = field(default_factory=dict)
    hours: Mapping[str, Hours] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    refused: Mapping[str, TableError] = field(default_factory=dict)
    twice: int = 0
    left_out: int = 0

    def latest(self, code: str) -> datetime | None:
        """Return the last hour in which a station measured anything."""
        return max((hour for hour, values in self.hours.get(code, {}).items() if values), default=None)


def folder_of(data: Path, area: str) -> Path:
    """Return where the readings of an area lie."""
    return data / "air" / area


def gather(folder: Path, zone: tzinfo) -> Readings:
    """Return what the newest `MOST_FILES` files of a folder say, the older ones first; {} where there is no folder. A file is read again only when it changed."""
    try:
        files = [path for path in folder.iterdir() if path.suffix.lower() in KINDS and path.is_file() and not path.name.startswith((".", "~"))]  # fmt: skip
        found = sorted(
            (status.st_mtime_ns, path.name, status.st_size, path) for path in files if (status := _status(path))
        )
    except FileNotFoundError:  # there is no folder
        return Readings()
    parts: list[Readings] = []
    refused: dict[str, TableError] = {}
    for changed, name, size, path in found[-MOST_FILES:]:
        try:
            parts.append(_read(path, changed, size, zone))
        except TableError as error:
            refused[name] = error
    return _joined(parts, refused)


def _status(path: Path) -> os.stat_result | None:
    """Return size and time of a file; None of one that is gone meanwhile."""
    try:
        return path.stat()
    except OSError:
        return None


def take(folder: Path, name: str, data: bytes, zone: tzinfo) -> Readings:
    """Put a table that was handed in into the folder, and return what it says. Of the same name as another one it lies beside that one, so that hours of before stay; the same table once more stands for itself.

    Parameters
    ----------
    name
        Of the file as it came; only its extension and letters are kept of it.

    Raises
    ------
    TableError
        It is no table of readings, or a cell of it cannot be one: its rows are named, and nothing was kept.
    """
    given = Path(name)
    kind_of(given)
    stem = "".join(letter for letter in given.stem if letter.isalnum() or letter in "-_")[:60] or "readings"
    folder.mkdir(parents=True, exist_ok=True)
    kept = _free(folder, stem, given.suffix.lower(), data)
    with whole_or_nothing(kept) as waiting:
        waiting.write_bytes(data)
        found = read(waiting, zone, called=given.name)
        if found.faults:
            first = "; ".join(f"row {one.row}, {one.column}: {one.said!r} ({one.kind})" for one in found.faults[:5])
            raise ReadingsError(f"{given.name} has {found.left_out} cell(s) that cannot be read: {first}. Correct them, and hand it in again.", faults=found.faults, left_out=found.left_out)  # fmt: skip
    return found


def _free(folder: Path, stem: str, suffix: str, data: bytes) -> Path:
    """Return the first path of a name at which nothing lies, or this very table."""
    for number in count(1):
        path = folder / (f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
        if not path.exists() or path.read_bytes() == data:
            return path
    raise AssertionError  # numbers do not end


def read(path: Path, zone: tzinfo, *, called: str = "") -> Readings:
    """Return what one table says.

    Parameters
    ----------
    zone
        Of times without an offset. An hour is called as the file calls it; minutes are cut off.
    called
        How the file is called in faults; "" for its own name.

    Raises
    ------
    TableError
        It cannot be read, or lacks a column.
    """
    name = called or path.name
    with ExitStack() as stack:
        table = stack.enter_context(open_table(path))
        if head := guessed_row(getattr(table, "early", ()), HEADINGS):  # titles stand above
            table = stack.enter_context(open_table(path, header_row=head))
        columns = _columns(table.columns, name)
        stations: dict[str, Station] = {}
        hours: dict[str, dict[datetime, dict[Pollutant, float]]] = {}
        faults: list[Fault] = []
        twice, left_out, number = 0, 0, table.first_row - 1
        for chunk in table.chunks():
            for place, row in enumerate(chunk.rows):
                number = chunk.numbers[place] if chunk.numbers else number + 1
                line = _Line(name, number, {key: row[at] for key, at in columns.items()}, table.columns, columns)
                station, hour = line.station(), line.hour(zone)
                values = line.values()
                left_out += len(line.faults)
                faults += line.faults[: MOST_FAULTS - len(faults)]
                if station is None or hour is None:
                    continue
                stations[station.code] = _better(stations.get(station.code), station)
                of = hours.setdefault(station.code, {})
                twice += of.get(hour, values) != values
                of[hour] = values
    return Readings(stations, hours, tuple(faults), {}, twice, left_out)


@lru_cache(maxsize=4 * MOST_FILES)  # for some areas
def _read(path: Path, _changed: int, _size: int, zone: tzinfo) -> Readings:
    return read(path, zone)


def _joined(parts: Sequence[Readings], refused: Mapping[str, TableError]) -> Readings:
    stations: dict[str, Station] = {}
    hours: dict[str, dict[datetime, Mapping[Pollutant, float]]] = {}
    twice = 0
    for part in parts:
        for code, station in part.stations.items():
            stations[code] = _better(stations.get(code), station)
        twice += part.twice
        for code, said in part.hours.items():
            of = hours.setdefault(code, {})
            twice += sum(of.get(hour, values) != values for hour, values in said.items())
            of.update(said)
    return Readings(stations, hours, tuple(fault for part in parts for fault in part.faults), refused, twice, sum(part.left_out for part in parts))  # fmt: skip


def _better(known: Station | None, said: Station) -> Station:
    """Return a station with the later name, and the place that somebody said."""
    if known is None or said.lon is not None:
        return said
    return Station(said.code, said.name, known.lon, known.lat)


class _Line:
    """One row that is being read."""

    def __init__(self, file: str, number: int, cells: Mapping[str, Any], names: Sequence[str], columns: Mapping[str, int]) -> None:  # fmt: skip
        self._file, self._number, self._cells = file, number, cells
        self._names = {key: names[at] for key, at in columns.items()}
        self.faults: list[Fault] = []

    def _fault(self, key: str, kind: str) -> None:
        self.faults.append(Fault(self._file, self._number, self._names.get(key, key), words(self._cells.get(key))[:40], kind))  # fmt: skip

    def station(self) -> Station | None:
        code = "" if is_empty(self._cells.get(CODE)) else words(self._cells[CODE])
        name = "" if is_empty(self._cells.get(NAME)) else words(self._cells[NAME])
        if not (code or name):
            self._fault(CODE, "no_station")
            return None
        lon, lat = (self._number_of(key, most, least=-most) for key, most in ((LON, 180), (LAT, 90)))
        there = lon is not None and lat is not None
        return Station(code or name, name or code, lon if there else None, lat if there else None)

    def hour(self, zone: tzinfo) -> datetime | None:
        said = self._cells.get(TIME)
        try:
            if isinstance(said, int | float) and not isinstance(said, bool) and EXCEL_DAYS[0] <= said < EXCEL_DAYS[1]:
                found: datetime | None = excel_date(said, zone)
            else:
                found = moment(said, zone)
            hour = (found + timedelta(seconds=30)).astimezone(UTC) if found else None
        except (Spoilt, OverflowError):
            hour = None
        if hour is None:
            self._fault(TIME, "time")
            return None
        return hour.replace(minute=0, second=0, microsecond=0)

    def values(self) -> dict[Pollutant, float]:
        said = {one: self._number_of(one, MOST_VALUE) for one in Pollutant if one in self._names}
        return {one: value for one, value in said.items() if value is not None}

    def _number_of(self, key: str, most: float, *, least: float = 0) -> float | None:
        said = self._cells.get(key)
        if is_empty(said) or words(said).strip("-—") == "":
            return None
        try:
            found = float(words(said).replace(",", ""))
        except ValueError:
            found = math.nan
        if not least <= found <= most:
            self._fault(key, "number")
            return None
        return found


def _columns(names: Sequence[str], file: str) -> dict[str, int]:
    """Return the place of each column that is known.

    Raises
    ------
    TableError
        There is no station, no time, or nothing that was measured.
    """
    plain = [_plain(name) for name in names]
    found = {key: at for key, words_ in HEADINGS.items() if (at := next((plain.index(word) for word in words_ if word in plain), None)) is not None}  # fmt: skip
    has = {STATION: bool(found.keys() & {CODE, NAME}), TIME: TIME in found, MEASURED: bool(found.keys() & {*Pollutant})}
    if missing := [what for what in NEEDED if not has[what]]:
        lacks, known = " and ".join(NEEDED[what] for what in missing), ", ".join(map(repr, names))[:300]
        raise ReadingsError(f"{file} has no column for {lacks}; its columns are {known}. Name them in the first row.", missing=missing, there=names)  # fmt: skip
    return found


def _plain(name: str) -> str:
    """Return a heading as it is compared: letters and digits alone, without its unit."""
    text = "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())
    for unit in UNITS:
        text = text.removesuffix(unit)
    return text
