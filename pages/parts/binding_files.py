"""Part of the page that binds sources: the sites of a pile as XLSX for an office and as GeoPackage for QGIS, with the watermark and a line of the audit trail."""

import tempfile
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import streamlit as st

from desk.room import Room
from desk.taken import EXPORT, require_few, taken
from geo.errors import TableError
from ledger.sites import Asked
from pages.parts.downloads import PACKAGE, XLSX, buttons, stem, visitor_address
from pages.parts.visit import Visit
from reports import site_exports
from reports.watermark import watermark

KINDS = {"xlsx": XLSX, "gpkg": PACKAGE}


def files(visit: Visit, room: Room, asked: Asked, many: int, named: str) -> None:
    """Show the buttons; those who may not take files out have none.

    Parameters
    ----------
    many
        How many sites there are.
    named
        Which list it is, in the reader's language.
    """
    if not visit.may("export") or not many:
        return
    try:
        require_few(room, many)
    except TableError:
        told = visit._("More than {n} rows are not given out in one file; narrow the list.")
        st.html(f'<p class="bm-note">{escape(told.format(n=f"{room.rules.settings.export_rows:,}"))}</p>')
        return
    address = visitor_address()

    def made(now: Room, name: str) -> bytes:
        _, at = visit._, datetime.now(UTC)
        mark = watermark(now, now.who, at, (_("Sources and their posts"), named), _, visit.language)

        def trace(rows: int) -> None:
            taken(now, EXPORT, now.who, at, what=name, data={"rows": rows, "filter": {"list": named}}, address=address)

        with tempfile.TemporaryDirectory(prefix="battlemap-sites-") as folder:
            path = Path(folder) / name
            site_exports.export(now, asked, path, visit.language, mark=mark, most=now.rules.settings.export_rows, trace=trace)  # fmt: skip
            return path.read_bytes()

    buttons(visit, room, stem(visit, room, "sources"), made, KINDS)
