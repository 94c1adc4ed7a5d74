"""When batches are written and taken in by themselves: a setting in the data folder (``bridge.json``) that the console's own clock follows, so that no other program has to be set up."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from desk.bridge import crossing
from desk.bridge.batch import SUFFIX
from desk.bridge.crossing import Taken, Written
from desk.room import Room
from geo.errors import BridgeError, LedgerError
from ledger import bridge, files

LOG = logging.getLogger(__name__)
FILE, FOLDER = "bridge.json", "bridge"
LONGEST = 7 * 24 * 60  # minutes
KEPT = timedelta(days=30)  # that a file lies where it was written, or put aside


@dataclass(frozen=True)
class Plan:
    """Where batches of an area go and come from, and every how many minutes; 0 for whenever somebody says so."""

    out: Path
    into: Path
    every: int = 0


def plan_of(folder: Path, area: str) -> Plan:
    """Return the plan of an area; where none was made, two folders beside the ledger, and by hand.

    Parameters
    ----------
    folder
        Of the ledger.

    Raises
    ------
    LedgerError
        The file of plans cannot be read.
    """
    said = _read(folder).get(area, {})
    own = folder / FOLDER / area
    try:
        return Plan(Path(said.get("out", own / "out")), Path(said.get("in", own / "in")), int(said.get("every", 0)))
    except (AttributeError, TypeError, ValueError) as error:
        raise _broken(folder, error) from error


def keep(folder: Path, area: str, plan: Plan) -> None:
    """Keep the plan of an area; the console follows it within a minute.

    Raises
    ------
    BridgeError
        Both folders are one, or the time is none.
    LedgerError
        It cannot be written.
    """
    if plan.out.resolve() == plan.into.resolve():
        raise BridgeError(f"{plan.out} cannot be both ways at once. Name two folders.", "form")
    if not 0 <= plan.every <= LONGEST:
        raise BridgeError(f"Every {plan.every} minutes cannot be; give 1 to {LONGEST}, or 0 for by hand.", "form")
    said = {
        **_read(folder),
        area: {"out": str(plan.out.resolve()), "in": str(plan.into.resolve()), "every": plan.every},
    }
    try:
        files.write(folder / FILE, json.dumps(said, ensure_ascii=False, indent=2).encode())
    except OSError as error:
        raise LedgerError(f"{folder / FILE} cannot be written: {error.strerror}.") from error


@dataclass
class Timetable:
    """Follows the plans of a process; it knows when it did so last."""

    _last: dict[str, datetime] = field(default_factory=dict)

    def follow(self, room: Room, now: datetime) -> tuple[list[Taken], Written | None] | None:
        """Take in and write what is due in a room, and return what that was; None where nothing is due.

        Raises
        ------
        BridgeError, LedgerError
            A folder or file cannot be used.
        """
        plan, last = plan_of(room.ledger.folder, room.id), self._last.get(room.id)
        if not plan.every or (last and timedelta(0) <= now - last < timedelta(minutes=plan.every)):
            return None
        with room.ledger.reading() as connection:
            if bridge.line_of(connection, room.id) is None:
                return None
        self._last[room.id] = now
        tidy(plan, now)
        taken = crossing.take_all(room, plan.into, now) if plan.into.is_dir() else []
        for one in taken:
            if one.error:
                LOG.warning("%s: %s was put aside: %s", room.id, one.file, one.error)
        return taken, crossing.write(room, plan.out, now, anew=False)


def tidy(plan: Plan, now: datetime) -> int:
    """Delete the files that were written or put aside long ago, and return how many; what waits to be taken in stays."""
    folders = (plan.out, plan.into / crossing.TAKEN, plan.into / crossing.REFUSED)
    old = [path for folder in folders for path in folder.glob(f"*{SUFFIX}") if _written(path) < now - KEPT]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _written(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _read(folder: Path) -> Mapping[str, Any]:
    try:
        said = json.loads((folder / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise _broken(folder, error) from error
    if not isinstance(said, dict):
        raise _broken(folder, "it holds no object")
    return said


def _broken(folder: Path, why: object) -> LedgerError:
    return LedgerError(f"{folder / FILE} cannot be read ({why}). Delete it, and run `battlemap bridge schedule` again.")
