"""Invented names of streets, lanes and compounds; addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shapely import STRtree

from data.synthetic.plane import Chance

if TYPE_CHECKING:
    from data.synthetic.blocks import Block, Parcel
    from data.synthetic.streets import Skeleton, Street

NEW = ("云栖", "锦澜", "和悦", "翠庭", "星河", "书香", "景和", "枫林", "嘉禾", "阳光", "御景", "绿洲", "金桂", "兰亭", "天润", "橡树",
       "颐和", "瑞景", "康桥", "紫荆", "盛世", "水岸", "华庭", "福晟", "桂语", "汇景", "雅居", "润泽", "铭嘉", "常青")  # fmt: skip
NEW_ENDS = ("花园", "家园", "苑", "小区", "佳苑", "新城", "华府", "雅苑")
UNITS = ("棉纺一厂", "棉纺二厂", "棉纺三厂", "印染厂", "针织厂", "纺机厂", "二砂", "电缆厂", "轴承厂", "铁路局", "邮电局", "粮食局", "供电局",
         "市建公司", "轻工学校", "煤机厂", "水利局", "物资局", "商业局", "电信局", "油脂厂", "制药厂", "食品公司", "公交公司", "房管局", "热力公司",
         "省建五公司", "仪表厂", "客车厂", "面粉厂", "拖拉机厂", "造纸厂")  # fmt: skip
LANES = ("纺锭", "青砖", "槐荫", "柳塘", "井台", "书院", "仓前", "石榴", "枣园", "染坊", "团结", "幸福", "新华里", "胜利", "永安", "德化里", "葵花",
         "丁香", "海棠", "梧桐", "水塔", "前进", "同乐", "明德", "春和", "秋实", "平安", "长青", "紫藤", "芦花", "沙口", "北窑", "瓦屋", "东关", "小岗",
         "竹林", "杏园", "石桥", "银杏", "桑园", "麦仓", "铁匠", "豆腐", "光明", "朝阳", "建工", "工人", "纺工", "机修", "铸工", "锅炉", "红旗")  # fmt: skip


class Names:
    """Names not yet given, in a drawn order."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._new = chance.shuffled([a + b for a in NEW for b in NEW_ENDS])
        self._units = chance.shuffled([unit + end for unit in UNITS for end in ("家属院", "南院", "北院", "生活区")])
        self._lanes = chance.shuffled(LANES) + [f"{name}{end}" for end in ("东", "西", "南", "北", "中") for name in LANES]

    def estate(self) -> str:
        """Give a name to a newer estate."""
        return self._new.pop(0)

    def yard(self, address: str) -> str:
        """Give a name to an older courtyard: after the unit that built it, while there are any, else its address."""
        return self._units.pop(0) if self._units else f"{address}院"

    def lane(self) -> str:
        """Give a name to a lane."""
        return self._lanes.pop(0) + "巷"


def name_lanes(blocks: Sequence[Block], skeleton: Skeleton, names: Names) -> None:
    """Name the lanes cut through the blocks: after themselves, or after the street that they leave (梭影街东一巷 for short)."""
    del skeleton
    from data.synthetic.streets import Street  # noqa: PLC0415 - names is below streets for everything else

    for block in blocks:
        block.lanes = [Street(names.lane(), lane.kind, lane.line, lane.width) for lane in block.lanes]


def name_parcels(parcels: Sequence[Parcel], streets: Sequence[Street], names: Names, chance: Chance) -> None:
    """Give every parcel its address (路名 + 门牌号) and, where it has none, its name."""
    named = [street for street in streets if street.kind in {"arterial", "secondary", "lane"}]
    tree = STRtree([street.line for street in named])
    used: set[str] = set()
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
        parcel.name = parcel.name or _name(parcel, names, chance)


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
