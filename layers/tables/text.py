"""CSV and its kin: every cell is text, read and written back as it stands."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from geo.crs import Crs
from geo.errors import TableError
from layers.tables.cells import cell_text, guess_pair
from layers.tables.model import CHUNK, Added, Chunk, Table, Writer

_BLOCK = 1 << 20
_DELIMITERS = ",\t;|"
_LONGEST_CELL = 1 << 27
_LOOK_AHEAD = 20
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def detect_encoding(path: Path) -> str:
    """Find the encoding of a text file: by its byte-order mark, the zeros of UTF-16, else the first of UTF-8 and GB18030 that fits every byte.

    Raises
    ------
    TableError
        None fits.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
    marked = _mark_of(path)
    if marked:
        return marked
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 20 and max(even, odd) > 4 * min(even, odd):
        return "utf-16-le" if odd > even else "utf-16-be"
    spoiled = _misfit(path, "utf-8")
    if spoiled is None:
        return "utf-8"
    if _nearly_utf8(path):
        raise TableError(
            f"{path.name} is UTF-8 but for byte {spoiled}. Save it again as UTF-8, or name its encoding with --encoding."
        )
    if _misfit(path, "gb18030") is None:
        return "gb18030"
    raise TableError(f"{path.name} is neither UTF-8 nor GBK (byte {spoiled}). Name its encoding with --encoding.")


def _mark_of(path: Path) -> str | None:
    """Return the encoding that a file's byte-order mark names."""
    with path.open("rb") as file:
        head = file.read(4)
    return next((name for mark, name in _BOMS if head.startswith(mark)), None)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
    yield b""


def _misfit(path: Path, encoding: str) -> int | None:
    """Return the place of the first byte that does not fit an encoding, or None."""
    decoder, done = codecs.getincrementaldecoder(encoding)(), 0
    for block in _blocks(path):
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            return done - kept + error.start
        done += len(block)
    return None


