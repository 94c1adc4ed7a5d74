"""What a street's layers are: levels by containment and count, everything else by shape, name and columns; each guess with its reason and its confidence.

Pure: layers in WGS84 in, a proposal out. Thresholds of containment stand at the head of `layers.intake.nesting`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely

from geo.errors import PackError
from geo.scheme import KEY, RESERVED, Name, key_fault
from layers.intake import columns as guess
from layers.intake.columns import fold, texts, words
from layers.intake.nesting import NESTS, TILES, Nesting, Shapes, chain, nesting, shapes_of
from layers.intake.sources import Layer
from layers.pack import GROUND_KINDS, POINT_KINDS

ROLES = ("level", "overlay", "points", "ground")
TOUCHING = 0.1  # share of polygons that may stand alone in a layer of grids
SMALL = 3000.0  # m2: polygons smaller than this, lying apart, are buildings


@dataclass(frozen=True)
class Wishes:
    """What the user knows better: name of a layer or file -> what it is.

    Attributes
    ----------
    levels
        Layer -> key, from the widest to the leaf; when any is named, these are the levels and there are no others.
    overlays
        Layer -> key.
    points, ground
        Layer -> kind.
    codes, labels, parents
        Layer -> column.
    dissolve
        Layer -> column -> key: levels to make by joining the grids with one value in a column.
    skip
        Layers to leave out.
    """

    levels: Mapping[str, str] = field(default_factory=dict)
    overlays: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, str] = field(default_factory=dict)
    ground: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    dissolve: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    skip: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry of area.toml, proposed.

    Attributes
    ----------
    role
        ``level``, ``overlay``, ``points`` or ``ground``.
    settings
        The keys of the entry beside key, names and file.
    confidence
        ``high``, ``medium`` or ``low``: how sure the role is.
    reasons
        Why, a sentence each.
    """

    layer: Layer
    role: str
    key: str
    name: Name
    settings: Mapping[str, Any]
    confidence: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Proposal:
    """Entries, levels first and from the widest to the leaf, and the layers left out with the reason."""

    entries: tuple[Entry, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    advice: tuple[str, ...] = field(default=())

    def of(self, role: str) -> tuple[Entry, ...]:
        """Return the entries of a role."""
        return tuple(entry for entry in self.entries if entry.role == role)


def propose(layers: Sequence[Layer], wishes: Wishes | None = None) -> Proposal:
    """Propose what each layer is.

    Parameters
    ----------
    layers
        Layers in WGS84.
    wishes
        Corrections; a wish is never overruled.

    Raises
    ------
    PackError
        A wish names an unknown layer or column, or no polygon layer can be the net.
    """
    wishes = _resolved(wishes or Wishes(), layers)
    made = [_dissolved(layer, column) for layer in layers for column in wishes.dissolve.get(layer.name, {})]
    wishes = replace(wishes, levels=_with_dissolved(wishes, made))
    layers = [*layers, *made]
    usable = [_lettered(layer, layers) for layer in layers if layer.name not in wishes.skip and len(layer)]
    usable = [part for layer in usable for part in _unmixed(layer, wishes)]
    left_out = [(name, "left out as you asked") for name in wishes.skip] + [
        (layer.name, "it holds only lettering") for layer in layers if not len(layer)
    ]
    shapes = shapes_of(usable)
    twins = _twins(shapes, wishes)
    usable = [layer for layer in usable if layer.name not in twins]
    shapes = {name: one for name, one in shapes.items() if name not in twins}
    left_out += [(name, f"it holds the same polygons as {first}") for name, first in twins.items()]
    row = _levels(shapes, wishes)
    row = [one for one in row if one.areas.any()]
    if not row:
        raise PackError(
            "None of the layers can be the net: no polygons were found. Name the file with the grids, or draw them closed.",
            [f"{layer.name}: {len(layer)} {layer.kind}s" for layer in layers],
        )
    entries = _level_entries(row, wishes)
    named = {one.layer.name for one in row}
    for layer in usable:
        if layer.name not in named:
            entry = _other(layer, shapes, row, wishes)
            if isinstance(entry, Entry):
                entries.append(entry)
            else:
                left_out.append((layer.name, entry))
    entries.sort(key=lambda entry: ROLES.index(entry.role))
    return Proposal(tuple(_distinct_keys(entries)), tuple(left_out), tuple(_advice(row, entries)))


def _resolved(wishes: Wishes, layers: Sequence[Layer]) -> Wishes:
    """Give every wish the name of a layer, whichever of its names the user wrote; list all that fit none."""
    faults: list[str] = []

    def one(name: str) -> str:
        for layer in sorted(layers, key=lambda layer: layer.name.lower() != name.lower()):
            if name.lower() in _spellings(layer):
                return layer.name
        faults.append(f"there is no layer {name!r}")
        return name

    def all_of(table: Mapping[str, str]) -> dict[str, str]:
        return {one(name): value for name, value in table.items()}

    found = Wishes(
        all_of(wishes.levels),
        all_of(wishes.overlays),
        all_of(wishes.points),
        all_of(wishes.ground),
        all_of(wishes.codes),
        all_of(wishes.labels),
        all_of(wishes.parents),
        {one(name): table for name, table in wishes.dissolve.items()},
        tuple(one(name) for name in wishes.skip),
    )
    by_name = {layer.name: layer for layer in layers}
    for table in (found.codes, found.labels, found.parents):
        faults += [
            f"{name} has no column {column!r}; it has {', '.join(by_name[name].columns) or 'none'}"
            for name, column in table.items()
            if name in by_name
            and column not in by_name[name].columns
            and not (column == "TEXT" and by_name[name].file.lower().endswith(".dxf"))
        ]
    faults += [
        f"{name} has no column {column!r}; it has {', '.join(by_name[name].columns)}"
        for name, table in found.dissolve.items()
        if name in by_name
        for column in table
        if column not in by_name[name].columns
    ]
    faults += [
        f"{kind!r} is no kind of {what}; choose one of {', '.join(kinds)}"
        for what, table, kinds in (("points", found.points, POINT_KINDS), ("ground", found.ground, GROUND_KINDS))
        for kind in table.values()
        if kind not in kinds
    ]
    faults += [
        fault
        for table in (found.levels, found.overlays, *found.dissolve.values())
        for key in table.values()
        if (fault := key_fault(key))
    ]
    faults += [
        f"{name} holds {by_name[name].kind}s, a level needs polygons"
        for name in found.levels
        if name in by_name and by_name[name].kind != "polygon"
    ]
    if faults:
        raise PackError(
            f"The layers are: {', '.join(layer.name for layer in layers)}. Some of the options do not fit them:", faults
        )
    return found


def _spellings(layer: Layer) -> set[str]:
    """Return what a user may call a layer: its name, its last part, its file with or without folder and ending."""
    file = layer.file.rsplit("/", 1)[-1]
    return {
        name.lower() for name in (layer.name, layer.name.rsplit("/", 1)[-1], layer.file, file, file.rsplit(".", 1)[0])
    }


# ---- lettering and mixed layers -------------------------------------------------------------------------------------------------------------------------


def _lettered(layer: Layer, layers: Sequence[Layer]) -> Layer:
    """Give the polygons of a drawing the one text that stands in each, from the lettering that fits best."""
    sources = [other for other in layers if other.texts and other.file == layer.file]
    if layer.kind != "polygon" or not sources:
        return layer
    tree = shapely.STRtree(layer.geoms)
    best: tuple[float, Layer | None, list[str]] = (0.5, None, [])
    for source in sorted(sources, key=lambda other: other.name != layer.name):
        point, polygon = tree.query([place for _, place in source.texts], predicate="within")
        counts = np.bincount(polygon, minlength=len(layer))
        one_each = np.full(len(layer), "", dtype=object)
        one_each[polygon] = [source.texts[position][0] for position in point]
        one_each[counts != 1] = ""
        distinct = len(set(one_each) - {""}) / max(1, len(layer))
        if distinct > best[0]:
            best = (distinct, source, [str(word) for word in one_each])
    if best[1] is None:
        return layer
    note = f"TEXT is the lettering of {best[1].name} that stands in each polygon"
    return replace(layer, columns={**layer.columns, "TEXT": list(best[2])}, notes=(*layer.notes, note))


def _unmixed(layer: Layer, wishes: Wishes) -> list[Layer]:
    """Split a layer that holds several levels at once (its polygons overlap) by the column that tells them apart."""
    if layer.kind != "polygon" or len(layer) < 3 or layer.name in {*wishes.levels, *wishes.overlays, *wishes.ground}:  # noqa: PLR2004
        return [layer]
    whole = shapes_of([layer])[layer.name]
    if whole.overlap <= TILES * 4:
        return [layer]
    for name, values in layer.columns.items():
        found = np.array(texts(values), dtype=object)
        groups = sorted(set(found))
        if not 2 <= len(groups) <= 6 or "" in groups:  # noqa: PLR2004
            continue
        parts = [
            replace(
                layer,
                name=f"{layer.name}:{group}",
                notes=(*layer.notes, f"the part of {layer.name} with {name} = {group}"),
            ).take(np.flatnonzero(found == group))
            for group in groups
        ]
        if all(
            Shapes(part, whole.geoms[found == group]).overlap <= TILES
            for part, group in zip(parts, groups, strict=True)
        ):
            return parts
    return [layer]


def _dissolved(layer: Layer, column: str) -> Layer:
    """Join the grids that have one value in a column; columns that say one thing in every group are kept."""
    found = np.array(texts(layer.columns[column]), dtype=object)
    groups = {group: np.flatnonzero(found == group) for group in sorted(set(found) - {""})}
    geoms = np.array(
        [shapely.union_all(shapely.make_valid(layer.geoms[rows])) for rows in groups.values()], dtype=object
    )
    kept = {name: texts(values) for name, values in layer.columns.items()}
    kept = {
        name: values
        for name, values in kept.items()
        if all(len({values[row] for row in rows}) == 1 for rows in groups.values())
    }
    columns = {name: [layer.columns[name][rows[0]] for rows in groups.values()] for name in kept}
    note = f"made from {layer.name} by joining its grids with one {column}"
    return replace(layer, name=f"{layer.name}:{column}", columns=columns, geoms=geoms, notes=(note,), texts=())


def _with_dissolved(wishes: Wishes, made: list[Layer]) -> Mapping[str, str]:
    """Name the levels with those made by dissolving, widest first, above the layer that they were made from."""
    keys = {f"{name}:{column}": key for name, table in wishes.dissolve.items() for column, key in table.items()}
    wider = {layer.name: keys[layer.name] for layer in sorted(made, key=len)}
    own = dict(wishes.levels) or dict.fromkeys(wishes.dissolve, "")
    return {**wider, **own} if wider else wishes.levels


def _twins(shapes: dict[str, Shapes], wishes: Wishes) -> dict[str, str]:
    """Find layers that hold what another holds (one net in two formats): name -> the one that is kept, which is the wished one, else the first."""
    wished = {*wishes.levels, *wishes.overlays, *wishes.ground}
    kept: list[Shapes] = []
    twins = {}
    for one in sorted(shapes.values(), key=lambda one: one.layer.name not in wished):
        first = next((other for other in kept if _same(one, other)), None)
        if first is None or one.layer.name in wished:
            kept.append(one)
        else:
            twins[one.layer.name] = first.layer.name
    return twins


def _same(one: Shapes, other: Shapes) -> bool:
    """Whether two layers hold the same polygons, to a hundred-thousandth of their areas and half a metre."""
    if len(one.geoms) != len(other.geoms) or len(one.geoms) == 0:
        return False
    near = np.abs(shapely.total_bounds(one.geoms) - shapely.total_bounds(other.geoms)).max() < 0.5  # noqa: PLR2004
    return bool(near and np.allclose(np.sort(one.areas), np.sort(other.areas), rtol=1e-5, atol=0.1))


# ---- levels ---------------------------------------------------------------------------------------------------------------------------------------------

# Words of layers' names, Chinese as parts, English and French as whole words.
_NET = (
    "网格",
    "社区",
    "街道",
    "片区",
    "责任区",
    "村",
    "乡镇",
    "区划",
    "行政区",
    "grid",
    "ward",
    "district",
    "community",
    "commission",
    "precinct",
    "borough",
    "neighborhood",
    "neighbourhood",
    "quartier",
    "arrondissement",
    "tract",
    "smd",
    "anc",
    "beat",
    "zone",
    "nta",
    "boundary",
)
_DEDICATED = ("专属", "专用网格", "行业网格", "dedicated")
_GROUND: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "railway": ("铁路", "轨道", "地铁", "rail", "railway", "railroad", "subway", "metro", "transit"),
        "water": ("水系", "水面", "水域", "河", "湖", "渠", "water", "waterway", "waterways", "hydro", "river", "rivers", "lake", "lakes", "canal", "stream", "eau"),
        "green": ("绿地", "绿化", "公园", "park", "parks", "green", "greenspace", "garden", "forest", "openspace", "parcs"),
        "block": ("小区", "院落", "楼院", "宗地", "地块", "compound", "compounds", "block", "blocks", "parcel", "parcels", "landuse", "estate"),
        "footprint": ("建筑", "房屋", "楼栋", "楼幢", "楼房", "building", "buildings", "footprint", "footprints", "bldg", "batiment"),
        "street": ("道路", "街巷", "路网", "马路", "巷", "road", "roads", "street", "streets", "highway", "centerline", "centerlines", "voie", "rue"),
    }
)  # fmt: skip
_POINTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "incident": ("事件", "案件", "工单", "诉求", "投诉", "上报", "12345", "incident", "incidents", "request", "requests", "311", "complaint", "complaints", "case", "cases", "pothole", "graffiti", "dumping", "violation", "violations", "crime", "crimes"),
        "service": ("服务站", "服务点", "驿站", "党群", "警务", "派出所", "消防站", "卫生站", "服务中心", "police", "fire", "library", "libraries", "service", "clinic", "post"),
        "site": ("加油", "加气", "餐饮", "餐厅", "饭店", "工地", "企业", "商铺", "门店", "场所", "仓库", "污染源", "重点", "隐患点", "站点", "gas", "fuel", "station", "tank", "tanks", "restaurant", "restaurants", "construction", "enterprise", "shop", "shops", "business", "businesses", "site", "sites", "hazard", "poi", "pois"),
        "building": ("建筑", "房屋", "楼栋", "楼幢", "小区", "学校", "医院", "building", "buildings", "house", "houses", "address", "addresses", "school", "schools", "hospital", "hospitals"),
    }
)  # fmt: skip


