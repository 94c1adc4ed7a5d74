"""The household round in words and figures: a line for each grid of a level, and the buildings of one figure."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import MappingProxyType

import pandas as pd

from desk.room import Room
from desk.visits.rounds import House, by_grid, standing, whole
from incidents.household_rounds import Reach, Round
from layers.grid_names import full_names
from locales import N_, Translator
from reports.case_words import grid_name, level_name, post_name
from reports.visit_lists import asked

REACH: Mapping[Reach, str] = MappingProxyType(
    {
        Reach.WHOLE: N_("All met"),
        Reach.PART: N_("Some met"),
        Reach.NOBODY: N_("Nobody at home so far"),
        Reach.REFUSED: N_("Turned away"),
        Reach.NOT_YET: N_("Not visited yet"),
        Reach.UNKNOWN: N_("Households not known"),
    }
)
AGAIN = "again"
NAMES: Mapping[str, str] = MappingProxyType({**{reach.value: name for reach, name in REACH.items()}, AGAIN: N_("Second visit due")})  # fmt: skip


def houses(room: Room, said: Mapping[str, str], now: datetime) -> list[House]:
    """Return the buildings of the period that an address says, as they stand in its round."""
    return standing(room, asked(room, {"period": said.get("period", "month")}, now))


def levels(room: Room) -> tuple[str, ...]:
    """Return the levels by which a round is counted: those that divide the area."""
    return tuple(level.key for level in room.area.net.levels if len(level) > 1) or (room.area.net.leaf.key,)


def lines(room: Room, found: Collection[House], level: str) -> list[tuple[str, str, Round]]:
    """Return code, name and figures of each grid of a level, and the sum of all under the code ""."""
    names = full_names(room.area.net).get(level, {})
    rows = [(code, names.get(code, code), one) for code, one in by_grid(found, level).items()]
    return [*rows, ("", "", whole(found))]


def share(one: Round) -> str:
    """Return which share of the households was met; "–" where nobody said how many there are."""
    return f"{one.met / one.households:.1%}" if one.households else "–"


def table(room: Room, found: Collection[House], level: str, _: Translator, language: str) -> pd.DataFrame:
    """Return the figures as the table of a file."""
    columns: dict[str, Callable[[Round], object]] = {
        _("Buildings"): lambda one: one.every,
        _("Households"): lambda one: one.households,
        _("Households met"): lambda one: one.met,
        _("Share met"): share,
        **{_(REACH[reach]): _of(reach) for reach in REACH},
        _(NAMES[AGAIN]): lambda one: one.again,
        _("Somebody is to go"): lambda one: one.planned,
    }
    rows = lines(room, found, level)
    named = [name if code else _("Sum") for code, name, _one in rows]
    return pd.DataFrame({level_name(room, level, language): named, **{name: [value(one) for *_rest, one in rows] for name, value in columns.items()}})  # fmt: skip


def _of(reach: Reach) -> Callable[[Round], object]:
    return lambda one: one.buildings[reach]


def buildings_table(room: Room, found: Collection[House], _: Translator) -> pd.DataFrame:
    """Return buildings as the table of a file."""
    columns: dict[str, Callable[[House], object]] = {
        _("Building"): lambda one: one.goal.title,
        _("Code"): lambda one: one.goal.building,
        _("Micro-grid"): lambda one: grid_name(room, one.goal.codes),
        _("Households"): lambda one: one.households,
        _("Households met"): lambda one: min(one.seen.met, one.households) if one.households else one.seen.met,
        _("How far"): lambda one: _(REACH[one.reach]),
        _("Tries"): lambda one: one.seen.tries,
        _("Next visit until"): lambda one: one.seen.due.isoformat() if one.seen.due else "",
        _("Who goes"): lambda one: post_name(room, one.seen.visitor, _),
    }
    return pd.DataFrame({name: [value(one) for one in found] for name, value in columns.items()})
