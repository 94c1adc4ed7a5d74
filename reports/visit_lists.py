"""The lists of visits: what each holds, its rows in words, and the counts of a period by grid, post and topic. What is counted is counted by the ledger."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

import pandas as pd

from desk.room import Room
from desk.visits.acts import today
from desk.visits.people import sight
from incidents.visits import Phase
from layers.grid_names import full_names
from ledger import visits
from ledger.visits import Asked, Figures, Filed
from locales import N_, Translator
from reports.case_words import level_name, local, post_name
from reports.visit_words import PHASE, place_name, topic_names

PAGE = 50  # rows
POST = "post"
# View -> its name, and what is said where it is empty.
PILE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "overdue": (N_("Overdue"), N_("No visit is overdue.")),
        "planned": (N_("To be visited"), N_("No visit is planned until the end of this time.")),
        "waiting": (N_("The head decides"), N_("No visit waits for its head.")),
        "over": (N_("Visited"), N_("Nobody was visited in this time.")),
        "cancelled": (N_("Called off"), N_("No visit was cancelled in this time.")),
    }
)
MONTH = "month"
PERIOD: Mapping[str, str] = MappingProxyType(
    {"week": N_("This week"), MONTH: N_("This month"), "last": N_("Last month"), "quarter": N_("This quarter"), "year": N_("This year")}
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One visit of a list in words."""

    filed: Filed
    place: str
    about: str
    when: str
    visitor: str
    state: str
    is_late: bool


def days(period: str, now: date) -> tuple[date, date]:
    """Return the first day of a period, and the first one after it."""
    if period == "week":
        first = now - timedelta(days=now.weekday())
        return first, first + timedelta(days=7)
    if period == "year":
        return date(now.year, 1, 1), date(now.year + 1, 1, 1)
    many = 3 if period == "quarter" else 1
    month = (now.month - 1) // many * many
    first = _month(now.year, month - 1 if period == "last" else month)
    return first, _month(first.year, first.month - 1 + many)


def asked(room: Room, said: Mapping[str, str], now: datetime) -> Asked:
    """Return the question of an address: its period and what narrows it, as far as who looks sees."""
    zone, day = room.area.pack.timezone, today(room, now)
    first, after = days(said.get("period", MONTH), day)
    since, until = (datetime.combine(one, time(), zone) for one in (first, after))
    narrows = {name: said.get(name, "") for name in ("kind", "topic", "visitor")}
    return Asked(room.id, sight(room), day, since, until, after - timedelta(days=1), **narrows, text=said.get("q", "").strip())  # fmt: skip


def counts(room: Room, said: Mapping[str, str], now: datetime) -> dict[str, int]:
    """Return how many visits each list has."""
    with room.ledger.reading() as connection:
        return visits.counts(connection, asked(room, said, now))


def first(counts: Mapping[str, int], said: Mapping[str, str]) -> str:
    """Return the list that an address opens which names none: what is overdue, else what is planned; of what was searched for the first that has it."""
    known = PILE if said.get("q") else ("overdue",)
    return next((name for name in known if counts[name]), "planned")


def overdue(room: Room, now: datetime) -> int:
    """Count the visits whose day is over: what an inbox says."""
    with room.ledger.reading() as connection:
        return visits.count(connection, asked(room, {}, now), "overdue")


def listed(room: Room, view: str, said: Mapping[str, str], now: datetime, *, skip: int = 0, most: int = PAGE) -> list[Filed]:  # fmt: skip
    """Return a part of a list."""
    with room.ledger.reading() as connection:
        return visits.page(connection, asked(room, said, now), view, most=most, skip=skip)


def row(room: Room, filed: Filed, now: datetime, _: Translator, language: str) -> Row:
    """Return a visit as a list shows it."""
    state = filed.state
    kind = room.rules.visits.kind(state.kind)
    tries = (
        _("tried {n} of {all} times").format(n=state.tries, all=kind.tries)
        if state.tries and state.phase in _TRIED
        else ""
    )
    about = (filed.number, kind.name.in_(language), topic_names(room, filed, language), tries)
    ended = local(room, state.walked) if state.walked and state.phase not in _TRIED else ""
    return Row(
        filed,
        place_name(room, filed),
        " · ".join(filter(None, about)),
        _("until {day}").format(day=state.due) if state.due else ended,
        post_name(room, state.visitor, _),
        _(PHASE[state.phase]),
        state.is_overdue(today(room, now)),
    )


_TRIED = frozenset({Phase.PLANNED, Phase.WAITING})


