"""Following the ledger: a page runs again when somebody else changed something."""

from html import escape

import streamlit as st

from desk.room import Room
from geo.errors import UnknownIncident
from incidents.case import Incident
from ledger import find
from pages.parts.visit import Visit

EVERY = 4  # seconds


def follow(room: Room) -> None:
    """Run the page again as soon as the area's incidents change."""
    shown = version_of(room)

    @st.fragment(run_every=EVERY)
    def watch() -> None:
        if version_of(room) != shown:
            st.rerun()

    watch()


def version_of(room: Room) -> int:
    """Return the version of the last change to the area's incidents."""
    with room.ledger.reading() as connection:
        return find.version(connection, room.id)


def _changed(room: Room, case: Incident) -> bool:
    try:
        return room.get(case.number).version != case.version
    except UnknownIncident:  # it was given to another grid, or its reader was
        return True


def stale(visit: Visit, room: Room, case: Incident) -> None:
    """Say that somebody changed the case that is shown, without changing it under anybody's hands."""

    @st.fragment(run_every=EVERY)
    def watch() -> None:
        if _changed(room, case):
            with st.container(key="stale", horizontal=True, vertical_alignment="center", gap="small"):
                words = escape(visit._("This case was changed a moment ago."))
                st.html(f'<p role="status">{words}</p>', width="content")
                if st.button(visit._("Show it as it is now"), key="show_now"):
                    st.rerun()

    watch()
