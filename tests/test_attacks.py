"""Attacks, against a console that really runs: what comes in without being let in, in whose name, in how many spellings, and how often."""

import socket
import threading
import time
from contextlib import contextmanager

import pytest
from chromium import PATIENCE
from starlette.responses import Response

from api import serving

# ------------------------------------------------------------------------------------------------ connections that hold on


@contextmanager
def listening(app):
    """Serve an app as the console is served; yields the port."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    server = serving.server(app)
    server.config.lifespan, server.config.timeout_keep_alive = "off", 0.1  # before HEARING, as where it is served
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield taken.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(timeout=PATIENCE)
        taken.close()


def is_cut(wire):
    """Wait until the other side ends a connection, whatever it said before; False if it does not."""
    try:
        while wire.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


async def reading(scope, receive, send):
    """Take the whole body, then answer."""
    while scope["type"] == "http" and (await receive()).get("more_body"):
        pass
    await Response("taken")(scope, receive, send)


async def hasty(scope, receive, send):
    """Answer before the body has come."""
    await Response("no", 413)(scope, receive, send)


POST = b"POST /log-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nname="


@pytest.mark.parametrize("app", [reading, hasty])
def test_a_body_that_comes_byte_by_byte_is_not_heard_out(monkeypatch, app):
    monkeypatch.setattr(serving, "HEARING", 0.3)
    with listening(app) as port, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as wire:
        wire.sendall(POST)
        stop = threading.Event()

        def drip():
            while not stop.wait(0.05):
                try:
                    wire.sendall(b"a")
                except OSError:
                    return

        dripping = threading.Thread(target=drip, daemon=True)
        dripping.start()
        assert is_cut(wire)
        stop.set()
        dripping.join()


def test_a_body_that_comes_in_good_time_is_heard_out(monkeypatch):
    monkeypatch.setattr(serving, "HEARING", 0.2)
    with listening(reading) as port, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as wire:
        wire.sendall(POST)
        for _ in range(20):
            time.sleep(0.05)
            wire.sendall(b"a" * 4999)
        wire.sendall(b"a" * 15)
        assert wire.recv(65536).startswith(b"HTTP/1.1 200")


def test_an_answer_that_nobody_takes_is_given_up(monkeypatch):
    gone = threading.Event()

    class Watched(serving.Hearing):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            gone.set()

    async def large(scope, receive, send):
        await Response(b"x" * 2**26)(scope, receive, send)

    monkeypatch.setattr(serving, "HEARING", 0.3)
    monkeypatch.setattr(serving, "Hearing", Watched)
    with listening(large) as port, socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert gone.wait(PATIENCE)
