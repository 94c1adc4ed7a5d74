"""Notices: written by who leads, told to whom they are for, acknowledged, reminded of, called for, taken back; seen by nobody else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from outbox import DISPATCHER, HOUR, book_of, derived, leaf, messages, on_duty, receiving, robot, sender
from outbox import Clock as At
from phones import NOON, Phone
from rooms import NOON as MIDDAY
from rooms import room_of, shipped
from whistles import who

from desk.field import notices as field
from desk.field.sending import State as Sent
from desk.outbox import calls, notices
from desk.outbox.notices import Draft
from desk.outbox.words import words
from geo.errors import DraftError, NoAccess, TextError
from incidents.lifecycle import By, PostKind
from ledger import find
from ledger import notices as kept
from ledger.outbox import State
from ledger.verify import verify

TEN = MIDDAY - 2 * HOUR
COMMUNITY = "head:community:410102999001"
DAYS = TEN + timedelta(days=3)


@pytest.fixture
def room(tmp_path, database):
    found = room_of(shipped("longnan"), tmp_path / "ledger", database)
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """A room over SQLite alone, for what no database changes."""
    found = room_of(shipped("longnan"), tmp_path_factory.mktemp("ledger"))
    yield found
    found.ledger.close()


def by(key, account=""):
    return By(key, PostKind(key.partition(":")[0]), account)


def draft(*posts, **said):
    return Draft(**{"title": "明早七点停水", "text": "三号楼、五号楼停水至十点。", "to": tuple(f"post:{key}" for key in posts), "until": DAYS, **said})  # fmt: skip


def heads(room, *places):
    return [leaf(room, place)[1] for place in places]


def seen_by(room, key, account="a"):
    _kind, level, code = key.split(":")
    return room.seen_by(who("head", f"longnan:{level}:{code}", account))


def test_a_notice_is_told_acknowledged_reminded_of_and_called_for_until_nobody_is_missing(room):
    first, second, third = posts = heads(room, 1, 2, 3)
    id_ = notices.send(room, draft(*posts, receipt=True), by(COMMUNITY), TEN)
    derived(room, TEN)
    told = {one.post: one for one in messages(room, channels=("app",))}
    assert {one.kind for one in told.values()} == {"notice_receipt"}
    assert set(told) == set(posts)
    assert "text" not in {one.channel for one in messages(room)}  # its sender has one text for all
    notices.acknowledge(room, id_, by(first), TEN + HOUR)
    notices.acknowledge(room, id_, by(first), TEN + 2 * HOUR)
    calls.read(room, [told[second].id], by(second), TEN + HOUR)
    derived(room, TEN + HOUR)
    found = {got.post: (got.read, got.acknowledged) for got in notices.receipts(room, notices.get(room, id_))}
    assert found == {first: (None, TEN + HOUR), second: (TEN + HOUR, None), third: (None, None)}
    assert [calls.unread(room, {key}) for key in posts] == [0, 1, 1]  # to read it is not enough
    assert calls.waiting(room, TEN + 3 * HOUR) == []
    assert {call.post.key for call in calls.waiting(room, TEN + 4 * HOUR)} == {second, third}
    assert notices.remind(room, id_, by(COMMUNITY), TEN + 4 * HOUR) == 2
    derived(room, TEN + 4 * HOUR)
    again = [one for one in messages(room) if one.kind == "notice_reminder"]
    assert {one.post for one in again} == {second, third}
    for key in (second, third):
        notices.acknowledge(room, id_, by(key), TEN + 5 * HOUR)
    derived(room, TEN + 5 * HOUR)
    assert calls.waiting(room, TEN + 6 * HOUR) == []
    assert notices.remind(room, id_, by(COMMUNITY), TEN + 6 * HOUR) == 0
    assert verify(room.ledger, now=TEN).breaks == ()


def test_who_is_asked_for_no_receipt_has_it_when_they_read_it(quick):
    (one,) = heads(quick, 4)
    id_ = notices.send(quick, draft(one), by(COMMUNITY), TEN)
    derived(quick, TEN)
    (message,) = (found for found in messages(quick, channels=("app",)) if found.number == str(id_))
    assert calls.read(quick, [message.id], by(one), TEN) == 1
    found = notices.get(quick, id_)
    assert notices.missing(found, notices.receipts(quick, found)) == []
    assert message.read_by is None
    assert (found.title, found.text) == ("明早七点停水", "三号楼、五号楼停水至十点。")


def test_what_was_taken_back_is_not_sent_and_called_for_by_nobody(quick):
    (one,) = heads(quick, 5)
    with receiving() as (url, receiver):
        book_of(quick, **{one: robot(url)})
        id_ = notices.send(quick, draft(one, receipt=True), by(COMMUNITY), TEN)
        derived(quick, TEN)
        notices.withdraw(quick, id_, "时间改了", by(COMMUNITY), TEN)
        derived(quick, TEN)
        sender(quick).all(At(TEN + HOUR))
        assert [body["kind"] for body in receiver.bodies()] == ["notice_withdrawn"]
        assert "三号楼" not in receiver.bodies()[0]["text"]
    book_of(quick)
    assert {found.state for found in messages(quick) if found.kind == "notice_receipt" and found.number == str(id_)} == {State.CANCELLED}  # fmt: skip
    assert str(id_) not in {call.message.number for call in calls.waiting(quick, TEN + 9 * HOUR)}
    assert notices.get(quick, id_).reason == "时间改了"
    with pytest.raises(DraftError):
        notices.remind(quick, id_, by(COMMUNITY), TEN + HOUR)


def test_a_notice_is_seen_by_its_sender_and_by_whom_it_is_for(quick):
    one, other = heads(quick, 6, 7)
    on_duty(quick, other, TEN)
    id_ = notices.send(quick, draft(one, receipt=True), by(COMMUNITY), TEN)
    derived(quick, TEN)
    mine, theirs = seen_by(quick, one), seen_by(quick, other)
    assert id_ in {found.id for found in notices.listed(mine)}
    assert id_ not in {found.id for found in notices.listed(theirs)}
    for room in (theirs, quick.seen_by(who("department", "longnan:department:公安机关")), quick.seen_by(who("dispatcher", "longnan"))):  # fmt: skip
        with pytest.raises(DraftError):
            notices.get(room, id_)
    (message,) = (found for found in messages(quick, channels=("app",)) if found.number == str(id_))
    assert "停水" in words(mine, message, "zh").text
    assert "停水" not in words(theirs, message, "zh").text
    late = [call for call in calls.waiting(theirs, TEN + 9 * HOUR) if call.post.key == one]
    assert {(call.message.number, call.message.kind) for call in late} == {("", "")}
    with pytest.raises(DraftError):
        notices.acknowledge(theirs, id_, by(other, "a"), TEN)
    with pytest.raises(NoAccess):
        notices.withdraw(mine, id_, "不是我的", by(one, "a"), TEN)


def test_nobody_writes_beyond_their_grid_and_who_leads_nothing_writes_none(quick):
    one, other = heads(quick, 1, 2)
    for wanted in (draft(other), draft("department::公安机关"), draft()):
        with pytest.raises(DraftError):
            notices.send(quick, wanted, by(one), TEN)
    with pytest.raises(NoAccess):
        notices.send(quick, draft(one), by("department::公安机关"), TEN)
    some = notices.choices(quick, quick.post(COMMUNITY), TEN)
    assert {one, other} <= set(some["kind:head"])
    part = next(name for name in some if name.startswith("grid:") and COMMUNITY.removeprefix("head:") not in name)
    assert set(some[part]) < set(some["kind:head"])
    every = notices.choices(quick, quick.post("dispatcher::"), TEN)
    assert {"kind:department", "post:inspector::", f"post:{COMMUNITY}"} <= every.keys()
    narrow = replace(quick, who=who("dispatcher", "longnan:" + part.removeprefix("grid:")))
    assert "kind:department" not in notices.choices(narrow, quick.post("dispatcher::"), TEN)


@pytest.mark.parametrize(
    ("said", "error", "field"),
    [
        ({"text": "请联系 13812345678"}, DraftError, "notice_personal"),
        ({"title": "证件 410102199003071234"}, DraftError, "notice_personal"),
        ({"title": " "}, DraftError, "notice_title"),
        ({"until": TEN}, DraftError, "past"),
        ({"until": TEN + timedelta(days=400)}, DraftError, "past"),
        ({"text": "长" * 1001}, TextError, ""),
    ],
)
def test_a_notice_that_cannot_be_is_refused_and_nothing_is_written(quick, said, error, field):
    before = quick.ledger.version()
    with pytest.raises(error) as found:
        notices.send(quick, draft(*heads(quick, 1), **said), DISPATCHER, TEN)
    assert getattr(found.value, "field", "") == field
    assert quick.ledger.version() == before


def test_words_of_notices_are_erased_in_time_and_words_that_were_changed_are_found(tmp_path):
    room = room_of(shipped("longnan"), tmp_path / "ledger")
    id_ = notices.send(room, draft(*heads(room, 1)), by(COMMUNITY), TEN)
    with room.ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE wording SET text = 'x'")
    assert [str(found) for found in verify(room.ledger, now=TEN).breaks if str(id_) in str(found)]
    assert room.ledger.change(lambda writing: kept.forget(writing, room.id, before=DAYS, at=DAYS)) == 0
    later = DAYS + HOUR
    assert room.ledger.change(lambda writing: kept.forget(writing, room.id, before=later, at=later)) == 1
    assert notices.get(room, id_).words == ""
    assert verify(room.ledger, now=TEN).breaks == ()


def test_a_phone_lists_what_runs_and_acknowledges_it_once_with_its_own_time(quick):
    key = heads(quick, 8)[0]
    phone = Phone(quick, "head", key.removeprefix("head:"), account="p1")
    id_ = notices.send(quick, draft(key, receipt=True), by(COMMUNITY), NOON)
    derived(quick, NOON)
    (told,) = field.told(phone.room, NOON)
    assert (told.notice.id, told.post.key, told.waits, told.due) == (id_, key, True, NOON + 4 * HOUR)
    item = phone.item("acknowledge", post=key, case=str(id_), ago=90)
    first, second = (phone.send(item)[0] for _ in range(2))
    assert (first.state, second.state, second.version) == (Sent.DONE, Sent.DONE, 0)
    with quick.ledger.reading() as connection:
        history = find.entries(connection, quick.id, str(id_), subject="notice")
    (entry,) = (one for one in history if one["act"] == "acknowledge")
    done = NOON - timedelta(minutes=90)
    assert (entry["at"], entry["data"]["item"], entry["data"]["done_at"]) == (NOON, item["key"], done.isoformat())
    assert [(one.waits, one.acknowledged) for one in field.told(phone.room, NOON)] == [(False, done)]
    assert [got.acknowledged for got in notices.receipts(quick, notices.get(quick, id_))] == [done]
    assert phone.send(phone.item("acknowledge", post=key, case="999999"))[0].state is Sent.REFUSED
    assert field.told(phone.room, DAYS + HOUR) == []
    assert verify(quick.ledger, now=NOON).breaks == ()


def test_what_a_phone_read_is_read_with_its_own_time(quick):
    key = heads(quick, 9)[0]
    phone = Phone(quick, "head", key.removeprefix("head:"), account="p2")
    id_ = notices.send(quick, draft(key), by(COMMUNITY), NOON)
    derived(quick, NOON)
    assert [(one.is_read, one.due) for one in field.told(phone.room, NOON)] == [(False, None)]
    item = phone.item("notice_read", post=key, case=str(id_), ago=30)
    assert [phone.send(item)[0].state for _ in range(2)] == [Sent.DONE, Sent.DONE]
    found = notices.receipts(quick, notices.get(quick, id_))
    assert [(got.read, got.acknowledged) for got in found] == [(NOON - timedelta(minutes=30), None)]
    assert [one.is_read for one in field.told(phone.room, NOON)] == [True]
    assert calls.unread(quick, {key}) == 0
    other = notices.send(quick, draft(*heads(quick, 7)), by(COMMUNITY), NOON)
    assert phone.send(phone.item("notice_read", post=key, case=str(other)))[0].state is Sent.REFUSED
    assert verify(quick.ledger, now=NOON).breaks == ()
