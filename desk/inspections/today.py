"""Today's list (今日清单): the sites that are to be inspected, by the day of their next round, with the reason, the checklists, what stands open there and what runs out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from desk.inspections.expiring import Expiring, of_sites
from desk.inspections.reading import today as day_of
from desk.inspections.rounds import EPOCH, stand
from desk.planning.kept import stops
from desk.room import Room
from desk.sites.register import sight
from inspections.checklists import Checklist
from inspections.rounds import Standing, Why
from inspections.sites import Site, State
from ledger import findings, sites
from ledger import rounds as rows
from ledger.findings import Filed
from ledger.sites import Asked

MOST = 200  # sites of a list
LAST = 86_400  # seconds: after all of a day


@dataclass(frozen=True)
class Due:
    """A site of the list.

    Attributes
    ----------
    due, every, why, standing, last
        Day of its next round, days between two, what made them so, how it stands today, and the day of its last inspection; None where it was never inspected.
    checklists
        By which it may be inspected, that of its kind first.
    open
        Findings that stand there, the oldest first.
    expiring
        Papers and things with a date that run out soon, or did.
    begins
        When a kept plan of today has one of the posts there, in seconds since midnight; None where none does, or it was inspected today.
    """

    site: Site
    post: str
    due: date
    every: int
    why: Why
    standing: Standing
    last: date | None
    checklists: tuple[Checklist, ...]
    open: tuple[Filed, ...]
    expiring: tuple[Expiring, ...]
    begins: int | None = None


def listed(
    room: Room,
    posts: Collection[str],
    now: datetime,
    *,
    most: int = MOST,
    only: Collection[Standing] | None = None,
) -> tuple[list[Due], int]:
    """Return the sites that who looks sees, and how many are left out: what a kept plan of today has for some posts, in its order; then their own sites, then the others, each by the day of its next round.

    Parameters
    ----------
    only
        How they stand; None for all.
    """
    found, own, today = stand(room, now), frozenset(posts), day_of(room, now)
    wanted = {int(one) for one in (Standing if only is None else only)}
    done = (today - EPOCH).days
    planned = {number: at for number, at in stops(room, own, now).items() if number in found.places and int(found.last[found.places[number]]) != done}  # fmt: skip
    with room.ledger.reading() as connection:
        seen = rows.numbers(connection, Asked(room.id, within=sight(room), states=frozenset({State.ACTIVE.value})))
        places = [found.places[number] for number, _kind in seen if number in found.places]
        places = [at for at in places if int(found.standing[at]) in wanted]
        order = sorted(places, key=lambda at: (planned.get(found.numbers[at], LAST), found.posts[at] not in own, int(found.due[at]), at))[:most]  # fmt: skip
        numbers = [found.numbers[at] for at in order]
        there = sites.named(connection, room.id, numbers)
        stands = findings.open_of(connection, room.id, numbers)
        ends = of_sites(room, connection, list(there.values()), today)
    shown = []
    for number in numbers:
        one, site = found.of(number), there.get(number)
        if one and site:
            shown.append(Due(site, site.post, one.due, one.every, one.why, one.standing, one.last, checklists_for(room, site), tuple(stands.get(number, ())), ends.get(number, ()), planned.get(number)))  # fmt: skip
    return shown, len(places) - len(order)


def checklists_for(room: Room, site: Site) -> tuple[Checklist, ...]:
    """Return the checklists by which a site may be inspected, that of its kind first; none for a kind that is not known any more."""
    kind = room.rules.sites.kinds.get(site.kind)
    if kind is None:
        return ()
    found = room.rules.checklists.for_site(kind.key, kind.group.value)
    return tuple(sorted(found, key=lambda one: one.key != kind.checklist))
