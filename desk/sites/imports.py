"""Tables of sites that come in (导入场所): a plan first, which says of every row what would become of it, then all of it in one change, or nothing.

Tables are read, places found and coordinate systems doubted as `desk.imports` does it for cases.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from desk.imports import DOUBTS, Progress, grid_names, noted, read_all, reading
from desk.imports.cells import Spoilt, is_empty, words
from desk.imports.findings import Finding, finding
from desk.imports.mapping import UNNAMED, ColumnMapping, guess, guessed_row, plain
from desk.imports.rows import Reader, Row
from desk.places import buildings
from desk.room import Room
from desk.sites import cells, register
from desk.sites.alike import Known, alike
from geo.errors import DraftError, MissingColumns, NoAccess, RulesError
from incidents.lifecycle import By
from inspections.site_rules import SiteKind, SiteRules
from inspections.sites import Act, Bound, Document, Site, State
from layers.tables import Table, open_table
from ledger import lease, sites
from ledger.sites import Asked
from ledger.writing import Writing

ISSUED, EXPIRES, FIELD = "issued:", "expires:", "field:"
HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": ("场所编号", "污染源编号", "场所编码", "企业编号", "单位编号", "统一编号", "编号", "编码", "siteid", "externalid", "id"),
        "kind": ("场所类型", "场所类别", "污染源类型", "污染源类别", "类型", "类别", "种类", "业态", "行业", "kind", "type", "category"),
        "name": ("场所名称", "污染源名称", "单位名称", "企业名称", "工地名称", "项目名称", "店铺名称", "门店名称", "商户名称", "店名", "招牌名称", "字号", "名称", "sitename", "name"),
        "address": ("详细地址", "经营地址", "场所地址", "位置描述", "地址", "位置", "地点", "streetaddress", "address", "location"),
        "building": ("楼栋编号", "楼栋", "楼号", "building"),
        "unit": ("单元号", "单元", "unit"),
        "floor": ("所在楼层", "楼层", "floor"),
        "households": ("户数", "用户数", "居民户数", "households"),
        "mobile": ("车辆标识", "车辆标记", "车牌号", "车牌", "车辆编号", "mark", "vehicle"),
        "state": ("经营状态", "营业状态", "场所状态", "使用状态", "状态", "state", "status"),
        "note": ("备注", "说明", "note", "remarks"),
        "lon": (), "lat": (),
    }
)  # fmt: skip
CONTACT = ("办公电话", "店铺电话", "固定电话", "座机", "联系电话", "电话", "contact", "phone", "tel", "telephone")
ISSUED_WORDS = (
    "",
    "日期",
    "签订日期",
    "签订时间",
    "发放日期",
    "安装日期",
    "更换日期",
    "配置日期",
    "购买日期",
    "检验日期",
    "办理日期",
)
EXPIRES_WORDS = ("有效期", "有效期至", "到期日期", "到期日", "到期时间", "截止日期", "下次检验日期", "报废日期")
STATES: Mapping[State, tuple[str, ...]] = MappingProxyType(
    {
        State.ACTIVE: ("active", "正常", "在营", "营业", "营业中", "在用", "经营", "经营中", "使用中", "在建", "存续"),
        State.SUSPENDED: ("suspended", "停业", "停用", "歇业", "暂停", "停产", "停工", "停业整顿"),
        State.MOVED: ("moved", "搬迁", "已搬迁", "搬离", "迁出"),
        State.CLOSED: ("closed", "关闭", "已关闭", "注销", "已注销", "拆除", "完工", "取缔", "关停"),
    }
)
COMPARED = ("kind", "name", "lon", "lat", "address", "building", "mobile", "households", "documents", "fields", "note")
METRE = 1e-5  # degrees within which two places are one
LATE = datetime(1970, 1, 1, tzinfo=UTC)  # nothing of a site is compared with the present


class Verdict(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"
    ALIKE = "alike"
    REFUSED = "refused"


@dataclass
class SiteRow(Row):
    """A row, read; ``site`` is None where it is refused."""

    site: Site | None = None
    contact: str = field(default="", repr=False)


@dataclass(frozen=True)
class Planned:
    """A row and what becomes of it.

    Attributes
    ----------
    found
        The site that is there already.
    changes
        Names of what the row says otherwise.
    """

    row: int
    id: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    site: Site | None = None
    contact: str = field(default="", repr=False)
    found: Site | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Plan:
    """What an import would do; ``doubts`` are what keeps the whole file from being written."""

    file: Path
    mapping: ColumnMapping
    rows: Sequence[Planned]
    notes: Sequence[Finding]
    details: Mapping[str, str]
    is_crs_given: bool = False

    @property
    def doubts(self) -> list[Finding]:
        """What makes the places of the whole file doubtful; nothing where the system was named for this import."""
        return [] if self.is_crs_given else [note for note in self.notes if note.kind in DOUBTS]

    def of(self, verdict: Verdict) -> list[Planned]:
        """Return the rows of a verdict, in order."""
        return [row for row in self.rows if row.verdict is verdict]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each verdict; every verdict is there."""
        found = Counter(row.verdict for row in self.rows)
        return {verdict.value: found[verdict] for verdict in Verdict}


