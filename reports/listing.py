"""The table of cases (台账): what an address asks of it, as the one question of the ledger, and the columns that its files have (reports/exports.py).

Under a filter by place (a grid, a post that handles) a row of a restricted class would say where it is: docs/decisions/restricted.md.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from desk.inbox import ROOM_KINDS
from desk.room import Room
from geo.errors import FilterError
from geo.net import Net
from incidents.model import Channel, Status
from incidents.posts import Post
from ledger import find
from ledger.find import Wanted
from locales import N_, Translator
from reports import exports
from reports.figures import EVERYTHING, MARKS, MOST_DAYS, codes_of, minute, storable

MOST = 10_000  # rows that the table shows, the newest ones
SHAPES = MappingProxyType({"red": "▲", "yellow": "◆", "green": "●"})
# What stands first on the screen; the files keep the order of the ledger.
FIRST = ("mark_name", "number", "title", "class_name", "LEAF", "status_name", "handler_name", "due", "overdue", "address", "urgency_name", "channel_name", "reported")  # fmt: skip
PARAMETERS = ("grid", "class", "mark", "status", "channel", "days", "late", "handler", "demo", "q")
NOT_LISTED = N_("Cases of restricted classes are not listed under a filter by grid or post.")
NOT_IN_FILES = N_("Files hold no cases of restricted classes under a filter by grid or post.")


@dataclass(frozen=True)
class Asked:
    """What an address asks of the table; what is left empty does not narrow.

    Attributes
    ----------
    days
        Only what was reported or closed, or is still open, in so many days. None for all.
    late
        Only what is overdue.
    demo
        Only demonstrations (True), none of them (False), both (None).
    text
        Every word must occur in number, title, text or address.
    """

    grid: tuple[str, str] | None = None
    classes: frozenset[str] = field(default_factory=frozenset)
    marks: frozenset[str] = field(default_factory=frozenset)
    statuses: frozenset[str] = field(default_factory=frozenset)
    channels: frozenset[str] = field(default_factory=frozenset)
    days: int | None = None
    late: bool = False
    handler: str = ""
    demo: bool | None = None
    text: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Asked":
        """Read what an address asks; a value that makes no sense is left out.

        Raises
        ------
        FilterError
            It names a grid without its level, or holds a NUL.
        """
        storable(query, PARAMETERS)
        grid = query.get("grid", "").split(":", 1)
        if grid != [""] and (len(grid) == 1 or not all(grid)):
            raise FilterError(f"grid={query['grid']}: write it as level:code, for example grid=micro:0305.")
        days = query.get("days", "")
        return cls(
            grid=(grid[0], grid[1]) if len(grid) > 1 else None,
            classes=_among(query.get("class", "")),
            marks=_among(query.get("mark", ""), MARKS),
            statuses=_among(query.get("status", ""), tuple(Status)),
            channels=_among(query.get("channel", ""), tuple(Channel)),
            days=int(days) if days.isdecimal() and days != EVERYTHING and 1 <= int(days[:6]) <= MOST_DAYS else None,
            late=query.get("late") == "1",
            handler=query.get("handler", ""),
            demo={"1": True, "0": False}.get(query.get("demo", "")),
            text=query.get("q", "").strip(),
        )

    @property
    def is_placed(self) -> bool:
        """Whether it says where: in a grid, or with a post that handles, which may be that of a grid."""
        return bool(self.grid or self.handler)

    def shows_restricted(self, net: Net, reader: Post | None) -> bool:
        """Tell whether cases of restricted classes are among the rows: under a filter by place only where the post that reads may read all of them.

        As `desk.inbox.may_read`: dispatcher and inspector read everything, a head what lies in its grid, a post what it handles.
        """
        if not self.is_placed or (reader and reader.kind in ROOM_KINDS):
            return True
        if reader is None:
            return False
        return reader.key == self.handler or bool(self.grid and reader.grid and _lies_in(net, self.grid, reader.grid))

    def wanted(self, room: Room, now: datetime, reader: Post | None = None) -> Wanted:
        """Return the question; ``reader`` is the post that looks.

        Raises
        ------
        FilterError
            There is no such level or overlay.
        """
        clock, majors = minute(room, now), room.rules.directory.majors
        if self.grid and self.grid[0] not in room.area.net.keys:
            keys = ", ".join(room.area.net.keys)
            raise FilterError(
                f"grid={':'.join(self.grid)}: there is no level or overlay of that key. There are {keys}."
            )
        return room.wanted(
            grid=self.grid[0] if self.grid else "",
            codes=codes_of(room.area.net, *self.grid) if self.grid else frozenset(),
            classes=frozenset(key for key in self.classes if key not in majors),
            majors=frozenset(key for key in self.classes if key in majors),
            marks=self.marks,
            statuses=self.statuses,
            channels=self.channels,
            active_since=None if self.days is None else clock - timedelta(days=self.days),
            due_before=clock.to_pydatetime() if self.late else None,
            handler=self.handler,
            restricted=None if self.shows_restricted(room.area.net, reader) else False,
            demo=self.demo,
            text=self.text,
            shift=room.shift(clock),
        )


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
        The rows that files hold: under a filter by place none of a restricted class, whoever reads, for a file is passed on.
    without
        Says what is left out under a filter by place, a msgid; "" for nothing.
    """

    frame: pd.DataFrame
    order: tuple[str, ...]
    times: tuple[str, ...]
    numbers: tuple[str, ...]
    versions: tuple[int, ...]
    total: int
    hidden: np.ndarray
    kept: pd.DataFrame
    without: str = ""

    def heading(self, key: str) -> str:
        """Return the heading of a column that stands first on the screen."""
        return self.order[FIRST.index(key)]

    def on_screen(self, _: Translator) -> pd.DataFrame:
        """Return the table as the screen shows it: a row of a restricted class says so in place of its title; files leave that empty."""
        return self.frame.assign(
            **{self.heading("title"): self.frame[self.heading("title")].mask(self.hidden, _("Restricted matter"))}
        )


