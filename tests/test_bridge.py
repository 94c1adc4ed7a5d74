"""The bridge: a case that goes both ways and back, what is lost, doubled, late or contradicts, and what is no file of ours."""

import io
import json
import os
import zipfile
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from bridges import HEAD, LEAF, WORKER, Bridge, consoles
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rooms import DISPATCHER, shipped
from sqlalchemy import select

from desk import reports, steps
from desk.acts import AWAY, Doing, do
from desk.bridge import batch as batches
from desk.bridge import cases, crossing, keys, schedule
from desk.bridge.things import DID
from desk.field.sending import State
from desk.outbox import timers
from desk.outbox.book import Book
from desk.outbox.derive import derive
from desk.outbox.rules import outbox_rules
from desk.people import contacts
from desk.posts import roster
from geo.errors import BridgeError, LedgerError, LifecycleError, RulesError
from incidents.bridge_rules import BridgeRules
from incidents.lifecycle import Act, Entry
from incidents.model import OPEN, Status
from ledger import bridge as lines
from ledger import files, find, tables
from ledger.backup import backup, restore
from ledger.bridge import Side, refusals


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    made = consoles(shipped("longnan"), tmp_path_factory.mktemp("bridge"))
    yield made
    for room in made:
        room.ledger.close()


@pytest.fixture
def bridge(pair, tmp_path):
    return Bridge(pair, tmp_path)


def test_a_case_goes_over_the_bridge_and_back_until_it_is_closed(bridge):
    key, outer = bridge.report(text="三楼楼道堆放纸箱", photos=[bridge.photo(1)])
    assert outer.startswith("LNW-")
    assert bridge.up().counts == {"things": 1, "done": 1, "refused": 0, "photos": 1}
    (case,) = bridge.cases(bridge.inside)
    assert (case.text, case.post) == ("三楼楼道堆放纸箱", bridge.outside.get(outer).post)
    assert case.external_id.startswith(f"{outer}/")
    assert case.number.startswith("LN-")
    assert len(bridge.inside.sheet(case.number)[2]) == 1

    bridge.dispatched(case.number)
    assert bridge.down().counts["cases"] == 1
    seen = bridge.outside.get(outer)
    assert (seen.status, seen.state.handler, seen.external_id) == (Status.DISPATCHED, WORKER, case.number)
    assert seen.state.due == bridge.inside.get(case.number).state.due

    bridge.act("accept", outer)
    done = bridge.act("feedback", {"key": key}, text="已清走", photos=[bridge.photo(2)])
    assert done.number == outer
    assert bridge.up().refused == ()
    inside = bridge.inside.get(case.number)
    assert (inside.status, inside.state.handler) == (Status.FEEDBACK, WORKER)
    entry = bridge.inside.history(case.number)[-1]
    assert (entry["act"], entry["data"]["text"], entry["data"]["account"]) == ("feedback", "已清走", "a1")
    assert len(bridge.inside.sheet(case.number)[2]) == 2

    bridge.decide(case.number, (Act.CLOSE, {}))
    bridge.down()
    assert bridge.outside.get(outer).status is Status.CLOSED
    assert bridge.outside.get(outer).state == bridge.inside.get(case.number).state
    bridge.holds()


def test_what_comes_again_does_nothing_and_says_so(bridge):
    _, outer = bridge.report()
    bridge.act("note", outer, text="门口也有")
    bridge.later()
    file = bridge.out(bridge.outside)
    again = bridge.copy(file)
    assert bridge.take(bridge.inside, file).state == "taken"
    assert bridge.take(bridge.inside, again).state == "again"
    assert len(bridge.cases(bridge.inside)) == 1
    assert (
        bridge.take(bridge.inside, bridge.out(bridge.outside)).counts["things"] == 0
    )  # the answer is still on its way
    (case,) = bridge.cases(bridge.inside)
    assert [entry["act"] for entry in bridge.inside.history(case.number)] == ["report", "note"]
    bridge.down()
    assert bridge.up().counts["things"] == 0
    assert bridge.out(bridge.outside) is None
    assert bridge.out(bridge.inside) is None
    bridge.holds()


