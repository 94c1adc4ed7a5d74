"""Points of the area: buildings with households, sites by class, service points. No persons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapely import STRtree
from shapely.geometry import LineString, Point

from data.synthetic.grids import reading_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from data.synthetic.area import Drawing
    from data.synthetic.blocks import Building, Parcel
    from data.synthetic.plane import Chance
    from data.synthetic.streets import Street

Row = dict[str, object]

USES = {"residence": "住宅", "shop": "商业", "school": "教育", "hospital": "医疗", "market": "市场", "mall": "商场", "office": "办公", "works": "厂房",
        "hotel": "宾馆", "under construction": "在建"}  # fmt: skip

SITE_CLASSES = {
    "shop": ("沿街门店", "Street-front shop"),
    "restaurant": ("餐饮", "Restaurant"),
    "gas_restaurant": ("瓶装气餐饮", "Restaurant with bottled gas"),
    "small_venue": ("六小场所", "Small venue"),
    "construction": ("施工工地", "Construction site"),
    "pollution": ("大气污染源", "Air-pollution source"),
    "enterprise": ("企业", "Enterprise"),
    "school": ("学校幼儿园", "School or kindergarten"),
    "medical": ("医疗机构", "Medical institution"),
    "market": ("市场商场", "Market or mall"),
}
SERVICE_CLASSES = {
    "party_centre": ("党群服务中心", "Party and community service centre"),
    "convenience": ("便民服务站", "Convenience service station"),
    "neighbours": ("邻里驿站", "Neighbourhood house"),
    "police": ("警务室", "Police room"),
    "health": ("卫生服务站", "Health station"),
    "fire": ("微型消防站", "Mini fire station"),
    "canteen": ("老年助餐点", "Senior canteen"),
    "charging": ("电动车充电棚", "E-bike charging shed"),
    "shelter": ("应急避难场所", "Emergency shelter"),
}

SURNAME = ("老味道", "胖哥", "福满园", "聚香", "老街坊", "豫香", "小院", "巷子口", "君悦", "顺兴", "利民", "百家", "万家", "惠民", "好邻居", "鑫源",
           "永顺", "金桥", "东升", "华联", "祥和", "天天", "一品", "诚信", "佳佳", "广源", "喜来", "众合", "同心", "云里", "合记", "三毛", "刘庄",
           "中原", "古都", "嵩岳", "黄河", "康乐", "安心", "民生", "双喜", "宏达", "晨光", "荣记", "四季")  # fmt: skip
TRADES: dict[str, tuple[str, ...]] = {
    "shop": (
        "超市",
        "便利店",
        "烟酒店",
        "五金店",
        "水果店",
        "粮油店",
        "药房",
        "文具店",
        "服装店",
        "通讯店",
        "蛋糕房",
        "茶叶店",
        "眼镜店",
        "花店",
        "快递驿站",
        "彩票店",
        "窗帘店",
        "灯具店",
        "房产中介",
        "打印社",
    ),
    "restaurant": ("火锅店", "快餐", "奶茶店", "饺子馆", "牛肉汤馆", "面包坊", "家常菜馆", "砂锅店"),
    "gas_restaurant": ("烩面馆", "胡辣汤店", "炒菜馆", "早餐店", "烧烤店", "米线店", "羊肉汤馆", "小吃店"),
    "small_venue": ("美发店", "旅馆", "浴池", "网吧", "足疗店", "棋牌室", "台球厅", "裁缝店", "托管班", "健身房"),
    "pollution": ("汽修厂", "干洗店", "广告喷绘部", "家具维修部", "钣金喷漆店"),
}
MIX = (("shop", 46.0), ("restaurant", 13.0), ("gas_restaurant", 11.0), ("small_venue", 15.0), ("pollution", 3.0))
HOURS = {"shop": ("08:00-22:00", "07:30-21:30", "09:00-21:00"), "restaurant": ("10:00-22:00", "09:30-21:30"), "gas_restaurant": ("06:00-14:00", "10:00-22:30"),
         "small_venue": ("10:00-23:00", "00:00-24:00"), "pollution": ("08:00-18:30",)}  # fmt: skip
UNITS = {
    "school": "school",
    "kindergarten": "school",
    "hospital": "medical",
    "market": "market",
    "mall": "market",
    "site": "construction",
}


@dataclass
class Spot:
    """A point on the plane with its properties."""

    point: Point
    row: Row


def number_buildings(drawing: Drawing) -> None:
    """Give every building its name (3号楼) and address, numbered in reading order within its compound."""
    for parcel in drawing.parcels():
        homes = [b for b in parcel.buildings if b.use == "residence"]
        order = reading_order([(b.shape.centroid.x, b.shape.centroid.y) for b in homes], 9.0)
        for number, i in enumerate(order, 1):
            homes[i].name = f"{number}号楼" if parcel.kind != "village" else f"{number}号"
        for building in parcel.buildings:
            place = parcel.name if parcel.name.startswith(parcel.address) else parcel.address + parcel.name
            building.address = place + (building.name if building.name != parcel.name else "")


def buildings(drawing: Drawing) -> list[Spot]:
    """Return a point for every building but sheds."""
    spots = []
    for parcel in drawing.parcels():
        for building in parcel.buildings:
            if building.use != "annex":
                row: Row = {
                    "name": building.name or ("沿街商铺" if building.use == "shop" else USES[building.use]), "address": building.address, "use": USES[building.use],
                    "storeys": building.storeys, "units": building.units, "households": building.households, "compound": parcel.name,
                }  # fmt: skip
                spots.append(Spot(building.shape.representative_point(), row))
    return _numbered(spots, "B")


def sites(drawing: Drawing, chance: Chance) -> list[Spot]:
    """Return shops, restaurants, venues, sites, enterprises and institutions."""
    spots: list[Spot] = []
    used: set[str] = set()
    streets = [street for street in drawing.streets() if street.kind in {"arterial", "secondary", "lane"}]
    tree = STRtree([street.line for street in streets])
    for parcel in drawing.parcels():
        for building in parcel.buildings:
            front = _front(building, streets, tree)
            if _has_shops(building, parcel, front, chance):
                spots += _shops(building, parcel, front, chance, used)
        spots += _institution(parcel, chance)
    return _numbered([*spots, *_street_works(drawing, streets, chance)], "S")


def _street_works(drawing: Drawing, streets: Sequence[Street], chance: Chance) -> Iterator[Spot]:
    """Open the road here and there, as every autumn."""
    blocks = [block.node.shape for block in drawing.blocks]
    tree = STRtree(blocks)
    for _ in range(max(2, len(blocks) // 6)):
        street = chance.pick(streets)
        at = street.line.interpolate(chance.between(0.25, 0.75), normalized=True)
        if len(tree.query(at, predicate="intersects")):
            what = chance.pick(("雨污管网改造", "供热管道维修", "人行道提升", "燃气管道更新", "路面大修"))
            yield Spot(
                at, {"class": "construction", "name": f"{street.name}{what}", "address": street.name, "hours": ""}
            )


def _front(building: Building, streets: Sequence[Street], tree: STRtree) -> tuple[LineString, float]:
    """Return the side of a building that faces the nearest street, and how far it is from the street's edge."""
    street = streets[int(tree.nearest(building.shape.centroid))]
    ring = list(building.shape.minimum_rotated_rectangle.exterior.coords)
    sides = [LineString(ring[i : i + 2]) for i in range(4)]
    side = min(sides, key=lambda line: round(street.line.distance(line.centroid), 3) - 0.12 * line.length)
    return side, street.line.distance(side) - street.width / 2


