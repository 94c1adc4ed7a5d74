"""The table of cases as a list, for a narrow screen: mark, title, number, grid, place, deadline. Styles show one of the two."""

from html import escape

import pandas as pd
import streamlit as st

from locales import N_
from pages.parts.board import mark_shape
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.listing import SHAPES, Listing

MOST = 60  # rows of the list: a thumb goes no further
NAMES = ("mark_name", "number", "title", "LEAF", "address", "status_name", "due", "overdue")
MORE = N_("The first {n} of {all} are shown; narrow the filter to see others.")
MARKS = {shape: mark for mark, shape in SHAPES.items()}


def cards(visit: Visit, found: Listing) -> None:
    """Show the first rows of the table as a list; it says no more than the table does."""
    _ = visit._
    frame = found.on_screen(_).head(MOST)
    if frame.empty:
        return
    shown = frame[[found.heading(name) for name in NAMES]].set_axis(NAMES, axis=1)
    items = "".join(_card(visit, row) for row in shown.itertuples(index=False))
    more = _(MORE).format(n=MOST, all=f"{found.total:,}")
    note = f'<p class="bm-note">{escape(more)}</p>' if found.total > MOST else ""
    st.html(f'<ol class="bm-cards" aria-label="{escape(_("Cases"))}">{items}</ol>{note}')


def _card(visit: Visit, row: tuple) -> str:
    mark = MARKS.get(str(row.mark_name)[:1], "none")
    due = f"{row.due:%m-%d %H:%M}" if mark == "red" and pd.notna(row.due) else ""
    late = ' class="bm-late"' if row.overdue else ""
    where = " · ".join(part for part in (row.LEAF, row.address) if isinstance(part, str) and part)
    return (
        f"<li>{link(visit, 'case', {'case': row.number})}{mark_shape(mark)}"
        f"<b>{escape(row.title or '')}</b><time{late}>{escape(due)}</time>"
        f"<small>{escape(where)}</small><small>{escape(row.number)}</small><small>{escape(row.status_name or '')}</small></a></li>"
    )
