"""Which column of a foreign table says what: a mapping as a TOML file, or guessed by the usual headings of 12345 batches, city management cases (城管) and others.

docs/import.md describes the file.
"""

import json
import tomllib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from geo.errors import RulesError
from incidents.entry import Entry
from incidents.model import Channel, Status, Urgency
from layers.tables import guess_pair, named_system

# Field -> what its column may be called, most telling first; compared without case, width and signs.
HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": ("工单编号", "工单号", "任务号", "任务编号", "案件编号", "案卷编号", "事件编号", "事件编码", "诉求编号", "受理编号", "流水号", "案件号", "编号", "servicerequestid", "requestid", "caseid", "ticketid", "externalid", "id"),
        "class": ("小类代码", "小类编码", "小类名称", "小类", "事项代码", "事件类型", "事件小类", "问题类型", "诉求类型", "类别", "servicecode", "class", "category", "type"),
        "major": ("大类代码", "大类编码", "大类名称", "大类", "事件大类", "majorclass"),
        "title": ("标题", "工单标题", "诉求标题", "事件名称", "案件名称", "servicecodedescription", "title", "subject"),
        "text": ("诉求内容", "问题描述", "事件描述", "案件描述", "来电内容", "反映内容", "工单内容", "描述", "内容", "description", "details", "text"),
        "address": ("详细地址", "事发地址", "诉求地址", "问题地址", "事发位置", "位置描述", "地址描述", "地址", "位置", "地点", "streetaddress", "address", "location"),
        "building": ("楼栋编号", "楼栋", "楼号", "building"),
        "unit": ("单元号", "单元", "unit"),
        "floor": ("所在楼层", "楼层", "floor"),
        "reported": ("来电时间", "受理时间", "上报时间", "登记时间", "发现时间", "创建时间", "诉求时间", "立案时间", "采集时间", "adddate", "reported", "created", "createddate", "opened", "requesteddatetime"),
        "due": ("办理时限", "处置时限", "处置截止时间", "办理截止时间", "截止时间", "办理期限", "要求办结时间", "时限", "期限", "serviceduedate", "duedate", "due", "deadline"),
        "closed": ("办结时间", "结案时间", "完成时间", "处置完成时间", "关闭时间", "resolutiondate", "closed", "closeddate", "resolved"),
        "status": ("办理状态", "工单状态", "案件状态", "处理状态", "当前阶段", "状态", "serviceorderstatus", "status", "state"),
        "agency": ("承办单位", "主办单位", "处置单位", "责任单位", "派遣单位", "责任部门", "处置部门", "办理单位", "organizationacronym", "agency", "department", "handler"),
        "channel": ("来源渠道", "诉求来源", "问题来源", "案件来源", "来源", "channel", "source"),
        "urgency": ("紧急程度", "紧急级别", "优先级", "urgency", "priority"),
        "lon": (), "lat": (),
    }
)  # fmt: skip
# What is said of people who report: never taken over.
CONTACTS = ("来电人", "联系人", "反映人", "诉求人", "姓名", "电话", "手机", "身份证", "联系方式", "来电号码", "phone", "mobile", "callername", "reportername", "email")  # fmt: skip
SYSTEMS = (("工单", "12345"), ("诉求", "12345"), ("来电", "12345"), ("任务号", "szcg"), ("案卷", "szcg"))
CHANNELS = MappingProxyType({"12345": "hotline", "szcg": "department"})
GRID_WORDS = ("所属", "所在")
WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "status": {
            "unchecked": ("unchecked", "来件待核实", "receivedunchecked"),
            "reported": ("reported", "上报", "已上报", "待受理", "新建", "待分拨", "new", "submitted", "received"),
            "filed": ("filed", "立案", "已立案", "已受理", "待派遣", "待派单", "待交办", "受理"),
            "dispatched": ("dispatched", "open", "opened", "已派遣", "已派单", "派遣", "交办", "已交办", "待签收", "已转办", "转办", "assigned"),
            "in_hand": ("in_hand", "inprogress", "处理中", "办理中", "处置中", "待处置", "待处理", "待办理", "已签收", "在办", "started"),
            "feedback": ("feedback", "已反馈", "待核查", "待核实", "待审核", "待回访", "处置完成", "已处置", "已反馈（待核查）", "reporteddonetobechecked"),
            "noticed": ("noticed", "已张贴告示", "已告示", "noticeposted"),
            "returned": ("returned", "退回", "已退回", "返工", "重办", "退回重办", "退回返工", "returnedforrework"),
            "suspended": ("suspended", "挂账", "挂起", "缓办", "暂缓", "已挂账", "onhold"),
            "closed": ("closed", "办结", "已办结", "结案", "已结案", "完成", "已完成", "已关闭", "归档", "已归档", "resolved", "completed", "done"),
            "evaluated": ("evaluated", "已回访", "已评价", "已办结已回访"),
            "refused": ("refused", "不予受理", "不予立案", "不受理", "rejected", "closedincompleteinformation"),
            "cancelled": ("cancelled", "canceled", "作废", "已作废", "撤销", "已撤销", "撤单", "voided", "withdrawn"),
            "linked": ("linked", "重复", "重复件", "重复工单", "合并", "已合并", "并案", "已并案", "duplicate", "duplicateopened", "duplicateclosed", "linkedtoanother"),
            "self_cleared": ("self_cleared", "自行处置", "自处置", "随手清", "自行处置（待核查）", "clearedbythegridworker"),
            "self_verified": ("self_verified", "自行处置（已核查）", "clearedbythegridworkerchecked"),
        },
        "channel": {
            "hotline": ("hotline", "12345", "12345热线", "热线", "政务热线", "便民热线", "市长热线", "12345hotline"),
            "patrol": ("patrol", "巡查", "巡查发现", "网格员上报", "采集员上报", "监督员上报", "信息采集员"),
            "resident": ("resident", "群众上报", "居民上报", "公众举报", "公众上报", "来访", "微信", "群众反映"),
            "chat": ("chat", "微信群", "群聊", "chatgroup"),
            "department": ("department", "部门", "部门转办", "上级交办", "领导交办", "数字城管", "部门上报", "departmentsownreport"),
            "sensor": ("sensor", "视频", "智能发现", "视频智能分析", "物联感知", "传感器", "传感设备"),
            "board": ("board", "公示牌", "公示牌来件", "公示牌来件（待核实）", "noticeboard"),
            "import": ("import", "导入", "其他系统", "othersystem"),
        },
        "urgency": {
            "normal": ("normal", "一般", "普通", "正常", "低", "standard"),
            "urgent": ("urgent", "紧急", "较急", "加急", "急", "高", "high"),
            "emergency": ("emergency", "特急", "突发", "非常紧急", "特别紧急", "critical"),
        },
    }
)  # fmt: skip
ALLOWED = MappingProxyType({"status": frozenset(Status), "channel": frozenset(Channel), "urgency": frozenset(Urgency)})
FIXED = frozenset({"class", "status", "agency", "channel", "urgency"})
VALUED = frozenset({"class", "agency", *ALLOWED})
UNNAMED = "import"  # source of a table whose system nobody named


