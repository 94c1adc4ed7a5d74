"""Time limits (时限) as rules: spans in four units, and which limit a case gets.

The rules are local data, read from a table (data/rules/deadlines.toml; docs/deadlines.md describes every key). `incidents.deadlines` counts with them.
"""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from geo.errors import RulesError
from incidents.calendar import Hours
from incidents.lifecycle import EXTERNAL
from incidents.model import Urgency
from incidents.reading import unknown

__all__ = ["EXTERNAL", "DeadlineRules", "Limit", "Span", "Stage", "StepKind", "Timing", "Unit"]

LARGEST = 1_000_000  # in any unit; 500 years of working hours
LARGEST_LIMIT = 10_000


class Unit(StrEnum):
    """What a limit is counted in."""

    URGENT_HOUR = "urgent_hour"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"
    NATURAL_DAY = "natural_day"


WORDS = MappingProxyType(
    {
        **{unit.value: unit for unit in Unit},
        "紧急工作时": Unit.URGENT_HOUR,
        "工作时": Unit.WORK_HOUR,
        "工作日": Unit.WORK_DAY,
        "自然日": Unit.NATURAL_DAY,
    }
)
SPAN = re.compile(r"([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([a-z_]+|[一-鿿]+)")


class Stage(StrEnum):
    """What a limit is for: 受理立案, 派遣, 处置, 核查."""

    ACCEPT = "accept"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    VERIFY = "verify"


class StepKind(StrEnum):
    """What happens around a deadline: a reminder (提醒), the next head above (上级网格长), supervision (督办)."""

    REMINDER = "reminder"
    NEXT_HEAD = "next_head"
    SUPERVISE = "supervise"


