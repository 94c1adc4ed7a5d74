"""Listening on a port: says where, names a port that is taken, and stops at once."""

import errno
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from geo.errors import SettingsError

PATIENCE = 2  # seconds that open connections get when the server stops
PING = 20  # seconds between the pings of a websocket
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  what a user may ask for
TAKEN = {errno.EADDRINUSE: "is taken by another program", errno.EACCES: "needs administrator's rights"}


def run(app: ASGIApp, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve an app until it is told to stop.

    Parameters
    ----------
    say
        Is handed the address, once it is listened on.

    Raises
    ------
    SettingsError
        The address cannot be listened on.
    """
    listening = listen(host, port)
    say(f"http://{'localhost' if host in {*EVERYWHERE, '127.0.0.1'} else host}:{port}")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
        ws="websockets-sansio",
        ws_ping_interval=PING,
        ws_ping_timeout=PING,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        listening.close()


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
