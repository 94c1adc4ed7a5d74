"""Invented incidents of the thirty days before the data's time: where, what, when, in which state, whose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from shapely.geometry import Point
from shapely.ops import substring

from data.synthetic.points import Row, Spot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.synthetic.area import Drawing
    from data.synthetic.net import Filed
    from data.synthetic.plane import Chance

AS_OF = datetime(2026, 11, 20, 17, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
"""The time of the data (数据截至): a Friday, five in the afternoon."""
DAYS = 30


@dataclass(frozen=True)
class Matter:
    """What may be wrong somewhere: its title, the kind of place, and how many hours there are to see to it."""

    title: str
    place: str
    hours: int


CLASSES: dict[str, tuple[str, str, float, tuple[Matter, ...]]] = {
    "facilities": ("市政设施", "Public facilities", 16, (
        Matter("雨水井盖破损", "street", 24), Matter("污水井盖松动异响", "street", 24), Matter("路灯不亮", "street", 48),
        Matter("路面坑洼破损", "street", 72), Matter("下水道满溢", "yard", 24), Matter("路名牌歪斜", "street", 72),
        Matter("通信井盖缺失，已设警示", "street", 8), Matter("健身器材螺丝松动", "yard", 48))),
    "appearance": ("市容环境", "City appearance", 17, (
        Matter("生活垃圾满溢", "yard", 4), Matter("装修垃圾未清运", "yard", 24), Matter("暴露垃圾", "street", 4),
        Matter("废旧沙发堆放路边", "yard", 24), Matter("沿街晾挂", "street", 8), Matter("楼道堆放杂物", "home", 24),
        Matter("河岸漂浮物未清理", "water", 24), Matter("绿地内垃圾", "green", 8))),
    "order": ("街面秩序", "Street order", 16, (
        Matter("店外经营占用人行道", "shop", 4), Matter("占道经营", "street", 4), Matter("非机动车乱停放", "street", 4),
        Matter("共享单车淤积", "street", 4), Matter("机动车占压盲道", "street", 4), Matter("占道促销", "shop", 4))),
    "fire": ("消防与充电", "Fire safety and charging", 17, (
        Matter("飞线充电", "home", 8), Matter("占用消防通道", "yard", 4), Matter("电动车停放楼道", "home", 8),
        Matter("灭火器过期", "shop", 24), Matter("消火栓箱被遮挡", "home", 24), Matter("电动车进电梯", "tower", 8),
        Matter("安全出口堆物", "venue", 8), Matter("充电棚插座损坏", "yard", 24))),
    "gas": ("燃气安全", "Gas safety", 9, (
        Matter("瓶装燃气软管老化", "gas", 24), Matter("燃气报警器失效", "gas", 24), Matter("用餐区存放气瓶", "gas", 8),
        Matter("减压阀超期", "gas", 24), Matter("未签订供气合同", "gas", 72), Matter("居民家中软管超期未更换", "home", 72))),
    "dust": ("施工与扬尘", "Construction and dust", 7, (
        Matter("工地裸土未覆盖", "site", 8), Matter("工地围挡破损", "site", 24), Matter("渣土车未密闭", "site", 4),
        Matter("出入口车轮带泥", "site", 4), Matter("夜间施工扰民", "site", 4), Matter("物料占道堆放", "street", 8))),
    "air": ("大气污染", "Air pollution", 4, (
        Matter("餐饮油烟扰民", "food", 72), Matter("露天烧烤", "street", 4), Matter("焚烧落叶", "green", 4),
        Matter("喷漆作业未密闭", "pollution", 24))),
    "greenery": ("园林绿化", "Greenery", 5, (
        Matter("行道树枯枝", "street", 72), Matter("树枝遮挡红绿灯", "street", 48), Matter("绿化带缺株", "green", 120),
        Matter("树穴裸露", "street", 120), Matter("乔木倾斜", "yard", 24))),
    "notices": ("宣传广告", "Signs and notices", 4, (
        Matter("楼道小广告", "home", 24), Matter("门头牌匾松动", "shop", 24), Matter("违规张贴广告", "street", 8))),
    "service": ("居民点单", "Service orders", 8, (
        Matter("申请上门测量血压", "home", 48), Matter("申请磨刀修伞服务", "yard", 72), Matter("申请代办医保", "home", 48),
        Matter("申请家电维修", "home", 48), Matter("申请清洗油烟机", "home", 72))),
    "property": ("物业管理", "Property management", 7, (
        Matter("电梯异响", "tower", 24), Matter("单元门禁损坏", "home", 48), Matter("楼道灯不亮", "home", 24),
        Matter("屋面渗漏", "home", 120), Matter("二次供水水压不足", "home", 24), Matter("地锁私装", "yard", 48))),
}  # fmt: skip
FRESH = (("reported", 3), ("filed", 3), ("dispatched", 1))
UNDER_WAY = (("dispatched", 3), ("in_hand", 5), ("feedback", 2), ("returned", 0.7))
LATE = (("in_hand", 5), ("returned", 1), ("suspended", 2))
"""States of open matters by their age."""
SOURCES = (("网格巡查", 62), ("居民上报", 20), ("12345热线", 10), ("视频发现", 4), ("上级交办", 4))

Place = tuple[Point, str, str, str]
"""A place on the plane: point, address, unit, floor."""


class Places:
    """Where things happen, by kind of place."""

    def __init__(self, drawing: Drawing, sites: Sequence[Spot], filed: Filed) -> None:
        self.drawing, self._filed = drawing, filed
        self._homes = [b for parcel in drawing.parcels() for b in parcel.buildings if b.households]
        self._towers = [leaf for leaf in drawing.leaves if leaf.stacks]
        self._sites = sites
        self._parcels = [p for p in drawing.parcels() if any(b.households for b in p.buildings)]
        self._streets = [s for s in drawing.streets() if s.kind in {"arterial", "secondary", "lane"}]

    def draw(self, kind: str, chance: Chance) -> Place:
        """Draw a place of a kind that lies in the net."""
        for _ in range(400):
            place = getattr(self, f"_{kind}")(chance)
            if place is not None and self._filed.micro_at(self.drawing.plan.plane.to_degrees(place[0])) is not None:
                return place
        return self._home(chance)

    def _street(self, chance: Chance) -> Place:
        street = chance.pick(self._streets)
        along = chance.between(0, street.line.length)
        step = substring(street.line, along, along + 2)
        point = (
            step.parallel_offset(street.width * 0.3, chance.pick(("left", "right"))).centroid
            if step.length > 1
            else step.centroid
        )
        return point, f"{street.name}{2 * int(along / 14) + 1}号附近", "", ""

    def _home(self, chance: Chance) -> Place:
        building = chance.pick(self._homes)
        unit = chance.whole(1, max(1, building.units))
        floor = chance.whole(1, building.storeys) if building.storeys > 20 else 0
        return building.shape.representative_point(), f"{building.address}{unit}单元", str(unit), str(floor or "")

    def _tower(self, chance: Chance) -> Place:
        if not self._towers:
            return self._home(chance)
        tower = next(b for b in chance.pick(self._towers).buildings if b.flats)
        unit, floor = chance.whole(1, tower.units), chance.whole(2, tower.storeys)
        return tower.shape.representative_point(), f"{tower.address}{unit}单元{floor}层", str(unit), str(floor)

    def _yard(self, chance: Chance) -> Place:
        parcel = chance.pick(self._parcels)
        x0, y0, x1, y1 = parcel.land.bounds
        for _ in range(12):
            point = Point(chance.between(x0, x1), chance.between(y0, y1))
            if parcel.land.contains(point) and not any(b.shape.contains(point) for b in parcel.buildings):
                return (
                    point,
                    f"{parcel.address}{'' if parcel.name.startswith(parcel.address) else parcel.name}院内",
                    "",
                    "",
                )
        return self._home(chance)

    def _site_of(self, kinds: set[str], chance: Chance) -> Place | None:
        found = [spot for spot in self._sites if spot.row["class"] in kinds]
        if not found:
            return None
        spot = chance.pick(found)
        return spot.point, f"{spot.row['address']}{spot.row['name']}", "", ""

    def _shop(self, chance: Chance) -> Place | None:
        return self._site_of({"shop", "restaurant", "gas_restaurant"}, chance)

    def _food(self, chance: Chance) -> Place | None:
        return self._site_of({"restaurant", "gas_restaurant"}, chance)

    def _gas(self, chance: Chance) -> Place | None:
        return self._site_of({"gas_restaurant"}, chance)

    def _venue(self, chance: Chance) -> Place | None:
        return self._site_of({"small_venue"}, chance)

    def _site(self, chance: Chance) -> Place | None:
        return self._site_of({"construction"}, chance)

    def _pollution(self, chance: Chance) -> Place | None:
        return self._site_of({"pollution"}, chance)

    def _green(self, chance: Chance) -> Place | None:
        areas = [(a, p) for p in self.drawing.parcels() for a in p.areas if a.kind in {"park", "garden", "lawn"}]
        if not areas:
            return None
        area, parcel = chance.pick(areas)
        return area.shape.representative_point(), f"{parcel.name}绿地", "", ""

    def _water(self, chance: Chance) -> Place | None:
        canals = [s for s in self.drawing.skeleton.streets if s.kind == "canal"]
        if not canals:
            return None
        canal = chance.pick(canals)
        at = canal.line.interpolate(chance.between(0, 1), normalized=True)
        return Point(at.x, at.y + 8), f"{canal.name}岸边", "", ""


def incidents(drawing: Drawing, filed: Filed, sites: Sequence[Spot], chance: Chance) -> list[Spot]:
    """Draw the incidents: hot spots where a problem comes back, and the rest scattered; in order of the time of report."""
    tally = drawing.plan.incidents
    places = Places(drawing, sites, filed)
    lift = next(matter for matter in CLASSES["fire"][3] if matter.place == "tower")
    hot = [("fire", lift, places.draw("tower", chance)), *(_hot(places, chance) for _ in range(tally.spots - 1))]
    late = round(tally.red * 0.25)
    states = (
        ["late"] * late
        + ["red"] * (tally.red - late)
        + ["yellow"] * tally.yellow
        + ["green"] * tally.green
        + ["earlier"] * tally.earlier
    )
    spots = [_incident(state, places, hot, filed, chance) for state in states]
    spots.sort(key=lambda spot: (str(spot.row["reported"]), spot.point.x))
    for number, spot in enumerate(spots, 1):
        day = str(spot.row["reported"])[:10].replace("-", "")
        spot.row = {"id": f"{day}{number:05d}", **spot.row}
    return spots


def _hot(places: Places, chance: Chance) -> tuple[str, Matter, Place]:
    kind, matter = _matter(chance)
    return kind, matter, places.draw(matter.place, chance)


def _matter(chance: Chance) -> tuple[str, Matter]:
    kind = chance.weighted([(key, weight) for key, (_, _, weight, _) in CLASSES.items()])
    return kind, chance.pick(CLASSES[kind][3])


def _incident(
    state: str, places: Places, hot: Sequence[tuple[str, Matter, Place]], filed: Filed, chance: Chance
) -> Spot:
    drawing = places.drawing
    kind, matter, place = chance.pick(hot) if chance.happens(0.3) else _hot(places, chance)
    while (kind == "service" and state in {"red", "late"}) or (state == "yellow" and not _small(kind, matter)):
        kind, matter, place = _hot(places, chance)
    point, address, unit, floor = place
    if not chance.happens(0.22):
        point = _beside(point, chance, drawing, filed)
    status, reported, closed = _times(state, matter, chance, own=_small(kind, matter))
    row: Row = {
        "class": kind, "title": matter.title, "status": status, "reported": _text(reported),
        "due": "" if status in {"self_cleared", "self_verified"} else _text(reported + timedelta(hours=matter.hours)),
        "closed": _text(closed) if closed else "", "responsible": _post(point, unit, floor, filed, drawing), "address": address,
        "unit": unit, "floor": floor, "source": chance.weighted(SOURCES),
    }  # fmt: skip
    return Spot(point, row)


def _beside(point: Point, chance: Chance, drawing: Drawing, filed: Filed) -> Point:
    """Move a point a few steps, as two people would place the same matter, without leaving its micro-grid."""
    moved = Point(point.x + chance.between(-5, 5), point.y + chance.between(-5, 5))
    here, there = (filed.micro_at(drawing.plan.plane.to_degrees(p)) for p in (point, moved))
    return moved if here is there else point


def _small(kind: str, matter: Matter) -> bool:
    """Say whether a grid worker can clear a matter on the spot (随手清)."""
    return (
        kind in {"appearance", "order", "notices", "fire"}
        and matter.hours <= 24
        and matter.place not in {"tower", "water"}
    )


def _times(state: str, matter: Matter, chance: Chance, *, own: bool) -> tuple[str, datetime, datetime | None]:
    if state == "late":
        return chance.weighted(LATE), AS_OF - timedelta(hours=matter.hours * chance.between(1.02, 1.3)), None
    if state == "red":
        share = chance.between(0.02, 0.85)
        at = _daytime(AS_OF - timedelta(hours=matter.hours * share))
        at = max(at, AS_OF - timedelta(hours=0.95 * matter.hours))
        return chance.weighted(FRESH if share < 0.2 else UNDER_WAY), at, None
    if state == "yellow":
        at = AS_OF - timedelta(minutes=chance.whole(6, 460))
        return "self_cleared", at, min(at + timedelta(minutes=chance.whole(2, 14)), AS_OF)
    own = own and chance.happens(0.6)
    if state == "green":
        closed = _daytime(AS_OF - timedelta(minutes=chance.whole(12, 1380)))
    else:
        closed = _daytime(AS_OF - timedelta(hours=chance.between(25, 24 * (DAYS - 1))))
    took = (
        timedelta(minutes=chance.whole(3, 25))
        if own
        else timedelta(hours=matter.hours * chance.weighted([(0.2, 4), (0.5, 5), (0.8, 3), (1.2, 1)]))
    )
    reported = max(_daytime(closed - took), AS_OF - timedelta(days=DAYS))
    status = "self_verified" if own else "closed"
    if state == "earlier" and chance.happens(0.04):
        status = chance.pick(("refused", "cancelled", "linked"))
    return status, min(reported, closed - timedelta(minutes=2)), closed


def _daytime(at: datetime) -> datetime:
    """Move a time of night to the day's work, as most reports and closings are."""
    if at.hour < 7:
        return at.replace(hour=7 + at.minute % 3) + timedelta(minutes=at.minute // 2)
    return at.replace(hour=19) if at.hour >= 21 else at


def _text(at: datetime) -> str:
    return at.replace(second=0, microsecond=0).isoformat(timespec="minutes")


def _post(point: Point, unit: str, floor: str, filed: Filed, drawing: Drawing) -> str:
    degrees = drawing.plan.plane.to_degrees(point)
    micro = filed.micro_at(degrees)
    if micro is not None and unit and floor:
        for row in filed.stacks:
            first, last = int(str(row["unit_from"])), int(str(row["unit_to"]))
            low, high = int(str(row["floor_from"])), int(str(row["floor_to"]))
            if row["on"] == micro.row["code"] and first <= int(unit) <= last and low <= int(floor) <= high:
                return str(row["post"])
    return filed.post_at(degrees)


def class_names() -> dict[str, tuple[str, str]]:
    """Return the names of the classes in Chinese and English."""
    return {key: (name, english) for key, (name, english, _, _) in CLASSES.items()}
