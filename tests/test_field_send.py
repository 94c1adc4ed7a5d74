"""What a phone sends: done once, in order, with its own time, whatever breaks on the way; and what happened meanwhile is said in both languages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from phones import Phone, jpeg
from rooms import DISPATCHER, NOON, room_of, shipped
from sqlalchemy import delete, update

from desk.acts import Doing, do
from desk.field import items, staged
from desk.field.sending import Kind, State, send
from desk.posts.acting import posts_of
from desk.room import Room
from geo.errors import DraftError, LedgerError, PhotoError, TooOften
from incidents.lifecycle import Act
from incidents.model import Status
from ledger import files, find, tables
from ledger.find import Wanted
from ledger.verify import verify
from locales import translator
from reports import inbox
from reports.case_words import called, timeline
from reports.field_words import said_of

LEAF, GRID, STREET = "41010299900100101", "410102999001001", "410102999"
WORKER, HEAD = f"worker:micro:{LEAF}", f"head:grid:{GRID}"
HOUR = timedelta(hours=1)
NAMES = count()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    room = room_of(shipped("longnan"), tmp_path_factory.mktemp("field"))
    yield room
    room.ledger.close()


@pytest.fixture
def room(template):
    """A room of an area of its own, without anything in it."""
    return Room(replace(template.area, id=f"field{next(NAMES)}"), template.rules, template.ledger)


@pytest.fixture
def phone(room):
    return Phone(room, part=f"micro:{LEAF}", account=room.id)


def put_report(phone, **said):
    return phone.report(grid=LEAF, **said)


def given_to(room, number, post=WORKER):
    """Let the dispatcher send a case to a post; returns it."""
    do(room, Doing(number, Act.FILE), DISPATCHER, NOON)
    return do(room, Doing(number, Act.DISPATCH, {"handler": post}), DISPATCHER, NOON)


def everything(room):
    with room.ledger.reading() as connection:
        return find.incidents(connection, Wanted(room.id), order="oldest")


def only(outcomes):
    assert len(outcomes) == 1
    return outcomes[0]


# --- once, in order -------------------------------------------------------------------------------------------------------------------------------------


def test_what_is_sent_again_is_answered_and_not_done_again(room, phone):
    item = put_report(phone)
    first, again = only(phone.send(item)), only(phone.send(item))
    assert first == again
    assert (first.state, first.number) == (State.DONE, everything(room)[0].number)
    assert len(everything(room)) == 1
    assert verify(room.ledger, now=NOON).breaks == ()


def test_a_chain_of_acts_goes_with_the_report_that_it_follows(room, phone):
    new = put_report(phone)
    note = phone.item("note", case={"key": new["key"]}, text="三楼也有")
    made, noted = phone.send(new, note)
    assert (made.state, noted.state, noted.number) == (State.DONE, State.DONE, made.number)
    given_to(room, made.number)
    seen = room.get(made.number).version
    sent = phone.send(
        phone.item("accept", case=made.number, expected=seen),
        phone.item("feedback", case={"key": new["key"]}, expected=seen, text="已清"),
    )
    assert [one.state for one in sent] == [State.DONE, State.DONE]
    assert room.get(made.number).status is Status.FEEDBACK


def test_the_same_key_of_two_accounts_makes_two_cases(room, phone):
    other = Phone(room, part=f"micro:{LEAF}", account="a2")
    item = put_report(phone)
    one, two = only(phone.send(item)), only(other.send(item))
    assert one.number != two.number


def test_two_phones_of_one_account_that_send_the_same_at_once_make_one_case(room, phone):
    item, found = put_report(phone), []
    threads = [Thread(target=lambda: found.extend(phone.send(item))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(map(repr, found))) == 1
    assert len(everything(room)) == 1


def test_what_depends_on_something_refused_is_not_tried(room, phone):
    bad = put_report(phone, class_="no such class")
    after = phone.item("note", case={"key": bad["key"]}, text="x")
    other = put_report(phone, text="另一件")
    refused, before, done = phone.send(bad, after, other)
    assert [(one.state, one.kind) for one in (refused, before, done)] == [
        (State.REFUSED, Kind.CLASS), (State.REFUSED, Kind.BEFORE), (State.DONE, None)
    ]  # fmt: skip
    corrected = {**bad, "data": {**bad["data"], "class_": "06010"}}
    assert [one.state for one in phone.send(corrected, after)] == [State.DONE, State.DONE]


def test_what_belongs_to_a_report_that_never_came_is_refused(phone):
    outcome = only(phone.send(phone.item("note", case={"key": phone.key()}, text="x")))
    assert (outcome.state, outcome.kind) == (State.REFUSED, Kind.BEFORE)


def test_who_sends_too_much_waits_and_everything_behind_keeps_its_turn(room, phone):
    left = [None, None, TooOften("slowly", 7)]

    def ask():
        if left and (error := left.pop(0)):
            raise error

    written = [put_report(phone, text=f"第{n}件") for n in range(5)]
    outcomes = phone.send(*written, ask=ask)
    assert [one.state for one in outcomes] == [State.DONE] * 2 + [State.WAIT] * 3
    assert {one.kind for one in outcomes[2:]} == {Kind.OFTEN}
    again = phone.send(*written)
    assert [case.text for case in everything(room)] == [f"第{n}件" for n in range(5)]
    assert [one.number for one in again[:2]] == [one.number for one in outcomes[:2]]


def test_a_ledger_that_cannot_be_written_makes_it_wait(room, phone, monkeypatch):
    def full(*_args, **_kwargs):
        raise LedgerError("The disk of the ledger is full; nothing was changed.")

    written = [put_report(phone), put_report(phone)]
    with monkeypatch.context() as broken:
        broken.setattr(type(room.ledger), "change", full)
        assert [(one.state, one.kind) for one in phone.send(*written)] == [(State.WAIT, Kind.BUSY)] * 2
    assert [one.state for one in phone.send(*written)] == [State.DONE] * 2


# --- photos ---------------------------------------------------------------------------------------------------------------------------------------------


def test_a_photo_that_has_not_arrived_makes_its_item_wait_and_what_follows_it(room, phone):
    digest = phone.photo()
    phone.box.drop([digest])
    cleared = {**put_report(phone), "do": "self_clear", "photos": [digest]}
    note = phone.item("note", case={"key": cleared["key"]}, text="x")
    waits, after, other = phone.send(cleared, note, put_report(phone))
    assert (waits.state, waits.kind, waits.missing) == (State.WAIT, Kind.PHOTO, (digest,))
    assert (after.state, after.kind, other.state) == (State.WAIT, Kind.BEFORE, State.DONE)
    assert phone.photo() == digest
    assert [one.state for one in phone.send(cleared, note)] == [State.DONE] * 2
    case = next(case for case in everything(room) if case.status is Status.SELF_CLEARED)
    _, _, photos = room.sheet(case.number)
    assert [photo["kind"] for photo in photos] == ["after"]
    assert not phone.box.has(digest)
    assert files.path(room.ledger.folder, photos[0]["sha256"]).is_file()


def test_a_photo_that_was_damaged_on_the_disk_is_asked_for_again(phone):
    digest = phone.photo()
    (phone.box._folder / digest).write_bytes(b"half of it")
    waits = only(phone.send({**put_report(phone), "photos": [digest]}))
    assert (waits.kind, waits.missing, phone.box.has(digest)) == (Kind.PHOTO, (digest,), False)


def test_a_photo_that_something_else_still_needs_stays(phone):
    digest = phone.photo()
    done = {**put_report(phone), "photos": [digest]}
    refused = {**put_report(phone, class_="no"), "photos": [digest]}
    phone.send(done, refused)
    assert phone.box.has(digest)


def test_a_file_that_is_no_photo_is_refused_for_good(phone):
    digest = phone.photo(b"#!/bin/sh\nrm -rf /\n")
    refused = only(phone.send({**put_report(phone), "photos": [digest]}))
    assert (refused.state, refused.kind) == (State.REFUSED, Kind.PHOTO)
    assert "照片" in said_of(phone.room, refused)["zh"]


def test_what_did_not_come_whole_leaves_nothing(phone):
    data, digest = jpeg(), phone.photo()
    phone.box.drop([digest])
    for said, last in ((data[:-1], False), (data, True)):
        with phone.box.taking(digest, NOON) as taking:
            taking.write(said)
            assert taking.done() is last
    assert [path.name for path in phone.box._folder.iterdir()] == [digest]


def test_so_many_wait_and_no_more_and_none_longer_than_three_days(phone, tmp_path, monkeypatch):
    monkeypatch.setattr(staged, "MOST", 3)
    phone.box = staged.Staged(tmp_path, phone.account)
    digests = [phone.photo(jpeg(60 * shade)) for shade in range(3)]
    with pytest.raises(PhotoError):
        phone.photo(jpeg(200))
    phone.photo(jpeg(0))  # one that is there may come again
    later = datetime.now(UTC) + staged.LONGEST
    assert staged.forget(tmp_path, before=later, dry=True) == 3
    assert phone.box.has(digests[0])
    assert staged.forget(tmp_path, before=later) == 3
    assert not phone.box.has(digests[0])


def test_the_bytes_that_wait_are_limited_for_an_account_and_for_all_and_there_is_room_again_when_they_are_named(
    tmp_path,
):
    def box(account, own_mb=1, all_mb=2):
        return staged.Staged(tmp_path, account, own_mb=own_mb, all_mb=all_mb)

    def takes(box, megabytes, letter):
        data = letter * int(megabytes * 2**20)
        with box.taking(sha256(data).hexdigest(), NOON) as taking:
            return taking.write(data) and taking.done()

    def is_full(box, megabytes, letter):
        with pytest.raises(PhotoError, match="full"):
            takes(box, megabytes, letter)
        return True

    first, second, third = (box(name) for name in "abc")
    assert takes(first, 0.75, b"x")
    assert is_full(first, 0.5, b"y")  # half-way
    assert takes(first, 0.25, b"y")
    assert is_full(first, 0.1, b"z")  # at once
    assert takes(second, 1, b"z")
    assert is_full(third, 0.1, b"z")  # all together
    first.drop([sha256(b"x" * int(0.75 * 2**20)).hexdigest()])
    assert takes(third, 0.1, b"z")
    assert not list(tmp_path.rglob("*.part"))


def test_a_box_has_no_way_out_of_its_folder(room):
    for account in ("", "../x", "a/b", "."):
        with pytest.raises(ValueError, match="account"):
            staged.Staged(room.ledger.folder, account)


# --- its own time ---------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [timedelta(0), -5 * HOUR, timedelta(days=365 * 40)], ids=["right", "slow", "1986"])
def test_a_report_has_the_time_at_which_it_was_seen_whatever_the_device_s_clock_says(room, phone, wrong):
    clock = NOON - wrong
    item = {**put_report(phone), "at": (clock - 3 * HOUR).isoformat()}
    phone.send(item, clock=clock)
    assert everything(room)[0].reported == NOON - 3 * HOUR


@pytest.mark.parametrize(
    ("at", "seen"), [(NOON + 9 * HOUR, NOON), (NOON - timedelta(days=90), NOON - timedelta(days=7))]
)
def test_a_time_that_cannot_be_lies_as_near_as_it_may(room, phone, at, seen):
    phone.send({**put_report(phone), "at": at.isoformat()}, clock=NOON)
    assert everything(room)[0].reported == seen


def test_the_history_shows_when_a_thing_was_done_that_came_later(room, phone):
    number = only(phone.send(put_report(phone))).number
    phone.send(
        phone.item("note", case=number, text="当时", ago=1), phone.item("note", case=number, text="早先", ago=90)
    )
    _, entries, photos = room.sheet(number)
    for language, word in (("zh", "事后补传"), ("en", "sent later")):
        lines = timeline(room, entries, photos, translator(language), language)
        assert [any(word in detail for detail in line.details) for line in lines] == [False, False, True]
    assert "10:30" in timeline(room, entries, photos, translator("zh"), "zh")[-1].details[-1]


# --- what happened meanwhile ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def handled(room, phone):
    """A case that the phone's post handles, as the phone saw it."""
    number = only(phone.send(put_report(phone))).number
    return given_to(room, number)


