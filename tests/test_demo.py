"""Demonstrations: a stream that goes through the rules, looks like a street's, names nobody, and can be told from real cases."""

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from rooms import DISPATCHER, NOON, room_of, shipped
from sqlalchemy import func, select

from cli import battlemap
from data import demo as words
from desk import acts, demo, reports
from desk.demo.moves import MOVES
from desk.mediation import Outcome, mediation_of
from desk.rooms import Rooms
from geo.errors import DemoError
from incidents.lifecycle import RULES, Act, By, Entry, PostKind, apply, replay
from incidents.model import CHECKED, OPEN, Channel, Status
from incidents.text import find_personal
from layers.areas import areas_of
from layers.load import load
from ledger import find, rota, tables, verify
from ledger.store import open_ledger
from ledger.tables import instant

MONTH = demo.Plan(days=30, per_day=40)
DAY = demo.Plan(days=1, per_day=60)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """Longnan after a month of forty reports a day."""
    room = room_of(shipped("longnan"), tmp_path_factory.mktemp("month"))
    demo.fill(room, MONTH, NOON)
    yield room
    room.ledger.close()


@pytest.fixture(scope="module")
def cases(room):
    with room.ledger.reading() as connection:
        return find.incidents(connection, room.wanted(), order="oldest")


@pytest.fixture(scope="module")
def histories(room):
    """The entries of every case, in order."""
    table = tables.history
    found: dict[str, list[Entry]] = {}
    with room.ledger.reading() as connection:
        rows = connection.execute(select(table).where(table.c.subject == "incident").order_by(table.c.version))
        for row in rows.mappings():
            data = json.loads(row["data"])
            by = By(row["post"], PostKind(data.pop("kind")))
            found.setdefault(row["key"], []).append(Entry(Act(row["act"]), by, instant(row["at"]), data))
    return found


def test_every_history_replays_to_where_its_case_stands(cases, histories):
    assert len(cases) == len(histories) > 1000
    for case in cases:
        assert replay(histories[case.number]) == case.state


def test_the_ledger_holds(room):
    report = verify.verify(room.ledger, now=NOON)
    assert report.breaks == ()
    assert report.incidents > 1000


def test_every_state_occurs(histories):
    reached = set()
    for entries in histories.values():
        state = None
        for entry in entries:
            state = apply(state, entry)
            reached.add(state.status)
    assert reached == set(CHECKED)  # no notice board is in a demonstration


def test_every_channel_occurs_and_patrols_lead(cases):
    counts = Counter(case.channel for case in cases)
    assert set(counts) == set(Channel) - {Channel.BOARD}  # boards are off until a street opens them
    assert counts.most_common(1)[0][0] is Channel.PATROL


def test_every_act_of_the_lifecycle_occurs_but_those_of_other_doors(histories):
    done = {entry.act for entries in histories.values() for entry in entries}
    assert set(RULES) - done == {Act.RECEIVE, Act.ADOPT, Act.UNDO, Act.IMPORT, Act.ERASE}


def test_nothing_is_closed_but_by_somebody_who_did_not_handle_it(cases, histories):
    closed = [case for case in cases if case.status in {Status.CLOSED, Status.EVALUATED}]
    assert len(closed) > 300
    for case in closed:
        entries = histories[case.number]
        last = max(at for at, entry in enumerate(entries) if entry.act is Act.CLOSE)
        assert entries[last].by.post not in case.state.handlers
        assert {entry.act for entry in entries[:last]} & {Act.FEEDBACK, Act.CLEAR}


def test_what_was_cleared_on_the_spot_is_sampled_and_some_of_it_fails(histories):
    acts_of = [[entry.act for entry in entries] for entries in histories.values()]
    cleared = [done for done in acts_of if Act.SELF_CLEAR in done]
    assert 0.15 < len(cleared) / len(acts_of) < 0.5
    drawn = [done for done in cleared if {Act.SAMPLE_PASS, Act.SAMPLE_FAIL} & set(done)]
    assert 0.1 < len(drawn) / len(cleared) < 0.35
    assert any(Act.SAMPLE_FAIL in done for done in drawn)


