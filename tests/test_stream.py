"""The stream of the live data: who applies what it tells sees what one sees who comes anew; it says when nothing happens, and ends when it must."""

import http.client
import json
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from accounts import accounts_in, close, signed_in
from busy_room import Busy
from console_server import ended, started
from hypothesis import given, settings
from hypothesis import strategies as st
from map_server import serving
from postgres import fresh
from small_pack import write_small_pack

from api import stream
from api.identity import COOKIE
from api.live import answer
from api.stream import turned
from desk.room import Room
from ledger.store import open_ledger
from reports.figures import Filter

PATIENCE = 60
DAY = Filter(days=1)
CODES = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(("red", "yellow", "green")))
STATES = st.fixed_dictionaries({"micro": CODES, "third": CODES})


class Screen:
    """A screen: it applies what it is told, as live.js does."""

    def __init__(self, address, path, **headers):
        host = address.removeprefix("http://")
        self.connection = http.client.HTTPConnection(host, timeout=PATIENCE)
        self.connection.request("GET", path, headers={"Accept": "text/event-stream", **headers})
        self.answer = self.connection.getresponse()
        self.told, self.rows, self.states, self.beats, self.sizes, self.over = {}, {}, {}, [], [], False
        if self.answer.status == 200:
            threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        name = ""
        try:
            for line in self.answer:
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    name = text.removeprefix("event: ")
                elif text.startswith("data: "):
                    self.sizes.append(len(line))
                    self._hear(name, json.loads(text.removeprefix("data: ")))
        except (OSError, ValueError, AttributeError):
            pass
        self.over = True

    def _hear(self, name, said):
        if name == "beat":
            self.beats.append(said)
            return
        self.told = said
        if "reset" not in said:  # it wants to hear of the version only
            return
        if said["reset"]:
            self.rows = {}
        for uid in said["removed"]:
            self.rows.pop(uid, None)
        self.rows.update({row[0]: row for row in said["incidents"]})
        for key, codes in said.get("turned", {}).items():
            self.states[key] = {code: mark for code, mark in {**self.states.get(key, {}), **codes}.items() if mark}
        self.states = said.get("grids", self.states)

    def close(self):
        self.answer.close()
        self.connection.close()


def until(read, wanted=True):
    end = time.monotonic() + PATIENCE
    while (last := read()) != wanted:
        assert time.monotonic() < end, f"wanted {wanted!r}, read {last!r}"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def house():
    """Doors over two rooms of one ledger; yields address and rooms."""
    known = []
    with serving(more=lambda rooms: known.append(rooms) or ()) as address:
        known[0].get("longnan", datetime.now(UTC))  # it has begun
        yield address, known[0]


def ask_live(address, cookie):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=PATIENCE)
    with closing(connection):
        connection.request("GET", "/live/longnan", headers={"Cookie": cookie})
        return connection.getresponse().status


@contextmanager
def screens(address, *paths, **headers):
    found = [Screen(address, path, **headers) for path in paths]
    try:
        yield found
    finally:
        for screen in found:
            screen.close()


def shown(room, wanted=DAY):
    told = answer(room, wanted, None, datetime.now(UTC))
    return {row[0]: row for row in told["incidents"]}, told["grids"], told["counts"]


def test_screens_show_what_the_ledger_holds_after_every_change(house):
    address, rooms = house
    room = rooms.get("longnan", datetime.now(UTC))
    busy = Busy(room, "longnan", 3, 20, datetime.now(UTC))
    third = room.area.net.levels[0]
    part = f"{third.key}:{third.codes[0]}"
    paths = ["/stream/longnan", "/stream/longnan", f"/stream/longnan?grid={part}", "/stream/longnan?mark=red&days=all"]
    filters = [DAY, DAY, replace(DAY, grid=(third.key, third.codes[0])), Filter(marks=frozenset({"red"}))]
    with screens(address, *paths) as found:
        for _ in range(12):
            busy.happen(datetime.now(UTC), 2)
        for screen, wanted in zip(found, filters, strict=True):
            until(lambda s=screen, w=wanted: (s.rows, s.states, s.told["counts"]) == shown(room, w))
        with screens(address, "/stream/longnan", "/stream/longnan/version") as (late, page):
            busy.happen(datetime.now(UTC), 3)
            until(lambda: page.told.get("version"), room.version())
            assert set(page.told) == {"version", "served", "as_of"}
            until(lambda: (late.rows, late.states, late.told["counts"]) == shown(room))
        seen = found[0].told
        since = (
            f"since={seen['version']}&at={seen['served'].replace('+', '%2B')}&pack={seen['pack']}&scope={seen['scope']}"
        )
        with screens(address, f"/stream/longnan?{since}") as (back,):
            until(lambda: bool(back.told))
            assert back.told["reset"] is False
        assert max(found[0].sizes[1:]) < 2000 * 3  # of three changes at most, each below two kilobytes


def test_a_silent_stream_says_that_it_lives_and_not_while_the_ledger_cannot_be_read(house, monkeypatch):
    with screens(house[0], "/stream/longnan") as (screen,):
        until(lambda: len(screen.beats) >= 2)
        assert set(screen.beats[0]) == {"served", "as_of"}
        broken = threading.Event()
        read = Room.version

        def version(room):
            if broken.is_set():
                raise stream.LedgerError("the database is gone")
            return read(room)

        monkeypatch.setattr(Room, "version", version)
        broken.set()
        time.sleep(stream.LOOK * 4)
        heard = len(screen.beats)
        time.sleep(stream.BEAT * 2)
        assert len(screen.beats) == heard
        broken.clear()
        until(lambda: len(screen.beats) > heard)
        assert not screen.over


