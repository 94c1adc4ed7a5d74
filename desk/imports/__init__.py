"""Importing the cases of other systems (导入外部案件): a plan first, which says of every row what would become of it, then all of it in one change, or nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from desk.imports.case import Foreign, add_all, bring_up_to_date, goes_back, ready, untouched
from desk.imports.findings import Finding, finding
from desk.imports.mapping import UNNAMED, ColumnMapping, guess, guessed_row, is_contact
from desk.imports.packs import PACK, from_pack
from desk.imports.rows import Agreement, Reader, Row
from desk.room import DISPATCHER, Room
from geo.crs import in_china, parse, to_wgs84
from geo.errors import DraftError, MissingColumns, NoAccess, RulesError, TableError
from incidents.case import Incident
from incidents.lifecycle import By, PostKind
from layers.tables import Added, Chunk, Table, Writer, create_table, named_system, open_table, whole_or_nothing
from layers.tables.sheet import SheetTable
from ledger import lease
from ledger.origins import of_source, told_of
from ledger.writing import Writing

__all__ = ["PACK", "Outcome", "Plan", "Planned", "Verdict", "from_pack", "plan", "write", "write_refused"]

Progress = Callable[[int, int], None]
BY = By(DISPATCHER, PostKind.DISPATCHER)
MOST_OF = 0.5
FEWEST = 3
BETTER = 0.1  # share of grids by which another system has to agree better
DIGITS = 15  # that a spreadsheet keeps of a number
READING = ("encoding", "sheet", "layer", "header_row")
OFFICIAL = ("status", "due", "closed", "agency")
WGS84 = parse("EPSG:4326")
METRE = 1e-5  # degrees within which two places are one
MINUTE = 60.0  # seconds within which two times are one
DOUBTS = frozenset({"all_swapped", "all_shifted", "grids_shifted"})
WHY = ("place_swapped", "place_axes", "place_shifted", "place_metres", "place_outside")


class Verdict(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"
    KEPT = "kept"
    REFUSED = "refused"


@dataclass(frozen=True)
class Planned:
    """A row and what becomes of it.

    Attributes
    ----------
    row
        Number of the row in the file, as a person counts.
    id
        Its id in the other system; "" where it has none that can be read.
    found
        The incident that is there already.
    changes
        What the other system says now and did not say before: name -> before, now.
    """

    row: int
    id: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    case: Foreign | None = None
    found: Incident | None = None
    changes: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Plan:
    """What an import would do.

    Attributes
    ----------
    grids
        Level or overlay -> class -> how far official grids agree with ours.
    is_crs_given
        Whether somebody named the system of the coordinates for this import, beside what mapping and file say.
    """

    file: Path
    mapping: ColumnMapping
    rows: Sequence[Planned]
    notes: Sequence[Finding]
    details: Mapping[str, str]
    grids: Mapping[str, Mapping[str, Agreement]]
    is_crs_given: bool = False

    @property
    def doubts(self) -> list[Finding]:
        """What makes the places of the whole file doubtful, so that none of it is written; nothing where the system was named for this import."""
        return [] if self.is_crs_given else [note for note in self.notes if note.kind in DOUBTS]

    def of(self, *verdicts: Verdict) -> list[Planned]:
        """Return the rows of some verdicts, in order."""
        return [row for row in self.rows if row.verdict in verdicts]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each verdict; every verdict is there."""
        found = Counter(row.verdict for row in self.rows)
        return {verdict.value: found[verdict] for verdict in Verdict}


@dataclass(frozen=True)
class Outcome:
    """What an import did: numbers of the incidents that it made, and of those that it brought up to date."""

    made: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()


