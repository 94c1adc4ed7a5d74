"""Reading a GeoJSON file (RFC 7946) strictly, into rows and geometries, with every fault named.

A file is read as far as it can be: a ring that is not closed is closed, an unknown member is passed over. But nothing is silently accepted: whatever departs from
RFC 7946 or from what the pack declares is a fault, with the number and code of its feature. geopandas opens 26 of geojsonhint's 44 bad files without a word.
"""

import json
import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import charset_normalizer
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.aoi import AreaOfInterest
from pyproj.transformer import TransformerGroup

from geo import crs as systems
from geo.errors import CrsError
from geo.measure import distances_m
from geo.scheme import code_text
from geo.validate import Fault

SHAPES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon")
FOREIGN = {
    "Feature": ("features", "coordinates", "geometries"),
    "FeatureCollection": ("properties", "geometry", "coordinates", "geometries"),
}
SAME_PLACE_M = 0.5
"""Two systems that put the file's coordinates within so much of each other do not contradict."""
AREA_MARGIN = 5.0
"""Degrees that coordinates may lie outside of the area of their system."""
WIDEST = 180.0


@dataclass(eq=False)
class Features:
    """What a file holds.

    Attributes
    ----------
    rows
        Properties of each feature, in order.
    geoms
        Geometries, object (n,), WGS84 lon/lat; None where a feature has none that can be read.
    faults
        What is wrong with the file.
    source
        The geometries in the file's own coordinates, rings closed.
    said
        bool (n,): features whose geometry could not be read, and whose fault says so.
    document
        The parsed JSON; None where there is none.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    geoms: np.ndarray = field(default_factory=lambda: np.array([], dtype=object))
    faults: list[Fault] = field(default_factory=list)
    source: np.ndarray = field(default_factory=lambda: np.array([], dtype=object))
    said: NDArray[np.bool_] = field(default_factory=lambda: np.array([], dtype=bool))
    document: Any = None

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str | None) -> list[Any]:
        """Return one property of every feature, None where it lacks."""
        return [row.get(name) if name else None for row in self.rows]


def read_geojson(
    path: Path, *, crs: str = "EPSG:4326", encoding: str = "utf-8", code: str | None = None, name: str | None = None
) -> Features:
    """Read the features of a GeoJSON file; nothing is raised for what is wrong in it, everything is listed.

    A FeatureCollection, a single Feature (read as one row) or a bare geometry (one row without properties).

    Parameters
    ----------
    path
        The file.
    crs
        Declared system of its coordinates; they are returned as WGS84.
    encoding
        Declared encoding.
    code
        Property to name features by in faults.
    name
        What to call the file in faults; default: its own name.
    """
    reader = _Reader(name or path.name, code)
    text = reader.text(path, encoding)
    if text is not None and reader.parse(text):
        reader.read(reader.found.document)
        reader.place(crs)
    return reader.found


class _Reader:
    """Reads one file; every method adds to ``found``."""

    def __init__(self, file: str, code: str | None) -> None:
        self.found, self.file, self.code = Features(), file, code
        self.number = 0
        self.row: dict[str, Any] = {}

    # --- from bytes to JSON

    def fault(self, kind: str, message: str, **more: Any) -> None:
        self.found.faults.append(Fault(kind, message, self.file, **more))

    def text(self, path: Path, encoding: str) -> str | None:
        try:
            if path.exists() and not (path.is_file() or path.is_dir()):
                self.fault("unreadable_file", "cannot be read: it is no regular file")  # a pipe would be waited for
                return None
            raw = path.read_bytes()
        except OSError as error:
            self.fault("unreadable_file", f"cannot be read: {error.strerror or error}")
            return None
        if not raw.strip():
            self.fault("not_geojson", "is empty")
            return None
        text, fault = decoded(raw, encoding)
        if fault:
            self.fault("wrong_encoding", fault)
        if text is not None and "\ufffd" in text:
            self.fault(
                "lost_characters",
                f"has {text.count(chr(0xFFFD))} replacement characters: an earlier conversion lost its text; export it again",
                count=text.count("\ufffd"),
            )
        return text

    def parse(self, text: str) -> bool:
        """Parse JSON into ``found.document``; False when it is none."""
        doubles: dict[str, int] = {}
        constants: list[str] = []

        def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
            table = dict(members)
            if len(table) < len(members):
                names = [name for name, _ in members]
                for name in {name for name in names if names.count(name) > 1}:
                    doubles[name] = doubles.get(name, 0) + 1
            return table

        def constant(word: str) -> float:
            constants.append(word)
            return float(word.replace("Infinity", "inf"))

        try:
            document = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
        except RecursionError:
            self.fault("not_geojson", "is nested too deeply; GeoJSON needs no more than ten levels")
            return False
        except ValueError as error:
            self.fault("not_geojson", f"is not JSON: {error}; is it cut off?")
            return False
        for name, count in sorted(doubles.items()):
            self.fault(
                "duplicate_member",
                f"member {name!r} stands twice in {count} object(s); readers differ in which they take: delete one",
                count=count,
            )
        if constants:
            self.fault(
                "not_geojson",
                f"holds {', '.join(sorted(set(constants)))} ({len(constants)} times), which is not JSON; write null, or leave the feature out",
                count=len(constants),
            )
        self.found.document = document
        return True

    # --- from JSON to features

    def read(self, document: Any) -> None:
        if not isinstance(document, dict):
            self.fault("not_geojson", f"is {_json_kind(document)}, not a GeoJSON object")
            return
        kind = self.type_of(document, "it")
        if kind in FOREIGN:
            self.found.faults += self.members(document, kind or "", "it")
        if kind == "FeatureCollection":
            features = document.get("features")
            if not isinstance(features, list):
                self.fault(
                    "not_geojson",
                    f"has `features` that is {_json_kind(features)}, not a list"
                    if "features" in document
                    else "is a FeatureCollection without `features`",
                )
                return
        elif kind == "Feature":
            features = [document]
        elif kind in SHAPES or kind == "GeometryCollection":
            features = [{"type": "Feature", "properties": None, "geometry": document}]
        else:
            return
        geoms = [
            self.feature(number, feature, alone=kind != "FeatureCollection")
            for number, feature in enumerate(features, start=1)
        ]
        self.found.source = np.empty(len(geoms), dtype=object)
        self.found.source[:] = [geom for geom, _ in geoms]
        self.found.said = np.array([said for _, said in geoms], dtype=bool)

    def type_of(self, table: dict[str, Any], what: str) -> str | None:
        """Return the type of an object by its right name; None when there is none such."""
        kind = table.get("type")
        known = {name.lower(): name for name in (*SHAPES, "GeometryCollection", "Feature", "FeatureCollection")}
        if not isinstance(kind, str):
            self.fault(
                "not_geojson",
                f"{what} has no `type`" if "type" not in table else f"{what} has a `type` that is {_json_kind(kind)}",
            )
            return None
        right = known.get(kind.lower())
        if right is None:
            self.fault("not_geojson", f"{what} has the unknown type {kind!r}")
        elif right != kind:
            self.fault("not_geojson", f"{what} has the type {kind!r}; write {right!r}")
        return right

    def feature(self, number: int, feature: Any, *, alone: bool) -> tuple[shapely.Geometry | None, bool]:
        """Read a feature: its geometry, and whether a fault says why there is none."""
        self.number, self.row = number, {}
        self.found.rows.append(self.row)
        if not isinstance(feature, dict):
            self.feature_fault("not_geojson", f"is {_json_kind(feature)}, not an object")
            return None, True
        self.properties(feature)
        if not alone:
            kind = feature.get("type")
            if kind != "Feature":
                self.feature_fault(
                    "not_geojson",
                    f"has the type {kind!r}; write 'Feature'"
                    if "type" in feature
                    else 'has no `type`; write "type": "Feature"',
                )
            self.found.faults += self.members(feature, "Feature", self.named())
        if "geometry" not in feature:
            self.feature_fault("not_geojson", "has no `geometry`; write null where there is none")
            return None, True
        return self.geometry(feature["geometry"])

    def properties(self, feature: dict[str, Any]) -> None:
        properties = feature.get("properties")
        if isinstance(properties, dict):
            self.row.update(properties)
        elif "properties" not in feature:
            self.feature_fault("odd_member", "has no `properties`; RFC 7946 wants at least null")
        elif properties is not None:
            self.feature_fault("not_geojson", f"has `properties` that is {_json_kind(properties)}, not an object")
        identifier = feature.get("id", "")
        if not isinstance(identifier, str | int | float) or isinstance(identifier, bool):
            self.feature_fault(
                "odd_member", f"has an `id` that is {_json_kind(identifier)}; RFC 7946 wants text or a number"
            )

    def members(self, table: dict[str, Any], kind: str, what: str) -> list[Fault]:
        """Return what RFC 7946 forbids beside the members that matter: foreign members of another type (section 7.1), and a bbox that is none (section 5)."""
        forbidden = FOREIGN.get(kind, ("geometry", "properties", "features") if kind else ())
        text = f"{what} is a {kind} and must not have {{!r}}; it is passed over"
        out = [Fault("odd_member", text.format(name), self.file) for name in forbidden if name in table]
        fault = _bbox_fault(table["bbox"]) if "bbox" in table else None
        if fault:
            out.append(Fault("odd_member", f"{what} has a `bbox` that {fault}; it is passed over", self.file))
        return out

    # --- from JSON to geometry

    def geometry(self, member: Any) -> tuple[shapely.Geometry | None, bool]:
        if member is None:
            return None, False
        if not isinstance(member, dict):
            self.feature_fault("not_geojson", f"has a `geometry` that is {_json_kind(member)}, not an object")
            return None, True
        try:
            return self.shape(member), False
        except _BadError as bad:
            self.feature_fault(bad.kind, str(bad))
            return None, True

    def shape(self, member: dict[str, Any], depth: int = 0) -> shapely.Geometry:
        before = len(self.found.faults)
        kind = self.type_of(member, f"{self.named()}: its geometry")
        if kind is None or kind in {"Feature", "FeatureCollection"}:
            del self.found.faults[before:]
            raise _BadError(
                f"has a geometry of the type {member.get('type')!r}; RFC 7946 knows {', '.join((*SHAPES, 'GeometryCollection'))}",
                "not_geojson",
            )
        self.found.faults += self.members(member, kind, f"{self.named()}: its geometry")
        if kind == "GeometryCollection":
            return self.collection(member, depth)
        if "coordinates" not in member:
            raise _BadError(f"has a {kind} without `coordinates`")
        coordinates = member["coordinates"]
        if not isinstance(coordinates, list):
            raise _BadError(f"has `coordinates` that are {_json_kind(coordinates)}, not a list")
        return self.build(kind, coordinates)

    def collection(self, member: dict[str, Any], depth: int) -> shapely.Geometry:
        parts = member.get("geometries")
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise _BadError("has a GeometryCollection whose `geometries` are not a list of geometries", "not_geojson")
        if depth:
            if depth > 8:  # noqa: PLR2004
                raise _BadError("has geometry collections nested too deeply", "not_geojson")
            self.feature_fault(
                "odd_member", "has a geometry collection in a geometry collection, which RFC 7946 advises against"
            )
        elif len(parts) == 1:
            self.feature_fault(
                "odd_member", "has a geometry collection of one geometry, which RFC 7946 advises against"
            )
        return shapely.GeometryCollection([self.shape(part, depth + 1) for part in parts])

    def build(self, kind: str, coordinates: list[Any]) -> shapely.Geometry:
        if not coordinates:
            return shapely.from_wkt(f"{kind.upper()} EMPTY")
        if kind == "MultiPoint":
            return shapely.multipoints(self.positions(coordinates))
        one = {"Point": self.point, "LineString": self.line, "Polygon": self.polygon}[kind.removeprefix("Multi")]
        if kind == "MultiLineString":
            return shapely.multilinestrings([one(part) for part in coordinates])
        if kind == "MultiPolygon":
            return shapely.multipolygons([one(part) for part in coordinates])
        return one(coordinates)

    def point(self, member: Any) -> shapely.Geometry:
        return shapely.points(self.positions([member])[0])

    def line(self, member: Any) -> shapely.Geometry:
        positions = self.positions(member)
        if len(positions) < 2:  # noqa: PLR2004
            raise _BadError("has a line of fewer than two positions")
        return shapely.linestrings(positions)

    def polygon(self, member: Any) -> shapely.Geometry:
        if not isinstance(member, list):
            raise _BadError(f"has {_json_kind(member)} where a polygon's list of rings should stand: nested too little")
        if all(ring == [] for ring in member):
            return shapely.Polygon()
        rings = [self.ring(ring) for ring in member]
        return shapely.polygons(rings[0], holes=rings[1:] or None)

    def ring(self, member: Any) -> shapely.Geometry:
        positions = self.positions(member)
        closed = member[0] == member[-1]
        if not closed:
            self.feature_fault(
                "unclosed_ring", "has a ring whose last position is not its first; repeat the first at the end"
            )
            if not np.array_equal(positions[0], positions[-1]):
                positions = np.vstack([positions, positions[:1]])
        if len(positions) < 4:  # noqa: PLR2004
            raise _BadError(
                f"has a ring of {len(member)} positions; a closed ring needs four or more", "invalid_geometry"
            )
        return shapely.linearrings(positions)

    def positions(self, member: Any) -> NDArray[np.float64]:
        """Read a list of positions, each two numbers or more: float64 (n, 2). Heights are dropped."""
        if not isinstance(member, list) or not member:
            raise _BadError(f"has {_json_kind(member)} where a list of positions should stand: nested too little")
        sizes = set()
        for position in member:
            if not isinstance(position, list):
                raise _BadError(
                    f"has {_json_kind(position)} where a position [longitude, latitude] should stand: nested too little"
                )
            sizes.add(len(position))
            for number in position:
                if type(number) is not float and type(number) is not int:
                    raise _BadError(_not_a_number(number))
        if min(sizes) < 2:  # noqa: PLR2004
            raise _BadError(f"has a position of {min(sizes)} number(s); it needs longitude and latitude")
        if max(sizes) > 3:  # noqa: PLR2004
            self.feature_fault(
                "odd_member",
                f"has positions of {max(sizes)} numbers; RFC 7946 knows longitude, latitude and height, the rest is passed over",
            )
        try:
            found = np.array([position[:2] for position in member], dtype=np.float64)
        except OverflowError:
            raise _BadError("has a number that is too large") from None
        if not np.isfinite(found).all():
            raise _BadError("has a coordinate that is NaN or infinite")
        return found

    def named(self) -> str:
        text = (
            code_text(self.row.get(self.code))
            if self.code and not isinstance(self.row.get(self.code), dict | list)
            else ""
        )
        return f"feature {self.number} ({text})" if text else f"feature {self.number}"

    def feature_fault(self, kind: str, text: str) -> None:
        code = self.row.get(self.code) if self.code else None
        codes = (code_text(code),) if code_text(code) and not isinstance(code, dict | list) else ()
        fault = Fault(kind, f"{self.named()} {text}", self.file, codes, features=(self.number,))
        if not self.found.faults or self.found.faults[-1] != fault:  # every position of a ring may have it
            self.found.faults.append(fault)

    # --- from the file's coordinates to WGS84

    def place(self, crs: str) -> None:
        """Convert to WGS84; say what lies nowhere, what seems swapped, which rings run the wrong way, and whether the file names another system."""
        found = self.found
        found.geoms = found.source.copy()
        system = systems.parse(crs)
        self.winding()
        self.declared(system)
        if not len(found.source):
            return
        coordinates, index = shapely.get_coordinates(found.source, return_index=True)
        good = _feature_wise(_on_earth(coordinates, system), index, len(found))
        swapped = _feature_wise(_on_earth(coordinates[:, ::-1], system), index, len(found)) & ~good
        self.out_of_place(
            "swapped_axes",
            swapped,
            "longitude and latitude are swapped: write [longitude, latitude], or let --fix do it",
        )
        lost = ~good & ~swapped
        if lost.any():
            self.out_of_place("coordinates_out_of_range", lost, _range_advice(coordinates[lost[index]], system))
        found.geoms[~good] = None
        found.said |= ~good
        try:
            found.geoms = systems.geometries_to_wgs84(found.geoms, system)
        except CrsError as error:
            self.fault("crs_contradiction", str(error))
            found.geoms[:] = None
            found.said[:] = True
        self.antimeridian()

    def out_of_place(self, kind: str, which: NDArray[np.bool_], advice: str) -> None:
        numbers = np.flatnonzero(which)
        if not len(numbers):
            return
        found = self.found
        codes = tuple(text for text in (_code_of(found.rows[position], self.code) for position in numbers) if text)
        first = shapely.get_coordinates(found.source[numbers[0]])[0]
        many = (
            f"all {len(found)} features" if len(numbers) == len(found) else f"{len(numbers)} of {len(found)} features"
        )
        who = many if len(numbers) > 1 else f"feature {numbers[0] + 1}{f' ({codes[0]})' if codes else ''}"
        self.fault(
            kind,
            f"{who}, the first at [{first[0]:g}, {first[1]:g}]: {advice}",
            codes=codes,
            count=len(numbers),
            features=tuple(int(n) + 1 for n in numbers),
        )

    def winding(self) -> None:
        wrong = np.unique(wrong_winding(self.found.source))
        if not len(wrong):
            return
        polygons = int(np.isin(shapely.get_type_id(self.found.source), (3, 6, 7)).sum())
        codes = tuple(text for text in (_code_of(self.found.rows[position], self.code) for position in wrong) if text)
        text = f"{len(wrong)} of {polygons} polygons run clockwise outside or counter-clockwise in holes (RFC 7946, 3.1.6); harmless here, other programs may fill the outside"
        self.fault("right_hand_rule", text, codes=codes, count=len(wrong), features=tuple(int(n) + 1 for n in wrong))

    def antimeridian(self) -> None:
        bounds = shapely.bounds(self.found.geoms)
        for position in np.flatnonzero(bounds[:, 2] - bounds[:, 0] > WIDEST):
            self.number, self.row = int(position) + 1, self.found.rows[position]
            self.feature_fault(
                "antimeridian", "is more than 180 degrees wide; cut it at the antimeridian (RFC 7946, 3.1.9)"
            )

    def declared(self, system: systems.Crs) -> None:
        """Compare the old `crs` member (GeoJSON 2008) with the pack's declaration, which wins."""
        if not isinstance(self.found.document, dict) or "crs" not in self.found.document:
            return
        member = self.found.document["crs"]
        named = _crs_name(member)
        if named is None:
            self.fault("odd_member", "has a `crs` member that names no system; it is passed over")
            return
        try:
            other = systems.parse(named)
        except CrsError:
            self.fault(
                "crs_contradiction",
                f"says its coordinates are in {named!r}, which nobody knows, and the pack says {system.name}; correct one of the two",
            )
            return
        if system in (systems.GCJ02, systems.BD09):
            if not other.geographic:
                self.fault(
                    "crs_contradiction",
                    f"says its coordinates are in {other.name} ({other.title}), and the pack says {system.name}; correct one of the two",
                )
            else:
                self.fault(
                    "crs_doubt",
                    f"says {other.name}, as programs write that cannot say {system.name}; the pack's {system.name} is used",
                )
            return
        apart = _apart_m(self.found.source, system, other)
        if apart > SAME_PLACE_M:
            moved = f"{apart:,.0f} m apart" if np.isfinite(apart) else "places that have nothing in common"
            self.fault(
                "crs_contradiction",
                f"says its coordinates are in {other.name} ({other.title}), and the pack says {system.name}: {moved}; correct `crs` in area.toml or in the file",
            )


