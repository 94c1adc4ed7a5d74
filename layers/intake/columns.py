"""Which column of a foreign table is what: guesses by name and by values, each with its reason.

Names are compared folded (width, case, separators) and by their beginning too, since a Shapefile cuts them at ten characters. Values decide: a code is unique,
a parent is a code of the level above, a time reads as one.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pandas as pd

from geo.scheme import code_text

UNIQUE = 0.98  # share of features with a code of their own
NEARLY = 0.5  # from here on repeated codes may be parts of one grid
MOSTLY = 0.9  # share of values that must read as times or numbers
SKIPPED = 1.1  # the last number of a count of rows, by the number of rows
DIGITS = 9  # of a number that may be the number of a row
MEMBERS = 0.95  # share of a parent column's values that must be codes of the level above
CUT = 10  # characters of a column's name in a Shapefile
SYLLABLE = 3  # letters: a shorter hint must be a word of its own

_ROW_IDS = re.compile(
    r"objectid\d*|fid|fid\d+|ogcfid|gid|globalid|rowid|index|featureid|geometryid|shape.*|starea.*|stlength.*|.*perim.*|.*area|area(?:km|m|ha|sq|acre|mi).*|.*length|shapeleng|surface|面积|周长|长度|x|y|lon|lat|long|longitude|latitude|xcoord|ycoord|geopoint.*|geom.*|layer|path|colou?r|fill.*|stroke.*|.*date.*|.*time.*|经度|纬度|序号|created.*|edited.*|updated.*|creat.*user|.*用户|人口.*|户数|population.*|households?"
)
_CODES: Mapping[str, int] = MappingProxyType(
    {
        "网格编码": 60, "网格编号": 60, "网格代码": 60, "网格号": 55, "编码": 50, "代码": 50, "编号": 50, "代号": 45, "code": 45, "geoid": 50, "insee": 40, "fips": 35, "identifier": 35, "ident": 30, "number": 30, "numero": 30,
        "num": 28, "nbr": 25, "no": 20, "dist": 20, "cd": 25, "ref": 20, "号": 20, "id": 35, "key": 20, "text": 12, "label": 14, "名称": 12, "name": 10, "nom": 10, "名": 8,
    }
)  # fmt: skip
_LABELS = ("短名", "简称", "标注", "label", "short", "abbr", "alias")
_NAMES = (
    "名称",
    "网格名",
    "name",
    "nom",
    "libelle",
    "title",
    "标题",
    "名",
    "bezeichnung",
    "nombre",
    "community",
    "text",
)


@dataclass(frozen=True)
class Choice:
    """A column chosen, and why."""

    column: str
    confidence: str
    reason: str


def fold(name: str) -> str:
    """Fold a name for comparison: width, case, accents, and everything that is not a letter or digit."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name)).lower()
    return "".join(char for char in plain if char.isalnum())


