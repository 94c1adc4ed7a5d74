"""Patrols (巡查): what is to be walked, what was, what nobody walked; the counts of a period, the plans of nights, and one that is written down."""

from collections.abc import Mapping
from html import escape

import pandas as pd
import streamlit as st

from desk.patrols.people import may_walk
from desk.room import Room
from ledger import patrols
from locales import N_
from pages.parts.files import files
from pages.parts.follow import follow_what
from pages.parts.going import link
from pages.parts.pager import page_of, pager
from pages.parts.patrol_counts import COUNTS, patrol_counts
from pages.parts.patrol_find import NARROWS, find
from pages.parts.patrol_form import write_patrol
from pages.parts.patrol_plans import plans
from pages.parts.patrol_sheet import sheet
from pages.parts.visit import Visit
from reports import patrol_lists
from reports.patrol_lists import PAGE, PILE, Row
from reports.words import post_title

NEW, PLANS = "new", "plans"


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), dict(st.session_state["own"]["patrols"])
    narrowed = {name: own[name] for name in NARROWS if own.get(name)}
    counts = patrol_lists.counts(room, narrowed, visit.now)
    known = {*PILE, COUNTS, PLANS, *([NEW] if _may_walk(visit) else [])}
    asked = own.get("tab", "")
    view = asked if asked in known else "planned" if counts["planned"] else "done"
    with st.container(key="visits", gap=None):
        _top(visit)
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_piles(visit, counts, view, narrowed), width="content")
            with st.container(key="visit_view", gap="small"):
                _view(visit, room, view, counts.get(view, 0), {**own, "tab": view})


def _top(visit: Visit) -> None:
    _ = visit._
    with st.container(key="visits_top", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Patrols"))}</h1>', width="content")
        if _may_walk(visit):
            st.html(f"{link(visit, 'patrols', {'tab': NEW}, attributes=' class=bm-button')}{escape(_('Write a patrol down'))}</a>", width="content")  # fmt: skip


def _may_walk(visit: Visit) -> bool:
    return visit.may("act") and may_walk(visit.post)


def _piles(visit: Visit, counts: Mapping[str, int], view: str, narrowed: Mapping[str, str]) -> str:
    _ = visit._
    parts = "".join(
        f"{_to(visit, {**narrowed, 'tab': name}, current=name == view)}<span>{escape(_(PILE[name][0]))}</span>"
        f'<b class="{"bm-late" if name == "missed" and many else ""}">{many:,}</b></a>'
        for name, many in counts.items()
    )
    for name, title in ((COUNTS, _("Counts")), (PLANS, _("Plans of patrols"))):
        period = {"period": narrowed["period"]} if name == COUNTS and narrowed.get("period") else {}
        parts += f"{_to(visit, {**period, 'tab': name}, current=view == name)}<span>{escape(title)}</span></a>"
    return f'<nav class="bm-piles" aria-label="{escape(_("Patrols"))}"><p>{escape(post_title(visit.post, _))}</p>{parts}</nav>'


def _view(visit: Visit, room: Room, view: str, many: int, own: dict[str, str]) -> None:
    if view == NEW:
        write_patrol(visit, room)
    elif view == PLANS:
        plans(visit, room)
    elif view == COUNTS:
        patrol_counts(visit, room, own)
    else:
        follow_what(lambda: _standing(room))
        _list(visit, room, view, many, own)


def _list(visit: Visit, room: Room, view: str, many: int, own: dict[str, str]) -> None:
    """Show a page of a list, with what narrows it above and the patrol that is open beside."""
    page = page_of(own, many, each=PAGE)
    found = patrol_lists.listed(room, view, own, visit.now, skip=(page - 1) * PAGE)
    with st.container(key="visit_bar", horizontal=True, vertical_alignment="center", gap="small"):
        find(visit, room, own)
        if many:
            st.html(pager(visit, "patrols", own, page, many, each=PAGE), width="content")
        files(visit, room, "patrols", visit._("Patrols"), many, visit._(PILE[view][0]), _asked(own), lambda now: _table(visit, now, view, own))  # fmt: skip
    with st.container(key="visit_list", horizontal=True, gap="medium"):
        rows = [patrol_lists.row(room, one, visit._, visit.language) for one in found]
        st.html(_rows(visit, rows, own) if rows else _empty(visit, view, own))
        with st.container(key="visit_sheet", gap="small"):
            sheet(visit, room, own.get("patrol", ""))


def _rows(visit: Visit, rows: list[Row], own: dict[str, str]) -> str:
    _ = visit._
    heads = (_("Grid"), _("Time"), _("Who walks"), _("What came of it"), _("Problems found"))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    return f'<section class="bm-visits"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{"".join(_row(visit, one, own) for one in rows)}</tbody></table></section>'


def _row(visit: Visit, row: Row, own: dict[str, str]) -> str:
    filed = row.filed
    is_open = own.get("patrol") == filed.number
    way = _to(visit, {**own, "patrol": filed.number}, current=is_open)
    found = f"{filed.state.found:,}" if filed.state.found else ""
    return (
        f"<tr{' aria-current=true' if is_open else ''}><td>{way}{escape(row.place)}</a><small>{escape(row.about)}</small></td>"
        f'<td>{escape(row.when)}</td><td>{escape(row.walkers)}</td><td>{escape(row.outcome)}</td><td class="bm-number">{found}</td></tr>'
    )


def _empty(visit: Visit, view: str, own: Mapping[str, str]) -> str:
    narrowed = any(own.get(name) for name in NARROWS if name != "period")
    said = visit._(N_("No patrol is like that. Clear the filter to see all.")) if narrowed else visit._(PILE[view][1])
    return f'<p class="bm-empty">{escape(said)}</p>'


def _asked(own: Mapping[str, str]) -> dict[str, str]:
    """Return what narrows the list, for the audit trail: not what is open, nor which page."""
    return {name: value for name, value in own.items() if name not in {"patrol", "page"}}


def _table(visit: Visit, room: Room, view: str, own: Mapping[str, str]) -> pd.DataFrame:
    found = patrol_lists.listed(room, view, own, visit.now, most=room.rules.settings.export_rows)
    return patrol_lists.table(room, found, visit._, visit.language)


def _standing(room: Room) -> int:
    with room.ledger.reading() as connection:
        return patrols.latest(connection, room.id)


def _to(visit: Visit, own: Mapping[str, str], *, current: bool = False) -> str:
    return link(visit, "patrols", own, attributes=' aria-current="true"' if current else "")
