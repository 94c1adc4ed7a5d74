"""Patrol lists of sources upwind: handed to the posts that answer for them, answered once, taken back, counted, and seen as far as the sites are."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspected import ACCOUNTS, AREA, CENTRE, shop, worker_of
from orders import who
from rooms import NOON, room_of, shipped
from sqlalchemy import update

from data import rules
from desk.air import walks
from desk.air.board import Standing
from desk.air.readings import Station
from desk.inspections.reading import sight
from desk.outbox.book import Book
from desk.outbox.derive import derive
from desk.outbox.rules import OutboxRules
from desk.outbox.words import words
from desk.sites import register
from geo.errors import BattlemapError, DraftError, LifecycleError, NoAccess, RulesError
from geo.measure import WGS84
from incidents.access import Role
from inspections.air import Pollutant
from inspections.air_rules import AirRules
from inspections.proposed import Act, Found, Line, Tally, answered, reopened, tally
from inspections.upwind import Wind
from ledger import backup, outbox, tables, upwinds
from ledger.store import open_ledger
from ledger.verify import verify

HOUR = timedelta(hours=1)
NORTH = Wind(0, 3)
OPEN = Line(1, "场-0001", "dust", "worker:micro:0101", 300, 0, 0, 0, True, True, 2)


@pytest.fixture
def room(tmp_path, database):
    made = room_of(shipped(AREA), tmp_path / "ledger", database)
    yield made
    made.ledger.close()


def sources(room):
    """Return a dust and a fumes source at one building, and a station that stands 300 m south of them."""
    dust, fumes = shop(room, "康桥工地", "dust"), shop(room, "老灶餐馆", "fumes")
    worker = worker_of(room, dust)
    dust, fumes = (register.get(room, one.number) for one in (dust, fumes))
    lon, lat, _ = WGS84.fwd(dust.lon, dust.lat, 180, 300)
    return dust, fumes, worker, station(lon, lat)


def station(lon, lat, hour=NOON, **fields):
    values = {Pollutant.PM10: 400.0, Pollutant.PM25: 100.0}
    return Standing(Station("W1", "文化宫微站", lon, lat), hour, fields.get("stopped", False), values, None, None, {})


def looking(room, role, part, account):
    return room.seen_by(who(role, part, account))


# The rules of it


@given(st.lists(st.tuples(st.sampled_from(["undo", *Found]), st.sampled_from(["甲", "乙"])), max_size=12))
def test_a_line_has_at_most_one_answer_and_only_its_post_takes_it_back(steps):
    line = OPEN
    for what, post in steps:
        try:
            after = reopened(line, post) if what == "undo" else answered(line, what, "dry", "", post, NOON, {"dry"})
        except LifecycleError:
            assert (line.found is None) == (what == "undo")
        except DraftError:
            assert what == "undo"
            assert line.by != post
        else:
            assert (line.found is None) == (after.found is not None)
            line = after
        assert (line.cause != "") == (line.found is Found.CONFIRMED)
        assert tally([line]).handed == 1
    assert line == OPEN or reopened(line, line.by) == OPEN


@pytest.mark.parametrize("cause", ["", "nonsense"])
def test_a_confirmed_cause_says_its_kind(cause):
    with pytest.raises(DraftError):
        answered(OPEN, Found.CONFIRMED, cause, "", "甲", NOON, {"dry"})


def test_the_share_is_of_those_that_somebody_looked_at():
    assert Tally(1, 3, 5, 7).share == 0.25
    assert Tally(0, 0, 5, 7).share is None
    assert Tally(1, 3, 5, 7).handed == 16


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"causes": []}, "causes: there is none"),
        ({"causes": [{"key": "dry", "name": "甲"}]}, "source: it is missing"),
        ({"causes": [{"key": "D", "name": "甲", "source": "x"}]}, "'D' is no key"),
        ({"list_most": 0}, "list_most"),
    ],
)
def test_a_fault_of_the_causes_is_said_by_its_key(change, said):
    with pytest.raises(RulesError) as refused:
        AirRules.from_table(rules.read("air") | change)
    assert said in "\n".join(refused.value.faults)


def test_the_kinds_of_the_shipped_causes_are_kinds_of_sites(room):
    found = room.rules.air.causes
    assert {kind for one in found.values() for kind in one.kinds} <= room.rules.sites.kinds.keys()
    assert room.rules.air.causes_of("fumes")[0].key == "purifier"


# In the ledger


def test_a_list_holds_the_proposals_in_their_order_and_each_source_once_an_hour(room):
    dust, fumes, _worker, where = sources(room)
    walk = walks.make(room, where, NORTH, CENTRE, NOON)
    walk, found = walks.get(room, walk.number)
    assert [(line.number, line.site, line.likely) for line, _ in found] == [(1, dust.number, True), (2, fumes.number, False)]  # fmt: skip
    assert {line.post for line, _ in found} == {dust.post}
    assert (walk.name, walk.hour, walk.wind, walk.left_out) == ("文化宫微站", NOON, NORTH, 0)
    with pytest.raises(DraftError):
        walks.make(room, where, NORTH, CENTRE, NOON + HOUR)
    later = walks.make(room, replace(where, hour=NOON + HOUR), NORTH, CENTRE, NOON + HOUR)
    assert [one.number for one, _ in walks.listed(room)] == [later.number, walk.number]
    assert [one.number for one, _ in walks.of_site(room, dust)] == [later.number, walk.number]
    assert not verify(room.ledger, now=NOON).breaks


def test_what_a_list_does_not_hold_is_counted(room):
    *_, where = sources(room)
    room = replace(room, rules=replace(room.rules, air=replace(room.rules.air, list_most=1)))
    walk = walks.make(room, where, NORTH, CENTRE, NOON)
    assert walk.left_out == 1
    assert len(walks.get(room, walk.number)[1]) == 1


@pytest.mark.parametrize("how", ["stopped", "never", "elsewhere"])
def test_no_list_is_made_of_nothing(room, how):
    *_, where = sources(room)
    where = {
        "stopped": replace(where, stopped=True),
        "never": replace(where, hour=None),
        "elsewhere": station(where.station.lon, where.station.lat + 1),
    }[how]
    with pytest.raises(DraftError):
        walks.make(room, where, NORTH, CENTRE, NOON)
    assert walks.listed(room) == []


def test_a_line_is_answered_once_taken_back_and_counted_by_station_and_kind(room):
    dust, _, worker, where = sources(room)
    number = walks.make(room, where, NORTH, CENTRE, NOON).number
    done = walks.answer(room, number, 1, Found.CONFIRMED, worker, NOON, cause="dry", text="正在拆除，未洒水")
    assert (done.found, done.cause, done.by) == (Found.CONFIRMED, "dry", worker.post)
    with pytest.raises(LifecycleError):
        walks.answer(room, number, 1, Found.NOTHING, CENTRE, NOON)
    with pytest.raises(DraftError):
        walks.undo(room, number, 1, CENTRE, NOON)
    with pytest.raises(DraftError):
        walks.answer(room, number, 2, Found.NOTHING, worker, NOON, text="电话13812345678")
    with pytest.raises(DraftError):
        walks.answer(room, number, 9, Found.NOTHING, worker, NOON)
    walks.answer(room, number, 2, Found.UNREACHED, worker, NOON)
    assert walks.counts(room) == {("W1", "dust"): Tally(confirmed=1), ("W1", "fumes"): Tally(unreached=1)}
    _each_figure_leads_to_its_lines(room)
    assert walks.undo(room, number, 1, worker, NOON + HOUR).found is None
    assert walks.counts(room)["W1", "dust"] == Tally(open=1)
    _each_figure_leads_to_its_lines(room)
    walks.answer(room, number, 1, Found.NOTHING, CENTRE, NOON + HOUR)
    ((_, count),) = walks.listed(room)
    assert count == Tally(nothing=1, unreached=1)
    assert walks.of_site(room, dust)[0][1].found is Found.NOTHING
    assert not verify(room.ledger, now=NOON).breaks


def _each_figure_leads_to_its_lines(room):
    for (at, kind), count in walks.counts(room).items():
        assert len(walks.such(room, station=at, kind=kind)) == count.handed
        for said in (*(one.value for one in Found), upwinds.OPEN):
            lines = walks.such(room, station=at, kind=kind, found=said)
            assert len(lines) == getattr(count, said)
            assert all((line.found.value if line.found else upwinds.OPEN, line.kind) == (said, kind) for _number, line, _site in lines)  # fmt: skip
    assert walks.such(room, station="none") == []


def test_who_sees_a_site_sees_and_answers_its_lines_and_makes_no_list(room):
    dust, _, worker, where = sources(room)
    number = walks.make(room, where, NORTH, CENTRE, NOON).number
    code = dust.codes["micro"].split(";")[0]
    own = looking(room, Role.WORKER, f"{AREA}:micro:{code}", ACCOUNTS["worker"])
    assert [line.number for line, _ in walks.get(own, number)[1]] == [1, 2]
    assert walks.answer(own, number, 1, Found.NOTHING, worker, NOON).by == worker.post
    with pytest.raises(NoAccess):
        walks.make(own, replace(where, hour=NOON + HOUR), NORTH, worker, NOON)
    other = next(str(each) for each in room.area.net.leaf.codes if str(each) not in dust.codes["micro"])
    stranger = looking(room, Role.WORKER, f"{AREA}:micro:{other}", "a9")
    assert walks.listed(stranger) == []
    assert walks.counts(stranger) == {}
    assert walks.such(stranger) == []
    _each_figure_leads_to_its_lines(own)
    for asked in (lambda: walks.get(stranger, number), lambda: walks.of_site(stranger, dust)):
        with pytest.raises(BattlemapError):
            asked()
    with stranger.ledger.reading() as connection:
        assert upwinds.seen_of(connection, AREA, sight(stranger), [number]) == frozenset()
        assert upwinds.seen_of(connection, AREA, sight(own), [number]) == {number}


def test_a_line_changed_behind_the_history_is_found_and_a_backup_brings_all_back(room, tmp_path):
    *_, worker, where = sources(room)
    number = walks.make(room, where, NORTH, CENTRE, NOON).number
    walks.answer(room, number, 1, Found.CONFIRMED, worker, NOON, cause="dry")
    walks.undo(room, number, 1, worker, NOON)
    walks.answer(room, number, 1, Found.CONFIRMED, worker, NOON, cause="unpaved")
    archive = tmp_path / "kept.zip"
    backup.backup(room.ledger, archive, now=NOON)
    again = open_ledger(tmp_path / "again")
    try:
        backup.restore(again, archive, now=NOON)
        assert not verify(again, now=NOON).breaks
        assert walks.get(replace(room, ledger=again), number) == walks.get(room, number)
    finally:
        again.close()
    with room.ledger.engine.begin() as connection:
        connection.execute(update(tables.upwind_line).values(found="nothing"))
    assert verify(room.ledger, now=NOON).breaks


def test_an_answer_that_does_not_follow_is_no_history():
    before = upwinds.line_facts(OPEN)
    done = answered(OPEN, Found.CONFIRMED, "dry", "", "甲", NOON, {"dry"})
    after, at = upwinds.line_facts(done), upwinds.milliseconds(NOON)
    assert upwinds.follows(1, Act.ANSWER, "甲", at, before, after)
    assert not upwinds.follows(1, Act.ANSWER, "乙", at, before, after)
    assert not upwinds.follows(1, Act.ANSWER, "甲", at, before, before)
    assert upwinds.follows(1, Act.UNDO, "甲", at, after, before)
    assert not upwinds.follows(1, Act.UNDO, "乙", at, after, before)
    assert not upwinds.follows(
        1, Act.ANSWER, "甲", at, before, {**after, "standing": {**after["standing"], "cause": ""}}
    )


def test_the_posts_of_its_sources_are_told_how_many_are_theirs_and_no_name(room):
    dust, *_, where = sources(room)
    number = walks.make(room, where, NORTH, CENTRE, NOON).number
    while derive(room, OutboxRules.from_table(rules.read("outbox")), Book(), NOON):
        pass
    with room.ledger.reading() as connection:
        (told, *_) = outbox.listed(connection, area=AREA, channels=(outbox.APP,), posts=[dust.post], most=9)
    assert (told.subject, told.kind, told.number) == (upwinds.SUBJECT, "upwind", number)
    said = words(room, told, "zh_CN", console="https://x")
    assert f"/air?area={AREA}&list=" in said.link
    assert "文化宫微站" in said.text
    assert "康桥工地" not in said.text
