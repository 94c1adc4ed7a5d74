"""Reading a checklist from its table: every fault with its line, its place and what to write instead. docs/checklists.md describes every key."""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar

from geo.errors import RulesError
from inspections.checklists import (
    USER,
    Action,
    Applies,
    Checklist,
    Item,
    Kind,
    Life,
    Means,
    Option,
    Section,
    Step,
    digest_of,
)
from inspections.grades import Degree, Grades
from inspections.reading import (
    again,
    entries,
    name_of,
    number_of,
    text_of,
    texts_of,
    unknown,
    whole_of,
    with_lines,
)

KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
ITEM = re.compile(r"[A-Z][0-9]{2}[A-Z]?")
WORD = re.compile(r"[a-z][a-z0-9_]{0,19}")
LARGEST = 1_000_000
MOST_DAYS = 366
MOST_MONTHS = 600
MAJOR_NEEDS = "a major hazard (重大隐患) needs an `article` of a standard that judges {party!r}; a user's fault is never the operator's: write serious or stop"
Word = TypeVar("Word", Kind, Means, Action, Degree)
HEAD = (
    "key", "version", "name", "name_en", "kinds", "groups", "authority", "authority_en", "party", "source", "sections", "items",
)  # fmt: skip
EVERY = (
    "key", "section", "text", "text_en", "look", "look_en", "clause", "source", "setting", "type", "applies", "grade", "worse", "action", "days", "photo", "party", "article",
)  # fmt: skip
LIMITS = ("at_least", "at_most", "unit")
OWN: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.YES_NO: (),
        Kind.CHOICE: ("options",),
        Kind.NUMBER: LIMITS,
        Kind.COUNT: LIMITS,
        Kind.DATE: ("means", "life_months", "life_by", "life_since", "life_first", "warn_days"),
        Kind.CYLINDERS: ("sizes", *LIMITS),
        Kind.SUM: ("of", "steps", *LIMITS),
    }
)


def checklist_of(
    table: Mapping[str, Any], grades: Grades, *, lines: Mapping[str, int] = MappingProxyType({}), file: str = ""
) -> Checklist:
    """Read a checklist.

    Parameters
    ----------
    lines
        Where in the file each place stands, as `inspections.reading.lines_of` gives them.
    file
        Its name, for what is said of it.

    Raises
    ------
    RulesError
        Names every fault with its line, its place and what to write instead.
    """
    faults: list[str] = []
    unknown(table, HEAD, "", faults)
    key, party = text_of(table, "key", "", faults), text_of(table, "party", "", faults) or USER
    if not KEY.fullmatch(key):
        faults.append(f'key: {key!r} is no word of a to z; write key = "gas_shop"')
    version = whole_of(table, "version", "", faults, least=1, most=9_999)
    if "version" not in table:
        faults.append("version: it is missing; write version = 1")
    sections = tuple(_section(entry, where, faults) for where, entry in entries(table, "sections", faults))
    items = [_item(entry, where, party, faults) for where, entry in entries(table, "items", faults)]
    _checked(sections, items, grades, faults)
    found = Checklist(
        key=key,
        version=version or 0,
        name=name_of(table, "name", "", faults),
        kinds=texts_of(table, "kinds", "", faults),
        groups=texts_of(table, "groups", "", faults),
        authority=name_of(table, "authority", "", faults),
        sections=sections,
        items=MappingProxyType({item.key: item for item in items}),
        source=text_of(table, "source", "", faults),
        party=party,
        digest=digest_of(table),
        table=table,
    )
    if faults:
        raise RulesError(f"{file or key} has {len(faults)} fault(s):", with_lines(faults, lines))
    return found


def _section(entry: Mapping[str, Any], where: str, faults: list[str]) -> Section:
    unknown(entry, ("key", "name", "name_en"), where, faults)
    return Section(_word(entry.get("key"), f"{where}key", faults), name_of(entry, "name", where, faults))


