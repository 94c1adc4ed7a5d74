"""Heads written elsewhere: ``heads.log`` beside the ledger, one line for each start, hour of writing, backup and verification.

A line is ``2026-11-22T08:00:00+00:00 1234:<hash> <signature> <why>``: the time in UTC, the version and its hash, the signature of both, and what wrote it (start, hour,
backup, verify, restore). Lines are only added. Copy the file to another machine, or print a line into a bulletin: whoever rewrites the history cannot rewrite that copy.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from geo.errors import LedgerError
from ledger.history import Head

FILE = "heads.log"
LINE = re.compile(r"(\S+) (\d+):([0-9a-f]{64}) ([0-9a-f]*) (\w+)")
NEWEST = 2**20  # bytes of the log in which `last` looks: half a year of lines
GIVEN = re.compile(r"(\d+):([0-9a-f]{64})")


def note(folder: Path, head: Head, why: str, *, now: datetime) -> None:
    """Write a head into the log, unless it is that of an empty history.

    Raises
    ------
    LedgerError
        The log cannot be written.
    """
    if not head.version:
        return
    line = f"{now.astimezone(UTC).isoformat(timespec='seconds')} {head} {head.signature} {why}\n"
    path = folder / FILE
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="ascii") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be written: {error.strerror}. Free some space or make it writable."
        ) from error


def noted(folder: Path) -> tuple[list[Head], list[str]]:
    """Return the heads of the log, and what is wrong with it: lines that are none."""
    path = folder / FILE
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [f"{path} cannot be read: {error.strerror}"]
    found = [LINE.fullmatch(line) for line in lines]
    wrong = [f"line {number} of {path} is no head" for number, match in enumerate(found, 1) if not match]
    return [Head(int(match[2]), match[3], match[4]) for match in found if match], wrong


def last(folder: Path, why: str) -> datetime | None:
    """Return when a line was last written for a reason, looking at the newest of the log; None where none of those says so, or the log cannot be read."""
    try:
        with (folder / FILE).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - NEWEST))
            lines = file.read().decode("ascii", "replace").splitlines()
    except OSError:
        return None
    found = (match for line in reversed(lines) if (match := LINE.fullmatch(line)) and match[5] == why)
    return next((datetime.fromisoformat(match[1]) for match in found), None)


def given(text: str) -> Head:
    """Read a head as a person hands it in: ``VERSION:HASH``.

    Raises
    ------
    LedgerError
        It is none.
    """
    match = GIVEN.fullmatch(text.strip())
    if not match:
        raise LedgerError(f"{text!r} is no head. Write VERSION:HASH as in heads.log, the hash of 64 digits.")
    return Head(int(match[1]), match[2])