def _has_shops(building: Building, parcel: Parcel, front: tuple[LineString, float], chance: Chance) -> bool:
    if building.use == "shop":
        return True
    if building.use != "residence" or building.storeys > 18:
        return False
    return chance.happens(0.16 if parcel.kind == "village" else 0.75 if front[1] < 9.5 else 0.0)


def _shops(
    building: Building, parcel: Parcel, front: tuple[LineString, float], chance: Chance, used: set[str]
) -> Iterator[Spot]:
    side = front[0]
    count = max(1, int((side.length - 2) / chance.between(6.5, 12)))
    inner = building.shape.centroid
    for i in range(count):
        if count > 1 and chance.happens(0.2):
            continue
        at = side.interpolate((i + 0.5) / count, normalized=True)
        step = min(0.4, 3.0 / max(1.0, at.distance(inner)))
        kind = chance.weighted(MIX)
        name = _shop_name(kind, chance, used)
        row: Row = {
            "class": kind,
            "name": name,
            "address": f"{parcel.address}附{i + 1}号",
            "hours": chance.pick(HOURS[kind]),
        }
        yield Spot(Point(at.x + (inner.x - at.x) * step, at.y + (inner.y - at.y) * step), row)


def _shop_name(kind: str, chance: Chance, used: set[str]) -> str:
    for _ in range(50):
        name = chance.pick(SURNAME) + chance.pick(TRADES[kind])
        if name in used:
            name += f"（{chance.pick(('东', '西', '南', '北', '中', '新', '二'))}店）"
        if name not in used:
            break
    used.add(name)
    return name


