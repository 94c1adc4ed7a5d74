"""A pack's whole report: what reading its files found, the faults of its net, and those of its points. docs/check.md describes every kind and the JSON.

Everything here only looks; `layers.repair` changes, and only a copy.
"""

import json
import warnings
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from data import MANIFEST
from geo import crs as systems
from geo.coverage import Coverage, areal
from geo.errors import PackError
from geo.net import Stack
from geo.repair import Repair
from geo.scheme import code_text, code_texts
from geo.validate import SEVERITY, Fault, Severity, Sheet, geometry_faults, merged, net_faults, place, silent
from layers.geojson import Features, read_geojson
from layers.load import NUMBER_FIELDS, TIME_FIELDS, Reading, read, slot
from layers.pack import LevelEntry, OverlayEntry, Pack, PointEntry, Source

FORMAT = 1
"""Version of the JSON form; it rises when a reader of it could stumble."""
SHIFT_POINTS = 20
"""So many places it takes to tell GCJ-02 from WGS84."""
SHIFT_GAIN = 0.1
"""So much of them must come inside by the shift of GCJ-02, and so much more than by the same shift in another direction."""
POLAR = 72.0
"""No net lies nearer to a pole (the northernmost town is at 78 degrees, Norilsk at 69): a sign of swapped axes."""
MERIDIAN_REACH = 40.0
"""Degrees between a place and the meridian of its time zone, at most (western China on Beijing time: 46, but swapped it lies still farther)."""


@dataclass(frozen=True)
class Report:
    """What `check` found.

    Attributes
    ----------
    pack
        Name of the pack's folder.
    faults
        Errors first, each group by file and kind.
    """

    pack: str
    faults: tuple[Fault, ...]

    @property
    def errors(self) -> int:
        """Number of errors."""
        return sum(1 for fault in self.faults if fault.severity is Severity.ERROR)

    @property
    def warnings(self) -> int:
        """Number of warnings."""
        return len(self.faults) - self.errors

    def table(self, repairs: Sequence[Repair] | None = None) -> dict[str, Any]:
        """Return the report as plain data, the form of ``--json``; with the repairs that went before it, if any were asked for."""
        faults = [_fault_table(fault) for fault in self.faults]
        table = {
            "format": FORMAT,
            "pack": self.pack,
            "errors": self.errors,
            "warnings": self.warnings,
            "faults": faults,
        }
        return table if repairs is None else {**table, "repairs": [_repair_table(repair) for repair in repairs]}

    def json(self, repairs: Sequence[Repair] | None = None) -> str:
        """Return the report as JSON."""
        return json.dumps(self.table(repairs), ensure_ascii=False, indent=1, allow_nan=False)

    def text(self, repairs: Sequence[Repair] | None = None) -> str:
        """Return the report for a terminal."""
        total = f"{self.pack}: {_count(self.errors, 'error')}, {_count(self.warnings, 'warning')}"
        if repairs is None:
            return "\n".join([*map(_line, self.faults), total])
        done = [f"repaired {repair.file}: {repair.kind}: {repair.message}" for repair in repairs]
        return "\n".join([*done, _count(len(repairs), "repair"), *map(_line, self.faults), f"left in {total}"])


def check(folder: Path, *, statuses: Collection[str] | None = None, tell: Callable[[str], None] = silent) -> Report:
    """Check a pack.

    Parameters
    ----------
    folder
        The pack's folder.
    statuses
        Keys of the states of incidents that the ledger knows; None leaves them unchecked.
    tell
        Called with a line for people before each step that may take seconds.
    """
    tell(f"reading {folder.name}")
    try:
        reading = read(folder)
    except PackError as error:
        lines = error.faults or (str(error),)
        return Report(folder.name, tuple(Fault("bad_manifest", line, MANIFEST) for line in lines))
    return Report(folder.name, tuple(check_reading(reading, statuses=statuses, tell=tell)))


