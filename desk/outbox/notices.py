"""Notices (通知): a free word of the centre, a community or a head to posts below, with a receipt where it has to be sure that they know.

Who sent one and whom it is for see it, and nobody else. It goes out as messages do; who does not acknowledge it in time comes on the call list.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from desk.intake import personal
from desk.posts.acting import change
from desk.posts.own import own_posts, seeing_posts
from desk.reading import lies_in
from desk.room import Room
from geo.errors import DraftError, NoAccess
from incidents.access import Role
from incidents.lifecycle import By, PostKind
from incidents.posts import Post
from incidents.text import Personal, clean
from ledger import notices, outbox
from ledger.notices import Notice
from ledger.outbox import APP, READ, Message
from ledger.writing import Writing

LONGEST_TITLE, LONGEST_TEXT, LONGEST_REASON = 60, 1000, 200
LONGEST = timedelta(days=90)
MOST = 300  # of an area that are looked through
SENDERS = frozenset({PostKind.DISPATCHER, PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY, PostKind.OFFICE})
GRID, KIND, POST = "grid", "kind", "post"


@dataclass(frozen=True)
class Draft:
    """A notice before it is sent.

    Attributes
    ----------
    to
        Keys of `choices`: what they hold together is told.
    """

    title: str
    text: str
    to: tuple[str, ...]
    until: datetime
    receipt: bool = False


@dataclass(frozen=True)
class Receipt:
    """How far a notice came with one post; None for what did not happen."""

    post: str
    read: datetime | None
    acknowledged: datetime | None


def may_send(post: Post) -> bool:
    """Tell whether a post may write notices: the centre, and who leads a grid."""
    return post.kind in SENDERS and (post.kind is PostKind.DISPATCHER or post.grid is not None)


def reach(room: Room, post: Post, now: datetime) -> list[Post]:
    """Return the posts to which one may write: those of its grid and below, the centre's to all; nobody writes beyond the scope they look with."""
    if not may_send(post):
        return []
    limits = [grid for grid in (post.grid, room.who.scope.grid if room.who else None) if grid]
    others = [one for one in room.register.posts(now).values() if one.key != post.key]
    return [one for one in others if all(one.grid and lies_in(room.area.net, one.grid, limit) for limit in limits)]


def choices(room: Room, post: Post, now: datetime) -> dict[str, list[str]]:
    """Return what a post may choose as addressees, with the posts that each holds: ``kind:…`` and ``grid:level:code`` where they hold several, and ``post:…``."""
    found = reach(room, post, now)
    some: dict[str, list[str]] = {}
    for one in found:
        some.setdefault(f"{KIND}:{one.kind.value}", []).append(one.key)
    for level in room.area.net.levels[:-1]:
        for code in map(str, level.codes):
            inside = [one.key for one in found if one.grid and lies_in(room.area.net, one.grid, (level.key, code))]
            some[f"{GRID}:{level.key}:{code}"] = inside
    return {name: keys for name, keys in some.items() if len(keys) > 1} | {f"{POST}:{one.key}": [one.key] for one in found}  # fmt: skip


def send(room: Room, draft: Draft, by: By, now: datetime) -> int:
    """Send a notice, and return its id.

    Raises
    ------
    DraftError
        It has no title, no addressee, no time, or holds what belongs to a resident.
    NoAccess
        The post writes no notices.
    """
    post = room.post(by.post)
    if not may_send(post):
        raise NoAccess("Notices are written by the centre and by who leads a grid.", "act")
    words, there = _words(room, draft), choices(room, post, now)
    if not draft.to or any(name not in there for name in draft.to):
        raise DraftError("Choose whom the notice is for, among the posts of your own grid.", field="notice_to")
    if not now < draft.until <= now + LONGEST:
        raise DraftError(f"A notice is over some time within {LONGEST.days} days.", field="past")
    posts = sorted({key for name in draft.to for key in there[name]})
    return change(
        room, "act", by, now,
        lambda writing: notices.send(writing, room.id, posts, words, receipt=draft.receipt, until=draft.until, by=by, at=now),
    )  # fmt: skip


