"""GeoPackage and GeoParquet: columns with types, streamed as Arrow batches."""

import json
import warnings
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from geo.crs import Crs, parse
from geo.errors import TableError
from layers.tables.cells import cell_text, free_name
from layers.tables.model import CHUNK, Added, Chunk, Table, Writer

_EXACT = 2**53


class ArrowChunk(Chunk):
    """Rows as an Arrow batch, made into cells only where somebody asks."""

    def __init__(self, batch: pa.RecordBatch, columns: Sequence[int], geoms: np.ndarray | None) -> None:
        self.batch, self.positions, self.geoms = batch, columns, geoms
        self.formats, self.features, self.done, self.numbers = {}, None, batch.num_rows, []

    def __len__(self) -> int:
        return int(self.batch.num_rows)

    def column(self, position: int) -> list[Any]:
        """Return the cells of one column."""
        return list(self.batch.column(self.positions[position]).to_pylist())

    @property
    def rows(self) -> list[list[Any]]:  # type: ignore[override]
        """Cells by row, then column."""
        columns = [self.column(position) for position in range(len(self.positions))]
        return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(len(self))]


def _from_wkb(values: pa.Array) -> np.ndarray:
    """Read WKB; what cannot be read is an empty collection, so that it can be told from a missing one."""
    raw = np.array([*values.to_pylist(), None], dtype=object)[:-1]
    geoms = shapely.from_wkb(raw, on_invalid="ignore")
    broken = np.array([value is not None for value in raw], dtype=bool) & shapely.is_missing(geoms)
    geoms[broken] = shapely.GeometryCollection()
    return np.asarray(geoms, dtype=object)


class PackageTable(Table):
    """A layer of a GeoPackage."""

    kind = "gpkg"

    def __init__(self, path: Path, *, layer: str | None = None) -> None:
        super().__init__(path)
        try:
            names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
            self.layer = _chosen_layer(path, names, layer)
            info = pyogrio.read_info(path, layer=self.layer)
        except (DataSourceError, DataLayerError) as error:
            raise TableError(f"{path.name} is not a readable GeoPackage: {error}") from None
        if len(names) > 1:
            rest = ", ".join(name for name in names if name != self.layer)
            self.notes.append(f"Layer {self.layer!r} was read; not in the output: {rest}. Name another with --layer.")
        self.columns = [str(name) for name in info["fields"]]
        self.geometry = info["geometry_name"] or ""
        self.has_geometry = info["geometry_type"] is not None
        self.geometry_type = info["geometry_type"] or "Unknown"
        self.fid = info["fid_column"] or "fid"
        self.declared = info["crs"]
        self.crs = (
            parse(self.declared) if self.declared and "undefined" not in self.declared.lower().split(",")[0] else None
        )
        self.length = max(0, int(info["features"]))
        self.details = {"layer": self.layer}

    def chunks(self) -> Iterator[Chunk]:
        """Read the features."""
        with pyogrio.open_arrow(self.path, layer=self.layer, batch_size=CHUNK, use_pyarrow=True) as (_, reader):
            names = list(reader.schema.names)
            shape = (self.geometry or "wkb_geometry") if self.has_geometry else None
            positions = [names.index(column) for column in self.columns]
            batch = _next(reader) or _empty(reader.schema)
            while batch is not None:
                geoms = _from_wkb(_storage(batch.column(names.index(shape)))) if shape else None
                yield ArrowChunk(batch, positions, geoms)
                batch = _next(reader)


def _next(reader: pa.RecordBatchReader) -> pa.RecordBatch | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's remarks on times that it read all the same
        try:
            return reader.read_next_batch()
        except StopIteration:
            return None


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    """Return a batch without rows, so that a table without rows still shows its columns."""
    return pa.RecordBatch.from_pylist([], schema=schema)


def _storage(values: pa.Array) -> pa.Array:
    return values.storage if isinstance(values, pa.ExtensionArray) else values


def _chosen_layer(path: Path, names: Sequence[str], layer: str | None) -> str:
    if not names:
        raise TableError(f"{path.name} has no layer.")
    if layer is not None and layer not in names:
        raise TableError(f"{path.name} has no layer {layer!r}; it has {', '.join(names)}.")
    return layer or names[0]


