"""What every test shares."""

import os
import tempfile

from hypothesis import settings
from postgres import database, empty_database, ledger, migrated, postgres  # noqa: F401  fixtures for every test

# No test writes into the house, and no room begins with a demonstration that its test did not ask for.
os.environ.setdefault("BATTLEMAP_DATA_DIR", tempfile.mkdtemp(prefix="battlemap-tests-"))
os.environ.setdefault("BATTLEMAP_DEMO", "off")

# A deadline would measure the machine, not the code. CI draws the same examples each time; a developer's machine looks for new ones.
settings.register_profile("house", deadline=None, print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("house"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")
