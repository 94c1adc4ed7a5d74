"""What happens by itself: a deadline's reminder, then the next head above, then supervision (督办), each once; and what the one on duty answered for goes to the net's post when working hours begin."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from desk.acts import next_above
from desk.posts.roster import handed_over
from desk.room import DISPATCHER, Room
from geo.errors import LifecycleError
from incidents.case import Incident
from incidents.deadlines import Step, steps_due
from incidents.lifecycle import Act, By, Entry, PostKind
from incidents.limits import StepKind
from incidents.model import OPEN, Status
from ledger import bridge, find
from ledger.writing import Writing

DESK = By(DISPATCHER, PostKind.DISPATCHER)
TIMED = OPEN - {Status.SUSPENDED}
MOST = 200  # steps in one change, so that nobody waits long for the ledger
T = TypeVar("T")


def take(room: Room, now: datetime) -> int:
    """Write what time brings, and return how many entries that were; an archive has none, and on the outer side of a bridge they come from the inner one."""
    if room.area.pack.archive or is_outside(room):
        return 0
    running = _running(room)
    over = [case.number for case in running if case.state.duty] if room.in_hours(now) else []
    due = [(case.number, step) for case in running for step in _open_steps(room, case, now)]
    works = [
        *(partial(_hand_over, room=room, numbers=batch, now=now) for batch in _batches(over)),
        *(partial(_write, room=room, steps=batch, now=now) for batch in _batches(due)),
    ]
    return sum(room.ledger.change(work) for work in works)


def is_outside(room: Room) -> bool:
    """Tell whether a room stands on the outer side of a bridge, where nothing is decided."""
    with room.ledger.reading() as connection:
        line = bridge.line_of(connection, room.id)
    return line is not None and line.side == bridge.Side.OUTSIDE


def write(writing: Writing, room: Room, number: str, now: datetime) -> int:
    """Write what time brings to one case, in a change that goes on already, and return how many entries that were."""
    done = _hand_over(writing, room, [number], now) if room.in_hours(now) else 0
    case = writing.get(room.id, number)
    if case.status not in TIMED:
        return done
    return done + _write(writing, room, [(number, step) for step in _open_steps(room, case, now)], now)


def _running(room: Room) -> list[Incident]:
    with room.ledger.reading() as connection:
        return find.incidents(connection, room.wanted(statuses=frozenset(TIMED)), order="due")


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[first : first + MOST] for first in range(0, len(items), MOST))


def _hand_over(writing: Writing, room: Room, numbers: Sequence[str], now: datetime) -> int:
    """Hand cases over to the net's posts, but for those that somebody sorted meanwhile."""
    cases = [case for number in numbers if (case := writing.get(room.id, number)).state.duty]
    return len([handed_over(writing, room, case, "hours", DESK, now) for case in cases])


def _open_steps(room: Room, case: Incident, now: datetime) -> list[Step]:
    zone = room.area.pack.timezone
    if case.state.due is None:
        return []
    found = steps_due(
        room.rules.deadlines,
        case.state.due.astimezone(zone),
        now.astimezone(zone),
        room.rules.calendar,
        urgency=case.urgency.value,
    )
    return [step for step in found if _name(step) not in case.state.steps]


def _write(writing: Writing, room: Room, steps: Sequence[tuple[str, Step]], now: datetime) -> int:
    """Write steps whose case has not moved on since they were looked for."""
    done = 0
    for number, step in steps:
        case = writing.get(room.id, number)
        if step not in _open_steps(room, case, now):
            continue
        data = {"step": _name(step), "to": _told(room, case, step)}
        try:
            writing.act(room.id, number, Entry(Act.STEP, DESK, now.astimezone(UTC), data))
        except LifecycleError:
            continue
        done += 1
    return done


def _told(room: Room, case: Incident, step: Step) -> str:
    """Return the post that a step tells: whose turn it is, then the head above, then who answers for what is overdue."""
    if step.kind is StepKind.REMINDER and case.status is not Status.FEEDBACK:
        return case.state.handler or case.post
    if step.kind is StepKind.REMINDER:  # it waits to be verified, which its handlers may not do
        return next(
            (post for post in (case.post, case.overdue_post) if post not in {"", *case.state.handlers}), DISPATCHER
        )
    above = next_above(room, case)
    if step.kind is StepKind.NEXT_HEAD and above:
        return above[1].key
    return case.overdue_post or DISPATCHER


def _name(step: Step) -> str:
    return f"{step.kind.value}:{step.number}"
