"""Part of the page of visits: the counts of a period, by grid or post, and by topic."""

from collections.abc import Mapping
from html import escape

import pandas as pd
import streamlit as st

from desk.room import Room
from pages.parts.files import files
from pages.parts.going import link
from pages.parts.tables import table
from pages.parts.visit import Visit
from pages.parts.visit_find import period
from reports import visit_lists
from reports.visit_lists import group_name

COUNTS = "counts"


def visit_counts(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show the counts."""
    _, known = visit._, visit_lists.groups(room)
    by = own["by"] if own.get("by") in known else visit_lists.usual(room)
    asked = {name: own[name] for name in ("period",) if own.get(name)}
    found = visit_lists.figures(room, by, asked, visit.now, _, visit.language)
    with st.container(key="visit_bar", horizontal=True, vertical_alignment="center", gap="small"):
        period(visit, own)
        ways = "".join(_by(visit, room, one, asked, current=one == by) for one in known)
        st.html(f'<p class="bm-digest">{ways}</p>', width="content")
        files(visit, room, "visits", _("Visits"), len(found), _("Counts"), {**asked, "tab": COUNTS, "by": by}, lambda now: visit_lists.figures(now, by, asked, visit.now, _, visit.language))  # fmt: skip
    if found.empty:
        st.html(f'<p class="bm-empty">{escape(_("No visit was planned or made in this time."))}</p>')
        return
    st.html(f'<div class="bm-wide bm-counted">{_table(found)}</div>')
    about = visit_lists.by_topic(room, asked, visit.now, _, visit.language)
    st.html(f'<h2>{escape(_("What they were about"))}</h2><div class="bm-wide bm-counted">{_table(about)}</div>')
    told = _("Overdue and for the head: as they stand now. To be visited: until the end of the period. Visited and turned away: in the period. A visit about several topics counts for each.")  # fmt: skip
    st.html(f'<p class="bm-note">{escape(told)}</p>')


def _table(frame: pd.DataFrame) -> str:
    lines = [
        [f"{value:,}" if isinstance(value, int) else str(value) for value in line]
        for line in frame.itertuples(index=False)
    ]
    return table(list(frame.columns), lines)


def _by(visit: Visit, room: Room, by: str, asked: Mapping[str, str], *, current: bool) -> str:
    attributes = ' aria-current="true"' if current else ""
    way = link(visit, "visits", {**asked, "tab": COUNTS, "by": by}, attributes=attributes)
    return f"{way}{escape(group_name(room, by, visit._, visit.language))}</a>"
