"""What every kind of table has in common: columns, chunks of rows, a declared coordinate system."""

import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import shapely

from geo.crs import Crs, geometries_to_wgs84
from geo.errors import TableError
from layers.tables.cells import folded, free_name

CHUNK = 50_000
"""Rows that are held at once."""


@dataclass(eq=False)
class Chunk:
    """Some rows of a table, in order.

    Attributes
    ----------
    rows
        Cells by row, then column.
    geoms
        Geometries, object (n,), in the table's own system; None where the table has no geometry.
    formats
        Number formats of a spreadsheet's cells, by row and column, other than General.
    features
        The features as they came, for a GeoJSON file.
    done
        How far this chunk brings us, in units of the table's ``length``.
    numbers
        Number of each row as a person counts in the file, where blank rows were left out; empty where none was.
    """

    rows: list[list[Any]]
    geoms: np.ndarray | None = None
    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    features: list[dict[str, Any]] | None = None
    done: int = 0
    numbers: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, position: int) -> list[Any]:
        """Return the cells of one column."""
        return [row[position] for row in self.rows]


class Table(ABC):
    """A table that can be read.

    Attributes
    ----------
    path, kind
        The file; and its kind: csv, xlsx, geojson, gpkg or parquet.
    columns
        Names of its columns, in order; they may repeat or be empty.
    crs
        Coordinate system that the file declares, or None.
    has_geometry
        Whether rows carry a geometry.
    length
        What `Chunk.done` adds up to, for a progress bar.
    first_row
        Number of the first row of data, as a person counts in the file.
    details
        What was found out on opening (encoding, delimiter, sheet, layer), for the summary.
    notes
        What a person should know, in sentences.
    """

    kind = ""
    has_geometry = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns: list[str] = []
        self.crs: Crs | None = None
        self.length = 0
        self.first_row = 1
        self.details: dict[str, str] = {}
        self.notes: list[str] = []

    @abstractmethod
    def chunks(self) -> Iterator[Chunk]:
        """Read the rows, from the first, a chunk at a time."""

    def close(self) -> None:  # noqa: B027  most kinds hold nothing open
        """Let go of the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@dataclass(frozen=True, eq=False)
class Added:
    """Columns to write beside those of a chunk.

    Attributes
    ----------
    columns
        Values (n,) by column, text or numbers, None for an empty cell.
    lon, lat
        Where the rows lie, WGS84 degrees, float64 (n,); NaN where unknown.
    """

    columns: Sequence[Sequence[Any]]
    lon: np.ndarray
    lat: np.ndarray


class Writer(ABC):
    """A table being written: the columns of a source, then others. A context manager: leaving it finishes the file.

    ``numeric`` names the added columns that hold numbers; all others hold text. A writer of the source's own kind keeps its geometries and their declared system as
    they are; any other writes WGS84: as geometry, or in a table without geometry as columns ``lon`` and ``lat``.
    """

    kind = ""
    unique = False
    """Whether names of columns must differ."""
    folds = False
    """Whether they must differ ignoring case."""
    spatial = True
    """Whether rows can carry a geometry."""

    def __init__(
        self, path: Path, source: Table, names: Sequence[str], *, numeric: frozenset[str] = frozenset()
    ) -> None:
        self.path, self.source, self.numeric = path, source, numeric
        self.notes: list[str] = []
        self.same = source.kind == self.kind
        taken: set[str] = set()
        self.source_names = self._unique(source.columns, taken) if self.unique else list(source.columns)
        taken |= {folded(name) for name in source.columns}
        self.place_names = (
            [free_name(name, taken) for name in ("lon", "lat")] if source.has_geometry and not self.spatial else []
        )
        self.added_names = [self._free(name, taken) for name in names]
        self.taken = taken

    def _unique(self, columns: Sequence[str], taken: set[str]) -> list[str]:
        found: list[str] = []
        for number, name in enumerate(columns, start=1):
            wanted = name or f"column_{number}"
            clash = folded(wanted) in taken if self.folds else wanted in found
            found.append(free_name(wanted, taken if self.folds or clash else set()))
            taken.add(folded(found[-1]))
            if name and found[-1] != name:
                self.notes.append(
                    f"Column {name!r} is written as {found[-1]!r}: {self.kind} cannot hold one name twice."
                )
        return found

    def _free(self, name: str, taken: set[str]) -> str:
        found = free_name(name, taken)
        if found != name:
            self.notes.append(f"The table has a column {name!r} already: ours is written as {found!r}.")
        return found

    def places(self, added: Added) -> list[list[Any]]:
        """Return the columns lon and lat, if this table carries them."""
        return (
            [[None if np.isnan(value) else float(value) for value in part] for part in (added.lon, added.lat)]
            if self.place_names
            else []
        )

    def geometries(self, chunk: Chunk, added: Added, crs: Crs) -> np.ndarray:
        """Return the geometries to write, in WGS84: the chunk's own, or points where the coordinates are."""
        if chunk.geoms is not None:
            return chunk.geoms if crs.is_wgs84 else geometries_to_wgs84(chunk.geoms, crs)
        known = np.isfinite(added.lon) & np.isfinite(added.lat)
        geoms = np.full(len(chunk), None, dtype=object)
        geoms[known] = shapely.points(added.lon[known], added.lat[known])
        return geoms

    @abstractmethod
    def write(self, chunk: Chunk, added: Added, crs: Crs) -> None:
        """Write a chunk; ``crs`` is the system that its geometries are in."""

    @abstractmethod
    def finish(self) -> None:
        """Write what is left and close the file."""

    @abstractmethod
    def abandon(self) -> None:
        """Close the file, whatever is in it; whoever asked deletes it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.abandon()


@contextmanager
def whole_or_nothing(out: Path) -> Iterator[Path]:
    """Yield a path beside ``out`` to write to; it replaces ``out`` at the end, and is removed on any error and on Ctrl-C.

    Raises
    ------
    TableError
        The folder cannot be written to.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    except OSError as error:
        raise TableError(
            f"{out} cannot be written: {error.strerror}. Choose a folder that exists and that you may write to."
        ) from error
    part = folder / out.name
    try:
        yield part
        _flush(part)
        os.replace(part, out)  # noqa: PTH105  the atomic call, by its own name
    except OSError as error:
        raise TableError(f"{out} cannot be written: {error.strerror or error}. Nothing was changed.") from error
    finally:
        for rest in folder.iterdir():
            with suppress(OSError):
                rest.unlink()
        with suppress(OSError):
            folder.rmdir()


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
