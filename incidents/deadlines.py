"""Deadlines (时限): by when a case must be done, and what happens before and after.

Four units, as the limits of cities name them [domain.md 1.7]. 紧急工作时 runs day and night; 工作时 only in working hours; 工作日 is a whole worked day, however many
hours it has (8 工作时 on 08:00-12:00 and 14:00-18:00; in a season of seven hours, seven); 自然日 is a day of the calendar, at the same time of day.
A part of a 工作日 is that part of the day's working time, so that a start outside hours counts from the next opening, and Friday 15:00 + 1 工作日 is Monday 15:00.

A limit is given once and stored with its case (`Limit`): changing the rules never changes a running case. Limits are local data: data/rules/deadlines.toml,
docs/deadlines.md. Times are aware, in the zone of the area; convert first, for 08:00 means eight o'clock in the zone that a time carries.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from geo.errors import RulesError
from incidents.calendar import Calendar
from incidents.limits import EXTERNAL, DeadlineRules, Limit, Span, Stage, StepKind, Unit
from incidents.model import Urgency

__all__ = [
    "EXTERNAL",
    "DeadlineRules",
    "Light",
    "Limit",
    "Span",
    "Stage",
    "Step",
    "StepKind",
    "Unit",
    "add",
    "amber_at",
    "elapsed",
    "extension_allowed",
    "external",
    "light",
    "next_step",
    "paused",
    "remaining",
    "resumed",
    "reworked",
    "shift_due",
    "steps",
    "steps_due",
    "working_time",
]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Light(StrEnum):
    """The light of a deadline (时限灯): 正常, 临期, 超期."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class Step(NamedTuple):
    """Something that is due around a deadline: the ``number``-th of its kind, from 1."""

    kind: StepKind
    at: datetime
    number: int = 1


def add(calendar: Calendar, start: datetime, span: Span) -> datetime:
    """Return the instant that lies a span after another.

    Parameters
    ----------
    start
        Aware, in the zone of the area.
    span
        Of working time, what is left lands at the end of a period rather than the start of the next; a negative span counts back, and lands at the start.

    Returns
    -------
    datetime
        Aware, in the same zone. A span of 0 gives ``start``.

    Raises
    ------
    RulesError
        It lies beyond the years that a calendar has.
    """
    return _moved(calendar, start, span, late=span.value < 0)


