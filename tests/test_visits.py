"""Visits in a room and its ledger: planned, made, tried again, told to the head, seen by whom they concern, counted, erased, and proved."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from outbox import derived, messages
from sqlalchemy import delete, update
from visits import (
    AREA,
    CENTRE,
    COMMUNITY,
    DAY,
    HEAD,
    NOON,
    TODAY,
    by,
    done,
    goals,
    leafs,
    made,
    planned,
    walking,
    who,
    worker,
)

from desk.access.rules import identity_of
from desk.outbox.seen import masked
from desk.outbox.words import words as message_words
from desk.people import retention
from desk.visits import clock
from desk.visits.acts import Doing, Planning, do, of, plan
from desk.visits.people import grids, visitors
from desk.visits.places import codes_in, houses, named
from geo.errors import DraftError, LifecycleError, NoAccess, UnknownVisit
from incidents.lifecycle import By, PostKind
from incidents.visit_rules import VisitRules
from incidents.visits import OPEN, OUTCOMES, PLANNERS, Phase, Visit, Walk, Walked, allowed, apply
from ledger import backup, tables, visits
from ledger.find import entries as history_of
from ledger.outbox import Message
from ledger.store import open_ledger
from ledger.verify import verify
from locales import translator
from reports import visit_lists

CANARY = "金丝雀事项"


@pytest.fixture
def room(tmp_path, database):
    found = walking(tmp_path / "ledger", database)
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A room on SQLite that tests share which only look at their own visits."""
    found = walking(tmp_path_factory.mktemp("ledger"))
    yield found
    found.ledger.close()


def history(room, filed):
    with room.ledger.reading() as connection:
        return history_of(connection, room.id, filed.number, subject=visits.SUBJECT)


def breaks(room):
    return [str(one) for one in verify(room.ledger, now=NOON).breaks]


def page(room, view, now=NOON, **said):
    return [one.number for one in visit_lists.listed(room, view, said, now)]


# To the end, on both databases


def test_visits_are_planned_tried_made_and_proved_and_their_words_stand_apart(room, tmp_path):
    first, second, third = planned(room, many=3, text=CANARY)
    assert [one.number for one in (first, second, third)] == [f"访-20261120-000{n}" for n in (1, 2, 3)]
    assert first.state.due == TODAY + timedelta(days=7)
    filed = done(room, first, Walk.NOBODY, worker(room), NOON + DAY)
    assert (filed.state.phase, filed.state.due) == (Phase.PLANNED, TODAY + timedelta(days=4))
    filed = done(room, first, Walk.DONE, worker(room), NOON + 4 * DAY, households=6, text="消防通道已清")
    assert (filed.state.phase, filed.state.tries, filed.state.households) == (Phase.DONE, 2, 6)
    done(room, second, Walk.REFUSED, worker(room), topics=["opinion", "hazard"])
    done(room, third, Walk.CANCEL, HEAD, reason="楼栋腾空")
    unplanned = made(room, "nobody")
    assert unplanned.state.due == TODAY + timedelta(days=3)
    assert clock.take(room, NOON + 5 * DAY) == 1
    assert clock.take(room, NOON + 5 * DAY) == 0
    with room.ledger.reading() as connection:
        rows = connection.execute(tables.history.select().where(tables.history.c.subject == visits.SUBJECT)).mappings()
        assert not any(CANARY in row["data"] + row["before"] + row["after"] for row in rows)
        assert visits.words(connection, [first]) == {first.number: CANARY}
    assert breaks(room) == []
    copy = tmp_path / "copy.zip"
    backup.backup(room.ledger, copy, now=NOON)
    other = open_ledger(tmp_path / "other")
    backup.restore(other, copy, now=NOON)
    with other.reading() as connection:
        assert visits.get(connection, AREA, first.number).state == filed.state
    other.close()


def test_what_stands_is_counted_by_the_ledger_for_each_who_sees_it(room):
    planned(room, many=3)
    planned(room, place=1)
    made(room, households=4)
    done(room, planned(room, now=NOON - 20 * DAY)[0], Walk.REFUSED, worker(room), NOON)
    late = planned(room, now=NOON - 10 * DAY)[0]
    everybody = visit_lists.counts(room, {}, NOON)
    assert everybody == {"overdue": 1, "planned": 4, "waiting": 0, "over": 2, "cancelled": 0}
    worker_room = room.seen_by(who("worker", f"{AREA}:micro:{leafs(room)[0]}"))
    assert visit_lists.counts(worker_room, {}, NOON) == {**everybody, "planned": 3}
    assert page(worker_room, "overdue") == [late.number]
    found = visit_lists.figures(room, "micro", {}, NOON, translator("zh"), "zh")
    assert [list(row)[1:] for row in found.itertuples(index=False)] == [[3, 1, 0, 1, 1, 4, "33%"], [1, 0, 0, 0, 0, 0, "0%"], [4, 1, 0, 1, 1, 4, "29%"]]  # fmt: skip
    assert sum(visit_lists.figures(room, "post", {}, NOON, translator("en"), "en")["Visited"].iloc[:-1]) == 1
    topics = visit_lists.by_topic(room, {}, NOON, translator("zh"), "zh")
    assert topics["走访"].tolist() == [1, 1, 0, 0, 0]
    assert page(room, "over", topic="opinion") == page(room, "over", q=goals(room)[0].building)[-1:]
    assert page(room, "planned", kind="care") == page(room, "over", period="last") == []


