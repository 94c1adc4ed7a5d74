"""Patrols: a record even when nothing was found, planned by nights, missed once, walked late, seen by whom they concern, erased, and proved."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outbox import derived, messages
from patrols import (  # fmt: skip
    CENTRE,
    DAY,
    HEAD,
    HOUR,
    NOON,
    TODAY,
    by,
    done,
    grid,
    leafs,
    planned,
    said,
    walked,
    walking,
    who,
    worker,
)
from sqlalchemy import update

from desk.access.rules import identity_of
from desk.outbox.seen import masked
from desk.outbox.words import words as message_words
from desk.patrols import clock, plans
from desk.patrols.acts import of, walk
from desk.patrols.people import grids, lineage
from desk.people import retention
from desk.visits.people import sight
from geo.errors import Conflict, DraftError, LifecycleError, NoAccess, RulesError, UnknownPost
from incidents.lifecycle import By, PostKind
from inspections.patrol_rules import PatrolRules
from inspections.patrols import Act, Done, Patrol, State, allowed, apply, hours, nights
from ledger import backup, patrols, tables
from ledger.patrols import Asked
from ledger.store import open_ledger
from ledger.verify import verify
from reports import patrol_lists

ZONE = ZoneInfo("Asia/Shanghai")
EVENING = datetime(2026, 11, 20, 12, tzinfo=UTC)  # 20:00 there: the night of TODAY is to come
MORNING = EVENING + timedelta(hours=12)


@pytest.fixture
def room(tmp_path, database):
    found = walking(tmp_path / "ledger", database)
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A room on SQLite that tests share which only look at their own patrols."""
    found = walking(tmp_path_factory.mktemp("ledger"))
    yield found
    found.ledger.close()


def found(room, view="", through=None, **asked):
    """Return the numbers of patrols as somebody sees them."""
    with room.ledger.reading() as connection:
        return [each.number for each in patrols.page(connection, Asked(room.id, sight(through or room), **asked), view)]


def breaks(room):
    return [str(each) for each in verify(room.ledger, now=NOON).breaks]


# To the end, on both databases


def test_nights_are_opened_walked_missed_and_proved(room):
    plan = planned(room, now=EVENING, last=TODAY, places=tuple(leafs(room)))
    assert clock.take(room, EVENING) == 2
    assert clock.take(room, EVENING + timedelta(minutes=1)) == 0
    first, second = (of(room, number) for number in found(room, "planned"))
    assert first.number == "巡-20261120-0001"
    assert (first.state.night, first.state.plan) == (TODAY, plan.id)
    assert (first.state.since, first.state.until) == (EVENING + 2 * HOUR, EVENING + 6 * HOUR)
    after = done(room, first, now=EVENING + 3 * HOUR, outcomes=("hazard",), found=3, cleared=2, reported=1, text="灯坏")
    assert (after.state.state, after.state.found, after.state.cleared) == (State.DONE, 3, 2)
    assert clock.take(room, EVENING + 6 * HOUR) == 0  # within the grace of its end
    assert clock.take(room, MORNING) == 1
    assert of(room, second.number).state.state is State.MISSED
    assert patrol_lists.missed(room, MORNING) == 1
    assert patrol_lists.missed(room, MORNING + 30 * DAY) == 0
    walked(room)
    with room.ledger.reading() as connection:
        assert patrols.counts(connection, Asked(room.id)) == {"planned": 0, "done": 2, "missed": 1, "cancelled": 0}
        assert [(each.done, each.missed) for each in patrols.in_grids(connection, Asked(room.id), "community")] == [(2, 1)]  # fmt: skip
        assert sorted((each.done, each.missed) for each in patrols.in_grids(connection, Asked(room.id), "micro")) == [(0, 1), (2, 0)]  # fmt: skip
        assert {each.key: each.done for each in patrols.by_post(connection, Asked(room.id))} == {
            worker(room): 2,
            HEAD: 1,
        }
        assert patrols.by_outcome(connection, Asked(room.id), ["nothing", "hazard"]) == {"nothing": 1, "hazard": 1}
    assert breaks(room) == []


def test_a_row_that_somebody_changed_is_found(room):
    filed = walked(room)
    with room.ledger.reading() as connection:
        engine = connection.engine
    with engine.begin() as connection:
        connection.execute(update(tables.patrol).where(tables.patrol.c.number == filed.number).values(found=7))
    assert any("another found" in each for each in breaks(room))


# Nights


