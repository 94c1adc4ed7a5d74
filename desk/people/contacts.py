"""Contacts of reporters (联系方式): kept in full only where an account took them, shown masked, and opened one at a time, with a reason and a trace.

Design: a contact is optional, masked, kept apart and erased by rule; none in full before there are accounts.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from desk.access.permissions import demand
from desk.posts.acting import change, posts_of
from desk.reading import may_read
from desk.room import Room
from geo.errors import TextError
from incidents.access import Who
from incidents.lifecycle import By
from incidents.text import clean, strike_names
from ledger import audit, contacts, find
from ledger.contacts import Contact
from ledger.writing import Writing

CAPABILITY = "unmask"
LONGEST = 60  # characters of a name, and of a number
SHORTEST_REASON, LONGEST_REASON = 4, 200
ACT = "unmask"  # in the audit trail


@dataclass(frozen=True)
class Shown:
    """What a screen may show of who reported a case.

    Attributes
    ----------
    name, phone
        Masked (domain 7.2).
    has_more
        Whether they are kept in full.
    looks
        When they were looked at in full, and as which post, the last look first.
    """

    name: str
    phone: str
    has_more: bool
    looks: tuple[tuple[datetime, str], ...]


def taken(name: str, phone: str) -> Contact:
    """Return a contact as it was typed, cleaned.

    Raises
    ------
    TextError
        It is too long.
    """
    return Contact(
        clean(name, most=LONGEST, what="reporter", lines=False), clean(phone, most=LONGEST, what="phone", lines=False)
    )


def sealed(room: Room, number: str, contact: Contact, by: By, *, own: bool = False) -> str | None:
    """Return a contact in full, encrypted, for the ledger to keep; None where nobody with an account took it, so that it stays masked for good.

    Parameters
    ----------
    own
        Whether who it belongs to gave it, with no desk between.
    """
    if not by.account and not own:
        return None
    return contacts.seal(contacts.contact_key(room.ledger.folder), room.id, number, contact)


def shown(room: Room, number: str) -> Shown | None:
    """Return who reported a case, masked; None where nobody is kept. Raises UnknownIncident as `Room.get`."""
    room.get(number)
    with room.ledger.reading() as connection:
        found = contacts.kept(connection, room.id, number)
        looks = contacts.looks(connection, room.id, number) if found else []
    if found is None:
        return None
    return Shown(found.masked.name, found.masked.phone, found.sealed is not None, tuple(looks))


def unmask(  # noqa: PLR0917  as the other acts of a room
    room: Room, who: Who, number: str, reason: str, by: By, now: datetime, *, address: str = ""
) -> Contact:
    """Open the contact of one case for somebody who may, and has a reason. The audit trail and the history of the case say so before anything is shown.

    Parameters
    ----------
    reason
        As the person typed it; people in it are struck out before it is kept.
    by
        The post as which they act.
    address
        Where they are.

    Raises
    ------
    NoAccess
        Their role may not.
    UnknownIncident
        There is no such case, or none in their scope, or no contact in full: the answer does not tell which.
    TextError
        There is no reason, or it is too short to be one, or too long.
    LedgerError
        The trace cannot be written, or the contact cannot be opened; nothing is shown.
    """
    demand(who, CAPABILITY)
    said = _reason(reason)
    unknown = find.unknown(room.id, number)
    if not who.account or not who.scope.covers(room.id):
        raise unknown
    case = room.seen_by(who).get(number)
    with room.ledger.reading() as connection:
        found = contacts.kept(connection, room.id, number)
    if found is None or found.sealed is None or not any(may_read(post, case) for post in posts_of(room, who, now)):
        raise unknown
    contact = contacts.unseal(contacts.contact_key(room.ledger.folder), room.id, case.number, found.sealed)

    def trace(writing: Writing) -> None:
        contacts.note_look(writing, room.id, case.number, by, now.astimezone(UTC))
        data = {"reason": strike_names(said), "post": by.post}
        connection, key = writing.connection, room.ledger.key
        audit.append(connection, key, ACT, who, now=now, area=room.id, what=case.number, address=address, data=data)

    change(room.seen_by(who), CAPABILITY, by, now, trace)
    return contact


def _reason(text: str) -> str:
    said = clean(text, most=LONGEST_REASON, what="reason", lines=False)
    if len(said) < SHORTEST_REASON:
        raise TextError(
            f"Write the reason in at least {SHORTEST_REASON} characters: it stands in the audit trail.",
            what="reason", length=0, most=LONGEST_REASON,
        )  # fmt: skip
    return said
