"""Whether a role and a scope fit each other, and an area: asked before they are granted."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from desk.rooms import Rooms
from geo.errors import AccessError
from incidents.access import ADMINISTRATORS, EVERYWHERE, IN_A_GRID, Role, Scope
from incidents.lifecycle import PostKind
from incidents.posts import post_key
from layers.load import Area

MOST_NAMED = 20  # of those that exist, where what was asked for does not


def require_shape(role: Role, scope: Scope) -> None:
    """Raise AccessError where a scope is none in which a role works, whatever the area holds: a grid, a department, or every area."""
    if role in ADMINISTRATORS and scope != Scope(EVERYWHERE):
        raise AccessError(f"The {role.value} administrator works on all areas: the scope is {EVERYWHERE}.", "scope")
    if role in IN_A_GRID and scope.grid is None:
        raise AccessError(f"The role {role.value} belongs to a grid: write AREA:LEVEL:CODE.", "scope")
    if (role is Role.DEPARTMENT) is not bool(scope.department):
        raise AccessError(
            "The role department needs a scope AREA:department:NAME, and no other role can have one.", "scope"
        )


def fitted(rooms: Rooms, role: Role, scope: Scope, now: datetime) -> Scope:
    """Return a scope in which somebody can work in a role, its grid by its code where a label was given.

    Raises
    ------
    AccessError
        The role needs a grid, a department, or every area; or the area has no such grid or department, or several of that label.
    UnknownArea, PackError
        There is no such area, or it cannot be read.
    """
    require_shape(role, scope)
    if scope.area == EVERYWHERE:
        return scope
    area = rooms.areas.get(scope.area)
    if scope.department:
        _require_department(rooms, scope, now)
    return replace(scope, grid=_grid(area, *scope.grid)) if scope.grid else scope


def _require_department(rooms: Rooms, scope: Scope, now: datetime) -> None:
    posts = rooms.look(scope.area, now).posts
    if post_key(PostKind.DEPARTMENT, "", scope.department) not in posts:
        there = [post.title for post in posts.values() if post.kind is PostKind.DEPARTMENT]
        raise AccessError(
            f"{scope.area} has no department {scope.department!r}. "
            + (f"It has: {_some(there)}." if there else "It has none: add the post first (`battlemap posts import`)."),
            "scope",
        )


def _grid(area: Area, key: str, code: str) -> tuple[str, str]:
    """Return a grid by its code or its label."""
    net = area.net
    layers = {one.key: (one.codes, one.labels) for one in net.levels}
    layers |= {one.key: (one.codes, one.labels) for one in net.overlays}
    if key not in layers:
        raise AccessError(f"{area.id} has no level or overlay {key!r}. It has: {', '.join(layers)}.", "scope")
    labels = {str(own): str(label) for own, label in zip(*layers[key], strict=True)}
    if key == net.leaf.key:
        labels |= {stack.code: stack.label for stack in net.stacks}
    found = [code] if code in labels else [own for own, label in labels.items() if label == code]
    if len(found) != 1:
        said = (
            f"{len(found)} of that label: {_some(found)}. Give the code"
            if found
            else f"none. It has: {_some(sorted(set(labels.values())))}"
        )
        raise AccessError(f"{key} {code!r} names no one grid of {area.id}: there are {said}.", "scope")
    return key, found[0]


def _some(names: Sequence[str]) -> str:
    """Return names as a list that fits on a few lines."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
