"""Warnings (预警): entered from the order that the street received, raised, prolonged and lifted. They stand on every wall while they hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from desk.posts.acting import change
from desk.room import Room
from geo.errors import DraftError
from incidents.alerts import LONGEST_ISSUER, LONGEST_NUMBER, Alert, Level, check
from incidents.lifecycle import By
from incidents.text import clean
from ledger import alerts as rows
from ledger import warnings
from ledger.writing import Writing

NEEDS = "alerts_edit"  # capability
POLLUTION = "heavy_pollution"  # kind of alerts.toml that a heavy-pollution warning with tasks shows itself as
MOST_OVER = 50


@dataclass(frozen=True)
class Alerts:
    """The warnings of an area: those that hold or will, the most severe first, and those that are over, the latest first."""

    running: Sequence[Alert]
    over: Sequence[Alert]


def alerts(room: Room) -> Alerts:
    """Return the warnings of an area: they hold for all of it, and everybody sees them."""
    with room.ledger.reading() as connection:
        return Alerts(rows.running(connection, room.id), rows.lifted(connection, room.id, MOST_OVER))


def issue(room: Room, wished: Alert, by: By, now: datetime) -> Alert:
    """Enter a warning, and return it with its number.

    Raises
    ------
    DraftError, TextError, NoAccess
        Why it cannot be; nothing was written.
    """
    return _put(room, wished, None, by, now)


def alter(room: Room, was: Alert, by: By, now: datetime, *, level: Level, number: str, ends: datetime | None) -> Alert:
    """Raise, lower or prolong a warning by another order, and return it.

    Parameters
    ----------
    was
        As whoever changes it saw it.

    Raises
    ------
    DraftError, TextError, NoAccess
        Why it cannot be; nothing was written.
    """
    return _put(room, replace(was, level=level, number=number, ends=ends), was, by, now)


def lift(room: Room, was: Alert, by: By, now: datetime) -> Alert:
    """Lift a warning, and return it; raises as `alter`."""

    def work(writing: Writing) -> Alert:
        _by_hand(room, writing, was)
        return rows.put(writing, room.id, replace(was, lifted=now), was=was, by=by, at=now)

    return change(room, NEEDS, by, now, work)


def _put(room: Room, wished: Alert, was: Alert | None, by: By, now: datetime) -> Alert:
    made = replace(
        wished,
        issuer=clean(wished.issuer, most=LONGEST_ISSUER, what="alert_issuer", lines=False),
        number=clean(wished.number, most=LONGEST_NUMBER, what="alert_number", lines=False),
    )
    check(room.rules.alerts, made)

    def work(writing: Writing) -> Alert:
        _by_hand(room, writing, was)
        return rows.put(writing, room.id, made, was=was, by=by, at=now)

    return change(room, NEEDS, by, now, work)


def _by_hand(room: Room, writing: Writing, was: Alert | None) -> None:
    """Raise unless a warning may be changed here: one with tasks is changed where these are, or its next order would bring it back."""
    if was and was.kind == POLLUTION and warnings.listed(writing.connection, room.id, holding=True):
        raise DraftError("This warning has tasks at sources. Change it or stand it down on the page of heavy-pollution warnings.", field="alert_tasks")  # fmt: skip
