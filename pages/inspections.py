"""Inspections (检查记录): what was looked at, when, and what it came to; one of them with every item; and making one at the desk or typing one in from paper."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from desk.inspections import reading
from desk.room import Room
from desk.sites import register
from inspections.answers import Outcome
from inspections.sites import State
from ledger.sites import Asked
from locales import N_
from pages.parts.follow import follow_what
from pages.parts.going import go, link
from pages.parts.inspection_files import files
from pages.parts.inspection_find import INSPECTIONS, find_inspections
from pages.parts.inspection_form import inspection_form
from pages.parts.inspection_sheet import sheet
from pages.parts.pager import page_of, pager
from pages.parts.visit import Visit, own_key
from reports import inspection_lists
from reports.case_words import grid_name, post_name
from reports.checklists import OUTCOME
from reports.inspection_lists import NONE, PAGE, Inspections
from reports.inspection_words import WAY, grade_text, outcome_text, site_name

PATH, MAKE = "inspections", "make"
NEW = "new"  # in place of a site's number: it is still to be chosen
MOST_SITES = 30  # that a search offers


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), dict(st.session_state["own"][PATH])
    making = own.get(MAKE, "") if visit.may("inspect") else ""
    with st.container(key=PATH, gap=None):
        with st.container(key="inspections_top", horizontal=True, vertical_alignment="center", gap="medium"):
            st.html(f'<h1 class="bm-heading">{escape(visit._("Inspections"))}</h1>', width="content")
            if visit.may("inspect"):
                st.html(f"{link(visit, PATH, {MAKE: NEW}, attributes=' class=bm-button')}{escape(visit._('Enter an inspection'))}</a>", width="content")  # fmt: skip
            st.html(f"{link(visit, 'findings', {})}{escape(visit._('Findings'))}</a>", width="content")
        with st.container(key="inspection_view", gap="small"):
            if making == NEW:
                _choose_site(visit, room)
            elif making:
                inspection_form(visit, room, making)
            else:
                follow_what(lambda: inspection_lists.standing(room))
                _list(visit, room, own)


def _choose_site(visit: Visit, room: Room) -> None:
    """Show a search for the site that was inspected."""
    _, key = visit._, own_key("inspect_site_q", visit)
    st.html(f"<h2>{escape(_('Which site was inspected?'))}</h2>")
    said = st.text_input(_("Search"), key=key, type="search", live=True, placeholder=_("Number, name or address"), label_visibility="collapsed", width=420)  # fmt: skip
    found = register.listed(room, Asked(room.id, states=frozenset({State.ACTIVE.value, State.SUSPENDED.value}), text=(said or "").strip()), most=MOST_SITES)  # fmt: skip
    lines = "".join(
        f"<li>{link(visit, PATH, {MAKE: one.number})}{escape(one.name)}</a><small>{escape(' · '.join(filter(None, (one.number, room.rules.sites.kind(one.kind).name.in_(visit.language), one.address, grid_name(room, one.codes)))))}</small></li>"
        for one in found
    )
    none = _("No site is called so. Enter it in the register first.")
    st.html(f'<ul class="bm-found bm-choose">{lines}</ul>' if lines else f'<p class="bm-empty">{escape(none)}</p>')
    st.button(_("Leave without saving"), key="inspect_leave", on_click=go, args=(PATH, {}))


def _list(visit: Visit, room: Room, own: dict[str, str]) -> None:
    """Show a page of the list, with what narrows it above and the inspection that is open beside."""
    question = inspection_lists.inspections_asked(room, own, visit.now)
    counts, chosen = inspection_lists.outcomes(room, question), own.get("outcome", "")
    many = counts.get(chosen, 0) if chosen else sum(counts.values())
    page = page_of(own, many, each=PAGE)
    found = inspection_lists.inspected(room, question, skip=(page - 1) * PAGE)
    st.html(_pills(visit, counts, own))
    with st.container(key="inspection_bar", horizontal=True, vertical_alignment="center", gap="small"):
        find_inspections(visit, room, own)
        if many:
            st.html(pager(visit, PATH, own, page, many, each=PAGE), width="content")
        said = {name: value for name, value in own.items() if name not in {"inspection", "page"}}
        named = visit._(OUTCOME[Outcome(chosen)]) if chosen in set(Outcome) else visit._("All results")
        files(visit, room, question, many, (PATH, visit._("Inspections"), named), said)
    with st.container(key="inspection_list", horizontal=True, gap="medium"):
        st.html(_rows(visit, room, found, own) if found.rows else _empty(visit, room, own))
        with st.container(key="inspection_sheet", gap="small"):
            sheet(visit, room, own.get("inspection", ""))


def _pills(visit: Visit, counts: Mapping[str, int], own: Mapping[str, str]) -> str:
    """Return the results as pills, each with how many inspections came to it."""
    _, kept = visit._, {name: value for name, value in own.items() if name not in {"outcome", "page", "inspection"}}
    rows = [("", _("All results"), sum(counts.values()))]
    rows += [(one.value, _(OUTCOME[one]), counts.get(one.value, 0)) for one in Outcome]
    rows += (
        [(NONE, _("Not all answered"), counts.get(NONE, 0))] if counts.get(NONE) or own.get("outcome") == NONE else []
    )
    parts = "".join(
        f"{_to(visit, {**kept, 'outcome': key}, current=own.get('outcome', '') == key)}<span>{escape(name)}</span> <b>{many:,}</b></a>"
        for key, name, many in rows
    )
    return f'<nav class="bm-pills" aria-label="{escape(_("Result"))}">{parts}</nav>'


def _rows(visit: Visit, room: Room, found: Inspections, own: Mapping[str, str]) -> str:
    _, language = visit._, visit.language
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in (_("Inspected site"), _("Inspected on"), _("Result"), _("Grade"), _("Findings opened"), _("Inspected by")))  # fmt: skip
    body = ""
    for one in found.rows:
        is_open, place = own.get("inspection") == one.number, found.sites.get(one.site)
        kind = room.rules.sites.kind(one.kind).name.in_(language)
        about = " · ".join(filter(None, (one.number, kind, _(WAY[one.way]), grid_name(room, one.codes))))
        due = f"<small>{escape(_('until {day}').format(day=one.due))}</small>" if one.due else ""
        opened = f"{len(one.findings)}" + (f"<small>{escape(_('{m} on the spot').format(m=one.corrected))}</small>" if one.corrected else "")  # fmt: skip
        grade = f'<span class="bm-grade" data-grade="{one.grade.value}">{escape(grade_text(room, one.grade, language))}</span>' if one.grade else "—"  # fmt: skip
        body += (
            f'<tr{" aria-current=true" if is_open else ""} data-outcome="{one.outcome.value if one.outcome else ""}"><td>{_to(visit, {**own, "inspection": one.number}, current=is_open)}'
            f"{escape(site_name(place, one.site))}</a><small>{escape(about)}</small></td><td>{escape(str(one.day))}</td><td>{escape(outcome_text(one, _))}{due}</td>"
            f"<td>{grade}</td><td>{opened if one.findings else '—'}</td><td>{escape(post_name(room, one.post, _))}</td></tr>"
        )
    return f'<section class="bm-visits bm-inspections"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></section>'


def _empty(visit: Visit, room: Room, own: Mapping[str, str]) -> str:
    narrowed = any(own.get(name) for name in INSPECTIONS) and reading.count(room, inspection_lists.inspections_asked(room, {}, visit.now))  # fmt: skip
    said = N_("No inspection is like that. Clear the filter to see all.") if narrowed else N_("There is no inspection yet. Enter one here, or make one with a phone.")  # fmt: skip
    return f'<p class="bm-empty">{escape(visit._(said))}</p>'


def _to(visit: Visit, own: Mapping[str, str], *, current: bool = False) -> str:
    return link(visit, PATH, {name: value for name, value in own.items() if value}, attributes=' aria-current="true"' if current else "")  # fmt: skip
