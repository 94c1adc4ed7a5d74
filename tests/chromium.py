"""The Chromium that browser tests drive, and how it is started: it asks nothing of any machine outside."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def executable() -> str | None:
    """Return the path of a Chromium: the one that is set, or the system's; None for playwright's own."""
    return os.environ.get("BATTLEMAP_TEST_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a Chromium. Where there is none the test fails: one that skips would hide that nothing was tested."""
    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=executable(), args=ARGS)
        yield found
        found.close()
