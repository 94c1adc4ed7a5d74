"""Areas, grids and departments to choose from, and what a scope is called."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import data
from desk.rooms import Rooms
from geo.errors import AccessError, BattlemapError
from geo.net import Level, Net, Overlay
from incidents.access import ADMINISTRATORS, EVERYWHERE, IN_A_GRID, Role, Scope
from incidents.lifecycle import PostKind
from layers.grid_names import full_names
from layers.pack import read_pack
from locales import N_, translator

DEPARTMENT = "department"


@dataclass(frozen=True)
class Group:
    """Places of one level, as a list of choices shows them: what is sent, and what is read."""

    name: str
    places: tuple[tuple[str, str], ...]


class Places:
    """The areas of a console, and what lies in them."""

    def __init__(self, rooms: Rooms, packs: tuple[Path, ...]) -> None:
        self._rooms, self._packs = rooms, packs

    def areas(self, language: str) -> dict[str, str]:
        """Return every area by name, the default one first; one whose area.toml cannot be read goes by its folder."""
        found = data.available(self._packs)
        return {name: _area_name(found[name], language) for name in self._rooms.names() if name in found}

    def zone(self) -> tzinfo:
        """Return the time zone of the default area, which is that of every list of the console; UTC where its area.toml cannot be read."""
        found = data.available(self._packs)
        try:
            return next((read_pack(found[name]).timezone for name in self._rooms.names() if name in found), UTC)
        except BattlemapError:
            return UTC

    def groups(self, role: Role, area: str, language: str, now: datetime, find: str = "") -> list[Group]:
        """Return the places of an area that fit a role.

        Parameters
        ----------
        find
            Some letters of name or code; "" for all.

        Raises
        ------
        AccessError
            There is no such area, or it cannot be read.
        """
        if role in ADMINISTRATORS or area == EVERYWHERE:
            return []
        try:
            if role is Role.DEPARTMENT:
                groups = [Group("", tuple(self._departments(area, now)))]
            else:
                groups = list(_grids(self._rooms.areas.get(area).net, language))
        except BattlemapError as error:
            raise AccessError(f"{area!r} is no area that can be read.", "area") from error
        kept = (Group(group.name, tuple(_found(group.places, find))) for group in groups)
        return [group for group in kept if group.places]

    def scope(self, role: Role, area: str, place: str) -> Scope:
        """Return the scope that was chosen; an administrator's is always every area.

        Raises
        ------
        AccessError
            A role that needs a place was given every area, or the place is none.
        """
        if role in ADMINISTRATORS:
            return Scope(EVERYWHERE)
        if area == EVERYWHERE and (role in IN_A_GRID or role is Role.DEPARTMENT):
            raise AccessError("This role works in one area.", "area")
        try:
            return Scope.read(f"{area}:{place}" if place else area)
        except AccessError as error:
            raise AccessError(str(error), "scope" if place else "area") from error

    def name(self, scope: Scope | None, language: str) -> str:
        """Return what a scope is called; what is not there any more goes by its key."""
        if scope is None:
            return ""
        if scope.area == EVERYWHERE:
            return translator(language)(N_("Every area"))
        own = self.areas(language).get(scope.area, scope.area)
        return " · ".join(filter(None, (own, scope.department or self._grid_name(scope, language))))

    def _grid_name(self, scope: Scope, language: str) -> str:
        if scope.grid is None:
            return ""
        key, code = scope.grid
        try:
            names = dict(_names(self._rooms.areas.get(scope.area).net, key, language))
        except BattlemapError:
            return f"{key} {code}"
        return names.get(code, f"{key} {code}")

    def _departments(self, area: str, now: datetime) -> Iterator[tuple[str, str]]:
        for post in self._rooms.look(area, now).posts.values():
            if post.kind is PostKind.DEPARTMENT:
                name = post.key.split(":", 2)[2]
                yield f"{DEPARTMENT}:{name}", post.title or name


def clock(moment: datetime, zone: tzinfo) -> str:
    """Return a time as lists show it."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def zone_name(moment: datetime, zone: tzinfo) -> str:
    """Return what a time zone is called, with how far it is from UTC: ``Asia/Shanghai (UTC+08:00)``."""
    name, offset = str(zone), f"UTC{moment.astimezone(zone).isoformat()[-6:]}"
    return name if name == "UTC" else f"{name} ({offset})"


def _layers(net: Net) -> list[Level | Overlay]:
    return [*net.levels, *net.overlays]


def _grids(net: Net, language: str) -> Iterator[Group]:
    for one in _layers(net):
        yield Group(
            one.name.in_(language),
            tuple((f"{one.key}:{code}", name) for code, name in _names(net, one.key, language)),
        )


def _names(net: Net, key: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield code and name of every grid of a level, those stacked in towers included, or of an overlay."""
    one = next((one for one in _layers(net) if one.key == key), None)
    if isinstance(one, Overlay):
        for code, label, title in zip(one.codes, one.labels, one.titles, strict=True):
            yield str(code), " ".join(filter(None, (str(label), str(title))))
    for code, name in full_names(net).get(key, {}).items():
        if one and not (one is net.leaf and code in net.stacked):
            yield str(code), f"{one.name.in_(language)} {name}" if one is net.leaf else name


def _found(places: Iterable[tuple[str, str]], find: str) -> Iterator[tuple[str, str]]:
    wanted = find.strip().casefold()
    return ((key, name) for key, name in places if wanted in f"{key} {name}".casefold())


def _area_name(folder: Path, language: str) -> str:
    try:
        return read_pack(folder).name.in_(language)
    except BattlemapError:
        return folder.name
