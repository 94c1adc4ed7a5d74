"""One filter, one query: every count on map, board, list and paper comes through here, so that they agree.

A `Filter` is what an address says (``grid=micro:0305&class=gas&mark=red&days=7``); `asked` makes the one question of it that the ledger is asked, for figures and for
rows, and `look` the answer that map, board and paper share. An address of the map that names no period means the last day, so that a wall shows what is open and what
this day has done; ``days=all`` means everything, and so does no period in the table. The clock goes by whole minutes, so that whatever is asked within one of them is
answered alike.

Cases of restricted classes (disputes, care) are counted and have no place: docs/decisions/restricted.md.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd

from desk.reading import may_read_part
from desk.room import Room
from desk.sheets import acts as sheets
from geo.errors import DraftError, FilterError, UnknownPost
from geo.net import Level, Net
from incidents.case import Incident
from incidents.indicators import FIGURES
from incidents.model import Channel, Mark, Status, mark_of, state_of_grid
from incidents.posts import Post
from incidents.sheets import span
from ledger import find
from ledger.find import Wanted
from ledger.rows import dumps
from ledger.tables import milliseconds
from ledger.then import later, stood, taken_back
from reports import address
from reports.address import EVERYTHING, SHIFT, THIS_SHIFT

MARKS = tuple(mark.value for mark in Mark)
STATUSES = tuple(status.value for status in Status)
CHANNELS = tuple(channel.value for channel in Channel)
COLUMNS = (
    "uid",
    "key",
    "id",
    "class",
    "title",
    "status",
    "mark",
    "reported",
    "due",
    "closed",
    "responsible",
    "address",
    "unit",
    "floor",
    "lon",
    "lat",
    "version",
    "restricted",
    "demo",
)
READ = (
    "id",
    "number",
    "external_id",
    "class",
    "title",
    "status",
    "mark",
    "reported",
    "due",
    "closed",
    "handler",
    "post",
    "address",
    "unit",
    "floor",
    "lon",
    "lat",
    "version",
    "restricted",
    "demo",
    "codes",
)
PERIOD = 1  # days that an address of the map means when it names none
MOST_RENEWED = 200  # changes up to which a picture is made of the last one
MOST_CHANGES = 10_000  # after which a snapshot is better than a delta
MOST_MARKS = 50_000  # that one picture holds
NAMED = 30  # classes that an error names
# What a filter is called in an address, which holds other words too (``since`` and ``at`` of the live data, ``view``); `Filter.from_query` reads them, `Filter.to_query` writes them.
PARAMETERS = (
    "grid",
    "class",
    "mark",
    "days",
    "status",
    "channel",
    "handler",
    "duty",
    "late",
    "demo",
    "from",
    "until",
    "q",
    "counted",
)
MOST_COUNTED = 30_000  # cases of one figure that are listed
DAY_FIGURES = FIGURES["cases"]
INSTANT = timedelta(microseconds=1)  # a cut-off itself belongs to the next day
NONE = frozenset({"-"})  # a number that no case has, for none means any
DIGITS = frozenset("0123456789")
FEWEST = 5  # cases of restricted classes in a part of the area below which they are not counted


@dataclass(frozen=True)
class Filter:
    """What to show; ``Filter()`` shows everything.

    Attributes
    ----------
    grid
        ``(key, code)`` of a level or overlay: only what lies in that grid.
    classes
        Only these classes or major classes; empty for all.
    marks, statuses, channels
        Only these; empty for all.
    days
        Only what was reported, or is still open, in so many days before the data's time; `reports.address.THIS_SHIFT` for the present shift. None for all.
    handler, duty
        Keys of posts: only what that one handles, or is responsible for. "" for all.
    late
        Only what is overdue (超期): open, and its running deadline has passed.
    demo
        Only demonstrations (True), none of them (False), both (None).
    since, until
        Reported from then on, and before then; in the area's time, without a zone.
    text
        Every word must occur in number, title, text or address.
    counted
        What a figure of a daily sheet counts, between dots: the day, or the number of one that was drawn up; the figure; the code of the line, none for its sum.
    """

    grid: tuple[str, str] | None = None
    classes: frozenset[str] = field(default_factory=frozenset)
    marks: frozenset[str] = field(default_factory=frozenset)
    days: int | None = None
    statuses: frozenset[str] = field(default_factory=frozenset)
    handler: str = ""
    duty: str = ""
    channels: frozenset[str] = field(default_factory=frozenset)
    late: bool = False
    demo: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    counted: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str], *, period: int | None = PERIOD) -> "Filter":
        """Read a filter from the parameters of an address; other parameters are left alone.

        Parameters
        ----------
        period
            Days that an address means which names none: the last day on the map, None (everything) in the table.

        Raises
        ------
        FilterError
            Names the parameter, its value, and what it may be.
        """
        address.storable(query, PARAMETERS)
        said = {name: query.get(name, "") for name in PARAMETERS}
        return cls(
            grid=address.grid(said["grid"]),
            classes=address.several(said["class"]),
            marks=address.among("mark", said["mark"], MARKS),
            days=address.days(said["days"], None if said["counted"] else period),
            statuses=address.among("status", said["status"], STATUSES),
            handler=said["handler"],
            duty=said["duty"],
            channels=address.among("channel", said["channel"], CHANNELS),
            late=address.flag("late", said["late"]) or False,
            demo=address.flag("demo", said["demo"]),
            since=address.time("from", said["from"]),
            until=address.time("until", said["until"], last=True),
            text=" ".join(said["q"].split()),
            counted=said["counted"],
        )

    def to_query(self, *, period: int | None = PERIOD) -> dict[str, str]:
        """Return the parameters of an address, only those that say something, in a fixed order."""
        said = {
            "grid": ":".join(self.grid) if self.grid else "",
            "class": ",".join(sorted(self.classes)),
            "mark": ",".join(mark for mark in MARKS if mark in self.marks),
            "days": "" if self.days == period else _period(self.days),
            "status": ",".join(status for status in STATUSES if status in self.statuses),
            "channel": ",".join(channel for channel in CHANNELS if channel in self.channels),
            "handler": self.handler,
            "duty": self.duty,
            "late": "1" if self.late else "",
            "demo": "" if self.demo is None else str(int(self.demo)),
            "from": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "q": self.text,
            "counted": self.counted,
        }
        return {name: value for name, value in said.items() if value}

    def __str__(self) -> str:
        return urlencode(self.to_query())

    @property
    def is_placed(self) -> bool:
        """Whether it says where: in a grid, or with a post that handles or answers, which may be that of a grid. `says_where` knows who looks, too."""
        return bool(self.grid or self.handler or self.duty)


@dataclass(frozen=True, eq=False)
class Picture:
    """What a filter shows at one moment; map, board and paper share it.

    Attributes
    ----------
    version
        Version of the last change to the area's incidents that it shows.
    clock
        The minute that it stands at, in the area's zone.
    question
        What the ledger was asked.
    cases
        As `select` returns them.
    """

    version: int
    clock: pd.Timestamp
    question: Wanted
    cases: pd.DataFrame

    @cached_property
    def placed(self) -> pd.DataFrame:
        """The cases that may be shown one by one, at their places."""
        return self.cases[~self.cases["restricted"].to_numpy(dtype=bool)]


def asked(
    room: Room, wanted: Filter, now: datetime, *, reader: Post | None = None, rows: bool = False, **more: object
) -> Wanted:
    """Return the question that a filter asks the ledger: the only place where one is made of the other, and where it is decided who sees what.

    Parameters
    ----------
    reader
        The post that looks; None for a wall, a paper or a file, which anybody may come to see.
    rows
        Whether the answer is shown row by row (table, inbox, file) and with what carries no mark, or as figures and marks.
    more
        Fields of `Wanted` that narrow it further.

    Raises
    ------
    FilterError
        The filter names a grid or class that the area does not have.
    """
    clock, majors = minute(room, now), room.rules.directory.majors
    known, zone = room.rules.directory.classes, room.area.pack.timezone
    fields: dict[str, object] = {
        "grid": wanted.grid[0] if wanted.grid else "",
        "codes": codes_of(room.area.net, *wanted.grid) if wanted.grid else frozenset(),
        "classes": frozenset(key for key in wanted.classes if key in known or key not in majors),
        "majors": frozenset(key for key in wanted.classes if key in majors),
        "marks": wanted.marks,
        "statuses": wanted.statuses,
        "channels": wanted.channels,
        "handler": wanted.handler,
        "post": wanted.duty,
        "active_since": _active_since(room, wanted.days, clock),
        "reported_since": wanted.since and wanted.since.replace(tzinfo=zone),
        "reported_until": wanted.until and wanted.until.replace(tzinfo=zone),
        "due_before": clock if wanted.late else None,
        "demo": wanted.demo,
        "text": wanted.text,
        "shift": room.shift(clock),
        "marked": not rows,
    }
    _known_classes(room, wanted.classes)
    if wanted.counted:
        fields |= {"numbers": counted(room, wanted.counted, now) or NONE, "restricted": False}
    question = room.wanted(**{**fields, **more})
    return replace(question, restricted=False) if _withholds(room, wanted, question, reader, rows=rows) else question


def _active_since(room: Room, days: int | None, clock: pd.Timestamp) -> datetime | None:
    if days == THIS_SHIFT:
        return room.shift(clock)
    return None if days is None else clock - timedelta(days=days)


def _period(days: int | None) -> str:
    """Return how an address says a period."""
    return {None: EVERYTHING, THIS_SHIFT: SHIFT}.get(days, str(days))


def look(room: Room, wanted: Filter, now: datetime) -> Picture:
    """Return what a filter shows now.

    Raises
    ------
    FilterError
        The filter names a grid or class that the area does not have, or would show more than `MOST_MARKS` cases.
    """
    with room.ledger.reading() as connection:
        version = find.version(connection, room.id)
    return _look(room, wanted, version, minute(room, now))


def look_back(room: Room, wanted: Filter, moment: datetime) -> Picture:
    """Return what a filter showed at a moment that is over, as the history says; a case that was entered later stands as it was entered. It has the cases that were marked then.

    Parameters
    ----------
    wanted
        Narrows by period alone: what a case was then is not what the ledger is asked for.

    Raises
    ------
    FilterError
        As `look`.
    """
    clock, question = minute(room, moment), asked(room, wanted, moment, marked=False)
    with room.ledger.reading() as connection:
        version = find.version(connection, room.id)
        if find.count(connection, question, most=MOST_MARKS + 1) > MOST_MARKS:
            raise _too_many(wanted)
        table = find.table(connection, question, READ)
        since = {number: before for number, before in later(connection, room.id, table["number"], moment).items() if any(before)}  # fmt: skip
        changed = find.incidents(connection, replace(question, numbers=frozenset(since))) if since else []
    then = {case.number: taken_back(case, since[case.number]) for case in changed}
    shift = room.shift(clock)
    for place, number in enumerate(table["number"]):
        if case := then.get(number):
            mark = mark_of(case.state.status, shift_over=bool(shift and case.closed and case.closed < shift))
            known = {"mark": mark and mark.value, "status": case.state.status.value, "handler": case.state.handler, "post": case.post, "codes": dumps(case.codes)}  # fmt: skip
            times = {name: at and milliseconds(at) for name, at in (("due", case.state.due), ("closed", case.closed))}
            hidden = table["restricted"][place] or case.restricted  # what is kept back now stays so
            for name, value in {**known, **times, "restricted": hidden}.items():
                table[name][place] = value
    frame = _frame(room, table)
    return Picture(version, clock, question, frame[frame["mark"].isin(MARKS).to_numpy()])


def of_day(room: Room, begins: datetime, ends: datetime, now: datetime) -> Picture:
    """Return the cases that were reported from a moment to another, as they stand now, or stood when that was over."""
    wanted = Filter(since=begins.replace(tzinfo=None), until=ends.replace(tzinfo=None))
    return look(room, wanted, now) if now < ends else look_back(room, wanted, ends - INSTANT)


def day_figures(frame: pd.DataFrame, key: str, clock: pd.Timestamp) -> dict[str, dict[str, list[str]]]:
    """Return the numbers of the cases that each figure of a daily sheet counts, by the grids of a level. A case that lies in several is counted in the first.

    Returns
    -------
    dict
        Code -> figure of `incidents.indicators.FIGURES` -> numbers; "" for cases in no grid.
    """
    codes, uids = frame[key].str.split(";").str[0].fillna("").to_numpy(), frame["uid"].to_numpy()
    is_open = (frame["mark"] == Mark.RED.value).to_numpy()
    late = frame["uid"].isin(overdue(frame, clock)["uid"]).to_numpy()
    chosen = (np.ones(len(frame), dtype=bool), ~is_open, is_open, late)
    found: dict[str, dict[str, list[str]]] = {}
    for name, mask in zip(DAY_FIGURES, chosen, strict=True):
        for code, number in zip(codes[mask], uids[mask], strict=True):
            found.setdefault(str(code), {one: [] for one in DAY_FIGURES})[name].append(str(number))
    return found


def counted(room: Room, said: str, now: datetime) -> frozenset[str]:
    """Return the numbers of the cases that a figure of a daily sheet counts (`Filter.counted`): of one that was drawn up, those that it was made of.

    Raises
    ------
    FilterError
        There is no such sheet, day or figure.
    """
    which, _dot, rest = said.partition(".")
    figure, _dot, code = rest.partition(".")
    try:
        place = DAY_FIGURES.index(figure)
        lines = (
            _drawn_lines(room, which) if which[:1] not in DIGITS else day_lines(room, date.fromisoformat(which), now)
        )
    except (DraftError, ValueError) as error:
        raise FilterError(f"counted={said}: {str(error).rstrip('.')}. Write it as 2026-11-23.handled, or follow a figure of the daily sheet.") from None  # fmt: skip
    numbers = frozenset(
        one for line, of in lines.items() if line == code or not code for one in of.get(DAY_FIGURES[place], ())
    )
    if len(numbers) > MOST_COUNTED:
        raise FilterError(f"counted={said}: that is more than {MOST_COUNTED:,} cases. Choose a line of the sheet.")
    return numbers


def _drawn_lines(room: Room, number: str) -> dict[str, dict[str, list[str]]]:
    return dict(sheets.figures(room, sheets.numbered(room, number)).get("counted", {}))


def day_lines(room: Room, day: date, now: datetime) -> dict[str, dict[str, list[str]]]:
    """Return what each figure of the sheet of a day counts, as `day_figures`."""
    picture = of_day(room, *span(day, room.rules.sheets.cutoff, room.area.pack.timezone), now)
    return day_figures(picture.placed, level_of(room).key, picture.clock)


def level_of(room: Room) -> Level:
    """Return the level whose grids are the lines of a sheet: communities, below the widest level."""
    levels = room.area.net.levels
    return levels[min(1, len(levels) - 1)]


def select(room: Room, wanted: Filter, now: datetime) -> pd.DataFrame:
    """Return the cases that a filter wants, newest first.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, then one column of codes for each level and overlay. ``uid`` is the number; what is restricted has neither number nor words nor place, and counts.

    Raises
    ------
    FilterError
        As `look`.
    """
    return look(room, wanted, now).cases


def says_where(room: Room, wanted: Filter) -> bool:
    """Tell whether all that a filter shows lies in a part of the area that somebody named: the filter, or the scope of who looks."""
    return wanted.is_placed or bool(wanted.counted) or room.within.narrows


def numbers(room: Room, wanted: Filter, now: datetime) -> frozenset[str]:
    """Return the numbers of the cases with a place that a filter would want at another time, as they stand now."""
    question = replace(asked(room, wanted, now), restricted=False)
    with room.ledger.reading() as connection:
        return frozenset(row["number"] for row in find.rows(connection, question, columns=("number",)))


def changed(room: Room, since: int) -> frozenset[str] | None:
    """Return the numbers of all cases that changed after a version; None when they are more than `MOST_CHANGES`.

    Those too that who looks does not see, for one may have left the scope since: `kept_back` says which of them are not to be named.
    """
    with room.ledger.reading() as connection:
        question = room.whole.wanted(after_version=since)
        rows = find.rows(connection, question, columns=("number",), order="changed", limit=MOST_CHANGES + 1)
    return None if len(rows) > MOST_CHANGES else frozenset(row["number"] for row in rows)


def kept_back(room: Room, numbers: frozenset[str], since: int) -> frozenset[str]:
    """Return which of these cases who looks may not see now, nor could at a version: restricted or out of scope both times, or not there yet. Their numbers are not named."""
    question = room.whole.wanted(after_version=since, restricted=None if room.within.narrows else True)
    with room.ledger.reading() as connection:
        found = find.incidents(connection, question, order="changed") if numbers else []
        hidden = [case for case in found if case.number in numbers and not _is_open(room, case)]
        then = stood(connection, room.id, hidden, since)
    return frozenset(case.number for case in hidden if not _is_open(room, then.get(case.number)))


def _is_open(room: Room, case: Incident | None) -> bool:
    return case is not None and not case.restricted and room.sees(case)


def minute(room: Room, now: datetime) -> pd.Timestamp:
    """Return the minute by which figures are counted, in the area's zone."""
    clock = room.clock(now)
    # Not by local time: in the hour that comes twice (autumn) pandas asks which one is meant.
    return clock.tz_convert("UTC").floor("min").tz_convert(clock.tz)


