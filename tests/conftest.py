"""What every test shares."""

import io
import os
import tempfile

import pytest
from hypothesis import settings
from PIL import Image
from postgres import database, empty_database, ledger, migrated, postgres  # noqa: F401  fixtures for every test

# No test writes into the house, and no room begins with a demonstration that its test did not ask for.
os.environ.setdefault("BATTLEMAP_DATA_DIR", tempfile.mkdtemp(prefix="battlemap-tests-"))
os.environ.setdefault("BATTLEMAP_DEMO", "off")

# A deadline would measure the machine, not the code. CI draws the same examples each time; a developer's machine looks for new ones.
settings.register_profile("house", deadline=None, print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("house"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")


@pytest.fixture
def jpeg() -> bytes:
    """A small photograph, as a phone would send it."""
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, "JPEG", quality=80)
    return file.getvalue()


# Of browser tests. Each file says only what is special to it, by a fixture of the same name that asks for this one. Imported late: no other test needs them.


@pytest.fixture(scope="module")
def browser():
    """A Chromium."""
    from chromium import chromium

    with chromium() as found:
        yield found


@pytest.fixture
def context(browser):
    """A window of somebody who was never here."""
    from chromium import window

    found = window(browser)
    yield found
    found.close()


@pytest.fixture(scope="module")
def shared(browser):
    """A window for all tests of a file: what one page has loaded the next one has."""
    from chromium import window

    return window(browser, accept_downloads=True)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """The room of an invented area, over a ledger of its own."""
    from desk_browser import room_in

    found = room_in(tmp_path_factory.mktemp("ledger"))
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def console(room, tmp_path_factory):
    """The address of a console that serves the ledger of the room."""
    from desk_browser import consoles

    with consoles(room.ledger.folder, tmp_path_factory.mktemp("home")) as found:
        yield found[0]


@pytest.fixture
def desk(shared, console):
    """Sits people down, each before a page without a complaint at its end."""
    from desk_browser import Desk, seats

    with seats(Desk, shared, console) as (sit, people):
        yield sit
        assert [one.complaints for one in people] == [[]] * len(people)
