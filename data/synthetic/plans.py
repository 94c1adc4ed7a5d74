"""The two plans: a hand-drawn skeleton each, and which units they need. Metres east and north of the origin."""

from __future__ import annotations

from dataclasses import dataclass

from data.synthetic.dedicated import Special
from data.synthetic.plane import Plane, Point2
from data.synthetic.streets import Stroke


@dataclass(frozen=True)
class Plan:
    """What to draw.

    Attributes
    ----------
    plane
        Where the origin lies.
    extent
        West, south, east, north of the skeleton, metres.
    grids
        For each third-level grid the points whose faces it joins; empty: found by area.
    micros, third
        How many micro-grids and third-level grids there are.
    kinds
        Kinds of housing and their weights.
    parcel
        Parcels of about this area, from and to, square metres.
    prefix
        What the numbers of its incidents begin with.
    margin
        How far beyond the edge the ground is drawn, metres.
    bands
        Depth of a row when communities, grids and micro-grids are numbered, metres.
    outline
        Faces inside this ring belong to the area, where ``grids`` is empty.
    sway
        How unsteadily streets are drawn.
    variation
        The first variation of the shipped seed that adds up, so that it is drawn at once.
    spread
        A third-level grid has at least and at most so many micro-grids.
    towers
        How many towers carry stacks; 0 for any number.
    broad
        Points of faces that are parcelled out widely: the old mill's.
    """

    key: str
    name: str
    name_en: str
    plane: Plane
    extent: tuple[float, float, float, float]
    strokes: tuple[Stroke, ...]
    grids: tuple[tuple[Point2, ...], ...]
    micros: int
    specials: tuple[Special, ...]
    kinds: tuple[tuple[str, float], ...]
    parcel: tuple[float, float]
    margin: float
    code: str
    street: bool
    communities: tuple[str, ...]
    bands: tuple[float, float, float]
    edition: str
    prefix: str
    seed: int
    third: int = 0
    outline: tuple[Point2, ...] = ()
    sway: float = 1.0
    broad: tuple[Point2, ...] = ()
    towers: int = 0
    spread: tuple[int, int] = (1, 99)
    variation: int = 0


