"""Whoever is on duty calls all who did not read, and hears no number and no word of what lies beyond their scope."""

from dataclasses import replace

import orders
import pytest
import whistles
from outbox import DISPATCHER, HOUR, case_in, derived, leaf, messages, on_duty, sent_to
from rooms import NOON as MIDDAY
from rooms import room_of, shipped
from whistles import who

from desk.acts import Doing, do
from desk.outbox import calls
from desk.outbox.words import words
from geo.errors import NoAccess
from incidents.lifecycle import Act

TEN = MIDDAY - 2 * HOUR
NOW = TEN + 2 * HOUR
OWN, ELSEWHERE = 5, 0  # micro-grids


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Cases of two grids, a whistle and an order, all told to somebody and read by nobody; the head of one of the grids is on duty."""
    found = room_of(shipped("longnan"), tmp_path_factory.mktemp("ledger"))
    whistles.with_leader(orders.with_teams(found, TEN), TEN)
    on_duty(found, leaf(found, OWN)[1], TEN)
    for place in (OWN, ELSEWHERE):
        case = case_in(found, TEN, place=place, title=f"井盖破损 {place}")
        sent_to(found, case.number, leaf(found, place)[1], TEN)
    whistles.asked(found, now=TEN)
    orders.asked(found, now=TEN)
    asking = {"text": "要人手", "help": "help", "to": leaf(found, OWN)[1]}
    do(found, Doing(case.number, Act.NOTE, asking), DISPATCHER, TEN)
    derived(found, TEN)
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def duty(room):
    """The room as the head who is on duty sees it."""
    _head, level, code = leaf(room, OWN)[1].split(":")
    return room.seen_by(who("head", f"longnan:{level}:{code}"))


def test_who_is_on_duty_calls_everybody_and_is_told_the_number_of_their_own_cases_alone(room, duty):
    own = leaf(room, OWN)[1]
    whole, seen = (calls.waiting(one, NOW) for one in (room, duty))
    assert {call.message.subject for call in whole} == {"incident", "whistle", "order"}
    assert [(call.post, call.since, call.message.contact) for call in seen] == [(call.post, call.since, call.message.contact) for call in whole]  # fmt: skip
    named = [call for call in seen if call.message.number or call.message.kind]
    assert [(call.post.key, call.message.kind) for call in named] == [(own, "assignment")]
    assert calls.called(duty, [whole[-1].message.id], replace(duty.post(own).by, account="a"), NOW) == 1


def test_a_text_of_another_grid_is_not_theirs_to_copy(room, duty):
    own, elsewhere = (leaf(room, place)[1] for place in (OWN, ELSEWHERE))
    by = replace(duty.post(own).by, account="a")
    every = calls.to_copy(room, None)
    assert {one.post for one in every} >= {own, elsewhere}
    mine = calls.to_copy(duty, calls.copied_for(duty, duty.post(own), NOW))
    assert {one.number for one in mine} == {one.number for one in every if one.post == own and one.kind != "help"}
    with pytest.raises(NoAccess):
        calls.copied(duty, [one.id for one in every if one.post == elsewhere], by, NOW)
    assert calls.copied(duty, [one.id for one in mine], by, NOW) == len(mine) > 0


def test_what_was_told_of_another_grid_stands_there_without_its_number(room, duty):
    own = leaf(room, OWN)[1]
    found = {one.kind: one for one in calls.told(duty, {own})}
    assert found["assignment"].number != ""
    assert found["help"].number == ""
    assert "井盖" not in words(duty, found["help"], "zh").text
    assert all(one.number for one in messages(room))


def test_who_may_do_neither_whistles_nor_orders_hears_of_none(room):
    found = calls.waiting(room.seen_by(replace(who("dispatcher", "longnan"), may=frozenset({"cases"}))), NOW)
    assert {call.message.subject for call in found if call.message.number} == {"incident"}
    assert len(found) == len(calls.waiting(room, NOW))