@pytest.mark.parametrize(
    "change",
    [
        update(tables.visit).values(households=99),
        update(tables.visit).values(phase="done"),
        delete(tables.visit_seen),
        update(tables.visit_seen).values(by="grid:micro:x"),
        update(tables.wording).values(text="别的话"),
        delete(tables.wording),
        update(tables.visit).values(number="访-x"),
    ],
)
def test_what_somebody_changes_in_the_tables_is_found(tmp_path, change):
    room = walking(tmp_path)
    planned(room, text=CANARY)
    assert breaks(room) == []
    with room.ledger.engine.begin() as connection:
        if str(change).startswith("UPDATE visit_seen"):
            change = change.where(tables.visit_seen.c.by == HEAD)
        connection.execute(change)
    assert breaks(room)
    room.ledger.close()


# Who sees, who may


@pytest.mark.parametrize(
    ("role", "scope", "sees"),
    [
        ("worker", "micro:0", True),
        ("worker", "micro:1", False),
        ("head", "micro:0", True),
        ("community", f"community:{COMMUNITY}", True),
        ("dispatcher", "", True),
        ("analyst", "", True),
        ("department", "department:公安机关", False),
        ("inspector", "", False),
        ("wall", "", False),
    ],
)
def test_a_visit_is_for_its_grid_and_its_posts(one, role, scope, sees):
    (filed,) = planned(one)
    part = scope.replace("micro:0", f"micro:{leafs(one)[0]}").replace("micro:1", f"micro:{leafs(one)[1]}")
    room = one.seen_by(who(role, f"{AREA}:{part}" if part else AREA))
    listed = filed.number in [number for view in visits.VIEWS for number in page(room, view, q=filed.number)]
    assert listed is sees
    if sees:
        assert of(room, filed.number) == filed
        return
    with pytest.raises(UnknownVisit) as hidden:
        of(room, filed.number)
    with pytest.raises(UnknownVisit) as nowhere:
        of(room, "访-1")
    assert str(hidden.value).replace(filed.number, "访-1") == str(nowhere.value)


def test_who_has_no_visits_plans_none_and_makes_none(one):
    (filed,) = planned(one)
    room = one.seen_by(who("department", f"{AREA}:department:公安机关"))
    with pytest.raises(NoAccess):
        plan(room, Planning(goals(one)), By("department::公安机关", PostKind.DEPARTMENT, "a"), NOON)
    with pytest.raises(NoAccess):
        do(room, Doing(filed.number, Walk.DONE), By("department::公安机关", PostKind.DEPARTMENT, "a"), NOON)
    analyst = one.seen_by(who("analyst", AREA))
    with pytest.raises(NoAccess):
        do(analyst, Doing(filed.number, Walk.CANCEL, {"reason": "x"}), by(CENTRE, "a"), NOON)


def test_a_worker_plans_for_himself_and_nobody_for_a_post_of_another_grid(one):
    own = one.seen_by(who("worker", f"{AREA}:micro:{leafs(one)[0]}"))
    mine = by(worker(one), "a")
    assert plan(own, Planning(goals(one)), mine, NOON)[0].state.visitor == worker(one)
    assert grids(own) == [("micro", leafs(one)[0])]
    assert len(houses(own)) < len(houses(one))
    for planning in (Planning(goals(one), visitor=worker(one, 1)), Planning(goals(one, 1))):
        with pytest.raises(DraftError):
            plan(own, planning, mine, NOON)
    with pytest.raises(DraftError, match="outside"):
        planned(one, visitor=worker(one, 1))
    assert {post.grid[1] for post in visitors(own, NOON).values()} == {leafs(one)[0]}
    with pytest.raises(DraftError, match="B404"):
        named(own, ["B404"])


@pytest.mark.parametrize("said", [{"many": 0}, {"due": TODAY - timedelta(days=1)}, {"kind": "gossip"}, {"text": "王建国13800138000"}])  # fmt: skip
def test_a_plan_that_cannot_be_is_refused_whole(one, said):
    before = visit_lists.counts(one, {}, NOON)
    with pytest.raises(DraftError):
        planned(one, **said)
    assert visit_lists.counts(one, {}, NOON) == before


# What time brings, and who is told


def test_the_head_decides_after_the_last_try_and_is_told_once_of_many(one):
    many = planned(one, many=3)
    for filed in many:
        for day in range(3):
            last = done(one, filed, Walk.NOBODY, worker(one), NOON + day * DAY)
        assert last.state.phase is Phase.WAITING
    assert history(one, many[0])[0]["data"]["to"] == [worker(one)]
    assert [history(one, filed)[0]["data"].get("count") for filed in many] == [3, None, None]
    assert history(one, many[0])[-1]["data"]["to"] == [HEAD]
    entry = history(one, many[0])[0]
    message = Message(AREA, entry["version"], visits.SUBJECT, many[0].number, "visit", worker(one), worker(one), "app", NOON, NOON, NOON)  # fmt: skip
    said = message_words(one, message, "zh", console="http://c")
    assert "另有 2 件" in said.text
    assert "/visits?area=" in said.link
    again = done(one, many[0], Walk.AGAIN, HEAD, NOON + 3 * DAY, due="2026-12-01", visitor=f"head:micro:{leafs(one)[0]}")  # fmt: skip
    assert (again.state.phase, again.state.visitor) == (Phase.PLANNED, f"head:micro:{leafs(one)[0]}")