def codes_of(net: Net, key: str, code: str) -> frozenset[str]:
    """Return the codes that a grid stands for: its own, or those of all micro-grids that are stacked on its polygon.

    Raises
    ------
    FilterError
        The net has no such level, overlay or grid.
    """
    known = _codes(net, key)
    stacked = net.stacked.get(code, ()) if key == net.leaf.key else ()
    if not stacked and code not in known:
        raise FilterError(
            f"grid={key}:{code}: there is no such grid. The {key!r} level or overlay has {len(known)} grids."
        )
    return frozenset(stack.code for stack in stacked) or frozenset({code})


def counts(frame: pd.DataFrame) -> dict[str, int]:
    """Count cases by mark; every mark is there, with 0 when nothing carries it."""
    found = frame["mark"].value_counts()
    return {mark: int(found.get(mark, 0)) for mark in MARKS}


def is_overdue(case: Incident, clock: datetime) -> bool:
    """Tell whether a case is overdue (超期): open, and its running deadline has passed. Whether it was handled in time (按期) is `CaseState.in_time`."""
    return case.mark is Mark.RED and case.state.due is not None and case.state.due < clock


def overdue(frame: pd.DataFrame, as_of: pd.Timestamp | None) -> pd.DataFrame:
    """Return the overdue cases (`is_overdue`), the longest overdue first."""
    if as_of is None:
        return frame.iloc[:0]
    late = frame[(frame["mark"] == Mark.RED.value) & (frame["due"] < as_of)]
    return late.sort_values(["due", "uid"])