def table(room: Room, found: list[Filed], _: Translator, language: str) -> pd.DataFrame:
    """Return visits as the table of a file; notes are left out, for they are read in the console alone."""
    columns: dict[str, Callable[[Filed], object]] = {
        _("Number"): lambda one: one.number,
        _("Kind"): lambda one: room.rules.visits.kind(one.state.kind).name.in_(language),
        _("State"): lambda one: _(PHASE[one.state.phase]),
        _("Where"): lambda one: place_name(room, one),
        _("Building"): lambda one: one.building,
        _("Micro-grid"): lambda one: one.leaf,
        _("Who goes"): lambda one: post_name(room, one.state.visitor, _),
        _("Topics"): lambda one: topic_names(room, one, language),
        _("Due"): lambda one: one.state.due.isoformat() if one.state.due else "",
        _("Visited at"): lambda one: local(room, one.state.walked) if one.state.walked else "",
        _("Tries"): lambda one: one.state.tries,
        _("Households met"): lambda one: one.state.households,
        _("Cases"): lambda one: "、".join(one.state.cases),
    }
    return pd.DataFrame({name: [value(one) for one in found] for name, value in columns.items()})


def groups(room: Room) -> tuple[str, ...]:
    """Return by what visits may be counted: the levels of the net from the one that divides the area downward, and posts."""
    return (*(level.key for level in room.area.net.levels if len(level) > 1), POST)


def usual(room: Room) -> str:
    """Return by what they are counted first: the level below the grid of who looks."""
    known = groups(room)
    scope = room.who.scope.grid[0] if room.who and room.who.scope.grid else ""
    return known[min(known.index(scope) + 1, len(known) - 1)] if scope in known else known[0]


def group_name(room: Room, by: str, _: Translator, language: str) -> str:
    """Return what visits are counted by."""
    return _("Post") if by == POST else level_name(room, by, language)


def figures(room: Room, by: str, said: Mapping[str, str], now: datetime, _: Translator, language: str) -> pd.DataFrame:  # fmt: skip
    """Return the counts of a period: a line for each grid of a level, or for each post, and their sum."""
    with room.ledger.reading() as connection:
        found = visits.figures(connection, asked(room, said, now), "visitor" if by == POST else "leaf")
    found = found if by == POST else _rolled_up(room, by, found)
    names = full_names(room.area.net).get(by, {})
    lines = [(post_name(room, one.key, _) if by == POST else names.get(one.key, one.key) or _("unclear"), one) for one in found]  # fmt: skip
    if len(lines) > 1:
        lines.append((_("Sum"), _sum("", found)))
    heads = (group_name(room, by, _, language), *(_(name) for name in HEADS.values()), _("Made"))
    values = ([name, *(getattr(one, key) for key in HEADS), _share(one)] for name, one in lines)
    return pd.DataFrame(values, columns=list(heads))


HEADS: Mapping[str, str] = MappingProxyType(
    {
        "planned": N_("To be visited"),
        "overdue": N_("Overdue"),
        "waiting": N_("The head decides"),
        "done": N_("Visited"),
        "refused": N_("Turned away"),
        "households": N_("Households met"),
    }
)


def by_topic(room: Room, said: Mapping[str, str], now: datetime, _: Translator, language: str) -> pd.DataFrame:
    """Return how many visits of a period were about each topic."""
    topics = room.rules.visits.topics
    with room.ledger.reading() as connection:
        found = visits.by_topic(connection, asked(room, said, now), tuple(topics))
    return pd.DataFrame({_("Topic"): [name.in_(language) for name in topics.values()], _("Visits"): [found[key] for key in topics]})  # fmt: skip


def _rolled_up(room: Room, level: str, found: list[Figures]) -> list[Figures]:
    """Return figures of micro-grids as those of the grids of a level; of several that lie one above another, the first one's."""
    grids: dict[str, list[Figures]] = {}
    for one in found:
        leaf = one.key.split(";")[0]
        grids.setdefault(room.codes_of(leaf).get(level, "") if leaf else "", []).append(one)
    return [_sum(code, some) for code, some in sorted(grids.items())]


def _sum(key: str, found: list[Figures]) -> Figures:
    return Figures(key, *(sum(getattr(one, name) for one in found) for name in HEADS))


def _share(one: Figures) -> str:
    """Return which share of what was to be made is made."""
    made = one.done + one.refused
    every = made + one.planned + one.overdue + one.waiting
    return f"{made / every:.0%}" if every else ""


def _month(year: int, month: int) -> date:
    """Return the first day of a month, counted from 0; those beyond December and before January are other years'."""
    return date(year + month // 12, month % 12 + 1, 1)
