"""The register of chat groups (群台账): what each covers, what no group covers, and taking a list of them from a spreadsheet."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from desk.imports.cells import is_empty, words
from desk.intake import struck
from desk.places import Spot, covered, places_of, search
from desk.places.place import duty, place
from desk.posts.acting import change
from desk.room import Room
from geo.errors import BattlemapError, DraftError, TableError
from incidents.lifecycle import By
from incidents.places import Kind, PlaceRef
from incidents.text import required
from layers.tables import open_table
from ledger import groups
from ledger.groups import Group, GroupKind
from ledger.writing import Writing

LONGEST_NAME, MOST_COVERED, MOST_MEMBERS = 60, 200, 100_000
HEADS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": ("群名称", "群名", "群组", "名称", "group", "name"),
        "kind": ("类型", "群类型", "kind", "type"),
        "members": ("人数", "群人数", "成员数", "members"),
        "covers": ("覆盖范围", "覆盖", "楼栋", "范围", "小区", "网格", "covers"),
        "post": ("责任岗位", "管理岗位", "负责岗位", "岗位", "post"),
    }
)
KINDS: Mapping[str, GroupKind] = MappingProxyType(
    {
        **{kind.value: kind for kind in GroupKind},
        **dict.fromkeys(("业主群", "居民群", "居民", "业主", "楼栋群"), GroupKind.RESIDENTS),
        **dict.fromkeys(("商户群", "商户", "门店", "商家群"), GroupKind.MERCHANTS),
        **dict.fromkeys(("其他", "其它"), GroupKind.OTHER),
    }
)


@dataclass(frozen=True)
class Gaps:
    """What no group covers.

    Attributes
    ----------
    grids
        Codes of micro-grids that no group covers, neither themselves nor all of their buildings.
    buildings
        Buildings that no group covers.
    covered, total
        How many buildings are covered, of how many.
    """

    grids: tuple[str, ...]
    buildings: tuple[Spot, ...]
    covered: int
    total: int


@dataclass(frozen=True)
class Line:
    """One row of a list of groups.

    Attributes
    ----------
    row
        Its number in the file.
    group
        What it would become; None where it cannot.
    what
        ``add``, ``edit``, ``same`` or ``fault``.
    fault
        Which: ``name``, ``twice``, ``kind``, ``members``, ``covers`` or ``post``.
    said
        The words that it is about.
    """

    row: int
    group: Group | None
    what: str
    fault: str = ""
    said: str = ""


def of_room(room: Room) -> list[Group]:
    """Return the groups of a room."""
    with room.ledger.reading() as connection:
        return groups.groups(connection, room.id)


def codes_of(found: Iterable[Group]) -> dict[str, frozenset[str]]:
    """Return group -> codes that it covers, as `incidents.chat.propose` asks for them; a group goes by its number."""
    return {str(group.id): group.codes for group in found}


def put(room: Room, group: Group, by: By, now: datetime) -> Group:
    """Add or change a group.

    Raises
    ------
    TextError, DraftError
        It has no name, or one that is taken; it covers what is not there; its number of members is none.
    """
    ready = checked(room, group)
    return change(room, "chat", by, now, lambda writing: groups.put(writing, room.id, ready, by=by, at=now))


def remove(room: Room, number: int, by: By, now: datetime) -> Group:
    """Take a group out of the register."""
    return change(room, "chat", by, now, lambda writing: groups.remove(writing, room.id, number, by=by, at=now))


def undo(room: Room, number: int, by: By, now: datetime) -> None:
    """Take the last change of a group back."""
    change(room, "chat", by, now, lambda writing: groups.undo(writing, room.id, number, by=by, at=now))


def checked(room: Room, group: Group) -> Group:
    """Return a group as it is kept, its name without people."""
    name = struck(room, required(group.name, most=LONGEST_NAME, what="name", lines=False))
    if group.members is not None and not 0 <= group.members <= MOST_MEMBERS:
        raise DraftError(f"{group.members} is no number of members. Give one from 0.", field="members")
    unknown = [code for kind, code in group.covers if kind not in set(Kind) or covered(room.area, kind, code) is None]
    if unknown or len(group.covers) > MOST_COVERED:
        raise DraftError(
            f"The group covers {len(group.covers)} places, {unknown[:3]} unknown. Choose places of {room.id}.",
            field="covers",
        )
    if group.post:
        room.post(group.post)
    return replace(group, name=name, covers=tuple(dict.fromkeys(group.covers)))


def post_for(room: Room, covers: Sequence[tuple[str, str]]) -> str:
    """Return the post that answers for the place that a group covers first, "" where there is none."""
    spots = [spot for kind, code in covers[:1] if (spot := covered(room.area, kind, code))]
    if not spots:
        return ""
    post = duty(room, place(room, spots[0].lon, spots[0].lat).codes).post
    return post.key if post else ""


def gaps(room: Room, found: Iterable[Group]) -> Gaps:
    """Return the grids and buildings that no group covers."""
    codes = {code for group in found for code in group.codes}
    refs = [ref for refs in places_of(room.area).covered.values() for ref in refs[:1] if ref.kind is Kind.BUILDING]
    bare = [ref for ref in refs if not _covers(codes, ref)]
    leaf = room.area.net.leaf
    own = [code for code in map(str, leaf.codes) if code not in room.area.net.stacked]
    own += [stack.code for stack in room.area.net.stacks]
    inside: dict[str, list[bool]] = {}
    for ref in refs:
        for code in ref.within:
            inside.setdefault(code, []).append(_covers(codes, ref))
    lines = {code: set(room.codes_of(code).values()) for code in own}
    open_ = [code for code in own if not lines[code] & codes and not (inside.get(code) and all(inside[code]))]
    spots = (covered(room.area, ref.kind.value, ref.code) for ref in bare)
    return Gaps(tuple(open_), tuple(spot for spot in spots if spot), len(refs) - len(bare), len(refs))


def plan(room: Room, path: Path) -> list[Line]:
    """Say for each row of a spreadsheet what it would do; nothing is written.

    Raises
    ------
    TableError
        The file cannot be read, or has no column of names.
    """
    known = {group.name: group for group in of_room(room)}
    seen: set[str] = set()
    lines = []
    for row, cells in _rows(path):
        line = _line(room, row, cells, known)
        if line.group and line.group.name in seen:
            line = Line(row, None, "fault", "twice", line.group.name)
        elif line.group:
            seen.add(line.group.name)
        lines.append(line)
    return lines


def take(room: Room, lines: Sequence[Line], by: By, now: datetime) -> int:
    """Write what was planned, all rows or none, and return how many groups changed.

    Raises
    ------
    DraftError
        A row has a fault; nothing was written.
    """
    if faults := [line for line in lines if line.fault]:
        raise DraftError(f"{len(faults)} rows have faults, row {faults[0].row} first. Correct them.", field="rows")
    changed = [line.group for line in lines if line.group and line.what in {"add", "edit"}]

    def write(writing: Writing) -> int:
        for group in changed:
            groups.put(writing, room.id, group, by=by, at=now)
        return len(changed)

    return change(room, "chat", by, now, write)


def _covers(codes: set[str], ref: PlaceRef) -> bool:
    return ref.code in codes or ref.of in codes or not ref.within.isdisjoint(codes)


def _rows(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    with open_table(path) as table:
        heads = {_plain(name): place for place, name in enumerate(table.columns)}
        where = {
            field: next((heads[_plain(name)] for name in names if _plain(name) in heads), None)
            for field, names in HEADS.items()
        }
        if where["name"] is None:
            raise TableError(f"{path.name} has no column of names. Call one {HEADS['name'][0]}.")
        number = table.first_row
        for chunk in table.chunks():
            for at, cells in enumerate(chunk.rows):
                said = {
                    field: "" if place is None or is_empty(cells[place]) else words(cells[place])
                    for field, place in where.items()
                }
                if any(said.values()):
                    yield (chunk.numbers[at] if chunk.numbers else number + at), said
            number += len(chunk)


def _plain(name: str) -> str:
    return re.sub(r"\s+", "", name).casefold()


class _Fault(ValueError):
    """What is wrong with a row, and the words that it is about."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(kind)
        self.kind, self.said = kind, said