def test_a_file_that_is_lost_is_made_good_by_the_next(bridge):
    bridge.report(text="一")
    bridge.later()
    lost = bridge.out(bridge.outside)
    bridge.report(text="二")
    bridge.up()
    assert [case.text for case in bridge.cases(bridge.inside)] == ["一", "二"]
    assert bridge.take(bridge.inside, lost).state == "again"
    assert len(bridge.cases(bridge.inside)) == 2
    bridge.holds()


def test_files_that_come_in_another_order_lead_to_the_same(bridge):
    _, outer = bridge.report()
    bridge.up()
    (case,) = bridge.cases(bridge.inside)
    bridge.decide(case.number, (Act.FILE, {}))
    first = bridge.out(bridge.inside)
    bridge.decide(case.number, (Act.DISPATCH, {"handler": WORKER}))
    second = bridge.out(bridge.inside)
    assert bridge.take(bridge.outside, second).state == "taken"
    assert bridge.take(bridge.outside, first).state == "again"
    assert bridge.outside.get(outer).status is Status.DISPATCHED
    bridge.holds()


@pytest.fixture
def both(tmp_path, database):
    """A bridge whose inner console has either database."""
    pair = consoles(shipped("longnan"), tmp_path, database)
    yield Bridge(pair, tmp_path)
    for room in pair:
        room.ledger.close()


def test_feedback_for_a_case_that_was_closed_meanwhile_stays_as_a_note_and_its_author_hears_why(both):
    bridge = both
    _, outer = bridge.report()
    bridge.up()
    (case,) = bridge.cases(bridge.inside)
    bridge.dispatched(case.number)
    bridge.down()
    bridge.act("accept", outer)
    bridge.act("feedback", outer, text="已清走，见照片", photos=[bridge.photo(3)])
    bridge.decide(case.number, (Act.CANCEL, {"reason": "重复上报"}))
    bridge.down()
    assert bridge.outside.get(outer).status is Status.FEEDBACK  # what was done here comes first

    taken = bridge.up()
    assert [(one.did, one.kind, one.inside) for one in taken.refused] == [
        ("accept", "closed", case.number),
        ("feedback", "closed", case.number),
    ]
    note = bridge.inside.history(case.number)[-1]
    assert (note["act"], note["post"], note["data"]["text"]) == ("note", WORKER, "已清走，见照片")
    assert (note["data"]["did"], note["data"]["refused"]) == ("feedback", "closed")
    assert len(bridge.inside.sheet(case.number)[2]) == 1
    assert bridge.inside.get(case.number).status is Status.CANCELLED

    bridge.down()
    assert bridge.outside.get(outer).status is Status.CANCELLED
    with bridge.outside.ledger.reading() as connection:
        refused = refusals(connection, bridge.outside.id, account="a1")
    assert {(one.did, one.kind, one.number) for one in refused} == {
        ("accept", "closed", outer),
        ("feedback", "closed", outer),
    }
    bridge.holds()


def test_what_was_handed_on_or_corrected_inside_is_not_overwritten(bridge):
    _, one = bridge.report(text="一")
    _, two = bridge.report(text="二")
    bridge.up()
    first, second = (case.number for case in bridge.cases(bridge.inside))
    bridge.dispatched(first)
    bridge.dispatched(second)
    bridge.down()
    bridge.act("accept", one)
    bridge.up()
    bridge.down()
    bridge.act("feedback", one, text="做完了")
    bridge.act("accept", two)
    bridge.decide(first, (Act.CORRECT, {"reason": "选错类", "class_": "01010"}))
    bridge.decide(second, (Act.DISPATCH, {"handler": HEAD}))
    taken = bridge.up()
    assert {(answer.number, answer.kind) for answer in taken.refused} == {(one, "changed"), (two, "handed_on")}
    assert bridge.inside.get(first).status is Status.IN_HAND
    bridge.down()
    assert bridge.outside.get(one).class_ == "01010"
    assert bridge.outside.get(two).state.handler == HEAD
    bridge.act("feedback", one, text="确实做完了")
    assert bridge.up().refused == ()
    bridge.holds()


