"""The console as a user serves it: ``battlemap serve`` in a process of its own, from a folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

from chromium import PATIENCE

ROOT = Path(__file__).parent.parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(folder, *options, port=None, **environ):
    """Start the console in a folder; return its process and address once it answers."""
    port = port or free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BATTLEMAP_")}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), "serve", "--port", str(port), *options],
        cwd=folder, env={**kept, **environ}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    address = f"http://localhost:{port}"
    answering(process, address)
    return process, address


def answering(process, address):
    """Wait until the console says that it is ready."""
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
                assert answer.read() == b"ok"
                return
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the console did not start:\n{process.communicate()[0]}")


def ended(process, how=signal.SIGTERM):
    """End the console; return what it said."""
    process.send_signal(how)
    return process.communicate(timeout=PATIENCE)[0]


@contextmanager
def served(folder, *options, **environ):
    """Serve the console from a folder; yields its address."""
    process, address = started(folder, *options, **environ)
    try:
        yield address
    finally:
        ended(process)
