"""Tables of the emergency list (应急减排清单): read as the ecology bureau hands them out, each enterprise found in the register by its number or name. A plan first; nothing is written here."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from types import MappingProxyType
from typing import Any

from desk.alerts import NEEDS
from desk.imports import row_numbers
from desk.imports.cells import is_empty, words
from desk.imports.findings import Finding, finding
from desk.imports.mapping import guess, guessed_row, plain
from desk.imports.rows import FEW_CELLS, FOOTER, Merged
from desk.room import Room
from desk.visits.acts import note
from geo.errors import DraftError, MissingColumns, NoAccess, TableError, TextError
from incidents.alerts import Level
from inspections.emergency_list import (
    LEVELS,
    LONGEST_GRADE,
    LONGEST_NAME,
    LONGEST_PLAN,
    LONGEST_SAYS,
    MOST_LINES,
    Difference,
    EmergencyList,
    Line,
    difference,
)
from inspections.sites import Site, State
from layers.tables import Table, open_table
from ledger import emergency_lists, sites
from ledger.sites import Asked

SITE, NAME, GRADE, EXEMPT, PLAN = "site", "name", "grade", "exempt", "plan"
# What a column is called: first as we hand a list out ourselves.
HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        SITE: ("场所编号", "污染源编号", "Number of the site", "site"),
        NAME: ("企业名称", "单位名称", "工业企业名称", "污染源名称", "名称", "Enterprise", "name"),
        GRADE: ("绩效等级", "绩效分级", "绩效级别", "绩效评级", "等级", "Performance grade", "Grade"),
        Level.YELLOW: ("黄色预警减排措施", "黄色预警措施", "黄色预警", "三级响应", "Measures at yellow", "Yellow"),
        Level.ORANGE: ("橙色预警减排措施", "橙色预警措施", "橙色预警", "二级响应", "Measures at orange", "Orange"),
        Level.RED: ("红色预警减排措施", "红色预警措施", "红色预警", "一级响应", "Measures at red", "Red"),
        EXEMPT: ("豁免原因", "豁免情况", "是否豁免", "豁免", "Exempt because", "Exempt"),
        PLAN: ("一厂一策", "一厂一策文件", "操作方案", "方案编号", "Plan of the plant", "plan"),
    }
)
YES = frozenset({"是", "有", "豁免", "已豁免", "yes", "y", "true", "1", "√"})
NO = frozenset({"否", "无", "不豁免", "未豁免", "no", "n", "false", "0", "×"})
EXEMPTED = "豁免"
LIKE, MOST_LIKE = 0.55, 4
MOST = MappingProxyType({NAME: LONGEST_NAME, GRADE: LONGEST_GRADE, EXEMPT: LONGEST_SAYS, PLAN: LONGEST_PLAN})


@dataclass(frozen=True)
class Row:
    """A row and what becomes of it.

    Attributes
    ----------
    row
        Its number in the file, as a person counts.
    name
        Of the enterprise, as the file writes it.
    line
        None where it is refused.
    may_be
        Number and name of sites among which somebody chooses, or chose.
    """

    row: int
    name: str
    line: Line | None = None
    findings: tuple[Finding, ...] = ()
    may_be: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a file would make of the list of a year: ``wished`` is None where a row is refused."""

    rows: Sequence[Row]
    notes: Sequence[Finding]
    wished: EmergencyList | None
    differs: Difference

    @property
    def refused(self) -> list[Row]:
        """Rows that cannot be taken, in order."""
        return [row for row in self.rows if row.line is None]


