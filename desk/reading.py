"""Who may read what (可见范围): the words of a case, and all cases of a part of the area. Restricted classes: docs/decisions/restricted.md."""

from collections.abc import Collection

from geo.net import Net
from incidents.case import Incident
from incidents.lifecycle import PostKind
from incidents.posts import Post
from incidents.within import works_on

ROOM_KINDS = frozenset({PostKind.DISPATCHER, PostKind.INSPECTOR})


def may_read(post: Post, case: Incident) -> bool:
    """Tell whether a post sees the words of a case: those of restricted classes (disputes, care) only who works on it, the heads above, dispatcher and inspector."""
    if not case.restricted or post.kind is PostKind.DISPATCHER:
        return True
    within = post.grid is not None and post.grid[1] in case.codes.get(post.grid[0], "").split(";")
    return works_on(post.key, case) or within or post.kind is PostKind.INSPECTOR


def may_read_part(post: Post, net: Net, *, grid: tuple[str, str] | None, posts: Collection[str]) -> bool:
    """Tell whether a post may read every case of a part: dispatcher and inspector read everything, a head what lies in its grid, a post what it handles or answers for.

    Parameters
    ----------
    grid
        Of the part, key and code; None where it is not named by a grid.
    posts
        Posts by which the part is named, each of which handles or answers for all of it.
    """
    if post.kind in ROOM_KINDS or post.key in posts:
        return True
    return bool(grid and post.grid and lies_in(net, grid, post.grid))


def lies_in(net: Net, grid: tuple[str, str], other: tuple[str, str]) -> bool:
    """Tell whether a grid is another one or lies below it; a grid of an overlay lies in itself alone."""
    (key, code), keys = grid, [level.key for level in net.levels]
    if grid == other:
        return True
    if not {key, other[0]} <= set(keys):
        return False
    if key == net.leaf.key:
        code = {stack.code: stack.on for stack in net.stacks}.get(code, code)
    depth, position = keys.index(key), net.level(key).positions.get(code, -1)
    while depth > keys.index(other[0]) and position >= 0:
        position, depth = int(net.levels[depth].parents[position]), depth - 1
    return keys[depth] == other[0] and position >= 0 and str(net.levels[depth].codes[position]) == other[1]
