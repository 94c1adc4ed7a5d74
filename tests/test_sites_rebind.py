"""Sites and a net that was redrawn: found again in one pass, listed, signed or not, in one change."""

from dataclasses import replace

import numpy as np
import pytest
from rooms import DISPATCHER, NOON, room_of, shipped
from shapely import affinity

from desk.access.permissions import permissions_of
from desk.places import buildings
from desk.places.place import places
from desk.room import Room
from desk.sites import rebind, register
from desk.sites.register import Wish
from geo.errors import Conflict, DraftError, NoAccess
from incidents.access import Role, Scope, Who
from inspections.sites import Act, Bound
from ledger.sites import Asked
from ledger.verify import verify

AREA = "longnan"


@pytest.fixture
def room(tmp_path):
    room = room_of(shipped(AREA), tmp_path / "ledger")
    yield room
    room.ledger.close()


@pytest.fixture
def either(tmp_path, database):
    room = room_of(shipped(AREA), tmp_path / "ledger", database)
    yield room
    room.ledger.close()


def fill(room, count=60):
    spots = list(buildings(room.area).values())
    return [register.put(room, Wish("gas_shop", f"{at}号门店", spot.lon, spot.lat), DISPATCHER, NOON) for at, spot in enumerate(spots[:: len(spots) // count])]  # fmt: skip


def redrawn(room, metres=60.0):
    """The same area with every micro-grid moved to the east."""
    net = room.area.net
    geoms = np.array([affinity.translate(one, xoff=metres / 91_000) for one in net.leaf.geoms], dtype=object)
    levels = (*net.levels[:-1], replace(net.leaf, geoms=geoms))
    made = replace(net, levels=levels)
    return Room(replace(room.area, net=made), room.rules, room.ledger)


def test_while_the_net_stays_nothing_differs(room):
    made = fill(room)
    found = rebind.plan(room)
    assert (found.total, found.moved, found.differences()) == (len(made), [], [])
    assert rebind.sign(room, found, found.code, DISPATCHER, NOON) == 0


def test_what_differs_is_listed_and_nothing_changes_until_it_is_signed(either):
    made = fill(either)
    after = redrawn(either)
    found = rebind.plan(after)
    listed = {one.number: one for one in found.differences()}
    assert 0 < len(listed) < len(made)
    assert [register.get(either, one.number) for one in made] == made
    with pytest.raises(DraftError, match="Look at it again"):
        rebind.sign(after, found, "0" * 12, DISPATCHER, NOON)
    assert rebind.sign(after, found, found.code, DISPATCHER, NOON) == len(listed)
    lon, lat = (np.array([getattr(one, axis) for one in made]) for axis in ("lon", "lat"))
    for one, place in zip(made, places(after, lon, lat), strict=True):
        now = register.get(either, one.number)
        if one.number in listed:
            assert (dict(listed[one.number].codes[0]), dict(listed[one.number].codes[1])) == (
                dict(one.codes),
                dict(now.codes),
            )
            assert listed[one.number].post == (one.post, now.post)
            assert register.history(either, one.number)[-1]["act"] == Act.REBIND.value
        else:
            assert (now.codes, now.post) == (one.codes, one.post)
        if not isinstance(place, Exception):
            assert (dict(now.codes), now.match, now.edge_m) == (dict(place.codes), place.match, place.edge_m)
    leaf = either.area.net.leaf.key
    counted = register.counts(either, Asked(AREA), leaf)
    assert sum(counted.values()) == sum(len(list(filter(None, one.codes[leaf].split(";")))) for one in register.listed(either, Asked(AREA), most=None))  # fmt: skip
    assert rebind.plan(after).moved == []
    assert verify(either.ledger, now=NOON).breaks == ()


def test_a_post_named_by_hand_stays_while_the_codes_move(room):
    made = fill(room)
    after = redrawn(room)
    moved = rebind.plan(after).differences()[0].number
    one = register.get(room, moved)
    other = next(key for key, post in room.posts.items() if post.grid and key != one.post)
    register.bind(room, [one], other, "社区调整", NOON.date(), DISPATCHER, NOON)
    found = rebind.plan(after)
    difference = next(row for row in found.differences() if row.number == moved)
    assert difference.post == (other, other)
    rebind.sign(after, found, found.code, DISPATCHER, NOON)
    now = register.get(room, moved)
    assert (now.post, now.bound, dict(now.codes)) == (other, Bound.HAND, dict(difference.codes[1]))
    assert made


def test_who_changed_a_site_meanwhile_stops_the_signature(room):
    fill(room)
    after = redrawn(room)
    found = rebind.plan(after)
    one = register.get(room, found.differences()[0].number)
    register.turn(room, one, Act.SUSPEND, "装修", NOON.date(), DISPATCHER, NOON)
    with pytest.raises(Conflict):
        rebind.sign(after, found, found.code, DISPATCHER, NOON)
    assert [row["act"] for row in register.history(room, one.number)] == ["add", "suspend"]
    assert rebind.plan(after).code != found.code


def test_a_site_that_lies_in_no_grid_any_more_is_kept_and_said(room):
    made = fill(room, 20)
    far = redrawn(room, metres=100_000)
    found = rebind.plan(far)
    assert found.counts["outside"] == len(made)
    rebind.sign(far, found, found.code, DISPATCHER, NOON)
    lost = register.listed(room, Asked(AREA, matches=frozenset({"outside"})), most=None)
    assert len(lost) == len(made)
    assert all(one.codes[room.area.net.leaf.key] == "" for one in lost)
    assert verify(room.ledger, now=NOON).breaks == ()


def test_only_who_sees_all_of_the_area_binds_anew(room):
    fill(room, 10)
    level = room.area.net.levels[-2]
    head = permissions_of(None).given(
        Who("a1", "li", Role.COMMUNITY, Scope.read(f"{AREA}:{level.key}:{level.codes[0]}"), "s1")
    )
    demo = permissions_of(None).given(Who("a2", "look", Role.INSPECTOR, Scope.read(AREA), "s2"))
    for who in (head, demo):
        with pytest.raises(NoAccess):
            rebind.plan(room.seen_by(who))


def test_the_micro_grid_of_a_tower_that_was_told_stays_while_it_is_in_question():
    before = {"micro": "b", "grid": "1"}
    assert register.told({"micro": "a;b", "grid": "1"}, before, "micro") == {"micro": "b", "grid": "1"}
    assert register.told({"micro": "a;c", "grid": "2"}, before, "micro") == {"micro": "a;c", "grid": "2"}
    assert register.told({"micro": "c", "grid": "2"}, before, "micro") == {"micro": "c", "grid": "2"}