class _BadError(Exception):
    """A geometry that cannot be read."""

    def __init__(self, text: str, kind: str = "bad_coordinates") -> None:
        super().__init__(text)
        self.kind = kind


def decoded(raw: bytes, encoding: str) -> tuple[str | None, str | None]:
    """Decode a file as declared.

    Returns
    -------
    tuple
        The text, or None when the declaration does not fit; and what is wrong with the declaration, or None.
    """
    folded = encoding.lower().replace("_", "-")
    utf8 = folded in {"utf-8", "utf8", "utf-8-sig"}
    if not utf8 and (raw.startswith(b"\xef\xbb\xbf") or _is_utf8(raw)):
        return None, f"is UTF-8, not {encoding} as area.toml declares; leave `encoding` out"
    try:
        text = raw.decode("utf-8-sig" if utf8 else encoding)
    except LookupError:
        return None, f'is declared as {encoding!r}, which is no encoding; write "utf-8", "gb18030" or "utf-16"'
    except UnicodeError as error:
        where = f" (byte {error.start})" if isinstance(error, UnicodeDecodeError) else ""
        likely = likely_encoding(raw)
        advice = (
            f'it reads as {likely}: declare encoding = "{likely}", or save it as UTF-8'
            if likely
            else "save it as UTF-8"
        )
        return None, f"is not {encoding}{where}; {advice}"
    if "\0" in text[:4] and utf8:
        return None, 'is UTF-16, not UTF-8; declare encoding = "utf-16", or save it as UTF-8'
    return text, None


