"""Part of the page of rounds: what narrows its lists (words, kind, grid, post)."""

from collections.abc import Mapping

import streamlit as st

from desk.room import Room
from desk.visits.people import grids
from layers.grid_names import full_names
from ledger.sites import Asked
from pages.parts.element import pixels
from pages.parts.visit import Visit, own_key
from reports.case_words import post_name

NARROWS = ("kind", "in", "of", "q")
NONE = "none"


def asked_of(room: Room, own: Mapping[str, str]) -> Asked:
    """Return the question of an address."""
    key, _, code = own.get("in", "").partition(":")
    post = own.get("of", "")
    return Asked(
        room.id,
        kinds=frozenset({own["kind"]} if own.get("kind") else ()),
        grid=(key, code) if key in room.area.net.keys and code else None,
        post="" if post == NONE else post,
        without_post=post == NONE,
        text=own.get("q", "").strip(),
    )


def find(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show what narrows the list, as its address says."""
    _, key = visit._, own_key("round_find_q", visit)
    st.session_state[key] = own.get("q", "")
    st.text_input(_("Search"), key=key, placeholder=_("Number, name or address"), label_visibility="collapsed", width=pixels(190), on_change=_take, args=("q", key))  # fmt: skip
    _one(visit, "kind", {name: kind.name.in_(visit.language) for name, kind in room.rules.sites.kinds.items()}, own, _("All kinds"))  # fmt: skip
    names = full_names(room.area.net)
    _one(visit, "in", {f"{level}:{code}": names.get(level, {}).get(code, code) for level, code in grids(room)}, own, _("All grids"))  # fmt: skip
    posts = {post.key: post_name(room, post.key, _) for post in room.register.posts(visit.now).values() if post.grid}
    _one(visit, "of", {NONE: _("no post"), **posts}, own, _("All posts"))
    if any(own.get(name) for name in NARROWS):
        st.button(_("Clear the filter"), key="round_find_clear", type="tertiary", on_click=_ask, args=(dict.fromkeys(NARROWS, ""),))  # fmt: skip


def _one(visit: Visit, name: str, choices: Mapping[str, str], own: Mapping[str, str], all_: str) -> None:
    key, chosen = own_key(f"round_find_{name}", visit), own.get(name)
    st.session_state[key] = chosen if chosen in choices else None
    st.selectbox(all_, list(choices), index=None, format_func=lambda one: choices.get(one, one), placeholder=all_, key=key, label_visibility="collapsed", width=pixels(150), on_change=_take, args=(name, key))  # fmt: skip


def _take(name: str, key: str) -> None:
    _ask({name: st.session_state[key] or ""})


def _ask(said: Mapping[str, str]) -> None:
    """Ask for something else, from its first page."""
    own = {**st.session_state["own"]["rounds"], **said, "page": ""}
    st.session_state["own"] = {
        **st.session_state["own"],
        "rounds": {name: value for name, value in own.items() if value},
    }
