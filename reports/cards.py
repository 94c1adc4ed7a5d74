"""The card (卡片) of a thing on the map: a grid, an incident, a building, a site, a service, a street.

A card is a plain mapping, the same for the map, a page and a script: ``title``, ``subtitle``, ``kind``, ``code``, ``mark`` (or None), ``rows`` (label and value),
``sections`` (each with items that can be opened in turn), ``lon``, ``lat``, ``bbox``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import UnknownGrid
from geo.measure import areas_m2, centre_of, projection
from geo.net import Level, Net, Overlay, Stack
from geo.scheme import Name
from incidents.model import Mark
from incidents.posts import Duty, duty_of
from layers.classes import class_names
from layers.load import Area
from layers.pack import PointEntry
from locales import Translator, translator
from reports import figures
from reports.words import length_of_time, mark_name, moment, status_name

MOST_ITEMS = 8
REPEAT_METRES = 50
TOUCHING = 0.02  # share of its area that a grid must have in a dedicated grid to be said to lie in it
SQUARE_KILOMETRE = 1e6
KILOMETRE = 1000


@dataclass
class Card:
    """A card in the making."""

    title: str
    subtitle: str
    kind: str
    code: str
    lon: float
    lat: float
    bbox: tuple[float, float, float, float]
    mark: str | None = None
    rows: list[tuple[str, str]] = field(default_factory=list)
    sections: list[dict[str, Any]] = field(default_factory=list)

    def row(self, label: str, value: object) -> None:
        """Add a row, unless it would say nothing."""
        if value not in ("", None):
            self.rows.append((label, str(value)))

    def section(self, title: str, items: list[dict[str, Any]]) -> None:
        """Add a section, unless it is empty."""
        if items:
            self.sections.append({"title": title, "items": items})

    def as_dict(self) -> dict[str, Any]:
        """Return the card as JSON knows it."""
        return {**self.__dict__, "rows": [list(row) for row in self.rows], "bbox": list(self.bbox)}


def card(area: Area, kind: str, code: str, *, language: str = "zh") -> dict[str, Any]:
    """Return the card of a thing.

    Parameters
    ----------
    kind
        Key of a level, overlay or point layer; ``incident`` with the uid as code; ``street`` or the key of a ground layer with the name as code.
    language
        ``zh`` or ``en``.

    Raises
    ------
    UnknownGrid
        The area has no such thing.
    """
    speech = Speech(area, language)
    for make in (_level_card, _overlay_card, _point_card, _incident_card, _ground_card):
        found = make(speech, kind, code)
        if found:
            return found.as_dict()
    raise UnknownGrid(f"Area {area.id!r} has no {kind!r} {code!r}. Search for it by name.")


@dataclass(frozen=True)
class Speech:
    """An area and the language in which to speak of it."""

    area: Area
    language: str

    @property
    def _(self) -> Translator:
        return translator(self.language)

    def name(self, name: Name) -> str:
        """Return a name in the language."""
        return name.in_(self.language)

    def class_name(self, kind: str, class_: str) -> str:
        """Return the name of a class of one kind of points."""
        names = class_names(self.area, kind)
        return self.name(names[class_]) if class_ in names else class_


def _level_card(speech: Speech, kind: str, code: str) -> Card | None:
    net = speech.area.net
    level = next((level for level in net.levels if level.key == kind), None)
    if level is None:
        return None
    stack = next((stack for stack in net.stacks if stack.code == code), None) if level is net.leaf else None
    if stack is not None:
        return _stack_card(speech, level, stack)
    if code not in level.positions:
        return None
    position = level.positions[code]
    stacked = net.stacked.get(code, ()) if level is net.leaf else ()
    made = _shape_card(kind, code, level.labels[position], speech.name(level.name), level.geoms[position])
    _lineage_rows(speech, made, _codes_of(net, level, position))
    _duty_rows(speech, made, duty_of(net, _codes_of(net, level, position)))
    _children_rows(speech, made, level, position)
    _extent_rows(speech, made, level.geoms[position])
    members = {stack.code for stack in stacked} or {code}
    _holdings(speech, made, kind, members)
    made.section(
        speech._("Stacked micro-grids"),
        [_item(kind, stack.code, stack.label, _where(stack, speech._)) for stack in stacked],
    )
    if level is net.leaf:
        _dedicated_section(speech, made, level.geoms[position])
    return made


def _stack_card(speech: Speech, level: Level, stack: Stack) -> Card:
    net = speech.area.net
    position = level.position(stack.on)
    made = _shape_card(level.key, stack.code, stack.label, speech.name(level.name), level.geoms[position])
    codes = {**_codes_of(net, level, position), level.key: stack.code}
    _lineage_rows(speech, made, codes)
    made.row(speech._("Part of the building"), _where(stack, speech._))
    _duty_rows(speech, made, duty_of(net, codes))
    made.row(speech._("Households"), stack.households)
    _holdings(speech, made, level.key, {stack.code}, households=False)
    return made


def _overlay_card(speech: Speech, kind: str, code: str) -> Card | None:
    net = speech.area.net
    overlay = next((overlay for overlay in net.overlays if overlay.key == kind), None)
    if overlay is None or code not in overlay.positions:
        return None
    position = overlay.positions[code]
    geom, label = overlay.geoms[position], str(overlay.labels[position])
    title = str(overlay.titles[position])
    shown = label if not title else title if label in title else f"{label} {title}"
    made = _shape_card(kind, code, shown, speech.name(overlay.name), geom)
    codes = _codes_at(net, made.lon, made.lat)
    _lineage_rows(speech, made, codes)
    if overlay.responsible:
        _duty_rows(speech, made, duty_of(net, {**codes, overlay.key: code}))
    else:
        made.row(speech._("Responsible post"), overlay.posts[position])
    _extent_rows(speech, made, geom)
    _holdings(speech, made, kind, {code})
    return made


def _point_card(speech: Speech, kind: str, code: str) -> Card | None:
    entry = next((entry for entry in speech.area.pack.points if entry.key == kind), None)
    if entry is None:
        return None
    frame = speech.area.points[kind]
    rows = frame[frame["id"] == code]
    if rows.empty:
        return None
    if entry.kind == "incident":
        return _incident_card(speech, "incident", f"{kind}:{code}")
    row = rows.iloc[0]
    made = _place_card(
        kind,
        code,
        row["name"] or row["address"] or code,
        _subtitle(speech, entry, row),
        lon=row.geometry.x,
        lat=row.geometry.y,
    )
    _ = speech._
    made.row(_("Address"), row["address"])
    made.row(_("Use"), row["use"])
    made.row(_("Opening hours"), row["hours"])
    made.row(_("Households"), _whole(row["households"]))
    made.row(_("Storeys"), _whole(row["storeys"]))
    codes = _codes_in(speech.area.net, row)
    _lineage_rows(speech, made, codes, leaf=True)
    _duty_rows(speech, made, duty_of(speech.area.net, codes))
    return made


def _incident_card(speech: Speech, kind: str, code: str) -> Card | None:
    if kind != "incident":
        return None
    cases = figures.cases(speech.area)
    rows = cases[cases["uid"] == code]
    if rows.empty:
        return None
    row, _, as_of = rows.iloc[0], speech._, speech.area.as_of
    class_ = speech.class_name("incident", row["class"])
    made = _place_card(
        "incident",
        code,
        row["title"] or class_,
        f"{class_} · {mark_name(row['mark'], _)}",
        lon=row["lon"],
        lat=row["lat"],
    )
    made.mark = row["mark"]
    codes = _codes_in(speech.area.net, row)
    duty = duty_of(speech.area.net, codes)
    if row["mark"] == Mark.GREEN.value:  # what is done can no longer be overdue
        duty = replace(duty, overdue=None)
    late = as_of is not None and row["mark"] == Mark.RED.value and row["due"] < as_of
    made.row(_("State"), status_name(row["status"], _))
    if late:
        made.row(_("Overdue"), _("by {span}").format(span=length_of_time(as_of - row["due"], _)))
    made.row(_("Number"), row["id"])
    made.row(_("Reported at"), moment(row["reported"]))
    made.row(_("Due"), moment(row["due"]))
    made.row(_("Closed on"), moment(row["closed"]))
    made.row(_("Address"), row["address"])
    made.row(_("Part of the building"), _unit_and_floor(row["unit"], row["floor"], _))
    made.row(_("Handled by"), row["responsible"])
    _lineage_rows(speech, made, codes, leaf=True)
    _duty_rows(speech, made, duty, late=late)
    _repeats_section(speech, made, cases, row)
    return made


def _repeats_section(speech: Speech, made: Card, cases: pd.DataFrame, row: "pd.Series[Any]") -> None:
    """Add what was reported in the same class close by: the same thing twice, or a place where it comes again."""
    metres = dict(figures.near(speech.area).within(row["lon"], row["lat"], metres=REPEAT_METRES))
    alike = cases[cases["uid"].isin(set(metres) - {row["uid"]}) & (cases["class"] == row["class"])]
    items = [
        {**_case_item(speech, other), "detail": f"{metres[other['uid']]:.0f} m · {moment(other['reported'])}"}
        for _position, other in alike.head(MOST_ITEMS).iterrows()
    ]
    title = speech._("Same class within {n} m").format(n=REPEAT_METRES)
    made.section(title + (f" · {len(alike)}" if len(alike) > len(items) else ""), items)


def _ground_card(speech: Speech, kind: str, code: str) -> Card | None:
    entries = [
        entry for entry in speech.area.pack.ground if entry.key == kind or (kind == "street" and entry.kind == "street")
    ]
    pieces = [geom for entry in entries for geom in _titled(speech.area.ground[entry.key], code)]
    if not pieces:
        return None
    _, leaf = speech._, speech.area.net.leaf
    made = _shape_card(kind, code, code, speech.name(entries[0].name), shapely.union_all(pieces))
    metres = _metres(pieces)
    if metres:
        made.row(_("Length"), _length(metres))
    else:
        _extent_rows(speech, made, shapely.union_all(pieces))
    whole = shapely.union_all(pieces)
    along = np.flatnonzero(shapely.intersects(leaf.geoms, whole))
    made.row(_("Grids along it") if metres else _("Grids that it touches"), len(along) or "")
    made.section(
        speech.name(leaf.name),
        [
            _item(leaf.key, leaf.codes[p], leaf.labels[p], _parent_label(speech.area.net, leaf, p))
            for p in along[: 3 * MOST_ITEMS]
        ],
    )
    return made


def _shape_card(kind: str, code: str, title: object, subtitle: str, geom: shapely.Geometry) -> Card:
    west, south, east, north = (round(float(edge), 6) for edge in shapely.bounds(geom))
    middle = shapely.point_on_surface(geom)
    return Card(
        str(title),
        subtitle,
        kind,
        code,
        round(float(middle.x), 6),
        round(float(middle.y), 6),
        (west, south, east, north),
    )


def _place_card(kind: str, code: str, title: object, subtitle: str, *, lon: float, lat: float) -> Card:
    x, y = round(float(lon), 6), round(float(lat), 6)
    return Card(str(title), subtitle, kind, code, x, y, (x, y, x, y))


def _subtitle(speech: Speech, entry: PointEntry, row: "pd.Series[Any]") -> str:
    name = speech.name(entry.name)
    class_ = speech.class_name(entry.kind, row["class"]) if entry.kind in {"site", "service"} else name
    return class_ if class_ == name else f"{name} · {class_}"


def _codes_of(net: Net, level: Level, position: int) -> dict[str, str]:
    """Return the codes of a grid and of all levels above it."""
    codes: dict[str, str] = {}
    upward = list(net.levels[: net.levels.index(level) + 1])
    for current in reversed(upward):
        if position < 0:
            break
        codes[current.key] = str(current.codes[position])
        position = int(current.parents[position])
    return codes


def _codes_at(net: Net, lon: float, lat: float) -> dict[str, str]:
    codes = net.assign(np.array([lon]), np.array([lat])).iloc[0]
    return {level.key: str(codes[level.key]) for level in net.levels}


def _codes_in(net: Net, row: "pd.Series[Any]") -> dict[str, str]:
    return {key: str(row[key]) for key in net.keys}


def _label(net: Net, level: Level, code: str) -> str:
    if code in level.positions:
        return str(level.labels[level.positions[code]])
    return next((stack.label for stack in net.stacks if stack.code == code), code)


def _labelled(net: Net, level: Level, codes: str) -> str:
    """Write codes with the labels that people know them by: ``3-05（410102001003005）``."""
    said = []
    for code in codes.split(";"):
        label = _label(net, level, code)
        said.append(code if label == code else f"{label}（{code}）")
    return "、".join(said)


def _parent_label(net: Net, level: Level, position: int) -> str:
    place = net.levels.index(level)
    parent = int(level.parents[position])
    return str(net.levels[place - 1].labels[parent]) if place and parent >= 0 else ""


def _lineage_rows(speech: Speech, made: Card, codes: Mapping[str, str], *, leaf: bool = False) -> None:
    """Add a row for each level, the widest first; a grid's own code stands among them."""
    net = speech.area.net
    for level in net.levels:
        if codes.get(level.key):
            made.row(speech.name(level.name), _labelled(net, level, codes[level.key]))
    for overlay in net.overlays if leaf else ():
        if codes.get(overlay.key):
            made.row(
                speech.name(overlay.name),
                "、".join(_overlay_label(overlay, code) for code in codes[overlay.key].split(";")),
            )