def plan(
    room: Room,
    file: Path,
    mapping: ColumnMapping | None,
    now: datetime,
    *,
    options: Mapping[str, Any] | None = None,
    reopen: bool = False,
    progress: Progress | None = None,
) -> Plan:
    """Read a file and say what an import would do; nothing is written.

    Parameters
    ----------
    mapping
        None: guessed by the names of columns.
    options
        ``source``, ``crs``, ``encoding``, ``sheet``, ``layer``, ``header_row``: what to take in place of what the mapping says.
    reopen
        Take the other system's word as news also where it goes back: to what it had said before, or to an earlier state.

    Raises
    ------
    TableError, CrsError, RulesError
        The file cannot be read, or the mapping does not fit it.
    """
    given = {name: value for name, value in (options or {}).items() if value}
    with _opened(file, mapping, given, room) as (table, fitted, notes):
        reader = Reader(room, fitted, table, now)
        rows = read_all(reader, table, progress)
        said = [*notes, *noted(table, fitted, reader, rows)]
        return Plan(
            file,
            fitted,
            _judged(room, fitted, rows, reopen=reopen),
            said,
            dict(table.details),
            reader.compared,
            "crs" in given,
        )


def write(room: Room, planned: Plan, now: datetime, *, update: bool = False, skip_refused: bool = False) -> Outcome:
    """Write what a plan says in one change: all of it, or nothing.

    Parameters
    ----------
    update
        Bring cases up to date of which the other system says something new.
    skip_refused
        Leave refused rows aside; without it one of them stops the import.

    Raises
    ------
    DraftError
        Rows were refused, or the places of the whole file are in doubt.
    Conflict
        Somebody changed a case in between; nothing was written. Plan anew.
    """
    if planned.doubts:
        said = " ".join(note.text(str) for note in planned.doubts)
        raise DraftError(
            f"The places of the whole file are in doubt; nothing was written. {said} Name the system of the coordinates with --crs.",
            field="crs",
        )
    refused = planned.of(Verdict.REFUSED)
    if refused and not skip_refused:
        raise DraftError(
            f"{len(refused)} of {len(planned.rows)} rows are refused (first: row {refused[0].row}); nothing was written. Correct them, or leave them aside with --skip-bad-rows.",
            field="rows",
        )
    if room.within.narrows:
        raise NoAccess("An import is for who sees all of the area. Ask the dispatcher.", "import")
    new = ready(room, [row.case for row in planned.of(Verdict.NEW) if row.case], BY, now)
    changed = planned.of(Verdict.CHANGED) if update else []

    def work(writing: Writing) -> Outcome:
        before = writing.version
        made = add_all(writing, room, new, now)
        updated = [
            bring_up_to_date(writing, room, row.case, row.found.number, row.found.version, BY, now)
            for row in changed
            if row.case and row.found
        ]
        return Outcome(
            tuple(case.number for case in made if case.version > before), tuple(case.number for case in updated)
        )

    with lease.announced(room.ledger.folder, f"import of {planned.file.name}, {len(new) + len(changed):,} cases"):
        return room.ledger.change(work)


def write_refused(planned: Plan, out: Path, reasons: Callable[[Planned], str], heading: str) -> int:
    """Write the refused rows as they are in the file, with a column that says why, and return how many.

    Parameters
    ----------
    out
        File to write: .xlsx or .csv.
    heading
        Name of that column.

    Raises
    ------
    TableError
        It cannot be written.
    """
    refused = {row.row: reasons(row) for row in planned.of(Verdict.REFUSED)}
    with (
        open_table(planned.file, **reading(planned.mapping, {})) as table,
        whole_or_nothing(out) as part,
        create_table(part, table, [heading]) as writer,
    ):
        done = 0
        for chunk in table.chunks():
            numbers = row_numbers(table, chunk, done)
            done += len(chunk)
            _write_some(writer, chunk, [at for at, number in enumerate(numbers) if number in refused], numbers, refused)
    return len(refused)


