"""Taking a report: checked, placed in the net, given its posts and its first deadline, and written with its history in one change."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from desk import evidence
from desk.people import contacts
from desk.places.place import Place, place
from desk.posts.acting import change
from desk.posts.roster import netted, responsible
from desk.room import Room
from geo.errors import DraftError
from incidents.case import Incident
from incidents.deadlines import add, external
from incidents.lifecycle import Act, By, CaseState, Entry
from incidents.limits import Stage
from incidents.model import Channel, Status, Urgency
from incidents.posts import Post, duty_of
from incidents.text import clean, mask_name, mask_phone
from ledger.writing import Writing

KEY = "key"  # source of what is the only one of its kind by an idempotency key
LONGEST_ADDRESS, LONGEST_ID = 200, 120


@dataclass(frozen=True)
class Draft:
    """What a person or another system says of an incident, not yet checked.

    Attributes
    ----------
    reported
        When it was seen; None: now. Aware.
    due
        The deadline that an external order (12345) brings along, kept as given; None: by our rules. Aware.
    source, external_id
        The other system and its number there.
    key
        Idempotency key: two drafts with one key make one incident.
    photos
        The bytes of picture files, as they were uploaded.
    blur
        For each photo the rectangles to make unreadable: left, top, right, bottom as shares of its size.
    cleared
        Cleared on the spot (随手清), with a photo.
    more
        What else the history keeps with the report, without names: of a mediation its parties by code.
    """

    class_: str
    lon: float
    lat: float
    title: str = ""
    text: str = ""
    address: str = ""
    building: str = ""
    unit: float | None = None
    floor: float | None = None
    channel: Channel = Channel.PATROL
    urgency: Urgency = Urgency.NORMAL
    reported: datetime | None = None
    due: datetime | None = None
    source: str = ""
    external_id: str = ""
    key: str = ""
    reporter: str = ""
    phone: str = ""
    photos: Sequence[bytes] = ()
    blur: Mapping[int, Sequence[tuple[float, float, float, float]]] = field(default_factory=dict)
    cleared: bool = False
    demo: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


def report(room: Room, draft: Draft, by: By, now: datetime) -> Incident:
    """Take a report, and return the incident with its number.

    Raises
    ------
    UnknownClass, TextError, PlaceError, PhotoError, DraftError
        What is wrong with the draft; nothing was written.
    """
    posts = room.register.seen()
    made = checked(room, draft, now, posts=posts.posts)
    shots = evidence.keep(room, draft.photos, blur=draft.blur)
    origin = _origin(draft)

    def work(writing: Writing) -> Incident:
        stands = made if writing.posts_changed(room.id) == posts.changed else netted(room, made, now)
        return write(writing, room, draft, stands, by, now, photos=shots)

    return change(room, "report", by, now, work, origins=[(room.id, *origin)] if origin else ())


def checked(
    room: Room, draft: Draft, now: datetime, *, found: Place | None = None, posts: Mapping[str, Post] | None = None
) -> Incident:
    """Return the incident that a draft makes, placed in the net, not yet written.

    Parameters
    ----------
    found
        Where it lies, where that is known already.
    posts
        The posts that there are, by key; None: as the ledger says now.

    Raises
    ------
    UnknownClass, TextError, PlaceError, DraftError
        What is wrong with the draft.
    """
    settings, class_ = room.rules.settings, room.rules.directory.get(draft.class_)
    if draft.cleared and not class_.self_clear:
        raise DraftError(
            f"Class {class_.key} ({class_.name.en}) is reported, not cleared on the spot. Report it.", field="cleared"
        )
    reported = _when(room, draft.reported or now, now)
    found = found or place(room, draft.lon, draft.lat, unit=draft.unit, floor=draft.floor)
    text = clean(draft.text, most=settings.longest_text, what="text")
    title = clean(draft.title, most=settings.longest_title, what="title", lines=False)
    answers = duty_of(room.area.net, found.codes, room.posts if posts is None else posts)
    return Incident(
        area=room.id,
        class_=class_.key,
        major=class_.major,
        reported=reported,
        lon=float(draft.lon),
        lat=float(draft.lat),
        state=CaseState(Status.REPORTED),
        channel=Channel(draft.channel),
        urgency=Urgency(draft.urgency),
        title=title or first_line(text, settings.longest_title) or class_.name.zh,
        text=text,
        address=clean(draft.address, most=LONGEST_ADDRESS, what="address", lines=False),
        building=clean(draft.building, most=LONGEST_ID, what="building", lines=False),
        unit=draft.unit,
        floor=draft.floor,
        edition=edition_of(room),
        codes=found.codes,
        match=found.match,
        edge_m=found.edge_m,
        post=answers.post.key if answers.post else "",
        informed=answers.informed.key if answers.informed else "",
        overdue_post=answers.overdue.key if answers.overdue else "",
        restricted=class_.restricted,
        demo=draft.demo,
        source=clean(draft.source, most=40, what="source", lines=False),
        external_id=clean(draft.external_id, most=LONGEST_ID, what="external_id", lines=False),
    )


def write(  # noqa: PLR0917
    writing: Writing, room: Room, draft: Draft, made: Incident, by: By, now: datetime, *, photos: Sequence[Any] = ()
) -> Incident:
    """Write a checked draft in a change that goes on already: the import and the demonstration write many in one."""
    if not draft.cleared:  # which leaves nobody anything to answer for out of hours
        made = responsible(writing, room, made, now)
    origin = _origin(draft)
    act = Act.SELF_CLEAR if draft.cleared else Act.RECEIVE if draft.channel is Channel.BOARD else Act.REPORT
    at = made.reported if draft.demo else now
    entry = Entry(act, by, at.astimezone(UTC), _data(room, draft, made, photos=bool(photos) or draft.demo))
    before = writing.version
    kept = writing.report(
        made, entry, prefix=room.area.pack.prefix, day=day_of(room, made.reported), origin=origin, photos=photos
    )
    if kept.version <= before and not room.sees(kept):
        raise DraftError("This was reported already, and lies beyond what you see. Ask the dispatcher.", field="order")
    if (draft.reporter or draft.phone) and kept.version > before:
        contact = contacts.taken(draft.reporter, draft.phone)
        writing.reporter(
            kept,
            name=mask_name(contact.name),
            phone=mask_phone(contact.phone),
            caller=caller_of(room, contact.phone),
            sealed=contacts.sealed(room, kept.number, contact, by, own=draft.channel is Channel.BOARD),
        )
    return kept


def _origin(draft: Draft) -> tuple[str, str] | None:
    """Return what makes a draft the only one of its kind: the other system and its number there, or its key."""
    if draft.external_id:
        return draft.source, draft.external_id
    return (KEY, draft.key) if draft.key else None


def caller_of(room: Room, phone: str) -> str:
    """Return a digest of a number with the ledger's key: one caller can be told to come again, and nobody can be looked up by it."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", phone))
    return hmac.new(room.ledger.key, f"{room.id}:{digits}".encode(), hashlib.sha256).hexdigest() if digits else ""


