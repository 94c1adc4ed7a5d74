"""The posts as which somebody may act (履职岗位), and the one through which they look."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from desk.room import Room
from incidents.access import Role, Who
from incidents.lifecycle import PostKind
from incidents.posts import Post, post_key

IN_GRID: Mapping[Role, tuple[PostKind, ...]] = MappingProxyType(
    {
        Role.WORKER: (PostKind.WORKER,),
        Role.HEAD: (PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY),
        Role.COMMUNITY: (PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY, PostKind.OFFICE),
    }
)
IN_ROOM: Mapping[Role, PostKind] = MappingProxyType(
    {Role.DISPATCHER: PostKind.DISPATCHER, Role.INSPECTOR: PostKind.INSPECTOR}
)
NOBODY = Post(
    "nobody::", PostKind.OFFICE, ""
)  # works on nothing, heads nothing: what needs a post to be read stays closed


def posts_of(room: Room, who: Who, now: datetime) -> tuple[Post, ...]:
    """Return the posts as which somebody may act in a room, the likeliest first; none for who only looks.

    A grid whose post the register does not know yet gets one by its key, so that who has an account for it can work.
    """
    posts, scope = room.register.posts(now), who.scope
    if who.role in IN_ROOM:
        kind = IN_ROOM[who.role]
        return tuple(post for post in (posts.get(post_key(kind)),) if post)
    if who.role is Role.DEPARTMENT and scope.department:
        key = post_key(PostKind.DEPARTMENT, "", scope.department)
        return (posts.get(key) or Post(key, PostKind.DEPARTMENT, scope.department),)
    kinds = IN_GRID.get(who.role, ())
    if not kinds or scope.grid is None:
        return ()
    found = [post for kind in kinds for post in posts.values() if post.kind is kind and post.grid == scope.grid]
    key = post_key(kinds[0], *scope.grid)
    return tuple(found) or (Post(key, kinds[0], scope.grid[1], scope.grid),)


def looking(room: Room, who: Who, wanted: str, now: datetime) -> Post:
    """Return the post through which somebody looks: the one they want if they may act as it, else their first; a visitor of a demonstration looks through any that they name.

    Parameters
    ----------
    wanted
        Key of a post, which need not exist.
    """
    if who.role is Role.DEMO:
        return room.register.posts(now).get(wanted, NOBODY)
    own = posts_of(room, who, now)
    return next((post for post in own if post.key == wanted), own[0] if own else NOBODY)
