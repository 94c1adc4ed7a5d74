"""The table of cases (台账): ten thousand rows, filters, saved views, download, and a dispatch of many at once."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from desk.room import Room
from geo.errors import FilterError
from locales import N_, sentences
from pages.parts import bulk, views
from pages.parts.cards import cards
from pages.parts.downloads import downloads
from pages.parts.element import pixels
from pages.parts.going import go, walk
from pages.parts.keys import keys
from pages.parts.sieve import sieve
from pages.parts.snapshot import Snapshot, follow_table, snapshot
from pages.parts.visit import Visit
from reports.daily import counted_words
from reports.listing import MOST
from reports.refusals import filter_refusal

ROW = 35  # pixels
WIDTHS = {  # pixels, by language: no head and hardly a value is cut
    "zh": {"mark_name": 104, "number": 136, "title": 250, "class_name": 160, "LEAF": 124, "address": 260, "status_name": 150, "handler_name": 190, "channel_name": 96},
    "en": {"mark_name": 156, "number": 136, "title": 250, "class_name": 210, "LEAF": 124, "address": 260, "status_name": 250, "handler_name": 190, "urgency_name": 90, "channel_name": 120},
}  # fmt: skip
TIME = 136  # pixels: a moment to the minute
NOTE = N_("The newest {n} of {all} are shown; narrow the filter to see others.")


def render(visit: Visit) -> None:
    """Show the page."""
    room, _ = visit.room(), visit._
    with st.container(key="cases", gap=None):
        with st.container(key="sieve", horizontal=True, vertical_alignment="center", gap="small"):
            views.choose(visit, room)
            sieve(visit, room)
        try:
            shown = snapshot(visit, room)
        except FilterError as error:
            heading = escape(_("The filter in the address cannot be understood"))
            said = filter_refusal(error, _)
            detail = f"<span>{escape(said)}</span>" if said else f'<span lang="en">{escape(str(error))}</span>'
            st.html(f'<p class="bm-refused" role="alert">{heading}<br>{detail}</p>')
            return
        bar = st.container(key="table_bar", horizontal=True, vertical_alignment="center", gap="small")
        of = counted_words(room, st.session_state["own"]["cases"].get("counted", ""), _)
        if of:
            st.html(f'<p class="bm-note" id="counted">{escape(of)}</p>')
        if shown.listing.notes:
            st.html(f'<p class="bm-note" id="left_out">{escape(sentences(shown.listing.notes))}</p>')
        below = st.container(gap=None)
        rows, cursor = _table(visit, shown)
        cards(visit, shown.listing)
        walk(shown.listing.numbers)
        with bar:
            _bar(visit, room, shown, rows, cursor)
        with below:
            bulk.bulk(visit, room, shown, rows)
        follow_table(visit, room, shown, busy=bool(rows))


def _bar(visit: Visit, room: Room, shown: Snapshot, rows: Sequence[int], cursor: int | None) -> None:
    """Show how many there are, what may be done with the selected ones, and the ways to keep the table."""
    _, many = visit._, len(shown.listing.numbers)
    words = _("{n} cases").format(n=f"{shown.listing.total:,}")
    if shown.listing.total > many:
        words = _(NOTE).format(n=f"{MOST:,}", all=f"{shown.listing.total:,}")
    if rows:
        words += " · " + _("{n} selected").format(n=f"{len(rows):,}")
    st.html(f'<p class="bm-many" role="status">{escape(words)}</p>', width="content")
    number = shown.listing.numbers[cursor] if cursor is not None else ""
    st.button(_("Open"), key="key_open", disabled=not number, on_click=go, args=("case", {"case": number}))
    if rows and visit.may("act"):
        st.button(_("Dispatch"), key="key_dispatch", type="primary", on_click=bulk.open_)
    elif visit.may("act"):
        dispatch = {"case": number, "act": "dispatch"}
        st.button(_("Dispatch"), key="key_dispatch", disabled=not number, on_click=go, args=("case", dispatch))
    with st.container(key="table_keys", horizontal=True):
        for name, step in (("previous", -1), ("next", 1)):
            st.button(name, key=f"key_{name}", on_click=_move, args=(shown.key, (cursor if cursor is not None else -1) + step, many, shown.listing.heading("number"), list(rows)))  # fmt: skip
    with st.container(key="downloads", horizontal=True, gap="small"):
        downloads(visit, room, shown.listing)
        keys(visit)


def _move(key: str, row: int, many: int, column: str, rows: list[int]) -> None:
    """Move the cursor by a row; what is selected stays."""
    if many:
        here = max(0, min(many - 1, row))
        st.session_state[f"table_{key}"] = {"selection": {"rows": rows, "cells": [(here, column)]}}


def _table(visit: Visit, shown: Snapshot) -> tuple[list[int], int | None]:
    """Show the table; returns the selected rows, and the row of the cursor."""
    _, frame = visit._, shown.listing.on_screen(visit._)
    if frame.empty:
        st.html(f'<p class="bm-empty">{escape(_("No incident matches the filter."))}</p>')
        return [], None
    times = {
        name: st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=pixels(TIME))
        for name in shown.listing.times
    }
    widths = {
        shown.listing.heading(key): st.column_config.Column(width=pixels(width))
        for key, width in WIDTHS[visit.language].items()
    }
    event = st.dataframe(
        frame,
        key=f"table_{shown.key}",
        hide_index=True,
        column_order=shown.listing.order,
        height="stretch",
        row_height=pixels(ROW),
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        column_config={**widths, **times},
        placeholder="",
        alt=_("Cases"),
    )
    cells, rows = event["selection"].get("cells") or [], list(event["selection"].get("rows") or [])
    return rows, int(cells[0][0]) if cells else (rows[-1] if rows else None)
