"""The card (卡片) of a thing on the map: a grid, an incident, a building, a site, a service, a street.

A card is a plain mapping, the same for the map, a page and a script: ``title``, ``subtitle``, ``kind``, ``code``, ``mark`` (or None), ``rows`` (label and value),
``sections`` (each with items that can be opened in turn), ``lon``, ``lat``, ``bbox``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from desk.acts import unit_of
from desk.emergency.building import BUILDING, sees
from desk.inspections import rounds
from desk.places.repeats import repeats
from desk.room import Room
from desk.sites import register
from geo.errors import DraftError, UnknownGrid, UnknownIncident
from geo.measure import areas_m2, centre_of, distances_m, projection
from geo.net import Level, Net, Overlay, Stack
from geo.scheme import Name
from incidents.case import Incident
from incidents.deadlines import Light, light
from incidents.model import Mark, Status, Urgency, mark_of
from incidents.posts import Duty, duty_of
from inspections.findings import STANDING as STANDS
from inspections.grades import Degree
from layers.classes import class_names
from layers.load import Area
from layers.pack import PointEntry
from ledger import find, findings
from ledger.tables import instant
from locales import N_, Translator, translator
from reports import figures
from reports.figures import Filter
from reports.inspection_words import grade_text
from reports.rounds import STANDING, due_text
from reports.site_words import STATE
from reports.withheld import few_left_out
from reports.words import CHANNEL, URGENCY, length_of_time, mark_name, moment, period, post_title, status_name

LIGHT = MappingProxyType({Light.GREEN: N_("in time"), Light.AMBER: N_("soon due"), Light.RED: N_("overdue")})
ITEM = ("number", "class", "title", "reported", "mark", "lon", "lat")  # columns of an incident in a list
MOST_ITEMS = 8
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
    link: dict[str, Any] | None = None

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


def card(
    room: Room, kind: str, code: str, now: datetime, *, wanted: Filter | None = None, language: str = "zh"
) -> dict[str, Any]:
    """Return the card of a thing.

    Parameters
    ----------
    kind
        Key of a level, overlay or point layer; ``incident`` with the number as code; ``street`` or the key of a ground layer with the name as code.
    wanted
        The filter under which the map is looked at: a grid's card counts for its period and classes. Everything by default.
    language
        ``zh`` or ``en``.

    Raises
    ------
    UnknownGrid
        The area has no such thing; an incident of a restricted class has no card, nor has any for who reads no words.
    """
    speech = Speech(room, language, now, wanted or Filter())
    for make in (_level_card, _overlay_card, _point_card, _incident_card, _site_card, _ground_card):
        found = make(speech, kind, code)
        if found:
            return found.as_dict()
    raise UnknownGrid(f"Area {room.id!r} has no {kind!r} {code!r}. Search for it by name.")


@dataclass(frozen=True)
class Speech:
    """A room, the language in which to speak of it, the time, and the filter of the map."""

    room: Room
    language: str
    now: datetime
    wanted: Filter

    @property
    def area(self) -> Area:
        """The area."""
        return self.room.area

    @property
    def _(self) -> Translator:
        return translator(self.language)

    def name(self, name: Name) -> str:
        """Return a name in the language."""
        return name.in_(self.language)

    def class_name(self, kind: str, class_: str) -> str:
        """Return the name of a class of one kind of points."""
        if kind == "incident":
            return self.name(self.room.class_name(class_))
        names = class_names(self.area, kind)
        return self.name(names[class_]) if class_ in names else class_

    def post(self, key: str) -> str:
        """Return what people call a post; "" for none."""
        title = figures.title_of(self.room, key)
        return post_title(self.room.post(key), self._) if title and title != key else title

    def time(self, time: datetime | None) -> str:
        """Return a time in the area's zone."""
        return moment(pd.Timestamp(time).tz_convert(self.area.pack.timezone)) if time else ""


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
    _duty_rows(speech, made, duty_of(net, _codes_of(net, level, position), speech.room.posts))
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
    _duty_rows(speech, made, duty_of(net, codes, speech.room.posts))
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
        _duty_rows(speech, made, duty_of(net, {**codes, overlay.key: code}, speech.room.posts))
    else:
        made.row(speech._("Responsible post"), overlay.posts[position])
    _extent_rows(speech, made, geom)
    _holdings(speech, made, kind, {code})
    return made


def _point_card(speech: Speech, kind: str, code: str) -> Card | None:
    entry = next((entry for entry in speech.area.pack.points if entry.key == kind), None)
    if entry is None or entry.kind == "incident":
        return None
    frame = speech.area.points[kind]
    rows = frame[frame["id"] == code]
    if rows.empty:
        return None
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
    _duty_rows(speech, made, duty_of(speech.area.net, codes, speech.room.posts))
    if entry.kind == BUILDING and speech.room.who and speech.room.who.can("emergency") and sees(speech.room, codes):
        address = f"/emergency/{quote(speech.room.id, safe='')}/{quote(code, safe='/')}"
        made.link = {"href": f"{address}?{urlencode({'lang': speech.language})}", "label": _("Emergency card")}
    return made


