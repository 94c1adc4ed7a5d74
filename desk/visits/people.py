"""Who has to do with visits: who sees one, who may plan, for whom, and whose head decides."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

import numpy as np

from desk.posts.acting import NOBODY
from desk.posts.own import seeing_posts
from desk.room import DISPATCHER, Room
from geo.errors import UnknownPost
from geo.net import Net
from incidents.access import Role
from incidents.lifecycle import By, PostKind
from incidents.posts import Post, line_of, post_key
from incidents.visits import PLANNERS, Visit
from ledger.visits import Sight, seen_in

SEES = "visits"  # capability; doing something takes "act" as well
CENTRE = By(DISPATCHER, PostKind.DISPATCHER)
VISITORS = frozenset({PostKind.WORKER, PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY})


def sight(room: Room) -> Sight:
    """Return whose visits who looks through a room sees: those of their posts, and of the places of their grid; None for all of the area.

    What they may do decides first: without the capability ``visits`` nobody sees any.
    """
    who = room.who
    if who is None:
        return None
    if not who.can(SEES):
        return frozenset()
    if who.role is Role.DEMO or who.scope.whole:
        return None
    key = who.scope.grid[0] if who.scope.grid else ""
    grids = frozenset(seen_in(key, code) for code in room.within.codes) if key else frozenset[str]()
    return seeing_posts(room.register.ever(), who) | grids


def may_plan(post: Post) -> bool:
    """Tell whether a post may plan visits: one of a grid, or the centre."""
    in_grid = post.grid is not None or post.kind is PostKind.DISPATCHER
    return post is not NOBODY and post.kind in PLANNERS and in_grid


def visitors(room: Room, now: datetime) -> dict[str, Post]:
    """Return the posts for which who looks through a room may plan, by key: those of their grid and of all below it."""
    scope = room.who.scope.grid if room.who else None
    inside = _below(room.area.net, scope) if scope else None
    return {
        key: post
        for key, post in room.register.posts(now).items()
        if post.kind in VISITORS and post.grid and (inside is None or post.grid in inside)
    }


def grids(room: Room) -> list[tuple[str, str]]:
    """Return the grids for which who looks through a room may plan, as level and code, the widest first."""
    net, scope = room.area.net, room.who.scope.grid if room.who else None
    inside = _below(net, scope) if scope else None
    found = [(level.key, str(code)) for level in net.levels for code in level.codes]
    kept = [grid for grid in found if inside is None or grid in inside]
    return kept if scope is None or scope in kept else [scope, *kept]


@lru_cache(maxsize=256)
def _below(net: Net, scope: tuple[str, str]) -> frozenset[tuple[str, str]]:
    """Return a grid and those below it, as level and code; of an overlay itself alone."""
    keys = [level.key for level in net.levels]
    if scope[0] not in keys:
        return frozenset({scope})
    above = net.ancestors(np.arange(len(net.leaf)))
    codes = {
        level.key: [str(level.codes[at]) if at >= 0 else "" for at in above[level.key]] for level in net.levels[:-1]
    }
    codes[net.leaf.key] = [str(code) for code in net.leaf.codes]
    places = [at for at, code in enumerate(codes[scope[0]]) if code == scope[1]]
    found = {(key, codes[key][at]) for key in keys[keys.index(scope[0]) :] for at in places}
    stacked = {(net.leaf.key, stack.code) for stack in net.stacks if (net.leaf.key, stack.on) in found}
    return frozenset(found | stacked | {scope})


def goes(post: Post, codes: Mapping[str, str]) -> bool:
    """Tell whether a place lies in the grid of a post."""
    return post.grid is not None and post.grid[1] in codes.get(post.grid[0], "").split(";")


def nearest(room: Room, codes: Mapping[str, str], now: datetime) -> Post:
    """Return the post that goes to a place where nobody is named: the worker of its micro-grid, else the nearest head.

    Raises
    ------
    UnknownPost
        The place has neither.
    """
    posts, leaf = room.register.posts(now), room.area.net.leaf.key
    worker = posts.get(post_key(PostKind.WORKER, leaf, codes.get(leaf, "")))
    found = worker or next(iter(line_of(room.area.net, codes, posts)), None)
    if found is None:
        raise UnknownPost(f"No post of {room.id} answers for that place. Name who goes there.")
    return found


def head_of(visit: Visit) -> str:
    """Return the post that decides about a visit which is late or meets nobody: its nearest keeper that does not go there itself, else the command room."""
    return next((key for key in visit.keepers if key != visit.visitor), DISPATCHER)