def refusal_of(phone, item):
    outcome = only(phone.send(item))
    said = said_of(phone.room, outcome)
    assert outcome.state is State.REFUSED
    assert all(said.values())
    assert said["zh"] != said["en"]
    return outcome.kind, said


def test_a_case_that_was_handed_on_says_who_has_it(room, phone, handled):
    item = phone.item("accept", case=handled.number, expected=handled.version)
    do(room, Doing(handled.number, Act.DISPATCH, {"handler": HEAD}), DISPATCHER, NOON)
    kind, said = refusal_of(phone, item)
    assert kind is Kind.HANDED_ON
    assert "三级网格长" in said["zh"]
    assert "三级网格长" in said["what"]
    assert len(everything(room)) == 1


def test_a_case_that_another_phone_of_the_post_accepted_is_accepted_and_what_follows_goes_on(room, phone, handled):
    first, second = (phone.item("accept", case=handled.number, expected=handled.version) for _ in range(2))
    feedback = phone.item("feedback", case=handled.number, text="已清")
    assert only(phone.send(first)).state is State.DONE
    seen = room.get(handled.number).version
    again, fed = phone.send(second, feedback)
    assert (again.state, again.number, again.version) == (State.DONE, handled.number, seen)
    assert fed.state is State.DONE
    assert [entry["act"] for entry in room.history(handled.number)][-2:] == ["accept", "feedback"]
    assert verify(room.ledger, now=NOON).breaks == ()