def plan(room: Room, path: Path, year: int, *, called: str = "", chosen: Mapping[int, str] = MappingProxyType({})) -> Plan:  # fmt: skip
    """Read a file and say what it would make of the list of a year; nothing is written.

    Parameters
    ----------
    called
        How the file is called; "" for its own name.
    chosen
        Number of a row -> number of the site that somebody chose for it.

    Raises
    ------
    TableError, MissingColumns
        It cannot be read, is empty, or has no column of names or numbers.
    NoAccess
        Who looks sees only a part of the area, or keeps no warnings: names are compared with all sites.
    """
    if room.within.narrows or (room.who and not room.who.can(NEEDS)):
        raise NoAccess("The emergency list is for who keeps warnings of the whole area.", NEEDS)
    name = called or path.name
    with room.ledger.reading() as connection:
        before = emergency_lists.get(connection, room.id, year)
        register = _Register(list(sites.walk(connection, Asked(room.id))))
    with _opened(path, name) as (table, columns, notes):
        rows = list(_rows(room, table, columns, register, chosen))
    if not rows:
        raise TableError(f"{name} has no row with an enterprise. Look whether it is the right sheet.")
    rows = _once(rows)
    lines = tuple(row.line for row in rows if row.line)
    wished = EmergencyList(year, lines, name[:120], before.version if before else 0)
    return Plan(rows, notes, wished if len(lines) == len(rows) else None, difference(before, wished))


def template() -> bytes:
    """Return an empty table with the names of the columns, CSV in UTF-8 as Excel opens it."""
    file = io.StringIO()
    csv.writer(file).writerow([names[0] for names in HEADINGS.values()])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


class _Register:
    """The sites, by number and by name."""

    def __init__(self, there: Sequence[Site]) -> None:
        self.numbers = {one.number: one for one in there}
        self.names: dict[str, list[Site]] = {}
        for one in there:
            self.names.setdefault(plain(one.name), []).append(one)

    def like(self, name: str) -> list[Site]:
        """Return the sites whose names are like one, the likest first."""
        wanted = plain(name)
        scored = ((SequenceMatcher(None, wanted, other).ratio(), other) for other in self.names)
        near = sorted((one for one in scored if one[0] >= LIKE or wanted in one[1] or one[1] in wanted), reverse=True)
        return [site for _score, other in near[:MOST_LIKE] for site in self.names[other]][:MOST_LIKE]


@contextmanager
def _opened(path: Path, name: str) -> Iterator[tuple[Table, dict[str, int], list[Finding]]]:
    notes: list[Finding] = []
    with ExitStack() as stack:
        table = stack.enter_context(open_table(path))
        if row := guessed_row(getattr(table, "early", ()), HEADINGS):
            notes.append(finding("title_rows", row=row))
            table = stack.enter_context(open_table(path, header_row=row))
        named = guess(table.columns, {}, headings=HEADINGS).columns
        columns = {key: table.columns.index(column) for key, column in named.items() if key in HEADINGS}
        if not {SITE, NAME} & set(columns):
            raise MissingColumns(name, [HEADINGS[NAME][0]], [column for column in table.columns if column])
        unused = [column for at, column in enumerate(table.columns) if column and at not in columns.values()]
        if unused:
            notes.append(finding("unused", columns="、".join(unused)))
        yield table, columns, notes


def _rows(room: Room, table: Table, columns: Mapping[str, int], register: _Register, chosen: Mapping[int, str]) -> Iterator[Row]:  # fmt: skip
    read, merged = 0, Merged(table)
    for chunk in table.chunks():
        for number, plain_cells in zip(row_numbers(table, chunk, read), chunk.rows, strict=True):
            cells = (
                [merged.value(number, at, cell) for at, cell in enumerate(plain_cells, 1)] if merged else plain_cells
            )
            filled = [cell for cell in cells if not is_empty(cell)]
            if filled and not (len(filled) < FEW_CELLS and FOOTER.match(words(filled[0]))):
                yield _row(room, number, {key: cells[at] for key, at in columns.items()}, table.columns, columns, register, chosen.get(number, ""))  # fmt: skip
        read += len(chunk)
        if read > 2 * MOST_LINES:
            raise TableError(f"The file has more than {2 * MOST_LINES:,} rows; a list has {MOST_LINES:,} enterprises at most. Look whether it is the right file.")  # fmt: skip


