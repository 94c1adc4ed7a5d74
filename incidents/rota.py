"""The duty rota (值班表): shifts of posts, how a span of days is filled by turns, and where a rota has gaps or double bookings.

Shifts begin at the times of day that the desk's settings name; each lasts until the next begins, so that a day has neither gap nor overlap, also where clocks change.
Four roles: the leader in charge (带班领导) of a whole day, the duty officer (值班员) of every shift, the third-level heads who take turns (轮值三级网格长) by day, and
the night shift (夜班). Source: domain 2.2, 6 (值班表 / 交接班), C5.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType

DAY = timedelta(days=1)
WEEK = 7
DEEP_NIGHT = time(3)  # the shift that holds this hour is the night shift


class Role(StrEnum):
    """What a post does on duty."""

    LEADER = "leader"
    OFFICER = "officer"
    HEAD = "head"
    NIGHT = "night"


class Cover(StrEnum):
    """Which part of a day a role covers."""

    WHOLE_DAY = "whole_day"
    EVERY_SHIFT = "every_shift"
    DAY_SHIFTS = "day_shifts"
    NIGHT_SHIFT = "night_shift"


COVER = MappingProxyType(
    {
        Role.LEADER: Cover.WHOLE_DAY,
        Role.OFFICER: Cover.EVERY_SHIFT,
        Role.HEAD: Cover.DAY_SHIFTS,
        Role.NIGHT: Cover.NIGHT_SHIFT,
    }
)
# Of these roles one post serves at a time; heads and the night shift may be several.
SINGLE = frozenset({Role.LEADER, Role.OFFICER})
# Who answers for what comes in out of hours, the first that is on duty.
ANSWERS = (Role.OFFICER, Role.NIGHT, Role.LEADER)


@dataclass(frozen=True, order=True)
class Slot:
    """A stretch of duty to be filled; times are aware, in UTC.

    Attributes
    ----------
    day
        The day on which it begins, in the area's time.
    night
        Whether it is the night shift.
    """

    since: datetime
    until: datetime
    day: date
    night: bool = False


@dataclass(frozen=True, order=True)
class Shift:
    """One post on duty in a role; times are aware, in UTC.

    Attributes
    ----------
    holder
        A name, for the desk alone; "" where the post says enough.
    id
        Its row in the ledger; 0 before it is written.
    """

    since: datetime
    until: datetime
    role: Role
    post: str
    holder: str = ""
    id: int = 0


@dataclass(frozen=True)
class Double:
    """Two shifts that cannot both be: one post, or one person, at two places at once, or two posts where one serves."""

    one: Shift
    other: Shift
    why: str  # post, holder, role


def boundaries(first: date, last: date, times: Sequence[time], zone: tzinfo) -> list[datetime]:
    """Return when shifts begin, from the first of a day to the first of the day after the last one, in UTC and never falling.

    A time that a change of clocks leaves out is counted as the clock would have gone on; one that comes twice is its first.
    """
    days = [first + DAY * number for number in range((last - first).days + 1)]
    local = [datetime.combine(day, at) for day in days for at in times] + [datetime.combine(last + DAY, times[0])]
    found: list[datetime] = []
    for at in local:
        instant = at.replace(tzinfo=zone).astimezone(UTC)
        found.append(max(instant, found[-1]) if found else instant)
    return found


def slots(first: date, last: date, times: Sequence[time], zone: tzinfo, cover: Cover = Cover.EVERY_SHIFT) -> list[Slot]:
    """Return the stretches that a role covers in a span of days, both included, in order.

    Parameters
    ----------
    times
        When the shifts of a day begin, in order.
    """
    ends = boundaries(first, last, times, zone)
    nightly = night_of(times)
    every = [
        Slot(since, until, first + DAY * (number // len(times)), night=number % len(times) == nightly)
        for number, (since, until) in enumerate(pairwise(ends))
        if until > since
    ]
    if cover is Cover.WHOLE_DAY:
        return _days(every)
    if cover is Cover.DAY_SHIFTS:
        return [slot for slot in every if not slot.night or len(times) == 1]
    if cover is Cover.NIGHT_SHIFT:
        return [slot for slot in every if slot.night]
    return every


def night_of(times: Sequence[time]) -> int:
    """Return which of a day's shifts is the night shift: the one that holds three in the morning."""
    return max((number for number, at in enumerate(times) if at <= DEEP_NIGHT), default=len(times) - 1)