def _incident_card(speech: Speech, kind: str, code: str) -> Card | None:
    if kind != "incident":
        return None
    room, _ = speech.room, speech._
    case = _case(room, code)
    if case is None:
        return None
    class_ = speech.class_name("incident", case.class_)
    shown = _mark(speech, case)
    subtitle = " · ".join([class_, mark_name(shown, _)] if shown else [class_])
    made = _place_card("incident", code, case.title or class_, subtitle, lon=case.lon, lat=case.lat)
    made.mark = shown or None
    late = figures.is_overdue(case, figures.minute(room, speech.now))
    _state_rows(speech, made, case, late=late)
    _place_rows(speech, made, case)
    made.row(_("Handler"), speech.post(case.state.handler))
    made.row(_("Responsible post"), _with_volunteer(speech, case.post))
    made.row(_("Informed"), speech.post(case.informed))
    if case.mark is Mark.RED and case.overdue_post and (late or case.overdue_post != case.post):
        made.row(_("Overdue goes to"), speech.post(case.overdue_post))
    _repeats_section(speech, made, case)
    query = {"area": room.id, "case": code, "lang": speech.language}
    made.link = {
        "href": f"/case?{urlencode(query)}",
        "label": _("Open the case sheet"),
        "page": "case",
        "own": {"case": code},
    }
    return made


def _site_card(speech: Speech, kind: str, code: str) -> Card | None:
    """Return the card of a site of the register, where who looks sees it."""
    room, _ = speech.room, speech._
    if kind != "registered":
        return None
    try:
        one = register.get(room, code)
    except DraftError:
        return None
    named = speech.name(room.rules.sites.kind(one.kind).name)
    made = _place_card(kind, code, one.name, named, lon=one.lon, lat=one.lat)
    made.row(_("Number"), one.number)
    made.row(_("State"), _(STATE[one.state]))
    made.row(_("Address"), one.address)
    _lineage_rows(speech, made, one.codes, leaf=True)
    made.row(_("Responsible post"), speech.post(one.post) if one.post else _("no post"))
    standing = rounds.some(room, [one.number], speech.now).get(one.number)
    if standing:
        made.row(_("Next round"), due_text(standing, speech.now, room, _))
        made.row(_("State of its rounds"), _(STANDING[standing.standing]))
    with room.ledger.reading() as connection:
        stands = findings.by_site(connection, findings.Asked(room.id, speech.now.date(), states=frozenset(STANDS), site=one.number))  # fmt: skip
    if stands:
        many, rank = stands[one.number]
        made.row(_("Open findings"), f"{many} · {grade_text(room, list(Degree)[rank], speech.language)}")
    query = {"area": room.id, "site": one.number, "state": "every", "lang": speech.language}
    made.link = {
        "href": f"/sites?{urlencode(query)}",
        "label": _("Open the site"),
        "page": "sites",
        "own": {"site": one.number, "state": "every"},
    }
    return made


def _case(room: Room, number: str) -> Incident | None:
    """Return an incident that may be shown; what is restricted, or not for who looks, is answered as what is not there."""
    try:
        found = room.get(number)
    except UnknownIncident:
        return None
    return found if room.within.words and not found.restricted else None


def _mark(speech: Speech, case: Incident) -> str:
    """Return the mark as the map shows it now; "" for none."""
    over = case.closed is not None and case.closed < speech.room.shift(speech.now)
    mark = mark_of(case.status, shift_over=over)
    return mark.value if mark else ""


def _state_rows(speech: Speech, made: Card, case: Incident, *, late: bool) -> None:
    _, state, clock = speech._, case.state, speech.room.clock(speech.now)
    made.row(_("State"), status_name(case.status.value, _))
    if late and state.due:
        made.row(_("Overdue"), _("by {span}").format(span=length_of_time(clock - pd.Timestamp(state.due), _)))
    made.row(_("Number"), case.number)
    made.row(_("Number there"), case.external_id)
    made.row(_("Linked to"), state.linked_to)
    made.row(_("Urgency"), _(URGENCY[case.urgency]) if case.urgency is not Urgency.NORMAL else "")
    made.row(_("Channel"), _(CHANNEL[case.channel]))
    made.row(_("Level"), _level_name(speech, state.level) if case.mark is Mark.RED else "")
    made.row(_("Reported at"), speech.time(case.reported))
    if state.due and case.mark is Mark.RED:
        made.row(_("Deadline"), f"{speech.time(state.due)} · {_(LIGHT[_light(speech.room, case, speech.now)])}")
    made.row(_("Suspended until"), speech.time(state.until) if case.status is Status.SUSPENDED else "")
    made.row(_("Closed at"), speech.time(case.closed))
    made.row(_("Photos"), len(speech.room.sheet(case.number)[2]) or "")


