"""Patrols in words: where one stands, what was done to it, and why something was not done."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from desk.room import Room
from inspections.patrols import Act, State
from layers.grid_names import every_name
from ledger.patrols import Filed
from locales import N_, Translator
from reports.case_words import local, post_name

STATE = MappingProxyType(
    {
        State.PLANNED: N_("To be walked"),
        State.DONE: N_("Walked"),
        State.MISSED: N_("Not walked"),
        State.CANCELLED: N_("Patrol cancelled"),
    }
)
ACT = MappingProxyType(
    {
        Act.PLAN: N_("Opened by its plan"),
        Act.WALK: N_("Walked without a plan"),
        Act.DONE: N_("Write the patrol down"),
        Act.CANCEL: N_("Cancel the patrol"),
        Act.NOTE: N_("Note"),
        Act.STEP: N_("Its time is over: the head was told"),
    }
)
COUNT = MappingProxyType({"found": N_("Problems found"), "cleared": N_("Cleared on the spot"), "reported": N_("Reported up")})  # fmt: skip
# Why a patrol was not taken, by the field of the error.
DRAFT = MappingProxyType(
    {
        "patrol_gone": N_("There is no such patrol, or it lies beyond your grid. Look it up in the list."),
        "patrol_plan_gone": N_("There is no such plan, or it lies beyond your grid. Look it up in the list."),
        "patrol_kind": N_("There is no such kind of patrol any more. Choose one of the list."),
        "patrol_grid": N_("That grid is none of yours, or there is none. Choose among the grids of the list."),
        "patrol_nowhere": N_("A patrol is walked in a grid. Choose it in the list."),
        "patrol_walkers": N_("So many posts do not walk such a patrol: a night asks for two. Choose others."),
        "patrol_outcomes": N_("Say what came of the patrol. Nothing found is an outcome too, and stands alone."),
        "patrol_topics": N_("Topics belong to opinions that were collected. Choose that outcome too, or no topic."),
        "patrol_counts": N_("The numbers do not fit: no more problems are cleared and reported up than were found."),
        "patrol_time": N_("The times do not fit: a patrol ends after it began, not in the future, and within the time that was planned."),
        "patrol_name": N_("A plan has a name. Write what it is called."),
        "patrol_every": N_("A night comes each 1 to 31 days. Choose another number."),
        "patrol_first": N_("A plan begins tonight or later, and ends after it began, at most in a year."),
        "patrol_last": N_("A plan ends yesterday at the earliest: what was opened stays. Choose another night."),
    }
)  # fmt: skip
# What the lifecycle of patrols says, and how a page says it.
RULES = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"to a patrol that is", N_("The patrol was walked or cancelled meanwhile, and this cannot be done to it any more.")),
        (r" is not for .+ in this patrol|a head of a grid plans", N_("This is not a matter of the acting post.")),
    )
)  # fmt: skip


def place_name(room: Room, filed: Filed) -> str:
    """Return the name of the grid of a patrol."""
    return grid_title(room, filed.level, filed.code)


def grid_title(room: Room, level: str, code: str) -> str:
    """Return the name of a grid of a level or overlay."""
    return every_name(room.area.net).get(level, {}).get(code, code)


def outcome_names(room: Room, filed: Filed, language: str) -> str:
    """Return what came of a patrol."""
    return _joined((room.rules.patrols.outcome(key).in_(language) for key in filed.state.outcomes), language)


def topic_names(room: Room, filed: Filed, language: str) -> str:
    """Return what people spoke of."""
    return _joined((room.rules.patrols.topic(key).in_(language) for key in filed.state.topics), language)


def walker_names(room: Room, filed: Filed, _: Translator, language: str) -> str:
    """Return the posts that walk, or walked."""
    return _joined((post_name(room, key, _) for key in filed.state.walkers), language)


def when(room: Room, filed: Filed) -> str:
    """Return from when until when, the day once where it is the same."""
    since, until = local(room, filed.state.since), local(room, filed.state.until)
    return f"{since}–{until.split()[-1] if until.split()[0] == since.split()[0] else until}"


def line(entry: Mapping[str, Any], room: Room, _: Translator, language: str) -> str:
    """Return what one entry of a patrol's history says."""
    data, act = entry["data"], Act(entry["act"])
    said = [_(STATE[State.DONE]) if act is Act.DONE else _(ACT[act])]
    said += [room.rules.patrols.outcome(key).in_(language) for key in data.get("outcomes", ())]
    said += [f"{_(name)} {data[key]}" for key, name in COUNT.items() if data.get(key)]
    if data.get("case"):
        said.append(_("Case {number}").format(number=data["case"]))
    return " · ".join(said)


def _joined(names: Any, language: str) -> str:
    return ("、" if language == "zh" else ", ").join(names)
