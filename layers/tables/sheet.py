"""XLSX: one sheet of a workbook, read and written a row at a time, so that a long one needs little memory."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from geo.crs import Crs
from geo.errors import TableError
from layers.tables.cells import cell_text
from layers.tables.model import CHUNK, Added, Chunk, Table, Writer

_ROWS, _COLUMNS, _TEXT = 1_048_576, 16_384, 32_767  # Excel's limits
_EXACT = 10**15  # Excel keeps 15 digits of a number
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LOOK_AHEAD = 20
_MERGED, _LONGEST_MARK = re.compile(rb"<(?:\w+:)?mergeCell\s+ref=[\"']([A-Z0-9:]+)[\"']"), 64
_UNREADABLE = (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, ParseError, OSError, EOFError)


class SheetTable(Table):
    """One sheet of a workbook. Cells keep their values (of formulas the stored ones) and number formats.

    Attributes
    ----------
    merged
        Merged cells: first row, first column, last row, last column, all from 1.
    """

    kind = "xlsx"

    def __init__(self, path: Path, *, sheet: str | None = None, header_row: int | None = None) -> None:
        super().__init__(path)
        self.header_row = header_row or 1
        self.book = self._load(values=True)
        self.sheet = self._choose(sheet)
        traits = self._traits()
        self.formulas = self._load(values=False) if "formula" in traits else None
        if self.merged:
            self.notes.append(
                "The sheet has merged cells: only the first cell of each holds its value, and the output is not merged."
            )
        self._survey()
        self.details = {"sheet": self.sheet}

    def _load(self, *, values: bool) -> openpyxl.Workbook:
        try:
            return openpyxl.load_workbook(self.path, read_only=True, data_only=values)
        except _UNREADABLE as error:
            raise TableError(
                f"{self.path.name} is not a readable XLSX workbook ({error}). If it has a password, or is an old .xls, save it as .xlsx without one."
            ) from None

    def _choose(self, sheet: str | None) -> str:
        names = [page.title for page in self.book.worksheets]
        if not names:
            raise TableError(f"{self.path.name} has no sheet with cells.")
        if sheet is not None and sheet not in names:
            raise TableError(f"{self.path.name} has no sheet {sheet!r}; it has {', '.join(names)}.")
        chosen = sheet or names[0]
        if len(names) > 1:
            rest = ", ".join(name for name in names if name != chosen)
            self.notes.append(f"Sheet {chosen!r} was read; not in the output: {rest}. Name another with --sheet.")
        return chosen

    def _traits(self) -> set[str]:
        """Look through the sheet's XML for formulas and merged cells, which reading row by row does not tell of."""
        merged: set[tuple[int, int, int, int]] = set()
        target = self.book[self.sheet]._worksheet_path  # noqa: SLF001  openpyxl has no public name for it
        found, tail = set(), b""
        with zipfile.ZipFile(self.path) as archive, archive.open(target) as part:
            while block := part.read(1 << 20):
                text = tail + block
                found |= {"formula"} if re.search(rb"<f[\s>/]", text) else set()
                merged |= {_corners(match[1].decode()) for match in _MERGED.finditer(text)}
                tail = text[-_LONGEST_MARK:]
        self.merged = sorted(merged)
        return found

    def _lines(self, book: openpyxl.Workbook) -> Iterator[tuple[int, Sequence[Any]]]:
        page = book[self.sheet]
        page.reset_dimensions()  # some exporters declare A1 only, and rows would be cut there
        try:
            yield from enumerate(page.iter_rows(), start=1)
        except _UNREADABLE as error:
            raise TableError(f"Sheet {self.sheet!r} of {self.path.name} cannot be read: {error}.") from None

    def _survey(self) -> None:
        declared = self.book[self.sheet].max_row or 0
        early = [list(cells) for _, cells in islice(self._lines(self.book), max(_LOOK_AHEAD, self.header_row))]
        self.early = [[cell.value for cell in cells] for cells in early]
        if len(early) < self.header_row:
            raise TableError(f"Sheet {self.sheet!r} of {self.path.name} has no row {self.header_row}.")
        header = _trimmed(self.early[self.header_row - 1])
        if not header:
            raise TableError(
                f"Row {self.header_row} of sheet {self.sheet!r} is empty, where the names of columns should be. Say which row has them with --header-row."
            )
        self.header = header
        self.columns = [cell_text(value) for value in header]
        self.length = max(0, declared - self.header_row)
        self.first_row = self.header_row + 1
        if self.header_row > 1:
            self.notes.append("What stands above the header is not in the output.")

    def chunks(self) -> Iterator[Chunk]:
        """Read the rows; those without any value are left out."""
        rows: list[list[Any]] = []
        numbers: list[int] = []
        formats: dict[tuple[int, int], str] = {}
        passed, lost = 0, 0
        asked = self._lines(self.formulas) if self.formulas else None
        for number, cells in self._lines(self.book):
            twins = next(asked)[1] if asked else ()
            if number <= self.header_row:
                continue
            passed += 1
            lost += _lost(cells, twins)
            values = [cell.value for cell in cells]
            if any(value is not None for value in values):
                formats.update(
                    {
                        (len(rows), column): cell.number_format
                        for column, cell in enumerate(cells)
                        if cell.value is not None and cell.number_format != "General"
                    }
                )
                rows.append(values)
                numbers.append(number)
            if len(rows) == CHUNK:
                yield Chunk(self._even(rows), formats=formats, done=passed, numbers=numbers)
                rows, numbers, formats, passed = [], [], {}, 0
        if lost:
            self.notes.append(
                f"{lost} formulas have no stored value and are empty in the output: open the workbook in Excel and save it."
            )
        if rows:
            yield Chunk(self._even(rows), formats=formats, done=passed, numbers=numbers)

    def close(self) -> None:
        """Let go of the workbook."""
        for book in filter(None, (self.book, self.formulas)):
            book.close()

    def _even(self, rows: list[list[Any]]) -> list[list[Any]]:
        """Give rows the width of the header; values to the right of it are refused, for they would have no column."""
        width = len(self.columns)
        for row in rows:
            if len(row) > width and _trimmed(row[width:]):
                raise TableError(
                    f"Sheet {self.sheet!r} has values to the right of the last column name ({self.columns[-1]!r}), for example {cell_text(_trimmed(row[width:])[-1])!r}. Name that column."
                )
            row[width:] = [None] * (width - len(row))
        return rows