@dataclass(frozen=True)
class Outcome:
    """What an import did: numbers of the sites that it made, and of those that it changed."""

    made: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


def fields_of(rules: SiteRules) -> dict[str, tuple[str, ...]]:
    """Return what a table of sites may say, and what each column may be called."""
    found = dict(HEADINGS)
    for key, document in rules.documents.items():
        names = (document.name.zh, document.name.zh.removeprefix("燃气"), key)
        found[EXPIRES + key] = (*(f"{name}{word}" for word in EXPIRES_WORDS for name in names), f"{key}_expires")
        found[ISSUED + key] = (*(f"{name}{word}" for word in ISSUED_WORDS for name in names), f"{key}_issued")
    for key, one in rules.fields.items():
        found[FIELD + key] = (one.name.zh, f"{one.name.zh}{one.unit or ''}", key, one.name.en)
    return {**found, "contact": CONTACT}


def plan(
    room: Room,
    file: Path,
    mapping: ColumnMapping | None = None,
    *,
    options: Mapping[str, Any] | None = None,
    kind: str = "",
    progress: Progress | None = None,
) -> Plan:
    """Read a file and say what an import would do; nothing is written.

    Parameters
    ----------
    mapping
        None: guessed by the names of columns.
    options
        ``source``, ``crs``, ``encoding``, ``sheet``, ``layer``, ``header_row``: what to take in place of what the mapping says.
    kind
        Key of the kind of every row that names none.

    Raises
    ------
    TableError, CrsError, RulesError
        The file cannot be read, or the mapping does not fit it.
    NoAccess
        Who looks sees only a part of the area.
    """
    given = {name: value for name, value in (options or {}).items() if value}
    _whole(room)
    with _opened(room, file, mapping, given, kind) as (table, fitted, notes):
        reader = SiteReader(room, fitted, table, LATE)
        rows = [row for row in read_all(reader, table, progress) if isinstance(row, SiteRow)]
        said = [*notes, *noted(table, fitted, reader, rows)]
        return Plan(file, fitted, _judged(room, fitted.source, rows), said, dict(table.details), "crs" in given)


def write(
    room: Room, planned: Plan, by: By, now: datetime, *, update: bool = False, alike_too: bool = False, skip: bool = False
) -> Outcome:  # fmt: skip
    """Write what a plan says in one change: all of it, or nothing.

    Parameters
    ----------
    update
        Change the sites of which the table says something else.
    alike_too
        Take rows that may be the same as another site as new ones.
    skip
        Leave refused rows, and rows that may be the same, aside; without it one of them stops the import.

    Raises
    ------
    DraftError
        Rows were refused or wait for a decision, or the places of the whole file are in doubt.
    Conflict
        Somebody changed a site in between; nothing was written. Plan anew.
    """
    _check(planned, alike_too=alike_too, skip=skip)
    _whole(room)
    new = [row for row in planned.rows if row.verdict is Verdict.NEW or (row.verdict is Verdict.ALIKE and alike_too)]
    changed = [row for row in planned.of(Verdict.CHANGED) if update and row.site]
    at = now.astimezone(UTC)

    def work(writing: Writing) -> Outcome:
        contacts = {place: row.contact for place, row in enumerate(new) if row.contact}
        made = sites.make(writing, room.id, [row.site for row in new if row.site], prefix=room.rules.sites.prefix, by=by, at=at, contacts=contacts)  # fmt: skip
        ring = {row.found.number: row.contact for row in changed if row.found and row.contact}
        done = sites.put_all(writing, room.id, [row.site for row in changed if row.site], Act.EDIT, by=by, at=at, contacts=ring)  # fmt: skip
        return Outcome(tuple(one.number for one in made), tuple(one.number for one in done))

    with lease.announced(room.ledger.folder, f"import of {planned.file.name}, {len(new) + len(changed):,} sites"):
        return register.written(room, by, now, work)


