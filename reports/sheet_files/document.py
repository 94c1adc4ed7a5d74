"""The sheet as a document, from a template that a street can replace: fields in double braces are filled in, whatever type they are set in.

A field that nobody knows is refused by its name, and so is a template that fetches something from elsewhere or carries a program. docs/sheet.md lists the fields.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.image.exceptions import InvalidImageStreamError, UnexpectedEndOfFileError, UnrecognizedImageError
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from docx.shared import Emu, Pt
from docx.text.paragraph import Paragraph

from geo.errors import TemplateError
from reports.sheet_files import pdf
from reports.sheet_files.paper import RATE, Paper, Row, clean, said
from reports.sheet_files.stable import stable
from reports.sheet_files.stock import Stock

FIELD = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
PLAIN = ("title", "organ", "number", "period", "unit", "comment", "circulation", "signer", "prepared", "checked", "at", "state", "digest", "synthetic", "foot")  # fmt: skip
BLOCKS = ("table", "notes", "sections", "map", "photos")
NAME, ROW, TOTAL = "name", "row.", "total."
LARGEST, UNPACKED = 5_000_000, 50_000_000  # bytes of a template
FAULTS = (BadZipFile, KeyError, ValueError, OSError, OpcError, SyntaxError)  # the last is what a broken part raises
NO_PICTURE = (UnrecognizedImageError, InvalidImageStreamError, UnexpectedEndOfFileError)
HYPERLINK = "/hyperlink"
NAME_SHARE, RATE_SHARE = 2.2, 1.7
HALF = 0.48  # of the width of the text: a photo of a pair
SMALL, SMALLER, MANY = Pt(10.5), Pt(7.5), 9  # type of tables, and from how many columns it is smaller


def written(paper: Paper, stock: Stock) -> bytes:
    """Return the sheet as a document.

    Raises
    ------
    TemplateError
        The template cannot be read, is too large, fetches something from elsewhere, or has fields that are unknown or stand in the wrong place: all of them are named.
    """
    document = opened(stock.template)
    columns = {column.key for column in paper.columns}
    faults = list(_faults(document, columns))
    if faults:
        raise TemplateError(f"{stock.template.name}: {'; '.join(faults)}. Known fields: {', '.join(known(columns))}.")
    _fill_rows(document, paper)
    plain = _plain(paper)
    for paragraph in list(_paragraphs(document)):
        block = FIELD.fullmatch(paragraph.text.strip())
        if block and block[1] in BLOCKS:
            FILLED[block[1]](document, paragraph, paper)
            paragraph._p.getparent().remove(paragraph._p)  # noqa: SLF001  python-docx has no word for it
        else:
            _replace(paragraph, plain)
    document.core_properties.title, document.core_properties.author = clean(paper.title), clean(paper.organ)
    out = BytesIO()
    document.save(out)
    return stable(out.getvalue(), paper.at)


def known(columns: set[str]) -> list[str]:
    """Return the fields that a template may have, given the columns of the sheet."""
    return [*PLAIN, *BLOCKS, *(f"{part}{key}" for part in (ROW, TOTAL) for key in (NAME, *sorted(columns)))]


def opened(path: Path) -> Any:
    """Open a template; raises TemplateError where it is none that may be used."""
    try:
        if path.stat().st_size > LARGEST:
            raise TemplateError(f"{path.name} is larger than {LARGEST:,} bytes. Take pictures out of the template, or make them smaller.")  # fmt: skip
        with ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED:
                raise TemplateError(f"{path.name} unpacks to more than {UNPACKED:,} bytes. Take pictures out of the template, or make them smaller.")  # fmt: skip
        document = Document(str(path))
    except FAULTS as error:
        raise TemplateError(f"{path.name} is no .docx document that can be read. Save it from Word or WPS as .docx, without macros.") from error  # fmt: skip
    fetched = sorted(
        {
            one.target_ref
            for part in document.part.package.iter_parts()
            for one in part.rels.values()
            if one.is_external and not one.reltype.endswith(HYPERLINK)
        }
    )
    if fetched:
        raise TemplateError(f"{path.name} fetches {', '.join(fetched)} from elsewhere. Put the picture or the template into the document itself.")  # fmt: skip
    return document


def _faults(document: Any, columns: set[str]) -> Iterator[str]:
    """Yield what is wrong with the fields of a template."""
    names = set(known(columns))
    for paragraph in _paragraphs(document):
        text = paragraph.text
        for found in FIELD.finditer(text):
            name = found[1]
            if name not in names:
                yield f"the field {{{{{name}}}}} is unknown"
            elif name in BLOCKS and text.strip() != found[0]:
                yield f"the field {{{{{name}}}}} has to stand alone in its line"
            elif name.startswith(ROW) and _row_of(paragraph) is None:
                yield f"the field {{{{{name}}}}} has to stand in a row of a table"
        rest = FIELD.sub("", text)
        if "{{" in rest or "}}" in rest:
            yield f"braces are left open in {text.strip()[:40]!r}"


def _paragraphs(document: Any) -> Iterator[Paragraph]:
    """Yield every paragraph: of the text, of tables, of text boxes, of headers and footers."""
    yield from (Paragraph(one, document._body) for one in document.element.body.iter(qn("w:p")))  # noqa: SLF001
    seen = set()
    for section in document.sections:
        for part in (section.header, section.first_page_header, section.even_page_header, section.footer, section.first_page_footer, section.even_page_footer):  # fmt: skip
            if not part.is_linked_to_previous and id(part._element) not in seen:  # noqa: SLF001
                seen.add(id(part._element))  # noqa: SLF001
                yield from (Paragraph(one, part) for one in part._element.iter(qn("w:p")))  # noqa: SLF001


def _plain(paper: Paper) -> dict[str, str]:
    values = {name: clean(getattr(paper, name)) for name in PLAIN if name != "at"}
    totals = {
        f"{TOTAL}{column.key}": clean(said(column, paper.total.values.get(column.key))) for column in paper.columns
    }
    return {**values, **totals, f"{TOTAL}{NAME}": clean(paper.total.name), "at": f"{paper.at:%Y-%m-%d %H:%M}"}


def _replace(paragraph: Paragraph, values: Mapping[str, str]) -> None:
    """Fill the fields of a paragraph in; a field that Word split over runs keeps the look of where it begins."""
    runs = paragraph.runs
    text = "".join(run.text for run in runs)
    for found in reversed(list(FIELD.finditer(text))):
        at = 0
        for run in runs:
            begin, end = at, at + len(run.text)
            at = end
            left, right = max(found.start(), begin), min(found.end(), end)
            if left < right:
                inside = values[found[1]] if left == found.start() else ""
                run.text = run.text[: left - begin] + inside + run.text[right - begin :]


def _row_of(paragraph: Paragraph) -> Any:
    return next(paragraph._p.iterancestors(qn("w:tr")), None)  # noqa: SLF001


def _fill_rows(document: Any, paper: Paper) -> None:
    """Write the row that has fields of rows once for each row of the sheet."""
    found = [
        one
        for one in (_row_of(p) for p in _paragraphs(document) if ROW in "".join(FIELD.findall(p.text)))
        if one is not None
    ]
    for pattern in dict.fromkeys(found):
        for row in paper.rows:
            made = deepcopy(pattern)
            pattern.addprevious(made)
            for one in made.iter(qn("w:p")):
                _replace(Paragraph(one, document._body), _of_row(paper, row))  # noqa: SLF001
        pattern.getparent().remove(pattern)


def _of_row(paper: Paper, row: Row) -> dict[str, str]:
    values = {f"{ROW}{column.key}": clean(said(column, row.values.get(column.key))) for column in paper.columns}
    return {**_plain(paper), **values, f"{ROW}{NAME}": clean(row.name)}


def _table(document: Any, before: Paragraph, paper: Paper) -> None:
    table = document.add_table(rows=0, cols=len(paper.columns) + 1)
    table.style = "Table Grid" if "Table Grid" in [style.name for style in document.styles] else None
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    size = SMALLER if len(paper.columns) > MANY else SMALL
    _cells(table, [paper.first, *(column.heading for column in paper.columns)], size, is_bold=True)
    for row in (*paper.rows, paper.total):
        values = [row.name, *(said(column, row.values.get(column.key)) for column in paper.columns)]
        _cells(table, values, size, is_bold=row is paper.total)
    _widths(document, table, paper)
    repeat = table.rows[0]._tr.get_or_add_trPr()  # noqa: SLF001
    repeat.append(repeat.makeelement(qn("w:tblHeader"), {}))
    before._p.addprevious(table._tbl)  # noqa: SLF001


def _widths(document: Any, table: Any, paper: Paper) -> None:
    """Share the width of the text out: names have the most room, rates more than counts."""
    section = document.sections[0]
    whole = section.page_width - section.left_margin - section.right_margin
    shares = [NAME_SHARE, *(RATE_SHARE if column.kind == RATE else 1.0 for column in paper.columns)]
    table.autofit = False
    for column, share in zip(table.columns, shares, strict=True):
        width = Emu(int(whole * share / sum(shares)))
        column.width = width
        for cell in column.cells:
            cell.width = width


def _cells(table: Any, texts: list[str], size: Pt, *, is_bold: bool) -> None:
    for place, (cell, text) in enumerate(zip(table.add_row().cells, texts, strict=True)):
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if place == 0 and not is_bold else WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.first_line_indent, paragraph.paragraph_format.space_after = Pt(0), Pt(0)
        run = paragraph.add_run(clean(text))
        run.font.size, run.font.bold = size, is_bold


def _lines(_document: Any, before: Paragraph, paper: Paper) -> None:
    for text in paper.notes:
        _like(before, clean(text))


def _sections(_document: Any, before: Paragraph, paper: Paper) -> None:
    for part in paper.sections:
        heading = _like(before, clean(part.heading))
        heading.paragraph_format.keep_with_next = True
        for run in heading.runs:
            run.font.bold = True
        for text in part.sentences:
            _like(before, clean(text))


def _like(before: Paragraph, text: str) -> Paragraph:
    """Add a line before a paragraph, in its look."""
    made = deepcopy(before._p)  # noqa: SLF001
    before._p.addprevious(made)  # noqa: SLF001
    line = Paragraph(made, before._parent)  # noqa: SLF001
    first, *rest = line.runs
    first.text = text
    for run in rest:
        run.text = ""
    return line


def _photos(document: Any, before: Paragraph, paper: Paper) -> None:
    section = document.sections[0]
    width = Emu(int(HALF * (section.page_width - section.left_margin - section.right_margin)))
    for pair in paper.pairs:
        caption = _like(before, clean(pair.caption))
        caption.paragraph_format.keep_with_next = True
        table = document.add_table(rows=2, cols=2)
        for place, (data, word) in enumerate(((pair.before, "before"), (pair.after, "after"))):
            _picture(table.cell(0, place).paragraphs[0], data, width, paper.words["no_photo"])
            under = table.cell(1, place).paragraphs[0]
            under.alignment = WD_ALIGN_PARAGRAPH.CENTER
            under.add_run(clean(paper.words[word])).font.size = SMALL
        before._p.addprevious(table._tbl)  # noqa: SLF001


def _map(document: Any, before: Paragraph, paper: Paper) -> None:
    """Add the map as a picture: a document knows no lines of ours."""
    if paper.map:
        section = document.sections[0]
        paragraph = _like(before, "")
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        width = section.page_width - section.left_margin - section.right_margin
        paragraph.add_run().add_picture(BytesIO(pdf.picture(paper.map)), width=width)
        _like(before, clean(paper.map_caption)).alignment = WD_ALIGN_PARAGRAPH.CENTER


def _picture(paragraph: Paragraph, data: bytes, width: Emu, nothing: str) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    try:
        if data:
            paragraph.add_run().add_picture(BytesIO(data), width=width)
            return
    except NO_PICTURE:
        pass
    paragraph.add_run(clean(nothing))


FILLED: Mapping[str, Callable[[Any, Paragraph, Paper], None]] = {
    "table": _table,
    "notes": _lines,
    "sections": _sections,
    "map": _map,
    "photos": _photos,
}
