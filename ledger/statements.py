"""The statements that every change runs, written out once for each kind of database: building them anew took more time than running them."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    Connection,
    CursorResult,
    Dialect,
    Executable,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

from ledger import tables

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {"sqlite": sqlite.dialect(paramstyle="named"), "postgresql": psycopg.dialect()}  # type: ignore[no-untyped-call]
)


class Statement:
    """A statement as text for both databases; its parameters are named."""

    def __init__(self, made: Callable[[str], Any], keys: Sequence[str] | None = None) -> None:
        self._text = {
            name: str(made(name).compile(dialect=dialect, column_keys=keys)) for name, dialect in DIALECTS.items()
        }

    def __call__(self, connection: Connection, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Run it, once for each mapping of a list."""
        if isinstance(parameters, list) and len(parameters) == 1:
            parameters = parameters[0]  # one row is one round trip
        return connection.exec_driver_sql(self._text[connection.dialect.name], parameters)


@lru_cache
def inserting(table: str, keys: tuple[str, ...]) -> Statement:
    """Return the statement that inserts some columns of a table."""
    return Statement(lambda _: insert(tables.METADATA.tables[table]).inline(), keys)


@lru_cache
def changing(keys: tuple[str, ...]) -> Statement:
    """Return the statement that sets some columns of an incident; their parameters are ``new_`` and the name."""
    values: dict[str, Any] = {key: bindparam(f"new_{key}") for key in keys}
    return _always(update(incident).where(incident.c.id == bindparam("row_id")).values(values))


def _always(statement: Executable) -> Statement:
    return Statement(lambda _: statement)


def _upsert(table: str, keys: Sequence[str], value: str) -> Statement:
    """Return the statement that inserts a row, or sets its value where the keys are there."""
    modules = {"sqlite": sqlite, "postgresql": postgresql}

    def made(name: str) -> Any:
        row = modules[name].insert(tables.METADATA.tables[table])
        return row.on_conflict_do_update(index_elements=list(keys), set_={value: row.excluded[value]})

    return Statement(made, (*keys, value))


head, history, incident, incident_grid, origin, serial = (
    tables.head,
    tables.history,
    tables.incident,
    tables.incident_grid,
    tables.origin,
    tables.serial,
)
_HEAD = select(head.c.version, head.c.hash, head.c.signature)
HEAD = _always(_HEAD)
HEAD_LOCKED = _always(_HEAD.with_for_update())
SET_HEAD = _always(update(head).values(version=bindparam("v"), hash=bindparam("h"), signature=bindparam("s")))
INCIDENT = _always(
    select(incident).where(incident.c.area == bindparam("area"), incident.c.number == bindparam("number"))
)
ORIGIN = _always(
    select(incident.c.number)
    .join(origin, origin.c.incident == incident.c.id)
    .where(origin.c.area == bindparam("area"), origin.c.source == bindparam("source"), origin.c.key == bindparam("key"))
)
SERIAL = _always(select(serial.c.last).where(serial.c.area == bindparam("area"), serial.c.day == bindparam("day")))
SET_SERIAL = _upsert("serial", ("area", "day"), "last")
POSTS_CHANGED = _always(
    select(func.max(history.c.version)).where(
        history.c.area == bindparam("area"), history.c.subject == literal_column("'post'")
    )
)
RELATE = _upsert("relation", ("one", "other"), "kind")
LEAVE_GRIDS = _always(delete(incident_grid).where(incident_grid.c.incident == bindparam("row_id")))
_last = select(func.max(history.c.version)).where(
    history.c.area == bindparam("area"),
    history.c.subject == literal_column("'incident'"),
    history.c.key == bindparam("number"),
)
LAST_ENTRY = _always(select(history).where(history.c.version == _last.scalar_subquery()))