def test_a_case_of_the_command_room_reaches_the_phone_under_its_number(bridge):
    case = bridge.room_report()
    bridge.dispatched(case.number)
    bridge.down()
    assert bridge.outside.get(case.number).state.handler == WORKER
    line = bridge.outside.history(case.number)[-1]
    assert (line["act"], line["data"]["inside"]["act"]) == ("adopt", "dispatch")
    bridge.act("accept", case.number)
    bridge.up()
    assert bridge.inside.get(case.number).status is Status.IN_HAND
    _, outer = bridge.report()
    assert outer.startswith("LNW-")
    bridge.holds()


def test_a_case_that_ends_before_the_outside_has_said_that_it_has_it_ends_there_too(bridge):
    case = bridge.room_report()
    bridge.down()
    bridge.decide(case.number, (Act.CANCEL, {"reason": "误报"}))
    never = bridge.room_report()
    bridge.decide(never.number, (Act.CANCEL, {"reason": "误报"}))
    bridge.down()
    assert [(one.number, one.status) for one in bridge.cases(bridge.outside)] == [(case.number, Status.CANCELLED)]


def test_what_ended_before_the_bridge_was_joined_stays_inside_however_often_a_batch_is_written(pair, tmp_path):
    bridge = Bridge(pair, tmp_path, joined=False)
    old, case = bridge.room_report(), bridge.room_report()
    bridge.decide(old.number, (Act.CANCEL, {"reason": "误报"}))
    bridge.join()
    for _ in range(3):
        assert crossing.untold(bridge.inside, bridge.now)["cases"] == 1
        bridge.later()
        file = bridge.out(bridge.inside)
    bridge.take(bridge.outside, file)
    assert [one.number for one in bridge.cases(bridge.outside)] == [case.number]


def test_a_case_that_ends_while_files_are_lost_ends_outside_too_also_after_joining_again(bridge):
    one, two = bridge.room_report(), bridge.room_report()
    bridge.down()
    bridge.decide(one.number, (Act.CANCEL, {"reason": "误报"}))
    bridge.later()
    bridge.out(bridge.inside)
    bridge.out(bridge.inside)
    bridge.join(Side.INSIDE)
    bridge.decide(two.number, (Act.CANCEL, {"reason": "误报"}))
    bridge.down()
    assert {case.status for case in bridge.cases(bridge.outside)} == {Status.CANCELLED}


def test_a_number_that_the_outer_console_gave_before_is_left_alone(pair, tmp_path):
    bridge = Bridge(pair, tmp_path, joined=False)
    case = bridge.room_report()
    bridge.later()
    other = bridge.room_report(bridge.outside)
    bridge.join()
    assert other.number == case.number
    bridge.dispatched(case.number)
    bridge.down()
    assert bridge.outside.get(case.number).text == other.text
    adopted = bridge.outside.get(case.number.replace("LN-", "LNN-"))
    assert (adopted.status, adopted.external_id) == (Status.DISPATCHED, case.number)
    bridge.act("accept", adopted.number)
    bridge.up()
    assert bridge.inside.get(case.number).status is Status.IN_HAND
    bridge.holds()


def test_a_photo_that_is_gone_from_the_disk_holds_nothing_up(bridge):
    _, outer = bridge.report(photos=[bridge.photo(1)])
    (photo,) = bridge.outside.sheet(outer)[2]
    kept = files.path(bridge.outside.ledger.folder, photo["sha256"])
    data = kept.read_bytes()
    kept.unlink()
    bridge.later()
    made = crossing.write(bridge.outside, bridge.folder / "way", bridge.now)
    kept.write_bytes(data)
    assert made.missing == (photo["sha256"],)
    assert bridge.take(bridge.inside, made.file).counts["done"] == 1
    assert bridge.cases(bridge.inside)[0].external_id.startswith(outer)


