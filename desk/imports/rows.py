"""Reading the rows of a foreign table: every cell checked, every fault of a row collected, the place looked up in the net."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import shapely

from desk.imports.case import LONGEST_AGENCY, Foreign
from desk.imports.cells import Spoilt, excel_date, identifier, is_empty, limit, moment, words
from desk.imports.findings import REFUSALS, Finding, finding
from desk.imports.mapping import ColumnMapping, plain
from desk.places import GUESSED, names_of, places_of, spot_of
from desk.reports import LONGEST_ADDRESS, LONGEST_ID, first_line
from desk.room import Room
from geo.crs import parse, to_wgs84
from geo.errors import MissingCrs, RulesError, TextError, UnknownClass
from incidents.classes import IncidentClass
from incidents.deadlines import add
from incidents.model import MARK, Channel, Mark, Status, Urgency
from incidents.text import Personal, clean, find_personal, strike_names
from layers.search import fold
from layers.tables import Chunk, Table, both, coordinates, storey

ANCIENT = datetime(1990, 1, 1, tzinfo=UTC)
FOOTER, FEW_CELLS = re.compile(r"(填报|填表|制表|审核|审批|备注|说明|注[:：]|合计|总计|共计|单位负责人|打印)"), 6
MOST_LON, MOST_LAT = 180.0, 90.0
KEPT_WORDS = 65_536  # texts whose cleaning is remembered: many rows say the same


@dataclass
class Row:
    """A row, read.

    Attributes
    ----------
    number
        As a person counts in the file.
    id, key
        Its id in the other system, and what makes it the only one of its kind.
    case
        None where it is refused.
    """

    number: int
    id: str = ""
    key: str = ""
    findings: list[Finding] = field(default_factory=list)
    case: Foreign | None = None

    def say(self, kind: str, **said: Any) -> None:
        """Note a finding."""
        self.findings.append(finding(kind, **said))

    @property
    def is_refused(self) -> bool:
        """Whether it cannot be taken."""
        return any(found.kind in REFUSALS for found in self.findings)


@dataclass
class Agreement:
    """How far official grids agree with ours.

    Attributes
    ----------
    agreed, compared
        How many agree, of how many.
    border
        How many of those that agree lie where ours names several: on the line between them, or in both.
    silent
        How many rows name none.
    """

    agreed: int = 0
    compared: int = 0
    border: int = 0
    silent: int = 0


@dataclass(frozen=True)
class _Places:
    """Where the rows of a chunk lie: degrees (n,), codes by row, how they were found, metres to an edge, and why a row has no place."""

    lon: np.ndarray
    lat: np.ndarray
    codes: Sequence[Mapping[str, str]]
    match: Sequence[str]
    edge: np.ndarray
    unit: Sequence[float | None]
    floor: Sequence[float | None]
    why: Mapping[int, Finding]
    instead: Mapping[int, Finding]


class Merged:
    """Merged cells of a table: their value counts for every cell that they cover. Those of the header are none of ours; false where there are none."""

    def __init__(self, table: Table) -> None:
        self._first = {
            (row, column): (north, west)
            for north, west, south, east in getattr(table, "merged", ())
            if north >= table.first_row
            for row in range(north, south + 1)
            for column in range(west, east + 1)
        }
        self._values: dict[tuple[int, int], Any] = {}

    def __bool__(self) -> bool:
        return bool(self._first)

    def value(self, row: int, column: int, value: Any) -> Any:
        """Return the value of a cell, both numbers from 1, read in order; of one that lies under a merged one the value of that."""
        first = self._first.get((row, column))
        if first is None:
            return value
        if first == (row, column):
            self._values[first] = value
        return self._values.get(first, value) if value is None else value


class Reader:
    """Reads the rows of one table.

    Attributes
    ----------
    compared
        Level or overlay -> class -> how far official grids agree with ours.
    footers
        Rows that are no cases: what stands below a table (填报人, 合计 …).
    official
        Longitude, latitude, key of the level or overlay, and what the table says, of every grid that was compared.
    wrong
        How many rows have no place, by why.
    """

    def __init__(self, room: Room, mapping: ColumnMapping, table: Table, now: datetime) -> None:
        self.room, self.mapping, self.table, self.now = room, mapping, table, now
        self.zone = _zone(mapping.timezone) if mapping.timezone else room.area.pack.timezone
        names = [plain(column) for column in table.columns]
        self.at = {name: names.index(plain(column)) for name, column in mapping.columns.items()}
        self.grids = {key: names.index(plain(column)) for key, column in mapping.grids.items()}
        self.crs = _crs(mapping, table)
        self.compared: dict[str, dict[str, Agreement]] = {key: {} for key in mapping.grids}
        self.footers: list[int] = []
        self.official: list[tuple[float, float, str, str]] = []
        self.wrong: dict[str, int] = {}
        self.placed = 0
        self._merged = Merged(table)
        self._words = lru_cache(maxsize=KEPT_WORDS)(self._cleaned)
        self._labels = lru_cache(maxsize=16)(self._labels_of)
        self._spot = lru_cache(maxsize=KEPT_WORDS)(self._spot_at)
        self._class_of = lru_cache(maxsize=4096)(self._class_named)
        self._seen: dict[str, int] = {}

    def read(self, chunk: Chunk, numbers: Sequence[int]) -> list[Row]:
        """Return the rows of a chunk."""
        cells = self._cells(chunk, numbers)
        places = self._place(chunk, cells)
        below = self._below(chunk, numbers)
        self.footers += [numbers[at] for at in sorted(below)]
        return [
            self._row(number, {name: column[at] for name, column in cells.items()}, places, at)
            for at, number in enumerate(numbers)
            if at not in below
        ]

    def _below(self, chunk: Chunk, numbers: Sequence[int]) -> set[int]:
        """Return the rows that only sign or sum up a table."""
        if self.table.kind not in {"csv", "xlsx"}:
            return set()
        found = set()
        for at in range(len(numbers)):
            row = chunk.rows[at]
            first = next((value for value in row if isinstance(value, str) and value), "")
            if FOOTER.match(first) and sum(not is_empty(value) for value in row) <= FEW_CELLS:
                found.add(at)
        return found

    # --- cells

    def _cells(self, chunk: Chunk, numbers: Sequence[int]) -> dict[str, list[Any]]:
        """Return the cells of every column that is asked for, by field, and by ``grid:`` and the key of a level or overlay."""
        wanted = self.at | {f"grid:{key}": position for key, position in self.grids.items()}
        found = {name: list(chunk.column(position)) for name, position in wanted.items()}
        if self._merged:
            for name, position in wanted.items():
                found[name] = [
                    self._merged.value(number, position + 1, value)
                    for number, value in zip(numbers, found[name], strict=True)
                ]
        return found

    # --- rows

    def _row(self, number: int, cells: Mapping[str, Any], places: _Places, at: int) -> Row:
        row = Row(number)
        self._identify(row, cells)
        said = {name: self._text(row, name, cells.get(name)) for name in ("title", "text", "address", "building")}
        reported = self._reported(row, cells.get("reported"))
        due = self._due(row, cells.get("due"), reported)
        closed = self._time(row, "closed", cells.get("closed"), "closed_unreadable")
        class_ = self._class(row, cells, f"{said['title']}\n{said['text']}")
        agency = self._agency(cells.get("agency"))
        status = self._status(row, cells.get("status"), agency=agency, closed=closed)
        if closed and status and MARK[status] is not Mark.RED:
            self._not_ahead(row, "closed", closed)
        for found in (places.why, places.instead):
            if at in found:
                row.findings.append(found[at])
        if class_ and at not in places.why:
            self._compare(row, class_.key, cells, places, at)
        if not row.key:
            row.key = _digest(reported, said, places.lon[at], places.lat[at])
            self._only_one(row, row.key)
        if row.is_refused or reported is None or class_ is None or status is None:
            return row
        said = self._titled(row, said, class_)
        row.case = Foreign(
            source=self.mapping.source,
            key=row.key,
            external_id=row.id,
            class_=class_.key,
            major=class_.major,
            restricted=class_.restricted,
            reported=reported,
            lon=float(places.lon[at]),
            lat=float(places.lat[at]),
            codes=places.codes[at],
            match=places.match[at],
            edge_m=None if np.isnan(places.edge[at]) else round(float(places.edge[at]), 1),
            unit=places.unit[at],
            floor=places.floor[at],
            channel=Channel(self._meant(row, "channel", cells.get("channel"), Channel.IMPORT.value)),
            urgency=Urgency(self._meant(row, "urgency", cells.get("urgency"), Urgency.NORMAL.value)),
            status=status,
            due=due,
            closed=None if MARK[status] is Mark.RED else closed,
            agency=agency,
            **said,
        )
        self._warn(row, row.case, closed)
        return row

    def _identify(self, row: Row, cells: Mapping[str, Any]) -> None:
        if "id" not in self.at:
            return
        column = self.mapping.columns["id"]
        try:
            row.id = identifier(cells["id"], spreadsheet=self.table.kind == "xlsx")
        except Spoilt as spoilt:
            row.say(spoilt.kind, column=column, value=words(cells["id"]))
            row.key = "?"
            return
        row.key = row.id or "?"
        if not row.id:
            row.say("id_missing", column=column)
        elif len(row.id) > LONGEST_ID:
            row.say("id_long", column=column, most=LONGEST_ID, length=len(row.id))
        else:
            self._only_one(row, row.id)

    def _only_one(self, row: Row, key: str) -> None:
        first = self._seen.setdefault(key, row.number)
        if first != row.number:
            row.say("id_twice" if row.id else "row_twice", value=key, row=first)

    # --- words

    def _text(self, row: Row, name: str, value: Any) -> str:
        if is_empty(value):
            return ""
        text, struck, is_hidden, length = self._words(words(value), name)
        if length:
            row.say("text_long", column=self.mapping.columns[name], length=length, most=self._most(name))
        if is_hidden and all(found.kind != "hidden" for found in row.findings):
            row.say("hidden")
        if struck:
            before = next((found for found in row.findings if found.kind == "struck"), None)
            what = {*struck, *(before.said["what"].split(", ") if before else ())}
            row.findings = [found for found in row.findings if found is not before]
            row.say("struck", what=", ".join(kind for kind in Personal if kind in what))
        return text

    def _most(self, name: str) -> int:
        settings = self.room.rules.settings
        longest = {"title": settings.longest_text, "text": settings.longest_text, "address": LONGEST_ADDRESS}
        return longest.get(name, LONGEST_ID)

    def _cleaned(self, said: str, name: str) -> tuple[str, tuple[Personal, ...], bool, int]:
        """Return a text without people and without what cannot be seen, what of people was struck, whether anything hidden was taken out, and its length where it is too long."""
        try:
            text = clean(said, most=self._most(name), what=name, lines=name == "text")
        except TextError as error:
            return "", (), False, error.length
        keep = names_of(self.room.area)
        struck = strike_names(text, keep=keep) if name != "building" else text
        seen = "".join(unicodedata.normalize("NFC", said).split())
        kinds = tuple(find_personal(text, keep=keep)) if struck != text else ()
        return struck[: self._most(name)], kinds, "".join(text.split()) != seen, 0

    def _titled(self, row: Row, said: dict[str, str], class_: IncidentClass) -> dict[str, str]:
        """Give every case a title of one short line; a longer one goes into the text, so that nothing is lost."""
        settings, title, text = self.room.rules.settings, said["title"], said["text"]
        if len(title) > settings.longest_title:
            text = text if title in text else "\n".join(filter(None, (title, text)))
            if len(text) > settings.longest_text:
                row.say("cut", column=self.mapping.columns["title"], most=settings.longest_title)
                text = said["text"]
        if not title and not text:
            row.say("no_words")
        short = first_line(title or text, settings.longest_title) or class_.name.zh
        return {**said, "title": short, "text": text}

    # --- times

    def _time(self, row: Row, name: str, value: Any, unreadable: str, *, end_of_day: bool = False) -> datetime | None:
        if name not in self.at:
            return None
        column = self.mapping.columns[name]
        try:
            return moment(value, self.zone, self.mapping.times, end_of_day=end_of_day)
        except Spoilt as spoilt:
            row.say("excel_date" if spoilt.kind == "excel_date" else unreadable, column=column, value=words(value))
            return excel_date(value, self.zone) if spoilt.kind == "excel_date" else None

    def _reported(self, row: Row, value: Any) -> datetime | None:
        before = len(row.findings)
        found = self._time(row, "reported", value, "time_unreadable")
        column = self.mapping.columns.get("reported", "reported")
        if found is None:
            if len(row.findings) == before:
                row.say("time_missing", column=column)
        elif found < ANCIENT:
            row.say("time_ancient", column=column, value=f"{found:%Y-%m-%d %H:%M}")
        else:
            self._not_ahead(row, "reported", found)
        return found

    def _not_ahead(self, row: Row, name: str, time: datetime) -> None:
        """Refuse a time that has not come, save for clocks that differ a little."""
        if time > self.now + timedelta(minutes=self.room.rules.settings.ahead_minutes):
            row.say("time_future", column=self.mapping.columns[name], value=f"{time:%Y-%m-%d %H:%M}")

    def _due(self, row: Row, value: Any, reported: datetime | None) -> datetime | None:
        """Return the deadline: a time, or a limit in words that is counted from the report."""
        span = None if isinstance(value, datetime | int | float) or is_empty(value) else limit(value)
        if span is None:
            return self._time(row, "due", value, "due_unreadable", end_of_day=True)
        if reported is None:
            return None
        try:
            return add(self.room.rules.calendar, reported.astimezone(self.room.area.pack.timezone), span)
        except RulesError:
            row.say("due_unreadable", column=self.mapping.columns["due"], value=words(value))
            return None

    # --- what it is

    def _class(self, row: Row, cells: Mapping[str, Any], said: str) -> IncidentClass | None:
        value = cells.get("class")
        directory, column = self.room.rules.directory, self.mapping.columns.get("class", "class")
        text = "" if is_empty(value) else words(value)
        major = "" if is_empty(cells.get("major")) else words(cells["major"])
        if not text and "class" in self.mapping.fixed:
            text = self.mapping.fixed["class"]
        if text:
            found, several = self._class_of(text, major)
            if found:
                return directory.classes[found]
            if several:
                row.say("class_several", column=column, value=text, keys=several)
                return None
        proposed = directory.match(text or said, 1) or (directory.match(major, 1) if not text else [])
        if not proposed:
            row.say("class_unknown" if text else "class_missing", column=column, value=text)
            return None
        found_class = directory.classes[proposed[0].key]
        row.say("class_guessed", name=found_class.name.zh, key=found_class.key)
        return found_class

    def _class_named(self, text: str, major: str) -> tuple[str, str]:
        """Return the key of a class that a table names, or the keys of those that share the name."""
        directory = self.room.rules.directory
        meant = self.mapping.meaning("class", text)
        if meant is not None:
            return (meant, "") if meant in directory.classes else ("", "")
        try:
            return directory.key_of(text), ""
        except UnknownClass:
            pass
        name = plain(text).removesuffix("异常")
        alike = [entry for entry in directory.classes.values() if plain(entry.name.zh).removesuffix("异常") == name]
        inside = [
            entry
            for entry in alike
            if plain(major)
            in {
                plain(entry.major),
                plain(directory.name(entry.major).zh),
                plain(directory.name(entry.major).zh.removesuffix("类")),
            }
        ]
        if len(inside) == 1:
            return inside[0].key, ""
        return "", ", ".join(entry.key for entry in alike)

    def _meant(self, row: Row, name: str, value: Any, usual: str) -> str:
        usual = self.mapping.fixed.get(name, usual)
        if is_empty(value):
            return usual
        found = self.mapping.meaning(name, words(value))
        if found is None:
            row.say("value_unknown", column=self.mapping.columns[name], value=words(value))
        return found or usual

    def _status(self, row: Row, value: Any, *, agency: str, closed: datetime | None) -> Status | None:
        if is_empty(value):
            guessed = Status.CLOSED if closed else Status.DISPATCHED if agency else Status.REPORTED
            return Status(self.mapping.fixed.get("status", guessed))
        found = self.mapping.meaning("status", words(value))
        if found is None:
            row.say("status_unknown", column=self.mapping.columns["status"], value=words(value))
        return Status(found) if found else None

    def _agency(self, value: Any) -> str:
        """Return who handles it: the key of a post of ours that is called so, else its name as a department."""
        if is_empty(value):
            return self.mapping.fixed.get("agency", "")
        text = clean(words(value)[: 10 * LONGEST_AGENCY], most=10 * LONGEST_AGENCY, what="agency", lines=False)[
            :LONGEST_AGENCY
        ]
        meant = self.mapping.meaning("agency", text) or text
        return meant if meant in self.room.posts else self._titles.get(plain(meant), meant)

    @cached_property
    def _titles(self) -> dict[str, str]:
        keys: dict[str, list[str]] = {}
        for key, post in self.room.posts.items():
            if post.grid:
                keys.setdefault(plain(post.title), []).append(key)
        return {title: found[0] for title, found in keys.items() if len(found) == 1}

    # --- places

    def _place(self, chunk: Chunk, cells: Mapping[str, list[Any]]) -> _Places:
        unit, floor = (
            [storey(value) for value in cells[name]] if name in cells else [None] * len(chunk)
            for name in ("unit", "floor")
        )
        lon, lat, why, missing = self._coordinates(chunk, cells)
        instead = self._instead(cells, lon, lat, missing)
        for at in missing:
            if at not in instead:
                why[at] = finding("place_missing")
        net, settings = self.room.area.net, self.room.rules.settings
        frame = net.assign(lon, lat, unit=unit, floor=floor, nearest=settings.outside_m)
        match = frame["grid_match"].tolist()
        outside = [at for at, how in enumerate(match) if how == "outside" and at not in why]
        why |= self._why(lon, lat, np.array(outside, dtype=np.int64))
        for found in why.values():
            self.wrong[found.kind] = self.wrong.get(found.kind, 0) + 1
        self.placed += len(match) - len(why)
        codes = [{str(key): str(code) for key, code in one.items()} for one in frame[net.keys].to_dict("records")]
        for at, found in instead.items():
            if found.kind == "by_grid":
                codes[at] = {**codes[at], **self.room.codes_of(str(found.said["code"]))}
                match[at] = "grid"
        return _Places(lon, lat, codes, match, net.edge_m(lon, lat, within=settings.edge_m), unit, floor, why, instead)

    def _coordinates(
        self, chunk: Chunk, cells: Mapping[str, list[Any]]
    ) -> tuple[np.ndarray, np.ndarray, dict[int, Finding], list[int]]:
        """Return degrees (n,), why a row's cannot be read, and the rows that have none."""
        if "lon" not in self.at or "lat" not in self.at:
            return self._of_geometry(chunk)
        east, north = cells["lon"], cells["lat"]
        missing = [at for at, pair in enumerate(zip(east, north, strict=True)) if all(map(is_empty, pair))]
        names = {"longitude": self.mapping.columns["lon"], "latitude": self.mapping.columns["lat"]}
        if self.at["lon"] == self.at["lat"]:
            east, north = both(east)
        gone, why, arrays = set(missing), {}, []
        for axis, column in (("longitude", east), ("latitude", north)):
            values, faults = coordinates(column, axis=axis, geographic=self.crs.geographic)
            arrays.append(values)
            for at in faults:
                if at not in gone:
                    why[at] = _unreadable(names[axis], column[at])
        lon, lat = to_wgs84(arrays[0], arrays[1], self.crs)
        return _known(lon), _known(lat), why, missing

    def _of_geometry(self, chunk: Chunk) -> tuple[np.ndarray, np.ndarray, dict[int, Finding], list[int]]:
        geoms = chunk.geoms if chunk.geoms is not None else np.full(len(chunk), None, dtype=object)
        single = (shapely.get_type_id(geoms) == shapely.GeometryType.MULTIPOINT) & (
            shapely.get_num_geometries(geoms) == 1
        )
        points = np.where(single, shapely.get_geometry(geoms, 0), geoms)
        points[shapely.is_empty(points)] = None  # GEOS fails on the x of an empty point
        lon, lat = to_wgs84(shapely.get_x(points), shapely.get_y(points), self.crs)
        lon, lat = _known(lon), _known(lat)
        why = {
            int(at): finding("place_unreadable", column="geometry", value=geoms[at].geom_type)
            for at in np.flatnonzero(~np.isfinite(lon) & ~shapely.is_missing(points))
        }
        return lon, lat, why, [int(at) for at in np.flatnonzero(np.isnan(lon)) if int(at) not in why]

    def _instead(
        self, cells: Mapping[str, list[Any]], lon: np.ndarray, lat: np.ndarray, missing: list[int]
    ) -> dict[int, Finding]:
        """Place the rows without coordinates, in place: at their building, else in the middle of their micro-grid; say which."""
        found: dict[int, Finding] = {}
        leaf = self.room.area.net.leaf
        for at in missing:
            said = {
                name: words(cells[name][at])
                for name in ("building", "address")
                if name in cells and not is_empty(cells[name][at])
            }
            spot = self._buildings.get(fold(said.get("building", "?"))) or self._spot(" ".join(reversed(said.values())))
            code = self._code(leaf.key, cells, at)
            if spot:
                (lon[at], lat[at]), found[at] = spot[1:], finding("by_address", name=spot[0])
            elif code in self._middles:
                (lon[at], lat[at]), found[at] = self._middles[code], finding("by_grid", code=code)
        return found

    def _spot_at(self, address: str) -> tuple[str, float, float] | None:
        """Return the one building that an address names, and where it lies; None where it names none, or several."""
        places = places_of(self.room.area).find(address) if address else []
        spots = [spot_of(self.room.area, place) for place in places if place.because not in GUESSED]
        exact = {(spot.label, spot.lon, spot.lat) for spot in spots if spot and spot.exact}
        return next(iter(exact)) if len(exact) == 1 else None

    def _code(self, key: str, cells: Mapping[str, list[Any]], at: int) -> str:
        """Return the code that a table gives for a level or overlay; its label stands for it."""
        column = cells.get(f"grid:{key}")
        text = "" if column is None or is_empty(column[at]) else words(column[at])
        return self.meant(key, text)

    def meant(self, key: str, given: str) -> str:
        """Return the code that a table means for a level or overlay: its label stands for it."""
        return self._labels(key).get(given, given)

    def _labels_of(self, key: str) -> Mapping[str, str]:
        net = self.room.area.net
        grids: Any = {
            **{level.key: level for level in net.levels},
            **{overlay.key: overlay for overlay in net.overlays},
        }.get(key)
        if grids is None:
            return {}
        labels: dict[str, set[str]] = {}
        for code, label in zip(grids.codes, grids.labels, strict=True):
            labels.setdefault(str(label), set()).add(str(code))
        return {
            label: next(iter(codes))
            for label, codes in labels.items()
            if len(codes) == 1 and label not in grids.positions
        }

    def _labelled(self, key: str, code: str) -> str:
        """Return a code with its label, as people call the grid."""
        label = next((label for label, of in self._labels(key).items() if of == code), code)
        return code if label == code else f"{label} ({code})"

    @cached_property
    def _carriers(self) -> dict[str, str]:
        """Micro-grid of a tower -> the polygon that carries it, for which other systems have one code."""
        return {stack.code: stack.on for stack in self.room.area.net.stacks}

    @cached_property
    def _middles(self) -> dict[str, tuple[float, float]]:
        leaf, net = self.room.area.net.leaf, self.room.area.net
        points = shapely.point_on_surface(leaf.geoms)
        spots = {str(code): (float(point.x), float(point.y)) for code, point in zip(leaf.codes, points, strict=True)}
        return {**spots, **{stack.code: spots[stack.on] for stack in net.stacks}}

    @cached_property
    def _buildings(self) -> dict[str, tuple[str, float, float]]:
        """Where buildings lie, by their id, name and address; a name that several have tells nothing."""
        spots: dict[str, set[tuple[float, float]]] = {}
        for frame in self.room.area.of_kind("building").values():
            xy = shapely.get_coordinates(frame.geometry.to_numpy())
            for name in ("id", "name", "address"):
                for text, (x, y) in zip(frame[name], xy, strict=True):
                    if text:
                        spots.setdefault(fold(str(text)), set()).add((float(x), float(y)))
        return {name: (name, *next(iter(found))) for name, found in spots.items() if len(found) == 1}

    def _why(self, lon: np.ndarray, lat: np.ndarray, rows: np.ndarray) -> dict[int, Finding]:
        """Say of rows in no grid what they may be: exchanged, in another system, or outside."""
        if not len(rows):
            return {}
        x, y, locate = lon[rows], lat[rows], self.room.area.net.locator.locate
        swapped = locate(y, x) >= 0
        east, north = to_wgs84(x, y, "GCJ-02")
        shifted = locate(_known(east), _known(north)) >= 0
        axes = (np.abs(x) <= MOST_LAT) & (np.abs(y) > MOST_LAT) & (np.abs(y) <= MOST_LON)
        metres = (np.abs(x) > MOST_LON) | (np.abs(y) > MOST_LAT)
        tests = {"place_swapped": swapped, "place_axes": axes, "place_metres": metres, "place_shifted": shifted}
        kinds = np.select(list(tests.values()), list(tests), "place_outside")
        return {
            int(at): finding(str(kind), place=f"{a:.6f}, {b:.6f}")
            for at, kind, a, b in zip(rows, kinds, x, y, strict=True)
        }

    # --- comparing and warning

    def _compare(self, row: Row, class_: str, cells: Mapping[str, Any], places: _Places, at: int) -> None:
        """Compare the official grids with ours, save those that placed the row."""
        for key in self.grids:
            value, tally = cells[f"grid:{key}"], self.compared[key].setdefault(class_, Agreement())
            if is_empty(value) or places.match[at] == "grid":
                tally.silent += 1
                continue
            given = words(value)
            ours = places.codes[at].get(key, "").split(";")
            agrees = self.meant(key, given) in {*ours, *(self._carriers.get(code, code) for code in ours)}
            tally.compared += 1
            tally.agreed += agrees
            tally.border += agrees and len(ours) > 1
            self.official.append((float(places.lon[at]), float(places.lat[at]), key, given))
            if not agrees:
                said = ", ".join(self._labelled(key, code) for code in ours if code) or "-"
                row.say("grid_differs", column=self.mapping.grids[key], theirs=given, ours=said)

    def _warn(self, row: Row, case: Foreign, closed: datetime | None) -> None:
        checks: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("near_edge", lambda: case.edge_m is not None and case.match in {"inside", "boundary"}),
            ("nearest", lambda: case.match == "nearest"),
            (
                "outside_hours",
                lambda: (
                    not self.room.area.pack.archive
                    and MARK[case.status] is Mark.RED
                    and not self.room.in_hours(case.reported)
                ),
            ),
            ("due_early", lambda: case.due is not None and case.due < case.reported),
            ("closed_early", lambda: closed is not None and closed < case.reported),
            ("closed_untimed", lambda: MARK[case.status] in {Mark.GREEN, Mark.YELLOW} and closed is None),
        )
        for kind, holds in checks:
            if holds():
                row.say(kind, **({"metres": case.edge_m} if kind == "near_edge" else {}))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RulesError(
            f"The mapping names the timezone {name!r}, which nobody knows. Write Asia/Shanghai, …"
        ) from error


def _crs(mapping: ColumnMapping, table: Table) -> Any:
    if mapping.crs:
        return parse(mapping.crs)
    if table.has_geometry and "lon" not in mapping.columns and table.crs is None:
        raise MissingCrs(
            f"{table.path.name} declares no coordinate system. Name it with --crs, or as crs in the mapping."
        )
    return table.crs if table.has_geometry and "lon" not in mapping.columns else parse("EPSG:4326")


def _unreadable(column: str, value: Any) -> Finding:
    if is_empty(value):
        return finding("place_half", column=column)
    return finding("place_unreadable", column=column, value=words(value))


def _known(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


def _digest(reported: datetime | None, said: Mapping[str, str], lon: float, lat: float) -> str:
    parts = (reported.astimezone(UTC).isoformat() if reported else "", *said.values(), f"{lon:.6f}", f"{lat:.6f}")
    return "#" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
