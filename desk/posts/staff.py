"""Posts and their holders from a spreadsheet (花名册): read, compared with what the ledger knows, and taken as a whole or not at all.

A row names a grid by its code or its label ("3-05", "专1", "印花社区 3-05"), a kind of post as people call it (第一网格长, 微网格长, 网格员, 包挂 …), and who holds it. Only what
differs is written, so that the same file twice changes nothing; what the file does not name stays. Columns of telephone or identity numbers are not read.
"""

import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import openpyxl

from desk.posts.acting import change
from desk.posts.roster import OF_A_GRID, ONE_A_GRID, checked_name, checked_title, day_start, free_key, last_day
from desk.room import DISPATCHER, Room
from geo.errors import BattlemapError, RosterError, TableError
from geo.net import Level, Overlay
from incidents.lifecycle import By, PostKind
from incidents.posts import Post, post_key
from layers.grid_names import full_names
from layers.load import Area
from layers.tables import cell_text, open_table
from layers.tables.sheet import SheetTable
from ledger import posts
from ledger.posts import Holding, Kept
from ledger.writing import Writing

MOST_ROWS = 20_000
LOOK_AHEAD = 12
NEAR = 3
SERIAL = (20_000, 80_000)  # days since 1899-12-30, as spreadsheets count
EXCEL_EPOCH = date(1899, 12, 30)

# Names of columns as they are found in such lists; the first of a field is that of our template.
HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "home": ("所属社区", "社区", "社区村", "所属网格", "上级网格", "所在社区", "村社区", "parent", "community"),
        "level": ("网格层级", "层级", "级别", "网格级别", "level"),
        "grid": ("网格", "网格编号", "网格编码", "网格代码", "网格名称", "网格号", "微网格", "微网格编号", "三级网格", "专属网格", "编号", "编码", "grid", "gridcode", "code", "label"),
        "kind": ("岗位", "岗位类型", "岗位类别", "职务", "角色", "人员类别", "类别", "post", "kind", "role", "position"),
        "title": ("岗位名称", "称谓", "岗位全称", "名称", "title"),
        "holder": ("姓名", "任职人", "人员", "人员姓名", "网格长姓名", "网格长", "网格员姓名", "负责人", "holder", "name"),
        "since": ("任职日期", "任职时间", "起始日期", "开始日期", "上任时间", "到岗时间", "起始时间", "起", "since", "from", "start"),
        "until": ("截止日期", "结束日期", "离任日期", "卸任时间", "离岗时间", "终止日期", "至", "until", "to", "end"),
        "stand_in": ("代理", "是否代理", "代理标志", "临时代理", "standin", "acting"),
    }
)  # fmt: skip
ABOVE = ("三级网格", "二级网格", "一级网格", "网格")  # beside a column of smaller grids, the one that they lie in
CONTACTS = (
    "电话",
    "手机",
    "联系方式",
    "联系电话",
    "身份证",
    "证件",
    "微信",
    "phone",
    "mobile",
    "tel",
    "wechat",
    "idcard",
)
# The longest words first: 第一网格长 is no 网格长.
KINDS: tuple[tuple[PostKind, tuple[str, ...]], ...] = (
    (PostKind.FIRST_HEAD, ("第一网格长", "first grid head", "first_head", "first head")),
    (PostKind.DEPUTY, ("常务网格长", "常务副网格长", "副网格长", "deputy grid head", "deputy")),
    (PostKind.OFFICE, ("包挂", "包联", "包保", "挂包", "挂联", "office in charge", "office")),
    (PostKind.WORKER, ("网格员", "网格专干", "网格管理员", "信息员", "grid worker", "worker")),
    (PostKind.DISPATCHER, ("派遣员", "受理员", "派遣席", "dispatcher")),
    (PostKind.INSPECTOR, ("督导员", "督导", "核查员", "inspector")),
    (PostKind.DEPARTMENT, ("职能部门", "部门联络", "入格部门", "部门", "department")),
    (PostKind.HEAD, ("网格长", "楼栋长", "grid head", "head")),
)
KIND_ZH = MappingProxyType(
    {
        PostKind.WORKER: "网格员",
        PostKind.HEAD: "网格长",
        PostKind.FIRST_HEAD: "第一网格长",
        PostKind.DEPUTY: "副网格长",
        PostKind.OFFICE: "包挂科室",
        PostKind.INSPECTOR: "督导员",
        PostKind.DISPATCHER: "派遣员",
        PostKind.DEPARTMENT: "职能部门",
    }
)
YES = frozenset({"是", "y", "yes", "√", "✓", "1", "true", "代理", "代"})
NO = frozenset({"", "否", "n", "no", "0", "false", "×", "-", "/", "无"})
OPEN_END = frozenset({"", "至今", "今", "长期", "在任", "现任", "-", "/", "无"})


