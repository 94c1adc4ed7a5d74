"""Service orders on a phone: what is offered to one's team or is its own, what one asked for and has to look after, and what may be done to each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from desk.orders.people import sight, waits_for
from desk.posts.acting import posts_of
from desk.room import Room
from incidents.orders import STILL, Phase, Serve, allowed
from incidents.posts import Post
from ledger import order_lists, orders
from ledger.order_lists import Wanted
from ledger.orders import Filed

MOST = 100
# What a phone may do to an order -> the act that it is.
ACTS: Mapping[str, Serve] = MappingProxyType(
    {
        "order_accept": Serve.ACCEPT,
        "order_decline": Serve.DECLINE,
        "order_done": Serve.FINISH,
        "order_give_back": Serve.GIVE_BACK,
        "order_rate": Serve.RATE,
        "order_note": Serve.NOTE,
    }
)


@dataclass(frozen=True)
class Job:
    """One order of a list: as which post one would act on it, what that post may do, and whether it waits for one of one's own."""

    filed: Filed
    post: Post
    acts: tuple[str, ...]
    mine: bool
    text: str
    address: str


def jobs(room: Room, now: datetime) -> tuple[Job, ...]:
    """Return the orders of who looks through a room, what is wanted first first: those to which one of their posts may do something from a phone."""
    posts = posts_of(room, room.who, now) if room.who and room.who.can("orders") else ()
    if not posts:
        return ()
    with room.ledger.reading() as connection:
        found = [one for wanted in _wanted(room, posts, now) for one in order_lists.page(connection, wanted, most=MOST)]
        found = list({one.id: one for one in found}.values())
        texts, addresses = (orders.words(connection, found, name) for name in ("text", "address"))
    jobs_ = [
        job for one in found if (job := _job(posts, one, texts.get(one.number, ""), addresses.get(one.number, "")))
    ]
    return tuple(sorted(jobs_, key=lambda job: (not job.mine, job.filed.state.since, job.filed.id))[:MOST])


def _wanted(room: Room, posts: tuple[Post, ...], now: datetime) -> tuple[Wanted, ...]:
    """Return what a phone asks for: what waits for its posts, what is under way, and what was missed a short while ago."""
    seen = Wanted(room.id, sight(room))
    return (
        replace(seen, waits=frozenset(post.key for post in posts)),
        replace(seen, phases=frozenset({Phase.ACCEPTED, Phase.DONE})),
        replace(seen, phases=frozenset({Phase.MISSED}), late=now, missed=now - STILL),
    )


def _job(posts: tuple[Post, ...], filed: Filed, text: str, address: str) -> Job | None:
    waiting = waits_for(filed.state)
    ordered = sorted(posts, key=lambda post: post.key not in waiting)
    for post in ordered:
        may = set(allowed(filed.state, post.by))
        acts = tuple(name for name, act in ACTS.items() if act in may)
        if acts and (post.key in waiting or filed.state.phase in {Phase.ACCEPTED, Phase.DONE, Phase.MISSED}):
            return Job(filed, post, acts, post.key in waiting, text, address)
    return None
