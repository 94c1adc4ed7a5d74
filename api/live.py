"""``/live/{area}``: what the live layer of the map shows, and how old it is."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.answers import answering, fresh
from geo.errors import FilterError
from geo.net import Net
from incidents.model import Status
from layers.areas import Areas
from layers.load import Area
from reports import figures
from reports.figures import MARKS, Filter


def routes(areas: Areas) -> list[Route]:
    """Return the route of the live data."""

    def live(request: Request) -> Response:
        area = areas.get(request.path_params["area"])
        wanted = Filter.from_query(request.query_params)
        known = _since(request.query_params.get("since", "")) == version_of(area)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return fresh(
            {
                **state(area, wanted),
                "served": now,
                "reset": not known,
                "removed": [],
                "incidents": [] if known else marks(area, wanted),
            },
            request,
        )

    return [Route("/live/{area}", answering(live))]


def version_of(area: Area) -> int:
    """Return the version of an area's incidents: another pack of the same name is another version; the ledger will count its changes."""
    return int(area.digest[:12], 16)


@lru_cache(maxsize=64)
def state(area: Area, wanted: Filter) -> dict[str, Any]:
    """Return counts and states of grids for a filter: all of the answer but the incidents and the time."""
    found = figures.select(area, wanted)
    return {
        "version": version_of(area),
        "pack": area.digest,
        "as_of": None if area.as_of is None else area.as_of.isoformat(),
        "counts": figures.counts(found),
        "overdue": len(figures.overdue(found, area.as_of)),
        "grids": grid_states(area.net, found),
    }


@lru_cache(maxsize=16)
def marks(area: Area, wanted: Filter) -> list[list[Any]]:
    """Return the marks of a filter: uid, lon, lat, mark, class, leaf code, title, reported, flags (s = suspended, o = overdue), and of what is overdue the time when it was due."""
    found = figures.select(area, wanted)
    late = set(figures.overdue(found, area.as_of)["uid"])
    suspended = found["status"] == Status.SUSPENDED.value
    flags = ["s" * halted + "o" * (uid in late) for uid, halted in zip(found["uid"], suspended, strict=True)]
    reported = [None if pd.isna(time) else time.isoformat() for time in found["reported"]]
    lon, lat = (np.round(found[name].to_numpy(dtype=np.float64), 6).tolist() for name in ("lon", "lat"))
    columns = (
        found["uid"],
        lon,
        lat,
        found["mark"],
        found["class"],
        found[area.net.leaf.key],
        found["title"],
        reported,
        flags,
    )
    due = (
        [] if pd.isna(time) or uid not in late else [time.isoformat()]
        for uid, time in zip(found["uid"], found["due"], strict=True)
    )
    return [[*row, *then] for row, then in zip(zip(*columns, strict=True), due, strict=True)]


def grid_states(net: Net, found: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return the states of the grids of every level and overlay; at the leaf by polygon: one that carries a stack has its worst state."""
    states = {key: figures.grid_states(net, found, key) for key in net.keys}
    carried = {stack.code: stack.on for stack in net.stacks}
    leaf: dict[str, str] = {}
    for mark in reversed(MARKS):  # the worst is written last
        leaf.update({carried.get(code, code): mark for code, state in states[net.leaf.key].items() if state == mark})
    return {**states, net.leaf.key: leaf}


def _since(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal():
        raise FilterError(f"since={text}: give the version of the last answer, a whole number.")
    return int(text)
