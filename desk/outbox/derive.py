"""From the history to messages: entries after the cursor are looked at once, and what the rules say of them is written in one change with the cursor.

What is read is read before the change, which only looks whether another process was faster: nobody waits for the ledger meanwhile.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

from desk.acts import next_above
from desk.outbox.alarms import answering
from desk.outbox.book import Book
from desk.outbox.rules import APP, DUTY, NIGHT, SMS, SMTP, TEXT, VOLUNTEER, WEBHOOK, OutboxRules, Tell
from desk.room import DISPATCHER, Room
from desk.whistle.people import approvers
from geo.errors import UnknownIncident, UnknownPost
from incidents.case import Incident
from incidents.lifecycle import Act, PostKind
from incidents.orders import Serve
from incidents.posts import Post
from incidents.whistles import Whistle
from ledger import find, outbox, rota, then
from ledger.emergencies import EVENT
from ledger.emergencies import STEP as LOGGED
from ledger.notices import ACKNOWLEDGE, WITHDRAW, versions
from ledger.notices import SUBJECT as NOTICE
from ledger.orders import SUBJECT as ORDER
from ledger.outbox import Derived, Message, State
from ledger.patrols import SUBJECT as PATROL
from ledger.tables import instant
from ledger.visits import SUBJECT as VISIT
from ledger.whistles import SUBJECT as WHISTLE
from ledger.whistles import Filed

INCIDENT = "incident"
DESKS = frozenset({Act.STEP.value, Act.HAND_OVER.value, Serve.NEXT.value})  # acts of the desk itself
# Subjects: who acts on one need not read what they were told of it.
DEALT_WITH = frozenset({INCIDENT, WHISTLE, ORDER, VISIT, PATROL})
AS_HEAD = frozenset({PostKind.FIRST_HEAD, PostKind.DEPUTY})
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """An entry of the history with what it says, and the case that it is about as it stood then; None for what is no case."""

    version: int
    subject: str
    number: str
    act: str
    post: str
    at: datetime
    said: Mapping[str, Any]
    case: Incident | None = None

    @classmethod
    def of(cls, row: Row, case: Incident | None) -> "Entry":
        """Read a row of the history."""
        said = {name: json.loads(row[name]) for name in ("data", "before", "after")}
        return cls(row["version"], row["subject"], row["key"], row["act"], row["post"], instant(row["at"]), said, case)

    def at_path(self, path: str) -> Any:
        """Return what the entry says at a path, ``data.kind``; None for nothing."""
        found: Any = self.said
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found


def derive(room: Room, rules: OutboxRules, book: Book, now: datetime, *, most: int = outbox.MOST) -> int:
    """Write what the next entries of an area tell, and return how many entries those were; 0 when there are none left, or another process was faster."""
    with room.ledger.reading() as connection:
        after = outbox.cursor(connection, room.id)
        rows = outbox.entries(connection, room.id, after, most=most)
        if not rows:
            return 0
        derived = _Deriving(room, rules, book, now, connection).of(rows)
    upto = int(rows[-1]["version"])
    put = partial(outbox.put, area=room.id, derived=derived, after=after, upto=upto)
    return 0 if room.ledger.change(put) is None else len(rows)


def messages(  # noqa: PLR0917  what a message is made of
    room: Room, rules: OutboxRules, book: Book, entry: Entry, tell: Tell, contacts: Mapping[str, str], now: datetime
) -> Iterator[Message]:
    """Yield the messages of one entry by one rule: for each post, by each channel of its kind at that hour.

    Parameters
    ----------
    contacts
        Key of a post -> by whose address it is reached.
    """
    hours = NIGHT if tell.loud else rules.hours(room, entry.at)
    is_stale = now - entry.at > rules.stale
    is_inside = is_stale or bool(entry.case and entry.case.demo)
    for key, contact in contacts.items():
        post = room.post(key)
        kind = DUTY if contact == DUTY else kind_of(post)
        wanted = rules.through(kind, hours)
        outside = [channel for channel in wanted if channel in {WEBHOOK, SMTP, SMS} and book.reaches(room.id, contact, channel)]  # fmt: skip
        copied = not outside and entry.subject != NOTICE  # its sender has one text for all
        inside = [channel for channel in wanted if channel == APP or (channel == TEXT and copied)]
        since = entry.at + tell.hold
        is_quiet = post.volunteer and contact != DUTY and not tell.loud
        sends = rules.quiet_until(room, since) if is_quiet else since
        for channel in [APP] if is_inside else [*inside, *outside]:
            due = since if channel in outbox.INSIDE else sends
            yield Message(
                room.id, entry.version, entry.subject, entry.number, tell.kind, key, contact, channel, entry.at, due, due,
                state=_state(channel, is_stale=is_stale), sent=entry.at if channel in outbox.INSIDE else None,
                read_by=entry.at + (tell.unread or rules.unread) if tell.must_read and channel == APP and not is_stale else None,
            )  # fmt: skip


def _state(channel: str, *, is_stale: bool) -> State:
    """Return how a message begins: in the console it is there, and of what is long past nobody has to take notice."""
    if channel not in outbox.INSIDE:
        return State.QUEUED
    return State.DONE if is_stale else State.SENT


def kind_of(post: Post) -> str:
    """Return by which line of the channels a post is reached."""
    if post.volunteer:
        return VOLUNTEER
    return PostKind.HEAD.value if post.kind in AS_HEAD else post.kind.value


def duty_post(room: Room, connection: Any, at: datetime) -> str:
    """Return the key of the post that is on duty, the dispatcher's when nobody is."""
    return rota.answering(connection, room.id, at) or DISPATCHER


