"""The posts as which somebody may act (履职岗位), the one through which they look, and the one door by which they write."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from desk.access.permissions import demand
from desk.posts.own import own_posts
from desk.reading import may_read
from desk.room import Room
from geo.errors import NoAccess
from incidents.access import Role, Who
from incidents.case import Incident
from incidents.lifecycle import By, PostKind
from incidents.posts import Post
from incidents.within import workers
from ledger.writing import Writing

T = TypeVar("T")

NOBODY = Post(
    "nobody::", PostKind.OFFICE, ""
)  # works on nothing, heads nothing: what needs a post to be read stays closed


def posts_of(room: Room, who: Who, now: datetime) -> tuple[Post, ...]:
    """Return the posts as which somebody may act in a room, the likeliest first; none for who only looks.

    A grid whose post the register does not know yet gets one by its key, so that who has an account for it can work.
    """
    posts = room.register.posts(now)
    return tuple(posts.get(key) or room.post(key) for key in own_posts(posts, who))


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


def looks_as(room: Room, wanted: str, now: datetime) -> Post:
    """Return the post through which a room is looked at: `looking`, or where nobody looks the one that is named."""
    return looking(room, room.who, wanted, now) if room.who else room.register.posts(now).get(wanted, NOBODY)


def reads(room: Room, case: Incident, now: datetime, *, through: Post | None = None) -> bool:
    """Tell whether who looks through a room may read a case: it lies in their scope, and where its class is restricted one of their posts works on it or may (`may_read`).

    Parameters
    ----------
    through
        The post through which a visitor of a demonstration looks, or a room that nobody looks through; None: any.
    """
    who = room.who
    if who and not (room.sees(case) and room.within.words):
        return False
    if who is None or who.role is Role.DEMO:
        return through is None or may_read(through, case)
    works = not room.within.posts.isdisjoint(workers(case))
    return works or not case.restricted or any(may_read(post, case) for post in posts_of(room, who, now))


def acting(room: Room, post: Post) -> By:
    """Return who acts as a post, as the history writes it: with the account of who looks through the room."""
    return replace(post.by, account=room.who.account) if room.who else post.by


def change(  # noqa: PLR0917
    room: Room,
    needs: str,
    by: By,
    now: datetime,
    work: Callable[[Writing], T],
    origins: Sequence[tuple[str, str, str]] = (),
) -> T:
    """Write into the ledger as a post: the one door by which whoever looks through a room writes.

    Parameters
    ----------
    needs
        The capability that it takes, of ``permissions.toml``.
    origins
        As `Ledger.change`.

    Raises
    ------
    NoAccess
        Their role may not do it, or the post is none of theirs, or the account another one; nothing was written.
    """
    if room.who:
        demand(room.who, needs)
        if by not in {acting(room, post) for post in posts_of(room, room.who, now)}:
            raise NoAccess(f"{by.post} is no post of yours. Act as one of your own.", "post")
    return room.ledger.change(work, origins=origins)
