"""Part of the page of sites: what narrows the list (words, state, grid, post, papers that run out)."""

from collections.abc import Mapping

import streamlit as st

from desk.room import Room
from desk.visits.people import grids
from layers.grid_names import full_names
from pages.parts.element import pixels
from pages.parts.visit import Visit, own_key
from reports.case_words import post_name
from reports.rounds import STANDING
from reports.site_lists import DRY, DUE, NARROWS, NONE, STANDINGS, STATES


def find(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show what narrows the list, as its address says."""
    _, key = visit._, own_key("site_find_q", visit)
    st.session_state[key] = own.get("q", "")
    st.text_input(_("Search"), key=key, placeholder=_("Number, name or address"), label_visibility="collapsed", width=pixels(190), on_change=_take, args=("q", key))  # fmt: skip
    _one(visit, "state", {name: _(said) for name, said in STATES.items()}, own, _("in use"), wide=120)
    names = full_names(room.area.net)
    _one(visit, "in", {f"{level}:{code}": names.get(level, {}).get(code, code) for level, code in grids(room)}, own, _("All grids"))  # fmt: skip
    posts = {post.key: post_name(room, post.key, _) for post in room.register.posts(visit.now).values() if post.grid}
    _one(visit, "of", {NONE: _("no post"), **posts}, own, _("All posts"))
    _one(visit, "due", {name: _(said) for name, said in DUE.items()}, own, _("All papers"))
    _one(visit, "standing", {name: _(STANDING[one]) for name, one in STANDINGS.items()}, own, _("All rounds"), wide=130)  # fmt: skip
    if room.rules.watering.kinds:
        _one(visit, "water", {DRY: _("has to be watered")}, own, _("Watered or not"), wide=130)
    if any(own.get(name) for name in NARROWS):
        st.button(_("Clear the filter"), key="site_find_clear", type="tertiary", on_click=ask, args=(dict.fromkeys(NARROWS, ""),))  # fmt: skip


def _one(
    visit: Visit, name: str, choices: Mapping[str, str], own: Mapping[str, str], all_: str, *, wide: int = 150
) -> None:
    key, chosen = own_key(f"site_find_{name}", visit), own.get(name)
    st.session_state[key] = chosen if chosen in choices else None
    st.selectbox(all_, list(choices), index=None, format_func=lambda one: choices.get(one, one), placeholder=all_, key=key, label_visibility="collapsed", width=pixels(wide), on_change=_take, args=(name, key))  # fmt: skip


def _take(name: str, key: str) -> None:
    ask({name: st.session_state[key] or ""})


def ask(said: Mapping[str, str]) -> None:
    """Ask for something else, from its first page."""
    own = {**st.session_state["own"]["sites"], **said, "page": "", "site": ""}
    st.session_state["own"] = {
        **st.session_state["own"],
        "sites": {name: value for name, value in own.items() if value},
    }
