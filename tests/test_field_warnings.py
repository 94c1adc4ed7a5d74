"""Tasks of a heavy-pollution warning on a phone: what its list holds, and what is sent from it, once, by the phone's own clock."""

from datetime import datetime, timedelta

import pytest
from inspected import AREA, shop, worker_of
from phones import Phone
from rooms import DISPATCHER, NOON, room_of, shipped
from test_warnings import order

from api.field.reading import said_of_all
from desk.field import warnings
from desk.field.sending import Kind, State
from desk.field.warnings import DONE
from desk.warnings import acts, clock
from incidents.alerts import Level
from inspections.warnings import State as Stands
from ledger import sites
from ledger import warnings as filed
from ledger.verify import verify
from locales import translator
from reports.field_words import said_of

HOUR = timedelta(hours=1)


@pytest.fixture
def room(tmp_path):
    found = room_of(shipped(AREA), tmp_path)
    yield found
    found.ledger.close()


@pytest.fixture
def one(room):
    """The phone of the worker in whose grid a building site lies."""
    level, site = room.area.net.leaf.key, shop(room, "康桥工地", "dust")
    worker_of(room, site)
    return Phone(room, "worker", f"{level}:{site.codes[level].split(';')[0]}")


def listed(phone, now=NOON):
    return said_of_all(phone.room, now, translator("zh")).get("warnings", [])


def task(room, number):
    warning, _slash, serial = number.rpartition("/")
    return next(each for each in acts.tasks(room, warning) if each.number == int(serial))


def holds(room):
    assert verify(room.ledger, now=NOON).breaks == ()


def test_who_sees_a_source_has_its_tasks_while_a_warning_holds_and_nobody_else(room, one):
    assert listed(one) == []
    warning = acts.issue(room, order(), DISPATCHER, NOON)
    rows = listed(one)
    assert {row["number"] for row in rows} == {f"{warning.number}/{each.number}" for each in acts.tasks(room, warning.number)}  # fmt: skip
    assert {(row["name"], row["kind"], row["since"], row["as"]) for row in rows} == {("康桥工地", "stop", None, one.post)}  # fmt: skip
    assert not any(row["mine"] for row in rows), "its head answers for it"
    assert all(row["asks"] and row["asks_en"] and row["due"] == row["late"] for row in rows)
    assert listed(Phone(room, "department", "department:城管执法中队", account="d1")) == []
    other = next(str(code) for code in room.area.net.leaf.codes if f":{code}" not in one.post)
    assert listed(Phone(room, "worker", f"{room.area.net.leaf.key}:{other}", account="w2")) == []
    acts.stand_down(room, warning, "3号", DISPATCHER, NOON + HOUR)
    assert listed(one) == []


def test_what_was_seen_is_written_once_with_its_photo_at_the_time_of_the_phone(room, one):
    acts.issue(room, order(starts=NOON + HOUR), DISPATCHER, NOON)
    number = listed(one)[0]["number"]
    item = one.item(DONE, ago=30, case=number, photos=[one.photo()], kept=True, meter="1024", text="已停工")
    assert [(sent.state, sent.number) for sent in (*one.send(item), *one.send(item))] == [(State.DONE, number)] * 2
    done = task(room, number)
    assert (done.state, done.kept, done.meter, done.note, done.post) == (Stands.DONE, True, "1024", "已停工", one.post)
    assert (done.done, done.item) == (NOON - HOUR / 2, f"a1:{item['key']}")
    assert number not in {row["number"] for row in listed(one)}
    (again,) = one.send(one.item(DONE, case=number, kept=True, meter="1"))
    assert (again.state, again.kind) == (State.REFUSED, Kind.TASK)
    holds(room)


def test_a_check_is_early_or_not_by_when_it_was_seen_not_by_when_it_arrived(room, one):
    acts.issue(room, order(starts=NOON, ends=NOON + 12 * HOUR), DISPATCHER, NOON)
    assert clock.take(room, NOON)
    check = next(row for row in listed(one) if row["kind"] == "check")
    due, since = (datetime.fromisoformat(check[name]) for name in ("due", "since"))
    early = timedelta(minutes=room.rules.warnings.early_minutes)
    assert since == due - early
    one.at = due
    (sent,) = one.send(one.item(DONE, ago=early / timedelta(minutes=1) + 1, case=check["number"], kept=True), now=due)
    assert (sent.state, sent.error.field) == (State.REFUSED, "warning_early")
    assert one.send(one.item(DONE, ago=5, case=check["number"], kept=True), now=due)[0].state is State.DONE
    holds(room)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda room, one: acts.stand_down(room, one, "3号", DISPATCHER, NOON), "预警已解除"),
        (lambda room, one: acts.alter(room, one, order(Level.RED), DISPATCHER, NOON), "级别"),
    ],
)
def test_what_was_seen_of_a_task_that_was_closed_meanwhile_is_not_taken_and_says_why(room, one, change, says):
    warning = acts.issue(room, order(), DISPATCHER, NOON)
    before = {row["number"] for row in listed(one)}
    change(room, warning)
    gone = min(before - {row["number"] for row in listed(one)})
    photo = one.photo()
    (sent,) = one.send(one.item(DONE, case=gone, photos=[photo], kept=True))
    assert (sent.state, sent.kind) == (State.REFUSED, Kind.TASK)
    words = said_of(one.room, sent)
    assert says in words["zh"]
    assert words["en"] != words["zh"]
    assert "指挥室" in words["what"]
    assert one.box.missing([photo]) == (), "its photo stays"
    assert task(room, gone).state is Stands.CLOSED
    holds(room)