def acknowledge(room: Room, id_: int, by: By, now: datetime, data: Mapping[str, str] | None = None) -> int:
    """Note that a post knows of a notice (确认收到), and return the version of that entry, 0 where it had done so before. Raises DraftError where it is not for that post.

    Parameters
    ----------
    data
        Of a phone: ``item``, the key under which it sent this, and ``done_at``, when it was.
    """
    return _do(room, id_, by, now, lambda writing, one, by, now: _acknowledge(writing, one, by, now, data))


def read(room: Room, id_: int, by: By, now: datetime, done: datetime | None = None) -> int:
    """Note that a post read a notice, or did so earlier on a phone, and return how many messages told it of one; none where it had read them before."""
    return _do(room, id_, by, now, lambda writing, one, by, now: _mark_read(writing, one, by, now, done))


def remind(room: Room, id_: int, by: By, now: datetime) -> int:
    """Remind those who have not acknowledged a notice, or where none is asked for have not read it, and return how many those are."""
    return _do(room, id_, by, now, _remind)


def withdraw(room: Room, id_: int, reason: str, by: By, now: datetime) -> None:
    """Take a notice back, with a reason; what was not sent of it is not."""
    said = _plain(room, clean(reason, most=LONGEST_REASON, what="reason"))
    if not said:
        raise DraftError("Say why the notice is taken back.", field="notice_reason")
    _do(room, id_, by, now, lambda writing, one, by, now: _withdraw(writing, one, said, by, now))


def keys_of(room: Room) -> frozenset[str] | None:
    """Return the posts whose notices who looks through a room sees; None for all: nobody looks, or a visitor of a demonstration."""
    who = room.who
    if who is None or who.role is Role.DEMO:
        return None
    posts = room.register.ever()
    return seeing_posts(posts, who) | frozenset(own_posts(posts, who))


def concerns(one: Notice, keys: Collection[str] | None) -> bool:
    """Tell whether a notice was sent by one of some posts, or to one of them."""
    return keys is None or not {one.post, *one.posts}.isdisjoint(keys)


def listed(room: Room, keys: Collection[str] | None = None) -> list[Notice]:
    """Return the newest notices from or to some posts that who looks sees, the newest first."""
    own = keys_of(room)
    with room.ledger.reading() as connection:
        found = notices.listed(connection, room.id, most=MOST)
    return [one for one in found if concerns(one, own) and concerns(one, keys)]


def get(room: Room, id_: int) -> Notice:
    """Return a notice.

    Raises
    ------
    DraftError
        There is none, or none for who looks: the answer does not tell which.
    """
    with room.ledger.reading() as connection:
        return _get(room, connection, id_)


def receipts(room: Room, one: Notice) -> list[Receipt]:
    """Return how far a notice came with each post: first who did nothing, then who read it, then who acknowledged it."""
    with room.ledger.reading() as connection:
        return _receipts(connection, one)


def missing(one: Notice, found: Iterable[Receipt]) -> list[str]:
    """Return the posts from which the sender waits for something: a receipt, or where none is asked for that they read it."""
    return [got.post for got in found if got.acknowledged is None and (one.receipt or got.read is None)]


def acknowledged(room: Room, found: Sequence[Notice], keys: Collection[str] | None = None) -> dict[int, dict[str, datetime]]:  # fmt: skip
    """Return which posts, or which of some, acknowledged notices, and when."""
    with room.ledger.reading() as connection:
        return notices.acknowledged(connection, room.id, [one.id for one in found], keys)


def told(room: Room, found: Collection[Notice], keys: Collection[str]) -> dict[tuple[int, str], Message]:
    """Return the messages by which some posts were first told of notices, by notice and post: until when they are to be read, and whether they were."""
    with room.ledger.reading() as connection:
        return {(one.version, one.post): one for one in _messages(connection, room.id, [one.id for one in found], keys)}


