"""Whistles in a room and its ledger: who is asked, by when, who sees it, what is told to whom, and that all of it can be proved."""

import random
import tomllib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outbox import House
from rooms import room_of, shipped
from sqlalchemy import delete, insert, update
from whistles import (
    AREA,
    CENTRE,
    CITY,
    COMMUNITY,
    FIRE,
    HEAD,
    LEADER,
    MINUTE,
    NOON,
    POLICE,
    STAGES,
    asked,
    blown,
    by,
    done,
    whistling,
    who,
)

import data.rules
from api.field.reading import said_of_case
from api.ticker import tick
from desk.access.rules import identity_of
from desk.demo import begin
from desk.outbox.book import Book
from desk.outbox.calls import told
from desk.outbox.derive import derive
from desk.outbox.rules import outbox_rules
from desk.outbox.words import words
from desk.people import retention
from desk.reports import Draft, report
from desk.whistle.acts import Doing, do, is_done
from desk.whistle.people import approvers, departments, may_ask, offered, sight, waits_for
from geo.errors import (
    BattlemapError,
    Conflict,
    DraftError,
    LifecycleError,
    NoAccess,
    RulesError,
    UnknownPost,
    UnknownWhistle,
)
from incidents.lifecycle import Act, Entry
from incidents.whistle_rules import WhistleRules
from incidents.whistles import Blow, Phase
from ledger import backup, find, outbox, tables, whistles
from ledger.store import open_ledger
from ledger.verify import verify
from reports.whistles import told_of_case, waiting

SHIPPED = tomllib.loads((Path(data.rules.__file__).parent / "whistles.toml").read_text("utf-8"))


