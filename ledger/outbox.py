"""The outbox (消息): what is told to whom by which channel, and how far that got.

Messages are derived from the history by a cursor for each area: they are written in the same transaction that moves the cursor, so that every entry is looked at once,
whatever crashes and however many processes look. A message holds no words, only what it comes from; they are made when it is sent, from what may still be said then.

In the console (``app``) a message is there exactly once. To the outside it goes at least once: whoever sends it claims it first, for a while, and a claim that runs out
(its process was killed) is anybody's. Its ``key`` is the same each time, so that a receiver can tell. Messages to one address go one after the other.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from incidents.case import Incident
from incidents.lifecycle import Act
from ledger.tables import area as area_
from ledger.tables import history, instant, message, milliseconds, outbox_cursor
from ledger.writing import Actor, Writing

SUBJECT = "message"
READ, CALLED, COPIED, ERASED = "read", "call", "copy", "erase"
APP, TEXT = "app", "text"
INSIDE = (APP, TEXT)  # nothing is sent: a person reads it, or copies it
LONGEST_ERROR, LONGEST_RECEIPT = 300, 120
MOST = 500
SUMMARY = "held"  # a kind that says how many were held back
RECEIPT = "notice_receipt"  # a kind that is acknowledged: to read it is not enough


class State(StrEnum):
    """How far a message got."""

    QUEUED = "queued"
    SENT = "sent"  # handed over; in the console: there, and not read, or not copied
    DELIVERED = "delivered"  # the receiver said that it has it
    READ = "read"
    DONE = "done"  # nobody read it, and the post acted all the same
    FAILED = "failed"  # will be tried again
    DEAD = "dead"  # will not, unless somebody says so
    CANCELLED = "cancelled"
    HELD = "held"  # too many went out that hour: it stands in the console, and a summary says so


WAITING = (State.QUEUED, State.FAILED)
ENDED = (State.DEAD, State.CANCELLED)


@dataclass(frozen=True)
class Message:
    """Something that is told to one post through one channel. Times are aware, in UTC.

    Attributes
    ----------
    version
        Of the entry of the history that it comes from.
    number
        Key of that entry: the number of a case.
    contact
        By whose address it goes: the key of the post, or ``duty`` for the telephone of whoever is on duty.
    since, due
        From when on it is tried, and when it is tried next.
    read_by
        When it is to be read at the latest; None for whenever.
    receipt
        What the receiver calls it.
    """

    area: str
    version: int
    subject: str
    number: str
    kind: str
    post: str
    contact: str
    channel: str
    at: datetime
    since: datetime
    due: datetime
    state: State = State.QUEUED
    read_by: datetime | None = None
    attempts: int = 0
    error: str = ""
    receipt: str = ""
    sent: datetime | None = None
    read: datetime | None = None
    called: datetime | None = None
    id: int = 0

    @property
    def key(self) -> str:
        """What it is known by to whoever gets it: the same whenever it is sent again."""
        said = "\0".join((self.area, str(self.version), self.post, self.channel, self.kind))
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def line(self) -> tuple[str, str, str]:
        """Messages of one line go one after the other."""
        return self.area, self.contact, self.channel


@dataclass(frozen=True)
class Derived:
    """What some entries of an area's history say.

    Attributes
    ----------
    messages
        What they tell.
    taken_back
        Versions of entries that were undone: what was not sent of them is not.
    acted
        Number, post and version: a post acted on a case, and has no need of what it was told of it before.
    """

    messages: Sequence[Message] = ()
    taken_back: Collection[int] = ()
    acted: Collection[tuple[str, str, int]] = ()


# Derivation


def cursor(connection: Connection, area: str) -> int:
    """Return up to which version the messages of an area were derived; 0 before the first time."""
    asked = select(outbox_cursor.c.version).where(outbox_cursor.c.area == area)
    return int(connection.execute(asked).scalar() or 0)


def moved(connection: Connection, version: int) -> set[str]:
    """Return the areas of which the history has entries after a version."""
    asked = select(history.c.area).where(history.c.version > version).distinct()
    return set(connection.execute(asked).scalars())


def lowest(connection: Connection) -> int:
    """Return the version after which something may not have been derived yet, of any area that began."""
    joined = area_.outerjoin(outbox_cursor, outbox_cursor.c.area == area_.c.id)
    found = select(func.min(func.coalesce(outbox_cursor.c.version, 0))).select_from(joined)
    return int(connection.execute(found).scalar() or 0)


def entries(connection: Connection, area: str, after: int, *, most: int = MOST) -> list[dict[str, Any]]:
    """Return the next entries of an area's history, oldest first, as rows."""
    c = history.c
    asked = select(history).where(c.area == area, c.version > after).order_by(c.version).limit(most)
    return [dict(row) for row in connection.execute(asked).mappings()]


