"""What a demonstration reports, where and when: places of the pack, matters of data/demo, the hours of a working street."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import shapely

from data import demo
from data.synthetic.plane import Chance
from desk.mediation import KEY, Mediation, Party
from desk.places.place import Place, places
from desk.reports import Draft
from desk.room import Room
from geo.errors import PlaceError
from incidents.classes import IncidentClass
from incidents.deadlines import Span, Unit, add
from incidents.model import Channel, Urgency

DEGREE_M = 111_320.0  # metres of a degree of latitude
SPOTS = 400  # of each kind, at most
STEP_M = 40.0  # between two spots along a street
AT_EDGE = 0.4  # share of the spots at an edge that are kept
HIGH = 18  # storeys of a tower
# Reports in each hour of a working day, from midnight; peaks after eight and after three [issue: as in real life].
WORKING = (2, 1, 1, 1, 1, 3, 12, 34, 74, 78, 52, 38, 20, 24, 50, 72, 68, 46, 30, 22, 16, 12, 7, 4)
RESTING = (2, 1, 1, 1, 1, 2, 7, 18, 34, 40, 36, 28, 18, 20, 28, 34, 32, 28, 24, 20, 16, 12, 7, 4)
EVENING, MORNING = 19, 6
SHARE_RESTING = 0.66  # reports of a day of rest, beside an average day's
HOT, TWIN = 0.25, 0.05  # shares: where a problem comes back, and what somebody else reports again
TWIN_HOURS = 20
CHANNELS = (
    (Channel.PATROL, 54.0),
    (Channel.RESIDENT, 13.0),
    (Channel.CHAT, 12.0),
    (Channel.HOTLINE, 11.0),
    (Channel.DEPARTMENT, 4.0),
    (Channel.SENSOR, 4.0),
    (Channel.IMPORT, 2.0),
)
RETOLD = (Channel.RESIDENT, Channel.CHAT, Channel.HOTLINE)
CLEARED = MappingProxyType({Channel.PATROL: 0.85})
SEEING = 5  # what a camera can see at all, it often sees first
CLEARING = 1.7  # patrols meet what they can clear more often than others do
ORDERS = MappingProxyType(  # deadlines of hotline orders by urgency: hours, or working days [domain.md 2.6]
    {
        Urgency.EMERGENCY: Span(2, Unit.URGENT_HOUR),
        Urgency.URGENT: Span(1, Unit.NATURAL_DAY),
        Urgency.NORMAL: Span(5, Unit.WORK_DAY),
    }
)
JUST_NOW = 25  # minutes
HOTLINE, CITY = "12345", "数字城管"


@dataclass(frozen=True)
class Matter:
    """Something that happens; data/demo/matters.toml says what each field means."""

    class_: str
    place: str
    weight: float
    titles: Sequence[str]
    says: Sequence[str]
    done: Sequence[str]
    urgency: Urgency = Urgency.NORMAL
    night: bool = False
    sensor: bool = False
    parties: Sequence[str] = ()


@dataclass(frozen=True)
class Spot:
    """A place where things happen.

    Attributes
    ----------
    short
        What people call it.
    reach_m
        How far beside it the same matter may be placed by another person.
    """

    lon: float
    lat: float
    address: str
    short: str
    building: str = ""
    unit: float | None = None
    floor: float | None = None
    reach_m: float = 4.0


@dataclass(frozen=True)
class Arrival:
    """A report that is to come.

    Attributes
    ----------
    key
        Tells it from all others of one stream.
    twin
        Key of the arrival that it repeats; "" for none.
    """

    key: str
    at: datetime
    draft: Draft
    found: Place
    twin: str = ""


@dataclass(frozen=True, eq=False)
class Scene:
    """What may happen in an area, and where."""

    matters: tuple[Matter, ...]
    spots: Mapping[str, Sequence[Spot]]
    hot: Sequence[tuple[Matter, Spot]]
    words: Mapping[str, Any]

    @cached_property
    def by_class(self) -> Mapping[str, Matter]:
        """A matter of each class."""
        return {matter.class_: matter for matter in reversed(self.matters)}


def scene_of(room: Room, seed: int) -> Scene:
    """Look for the places of an area, and for the matters that its class directory knows."""
    known = room.rules.directory.classes
    told = [_matter(row) for row in demo.read("matters")["matters"]]
    matters = tuple(matter for matter in told if matter.class_ in known) or _plain(room)
    chance = Chance(room.id, seed, "scene")
    spots = _spots(room, chance)
    hot = [_draw(matters, spots, chance, hour=None) for _ in range(max(6, len(room.area.net.leaf) // 3))]
    return Scene(matters, spots, hot, demo.read("words"))


def arrivals(room: Room, scene: Scene, seed: int, *, since: datetime, until: datetime, per_day: int) -> list[Arrival]:
    """Draw the reports of a time, in order; the same ones for the same seed and times, whatever part of a day is asked for.

    Parameters
    ----------
    since, until
        Aware; later than the first, up to and with the second.
    per_day
        Reports of an average day: more on working days, fewer on days of rest.
    """
    zone = room.area.pack.timezone
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    drawn = [one for day in _days(first, last) for one in _day(room, scene, seed, day, per_day)]
    return _placed(room, [one for one in drawn if since < one.at <= until])


def late_arrivals(
    room: Room, scene: Scene, seed: int, *, since: datetime, until: datetime, count: int
) -> list[Arrival]:
    """Draw a few reports more within a short time, so that a room is seen alive at any hour: some cleared on the spot, some just come in."""
    drawn = []
    for number in range(count):
        chance = Chance(room.id, seed, until.isoformat(), "late", number)
        cleared = number % 2 == 0
        share = (number + chance.between(0, 1)) / count
        at = since + (until - since) * share if cleared else max(since, until - timedelta(minutes=JUST_NOW * share))
        drawn.append(_arrival(room, scene, chance, f"late-{number:03d}", at.replace(microsecond=0), cleared=cleared))
    return _placed(room, drawn)


@dataclass(frozen=True)
class _Drawn:
    key: str
    at: datetime
    draft: Draft
    matter: Matter
    spot: Spot
    twin: str = ""


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _day(room: Room, scene: Scene, seed: int, day: date, per_day: int) -> list[_Drawn]:
    """Draw all reports of one day."""
    chance = Chance(room.id, seed, day.isoformat())
    zone = room.area.pack.timezone
    works = room.in_hours(datetime.combine(day, time(10), zone))
    usual = per_day * ((7 - 2 * SHARE_RESTING) / 5 if works else SHARE_RESTING)
    hours = list(enumerate(WORKING if works else RESTING))
    count = max(1, round(usual * chance.between(0.85, 1.15)))
    times = sorted(
        datetime.combine(day, time(chance.weighted(hours), chance.whole(0, 59), chance.whole(0, 59)), zone)
        for _ in range(count)
    )
    drawn: list[_Drawn] = []
    for number, at in enumerate(times):
        key, own = f"{day:%Y%m%d}-{number:04d}", Chance(room.id, seed, day.isoformat(), number)
        earlier = [
            one for one in drawn if not one.draft.cleared and not one.twin and at - one.at < timedelta(hours=TWIN_HOURS)
        ]
        if earlier and own.happens(TWIN):
            drawn.append(_again(room, scene, own, key, at, own.pick(earlier[-30:])))
        else:
            drawn.append(_arrival(room, scene, own, key, at))
    return drawn


def _arrival(
    room: Room, scene: Scene, chance: Chance, key: str, at: datetime, *, cleared: bool | None = None
) -> _Drawn:
    small = tuple(matter for matter in scene.matters if room.rules.directory.get(matter.class_).self_clear)
    if cleared and small:
        matter, spot = _draw(small, scene.spots, chance, hour=at.hour)
    elif chance.happens(HOT):
        matter, spot = chance.pick(scene.hot)
    else:
        matter, spot = _draw(scene.matters, scene.spots, chance, hour=at.hour)
    cleared = cleared and bool(small)
    return _drawn(room, scene, chance, key, at, matter, spot, cleared=cleared)


def _again(  # noqa: PLR0917
    room: Room, scene: Scene, chance: Chance, key: str, at: datetime, first: _Drawn
) -> _Drawn:
    """Draw the report of somebody else about the same thing."""
    others = [channel for channel in RETOLD if channel is not first.draft.channel]
    return _drawn(
        room,
        scene,
        chance,
        key,
        at,
        first.matter,
        first.spot,
        cleared=False,
        channel=chance.pick(others),
        twin=first.key,
    )


def _drawn(  # noqa: PLR0917
    room: Room,
    scene: Scene,
    chance: Chance,
    key: str,
    at: datetime,
    matter: Matter,
    spot: Spot,
    *,
    cleared: bool | None,
    channel: Channel | None = None,
    twin: str = "",
) -> _Drawn:
    class_ = room.rules.directory.get(matter.class_)
    channel = channel or (Channel.PATROL if cleared else _channel(matter, class_, chance))
    if cleared is None:
        cleared = class_.self_clear and chance.happens(CLEARED.get(channel, 0.0))
    urgency = Urgency.URGENT if matter.urgency is Urgency.NORMAL and chance.happens(0.04) else matter.urgency
    lon, lat = _beside(spot, chance)
    told = scene.words["cleared"]["text"] if cleared else scene.words["report"][channel.value]
    which = chance.whole(
        0, max(len(matter.titles), len(matter.says)) - 1
    )  # title and sentence of one number go together
    title, say = matter.titles[which % len(matter.titles)], matter.says[which % len(matter.says)]
    draft = Draft(
        matter.class_,
        lon,
        lat,
        title=f"{spot.short}{title}" if chance.happens(0.4) else title,
        text=chance.pick(told).format(place=spot.address, say=say),
        address=spot.address,
        building=spot.building,
        unit=spot.unit,
        floor=spot.floor,
        channel=channel,
        urgency=urgency,
        reported=at,
        due=_order_due(room, at, urgency) if channel is Channel.HOTLINE else None,
        source={Channel.HOTLINE: HOTLINE, Channel.IMPORT: CITY}.get(channel, ""),
        external_id=f"{at:%Y%m%d%H%M}-{chance.whole(0, 99999):05d}"
        if channel in {Channel.HOTLINE, Channel.IMPORT}
        else "",
        cleared=cleared,
        demo=True,
        more={KEY: Mediation(parties_of(matter)).to_json()} if matter.parties else {},
    )
    return _Drawn(key, at, draft, matter, spot, twin)


def _channel(matter: Matter, class_: IncidentClass, chance: Chance) -> Channel:
    def weight(channel: Channel, usual: float) -> float:
        if channel is Channel.SENSOR:
            return usual * SEEING if matter.sensor else 0
        if class_.restricted and channel in {Channel.CHAT, Channel.DEPARTMENT, Channel.IMPORT}:
            return 0  # nobody asks for mediation in a group chat
        return usual * CLEARING if channel is Channel.PATROL and class_.self_clear else usual

    return chance.weighted([(channel, weight(channel, usual)) for channel, usual in CHANNELS])


def _order_due(room: Room, at: datetime, urgency: Urgency) -> datetime:
    return add(room.rules.calendar, at, ORDERS[urgency])


def _draw(
    matters: Sequence[Matter], spots: Mapping[str, Sequence[Spot]], chance: Chance, *, hour: int | None
) -> tuple[Matter, Spot]:
    dark = hour is not None and (hour >= EVENING or hour < MORNING)

    def weight(matter: Matter) -> float:
        return matter.weight * (1 if hour is None else (6 if dark else 0.3) if matter.night else 0.5 if dark else 1)

    matter = chance.weighted([(matter, weight(matter)) for matter in matters])
    return matter, chance.pick(spots.get(matter.place) or spots["grid"])


def _beside(spot: Spot, chance: Chance) -> tuple[float, float]:
    """Return a place a few steps beside a spot, as another person would put it on the map."""
    east, north = (chance.between(-spot.reach_m, spot.reach_m) / DEGREE_M for _ in range(2))
    return round(spot.lon + east / math.cos(math.radians(spot.lat)), 7), round(spot.lat + north, 7)


def _placed(room: Room, drawn: Sequence[_Drawn]) -> list[Arrival]:
    """Find the grids of all at once; one that fell out of the net goes back to its spot."""
    if not drawn:
        return []
    found = _look(room, [(one.draft.lon, one.draft.lat, one.draft.unit, one.draft.floor) for one in drawn])
    out = []
    for one, place in zip(drawn, found, strict=True):
        draft = one.draft
        if isinstance(place, PlaceError):
            draft = Draft(**{**vars(draft), "lon": one.spot.lon, "lat": one.spot.lat})
            place = _look(room, [(draft.lon, draft.lat, draft.unit, draft.floor)])[0]  # noqa: PLW2901
        if isinstance(place, Place):
            out.append(Arrival(one.key, one.at, draft, place, one.twin))
    return sorted(out, key=lambda arrival: (arrival.at, arrival.key))


def _look(room: Room, at: Sequence[tuple[float, float, float | None, float | None]]) -> list[Place | PlaceError]:
    lon, lat, unit, floor = (list(column) for column in zip(*at, strict=True))
    return places(room, np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64), unit=unit, floor=floor)


def parties_of(matter: Matter) -> tuple[Party, ...]:
    """Return what the parties of a mediation are."""
    return tuple(Party(party) for party in matter.parties)


def _matter(row: Mapping[str, Any]) -> Matter:
    urgency = Urgency(row.get("urgency", Urgency.NORMAL))
    return Matter(**{**{key: row[key] for key in row if key != "class"}, "class_": row["class"], "urgency": urgency})


def _plain(room: Room) -> tuple[Matter, ...]:
    """Return matters of a city whose directory knows none of ours: what its classes are called."""
    directory = room.rules.directory
    keys = [key for key in directory.favourites if key in directory.classes] or list(directory.classes)[:40]
    names = [(key, directory.classes[key].name.zh) for key in keys]
    return tuple(Matter(key, "street", 1.0, (name,), (f"有{name}问题",), ("已处理。",)) for key, name in names)


# Places


def _spots(room: Room, chance: Chance) -> dict[str, Sequence[Spot]]:
    """Return the places of an area by kind, those that lie in its net; a kind that it lacks is left out."""
    kinds: dict[str, list[Spot]] = {
        "grid": _grid_spots(room),
        **_home_spots(room, chance),
        **_site_spots(room),
        **_ground_spots(room, chance),
    }
    return {kind: found for kind, spots in kinds.items() if (found := _in_net(room, _some(spots, chance), chance))}


def _some(spots: list[Spot], chance: Chance) -> list[Spot]:
    return chance.shuffled(spots)[:SPOTS] if len(spots) > SPOTS else spots


def _in_net(room: Room, spots: list[Spot], chance: Chance) -> list[Spot]:
    """Return the spots that lie in the net, and not too many at an edge of two grids, though streets are such edges."""
    if not spots:
        return []
    found = _look(room, [(spot.lon, spot.lat, spot.unit, spot.floor) for spot in spots])
    inside = [(spot, place) for spot, place in zip(spots, found, strict=True) if isinstance(place, Place)]
    sure = [
        spot for spot, place in inside if place.match != "nearest" and (place.edge_m is None or chance.happens(AT_EDGE))
    ]
    return sure or [spot for spot, _ in inside]


def _grid_spots(room: Room) -> list[Spot]:
    leaf = room.area.net.leaf
    points = shapely.point_on_surface(leaf.geoms)
    return [
        Spot(point.x, point.y, f"微网格{label}", f"微网格{label}", reach_m=8.0)
        for point, label in zip(points, leaf.labels, strict=True)
    ]


def _frames(room: Room, kind: str) -> pd.DataFrame:
    frames = list(room.area.of_kind(kind).values())
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _home_spots(room: Room, chance: Chance) -> dict[str, list[Spot]]:
    """Return the homes: as buildings, by their units, and the towers by unit and floor."""
    buildings = _frames(room, "building")
    if buildings.empty:
        return {}
    homes = buildings[buildings["households"] > 0]
    stacks: dict[str, list[Any]] = {}
    for stack in room.area.net.stacks:
        stacks.setdefault(stack.on, []).append(stack)
    codes_on = {stack.code: stack.on for stack in room.area.net.stacks}
    found: dict[str, list[Spot]] = {"home": [], "stair": [], "tower": []}
    for row in homes.to_dict("records"):
        where = _building(row)
        codes = str(row[room.area.net.leaf.key]).split(";")
        slices = stacks.get(codes_on.get(codes[0], codes[0]), [])
        units = sorted({unit for stack in slices for unit in (stack.unit_from, stack.unit_to) if unit}) or [1, 2, 3]
        if len(codes) == 1 or not slices:
            found["home"].append(Spot(*where))
        found["stair"].extend(_unit(where, unit) for unit in units if not slices or row["storeys"] < HIGH)
        if row["storeys"] >= HIGH:
            floors = [chance.whole(2, int(row["storeys"])) for _ in range(6)]
            found["tower"].extend(_unit(where, chance.pick(units), floor) for floor in floors)
    return found


def _building(row: Mapping[Any, Any]) -> tuple[float, float, str, str, str]:
    point, address = row["geometry"], str(row["address"])
    short = address.split("号", 1)[-1] or address
    return round(point.x, 7), round(point.y, 7), address, short, str(row["id"])


def _unit(where: tuple[float, float, str, str, str], unit: int, floor: int | None = None) -> Spot:
    lon, lat, address, short, building = where
    rest = f"{unit}单元" + (f"{floor}层" if floor else "")
    return Spot(
        lon, lat, f"{address}{rest}", f"{short}{unit}单元", building, float(unit), float(floor) if floor else None
    )


SITES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "shop": frozenset({"shop", "restaurant", "gas_restaurant"}),
        "food": frozenset({"restaurant", "gas_restaurant"}),
        "gas": frozenset({"gas_restaurant"}),
        "venue": frozenset({"small_venue"}),
        "site": frozenset({"construction"}),
        "pollution": frozenset({"pollution"}),
        "school": frozenset({"school"}),
        "market": frozenset({"market"}),
    }
)


def _site_spots(room: Room) -> dict[str, list[Spot]]:
    sites = _frames(room, "site")
    rows = sites.to_dict("records") if len(sites) else []
    spots = [(str(row["class"]), _site(row)) for row in rows]
    return {kind: [spot for class_, spot in spots if class_ in classes] for kind, classes in SITES.items()}


def _site(row: Mapping[Any, Any]) -> Spot:
    point, name, address = row["geometry"], str(row["name"]), str(row["address"])
    full = address if address.endswith(name) else f"{address}{name}"
    return Spot(round(point.x, 7), round(point.y, 7), full, name or address, reach_m=3.0)


def _ground_spots(room: Room, chance: Chance) -> dict[str, list[Spot]]:
    near = _Near(room)
    makers: Mapping[str, tuple[str, Callable[[Any, str, _Near, Chance], list[Spot]]]] = {
        "street": ("street", _along),
        "yard": ("block", _within),
        "green": ("green", _on_green),
        "water": ("water", _at_water),
    }
    found: dict[str, list[Spot]] = {}
    for kind, (ground, spots_of) in makers.items():
        keys = [entry.key for entry in room.area.pack.ground if entry.kind == ground]
        rows = [row for key in keys for row in room.area.ground[key].to_dict("records")]
        found[kind] = [spot for row in rows for spot in spots_of(row["geometry"], str(row["title"]), near, chance)]
    return found


class _Near:
    """What a place without a name lies beside."""

    def __init__(self, room: Room) -> None:
        self._tree, self._names = None, []
        buildings = _frames(room, "building")
        if len(buildings):
            self._tree = shapely.STRtree(np.asarray(buildings["geometry"]))
            self._names = [str(address) for address in buildings["address"]]

    def name(self, point: shapely.Point) -> str:
        """Return the address of the nearest building."""
        return self._names[int(self._tree.nearest(point))] if self._tree is not None else ""


def _along(line: Any, title: str, _near: _Near, chance: Chance) -> list[Spot]:
    """Return places along a street that bears a name."""
    if not title or line.geom_type != "LineString":
        return []
    metres = line.length * DEGREE_M
    count = max(1, int(metres / STEP_M))
    spots = []
    for step in range(count):
        along = (step + chance.between(0.2, 0.8)) / count
        point = line.interpolate(along, normalized=True)
        short = f"{title}{2 * int(metres * along / 14) + 1}号附近"
        spots.append(Spot(round(point.x, 7), round(point.y, 7), short, title, reach_m=7.0))
    return spots


def _within(shape: Any, title: str, _near: _Near, chance: Chance) -> list[Spot]:
    """Return places in a compound that bears a name."""
    if not title:
        return []
    west, south, east, north = shape.bounds
    drawn = (shapely.Point(chance.between(west, east), chance.between(south, north)) for _ in range(16))
    inside = [point for point in drawn if shape.contains(point)][:6]
    sides = ("院内", "院内东侧", "院内西侧", "南门内", "北门内", "车棚旁", "中心广场旁")
    return [
        Spot(round(point.x, 7), round(point.y, 7), f"{title}{chance.pick(sides)}", title, reach_m=6.0)
        for point in inside
    ]


def _on_green(shape: Any, title: str, near: _Near, _chance: Chance) -> list[Spot]:
    point = shape.representative_point()
    name = title or near.name(point)
    return [Spot(round(point.x, 7), round(point.y, 7), title or f"{name}旁绿地", name)] if name else []


def _at_water(shape: Any, title: str, near: _Near, chance: Chance) -> list[Spot]:
    ring = shape.exterior if shape.geom_type == "Polygon" else shape
    points = [ring.interpolate(chance.between(0, 1), normalized=True) for _ in range(12 if title else 2)]
    return [
        Spot(
            round(point.x, 7),
            round(point.y, 7),
            f"{title}岸边" if title else f"{near.name(point)}旁水边",
            title or "水边",
        )
        for point in points
    ]
