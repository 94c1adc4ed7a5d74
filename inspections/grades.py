"""Grades of hazards (隐患等级), how long each has, and the articles by which a fault may be called a major one (重大隐患).

A standard judges one party. 建城规〔2023〕4号 judges the gas operator (燃气经营者): a restaurant's fault is none of its major hazards, and becomes one, of the
operator, only where the operator found it and did not tell the user in writing (article 9). Source: domain.md 0.6, 3.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self

from geo.errors import RulesError
from geo.scheme import Name
from inspections.reading import again, entries, name_of, text_of, unknown, whole_of, with_lines

MOST_DAYS = 366


class Degree(StrEnum):
    """The grades, from the least: 一般隐患, 较大隐患, 重大隐患, 立即停用."""

    MINOR = "minor"
    SERIOUS = "serious"
    MAJOR = "major"
    STOP = "stop"

    @property
    def rank(self) -> int:
        """Return its place among the grades, from 0."""
        return list(Degree).index(self)


@dataclass(frozen=True)
class Grade:
    """A grade: what it is called, and within how many days it is put right where an item says nothing else."""

    key: Degree
    name: Name
    days: int
    source: str = ""


@dataclass(frozen=True)
class Article:
    """An article of a standard of major hazards, and whom that standard judges."""

    key: str
    standard: Name
    number: str
    text: Name
    judges: str


@dataclass(frozen=True)
class Grades:
    """All of ``grades.toml``.

    Attributes
    ----------
    articles
        By ``standard:number``, as items name them: ``gas_operator:9``.
    """

    grades: Mapping[Degree, Grade]
    articles: Mapping[str, Article]

    @classmethod
    def from_table(cls, table: Mapping[str, Any], lines: Mapping[str, int] = MappingProxyType({})) -> Self:
        """Read the table of ``grades.toml``.

        Raises
        ------
        RulesError
            Names every fault with its place and what to write instead.
        """
        faults: list[str] = []
        unknown(table, ("grades", "standards"), "", faults)
        found = [_grade(entry, where, faults) for where, entry in entries(table, "grades", faults)]
        grades = {one.key: one for one in found if one}
        faults += [f"grades: {key.value!r} is missing; write [[grades]] with it" for key in Degree if key not in grades]
        faults += again((one.key.value if one else f"[{number}]" for number, one in enumerate(found)), "grades")
        articles = {one.key: one for where, entry in entries(table, "standards", faults) for one in _articles(entry, where, faults)}  # fmt: skip
        if faults:
            raise RulesError(f"grades.toml has {len(faults)} fault(s):", with_lines(faults, lines))
        return cls(MappingProxyType(grades), MappingProxyType(articles))


def _grade(entry: Mapping[str, Any], where: str, faults: list[str]) -> Grade | None:
    unknown(entry, ("key", "name", "name_en", "days", "source"), where, faults)
    key, days = entry.get("key"), whole_of(entry, "days", where, faults, most=MOST_DAYS)
    if not isinstance(key, str) or key not in tuple(Degree):
        faults.append(f"{where}key: {key!r} is no grade; write one of {', '.join(Degree)}")
        return None
    if "days" not in entry:
        faults.append(f"{where}days: it is missing; write days = 7")
    return Grade(Degree(key), name_of(entry, "name", where, faults), days or 0, text_of(entry, "source", where, faults))


def _articles(entry: Mapping[str, Any], where: str, faults: list[str]) -> list[Article]:
    """Return the articles of one standard."""
    unknown(entry, ("key", "name", "name_en", "judges", "source", "articles"), where, faults)
    key, judges = text_of(entry, "key", where, faults), text_of(entry, "judges", where, faults)
    faults += [f'{where}{name}: it is missing; write {name} = "{example}"' for name, said, example in (("key", key, "gas_operator"), ("judges", judges, "operator")) if not said]  # fmt: skip
    standard = name_of(entry, "name", where, faults)
    found = []
    for place, article in entries(entry, "articles", faults, where=where):
        unknown(article, ("number", "text", "text_en"), place, faults)
        number = text_of(article, "number", place, faults)
        if not number:
            faults.append(f'{place}number: it is missing; write number = "9"')
        found.append(Article(f"{key}:{number}", standard, number, name_of(article, "text", place, faults), judges))
    return found