def test_every_case_is_marked_as_demonstration(cases):
    assert all(case.demo for case in cases)


def test_nothing_lies_after_now_and_numbers_are_of_their_day(cases, histories):
    assert max(entry.at for entries in histories.values() for entry in entries) <= NOON
    since = NOON - timedelta(days=30)
    for case in cases:
        assert since < case.reported <= NOON
        assert case.number.startswith(f"LN-{case.reported + timedelta(hours=8):%Y%m%d}-")


def test_the_history_is_written_in_the_order_in_which_it_happened(room):
    table = tables.history
    with room.ledger.reading() as connection:
        asked = select(table.c.at).where(table.c.subject == "incident").order_by(table.c.version)
        times = connection.execute(asked).scalars().all()
    assert times == sorted(times)


def test_nobody_is_named(room, cases):
    with room.ledger.reading() as connection:
        said = connection.execute(select(tables.wording.c.text)).scalars().all()
        assert connection.execute(select(func.count()).select_from(tables.reporter)).scalar() == 0
    assert len(said) > 2000
    told = {case.title for case in cases} | {case.text for case in cases} | {case.address for case in cases}
    assert [text for text in told if find_personal(text)] == []
    plain = {text for words_ in said for text in (json.loads(words_).values() if words_[0] == "{" else [words_])}
    assert [text for text in plain if find_personal(text)] == []


def test_places_are_named_by_what_is_there(room, cases):
    buildings = set(room.area.points["buildings"]["id"])
    assert {case.building for case in cases if case.building} <= buildings
    assert all(case.address and case.title and len(case.text) > 8 for case in cases)
    assert len({case.text for case in cases}) > 0.7 * len(cases)
    assert len({case.class_ for case in cases}) > 60


def test_cases_are_spread_over_the_net_and_come_back_at_hot_spots(room, cases):
    micros = {case.codes["micro"] for case in cases}
    assert len(micros) > 60
    assert sum(bool(case.codes["dedicated"]) for case in cases) > 50
    assert any(case.unit and case.floor and case.codes["micro"] and ";" not in case.codes["micro"] for case in cases)
    places = Counter((case.class_, round(case.lon, 3), round(case.lat, 3)) for case in cases)
    assert places.most_common(1)[0][1] >= 5


def test_reports_peak_in_the_morning_and_the_afternoon_and_rest_at_night(room, cases):
    local = [case.reported.astimezone(room.area.pack.timezone) for case in cases]
    hours = Counter(at.hour for at in local)
    assert min(hours[8], hours[9], hours[15]) > max(hours[12], hours[20]) > hours[3]
    assert any(at.hour >= 22 or at.hour < 6 for at in local)
    days = Counter(at.date() for at in local)
    working = [count for day, count in days.items() if day.weekday() < 5]
    resting = [count for day, count in days.items() if day.weekday() >= 5]
    assert sum(working) / len(working) > 1.2 * sum(resting) / len(resting)


def test_hotline_orders_keep_their_own_number_and_deadline(cases, histories):
    orders = [case for case in cases if case.channel is Channel.HOTLINE]
    assert all(case.source == "12345" and case.external_id for case in orders)
    handled = [case for case in orders if Act.DISPATCH.value in case.state.times and case.state.returns == 0]
    assert len(handled) > 30
    for case in handled:
        given = histories[case.number][0].data
        extended = {entry.act for entry in histories[case.number]} & {Act.EXTEND, Act.REOPEN, Act.SUSPEND}
        assert given["rule"] == "external"
        assert extended or given["due"] in {time.isoformat() for time in (case.state.promised, case.state.due) if time}


