"""Reading a file of rules of this room: what several readers ask of a table, each fault with its key and what to write instead."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from geo.scheme import Name

HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]\]?")
PAIR = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
QUOTES = ('"""', "'''")


def unknown(table: Mapping[str, Any], known: Collection[str], where: str, faults: list[str]) -> None:
    """Note every key of a table that its reader does not know; ``where`` says where the table stands."""
    faults += [f"{where}{key}: this is not known; known are {', '.join(known)}" for key in table if key not in known]


def name_of(table: Mapping[str, Any], key: str, where: str, faults: list[str], *, needed: bool = True) -> Name:
    """Return the name that stands under ``key`` and ``{key}_en``; the English one may be left out, and is the Chinese one then."""
    found, english = table.get(key, "" if not needed else None), table.get(f"{key}_en", "")
    if not isinstance(found, str) or (needed and not found.strip()):
        faults.append(f'{where}{key}: {found!r} is no text; write {key} = "…"')
        found = ""
    if not isinstance(english, str):
        faults.append(f'{where}{key}_en: {english!r} is no text; write {key}_en = "…"')
        english = ""
    return Name(found.strip(), english.strip() or found.strip())


def text_of(table: Mapping[str, Any], key: str, where: str, faults: list[str]) -> str:
    """Return a text that may be left out."""
    found = table.get(key, "")
    if isinstance(found, str):
        return found.strip()
    faults.append(f'{where}{key}: {found!r} is no text; write {key} = "…"')
    return ""


def texts_of(table: Mapping[str, Any], key: str, where: str, faults: list[str]) -> tuple[str, ...]:
    """Return a list of texts that may be left out."""
    found = table.get(key, [])
    if isinstance(found, list) and all(isinstance(one, str) and one for one in found):
        return tuple(found)
    faults.append(f'{where}{key}: {found!r} is no list of texts; write {key} = ["…"]')
    return ()


def number_of(
    table: Mapping[str, Any], key: str, where: str, faults: list[str], *, most: float, least: float = 0
) -> float | None:
    """Return a number, or None where there is none."""
    found = table.get(key)
    if found is None:
        return None
    if isinstance(found, int | float) and not isinstance(found, bool) and least <= found <= most:
        return found
    faults.append(f"{where}{key}: {found!r} is no number from {least:g} to {most:g}; write {key} = {max(least, 1):g}")
    return None


def whole_of(table: Mapping[str, Any], key: str, where: str, faults: list[str], *, most: int, least: int = 0) -> int | None:  # fmt: skip
    """Return a whole number, or None where there is none."""
    found = table.get(key)
    if found is None or (isinstance(found, int) and not isinstance(found, bool) and least <= found <= most):
        return found
    faults.append(f"{where}{key}: {found!r} is no whole number from {least} to {most}; write {key} = {max(least, 1)}")
    return None


def entries(table: Mapping[str, Any], key: str, faults: list[str], *, where: str = "") -> list[tuple[str, Mapping[str, Any]]]:  # fmt: skip
    """Return place and table of each entry of a list of tables."""
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        faults.append(f"{where}{key}: this is no list of tables; write [[{key}]] above each")
        return []
    return [(f"{where}{key}[{number}].", one) for number, one in enumerate(found, 1)]


def twice(keys: Iterable[str]) -> list[str]:
    """Return the keys that stand more than once."""
    return [key for key, many in Counter(keys).items() if many > 1]


def again(keys: Iterable[str], what: str) -> list[str]:
    """Return a fault for each entry of the list ``what`` whose key stood above already."""
    seen: set[str] = set()
    faults = []
    for number, key in enumerate(keys, 1):
        if key in seen:
            faults.append(f"{what}[{number}].key: {key!r} is there already; leave one of the two")
        seen.add(key)
    return faults


def lines_of(text: str) -> dict[str, int]:
    """Return the line of each table and key of a TOML text, by its place: ``items[3].grade`` -> 41.

    What stands inside of texts of several lines, or of inline tables, has the line of the key that holds it.
    """
    places: dict[str, int] = {}
    counts: Counter[str] = Counter()
    inside, prefix = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if inside:
            inside = "" if inside in line else inside
        elif header := HEADER.match(line):
            counts[header[2]] += 1
            prefix = f"{header[2]}[{counts[header[2]]}]" if header[1] == "[[" else header[2]
            places.setdefault(prefix, number)
        elif pair := PAIR.match(line):
            places.setdefault(f"{prefix}.{pair[1]}".lstrip("."), number)
            inside = next((quotes for quotes in QUOTES if line.count(quotes) == 1), "")
    return places


def with_lines(faults: Iterable[str], lines: Mapping[str, int]) -> list[str]:
    """Put the line before each fault whose place has one: that of its key, else of the table that it is missing in."""
    return [f"line {line}, {fault}" if (line := _line(fault.split(":", 1)[0], lines)) else fault for fault in faults]


def _line(place: str, lines: Mapping[str, int]) -> int:
    parts: Sequence[str] = place.split(".")
    found = (lines.get(".".join(parts[:many])) for many in range(len(parts), 0, -1))
    return next((line for line in found if line), 0)
