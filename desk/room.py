"""A room (指挥室): one area with its rules and the ledger, and the clock by which it looks at things."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

from desk.posts.register import Register
from desk.rules import Rules
from geo.errors import UnknownPost
from geo.scheme import Name
from incidents.lifecycle import PostKind
from incidents.posts import Post, heads, kind_of, post_key
from layers.load import Area
from ledger.find import Wanted
from ledger.store import Ledger

DISPATCHER = post_key(PostKind.DISPATCHER)
ROOM_POSTS = (PostKind.DISPATCHER, PostKind.INSPECTOR)


@dataclass(frozen=True, eq=False)
class Room:
    """One area, its rules, and the ledger of all areas."""

    area: Area
    rules: Rules
    ledger: Ledger

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

    def wanted(self, **asked: object) -> Wanted:
        """Return a question about this area."""
        return Wanted(area=self.id, **asked)  # type: ignore[arg-type]  # the names of Wanted

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
        return Post(key, kind, code, (level, code) if level else None)


TITLES = {PostKind.DISPATCHER: "城运中心派遣员", PostKind.INSPECTOR: "督导员"}
