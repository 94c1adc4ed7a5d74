"""Places as people name them in free text: 康桥新城5号楼2单元, 织云路74号, 3-05, and inside a group that covers three buildings just "5号楼".

Names are compared as people write them: full-width or not, 五号楼, 5栋 and 5#楼 alike, with or without spaces. The longest name wins; nothing is guessed: a number that
several compounds have is answered with all of them, for a person to choose.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

SHORTEST = 2  # letters of a name that is looked for
OTHERS = 8


class Kind(StrEnum):
    """Kinds of places, the most exact first."""

    BUILDING = "building"
    SITE = "site"
    COMPOUND = "compound"
    GRID = "grid"
    STREET = "street"
    AREA = "area"


class Because(StrEnum):
    """Why a place is proposed, for a page to say."""

    NAMED = "named"
    NUMBER_IN_COMPOUND = "number_in_compound"
    ONLY_IN_GROUP = "only_in_group"
    ONLY_ONE = "only_one"
    ONE_OF_SEVERAL = "one_of_several"
    PARTLY_NAMED = "partly_named"
    NO_SUCH_NUMBER = "no_such_number"
    OUTSIDE_GROUP = "outside_group"
    GROUP = "group"
    MENTIONED_POST = "mentioned_post"


@dataclass(frozen=True)
class PlaceRef:
    """A place that text may name.

    Attributes
    ----------
    name
        As people say it: 康桥新城, 5号楼 (a building, with ``of``), 织云路74号, 3-05, 网格3, 陇南社区. A place with several names has several of these with one code.
    kind, code
        What it is, and its key there.
    of
        Of a building, the name of its compound.
    within
        Codes and names of what it lies in: grids, community, compound. A group that covers one of them covers this.
    lon, lat
        Degrees, where known.
    """

    name: str
    kind: Kind
    code: str
    of: str = ""
    within: frozenset[str] = frozenset()
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True)
class Whereabouts:
    """A place found in a text.

    Attributes
    ----------
    ref, because
        The place, and why.
    word
        The words of the text that say so, as they were compared.
    unit, floor, room
        单元, 楼层 (below ground negative) and 室 as written, or "".
    """

    ref: PlaceRef
    because: Because
    word: str
    unit: str = ""
    floor: str = ""
    room: str = ""


@dataclass(frozen=True)
class Numbers:
    """What a text says of a building, unit, floor and room, each as digits or ""."""

    building: str = ""
    unit: str = ""
    floor: str = ""
    room: str = ""


_DIGITS = {letter: value for value, letter in enumerate("零一二三四五六七八九")} | {"〇": 0}
_SPOKEN = re.compile(r"[零〇一二三四五六七八九十百]{1,5}(?=号楼|号院|[栋幢]|单元|[楼层号室]|微?网格)")
_ENDINGS = re.compile(
    r"(?:家属院|生活区|小区|社区|花园|家园|佳苑|雅苑|新城|新村|华府|公寓|[东西南北]院|[东西南北]区|苑|府|院|村)$"
)


def plain(text: str) -> str:
    """Return a text as places are compared in it: NFKC, no spaces, one kind of dash, numbers before 号楼, 单元, 层, … as digits, 栋 and # as 号楼."""
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"[‐‑–—−－]", "-", re.sub(r"\s+", "", text))
    text = _SPOKEN.sub(lambda found: str(_value(found[0])), text)
    text = re.sub(r"(\d{1,3})#(?:楼|号楼)?", r"\1号楼", text)
    return re.sub(r"([0-9A-Za-z])号?[栋幢座](?!楼)", r"\1号楼", text)


def _value(spoken: str) -> int:
    """Return the value of a spoken number below a thousand: 十二 -> 12, 一百零五 -> 105, 二一 -> 21."""
    if not re.search("[十百]", spoken):
        return int("".join(str(_DIGITS[letter]) for letter in spoken))
    total, last = 0, 0
    for letter in spoken:
        if letter in _DIGITS:
            last = _DIGITS[letter]
        else:
            total, last = total + (last or 1) * (100 if letter == "百" else 10), 0
    return total + last


_BUILDING = re.compile(r"(?<![\dA-Za-z])([A-Za-z]?\d{1,3}|[A-Za-z])号楼")
_HYPHENS = re.compile(r"(?<![\d-])(\d{1,3})-(\d{1,2})-(\d{3,4})(?![\d-])")
_UNIT = re.compile(r"(?<!\d)(\d{1,2})单元")
_UNIT_ROOM = re.compile(r"(?:号楼|院)(\d{1,2})-(\d{3,4})(?!\d)")
_FLOOR = re.compile(r"(?<![\d号-])(负|地下|-|[Bb](?=\d))?(\d{1,2})(?:楼(?![道长梯栋])|层)")
_ROOM = re.compile(r"(?<![\d-])(\d{3,4})(?:室|户|房)|单元(\d{3,4})(?![\d号])|号楼(\d{3,4})(?![\d号])")


