"""A storm: what goes out above so many an hour is held back and summed up once; what is urgent goes on for a while; nothing is lost in the console."""

from dataclasses import replace

import pytest
from outbox import (  # fmt: skip
    DISPATCHER,
    HOUR,
    MINUTE,
    RULES,
    Clock,
    book_of,
    case_in,
    derived,
    leaf,
    messages,
    on_duty,
    receiving,
    robot,
    sender,
)
from rooms import NOON as MIDDAY
from rooms import room_of, shipped

from desk.outbox import calls, notices, storms, timers
from desk.outbox.book import Book
from desk.outbox.notices import Draft
from ledger.outbox import SUMMARY, State
from ledger.verify import verify

TEN = MIDDAY - 2 * HOUR
NIGHT = TEN + 15 * HOUR


@pytest.fixture
def room(tmp_path, database):
    found = room_of(shipped("longnan"), tmp_path / "ledger", database)
    yield found
    found.ledger.close()


@pytest.fixture
def rules(monkeypatch):
    """Rules by which three an hour are enough for a post, five for the area, and two more for what is urgent."""
    found = replace(RULES, storm=replace(RULES.storm, post=3, area=5, more=2))
    monkeypatch.setattr("desk.outbox.deliver.outbox_rules", lambda *_said: found)
    return found


def told(room, now, *posts):
    draft = Draft("通知", "", tuple(f"post:{key}" for key in posts), now + 24 * HOUR)
    notices.send(room, draft, DISPATCHER, now)
    derived(room, now)


def outside(room, kind="notice"):
    return [one.state for one in messages(room, channels=("webhook",)) if one.kind == kind]


def test_above_so_many_an_hour_one_summary_goes_out_and_nothing_is_lost(room, rules):
    head = leaf(room, 1)[1]
    with receiving() as (url, receiver):
        book_of(room, **{head: robot(url)})
        clock, out = Clock(TEN), sender(room)
        for minute in range(6):
            clock.now = TEN + minute * MINUTE
            told(room, clock.now, head)
            out.all(clock)
            timers.take(room, rules, Book(), clock.now)
        assert outside(room) == [State.DELIVERED] * 3 + [State.HELD] * 3
        assert calls.unread(room, {head}) == 6
        for minute in (8, 9, 10):
            clock.now = TEN + minute * MINUTE
            storms.summarise(room, rules, clock.now)  # one that waits to be sent is enough
        out.all(clock)
        (summary,) = (body for body in receiver.bodies() if body["kind"] == SUMMARY)
        assert "另有 3 条" in summary["text"]
        assert summary["link"].endswith("/messages?area=longnan")
        clock.now = TEN + HOUR + 30 * MINUTE  # an hour later there is room again
        assert storms.summarise(room, rules, clock.now) == 0
        told(room, clock.now, head)
        out.all(clock)
        assert outside(room) == [State.DELIVERED] * 3 + [State.HELD] * 3 + [State.DELIVERED]
    assert verify(room.ledger, now=TEN).breaks == ()


def test_an_area_has_a_cap_of_its_own(room, rules):
    heads = [leaf(room, place)[1] for place in range(1, 5)]
    with receiving() as (url, _receiver):
        book_of(room, **{key: robot(url) for key in heads})
        for minute in range(2):
            told(room, TEN + minute * MINUTE, *heads)
        sender(room).all(Clock(TEN + 2 * MINUTE))
        assert sorted(outside(room)) == [State.DELIVERED] * 5 + [State.HELD] * 3


def test_what_waited_for_hours_counts_to_the_cap_when_it_goes_at_last(room, rules):
    heads = [leaf(room, place)[1] for place in range(1, 5)]
    with receiving() as (url, _receiver):
        book_of(room, **{key: robot(url) for key in heads})
        for minute in range(2):
            told(room, TEN + minute * MINUTE, *heads)
        sender(room).all(Clock(TEN + 3 * HOUR))  # the network was gone, or the console
        assert sorted(outside(room)) == [State.DELIVERED] * 5 + [State.HELD] * 3


def test_new_reds_at_night_go_on_where_others_are_held_back_up_to_a_cap_of_their_own(room, rules):
    duty = leaf(room, 1)[1]
    on_duty(room, duty, TEN)
    with receiving() as (url, _receiver):
        book_of(room, duty=robot(url), **{duty: robot(url)})
        for place in range(7):
            case_in(room, NIGHT, place=10 + place)
        derived(room, NIGHT)
        sender(room).all(Clock(NIGHT))
        assert outside(room, "new_red") == [State.DELIVERED] * 5 + [State.HELD] * 2


@pytest.mark.parametrize("wrong", [{}, {"hourly_post": 0}, {"channels": ["app"]}, {"urgent": {"emergency": ["always"]}}, {"summary_minutes": True}])  # fmt: skip
def test_a_storm_that_is_written_wrongly_is_a_fault(wrong):
    from desk.outbox.rules import _storm

    said = {"hourly_post": 1, "hourly_area": 1, "hourly_urgent": 1, "summary_minutes": 0, "channels": ["sms"]}
    faults = []
    _storm({**said, **wrong} if wrong else None, faults)
    assert len(faults) == 1
    assert _storm(said, []) is not None