@pytest.mark.parametrize("change", [
    lambda room, one: acts.stand_down(room, one, "3号", DISPATCHER, NOON + HOUR),
    lambda room, one: acts.alter(room, one, order(Level.RED), DISPATCHER, NOON + HOUR),
])  # fmt: skip
def test_what_was_seen_before_the_task_was_closed_counts_though_it_arrives_after(room, one, change):
    warning = acts.issue(room, order(starts=NOON - HOUR), DISPATCHER, NOON - HOUR)
    before = {row["number"] for row in listed(one)}
    change(room, warning)
    gone = min(before - {row["number"] for row in listed(one)})
    one.at = NOON + 2 * HOUR
    (late,) = one.send(one.item(DONE, ago=60, case=gone, kept=True, meter="7"), now=NOON + 2 * HOUR)
    assert late.state is State.REFUSED, "at the moment itself it is closed"
    (sent,) = one.send(one.item(DONE, ago=61, case=gone, kept=True, meter="7"), now=NOON + 2 * HOUR)
    done = task(room, gone)
    assert (sent.state, done.state, done.reason, done.kept) == (State.DONE, Stands.DONE, "", True)
    assert done.done < NOON + HOUR
    holds(room)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({}, Kind.DRAFT),
        ({"kept": "yes"}, Kind.FORM),
        ({"kept": True}, Kind.DRAFT),
        ({"kept": False}, Kind.DRAFT),
        ({"kept": True, "meter": "1", "level": "red"}, Kind.FORM),
        ({"kept": False, "text": "电话13812345678"}, Kind.TEXT),
        ({"kept": True, "meter": "1", "case": "警-2026-0009/1"}, Kind.UNKNOWN),
        ({"kept": True, "meter": "1", "case": "警-2026-0001/٣"}, Kind.FORM),
        ({"kept": True, "meter": "1", "case": "警-2026-0001"}, Kind.FORM),
    ],
)
def test_what_cannot_be_is_refused_and_stays_on_the_phone(room, one, data, kind):
    acts.issue(room, order(), DISPATCHER, NOON)
    case = data.pop("case", None) or listed(one)[0]["number"]
    (sent,) = one.send(one.item(DONE, case=case, **data))
    assert (sent.state, sent.kind) == (State.REFUSED, kind)
    assert {row["state"] for row in map(vars, acts.tasks(room, acts.listed(room)[0].number))} == {Stands.OPEN}


def test_a_task_of_a_source_that_is_not_ones_own_is_not_done(room, one):
    acts.issue(room, order(), DISPATCHER, NOON)
    number = listed(one)[0]["number"]
    other = next(str(code) for code in room.area.net.leaf.codes if f":{code}" not in one.post)
    stranger = Phone(room, "worker", f"{room.area.net.leaf.key}:{other}", account="w2")
    (sent,) = stranger.send(stranger.item(DONE, case=number, kept=True, meter="1"))
    assert sent.state is State.REFUSED
    assert task(room, number).state is Stands.OPEN


def test_the_sources_of_ones_own_posts_come_first_and_the_rest_is_counted(room, one, monkeypatch):
    shop(room, "老灶餐馆", "fumes")
    acts.issue(room, order(), DISPATCHER, NOON)
    with room.ledger.reading() as connection:
        found = {site.number: site.post for site in sites.page(connection, sites.Asked(AREA))}
    centre = Phone(room, "dispatcher", "", account="z1")
    rows = listed(centre)
    monkeypatch.setattr(warnings, "MOST", 2)
    said = said_of_all(centre.room, NOON, translator("zh"))
    assert (said["warnings"], said["warnings_more"]) == (rows[:2], len(rows) - 2)
    with room.ledger.reading() as connection:
        (warning,) = acts.listed(room)
        for post in {post for post in found.values() if post}:
            order_, _more = filed.open_of(connection, AREA, [warning.number], [post], sites.EVERYTHING, most=100)
            mine = [found[each.site] == post for _number, each in order_]
            assert mine == sorted(mine, reverse=True)