def _overlay_label(overlay: Overlay, code: str) -> str:
    position = overlay.positions[code]
    label, title = str(overlay.labels[position]), str(overlay.titles[position])
    return title if label in title else f"{label} {title}".strip()


def _duty_rows(speech: Speech, made: Card, duty: Duty, *, late: bool = False) -> None:
    _ = speech._
    if duty.post:
        title = duty.post.title
        made.row(_("Responsible post"), _("{post} (volunteer)").format(post=title) if duty.post.volunteer else title)
    if duty.informed:
        made.row(_("Informed"), duty.informed.title)
    if duty.overdue and (late or duty.overdue != duty.post):
        made.row(_("Overdue goes to"), duty.overdue.title)


def _children_rows(speech: Speech, made: Card, level: Level, position: int) -> None:
    """Add how many grids of each level below lie in it; stacked micro-grids count, the polygons that carry them do not."""
    net = speech.area.net
    inside = np.array([position])
    place = net.levels.index(level)
    for below in net.levels[place + 1 :]:
        inside = np.flatnonzero(np.isin(below.parents, inside))
        count = (
            sum(len(net.stacked.get(code, (code,))) for code in below.codes[inside])
            if below is net.leaf
            else len(inside)
        )
        made.row(speech.name(below.name), speech._("{n} grids").format(n=count))