def test_a_mediation_is_restricted_and_its_parties_are_codes(room, cases):
    disputes = [case for case in cases if case.major == "L3"]
    assert disputes
    assert all(case.restricted for case in disputes)
    ended = next(case for case in disputes if case.status in {Status.CLOSED, Status.EVALUATED})
    with room.ledger.reading() as connection:
        found = mediation_of(find.entries(connection, room.id, ended.number))
    assert found.outcome is Outcome.AGREED
    assert ended.reported.date() <= found.agreed <= NOON.date()


def test_a_linked_duplicate_is_near_what_it_repeats(room, cases):
    by_number = {case.number: case for case in cases}
    linked = [case for case in cases if case.status is Status.LINKED]
    assert linked
    for case in linked:
        other = by_number[case.state.linked_to]
        assert other.class_ == case.class_
        assert abs(other.lon - case.lon) < 0.0005
        assert abs(other.lat - case.lat) < 0.0005
        with room.ledger.reading() as connection:
            assert find.related(connection, room.id, case.number)[other.number] == "linked"


def test_steps_of_deadlines_were_taken_when_they_were_due(histories):
    told = [entry for entries in histories.values() for entry in entries if entry.act is Act.STEP]
    assert {entry.data["step"].split(":")[0] for entry in told} == {"reminder", "next_head", "supervise"}


def test_a_rota_covers_the_present_and_names_nobody(room):
    with room.ledger.reading() as connection:
        assert rota.officer(connection, room.id, NOON)
        assert set(connection.execute(select(tables.shift.c.holder)).scalars()) == {""}


@pytest.mark.parametrize("hours", [0, 5, 15, 27, 68, 69], ids=["noon", "17", "night", "weekend", "Mon8", "Mon9"])
def test_the_room_lives_at_any_hour(tmp_path: Path, hours):
    now = NOON + timedelta(hours=hours)
    room = room_of(shipped("longnan"), tmp_path)
    demo.fill(room, demo.Plan(days=10, per_day=40), now)
    with room.ledger.reading() as connection:
        marks = find.counts_by(connection, room.wanted(shift=room.shift(now)), "mark")
        statuses = find.counts_by(connection, room.wanted(marks=frozenset({"red"})), "status")
        overdue = find.count(connection, room.wanted(due_before=now))
    assert 10 <= marks["red"] <= 60
    assert 1 <= marks["yellow"] <= 20
    assert marks["green"] > 2 * marks["red"]
    assert 1 <= overdue <= 15
    assert statuses.get("reported", 0) + statuses.get("filed", 0) >= 1
    assert len(statuses) >= 4


def told(room):
    with room.ledger.reading() as connection:
        cases = find.incidents(connection, room.wanted(), order="oldest")
    return [replace(case, version=0) for case in cases]


def test_the_same_seed_and_end_give_the_same_stream(tmp_path: Path):
    rooms = [room_of(shipped("longnan"), tmp_path / name) for name in ("one", "again", "other")]
    for room, seed in zip(rooms, (1, 1, 2), strict=True):
        demo.fill(room, demo.Plan(days=2, per_day=40, seed=seed), NOON)
    one, again, other = (told(room) for room in rooms)
    assert one == again
    assert [case.text for case in one] != [case.text for case in other]


