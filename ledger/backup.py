"""Backups: one archive that restores into either database, photos included.

It is a ZIP that holds ``tables/<name>.ndjson`` (a row a line, as an array), ``photos/<first two>/<sha256>.jpg`` and ``manifest.json``: format, revision, the signed head,
columns, rows and SHA-256 of every table. It is taken from one moment of the ledger while others write on, read again and checked before it gets its name. The key is not
in it: whoever finds a backup could forge with it. A restore needs none, for it signs the restored head with the key of the ledger that it restores into. Sessions are not in
it either: after a restore nobody is logged in, and what was revoked since the backup does not come alive again.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, MetaData, Table, delete, func, insert, select

from geo.errors import LedgerBroken, LedgerError
from ledger import audit, files, heads, migrations, statements, tables
from ledger.history import NOTHING, Head, breaks, is_signed, sign
from ledger.migrations import triggers
from ledger.store import Ledger, engine_of, read_head
from ledger.verify import Progress, examine, require

FORMAT = "battlemap-ledger 1"
MANIFEST = "manifest.json"
LIVE = frozenset({"session", "device"})  # who is logged in: emptied by a restore, never written into a backup
HEADS = frozenset({"head", "audit_head"})  # one row, even in an empty ledger
EVERY = {table.name: table for table in tables.METADATA.sorted_tables}
TABLES = {name: table for name, table in EVERY.items() if name not in LIVE}
ENTRY = re.compile(rf"{MANIFEST}|tables/({'|'.join(TABLES)})\.ndjson|photos/[0-9a-f]{{2}}/[0-9a-f]{{64}}\.jpg")
LARGEST = 64 << 20  # bytes of one photo, or of one row
SQUEEZED = 200  # times: our rows shrink to a tenth, a bomb to a thousandth
BATCH = 1_000
ASIDE = "before-restore-{:%Y%m%dT%H%M%S}"


@dataclass(frozen=True)
class Summary:
    """What a backup holds, or what was restored.

    Attributes
    ----------
    signed
        Whether the head carries a signature that a key at hand made.
    missing
        Photos that rows name and that were not there, or damaged.
    aside
        Where the ledger lies that was there before; None when there was none.
    """

    path: Path
    head: Head
    rows: int
    photos: int
    signed: bool
    missing: tuple[str, ...] = ()
    aside: Path | None = None

    def text(self) -> str:
        """Return it as lines for people."""
        lines = [f"{self.path}: {self.rows:,} rows, {self.photos:,} photos. Head {self.head}"]
        if not self.signed and self.head.version:
            lines.append("No key at hand made its signature: compare the head with one that was written elsewhere.")
        lines += [f"photo {digest} is missing or damaged" for digest in self.missing]
        if self.aside:
            lines.append(f"The ledger that was there before lies in {self.aside}.")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "path": str(self.path),
            "head": str(self.head),
            "signature": self.head.signature,
            "rows": self.rows,
            "photos": self.photos,
            "signed": self.signed,
            "missing": list(self.missing),
            "aside": str(self.aside) if self.aside else None,
        }


def backup(
    ledger: Ledger,
    path: Path,
    *,
    now: datetime,
    force: bool = False,
    check: bool = True,
    progress: Progress | None = None,
) -> Summary:
    """Write a backup of one moment of a ledger, and read it again.

    Parameters
    ----------
    force
        Replace the file where it exists.
    check
        False: keep a copy of a ledger though its history does not hold.

    Raises
    ------
    LedgerError
        The file exists, or cannot be written; nothing was left.
    LedgerBroken
        The history does not hold; nothing was left.
    """
    if path.exists() and not force:
        raise LedgerError(f"{path} exists already. Name another file, or add --force to replace it.")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            missing = _write(ledger, file, now, progress or _silent)
            file.flush()
            os.fsync(file.fileno())
        with _opened(draft) as archive:
            found = archive.check(ledger.key, chain=check)
        _name(draft, path, force=force)
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be written: {error.strerror}. Free some space, or name another file."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return Summary(path, found.head, found.rows, found.photos, found.signed, tuple(missing))


def restore(
    ledger: Ledger,
    path: Path,
    *,
    now: datetime,
    force: bool = False,
    key: bytes = b"",
    known: Sequence[Head] = (),
    progress: Progress | None = None,
) -> Summary:
    """Put a backup into a ledger, all of it or nothing; the ledger is verified before the change is committed.

    Parameters
    ----------
    force
        Replace a ledger that holds something; a backup of it is kept in its folder.
    key
        Key of the ledger that was backed up, where it was kept, to check its signature; the key of this ledger is tried as well.
    known
        Heads that were written elsewhere.

    Raises
    ------
    LedgerError
        The ledger holds something, or the file is no backup, or of a newer battlemap; nothing was changed. An older one is brought up to date.
    LedgerBroken
        The backup is damaged or was changed; nothing was changed.
    """
    with _opened(path) as archive:
        found = archive.check(key, ledger.key, known=known)
        with ledger.reading() as connection:
            is_filled = _filled(connection)
        if is_filled and not force:
            raise LedgerError(
                f"The ledger in {ledger.folder} holds something. Add --force to replace it; it is kept aside."
            )
        aside = ledger.folder / f"{ASIDE.format(now.astimezone(UTC))}.zip" if is_filled else None
        if aside:
            backup(ledger, aside, now=now, check=False)
        archive.put_photos(ledger.folder)
        with ledger.alone() as connection:
            _empty(connection)
            archive.load(connection, progress or _silent)
            head = sign(found.head, ledger.key) if found.head.version else found.head
            statements.SET_HEAD(connection, {"v": head.version, "h": head.hash, "s": head.signature})
            audit.sign_anew(connection, ledger.key)
            audit.append(connection, ledger.key, "restored", None, now=now, what=path.name, local=True)
            _count_on(connection)
            require(examine(connection, ledger.folder, ledger.key, now=now, known=known), but=archive.missing)
            if aside:
                _turn_log(ledger.folder, aside)
    heads.note(ledger.folder, head, "restore", now=now)
    return Summary(path, head, found.rows, found.photos, found.signed, aside=aside)


def _write(ledger: Ledger, file: IO[bytes], now: datetime, progress: Progress) -> list[str]:
    """Write the archive, and return the photos that could not be taken along."""
    missing: list[str] = []
    with ledger.reading() as connection, zipfile.ZipFile(file, "w", allowZip64=True) as archive:
        head = read_head(connection)
        named = _photos_of(connection)
        counts = {name: _count(connection, table) for name, table in TABLES.items()}
        tell = _Counter(progress, sum(counts.values()) + len(named))
        written = {}
        for name, table in TABLES.items():
            with archive.open(_info(f"tables/{name}.ndjson", now), "w", force_zip64=True) as out:
                written[name] = _write_table(connection, table, out, tell)
        for digest in named:
            try:
                files.verify(ledger.folder, digest)
                data = files.path(ledger.folder, digest).read_bytes()
                archive.writestr(_info(_photo(digest), now, zipfile.ZIP_STORED), data)
            except (LedgerBroken, OSError):
                missing.append(digest)
            tell()
        manifest = {
            "format": FORMAT,
            "made": now.astimezone(UTC).isoformat(timespec="seconds"),
            "revision": migrations.newest(),
            "head": vars(head),
            "tables": written,
            "photos": len(named) - len(missing),
            "missing": missing,
        }
        archive.writestr(_info(MANIFEST, now), json.dumps(manifest, indent=1))
    return missing


def _write_table(connection: Connection, table: Table, out: IO[bytes], tell: "Callable[[], None]") -> dict[str, Any]:
    digest, rows = hashlib.sha256(), 0
    options = {"stream_results": True, "yield_per": BATCH}
    ordered = select(table).order_by(*table.primary_key.columns)
    for row in connection.execute(ordered, execution_options=options):
        line = (json.dumps(list(row), ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode()
        digest.update(line)
        out.write(line)
        rows += 1
        tell()
    return {"columns": [column.name for column in table.columns], "rows": rows, "sha256": digest.hexdigest()}


@dataclass(frozen=True)
class _Checked:
    head: Head
    rows: int
    photos: int
    signed: bool


class _Archive:
    """A backup that is open: its entries are what a backup holds and nothing else."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._zip, self._path = archive, path
        self._entries = archive.infolist()
        self._fit()
        self._manifest = self._read_manifest()

    def check(self, *keys: bytes, known: Sequence[Head] = (), chain: bool = True) -> _Checked:
        """Read all of it, and raise unless it is whole and its history holds."""
        head = self._head()
        with self._zip_errors():
            for name in self._tables:
                for _row in self._rows(name):
                    pass
            for entry in self._photos():
                self._photo_bytes(entry)
        signer = next((key for key in keys if key and is_signed(head, key)), None)
        if chain:
            columns = self._manifest["tables"]["history"]["columns"]
            entries = (dict(zip(columns, row, strict=True)) for row in self._rows("history"))
            with self._zip_errors():
                # The signature is looked at apart: a restore elsewhere does not have the key.
                found = list(islice(breaks(entries, sign(head, b"any"), b"any", known), 20))
            if found:
                lines = "\n  - ".join(str(one) for one in found)
                raise LedgerBroken(f"The history in {self._path.name} does not hold:\n  - {lines}")
            if "audit" in self._tables:
                self._check_audit()
        rows = sum(table["rows"] for table in self._manifest["tables"].values())
        return _Checked(head, rows, len(self._photos()), signer is not None)

    def _check_audit(self) -> None:
        """Raise unless the audit trail holds; who signed its head is not looked at, as for the history."""
        with self._zip_errors():
            named = self._manifest["tables"]["audit_head"]["columns"]
            row = dict(zip(named, next(self._rows("audit_head")), strict=True))
            stored = audit.Ends(row["first"], row["number"], row["hash"], row["at"])
            columns = self._manifest["tables"]["audit"]["columns"]
            lines = (dict(zip(columns, line, strict=True)) for line in self._rows("audit"))
            found = list(islice(audit.chain(lines, stored), 20))
        if found:
            said = "\n  - ".join(found)
            raise LedgerBroken(f"The audit trail in {self._path.name} does not hold:\n  - {said}")

    def put_photos(self, folder: Path) -> None:
        """Put the photos into a ledger's folder."""
        with self._zip_errors():
            for entry in self._photos():
                files.put(folder, self._photo_bytes(entry))

    def load(self, connection: Connection, progress: Progress) -> None:
        """Insert every row."""
        tell = _Counter(progress, sum(table["rows"] for table in self._tables.values()))
        if self._manifest["revision"] == migrations.newest():
            self._load_into(connection, TABLES, tell)
        else:
            with self._raised() as raised:
                for table in TABLES.values():
                    for rows in raised.execute(select(table)).mappings().partitions(BATCH):
                        connection.execute(insert(table), [dict(row) for row in rows])
                        tell(len(rows))

    def _load_into(self, connection: Connection, into: Mapping[str, Table], tell: "Callable[[int], None]") -> None:
        with self._zip_errors():
            for name, table in into.items():
                columns = self._tables[name]["columns"]
                rows = (dict(zip(columns, row, strict=True)) for row in self._rows(name))
                while batch := list(islice(rows, BATCH)):
                    connection.execute(insert(table), batch)
                    tell(len(batch))

    @contextlib.contextmanager
    def _raised(self) -> Iterator[Connection]:
        """Yield a ledger beside, of the archive's own revision at first, with its rows, and then brought up to date."""
        with tempfile.TemporaryDirectory(prefix="battlemap-") as folder, contextlib.ExitStack() as stack:
            engine = engine_of(Path(folder))
            stack.callback(engine.dispose)
            migrations.upgrade(engine, to=self._manifest["revision"])
            old = MetaData()
            old.reflect(engine)
            into = {table.name: table for table in old.sorted_tables if table.name not in {*LIVE, "alembic_version"}}
            wanted = {name: {column.name for column in table.columns} for name, table in into.items()}
            if wanted != {name: set(table["columns"]) for name, table in self._tables.items()}:
                raise LedgerError(f"{self._path.name} is no backup of a ledger: its manifest names other tables.")
            with engine.begin() as connection:
                for table in into.values():  # an empty ledger has its head
                    connection.execute(delete(table))
                self._load_into(connection, into, lambda _count: None)
            migrations.upgrade(engine)
            yield stack.enter_context(engine.connect())

    def _fit(self) -> None:
        """Raise unless every entry is one that a backup has, and all of them fit onto the disk."""
        names = [entry.filename for entry in self._entries]
        strange = [name for name in names if not ENTRY.fullmatch(name)]
        if strange or len(set(names)) < len(names):
            raise LedgerError(f"{self._path.name} is no backup of a ledger: it holds {(strange or names)[0][:80]!r}.")
        size, packed = sum(entry.file_size for entry in self._entries), self._path.stat().st_size
        largest = max((entry.file_size for entry in self._photos()), default=0)
        free = shutil.disk_usage(self._path.absolute().parent).free
        if size > SQUEEZED * packed or largest > LARGEST:
            raise LedgerError(f"{self._path.name} is no backup of a ledger: it would unpack to {size:,} bytes.")
        if size > free:
            raise LedgerError(f"{self._path.name} unpacks to {size:,} bytes, {free:,} are free. Free some space.")

    def _read_manifest(self) -> dict[str, Any]:
        wanted = {name: [column.name for column in table.columns] for name, table in TABLES.items()}
        try:
            with self._zip_errors():
                plain: dict[str, Any] = json.loads(self._zip.read(MANIFEST))
            self._known(plain["revision"])
            Head(int(plain["head"]["version"]), str(plain["head"]["hash"]), str(plain["head"]["signature"]))
            there = {name: table["columns"] for name, table in plain["tables"].items() if table["rows"] >= 0}
            is_older = plain["revision"] != migrations.newest()  # what it has to hold is looked at when it is loaded
            is_ours = plain["format"] == FORMAT and (
                there == wanted or (is_older and {"head", "history"} <= there.keys() <= wanted.keys())
            )
            self.missing = frozenset(plain["missing"])
        except (LedgerBroken, KeyError, TypeError, ValueError, AttributeError) as error:
            raise LedgerError(f"{self._path.name} is no backup of a ledger: its manifest cannot be read.") from error
        if not is_ours:
            raise LedgerError(f"{self._path.name} is no backup of a ledger: its manifest names other tables.")
        return plain

    @property
    def _tables(self) -> dict[str, Any]:
        """What the manifest says of each table."""
        return dict(self._manifest["tables"])

    def _known(self, revision: str) -> None:
        if not migrations.is_known(revision):
            raise LedgerError(
                f"{self._path.name} is of revision {revision[:40]}, of a newer battlemap; this one knows {migrations.newest()} and older ones. "
                "Install that battlemap, and restore it there."
            )

    def _head(self) -> Head:
        return Head(**self._manifest["head"])

    def _photos(self) -> list[zipfile.ZipInfo]:
        return [entry for entry in self._entries if entry.filename.startswith("photos/")]

    def _photo_bytes(self, entry: zipfile.ZipInfo) -> bytes:
        data = self._zip.read(entry)
        if hashlib.sha256(data).hexdigest() != Path(entry.filename).stem:
            raise LedgerBroken(f"{entry.filename} in {self._path.name} was changed.")
        return data

    def _rows(self, name: str) -> Iterator[list[Any]]:
        """Yield the rows of a table, and raise at its end unless they are those that were written."""
        said, digest, rows = self._manifest["tables"][name], hashlib.sha256(), 0
        with self._zip.open(f"tables/{name}.ndjson") as file:
            while line := file.readline(LARGEST):
                digest.update(line)
                rows += 1
                yield json.loads(line)
        if (rows, digest.hexdigest()) != (said["rows"], said["sha256"]):
            raise LedgerBroken(
                f"{name} in {self._path.name} was changed: {rows} rows, its manifest says {said['rows']}."
            )

    @contextlib.contextmanager
    def _zip_errors(self) -> Iterator[None]:
        try:
            yield
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            RuntimeError,
            ValueError,
            KeyError,
            NotImplementedError,
            OSError,
        ) as error:
            # A damaged directory may point before the file's beginning: EINVAL.
            if isinstance(error, OSError) and error.errno not in {None, errno.EINVAL}:
                raise
            raise LedgerBroken(f"{self._path.name} is damaged: {error}. Take another backup.") from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[_Archive]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as error:
        raise LedgerError(f"{path.name} is no backup of a ledger, or was cut off: {error}.") from error
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}.") from error
    with archive:
        yield _Archive(archive, path)