def check_reading(
    reading: Reading, *, statuses: Collection[str] | None = None, tell: Callable[[str], None] = silent
) -> list[Fault]:
    """Return every fault of a pack that has been read, errors first."""
    levels, overlays = sheets(reading)
    faults = [*reading.faults, *net_faults(levels, overlays, tell=tell)]
    faults += [
        fault for entry in _entries(reading.pack) for fault in property_faults(entry, reading.files[slot(entry)])
    ]
    faults += stack_faults(reading.stacks, reading.pack.levels[-1], levels)
    faults += axes_faults(reading)
    for entry in reading.pack.points:
        faults += point_faults(entry, reading.files[slot(entry)], levels[-1], statuses=statuses)
    for ground in reading.pack.ground:
        faults += place_faults(ground, reading.files[slot(ground)], ())
    faults += shift_faults(reading, levels)
    return in_order(merged(list(dict.fromkeys(faults))))


def check_file(path: Path, *, crs: str = "EPSG:4326", encoding: str = "utf-8", code: str | None = None) -> list[Fault]:
    """Return the faults of one GeoJSON file by itself: its text, its structure, its coordinates, and its polygons."""
    features = read_geojson(path, crs=crs, encoding=encoding, code=code)
    polygons = np.flatnonzero(np.isin(shapely.get_type_id(features.geoms), (3, 6)))
    codes = code_texts(features.column(code))
    invalid = [
        fault
        for fault in geometry_faults(path.name, codes, features.geoms, features.said)
        if int(fault.features[0]) - 1 in polygons
    ]
    return in_order([*features.faults, *invalid])


def in_order(faults: Iterable[Fault]) -> list[Fault]:
    """Order faults: errors first, then by file, then in the order of the table of kinds; the largest of a kind stays first."""
    rank = {kind: number for number, kind in enumerate(SEVERITY)}
    return sorted(faults, key=lambda fault: (fault.severity is not Severity.ERROR, fault.file, rank[fault.kind]))


def sheets(reading: Reading) -> tuple[list[Sheet], list[Sheet]]:
    """Return the levels and the overlays of a pack as they were read."""
    return [_sheet(entry, reading) for entry in reading.pack.levels], [
        _sheet(entry, reading) for entry in reading.pack.overlays
    ]


def _sheet(entry: LevelEntry | OverlayEntry, reading: Reading) -> Sheet:
    features = reading.files[slot(entry)]
    parent = entry.parent if isinstance(entry, LevelEntry) else None
    said = features.said
    if any(fault.severity is Severity.ERROR for fault in features.faults) and not len(features):
        said = np.array([True])  # the file has said why there is nothing in it
    return Sheet(
        entry.key,
        entry.file,
        code_texts(features.column(entry.code)),
        features.geoms,
        code_texts(features.column(parent)) if parent else None,
        said,
    )


def _entries(pack: Pack) -> tuple[Source, ...]:
    return (*pack.levels, *pack.overlays, *pack.points, *pack.ground)


# --- properties, stacks


def property_faults(entry: Source, features: Features) -> list[Fault]:
    """Return the declared properties that no feature of the file has."""
    if not any(features.rows):
        return []
    present = {name for row in features.rows for name in row}
    faults = []
    for key, name in _declared(entry):
        if name and name not in present:
            needed = key in {"code", "parent"}
            has = ", ".join(sorted(present)[:20])
            text = f"[[{_section(entry)}]] {entry.key} says {key} = {name!r}, but no feature has that property; it has {has}"
            faults.append(Fault("missing_property" if needed else "unknown_property", text, entry.file))
    return faults


