"""A clock that went back behind the ledger's last entry is said, and what is written then keeps its order."""

from datetime import timedelta

import pytest
from rooms import DISPATCHER, NOON, room_of
from small_pack import COLUMN, ROW, SOUTH, WEST, write_small_pack

from api import ticker
from desk import clock, reports
from desk.acts import Doing, do
from incidents.lifecycle import Act
from layers.load import load
from ledger import find
from ledger.verify import verify
from reports.facts import facts_of

HOUR = timedelta(hours=1)


@pytest.fixture
def room(tmp_path):
    opened = room_of(load(write_small_pack(tmp_path / "small")), tmp_path / "ledger")
    yield opened
    opened.ledger.close()


def reported(room, now):
    draft = reports.Draft("06010", WEST + COLUMN / 2, SOUTH + ROW / 2, text="垃圾堆放")
    return reports.report(room, draft, DISPATCHER, now)


class Opened:
    def __init__(self, *rooms):
        self._rooms = rooms

    def opened(self):
        return list(self._rooms)


def test_an_empty_ledger_and_a_clock_that_goes_on_are_right(room):
    assert clock.behind(room, NOON) is None
    reported(room, NOON)
    assert clock.behind(room, NOON) is None
    assert clock.behind(room, NOON - clock.APART) is None


def test_a_clock_that_went_back_is_named_once_in_the_log_and_again_after_it_was_right(room, caplog):
    reported(room, NOON)
    told = ticker.tell_clock(Opened(room), NOON - HOUR, frozenset())
    told = ticker.tell_clock(Opened(room), NOON - HOUR, told)
    (line,) = [one.getMessage() for one in caplog.records]
    assert "2026-11-20T03:00:00+00:00" in line
    assert "2026-11-20T04:00:00+00:00" in line
    assert "Set the clock" in line
    told = ticker.tell_clock(Opened(room), NOON, told)
    assert told == frozenset()
    ticker.tell_clock(Opened(room), NOON - HOUR, told)
    assert len(caplog.records) == 2


def test_a_ledger_that_cannot_be_read_does_not_stop_the_clock(room, caplog):
    class Broken:
        id = "broken"

        @property
        def ledger(self):
            raise OSError("gone")

    reported(room, NOON)
    assert ticker.tell_clock(Opened(Broken(), room), NOON - HOUR, frozenset()) == {room.id}
    assert len(caplog.records) == 1


@pytest.mark.parametrize(("language", "said"), [("en", "behind the ledger"), ("zh", "时钟")])
def test_the_facts_say_it(room, language, said):
    reported(room, NOON)
    assert not any("04:00" in value or said in value for _, value in facts_of(room, NOON, language).about)
    (label, value) = facts_of(room, NOON - HOUR, language).about[0]
    assert said in f"{label} {value}"


def test_what_is_written_meanwhile_keeps_its_order_and_holds(room):
    case = reported(room, NOON)
    do(room, Doing(case.number, Act.FILE), DISPATCHER, NOON - HOUR)
    do(room, Doing(case.number, Act.NOTE, {"text": "时钟已校正"}), DISPATCHER, NOON + HOUR)
    with room.ledger.reading() as connection:
        entries = find.entries(connection, room.id, case.number)
    assert [entry["act"] for entry in entries] == ["report", "file", "note"]
    assert [entry["version"] for entry in entries] == sorted(entry["version"] for entry in entries)
    assert [str(one) for one in verify(room.ledger, now=NOON).breaks] == []
