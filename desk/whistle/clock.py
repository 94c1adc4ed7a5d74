"""What time brings to whistles: a reminder before a deadline, and word to the centre when one has passed, each once, as a step in the history from which messages follow.

Whether something is overdue is never stored: it follows from its deadline and the time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from desk.room import DISPATCHER, Room
from desk.whistle.people import CENTRE
from geo.errors import LifecycleError
from incidents.deadlines import add
from incidents.limits import Span
from incidents.whistles import Blow, Blown, Phase, Whistle
from ledger import whistles
from ledger.writing import Writing

REMIND, OVERDUE, TASK = "remind", "overdue", "task"
MOST = 100  # steps in one change, so that nobody waits long for the ledger


@dataclass(frozen=True)
class Step:
    """Something that is due: what, for which post, and by which deadline, so that a deadline that is set anew has steps of its own."""

    kind: str
    what: str
    post: str
    due: datetime

    @property
    def name(self) -> str:
        """What the history calls it: ``remind:sign:…``."""
        return f"{self.kind}:{self.what}:{int(self.due.timestamp())}:{self.post}"


def take(room: Room, now: datetime) -> int:
    """Write what time brings, and return how many entries that were; an archive has none."""
    if room.area.pack.archive:
        return 0
    with room.ledger.reading() as connection:
        running = whistles.listed(connection, room.id, phases=(Phase.BLOWN,))
    due = [(one.number, step) for one in running for step in open_steps(room, one.state, now)]
    return sum(room.ledger.change(partial(_write, room=room, steps=batch, now=now)) for batch in _batches(due))


def open_steps(room: Room, state: Whistle, now: datetime) -> list[Step]:
    """Return the steps whose time has come and that were not taken yet."""
    return [step for step in _steps(room, state, now) if step.name not in state.steps]


def _batches(items: Sequence[tuple[str, Step]]) -> Iterator[Sequence[tuple[str, Step]]]:
    return (items[first : first + MOST] for first in range(0, len(items), MOST))


def _steps(room: Room, state: Whistle, now: datetime) -> Iterator[Step]:
    if state.phase is not Phase.BLOWN:
        return
    rules = room.rules.whistles
    spans = rules.kind(state.kind).spans
    for party in state.active:
        stage, due = party.running, party.deadline
        if stage and due:
            span = spans.get(stage)
            before = Span(-span.value * rules.remind_share, span.unit) if span and rules.remind_share else None
            yield from _of(room, stage.value, party.post, due, before, now)
    for task in state.open_tasks:
        if task.due:
            before = Span(-rules.task.value, rules.task.unit)
            yield from _of(room, f"{TASK}{task.number}", task.owner, task.due, before, now)


def _of(room: Room, what: str, post: str, due: datetime, before: Span | None, now: datetime) -> Iterator[Step]:  # noqa: PLR0917
    local = due.astimezone(room.area.pack.timezone)
    if now >= due:
        yield Step(OVERDUE, what, post, due)
    elif before is not None and now >= add(room.rules.calendar, local, before).astimezone(UTC):
        yield Step(REMIND, what, post, due)


def _write(writing: Writing, room: Room, steps: Sequence[tuple[str, Step]], now: datetime) -> int:
    """Write steps whose whistle has not moved on since they were looked for."""
    done = 0
    for number, step in steps:
        filed = whistles.get(writing.connection, room.id, number)
        if step not in open_steps(room, filed.state, now):
            continue
        to = [step.post] if step.kind == REMIND else [step.post, DISPATCHER]
        entry = Blown(Blow.STEP, CENTRE, now.astimezone(UTC), {"step": step.name, "to": to})
        try:
            whistles.act(writing, room.id, number, entry)
        except LifecycleError:
            continue
        done += 1
    return done
