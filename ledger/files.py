"""Photos as files named by their SHA-256: ``photos/<first two>/<sha256>.jpg``.

A file is written, and on the disk, before the row that names it, so that a crash leaves at most a file that no row names (an orphan): `orphans` finds those, and
`discard` takes one away unless somebody put it again meanwhile.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Container, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from geo.errors import LedgerBroken, LedgerError

FOLDER = "photos"
NAME = re.compile(r"[0-9a-f]{64}")
KEPT = timedelta(hours=1)  # an orphan that is younger may yet be named by a row


def put(folder: Path, data: bytes) -> str:
    """Keep a photo, and return its SHA-256 once it is on the disk; the same photo twice is one file.

    Parameters
    ----------
    folder
        The ledger's folder.

    Raises
    ------
    LedgerError
        It cannot be written: the disk is full, or read-only.
    """
    digest = hashlib.sha256(data).hexdigest()
    target = path(folder, digest)
    try:
        if not _touched(target, digest):
            _private(target.parent.parent)
            _private(target.parent)
            write(target, data)
    except OSError as error:
        raise LedgerError(
            f"The photo cannot be written into {target.parent}: {error.strerror}. Free some space or make it writable, then do it again."
        ) from error
    return digest


def path(folder: Path, sha256: str) -> Path:
    """Return where a photo lies, whether it is there or not.

    Raises
    ------
    LedgerError
        The name is no SHA-256.
    """
    if not NAME.fullmatch(sha256):
        raise LedgerError(f"{sha256[:80]!r} is no name of a photo; a photo is named by its SHA-256.")
    return folder / FOLDER / sha256[:2] / f"{sha256}.jpg"


def verify(folder: Path, sha256: str) -> None:
    """Read a photo through, and raise unless it is what its name says.

    Raises
    ------
    LedgerBroken
        It is missing, unreadable, or was changed.
    """
    found = path(folder, sha256)
    try:
        digest = digest_of(found)
    except FileNotFoundError:
        raise LedgerBroken(f"photo {found} is missing. Restore it from a backup.") from None
    except OSError as error:
        raise LedgerBroken(f"photo {found} cannot be read: {error.strerror}.") from error
    if digest != sha256:
        raise LedgerBroken(f"photo {found} was changed. Restore it from a backup.")


def orphans(folder: Path, named: Container[str], *, now: datetime) -> Iterator[Path]:
    """Yield the photos, and halves of photos, that no row names and that are older than an hour.

    Parameters
    ----------
    named
        SHA-256 of every photo and thumbnail that a row names.
    """
    for found in sorted((folder / FOLDER).glob("*/*")):
        is_named = found.suffix == ".jpg" and found.stem in named
        is_old = False
        with suppress(FileNotFoundError):  # a draft that got its name meanwhile
            is_old = _written(found) < now - KEPT
        if is_old and not is_named:
            yield found


def discard(orphan: Path, *, now: datetime) -> bool:
    """Take an orphan away, and tell whether it went: it stays when somebody put it again meanwhile."""
    aside = orphan.with_name(f".{orphan.name}.{secrets.token_hex(4)}.gone")
    try:
        orphan.rename(aside)
        if _written(aside) < now - KEPT:
            aside.unlink()
            return True
        aside.rename(orphan)
    except FileNotFoundError:
        pass
    return False


def digest_of(file: Path) -> str:
    """Return the SHA-256 of a file, read in blocks."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write(target: Path, data: bytes) -> None:
    """Write a file whole or not at all, for its owner alone; it is on the disk when this returns."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync(target.parent)


def sync(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system knows how."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _touched(target: Path, digest: str) -> bool:
    """Make a photo that is there young again, so that nobody discards it; False where it is missing or damaged."""
    try:
        os.utime(target)
        if digest_of(target) != digest:
            return False
    except FileNotFoundError:
        return False
    sync(target.parent)  # who wrote it may not have come so far yet
    return True


def _private(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync(folder.parent)


def _written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
