"""The outbox: what the history tells to whom, once, whatever crashes; and how it gets there when a receiver fails."""

import logging
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outbox import (
    DISPATCHER,
    HOUR,
    MINUTE,
    RULES,
    SECRET,
    Clock,
    book_of,
    case_in,
    derived,
    leaf,
    messages,
    on_duty,
    receiving,
    robot,
    said,
    sender,
    sent_to,
)
from rooms import NOON as MIDDAY
from rooms import room_of, shipped
from sqlalchemy import event

from desk.acts import Doing, do
from desk.outbox import calls, timers
from desk.outbox.book import Book, Books, Contact, Sms
from desk.outbox.channels import Outcome, Unsent
from desk.outbox.courier import Courier
from desk.outbox.deliver import LEASE, letter
from desk.outbox.derive import derive
from desk.outbox.rules import OutboxRules
from geo.errors import LifecycleError, NoAccess
from incidents.lifecycle import Act, By, PostKind
from ledger import outbox
from ledger.outbox import State
from ledger.store import open_ledger
from ledger.verify import verify

TEN = MIDDAY - 2 * HOUR
NIGHT = TEN + 15 * HOUR  # Saturday, 01:00 in Zhengzhou


@pytest.fixture
def room(tmp_path, database):
    found = room_of(shipped("longnan"), tmp_path / "ledger", database)
    yield found
    found.ledger.close()


@pytest.fixture
def quick(tmp_path):
    """A room over SQLite alone, for what no database changes."""
    found = room_of(shipped("longnan"), tmp_path / "ledger")
    yield found
    found.ledger.close()


def told(room, kind, channel="app"):
    return [one.post for one in messages(room) if (one.kind, one.channel) == (kind, channel)]


def head(room, place=0):
    return leaf(room, place)[1]


def by(key):
    return By(key, PostKind(key.partition(":")[0]))


# What is told to whom


def test_who_is_sent_to_a_case_is_told_once_however_often_it_is_derived(room):
    case = case_in(room, TEN)
    sent_to(room, case.number, head(room, 1), TEN)
    assert derived(room, TEN) == 3
    before = said(room)
    assert told(room, "assignment") == [head(room, 1)]
    assert told(room, "new_red") == [case.post]
    assert derived(room, TEN) == 0
    assert said(room) == before


def test_who_acts_is_not_told_of_it(room):
    own = head(room)
    case_in(room, TEN, by=by(own))
    derived(room, TEN)
    assert messages(room) == []


def test_what_is_undone_within_the_minute_is_sent_to_nobody(room):
    with receiving() as (url, receiver):
        handler = head(room, 1)
        book_of(room, **{handler: robot(url)})
        case = case_in(room, TEN)
        sent_to(room, case.number, handler, TEN)
        derived(room, TEN)
        assert sender(room).all(Clock(TEN + timedelta(seconds=50))) == 0
        do(room, Doing(case.number, Act.UNDO), DISPATCHER, TEN + timedelta(seconds=55))
        derived(room, TEN + MINUTE)
        sender(room).all(Clock(TEN + HOUR))
        assert receiver.came == []
        assert {one.state for one in messages(room) if one.kind == "assignment"} == {State.CANCELLED}
        assert calls.unread(room, {handler}) == 0


def test_a_new_red_at_night_reaches_the_duty_telephone_though_nobody_looks(room):
    with receiving() as (url, receiver):
        book = book_of(room, duty=Contact(sms="0371-6000 1234"))
        gateway = Sms(f"{url}?to={{number}}", "POST", {"Content-Type": "application/json", "Authorization": SECRET}, '{"text": "{text}", "id": "{key}"}', "Code", "OK")  # fmt: skip
        Books(room.ledger.folder).write(replace(book, sms=gateway))
        on_duty(room, "inspector::", TEN)
        case = case_in(room, NIGHT, by=by(head(room, 3)))
        courier = Courier(sender(room), every=0.05, clock=Clock(NIGHT + MINUTE))
        receiver.reply = {"Code": "OK"}
        thread = threading.Thread(target=courier.run)
        thread.start()
        until(lambda: receiver.came)
        courier.stop()
        thread.join(2)
        assert not thread.is_alive()
        path, headers, body = receiver.came[0]
        assert path == "/hook?to=0371-6000%201234"
        assert headers["Authorization"] == SECRET
        text = receiver.bodies()[0]["text"]
        assert case.number in text
        assert "值班" in text
        until(lambda: [one.state for one in messages(room) if one.channel == "sms"] == [State.DELIVERED])
        assert told(room, "new_red", "sms") == ["inspector::"]
        assert len(receiver.came) == 1
        assert body.count(b"\n") == 0  # a line break in a text stays within its string