def _says(name: str, hints: Sequence[str]) -> bool:
    parts = {form for word in words(name) for form in (word, word.removesuffix("s"))}
    return any((hint in name) if not hint.isascii() else hint in parts for hint in hints)


def _ground_kind(name: str) -> str | None:
    return next((kind for kind, hints in _GROUND.items() if _says(name, hints)), None)


def _levels(shapes: dict[str, Shapes], wishes: Wishes) -> list[Shapes]:
    if wishes.levels:
        return [shapes[name] for name in wishes.levels]
    taken = {*wishes.overlays, *wishes.ground, *wishes.points}
    candidates = [one for name, one in shapes.items() if name not in taken and _may_be_level(one)]
    if not candidates:
        candidates = [one for name, one in shapes.items() if name not in taken]
    liked = {one.layer.name: _liking(one) for one in candidates}
    return chain(candidates, liked)


def _may_be_level(one: Shapes) -> bool:
    """Whether a layer may be a level: what its name calls water or a building is none, but blocks that touch are census blocks."""
    name = one.layer.name
    kind = None if _says(name, _NET) else _ground_kind(name)
    if _says(name, _DEDICATED) or (kind and not (_says(name, ("block",)) and _neighbourless(one) < TOUCHING)):
        return False
    return one.overlap <= TILES and bool(one.areas.any())


