"""Every fault of a net, collected, each with its severity. docs/check.md says of every kind what it means and what to do.

Thresholds, so that real data does not drown in rounding (Washington's 296 districts and their commissions give no line at all):

- a piece narrower than 2 cm or smaller than 0.01 m2 is rounding and ignored (`geo.coverage.NOISE_WIDTH_M`, `NOISE_M2`);
- a piece narrower than 0.3 m is a sliver, a warning, whether it is an overlap or a gap (`geo.coverage.SLIVER_WIDTH_M`);
- a grid with more than a tenth of its area outside its parent does not nest, an error; less is a small difference, a warning (`NESTING_SHARE`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely

from geo.coverage import SLIVER_WIDTH_M, Coverage, Pieces, areal, sizes
from geo.scheme import Name

NESTING_SHARE = 0.1
"""A grid with more than this share of its area outside its parent does not nest."""
WHOLE = 0.999999
"""A grid of which more than this share is uncovered holds no grid of the level below."""
LISTED = 100
"""Of one kind in one file so many faults are listed one by one; the rest is one line with its count."""
SLIVERS_LISTED = 20
"""The same for slivers, which come in hundreds."""
NAMED = 8
"""At most so many codes are named in a message; `Fault.codes` has them all."""


class Severity(StrEnum):
    """How bad a fault is: an error makes the net wrong, a warning makes it doubtful."""

    ERROR = "error"
    WARNING = "warning"


_ERRORS = {
    "bad_manifest": Name("清单文件有误", "area.toml cannot be used"),
    "unreadable_file": Name("文件无法读取", "file cannot be read"),
    "wrong_encoding": Name("编码不符", "wrong encoding"),
    "not_geojson": Name("不是合法的GeoJSON", "not GeoJSON"),
    "duplicate_member": Name("JSON键重复", "repeated JSON key"),
    "crs_contradiction": Name("坐标系声明矛盾", "coordinate systems contradict"),
    "swapped_axes": Name("经纬度颠倒", "longitude and latitude swapped"),
    "coordinates_out_of_range": Name("坐标超出范围", "coordinates out of range"),
    "bad_coordinates": Name("坐标写法错误", "coordinates cannot be read"),
    "unclosed_ring": Name("边界未闭合", "ring not closed"),
    "level_without_grid": Name("层级无网格", "level without a grid"),
    "missing_geometry": Name("缺少图形", "no geometry"),
    "empty_geometry": Name("图形为空", "empty geometry"),
    "wrong_geometry_type": Name("图形类型不符", "wrong geometry type"),
    "invalid_geometry": Name("图形无效", "invalid geometry"),
    "missing_property": Name("缺少属性字段", "property missing in the file"),
    "missing_code": Name("缺少编码", "no code"),
    "duplicate_code": Name("编码重复", "duplicate code"),
    "unknown_parent": Name("上级不明", "unknown parent"),
    "overlap": Name("网格重叠", "grids overlap"),
    "not_nested": Name("未嵌套于上级", "does not nest in its parent"),
    "bad_stack": Name("楼内微网格有误", "stacked micro-grid in error"),
}
_WARNINGS = {
    "gap": Name("空隙", "gap"),
    "enclave": Name("飞地空洞", "enclave"),
    "sliver": Name("碎缝", "sliver"),
    "nesting": Name("与上级边界略有出入", "small nesting difference"),
    "parents_overlap": Name("上级网格重叠", "grids of an upper level overlap"),
    "point_outside": Name("点在网格外", "point outside the net"),
    "repeated_id": Name("点编号重复", "repeated id"),
    "no_place": Name("无位置", "no usable place"),
    "looks_like_gcj02": Name("疑似GCJ-02坐标", "looks like GCJ-02"),
    "crs_doubt": Name("坐标系存疑", "doubtful coordinate system"),
    "right_hand_rule": Name("环方向不符右手规则", "right-hand rule"),
    "antimeridian": Name("跨越180度经线", "crosses the antimeridian"),
    "odd_member": Name("不合规范的成员", "member against RFC 7946"),
    "lost_characters": Name("文字已丢失", "lost characters"),
    "unknown_property": Name("属性字段不存在", "unknown property"),
    "unknown_status": Name("状态不明", "unknown status"),
    "unreadable_time": Name("时间无法识别", "unreadable time"),
    "unreadable_number": Name("数字无法识别", "unreadable number"),
}
SEVERITY = MappingProxyType({**dict.fromkeys(_ERRORS, Severity.ERROR), **dict.fromkeys(_WARNINGS, Severity.WARNING)})
"""Kind -> severity: the one table."""
NAMES = MappingProxyType({**_ERRORS, **_WARNINGS})
"""Kind -> its name in the two languages of the interface."""


@dataclass(frozen=True)
class Fault:
    """One fault of a pack or net.

    Attributes
    ----------
    kind
        A key of `SEVERITY`.
    message
        What, which, and what to do next.
    file
        File in the pack, "" for the whole pack.
    codes
        Codes of the grids, or ids of the points, concerned.
    lon, lat
        A place on or near it, degrees; None where it has none.
    area_m2
        Size in square metres, where it has one.
    count
        How many it stands for.
    features
        Numbers of the features in the file, from 1.
    """

    kind: str
    message: str
    file: str = ""
    codes: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    area_m2: float | None = None
    count: int = 1
    features: tuple[int, ...] = ()

    @property
    def severity(self) -> Severity:
        """Severity by the table."""
        return SEVERITY[self.kind]


@dataclass(frozen=True, eq=False)
class Sheet:
    """The polygons of one level or overlay as they were read: nothing dropped, nothing sorted; arrays (n,).

    Attributes
    ----------
    key, file
        Key of the level, and the file it comes from.
    codes
        Text; "" where there is none.
    geoms
        Any geometries, WGS84; None where there is none.
    parents
        Declared codes of parents, "" where none is given; None when the pack declares no such property.
    said
        bool: features whose geometry the reader has already complained of.
    """

    key: str
    file: str
    codes: np.ndarray
    geoms: np.ndarray
    parents: np.ndarray | None = None
    said: np.ndarray = field(default_factory=lambda: np.array([], dtype=bool))

    @cached_property
    def usable(self) -> np.ndarray:
        """Positions of the features that can stand in a net, in order of code."""
        polygons = np.isin(shapely.get_type_id(self.geoms), (3, 6)) & ~shapely.is_empty(self.geoms)
        keep = np.flatnonzero(polygons & (self.codes != ""))
        return keep[np.argsort(self.codes[keep].astype(str), kind="stable")]

    @cached_property
    def coverage(self) -> Coverage:
        """The usable polygons, to be compared."""
        return Coverage(self.geoms[self.usable])

    def code(self, position: int) -> str:
        """Return the code of a usable polygon."""
        return str(self.codes[self.usable[position]])

    def named(self, positions: Iterable[int]) -> tuple[str, ...]:
        """Return the codes of usable polygons."""
        return tuple(self.code(position) for position in positions)


def silent(_text: str) -> None:
    """Tell nobody."""


def net_faults(
    levels: Sequence[Sheet],
    overlays: Sequence[Sheet] = (),
    *,
    gaps: bool = True,
    tell: Callable[[str], None] = silent,
) -> list[Fault]:
    """Return every fault of a net.

    Parameters
    ----------
    levels
        From the widest to the leaf, which must tile.
    overlays
        Nets that need neither tile nor nest: only their codes and geometries are checked.
    gaps
        Whether to look for what no grid covers: only warnings, and most of the time.
    tell
        Called with a line for people before each step that may take seconds.
    """
    faults = [fault for sheet in (*levels, *overlays) for fault in sheet_faults(sheet)]
    for above, level in zip((None, *levels), levels, strict=False):
        faults += empty_faults(level)
        if not len(level.usable):
            continue
        tell(f"comparing {len(level.usable):,} grids of level {level.key!r}")
        faults += overlap_faults(level, leaf=level is levels[-1])
        if above is None or not len(above.usable):
            faults += hole_faults(level) if gaps else []
        else:
            faults += (gap_faults(level, above) if gaps else []) + nesting_faults(level, above)
    return faults


def sheet_faults(sheet: Sheet) -> list[Fault]:
    """Return the faults of each polygon by itself: codes and geometries."""
    return code_faults(sheet) + geometry_faults(sheet.file, sheet.codes, sheet.geoms, sheet.said)


def empty_faults(level: Sheet) -> list[Fault]:
    """Return one fault if no grid of a level can be used and the reader has not said why."""
    if len(level.usable) or level.said.any():
        return []
    text = f"level {level.key!r} has no grid with both a code and a polygon; fill the file or take the entry out of area.toml"
    return [Fault("level_without_grid", text, level.file)]


def code_faults(sheet: Sheet) -> list[Fault]:
    """Return missing and repeated codes."""
    fault = _Features(sheet.file, sheet.codes, sheet.geoms).fault
    faults = [
        fault("missing_code", position, "has no code; give it one, or delete it")
        for position in np.flatnonzero(sheet.codes == "")
    ]
    codes, counts = np.unique(sheet.codes[sheet.codes != ""].astype(str), return_counts=True)
    for code in codes[counts > 1].tolist():
        where = np.flatnonzero(sheet.codes == code)
        lon, lat = place(sheet.geoms[where[-1]])
        numbers = tuple(int(position) + 1 for position in where)
        message = f"code {code!r} stands {len(where)} times (features {', '.join(map(str, numbers))}); every grid needs a code of its own, or should they be one grid?"
        faults.append(
            Fault("duplicate_code", message, sheet.file, (code,), lon, lat, count=len(where), features=numbers)
        )
    return faults


def geometry_faults(file: str, codes: np.ndarray, geoms: np.ndarray, said: np.ndarray) -> list[Fault]:
    """Return what is wrong with each geometry of a file that should hold polygons.

    Parameters
    ----------
    file, codes
        To name them by.
    geoms
        Geometries (n,), None where there is none.
    said
        bool (n,): leave those out.
    """
    said = said if len(said) else np.zeros(len(geoms), dtype=bool)
    fault = _Features(file, codes, geoms).fault
    kind, empty, valid = shapely.get_type_id(geoms), shapely.is_empty(geoms), shapely.is_valid(geoms)
    polygon = np.isin(kind, (3, 6))
    missing = np.flatnonzero((kind < 0) & ~said)
    blank = np.flatnonzero((kind >= 0) & empty)
    other = np.flatnonzero((kind >= 0) & ~empty & ~polygon)
    return [
        *(fault("missing_geometry", position, "has no geometry; draw it, or delete it") for position in missing),
        *(
            fault("empty_geometry", position, f"is an empty {geoms[position].geom_type}; draw it, or delete it")
            for position in blank
        ),
        *(
            fault(
                "wrong_geometry_type",
                position,
                f"is a {geoms[position].geom_type}; a grid is a Polygon or MultiPolygon",
            )
            for position in other
        ),
        *(_invalid(fault, geoms, int(position)) for position in np.flatnonzero(polygon & ~empty & ~valid)),
    ]


def _invalid(fault: Callable[[str, Any, str], Fault], geoms: np.ndarray, position: int) -> Fault:
    """Say why a polygon is invalid, and where: GEOS names the place in brackets, "Self-intersection[113.6 34.7]"."""
    reason, _, where = shapely.is_valid_reason(geoms[position]).partition("[")
    found = fault(
        "invalid_geometry", position, f"is invalid: {reason.strip().lower()}; redraw it, or let --fix mend it"
    )
    found = replace(found, area_m2=float(_areas(areal(geoms[[position]]))[0]))
    try:
        lon, lat = (float(number) for number in where.rstrip("]").split()[:2])
    except ValueError:
        return found
    return replace(found, lon=lon, lat=lat)


def overlap_faults(level: Sheet, *, leaf: bool) -> list[Fault]:
    """Return the overlaps of a level: one fault for each pair of grids, and slivers."""
    pieces = level.coverage.overlaps()
    pairs = _by_owner(pieces)
    full = dict(zip(range(len(level.usable)), _areas(level.coverage.geoms), strict=True))
    faults: list[Fault] = []
    slivers: list[Fault] = []
    for (one, other), group in pairs:
        codes, area = level.named((one, other)), float(group.area_m2.sum())
        lon, lat = place(group.geoms[0])
        if group.thin.all():
            slivers.append(
                Fault(
                    "sliver",
                    f"{codes[0]} and {codes[1]} overlap in a strip {_metres(group.width_m[0])} wide; snap one boundary to the other",
                    level.file,
                    codes,
                    lon,
                    lat,
                    area,
                )
            )
            continue
        whole = area > 0.99 * max(full[one], full[other])
        text = (
            "are the same polygon; is one a duplicate?"
            if whole
            else "overlap; who is responsible there? Move the boundary of one"
        )
        faults.append(
            Fault(
                "overlap" if leaf else "parents_overlap",
                f"{codes[0]} and {codes[1]} {text}",
                level.file,
                codes,
                lon,
                lat,
                area,
            )
        )
    return _largest_first(faults) + _slivers(slivers)


def hole_faults(level: Sheet) -> list[Fault]:
    """Return the holes of the widest level."""
    return _missing(level, level.coverage.holes(), "the net surrounds it and no grid covers it")


def gap_faults(level: Sheet, above: Sheet) -> list[Fault]:
    """Return what the level above covers and this level does not."""
    pieces = level.coverage.uncovered(above.coverage)
    missing = np.bincount(pieces.owner[:, 0], weights=pieces.area_m2, minlength=len(above.usable))
    bare = np.flatnonzero((missing > 0) & (missing > WHOLE * _areas(above.coverage.geoms)))
    faults = []
    for position in bare.tolist():
        area = float(missing[position])
        lon, lat = place(above.coverage.geoms[position])
        code = above.code(position)
        faults.append(
            Fault(
                "gap",
                f"{above.key} {code} holds no grid of level {level.key!r}; add its grids, or take it out",
                level.file,
                (code,),
                lon,
                lat,
                area,
            )
        )
    rest = pieces[~np.isin(pieces.owner[:, 0], bare)]
    return faults + _missing(level, rest, f"level {above.key!r} covers it and no grid of level {level.key!r} does")


def _missing(level: Sheet, pieces: Pieces, why: str) -> list[Fault]:
    faults: list[Fault] = []
    slivers: list[Fault] = []
    for index, touching in enumerate(level.coverage.neighbours(pieces)):
        codes, (lon, lat), area = level.named(touching), place(pieces.geoms[index]), float(pieces.area_m2[index])
        beside = f"beside {_some(codes)}" if codes else "away from every grid"
        if pieces.thin[index]:
            slivers.append(
                Fault(
                    "sliver",
                    f"strip {_metres(pieces.width_m[index])} wide without a grid, {beside}; snap the boundaries together",
                    level.file,
                    codes,
                    lon,
                    lat,
                    area,
                )
            )
        elif len(touching) == 1 and _surrounds(level.coverage.geoms[touching[0]], pieces.geoms[index]):
            faults.append(
                Fault(
                    "enclave",
                    f"hole inside {codes[0]}: a place in no grid; give it to a grid, or leave it if it is meant",
                    level.file,
                    codes,
                    lon,
                    lat,
                    area,
                )
            )
        else:
            faults.append(
                Fault("gap", f"gap {beside}: {why}; draw the boundaries together", level.file, codes, lon, lat, area)
            )
    return _largest_first(faults) + _slivers(slivers)


def nesting_faults(level: Sheet, above: Sheet) -> list[Fault]:
    """Return unknown parents, and grids that reach out of theirs."""
    one, other, share = level.coverage.shares(above.coverage)
    parents = np.full(len(level.usable), -1, dtype=np.int64)
    order = np.lexsort((-other, share))
    parents[one[order]] = other[order]
    faults = _declared(level, above, parents) if level.parents is not None else []
    for position in np.flatnonzero(parents < 0):
        code, (lon, lat) = level.code(int(position)), place(level.coverage.geoms[position])
        faults.append(
            Fault(
                "unknown_parent",
                f"{code} lies in no grid of level {above.key!r}, and names none",
                level.file,
                (code,),
                lon,
                lat,
            )
        )
    return faults + _reaching_out(level, above, parents)


def _declared(level: Sheet, above: Sheet, parents: np.ndarray) -> list[Fault]:
    """Put declared parents in place of those found by area; say which do not exist."""
    known = {above.code(position): position for position in reversed(range(len(above.usable)))}
    declared = level.parents[level.usable] if level.parents is not None else np.array([], dtype=object)
    faults = []
    for position, code in enumerate(declared):
        if code in known:
            parents[position] = known[code]
        elif code:
            lon, lat = place(level.coverage.geoms[position])
            own = level.code(position)
            faults.append(
                Fault(
                    "unknown_parent",
                    f"{own} names parent {code!r}, which level {above.key!r} does not have; correct the one or the other",
                    level.file,
                    (own, str(code)),
                    lon,
                    lat,
                )
            )
    return faults


def _reaching_out(level: Sheet, above: Sheet, parents: np.ndarray) -> list[Fault]:
    """Compare grids with their parents: much outside is an error, a little a warning, thin strips are one warning together."""
    areas = _areas(level.coverage.geoms)
    faults: list[Fault] = []
    thin: list[Fault] = []
    for (position, *_), group in _by_owner(level.coverage.outside(above.coverage, parents)):
        codes = (level.code(position), above.code(parents[position]))
        lon, lat = place(group.geoms[0])
        outside = float(group.area_m2.sum())
        share = outside / areas[position] if areas[position] else 0.0
        text = f"{outside:,.1f} m2 of {codes[0]} ({share:.2%}) lie outside of its parent {codes[1]}"
        fault = Fault("nesting", f"{text}; draw both boundaries alike", level.file, codes, lon, lat, outside)
        if share > NESTING_SHARE:
            advice = f"correct the parent or the boundary, or declare {level.key!r} under [[overlays]] if it is not meant to nest"
            faults.append(replace(fault, kind="not_nested", message=f"{text}; {advice}"))
        else:
            (thin if group.thin.all() else faults).append(fault)
    if thin:
        total = sum(fault.area_m2 or 0.0 for fault in thin)
        text = f"{len(thin)} grids reach less than {_metres(SLIVER_WIDTH_M)} out of their parents, {total:.1f} m2 together; the place is the largest"
        faults.append(_together(_largest_first(thin), text))
    return _largest_first(faults)


def merged(faults: Sequence[Fault], *, listed: int = LISTED) -> list[Fault]:
    """List at most so many faults of one kind in one file one by one, and the rest in one, so that no file drowns the others."""
    groups: dict[tuple[str, str], list[Fault]] = {}
    for fault in faults:
        groups.setdefault((fault.file, fault.kind), []).append(fault)
    out: list[Fault] = []
    for group in groups.values():
        out += group[:listed] if len(group) > listed + 1 else group
        if len(group) > listed + 1:
            out.append(_together(group[listed:], f"{len(group) - listed} more of this kind in this file"))
    return out


def place(geom: shapely.Geometry | None) -> tuple[float | None, float | None]:
    """Return a place inside a geometry, degrees; None, None where there is none."""
    if geom is None or geom.is_empty or not np.isfinite(geom.bounds).all():
        return None, None
    point = shapely.point_on_surface(geom)
    return (None, None) if point.is_empty else (float(point.x), float(point.y))


@dataclass(frozen=True, eq=False)
class _Features:
    """The features of one file, to make faults of."""

    file: str
    codes: np.ndarray
    geoms: np.ndarray

    def fault(self, kind: str, position: Any, text: str) -> Fault:
        code, number = str(self.codes[position]), int(position) + 1
        lon, lat = place(self.geoms[position])
        named = f"feature {number} ({code})" if code else f"feature {number}"
        return Fault(kind, f"{named} {text}", self.file, (code,) if code else (), lon, lat, features=(number,))


def _by_owner(pieces: Pieces) -> list[tuple[tuple[int, ...], Pieces]]:
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, owner in enumerate(pieces.owner):
        groups.setdefault(tuple(int(position) for position in owner), []).append(index)
    return [(owner, pieces[np.array(which)]) for owner, which in groups.items()]


def _surrounds(polygon: shapely.Geometry, piece: shapely.Geometry) -> bool:
    filled = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(polygon)))
    return bool(np.any(shapely.intersects(filled, shapely.point_on_surface(piece))))


def _slivers(slivers: list[Fault]) -> list[Fault]:
    if len(slivers) <= SLIVERS_LISTED:
        return _largest_first(slivers)
    total = sum(fault.area_m2 or 0.0 for fault in slivers)
    text = f"{len(slivers)} strips narrower than {_metres(SLIVER_WIDTH_M)} between grids, {total:.1f} m2 together; the place is the largest. Snap the boundaries together, or let --fix do it"
    return [_together(_largest_first(slivers), text)]


def _together(faults: Sequence[Fault], message: str) -> Fault:
    codes = tuple(dict.fromkeys(code for fault in faults for code in fault.codes))
    features = tuple(dict.fromkeys(number for fault in faults for number in fault.features))
    areas = [fault.area_m2 for fault in faults if fault.area_m2 is not None]
    count = sum(fault.count for fault in faults)
    return replace(
        faults[0], message=message, codes=codes, features=features, count=count, area_m2=sum(areas) if areas else None
    )


def _largest_first(faults: list[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: -(fault.area_m2 or 0.0))


def _some(codes: Sequence[str]) -> str:
    return ", ".join(codes[:NAMED]) + (f" and {len(codes) - NAMED} more" if len(codes) > NAMED else "")


def _metres(width: float) -> str:
    return f"{width:.2f} m"


def _areas(geoms: np.ndarray) -> np.ndarray:
    return sizes(geoms)[0]
