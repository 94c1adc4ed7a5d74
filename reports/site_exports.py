"""The register of sites as a file: XLSX and CSV for an office, GeoJSON and GeoPackage for QGIS; without telephones and marks of vehicles, with the watermark."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from desk.room import Room
from desk.sites import register
from geo.errors import TableError
from inspections.sites import Site
from layers.grid_names import full_names
from ledger.sites import Asked
from locales import N_, Translator, translator
from reports.export_files import written
from reports.exports import CODE_WIDTH, Column
from reports.site_words import BOUND, MATCH, STATE

AT_ONCE = 5000
HEADS = (
    Column("number", N_("Number"), width=12),
    Column("kind_name", N_("Kind of site"), width=18),
    Column("name", N_("Name"), width=24),
    Column("state_name", N_("State"), width=10),
    Column("state_since", N_("Since"), width=12),
    Column("address", N_("Address"), width=30),
)
TAILS = (
    Column("post_title", N_("Responsible post"), width=24),
    Column("bound_name", N_("Bound"), width=12),
    Column("bound_reason", N_("Reason"), width=20),
    Column("households", N_("Households"), "number", 8),
    Column("note", N_("Note"), width=24),
    Column("match_name", N_("Place"), width=12),
    Column("source", N_("Other system"), width=12),
    Column("external_id", N_("Number there"), width=16),
    Column("lon", N_("Longitude (WGS84)"), "number", 12),
    Column("lat", N_("Latitude (WGS84)"), "number", 12),
    Column("kind", ""),
    Column("state", ""),
    Column("building", ""),
    Column("post", ""),
    Column("bound", ""),
    Column("match", ""),
    Column("edge_m", "", "number"),
    Column("version", "", "count"),
)


def export(
    room: Room,
    asked: Asked,
    out: Path,
    language: str,
    *,
    force: bool = False,
    mark: str = "",
    most: int | None = None,
    trace: Callable[[int], None] | None = None,
) -> int:
    """Write the sites that are asked for and seen into a file, and return how many.

    Parameters
    ----------
    out
        The extension tells the kind: .xlsx .csv .geojson .gpkg .parquet.
    mark, most, trace
        As `reports.export_files.export`.

    Raises
    ------
    TableError
        The file exists, cannot be written, or may not hold so many rows; nothing was changed.
    """
    found = register.listed(room, asked, most=None)
    if most is not None and len(found) > most:
        raise TableError(f"{len(found):,} sites are more than the {most:,} that one file may hold (export_rows of desk.toml). Narrow it by kind or grid.")  # fmt: skip
    parts = (frame(room, found[at : at + AT_ONCE], language) for at in range(0, max(1, len(found)), AT_ONCE))
    return written(out, "sites", columns(room, language), parts, language, mark, force=force, trace=trace)


def columns(room: Room, language: str) -> list[Column]:
    """Return the columns of the table, in order, with their headings in a language."""
    _, rules = translator(language), room.rules.sites
    papers = [Column(f"{key}_{what}", f"{one.name.in_(language)} {_(head)}", width=12) for key, one in rules.documents.items() for what, head in (("issued", N_("issued")), ("expires", N_("runs out")))]  # fmt: skip
    more = [Column(key, f"{one.name.in_(language)}{f' {one.unit}' if one.unit else ''}", "number" if one.is_number else "text") for key, one in rules.fields.items()]  # fmt: skip
    return [*headed(HEADS, _), *grid_columns(room, language), *papers, *more, *headed(TAILS, _)]


def headed(some: Sequence[Column], _: Translator) -> list[Column]:
    """Return columns with their headings in a language."""
    return [Column(one.key, _(one.heading) if one.heading else "", one.kind, one.width) for one in some]


def grid_columns(room: Room, language: str) -> list[Column]:
    """Return two columns for each level and overlay: the names of the grids, and their codes."""
    net, code = room.area.net, translator(language)("{name}, code")
    names = {level.key: level.name for level in net.levels} | {overlay.key: overlay.name for overlay in net.overlays}
    return [column for key, name in names.items() for column in (Column(f"{key}_name", name.in_(language), width=14), Column(key, code.format(name=name.in_(language)), width=CODE_WIDTH))]  # fmt: skip


def grid_cells(room: Room, codes: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of `grid_columns`."""
    names = full_names(room.area.net)
    return {**codes, **{f"{key}_name": ";".join(names.get(key, {}).get(code, code) for code in said.split(";")) for key, said in codes.items() if said}}  # fmt: skip


def table_of(known: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows as a table: a column for each of the known ones, by key."""
    return pd.DataFrame({column.key: _column(column, [row.get(column.key) for row in rows]) for column in known})


def frame(room: Room, found: Iterable[Site], language: str) -> pd.DataFrame:
    """Return sites as a table: a column for each of `columns`, by key."""
    return table_of(columns(room, language), [_row(room, one, language) for one in found])


def _column(column: Column, values: Sequence[Any]) -> Any:
    if column.kind == "number":
        return pd.Series([np.nan if value is None else value for value in values], dtype=np.float64)
    if column.kind == "count":
        return pd.Series([value or 0 for value in values], dtype=np.int64)
    return pd.Series(["" if value is None else str(value) for value in values], dtype=object)


def _row(room: Room, one: Site, language: str) -> dict[str, Any]:
    _ = translator(language)
    plain = {name: getattr(one, name) for name in ("number", "name", "address", "building", "lon", "lat", "post", "bound_reason", "households", "note", "source", "external_id", "edge_m", "version", "kind", "match")}  # fmt: skip
    papers = {f"{paper.key}_{what}": day.isoformat() for paper in one.documents for what, day in (("issued", paper.issued), ("expires", paper.expires)) if day}  # fmt: skip
    return {
        **plain,
        **grid_cells(room, one.codes),
        **papers,
        **one.fields,
        "state": one.state.value,
        "bound": one.bound.value,
        "kind_name": room.rules.sites.kind(one.kind).name.in_(language),
        "state_name": _(STATE[one.state]),
        "state_since": one.state_since.isoformat() if one.state_since else None,
        "bound_name": _(BOUND[one.bound]),
        "match_name": _(MATCH.get(one.match, one.match)),
        "post_title": room.post(one.post).title if one.post else None,
    }