def _whole(room: Room) -> None:
    """Raise NoAccess where somebody looks who sees only a part: a table is compared with all sites."""
    if room.within.narrows or (room.who and not room.who.can(register.EDIT)):
        raise NoAccess("An import is for who sees all of the area. Ask the dispatcher.", "import")


def _check(planned: Plan, *, alike_too: bool, skip: bool) -> None:
    if planned.doubts:
        said = " ".join(note.text(str) for note in planned.doubts)
        raise DraftError(f"The places of the whole file are in doubt; nothing was written. {said} Name the system of the coordinates with --crs.", field="crs")  # fmt: skip
    if skip:
        return
    stops = [*planned.of(Verdict.REFUSED), *([] if alike_too else planned.of(Verdict.ALIKE))]
    if stops:
        raise DraftError(f"{len(stops)} of {len(planned.rows)} rows are refused or may be there already (first: row {min(row.row for row in stops)}); nothing was written. Correct them, take them with --alike, or leave them aside with --skip-bad-rows.", field="rows")  # fmt: skip


class SiteReader(Reader):
    """Reads the rows of one table of sites; tables, places and grids as `Reader` does."""

    def __init__(self, room: Room, mapping: ColumnMapping, table: Table, now: datetime) -> None:
        super().__init__(room, mapping, table, now)
        rules = room.rules.sites
        self._kinds: dict[str, str] = {}
        for key, kind in rules.kinds.items():
            for name in (key, kind.name.zh, kind.name.en, *kind.aliases):
                self._kinds.setdefault(plain(name), key)
        self._rule = register.ruled(room)

    def _most(self, name: str) -> int:
        longest = {"name": register.LONGEST_NAME, "address": register.LONGEST_ADDRESS, "note": register.LONGEST_NOTE}
        return longest.get(name, register.LONGEST_FIELD)

    def _instead(
        self, cells_: Mapping[str, list[Any]], lon: np.ndarray, lat: np.ndarray, missing: list[int]
    ) -> dict[int, Finding]:
        """Place the rows without coordinates at their building; the middle of a grid is no place of a site."""
        found = super()._instead(cells_, lon, lat, missing)
        for at in [at for at, one in found.items() if one.kind == "by_grid"]:
            lon[at] = lat[at] = np.nan
            del found[at]
        return found

    def _row(self, number: int, cells_: Mapping[str, Any], places: Any, at: int) -> SiteRow:
        row = SiteRow(number)
        self._identify(row, cells_)
        said = {name: self._text(row, name, cells_.get(name)) for name in ("name", "address", "note")}
        kind = self._kind(row, cells_.get("kind"))
        if not said["name"] and all(one.kind != "text_long" for one in row.findings):
            row.say("name_missing")
        for found in (places.why, places.instead):
            if at in found:
                row.findings.append(found[at])
        if kind and at not in places.why:
            self._compare(row, kind.key, cells_, places, at)
        if not row.key:
            row.key = f"#{said['name']}|{kind.key if kind else ''}|{places.lon[at]:.6f}|{places.lat[at]:.6f}"
            self._only_one(row, row.key)
        documents, fields = self._documents(row, cells_), self._fields(row, kind, cells_)
        households = self._number(row, "households", cells_)
        row.contact = self._phone(row, cells_)
        if kind and not row.is_refused:
            row.site = self._site(row, kind, said, cells_, places, at, documents, fields, households)
        return row

    def _site(  # noqa: PLR0917
        self,
        row: SiteRow,
        kind: SiteKind,
        said: Mapping[str, str],
        cells_: Mapping[str, Any],
        places: Any,
        at: int,
        documents: tuple[Document, ...],
        fields: Mapping[str, float | str],
        households: float | None,
    ) -> Site:
        edge, codes = places.edge[at], places.codes[at]
        if places.match[at] == "nearest":
            row.say("nearest")
        elif not np.isnan(edge):
            row.say("near_edge", metres=round(float(edge), 1))
        house = words(cells_["building"]) if "building" in cells_ and not is_empty(cells_["building"]) else ""
        mark = words(cells_["mobile"]) if "mobile" in cells_ and not is_empty(cells_["mobile"]) else ""
        return Site(
            kind.key,
            lon=float(places.lon[at]),
            lat=float(places.lat[at]),
            building=house if house in buildings(self.room.area) else "",
            codes=codes,
            match=places.match[at],
            edge_m=None if np.isnan(edge) else round(float(edge), 1),
            post=self._rule(codes),
            mobile=mark[: register.LONGEST_MARK] if kind.mobile else "",
            households=int(households) if households is not None and kind.household else None,
            state=self._state(row, cells_.get("state")),
            documents=documents,
            fields=fields,
            source=self.mapping.source,
            external_id=row.id or row.key[:120],
            name=said["name"],
            address=said["address"],
            note=said["note"],
        )

    def _kind(self, row: SiteRow, value: Any) -> SiteKind | None:
        rules, fixed = self.room.rules.sites, self.mapping.fixed.get("kind", "")
        if is_empty(value):
            if not fixed:
                row.say("kind_missing")
            return rules.kinds.get(fixed)
        meant = self.mapping.meaning("kind", words(value)) or words(value)
        key = self._kinds.get(plain(meant))
        if key is None:
            row.say("kind_unknown", column=self.mapping.columns["kind"], value=words(value))
        return rules.kinds[key] if key else None

    def _state(self, row: SiteRow, value: Any) -> State:
        if is_empty(value):
            return State.ACTIVE
        meant = plain(self.mapping.meanings("state").get(words(value), words(value)))
        found = next((state for state, names in STATES.items() if meant in {plain(name) for name in names}), None)
        if found is None:
            row.say("state_unknown", column=self.mapping.columns["state"], value=words(value))
        return found or State.ACTIVE

    def _documents(self, row: SiteRow, cells_: Mapping[str, Any]) -> tuple[Document, ...]:
        found = []
        for key in self.room.rules.sites.documents:
            issued = self._day(row, ISSUED + key, cells_, last=False)
            expires = self._day(row, EXPIRES + key, cells_, last=True)
            if issued or expires:
                note = "; ".join(one.note for one in (issued, expires) if one and one.note)
                made = Document(key, issued.day if issued else None, expires.day if expires else None, note)
                if made.issued and made.expires and made.expires < made.issued:
                    row.say("dates_crossed", column=self.mapping.columns[EXPIRES + key])
                found.append(made)
        return tuple(sorted(found, key=lambda one: one.key))

    def _day(self, row: SiteRow, name: str, cells_: Mapping[str, Any], *, last: bool) -> cells.Read | None:
        if name not in cells_:
            return None
        column, value = self.mapping.columns[name], cells_[name]
        try:
            found = cells.day(value, last=last)
        except Spoilt as spoilt:
            row.say(spoilt.kind, column=column, value=words(value))
            return None
        if found and found.how:
            row.say(found.how, column=column, value=words(value), day=found.day.isoformat())
        return found

    def _fields(self, row: SiteRow, kind: SiteKind | None, cells_: Mapping[str, Any]) -> dict[str, float | str]:
        found: dict[str, float | str] = {}
        for key in kind.fields if kind else ():
            name = FIELD + key
            if name not in cells_ or is_empty(cells_[name]):
                continue
            counted = self.room.rules.sites.field(key).is_number
            value = self._number(row, name, cells_) if counted else self._text(row, name, cells_[name])
            if value is not None and value != "":
                found[key] = value
        return found

    def _number(self, row: SiteRow, name: str, cells_: Mapping[str, Any]) -> float | None:
        if name not in cells_:
            return None
        try:
            return cells.number(cells_[name])
        except Spoilt as spoilt:
            row.say(spoilt.kind, column=self.mapping.columns[name], value=words(cells_[name]))
            return None

    def _phone(self, row: SiteRow, cells_: Mapping[str, Any]) -> str:
        try:
            return cells.phone(cells_.get("contact"))
        except Spoilt as spoilt:
            row.say(spoilt.kind, column=self.mapping.columns["contact"])
            return ""


