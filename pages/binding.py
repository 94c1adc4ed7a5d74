"""Sources bound to posts (污染源落格): what has to be settled, in piles, with its map and the grids that come into question; loads; a net that was redrawn."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

import pandas as pd
import streamlit as st

from desk.room import Room
from desk.sites import binding, register
from desk.sites.binding import EVERY, POLLUTION, Carried, Pile
from inspections.sites import Site
from layers.grid_names import every_name
from ledger import sites
from locales import N_
from pages.parts.binding_files import files
from pages.parts.binding_net import net
from pages.parts.binding_settle import chosen_site, settle, undo
from pages.parts.element import pixels
from pages.parts.follow import follow_what
from pages.parts.going import go, link
from pages.parts.pager import page_of, pager
from pages.parts.pick import pick_map
from pages.parts.tables import table
from pages.parts.visit import Visit, own_key
from reports.case_words import grid_name, post_name
from reports.site_words import MATCH

PAGE = 50
LOAD, NET = "load", "net"
NAMES = {Pile.EDGE: N_("On an edge"), Pile.OUTSIDE: N_("In no grid"), Pile.SEVERAL: N_("In several grids"), Pile.NO_POST: N_("Without a post")}  # fmt: skip
ABOUT = {POLLUTION: N_("Sources of pollution"), EVERY: N_("All sites")}


def render(visit: Visit) -> None:
    """Show the page."""
    room, own = visit.room(), dict(st.session_state["own"]["binding"])
    which = own.get("about") if own.get("about") in ABOUT else POLLUTION
    counts = binding.counts(room, which)
    chosen = own.get("pile", "")
    if chosen not in {*Pile, LOAD, NET}:
        chosen = next((pile for pile in Pile if counts[pile]), Pile.EDGE)
    with st.container(key="binding", gap=None):
        _top(visit, room, which)
        with st.container(key="piles", horizontal=True, gap=None):
            st.html(_piles(visit, counts, own, chosen), width="content")
            with st.container(key="binding_view", gap="small"):
                if chosen == LOAD:
                    _loads(visit, room, which)
                elif chosen == NET:
                    net(visit, room)
                else:
                    follow_what(lambda: _standing(room))
                    _pile(visit, room, Pile(chosen), which, own, counts[Pile(chosen)])


def _top(visit: Visit, room: Room, which: str) -> None:
    _ = visit._
    figure = binding.figure(room, which=which)
    share = f"{figure.bound / figure.all:.1%}" if figure.all else "–"
    said = _("{bound} of {all} bound to a post, {share}").format(bound=f"{figure.bound:,}", all=f"{figure.all:,}", share=share)  # fmt: skip
    with st.container(key="binding_top", horizontal=True, vertical_alignment="center", gap="medium"):
        st.html(f'<h1 class="bm-heading">{escape(_("Sources and their posts"))}</h1>', width="content")
        st.html(f'<p class="bm-figure" role="status">{escape(said)}</p>', width="content")
        key = own_key("binding_about", visit)
        st.session_state[key] = which
        st.segmented_control(_("Which sites"), list(ABOUT), format_func=lambda one: _(ABOUT[one]), key=key, required=True, label_visibility="collapsed", width="content", on_change=_take_about, args=(key,))  # fmt: skip


def _take_about(key: str) -> None:
    own = {name: value for name, value in st.session_state["own"]["binding"].items() if name == "pile"}
    go("binding", {**own, "about": st.session_state[key] or POLLUTION})


def _piles(visit: Visit, counts: Mapping[Pile, int], own: Mapping[str, str], chosen: str) -> str:
    """Return the piles with their counts, then loads and the redrawn net."""
    _, kept = visit._, {name: value for name, value in own.items() if name == "about"}

    def way(key: str, name: str, many: str) -> str:
        current = ' aria-current="true"' if key == chosen else ""
        return f"{link(visit, 'binding', {**kept, 'pile': key}, attributes=current)}<span>{escape(name)}</span>{many}</a>"  # fmt: skip

    parts = [way(pile.value, _(name), f"<b{' class=bm-late' if counts[pile] else ''}>{counts[pile]:,}</b>") for pile, name in NAMES.items()]  # fmt: skip
    parts.append(way(LOAD, _("Load"), ""))
    if visit.may(register.EDIT) and not visit.room().within.narrows:
        parts.append(way(NET, _("Redrawn net"), ""))
    return f'<nav class="bm-piles" aria-label="{escape(_("What has to be settled"))}">{"".join(parts)}</nav>'


def _pile(  # noqa: PLR0917
    visit: Visit, room: Room, pile: Pile, which: str, own: dict[str, str], many: int
) -> None:
    """Show a page of a pile, the map beside it, and what settles the chosen rows."""
    _ = visit._
    page = page_of(own, many, each=PAGE)
    found = binding.listed(room, pile, which, most=PAGE, skip=(page - 1) * PAGE)
    with st.container(key="binding_bar", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f"<h2>{escape(_(NAMES[pile]))}</h2>", width="content")
        if many:
            st.html(pager(visit, "binding", own, page, many, each=PAGE), width="content")
        files(visit, room, binding.asked_of(room, pile, which), many, _(NAMES[pile]))
    undo(visit, room)
    if not found:
        st.html(f'<p class="bm-empty">{escape(_("Nothing has to be settled here."))}</p>')
        return
    with st.container(key="binding_list", horizontal=True, gap="medium"):
        with st.container(key="binding_rows", gap="small"):
            rows = _rows(visit, room, found, f"{pile}_{which}_{page}")
            some = [found[row] for row in rows if row < len(found)]
            settle(visit, room, some, lambda now: binding.listed(now, pile, which, most=binding.MOST_AT_ONCE), many)
        with st.container(key="binding_side", gap="small"):
            shown = some[-1] if some else found[0]
            pick_map(visit.name, visit.language, _("Map: where the sites of this page are"), (shown.lon, shown.lat), home=visit.home, still=True, others=[(one.lon, one.lat) for one in found], key=f"binding_map_{visit.name}", on_picked=_leave)  # fmt: skip
            chosen_site(visit, room, shown)


def _leave() -> None:
    """Choose nothing: a press on this map is none."""


def _rows(visit: Visit, room: Room, found: Sequence[Site], name: str) -> list[int]:
    """Show the rows of a pile, and return which are chosen."""
    _, rules = visit._, room.rules.sites
    frame = pd.DataFrame(
        {
            _("Name"): [one.name for one in found],
            _("Kind of site"): [rules.kind(one.kind).name.in_(visit.language) for one in found],
            _("Micro-grid"): [grid_name(room, one.codes) for one in found],
            _("Where it lies"): [_(MATCH.get(one.match, one.match)) for one in found],
            _("Metres to an edge"): [one.edge_m for one in found],
            _("Responsible post"): [post_name(room, one.post, _) if one.post else _("no post") for one in found],
            _("Number"): [one.number for one in found],
        }
    )
    heads = list(frame.columns)
    event = st.dataframe(
        frame,
        key=f"binding_{name}_{visit.language}_{visit.name}_{max(one.version for one in found)}_{len(found)}",
        hide_index=True,
        height=pixels(430),
        on_select="rerun",
        selection_mode="multi-row",
        column_config={heads[0]: st.column_config.Column(width=pixels(150)), heads[4]: st.column_config.NumberColumn(format="%.1f", width=pixels(90))},
        placeholder="",
        alt=_("What has to be settled"),
    )  # fmt: skip
    return list(event["selection"].get("rows") or [])


def _loads(visit: Visit, room: Room, which: str) -> None:
    """Show how many sites each post answers for, and how many each grid has, beside the norm."""
    _, grids = visit._, room.area.net
    names = every_name(grids)
    parts = {part.key: part.name.in_(visit.language) for part in (*reversed(grids.levels), *grids.overlays)}
    with st.container(key="binding_load", horizontal=True, gap="large"):
        with st.container(gap="small"):
            st.html(f"<h2>{escape(_('By post'))}</h2>")
            st.html(_carried(visit, binding.by_post(room, which), _("Responsible post"), lambda key: post_name(room, key, _) or _("no post")))  # fmt: skip
        with st.container(gap="small"):
            st.html(f"<h2>{escape(_('By grid'))}</h2>")
            key = own_key("binding_level", visit)
            level = st.selectbox(_("Level"), list(parts), format_func=lambda one: parts.get(one, one), key=key, label_visibility="collapsed") or grids.leaf.key  # fmt: skip
            st.html(_carried(visit, binding.by_grid(room, level, which), parts[level], lambda code: names.get(level, {}).get(code, code)))  # fmt: skip
    files(visit, room, binding.about(room, which), binding.figure(room, which=which).all, _("Load"))


def _carried(visit: Visit, rows: Sequence[Carried], head: str, name: Callable[[str], str]) -> str:
    _ = visit._
    told = [(name(row.key), f"{row.sites:,}", "" if row.norm is None else str(row.norm), _("above the norm") if row.norm is not None and row.sites > row.norm else "") for row in rows]  # fmt: skip
    return f'<div class="bm-counted">{table((head, _("How many sites"), _("Norm"), ""), told)}</div>'


def _standing(room: Room) -> int:
    with room.ledger.reading() as connection:
        return sites.latest(connection, room.id)
