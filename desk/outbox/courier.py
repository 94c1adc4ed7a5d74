"""The courier: looks every few seconds, and when something changed, what the history tells, and sends it, beside everything else and in nobody's way.

One thread looks; for each thing that messages wait for (a host, the mail server, the gateway) there is at most one thread that sends. One that hangs holds up its own alone.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from desk.outbox import timers
from desk.outbox.book import Book
from desk.outbox.deliver import Clock, Sender, lanes
from desk.outbox.derive import derive
from desk.outbox.rules import OutboxRules, outbox_rules
from desk.room import Room
from geo.errors import BattlemapError
from ledger import outbox
from ledger.outbox import Message

LOG = logging.getLogger(__name__)
EVERY = 3.0  # seconds
PAUSE = 0.2  # seconds after a look, so that a busy ledger is not looked at without end
TIMERS = timedelta(seconds=30)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(eq=False)
class Courier:
    """Derives and sends, until it is told to stop.

    Attributes
    ----------
    every
        Seconds between two looks where nothing changes.
    """

    sender: Sender
    every: float = EVERY
    clock: Clock = utc_now
    _seen: int = -1
    _timed: datetime | None = None
    _told: set[str] = field(default_factory=set)
    _lanes: dict[tuple[str, str], Thread] = field(default_factory=dict)
    _stopped: Event = field(default_factory=Event)

    def run(self) -> None:
        """Go on until `stop`."""
        moved = self.sender.ledger.moved
        while not self._stopped.is_set():
            moved.clear()
            self._quietly("outbox", self.look)
            self._quietly("outbox", self.start)
            if not self._stopped.wait(PAUSE):
                moved.wait(self.every)

    def stop(self) -> None:
        """Begin nothing more; what is being sent is cut off by nobody, and its claim runs out where it is not finished."""
        self._stopped.set()
        self.sender.ledger.moved.set()

    def look(self) -> int:
        """Derive what the history tells since the last look, and what time brings; return how many entries were looked at."""
        now = self.clock()
        return self._derive(now) + self._time(now)

    def start(self) -> None:
        """Let threads send what may be sent now, but for what waits behind something that is being sent."""
        found = lanes(self.sender.ready(self.clock()), self.sender.books.read())
        for lane, messages in found.items():
            running = self._lanes.get(lane)
            if running is None or not running.is_alive():
                name = f"outbox {' '.join(lane).strip()}"
                self._lanes[lane] = Thread(target=self._send, args=(messages,), name=name, daemon=True)
                self._lanes[lane].start()

    def _send(self, messages: list[Message]) -> None:
        for first in messages:
            if self._stopped.is_set():
                return
            self._quietly(first.area, lambda first=first: self.sender.line(first, self.clock, self._goes_on))  # type: ignore[misc]
        self.sender.ledger.moved.set()  # more may have come meanwhile

    def _goes_on(self) -> bool:
        return not self._stopped.is_set()

    def _derive(self, now: datetime) -> int:
        head = self.sender.ledger.version()
        if head == self._seen:
            return 0
        with self.sender.ledger.reading() as connection:
            since = self._seen if self._seen >= 0 else outbox.lowest(connection)
            moved = outbox.moved(connection, since)
        looked, failed = 0, False
        for area in self.sender.rooms.names():
            if area in moved:
                done = self._in_room(area, now, self._all)
                failed, looked = failed or done is None, looked + (done or 0)
        if not failed:
            self._seen = head
        return looked

    def _all(self, room: Room, rules: OutboxRules, book: Book, now: datetime) -> int:
        looked = 0
        while not self._stopped.is_set() and (done := derive(room, rules, book, now)):
            looked += done
        return looked

    def _time(self, now: datetime) -> int:
        if self._timed is not None and timedelta(0) <= now - self._timed < TIMERS:
            return 0
        self._timed = now
        with self.sender.ledger.reading() as connection:
            unread = outbox.unread_in(connection, now)
        areas = {room.id for room in self.sender.rooms.opened()} | (unread & set(self.sender.rooms.names()))
        return sum(self._in_room(area, now, timers.take) or 0 for area in sorted(areas))

    def _in_room(
        self, area: str, now: datetime, work: Callable[[Room, OutboxRules, Book, datetime], int]
    ) -> int | None:
        """Do something in a room; None where it cannot be, which is said once and holds up no other."""

        def done() -> int:
            room = self.sender.rooms.get(area, now)
            rules = outbox_rules(room.area.pack.folder, self.sender.rooms.rules)
            return work(room, rules, self.sender.books.read(), now)

        return self._quietly(area, done)

    def _quietly(self, what: str, work: Callable[[], int | None]) -> int | None:
        try:
            done = work()
        except BattlemapError as error:
            if what not in self._told:
                LOG.warning("%s: no messages: %s", what, error)
            self._told.add(what)
            return None
        except Exception:  # whatever it is, the courier goes on
            if what not in self._told:
                LOG.exception("%s: no messages", what)
            self._told.add(what)
            return None
        self._told.discard(what)
        return done or 0
