"""Part of the page of service orders: what narrows the list (service, team, a number or a key)."""

from collections.abc import Mapping

import streamlit as st

from desk.orders import register
from desk.room import Room
from pages.parts.element import pixels
from pages.parts.visit import Visit, own_key
from reports.order_words import item_name

NARROWS = ("item", "team", "q")


def find(visit: Visit, room: Room, own: Mapping[str, str]) -> None:
    """Show what narrows the list, as its address says."""
    _ = visit._
    key = own_key("order_find_q", visit)
    st.session_state[key] = own.get("q", "")
    st.text_input(_("Search"), key=key, placeholder=_("Number, or key of the resident"), label_visibility="collapsed", width=pixels(230), on_change=_take, args=("q", key))  # fmt: skip
    items = {name: item_name(room, name, visit.language) for name in room.rules.services.items}
    teams = {str(team.id): team.name for team in register.of_room(room, ended=True)}
    _one(visit, "item", items, own, _("All services"), _("Service"))
    _one(visit, "team", teams, own, _("All teams"), _("Team"))
    if any(own.get(name) for name in NARROWS):
        st.button(_("Clear the filter"), key="order_find_clear", type="tertiary", on_click=_ask, args=(dict.fromkeys(NARROWS, ""),))  # fmt: skip


def _one(visit: Visit, name: str, choices: Mapping[str, str], own: Mapping[str, str], all_: str, label: str) -> None:  # noqa: PLR0917
    key, chosen = own_key(f"order_find_{name}", visit), own.get(name)
    st.session_state[key] = chosen if chosen in choices else None
    st.selectbox(label, list(choices), index=None, format_func=lambda one: choices.get(one, one), placeholder=all_, key=key, label_visibility="collapsed", width=pixels(180), on_change=_take, args=(name, key))  # fmt: skip


def _take(name: str, key: str) -> None:
    _ask({name: st.session_state[key] or ""})


def _ask(said: Mapping[str, str]) -> None:
    """Ask for something else, from its first page."""
    own = {**st.session_state["own"]["orders"], **said, "page": ""}
    st.session_state["own"] = {
        **st.session_state["own"],
        "orders": {name: value for name, value in own.items() if value},
    }
