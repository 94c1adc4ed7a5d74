"""The table of an export as a file: XLSX and CSV for people, GeoJSON, GeoPackage and GeoParquet for machines; written in parts, whole or not at all."""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from desk.room import Room
from geo.errors import TableError
from layers.tables import kind_of, whole_or_nothing
from layers.tables.sheet import CONTROL
from ledger import find
from ledger.find import Wanted
from locales import Translator, translator
from reports.exports import CODE_WIDTH, Column, batches, columns
from reports.watermark import of_sheet

Progress = Callable[[int, int], None]
SHEET_ROWS = 1_048_575  # that a sheet holds below its header
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
IDS = frozenset({"number", "external_id"})
NOTE_WIDTH = 80
MINUTE = "%Y-%m-%d %H:%M"
GEOMETRY = "geometry"
WATERMARK = "watermark"  # its name in files for machines


class Out(Protocol):
    """A file that is being written; `close` lets go of it, finished or not."""

    def put(self, frame: pd.DataFrame) -> None:
        """Write some rows."""

    def done(self) -> None:
        """Finish the file."""

    def close(self) -> None:
        """Let go of the file."""


def export(
    room: Room,
    wanted: Wanted,
    out: Path,
    now: datetime,
    language: str,
    *,
    force: bool = False,
    progress: Progress | None = None,
    notes: Sequence[str] = (),
    mark: str = "",
    most: int | None = None,
    trace: Callable[[int], None] | None = None,
) -> int:
    """Write the wanted cases into a file, and return how many.

    Parameters
    ----------
    out
        The extension tells the kind: .xlsx .csv .geojson .gpkg .parquet.
    force
        Replace it where it exists.
    progress
        Called with how many of how many are written.
    notes
        What is left out, and why: a workbook has them on a sheet of their own.
    mark
        The watermark (`reports.watermark`).
    most
        Rows that a file may hold; None for as many as there are.
    trace
        Called with the number of rows when all are written and before the file gets its name; what it raises leaves no file.

    Raises
    ------
    TableError
        The file exists, cannot be written, or cannot or may not hold so many rows; nothing was changed.
    """
    kind = kind_of(out, writing=True)
    if out.exists() and not force:
        raise TableError(f"{out} exists. Choose another name, or replace it with --force.")
    with room.ledger.reading() as connection:
        total = find.count(connection, wanted)
    if most is not None and total > most:
        raise TableError(
            f"{total:,} cases are more than the {most:,} that one file may hold (export_rows of desk.toml). Narrow it with --days, --class or --grid."
        )
    if kind == "xlsx" and total > SHEET_ROWS:
        raise TableError(
            f"{total:,} cases are more than the {SHEET_ROWS:,} rows of a sheet. Write .csv or .parquet, or narrow it with --days, --class or --grid."
        )
    done = 0
    with (
        whole_or_nothing(out) as part,
        closing(OPENED[kind](part, columns(room, language), translator(language), mark)) as file,
    ):
        for frame in batches(room, wanted, now, language):
            file.put(frame)
            done += len(frame)
            if progress:
                progress(done, max(total, done))
        if isinstance(file, _Sheet):
            note(file.book, [*([mark] if mark else []), *notes], translator(language)("Notes"))
        file.done()
        if trace:
            trace(done)
    return done


def written(  # noqa: PLR0917
    out: Path,
    layer: str,
    known: Sequence[Column],
    parts: Iterable[pd.DataFrame],
    language: str,
    mark: str = "",
    *,
    force: bool = False,
    trace: Callable[[int], None] | None = None,
) -> int:
    """Write a table that comes in parts, at least one, into a file, and return how many rows it has.

    Parameters
    ----------
    layer
        What a GeoPackage calls it.
    known
        Its columns.
    force, mark, trace
        As `export`.

    Raises
    ------
    TableError
        The file exists, or cannot be written; nothing was changed.
    """
    kind = kind_of(out, writing=True)
    if out.exists() and not force:
        raise TableError(f"{out} exists. Choose another name, or replace it with --force.")
    rows = 0
    with whole_or_nothing(out) as part, closing(OPENED[kind](part, known, translator(language), mark)) as file:
        if isinstance(file, Package):
            file.layer = layer
        for frame in parts:
            file.put(frame)
            rows += len(frame)
        file.done()
        if trace:
            trace(rows)
    return rows


