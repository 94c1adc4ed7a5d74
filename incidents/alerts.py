"""Warnings (预警): what the city or the weather service ordered, as the street received it. Nothing here computes one.

Source: domain.md 4.4.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from geo.errors import DraftError, RulesError
from geo.scheme import Name
from incidents.moments import to_text, to_time
from incidents.reading import unknown

KEY = re.compile(r"[a-z][a-z_]{0,29}")
LONGEST_ISSUER, LONGEST_NUMBER = 60, 60


class Level(StrEnum):
    """How severe a warning is, the least first."""

    BLUE = "blue"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"

    @property
    def rank(self) -> int:
        """Its place among the levels, from 0."""
        return list(Level).index(self)


@dataclass(frozen=True)
class AlertKind:
    """A kind of warning; ``levels`` says which it has, and what response is begun with each, "" for none."""

    key: str
    name: Name
    levels: Mapping[Level, Name]


@dataclass(frozen=True)
class AlertRules:
    """All of ``alerts.toml``."""

    kinds: Mapping[str, AlertKind]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``alerts.toml``; docs/alerts.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, ("kinds",), "", faults)
        listed = table.get("kinds")
        if not isinstance(listed, list) or not listed or not all(isinstance(entry, Mapping) for entry in listed):
            faults.append("kinds: there is none; write [[kinds]] above each")
            listed = []
        found = [_kind(entry, f"kinds[{number}].", faults) for number, entry in enumerate(listed, 1)]
        kinds = {kind.key: kind for kind in found}
        if len(kinds) < len(found):
            faults.append("kinds: two have one key; leave one of them")
        if faults:
            raise RulesError(f"alerts.toml has {len(faults)} fault(s):", faults)
        return cls(MappingProxyType(kinds))

    def kind(self, key: str) -> AlertKind:
        """Return a kind; one that a warning has and the rules no more is called by its key."""
        return self.kinds.get(key) or AlertKind(key, Name(key, key), {})


@dataclass(frozen=True)
class Alert:
    """A warning.

    Attributes
    ----------
    kind, level
        As the rules name them.
    issuer, number
        Who gave the order, and the number of it; "" where it has none.
    begins, ends
        From when, and until when it is expected to hold, UTC; None for unknown. It holds until it is lifted.
    lifted
        When it was lifted, UTC; None while it was not.
    id
        0 before it is written.
    """

    kind: str
    level: Level
    issuer: str
    number: str
    begins: datetime
    ends: datetime | None = None
    lifted: datetime | None = None
    id: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return it as the history says it; times as ISO 8601 in UTC."""
        plain = {name: getattr(self, name) for name in ("kind", "issuer", "number")}
        return {**plain, "level": self.level.value, **{name: to_text(getattr(self, name)) for name in TIMES}}

    @classmethod
    def from_json(cls, said: Mapping[str, Any], id_: int = 0) -> "Alert":
        """Read what `to_json` wrote."""
        begins = to_time(said["begins"])
        if begins is None:
            raise ValueError("a warning begins at some time")
        return cls(said["kind"], Level(said["level"]), said["issuer"], said["number"], begins, to_time(said["ends"]), to_time(said["lifted"]), id_)  # fmt: skip


TIMES = ("begins", "ends", "lifted")


def check(rules: AlertRules, wished: Alert) -> None:
    """Ask that a warning is one.

    Raises
    ------
    DraftError
        Its kind or level is unknown, nobody issued it, or it ends before it begins; ``field`` says which.
    """
    kind = rules.kinds.get(wished.kind)
    if kind is None:
        raise DraftError(f"There is no kind of warning {wished.kind!r}. Choose among {', '.join(rules.kinds)}.", field="alert_kind")  # fmt: skip
    if wished.level not in kind.levels:
        raise DraftError(f"{wished.kind} has no level {wished.level}. Choose among {', '.join(kind.levels)}.", field="alert_level")  # fmt: skip
    if not wished.issuer:
        raise DraftError("Write who gave the order.", field="alert_issuer")
    if wished.ends is not None and wished.ends <= wished.begins:
        raise DraftError("It ends before it begins. Correct one of the two times.", field="alert_ends")


def _kind(entry: Mapping[str, Any], where: str, faults: list[str]) -> AlertKind:
    unknown(entry, ("key", "name", "name_en", "levels", "source"), where, faults)
    key, name, levels = entry.get("key"), entry.get("name"), entry.get("levels")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        faults.append(f'{where}key: {key!r} is no word of a to z; write key = "rainstorm"')
    if not isinstance(name, str) or not name.strip():
        faults.append(f'{where}name: {name!r} is no text; write name = "暴雨"')
    if not isinstance(levels, Mapping) or not levels or not set(levels) <= set(Level):
        faults.append(
            f"{where}levels: write [kinds.levels], and below it one or more of {', '.join(Level)}, as red = {{}}"
        )
        levels = {}
    found = {Level(one): _response(said, f"{where}levels.{one}.", faults) for one, said in levels.items()}
    ranked = dict(sorted(found.items(), key=lambda one: one[0].rank))
    return AlertKind(str(key), Name(str(name), str(entry.get("name_en") or name)), MappingProxyType(ranked))


def _response(said: object, where: str, faults: list[str]) -> Name:
    if not isinstance(said, Mapping) or not all(isinstance(text, str) for text in said.values()):
        faults.append(f'{where[:-1]}: {said!r} is none; write {{}}, or {{ response = "Ⅱ级响应" }}')
        return Name("", "")
    unknown(said, ("response", "response_en"), where, faults)
    return Name(said.get("response", ""), said.get("response_en") or said.get("response", ""))
