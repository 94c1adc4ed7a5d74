"""Tables of points: CSV, XLSX, GeoJSON, GeoPackage and GeoParquet, read and written by extension.

    with open_table(Path("points.csv")) as table:
        for chunk in table.chunks():
            ...

A CSV streams, a workbook streams by row, GeoPackage and GeoParquet by batch; GeoJSON is read whole. Nothing is guessed about values: a CSV's cells are text.
"""

from collections.abc import Sequence
from pathlib import Path

from geo.errors import TableError
from layers.tables.arrow import PackageTable, PackageWriter, ParquetTable, ParquetWriter
from layers.tables.cells import (
    both,
    candidate_pairs,
    cell_text,
    coordinate,
    coordinates,
    folded,
    guess_pair,
    named_system,
    storey,
)
from layers.tables.features import FeatureTable, FeatureWriter
from layers.tables.model import CHUNK, Added, Chunk, Table, Writer, whole_or_nothing
from layers.tables.sheet import SheetTable, SheetWriter
from layers.tables.text import CsvTable, CsvWriter, detect_encoding, header_hint

__all__ = [
    "CHUNK",
    "KINDS",
    "Added",
    "Chunk",
    "Table",
    "Writer",
    "both",
    "candidate_pairs",
    "cell_text",
    "coordinate",
    "coordinates",
    "create_table",
    "detect_encoding",
    "folded",
    "guess_pair",
    "header_hint",
    "kind_of",
    "named_system",
    "open_table",
    "storey",
    "whole_or_nothing",
]

KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".geojson": "geojson",
    ".json": "geojson",
    ".gpkg": "gpkg",
    ".parquet": "parquet",
    ".geoparquet": "parquet",
}
"""Extension -> kind of table."""

_WRITERS: dict[str, type[Writer]] = {
    "csv": CsvWriter,
    "xlsx": SheetWriter,
    "geojson": FeatureWriter,
    "gpkg": PackageWriter,
    "parquet": ParquetWriter,
}


def kind_of(path: Path, *, writing: bool = False) -> str:
    """Return the kind of a table by its extension.

    Raises
    ------
    TableError
        The extension is not one of ours.
    """
    suffix = path.suffix.lower()
    if suffix not in KINDS or (writing and suffix == ".xlsm"):
        hint = " Save it as .xlsx first." if suffix in {".xls", ".xlsb", ".et", ".ods", ".xlsm"} else ""
        ends = f"ends in {suffix}" if suffix else "has no extension"
        raise TableError(f"{path.name} {ends}; tables end in {', '.join(KINDS)}.{hint}")
    return KINDS[suffix]


def open_table(
    path: Path,
    *,
    encoding: str | None = None,
    sheet: str | None = None,
    layer: str | None = None,
    header_row: int | None = None,
) -> Table:
    """Open a table of points.

    Parameters
    ----------
    path
        The file; its extension tells what it is.
    encoding
        Of a CSV or GeoJSON file; default: found among UTF-8, UTF-16 and GB18030.
    sheet, layer
        Which sheet of a workbook, layer of a GeoPackage; default: the first.
    header_row
        Which row of a CSV or a sheet holds the names of columns, from 1.

    Raises
    ------
    TableError
        The file cannot be read; the message says why and what to do.
    """
    kind = kind_of(path)
    if not path.is_file():
        raise TableError(f"{path} does not exist." if not path.exists() else f"{path} is not a file.")
    try:
        return _open(kind, path, encoding=encoding, sheet=sheet, layer=layer, header_row=header_row)
    except OSError as error:
        raise TableError(f"{path} cannot be read: {error.strerror or error}.") from error


def _open(
    kind: str, path: Path, *, encoding: str | None, sheet: str | None, layer: str | None, header_row: int | None
) -> Table:
    if kind == "csv":
        return CsvTable(path, encoding=encoding, header_row=header_row)
    if kind == "xlsx":
        return SheetTable(path, sheet=sheet, header_row=header_row)
    if kind == "geojson":
        return FeatureTable(path, encoding=encoding)
    return PackageTable(path, layer=layer) if kind == "gpkg" else ParquetTable(path)


def create_table(path: Path, source: Table, names: Sequence[str], *, numeric: frozenset[str] = frozenset()) -> Writer:
    """Start a table with the columns of a source and some more.

    Parameters
    ----------
    path
        Where to write, by its extension; see `whole_or_nothing`.
    source
        The table whose rows will be written.
    names
        Names of the columns to add; one that the source has, ignoring case, gets a suffix (`Writer.added_names`, `Writer.notes`).
    numeric
        Which of them hold numbers.
    """
    return _WRITERS[kind_of(path, writing=True)](path, source, names, numeric=numeric)
