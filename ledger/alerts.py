"""Warnings (预警) in the ledger. Every change is an entry of the history, under the number of its warning; none is ever removed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from geo.errors import DraftError
from incidents.alerts import TIMES, Alert, Level
from ledger.tables import alert, instant, milliseconds
from ledger.writing import Actor, Writing

SUBJECT = "alert"
ISSUE, CHANGE, LIFT = "issue", "change", "lift"
SAID = ("kind", "level", "issuer", "number", *TIMES)


def running(connection: Connection, area: str) -> list[Alert]:
    """Return the warnings of an area that were not lifted, begun or not: the most severe first, then the latest."""
    asked = select(alert).where(alert.c.area == area, alert.c.lifted.is_(None))
    found = [_alert(row) for row in connection.execute(asked).mappings()]
    return sorted(found, key=lambda one: (-one.level.rank, -one.id))


def lifted(connection: Connection, area: str, most: int) -> list[Alert]:
    """Return the warnings of an area that are over, the latest first."""
    asked = select(alert).where(alert.c.area == area, alert.c.lifted.is_not(None))
    found = connection.execute(asked.order_by(alert.c.lifted.desc(), alert.c.id.desc()).limit(most))
    return [_alert(row) for row in found.mappings()]


def put(writing: Writing, area: str, wished: Alert, *, was: Alert | None, by: Actor, at: datetime) -> Alert:
    """Write a warning, and return it with its number.

    Parameters
    ----------
    was
        As whoever changes it saw it; None for a new one.

    Raises
    ------
    DraftError
        One of its kind holds already, or it is not any more what they saw.
    """
    connection, wished = (
        writing.connection,
        _alert({"id": wished.id, **_row(wished)}),
    )  # to the millisecond, as the row has it
    others = running(connection, area)
    if was is None:
        if any(one.kind == wished.kind for one in others):
            raise DraftError(
                "A warning of this kind holds. Change its level or its end, or lift it first.", field="alert_twice"
            )
        id_ = connection.execute(
            insert(alert).values({"area": area, **_row(wished)}).returning(alert.c.id)
        ).scalar_one()
        made = replace(wished, id=id_)
        writing.enter(area, SUBJECT, str(id_), ISSUE, post=by, at=at, after=made.to_json())
        return made
    if was not in others:
        raise DraftError("Somebody changed or lifted this warning meanwhile. Look at it again.", field="alert_changed")
    if wished != was:
        connection.execute(update(alert).where(alert.c.id == was.id).values(_row(wished)))
        act = LIFT if wished.lifted else CHANGE
        writing.enter(area, SUBJECT, str(was.id), act, post=by, at=at, before=was.to_json(), after=wished.to_json())
    return wished


def row_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row that the history says."""
    return _row(Alert.from_json(said))


def _row(one: Alert) -> dict[str, Any]:
    times = {name: getattr(one, name) for name in TIMES}
    return {
        **{name: getattr(one, name) for name in ("kind", "issuer", "number")},
        "level": one.level.value,
        **{name: milliseconds(time) if time else None for name, time in times.items()},
    }


def _alert(row: Mapping[Any, Any]) -> Alert:
    ends, lifted = (instant(row[name]) if row[name] is not None else None for name in ("ends", "lifted"))
    plain = {name: row[name] for name in ("kind", "issuer", "number", "id")}
    return Alert(level=Level(row["level"]), begins=instant(row["begins"]), ends=ends, lifted=lifted, **plain)
