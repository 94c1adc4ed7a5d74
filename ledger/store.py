"""Opening the ledger, and changing it: one transaction for what changes and its history, one version for every change, many writers in one commit."""

import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, get_ident
from time import monotonic
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, exc, make_url

from geo.errors import LedgerBroken, LedgerError
from ledger import audit, lease, migrations, statements
from ledger.hearing import Listener, notify
from ledger.history import KEY_FILE, Head, is_signed, key_of, sign
from ledger.migrations import WRITING
from ledger.writing import Known, Writing

LOG = logging.getLogger(__name__)
T = TypeVar("T")
FILE = "ledger.db"
MOST_IN_ONE = 64  # changes in one commit
# A request may read within a read: more connections than a server has threads (40), or they would wait for one another.
POOL: Mapping[str, Any] = {"pool_size": 8, "max_overflow": 56}
BUSY = 30  # seconds that a writer waits for another process
CONNECT = 10  # seconds in which PostgreSQL must answer; without a limit, one that is cut off would hold every thread of a server
IDLE = 2.0  # seconds after which a connection is asked whether it still answers
EVERY = 20_000  # versions between two looks at how the database plans
INTERRUPTED = "The writing was interrupted. Look whether it was done; if not, do it again."


class Ledger:
    """The ledger of all areas. Open it with `open_ledger`.

    Attributes
    ----------
    engine
        The database.
    folder
        Where photos, the key and, with SQLite, the database lie.
    moved
        Set whenever this process wrote into the history, for one who waits for that and clears it.
    committed
        Is told after each commit how many seconds it took, waiting for other processes included.
    """

    def __init__(self, engine: Engine, folder: Path, key: bytes) -> None:
        self.engine, self.folder, self.moved = engine, folder, Event()
        self.committed: Callable[[float], None] = _unwatched
        self._key = key
        self._waiting: deque[_Job[Any]] = deque()
        self._mutex = Lock()  # of _waiting and _led
        self._led = False
        self._leader = 0  # thread that commits now
        self._known = Known()  # by who leads alone
        self._writer = engine.execution_options(**{WRITING: True})
        self._wakes: list[Callable[[], None]] = []

    def change(self, work: Callable[[Writing], T], *, origins: Sequence[tuple[str, str, str]] = ()) -> T:
        """Do some work on the ledger, and return what it returned once all of it is on the disk.

        Works of several threads that wait at the same time are committed together (group commit): each stands or falls alone, for what a work did that raises is
        dropped. Where the database refuses what one of them wrote, all are done again one by one, so that a work must leave no trace but in the ledger.

        Parameters
        ----------
        origins
            Area, source and key of what the work will look for (`Writing.find`), so that those of all works are looked up at once.

        Raises
        ------
        LedgerError
            The database cannot be written: the disk is full, or read-only; nothing was changed.
        """
        if self._leader == get_ident():
            raise RuntimeError("A work began another change; it would wait for itself. Do both in one work.")
        job = _Job(work, origins)
        with self._mutex:
            self._waiting.append(job)
            leads, self._led = not self._led, True
        if leads or job.wait():
            self._lead(job)
        return job.result()

    def _lead(self, job: "_Job[Any]") -> None:
        """Commit the works that wait, this one first, and hand the lead to the next that waits."""
        with self._mutex:
            batch = [self._waiting.popleft() for _ in range(min(MOST_IN_ONE, len(self._waiting)))]
        self._leader, began = get_ident(), monotonic()
        try:
            self._commit(batch)
            self.committed(monotonic() - began)
        finally:
            self._leader = 0
            with self._mutex:
                following = self._waiting[0] if self._waiting else None
                self._led = following is not None
            if following:
                following.wake(leads=True)
            for other in batch:
                if other is not job:
                    other.wake(leads=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one moment of the ledger, whatever is written meanwhile."""
        options = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == "postgresql" else {}
        with _named_errors(), self.engine.connect().execution_options(**options) as connection:
            yield connection

    @contextmanager
    def hearing(self, wake: Callable[[], None]) -> Iterator[Callable[[], bool]]:
        """Have ``wake`` called, by any thread, after each commit: of this process, and with PostgreSQL of any; yields what tells whether those of others are heard of now.

        Neither is certain: who wants to miss nothing looks now and then by themselves.
        """
        self._wakes.append(wake)
        try:
            with Listener(self.engine, wake) as listener:
                yield lambda: listener.is_well
        finally:
            self._wakes.remove(wake)

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """Yield a connection that writes while no other writer does; what raises takes all of it back. For a restore: everything else goes through `change`."""
        with self._transaction() as connection:
            read_head(connection, lock=True)
            yield connection

    def sign_anew(self) -> Head:
        """Sign the head with the present key, after the one that signed it was lost."""
        with self._transaction() as connection:
            head = sign(read_head(connection, lock=True), self._key)
            statements.SET_HEAD(connection, {"v": head.version, "h": head.hash, "s": head.signature})
            audit.sign_anew(connection, self._key)
        return head

    def head(self) -> Head:
        """Return where the history ends now."""
        with self.reading() as connection:
            return read_head(connection)

    def version(self) -> int:
        """Return the version of the last change."""
        return self.head().version

    def close(self) -> None:
        """Let go of the database."""
        self._look_around()
        self.engine.dispose()

    def _look_around(self) -> None:
        """Let SQLite look whether it should count anew what lies where; PostgreSQL does by itself."""
        if self.engine.dialect.name == "sqlite":
            with suppress(exc.DBAPIError), self.engine.connect() as connection:  # a full or read-only disk
                connection.exec_driver_sql("PRAGMA optimize")
                connection.commit()

    @property
    def key(self) -> bytes:
        """The key that signs the head."""
        return self._key

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with _named_errors(), self._begun() as connection:
            yield connection
            connection.commit()

    def _begun(self) -> Connection:
        """Return a connection whose transaction holds the ledger; while a long change was announced, wait on for it."""
        since = monotonic()
        while True:
            connection = self._writer.connect()
            try:
                connection.begin()
            except BaseException as error:
                connection.close()
                what = lease.running(self.folder)
                if not (what and isinstance(error, exc.OperationalError) and "is locked" in str(error.orig)):
                    raise
                LOG.warning("Waiting for the ledger since %.0f s: %s", monotonic() - since, what)
            else:
                return connection

    def _commit(self, jobs: "Sequence[_Job[Any]]") -> None:
        try:
            self._try(jobs)
        except BaseException as error:
            is_refused = isinstance(error, Exception) and not isinstance(error.__cause__, exc.OperationalError)
            if len(jobs) > 1 and is_refused:
                for job in jobs:
                    job.error = LedgerError(INTERRUPTED)  # until it is done: an interruption leaves the rest undone
                for job in jobs:
                    self._commit([job])
                return
            is_ours = isinstance(error, Exception)
            for job in jobs:
                job.error = job.error or (error if is_ours else LedgerError(INTERRUPTED))
            if not is_ours:
                raise

    def _try(self, jobs: "Sequence[_Job[Any]]") -> None:
        """Do all works in one transaction."""
        for job in jobs:
            job.error = None
        with self._transaction() as connection:
            before = read_head(connection, lock=True)
            if before != self._known.head:  # which we signed ourselves
                self._require_signed(before)
            writing = Writing(connection, before, self._known)
            writing.expect(origin for job in jobs for origin in job.origins)
            for job in jobs:
                job.run(writing)
            with statements.together(connection):
                head = writing.finish()
                if head != before:
                    head = sign(head, self._key)
                    statements.SET_HEAD.run(connection, {"v": head.version, "h": head.hash, "s": head.signature})
                    notify(connection)
                statements.commit(connection)
        self._known = writing.known(head)
        if head != before:
            self.moved.set()
            for wake in tuple(self._wakes):
                wake()
        if before.version // EVERY != head.version // EVERY:
            self._look_around()

    def _require_signed(self, head: Head) -> None:
        """Raise unless our key signed the head: writing on would sign what somebody else put there."""
        if head.version and not is_signed(head, self._key):
            raise LedgerBroken(
                f"The head of the history, version {head.version}, is not signed by {self.folder / KEY_FILE}: the database was changed by something else than "
                "battlemap, or the key is another one. Nothing was written. Run `battlemap ledger verify`; put the key back, or restore a backup."
            )


def _unwatched(_seconds: float) -> None:
    """Nobody wants to know."""


class _Job(Generic[T]):
    """A work that waits for its commit."""

    def __init__(self, work: Callable[[Writing], T], origins: Sequence[tuple[str, str, str]] = ()) -> None:
        self._work, self.origins = work, origins
        self._value: T | None = None
        self._woken = Event()
        self._leads = False
        self.error: BaseException | None = None

    def wait(self) -> bool:
        """Wait until it was done, or until its thread is to lead; tells which."""
        self._woken.wait()
        return self._leads

    def wake(self, *, leads: bool) -> None:
        """End the waiting."""
        self._leads = leads
        self._woken.set()

    def run(self, writing: Writing) -> None:
        """Do the work; what the database did not cause is handed to who asked for it, and the others go on."""
        try:
            with writing.work():
                self._value = self._work(writing)
        except exc.DBAPIError:
            raise
        except Exception as error:  # noqa: BLE001
            self.error = error

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
    if not migrate and not url and not (folder / FILE).exists():
        raise LedgerError(
            f"There is no ledger in {folder}. `battlemap migrate` makes one, and so does `battlemap serve`."
        )
    _folder(folder)
    engine = engine_of(folder, url)
    try:
        with _named_errors():
            if migrate:
                _bring_up(engine)
            else:
                migrations.check(engine)
            return Ledger(engine, folder, _key(engine, folder))
    except BaseException:
        engine.dispose()
        raise


@dataclass(frozen=True)
class Migrated:
    """What `migrate` did: the revision before, the one that stands now, and the copy of the SQLite file as it was before."""

    before: str | None
    after: str
    copy: Path | None

    def text(self) -> str:
        """Return it as one line for people."""
        if self.before == self.after:
            return f"The ledger is of revision {self.after} already; nothing to do."
        copied = f" As it was before it lies in {self.copy}." if self.copy else ""
        return f"The ledger is of revision {self.after} now, it was {self.before or 'not there'}.{copied}"


def migrate(folder: Path, url: str = "") -> Migrated:
    """Bring the tables of a ledger up to date; it is made where there is none.

    Raises
    ------
    LedgerError
        As `open_ledger`; the tables are as they were.
    """
    _folder(folder)
    engine = engine_of(folder, url)
    try:
        with _named_errors():
            before = migrations.revision(engine)
            return Migrated(before, migrations.newest(), _bring_up(engine))
    finally:
        engine.dispose()


def _bring_up(engine: Engine) -> Path | None:
    """Upgrade, after copying an SQLite file that holds something; return the copy."""
    stands = migrations.revision(engine)
    copy = None
    if stands not in {None, migrations.newest()} and engine.dialect.name == "sqlite" and engine.url.database:
        migrations.known(stands)
        file = Path(engine.url.database)
        copy = file.with_name(f"{file.stem}.before-{migrations.newest()}{file.suffix}")
        _make(copy)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    migrations.upgrade(engine)
    return copy


def _folder(folder: Path) -> None:
    try:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(f"{folder} cannot be made: {error.strerror}. Choose another BATTLEMAP_DATA_DIR.") from error


def _key(engine: Engine, folder: Path) -> bytes:
    """Return the key; a new one is made for a new history only."""
    with engine.connect() as connection:
        version = read_head(connection).version
    if version and not (folder / KEY_FILE).exists():
        raise LedgerError(
            f"{folder / KEY_FILE} is missing, which signs the history. Put it back; if it is lost, run `battlemap ledger verify --new-key`."
        )
    return key_of(folder)


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
    engine = create_engine(
        address.set(drivername="postgresql+psycopg", query={"connect_timeout": str(CONNECT), **address.query}), **POOL
    )
    _ping_the_idle(engine)
    return engine


def _ping_the_idle(engine: Engine) -> None:
    """Look whether a connection still answers, but only after a pause: asking each time would double the time of a short question."""

    @event.listens_for(engine, "checkin")
    def _resting(_connection: Any, record: Any) -> None:
        record.info["since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _woken(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("since", monotonic()) > IDLE and not _answers(engine, connection):
            raise exc.DisconnectionError


def _answers(engine: Engine, connection: Any) -> bool:
    try:
        return bool(engine.dialect.do_ping(connection))
    except engine.dialect.loaded_dbapi.Error:
        return False


def optimise(ledger: Ledger) -> None:
    """Let the database count anew what lies where, so that it plans by it; after many rows came in at once, and now and then."""
    with _named_errors(), ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def read_head(connection: Connection, *, lock: bool = False) -> Head:
    """Read the head; with ``lock`` no other writer takes a version before this transaction ends."""
    rows = statements.HEAD_LOCKED.run(connection).fetchall() if lock else statements.HEAD(connection).all()
    if len(rows) != 1:
        raise LedgerBroken(
            f"The ledger has {len(rows)} rows that say where its history ends, not one: its table `head` was changed. Put this database aside, and restore a backup into a new one."
        )
    return Head(*rows[0])


def _sqlite(path: Path) -> Engine:
    _make(path)
    engine = create_engine(f"sqlite:///{path}", creator=lambda: _opened(path), **POOL)

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-65536",
            "analysis_limit=1000",
        ):
            try:
                connection.execute(f"PRAGMA {pragma}")
            except sqlite3.OperationalError:  # a read-only disk: reading goes on
                continue

    @event.listens_for(engine, "connect")
    def _noted(_connection: sqlite3.Connection, record: Any) -> None:
        record.info["frozen"] = _is_frozen(path)

    @event.listens_for(engine, "checkout")
    def _thawed(_connection: sqlite3.Connection, record: Any, _proxy: Any) -> None:
        if record.info["frozen"] and not _is_frozen(path):  # the disk can be written again: nothing is certain any more
            raise exc.DisconnectionError

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(WRITING)
        statements.driven(connection, "BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _make(path: Path) -> None:
    """Make an empty database for its owner alone; the files that SQLite puts beside it take its mode.

    One that is there is not opened: closing it would let go of the locks that SQLite holds on it in this process, whereupon another process that leaves takes the
    journal away with what is in it (sqlite.org/howtocorrupt.html, 2.2).
    """
    with suppress(OSError):  # said better when it is opened
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _opened(path: Path) -> sqlite3.Connection:
    """Open a database; on a read-only disk, where SQLite cannot keep its journal beside it, as one that nobody changes."""
    wish = "?mode=ro&immutable=1" if _is_frozen(path) else ""
    # isolation_level None: we say ourselves when a transaction begins
    return sqlite3.connect(
        f"{path.absolute().as_uri()}{wish}", uri=True, timeout=BUSY, isolation_level=None, check_same_thread=False
    )


def _is_frozen(path: Path) -> bool:
    """Tell whether a database lies on a read-only disk, without a journal that would have to be read with it."""
    if not hasattr(os, "statvfs") or not path.exists() or path.with_name(f"{path.name}-wal").exists():
        return False
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


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
    (
        "disk i/o error",
        "The disk of the ledger cannot be written or read; nothing was changed. Look whether it is full or damaged.",
    ),
    ("is locked", "Another process holds the ledger for too long; nothing was changed. Do it again in a moment."),
    ("append-only", "The history is append-only; nothing was changed."),
    ("not a database", "The ledger's file is damaged. Restore the last backup with `battlemap restore`."),
    ("malformed", "The ledger's file is damaged. Restore the last backup with `battlemap restore`."),
    ("connection", "The ledger's database does not answer. Look whether it runs and BATTLEMAP_DATABASE_URL is right."),
)
