"""The audit trail (审计日志), as it is written and read: who came in, looked, took out and changed what. The rows and their chain are `ledger.audit`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from incidents.access import Who
from ledger import audit, sessions
from ledger.audit import Line
from ledger.store import Ledger
from ledger.writing import Writing


class Trail:
    """The audit trail of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def write(
        self,
        act: str,
        who: Who | None,
        *,
        area: str = "",
        what: str = "",
        address: str = "",
        data: Mapping[str, Any] | None = None,
        local: bool = False,
        now: datetime,
    ) -> None:
        """Write a line by itself, durably; nothing secret belongs in it.

        Parameters
        ----------
        local
            Whether it was done at the command line of the machine.

        Raises
        ------
        ValueError
            The data name a secret.
        LedgerError
            It cannot be written: what it is about must not go on.
        """
        key = self._ledger.key
        self._ledger.change(
            lambda writing: audit.append(
                writing.connection,
                key,
                act,
                who,
                now=now,
                area=area,
                what=what,
                address=address,
                data=data,
                local=local,
            )
        )

    def note(
        self,
        writing: Writing,
        act: str,
        by: Who | None,
        now: datetime,
        *,
        what: str = "",
        address: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a line in the change that it is about. Nobody, from no address, is the command line; whoever is logged in acts from where they logged in."""
        local = by is None and not address
        if by is not None and not address:
            found = sessions.by_key(writing.connection, by.session)
            address = found.session.address if found else ""
        key = self._ledger.key
        audit.append(writing.connection, key, act, by, now=now, what=what, address=address, data=data, local=local)

    def read(self, **wanted: Any) -> list[Line]:
        """Return lines, the newest first; `ledger.audit.read` says by what they may be chosen."""
        with self._ledger.reading() as connection:
            return audit.read(connection, **wanted)

    def acts(self) -> list[str]:
        """Return every act of which there is a line."""
        with self._ledger.reading() as connection:
            return audit.acts(connection)

    def check(self, *, by: Who | None, now: datetime, address: str = "") -> list[str]:
        """Look whether the trail holds, write down that it was looked at and what was found, and return every place that does not hold."""
        with self._ledger.reading() as connection:
            found = [*audit.breaks(connection, self._ledger.key)]
            last = audit.ends(connection).number
        self.write("audit_checked", by, address=address, data={"breaks": len(found), "last": last}, now=now)
        return found
