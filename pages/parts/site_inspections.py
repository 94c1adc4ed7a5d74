"""Part of other sheets: what was looked at at a site and what stands open there, and the findings that became a case."""

from html import escape
from urllib.parse import quote, urlencode

import streamlit as st

from desk.inspections import rounds
from desk.papers.orders import of_case
from desk.room import Room
from inspections.sites import Site, State
from ledger.findings import Filed
from pages.parts.going import link
from pages.parts.inspection_shots import to_finding, to_inspection
from pages.parts.visit import Visit
from reports import inspection_lists
from reports.inspection_lists import today
from reports.inspection_words import STATE, due_text, grade_text, item_text, outcome_text

THERE = frozenset({State.ACTIVE, State.SUSPENDED})


def site_inspections(visit: Visit, room: Room, site: Site) -> None:
    """Show the last inspections of a site and what stands open, with the way to make one."""
    _, of = visit._, inspection_lists.of_site(room, site.number, visit.now)
    make = f"{link(visit, 'inspections', {'make': site.number}, attributes=' class=bm-button')}{escape(_('Inspect'))}</a>" if visit.may("inspect") and site.state in THERE else ""  # fmt: skip
    every = [
        f"{link(visit, 'inspections', {'site': site.number})}{escape(_('All inspections: {n}').format(n=of.inspections))}</a>" if of.inspections else "",
        f"{link(visit, 'findings', {'pile': 'all', 'site': site.number})}{escape(_('All findings: {n}').format(n=of.findings))}</a>" if of.findings else "",
    ]  # fmt: skip
    looked = "".join(
        f"<li>{to_inspection(visit, one.number, f'{one.day} {outcome_text(one, _)}')}<small>{escape(' · '.join(filter(None, (one.number, grade_text(room, one.grade, visit.language)))))}</small></li>"
        for one in of.last
    )
    at = rounds.some(room, [site.number], visit.now).get(site.number)
    late = at is not None and at.due < today(room, visit.now)
    due = f'<p class="bm-note{" bm-late" if late else ""}">{escape(_("Next inspection due: {day}; every {n} days").format(day=at.due, n=at.every))}</p>' if at else ""  # fmt: skip
    none = "" if looked else f'<p class="bm-note">{escape(_("Nobody looked at it yet."))}</p>'
    st.html(
        f"<h2>{escape(_('Inspections'))}</h2>{due}{none}"
        f'<ul class="bm-found">{looked}</ul>{_open(visit, room, of.open)}<p class="bm-ways">{make} {" ".join(filter(None, every))}</p>'
    )


def _open(visit: Visit, room: Room, standing: list[Filed]) -> str:
    if not standing:
        return ""
    rows = "".join(_line(visit, room, one) for one in standing)
    return f'<h3>{escape(visit._("Open findings: {n}").format(n=len(standing)))}</h3><ul class="bm-found">{rows}</ul>'


def _line(visit: Visit, room: Room, one: Filed) -> str:
    _, day = visit._, today(room, visit.now)
    late = ' class="bm-late"' if one.state.is_overdue(day) else ""
    due = _("until {day}").format(day=due_text(one, day, _)) if one.state.due else ""
    about = " · ".join(
        filter(None, (grade_text(room, one.state.grade, visit.language), _(STATE[one.state.state]), due))
    )
    return f"<li>{to_finding(visit, one.number, item_text(room, one, visit.language))}<small{late}>{escape(about)}</small></li>"


def case_findings(visit: Visit, room: Room, number: str) -> None:
    """Say which findings became a case, to who sees them; and lead an authority to the order that it may make out on them."""
    orders = of_case(room, number, visit.now)
    if orders:
        area = quote(visit.name, safe="")
        links = "".join(f'<li><a href="/order/{area}?{escape(urlencode({"inspection": one, "lang": visit.language}))}" target="_blank" rel="noopener">{escape(visit._("Order to put right"))}</a><small>{escape(one)}</small></li>' for one in orders)  # fmt: skip
        st.html(f'<ul class="bm-found">{links}</ul>')
    if not visit.may("sites"):
        return
    found = inspection_lists.of_case(room, number, visit.now)
    if found:
        rows = "".join(_line(visit, room, one) for one in found)
        st.html(f'<h2 class="bm-quiet">{escape(visit._("Findings"))}</h2><ul class="bm-found">{rows}</ul>')
