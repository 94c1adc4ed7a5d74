"""The emergency list (应急减排清单) of each year in the ledger: a list is put whole, as one entry of the history under its year, which keeps all that were there before."""

import json
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from geo.errors import Conflict
from inspections.emergency_list import EmergencyList
from ledger.rows import dumps
from ledger.tables import emergency_list
from ledger.writing import Actor, Writing

SUBJECT, PUT = "emergency_list", "put"


def put(writing: Writing, area: str, wished: EmergencyList, *, by: Actor, at: datetime) -> EmergencyList:
    """Write the list of a year in place of the one that is there, and return it with its version.

    Raises
    ------
    Conflict
        ``version`` is not that of the one that is there: somebody put another one since.
    """
    before = get(writing.connection, area, wished.year)
    if (before.version if before else 0) != wished.version:
        raise Conflict(str(wished.year), wished.version, before.version if before else 0)
    made, c, standing = wished.to_json(), emergency_list.c, dumps(wished.to_json())
    version = writing.enter(area, SUBJECT, str(wished.year), PUT, post=by, at=at, before=before.to_json() if before else {}, after=made)  # fmt: skip
    if before:
        writing.connection.execute(update(emergency_list).where(c.area == area, c.year == wished.year).values(version=version, standing=standing))  # fmt: skip
    else:
        writing.connection.execute(insert(emergency_list), {"area": area, "year": wished.year, "version": version, "standing": standing})  # fmt: skip
    return EmergencyList.from_json(made, version)


def get(connection: Connection, area: str, year: int) -> EmergencyList | None:
    """Return the list of a year; None where there is none."""
    return next((one for one in listed(connection, area) if one.year == year), None)


def listed(connection: Connection, area: str) -> list[EmergencyList]:
    """Return the lists of an area, the newest year first."""
    c = emergency_list.c
    asked = select(c.standing, c.version).where(c.area == area).order_by(c.year.desc())
    return [EmergencyList.from_json(json.loads(row.standing), row.version) for row in connection.execute(asked)]


def latest(connection: Connection, area: str) -> int:
    """Return the version of the last change of a list; 0 while there is none."""
    asked = select(func.max(emergency_list.c.version)).where(emergency_list.c.area == area)
    return int(connection.execute(asked).scalar() or 0)