def _institution(parcel: Parcel, chance: Chance) -> Iterator[Spot]:
    point = parcel.land.representative_point()
    if parcel.kind in UNITS:
        yield Spot(point, {"class": UNITS[parcel.kind], "name": parcel.name, "address": parcel.address, "hours": ""})
    if parcel.kind in {"works", "tower office", "depot"}:
        halls = [b for b in parcel.buildings if b.use in {"works", "office"}]
        for i, hall in enumerate(halls):
            if chance.happens(0.75):
                kind = "enterprise" if chance.happens(0.8) else "pollution"
                name = f"{chance.pick(SURNAME)}{chance.pick(('纺织', '印务', '文化传媒', '设计', '商贸', '科技', '机械', '服饰', '包装', '电子'))}公司"
                yield Spot(
                    hall.shape.representative_point(),
                    {"class": kind, "name": name, "address": f"{parcel.address}{i + 1}号", "hours": "08:30-17:30"},
                )


def services(drawing: Drawing, chance: Chance) -> list[Spot]:
    """Return service points: a few in each community, neighbourhood houses in each third-level grid, charging sheds in compounds."""
    spots: list[Spot] = []
    homes: dict[int, list[Parcel]] = {}
    community: dict[int, int] = {}
    for block, group, number in zip(drawing.blocks, drawing.groups, drawing.communities, strict=True):
        homes.setdefault(group, []).extend(p for p in block.node.parcels() if any(b.flats for b in p.buildings))
        community[group] = number
    for group in sorted(homes):
        if homes[group]:
            parcel = chance.pick(homes[group])
            spots.append(_service("neighbours", f"{parcel.name}邻里驿站", parcel, chance))
            spots += [_service("charging", f"{p.name}充电棚", p, chance) for p in homes[group] if chance.happens(0.55)]
    for number in sorted(set(drawing.communities)):
        mine = [p for group in sorted(homes) if community[group] == number for p in homes[group]]
        for kind in ("party_centre", "convenience", "police", "health", "fire", "fire", "canteen"):
            spots.append(_service(kind, "", chance.pick(mine), chance))
    parks = [p for p in drawing.parcels() if p.kind == "park"]
    spots += [Spot(p.land.representative_point(), _row("shelter", f"{p.name}应急避难场所", p)) for p in parks]
    return _numbered(spots, "F")


def _service(kind: str, name: str, parcel: Parcel, chance: Chance) -> Spot:
    building = chance.pick(sorted(parcel.buildings, key=lambda b: (b.use != "annex", b.shape.centroid.x))[:3])
    return Spot(
        building.shape.representative_point(),
        _row(kind, name or f"{SERVICE_CLASSES[kind][0]}（{parcel.name}）", parcel),
    )


def _row(kind: str, name: str, parcel: Parcel) -> Row:
    hours = {
        "charging": "00:00-24:00",
        "police": "00:00-24:00",
        "fire": "00:00-24:00",
        "canteen": "11:00-13:00",
        "shelter": "",
    }
    return {"class": kind, "name": name, "address": parcel.address, "hours": hours.get(kind, "08:30-18:00")}


def _numbered(spots: Sequence[Spot], letter: str) -> list[Spot]:
    for number, spot in enumerate(spots, 1):
        spot.row = {"id": f"{letter}{number:05d}", **spot.row}
    return list(spots)
