"""Chat groups (群消息): messages that a person pastes become proposals, and those that are confirmed become cases; and the register of the groups."""

from html import escape

import streamlit as st

from desk import chat
from desk.chat import groups
from desk.room import Room
from geo.errors import BattlemapError
from pages.parts.element import pixels
from pages.parts.form import Form
from pages.parts.group_register import register
from pages.parts.proposals import proposals
from pages.parts.visit import Visit
from reports.refusals import refusal

MESSAGES, REGISTER = "messages", "register"


def render(visit: Visit) -> None:
    """Show the page."""
    _, room, form = visit._, visit.room(), Form("chat", visit)
    names = {MESSAGES: _("Messages"), REGISTER: _("Group register")}
    with st.container(key="chat", gap="small"):
        shown = st.segmented_control(
            _("Chat groups"),
            list(names),
            format_func=names.get,
            required=True,
            label_visibility="collapsed",
            **form.bind("view", MESSAGES),
        )
        if shown == REGISTER:
            register(visit, room)
        else:
            _paste(visit, room, form)
            proposals(visit, room, form)


def _paste(visit: Visit, room: Room, form: Form) -> None:
    """Take what a person pastes; it is taken apart at once, and not kept."""
    _, known = visit._, {group.id: group for group in groups.of_room(room)}
    st.text_area(
        _("Paste messages of a chat group, several at once"),
        height=150,
        placeholder=_("11:20 Neighbour: the lamp in front of building 3 is out …"),
        **form.bind("paste"),
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            _("Group (narrows the places)"),
            [0, *known],
            format_func=lambda number: known[number].name if number in known else _("No group"),
            width=pixels(300),
            **form.bind("group", 0),
        )
        st.button(
            _("Read the messages"),
            type="secondary" if form.get("items", []) else "primary",
            key="read_chat",
            shortcut="Ctrl+Enter",
            on_click=_read,
            args=(visit, room, form),
        )
        told = _("What is pasted is not kept: names are struck out at once, and only what you confirm is saved.")
        st.html(f'<p class="bm-note">{escape(told)}</p>')
    refused = form.get("refused", None)
    if refused:
        st.html(f'<p class="bm-refused" role="alert">{escape(refusal(refused, _))}</p>')


def _read(visit: Visit, room: Room, form: Form) -> None:
    group = next((group for group in groups.of_room(room) if group.id == form.get("group", 0)), None)
    try:
        items = chat.read(room, form.get("paste"), group, visit.now)
    except BattlemapError as error:
        form.values["refused"] = error
        return
    kept = {name: form.get(name) for name in ("group", "view") if form.get(name)}
    form.clear(items=items, empty=not items, **kept)  # with the text that was pasted
