"""Checklists (检查表): what an inspector looks at in a place of some kind, item by item, with its limit, its grade and what follows where it fails.

A checklist is data (data/rules/checklists/*.toml; docs/checklists.md describes every key). It is known by its key and version; answers keep the version that they were
given under. Its digest is made from what it says, not from how the file is written, so that a file that was edited under the same version is found out.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name
from inspections.grades import Degree, Grades
from inspections.reading import twice

USER, OPERATOR = "user", "operator"


class Kind(StrEnum):
    """How an item is answered."""

    YES_NO = "yes_no"  # 合格, 不合格, 不适用
    CHOICE = "choice"  # one of its options
    NUMBER = "number"  # with its unit
    COUNT = "count"  # whole
    DATE = "date"
    CYLINDERS = "cylinders"  # how many of each size, in kg
    SUM = "sum"  # kg, from other items: nobody answers it


class Means(StrEnum):
    """What a date says: until when (as read from a plate), or since when, to which a life is added."""

    EXPIRES = "expires"
    ISSUED = "issued"
    MADE = "made"
    SERVICED = "serviced"


class Action(StrEnum):
    """What follows where an item fails: 当场整改, 限期整改, 停用, 移交."""

    ON_SPOT = "on_spot"
    DEADLINE = "deadline"
    STOP = "stop"
    HAND_OVER = "hand_over"


@dataclass(frozen=True)
class Section:
    """A heading under which items stand."""

    key: str
    name: Name


@dataclass(frozen=True)
class Option:
    """An answer to choose: ``pass``, ``fail``, ``na``, or "" for one that only says how it is."""

    key: str
    name: Name
    result: str = ""


@dataclass(frozen=True)
class Step:
    """What a sum above so many kg needs."""

    above: float
    text: Name


@dataclass(frozen=True)
class Applies:
    """When an item counts at all: a sum is above a limit, one of some items failed, or a choice was made; else it is not applicable by itself."""

    item: str = ""
    above: float = 0
    failed: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Life:
    """How long a thing lasts, in months: the same for all, or by what was chosen at another item.

    Attributes
    ----------
    first, since
        Of a service: months from the date of the item ``since`` to the first one; ``months`` and ``by`` are those from one to the next.
    """

    months: int = 0
    by: str = ""
    each: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    since: str = ""
    first: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Item:
    """One line of a checklist.

    Attributes
    ----------
    look
        What to look at.
    clause
        The text that asks for it, as an inspector would cite it.
    source
        Where we have it from.
    setting
        What of it a city sets for itself, and has to hold against the original text first; "" where nothing is.
    least, most
        Limits of a number, in ``unit``; at the limit it passes.
    grade
        Where it fails; ``worse`` are those that an inspector may give instead.
    days
        To put it right; None for those of its grade.
    party
        Whose fault it is: the place's own, or the gas operator's.
    article
        Of a standard, by which the operator has a major hazard; "" where there is none.
    """

    key: str
    section: str
    text: Name
    look: Name
    kind: Kind
    clause: str = ""
    source: str = ""
    setting: str = ""
    unit: str = ""
    least: float | None = None
    most: float | None = None
    sizes: tuple[float, ...] = ()
    of: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    options: tuple[Option, ...] = ()
    means: Means | None = None
    life: Life | None = None
    warn_days: int = 30
    applies: Applies | None = None
    grade: Degree = Degree.MINOR
    worse: tuple[Degree, ...] = ()
    action: Action = Action.DEADLINE
    days: int | None = None
    photo: bool = False
    party: str = USER
    article: str = ""

    @property
    def judges(self) -> bool:
        """Tell whether it can fail; what cannot only says how things are."""
        if self.kind is Kind.CHOICE:
            return any(option.result == "fail" for option in self.options)
        if self.kind in {Kind.NUMBER, Kind.COUNT, Kind.CYLINDERS, Kind.SUM}:
            return self.least is not None or self.most is not None
        return self.kind is Kind.YES_NO or self.means is Means.EXPIRES or self.life is not None

    def option(self, key: str) -> Option | None:
        """Return an option, or None."""
        return next((option for option in self.options if option.key == key), None)


@dataclass(frozen=True)
class Checklist:
    """One version of a checklist.

    Attributes
    ----------
    kinds, groups
        Of sites that it is for.
    authority
        Who acts where a community may not: a setting.
    digest
        SHA-256 of what it says. Two versions of one number with different digests are a file that was edited in silence.
    table
        What it was read from, as JSON takes it: a place that keeps answers can keep it too, and read it again.
    """

    key: str
    version: int
    name: Name
    kinds: tuple[str, ...]
    groups: tuple[str, ...]
    authority: Name
    sections: tuple[Section, ...]
    items: Mapping[str, Item]
    source: str
    party: str
    digest: str
    table: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """Key and version: ``gas_shop-1``."""
        return f"{self.key}-{self.version}"

    def of_section(self, section: str) -> tuple[Item, ...]:
        """Return the items that stand under a heading."""
        return tuple(item for item in self.items.values() if item.section == section)


@dataclass(frozen=True)
class Checklists:
    """All checklists of an area, each in all its versions.

    Attributes
    ----------
    refused
        File -> what is wrong with it. One that is refused takes no other with it.
    """

    grades: Grades
    found: Mapping[tuple[str, int], Checklist]
    refused: Mapping[str, RulesError] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, grades: Grades, found: Iterable[tuple[str, Checklist]], refused: Mapping[str, RulesError]) -> Self:
        """Return those that were found, each with its file; of two that call themselves the same, both are refused."""
        pairs, refused = list(found), dict(refused)
        again = set(twice(checklist.id for _, checklist in pairs))
        refused |= {
            file: RulesError(f"{file}: {one.key!r} has its version {one.version} in another file too. Give this one another version.")
            for file, one in pairs
            if one.id in again
        }  # fmt: skip
        sound = {(one.key, one.version): one for _, one in pairs if one.id not in again}
        return cls(grades, MappingProxyType(sound), MappingProxyType(refused))

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all, in the order of the files."""
        return tuple(dict.fromkeys(key for key, _ in self.found))

    def current(self, key: str) -> Checklist:
        """Return the latest version of a checklist; raises RulesError where there is none."""
        versions = [version for found, version in self.found if found == key]
        return self.get(key, max(versions, default=0))

    def get(self, key: str, version: int) -> Checklist:
        """Return one version of a checklist.

        Raises
        ------
        RulesError
            There is none, or its file was refused: its faults are named.
        """
        if found := self.found.get((key, version)):
            return found
        faults = [line for file, error in self.refused.items() if key in file for line in str(error).splitlines()]
        which = f"{key!r} of version {version}" if version else repr(key)
        raise RulesError(f"There is no checklist {which}. There are {', '.join(self.keys)}.", faults)

    def for_site(self, kind: str, group: str) -> tuple[Checklist, ...]:
        """Return the current checklists that are for a kind of sites, or its group."""
        every = [self.current(key) for key in self.keys]
        return tuple(one for one in every if kind in one.kinds or group in one.groups)


def digest_of(table: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a checklist says: the order of keys, comments and blanks make no difference."""
    said = json.dumps(table, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def edited(checklists: Checklists, kept: Mapping[tuple[str, int], str]) -> list[str]:
    """Return a fault for each checklist that says something else than when it was answered under the same version.

    Parameters
    ----------
    kept
        (key, version) -> digest that stands beside the answers.
    """
    return [
        f"checklist {key!r} was edited and is called version {version} still; answers were given under that version. Write version = {version + 1}."
        for (key, version), digest in kept.items()
        if (key, version) in checklists.found and checklists.found[key, version].digest != digest
    ]
