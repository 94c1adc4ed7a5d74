"""The class directory (事件分类): what an incident may be, by a table that a city can replace.

The shipped table follows GB/T 47678.5-2026, annex C, with a local catalogue beside it; a city's own table may have any keys. A major class (大类) stands for all its
minor classes (小类) wherever one filters. The classes that mirror a component bear its name with 异常 ("fault"), which people leave out; so do search and match.
"""

import difflib
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from geo.errors import RulesError, UnknownClass
from geo.scheme import Name
from incidents.entry import Entry
from incidents.words import Found, Term, Words, plain

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
OLD_MAJOR = re.compile(r"\d{2}")
OLD_CODE = re.compile(r"(\d{2})-(\d{1,3})|(?:\d{6})?(\d{2})(\d{2})")
MATTER_CODE = 11  # digits of a matter code of 2026: six of the division, five of the class
CLASS_CODE = 5
SHORTEST_WORD = 2


@dataclass(frozen=True)
class IncidentClass:
    """One minor class (小类).

    Attributes
    ----------
    key
        Its code: five digits in the national directory, ``L`` and four in the local catalogue.
    name
        Its name in both languages.
    major
        Key of its major class (大类).
    source
        Where it comes from: ``GB/T 47678.5-2026``, ``local``, …
    grid_duty
        False for what is not on the list of grid duties (履职事项清单): it may be reported, with a warning, and belongs to a department.
    restricted
        True where people must not be recognised (disputes, care): parties are coded, and the map shows counts only.
    authority
        Who may act (执法主体), a setting; empty where nobody is named.
    self_clear
        Whether a grid worker may clear it on the spot (随手清).
    notice_days
        Days between notice and clearing (告示后清理), or None.
    words
        Everyday words for it; ``楼道…电动车`` stands for both parts in one sentence.
    """

    key: str
    name: Name
    major: str
    source: str = "local"
    grid_duty: bool = True
    restricted: bool = False
    authority: str = ""
    self_clear: bool = False
    notice_days: float | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Directory:
    """All classes of one table.

    Attributes
    ----------
    classes
        Minor classes by key, in the table's order.
    majors
        Names of the major classes by key, in the table's order.
    favourites
        Keys that a report form offers first.
    migration
        Codes of other systems -> keys of this table; two digits are a major class of 2013, and lead to a major class.
    """

    classes: Mapping[str, IncidentClass]
    majors: Mapping[str, Name]
    favourites: tuple[str, ...]
    migration: Mapping[str, str]

    @classmethod
    def from_table(cls, table: Mapping[str, Any], *, where: str = "classes.toml") -> "Directory":
        """Read a directory from the table of a ``classes.toml``.

        Parameters
        ----------
        table
            As ``data.rules.read("classes")`` returns it.
        where
            Name of the file for the message.

        Raises
        ------
        RulesError
            Names every fault of the table at once.
        """
        faults: list[str] = []
        directory = _directory(Entry(table, "table", faults))
        if not directory.classes and not faults:
            faults.append("table: 'classes' is empty; a directory needs one class at least")
        if faults:
            raise RulesError(f"{where} has {len(faults)} fault(s):", faults)
        return directory

    def get(self, key: str) -> IncidentClass:
        """Return the class of a key.

        Raises
        ------
        UnknownClass
            There is none; the message names those that look or sound alike.
        """
        found = self.classes.get(key)
        if found is None:
            raise UnknownClass(f"There is no class {key!r}. {self._near(key)}")
        return found

    def of_major(self, key: str) -> tuple[IncidentClass, ...]:
        """Return the classes of a major class, in order.

        Raises
        ------
        UnknownClass
            There is no such major class.
        """
        if key not in self.majors:
            raise UnknownClass(f"There is no major class {key!r}. There are: {', '.join(self.majors)}.")
        return tuple(entry for entry in self.classes.values() if entry.major == key)

    def name(self, key: str) -> Name:
        """Return the name of a class or major class; a key of a former directory is its own name."""
        if key in self.classes:
            return self.classes[key].name
        return self.majors.get(key) or Name(key, key)

    def match(self, text: str, most: int = 5) -> list[Found]:
        """Propose classes for a message (群消息): those whose words or names stand in it, best first.

        A person confirms; nothing is filed by this alone. The longest word goes first: what stands only inside a longer one counts for nothing. The score is the
        sum of the squared lengths of the words found, and equal scores keep the table's order.

        Returns
        -------
        list of (key, score, word)
            At most ``most``; ``word`` is the longest word that was found.
        """
        return self._words.found(text)[:most]

    def search(self, text: str, most: int = 20) -> tuple[IncidentClass, ...]:
        """Return the classes that a person may mean who types this into a form, best first.

        They hold every word that was typed, in code, names or words; where none does, those that `match` proposes; the favourites when nothing was typed.
        """
        asked = [plain(word) for word in text.split()]
        if not any(asked):
            return tuple(self.classes[key] for key in self.favourites)[:most]
        ranks = {key: sum(_rank(word, texts) for word in asked) for key, texts in self._texts.items()}
        found = sorted((key for key, rank in ranks.items() if rank < math.inf), key=lambda key: ranks[key])
        found = found or [proposal.key for proposal in self.match(text)]
        return tuple(self.classes[key] for key in found[:most])

    def migrate(self, code: str) -> str:
        """Return the key that stands for a code of another system.

        Parameters
        ----------
        code
            A code of 2013 as ``01-10``, ``0110`` or ``4101020110``; a matter code of 2026 (eleven digits); any code that ``[migration]`` names; a key, also
            one that a spreadsheet robbed of its leading zero.

        Raises
        ------
        UnknownClass
            The code has no successor here.
        """
        given = unicodedata.normalize("NFKC", code).strip()
        digits = given.isdecimal()
        tail = given[-CLASS_CODE:] if digits and len(given) == MATTER_CODE else ""
        padded = given.zfill(CLASS_CODE) if digits else ""
        keys = (self.migration.get(given, ""), given, given.upper(), tail, padded, self._successor(given))
        found = next((key for key in keys if key in self.classes), None)
        if found is None:
            raise UnknownClass(f"No class has taken the place of code {code!r}. Add it to [migration] of classes.toml.")
        return found

    def key_of(self, text: str) -> str:
        """Return the key for what a foreign table says: a key, an old code, or a name that only one class bears.

        Raises
        ------
        UnknownClass
            Nothing, or more than one class, is called so.
        """
        named = self._named.get(plain(text).removesuffix("异常"), [])
        if len(named) == 1:
            return named[0]
        if named:
            raise UnknownClass(f"{text!r} is the name of several classes: {', '.join(named)}. Give the code instead.")
        try:
            return self.migrate(text)
        except UnknownClass:
            raise UnknownClass(f"There is no class {text!r}. {self._near(text)}") from None

    def _successor(self, code: str) -> str:
        """Return the key that replaces a code of 2013, by itself or by its major class, or nothing."""
        found = OLD_CODE.fullmatch(code.zfill(4) if code.isdecimal() else code)
        if not found:
            return ""
        major, minor = (found[1], found[2]) if found[1] else (found[3], found[4])
        single = self.migration.get(f"{major}-{int(minor):02d}")
        return single or (f"{self.migration[major]}{int(minor):03d}" if major in self.migration else "")

    def _near(self, text: str) -> str:
        """Name the classes that a wrong key may have meant."""
        names = {entry.name.zh: key for key, entry in self.classes.items()}
        near = difflib.get_close_matches(text, [*self.classes, *names], n=3, cutoff=0.6)
        keys = dict.fromkeys([*(names.get(word, word) for word in near), *(found.key for found in self.match(text, 2))])
        if not keys:
            return "Look it up in classes.toml."
        return f"Near: {', '.join(f'{key} {self.classes[key].name.zh}' for key in keys)}."

    @cached_property
    def _words(self) -> Words:
        return Words((word, key) for key, entry in self.classes.items() for word in _spoken(entry))

    @cached_property
    def _texts(self) -> dict[str, tuple[str, ...]]:
        """What `search` looks through, the most telling first: code, names, words, names of the major class."""
        return {
            key: tuple(map(plain, (key, *_both(entry.name), *entry.words, *_both(self.majors[entry.major]))))
            for key, entry in self.classes.items()
        }

    @cached_property
    def _named(self) -> dict[str, list[str]]:
        named: dict[str, list[str]] = {}
        for key, entry in self.classes.items():
            for name in {plain(name).removesuffix("异常") for name in _both(entry.name)}:
                named.setdefault(name, []).append(key)
        return named


