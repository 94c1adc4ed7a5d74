"""The join of a table of points with a net: every row gets the codes of its grids."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo.crs import PREFIXED, Crs, parse, prefixed_zone, to_wgs84
from geo.errors import MissingCrs, TableError
from geo.net import MATCH, Net
from geo.validate import NAMES, Severity, Sheet, net_faults
from layers.load import Area
from layers.tables import (
    Added,
    Chunk,
    Table,
    Writer,
    both,
    candidate_pairs,
    coordinates,
    create_table,
    folded,
    guess_pair,
    header_hint,
    kind_of,
    named_system,
    open_table,
    storey,
    whole_or_nothing,
)

SAMPLE = 5
"""Errors that the summary quotes."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Request:
    """What to join, and how. docs/assign.md describes each option.

    Attributes
    ----------
    points, out
        The table, and the file to write; the extension tells the kind.
    lon, lat
        Names of the columns of longitude (easting) and latitude (northing); default: the geometry, else guessed.
    crs
        System of the coordinates; default: what the file declares, else WGS84.
    nearest
        Metres within which a point in no grid gets the nearest one.
    unit, floor
        Names of the columns that tell stacked micro-grids apart.
    encoding, sheet, layer, header_row
        How to read the table; see `layers.tables.open_table`.
    force
        Replace ``out`` where it exists.
    threads
        At most so many threads; default: all cores.
    """

    points: Path
    out: Path
    lon: str | None = None
    lat: str | None = None
    crs: str | None = None
    nearest: float | None = None
    unit: str | None = None
    floor: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    layer: str | None = None
    header_row: int | None = None
    force: bool = False
    threads: int | None = None


