"""What time brings to findings: one whose day is over is told, once however many processes look."""

from datetime import UTC, datetime

from desk.room import DISPATCHER, Room
from incidents.lifecycle import By, PostKind
from inspections.findings import Act, Done
from ledger import findings
from ledger.writing import Writing

CENTRE = By(DISPATCHER, PostKind.DISPATCHER)
MOST = 200  # findings in one change, so that nobody waits long for the ledger


def take(room: Room, now: datetime) -> int:
    """Write which findings are overdue, and return how many that were; an archive has none."""
    total, taken = 0, MOST
    while taken == MOST:
        taken = _some(room, now)
        total += taken
    return total


def _some(room: Room, now: datetime) -> int:
    day = now.astimezone(room.area.pack.timezone).date()
    if room.area.pack.archive:
        return 0
    with room.ledger.reading() as connection:
        if not findings.late(connection, room.id, day, most=1):
            return 0

    def work(writing: Writing) -> int:
        found = findings.late(writing.connection, room.id, day, most=MOST)
        for one in found:
            entry = Done(Act.STEP, CENTRE, now.astimezone(UTC), {"day": day.isoformat()})
            findings.act(writing, room.id, one.number, entry, day=day)
        return len(found)

    return room.ledger.change(work)
