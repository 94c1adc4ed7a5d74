"""How far the tasks of a warning are: per source, post and grid, and as a table that can be sent. Counts and places, no names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from desk.room import Room
from desk.sites import register
from desk.warnings import acts
from inspections.sites import Site
from inspections.warnings import LISTED, State, Tally, Task, Warned, tally
from ledger.sites import Asked
from locales import N_, Translator
from reports.alerts import LEVEL as LEVEL_NAME
from reports.case_words import local, post_name
from reports.patrol_words import grid_title
from reports.warning_words import KIND, REASON, STATE

SITE, POST, GRID = "site", "post", "grid"
BY = {SITE: N_("By source"), POST: N_("By post"), GRID: N_("By grid")}
HEADS = {SITE: N_("Source of pollution"), POST: N_("Post"), GRID: N_("Grid")}


@dataclass(frozen=True)
class Held:
    """A warning with the tasks that who looks sees, and their sources."""

    warning: Warned
    tasks: Sequence[Task]
    sites: dict[str, Site]


def held(room: Room, warning: Warned) -> Held:
    """Return a warning with its tasks."""
    found = acts.tasks(room, warning.number)
    numbers = frozenset(one.site for one in found)
    places = register.listed(room, Asked(room.id, numbers=numbers), most=None) if numbers else []
    return Held(warning, found, {one.number: one for one in places})


def lines(room: Room, of: Held, by: str, now: datetime) -> list[Tally]:
    """Return the tasks counted by source, post or grid of the lowest level; a source that lies in several grids counts in the first."""
    return tally(((_key(room, of.sites.get(one.site), by), one) for one in of.tasks), now, acts.grace(room))


def total(room: Room, of: Held, now: datetime) -> Tally:
    """Return all tasks in counts."""
    return next(iter(tally((("", one) for one in of.tasks), now, acts.grace(room))), Tally(""))


def called(room: Room, of: Held, by: str, key: str, _: Translator) -> str:
    """Return what a line is called."""
    if by == SITE:
        return of.sites[key].name if key in of.sites else key
    if not key:
        return _("no post") if by == POST else _("in no grid")
    return post_name(room, key, _) if by == POST else grid_title(room, room.area.net.leaf.key, key)


def asks(room: Room, one: Task, _: Translator, language: str) -> str:
    """Return what a task asks for."""
    rules = room.rules.warnings
    if not one.measure:
        return _(KIND[one.kind])
    if one.measure == LISTED:
        return _("{name}: {said}").format(name=_("Emergency list"), said=one.asks)
    name = rules.measures[one.measure].name.in_(language) if one.measure in rules.measures else one.measure
    said = rules.says(one.measure, one.level)
    return _("{name}: {said}").format(name=name, said=said.in_(language)) if said else name


def stands(room: Room, one: Task, _: Translator, now: datetime) -> str:
    """Return how a task stands."""
    if one.state is State.DONE:
        return _("not kept: {note}").format(note=one.note) if one.kept is False else _(STATE[State.DONE])
    if one.state is State.CLOSED:
        return _("{state} ({reason})").format(
            state=_(STATE[State.CLOSED]), reason=_(REASON.get(one.reason, one.reason))
        )
    return _("Overdue") if one.overdue(now, acts.grace(room)) else _(STATE[State.OPEN])


def table(room: Room, of: Held, _: Translator, language: str, now: datetime) -> pd.DataFrame:
    """Return every task as a line of a table."""
    leaf, kinds = room.area.net.leaf.key, room.rules.sites.kinds
    rows = []
    for one in of.tasks:
        site = of.sites.get(one.site)
        rows.append(
            {
                _("Source of pollution"): site.name if site else one.site,
                _("Number"): one.site,
                _("Kind"): kinds[site.kind].name.in_(language) if site and site.kind in kinds else "",
                _("Grid"): called(room, of, GRID, _first(site, leaf), _),
                _("Post"): called(room, of, POST, site.post if site else "", _),
                _("Level of the warning"): _(LEVEL_NAME[one.level]),
                _("Task"): asks(room, one, _, language),
                _("Due"): local(room, one.due),
                _("State"): stands(room, one, _, now),
                _("Done at"): local(room, one.done),
                _("Meter reading"): one.meter,
                _("Note"): one.note,
            }
        )
    return pd.DataFrame(rows)


def _key(room: Room, site: Site | None, by: str) -> str:
    if site is None:
        return ""
    return {SITE: site.number, POST: site.post, GRID: _first(site, room.area.net.leaf.key)}[by]


def _first(site: Site | None, level: str) -> str:
    return site.codes.get(level, "").split(";")[0] if site else ""