@contextmanager
def _opened(
    room: Room, file: Path, mapping: ColumnMapping | None, given: Mapping[str, Any], kind: str
) -> Iterator[tuple[Table, ColumnMapping, list[Finding]]]:
    """Open a file with the mapping that fits it, and say what was found out on the way."""
    notes: list[Finding] = []
    headings = fields_of(room.rules.sites)
    with ExitStack() as stack:
        table = stack.enter_context(open_table(file, **reading(mapping, given)))
        if not (given.get("header_row") or (mapping and mapping.header_row)) and (row := guessed_row(getattr(table, "early", ()), headings)):  # fmt: skip
            notes.append(finding("title_rows", row=row))
            given = {**given, "header_row": row}
            table = stack.enter_context(open_table(file, **reading(mapping, given)))
        if mapping is None:
            mapping = _guessed(room, table, headings)
            notes.append(finding("guessed"))
        fitted = replace(mapping, **given, fixed={**mapping.fixed, **({"kind": kind} if kind else {})})
        fixed, kinds = fitted.fixed.get("kind", ""), room.rules.sites.kinds
        if fixed and fixed not in kinds:
            raise RulesError(f"{fixed!r} is no kind of site. Choose one of {', '.join(kinds)}.")
        if absent := [*fitted.absent(table.columns), *(["name"] if "name" not in fitted.columns else [])]:
            raise MissingColumns(file.name, absent, [column for column in table.columns if column])
        yield table, fitted, notes


