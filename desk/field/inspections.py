"""Inspections on a phone: which sites one's posts have to look at, when and by which checklists, what was found there and is not put right; and what is sent of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from desk.inspections.acts import Made
from desk.inspections.today import Due, listed
from desk.posts.acting import posts_of
from desk.room import Room
from geo.errors import DraftError
from incidents.posts import Post
from inspections.findings import Act, allowed
from inspections.inspection import Signed
from inspections.rounds import Standing
from ledger.findings import Filed

MOST = 200  # sites of a list
INSPECT, CORRECT, WATER, TRY = "inspect", "finding_correct", "watering", "site_attempt"
MAY = "inspect"  # capability
DOES = frozenset({INSPECT, CORRECT, WATER, TRY})
# What a phone may do to a finding -> the act that it is.
ACTS: Mapping[str, Act] = MappingProxyType({CORRECT: Act.CORRECT})
BEHIND = frozenset({Standing.OVERDUE, Standing.SKIPPED})


@dataclass(frozen=True)
class Errand:
    """A site of a list: as which post one would inspect it, and whether that one answers for it."""

    due: Due
    post: Post
    mine: bool

    def is_late(self, today: date) -> bool:
        """Tell whether its round is overdue, or a day until which something there is to be put right is over."""
        return self.due.standing in BEHIND or any(filed.state.is_overdue(today) for filed in self.due.open)


def errands(room: Room, now: datetime) -> tuple[tuple[Errand, ...], int]:
    """Return the sites of who looks through a room, and how many are left out: those of their own posts first, then those of their grid, each by the day of its next round."""
    posts = posts_of(room, room.who, now) if room.who and room.who.can(MAY) else ()
    if not posts:
        return (), 0
    own = {post.key: post for post in posts}
    found, more = listed(room, own, now, most=MOST)
    return tuple(Errand(one, own.get(one.post, posts[0]), one.post in own) for one in found), more


def may_do(filed: Filed, post: Post) -> tuple[str, ...]:
    """Return what a post may do to a finding from a phone, as keys of `ACTS`."""
    may = allowed(filed.state, post.by)
    return tuple(name for name, act in ACTS.items() if act in may)


def made_of(number: str, data: Mapping[str, Any], photos: Mapping[str, bytes], *, item: str, at: datetime) -> Made:
    """Return what a phone sent as an inspection of a site.

    Parameters
    ----------
    data
        As `desk.field.items.facts` gives it.
    photos
        Digest as the phone named it -> file.
    """
    if "answers" in data and ("checklist" not in data or "version" not in data):
        raise DraftError("Answers name their checklist and its version.", field="form.checklist")
    return Made(
        number,
        data.get("checklist", ""),
        data.get("version", 0),
        data.get("answers", {}),
        refused=data.get("refused", False),
        signed=Signed(data.get("signed", Signed.ABSENT)),
        signature=data.get("signature", ""),
        photos=photos,
        rechecks=data.get("rechecks", {}),
        note=data.get("text", ""),
        done_at=at,
        item=item,
    )
