"""Findings (隐患台账): what is overdue, to be put right, to be looked at again, handed over, closed; one of them with its photos, its history and what may be done now."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from desk.room import Room
from locales import N_
from pages.parts.finding_sheet import sheet
from pages.parts.follow import follow_what
from pages.parts.going import link, on_map
from pages.parts.inspection_files import files
from pages.parts.inspection_find import FINDINGS, find_findings
from pages.parts.pager import page_of, pager
from pages.parts.visit import Visit
from reports import inspection_lists
from reports.campaign_words import fault_words
from reports.case_words import grid_name
from reports.inspection_lists import ALL, OVERDUE, PAGE, PILE, Findings
from reports.inspection_words import STATE, due_text, grade_text, item_text, site_name

PATH = "findings"


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), dict(st.session_state["own"][PATH])
    narrowed = {name: own[name] for name in FINDINGS if own.get(name)}
    counts = inspection_lists.piles(room, inspection_lists.findings_asked(room, narrowed, visit.now))
    asked = own.get("pile", "")
    view = asked if asked in PILE else OVERDUE if counts[OVERDUE] else ALL if own.get("finding") else "open"
    own["pile"] = view
    with st.container(key=PATH, gap=None):
        with st.container(key="findings_top", horizontal=True, vertical_alignment="center", gap="medium"):
            st.html(f'<h1 class="bm-heading">{escape(visit._("Findings"))}</h1>', width="content")
            st.html(f"{link(visit, 'inspections', {})}{escape(visit._('Inspections'))}</a>", width="content")
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_piles(visit, counts, view, narrowed), width="content")
            with st.container(key="finding_view", gap="small"):
                follow_what(lambda: inspection_lists.standing(room))
                _list(visit, room, view, counts[view], own)


def _piles(visit: Visit, counts: Mapping[str, int], view: str, narrowed: Mapping[str, str]) -> str:
    _ = visit._
    parts = "".join(
        f"{_to(visit, {**narrowed, 'pile': name}, current=name == view)}<span>{escape(_(PILE[name][0]))}</span>"
        f'<b class="{"bm-late" if name == OVERDUE and many else ""}">{many:,}</b></a>'
        for name, many in counts.items()
    )
    return f'<nav class="bm-piles" aria-label="{escape(_("Findings"))}">{parts}</nav>'


def _list(visit: Visit, room: Room, view: str, many: int, own: dict[str, str]) -> None:
    """Show a page of a pile, with what narrows it above and the finding that is open beside."""
    question = inspection_lists.findings_asked(room, own, visit.now)
    page = page_of(own, many, each=PAGE)
    found = inspection_lists.found(room, question, skip=(page - 1) * PAGE)
    of = fault_words(room, own.get("target", ""), visit.now, visit._)
    if of:
        st.html(f'<p class="bm-note">{escape(visit._("Findings of a campaign: {what}").format(what=of))}</p>')
    with st.container(key="finding_bar", horizontal=True, vertical_alignment="center", gap="small"):
        find_findings(visit, room, own)
        if many:
            st.html(pager(visit, PATH, own, page, many, each=PAGE), width="content")
            st.html(on_map(visit, "findings", {"pile": view, **{name: own.get(name, "") for name in FINDINGS}}), width="content")  # fmt: skip
        said = {name: value for name, value in own.items() if name not in {"finding", "page"}}
        files(visit, room, question, many, (PATH, visit._("Findings"), visit._(PILE[view][0])), said)
    with st.container(key="finding_list", horizontal=True, gap="medium"):
        st.html(_rows(visit, room, found, own) if found.rows else _empty(visit, view, own))
        with st.container(key="finding_sheet", gap="small"):
            sheet(visit, room, own.get("finding", ""))


def _rows(visit: Visit, room: Room, found: Findings, own: Mapping[str, str]) -> str:
    _, language = visit._, visit.language
    day = inspection_lists.today(room, visit.now)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (_("What fails"), _("Put right by"), _("Grade"), _("State"), _("Inspected site")))  # fmt: skip
    body = ""
    for one in found.rows:
        is_open, place = own.get("finding") == one.number, found.sites.get(one.site)
        about = " · ".join(filter(None, (one.number, _("again") if one.repeats else "")))  # fmt: skip
        late = ' class="bm-late"' if one.state.is_overdue(day) else ""
        where = escape(site_name(place, one.site)) + (f"<small>{escape(grid_name(room, place.codes))}</small>" if place else "")  # fmt: skip
        body += (
            f'<tr{" aria-current=true" if is_open else ""} data-state="{one.state.state.value}"><td>{_to(visit, {**own, "finding": one.number}, current=is_open)}'
            f"{escape(item_text(room, one, language))}</a><small>{escape(about)}</small></td><td{late}>{escape(due_text(one, day, _))}</td>"
            f'<td><span class="bm-grade" data-grade="{one.state.grade.value}">{escape(grade_text(room, one.state.grade, language))}</span></td>'
            f"<td>{escape(_(STATE[one.state.state]))}</td><td>{where}</td></tr>"
        )
    return f'<section class="bm-visits bm-findings"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></section>'


def _empty(visit: Visit, view: str, own: Mapping[str, str]) -> str:
    said = N_("No finding is like that. Clear the filter to see all.") if any(own.get(name) for name in FINDINGS) else PILE[view][1]  # fmt: skip
    return f'<p class="bm-empty">{escape(visit._(said))}</p>'


def _to(visit: Visit, own: Mapping[str, str], *, current: bool = False) -> str:
    return link(visit, PATH, {name: value for name, value in own.items() if value}, attributes=' aria-current="true"' if current else "")  # fmt: skip
