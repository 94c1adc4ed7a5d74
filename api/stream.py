"""``/stream/{area}``: the live data as server-sent events. What is saved is worked out once for all who look the same way, and told to each of them at once.

A stream begins with what changed since the reader last looked (or all there is), as ``/live/{area}`` answers it, and goes on with what changes, as ``delta`` events of the same form; of the grids, only
those that changed. A ``beat`` says now and then that nothing did. It ends by itself when the session is over, when who looks sees another part, or when the net is another one: who reads comes back and
is told what is so then. While the ledger cannot be read there is no beat, so that no screen shows old data as fresh.

``/stream/{area}/version`` tells no more than that cases changed, for pages that read what is so by themselves: nothing is worked out for it.
"""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from api.answers import SAFE, failure
from api.identity import room as room_of
from api.identity import who as who_asks
from api.live import Seen, answer, seen_of, stamp
from desk.access.entrance import VISITOR
from desk.room import Room
from desk.rooms import Rooms
from geo.errors import BattlemapError, FilterError, LedgerError, TooOften
from incidents.access import Who
from reports import figures
from reports.figures import Filter

LOG = logging.getLogger(__name__)
LOOK = 0.1  # seconds between two looks at what was saved
SELDOM = 1.0  # seconds between two while the database says when something was
BREATH = 0.05  # seconds from one to the next where much is saved, so that it is told together
BEAT = 1.5  # seconds of silence after which a stream says that nothing happened
AGAIN = 5.0  # seconds between two looks at who looks
BEHIND = 32  # events that one who reads may be behind; then the stream ends, and they begin anew
MOST = 24  # streams of one session
RETRY = 5  # seconds after which one who has too many may try again
MEDIA = "text/event-stream"
HEADERS = {**SAFE, "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}

Whose = Callable[[str, datetime], Who | None]
Told = dict[str, Any]
States = Mapping[str, Mapping[str, str]]


@dataclass(eq=False)
class _Group:
    """All who look at an area the same way, and what they were told last; those who want no picture hear of its version."""

    room: Room
    wanted: Filter | None
    told: Told | None = None
    readers: set["_Reader"] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def is_behind(self, version: int, now: datetime) -> bool:
        """Tell whether something was saved, or a minute passed, since they were told."""
        if self.told is None or version > self.told["version"]:
            return True
        if self.wanted is None:
            return False
        return figures.minute(self.room, now) != figures.minute(self.room, datetime.fromisoformat(self.told["served"]))

    def news(self, now: datetime) -> tuple[Told, Told]:
        """Return what is so now, and what of it changed since they were told last."""
        before = self.told
        found = self.look(
            seen_of({**before, "since": str(before["version"]), "at": before["served"]}) if before else None, now
        )
        if before is None or self.wanted is None or found["reset"]:
            return found, found
        told = dict(found)
        told["turned"] = turned(before["grids"], told.pop("grids"))
        return found, told

    def look(self, seen: Seen | None, now: datetime) -> Told:
        """Return what is so now, for one who has seen that."""
        if self.wanted is None:
            return {"version": self.room.version(), **stamp(self.room, now)}
        return answer(self.room, self.wanted, seen, now)

    def tell(self, found: Told, told: Told) -> None:
        """Tell them; whoever was told, and what counts as told, change in one step."""
        self.told, said = found, event("delta", told)
        for reader in self.readers:
            reader.tell(said)

    def end(self) -> None:
        """End their streams."""
        for reader in self.readers:
            reader.tell(None)


@dataclass(eq=False)
class _Reader:
    """One who reads, and what they have not read yet; None ends their stream."""

    session: str
    events: "asyncio.Queue[bytes | None]" = field(default_factory=asyncio.Queue)

    def tell(self, event: bytes | None) -> None:
        """Tell them; one who has not read for long begins anew."""
        if event is None or self.events.qsize() >= BEHIND:
            self.forget()
            event = None
        self.events.put_nowait(event)

    def forget(self) -> None:
        """Forget what they have not read."""
        while not self.events.empty():
            self.events.get_nowait()

    async def next(self) -> bytes | None:
        """Return what they are told next; b"" when nothing happened for a while."""
        try:
            return await asyncio.wait_for(self.events.get(), BEAT)
        except TimeoutError:
            return b""


class Streams:
    """The streams of a process: all who read, in groups that look the same way.

    Parameters
    ----------
    rooms
        Where they look.
    whose
        Returns whose a session is now; None when it is over.
    """

    def __init__(self, rooms: Rooms, whose: Whose) -> None:
        self._rooms, self._whose = rooms, whose
        self._groups: dict[tuple[Room, Filter | None], _Group] = {}
        self._work: asyncio.Task[None] | None = None
        self._is_well = True  # whether the ledger could be read at the last look
        self.is_over = False  # the console stops: nobody reads any more

    async def events(self, request: Request, *, pictured: bool = True) -> AsyncGenerator[bytes]:
        """Yield the events of one who reads; ``pictured`` is whether they want more than the version.

        Raises
        ------
        BattlemapError
            Before the first of them: as ``/live/{area}``, and TooOften for one who has too many streams.
        """
        reader = _Reader(who_asks(request).session)
        wanted = Filter.from_query(request.query_params) if pictured else None
        seen = seen_of(request.query_params)
        room = await run_in_threadpool(_room, request, self._rooms)
        if self._reading(reader.session) >= MOST:
            raise TooOften(f"This session has {MOST} streams. Close a window, or ask /live.", RETRY)
        group = self._groups.setdefault((room, wanted), _Group(room, wanted))
        group.readers.add(reader)
        try:
            yield event("delta", await self._first(group, reader, seen))
            if self.is_over:
                return
            self._begin()
            looked = time.monotonic()
            while (told := await reader.next()) is not None:
                if time.monotonic() - looked > AGAIN:
                    if not await run_in_threadpool(self._looks_still, request, group):
                        return
                    looked = time.monotonic()
                if told or self._is_well:
                    yield told or event("beat", stamp(room, datetime.now(UTC)))
        finally:
            group.readers.discard(reader)
            if not group.readers and self._groups.get((room, wanted)) is group:
                del self._groups[room, wanted]

    def sizes(self) -> tuple[int, int]:
        """Return how many read, and in how many groups."""
        groups = list(self._groups.values())
        return sum(len(group.readers) for group in groups), len(groups)

    def end(self) -> None:
        """End every stream, and those that are just being opened: the console stops."""
        self.is_over = True
        for group in self._groups.values():
            group.end()

    def _reading(self, session: str) -> int:
        """Count the streams of a session; everybody who only looks at a demonstration shares one."""
        if session == VISITOR:
            return 0
        return sum(reader.session == session for group in self._groups.values() for reader in group.readers)

    async def _first(self, group: _Group, reader: _Reader, seen: Seen | None) -> Told:
        """Return what changed since somebody looked, of the same version as what the others know, so that the next event follows on both. They are told nothing where they know it."""
        async with group.lock:
            while True:
                now = datetime.now(UTC)
                first = await run_in_threadpool(group.look, seen, now)
                if group.told and first["version"] == group.told["version"]:
                    reader.forget()  # what the others were told meanwhile
                    return first
                await self._renew(group)

    async def _renew(self, group: _Group) -> None:
        group.tell(*await run_in_threadpool(group.news, datetime.now(UTC)))

    def _looks_still(self, request: Request, group: _Group) -> bool:
        """Tell whether who reads may still look, at the same part of the same net."""
        try:
            found = self._whose(who_asks(request).session, datetime.now(UTC))
            if found is None or not found.can("wall"):
                return False
            request.state.who = found
            return _room(request, self._rooms) == group.room
        except LedgerError as error:  # it cannot be read just now, and there is nothing to tell either
            LOG.info("%s", error)
            return True
        except BattlemapError:  # the area is gone, or theirs no more
            return False

    def _begin(self) -> None:
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._run())

    async def _run(self) -> None:
        """Look what was saved, as long as anybody reads: at once when we hear of it, and now and then in any case."""
        woken, loop = asyncio.Event(), asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop is over
                loop.call_soon_threadsafe(woken.set)

        with self._rooms.ledger.hearing(wake) as hears:
            while self._groups:
                self._is_well = await self._tell()
                await asyncio.sleep(BREATH)
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), SELDOM if hears() else LOOK)
                woken.clear()

    async def _tell(self) -> bool:
        """Tell what was saved; return whether it could be read."""
        try:
            await self._look()
        except LedgerError as error:  # asked again in a moment
            if self._is_well:
                LOG.warning("Nothing can be told: %s", error)
            return False
        except Exception:  # whatever it is, the streams go on
            LOG.exception("What changed could not be told")
            return False
        return True

    async def _look(self) -> None:
        groups = list(self._groups.values())
        versions = await run_in_threadpool(_versions, {group.room.whole for group in groups})
        for group in groups:
            if group.is_behind(versions[group.room.id], datetime.now(UTC)):
                try:
                    async with group.lock:
                        await self._renew(group)
                except LedgerError:  # so it is with all of them
                    raise
                except FilterError:  # a class is gone, or too much came: who asks anew is told
                    group.end()
                except Exception:  # of this group alone: the others go on
                    LOG.exception("What changed in %s could not be told to some", group.room.id)
                    group.end()