class ParquetTable(Table):
    """A GeoParquet file, or a Parquet file with columns of coordinates; read by row groups."""

    kind = "parquet"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        try:
            with pq.ParquetFile(path) as file:
                self.schema = file.schema_arrow
                self.length = file.metadata.num_rows
        except (pa.ArrowException, OSError) as error:
            raise TableError(f"{path.name} is not a readable Parquet file: {error}") from None
        meta = _geo_metadata(self.schema)
        self.geometry = str(meta.get("primary_column", "")) if meta else ""
        self.has_geometry = self.geometry in self.schema.names
        self.shape = (meta.get("columns") or {}).get(self.geometry, {}) if meta else {}
        self.positions = [position for position, name in enumerate(self.schema.names) if name != self.geometry]
        self.columns = [self.schema.names[position] for position in self.positions]
        if self.has_geometry:
            declared = self.shape.get("crs", "OGC:CRS84")  # left out: CRS84; null: not known (GeoParquet 1.1)
            self.crs = _parquet_crs(declared, path) if declared is not None else None

    def chunks(self) -> Iterator[Chunk]:
        """Read the rows."""
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=CHUNK) if self.length else [_empty(self.schema)]:
                yield ArrowChunk(batch, self.positions, self._geoms(batch) if self.has_geometry else None)

    def _geoms(self, batch: pa.RecordBatch) -> np.ndarray:
        values = _storage(batch.column(self.schema.names.index(self.geometry)))
        if self.shape.get("encoding", "WKB").upper() == "WKB":
            return _from_wkb(values)
        geoms = np.full(len(values), None, dtype=object)
        for row, value in enumerate(values.to_pylist()):
            if value is not None:
                geoms[row] = _native_point(value)
        return geoms


def _native_point(value: Any) -> shapely.Geometry:
    if isinstance(value, dict) and "x" in value and "y" in value:
        return shapely.Point() if value["x"] is None else shapely.Point(value["x"], value["y"])
    return shapely.GeometryCollection()


