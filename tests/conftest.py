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