class _Csv:
    """UTF-8 with a byte order mark, which Excel needs for Chinese; what Excel would run as a formula begins with an apostrophe. The watermark heads a last, empty column."""

    def __init__(self, path: Path, known: Sequence[Column], _: Translator, mark: str) -> None:
        self.columns = [column for column in known if column.heading]
        self.flags = {True: _("yes"), False: _("no")}
        self.marked = bool(mark)
        self.file = path.open("w", encoding="utf-8-sig", newline="")
        self.out = csv.writer(self.file, lineterminator="\r\n")
        self.out.writerow([*(column.heading for column in self.columns), *([harmless(mark)] if mark else [])])

    def put(self, frame: pd.DataFrame) -> None:
        cells = [self._cells(column, frame[column.key]) for column in self.columns]
        empty = [[""] * len(frame)] if self.marked else []
        self.out.writerows(zip(*cells, *empty, strict=True))

    def _cells(self, column: Column, values: pd.Series) -> list[Any]:
        if column.kind == "time":
            return list(values.dt.strftime(MINUTE).fillna(""))
        if column.kind == "flag":
            return [self.flags[bool(value)] for value in values]
        if column.kind == "number":
            return ["" if np.isnan(value) else _short(value) for value in values]
        return [harmless(value) if isinstance(value, str) else value for value in values]

    def done(self) -> None:
        self.file.close()

    def close(self) -> None:
        self.file.close()


class _Sheet:
    """A workbook as an office keeps it: headings that stay, widths, a filter, real dates in the area's time, ids as text."""

    def __init__(self, path: Path, known: Sequence[Column], _: Translator, mark: str) -> None:
        self.is_saved = False
        self.path, self.flags, self.rows = path, {True: _("yes"), False: _("no")}, 1
        self.columns = [column for column in known if column.heading]
        self.book = openpyxl.Workbook(write_only=True)
        self.page = self.book.create_sheet(_("Ledger"))
        self.page.freeze_panes = "B2"
        if mark:
            of_sheet(self.book, self.page, mark)
        for number, column in enumerate(self.columns, start=1):
            self.page.column_dimensions[get_column_letter(number)].width = column.width
        self.page.append([self._heading(column.heading) for column in self.columns])

    def _heading(self, text: str) -> WriteOnlyCell:
        cell = WriteOnlyCell(self.page, text)
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="center")
        return cell

    def put(self, frame: pd.DataFrame) -> None:
        cells = [self._cells(column, frame[column.key]) for column in self.columns]
        for row in zip(*cells, strict=True):
            self.page.append(row)
        self.rows += len(frame)

    def _cells(self, column: Column, values: pd.Series) -> list[Any]:
        if column.kind == "time":
            return [None if pd.isna(time) else self._time(time) for time in values]
        if column.kind == "flag":
            return [self.flags[bool(value)] for value in values]
        if column.kind == "number":
            return [None if np.isnan(value) else float(value) for value in values]
        if column.kind == "count":
            return [int(value) for value in values]
        is_id = column.key in IDS or column.width == CODE_WIDTH
        return [self._text(value, is_id=is_id) for value in values]

    def _time(self, time: pd.Timestamp) -> WriteOnlyCell:
        cell = WriteOnlyCell(self.page, time.tz_localize(None).to_pydatetime())
        cell.number_format = "yyyy-mm-dd hh:mm"
        return cell

    def _text(self, text: str, *, is_id: bool) -> Any:
        """Return a cell that stays text: an id keeps its zeros when somebody edits it, and =A1 is no formula. Plain text is faster as it is."""
        text = CONTROL.sub("", text)
        if not text or not (is_id or text[0] in "=#"):
            return text or None
        cell = WriteOnlyCell(self.page, text)
        cell.data_type, cell.number_format = "s", "@" if is_id else "General"
        return cell

    def done(self) -> None:
        self.page.auto_filter.ref = f"A1:{get_column_letter(len(self.columns))}{self.rows}"
        self.book.save(self.path)
        self.is_saved = True

    def close(self) -> None:
        if not self.is_saved:
            self.page.close()
        self.book.close()


