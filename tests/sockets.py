"""A websocket against an ASGI app, without a network."""

import asyncio
from contextlib import asynccontextmanager, suppress


class Socket:
    """One connection: what is said to the app, and what it says."""

    def __init__(self, path, *, cookie="", headers=(), host="localhost:8501", client="127.0.0.1"):
        own = [(b"host", host.encode()), (b"origin", f"http://{host}".encode())]
        self.scope = {
            "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws", "path": path, "raw_path": path.encode(), "query_string": b"",
            "root_path": "", "headers": [*own, *([(b"cookie", cookie.encode())] if cookie else []), *headers], "client": (client, 1), "server": ("127.0.0.1", 8501), "subprotocols": [],
        }  # fmt: skip
        self.after_close = []

    @asynccontextmanager
    async def open(self, app):
        self._inward, self._outward, self._over = asyncio.Queue(), asyncio.Queue(), asyncio.Event()
        await self._inward.put({"type": "websocket.connect"})
        running = asyncio.create_task(app(self.scope, self._inward.get, self._heard))
        try:
            first = await asyncio.wait_for(self._outward.get(), 30)
            self.accepted = first["type"] == "websocket.accept"
            yield self
        finally:
            await self._inward.put({"type": "websocket.disconnect", "code": 1000})
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(running, 10)

    async def shake(self, app):
        """Open and close it; tell whether it was accepted."""
        async with self.open(app):
            return self.accepted

    async def says(self, data):
        """Say something, and return the answer."""
        await self._inward.put({"type": "websocket.receive", "bytes": data})
        return (await asyncio.wait_for(self._outward.get(), 10))["bytes"]

    async def closed(self):
        """Wait until the app closes it; return the code."""
        while (message := await self._outward.get())["type"] != "websocket.close":
            pass
        return message["code"]

    async def _heard(self, message):
        if self._over.is_set():
            self.after_close.append(message)
        if message["type"] == "websocket.close":
            self._over.set()
        await self._outward.put(message)