def test_a_case_that_was_taken_back_says_that_nobody_has_it(room, phone, handled):
    accept = phone.item("accept", case=handled.number)
    phone.send(phone.item("send_back", case=handled.number, reason="不在本格"))
    kind, said = refusal_of(phone, accept)
    assert (kind, "无人办理" in said["zh"]) == (Kind.HANDED_ON, True)


def test_a_case_that_was_closed_says_so_and_when(room, phone, handled):
    do(room, Doing(handled.number, Act.DISPATCH, {"handler": HEAD}), DISPATCHER, NOON)
    do(room, Doing(handled.number, Act.CANCEL, {"reason": "重复"}), DISPATCHER, NOON)
    kind, said = refusal_of(phone, phone.item("accept", case=handled.number, expected=handled.version))
    assert kind is Kind.CLOSED
    assert "2026-11-20 12:00" in said["zh"]


def test_a_case_that_another_changed_is_not_overwritten_but_a_reminder_or_a_note_changes_nothing(room, phone, handled):
    phone.send(phone.item("accept", case=handled.number))
    seen = room.get(handled.number).version
    feedback = phone.item("feedback", case=handled.number, expected=seen, text="已清")
    do(room, Doing(handled.number, Act.CORRECT, {"reason": "门牌", "address": "二号楼"}), DISPATCHER, NOON)
    kind, said = refusal_of(phone, feedback)
    assert kind is Kind.CHANGED
    assert "网格员" in said["zh"]
    seen = room.get(handled.number).version
    do(room, Doing(handled.number, Act.NOTE, {"text": "请快"}), DISPATCHER, NOON)
    phone.send(phone.item("note", case=handled.number, text="好的"))
    assert only(phone.send({**feedback, "expected": seen})).state is State.DONE


