"""What has to be settled of sites: piles, candidates, settling by hand or by confirming the rule, putting it back, loads; on both databases."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from rooms import DISPATCHER, NOON, room_of, shipped
from shapely import affinity

from desk.access.permissions import permissions_of
from desk.places import buildings
from desk.room import Room
from desk.sites import binding, rebind, register
from desk.sites.binding import EVERY, Pile
from desk.sites.register import Wish
from geo.errors import Conflict, DraftError, NoAccess
from incidents.access import Role, Scope, Who
from incidents.wall_views import WallView
from inspections.sites import Act, Bound
from ledger import sites
from ledger.sites import Asked
from ledger.verify import verify
from reports import wall

AREA = "longnan"
BY = replace(DISPATCHER, account="a1")
TODAY = NOON.date()


@pytest.fixture
def room(tmp_path, database):
    room = room_of(shipped(AREA), tmp_path / "ledger", database)
    yield room
    room.ledger.close()


def on_edges(room, count=4):
    """Sources on the edges of some micro-grids, and one shop that is none."""
    points = [geom.boundary.interpolate(0.37, normalized=True) for geom in room.area.net.leaf.geoms[:count]]
    made = [register.put(room, Wish("fumes", f"{at}号烧烤店", point.x, point.y), BY, NOON) for at, point in enumerate(points)]  # fmt: skip
    spot = next(iter(buildings(room.area).values()))
    register.put(room, Wish("gas_shop", "燃气门店", points[0].x, points[0].y), BY, NOON)
    return made, spot


def other_post(room, site):
    return next(key for key, post in room.posts.items() if post.grid and key != site.post)


def test_each_pile_is_counted_and_listed_by_one_question(room):
    made, _spot = on_edges(room)
    found = register.listed(room, Asked(AREA), most=None)
    net = room.area.net
    dedicated = [overlay.key for overlay in net.overlays if overlay.responsible]

    def several(one):
        return ";" in one.codes[net.leaf.key] or sum(len(list(filter(None, one.codes.get(key, "").split(";")))) for key in dedicated) > 1  # fmt: skip

    wanted = {
        Pile.EDGE: [one for one in found if one.match == "boundary" or one.edge_m is not None],
        Pile.OUTSIDE: [one for one in found if one.match in {"outside", "nearest"}],
        Pile.SEVERAL: [one for one in found if several(one)],
        Pile.NO_POST: [one for one in found if not one.post],
    }
    assert len(wanted[Pile.EDGE]) == len(made) + 1
    for pile, some in wanted.items():
        assert binding.listed(room, pile, EVERY) == some
        assert binding.counts(room, EVERY)[pile] == len(some)
        assert binding.listed(room, pile, most=None) == [one for one in some if one.kind == "fumes"]
    assert binding.listed(room, Pile.EDGE, most=2, skip=1) == made[1:3]


def test_the_figure_is_that_of_the_wall(room):
    made, _spot = on_edges(room)
    figure = binding.figure(room)
    assert (figure.all, figure.bound) == (len(made), sum(1 for one in made if one.post))
    assert wall.sources(room, WallView("view", "大屏")) == {"all": figure.all, "bound": figure.bound}


def test_the_grids_that_come_into_question_are_those_near_by_with_their_posts(room):
    made, _spot = on_edges(room)
    net, ruled = room.area.net, register.ruled(room)
    for one, near in zip(made, binding.candidates(room, made), strict=True):
        own = one.codes[net.leaf.key].split(";")[0]
        assert own in {candidate.code for candidate in near}
        assert min(candidate.metres for candidate in near) < 1
        assert [candidate.inside for candidate in near] == sorted((one.inside for one in near), reverse=True)
        leaf = next(candidate for candidate in near if candidate.code == own)
        assert leaf.post == ruled({key: one.codes[key] for key in (level.key for level in net.levels)})


def test_a_pile_is_settled_by_hand_or_by_confirming_and_put_back_within_the_hour(room):
    made, _spot = on_edges(room)
    post = other_post(room, made[0])
    done = binding.bind(room, made[:3], post, "社区现场核实", TODAY, BY, NOON)
    assert [(one.post, one.bound) for one in done] == [(post, Bound.HAND)] * 3
    assert binding.counts(room)[Pile.EDGE] == len(made) - 3
    later = NOON + timedelta(minutes=59)
    assert binding.last(room, replace(BY, account="a2"), later) is None
    assert binding.last(room, BY, NOON + timedelta(minutes=61)) is None
    found = binding.last(room, BY, later)
    assert {*found.before} == {one.number for one in made[:3]}
    back = binding.undo(room, found, BY, later)
    assert [replace(one, version=0) for one in back] == [replace(one, version=0) for one in sorted(made[:3], key=lambda one: [*found.before].index(one.number))]  # fmt: skip
    with pytest.raises(DraftError):
        binding.undo(room, found, BY, later)
    seen = binding.listed(room, Pile.EDGE)
    kept = binding.confirm(room, seen, "按规则", TODAY, BY, later)
    assert [(one.post, one.bound, one.bound_reason) for one in kept] == [(one.post, Bound.RULE, "按规则") for one in seen]  # fmt: skip
    assert binding.counts(room)[Pile.EDGE] == 0
    assert verify(room.ledger, now=later).breaks == ()


def test_who_changed_a_site_since_keeps_it_from_being_put_back(room):
    made, _spot = on_edges(room)
    binding.bind(room, made[:2], other_post(room, made[0]), "核实", TODAY, BY, NOON)
    found, later = binding.last(room, BY, NOON), NOON + timedelta(minutes=5)
    register.turn(room, register.get(room, made[1].number), Act.SUSPEND, "装修", TODAY, BY, later)
    with pytest.raises(Conflict):
        binding.undo(room, found, BY, later)
    assert register.get(room, made[0].number).bound is Bound.HAND


def test_a_confirmed_rule_holds_until_the_grids_are_others(room):
    made, _spot = on_edges(room)
    binding.confirm(room, made, "核实", TODAY, BY, NOON)
    one = register.get(room, made[0].number)
    same = register.put(room, Wish("fumes", "改名烧烤店", one.lon, one.lat, number=one.number, version=one.version), BY, NOON)  # fmt: skip
    assert same.bound_since == TODAY
    net = room.area.net
    geoms = np.array([affinity.translate(geom, xoff=0.02) for geom in net.leaf.geoms], dtype=object)
    after = Room(replace(room.area, net=replace(net, levels=(*net.levels[:-1], replace(net.leaf, geoms=geoms)))), room.rules, room.ledger)  # fmt: skip
    planned = rebind.plan(after)
    moved = {row.number for row in planned.differences()}
    rebind.sign(after, planned, planned.code, BY, NOON)
    for site in made:
        assert (register.get(room, site.number).bound_since is None) == (site.number in moved)
    assert moved
    assert verify(room.ledger, now=NOON).breaks == ()


@pytest.mark.parametrize(("chosen", "field"), [([], "site_many"), (range(501), "site_many")])
def test_none_and_too_many_are_refused(room, chosen, field):
    (one, *_rest), _spot = on_edges(room, 1)
    with pytest.raises(DraftError) as caught:
        binding.confirm(room, [one for _ in chosen], "核实", TODAY, BY, NOON)
    assert caught.value.field == field


def test_a_site_without_a_post_has_nothing_to_confirm(room):
    (one, *_rest), _spot = on_edges(room, 1)
    room.ledger.change(lambda writing: sites.put(writing, AREA, replace(one, post=""), Act.EDIT, by=BY, at=NOON))
    (lost,) = binding.listed(room, Pile.NO_POST)
    with pytest.raises(DraftError):
        binding.confirm(room, [lost], "核实", TODAY, BY, NOON)
    assert (binding.figure(room).all, binding.figure(room).bound) == (1, 0)


def test_loads_stand_beside_the_norm_and_count_every_site_once_for_a_post(room):
    made, _spot = on_edges(room)
    leaf = room.area.net.leaf.key
    grids = binding.by_grid(room, leaf)
    assert sum(one.sites for one in grids) == sum(len(one.codes[leaf].split(";")) for one in made)
    assert {one.norm for one in grids} == {room.rules.settings.norms.sites}
    assert sum(one.sites for one in binding.by_post(room)) == len(made)


def test_who_may_not_change_sites_settles_nothing_and_a_community_sees_its_own(room):
    made, _spot = on_edges(room)
    level = room.area.net.levels[-2]
    code = made[0].codes[level.key].split(";")[0]
    office = permissions_of(None).given(Who("a1", "li", Role.COMMUNITY, Scope.read(f"{AREA}:{level.key}:{code}"), "s"))
    own = binding.listed(room.seen_by(office), Pile.EDGE)
    assert made[0].number in {one.number for one in own}
    assert all(code in one.codes[level.key].split(";") for one in own)
    looks = room.seen_by(permissions_of(None).given(Who("a2", "wang", Role.INSPECTOR, Scope.read(AREA), "s2")))
    with pytest.raises(NoAccess):
        binding.confirm(looks, made[:1], "核实", TODAY, BY, NOON)
