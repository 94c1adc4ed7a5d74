"""What a phone knows of places without a network: the buildings of its part, and the towers in which unit and floor tell the micro-grid."""

import json

import pytest
from orders import AREA, NOON
from phones import who
from rooms import room_of, shipped

from api.field.reading import said_of_list
from desk.field import places
from desk.field.mine import mine
from locales import translator


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    found = room_of(shipped(AREA), tmp_path_factory.mktemp("places"))
    yield found
    found.ledger.close()


def seen(room, role, part):
    return room.seen_by(who(AREA, role, part))


@pytest.fixture(scope="module")
def leaf(room):
    return room.area.net.leaf


def in_tower(room):
    """The code of a micro-grid that lies on another."""
    return room.area.net.stacks[0]


def test_a_worker_has_the_buildings_of_the_own_micro_grid(room, leaf):
    frame = room.area.points["buildings"]
    code = str(frame[leaf.key][0])
    own = frame[frame[leaf.key] == code]
    found = places.buildings(seen(room, "worker", f"{leaf.key}:{code}"))
    assert [one.code for one in found] == [str(one) for one in own["id"]]
    assert all(one.name for one in found)


def test_who_looks_after_many_takes_the_map(room):
    assert places.buildings(seen(room, "dispatcher", "")) == ()


def test_towers_are_those_of_the_own_part(room, leaf):
    stack = in_tower(room)
    every = places.towers(seen(room, "dispatcher", ""))
    (own,) = places.towers(seen(room, "worker", f"{leaf.key}:{stack.code}"))
    assert len(every) == len(room.area.net.stacked)
    assert stack in own.parts
    at = leaf.geoms[leaf.positions[stack.on]].bounds
    assert own.bounds == pytest.approx(at, abs=1e-6)
    elsewhere = next(str(code) for code in leaf.codes if code not in room.area.net.stacked)
    assert places.towers(seen(room, "worker", f"{leaf.key}:{elsewhere}")) == ()


def test_a_building_beyond_the_scope_is_none(room, leaf):
    row = room.area.points["buildings"].iloc[0]
    at, other = row.geometry, next(str(code) for code in leaf.codes if code != row[leaf.key])
    assert places.building_at(seen(room, "worker", f"{leaf.key}:{row[leaf.key]}"), at.x, at.y).code == row["id"]
    assert places.building_at(seen(room, "worker", f"{leaf.key}:{other}"), at.x, at.y) is None


def test_the_list_says_them_as_plain_values(room, leaf):
    own = seen(room, "worker", f"{leaf.key}:{in_tower(room).code}")
    said = json.loads(json.dumps(said_of_list(own, mine(own, NOON), translator("zh"))))["area"]
    assert "单元" in said["stacked"][0]["parts"]
    assert all(len(one) == 4 for one in said["buildings"])