def _item(entry: Mapping[str, Any], where: str, party: str, faults: list[str]) -> Item:
    kind = _one_of(entry, "type", Kind, faults, where=where) or Kind.YES_NO
    if "type" not in entry:
        faults.append(f"{where}type: it is missing; write one of {', '.join(Kind)}")
    unknown(entry, (*EVERY, *OWN[kind]), where, faults)
    key = entry.get("key")
    if not isinstance(key, str) or not ITEM.fullmatch(key):
        faults.append(f'{where}key: {key!r} is no letter and two digits; write key = "G05" or "G05A"')
    if not isinstance(photo := entry.get("photo", False), bool):
        faults.append(f"{where}photo: {photo!r} is neither true nor false; write photo = true")
    faults += [
        f'{where}{what}: it is missing; write {what} = "…"' for what in ("source", "section") if not entry.get(what)
    ]
    item = Item(
        key=str(key),
        section=str(entry.get("section", "")),
        text=name_of(entry, "text", where, faults),
        look=name_of(entry, "look", where, faults, needed=False),
        kind=kind,
        clause=text_of(entry, "clause", where, faults),
        source=text_of(entry, "source", where, faults),
        setting=text_of(entry, "setting", where, faults),
        unit=text_of(entry, "unit", where, faults),
        article=text_of(entry, "article", where, faults),
        least=number_of(entry, "at_least", where, faults, most=LARGEST),
        most=number_of(entry, "at_most", where, faults, most=LARGEST),
        **_of_kind(entry, kind, where, faults),
        applies=_applies(entry.get("applies"), f"{where}applies", faults),
        grade=_one_of(entry, "grade", Degree, faults, where=where) or Degree.MINOR,
        worse=_worse(entry, where, faults),
        action=_one_of(entry, "action", Action, faults, where=where) or Action.DEADLINE,
        days=whole_of(entry, "days", where, faults, most=MOST_DAYS),
        photo=photo is True,
        party=text_of(entry, "party", where, faults) or party,
    )
    if item.judges and "grade" not in entry:
        faults.append(f'{where}grade: it is missing; write grade = "minor"')
    if item.least is not None and item.most is not None and item.least > item.most:
        faults.append(f"{where}at_least: {item.least:g} is above at_most, {item.most:g}; nothing could pass")
    return item


def _of_kind(entry: Mapping[str, Any], kind: Kind, where: str, faults: list[str]) -> dict[str, Any]:
    """Return what only items of that kind have."""
    if kind is Kind.CHOICE:
        return {"options": _options(entry, where, faults)}
    if kind is Kind.CYLINDERS:
        return {"sizes": _sizes(entry.get("sizes"), where, faults)}
    if kind is Kind.SUM:
        return {"of": texts_of(entry, "of", where, faults), "steps": _steps(entry, where, faults)}
    if kind is Kind.DATE:
        warn = whole_of(entry, "warn_days", where, faults, most=MOST_DAYS)
        means = _one_of(entry, "means", Means, faults, where=where)
        return {"means": means, "life": _life(entry, means, where, faults), "warn_days": 30 if warn is None else warn}
    return {}


def _options(entry: Mapping[str, Any], where: str, faults: list[str]) -> tuple[Option, ...]:
    found = []
    for place, said in entries(entry, "options", faults, where=where):
        unknown(said, ("key", "name", "name_en", "result"), place, faults)
        result = said.get("result", "")
        if result not in ("pass", "fail", "na", ""):
            faults.append(f"{place}result: {result!r} is no result; write pass, fail or na, or leave it out")
        found.append(Option(_word(said.get("key"), f"{place}key", faults), name_of(said, "name", place, faults), str(result)))  # fmt: skip
    if not found:
        faults.append(f'{where}options: a choice needs them; write options = [{{ key = "none", name = "无" }}]')
    faults += again((one.key for one in found), f"{where}options")
    return tuple(found)