def before(connection: Connection, area: str, number: str, version: int) -> int:
    """Return the version of the entry of a case that came before another one; 0 for none."""
    c = history.c
    asked = select(func.max(c.version)).where(c.area == area, c.subject == "incident", c.key == number, c.version < version)  # fmt: skip
    return int(connection.execute(asked).scalar() or 0)


def acted_since(connection: Connection, case: Incident, since: datetime) -> bool:
    """Tell whether the handler of a case did anything to it since a time."""
    c = history.c
    asked = select(c.version).where(
        c.area == case.area, c.subject == "incident", c.key == case.number,
        c.post == case.state.handler, c.at >= milliseconds(since), c.act != Act.STEP.value,
    )  # fmt: skip
    return connection.execute(asked.limit(1)).scalar() is not None


def put(writing: Writing, area: str, derived: Derived, *, after: int, upto: int) -> int | None:
    """Write what was derived of the entries after one version up to another; None where another process did so already, and nothing was written.

    Returns how many messages are new.
    """
    connection = writing.connection
    if cursor(connection, area) != after:
        return None
    made = add(writing, derived.messages)
    table = message.c
    for version in sorted(derived.taken_back):
        unsent = or_(table.state.in_(_WAITING), and_(table.channel.in_(INSIDE), table.state == State.SENT.value))
        gone = update(message).where(table.area == area, table.version == version, unsent, table.claim == "")
        connection.execute(gone.values(state=State.CANCELLED.value))
    for number, post, version in sorted(derived.acted):
        told = (table.area == area, table.number == number, table.post == post, table.version < version)
        unread = (table.channel == APP, table.state == State.SENT.value)
        connection.execute(update(message).where(*told, *unread).values(state=State.DONE.value))
        uncopied = (table.channel == TEXT, table.state == State.SENT.value)
        connection.execute(update(message).where(*told, *uncopied).values(state=State.CANCELLED.value))
    moved_on = _inserting(connection, outbox_cursor).on_conflict_do_update(index_elements=("area",), set_={"version": upto})  # fmt: skip
    connection.execute(moved_on, {"area": area, "version": upto})
    return made


def add(writing: Writing, messages: Iterable[Message]) -> int:
    """Write messages that are not there yet, and return how many those were."""
    connection = writing.connection
    unique = ("area", "version", "post", "channel", "kind")
    made = _inserting(connection, message).on_conflict_do_nothing(index_elements=unique).returning(message.c.id)
    new = [connection.execute(made, _row(one)).scalar() for one in messages]
    return sum(id_ is not None for id_ in new)


# Sending


def ready(
    connection: Connection, now: datetime, *, line: tuple[str, str, str] | None = None, most: int = 200
) -> list[Message]:
    """Return the first message of every line, or of one, where it is due and nobody is sending it, oldest first."""
    other = message.alias()
    same = and_(*(other.c[name] == message.c[name] for name in ("area", "contact", "channel")))
    earlier = select(other.c.id).where(same, other.c.state.in_(_WAITING), other.c.id < message.c.id)
    asked = select(message).where(*_open(now), ~earlier.exists()).order_by(message.c.id).limit(most)
    if line:
        asked = asked.where(*_in_line(line))
    return [_message(row) for row in connection.execute(asked).mappings()]


