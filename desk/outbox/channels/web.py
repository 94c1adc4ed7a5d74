"""One request to an address that the administrator saved: no redirects, no proxies, by https but for this machine, and never longer than a deadline, however slowly it answers."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from threading import Event, Timer
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from desk.outbox.book import checked_url
from desk.outbox.channels.outcome import Unsent
from geo.errors import ChannelError

SECONDS = 10.0  # for all of it
LATE = "The receiver did not answer in time."
LARGEST = 64 * 1024  # bytes of an answer that are read
# The receiver refuses this message, and would do so again.
REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Return the answer as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def request(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], *, seconds: float = SECONDS
) -> Answer:
    """Send one request, and return an answer of 200 to 299.

    Raises
    ------
    Unsent
        The address cannot be used, nobody answers in time, or the answer is another one.
    """
    connection, began = _connection(url, seconds), monotonic()
    try:
        connection.connect()
        with _hanging_up(connection.sock, seconds) as cut:
            parts = urlsplit(url)
            target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            found = Answer(answer.status, answer.read(LARGEST))
            if cut.is_set():
                raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unsent(LATE if monotonic() - began >= seconds else _meaning(error)) from None
    finally:
        connection.close()
    if not HTTPStatus.OK <= found.status < HTTPStatus.MULTIPLE_CHOICES:
        raise Unsent(f"The receiver answered {found.status}.", for_good=found.status in REFUSED)
    return found


def _connection(url: str, seconds: float) -> http.client.HTTPConnection:
    try:
        parts = urlsplit(checked_url(url))
    except ChannelError as error:
        raise Unsent(str(error), for_good=True) from None
    host = parts.hostname or ""
    if parts.scheme == "https":
        return http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, parts.port, timeout=seconds)


@contextmanager
def _hanging_up(sock: socket.socket, seconds: float) -> Iterator[Event]:
    """Yield what is set when the line was cut: after some seconds, for a receiver that sends a letter now and then would never let go by itself."""
    cut = Event()
    timer = Timer(seconds, _cut, [sock, cut])
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()


def _cut(sock: socket.socket, cut: Event) -> None:
    cut.set()
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _meaning(error: Exception) -> str:
    """Say why a request failed; the words of a library may hold the address, ours do not."""
    if isinstance(error, TimeoutError):
        return LATE
    if isinstance(error, ssl.SSLError):
        return f"The receiver's certificate or TLS does not hold ({error.reason or 'TLS'})."
    if isinstance(error, socket.gaierror):
        return "The receiver's name is not known to the network."
    if isinstance(error, ConnectionRefusedError):
        return "The receiver does not listen."
    return f"The connection broke ({type(error).__name__})."
