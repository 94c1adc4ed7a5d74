"""What time brings to warnings: checks at fixed hours come up once while one holds."""

from datetime import UTC, datetime

from desk.room import Room
from desk.visits.people import CENTRE
from desk.warnings.acts import lines_of, sources
from inspections.warnings import Act, checks
from ledger import warnings
from ledger.writing import Writing


def take(room: Room, now: datetime) -> int:
    """Open the checks that come up today, and return how many; an archive has none."""
    if room.area.pack.archive:
        return 0
    with room.ledger.reading() as connection:
        holding = warnings.listed(connection, room.id, holding=True)
    return sum(_open(room, one.number, now.astimezone(UTC)) for one in holding if one.ends >= now)


def _open(room: Room, number: str, now: datetime) -> int:
    rules, zone = room.rules.warnings, room.area.pack.timezone

    def work(writing: Writing) -> int:
        there = warnings.tasks(writing.connection, room.id, number)
        one = warnings.get(writing.connection, room.id, number)
        lines = lines_of(room, writing, one)
        found = checks(rules, one, sources(room, writing, lines), there, now, zone, lines)
        if found:
            warnings.put(writing, room.id, one, Act.OPEN, by=CENTRE, at=now, opened=found)
        return len(found)

    return room.ledger.change(work)
