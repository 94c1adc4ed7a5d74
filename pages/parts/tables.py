"""Tables of text."""

from collections.abc import Iterable, Sequence
from html import escape


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as HTML; a column of numbers stands to the right."""
    body = "".join(f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    return f'<table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def pairs(rows: Iterable[Sequence[str]]) -> str:
    """Return labels and values as HTML."""
    return f'<dl class="bm-pairs">{"".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in rows)}</dl>'


def _cell(value: str) -> str:
    number = ' class="bm-number"' if value.replace(",", "").isdecimal() else ""
    return f"<td{number}>{escape(value)}</td>"