@dataclass(frozen=True)
class ColumnMapping:
    """Where a foreign table says what.

    Attributes
    ----------
    source
        Name of the other system: with its ids it makes a case the only one of its kind.
    columns
        Field (a key of `HEADINGS`) -> name of its column.
    grids
        Level or overlay -> name of the column with its official code, to be compared with ours.
    fixed
        Field -> value that holds for every row that says nothing else.
    values
        Field -> what the table says -> what it means: class keys, states, channels, urgencies, agencies.
    crs, timezone, times
        System of the coordinates, zone of times without an offset, forms of times; "" and () for the usual ones.
    encoding, sheet, layer, header_row
        How to read the table; see `layers.tables.open_table`.
    is_guess
        Whether nobody wrote it.
    """

    source: str = UNNAMED
    columns: Mapping[str, str] = field(default_factory=dict)
    grids: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    crs: str = ""
    timezone: str = ""
    times: tuple[str, ...] = ()
    encoding: str = ""
    sheet: str = ""
    layer: str = ""
    header_row: int = 0
    is_guess: bool = False

    @classmethod
    def read(cls, path: Path, fields: Collection[str] | None = None) -> "ColumnMapping":
        """Read a mapping from its file.

        Parameters
        ----------
        fields
            What a table may say; None: what a table of cases may.

        Raises
        ------
        RulesError
            It cannot be read, or holds faults; names all of them.
        """
        try:
            table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise RulesError(f"{path} cannot be read as a mapping: {error}. It must be TOML in UTF-8.") from error
        return cls.from_table(table, where=path.name, fields=fields)

    @classmethod
    def from_table(
        cls, table: Mapping[str, Any], *, where: str = "the mapping", fields: Collection[str] | None = None
    ) -> "ColumnMapping":
        """Read a mapping from the table of its file; ``fields`` as `read` takes them.

        Raises
        ------
        RulesError
            Names every fault at once.
        """
        faults: list[str] = []
        entry = Entry(table, "mapping", faults)
        found = cls(
            source=entry.text("source", UNNAMED) or UNNAMED,
            columns=_texts(entry, "columns", frozenset(HEADINGS if fields is None else fields), faults),
            grids=_texts(entry, "grids", None, faults),
            fixed=_texts(entry, "fixed", FIXED if fields is None else fields, faults),
            values=_values(entry.take("values", dict, {}), VALUED if fields is None else fields, faults),
            crs=entry.text("crs"),
            timezone=entry.text("timezone"),
            times=entry.texts("times"),
            encoding=entry.text("encoding"),
            sheet=entry.text("sheet"),
            layer=entry.text("layer"),
            header_row=entry.take("header_row", int, 0),
        )
        entry.done()
        for name, allowed in ALLOWED.items() if fields is None else ():
            if found.fixed.get(name, next(iter(allowed))) not in allowed:
                faults.append(f"fixed: {name!r} is {found.fixed[name]!r}; it may be {', '.join(sorted(allowed))}")
        if len(found.source) > LONGEST_SOURCE:
            faults.append(f"mapping: 'source' has {len(found.source)} characters; at most {LONGEST_SOURCE} are allowed")
        if faults:
            raise RulesError(f"{where} has {len(faults)} fault(s):", faults)
        return found

    def toml(self) -> str:
        """Return the mapping as its file says it."""
        plain = {name: getattr(self, name) for name in PLAIN if getattr(self, name)}
        lines = [f"{name} = {_toml(value)}" for name, value in plain.items()]
        tables = {"columns": self.columns, "grids": self.grids, "fixed": self.fixed}
        tables |= {f"values.{name}": table for name, table in self.values.items()}
        for name, table in tables.items():
            if table:
                lines += ["", f"[{name}]", *(f"{_key(key)} = {_toml(value)}" for key, value in table.items())]
        return "\n".join(lines) + "\n"

    def absent(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that are named and that a table does not have."""
        there = {plain(column) for column in columns}
        wanted = dict.fromkeys([*self.columns.values(), *self.grids.values()])
        return [name for name in wanted if plain(name) not in there]

    def meanings(self, field_: str) -> Mapping[str, str]:
        """Return the table of a field: what the file says -> what it means."""
        return self.values.get(field_, {})

    def meaning(self, field_: str, value: str) -> str | None:
        """Return what a value means: by the mapping's table, else by the usual words; None where nobody knows."""
        said = {plain(key): meaning for key, meaning in self.values.get(field_, {}).items()}
        if plain(value) in said:
            return said[plain(value)]
        usual = WORDS.get(field_, {})
        return next((key for key, words in usual.items() if plain(value) in {plain(word) for word in words}), None)


LONGEST_SOURCE = 40
PLAIN = ("source", "crs", "timezone", "times", "encoding", "sheet", "layer", "header_row")


def plain(name: str) -> str:
    """Return a name as it is compared: without case, width, spaces and signs."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", name).casefold() if letter.isalnum())


def guess(
    columns: Sequence[str],
    grids: Mapping[str, Collection[str]],
    *,
    has_geometry: bool = False,
    headings: Mapping[str, Sequence[str]] = HEADINGS,
) -> ColumnMapping:
    """Guess a mapping by the names of columns.

    Parameters
    ----------
    grids
        Key of each level and overlay -> names under which a column may hold its code.
    has_geometry
        Whether rows carry a geometry, so that no column of coordinates is looked for.
    headings
        Field -> what its column may be called, most telling first.
    """
    found: dict[str, str] = {}
    pair = None if has_geometry else guess_pair(columns)
    if pair:
        found |= {"lon": columns[pair[0]], "lat": columns[pair[1]]}
    free = [column for column in columns if column and column not in found.values() and not is_contact(column)]
    official = _grids(free, grids)
    free = [column for column in free if column not in official.values()]
    for exact in (True, False):
        for name, hints in headings.items():
            column = None if name in found else _called(free, hints, exact=exact)
            if column:
                found[name] = column
                free.remove(column)
    source = next((system for word, system in SYSTEMS if any(word in column for column in columns)), UNNAMED)
    crs = named_system(*(columns[position] for position in pair)) if pair else None
    return ColumnMapping(
        source=source,
        columns={name: found[name] for name in ("lon", "lat", *headings) if name in found},
        grids=official,
        fixed={"channel": CHANNELS[source]} if source in CHANNELS and "channel" not in found else {},
        crs=crs or "",
        is_guess=True,
    )


def is_contact(column: str) -> bool:
    """Tell whether a column holds contacts of people."""
    return any(word in plain(column) for word in CONTACTS)


def guessed_row(early: Sequence[Sequence[Any]], headings: Mapping[str, Sequence[str]] = HEADINGS) -> int | None:
    """Return which of the first rows has the names of columns, from 1; None where none is better than the first."""
    known = {plain(hint) for hints in headings.values() for hint in hints} | {
        plain(word) for word in ("经度", "纬度", "lon", "lat", "x", "y")
    }
    scores = [sum(1 for cell in row if isinstance(cell, str) and plain(cell) in known) for row in early]
    best = max(range(len(scores)), key=lambda row: scores[row], default=0)
    return best + 1 if scores and best > 0 and scores[best] > max(1, scores[0]) else None


def _called(columns: Sequence[str], hints: Sequence[str], *, exact: bool) -> str | None:
    for hint in map(plain, hints):
        for column in columns:
            name = plain(column)
            if name == hint or (not exact and not hint.isascii() and len(hint) > 1 and hint in name):
                return column
    return None


def _grids(columns: Sequence[str], grids: Mapping[str, Collection[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, names in grids.items():
        called = {
            prefix + plain(name) + end
            for name in names
            for prefix in ("", *GRID_WORDS)
            for end in ("", "编号", "编码", "代码", "名称", "id")
        }
        column = next((column for column in columns if plain(column) in called and column not in found.values()), None)
        if column:
            found[key] = column
    return found


def _texts(entry: Entry, name: str, allowed: Collection[str] | None, faults: list[str]) -> dict[str, str]:
    table = entry.take(name, dict, {})
    wrong = [key for key in table if allowed is not None and key not in allowed]
    faults += [f"{name}: {key!r} is none of {', '.join(sorted(allowed or ()))}" for key in wrong]
    faults += [
        f"{name}: {key!r} must be a text in quotes"
        for key, value in table.items()
        if not isinstance(value, str) or not value.strip()
    ]
    return {key: value for key, value in table.items() if isinstance(value, str) and key not in wrong}


def _values(tables: Mapping[str, Any], valued: Collection[str], faults: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, table in tables.items():
        if name not in valued or not isinstance(table, dict):
            faults.append(f"values: {name!r} is none of {', '.join(sorted(valued))}")
            continue
        for said, meaning in table.items():
            allowed = ALLOWED.get(name) if valued is VALUED else None
            if not isinstance(meaning, str) or (allowed is not None and meaning not in allowed):
                may = ", ".join(sorted(allowed)) if allowed else "a text in quotes"
                faults.append(f"values.{name}: {said!r} is {meaning!r}; it may be {may}")
        found[name] = {str(said): str(meaning) for said, meaning in table.items()}
    return found


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return (
        str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    )


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").replace("-", "").isalnum() else _toml(name)
