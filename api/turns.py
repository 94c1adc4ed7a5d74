"""Taking turns: slow work has a few threads of those that everybody shares, and a queue with an end."""

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.answers import failure
from geo.errors import TooOften

AT_ONCE = 8  # of the forty threads of a process; a storm of log-ins had all of them, and everybody else waited for half a minute
QUEUE = 24
WAIT = 5  # seconds after which to try again


class Turns:
    """A queue for work that takes long and that anybody may ask for: log-ins."""

    def __init__(self, at_once: int = AT_ONCE, queue: int = QUEUE) -> None:
        self._free, self._most, self._here = asyncio.Semaphore(at_once), at_once + queue, 0

    async def take(self, request: Request, work: Callable[..., Response], *said: Any) -> Response:
        """Do work in a thread when it is its turn; where too many wait, answer 429."""
        if self._here >= self._most:
            return failure(request, TooOften(f"Too many people log in at this moment. Try again in {WAIT} s.", WAIT))
        self._here += 1
        try:
            async with self._free:
                return await run_in_threadpool(work, *said)
        finally:
            self._here -= 1