def test_what_is_erased_inside_is_erased_outside(bridge):
    _, outer = bridge.report(text="三楼张家", reporter="王小明", phone="13800001234")
    bridge.up()
    (case,) = bridge.cases(bridge.inside)
    bridge.down()
    entry = Entry(Act.ERASE, steps.DESK, bridge.now)
    bridge.inside.ledger.change(lambda writing: writing.erase_words(bridge.inside.id, case.number, entry))
    bridge.down()
    assert (bridge.outside.get(outer).text, contacts.shown(bridge.outside, outer)) == ("", None)
    with bridge.outside.ledger.reading() as connection:
        assert "三楼" not in str(find.words(connection, bridge.outside.id, outer))
    bridge.holds()


def test_a_case_of_a_restricted_class_stays_inside(bridge):
    lon, lat = bridge.phone.place(LEAF)
    secret = next(class_.key for class_ in bridge.inside.rules.directory.classes.values() if class_.restricted)
    case = reports.report(
        bridge.inside, reports.Draft(class_=secret, lon=lon, lat=lat, text="家事"), DISPATCHER, bridge.now
    )
    later = bridge.room_report()
    bridge.down()
    bridge.decide(case.number, (Act.FILE, {}))
    bridge.decide(later.number, (Act.CORRECT, {"reason": "实为纠纷", "class_": secret}))
    bridge.down()
    (seen,) = bridge.cases(bridge.outside)
    assert (seen.number, seen.class_, seen.text) == (later.number, secret, "")


# --- what is no file of ours ----------------------------------------------------------------------------------------------------------------------------


def sealed_again(bridge, file, change):
    """Return a file of the outer side with other members, sealed for the inner one as it was: what a console that was taken over could write."""
    own, peer = keys.own(bridge.outside.ledger.folder), keys.own(bridge.inside.ledger.folder)
    data = file.read_bytes()
    head, _ = batches.head_of(data)
    inner = io.BytesIO(peer.unseal(data[len(head) :], head))
    with zipfile.ZipFile(inner) as archive:
        members = [(one.filename, archive.read(one)) for one in archive.infolist()]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in change(members, own):
            archive.writestr(name, content)
    return head + peer.public.seal(made.getvalue(), head)


def put(name, content):
    return lambda members, _own: [*members, (name, content)]


def instead(name, content):
    return lambda members, _own: [(one, content if one == name else said) for one, said in members]


def forged(members, own):
    """The manifest, signed by somebody else."""
    stranger = replace(own, signing=Ed25519PrivateKey.generate())
    signed = dict(members)["manifest.json"]
    return [(one, stranger.sign(signed) if one == "manifest.sig" else said) for one, said in members]