def grid_states(net: Net, frame: pd.DataFrame, key: str) -> dict[str, str]:
    """Return the state of each grid of a level or overlay that holds a case: code -> red, yellow or green; the others are neutral. What is restricted colours none."""
    codes, marks = frame[key].to_numpy(), frame["mark"].to_numpy()
    present: dict[str, set[str]] = {}
    for held, mark in {*zip(codes.tolist(), marks.tolist(), strict=True)}:
        for code in held.split(";"):
            present.setdefault(code, set()).add(mark)
    known = _codes(net, key)
    return {code: state_of_grid(found) for code, found in sorted(present.items()) if code in known}


def restricted(frame: pd.DataFrame) -> int:
    """Count the cases that are in the counts and have no place."""
    return int(frame["restricted"].sum())


@dataclass(eq=False)
class _Last:
    """The last picture of a filter: good for one version and one minute, then what the next one is made of. No older one is kept."""

    picture: Picture | None = None


@lru_cache(maxsize=128)
def _last(_room: Room, _wanted: Filter) -> _Last:
    return _Last()


def _look(room: Room, wanted: Filter, version: int, clock: pd.Timestamp) -> Picture:
    """Return the picture of that version, or of a later one."""
    last = _last(room, wanted)
    picture = last.picture
    if picture is None or picture.version < version or picture.clock != clock:
        picture = last.picture = _asked_anew(room, wanted, picture, clock)
    return picture