def _liking(one: Shapes) -> float:
    """Return what speaks for a layer as a level beyond its nesting: always less than one more level would."""
    code = guess.code_column(one.layer.columns, about=one.layer.name)
    coded = 0.0 if code is None else {"high": 0.15, "medium": 0.1, "low": 0.05}[code.confidence]
    named = 0.15 if _says(one.layer.name, _NET) else 0.0
    apart = -0.5 if one.typical < SMALL and _neighbourless(one) > 0.5 else 0.0  # noqa: PLR2004
    return coded + named + apart


def _neighbourless(one: Shapes) -> float:
    """Return the share of polygons that touch no other within a tenth of their size: buildings stand apart, grids do not."""
    first, second = one.tree.query(one.geoms, predicate="dwithin", distance=0.1 * one.typical**0.5)
    return 1 - len(set(first[first != second])) / max(1, len(one.geoms))


def _level_entries(row: list[Shapes], wishes: Wishes) -> list[Entry]:
    """Settle the columns from the leaf upward, since a column of the level below speaks for the code of the one above, then the parents downward."""
    layers = [one.layer for one in row]
    held: list[Nesting | None] = [None, *(nesting(wide, narrow) for wide, narrow in pairwise(row))]
    codes: list[guess.Choice] = []
    for number, layer in enumerate(layers):
        below = [texts(values) for values in layers[number + 1].columns.values()] if number + 1 < len(layers) else []
        choice = _wished(wishes.codes, layer) or guess.code_column(layer.columns, about=layer.name, below=below)
        if choice is None:
            layers[number], choice = _numbered(row[number])
        codes.append(choice)
    entries: list[Entry] = []
    for number, layer in enumerate(layers):
        above = texts(layers[number - 1].columns[codes[number - 1].column]) if number else []
        entry = _level_entry(
            layer, codes[number], held[number], above, wishes, leaf=number == len(layers) - 1, depth=number
        )
        entries.append(entry)
    if len(entries) > 1 and entries[0].confidence == "medium":
        entries[0] = replace(entries[0], confidence=entries[1].confidence)
    return [replace(entry, layer=_joined(entry)) for entry in entries]


