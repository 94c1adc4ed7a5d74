"""The Chromium that browser tests drive, and how they wait for what they want to see; it asks nothing of any machine outside.

A page comes in parts: what is in a box arrives after the box, what follows a press after the press. So a test never reads
once: it says what it wants to read, and waits for it.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
)  # the first opens a page in a third of the time
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = (
    120  # seconds for anything to appear, to open or to end: two slow cores may compile the kernels for somebody else
)
COMPLETE = ".stApp[data-test-script-state=notRunning]"  # of Streamlit: nothing more comes of what was asked
UNREADABLE = (PlaywrightError, LookupError, TypeError, ValueError)  # of what is there in part, or is being replaced

expect.set_options(timeout=PATIENCE * 1000)


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


def window(browser: Browser, width: int = 1366, height: int = 768, **options: object) -> BrowserContext:
    """Open a window of somebody who was never here; its pages share what they have loaded."""
    found = browser.new_context(viewport={"width": width, "height": height}, **options)
    found.set_default_timeout(PATIENCE * 1000)
    found.opened = {"width": width, "height": height, **options}  # so that `another` opens one like it
    return found


def another(context: BrowserContext) -> BrowserContext:
    """Open a window like one, of somebody else; it closes with the browser."""
    return window(context.browser, **context.opened)


def until(page: Page, read: Callable[[], object], wanted: object = True) -> None:
    """Wait until what is read is what is wanted; an assertion says what was read last."""
    end, last = time.monotonic() + PATIENCE, None
    while time.monotonic() < end:
        try:
            last = read()
        except UNREADABLE as error:
            last = error
        if last == wanted:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"wanted {wanted!r}, read {last!r}; the page is {page.url}")


def says(page: Page | Frame, selector: str, *texts: str) -> None:
    """Wait until the first that a selector finds says each of the texts, among others."""
    for text in texts:
        expect(page.locator(selector).first).to_contain_text(text, use_inner_text=True)


def reads(page: Page | Frame, selector: str, text: str) -> None:
    """Wait until the first that a selector finds reads so, from its beginning to its end."""
    expect(page.locator(selector).first).to_have_text(text, use_inner_text=True)


def holds(page: Page | Frame, selector: str, value: str) -> None:
    """Wait until the first field that a selector finds holds a value."""
    expect(page.locator(selector).first).to_have_value(value)


def pick(page: Page, field: str, text: str) -> None:
    """Choose in a select what is typed, once it is offered; returns when the select took it."""
    page.click(f"{field} input")
    page.keyboard.type(text)
    expect(page.locator("[role=option]").first).to_contain_text(text)
    page.keyboard.press("Enter")
    expect(page.locator("[role=option]")).to_have_count(0)
