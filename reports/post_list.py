"""The list of posts: a tree that one walks down, or flat under a filter; every number and mark in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from desk.posts.load import Load, loads
from desk.posts.roster import holders
from desk.room import Room
from incidents.lifecycle import PostKind
from incidents.posts import Post
from layers.load import Area
from ledger.posts import Holding
from locales import Translator
from reports.roster import against, holder_name, over, post_grid
from reports.words import POST_KIND, post_title

ROOM, DEPARTMENTS = "room", "departments"
SHOWS = ("vacant", "stand_in", "over", "under")
MOST = 150
ORDER = (
    PostKind.FIRST_HEAD,
    PostKind.HEAD,
    PostKind.DEPUTY,
    PostKind.OFFICE,
    PostKind.INSPECTOR,
    PostKind.WORKER,
    PostKind.DISPATCHER,
    PostKind.DEPARTMENT,
)
Grid = tuple[str, str]


@dataclass(frozen=True)
class Asked:
    """What of the posts is asked for.

    Attributes
    ----------
    inside
        Grid at which the tree stands, or that the filter does not leave; None for the whole area.
    level
        A level or overlay, `ROOM` or `DEPARTMENTS`; "" for the tree.
    show
        One of `SHOWS`; "" for all.
    """

    inside: Grid | None = None
    level: str = ""
    show: str = ""
    text: str = ""

    @classmethod
    def of(cls, own: Mapping[str, str]) -> "Asked":
        """Read what an address asks for; what makes no sense narrows nothing."""
        level, _, code = own.get("in", "").partition(":")
        show = own.get("show", "")
        return cls(
            (level, code) if code else None, own.get("level", ""), show if show in SHOWS else "", own.get("q", "")
        )

    @property
    def flat(self) -> bool:
        """Whether a filter makes the list flat."""
        return bool(self.level or self.show or self.text)


@dataclass(frozen=True)
class Line:
    """One post of the list.

    Attributes
    ----------
    kind
        Its kind, where its title does not say it.
    depth
        How far it is set in.
    holders
        Names, stand-ins marked; "" where nobody holds it.
    marks
        Of households, open cases and sites: "over", "under" in words, "" within the norm.
    below
        Posts in the grids below.
    """

    key: str
    title: str
    kind: str
    grid: str
    depth: int
    holders: str
    is_vacant: bool
    load: Load
    marks: tuple[str, str, str]
    below: int = 0
    opens: str = ""


@dataclass(frozen=True)
class Listing:
    """What the page shows.

    Attributes
    ----------
    total
        Posts that match, shown or not.
    levels
        Level, overlay or group -> its name, number of posts, number of vacant ones.
    shows
        Each of `SHOWS` -> number of posts in the whole area.
    trail
        The grids from the widest down to where the tree stands: grid as the address writes it, and its name.
    """

    lines: Sequence[Line]
    total: int
    levels: Mapping[str, tuple[str, int, int]]
    shows: Mapping[str, int]
    trail: Sequence[tuple[str, str]] = ()
    held: Mapping[str, Sequence[Holding]] = field(default_factory=dict)
    loads: Mapping[str, Load] = field(default_factory=dict)


def listing(room: Room, asked: Asked, now: datetime, language: str, _: Translator) -> Listing:
    """Return the posts that are asked for, in the order of the tree."""
    posts, held, carried = room.register.posts(now), holders(room, now), loads(room, now)
    marks = {key: _marks(carried[key], _) for key in posts}
    shows = {
        name: {key for key, post in posts.items() if _shows(name, post, held.get(key, ()), carried[key], marks[key], _)}
        for name in SHOWS
    }
    chosen = [post for post in _ordered(room.area, posts.values()) if _wanted(room, asked, post, shows, held, language)]
    below, trail = _below(room.area, posts.values()), _trail(room, asked, language)
    lines = [
        Line(
            post.key,
            post_title(post, _),
            _kind(post, _),
            _beneath(post_grid(room, post, language), trail),
            0 if asked.flat else _depth(room.area, asked, post),
            "、".join(holder_name(one, _) for one in held.get(post.key, ())),
            post.key in shows["vacant"],
            carried[post.key],
            marks[post.key],
            below.get(post.grid, 0) if post.grid and post.kind is PostKind.HEAD else 0,
            ":".join(post.grid) if post.grid else "",
        )
        for post in chosen[:MOST]
    ]
    return Listing(
        lines,
        len(chosen),
        _levels(room, posts.values(), shows["vacant"], language, _),
        MappingProxyType({name: len(found) for name, found in shows.items()}),
        trail,
        held,
        carried,
    )


def _kind(post: Post, _: Translator) -> str:
    """Return the kind of a post where its title does not say it: of a head it always does."""
    name = _(POST_KIND[post.kind])
    return "" if post.kind is PostKind.HEAD or name in post_title(post, _) else name


def _beneath(name: str, trail: Sequence[tuple[str, str]]) -> str:
    """Return the name of a grid without that of the grid where the list stands, which need not be said twice."""
    return name.removeprefix(trail[-1][1]).strip() or name if trail else name


def _marks(load: Load, _: Translator) -> tuple[str, str, str]:
    return (
        against(load.households, load.households_norm, _),
        against(load.open, load.open_norm, _),
        against(load.sites, load.sites_norm, _),
    )


def _shows(name: str, post: Post, held: Sequence[Holding], load: Load, marks: Sequence[str], _: Translator) -> bool:
    if name == "vacant":
        return post.grid is not None and all(one.stand_in for one in held)
    if name == "stand_in":
        return any(one.stand_in for one in held)
    return over(load) if name == "over" else _("under") in marks


def _wanted(  # noqa: PLR0917
    room: Room,
    asked: Asked,
    post: Post,
    shows: Mapping[str, set[str]],
    held: Mapping[str, Sequence[Holding]],
    language: str,
) -> bool:
    area = room.area
    if asked.inside and (post.grid is None or asked.inside not in _path(area, post.grid)):
        return False
    if not asked.flat:
        return _in_tree(area, asked, post)
    if asked.show and post.key not in shows[asked.show]:
        return False
    if asked.level and group_of(post) != asked.level:
        return False
    said = " ".join(
        (post.title, post_grid(room, post, language), post.key, *(one.holder for one in held.get(post.key, ())))
    ).casefold()
    return all(word in said for word in asked.text.casefold().split())


def group_of(post: Post) -> str:
    """Return the level or overlay of a post, or which group of posts without a grid it belongs to."""
    if post.grid:
        return post.grid[0]
    return DEPARTMENTS if post.kind is PostKind.DEPARTMENT else ROOM


def _in_tree(area: Area, asked: Asked, post: Post) -> bool:
    """Tell whether a post stands in the tree where it is open: the grid's own and those of the grids right below; at the top the command room's too."""
    if post.grid is None:
        return asked.inside is None and group_of(post) == ROOM
    if post.grid[0] not in _level_keys(area):
        return asked.inside == post.grid
    return _depth(area, asked, post) <= 1


def _depth(area: Area, asked: Asked, post: Post) -> int:
    """Return how far below the open grid a post stands; at the top a single widest grid counts as open."""
    if post.grid is None or post.grid[0] not in _level_keys(area):
        return 0
    path = _path(area, post.grid)
    if asked.inside in path:
        return len(path) - 1 - path.index(asked.inside)
    top = area.net.levels[0]
    return len(path) - 1 if len(top) == 1 else (0 if len(path) == 1 else len(path))


def _levels(
    room: Room, posts: Iterable[Post], vacant: set[str], language: str, _: Translator
) -> dict[str, tuple[str, int, int]]:
    names = {ROOM: _("Command room")}
    names |= {level.key: level.name.in_(language) for level in room.area.net.levels}
    names |= {overlay.key: overlay.name.in_(language) for overlay in room.area.net.overlays}
    names[DEPARTMENTS] = _("Departments")
    count = dict.fromkeys(names, 0)
    empty = dict.fromkeys(names, 0)
    for post in posts:
        group = group_of(post)
        if group in count:
            count[group] += 1
            empty[group] += post.key in vacant
    return {key: (name, count[key], empty[key]) for key, name in names.items() if count[key]}


def _trail(room: Room, asked: Asked, language: str) -> list[tuple[str, str]]:
    if asked.inside is None:
        return []
    path = _path(room.area, asked.inside)
    named = [(grid, post_grid(room, Post("", PostKind.HEAD, "", grid), language)) for grid in path]
    return [(":".join(grid), name) for grid, name in named]


def _below(area: Area, posts: Iterable[Post]) -> dict[Grid, int]:
    """Return grid -> how many posts the grids below it have."""
    found: dict[Grid, int] = {}
    for post in posts:
        if post.grid and post.grid[0] in _level_keys(area):
            for grid in _path(area, post.grid)[:-1]:
                found[grid] = found.get(grid, 0) + 1
    return found


def _ordered(area: Area, posts: Iterable[Post]) -> list[Post]:
    """Return posts in the order of the tree: the command room, grids from the widest down, dedicated ones, departments."""
    overlays = [overlay.key for overlay in area.net.overlays]

    def place(post: Post) -> tuple[object, ...]:
        rank = ORDER.index(post.kind)
        if post.grid is None:
            return (3 if post.kind is PostKind.DEPARTMENT else 0, (), rank, post.key)
        if post.grid[0] in overlays:
            return (2, (overlays.index(post.grid[0]), post.grid[1]), rank, post.key)
        return (1, tuple(code for _, code in _path(area, post.grid)), rank, post.key)

    return sorted(posts, key=place)


def _path(area: Area, grid: Grid) -> tuple[Grid, ...]:
    """Return the grids from the widest down to one, itself last."""
    path, at = [grid], _parents(area).get(grid)
    while at is not None:
        path.append(at)
        at = _parents(area).get(at)
    return tuple(reversed(path))


def _level_keys(area: Area) -> tuple[str, ...]:
    return tuple(level.key for level in area.net.levels)


@lru_cache(maxsize=16)
def _parents(area: Area) -> Mapping[Grid, Grid]:
    """Return grid -> the grid above it."""
    levels, found = area.net.levels, {}
    for number, level in enumerate(levels[1:], start=1):
        above = levels[number - 1]
        for code, parent in zip(level.codes, level.parents, strict=True):
            if parent >= 0:
                found[level.key, str(code)] = (above.key, str(above.codes[int(parent)]))
    for stack in area.net.stacks:
        carrier = found.get((area.net.leaf.key, stack.on))
        if carrier:
            found[area.net.leaf.key, stack.code] = carrier
    return found
