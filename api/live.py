"""``/live/{area}``: what the live layer of the map shows, and how old it is; to one who says what he has seen, only what changed since."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.answers import AGAIN, SAFE, answering, fresh
from api.identity import PATIENCE
from api.identity import room as room_of
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import Beginning, FilterError
from geo.net import Net
from incidents.model import Mark, Status
from reports import figures
from reports.figures import MARKS, Filter, Picture
from reports.withheld import leaves_out_few

LONGEST_NUMBER = 18  # digits
ASYNC = "respond-async"
SCOPE = 12  # characters of a scope's word
LONGEST_AWAY = timedelta(hours=1)  # after which one who comes back gets a snapshot


@dataclass(frozen=True)
class Seen:
    """What one who asks has seen: the version and the time of the last answer, the pack that it named, "" where he does not say, and the scope in which he saw it."""

    version: int
    at: datetime
    pack: str = ""
    scope: str = ""


@dataclass(frozen=True)
class Delta:
    """What changed since: rows as `marks` returns them, and the uids that are to go, none that was of a restricted class all along. ``reset`` means that these rows are all there are."""

    reset: bool
    incidents: list[list[Any]]
    removed: list[str]


def routes(rooms: Rooms) -> list[Route]:
    """Return the route of the live data; while an area is being written for the first time, it says how far that is, to who would rather not wait (RFC 7240, 4.1) at once."""

    def live(request: Request) -> Response:
        now, is_patient = datetime.now(UTC), ASYNC not in request.headers.get("prefer", "")
        try:
            room = room_of(request, rooms, now, patience=PATIENCE if is_patient else 0)
        except Beginning as error:  # no fault: 202, so that no browser complains
            headers = {**SAFE, "Cache-Control": "no-store", "Retry-After": str(AGAIN)}
            return JSONResponse({"beginning": str(error), "done": error.done, "of": error.of}, 202, headers)
        return fresh(answer(room, Filter.from_query(request.query_params), seen_of(request.query_params), now), request)

    return [Route("/live/{area}", answering(live))]


def answer(room: Room, wanted: Filter, seen: Seen | None, now: datetime) -> dict[str, Any]:
    """Return the answer to one who has seen that.

    Raises
    ------
    FilterError
        As `figures.look`.
    """
    picture = figures.look(room, wanted, now)
    delta = delta_of(room, wanted, seen, picture, now)
    return {
        "version": picture.version,
        "pack": room.area.digest,
        "scope": scope_of(room),
        **stamp(room, now),
        **state(room, picture),
        "reset": delta.reset,
        "removed": delta.removed,
        "incidents": delta.incidents,
    }


def stamp(room: Room, now: datetime) -> dict[str, str]:
    """Return when something is said, and as of when what is said is."""
    return {"served": now.isoformat(timespec="seconds"), "as_of": room.clock(now).isoformat(timespec="seconds")}


def seen_of(query: Mapping[str, str]) -> Seen | None:
    """Read what an address says was seen: ``since`` (the version of the last answer), ``at`` (when it was ``served``), ``pack``, ``scope``; None for one who comes anew.

    Raises
    ------
    FilterError
        One of them is none.
    """
    since, at = query.get("since", ""), query.get("at", "")
    if not since:
        return None
    if not (since.isdecimal() and len(since) <= LONGEST_NUMBER):
        raise FilterError(f"since={since}: give the version of the last answer, a whole number.")
    if not at:
        return None
    try:
        then = datetime.fromisoformat(at)
    except ValueError:
        then = None
    if then is None or then.tzinfo is None:
        raise FilterError(f"at={at}: give the time at which the last answer was served, as it says.")
    return Seen(int(since), then, query.get("pack", ""), query.get("scope", ""))


def scope_of(room: Room) -> str:
    """Return a short word for how far who looks sees, "" for everything; who sees another part than before (another grid, fewer words) is told everything anew."""
    within = room.within
    if not within.narrows and within.words:
        return ""
    said = json.dumps([within.grid, sorted(within.codes), sorted(within.posts), within.words])
    return sha256(said.encode()).hexdigest()[:SCOPE]


def delta_of(room: Room, wanted: Filter, seen: Seen | None, picture: Picture, now: datetime) -> Delta:
    """Return what is to be done to what was seen, so that it becomes the picture.

    Cases change, and time alone changes them: one becomes overdue, leaves the period, or turns from yellow to green when the shift ends.
    """
    changed = _changed(room, seen, picture, now) if seen else None
    if seen is None or changed is None:
        return Delta(reset=True, incidents=marks(room, picture), removed=[])
    before = figures.minute(room, seen.at)
    if not changed and before == picture.clock:
        return Delta(reset=False, incidents=[], removed=[])
    placed = picture.placed
    known = changed if before == picture.clock else changed | figures.numbers(room, wanted, before)
    again = placed[(placed["version"] > seen.version).to_numpy() | _turned(room, placed, before, picture.clock)]
    gone = known - set(placed["uid"])
    removed = sorted(gone - figures.kept_back(room, gone, seen.version))
    return Delta(reset=False, incidents=_rows(room, again, picture.clock), removed=removed)


@lru_cache(maxsize=8)
def state(room: Room, picture: Picture) -> dict[str, Any]:
    """Return counts and states of grids: what every answer tells whole. ``hidden`` are counted and have no place; ``few`` says that those of restricted classes are not counted."""
    cases = picture.cases
    return {
        "counts": figures.counts(cases),
        "overdue": len(figures.overdue(cases, picture.clock)),
        "hidden": figures.restricted(cases),
        "few": leaves_out_few(room, picture.question),
        "demo": bool(cases["demo"].any()),
        "grids": grid_states(room.area.net, cases),
    }


@lru_cache(maxsize=8)
def marks(room: Room, picture: Picture) -> list[list[Any]]:
    """Return the marks of a picture: uid, lon, lat, mark, class, leaf code, title, reported, flags (s = suspended, o = overdue), and of what is overdue the time when it was due."""
    return _rows(room, picture.placed, picture.clock)


def grid_states(net: Net, found: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the states of the grids of every level and overlay; at the leaf by polygon: one that carries a stack has its worst state."""
    states = {key: figures.grid_states(net, found, key) for key in net.keys}
    carried = {stack.code: stack.on for stack in net.stacks}
    leaf: dict[str, str] = {}
    for mark in reversed(MARKS):  # the worst is written last
        leaf.update({carried.get(code, code): mark for code, state in states[net.leaf.key].items() if state == mark})
    return {**states, net.leaf.key: leaf}


