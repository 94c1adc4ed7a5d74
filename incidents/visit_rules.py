"""Kinds, topics and limits of visits (走访), as a city's table names them.

Source: domain.md 8.3 F7, F13 (微走访), F16 (每月入户巡查), F27 (宣传政策、收集民意、化解矛盾), K19 (敲门行动), K20.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name
from incidents.reading import prefix_of, unknown

KEY = re.compile(r"[a-z][a-z_]{0,19}")
NUMBERS = MappingProxyType({"longest_note": 500, "most_households": 9_999, "most_places": 500})  # and the largest each
DAYS = MappingProxyType({"due_days": 366, "again_days": 90, "tries": 20})


@dataclass(frozen=True)
class VisitKind:
    """A kind of visit.

    Attributes
    ----------
    due_days
        So many days it has, where nobody says another day.
    again_days
        So many days after nobody was at home the next try is due.
    tries
        After so many without anybody at home the head decides.
    """

    key: str
    name: Name
    due_days: int = 7
    again_days: int = 3
    tries: int = 3


@dataclass(frozen=True)
class VisitRules:
    """All of ``visits.toml``.

    Attributes
    ----------
    prefix
        What the numbers begin with.
    longest_note
        Characters.
    most_households
        That one visit can have met.
    most_places
        That can be planned at once.
    round_kind, round_topics
        Kind of the visits that count for the household round, and what they are about; "" where there is no such round.
    """

    prefix: str
    longest_note: int
    most_households: int
    most_places: int
    round_kind: str
    round_topics: tuple[str, ...]
    kinds: Mapping[str, VisitKind]
    topics: Mapping[str, Name]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``visits.toml``; docs/visits.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, ("prefix", *NUMBERS, "round", "kinds", "topics"), "", faults)
        prefix = prefix_of(table, "访", faults)
        numbers = {name: _number(table, name, most, "", faults) for name, most in NUMBERS.items()}
        kinds = {key: _kind(key, name, entry, where, faults) for key, name, entry, where in _named(table, "kinds", tuple(DAYS), faults)}  # fmt: skip
        topics = {key: name for key, name, _entry, _where in _named(table, "topics", (), faults)}
        kind, about = _round(table, kinds, topics, faults)
        if faults:
            raise RulesError(f"visits.toml has {len(faults)} fault(s):", faults)
        return cls(
            prefix,
            **numbers,
            round_kind=kind,
            round_topics=about,
            kinds=MappingProxyType(kinds),
            topics=MappingProxyType(topics),
        )

    def kind(self, key: str) -> VisitKind:
        """Return a kind; one that a visit has and the rules no more is called by its key."""
        return self.kinds.get(key) or VisitKind(key, Name(key, key))

    def topic(self, key: str) -> Name:
        """Return what a topic is called; one that the rules do not have any more is called by its key."""
        return self.topics.get(key) or Name(key, key)


def _round(table: Mapping[str, Any], kinds: Mapping[str, Any], topics: Mapping[str, Any], faults: list[str]) -> tuple[str, tuple[str, ...]]:  # fmt: skip
    """Return kind and topics of the household round; none where the table has no ``[round]``."""
    said = table.get("round", {})
    if not isinstance(said, Mapping):
        faults.append('round: this is no table; write [round] with kind = "round" and topics = ["hazard"]')
        return "", ()
    unknown(said, ("kind", "topics", "source"), "round.", faults)
    kind, about = said.get("kind", ""), said.get("topics", [])
    if said and kind not in list(kinds):
        faults.append(f"round.kind: {kind!r} is none of the kinds; write one of {', '.join(kinds)}")
    if not isinstance(about, list) or any(topic not in list(topics) for topic in about) or (said and not about):
        faults.append(f"round.topics: {about!r} are no topics; write some of {', '.join(topics)}")
        about = []
    return str(kind), tuple(about)


def _kind(key: str, name: Name, entry: Mapping[str, Any], where: str, faults: list[str]) -> VisitKind:
    return VisitKind(key, name, **{what: _number(entry, what, most, f"{where}.", faults) for what, most in DAYS.items()})  # fmt: skip


def _named(
    table: Mapping[str, Any], what: str, more: tuple[str, ...], faults: list[str]
) -> Iterable[tuple[str, Name, Mapping[str, Any], str]]:
    """Yield key, name, entry and place of each entry that has them, each key once."""
    value = table.get(what)
    if not isinstance(value, list) or not value or not all(isinstance(entry, Mapping) for entry in value):
        faults.append(f"{what}: there is none; write [[{what}]] above each")
        return
    seen: set[str] = set()
    for number, entry in enumerate(value, 1):
        where, key, name = f"{what}[{number}]", entry.get("key"), entry.get("name")
        unknown(entry, ("key", "name", "name_en", *more, "source"), f"{where}.", faults)
        if not isinstance(key, str) or not KEY.fullmatch(key):
            faults.append(f'{where}.key: {key!r} is no word of a to z; write key = "routine"')
        elif not isinstance(name, str) or not name.strip():
            faults.append(f'{where}.name: {name!r} is no text; write name = "日常走访"')
        elif key in seen:
            faults.append(f"{where}.key: {key!r} is there already; leave one of the two")
        else:
            seen.add(key)
            yield key, Name(name, str(entry.get("name_en") or name)), entry, where


def _number(table: Mapping[str, Any], name: str, most: int, prefix: str, faults: list[str]) -> int:
    value = table.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    faults.append(f"{prefix}{name}: {value!r} is no number from 1 to {most}; write {name} = {min(3, most)}")
    return 1
