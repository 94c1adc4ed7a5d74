"""What time brings: a first handler (首办) who does nothing, and what nobody reads.

The first is a step of the case, in its history, so that everybody sees it there and it is told like any other. The second tells whoever is on duty that the call list has grown.
"""

from datetime import UTC, datetime
from functools import partial

from desk.acts import next_above
from desk.outbox.book import Book
from desk.outbox.calls import waiting
from desk.outbox.derive import Entry, duty_post, messages
from desk.outbox.rules import DUTY, OutboxRules, Tell
from desk.outbox.storms import summarise
from desk.outbox.words import UNREAD
from desk.room import DISPATCHER, Room
from desk.steps import DESK, is_outside
from geo.errors import LifecycleError
from incidents.case import Incident
from incidents.deadlines import add as later
from incidents.lifecycle import Act
from incidents.lifecycle import Entry as Done
from incidents.model import Status
from ledger import find, outbox
from ledger.outbox import acted_since
from ledger.writing import Writing

FIRST = "first"
CALL = Tell("incident", UNREAD, UNREAD, (DUTY,))


def take(room: Room, rules: OutboxRules, book: Book, now: datetime) -> int:
    """Write what time brings, and return how much that was; an archive has none."""
    if room.area.pack.archive:
        return 0
    return first(room, rules, now) + call(room, rules, book, now) + summarise(room, rules, now)


def first(room: Room, rules: OutboxRules, now: datetime) -> int:
    """Note for every case that its first handler did nothing in time, once for each assignment, and return how many those were; on the outer side of a bridge the inner one does."""
    if is_outside(room):
        return 0
    with room.ledger.reading() as connection:
        cases = find.incidents(connection, room.wanted(statuses=frozenset({Status.DISPATCHED})))
        late = [one.number for one in cases if _is_late(room, rules, one, now) and not acted_since(connection, one, assigned(one))]  # fmt: skip
    return room.ledger.change(partial(_step, room=room, rules=rules, numbers=late, now=now)) if late else 0


def call(room: Room, rules: OutboxRules, book: Book, now: datetime) -> int:
    """Tell whoever is on duty that the call list has grown; no more often than the rules say, and of each message once."""
    calls = waiting(room, now)
    with room.ledger.reading() as connection:
        last = outbox.last_of(connection, room.id, UNREAD)
        post = duty_post(room, connection, now)
    if last is not None:
        calls = [one for one in calls if one.since > last] if now - last >= rules.call else []
    if not calls:
        return 0
    newest = calls[-1].message
    entry = Entry(newest.version, newest.subject, newest.number, UNREAD, "", now, {})
    made = list(messages(room, rules, book, entry, CALL, {post: DUTY}, now))
    return room.ledger.change(lambda writing: outbox.add(writing, made))


def assigned(case: Incident) -> datetime:
    """Return when a case was sent to its handler."""
    times = case.state.times
    return max((times[act.value] for act in (Act.DISPATCH, Act.ESCALATE) if act.value in times), default=case.reported)


def _is_late(room: Room, rules: OutboxRules, case: Incident, now: datetime) -> bool:
    if _name(case) in case.state.steps or not case.state.handler:
        return False
    begun = assigned(case).astimezone(room.area.pack.timezone)
    return later(room.rules.calendar, begun, rules.first[case.urgency]) <= now


def _step(writing: Writing, room: Room, rules: OutboxRules, numbers: list[str], now: datetime) -> int:
    """Write the steps of cases that have not moved on since they were looked for."""
    done = 0
    for number in numbers:
        case = writing.get(room.id, number)
        if case.status is not Status.DISPATCHED or not _is_late(room, rules, case, now):
            continue
        above = next_above(room, case)
        data = {"step": _name(case), "to": above[1].key if above else case.overdue_post or DISPATCHER}
        try:
            writing.act(room.id, number, Done(Act.STEP, DESK, now.astimezone(UTC), data))
        except LifecycleError:
            continue
        done += 1
    return done


def _name(case: Incident) -> str:
    return f"{FIRST}:{int(assigned(case).timestamp())}"