def _extent_rows(speech: Speech, made: Card, geom: shapely.Geometry) -> None:
    area = float(areas_m2(np.array([geom], dtype=object))[0])
    made.row(
        speech._("Extent"),
        f"{area / SQUARE_KILOMETRE:.2f} km²" if area >= SQUARE_KILOMETRE else f"{area:,.0f} m²" if area else "",
    )


def _inside(frame: pd.DataFrame, key: str, codes: set[str]) -> pd.DataFrame:
    """Return the rows that lie in one of the grids; a row with several stacked codes lies in each."""
    column = frame[key].astype(str)
    keep = column.isin(codes).to_numpy(copy=True)
    for position in np.flatnonzero(column.str.contains(";", regex=False)):
        keep[position] = not codes.isdisjoint(column.iloc[position].split(";"))
    return frame[keep]


def _holdings(speech: Speech, made: Card, key: str, codes: set[str], *, households: bool = True) -> None:
    """Add what lies in a grid: households, buildings, incidents by mark, open ones, sites."""
    _, area = speech._, speech.area
    buildings = [_inside(frame, key, codes) for frame in area.of_kind("building").values()]
    people = sum(float(frame["households"].sum()) for frame in buildings)
    if households and people:
        made.row(_("Households"), f"{int(people):,}")
    made.row(_("Buildings"), f"{total:,}" if (total := sum(len(frame) for frame in buildings)) else "")
    cases = _inside(figures.cases(area), key, codes)
    count = figures.counts(cases)
    made.mark = next((mark for mark, number in count.items() if number), None)
    for mark, number in count.items():
        made.row(mark_name(mark, _), number or "")
    _open_section(speech, made, cases[cases["mark"] == Mark.RED.value])
    _site_sections(speech, made, key, codes)


