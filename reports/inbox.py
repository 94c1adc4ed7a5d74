"""What lies in whose inbox (待办), and what happened since the shift before began: every pile is one question of `reports.figures.asked`, so that its count, its list and the map agree.

A post sees its own scope: a head the grid and all below it, a department what it handles, the command room everything. It may read all of that, cases of restricted
classes included; where the map leaves those out, `apart` says how many.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from desk.campaigns import meetings
from desk.posts.acting import NOBODY, acting
from desk.reading import ROOM_KINDS
from desk.room import Room
from desk.sheets import acts
from incidents.case import Incident
from incidents.lifecycle import APPROVERS, CENTRE, CHECKERS, Act, PostKind
from incidents.model import CHECKED, Mark, Status
from incidents.posts import Post, post_key
from ledger import find
from ledger.find import HANDLED, Wanted
from reports.figures import PERIOD, Filter, asked, minute

MOST = 200  # rows of a pile that a page shows at once


@dataclass(frozen=True)
class Pile:
    """One pile of an inbox.

    Attributes
    ----------
    kinds
        Kinds of posts that have it.
    fields
        What it wants beside the scope of the post, as fields of `Wanted`.
    scoped
        Whether it is narrowed to the scope of the post.
    order
        An order of `ledger.find.ORDERS`.
    """

    kinds: frozenset[PostKind]
    fields: Callable[["_Asking"], Mapping[str, object]]
    scoped: bool = True
    order: str = "due"


@dataclass(frozen=True)
class _Asking:
    """Who asks, and when: what the fields of a pile depend on."""

    room: Room
    post: Post
    now: datetime
    since: datetime


def _asked_as(post: Post) -> str:
    """Return the post whose calls for help a post answers: the head of its grid, whom first head, deputy and office stand for, or itself."""
    return post_key(PostKind.HEAD, *post.grid) if post.grid else post.key


def _statuses(*wanted: Status) -> Mapping[str, object]:
    return {"statuses": frozenset(status.value for status in wanted)}


EVERYONE = frozenset(PostKind)
PILES: Mapping[str, Pile] = MappingProxyType(
    {
        "unsorted": Pile(frozenset({PostKind.DISPATCHER}), lambda _: _statuses(Status.REPORTED, Status.FILED)),
        "mine": Pile(EVERYONE, lambda ask: {"mine": ask.post.key}, scoped=False),
        "unchecked": Pile(CENTRE, lambda _: _statuses(Status.UNCHECKED), order="oldest"),
        "grid": Pile(EVERYONE - {PostKind.DEPARTMENT}, lambda _: {"marks": frozenset({Mark.RED.value})}),
        "overdue": Pile(EVERYONE, lambda ask: {"due_before": ask.now}),
        "verify": Pile(CHECKERS, lambda ask: {**_statuses(Status.FEEDBACK), "not_by": ask.post.key}),
        "sample": Pile(
            CHECKERS,
            lambda ask: {
                **_statuses(Status.SELF_CLEARED),
                "not_by": ask.post.key,
                "drawn": ask.room.rules.settings.sample_share,
            },
            order="newest",
        ),
        "asked": Pile(
            APPROVERS, lambda ask: {**_statuses(*HANDLED), "asking": True, "not_by": ask.post.key}
        ),
        "help": Pile(CENTRE, lambda ask: {"marks": frozenset({Mark.RED.value}), "helping": _asked_as(ask.post)}, scoped=False),
        "review": Pile(APPROVERS, lambda ask: {**_statuses(Status.SUSPENDED), "until_before": ask.now}),
        "replies": Pile(CENTRE, lambda _: {**_statuses(Status.LINKED), "unreplied": True}, order="oldest"),
    }
)  # fmt: skip
DIGEST: Mapping[str, Pile] = MappingProxyType(
    {
        "new": Pile(EVERYONE, lambda ask: {**_statuses(*CHECKED), "reported_since": ask.since}, order="newest"),
        "closed": Pile(EVERYONE, lambda ask: {"closed_since": ask.since}, order="changed"),
        "late": Pile(EVERYONE, lambda ask: {"due_since": ask.since, "due_before": ask.now}),
        "escalated": Pile(EVERYONE, lambda ask: {"acted": (Act.ESCALATE.value, ask.since)}, order="changed"),
        "reopened": Pile(EVERYONE, lambda ask: {"acted": (Act.REOPEN.value, ask.since)}, order="changed"),
        "waiting": Pile(EVERYONE, lambda _: _statuses(Status.REPORTED, Status.FILED), order="oldest"),
    }
)


def wanted(room: Room, post: Post, pile: str, now: datetime) -> Wanted:
    """Return the question that a pile asks for a post.

    Parameters
    ----------
    pile
        A key of `PILES` or `DIGEST`.
    """
    found = PILES.get(pile) or DIGEST[pile]
    fields = found.fields(_Asking(room, post, minute(room, now), before(room, now)))
    return asked(room, Filter(), now, reader=post, rows=True, **(scope(post) if found.scoped else {}), **fields)


def scope(post: Post) -> Mapping[str, object]:
    """Return what a post looks after, as fields of `Wanted`: everything, a grid and all below it, or what it handles; who holds none, all that they see."""
    if post.kind in ROOM_KINDS or post is NOBODY:
        return {}
    if post.grid:
        return {"grid": post.grid[0], "codes": frozenset({post.grid[1]})}
    return {"handler": post.key}


def piles_of(post: Post) -> tuple[str, ...]:
    """Return the piles that a post has, in order; the first one is what it opens with. Who holds none has nothing of their own."""
    if post is NOBODY:
        return ("grid", "overdue")
    return tuple(name for name, pile in PILES.items() if post.kind in pile.kinds)


def counts(room: Room, post: Post, now: datetime) -> dict[str, int]:
    """Count every pile of a post, and the digest's, at one moment of the ledger."""
    names = (*piles_of(post), *DIGEST)
    with room.ledger.reading() as connection:
        return {name: find.count(connection, wanted(room, post, name, now)) for name in names}


