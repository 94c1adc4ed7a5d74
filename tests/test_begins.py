"""The first use of an area: pages show its net at once, say how far it is, and go on by themselves; what is killed meanwhile leaves nothing."""

import signal
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
from chromium import chromium, expect, says, until, window
from console_server import served
from rooms import NOON
from small_pack import write_small_pack

from desk import rooms as rooms_module
from desk.access.entrance import VISITOR, room_of
from desk.begin import begin
from desk.rooms import Rooms
from geo.errors import Beginning, LedgerError
from incidents.access import EVERYWHERE, Role, Scope, Who
from layers.areas import areas_of
from ledger import find, verify
from ledger.find import Wanted
from ledger.store import open_ledger

VISIT = Who("", "", Role.DEMO, Scope(EVERYWHERE), VISITOR)


@pytest.fixture
def ledger(tmp_path):
    opened = open_ledger(tmp_path / "var")
    yield opened
    opened.close()


@pytest.fixture
def held(monkeypatch):
    """Beginnings that wait, each before its first part, until they are let go; yields what lets them go."""
    go = Event()

    def slowly(room, now, *, demo, progress):
        progress(3, 7)
        assert go.wait(60)
        return begin(room, now, demo=demo, progress=progress)

    monkeypatch.setattr(rooms_module, "begin", slowly)
    monkeypatch.setattr(rooms_module, "GRACE", 0.01)
    yield go
    go.set()


def small(tmp_path, *names):
    return tuple(write_small_pack(tmp_path / name) for name in names)


def test_while_a_room_begins_its_net_is_shown_and_everything_else_is_told_how_far_it_is(tmp_path, ledger, held):
    rooms = Rooms(areas_of(small(tmp_path, "one"), "one"), ledger)
    seen = room_of(rooms, "one", VISIT, NOON, begun=False)
    assert len(seen.area.net.leaf) > 0
    with pytest.raises(Beginning) as said:
        room_of(rooms, "one", VISIT, NOON)
    assert (said.value.done, said.value.of) == (3, 7)
    assert rooms.opened() == [], "no clock looks at what has not begun"
    held.set()
    room = rooms.get("one", NOON)
    assert rooms.beginning("one") is None
    assert rooms.opened() == [room]
    assert room_of(rooms, "one", VISIT, NOON) == room.seen_by(VISIT)
    assert seen == room.seen_by(VISIT), "what was worked out for one holds for the other"


def test_two_who_come_at_once_begin_it_once_and_two_areas_begin_beside_each_other(tmp_path, ledger, held):
    rooms = Rooms(areas_of(small(tmp_path, "one", "two"), "one"), ledger)
    found = []
    askers = [Thread(target=lambda name=name: found.append(rooms.get(name, NOON))) for name in ("one", "two") * 3]
    for asker in askers:
        asker.start()
    for name in ("one", "two"):
        rooms.look(name, NOON)
        assert rooms.beginning(name).of == 7
    held.set()
    for asker in askers:
        asker.join()
    assert len(found) == 6
    assert len({id(room) for room in found}) == 2
    with ledger.reading() as connection:
        assert {find.begun(connection, name) for name in ("one", "two")} == {"pack"}
        counts = [find.count(connection, Wanted(name)) for name in ("one", "two")]
    assert counts[0] == counts[1] > 0
    assert verify.verify(ledger, now=NOON).breaks == ()


def test_a_room_that_cannot_begin_says_why_and_is_tried_again(tmp_path, ledger, monkeypatch):
    def fails(*_args, **_kwargs):
        raise LedgerError("The disk is full.")

    rooms = Rooms(areas_of(small(tmp_path, "one"), "one"), ledger)
    monkeypatch.setattr(rooms_module, "begin", fails)
    for ask in (rooms.get, rooms.look):
        with pytest.raises(LedgerError, match="The disk is full"):
            ask("one", NOON)
    assert rooms.opened() == []
    monkeypatch.setattr(rooms_module, "begin", begin)
    rooms.get("one", NOON)
    with ledger.reading() as connection:
        assert find.begun(connection, "one") == "pack"


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from desk.begin import begin
from desk.room import Room
from desk.rules import rules_of
from ledger.store import open_ledger
from layers.load import load
import data
area = load(data.path("longnan", ()))
room = Room(area, rules_of(area.pack, None), open_ledger(Path(sys.argv[1])))
begin(room, datetime.now(UTC), demo=True, progress=lambda done, of: os.kill(os.getpid(), signal.SIGKILL) if done == of // 2 else None)
"""


def test_a_server_that_is_killed_half_way_leaves_nothing_and_the_next_one_writes_all(tmp_path):
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=Path(__file__).parent.parent, check=False)
    assert done.returncode == -signal.SIGKILL
    ledger = open_ledger(tmp_path)
    assert ledger.version() == 0
    rooms = Rooms(areas_of((), "longnan"), ledger)
    rooms.get("longnan", NOON)
    with ledger.reading() as connection:
        assert find.count(connection, Wanted("longnan")) > 900
    assert verify.verify(ledger, now=NOON).breaks == ()
    ledger.close()


NET = "window.battlemap && battlemap.model && battlemap.model.leaf.codes.length > 0"
MARKS = "battlemap.model.incidents.length > 0"


def chart(page):
    return page.frame_locator(".bm-map iframe").locator("body")


def test_the_first_visitors_of_a_fresh_machine_see_the_net_and_then_the_marks_without_a_reload(tmp_path):
    """They come at once, to several pages, and nobody touches anything."""
    environ = {"BATTLEMAP_DATA_DIR": str(tmp_path / "var"), "BATTLEMAP_DEMO": "on"}
    with served(tmp_path, "--area", "longnan", **environ) as address, chromium() as browser:
        context, complaints = window(browser), []
        paths = ("/", "/inbox", "/?lang=en", "/map/longnan", "/print/longnan")
        pages = [context.new_page() for _ in paths]
        for page, path in zip(pages, paths, strict=True):
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(address + path, wait_until="commit")
            page.evaluate("window.kept = true") if path != "/print/longnan" else None
        first, inbox, other, wall, sheet = pages
        for page in (first, other):
            page.wait_for_selector(".bm-begins, .bm-counts", state="attached")
            until(page, lambda page=page: chart(page).evaluate(NET))
        until(wall, lambda: wall.evaluate(NET))
        for page in (first, other):
            expect(page.locator(".bm-begins")).to_have_count(0)
            says(page, ".bm-counts b", "")
            until(page, lambda page=page: chart(page).evaluate(MARKS))
        until(wall, lambda: wall.evaluate(MARKS))
        inbox.wait_for_selector(".st-key-piles")
        sheet.wait_for_selector("main svg")
        assert [page.evaluate("window.kept === true") for page in (first, inbox, other, wall)] == [True] * 4
        assert complaints == []
