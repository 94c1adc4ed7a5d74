"""All rooms of a console: the areas that it serves, over one ledger. A room that is opened for the first time begins with what its pack brings along."""

import logging
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock

from desk.begin import begin
from desk.room import Room
from desk.rules import Settings, rules_of, settings_of
from geo.errors import BattlemapError
from layers.areas import Areas, areas_of
from layers.load import Area
from ledger import find, retention
from ledger.store import Ledger, open_ledger

LOG = logging.getLogger(__name__)


class Rooms:
    """Rooms by name, opened when they are first asked for."""

    def __init__(self, areas: Areas, ledger: Ledger, rules: Path | None = None, *, demo: bool = True) -> None:
        self.areas, self.ledger, self.rules = areas, ledger, rules
        self._demo = demo
        self._lock = Lock()  # of _locks
        self._locks: dict[str, Lock] = {}
        self._open: dict[str, Room] = {}

    def names(self) -> list[str]:
        """List the names of the areas, the default one first."""
        return self.areas.names()

    def opened(self) -> list[Room]:
        """List the rooms that somebody has opened."""
        return list(self._open.values())

    def get(self, name: str, now: datetime) -> Room:
        """Return a room.

        Raises
        ------
        UnknownArea, PackError, RulesError, LedgerError
            It cannot be opened; other rooms are not affected.
        """
        area = self.areas.get(name)
        room = self._open.get(name)
        if room is None or room.area is not area:
            with self._lock:
                lock = self._locks.setdefault(name, Lock())
            with lock:  # of this room alone: one that begins takes its time, and the others stay open
                room = self._open.get(name)
                if room is None or room.area is not area:
                    room = self._open[name] = self._enter(area, now)
        return room

    def settings(self) -> dict[str, Settings | BattlemapError]:
        """Return the settings of the desk for every area of which the ledger holds anything, opened or not; an error where they cannot be read."""
        with self.ledger.reading() as connection:
            names = retention.areas(connection)
        folders = self.areas.folders()
        return {name: _settings(folders.get(name), self.rules) for name in names}

    def _enter(self, area: Area, now: datetime) -> Room:
        room = Room(area, rules_of(area.pack, self.rules), self.ledger)
        with self.ledger.reading() as connection:
            begun = find.begun(connection, area.id)
        if not begun:
            LOG.info("%s begins: %s", area.id, begin(room, now, demo=self._demo))
        return room


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