def _open_section(speech: Speech, made: Card, cases: pd.DataFrame) -> None:
    shown = [_case_item(speech, row) for _position, row in cases.head(MOST_ITEMS).iterrows()]
    more = len(cases) - len(shown)
    limit = speech._("newest {n} of {total}").format(n=len(shown), total=len(cases))
    made.section(speech._("Open incidents") + (f" · {limit}" if more else ""), shown)


def _case_item(speech: Speech, row: "pd.Series[Any]") -> dict[str, Any]:
    class_ = speech.class_name("incident", row["class"])
    return _item("incident", row["uid"], row["title"] or class_, moment(row["reported"]), row["mark"])


def _site_sections(speech: Speech, made: Card, key: str, codes: set[str]) -> None:
    """Add the sites and services by class: each by name while they are few, else how many."""
    for entry in speech.area.pack.points:
        if entry.kind not in {"site", "service"}:
            continue
        inside = _inside(speech.area.points[entry.key], key, codes)
        for class_, group in inside.groupby("class", sort=False):
            name = speech.class_name(entry.kind, str(class_))
            made.section(f"{name} · {len(group)}", _some(entry.key, group))


def _some(key: str, group: pd.DataFrame) -> list[dict[str, Any]]:
    few = group.head(MOST_ITEMS)
    return [
        _item(key, code, name or address or code, address if name else "")
        for code, name, address in zip(few["id"], few["name"], few["address"], strict=True)
    ]