def _place_rows(speech: Speech, made: Card, case: Incident) -> None:
    _ = speech._
    unit, floor = (np.nan if value is None else value for value in (case.unit, case.floor))
    made.row(_("Place"), case.address)
    made.row(_("Part of the building"), _unit_and_floor(unit, floor, _))
    _lineage_rows(speech, made, case.codes, leaf=True)
    if case.edge_m is not None:
        near = _("{n} m from a boundary; may be given to the neighbour by hand").format(n=f"{case.edge_m:.0f}")
        made.row(_("Boundary"), near)


def _level_name(speech: Speech, key: str) -> str:
    return next((speech.name(level.name) for level in speech.area.net.levels if level.key == key), key)


def _light(room: Room, case: Incident, now: datetime) -> Light:
    """Return the light of a running deadline, from when the running stage began."""
    state, zone = case.state, room.area.pack.timezone
    due = state.due or now
    start = max((time for time in state.times.values() if time < due), default=case.reported)
    start, due = start.astimezone(zone), due.astimezone(zone)
    clock = figures.minute(room, now).to_pydatetime()  # as it is counted
    return light(room.rules.calendar, start, due, clock, rules=room.rules.deadlines, unit=unit_of(state))


def _with_volunteer(speech: Speech, key: str) -> str:
    title = speech.post(key)
    post = speech.room.posts.get(key)
    return speech._("{post} (volunteer)").format(post=title) if post and post.volunteer else title


def _repeats_section(speech: Speech, made: Card, case: Incident) -> None:
    """Add what was reported in the same class close by at that time, and how often it came again: the same thing twice, or a place that never rests."""
    room, _ = speech.room, speech._
    settings = room.rules.settings
    again = repeats(room, case, at=room.clock(speech.now).to_pydatetime())
    if again.place >= settings.repeats:
        made.row(_("Repeats"), _("{n} times in {days} days").format(n=again.place, days=again.days))
    near = _alike(room, case, timedelta(hours=settings.same_hours), settings.same_m)
    items = [
        {**_case_item(speech, row), "detail": f"{metres:.0f} m · {speech.time(instant(row['reported']))}"}
        for row, metres in near[:MOST_ITEMS]
    ]
    title = _("Same class within {n} m").format(n=f"{settings.same_m:.0f}")
    made.section(title + (f" · {len(near)}" if len(near) > len(items) else ""), items)


def _alike(room: Room, case: Incident, span: timedelta, within: float) -> list[tuple[dict[str, Any], float]]:
    """Return the marked cases of the same class within some metres, reported within a span before or after, nearest first, with the distance."""
    question = room.wanted(
        classes=frozenset({case.class_}),
        reported_since=case.reported - span,
        reported_until=case.reported + span,
        marked=True,
        restricted=False,
    )
    with room.ledger.reading() as connection:
        rows = [row for row in find.rows(connection, question, columns=ITEM) if row["number"] != case.number]
    lon, lat = (np.array([row[name] for row in rows], dtype=np.float64) for name in ("lon", "lat"))
    far = distances_m(lon, lat, np.full(len(rows), case.lon), np.full(len(rows), case.lat))
    near = [(row, metres) for row, metres in zip(rows, far.tolist(), strict=True) if metres <= within]
    return sorted(near, key=lambda found: (found[1], found[0]["number"]))


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
    _incident_rows(speech, made, key, made.code)
    _site_sections(speech, made, key, codes)


def _incident_rows(speech: Speech, made: Card, key: str, code: str) -> None:
    """Add the incidents of a grid by mark, and the newest open ones: those of the map's period and classes."""
    room, _, asked = speech.room, speech._, speech.wanted
    here = replace(asked, grid=(key, code), marks=frozenset())
    question = figures.asked(room, here, speech.now)
    shown = replace(question, restricted=False)
    opened = replace(shown, marks=frozenset({Mark.RED.value}))
    with room.ledger.reading() as connection:
        count = find.counts_by(connection, question, "mark")
        placed = find.counts_by(connection, shown, "mark")
        newest = find.rows(connection, opened, columns=ITEM, limit=MOST_ITEMS) if room.within.words else []
    made.mark = next((mark for mark in figures.MARKS if placed.get(mark)), None)
    for mark in figures.MARKS:
        made.row(mark_name(mark, _), count.get(mark, "") or "")
    made.row(_("Restricted classes"), few_left_out(room, question, _))
    if asked.days is not None and count:
        made.row(_("Period"), period(asked.days, _))
    more = placed.get(Mark.RED.value, 0) - len(newest) if newest else 0
    limit = _("newest {n} of {total}").format(n=len(newest), total=placed.get(Mark.RED.value, 0))
    made.section(_("Open incidents") + (f" · {limit}" if more > 0 else ""), [_case_item(speech, row) for row in newest])


def _case_item(speech: Speech, row: Mapping[str, Any]) -> dict[str, Any]:
    class_ = speech.class_name("incident", row["class"])
    when = speech.time(instant(row["reported"]))
    return _item("incident", row["number"], row["title"] or class_, when, row["mark"])


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
