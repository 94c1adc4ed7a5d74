"""The kinds of whistles (哨型), as a city's table names them: how much time each stage has, and who approves.

Source: domain.md 2.6 (Nanjing Gulou: signed in 1 hour, contact in 24 hours, on site in 3 or 5 working days).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name
from incidents.calendar import Calendar
from incidents.deadlines import add
from incidents.lifecycle import PostKind
from incidents.limits import LARGEST_LIMIT, Span, Unit
from incidents.reading import prefix_of, unknown
from incidents.whistles import STAGES, Blow

CLOCKS = (*STAGES, Blow.FINISH)
MINUTES = re.compile(r"(\d+(?:\.\d+)?)\s*(?:minutes?|分钟)")
KEY = re.compile(r"[a-z][a-z_]{0,29}")
APPROVERS = frozenset({PostKind.HEAD, PostKind.FIRST_HEAD, PostKind.DEPUTY, PostKind.DISPATCHER})
KEYS = ("key", "name", "name_en", "approvers", "above", "hand_over", "source", *(act.value for act in CLOCKS))


@dataclass(frozen=True)
class Kind:
    """A kind of whistle.

    Attributes
    ----------
    spans
        Stage -> how much time it has, from the moment in which a party is called; a stage that is not named is not asked for. ``finish``: until the reply of who leads.
    approvers
        Kinds of posts that may approve it.
    above
        Whether only posts of a grid above the asker's may.
    hand_over
        Whether it is a hand-over to enforcement (移交): the paper, receipt and reply slip of that, and nobody has to come.
    """

    key: str
    name: Name
    spans: Mapping[Blow, Span]
    approvers: tuple[PostKind, ...]
    above: bool = False
    hand_over: bool = False

    def due(self, calendar: Calendar, at: datetime, *, lead: bool = False) -> dict[str, datetime]:
        """Return stage -> deadline in UTC of who is called at a time; a stage never ends before the one that it follows, whatever units they are counted in.

        Parameters
        ----------
        at
            Aware, in the zone of the area.
        lead
            Whether it has to reply as well.
        """
        found: dict[str, datetime] = {}
        for stage in CLOCKS:
            if stage in self.spans and (lead or stage is not Blow.FINISH):
                own = add(calendar, at, self.spans[stage]).astimezone(UTC)
                found[stage.value] = max([own, *found.values()])
        return found


@dataclass(frozen=True)
class WhistleRules:
    """All of ``whistles.toml``.

    Attributes
    ----------
    prefix
        What the numbers begin with.
    remind_share
        Who was called is reminded when at most this share of a stage's time is left; 0 for never.
    task
        Before the date of a task its owner is reminded so long.
    """

    prefix: str
    remind_share: float
    task: Span
    kinds: Mapping[str, Kind]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``whistles.toml``; docs/whistles.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        faults: list[str] = []
        unknown(table, ("prefix", "remind_share", "task_reminder", "kinds"), "", faults)
        prefix = prefix_of(table, "哨", faults)
        share = table.get("remind_share")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
            faults.append(f"remind_share: {share!r} is no number from 0, below 1; write remind_share = 0.25")
        task = _span(table, "task_reminder", "task_reminder", faults)
        kinds = _kinds(table.get("kinds"), faults)
        if faults or task is None:
            raise RulesError(f"whistles.toml has {len(faults)} fault(s):", faults)
        return cls(prefix, float(share or 0), task, kinds)

    def kind(self, key: str) -> Kind:
        """Return a kind; one that a running whistle has and the rules no more asks for nothing, and is approved by the centre."""
        return self.kinds.get(key) or Kind(key, Name(key, key), {}, (PostKind.DISPATCHER,))


def _kinds(value: Any, faults: list[str]) -> Mapping[str, Kind]:
    if not isinstance(value, list) or not value or not all(isinstance(entry, Mapping) for entry in value):
        faults.append("kinds: there is none; write [[kinds]] above each")
        return {}
    found: dict[str, Kind] = {}
    for number, entry in enumerate(value, 1):
        where = f"kinds[{number}]"
        kind = _kind(entry, where, faults)
        if kind and kind.key in found:
            faults.append(f"{where}.key: {kind.key!r} is there already; leave one of the two")
        if kind:
            found[kind.key] = kind
    return MappingProxyType(found)


def _kind(entry: Mapping[str, Any], where: str, faults: list[str]) -> Kind | None:
    before = len(faults)
    unknown(entry, KEYS, f"{where}.", faults)
    key, name = entry.get("key"), entry.get("name")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        faults.append(f'{where}.key: {key!r} is no word of a to z; write key = "advance"')
    if not isinstance(name, str) or not name.strip():
        faults.append(f'{where}.name: {name!r} is no text; write name = "工作推进哨"')
    spans = {act: span for act in CLOCKS if act.value in entry and (span := _span(entry, act.value, f"{where}.{act.value}", faults))}  # fmt: skip
    if "sign" not in entry:
        faults.append(f'{where}.sign is missing; write sign = "1 work_hour"')
    approvers = _approvers(entry.get("approvers"), where, faults)
    flags = [flag for flag in ("above", "hand_over") if not isinstance(entry.get(flag, False), bool)]
    faults += [f"{where}.{flag}: {entry[flag]!r} is neither true nor false" for flag in flags]
    if len(faults) > before:
        return None
    english = str(entry.get("name_en") or name)
    return Kind(str(key), Name(str(name), english), MappingProxyType(spans), approvers, bool(entry.get("above")), bool(entry.get("hand_over")))  # fmt: skip


def _approvers(value: Any, where: str, faults: list[str]) -> tuple[PostKind, ...]:
    known = sorted(kind.value for kind in APPROVERS)
    if not isinstance(value, list) or not value or not all(one in known for one in value):
        faults.append(
            f'{where}.approvers: {value!r} is no list of {", ".join(known)}; write approvers = ["first_head"]'
        )
        return ()
    return tuple(PostKind(one) for one in value)


def _span(entry: Mapping[str, Any], key: str, where: str, faults: list[str]) -> Span | None:
    try:
        text = entry[key]
        minutes = MINUTES.fullmatch(text.strip()) if isinstance(text, str) else None
        found = Span(float(minutes[1]) / 60, Unit.URGENT_HOUR) if minutes else Span.parse(text)
    except KeyError:
        faults.append(f'{where} is missing; write {key} = "1 work_day"')
        return None
    except RulesError as error:
        faults.append(f'{where}: {error} Minutes are written as "15 minutes".')
        return None
    if not 0 < found.value <= LARGEST_LIMIT:
        faults.append(f"{where}: {entry[key]!r} is out of bounds; give more than 0, at most {LARGEST_LIMIT:,}")
        return None
    return found
