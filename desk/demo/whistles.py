"""What a demonstration holds of whistles (吹哨报到): one in each phase, as data/demo/whistles.toml tells them. Posts and departments are named, nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import shapely

from data import demo
from desk.places import nearest
from desk.places.place import place
from desk.room import DISPATCHER, Room
from desk.whistle.people import line
from incidents.lifecycle import By, PostKind
from incidents.posts import kind_of, post_key
from incidents.whistles import Blow, Blown, Phase, Whistle
from ledger import whistles
from ledger.whistles import Filed
from ledger.writing import Writing

DAY = timedelta(days=1)


def write(writing: Writing, room: Room, now: datetime) -> None:
    """Write them for an invented area whose rules know their kinds and departments, in a change that goes on already."""
    communities = _communities(room)
    told = [one for one in demo.read("whistles")["whistles"] if _fits(room, one)]
    if not room.area.pack.synthetic or not communities:
        return
    stories = [_Story(room, one, n, communities[n % len(communities)], now) for n, one in enumerate(told)]
    for story in sorted(stories, key=lambda one: one.at):
        story.tell(writing)


def _fits(room: Room, told: Mapping[str, Any]) -> bool:
    named = [told["lead"], *told.get("assisting", ())]
    return told["kind"] in room.rules.whistles.kinds and all(_department(name) in room.own_posts for name in named)


def _department(name: str) -> str:
    return post_key(PostKind.DEPARTMENT, "", name)


def _communities(room: Room) -> list[tuple[str, str]]:
    """Return the grids that have a first head in a demonstration (desk.posts.duty): of the level two above the leaf."""
    levels = room.area.net.levels
    level = levels[max(0, len(levels) - 3)]
    grids = [(level.key, str(code)) for code in level.codes]
    return [grid for grid in grids if post_key(PostKind.HEAD, *grid) in room.own_posts]


@dataclass(frozen=True)
class _Story:
    """One whistle of a community, and what followed up to now."""

    room: Room
    told: Mapping[str, Any]
    number: int
    grid: tuple[str, str]
    now: datetime

    @property
    def at(self) -> datetime:
        """When it was asked for: minutes ago, or so many working days ago at a time of day."""
        if "minutes" in self.told:
            return self.now - timedelta(minutes=self.told["minutes"])
        local = self.now.astimezone(self.room.area.pack.timezone)
        day = datetime.combine(local.date(), time.fromisoformat(self.told["at"]), local.tzinfo)
        for _ in range(self.told["days"]):
            day -= DAY
            while not self.room.in_hours(day) and local - day < 30 * DAY:
                day -= DAY
        return day

    @property
    def posts(self) -> dict[str, str]:
        """Return who takes part, by the names that the data has for them."""
        other = self.told.get("assisting", ())
        return {
            "asker": post_key(PostKind.HEAD, *self.grid),
            "leader": post_key(PostKind.FIRST_HEAD, *self.grid),
            "centre": DISPATCHER,
            "lead": _department(self.told["lead"]),
            **({"other": _department(other[0])} if other else {}),
        }

    def tell(self, writing: Writing) -> None:
        """Write it, and all that followed; what lies ahead has not happened yet."""
        filed = self._ask(writing)
        for hours, act, whose, *more in self.told["acts"]:
            at = self.at + timedelta(hours=hours)
            if at > self.now:
                return
            data = self._parties(at) if act == Blow.APPROVE else self._said(more[0] if more else {}, at)
            whistles.act(writing, self.room.id, filed.number, Blown(Blow(act), self._by(whose), at, data))

    def _ask(self, writing: Writing) -> Filed:
        room, posts = self.room, self.posts
        local = self.at.astimezone(room.area.pack.timezone)
        lon, lat, address = self._place()
        blank = Filed(
            room.id, Whistle(Phase.ASKED, self.told["kind"], posts["asker"], ()), lon, lat,
            codes=dict(place(room, lon, lat).codes), line=line(room, room.own_posts[posts["asker"]]),
        )  # fmt: skip
        data = {
            "kind": self.told["kind"], "approvers": [PostKind.FIRST_HEAD.value], "text": self.told["text"], "address": address,
            "proposed": [posts[name] for name in ("lead", "other") if name in posts],
        }  # fmt: skip
        entry = Blown(Blow.ASK, self._by("asker"), self.at.astimezone(UTC), data)
        return whistles.ask(writing, blank, entry, prefix=room.rules.whistles.prefix, day=f"{local:%Y%m%d}")

    def _place(self) -> tuple[float, float, str]:
        """Return a building of the community, or the middle of one of its micro-grids."""
        level, code = self.grid
        leaf = self.room.area.net.leaf
        inside = [n for n, one in enumerate(leaf.codes) if self.room.codes_of(str(one)).get(level) == code]
        point = shapely.point_on_surface(leaf.geoms[inside[self.number * 11 % len(inside)]])
        spot = nearest(self.room.area, point.x, point.y)
        return (point.x, point.y, spot.address if spot else "")

    def _by(self, whose: str) -> By:
        return By(self.posts[whose], kind_of(self.posts[whose]))

    def _parties(self, at: datetime) -> dict[str, Any]:
        rules, posts = self.room.rules, self.posts
        local, kind = at.astimezone(self.room.area.pack.timezone), rules.whistles.kind(self.told["kind"])
        parties = []
        for name in ("lead", "other"):
            if name in posts:
                due = kind.due(rules.calendar, local, lead=name == "lead")
                said = {stage: until.isoformat() for stage, until in due.items()}
                parties.append({"post": posts[name], "lead": name == "lead", "due": said})
        return {"parties": parties}

    def _said(self, data: Mapping[str, Any], at: datetime) -> dict[str, Any]:
        """Return what an act needs, with its posts by their keys and its date as a time; ``due`` is hours from then."""
        named = {name: self.posts[data[name]] for name in ("post", "owner") if name in data}
        due = {"due": (at + timedelta(hours=data["due"])).astimezone(UTC).isoformat()} if "due" in data else {}
        return {**data, **named, **due}
