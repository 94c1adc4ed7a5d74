"""The posts that are somebody's own: as which they act, and whose cases they see."""

from collections.abc import Mapping
from types import MappingProxyType

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


def own_posts(posts: Mapping[str, Post], who: Who) -> tuple[str, ...]:
    """Return the keys of somebody's own posts, the likeliest first; none for who only looks.

    A grid without such a post gets one by its key, so that who has an account for it can work.

    Parameters
    ----------
    posts
        The posts that there are, by key.
    """
    if who.role in IN_ROOM:
        key = post_key(IN_ROOM[who.role])
        return (key,) if key in posts else ()
    if who.role is Role.DEPARTMENT and who.scope.department:
        return (post_key(PostKind.DEPARTMENT, "", who.scope.department),)
    kinds, grid = IN_GRID.get(who.role, ()), who.scope.grid
    if not kinds or grid is None:
        return ()
    found = tuple(key for kind in kinds for key, post in posts.items() if post.kind is kind and post.grid == grid)
    return found or (post_key(kinds[0], *grid),)


def seeing_posts(posts: Mapping[str, Post], who: Who) -> frozenset[str]:
    """Return the keys of the posts whose cases somebody sees wherever they lie: a department's, and in a grid those of who works there; none for who only looks, or acts for the whole room.

    Parameters
    ----------
    posts
        All that there ever were, by key: what an abolished post left is for who has its grid now, and what is seen does not hang on the hour.
    """
    if who.scope.department:
        return frozenset({post_key(PostKind.DEPARTMENT, "", who.scope.department)})
    if who.role not in IN_GRID:
        return frozenset()
    return frozenset({*own_posts(posts, who), *own_posts({}, who)})