def day_of(at: datetime, times: Sequence[time], zone: tzinfo) -> date:
    """Return the day of duty of an instant: before the day's first shift it is still the day before."""
    local = at.astimezone(zone)
    begun = boundaries(local.date(), local.date(), times, zone)[0]
    return local.date() if at >= begun else local.date() - DAY


def fill(free: Iterable[Slot], posts: Sequence[str], role: Role, *, before: Iterable[Shift] = ()) -> list[Shift]:
    """Fill stretches by turns: nobody serves twice before everybody served once, and of two or more posts none serves two stretches in a row.

    Where the turn leaves a choice it evens out nights and days, and then takes who has not served for longest. Two posts that share day and night keep theirs: nobody
    could change without serving twice in a row. Give their order the other way round the next time.

    Parameters
    ----------
    posts
        Keys, in the order of the first turn.
    before
        Shifts of the same role before the span: the turn goes on after them.
    """
    last = {shift.post: (shift.since, number) for number, shift in enumerate(sorted(before))}
    served: Counter[str] = Counter()
    nights: Counter[tuple[str, bool]] = Counter()
    previous = max(last, key=lambda post: last[post], default="")
    made: list[Shift] = []
    never = (datetime.min.replace(tzinfo=UTC), 0)
    names = list(dict.fromkeys(posts))
    for number, slot in enumerate(sorted(free)):
        least = min((served[name] for name in names), default=0)
        turn = [name for name in names if served[name] == least]
        rested = [name for name in turn if name != previous] or turn
        if not rested:
            break
        chosen = min(rested, key=lambda name: (nights[name, slot.night], last.get(name, never), names.index(name)))
        served[chosen] += 1
        nights[chosen, slot.night] += 1
        last[chosen] = (slot.since, number)
        previous = chosen
        made.append(Shift(slot.since, slot.until, role, chosen))
    return made


def copied(shifts: Iterable[Shift], zone: tzinfo, *, days: int = WEEK) -> list[Shift]:
    """Return the same shifts some days later, at the same times of the area's clock; names of people are not copied."""
    return sorted(
        replace(
            shift,
            since=_later(shift.since, zone, days),
            until=_later(shift.until, zone, days),
            holder="",
            id=0,
        )
        for shift in shifts
    )


def gaps(wanted: Iterable[Slot], shifts: Iterable[Shift], role: Role) -> list[Slot]:
    """Return the stretches that nobody of a role covers, as parts of the wanted ones."""
    taken = sorted((shift.since, shift.until) for shift in shifts if shift.role is role)
    found: list[Slot] = []
    for slot in wanted:
        at = slot.since
        for since, until in taken:
            if until <= at or since >= slot.until:
                continue
            if since > at:
                found.append(replace(slot, since=at, until=since))
            at = max(at, until)
        if at < slot.until:
            found.append(replace(slot, since=at))
    return found


def doubles(shifts: Iterable[Shift]) -> list[Double]:
    """Return the pairs that overlap and cannot both be.

    The leader of a day may serve a shift too; beside that, no post and no person serves in two roles at once, and no two posts lead or answer at once.
    """
    found: list[Double] = []
    running: list[Shift] = []
    for shift in sorted(shifts):
        running = [other for other in running if other.until > shift.since]
        found += [Double(other, shift, why) for other in running if (why := _clash(other, shift))]
        running.append(shift)
    return found


def on_duty(shifts: Iterable[Shift], at: datetime) -> list[Shift]:
    """Return who is on duty at a time, in the order of the roles."""
    order = list(Role)
    found = [shift for shift in shifts if shift.since <= at < shift.until]
    return sorted(found, key=lambda shift: (order.index(shift.role), shift.since, shift.id))


def _clash(one: Shift, other: Shift) -> str:
    if one.role is other.role and one.role in SINGLE:
        return "role"
    if Role.LEADER in {one.role, other.role}:
        return ""
    if one.post == other.post and one.holder == other.holder:
        return "post"
    return "holder" if one.holder and one.holder == other.holder else ""


def _days(every: Sequence[Slot]) -> list[Slot]:
    """Join the shifts of a day."""
    ends: dict[date, list[Slot]] = {}
    for slot in every:
        ends.setdefault(slot.day, []).append(slot)
    return [Slot(parts[0].since, parts[-1].until, day) for day, parts in ends.items()]


def _later(at: datetime, zone: tzinfo, days: int) -> datetime:
    """Return the same time of the clock some days later."""
    local = at.astimezone(zone).replace(tzinfo=None, fold=0)
    return (local + days * DAY).replace(tzinfo=zone).astimezone(UTC)