def _both(name: Name) -> tuple[str, str]:
    return name.zh, name.en


def _spoken(entry: IncidentClass) -> tuple[str, ...]:
    """Return what people may call a class: its words, and its names without 异常 and without what stands in brackets."""
    bare = entry.name.zh.removesuffix("异常")
    names = (bare, re.sub(r"（[^）]*）", "", bare), entry.name.en, entry.name.en.removesuffix(": fault"))
    return (*entry.words, *(name for name in names if len(name) >= SHORTEST_WORD))


def _rank(asked: str, texts: tuple[str, ...]) -> float:
    """Return how early a word that was typed stands in the texts of a class, 0 for its very code; infinite when nowhere."""
    if asked == texts[0]:
        return 0
    ranks = (2 * place + (1 if text.startswith(asked) else 2) for place, text in enumerate(texts) if asked in text)
    return min(ranks, default=math.inf)


# What holds for a class unless its entry, or that of its major class, says otherwise.
_USUAL: Mapping[str, Any] = MappingProxyType(
    {
        "source": "local",
        "grid_duty": True,
        "restricted": False,
        "authority": "",
        "self_clear": False,
        "notice_days": None,
    }
)


def _directory(table: Entry) -> Directory:
    favourites = table.texts("favourites")
    majors, usual = _majors(table)
    classes = _classes(table, majors, usual)
    migration = _migration(table, majors, classes)
    table.done()
    for key in favourites:
        if key not in classes:
            table.fault(f"'favourites' names {key!r}, which is no class")
    return Directory(MappingProxyType(classes), MappingProxyType(majors), favourites, MappingProxyType(migration))