def until(holds, seconds=15):
    """Wait until something holds."""
    waited = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if holds():
            return
        waited.wait(0.05)
    raise AssertionError("It never came.")


def test_with_nobody_on_duty_the_duty_telephone_rings_all_the_same(quick):
    book = book_of(quick, duty=Contact(sms="110"))
    Books(quick.ledger.folder).write(replace(book, sms=Sms("http://localhost:1/{number}/{text}")))
    case_in(quick, NIGHT, by=by(head(quick, 3)))
    derived(quick, NIGHT)
    assert [(one.post, one.contact) for one in messages(quick) if one.channel == "sms"] == [("dispatcher::", "duty")]


def test_a_volunteer_is_told_by_telephone_when_the_quiet_time_is_over(quick):
    volunteer = next(post for post in quick.posts.values() if post.volunteer)
    with receiving() as (url, receiver):
        book_of(quick, **{volunteer.key: robot(url)})
        case = case_in(quick, NIGHT)
        sent_to(quick, case.number, volunteer.key, NIGHT)
        derived(quick, NIGHT)
        assert told(quick, "assignment") == [volunteer.key]  # in the console at once
        clock = Clock(NIGHT + 2 * MINUTE)
        assert sender(quick).all(clock) == 0
        clock.now = TEN.replace(hour=23, minute=29)  # 07:29
        assert sender(quick).all(clock) == 0
        clock.now += MINUTE
        assert sender(quick).all(clock) >= 1
        assert receiver.came


def test_what_is_long_past_is_sent_nowhere_and_asks_for_nothing(quick):
    handler = head(quick, 1)
    book_of(quick, **{handler: robot("http://localhost:1/")})
    case = case_in(quick, TEN)
    sent_to(quick, case.number, handler, TEN)
    now = TEN + 13 * HOUR
    derived(quick, now)
    assert {one.channel for one in messages(quick)} == {"app"}
    assert told(quick, "assignment") == [handler]
    assert calls.unread(quick, {handler}) == 0
    assert calls.waiting(quick, now + 13 * HOUR) == []


def test_a_demonstration_rings_nobodys_telephone(quick):
    handler = head(quick, 1)
    book_of(quick, **{handler: robot("http://localhost:1/")})
    case = case_in(quick, TEN)

    with quick.ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE incident SET demo = 1")
    sent_to(quick, case.number, handler, TEN)
    derived(quick, TEN)
    assert {one.channel for one in messages(quick)} == {"app"}
    assert calls.unread(quick, {handler}) == 1


def test_what_somebody_else_has_dealt_with_is_not_called_for(quick):
    first, second = head(quick, 1), head(quick, 2)
    case = sent_to(quick, case_in(quick, TEN).number, first, TEN)
    derived(quick, TEN)
    assert [call.post.key for call in calls.waiting(quick, TEN + HOUR)] == [first]
    sent_to(quick, case.number, second, TEN + HOUR)
    derived(quick, TEN + HOUR)
    assert [call.post.key for call in calls.waiting(quick, TEN + 2 * HOUR)] == [second]
    do(quick, Doing(case.number, Act.CANCEL, {"reason": "重复"}), DISPATCHER, TEN + 2 * HOUR)
    assert calls.waiting(quick, TEN + 3 * HOUR) == []


