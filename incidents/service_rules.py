"""The catalogue of services (服务目录) and the limits of orders, as a city's table names them.

Source: domain.md 2.7 (医疗保障、社会保障、社会救助、计划生育 代办), 8.3 F19 (上门办理), 8.4 W6, W19.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name
from incidents.limits import LARGEST_LIMIT, Span
from incidents.reading import prefix_of, unknown

KEY = re.compile(r"[a-z][a-z_]{0,29}")
KEEP, SHIFT, SKIP = HOLIDAYS = ("keep", "shift", "skip")
ITEM_KEYS = ("key", "group", "name", "name_en", "home", "repeats", "holidays", "source")
MOST_AHEAD = 30


@dataclass(frozen=True)
class Item:
    """What can be ordered.

    Attributes
    ----------
    group
        Key of its group of the catalogue.
    home
        Whether the team may come to the resident (上门).
    repeats
        Whether it may come again by itself.
    holidays
        What happens to one that would come on a day that is not worked: ``keep`` it, ``shift`` it to the next day that is, or ``skip`` it.
    """

    key: str
    group: str
    name: Name
    home: bool = False
    repeats: bool = False
    holidays: str = SHIFT


@dataclass(frozen=True)
class ServiceRules:
    """All of ``services.toml``.

    Attributes
    ----------
    prefix
        What the numbers begin with.
    accept
        A team that does not take an order in this time does not want it.
    ahead_days
        So many days before its day the next one of what comes again is made.
    """

    prefix: str
    accept: Span
    ahead_days: int
    groups: Mapping[str, Name]
    items: Mapping[str, Item]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``services.toml``; docs/services.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, ("prefix", "accept", "ahead_days", "groups", "items"), "", faults)
        prefix = prefix_of(table, "单", faults)
        ahead = table.get("ahead_days")
        if isinstance(ahead, bool) or not isinstance(ahead, int) or not 0 <= ahead <= MOST_AHEAD:
            faults.append(f"ahead_days: {ahead!r} is no number from 0 to {MOST_AHEAD}; write ahead_days = 1")
        accept = _span(table.get("accept"), faults)
        groups = _groups(table.get("groups"), faults)
        items = _items(table.get("items"), groups, faults)
        if faults or accept is None:
            raise RulesError(f"services.toml has {len(faults)} fault(s):", faults)
        return cls(prefix, accept, int(ahead or 0), groups, items)

    def item(self, key: str) -> Item:
        """Return an item; one that an order has and the catalogue no more is called by its key."""
        return self.items.get(key) or Item(key, "", Name(key, key))


def _span(value: Any, faults: list[str]) -> Span | None:
    try:
        found = Span.parse(value)
    except (RulesError, TypeError, AttributeError) as error:
        faults.append(f'accept: {value!r} is no time ({error}); write accept = "4 work_hour"')
        return None
    if not 0 < found.value <= LARGEST_LIMIT:
        faults.append(f"accept: {value!r} is out of bounds; give more than 0, at most {LARGEST_LIMIT:,}")
        return None
    return found


def _groups(value: Any, faults: list[str]) -> Mapping[str, Name]:
    found: dict[str, Name] = {}
    for where, entry in _tables(value, "groups", faults):
        unknown(entry, ("key", "name", "name_en"), f"{where}.", faults)
        named = _named(entry, where, faults)
        if named:
            found[named[0]] = named[1]
    return MappingProxyType(found)


def _items(value: Any, groups: Mapping[str, Name], faults: list[str]) -> Mapping[str, Item]:
    found: dict[str, Item] = {}
    for where, entry in _tables(value, "items", faults):
        item = _item(entry, where, groups, faults)
        if item and item.key in found:
            faults.append(f"{where}.key: {item.key!r} is there already; leave one of the two")
        elif item:
            found[item.key] = item
    return MappingProxyType(found)


def _item(entry: Mapping[str, Any], where: str, groups: Mapping[str, Name], faults: list[str]) -> Item | None:
    before = len(faults)
    unknown(entry, ITEM_KEYS, f"{where}.", faults)
    named = _named(entry, where, faults)
    group, holidays = entry.get("group"), entry.get("holidays", SHIFT)
    if group not in groups:
        faults.append(f"{where}.group: {group!r} is no group; choose one of {', '.join(groups)}")
    if holidays not in HOLIDAYS:
        faults.append(f'{where}.holidays: {holidays!r} is none of {", ".join(HOLIDAYS)}; write holidays = "shift"')
    flags = [flag for flag in ("home", "repeats") if not isinstance(entry.get(flag, False), bool)]
    faults += [f"{where}.{flag}: {entry[flag]!r} is neither true nor false" for flag in flags]
    if named is None or len(faults) > before:
        return None
    return Item(named[0], str(group), named[1], bool(entry.get("home")), bool(entry.get("repeats")), str(holidays))


def _named(entry: Mapping[str, Any], where: str, faults: list[str]) -> tuple[str, Name] | None:
    key, name = entry.get("key"), entry.get("name")
    if not isinstance(key, str) or not KEY.fullmatch(key):
        faults.append(f'{where}.key: {key!r} is no word of a to z; write key = "home_repair"')
        return None
    if not isinstance(name, str) or not name.strip():
        faults.append(f'{where}.name: {name!r} is no text; write name = "家政维修"')
        return None
    return key, Name(name, str(entry.get("name_en") or name))


def _tables(value: Any, key: str, faults: list[str]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    if not isinstance(value, list) or not value or not all(isinstance(entry, Mapping) for entry in value):
        faults.append(f"{key}: there is none; write [[{key}]] above each")
        return []
    return [(f"{key}[{number}]", entry) for number, entry in enumerate(value, 1)]
