"""Service orders in words: where one stands, what was done to it, what time brought, and why something was not done."""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from desk.places import covered
from desk.room import Room
from incidents.orders import Order, Outcome, Phase, Repeat, Serve, Step
from incidents.places import Kind
from incidents.teams import EVERY, Team
from ledger.orders import Filed
from locales import N_, Translator
from reports.case_words import grid_name, local

PHASE = MappingProxyType(
    {
        Phase.ASKED: N_("Not offered yet"),
        Phase.OFFERED: N_("Offered"),
        Phase.BACK: N_("Came back"),
        Phase.ACCEPTED: N_("Accepted"),
        Phase.MISSED: N_("Missed"),
        Phase.DONE: N_("Done, not rated"),
        Phase.CLOSED: N_("Rated"),
        Phase.CANCELLED: N_("Cancelled"),
    }
)
ACT = MappingProxyType(
    {
        Serve.ASK: N_("Ordered"),
        Serve.OFFER: N_("Offer to teams"),
        Serve.ACCEPT: N_("Take the order"),
        Serve.DECLINE: N_("Decline"),
        Serve.GIVE_BACK: N_("Give back"),
        Serve.FINISH: N_("Finish the order"),
        Serve.RATE: N_("Rate"),
        Serve.CANCEL: N_("Cancel the order"),
        Serve.STOP: N_("No more after this"),
        Serve.NOTE: N_("Note"),
        Serve.NEXT: N_("The next one was made"),
        Serve.STEP: N_("By time"),
    }
)
STEP = MappingProxyType(
    {
        Step.LAPSED.value: N_("Nobody took it in time"),
        Step.LATE.value: N_("The time that was wanted is over"),
        Step.MISSED.value: N_("Was not done on its day"),
    }
)
OUTCOME = MappingProxyType(
    {
        Outcome.SERVED: N_("Served"),
        Outcome.NOBODY: N_("Nobody there"),
        Outcome.REFUSED: N_("Not wanted any more"),
        Outcome.FAILED: N_("Could not be done"),
    }
)
STARS = MappingProxyType(
    {5: N_("Very satisfied"), 4: N_("Satisfied"), 3: N_("Neither"), 2: N_("Not satisfied"), 1: N_("Very unsatisfied"), 0: N_("Not reached")}
)  # fmt: skip
UNIT = MappingProxyType({"day": N_("every {n} days"), "week": N_("every {n} weeks"), "month": N_("every {n} months")})
EACH = MappingProxyType({"day": N_("every day"), "week": N_("every week"), "month": N_("every month")})
# Why an order or a team was not taken, by the field of the error.
DRAFT = MappingProxyType(
    {
        "item": N_("The catalogue has no such service any more. Choose another one."),
        "home": N_("This service is not done at the resident's home. Take the mark away."),
        "every": N_("This service does not come again so. Choose another interval, or once."),
        "window": N_("The time has passed, ends before it begins, or lies more than a year ahead. Choose another one."),
        "key": N_("The key has to be letters and digits that stand for nobody, as K7-2MQ4. No name, no telephone or identity number."),
        "order_where": N_("The place lies in none of your grids. The post of that grid can order there."),
        "teams": N_("A team that was chosen does not fit this order. Choose among those that do."),
        "no_team": N_("No team fits: none does this, there, at that time. Ask the command room, or cancel the order."),
        "team": N_("A team of that name is there already. Give this one another name."),
        "team_gone": N_("The team is there no more. Load the list again."),
        "team_offered": N_("The team was offered an order already. Abolish it instead of taking it back."),
        "skills": N_("A team does something of the catalogue. Choose what it does."),
        "areas": N_("A team works in grids of the area, or everywhere. Choose them from the list."),
        "hours": N_("A team closes after it opens. Correct its hours."),
    }
)  # fmt: skip
# What the lifecycle of orders says, and how a page says it.
RULES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"accept cannot be done to an order that is accepted", N_("Another team was faster: it has the order.")),
        (r"to an order that is", N_("The order has moved on, and this cannot be done to it any more.")),
        (r" is not for .+ in this order|a grid post asks for a resident", N_("This is not a matter of the acting post.")),
        (r"was not offered this order", N_("Your team was not offered this order.")),
        (r"stop is for what comes again", N_("Nothing comes after this order, or the next one is there already: stop that one.")),
        (r"^rate gives", N_("Choose one to five stars, or that the resident was not reached.")),
    )
)  # fmt: skip


def item_name(room: Room, key: str, language: str) -> str:
    """Return what is ordered, as the catalogue calls it."""
    return room.rules.services.item(key).name.in_(language)


def place_name(room: Room, filed: Filed, _: Translator) -> str:
    """Return where: the building with unit and floor as counts, else the micro-grid."""
    spot = covered(room.area, Kind.BUILDING.value, filed.building) if filed.building else None
    parts = [spot.label if spot else grid_name(room, filed.codes)]
    if filed.unit is not None:
        parts.append(_("unit {n}").format(n=f"{filed.unit:g}"))
    if filed.floor is not None:
        parts.append(_("floor {n}").format(n=f"{filed.floor:g}"))
    return " ".join(parts)


def window(room: Room, since: datetime, until: datetime) -> str:
    """Return when it is wanted: day and hours in the zone of the area."""
    first, last = local(room, since), local(room, until)
    return f"{first}–{last[11:]}" if first[:10] == last[:10] else f"{first} – {last}"


def repeat_name(every: str, _: Translator) -> str:
    """Return how often it comes again in words; "" for once."""
    repeat = Repeat.read(every)
    if repeat is None:
        return ""
    return _(EACH[repeat.unit]) if repeat.number == 1 else _(UNIT[repeat.unit]).format(n=repeat.number)


def phase_name(order: Order, _: Translator) -> str:
    """Return where an order stands; of a rated one its stars."""
    return _(STARS[order.stars]) if order.stars is not None else _(PHASE[order.phase])


def team_names(order: Order, teams: Mapping[int, Team]) -> str:
    """Return the team that has it, or those that it is offered to."""
    numbers = [order.team] if order.team else [offer.team for offer in order.open_offers]
    return "、".join(teams[number].name for number in numbers if number in teams)


def hours_name(team: Team, _: Translator) -> str:
    """Return when a team works."""
    days = _("every day") if team.days == EVERY else _("workdays")
    return f"{days} {team.opens:%H:%M}–{team.closes:%H:%M}"


def line(entry: Mapping[str, Any], teams: Mapping[int, Team], _: Translator) -> str:
    """Return what one entry of an order's history says, with whom and how it ended."""
    data, act = entry["data"], Serve(entry["act"])
    if act is Serve.STEP:
        return _(STEP.get(data["step"], data["step"]))
    more = ""
    if act is Serve.OFFER:
        more = "、".join(teams[one["team"]].name for one in data["teams"] if one["team"] in teams)
    elif act is Serve.FINISH:
        more = _(OUTCOME[Outcome(data["outcome"])])
    elif act is Serve.RATE:
        more = _(STARS[data["stars"]])
    elif act is Serve.NEXT:
        more = data["number"]
    return " ".join(filter(None, (_(ACT[act]), more)))