def words(name: str) -> list[str]:
    """Split a name into words: at separators, capitals (BoroCD) and digits; Chinese stays whole."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)", " ", unicodedata.normalize("NFKC", name))
    return [fold(word) for word in re.split(r"[\W_]+", parted) if word]


def texts(values: Iterable[Any]) -> list[str]:
    """Return values as codes; what has no text is empty, and so is the word NULL."""
    return ["" if (text := code_text(value)).upper() in {"NULL", "<NULL>", "NONE", "NAN"} else text for value in values]


def code_column(
    columns: Mapping[str, Sequence[Any]], *, about: str = "", below: Iterable[Sequence[str]] = ()
) -> Choice | None:
    """Choose the column with the code of each feature, or None.

    Parameters
    ----------
    columns
        Property -> values.
    about
        Name of the layer: a column named alike (SMD_ID in smd.shp) comes first.
    below
        Columns of the level below, as codes: one that holds values of this column speaks for it.
    """
    members = [set(values) - {""} for values in below]
    scored = sorted(
        (
            (_code_score(name, values, about, members), -position, name)
            for position, (name, values) in enumerate(columns.items())
        ),
        reverse=True,
    )
    scored = [one for one in scored if one[0] > -100]  # noqa: PLR2004
    if not scored:
        return None
    score, _, name = scored[0]
    found = texts(columns[name])
    distinct = len(set(found) - {""})
    what = (
        "different in every feature"
        if distinct == len(found)
        else f"{distinct} different values in {len(found)} features"
    )
    confidence = "high" if score >= 40 else "medium" if score > 0 else "low"  # noqa: PLR2004
    rivals = [other for value, _, other in scored[1:4] if value >= score - 10]
    also = f"; could also be {', '.join(rivals)}" if rivals else ""
    return Choice(name, confidence, f"{what}{also}")


def _code_score(name: str, values: Sequence[Any], about: str, below: list[set[str]]) -> float:
    found = texts(values)
    filled = [text for text in found if text]
    distinct = set(filled)
    if (
        not filled
        or any(isinstance(value, bool | list | dict) for value in values)
        or any(isinstance(value, float) and not value.is_integer() for value in values)
    ):
        return -1000
    share = len(distinct) / len(found)
    hint = _hint(name)
    if share < NEARLY or (share < UNIQUE and hint < 20):  # noqa: PLR2004
        return -1000
    score = (
        hint
        - (25 if share < UNIQUE else 0)
        - (90 if _ROW_IDS.fullmatch(fold(name)) or (fold(name) == "id" and _serial(filled)) else 0)
    )
    mean = sum(map(len, filled)) / len(filled)
    score += 6 if mean <= 12 else -30 if mean > 40 else 0  # noqa: PLR2004
    score -= 6 if any(" " in text for text in filled) else 0
    score -= 12 if fold(name).startswith(("addr", "aid", "parcel")) else 0
    score += 15 if set(words(about)) & set(words(name)) - {"id", "code", "name"} else 0
    score -= 60 if _dates(filled) else 0
    score -= 20 if fold(name).endswith("id") and _counted(filled) else 0
    if any(
        len(members & distinct) >= MEMBERS * len(members)
        and len(members & distinct) >= min(len(distinct), max(2, len(distinct) / 2))
        for members in below
        if members
    ):
        score += 25
    return score


def _hint(name: str) -> int:
    """Score what a column's name says of its being a code, 0 for nothing."""
    return max((weight for hint, weight in _CODES.items() if _hints(name, hint)), default=0)


def _hints(name: str, hint: str) -> bool:
    """Whether a name holds a hint: Chinese anywhere; else as a word, as the end of one, or as far as a Shapefile left it."""
    folded, parts = fold(name), words(name)
    if not hint.isascii():
        return hint in folded
    last = parts[-1] if parts else ""
    cut = len(name) >= CUT - 1 and len(hint) > SYLLABLE and len(last) >= SYLLABLE and hint.startswith(last)
    ends = (len(hint) >= SYLLABLE or hint in {"id", "cd"}) and folded.endswith(hint)
    return hint in parts or cut or ends


def _serial(filled: list[str]) -> bool:
    return all(text.isdigit() and len(text) < DIGITS for text in filled) and sorted(map(int, filled)) in (
        list(range(1, len(filled) + 1)),
        list(range(len(filled))),
    )


def _counted(filled: list[str]) -> bool:
    """Whether values rise with the rows and skip few numbers: what programs count, and offices seldom do."""
    if not all(text.isdigit() and len(text) < DIGITS for text in filled):
        return False
    numbers = [int(text) for text in filled]
    rising = all(one < other for one, other in pairwise(numbers))
    return rising and numbers[-1] <= len(numbers) * SKIPPED + 1


def _dates(filled: list[str]) -> bool:
    return all(re.match(r"(19|20)\d\d[-/.年]\d", text) for text in filled[:50])


def label_column(columns: Mapping[str, Sequence[Any]], code: str, *, leaf: bool) -> Choice | None:
    """Choose the column to write on the map: a short name, else a name where codes are long (or above the leaf); None says that the code will do."""
    codes = texts(columns.get(code, []))
    long_codes = sum(map(len, codes)) > 6 * len(codes)
    for hints, longest in ((_LABELS, 12), (_NAMES, 24 if not leaf else 12)):
        if hints is _NAMES and leaf and not long_codes:
            return None
        for hint in hints:
            for name, values in columns.items():
                found = texts(values)
                if (
                    name != code
                    and _named(name, hint)
                    and len(set(found) - {""}) >= 0.9 * len(found)
                    and sum(map(len, found)) <= longest * len(found)
                    and found != codes
                ):
                    return Choice(name, "medium", "short, and named like a name")
    return None


