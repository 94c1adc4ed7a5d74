"""What is personal goes when its time is over: once a day, by rules that one can read, counted and never named."""

import json
import logging
from datetime import timedelta

import pytest
import shapely
from click.testing import CliRunner
from sqlalchemy import func, select

from api import ticker
from cli import battlemap
from data import rules as shipped_rules
from desk.access.rules import identity_of
from desk.acts import Doing, do
from desk.people import retention
from desk.reports import Draft, report
from desk.rooms import Rooms
from geo.errors import RulesError
from incidents.lifecycle import Act, By
from incidents.rota import Role, Shift
from layers.areas import areas_of
from ledger import audit, posts, rota, tables
from ledger.posts import Holding
from ledger.retention import areas
from ledger.store import open_ledger
from ledger.verify import verify
from reports import trail
from reports.retention import retained
from tests.rooms import DISPATCHER, NOON, room_of, shipped

BY = By(DISPATCHER.post, DISPATCHER.kind, account="a1")
IDENTITY = identity_of(None)
DAY = timedelta(days=1)
NOTHING = {
    "reporters": 0,
    "holders": 0,
    "duty": 0,
    "handovers": 0,
    "messages": 0,
    "orders": 0,
    "visits": 0,
    "patrols": 0,
    "meetings": 0,
    "inspections": 0,
    "sites": 0,
    "authority_orders": 0,
    "whistles": 0,
}


@pytest.fixture
def room(tmp_path, database):
    room = room_of(shipped("longnan"), tmp_path, database)
    yield room
    room.ledger.close()


def fill(room):
    """A refused case with a contact and an open one; a post that was held and one that is; a shift and a hand-over."""
    spot = shapely.point_on_surface(room.area.net.leaf.geoms[0])
    draft = Draft("06010", spot.x, spot.y, text="垃圾", reporter="张小明", phone="13812345678")
    case = report(room, draft, BY, NOON)
    report(room, draft, BY, NOON)
    do(room, Doing(case.number, Act.REFUSE, {"reason": "不属于本辖区"}), BY, NOON)
    shift = Shift(NOON, NOON + DAY / 2, Role.LEADER, "dispatcher::", "王带班")

    def work(writing):
        for since, until, name in ((-400, -100, "李前任"), (-100, None, "赵现任")):
            end = NOON + until * DAY if until is not None else None
            posts.hold(writing, room.id, Holding(0, "dispatcher::", name, False, NOON + since * DAY, end), BY, NOON)
        rota.replace(writing, room.id, "2026-11-20", (), [shift], BY, NOON)
        note = rota.Handover(0, NOON, "dispatcher::", "inspector::", "李大爷来过", ())
        rota.write_handover(writing, room.id, note, by=BY)

    room.ledger.change(work)


def run(room, now, **options):
    return retention.run(room.ledger, {room.id: room.rules.settings}, IDENTITY, now, **options)


def names(room):
    with room.ledger.reading() as connection:
        held = connection.execute(select(tables.holding.c.holder).order_by(tables.holding.c.id)).scalars().all()
        shift = connection.execute(select(tables.shift.c.holder)).scalar_one()
        words = connection.execute(select(tables.handover.c.text)).scalar_one()
        reporters = connection.execute(select(func.count()).select_from(tables.reporter)).scalar_one()
    return held, shift, words, reporters


def test_each_kind_goes_after_its_own_days_and_not_before(room):
    fill(room)
    everything = (["李前任", "赵现任"], "王带班", "李大爷来过", 2)
    assert names(room) == everything
    assert run(room, NOON + 30 * DAY).areas == {room.id: NOTHING}
    assert names(room) == everything
    assert run(room, NOON + 31 * DAY).areas == {room.id: {**NOTHING, "reporters": 1}}
    assert run(room, NOON + 264 * DAY).areas == {room.id: NOTHING}
    assert run(room, NOON + 266 * DAY).areas == {room.id: {**NOTHING, "holders": 1}}
    assert run(room, NOON + 364 * DAY).areas == {room.id: NOTHING}


def test_who_holds_a_post_now_and_who_reported_an_open_case_stay_whatever_the_days(room):
    fill(room)
    assert run(room, NOON + 390 * DAY).areas == {
        room.id: {**NOTHING, "reporters": 1, "holders": 1, "duty": 1, "handovers": 1}
    }
    assert names(room) == (["", "赵现任"], "", "", 1)
    assert verify(room.ledger, now=NOON).breaks == ()