def _write_some(
    writer: Writer, chunk: Chunk, picked: Sequence[int], numbers: Sequence[int], refused: Mapping[int, str]
) -> None:
    rows, geoms = chunk.rows, chunk.geoms
    places = {old: new for new, old in enumerate(picked)}
    formats = {(places[row], column): form for (row, column), form in chunk.formats.items() if row in places}
    some = Chunk([rows[at] for at in picked], formats=formats)
    xy = np.full((len(picked), 2), np.nan)
    for new, old in enumerate(picked):
        point = geoms[old] if geoms is not None else None
        if point is not None and point.geom_type == "Point" and not point.is_empty:
            xy[new] = point.x, point.y
    writer.write(some, Added([[refused[numbers[at]] for at in picked]], xy[:, 0], xy[:, 1]), WGS84)


@contextmanager
def _opened(
    file: Path, mapping: ColumnMapping | None, given: Mapping[str, Any], room: Room
) -> Iterator[tuple[Table, ColumnMapping, list[Finding]]]:
    """Open a file with the mapping that fits it, and say what was found out on the way."""
    notes: list[Finding] = []
    with ExitStack() as stack:
        how = reading(mapping, given)
        table, is_first = _headed(stack, file, mapping, how, is_told="header_row" in given)
        if is_first:
            notes.append(finding("first_row", row=how["header_row"]))
            given = {**given, "header_row": 1}
        if not how["header_row"] and (row := guessed_row(getattr(table, "early", ()))):
            notes.append(finding("title_rows", row=row))
            given = {**given, "header_row": row}
            table = stack.enter_context(open_table(file, **reading(mapping, given)))
        if mapping is None:
            mapping = guess(table.columns, grid_names(room), has_geometry=table.has_geometry)
            notes.append(finding("guessed"))
        fitted = replace(mapping, **given)
        _check(fitted, room, table.columns, file.name)
        yield table, fitted, notes


def _headed(
    stack: ExitStack, file: Path, mapping: ColumnMapping | None, how: Mapping[str, Any], *, is_told: bool
) -> tuple[Table, bool]:
    """Open a file by the row of headings that its mapping names; where only row 1 holds them, as in a file of refused rows, by that one. Say whether it was that one."""
    if mapping is None or is_told or (how["header_row"] or 1) == 1:
        return stack.enter_context(open_table(file, **how)), False
    first = stack.enter_context(open_table(file, **{**how, "header_row": 1}))
    try:
        table = stack.enter_context(open_table(file, **how))
    except TableError:  # it has no such row
        if mapping.absent(first.columns):
            raise
        return first, True
    is_first = bool(mapping.absent(table.columns)) and not mapping.absent(first.columns)
    return (first, True) if is_first else (table, False)