def test_what_this_process_saves_is_told_without_a_look(house, monkeypatch):
    address, rooms = house
    with screens(address, "/stream/longnan") as (screen,):
        until(lambda: bool(screen.told))
        busy = Busy(rooms.get("longnan", datetime.now(UTC)), "longnan", 5, 0, datetime.now(UTC))
        with monkeypatch.context() as patch:
            patch.setattr(stream, "LOOK", 3600.0)
            time.sleep(0.5)  # it looks for the last time
            for _ in range(3):
                saved = busy.report(datetime.now(UTC)).version
                until(lambda: screen.told["version"], saved)
        busy.report(datetime.now(UTC))  # and it looks again


def test_what_another_process_saves_is_told_without_a_look_by_postgresql(tmp_path, postgres, migrated, monkeypatch):
    known, url = [], fresh(postgres, migrated)
    pack = write_small_pack(tmp_path / "small")
    with serving((pack,), lambda rooms: known.append(rooms) or (), area="small", database_url=url) as address:
        room = known[0].get("small", datetime.now(UTC))
        with screens(address, "/stream/small") as (screen,), closing(open_ledger(room.ledger.folder, url)) as other:
            until(lambda: len(screen.beats) > 0)
            busy = Busy(replace(room, ledger=other), "small", 6, 0, datetime.now(UTC))
            with monkeypatch.context() as patch:
                patch.setattr(stream, "SELDOM", 3600.0)
                for _ in range(3):
                    saved = busy.report(datetime.now(UTC)).version
                    until(lambda: screen.told["version"], saved)


def test_who_comes_late_is_no_news_to_the_others(house):
    with screens(house[0], "/stream/longnan") as (first,):
        until(lambda: bool(first.told))
        told = first.told
        with screens(house[0], *["/stream/longnan"] * 3) as others:
            until(lambda: all(other.told for other in others))
        beats = len(first.beats)
        until(lambda: len(first.beats) > beats)
        assert first.told is told or first.told["served"][:16] > told["served"][:16]  # a minute passed


def test_a_view_that_cannot_be_worked_out_ends_and_the_others_go_on(house, monkeypatch):
    address, rooms = house
    room = rooms.get("longnan", datetime.now(UTC))
    busy = Busy(room, "longnan", 4, 1, datetime.now(UTC))
    read, broken = stream.answer, threading.Event()

    def worked_out(room, wanted, *asked):
        if broken.is_set() and wanted.marks:
            raise ZeroDivisionError
        return read(room, wanted, *asked)

    monkeypatch.setattr(stream, "answer", worked_out)
    with screens(address, "/stream/longnan?mark=red", "/stream/longnan") as (red, every):
        until(lambda: bool(red.told) and bool(every.told))
        broken.set()
        busy.happen(datetime.now(UTC), 3)
        until(lambda: red.over)
        until(lambda: every.rows == shown(room)[0])
        assert not every.over


def test_a_stream_ends_with_its_session_and_with_the_console(tmp_path):
    console = {"BATTLEMAP_DATA_DIR": str(tmp_path), "BATTLEMAP_AREA": "longnan"}
    cookie, other = (f"{COOKIE}={signed_in(tmp_path, 'dispatcher', 'longnan', name=name)}" for name in ("one", "other"))
    process, address = started(tmp_path, **console)
    try:
        until(lambda: ask_live(address, cookie), 200)  # the area has begun
        with screens(address, "/stream/longnan") as (nobody,):
            assert nobody.answer.status == 401
        with (
            screens(address, "/stream/longnan", Cookie=cookie) as (screen,),
            screens(address, "/stream/longnan", Cookie=other) as (stays,),
        ):
            until(lambda: bool(screen.told) and bool(stays.told))
            accounts = accounts_in(tmp_path)
            ended_one = next(one for one in accounts.every() if one.name == "one")
            accounts.sessions.end_all(ended_one.key, by=None, now=datetime.now(UTC))
            close(accounts)
            until(lambda: screen.over)
            assert not stays.over
            assert "Traceback" not in ended(process)
            until(lambda: stays.over)
    finally:
        process.kill()


@pytest.mark.parametrize(
    ("path", "status"), [("/stream/nowhere", 404), ("/stream/longnan?mark=blue", 400), ("/stream/longnan?since=x", 400)]
)
def test_what_cannot_be_streamed_is_refused_with_the_reason(house, path, status):
    with screens(house[0], path) as (screen,):
        assert screen.answer.status == status
        assert "error" in json.loads(screen.answer.read())


@pytest.mark.parametrize(("path", "status"), [("/stream/nowhere", 404), ("/stream/longnan", 200)])
def test_who_asks_for_the_head_alone_is_told_whether_there_is_a_stream(house, path, status):
    connection = http.client.HTTPConnection(house[0].removeprefix("http://"), timeout=PATIENCE)
    with closing(connection):
        connection.request("HEAD", path)
        assert connection.getresponse().status == status


@given(before=STATES, after=STATES)
@settings(max_examples=60, deadline=None)
def test_what_turned_makes_of_the_old_states_the_new_ones(before, after):
    changed = turned(before, after)
    for key, states in after.items():
        merged = {code: mark for code, mark in {**before[key], **changed.get(key, {})}.items() if mark}
        assert merged == states
        assert all(before[key].get(code, "") != mark for code, mark in changed.get(key, {}).items())