def test_a_case_beyond_the_scope_is_one_that_does_not_exist(room, phone):
    far = Phone(room, "dispatcher", "", account="d1")
    leaf = next(
        code for code in room.area.net.leaf.codes if not code.startswith(GRID) and code not in room.area.net.stacked
    )
    number = only(far.send(far.report(grid=leaf))).number
    there, nowhere = (
        refusal_of(phone, phone.item("note", case=name, text="x")) for name in (number, "LN-20261120-9999")
    )
    assert there == nowhere
    assert there[0] is Kind.UNKNOWN


def test_a_post_that_one_does_not_hold_is_not_acted_as(room, phone):
    for post in ("dispatcher::", HEAD, "", "x" * 200, "worker:micro:nowhere"):
        kind, _ = refusal_of(phone, put_report(phone) | {"as": post})
        assert kind is Kind.POST
    assert everything(room) == []


def test_an_analyst_sends_nothing(room):
    looker = Phone(room, "analyst", "", account="l1")
    kind, _ = refusal_of(looker, looker.report(grid=LEAF) | {"as": WORKER})
    assert kind is Kind.POST


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"lon": 0.0, "lat": 0.0}, Kind.PLACE), ({"lon": None}, Kind.PLACE), ({"lon": "113"}, Kind.FORM), ({"lon": True}, Kind.FORM),
        ({"text": "长" * 2001}, Kind.TEXT), ({"class_": None}, Kind.DRAFT), ({"class_": 7}, Kind.FORM), ({"urgency": "at once"}, Kind.FORM),
        ({"channel": "import"}, Kind.FORM), ({"due": "2027-01-01T00:00:00Z"}, Kind.FORM), ({"demo": True}, Kind.FORM), ({"item": "x"}, Kind.FORM),
        ({"reported": "2020-01-01T00:00:00Z"}, Kind.FORM), ({"blur": {"0": [[0, 0, 1]]}}, Kind.FORM), ({"blur": [1]}, Kind.FORM),
    ],
)  # fmt: skip
def test_a_report_that_cannot_be_so_says_what_is_wrong(room, phone, change, kind):
    item = put_report(phone)
    found, _ = refusal_of(phone, {**item, "data": {**item["data"], **change}})
    assert found is kind
    assert everything(room) == []
    assert only(phone.send(item)).state is State.DONE


