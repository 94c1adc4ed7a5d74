"""Incidents as rows, and rows as incidents."""

import json
from collections.abc import Mapping
from typing import Any

from incidents.case import Incident
from incidents.lifecycle import CaseState
from incidents.model import Channel, Urgency
from ledger.tables import instant, milliseconds

PLAIN = (
    "area",
    "number",
    "major",
    "title",
    "text",
    "lon",
    "lat",
    "address",
    "building",
    "unit",
    "floor",
    "edition",
    "match",
    "edge_m",
    "post",
    "informed",
    "overdue_post",
    "restricted",
    "demo",
    "source",
    "external_id",
    "version",
)
FLAGS = ("restricted", "demo")
WORDS = ("title", "text", "address")  # what people wrote: kept out of the history
FACTS = tuple(name for name in PLAIN if name not in {*WORDS, "version", "area", "number"})


def to_row(incident: Incident) -> dict[str, Any]:
    """Return the columns of an incident, without its id."""
    return {
        **{name: getattr(incident, name) for name in PLAIN},
        "class": incident.class_,
        "channel": incident.channel.value,
        "urgency": incident.urgency.value,
        "codes": dumps(dict(incident.codes)),
        "reported": milliseconds(incident.reported),
        **decided(incident),
    }


def decided(incident: Incident) -> dict[str, Any]:
    """Return the columns that an act changes which sets no field: what the lifecycle decides, and the version."""
    state = incident.state
    return {
        "version": incident.version,
        "state": dumps(state.to_json()),
        "status": state.status.value,
        "mark": incident.mark.value if incident.mark else "",
        "handler": state.handler,
        "level": state.level,
        "due": milliseconds(state.due) if state.due else None,
        "closed": milliseconds(incident.closed) if incident.closed else None,
    }


def from_row(row: Mapping[str, Any]) -> Incident:
    """Return the incident of a row."""
    plain = {name: row[name] for name in PLAIN}
    flags = {name: bool(row[name]) for name in FLAGS}  # SQLite knows no truth, but 0 and 1
    return Incident(
        **{**plain, **flags},
        class_=row["class"],
        channel=Channel(row["channel"]),
        urgency=Urgency(row["urgency"]),
        codes=json.loads(row["codes"]),
        reported=instant(row["reported"]),
        state=CaseState.from_json(json.loads(row["state"])),
    )


def facts(incident: Incident) -> dict[str, Any]:
    """Return what the history says of an incident: all of it but what people wrote, and but what the state says."""
    return {
        **{name: getattr(incident, name) for name in FACTS},
        "class": incident.class_,
        "channel": incident.channel.value,
        "urgency": incident.urgency.value,
        "codes": dict(incident.codes),
        "reported": milliseconds(incident.reported),
        "state": incident.state.to_json(),
    }


def changes(before: Incident, after: Incident) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what an act changed: the old values, and the new ones."""
    old, new = facts(before), facts(after)
    changed = [name for name in new if old[name] != new[name]]
    return {name: old[name] for name in changed}, {name: new[name] for name in changed}


def grids_of(incident: Incident) -> list[tuple[str, str]]:
    """Return every grid in which an incident counts, as key of the level or overlay and code."""
    return [(key, code) for key, codes in incident.codes.items() for code in dict.fromkeys(codes.split(";")) if code]


def dumps(value: Any) -> str:
    """Write plain values in one form only, so that their digest is always the same."""
    return _ENCODER.encode(value)


def plain(text: str) -> str:
    """Return a text that came from outside with what no database takes (NUL, half of a character) as �."""
    return text.encode("utf-8", "replace").decode().replace("\0", "�")


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