def _guessed(room: Room, table: Table, headings: Mapping[str, Sequence[str]]) -> ColumnMapping:
    """Guess a mapping; the office's telephone by its heading alone, for other columns of people are none of ours."""
    found = guess(table.columns, grid_names(room), has_geometry=table.has_geometry, headings={name: hints for name, hints in headings.items() if name != "contact"})  # fmt: skip
    ring = next((column for hint in CONTACT for column in table.columns if plain(column) == plain(hint)), None)
    columns = {**found.columns, **({"contact": ring} if ring else {})}
    return replace(found, columns=columns, fixed={}, source=UNNAMED)


def _judged(room: Room, source: str, rows: Sequence[SiteRow]) -> list[Planned]:
    """Say what becomes of every row, by what the register has."""
    with room.ledger.reading() as connection:
        numbers = sites.of_source(connection, room.id, [(source, row.site.external_id) for row in rows if row.site])
        there = sites.named(connection, room.id, list(numbers.values()))
        known = [Known(one.number, one.kind, one.name, one.lon, one.lat) for one in sites.walk(connection, Asked(room.id))]  # fmt: skip
    found = {row.number: there[numbers[source, row.site.external_id]] for row in rows if row.site and (source, row.site.external_id) in numbers}  # fmt: skip
    news = [Known(f"@{row.number}", row.site.kind, row.site.name, row.site.lon, row.site.lat) for row in rows if row.site and row.number not in found]  # fmt: skip
    pairs = {pair.key: pair for pair in alike(news, known, metres=room.rules.sites.same_m)}
    for row in rows:
        if pair := pairs.get(f"@{row.number}"):
            row.say("alike", other=pair.other.replace("@", "row ") if pair.other.startswith("@") else pair.other, metres=pair.metres, name=pair.name)  # fmt: skip
    return [_judge(row, found.get(row.number)) for row in rows]


def _judge(row: SiteRow, found: Site | None) -> Planned:
    findings = tuple(row.findings)
    if row.site is None or row.is_refused:
        return Planned(row.number, row.id, Verdict.REFUSED, findings)
    if found is None:
        verdict = Verdict.ALIKE if any(one.kind == "alike" for one in findings) else Verdict.NEW
        return Planned(row.number, row.id, verdict, findings, row.site, row.contact)
    after = _brought(row.site, found)
    changes = tuple(name for name in COMPARED if getattr(after, name) != getattr(found, name))
    verdict = Verdict.CHANGED if changes else Verdict.KNOWN
    return Planned(row.number, row.id, verdict, findings, after, row.contact, found, changes)


def _brought(row: Site, found: Site) -> Site:
    """Return a site that is there as a table says it now; what the table does not say, and how the site stands, stays."""
    near = max(abs(row.lon - found.lon), abs(row.lat - found.lat)) <= METRE
    of = found if near else row
    where = {name: getattr(of, name) for name in ("lon", "lat", "codes", "match", "edge_m")}
    where["post"] = found.post if near or found.bound is Bound.HAND else row.post
    keys = {one.key for one in row.documents}
    kept = tuple(one for one in found.documents if one.key not in keys)
    return replace(
        found,
        kind=row.kind,
        name=row.name,
        **where,
        **{name: getattr(row, name) or getattr(found, name) for name in ("address", "building", "mobile", "note")},
        households=found.households if row.households is None else row.households,
        documents=tuple(sorted((*kept, *row.documents), key=lambda one: one.key)),
        fields={**found.fields, **row.fields},
    )
