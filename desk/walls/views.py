"""Wall views (大屏视图): which there are, which of them somebody sees, what they go round over, and their register."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from desk.posts.acting import change
from desk.room import Room
from geo.errors import DraftError, FilterError, UnknownView
from geo.net import Net
from geo.scheme import Name
from incidents import wall_views as rules
from incidents.access import Who
from incidents.lifecycle import By
from incidents.text import required
from incidents.wall_views import WallView
from ledger import wall_views as rows

NEEDS = "walls"  # capability
LONGEST_NAME = 40
Grid = tuple[str, str]  # key of a level or overlay, and a code of it


def views(room: Room) -> tuple[WallView, ...]:
    """Return the views that who looks may see, in order of name."""
    with room.ledger.reading() as connection:
        found = rows.views(connection, room.id)
    return tuple(one for one in found if _is_seen(room, one))


def view(room: Room, key: str) -> WallView:
    """Return a view by its key.

    Raises
    ------
    UnknownView
        There is none, or none for who looks: the answer does not tell which.
    """
    with room.ledger.reading() as connection:
        found = rows.one(connection, room.id, key)
    if found is None or not _is_seen(room, found):
        known = ", ".join(one.key for one in views(room))
        raise UnknownView(f"{room.id} has no wall view {key!r}. It has: {known or 'none'}. Make one on the page of the walls.")  # fmt: skip
    return found


def drafted(room: Room, query: Mapping[str, str]) -> WallView:
    """Return the view that an address describes and nobody kept; one that says nothing means the area's own.

    Raises
    ------
    UnknownView
        Who looks is bound to a view that was kept.
    FilterError
        It describes none that this area can show, or none for who looks.
    """
    if room.who and room.who.view:
        raise UnknownView(f"This screen shows the wall view {room.who.view!r} alone. Open /wall/{room.id}/{room.who.view}.")  # fmt: skip
    try:
        found = rules.from_query(query, area=room.id)
        _check(room, found)
    except DraftError as error:
        raise FilterError(str(error)) from error
    if not _is_seen(room, found):
        raise FilterError(f"grid={found.grid}: this is not in what you see. Choose a grid of your own.")
    return found


def bound(room: Room, who: Who) -> Room:
    """Return the room as a screen sees it that is bound to one view: no farther than that view, as it is now.

    Raises
    ------
    UnknownView
        The view was removed, or does not lie in the screen's scope any more.
    """
    part = view(room.seen_by(who), who.view).part
    return room.seen_by(replace(who, scope=replace(who.scope, grid=part)) if part else who)


def save(room: Room, wished: WallView, by: By, now: datetime, *, was: WallView | None = None) -> WallView:
    """Keep a view, a new one or a changed one.

    Parameters
    ----------
    was
        As whoever changes it saw it; None for a new one.

    Raises
    ------
    DraftError, TextError, NoAccess
        Why it cannot be so; nothing was written.
    """
    kept = replace(wished, area=room.id, name=required(wished.name, most=LONGEST_NAME, what="name", lines=False))
    rules.require_key(kept.key)
    rules.require(kept)
    _check(room, kept)
    _own(room, kept, *([was] if was else []))
    change(room, NEEDS, by, now, lambda writing: rows.put(writing, kept, was=was, by=by, at=now))
    return kept


def remove(room: Room, was: WallView, by: By, now: datetime) -> None:
    """Remove a view: screens that show it say so.

    Parameters
    ----------
    was
        As whoever removes it saw it.

    Raises
    ------
    DraftError, NoAccess
        Why it cannot be; nothing was written.
    """
    _own(room, was)
    change(room, NEEDS, by, now, lambda writing: rows.remove(writing, was, by=by, at=now))


def layers(room: Room) -> dict[str, Name]:
    """Return what can be drawn beside the levels of an area: key -> name of its overlays, points and ground."""
    pack, overlays = room.area.pack, {one.key: one.name for one in room.area.net.overlays}
    return overlays | {one.key: one.name for one in pack.points} | {one.key: one.name for one in pack.ground}


def rounds(net: Net, grid: str) -> tuple[str, ...]:
    """Return the keys of the levels over which a view of a part (``level:code``; "" for the whole) can go round: those below it."""
    keys = [level.key for level in net.levels]
    if not grid:
        return tuple(level.key for level in net.levels if len(level) > 1)
    key = grid.partition(":")[0]
    return tuple(keys[keys.index(key) + 1 :]) if key in keys else ()


def stops(room: Room, shown: WallView) -> tuple[Grid, ...]:
    """Return the grids at which a view stops one after the other, in order of code, as far as who looks sees them; none where it stands still."""
    if not shown.over:
        return ()
    net, outer = room.area.net, [grid for grid in (shown.part, _scope(room)) if grid]
    found = [(shown.over, str(code)) for code in net.level(shown.over).codes]
    return tuple(one for one in found if all(lies_in(net, one, grid) for grid in outer))


def lies_in(net: Net, inner: Grid, outer: Grid) -> bool:
    """Tell whether a grid is another one, or lies below it in the levels."""
    if inner == outer:
        return True
    keys = [level.key for level in net.levels]
    if not {inner[0], outer[0]} <= set(keys) or keys.index(inner[0]) <= keys.index(outer[0]):
        return False
    position = net.level(inner[0]).positions.get(inner[1], -1)
    climbed = net.levels[keys.index(outer[0]) : keys.index(inner[0]) + 1]
    for _above, below in reversed(list(pairwise(climbed))):
        position = int(below.parents[position]) if position >= 0 else -1
    return position >= 0 and str(net.level(outer[0]).codes[position]) == outer[1]


def _scope(room: Room) -> Grid | None:
    """Return the grid to which who looks is bound; None for none."""
    return room.who.scope.grid if room.who else None


def _is_seen(room: Room, one: WallView) -> bool:
    """Tell whether who looks may see a view: it is the one to which they are bound, or they are bound to none; and its part lies in their scope. A view of the whole shows everybody what they see."""
    who, scope = room.who, _scope(room)
    if who and who.view and who.view != one.key:
        return False
    return one.part is None or scope is None or lies_in(room.area.net, one.part, scope)


def _own(room: Room, *some: WallView) -> None:
    """Ask that views lie in the scope of who writes."""
    scope = _scope(room)
    if scope and not all(one.part and lies_in(room.area.net, one.part, scope) for one in some):
        raise DraftError("A view of yours shows a grid of your own. Choose one.", field="wall_grid")


def _check(room: Room, one: WallView) -> None:
    """Ask that an area has what a view shows; raises DraftError."""
    net = room.area.net
    parts = {one.key: one.positions for one in net.levels} | {one.key: one.positions for one in net.overlays}
    if one.part and one.part[1] not in parts.get(one.part[0], {}):
        raise DraftError(f"grid={one.grid}: {room.id} has no such grid. Choose it from the list.", field="wall_grid")
    if strange := set(one.layers) - set(layers(room)):
        raise DraftError(f"{room.id} has no layer {', '.join(sorted(strange))}. Choose among {', '.join(layers(room))}.", field="wall_layers")  # fmt: skip
    if one.over and one.over not in rounds(net, one.grid):
        raise DraftError(f"over={one.over}: a rotation goes over a level below what is shown. Choose another.", field="wall_over")  # fmt: skip