def test_a_plan_opens_each_night_once_and_those_of_days_without_a_console_untold(one):
    plan = planned(one, now=EVENING, every=2, name="隔夜")
    later = EVENING + 5 * DAY
    clock.take(one, later)
    opened = found(one, plan=plan.id)
    assert [of(one, number).state.night - TODAY for number in opened] == [4 * DAY, 2 * DAY, 0 * DAY]
    clock.take(one, later)
    assert found(one, plan=plan.id) == opened
    ended = plans.end(one, plan, TODAY + 5 * DAY, by(HEAD), later)
    clock.take(one, later + 3 * DAY)
    assert found(one, plan=plan.id) == opened
    assert ended.last == TODAY + 5 * DAY
    with pytest.raises(DraftError):
        plans.end(one, plan, TODAY + 6 * DAY, by(HEAD), later)


def test_after_midnight_what_is_still_to_be_walked_is_on_the_list_on_the_first_of_a_month_too(one):
    last = datetime(2026, 11, 30, 12, tzinfo=UTC)  # 20:00 there
    plan = planned(one, now=last, name="跨月", last=date(2026, 11, 30))
    clock.take(one, last)
    said_ = {"plan": str(plan.id)}
    past = last + timedelta(hours=4, minutes=30)
    assert patrol_lists.counts(one, said_, past) == {"planned": 1, "done": 0, "missed": 0, "cancelled": 0}
    assert [each.planned for each in patrol_lists.figures(one, "community", said_, past)] == [1]
    clock.take(one, last + 12 * HOUR)
    assert patrol_lists.counts(one, {**said_, "period": "last"}, last + 12 * HOUR)["missed"] == 1
    assert sum(patrol_lists.counts(one, said_, last + 12 * HOUR).values()) == 0


def test_what_was_walked_in_its_time_and_told_late_is_not_missed_for_ever(one):
    plan = planned(one, now=EVENING, name="迟报")
    clock.take(one, EVENING)
    (number,) = found(one, plan=plan.id)
    clock.take(one, MORNING)
    missed = of(one, number)
    assert missed.state.state is State.MISSED
    with pytest.raises(DraftError, match="time that was planned"):
        done(one, missed, now=MORNING)
    after = done(one, missed, now=EVENING + 5 * HOUR)
    assert (after.state.state, after.state.late) == (State.DONE, True)


@pytest.mark.parametrize(
    ("night", "zone", "length"),
    [
        (date(2026, 11, 20), "Asia/Shanghai", 4),
        (date(2026, 10, 31), "America/New_York", 5),  # 01:00 to 02:00 comes twice
        (date(2026, 3, 7), "America/New_York", 4),  # ends at a time that is left out: its first moment after
    ],
)
def test_a_night_goes_past_midnight_and_over_a_change_of_the_clocks(night, zone, length):
    since, until = hours(night, time(22), time(2), ZoneInfo(zone))
    assert since.astimezone(ZoneInfo(zone)).date() == night
    assert until - since == timedelta(hours=length)


@given(
    st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.integers(1, 31), st.integers(-40, 40), st.integers(0, 60), st.integers(0, 90)
)  # fmt: skip
def test_the_nights_of_a_plan_are_those_that_counting_gives(first, every, shift, window, length):
    since, last = first + timedelta(days=shift), first + timedelta(days=length)
    until = since + timedelta(days=window)
    counted = [first + timedelta(days=day) for day in range(0, length + 1, every)]
    assert nights(first, last, every, since, until) == [night for night in counted if since <= night <= until]


# Who, and what cannot be


def test_a_head_is_told_once_of_all_that_was_missed_and_each_post_of_its_night(tmp_path):
    room = walking(tmp_path)
    planned(room, now=EVENING, last=TODAY, places=tuple(leafs(room)), walkers=(worker(room), worker(room, 1)))
    clock.take(room, EVENING)
    clock.take(room, MORNING)
    derived(room, MORNING)
    told = sorted((each.kind, each.post) for each in messages(room) if each.channel == "app")
    assert told == [("patrol", worker(room)), ("patrol", worker(room, 1)), ("patrol_missed", HEAD)]
    message = next(each for each in messages(room) if each.kind == "patrol_missed")
    text = message_words(room, message, "zh", console="http://c")
    assert "另有 1 件" in text.text
    assert "/patrols?area=" in text.link
    stranger = room.seen_by(who("department", "longnan"))
    with room.ledger.reading() as connection:
        assert {each.number for each in masked(stranger, connection, messages(room))} == {""}
    room.ledger.close()


def test_each_of_a_pair_is_told_how_many_it_walks_itself_tonight(tmp_path):
    room = walking(tmp_path)
    for place, post in zip(leafs(room), (worker(room), worker(room, 1)), strict=False):
        planned(room, now=EVENING - DAY, places=(place,), walkers=(post, HEAD))
    clock.take(room, EVENING)  # yesterday's night, which nobody opened in time, is not counted
    derived(room, EVENING)
    sent = [each for each in messages(room) if (each.channel, each.kind) == ("app", "patrol")]
    told = {each.post: message_words(room, each, "zh", console="http://c").text for each in sent}
    assert {post: "另有 1 件" in text for post, text in told.items()} == {worker(room): False, worker(room, 1): False, HEAD: True}  # fmt: skip
    room.ledger.close()