def _corners(reference: str) -> tuple[int, int, int, int]:
    west, north, east, south = range_boundaries(reference)
    return north, west, south, east


def _trimmed(values: Sequence[Any]) -> list[Any]:
    kept = list(values)
    while kept and kept[-1] in (None, ""):
        kept.pop()
    return kept


def _lost(cells: Sequence[Any], twins: Sequence[Any]) -> int:
    return sum(1 for cell, twin in zip(cells, twins, strict=False) if cell.value is None and twin.value is not None)


class SheetWriter(Writer):
    """Writes a workbook of one sheet; text stays text, whatever it looks like."""

    kind = "xlsx"
    spatial = False

    def __init__(
        self, path: Path, source: Table, names: Sequence[str], *, numeric: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(path, source, names, numeric=numeric)
        self.book = openpyxl.Workbook(write_only=True)
        self.page = self.book.create_sheet(source.sheet if isinstance(source, SheetTable) else "points")
        header = source.header if isinstance(source, SheetTable) else self.source_names
        header = [*header, *self.place_names, *self.added_names]
        if len(header) > _COLUMNS:
            raise TableError(f"The table has {len(header)} columns, a sheet holds {_COLUMNS}. Write CSV or GeoParquet.")
        self.page.append([self._cell(value, None) for value in header])
        self.rows = 1

    def write(self, chunk: Chunk, added: Added, crs: Crs) -> None:
        """Write a chunk."""
        del crs
        self.rows += len(chunk)
        if self.rows > _ROWS:
            raise TableError(
                f"The table has more than {_ROWS - 1:,} rows, which a sheet cannot hold. Write CSV or GeoParquet."
            )
        extra = zip(*self.places(added), *added.columns, strict=True)
        for number, (row, more) in enumerate(zip(chunk.rows, extra, strict=True)):
            cells = [self._cell(value, chunk.formats.get((number, column))) for column, value in enumerate(row)]
            self.page.append(cells + [self._cell(value, None) for value in more])

    def _cell(self, value: Any, number_format: str | None) -> Any:
        if value is None or value == "":
            return None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT:
            value = str(value)
        if isinstance(value, datetime | time) and value.tzinfo is not None:
            value = value.isoformat()
        if isinstance(value, bool | int | float | datetime | date | time | timedelta):
            if number_format is None and not isinstance(value, datetime | date | time | timedelta):
                return None if value != value else value  # noqa: PLR0124  NaN
            cell = WriteOnlyCell(self.page, value)
            cell.number_format = number_format or cell.number_format
            return cell
        return self._text(cell_text(value), number_format)

    def _text(self, text: str, number_format: str | None) -> Any:
        if len(text) > _TEXT:
            raise TableError(
                f"A cell holds {len(text):,} characters, a sheet's holds {_TEXT:,}: {text[:40]!r}…. "
                "Write CSV or GeoPackage."
            )
        text = CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
        if number_format is None and text[0] not in "=#":
            return text  # openpyxl takes it for text too, and is faster with it
        cell = WriteOnlyCell(self.page, text)
        cell.data_type = "s"  # else "=A1" would become a formula and "#N/A" an error
        cell.number_format = number_format or cell.number_format
        return cell

    def finish(self) -> None:
        """Write the workbook."""
        self.book.save(self.path)
        self.book.close()

    def abandon(self) -> None:
        """Drop the workbook."""
        self.page.close()
        self.book.close()
