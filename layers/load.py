"""From the folder of a pack to a net and frames that the other rooms work with."""

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data import MANIFEST
from geo.errors import PackError
from geo.net import Level, Net, Overlay, Stack
from geo.scheme import code_text, code_texts
from geo.validate import Fault
from layers.geojson import Features, read_geojson
from layers.pack import LevelEntry, OverlayEntry, Pack, PointEntry, Source, read_pack

TEXT_FIELDS = ("name", "address", "use", "hours", "title", "status", "responsible")
NUMBER_FIELDS = ("households", "storeys", "units", "unit", "floor")
TIME_FIELDS = ("reported", "due", "closed")
CLASSED = frozenset({"site", "incident", "service"})


@dataclass(frozen=True, eq=False)
class Reading:
    """A pack with its files read, whatever is wrong with them."""

    pack: Pack
    files: dict[str, Features]
    stacks: tuple[Stack, ...]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, eq=False)
class Area:
    """An area ready for use.

    Attributes
    ----------
    id
        Name of the pack's folder.
    net
        The net in force.
    points
        Key -> frame (EPSG:4326) with canonical columns (``id``, ``class``, names, times in the pack's timezone) and the codes of every level and overlay.
    ground
        Key -> frame with ``title``, ``class`` and geometry.
    faults
        What reading the files found.
    digest
        SHA-256 over the pack's files, hexadecimal.
    """

    id: str
    pack: Pack
    net: Net
    points: dict[str, gpd.GeoDataFrame]
    ground: dict[str, gpd.GeoDataFrame]
    faults: tuple[Fault, ...]
    digest: str

    def of_kind(self, kind: str) -> dict[str, gpd.GeoDataFrame]:
        """Return the point layers of one kind: building, site, incident or service."""
        return {entry.key: self.points[entry.key] for entry in self.pack.points if entry.kind == kind}

    @cached_property
    def as_of(self) -> pd.Timestamp | None:
        """How far the incidents go (数据截至): as declared, else the latest time in them; None when there is none."""
        times = [
            _as_of(entry, self.points[entry.key], self.pack) for entry in self.pack.points if entry.kind == "incident"
        ]
        return max((time for time in times if time is not None), default=None)


def read(folder: Path) -> Reading:
    """Read a pack and its files; only an unusable ``area.toml`` is raised, everything else is a fault.

    Raises
    ------
    PackError
        ``area.toml`` cannot be used.
    """
    pack = read_pack(folder)
    entries: Iterable[Source] = (*pack.levels, *pack.overlays, *pack.points, *pack.ground)
    files = {slot(entry): _read_file(folder, entry) for entry in entries}
    stacks, stack_faults = _stacks(folder, pack.levels[-1])
    faults = [fault for features in files.values() for fault in features.faults]
    return Reading(pack, files, stacks, tuple(dict.fromkeys(faults + stack_faults)))  # two entries may share a file


def _read_file(folder: Path, entry: Source) -> Features:
    named = {LevelEntry: "code", OverlayEntry: "code", PointEntry: "id"}.get(type(entry))
    code = getattr(entry, named) if named else None
    return read_geojson(folder / entry.file, crs=entry.crs, encoding=entry.encoding, code=code, name=entry.file)


def load(folder: Path) -> Area:
    """Load a pack into an area.

    Raises
    ------
    PackError
        The pack cannot be used: ``area.toml`` is wrong, or no grid of the leaf level can be read.
    """
    reading = read(folder)
    pack = reading.pack
    net = build_net(reading)
    if not len(net.leaf):
        raise PackError(
            f"{folder} has no readable grid in level {net.leaf.key!r}. Run `battlemap check {folder.name}`.",
            [f"{fault.file}: {fault.message}" for fault in reading.faults],
        )
    points = {entry.key: _point_frame(entry, reading.files[slot(entry)], pack, net) for entry in pack.points}
    ground = {entry.key: _ground_frame(entry, reading.files[slot(entry)]) for entry in pack.ground}
    return Area(folder.name, pack, net, points, ground, reading.faults, _digest(pack))


def build_net(reading: Reading) -> Net:
    """Build the net from what could be read of its files; grids without a polygon or a code are left out."""
    levels: list[Level] = []
    for entry in reading.pack.levels:
        levels.append(_level(entry, reading.files[slot(entry)], levels[-1] if levels else None))
    overlays = tuple(_overlay(entry, reading.files[slot(entry)]) for entry in reading.pack.overlays)
    carriers = set(levels[-1].codes)
    stacks = tuple(stack for stack in reading.stacks if stack.on in carriers)
    return Net(tuple(levels), overlays, stacks, reading.pack.edition)