@dataclass(frozen=True)
class Row:
    """One row of the file as it is understood.

    Attributes
    ----------
    number
        As a person counts in the file.
    since, until
        First and last day.
    fault
        Why it cannot be taken; None where it can.
    """

    number: int
    kind: PostKind | None = None
    grid: tuple[str, str] | None = None
    title: str = ""
    holder: str = ""
    since: date | None = None
    until: date | None = None
    stand_in: bool = False
    fault: BattlemapError | None = None


@dataclass(frozen=True)
class File:
    """A file as it is understood.

    Attributes
    ----------
    columns
        Field -> heading that was taken for it.
    contacts
        Headings of columns that are not read, for they hold contacts.
    """

    rows: tuple[Row, ...]
    columns: Mapping[str, str]
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """What one row would change.

    Attributes
    ----------
    verbs
        ``add``, ``rename``, ``hold``, ``correct``; ``same`` where nothing changes; ``fault``.
    post
        The post as it would stand; None where the row cannot be taken.
    held
        The holding as it would stand, with the number of the one that is corrected, else 0.
    """

    row: Row
    verbs: tuple[str, ...]
    post: Post | None = None
    held: Holding | None = None


@dataclass(frozen=True)
class Report:
    """What a file would change, by row."""

    file: File
    steps: tuple[Step, ...]

    @property
    def faults(self) -> list[Step]:
        """The rows that cannot be taken."""
        return [step for step in self.steps if step.row.fault]

    @property
    def changes(self) -> list[Step]:
        """The rows that change something."""
        return [step for step in self.steps if step.verbs not in {("same",), ("fault",)}]

    def count(self, verb: str) -> int:
        """Count the rows with a verb."""
        return sum(verb in step.verbs for step in self.steps)


@dataclass
class _Stand:
    """Posts and holdings as they stand, and as the rows so far would leave them."""

    posts: dict[str, Post]
    known: set[str]  # keys that were ever given
    held: dict[str, list[Holding]] = field(default_factory=dict)

    def of(self, kind: PostKind, grid: tuple[str, str] | None) -> list[Post]:
        """Return the posts of a kind and grid."""
        return [post for post in self.posts.values() if post.kind is kind and post.grid == grid]


def read(
    room: Room, path: Path, *, encoding: str | None = None, sheet: str | None = None, header_row: int | None = None
) -> File:
    """Read a file, and understand its rows; what is wrong with one stands in the row.

    Raises
    ------
    TableError, RosterError
        The file cannot be read, or has no column of grids or holders.
    """
    cells = _cells(path, encoding, sheet)
    if len(cells) > MOST_ROWS:
        raise TableError(f"{path.name} has {len(cells):,} rows; {MOST_ROWS:,} are allowed. Part it.")
    at = header_row - 1 if header_row else _heading_row(cells)
    header = cells[at] if 0 <= at < len(cells) else []
    columns, contacts = _columns(header)
    if not {"grid", "title", "kind"} & set(columns):
        raise RosterError(
            f"{path.name} has no column that names a grid or a post. Call it 网格, 岗位 or 岗位名称, or take the template.",
            kind="no_columns",
        )
    rows = tuple(
        _row(room, number, line, columns)
        for number, line in enumerate(cells[at + 1 :], start=at + 2)
        if any(text.strip() for name in columns.values() if (text := _text(line, name)))
    )
    named = {name: _text(header, place) for name, place in columns.items()}
    return File(rows, named, tuple(contacts))


def plan(room: Room, file: File, now: datetime) -> Report:
    """Return what a file would change, by row; nothing is written (dry run)."""
    with room.ledger.reading() as connection:
        kept, held = posts.kept(connection, room.id), posts.holdings(connection, room.id)
    return _planned(room, file, kept, held, now)


