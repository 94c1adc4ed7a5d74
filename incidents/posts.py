"""Posts (岗位), and who is responsible where: posts, never persons.

A post has a key that stays (``head:micro:0305``, ``dispatcher::``, ``department::城管执法中队``), a kind, and the grid that it answers for.

In a dedicated grid (专属网格) its head is responsible and the micro-grid's is informed (属地兜底); elsewhere the head of the micro-grid is. Heads who are volunteers
are not bound to deadlines: what is overdue goes to the nearest paid post above them. Source: design, "Marks, states and colours".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from geo.errors import UnknownPost
from geo.net import Net, Overlay
from incidents.lifecycle import By, PostKind


@dataclass(frozen=True)
class Post:
    """A post: who holds it is written elsewhere, and may be nobody.

    Attributes
    ----------
    key
        ``kind:level or overlay:code``; for a department its name is the code.
    title
        As people call it.
    grid
        Key and code of the grid that it answers for; None for the command room and departments.
    volunteer
        Not bound to deadlines.
    """

    key: str
    kind: PostKind
    title: str
    grid: tuple[str, str] | None = None
    volunteer: bool = False

    @property
    def by(self) -> By:
        """The post as it stands in an act."""
        return By(self.key, self.kind)


@dataclass(frozen=True)
class Duty:
    """The posts for one place; None where the pack names none.

    Attributes
    ----------
    post
        Is responsible.
    informed
        Is informed beside it: in a dedicated grid, the micro-grid's head.
    overdue
        Answers for what is overdue: the post itself if it is paid, else the nearest paid one above.
    """

    post: Post | None = None
    informed: Post | None = None
    overdue: Post | None = None


def post_key(kind: PostKind, level: str = "", code: str = "") -> str:
    """Return the key of a post."""
    return f"{kind.value}:{level}:{code}"


def kind_of(key: str) -> PostKind:
    """Return the kind that a post's key names.

    Raises
    ------
    UnknownPost
        It names none.
    """
    name = key.partition(":")[0]
    if name not in {kind.value for kind in PostKind}:
        raise UnknownPost(f"{key!r} is no post. A post is kind:level:code; kinds are {', '.join(PostKind)}.")
    return PostKind(name)


def heads(net: Net) -> dict[str, Post]:
    """Return the post of every grid of a net that names one, by key, the widest level first."""
    found = [
        _head(level.key, code, post, volunteer=level.volunteer)
        for level in net.levels
        for code, post in zip(level.codes, level.posts, strict=True)
        if post and not (level is net.leaf and code in net.stacked)
    ]
    found += [
        _head(net.leaf.key, stack.code, stack.post, volunteer=net.leaf.volunteer) for stack in net.stacks if stack.post
    ]
    found += [
        _head(overlay.key, code, post)
        for overlay in net.overlays
        for code, post in zip(overlay.codes, overlay.posts, strict=True)
        if post
    ]
    return {post.key: post for post in found}


def duty_of(net: Net, codes: Mapping[str, str], posts: Mapping[str, Post] | None = None) -> Duty:
    """Return the posts for a place, given its codes by level and overlay (as `Net.assign` returns them: several are ";"-joined, "" for none).

    Parameters
    ----------
    posts
        The posts that there are, by key: a grid whose head was abolished is answered for by the next above, one that got a head by that. None: those of the net.
    """
    line = line_of(net, codes, posts)
    paid = next((post for post in line if not post.volunteer), None)
    post = line[0] if line else None
    dedicated = next(
        (found for overlay in net.overlays if overlay.responsible and (found := _overlay_post(overlay, codes, posts))),
        None,
    )
    if dedicated:
        return Duty(post=dedicated, informed=post, overdue=dedicated)
    return Duty(post=post, overdue=paid)


def line_of(net: Net, codes: Mapping[str, str], posts: Mapping[str, Post] | None = None) -> list[Post]:
    """Return the posts of a place from the leaf upward: the way that an escalation takes (微网格 → 网格 → 社区 → 街道).

    In a tower whose unit and floor nobody told, several micro-grids come into question, and the line begins above them.
    """
    upward = (post_of(net, level.key, codes.get(level.key, ""), posts) for level in reversed(net.levels))
    return [post for post in upward if post]


def post_of(net: Net, key: str, code: str, posts: Mapping[str, Post] | None = None) -> Post | None:
    """Return the post of a grid of a level, stacked micro-grids included; None where there is none."""
    if posts is not None:
        return posts.get(post_key(PostKind.HEAD, key, code))
    level = net.level(key)
    if code in level.positions:
        title = str(level.posts[level.positions[code]])
    else:
        title = next((stack.post for stack in net.stacks if stack.code == code and level is net.leaf), "")
    return _head(key, code, title, volunteer=level.volunteer) if title else None


def _head(key: str, code: str, title: str, *, volunteer: bool = False) -> Post:
    return Post(post_key(PostKind.HEAD, key, str(code)), PostKind.HEAD, str(title), (key, str(code)), volunteer)


def _overlay_post(overlay: Overlay, codes: Mapping[str, str], posts: Mapping[str, Post] | None) -> Post | None:
    code = _first(codes.get(overlay.key, ""))
    if posts is not None:
        return posts.get(post_key(PostKind.HEAD, overlay.key, code))
    if code not in overlay.positions or not overlay.posts[overlay.positions[code]]:
        return None
    return _head(overlay.key, code, str(overlay.posts[overlay.positions[code]]))


def _first(codes: str) -> str:
    return codes.partition(";")[0]
