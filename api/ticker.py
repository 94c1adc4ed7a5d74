"""What happens by itself while the console runs: the steps of deadlines, once a minute, the erasure of what is past its time, once a day, messages, all the time, and the files of a bridge, as its plan says."""

import gc
import logging
from asyncio import to_thread
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import count
from threading import Event, Thread
from typing import Any

from desk import clock, steps
from desk.access.rules import identity_of
from desk.bridge.schedule import Timetable
from desk.demo import air as demo_air
from desk.demo import sheets as demo_sheets
from desk.inspections import clock as findings
from desk.inspections import expiring
from desk.orders import clock as orders
from desk.outbox.courier import Courier
from desk.patrols import clock as patrols
from desk.people import retention
from desk.rooms import Rooms
from desk.visits import clock as visits
from desk.warnings import clock as warnings
from desk.whistle import clock as whistles
from geo.errors import BattlemapError
from ledger import heads
from reports.sheet_frozen import drawn_up

LOG = logging.getLogger(__name__)
EVERY = 60  # seconds
HOURLY = 60  # ticks
PATIENCE = 2  # seconds that a running tick gets when the console stops


def lifespan(
    rooms: Rooms, *, every: float = EVERY, courier: Courier | None = None
) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """Return the lifespan of an app that ticks while it serves, and sends messages where there is a courier; several processes at one ledger do each thing once."""

    @asynccontextmanager
    async def living(_app: Any) -> AsyncIterator[None]:
        stopped = Event()
        thread = Thread(target=_run, args=(rooms, stopped, every), name="ticker", daemon=True)
        thread.start()
        messages = Thread(target=courier.run, name="courier", daemon=True) if courier else None
        if messages:
            messages.start()
        try:
            yield
        finally:
            stopped.set()
            if courier and messages:
                courier.stop()
                await to_thread(messages.join, PATIENCE)
            await to_thread(thread.join, PATIENCE)  # so that no step is half-way when the ledger closes

    return living


def tick(rooms: Rooms, now: datetime) -> int:
    """Take the steps that are due in every room that is open, and return how many; a room that cannot is logged and does not hold up the others."""
    taken = 0
    for room in rooms.opened():
        try:
            taken += steps.take(room, now) + whistles.take(room, now) + orders.take(room, now)
            taken += visits.take(room, now) + patrols.take(room, now)
            taken += findings.take(room, now) + expiring.take(room, now) + warnings.take(room, now)
            taken += demo_sheets.take(room, now, drawn_up) + demo_air.take(room, now)
        except BattlemapError as error:
            LOG.warning("%s: %s", room.id, error)
        except Exception:  # whatever it is, the clock goes on
            LOG.exception("%s: its deadlines could not be looked at", room.id)
    return taken


def _run(rooms: Rooms, stopped: Event, every: float) -> None:
    noted = note_head(rooms, datetime.now(UTC), "start")
    _open_first(rooms)
    settle()
    told, timetable = tell_clock(rooms, datetime.now(UTC), frozenset()), Timetable()
    for number in count(1):
        if stopped.wait(every):
            return
        tick(rooms, datetime.now(UTC))
        cross(rooms, timetable, datetime.now(UTC))
        told = tell_clock(rooms, datetime.now(UTC), told)
        retain(rooms, datetime.now(UTC))
        if number % HOURLY == 0:
            noted = note_head(rooms, datetime.now(UTC), "hour", since=noted)


def cross(rooms: Rooms, timetable: Timetable, now: datetime) -> None:
    """Take in and write what is due on the bridge of every room that is open and has one; a room that cannot is logged and does not hold up the others."""
    for room in rooms.opened():
        try:
            timetable.follow(room, now)
        except BattlemapError as error:
            LOG.warning("%s: the bridge: %s", room.id, error)
        except Exception:  # whatever it is, the clock goes on
            LOG.exception("%s: its bridge could not be crossed", room.id)


def tell_clock(rooms: Rooms, now: datetime, told: frozenset[str]) -> frozenset[str]:
    """Warn of each area whose ledger has entries later than now, once until the clock is right again; return those areas."""
    found = {}
    for room in rooms.opened():
        with suppress(Exception):  # whatever it is, the tick has said it, and the clock goes on
            found[room.id] = clock.behind(room, now)
    for area, latest in found.items():
        if latest and area not in told:
            LOG.warning(
                "The clock of this machine says %s, the latest entry of %s %s: it went back. Set the clock; what is written meanwhile keeps its order and carries the wrong time.",
                now.isoformat(timespec="seconds"),
                area,
                latest.isoformat(timespec="seconds"),
            )
    return frozenset(area for area, latest in found.items() if latest)


def retain(rooms: Rooms, now: datetime) -> bool:
    """Erase what is past its time, once a day, and tell whether it was time; whatever goes wrong is logged, and tried again."""
    try:
        report = retention.daily(rooms.ledger, rooms.settings, identity_of(rooms.rules), now)
    except BattlemapError as error:
        LOG.warning("Nothing was erased: %s", error)
        return False
    except Exception:  # whatever it is, the clock goes on
        LOG.exception("What is past its time could not be erased")
        return False
    for area, why in report.failed.items() if report else ():
        LOG.warning("%s: nothing was erased, for its rules cannot be read: %s", area, why)
    return report is not None


def note_head(rooms: Rooms, now: datetime, why: str, *, since: int = 0) -> int:
    """Write where the history ends into heads.log, so that what is cut off or rewritten later is found; nothing where it has not moved. Return its version."""
    try:
        head = rooms.ledger.head()
        if head.version > since:
            heads.note(rooms.ledger.folder, head, why, now=now)
    except BattlemapError as error:  # a read-only disk: the console serves all the same
        LOG.warning("%s", error)
        return since
    return head.version


def settle() -> None:
    """Leave what is loaded by now out of every later collection of garbage.

    Streamlit collects all generations after each run of a script, for which the whole process stands still; with all packages and an area in memory that took half of
    the time in which anything of ours ran at all (`benchmarks/bench_stream.py`), and screens waited.
    """
    gc.collect()
    gc.freeze()


def _open_first(rooms: Rooms) -> None:
    """Open the room that most visitors want, so that the first of them does not wait for it."""
    names = rooms.names()
    try:
        if names:
            room, now = rooms.get(names[0], datetime.now(UTC)), datetime.now(UTC)
            demo_sheets.take(room, now, drawn_up)
            demo_air.take(room, now)
    except Exception as error:  # noqa: BLE001  its page says why
        LOG.warning("%s cannot be opened yet: %s", names[0], error)
