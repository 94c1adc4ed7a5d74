"""Notices on a phone: what was sent to one's posts and still runs, that one read it, and that one knows of it."""

from dataclasses import dataclass
from datetime import datetime

from desk.outbox import notices
from desk.posts.acting import posts_of
from desk.room import Room
from incidents.posts import Post
from ledger.notices import Notice
from ledger.outbox import Message

ACKNOWLEDGE, READ = "acknowledge", "notice_read"
DOES = frozenset({ACKNOWLEDGE, READ})
MOST = 20


@dataclass(frozen=True)
class Told:
    """One notice of a list.

    Attributes
    ----------
    post
        The one that it is for, as which one acknowledges it.
    acknowledged
        When that post did; None where it did not, or is not asked to.
    due
        Until when it is to acknowledge it, before somebody calls; None where nobody would.
    is_read
        Whether it has read it.
    """

    notice: Notice
    post: Post
    acknowledged: datetime | None
    due: datetime | None
    is_read: bool

    @property
    def waits(self) -> bool:
        """Whether that post is asked for a receipt and gave none."""
        return self.notice.receipt and self.acknowledged is None


def told(room: Room, now: datetime) -> list[Told]:
    """Return the notices that run for one of the posts of who looks through a room: first what waits for a receipt, then the newest."""
    own = {post.key: post for post in posts_of(room, room.who, now)} if room.who else {}
    found = [one for one in notices.listed(room, own) if one.runs(now) and one.post not in own] if own else []
    said, messages = notices.acknowledged(room, found, own), notices.told(room, found, own)
    some = [
        _told(one, post, said.get(one.id, {}).get(key), messages.get((one.id, key)))
        for one in found
        for key, post in own.items()
        if key in one.posts
    ]
    return sorted(some, key=lambda one: not one.waits)[:MOST]


def _told(one: Notice, post: Post, acknowledged: datetime | None, message: Message | None) -> Told:
    is_read = acknowledged is not None or (message is not None and message.read is not None)
    return Told(one, post, acknowledged, message.read_by if message else None, is_read)