def reading(mapping: ColumnMapping | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a table is opened: as was asked for, else as its mapping says."""
    return {name: given.get(name) or (getattr(mapping, name) or None if mapping else None) for name in READING}


def grid_names(room: Room) -> dict[str, set[str]]:
    """Return the names under which a table may hold the code of each level and overlay."""
    net = room.area.net
    names = {level.key: level.name for level in net.levels} | {overlay.key: overlay.name for overlay in net.overlays}
    return {key: {key, name.zh, name.en} for key, name in names.items()}


def _check(mapping: ColumnMapping, room: Room, columns: Sequence[str], file: str) -> None:
    """Raise unless the mapping names columns, classes and levels that there are, and where a case lies.

    Raises
    ------
    MissingColumns
        Lists the columns that are absent, those that there are, and every other fault.
    RulesError
        Names every fault; no column is absent.
    """
    faults = _faults(mapping, room)
    if absent := mapping.absent(columns):
        raise MissingColumns(file, absent, [column for column in columns if column], faults)
    if faults:
        raise RulesError(f"The mapping does not fit; it has {len(faults)} fault(s):", faults)


def _faults(mapping: ColumnMapping, room: Room) -> list[str]:
    directory, keys = room.rules.directory, room.area.net.keys
    fixed = {"fixed": mapping.fixed["class"]} if "class" in mapping.fixed else {}
    classes = {**mapping.meanings("class"), **fixed}
    faults = [
        f"values.class: {said!r} is {key!r}, which is no class of {room.id}"
        for said, key in classes.items()
        if key not in directory.classes
    ]
    faults += [f"grids: {key!r} is none of {', '.join(keys)}" for key in mapping.grids if key not in keys]
    if ("lon" in mapping.columns) != ("lat" in mapping.columns):
        faults.append("columns: give both 'lon' and 'lat', or neither")
    if "reported" not in mapping.columns:
        faults.append("columns: 'reported' is missing; name the column with the time of the report")
    return faults


def row_numbers(table: Table, chunk: Chunk, done: int) -> list[int]:
    """Return the number of each row of a chunk as a person counts in the file; so many rows were read before."""
    return chunk.numbers or list(range(table.first_row + done, table.first_row + done + len(chunk)))


def read_all(reader: Reader, table: Table, progress: Progress | None) -> list[Row]:
    """Read every row of a table."""
    rows: list[Row] = []
    passed = read = 0
    for chunk in table.chunks():
        rows += reader.read(chunk, row_numbers(table, chunk, read))
        passed, read = passed + chunk.done, read + len(chunk)
        if progress:
            progress(passed, table.length)
    return rows


def _judged(room: Room, mapping: ColumnMapping, rows: Sequence[Row], *, reopen: bool) -> list[Planned]:
    """Say what becomes of every row, by what the ledger has."""
    with room.ledger.reading() as connection:
        there = of_source(connection, room.id, mapping.source, [row.key for row in rows if row.case])
        news = [there[row.key].number for row in rows if row.case and row.key in there and _has_news(row, there)]
        told = told_of(connection, room.id, news)
    judged = []
    for row in rows:
        found = there.get(row.key)
        judged.append(_judge(row, found, told.get(found.number, []) if found else [], reopen=reopen))
    return judged


def _has_news(row: Row, there: Mapping[str, Incident]) -> bool:
    return row.case is not None and row.case.official != there[row.key].state.official


def _judge(row: Row, found: Incident | None, told: Sequence[Mapping[str, str]], *, reopen: bool) -> Planned:
    if row.case is None or row.is_refused:
        return Planned(row.number, row.id, Verdict.REFUSED, tuple(row.findings))
    if found is None:
        return Planned(row.number, row.id, Verdict.NEW, tuple(row.findings), row.case)
    fields = _differing(row.case, found)
    if _is_another(row.case, found, fields):
        row.say("id_other", value=row.id or row.key, number=found.number, at=f"{found.reported:%Y-%m-%d}")
        return Planned(row.number, row.id, Verdict.REFUSED, tuple(row.findings))
    if fields:
        row.say("differs", fields=", ".join(fields))
    before, said = found.state.official, row.case.official
    changes = {
        name: (before.get(name, ""), said.get(name, "")) for name in OFFICIAL if before.get(name) != said.get(name)
    }
    verdict = Verdict.KNOWN
    if before and changes:
        verdict = _news(row, found, goes_back(said, told), reopen=reopen)
    return Planned(row.number, row.id, verdict, tuple(row.findings), row.case, found, changes)


def _news(row: Row, found: Incident, is_old: bool, *, reopen: bool) -> Verdict:  # noqa: FBT001  told of the case, no option
    """Say whether news may be taken over; where a person has to decide, say why."""
    is_ours = not untouched(found.state)
    if is_ours:
        row.say("worked_on")
    if is_old:
        row.say("backward")
    return Verdict.KEPT if is_ours or (is_old and not reopen) else Verdict.CHANGED


def _differing(case: Foreign, found: Incident) -> list[str]:
    """Name what a row says otherwise than the ledger: what is corrected here stays."""
    apart = max(abs(case.lon - found.lon), abs(case.lat - found.lat)) > METRE
    same = {"class": case.class_ == found.class_, "place": not apart}
    same |= {name: getattr(case, name) == getattr(found, name) for name in ("title", "text", "address")}
    return [name for name, is_same in same.items() if not is_same]


def _is_another(case: Foreign, found: Incident, fields: Sequence[str]) -> bool:
    """Tell whether two systems gave one id to two cases: what no correction changes, the time of the report, differs beside place and words."""
    is_then = abs((case.reported - found.reported).total_seconds()) < MINUTE
    return not is_then and {"place", "text"} <= {*fields}


def noted(table: Table, mapping: ColumnMapping, reader: Reader, rows: Sequence[Row]) -> list[Finding]:
    """Say what a person should know about the whole file."""
    used = {*mapping.columns.values(), *mapping.grids.values()}
    left = [column for column in table.columns if column and column not in used]
    contacts = [column for column in left if is_contact(column)]
    unused = [column for column in left if column not in contacts]
    ids = [row.id for row in rows if len(row.id) > DIGITS and row.id.isdecimal()]
    pages = [page.title for page in table.book.worksheets] if isinstance(table, SheetTable) else []
    spoken = named_system(*(mapping.columns[name] for name in ("lon", "lat") if name in mapping.columns))
    lies = (
        (contacts, "contacts", {"columns": ", ".join(contacts)}),
        (unused, "unused", {"columns": ", ".join(unused)}),
        (getattr(table, "merged", ()), "merged", {}),
        (any("no stored value" in note for note in table.notes), "formulas", {}),
        (len(pages) > 1, "sheets", {"name": table.details.get("sheet", ""), "rest": ", ".join(pages[1:])}),
        ("id" not in mapping.columns, "no_id", {}),
        ("lon" in mapping.columns and not mapping.crs, "assumed_crs", {}),
        (mapping.is_guess and spoken and mapping.crs == spoken, "named_crs", {"crs": mapping.crs}),
        (mapping.source == UNNAMED and "id" in mapping.columns, "unnamed", {}),
        (len(ids) >= FEWEST and all(id_.endswith("0") for id_ in ids), "cut_ids", {}),
        (reader.footers, "footer", {"rows": ", ".join(map(str, reader.footers))}),
        *_where(reader),
    )
    return [finding(kind, **said) for holds, kind, said in lies if holds]


def _where(reader: Reader) -> list[tuple[bool, str, dict[str, Any]]]:
    """Say what may be wrong with the places of the whole file."""
    wrong = reader.wrong
    without = sum(wrong.get(kind, 0) for kind in WHY)
    exchanged = wrong.get("place_swapped", 0) + wrong.get("place_axes", 0)
    most = max(FEWEST, MOST_OF * without)
    agreed, shifted, all_ = _shifted(reader)
    return [
        (exchanged >= most, "all_swapped", {}),
        (wrong.get("place_shifted", 0) >= most, "all_shifted", {}),
        (shifted > agreed + BETTER * all_, "grids_shifted", {"shifted": shifted, "all": all_, "agreed": agreed}),
    ]


def _shifted(reader: Reader) -> tuple[int, int, int]:
    """Return how many official grids agree, how many would if the places were read as GCJ-02, and of how many."""
    agreed = sum(tally.agreed for table in reader.compared.values() for tally in table.values())
    lon, lat = (np.array([row[axis] for row in reader.official]) for axis in (0, 1))
    if len(reader.official) < FEWEST or reader.mapping.crs or not in_china(lon, lat).all():
        return agreed, 0, len(reader.official)
    frame = reader.room.area.net.assign(*to_wgs84(lon, lat, "GCJ-02"))
    would = sum(
        reader.meant(key, given) in codes.split(";")
        for (_, _, key, given), codes in zip(reader.official, _picked(frame, reader.official), strict=True)
    )
    return agreed, would, len(reader.official)


def _picked(frame: pd.DataFrame, official: Sequence[tuple[float, float, str, str]]) -> list[str]:
    columns = {key: frame[key].tolist() for key in {row[2] for row in official}}
    return [columns[row[2]][at] for at, row in enumerate(official)]
