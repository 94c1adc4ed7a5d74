"""The emergency list (应急减排清单) of each year: put whole, and the warnings that hold follow it in the same change."""

from dataclasses import replace
from datetime import datetime

from desk.alerts import NEEDS
from desk.posts.acting import change
from desk.room import Room
from desk.sites import register
from desk.warnings.acts import follow
from geo.errors import DraftError
from incidents.lifecycle import By
from inspections.emergency_list import EmergencyList, allowed, difference
from ledger import emergency_lists, sites
from ledger.sites import Asked
from ledger.writing import Writing


def listed(room: Room) -> list[EmergencyList]:
    """Return the lists of an area, the newest year first: only their lines at sites that who looks sees."""
    with room.ledger.reading() as connection:
        found = emergency_lists.listed(connection, room.id)
    numbers = frozenset(line.site for one in found for line in one.lines)
    seen = {one.number for one in register.listed(room, Asked(room.id, numbers=numbers), most=None)} if numbers else ()
    return [replace(one, lines=tuple(line for line in one.lines if line.site in seen)) for one in found]


def put(room: Room, wished: EmergencyList, by: By, now: datetime) -> EmergencyList:
    """Put the list of a year in place of the one that is there, and return it; warnings that hold follow it.

    Parameters
    ----------
    wished
        With the version of the one that was seen, 0 where there was none.

    Raises
    ------
    DraftError
        It is none, it changes nothing, or a site of it is not in the register.
    Conflict, NoAccess
        Somebody put another one since; the account may not. Nothing was written.
    """
    allowed(wished)

    def work(writing: Writing) -> EmergencyList:
        connection = writing.connection
        there = sites.named(connection, room.id, [line.site for line in wished.lines])
        missing = [line.site for line in wished.lines if line.site not in there]
        if missing:
            raise DraftError(f"{', '.join(missing)}: the register has no such site. Add it there, or take the line out.", field="list_site")  # fmt: skip
        if not difference(emergency_lists.get(connection, room.id, wished.year), wished):
            raise DraftError("The list says what the one before said.", field="list_same")
        made = emergency_lists.put(writing, room.id, wished, by=by, at=now)
        follow(room, writing, by, now)
        return made

    return change(room, NEEDS, by, now, work)