def _filled(connection: Connection) -> bool:
    return read_head(connection) != Head(0, NOTHING) or any(
        _count(connection, table) for name, table in EVERY.items() if name not in HEADS
    )


def _empty(connection: Connection) -> None:
    """Take every row out, which the history allows to nobody but a restore; the triggers come back in the same transaction."""
    triggers.drop(connection)
    for table in reversed(EVERY.values()):
        connection.execute(delete(table))
    triggers.create(connection)


def _count_on(connection: Connection) -> None:
    """Let PostgreSQL number on where the restored rows end; SQLite does by itself."""
    if connection.dialect.name != "postgresql":
        return
    for name, table in TABLES.items():
        column = table.autoincrement_column
        if column is not None:
            most = select(func.max(column)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(name, column.name)
            connection.execute(select(func.setval(sequence, func.coalesce(most, 1), most.is_not(None))))


def _turn_log(folder: Path, aside: Path) -> None:
    """Put the log of heads aside with the ledger that it belongs to."""
    with contextlib.suppress(FileNotFoundError):
        (folder / heads.FILE).rename(aside.with_suffix(".heads.log"))


def _name(draft: Path, path: Path, *, force: bool) -> None:
    """Give a finished draft its name; without ``force`` never over a file that came in between."""
    if force:
        draft.replace(path)
    else:
        try:
            os.link(draft, path)
        except FileExistsError:
            raise LedgerError(f"{path} exists already. Name another file, or add --force to replace it.") from None
        except OSError:  # a disk that knows no links
            draft.replace(path)
    files.sync(path.absolute().parent)


def _photos_of(connection: Connection) -> list[str]:
    both = (
        select(table.c.sha256, table.c.thumbnail)
        for table in (tables.attachment, tables.whistle_photo, tables.inspection_photo)
    )
    return sorted({digest for asked in both for row in connection.execute(asked) for digest in row if digest})


def _photo(digest: str) -> str:
    return f"photos/{digest[:2]}/{digest}.jpg"


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _info(name: str, now: datetime, compression: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, now.astimezone(UTC).timetuple()[:6])
    info.compress_type, info.external_attr = compression, 0o600 << 16
    return info


def _silent(_done: int, _total: int) -> None:
    return None


class _Counter:
    """Counts what is done, and tells now and then."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def __call__(self, count: int = 1) -> None:
        self._done += count
        if self._done % BATCH == 0 or self._done == self._total:
            self._progress(self._done, self._total)