def listed(room: Room, post: Post, pile: str, now: datetime, *, most: int = MOST) -> list[Incident]:
    """Return the first cases of a pile; what is overdue comes first where it is ordered by deadline."""
    found = PILES.get(pile) or DIGEST[pile]
    with room.ledger.reading() as connection:
        return find.incidents(connection, wanted(room, post, pile, now), order=found.order, limit=most)


def tasks(room: Room, post: Post, now: datetime) -> tuple[int, int, str]:
    """Return how many tasks of meetings wait for a post, how many of them are late, and the number of the campaign of the first one, "" for none."""
    many, late = meetings.waiting(room, post.key, now)
    return many, late, meetings.own(room, post.key)[0].campaign if many else ""


def sheets(room: Room, post: Post) -> tuple[int, str]:
    """Return how many daily sheets wait to be checked or signed by who acts as a post, and the number of the first one, "" for none."""
    found = [] if post is NOBODY else acts.waiting(room, acting(room, post))
    return len(found), found[0].number if found else ""


def before(room: Room, now: datetime) -> datetime:
    """Return when the shift before the present one began: what a post that comes on duty has not seen."""
    started = room.shift(now)
    return room.rules.settings.shift(started - timedelta(microseconds=1))


def apart(room: Room, post: Post, pile: str, now: datetime) -> int:
    """Count the cases of restricted classes in a pile that the map leaves out in the scope of the post, for there they are few."""
    if not (scope(post) or room.within.narrows):
        return 0
    shown = Filter(grid=post.grid, handler="" if post.grid else post.key, days=PERIOD)
    if asked(room, shown, now).restricted is not False:
        return 0
    with room.ledger.reading() as connection:
        return find.count(connection, replace(wanted(room, post, pile, now), restricted=True))