def numbers(text: str) -> Numbers:
    """Return building, unit, floor and room that a text names; a room tells the floor where nothing else does (1203 -> 12)."""
    text = plain(text)
    if hyphens := _HYPHENS.search(text):
        building, unit, room = hyphens.groups()
        return Numbers(str(int(building)), str(int(unit)), room[:-2], room)
    building, unit = _BUILDING.search(text), _UNIT.search(text)
    short = _UNIT_ROOM.search(text)
    room = (
        short[2]
        if short
        else next((number for found in _ROOM.finditer(text) for number in found.groups() if number), "")
    )
    floor = _FLOOR.search(text)
    return Numbers(
        building[1].upper() if building else "",
        next((found[1] for found in (unit, short) if found), ""),
        ("-" if floor[1] else "") + floor[2] if floor else room[:-2],
        room,
    )


class Places:
    """The places of an area, made ready once for many texts.

    Parameters
    ----------
    refs
        Every place under every name.
    """

    def __init__(self, refs: Iterable[PlaceRef]) -> None:
        self._refs: dict[str, list[PlaceRef]] = defaultdict(list)
        self._numbered: dict[str, list[PlaceRef]] = defaultdict(list)
        self.covered: dict[str, list[PlaceRef]] = defaultdict(list)
        self._buildings: dict[tuple[str, str], list[PlaceRef]] = defaultdict(list)
        for ref in refs:
            self._add(ref)

    def _add(self, ref: PlaceRef) -> None:
        name = plain(ref.name)
        self.covered[ref.code].append(ref)
        number = re.fullmatch(r"([A-Za-z]?\d{1,3}|[A-Za-z])号楼?", name) if ref.kind is Kind.BUILDING else None
        if number:
            self._numbered[number[1].upper()].append(ref)
            self._buildings[plain(ref.of), number[1].upper()].append(ref)
        if ref.kind is Kind.BUILDING and ref.of:
            name = plain(ref.of) + name
        if not number or ref.of:
            self._refs[name].append(ref)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name that is looked for, as it is compared."""
        return frozenset(name for name in self._refs if len(name) >= SHORTEST)

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(name) for name in self.names}, reverse=True)

    @cached_property
    def _stems(self) -> Mapping[str, list[PlaceRef]]:
        stems: dict[str, list[PlaceRef]] = defaultdict(list)
        for name, refs in self._refs.items():
            compounds = [ref for ref in refs if ref.kind is Kind.COMPOUND]
            stem = _ENDINGS.sub("", name)
            if compounds and stem != name and len(stem) >= SHORTEST and not re.search(r"\d", stem):
                stems[stem] += compounds
        return stems

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Walk through the names in a text as `plain` returns it, from left to right, the longest first."""
        at, end = 0, len(text)
        while at < end:
            fitting = (length for length in self._lengths if at + length <= end)
            length = next((n for n in fitting if text[at : at + n] in self.names and _whole(text, at, n)), 0)
            if length:
                yield at, at + length
            at += length or 1

    def words(self, text: str) -> list[str]:
        """Return the names that stand in a text, as they are compared."""
        text = plain(text)
        return [text[start:end] for start, end in self.spans(text)]

    def find(self, text: str, *, group: Collection[str] = ()) -> list[Whereabouts]:
        """Return the places that a text names, the most exact first; more than one where a person must choose.

        Parameters
        ----------
        text
            What was said.
        group
            Codes (buildings, compounds, grids) that the chat group covers; they narrow what is named alike.
        """
        text, codes = plain(text), frozenset(group)
        said = numbers(text)
        found = list(self._named(text, said, codes)) or list(self._by_number(said, codes)) or self._of_group(codes)
        kinds = list(Kind)
        found.sort(key=lambda place: kinds.index(place.ref.kind))
        unlike: dict[tuple[Kind, str], Whereabouts] = {}
        for place in found:
            unlike.setdefault((place.ref.kind, place.ref.code), place)
        return [replace(place, unit=said.unit, floor=said.floor, room=said.room) for place in unlike.values()]

    def _named(self, text: str, said: Numbers, codes: frozenset[str]) -> Iterator[Whereabouts]:
        words = self.words(text) + list(_labels(text, self.names))
        named = {word: self._refs[word] for word in dict.fromkeys(words)}
        because = Because.NAMED
        if not any(ref.kind in {Kind.COMPOUND, Kind.BUILDING, Kind.SITE} for refs in named.values() for ref in refs):
            partly = self._partly(text)
            if partly:
                named, because = named | partly, Because.PARTLY_NAMED
        context = {mark for refs in named.values() if len(refs) == 1 for ref in refs for mark in (ref.code, ref.name)}
        for word, refs in named.items():
            for ref, why in _narrowed(refs, codes, context, because if word not in words else Because.NAMED):
                yield from self._inside(ref, why, word, said)

    def _inside(self, ref: PlaceRef, why: Because, word: str, said: Numbers) -> Iterator[Whereabouts]:
        """Go from a compound to the building of it that was numbered."""
        if ref.kind is not Kind.COMPOUND or not said.building:
            yield Whereabouts(ref, why, word)
            return
        names = {plain(other.name) for other in self.covered[ref.code] if other.kind is Kind.COMPOUND}
        buildings = [building for name in names for building in self._buildings.get((name, said.building), [])]
        kept = why if why in {Because.PARTLY_NAMED, Because.OUTSIDE_GROUP} else Because.NUMBER_IN_COMPOUND
        for building in buildings:
            yield Whereabouts(building, kept, f"{word}{said.building}号楼")
        if not buildings:
            yield Whereabouts(ref, Because.NO_SUCH_NUMBER, word)

    def _partly(self, text: str) -> dict[str, list[PlaceRef]]:
        """Return compounds that are called by the beginning of their name: 康桥 for 康桥新城, where three letters or what follows make it sure."""
        found = {}
        for stem, refs in self._stems.items():
            at = text.find(stem)
            after = text[at + len(stem) :]
            if at >= 0 and (len(stem) > SHORTEST or re.match(r"(?:小区|院|里|\d+号|[A-Za-z]号楼)", after)):
                found[stem] = refs
        return {
            stem: refs for stem, refs in found.items() if not any(stem in other for other in found if other != stem)
        }

    def _by_number(self, said: Numbers, codes: frozenset[str]) -> Iterator[Whereabouts]:
        """Find a building that was only numbered: the one of the group, or of the area, that has the number."""
        refs = self._numbered.get(said.building, []) if said.building else []
        inside = [ref for ref in refs if _covers(codes, ref)] if codes else refs
        only = Because.ONLY_IN_GROUP if codes else Because.ONLY_ONE
        for ref in inside[:OTHERS]:
            yield Whereabouts(ref, only if len(inside) == 1 else Because.ONE_OF_SEVERAL, f"{said.building}号楼")

    def _of_group(self, codes: frozenset[str]) -> list[Whereabouts]:
        """Return the one place that a group covers, if it covers just one."""
        refs = [ref for code in codes for ref in self.covered.get(code, [])[:1]]
        return [Whereabouts(refs[0], Because.GROUP, "")] if len(codes) == len(refs) == 1 else []