def claim(writing: Writing, id_: int, name: str, *, now: datetime, until: datetime) -> bool:
    """Take a message to send it, until a time; False where somebody else did."""
    taken = update(message).where(message.c.id == id_, *_open(now))
    done = writing.connection.execute(taken.values(claim=name, claimed=milliseconds(until)))
    return done.rowcount == 1


def settle(writing: Writing, sent: Message, name: str) -> bool:
    """Write how sending went, and let the message go; False where the claim had run out and somebody else took it."""
    values = {
        "state": sent.state.value,
        "due": milliseconds(sent.due),
        "attempts": sent.attempts,
        "error": sent.error[:LONGEST_ERROR],
        "receipt": sent.receipt[:LONGEST_RECEIPT],
        "sent": None if sent.sent is None else milliseconds(sent.sent),
        "claim": "",
        "claimed": 0,
    }
    mine = update(message).where(message.c.id == sent.id, message.c.claim == name)
    return writing.connection.execute(mine.values(values)).rowcount == 1


def unread_in(connection: Connection, now: datetime) -> set[str]:
    """Return the areas in which something was to be read by a time and was not."""
    c = message.c
    late = (c.channel == APP, c.state == State.SENT.value, c.read_by <= milliseconds(now))
    return set(connection.execute(select(c.area).where(*late).distinct()).scalars())


def replay(writing: Writing, ids: Iterable[int], *, now: datetime) -> int:
    """Let messages that were given up be tried again, and return how many those were."""
    at = milliseconds(now)
    again = {"state": State.QUEUED.value, "attempts": 0, "since": at, "due": at, "claim": "", "claimed": 0}
    return _set(writing, ids, tuple(state.value for state in ENDED), again)


def cancel(writing: Writing, ids: Iterable[int]) -> int:
    """Let messages not be sent, or not be kept as dead, and return how many those were; one that is being sent goes on."""
    return _set(writing, ids, (*_WAITING, State.DEAD.value), {"state": State.CANCELLED.value})


def _set(writing: Writing, ids: Iterable[int], states: Sequence[str], values: Mapping[str, Any]) -> int:
    c = message.c
    some = update(message).where(c.id.in_(sorted(ids)), c.state.in_(states), c.channel.not_in(INSIDE), c.claim == "")
    return int(writing.connection.execute(some.values(values)).rowcount)


# Storms


@dataclass(frozen=True)
class Held:
    """What was held back of one line since its last summary: how many, since when, and the newest of them.

    Attributes
    ----------
    last_summary
        When a summary was last made, sent or not yet.
    """

    message: Message
    count: int
    first: datetime
    last_summary: datetime | None


def sent_since(connection: Connection, line: tuple[str, str, str], since: datetime, *, most: int) -> int:
    """Count what went out by a line since a time, up to a number: a look-up, however much went out before."""
    c, found = message.c, 0
    for state in _OUT:
        last = select(c.sent).where(*_in_line(line), c.state == state).order_by(c.id.desc()).limit(most)
        found += sum((sent or 0) >= milliseconds(since) for sent in connection.execute(last).scalars())
    return found


def sent_in(connection: Connection, area: str, channel: str, since: datetime) -> int:
    """Count what went out of an area by a channel since a time."""
    c, at = message.c, milliseconds(since)
    asked = select(func.count()).where(c.state.in_(_OUT), c.due >= at, c.area == area, c.channel == channel, c.sent >= at)  # fmt: skip
    return int(connection.execute(asked).scalar_one())


def held(connection: Connection, since: datetime, *, area: str = "", line: tuple[str, str, str] | None = None) -> list[Held]:  # fmt: skip
    """Return the lines of which something was held back since a time, and since their last summary."""
    c = message.c
    wanted = [c.state == State.HELD.value, c.due >= milliseconds(since)]
    wanted += [c.area == area] if area else []
    wanted += _in_line(line) if line else []
    lines = connection.execute(select(c.area, c.contact, c.channel).where(*wanted).distinct()).all()
    return [one for each in lines if (one := _held(connection, (each[0], each[1], each[2]), wanted))]