def listing(
    room: Room, asked: Asked, now: datetime, _: Translator, language: str, reader: Post | None = None
) -> Listing:
    """Return what the table shows to a post, the newest first.

    Raises
    ------
    FilterError
        What is asked makes no sense in this area.
    """
    wanted = asked.wanted(room, now, reader)
    with closing(exports.batches(room, wanted, now, language, size=MOST)) as found:
        rows = next(found)
    total = len(rows)
    if total == MOST:
        with room.ledger.reading() as connection:
            total = find.count(connection, wanted)
    known = {column.key: column for column in exports.columns(room, language) if column.heading}
    leaf = f"{exports.own_name(room.area.net.leaf.key)}_name"
    first = [leaf if key == "LEAF" else key for key in FIRST]
    order = [known[key].heading for key in dict.fromkeys([*first, *known])]
    frame = _shown(rows, list(known.values()), _)
    without = (NOT_LISTED if wanted.restricted is False else NOT_IN_FILES) if asked.is_placed else ""
    return Listing(
        frame=frame,
        order=tuple(order),
        times=tuple(column.heading for column in known.values() if column.kind == "time"),
        numbers=tuple(rows["number"]),
        versions=tuple(int(version) for version in rows["version"]),
        total=total,
        kept=frame[~rows["restricted"].to_numpy(dtype=bool)] if asked.is_placed else frame,
        hidden=rows["restricted"].to_numpy(dtype=bool),
        without=without,
    )


def to_csv(frame: pd.DataFrame) -> bytes:
    """Return the table as CSV that spreadsheets open by themselves: UTF-8 with a mark at its head."""
    out = frame.copy()
    for name in out.columns[out.dtypes.map(pd.api.types.is_datetime64_any_dtype)]:
        out[name] = out[name].dt.strftime("%Y-%m-%d %H:%M").fillna("")
    return ("\ufeff" + out.map(_plain).to_csv(index=False)).encode()


def to_xlsx(frame: pd.DataFrame, title: str) -> bytes:
    """Return the table as a workbook, its times as times; what begins like a formula stays text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    sheet.append(list(frame.columns))
    for values in frame.itertuples(index=False, name=None):
        sheet.append([_cell(sheet, value) for value in values])
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


def _lies_in(net: Net, grid: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether a grid is another one or lies below it; a grid of an overlay lies in itself alone."""
    (key, code), keys = grid, [level.key for level in net.levels]
    if grid == other:
        return True
    if not {key, other[0]} <= set(keys):
        return False
    if key == net.leaf.key:
        code = {stack.code: stack.on for stack in net.stacks}.get(code, code)
    depth, position = keys.index(key), net.level(key).positions.get(code, -1)
    while depth > keys.index(other[0]) and position >= 0:
        position, depth = int(net.levels[depth].parents[position]), depth - 1
    return keys[depth] == other[0] and position >= 0 and str(net.levels[depth].codes[position]) == other[1]


def _among(text: str, known: tuple[str, ...] = ()) -> frozenset[str]:
    return frozenset(part for part in text.split(",") if part and (not known or part in known))
