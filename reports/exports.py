"""Giving the ledger's cases out (导出台账): one table for the screen and for every file, so that they agree.

What is restricted (disputes, care) keeps number, class, state and times, and has neither words nor place. Who reported is never in it. docs/import.md says what each
column is.
"""

import difflib
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from desk.imports.mapping import plain
from desk.room import Room
from geo.errors import FilterError, UnknownPost
from geo.scheme import Name
from incidents.case import Incident
from incidents.lifecycle import Act
from incidents.model import Mark, mark_of
from ledger import find
from ledger.find import Wanted
from ledger.rows import from_row
from locales import N_, translator
from reports.figures import MARKS, Filter, is_overdue, minute
from reports.words import CHANNEL, MARK, STATUS, URGENCY, post_title

MOST_NEAR, MOST_NAMED, CUTOFF = 3, 15, 0.5  # names that an error proposes, and how like they are
AT_ONCE = 20_000  # cases that are held at once
CODE_WIDTH = 22  # of columns with codes of grids
ACTS = MappingProxyType({"filed": Act.FILE, "dispatched": Act.DISPATCH, "feedback": Act.FEEDBACK})


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes
    ----------
    key
        Its name in the table and in files for machines.
    heading
        Its name for people, a msgid; "" for a column that only machines read.
    kind
        ``text``, ``time``, ``number``, ``count`` or ``flag``.
    width
        In a sheet, in characters.
    """

    key: str
    heading: str
    kind: str = "text"
    width: int = 12


# In the order of the ledger as offices keep it (事件台账): the grids of the area stand after the place.
BEFORE_GRIDS = (
    Column("number", N_("Number"), width=20),
    Column("channel_name", N_("Channel"), width=10),
    Column("major_name", N_("Major class"), width=14),
    Column("class_name", N_("Minor class"), width=18),
    Column("title", N_("Subject"), width=28),
    Column("text", N_("Description"), width=48),
    Column("address", N_("Place"), width=30),
    Column("unit", N_("Unit"), "number", 6),
    Column("floor", N_("Floor"), "number", 6),
)
AFTER_GRIDS = (
    Column("reporter_name", N_("Reported by (post)"), width=18),
    Column("reported", N_("Reported at"), "time", 17),
    Column("urgency_name", N_("Urgency"), width=9),
    Column("post_name", N_("Responsible post"), width=18),
    Column("filed", N_("Filed at"), "time", 17),
    Column("handler_name", N_("Handler"), width=18),
    Column("dispatched", N_("Sent at"), "time", 17),
    Column("due", N_("Deadline"), "time", 17),
    Column("promised", N_("Deadline of handling"), "time", 17),
    Column("feedback", N_("Answered at"), "time", 17),
    Column("verifier_name", N_("Verified by (post)"), width=18),
    Column("closed", N_("Closed at"), "time", 17),
    Column("status_name", N_("State"), width=14),
    Column("mark_name", N_("Mark"), width=10),
    Column("overdue", N_("Overdue"), "flag", 8),
    Column("in_time_name", N_("Handled in time"), width=10),
    Column("returns", N_("Times returned"), "count", 8),
    Column("rating", N_("Rating"), width=10),
    Column("source", N_("Other system"), width=10),
    Column("external_id", N_("Number there"), width=20),
    Column("lon", N_("Longitude"), "number", 12),
    Column("lat", N_("Latitude"), "number", 12),
    Column("class", ""),
    Column("major", ""),
    Column("status", ""),
    Column("mark", ""),
    Column("channel", ""),
    Column("urgency", ""),
    Column("post", ""),
    Column("handler", ""),
    Column("in_time", ""),
    Column("limit", ""),
    Column("match", ""),
    Column("edge_m", "", "number"),
    Column("edition", ""),
    Column("restricted", "", "flag"),
    Column("demo", N_("Demonstration"), "flag", 8),
    Column("version", "", "count"),
)
WORDS = ("title", "text", "address", "external_id")
PLACE = ("unit", "floor", "lon", "lat", "edge_m")


def columns(room: Room, language: str) -> list[Column]:
    """Return the columns of the table of an area, in order, with their headings in a language."""
    _ = translator(language)
    plain = [
        Column(column.key, _(column.heading) if column.heading else "", column.kind, column.width)
        for column in (*BEFORE_GRIDS, *AFTER_GRIDS)
    ]
    names = {level.key: level.name for level in room.area.net.levels}
    names |= {overlay.key: overlay.name for overlay in room.area.net.overlays}
    code = _("{name}, code")
    grids = [
        found
        for key, name in names.items()
        for found in (
            Column(f"{own_name(key)}_name", _in(name, language), width=14),
            Column(own_name(key), code.format(name=_in(name, language)), width=CODE_WIDTH),
        )
    ]
    return [*plain[: len(BEFORE_GRIDS)], *grids, *plain[len(BEFORE_GRIDS) :]]


def table(room: Room, wanted: Wanted, now: datetime, language: str) -> pd.DataFrame:
    """Return the wanted cases as one table, newest first.

    Returns
    -------
    pandas.DataFrame
        A column for each of `columns`, by key; times in the area's zone, NaT where there is none; texts "" and numbers NaN where nothing is said.
    """
    frames = list(batches(room, wanted, now, language))
    return pd.concat(frames, ignore_index=True)


def batches(
    room: Room, wanted: Wanted, now: datetime, language: str, *, size: int = AT_ONCE
) -> Generator[pd.DataFrame, None, None]:
    """Walk through the table some rows at a time, all of one moment of the ledger; an empty table is one batch without rows."""
    maker = _Maker(room, wanted, now, language)
    is_empty = True
    with (
        room.ledger.reading() as connection,
        closing(connection.execution_options(yield_per=size).execute(find.select_all(wanted))) as found,
    ):
        for rows in found.mappings().partitions(size):
            is_empty = False
            yield maker.frame([from_row(dict(row)) for row in rows])
    if is_empty:
        yield maker.frame([])


def named(
    room: Room,
    *,
    grid: str = "",
    classes: Iterable[str] = (),
    marks: Iterable[str] = (),
    statuses: Iterable[str] = (),
    days: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    text: str = "",
) -> Filter:
    """Return the filter that the options of an export mean, which take names where an address takes keys.

    Parameters
    ----------
    grid
        ``level or overlay:code``, by key or name, and by code or label.
    classes, statuses
        Keys or names, in either language, of classes and major classes, and of states.

    Raises
    ------
    FilterError
        Names what the area does not have, and what is called nearly so.
    """
    faults = [f"mark={mark}: choose among {', '.join(MARKS)}" for mark in marks if mark not in MARKS]
    classes = _keys("class", classes, {key: room.class_name(key) for key in room.class_keys}, faults)
    statuses = _keys("status", statuses, _states(), faults)
    if faults:
        raise FilterError("; ".join(faults) + ".")
    return Filter(
        grid=_grid(room, grid) if grid else None,
        classes=frozenset(classes),
        marks=frozenset(marks),
        statuses=frozenset(statuses),
        days=days,
        since=since,
        until=until,
        text=text,
    )


class _Maker:
    """Makes frames of rows; what is the same for many rows is looked up once."""

    def __init__(self, room: Room, wanted: Wanted, now: datetime, language: str) -> None:
        self.room, self.language, self._ = room, language, translator(language)
        self.clock, self.shift = minute(room, now), wanted.shift
        self.columns = columns(room, language)
        self.zone = room.area.pack.timezone
        net = room.area.net
        self.grids = [*(level.key for level in net.levels), *(overlay.key for overlay in net.overlays)]
        self.labels = {level.key: dict(zip(level.codes, level.labels, strict=True)) for level in net.levels}
        self.labels |= {overlay.key: dict(zip(overlay.codes, overlay.labels, strict=True)) for overlay in net.overlays}
        self.labels[net.leaf.key] |= {stack.code: stack.label for stack in net.stacks}
        self.title = lru_cache(maxsize=65_536)(self._title)
        self.class_name = lru_cache(maxsize=4096)(lambda key: _in(room.class_name(key), language) if key else "")

    def frame(self, cases: Sequence[Incident]) -> pd.DataFrame:
        """Return cases as a frame."""
        found: dict[str, list[Any]] = {name: [getattr(case, name) for case in cases] for name in PLAIN}
        found["class"] = [case.class_ for case in cases]
        found |= {name: [str(getattr(case, name)) for case in cases] for name in ("channel", "urgency", "status")}
        found["mark"] = [self._mark(case) for case in cases]
        for name, table in NAMED.items():
            found[f"{name}_name"] = [self._(table[value]) if value in table else value for value in found[name]]
        found |= {f"{name}_name": [self.class_name(key) for key in found[name]] for name in ("class", "major")}
        found |= {name: [_stated(case, name) for case in cases] for name in STATED}
        found |= {
            f"{name}_name": [self.title(key) for key in found[name]]
            for name in ("post", "handler", "reporter", "verifier")
        }
        found |= self._grids(cases)
        found |= {name: [case.state.times.get(act) for case in cases] for name, act in ACTS.items()}
        found["due"] = [case.state.due if case.mark is Mark.RED else None for case in cases]
        found["promised"] = [case.state.promised for case in cases]
        found["in_time"] = [_in_time(case) for case in cases]
        found["in_time_name"] = [self._(IN_TIME[said]) if said else "" for said in found["in_time"]]
        found |= {name: [getattr(case, name) for case in cases] for name in ("reported", "closed")}
        found["overdue"] = [is_overdue(case, self.clock) for case in cases]
        frame = pd.DataFrame({column.key: self._typed(column.kind, found[column.key]) for column in self.columns})
        return self._masked(frame)

    def _typed(self, kind: str, values: list[Any]) -> Any:
        if kind == "time":
            times = np.array(
                [None if value is None else value.replace(tzinfo=None) for value in values], "datetime64[ms]"
            )
            return pd.DatetimeIndex(times, tz="UTC").tz_convert(self.zone)
        kinds: dict[str, Any] = {"number": np.float64, "count": np.int64, "flag": bool}
        return np.array(values, dtype=kinds.get(kind, object))

    def _masked(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Take words and place from the cases of restricted classes."""
        hidden = frame["restricted"].to_numpy(dtype=bool)
        if hidden.any():
            codes = [name for key in self.grids for name in (own_name(key), f"{own_name(key)}_name")]
            posts = ["post", "post_name"]
            frame.loc[hidden, [*WORDS, *codes, *posts]] = ""
            frame.loc[hidden, list(PLACE)] = np.nan
        return frame

    def _grids(self, cases: Sequence[Incident]) -> dict[str, list[str]]:
        found = {own_name(key): [case.codes.get(key, "") for case in cases] for key in self.grids}
        for key in self.grids:
            labels = self.labels[key]
            found[f"{own_name(key)}_name"] = [
                ";".join(str(labels.get(code, code)) for code in given.split(";")) for given in found[own_name(key)]
            ]
        return found

    def _mark(self, case: Incident) -> str:
        """Return the mark as it shows: what was cleared on the spot before the shift began is green."""
        is_over = self.shift is not None and case.closed is not None and case.closed < self.shift
        mark = mark_of(case.status, shift_over=is_over)
        return mark.value if mark else ""

    def _title(self, key: str) -> str:
        try:
            return post_title(self.room.post(key), self._) if key else ""
        except UnknownPost:
            return key