def test_a_dry_run_counts_the_same_and_leaves_everything_as_it_is(room):
    fill(room)
    before, version = names(room), room.ledger.version()
    dry = run(room, NOON + 390 * DAY, dry=True)
    assert (names(room), room.ledger.version()) == (before, version)
    assert retention.last(room.ledger) is None
    wet = run(room, NOON + 390 * DAY)
    assert (dry.areas, dry.console, dry.total) == (wet.areas, wet.console, wet.total)
    assert dry.lines()[0].startswith(f"{room.id}: would be erased: 1 reporters")


def test_what_was_erased_is_reported_as_counts_in_trail_log_and_on_the_facts_page(room, caplog):
    fill(room)
    assert retained(room, "en")[0] == ""
    with caplog.at_level(logging.INFO):
        run(room, NOON + 31 * DAY)
    assert "1 reporters" in caplog.text
    with room.ledger.reading() as connection:
        console, own = audit.read(connection, act="retention")
        said = str([tuple(row) for row in connection.execute(select(tables.history))]) + str((console, own))
    assert (own.area, own.data) == (room.id, {**NOTHING, "reporters": 1})
    assert (console.area, sorted(console.data)) == ("", ["attempts", "audit", "sessions", "staged"])
    assert not [key for key in {**console.data, **own.data} if key not in trail.DATA]
    when, rows = retained(room, "en")
    assert when == "2026-12-21 12:00"
    assert rows[0] == ("Reporters' contacts", "30", "1")
    for name in ("张小明", "13812345678", "李前任", "王带班"):
        assert name not in said
        assert name not in caplog.text


def test_it_is_done_once_a_day_by_whichever_process_comes_first(room):
    fill(room)
    settings = lambda: {room.id: room.rules.settings}  # noqa: E731
    assert retention.daily(room.ledger, settings, IDENTITY, NOON) is not None
    assert retention.daily(room.ledger, settings, IDENTITY, NOON + DAY - timedelta(seconds=1)) is None
    assert retention.daily(room.ledger, settings, IDENTITY, NOON + DAY) is not None
    assert retention.daily(room.ledger, settings, IDENTITY, NOON - DAY) is not None  # the clock was set back


def test_an_area_whose_pack_is_gone_is_looked_after_too_and_one_with_broken_rules_is_not_touched(
    tmp_path, room, caplog
):
    fill(room)
    with room.ledger.reading() as connection:
        assert areas(connection) == ["longnan"]
    rules = tmp_path / "rules"
    rules.mkdir()
    rooms = Rooms(SomeAreas({}), room.ledger, rules)
    assert rooms.settings()["longnan"].erase_days == 30
    text = (shipped_rules.SHIPPED / "desk.toml").read_text(encoding="utf-8")
    (rules / "desk.toml").write_text(text.replace("erase_days = 30", "erase_days = -1"), encoding="utf-8")
    assert isinstance(rooms.settings()["longnan"], RulesError)
    report = retention.run(room.ledger, rooms.settings(), IDENTITY, NOON + 390 * DAY)
    assert (report.areas, list(report.failed)) == ({}, ["longnan"])
    assert names(room)[3] == 2
    with caplog.at_level(logging.WARNING):
        assert ticker.retain(rooms, NOON + 392 * DAY)
    assert "rules cannot be read" in caplog.text


class SomeAreas:
    def __init__(self, folders):
        self.folders = lambda: folders


def test_the_clock_of_the_console_does_it_and_goes_on_when_it_cannot(tmp_path, caplog):
    rooms = Rooms(areas_of((), "longnan"), open_ledger(tmp_path), demo=False)
    assert ticker.retain(rooms, NOON) is True
    assert ticker.retain(rooms, NOON) is False
    rooms.ledger.engine.dispose()
    broken = Rooms(areas_of((), "longnan"), rooms.ledger, tmp_path / "nowhere" / "rules")
    assert ticker.retain(broken, NOON) is False
    rooms.ledger.close()


def test_the_command_counts_and_erases_and_tells_the_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("BATTLEMAP_DATA_DIR", str(tmp_path))
    room = room_of(shipped("longnan"), tmp_path)
    fill(room)
    with room.ledger.alone() as connection:
        connection.execute(tables.incident.update().values(reported=0, closed=0))
    room.ledger.close()

    def asked(*words):
        done = CliRunner().invoke(battlemap, ["retention", "run", "--json", *words])
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    dry, wet, again = asked("--dry-run"), asked(), asked()
    assert dry["areas"]["longnan"]["reporters"] == wet["areas"]["longnan"]["reporters"] == 1
    assert again["areas"]["longnan"] == NOTHING
    ledger = open_ledger(tmp_path)
    with ledger.reading() as connection:
        assert {line.role for line in audit.read(connection, act="retention")} == {"local"}
    ledger.close()