def take(room: Room, file: File, by: By, now: datetime) -> Report:
    """Write what a file changes, in one change, and return what it was.

    Raises
    ------
    RosterError
        A row cannot be taken; nothing was written.
    """

    def work(writing: Writing) -> Report:
        connection = writing.connection
        report = _planned(room, file, posts.kept(connection, room.id), posts.holdings(connection, room.id), now)
        if report.faults:
            many = len(report.faults)
            raise RosterError(f"{many} row(s) cannot be taken; nothing was written.", kind="import_faults", n=many)
        for step in report.changes:
            _write(writing, room, step, by, now)
        return report

    return change(room, "posts", by, now, work)


def template(room: Room, now: datetime, language: str = "zh") -> bytes:
    """Return a workbook to fill in: every post of the area with who holds it now, in the columns that the import reads."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("岗位")
    names = full_names(room.area.net)
    with room.ledger.reading() as connection:
        held = posts.holdings(connection, room.id, at=now)
    by_post: dict[str, list[Holding]] = {}
    for one in held:
        by_post.setdefault(one.post, []).append(one)
    page.append([HEADINGS[name][0] for name in HEADINGS if name != "home"])
    for key, post in room.register.posts(now).items():
        own: list[Holding | None] = [*by_post.get(key, [])]
        for its in own or [None]:
            page.append(_template_row(room, post, its, names, language))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _template_row(
    room: Room, post: Post, held: Holding | None, names: Mapping[str, Mapping[str, str]], language: str
) -> list[Any]:
    level, grid = "", ""
    if post.grid:
        level = next(one.name.in_(language) for one in _nets(room.area) if one.key == post.grid[0])
        grid = names.get(post.grid[0], {}).get(post.grid[1], "") or post.grid[1]
    row = [level, grid, KIND_ZH[post.kind], post.title]
    if held is None:
        return [*row, "", "", "", ""]
    zone = room.area.pack.timezone
    until = last_day(room, held.until).isoformat() if held.until else ""
    return [*row, held.holder, held.since.astimezone(zone).date().isoformat(), until, "是" if held.stand_in else ""]


# What a file says


def _cells(path: Path, encoding: str | None, sheet: str | None) -> list[list[Any]]:
    """Return the cells of a table by row and column, those of a merged block all with its value, empty rows included."""
    with _opened(path, encoding, sheet) as table:
        if isinstance(table, SheetTable):
            return _sheet(path, table.sheet)
        return [list(table.columns), *(row for chunk in table.chunks() for row in chunk.rows)]


def _opened(path: Path, encoding: str | None, sheet: str | None) -> Any:
    """Open a table whose first rows may be empty."""
    for row in range(1, LOOK_AHEAD):
        try:
            return open_table(path, encoding=encoding, sheet=sheet, header_row=row)
        except TableError as error:
            if "is empty, where" not in str(error):
                raise
    return open_table(path, encoding=encoding, sheet=sheet)


def _sheet(path: Path, name: str) -> list[list[Any]]:
    page = openpyxl.load_workbook(path, data_only=True)[name]
    cells = [list(row) for row in page.iter_rows(values_only=True)]
    for block in page.merged_cells.ranges:
        value = cells[block.min_row - 1][block.min_col - 1]
        for row in range(block.min_row - 1, min(block.max_row, len(cells))):
            for column in range(block.min_col - 1, min(block.max_col, len(cells[row]))):
                cells[row][column] = value
    return cells


def _heading_row(cells: Sequence[Sequence[Any]]) -> int:
    """Return the row of headings: the one of the first that names most fields."""
    known = [len(_columns(row)[0]) for row in cells[:LOOK_AHEAD]]
    return known.index(max(known)) if known else 0


def _columns(header: Sequence[Any]) -> tuple[dict[str, int], list[str]]:
    """Return field -> column, and the headings of contacts."""
    names = [_bare(cell_text(cell)) for cell in header]
    contacts = [cell_text(header[at]) for at, name in enumerate(names) if any(word in name for word in CONTACTS)]
    free = {at: name for at, name in enumerate(names) if name and cell_text(header[at]) not in contacts}
    found: dict[str, int] = {}
    for field_, words in HEADINGS.items():
        for word in words:
            place = next((at for at, name in free.items() if name == word), None)
            if place is not None:
                found[field_] = place
                del free[place]
                break
    above = next((at for at, name in free.items() if name in ABOVE), None)
    if "grid" in found and "home" not in found and above is not None:
        found["home"] = above
    return found, contacts


def _row(room: Room, number: int, line: Sequence[Any], columns: Mapping[str, int]) -> Row:
    """Understand one row."""
    said = {name: _text(line, place) for name, place in columns.items()}
    raw = {name: line[place] if place < len(line) else None for name, place in columns.items()}
    try:
        kind = _kind(said, has_column="kind" in columns)
        grid = _grid(room.area, said, kind)
        title = checked_title(said["title"]) if said.get("title") else ""
        holder = checked_name(said["holder"]) if said.get("holder") else ""
        if kind in OF_A_GRID and grid is None:
            raise RosterError("The row names no grid.", kind="needs_grid")
        if kind is PostKind.DEPARTMENT and not title:
            raise RosterError("A department is named by its title.", kind="title_empty")
        stand_in = _stand_in(said)
        since, until = _day(raw.get("since")), _day(raw.get("until"))
        if since and until and until < since:
            raise RosterError("The last day lies before the first.", kind="dates")
        if holder and stand_in and until is None:
            raise RosterError("A stand-in needs a last day.", kind="stand_in_end")
    except BattlemapError as error:
        return Row(number, holder="", title=said.get("title", "")[:60], fault=error)
    return Row(number, kind, grid, title, holder, since, until, stand_in)


def _kind(said: Mapping[str, str], *, has_column: bool) -> PostKind:
    """Return the kind that a row names; where the file has no such column, a title may, and else it is a list of heads."""
    text = said.get("kind", "")
    named = text or said.get("title", "")
    found = kind_named(named)
    if found:
        return found
    if text or has_column:
        raise RosterError(f"{named!r} is no kind of post.", kind="kind_unknown", text=named)
    return PostKind.HEAD


def kind_named(text: str) -> PostKind | None:
    """Return the kind of post that a text names: 三级网格长 is a head, 3-05微网格员 a worker."""
    name = unicodedata.normalize("NFKC", text).casefold()
    return next((kind for kind, words in KINDS if any(word in name for word in words)), None)


def _grid(area: Area, said: Mapping[str, str], kind: PostKind) -> tuple[str, str] | None:
    """Return the grid that a row names."""
    text = said.get("grid", "")
    if not text:
        if kind not in OF_A_GRID or not said.get("home"):
            return None
        text, said = said["home"], {**said, "home": ""}  # a head of the community itself
    found = grids_named(
        area, text, level=said.get("level", ""), home=said.get("home", ""), kind_text=said.get("kind", "")
    )
    if len(found) == 1:
        return found[0]
    if not found:
        near = near_grids(area, text)
        hint = f" Near: {', '.join(near)}." if near else ""
        raise RosterError(f"There is no grid {text!r}.{hint}", kind="no_grid", grid=text, near="、".join(near))
    names = full_names(area.net)
    some = "、".join(names.get(level, {}).get(code, code) for level, code in found[:NEAR])
    raise RosterError(
        f"{len(found)} grids are called {text!r} ({some} …). Add a column 所属社区, or give the code.",
        kind="grid_many", grid=text, near=some,
    )  # fmt: skip


def grids_named(
    area: Area, text: str, *, level: str = "", home: str = "", kind_text: str = ""
) -> list[tuple[str, str]]:
    """Return the grids, as level or overlay and code, that a text may mean: by code, label or full name, at a level and in a grid above where those are named."""
    found = list(_index(area).get(_bare(text), ()))
    if len(found) > 1 and (level or kind_text):
        keys = _levels_named(area, level or kind_text)
        found = [one for one in found if one[0] in keys] or found
    if len(found) > 1 and home:
        inside = [one for one in found if _bare(home) in _above(area, one)]
        found = inside or found
    return found


def near_grids(area: Area, text: str) -> list[str]:
    """Return the names of grids that look most like a text."""
    net = area.net
    names = {_bare(str(name)): str(name) for level in net.levels for name in level.labels}
    names |= {_bare(stack.label): stack.label for stack in net.stacks}
    names |= {_bare(name): name for level in full_names(net).values() for name in level.values()}
    for overlay in net.overlays:
        names |= {_bare(str(name)): str(name) for name in (*overlay.labels, *overlay.titles)}
    return [names[name] for name in get_close_matches(_bare(text), names, n=NEAR, cutoff=0.5)]


@lru_cache(maxsize=16)
def _index(area: Area) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return text -> the grids that it may mean."""
    net, names = area.net, full_names(area.net)
    found: dict[str, dict[tuple[str, str], None]] = {}

    def put(text: str, key: str, code: str) -> None:
        if text:
            found.setdefault(_bare(text), {})[key, code] = None

    for level in net.levels:
        labels = dict(zip(map(str, level.codes), map(str, level.labels), strict=True))
        labels |= {stack.code: stack.label for stack in net.stacks if level is net.leaf}
        carriers = set(net.stacked) if level is net.leaf else set()
        for code, label in labels.items():
            for text in (code, *((label, names[level.key].get(code, "")) if code not in carriers else ())):
                put(text, level.key, code)
    for overlay in net.overlays:
        for code, label, title in zip(overlay.codes, overlay.labels, overlay.titles, strict=True):
            for text in (str(code), str(label), str(title), f"{label}{title}", f"{title}{label}"):
                put(text, overlay.key, str(code))
    return {text: tuple(grids) for text, grids in found.items()}