def _sizes(said: Any, where: str, faults: list[str]) -> tuple[float, ...]:
    if isinstance(said, list) and said and all(_is_number(one) and 0 < one <= LARGEST for one in said) and len(set(said)) == len(said):  # fmt: skip
        return tuple(said)
    faults.append(f"{where}sizes: {said!r} are no sizes in kg, each once; write sizes = [5, 15, 50]")
    return ()


def _steps(entry: Mapping[str, Any], where: str, faults: list[str]) -> tuple[Step, ...]:
    found = []
    for place, said in entries(entry, "steps", faults, where=where):
        unknown(said, ("above", "text", "text_en"), place, faults)
        above = number_of(said, "above", place, faults, most=LARGEST)
        if "above" not in said:
            faults.append(f"{place}above: it is missing; write above = 100")
        found.append(Step(above or 0, name_of(said, "text", place, faults)))
    if not all(first.above < second.above for first, second in pairwise(found)):
        faults.append(f"{where}steps: they do not rise; put the least first")
    return tuple(found)


def _life(entry: Mapping[str, Any], means: Means | None, where: str, faults: list[str]) -> Life | None:
    """Return how long the thing of a date lasts; None for one that says itself until when, or has no end."""
    months = whole_of(entry, "life_months", where, faults, least=1, most=MOST_MONTHS)
    by = entry.get("life_by")
    if means is None and not entry.get("means"):
        faults.append(f'{where}means: it is missing; write means = "expires", "issued", "made" or "serviced"')
    if means is Means.EXPIRES and (months or by):
        faults.append(f'{where}life_months: a date that says until when has no life; leave it out, or write means = "made"')  # fmt: skip
    if months and by is not None:
        faults.append(f"{where}life_by: there is life_months too; leave one of the two")
    since = text_of(entry, "life_since", where, faults)
    first = _months(entry.get("life_first", {}), f"{where}life_first", faults)
    if means is Means.SERVICED and not (since and first and by):
        faults.append(f"{where}life_since: a service needs the item of the date that it counts from, and life_by and life_first, the months by choice")  # fmt: skip
    if by is None:
        return Life(months, since=since, first=first) if months else None
    if not isinstance(by, Mapping) or not isinstance(by.get("item"), str):
        faults.append(f'{where}life_by: {by!r} names no item; write life_by = {{ item = "G15", rubber = 24 }}')
        return None
    each = _months({key: value for key, value in by.items() if key != "item"}, f"{where}life_by", faults)
    return Life(0, str(by["item"]), each, since, first)


def _months(said: Any, where: str, faults: list[str]) -> Mapping[str, int]:
    if isinstance(said, Mapping) and all(isinstance(one, int) and not isinstance(one, bool) and 1 <= one <= MOST_MONTHS for one in said.values()):  # fmt: skip
        return MappingProxyType(dict(said))
    faults.append(f"{where}: {said!r} are no months by choice, each from 1 to {MOST_MONTHS}; write {{ powder = 60 }}")
    return MappingProxyType({})


def _applies(said: Any, where: str, faults: list[str]) -> Applies | None:
    if said is None:
        return None
    if not isinstance(said, Mapping):
        faults.append(f'{where}: {said!r} is no condition; write applies = {{ item = "K01", above = 420 }}')
        return None
    unknown(said, ("item", "above", "failed", "chosen"), f"{where}.", faults)
    found = Applies(
        text_of(said, "item", f"{where}.", faults),
        number_of(said, "above", f"{where}.", faults, most=LARGEST) or 0,
        texts_of(said, "failed", f"{where}.", faults),
        texts_of(said, "chosen", f"{where}.", faults),
    )
    if bool(found.failed) == bool(found.item) or (found.item and ("above" in said) == bool(found.chosen)):
        faults.append(f"{where}: write either item and above, item and chosen, or failed")
    return found


