"""Inspections (检查记录) and findings (隐患台账) as files: XLSX and CSV for an office, GeoJSON and GeoPackage for a map; without people and telephones, with the watermark.

Columns of the 隐患台账 as offices keep it: domain.md 6.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from desk.room import Room
from geo.errors import TableError
from inspections.findings import Act, State
from inspections.inspection import Inspection
from inspections.sites import Site
from ledger import findings, inspections, sites
from ledger.findings import Filed
from locales import N_, Translator, translator
from reports.case_words import local, post_name
from reports.checklists import ACTION
from reports.export_files import written
from reports.exports import Column
from reports.inspection_words import (
    SIGNED,
    STATE,
    WAY,
    article_text,
    checklist_name,
    grade_text,
    item_of,
    item_text,
    outcome_text,
)
from reports.site_exports import grid_cells, grid_columns, headed, table_of

AT_ONCE = 1000
SITE = (
    Column("name", N_("Name of the site"), width=24),
    Column("kind_name", N_("Kind of site"), width=18),
    Column("address", N_("Address"), width=30),
)
FINDING = (
    Column("number", N_("Number"), width=18),
    *SITE,
    Column("found", N_("Inspected on"), width=12),
    Column("found_by", N_("Inspected by"), width=24),
    Column("item_text", N_("Content of the finding"), width=40),
    Column("grade_name", N_("Grade"), width=10),
    Column("measure", N_("Measure"), width=30),
    Column("post_title", N_("Responsible post"), width=24),
    Column("due", N_("Put right by"), width=12),
    Column("again", N_("Looked at again on"), width=18),
    Column("again_result", N_("Result of that"), width=12),
    Column("closed", N_("Closed on"), width=12),
    Column("closed_by", N_("Closed by"), width=24),
    Column("photos_before", N_("Photos before"), "count", 8),
    Column("photos_after", N_("Photos after"), "count", 8),
    Column("state_name", N_("State"), width=14),
    Column("rounds", N_("Times not right"), "count", 8),
    Column("extended", N_("Times given more time"), "count", 8),
    Column("article_text", N_("Clause"), width=24),
    Column("repeats", N_("Repeats"), width=18),
    Column("incident", N_("Case"), width=18),
    Column("inspection", N_("Inspection"), width=18),
    Column("site", N_("Number of the site"), width=12),
)
INSPECTION = (
    Column("number", N_("Number"), width=18),
    *SITE,
    Column("day", N_("Inspected on"), width=12),
    Column("way_name", N_("Way of looking"), width=10),
    Column("checklist_name", N_("Checklist"), width=24),
    Column("outcome_name", N_("Result"), width=24),
    Column("grade_name", N_("Grade"), width=10),
    Column("due", N_("Put right by"), width=12),
    Column("failed", N_("Items that fail"), "count", 8),
    Column("corrected", N_("Put right on the spot"), "count", 8),
    Column("opened", N_("Findings"), width=24),
    Column("rechecked", N_("Looked at again"), width=24),
    Column("signed_name", N_("Signature"), width=14),
    Column("post_title", N_("Inspected by"), width=24),
    Column("site", N_("Number of the site"), width=12),
)
PLACE = (
    Column("lon", N_("Longitude (WGS84)"), "number", 12),
    Column("lat", N_("Latitude (WGS84)"), "number", 12),
)
FINDING_TAILS = (*PLACE, *(Column(key, "") for key in ("kind", "checklist", "item", "grade", "state", "party", "article", "post")), Column("checklist_version", "", "count"), Column("version", "", "count"))  # fmt: skip
INSPECTION_TAILS = (*PLACE, *(Column(key, "") for key in ("kind", "checklist", "outcome", "grade", "way", "signed", "post", "digest")), Column("checklist_version", "", "count"), Column("version", "", "count"))  # fmt: skip


def export(
    room: Room,
    asked: findings.Asked | inspections.Asked,
    out: Path,
    language: str,
    *,
    force: bool = False,
    mark: str = "",
    most: int | None = None,
    trace: Callable[[int], None] | None = None,
) -> int:
    """Write the findings or inspections that are asked for into a file, and return how many.

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
    with room.ledger.reading() as connection:
        many = findings.count(connection, asked) if isinstance(asked, findings.Asked) else inspections.count(connection, asked)  # fmt: skip
    if most is not None and many > most:
        raise TableError(f"{many:,} rows are more than the {most:,} that one file may hold (export_rows of desk.toml). Narrow the list.")  # fmt: skip
    layer = "findings" if isinstance(asked, findings.Asked) else "inspections"
    known, parts = columns(room, asked, language), batches(room, asked, language)
    return written(out, layer, known, parts, language, mark, force=force, trace=trace)


def columns(room: Room, asked: findings.Asked | inspections.Asked, language: str) -> list[Column]:
    """Return the columns of a table, in order, with their headings in a language; the grids of the area stand before the coordinates."""
    heads, tails = (FINDING, FINDING_TAILS) if isinstance(asked, findings.Asked) else (INSPECTION, INSPECTION_TAILS)
    _ = translator(language)
    return [*headed(heads, _), *grid_columns(room, language), *headed(tails, _)]


def table(room: Room, asked: findings.Asked | inspections.Asked, language: str) -> pd.DataFrame:
    """Return the table for people: the columns that have a heading, by it."""
    known = [column for column in columns(room, asked, language) if column.heading]
    found = pd.concat(list(batches(room, asked, language)), ignore_index=True)
    return found[[column.key for column in known]].set_axis([column.heading for column in known], axis=1)


