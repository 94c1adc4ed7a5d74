"""The table of cases as files: each with a watermark, each a line of the audit trail, written when it is asked for and before it is handed out."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from html import escape
from types import MappingProxyType

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
PACKAGE = "application/geopackage+sqlite3"
TABLES = MappingProxyType({"xlsx": XLSX, "csv": "text/csv"})
NAMES = MappingProxyType({"gpkg": "GeoPackage"})


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
    query, address = dict(st.session_state["own"]["cases"]), visitor_address()
    buttons(visit, room, stem(visit, room), lambda now, name: _made(visit, now, listing, name, query, address))


def buttons(
    visit: Visit, room: Room, name: str, made: Callable[[Room, str], bytes], kinds: Mapping[str, str] = TABLES, *, key: str = "to"
) -> None:  # fmt: skip
    """Show the buttons of a table, one for each kind of file.

    Parameters
    ----------
    name
        Of the files, without their kind.
    made
        Returns the file of a name; called when it is asked for, with the room as who asks sees it then.
    kinds
        Extension -> type of the files.
    key
        What tells the buttons of two tables on a page apart.
    """

    def of(kind: str) -> bytes:
        now = visit.room()
        demand(visit.who, "export")
        if now != room:
            raise NoAccess("What you see has changed meanwhile. Load the page again.", "scope")
        return made(now, f"{name}.{kind}")

    for kind, type_ in kinds.items():
        st.download_button(NAMES.get(kind, kind.upper()), partial(of, kind), f"{name}.{kind}", type_, key=f"{key}_{kind}", type="tertiary", on_click="ignore")  # fmt: skip


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


def stem(visit: Visit, room: Room, *parts: str) -> str:
    """Return the name of a file, without its kind: whose it is, and of when."""
    who = [room.who.name] if room.who is not None and room.who.name else []
    return "-".join([room.id, *parts, *who, f"{visit.now.astimezone(room.area.pack.timezone):%Y%m%d-%H%M}"])
