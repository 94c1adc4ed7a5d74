"""Patrols on a phone: those that one's posts walk tonight or walked lately, what may be done to each, and in which grids and with whom one walks; and what is sent of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from desk.patrols.acts import Doing, Walked
from desk.patrols.people import WALKERS, grids, lineage, may_walk
from desk.posts.acting import posts_of
from desk.room import Room
from desk.visits.acts import today
from desk.visits.people import SEES
from incidents.posts import Post
from inspections.patrols import COUNTS, Act, State, allowed
from ledger import patrols
from ledger.patrols import Filed

MOST = 60  # patrols of a list
MOST_GRIDS, MOST_POSTS = 40, 60  # that a form offers
LATELY = timedelta(days=2)
NEW = "patrol_new"  # walked without a plan
# What a phone may do to a patrol -> the act that it is.
ACTS: Mapping[str, Act] = MappingProxyType({"patrol_done": Act.DONE, "patrol_note": Act.NOTE, "patrol_cancel": Act.CANCEL})  # fmt: skip
DOES = frozenset({NEW, *ACTS})


@dataclass(frozen=True)
class Errand:
    """A patrol of a list: as which post one would act on it, and what that post may do."""

    filed: Filed
    post: Post
    acts: tuple[str, ...]


@dataclass(frozen=True)
class Choices:
    """What a form of a patrol offers: grids by level and code, and posts that walk there."""

    grids: tuple[tuple[str, str], ...]
    posts: tuple[Post, ...]


def errands(room: Room, now: datetime) -> tuple[Errand, ...]:
    """Return the patrols of the posts of who looks through a room: those of tonight, and of the last nights."""
    posts = _posts(room, now)
    if not posts:
        return ()
    day = today(room, now)
    with room.ledger.reading() as connection:
        found = patrols.of_posts(connection, room.id, [post.key for post in posts], day - LATELY, day, most=MOST)
    return tuple(_errand(posts, one) for one in found)


def choices(room: Room, now: datetime) -> Choices | None:
    """Return what a form offers; None for who walks no patrols. One's own grids come first, and the posts on the line of one's own grid."""
    posts = _posts(room, now)
    if not any(may_walk(post) for post in posts):
        return None
    own = [post.grid for post in posts if post.grid]
    known = grids(room)
    first = [grid for grid in own if grid in known]
    near: set[tuple[str, str]] = set()
    for grid in own:
        near |= set(lineage(room.area.net, *grid).items())
    registered = room.register.posts(now).values()
    walk = [post for post in registered if post.kind in WALKERS and (post.grid is None or post.grid in near or post.grid in known)]  # fmt: skip
    ordered = sorted(walk, key=lambda post: (post.grid not in own, post.grid not in near, post.key))
    return Choices(tuple(dict.fromkeys([*first, *known]))[:MOST_GRIDS], tuple(ordered[:MOST_POSTS]))


def walked_of(data: Mapping[str, Any], shift: timedelta, item: str) -> Walked:
    """Return what came of a patrol as a phone sent it.

    Parameters
    ----------
    data
        As `desk.field.items.facts` gives it.
    shift
        By how much our clock is ahead of the phone's.
    """
    found, cleared, reported = (int(data.get(name, 0)) for name in COUNTS)
    walkers, outcomes, topics = (tuple(data.get(name, ())) for name in ("walkers", "outcomes", "topics"))
    return Walked(data["since"] + shift, data["until"] + shift, walkers, outcomes, topics, found, cleared, reported, text=data.get("text", ""), item=item)  # fmt: skip


def doing_of(do: str, number: str, data: Mapping[str, Any], shift: timedelta, item: str) -> Doing:
    """Return what a phone did to a patrol."""
    act = ACTS[do]
    if act is Act.DONE:
        return Doing(number, act, walked_of(data, shift, item))
    return Doing(number, act, data={**data, "item_key": item})


def _posts(room: Room, now: datetime) -> tuple[Post, ...]:
    return posts_of(room, room.who, now) if room.who and room.who.can(SEES) and room.who.can("act") else ()


def _errand(posts: tuple[Post, ...], filed: Filed) -> Errand:
    """Return a patrol as the post of one's own that walks it would act."""
    post = next((post for post in posts if post.key in filed.state.walkers), posts[0])
    may = set(allowed(filed.state, post.by)) - ({Act.NOTE} if filed.state.state is State.PLANNED else set())
    return Errand(filed, post, tuple(name for name, act in ACTS.items() if act in may))
