"""Theme days (主题网格日) of a campaign: posts gather at a place and look at sites by one checklist; what came of it is counted from the inspections of that day.

Source: domain.md 8.5 K4 ("六小"场所和沿街门店安全大排查主题网格日活动).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from desk.campaigns.meetings import (
    LONGEST_MATTER,
    LONGEST_PLACE,
    MOST_AHEAD,
    REASON,
    RUN,
    clock,
    demand_campaign,
    demand_posts,
    sight,
)
from desk.intake import struck
from desk.patrols.people import grids
from desk.posts.acting import change
from desk.room import Room
from desk.sites import register
from desk.visits.acts import today as today_of
from geo.errors import DraftError
from incidents.lifecycle import By
from incidents.text import required
from inspections.meetings import Act, State, Subject
from ledger import meetings
from ledger.meetings import Asked, Result, Theme
from ledger.writing import Writing

LONGEST_NAME = 60


@dataclass(frozen=True)
class Wish:
    """A theme day as somebody plans it.

    Attributes
    ----------
    place
        Where its posts gather.
    grid
        Level or overlay, and code; None for all of the area.
    checklist
        Key, "" for any.
    roster
        Keys of posts.
    number, version
        Of the one that is changed, as whoever does saw it; "" and 0 for a new one.
    """

    campaign: str
    name: str
    day: date
    begins: time
    ends: time
    place: str
    roster: Sequence[str]
    grid: tuple[str, str] | None = None
    checklist: str = ""
    number: str = ""
    version: int = 0


def listed(room: Room, campaign: str, *, until: date | None = None) -> list[Theme]:
    """Return the theme days of a campaign, the latest first."""
    with room.ledger.reading() as connection:
        return meetings.page(connection, Subject.THEME, Asked(room.id, sight(room), frozenset({campaign}), until=until))


def of(room: Room, number: str) -> Theme:
    """Return a theme day; raises DraftError where there is none, or none for who looks."""
    with room.ledger.reading() as connection:
        found: Theme = meetings.get(connection, room.id, Subject.THEME, number, sight(room))
    return found


def result(room: Room, theme: Theme) -> Result:
    """Return what came of a theme day, of the sites that who looks sees."""
    with room.ledger.reading() as connection:
        return meetings.result(connection, theme, register.sight(room))


def plan(room: Room, wish: Wish, by: By, now: datetime) -> Theme:
    """Plan a theme day, or change a planned one, and return it.

    Raises
    ------
    DraftError, TextError, Conflict, LifecycleError, NoAccess
        Why it cannot be; nothing was written.
    """
    made = checked(room, wish, now)
    at = now.astimezone(UTC)

    def work(writing: Writing) -> Theme:
        demand_campaign(writing, room, made.campaign)
        if not made.number:
            return meetings.make(writing, Subject.THEME, made, day=made.day, by=by, at=at)
        there = meetings.get(writing.connection, room.id, Subject.THEME, made.number)
        after = replace(made, id=there.id, campaign=there.campaign)
        return meetings.put(writing, Subject.THEME, replace(there, version=made.version), after, Act.CHANGE, by=by, at=at)  # fmt: skip

    return change(room, RUN, by, now, work)


def turn(room: Room, seen: Theme, act: Act, by: By, now: datetime, *, reason: str = "") -> Theme:
    """Say that a theme day was held, cancel it with a reason, or plan it again; raises as `plan`."""
    if act is Act.HOLD and seen.day > today_of(room, now):
        raise DraftError(f"{seen.day} lies ahead. A theme day was held once its day has come.", field="theme_day")
    said = struck(room, required(reason, most=LONGEST_MATTER, what="reason", lines=False)) if act is Act.CANCEL else ""

    def work(writing: Writing) -> Theme:
        return meetings.put(writing, Subject.THEME, seen, seen, act, by=by, at=now.astimezone(UTC), words={REASON: said} if said else None)  # fmt: skip

    return change(room, RUN, by, now, work)


def checked(room: Room, wish: Wish, now: datetime) -> Theme:
    """Return a theme day as it is kept; raises DraftError and TextError."""
    today = today_of(room, now)
    if not today - MOST_AHEAD <= wish.day <= today + MOST_AHEAD:
        raise DraftError(f"{wish.day} is more than a year away. Look at the day.", field="theme_day")
    if wish.ends <= wish.begins:
        raise DraftError("A theme day ends after it began. Look at both times.", field="theme_time")
    roster = tuple(dict.fromkeys(wish.roster))
    demand_posts(room, roster, now)
    if wish.checklist and wish.checklist not in checklists(room):
        raise DraftError(f"{room.id} has no checklist {wish.checklist!r}. Choose one of the list.", field="theme_checklist")  # fmt: skip
    level, code = wish.grid or ("", "")
    if wish.grid and wish.grid not in grids(room):
        raise DraftError(f"{room.id} has no grid {code!r}. Choose one of the list.", field="theme_grid")
    return Theme(
        area=room.id, campaign=wish.campaign, number=wish.number, version=wish.version, state=State.PLANNED,
        name=struck(room, required(wish.name, most=LONGEST_NAME, what="name", lines=False)), day=wish.day, begins=clock(wish.begins), ends=clock(wish.ends),
        place=struck(room, required(wish.place, most=LONGEST_PLACE, what="place", lines=False)), level=level, code=code, checklist=wish.checklist, roster=roster,
    )  # fmt: skip


def checklists(room: Room) -> tuple[str, ...]:
    """Return the keys of the checklists by which sites are inspected."""
    return tuple(room.rules.checklists.keys)
