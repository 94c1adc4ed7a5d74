"""Checklists (检查表): each as an inspector would see it; answers are tried, and what they come to by rule is shown at once. Nothing is kept."""

from datetime import date
from html import escape

import streamlit as st

from desk.inspections.reading import edited
from inspections.checklists import Checklist, Checklists
from pages.parts.check_items import answered, items, tried
from pages.parts.check_verdict import verdict_panel
from pages.parts.form import Form
from pages.parts.going import link
from pages.parts.visit import Visit
from reports.checklists import paper, version_text


def render(visit: Visit) -> None:
    """Show the page."""
    found, asked = visit.room().rules.checklists, st.session_state["own"]["checklists"].get("checklist", "")
    key = asked if asked in found.keys else next(iter(found.keys), "")
    today = visit.room().clock(visit.now).date()
    with st.container(key="checks", gap=None):
        _top(visit)
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_list(visit, found, key), width="content")
            with st.container(key="check_view", gap="small"):
                _refused(visit, found)
                if key:
                    _checklist(visit, found, found.current(key), today)
    if key:
        st.html(paper(found.current(key), today, visit._, visit.language))


def _top(visit: Visit) -> None:
    _ = visit._
    with st.container(key="checks_top", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Checklists"))}</h1>', width="content")
        st.html(f'<p class="bm-note">{escape(_("Try answers here: nothing is kept."))}</p>', width="content")
        st.html(f'<button type="button" class="bm-button" data-print>{escape(_("Print the empty list"))}</button>', width="content")  # fmt: skip


def _list(visit: Visit, found: Checklists, current: str) -> str:
    rows = "".join(
        f"{link(visit, 'checklists', {'checklist': key}, attributes=_current(key == current))}"
        f"<span>{escape(found.current(key).name.in_(visit.language))}</span><b>{len(found.current(key).items)}</b></a>"
        for key in found.keys
    )
    return f'<nav class="bm-piles bm-checklists" aria-label="{escape(visit._("Checklists"))}">{rows}</nav>'


def _current(here: bool) -> str:  # noqa: FBT001
    return ' aria-current="true"' if here else ""


def _refused(visit: Visit, found: Checklists) -> None:
    """Say which files cannot be used, each with its lines and reasons."""
    for file, error in found.refused.items():
        head = visit._("{file} cannot be used:").format(file=f"{file}.toml")
        st.html(
            f'<div class="bm-refused" role="alert"><p>{escape(head)}</p><pre>{escape(chr(10).join(error.faults) or str(error))}</pre></div>'
        )
    if lines := edited(visit.room()):
        head = visit._("Edited under the same version: what was inspected by it has no verdict any more.")
        st.html(
            f'<div class="bm-refused" role="alert"><p>{escape(head)}</p><pre>{escape(chr(10).join(lines))}</pre></div>'
        )


def _checklist(visit: Visit, found: Checklists, checklist: Checklist, today: date) -> None:
    _, form = visit._, Form(f"check_{checklist.id}", visit)
    st.html(f'<h2>{escape(checklist.name.in_(visit.language))}</h2><p class="bm-note">{escape(version_text(checklist, _, visit.language))}</p>')  # fmt: skip
    with st.container(key="check_bar", horizontal=True, vertical_alignment="bottom", gap="medium"):
        day = st.date_input(_("Day of the inspection"), width=160, **form.bind("day", today)) or today
        st.toggle(_("Show sources"), **form.bind("sources", default=False))
        st.button(_("Clear the answers"), key="check_clear", on_click=form.clear)
    refuses = form.get("refuses", default=False)
    shown = tried(found.grades, checklist, answered(checklist, form), day, refused=refuses)
    with st.container(key="check_columns", horizontal=True, gap="large"):
        with st.container(key="check_items", gap=None):
            items(visit, form, shown)
        with st.container(key="check_verdict", gap="small"):
            verdict_panel(visit, form, shown)
