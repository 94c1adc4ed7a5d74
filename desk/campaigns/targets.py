"""What a phase of a campaign has to reach: drawn by its rule from the register of sites, or from the buildings of the pack."""

from desk.room import Room
from desk.visits.places import Goal, households, houses
from inspections.campaigns import Campaign, Rule, Source
from inspections.sites import Site, State
from ledger import campaigns, sites
from ledger.sites import Asked
from ledger.writing import Writing

RULE = "rule"  # why a target left that is in use: the rule does not hold it any more


def wanted(room: Room, writing: Writing, campaign: Campaign, number: int) -> dict[str, int]:
    """Return what the rule of a phase holds now: target -> weight, 1 of a site, its households of a building; nothing for cases, which are asked for by their classes."""
    rule = campaign.phase(number).rule
    if campaign.source is Source.CASES:
        return {}
    found = homes(room, rule) if campaign.source is Source.HOUSEHOLDS else {one.number: 1 for one in matching(room, writing, rule)}  # fmt: skip
    had = campaigns.had(writing.connection, room.id, campaign.number, number) if rule.rest else frozenset()
    return {target: weight for target, weight in found.items() if target not in had}


def matching(room: Room, writing: Writing, rule: Rule) -> list[Site]:
    """Return the sites in use that a rule holds, whoever looks, in order of their numbers."""
    found: dict[str, Site] = {}
    for grid in rule.grids or (None,):
        asked = Asked(room.id, kinds=frozenset(rule.kinds), states=frozenset({State.ACTIVE.value}), grid=grid, text=rule.text)  # fmt: skip
        found |= {one.number: one for one in sites.walk(writing.connection, asked)}
    return [found[number] for number in sorted(found)]


def homes(room: Room, rule: Rule) -> dict[str, int]:
    """Return the buildings that a rule holds with their households; those in which nobody lives, or of which nobody said how many do, are left out."""
    known = households(room.area)
    return {goal.building: known[goal.building] for goal in houses(room.whole) if known.get(goal.building) and _holds(rule, goal)}  # fmt: skip


def _holds(rule: Rule, goal: Goal) -> bool:
    return not rule.grids or any(code in goal.codes.get(key, "").split(";") for key, code in rule.grids)


def gone(room: Room, writing: Writing, campaign: Campaign, number: int, now: dict[str, int]) -> list[tuple[str, str]]:
    """Return the targets of a phase that its rule holds no more, with the reason: the state of the site, or `RULE`."""
    there = campaigns.drawn(writing.connection, room.id, campaign.number, number)
    lost = [target for target in there if target not in now]
    known = sites.named(writing.connection, room.id, lost) if campaign.source is Source.SITES else {}
    return [(target, known[target].state.value if target in known and known[target].state is not State.ACTIVE else RULE) for target in lost]  # fmt: skip
