"""Inspections on a phone: which sites one's posts have to look at, when and by which checklists, what was found there and is not put right; and what is sent of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from data import rules as files
from desk.inspections.acts import Made
from desk.posts.acting import posts_of
from desk.room import Room
from desk.sites.register import sight
from geo.errors import DraftError
from incidents.posts import Post
from inspections import rounds
from inspections.checklists import Checklist
from inspections.findings import Act, allowed
from inspections.grades import Degree
from inspections.inspection import Signed
from inspections.rounds import RoundRules, Standing
from inspections.sites import Site, State
from ledger import findings, inspections, sites
from ledger.findings import Filed
from ledger.sites import Asked

MOST = 200  # sites of a list
INSPECT, CORRECT = "inspect", "finding_correct"
MAY = "inspect"  # capability
DOES = frozenset({INSPECT, CORRECT})
# What a phone may do to a finding -> the act that it is.
ACTS: Mapping[str, Act] = MappingProxyType({CORRECT: Act.CORRECT})
BEHIND = frozenset({Standing.OVERDUE, Standing.SKIPPED})
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Errand:
    """A site of a list: as which post one would inspect it, until when and how that stands, by which checklists, what stands open there, and when it was looked at last."""

    site: Site
    post: Post
    mine: bool
    due: date
    standing: Standing
    checklists: tuple[Checklist, ...]
    open: tuple[Filed, ...]
    last: date | None

    def is_late(self, today: date) -> bool:
        """Tell whether its round is overdue, or a day until which something there is to be put right is over."""
        return self.standing in BEHIND or any(filed.state.is_overdue(today) for filed in self.open)


def errands(room: Room, now: datetime) -> tuple[tuple[Errand, ...], int]:
    """Return the sites of who looks through a room, and how many are left out: those of their own posts first, then those of their grid, each by the day of its next round."""
    posts = posts_of(room, room.who, now) if room.who and room.who.can(MAY) else ()
    if not posts:
        return (), 0
    own, today = {post.key: post for post in posts}, now.astimezone(room.area.pack.timezone).date()
    with room.ledger.reading() as connection:
        active = frozenset({State.ACTIVE.value})
        every = sites.page(connection, Asked(room.id, within=sight(room), states=active))
        last = inspections.last_days(connection, room.id)
        lately = findings.since(connection, room.id, today - timedelta(days=round_rules().window_days))
        worst = findings.worst(connection, room.id)
        due, standing = _rounds(room, every, last, lately, worst, today)
        order = sorted(range(len(every)), key=lambda at: (every[at].post not in own, due[at], every[at].number))[:MOST]
        shown = [every[at] for at in order]
        standing_open = findings.open_of(connection, room.id, [one.number for one in shown])
    found = tuple(
        Errand(
            site,
            own.get(site.post, posts[0]),
            site.post in own,
            EPOCH + timedelta(days=int(due[at])),
            Standing(int(standing[at])),
            checklists_for(room, site),
            tuple(standing_open.get(site.number, ())),
            date.fromisoformat(last[site.number]) if site.number in last else None,
        )
        for at, site in zip(order, shown, strict=True)
    )
    return found, len(every) - len(found)


def checklists_for(room: Room, site: Site) -> tuple[Checklist, ...]:
    """Return the checklists by which a site may be inspected, that of its kind first; none for a kind that is not known any more."""
    kind = room.rules.sites.kinds.get(site.kind)
    if kind is None:
        return ()
    found = room.rules.checklists.for_site(kind.key, kind.group.value)
    return tuple(sorted(found, key=lambda one: one.key != kind.checklist))


def may_do(filed: Filed, post: Post) -> tuple[str, ...]:
    """Return what a post may do to a finding from a phone, as keys of `ACTS`."""
    may = allowed(filed.state, post.by)
    return tuple(name for name, act in ACTS.items() if act in may)


@lru_cache(maxsize=1)
def round_rules() -> RoundRules:
    """Return the shipped rules of rounds."""
    return RoundRules.from_table(files.read("rounds"))


def _rounds(  # noqa: PLR0917
    room: Room, every: Sequence[Site], last: Mapping[str, str], lately: Mapping[str, int], worst: Mapping[str, Degree], today: date
) -> tuple[Any, Any]:  # fmt: skip
    """Return day and standing of the next round of each site; one that was never inspected is due today."""
    kinds, at = room.rules.sites.kinds, (today - EPOCH).days
    base = [kinds[one.kind].base_days if one.kind in kinds else 30 for one in every]
    days = [(date.fromisoformat(last[one.number]) - EPOCH).days if one.number in last else None for one in every]
    columns = rounds.Sites(
        np.array(base, dtype=np.int64),
        np.array([0 if day is None else day for day in days], dtype=np.int64),
        np.array([lately.get(one.number, 0) for one in every], dtype=np.int64),
        np.array([worst[one.number].rank if one.number in worst else rounds.NONE_OPEN for one in every], dtype=np.int64),
        np.zeros(len(every), dtype=np.int64),
    )  # fmt: skip
    if not every:
        return [], []
    never = np.array([day is None for day in days])
    due, standing = rounds.due(columns, round_rules(), at), rounds.standing(columns, round_rules(), at)
    return np.where(never, at, due), np.where(never, int(Standing.DUE), standing)


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