def _held(connection: Connection, line: tuple[str, str, str], wanted: Sequence[ColumnElement[bool]]) -> Held | None:
    c = message.c
    said = select(func.max(c.sent), func.max(c.at)).where(*_in_line(line), c.kind == SUMMARY)
    last, made = connection.execute(said).one()
    after = [*wanted, *_in_line(line), *([c.due > last] if last else [])]
    count, first = connection.execute(select(func.count(), func.min(c.due)).where(*after)).one()
    if not count:
        return None
    newest = connection.execute(select(message).where(*after).order_by(c.id.desc()).limit(1)).mappings().one()
    return Held(_message(newest), count, instant(first), _time(made))


def _in_line(line: tuple[str, str, str]) -> list[ColumnElement[bool]]:
    c = message.c
    return [c.area == line[0], c.contact == line[1], c.channel == line[2]]


# Looking


def counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Count all messages by channel and state."""
    c = message.c
    asked = select(c.channel, c.state, func.count()).group_by(c.channel, c.state)
    return {(channel, state): number for channel, state, number in connection.execute(asked)}


def piled(connection: Connection) -> list[tuple[str, str, int, datetime]]:
    """Return what waits or was given up, by channel and state: how many, and since when the oldest."""
    c = message.c
    states = [*_WAITING, State.DEAD.value]
    asked = select(c.channel, c.state, func.count(), func.min(c.at)).where(c.state.in_(states))
    rows = connection.execute(asked.group_by(c.channel, c.state))
    return [(channel, state, number, instant(at)) for channel, state, number, at in rows]


def listed(
    connection: Connection,
    *,
    states: Collection[State] = (),
    area: str = "",
    channels: Collection[str] = (),
    posts: Collection[str] | None = None,
    ids: Collection[int] | None = None,
    read_by: datetime | None = None,
    versions: Collection[int] | None = None,
    most: int = 200,
) -> list[Message]:
    """Return the newest messages that fit; what is left empty does not narrow.

    Parameters
    ----------
    read_by
        Only what was to be read by that time, and after which nobody has called.
    versions
        Of the entries that they come from.
    """
    asked = select(message).where(*_wanted(states, area, channels, posts, ids, read_by))
    if versions is not None:
        asked = asked.where(message.c.version.in_(sorted(versions)))
    rows = connection.execute(asked.order_by(message.c.id.desc()).limit(most)).mappings()
    return [_message(row) for row in rows]


def count(connection: Connection, *, states: Collection[State], area: str, channels: Collection[str], posts: Collection[str]) -> int:  # fmt: skip
    """Count the messages that fit."""
    asked = select(func.count()).select_from(message).where(*_wanted(states, area, channels, posts, None, None))
    return int(connection.execute(asked).scalar_one())


def receipts(connection: Connection, area: str, versions: Collection[int], kind: str) -> dict[int, tuple[int, int]]:
    """Count, for entries of one kind, to how many posts they were told, and how many of those read it."""
    c = message.c
    asked = (
        select(c.version, func.count(), func.count(c.read))
        .where(c.area == area, c.version.in_(versions), c.kind == kind, c.channel == APP)
        .group_by(c.version)
    )
    return {version: (told, read) for version, told, read in connection.execute(asked)}


def last_of(connection: Connection, area: str, kind: str) -> datetime | None:
    """Return when a message of a kind was last made; None for never."""
    found = connection.execute(select(func.max(message.c.at)).where(message.c.area == area, message.c.kind == kind))
    number = found.scalar()
    return None if number is None else instant(number)


# What persons do


def mark(
    writing: Writing, area: str, ids: Iterable[int], act: str, *, by: Actor, at: datetime, done: datetime | None = None
) -> int:
    """Note that messages were read, that somebody called whom they were for, or copied their text; each once, each in the history. Return how many those were.

    Parameters
    ----------
    act
        ``read``, ``call`` or ``copy``.
    done
        When it was, where that is before it became known: a phone had no signal.
    """
    column, channel, state = _MARKS[act]
    connection, c = writing.connection, message.c
    asked = select(c.id, c.kind).where(c.area == area, c.id.in_(sorted(ids)), c.channel == channel, c[column].is_(None))
    found = list(connection.execute(asked.order_by(c.id)))
    for id_, kind in found:
        values: dict[str, Any] = {column: milliseconds(done or at)}
        if state and (act, kind) != (READ, RECEIPT):
            values["state"] = state.value
        connection.execute(update(message).where(c.id == id_).values(values))
        writing.enter(area, SUBJECT, str(id_), act, post=by, at=at, after={column: values[column]})
    return len(found)


def forget(writing: Writing, area: str, *, before: datetime, at: datetime) -> int:
    """Delete the messages of an area that are older than a time, and return how many; the history says up to which."""
    c, connection = message.c, writing.connection
    last = connection.execute(select(func.max(c.id)).where(c.area == area, c.at < milliseconds(before))).scalar()
    if last is None:
        return 0
    young = select(func.min(c.id)).where(c.area == area, c.at >= milliseconds(before))
    last = min(last, (connection.execute(young).scalar() or last + 1) - 1)
    gone = int(connection.execute(delete(message).where(c.area == area, c.id <= last)).rowcount)
    if gone:
        writing.enter(area, SUBJECT, area, ERASED, post="", at=at, after={"upto": last, "erased": gone})
    return gone


_OUT = (State.SENT.value, State.DELIVERED.value)
_WAITING = tuple(state.value for state in WAITING)
# Act -> the column that it sets, in which channel, and the state that follows.
_MARKS: Mapping[str, tuple[str, str, State | None]] = {
    READ: ("read", APP, State.READ),
    CALLED: ("called", APP, None),
    COPIED: ("read", TEXT, State.READ),
}


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a message may be sent now."""
    c, at = message.c, milliseconds(now)
    return c.state.in_(_WAITING), c.channel.not_in(INSIDE), c.due <= at, c.claimed <= at