def _line(room: Room, row: int, cells: Mapping[str, str], known: Mapping[str, Group]) -> Line:
    try:
        made = _read(room, cells)
    except _Fault as fault:
        return Line(row, None, "fault", fault.kind, fault.said)
    except BattlemapError:
        return Line(row, None, "fault", "name", cells["name"])
    before = known.get(made.name)
    if before is None:
        return Line(row, made, "add")
    made = replace(made, id=before.id)
    return Line(row, made, "same" if made == before else "edit")


def _read(room: Room, cells: Mapping[str, str]) -> Group:
    kind = KINDS.get(cells["kind"].casefold(), GroupKind.RESIDENTS if not cells["kind"] else None)
    if kind is None:
        raise _Fault("kind", cells["kind"])
    if cells["members"] and not re.fullmatch(r"\d{1,6}人?", cells["members"]):
        raise _Fault("members", cells["members"])
    members = int(cells["members"].removesuffix("人")) if cells["members"] else None
    covers = [_one(room, name.strip()) for name in re.split(r"[、,，;；\n|]+", cells["covers"]) if name.strip()]
    return checked(room, Group(cells["name"], kind, tuple(covers), members, _post(room, cells["post"], covers)))


def _one(room: Room, name: str) -> tuple[str, str]:
    """Return the one place of a name."""
    found = search(room.area, name)
    alike = [spot for spot in found if name in {spot.label, spot.address}] or found[:1]
    exact = [spot for spot in alike if spot.kind is alike[0].kind]
    if len(exact) != 1:
        raise _Fault("covers", name)
    return exact[0].kind.value, exact[0].code


def _post(room: Room, said: str, covers: Sequence[tuple[str, str]]) -> str:
    """Return the key of a post by its key or title, of the place where none is said."""
    if not said:
        return post_for(room, covers)
    if said in room.posts:
        return said
    named = [post.key for post in room.posts.values() if post.title == said]
    if len(named) != 1:
        raise _Fault("post", said)
    return named[0]
