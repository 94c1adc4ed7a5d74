"""The list of somebody in the field (我的待办): the open cases of their posts and of their grid, what may be done to each, and the classes that are reported most there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import shapely

from desk.posts.acting import posts_of
from desk.reading import ROOM_KINDS, lies_in, may_read
from desk.room import Room
from geo.net import Level, Net, Overlay
from incidents.case import Incident
from incidents.lifecycle import Act, By, allowed
from incidents.model import Mark
from incidents.posts import Post
from layers.grid_names import full_names
from ledger import find
from ledger.find import Wanted

MOST = 200  # cases of a list
USUAL, LATELY = 8, timedelta(days=90)  # classes that a form offers first, and the time in which they are counted
HELP = "help"  # 求助、要物资: a note that the next head answers
# What a phone may do to a case -> the act that it is.
ACTS: Mapping[str, Act] = MappingProxyType(
    {
        act.value: act
        for act in (
            Act.SELF_CLEAR,
            Act.ACCEPT,
            Act.FEEDBACK,
            Act.SEND_BACK,
            Act.ESCALATE,
            Act.NOTE,
            Act.ASK_EXTENSION,
            Act.POST_NOTICE,
            Act.CLEAR,
        )
    }
    | {HELP: Act.NOTE}
)


@dataclass(frozen=True)
class Task:
    """One case of a list.

    Attributes
    ----------
    mine
        Whether one of the asker's posts handles or answers for it.
    post
        The post as which they would act; None for who holds none.
    acts
        Keys of `ACTS` that this post may do to it now.
    photos
        How many there are.
    """

    case: Incident
    mine: bool
    post: Post | None
    acts: tuple[str, ...]
    photos: int


@dataclass(frozen=True)
class Grid:
    """A grid as a phone shows it; ``bounds`` are west, south, east, north in degrees."""

    level: str
    code: str
    name: str
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True)
class Mine:
    """What somebody's phone shows.

    Attributes
    ----------
    version
        Of the last change of the area's cases.
    tasks
        What is due first comes first.
    more
        How many open cases of theirs are left out.
    favourites
        Keys of classes.
    """

    version: int
    posts: tuple[Post, ...]
    tasks: tuple[Task, ...]
    more: int
    favourites: tuple[str, ...]


def mine(room: Room, now: datetime, *, most: int = MOST) -> Mine:
    """Return the list of who looks through a room."""
    posts = posts_of(room, room.who, now) if room.who else ()
    with room.ledger.reading() as connection:
        version = find.version(connection, room.id)
        own = [case for wanted in _own(room, posts) for case in _some(connection, wanted, most)]
        around = room.wanted(marks=_RED) if _has_part(room, posts) else None
        others = _some(connection, around, most) if around else []
        found = {case.number: case for case in (*_by_due(own)[:most], *others) if _reads(posts, case)}
        shown = _by_due(list(found.values())[:most])
        count = find.count(connection, around) if around else len({case.number for case in own})
        photos = find.photo_counts(connection, room.id, [case.number for case in shown])
        used = find.counts_by(connection, room.wanted(reported_since=now - LATELY), "class")
    tasks = tuple(_task(room, posts, case, photos.get(case.number, 0)) for case in shown)
    return Mine(version, posts, tasks, max(0, count - len(tasks)), _favourites(room, used))


def task(room: Room, case: Incident, now: datetime) -> Task:
    """Return one case as the list would have it."""
    posts = posts_of(room, room.who, now) if room.who else ()
    with room.ledger.reading() as connection:
        photos = find.photo_counts(connection, room.id, [case.number])
    return _task(room, posts, case, photos.get(case.number, 0))


def grids(room: Room) -> tuple[Grid, ...]:
    """Return the grid of who looks through a room and all micro-grids in it; for who has none, the grids of the level that divides the area."""
    return _grids(room.area.net, room.who.scope.grid if room.who else None)


@lru_cache(maxsize=256)
def _grids(net: Net, own: tuple[str, str] | None) -> tuple[Grid, ...]:
    if own is None:
        dividing = next((level for level in net.levels if len(level) > 1), net.leaf)
        return tuple(_of_level(net, dividing, range(len(dividing))))
    key, code = own
    if key == net.leaf.key:  # a micro-grid that is stacked on another lies where that one does
        code = next((stack.on for stack in net.stacks if stack.code == code), code)
    every: tuple[Level | Overlay, ...] = (*net.levels, *net.overlays)
    level = next(level for level in every if level.key == key)
    itself = [*_of_level(net, level, [level.positions[code]])] if code in level.positions else []
    if key == net.leaf.key or not isinstance(level, Level):
        return tuple(itself)
    places = [at for at, leaf in enumerate(net.leaf.codes) if lies_in(net, (net.leaf.key, str(leaf)), (key, code))]
    return (*itself, *_of_level(net, net.leaf, places))


def _of_level(net: Net, level: Level | Overlay, places: Iterable[int]) -> Iterable[Grid]:
    names = full_names(net).get(level.key, {})
    for at in places:
        code, bounds = str(level.codes[at]), shapely.bounds(level.geoms[at])
        west, south, east, north = (round(float(value), 6) for value in bounds)
        yield Grid(level.key, code, names.get(code) or str(level.labels[at]), (west, south, east, north))


def may_do(room: Room, case: Incident, by: By) -> tuple[str, ...]:
    """Return what a post may do to a case from a phone, as keys of `ACTS`."""
    found = set(allowed(case.state, by))
    class_ = room.rules.directory.classes.get(case.class_)
    if class_ is None or not class_.self_clear:
        found.discard(Act.SELF_CLEAR)
    return tuple(name for name, act in ACTS.items() if act in found and not (name == HELP and by.kind in ROOM_KINDS))


def as_post(posts: Iterable[Post], case: Incident) -> Post | None:
    """Return as which of some posts one would act on a case: its handler, the one that answers for it, or the first."""
    by_key = {post.key: post for post in posts}
    return by_key.get(case.state.handler) or by_key.get(case.post) or next(iter(by_key.values()), None)


_RED = frozenset({Mark.RED.value})


def _own(room: Room, posts: Iterable[Post]) -> list[Wanted]:
    """Return the questions for what posts handle, and for what they answer for."""
    return [room.wanted(marks=_RED, **{column: post.key}) for post in posts for column in ("handler", "post")]


def _has_part(room: Room, posts: Iterable[Post]) -> bool:
    """Tell whether somebody looks after a part of the area, and not only what they handle."""
    return bool(room.within.grid) or any(post.kind in ROOM_KINDS for post in posts)


def _some(connection: Any, wanted: Wanted, most: int) -> list[Incident]:
    return find.incidents(connection, wanted, order="due", limit=most)


def _by_due(cases: Iterable[Incident]) -> list[Incident]:
    return sorted(cases, key=lambda case: (case.state.due is None, case.state.due or case.reported, case.number))


def _reads(posts: Iterable[Post], case: Incident) -> bool:
    return not case.restricted or any(may_read(post, case) for post in posts)


def _task(room: Room, posts: tuple[Post, ...], case: Incident, photos: int) -> Task:
    post = as_post(posts, case)
    keys = {post.key for post in posts}
    return Task(
        case, bool({case.state.handler, case.post} & keys), post, may_do(room, case, post.by) if post else (), photos
    )


def _favourites(room: Room, used: Mapping[str, int]) -> tuple[str, ...]:
    directory = room.rules.directory
    most = sorted((key for key in used if key in directory.classes), key=lambda key: (-used[key], key))
    return tuple(dict.fromkeys([*most[:USUAL], *directory.favourites]))[:USUAL]
