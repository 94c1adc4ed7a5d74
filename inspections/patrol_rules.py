"""Kinds, outcomes, topics and limits of patrols (巡查): ``patrols.toml``.

Source: domain.md 6 (巡查记录), 8.3 F6, F7, F12, F20, F27.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name
from incidents.reading import prefix_of
from inspections.patrols import NOTHING, OPINION
from inspections.reading import entries, name_of, unknown, whole_of

KEY = re.compile(r"[a-z][a-z_]{0,19}")
NUMBERS = MappingProxyType({"longest_note": 500, "most_walkers": 20, "most_count": 999, "most_hours": 24, "most_places": 200, "grace_minutes": 1440, "back_days": 31})  # fmt: skip
MOST_PAIR = 10


@dataclass(frozen=True)
class PatrolKind:
    """A kind of patrol; at least ``walkers`` posts walk one."""

    key: str
    name: Name
    walkers: int = 1


@dataclass(frozen=True)
class PatrolRules:
    """All of ``patrols.toml``.

    Attributes
    ----------
    prefix
        What the numbers begin with.
    longest_note
        Characters.
    most_walkers, most_count, most_hours
        Posts that walk one patrol, problems of one, and how long one takes.
    most_places
        Grids of one plan.
    grace_minutes
        So long after its end a planned patrol is missed.
    back_days
        Nights that are opened later than they were, where no console ran.
    outcomes, topics
        Key -> name.
    """

    prefix: str
    longest_note: int
    most_walkers: int
    most_count: int
    most_hours: int
    most_places: int
    grace_minutes: int
    back_days: int
    kinds: Mapping[str, PatrolKind]
    outcomes: Mapping[str, Name]
    topics: Mapping[str, Name]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``patrols.toml``; docs/patrols.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, ("prefix", *NUMBERS, "kinds", "outcomes", "topics"), "", faults)
        prefix = prefix_of(table, "巡", faults)
        numbers = {name: whole_of(table, name, "", faults, most=most, least=1) for name, most in NUMBERS.items()}
        faults += [f"{name}: it is missing; write {name} = 1" for name in NUMBERS if name not in table]
        kinds = {key: PatrolKind(key, name, whole_of(entry, "walkers", where, faults, most=MOST_PAIR, least=1) or 1) for key, name, entry, where in _named(table, "kinds", ("walkers",), faults)}  # fmt: skip
        outcomes, topics = ({key: name for key, name, _entry, _where in _named(table, what, (), faults)} for what in ("outcomes", "topics"))  # fmt: skip
        most = numbers["most_walkers"] or MOST_PAIR
        faults += [f"kinds: {key!r} asks for {kind.walkers} posts, and most_walkers is {most}; write a larger most_walkers, or fewer walkers" for key, kind in kinds.items() if kind.walkers > most]  # fmt: skip
        if not kinds:
            faults.append("kinds: there is none; write [[kinds]] above each")
        faults += [f'outcomes: {key!r} is missing; write [[outcomes]] with key = "{key}"' for key in (NOTHING, OPINION) if key not in outcomes]  # fmt: skip
        if faults:
            raise RulesError(f"patrols.toml has {len(faults)} fault(s):", faults)
        return cls(prefix, **{name: value or 1 for name, value in numbers.items()}, kinds=MappingProxyType(kinds), outcomes=MappingProxyType(outcomes), topics=MappingProxyType(topics))  # fmt: skip

    def kind(self, key: str) -> PatrolKind:
        """Return a kind; one that a patrol has and the rules no more is called by its key."""
        return self.kinds.get(key) or PatrolKind(key, Name(key, key))

    def outcome(self, key: str) -> Name:
        """Return what an outcome is called; one that the rules do not have any more is called by its key."""
        return self.outcomes.get(key) or Name(key, key)

    def topic(self, key: str) -> Name:
        """Return what a topic is called; one that the rules do not have any more is called by its key."""
        return self.topics.get(key) or Name(key, key)


def _named(
    table: Mapping[str, Any], what: str, more: tuple[str, ...], faults: list[str]
) -> list[tuple[str, Name, Mapping[str, Any], str]]:
    """Return key, name, entry and place of each entry that has them, each key once."""
    found: dict[str, tuple[str, Name, Mapping[str, Any], str]] = {}
    for where, entry in entries(table, what, faults):
        unknown(entry, ("key", "name", "name_en", *more, "source"), where, faults)
        key, name = entry.get("key"), name_of(entry, "name", where, faults)
        if not isinstance(key, str) or not KEY.fullmatch(key):
            faults.append(f'{where}key: {key!r} is no word of a to z; write key = "night"')
        elif key in found:
            faults.append(f"{where}key: {key!r} is there already; leave one of the two")
        else:
            found[key] = (key, name, entry, where)
    return list(found.values())