LONGNAN = Plan(
    key="longnan",
    name="陇南社区",
    name_en="Longnan Community",
    plane=Plane(113.6365, 34.7415),
    extent=(-760, -640, 740, 640),
    strokes=(
        Stroke(
            "陇安路",
            "arterial",
            ((-820, 352), (-560, 366), (-300, 358), (-60, 372), (230, 398), (480, 404), (820, 386)),
        ),
        Stroke(
            "织云路", "secondary", ((-820, 128), (-480, 116), (-200, 98), (60, 104), (280, 130), (480, 152), (820, 166))
        ),
        Stroke(
            "洧溪路",
            "secondary",
            ((-820, -162), (-470, -142), (-230, -150), (50, -172), (270, -152), (470, -122), (820, -116)),
        ),
        Stroke(
            "云锦路",
            "arterial",
            ((-820, -418), (-480, -398), (-230, -404), (20, -422), (260, -404), (500, -388), (820, -352)),
        ),
        Stroke(
            "熊耳街",
            "arterial",
            ((-512, 720), (-500, 520), (-494, 360), (-480, 112), (-488, -140), (-472, -400), (-462, -720)),
        ),
        Stroke(
            "梭影街",
            "secondary",
            ((-268, 720), (-254, 540), (-246, 360), (-232, 100), (-252, -150), (-240, -404), (-250, -720)),
        ),
        Stroke("桐荫街", "secondary", ((84, 720), (70, 560), (62, 380), (50, 104), (72, -170), (80, -420), (66, -720))),
        Stroke(
            "青屏街",
            "secondary",
            ((482, 720), (493, 560), (506, 402), (524, 152), (518, -122), (500, -390), (486, -720)),
        ),
        Stroke(
            "陇溪",
            "canal",
            (
                (-820, -352),
                (-640, -318),
                (-480, -282),
                (-360, -240),
                (-240, -236),
                (-90, -286),
                (60, -312),
                (200, -284),
                (318, -206),
                (392, -96),
                (480, -12),
                (640, 36),
                (820, 44),
            ),
            44.0,
        ),
    ),
    grids=(
        ((-360, 230), (-360, 0)),
        ((-100, 230),),
        ((250, 260),),
        ((-100, -20),),
        ((250, 0), (470, -80)),
        ((-360, -200), (-360, -330), (-80, -220), (-80, -360)),
        ((250, -330), (200, -210), (420, -180)),
    ),
    micros=79,
    specials=(
        Special("park", "陇溪公园", 2.1, "公园管理处", "canal"),
        Special("works", "织云里文创园", 2.2, "园区管理办"),
        Special("hospital", "云锦医院", 1.9, "医院保卫科", "arterial"),
        Special("school", "{}中学", 2.1, "学校安保处"),
        Special("school", "{}小学", 1.5, "学校安保处"),
        Special("mall", "锦汇商场", 1.2, "商场安全部", "arterial"),
        Special("site", "桐荫里项目工地", 1.2, "项目部安全科"),
        Special("tower office", "陇安大厦", 0.9, "大厦物业", "arterial"),
        Special("office", "区机关服务中心", 1.1, "机关后勤科"),
        Special("market", "{}农贸市场", 0.7, "市场管理办"),
        Special("kindergarten", "{}幼儿园", 0.5, "园务办"),
        Special("kindergarten", "{}幼儿园", 0.55, "园务办"),
        Special("depot", "公交{}场站", 1.0, "场站安全科", "arterial"),
        Special("high", "云璟府", 1.5),
        Special("village", "岗洼新村", 1.0),
        Special("village", "岗洼南院", 0.9),
        Special("hotel", "{}宾馆", 0.6, "", "secondary"),
        Special("shops", "{}建材市场", 0.6, "", "arterial"),
    ),
    kinds=(("yard", 4.0), ("walkup", 4.0), ("slab", 1.6), ("point", 1.2)),
    parcel=(11_500, 28_000),
    margin=150.0,
    code="410102999001",
    street=False,
    communities=("陇南社区",),
    bands=(500.0, 150.0, 45.0),
    edition="2026-09-01",
    prefix="LN",
    seed=5,
    towers=3,
    spread=(6, 18),
)