def test_who_sees_the_grid_sees_the_patrol_and_nobody_else(one):
    filed = walked(one)
    own = one.seen_by(who("worker", f"longnan:micro:{leafs(one)[0]}"))
    other = one.seen_by(who("worker", f"longnan:micro:{leafs(one)[1]}"))
    community = one.seen_by(who("community", "longnan:community:" + filed.codes["community"]))
    assert filed.number in found(one, through=own)
    assert filed.number in found(one, through=community)
    assert filed.number not in found(one, through=other)
    with pytest.raises(DraftError):
        of(other, filed.number)
    with pytest.raises(DraftError, match="none of yours"):
        walk(other, grid(one), "routine", said(one, walkers=(worker(one, 1),)), by(worker(one, 1)), NOON)
    assert set(grids(other)) < set(grids(one))


@pytest.mark.parametrize(
    "wrong",
    [
        {"outcomes": ()},
        {"outcomes": ("nothing", "hazard")},
        {"outcomes": ("nothing",), "found": 1},
        {"outcomes": ("hazard",), "found": 1, "cleared": 1, "reported": 1},
        {"outcomes": ("hazard",), "found": -1},
        {"outcomes": ("publicity",), "topics": ("order",)},
        {"outcomes": ("opinion",), "topics": ("belief",)},
        {"outcomes": ("gossip",)},
        {"begun": -HOUR},
        {"begun": 30 * HOUR},
        {"now": NOON + DAY},
        {"text": "联系王阿姨13800001111"},
        {"walkers": ()},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(one, wrong):
    before = found(one)
    with pytest.raises(DraftError):
        walk(one, grid(one), "routine", said(one, **wrong), by(worker(one)), NOON)
    assert found(one) == before


def test_a_patrol_without_a_grid_asks_for_one(one):
    with pytest.raises(DraftError) as refused:
        walk(one, ("", ""), "routine", said(one), by(worker(one)), NOON)
    assert refused.value.field == "patrol_nowhere"


def test_a_night_is_walked_by_a_pair(one):
    with pytest.raises(DraftError, match="2 to"):
        walked(one, kind="night")
    with pytest.raises(UnknownPost):
        walked(one, kind="night", walkers=(worker(one), "department::城管"))
    assert walked(one, kind="night", walkers=(worker(one), HEAD)).state.walkers == (worker(one), HEAD)


def test_the_same_from_a_phone_is_one(one):
    first = walked(one, item="worker/k1")
    assert walked(one, item="worker/k1") == first


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"places": ("nowhere",)},
        {"every": 0},
        {"ends": time(22)},
        {"first": TODAY - DAY},
        {"last": TODAY - DAY},
        {"kind": "moon"},
        {"walkers": ("worker:x:y", HEAD)},
    ],
)
def test_a_plan_that_cannot_be_is_refused(one, wrong):
    before = plans.listed(one)
    with pytest.raises((DraftError, UnknownPost)):
        planned(one, now=EVENING, **wrong)
    assert plans.listed(one) == before


def test_heads_plan_and_workers_do_not_and_nobody_overtakes(one):
    with pytest.raises(LifecycleError):
        planned(one, now=EVENING, post=worker(one))
    plan = planned(one, now=EVENING, name="并改")
    plans.end(one, plan, TODAY, by(HEAD), EVENING)
    with pytest.raises((Conflict, DraftError)):
        plans.end(one, plan, TODAY + DAY, by(HEAD), EVENING)
    looks = one.seen_by(who("analyst", "longnan"))
    with pytest.raises((NoAccess, LifecycleError)):
        walk(looks, grid(one), "routine", said(one), by(worker(one)), NOON)


def test_notes_are_erased_in_time_and_the_ledger_still_holds(tmp_path):
    room = walking(tmp_path)
    filed = walked(room, text="路灯不亮")
    later = NOON + timedelta(days=room.rules.settings.patrol_days + 1)
    with room.ledger.reading() as connection:
        assert patrols.words(connection, filed) == ["路灯不亮"]
    retention.run(room.ledger, {room.id: room.rules.settings}, identity_of(None), later)
    with room.ledger.reading() as connection:
        assert patrols.words(connection, filed) == []
    assert of(room, filed.number).state == filed.state
    assert breaks(room) == []
    room.ledger.close()