def _asked_anew(room: Room, wanted: Filter, last: Picture | None, clock: pd.Timestamp) -> Picture:
    question = asked(room, wanted, clock)
    with room.ledger.reading() as connection:
        version = find.version(connection, room.id)
        cases = _renewed(connection, room, last, question)
        if cases is None:
            if find.count(connection, question, most=MOST_MARKS + 1) > MOST_MARKS:
                raise _too_many(wanted)
            cases = _frame(room, find.table(connection, question, READ))
    if len(cases) > MOST_MARKS:
        raise _too_many(wanted)
    return Picture(version, clock, question, cases)


def _renewed(connection: Any, room: Room, last: Picture | None, question: Wanted) -> pd.DataFrame | None:
    """Return the cases of the last picture with what changed since; None where another question was asked, or where it is quicker to ask anew."""
    if last is None or last.question != question:
        return None
    since = room.whole.wanted(after_version=last.version)  # what left the scope is out of the picture, too
    changed = find.rows(connection, since, columns=("id",), order="changed", limit=MOST_RENEWED + 1)
    if len(changed) > MOST_RENEWED:
        return None
    new = _frame(room, find.table(connection, replace(question, after_version=last.version), READ))
    kept = last.cases[~last.cases.index.isin([row["id"] for row in changed])]
    both = pd.concat([new, kept]) if len(new) else kept
    newest = np.lexsort((-both.index.to_numpy(), -pd.DatetimeIndex(both["reported"]).asi8))
    return both.iloc[newest]


