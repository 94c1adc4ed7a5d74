"""Cases as they stood at a version, or a moment: what decides who saw them (place, posts, state, whether their class is restricted), taken back from the history."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from incidents.case import Incident
from incidents.lifecycle import CaseState
from ledger.tables import history, incident, milliseconds

MOST_IN = 500  # numbers of one question
DECIDE = frozenset({"codes", "post", "informed", "overdue_post", "restricted"})


def stood(connection: Connection, area: str, cases: Iterable[Incident], version: int) -> dict[str, Incident]:
    """Return how cases stood at a version, by number; one that was not there yet is left out.

    Parameters
    ----------
    cases
        As they stand now.
    """
    now = {case.number: case for case in cases}
    if all(case.version <= version for case in now.values()):
        return now
    there = select(incident.c.number).where(incident.c.area == area, incident.c.id <= version)
    old = {number: now[number] for number in connection.execute(there.where(incident.c.number.in_(now))).scalars()}
    entry = history.c
    since = (
        select(entry.key, entry.before)
        .where(entry.area == area, entry.subject == "incident", entry.key.in_(old), entry.version > version)
        .order_by(entry.version.desc())
    )
    for number, before in connection.execute(since):
        old[number] = _taken_back(old[number], json.loads(before))
    return old


def later(connection: Connection, area: str, numbers: Collection[str], moment: datetime) -> dict[str, list[dict[str, Any]]]:  # fmt: skip
    """Return of some cases what was before each entry that carries a time after a moment, the latest first: number -> facts, {} for the entry by which it came into the ledger."""
    entry, some, found = history.c, sorted(numbers), dict[str, list[dict[str, Any]]]()
    for start in range(0, len(some), MOST_IN):
        part = (entry.area == area, entry.subject == "incident", entry.key.in_(some[start : start + MOST_IN]))
        since = select(entry.key, entry.before).where(*part, entry.at > milliseconds(moment))
        for number, before in connection.execute(since.order_by(entry.version.desc())):
            found.setdefault(number, []).append(json.loads(before))
    return found


def taken_back(case: Incident, before: Iterable[Mapping[str, Any]]) -> Incident:
    """Return a case without its last entries, of which `later` says what was before each."""
    for facts in before:
        case = _taken_back(case, facts)
    return case


def _taken_back(case: Incident, before: Mapping[str, Any]) -> Incident:
    facts = {name: value for name, value in before.items() if name in DECIDE}
    if "state" in before:
        facts["state"] = CaseState.from_json(before["state"])
    return replace(case, **facts)