def test_no_act_takes_a_fact_that_only_the_rules_give(phone, handled):
    for name, value in (
        ("due", "2027-01-01T00:00:00Z"),
        ("handler", HEAD),
        ("level", "street"),
        ("limit", "9 work_day"),
        ("done_at", "x"),
    ):
        kind, _ = refusal_of(phone, phone.item("accept", case=handled.number, **{name: value}))
        assert kind is Kind.FORM


def test_only_a_class_that_may_be_is_cleared_on_the_spot(room, phone):
    directory = room.rules.directory.classes.values()
    serious = next(one.key for one in directory if not one.self_clear)
    number = only(phone.send(put_report(phone, class_=serious))).number
    digest = phone.photo()
    kind, _ = refusal_of(phone, phone.item("self_clear", case=number, photos=[digest]))
    assert kind is Kind.DRAFT
    assert room.get(number).status is Status.REPORTED


# --- help -----------------------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def head(room):
    return Phone(room, "head", f"grid:{GRID}", account="h1")


def test_a_call_for_help_reaches_the_head_above_until_somebody_answers(room, phone, head, handled):
    """The head of the micro-grid is a volunteer, who has no sprayer either."""
    assert (
        only(phone.send(phone.item("help", case=handled.number, kind="material", text="打药需要喷雾器"))).state
        is State.DONE
    )
    state = room.get(handled.number).state
    assert (state.help, state.help_by, state.help_to) == ("material", WORKER, HEAD)
    head_post = posts_of(head.room, head.room.who, NOON)[0]
    assert [case.number for case in inbox.listed(head.room, head_post, "help", NOON)] == [handled.number]
    assert called(room, room.get(handled.number), translator("zh")) == "1-01 网格员 向三级网格长（1）要物资"
    phone.send(phone.item("note", case=handled.number, text="还在等"))
    assert inbox.counts(head.room, head_post, NOON)["help"] == 1
    head.send(head.item("note", case=handled.number, text="已送去"))
    assert inbox.counts(head.room, head_post, NOON)["help"] == 0
    assert room.get(handled.number).state.help == ""
    assert called(room, room.get(handled.number), translator("zh")) == ""
    _, entries, photos = room.sheet(handled.number)
    said = [detail for line in timeline(room, entries, photos, translator("zh"), "zh") for detail in line.details]
    assert any("要物资" in detail for detail in said)
    assert verify(room.ledger, now=NOON).breaks == ()


def test_a_call_for_help_ends_when_the_case_goes_to_another(room, phone, handled):
    phone.send(
        phone.item("help", case=handled.number, kind="help", text="门锁着"),
        phone.item("escalate", case=handled.number, reason="开不了门"),
    )
    assert room.get(handled.number).state.help == ""


def test_help_for_a_head_comes_from_above_the_head(room, head, handled):
    head.send(head.item("help", case=handled.number, kind="help", text="人手不够"))
    asked = room.get(handled.number).state.help_to
    assert asked != HEAD
    assert asked.split(":")[0] in {"head", "dispatcher"}


# --- the form -------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"key": "1"}, {"key": None}, {"key": 7}, {"key": "{" + "0" * 34 + "}"}, {"at": "yesterday"}, {"at": "2026-11-20T04:00:00"}, {"at": 5}, {"at": None},
        {"do": "close"}, {"do": "import"}, {"do": []}, {"do": None}, {"as": None}, {"as": "\0"}, {"as": "x" * 201}, {"case": 5}, {"case": {"key": "x"}}, {"case": "LN-1"},
        {"case": {"key": "377c9814-9fc0-4df7-9ee3-b8373b6aaa42", "more": 1}}, {"expected": "1"}, {"expected": -1}, {"expected": True}, {"expected": 2**70},
        {"data": []}, {"data": "x"}, {"photos": "x"}, {"photos": ["../../etc/passwd"]}, {"photos": [None]}, {"photos": ["0" * 64] * 51}, {"account": "a2"}, {"by": "x"},
    ],
)  # fmt: skip
def test_a_parcel_of_another_form_is_no_parcel(phone, change):
    item = {**put_report(phone), **change}
    with pytest.raises(DraftError):
        items.read({"clock": NOON.isoformat(), "items": [put_report(phone), item]})


