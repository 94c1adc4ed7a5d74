"""Whether a role and a scope fit each other, and an area: asked before they are granted."""

from datetime import datetime

from desk.rooms import Rooms
from geo.errors import AccessError
from incidents.access import ADMINISTRATORS, EVERYWHERE, IN_A_GRID, Role, Scope
from incidents.lifecycle import PostKind
from incidents.posts import post_key
from layers.load import Area


def require_fitting(rooms: Rooms, role: Role, scope: Scope, now: datetime) -> None:
    """Raise unless somebody can work in a role with a scope.

    Raises
    ------
    AccessError
        The role needs a grid, a department, or every area; or there is no such area, grid or department.
    """
    if role in ADMINISTRATORS and scope != Scope(EVERYWHERE):
        raise AccessError(f"The {role.value} administrator works on all areas: the scope is {EVERYWHERE}.", "scope")
    if role in IN_A_GRID and scope.grid is None:
        raise AccessError(f"The role {role.value} belongs to a grid: write AREA:LEVEL:CODE.", "scope")
    if (role is Role.DEPARTMENT) is not bool(scope.department):
        raise AccessError(
            "The role department needs a scope AREA:department:NAME, and no other role can have one.", "scope"
        )
    if scope.area != EVERYWHERE:
        if scope.grid:
            _require_grid(rooms.areas.get(scope.area), *scope.grid)
        else:
            _require_department(rooms, scope, now)


def _require_department(rooms: Rooms, scope: Scope, now: datetime) -> None:
    area = rooms.areas.get(scope.area)
    key = post_key(PostKind.DEPARTMENT, "", scope.department)
    if scope.department and key not in rooms.get(scope.area, now).posts:
        raise AccessError(
            f"{area.id} has no department {scope.department!r}. Name one of its posts, or add the post first.", "scope"
        )


def _require_grid(area: Area, level: str, code: str) -> None:
    net = area.net
    codes = {one.key: one.positions.keys() for one in net.levels} | {
        one.key: one.positions.keys() for one in net.overlays
    }
    if level not in codes:
        raise AccessError(f"{area.id} has no level or overlay {level!r}. It has: {', '.join(codes)}.", "scope")
    is_stacked = level == net.leaf.key and any(stack.code == code for stack in net.stacks)
    if code not in codes[level] and not is_stacked:
        raise AccessError(f"{area.id} has no {level} {code!r}. `battlemap pack show {area.id}` lists them.", "scope")
