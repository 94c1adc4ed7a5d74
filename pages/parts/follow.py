"""Following the ledger: a page runs again when somebody else changed something."""

from collections.abc import Callable
from contextlib import suppress
from html import escape

import streamlit as st

from desk.room import Room
from geo.errors import LedgerError, UnknownIncident
from incidents.case import Incident
from pages.parts.element import pulse
from pages.parts.visit import Visit

EVERY = 4  # seconds
SELDOM = 15  # seconds, where the stream tells of every change anyway


def follow(room: Room) -> None:
    """Run the page again as soon as the area's cases change."""
    shown = room.version()

    def look() -> None:
        if room.version() != shown:
            st.rerun()

    at_once(room, look)


def at_once(room: Room, look: Callable[[], None]) -> None:
    """Show a part of a page anew, and nothing else of it, as soon as the area's cases change; while the ledger cannot be read, the page stands as it is."""

    @st.fragment(run_every=SELDOM)
    def watch() -> None:
        pulse(room.id)
        with suppress(LedgerError):
            look()

    watch()


def follow_what(read: Callable[[], object], shown: object = None) -> None:
    """Run the page again as soon as something that is read is not what is shown: what it is now, unless that is given."""
    shown = read() if shown is None else shown

    @st.fragment(run_every=EVERY)
    def watch() -> None:
        with suppress(LedgerError):
            if read() != shown:
                st.rerun()

    watch()


def _changed(room: Room, case: Incident) -> bool:
    try:
        return room.get(case.number).version != case.version
    except UnknownIncident:  # it was given to another grid, or its reader was
        return True


def stale(visit: Visit, room: Room, case: Incident) -> None:
    """Say that somebody changed the case that is shown, without changing it under anybody's hands."""

    def look() -> None:
        if _changed(room, case):
            with st.container(key="stale", horizontal=True, vertical_alignment="center", gap="small"):
                words = escape(visit._("This case was changed a moment ago."))
                st.html(f'<p role="status">{words}</p>', width="content")
                if st.button(visit._("Show it as it is now"), key="show_now"):
                    st.rerun()

    at_once(room, look)