def _too_many(wanted: Filter) -> FilterError:
    return FilterError(
        f"{wanted}: that is more than {MOST_MARKS:,} cases, too many for one map. Choose fewer days, or a grid."
    )


def _frame(room: Room, found: Mapping[str, list[Any]]) -> pd.DataFrame:
    hidden = np.array(found["restricted"], dtype=bool)
    posts = room.posts  # once: they follow the ledger
    titles = {
        key: posts[key].title if key in posts else title_of(room, key) for key in {*found["handler"], *found["post"]}
    }
    words = {name: found[name] for name in ("class", "title", "status", "mark", "address")}
    words["uid"] = words["id"] = found["number"]
    words["key"] = ["incident"] * len(hidden)
    words["responsible"] = [
        titles[handler or post] for handler, post in zip(found["handler"], found["post"], strict=True)
    ]
    keys, codes = room.area.net.keys, [_decoded(text) for text in found["codes"]]
    index = pd.Index(found["id"], dtype=np.int64)
    columns: dict[str, Any] = {
        **{name: _texts(values, index) for name, values in words.items()},
        **{name: _times(found[name], room) for name in ("reported", "due", "closed")},
        **{name: np.array(found[name], dtype=np.float64) for name in ("unit", "floor", "lon", "lat")},
        "version": np.array(found["version"], dtype=np.int64),
        "restricted": hidden,
        "demo": np.array(found["demo"], dtype=bool),
    }
    grids = {key: _texts([placed.get(key, "") for placed in codes], index) for key in keys}
    frame = pd.DataFrame({name: columns[name] for name in COLUMNS} | grids, index=index)
    if not room.within.words:
        frame[["title", "address"]] = ""
    return _without_place(frame, hidden, keys) if hidden.any() else frame


