"""Heavy-pollution warnings: what their orders open and close, what stays done, who sees and does what."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inspected import AREA, shop, worker_of
from orders import who
from outbox import derived, messages
from PIL import Image
from rooms import DISPATCHER, NOON, room_of, shipped
from sqlalchemy import update

from data import rules
from desk import alerts
from desk.demo import begin
from desk.outbox.words import words
from desk.warnings import acts, clock
from desk.warnings.acts import Order, Seen
from geo.errors import BattlemapError, Conflict, DraftError, LifecycleError, NoAccess, RulesError
from incidents.access import Role
from incidents.alerts import Level
from inspections.warnings import (
    LAPSED,
    LEVELS,
    Kind,
    State,
    Task,
    Warned,
    WarningRules,
    changed,
    checks,
    finished,
    issued,
    moved,
    stood_down,
    tally,
)
from ledger import backup, tables
from ledger import warnings as filed
from ledger.store import open_ledger
from ledger.verify import verify

TABLE = rules.read("warnings")
RULES = WarningRules.from_table(TABLE)
ZONE = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CITY = "市污染防治攻坚办"


def order(level=Level.YELLOW, *, number="郑环攻坚办〔2026〕1号", starts=NOON + 6 * HOUR, ends=NOON + 3 * DAY, **fields):
    return Order(CITY, number, level, ends, starts, **fields)


def picture():
    file = io.BytesIO()
    Image.new("RGB", (60, 80), "white").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def room(tmp_path):
    made = room_of(shipped(AREA), tmp_path)
    shop(made, "康桥工地", "dust")
    shop(made, "老灶餐馆", "fumes")
    yield made
    made.ledger.close()


def looking(room, role, part, account="a9"):
    return room.seen_by(who(role, part, account))


def stops(room, number, state=State.OPEN):
    return [one for one in acts.tasks(room, number) if one.kind is Kind.STOP and one.state is state]


# The rules of it

WARNED = Warned(CITY, "1号", Level.YELLOW, NOON + HOUR, NOON + 2 * DAY)
SOURCES = [("场-0001", "dust"), ("场-0002", "fumes"), ("场-0003", "enterprise"), ("场-0004", "filling_station")]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.sampled_from(LEVELS), st.integers(1, 10)),
        st.tuples(st.just("done"), st.integers(0, 40), st.just(0)),
        st.tuples(st.just("clock"), st.just(0), st.just(0)),
        st.tuples(st.just("lift"), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@settings(deadline=None)
@given(STEPS)
def test_what_was_done_survives_every_change_and_nothing_is_due_after_the_end(steps):
    now, one = NOON, issued(WARNED, (), NOON)
    there: dict[int, Task] = {task.number: task for task in moved(RULES, one, SOURCES, (), now)[0]}
    done: dict[int, Task] = {}
    for what, first, second in steps:
        now += 5 * HOUR
        try:
            if what == "order":
                one, _act = changed(one, first, "2号", now + second * DAY, now)
            elif what == "lift":
                one = stood_down(one, "3号", now)
            elif what == "clock":
                opened = checks(RULES, one, SOURCES, list(there.values()), now, ZONE)
                assert not {task.number for task in opened} & set(there)
                there |= {task.number: task for task in opened}
            elif (task := there.get(first)) is not None:
                done[first] = there[first] = finished(RULES, task, replace(task, kept=True, meter="0"), 0, now)
        except BattlemapError:
            continue
        if what in {"order", "lift"}:
            opened, closed = moved(RULES, one, SOURCES, list(there.values()), now)
            assert all(there[task.number].state is State.OPEN for task in closed)
            if what == "lift" and one.over:
                late = {
                    task.number
                    for task in closed
                    if there[task.number].overdue(now, timedelta(minutes=RULES.grace_minutes))
                }
                assert {task.number for task in closed if task.reason == LAPSED} == late
            there |= {task.number: task for task in (*opened, *closed)}
        standing = [task for task in there.values() if task.state is State.OPEN]
        assert all(task.due <= one.ends for task in standing)
        assert not (one.over and standing)
        asked = [(task.site, task.measure, task.due if task.measure == "" else None) for task in standing]
        assert len(asked) == len(set(asked))
        assert all(there[number] == task for number, task in done.items())
        total = tally([("", task) for task in there.values()], now, HOUR)
        assert all(each.done + each.open + each.closed == len(there) for each in total)


def test_a_level_that_asks_for_the_same_opens_nothing_again():
    (cover,) = (one for one in moved(RULES, WARNED, SOURCES[:1], (), NOON)[0] if one.measure == "cover")
    after, _act = changed(WARNED, Level.ORANGE, "2号", WARNED.ends, NOON)
    opened, closed = moved(RULES, after, SOURCES[:1], [replace(cover, state=State.DONE)], NOON)
    assert "cover" not in {one.measure for one in opened}
    assert not closed


def test_checks_come_up_each_at_its_hour_once_while_the_warning_holds():
    midnight = datetime(2026, 11, 20, 16, tzinfo=UTC)  # 00:00 in Zhengzhou
    found = checks(RULES, WARNED, SOURCES, (), midnight, ZONE)
    assert {one.due.astimezone(ZONE).hour for one in found} == {9, 15, 22}
    assert {one.site for one in found} == {"场-0001", "场-0002", "场-0003"}, "a filling station has no measure"
    assert {one.kind for one in found if one.due.astimezone(ZONE).hour == 22} == {Kind.NIGHT}
    assert not checks(RULES, WARNED, SOURCES, found, midnight + HOUR, ZONE)


@pytest.mark.parametrize(
    "fields",
    [
        {"ends": NOON},
        {"starts": NOON - 2 * DAY, "ends": NOON - DAY},
        {"level": Level.BLUE},
        {"issuer": ""},
        {"order": ""},
        {"ends": NOON + 90 * DAY},
    ],
)
def test_what_is_no_warning_is_refused(fields):
    with pytest.raises(DraftError):
        issued(replace(WARNED, **fields), (), NOON)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"checks": ["25:00"]}, "checks"),
        ({"late_minutes": -1}, "late_minutes"),
        ({"measures": [{"key": "x", "name": "甲", "kinds": ["dust"]}]}, "measures"),
        ({"more": 1}, "more"),
    ],
)
def test_a_fault_of_the_file_is_said_by_its_key(change, says):
    with pytest.raises(RulesError) as error:
        WarningRules.from_table(TABLE | change)
    assert says in str(error.value.faults)


# In the ledger


def test_a_warning_opens_tasks_due_at_its_start_and_stands_on_every_screen_until_it_is_lifted(room):
    one = acts.issue(room, order(scans=[picture()]), DISPATCHER, NOON)
    found = stops(room, one.number)
    assert {task.measure for task in found} == {"earthwork", "spraying", "machinery", "cover", "fumes"}
    assert {task.due for task in found} == {one.starts}
    (shown,) = alerts.alerts(room).running
    assert (shown.kind, shown.level, shown.number) == ("heavy_pollution", Level.YELLOW, one.order)
    raised = acts.alter(room, one, order(Level.RED, number="2号"), DISPATCHER, NOON + HOUR)
    assert alerts.alerts(room).running[0].level is Level.RED
    over = acts.stand_down(room, raised, "3号", DISPATCHER, NOON + DAY)
    assert over.over
    assert not alerts.alerts(room).running
    assert not stops(room, one.number)
    with room.ledger.reading() as connection:
        told = filed.orders(connection, AREA, one.number)
    assert [(each["act"], len(each["scans"])) for each in told] == [("stand_down", 0), ("upgrade", 0), ("issue", 1)]
    assert not verify(room.ledger, now=NOON).breaks


def test_a_warning_with_tasks_is_not_lifted_past_them(room):
    one = acts.issue(room, order(), DISPATCHER, NOON)
    (shown_,) = alerts.alerts(room).running
    with pytest.raises(DraftError):
        alerts.lift(room, shown_, DISPATCHER, NOON)
    with pytest.raises(DraftError):
        alerts.alter(room, shown_, DISPATCHER, NOON, level=Level.RED, number="9号", ends=None)
    acts.stand_down(room, one, "3号", DISPATCHER, NOON + HOUR)
    assert not alerts.alerts(room).running


def test_a_finished_task_keeps_its_evidence_over_upgrade_extension_and_end(room):
    one = acts.issue(room, order(), DISPATCHER, NOON)
    task = stops(room, one.number)[0]
    kept = acts.done(room, one.number, task.number, Seen(True, meter="电表 1024", photos=[picture()]), DISPATCHER, NOON)
    one = acts.alter(room, one, order(Level.RED), DISPATCHER, NOON + HOUR)
    one = acts.alter(room, one, order(Level.RED, ends=NOON + 5 * DAY), DISPATCHER, NOON + 2 * HOUR)
    acts.stand_down(room, one, "4号", DISPATCHER, NOON + DAY)
    assert [each for each in acts.tasks(room, one.number) if each.state is State.DONE] == [kept]
    assert not verify(room.ledger, now=NOON).breaks


def test_the_clock_opens_checks_once_and_none_after_the_end(room):
    one = acts.issue(room, order(starts=NOON, ends=NOON + 4 * HOUR), DISPATCHER, NOON)
    assert clock.take(room, NOON + HOUR) == 2, "15:00 at both; 22:00 lies after the end"
    clock.take(room, NOON + 2 * HOUR)
    clock.take(room, NOON + DAY)
    assert sum(each.kind is not Kind.STOP for each in acts.tasks(room, one.number)) == 2
    early = next(each for each in acts.tasks(room, one.number) if each.kind is Kind.CHECK)
    with pytest.raises(DraftError):
        acts.done(room, one.number, early.number, Seen(True), DISPATCHER, NOON + HOUR)
    assert not verify(room.ledger, now=NOON).breaks


def test_the_night_of_a_warning_names_its_sources_until_they_were_looked_at(room):
    one = acts.issue(room, order(starts=NOON), DISPATCHER, NOON)
    places = {task.site for task in acts.tasks(room, one.number)}
    today = NOON.astimezone(ZONE).date()
    assert acts.nights(room, today) == acts.nights(room, today + DAY) == places
    clock.take(room, NOON)
    check = next(task for task in acts.tasks(room, one.number) if task.kind is Kind.NIGHT)
    acts.done(room, one.number, check.number, Seen(True), DISPATCHER, check.due)
    assert acts.nights(room, today) == places - {check.site}
    assert acts.nights(room, today + 30 * DAY) == frozenset()
    acts.stand_down(room, acts.listed(room)[0], "3号", DISPATCHER, NOON + HOUR)
    assert acts.nights(room, today) == frozenset()


def test_what_is_overdue_is_told_once_to_who_answers_for_it_and_the_head_above(room):
    one = acts.issue(room, order(starts=NOON + HOUR), DISPATCHER, NOON)
    assert clock.take(room, NOON + HOUR / 2) == 4, "the checks at 15:00 and 22:00; nothing is overdue yet"
    late = stops(room, one.number)
    assert clock.take(room, NOON + 2 * HOUR) == len(late)
    assert clock.take(room, NOON + 2 * HOUR + timedelta(minutes=1)) == 0
    said = shown(room, NOON + 2 * HOUR)
    assert said
    assert all(message.kind == "warning_late" for message, _words in said)
    places = {task.site for task in late}
    with room.ledger.reading() as connection:
        posts = {site.post for site in filed.sites.named(connection, AREA, places).values() if site.post}
    told = {message.post for message, _words in said}
    assert posts <= told
    assert told - posts, "a head too"
    assert all("超期" in words.text and one.order in words.text for _message, words in said)
    again = clock.take(room, NOON + 6 * HOUR)
    assert again == 2, "the checks of 15:00, which are overdue now"
    acts.stand_down(room, acts.listed(room)[0], "3号", DISPATCHER, NOON + 7 * HOUR)
    assert clock.take(room, NOON + DAY) == 0
    assert not verify(room.ledger, now=NOON).breaks


def shown(room, now):
    """Return the messages of warnings with their words, as the courier derives them."""
    derived(room, now)
    return [(one, words(room, one, "zh")) for one in messages(room) if one.subject == filed.SUBJECT]


def test_a_task_is_done_once_and_a_phone_that_sends_again_gets_the_same(room):
    one = acts.issue(room, order(), DISPATCHER, NOON)
    first, second = stops(room, one.number)[:2]
    said = Seen(True, meter="0", item="a1 k1")
    done = acts.done(room, one.number, first.number, said, DISPATCHER, NOON)
    assert acts.done(room, one.number, first.number, said, DISPATCHER, NOON + HOUR) == done
    with pytest.raises(LifecycleError):
        acts.done(room, one.number, first.number, Seen(True, meter="0"), DISPATCHER, NOON)
    for wrong in (Seen(True), Seen(True, meter="正常"), Seen(False), Seen(True, meter="电话13812345678")):
        with pytest.raises(DraftError):
            acts.done(room, one.number, second.number, wrong, DISPATCHER, NOON)
    assert acts.done(room, one.number, second.number, Seen(False, note="仍在作业"), DISPATCHER, NOON).kept is False


def test_a_second_warning_of_an_issuer_is_refused_and_so_is_who_saw_an_older_state(room):
    one = acts.issue(room, order(), DISPATCHER, NOON)
    with pytest.raises(DraftError):
        acts.issue(room, order(Level.RED), DISPATCHER, NOON)
    acts.alter(room, one, order(Level.ORANGE), DISPATCHER, NOON)
    with pytest.raises(Conflict):
        acts.alter(room, one, order(Level.RED), DISPATCHER, NOON)
    with pytest.raises(DraftError):
        acts.alter(room, acts.listed(room)[0], order(Level.ORANGE), DISPATCHER, NOON)


def test_who_sees_a_site_sees_and_does_its_tasks_and_enters_no_warning(room):
    one = acts.issue(room, order(), DISPATCHER, NOON)
    place = stops(room, one.number)[0]
    with room.ledger.reading() as connection:
        site = filed.sites.get(connection, AREA, place.site)
    worker = worker_of(room, site)
    code = site.codes["micro"].split(";")[0]
    own = looking(room, Role.WORKER, f"{AREA}:micro:{code}", worker.account)
    assert acts.tasks(own, one.number)
    assert acts.done(own, one.number, place.number, Seen(True, meter="0"), worker, NOON).post == worker.post
    with pytest.raises(NoAccess):
        acts.stand_down(own, one, "5号", worker, NOON)
    other = next(str(each) for each in room.area.net.leaf.codes if str(each) not in site.codes["micro"])
    assert acts.tasks(looking(room, Role.WORKER, f"{AREA}:micro:{other}"), one.number) == []


def test_a_task_changed_behind_the_history_is_found_and_a_backup_brings_all_back(room, tmp_path):
    one = acts.issue(room, order(scans=[picture()]), DISPATCHER, NOON)
    archive = tmp_path / "kept.zip"
    backup.backup(room.ledger, archive, now=NOON)
    again = open_ledger(tmp_path / "again")
    try:
        backup.restore(again, archive, now=NOON)
        assert not verify(again, now=NOON).breaks
        assert acts.tasks(replace(room, ledger=again), one.number) == acts.tasks(room, one.number)
    finally:
        again.close()
    with room.ledger.engine.begin() as connection:
        connection.execute(update(tables.warning_task).values(state="done"))
    assert verify(room.ledger, now=NOON).breaks


def test_the_demonstration_has_a_warning_that_is_over_and_holds_nothing_now(tmp_path):
    room = room_of(shipped(AREA), tmp_path)
    try:
        room.ledger.change(lambda writing: begin(writing, room, NOON))
        (one,) = acts.listed(room)
        stood = {task.state for task in acts.tasks(room, one.number)}
        assert one.over
        assert stood == {State.DONE, State.CLOSED}
        assert not alerts.alerts(room).running
        assert not verify(room.ledger, now=NOON).breaks
    finally:
        room.ledger.close()