def slot(entry: Source) -> str:
    """Return the key of an entry in `Reading.files`; a layer of the ground may share its key with a level or with points."""
    return f"{type(entry).__name__}:{entry.key}"


def _usable(features: Features, code: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes of all features, and the positions of those that can stand in a net, in order of code."""
    codes = code_texts(features.column(code))
    areal = np.isin(shapely.get_type_id(features.geoms), (3, 6)) & ~shapely.is_empty(features.geoms)
    keep = np.flatnonzero(areal & (codes != ""))
    return codes, keep[np.argsort(codes[keep].astype(str), kind="stable")]


def _texts(features: Features, name: str | None, keep: np.ndarray) -> np.ndarray:
    return code_texts(features.column(name))[keep]


def _level(entry: LevelEntry, features: Features, above: Level | None) -> Level:
    codes, keep = _usable(features, entry.code)
    geoms = features.geoms[keep]
    labels = _texts(features, entry.label, keep)
    return Level(
        key=entry.key,
        name=entry.name,
        codes=codes[keep],
        labels=np.where(labels == "", codes[keep], labels),
        geoms=geoms,
        parents=_parents(_texts(features, entry.parent, keep), geoms, above),
        posts=_texts(features, entry.post, keep),
        volunteer=entry.volunteer,
    )


def _overlay(entry: OverlayEntry, features: Features) -> Overlay:
    codes, keep = _usable(features, entry.code)
    labels = _texts(features, entry.label, keep)
    return Overlay(
        key=entry.key,
        name=entry.name,
        codes=codes[keep],
        labels=np.where(labels == "", codes[keep], labels),
        titles=_texts(features, entry.title, keep),
        geoms=features.geoms[keep],
        posts=_texts(features, entry.post, keep),
        responsible=entry.responsible,
    )


def _parents(declared: np.ndarray, geoms: np.ndarray, above: Level | None) -> np.ndarray:
    """Return positions in the level above: as declared, else the parent that shares the most area, -1 where neither tells."""
    if above is None or not len(above):
        return np.full(len(geoms), -1, dtype=np.int64)
    parents = np.array([above.positions.get(code, -1) for code in declared], dtype=np.int64)
    unknown = np.flatnonzero(parents < 0)
    shapes, bases = shapely.make_valid(geoms[unknown]), shapely.make_valid(above.geoms)
    child, parent = shapely.STRtree(bases).query(shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[child], bases[parent]))
    for which in np.lexsort(
        (-parent, shared)
    ):  # ascending, so that the largest share, of equals the lowest code, stays
        if shared[which] > 0:
            parents[unknown[child[which]]] = parent[which]
    return parents


def _stacks(folder: Path, leaf: LevelEntry) -> tuple[tuple[Stack, ...], list[Fault]]:
    if not leaf.stacks:
        return (), []
    try:
        with (folder / leaf.stacks).open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        return (), [Fault("unreadable_file", f"cannot be read: {error.strerror}", leaf.stacks)]
    except (UnicodeDecodeError, csv.Error) as error:
        return (), [Fault("unreadable_file", f"cannot be read: {error}", leaf.stacks)]
    stacks, faults = [], []
    for line, row in enumerate(rows, start=2):
        try:
            stacks.append(_stack(row))
        except (KeyError, ValueError, TypeError) as error:
            faults.append(Fault("bad_stack", f"line {line}: {error}", leaf.stacks, (str(row.get("code") or ""),)))
    return tuple(stacks), faults


def _stack(row: dict[str, str]) -> Stack:
    def whole(name: str) -> int | None:
        text = (row.get(name) or "").strip()
        return int(text) if text else None

    code, on = row["code"].strip(), row["on"].strip()
    if not code or not on:
        raise ValueError("needs `code` and `on`")
    return Stack(
        code=code,
        label=(row.get("label") or code).strip(),
        parent=(row.get("parent") or "").strip(),
        on=on,
        unit_from=whole("unit_from"),
        unit_to=whole("unit_to"),
        floor_from=whole("floor_from"),
        floor_to=whole("floor_to"),
        households=whole("households"),
        post=(row.get("post") or "").strip(),
    )


def _point_frame(entry: PointEntry, features: Features, pack: Pack, net: Net) -> gpd.GeoDataFrame:
    points = shapely.get_type_id(features.geoms) == 0
    keep = np.flatnonzero(points & ~shapely.is_empty(features.geoms))
    columns: dict[str, Any] = {"id": _ids(features, entry, keep)}
    if entry.kind in CLASSED:
        classes = _texts(features, entry.class_property, keep)
        columns["class"] = (
            np.where(classes == "", entry.class_ or entry.key, classes)
            if entry.class_property
            else np.full(len(keep), entry.class_ or entry.key, dtype=object)
        )
    for name in TEXT_FIELDS:
        columns[name] = _texts(features, entry.fields.get(name), keep)
    for name in NUMBER_FIELDS:
        columns[name] = pd.to_numeric(
            pd.Series(_texts(features, entry.fields.get(name), keep), dtype=object), errors="coerce"
        ).to_numpy(dtype=np.float64)
    for name in TIME_FIELDS:
        columns[name] = _times(features.column(entry.fields.get(name)), keep, pack)
    if entry.status:
        columns["status"] = np.array([entry.status.get(status, status) for status in columns["status"]], dtype=object)
    geoms = features.geoms[keep]
    codes = net.assign(shapely.get_x(geoms), shapely.get_y(geoms), unit=columns["unit"], floor=columns["floor"])
    frame = pd.concat([pd.DataFrame(columns), codes], axis=1)
    return gpd.GeoDataFrame(frame, geometry=geoms, crs="EPSG:4326")


def _ids(features: Features, entry: PointEntry, keep: np.ndarray) -> np.ndarray:
    """Return an id for each kept feature: the declared one, else the feature's number; a repeated id gets "#2", "#3", …"""
    declared = code_texts(features.column(entry.id))
    seen: dict[str, int] = {}
    out = []
    for position in keep:
        code = declared[position] or str(position + 1)
        seen[code] = seen.get(code, 0) + 1
        out.append(code if seen[code] == 1 else f"{code}#{seen[code]}")
    return np.array(out, dtype=object)


def _times(values: Sequence[Any], keep: np.ndarray, pack: Pack) -> pd.DatetimeIndex:
    """Read times: ISO 8601, with an offset or, without one, in the pack's timezone; what cannot be read is NaT."""
    times = [_time(code_text(values[position]), pack.timezone) for position in keep]
    return pd.DatetimeIndex(pd.to_datetime(pd.Series(times, dtype=object), utc=True)).tz_convert(pack.timezone)


def _time(text: str, timezone: ZoneInfo) -> pd.Timestamp | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return pd.Timestamp(time if time.tzinfo else time.replace(tzinfo=timezone))


def _as_of(entry: PointEntry, frame: gpd.GeoDataFrame, pack: Pack) -> pd.Timestamp | None:
    if entry.as_of:
        declared = pd.Timestamp(entry.as_of)
        return declared.tz_localize(pack.timezone) if declared.tzinfo is None else declared.tz_convert(pack.timezone)
    latest = max(
        (frame[name].max() for name in ("reported", "closed")),
        default=pd.NaT,
        key=lambda time: (not pd.isna(time), time if not pd.isna(time) else 0),
    )
    return None if pd.isna(latest) else latest


def _ground_frame(entry: Any, features: Features) -> gpd.GeoDataFrame:
    keep = np.flatnonzero(~shapely.is_missing(features.geoms) & ~shapely.is_empty(features.geoms))
    frame = pd.DataFrame({"title": _texts(features, entry.title, keep), "class": _texts(features, entry.class_, keep)})
    return gpd.GeoDataFrame(frame, geometry=features.geoms[keep], crs="EPSG:4326")


def _digest(pack: Pack) -> str:
    """Digest the files that a pack names, and no others of its folder; one that cannot be read is a fault already."""
    entries = (*pack.levels, *pack.overlays, *pack.points, *pack.ground)
    stacks = (level.stacks for level in pack.levels if level.stacks)
    total = hashlib.sha256()
    for name in sorted({MANIFEST, pack.calendar, *stacks, *(entry.file for entry in entries)}):
        try:
            path = pack.folder / name
            total.update(
                name.encode() + b"\0" + (hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b"")
            )
        except OSError:
            total.update(b"unreadable")
    return total.hexdigest()