@dataclass
class Summary:
    """What was done; `as_dict` is the JSON of ``--json``."""

    input: str
    output: str
    area: str
    edition: str | None
    crs: str
    coordinates: str
    details: dict[str, str]
    columns: dict[str, str]
    rows: int = 0
    inside: int = 0
    boundary: int = 0
    nearest: int = 0
    outside: int = 0
    errors: int = 0
    samples: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the summary for a terminal."""
        found = ", ".join(f"{getattr(self, match)} {match}" for match in MATCH)
        how = ", ".join([self.crs, self.coordinates, *(f"{key} {value!r}" for key, value in self.details.items())])
        rows = "1 row" if self.rows == 1 else f"{self.rows} rows"
        head = [f"{rows} written to {self.output}: {found}, {self.errors} with errors.", f"Read as {how}."]
        return [*head, *self.samples, *self.notes]


@dataclass(frozen=True)
class _Where:
    """Where the coordinates stand: in two columns, or in the geometry (both None)."""

    lon: int | None
    lat: int | None
    crs: Crs
    title: str


def assign(area: Area, request: Request, *, progress: Progress | None = None) -> Summary:
    """Write a table again with the codes of the grids that its points lie in.

    Parameters
    ----------
    area
        The area whose net is joined.
    request
        What to join.
    progress
        Called after each chunk with how much of how much is done; the second is 0 where it is not known.

    Raises
    ------
    TableError, CrsError
        The table cannot be read or written, or its coordinates cannot be found. Nothing was written then.
    """
    _check_paths(request)
    with open_table(
        request.points,
        encoding=request.encoding,
        sheet=request.sheet,
        layer=request.layer,
        header_row=request.header_row,
    ) as table:
        where = _find(table, request)
        stack = tuple(_column(table, name) if name else None for name in (request.unit, request.floor))
        run = _Run(area.net, where, stack, request)
        numeric = frozenset({"grid_distance_m"})
        with whole_or_nothing(request.out) as part, create_table(part, table, run.names, numeric=numeric) as writer:
            _pump(table, writer, run, progress)
        return _summary(area, request, table, writer, run)


def _pump(table: Table, writer: Writer, run: "_Run", progress: Progress | None) -> None:
    done = 0
    for chunk in table.chunks():
        writer.write(chunk, run.join(chunk, table.first_row), run.where.crs)
        done += chunk.done
        if progress:
            progress(done, table.length)


def _summary(area: Area, request: Request, table: Table, writer: Writer, run: "_Run") -> Summary:
    edition = area.net.edition.isoformat() if area.net.edition else None
    columns = dict(zip(run.names, writer.added_names, strict=True))
    summary = Summary(
        str(request.points),
        str(request.out),
        area.id,
        edition,
        run.where.crs.name,
        run.where.title,
        table.details,
        columns,
    )
    summary.rows, summary.errors, summary.samples = run.rows, run.errors, run.samples
    for match, count in run.counts.items():
        setattr(summary, match, count)
    summary.notes = [*run.advice(), *_faults(area), *_flattened(table, writer, run), *table.notes, *writer.notes]
    return summary


def _faults(area: Area) -> list[str]:
    """Say what is wrong with the net itself: a join on overlapping grids is only as good as they are."""
    net = [Sheet(level.key, level.key, level.codes, level.geoms) for level in area.net.levels]
    found = {
        fault.kind: fault for fault in (*area.faults, *net_faults(net, gaps=False)) if fault.severity is Severity.ERROR
    }
    if not found:
        return []
    first = next(iter(found.values()))
    kinds = ", ".join(NAMES[kind].en for kind in found)
    return [f"The net has errors ({kinds}; first: {first.file}: {first.message}). `battlemap check` lists all of them."]


def _flattened(table: Table, writer: Writer, run: "_Run") -> list[str]:
    if not (writer.place_names and run.shapes):
        return []
    return [
        f"{run.shapes} geometries of {table.path.name} are not points and are not in the output: write GeoJSON or GeoPackage to keep them."
    ]


# --- what to read ----------------------------------------------------------------------------------------------------------------------------------------


def _check_paths(request: Request) -> None:
    kind_of(request.points)
    kind_of(request.out, writing=True)
    if not request.points.is_file():
        raise TableError(f"{request.points} does not exist, or is not a file.")
    if not request.out.exists():
        return
    if os.path.samefile(request.points, request.out):  # noqa: PTH121  links count too
        raise TableError(f"{request.out} is the input itself. Write to another file.")
    if not request.out.is_file():
        raise TableError(f"{request.out} is not a file.")
    if request.out.stat().st_size and not request.force:
        raise TableError(f"{request.out} exists. Choose another name, or replace it with --force.")


def _find(table: Table, request: Request) -> _Where:
    if (request.lon is None) != (request.lat is None):
        raise TableError("Give both --lon and --lat, or neither.")
    given = parse(request.crs) if request.crs else None
    if request.lon is not None and request.lat is not None:
        pair = _column(table, request.lon), _column(table, request.lat)
    elif table.has_geometry:
        return _in_geometry(table, given)
    else:
        pair = _guessed(table)
    lon, lat = (table.columns[position] for position in pair)
    hinted = named_system(lon, lat)
    if given is None and hinted:
        raise MissingCrs(
            f"Columns {lon!r} and {lat!r} speak of {hinted}, 100 to 700 m from WGS84. Say --crs {hinted}, or --crs EPSG:4326 if the names are wrong."
        )
    if given is None:
        table.notes.append("The file declares no coordinate system: WGS84 was assumed. Say otherwise with --crs.")
    title = f"columns {lon!r} and {lat!r}" if pair[0] != pair[1] else f"column {lon!r}"
    return _Where(*pair, given or parse("EPSG:4326"), title)


def _in_geometry(table: Table, given: Crs | None) -> _Where:
    if given is None and table.crs is None:
        raise MissingCrs(f"{table.path.name} declares no coordinate system. Name it with --crs.")
    if given and table.crs and given != table.crs:
        table.notes.append(
            f"The file declares {table.crs.name}; its coordinates were read as {given.name}, as --crs says."
        )
    crs = given or table.crs
    assert crs is not None
    return _Where(None, None, crs, "geometry")


def _column(table: Table, name: str) -> int:
    exact = [position for position, column in enumerate(table.columns) if column == name]
    alike = exact or [position for position, column in enumerate(table.columns) if folded(column) == folded(name)]
    if not alike:
        raise TableError(f"{table.path.name} has no column {name!r}; it has {_listed(table.columns)}.")
    if len(alike) > 1:
        raise TableError(f"{table.path.name} has {len(alike)} columns {name!r}. Rename the one that is meant.")
    return alike[0]


def _guessed(table: Table) -> tuple[int, int]:
    pair = guess_pair(table.columns)
    if pair is not None:
        return pair
    several = candidate_pairs(table.columns)
    if several:
        choices = "; ".join(f"{table.columns[lon]!r} and {table.columns[lat]!r}" for lon, lat in several)
        raise TableError(f"{table.path.name} has several pairs of coordinates: {choices}. Choose with --lon and --lat.")
    later = header_hint(getattr(table, "early", ()))
    if later is not None and later != table.first_row - 1:
        raise TableError(
            f"{table.path.name}: the names of columns seem to stand in row {later}. Say --header-row {later}."
        )
    raise TableError(
        f"{table.path.name} has no columns that look like longitude and latitude; it has {_listed(table.columns)}. Name them with --lon and --lat; one column that holds both ('113.6,34.7') is named twice."
    )


def _listed(columns: Sequence[str], limit: int = 30) -> str:
    return ", ".join(repr(column) for column in columns[:limit]) + (", …" if len(columns) > limit else "")


# --- the join --------------------------------------------------------------------------------------------------------------------------------------------


class _Run:
    """One pass over a table: joins chunks and keeps count."""

    def __init__(self, net: Net, where: _Where, stack: tuple[int | None, ...], request: Request) -> None:
        self.net, self.where, self.stack, self.request = net, where, stack, request
        self.names = [
            *net.keys,
            "grid_match",
            "grid_distance_m",
            "error",
        ]
        self.counts = dict.fromkeys(MATCH, 0)
        self.rows = self.errors = self.shapes = 0
        self.swapped = self.metric = self.degrees = 0
        self.zones: set[int] = set()
        self.samples: list[str] = []

    def join(self, chunk: Chunk, first_row: int) -> Added:
        """Return the columns to add to a chunk."""
        x, y, faults = self._coordinates(chunk)
        lon, lat = to_wgs84(x, y, self.where.crs)
        self._check_range(x, y, lon, lat, faults)
        unusable = np.fromiter(faults, dtype=np.int64, count=len(faults))
        self._suspect(x, y)
        lon[unusable], lat[unusable] = np.nan, np.nan
        unit, floor = (
            [storey(value) for value in chunk.column(position)] if position is not None else None
            for position in self.stack
        )
        frame = self.net.assign(
            lon, lat, unit=unit, floor=floor, nearest=self.request.nearest, threads=self.request.threads
        )
        match = frame["grid_match"].to_numpy(dtype=object).copy()
        match[unusable] = ""
        self._count(match, faults, first_row)
        columns: list[Sequence[Any]] = [_blanked(frame[name].to_numpy(dtype=object)) for name in self.names[:-3]]
        metres = _metres(frame["grid_distance_m"].to_numpy(dtype=np.float64))
        return Added([*columns, _blanked(match), metres, [faults.get(row) for row in range(len(chunk))]], lon, lat)

    def _coordinates(self, chunk: Chunk) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
        if self.where.lon is None or self.where.lat is None:
            return self._of_geometry(chunk)
        geographic = self.where.crs.geographic
        axes = ("longitude", "latitude") if geographic else ("easting", "northing")
        east, north = chunk.column(self.where.lon), chunk.column(self.where.lat)
        if self.where.lon == self.where.lat:
            east, north = both(east)
        x, bad_x = coordinates(east, axis=axes[0], geographic=geographic)
        y, bad_y = coordinates(north, axis=axes[1], geographic=geographic)
        return (
            x,
            y,
            {row: "; ".join(filter(None, (bad_x.get(row), bad_y.get(row)))) for row in sorted({*bad_x, *bad_y})},
        )

    def _of_geometry(self, chunk: Chunk) -> tuple[np.ndarray, np.ndarray, dict[int, str]]:
        geoms = chunk.geoms if chunk.geoms is not None else np.full(len(chunk), None, dtype=object)
        single = (shapely.get_type_id(geoms) == shapely.GeometryType.MULTIPOINT) & (
            shapely.get_num_geometries(geoms) == 1
        )
        geoms = np.where(single, shapely.get_geometry(geoms, 0), geoms)
        points = geoms.copy()
        points[shapely.is_empty(geoms)] = None  # GEOS fails on the x of an empty point
        x, y = shapely.get_x(points), shapely.get_y(points)  # NaN for all but points
        faults = {int(row): _geometry_fault(geoms[row]) for row in np.flatnonzero(~(np.isfinite(x) & np.isfinite(y)))}
        self.shapes += sum(1 for fault in faults.values() if fault.endswith("not a point"))
        return x, y, faults

    def _check_range(
        self, x: np.ndarray, y: np.ndarray, lon: np.ndarray, lat: np.ndarray, faults: dict[int, str]
    ) -> None:
        wrong = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))  # noqa: PLR2004  NaN is wrong too
        for row in np.flatnonzero(wrong).tolist():
            if row not in faults:
                faults[row] = self._range_fault(float(x[row]), float(y[row]))

    def _range_fault(self, x: float, y: float) -> str:
        if not self.where.crs.geographic:
            return f"easting {x:.10g} and northing {y:.10g} lie nowhere in {self.where.crs.name}"
        if abs(x) <= 90 < abs(y) <= 180:  # noqa: PLR2004
            return f"latitude {y:.10g} is out of range; are longitude and latitude swapped?"
        axis, value = ("latitude", y) if abs(x) <= 180 else ("longitude", x)  # noqa: PLR2004
        return f"{axis} {value:.10g} is out of range"

    def _suspect(self, x: np.ndarray, y: np.ndarray) -> None:
        """Keep in mind what would explain that no point lies in the net: swapped columns, metres read as degrees."""
        if sum(self.counts.values()) > self.counts["outside"]:
            return
        lon, lat = to_wgs84(y, x, self.where.crs)
        west, south, east, north = self.net.bounds
        self.swapped += int(np.count_nonzero((lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)))
        if self.where.crs.geographic:
            self.metric += int(np.count_nonzero((np.abs(x) > 1000) & (np.abs(y) > 1000)))  # noqa: PLR2004
        else:
            self.degrees += int(np.count_nonzero((np.abs(x) <= 180) & (np.abs(y) <= 180)))  # noqa: PLR2004
        self.zones |= set(np.unique(prefixed_zone(x)).tolist()) - {0}

    def _count(self, match: np.ndarray, faults: dict[int, str], first_row: int) -> None:
        for name in MATCH:
            self.counts[name] += int(np.count_nonzero(match == name))
        for row in sorted(faults)[: SAMPLE - len(self.samples)]:
            end = "" if faults[row].endswith("?") else "."
            self.samples.append(f"Row {first_row + self.rows + row}: {faults[row]}{end}")
        self.rows += len(match)
        self.errors += len(faults)

    def advice(self) -> list[str]:
        """Return what may be wrong when no point lies in the net."""
        if not self.rows or sum(self.counts.values()) > self.counts["outside"]:
            return []
        zone = next(iter(self.zones)) if len(self.zones) == 1 else None
        exchange = "exchange --lon and --lat" if self.where.lon != self.where.lat else "write the longitude first"
        causes = (
            (
                2 * self.swapped > self.rows,
                f", but most would if the two coordinates were swapped: {exchange}.",
            ),
            (
                zone is not None,
                f". The eastings carry the number of zone {zone}: try --crs EPSG:{PREFIXED + (zone or 0)}.",
            ),
            (
                2 * self.metric > self.rows,
                ". The coordinates look like metres, not degrees: name their system with --crs, such as EPSG:4547.",
            ),
            (
                2 * self.degrees > self.rows,
                f". The coordinates look like degrees, which {self.where.crs.name} does not have: leave --crs out, or name theirs.",
            ),
            (self.counts["outside"] > 0, ". Is this the right area, and the right --crs?"),
        )
        return [f"No point lies in the net{why}" for true, why in causes if true][:1]


def _blanked(texts: np.ndarray) -> list[str | None]:
    """Make empty texts empty cells, so that every format shows the same: nothing."""
    return [text or None for text in texts.tolist()]


def _metres(values: np.ndarray) -> list[float | None]:
    """Round to millimetres; 0 is written without decimals, unknown as nothing."""
    cells = np.round(values, 3).astype(object)
    cells[values == 0] = 0
    cells[np.isnan(values)] = None
    return cells.tolist()


def _geometry_fault(geometry: shapely.Geometry | None) -> str:
    if geometry is None:
        return "geometry is missing"
    if geometry.is_empty or geometry.geom_type == "Point":
        return "geometry is empty or cannot be read"
    return f"geometry is a {geometry.geom_type}, not a point"
