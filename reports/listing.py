"""The table of cases (台账): what an address asks of it, as the one question of the ledger, and its columns as such ledgers have them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from types import MappingProxyType
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from desk.room import Room
from geo.errors import FilterError
from incidents.lifecycle import Act
from incidents.model import OPEN, Channel, Status, Urgency
from layers.grid_names import full_names
from ledger import find
from ledger.find import Wanted
from ledger.tables import instant
from locales import N_, Translator
from reports.case_words import class_name, post_name
from reports.figures import EVERYTHING, MARKS, MOST_DAYS, codes_of, minute
from reports.words import CHANNEL, MARK, URGENCY, status_name

MOST = 10_000  # rows that the table shows, the newest ones
SHAPES = MappingProxyType({"red": "▲", "yellow": "◆", "green": "●"})
COLUMNS = (
    "number", "version", "channel", "class", "major", "urgency", "title", "address", "codes", "state", "status", "mark", "handler", "post",
    "reported", "due", "closed", "restricted", "external_id", "demo",
)  # fmt: skip
# Columns of 事件台账 as used in practice [domain.md 6].
HEADS = MappingProxyType(
    {
        "mark": N_("Mark"),
        "number": N_("Number"),
        "title": N_("Title"),
        "class": N_("Class"),
        "grid": N_("Grid"),
        "address": N_("Address"),
        "status": N_("State"),
        "handler": N_("Handler"),
        "due": N_("Deadline"),
        "late": N_("Overdue?"),
        "urgency": N_("Urgency"),
        "channel": N_("Channel"),
        "reported": N_("Reported at"),
        "filed": N_("Filed at"),
        "dispatched": N_("Dispatched at"),
        "feedback": N_("Feedback at"),
        "closed": N_("Closed at"),
        "verifier": N_("Verified by"),
        "returns": N_("Times returned"),
        "rating": N_("Rating"),
        "responsible": N_("Responsible"),
        "external": N_("Order number there"),
    }
)
TIMES = ("due", "reported", "filed", "dispatched", "feedback", "closed")
PARAMETERS = ("grid", "class", "mark", "status", "channel", "days", "late", "handler", "demo", "q")


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
            It names a grid without its level.
        """
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

    def wanted(self, room: Room, now: datetime) -> Wanted:
        """Return the question.

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
        Its columns by the keys of `HEADS`, in words, times as local ones without a zone.
    numbers, versions, statuses, handlers
        Of each row, for what is done to it.
    total
        How many there are; more than the rows where there are more than `MOST`.
    """

    frame: pd.DataFrame
    numbers: tuple[str, ...]
    versions: tuple[int, ...]
    total: int


def listing(room: Room, asked: Asked, now: datetime, _: Translator, language: str) -> Listing:
    """Return what the table shows, the newest first.

    Raises
    ------
    FilterError
        What is asked makes no sense in this area.
    """
    wanted = asked.wanted(room, now)
    with room.ledger.reading() as connection:
        rows = find.rows(connection, wanted, columns=COLUMNS, limit=MOST)
        total = find.count(connection, wanted) if len(rows) == MOST else len(rows)
    return Listing(
        _frame(room, rows, now, _, language),
        tuple(row["number"] for row in rows),
        tuple(row["version"] for row in rows),
        total,
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


def _frame(room: Room, rows: list[dict[str, Any]], now: datetime, _: Translator, language: str) -> pd.DataFrame:
    clock, zone = room.clock(now).to_pydatetime(), room.area.pack.timezone
    states = [json.loads(row["state"]) for row in rows]
    keys = (
        {row["handler"] for row in rows}
        | {row["post"] for row in rows}
        | {state.get("verifier", "") for state in states}
    )
    names = {key: post_name(room, key, _) for key in keys}
    classes = {key: class_name(room, key, language) for key in {row["class"] for row in rows}}
    grids = _grids(room, [row["codes"] for row in rows])
    open_ = {status.value for status in OPEN}
    due = [instant(row["due"]) if row["due"] is not None else None for row in rows]
    said: dict[str, list[Any]] = {
        "mark": [f"{SHAPES[row['mark']]} {_(MARK[row['mark']])}" if row["mark"] else "" for row in rows],
        "number": [row["number"] for row in rows],
        "title": [classes[row["class"]] if row["restricted"] else row["title"] for row in rows],
        "class": [classes[row["class"]] for row in rows],
        "grid": grids,
        "address": ["" if row["restricted"] else row["address"] for row in rows],
        "status": [status_name(row["status"], _) for row in rows],
        "handler": [names[row["handler"]] for row in rows],
        "due": due,
        "late": [_("Yes") if at and row["status"] in open_ and at < clock else "" for row, at in zip(rows, due, strict=True)],
        "urgency": [_(URGENCY[Urgency(row["urgency"])]) for row in rows],
        "channel": [_(CHANNEL[Channel(row["channel"])]) for row in rows],
        "reported": [instant(row["reported"]) for row in rows],
        "filed": [_time(state, Act.FILE) for state in states],
        "dispatched": [_time(state, Act.DISPATCH) for state in states],
        "feedback": [_time(state, Act.FEEDBACK) for state in states],
        "closed": [instant(row["closed"]) if row["closed"] is not None else None for row in rows],
        "verifier": [names[state.get("verifier", "")] for state in states],
        "returns": [state.get("returns", 0) for state in states],
        "rating": [_(state["rating"]) if state.get("rating") else "" for state in states],
        "responsible": [names[row["post"]] for row in rows],
        "external": [row["external_id"] for row in rows],
    }  # fmt: skip
    frame = pd.DataFrame(said, columns=list(HEADS))
    for name in TIMES:
        frame[name] = (
            pd.to_datetime(frame[name], utc=True).dt.tz_convert(zone).dt.tz_localize(None).astype("datetime64[s]")
        )
    return frame.rename(columns={key: _(head) for key, head in HEADS.items()})


def _grids(room: Room, codes: list[str]) -> list[str]:
    """Return the micro-grids as people call them; many rows share one text of codes."""
    leaf = room.area.net.leaf.key
    names = full_names(room.area.net)[leaf]
    found = {text: json.loads(text).get(leaf, "") for text in set(codes)}
    shown = {text: " ".join(names.get(code, code) for code in given.split(";")) for text, given in found.items()}
    return [shown[text] for text in codes]


def _time(state: Mapping[str, Any], act: Act) -> datetime | None:
    text = state.get("times", {}).get(act.value)
    return datetime.fromisoformat(text) if text else None


def _among(text: str, known: tuple[str, ...] = ()) -> frozenset[str]:
    return frozenset(part for part in text.split(",") if part and (not known or part in known))
