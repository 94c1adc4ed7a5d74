"""Part of the pages of inspections and findings: the list as XLSX and CSV for an office and as GeoJSON for a map, with the watermark and a line of the audit trail."""

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from types import MappingProxyType

import streamlit as st

from desk.room import Room
from desk.taken import EXPORT, require_few, taken
from geo.errors import TableError
from ledger import findings, inspections
from pages.parts.downloads import TABLES, buttons, stem, visitor_address
from pages.parts.visit import Visit
from reports import inspection_exports
from reports.watermark import watermark

KINDS = MappingProxyType({**TABLES, "geojson": "application/geo+json"})


def files(  # noqa: PLR0917
    visit: Visit, room: Room, asked: findings.Asked | inspections.Asked, many: int, titles: tuple[str, str, str], said: Mapping[str, str]
) -> None:  # fmt: skip
    """Show the buttons; those who may not take files out have none.

    Parameters
    ----------
    many
        How many rows there are.
    titles
        Name of the page for files, its title, and which list it is, both in the reader's language.
    said
        What was asked for, as the address says it.
    """
    if not visit.may("export") or not many:
        return
    try:
        require_few(room, many)
    except TableError:
        told = visit._("More than {n} rows are not given out in one file; narrow the list.")
        st.html(f'<p class="bm-note">{escape(told.format(n=f"{room.rules.settings.export_rows:,}"))}</p>')
        return
    address, filtered = visitor_address(), {name: value for name, value in said.items() if value}

    def made(now: Room, name: str) -> bytes:
        _, at = visit._, datetime.now(UTC)
        mark = watermark(now, now.who, at, titles[1:], _, visit.language)

        def trace(rows: int) -> None:
            taken(now, EXPORT, now.who, at, what=name, data={"rows": rows, "filter": filtered}, address=address)

        with tempfile.TemporaryDirectory(prefix="battlemap-inspections-") as folder:
            path = Path(folder) / name
            inspection_exports.export(now, asked, path, visit.language, mark=mark, most=now.rules.settings.export_rows, trace=trace)  # fmt: skip
            return path.read_bytes()

    buttons(visit, room, stem(visit, room, titles[0]), made, KINDS)
