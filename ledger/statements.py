"""The statements that every change runs, written out once for each kind of database: building them anew took more time than running them.

Within a change they go to the driver itself (`driven`), for SQLAlchemy takes longer over a short statement than SQLite does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    exc,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg

from ledger import tables
from ledger.rows import dumps

MOST_AT_ONCE = 2000  # rows in one statement
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

    def run(self, connection: Connection, parameters: Parameters | None = None) -> Any:
        """Run it by the driver, in a transaction that has begun, and return the driver's cursor."""
        return driven(connection, self._text[connection.dialect.name], parameters)

    def row(self, connection: Connection, parameters: Parameters | None = None) -> dict[str, Any] | None:
        """Run it as `run` does, and return the first row by column; None where there is none."""
        cursor = self.run(connection, parameters)
        row = cursor.fetchone()
        return row and dict(zip((column[0] for column in cursor.description), row, strict=True))


def driven(connection: Connection, text: str, parameters: Parameters | None = None) -> Any:
    """Run a statement by the driver, once for each mapping of a list, and return its cursor.

    Raises
    ------
    sqlalchemy.exc.DBAPIError
        What the driver raised, as SQLAlchemy would name it.
    """
    cursor = connection.connection.cursor()
    try:
        if isinstance(parameters, list) and len(parameters) != 1:
            cursor.executemany(text, parameters)
        else:
            cursor.execute(text, (parameters[0] if isinstance(parameters, list) else parameters) or ())
    except connection.dialect.loaded_dbapi.Error as error:
        cursor.close()  # the error's traceback would keep it, and so the file
        raise _named(connection, error, text) from error
    return cursor


@contextmanager
def together(connection: Connection) -> Iterator[None]:
    """Send PostgreSQL the statements of a block without waiting for their answers, and look at all of these at its end: one round trip. SQLite has none to save."""
    if connection.dialect.name != "postgresql":
        yield
        return
    try:
        with connection.connection.driver_connection.pipeline():  # type: ignore[union-attr]  # psycopg's
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise _named(connection, error, "") from error


def commit(connection: Connection) -> None:
    """Commit with the statements of the same block (`together`); SQLAlchemy finds nothing left to commit."""
    if connection.dialect.name == "postgresql":
        driven(connection, "COMMIT")


def _named(connection: Connection, error: Exception, text: str) -> exc.DBAPIError:
    """Return an error of the driver as SQLAlchemy names it; a connection that is gone is forgotten."""
    if connection.dialect.is_disconnect(error, connection.connection.driver_connection, None):  # type: ignore[arg-type]
        connection.exec_driver_sql("SELECT 1")  # fails as well, by which SQLAlchemy notices
    base = connection.dialect.loaded_dbapi.Error
    found = exc.DBAPIError.instance(text, None, error, base, dialect=connection.dialect)
    return found if isinstance(found, exc.DBAPIError) else exc.DBAPIError(text, None, error)


@lru_cache
def inserting(table: str, keys: tuple[str, ...]) -> Statement:
    """Return the statement that inserts some columns of a table."""
    return Statement(lambda _: insert(tables.METADATA.tables[table]).inline(), keys)


def insert_all(connection: Connection, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Insert rows into several tables, those first to which others refer; in PostgreSQL by one statement, however many they are."""
    if connection.dialect.name != "postgresql":
        for table, some in rows.items():
            inserting(table, tuple(some[0])).run(connection, some)
    elif 0 < sum(map(len, rows.values())) <= MOST_AT_ONCE:
        keys = tuple((table, tuple(some[0])) for table, some in rows.items())
        driven(connection, _at_once(keys), {table: dumps(some) for table, some in rows.items()})
    else:
        for table, some in rows.items():
            for start in range(0, len(some), MOST_AT_ONCE):
                part = some[start : start + MOST_AT_ONCE]
                driven(connection, _at_once(((table, tuple(some[0])),)), {table: dumps(part)})


@lru_cache
def _at_once(keys: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    """Return the statement that inserts rows into tables of PostgreSQL, those of each table given as one text of JSON."""
    quoted = DIALECTS["postgresql"].identifier_preparer.quote
    inserts = []
    for table, columns in keys:
        names = ", ".join(map(quoted, columns))
        given = f"json_populate_recordset(NULL::{quoted(table)}, %({table})s::json)"
        inserts.append(f"INSERT INTO {quoted(table)} ({names}) SELECT {names} FROM {given}")  # noqa: S608  names of our tables and columns
    *first, last = inserts
    parts = ", ".join(f"part_{number} AS ({text})" for number, text in enumerate(first))
    return f"WITH {parts} {last}" if parts else last


def numbers_of(
    connection: Connection, origins: Iterable[tuple[str, str, str]]
) -> dict[tuple[str, str, str], str | None]:
    """Return the numbers of the incidents that came from origins (area, source, key), in one round trip; None where there is none."""
    found: dict[tuple[str, str, str], str | None] = dict.fromkeys(origins)
    if found and connection.dialect.name == "postgresql":
        asked = dumps([dict(zip(("area", "source", "key"), one, strict=True)) for one in found])
        found |= {
            (area, source, key): number for area, source, key, number in driven(connection, _NUMBERS, {"asked": asked})
        }
    else:
        for area, source, key in found:
            row = ORIGIN.run(connection, {"area": area, "source": source, "key": key}).fetchone()
            found[area, source, key] = row and row[0]
    return found


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


head, history, incident, incident_grid, incident_post, origin, sent, serial = (
    tables.head,
    tables.history,
    tables.incident,
    tables.incident_grid,
    tables.incident_post,
    tables.origin,
    tables.sent,
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
SENT = _always(
    select(incident.c.number, sent.c.version)
    .join(sent, sent.c.incident == incident.c.id)
    .where(sent.c.area == bindparam("area"), sent.c.account == bindparam("account"), sent.c.key == bindparam("key"))
)
SERIAL = _always(select(serial.c.last).where(serial.c.area == bindparam("area"), serial.c.day == bindparam("day")))
SET_SERIAL = _upsert("serial", ("area", "day"), "last")
POSTS_CHANGED = _always(
    select(func.max(history.c.version)).where(
        history.c.area == bindparam("area"), history.c.subject == literal_column("'post'")
    )
)
SIDE = _always(select(tables.bridge.c.side).where(tables.bridge.c.area == bindparam("area")))
_NUMBERS = (
    "SELECT origin.area, origin.source, origin.key, incident.number FROM json_to_recordset(%(asked)s::json) AS asked(area text, source text, key text) "
    "JOIN origin USING (area, source, key) JOIN incident ON incident.id = origin.incident"
)
RELATE = _upsert("relation", ("one", "other"), "kind")
LEAVE_GRIDS = _always(delete(incident_grid).where(incident_grid.c.incident == bindparam("row_id")))
LEAVE_POSTS = _always(delete(incident_post).where(incident_post.c.incident == bindparam("row_id")))
_last = select(func.max(history.c.version)).where(
    history.c.area == bindparam("area"),
    history.c.subject == literal_column("'incident'"),
    history.c.key == bindparam("number"),
)
LAST_ENTRY = _always(select(history).where(history.c.version == _last.scalar_subquery()))