def _dedicated_section(speech: Speech, made: Card, geom: shapely.Geometry) -> None:
    """Add the overlays in which the grid lies, or which lie in it."""
    for overlay in speech.area.net.overlays:
        shared = shapely.area(shapely.intersection(shapely.make_valid(overlay.geoms), shapely.make_valid(geom)))
        least = TOUCHING * np.minimum(shapely.area(overlay.geoms), shapely.area(geom))
        within = np.flatnonzero(shared > least)
        made.section(
            speech.name(overlay.name),
            [
                _item(overlay.key, overlay.codes[p], _overlay_label(overlay, overlay.codes[p]), overlay.posts[p])
                for p in within
            ],
        )


def _item(kind: str, code: object, label: object, detail: object = "", mark: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "code": str(code), "label": str(label), "detail": str(detail), "mark": mark}


def _where(stack: Stack, _: Translator) -> str:
    units = _span(stack.unit_from, stack.unit_to)
    floors = _span(stack.floor_from, stack.floor_to)
    return " · ".join(
        [_("unit {span}").format(span=units)] * bool(units) + [_("floor {span}").format(span=floors)] * bool(floors)
    )


def _span(low: int | None, high: int | None) -> str:
    if low is None and high is None:
        return ""
    return str(low) if low == high else f"{'' if low is None else low}–{'' if high is None else high}"


def _unit_and_floor(unit: float, floor: float, _: Translator) -> str:
    parts = [(_("unit {span}"), unit), (_("floor {span}"), floor)]
    return " · ".join(text.format(span=int(value)) for text, value in parts if value == value)  # noqa: PLR0124  NaN


def _whole(value: float) -> str:
    return "" if value != value else f"{int(value):,}"  # noqa: PLR0124  NaN


def _titled(frame: gpd.GeoDataFrame, title: str) -> Iterable[shapely.Geometry]:
    return frame.geometry.to_numpy()[frame["title"].to_numpy() == title]


def _metres(pieces: list[shapely.Geometry]) -> float:
    """Return the length of lines in metres; 0 for what has an area."""
    geoms = np.array(pieces, dtype=object)
    if (shapely.get_dimensions(geoms) != 1).any():
        return 0.0
    return float(shapely.length(shapely.transform(geoms, projection(*centre_of(geoms)))).sum())


def _length(metres: float) -> str:
    return f"{metres / KILOMETRE:.1f} km" if metres >= KILOMETRE else f"{metres:.0f} m"
