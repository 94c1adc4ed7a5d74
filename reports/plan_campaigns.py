"""Campaigns for a plan of a day: those that run, and the sites of their phase that still wait for a visit."""

from datetime import datetime

from desk.campaigns import acts
from desk.room import Room
from desk.sites import register
from inspections.campaigns import Campaign, Reach, Source, State
from ledger import campaigns
from ledger.sites import Asked
from reports.coverage import question


def running(room: Room) -> dict[str, Campaign]:
    """Return the campaigns of sites of which a phase runs, by number; none for who does not see campaigns."""
    return {one.number: one for one in acts.listed(room) if one.source is Source.SITES and _phase(one)}


def waiting(room: Room, campaign: Campaign, grid: tuple[str, str] | None, now: datetime) -> frozenset[str]:
    """Return the sites in use of the phase that runs which nobody could look at yet, as far as who looks sees them."""
    with room.ledger.reading() as connection:
        found = {number for reach in Reach if reach is not Reach.VISITED for number in campaigns.numbers(connection, question(room, campaign, _phase(campaign), now, reach=reach))}  # fmt: skip
    wanted = Asked(room.id, grid=grid, states=frozenset({"active"}), numbers=frozenset(found))
    return frozenset(site.number for site in register.listed(room, wanted, most=len(found))) if found else frozenset()


def _phase(campaign: Campaign) -> int:
    """Return the number of the phase that runs; 0 for none."""
    return next((number for number, phase in enumerate(campaign.phases, 1) if phase.state is State.RUNNING), 0)
