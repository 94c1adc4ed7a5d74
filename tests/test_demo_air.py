"""The air of a demonstration: invented hours that go on with the clock, one list upwind, and nothing where real readings lie."""

from datetime import timedelta

import pytest
from inspected import AREA
from rooms import NOON, room_of, shipped

from desk.air import walks
from desk.air.board import board, readings
from desk.air.readings import folder_of
from desk.demo import air, begin
from ledger.verify import verify

HOUR = timedelta(hours=1)


@pytest.fixture
def room(tmp_path):
    made = room_of(shipped(AREA), tmp_path)
    made.ledger.change(lambda writing: begin(writing, made, NOON))
    yield made
    made.ledger.close()


def test_stations_stand_and_one_of_them_has_a_list_that_is_answered_in_part(room):
    assert air.take(room, NOON) == 1
    standing = board(room, readings(room), NOON)
    assert len(standing) >= 3
    assert not any(one.stopped for one in standing)
    assert [one.station.code for one in standing if one.alarms] == ["示意3"]
    ((walk, tally),) = walks.listed(room)
    assert walk.station == "示意3"
    assert tally.confirmed == 1
    assert tally.open
    assert not verify(room.ledger, now=NOON).breaks


def test_the_hours_go_on_with_the_clock_and_the_list_is_made_once(room):
    air.take(room, NOON)
    first = readings(room)
    assert air.take(room, NOON + timedelta(minutes=20)) == 0
    assert air.take(room, NOON + HOUR) == 1
    later = readings(room)
    code = next(iter(first.stations))
    both = set(first.hours[code]) & set(later.hours[code])
    assert len(both) == air.HOURS - 1
    assert len(walks.listed(room)) == 1


def test_where_real_readings_lie_and_where_no_demonstration_began_nothing_is_invented(room, tmp_path):
    folder = folder_of(room.ledger.folder, room.id)
    folder.mkdir(parents=True)
    (folder / "real.csv").write_text("站点编号,监测时间,PM2.5\nA,2026-11-20 10:00,30\n", encoding="utf-8")
    assert air.take(room, NOON) == 0
    other = room_of(shipped(AREA), tmp_path / "other")
    try:
        assert air.take(other, NOON) == 0
        assert readings(other).stations == {}
    finally:
        other.ledger.close()
