"""What is erased when its time is over: names of people who held a post or were on duty, and the words of hand-overs. The history never had them, and says how many went.

Who reported is `Writing.erase_reporters`; the audit trail, sessions and failed log-ins have a `forget` of their own.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, Connection, Table, select, union, update

from ledger import tables
from ledger.tables import milliseconds
from ledger.writing import Writing

holding, shift, handover = tables.holding, tables.shift, tables.handover
# What -> its table, the column that is erased, and the time from which its days are counted.
PERSONAL: Mapping[str, tuple[Table, str, Callable[[], ColumnElement[int]]]] = MappingProxyType(
    {
        "holders": (holding, "holder", lambda: holding.c.until),
        "duty": (shift, "holder", lambda: shift.c.until),
        "handovers": (handover, "text", lambda: handover.c.at),
    }
)


def erase(writing: Writing, what: str, area: str, *, before: datetime, at: datetime) -> int:
    """Erase names or words that ended before a time, and return how many; what runs on has no end, and stays."""
    table, column, ended = PERSONAL[what]
    old = (table.c.area == area, ended() < milliseconds(before), table.c[column] != "")
    erased = int(writing.connection.execute(update(table).where(*old).values({column: ""})).rowcount)
    if erased:
        writing.enter(area, what, area, "erase", post="", at=at, after={"erased": erased})
    return erased


def areas(connection: Connection) -> list[str]:
    """Return every area of which the ledger holds anything, whether or not its pack is still there."""
    found = union(
        *(select(table.c.area) for table in (tables.incident, tables.service_order, holding, shift, handover))
    )
    return sorted(connection.execute(found).scalars())
