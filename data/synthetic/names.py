"""Invented names of streets, lanes and compounds; addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shapely import STRtree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.synthetic.blocks import Block, Parcel
    from data.synthetic.plane import Chance
    from data.synthetic.streets import Skeleton, Street

NEW = ("云栖", "锦澜", "和悦", "翠庭", "星河", "书香", "景和", "枫林", "嘉禾", "阳光", "御景", "绿洲", "金桂", "兰亭", "天润", "橡树",
       "颐和", "瑞景", "康桥", "紫荆", "盛世", "水岸", "华庭", "福晟", "桂语", "汇景", "雅居", "润泽", "铭嘉", "常青")  # fmt: skip
NEW_ENDS = ("花园", "家园", "苑", "小区", "佳苑", "新城", "华府", "雅苑")
UNITS = ("棉纺一厂", "棉纺二厂", "棉纺三厂", "印染厂", "针织厂", "纺机厂", "二砂", "电缆厂", "轴承厂", "铁路局", "邮电局", "粮食局", "供电局",
         "市建公司", "轻工学校", "煤机厂", "水利局", "物资局", "商业局", "电信局", "油脂厂", "制药厂", "食品公司", "公交公司", "房管局", "热力公司",
         "省建五公司", "仪表厂", "客车厂", "面粉厂", "拖拉机厂", "造纸厂")  # fmt: skip
STREETS = (
    ("青", "云", "锦", "春", "丰", "和", "兴", "瑞", "明", "长", "永", "文"),
    ("棉", "梭", "纱", "絮", "纺", "溪", "棠", "桐", "岭", "泉", "宁", "禾"),
)
LANES = ("纺锭", "青砖", "槐荫", "柳塘", "井台", "书院", "仓前", "石榴", "枣园", "染坊", "团结", "幸福",  "胜利", "永安",  "葵花",
         "丁香", "海棠", "梧桐", "水塔", "前进", "同乐", "明德", "春和", "秋实", "平安", "长青", "紫藤", "芦花", "沙口", "北窑", "瓦屋", "东关", "小岗",
         "竹林", "杏园", "石桥", "银杏", "桑园", "麦仓", "铁匠", "豆腐", "光明", "朝阳", "建工", "工人", "纺工", "机修", "铸工", "锅炉", "红旗")  # fmt: skip


class Names:
    """Names not yet given, in a drawn order."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._new = chance.shuffled([a + b for a in NEW for b in NEW_ENDS])
        self._units = chance.shuffled([unit + end for unit in UNITS for end in ("家属院", "南院", "北院", "生活区")])
        self._streets = chance.shuffled([a + b for a in STREETS[0] for b in STREETS[1]])
        self._lanes = chance.shuffled(LANES) + [
            f"{name}{end}" for end in ("东", "西", "南", "北", "中") for name in LANES
        ]

    def estate(self) -> str:
        """Give a name to a newer estate."""
        return self._new.pop(0)

    def yard(self, address: str) -> str:
        """Give a name to an older courtyard: after the unit that built it, while there are any, else its address."""
        return self._units.pop(0) if self._units else f"{address}院"

    def street(self, *, east_west: bool) -> str:
        """Give a name to a minor street: 路 from east to west, 街 from north to south."""
        return self._streets.pop(0) + ("路" if east_west else "街")

    def lane(self) -> str:
        """Give a name to a lane."""
        return self._lanes.pop(0) + "巷"


def name_lanes(blocks: Sequence[Block], skeleton: Skeleton, names: Names) -> None:
    """Name what has no name yet: streets cut by the districts, east-west 路 and north-south 街, and the lanes of the blocks."""
    skeleton.streets = [
        street if street.name else replace(street, name=_street_name(street, names)) for street in skeleton.streets
    ]
    for block in blocks:
        block.lanes = [replace(lane, name=names.lane()) for lane in block.lanes]


def _street_name(street: Street, names: Names) -> str:
    (x0, y0), (x1, y1) = street.line.coords[0], street.line.coords[-1]
    return names.street(east_west=abs(x1 - x0) > abs(y1 - y0))


def name_parcels(parcels: Sequence[Parcel], streets: Sequence[Street], names: Names, chance: Chance) -> None:
    """Give every parcel its address (路名 + 门牌号) and, where it has none, its name."""
    named = [street for street in streets if street.kind in {"arterial", "secondary", "lane"}]
    tree = STRtree([street.line for street in named])
    used: set[str] = set()
    taken: set[str] = set()
    for parcel in parcels:
        street = _front(parcel, named, tree)
        along = street.line.project(parcel.land.centroid) if not parcel.land.is_empty else 0.0
        foot = street.line.interpolate(along)
        side = int(parcel.land.centroid.y > foot.y) if not parcel.land.is_empty else 0
        number = 2 * int(along / 14) + 1 + side
        while f"{street.name}{number}号" in used:
            number += 2
        parcel.address = f"{street.name}{number}号"
        used.add(parcel.address)
        parcel.name = _unused(parcel.name.format(street.name), taken) or _name(parcel, names, chance)
        taken.add(parcel.name)


def _unused(name: str, taken: set[str]) -> str:
    return next(found for found in (name, f"新{name}", f"{name}分部", f"{name}二部") if found not in taken or not name)


def _front(parcel: Parcel, streets: Sequence[Street], tree: STRtree) -> Street:
    near = [streets[i] for i in sorted(tree.query(parcel.shape.buffer(8), predicate="intersects").tolist())]
    rank = {"arterial": 1.3, "secondary": 1.5, "lane": 1.0}
    facing = [(street.line.intersection(parcel.shape.buffer(8)).length * rank[street.kind], street) for street in near]
    if not facing:
        return streets[int(tree.nearest(parcel.shape.centroid))]
    return max(facing, key=lambda item: item[0])[1]


def _name(parcel: Parcel, names: Names, chance: Chance) -> str:
    if parcel.kind in {"slab", "point", "high"} or (parcel.kind == "walkup" and chance.happens(0.6)):
        return names.estate()
    if parcel.kind == "shops":
        return f"{parcel.address}沿街商业"
    if parcel.kind == "yard" and chance.happens(0.35):
        return f"{parcel.address}院"
    return names.yard(parcel.address)
