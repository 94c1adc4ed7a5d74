"""What an emergency card (应急卡) says of each class of emergency, as a street's table names it: whom to call, what to cut off, which steps in which order.

Source: domain.md 8.3 F21 (电表箱起火: 逐户敲门、断电、楼顶太阳能). The shipped steps are general; a street's own plan takes their place (预案以本单位审定为准).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name

CUTOFFS = ("gas", "electric", "water")
KEY = re.compile(r"[a-z][a-z_]{0,29}")
NUMBER = re.compile(r"(\+?[0-9][0-9 -]{2,19})?")


@dataclass(frozen=True)
class Number:
    """Somebody who is called: ``number`` is "" until the street has written it down."""

    key: str
    name: Name
    number: str


@dataclass(frozen=True)
class Nearest:
    """Points of which a card names the nearest: those of some layers, and those of some classes."""

    key: str
    name: Name
    layers: frozenset[str]
    classes: frozenset[str]


@dataclass(frozen=True)
class Step:
    """One step of a plan; one that counts takes a number, and may be logged again and again."""

    key: str
    text: Name
    counts: bool = False


@dataclass(frozen=True)
class Plan:
    """What is done in one class of emergency."""

    key: str
    name: Name
    numbers: tuple[str, ...]
    cutoffs: tuple[str, ...]
    steps: Mapping[str, Step]


@dataclass(frozen=True)
class EmergencyRules:
    """All of ``emergency.toml``.

    Attributes
    ----------
    confirmed, by
        Whether the street took these steps for its own plan, and who confirmed them.
    numbers, plans
        By key, in the order of the file.
    """

    confirmed: bool
    by: str
    numbers: Mapping[str, Number]
    nearest: tuple[Nearest, ...]
    plans: Mapping[str, Plan]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``emergency.toml``.

        Raises
        ------
        RulesError
            Names every fault with its key.
        """
        faults: list[str] = []
        numbers = {one.key: one for one in _each(table.get("numbers"), _number, "numbers", faults)}
        nearest = tuple(_each(table.get("nearest"), _nearest, "nearest", faults))
        plans = {key: _plan(key, said, numbers, faults) for key, said in _mapping(table.get("classes")).items()}
        if not plans:
            faults.append("[classes] is empty; give at least one class of emergency")
        faults += [
            f"{name!r} is not known"
            for name in table
            if name not in {"confirmed", "confirmed_by", "numbers", "nearest", "classes"}
        ]
        if faults:
            raise RulesError(f"emergency.toml has {len(faults)} fault(s):", faults)
        confirmed = table.get("confirmed") is True
        return cls(confirmed, str(table.get("confirmed_by", "")), _frozen(numbers), nearest, _frozen(plans))


def _frozen(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(found))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _each(value: Any, read: Any, what: str, faults: list[str]) -> list[Any]:
    found = []
    for place, said in enumerate(value if isinstance(value, Sequence) else (), 1):
        try:
            found.append(read(_mapping(said)))
        except (KeyError, ValueError, TypeError) as error:
            faults.append(f"{what} {place}: {error}")
    twice = sorted({one.key for one in found if [other.key for other in found].count(one.key) > 1})
    faults += [f"{what}: {key!r} stands twice" for key in twice]
    return found


def _key(said: Mapping[str, Any]) -> str:
    key = said.get("key")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise ValueError(f"key {key!r} has other letters than a to z and _")
    return key


def _name(said: Mapping[str, Any], name: str = "name") -> Name:
    zh, en = said.get(name), said.get(f"{name}_en")
    if not isinstance(zh, str) or not isinstance(en, str) or not zh or not en:
        raise ValueError(f"{said.get('key')!r} needs {name} and {name}_en")
    return Name(zh, en)


def _number(said: Mapping[str, Any]) -> Number:
    number = said.get("number", "")
    if not isinstance(number, str) or not NUMBER.fullmatch(number):
        raise ValueError(f"number {number!r} is none; write digits, or nothing")
    return Number(_key(said), _name(said), number)


def _nearest(said: Mapping[str, Any]) -> Nearest:
    layers, classes = ([str(one) for one in said.get(name, ())] for name in ("layers", "classes"))
    return Nearest(_key(said), _name(said), frozenset(layers), frozenset(classes))


def _step(said: Mapping[str, Any]) -> Step:
    return Step(_key(said), _name(said, "text"), said.get("counts") is True)


def _plan(key: str, said: Any, numbers: Mapping[str, Number], faults: list[str]) -> Plan:
    said, found = _mapping(said), list[str]()
    steps = {one.key: one for one in _each(said.get("steps"), _step, "steps", found)}
    try:
        _key({"key": key})
        name = _name({"key": key, **said})
    except ValueError as error:
        found.append(str(error))
        name = Name(key, key)
    called, cut = (tuple(str(one) for one in said.get(what, ())) for what in ("numbers", "cutoffs"))
    found += [f"numbers: {one!r} is not in [[numbers]]" for one in called if one not in numbers]
    found += [f"cutoffs: {one!r} is none of {', '.join(CUTOFFS)}" for one in cut if one not in CUTOFFS]
    if not steps:
        found.append("there are no steps")
    faults += [f"classes.{key}: {fault}" for fault in found]
    return Plan(key, name, called, cut, MappingProxyType(steps))
