"""What a post was told, and the call list (未读呼叫清单): who did not read in time what had to be read, so that whoever is on duty calls them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from desk.outbox.seen import INCIDENT, masked, sees
from desk.posts.acting import change, posts_of
from desk.room import DISPATCHER, Room
from geo.errors import NoAccess
from incidents.access import Role
from incidents.case import Incident
from incidents.lifecycle import UNSORTED, By
from incidents.model import OPEN
from incidents.posts import Post
from ledger import emergencies, find, notices, outbox, rota
from ledger.emergencies import EVENT
from ledger.notices import SUBJECT as NOTICE
from ledger.outbox import APP, CALLED, COPIED, READ, TEXT, Message, State

MOST = 200
MOST_UNREAD = 5000  # that the call list looks through: of more the oldest are left out
HANDLING = frozenset({"assignment", "escalation", "rework"})  # kinds that ask the handler, and nobody else later
THERE = frozenset({State.SENT})


@dataclass(frozen=True)
class Call:
    """One name on the call list: a post that did not read something, and since when it should have.

    Of what lies beyond the scope of who looks the message has neither number nor kind: they call all the same.
    """

    message: Message
    post: Post
    since: datetime


def told(room: Room, posts: Collection[str], *, most: int = MOST) -> list[Message]:
    """Return what posts were told in the console, the newest first: the newest, and what they have not read, however old; without the number of what who looks does not see, or not any more."""
    with room.ledger.reading() as connection:
        found = {
            one.id: one
            for states in (THERE, (State.SENT, State.READ, State.DONE))
            for one in outbox.listed(connection, area=room.id, channels=(APP,), states=states, posts=posts, most=most)
        }
        return masked(room, connection, sorted(found.values(), key=lambda one: one.id, reverse=True))


def unread(room: Room, posts: Collection[str]) -> int:
    """Count what posts were told and neither read nor acted on."""
    with room.ledger.reading() as connection:
        return outbox.count(connection, states=THERE, area=room.id, channels=(APP,), posts=posts)


def to_copy(room: Room, posts: Collection[str] | None, *, most: int = MOST) -> list[Message]:
    """Return what has to be copied into a group, the newest first, while it matters and who looks sees what it is about; None for every post."""
    with room.ledger.reading() as connection:
        found = outbox.listed(connection, area=room.id, channels=(TEXT,), states=THERE, posts=posts, most=most)  # fmt: skip
        is_seen = sees(room, connection, found)
        return [one for one in _mattering(room, connection, found) if is_seen(one)]


def waiting(room: Room, now: datetime) -> list[Call]:
    """Return the call list, who has waited longest first; without what somebody else has dealt with in the meantime."""
    with room.ledger.reading() as connection:
        found = outbox.listed(connection, area=room.id, channels=(APP,), states=THERE, read_by=now, most=MOST_UNREAD)
        found = _running(room, connection, _mattering(room, connection, found), now)
        is_seen = sees(room, connection, found)
    shown = [one if is_seen(one) else replace(one, number="", kind="") for one in found]
    calls = [Call(one, room.post(one.post), one.read_by) for one in shown if one.read_by]
    return sorted(calls, key=lambda call: (call.since, call.message.id))


def _mattering(room: Room, connection: Any, found: Sequence[Message]) -> list[Message]:
    """Return the messages that still ask for something, as their cases stand now."""
    numbers = frozenset(one.number for one in found if one.subject == INCIDENT)
    cases = find.incidents(connection, room.whole.wanted(numbers=numbers)) if numbers else []
    standing = {case.number: case for case in cases}
    return [one for one in found if _matters(one, standing)]


def _running(room: Room, connection: Any, found: Sequence[Message], now: datetime) -> list[Message]:
    """Return the messages without those of notices and emergencies that are over or were taken back."""
    ids = {int(one.number) for one in found if one.subject == NOTICE}
    running = {str(one.id) for one in notices.listed(connection, room.id, ids=ids) if one.runs(now)} if ids else set()
    is_any = any(one.subject == EVENT for one in found)
    going = {str(one.id) for one in emergencies.events(connection, room.id, running=True)} if is_any else set()
    over = {NOTICE: running, EVENT: going}
    return [one for one in found if one.subject not in over or one.number in over[one.subject]]


def _matters(one: Message, cases: Mapping[str, Incident]) -> bool:
    """Tell whether a message still asks for something: a new case to be sorted, an assignment to be taken, and anything of a case that is open."""
    if one.subject != INCIDENT:
        return True
    case = cases.get(one.number)
    if case is None or case.status not in OPEN:
        return False
    if one.kind == "new_red":
        return case.status in UNSORTED
    return one.kind not in HANDLING or case.state.handler == one.post


def may_call(room: Room, now: datetime) -> bool:
    """Tell whether who looks calls those who do not read, in the whole area: the dispatcher, and whoever is on duty."""
    if room.who is None or room.who.role in {Role.DISPATCHER, Role.DEMO}:
        return True
    with room.ledger.reading() as connection:
        serving = {one.post for one in rota.on_duty(connection, room.id, now)}
    return any(post.key in serving for post in posts_of(room, room.who, now))


def copied_for(room: Room, post: Post, now: datetime) -> Collection[str] | None:
    """Return for which posts somebody copies texts: the dispatcher for all, others for themselves and what is below is theirs to tell."""
    return None if post.key == DISPATCHER or may_call(room, now) else {post.key}


def read(room: Room, ids: Iterable[int], by: By, now: datetime) -> int:
    """Mark messages of the acting post as read; raises NoAccess for those of another."""
    return _mark(room, ids, READ, by, now)


def called(room: Room, ids: Iterable[int], by: By, now: datetime) -> int:
    """Note that somebody called whom messages were for; raises NoAccess for who is neither dispatcher nor on duty."""
    if not may_call(room, now):
        raise NoAccess("The call list is the dispatcher's, and of whoever is on duty.", "act")
    return _mark(room, ids, CALLED, by, now)


def copied(room: Room, ids: Iterable[int], by: By, now: datetime) -> int:
    """Note that the text of messages was copied into a group."""
    return _mark(room, ids, COPIED, by, now)


def _mark(room: Room, ids: Iterable[int], act: str, by: By, now: datetime) -> int:
    wanted = set(ids)

    def work(writing: Any) -> int:
        found = outbox.listed(writing.connection, area=room.id, ids=wanted, most=len(wanted) or 1)
        is_seen = sees(room, writing.connection, found)
        every = may_call(room, now) and (act == CALLED or all(is_seen(one) for one in found))
        _own(found, act, by, every=every)
        return outbox.mark(writing, room.id, [one.id for one in found], act, by=by, at=now.astimezone(UTC))

    return change(room, "act", by, now, work)


def _own(found: Sequence[Message], act: str, by: By, *, every: bool) -> None:
    """Raise where a post marks what another one was told."""
    if any(one.post != by.post for one in found) and (act == READ or not every):
        raise NoAccess("That was told to another post.", "post")
