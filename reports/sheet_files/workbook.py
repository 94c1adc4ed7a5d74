"""The sheet as a workbook as offices keep it: a merged title row, the unit line, the table with ranks, the foot with 填报人/审核人/填报时间, set up for A4."""

from io import BytesIO
from typing import Any

import openpyxl
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from reports.sheet_files.paper import COUNT, RANK, RATE, Column, Paper, Row, Value, clean, said
from reports.sheet_files.stable import stable
from reports.sheet_files.stock import Stock

TITLE, BODY = "方正小标宋简体", "仿宋_GB2312"  # what offices print with; a machine without them takes its own song type
THIN = Side(style="thin", color="000000")
GRID = Border(left=THIN, right=THIN, top=THIN, bottom=THIN)
HEAD, TOTAL = PatternFill("solid", fgColor="EBEBEB"), PatternFill("solid", fgColor="F5F5F5")
CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)
RIGHT = Alignment(horizontal="right", vertical="center", wrap_text=True)
NAME_WIDTH, WIDTH, RATE_WIDTH = 18, 9.5, 11
WIDE = 9  # columns of figures from which the page lies across
A4 = 9  # the number that Excel has for it
CHANGES = "+0;-0;0"
FOOT = 3  # parts of the foot


def written(paper: Paper, _stock: Stock) -> bytes:
    """Return the sheet as a workbook: numbers stay numbers, texts stay texts whatever they begin with."""
    book = openpyxl.Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = clean(paper.words.get("sheet", "Sheet"))
    last = len(paper.columns) + 1
    at = _head(page, paper, last)
    page.freeze_panes = f"B{at + 1}"
    page.print_title_rows = f"{at}:{at}"
    for row in paper.rows:
        at = _line(page, at + 1, paper.columns, row)
    at = _line(page, at + 1, paper.columns, paper.total, is_total=True)
    lines = [*paper.notes, paper.comment]
    for part in paper.sections:
        lines += [part.heading, *part.sentences]
    words = paper.words
    lines += [f"{words['circulation']} {paper.circulation}", f"{words['signer']} {paper.signer}"]
    for line in filter(None, lines):
        at = _merged(page, at + 1, last, line, LEFT)
        page.row_dimensions[at].height = 16.0 * (1 + 2 * len(line) // (NAME_WIDTH + 10 * (last - 1)))
    _foot(page, at + 1, last, paper)
    under = [f"{words['digest']} {paper.digest}" if paper.digest else "", paper.foot]
    for line in filter(None, under):
        at = _merged(page, at + 2, last, line, LEFT, size=8) - 1
    _set_up(page, paper)
    out = BytesIO()
    book.properties.creator = clean(paper.organ)
    book.properties.title = clean(paper.title)
    book.save(out)
    return stable(out.getvalue(), paper.at)


def _head(page: Worksheet, paper: Paper, last: int) -> int:
    """Write what stands above the figures, and return the row of the headings."""
    at = _merged(page, 1, last, paper.title, CENTRE, font=TITLE, size=20)
    page.row_dimensions[1].height = 34
    above = " ".join(filter(None, (paper.organ, paper.number, paper.state, paper.synthetic)))
    at = _merged(page, at + 1, last, above, CENTRE)
    split = max(1, last - 3)
    at += 1
    _put(page, at, 1, paper.period, LEFT)
    _put(page, at, split + 1, paper.unit, RIGHT)
    page.merge_cells(start_row=at, end_row=at, start_column=1, end_column=split)
    page.merge_cells(start_row=at, end_row=at, start_column=split + 1, end_column=last)
    at += 1
    for place, heading in enumerate((paper.first, *(column.heading for column in paper.columns)), start=1):
        cell = _put(page, at, place, heading, CENTRE, bold=True)
        cell.border, cell.fill = GRID, HEAD
    page.row_dimensions[at].height = 32
    page.column_dimensions["A"].width = NAME_WIDTH
    for place, column in enumerate(paper.columns, start=2):
        page.column_dimensions[get_column_letter(place)].width = RATE_WIDTH if column.kind == RATE else WIDTH
    return at


def _line(page: Worksheet, at: int, columns: tuple[Column, ...], row: Row, *, is_total: bool = False) -> int:
    _put(page, at, 1, row.name, LEFT, bold=is_total)
    for place, column in enumerate(columns, start=2):
        _put(page, at, place, _value(column, row.values.get(column.key)), CENTRE, bold=is_total)
        if column.kind not in {COUNT, RANK, RATE}:
            page.cell(at, place).number_format = CHANGES
    for place in range(1, len(columns) + 2):
        page.cell(at, place).border = GRID
        if is_total:
            page.cell(at, place).fill = TOTAL
    page.row_dimensions[at].height = 20
    return at


def _value(column: Column, value: Value) -> int | str:
    return value if isinstance(value, int) else said(column, value)


def _foot(page: Worksheet, at: int, last: int, paper: Paper) -> None:
    words = paper.words
    said_ = (
        f"{words['prepared']} {paper.prepared}",
        f"{words['checked']} {paper.checked}",
        f"{words['at']} {paper.at:%Y-%m-%d %H:%M}",
    )
    edges = [round(last * part / FOOT) for part in range(FOOT + 1)]
    for text, left, right in zip(said_, edges[:-1], edges[1:], strict=True):
        if right > left:
            _put(page, at, left + 1, text, LEFT)
            page.merge_cells(start_row=at, end_row=at, start_column=left + 1, end_column=right)
    page.row_dimensions[at].height = 22


def _merged(
    page: Worksheet, at: int, last: int, text: str, place: Alignment, *, font: str = BODY, size: int = 11
) -> int:
    _put(page, at, 1, text, place, font=font, size=size)
    page.merge_cells(start_row=at, end_row=at, start_column=1, end_column=last)
    return at


def _put(
    page: Worksheet, row: int, column: int, value: int | str, place: Alignment, *, bold: bool = False, font: str = BODY, size: int = 11
) -> Any:  # fmt: skip
    cell = page.cell(row, column)
    cell.value = clean(value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"  # =A1 is no formula
    cell.font, cell.alignment = Font(name=font, size=size, bold=bold), place
    return cell


def _set_up(page: Worksheet, paper: Paper) -> None:
    page.page_setup.paperSize = A4
    page.page_setup.orientation = "landscape" if len(paper.columns) >= WIDE else "portrait"
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_options.horizontalCentered = True
    page.oddFooter.center.text = "&P / &N"
