"""Visits on a phone: what one of one's posts has to make, what is open in one's grid, what was made lately, and what may be done to each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from desk.posts.acting import posts_of
from desk.room import Room
from desk.visits.people import SEES, sight
from incidents.posts import Post
from incidents.visits import OPEN, Walk, allowed
from ledger import visits
from ledger.visits import Filed

MOST = 200
LATELY = timedelta(days=2)  # so long a case may still be joined to what was made
NEW = "visit_new"  # made without a plan
# What a phone may do to a visit -> the act that it is.
ACTS: Mapping[str, Walk] = MappingProxyType(
    {
        "visit_done": Walk.DONE,
        "visit_nobody": Walk.NOBODY,
        "visit_refused": Walk.REFUSED,
        "visit_note": Walk.NOTE,
        "visit_again": Walk.AGAIN,
        "visit_cancel": Walk.CANCEL,
    }
)
DOES = frozenset({NEW, *ACTS})


@dataclass(frozen=True)
class Errand:
    """One visit of a list: as which post one would act on it, what that post may do, and whether one of one's own goes there."""

    filed: Filed
    post: Post
    acts: tuple[str, ...]
    mine: bool
    text: str


def errands(room: Room, now: datetime) -> tuple[tuple[Errand, ...], int]:
    """Return the visits of who looks through a room, and how many are left out: their own open ones by their day, those of their grid, and what they made lately."""
    posts = posts_of(room, room.who, now) if room.who and room.who.can(SEES) else ()
    if not posts:
        return (), 0
    own, known = [post.key for post in posts], sight(room)
    with room.ledger.reading() as connection:
        open_ = visits.open_of(connection, room.id, known, own, most=MOST)
        many = visits.open_count(connection, room.id, known)
        lately = visits.walked_lately(connection, room.id, own, now - LATELY, most=MOST - len(open_))
        texts = visits.words(connection, open_)
    found = tuple(_errand(posts, one, texts.get(one.number, "")) for one in (*open_, *lately))
    return found, many - len(open_)


def _errand(posts: tuple[Post, ...], filed: Filed, text: str) -> Errand:
    """Return a visit as the post that goes there would act, else the one that may do most."""
    mine = next((post for post in posts if post.key == filed.state.visitor), None)
    post = mine or max(posts, key=lambda one: len(allowed(filed.state, one.by)))
    may = set(allowed(filed.state, post.by)) & (set(ACTS.values()) if filed.state.phase in OPEN else {Walk.NOTE})
    return Errand(filed, post, tuple(name for name, act in ACTS.items() if act in may), mine is not None, text)
