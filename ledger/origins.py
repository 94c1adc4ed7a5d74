"""Which incidents came from which ids of another system, and what it said of them."""

import json
from collections.abc import Mapping, Sequence
from itertools import islice

from sqlalchemy import Connection, select

from incidents.case import Incident
from incidents.lifecycle import Act
from ledger.rows import from_row
from ledger.tables import history, incident, origin

AT_ONCE = 500  # keys in one question


def of_source(connection: Connection, area: str, source: str, keys: Sequence[str]) -> dict[str, Incident]:
    """Return the incidents of an area that came from keys of a source, by key; a key that nothing came from is not in it."""
    found: dict[str, Incident] = {}
    rest = iter(keys)
    while some := list(islice(rest, AT_ONCE)):
        asked = (
            select(origin.c.key.label("origin_key"), incident)
            .join(incident, incident.c.id == origin.c.incident)
            .where(origin.c.area == area, origin.c.source == source, origin.c.key.in_(some))
        )
        found |= {row["origin_key"]: from_row(dict(row)) for row in connection.execute(asked).mappings()}
    return found


def told_of(connection: Connection, area: str, numbers: Sequence[str]) -> dict[str, list[Mapping[str, str]]]:
    """Return what other systems said of incidents of an area, by number, the earliest first: state, deadline, closing time, agency."""
    found: dict[str, list[Mapping[str, str]]] = {}
    rest = iter(numbers)
    while some := list(islice(rest, AT_ONCE)):
        asked = (
            select(history.c.key, history.c.data)
            .where(history.c.area == area, history.c.subject == "incident", history.c.key.in_(some))
            .where(history.c.act == Act.IMPORT.value)
            .order_by(history.c.version)
        )
        for key, data in connection.execute(asked):
            found.setdefault(key, []).append(json.loads(data).get("official", {}))
    return found
