"""Asking an ASGI app without a network."""

import asyncio
import gzip
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.requests import ClientDisconnect


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        return body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def ask(
    app, address: str, *, method: str = "GET", chunks: Sequence[bytes] = (b"",), scheme: str = "http", **headers: str
) -> Answer:
    """Ask for an address; headers are named with _ for -, ``chunks`` are the parts of the body."""
    path, _, query = address.partition("?")
    sent = {"host": "localhost:8501", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8501),
    }
    return asyncio.run(_answer(app, scope, list(chunks)))


async def _answer(app, scope: dict[str, Any], chunks: list[bytes]) -> Answer:
    start: dict[str, Any] = {}
    body = bytearray()

    async def receive() -> dict[str, Any]:
        chunk = chunks.pop(0) if chunks else b""
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message.get("body", b""))
            if any(value.startswith(b"text/event-stream") for _, value in start["headers"]) and start["status"] == 200:
                raise OSError("who asked has read the first event, and goes")

    with suppress(ClientDisconnect):
        await app(scope, receive, send)
    return Answer(
        start["status"], {name.decode().lower(): value.decode() for name, value in start["headers"]}, bytes(body)
    )
