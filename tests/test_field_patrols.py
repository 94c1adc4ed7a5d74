"""Patrols and waterings on a phone: what its list holds, and what is sent from it, once and in order, by the phone's own clock."""

from datetime import timedelta

import pytest
from inspected import shop
from patrols import AREA, HEAD, NOON, TODAY, grid, leafs, planned, walking, worker
from phones import Phone

from api.field.reading import said_of_all
from desk.field.patrols import choices, errands
from desk.field.sending import Kind, State
from desk.patrols import clock
from desk.patrols.acts import of
from desk.sites import watering
from inspections.patrols import State as Stands
from ledger import patrols
from ledger.patrols import Asked
from ledger.verify import verify
from locales import translator

HOUR = timedelta(hours=1)


@pytest.fixture
def room(tmp_path):
    found = walking(tmp_path)
    yield found
    found.ledger.close()


def phone(room, place=0, account="a1"):
    return Phone(room, "worker", f"{room.area.net.leaf.key}:{leafs(room)[place]}", account=account)


def new(one, room, **data):
    level, code = grid(room)
    said = {"level": level, "code": code, "kind": "routine", "since": (NOON - HOUR).isoformat(), "until": NOON.isoformat(), "walkers": [worker(room)], "outcomes": ["nothing"], **data}  # fmt: skip
    return one.item("patrol_new", **said)


def listed(room):
    with room.ledger.reading() as connection:
        return patrols.page(connection, Asked(AREA))


def holds(room):
    assert verify(room.ledger, now=NOON).breaks == ()


def test_what_was_walked_is_written_once_however_often_it_is_sent(room):
    one = phone(room)
    walk = new(one, room, outcomes=["hazard"], found=2, cleared=1, text="已劝离")
    first = one.send(walk)[0]
    assert first.state is State.DONE
    assert one.send(walk)[0].number == first.number
    (filed,) = listed(room)
    assert (filed.number, filed.state.found, filed.state.cleared, filed.item) == (first.number, 2, 1, f"a1:{walk['key']}")  # fmt: skip
    assert [(errand.filed.number, errand.acts) for errand in errands(one.room, NOON)] == [(first.number, ("patrol_note",))]  # fmt: skip
    (noted,) = one.send(one.item("patrol_note", case=first.number, text="次日再看"))
    assert noted.state is State.DONE
    holds(room)


def test_tonights_patrol_is_on_the_list_of_both_and_is_walked_by_one(room):
    planned(room, now=NOON, last=TODAY)
    clock.take(room, NOON)
    (filed,) = listed(room)
    one = phone(room)
    assert [errand.acts for errand in errands(one.room, NOON)] == [("patrol_done",)]
    said = said_of_all(one.room, NOON, translator("zh"))
    assert said["patrols"][0]["number"] == filed.number
    assert said["patrol_rules"]["grids"][0][:2] == list(grid(room))
    assert worker(room) in {key for key, _title in said["patrol_rules"]["posts"]}
    one.at = filed.state.until + HOUR
    done = one.item("patrol_done", ago=60, case=filed.number, since=filed.state.since.isoformat(), until=filed.state.until.isoformat(), walkers=[worker(room), HEAD], outcomes=["nothing"])  # fmt: skip
    assert one.send(done)[0].state is State.DONE
    assert of(one.room, filed.number).state.state is Stands.DONE
    other = one.item("patrol_done", case=filed.number, since=filed.state.since.isoformat(), until=filed.state.until.isoformat(), walkers=[worker(room), HEAD], outcomes=["nothing"])  # fmt: skip
    again = one.send(other)[0]
    assert (again.state, again.kind) == (State.REFUSED, Kind.RULES)
    holds(room)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"outcomes": ["gossip"]}, Kind.DRAFT),
        ({"outcomes": "nothing"}, Kind.FORM),
        ({"since": "yesterday"}, Kind.FORM),
        ({"since": None}, Kind.DRAFT),
        ({"found": 1e400}, Kind.FORM),
        ({"found": -1, "outcomes": ["hazard"]}, Kind.DRAFT),
        ({"code": "nowhere"}, Kind.DRAFT),
        ({"walkers": ["worker:x:y"]}, Kind.POST),
        ({"text": "电话13800138000"}, Kind.TEXT),
        ({"track": [1, 2]}, Kind.FORM),
    ],
)
def test_what_cannot_be_is_refused_and_stays_on_the_phone(room, wrong, kind):
    one = phone(room)
    (sent,) = one.send(new(one, room, **wrong))
    assert (sent.state, sent.kind) == (State.REFUSED, kind)
    assert listed(room) == []


def test_a_phone_whose_clock_is_wrong_walks_at_our_time(room):
    one = phone(room)
    walk = new(one, room, since=(NOON - 26 * HOUR).isoformat(), until=(NOON - 25 * HOUR).isoformat())
    walk["at"] = (NOON - 25 * HOUR).isoformat()
    (sent,) = one.send(walk, clock=NOON - 24 * HOUR)
    assert sent.state is State.DONE
    (filed,) = listed(room)
    assert (filed.state.since, filed.state.until) == (NOON - 2 * HOUR, NOON - HOUR)


def test_who_walks_nothing_is_offered_nothing(room):
    other = Phone(room, "department", "department:城管执法中队", account="d1")
    assert choices(other.room, NOON) is None
    assert said_of_all(other.room, NOON, translator("zh"))["patrol_rules"] is None


def test_a_watering_is_written_once_at_the_time_of_the_phone(room):
    site = shop(room, "一号工地", "dust", now=NOON)
    code = site.codes[room.area.net.leaf.key]
    one = Phone(room, "worker", f"{room.area.net.leaf.key}:{code}", account="w1")
    assert one.post
    item = one.item("watering", ago=30, case=site.number, way="mist")
    assert [one.send(item)[0].state for _ in range(2)] == [State.DONE] * 2
    (line,) = watering.log(room, site, NOON).lines
    assert (line.way, line.at, line.post) == ("mist", NOON - HOUR / 2, one.post)
    assert one.send(one.item("watering", case=site.number, way="prayer"))[0].state is State.REFUSED
    listed_ = next(
        row for row in said_of_all(one.room, NOON, translator("zh"))["sites"] if row["number"] == site.number
    )
    assert (listed_["wet"], listed_["watered"]) == ("watered", (NOON - HOUR / 2).isoformat())
    holds(room)
