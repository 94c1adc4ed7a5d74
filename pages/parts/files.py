"""The list of a page as a file: with a watermark, and a line of the audit trail before it is handed out."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape

import pandas as pd
import streamlit as st

from desk.room import Room
from desk.taken import EXPORT, require_few, taken
from geo.errors import TableError
from pages.parts.downloads import buttons, stem, visitor_address
from pages.parts.visit import Visit
from reports.listing import to_csv, to_xlsx
from reports.watermark import watermark


def files(  # noqa: PLR0917
    visit: Visit, room: Room, name: str, title: str, rows: int, named: str, own: Mapping[str, str], frame: Callable[[Room], pd.DataFrame], *, key: str = "to"
) -> None:  # fmt: skip
    """Show the buttons for the table of what is shown; those who may not take files out have none.

    Parameters
    ----------
    name
        Of the page, for the name of the file.
    title
        Of the page, in the reader's language.
    rows
        How many there are.
    named
        Which list it is, in the reader's language.
    own
        What was asked for, as the address says it.
    frame
        Returns the table, given the room as who asks sees it then.
    key
        What tells the buttons of two tables on a page apart.
    """
    if not visit.may("export") or not rows:
        return
    try:
        require_few(room, rows)
    except TableError:
        told = visit._("More than {n} rows are not given out in one file; narrow the list.")
        st.html(f'<p class="bm-note">{escape(told.format(n=f"{room.rules.settings.export_rows:,}"))}</p>')
        return
    asked, address = {key: value for key, value in own.items() if value}, visitor_address()

    def made(now: Room, file: str) -> bytes:
        return _file(visit, now, frame(now), file, (title, named), asked, address)

    buttons(visit, room, stem(visit, room, name), made, key=key)


def _file(  # noqa: PLR0917
    visit: Visit, room: Room, frame: pd.DataFrame, name: str, titles: tuple[str, str], asked: Mapping[str, str], address: str
) -> bytes:  # fmt: skip
    """Return a file, once the audit trail says who takes it."""
    _, now = visit._, datetime.now(UTC)
    mark = watermark(room, room.who, now, titles, _, visit.language)
    taken(room, EXPORT, room.who, now, what=name, data={"rows": len(frame), "filter": asked}, address=address)
    return to_csv(frame, mark) if name.endswith(".csv") else to_xlsx(frame, titles[0], (), _("Notes"), mark)
