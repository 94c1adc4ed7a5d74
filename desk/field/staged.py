"""Photos that a phone sent before the thing that they show: kept apart, by account, until something names them. Nobody reads them back; what a case keeps of them is made safe first (`desk.photos`)."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Self

from desk.photos import MOST_BYTES
from geo.errors import PhotoError

FOLDER = "staged"
MOST = 200  # of an account
MEGABYTE, PART = 2**20, ".part"
FULL = "The room for photos that wait is full. Wait until some were named; the phone keeps this one."
LONGEST = timedelta(days=3)  # that one waits to be named
DIGEST = re.compile(r"[0-9a-f]{64}")
ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Staged:
    """The photos of one account that wait.

    Parameters
    ----------
    folder
        Of the ledger; the photos lie in a folder of their own in it.
    account
        Opaque key.
    own_mb, all_mb
        Megabytes that may wait of this account, and of all together.
    """

    def __init__(self, folder: Path, account: str, *, own_mb: int = 1000, all_mb: int = 20_000) -> None:
        if not ACCOUNT.fullmatch(account):
            raise ValueError("Only who has an account sends photos.")
        self._folder = folder / FOLDER / account
        self._own, self._all = own_mb * MEGABYTE, all_mb * MEGABYTE

    def taking(self, sha256: str, now: datetime) -> "Taking":
        """Begin to take a photo in; `Taking.done` ends it.

        Raises
        ------
        PhotoError
            So many wait already, of this account or of all, that nothing more is taken.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        forget_in(self._folder, before=now - LONGEST)
        if not self.has(sha256) and sum(1 for _ in self._folder.iterdir()) >= MOST:
            raise PhotoError(f"{MOST} photos wait already to be named. Send what they belong to.", kind="other")
        left = min(self._own - _held(self._folder), self._all - sum(map(_held, _folders(self._folder.parent))))
        if left <= 0:
            raise PhotoError(FULL, kind="other")
        return Taking(self._folder, sha256, left)

    def has(self, sha256: str) -> bool:
        """Tell whether a photo is there."""
        return DIGEST.fullmatch(sha256) is not None and (self._folder / sha256).is_file()

    def missing(self, digests: Iterable[str]) -> tuple[str, ...]:
        """Return those of some photos that have not arrived."""
        return tuple(digest for digest in digests if not self.has(digest))

    def read(self, sha256: str) -> bytes | None:
        """Return a photo; None where it is not there, or was damaged since, whereupon it is gone."""
        path = self._folder / sha256
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != sha256:
            path.unlink(missing_ok=True)
            return None
        return data

    def drop(self, digests: Iterable[str]) -> None:
        """Let photos go, which a case keeps now."""
        for digest in digests:
            (self._folder / digest).unlink(missing_ok=True)


class Taking:
    """A photo that comes in: what is written is hashed, and gets its name when it is whole; otherwise nothing of it stays."""

    def __init__(self, folder: Path, sha256: str, left: int) -> None:
        self._sha256, self._hash, self._size, self._left = sha256, hashlib.sha256(), 0, left
        self._whole = folder / sha256
        self._part = folder / f"{sha256}.{secrets.token_hex(4)}{PART}"
        self._file: BinaryIO = self._part.open("xb")
        self._part.chmod(0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def write(self, data: bytes) -> bool:
        """Take a piece; False when it grows larger than a photo may be; raises PhotoError when it grows larger than what is left."""
        self._size += len(data)
        if self._left < self._size <= MOST_BYTES:
            raise PhotoError(FULL, kind="other")
        if self._size > MOST_BYTES:
            return False
        self._hash.update(data)
        self._file.write(data)
        return True

    def done(self) -> bool:
        """Give it its name, and tell whether it is whole: what came is what was announced."""
        self._file.close()
        if self._hash.hexdigest() != self._sha256:
            return False
        self._part.replace(self._whole)
        return True


def forget(folder: Path, *, before: datetime, dry: bool = False) -> int:
    """Erase what nothing named since a time, of every account, and return how many.

    Parameters
    ----------
    folder
        Of the ledger.
    dry
        Count only.
    """
    return sum(forget_in(one, before=before, dry=dry) for one in _folders(folder / FOLDER))


def forget_in(folder: Path, *, before: datetime, dry: bool = False) -> int:
    """Do so for one account."""
    gone = 0
    for path in list(folder.iterdir()):
        with suppress(OSError):  # it was named just now, or somebody else erases it
            if path.stat().st_mtime < before.timestamp():
                gone += 1
                if not dry:
                    path.unlink()
    return gone


def _held(folder: Path) -> int:
    """Return the bytes that wait in a folder; what comes in just now counts as large as it may become."""
    held = 0
    for path in folder.iterdir():
        with suppress(OSError):  # it was named just now
            held += MOST_BYTES if path.suffix == PART else path.stat().st_size
    return held


def _folders(folder: Path) -> Iterator[Path]:
    return (one for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else iter(())
