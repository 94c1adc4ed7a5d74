"""Emergencies as messages tell of them: who answers for the place, which building and class, and where the card is."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from desk.emergency.building import Building, building
from desk.room import Room
from geo.errors import DraftError, UnknownGrid
from incidents.posts import duty_of
from ledger import emergencies
from ledger.emergencies import Event


def answering(room: Room, code: str, at: datetime) -> Sequence[str]:
    """Return the posts that answer for the place of a building, as its card names them."""
    try:
        found = building(room, code)
    except UnknownGrid:
        return ()
    duty = duty_of(room.area.net, found.codes, room.register.posts(at))
    return [post.key for post in (duty.post, duty.informed, duty.overdue) if post]


def event_of(room: Room, number: str) -> tuple[Event, Building] | None:
    """Return an emergency and its building by the number that a message has; None where there is none for who looks."""
    try:
        with room.ledger.reading() as connection:
            event = emergencies.get(connection, room.id, int(number))
        return event, building(room, event.building)
    except (DraftError, UnknownGrid, ValueError):
        return None


def card_of(room: Room, event: Event) -> str:
    """Return the path of the card of an emergency."""
    return f"/emergency/{quote(room.id)}/{quote(event.building)}?class={quote(event.kind)}"
