"""How a room begins: with the incidents of its pack, with a demonstration, or empty."""

from datetime import datetime

from desk.demo import Progress, first
from desk.imports.packs import from_pack
from desk.reports import edition_of
from desk.room import Room
from ledger.writing import Writing

PACK, DEMO, EMPTY = "pack", "demo", "empty"


def beginning(room: Room, *, demo: bool) -> str:
    """Return how a room begins: pack, demo or empty.

    Parameters
    ----------
    demo
        Whether a demonstration area begins with a demonstration.
    """
    if room.area.of_kind("incident"):
        return PACK
    return DEMO if demo and room.area.pack.synthetic else EMPTY


def begin(room: Room, now: datetime, *, demo: bool, progress: Progress | None = None) -> str:
    """Write what a room begins with, in one change, and return how it began, as `beginning` says.

    Parameters
    ----------
    progress
        Called with the parts of a demonstration that are written, and all of them.
    """
    how = beginning(room, demo=demo)
    if how == DEMO:
        first(room, now, progress=progress)
        return how

    def write(writing: Writing) -> None:
        if writing.begun(room.id):  # another process was first
            return
        writing.begin(room.id, how, edition=edition_of(room), digest=room.area.digest, at=now)
        if how == PACK:
            from_pack(writing, room, now)

    room.ledger.change(write)
    return how