def _declared(entry: Source) -> list[tuple[str, str | None]]:
    names = [
        (key, getattr(entry, key, None)) for key in ("code", "parent", "label", "title", "post", "id", "class_property")
    ]
    if isinstance(entry, PointEntry):
        names += [(f"fields.{field}", name) for field, name in entry.fields.items()]
    elif not isinstance(entry, LevelEntry | OverlayEntry):
        names += [("class", getattr(entry, "class_", None))]
    seen: dict[str | None, str] = {}
    return [(key, name) for key, name in names if seen.setdefault(name, key) == key]


def _section(entry: Source) -> str:
    return {"LevelEntry": "levels", "OverlayEntry": "overlays", "PointEntry": "points"}.get(
        type(entry).__name__, "ground"
    )


def stack_faults(stacks: tuple[Stack, ...], leaf: LevelEntry, levels: list[Sheet]) -> list[Fault]:
    """Return what is wrong with micro-grids stacked in towers: codes, carriers, parents, and parts that overlap."""
    file = leaf.stacks or ""
    carriers = set(levels[-1].codes) - {""}
    parents = set(levels[-2].codes) - {""} if len(levels) > 1 else set()
    faults: list[Fault] = []

    def fault(text: str, *codes: str) -> None:
        faults.append(Fault("bad_stack", text, file, codes, *_place_of(levels[-1], codes[-1])))

    seen: set[str] = set()
    for stack in stacks:
        if stack.code in seen or stack.code in carriers:
            fault(
                f"{stack.code} stands more than once, or is the code of a polygon; give it a code of its own",
                stack.code,
            )
        seen.add(stack.code)
        if stack.on not in carriers:
            fault(
                f"{stack.code} stands on {stack.on!r}, which level {leaf.key!r} does not have; correct `on`",
                stack.code,
                stack.on,
            )
        if stack.parent and parents and stack.parent not in parents:
            fault(
                f"{stack.code} names parent {stack.parent!r}, which the level above does not have", stack.code, stack.on
            )
        if _upside_down(stack.unit_from, stack.unit_to) or _upside_down(stack.floor_from, stack.floor_to):
            fault(f"{stack.code} runs from a higher to a lower unit or floor", stack.code, stack.on)
    for one, other in _meeting(stacks):
        fault(
            f"{one.code} and {other.code} share units and floors of {one.on}; part them", one.code, other.code, one.on
        )
    return faults


def _upside_down(low: int | None, high: int | None) -> bool:
    return low is not None and high is not None and low > high


def _meeting(stacks: tuple[Stack, ...]) -> list[tuple[Stack, Stack]]:
    """Return the pairs on one polygon that share units and floors."""
    groups: dict[str, list[Stack]] = {}
    for stack in stacks:
        groups.setdefault(stack.on, []).append(stack)
    pairs = [
        (one, other) for group in groups.values() for index, one in enumerate(group) for other in group[index + 1 :]
    ]
    return [
        (one, other)
        for one, other in pairs
        if _meet(one.unit_from, one.unit_to, other.unit_from, other.unit_to)
        and _meet(one.floor_from, one.floor_to, other.floor_from, other.floor_to)
    ]


def _meet(low: int | None, high: int | None, other_low: int | None, other_high: int | None) -> bool:
    return (low is None or other_high is None or low <= other_high) and (
        other_low is None or high is None or other_low <= high
    )


def _place_of(sheet: Sheet, code: str) -> tuple[float | None, float | None]:
    where = np.flatnonzero(sheet.codes == code)
    return place(sheet.geoms[where[0]]) if len(where) else (None, None)


# --- points