def test_a_call_for_help_reaches_the_post_that_is_asked(quick):
    handler, asked = head(quick, 1), head(quick, 2)
    case = sent_to(quick, case_in(quick, TEN).number, handler, TEN)
    data = {"text": "要喷雾器", "help": "material", "to": asked}
    do(quick, Doing(case.number, Act.NOTE, data), by(handler), TEN)
    derived(quick, TEN)
    assert told(quick, "material") == [asked]
    assert verify(quick.ledger, now=TEN).breaks == ()


def test_without_any_address_what_a_head_is_told_is_there_to_be_copied(quick):
    handler = head(quick, 1)
    case = case_in(quick, TEN)
    sent_to(quick, case.number, handler, TEN)
    derived(quick, TEN)
    assert {one.post for one in calls.to_copy(quick, None)} == {handler}  # whoever was to sort it has done so
    ids = [one.id for one in calls.to_copy(quick, {handler})]
    assert calls.copied(quick, ids, DISPATCHER, TEN + MINUTE) == len(ids) == 1
    assert calls.copied(quick, ids, DISPATCHER, TEN + MINUTE) == 0
    assert handler not in {one.post for one in calls.to_copy(quick, None)}


def test_what_was_undone_or_done_waits_to_be_copied_by_nobody(quick):
    first, second = head(quick, 1), head(quick, 2)
    for place, handler in ((10, first), (20, second)):
        sent_to(quick, case_in(quick, TEN, place=place).number, handler, TEN)
    derived(quick, TEN)
    one, other = (next(text for text in calls.to_copy(quick, {key})) for key in (first, second))
    do(quick, Doing(one.number, Act.UNDO), DISPATCHER, TEN + timedelta(seconds=30))
    do(quick, Doing(other.number, Act.ACCEPT), by(second), TEN + MINUTE)
    derived(quick, TEN + MINUTE)
    assert "assignment" not in {text.kind for text in calls.to_copy(quick, None)}
    assert {text.state for text in messages(quick, channels=("text",)) if text.kind == "assignment"} == {
        State.CANCELLED
    }


# Words


def test_a_message_says_no_word_of_a_restricted_case_and_nobodys_number(quick):
    restricted = next(key for key, found in quick.rules.directory.classes.items() if found.restricted)
    for class_, shown in ((restricted, False), (None, True)):
        case = case_in(quick, TEN, class_=class_, text="张先生 13812345678 家漏水", title="张先生 13812345678 家漏水", reporter="张小明", phone="13812345678")  # fmt: skip
        derived(quick, TEN)
        one = next(one for one in messages(quick) if one.number == case.number)
        made = letter(quick, Book("https://map.example"), one, "zh", TEN)
        for text in (made.text, made.subject, made.link):
            assert "张" not in text
            assert "1381234" not in text
        assert ("漏水" in made.text) is shown
        assert case.number in made.text
        assert f"case={case.number}" in made.link
        assert quick.class_name(case.class_).in_("zh") not in made.text or shown


# Sending


def test_a_receiver_that_fails_for_an_hour_gets_every_message_in_order_and_none_twice(room):
    handlers = [head(room, 1), head(room, 2)]
    with receiving() as (url, receiver):
        book_of(room, **{key: robot(url) for key in handlers})
        receiver.answer = 503
        clock, out = Clock(TEN), sender(room)
        wanted = {key: [] for key in handlers}
        for minute in range(65):
            clock.now = TEN + minute * MINUTE
            if minute % 10 == 0 and minute < 60:
                for place, handler in enumerate(handlers):
                    case = case_in(room, clock.now, place=10 + minute + place)
                    sent_to(room, case.number, handler, clock.now)
                    wanted[handler].append(case.number)
                derived(room, clock.now)
            if minute == 60:
                receiver.answer = 200
            out.all(clock)
        clock.now += 12 * MINUTE  # the longest pause
        out.all(clock)
        came = [(one["post"], one["number"]) for one in receiver.bodies() if one["kind"] == "assignment"]
        assert {key: [number for post, number in came if post == key] for key in handlers} == wanted
        assert len(set(receiver.ids())) == len(receiver.came)
        assert {one.state for one in messages(room) if one.channel == "webhook"} == {State.DELIVERED}
        assert all(one.attempts > 1 for one in messages(room) if one.channel == "webhook" and one.at == TEN)
    assert verify(room.ledger, now=TEN).breaks == ()