def _wished(table: Mapping[str, str], layer: Layer) -> guess.Choice | None:
    return (
        guess.Choice(table[layer.name], "high", "as you asked")
        if layer.name in table and table[layer.name] in layer.columns
        else None
    )


def _numbered(one: Shapes) -> tuple[Layer, guess.Choice]:
    """Give numbers to grids without a code, west to east, north to south, as DB11 (Beijing, unit grids) does."""
    centres = (
        shapely.get_coordinates(shapely.centroid(one.geoms))
        if not shapely.is_missing(one.geoms).any()
        else np.zeros((len(one.geoms), 2))
    )
    band = np.round(-centres[:, 1] / max(1.0, one.typical**0.5))
    codes = np.empty(len(one.geoms), dtype=object)
    width = max(3, len(str(len(codes))))
    codes[np.lexsort((centres[:, 0], band))] = [f"{number:0{width}d}" for number in range(1, len(codes) + 1)]
    layer = replace(one.layer, columns={**one.layer.columns, "GRID_CODE": list(codes)})
    return layer, guess.Choice(
        "GRID_CODE", "low", "no column has a value of its own in every feature; numbered west to east, north to south"
    )


def _level_entry(
    layer: Layer, code: guess.Choice, held: Nesting | None, above: list[str], wishes: Wishes, *, leaf: bool, depth: int
) -> Entry:
    settings: dict[str, Any] = {"code": code.column}
    reasons = [f"code = {code.column!r}: {code.reason} ({code.confidence})"]
    label = _wished(wishes.labels, layer) or guess.label_column(layer.columns, code.column, leaf=leaf)
    if label:
        settings["label"] = label.column
        reasons.append(f"label = {label.column!r}: {label.reason} ({label.confidence})")
    confidence = "high" if layer.name in wishes.levels else "low" if code.confidence == "low" else "medium"
    if held is not None:
        confidence = "high" if held.holds else confidence
        reasons.insert(0, _nesting_reason(held))
        parent, why = _parent(layer, held, above, code.column, _wished(wishes.parents, layer))
        settings |= {"parent": parent} if parent else {}
        reasons.append(why)
    key, name = _key_and_name(layer, wishes.levels.get(layer.name) or None, f"level{depth + 1}")
    return Entry(layer, "level", key, name, settings, confidence, tuple(reasons))