def _majors(table: Entry) -> tuple[dict[str, Name], dict[str, dict[str, Any]]]:
    """Read the major classes: their names, and what each says of all its classes."""
    names: dict[str, Name] = {}
    usual: dict[str, dict[str, Any]] = {}
    for entry in table.entries("majors", "major class"):
        key = _key(entry, names)
        name, options = _name(entry), _options(entry, _USUAL)
        entry.done()
        if key:
            names[key], usual[key] = name, options
    if not names:
        table.fault("'majors' is empty; a directory needs one major class at least")
    return names, usual


def _classes(
    table: Entry, majors: Mapping[str, Name], usual: Mapping[str, Mapping[str, Any]]
) -> dict[str, IncidentClass]:
    classes: dict[str, IncidentClass] = {}
    for entry in table.entries("classes", "class"):
        key = _key(entry, classes)
        if key in majors:
            entry.fault("a major class has the same key")
        major = _major(entry, key, majors)
        name, options, words = _name(entry), _options(entry, usual.get(major, _USUAL)), _words(entry)
        entry.done()
        if key:
            classes[key] = IncidentClass(key, name, major, words=words, **options)
    return classes


def _key(entry: Entry, others: Mapping[str, object]) -> str:
    """Take the key of an entry, or nothing if it cannot be one."""
    key = entry.text("key", needed=True)
    if key and not KEY.fullmatch(key):
        entry.fault("a key is made of ASCII letters, digits, '-' and '_', at most 32")
        return ""
    if key in others:
        entry.fault("an entry above has the same key")
        return ""
    return key


def _major(entry: Entry, key: str, majors: Mapping[str, Name]) -> str:
    """Take the major class: the one that is named, else the longest that the key begins with."""
    named = entry.text("major")
    if named and named not in majors:
        entry.fault(f"{named!r} is no major class; there are: {', '.join(majors) or 'none'}")
        return ""
    if not majors:  # one fault of the table, not one of every class
        return ""
    begins = [major for major in majors if key.startswith(major)]
    if key and not named and not begins:
        entry.fault("no major class begins its key; name one with 'major'")
    return named or max(begins, key=len, default="")


def _name(entry: Entry) -> Name:
    return Name(entry.text("name", needed=True), entry.text("name_en", needed=True))


def _options(entry: Entry, usual: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "source": entry.text("source", usual["source"]),
        "grid_duty": entry.take("grid_duty", bool, usual["grid_duty"]),
        "restricted": entry.take("restricted", bool, usual["restricted"]),
        "authority": entry.text("authority", usual["authority"]),
        "self_clear": entry.take("self_clear", bool, usual["self_clear"]),
        "notice_days": entry.positive("notice_days", usual["notice_days"]),
    }


def _words(entry: Entry) -> tuple[str, ...]:
    words = entry.texts("words")
    for word in words:
        if Term(word).length < SHORTEST_WORD:
            entry.fault(f"the word {word!r} is too short; it would stand in every message")
    return words


def _migration(table: Entry, majors: Mapping[str, Name], classes: Mapping[str, object]) -> dict[str, str]:
    """Read the codes of other systems: two digits, a major class of 2013, lead to a major class, any other code to a class."""
    entry = table.entry("migration")
    migration = {code: entry.text(code, needed=True) for code in entry.options()}
    for code, key in migration.items():
        kind, keys = ("major class", majors) if OLD_MAJOR.fullmatch(code) else ("class", classes)
        if key and key not in keys:
            entry.fault(f"{code!r} leads to {key!r}, which is no {kind}")
    return migration
