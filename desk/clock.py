"""Whether the machine's clock went back behind what the ledger wrote: times then lie, deadlines come late, and an undo finds no minute. The order of the history is that of its versions and stays."""

from datetime import datetime, timedelta

from desk.room import Room
from ledger import find

APART = timedelta(minutes=2)  # that the clocks of several machines may differ


def behind(room: Room, now: datetime) -> datetime | None:
    """Return when the latest entry of an area says that it was written, where that lies after now; None where the clock is right."""
    with room.ledger.reading() as connection:
        latest = find.latest(connection, room.id)
    return latest if latest and latest - now > APART else None