def _whole(text: str, at: int, length: int) -> bool:
    """Tell whether a name stands by itself: digits at its ends are not cut out of longer numbers (3-05 in 13-05, 74号 in 174号)."""
    before, after = text[max(0, at - 1) : at], text[at + length : at + length + 1]
    cut = (text[at].isdigit() and re.match(r"[\d-]", before)) or (
        text[at + length - 1].isdigit() and re.match(r"[\d-]", after)
    )
    return not cut


def _labels(text: str, names: Collection[str]) -> Iterator[str]:
    """Walk through grids that are named otherwise than by their label: 3-5 for 3-05, 3网格5微网格, 第3网格 for 网格3."""
    for found in re.finditer(
        r"(?<![\d-])(\d{1,2})-(\d{1,2})(?![\d-])|(?<!\d)(\d{1,2})网格第?(\d{1,2})(?:号|微网格)", text
    ):
        grid, micro = (int(number) for number in found.groups() if number)
        yield from (label for label in (f"{grid}-{micro:02d}", f"{grid}-{micro}") if label in names)
    for found in re.finditer(r"(?<![\d-])(\d{1,2})号?网格(?![\d第])", text):
        yield from (label for label in (f"网格{int(found[1])}", f"{int(found[1])}网格") if label in names)


def _covers(codes: Collection[str], ref: PlaceRef) -> bool:
    return ref.code in codes or ref.of in codes or not ref.within.isdisjoint(codes)


def _narrowed(
    refs: list[PlaceRef], codes: frozenset[str], context: set[str], why: Because
) -> list[tuple[PlaceRef, Because]]:
    """Keep of the places of one name those that the group covers, or those that lie in another place of the same text."""
    inside = [ref for ref in refs if _covers(codes, ref)]
    if codes and inside:
        return [(ref, why) for ref in inside]
    if codes:
        why = Because.OUTSIDE_GROUP
    near = [ref for ref in refs if not ref.within.isdisjoint(context)] if len(refs) > 1 else []
    return [(ref, why) for ref in (near or refs)[:OTHERS]]
