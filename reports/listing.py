"""The table of cases (台账): the rows that a filter wants, with the columns of files (reports/exports.py), and what it says of those that are left out (reports/withheld.py)."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from desk.room import Room
from incidents.posts import Post
from layers.grid_names import full_names
from ledger import find
from locales import Translator
from reports import exports
from reports.export_files import note
from reports.figures import Filter, asked
from reports.watermark import of_sheet
from reports.withheld import withheld

MOST = 10_000  # rows that the table shows, the newest ones
SHAPES = MappingProxyType({"red": "▲", "yellow": "◆", "green": "●"})
# What stands first on the screen; the files keep the order of the ledger.
FIRST = ("mark_name", "number", "title", "class_name", "LEAF", "status_name", "due", "overdue", "handler_name", "address", "urgency_name", "channel_name", "reported")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Listing:
    """What the table shows: one moment of the ledger.

    Attributes
    ----------
    frame
        The table of `reports.exports`, the columns that are for people by their headings; times as local ones without a zone.
    order
        Headings in the order of the screen.
    times
        Headings of times.
    numbers, versions
        Of each row, for what is done to it.
    total
        How many there are; more than the rows where there are more than `MOST`.
    hidden
        Whether each row is of a restricted class.
    kept
        The rows that files hold, whoever reads, for a file is passed on.
    places
        The micro-grid of each row as people call it, with its community where several have one of that label.
    notes
        What is left out, and why, in sentences.
    in_files
        The same of the files.
    """

    frame: pd.DataFrame
    order: tuple[str, ...]
    times: tuple[str, ...]
    numbers: tuple[str, ...]
    versions: tuple[int, ...]
    total: int
    hidden: np.ndarray
    kept: pd.DataFrame
    places: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    in_files: tuple[str, ...] = ()

    def heading(self, key: str) -> str:
        """Return the heading of a column that stands first on the screen."""
        return self.order[FIRST.index(key)]

    def on_screen(self, _: Translator) -> pd.DataFrame:
        """Return the table as the screen shows it: a row of a restricted class says so in place of its title; files leave that empty, and have a column for the community."""
        titles = self.frame[self.heading("title")].mask(self.hidden, _("Restricted matter"))
        places = pd.Series(self.places, titles.index, dtype=object)
        return self.frame.assign(**{self.heading("title"): titles, self.heading("LEAF"): places})


def listing(
    room: Room, wanted: Filter, now: datetime, _: Translator, language: str, reader: Post | None = None
) -> Listing:
    """Return what the table shows to a post, the newest first.

    Raises
    ------
    FilterError
        What is asked makes no sense in this area.
    """
    question = asked(room, wanted, now, reader=reader, rows=True)
    with closing(exports.batches(room, question, now, language, size=MOST)) as found:
        rows = next(found)
    total = len(rows)
    if total == MOST:
        with room.ledger.reading() as connection:
            total = find.count(connection, question)
    known = {column.key: column for column in exports.columns(room, language) if column.heading}
    code = exports.own_name(room.area.net.leaf.key)
    leaf, named = f"{code}_name", full_names(room.area.net)[room.area.net.leaf.key]
    first = [leaf if key == "LEAF" else key for key in FIRST]
    order = [known[key].heading for key in dict.fromkeys([*first, *known])]
    frame, hidden = _shown(rows, list(known.values()), _), rows["restricted"].to_numpy(dtype=bool)
    in_files = asked(room, wanted, now, rows=True).restricted is not False
    return Listing(
        frame=frame,
        order=tuple(order),
        times=tuple(column.heading for column in known.values() if column.kind == "time"),
        numbers=tuple(rows["number"]),
        versions=tuple(int(version) for version in rows["version"]),
        total=total,
        kept=frame if in_files else frame[~hidden],
        hidden=hidden,
        places=tuple(named.get(*given) for given in zip(rows[code], rows[leaf], strict=True)),
        notes=withheld(room, wanted, now, reader).said(_),
        in_files=withheld(room, wanted, now).said(_),
    )


def to_csv(frame: pd.DataFrame, mark: str = "") -> bytes:
    """Return the table as CSV that spreadsheets open by themselves: UTF-8 with a byte order mark. The watermark heads a last, empty column."""
    out = frame.assign(**{str(_plain(mark)): ""}) if mark else frame.copy()
    for name in out.columns[out.dtypes.map(pd.api.types.is_datetime64_any_dtype)]:
        out[name] = out[name].dt.strftime("%Y-%m-%d %H:%M").fillna("")
    return ("\ufeff" + out.map(_plain).to_csv(index=False)).encode()


def to_xlsx(frame: pd.DataFrame, title: str, notes: Sequence[str] = (), heading: str = "", mark: str = "") -> bytes:
    """Return the table as a workbook, its times as times; what begins like a formula stays text. Watermark and notes stand on a sheet of their own."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    if mark:
        of_sheet(book, sheet, mark)
    sheet.append(list(frame.columns))
    for values in frame.itertuples(index=False, name=None):
        sheet.append([_cell(sheet, value) for value in values])
    note(book, [*([mark] if mark else []), *notes], heading)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        cell = WriteOnlyCell(sheet, value.to_pydatetime())
        cell.number_format = "yyyy-mm-dd hh:mm"
        return cell
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@")):
        cell = WriteOnlyCell(sheet, value)
        cell.data_type = "s"
        return cell
    return value


def _plain(value: Any) -> Any:
    """Keep a spreadsheet from taking what a person wrote for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value


def _shown(rows: pd.DataFrame, columns: list[exports.Column], _: Translator) -> pd.DataFrame:
    """Return the columns for people by their headings, marks with their shapes."""
    out = rows[[column.key for column in columns]].copy()
    shapes = rows["mark"].map(SHAPES)
    out["mark_name"] = (shapes.fillna("") + " " + rows["mark_name"]).str.strip()
    for column in columns:
        if column.kind == "time":
            out[column.key] = out[column.key].dt.tz_localize(None).astype("datetime64[s]")
        elif column.kind == "flag":
            out[column.key] = out[column.key].map({True: _("Yes"), False: ""})
    return out.set_axis([column.heading for column in columns], axis=1)