def _levels_named(area: Area, text: str) -> set[str]:
    """Return the levels and overlays that a text names by key or by a part of their names: 三级, 微网格长, 专属网格."""
    wanted = _bare(text).removesuffix("长").removesuffix("员")
    found: dict[str, str] = {}
    for one in _nets(area):
        for name in (one.key, one.name.zh, one.name.en):
            found[_bare(name)] = one.key
    exact = {key for name, key in found.items() if name == wanted}
    return exact or {key for name, key in found.items() if wanted and (wanted in name or name in wanted)}


def _nets(area: Area) -> list[Level | Overlay]:
    return [*area.net.levels, *area.net.overlays]


def _above(area: Area, grid: tuple[str, str]) -> set[str]:
    """Return the names and codes of the grids above one."""
    net, (key, code) = area.net, grid
    depth = next((place for place, level in enumerate(net.levels) if level.key == key), None)
    if depth is None:
        return set()
    stack = next((one for one in net.stacks if one.code == code and key == net.leaf.key), None)
    position = net.levels[depth].positions.get(stack.on if stack else code, -1)
    found: set[str] = set()
    for level in range(depth, 0, -1):
        if position < 0:
            break
        position = int(net.levels[level].parents[position])
        if position >= 0:
            above = net.levels[level - 1]
            found |= {_bare(str(above.codes[position])), _bare(str(above.labels[position]))}
    return found


