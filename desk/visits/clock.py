"""What time brings to visits: one whose day is over is told to its head, once however many processes look."""

from datetime import UTC, datetime

from desk.room import Room
from desk.visits.acts import today
from desk.visits.people import CENTRE, head_of
from incidents.visits import Walk, Walked
from ledger import visits
from ledger.writing import Writing

MOST = 200  # visits in one change, so that nobody waits long for the ledger


def take(room: Room, now: datetime) -> int:
    """Write which visits are overdue, and return how many that were; an archive has none."""
    taken = MOST
    total = 0
    while taken == MOST:
        taken = _some(room, now)
        total += taken
    return total


def _some(room: Room, now: datetime) -> int:
    day = today(room, now)
    if room.area.pack.archive:
        return 0
    with room.ledger.reading() as connection:
        if not visits.late(connection, room.id, day, most=1):
            return 0

    def work(writing: Writing) -> int:
        found = visits.late(writing.connection, room.id, day, most=MOST)
        heads = [head_of(one.state) for one in found]
        for place, (one, head) in enumerate(zip(found, heads, strict=True)):
            told = {"to": [head], "count": heads.count(head)} if head not in heads[:place] else {}
            entry = Walked(Walk.STEP, CENTRE, now.astimezone(UTC), {"day": day.isoformat(), **told})
            visits.act(writing, room.id, one.number, entry)
        return len(found)

    return room.ledger.change(work)
