"""What every test shares."""

import os

from hypothesis import settings

# A deadline would measure the machine, not the code. CI draws the same examples each time; a developer's machine looks for new ones.
settings.register_profile("house", deadline=None, print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("house"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "house")
