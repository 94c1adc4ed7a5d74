"""Photos before and after (整改前后) of a daily sheet: which cases have both, as they are kept, with faces that were made unreadable."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from desk.posts.acting import reads
from desk.room import Room
from geo.errors import DraftError
from incidents.case import Incident
from incidents.sheets import span
from ledger import files, find

MOST = 6  # pairs on one sheet: they fill a page beside its table


@dataclass(frozen=True)
class Shots:
    """A case that was done with, and the digests of its photos: the first before, the last after."""

    case: Incident
    before: str
    after: str


def candidates(room: Room, day: date, now: datetime) -> Mapping[str, Shots]:
    """Return the cases that were closed, or cleared on the spot, in a day of the sheet, have photos before and after, and may be read by who looks, by number; none of a class that is kept back."""
    begins, ends = span(day, room.rules.sheets.cutoff, room.area.pack.timezone)
    asked = room.wanted(closed_since=begins, restricted=False)
    with room.ledger.reading() as connection:
        found = find.before_after(connection, asked, until=ends)
        cases = find.incidents(connection, room.wanted(numbers=frozenset(found))) if found else []
    return {case.number: Shots(case, *found[case.number]) for case in cases if reads(room, case, now)}


def chosen(room: Room, day: date, numbers: Collection[str], now: datetime) -> list[Shots]:
    """Return the chosen ones, in their order.

    Raises
    ------
    DraftError
        They are more than `MOST`, or one of them is none of the `candidates`.
    """
    if not numbers:
        return []
    known = candidates(room, day, now)
    if len(numbers) > MOST or not set(numbers) <= set(known):
        raise DraftError(f"Choose at most {MOST} cases, each closed in the day with a photo before and after.", field="sheet_photos")  # fmt: skip
    return [known[number] for number in numbers]


def read(room: Room, digest: str) -> bytes:
    """Return a photo by its digest; b"" where its file is gone."""
    try:
        return files.path(room.ledger.folder, digest).read_bytes() if digest else b""
    except OSError:
        return b""
