"""Who has to do with patrols: in which grids one may walk, who walks and keeps one. Who sees one is the same as with visits (`desk.visits.people.sight`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import numpy as np

from desk.posts.acting import NOBODY
from desk.room import DISPATCHER, Room
from desk.visits.people import grids as levels
from geo.errors import DraftError, UnknownPost
from geo.net import Level, Net, Overlay
from incidents.lifecycle import PostKind
from incidents.posts import Post, line_of, post_key
from inspections.patrols import PATROLLERS, Patrol

WALKERS = PATROLLERS  # whoever may write a patrol down may be named as walking it


def may_walk(post: Post) -> bool:
    """Tell whether a post may walk or plan a patrol."""
    return post is not NOBODY and post.kind in PATROLLERS


def grids(room: Room) -> list[tuple[str, str]]:
    """Return the grids that who looks through a room may patrol, as level or overlay and code, the widest first, dedicated grids last."""
    within, net = room.within, room.area.net
    known = levels(room)
    overlays = [(one.key, str(code)) for one in net.overlays if one.responsible for code in one.codes]
    inside = [grid for grid in overlays if not within.narrows or within.codes & {lineage(net, *grid).get(within.grid, "")}]  # fmt: skip
    return [*known, *(grid for grid in inside if grid not in known)]


@lru_cache(maxsize=4096)
def lineage(net: Net, level: str, code: str) -> Mapping[str, str]:
    """Return the codes of a grid and of those above it, by level; a dedicated grid lies in what its middle lies in, down to the grids of people's homes.

    Raises
    ------
    DraftError
        There is no such grid.
    """
    keys = [one.key for one in net.levels]
    layers: list[Level | Overlay] = [*net.levels, *net.overlays]
    of = next((one for one in layers if one.key == level), None)
    on = next((stack.on for stack in net.stacks if stack.code == code), code) if of is net.leaf else code
    if of is None or on not in of.positions:
        raise DraftError("There is no such grid. Choose one of the list.", field="patrol_grid")
    if level not in keys:
        middle = of.geoms[of.positions[on]].representative_point()
        row = net.assign(np.array([middle.x]), np.array([middle.y])).iloc[0]
        return {**{key: str(row[key] or "") for key in keys[:-1]}, level: code}
    found, place = {}, of.positions[on]
    for key in reversed(keys[: keys.index(level) + 1]):
        one = net.level(key)
        found[key] = str(one.codes[place])
        place = int(one.parents[place]) if key != keys[0] else -1
        if place < 0:
            break
    return {**dict(reversed(found.items())), level: code}


def inside(room: Room, grid: tuple[str, str]) -> Mapping[str, str]:
    """Return the codes of a grid that who looks through a room may patrol; raises DraftError."""
    if not grid[1]:
        raise DraftError("A patrol is walked in a grid. Choose it in the list.", field="patrol_nowhere")
    codes = lineage(room.area.net, *grid)
    if room.who and grid not in grids(room):
        raise DraftError("That grid is none of yours. Choose one of the list.", field="patrol_grid")
    return codes


def walkers(room: Room, keys: Sequence[str], needed: int, now: datetime) -> list[str]:
    """Return the posts that walk a patrol, each once.

    Raises
    ------
    DraftError
        There are fewer than its kind asks for, or too many.
    UnknownPost
        One is none, or is not of those that walk.
    """
    posts, found = room.register.posts(now), list(dict.fromkeys(key for key in keys if key))
    if not needed <= len(found) <= room.rules.patrols.most_walkers:
        raise DraftError(f"{needed} to {room.rules.patrols.most_walkers} posts walk such a patrol, {len(found)} are named. Choose among the posts.", field="patrol_walkers")  # fmt: skip
    strange = [key for key in found if key not in posts or posts[key].kind not in WALKERS]
    if strange:
        raise UnknownPost(f"{strange[0]!r} does not walk patrols. Choose a worker or a head of a grid.")
    return found


def usual(room: Room, codes: Mapping[str, str], needed: int, now: datetime) -> list[str]:
    """Return the posts that walk in a grid where a plan names none: its worker and its heads, the nearest first, as many as its kind asks for; fewer where there are no more."""
    posts = room.register.posts(now)
    overlay = [posts.get(post_key(PostKind.HEAD, one.key, codes.get(one.key, ""))) for one in room.area.net.overlays]
    leaf = room.area.net.leaf.key
    near = [*overlay, posts.get(post_key(PostKind.WORKER, leaf, codes.get(leaf, ""))), *line_of(room.area.net, codes, posts)]  # fmt: skip
    found = dict.fromkeys(post.key for post in near if post and post.kind in WALKERS)
    return list(found)[:needed] or [DISPATCHER]


def head_of(patrol: Patrol) -> str:
    """Return the post that is told of a patrol that nobody walked: its nearest keeper that was not to walk it, else the command room."""
    return next((key for key in patrol.keepers if key not in patrol.walkers), DISPATCHER)