def _named(name: str, hint: str) -> bool:
    parts = words(name)
    return (
        hint in fold(name)
        if not hint.isascii()
        else hint in parts or fold(name).startswith(hint) or fold(name).endswith(hint)
    )


def parent_columns(columns: Mapping[str, Sequence[Any]], codes: Iterable[str], own: str) -> list[str]:
    """List the columns whose values are codes of the level above."""
    known = set(codes) - {""}
    out = []
    for name, values in columns.items():
        found = [text for text in texts(values) if text]
        inside = sum(text in known for text in found)
        if (
            name != own
            and found
            and inside >= MEMBERS * len(values)
            and len(set(found)) >= min(len(known), max(2, len(known) / 2))
        ):
            out.append(name)
    return sorted(out, key=lambda name: bool(_ROW_IDS.fullmatch(fold(name))))


# ---- points ---------------------------------------------------------------------------------------------------------------------------------------------

# Canonical field -> what its column may be called, most telling first; compared folded.
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": ("名称", "单位名称", "店名", "企业名称", "楼栋名称", "建筑名称", "name", "nom", "tradename", "companyname", "company", "名"),
        "title": ("标题", "事件名称", "问题描述", "事项", "问题", "内容", "title", "subject", "descriptor", "servicecodedescription", "servicename", "requesttype", "complainttype", "casetitle", "description", "category", "type"),
        "address": ("详细地址", "地址", "位置", "地点", "streetaddress", "siteaddress", "fulladdress", "incidentaddress", "address", "adresse", "location"),
        "use": ("用途", "建筑用途", "房屋用途", "使用性质", "类型", "usage", "bldguse", "landuse", "facuse", "use"),
        "households": ("总户数", "户数", "households", "unitstotal", "unitsres", "dwellings", "hh"),
        "storeys": ("地上层数", "总层数", "层数", "楼层", "floors", "storeys", "stories", "levels", "numfloors", "buildinglevels"),
        "units": ("单元数", "单元总数"),
        "hours": ("营业时间", "开放时间", "工作时间", "openinghours", "hours"),
        "status": ("办理状态", "处理状态", "状态", "serviceorderstatus", "status", "state"),
        "reported": ("上报时间", "受理时间", "登记时间", "创建时间", "发现时间", "发生时间", "reported", "reportedat", "createddate", "created", "opened", "opendate", "adddate", "serviceorderdate", "requestdate", "requesteddatetime", "creationdate", "receiveddate", "datetime", "时间"),
        "due": ("截止时间", "办理期限", "处理期限", "时限", "期限", "duedate", "due", "deadline", "targetdate", "expecteddatetime"),
        "closed": ("办结时间", "结案时间", "完成时间", "处置时间", "关闭时间", "closed", "closeddate", "closeddt", "resolutiondate", "resolved", "completed", "completiondate", "updateddatetime"),
        "responsible": ("责任单位", "承办单位", "主办单位", "处置单位", "责任部门", "办理部门", "部门", "responsible", "organizationacronym", "agency", "department", "owner", "assignedto"),
        "unit": ("单元号", "单元"),
        "floor": ("所在楼层", "楼层号"),
    }
)  # fmt: skip
OF_KIND: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "building": ("name", "address", "use", "households", "storeys", "units"),
        "site": ("name", "address", "hours"),
        "service": ("name", "address", "hours"),
        "incident": ("title", "status", "reported", "due", "closed", "responsible", "address", "unit", "floor"),
    }
)
TIMES = frozenset({"reported", "due", "closed"})
_CLASSES = ("类别", "类型", "小类", "事件类型", "category", "type", "class", "kind")
_STATUS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "self_verified": ("已核查",),
        "self_cleared": ("随手清", "自行处置", "自处置"),
        "closed": ("已办结", "办结", "结案", "已结案", "已完成", "完成", "已关闭", "已处置", "处置完毕", "closed", "resolved", "completed", "complete", "done", "fixed", "archived"),
        "suspended": ("挂账", "挂起", "暂缓", "suspended", "onhold", "pending"),
        "returned": ("退回", "退件", "returned"),
        "feedback": ("已反馈", "待核查", "待核实", "反馈", "feedback"),
        "in_hand": ("处理中", "办理中", "处置中", "待处置", "待处理", "已受理", "inprogress", "inhand", "started", "acknowledged", "assigned", "accepted"),
        "dispatched": ("已派遣", "已派单", "派遣", "交办", "已交办", "dispatched"),
        "filed": ("已立案", "立案", "filed"),
        "reported": ("已上报", "上报", "待受理", "新建", "待派遣", "open", "opened", "new", "reported", "submitted", "received", "unassigned"),
        "cancelled": ("已撤销", "撤销", "作废", "cancelled", "canceled", "withdrawn", "void", "voided"),
        "refused": ("不予受理", "不受理", "refused", "rejected", "invalid", "closedincompleteinformation"),
        "linked": ("重复", "已合并", "duplicate", "duplicateopen", "duplicateopened", "duplicateclosed", "linked"),
    }
)  # fmt: skip


