"""Visits (走访): what is overdue, to be made, for the head to decide, made; the counts of a period; and new ones planned."""

from collections.abc import Mapping
from html import escape

import pandas as pd
import streamlit as st

from desk.room import Room
from desk.visits.people import may_plan
from ledger import visits
from locales import N_
from pages.parts.files import files
from pages.parts.follow import follow_what
from pages.parts.going import link
from pages.parts.pager import page_of, pager
from pages.parts.visit import Visit
from pages.parts.visit_counts import COUNTS, visit_counts
from pages.parts.visit_find import NARROWS, find
from pages.parts.visit_plan import plan_visits
from pages.parts.visit_round import ROUND, household_round
from pages.parts.visit_sheet import sheet
from reports import visit_lists
from reports.visit_lists import PAGE, PILE, Row
from reports.words import post_title

PLAN = "plan"


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), dict(st.session_state["own"]["visits"])
    narrowed = {name: own[name] for name in NARROWS if own.get(name)}
    counts = visit_lists.counts(room, narrowed, visit.now)
    asked = own.get("tab", "")
    known = {*PILE, COUNTS, *([ROUND] if room.rules.visits.round_kind else []), *([PLAN] if _may_plan(visit) else [])}
    view = asked if asked in known else visit_lists.first(counts, narrowed)
    with st.container(key="visits", gap=None):
        _top(visit)
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_piles(visit, room, counts, view, narrowed), width="content")
            with st.container(key="visit_view", gap="small"):
                _view(visit, room, view, counts.get(view, 0), {**own, "tab": view})


def _top(visit: Visit) -> None:
    _ = visit._
    with st.container(key="visits_top", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Visits"))}</h1>', width="content")
        if _may_plan(visit):
            st.html(f"{link(visit, 'visits', {'tab': PLAN}, attributes=' class=bm-button')}{escape(_('Plan visits'))}</a>", width="content")  # fmt: skip


def _may_plan(visit: Visit) -> bool:
    return visit.may("act") and may_plan(visit.post)


def _piles(visit: Visit, room: Room, counts: Mapping[str, int], view: str, narrowed: Mapping[str, str]) -> str:
    _ = visit._
    parts = "".join(
        f"{_to(visit, {**narrowed, 'tab': name}, current=name == view)}<span>{escape(_(PILE[name][0]))}</span>"
        f'<b class="{"bm-late" if name == "overdue" and many else ""}">{many:,}</b></a>'
        for name, many in counts.items()
    )
    parts += f"{_to(visit, {**narrowed, 'tab': COUNTS}, current=view == COUNTS)}<span>{escape(_('Counts'))}</span></a>"
    if room.rules.visits.round_kind:
        parts += f"{_to(visit, {'tab': ROUND}, current=view == ROUND)}<span>{escape(_('Household round'))}</span></a>"
    return f'<nav class="bm-piles" aria-label="{escape(_("Visits"))}"><p>{escape(post_title(visit.post, _))}</p>{parts}</nav>'


def _view(visit: Visit, room: Room, view: str, many: int, own: dict[str, str]) -> None:
    if view == PLAN:
        plan_visits(visit, room)
    elif view == ROUND:
        household_round(visit, room, own)
    elif view == COUNTS:
        visit_counts(visit, room, own)
    else:
        follow_what(lambda: _standing(room))
        _list(visit, room, view, many, own)


def _list(visit: Visit, room: Room, view: str, many: int, own: dict[str, str]) -> None:
    """Show a page of a list, with what narrows it above and the visit that is open beside."""
    page = page_of(own, many, each=PAGE)
    found = visit_lists.listed(room, view, own, visit.now, skip=(page - 1) * PAGE)
    with st.container(key="visit_bar", horizontal=True, vertical_alignment="center", gap="small"):
        find(visit, room, own)
        if many:
            st.html(pager(visit, "visits", own, page, many, each=PAGE), width="content")
        files(
            visit,
            room,
            "visits",
            visit._("Visits"),
            many,
            visit._(PILE[view][0]),
            _asked(own),
            lambda now: _table(visit, now, view, own),
        )
    with st.container(key="visit_list", horizontal=True, gap="medium"):
        rows = [visit_lists.row(room, one, visit.now, visit._, visit.language) for one in found]
        st.html(_rows(visit, rows, own) if rows else _empty(visit, view, own))
        with st.container(key="visit_sheet", gap="small"):
            sheet(visit, room, own.get("walk", ""))


def _rows(visit: Visit, rows: list[Row], own: dict[str, str]) -> str:
    _ = visit._
    heads = (_("Where"), _("Due or visited"), _("Who goes"), _("State"), _("Households met"))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    return f'<section class="bm-visits"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{"".join(_row(visit, one, own) for one in rows)}</tbody></table></section>'


def _row(visit: Visit, row: Row, own: dict[str, str]) -> str:
    filed = row.filed
    is_open = own.get("walk") == filed.number
    way = _to(visit, {**own, "walk": filed.number}, current=is_open)
    met = "" if filed.state.households is None else f"{filed.state.households:,}"
    return (
        f'<tr{" aria-current=true" if is_open else ""} data-phase="{filed.state.phase.value}"><td>{way}{escape(row.place)}</a><small>{escape(row.about)}</small></td>'
        f'<td{" class=bm-late" if row.is_late else ""}>{escape(row.when)}</td><td>{escape(row.visitor)}</td><td>{escape(row.state)}</td><td class="bm-number">{met}</td></tr>'
    )


def _empty(visit: Visit, view: str, own: Mapping[str, str]) -> str:
    narrowed = any(own.get(name) for name in NARROWS if name != "period")
    said = visit._(N_("No visit is like that. Clear the filter to see all.")) if narrowed else visit._(PILE[view][1])
    return f'<p class="bm-empty">{escape(said)}</p>'


def _asked(own: Mapping[str, str]) -> dict[str, str]:
    """Return what narrows the list, for the audit trail: not what is open, nor which page."""
    return {name: value for name, value in own.items() if name not in {"walk", "page"}}


def _table(visit: Visit, room: Room, view: str, own: Mapping[str, str]) -> pd.DataFrame:
    found = visit_lists.listed(room, view, own, visit.now, most=room.rules.settings.export_rows)
    return visit_lists.table(room, found, visit._, visit.language)


def _standing(room: Room) -> int:
    with room.ledger.reading() as connection:
        return visits.latest(connection, room.id)


def _to(visit: Visit, own: Mapping[str, str], *, current: bool = False) -> str:
    return link(visit, "visits", own, attributes=' aria-current="true"' if current else "")
