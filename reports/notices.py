"""Notices in words: to whom one may be written, and how far one came."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from desk.outbox import notices
from desk.outbox.notices import GRID, KIND
from desk.room import Room
from incidents.lifecycle import PostKind
from incidents.posts import Post
from layers.grid_names import full_names
from ledger.notices import Notice
from locales import Translator
from reports.case_words import local
from reports.roster import post_full
from reports.words import POST_KIND

MOST_NAMED = 3


@dataclass(frozen=True)
class Row:
    """A notice in a list: what, by or to whom, until when, and what it waits for; ``waits`` is true where that is the reader's own."""

    id: int
    title: str
    about: str
    state: str
    waits: bool


def choice_name(room: Room, name: str, posts: Collection[str], _: Translator) -> str:
    """Return what a choice of addressees is called, with how many posts it holds."""
    what, _sign, rest = name.partition(":")
    if what == KIND:
        return _("All of the kind {kind} ({n})").format(kind=_(POST_KIND[PostKind(rest)]), n=len(posts))
    if what == GRID:
        level, _sign, code = rest.partition(":")
        grid = full_names(room.area.net).get(level, {}).get(code, code)
        return _("All posts in {grid} ({n})").format(grid=grid, n=len(posts))
    return post_full(room, rest, _)


def rows(room: Room, post: Post, now: datetime, _: Translator) -> list[Row]:
    """Return the notices from and to a post as who looks sees them, the newest first."""
    found = notices.listed(room, {post.key})
    said = notices.acknowledged(room, found)
    return [_row(room, one, post, said.get(one.id, {}), now, _) for one in found]


def waiting(room: Room, post: Post, now: datetime) -> int:
    """Count the notices that a post is asked to acknowledge and did not."""
    found = [one for one in notices.listed(room, {post.key}) if _asks(one, post, now)]
    return len(found) - len(notices.acknowledged(room, found, {post.key})) if found else 0


def _asks(one: Notice, post: Post, now: datetime) -> bool:
    return one.receipt and one.runs(now) and post.key in one.posts


def _row(room: Room, one: Notice, post: Post, said: Collection[str], now: datetime, _: Translator) -> Row:
    is_own = one.post == post.key
    who = to_whom(room, one, _) if is_own else _("from {post}").format(post=post_full(room, one.post, _))
    about = " · ".join((who, local(room, one.at)[5:], _("until {time}").format(time=local(room, one.until)[5:])))
    waits = _asks(one, post, now) and post.key not in said
    return Row(one.id, one.title or _("(erased)"), about, _state(one, said, post, now, _), waits)


def _state(one: Notice, said: Collection[str], post: Post, now: datetime, _: Translator) -> str:
    """Return how a notice stands: to its sender how many acknowledged it, to another post what it did."""
    if one.withdrawn:
        return _("taken back")
    if one.receipt and one.post == post.key:
        return _("{n} of {all} acknowledged").format(n=len(said), all=len(one.posts))
    if one.receipt and post.key in said:
        return _("acknowledged")
    if not one.runs(now):
        return _("is over")
    return _("please acknowledge") if one.receipt else ""


def to_whom(room: Room, one: Notice, _: Translator) -> str:
    """Return to whom a notice is: the posts where they are few, else how many."""
    if len(one.posts) > MOST_NAMED:
        return _("to {n} posts").format(n=len(one.posts))
    return _("to {posts}").format(posts="、".join(post_full(room, key, _) for key in one.posts))
