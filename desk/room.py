"""A room (指挥室): one area with its rules and the ledger, and the clock by which it looks at things."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from desk.posts.own import seeing_posts
from desk.posts.register import Register
from desk.rules import Rules
from geo.errors import NoAccess, UnknownPost
from geo.scheme import Name
from incidents.access import Who
from incidents.case import Incident
from incidents.lifecycle import PostKind
from incidents.posts import Post, heads, kind_of, post_key
from incidents.within import Within
from layers.grid_names import full_names
from layers.load import Area
from ledger import find
from ledger.find import EVERYTHING, Wanted
from ledger.store import Ledger

DISPATCHER = post_key(PostKind.DISPATCHER)
ROOM_POSTS = (PostKind.DISPATCHER, PostKind.INSPECTOR)


@dataclass(frozen=True, eq=False)
class Room:
    """One area, its rules, and the ledger of all areas; for who looks through it, only as far as they see.

    Two rooms are the same where area, rules, ledger and `within` are, so that what was worked out for one holds for all who see as far.

    Attributes
    ----------
    who
        Who looks through it; None for nobody: the desk's own work, the clock, an import, the command line.
    """

    area: Area
    rules: Rules
    ledger: Ledger
    who: Who | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Room) and self._same == other._same

    def __hash__(self) -> int:
        return hash(self._same)

    @cached_property
    def _same(self) -> tuple[int, int, int, Within]:
        return id(self.area), id(self.rules), id(self.ledger), self.within

    @property
    def id(self) -> str:
        """Name of the area."""
        return self.area.id

    def clock(self, now: datetime) -> pd.Timestamp:
        """Return the time by which deadlines and periods are counted, in the area's zone: now, or for an archive the latest time of its data."""
        if self.area.pack.archive and self.area.as_of is not None:
            return self.area.as_of
        return pd.Timestamp(now).tz_convert(self.area.pack.timezone)

    def shift(self, now: datetime) -> datetime:
        """Return when the present shift began."""
        return self.rules.settings.shift(self.clock(now).to_pydatetime())

    def in_hours(self, now: datetime) -> bool:
        """Tell whether a time lies in the working hours of the area's calendar."""
        local = now.astimezone(self.area.pack.timezone)
        return self.rules.calendar.working_time(local, local + timedelta(minutes=1)) > timedelta(0)

    def seen_by(self, who: Who) -> "Room":
        """Return the same room as somebody sees it: whatever is read through it lies in their scope.

        Raises
        ------
        NoAccess
            Their scope does not cover the area.
        """
        if not who.scope.covers(self.id):
            raise NoAccess(f"The scope {who.scope} does not cover {self.id}. Ask the security administrator.", "scope")
        return self._as(who)

    @property
    def whole(self) -> "Room":
        """The room with nobody looking through it, for what is worked out and not shown."""
        return self._as(None) if self.who else self

    def _as(self, who: Who | None) -> "Room":
        seen = replace(self, who=who)
        vars(seen).update(register=self.register, own_posts=self.own_posts)  # one register for all
        return seen

    @cached_property
    def within(self) -> Within:
        """How far who looks through it sees: a grid and all below it and what their posts have to work on, or everything; and whether they read words."""
        if self.who is None:
            return EVERYTHING
        scope, words = self.who.scope, self.who.can("cases")
        if scope.whole:
            return Within(words=words)
        key, codes = (scope.grid[0], self._codes_of(*scope.grid)) if scope.grid else ("", frozenset[str]())
        return Within(key, codes, seeing_posts(self.register.ever(), self.who), words)

    def _codes_of(self, key: str, code: str) -> frozenset[str]:
        """Return the codes that a grid stands for: its own, or those of the micro-grids that are stacked on it."""
        net = self.area.net
        stacked = net.stacked.get(code, ()) if key == net.leaf.key else ()
        return frozenset(stack.code for stack in stacked) or frozenset({code})

    def wanted(self, **asked: object) -> Wanted:
        """Return a question about this area, as far as who asks sees: every question of a desk, a report or a page is made here."""
        return Wanted(area=self.id, within=self.within, **asked)  # type: ignore[arg-type]  # the names of Wanted

    def version(self) -> int:
        """Return the version of the last change to the cases of the area, whoever sees them."""
        with self.ledger.reading() as connection:
            return find.version(connection, self.id)

    def sees(self, case: Incident) -> bool:
        """Tell whether who looks sees a case."""
        return self.within.holds(case)

    def get(self, number: str) -> Incident:
        """Return a case.

        Raises
        ------
        UnknownIncident
            There is none of that number, or none for who looks: the answer does not tell which.
        """
        with self.ledger.reading() as connection:
            return find.get(connection, self.id, number, self.within)

    def history(self, number: str) -> list[dict[str, Any]]:
        """Return the history of a case, oldest first; raises UnknownIncident as `get`."""
        return self.sheet(number)[1]

    def sheet(self, number: str) -> tuple[Incident, list[dict[str, Any]], list[dict[str, Any]]]:
        """Return a case, its history and its photos, all of one moment; raises UnknownIncident as `get`."""
        with self.ledger.reading() as connection:
            case = find.get(connection, self.id, number, self.within)
            return case, find.entries(connection, self.id, number), find.photos(connection, self.id, number)

    def linked(self, case: Incident) -> list[Incident]:
        """Return the cases that a person linked with one, among those that who looks sees."""
        with self.ledger.reading() as connection:
            kinds = find.related(connection, self.id, case.number)
            numbers = frozenset(number for number, kind in kinds.items() if kind == "linked")
            found = find.incidents(connection, self.wanted(numbers=numbers)) if numbers else []
        return sorted(found, key=lambda other: other.number)

    def of_photo(self, sha256: str) -> list[Incident]:
        """Return the cases that name a photo, or its small picture, by its digest."""
        with self.ledger.reading() as connection:
            return find.of_photo(connection, self.wanted(), sha256)

    @property
    def posts(self) -> Mapping[str, Post]:
        """The posts that there are, by key: the area's own, and what the ledger added, renamed and abolished."""
        return self.register.posts()

    @cached_property
    def register(self) -> Register:
        """The register of posts, which follows the ledger."""
        return Register(self.id, self.own_posts, self.ledger)

    @cached_property
    def own_posts(self) -> Mapping[str, Post]:
        """The posts that the area itself has, by key: the command room's, the heads of its grids, and the departments of its directory."""
        room = {post_key(kind): Post(post_key(kind), kind, TITLES[kind]) for kind in ROOM_POSTS}
        names = dict.fromkeys(found.authority for found in self.rules.directory.classes.values() if found.authority)
        departments = {post_key(PostKind.DEPARTMENT, "", name): name for name in names}
        return {
            **room,
            **heads(self.area.net),
            **{key: Post(key, PostKind.DEPARTMENT, name) for key, name in departments.items()},
        }

    def codes_of(self, leaf: str) -> dict[str, str]:
        """Return the codes of a micro-grid and of the levels above it.

        Raises
        ------
        UnknownGrid
            The net has no micro-grid of that code.
        """
        net = self.area.net
        carrier = next((stack.on for stack in net.stacks if stack.code == leaf), leaf)
        above = net.ancestors(np.array([net.leaf.position(carrier)]))
        codes = {key: str(net.level(key).codes[found[0]]) if found[0] >= 0 else "" for key, found in above.items()}
        return {**codes, net.leaf.key: leaf}

    def class_name(self, key: str) -> Name:
        """Return the name of a class or major class; one that the directory does not know is called as the pack calls it, or by its key."""
        directory = self.rules.directory
        if key in directory.classes or key in directory.majors:
            return directory.name(key)
        return self._pack_names.get(key) or Name(key, key)

    @property
    def class_keys(self) -> tuple[str, ...]:
        """Keys of all classes and major classes: the directory's, and those that only the pack knows."""
        directory = self.rules.directory
        return tuple(dict.fromkeys((*directory.majors, *directory.classes, *self._pack_names)))

    @cached_property
    def _pack_names(self) -> Mapping[str, Name]:
        layers = (entry for entry in self.area.pack.points if entry.kind == "incident" and not entry.class_property)
        return {(entry.class_ or entry.key): entry.name for entry in layers}

    def post(self, key: str) -> Post:
        """Return a post by its key, one that was abolished included.

        Raises
        ------
        UnknownPost
            The key names no kind of post.
        """
        found = self.register.named(key)
        if found:
            return found
        kind = kind_of(key)
        _, level, code = key.split(":", 2) if key.count(":") > 1 else ("", "", "")
        if not code:
            raise UnknownPost(f"{self.id} has no post {key!r}. Choose one of its posts.")
        if not level:
            return Post(key, kind, code)
        name = full_names(self.area.net).get(level, {}).get(code, code)
        return Post(key, kind, f"{name} {GRID_TITLES[kind]}" if kind in GRID_TITLES else name, (level, code))


TITLES = {PostKind.DISPATCHER: "城运中心派遣员", PostKind.INSPECTOR: "督导员"}
GRID_TITLES = {  # of a post that stands in no register, as the pack's own are called
    PostKind.WORKER: "网格员",
    PostKind.HEAD: "网格长",
    PostKind.FIRST_HEAD: "第一网格长",
    PostKind.DEPUTY: "副网格长",
}
