"""Reading ``area.toml``: what an area pack says of itself. docs/packs.md describes every key."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data import MANIFEST
from geo import crs
from geo.errors import CrsError, PackError
from geo.scheme import Name, key_fault

CALENDARS = ("cn", "none")
LONGEST_PREFIX = 8
POINT_KINDS = ("building", "site", "incident", "service")
GROUND_KINDS = ("water", "green", "street", "railway", "block", "footprint")


@dataclass(frozen=True)
class Source:
    """What every entry of a pack has: a key, a name, and a file in a declared system."""

    key: str
    name: Name
    file: str
    crs: str
    encoding: str


@dataclass(frozen=True)
class LevelEntry(Source):
    """One ``[[levels]]``."""

    code: str
    label: str
    parent: str | None = None
    stacks: str | None = None
    post: str | None = None
    volunteer: bool = False


@dataclass(frozen=True)
class OverlayEntry(Source):
    """One ``[[overlays]]``."""

    code: str
    label: str
    title: str | None = None
    post: str | None = None
    responsible: bool = False


@dataclass(frozen=True)
class PointEntry(Source):
    """One ``[[points]]``."""

    kind: str
    id: str | None = None
    class_: str | None = None
    class_property: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)
    classes: Mapping[str, Name] = field(default_factory=dict)
    as_of: datetime | None = None


@dataclass(frozen=True)
class GroundEntry(Source):
    """One ``[[ground]]``: what lies under the net."""

    kind: str
    title: str | None = None
    class_: str | None = None


@dataclass(frozen=True)
class Pack:
    """One area pack, as declared."""

    folder: Path
    name: Name
    edition: date | None
    synthetic: bool
    attribution: Name
    timezone: ZoneInfo
    calendar: str
    prefix: str
    archive: bool
    levels: tuple[LevelEntry, ...]
    overlays: tuple[OverlayEntry, ...]
    points: tuple[PointEntry, ...]
    ground: tuple[GroundEntry, ...]


def read_pack(folder: Path) -> Pack:
    """Read the ``area.toml`` of a folder.

    Raises
    ------
    PackError
        Names every fault of the file at once.
    """
    path = folder / MANIFEST
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise PackError(f"{path} cannot be read: {error.strerror}. A pack is a folder with an {MANIFEST}.") from error
    except UnicodeDecodeError as error:
        raise PackError(f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"{path} is not valid TOML: {error}.") from error
    faults: list[str] = []
    pack = _pack(folder, _Table(table, "area.toml", faults))
    if faults:
        raise PackError(f"{path} has {len(faults)} fault(s):", faults)
    return pack


class _Table:
    """A TOML table that is read key by key; every fault is collected, and what nobody read is one."""

    def __init__(self, table: Mapping[str, Any], where: str, faults: list[str]) -> None:
        self._table, self._where, self.faults = dict(table), where, faults

    def fault(self, text: str) -> None:
        self.faults.append(f"{self._where}: {text}")

    def take(self, key: str, kind: type, default: Any = None, *, needed: bool = False) -> Any:
        if key not in self._table:
            if needed:
                self.fault(f"{key!r} is missing")
            return default
        value = self._table.pop(key)
        if isinstance(value, kind) and not (kind is date and isinstance(value, datetime)):
            return value
        self.fault(f"{key!r} must be {_KINDS[kind]}, not {value!r}")
        return default

    def text(self, key: str, default: str | None = None, *, needed: bool = False) -> Any:
        value = self.take(key, str, default, needed=needed)
        if needed and isinstance(value, str) and not value.strip():
            self.fault(f"{key!r} is empty")
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.text(key, needed=True)
        if value is not None and value not in choices:
            self.fault(f"{key!r} is {value!r}; choose one of {', '.join(choices)}")
        return value or choices[0]

    def name(self) -> Name:
        zh = self.text("name", needed=True) or ""
        return Name(zh, self.text("name_en", zh), self.text("plural_en", ""))

    def crs(self, default: str) -> str:
        value = self.text("crs", default)
        try:
            crs.parse(value)
        except CrsError as error:
            self.fault(str(error))
        return str(value)

    def texts(self, key: str) -> dict[str, str]:
        table = self.take(key, dict, {})
        wrong = [name for name, value in table.items() if not isinstance(value, str)]
        for name in wrong:
            self.fault(f"{key}.{name} must be text, not {table[name]!r}")
        return {name: value for name, value in table.items() if name not in wrong}

    def file(self, key: str, folder: Path, *, needed: bool = True) -> Any:
        value = self.text(key, needed=needed)
        if value is not None and not (folder / value).resolve().is_relative_to(folder.resolve()):
            self.fault(f"{key!r} is {value!r}, which lies outside the pack's folder")
        return value

    def tables(self, key: str, read: Callable[["_Table"], Any]) -> tuple[Any, ...]:
        entries = self.take(key, list, [])
        out = []
        for number, entry in enumerate(entries, start=1):
            if not isinstance(entry, dict):
                self.fault(f"[[{key}]] number {number} is not a table")
                continue
            named = entry.get("key") or entry.get("file") or number
            inner = _Table(entry, f"[[{key}]] {named}", self.faults)
            out.append(read(inner))
            inner.done()
        return tuple(out)

    def done(self) -> None:
        for key in self._table:
            self.fault(f"{key!r} is not a key of ours; see docs/packs.md")


_KINDS: Mapping[type, str] = {
    str: "text in quotes",
    bool: "true or false",
    dict: "a table",
    list: "a list of tables",
    date: "a date such as 2026-01-31",
    datetime: "a date and time",
}


def _pack(folder: Path, table: _Table) -> Pack:
    default = table.crs("EPSG:4326")

    def source(entry: _Table) -> dict[str, Any]:
        key = entry.text("key", needed=True) or ""
        fault = key_fault(key) if key else None
        if fault:
            entry.fault(fault)
        return {
            "key": key,
            "name": entry.name(),
            "file": entry.file("file", folder) or "",
            "crs": entry.crs(default),
            "encoding": entry.text("encoding", "utf-8"),
        }

    def level(entry: _Table) -> LevelEntry:
        code = entry.text("code", needed=True) or ""
        return LevelEntry(
            **source(entry),
            code=code,
            label=entry.text("label", code),
            parent=entry.text("parent"),
            stacks=entry.file("stacks", folder, needed=False),
            post=entry.text("post"),
            volunteer=entry.take("volunteer", bool, default=False),
        )

    def overlay(entry: _Table) -> OverlayEntry:
        code = entry.text("code", needed=True) or ""
        return OverlayEntry(
            **source(entry),
            code=code,
            label=entry.text("label", code),
            title=entry.text("title"),
            post=entry.text("post"),
            responsible=entry.take("responsible", bool, default=False),
        )

    pack = Pack(
        folder=folder,
        name=table.name(),
        edition=table.take("edition", date),
        synthetic=table.take("synthetic", bool, default=False),
        attribution=_credit(table),
        timezone=_timezone(table),
        calendar=_calendar(table, folder),
        prefix=_prefix(table, folder),
        archive=table.take("archive", bool, default=False),
        levels=table.tables("levels", level),
        overlays=table.tables("overlays", overlay),
        points=table.tables("points", lambda entry: _points(entry, source(entry))),
        ground=table.tables(
            "ground",
            lambda entry: GroundEntry(
                **source(entry),
                kind=entry.choice("kind", GROUND_KINDS),
                title=entry.text("title"),
                class_=entry.text("class"),
            ),
        ),
    )
    _check_whole(pack, table)
    table.done()
    return pack


def _points(entry: _Table, source: dict[str, Any]) -> PointEntry:
    classes = entry.take("classes", dict, {})
    names = {}
    for key, value in classes.items():
        inner = _Table(
            value if isinstance(value, dict) else {}, f"[[points]] {source['key']} classes.{key}", entry.faults
        )
        names[key] = inner.name()
        inner.done()
    return PointEntry(
        **source,
        kind=entry.choice("kind", POINT_KINDS),
        id=entry.text("id"),
        class_=entry.text("class"),
        class_property=entry.text("class_property"),
        fields=entry.texts("fields"),
        status=entry.texts("status"),
        classes=names,
        as_of=entry.take("as_of", datetime),
    )


def _calendar(table: _Table, folder: Path) -> str:
    return str(table.file("calendar", folder, needed=False) or CALENDARS[-1])


def _prefix(table: _Table, folder: Path) -> str:
    """Return what the numbers of its incidents begin with: as declared, else the folder's name in capitals."""
    prefix = table.text("prefix", "") or re.sub(r"[^A-Z0-9]", "", folder.name.upper())[:LONGEST_PREFIX] or "A"
    if not re.fullmatch(rf"[A-Z0-9]{{1,{LONGEST_PREFIX}}}", prefix):
        table.fault(f"'prefix' is {prefix!r}; use 1 to {LONGEST_PREFIX} capital letters or digits")
    return prefix


