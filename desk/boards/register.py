"""The register of notice boards: where each stands, who answers, when it was looked at last; and a list of them from a spreadsheet."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from desk.emergency.building import BUILDING, sees
from desk.imports.cells import is_empty, words
from desk.intake import struck
from desk.places import Spot, covered, search
from desk.places.place import duty, place
from desk.posts.acting import change
from desk.room import Room
from geo.errors import BattlemapError, DraftError, MissingColumns
from incidents.lifecycle import By
from incidents.places import Kind
from incidents.text import clean, required
from layers.tables import open_table
from ledger import boards
from ledger.boards import Board, State
from ledger.writing import Writing

PLANS, LOOK = "plans", "boards"  # capabilities
LONGEST_NAME, LONGEST_PLACE = 40, 120
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)")  # as people and spreadsheets write it
PHONE = re.compile(r"(\+?[0-9][0-9 -]{2,19})?")
HEADS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": ("编号", "公示牌编号", "牌号", "序号", "name", "number"),
        "where": ("楼栋", "网格", "所属楼栋", "所属网格", "小区", "building", "grid"),
        "place": ("位置", "安装位置", "具体位置", "地点", "place"),
        "post": ("责任岗位", "岗位", "post"),
        "contact": ("办公电话", "联系电话", "电话", "contact", "phone"),
        "put_up": ("安装日期", "设立日期", "日期", "put_up", "date"),
    }
)
NEEDED = ("name", "where")


@dataclass(frozen=True)
class Wish:
    """A board as somebody writes it: ``where`` names the building or grid that it belongs to."""

    name: str
    where: str
    place: str = ""
    post: str = ""
    contact: str = field(default="", repr=False)
    put_up: str = ""
    id: int = 0


@dataclass(frozen=True)
class Row:
    """One row of a list of boards.

    Attributes
    ----------
    what
        ``add``, ``edit``, ``same`` or ``fault``.
    fault
        Which field: ``name``, ``twice``, ``where``, ``place``, ``post``, ``contact`` or ``put_up``; ``said`` what stands there.
    """

    row: int
    board: Board | None
    what: str
    fault: str = ""
    said: str = ""


def listed(room: Room) -> list[Board]:
    """Return the boards of a room that who looks sees."""
    with room.ledger.reading() as connection:
        found = boards.boards(connection, room.id)
    return [one for one in found if _sees(room, one)]


def get(room: Room, id_: int) -> Board:
    """Return a board.

    Raises
    ------
    DraftError
        There is none of that number, or none for who looks: the answer does not tell which.
    """
    with room.ledger.reading() as connection:
        found = boards.get(connection, room.id, id_)
    if not _sees(room, found):
        raise DraftError(f"{room.id} has no board number {id_}. Load the list again.", field="gone")
    return found


def is_due(room: Room, board: Board, now: datetime) -> bool:
    """Tell whether nobody looked at a standing board for too long."""
    old = now - timedelta(days=room.rules.boards.check_days)
    return board.state is not State.REMOVED and (board.checked is None or board.checked < old)


def put(room: Room, wish: Wish, by: By, now: datetime) -> Board:
    """Add a board to the register, or change one.

    Raises
    ------
    DraftError, TextError, NoAccess
        Why it cannot be; nothing was written.
    """
    made = checked(room, wish)
    if wish.id:
        was = get(room, wish.id)
        made = replace(made, id=was.id, state=was.state, checked=was.checked)
    return change(room, PLANS, by, now, lambda writing: boards.put(writing, room.id, made, by=by, at=now.astimezone(UTC)))  # fmt: skip


def check(room: Room, id_: int, state: str, by: By, now: datetime) -> Board:
    """Note how a board was found."""
    get(room, id_)
    if state not in set(State):
        raise DraftError(f"{state!r} is no state of a board. Choose one of {', '.join(State)}.", field="state")
    return change(room, LOOK, by, now, lambda writing: boards.check(writing, room.id, id_, State(state), by=by, at=now.astimezone(UTC)))  # fmt: skip


def renew(room: Room, id_: int, by: By, now: datetime) -> Board:
    """Take the code away that is printed on a board, and give it another."""
    get(room, id_)
    return change(room, PLANS, by, now, lambda writing: boards.renew(writing, room.id, id_, by=by, at=now.astimezone(UTC)))  # fmt: skip


def checked(room: Room, wish: Wish) -> Board:
    """Return a board as it is kept: its place found, its words without people.

    Raises
    ------
    DraftError, TextError
        What is wrong with it, by its field.
    """
    name = struck(room, required(wish.name, most=LONGEST_NAME, what="name", lines=False))
    spot = _spot(room, wish.where)
    words_ = struck(room, clean(wish.place, most=LONGEST_PLACE, what="place", lines=False))
    contact = wish.contact.strip()
    if not PHONE.fullmatch(contact):
        raise DraftError(f"{contact!r} is no telephone. Write digits, or nothing.", field="contact")
    post, day = _post(room, wish.post, spot), _day(wish.put_up)
    made = Board(name, words_ or spot.label, spot.kind.value, spot.code, spot.lon, spot.lat, post, contact, day)
    if not _sees(room, made):
        raise DraftError(f"{room.id} has no place {wish.where!r}. Choose a building or a grid.", field="where")
    return made


def plan(room: Room, path: Path) -> list[Row]:
    """Say for each row of a spreadsheet what it would do; nothing is written.

    Raises
    ------
    TableError
        The file cannot be read, or has no column of numbers or of places.
    """
    known, seen, rows = {one.name: one for one in listed(room)}, set[str](), []
    for number, cells in _rows(path):
        row = _planned(room, number, cells, known)
        if row.board and row.board.name in seen:
            row = Row(number, None, "fault", "twice", row.board.name)
        elif row.board:
            seen.add(row.board.name)
        rows.append(row)
    return rows


def take(room: Room, rows: Sequence[Row], by: By, now: datetime) -> int:
    """Write what was planned, all rows or none, and return how many boards changed.

    Raises
    ------
    DraftError
        A row has a fault; nothing was written.
    """
    if faults := [row for row in rows if row.fault]:
        raise DraftError(f"{len(faults)} rows have faults, row {faults[0].row} first. Correct them.", field="rows")
    changed = [row.board for row in rows if row.board and row.what != "same"]

    def write(writing: Writing) -> int:
        for board in changed:
            boards.put(writing, room.id, board, by=by, at=now.astimezone(UTC))
        return len(changed)

    return change(room, PLANS, by, now, write)


def _sees(room: Room, board: Board) -> bool:
    return not room.within.narrows or sees(room, place(room, board.lon, board.lat).codes)


def _planned(room: Room, number: int, cells: Mapping[str, str], known: Mapping[str, Board]) -> Row:
    try:
        made = checked(
            room, Wish(cells["name"], cells["where"], cells["place"], cells["post"], cells["contact"], cells["put_up"])
        )
    except DraftError as error:
        return Row(number, None, "fault", error.field, cells.get(error.field, ""))
    except BattlemapError:
        return Row(number, None, "fault", "name", cells["name"])
    before = known.get(made.name)
    if before is None:
        return Row(number, made, "add")
    made = replace(made, id=before.id, state=before.state, checked=before.checked, token=before.token)
    return Row(number, made, "same" if made == before else "edit")


def _rows(path: Path) -> Iterable[tuple[int, dict[str, str]]]:
    with open_table(path, header_row=_header_row(path)) as table:
        where = _columns(table.columns)
        if absent := [HEADS[key][0] for key in NEEDED if where[key] is None]:
            raise MissingColumns(path.name, absent, [name for name in table.columns if name])
        number = table.first_row
        for chunk in table.chunks():
            for at, cells in enumerate(chunk.rows):
                said = {key: "" if column is None or is_empty(cells[column]) else words(cells[column]) for key, column in where.items()}  # fmt: skip
                if any(said.values()):
                    yield (chunk.numbers[at] if chunk.numbers else number + at), said
            number += len(chunk)


def _header_row(path: Path) -> int:
    """Return which row, from 1, names the columns: spreadsheets often have a title above, in merged cells. The first one where none does."""
    with open_table(path) as table:
        rows = [_columns([words(cell) for cell in row if not is_empty(cell)]) for row in getattr(table, "early", ())]
    return next((at for at, row in enumerate(rows, 1) if all(row[key] is not None for key in NEEDED)), 1)


def _columns(names: Sequence[str]) -> dict[str, int | None]:
    heads = {_plain(name): at for at, name in enumerate(names)}
    return {key: next((heads[_plain(name)] for name in some if _plain(name) in heads), None) for key, some in HEADS.items()}  # fmt: skip


def _plain(name: str) -> str:
    return re.sub(r"\s+", "", name).casefold()


def _spot(room: Room, said: str) -> Spot:
    """Return the one place of a name; ``kind:code``, or the id of a building, names one as well."""
    said = said.strip()
    kind, _, code = said.partition(":")
    layers = [entry.key for entry in room.area.pack.points if entry.kind == BUILDING]
    named = [(kind, code)] if kind in set(Kind) else [(BUILDING, f"{layer}:{said}") for layer in layers]
    known = next((spot for one in named if (spot := covered(room.area, *one))), None)
    if known:
        return known
    found = search(room.area, said) if said else []
    alike = [spot for spot in found if said in {spot.label, spot.address}] or found[:1]
    exact = [spot for spot in alike if spot.kind is alike[0].kind]
    if len(exact) != 1:
        raise DraftError(f"{room.id} has no place {said!r}, or several. Choose a building or a grid.", field="where")
    return exact[0]


def _post(room: Room, said: str, spot: Spot) -> str:
    """Return the key of a post by its key or title; where none is said, of the one that answers for the place."""
    if not said.strip():
        found = duty(room, _codes(room, spot)).post
        return found.key if found else ""
    if said in room.posts:
        return said
    named = [post.key for post in room.posts.values() if post.title == said.strip()]
    if len(named) != 1:
        raise DraftError(f"{room.id} has no post {said!r}, or several. Choose one of its posts.", field="post")
    return named[0]


def _codes(room: Room, spot: Spot) -> Mapping[str, str]:
    """Return the codes of a place; those of a whole grid are its own and of what it lies in, not of a dedicated one that its middle lies in."""
    codes, levels = place(room, spot.lon, spot.lat).codes, [level.key for level in room.area.net.levels]
    at = next((number for number, key in enumerate(levels) if codes.get(key) == spot.code), None)
    if spot.kind not in {Kind.GRID, Kind.AREA} or at is None:
        return codes
    return {key: codes[key] for key in levels[: at + 1]}


def _day(said: str) -> str:
    if not said.strip():
        return ""
    found = DAY.match(unicodedata.normalize("NFKC", said).strip())
    try:
        return date(*map(int, found.groups())).isoformat() if found else _no_day(said)
    except ValueError:
        return _no_day(said)


def _no_day(said: str) -> NoReturn:
    raise DraftError(f"{said!r} is no day. Write it as 2026-11-22.", field="put_up")
