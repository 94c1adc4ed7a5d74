"""Kept plans as they are looked at: who sees them, and what they have for some posts today, by which phones order their list."""

from collections.abc import Collection
from datetime import datetime

from desk.inspections.reading import today
from desk.room import Room
from incidents.within import Within
from ledger import plans, sites

SEES = "day_plans"  # capability


def sight(room: Room) -> Within | None:
    """Return how far who looks through a room sees plans; None for none."""
    if room.who is None:
        return sites.EVERYTHING
    return room.within if room.who.can(SEES) else None


def stops(room: Room, posts: Collection[str], now: datetime) -> dict[str, int]:
    """Return what some posts visit today by the plans that are kept: number of the site -> when its visit begins, in seconds since midnight."""
    with room.ledger.reading() as connection:
        there = plans.sharing(connection, room.id, today(room, now), posts) if posts else []
    found = [(stop.begins, stop.number) for one in there for post in one.posts if post in posts for stop in one.of_post(post)]  # fmt: skip
    return {number: begins for begins, number in sorted(found, reverse=True)}