def likely_encoding(raw: bytes) -> str | None:
    """Guess the encoding of a text that is not what it is declared to be: what a Chinese office writes first, then by statistics."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in raw[:4]:
        return "utf-16-le" if raw[1:2] == b"\0" else "utf-16-be"
    for name in ("utf-8", "gb18030"):
        try:
            raw.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    best = charset_normalizer.from_bytes(raw[:200_000]).best()
    return best.encoding if best else None


def wrong_winding(geoms: np.ndarray) -> NDArray[np.int64]:
    """Return the positions of the polygons (n,) that break the right-hand rule: outside counter-clockwise, holes clockwise; one entry for each such ring."""
    parts, owner = shapely.get_parts(geoms, return_index=True)
    deeper, step = shapely.get_parts(parts, return_index=True)
    owner = owner[step]
    polygons = shapely.get_type_id(deeper) == shapely.GeometryType.POLYGON.value
    rings, index = shapely.get_rings(deeper[polygons], return_index=True)
    shell = np.diff(index, prepend=-1) != 0
    with np.errstate(over="ignore"):  # a coordinate of 1e200 is said elsewhere
        wrong = (shapely.is_ccw(rings) != shell) & (shapely.area(shapely.polygons(rings)) > 0)
    return np.asarray(owner[polygons][index[wrong]], dtype=np.int64)


def _is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8 beyond doubt: three runs beyond ASCII or more (a word or two of GBK may look like it)."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(re.findall(r"[^\x00-\x7f]", text)) > 2  # noqa: PLR2004


def _on_earth(coordinates: NDArray[np.float64], system: systems.Crs) -> NDArray[np.bool_]:
    """Tell which coordinates (n, 2) can be places in a system: degrees within their range, others within 5 degrees of where the system is used."""
    x, y = coordinates[:, 0], coordinates[:, 1]
    if system.geographic:
        return np.asarray((np.abs(x) <= 180.0) & (np.abs(y) <= 90.0))  # noqa: PLR2004
    try:
        lon, lat = systems.to_wgs84(x, y, system)
    except CrsError:
        return np.ones(len(x), dtype=bool)
    area = pyproj.CRS(system.definition).area_of_use
    west, south, east, north = area.bounds if area else (-180.0, -90.0, 180.0, 90.0)
    if west > east:
        west, east = -180.0, 180.0
    with np.errstate(invalid="ignore"):
        near = (
            (lon >= west - AREA_MARGIN)
            & (lon <= east + AREA_MARGIN)
            & (lat >= south - AREA_MARGIN)
            & (lat <= north + AREA_MARGIN)
        )
    return np.asarray(near & np.isfinite(lon))


def _range_advice(coordinates: NDArray[np.float64], system: systems.Crs) -> str:
    if system.geographic:
        if systems.prefixed_zone(coordinates[:, 0]).all():
            zone = int(systems.prefixed_zone(coordinates[:1, 0])[0])
            return f'not degrees; eastings with zone number {zone}: declare crs = "EPSG:{systems.PREFIXED + zone}"'
        metres = np.abs(coordinates).min() > 1000.0  # noqa: PLR2004
        return (
            "not degrees; they look like metres: declare the file's `crs`"
            if metres
            else "no place on earth: longitude within 180 and latitude within 90 degrees"
        )
    if np.abs(coordinates).max() <= 180.0:  # noqa: PLR2004
        return (
            f'far from where {system.name} ({system.title}) is used; they look like degrees: declare crs = "EPSG:4326"'
        )
    zones = systems.prefixed_zone(coordinates[:, 0])
    hint = (
        f"; the eastings carry zone number {zones[0]}: is it EPSG:{systems.PREFIXED + int(zones[0])}?"
        if zones.all()
        else ""
    )
    return f"far from where {system.name} ({system.title}) is used; correct `crs`{hint}"


def _feature_wise(ok: NDArray[np.bool_], index: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    return np.asarray(np.bincount(index[~ok], minlength=size) == 0)


def _apart_m(source: np.ndarray, one: systems.Crs, other: systems.Crs) -> float:
    """Return how far apart two systems put the file's coordinates, metres; inf when one of them has no place for them."""
    if one.name == other.name or (one.is_wgs84 and other.is_wgs84):
        return 0.0
    coordinates = shapely.get_coordinates(source)
    if not len(coordinates):
        return float("inf")
    coordinates = coordinates[:: max(1, len(coordinates) // 50)]
    both = _on_earth(coordinates, one) & _on_earth(coordinates, other)
    if not both.all():
        return float("inf")
    try:
        placed = [systems.to_wgs84(coordinates[:, 0], coordinates[:, 1], system) for system in (one, other)]
    except CrsError:
        return float("inf")
    apart = float(distances_m(*placed[0], *placed[1]).max())
    return apart if apart > SAME_PLACE_M or _related(one, other, *placed[0]) else float("inf")


def _related(one: systems.Crs, other: systems.Crs, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> bool:
    """Whether PROJ knows how the datums of two systems relate there; where it does not (Beijing 1954), it moves nothing, which proves nothing."""
    here = AreaOfInterest(float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
    with warnings.catch_warnings(action="ignore"):  # of grids of correction that are not installed
        group = TransformerGroup(one.definition, other.definition, always_xy=True, area_of_interest=here)  # type: ignore[arg-type]
    return any(way.accuracy >= 0 for way in group.transformers)


def _crs_name(member: Any) -> str | None:
    """Read a `crs` member of GeoJSON 2008: {"type": "name", "properties": {"name": …}}, or {"type": "EPSG", "properties": {"code": …}} of older drafts."""
    if not isinstance(member, dict) or not isinstance(member.get("properties"), dict):
        return None
    properties = member["properties"]
    if isinstance(properties.get("name"), str):
        return str(properties["name"])
    code = properties.get("code")
    return f"EPSG:{code}" if isinstance(code, int | str) and not isinstance(code, bool) else None


def _bbox_fault(bbox: Any) -> str | None:
    if not isinstance(bbox, list) or not all(type(number) in (int, float) for number in bbox):
        return "is not a list of numbers"
    if len(bbox) not in (4, 6):
        return f"has {len(bbox)} numbers, not four or six"
    half = len(bbox) // 2
    if bbox[1] > bbox[half + 1]:
        return "has its south above its north"
    return None


def _code_of(row: dict[str, Any], code: str | None) -> str:
    value = row.get(code) if code else None
    return "" if isinstance(value, dict | list) else code_text(value)


def _not_a_number(value: Any) -> str:
    if isinstance(value, list):
        return "has a list where a number should stand: nested too deeply"
    return f"has {_json_kind(value)} where a number should stand"


def _json_kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value[:20]!r}"
    if isinstance(value, int | float):
        return f"the number {value:.12g}" if abs(value) < 1e300 else "a huge number"  # noqa: PLR2004
    return "an object" if isinstance(value, dict) else "a list"