def _wanted(  # noqa: PLR0917
    states: Collection[State],
    area: str,
    channels: Collection[str],
    posts: Collection[str] | None,
    ids: Collection[int] | None,
    read_by: datetime | None,
) -> list[ColumnElement[bool]]:
    c = message.c
    found: list[ColumnElement[bool]] = [c.area == area] if area else []
    for column, values in ((c.state, [state.value for state in states]), (c.channel, list(channels))):
        if values:
            found.append(column.in_(values))
    if posts is not None:
        found.append(c.post.in_(sorted(posts)))
    if ids is not None:
        found.append(c.id.in_(sorted(ids)))
    if read_by is not None:
        found += [c.read_by <= milliseconds(read_by), c.called.is_(None)]
    return found


def _inserting(connection: Connection, table: Any) -> Any:
    """Return what inserts into a table, as the database can do with a row that is there."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _row(one: Message) -> dict[str, Any]:
    times = ("at", "since", "due", "sent", "read_by", "read", "called")
    plain = ("area", "version", "subject", "number", "kind", "post", "contact", "channel", "key", "attempts", "error", "receipt")  # fmt: skip
    found = {name: getattr(one, name) for name in times}
    return {
        **{name: getattr(one, name) for name in plain},
        **{name: None if time is None else milliseconds(time) for name, time in found.items()},
        "state": one.state.value,
        "claim": "",
        "claimed": 0,
    }


def _message(row: Mapping[Any, Any]) -> Message:
    plain = ("area", "version", "subject", "number", "kind", "post", "contact", "channel", "attempts", "error", "receipt", "id")  # fmt: skip
    return Message(
        **{name: row[name] for name in plain},
        at=instant(row["at"]),
        since=instant(row["since"]),
        due=instant(row["due"]),
        state=State(row["state"]),
        sent=_time(row["sent"]),
        read_by=_time(row["read_by"]),
        read=_time(row["read"]),
        called=_time(row["called"]),
    )


def _time(number: int | None) -> datetime | None:
    return None if number is None else instant(number)