@pytest.mark.parametrize(
    ("change", "member", "says"),
    [
        (put("../../etc/passwd", b"x"), "../../etc/passwd", "which no batch holds"),
        (put("photos/../body.json", b"x"), "photos/../body.json", "which no batch holds"),
        (put("body.json", b"{}"), "body.json", "twice"),
        (put(f"photos/{'0' * 64}.jpg", b"x"), f"photos/{'0' * 64}.jpg", "not in the manifest"),
        (instead("body.json", b'{"things":[]}'), "body.json", "not what the manifest says"),
        (lambda members, _: [one for one in members if one[0] != "body.json"], "body.json", "lacks"),
        (lambda members, _: [one for one in members if not one[0].startswith("photos/")], None, "is missing"),
        (instead("manifest.json", b"{}"), "manifest.json", "not signed"),
        (instead("manifest.json", b"x" * (batches.MOST_OF["manifest.json"] + 1)), "manifest.json", "larger than"),
        (forged, "manifest.json", "not signed"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_a_file_with_another_content_is_refused_by_the_member_that_is_wrong(bridge, change, member, says):
    bridge.report(photos=[bridge.photo(1)])
    bridge.later()
    before = bridge.inside.ledger.head()
    with pytest.raises(BridgeError, match=says) as error:
        crossing.take(bridge.inside, sealed_again(bridge, bridge.out(bridge.outside), change), bridge.now)
    assert member is None or error.value.member == member
    assert bridge.inside.ledger.head() == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data[:-20] + bytes([data[-20] ^ 1]) + data[-19:],
        lambda data: data.replace(b'"sequence":1', b'"sequence":2'),
        lambda data: b"",
        lambda data: b"PK\3\4" + data,
    ],
)
def test_a_file_that_was_damaged_on_its_way_is_put_aside_and_stops_no_other(bridge, damage):
    bridge.report(text="一")
    bridge.later()
    broken = bridge.out(bridge.outside)
    broken.write_bytes(damage(broken.read_bytes()))
    bridge.later()
    whole = crossing.write(bridge.outside, broken.parent, bridge.now).file
    taken = crossing.take_all(bridge.inside, broken.parent, bridge.now)
    assert [one.state for one in taken] == ["refused", "taken"]
    assert taken[0].error.kind == "form"
    assert sorted(path.name for path in broken.parent.rglob("*.bridge")) == sorted([broken.name, whole.name])
    assert (broken.parent / "refused" / broken.name).exists()
    assert [case.text for case in bridge.cases(bridge.inside)] == ["一"]


def test_a_file_of_another_area_side_or_console_is_refused_and_says_which(bridge, pair, tmp_path):
    other = Bridge(pair, tmp_path)
    other.report()
    file = other.out(other.outside).read_bytes()
    with pytest.raises(BridgeError, match=f"is of '{other.inside.id}'") as error:
        crossing.take(bridge.inside, file, bridge.now)
    assert error.value.kind == "area"
    with pytest.raises(BridgeError, match="stands outside too") as error:
        crossing.take(other.outside, file, bridge.now)
    assert error.value.kind == "side"
    stranger = keys.own(tmp_path).public
    crossing.join(other.inside, stranger, Side.INSIDE, other.now, instead=True)
    with pytest.raises(BridgeError, match="this bridge leads to") as error:
        crossing.take(other.inside, file, bridge.now)
    assert error.value.kind == "sender"
    crossing.join(other.outside, stranger, Side.OUTSIDE, other.now, instead=True)
    other.report()
    with pytest.raises(BridgeError, match="is sealed for"):
        crossing.take(other.inside, other.out(other.outside).read_bytes(), bridge.now)


def test_nobody_reads_a_file_on_its_way(bridge):
    bridge.report(text="三楼张家门口", reporter="张三", phone="13800000000")
    file = bridge.out(bridge.outside)
    assert file.stat().st_mode & 0o777 == 0o600
    data = file.read_bytes()
    assert not any(said.encode() in data for said in ("三楼", "张三", "13800000000", "body.json"))


def test_a_contact_that_was_given_outside_is_kept_apart_inside_and_none_ever_leaves(bridge):
    bridge.report(reporter="王小明", phone="13800001234")
    bridge.up()
    (case,) = bridge.cases(bridge.inside)
    shown = contacts.shown(bridge.inside, case.number)
    assert (shown.name, shown.phone, shown.has_more) == ("王*明", "138****1234", True)
    assert "王小明" not in json.dumps(bridge.inside.history(case.number), default=str)
    bridge.dispatched(case.number)
    bridge.later()
    with bridge.inside.ledger.reading() as connection:
        rows = lines.entries(connection, bridge.inside.id, 0, bridge.inside.ledger.version())
        said = json.dumps(cases.told(bridge.inside, connection, rows), ensure_ascii=False)
    assert case.number in said
    assert not any(secret in said for secret in ("王", "138", "1234"))


# --- joining, scheduling, and coming back from a backup ------------------------------------------------------------------------------------------------


def test_outside_decides_nothing(bridge):
    _, outer = bridge.report()
    with pytest.raises(LifecycleError, match="decided in the command room"):
        do(bridge.outside, Doing(outer, Act.FILE), DISPATCHER, bridge.now)
    assert AWAY | {Act.REPORT, Act.RECEIVE} >= DID


def test_what_may_still_be_taken_back_waits_a_minute(bridge):
    _, outer = bridge.report()
    bridge.up()
    (case,) = bridge.cases(bridge.inside)
    bridge.dispatched(case.number)
    bridge.down()
    bridge.act("accept", outer)
    bridge.act("feedback", outer, text="做完了")
    held = crossing.write(bridge.outside, bridge.folder / "held", bridge.now)
    assert (held.counts["things"], held.held > 0) == (1, True)
    by = (
        next(post for post in bridge.outside.posts.values() if post.key == WORKER)
        if WORKER in bridge.outside.posts
        else bridge.outside.post(WORKER)
    )
    do(bridge.outside, Doing(outer, Act.UNDO), replace(by.by, account="a1"), bridge.now + timedelta(seconds=30))
    assert [one.did for one in bridge.up().refused] == []
    assert bridge.inside.get(case.number).status is Status.IN_HAND
    bridge.holds()


def test_posts_that_are_renamed_inside_are_renamed_outside(bridge):
    key = HEAD
    roster.rename(bridge.inside, key, "网格长（临时）", DISPATCHER, bridge.now)
    assert bridge.down().counts["posts"] == 1
    assert bridge.outside.post(key).title == "网格长（临时）"
    bridge.holds()


def test_the_console_s_clock_carries_the_files(bridge):
    way = {Side.INSIDE: bridge.folder / "a", Side.OUTSIDE: bridge.folder / "b"}
    for room, out, into in (
        (bridge.inside, way["inside"], way["outside"]),
        (bridge.outside, way["outside"], way["inside"]),
    ):
        schedule.keep(room.ledger.folder, room.id, schedule.Plan(out, into, 5))
    tables = schedule.Timetable(), schedule.Timetable()
    _, outer = bridge.report()
    for _ in range(3):
        bridge.later(minutes=5)
        for table, room in zip(tables, (bridge.outside, bridge.inside), strict=True):
            assert table.follow(room, bridge.now) is not None
            assert table.follow(room, bridge.now + timedelta(minutes=4)) is None
    assert bridge.outside.get(outer).external_id == bridge.cases(bridge.inside)[0].number
    bridge.later(minutes=5)
    assert [
        table.follow(room, bridge.now) for table, room in zip(tables, (bridge.outside, bridge.inside), strict=True)
    ] == [([], None)] * 2


def test_files_that_were_put_aside_a_month_ago_are_deleted_and_none_that_waits(bridge, tmp_path):
    plan = schedule.Plan(tmp_path / "out", tmp_path / "in", 5)
    paths = [
        plan.out / "a.bridge",
        plan.into / "taken" / "b.bridge",
        plan.into / "refused" / "c.bridge",
        plan.into / "d.bridge",
    ]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, ((bridge.now - timedelta(days=31)).timestamp(),) * 2)
    fresh = plan.out / "e.bridge"
    fresh.write_bytes(b"x")
    os.utime(fresh, (bridge.now.timestamp(),) * 2)
    assert schedule.tidy(plan, bridge.now) == 3
    assert sorted(path.name for path in tmp_path.rglob("*.bridge")) == ["d.bridge", "e.bridge"]


