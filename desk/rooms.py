"""All rooms of a console: the areas that it serves, over one ledger. A room that is opened for the first time begins with what its pack brings along.

To begin takes a moment, up to a minute on a fresh machine, where the kernels of the locator are compiled first. It happens in a thread of its own, so that pages need not wait for it: they show the net at
once, say how far it is (`Rooms.beginning`), and go on by themselves.
"""

import logging
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Event, Lock, Thread

from desk.begin import EMPTY, begin, beginning
from desk.room import Room
from desk.rules import Settings, rules_of, settings_of
from geo.errors import BattlemapError, Beginning
from layers.areas import Areas, areas_of
from layers.load import Area
from ledger import find, retention
from ledger.store import Ledger, open_ledger

LOG = logging.getLogger(__name__)
GRACE = 1.0  # seconds for which the first who asks waits, since most packs are written by then


class _Opening:
    """A room that is open, or begins.

    Attributes
    ----------
    over
        Set when it has begun, or could not.
    parts
        How many are written, and how many there are; 0 of 0 where nobody can tell.
    error
        Why it could not begin.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.over = Event()
        self.parts = 0, 0
        self.error: Exception | None = None

    @property
    def is_open(self) -> bool:
        return self.over.is_set() and self.error is None

    def begin(self, now: datetime, *, demo: bool) -> None:
        """Write what the room begins with."""
        try:
            LOG.info("%s begins: %s", self.room.id, begin(self.room, now, demo=demo, progress=self._count))
        except Exception as error:  # noqa: BLE001  whoever asks is told
            self.error = error
        finally:
            self.over.set()

    def _count(self, done: int, of: int) -> None:
        self.parts = done, of


class Rooms:
    """Rooms by name, opened when they are first asked for."""

    def __init__(self, areas: Areas, ledger: Ledger, rules: Path | None = None, *, demo: bool = True) -> None:
        self.areas, self.ledger, self.rules = areas, ledger, rules
        self._demo = demo
        self._lock = Lock()  # of _locks
        self._locks: dict[str, Lock] = {}
        self._openings: dict[str, _Opening] = {}

    def names(self) -> list[str]:
        """List the names of the areas, the default one first."""
        return self.areas.names()

    def opened(self) -> list[Room]:
        """List the rooms that somebody has opened and that have begun."""
        return [opening.room for opening in list(self._openings.values()) if opening.is_open]

    def get(self, name: str, now: datetime) -> Room:
        """Return a room, once it has begun.

        Raises
        ------
        UnknownArea, PackError, RulesError, LedgerError
            It cannot be opened; other rooms are not affected.
        """
        opening = self._opening(name, now)
        opening.over.wait()
        return self._entered(name, opening)

    def look(self, name: str, now: datetime) -> Room:
        """Return a room at once, even one that has only just started to begin: until that is over its ledger holds nothing.

        Raises
        ------
        UnknownArea, PackError, RulesError, LedgerError
            As `get`; of a room that could not begin, to one who asks, and the next one has it tried again.
        """
        opening = self._opening(name, now)
        return self._entered(name, opening) if opening.over.is_set() else opening.room

    def beginning(self, name: str, patience: float = 0) -> Beginning | None:
        """Return how far a room is that begins, and has not begun after so many seconds; None of any other."""
        opening = self._openings.get(name)
        if opening is None or opening.over.wait(patience):
            return None
        return Beginning(f"{name} is being prepared for its first use. Ask again in a moment.", *opening.parts)

    def settings(self) -> dict[str, Settings | BattlemapError]:
        """Return the settings of the desk for every area of which the ledger holds anything, opened or not; an error where they cannot be read."""
        with self.ledger.reading() as connection:
            names = retention.areas(connection)
        folders = self.areas.folders()
        return {name: _settings(folders.get(name), self.rules) for name in names}

    def _opening(self, name: str, now: datetime) -> _Opening:
        """Return a room that is open or begins; whoever asks first opens it."""
        area = self.areas.get(name)
        opening = self._openings.get(name)
        if opening is None or opening.room.area is not area:
            with self._lock:
                lock = self._locks.setdefault(name, Lock())
            with lock:  # of this room alone: the others stay open
                opening = self._openings.get(name)
                if opening is None or opening.room.area is not area:
                    opening = self._openings[name] = self._open(area, now)
        return opening

    def _open(self, area: Area, now: datetime) -> _Opening:
        opening = _Opening(Room(area, rules_of(area.pack, self.rules), self.ledger))
        with self.ledger.reading() as connection:
            begun = find.begun(connection, area.id)
        if begun:
            opening.over.set()
        elif beginning(opening.room, demo=self._demo) == EMPTY:
            opening.begin(now, demo=self._demo)
        else:
            work = Thread(
                target=opening.begin, args=(now,), kwargs={"demo": self._demo}, name=f"begin {area.id}", daemon=True
            )
            work.start()
            opening.over.wait(GRACE)
        return opening

    def _entered(self, name: str, opening: _Opening) -> Room:
        """Return the room of what is over; where it could not begin, forget it, so that it is tried again, and say why."""
        if opening.error is None:
            return opening.room
        with self._locks[name]:
            if self._openings.get(name) is opening:
                del self._openings[name]
        raise opening.error


def _settings(folder: Path | None, rules: Path | None) -> Settings | BattlemapError:
    try:
        return settings_of(folder, rules)
    except BattlemapError as error:
        return error


@lru_cache(maxsize=4)
def rooms_of(  # noqa: PLR0917  the key of a cache
    packs: tuple[Path, ...],
    first: str,
    data_dir: Path,
    database_url: str,
    rules: Path | None,
    demo: bool,  # noqa: FBT001
) -> Rooms:
    """Return the rooms of some settings, the same object each time, so that all doors of a process share areas and ledger.

    Raises
    ------
    LedgerError
        The ledger cannot be opened.
    """
    return Rooms(areas_of(packs, first), open_ledger(data_dir, database_url), rules, demo=demo)