class _Json:
    """GeoJSON in WGS84 (RFC 7946): keys in English, values as people read them and as they are kept."""

    def __init__(self, path: Path, known: Sequence[Column], _: Translator, mark: str) -> None:
        self.columns = known
        self.file = path.open("w", encoding="utf-8", newline="\n")
        own = f'"{WATERMARK}":{json.dumps(mark, ensure_ascii=False)},' if mark else ""
        self.file.write(f'{{"type":"FeatureCollection",{own}"features":[')
        self.separator = "\n"

    def put(self, frame: pd.DataFrame) -> None:
        keys = [column.key for column in self.columns]
        for row in zip(*(self._values(column, frame[column.key]) for column in self.columns), strict=True):
            said = dict(zip(keys, row, strict=True))
            lon, lat = said.pop("lon"), said.pop("lat")
            place = None if lon is None or lat is None else {"type": "Point", "coordinates": [lon, lat]}
            feature = {"type": "Feature", "properties": said, "geometry": place}
            self.file.write(self.separator + json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
            self.separator = ",\n"

    def _values(self, column: Column, values: pd.Series) -> list[Any]:
        if column.kind == "time":
            return [None if pd.isna(time) else time.isoformat() for time in values]
        if column.kind == "number":
            return [None if np.isnan(value) else float(value) for value in values]
        return list(values.tolist())

    def done(self) -> None:
        self.file.write("\n]}\n")
        self.file.close()

    def close(self) -> None:
        self.file.close()


class _Arrow:
    """What GeoPackage and GeoParquet have in common: columns with types, points in WGS84."""

    def __init__(self, path: Path, known: Sequence[Column], _: Translator, mark: str) -> None:
        self.path, self.mark = path, mark
        self.columns = [column for column in known if column.key not in {"lon", "lat"}]

    def table(self, frame: pd.DataFrame) -> pa.Table:
        """Return rows as an Arrow table, the geometry last."""
        arrays = [
            pa.array(frame[column.key], type=self._type(column, frame), from_pandas=True) for column in self.columns
        ]
        lon, lat = frame["lon"].to_numpy(), frame["lat"].to_numpy()
        points = np.full(len(frame), None, dtype=object)
        known = np.isfinite(lon) & np.isfinite(lat)
        points[known] = shapely.points(lon[known], lat[known])
        wkb = pa.array([None if point is None else point for point in shapely.to_wkb(points)], pa.binary())
        return pa.table([*arrays, wkb], names=[*(column.key for column in self.columns), GEOMETRY])

    def _type(self, column: Column, frame: pd.DataFrame) -> pa.DataType:
        if column.kind == "time":
            return pa.timestamp("ms", tz=str(frame[column.key].dt.tz))
        types = {"number": pa.float64(), "count": pa.int64(), "flag": pa.bool_()}
        return types.get(column.kind, pa.string())


class _Parquet(_Arrow):
    """GeoParquet 1.1."""

    file: pq.ParquetWriter | None = None

    def put(self, frame: pd.DataFrame) -> None:
        table = self.table(frame)
        shape = {"encoding": "WKB", "geometry_types": ["Point"], "crs": pyproj.CRS("EPSG:4326").to_json_dict()}
        geo = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: shape}}
        own = {WATERMARK.encode(): self.mark.encode()} if self.mark else {}
        table = table.replace_schema_metadata({b"geo": json.dumps(geo).encode(), **own})
        if self.file is None:
            self.file = pq.ParquetWriter(self.path, table.schema)
        self.file.write_table(table)

    def done(self) -> None:
        self.close()

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


class Package(_Arrow):
    """A GeoPackage with one layer."""

    layer = "incidents"
    is_begun = False

    def put(self, frame: pd.DataFrame) -> None:
        """Write some rows."""
        table = self.table(frame)
        wkb = pa.field(GEOMETRY, pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"})
        table = table.set_column(table.num_columns - 1, wkb, table.column(table.num_columns - 1))
        pyogrio.write_arrow(
            table,
            self.path,
            driver="GPKG",
            layer=self.layer,
            append=self.is_begun,
            geometry_name=GEOMETRY,
            geometry_type="Point",
            crs="EPSG:4326",
            **({} if self.is_begun else self._begun()),
        )
        self.is_begun = True

    def _begun(self) -> dict[str, Any]:
        """Return what belongs to the layer alone, the watermark as its description and in its metadata."""
        options = {"GEOMETRY_NAME": "geom", **({"DESCRIPTION": self.mark} if self.mark else {})}
        return {"layer_options": options, **({"layer_metadata": {WATERMARK: self.mark}} if self.mark else {})}

    def done(self) -> None:
        """Leave the file as it is."""

    def close(self) -> None:
        """Leave the file as it is: every batch closed it."""


OPENED: MappingProxyType[str, Callable[[Path, Sequence[Column], Translator, str], Out]] = MappingProxyType(
    {"csv": _Csv, "xlsx": _Sheet, "geojson": _Json, "gpkg": Package, "parquet": _Parquet}
)


def note(book: openpyxl.Workbook, notes: Sequence[str], heading: str) -> None:
    """Write sentences onto a sheet of their own, the last one; none makes no sheet."""
    if notes:
        page = book.create_sheet(heading)
        page.column_dimensions["A"].width = NOTE_WIDTH
        for said in notes:
            cell = WriteOnlyCell(page, said)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            page.append([cell])


def harmless(text: str) -> str:
    """Return a text as a CSV may hold it: one that a spreadsheet would run as a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _short(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
