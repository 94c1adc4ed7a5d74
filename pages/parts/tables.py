"""Tables of text."""

from collections.abc import Iterable, Sequence
from html import escape


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as HTML; a column of numbers stands to the right."""
    rows = list(rows)
    looks = [_look([row[column] for row in rows]) for column in range(len(heads))]
    body = "".join(
        f"<tr>{''.join(f'<td{look}>{escape(value)}</td>' for look, value in zip(looks, row, strict=True))}</tr>"
        for row in rows
    )
    head = "".join(f'<th scope="col"{look}>{escape(name)}</th>' for look, name in zip(looks, heads, strict=True))
    return f'<table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def pairs(rows: Iterable[Sequence[str]]) -> str:
    """Return labels and values as HTML."""
    return f'<dl class="bm-pairs">{"".join(f"<div><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>" for label, value in rows)}</dl>'


def _look(column: list[str]) -> str:
    numbers = sum(value.replace(",", "").isdecimal() for value in column)
    return ' class="bm-number"' if numbers * 2 > len(column) else ""  # a few may say "—" or "fewer than 5"
