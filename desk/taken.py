"""What leaves the console leaves a trace: every file and every print is a line of the audit trail, with counts and the filter, never with contents."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from desk.access.trail import Trail
from desk.room import Room
from geo.errors import TableError
from incidents.access import Who
from incidents.text import strike_names

EXPORT, PRINT = "export", "print"


def taken(
    room: Room, act: str, who: Who | None, now: datetime, *, what: str, data: Mapping[str, Any], address: str = "", local: bool = False
) -> None:  # fmt: skip
    """Write the line, before anything is handed out.

    Parameters
    ----------
    act
        ``export`` or ``print``.
    what
        The file, the case, or the sheet.
    data
        Counts, and the filter as an address writes it; people in its words are struck out.
    local
        Whether it was done at the command line of the machine.

    Raises
    ------
    LedgerError
        It cannot be written: nothing may be handed out.
    """
    said = {name: _struck(value) for name, value in data.items()}
    Trail(room.ledger).write(act, who, area=room.id, what=what, address=address, data=said, local=local, now=now)


def require_few(room: Room, rows: int) -> None:
    """Ask for no more rows than one file may hold.

    Raises
    ------
    TableError
        They are more than ``export_rows``.
    """
    most = room.rules.settings.export_rows
    if rows > most:
        raise TableError(
            f"{rows:,} rows are more than the {most:,} that one file may hold (export_rows of desk.toml). Narrow the filter."
        )


def _struck(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _struck(one) for name, one in value.items()}
    return strike_names(value) if isinstance(value, str) else value