def batches(room: Room, asked: findings.Asked | inspections.Asked, language: str) -> Iterator[pd.DataFrame]:
    """Yield the table in parts, at least one: a column for each of `columns`, by key."""
    known, some, yielded = columns(room, asked, language), list[dict[str, Any]](), False
    with room.ledger.reading() as connection:
        rows = findings.page(connection, asked) if isinstance(asked, findings.Asked) else inspections.page(connection, asked)  # fmt: skip
        for start in range(0, len(rows), AT_ONCE):
            part: Sequence[Any] = rows[start : start + AT_ONCE]
            places = sites.named(connection, room.id, {one.site for one in part})
            if isinstance(asked, findings.Asked):
                numbers = [one.number for one in part]
                entries = findings.told(connection, room.id, numbers)
                after = findings.photographed(connection, room.id, numbers)
                before = _photos(connection, room, part)
                some = [_finding(room, one, places[one.site], entries[one.number], (before.get(one.number, 0), after.get(one.number, 0)), language) for one in part]  # fmt: skip
            else:
                some = [_inspection(room, one, places[one.site], language) for one in part]
            yielded = True
            yield table_of(known, some)
    if not yielded:
        yield table_of(known, [])


def _photos(connection: Any, room: Room, part: Iterable[Filed]) -> dict[str, int]:
    """Return how many photos the inspection took of each finding's item."""
    made = inspections.named(connection, room.id, {one.inspection for one in part})
    found = {}
    for one in part:
        said = made[one.inspection].answers.get(one.item) if one.inspection in made else None
        found[one.number] = len(said.get("photos", ())) if isinstance(said, Mapping) else 0
    return found


def _place(room: Room, site: Site, codes: Mapping[str, str], language: str) -> dict[str, Any]:
    kind = room.rules.sites.kind(site.kind).name.in_(language)
    return {**grid_cells(room, codes), "name": site.name, "kind_name": kind, "address": site.address, "site": site.number, "lon": site.lon, "lat": site.lat}  # fmt: skip


def _finding(  # noqa: PLR0917
    room: Room,
    one: Filed,
    site: Site,
    entries: Mapping[str, Mapping[str, Any]],
    photos: tuple[int, int],
    language: str,
) -> dict[str, Any]:
    _, state = translator(language), one.state
    again, result = _again(room, entries, _)
    closing_ = entries.get(Act.PASS.value) if state.state is State.CLOSED else None
    plain = {name: getattr(one, name) for name in ("number", "inspection", "checklist", "checklist_version", "item", "party", "article", "repeats", "found", "kind", "version", "closed")}  # fmt: skip
    return {
        **_place(room, site, site.codes, language),
        **plain,
        "found_by": post_name(room, state.found_by, _),
        "item_text": f"{one.item} {item_text(room, one, language)}",
        "grade": state.grade.value,
        "grade_name": grade_text(room, state.grade, language),
        "measure": _measure(room, one, entries, _),
        "post": site.post,
        "post_title": post_name(room, site.post, _),
        "due": state.due,
        "again": again,
        "again_result": result,
        "closed_by": post_name(room, closing_["post"] if closing_ else state.found_by if state.spot else "", _),
        "photos_before": photos[0],
        "photos_after": photos[1],
        "state": state.state.value,
        "state_name": _(STATE[state.state]),
        "rounds": state.failed_rounds,
        "extended": state.extended,
        "article_text": article_text(room, one, language, _),
        "incident": state.incident,
    }


def _again(room: Room, entries: Mapping[str, Mapping[str, Any]], _: Translator) -> tuple[str, str]:
    """Return when a finding was last looked at again, and how it was."""
    said = [(entries[act]["at"], word) for act, word in ((Act.PASS.value, N_("right")), (Act.FAIL.value, N_("not right"))) if act in entries]  # fmt: skip
    if not said:
        return "", ""
    at, word = max(said)
    return local(room, at), _(word)


def _measure(room: Room, one: Filed, entries: Mapping[str, Mapping[str, Any]], _: Translator) -> str:
    """Return what was done to put it right as it was written, else what the item asks for."""
    if said := entries.get(Act.CORRECT.value, {}).get("text"):
        return str(said)
    if one.state.spot:
        return _("put right on the spot")
    item = item_of(room, one)
    return _(ACTION[item.action]) if item else ""


def _inspection(room: Room, one: Inspection, site: Site, language: str) -> dict[str, Any]:
    _ = translator(language)
    plain = {name: getattr(one, name) for name in ("number", "day", "due", "failed", "corrected", "checklist", "checklist_version", "digest", "post", "version", "kind")}  # fmt: skip
    return {
        **_place(room, site, one.codes, language),
        **plain,
        "lon": one.lon,
        "lat": one.lat,
        "way": one.way.value,
        "way_name": _(WAY[one.way]),
        "checklist_name": checklist_name(room, one.checklist, one.checklist_version, language),
        "outcome": one.outcome.value if one.outcome else "",
        "outcome_name": outcome_text(one, _),
        "grade": one.grade.value if one.grade else "",
        "grade_name": grade_text(room, one.grade, language),
        "opened": ";".join(one.findings),
        "rechecked": ";".join(one.rechecked),
        "signed": one.signed.value,
        "signed_name": _(SIGNED[one.signed]),
        "post_title": post_name(room, one.post, _),
    }