def latest(room: Room) -> int:
    """Return the version of the last change of any notice, by which a page knows that it has to look again."""
    with room.ledger.reading() as connection:
        return notices.latest(connection, room.id)


def _get(room: Room, connection: Any, id_: int) -> Notice:
    found = notices.listed(connection, room.id, ids={id_})
    if not found or not concerns(found[0], keys_of(room)):
        raise DraftError("There is no such notice. Choose one of the list.", field="notice")
    return found[0]


def _receipts(connection: Any, one: Notice) -> list[Receipt]:
    said = notices.acknowledged(connection, one.area, {one.id}).get(one.id, {})
    told = _messages(connection, one.area, notices.versions(connection, one.area, one.id), one.posts)
    found = [Receipt(key, _read(told, key), said.get(key)) for key in one.posts]
    return sorted(found, key=lambda got: (got.acknowledged is not None, got.read is not None, got.post))


def _messages(connection: Any, area: str, entries: Collection[int], posts: Collection[str]) -> list[Message]:
    """Return what posts were told in the console of entries about notices."""
    return outbox.listed(
        connection, area=area, channels=(APP,), versions=entries, posts=posts, most=len(posts) * len(entries)
    )


def _read(told: Iterable[Message], post: str) -> datetime | None:
    return min((one.read for one in told if one.post == post and one.read), default=None)


def _do(room: Room, id_: int, by: By, now: datetime, work: Any) -> Any:
    def done(writing: Writing) -> Any:
        return work(writing, _get(room, writing.connection, id_), by, now)

    return change(room, "act", by, now, done)


def _acknowledge(writing: Writing, one: Notice, by: By, now: datetime, data: Mapping[str, str] | None) -> int:
    if by.post not in one.posts:
        raise DraftError("This notice is not for that post.", field="notice")
    if notices.acknowledged(writing.connection, one.area, {one.id}, {by.post}):
        return 0
    return notices.acknowledge(writing, one.area, one.id, by=by, at=now, data=data)


def _mark_read(writing: Writing, one: Notice, by: By, now: datetime, done: datetime | None) -> int:
    if by.post not in one.posts:
        raise DraftError("This notice is not for that post.", field="notice")
    found = _messages(writing.connection, one.area, notices.versions(writing.connection, one.area, one.id), {by.post})
    return outbox.mark(writing, one.area, [message.id for message in found], READ, by=by, at=now, done=done)


def _remind(writing: Writing, one: Notice, by: By, now: datetime) -> int:
    _own(one, by, now)
    posts = missing(one, _receipts(writing.connection, one))
    if posts:
        notices.remind(writing, one.area, one.id, posts, by=by, at=now)
    return len(posts)


def _withdraw(writing: Writing, one: Notice, reason: str, by: By, now: datetime) -> None:
    _own(one, by, now)
    notices.withdraw(writing, one, reason, by=by, at=now)


def _own(one: Notice, by: By, now: datetime) -> None:
    if one.post != by.post:
        raise NoAccess("Another post sent this notice.", "post")
    if not one.runs(now):
        raise DraftError("This notice is over, or was taken back.", field="notice")


def _words(room: Room, draft: Draft) -> str:
    title = clean(draft.title, most=LONGEST_TITLE, what="title", lines=False)
    if not title:
        raise DraftError("Give the notice a title.", field="notice_title")
    text = clean(draft.text, most=LONGEST_TEXT, what="text")
    return _plain(room, f"{title}\n{text}")


def _plain(room: Room, words: str) -> str:
    """Return words that hold no number of anybody."""
    if any(kind is not Personal.NAME for kind in personal(room, words)):
        raise DraftError("A notice holds no telephone, identity or card number. Leave it out, or name the post.", field="notice_personal")  # fmt: skip
    return words
