"""The daily sheet (日通报) as files: PDF, workbook, and a document from a template of the street's own. All three print one `Paper`, so that they agree."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from desk.photos import smaller
from geo.errors import NetError
from reports.sheet_files import document, pdf, workbook
from reports.sheet_files.paper import Paper
from reports.sheet_files.stock import Stock

__all__ = ["KINDS", "TYPES", "Paper", "Stock", "printed"]

KINDS: Mapping[str, Callable[[Paper, Stock], bytes]] = MappingProxyType(
    {"pdf": pdf.written, "xlsx": workbook.written, "docx": document.written}
)
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "pdf": "application/pdf",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }
)

SHOT = 1024  # pixels of the longer side of a photo on paper, where it is about 80 mm wide


def printed(paper: Paper, kind: str, stock: Stock, *, foot: str = "") -> bytes:
    """Return a sheet as a file.

    Parameters
    ----------
    kind
        One of `KINDS`.
    foot
        Who takes it and when: at the foot of each page, or as the last line.

    Raises
    ------
    NetError
        There is no such kind.
    TableError
        The street's own template cannot be used; its faults are named.
    """
    if kind not in KINDS:
        raise NetError(f"A sheet is no {kind}: choose among {', '.join(KINDS)}.")
    pairs = tuple(replace(pair, before=smaller(pair.before, SHOT), after=smaller(pair.after, SHOT)) for pair in paper.pairs)  # fmt: skip
    return KINDS[kind](replace(paper, foot=foot or paper.foot, pairs=pairs), stock)