def test_what_nobody_takes_is_a_dead_letter_and_may_be_sent_again_or_cancelled(room):
    handler = head(room, 1)
    with receiving() as (url, receiver):
        book_of(room, **{handler: robot(url)})
        receiver.answer = 500
        for place in (10, 11):
            case = case_in(room, TEN, place=place)
            sent_to(room, case.number, handler, TEN)
        derived(room, TEN)
        clock, out, tries = Clock(TEN), sender(room), 0
        while tries < 400:
            tries += 1
            clock.now += 5 * MINUTE
            out.all(clock)
            if all(one.state is State.DEAD for one in messages(room, channels=("webhook",))):
                break
        first, second = messages(room, channels=("webhook",))
        assert 12 * 12 <= tries <= 2 * 14 * 12
        assert (first.state, first.error) == (State.DEAD, "The receiver answered 500.")
        receiver.answer = 200
        assert out.all(clock) == 0
        assert room.ledger.change(lambda writing: outbox.cancel(writing, [second.id])) == 1
        assert room.ledger.change(lambda writing: outbox.replay(writing, [first.id], now=clock.now)) == 1
        assert out.all(clock) == 1
        assert [one.state for one in messages(room, channels=("webhook",))] == [State.DELIVERED, State.CANCELLED]
        assert room.ledger.change(lambda writing: outbox.replay(writing, [first.id], now=clock.now)) == 0


def test_what_the_receiver_refuses_is_not_tried_again_and_holds_up_nobody(quick):
    handler = head(quick, 1)
    with receiving() as (url, receiver):
        book_of(quick, **{handler: robot(url)})
        for place in (10, 11):
            sent_to(quick, case_in(quick, TEN, place=place).number, handler, TEN)
        derived(quick, TEN)
        receiver.answer = 422
        sender(quick).all(Clock(TEN + 2 * MINUTE))
        assert {one.state for one in messages(quick, channels=("webhook",))} == {State.DEAD}


def test_who_is_killed_between_sending_and_marking_sends_again_with_the_same_key(room):
    handler = head(room, 1)
    with receiving() as (url, receiver):
        book_of(room, **{handler: robot(url)})
        sent_to(room, case_in(room, TEN).number, handler, TEN)
        derived(room, TEN)
        clock = Clock(TEN + 2 * MINUTE)

        class Killed(BaseException):
            pass

        def killed(channel, book, made, now):
            sender(room).send(channel, book, made, now)
            raise Killed

        with pytest.raises(Killed):
            sender(room, send=killed).all(clock)
        assert len(receiver.came) == 1
        assert sender(room).all(clock) == 0  # somebody may still be sending it
        clock.now += LEASE
        assert sender(room).all(clock) == 1
        first, second = receiver.ids()
        assert first == second
        assert len({one.id for one in messages(room, channels=("webhook",))}) == 1


KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
sys.path.insert(0, {tests!r})
from outbox import Clock, sender
from rooms import room_of, shipped
room = room_of(shipped("longnan"), Path({folder!r}))
real = sender(room).send
def killed(channel, book, made, now):
    real(channel, book, made, now)
    os._exit(9)
