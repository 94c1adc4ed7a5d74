"""The shipped template of the daily sheet, which a street copies and changes (docs/sheet.md). Run from the root of the tree."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from reports.sheet_files.stable import stable

TARGET = Path("reports/sheet_files/daily.docx")
TITLE, BODY = "方正小标宋简体", "仿宋_GB2312"
CENTRE, LEFT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT
LINES = (
    ("{{organ}}", TITLE, 16, CENTRE),
    ("{{title}}", TITLE, 22, CENTRE),
    ("{{number}} {{state}} {{synthetic}}", BODY, 14, CENTRE),
    ("{{period}}　　{{unit}}", BODY, 12, LEFT),
    ("{{comment}}", BODY, 14, LEFT),
    ("{{table}}", BODY, 12, LEFT),
    ("{{notes}}", BODY, 11, LEFT),
    ("{{sections}}", BODY, 14, LEFT),
    ("报送范围：{{circulation}}", BODY, 14, LEFT),
    ("签发人：{{signer}}", BODY, 14, LEFT),
    ("填报人：{{prepared}}　　审核人：{{checked}}　　填报时间：{{at}}", BODY, 12, LEFT),
    ("{{digest}} {{foot}}", BODY, 8, LEFT),
    ("{{map}}", BODY, 11, CENTRE),
    ("{{photos}}", BODY, 12, LEFT),
)


def make() -> None:
    """Write the template: A4, margins of an official paper, a page number at the foot."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin, section.right_margin, section.top_margin, section.bottom_margin = (
        Cm(2.2),
        Cm(2),
        Cm(2.5),
        Cm(2.2),
    )
    _type(document.styles["Normal"], BODY)
    for text, font, size, place in LINES:
        paragraph = document.add_paragraph()
        paragraph.alignment, paragraph.paragraph_format.space_after = place, Pt(4)
        run = paragraph.add_run(text)
        run.font.size = Pt(size)
        _type(run, font)
    _number(section.footer.paragraphs[0])
    out = BytesIO()
    document.save(out)
    TARGET.write_bytes(stable(out.getvalue(), datetime(2026, 1, 1, tzinfo=UTC)))


def _type(owner: object, font: str) -> None:
    """Set the type of Chinese and of Latin characters."""
    owner.font.name = font
    owner.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _number(paragraph: object) -> None:
    paragraph.alignment = CENTRE
    field = paragraph._p.makeelement(qn("w:fldSimple"), {qn("w:instr"): "PAGE"})  # noqa: SLF001
    paragraph._p.append(field)  # noqa: SLF001


if __name__ == "__main__":
    make()
