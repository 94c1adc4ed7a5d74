"""Rooms for tests: an area over a ledger of its own, in a folder that the test gives."""

from datetime import UTC, datetime
from pathlib import Path

from desk.begin import begin
from desk.room import Room
from desk.rules import rules_of
from incidents.lifecycle import By, PostKind
from layers.areas import areas_of
from layers.load import Area
from ledger.store import open_ledger

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # a Friday, 12:00 in Zhengzhou
DISPATCHER = By("dispatcher::", PostKind.DISPATCHER)


def shipped(name: str) -> Area:
    """Return a shipped area, read once for all tests."""
    return areas_of((), "longnan").get(name)


def room_of(area: Area, folder: Path, url: str = "") -> Room:
    """Return an empty room; tests that only look at the area share one ledger by sharing the folder."""
    return Room(area, rules_of(area.pack), open_ledger(folder, url))


def filled(area: Area, folder: Path) -> Room:
    """Return a room that holds the incidents of its pack."""
    room = room_of(area, folder)
    begin(room, NOON, demo=False)
    return room
