"""Part of the page of patrols: the period and what narrows the list (kind, outcome, post, grid, a number)."""

from collections.abc import Mapping

import streamlit as st

from desk.patrols.people import WALKERS
from desk.room import Room
from pages.parts.element import pixels
from pages.parts.visit import Visit, own_key
from reports.visit_lists import MONTH, PERIOD
from reports.words import post_title

NARROWS = ("period", "kind", "outcome", "walker", "in", "of", "plan", "q")


def find(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show the period and what narrows the list, as its address says."""
    _, rules = visit._, room.rules.patrols
    period(visit, own)
    key = own_key("patrol_find_q", visit)
    st.session_state[key] = own.get("q", "")
    st.text_input(_("Search"), key=key, placeholder=_("Number"), label_visibility="collapsed", width=pixels(190), on_change=_take, args=("q", key))  # fmt: skip
    _one(visit, "kind", {key: kind.name.in_(visit.language) for key, kind in rules.kinds.items()}, own, _("All kinds"))
    _one(visit, "outcome", {key: name.in_(visit.language) for key, name in rules.outcomes.items()}, own, _("All outcomes"))  # fmt: skip
    posts = {key: post_title(post, _) for key, post in room.register.posts(visit.now).items() if post.kind in WALKERS}
    _one(visit, "walker", posts, own, _("All posts"))
    if any(own.get(name) for name in NARROWS if name != "period"):
        st.button(_("Clear the filter"), key="patrol_find_clear", type="tertiary", on_click=ask, args=({name: "" for name in NARROWS if name != "period"},))  # fmt: skip


def period(visit: Visit, own: Mapping[str, str]) -> None:
    """Show the choice of a period."""
    _, key = visit._, own_key("patrol_find_period", visit)
    st.session_state[key] = own.get("period") if own.get("period") in PERIOD else MONTH
    st.selectbox(_("Period"), list(PERIOD), format_func=lambda one: _(PERIOD[one]), key=key, label_visibility="collapsed", width=pixels(130), on_change=_take, args=("period", key))  # fmt: skip


def _one(visit: Visit, name: str, choices: Mapping[str, str], own: Mapping[str, str], all_: str) -> None:
    key, chosen = own_key(f"patrol_find_{name}", visit), own.get(name)
    st.session_state[key] = chosen if chosen in choices else None
    st.selectbox(all_, list(choices), index=None, format_func=lambda one: choices.get(one, one), placeholder=all_, key=key, label_visibility="collapsed", width=pixels(150), on_change=_take, args=(name, key))  # fmt: skip


def _take(name: str, key: str) -> None:
    ask({name: st.session_state[key] or ""})


def ask(said: Mapping[str, str]) -> None:
    """Ask for something else, from its first page."""
    own = {**st.session_state["own"]["patrols"], **said, "page": ""}
    st.session_state["own"] = {
        **st.session_state["own"],
        "patrols": {name: value for name, value in own.items() if value},
    }
