"""Which incidents came from which ids of another system."""

from collections.abc import Sequence
from itertools import islice

from sqlalchemy import Connection, select

from incidents.case import Incident
from ledger.rows import from_row
from ledger.tables import incident, origin

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