def _changed(room: Room, seen: Seen, picture: Picture, now: datetime) -> frozenset[str] | None:
    """Return the numbers of what changed since; None where only a snapshot helps: another pack or scope, a version that we do not know, or too long ago."""
    is_ours = seen.pack in {"", room.area.digest} and seen.version <= picture.version and seen.scope == scope_of(room)
    if not is_ours or not timedelta(0) <= now - seen.at <= LONGEST_AWAY:
        return None
    return figures.changed(room, seen.version) if seen.version < picture.version else frozenset()


def _turned(room: Room, placed: pd.DataFrame, before: pd.Timestamp, now: pd.Timestamp) -> np.ndarray:
    """Tell which cases look different by time alone, bool (n,): they became overdue, or the shift ended in which they were cleared."""
    if before == now:
        return np.zeros(len(placed), dtype=bool)
    late = (placed["mark"] == Mark.RED.value) & (placed["due"] >= before) & (placed["due"] < now)
    shifts = [pd.Timestamp(room.shift(at)) for at in (before, now)]
    cleared = (
        (placed["status"] == Status.SELF_CLEARED.value)
        & (placed["closed"] >= shifts[0])
        & (placed["closed"] < shifts[1])
    )
    return (late | cleared).to_numpy()


def _rows(room: Room, found: pd.DataFrame, clock: pd.Timestamp) -> list[list[Any]]:
    red = found["mark"] == Mark.RED.value
    late = (red & (found["due"] < clock)).tolist()
    suspended = (found["status"] == Status.SUSPENDED.value).tolist()
    flags = ["s" * halted + "o" * over for halted, over in zip(suspended, late, strict=True)]
    lon, lat = (np.round(found[name].to_numpy(dtype=np.float64), 6).tolist() for name in ("lon", "lat"))
    columns = (
        found["uid"],
        lon,
        lat,
        found["mark"],
        found["class"],
        found[room.area.net.leaf.key],
        found["title"],
        _texts(found["reported"]),
        flags,
    )
    due = ([text] if over else [] for text, over in zip(_texts(found["due"]), late, strict=True))
    return [[*row, *then] for row, then in zip(zip(*columns, strict=True), due, strict=True)]


def _texts(times: "pd.Series[Any]") -> list[str | None]:
    return [None if pd.isna(time) else time.isoformat() for time in times]