def _row(  # noqa: PLR0917
    room: Room, number: int, cells: Mapping[str, Any], names: Sequence[str], columns: Mapping[str, int], register: _Register, chosen: str
) -> Row:  # fmt: skip
    found: list[Finding] = []
    said = {key: "" if key not in cells or is_empty(cells[key]) else words(cells[key]) for key in HEADINGS}
    for key in (NAME, GRADE, *LEVELS, EXEMPT, PLAN):
        most = MOST.get(key, LONGEST_SAYS)
        try:
            said[key] = said[key] and note(room, said[key], most=most)
        except TextError:
            found.append(finding("text_long", column=names[columns[key]], length=len(said[key]), most=most))
        except DraftError:
            if key != NAME:  # a firm may be called after somebody
                found.append(finding("text_private", column=names[columns[key]]))
    site, may_be = _site(said, register, chosen, found)
    grade = _grade(room, said[GRADE], names[columns[GRADE]] if GRADE in columns else "", found)
    exempt = "" if plain(said[EXEMPT]) in NO or said[EXEMPT] in NO else EXEMPTED if plain(said[EXEMPT]) in YES or said[EXEMPT] in YES else said[EXEMPT]  # fmt: skip
    says = MappingProxyType({level: said[level] for level in LEVELS if said[level]})
    if not says and not exempt:
        found.append(finding("list_nothing"))
    if site and site.state is not State.ACTIVE:
        found.append(finding("list_out_of_use"))
    if site is None or any(one.is_refusal for one in found):
        return Row(number, said[NAME] or said[SITE], None, tuple(found), may_be)
    return Row(number, said[NAME] or site.name, Line(site.number, said[NAME] or site.name, grade, says, exempt, said[PLAN]), tuple(found), may_be)  # fmt: skip


def _site(said: Mapping[str, str], register: _Register, chosen: str, found: list[Finding]) -> tuple[Site | None, tuple[tuple[str, str], ...]]:  # fmt: skip
    """Return the site of a row, and those among which somebody chooses; a finding says what is to be done where there is none."""
    number, name = said[SITE], said[NAME]
    if number:
        if number not in register.numbers:
            found.append(finding("list_number", value=number))
        return register.numbers.get(number), ()
    same = register.names.get(plain(name), []) if name else []
    if len(same) == 1:
        return same[0], ()
    near = same or (register.like(name) if name else [])
    may_be = tuple((one.number, one.name) for one in near)
    if chosen in dict(may_be):
        return register.numbers[chosen], may_be
    if not name:
        found.append(finding("list_unnamed"))
    elif near:
        found.append(finding("list_near", value=name, names="、".join(f"{one.name}（{one.number}）" for one in near)))
    else:
        found.append(finding("list_none", value=name))
    return None, may_be


def _grade(room: Room, said: str, column: str, found: list[Finding]) -> str:
    """Return a grade as the rules write it."""
    grades = room.rules.warnings.grades
    if not said or not grades:
        return said
    folded = {_folded(one): one for one in grades}
    known = folded.get(_folded(said)) or folded.get(_folded(said).removesuffix("级"))
    if known is None:
        found.append(finding("list_grade", column=column, value=said, grades="、".join(grades)))
    return known or ""


def _folded(text: str) -> str:
    return words(text).replace("－", "-").replace("—", "-").replace(" ", "").casefold()


def _once(rows: Sequence[Row]) -> list[Row]:
    """Refuse a row whose enterprise stands in an earlier one."""
    first: dict[str, int] = {}
    told = []
    for row in rows:
        earlier = first.setdefault(row.line.site, row.row) if row.line else row.row
        told.append(row if earlier == row.row else Row(row.row, row.name, None, (*row.findings, finding("list_row_twice", row=earlier))))  # fmt: skip
    return told