def _nesting_reason(held: Nesting) -> str:
    strays = f"; {held.strays} lie in two parents" if held.strays else ""
    lost = f"; {held.lost} lie mostly outside" if held.lost else ""
    doubt = "" if held.holds else f" - not a clean nesting (at least {NESTS:.0%} is usual)"
    return f"{held.nested:.1%} of its area lies in one grid of the level above, of which it covers {min(held.covered, 1):.0%}{strays}{lost}{doubt}"


def _parent(
    layer: Layer, held: Nesting, above: list[str], own: str, wished: guess.Choice | None
) -> tuple[str | None, str]:
    """Choose the column with the parent's code: it must agree with the area shared."""
    if wished:
        return wished.column, f"parent = {wished.column!r}: as you asked"
    by_area = [above[position] if position >= 0 else "" for position in held.parents]
    for name in guess.parent_columns(layer.columns, above, own):
        agrees = float(
            np.mean([declared == area for declared, area in zip(texts(layer.columns[name]), by_area, strict=True)])
        )
        if agrees >= 0.95:  # noqa: PLR2004
            return name, f"parent = {name!r}: codes of the level above, and {agrees:.1%} lie where they say"
        if agrees >= 0.5:  # noqa: PLR2004
            return (
                None,
                f"{name!r} holds codes of the level above, but only {agrees:.0%} lie where they say; the parent is the one that shares the most area",
            )
    return None, "no column names the parent; it is the one that shares the most area"