def test_who_goes_and_whose_head_it_is_are_told_once_for_all(tmp_path):
    room = walking(tmp_path)
    filed, *_others = planned(room, many=3)
    clock.take(room, NOON + 8 * DAY)
    derived(room, NOON + 8 * DAY)
    told = [(one.kind, one.post) for one in messages(room) if one.channel == "app"]
    assert sorted(told) == [("visit", worker(room)), ("visit_overdue", HEAD)]
    own = room.seen_by(who("worker", f"{AREA}:micro:{leafs(room)[0]}"))
    stranger = room.seen_by(who("worker", f"{AREA}:micro:{leafs(room)[1]}"))
    found = messages(room)
    with room.ledger.reading() as connection:
        assert {one.number for one in masked(own, connection, found)} == {filed.number}
        assert {one.number for one in masked(stranger, connection, found)} == {""}
    room.ledger.close()


def test_notes_are_erased_in_time_and_the_ledger_still_holds(tmp_path):
    room = walking(tmp_path)
    filed = done(room, planned(room, text=CANARY)[0], Walk.DONE, worker(room), text="已宣传")
    open_one = planned(room, text="还要去")[0]
    later = NOON + timedelta(days=room.rules.settings.visit_days + 1)
    retention.run(room.ledger, {AREA: room.rules.settings}, identity_of(None), later)
    with room.ledger.reading() as connection:
        assert visits.words(connection, [filed, open_one]) == {open_one.number: "还要去"}
    assert of(room, filed.number).state == filed.state
    assert breaks(room) == []
    room.ledger.close()


# The lifecycle alone


ACTORS = [by(HEAD), By("worker:micro:1", PostKind.WORKER), By("worker:micro:2", PostKind.WORKER), by(CENTRE)]
FULL = {"topics": ["care"], "households": 2, "due": "2026-12-01", "reason": "x", "text": "x", "day": "2027-01-01"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([act for act in Walk if act not in {Walk.PLAN, Walk.WALK}]), st.sampled_from(ACTORS)), max_size=12))  # fmt: skip
def test_whatever_is_tried_a_visit_ends_once_and_is_the_same_when_replayed(tries):
    said = {"kind": "routine", "visitor": "worker:micro:1", "keepers": [HEAD], "due": "2026-11-25"}
    visit = apply(None, Walked(Walk.PLAN, ACTORS[0], NOON, said))
    for act, actor in tries:
        entry = Walked(act, actor, NOON, FULL)
        if act in allowed(visit, actor) or (act is Walk.STEP and actor == ACTORS[3] and visit.phase is Phase.PLANNED and not visit.late):  # fmt: skip
            after = apply(visit, entry)
            assert visit.phase in OPEN or act is Walk.NOTE
            assert after.tries == visit.tries + (act in OUTCOMES)
            visit = after
        else:
            with pytest.raises(LifecycleError):
                apply(visit, entry)
        assert Visit.from_json(visit.to_json()) == visit
        assert (visit.due is not None) is (visit.phase is Phase.PLANNED) or visit.phase is Phase.WAITING


def test_only_posts_of_grids_and_the_centre_plan():
    said = {"kind": "routine", "visitor": "x", "keepers": ["x"], "due": "2026-11-25"}
    for kind in PostKind:
        entry = Walked(Walk.PLAN, By("x", kind), NOON, said)
        if kind in PLANNERS:
            assert apply(None, entry).phase is Phase.PLANNED
        else:
            with pytest.raises(LifecycleError):
                apply(None, entry)


def test_a_file_of_rules_with_faults_names_them_all():
    with pytest.raises(Exception, match="5 fault") as found:
        VisitRules.from_table({"prefix": "!", "longest_note": 0, "most_households": 5, "most_places": 5, "kinds": [{"key": "A", "name": "x"}], "topics": [], "x": 1})  # fmt: skip
    assert all(name in str(found.value.faults) for name in ("prefix", "longest_note", "kinds[1].key", "topics", "x"))


@pytest.mark.parametrize("between", [" ", "\n", ",", "，", ";", "；", "、", "， \n"])
def test_codes_of_buildings_are_read_with_whatever_a_keyboard_puts_between(between):
    assert codes_in(f" B00012{between}B00013{between}") == ["B00012", "B00013"]


def test_the_last_month_of_january_is_december():
    assert [str(day) for day in visit_lists.days("last", TODAY.replace(month=1))] == ["2025-12-01", "2026-01-01"]
    assert [str(day) for day in visit_lists.days("quarter", TODAY)] == ["2026-10-01", "2027-01-01"]