def _bare(text: str) -> str:
    """Fold a name for comparison: width, case, spaces and joints, zeros before a number ("03-05" is "3-5"); a code of digits alone stays."""
    folded = re.sub(r"[\s·_()（）\[\]【】/、:：]", "", unicodedata.normalize("NFKC", text)).casefold()
    folded = re.sub(r"[‐‑–—－]", "-", folded)
    return folded if folded.isdigit() else re.sub(r"(?<!\d)0+(?=\d)", "", folded)


def _stand_in(said: Mapping[str, str]) -> bool:
    text = said.get("stand_in", "").casefold()
    if text in YES or "代理" in said.get("kind", ""):
        return True
    if text in NO:
        return False
    raise RosterError(f"{text!r} says neither yes nor no.", kind="yes_no", text=text)


def _day(value: Any) -> date | None:
    """Read a day: a date, "2026-01-01", "2026年1月1日", "2026.1", a spreadsheet's number."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = unicodedata.normalize("NFKC", cell_text(value)).strip()
    if text in OPEN_END:
        return None
    number = re.fullmatch(r"(\d{5})(?:\.\d+)?", text)
    if number and SERIAL[0] <= int(number[1]) <= SERIAL[1]:
        return EXCEL_EPOCH + timedelta(days=int(number[1]))
    found = re.fullmatch(r"(\d{4})[-/.年]?(\d{1,2})(?:[-/.月]?(\d{1,2})?日?)?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?", text)
    try:
        return date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else date.fromisoformat(text)
    except ValueError:
        raise RosterError(f"{text!r} is no day. Write it as 2026-01-31.", kind="date", text=text[:30]) from None


def _text(line: Sequence[Any], place: int) -> str:
    return cell_text(line[place]).strip() if place < len(line) else ""


# What it changes


def _planned(room: Room, file: File, kept: Iterable[Kept], held: Iterable[Holding], now: datetime) -> Report:
    kept = list(kept)
    there = {**room.own_posts, **{one.post.key: one.post for one in kept}}
    gone = {one.post.key for one in kept if not one.at(now)}
    stand = _Stand({key: post for key, post in there.items() if key not in gone}, set(there))
    for one in held:
        stand.held.setdefault(one.post, []).append(one)
    return Report(file, tuple(_step(room, stand, row, now) for row in file.rows))


def _step(room: Room, stand: _Stand, row: Row, now: datetime) -> Step:
    """Return what one row changes, and let the stand know."""
    if row.fault or row.kind is None:
        return Step(row, ("fault",))
    verbs: list[str] = []
    try:
        post = _post(room, stand, row, verbs)
        held = _holding(room, stand, row, post, now, verbs) if row.holder else None
    except BattlemapError as error:
        return Step(replace(row, fault=error), ("fault",))
    stand.posts[post.key] = post
    stand.known.add(post.key)
    return Step(row, tuple(verbs) or ("same",), post, held)


def _post(room: Room, stand: _Stand, row: Row, verbs: list[str]) -> Post:
    """Return the post that a row means, as it would stand."""
    kind = row.kind or PostKind.HEAD
    there = stand.of(kind, row.grid)
    same = [post for post in there if post.title == row.title] if row.title else there
    if same:
        room_own = next((post for post in same if post.key in {DISPATCHER, post_key(PostKind.INSPECTOR)}), None)
        return room_own or same[0]
    if there and kind in ONE_A_GRID:
        verbs.append("rename")
        return replace(there[0], title=row.title)
    verbs.append("add")
    title = row.title or _default_title(room.area, kind, row.grid)
    volunteer = kind in {PostKind.HEAD, PostKind.WORKER} and _volunteers(room.area, row.grid)
    return Post(free_key(stand.known, kind, row.grid, title), kind, title, row.grid, volunteer)


def _holding(room: Room, stand: _Stand, row: Row, post: Post, now: datetime, verbs: list[str]) -> Holding:  # noqa: PLR0917
    """Return the holding that a row means, as it would stand."""
    own = stand.held.setdefault(post.key, [])
    since = day_start(room, row.since) if row.since else None
    until = day_start(room, row.until + timedelta(days=1)) if row.until else None
    alike = [
        one for one in own
        if one.holder == row.holder and one.stand_in == row.stand_in and _meets(one, since, until)
    ]  # fmt: skip
    if alike:
        was = next((one for one in alike if one.since == since), alike[-1])
        wanted = replace(was, since=since or was.since, until=until or was.until)
        if wanted == was:
            return was
        verbs.append("correct")
        _in_order(wanted)
        own[own.index(was)] = wanted
    else:
        today = now.astimezone(room.area.pack.timezone).date()
        wanted = Holding(0, post.key, row.holder, row.stand_in, since or day_start(room, today), until)
        _in_order(wanted)
        verbs.append("hold")
        own.append(wanted)
    return wanted


def _in_order(held: Holding) -> None:
    if held.until is not None and held.until <= held.since:
        raise RosterError("The last day lies before the first.", kind="dates")


def _meets(one: Holding, since: datetime | None, until: datetime | None) -> bool:
    """Tell whether a holding shares a day with a span; open ends share all."""
    return (until is None or one.since < until) and (since is None or one.until is None or since < one.until)


def _write(writing: Writing, room: Room, step: Step, by: By, now: datetime) -> None:
    at, post = now.astimezone(UTC), step.post
    assert post is not None
    for verb in ("add", "rename"):
        if verb in step.verbs:
            before = {one.post.key: one for one in posts.kept(writing.connection, room.id)}.get(post.key)
            kept = replace(before, post=post) if before else Kept(post)
            posts.put(writing, room.id, kept, act=verb, by=by, at=at)
    if step.held and "hold" in step.verbs:
        posts.hold(writing, room.id, step.held, by, at)
    elif step.held and "correct" in step.verbs:
        posts.correct(writing, room.id, step.held, act="correct", by=by, at=at)


def _default_title(area: Area, kind: PostKind, grid: tuple[str, str] | None) -> str:
    name = full_names(area.net).get(grid[0], {}).get(grid[1], grid[1]) if grid else ""
    return f"{name} {KIND_ZH[kind]}".strip()


def _volunteers(area: Area, grid: tuple[str, str] | None) -> bool:
    return any(grid is not None and level.key == grid[0] and level.volunteer for level in area.net.levels)


def unknown_grids(report: Report) -> Collection[str]:
    """Return the grids that the file names and the net does not have, each once."""
    faults = (step.row.fault for step in report.faults)
    return tuple(
        dict.fromkeys(
            str(fault.said["grid"]) for fault in faults if isinstance(fault, RosterError) and fault.kind == "no_grid"
        )
    )
