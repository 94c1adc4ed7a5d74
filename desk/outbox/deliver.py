"""Sending: a message is claimed, put into words, sent, and how that went is written; what fails is tried again by the rules, at last it is a dead letter."""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import random
from typing import Protocol

from desk.outbox import channels
from desk.outbox.book import Book, Books
from desk.outbox.calls import waiting
from desk.outbox.channels import Letter, Outcome, Unsent
from desk.outbox.rules import OutboxRules, outbox_rules
from desk.outbox.storms import held_back, is_too_many
from desk.outbox.words import UNREAD, words
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import BattlemapError, ChannelError
from ledger import outbox
from ledger.outbox import SUMMARY, Message, State
from ledger.store import Ledger

LOG = logging.getLogger(__name__)
LEASE = timedelta(minutes=2)  # longer than any channel takes; whoever holds a claim and is killed loses it then
Clock = Callable[[], datetime]


class Send(Protocol):
    """Sends a letter by a channel; raises Unsent."""

    def __call__(self, channel: str, book: Book, letter: Letter, now: datetime) -> Outcome:
        """Send it."""


@dataclass(frozen=True, eq=False)
class Sender:
    """Sends the messages of all areas.

    Attributes
    ----------
    name
        By which it claims: another one for every process.
    """

    rooms: Rooms
    books: Books
    language: str
    send: Send = channels.send
    chance: Callable[[], float] = random
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def ledger(self) -> Ledger:
        """The ledger of all areas."""
        return self.rooms.ledger

    def ready(self, now: datetime) -> list[Message]:
        """Return the first message of every line that may be sent now."""
        with self.ledger.reading() as connection:
            return outbox.ready(connection, now)

    def line(self, first: Message, clock: Clock, going: Callable[[], bool] = lambda: True) -> int:
        """Send the messages of a line one after the other until one fails, or somebody else sends them; return how many went."""
        sent, one = 0, first
        while going():
            done = self.one(one, clock)
            if done is None or done.state not in {State.SENT, State.DELIVERED, State.DEAD, State.HELD}:
                return sent
            sent += done.state in {State.SENT, State.DELIVERED}
            with self.ledger.reading() as connection:
                following = outbox.ready(connection, clock(), line=first.line, most=1)
            if not following:
                return sent
            one = following[0]
        return sent

    def all(self, clock: Clock) -> int:
        """Send whatever may be sent now, in this thread, and return how many went."""
        return sum(self.line(first, clock) for first in self.ready(clock()))

    def one(self, message: Message, clock: Clock) -> Message | None:
        """Send one message, and return how it stands; None where somebody else claimed it."""
        now = clock()
        if not self.ledger.change(lambda writing: outbox.claim(writing, message.id, self.name, now=now, until=now + LEASE)):  # fmt: skip
            return None
        rules = outbox_rules(None, self.rooms.rules)
        try:
            room = self.rooms.get(message.area, now)
            rules = outbox_rules(room.area.pack.folder, self.rooms.rules)
            if is_too_many(room, rules, message, now):
                done = replace(message, state=State.HELD, due=now)
            else:
                done = self._sent(room, message, now)
        except Unsent as error:
            done = self._failed(message, rules, error, clock())
        except Exception as error:  # noqa: BLE001  whatever it is, the line goes on later
            LOG.warning("Message %s (%s, %s) was not sent: %s", message.id, message.kind, message.channel, type(error).__name__)  # fmt: skip
            why = error if isinstance(error, BattlemapError) else f"Internal fault ({type(error).__name__})."
            done = self._failed(message, rules, Unsent(str(why)), clock())
        self.ledger.change(lambda writing: outbox.settle(writing, done, self.name))
        return done

    def _sent(self, room: Room, message: Message, now: datetime) -> Message:
        book = self.books.read()
        outcome = self.send(message.channel, book, letter(room, book, message, self.language, now), now)
        state = State.DELIVERED if outcome.delivered else State.SENT
        done = replace(message, state=state, attempts=message.attempts + 1, sent=now, receipt=outcome.receipt, error="")
        return replace(done, due=now)  # by which what went out of an area is counted, however long it waited

    def _failed(self, message: Message, rules: OutboxRules, error: Unsent, now: datetime) -> Message:
        attempts = message.attempts + 1
        due = now + rules.retry.after(attempts, self.chance())
        is_over = error.for_good or due - message.since > rules.retry.patience
        state = State.DEAD if is_over else State.FAILED
        return replace(message, state=state, attempts=attempts, due=due, error=str(error))


def letter(room: Room, book: Book, message: Message, language: str, now: datetime) -> Letter:
    """Return a message in words, with the address that it goes to."""
    many = (
        len(waiting(room, now))
        if message.kind == UNREAD
        else held_back(room, message, now)
        if message.kind == SUMMARY
        else 0
    )
    said = words(room, message, language, console=book.console, many=many)
    return Letter(
        message.key, message.kind, room.id, message.number, message.post, message.at, said.subject, said.text, said.link,
        book.contact(room.id, message.contact),
    )  # fmt: skip


def try_out(book: Book, area: str, name: str, channel: str, *, text: str, now: datetime, send: Send = channels.send) -> Outcome:  # fmt: skip
    """Send a text that says that it is a test to an address of the book.

    Raises
    ------
    ChannelError
        There is no such address, or it did not go; says why.
    """
    if not book.reaches(area, name, channel):
        raise ChannelError(f"{name} has no address for {channel} in {area}, or the channel is not set up.", "address")
    made = Letter(
        secrets.token_hex(16), "test", area, "", name, now, text, text, book.console, book.contact(area, name)
    )
    try:
        return send(channel, book, made, now)
    except Unsent as error:
        raise ChannelError(str(error), "unsent") from None


def lanes(messages: Sequence[Message], book: Book) -> dict[tuple[str, str], list[Message]]:
    """Sort messages by what they wait for: a host, the mail server, the gateway. One that hangs holds up no other."""
    found: dict[tuple[str, str], list[Message]] = {}
    for one in messages:
        hook = book.contact(one.area, one.contact).webhook
        host = (_host(hook.url) if hook else "") if one.channel == "webhook" else ""
        found.setdefault((one.channel, host), []).append(one)
    return found


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].lower()
