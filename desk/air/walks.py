"""Patrol lists of sources upwind (溯源巡查单): made of the proposals of a station's hour, told to the posts that answer for the sources, and answered line by line."""

from datetime import UTC, datetime

from desk.air.board import Standing, sources_upwind
from desk.inspections.reading import sight
from desk.posts.acting import change
from desk.room import Room
from desk.visits.acts import note
from geo.errors import DraftError
from incidents.lifecycle import By
from inspections.proposed import Act, Found, Line, Tally, Walk, answered, lined, reopened
from inspections.sites import Site
from inspections.upwind import Wind
from ledger import sites, upwinds
from ledger.writing import Writing

MAKES, ANSWERS = "day_plan", "inspect"  # capabilities: who plans walks, and who goes and sees
LONGEST_NOTE = 200
SHOWN = 50


def make(room: Room, chosen: Standing, wind: Wind | None, by: By, now: datetime) -> Walk:
    """Make a list of what is proposed for the last hour of a station, and return it; what a list of that hour holds already does not come again.

    Raises
    ------
    DraftError, NoAccess
        Why it cannot be; nothing was written.
    """
    hour = chosen.hour
    if hour is None or chosen.stopped:
        raise DraftError("The station has stopped. A list is made of an hour that it measured.", field="upwind_stopped")
    proposed = sources_upwind(room, chosen.station, chosen.measured, wind)

    def work(writing: Writing) -> Walk:
        there = upwinds.listed_at(writing.connection, room.id, chosen.station.code, hour)
        fresh = [(one, site) for one, site in proposed if site.number not in there]
        if not fresh:
            raise DraftError("No source lies there that is not on a list of this hour already.", field="upwind_none")
        most = room.rules.air.list_most
        lines = [lined(place, one, site.post) for place, (one, site) in enumerate(fresh[:most], 1)]
        wished = Walk(chosen.station.code, chosen.station.name, hour, wind, by.post, now.astimezone(UTC), len(fresh) - len(lines))  # fmt: skip
        day = f"{now.astimezone(room.area.pack.timezone):%Y%m%d}"
        return upwinds.make(writing, room.id, wished, lines, day=day, by=by, at=now.astimezone(UTC))

    return change(room, MAKES, by, now, work)


def answer(room: Room, number: str, place: int, found: Found, by: By, now: datetime, *, cause: str = "", text: str = "") -> Line:  # noqa: PLR0917  # fmt: skip
    """Write down what was found at the source of a line, and return it.

    Raises
    ------
    DraftError, LifecycleError, TextError, NoAccess
        Why it cannot be; nothing was written.
    """
    said, at = note(room, text, most=LONGEST_NOTE), now.astimezone(UTC)

    def work(writing: Writing) -> Line:
        after = answered(_seen(room, writing, number, place), found, cause, said, by.post, at, room.rules.air.causes)
        return upwinds.put(writing, room.id, number, after, Act.ANSWER, by=by, at=at)

    return change(room, ANSWERS, by, now, work)


def undo(room: Room, number: str, place: int, by: By, now: datetime) -> Line:
    """Take an answer back, and return the line as it stands then; raises as `answer`."""

    def work(writing: Writing) -> Line:
        after = reopened(_seen(room, writing, number, place), by.post)
        return upwinds.put(writing, room.id, number, after, Act.UNDO, by=by, at=now.astimezone(UTC))

    return change(room, ANSWERS, by, now, work)


def _seen(room: Room, writing: Writing, number: str, place: int) -> Line:
    """Return a line at a site that who looks sees; raises DraftError where there is none."""
    line = upwinds.line(writing.connection, room.id, number, place)
    sites.get(writing.connection, room.id, line.site, sight(room))
    return line


# Looking


def listed(room: Room) -> list[tuple[Walk, Tally]]:
    """Return the newest lists that who looks sees a line of, with what became of those lines."""
    with room.ledger.reading() as connection:
        found = upwinds.page(connection, room.id, sight(room), most=SHOWN)
        count = upwinds.tallies(connection, room.id, sight(room), [one.number for one in found])
    return [(one, count.get(one.number, Tally())) for one in found]


def get(room: Room, number: str) -> tuple[Walk, list[tuple[Line, Site]]]:
    """Return a list with the lines and sites that who looks sees; raises DraftError where there is none for them."""
    with room.ledger.reading() as connection:
        walk = upwinds.get(connection, room.id, number, sight(room))
        lines = upwinds.lines(connection, room.id, number, sight(room))
        return walk, [(one, sites.get(connection, room.id, one.site, sight(room))) for one in lines]


def of_site(room: Room, site: Site) -> list[tuple[Walk, Line]]:
    """Return the newest lines at a site that who looks sees."""
    with room.ledger.reading() as connection:
        sites.get(connection, room.id, site.number, sight(room))
        return upwinds.of_site(connection, room.id, site.number, most=SHOWN)


def counts(room: Room) -> dict[tuple[str, str], Tally]:
    """Return how often proposals were confirmed, by code of the station and kind of the source, as far as who looks sees."""
    with room.ledger.reading() as connection:
        return upwinds.counts(connection, room.id, sight(room))


def such(room: Room, *, station: str = "", kind: str = "", found: str = "") -> list[tuple[str, Line, Site]]:
    """Return the lines that a figure of `counts` counts, with the numbers of their lists and their sites, as `ledger.upwinds.such`, as far as who looks sees."""
    with room.ledger.reading() as connection:
        lines = upwinds.such(connection, room.id, sight(room), station=station, kind=kind, found=found)
        there = sites.named(connection, room.id, {line.site for _number, line in lines})
    return [(number, line, there[line.site]) for number, line in lines]
