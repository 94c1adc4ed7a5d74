"""A long change says beforehand what it is: who waits for the ledger meanwhile is told for what, and waits on instead of giving up."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILE = "busy.txt"
LONGEST = 1800  # seconds for which a change is waited for; an older note was left by a process that was killed


@contextmanager
def announced(folder: Path, what: str) -> Iterator[None]:
    """Announce a long change while it goes on. A folder that cannot be written goes without: whoever waits then gives up sooner.

    Parameters
    ----------
    folder
        Of the ledger.
    what
        What goes on, for people: ``import of orders.csv, 100,000 rows``.
    """
    path = folder / FILE
    with suppress(OSError):
        path.write_text(what, encoding="utf-8")
        path.chmod(0o600)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def running(folder: Path) -> str:
    """Return what goes on; "" for nothing."""
    try:
        with (folder / FILE).open(encoding="utf-8") as file:
            return file.read() if time.time() - os.fstat(file.fileno()).st_mtime < LONGEST else ""
    except OSError:
        return ""
