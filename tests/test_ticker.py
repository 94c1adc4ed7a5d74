"""What happens by itself while the console runs."""

import asyncio
import logging
import threading
import time
from datetime import UTC, timedelta
from types import SimpleNamespace

import pytest

from api import ticker
from desk.acts import Doing, do
from desk.reports import Draft, report
from desk.rooms import Rooms
from geo.errors import LedgerError
from incidents.lifecycle import Act
from layers.areas import areas_of
from ledger import find, heads
from ledger.store import open_ledger
from tests.rooms import DISPATCHER, NOON


@pytest.fixture
def rooms(tmp_path):
    ledger = open_ledger(tmp_path)
    yield Rooms(areas_of((), "longnan"), ledger, demo=False)
    ledger.close()


def dispatched(room):
    building = room.area.points["buildings"].geometry.iloc[0]
    case = report(room, Draft("06010", building.x, building.y), DISPATCHER, NOON)
    do(room, Doing(case.number, Act.FILE), DISPATCHER, NOON)
    return do(room, Doing(case.number, Act.DISPATCH, {"handler": "inspector::"}), DISPATCHER, NOON)


def test_a_tick_takes_the_steps_that_are_due_in_rooms_that_are_open(rooms):
    assert ticker.tick(rooms, NOON) == 0  # nobody opened one
    case = dispatched(rooms.get("longnan", NOON))
    assert ticker.tick(rooms, NOON) == 0
    assert ticker.tick(rooms, NOON + timedelta(days=1)) == 2
    with rooms.ledger.reading() as connection:
        assert find.get(connection, "longnan", case.number).state.steps == ("reminder:1", "next_head:1")


def test_a_room_that_fails_does_not_hold_up_the_others(rooms, caplog):
    dispatched(rooms.get("longnan", NOON))
    broken = SimpleNamespace(id="broken", area=SimpleNamespace(pack=SimpleNamespace(archive=False)))
    both = SimpleNamespace(opened=lambda: [broken, rooms.get("longnan", NOON)])
    with caplog.at_level(logging.WARNING):
        assert ticker.tick(both, NOON + timedelta(days=1)) == 2
    assert "broken" in caplog.text


def test_an_archive_has_no_steps(tmp_path):
    ledger = open_ledger(tmp_path)
    archive = Rooms(areas_of((), "dc"), ledger)
    archive.get("dc", NOON)
    stands = ledger.version()
    assert ticker.tick(archive, NOON) == 0
    assert ledger.version() == stands
    ledger.close()


def test_the_first_room_opens_and_the_clock_ticks_while_the_app_lives(monkeypatch):
    ticked = threading.Event()
    opened = []
    monkeypatch.setattr(ticker, "tick", lambda _rooms, now: ticked.set() or now)

    def get(name, now):
        opened.append((name, now.tzinfo))
        raise LedgerError("The disk is gone.")  # the clock goes on all the same

    def head():
        raise LedgerError("The disk is gone.")

    ledger = SimpleNamespace(folder=None, head=head)
    house = SimpleNamespace(names=lambda: ["first", "second"], opened=list, get=get, ledger=ledger)
    living = ticker.lifespan(house, every=0.01)

    async def live():
        async with living(None):
            return await asyncio.to_thread(ticked.wait, 5)

    assert asyncio.run(live())
    assert opened == [("first", UTC)]
    time.sleep(0.05)
    ticked.clear()
    assert not ticked.wait(0.2)  # it stopped with the app


def test_where_the_history_ends_is_written_down_each_hour_that_moved_it(rooms):
    room = rooms.get("longnan", NOON)
    first = ticker.note_head(rooms, NOON, "start")
    assert ticker.note_head(rooms, NOON, "hour", since=first) == first
    dispatched(room)
    assert ticker.note_head(rooms, NOON, "hour", since=first) == rooms.ledger.version()
    found, wrong = heads.noted(rooms.ledger.folder)
    assert ([head.version for head in found], wrong) == ([first, rooms.ledger.version()], [])
