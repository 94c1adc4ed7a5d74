"""Whistles (吹哨报到): what waits for the acting post, what runs and by when, and one whistle's sheet; or the form that asks for one."""

from html import escape

import streamlit as st

from desk.room import Room
from desk.whistle.people import may_ask
from geo.errors import UnknownWhistle
from pages.parts import whistle_ask, whistle_sheet
from pages.parts.follow import follow
from pages.parts.going import link
from pages.parts.rows import light
from pages.parts.visit import Visit
from reports import whistles
from reports.refusals import refusal
from reports.whistles import PILE, Row
from reports.words import post_title


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), st.session_state["own"]["whistles"]
    follow(room)
    with st.container(key="whistles", gap=None):
        if own.get("about"):
            whistle_ask.show(visit, room, own["about"])
        elif own.get("whistle"):
            _one(visit, room, own["whistle"])
        else:
            _all(visit, room, own.get("pile", ""))


def _one(visit: Visit, room: Room, number: str) -> None:
    try:
        shown = whistles.sheet(room, number, visit.now, through=visit.post)
    except UnknownWhistle as error:
        st.html(
            f'<section class="bm-trouble" role="alert"><h1>{escape(number)}</h1><p>{escape(refusal(error, visit._))}</p>'
            f'<p class="bm-back">{link(visit, "whistles", {})}{escape(visit._("Whistles"))}</a></p></section>'
        )
    else:
        whistle_sheet.show(visit, room, shown)


def _all(visit: Visit, room: Room, asked: str) -> None:
    _ = visit._
    piles = whistles.piles(room, visit.post, visit.now)
    likely = next((name for name in ("mine", "approve") if piles.get(name)), "running")
    pile = asked if asked in piles else likely
    found = whistles.rows(room, piles[pile][: whistles.MOST], visit.post, visit.now, _, visit.language)
    with st.container(key="whistles_top", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Whistles"))}</h1>', width="content")
        if visit.may("act") and may_ask(room, visit.post):
            st.html(f'{link(visit, "whistles", {"about": whistle_ask.PLACE}, attributes=" class=bm-button")}{escape(_("Ask for a whistle"))}</a>', width="content")  # fmt: skip
    with st.container(key="piles", horizontal=True, gap=None):
        st.html(_piles(visit, {name: len(some) for name, some in piles.items()}, pile), width="content")
        st.html(_list(visit, found, pile))


def _piles(visit: Visit, counts: dict[str, int], pile: str) -> str:
    _ = visit._
    parts = "".join(
        f"{link(visit, 'whistles', {'pile': name}, attributes=' aria-current=true' if name == pile else '')}<span>{escape(_(PILE[name][0]))}</span>"
        f'<b class="{"bm-late" if name == "late" and many else ""}">{many:,}</b></a>'
        for name, many in counts.items()
    )
    return f'<nav class="bm-piles" aria-label="{escape(_("Whistles"))}"><p>{escape(post_title(visit.post, _))}</p>{parts}</nav>'


def _list(visit: Visit, found: list[Row], pile: str) -> str:
    if not found:
        return f'<p class="bm-empty">{escape(visit._(PILE[pile][1]))}</p>'
    return f'<ol class="bm-rows bm-whistles">{"".join(_row(visit, row) for row in found)}</ol>'


def _row(visit: Visit, row: Row) -> str:
    number, clock = row.filed.number, row.clock
    shown = light(clock.light.value, f"{clock.name} {clock.left}", clock.due) if clock and clock.light else ""
    about = " · ".join(filter(None, (row.kind, row.filed.incident)))
    return (
        f'<li>{link(visit, "whistles", {"whistle": number})}<i class="bm-sort" aria-hidden="true">{escape(row.kind[:1])}</i>'
        f'<b class="bm-title">{escape(row.title)}</b><span class="bm-about"><code>{escape(number)}</code> {escape(about)}</span>'
        f'<span class="bm-where">{escape(row.where)}<small>{escape(row.who)}</small></span>'
        f'<span class="bm-state">{escape(row.phase)}</span>{shown}</a></li>'
    )
