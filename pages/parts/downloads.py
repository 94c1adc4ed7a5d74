"""The table of cases as files: each with a watermark, each a line of the audit trail, written when it is asked for and before it is handed out."""

from datetime import UTC, datetime
from html import escape

import streamlit as st

from desk.access.permissions import demand
from desk.room import Room
from desk.taken import EXPORT, require_few, taken
from geo.errors import NoAccess, TableError
from pages.parts.visit import Visit
from reports.figures import Filter
from reports.listing import Listing, to_csv, to_xlsx
from reports.watermark import filtered, watermark

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def visitor_address() -> str:
    """Return where somebody is; Streamlit names no address of this machine itself."""
    return st.context.ip_address or "127.0.0.1"


def downloads(visit: Visit, room: Room, listing: Listing) -> None:
    """Show the buttons; those who may not take files out have none."""
    if not visit.may("export"):
        return
    try:
        require_few(room, len(listing.kept))
    except TableError:
        told = visit._("More than {n} cases are not given out in one file; narrow the filter.")
        st.html(f'<p class="bm-note">{escape(told.format(n=f"{room.rules.settings.export_rows:,}"))}</p>')
        return
    stem, query = _stem(visit, room), dict(st.session_state["own"]["cases"])
    address = visitor_address()

    def made(kind: str) -> bytes:
        now = visit.room()
        demand(visit.who, "export")
        if now != room:
            raise NoAccess("What you see has changed meanwhile. Load the page again.", "scope")
        return _made(visit, now, listing, f"{stem}.{kind}", query, address)

    st.download_button("XLSX", lambda: made("xlsx"), f"{stem}.xlsx", XLSX, key="to_xlsx", type="tertiary", on_click="ignore")  # fmt: skip
    st.download_button("CSV", lambda: made("csv"), f"{stem}.csv", "text/csv", key="to_csv", type="tertiary", on_click="ignore")  # fmt: skip


def _made(  # noqa: PLR0917
    visit: Visit, room: Room, listing: Listing, name: str, query: dict[str, str], address: str
) -> bytes:
    """Return a file, once the audit trail says who takes it."""
    _, now = visit._, datetime.now(UTC)
    wanted = Filter.from_query(query, period=None)
    data = {"rows": len(listing.kept), "filter": wanted.to_query(period=None)}
    mark = watermark(room, room.who, now, filtered(room, wanted, _, visit.language), _, visit.language)
    taken(room, EXPORT, room.who, now, what=name, data=data, address=address)
    if name.endswith(".csv"):
        return to_csv(listing.kept, mark)
    return to_xlsx(listing.kept, _("Cases"), listing.in_files, _("Notes"), mark)


def _stem(visit: Visit, room: Room) -> str:
    who = f"-{room.who.name}" if room.who is not None and room.who.name else ""
    return f"{room.id}{who}-{visit.now.astimezone(room.area.pack.timezone):%Y%m%d-%H%M}"