@pytest.mark.parametrize(
    "said",
    [None, [], "x", 5, {}, {"items": []}, {"clock": NOON.isoformat()}, {"clock": NOON.isoformat(), "items": {}}, {"clock": "x", "items": []}, {"clock": NOON.isoformat(), "items": [None]},
     {"clock": NOON.isoformat(), "items": [], "more": 1}, {"clock": NOON.isoformat(), "items": [{}] * 10_000}, {"clock": NOON.isoformat(), "items": [], "account": 5}],
)  # fmt: skip
def test_a_body_of_another_form_is_no_parcel(said):
    with pytest.raises(DraftError):
        items.read(said)


def test_one_key_names_one_thing_in_a_parcel(room, phone):
    with pytest.raises(DraftError, match="same key"):
        phone.send(put_report(phone), put_report(phone, key=str(Phone(room, account=phone.account).key())))


# --- any order of losses ----------------------------------------------------------------------------------------------------------------------------------


def told(room):
    """What the ledger says of an area, but for when it was told."""
    with room.ledger.reading() as connection:
        cases = find.incidents(connection, Wanted(room.id), order="oldest")
        entries = [
            find.entries(connection, room.id, case.number) for case in sorted(cases, key=lambda case: case.number)
        ]
    return [
        [
            (one["act"], one["post"], one["data"].get("item"), one["data"].get("done_at"), one["data"].get("text"))
            for one in some
        ]
        for some in entries
    ]


def day_of_work(phone, steps):
    """Write a day's work down: reports, and notes, help and acts to what was reported."""
    written, reports = [], []
    for place, step in enumerate(steps):
        ago = len(steps) - place
        if step == "report" or not reports:
            written.append(put_report(phone, text=f"第{place}件", ago=ago))
            reports.append(written[-1]["key"])
        elif step == "bad":
            written.append(phone.item("accept", case={"key": reports[-1]}, ago=ago))  # nobody dispatched it
        else:
            said = {"text": f"第{place}条", **({"kind": "help"} if step == "help" else {})}
            written.append(phone.item(step, case={"key": reports[place % len(reports)]}, ago=ago, **said))
    return written


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    steps=st.lists(st.sampled_from(["report", "note", "note", "help"]), min_size=1, max_size=9),
    chance=st.randoms(use_true_random=False),
)
def test_whatever_is_lost_and_repeated_the_ledger_is_as_if_sent_once(template, steps, chance):
    """Parcels of any size from what is not acknowledged, sent any number of times; of some the answer is lost, whereupon the phone sends the same again."""
    rooms = [Room(replace(template.area, id=f"field{next(NAMES)}"), template.rules, template.ledger) for _ in range(2)]
    once, often = (Phone(room, part=f"micro:{LEAF}") for room in rooms)
    once.send(*day_of_work(once, steps))
    left, numbers = day_of_work(often, steps), {}
    while left:
        parcel = left[: chance.randint(1, len(left))]
        for _ in range(chance.randint(1, 3)):
            answered = often.send(*parcel)
            for one in answered:
                assert numbers.setdefault(one.key, one.number) == one.number
        if chance.random() < 0.6:  # the answer arrived, and the phone forgets what is done
            left = [
                item for item in left if item["key"] not in {one.key for one in answered if one.state is State.DONE}
            ]
    assert told(rooms[0]) == told(rooms[1])
    assert verify(template.ledger, now=NOON).breaks == ()


# --- proved -----------------------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tamper",
    [
        lambda sent: update(sent).values(key="00000000-0000-4000-8000-000000000000"), lambda sent: update(sent).values(account="a9"),
        lambda sent: update(sent).values(version=sent.c.version + 1), delete,
    ],
    ids=["key", "account", "version", "removed"],
)  # fmt: skip
def test_what_was_sent_is_proved_by_the_history(template, ledger, tamper):
    phone = Phone(Room(template.area, template.rules, ledger), part=f"micro:{LEAF}")
    new = put_report(phone)
    assert [one.state for one in phone.send(new, phone.item("note", case={"key": new["key"]}, text="x"))] == [
        State.DONE
    ] * 2
    assert verify(ledger, now=NOON).breaks == ()
    with ledger.engine.begin() as connection:
        connection.execute(tamper(tables.sent).where(tables.sent.c.key == new["key"]))
    assert any("sent from a phone otherwise" in found.what for found in verify(ledger, now=NOON).breaks)


def test_whoever_looks_through_no_room_sends_nothing(room, phone):
    with pytest.raises(AssertionError):
        send(room, items.read({"clock": NOON.isoformat(), "items": []}), NOON, phone.box, lambda: None)