def working_time(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """Return the working time between two instants; negative where the second comes first."""
    return calendar.working_time(start, end)


def elapsed(calendar: Calendar, start: datetime, end: datetime, unit: Unit) -> float:
    """Return how much of a unit lies between two instants; negative where the second comes first."""
    if unit is Unit.WORK_HOUR:
        return calendar.working_time(start, end) / HOUR
    if unit is Unit.WORK_DAY:
        return calendar.working_days(start, end)
    if unit is Unit.URGENT_HOUR:
        return (end.astimezone(UTC) - start.astimezone(UTC)) / HOUR
    return (end.astimezone(start.tzinfo).replace(tzinfo=None) - start.replace(tzinfo=None)) / DAY


def remaining(calendar: Calendar, now: datetime, due: datetime, unit: Unit) -> float:
    """Return how much of a unit is left until a deadline; negative where it is overdue."""
    return elapsed(calendar, now, due, unit)


def external(start: datetime, due: datetime) -> Limit:
    """Make the limit of an external order (12345), whose deadline is kept as given: the clock hours until then."""
    return Limit(Span((due.astimezone(UTC) - start.astimezone(UTC)) / HOUR, Unit.URGENT_HOUR), EXTERNAL)


def shift_due(calendar: Calendar, due: datetime, span: Span) -> datetime:
    """Return the deadline after an approved extension (延期)."""
    return add(calendar, due, span)


def paused(calendar: Calendar, now: datetime, due: datetime, unit: Unit) -> float:
    """Return what is left, in the unit of the limit, when the clock stops (挂账, or 反馈); negative where the case is overdue."""
    return remaining(calendar, now, due, unit)


def resumed(calendar: Calendar, now: datetime, remaining: float, unit: Unit) -> datetime:
    """Return the deadline when the clock runs again with what was left (`paused`)."""
    return add(calendar, now, Span(remaining, unit))


def light(
    calendar: Calendar,
    start: datetime,
    due: datetime,
    now: datetime,
    *,
    rules: DeadlineRules,
    unit: Unit = Unit.WORK_HOUR,
) -> Light:
    """Return the light of a deadline: red after it, amber from `amber_at` on, else green.

    Parameters
    ----------
    start
        When the clock started: at dispatch.
    unit
        That of the case's limit, in which the share that is left is measured.
    """
    if now.astimezone(UTC) > due.astimezone(UTC):
        return Light.RED
    amber = amber_at(calendar, start, due, rules=rules, unit=unit)
    return Light.AMBER if now.astimezone(UTC) >= amber.astimezone(UTC) else Light.GREEN


def amber_at(
    calendar: Calendar, start: datetime, due: datetime, *, rules: DeadlineRules, unit: Unit = Unit.WORK_HOUR
) -> datetime:
    """Return the instant from which the light is amber, so that a query can count lights without asking for each case.

    It is the first instant at which at most ``amber_share`` of the limit is left, or at most ``amber_hours``, but never before ``start``.
    """
    if elapsed(calendar, start, due, unit) <= 0:
        unit = Unit.URGENT_HOUR  # an external deadline outside hours has no working time to share
    hours = Unit.WORK_HOUR if unit in {Unit.WORK_HOUR, Unit.WORK_DAY} else Unit.URGENT_HOUR
    share = max(0.0, elapsed(calendar, start, due, unit)) * rules.amber_share
    candidates = (
        _moved(calendar, due, Span(-share, unit), late=False),
        _moved(calendar, due, Span(-rules.amber_hours, hours), late=False),
    )
    return max(start, min(candidates, key=_utc), key=_utc)


def steps(
    rules: DeadlineRules, due: datetime, calendar: Calendar, *, urgency: str = Urgency.NORMAL
) -> tuple[Step, ...]:
    """Return what happens around a deadline, in order of time: reminders, the next head above, supervision (督办).

    Steps for an urgency take the place of those for every urgency.
    """
    own = [timing for timing in rules.timings if timing.urgency == Urgency(urgency)]
    chosen = own or [timing for timing in rules.timings if timing.urgency is None]
    found = sorted(
        ((timing.kind, add(calendar, due, timing.span)) for timing in chosen), key=lambda step: _utc(step[1])
    )
    seen: dict[StepKind, int] = {}
    numbered: list[Step] = []
    for kind, at in found:
        seen[kind] = seen.get(kind, 0) + 1
        numbered.append(Step(kind, at, seen[kind]))
    return tuple(numbered)


def steps_due(
    rules: DeadlineRules, due: datetime, now: datetime, calendar: Calendar, *, urgency: str = Urgency.NORMAL
) -> list[Step]:
    """Return the steps whose time has come, in order; who has taken them already is the caller's to know, by kind and number."""
    return [step for step in steps(rules, due, calendar, urgency=urgency) if _utc(step.at) <= _utc(now)]


def next_step(
    rules: DeadlineRules, due: datetime, now: datetime, calendar: Calendar, *, urgency: str = Urgency.NORMAL
) -> Step | None:
    """Return the step that comes next, or None after the last."""
    return next((step for step in steps(rules, due, calendar, urgency=urgency) if _utc(step.at) > _utc(now)), None)


def extension_allowed(
    calendar: Calendar, due: datetime, span: Span, limit: Limit, *, granted: int, rules: DeadlineRules
) -> bool:
    """Say whether a deadline may be extended by a span.

    Parameters
    ----------
    due
        The deadline as it stands.
    granted
        How often it was extended before.
    """
    if granted >= rules.extension_times or span.value <= 0:
        return False
    most = shift_due(calendar, due, Span(limit.span.value * rules.extension_share, limit.span.unit))
    return _utc(shift_due(calendar, due, span)) <= _utc(most)


def reworked(calendar: Calendar, now: datetime, remaining: float, limit: Limit, *, rules: DeadlineRules) -> datetime:
    """Return the deadline when a case goes back for rework (返工): what was left goes on, or at least ``rework_share`` of the limit.

    Parameters
    ----------
    remaining
        What was left at feedback, in the unit of the limit (`paused`).
    """
    least = limit.span.value * rules.rework_share if rules.rework_share else remaining
    return resumed(calendar, now, max(remaining, least), limit.span.unit)


def _moved(calendar: Calendar, start: datetime, span: Span, *, late: bool) -> datetime:
    if start.tzinfo is None:
        raise ValueError(f"{start} has no time zone; deadlines need the area's.")
    if not span.value:
        return start
    try:
        found = _landed(calendar, start, span, late=late)
    except OverflowError as error:
        raise RulesError(f"{span.text} from {start:%Y-%m-%d} leaves the calendar. Choose a shorter span.") from error
    # less than a microsecond rounds to nothing, which outside hours would land on the wrong side of the start
    return max(start, found, key=_utc) if span.value > 0 else min(start, found, key=_utc)


def _landed(calendar: Calendar, start: datetime, span: Span, *, late: bool) -> datetime:
    if span.unit is Unit.WORK_HOUR:
        return calendar.after_time(start, span.value * HOUR, late=late)
    if span.unit is Unit.WORK_DAY:
        return calendar.after_days(start, span.value, late=late)
    if span.unit is Unit.URGENT_HOUR:
        return (start.astimezone(UTC) + span.value * HOUR).astimezone(start.tzinfo)
    # by the wall clock; through UTC, so that a time that a change of clock skips becomes one that exists
    return (start + span.value * DAY).astimezone(UTC).astimezone(start.tzinfo)


def _utc(at: datetime) -> datetime:
    """Make an instant comparable: two times of one zone compare by the wall clock, which repeats an hour."""
    return at.astimezone(UTC)