PLAIN = (
    "number",
    "major",
    "title",
    "text",
    "address",
    "unit",
    "floor",
    "lon",
    "lat",
    "post",
    "match",
    "edge_m",
    "edition",
    "restricted",
    "demo",
    "source",
    "external_id",
    "version",
)
STATED = ("handler", "reporter", "verifier", "limit", "rating", "returns")
POSTS = frozenset({"handler", "reporter", "verifier"})
NAMED: Mapping[str, Mapping[Any, str]] = MappingProxyType(
    {"status": STATUS, "channel": CHANNEL, "urgency": URGENCY, "mark": MARK}
)
IN_TIME = MappingProxyType({"yes": N_("On time"), "no": N_("Late")})
_KEYS = frozenset(column.key for column in (*BEFORE_GRIDS, *AFTER_GRIDS))


def _in_time(case: Incident) -> str:
    """Say whether a case was handled by the deadline that was promised (按期, 逾期); "" while it is being handled, and of one that was refused, linked or cancelled."""
    said = case.state.in_time if case.mark else None
    return "" if said is None else "yes" if said else "no"


def _stated(case: Incident, name: str) -> Any:
    """Return what the state of a case says; of a restricted one no post of a grid, which would say where it is."""
    value = getattr(case.state, name)
    return "" if case.restricted and name in POSTS and value.split(":", 2)[1:2] not in ([], [""]) else value


