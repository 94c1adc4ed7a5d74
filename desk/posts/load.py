"""The load of posts beside the norms: what a post answers for, never how good somebody is. No post is ranked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from desk.room import Room
from desk.rules import Norms
from incidents.lifecycle import PostKind
from incidents.model import Mark
from incidents.posts import Post
from layers.load import Area
from ledger import posts

Norm = tuple[int, int]


@dataclass(frozen=True)
class Load:
    """What one post carries, and the norm for each number as (from, to); None where there is no grid, or no norm.

    Attributes
    ----------
    households, sites
        In its grid.
    open
        Open cases that it answers for now: as handler, or as the responsible post of what nobody was sent to.
    in_grid
        Open cases in its grid, whoever handles them.
    """

    open: int
    households: int | None = None
    sites: int | None = None
    in_grid: int | None = None
    households_norm: Norm | None = None
    open_norm: Norm | None = None
    sites_norm: Norm | None = None


def loads(room: Room, now: datetime) -> dict[str, Load]:
    """Return the load of every post, by key."""
    is_open = room.wanted(marks=frozenset({Mark.RED.value}))
    with room.ledger.reading() as connection:
        answering = posts.open_by_post(connection, is_open)
        in_grid = posts.open_by_grid(connection, is_open)
    norms = room.rules.settings.norms
    there = _counts(room.area)
    return {
        key: _load(room.area, post, norms, there, answering.get(key, 0), in_grid)
        for key, post in room.register.posts(now).items()
    }


def _load(  # noqa: PLR0917
    area: Area,
    post: Post,
    norms: Norms,
    there: Mapping[str, Mapping[tuple[str, str], int]],
    answering: int,
    in_grid: Mapping[tuple[str, str], int],
) -> Load:
    if post.grid is None:
        return Load(answering)
    leaf = post.grid[0] == area.net.leaf.key
    of_grid = post.kind in {PostKind.HEAD, PostKind.WORKER}
    return Load(
        answering,
        there["households"].get(post.grid, 0),
        there["sites"].get(post.grid, 0),
        in_grid.get(post.grid, 0),
        households_norm=_households(area, post.grid[0], norms) if of_grid else None,
        open_norm=(0, norms.open_incidents),
        sites_norm=(0, norms.sites) if leaf and of_grid else None,
    )


def _households(area: Area, level: str, norms: Norms) -> Norm | None:
    """Return the norm of a level: the leaf has one, the level above it another."""
    keys = [one.key for one in area.net.levels]
    if level == keys[-1]:
        return norms.leaf_households
    return norms.above_households if len(keys) > 1 and level == keys[-2] else None


@lru_cache(maxsize=16)
def _counts(area: Area) -> Mapping[str, Mapping[tuple[str, str], int]]:
    """Return households and sites by grid; of a tower's micro-grids the households that its table says."""
    households: dict[tuple[str, str], int] = {}
    sites: dict[tuple[str, str], int] = {}
    for entry in area.pack.points:
        frame = area.points[entry.key]
        for key in area.net.keys:
            if entry.kind == "building":
                found = frame.groupby(key)["households"].sum()
                for code, number in found.items():
                    households[key, str(code)] = households.get((key, str(code)), 0) + int(number)
            elif entry.kind == "site":
                for code, number in frame[key].value_counts().items():
                    sites[key, str(code)] = sites.get((key, str(code)), 0) + int(number)
    leaf = area.net.leaf.key
    households |= {(leaf, stack.code): stack.households for stack in area.net.stacks if stack.households is not None}
    return {"households": households, "sites": sites}