def test_one_folder_for_both_ways_is_refused(bridge, tmp_path):
    with pytest.raises(BridgeError, match="both ways"):
        schedule.keep(bridge.inside.ledger.folder, bridge.inside.id, schedule.Plan(tmp_path, tmp_path, 5))


def test_a_key_that_others_may_read_is_not_used(tmp_path):
    keys.own(tmp_path)
    (tmp_path / keys.FILE).chmod(0o644)
    with pytest.raises(LedgerError, match="0600"):
        keys.own(tmp_path)


# --- any way of going wrong ----------------------------------------------------------------------------------------------------------------------------

MOVES = st.lists(
    st.sampled_from(
        [
            "report",
            "desk",
            "work",
            "work",
            "decide",
            "decide",
            "out",
            "out",
            "in",
            "in",
            "carry",
            "carry",
            "carry",
            "twice",
            "lose",
        ]
    ),
    min_size=4,
    max_size=24,
)


class Wild:
    """Two consoles at which anything may happen, in any order."""

    def __init__(self, pair, folder, chance):
        self.bridge, self.chance, self.way, self.said = Bridge(pair, folder), chance, [], []

    def step(self, move):
        self.bridge.later()
        getattr(self, move)()

    def report(self):
        self.said.append(f"事项 {len(self.said)}")
        self.bridge.report(text=self.said[-1])

    def desk(self):
        self.bridge.room_report()

    def work(self):
        """Let somebody outside try to do something to a case that is there."""
        found = self.bridge.cases(self.bridge.outside)
        if found:
            self.said.append(f"处理 {len(self.said)}")
            case = self.chance.choice(found)
            name = self.chance.choice(["accept", "feedback", "note", "send_back"])
            words = {"accept": {}, "send_back": {"reason": self.said[-1]}}.get(name, {"text": self.said[-1]})
            if self.bridge.act(name, case.number, **words).state is not State.DONE or name == "accept":
                self.said.pop()

    def decide(self):
        """Let the command room try to decide something."""
        found = self.bridge.cases(self.bridge.inside)
        if found:
            case = self.chance.choice(found)
            tried = ((Act.FILE, {}), (Act.DISPATCH, {"handler": self.chance.choice([WORKER, HEAD])}), (Act.CLOSE, {}), (Act.CANCEL, {"reason": "作废"}))  # fmt: skip
            with suppress(LifecycleError):
                self.bridge.decide(case.number, self.chance.choice(tried))

    def out(self):
        self._write(self.bridge.outside, self.bridge.inside)

    def in_(self):
        self._write(self.bridge.inside, self.bridge.outside)

    def _write(self, room, other):
        file = self.bridge.out(room)
        if file:
            self.way.append((file, other))

    def carry(self):
        if self.way:
            file, room = self.way.pop(self.chance.randrange(len(self.way)))
            assert self.bridge.take(room, file).error is None

    def twice(self):
        if self.way:
            file, room = self.chance.choice(self.way)
            assert self.bridge.take(room, self.bridge.copy(file)).error is None

    def lose(self):
        if self.way:
            self.way.pop(self.chance.randrange(len(self.way)))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=MOVES, chance=st.randoms(use_true_random=False))