def _joined(entry: Entry) -> Layer:
    """Join rows of one code into one multi-part grid, where they agree on label and parent."""
    layer = entry.layer
    columns = [
        texts(layer.columns[entry.settings[name]]) for name in ("code", "label", "parent") if name in entry.settings
    ]
    rows: dict[tuple[str, ...], list[int]] = {}
    for position, row in enumerate(zip(*columns, strict=True)):
        rows.setdefault(row if row[0] else (f"\0{position}",), []).append(position)
    if len(rows) == len(layer):
        return layer
    joined = layer.take(np.array([positions[0] for positions in rows.values()]))
    geoms = np.array(
        [
            layer.geoms[positions[0]]
            if len(positions) == 1
            else shapely.union_all(shapely.make_valid(layer.geoms[positions]))
            for positions in rows.values()
        ],
        dtype=object,
    )
    note = f"{len(layer) - len(joined)} features were joined to others of the same code, as parts of one grid"
    return replace(joined, geoms=geoms, notes=(*layer.notes, note))


# ---- the rest -------------------------------------------------------------------------------------------------------------------------------------------


def _other(layer: Layer, shapes: dict[str, Shapes], row: list[Shapes], wishes: Wishes) -> Entry | str:
    """Say what a layer that is no level is: an entry, or the reason for leaving it out."""
    if layer.name in wishes.ground:
        return _ground(layer, wishes.ground[layer.name], "high", "as you asked")
    if layer.name in wishes.points or layer.kind == "point":
        return _points(layer, wishes)
    if layer.kind == "line":
        return _line(layer)
    one, dedicated = shapes[layer.name], _says(layer.name, _DEDICATED)
    if layer.name not in wishes.overlays and not dedicated:
        kind = _ground_kind(layer.name)
        if kind and not _says(layer.name, _NET):
            return _ground(layer, kind, "medium", "its name says so")
        if one.typical < SMALL and len(layer) > len(row[-1].layer) and _neighbourless(one) > 0.3:  # noqa: PLR2004
            return _ground(layer, "footprint", "medium", "many small polygons that stand apart")
    return _overlay(layer, one, row, wishes, dedicated=dedicated)


