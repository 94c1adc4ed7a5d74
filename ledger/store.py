"""Opening the ledger, and changing it: one transaction for what changes and its history, one version for every change, many writers in one commit."""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url, select, update

from geo.errors import LedgerError
from ledger import migrations, tables
from ledger.history import Head, key_of, sign
from ledger.writing import Writing

T = TypeVar("T")
FILE = "ledger.db"
MOST_IN_ONE = 64  # changes in one commit
BUSY = 30  # seconds that a writer waits for another process
WRITING = "battlemap_writing"


class Ledger:
    """The ledger of all areas. Open it with `open_ledger`.

    Attributes
    ----------
    engine
        The database.
    folder
        Where photos, the key and, with SQLite, the database lie.
    """

    def __init__(self, engine: Engine, folder: Path, key: bytes) -> None:
        self.engine, self.folder = engine, folder
        self._key = key
        self._waiting: deque[_Job[Any]] = deque()
        self._leading = Lock()

    def change(self, work: Callable[[Writing], T]) -> T:
        """Do some work on the ledger, and return what it returned once all of it is on the disk.

        Works of several threads that wait at the same time are committed together (group commit): each stands or falls alone, for a work that raises is taken
        back and nothing of it remains.

        Raises
        ------
        LedgerError
            The database cannot be written: the disk is full, or read-only; nothing was changed.
        """
        job = _Job(work)
        self._waiting.append(job)
        while not job.done:
            with self._leading:
                if not job.done:
                    self._commit([self._waiting.popleft() for _ in range(min(MOST_IN_ONE, len(self._waiting)))])
        return job.result()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the ledger, whatever is written meanwhile."""
        options = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == "postgresql" else {}
        with _named_errors(), self.engine.connect().execution_options(**options) as connection:
            yield connection

    def head(self) -> Head:
        """Return where the history ends now."""
        with self.reading() as connection:
            return read_head(connection)

    def version(self) -> int:
        """Return the version of the last change."""
        return self.head().version

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    @property
    def key(self) -> bytes:
        """The key that signs the head."""
        return self._key

    def _commit(self, jobs: "list[_Job[Any]]") -> None:
        try:
            with (
                _named_errors(),
                self.engine.connect().execution_options(**{WRITING: True}) as connection,
                connection.begin(),
            ):
                head = before = read_head(connection, lock=True)
                for job in jobs:
                    head = job.run(connection, head, alone=len(jobs) == 1)
                if head != before:
                    head = sign(head, self._key)
                    connection.execute(
                        update(tables.head).values(version=head.version, hash=head.hash, signature=head.signature)
                    )
        except BaseException as error:
            for job in jobs:
                job.error = job.error or error
            if not isinstance(error, Exception):
                raise
        finally:
            for job in jobs:
                job.done = True


class _Job(Generic[T]):
    """A work that waits for its commit."""

    def __init__(self, work: Callable[[Writing], T]) -> None:
        self._work = work
        self._value: T | None = None
        self.error: BaseException | None = None
        self.done = False

    def run(self, connection: Connection, head: Head, *, alone: bool) -> Head:
        """Do the work, and return the head after it; what raises is taken back to where it began."""
        writing = Writing(connection, head)
        if alone:
            self._value = self._work(writing)
            return writing.flush()
        try:
            with connection.begin_nested():
                self._value = self._work(writing)
                return writing.flush()
        except exc.DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001  handed to who asked for the work
            self.error = error
            return head

    def result(self) -> T:
        """Return what the work returned, or raise what it raised."""
        if self.error is not None:
            raise self.error
        return self._value  # type: ignore[return-value]  # the work ran


def open_ledger(folder: Path, url: str = "", *, migrate: bool = True) -> Ledger:
    """Open the ledger, and bring its tables up to date.

    Parameters
    ----------
    folder
        Folder for photos, key and, without a ``url``, the database; it is made where it is missing.
    url
        Address of a PostgreSQL database, as SQLAlchemy writes it (``postgresql://user@host/name``).

    Raises
    ------
    LedgerError
        The folder cannot be used, the database does not answer, or it was written by a newer battlemap.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"{folder} cannot be made: {error.strerror}. Choose another BATTLEMAP_DATA_DIR.") from error
    engine = engine_of(folder, url)
    try:
        with _named_errors():
            if migrate:
                migrations.upgrade(engine)
            else:
                migrations.check(engine)
        return Ledger(engine, folder, key_of(folder))
    except BaseException:
        engine.dispose()
        raise


def engine_of(folder: Path, url: str = "") -> Engine:
    """Return the engine of a ledger, with our settings on every connection.

    Raises
    ------
    LedgerError
        The address names no database that we know.
    """
    if not url:
        return _sqlite(folder / FILE)
    try:
        address = make_url(url)
    except exc.ArgumentError as error:
        raise LedgerError(
            "BATTLEMAP_DATABASE_URL is no address of a database; write postgresql://user@host/name."
        ) from error
    if address.get_backend_name() == "sqlite" and address.database:
        return _sqlite(Path(address.database))
    if address.get_backend_name() != "postgresql":
        raise LedgerError(
            f"BATTLEMAP_DATABASE_URL names {address.get_backend_name()}; battlemap knows PostgreSQL and SQLite."
        )
    return create_engine(address.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=8, max_overflow=16)


def read_head(connection: Connection, *, lock: bool = False) -> Head:
    """Read the head; with ``lock`` no other writer takes a version before this transaction ends."""
    wanted = select(tables.head.c.version, tables.head.c.hash, tables.head.c.signature)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one()
    return Head(*row)


def _sqlite(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", pool_size=8, max_overflow=16, connect_args={"timeout": BUSY})

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # we say ourselves when a transaction begins
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
            try:
                connection.execute(f"PRAGMA {pragma}")
            except sqlite3.OperationalError:  # a read-only disk: reading goes on
                continue

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(WRITING)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


@contextmanager
def _named_errors() -> Iterator[None]:
    """Say what a database error means, and what to do."""
    try:
        yield
    except exc.DBAPIError as error:
        raise LedgerError(_meaning(error)) from error


def _meaning(error: exc.DBAPIError) -> str:
    said = str(error.orig)
    for sign_, meaning in _MEANINGS:
        if sign_ in said.lower():
            return f"{meaning} ({said.strip().splitlines()[0]})"
    return f"The ledger's database refused: {said.strip().splitlines()[0]}"


_MEANINGS = (
    ("is full", "The disk of the ledger is full; nothing was changed. Free some space, then do it again."),
    ("no space left", "The disk of the ledger is full; nothing was changed. Free some space, then do it again."),
    ("readonly", "The disk of the ledger is read-only; nothing was changed, reading goes on. Make it writable."),
    ("read-only", "The disk of the ledger is read-only; nothing was changed, reading goes on. Make it writable."),
    ("unable to open", "The ledger's file cannot be opened. Look whether its folder exists and may be read."),
    ("is locked", "Another process holds the ledger for too long; nothing was changed. Do it again in a moment."),
    ("append-only", "The history is append-only; nothing was changed."),
    ("not a database", "The ledger's file is damaged. Restore the last backup with `battlemap restore`."),
    ("malformed", "The ledger's file is damaged. Restore the last backup with `battlemap restore`."),
    ("connection", "The ledger's database does not answer. Look whether it runs and BATTLEMAP_DATABASE_URL is right."),
)
