"""Hearing of what others commit: with PostgreSQL each commit sends a notice (NOTIFY), and one connection of the process waits for them (LISTEN).

A notice says no more than that something changed: whoever is woken looks what. Nothing depends on it, for it may come late or never, while the connection is being mended or
behind a proxy that does not hand it on.
"""

import logging
from collections.abc import Callable
from contextlib import closing
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine

from ledger.statements import driven

LOG = logging.getLogger(__name__)
CHANNEL = "battlemap"
WAIT = 1.0  # seconds after which it looks whether it is to stop
SILENCE = 30  # such waits without a notice, after which the connection is asked whether it still answers
LONGEST = 30.0  # seconds between two tries to connect; the first comes after `WAIT`


class Listener:
    """A connection that listens, in a thread of its own; one that breaks is replaced, after a while that grows with each failure.

    Parameters
    ----------
    wake
        Called, in that thread, when somebody committed, and when it began or ceased to hear of that.

    Attributes
    ----------
    is_well
        Whether every commit is heard of now.
    """

    def __init__(self, engine: Engine, wake: Callable[[], None]) -> None:
        self._engine, self._wake = engine, wake
        self._stopped = Event()
        self.is_well = False

    def __enter__(self) -> Self:
        """Begin to listen."""
        if self._engine.dialect.name == "postgresql":
            Thread(target=self._run, name="listener", daemon=True).start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop within `WAIT`; nobody waits for that."""
        self._stopped.set()

    def _run(self) -> None:
        pause = WAIT
        while not self._stopped.is_set():
            try:
                self._listen()
            except self._engine.dialect.loaded_dbapi.Error as error:
                pause = WAIT if self.is_well else min(2 * pause, LONGEST)
                LOG.info("Changes of others are looked for, not heard of: %s", error)
            except Exception:  # whatever it is, one goes on looking
                pause = LONGEST
                LOG.exception("Changes of others are looked for, not heard of")
            if self.is_well:
                self._say(is_well=False)
            self._stopped.wait(pause)

    def _listen(self) -> None:
        """Listen until it is to stop, or the connection breaks."""
        dialect: Any = self._engine.dialect
        where, how = dialect.create_connect_args(self._engine.url)
        with closing(dialect.connect(*where, **how, autocommit=True)) as connection:  # of none of the pool's
            connection.execute(f"LISTEN {CHANNEL}")
            self._say(is_well=True)
            silent = 0
            while not self._stopped.is_set():
                heard = list(connection.notifies(timeout=WAIT, stop_after=1))
                silent = 0 if heard else silent + 1
                if heard:
                    self._wake()
                elif silent % SILENCE == 0:
                    connection.execute("SELECT 1")

    def _say(self, *, is_well: bool) -> None:
        self.is_well = is_well
        self._wake()  # something may have been missed


def notify(connection: Connection) -> None:
    """Have whoever listens told once this transaction is committed; SQLite tells nobody."""
    if connection.dialect.name == "postgresql":
        driven(connection, f"NOTIFY {CHANNEL}")