def _geo_metadata(schema: pa.Schema) -> dict[str, Any]:
    try:
        found = json.loads((schema.metadata or {}).get(b"geo", b"{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _parquet_crs(declared: Any, path: Path) -> Crs:
    try:
        return parse(pyproj.CRS.from_user_input(declared))
    except pyproj.exceptions.CRSError:
        raise TableError(f"{path.name} declares a coordinate system that cannot be read. Name it with --crs.") from None


# --- writing ---------------------------------------------------------------------------------------------------------------------------------------------


def typed(values: Sequence[Any]) -> pa.Array:
    """Make an Arrow array of cells: of one type if all are numbers, truth values, dates or times, else of text."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int} and all(value is None or abs(value) < 2**63 for value in values):
        return pa.array(values, pa.int64())
    if (
        kinds
        and kinds <= {int, float}
        and all(value is None or isinstance(value, float) or abs(value) <= _EXACT for value in values)
    ):
        return pa.array([None if value is None else float(value) for value in values], pa.float64())
    if kinds == {date}:
        return pa.array(values, pa.date32())
    if kinds == {datetime} and len({value.tzinfo is None for value in values if value is not None}) == 1:
        return pa.array(values)
    return pa.array([None if value is None else cell_text(value) for value in values], pa.string())


def _plain(values: pa.Array) -> pa.Array:
    """Make an array of a type that every geographic format knows."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _plain(values.dictionary_decode())
    keeps = (
        pa.types.is_boolean,
        pa.types.is_signed_integer,
        pa.types.is_float32,
        pa.types.is_float64,
        pa.types.is_date32,
        pa.types.is_string,
        pa.types.is_binary,
        pa.types.is_timestamp,
    )
    if any(keep(kind) for keep in keeps):
        return values
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return values.cast(pa.string())
    if pa.types.is_unsigned_integer(kind) and kind != pa.uint64():
        return values.cast(pa.int64())
    return pa.array([None if value is None else cell_text(value) for value in values.to_pylist()], pa.string())


class ArrowWriter(Writer):
    """What the two have in common. Types come from an Arrow source; a CSV is text; of other sources all rows are kept until their types are known."""

    unique = True

    def __init__(
        self, path: Path, source: Table, names: Sequence[str], *, numeric: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(path, source, names, numeric=numeric)
        self.geometry = free_name("geometry" if self.kind == "parquet" else "geom", self.taken)
        self.numbers = [name in numeric for name in names]
        self.kept: list[tuple[Chunk, Added, np.ndarray]] = []
        self.started = False

    def _added(self, added: Added) -> list[pa.Array]:
        return [
            pa.array(list(column), pa.float64() if number else pa.string())
            for column, number in zip(added.columns, self.numbers, strict=True)
        ]

    def write(self, chunk: Chunk, added: Added, crs: Crs) -> None:
        """Write a chunk."""
        if self.same and isinstance(chunk, ArrowChunk):
            self._put_same(chunk, self._added(added))
        elif isinstance(chunk, ArrowChunk):
            cells = [_plain(chunk.batch.column(position)) for position in chunk.positions]
            self._put(cells, self._added(added), self.geometries(chunk, added, crs))
        elif self.source.kind == "csv":
            cells = [pa.array(chunk.column(position), pa.string()) for position in range(len(self.source.columns))]
            self._put(cells, self._added(added), self.geometries(chunk, added, crs))
        else:
            self.kept.append((chunk, added, self.geometries(chunk, added, crs)))

    def _flush(self) -> None:
        """Write the rows that waited; and the columns at least, when there was no row."""
        if not self.kept and self.started:
            return
        rows = [row for chunk, _, _ in self.kept for row in chunk.rows]
        cells = [typed([row[position] for row in rows]) for position in range(len(self.source.columns))]
        columns = [
            [value for _, added, _ in self.kept for value in added.columns[number]]
            for number in range(len(self.added_names))
        ]
        geoms = np.concatenate([np.array([], dtype=object), *(geoms for _, _, geoms in self.kept)])
        self._put(cells, self._added(Added(columns, np.array([]), np.array([]))), geoms)

    def _put_same(self, chunk: ArrowChunk, added: list[pa.Array]) -> None:
        raise NotImplementedError

    def _put(self, cells: list[pa.Array], added: list[pa.Array], geoms: np.ndarray) -> None:
        """Write columns with WGS84 geometries."""
        wkb = pa.array([None if value is None else bytes(value) for value in shapely.to_wkb(geoms)], pa.binary())
        self._emit(pa.table([*cells, *added, wkb], names=[*self.source_names, *self.added_names, self.geometry]))

    def _emit(self, table: pa.Table) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        """Write what is left."""
        self._flush()


class PackageWriter(ArrowWriter):
    """Writes a GeoPackage of one layer."""

    kind = "gpkg"
    folds = True

    def __init__(
        self, path: Path, source: Table, names: Sequence[str], *, numeric: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(path, source, names, numeric=numeric)
        kept = isinstance(source, PackageTable)
        self.layer = source.layer if isinstance(source, PackageTable) else path.stem
        self.geometry = (source.geometry or self.geometry) if isinstance(source, PackageTable) else self.geometry
        self.shape = (
            source.geometry_type
            if isinstance(source, PackageTable) and source.has_geometry
            else ("Unknown" if source.has_geometry else "Point")
        )
        self.declared = source.declared if isinstance(source, PackageTable) and source.has_geometry else "EPSG:4326"
        self.bare = kept and not source.has_geometry
        self.fid = free_name("fid", self.taken)

    def _put_same(self, chunk: ArrowChunk, added: list[pa.Array]) -> None:
        if self.bare:
            self._put(
                [chunk.batch.column(position) for position in chunk.positions],
                added,
                np.full(len(chunk), None, dtype=object),
            )
            return
        names = list(chunk.batch.schema.names)
        wkb = _storage(chunk.batch.column(names.index(self.geometry)))
        cells = [chunk.batch.column(position) for position in chunk.positions]
        self._emit(pa.table([*cells, *added, wkb], names=[*self.source_names, *self.added_names, self.geometry]))

    def _emit(self, table: pa.Table) -> None:
        wkb = pa.field(self.geometry, pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"})
        table = table.set_column(table.num_columns - 1, wkb, table.column(table.num_columns - 1))
        options = {} if self.started else {"layer_options": {"FID": self.fid, "GEOMETRY_NAME": self.geometry}}
        try:
            pyogrio.write_arrow(
                table,
                self.path,
                driver="GPKG",
                layer=self.layer,
                append=self.started,
                geometry_name=self.geometry,
                geometry_type=self.shape,
                crs=self.declared,
                **options,
            )
        except (DataSourceError, DataLayerError, RuntimeError) as error:
            raise TableError(f"{self.path.name} cannot be written as GeoPackage: {error}") from None
        self.started = True

    def abandon(self) -> None:
        """Leave the file as it is."""


class ParquetWriter(ArrowWriter):
    """Writes GeoParquet; a Parquet source keeps its schema, order of columns and declared system."""

    kind = "parquet"

    def __init__(
        self, path: Path, source: Table, names: Sequence[str], *, numeric: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(path, source, names, numeric=numeric)
        self.file: pq.ParquetWriter | None = None
        self.shapes: set[str] = set()

    def _put_same(self, chunk: ArrowChunk, added: list[pa.Array]) -> None:
        schema = chunk.batch.schema
        fields = [pa.field(name, values.type) for name, values in zip(self.added_names, added, strict=True)]
        self._emit_as(pa.schema([*schema, *fields], metadata=schema.metadata), [*chunk.batch.columns, *added])

    def _emit_as(self, schema: pa.Schema, columns: list[pa.Array]) -> None:
        if self.file is None:
            self.file = pq.ParquetWriter(self.path, schema)
            self.started = True
        self.file.write_table(pa.table(columns, schema=schema))

    def _emit(self, table: pa.Table) -> None:
        meta = {
            "version": "1.1.0",
            "primary_column": self.geometry,
            "columns": {
                self.geometry: {"encoding": "WKB", "geometry_types": [], "crs": pyproj.CRS("EPSG:4326").to_json_dict()}
            },
        }
        self._emit_as(table.schema.with_metadata({b"geo": json.dumps(meta).encode()}), list(table.columns))

    def finish(self) -> None:
        """Write what is left and close the file."""
        self._flush()
        if self.file is not None:
            self.file.close()

    def abandon(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()