def _texts(values: list[str], index: pd.Index) -> "pd.Series[Any]":
    """Return texts as a column of plain objects: walking through one of Arrow's takes ten times as long."""
    return pd.Series(values, index=index, dtype=object)


def _without_place(frame: pd.DataFrame, hidden: np.ndarray, keys: Iterable[str]) -> pd.DataFrame:
    """Take number, words and place from the cases of restricted classes; mark, state and times stay, for they are counted."""
    for name in ("uid", "id", "title", "address", "responsible", *keys):
        frame.loc[hidden, name] = ""
    for name in ("unit", "floor", "lon", "lat"):
        frame.loc[hidden, name] = np.nan
    return frame


def title_of(room: Room, key: str) -> str:
    """Return the title of a post; "" for none, and its key where nobody knows it."""
    try:
        return room.post(key).title if key else ""
    except UnknownPost:
        return key


def _times(values: list[int | None], room: Room) -> pd.DatetimeIndex:
    """Return milliseconds since 1970 as times in the area's zone."""
    instants = np.array([np.iinfo(np.int64).min if value is None else value for value in values], dtype=np.int64)
    times = pd.DatetimeIndex(instants.view("datetime64[ms]").astype("datetime64[ns]"), tz="UTC")
    return times.tz_convert(room.area.pack.timezone)