def _worse(entry: Mapping[str, Any], where: str, faults: list[str]) -> tuple[Degree, ...]:
    said = texts_of(entry, "worse", where, faults)
    if wrong := [one for one in said if one not in tuple(Degree)]:
        faults.append(f"{where}worse: {', '.join(wrong)}: no grade; write one of {', '.join(Degree)}")
    return tuple(Degree(one) for one in said if one not in wrong)


def _checked(sections: Iterable[Section], items: list[Item], grades: Grades, faults: list[str]) -> None:
    """Note what is wrong between items: keys that stand twice, and what names a thing that is not there."""
    if not items:
        faults.append("items: there is none; write [[items]] above each")
    faults += again((item.key for item in items), "items")
    faults += again((section.key for section in sections), "sections")
    headings = {section.key for section in sections}
    known: dict[str, Item] = {}
    for number, item in enumerate(items, 1):
        where = f"items[{number}]."
        if item.section and item.section not in headings:
            faults.append(f"{where}section: there is no section {item.section!r}; there are {', '.join(sorted(headings))}")  # fmt: skip
        faults += _named(item, where, known)
        faults += _major(item, where, grades)
        known[item.key] = item


def _named(item: Item, where: str, known: Mapping[str, Item]) -> Iterable[str]:
    """Yield what is wrong with the items that an item names: each must stand above it, and be of the kind that is meant."""
    applies, life = item.applies or Applies(), item.life or Life()
    by = (Kind.SUM, Kind.CYLINDERS, Kind.NUMBER, Kind.COUNT) if not applies.chosen else (Kind.CHOICE,)
    asked = (
        *(("of", key, (Kind.CYLINDERS,)) for key in item.of),
        *(("applies", key, tuple(Kind)) for key in applies.failed),
        *([("applies", applies.item, by)] if applies.item else []),
        *([("life_by", life.by, (Kind.CHOICE,))] if life.by else []),
        *([("life_since", life.since, (Kind.DATE,))] if life.since else []),
    )
    for what, key, kinds in asked:
        if key not in known:
            yield f"{where}{what}: no item {key!r} stands above; write it there first"
        elif known[key].kind not in kinds:
            yield f"{where}{what}: {key} is of type {known[key].kind}; it has to be {' or '.join(kinds)}"
    for what, words, key in (("applies", applies.chosen, applies.item), ("life_by", life.each, life.by)):
        if key in known:
            yield from (f"{where}{what}: {key} has no option {word!r}" for word in words if not known[key].option(word))
    if item.kind is Kind.SUM and not item.of:
        yield f'{where}of: a sum needs the items that it counts; write of = ["G05", "G06"]'


def _major(item: Item, where: str, grades: Grades) -> Iterable[str]:
    """Yield what is wrong with the grade: a major hazard stands on an article that judges this party (domain.md 0.6)."""
    article = grades.articles.get(item.article)
    if item.article and article is None:
        yield f"{where}article: there is no {item.article!r} in grades.toml; there are {', '.join(grades.articles)}"
    elif Degree.MAJOR in (item.grade, *item.worse) and (article is None or article.judges != item.party):
        yield f"{where}grade: {MAJOR_NEEDS.format(party=item.party)}"


def _one_of(entry: Mapping[str, Any], key: str, kinds: type[Word], faults: list[str], *, where: str) -> Word | None:
    """Return the member of an enumeration that a key names."""
    said = entry.get(key)
    if said is None or (isinstance(said, str) and said in tuple(kinds)):
        return None if said is None else kinds(said)
    faults.append(f"{where}{key}: {said!r} is none; write one of {', '.join(kinds)}")
    return None


def _word(said: Any, where: str, faults: list[str]) -> str:
    if isinstance(said, str) and WORD.fullmatch(said):
        return said
    faults.append(f'{where}: {said!r} is no word of a to z; write key = "supply"')
    return str(said)


def _is_number(said: Any) -> bool:
    return isinstance(said, int | float) and not isinstance(said, bool)