def point_faults(
    entry: PointEntry, features: Features, leaf: Sheet, *, statuses: Collection[str] | None = None
) -> list[Fault]:
    """Return the faults of one layer of points."""
    ids = np.array(
        [code_text(value) or str(number) for number, value in enumerate(features.column(entry.id), start=1)],
        dtype=object,
    )
    faults = place_faults(entry, features, ids)
    faults += _wrong_kind(entry, features, ids) + _outside(entry, features, ids, leaf)
    if entry.id:
        faults += _repeated(entry, features, ids)
    faults += _unread(
        entry,
        features,
        ids,
        fields=TIME_FIELDS,
        kind="unreadable_time",
        readable=_is_time,
        advice='write ISO 8601, such as "2026-03-01T08:30"',
    )
    faults += _unread(
        entry,
        features,
        ids,
        fields=NUMBER_FIELDS,
        kind="unreadable_number",
        readable=_is_number,
        advice="write a plain number",
    )
    if statuses is not None and entry.kind == "incident":
        faults += _unread(
            entry,
            features,
            ids,
            fields=("status",),
            kind="unknown_status",
            readable=lambda text: entry.status.get(text, text) in statuses,
            advice="add it to [points.status]; until then it counts as reported",
        )
    return faults


def place_faults(entry: Source, features: Features, ids: Collection[str]) -> list[Fault]:
    """Return the features of a layer of points or of the ground that have no place, in one."""
    nowhere = np.flatnonzero((shapely.is_missing(features.geoms) & ~features.said) | shapely.is_empty(features.geoms))
    return _many("no_place", entry, nowhere, list(ids), "have no geometry; they are left out of map and counts")


def _wrong_kind(entry: PointEntry, features: Features, ids: np.ndarray) -> list[Fault]:
    kinds = shapely.get_type_id(features.geoms)
    wrong = np.flatnonzero((kinds > 0) & ~shapely.is_empty(features.geoms))
    return _many(
        "wrong_geometry_type",
        entry,
        wrong,
        ids,
        "are not points; they are left out: give each one point",
        geoms=features.geoms,
    )


def _outside(entry: PointEntry, features: Features, ids: np.ndarray, leaf: Sheet) -> list[Fault]:
    points = np.flatnonzero((shapely.get_type_id(features.geoms) == 0) & ~shapely.is_empty(features.geoms))
    if not len(points) or not len(leaf.usable):
        return []
    outside = points[~_inside(features.geoms[points], leaf.coverage)]
    return _many(
        "point_outside",
        entry,
        outside,
        ids,
        "lie in no grid; they belong to nobody, and are counted as outside",
        geoms=features.geoms,
    )


def _inside(points: np.ndarray, coverage: Coverage) -> np.ndarray:
    found = np.zeros(len(points), dtype=bool)
    found[coverage.tree.query(points, predicate="intersects")[0]] = True
    return found


def _repeated(entry: PointEntry, features: Features, ids: np.ndarray) -> list[Fault]:
    given = np.array([code_text(value) != "" for value in features.column(entry.id)], dtype=bool)
    codes, counts = np.unique(ids[given].astype(str), return_counts=True)
    again = set(codes[counts > 1])
    if not again:
        return []
    where = np.array([position for position in np.flatnonzero(given) if ids[position] in again])
    extra = len(where) - len(again)
    text = f"{len(again)} ids of {entry.key} stand more than once, {extra} features too many; they are told apart by '#2', '#3': are they duplicates?"
    lon, lat = place(features.geoms[where[0]])
    return [
        Fault(
            "repeated_id",
            text,
            entry.file,
            tuple(sorted(again)),
            lon,
            lat,
            count=extra,
            features=tuple(int(position) + 1 for position in where),
        )
    ]


