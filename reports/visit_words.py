"""Visits in words: where one stands, what was done to it, and why something was not done."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from desk.room import Room
from desk.visits.places import title
from incidents.visits import Phase, Walk
from ledger.visits import Filed
from locales import N_, Translator
from reports.case_words import grid_name

PHASE = MappingProxyType(
    {
        Phase.PLANNED: N_("To be visited"),
        Phase.WAITING: N_("The head decides"),
        Phase.DONE: N_("Visited"),
        Phase.REFUSED: N_("Turned away"),
        Phase.CANCELLED: N_("Visit cancelled"),
    }
)
ACT = MappingProxyType(
    {
        Walk.PLAN: N_("Planned"),
        Walk.WALK: N_("Visited without a plan"),
        Walk.DONE: N_("Write the visit down"),
        Walk.NOBODY: N_("Nobody at home"),
        Walk.REFUSED: N_("Turned away"),
        Walk.AGAIN: N_("Plan another day"),
        Walk.CANCEL: N_("Cancel the visit"),
        Walk.NOTE: N_("Note"),
        Walk.STEP: N_("The day is over: the head was told"),
    }
)
# Why a visit was not taken, by the field of the error.
DRAFT = MappingProxyType(
    {
        "visit_note": N_("The note holds a name or a number of somebody. Take it out and say the matter; what a household needs is a case or an order."),
        "visit_topics": N_("Choose what the visit was about: at least one topic."),
        "visit_where": N_("The place lies in none of your grids. The post of that grid goes there."),
        "visit_places": N_("There is no such building here. Take the codes from the list of a grid."),
        "visit_many": N_("Choose where to go: at least one place, and no more than can be planned at once."),
        "visit_round": N_("Nothing is left of this round: every building was reached, or somebody is to go there."),
        "visit_due": N_("A visit is due today or later, at most in a year. Choose another day."),
        "visit_visitor": N_("The place lies outside of that post's grid, or a worker plans for somebody else. Choose a post of its grid."),
        "form.households": N_("So many households cannot have been met. Correct the number."),
        "form.topics": N_("There is no such topic any more. Choose among those of the list."),
        "form.kind": N_("There is no such kind of visit any more. Choose one of the list."),
        "form.outcome": N_("Say how the visit ended."),
    }
)  # fmt: skip
# What the lifecycle of visits says, and how a page says it.
RULES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"to a visit that is", N_("The visit was made, cancelled or moved meanwhile, and this cannot be done to it any more.")),
        (r" is not for .+ in this visit|a grid post goes", N_("This is not a matter of the acting post.")),
        (r"^note needs text or case", N_("Write a note, or name the case.")),
    )
)  # fmt: skip


def place_name(room: Room, filed: Filed) -> str:
    """Return where: the building, else the micro-grid."""
    return title(room, filed.building) or grid_name(room, filed.codes)


def topic_names(room: Room, filed: Filed, language: str) -> str:
    """Return what a visit is about."""
    return ("、" if language == "zh" else ", ").join(
        room.rules.visits.topic(key).in_(language) for key in filed.state.topics
    )


def line(entry: Mapping[str, Any], _: Translator) -> str:
    """Return what one entry of a visit's history says, with how it ended and what comes next."""
    data, act = entry["data"], Walk(entry["act"])
    said = [_(ACT[Walk(data["outcome"])] if act is Walk.WALK and data["outcome"] != Walk.DONE else ACT[act])]
    if act is Walk.DONE:
        said = [_(PHASE[Phase.DONE])]
    if data.get("households") is not None:
        said.append(_("{n} households met").format(n=data["households"]))
    if data.get("due"):
        said.append(_("Until: {day}").format(day=data["due"]))
    if data.get("case"):
        said.append(_("Case {number}").format(number=data["case"]))
    return " · ".join(said)