def test_whatever_is_lost_doubled_or_late_both_sides_come_to_the_same_and_every_word_is_inside(
    pair, tmp_path, moves, chance
):
    wild = Wild(pair, tmp_path, chance)
    for move in moves:
        wild.step({"in": "in_"}.get(move, move))
    for _ in range(4):
        wild.bridge.up()
        wild.bridge.down()
    inside, outside = wild.bridge.inside, wild.bridge.outside
    assert wild.bridge.out(outside) is None
    assert wild.bridge.out(inside) is None
    cases_ = wild.bridge.cases(inside)
    outer = {case.external_id.partition("/")[0] or case.number: case for case in cases_}
    found = wild.bridge.cases(outside)
    assert [case.state for case in found] == [outer.pop(case.number).state for case in found]
    assert all(
        case.status not in OPEN and not case.external_id for case in outer.values()
    )  # ended before they were told
    words = [
        entry["data"].get("text") or entry["data"].get("reason")
        for case in cases_
        for entry in inside.history(case.number)
    ]
    assert sorted(filter(lambda said: said in wild.said, [*words, *(case.text for case in cases_)])) == sorted(
        wild.said
    )
    wild.bridge.holds()


# --- after a backup was restored -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_bridge(tmp_path):
    """Two consoles whose ledgers no other test writes into, so that they can be put back."""
    pair = consoles(shipped("longnan"), tmp_path)
    yield Bridge(pair, tmp_path)
    for room in pair:
        room.ledger.close()


