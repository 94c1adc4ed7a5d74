"""Service orders (点单): what waits for the acting post, what has no team, what is late, what comes again, what is over; a new one, the counts, and the register of teams."""

from collections.abc import Mapping
from html import escape

import pandas as pd
import streamlit as st

from desk.orders.people import may_ask
from desk.room import Room
from ledger import orders
from locales import N_
from pages.parts.files import files
from pages.parts.follow import follow_what
from pages.parts.going import link
from pages.parts.order_counts import COUNTS, order_counts
from pages.parts.order_find import NARROWS, find
from pages.parts.order_form import new_order
from pages.parts.order_rows import order_rows
from pages.parts.order_sheet import sheet
from pages.parts.pager import page_of, pager
from pages.parts.team_register import team_register
from pages.parts.visit import Visit
from reports import order_lists
from reports.order_lists import PAGE, PILE
from reports.words import post_title

NEW, TEAMS = "new", "teams"
BESIDE = {COUNTS: N_("Satisfaction"), TEAMS: N_("Service teams")}


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), dict(st.session_state["own"]["orders"])
    narrowed = {name: own[name] for name in NARROWS if own.get(name)}
    counts = order_lists.counts(room, visit.post, visit.now, narrowed)
    asked = own.get("tab", "")
    view = asked if asked in {*PILE, *BESIDE, NEW} else "mine" if counts["mine"] else "running"
    with st.container(key="orders", gap=None):
        _top(visit, room)
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_piles(visit, counts, view, narrowed), width="content")
            with st.container(key="order_view", gap="small"):
                _view(visit, room, view, counts.get(view, 0), {**narrowed, "tab": view, **_kept(own)})


def _kept(own: Mapping[str, str]) -> dict[str, str]:
    return {name: own[name] for name in ("order", "page", "period") if own.get(name)}


def _top(visit: Visit, room: Room) -> None:
    _ = visit._
    with st.container(key="orders_top", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Service orders"))}</h1>', width="content")
        if visit.may("act") and may_ask(room, visit.post):
            st.html(f'{link(visit, "orders", {"tab": NEW}, attributes=" class=bm-button")}{escape(_("New order"))}</a>', width="content")  # fmt: skip


def _piles(visit: Visit, counts: Mapping[str, int], view: str, narrowed: Mapping[str, str]) -> str:
    _ = visit._
    parts = "".join(
        f"{_to(visit, {**narrowed, 'tab': name}, current=name == view)}<span>{escape(_(PILE[name][0]))}</span>"
        f'<b class="{"bm-late" if name == "late" and many else ""}">{many:,}</b></a>'
        for name, many in counts.items()
    )
    parts += "".join(f"{_to(visit, {'tab': name}, current=name == view)}<span>{escape(_(said))}</span></a>" for name, said in BESIDE.items())  # fmt: skip
    return f'<nav class="bm-piles" aria-label="{escape(_("Service orders"))}"><p>{escape(post_title(visit.post, _))}</p>{parts}</nav>'


def _view(visit: Visit, room: Room, view: str, many: int, own: dict[str, str]) -> None:
    if view == NEW:
        new_order(visit, room)
    elif view == TEAMS:
        team_register(visit, room)
    elif view == COUNTS:
        order_counts(visit, room, own)
    else:
        follow_what(lambda: _standing(room))
        _list(visit, room, view, many, own)


def _list(visit: Visit, room: Room, view: str, many: int, own: dict[str, str]) -> None:
    """Show a page of a pile, with what narrows it above and the order that is open beside."""
    _ = visit._
    page = page_of(own, many, each=PAGE)
    found = order_lists.listed(room, visit.post, view, visit.now, own, start=(page - 1) * PAGE)
    rows = order_lists.rows(room, found, visit.now, _, visit.language, again=view == "again")
    with st.container(key="order_bar", horizontal=True, vertical_alignment="center", gap="small"):
        find(visit, room, own)
        if many > PAGE:
            st.html(pager(visit, "orders", own, page, many, each=PAGE), width="content")
        files(
            visit,
            room,
            "orders",
            _("Orders"),
            many,
            _(PILE[view][0]),
            _asked(own),
            lambda now: _table(visit, now, view, own),
        )
    with st.container(key="order_list", horizontal=True, gap="medium"):
        st.html(order_rows(visit, rows, own) if rows else _empty(visit, view, own))
        with st.container(key="order_sheet", gap="small"):
            sheet(visit, room, own.get("order", ""))


def _empty(visit: Visit, view: str, own: Mapping[str, str]) -> str:
    narrowed = any(own.get(name) for name in NARROWS)
    said = visit._(N_("No order is like that. Clear the filter to see all.")) if narrowed else visit._(PILE[view][1])
    return f'<p class="bm-empty">{escape(said)}</p>'


def _asked(own: Mapping[str, str]) -> dict[str, str]:
    """Return what narrows the list, for the audit trail: not what is open, nor which page."""
    return {name: value for name, value in own.items() if name not in {"order", "page"}}


def _table(visit: Visit, room: Room, view: str, own: Mapping[str, str]) -> pd.DataFrame:
    most = room.rules.settings.export_rows
    found = order_lists.listed(room, visit.post, view, visit.now, own, most=most)
    return order_lists.table(room, found, visit._, visit.language)


def _standing(room: Room) -> int:
    with room.ledger.reading() as connection:
        return orders.latest(connection, room.id)


def _to(visit: Visit, own: Mapping[str, str], *, current: bool = False) -> str:
    return link(visit, "orders", own, attributes=' aria-current="true"' if current else "")
