"""How often sites are visited (检查频次): what is due, overdue and left out; the rule and what another one would come to; fewer rounds by approval."""

from collections.abc import Mapping
from html import escape

import pandas as pd
import streamlit as st

from desk.inspections import rounds as desk
from desk.room import Room
from inspections.lowering import State
from inspections.rounds import Standing
from ledger.sites import Asked
from locales import N_
from pages.parts.files import files
from pages.parts.follow import follow_what
from pages.parts.going import link, on_map
from pages.parts.pager import page_of, pager
from pages.parts.round_find import asked_of, find
from pages.parts.round_lower import lower
from pages.parts.round_rule import rule
from pages.parts.visit import Visit
from reports import rounds
from reports.case_words import grid_name, post_name
from reports.rounds import PAGE, PILE, Row

RULE, LOWER = "rule", "lower"
KEEP = ("kind", "in", "of", "q")


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), dict(st.session_state["own"]["rounds"])
    asked = asked_of(room, own)
    counts = rounds.counts(room, asked, visit.now)
    usual = next((name for name, many in counts.items() if many), RULE)
    view = own["tab"] if own.get("tab") in {*PILE, RULE, LOWER} else usual
    follow_what(lambda: _standing(visit))
    with st.container(key="rounds", gap=None):
        with st.container(key="rounds_top", horizontal=True, vertical_alignment="center", gap="medium"):
            st.html(f'<h1 class="bm-heading">{escape(visit._("How often sites are visited"))}</h1>', width="content")
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_piles(visit, room, counts, view, own), width="content")
            with st.container(key="round_view", gap="small"):
                if view == RULE:
                    rule(visit, room, own)
                elif view == LOWER:
                    lower(visit, room, own)
                else:
                    _list(visit, room, view, asked, counts[view], {**own, "tab": view})


def _piles(visit: Visit, room: Room, counts: Mapping[str, int], view: str, own: Mapping[str, str]) -> str:
    _, kept = visit._, {name: own[name] for name in KEEP if own.get(name)}
    waiting = sum(one.state is State.ASKED for one in desk.lowerings(room).values())
    late = {Standing.OVERDUE, Standing.SKIPPED}
    parts = "".join(
        f"{_to(visit, {**kept, 'tab': name}, current=name == view)}<span>{escape(_(PILE[name][1]))}</span>"
        f'<b class="{"bm-late" if many and PILE[name][0] in late else ""}">{many:,}</b></a>'
        for name, many in counts.items()
    )
    parts += f"{_to(visit, {'tab': LOWER}, current=view == LOWER)}<span>{escape(_('Fewer rounds'))}</span><b>{waiting:,}</b></a>"
    parts += f"{_to(visit, {'tab': RULE}, current=view == RULE)}<span>{escape(_('The rule'))}</span></a>"
    return f'<nav class="bm-piles" aria-label="{escape(_("How often sites are visited"))}">{parts}</nav>'


def _list(visit: Visit, room: Room, view: str, asked: Asked, many: int, own: dict[str, str]) -> None:  # noqa: PLR0917
    _, page = visit._, page_of(own, many, each=PAGE)
    found = rounds.listed(room, view, asked, visit.now, skip=(page - 1) * PAGE)
    with st.container(key="round_bar", horizontal=True, vertical_alignment="center", gap="small"):
        find(visit, room, own)
        if many:
            st.html(pager(visit, "rounds", own, page, many, each=PAGE), width="content")
            st.html(on_map(visit, "sites", {"standing": view, **{name: own.get(name, "") for name in KEEP}}), width="content")  # fmt: skip
        kept = {name: value for name, value in own.items() if name != "page"}
        files(visit, room, "rounds", _("How often sites are visited"), many, _(PILE[view][1]), kept, lambda now: _table(visit, now, view, own))  # fmt: skip
    st.html(_rows(visit, room, found) if found else _empty(visit, view, own))


def _rows(visit: Visit, room: Room, found: list[Row]) -> str:
    _ = visit._
    heads = (_("Name"), _("Next round"), _("Responsible post"), _("How often"), _("Last round"))
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(_row(visit, room, one) for one in found)
    return f'<section class="bm-visits bm-rounds"><table class="bm-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></section>'


def _row(visit: Visit, room: Room, row: Row) -> str:
    _, site, one = visit._, row.site, row.one
    kind = room.rules.sites.kind(site.kind).name.in_(visit.language)
    about = " · ".join(filter(None, (site.number, kind, grid_name(room, site.codes), site.address)))
    post = escape(post_name(room, site.post, _)) if site.post else f'<b class="bm-late">{escape(_("no post"))}</b>'
    late = " class=bm-late" if one.standing >= Standing.OVERDUE else ""
    last = str(one.last) if one.last else _("never inspected")
    return (
        f"<tr><td>{link(visit, 'sites', {'site': site.number})}{escape(site.name)}</a><small>{escape(about)}</small></td>"
        f"<td{late}>{escape(rounds.due_text(one, visit.now, room, _))}</td><td>{post}</td><td>{escape(rounds.said(one, _))}</td><td>{escape(last)}</td></tr>"
    )


def _empty(visit: Visit, view: str, own: Mapping[str, str]) -> str:
    narrowed = any(own.get(name) for name in KEEP)
    said = N_("No site is like that. Clear the filter to see all.") if narrowed else PILE[view][2]
    return f'<p class="bm-empty">{escape(visit._(said))}</p>'


def _table(visit: Visit, room: Room, view: str, own: Mapping[str, str]) -> pd.DataFrame:
    found = rounds.listed(room, view, asked_of(room, own), visit.now, most=room.rules.settings.export_rows)
    return rounds.table(room, found, visit._, visit.language)


def _standing(visit: Visit) -> int:
    return desk.version(visit.room())


def _to(visit: Visit, own: Mapping[str, str], *, current: bool = False) -> str:
    return link(visit, "rounds", own, attributes=' aria-current="true"' if current else "")