@lru_cache(maxsize=8192)
def _decoded(codes: str) -> Mapping[str, str]:
    """Return the codes of a place; cases of one micro-grid share them."""
    found: dict[str, str] = json.loads(codes)
    return found


@lru_cache(maxsize=64)
def _codes(net: Net, key: str) -> frozenset[str]:
    for level in net.levels:
        if level.key == key:
            stacked = [stack.code for stack in net.stacks] if level is net.leaf else []
            carriers = set(net.stacked) if level is net.leaf else set()
            return frozenset(code for code in level.codes if code not in carriers) | frozenset(stacked)
    for overlay in net.overlays:
        if overlay.key == key:
            return frozenset(overlay.codes)
    keys = ", ".join(net.keys)
    raise FilterError(f"grid={key}:…: there is no level or overlay {key!r}. There are {keys}.")


def _withholds(room: Room, wanted: Filter, question: Wanted, reader: Post | None, *, rows: bool) -> bool:
    """Tell whether the cases of restricted classes are left out of an answer: docs/decisions/restricted.md."""
    is_placed = says_where(room, wanted)
    if not (is_placed or wanted.classes) or (reader and may_read_filtered(room, wanted, reader)):
        return False
    if rows and (reader or is_placed):  # a row would say where it is; a class alone does not
        return is_placed
    return _is_few(room, question)


def may_read_filtered(room: Room, wanted: Filter, reader: Post) -> bool:
    """Tell whether a post may read all that a filter wants, of what who looks sees."""
    posts = {wanted.handler, wanted.duty, *room.within.posts} - {""}
    return may_read_part(reader, room.area.net, grid=wanted.grid, posts=posts)


def _is_few(room: Room, question: Wanted) -> bool:
    """Tell whether the cases of restricted classes are so few in this part of the area that they would point at somebody.

    Marks, states and lateness do not narrow what is "few": the figures of a part would not add up otherwise, and one that stands with the others would be gone alone.
    """
    part = replace(question, restricted=True, marked=True, marks=frozenset(), statuses=frozenset(), due_before=None)
    with room.ledger.reading() as connection:
        return find.count(connection, part, most=FEWEST) < FEWEST


def _known_classes(room: Room, classes: Iterable[str]) -> None:
    """Refuse a class that is neither in the directory nor in the ledger, which may hold some of a former directory."""
    directory = room.rules.directory
    unknown = sorted(set(classes) - set(directory.classes) - set(directory.majors))
    if not unknown:
        return
    with room.ledger.reading() as connection:
        unknown = [key for key in unknown if not find.count(connection, room.wanted(classes=frozenset({key})), most=1)]
    if unknown:
        known = [*directory.majors, *directory.classes]
        raise FilterError(
            f"class={','.join(unknown)}: no such class. There are {', '.join(known[:NAMED])}{', …' if len(known) > NAMED else ''}."
        )