@dataclass(frozen=True, eq=False)
class _Deriving:
    room: Room
    rules: OutboxRules
    book: Book
    now: datetime
    connection: Any

    def of(self, rows: Sequence[Row]) -> Derived:
        """Return what some entries of the area's history tell; those of an archive tell nothing."""
        if self.room.area.pack.archive:
            return Derived()
        told: list[Message] = []
        taken_back: set[int] = set()
        acted: set[tuple[str, str, int]] = set()
        for row in rows:
            if row["subject"] == INCIDENT and row["act"] == Act.UNDO.value:
                taken_back.add(outbox.before(self.connection, self.room.id, row["key"], row["version"]))
            if _is_acted(row):
                acted.add((row["key"], row["post"], row["version"]))
            if (row["subject"], row["act"]) == (NOTICE, WITHDRAW):
                taken_back |= versions(self.connection, self.room.id, int(row["key"])) - {row["version"]}
            told += self._told(row)
        return Derived(told, taken_back, acted)

    def _told(self, row: Row) -> Iterator[Message]:
        if not any((tell.subject, tell.act) == (row["subject"], row["act"]) for tell in self.rules.tell):
            return
        entry = Entry.of(row, self._case(row))
        hours = self.rules.hours(self.room, entry.at)
        for tell in self.rules.tell:
            if tell.fits(entry.subject, entry.act, partial(_look, entry, hours)):
                contacts = self._contacts(tell, entry)
                yield from messages(self.room, self.rules, self.book, entry, tell, contacts, self.now)

    def _case(self, row: Row) -> Incident | None:
        """Return the case of an entry as it stood then, so that the same is told whenever it is looked at."""
        if row["subject"] != INCIDENT:
            return None
        try:
            now = find.get(self.connection, self.room.id, row["key"])
        except UnknownIncident:
            return None
        return then.stood(self.connection, self.room.id, [now], row["version"]).get(row["key"])

    def _contacts(self, tell: Tell, entry: Entry) -> dict[str, str]:
        """Return who is told, by whose address; not who acted."""
        found: dict[str, str] = {}
        for name in tell.to:
            for key in self._posts(name, entry):
                if key and (key != entry.post or entry.act in DESKS) and self._is_post(key):
                    found[key] = DUTY if name == DUTY else found.get(key, key)
        return found

    def _posts(self, name: str, entry: Entry) -> Sequence[str]:
        if name == DUTY:
            return (duty_post(self.room, self.connection, entry.at),)
        if name == "centre":
            return (DISPATCHER,)
        if name == "place":
            return (
                answering(self.room, str(entry.at_path("after.building")), entry.at) if entry.subject == EVENT else ()
            )
        if name in OF_WHISTLE:
            return OF_WHISTLE[name](self.room, entry) if entry.subject == WHISTLE else ()
        if name in OF_CASE:
            return OF_CASE[name](self.room, entry) if entry.case else ()
        value = entry.at_path("data.to" if name == "told" else name)
        return [str(one) for one in value] if isinstance(value, list) else [str(value or "")]

    def _is_post(self, key: str) -> bool:
        try:
            self.room.post(key)
        except UnknownPost:
            return False
        return True


def _is_acted(row: Row) -> bool:
    """Tell whether an entry says that a post dealt with what it was told of."""
    if row["subject"] == NOTICE:
        return bool(row["act"] == ACKNOWLEDGE)
    if row["subject"] == EVENT:
        return bool(row["act"] == LOGGED)
    return row["subject"] in DEALT_WITH and row["act"] not in DESKS


def _look(entry: Entry, hours: str, path: str) -> str:
    """Return what stands at a path of an entry, as text."""
    if path == "hours":
        return hours
    if path.startswith("case."):
        found = getattr(entry.case, path.removeprefix("case."), None)
        return str(getattr(found, "value", found) or "")
    found = entry.at_path(path)
    return "" if found is None else str(found)


def _next_head(room: Room, entry: Entry) -> Sequence[str]:
    found = next_above(room, entry.case) if entry.case else None
    return (found[1].key if found else DISPATCHER,)


# Who is told, by what the case says of them.
OF_CASE = MappingProxyType(
    {
        "handler": lambda _room, entry: (entry.case.state.handler,),
        "answering": lambda _room, entry: (entry.case.post,),
        "informed": lambda _room, entry: (entry.case.informed,),
        "overdue": lambda _room, entry: (entry.case.overdue_post,),
        "reporter": lambda _room, entry: (entry.case.state.reporter,),
        "watchers": lambda _room, entry: entry.case.state.watchers,
        "next_head": _next_head,
    }
)


def _lead(entry: Entry) -> Sequence[str]:
    lead = _whistle(entry).lead
    return (lead.post,) if lead else ()


def _whistle(entry: Entry) -> Whistle:
    """Return a whistle as it stood when the entry was written."""
    return Whistle.from_json(entry.said["after"]["state"])


def _approvers(room: Room, entry: Entry) -> Sequence[str]:
    after = entry.said["after"]
    filed = Filed(room.id, _whistle(entry), after["lon"], after["lat"], line=after["line"])
    return [post.key for post in approvers(room, filed, entry.at)]


# Who is told, by what the whistle says of them.
OF_WHISTLE: Mapping[str, Callable[[Room, Entry], Sequence[str]]] = MappingProxyType(
    {
        "asker": lambda _room, entry: (_whistle(entry).asker,),
        "approver": lambda _room, entry: (_whistle(entry).approver,),
        "approvers": _approvers,
        "lead": lambda _room, entry: _lead(entry),
        "parties": lambda _room, entry: [party.post for party in _whistle(entry).active],
    }
)