@dataclass(frozen=True)
class Span:
    """A length of time in one of the four units.

    Raises
    ------
    RulesError
        The value is no finite number within ±1,000,000.
    """

    value: float
    unit: Unit

    def __post_init__(self) -> None:
        if not abs(self.value) <= LARGEST:  # so that NaN is refused too
            raise RulesError(f"{self.value} {self.unit} is no length of time. Give a number of at most {LARGEST:,}.")

    @property
    def text(self) -> str:
        """The span as it is stored: ``4 work_hour``."""
        whole = float(self.value).is_integer()
        return f"{int(self.value) if whole else repr(float(self.value))} {self.unit.value}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``4 work_hour`` or ``4 工作时``.

        Raises
        ------
        RulesError
            It is no number with one of the four units.
        """
        found = SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
        if not found or found[2] not in WORDS:
            raise RulesError(
                f"{text!r} is no span. Write a number and one of {', '.join(Unit)}, such as '4 work_hour'."
            )
        return cls(float(found[1]), WORDS[found[2]])


@dataclass(frozen=True)
class Limit:
    """A limit that a case was given, and the rule that gave it; stored with the case, and never looked up again."""

    span: Span
    rule: str


@dataclass(frozen=True)
class Timing:
    """One ``[[steps]]``: a span after the deadline, or before it where negative."""

    kind: StepKind
    span: Span
    urgency: Urgency | None


class _Rule(NamedTuple):
    """What a limit is for: a stage, a scope (class, major, default) with its key, an urgency (None: any), a level (None: every)."""

    stage: Stage
    scope: str
    key: str
    urgency: Urgency | None
    level: str | None

    def text(self, version: str) -> str:
        """Say it in one line, as the case keeps it."""
        parts = (
            f"{self.scope}={self.key}" if self.key else self.scope,
            f"urgency={self.urgency or 'any'}",
            f"level={self.level}" if self.level else "",
            f"stage={self.stage}",
            f"rules={version}" if version else "",
        )
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class DeadlineRules:
    """The rules of a city: limits, the light, steps, extensions, rework, hours.

    Attributes
    ----------
    version
        As declared, else a digest of the table.
    hours
        The periods of a working day, for `Calendar`.
    amber_share, amber_hours
        The light is amber when at most this share of the limit is left, or so many hours (working hours for a limit in working time).
    extension_times, extension_share
        How often a deadline may be extended, and by how much at most, as a share of the limit.
    rework_share
        On rework (返工) at least this share of the limit is given; 0: the time that was left goes on.
    """

    version: str
    hours: Hours
    amber_share: float
    amber_hours: float
    extension_times: int
    extension_share: float
    rework_share: float
    limits: Mapping[_Rule, Span]
    timings: tuple[Timing, ...]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``deadlines.toml``; docs/deadlines.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        faults: list[str] = []
        rules = _rules(table, faults)
        if faults:
            raise RulesError(f"The deadlines have {len(faults)} fault(s):", faults)
        return cls(**rules)

    def limit(
        self,
        class_key: str | None,
        *,
        major: str | None = None,
        urgency: str = Urgency.NORMAL,
        level: str | None = None,
    ) -> Limit:
        """Return the limit for handling (处置) a case; the most specific rule wins.

        Of the rules for this urgency: class before major before default, a rule for this urgency before one for any, a rule for this level before one for every.
        Where no rule speaks of an urgency, the next lower one holds.

        Parameters
        ----------
        class_key, major
            As in the class directory: ``06010``, ``06``; None where nobody has sorted the case yet.
        urgency
            ``normal``, ``urgent`` or ``emergency``.
        level
            Key of a level of the net.
        """
        found = self._found(Stage.HANDLE, class_key, major, Urgency(urgency), level)
        assert found is not None, "the table was read with a default"
        return found

    def stage(
        self,
        stage: Stage | str,
        *,
        class_key: str | None = None,
        major: str | None = None,
        urgency: str = Urgency.NORMAL,
        level: str | None = None,
    ) -> Limit | None:
        """Return the limit of one stage of a case, or None where the rules set none (受理立案, 派遣, 核查); see `limit`."""
        return self._found(Stage(stage), class_key, major, Urgency(urgency), level)

    def _found(
        self, stage: Stage, class_key: str | None, major: str | None, urgency: Urgency, level: str | None
    ) -> Limit | None:
        asked = list(Urgency)[list(Urgency).index(urgency) :: -1]
        scopes = (("class", class_key), ("major", major), ("default", ""))
        for rank, (scope, key) in product(asked, scopes):
            for of, where in product((rank, None), (level, None)):
                rule = _Rule(stage, scope, key or "", of, where)
                if rule in self.limits:
                    return Limit(self.limits[rule], rule.text(self.version))
        return None


KEYS = ("version", "hours", "light", "extension", "rework", "limits", "steps")
SECTIONS = MappingProxyType(
    {"light": ("amber_share", "amber_hours"), "extension": ("times", "share"), "rework": ("share",)}
)
LIMIT_KEYS = ("class", "major", "urgency", "level", "stage", "span", "source")
STEP_KEYS = ("kind", "before", "after", "urgency")


def _rules(table: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    unknown(table, KEYS, "", faults)
    light, extension, rework = (_section(table, name, faults) for name in SECTIONS)
    return {
        "version": _version(table, faults),
        "hours": _hours(_table(table, "hours", faults), faults),
        "amber_share": _number(light, "light.amber_share", 0.25, (0, 1), faults),
        "amber_hours": _number(light, "light.amber_hours", 1, (0, 1000), faults),
        "extension_times": int(_number(extension, "extension.times", 1, (0, 100), faults)),
        "extension_share": _number(extension, "extension.share", 1, (0, 100), faults),
        "rework_share": _number(rework, "rework.share", 0, (0, 1), faults),
        "limits": _limits(_entries(table, "limits", faults), faults),
        "timings": _timings(_entries(table, "steps", faults), faults),
    }


def _version(table: Mapping[str, Any], faults: list[str]) -> str:
    declared = table.get("version")
    if declared is None:
        content = json.dumps(table, sort_keys=True, default=str, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()[:12]
    if not isinstance(declared, str) or not re.fullmatch(r"\S(.{0,62}\S)?", declared):
        faults.append(f"version: {declared!r} is no text of 1 to 64 characters; leave it out for a digest")
    return str(declared)


def _hours(table: Mapping[str, Any], faults: list[str]) -> Hours:
    try:
        return Hours.from_table(table)
    except RulesError as error:
        faults += [f"hours.{fault}" for fault in error.faults]
        return Hours()


def _limits(entries: Iterable[tuple[str, Mapping[str, Any]]], faults: list[str]) -> Mapping[_Rule, Span]:
    found: dict[_Rule, Span] = {}
    origin: dict[_Rule, str] = {}
    for where, entry in entries:
        unknown(entry, LIMIT_KEYS, f"{where}.", faults)
        stage = _choice(entry, "stage", Stage, where, faults, default=Stage.HANDLE)
        urgency = None if entry.get("urgency") == "any" else _urgency(entry, where, faults, Urgency.NORMAL)
        level = _text(entry, "level", where, faults)
        span = _span(entry, "span", where, faults)
        for scope, key in _scopes(entry, where, faults):
            rule = _Rule(stage, scope, key, urgency, level)
            if rule in origin:
                faults.append(f"{where} says again what {origin[rule]} says ({rule.text('')}); leave one")
            origin[rule], found[rule] = where, span
    defaults = {_Rule(Stage.HANDLE, "default", "", urgency, None) for urgency in (Urgency.NORMAL, None)}
    if not defaults & found.keys():
        faults.append(
            'limits: there is no default; add [[limits]] with nothing but a span, such as span = "3 work_day"'
        )
    return found


def _scopes(entry: Mapping[str, Any], where: str, faults: list[str]) -> list[tuple[str, str]]:
    """To which classes, or which major classes, a limit applies; to all where it names none."""
    if "class" in entry and "major" in entry:
        faults.append(f"{where} names a class and a major class; leave one")
    for scope in ("class", "major"):
        if scope in entry:
            keys = entry[scope] if isinstance(entry[scope], list) else [entry[scope]]
            if not keys or not all(isinstance(key, str) and key.strip() for key in keys):
                faults.append(f'{where}.{scope}: {entry[scope]!r} is no code; write it in quotes, such as "06010"')
                return []
            return [(scope, key.strip()) for key in keys]
    return [("default", "")]


def _timings(entries: Iterable[tuple[str, Mapping[str, Any]]], faults: list[str]) -> tuple[Timing, ...]:
    found: list[Timing] = []
    for where, entry in entries:
        unknown(entry, STEP_KEYS, f"{where}.", faults)
        kind = _choice(entry, "kind", StepKind, where, faults)
        urgency = _urgency(entry, where, faults, None)
        if ("before" in entry) == ("after" in entry):
            faults.append(f"{where} needs a span under 'before' or under 'after'")
            continue
        side = "before" if "before" in entry else "after"
        span = _span(entry, side, where, faults, least=0)
        if kind is not None:
            found.append(Timing(kind, Span(-span.value if side == "before" else span.value, span.unit), urgency))
    return tuple(found)


def _span(entry: Mapping[str, Any], key: str, where: str, faults: list[str], least: float | None = None) -> Span:
    """Read a span that is longer than nothing, or at least ``least``."""
    try:
        span = Span.parse(entry[key])
    except KeyError:
        faults.append(f'{where}.{key} is missing; write {key} = "4 work_hour"')
        return Span(1, Unit.WORK_DAY)
    except RulesError as error:
        faults.append(f"{where}.{key}: {error}")
        return Span(1, Unit.WORK_DAY)
    if span.value > LARGEST_LIMIT or (span.value <= 0 if least is None else span.value < least):
        faults.append(
            f"{where}.{key}: {entry[key]!r} is out of bounds; give {'more than 0' if least is None else least} to {LARGEST_LIMIT:,}"
        )
    return span


def _urgency(entry: Mapping[str, Any], where: str, faults: list[str], default: Urgency | None) -> Urgency | None:
    return _choice(entry, "urgency", Urgency, where, faults, default=default)


def _choice(
    entry: Mapping[str, Any], key: str, kinds: Any, where: str, faults: list[str], *, default: Any = None
) -> Any:
    value = entry.get(key, default)
    if value in list(kinds):
        return kinds(value)
    if key in entry or key == "kind":
        faults.append(f"{where}.{key}: {value!r} is not known; choose {', '.join(kinds)}")
    return default


def _text(entry: Mapping[str, Any], key: str, where: str, faults: list[str]) -> str | None:
    value = entry.get(key)
    if value is None or (isinstance(value, str) and value.strip()):
        return value
    faults.append(f"{where}.{key}: {value!r} is no text")
    return None


def _number(
    table: Mapping[str, Any], name: str, default: float, bounds: tuple[float, float], faults: list[str]
) -> float:
    value = table.get(name.partition(".")[2], default)
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not bounds[0] <= value <= bounds[1]:
        faults.append(f"{name}: {value!r} is no number from {bounds[0]} to {bounds[1]}")
        return default
    return value


def _table(table: Mapping[str, Any], key: str, faults: list[str]) -> Mapping[str, Any]:
    value = table.get(key, {})
    if isinstance(value, Mapping):
        return value
    faults.append(f"{key} is no table; write [{key}]")
    return {}


def _section(table: Mapping[str, Any], name: str, faults: list[str]) -> Mapping[str, Any]:
    found = _table(table, name, faults)
    unknown(found, SECTIONS[name], f"{name}.", faults)
    return found


def _entries(table: Mapping[str, Any], key: str, faults: list[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """List the tables of an array with their names: ``limits[1]`` is the first."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(entry, Mapping) for entry in value):
        faults.append(f"{key} is no list of tables; write [[{key}]] above each")
        return []
    return [(f"{key}[{number}]", entry) for number, entry in enumerate(value, 1)]
