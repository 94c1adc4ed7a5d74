"""The app as it was imported, with the very objects behind its routes: other tests of the process make so many of their own that the caches forget these."""

import app as console
from desk.access.limits import limits_of
from desk.rooms import rooms_of

SETTINGS = console.SETTINGS
LIMITS = limits_of(SETTINGS.rules)
ROOMS = rooms_of(SETTINGS.packs, SETTINGS.area, SETTINGS.data_dir, SETTINGS.database_url, SETTINGS.rules, SETTINGS.demo)