def test_a_dedicated_grid_lies_in_its_community_and_in_no_home(one):
    key, code = next(each for each in grids(one) if each[0] == "dedicated")
    codes = lineage(one.area.net, key, code)
    assert codes[key] == code
    assert codes["community"]
    assert one.area.net.leaf.key not in codes


# The lifecycle alone


ACTORS = [
    by(HEAD),
    By("worker:micro:1", PostKind.WORKER),
    By("worker:micro:2", PostKind.WORKER),
    by(CENTRE),
    by("head:community:other"),
]
FULL = {
    "since": EVENING.isoformat(),
    "until": (EVENING + HOUR).isoformat(),
    "walkers": ["worker:micro:1"],
    "outcomes": ["hazard"],
    "found": 2,
    "reason": "大雨",
    "text": "x",
}
BEGUN = {"kind": "night", "night": TODAY.isoformat(), "since": EVENING.isoformat(), "until": (EVENING + 2 * HOUR).isoformat(), "walkers": ["worker:micro:1"], "keepers": [HEAD], "plan": 1}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([act for act in Act if act not in {Act.PLAN, Act.WALK}]), st.sampled_from(ACTORS), st.booleans()), max_size=10))  # fmt: skip
def test_whatever_is_tried_a_patrol_is_walked_once_and_is_the_same_when_replayed(tries):
    kept = [Done(Act.PLAN, by(CENTRE), EVENING, BEGUN)]
    patrol = apply(None, kept[0])
    for act, actor, late in tries:
        entry = Done(act, actor, EVENING + (9 * HOUR if late else HOUR), FULL)
        may = act in allowed(patrol, actor)
        is_over = act is Act.STEP and late and patrol.state is State.PLANNED and actor.kind is PostKind.DISPATCHER
        if may or is_over:
            assert patrol.state not in {State.DONE, State.CANCELLED} or act is Act.NOTE
            patrol = apply(patrol, entry)
            kept.append(entry)
        else:
            with pytest.raises(LifecycleError):
                apply(patrol, entry)
        assert Patrol.from_json(patrol.to_json()) == patrol
        assert patrol.cleared + patrol.reported <= patrol.found
    again = None
    for entry in kept:
        again = apply(again, entry)
    assert again == patrol


@pytest.mark.parametrize(
    "data",
    [
        {"until": (EVENING - HOUR).isoformat()},
        {"since": (EVENING + 2 * HOUR).isoformat(), "until": (EVENING + 3 * HOUR).isoformat()},
        {"cleared": 3},
        {"outcomes": ["nothing"]},
        {"outcomes": []},
        {"topics": ["order"]},
        {"since": ""},
    ],
)
def test_the_table_itself_refuses_what_cannot_be(data):
    patrol = apply(None, Done(Act.PLAN, by(CENTRE), EVENING, BEGUN))
    with pytest.raises(LifecycleError):
        apply(patrol, Done(Act.DONE, by(HEAD), MORNING, {**FULL, **data}))


def test_faults_of_the_file_are_all_named():
    with pytest.raises(RulesError) as error:
        PatrolRules.from_table({"prefix": "", "grace_minutes": 0, "kinds": [{"key": "N", "name": ""}], "odd": 1})
    said_ = str(error.value) + " ".join(getattr(error.value, "faults", []))
    for word in ("prefix", "grace_minutes", "kinds[1].key", "odd", "nothing", "most_hours"):
        assert word in said_


def test_a_kind_that_asks_for_more_than_may_walk_is_a_fault():
    numbers = {"longest_note": 9, "most_walkers": 2, "most_count": 9, "most_hours": 9, "most_places": 9, "grace_minutes": 9, "back_days": 9}  # fmt: skip
    outcomes = [{"key": "nothing", "name": "无"}, {"key": "opinion", "name": "意见"}]
    table = {"prefix": "巡", **numbers, "outcomes": outcomes, "kinds": [{"key": "night", "name": "夜", "walkers": 2}]}
    assert PatrolRules.from_table(table).kind("night").walkers == 2
    with pytest.raises(RulesError) as error:
        PatrolRules.from_table({**table, "most_walkers": 1})
    assert "most_walkers" in str(error.value.faults)


def test_a_backup_brings_patrols_and_plans_back(tmp_path):
    room = walking(tmp_path / "a")
    plan = planned(room, now=EVENING)
    clock.take(room, EVENING)
    filed = of(room, found(room)[0])
    copy = tmp_path / "kept.zip"
    backup.backup(room.ledger, copy, now=NOON)
    ledger = open_ledger(tmp_path / "b")
    backup.restore(ledger, copy, now=NOON)
    with ledger.reading() as connection:
        assert patrols.get(connection, room.id, filed.number).state == filed.state
        assert patrols.plans(connection, room.id) == [plan]
    ledger.close()
    room.ledger.close()