def put_back(room, file, now):
    restore(room.ledger, file, now=now, force=True)


@pytest.mark.parametrize("side", list(Side))
def test_after_a_restore_both_sides_say_what_to_do_and_come_together_again(own_bridge, side):
    bridge = own_bridge
    back, other = (bridge.inside, bridge.outside) if side is Side.INSIDE else (bridge.outside, bridge.inside)
    _, first = bridge.report(text="一")
    bridge.up()
    bridge.down()
    bridge.act("note", first, text="门口也有")
    bridge.up()
    backup(back.ledger, bridge.folder.parent / "kept.zip", now=bridge.now)
    bridge.report(text="二")
    bridge.up()
    for case in bridge.cases(bridge.inside):
        bridge.dispatched(case.number)
    bridge.down()
    bridge.act("accept", first)
    bridge.up()
    bridge.down()
    put_back(back, bridge.folder.parent / "kept.zip", bridge.now)

    bridge.later()
    bridge.report(text="三")
    bridge.room_report()
    file = crossing.write(other, bridge.folder / "told", bridge.now).file
    with pytest.raises(BridgeError, match="restored from a backup"):
        crossing.take(back, file.read_bytes(), bridge.now)
    bridge.join(side)
    for _ in range(3):
        bridge.up()
        bridge.down()
    inside = {case.number: case for case in bridge.cases(bridge.inside)}
    outside = bridge.cases(bridge.outside)
    (noted,) = (case for case in inside.values() if case.text == "一")
    assert [entry["act"] for entry in bridge.inside.history(noted.number)].count("note") == (
        2 if side is Side.INSIDE else 1
    )
    assert {"一", "二", "三"} <= {case.text for case in inside.values()}
    assert {case.external_id or case.number for case in outside} == inside.keys()
    for case in outside:
        other = inside[case.external_id or case.number]
        assert (case.text, case.state) == (other.text, other.state)
    bridge.holds()


def test_what_time_brings_is_decided_inside_and_who_gets_a_case_is_told_outside(bridge):
    _, outer = bridge.report()
    bridge.up()
    (case,) = bridge.cases(bridge.inside)
    bridge.dispatched(case.number)
    bridge.down()
    rules, book = outbox_rules(None), Book()
    bridge.later(days=30)
    assert (steps.take(bridge.outside, bridge.now), timers.first(bridge.outside, rules, bridge.now)) == (0, 0)
    assert steps.take(bridge.inside, bridge.now) > 0
    derive(bridge.outside, rules, book, bridge.now)
    with bridge.outside.ledger.reading() as connection:
        told = connection.execute(
            select(tables.message.c.kind, tables.message.c.post, tables.message.c.number).where(
                tables.message.c.area == bridge.outside.id
            )
        ).all()
    assert ("assignment", WORKER, outer) in [tuple(row) for row in told]
    bridge.down()
    assert bridge.outside.get(outer).state == bridge.inside.get(case.number).state
    bridge.holds()


def test_how_much_a_batch_holds_is_a_rule(bridge):
    for _ in range(2):
        bridge.room_report(bridge.inside)
    bridge.later()
    rules = bridge.inside.rules
    narrow = replace(bridge.inside, rules=replace(rules, bridge=replace(rules.bridge, entries=1)))
    assert crossing.write(narrow, bridge.folder / "narrow", bridge.now).held > 0  # though the first entries say nothing
    assert crossing.write(bridge.inside, bridge.folder / "wide", bridge.now).held == 0


def test_rules_of_the_bridge_name_every_fault():
    with pytest.raises(RulesError) as error:
        BridgeRules.from_table({"entries": 0, "photos_mb": 4096, "again_minutes": True, "colour": 1})
    assert len(error.value.faults) == 5