@pytest.fixture
def room(tmp_path, database):
    found = whistling(tmp_path / "ledger", database)
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A room on SQLite that tests share which only look, or whose whistles do not meet."""
    found = whistling(tmp_path_factory.mktemp("ledger"))
    yield found
    found.ledger.close()


def seen(room, key):
    with room.ledger.reading() as connection:
        return whistles.get(connection, room.id, key)


def told_of(room, number, now=NOON + timedelta(days=9)):
    """Derive all messages, and return kind -> posts of those of one whistle."""
    while derive(room, outbox_rules(None), Book(), now):
        pass
    with room.ledger.reading() as connection:
        found = [one for one in outbox.listed(connection, area=room.id, channels=("app",)) if one.number == number]
    return {kind: sorted(one.post for one in found if one.kind == kind) for kind in {one.kind for one in found}}


def reported(room):
    point = room.area.net.leaf.geoms[0].representative_point()
    draft = Draft(class_=room.rules.directory.favourites[0], lon=point.x, lat=point.y, text="飞线")
    return report(room, draft, by(CENTRE), NOON)


def holds(room):
    assert verify(room.ledger, now=NOON).breaks == ()


def to_the_end(room, jpeg):
    """Drive a whistle by its four posts to the end, with a dispute that the centre decides."""
    filed = blown(room)
    filed = done(room, filed, Blow.DISPUTE, FIRE, NOON + 5 * MINUTE, reason="不属本单位职责")
    filed = done(room, filed, Blow.UPHOLD, CENTRE, NOON + 40 * MINUTE, post=FIRE, reason="消防通道由其负责")
    for key in (CITY, FIRE):
        for hours, act in enumerate(STAGES, 1):
            filed = done(
                room, filed, act, key, NOON + timedelta(hours=hours), photos=[jpeg] if act is Blow.ARRIVE else ()
            )
    filed = done(
        room,
        filed,
        Blow.TASK,
        CITY,
        NOON + timedelta(hours=4),
        text="断电",
        owner=FIRE,
        step=1,
        due=NOON + timedelta(days=4),
    )
    filed = done(room, filed, Blow.TASK_DONE, FIRE, NOON + timedelta(hours=5), task=1)
    filed = done(room, filed, Blow.FINISH, CITY, NOON + timedelta(hours=6), text="已拆除飞线")
    filed = done(room, filed, Blow.CLOSE, HEAD, NOON + timedelta(hours=7))
    return done(room, filed, Blow.RATE, HEAD, NOON + timedelta(hours=8), post=CITY, stars=5)


# To the end


def test_a_whistle_goes_to_its_end_and_the_ledger_proves_it(room, jpeg):
    filed = to_the_end(room, jpeg)
    assert (filed.number, filed.state.phase, filed.state.deadline) == ("哨-20261120-0001", Phase.CLOSED, None)
    with room.ledger.reading() as connection:
        history = find.entries(connection, room.id, filed.number, subject=whistles.SUBJECT)
        photos = whistles.photos(connection, filed)
        assert whistles.why(connection, [filed]) == {filed.number: "飞线充电屡禁不止,请到场"}
    assert [entry["act"] for entry in history][:3] == ["ask", "approve", "dispute"]
    assert history[2]["data"]["reason"] == "不属本单位职责"
    assert len(photos) == 2
    holds(room)


def test_the_history_holds_no_words_and_no_position_of_anybody(room, jpeg):
    to_the_end(room, jpeg)
    with room.ledger.reading() as connection:
        rows = [
            dict(row) for row in connection.execute(tables.history.select()).mappings() if row["subject"] == "whistle"
        ]
    said = "".join(row["data"] + row["before"] + row["after"] for row in rows)
    assert "飞线" not in said
    assert "断电" not in said
    arrived = [row["data"] for row in rows if row["act"] == "arrive"]
    assert arrived
    assert not any(word in text for text in arrived for word in ('"lon"', '"lat"', "accuracy"))


def test_numbers_go_on_by_the_day(one):
    first = asked(one, now=datetime(2026, 12, 1, 1, tzinfo=UTC))
    second = asked(one, now=datetime(2026, 12, 1, 2, tzinfo=UTC))
    other = asked(one, now=datetime(2026, 12, 1, 16, 1, tzinfo=UTC))  # past midnight there
    assert [filed.number for filed in (first, second, other)] == [
        "哨-20261201-0001",
        "哨-20261201-0002",
        "哨-20261202-0001",
    ]


# Deadlines


def test_deadlines_count_on_the_working_calendar_and_none_ends_before_the_one_before_it(one):
    filed = blown(one, now=datetime(2026, 11, 20, 9, 30, tzinfo=UTC))  # Friday 17:30, half an hour before closing
    due = filed.state.party(CITY).due
    zone = one.area.pack.timezone
    said = {stage: time.astimezone(zone).strftime("%a %H:%M") for stage, time in due.items()}
    assert said["sign"] == "Mon 08:31"
    assert said["contact"] == "Mon 08:31"  # 24 hours end on Saturday, before anybody had to sign
    assert said["arrive"] == "Wed 17:31"


def test_an_emergency_counts_minutes_day_and_night(one):
    night = datetime(2026, 11, 21, 18, tzinfo=UTC)
    filed = done(one, asked(one, now=night, kind="emergency"), Blow.APPROVE, LEADER, night, lead=FIRE)
    assert filed.state.party(FIRE).due == {
        stage.value: night + minutes * MINUTE for stage, minutes in zip(STAGES, (10, 15, 30), strict=True)
    }


def test_who_is_upheld_gets_its_time_anew_for_what_it_has_not_reached(one):
    filed = blown(one)
    filed = done(one, filed, Blow.SIGN, FIRE, NOON + 5 * MINUTE)
    filed = done(one, filed, Blow.DISPUTE, FIRE, NOON + 6 * MINUTE, reason="不属职责")
    later = NOON + timedelta(days=10)
    after = done(one, filed, Blow.UPHOLD, CENTRE, later, post=FIRE, reason="属其职责").state.party(FIRE)
    assert after.due["sign"] == filed.state.party(FIRE).due["sign"]
    assert after.due["contact"] == later + timedelta(hours=24)


def test_the_reply_to_a_hand_over_has_a_date_and_nobody_has_to_come(one):
    filed = done(one, asked(one, kind="hand_over"), Blow.APPROVE, LEADER, NOON, lead=CITY)
    assert set(filed.state.lead.due) == {"sign", "finish"}
    filed = done(one, filed, Blow.SIGN, CITY, NOON + MINUTE)
    assert filed.state.lead.running is Blow.FINISH
    assert Blow.DISPUTE in offered(one, filed, by(CITY), NOON)  # it may return it


# Who may


def test_a_volunteer_a_micro_grid_and_a_department_do_not_whistle(one):
    posts = one.register.posts(NOON)
    micro = next(post for post in posts.values() if post.grid and post.grid[0] == "micro")
    assert [may_ask(one, posts[key]) for key in (HEAD, LEADER, CENTRE, CITY)] == [True, True, True, False]
    assert not may_ask(one, micro)
    with pytest.raises(LifecycleError, match="community asks"):
        asked(one, key=micro.key)


def test_the_leader_of_the_asker_approves_and_nobody_else(one):
    filed = asked(one)
    assert [post.key for post in approvers(one, filed, NOON)] == [LEADER]
    for key in (HEAD, CENTRE, CITY):
        with pytest.raises(BattlemapError):
            done(one, filed, Blow.APPROVE, key, NOON, lead=CITY)


def test_where_the_register_has_no_leader_the_centre_stands_in(tmp_path):
    room = room_of(shipped(AREA), tmp_path)
    filed = asked(room)
    assert [post.key for post in approvers(room, filed, NOON)] == [CENTRE]
    assert done(room, filed, Blow.APPROVE, CENTRE, NOON, lead=CITY).state.approver == CENTRE


def test_a_hard_case_is_approved_above_the_community(one):
    assert [post.key for post in approvers(one, asked(one, kind="assault"), NOON)] == [
        CENTRE
    ]  # the area has no street above
    grid = next(post for post in one.posts.values() if post.grid and post.grid[0] == "grid")
    above = {post.key for post in approvers(one, asked(one, kind="assault", key=grid.key), NOON)}
    assert above == {HEAD, LEADER}


def test_who_asked_does_not_approve_in_another_post(one):
    community = one.seen_by(who("community", f"{AREA}:community:{COMMUNITY}", "same"))
    filed = asked(community, account="same")
    with pytest.raises(LifecycleError, match="another person"):
        do(community, Doing(filed.number, Blow.APPROVE, {"lead": CITY}), by(LEADER, "same"), NOON)
    leader = one.seen_by(who("head", f"{AREA}:community:{COMMUNITY}", "other"))
    assert (
        do(leader, Doing(filed.number, Blow.APPROVE, {"lead": CITY}), by(LEADER, "other"), NOON).state.phase
        is Phase.BLOWN
    )


def test_only_departments_are_called_and_one_of_them_leads(one):
    for fields, error in (
        ({"lead": HEAD}, UnknownPost),
        ({"lead": ""}, DraftError),
        ({"lead": "department::无此部门"}, UnknownPost),
        ({"kind": "whatever"}, DraftError),
        ({"lon": None}, DraftError),
    ):
        with pytest.raises(error):
            asked(one, **fields)
    assert CITY in {post.key for post in departments(one, NOON)}


def test_the_centre_lets_the_lead_go_by_naming_another_one_in_the_same_change(one):
    filed = blown(one)
    filed = done(one, filed, Blow.DISPUTE, CITY, NOON + MINUTE, reason="应由消防牵头")
    with pytest.raises(LifecycleError, match="leads"):
        done(one, filed, Blow.RELEASE, CENTRE, NOON, post=CITY, reason="改由消防牵头")
    assert seen(one, filed.number).version == filed.version
    after = done(one, filed, Blow.RELEASE, CENTRE, NOON, post=CITY, reason="改由消防牵头", lead=FIRE)
    assert [(party.post, party.lead) for party in after.state.active] == [(FIRE, True)]


def test_the_centre_calls_another_one_to_assist_and_the_lead_stays(one):
    filed = blown(one)
    after = done(one, filed, Blow.CALL, CENTRE, NOON + MINUTE, assisting=[POLICE], reason="现场有冲突")
    assert {party.post: party.lead for party in after.state.active} == {CITY: True, FIRE: False, POLICE: False}
    assert after.state.party(CITY).due == filed.state.party(CITY).due


def test_a_date_that_has_passed_and_an_act_of_somebody_who_saw_less_are_refused(one):
    filed = blown(one)
    with pytest.raises(DraftError, match="past"):
        done(one, filed, Blow.TASK, CITY, NOON + MINUTE, text="x", owner=CITY, step=1, due=NOON)
    done(one, filed, Blow.NOTE, HEAD, NOON + MINUTE, text="补充")
    with pytest.raises(Conflict):
        done(one, filed, Blow.SIGN, CITY, NOON + MINUTE)


def test_a_whistle_waits_for_whom_it_is_to_act(one):
    filed = asked(one)
    assert waits_for(one, filed, NOON) == {LEADER}
    filed = done(one, filed, Blow.APPROVE, LEADER, NOON, lead=CITY, assisting=(FIRE,))
    assert waits_for(one, filed, NOON) == {CITY, FIRE}
    filed = done(one, filed, Blow.DISPUTE, FIRE, NOON, reason="x")
    assert waits_for(one, filed, NOON) == {CITY, CENTRE}
    filed = done(one, filed, Blow.RELEASE, CENTRE, NOON, post=FIRE, reason="x")
    for act in STAGES:
        filed = done(one, filed, act, CITY, NOON)
    assert waits_for(one, filed, NOON) == {CITY}
    assert waits_for(one, done(one, filed, Blow.FINISH, CITY, NOON, text="完成"), NOON) == {HEAD}


# Scope


def numbers(room):
    with room.ledger.reading() as connection:
        return {filed.number for filed in whistles.listed(connection, room.id, sight(room))}


def test_who_has_to_do_with_it_sees_it_and_nobody_else(room):
    filed = blown(room)
    scope = f"{AREA}:community:{COMMUNITY}"
    named = [(role, name, f"{AREA}:department:{name}") for role, name in (("department", key.removeprefix("department::")) for key in (CITY, FIRE, POLICE))]  # fmt: skip
    grid = next(post.grid for post in room.posts.values() if post.grid and post.grid[0] == "grid")
    leaf = next(post.grid for post in room.posts.values() if post.grid and post.grid[0] == "micro")
    sees = {
        **{name: numbers(room.seen_by(who(role, wanted))) for role, name, wanted in named},
        "community": numbers(room.seen_by(who("community", scope))),
        "leader": numbers(room.seen_by(who("head", scope))),
        "centre": numbers(room.seen_by(who("dispatcher", AREA))),
        "grid": numbers(room.seen_by(who("head", f"{AREA}:grid:{grid[1]}"))),
        "worker": numbers(room.seen_by(who("worker", f"{AREA}:micro:{leaf[1]}"))),
        "worker of the community": numbers(room.seen_by(who("worker", scope))),
        "inspector": numbers(room.seen_by(who("inspector", AREA))),
        "analyst": numbers(room.seen_by(who("analyst", AREA))),
        "department of everything": numbers(room.seen_by(who("department", AREA))),
    }
    hear = {name for name, found in sees.items() if found}
    assert hear == {"城市管理综合执法", "消防救援机构", "community", "leader", "centre", "inspector"}
    assert offered(room, filed, by("inspector::"), NOON) == ()
    stranger = room.seen_by(who("department", named[2][2]))
    with stranger.ledger.reading() as connection, pytest.raises(UnknownWhistle):
        whistles.get(connection, room.id, filed.number, sight(stranger))
    for act in (Blow.NOTE, Blow.SIGN):
        with pytest.raises(UnknownWhistle):
            do(stranger, Doing(filed.number, act, {"text": "x"}), by(POLICE, "a"), NOON)


def test_a_department_hears_of_it_when_it_is_called_and_not_while_it_is_proposed(one):
    filed = asked(one)
    city = one.seen_by(who("department", f"{AREA}:department:城市管理综合执法"))
    assert filed.number not in numbers(city)
    done(one, filed, Blow.APPROVE, LEADER, NOON, lead=CITY)
    assert filed.number in numbers(city)


def test_nobody_acts_as_a_post_that_is_not_his(one):
    filed = blown(one)
    city = one.seen_by(who("department", f"{AREA}:department:城市管理综合执法"))
    with pytest.raises(NoAccess):
        do(city, Doing(filed.number, Blow.SIGN), by(FIRE, "a"), NOON)
    demo = one.seen_by(who("demo", AREA))
    assert filed.number in numbers(demo)
    with pytest.raises(NoAccess):
        do(demo, Doing(filed.number, Blow.NOTE, {"text": "x"}), by(CENTRE, "a"), NOON)


def test_who_works_in_the_grid_of_a_case_is_told_that_it_was_whistled_and_no_word_of_it(room):
    case = reported(room)
    filed = asked(room, incident=case.number, lon=None, lat=None)
    leaf = case.codes["micro"]
    worker = room.seen_by(who("worker", f"{AREA}:micro:{leaf}"))
    assert [one.number for one in told_of_case(worker, case.number)] == [filed.number]
    shown = said_of_case(worker, case.number, NOON, "zh")
    assert [line["what"] for line in shown["history"] if line["act"] == "whistle"] == ["工作推进哨 · 待审批"]
    assert "屡禁不止" not in str(shown)
    assert told_of_case(room.seen_by(who("department", f"{AREA}:department:公安机关")), case.number) == []


def test_who_presses_twice_did_it_once_and_other_words_are_a_conflict(one):
    filed = blown(one)
    doing = Doing(filed.number, Blow.DISPUTE, {"reason": "不属本单位职责"}, filed.version)
    assert not is_done(one, doing, by(FIRE))
    do(one, doing, by(FIRE), NOON + 2 * MINUTE)
    with pytest.raises(Conflict):
        do(one, doing, by(FIRE), NOON + 2 * MINUTE)
    assert is_done(one, doing, by(FIRE))
    assert not is_done(one, replace(doing, data={"reason": "另有原因"}), by(FIRE))
    assert not is_done(one, doing, by(FIRE, "another"))
    assert not is_done(one, doing, by(CITY))


# The inbox


def counted(room, key, now):
    return waiting(room, room.post(key), now)


@pytest.mark.parametrize("stage", STAGES)
def test_an_inbox_counts_the_clock_of_each_stage_of_a_department(tmp_path, stage):
    room = whistling(tmp_path)
    filed = blown(room)
    for before in STAGES[: STAGES.index(stage)]:
        filed = done(room, filed, before, FIRE, NOON + 2 * MINUTE)
    due = filed.state.party(FIRE).due[stage]
    assert [counted(room, FIRE, due + wait) for wait in (-MINUTE, MINUTE)] == [(1, 0), (1, 1)]
    assert counted(room, POLICE, due) == (0, 0)
    filed = done(room, filed, Blow.DISPUTE, FIRE, NOON + 3 * MINUTE, reason="不属本单位职责")
    assert counted(room, FIRE, due + MINUTE) == (0, 0)  # the clock stands still
    assert counted(room, CENTRE, NOON + 4 * MINUTE) == (1, 0)


def test_an_inbox_counts_the_date_of_a_task_and_the_reply_to_a_hand_over(tmp_path):
    room = whistling(tmp_path)
    filed = blown(room)
    for key in (CITY, FIRE):
        for act in STAGES:
            filed = done(room, filed, act, key, NOON + 2 * MINUTE)
    due = NOON + timedelta(days=2)
    assert counted(room, FIRE, due) == (0, 0)  # arrived, and nothing to do
    done(room, filed, Blow.TASK, CITY, NOON + 3 * MINUTE, text="断电", owner=FIRE, step=1, due=due)
    assert [counted(room, FIRE, due + wait) for wait in (-MINUTE, MINUTE)] == [(1, 0), (1, 1)]
    assert counted(room, "inspector::", due + MINUTE) == (1, 1)

    handed = done(room, asked(room, kind="hand_over"), Blow.APPROVE, LEADER, NOON, lead=POLICE)
    handed = done(room, handed, Blow.SIGN, POLICE, NOON + MINUTE)
    due = handed.state.party(POLICE).due["finish"]
    assert [counted(room, POLICE, due + wait) for wait in (-MINUTE, MINUTE)] == [(1, 0), (1, 1)]
    done(room, handed, Blow.FINISH, POLICE, NOON + 2 * MINUTE, text="已立案")
    assert counted(room, POLICE, due + MINUTE) == (0, 0)


# Messages and time


def test_what_is_told_to_whom(room, jpeg):
    filed = to_the_end(room, jpeg)
    assert told_of(room, filed.number) == {
        "whistle_asked": [LEADER],
        "whistle": [CITY, FIRE],
        "whistle_blown": [CENTRE, HEAD],
        "whistle_disputed": [CENTRE, HEAD],
        "whistle_upheld": [FIRE, HEAD],
        "whistle_task": [FIRE],
        "whistle_finished": [HEAD],
        "whistle_closed": [CITY, FIRE, LEADER],
    }


def test_a_message_says_kind_place_and_deadline_and_no_word_of_anybody(room):
    filed = blown(room)
    told_of(room, filed.number, NOON + 2 * MINUTE)
    message = next(one for one in told(room, {CITY}) if one.number == filed.number)
    said = words(room, message, "zh", console="https://map.example")
    assert "工作推进哨" in said.text
    assert "11-20 15:01" in said.text or "11-20 1" in said.text
    assert "飞线" not in said.text
    assert said.link.startswith("https://map.example/whistles?area=longnan&whistle=")


def test_time_reminds_each_once_and_tells_the_centre_what_is_overdue(room):
    filed = blown(room)
    due = filed.state.party(CITY).due["sign"]
    assert tick(House(room), due - 20 * MINUTE) == 0
    assert tick(House(room), due - 10 * MINUTE) == 2
    assert tick(House(room), due - 9 * MINUTE) == 0
    done(room, seen(room, filed.number), Blow.SIGN, FIRE, due - MINUTE)
    assert tick(House(room), due + MINUTE) == 1
    assert tick(House(room), due + 2 * MINUTE) == 0
    found = told_of(room, filed.number)
    assert found["whistle_due"] == [CITY, FIRE]
    assert found["whistle_late"] == [CITY, CENTRE]
    holds(room)


def test_a_whistle_that_is_over_has_no_steps(one):
    filed = done(one, blown(one), Blow.WITHDRAW, HEAD, NOON + 2 * MINUTE, reason="已解决")
    with one.ledger.reading() as connection:
        before = whistles.get(connection, one.id, filed.number)
    tick(House(one), NOON + timedelta(days=30))
    assert seen(one, filed.number) == before


def test_overdue_is_counted_from_the_clock_and_not_stored(one):
    filed = blown(one, now=NOON + timedelta(days=70))
    due = filed.state.deadline
    with one.ledger.reading() as connection:
        late = [whistles.late(connection, one.id, due + wait, frozenset({CITY})) for wait in (-MINUTE, MINUTE)]
    assert late[1] == late[0] + 1


# The ledger


def test_a_whistle_about_a_case_knows_its_place_and_goes_with_its_words(room):
    case = reported(room)
    filed = asked(room, incident=case.number, lon=None, lat=None)
    assert (filed.lon, filed.codes, filed.incident) == (case.lon, case.codes, case.number)
    with room.ledger.reading() as connection:
        assert [one.number for one in whistles.listed(connection, room.id, incident=case.number)] == [filed.number]
    room.ledger.change(lambda writing: writing.erase_words(room.id, case.number, Entry(Act.ERASE, by(CENTRE), NOON)))
    with room.ledger.reading() as connection:
        assert whistles.why(connection, [filed]) == {}
    holds(room)


WRONG = {
    "phase": lambda id_: update(tables.whistle).values(phase="asked"),
    "lon": lambda id_: update(tables.whistle).values(lon=0.0),
    "shown to others": lambda id_: insert(tables.whistle_seen).values(whistle=id_, by=POLICE, area=AREA),
    "other photos": lambda id_: delete(tables.whistle_photo),
    "words": lambda id_: update(tables.wording).where(tables.wording.c.number.like("哨%")).values(text="别的"),
    "version": lambda id_: update(tables.whistle).values(version=1),
}


@pytest.mark.parametrize("said", WRONG)
def test_whatever_is_changed_behind_its_back_is_found(tmp_path, jpeg, said):
    room = whistling(tmp_path)
    filed = to_the_end(room, jpeg)
    with room.ledger.alone() as connection:
        connection.execute(WRONG[said](filed.id))
    assert any(said in found.what for found in verify(room.ledger, now=NOON).breaks)


def test_a_whistle_without_history_is_found(tmp_path):
    room = whistling(tmp_path)
    filed = asked(room)
    with room.ledger.alone() as connection:
        row = dict(connection.execute(tables.whistle.select()).mappings().one())
        connection.execute(insert(tables.whistle).values({**row, "id": 999, "number": "哨-1"}))
    assert any("put in" in found.what for found in verify(room.ledger, now=NOON).breaks)
    assert filed.number == "哨-20261120-0001"


def test_a_backup_brings_whistles_and_their_photos_back(tmp_path, jpeg):
    room = whistling(tmp_path / "here")
    filed = to_the_end(room, jpeg)
    backup.backup(room.ledger, tmp_path / "backup.zip", now=NOON)
    with closing(open_ledger(tmp_path / "there")) as other:
        backup.restore(other, tmp_path / "backup.zip", now=NOON)
        with other.reading() as connection:
            assert whistles.get(connection, AREA, filed.number) == filed
            assert whistles.photos(connection, filed)
        assert not [one for one in verify(other, now=NOON).breaks if "signed" not in one.what]


def test_words_of_a_whistle_about_a_place_are_erased_some_time_after_its_end(tmp_path):
    room = whistling(tmp_path)
    running, case = asked(room), reported(room).number
    about = asked(room, incident=case, lon=None, lat=None)
    declined = [done(room, one, Blow.DECLINE, LEADER, reason="先由社区办理") for one in (asked(room), about)]

    def erased(days):
        now = NOON + timedelta(days=days)
        found = retention.run(room.ledger, {AREA: room.rules.settings}, identity_of(None), now)
        holds(room)
        return found.areas[AREA]["whistles"]

    assert [erased(365), erased(366), erased(367)] == [0, 2, 0]
    with room.ledger.reading() as connection:
        assert set(whistles.why(connection, [running, *declined])) == {running.number, about.number}
    assert [seen(room, one.number) for one in (running, *declined)] == [running, *declined]


# The rules


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"prefix": ""}, "prefix"),
        ({"remind_share": 1}, "remind_share"),
        ({"task_reminder": "soon"}, "task_reminder"),
        ({"kinds": []}, "kinds"),
        ({"whatever": 1}, "whatever is not known"),
        ({"kinds": [{**SHIPPED["kinds"][0], "sign": "1 hour"}]}, r"kinds\[1\]\.sign"),
        ({"kinds": [{**SHIPPED["kinds"][0], "arrive": "0 work_day"}]}, r"kinds\[1\]\.arrive"),
        ({"kinds": [{**SHIPPED["kinds"][0], "approvers": ["worker"]}]}, r"kinds\[1\]\.approvers"),
        ({"kinds": [{**SHIPPED["kinds"][0], "above": "yes"}]}, r"kinds\[1\]\.above"),
        ({"kinds": [SHIPPED["kinds"][0]] * 2}, r"kinds\[2\]\.key"),
        ({"kinds": [{name: value for name, value in SHIPPED["kinds"][0].items() if name != "sign"}]}, r"kinds\[1\]\.sign is missing"),
    ],
)  # fmt: skip
def test_rules_that_cannot_be_are_refused_with_their_key(change, said):
    with pytest.raises(RulesError, match=said):
        WhistleRules.from_table({**SHIPPED, **change})


def test_the_shipped_kinds_have_the_published_limits():
    found = WhistleRules.from_table(SHIPPED).kinds
    spans = {key: {act.value: span.text for act, span in kind.spans.items()} for key, kind in found.items()}
    assert spans["advance"] == {"sign": "1 work_hour", "contact": "24 urgent_hour", "arrive": "3 work_day"}
    assert spans["assault"]["arrive"] == "5 work_day"
    assert [key for key, kind in found.items() if kind.hand_over] == ["hand_over"]


# Whatever they do


@given(st.integers(0, 2**32))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_offered_leads_to_a_ledger_that_holds(one, seed):
    chance = random.Random(seed)
    filed = asked(one, now=NOON)
    people = (HEAD, LEADER, CENTRE, CITY, FIRE, POLICE)
    for minute in range(1, 25):
        now = NOON + minute * MINUTE
        ways = [(act, key) for key in people for act in offered(one, filed, by(key), now) if act is not Blow.NOTE]
        if not ways:
            break
        act, key = chance.choice(ways)
        said = {"lead": chance.choice([CITY, FIRE]), "assisting": [POLICE]} if act in {Blow.APPROVE, Blow.CALL} else {}
        said |= {"reason": "原因", "text": "话", "post": chance.choice(people), "task": chance.randint(1, 3), "owner": chance.choice(people), "step": chance.randint(1, 2), "stars": chance.randint(1, 5)}  # fmt: skip
        try:
            filed = done(one, filed, act, key, now, **said)
        except BattlemapError:
            continue
        assert filed.seen == {*filed.state.posts, f"grid:community:{COMMUNITY}"}
    assert not list(_breaks(one))


def _breaks(room):
    with room.ledger.reading() as connection:
        return list(whistles.breaks(connection))


# The demonstration


def test_a_demonstration_has_whistles_in_every_phase_that_hold(tmp_path):
    room = room_of(shipped(AREA), tmp_path)
    room.ledger.change(lambda writing: begin(writing, room, NOON))
    with room.ledger.reading() as connection:
        found = whistles.listed(connection, AREA)
    assert {one.state.phase for one in found} == {Phase.ASKED, Phase.BLOWN, Phase.FINISHED, Phase.CLOSED}
    assert {"advance", "emergency", "hand_over"} == {one.state.kind for one in found}
    assert any(party.disputed for one in found for party in one.state.active)
    assert all(max(one.state.times.values()) <= NOON for one in found)
    holds(room)