def _nearly_utf8(path: Path) -> bool:
    """Tell whether a file is UTF-8 with a few broken places: GBK text hardly ever looks like three-byte characters."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    wide = broken = 0
    for block in _blocks(path):
        text = decoder.decode(block, final=not block)
        bad = text.count("\ufffd")
        broken += bad
        wide += sum(1 for character in text if character >= "\u0800") - bad
    return wide > 10 * broken


def known_encoding(path: Path, given: str | None) -> str:
    """Return the encoding given, checked, or the one found."""
    if given is None:
        return detect_encoding(path)
    try:
        "".encode(given)  # unlike a look-up this refuses codecs that are not of text
    except LookupError:
        raise TableError(f"Encoding {given!r} is unknown. Try utf-8, gb18030, utf-16-le or big5.") from None
    name = codecs.lookup(given).name
    marked = _mark_of(path)
    name = {"gb2312": "gb18030", "gbk": "gb18030"}.get(
        name, name
    )  # its superset: what GBK lacks can then be written too
    if marked and (marked.startswith(name) or name.startswith(marked[:6])):
        name = marked
    spoiled = _misfit(path, name)
    if spoiled is not None:
        raise TableError(f"{path.name} is not {given} (byte {spoiled}). Leave --encoding out to have it found.")
    return name


class CsvTable(Table):
    """A CSV file, streamed: rows are counted and checked in a first pass, and read in a second."""

    kind = "csv"

    def __init__(self, path: Path, *, encoding: str | None = None, header_row: int | None = None) -> None:
        super().__init__(path)
        self.encoding = known_encoding(path, encoding)
        self.marked = _mark_of(path) is not None
        with self._open() as file:
            head = list(islice(file, 200))
        told = (
            re.match(r"sep=(.)\r?\n?$", head[0], re.IGNORECASE) if head else None
        )  # Excel's way to name the delimiter
        self.skip = 1 if told else 0
        self.delimiter = told[1] if told else _delimiter(head, header_row)
        self.newline = _newline(head)
        self.header_row = header_row or 1
        self._survey()
        self.details = {"encoding": self._encoding_name(), "delimiter": self.delimiter}

    def _encoding_name(self) -> str:
        return {"utf-8-sig": "UTF-8 with BOM", "gb18030": "GB18030"}.get(self.encoding, self.encoding.upper())

    @contextmanager
    def _open(self) -> Iterator[io.TextIOWrapper]:
        with self.path.open(encoding=self.encoding, newline="") as file:
            if file.read(1) != "\ufeff":
                file.seek(0)
            yield file

    @contextmanager
    def _records(self) -> Iterator[Iterator[list[str]]]:
        """Yield the records of the file; blank lines are none."""
        with self._lines() as lines:
            yield filter(None, lines)

    @contextmanager
    def _lines(self) -> Iterator[Iterator[list[str]]]:
        """Yield the records of the file, blank ones too."""
        with self._open() as file:
            for _ in range(self.skip):
                file.readline()
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            try:
                yield reader
            except csv.Error as error:
                line = reader.line_num + self.skip
                raise TableError(
                    f"{self.path.name}, line {line}: {error}. Is a quotation mark missing, or not doubled?"
                ) from None

    def _survey(self) -> None:
        """Read the header, count the rows, and find the widest."""
        csv.field_size_limit(_LONGEST_CELL)  # the default, 128 KiB, is less than a cell may hold
        rows, width, early = 0, 0, []
        with self._records() as records:
            for number, record in enumerate(records, start=1):
                width, rows = max(width, len(record)), rows + (number > self.header_row)
                if number <= max(_LOOK_AHEAD, self.header_row):
                    early.append(record)
        if len(early) < self.header_row:
            raise TableError(
                f"{self.path.name} is empty: it has no row of column names."
                if not early
                else f"{self.path.name} has no row {self.header_row}."
            )
        header = early[self.header_row - 1]
        self.columns = header + [""] * (width - len(header))
        self.length, self.first_row, self.early = rows, self.header_row + 1, early
        if width > len(header):
            self.notes.append(
                f"Some rows have {width} cells, the header has {len(header)}: the columns without a name are kept."
            )
        if self.header_row > 1:
            self.notes.append("What stands above the header is not in the output.")

    def chunks(self) -> Iterator[Chunk]:
        """Read the rows; short ones are filled up with empty cells."""
        width = len(self.columns)
        with self._lines() as lines:
            numbered = ((number, record) for number, record in enumerate(lines, start=1 + self.skip) if record)
            rows = islice(numbered, self.header_row, None)
            while batch := list(islice(rows, CHUNK)):
                for _, record in batch:
                    if len(record) < width:
                        record.extend([""] * (width - len(record)))
                numbers, records = zip(*batch, strict=True)
                yield Chunk(list(records), done=len(batch), numbers=list(numbers))


def header_hint(early: Sequence[Sequence[Any]]) -> int | None:
    """Return the number of the row that looks like the header, if a later one of the first rows does."""
    return next(
        (number for number, row in enumerate(early, start=1) if guess_pair([cell_text(cell) for cell in row])), None
    )


def _delimiter(head: list[str], header_row: int | None) -> str:
    """Return the delimiter that the header has most of, quoted parts left aside; a header further down is looked for in the first rows."""
    lines = [line for line in head if line.strip()]
    chosen = lines[header_row - 1 : header_row] if header_row else lines[:1]
    for text in (*chosen, *lines[:_LOOK_AHEAD]):
        bare = "".join(text.split('"')[::2])
        if any(delimiter in bare for delimiter in _DELIMITERS):
            return max(_DELIMITERS, key=bare.count)
    return ","


def _newline(head: list[str]) -> str:
    first = head[0] if head else "\n"
    return next((end for end in ("\r\n", "\n", "\r") if first.endswith(end)), "\n")


class CsvWriter(Writer):
    """Writes CSV: in the encoding, delimiter and line ends of a CSV source, else UTF-8 with a mark, which Excel needs to read Chinese."""

    kind = "csv"
    spatial = False

    def __init__(
        self, path: Path, source: Table, names: Sequence[str], *, numeric: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(path, source, names, numeric=numeric)
        encoding, delimiter, newline = "utf-8-sig", "\t" if path.suffix.lower() == ".tsv" else ",", "\r\n"
        if isinstance(source, CsvTable):
            encoding, delimiter, newline = source.encoding, source.delimiter, source.newline
        self.file = path.open("w", encoding=encoding, newline="")
        if isinstance(source, CsvTable) and source.marked and encoding.startswith("utf-16-"):
            self.file.write("\ufeff")
        self.writer = csv.writer(self.file, delimiter=delimiter, lineterminator=newline)
        self._put([[*self.source_names, *self.place_names, *self.added_names]])

    def _put(self, rows: Iterable[Sequence[Any]]) -> None:
        try:
            self.writer.writerows(rows)
        except UnicodeEncodeError as error:
            raise TableError(
                f"{error.object[error.start]!r} cannot be written in {error.encoding}, the encoding of the input. Save the input as UTF-8."
            ) from None

    def write(self, chunk: Chunk, added: Added, crs: Crs) -> None:
        """Write a chunk."""
        del crs
        rows = chunk.rows if self.same else ([cell_text(cell) for cell in row] for row in chunk.rows)
        extra = zip(*self.places(added), *added.columns, strict=True)  # csv writes None as nothing and floats in full
        self._put([*row, *more] for row, more in zip(rows, extra, strict=True))

    def finish(self) -> None:
        """Close the file."""
        self.file.close()

    def abandon(self) -> None:
        """Close the file."""
        self.file.close()
