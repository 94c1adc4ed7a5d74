"""Cases as they stood at a version: what decides who saw them (place, posts, state, whether their class is restricted), taken back from the history."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from incidents.case import Incident
from incidents.lifecycle import CaseState
from ledger.tables import history, incident

DECIDE = frozenset({"codes", "post", "informed", "overdue_post", "restricted"})


def stood(connection: Connection, area: str, cases: Iterable[Incident], version: int, *, entered: bool = False) -> dict[str, Incident]:  # fmt: skip
    """Return how cases stood at a version, by number.

    Parameters
    ----------
    cases
        As they stand now.
    entered
        Whether one that was not there yet stands as it was entered; it is left out otherwise.
    """
    now = {case.number: case for case in cases}
    if all(case.version <= version for case in now.values()):
        return now
    there = select(incident.c.number).where(incident.c.area == area, incident.c.id <= version)
    old = dict(now) if entered else {number: now[number] for number in connection.execute(there.where(incident.c.number.in_(now))).scalars()}  # fmt: skip
    entry = history.c
    since = (
        select(entry.key, entry.before)
        .where(entry.area == area, entry.subject == "incident", entry.key.in_(old), entry.version > version)
        .order_by(entry.version.desc())
    )
    for number, before in connection.execute(since):
        old[number] = _taken_back(old[number], json.loads(before))
    return old


def _taken_back(case: Incident, before: dict[str, Any]) -> Incident:
    facts = {name: value for name, value in before.items() if name in DECIDE}
    if "state" in before:
        facts["state"] = CaseState.from_json(before["state"])
    return replace(case, **facts)
