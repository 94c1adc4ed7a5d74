"""Kinds of sites, their documents and fields, as a city's table names them.

Source: domain.md 3.2 (bottled gas), 3.3 and 3.5 (告知书, 责任书, mobile vendors), 3.6 (六小, 九小), 3.7 (charging), 4.2, 4.3 (sources of pollution).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name
from inspections.reading import name_of, unknown

KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
PREFIX = re.compile(r"[^\W_]{1,10}")
LONGEST_DAYS = 3660
SHAPES = ("circle", "square", "diamond", "triangle", "hexagon")


class Group(StrEnum):
    """What a kind belongs to."""

    POLLUTION = "pollution"
    GAS = "gas"
    VENUE = "venue"
    FIRE = "fire"
    OTHER = "other"


@dataclass(frozen=True)
class DocumentKind:
    """A kind of document; ``warn_days`` before it runs out it is said to."""

    key: str
    name: Name
    warn_days: int = 30


@dataclass(frozen=True)
class FieldKind:
    """Something that is known of a site: a number with its unit, or words where ``unit`` is None."""

    key: str
    name: Name
    unit: str | None = None

    @property
    def is_number(self) -> bool:
        """Whether it is counted or measured."""
        return self.unit is not None


@dataclass(frozen=True)
class SiteKind:
    """A kind of site.

    Attributes
    ----------
    mobile
        Whether it has a vehicle mark and usual spots in place of an address.
    household
        Whether it counts households.
    checklist
        Key of the checklist by which it is inspected, "" for none.
    base_days
        So many days lie between two rounds, where nothing raises that.
    documents, fields
        Keys of what it has.
    letter, shape
        How the map marks it.
    """

    key: str
    name: Name
    group: Group = Group.OTHER
    mobile: bool = False
    household: bool = False
    checklist: str = ""
    base_days: int = 30
    documents: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    letter: str = ""
    shape: str = SHAPES[0]
    aliases: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class SiteRules:
    """All of ``site_kinds.toml``.

    Attributes
    ----------
    prefix
        What the numbers begin with.
    same_m
        Metres within which two sites of like names are proposed as one.
    """

    prefix: str
    same_m: int
    kinds: Mapping[str, SiteKind]
    documents: Mapping[str, DocumentKind]
    fields: Mapping[str, FieldKind]

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Self:
        """Read the table of ``site_kinds.toml``; docs/sites.md describes every key.

        Raises
        ------
        RulesError
            Names every fault with its key and what to write instead.
        """
        faults: list[str] = []
        unknown(table, ("prefix", "same_m", "documents", "fields", "kinds"), "", faults)
        prefix, same = _prefix(table, faults), _number(table, "same_m", 500, "", faults)
        documents = {key: _document(key, entry, where, faults) for key, entry, where in _entries(table, "documents", faults)}  # fmt: skip
        fields = {key: _field(key, entry, where, faults) for key, entry, where in _entries(table, "fields", faults)}
        kinds = {key: _kind(key, entry, where, documents, fields, faults) for key, entry, where in _entries(table, "kinds", faults)}  # fmt: skip
        if faults:
            raise RulesError(f"site_kinds.toml has {len(faults)} fault(s):", faults)
        return cls(prefix, same, *(MappingProxyType(found) for found in (kinds, documents, fields)))  # type: ignore[arg-type]

    def kind(self, key: str) -> SiteKind:
        """Return a kind; one that a site has and the rules no more is called by its key."""
        return self.kinds.get(key) or SiteKind(key, Name(key, key))

    def document(self, key: str) -> DocumentKind:
        """Return a kind of document; one that the rules do not have any more is called by its key."""
        return self.documents.get(key) or DocumentKind(key, Name(key, key))

    def field(self, key: str) -> FieldKind:
        """Return a field; one that the rules do not have any more is called by its key."""
        return self.fields.get(key) or FieldKind(key, Name(key, key))


def _entries(table: Mapping[str, Any], what: str, faults: list[str]) -> list[tuple[str, Mapping[str, Any], str]]:
    """Return key, entry and place of each entry that has a key of its own."""
    value = table.get(what)
    if not isinstance(value, list) or not value or not all(isinstance(entry, Mapping) for entry in value):
        faults.append(f"{what}: there is none; write [[{what}]] above each")
        return []
    found: dict[str, tuple[Mapping[str, Any], str]] = {}
    for number, entry in enumerate(value, 1):
        where, key = f"{what}[{number}]", entry.get("key")
        if not isinstance(key, str) or not KEY.fullmatch(key):
            faults.append(f'{where}.key: {key!r} is no word of a to z, 0 to 9 and _; write key = "gas_shop"')
        elif key in found:
            faults.append(f"{where}.key: {key!r} is there already; leave one of the two")
        else:
            found[key] = entry, where
    return [(key, entry, where) for key, (entry, where) in found.items()]


def _document(key: str, entry: Mapping[str, Any], where: str, faults: list[str]) -> DocumentKind:
    unknown(entry, ("key", "name", "name_en", "warn_days", "source"), f"{where}.", faults)
    return DocumentKind(
        key, name_of(entry, "name", f"{where}.", faults), _number(entry, "warn_days", 366, f"{where}.", faults)
    )


def _field(key: str, entry: Mapping[str, Any], where: str, faults: list[str]) -> FieldKind:
    unknown(entry, ("key", "name", "name_en", "unit", "source"), f"{where}.", faults)
    unit = entry.get("unit")
    if unit is not None and not isinstance(unit, str):
        faults.append(f'{where}.unit: {unit!r} is no text; write unit = "m²", "" for a count, and nothing for words')
        unit = None
    return FieldKind(key, name_of(entry, "name", f"{where}.", faults), unit)


def _kind(  # noqa: PLR0917
    key: str,
    entry: Mapping[str, Any],
    where: str,
    documents: Mapping[str, DocumentKind],
    fields: Mapping[str, FieldKind],
    faults: list[str],
) -> SiteKind:
    known = ("key", "name", "name_en", "group", "mobile", "household", "checklist", "base_days", "documents", "fields", "letter", "shape", "aliases", "source")  # fmt: skip
    unknown(entry, known, f"{where}.", faults)
    return SiteKind(
        key,
        name_of(entry, "name", f"{where}.", faults),
        Group(_one_of(entry, "group", tuple(Group), where, faults)),
        mobile=_flag(entry, "mobile", where, faults),
        household=_flag(entry, "household", where, faults),
        checklist=_checklist(entry, where, faults),
        base_days=_number(entry, "base_days", LONGEST_DAYS, f"{where}.", faults),
        documents=_texts(entry, "documents", documents, where, faults),
        fields=_texts(entry, "fields", fields, where, faults),
        letter=_letter(entry, where, faults),
        shape=_one_of(entry, "shape", SHAPES, where, faults),
        aliases=_texts(entry, "aliases", None, where, faults),
        source=_source(entry, where, faults),
    )


def _prefix(table: Mapping[str, Any], faults: list[str]) -> str:
    found = table.get("prefix")
    if not isinstance(found, str) or not PREFIX.fullmatch(found) or found[-1].isdigit():
        faults.append(f'prefix: {found!r} is no text of 1 to 10 letters; write prefix = "场"')
    return str(found)


def _number(table: Mapping[str, Any], name: str, most: int, prefix: str, faults: list[str]) -> int:
    value = table.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
        return value
    faults.append(f"{prefix}{name}: {value!r} is no number from 1 to {most}; write {name} = {min(30, most)}")
    return 1


def _flag(entry: Mapping[str, Any], name: str, where: str, faults: list[str]) -> bool:
    value = entry.get(name, False)
    if not isinstance(value, bool):
        faults.append(f"{where}.{name}: {value!r} is neither true nor false; write {name} = true")
    return value is True


def _one_of(entry: Mapping[str, Any], name: str, some: tuple[str, ...], where: str, faults: list[str]) -> str:
    value = entry.get(name)
    if value not in some:
        faults.append(f'{where}.{name}: {value!r} is none of {", ".join(some)}; write {name} = "{some[0]}"')
        return some[0]
    return str(value)


def _texts(entry: Mapping[str, Any], name: str, known: Mapping[str, Any] | None, where: str, faults: list[str]) -> tuple[str, ...]:  # fmt: skip
    value = entry.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        faults.append(f'{where}.{name}: {value!r} is no list of texts; write {name} = ["…"]')
        return ()
    strange = [one for one in value if known is not None and one not in known]
    faults += [f"{where}.{name}: {one!r} is not in [[{name}]]; write it there, or leave it out" for one in strange]
    return tuple(value)


def _checklist(entry: Mapping[str, Any], where: str, faults: list[str]) -> str:
    value = entry.get("checklist", "")
    if value != "" and not (isinstance(value, str) and KEY.fullmatch(value)):
        faults.append(f'{where}.checklist: {value!r} is no key of a checklist; write checklist = "gas_shop", or ""')
    return str(value)


def _letter(entry: Mapping[str, Any], where: str, faults: list[str]) -> str:
    value = entry.get("letter")
    if not isinstance(value, str) or len(value) != 1:
        faults.append(f'{where}.letter: {value!r} is not one letter; write letter = "燃"')
    return str(value)


def _source(entry: Mapping[str, Any], where: str, faults: list[str]) -> str:
    value = entry.get("source")
    if not isinstance(value, str) or not value.strip():
        faults.append(f'{where}.source: {value!r} is no text; say where the kind comes from: source = "domain.md 4.2"')
    return str(value)