def test_progress_is_told_by_the_day(tmp_path: Path):
    seen = []
    room = room_of(shipped("longnan"), tmp_path)
    written = demo.fill(room, demo.Plan(days=3, per_day=5), NOON, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert written.incidents == len(told(room))


def test_no_days_write_nothing(tmp_path: Path):
    room = room_of(shipped("longnan"), tmp_path)
    assert demo.fill(room, demo.Plan(days=0), NOON) == demo.Written()
    assert room.ledger.version() == 0


class Clock:
    """A clock that waits by being set forward."""

    def __init__(self, now: datetime) -> None:
        self.now, self.waits = now, []

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += timedelta(seconds=max(seconds, 60))


def test_live_goes_on_from_what_stands_there(tmp_path: Path):
    room = room_of(shipped("longnan"), tmp_path)
    demo.fill(room, DAY, NOON)
    before = {case.number: case for case in told(room)}
    clock, lines = Clock(NOON), []
    end = NOON + timedelta(hours=8)
    written = demo.live(room, DAY, clock, clock.wait, until=end, tell=lines.append)
    after = {case.number: case for case in told(room)}
    assert written.incidents == len(after) - len(before) > 5
    moved = [number for number, case in before.items() if case.status in OPEN and after[number].state != case.state]
    assert len(moved) > 5
    assert len(lines) > written.incidents
    with room.ledger.reading() as connection:
        last = connection.execute(select(func.max(tables.history.c.at))).scalar()
    assert NOON < instant(last) <= end
    assert verify.verify(room.ledger, now=end).breaks == ()


def test_live_lets_go_of_a_case_that_somebody_else_ended(tmp_path: Path):
    room = room_of(shipped("longnan"), tmp_path)
    demo.fill(room, DAY, NOON)
    mine = [case.number for case in told(room) if case.status in {Status.DISPATCHED, Status.IN_HAND}]
    clock = Clock(NOON)

    def wait(seconds: float) -> None:
        if not clock.waits:  # somebody works on them after their next moves were drawn
            standing = {case.number: case.status for case in told(room)}
            for number in mine:
                if standing[number] in {Status.DISPATCHED, Status.IN_HAND}:
                    acts.do(room, acts.Doing(number, Act.CANCEL, {"reason": "误报"}), DISPATCHER, clock.now)
        clock.wait(seconds)

    demo.live(room, DAY, clock, wait, until=NOON + timedelta(hours=4))
    ended = {case.number: case for case in told(room) if case.number in mine and case.status is Status.CANCELLED}
    assert len(ended) > 3
    assert all(set(case.state.times) - {Act.CANCEL.value} for case in ended.values())


def test_more_happens_at_speed_and_still_nothing_after_now(tmp_path: Path):
    counts = []
    for speed in (1.0, 30.0):
        room, clock = room_of(shipped("longnan"), tmp_path / str(speed)), Clock(NOON)
        end = NOON + timedelta(minutes=40)
        counts.append(demo.live(room, DAY, clock, clock.wait, speed=speed, until=end).incidents)
        with room.ledger.reading() as connection:
            assert instant(connection.execute(select(func.max(tables.history.c.at))).scalar() or 0) <= end
            assert all(case.reported <= end for case in find.incidents(connection, room.wanted()))
    assert counts[1] > 5 * max(counts[0], 1)


def test_live_ends_when_waiting_is_interrupted(tmp_path: Path):
    room = room_of(shipped("longnan"), tmp_path)

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.live(room, DAY, Clock(NOON), interrupted)


def test_a_demonstration_area_begins_with_one_and_only_once(tmp_path: Path):
    rooms = Rooms(areas_of((), "longnan"), open_ledger(tmp_path))
    room = rooms.get("longnan", NOON)
    count = len(told(room))
    assert count > 900
    again = Rooms(areas_of((), "longnan"), rooms.ledger).get("longnan", NOON + timedelta(days=1))
    assert len(told(again)) == count
    with rooms.ledger.reading() as connection:
        assert find.begun(connection, "longnan") == "demo"


def test_a_demonstration_area_begins_empty_where_the_setting_says_so(tmp_path: Path):
    room = Rooms(areas_of((), "longnan"), open_ledger(tmp_path), demo=False).get("longnan", NOON)
    assert told(room) == []


def test_a_whole_street_begins_with_fewer_days(tmp_path: Path):
    assert demo.first_plan(room_of(shipped("longnan"), tmp_path)) == demo.Plan(days=30, per_day=38)
    assert demo.first_plan(room_of(shipped("mianfang"), tmp_path)) == demo.Plan(days=10, per_day=120)


def test_a_second_demonstration_takes_another_seed_but_live_goes_on_with_its_own(tmp_path: Path):
    room = room_of(shipped("longnan"), tmp_path)
    assert demo.plan(room) == demo.Plan(days=30, per_day=38, seed=1)
    assert demo.plan(room, live=True).days == 30
    demo.fill(room, DAY, NOON)
    there = len(told(room))
    assert demo.plan(room, days=3) == demo.Plan(days=3, per_day=38, seed=1 + there)
    assert demo.plan(room, live=True) == demo.Plan(days=0, per_day=38, seed=1)
    assert demo.plan(room, days=0, per_day=9, seed=0, live=True) == demo.Plan(days=0, per_day=9, seed=0)


def test_a_real_area_is_refused(tmp_path: Path):
    area = shipped("longnan")
    real = replace(area, pack=replace(area.pack, synthetic=False))
    room = room_of(real, tmp_path)
    with pytest.raises(DemoError, match="longnan is a real area"):
        demo.check(room)
    demo.check(room, force=True)


def test_an_area_with_real_cases_is_refused(tmp_path: Path):
    room = room_of(shipped("longnan"), tmp_path)
    demo.check(room)
    spot = room.area.points["buildings"].geometry.iloc[0]
    reports.report(room, reports.Draft("06010", spot.x, spot.y), DISPATCHER, NOON)
    with pytest.raises(DemoError, match="real incidents"):
        demo.check(room)
    demo.check(room, force=True)


def test_an_archive_is_refused_even_by_force(tmp_path: Path):
    room = room_of(shipped("dc"), tmp_path)
    with pytest.raises(DemoError, match="archive"):
        demo.check(room, force=True)


BARE = """
name = "空网格"
synthetic = true

[[levels]]
key = "cell"
name = "网格"
file = "cell.geojson"
code = "code"
"""
CLASSES = """
majors = [{ key = "X", name = "杂项", name_en = "Other" }]
classes = [{ key = "X1", name = "水管漏水", name_en = "Leak" }, { key = "X2", name = "路灯", name_en = "Lamp" }]
favourites = ["X1"]
"""


def test_a_bare_pack_with_classes_of_its_own_gets_a_demonstration_too(tmp_path: Path):
    pack = tmp_path / "bare"
    (pack / "rules").mkdir(parents=True)
    (pack / "area.toml").write_text(BARE, encoding="utf-8")
    (pack / "rules" / "classes.toml").write_text(CLASSES, encoding="utf-8")
    squares = [
        {
            "type": "Feature",
            "properties": {"code": str(at)},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, 34.7], [x + 0.01, 34.7], [x + 0.01, 34.71], [x, 34.71], [x, 34.7]]],
            },
        }
        for at, x in enumerate((113.6, 113.61))
    ]
    (pack / "cell.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": squares}), encoding="utf-8")
    room = room_of(load(pack), tmp_path / "data")
    demo.fill(room, demo.Plan(days=3, per_day=20), NOON)
    cases = told(room)
    assert len(cases) > 40
    assert {case.class_ for case in cases} == {"X1"}
    assert {case.codes["cell"] for case in cases} == {"0", "1"}
    assert any(case.status in {Status.CLOSED, Status.EVALUATED} for case in cases)
    assert verify.verify(room.ledger, now=NOON).breaks == ()


def test_every_state_has_its_moves_and_every_move_follows_the_lifecycle():
    assert set(MOVES) == set(CHECKED)
    for status, moves in MOVES.items():
        assert all(move.act is None or status in RULES[move.act].frm for move in moves)


def test_every_matter_has_words_and_a_class_of_the_shipped_directory(room):
    for matter in words.read("matters")["matters"]:
        assert matter["class"] in room.rules.directory.classes, matter["class"]
        assert matter["titles"]
        assert matter["says"]
        assert matter["done"]
        assert matter["weight"] > 0


def test_the_command_writes_and_says_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(battlemap, ["demo", "--area", "longnan", "--days", "1", "--per-day", "12"])
    assert done.exit_code == 0, done.output
    room = room_of(shipped("longnan"), tmp_path)
    assert f"longnan: {len(told(room))} incidents" in done.output
    assert all(case.demo for case in told(room))


def test_the_command_refuses_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(battlemap, ["demo", "--area", "dc"])
    assert isinstance(done.exception, DemoError)
