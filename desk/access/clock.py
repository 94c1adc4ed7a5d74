"""The clock, as far as access hangs on it: set back, it never lets anybody stay longer (docs/accounts.md)."""

import logging
from datetime import datetime, timedelta
from threading import Lock

from desk.access.records import Records
from ledger import audit, sessions
from ledger.tables import instant
from ledger.writing import Writing

LOG = logging.getLogger(__name__)
SLACK = timedelta(seconds=60)  # by which a clock may go back: clocks are set right now and then


class Clock:
    """The latest time that this process, the audit trail or any session knows of."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._lock = Lock()  # of `_latest`
        self._latest: datetime | None = None
        self._turned = 0  # line of the audit trail in which the clock was last set back

    def watch(self, now: datetime) -> None:
        """End every session when the clock was set back by more than `SLACK`, in this process or while none ran."""
        with self._lock:
            latest = self._latest
        if latest is None:
            with self._records.reading() as connection:
                self._turned = audit.last(connection, audit.CLOCK)
                latest = instant(max(audit.ends(connection).at, sessions.latest(connection)))
        if latest - now > SLACK:
            self._turn_back(latest, now)
            latest = now
        with self._lock:
            self._latest = max(latest, now)

    def _turn_back(self, latest: datetime, now: datetime) -> None:
        turned, seconds, key = self._turned, round((latest - now).total_seconds()), self._records.ledger.key

        def work(writing: Writing) -> tuple[int, int | None]:
            connection = writing.connection
            found = audit.last(connection, audit.CLOCK)
            if found > turned:  # another process has seen it
                return found, None
            ended = sessions.turn_back(connection, latest=latest, now=now)
            data = {"seconds": seconds, "sessions": ended}
            return audit.append(connection, key, audit.CLOCK, None, now=now, data=data), ended

        self._turned, ended = self._records.change(work)
        if ended is not None:
            LOG.warning(
                "The clock was set back by %s: %d sessions ended, everybody logs in again.", latest - now, ended
            )