def own_name(key: str) -> str:
    """Return the name of the column for a level or overlay; one that another column bears gets a prefix."""
    return f"grid_{key}" if key in _KEYS or f"{key}_name" in _KEYS else key


def _in(name: Name, language: str) -> str:
    return str(name.en if language == "en" else name.zh)


def _states() -> dict[str, Name]:
    zh, en = translator("zh"), translator("en")
    return {str(status): Name(zh(said), en(said)) for status, said in STATUS.items()}


def _keys(what: str, asked_: Iterable[str], names: Mapping[str, Name], faults: list[str]) -> list[str]:
    """Return the keys of what is asked for by key or by name; note what nothing, or several, is called."""
    found = []
    for said in asked_:
        keys = [said] if said in names else _called(said, names)
        found += keys[:1]
        if len(keys) > 1:
            faults.append(f"{what}={said}: several are called so: {', '.join(keys)}. Give the key instead")
        elif not keys:
            near = _near(said, [word for key, name in names.items() for word in (key, name.zh, name.en)])
            faults.append(f"{what}={said}: there is none of that key or name. {near}")
    return found


def _called(said: str, names: Mapping[str, Name]) -> list[str]:
    return [key for key, name in names.items() if plain(said) and plain(said) in {plain(name.zh), plain(name.en)}]


