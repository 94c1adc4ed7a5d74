"""The areas that this console serves: found at the door, loaded when first asked for, each fault kept to its own area."""

import logging
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

import data
from geo.errors import BattlemapError, PackError
from layers.load import Area, load

LOG = logging.getLogger(__name__)
PATIENCE = 30.0  # seconds for which one who asks waits while another loads


@dataclass(frozen=True)
class Broken:
    """An area that could not be loaded.

    Attributes
    ----------
    message, faults
        Why, without the path of this machine: visitors read it.
    seen
        What its folder looked like; when that changes, loading is tried again.
    """

    message: str
    faults: tuple[str, ...]
    seen: frozenset[tuple[str, int, int]]


class Areas:
    """The area packs of one console. Safe for threads: an area is loaded once, by whoever asks first; a broken one again when its files change."""

    def __init__(self, packs: tuple[Path, ...], first: str, patience: float = PATIENCE) -> None:
        self._packs, self._first, self._patience = packs, first, patience
        self._lock = Lock()
        self._locks: dict[str, Lock] = {}
        self._loaded: dict[str, Area | Broken] = {}

    def names(self) -> list[str]:
        """List the names of the areas, the default one first."""
        found = list(data.available(self._packs))
        return sorted(found, key=lambda name: name != self._first)

    def folders(self) -> dict[str, Path]:
        """Return the folder of each area's pack, by name."""
        return data.available(self._packs)

    def get(self, name: str) -> Area:
        """Return an area.

        Raises
        ------
        UnknownArea
            There is no such pack.
        PackError
            The pack cannot be read; the message says why, and other areas go on. A new one each time, for an exception keeps the frames that it passed.
        """
        path = data.path(name, self._packs)
        found = self._loaded.get(name)
        if not isinstance(found, Area):
            found = self._load(name, path)
        if isinstance(found, Broken):
            raise PackError(found.message, found.faults)
        return found

    def _load(self, name: str, path: Path) -> Area | Broken:
        with self._lock:
            lock = self._locks.setdefault(name, Lock())
        if not lock.acquire(timeout=self._patience):
            raise PackError(f"{name} is still being read. Ask again in a moment.")
        try:
            found = self._loaded.get(name)
            if found is None or (isinstance(found, Broken) and found.seen != _looks(path)):
                found = self._loaded[name] = _read(path)
            return found
        finally:
            lock.release()


def _read(path: Path) -> Area | Broken:
    looks = _looks(path)
    try:
        return load(path)
    except BattlemapError as error:
        LOG.warning("%s", error)
        faults = error.faults if isinstance(error, PackError) else ()
        message = str(error).removesuffix("".join(f"\n  - {fault}" for fault in faults))
        said = [text.replace(str(path), path.name) for text in (message, *faults)]
        return Broken(said[0], tuple(said[1:]), looks)
    except Exception as error:  # whatever a pack holds, the other areas go on
        LOG.exception("%s cannot be read.", path)
        return Broken(f"{path.name} cannot be read ({type(error).__name__}); the console's log says more.", (), looks)


def _looks(path: Path) -> frozenset[tuple[str, int, int]]:
    """Return name, size and time of every file of a folder, or nothing of one that cannot be looked into."""
    try:
        files = [(str(file), file.stat()) for file in path.rglob("*") if file.is_file()]
    except OSError:
        return frozenset()
    return frozenset((name, status.st_size, status.st_mtime_ns) for name, status in files)


@lru_cache(maxsize=8)
def areas_of(packs: tuple[Path, ...], first: str) -> Areas:
    """Return the areas of some folders, the same object each time, so that all doors of a process share what was loaded."""
    return Areas(packs, first)
