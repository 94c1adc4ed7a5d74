"""The areas that this console serves: found at the door, loaded when first asked for, each fault kept to its own area."""

from functools import lru_cache
from pathlib import Path
from threading import Lock

import data
from geo.errors import BattlemapError
from layers.load import Area, load


class Areas:
    """The area packs of one console. Safe for threads: an area is loaded once, by whoever asks first."""

    def __init__(self, packs: tuple[Path, ...], first: str) -> None:
        self._packs, self._first = packs, first
        self._lock = Lock()
        self._locks: dict[str, Lock] = {}
        self._loaded: dict[str, Area | BattlemapError] = {}

    def names(self) -> list[str]:
        """List the names of the areas, the default one first."""
        found = list(data.available(self._packs))
        return sorted(found, key=lambda name: name != self._first)

    def get(self, name: str) -> Area:
        """Return an area.

        Raises
        ------
        UnknownArea
            There is no such pack.
        PackError
            The pack cannot be read; the message says why, and other areas go on.
        """
        path = data.path(name, self._packs)
        with self._lock:
            lock = self._locks.setdefault(name, Lock())
        with lock:
            if name not in self._loaded:
                try:
                    self._loaded[name] = load(path)
                except BattlemapError as error:
                    self._loaded[name] = error
        found = self._loaded[name]
        if isinstance(found, BattlemapError):
            raise found
        return found


@lru_cache(maxsize=8)
def areas_of(packs: tuple[Path, ...], first: str) -> Areas:
    """Return the areas of some folders, the same object each time, so that all doors of a process share what was loaded."""
    return Areas(packs, first)