def _line(layer: Layer) -> Entry | str:
    kind = _ground_kind(layer.name)
    if not kind and _says(layer.name, (*_NET, "boundaries")):
        return "lines whose name says that they bound a net; the net itself is polygons"
    if not kind and layer.file.lower().endswith(".dxf"):
        return f"lines of a drawing whose name says nothing to us; add --ground {layer.name}=street if they are streets"
    return _ground(
        layer,
        kind or "street",
        "medium" if kind else "low",
        "its name says so" if kind else "lines are taken for streets",
    )


def _overlay(layer: Layer, one: Shapes, row: list[Shapes], wishes: Wishes, *, dedicated: bool) -> Entry:
    code = _wished(wishes.codes, layer) or guess.code_column(layer.columns, about=layer.name)
    if code is None:
        layer, code = _numbered(one)
    values = texts(layer.columns[code.column])
    dedicated = dedicated or sum("专" in value for value in values) > len(values) / 2
    settings: dict[str, Any] = {"code": code.column}
    label = _wished(wishes.labels, layer) or guess.label_column(layer.columns, code.column, leaf=True)
    settings |= {"label": label.column} if label else {}
    title = next(
        (name for name in (guess.named_column(layer.columns),) if name and name not in settings.values()), None
    )
    settings |= {"title": title} if title else {}
    settings["responsible"] = dedicated
    why = "as you asked" if layer.name in wishes.overlays else _no_level(one, row)
    key, name = _key_and_name(layer, wishes.overlays.get(layer.name), "dedicated" if dedicated else "overlay")
    confidence = "high" if layer.name in wishes.overlays or dedicated else "medium"
    return Entry(
        layer,
        "overlay",
        key,
        name,
        settings,
        confidence,
        (why, f"code = {code.column!r}: {code.reason} ({code.confidence})"),
    )


def _no_level(one: Shapes, row: list[Shapes]) -> str:
    if one.overlap > TILES:
        return f"its polygons overlap each other by {one.overlap:.0%} of their area, so they are no level"
    for level in row:
        wide, narrow = (one, level) if len(one.geoms) <= len(level.geoms) else (level, one)
        held = nesting(wide, narrow)
        if not held.holds:
            return f"it does not nest with {level.layer.name}: {held.strays} polygons lie in two, {held.nested:.1%} of the area nests, {min(held.covered, 1):.0%} is covered"
    return "it is beside the levels"


def _points(layer: Layer, wishes: Wishes) -> Entry:
    kind, confidence, why = _point_kind(layer, wishes)
    settings: dict[str, Any] = {"kind": kind}
    fields = guess.point_fields(layer.columns, kind)
    key, name = _key_and_name(layer, None, kind)
    if kind in {"site", "incident", "service"}:
        column = guess.class_column(layer.columns, set(fields.values()))
        settings |= {"class_property": column} if column else {"class": key}
    unique = guess.id_column(layer.columns)
    settings |= {"id": unique} if unique else {}
    settings |= {"fields": fields} if fields else {}
    reasons = [why]
    if "status" in fields and kind == "incident":
        known, unknown = guess.status_map(layer.columns[fields["status"]])
        settings |= {"status": known} if known else {}
        reasons += [f"nobody knows these statuses, map them by hand: {', '.join(unknown[:10])}"] if unknown else []
    return Entry(layer, "points", key, name, settings, confidence, tuple(reasons))


def _point_kind(layer: Layer, wishes: Wishes) -> tuple[str, str, str]:
    if layer.name in wishes.points:
        return wishes.points[layer.name], "high", "as you asked"
    incident = guess.point_fields(layer.columns, "incident")
    if "status" in incident and len(guess.TIMES & set(incident)) >= 2:  # noqa: PLR2004
        return "incident", "high", "it has a status and times"
    named = next((kind for kind, hints in _POINTS.items() if _says(layer.name, hints)), None)
    if named and (named != "incident" or guess.TIMES & set(incident)):
        return named, "medium", "its name says so"
    if {"households", "storeys"} & set(guess.point_fields(layer.columns, "building")):
        return "building", "medium", "it counts households or storeys"
    return named or "site", "low", "points that say little of themselves are taken for sites"


