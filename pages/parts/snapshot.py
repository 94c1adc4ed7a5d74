"""What the table shows: one moment of the ledger, kept while somebody chooses rows in it, so that a row never becomes another one under a hand."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import streamlit as st

from desk.room import Room
from incidents.posts import Post
from locales import translator
from pages.parts.follow import at_once
from pages.parts.visit import Visit
from reports.figures import Filter
from reports.listing import Listing, listing


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A moment of the table.

    Attributes
    ----------
    key
        Names it; another moment has another key, and nothing selected.
    """

    key: str
    version: int
    listing: Listing


def snapshot(visit: Visit, room: Room) -> Snapshot:
    """Return what the table shows: the moment that is kept, or a new one when the filter, the language, the area or the post that looks is another.

    Raises
    ------
    FilterError
        The filter makes no sense in this area.
    """
    state, query = st.session_state, tuple(sorted(st.session_state["own"]["cases"].items()))
    asked = (room.id, visit.language, visit.post, query)
    kept = state.get("table")
    if kept is None or kept[0] != asked or state.pop("table_old", False):
        version, minute = room.version(), visit.now.replace(second=0, microsecond=0)
        state["table"] = kept = (asked, version, minute, state.get("table_turn", 0) + 1)
        state["table_turn"] = kept[3]
    found = _listed(room, query, kept[1], kept[2], visit.language, visit.post)
    return Snapshot(str(kept[3]), kept[1], found)


def renew() -> None:
    """Show the present moment when the script runs next."""
    st.session_state["table_old"] = True


def follow_table(visit: Visit, room: Room, shown: Snapshot, *, busy: bool) -> None:
    """Follow the ledger: at once while nothing is selected, else when the person says so."""

    def look() -> None:
        if room.version() == shown.version:
            return
        if not busy:
            renew()
            st.rerun()
        if st.button(visit._("Something changed: show it"), key="table_renew", type="tertiary", on_click=renew):
            st.rerun()

    at_once(room, look)


@lru_cache(maxsize=6)
def _listed(
    room: Room, query: tuple[tuple[str, str], ...], _version: int, now: datetime, language: str, reader: Post
) -> Listing:
    return listing(room, Filter.from_query(dict(query), period=None), now, translator(language), language, reader)