def _credit(table: _Table) -> Name:
    zh = table.text("attribution", "")
    return Name(zh, table.text("attribution_en", zh))


def _timezone(table: _Table) -> ZoneInfo:
    name = table.text("timezone", "Asia/Shanghai")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        table.fault(f"'timezone' is {name!r}; use a name such as Asia/Shanghai")
        return ZoneInfo("UTC")


def _check_whole(pack: Pack, table: _Table) -> None:
    if not pack.levels:
        table.fault("declare at least one [[levels]]")
    keys = [entry.key.lower() for entry in (*pack.levels, *pack.overlays)] + [
        entry.key.lower() for entry in pack.points
    ]
    ground = [entry.key.lower() for entry in pack.ground]
    for key in sorted({key for group in (keys, ground) for key in group if key and group.count(key) > 1}):
        table.fault(f"key {key!r} stands more than once")
    if pack.calendar not in CALENDARS and not (pack.folder / pack.calendar).is_file():
        table.fault(f"'calendar' is {pack.calendar!r}; choose {' or '.join(CALENDARS)}, or name a file of the pack")
    for level in pack.levels[:-1]:
        if level.stacks:
            table.fault(f"[[levels]] {level.key}: only the last (leaf) level can have 'stacks'")
    for entry in pack.points:
        if entry.class_ and entry.class_property:
            table.fault(f"[[points]] {entry.key}: give 'class' or 'class_property', not both")