def routes(streams: Streams) -> list[Route]:
    """Return the routes of the streams."""

    async def stream(request: Request) -> Response:
        return await answered(request, pictured=True)

    async def version(request: Request) -> Response:
        return await answered(request, pictured=False)

    async def answered(request: Request, *, pictured: bool) -> Response:
        events = streams.events(request, pictured=pictured)
        try:
            first = await anext(events)
        except BattlemapError as error:
            return failure(request, error)
        if request.method == "HEAD":
            await events.aclose()
            return Response(headers=HEADERS, media_type=MEDIA)
        return _Stream(streams, _after(first, events), headers=HEADERS, media_type=MEDIA)

    return [Route("/stream/{area}", stream), Route("/stream/{area}/version", version)]


class _Stream(StreamingResponse):
    """A stream, which a stop may cut off without a trace in the log: whoever reads asks again."""

    def __init__(self, streams: Streams, content: AsyncIterator[bytes], **kwargs: Any) -> None:
        super().__init__(content, **kwargs)
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except asyncio.CancelledError:
            if not self._streams.is_over:
                raise


def event(name: str, data: Mapping[str, Any]) -> bytes:
    """Return one event as it is sent."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


def turned(before: States, after: States) -> States:
    """Return which grids look different, by level and overlay; "" for one that is neutral now."""
    found = {
        key: {code: states.get(code, "") for code in {*states, *before.get(key, {})} if states.get(code) != before.get(key, {}).get(code)}
        for key, states in after.items()
    }  # fmt: skip
    return {key: codes for key, codes in found.items() if codes}


async def _after(first: bytes, events: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    async with aclosing(events):  # and not whenever the garbage is collected
        yield first
        async for one in events:
            yield one


def _room(request: Request, rooms: Rooms) -> Room:
    return room_of(request, rooms, datetime.now(UTC), patience=0)


def _versions(rooms: Collection[Room]) -> Mapping[str, int]:
    return {room.id: room.version() for room in rooms}
