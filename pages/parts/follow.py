"""Following the ledger: a page runs again when somebody else changed something."""

import streamlit as st

from desk.room import Room
from ledger import find

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
