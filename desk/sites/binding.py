"""Sources that have to be settled (污染源落格): on an edge, in no grid, in several grids, or without a post; each with the grids that come into question, settled by hand or by confirming the rule, and put back within the hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import numpy as np
import shapely

from desk.access.permissions import demand
from desk.room import Room
from desk.sites import register
from geo.errors import Conflict, DraftError
from geo.measure import centre_of, projection
from geo.net import Level, Net, Overlay
from incidents.lifecycle import By, PostKind
from inspections.site_rules import Group
from inspections.sites import Act, Site, State
from ledger import sites
from ledger.sites import Asked, Last
from ledger.writing import Writing

POLLUTION, EVERY = "pollution", "every"  # what is looked at
REACH_M = 60.0  # metres within which a grid comes into question
MOST_CANDIDATES = 6
MOST_AT_ONCE = 500
UNDO_WITHIN = timedelta(hours=1)
SETTLING = frozenset({Act.BIND, Act.UNBIND, Act.CONFIRM})


class Pile(StrEnum):
    """Why a site has to be looked at."""

    EDGE = "edge"
    OUTSIDE = "outside"
    SEVERAL = "several"
    NO_POST = "no_post"


@dataclass(frozen=True)
class Figure:
    """How many sites there are, and those of them for which a post answers."""

    all: int
    bound: int


@dataclass(frozen=True)
class Candidate:
    """A grid that comes into question for a site.

    Attributes
    ----------
    key, code
        Of a level or overlay.
    metres
        To its edge.
    inside
        Whether the site lies in it.
    post
        Key of the post that would answer there by the rule, "" for none.
    """

    key: str
    code: str
    metres: float
    inside: bool
    post: str


@dataclass(frozen=True)
class Carried:
    """How many sites a grid has, or a post answers for, and the norm; None where there is none."""

    key: str
    sites: int
    norm: int | None


# Looking


def about(room: Room, which: str = POLLUTION) -> Asked:
    """Return the question for the sites in use: sources of pollution, or every kind."""
    kinds = frozenset(key for key, kind in room.rules.sites.kinds.items() if kind.group is Group.POLLUTION)
    return Asked(room.id, kinds=frozenset() if which == EVERY else kinds, states=frozenset({State.ACTIVE.value}))


def figure(room: Room, part: tuple[str, str] | None = None, which: str = POLLUTION) -> Figure:
    """Count the sites in use and those of them for which a post answers, in a grid or in all that the room shows: what a wall shows too."""
    asked = replace(about(room, which), within=room.within, grid=part)
    with room.ledger.reading() as connection:
        every = sites.count(connection, asked)
        without = sites.count(connection, replace(asked, without_post=True)) if every else 0
    return Figure(every, every - without)


def asked_of(room: Room, pile: Pile, which: str = POLLUTION) -> Asked:
    """Return the question of a pile. A site leaves it once its post was named by hand, or that of the rule was confirmed."""
    asked, net = about(room, which), room.area.net
    if pile is Pile.NO_POST:
        return replace(asked, without_post=True)
    asked = replace(asked, unsettled=True)
    if pile is Pile.EDGE:
        return replace(asked, near_edge=True)
    if pile is Pile.OUTSIDE:
        return replace(asked, matches=frozenset({"outside", "nearest"}))
    dedicated = frozenset(overlay.key for overlay in net.overlays if overlay.responsible)
    return replace(asked, several=(frozenset({net.leaf.key}), *([dedicated] if dedicated else [])))


def counts(room: Room, which: str = POLLUTION) -> dict[Pile, int]:
    """Return how many sites each pile has, among those that who looks sees."""
    return {pile: register.count(room, asked_of(room, pile, which)) for pile in Pile}


def listed(
    room: Room, pile: Pile, which: str = POLLUTION, *, most: int | None = register.PAGE, skip: int = 0
) -> list[Site]:
    """Return a part of a pile, in order of the numbers."""
    return register.listed(room, asked_of(room, pile, which), most=most, skip=skip)


def candidates(room: Room, found: Sequence[Site]) -> list[list[Candidate]]:
    """Return for each site the micro-grids and dedicated grids near it, the nearest first: those that it lies in, those within `REACH_M`, and the nearest where there is none."""
    if not found:
        return []
    net, post = room.area.net, register.ruled(room)
    planar = projection(*centre_of(net.leaf.geoms))
    points = shapely.points(planar(np.array([[one.lon, one.lat] for one in found], dtype=np.float64)))
    near: list[list[Candidate]] = [[] for _ in found]
    asked: list[Level | Overlay] = [net.leaf, *(overlay for overlay in net.overlays if overlay.responsible)]
    for part in asked:
        tree = _tree(net, part.key)
        which, places = tree.query(points, predicate="dwithin", distance=REACH_M)
        lone = np.setdiff1d(np.arange(len(found)), which) if part is net.leaf else np.empty(0, dtype=np.int64)
        if len(lone):
            rows, nearest = tree.query_nearest(points[lone], all_matches=False)
            which, places = np.concatenate([which, lone[rows]]), np.concatenate([places, nearest])
        shapes = tree.geometries[places]
        edges = shapely.distance(shapely.boundary(shapes), points[which])
        insides = shapely.covers(shapes, points[which])
        for at, place, metres, inside in zip(which.tolist(), places.tolist(), edges.tolist(), insides.tolist(), strict=True):  # fmt: skip
            codes = _codes(net, part, place)
            near[at].append(Candidate(part.key, codes[part.key], round(metres, 1), bool(inside), post(codes)))
    return [sorted(some, key=lambda one: (not one.inside, one.metres, one.key, one.code))[:MOST_CANDIDATES] for some in near]  # fmt: skip


def by_grid(room: Room, key: str, which: str = POLLUTION) -> list[Carried]:
    """Return how many sites each grid of a level or overlay has, those without one too, in order of the codes; micro-grids beside the norm."""
    part = _part(room.area.net, key)
    there = register.counts(room, about(room, which), key)
    norm = room.rules.settings.norms.sites if key == room.area.net.leaf.key else None
    codes = [*map(str, part.codes), *(stack.code for stack in room.area.net.stacks if norm is not None)]
    shown = {code: there.get(code, 0) for code in codes if code in there or not room.within.narrows}
    return [Carried(code, many, norm) for code, many in sorted({**shown, **there}.items())]


def by_post(room: Room, which: str = POLLUTION) -> list[Carried]:
    """Return for how many sites each post answers, the most first; those of micro-grids beside the norm, "" for no post."""
    leaf, norm = room.area.net.leaf.key, room.rules.settings.norms.sites
    there = register.counts(room, about(room, which), "post")
    return [Carried(key, many, norm if key.startswith((f"{PostKind.HEAD.value}:{leaf}:", f"{PostKind.WORKER.value}:{leaf}:")) else None) for key, many in sorted(there.items(), key=lambda row: (-row[1], row[0]))]  # fmt: skip


# Settling


def bind(room: Room, seen: Sequence[Site], post: str, reason: str, day: date, by: By, now: datetime) -> list[Site]:  # noqa: PLR0917
    """Bind sites of a pile to a post by hand, all or none; raises as `register.put`."""
    return register.bind(room, _few(seen), post, reason, day, by, now)


def confirm(room: Room, seen: Sequence[Site], reason: str, day: date, by: By, now: datetime) -> list[Site]:  # noqa: PLR0917
    """Say of sites of a pile that the post of the rule is the right one, all or none; raises as `register.put`."""
    return register.confirm(room, _few(seen), reason, day, by, now)


def last(room: Room, by: By, now: datetime) -> Last | None:
    """Return what somebody settled last, where that can still be put back; None for nothing."""
    with room.ledger.reading() as connection:
        found = sites.last(connection, room.id, SETTLING | {Act.RESTORE}, by, now.astimezone(UTC) - UNDO_WITHIN)
    return found if found and found.act in SETTLING else None


def undo(room: Room, done: Last, by: By, now: datetime) -> list[Site]:
    """Put the sites of one settling back as they were bound, all or none.

    Raises
    ------
    DraftError
        More than an hour went by, or it was put back already.
    Conflict
        Somebody changed one of them since; nothing was written.
    """
    if room.who:
        demand(room.who, register.EDIT)
    if last(room, by, now) != done:
        raise DraftError("That was put back already, or more than an hour ago. Bind the sites anew.", field="site_undo")
    after = []
    for number, was in done.before.items():
        there = register.get(room, number)
        if there.version != was["version"]:
            raise Conflict(number, was["version"], there.version)
        after.append(_as_before(there, was))

    def work(writing: Writing) -> list[Site]:
        return sites.put_all(writing, room.id, after, Act.RESTORE, by=by, at=now.astimezone(UTC))

    return register.written(room, by, now, work)


def _as_before(there: Site, was: Mapping[str, object]) -> Site:
    said = {**there.to_json(), **{name: value for name, value in was.items() if name in {"post", "bound", "bound_reason", "bound_since"}}}  # fmt: skip
    return Site.from_json(said, number=there.number, version=there.version)


def _few(seen: Sequence[Site]) -> Sequence[Site]:
    if not 0 < len(seen) <= MOST_AT_ONCE:
        raise DraftError(f"{len(seen)} sites cannot be settled at once. Choose 1 to {MOST_AT_ONCE}.", field="site_many")
    return seen


def _part(net: Net, key: str) -> Level | Overlay:
    parts: list[Level | Overlay] = [*net.levels, *net.overlays]
    return next(part for part in parts if part.key == key)


@lru_cache(maxsize=16)
def _tree(net: Net, key: str) -> shapely.STRtree:
    """Return the grids of a level or overlay in metres around the middle of the net."""
    return shapely.STRtree(shapely.transform(_part(net, key).geoms, projection(*centre_of(net.leaf.geoms))))


def _codes(net: Net, part: Level | Overlay, place: int) -> dict[str, str]:
    """Return the codes of a grid and of all that it lies in; of an overlay its own alone."""
    if part is not net.leaf:
        return {part.key: str(part.codes[place])}
    above = net.ancestors(np.array([place]))
    return {level.key: str(level.codes[above[level.key][0]]) for level in net.levels if above[level.key][0] >= 0}
