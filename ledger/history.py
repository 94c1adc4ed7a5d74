"""The chain of the history: every entry carries the hash of the one before, the last one is signed.

What this proves: an entry that was changed, taken out or put in breaks the chain where it lies; a tail that was cut off leaves a head that does not fit, and whoever
rewrites all of it needs the key beside the database. Heads that were written elsewhere (a backup, a bulletin) are checked too, and do not depend on that key.
"""

import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.errors import LedgerError
from ledger.rows import dumps

NOTHING = "0" * 64  # stands before the first entry
FIELDS = ("version", "area", "subject", "key", "act", "post", "at", "data", "before", "after", "previous")
KEY_FILE = "ledger.key"
KEY_BYTES = 32


@dataclass(frozen=True)
class Head:
    """Where the history ends."""

    version: int
    hash: str
    signature: str = ""

    def __str__(self) -> str:
        return f"{self.version}:{self.hash}"


@dataclass(frozen=True)
class Break:
    """A place where the history does not hold."""

    version: int
    what: str

    def __str__(self) -> str:
        return f"version {self.version}: {self.what}"


def hash_of(entry: Mapping[str, Any]) -> str:
    """Return the hash of an entry, over all of its fields and the hash before it."""
    return hashlib.sha256(dumps([entry[name] for name in FIELDS]).encode()).hexdigest()


def chained(entry: Mapping[str, Any], previous: Head) -> tuple[dict[str, Any], Head]:
    """Return an entry with its version, the hash before it and its own, and the head after it (not yet signed)."""
    row = {**entry, "version": previous.version + 1, "previous": previous.hash}
    row["hash"] = hash_of(row)
    return row, Head(row["version"], row["hash"])


def sign(head: Head, key: bytes) -> Head:
    """Return a head with its signature (HMAC-SHA256)."""
    return Head(head.version, head.hash, hmac.new(key, str(head).encode(), hashlib.sha256).hexdigest())


def is_signed(head: Head, key: bytes) -> bool:
    """Tell whether a head carries the signature of this key."""
    return hmac.compare_digest(sign(head, key).signature, head.signature)


def breaks(entries: Iterable[Mapping[str, Any]], head: Head, key: bytes, known: Sequence[Head] = ()) -> Iterator[Break]:
    """Yield every place where a history does not hold, in order.

    Parameters
    ----------
    entries
        Rows of the history in order of version.
    head
        The head as it is stored.
    known
        Heads that were written elsewhere.
    """
    previous = Head(0, NOTHING)
    wanted: dict[int, set[str]] = {}
    for elsewhere in known:
        wanted.setdefault(elsewhere.version, set()).add(elsewhere.hash)
    for entry in entries:
        if entry["version"] != previous.version + 1:
            missing = f"{previous.version + 1}" + (
                "" if entry["version"] == previous.version + 2 else f" to {entry['version'] - 1}"
            )
            yield Break(previous.version + 1, f"entries {missing} are missing")
        elif entry["previous"] != previous.hash:
            yield Break(entry["version"], "does not follow the entry before it, which was changed or put in")
        if hash_of(entry) != entry["hash"]:
            yield Break(entry["version"], f"{entry['act']} of {entry['key']} in {entry['area']} was changed")
        if wanted.pop(entry["version"], set()) - {entry["hash"]}:
            yield Break(entry["version"], "differs from the head that was written elsewhere: the history was rewritten")
        previous = Head(entry["version"], entry["hash"])
    if (previous.version, previous.hash) != (head.version, head.hash):
        cut = previous.version < head.version
        yield Break(
            previous.version + 1 if cut else previous.version,
            f"the history ends at version {previous.version}, its head says {head.version}: "
            + ("its tail was cut off" if cut else "the head was put back or changed"),
        )
    if head != Head(0, NOTHING) and not is_signed(head, key):  # an empty history has nothing to sign
        yield Break(head.version, "the head is not signed by this ledger's key")
    for version in sorted(wanted):
        yield Break(
            version, f"a head written elsewhere says version {version}, the history has none: its tail was cut off"
        )


def key_of(folder: Path, name: str = KEY_FILE) -> bytes:
    """Return the key that signs the head; it is made at first use, readable by its owner alone.

    Raises
    ------
    LedgerError
        It cannot be read or made.
    """
    path = folder / name
    try:
        return _parsed(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return _new_key(path)
    except (OSError, ValueError) as error:
        raise LedgerError(f"{path} cannot be read as the ledger's key: {error}. Restore it from a backup.") from error


def is_shared(path: Path) -> bool:
    """Tell whether others than its owner may read a file; raises OSError as `Path.stat`."""
    return os.name == "posix" and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _parsed(text: str) -> bytes:
    """Return the key that a file holds; one that was cut short could be guessed."""
    key = bytes.fromhex(text.strip())
    if len(key) < KEY_BYTES:
        raise ValueError(f"it holds {len(key)} bytes, a key has {KEY_BYTES}")
    return key


def read_key(path: Path) -> bytes:
    """Return a key that was kept somewhere.

    Raises
    ------
    LedgerError
        It cannot be read.
    """
    if not path.exists():
        raise LedgerError(f"There is no key {path}.")
    return key_of(path.parent, path.name)


def renew_key(folder: Path) -> bytes:
    """Make a key in the place of one that was lost.

    Raises
    ------
    LedgerError
        It is there.
    """
    if (folder / KEY_FILE).exists():
        raise LedgerError(
            f"{folder / KEY_FILE} is there. Leave --new-key out, or move the file away if it is the wrong one."
        )
    return key_of(folder)


def _new_key(path: Path) -> bytes:
    """Make a key; of two processes that begin at once the first one's stays."""
    key = secrets.token_bytes(KEY_BYTES)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return _parsed(path.read_text(encoding="ascii"))
        finally:
            draft.unlink()
    except OSError as error:
        raise LedgerError(f"{path} cannot be written: {error.strerror}. Choose another BATTLEMAP_DATA_DIR.") from error
    return key


def loads(text: str) -> Any:
    """Read what `dumps` wrote."""
    return json.loads(text)
