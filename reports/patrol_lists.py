"""The lists of patrols: what each holds, its rows in words, and the counts of a period by grid, post and outcome. What is counted is counted by the ledger."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

import pandas as pd

from desk.room import Room
from desk.visits.acts import today
from desk.visits.people import sight
from inspections.patrols import State
from ledger import patrols
from ledger.patrols import Asked, Figures, Filed
from locales import N_, Translator
from reports.case_words import level_name, local, post_name
from reports.patrol_words import COUNT, STATE, grid_title, outcome_names, place_name, topic_names, walker_names, when
from reports.visit_lists import MONTH, days

PAGE = 50  # rows
LATELY = timedelta(days=7)
MOST_DIGITS = 15  # of the number of a plan
POST = "post"
# View -> its name, and what is said where it is empty.
PILE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "planned": (N_("To be walked"), N_("No patrol is to be walked until the end of this time.")),
        "done": (N_("Walked"), N_("Nobody walked a patrol in this time.")),
        "missed": (N_("Not walked"), N_("No patrol was missed in this time.")),
        "cancelled": (N_("Called off"), N_("No patrol was cancelled in this time.")),
    }
)


@dataclass(frozen=True)
class Row:
    """One patrol of a list in words."""

    filed: Filed
    place: str
    about: str
    when: str
    walkers: str
    outcome: str


def asked(room: Room, said: Mapping[str, str], now: datetime) -> Asked:
    """Return the question of an address: its period and what narrows it, as far as who looks sees."""
    first, after = days(said.get("period", MONTH), today(room, now))
    known = {*(level.key for level in room.area.net.levels), *(one.key for one in room.area.net.overlays)}
    grid = (said["in"], said["of"]) if said.get("in") in known and said.get("of") else None
    return Asked(
        room.id,
        sight(room),
        first,
        after - timedelta(days=1),
        frozenset(filter(None, [said.get("kind", "")])),
        frozenset(filter(None, [said.get("outcome", "")])),
        grid,
        said.get("walker", ""),
        int(said["plan"]) if said.get("plan", "").isdecimal() and len(said["plan"]) <= MOST_DIGITS else 0,
        said.get("q", "").strip(),
    )


def counts(room: Room, said: Mapping[str, str], now: datetime) -> dict[str, int]:
    """Return how many patrols each list has."""
    with room.ledger.reading() as connection:
        return patrols.counts(connection, asked(room, said, now))


def listed(room: Room, view: str, said: Mapping[str, str], now: datetime, *, skip: int = 0, most: int = PAGE) -> list[Filed]:  # fmt: skip
    """Return a part of a list."""
    with room.ledger.reading() as connection:
        return patrols.page(connection, asked(room, said, now), view, most=most, skip=skip)


def row(room: Room, filed: Filed, _: Translator, language: str) -> Row:
    """Return a patrol as a list shows it."""
    about = (filed.number, room.rules.patrols.kind(filed.state.kind).name.in_(language))
    outcome = outcome_names(room, filed, language) or _(STATE[filed.state.state])
    return Row(filed, place_name(room, filed), " · ".join(about), when(room, filed), walker_names(room, filed, _, language), outcome)  # fmt: skip


def table(room: Room, found: list[Filed], _: Translator, language: str) -> pd.DataFrame:
    """Return patrols as the table of a file; notes are left out, for they are read in the console alone."""
    columns: dict[str, Callable[[Filed], object]] = {
        _("Number"): lambda one: one.number,
        _("Kind"): lambda one: room.rules.patrols.kind(one.state.kind).name.in_(language),
        _("State"): lambda one: _(STATE[one.state.state]),
        _("Night"): lambda one: one.state.night.isoformat(),
        _("Began at"): lambda one: local(room, one.state.since),
        _("End of the patrol"): lambda one: local(room, one.state.until),
        _("Grid"): lambda one: place_name(room, one),
        _("Code"): lambda one: one.code,
        _("Who walks"): lambda one: walker_names(room, one, _, language),
        _("What came of it"): lambda one: outcome_names(room, one, language),
        _("Topics"): lambda one: topic_names(room, one, language),
        _(COUNT["found"]): lambda one: one.state.found,
        _(COUNT["cleared"]): lambda one: one.state.cleared,
        _(COUNT["reported"]): lambda one: one.state.reported,
        _("Cases"): lambda one: "、".join(one.state.cases),
    }
    return pd.DataFrame({name: [value(one) for one in found] for name, value in columns.items()})


def groups(room: Room) -> tuple[str, ...]:
    """Return by what patrols may be counted: the levels of the net that divide the area, the dedicated grids, and posts."""
    levels = (level.key for level in room.area.net.levels if len(level) > 1)
    return (*levels, *(one.key for one in room.area.net.overlays if one.responsible), POST)


def group_name(room: Room, by: str, _: Translator, language: str) -> str:
    """Return what patrols are counted by."""
    overlay = next((one for one in room.area.net.overlays if one.key == by), None)
    return _("Post") if by == POST else overlay.name.in_(language) if overlay else level_name(room, by, language)


HEADS: Mapping[str, str] = MappingProxyType({**{key: name for key, (name, _empty) in PILE.items()}, **COUNT})


def figures(room: Room, by: str, said: Mapping[str, str], now: datetime) -> list[Figures]:
    """Return the counts of a period: of each grid of a level, with what was walked in the grids below it, or of each post."""
    question = asked(room, said, now)
    with room.ledger.reading() as connection:
        if by == POST:
            return patrols.by_post(connection, question)
        return patrols.in_grids(connection, question, by)


def figures_table(room: Room, by: str, found: list[Figures], _: Translator, language: str) -> pd.DataFrame:
    """Return counts in words, with the share of what was planned or walked that was walked."""
    names = [post_name(room, one.key, _) if by == POST else grid_title(room, by, one.key) for one in found]
    heads = (group_name(room, by, _, language), *(_(name) for name in HEADS.values()), _("Share walked"))
    values = ([name, *(getattr(one, key) for key in HEADS), share(one)] for name, one in zip(names, found, strict=True))
    return pd.DataFrame(values, columns=list(heads))


def missed(room: Room, now: datetime) -> int:
    """Count the patrols of the last nights that nobody walked: what an inbox says."""
    day = today(room, now)
    with room.ledger.reading() as connection:
        return patrols.count(connection, Asked(room.id, sight(room), day - LATELY, day), State.MISSED.value)


def share(one: Figures) -> str:
    """Return which share of what was walked or missed was walked; "–" of nothing."""
    every = one.done + one.missed
    return f"{one.done / every:.0%}" if every else "–"


def by_outcome(room: Room, said: Mapping[str, str], now: datetime, _: Translator, language: str) -> pd.DataFrame:
    """Return how many patrols of a period came to each outcome."""
    outcomes = room.rules.patrols.outcomes
    with room.ledger.reading() as connection:
        found = patrols.by_outcome(connection, asked(room, said, now), tuple(outcomes))
    return pd.DataFrame({_("What came of it"): [name.in_(language) for name in outcomes.values()], _("Patrols"): [found[key] for key in outcomes]})  # fmt: skip
