"""What a list of sites asks for, as its address says it: page, map and file read it here, so that they show the same."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from desk.room import Room
from desk.sites import watering
from inspections.rounds import Standing
from inspections.sites import State
from ledger.sites import Asked
from locales import N_
from reports.campaign_words import target_of
from reports.rounds import STANDING
from reports.site_words import STATE

NARROWS = ("state", "in", "of", "due", "standing", "water", "target", "q")
EVERY, NONE, DRY = "every", "none", "dry"
NOBODY = frozenset({""})  # numbers of no site
STATES: Mapping[str, str] = MappingProxyType({**{state.value: STATE[state] for state in State}, EVERY: N_("in whatever state")})  # fmt: skip
DUE: Mapping[str, str] = MappingProxyType({"0": N_("papers that ran out"), "30": N_("papers that run out in 30 days"), "90": N_("papers that run out in 90 days")})  # fmt: skip
STANDINGS: Mapping[str, Standing] = MappingProxyType({one.name.lower(): one for one in STANDING})


def standing_of(own: Mapping[str, str]) -> frozenset[Standing]:
    """Return how the rounds of sites have to stand, as the address says; none for all."""
    found = STANDINGS.get(own.get("standing", ""))
    return frozenset() if found is None else frozenset({found})


def asked_of(room: Room, own: Mapping[str, str], now: datetime) -> Asked:
    """Return the question of an address; without a state it asks for what is in use."""
    key, _, code = own.get("in", "").partition(":")
    state, post, due = own.get("state", ""), own.get("of", ""), own.get("due", "")
    today = room.clock(now).date()
    chosen = [one for one in (frozenset(watering.dry(room, now)) if own.get("water") == DRY else None, target_of(room, own.get("target", ""), now)) if one is not None]  # fmt: skip
    return Asked(
        room.id,
        kinds=frozenset({own["kind"]} if own.get("kind") else ()),
        states=frozenset() if state == EVERY else frozenset({state if state in STATES else State.ACTIVE.value}),
        grid=(key, code) if key in room.area.net.keys and code else None,
        post="" if post == NONE else post,
        without_post=post == NONE,
        expiring=today + timedelta(days=int(due) - (due == "0")) if due in DUE else None,
        text=own.get("q", "").strip(),
        numbers=frozenset.intersection(*chosen) or NOBODY if chosen else frozenset(),
    )