MIANFANG = Plan(
    key="mianfang",
    name="棉纺路街道",
    name_en="Mianfang Road Sub-district",
    plane=Plane(113.6095, 34.7575),
    extent=(-1720, -1480, 1720, 1480),
    strokes=(
        Stroke(
            "棉纺路",
            "arterial",
            (
                (-1800, 372),
                (-1440, 384),
                (-1000, 352),
                (-480, 366),
                (0, 398),
                (520, 388),
                (1000, 420),
                (1440, 410),
                (1800, 432),
            ),
        ),
        Stroke(
            "岚河路",
            "arterial",
            (
                (-1800, -452),
                (-1440, -430),
                (-960, -404),
                (-480, -426),
                (30, -452),
                (530, -430),
                (1020, -402),
                (1450, -420),
                (1800, -408),
            ),
        ),
        Stroke(
            "化纤路",
            "arterial",
            (
                (-1800, 1096),
                (-1440, 1110),
                (-900, 1142),
                (-470, 1130),
                (60, 1108),
                (560, 1136),
                (1100, 1168),
                (1460, 1150),
                (1800, 1156),
            ),
        ),
        Stroke(
            "陇北路",
            "secondary",
            (
                (-1800, -1120),
                (-1430, -1104),
                (-800, -1090),
                (-460, -1108),
                (150, -1140),
                (540, -1128),
                (1120, -1096),
                (1800, -1080),
            ),
        ),
        Stroke(
            "洧丰铁路",
            "railway",
            ((-1800, -1262), (-1200, -1228), (-500, -1222), (200, -1258), (900, -1242), (1800, -1188)),
            40.0,
        ),
        Stroke(
            "秦屏街",
            "arterial",
            (
                (-520, 1560),
                (-500, 1130),
                (-474, 760),
                (-486, 366),
                (-462, 20),
                (-480, -426),
                (-452, -800),
                (-470, -1560),
            ),
        ),
        Stroke(
            "文渊街",
            "arterial",
            ((556, 1560), (548, 1130), (520, 780), (534, 388), (510, -20), (526, -430), (552, -800), (540, -1560)),
        ),
        Stroke(
            "西纺街",
            "arterial",
            (
                (-1462, 1560),
                (-1452, 1110),
                (-1428, 700),
                (-1446, 380),
                (-1430, 0),
                (-1444, -430),
                (-1418, -820),
                (-1430, -1560),
            ),
        ),
        Stroke(
            "嵩屏街",
            "arterial",
            (
                (1474, 1560),
                (1462, 1150),
                (1440, 760),
                (1452, 410),
                (1470, 0),
                (1446, -420),
                (1428, -800),
                (1440, -1560),
            ),
        ),
        Stroke(
            "织布路",
            "secondary",
            ((-1800, 742), (-1430, 726), (-1120, 752), (-800, 770), (-474, 758), (-150, 744), (200, 762), (520, 780)),
        ),
        Stroke("印花路", "secondary", ((520, 716), (830, 742), (1140, 768), (1440, 756), (1800, 764))),
        Stroke(
            "青纱路",
            "secondary",
            ((-1800, -6), (-1430, 4), (-1120, -22), (-790, -30), (-462, 16), (-160, 34), (190, 22), (512, -18)),
        ),
        Stroke("晨曦路", "secondary", ((512, 60), (820, 44), (1150, 16), (1466, 2), (1800, 14))),
        Stroke(
            "洗棉路",
            "secondary",
            (
                (-1800, -790),
                (-1420, -776),
                (-1120, -748),
                (-780, -762),
                (-454, -786),
                (-150, -772),
                (180, -800),
                (548, -788),
                (860, -760),
                (1140, -752),
                (1430, -780),
                (1800, -770),
            ),
        ),
        Stroke(
            "锭子街",
            "secondary",
            (
                (-1128, 1560),
                (-1112, 1128),
                (-1130, 752),
                (-1104, 366),
                (-1122, -20),
                (-1100, -412),
                (-1128, -750),
                (-1112, -1100),
            ),
        ),
        Stroke(
            "纱线街", "secondary", ((-806, 372), (-792, 0), (-812, -410), (-784, -762), (-800, -1090), (-806, -1560))
        ),
        Stroke("络筒街", "secondary", ((-832, 1560), (-820, 1142), (-796, 770), (-810, 364))),
        Stroke(
            "布场街",
            "secondary",
            (
                (-150, 1560),
                (-162, 1116),
                (-140, 744),
                (-166, 392),
                (-148, 34),
                (-170, -446),
                (-140, -772),
                (-156, -1120),
                (-150, -1560),
            ),
        ),
        Stroke("提花街", "secondary", ((206, 1110), (188, 762), (212, 396), (186, 22), (204, -446))),
        Stroke("浆染街", "secondary", ((160, -446), (178, -800), (152, -1134))),
        Stroke(
            "梭织街",
            "secondary",
            (
                (842, 1560),
                (828, 1150),
                (806, 740),
                (832, 402),
                (812, 44),
                (836, -412),
                (858, -760),
                (842, -1112),
                (850, -1560),
            ),
        ),
        Stroke(
            "经纱街", "secondary", ((1130, 768), (1152, 410), (1128, 18), (1146, -406), (1122, -752), (1138, -1096))
        ),
        Stroke("老厂斜路", "secondary", ((-796, 770), (-960, 668), (-1120, 580), (-1290, 466), (-1446, 380))),
        Stroke(
            "棉丰渠",
            "canal",
            (
                (-1800, 250),
                (-1500, 220),
                (-1200, 168),
                (-900, 206),
                (-640, 262),
                (-330, 196),
                (-40, 120),
                (160, -60),
                (330, -210),
                (560, -270),
                (820, -236),
                (1060, -300),
                (1260, -520),
                (1420, -640),
                (1800, -690),
            ),
            46.0,
        ),
    ),
    grids=(),
    outline=(
        (-1600, 1060),
        (-1150, 1180),
        (-600, 1180),
        (-480, 1220),
        (900, 1220),
        (830, 760),
        (1500, 760),
        (1500, -500),
        (1140, -740),
        (1200, -1240),
        (-480, -1200),
        (-480, -800),
        (-1480, -770),
        (-1500, 400),
        (-1460, 760),
    ),
    third=97,
    sway=2.6,
    spread=(2, 16),
    broad=((-300, -330),),
    micros=676,
    specials=(
        Special("works", "棉纺厂老厂区", 5.5, "园区管理办"),
        Special("works", "经纬创意园", 2.6, "园区管理办"),
        Special("works", "印染厂库区", 2.2, "厂区保卫科"),
        Special("park", "棉丰渠公园", 3.6, "公园管理处", "canal"),
        Special("park", "梭织游园", 1.4, "", "secondary"),
        Special("hospital", "棉纺路医院", 3.0, "医院保卫科", "arterial"),
        Special("hospital", "秦屏中医院", 1.8, "医院保卫科", "arterial"),
        Special("school", "棉纺路中学", 3.2, "学校安保处"),
        Special("school", "文渊中学", 2.6, "学校安保处"),
        Special("school", "嵩屏实验学校", 2.4, "学校安保处"),
        Special("school", "{}小学", 1.7, "学校安保处"),
        Special("school", "{}小学", 1.5, "学校安保处"),
        Special("school", "{}小学", 1.5, "学校安保处"),
        Special("school", "{}小学", 1.4, "学校安保处"),
        Special("school", "{}小学", 1.5, "学校安保处"),
        Special("kindergarten", "{}幼儿园", 0.7, "园务办"),
        Special("kindergarten", "{}幼儿园", 0.7, "园务办"),
        Special("kindergarten", "{}幼儿园", 0.7, "园务办"),
        Special("kindergarten", "{}幼儿园", 0.7, "园务办"),
        Special("kindergarten", "{}幼儿园", 0.7, "园务办"),
        Special("mall", "棉纺新天地", 2.0, "商场安全部", "arterial"),
        Special("mall", "文渊广场", 1.5, "商场安全部", "arterial"),
        Special("tower office", "岚河国际", 1.1, "大厦物业", "arterial"),
        Special("tower office", "秦屏大厦", 1.0, "大厦物业", "arterial"),
        Special("tower office", "纺织科技楼", 1.0, "大厦物业", "arterial"),
        Special("office", "街道办事处大院", 1.0, "机关后勤科"),
        Special("office", "区行政服务中心", 1.4, "机关后勤科", "arterial"),
        Special("office", "设计研究院", 1.3, "院保卫科"),
        Special("market", "{}农贸市场", 0.8, "市场管理办"),
        Special("market", "{}农贸市场", 0.8, "市场管理办"),
        Special("market", "布场小商品市场", 1.3, "市场管理办"),
        Special("site", "纱厂里项目工地", 2.0, "项目部安全科"),
        Special("site", "织锦府项目工地", 1.6, "项目部安全科"),
        Special("site", "地铁棉纺路站工地", 0.9, "项目部安全科", "arterial"),
        Special("depot", "公交{}场站", 1.2, "场站安全科", "arterial"),
        *(Special("high", "", 1.5) for _ in range(9)),
        *(Special("village", name, 1.3) for name in ("小沙窝村", "前营新村", "后营", "窑上", "岗头新村", "堤湾")),
        Special("hotel", "棉纺宾馆", 0.7, "", "arterial"),
        Special("hotel", "{}酒店", 0.7, "", "arterial"),
        Special("shops", "{}汽配城", 1.0, "", "arterial"),
        Special("shops", "布匹批发街", 0.8, "", "secondary"),
    ),
    kinds=(("yard", 4.6), ("walkup", 4.0), ("slab", 1.6), ("point", 1.2)),
    parcel=(11_500, 28_000),
    margin=60.0,
    code="410102998",
    street=True,
    communities=(
        "化纤路社区",
        "织布路社区",
        "印花社区",
        "锭子街社区",
        "棉纺路社区",
        "提花社区",
        "晨曦社区",
        "青纱路社区",
        "纱线街社区",
        "岚河社区",
        "洗棉社区",
        "梭织街社区",
    ),
    bands=(420.0, 150.0, 45.0),
    edition="2026-09-01",
    prefix="MF",
    seed=1,
    variation=1,
)

PLANS = {plan.key: plan for plan in (LONGNAN, MIANFANG)}
