"""A repaired copy of a pack (``battlemap check --fix OUT``): each repair is listed, the pack itself is never touched, and the copy is written whole or not at all."""

import contextlib
import json
import math
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo import crs as systems
from geo.errors import PackError
from geo.repair import Repair, made_valid, tidy
from geo.validate import Fault
from layers.check import axes_faults, sheets
from layers.geojson import FOREIGN, Features, decoded, likely_encoding, wrong_winding
from layers.load import Reading, read, slot
from layers.pack import LevelEntry, OverlayEntry, Source

DECIMALS = {True: 9, False: 4}
"""Decimals of rewritten coordinates: degrees, and metres."""
TYPES = (
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
    "Feature",
    "FeatureCollection",
)


def repair(folder: Path, out: Path) -> list[Repair]:
    """Write a repaired copy of a pack.

    Parameters
    ----------
    folder
        The pack.
    out
        A folder that does not exist yet.

    Raises
    ------
    PackError
        ``out`` exists, cannot be written, or ``area.toml`` cannot be used.
    """
    if out.exists():
        raise PackError(
            f"{out} exists already. Name a new folder: the copy is written beside your pack, never over anything."
        )
    if out.resolve().is_relative_to(folder.resolve()):
        raise PackError(f"{out} lies inside the pack {folder}. Name a folder outside of it.")
    read(folder)  # raises what no repair can mend
    try:
        with _beside(out) as draft:
            shutil.copytree(folder, draft, dirs_exist_ok=True, copy_function=shutil.copyfile)
            repairs = [*_encodings(draft), *_features(draft), *_coverage(draft)]
            draft.rename(out)
    except OSError as error:
        raise PackError(f"{out} cannot be written: {error.strerror or error}. Nothing was left behind.") from error
    return repairs


@contextlib.contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """Give a draft folder on the same disk, and take it away if it is still there."""
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    draft.chmod(0o755)
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sources(reading: Reading) -> dict[str, Source]:
    """Return one entry for each file; where several share one, a level or overlay speaks for it."""
    pack = reading.pack
    return {entry.file: entry for entry in (*pack.ground, *pack.points, *pack.overlays, *pack.levels)}


def _encodings(folder: Path) -> list[Repair]:
    """Write files that are not in their declared encoding in it."""
    repairs = []
    for file, entry in _sources(read(folder)).items():
        path = folder / file
        if not path.is_file():
            continue
        raw = path.read_bytes()
        text, fault = decoded(raw, entry.encoding)
        found = likely_encoding(raw) if fault and text is None else None
        if found is None:
            continue
        with contextlib.suppress(UnicodeError, LookupError):
            path.write_bytes(raw.decode(found).lstrip("\ufeff").encode(entry.encoding))
            repairs.append(Repair("wrong_encoding", f"read as {found} and written as {entry.encoding}", file))
    return repairs


def _features(folder: Path) -> list[Repair]:
    """Mend each file by itself."""
    reading = read(folder)
    turned = {fault.file: fault for fault in axes_faults(reading)}
    repairs: list[Repair] = []
    for file, entry in _sources(reading).items():
        features = reading.files[slot(entry)]
        if (
            not isinstance(features.document, dict)
            or not len(features)
            or any(fault.kind == "duplicate_member" for fault in features.faults)
        ):
            continue
        mender = _Mender(entry, features, turned.get(file))
        mender.mend()
        if mender.repairs and _write(folder / file, features.document, entry.encoding):
            repairs += mender.repairs
    return repairs