def _unread(
    entry: PointEntry,
    features: Features,
    ids: np.ndarray,
    *,
    fields: tuple[str, ...],
    kind: str,
    readable: Callable[[str], bool],
    advice: str,
) -> list[Fault]:
    faults = []
    for field in fields:
        name = entry.fields.get(field)
        texts = code_texts(features.column(name))
        verdicts = {text: readable(text) for text in set(texts) if text}
        wrong = np.flatnonzero([not verdicts.get(text, True) for text in texts])
        samples = ", ".join(repr(text[:30]) for text in sorted({texts[position] for position in wrong})[:3])
        faults += _many(
            kind,
            entry,
            wrong,
            ids,
            f"have a {field} ({name}) that cannot be read: {samples}; {advice}",
            geoms=features.geoms,
        )
    return faults


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        with warnings.catch_warnings(action="ignore"):  # pandas warns of what it must guess
            return not pd.isna(pd.to_datetime(text, errors="coerce"))
    return True


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _many(
    kind: str, entry: Source, which: np.ndarray, ids: Collection[str], text: str, *, geoms: np.ndarray | None = None
) -> list[Fault]:
    """Put many features of one layer into one fault, at the place of the first."""
    if not len(which):
        return []
    names = list(ids)
    codes = tuple(str(names[position]) for position in which) if names else ()
    lon, lat = place(geoms[which[0]]) if geoms is not None else (None, None)
    return [
        Fault(
            kind,
            f"{len(which)} of {entry.key} {text}",
            entry.file,
            codes,
            lon,
            lat,
            count=len(which),
            features=tuple(int(position) + 1 for position in which),
        )
    ]


# --- axes and systems, by comparing the files of a pack


def axes_faults(reading: Reading) -> list[Fault]:
    """Return the files whose axes seem swapped though both fit a globe: near a pole, on the far side of the time zone, or away from the net and on it when swapped."""
    leaf = reading.files[slot(reading.pack.levels[-1])]
    faults = []
    for entry in _entries(reading.pack):
        features = reading.files[slot(entry)]
        box = _box(features.geoms)
        if box is None or not systems.parse(entry.crs).geographic:
            continue
        turned = shapely.box(box.bounds[1], box.bounds[0], box.bounds[3], box.bounds[2])
        net = None if features is leaf else _box(leaf.geoms)
        by_net = net is not None and not net.intersects(box) and net.intersects(turned)
        if by_net or _odd_place(box, turned, reading.pack):
            middle = box.centroid
            text = f"seems to have longitude and latitude swapped: it lies around {middle.x:.3f}, {middle.y:.3f}; write [longitude, latitude], or let --fix do it"
            faults.append(
                Fault("swapped_axes", text, entry.file, (), float(middle.x), float(middle.y), count=len(features))
            )
    return list(dict.fromkeys(faults))


def _box(geoms: np.ndarray) -> shapely.Geometry | None:
    bounds = shapely.total_bounds(geoms) if len(geoms) else np.array([np.nan])
    return shapely.box(*bounds) if np.isfinite(bounds).all() else None


def _odd_place(box: shapely.Geometry, turned: shapely.Geometry, pack: Pack) -> bool:
    here, there = box.centroid, turned.centroid
    if abs(there.y) > 90.0 or box.bounds[3] - box.bounds[1] > POLAR:  # noqa: PLR2004
        return False
    if abs(here.y) > POLAR >= abs(there.y):
        return True
    offset = datetime(2020, 1, 1, tzinfo=pack.timezone).utcoffset()
    meridian = offset.total_seconds() / 240.0 if offset is not None else 0.0
    return _turn(here.x - meridian) > MERIDIAN_REACH > _turn(there.x - meridian)


def _turn(degrees: float) -> float:
    return abs((degrees + 180.0) % 360.0 - 180.0)


def shift_faults(reading: Reading, levels: list[Sheet]) -> list[Fault]:
    """Return the layers that fit the net better after the shift between GCJ-02 and WGS84.

    A layer of 20 places or more is flagged when the shift, and not the same shift turned by a quarter, a half or three quarters, brings a tenth of it and more into
    the net. That tells only of layers that differ from the net: a pack that is GCJ-02 throughout cannot be told from WGS84, and a layer that lies deep inside a net
    far wider than 500 m fits either way.
    """
    leaf = levels[-1]
    if not len(leaf.usable) or not _shifted_here(leaf.coverage.raw):
        return []
    faults = []
    for entry in _entries(reading.pack):
        features = reading.files[slot(entry)]
        if entry is reading.pack.levels[-1] or systems.parse(entry.crs) != systems.parse(reading.pack.levels[-1].crs):
            continue
        fault = _shift_fault(entry, _middles(features.geoms), leaf.coverage, reading.pack.levels[-1].file)
        faults += [fault] if fault else []
    return faults


