"""The sheet as PDF, set by Typst: A4, fonts embedded as subsets, the map as lines. The same paper is the same bytes each time."""

import json
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import typst

from reports.sheet_files.paper import Paper, Row, clean, said
from reports.sheet_files.stock import SHIPPED, Stock

LAYOUT = Path(__file__).parent / "daily.typ"
WIDE = 12  # columns of figures from which the table lies across
DOTS = 200.0
DRAWN = '#set page(width: auto, height: auto, margin: 0pt)\n#image("drawn.svg")'
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"


def written(paper: Paper, stock: Stock) -> bytes:
    """Return the sheet as PDF.

    Raises
    ------
    TableError
        A font of the street's own cannot be read.
    """
    lacking = stock.lacking(clean(text) for text in paper.texts())
    if lacking:
        paper = replace(paper, notes=(*paper.notes, _named(paper, lacking)))
    with tempfile.TemporaryDirectory(prefix="sheet-") as name:
        folder = Path(name)
        (folder / "daily.typ").write_bytes(LAYOUT.read_bytes())
        data = _data(paper, stock, folder)
        (folder / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=stock.fonts)
        compiled = typst.compile(
            folder / "daily.typ", root=folder, font_paths=fonts, timestamp=int(paper.at.timestamp())
        )
    return bytes(compiled or b"")


def picture(svg: str) -> bytes:
    """Return a drawing as a PNG of 200 dots an inch, in the shipped type."""
    with tempfile.TemporaryDirectory(prefix="sheet-") as name:
        folder = Path(name)
        (folder / "drawn.svg").write_text(clean(svg), encoding="utf-8")
        (folder / "drawn.typ").write_text(DRAWN, encoding="utf-8")
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[SHIPPED])
        return bytes(typst.compile(folder / "drawn.typ", root=folder, font_paths=fonts, format="png", ppi=DOTS) or b"")


def _named(paper: Paper, lacking: str) -> str:
    """Name the characters that no font has, by their code: as themselves they would be missing here too."""
    codes = " ".join(f"U+{ord(one):04X}" for one in lacking)
    return paper.words.get("lacking", "{characters}").format(characters=codes)


def _data(paper: Paper, stock: Stock, folder: Path) -> dict[str, object]:
    at = paper.at
    pairs = [
        {
            "caption": clean(pair.caption),
            "before": _image(folder, f"before{number}", pair.before),
            "after": _image(folder, f"after{number}", pair.after),
        }
        for number, pair in enumerate(paper.pairs)
    ]
    plain = {
        name: clean(getattr(paper, name))
        for name in ("title", "organ", "number", "period", "unit", "first", "comment", "map_caption", "circulation", "signer", "prepared", "checked", "state", "digest", "synthetic", "foot")
    }  # fmt: skip
    drawn = ""
    if paper.map:
        drawn = "map.svg"
        (folder / drawn).write_text(clean(paper.map), encoding="utf-8")
    return {
        **plain,
        "lang": paper.language,
        "date": [at.year, at.month, at.day],
        "at": f"{at:%Y-%m-%d %H:%M}",
        "wide": len(paper.columns) >= WIDE,
        "head": stock.families("title"),
        "body": stock.families("body"),
        "columns": [{"heading": clean(column.heading), "kind": column.kind} for column in paper.columns],
        "rows": [_line(paper, row) for row in paper.rows],
        "total": _line(paper, paper.total),
        "notes": _clean(paper.notes),
        "sections": [{"heading": clean(one.heading), "sentences": _clean(one.sentences)} for one in paper.sections],
        "pairs": pairs,
        "map": drawn,
        "words": {key: clean(word) for key, word in paper.words.items()},
    }


def _line(paper: Paper, row: Row) -> dict[str, object]:
    values = [clean(said(column, row.values.get(column.key))) for column in paper.columns]
    return {"name": clean(row.name), "values": values}


def _clean(texts: Iterable[str]) -> list[str]:
    return [clean(text) for text in texts]


def _image(folder: Path, name: str, data: bytes) -> str:
    """Put a picture beside the layout; what is no picture is none."""
    ending = ".jpg" if data.startswith(JPEG) else ".png" if data.startswith(PNG) else ""
    if not ending:
        return ""
    (folder / f"{name}{ending}").write_bytes(data)
    return f"{name}{ending}"