sender(room, send=killed).all(Clock(datetime.fromisoformat({now!r})))
"""


def test_a_process_that_is_killed_once_the_receiver_has_it_is_followed_by_another(quick):
    handler = head(quick, 1)
    with receiving() as (url, receiver):
        book_of(quick, **{handler: robot(url)})
        sent_to(quick, case_in(quick, TEN).number, handler, TEN)
        derived(quick, TEN)
        now = TEN + 2 * MINUTE
        script = KILLED.format(tests=str(Path(__file__).parent), folder=str(quick.ledger.folder), now=now.isoformat())
        done = subprocess.run([sys.executable, "-c", script], check=False, cwd=Path(__file__).parent.parent, timeout=60)
        assert done.returncode == 9
        assert [one.state for one in messages(quick, channels=("webhook",))] == [State.QUEUED]
        assert sender(quick).all(Clock(now)) == 0
        assert sender(quick).all(Clock(now + LEASE)) == 1
        assert len(set(receiver.ids())) == 1
        assert [one.state for one in messages(quick, channels=("webhook",))] == [State.DELIVERED]
    assert verify(quick.ledger, now=now).breaks == ()


def test_two_processes_at_one_ledger_derive_once_and_send_once(room, tmp_path, database):
    handlers = [head(room, place) for place in range(1, 9)]
    other = replace(room, ledger=open_ledger(tmp_path / "ledger", database))
    with receiving() as (url, receiver):
        book_of(room, **{key: robot(url) for key in handlers})
        for place, handler in enumerate(handlers):
            sent_to(room, case_in(room, TEN, place=20 + place).number, handler, TEN)
        couriers = [Courier(sender(one), every=0.02, clock=Clock(TEN + 2 * MINUTE)) for one in (room, other)]
        threads = [threading.Thread(target=one.run) for one in couriers]
        for thread in threads:
            thread.start()
        until(lambda: len(receiver.came) >= len(handlers), 30)
        threading.Event().wait(0.3)
        for one in couriers:
            one.stop()
        for thread in threads:
            thread.join(5)
        until(lambda: {one.state for one in messages(room, channels=("webhook",))} == {State.DELIVERED})
        keys = [body["id"] for body in receiver.bodies()]
        assert sorted(keys) == sorted({one.key for one in messages(room, channels=("webhook",))})
        assert len(told(room, "assignment")) == len(handlers)
    other.ledger.close()


def test_a_claim_that_ran_out_settles_nothing(room):
    sent_to(room, case_in(room, TEN).number, head(room, 1), TEN)
    book_of(room, **{head(room, 1): robot("http://localhost:1/")})
    derived(room, TEN)
    (one,) = messages(room, channels=("webhook",))
    now = TEN + HOUR

    def claim(name, at):
        return room.ledger.change(lambda writing: outbox.claim(writing, one.id, name, now=at, until=at + LEASE))

    assert claim("first", now)
    assert not claim("second", now)
    assert claim("second", now + LEASE)
    done = replace(one, state=State.DEAD)
    assert not room.ledger.change(lambda writing: outbox.settle(writing, done, "first"))
    assert room.ledger.change(lambda writing: outbox.settle(writing, done, "second"))


def test_a_receiver_that_hangs_holds_up_no_other(quick):
    slow, fast = head(quick, 1), head(quick, 2)
    with receiving() as (url, hanging), receiving() as (other, receiver):
        hanging.wait = threading.Event()
        book_of(quick, **{slow: robot(url), fast: robot(other)})
        for place, handler in enumerate((slow, fast)):
            sent_to(quick, case_in(quick, TEN, place=20 + place).number, handler, TEN)
        courier = Courier(sender(quick), every=0.05, clock=Clock(TEN + 2 * MINUTE))
        thread = threading.Thread(target=courier.run)
        thread.start()
        until(lambda: receiver.came)
        sent_to(quick, case_in(quick, TEN + MINUTE, place=30).number, fast, TEN + MINUTE)
        until(lambda: len(receiver.came) > 1)
        assert hanging.came == []
        courier.stop()
        thread.join(2)
        assert not thread.is_alive()  # within two seconds, though one hangs
        hanging.wait.set()


# What time brings


def test_a_first_handler_who_does_nothing_is_told_of_once_to_the_next_head(room):
    handler = head(room, 1)
    case = sent_to(room, case_in(room, TEN, place=1).number, handler, TEN)
    book = Book()
    assert timers.first(room, RULES, TEN + 30 * MINUTE) == 0
    late = TEN + 4 * HOUR  # one working hour later, however the noon break lies
    assert timers.first(room, RULES, late) == 1
    assert timers.take(room, RULES, book, late + HOUR) == 0 or timers.first(room, RULES, late + HOUR) == 0
    derived(room, late)
    above = told(room, "first_handler")
    assert handler in above
    assert any(post != handler for post in above)
    assert room.get(case.number).state.watchers
    assert verify(room.ledger, now=late).breaks == ()


def test_a_first_handler_who_noted_something_has_begun(quick):
    handler = head(quick, 1)
    case = sent_to(quick, case_in(quick, TEN, place=1).number, handler, TEN)
    do(quick, Doing(case.number, Act.NOTE, {"text": "在路上"}), by(handler), TEN + 10 * MINUTE)
    assert timers.first(quick, RULES, TEN + 5 * HOUR) == 0


def test_who_does_not_read_comes_on_the_call_list_until_somebody_calls(room):
    handler = head(room, 1)
    on_duty(room, "inspector::", TEN)
    book = book_of(room, duty=Contact(sms="110"))
    book = replace(book, sms=Sms("http://localhost:1/{number}/{text}"))
    sent_to(room, case_in(room, TEN).number, handler, TEN)
    derived(room, TEN)
    assert calls.waiting(room, TEN + 29 * MINUTE) == []
    now = TEN + 31 * MINUTE
    (call,) = calls.waiting(room, now)
    assert (call.post.key, call.since) == (handler, TEN + 30 * MINUTE)
    assert timers.call(room, RULES, book, now) == 3 - 1  # in the console and by telephone
    assert timers.call(room, RULES, book, now + HOUR) == 0  # nobody new
    duty = next(one for one in messages(room) if one.kind == "unread" and one.channel == "sms")
    assert (duty.post, duty.contact) == ("inspector::", "duty")
    assert "1" in letter(room, book, duty, "zh", now).text
    assert calls.called(room, [call.message.id], DISPATCHER, now) == 1
    assert calls.waiting(room, now) == []
    assert calls.unread(room, {handler}) == 1  # it was not read for all that
    assert verify(room.ledger, now=now).breaks == ()


def test_what_a_post_has_not_read_is_listed_however_much_came_since(quick):
    handler = head(quick, 1)
    for place in range(4):
        sent_to(quick, case_in(quick, TEN, place=place).number, handler, TEN)
    derived(quick, TEN)
    old, *newer = sorted(one.id for one in calls.told(quick, {handler}))
    calls.read(quick, newer, by(handler), TEN)
    shown = calls.told(quick, {handler}, most=2)
    assert [one.id for one in shown] == [*newer[:-3:-1], old]
    assert calls.unread(quick, {handler}) == 1


def test_who_waits_longest_stays_on_the_call_list_however_many_came_since(quick):
    sent_to(quick, case_in(quick, TEN).number, head(quick, 1), TEN)
    derived(quick, TEN)
    first = calls.waiting(quick, TEN + HOUR)[0]
    more = [replace(first.message, id=0, version=10_000 + n, subject="order", number=str(n)) for n in range(calls.MOST + 1)]  # fmt: skip
    quick.ledger.change(lambda writing: outbox.add(writing, more))
    found = calls.waiting(quick, TEN + HOUR)
    assert (len(found), found[0]) == (calls.MOST + 2, first)


def test_the_call_list_is_a_look_up(quick):
    said = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        if statement.startswith("SELECT") and "FROM message" in statement:
            said.append((statement, parameters))

    event.listen(quick.ledger.engine, "before_cursor_execute", note)
    calls.waiting(quick, TEN)
    event.remove(quick.ledger.engine, "before_cursor_execute", note)
    ((statement, parameters),) = said
    with quick.ledger.engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert plan == ["SEARCH message USING INDEX ix_message_call (area=? AND state=?)"]


def test_who_acted_need_not_be_called_and_who_read_is_known(room):
    handlers = [head(room, 1), head(room, 2)]
    for place, handler in enumerate(handlers):
        sent_to(room, case_in(room, TEN, place=20 + place).number, handler, TEN)
    derived(room, TEN)
    first, second = (next(one for one in messages(room) if (one.post, one.kind) == (key, "assignment")) for key in handlers)  # fmt: skip
    do(room, Doing(first.number, Act.ACCEPT), by(handlers[0]), TEN + MINUTE)
    with pytest.raises(NoAccess):
        calls.read(room, [second.id], by(handlers[0]), TEN + MINUTE)
    assert calls.read(room, [second.id], by(handlers[1]), TEN + MINUTE) == 1
    assert calls.read(room, [second.id], by(handlers[1]), TEN + HOUR) == 0
    derived(room, TEN + MINUTE)
    found = {one.id: (one.state, one.read) for one in messages(room)}
    assert found[first.id] == (State.DONE, None)
    assert found[second.id] == (State.READ, TEN + MINUTE)
    assert calls.waiting(room, TEN + HOUR) == []
    with room.ledger.reading() as connection:
        assert outbox.receipts(connection, room.id, {second.version}, "assignment") == {second.version: (1, 1)}
    assert verify(room.ledger, now=TEN).breaks == ()


# Proof


@pytest.mark.parametrize("change", ["read = 1", "called = 1", "version = 999999"])
def test_a_mark_that_the_history_does_not_know_is_found(quick, change):
    sent_to(quick, case_in(quick, TEN).number, head(quick, 1), TEN)
    derived(quick, TEN)
    (one, *_) = messages(quick)
    assert verify(quick.ledger, now=TEN).breaks == ()
    with quick.ledger.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE message SET {change} WHERE id = {one.id}")
    assert [str(found) for found in verify(quick.ledger, now=TEN).breaks if f"message {one.id}" in str(found)]


def test_messages_are_forgotten_in_time_and_the_history_still_holds(room):
    handler = head(room, 1)
    sent_to(room, case_in(room, TEN).number, handler, TEN)
    derived(room, TEN)
    old = [one.id for one in messages(room) if one.post == handler]
    calls.read(room, old, by(handler), TEN)
    sent_to(room, case_in(room, TEN + 10 * HOUR, place=9).number, handler, TEN + 10 * HOUR)
    derived(room, TEN + 10 * HOUR)
    before = len(messages(room))
    gone = room.ledger.change(lambda writing: outbox.forget(writing, room.id, before=TEN + HOUR, at=TEN + 11 * HOUR))
    assert 0 < gone < before
    assert len(messages(room)) == before - gone
    assert verify(room.ledger, now=TEN).breaks == ()
    assert derived(room, TEN + 11 * HOUR) >= 1  # what was forgotten is not told again
    assert len(messages(room)) == before - gone


# Any acts, any crashes

ACTS = st.lists(
    st.tuples(st.sampled_from(["report", "dispatch", "accept", "feedback", "return", "close", "undo", "note", "escalate"]), st.integers(0, 3)),
    min_size=1, max_size=10,
)  # fmt: skip


def acted(room, act, place, now):
    """Do something, if it may be done."""
    with room.ledger.reading() as connection:
        from ledger import find

        found = find.incidents(connection, room.wanted(), order="oldest")
    if act == "report" or not found:
        case_in(room, now, place=place)
        return
    case = found[place % len(found)]
    handler = case.state.handler
    doings = {
        "dispatch": (Act.DISPATCH, {"handler": head(room, 5 + place)}, DISPATCHER),
        "accept": (Act.ACCEPT, {}, by(handler) if handler else DISPATCHER),
        "feedback": (Act.FEEDBACK, {"text": "好了"}, by(handler) if handler else DISPATCHER),
        "return": (Act.RETURN, {"reason": "没有"}, DISPATCHER),
        "close": (Act.CLOSE, {}, DISPATCHER),
        "undo": (Act.UNDO, {}, DISPATCHER),
        "note": (Act.NOTE, {"text": "看", "help": "help", "to": head(room, 9)}, by(handler) if handler else DISPATCHER),
        "escalate": (Act.DISPATCH, {"handler": head(room, 8 + place)}, DISPATCHER),
    }
    what, data, who = doings[act]
    try:
        if act == "dispatch" and case.status.value == "reported":
            do(room, Doing(case.number, Act.FILE), DISPATCHER, now)
        do(room, Doing(case.number, what, data), who, now)
    except LifecycleError:
        pass


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS, data=st.data())
def test_any_acts_and_any_crashes_of_deriving_give_the_same_messages(acts, data, tmp_path_factory):
    room = room_of(shipped("longnan"), tmp_path_factory.mktemp("crashes"))
    for number, (act, place) in enumerate(acts):
        now = TEN + number * timedelta(seconds=20)
        acted(room, act, place, now)
        for how in data.draw(st.lists(st.sampled_from(["whole", "part", "crash"]), max_size=2)):
            if how == "crash":
                crashed(room, now)
            else:
                derive(room, RULES, Book(), now, most=1 if how == "part" else 500)
    derived(room, TEN + HOUR)
    found = said(room)
    with room.ledger.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM message")
        connection.exec_driver_sql("DELETE FROM outbox_cursor")
    derived(room, TEN + HOUR)
    assert said(room) == found
    assert len(found) == len(messages(room))
    room.ledger.close()


def crashed(room, now):
    """Derive, and die before the commit."""

    class Dying:
        def __init__(self, ledger):
            self._ledger = ledger

        def __getattr__(self, name):
            return getattr(self._ledger, name)

        def change(self, work):
            def dying(writing):
                work(writing)
                raise RuntimeError("killed")

            return self._ledger.change(dying)

    with suppress(RuntimeError):  # none where there was nothing to derive
        derive(replace(room, ledger=Dying(room.ledger)), RULES, Book(), now)


@given(attempts=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_a_pause_is_a_little_longer_or_shorter_and_never_longer_than_the_last(attempts, chance):
    pause, plain = RULES.retry.after(attempts, chance), RULES.retry.after(attempts, 0.5)
    assert abs(pause / plain - 1) <= RULES.retry.jitter + 1e-9
    assert plain <= timedelta(minutes=10)
    assert plain <= RULES.retry.after(attempts + 1, 0.5)


# Secrets


def test_no_secret_is_in_a_log_in_the_database_or_in_what_is_said_of_a_failure(room, caplog):
    caplog.set_level(logging.DEBUG)
    handler = head(room, 1)
    token = "key=693axxx6-7aoc-4bc4"
    book_of(room, **{handler: robot(f"http://localhost:1/send?{token}")})
    sent_to(room, case_in(room, TEN).number, handler, TEN)
    derived(room, TEN)
    sender(room).all(Clock(TEN + HOUR))

    def failing(*_said):
        raise OSError(f"could not open http://localhost:1/send?{token} {SECRET}")

    sender(room, send=failing).all(Clock(TEN + 2 * HOUR))
    written = caplog.text + repr(messages(room)) + repr(Books(room.ledger.folder).read())
    assert SECRET not in written
    assert token not in written
    assert all(one.error for one in messages(room, channels=("webhook",)))


def test_what_a_sender_returns_is_bounded(quick):
    handler = head(quick, 1)
    book_of(quick, **{handler: robot("http://localhost:1/")})
    sent_to(quick, case_in(quick, TEN).number, handler, TEN)
    derived(quick, TEN)

    def wordy(*_said):
        raise Unsent("x" * 5000)

    sender(quick, send=wordy).all(Clock(TEN + HOUR))
    sender(quick, send=lambda *_said: Outcome(delivered=True, receipt="y" * 5000)).all(Clock(TEN + 2 * HOUR))
    (one,) = messages(quick, channels=("webhook",))
    assert (one.state, len(one.receipt)) == (State.DELIVERED, 120)


def test_the_rules_say_each_of_their_faults():
    from geo.errors import RulesError

    with pytest.raises(RulesError) as found:
        OutboxRules.from_table({"night": ["x"], "unread_minutes": 0, "tell": [{"act": 1}, {"subject": "a", "act": "b", "kind": "c", "to": ["everybody"]}], "more": 1})  # fmt: skip
    for word in ("night", "quiet", "unread_minutes", "first", "retry", "channels", "number 1", "everybody", "more"):
        assert any(word in fault for fault in found.value.faults), word