def _ground(layer: Layer, kind: str, confidence: str, why: str) -> Entry:
    settings: dict[str, Any] = {"kind": kind}
    title = guess.named_column(layer.columns)
    settings |= {"title": title} if title else {}
    key, name = _key_and_name(layer, None, kind)
    return Entry(layer, "ground", key, name, settings, confidence, (why,))


# ---- keys and names -------------------------------------------------------------------------------------------------------------------------------------

_KEYS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "微网格": ("micro", "Micro-grid"), "专属网格": ("dedicated", "Dedicated grid"), "一级网格": ("grid1", "First-level grid"), "二级网格": ("grid2", "Second-level grid"), "三级网格": ("grid3", "Third-level grid"), "四级网格": ("grid4", "Fourth-level grid"),
        "基础网格": ("base_grid", "Base grid"), "单元网格": ("unit_grid", "Unit grid"), "街道": ("street_office", "Sub-district"), "社区": ("community", "Community"), "片区": ("district", "District"), "网格": ("grid", "Grid"), "行政村": ("village", "Village"),
        "道路": ("streets", "Streets"), "街巷": ("lanes", "Lanes"), "水系": ("water", "Water"), "绿地": ("green", "Green"), "公园": ("parks", "Parks"), "铁路": ("railway", "Railway"), "小区": ("compounds", "Compounds"), "建筑": ("buildings", "Buildings"), "房屋": ("buildings", "Buildings"), "楼栋": ("buildings", "Buildings"),
        "事件": ("incidents", "Incidents"), "案件": ("cases", "Cases"), "加油站": ("gas_stations", "Petrol stations"), "餐饮": ("restaurants", "Restaurants"), "工地": ("building_sites", "Construction sites"), "企业": ("enterprises", "Enterprises"), "学校": ("schools", "Schools"), "医院": ("hospitals", "Hospitals"),
    }
)  # fmt: skip


def _key_and_name(layer: Layer, wished: str | None, fallback: str) -> tuple[str, Name]:
    shown = re.split(r"[/:]", layer.name)[-1] or layer.name
    if shown in {"points", "lines", "polygons"}:
        shown = re.split(r"[/:]", layer.name)[-2]
    known = next((pair for word, pair in _KEYS.items() if word in shown), None)
    slug = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]", "_", shown.lower() if shown.isascii() else "")).strip("_")
    slug = re.sub(r"^(\d)", r"n\1", slug)[:32].strip("_")
    key = wished or (known[0] if known else slug if KEY.fullmatch(slug) and slug not in RESERVED else fallback)
    english = (
        known[1]
        if known
        else re.sub(r"[_\-]+", " ", shown).strip().capitalize()
        if shown.isascii()
        else fallback.capitalize()
    )
    return key, Name(shown, english)


def _distinct_keys(entries: list[Entry]) -> list[Entry]:
    """Add a number to keys that stand twice; a wished one never changes unless it stands twice itself."""
    seen: set[str] = set()
    out = []
    for entry in entries:
        key, number = entry.key, 1
        while key in seen:
            number += 1
            key = f"{entry.key[:28]}_{number}"
        seen.add(key)
        settings = {**entry.settings, "class": key} if entry.settings.get("class") == entry.key else entry.settings
        out.append(replace(entry, key=key, settings=settings))
    return out


def _advice(row: list[Shapes], entries: list[Entry]) -> list[str]:
    leaf = row[-1]
    out = []
    if leaf.overlap > TILES:
        out.append(f"{leaf.layer.name}: its polygons overlap by {leaf.overlap:.0%} of their area; a leaf level tiles.")
    if len(row) == 1:
        groups = [
            name
            for name, values in leaf.layer.columns.items()
            if name != entries[0].settings["code"]
            and 1 < len(set(texts(values))) <= len(leaf.layer) / 2
            and _says(name, (*_NET, "所属", "parent"))
            and fold(name)
        ]
        out += [
            f"{leaf.layer.name}: only one level was found. Column {name!r} looks like the level above; --dissolve {leaf.layer.name}:{name}=KEY makes that level from it."
            for name in groups[:3]
        ]
    return out
