"""One filter, one query: every count on map, board, list and paper comes through here, so that they agree.

A `Filter` is what an address says (``grid=micro:0305&class=gas&mark=red&days=7``); `select` answers it over the cases of an area. An address that names no period
means the last day, so that a wall shows what is open and what this day has done; ``days=all`` means everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import shapely

from geo.errors import FilterError
from geo.nearby import Nearby
from geo.net import Net
from incidents.model import Mark, marks_of, state_of_grid
from layers.load import Area

MARKS = tuple(mark.value for mark in Mark)
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
)
MOST_DAYS = 3660
PERIOD = 1  # days that an address means when it names none
EVERYTHING = "all"


@dataclass(frozen=True)
class Filter:
    """What to show; ``Filter()`` shows everything.

    Attributes
    ----------
    grid
        ``(key, code)`` of a level or overlay: only what lies in that grid.
    classes, marks
        Only these; empty for all.
    days
        Only what was reported, or is still open, in so many days before the data's time. None for all.
    """

    grid: tuple[str, str] | None = None
    classes: frozenset[str] = field(default_factory=frozenset)
    marks: frozenset[str] = field(default_factory=frozenset)
    days: int | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Filter":
        """Read a filter from the parameters of an address; other parameters are left alone.

        Raises
        ------
        FilterError
            Names the parameter, its value, and what it may be.
        """
        return cls(
            grid=_grid(query.get("grid", "")),
            classes=_list(query.get("class", "")),
            marks=_marks(query.get("mark", "")),
            days=_days(query.get("days", "")),
        )

    def to_query(self) -> dict[str, str]:
        """Return the parameters of an address, only those that say something, in a fixed order."""
        said = {
            "grid": ":".join(self.grid) if self.grid else "",
            "class": ",".join(sorted(self.classes)),
            "mark": ",".join(mark for mark in MARKS if mark in self.marks),
            "days": EVERYTHING if self.days is None else "" if self.days == PERIOD else str(self.days),
        }
        return {name: value for name, value in said.items() if value}

    def __str__(self) -> str:
        return urlencode(self.to_query())


@lru_cache(maxsize=16)
def cases(area: Area) -> pd.DataFrame:
    """Return every incident of an area that carries a mark, newest first.

    Returns
    -------
    pandas.DataFrame
        `COLUMNS`, then one column of codes for each level and overlay. ``uid`` is unique in the area.
    """
    net_columns = area.net.keys
    frames = [_of_layer(key, frame, net_columns) for key, frame in area.of_kind("incident").items()]
    if not frames:
        return pd.DataFrame(columns=[*COLUMNS, *net_columns])
    everything = pd.concat(frames, ignore_index=True)
    marked = everything[everything["mark"] != ""]
    return marked.sort_values(["reported", "uid"], ascending=[False, True], na_position="last", ignore_index=True)


@lru_cache(maxsize=16)
def near(area: Area) -> Nearby:
    """Return an index of where the cases of an area lie, by uid."""
    found = cases(area)
    return Nearby(zip(found["uid"], found["lon"], found["lat"], strict=True))


def select(area: Area, wanted: Filter) -> pd.DataFrame:
    """Return the cases that a filter wants, newest first, with the columns of `cases`.

    Raises
    ------
    FilterError
        The filter names a grid or class that the area does not have.
    """
    found = cases(area)
    keep = np.ones(len(found), dtype=bool)
    if wanted.grid:
        keep &= in_grid(area.net, found, *wanted.grid)
    if wanted.classes:
        _known_classes(area, wanted.classes)
        keep &= found["class"].isin(wanted.classes).to_numpy()
    if wanted.marks:
        keep &= found["mark"].isin(wanted.marks).to_numpy()
    if wanted.days is not None and area.as_of is not None:
        keep &= _recent(found, area.as_of - timedelta(days=wanted.days)).to_numpy()
    return found[keep]


def in_grid(net: Net, frame: pd.DataFrame, key: str, code: str) -> np.ndarray:
    """Tell which rows of a frame with code columns lie in a grid, bool (n,); a polygon that carries a stack stands for all its micro-grids.

    Raises
    ------
    FilterError
        The net has no such level, overlay or grid.
    """
    known = _codes(net, key)
    stacked = net.stacked.get(code, ()) if key == net.leaf.key else ()
    wanted = {stack.code for stack in stacked} or {code}
    if not stacked and code not in known:
        raise FilterError(
            f"grid={key}:{code}: there is no such grid. The {key!r} level or overlay has {len(known)} grids."
        )
    column = frame[key].astype(str)
    if column.str.contains(";", regex=False).any():
        return np.array([not wanted.isdisjoint(codes.split(";")) for codes in column])
    return column.isin(wanted).to_numpy()


def counts(frame: pd.DataFrame) -> dict[str, int]:
    """Count cases by mark; every mark is there, with 0 when nothing carries it."""
    found = frame["mark"].value_counts()
    return {mark: int(found.get(mark, 0)) for mark in MARKS}


def overdue(frame: pd.DataFrame, as_of: pd.Timestamp | None) -> pd.DataFrame:
    """Return the red cases whose deadline has passed at ``as_of``, the longest overdue first."""
    if as_of is None:
        return frame.iloc[:0]
    late = frame[(frame["mark"] == Mark.RED.value) & (frame["due"] < as_of)]
    return late.sort_values(["due", "uid"])


def grid_states(net: Net, frame: pd.DataFrame, key: str) -> dict[str, str]:
    """Return the state of each grid of a level or overlay that holds a case: code -> red, yellow or green; the others are neutral."""
    marks: dict[str, set[str]] = {}
    for codes, mark in zip(frame[key], frame["mark"], strict=True):
        for code in str(codes).split(";"):
            if code:
                marks.setdefault(code, set()).add(mark)
    return {code: state_of_grid(present) for code, present in sorted(marks.items()) if code in _codes(net, key)}


def _of_layer(key: str, frame: pd.DataFrame, net_columns: list[str]) -> pd.DataFrame:
    placed = frame.assign(
        uid=key + ":" + frame["id"].astype(str),
        key=key,
        mark=marks_of(frame["status"].to_numpy()),
        lon=shapely.get_x(frame.geometry.to_numpy()),
        lat=shapely.get_y(frame.geometry.to_numpy()),
    )
    return pd.DataFrame(placed[[*COLUMNS, *net_columns]])


def _recent(frame: pd.DataFrame, since: pd.Timestamp) -> "pd.Series[bool]":
    """Tell what was reported or closed since, or is still open."""
    return (frame["reported"] >= since) | (frame["closed"] >= since) | (frame["mark"] == Mark.RED.value)


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


def _known_classes(area: Area, classes: Iterable[str]) -> None:
    known = set(cases(area)["class"])
    unknown = sorted(set(classes) - known)
    if unknown:
        raise FilterError(f"class={','.join(unknown)}: no such class. There are {', '.join(sorted(known)) or 'none'}.")


def _grid(text: str) -> tuple[str, str] | None:
    if not text:
        return None
    key, colon, code = text.partition(":")
    if not colon or not key or not code:
        raise FilterError(f"grid={text}: write it as level:code, for example grid=micro:0305.")
    return key, code


def _list(text: str) -> frozenset[str]:
    return frozenset(part for part in text.split(",") if part)


def _marks(text: str) -> frozenset[str]:
    marks = _list(text)
    if marks - set(MARKS):
        raise FilterError(f"mark={text}: choose among {', '.join(MARKS)}.")
    return marks


def _days(text: str) -> int | None:
    if not text:
        return PERIOD
    if text == EVERYTHING:
        return None
    if not (text.isdecimal() and len(text) <= len(str(MOST_DAYS)) and 1 <= int(text) <= MOST_DAYS):
        raise FilterError(f"days={text}: give a whole number from 1 to {MOST_DAYS}, or {EVERYTHING}.")
    return int(text)
