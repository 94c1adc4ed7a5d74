"""Warnings (重污染天气预警) as the city's orders say them: entered, changed, stood down; and their tasks, done at the sources. Each in one change, and on every screen that shows warnings.

The street urges and reports; it orders nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from desk import evidence
from desk.alerts import NEEDS as KEEPS
from desk.alerts import POLLUTION
from desk.posts.acting import change
from desk.room import Room
from desk.scans import pictures
from desk.sites import register
from desk.visits.acts import note
from geo.errors import DraftError
from incidents.alerts import LONGEST_ISSUER, LONGEST_NUMBER, Alert, Level
from incidents.lifecycle import By
from incidents.text import clean
from inspections.emergency_list import Line, by_site, of_year
from inspections.sites import State as Use
from inspections.warnings import (
    LEVEL,
    LIST,
    Act,
    Kind,
    State,
    Task,
    Warned,
    changed,
    finished,
    issued,
    moved,
    stood_down,
)
from ledger import alerts, emergency_lists, sites, warnings
from ledger.inspections import Photo
from ledger.sites import Asked
from ledger.writing import Writing

DOES = "inspect"  # the capability of who goes and sees
LONGEST_METER, LONGEST_NOTE = 60, 200
MOST_PHOTOS, MOST_PAGES = 6, 10


@dataclass(frozen=True)
class Order:
    """An order of the city: ``level`` and ``ends`` as it says, ``scans`` its pages as PDF, JPEG or PNG; ``starts`` only of the first."""

    issuer: str
    number: str
    level: Level
    ends: datetime
    starts: datetime | None = None
    scans: Sequence[bytes] = ()


@dataclass(frozen=True)
class Seen:
    """What somebody saw at a source.

    Attributes
    ----------
    kept
        Whether what is asked for is kept.
    meter, note
        A reading of the meter, and a few words; nobody's name or number.
    item, at
        Account and key by which a phone sent it, and when it was seen; None: now.
    """

    kept: bool
    meter: str = ""
    note: str = ""
    photos: Sequence[bytes] = ()
    item: str = ""
    at: datetime | None = None


# Looking


def listed(room: Room) -> list[Warned]:
    """Return all warnings of an area, the newest first: they hold for all of it."""
    with room.ledger.reading() as connection:
        return warnings.listed(connection, room.id)


def tasks(room: Room, number: str) -> list[Task]:
    """Return the tasks of a warning at the sources that who looks sees."""
    with room.ledger.reading() as connection:
        return warnings.tasks(connection, room.id, number, register.sight(room))


def then(room: Room, number: str, moment: datetime) -> tuple[Warned, list[Task]] | None:
    """Return a warning and its tasks at the sources that who looks sees, as they stood at a moment; None before it was entered."""
    with room.ledger.reading() as connection:
        return warnings.then(connection, room.id, number, moment.astimezone(UTC), register.sight(room))


def nights(room: Room, day: date) -> frozenset[str]:
    """Return the sites that who looks sees and that a warning has looked at on the night of a day: its open checks by night, and before those came up every source of which it asks something."""
    if not room.rules.warnings.nights:
        return frozenset()
    zone, found = room.area.pack.timezone, set[str]()
    with room.ledger.reading() as connection:
        for one in warnings.listed(connection, room.id, holding=True):
            if not one.starts.astimezone(zone).date() <= day <= one.ends.astimezone(zone).date():
                continue
            tasks = warnings.tasks(connection, room.id, one.number, register.sight(room))
            checks = [task for task in tasks if task.kind is Kind.NIGHT and task.due.astimezone(zone).date() == day]
            asked = checks or [task for task in tasks if task.kind is Kind.STOP and task.state is not State.CLOSED]
            found |= {task.site for task in asked if task.state is State.OPEN or not checks}
    return frozenset(found)


# Orders


def issue(room: Room, order: Order, by: By, now: datetime) -> Warned:
    """Enter a warning from its order, and return it; its tasks are open then.

    Raises
    ------
    DraftError, TextError, PhotoError, NoAccess
        Why it cannot be; nothing was written.
    """
    if order.starts is None:
        raise DraftError("Say from when it holds.", field="warning_ends")
    wished = Warned(_issuer(order.issuer), _number(order.number), order.level, order.starts.astimezone(UTC), order.ends.astimezone(UTC))  # fmt: skip
    issued(wished, (), now)
    photos = _kept(room, pictures(order.scans, MOST_PAGES), MOST_PAGES)

    def work(writing: Writing) -> Warned:
        made = issued(wished, warnings.listed(writing.connection, room.id, holding=True), now)
        return _put(room, writing, made, Act.ISSUE, by, now, photos)

    return change(room, KEEPS, by, now, work)


def alter(room: Room, seen: Warned, order: Order, by: By, now: datetime) -> Warned:
    """Raise, lower or prolong a warning by another order, and return it: what was done stays done.

    Raises
    ------
    DraftError, LifecycleError, Conflict, TextError, PhotoError, NoAccess
        Why it cannot be; nothing was written.
    """
    after, act = changed(seen, order.level, _number(order.number), order.ends.astimezone(UTC), now)
    photos = _kept(room, pictures(order.scans, MOST_PAGES), MOST_PAGES)
    return change(room, KEEPS, by, now, lambda writing: _put(room, writing, after, act, by, now, photos))


def stand_down(room: Room, seen: Warned, number: str, by: By, now: datetime) -> Warned:
    """Lift a warning by an order, and return it: open tasks are closed, those done stay; raises as `alter`."""
    after = stood_down(seen, _number(number), now.astimezone(UTC))
    return change(room, KEEPS, by, now, lambda writing: _put(room, writing, after, Act.STAND_DOWN, by, now, ()))


def sources(room: Room, writing: Writing, lines: Collection[str] = ()) -> list[tuple[str, str]]:
    """Return number and kind of each source in use that any measure is for, or that the emergency list names."""
    kinds = frozenset(kind for one in room.rules.warnings.measures.values() for kind in one.kinds)
    active = Asked(room.id, states=frozenset({Use.ACTIVE.value}))
    found = sites.page(writing.connection, replace(active, kinds=kinds)) if kinds else []
    others = frozenset(lines) - {one.number for one in found}
    found += sites.page(writing.connection, replace(active, numbers=others)) if others else []
    return [(one.number, one.kind) for one in found]


def lines_of(room: Room, writing: Writing, one: Warned) -> Mapping[str, Line]:
    """Return the lines of the emergency list that holds for a warning, by site: of the year in which it starts, else of the last one before."""
    year = one.starts.astimezone(room.area.pack.timezone).year
    return by_site(of_year(emergency_lists.listed(writing.connection, room.id), year))


def follow(room: Room, writing: Writing, by: By, now: datetime) -> int:
    """Let the warnings that hold follow the emergency list as it is now, and return how many did: what the list asks for otherwise is opened anew, what was done stays."""
    many = 0
    for one in warnings.listed(writing.connection, room.id, holding=True):
        opened, closed = _moves(room, writing, one, now, reason=LIST)
        if opened or closed:
            warnings.put(writing, room.id, one, Act.FOLLOW, by=by, at=now.astimezone(UTC), opened=opened, closed=closed)
            many += 1
    return many


def _moves(room: Room, writing: Writing, one: Warned, now: datetime, *, reason: str = LEVEL) -> tuple[list[Task], list[Task]]:  # fmt: skip
    lines = lines_of(room, writing, one)
    there = warnings.tasks(writing.connection, room.id, one.number) if one.number else []
    return moved(room.rules.warnings, one, sources(room, writing, lines), there, now.astimezone(UTC), lines, reason=reason)  # fmt: skip


def _put(room: Room, writing: Writing, after: Warned, act: Act, by: By, now: datetime, photos: Sequence[Photo]) -> Warned:  # noqa: PLR0917  # fmt: skip
    opened, closed = _moves(room, writing, after, now)
    filed = warnings.put(writing, room.id, after, act, by=by, at=now.astimezone(UTC), opened=opened, closed=closed, photos=photos)  # fmt: skip
    _show(room, writing, by, now)
    return filed


def _show(room: Room, writing: Writing, by: By, now: datetime) -> None:
    """Let walls and the duty page show the most severe warning that holds, or none."""
    if POLLUTION not in room.rules.alerts.kinds:
        return
    connection = writing.connection
    holding = warnings.listed(connection, room.id, holding=True)
    was = next((one for one in alerts.running(connection, room.id) if one.kind == POLLUTION), None)
    if holding:
        first = max(holding, key=lambda one: (one.level.rank, one.version))
        said = Alert(POLLUTION, first.level, first.issuer, first.order, first.starts, first.ends)
        wished = replace(was, level=said.level, issuer=said.issuer, number=said.number, begins=said.begins, ends=said.ends) if was else said  # fmt: skip
        alerts.put(writing, room.id, wished, was=was, by=by, at=now)
    elif was:
        alerts.put(writing, room.id, replace(was, lifted=now), was=was, by=by, at=now)


# Tasks


def done(room: Room, number: str, serial: int, seen: Seen, by: By, now: datetime) -> Task:  # noqa: PLR0917
    """Write down what was seen at a source, and return its task; what a phone sent before is not done again.

    Raises
    ------
    DraftError, LifecycleError, TextError, PhotoError, NoAccess
        Why it cannot be; nothing was written.
    """
    meter = note(room, seen.meter, what="meter", most=LONGEST_METER) if any(map(str.isalpha, seen.meter)) else clean(seen.meter, most=LONGEST_METER, what="meter", lines=False)  # fmt: skip
    said = note(room, seen.note, most=LONGEST_NOTE)
    photos = _kept(room, seen.photos, MOST_PHOTOS)

    def work(writing: Writing) -> Task:
        before = warnings.task(writing.connection, room.id, number, serial)
        sites.get(writing.connection, room.id, before.site, register.sight(room))
        if seen.item and before.item == seen.item:
            return before
        told = replace(before, post=by.post, kept=seen.kept, meter=meter, note=said, item=seen.item)
        closed = warnings.closed_at(writing.connection, room.id, number, serial) if before.state is State.CLOSED else None  # fmt: skip
        after = finished(room.rules.warnings, before, told, len(photos), (seen.at or now).astimezone(UTC), closed)
        return warnings.finish(writing, room.id, number, after, by=by, at=now.astimezone(UTC), photos=photos)

    return change(room, DOES, by, now, work)


def overdue(room: Room, some: Sequence[Task], now: datetime) -> list[Task]:
    """Return those of some tasks that are open and whose time was over."""
    return [one for one in some if one.state is State.OPEN and one.overdue(now, grace(room))]


def grace(room: Room) -> timedelta:
    """Return how long after its hour a check is overdue."""
    return timedelta(minutes=room.rules.warnings.grace_minutes)


def _kept(room: Room, shots: Sequence[bytes], most: int) -> list[Photo]:
    return [Photo(one.sha256, one.thumbnail, one.width, one.height) for one in evidence.keep(room, shots, most=most)]


def _issuer(text: str) -> str:
    return clean(text, most=LONGEST_ISSUER, what="alert_issuer", lines=False)


def _number(text: str) -> str:
    return clean(text, most=LONGEST_NUMBER, what="alert_number", lines=False)