@dataclass(eq=False)
class _Mender:
    """Mends the parsed JSON of one file, in place."""

    entry: Source
    features: Features
    turned: Fault | None

    def __post_init__(self) -> None:
        self.repairs: list[Repair] = []
        document = self.features.document
        listed = document.get("features")
        self.members: list[Any] = listed if isinstance(listed, list) else [document]

    def mend(self) -> None:
        self.members_and_types()
        geoms = self.features.source.copy()
        geoms = self.step("swapped_axes", geoms, self.swap(geoms), "longitude and latitude put in their places")
        unclosed = self.numbers("unclosed_ring")
        self.say("unclosed_ring", unclosed, "rings closed")
        if isinstance(self.entry, LevelEntry | OverlayEntry):
            geoms = self.step("invalid_geometry", geoms, self.valid(geoms), "made valid; look at it")
        geoms = self.step("right_hand_rule", geoms, self.wind(geoms), "rings turned round")
        for position in np.flatnonzero([new is not old for new, old in zip(geoms, self.features.source, strict=True)]):
            self.put(int(position), geoms[position])
        for position in unclosed:
            self.put(int(position), geoms[position])

    def step(self, kind: str, before: np.ndarray, after: np.ndarray, text: str) -> np.ndarray:
        self.say(kind, np.flatnonzero([new is not old for new, old in zip(after, before, strict=True)]), text)
        return after

    def say(self, kind: str, which: np.ndarray, text: str) -> None:
        if not len(which):
            return
        code = getattr(self.entry, "code", None)
        codes = tuple(str(self.features.rows[position].get(code, "")) for position in which) if code else ()
        self.repairs.append(Repair(kind, f"{text}, {len(which)} feature(s)", self.entry.file, codes))

    def numbers(self, kind: str) -> np.ndarray:
        found = {number - 1 for fault in self.features.faults if fault.kind == kind for number in fault.features}
        return np.array(
            sorted(position for position in found if self.features.source[position] is not None), dtype=np.int64
        )

    def swap(self, geoms: np.ndarray) -> np.ndarray:
        which = np.arange(len(geoms)) if self.turned else self.numbers("swapped_axes")
        which = which[~shapely.is_missing(geoms[which])]
        out = geoms.copy()
        out[which] = shapely.transform(geoms[which], lambda coordinates: coordinates[:, ::-1])
        return out

    def valid(self, geoms: np.ndarray) -> np.ndarray:
        out = geoms.copy()
        kinds = shapely.get_type_id(geoms)
        wrong = np.flatnonzero(
            (np.isin(kinds, (3, 6)) & ~shapely.is_valid(geoms))
            | (kinds == shapely.GeometryType.GEOMETRYCOLLECTION.value)
        )
        for position in wrong:
            out[position] = made_valid(geoms[position]) or geoms[position]
        return out

    def wind(self, geoms: np.ndarray) -> np.ndarray:
        out = geoms.copy()
        for position in np.unique(wrong_winding(geoms)):
            out[position] = shapely.orient_polygons(geoms[position])
        return out

    def put(self, position: int, geom: shapely.Geometry) -> None:
        member = self.members[position]
        shape = _rounded(geom, geographic=systems.parse(self.entry.crs).geographic)
        if isinstance(member, dict) and "geometry" in member:
            member["geometry"] = shape
        elif member is self.features.document:  # a bare geometry
            member.update(shape)

    def members_and_types(self) -> None:
        """Put right what is only spelling: types in the wrong case, members that must not be there, NaN in properties."""
        document = self.features.document
        done = _spell(document)
        for member in self.members:
            if isinstance(member, dict):
                done += _spell(member) + (_spell(member["geometry"]) if isinstance(member.get("geometry"), dict) else 0)
                done += _blank(member.get("properties"))
        if done:
            self.repairs.append(
                Repair(
                    "not_geojson",
                    f"{done} member(s) put right: types, stray members, NaN written as null",
                    self.entry.file,
                )
            )


def _spell(table: dict[str, Any]) -> int:
    right = {name.lower(): name for name in TYPES}.get(str(table.get("type")).lower())
    done = 0
    if right and right != table["type"]:
        table["type"] = right
        done += 1
    for name in FOREIGN.get(right or "", ()):
        if name in table:
            del table[name]
            done += 1
    bbox = table.get("bbox")
    if "bbox" in table and not (
        isinstance(bbox, list) and len(bbox) in (4, 6) and all(type(number) in (int, float) for number in bbox)
    ):
        del table["bbox"]
        done += 1
    return done


def _blank(properties: Any) -> int:
    if not isinstance(properties, dict):
        return 0
    wrong = [name for name, value in properties.items() if isinstance(value, float) and not math.isfinite(value)]
    for name in wrong:
        properties[name] = None
    return len(wrong)


def _coverage(folder: Path) -> list[Repair]:
    """Make the leaf level tile, as far as that is no decision."""
    reading = read(folder)
    levels, _ = sheets(reading)
    leaf, entry = levels[-1], reading.pack.levels[-1]
    features = reading.files[slot(entry)]
    if not len(leaf.usable) or any(fault.kind == "duplicate_member" for fault in features.faults):
        return []
    before = leaf.coverage.geoms
    base = levels[-2].coverage.geoms if len(levels) > 1 and len(levels[-2].usable) else None
    done = tidy(leaf.codes[leaf.usable], before, base)
    changed = done.changed(before)
    if not len(changed):
        return []
    mender = _Mender(entry, features, None)
    geoms = systems.geometries_from_wgs84(shapely.orient_polygons(done.geoms[changed]), entry.crs)
    for position, geom in zip(leaf.usable[changed], geoms, strict=True):
        mender.put(int(position), geom)
    if not _write(folder / entry.file, features.document, entry.encoding):
        return []
    return [replace(each, file=entry.file) for each in done.repairs]


def _rounded(geom: shapely.Geometry, *, geographic: bool) -> dict[str, Any]:
    decimals = DECIMALS[geographic]
    shape = shapely.geometry.mapping(shapely.transform(geom, lambda coordinates: np.round(coordinates, decimals)))
    return dict(json.loads(json.dumps(shape)))


def _write(path: Path, document: Any, encoding: str) -> bool:
    """Write a document; False, and nothing written, when JSON or the encoding cannot hold it."""
    try:
        raw = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(encoding)
    except (ValueError, LookupError):
        return False
    path.write_bytes(raw)
    return True
