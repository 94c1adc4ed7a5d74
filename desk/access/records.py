"""The ledger as the rooms of access read it: what was read counts for a second, and a change here forgets all of it at once."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeVar

from desk.access.trail import Trail
from ledger.store import Ledger
from ledger.writing import Writing

T = TypeVar("T")
FRESH = timedelta(seconds=1)  # so long what was read counts as true: what one process revokes is over in all of them
KEPT = 10_000  # things that are remembered for that second


class Records:
    """What accounts, sessions, walls and failed log-ins are read from and written to.

    Attributes
    ----------
    trail
        The audit trail of the same ledger: every change is one transaction together with its line.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.trail = ledger, Trail(ledger)
        self._lock = Lock()  # of what follows
        self._lately: dict[str, tuple[datetime, Any]] = {}

    def reading(self) -> AbstractContextManager[Any]:
        """Yield a connection that sees one moment of the ledger."""
        return self.ledger.reading()

    def change(self, work: Callable[[Writing], T]) -> T:
        """Do some work on the ledger; nothing that was read before counts any more."""
        try:
            return self.ledger.change(work)
        finally:
            with self._lock:
                self._lately.clear()

    def lately(self, name: str, now: datetime, look: Callable[[Any], T]) -> T:
        """Return what a look into the ledger found, as it was within the last second.

        Parameters
        ----------
        name
            Of what is looked for; two looks of one name find the same kind of thing.
        """
        with self._lock:
            known = self._lately.get(name)
        if known and abs(now - known[0]) < FRESH:
            found: T = known[1]
            return found
        with self.reading() as connection:
            seen = look(connection)
        with self._lock:
            if len(self._lately) >= KEPT:
                self._lately.clear()
            self._lately[name] = (now, seen)
        return seen