def _near(said: str, words: Sequence[str]) -> str:
    """Say what is called nearly so; where nothing is, what there is."""
    near = difflib.get_close_matches(said, dict.fromkeys(words), n=MOST_NEAR, cutoff=CUTOFF)
    some = list(dict.fromkeys(words))[:MOST_NAMED]
    return (
        f"Near: {', '.join(near)}"
        if near
        else f"There are: {', '.join(some)}{', …' if len(some) == MOST_NAMED else ''}"
    )


def _grid(room: Room, asked_: str) -> tuple[str, str]:
    net = room.area.net
    said, _, code = asked_.replace("：", ":").partition(":")
    grids: dict[str, Any] = {**{level.key: level for level in net.levels}, **{over.key: over for over in net.overlays}}
    keys = [said] if said in grids else _called(said, {key: grid.name for key, grid in grids.items()})
    if len(keys) != 1:
        raise FilterError(f"grid={asked_}: write one of {', '.join(net.keys)}, a colon, and the code of a grid.")
    (key,) = keys
    labels = [*zip(grids[key].codes, grids[key].labels, strict=True)]
    labels += [(stack.code, stack.label) for stack in net.stacks if key == net.leaf.key]
    known = {*(str(own) for own, _label in labels), *(net.stacked if key == net.leaf.key else ())}
    codes = {code} if code in known else {str(own) for own, label in labels if str(label) == code}
    if len(codes) == 1:
        return key, next(iter(codes))
    if codes:
        raise FilterError(f"grid={asked_}: several are called so: {', '.join(sorted(codes))}. Give the code instead.")
    near = _near(code, [str(word) for pair in labels for word in pair])
    raise FilterError(f"grid={asked_}: there is no such grid. {near}.")
