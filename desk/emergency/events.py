"""Beginning an emergency, logging its steps, striking what was wrong, ending it; and writing down where a building is cut off, and how many live in each unit."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from desk.emergency.building import building, titles
from desk.emergency.units import read_units, units_text
from desk.intake import struck
from desk.posts.acting import change
from desk.room import Room
from geo.errors import DraftError
from incidents.emergency_rules import CUTOFFS, Plan
from incidents.lifecycle import By
from incidents.text import clean, find_personal
from ledger import emergencies
from ledger.emergencies import Event, Line, Point
from ledger.writing import Writing

ACT, PLANS = "act", "plans"  # capabilities
MUSTER, UNITS = "muster", "units"
PLACES = (*CUTOFFS, MUSTER)
KINDS = (*PLACES, UNITS)
LONGEST_PLACE, MOST = 120, 100_000
KEY = re.compile(r"[0-9A-Za-z-]{8,36}")
OLDEST = timedelta(hours=24)  # how late a line may come in from a telephone without a network


def plan_of(room: Room, kind: str) -> Plan:
    """Return the plan of a class of emergency.

    Raises
    ------
    DraftError
        There is no such class.
    """
    found = room.rules.emergencies.plans.get(kind)
    if found is None:
        raise DraftError(f"There is no class of emergency {kind!r}. Choose one of {', '.join(room.rules.emergencies.plans)}.", field="class")  # fmt: skip
    return found


def points(room: Room, code: str) -> dict[str, Point]:
    """Return where a building is cut off, and where its people gather, by kind; raises UnknownGrid as `building`."""
    found = building(room, code)
    with room.ledger.reading() as connection:
        return emergencies.points(connection, room.id, found.code)


def write_points(room: Room, code: str, wanted: Mapping[str, tuple[str, str]], by: By, now: datetime) -> bool:
    """Write where a building is cut off and how many households its units have, and return whether anything changed.

    Parameters
    ----------
    wanted
        Kind -> place in words, and the key of the post that has the key; for ``units`` the households as `read_units` reads them. Without words the kind is gone.

    Raises
    ------
    UnknownGrid, DraftError, TextError, UnknownPost, NoAccess
        Why it cannot be written; nothing was.
    """
    found = building(room, code)
    made = {kind: _point(room, kind, *said) for kind, said in wanted.items() if said[0].strip()}

    def work(writing: Writing) -> bool:
        return emergencies.put_points(writing, room.id, found.code, made, by, now.astimezone(UTC))

    return change(room, PLANS, by, now, work)


def begin(room: Room, code: str, kind: str, by: By, now: datetime) -> Event:
    """Begin an emergency in a building, or return the one of that class that goes on there."""
    found, plan = building(room, code), plan_of(room, kind)
    at = now.astimezone(UTC)
    return change(room, ACT, by, now, lambda writing: emergencies.begin(writing, room.id, found.code, plan.key, by, at))


def log(  # noqa: PLR0917
    room: Room, code: str, id_: int, step: str, key: str, by: By, now: datetime,
    *, count: int | None = None, done: datetime | None = None,
) -> Line:  # fmt: skip
    """Log a step of a running emergency, once under its key; a step that takes no number stands once.

    Parameters
    ----------
    key
        What makes it the only one of its kind, given by the page.
    done
        When it was done, where it comes in later; never later than now, and not before the emergency began.

    Raises
    ------
    UnknownGrid, DraftError, NoAccess
        Why it cannot be logged; nothing was.
    """
    event = _event(room, code, id_)
    known = plan_of(room, event.kind).steps.get(step)
    if known is None or not KEY.fullmatch(key):
        raise DraftError(f"The plan has no step {step!r}. Load the card again.", field="step")
    if count is not None and not (known.counts and 0 <= count <= MOST):
        raise DraftError(f"{count} is no number here. Give one from 0, where the step asks for one.", field="count")
    at = min(max(done or now, event.begun, now - OLDEST), now).astimezone(UTC)
    return change(
        room, ACT, by, now,
        lambda writing: emergencies.log(writing, room.id, id_, step, key, by, at, count=count, again=known.counts),
    )  # fmt: skip


def strike(  # noqa: PLR0917
    room: Room, code: str, id_: int, line: int, by: By, now: datetime
) -> None:
    """Strike a line of a log."""
    _event(room, code, id_)
    change(room, ACT, by, now, lambda writing: emergencies.strike(writing, room.id, id_, line, by, now.astimezone(UTC)))


def end(room: Room, code: str, id_: int, by: By, now: datetime) -> None:
    """End an emergency."""
    _event(room, code, id_)
    change(room, ACT, by, now, lambda writing: emergencies.end(writing, room.id, id_, by, now.astimezone(UTC)))


def events(room: Room, code: str) -> list[Event]:
    """Return the emergencies of a building, the newest first."""
    found = building(room, code)
    with room.ledger.reading() as connection:
        return emergencies.events(connection, room.id, building=found.code)


def listed(room: Room, *, running: bool) -> list[Event]:
    """Return the emergencies of the area that go on, or are over, as far as who looks sees."""
    seen = titles(room) if room.within.codes else None
    with room.ledger.reading() as connection:
        return emergencies.events(connection, room.id, running=running, buildings=seen)


def _event(room: Room, code: str, id_: int) -> Event:
    """Return an emergency of a building that who looks sees."""
    found = building(room, code)
    with room.ledger.reading() as connection:
        event = emergencies.get(connection, room.id, id_)
    if event.building != found.code:
        raise DraftError(emergencies.GONE, field="gone")
    return event


def _point(room: Room, kind: str, place: str, keeper: str) -> Point:
    if kind not in KINDS:
        raise DraftError(f"{kind!r} is none of {', '.join(KINDS)}.", field="kind")
    if kind == UNITS:
        return Point(units_text(read_units(place)))
    said = struck(room, clean(place, most=LONGEST_PLACE, what="place", lines=False))
    if find_personal(said):
        raise DraftError("A place is written without people and numbers: say which post has the key.", field=kind)
    if keeper and keeper not in room.posts:
        raise DraftError(f"{room.id} has no post {keeper!r}. Choose one of its posts.", field=kind)
    return Point(said, keeper)
