"""An emergency that begins is told at every hour: to who answers for the place, to the centre, and to the duty telephone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from outbox import DISPATCHER, HOUR, MINUTE, book_of, derived, leaf, messages, on_duty
from rooms import NOON as MIDDAY
from rooms import room_of, shipped
from whistles import who

from desk.emergency import events
from desk.emergency.building import building
from desk.outbox import calls
from desk.outbox.book import Books, Contact, Sms
from desk.outbox.deliver import letter
from incidents.lifecycle import By, PostKind
from incidents.posts import duty_of
from ledger.verify import verify

TEN = MIDDAY - 2 * HOUR
NIGHT = TEN + 15 * HOUR
MINE = By("worker:micro:nowhere", PostKind.WORKER)


@pytest.fixture
def room(tmp_path):
    found = room_of(shipped("longnan"), tmp_path / "ledger")
    yield found
    found.ledger.close()


@pytest.fixture
def home(room):
    """A building in which people live, and who answers for it."""
    frame = room.area.of_kind("building")["buildings"]
    code = str(frame[frame["households"] > 0]["id"].iloc[0])
    duty = duty_of(room.area.net, building(room, code).codes, room.posts)
    return code, {post.key for post in (duty.post, duty.informed, duty.overdue) if post}


@pytest.mark.parametrize("now", [TEN, NIGHT])
def test_who_answers_for_the_place_the_centre_and_the_duty_telephone_are_told(room, home, now):
    code, answering = home
    on_duty(room, "inspector::", TEN)
    book = book_of(room, duty=Contact(sms="0371-6000 1234"), **{key: Contact(sms="0371-6000 5678") for key in answering})  # fmt: skip
    book = replace(book, sms=Sms("http://localhost:1/{number}/{text}"))
    Books(room.ledger.folder).write(book)
    event = events.begin(room, code, "fire", MINE, now)
    derived(room, now)
    told = {one.post for one in messages(room, channels=("app",))}
    assert told == answering | {"dispatcher::", "inspector::"}
    by_phone = {(one.post, one.contact): one for one in messages(room, channels=("sms",))}
    assert by_phone.keys() == {("inspector::", "duty"), *((key, key) for key in answering if not room.post(key).volunteer)}  # fmt: skip
    assert {one.due for one in by_phone.values()} == {now}  # no quiet time holds it
    made = letter(room, book, by_phone["inspector::", "duty"], "zh", now)
    assert building(room, code).title in made.text
    assert made.link == f"https://map.example/emergency/longnan/{code}?class=fire"
    assert str(event.id) not in made.text.replace(made.link, "").split()
    assert verify(room.ledger, now=now).breaks == ()


def test_who_logged_a_step_need_not_be_called_nor_anybody_when_it_is_over(room, home):
    code, answering = home
    first = min(answering)
    event = events.begin(room, code, "fire", MINE, TEN)
    derived(room, TEN)
    late = TEN + 6 * MINUTE
    assert {call.post.key for call in calls.waiting(room, late)} == answering | {"dispatcher::"}
    step = next(iter(room.rules.emergencies.plans["fire"].steps))
    events.log(room, code, event.id, step, "key-00000001", By(first, PostKind.HEAD), TEN + MINUTE)
    derived(room, TEN + MINUTE)
    assert {call.post.key for call in calls.waiting(room, late)} == (answering | {"dispatcher::"}) - {first}
    events.end(room, code, event.id, DISPATCHER, TEN + 2 * MINUTE)
    assert calls.waiting(room, late + timedelta(hours=1)) == []


def test_who_is_on_duty_elsewhere_calls_and_is_not_told_where(room, home):
    code, answering = home
    other = next(post for post in (leaf(room, place)[1] for place in range(9)) if post not in answering)
    on_duty(room, other, TEN)
    events.begin(room, code, "fire", MINE, TEN)
    derived(room, TEN)
    _kind, level, grid = other.split(":")
    found = calls.waiting(room.seen_by(who("head", f"longnan:{level}:{grid}")), TEN + 6 * MINUTE)
    assert {call.post.key for call in found} >= answering
    assert {(call.message.number, call.message.kind) for call in found} == {("", "")}