def day_of(room: Room, at: datetime) -> str:
    """Return the day of a time in the area, as numbers carry it: ``20261122``."""
    return at.astimezone(room.area.pack.timezone).strftime("%Y%m%d")


def edition_of(room: Room) -> str:
    """Return the edition of the net in force, as cases keep it: the day, and what the pack's files say."""
    edition = room.area.pack.edition
    return f"{edition.isoformat() if edition else ''}+{room.area.digest[:12]}"


def first_line(text: str, most: int) -> str:
    """Return the first line of a text, shortened to so many characters."""
    line = text.partition("\n")[0]
    return line if len(line) <= most else line[: most - 1] + "…"


def _data(room: Room, draft: Draft, made: Incident, *, photos: bool) -> dict[str, Any]:
    """Return what goes into the history with the report: the level at which it begins, and the deadline for sorting it."""
    data: dict[str, Any] = {**draft.more, "level": room.area.net.leaf.key}
    if made.state.duty:
        data["duty"] = made.state.duty
    if draft.cleared:
        return {**data, "photo": photos}
    local = made.reported.astimezone(room.area.pack.timezone)
    if draft.due is not None:
        limit = external(made.reported, draft.due)
        return {**data, "due": draft.due.astimezone(UTC).isoformat(), "limit": limit.span.text, "rule": limit.rule}
    deadlines = room.rules.deadlines
    stage = deadlines.stage(Stage.ACCEPT, class_key=made.class_, major=made.major, urgency=made.urgency.value)
    if stage is None:
        return data
    due = add(room.rules.calendar, local, stage.span)
    return {**data, "due": due.astimezone(UTC).isoformat(), "limit": stage.span.text, "rule": stage.rule}


def _when(room: Room, reported: datetime, now: datetime) -> datetime:
    settings = room.rules.settings
    if reported.tzinfo is None:
        reported = reported.replace(tzinfo=room.area.pack.timezone)
    if reported > now + timedelta(minutes=settings.ahead_minutes):
        raise DraftError(
            f"The time {reported:%Y-%m-%d %H:%M} lies in the future. Correct it, or leave it out for now.",
            field="reported",
        )
    if reported < now - timedelta(days=settings.back_days) and not room.area.pack.archive:
        raise DraftError(
            f"The time {reported:%Y-%m-%d %H:%M} lies more than {settings.back_days} days back. Import old cases with `battlemap incidents import`.",
            field="reported",
        )
    return reported.astimezone(UTC)
