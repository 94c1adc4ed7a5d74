"""What deadlines do by themselves: a reminder, then the next head above, then supervision (督办); each is written once, with its time."""

from datetime import UTC, datetime
from functools import partial

from desk.acts import next_above
from desk.room import DISPATCHER, Room
from geo.errors import LifecycleError
from incidents.case import Incident
from incidents.deadlines import Step, steps_due
from incidents.lifecycle import Act, By, Entry, PostKind
from incidents.limits import StepKind
from incidents.model import OPEN, Status
from ledger import find
from ledger.writing import Writing

DESK = By(DISPATCHER, PostKind.DISPATCHER)
TIMED = OPEN - {Status.SUSPENDED}
MOST = 200  # steps in one change, so that nobody waits long for the ledger


def take(room: Room, now: datetime) -> int:
    """Write the steps whose time has come, and return how many; an archive has none."""
    if room.area.pack.archive:
        return 0
    due = [(case.number, step) for case in _timed(room) for step in _open_steps(room, case, now)]
    batches = [due[first : first + MOST] for first in range(0, len(due), MOST)]
    return sum(room.ledger.change(partial(_write, room=room, steps=batch, now=now)) for batch in batches)


def write(writing: Writing, room: Room, number: str, now: datetime) -> int:
    """Write the steps of one case whose time has come, in a change that goes on already, and return how many."""
    case = writing.get(room.id, number)
    if case.status not in TIMED or case.state.due is None:
        return 0
    return _write(writing, room, [(number, step) for step in _open_steps(room, case, now)], now)


def _timed(room: Room) -> list[Incident]:
    with room.ledger.reading() as connection:
        return [
            case
            for case in find.incidents(connection, room.wanted(statuses=frozenset(TIMED)), order="due")
            if case.state.due is not None
        ]


def _open_steps(room: Room, case: Incident, now: datetime) -> list[Step]:
    zone = room.area.pack.timezone
    assert case.state.due is not None
    found = steps_due(
        room.rules.deadlines,
        case.state.due.astimezone(zone),
        now.astimezone(zone),
        room.rules.calendar,
        urgency=case.urgency.value,
    )
    return [step for step in found if _name(step) not in case.state.steps]


def _write(writing: Writing, room: Room, steps: list[tuple[str, Step]], now: datetime) -> int:
    """Write steps whose case has not moved on since they were looked for."""
    done = 0
    for number, step in steps:
        case = writing.get(room.id, number)
        if _name(step) in case.state.steps or case.state.due is None or step not in _open_steps(room, case, now):
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
