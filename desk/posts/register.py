"""The register of posts: the area's own, with what the ledger added, renamed and abolished. It follows the ledger, and asks it for no more than when they changed last."""

from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from types import MappingProxyType
from typing import NamedTuple

from incidents.posts import Post
from ledger import posts
from ledger.posts import Kept
from ledger.store import Ledger
from ledger.tables import instant


class Seen(NamedTuple):
    """What was read of the ledger, and what that was."""

    changed: int  # version of the last change of a post
    posts: Mapping[str, Post]
    kept: Mapping[str, Kept]


class Register:
    """The posts of one area, by key; see `Room.posts`."""

    def __init__(self, area: str, own: Mapping[str, Post], ledger: Ledger) -> None:
        self._area, self._own, self._ledger = area, own, ledger
        self._lock = Lock()
        self._seen = Seen(-1, own, MappingProxyType({}))

    def posts(self, at: datetime | None = None) -> Mapping[str, Post]:
        """Return the posts that there are: at a time, or without one those that were not abolished when the register was changed last."""
        seen = self._fresh()
        return seen.posts if at is None else _alive(self._own, seen.kept, since=at, until=at)

    def seen(self) -> Seen:
        """Return what was read last, without asking the ledger: for who learns within a change whether it still holds (`Writing.posts_changed`)."""
        return self._seen

    def alive(self, key: str, at: datetime) -> bool:
        """Tell whether a post is there at a time, by what was read last: within a change, which reads nothing twice."""
        found = self._seen.kept.get(key)
        return found.at(at) if found else key in self._own

    def named(self, key: str) -> Post | None:
        """Return a post by its key, an abolished one included; None where there never was one."""
        seen = self._fresh()
        found = seen.kept.get(key)
        return found.post if found else self._own.get(key)

    def ever(self) -> Mapping[str, Post]:
        """Return all posts that there ever were or are to be."""
        return {**self._own, **{key: found.post for key, found in self._fresh().kept.items()}}

    def kept(self) -> Mapping[str, Kept]:
        """Return what the ledger keeps, by key, abolished posts included."""
        return self._fresh().kept

    def _fresh(self) -> Seen:
        """Return what stands now; the posts are read again only when one of them was changed."""
        with self._ledger.reading() as connection:
            changed, seen = posts.version(connection, self._area), self._seen
            if changed == seen.changed:
                return seen
            kept = {found.post.key: found for found in posts.kept(connection, self._area)}
            at = instant(posts.changed_at(connection, changed)) if changed else None
        seen = Seen(changed, _alive(self._own, kept, until=at), MappingProxyType(kept))
        with self._lock:
            if changed > self._seen.changed:
                self._seen = seen
        return seen


def _alive(
    own: Mapping[str, Post], kept: Mapping[str, Kept], *, since: datetime | None = None, until: datetime | None = None
) -> Mapping[str, Post]:
    """Return the posts that began by ``since`` and had not ended by ``until``, the area's own first, in their order."""
    if not kept:
        return own
    later = {
        key for key, found in kept.items() if since is not None and found.since is not None and found.since > since
    }
    gone = {
        key for key, found in kept.items() if until is not None and found.until is not None and found.until <= until
    }
    merged = {**own, **{key: found.post for key, found in kept.items()}}
    return MappingProxyType({key: post for key, post in merged.items() if key not in gone and key not in later})
