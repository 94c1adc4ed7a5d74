"""Erasing what is personal when its time is over (PIPL art. 47): who reported a case that ended long ago."""

from datetime import datetime, timedelta

from desk.room import Room
from ledger import find


def erase(room: Room, now: datetime) -> int:
    """Erase the reporters of cases that ended more than ``erase_days`` ago, and return how many."""
    before = now - timedelta(days=room.rules.settings.erase_days)
    with room.ledger.reading() as connection:
        if not find.ended_with_reporter(connection, room.id, before):
            return 0
    return room.ledger.change(lambda writing: writing.erase_reporters(room.id, ended_before=before, at=now))
