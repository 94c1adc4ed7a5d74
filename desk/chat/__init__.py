"""Messages of chat groups (群消息) at the desk: pasted by a person, proposed as cases, saved when a person says so. What was pasted is kept nowhere."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from desk.chat.groups import codes_of
from desk.intake import Taken, outlook, submit_all
from desk.places import Spot, names_of, places_of, spot_of
from desk.places.place import Place, place
from desk.reports import KEY, Draft
from desk.room import Room
from geo.errors import DraftError, PlaceError
from incidents.case import Incident
from incidents.chat import Message, propose, read_messages
from incidents.lifecycle import By
from incidents.model import Channel, Urgency
from incidents.places import Because, Whereabouts
from incidents.text import strike_names
from ledger import origins
from ledger.groups import Group

OLDEST = timedelta(days=30)  # a message that is older was pasted by mistake, or its date was misread


@dataclass(frozen=True)
class Candidate:
    """A place that a message may mean, and why."""

    spot: Spot
    because: Because
    word: str


@dataclass(frozen=True)
class Item:
    """One message and what it may become, for a person to confirm. It names nobody.

    Attributes
    ----------
    key
        What makes it the only one of its kind: the same message of the same group and day is one case, however often it is pasted.
    text
        What was said, people struck.
    is_report
        Whether it says that something is the matter.
    urgent
        The words that ask for haste.
    classes
        Keys of the classes that fit, best first.
    places
        Places that may be meant, best first.
    sure
        Whether the first of them is meant; otherwise a person chooses.
    at
        When it was said, as far as that is known; aware.
    attachments
        Kinds of what was sent along, and is not here.
    """

    key: str
    text: str
    is_report: bool
    urgent: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    places: tuple[Candidate, ...] = ()
    sure: bool = False
    at: datetime | None = None
    attachments: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chosen:
    """What a person confirmed of a message."""

    item: Item
    text: str
    class_: str
    spot: Spot | None
    urgent: bool


def read(room: Room, text: str, group: Group | None, now: datetime) -> list[Item]:
    """Take pasted chat apart, and propose what each message may become.

    Parameters
    ----------
    group
        The group that it comes from, whose places are looked through first; None where nobody says.

    Raises
    ------
    TextError
        It is too long.
    """
    today = now.astimezone(room.area.pack.timezone).date()
    return [_item(room, message, group, now) for message in read_messages(text, today=today, keep=names_of(room.area))]


def known(room: Room, items: Sequence[Item]) -> dict[str, Incident]:
    """Return key -> case of the messages that were saved before, in their order."""
    keys = [item.key for item in items]
    with room.ledger.reading() as connection:
        found = origins.of_source(connection, room.id, KEY, keys)
    return {key: found[key] for key in keys if key in found}


def where(room: Room, spot: Spot) -> Place | PlaceError:
    """Return the grids of a place, or why it has none."""
    try:
        return place(room, spot.lon, spot.lat, unit=spot.unit, floor=spot.floor)
    except PlaceError as error:
        return error


def same(room: Room, chosen: Chosen, now: datetime) -> tuple[tuple[Incident, float], ...]:
    """Return what may be the same thing as a message, with its distance in metres, nearest first; nothing while its class or its place is missing."""
    if not chosen.class_ or chosen.spot is None:
        return ()
    try:
        return outlook(room, _draft(room, chosen, now), now).same
    except PlaceError:
        return ()


def save(room: Room, chosen: Sequence[Chosen], by: By, now: datetime) -> list[Taken]:
    """Save what a person confirmed, in one change, all or none.

    Raises
    ------
    DraftError, UnknownClass, TextError, PlaceError
        Nothing was chosen; or one of them lacks a class or a place, or cannot be.
    """
    if not chosen:
        raise DraftError("No message is chosen. Tick those that shall become cases.", field="nothing")
    return submit_all(room, [_draft(room, one, now) for one in chosen], by, now)


def key_of(room: Room, text: str, group: Group | None, day: date) -> str:
    """Return the idempotency key of a message: a digest with the ledger's key, so that nobody can look for its words."""
    said = f"{room.id}|{group.id if group else ''}|{day.isoformat()}|{' '.join(text.split())}"
    return f"chat:{hmac.new(room.ledger.key, said.encode(), hashlib.sha256).hexdigest()[:40]}"


def _item(room: Room, message: Message, group: Group | None, now: datetime) -> Item:
    proposal = propose(
        message,
        directory=room.rules.directory,
        places=places_of(room.area),
        groups=codes_of([group]) if group else {},
        group=str(group.id) if group else "",
    )
    at = _when(room, message, now)
    found = [_candidate(room, one) for one in ((proposal.place,) if proposal.place else ()) + proposal.others]
    return Item(
        key=key_of(room, proposal.text, group, (at or now).astimezone(room.area.pack.timezone).date()),
        text=proposal.text,
        is_report=proposal.is_report,
        urgent=proposal.urgent,
        classes=proposal.class_keys,
        places=tuple(candidate for candidate in found if candidate),
        sure=bool(proposal.place and found and found[0]),
        at=at,
        attachments=message.attachments,
        mentions=message.mentions,
    )


def _candidate(room: Room, found: Whereabouts) -> Candidate | None:
    spot = spot_of(room.area, found)
    return Candidate(spot, found.because, found.word) if spot else None


def _when(room: Room, message: Message, now: datetime) -> datetime | None:
    """Return when a message was said; None where nobody knows, or what it says cannot be."""
    if message.time is None:
        return None
    local = now.astimezone(room.area.pack.timezone)
    at = datetime.combine(message.date or local.date(), message.time, room.area.pack.timezone)
    return at if local - OLDEST <= at <= local else None


def _draft(room: Room, chosen: Chosen, now: datetime) -> Draft:
    spot = chosen.spot
    if not chosen.class_:
        raise DraftError("One of the messages has no class.", field="class")
    if spot is None:
        raise DraftError("One of the messages has no place.", field="place")
    return Draft(
        class_=chosen.class_,
        lon=spot.lon,
        lat=spot.lat,
        text=strike_names(chosen.text, keep=names_of(room.area)),
        address=spot.address,
        building=spot.building,
        unit=spot.unit,
        floor=spot.floor,
        channel=Channel.CHAT,
        urgency=Urgency.URGENT if chosen.urgent else Urgency.NORMAL,
        reported=chosen.item.at or now,
        key=chosen.item.key,
    )