def _shifted_here(geoms: np.ndarray) -> bool:
    box = _box(geoms)
    return box is not None and bool(systems.in_china(box.centroid.x, box.centroid.y))


def _middles(geoms: np.ndarray) -> np.ndarray:
    known = geoms[~shapely.is_missing(geoms) & ~shapely.is_empty(geoms)]
    middles = (
        shapely.point_on_surface(np.where(np.isin(shapely.get_type_id(known), (3, 6)), areal(known), known))
        if len(known)
        else known
    )
    return np.column_stack([shapely.get_x(middles), shapely.get_y(middles)]) if len(known) else np.empty((0, 2))


def _shift_fault(entry: Source, places: np.ndarray, net: Coverage, net_file: str) -> Fault | None:
    if len(places) < SHIFT_POINTS:
        return None

    def share(x: np.ndarray, y: np.ndarray) -> float:
        return float(_inside(shapely.points(x, y), net).mean())

    x, y = places.T
    now = share(x, y)
    if now > 1.0 - SHIFT_GAIN:
        return None
    for moved, text in (
        (systems.to_wgs84(x, y, systems.GCJ02), f'is it GCJ-02? Declare crs = "GCJ-02" for {entry.key}'),
        (systems.from_wgs84(x, y, systems.GCJ02), f'is the net GCJ-02? Declare crs = "GCJ-02" for {net_file}'),
    ):
        east, north = moved[0] - x, moved[1] - y
        then = share(*moved)
        turned = max(share(x + a * east - b * north, y + b * east + a * north) for a, b in ((0, 1), (-1, 0), (0, -1)))
        if then >= max(now, turned) + SHIFT_GAIN:
            metres = float(np.hypot(*systems.shift_metres(x, y)).mean())
            message = f"{now:.0%} of {entry.key} lie in the net as declared, {then:.0%} after a shift of {metres:.0f} m between GCJ-02 and WGS84: {text}, after looking at a few places"
            return Fault(
                "looks_like_gcj02", message, entry.file, (), float(x.mean()), float(y.mean()), count=len(places)
            )
    return None


# --- forms


def _fault_table(fault: Fault) -> dict[str, Any]:
    return {
        "severity": str(fault.severity),
        "kind": fault.kind,
        "file": fault.file,
        "codes": list(fault.codes),
        "features": list(fault.features),
        "lon": None if fault.lon is None else round(fault.lon, 7),
        "lat": None if fault.lat is None else round(fault.lat, 7),
        "area_m2": None if fault.area_m2 is None else round(fault.area_m2, 3),
        "count": fault.count,
        "message": fault.message,
    }


def _repair_table(repair: Repair) -> dict[str, Any]:
    where = {"lon": repair.lon and round(repair.lon, 7), "lat": repair.lat and round(repair.lat, 7)}
    area = repair.area_m2 and round(repair.area_m2, 3)
    return {
        "kind": repair.kind,
        "file": repair.file,
        "codes": list(repair.codes),
        **where,
        "area_m2": area,
        "message": repair.message,
    }


def _line(fault: Fault) -> str:
    codes = " [" + ", ".join(fault.codes[:6]) + (", …]" if len(fault.codes) > 6 else "]") if fault.codes else ""  # noqa: PLR2004
    where = f" at {fault.lon:.6f},{fault.lat:.6f}" if fault.lon is not None and fault.lat is not None else ""
    size = f" {fault.area_m2:,.2f} m2" if fault.area_m2 is not None else ""
    return f"{fault.severity:<7}  {fault.file}: {fault.kind}{codes}{where}{size}: {fault.message}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
