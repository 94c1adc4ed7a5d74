"""Watering logs (洒水台账) of construction sites: a line each time, once from a phone, struck where it was wrong; which sites are dry; and days on which nobody has to water."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from desk.posts.acting import change
from desk.room import Room
from desk.sites import register
from geo.errors import DraftError
from incidents.lifecycle import By
from inspections.sites import Site, State
from inspections.watering import Wet, standing
from ledger import sites, watering
from ledger.sites import Asked
from ledger.watering import Line
from ledger.writing import Writing

NEEDS, EXCUSES = "inspect", "inspect_close"  # capabilities
SHOWN = timedelta(days=14)
FAR = timedelta(days=31)  # so far back days without watering are looked at


@dataclass(frozen=True)
class Log:
    """The log of a site: its lines of the last days, how it stands, and the days on which nobody had to water."""

    lines: tuple[Line, ...]
    standing: Wet
    last: datetime | None
    excused: dict[date, tuple[str, str]]


def keeps(room: Room, site: Site) -> bool:
    """Tell whether a site keeps a log."""
    return site.kind in room.rules.watering.kinds


def log(room: Room, site: Site, now: datetime) -> Log:
    """Return the log of a site."""
    zone = room.area.pack.timezone
    with room.ledger.reading() as connection:
        lines = watering.of_site(connection, room.id, site.number, now - SHOWN)
        last = watering.last(connection, room.id, [site.number]).get(site.number)
        excused = watering.excused(connection, room.id, (now - FAR).astimezone(zone).date())
    return Log(tuple(lines), standing(last, now, room.rules.watering.hours, excused, zone), last, excused)


def standings(room: Room, some: Collection[Site], now: datetime) -> dict[str, tuple[Wet, datetime | None]]:
    """Return how those of some sites stand that keep a log, with when each was watered last, by their numbers."""
    zone, numbers = room.area.pack.timezone, [site.number for site in some if keeps(room, site)]
    if not numbers:
        return {}
    with room.ledger.reading() as connection:
        last = watering.last(connection, room.id, numbers)
        excused = watering.excused(connection, room.id, (now - FAR).astimezone(zone).date())
    hours = room.rules.watering.hours
    return {number: (standing(last.get(number), now, hours, excused, zone), last.get(number)) for number in numbers}


def dry(room: Room, now: datetime) -> dict[str, datetime | None]:
    """Return the sites in use that have to be watered, with when each was last, among those that who looks sees."""
    rules, zone = room.rules.watering, room.area.pack.timezone
    if not rules.kinds:
        return {}
    asked = Asked(room.id, within=register.sight(room), kinds=frozenset(rules.kinds), states=frozenset({State.ACTIVE.value}))  # fmt: skip
    with room.ledger.reading() as connection:
        numbers = [row[0] for row in sites.drawn(connection, asked)]
        last = watering.last(connection, room.id)
        excused = watering.excused(connection, room.id, (now - FAR).astimezone(zone).date())
    return {number: last.get(number) for number in numbers if standing(last.get(number), now, rules.hours, excused, zone) is Wet.DRY}  # fmt: skip


def water(room: Room, number: str, way: str, at: datetime, by: By, now: datetime, *, item: str = "") -> Line:  # noqa: PLR0917
    """Write down that a site was watered, once under the key of a phone, and return the line.

    Raises
    ------
    DraftError, NoAccess
        Why it cannot be; nothing was written.
    """
    site, rules = register.get(room, number), room.rules.watering
    if not keeps(room, site):
        raise DraftError(f"{number} keeps no watering log. Sites of these kinds do: {', '.join(rules.kinds)}.", field="watering_kind")  # fmt: skip
    if way not in rules.ways:
        raise DraftError("There is no such way of watering. Choose one of the list.", field="watering_way")
    if not now - timedelta(days=rules.back_days) <= at <= now + timedelta(minutes=room.rules.settings.ahead_minutes):
        raise DraftError(f"A watering is written down within {rules.back_days} days, and not before it was done. Look at the time.", field="watering_time")  # fmt: skip
    line = Line(number, at.astimezone(UTC), way, by.post, item)

    def work(writing: Writing) -> Line:
        if item and (there := watering.sent(writing.connection, room.id, [item])):
            of, id_ = there[item]
            found = watering.of_site(writing.connection, room.id, of, datetime(1970, 1, 1, tzinfo=UTC))
            return next(one for one in found if one.id == id_)
        return watering.make(writing, room.id, line, by=by, at=now.astimezone(UTC))

    return change(room, NEEDS, by, now, work)


def strike(room: Room, site: str, number: int, by: By, now: datetime) -> Line:
    """Strike a line of a log: the post that wrote it, or who may close findings; raises DraftError, NoAccess."""
    register.get(room, site)
    with room.ledger.reading() as connection:
        found = watering.of_site(connection, room.id, site, datetime(1970, 1, 1, tzinfo=UTC))
    line = next((one for one in found if one.id == number), None)
    if line is None:
        raise DraftError("There is no such line. Look at the log again.", field="watering_gone")
    needs = NEEDS if line.post == by.post else EXCUSES
    return change(room, needs, by, now, lambda writing: watering.strike(writing, room.id, number, by=by, at=now.astimezone(UTC)))  # fmt: skip


def excuse(room: Room, day: date, reason: str, by: By, now: datetime) -> None:
    """Say that nobody in the area has to water on a day (rain, frost), or take that back (""); who sees the whole area does.

    Raises
    ------
    DraftError, NoAccess
        Why it cannot be; nothing was written.
    """
    today = now.astimezone(room.area.pack.timezone).date()
    if reason and reason not in room.rules.watering.reasons:
        raise DraftError("There is no such reason. Choose one of the list.", field="watering_reason")
    if abs(day - today) > timedelta(days=room.rules.watering.back_days):
        raise DraftError(f"Such a day lies within {room.rules.watering.back_days} days. Choose another one.", field="watering_day")  # fmt: skip
    if room.who and room.within.narrows:
        raise DraftError("That holds for the whole area. Ask the command room.", field="watering_area")
    change(room, EXCUSES, by, now, lambda writing: watering.excuse(writing, room.id, day, reason, by=by, at=now.astimezone(UTC)))  # fmt: skip


def lines(room: Room, numbers: Collection[str], since: datetime, *, most: int) -> list[Line]:
    """Return the logs of some sites since a moment, among those that who looks sees."""
    with room.ledger.reading() as connection:
        seen = {row[0] for row in sites.drawn(connection, Asked(room.id, within=register.sight(room), numbers=frozenset(numbers)))}  # fmt: skip
        return watering.walk(connection, room.id, seen, since, most=most)