def point_fields(columns: Mapping[str, Sequence[Any]], kind: str) -> dict[str, str]:
    """Map the fields of a kind of point to columns, each column once."""
    found: dict[str, str] = {}
    for field in OF_KIND[kind]:
        column = next(
            (
                name
                for hint in FIELDS[field]
                for name in sorted(columns, key=lambda name: fold(name) != hint)
                if name not in found.values() and _called(name, hint) and _sensible(field, columns[name])
            ),
            None,
        )
        if column:
            found[field] = column
    return found


def _called(name: str, hint: str) -> bool:
    folded, hint = fold(name), fold(hint)
    if folded == hint or (CUT - 1 <= len(name) <= CUT and hint.startswith(folded)):
        return True
    return (
        (hint in folded and len(hint) > 1)
        if not hint.isascii()
        else hint in words(name) or (len(hint) > 2 * SYLLABLE and folded.endswith(hint))
    )


def _sensible(field: str, values: Sequence[Any]) -> bool:
    found = [text for text in texts(values) if text]
    if field in TIMES:
        return bool(found) and sum(_is_time(text) for text in found[:30]) >= MOSTLY * len(found[:30])
    if field in {"households", "storeys", "units"}:
        return bool(found) and bool(
            pd.to_numeric(pd.Series(found[:100], dtype=object), errors="coerce").notna().mean() >= MOSTLY
        )
    return bool(found)


def _is_time(text: str) -> bool:
    return bool(re.match(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}/\d{1,2}/\d{4}", text)) and not pd.isna(
        pd.to_datetime(text, errors="coerce")
    )


def class_column(columns: Mapping[str, Sequence[Any]], taken: Collection[str]) -> str | None:
    """Choose the column with the class of each point: two to twenty values, named like a class."""
    for hint in _CLASSES:
        for name, values in columns.items():
            if name in taken or not _called(name, hint):
                continue
            distinct = set(texts(values))
            if "" not in distinct and 2 <= len(distinct) <= 20:  # noqa: PLR2004
                return name
    return None


def status_map(values: Iterable[Any]) -> tuple[dict[str, str], list[str]]:
    """Map raw statuses to ours; return the map and what nobody could map."""
    known, unknown = {}, []
    for raw in sorted(set(texts(values)) - {""}):
        key = next((key for key, hints in _STATUS.items() if raw == key or fold(raw) in hints), None)
        if key:
            known[raw] = key
        else:
            unknown.append(raw)
    return known, unknown


def id_column(columns: Mapping[str, Sequence[Any]]) -> str | None:
    """Choose the column with an id for each point: a unique code, else a unique row number."""
    best = code_column(columns)
    if best and len(set(texts(columns[best.column]))) == len(columns[best.column]):
        return best.column
    return next(
        (
            name
            for name in columns
            if _ROW_IDS.fullmatch(fold(name))
            and fold(name).endswith("id")
            and len(set(texts(columns[name])) - {""}) == len(columns[name])
        ),
        None,
    )


def named_column(columns: Mapping[str, Sequence[Any]]) -> str | None:
    """Choose the column with the names of things, for what lies under the net."""
    for hint in ("名称", "name", "roadname", "streetname", "fullname", "stname", "nom", "label", "路名", "名"):
        for name, values in sorted(columns.items(), key=lambda one: fold(one[0]) != fold(hint)):
            if (fold(name) == fold(hint) or (_named(name, hint) and not _ROW_IDS.fullmatch(fold(name)))) and any(
                texts(values)
            ):
                return name
    return None
