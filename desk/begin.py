"""How a room begins: with the incidents of its pack, with a demonstration where the pack is one, or empty."""

from datetime import datetime

from desk.demo import first
from desk.imports.packs import from_pack
from desk.reports import edition_of
from desk.room import Room
from ledger.writing import Writing


def begin(room: Room, now: datetime, *, demo: bool) -> str:
    """Write what a room begins with, in one change, and return how it began: pack, demo or empty.

    Parameters
    ----------
    demo
        Whether a demonstration area begins with a demonstration.
    """
    how = "pack" if room.area.of_kind("incident") else "demo" if demo and room.area.pack.synthetic else "empty"
    if how == "demo":
        first(room, now)
        return how

    def write(writing: Writing) -> None:
        if writing.begun(room.id):  # another process was first
            return
        writing.begin(room.id, how, edition=edition_of(room), digest=room.area.digest, at=now)
        if how == "pack":
            from_pack(writing, room, now)

    room.ledger.change(write)
    return how
