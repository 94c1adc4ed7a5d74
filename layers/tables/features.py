"""GeoJSON: features are read whole, and written one by one with every member they came with."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo.crs import Crs, parse
from geo.errors import TableError
from layers.tables.cells import json_value
from layers.tables.model import CHUNK, Added, Chunk, Table, Writer
from layers.tables.text import known_encoding


class FeatureTable(Table):
    """A GeoJSON FeatureCollection, read whole."""

    kind = "geojson"
    has_geometry = True

    def __init__(self, path: Path, *, encoding: str | None = None) -> None:
        super().__init__(path)
        self.encoding = known_encoding(path, encoding)
        document = self._read()
        self.features: list[dict[str, Any]] = document.pop("features")
        self.members = {key: value for key, value in document.items() if key != "bbox"}
        self._check()
        self.crs = _declared(self.members.get("crs"), path)
        self.columns = list(dict.fromkeys(key for feature in self.features for key in feature.get("properties") or {}))
        self.numbered = any("id" in feature for feature in self.features) and "id" not in self.columns
        if self.numbered:
            self.columns.insert(0, "id")
        self.length = len(self.features)

    def _read(self) -> dict[str, Any]:
        try:
            text = self.path.read_bytes().decode(self.encoding).removeprefix("\ufeff")
            document = json.loads(text, parse_constant=lambda _: None)
        except (ValueError, RecursionError) as error:
            raise TableError(f"{self.path.name} is not JSON: {error}.") from None
        if isinstance(document, dict) and document.get("type") == "Feature":
            document = {"type": "FeatureCollection", "features": [document]}
        if (
            not isinstance(document, dict)
            or document.get("type") != "FeatureCollection"
            or not isinstance(document.get("features"), list)
        ):
            raise TableError(f"{self.path.name} is not a GeoJSON FeatureCollection.")
        return document

    def _check(self) -> None:
        for number, feature in enumerate(self.features, start=1):
            if not isinstance(feature, dict) or feature.get("type") != "Feature":
                raise TableError(f'{self.path.name}: entry {number} of "features" is not a Feature.')
            if not isinstance(feature.get("properties"), dict | None):
                raise TableError(f'{self.path.name}: "properties" of feature {number} is not an object.')

    def chunks(self) -> Iterator[Chunk]:
        """Read the features."""
        for start in range(0, len(self.features), CHUNK):
            features = self.features[start : start + CHUNK]
            geoms = np.array([_geometry(feature.get("geometry")) for feature in features] + [None], dtype=object)[:-1]
            yield Chunk(
                [self._cells(feature) for feature in features], geoms=geoms, features=features, done=len(features)
            )

    def _cells(self, feature: dict[str, Any]) -> list[Any]:
        properties = feature.get("properties") or {}
        cells = [properties.get(column) for column in self.columns]
        if self.numbered:
            cells[0] = feature.get("id")
        return cells


def _declared(member: Any, path: Path) -> Crs:
    """Read the crs member of GeoJSON 2008; without one the coordinates are WGS84 (RFC 7946)."""
    if member is None:
        return parse("EPSG:4326")
    try:
        return parse(member["properties"]["name"])
    except (KeyError, TypeError):
        raise TableError(
            f'{path.name}: its "crs" member cannot be read: {json.dumps(member)[:80]}. Remove it and give --crs.'
        ) from None


def _geometry(member: Any) -> shapely.Geometry | None:
    """Read a geometry; what cannot be read is an empty collection, so that it can be told from a missing one."""
    if member is None:
        return None
    try:
        if member["type"] == "Point" and len(member["coordinates"]) >= 2:  # noqa: PLR2004
            x, y = member["coordinates"][:2]
            return shapely.Point(x, y)
        return shapely.geometry.shape(member)
    except (shapely.errors.ShapelyError, KeyError, TypeError, ValueError, AttributeError, IndexError):
        return shapely.GeometryCollection()


class FeatureWriter(Writer):
    """Writes GeoJSON: a GeoJSON source's features with their own members, geometry and crs; else WGS84 (RFC 7946)."""

    kind = "geojson"
    unique = True

    def __init__(
        self, path: Path, source: Table, names: Sequence[str], *, numeric: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(path, source, names, numeric=numeric)
        members = source.members if isinstance(source, FeatureTable) else {"type": "FeatureCollection"}
        head = json.dumps(members, ensure_ascii=False).removesuffix("}")
        self.file = path.open("w", encoding="utf-8", newline="\n")
        self.file.write(head + ', "features": [')
        self.separator = "\n"

    def write(self, chunk: Chunk, added: Added, crs: Crs) -> None:
        """Write a chunk."""
        features = chunk.features if chunk.features is not None else self._features(chunk, added, crs)
        for feature, *values in zip(features, *added.columns, strict=True):
            mine = dict(zip(self.added_names, (json_value(value) for value in values), strict=True))
            full = {**feature, "properties": {**(feature.get("properties") or {}), **mine}}
            self.file.write(self.separator + json.dumps(full, ensure_ascii=False, separators=(",", ":")))
            self.separator = ",\n"

    def _features(self, chunk: Chunk, added: Added, crs: Crs) -> Iterator[dict[str, Any]]:
        for row, geometry in zip(chunk.rows, self.geometries(chunk, added, crs), strict=True):
            member = None if geometry is None else json.loads(shapely.to_geojson(geometry))
            yield {
                "type": "Feature",
                "properties": {name: json_value(value) for name, value in zip(self.source_names, row, strict=True)},
                "geometry": member,
            }

    def finish(self) -> None:
        """Close the collection and the file."""
        self.file.write("\n]}\n")
        self.file.close()

    def abandon(self) -> None:
        """Close the file."""
        self.file.close()
