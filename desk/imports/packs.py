"""The incidents that an area pack brings along become its ledger: with their official times, states and agencies."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from desk.imports.case import LONGEST_AGENCY, LONGEST_CLASS, Foreign, add_all, ready
from desk.reports import LONGEST_ADDRESS, LONGEST_ID
from desk.room import DISPATCHER, Room
from geo.errors import TextError, UnknownClass
from incidents.lifecycle import By, PostKind
from incidents.model import Status
from incidents.text import clean
from ledger.writing import Writing

PACK = "pack"  # the source under which a pack's incidents stand
STATES = frozenset(Status)


def from_pack(writing: Writing, room: Room, now: datetime) -> int:
    """Write the incidents of a pack's layers in a change that goes on already, and return how many.

    A class that the directory does not know keeps the pack's key, and is shown by the pack's name for it (`Room.class_name`). A state that we do not know counts as
    reported; a time without an offset is one of the area; an incident without any is as old as the data.
    """
    seen: dict[str, str] = {}
    cases = [
        case for key, frame in room.area.of_kind("incident").items() for case in _of_layer(room, key, frame, seen, now)
    ]
    made = ready(room, cases, By(DISPATCHER, PostKind.DISPATCHER), now, live=False)
    return len(add_all(writing, room, made, now, live=False))


def _of_layer(
    room: Room, layer: str, frame: gpd.GeoDataFrame, seen: dict[str, str], now: datetime
) -> Iterator[Foreign]:
    lon, lat = shapely.get_x(frame.geometry.to_numpy()), shapely.get_y(frame.geometry.to_numpy())
    edges = room.area.net.edge_m(lon, lat, within=room.rules.settings.edge_m)
    codes = frame[room.area.net.keys].to_dict("records")
    rows = frame.drop(columns=["geometry", *room.area.net.keys]).to_dict("records")
    oldest = room.area.as_of if room.area.as_of is not None else room.clock(now)
    for row, where, x, y, edge in zip(rows, codes, lon, lat, edges, strict=True):
        id_ = str(row["id"])[:LONGEST_ID]
        key = id_ if id_ not in seen else f"{layer}/{id_}"[:LONGEST_ID]  # two layers may count from 1
        seen[key] = layer
        class_, major, restricted = _class(room, str(row["class"]))
        yield Foreign(
            source=PACK,
            key=key,
            external_id=id_,
            class_=class_,
            major=major,
            restricted=restricted,
            reported=_time(row["reported"]) or oldest.to_pydatetime(),
            lon=float(x),
            lat=float(y),
            codes={str(name): str(code) for name, code in where.items()},
            match=str(row["grid_match"]),
            edge_m=None if np.isnan(edge) else round(float(edge), 1),
            title=_text(row["title"], room.rules.settings.longest_title) or room.class_name(class_).zh,
            address=_text(row["address"], LONGEST_ADDRESS),
            unit=_number(row["unit"]),
            floor=_number(row["floor"]),
            status=Status(row["status"]) if row["status"] in STATES else Status.REPORTED,
            due=_time(row["due"]),
            closed=_time(row["closed"]),
            agency=_text(row["responsible"], LONGEST_AGENCY),
        )


def _class(room: Room, given: str) -> tuple[str, str, bool]:
    directory = room.rules.directory
    try:
        found = directory.get(directory.key_of(given))
    except UnknownClass:
        return given[:LONGEST_CLASS], "", False
    return found.key, found.major, found.restricted


def _text(value: str, most: int) -> str:
    """Return a text as the ledger holds it; a pack's longer one is cut, for nobody is there to shorten it."""
    try:
        return clean(value, most=most, what="text", lines=False)
    except TextError:
        return clean(value[:most], most=most, what="text", lines=False)[: most - 1] + "…"


def _time(value: Any) -> datetime | None:
    return None if pd.isna(value) else pd.Timestamp(value).to_pydatetime().astimezone(UTC)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
