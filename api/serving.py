"""Listening on a port: says where, names a port that is taken, hears nobody out for ever, and stops at once."""

import asyncio
import errno
import socket
import ssl
import sys
from asyncio import sslproto
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, cast

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from geo.errors import SettingsError

PATIENCE = 2  # seconds that open connections get when the server stops
PING = 20  # seconds between the pings of a websocket
HEARING = 15  # seconds in which a connection must have said what it wants
LEAST = 4096  # bytes of a body that come in that time; no network in use is slower
# Seconds for which a thread that works may keep the others waiting each time that they have read a row; at Python's own 0.005 what is quick takes four times as long beside three scripts, at this one scripts take 1/20 longer.
TURN = 0.001
CONNECTIONS = 8192  # open files to ask the system for; its own 1024 are soon taken by connections that say nothing
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  what a user may ask for
TAKEN = {errno.EADDRINUSE: "is taken by another program", errno.EACCES: "needs administrator's rights"}
HANDSHAKE = b"\x16"  # what a connection by TLS begins with
SPEAK_TLS = (
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: {length}\r\n"
    "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n\r\n"
)
SAY_HTTPS = "请在地址前写上 https://，本平台只接受加密连接。\nWrite https:// before the address: this console takes encrypted connections only.\n"


def run(
    app: ASGIApp,
    host: str,
    port: int,
    say: Callable[[str], None],
    *,
    tls: ssl.SSLContext | None = None,
    proxies: Sequence[str] = (),
    ending: Callable[[], None] | None = None,
) -> None:
    """Serve an app until it is told to stop.

    Parameters
    ----------
    say
        Is handed the address, once it is listened on.
    tls
        What to speak https with; None for http.
    proxies
        Addresses and networks of proxies whose word is taken for who asks and by which scheme; nobody else's is.
    ending
        Called when it is told to stop, before it waits for what is being answered.

    Raises
    ------
    SettingsError
        The address cannot be listened on.
    """
    _allow_connections()
    sys.setswitchinterval(TURN)
    listening = listen(host, port)
    named = "localhost" if host in {*EVERYWHERE, "127.0.0.1"} else host
    say(f"http{'s' if tls else ''}://{named}:{port}")
    try:
        server(app, tls, proxies, ending).run(sockets=[listening])
    finally:
        listening.close()


class Server(uvicorn.Server):
    """A server that ends what would never end by itself before it waits for it."""

    def __init__(self, config: uvicorn.Config, ending: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._ending = ending

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        if self._ending:
            self._ending()
        await super().shutdown(sockets)


def server(
    app: ASGIApp,
    tls: ssl.SSLContext | None = None,
    proxies: Sequence[str] = (),
    ending: Callable[[], None] | None = None,
) -> uvicorn.Server:
    """Return a server of an app, as `run` runs it."""
    door = partial(Door, context=tls) if tls else Hearing
    config = uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", door),  # uvicorn calls it, and no more
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        timeout_graceful_shutdown=PATIENCE,
        ws="websockets-sansio",
        ws_ping_interval=PING,
        ws_ping_timeout=PING,
    )
    return Server(config, ending)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises SettingsError, which says why it cannot."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise SettingsError(
            f"{host!r} is no address of this machine: {error}. Set BATTLEMAP_HOST or --host."
        ) from error
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        why = TAKEN.get(error.errno or 0, f"cannot be listened on ({error.strerror})")
        raise SettingsError(f"Port {port} on {host} {why}. Choose another with --port or BATTLEMAP_PORT.") from error
    return listening


def _allow_connections() -> None:
    """Ask the system for as many open files as it lets us have, up to ours."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  there is none on Windows, and no such limit

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = CONNECTIONS if hard == resource.RLIM_INFINITY else min(CONNECTIONS, hard)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class Hearing(H11Protocol):
    """A connection by http that is closed when it says nothing, or little by little, or takes no answer; uvicorn would wait for ever."""

    _heard = 0  # bytes

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to hear."""
        super().connection_made(transport)
        self._hear(None, 0)

    def data_received(self, data: bytes) -> None:
        """Count what is heard."""
        self._heard += len(data)
        super().data_received(data)

    def _hear(self, seen: object, heard: int) -> None:
        """Close the connection if it is where it was at the last look: nothing begun, an answer not taken, a body that hardly grows or goes on after its answer."""
        try:
            left, taken_over = self.transport.get_write_buffer_size(), self.transport.get_protocol() is not self
        except (
            AttributeError
        ):  # of TLS, and closed twice: asyncio has forgotten what is behind it, and ends that by itself
            return
        if taken_over or (self.transport.is_closing() and not left):
            return  # by a websocket; or it is over
        state = self.cycle, self.conn.their_state, left
        begun_nothing = self.conn.their_state is h11.IDLE
        slow = self._heard - heard < LEAST and not self.flow.read_paused
        drips = self.conn.their_state is h11.SEND_BODY and (slow or self.conn.our_state is h11.DONE)
        if state == seen and (begun_nothing or drips or left):
            self.transport.abort()
            return
        self.loop.call_later(HEARING, self._hear, state, self._heard)


class Door(asyncio.Protocol):
    """A connection to a port of https: one that speaks TLS is handed on, one that speaks http is told to write https.

    Parameters
    ----------
    context
        What to speak TLS with.
    said
        What uvicorn hands a connection.
    """

    def __init__(self, *, context: ssl.SSLContext, **said: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self._context, self._said = context, said

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first bytes, and not for ever."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._end = self._loop.call_later(HEARING, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Look at the first bytes, and hand the connection to who can answer it."""
        self._end.cancel()
        if data.startswith(HANDSHAKE):
            self._shake_hands(data)
        else:
            self._transport.write(_speak_tls())
            self._transport.close()

    def _shake_hands(self, data: bytes) -> None:
        waiter: asyncio.Future[None] = self._loop.create_future()
        waiter.cancel()  # nobody waits
        behind = sslproto.SSLProtocol(
            self._loop, Hearing(**self._said), self._context, waiter, server_side=True, ssl_handshake_timeout=HEARING
        )
        self._transport.set_protocol(behind)
        behind.connection_made(self._transport)
        behind.get_buffer(len(data))[: len(data)] = data
        behind.buffer_updated(len(data))

    def connection_lost(self, _error: Exception | None) -> None:
        """Wait no longer."""
        self._end.cancel()


def _speak_tls() -> bytes:
    text = SAY_HTTPS.encode()
    return SPEAK_TLS.format(length=len(text)).encode() + text
