"""What happens to streams while the database is gone, held by somebody, or full: they go on, nothing is missed, and people are told what is wrong."""

import http.client
import json
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from accounts import signed_in
from busy_room import Busy
from console_server import served
from lines import line
from map_server import serving
from postgres import execute, fresh
from small_pack import write_small_pack
from sqlalchemy import event
from test_stream import screens, shown, until

from api import stream
from geo.errors import LedgerError
from ledger import hearing, store
from ledger.store import open_ledger
from ledger.verify import verify

PATH = "/stream/small"


@contextmanager
def house(folder, url=""):
    """Doors over a small room; yields address, room, and the same room as another process has it, in which things happen."""
    known = []
    pack = write_small_pack(folder / "small")
    with serving((pack,), lambda rooms: known.append(rooms) or (), area="small", database_url=url) as address:
        room = known[0].get("small", datetime.now(UTC))
        with closing(open_ledger(room.ledger.folder, url)) as other:
            yield address, room, Busy(replace(room, ledger=other), "small", 7, 3, datetime.now(UTC))


def happens(busy):
    busy.happen(datetime.now(UTC), 2)
    busy.report(datetime.now(UTC))


def fill(busy):
    for _ in range(1000):
        happens(busy)


def ask(address):
    """Return status and words of the answer to one who asks."""
    with closing(http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)) as connection:
        connection.request("GET", "/live/small")
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()).get("error", "")


def catches_up(screen, room):
    until(lambda: (screen.rows, screen.states, screen.told["counts"]) == shown(room))


def stays_alive(screen):
    heard = len(screen.beats)
    until(lambda: len(screen.beats) > heard)
    assert not screen.over


def test_streams_outlive_a_postgresql_that_is_gone_for_a_while(tmp_path, postgres, migrated, monkeypatch):
    monkeypatch.setattr(hearing, "WAIT", 0.2)
    monkeypatch.setattr(stream, "AGAIN", 0.5)  # who reads is asked about meanwhile, too
    url = fresh(postgres, migrated)
    with house(tmp_path, url) as (address, room, busy), screens(address, PATH, f"{PATH}/version") as (screen, page):
        happens(busy)
        catches_up(screen, room)
        with gone(postgres, url):
            with pytest.raises(LedgerError, match="does not answer"):
                happens(busy)
            status, said = ask(address)
            assert status == 503
            assert "does not answer" in said
            heard = len(screen.beats)
            time.sleep(stream.BEAT + 0.5)
            assert len(screen.beats) <= heard + 1  # one may have been on its way
        happens(busy)
        catches_up(screen, room)
        until(lambda: page.told["version"], room.version())
        listening = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN battlemap'"
        )
        until(lambda: counted(room, listening), 1)
        stays_alive(screen)


@contextmanager
def gone(server, url):
    """A database of a server that is gone: whoever is in it is thrown out, and nobody comes in."""
    name = url.partition("?")[0].rpartition("/")[2]
    out = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    execute(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", out)
    yield
    execute(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def counted(room, asked):
    with room.ledger.reading() as connection:
        return connection.exec_driver_sql(asked).scalar()


def test_streams_outlive_a_file_that_somebody_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "BUSY", 0.3)
    with house(tmp_path) as (address, room, busy), screens(address, PATH) as (screen,):
        happens(busy)
        catches_up(screen, room)
        before = room.ledger.head()
        with busy.room.ledger.engine.connect() as holder:
            holder.exec_driver_sql("ROLLBACK")
            holder.exec_driver_sql("BEGIN IMMEDIATE")
            with pytest.raises(LedgerError, match="Another process holds the ledger"):
                happens(Busy(room, "small", 8, 0, datetime.now(UTC)))
            stays_alive(screen)
            assert ask(address) == (200, "")
        assert room.ledger.head() == before
        happens(busy)
        catches_up(screen, room)


def test_streams_outlive_a_full_disk(tmp_path):
    with house(tmp_path) as (address, room, busy), screens(address, PATH) as (screen,):
        happens(busy)
        catches_up(screen, room)
        before = room.ledger.head()

        def is_full(connection, _record, _proxy):
            connection.execute("PRAGMA max_page_count = 1")

        engine = busy.room.ledger.engine
        event.listen(engine, "checkout", is_full)
        with pytest.raises(LedgerError, match="The disk of the ledger is full; nothing was changed"):
            fill(busy)
        event.remove(engine, "checkout", is_full)
        engine.dispose()
        assert verify(room.ledger, now=datetime.now(UTC)).breaks == ()
        catches_up(screen, room)
        stays_alive(screen)
        assert ask(address) == (200, "")
        happens(busy)
        catches_up(screen, room)
        assert room.ledger.head().version > before.version


def test_a_page_says_that_the_records_cannot_be_reached_and_comes_back(tmp_path, postgres, migrated):
    url, pack = fresh(postgres, migrated), write_small_pack(tmp_path / "small")
    cookie = signed_in(tmp_path, "dispatcher", "small", url=url)
    settings = {"BATTLEMAP_DATABASE_URL": url, "BATTLEMAP_PACKS": str(pack), "BATTLEMAP_AREA": "small"}
    with served(tmp_path, BATTLEMAP_DATA_DIR=str(tmp_path), **settings) as address, line(address, cookie) as console:
        console.run("", page="cases")
        with gone(postgres, url):
            time.sleep(1.2)  # who somebody is counts for a second
            console.run("", page="cases")
            assert "暂时无法读写台账" in console.words
            assert not any(m.delta.new_element.WhichOneof("type") == "exception" for m in console.last)
        console.run("", page="cases")
        assert "暂时无法读写台账" not in console.words
        assert not any(m.delta.new_element.WhichOneof("type") == "exception" for m in console.last)
