"""The two plans: a hand-drawn skeleton each, and which units they need. Metres east and north of the origin."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry import Point, Polygon

from data.synthetic.dedicated import Special
from data.synthetic.plane import Plane, Point2
from data.synthetic.streets import Skeleton, Stroke


@dataclass(frozen=True)
class Tally:
    """How many incidents are open (red), cleared on the spot (yellow), done within the day (green), or done earlier; and hot spots."""

    red: int
    yellow: int
    green: int
    earlier: int
    spots: int


@dataclass(frozen=True)
class Plan:
    """What to draw.

    Attributes
    ----------
    plane
        Where the origin lies.
    extent
        West, south, east, north of the skeleton, metres.
    outline
        Names of the strokes that bound the area, to tell faces inside from the context around.
    grids
        For each third-level grid the points whose faces it joins; empty: found by area (``areas``).
    kinds
        Kinds of housing and their weights.
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
    incidents: Tally
    seed: int

    def sort_faces(self, skeleton: Skeleton) -> tuple[list[Polygon], list[Polygon], list[int], list[int]]:
        """Sort the faces of the skeleton: inside, around (context), third-level grid and community of each face inside."""
        group_of = {}
        for group, points in enumerate(self.grids):
            for i, face in enumerate(skeleton.faces):
                if any(face.contains(Point(point)) for point in points):
                    group_of[i] = group
        inside = sorted(group_of)
        whole = shapely.union_all([skeleton.faces[i] for i in inside]).buffer(self.margin)
        outside = [face for i, face in enumerate(skeleton.faces) if i not in group_of and face.intersects(whole)]
        return [skeleton.faces[i] for i in inside], outside, [group_of[i] for i in inside], [0] * len(inside)


LONGNAN = Plan(
    key="longnan",
    name="陇南社区",
    name_en="Longnan Community",
    plane=Plane(113.6365, 34.7415),
    extent=(-760, -640, 740, 640),
    strokes=(
        Stroke("陇安路", "arterial", ((-820, 352), (-560, 366), (-300, 358), (-60, 372), (230, 398), (480, 404), (820, 386))),
        Stroke("织云路", "secondary", ((-820, 128), (-480, 116), (-200, 98), (60, 104), (280, 130), (480, 152), (820, 166))),
        Stroke("洧溪路", "secondary", ((-820, -162), (-470, -142), (-230, -150), (50, -172), (270, -152), (470, -122), (820, -116))),
        Stroke("云锦路", "arterial", ((-820, -418), (-480, -398), (-230, -404), (20, -422), (260, -404), (500, -388), (820, -352))),
        Stroke("熊耳街", "arterial", ((-512, 720), (-500, 520), (-494, 360), (-480, 112), (-488, -140), (-472, -400), (-462, -720))),
        Stroke("梭影街", "secondary", ((-268, 720), (-254, 540), (-246, 360), (-232, 100), (-252, -150), (-240, -404), (-250, -720))),
        Stroke("桐荫街", "secondary", ((84, 720), (70, 560), (62, 380), (50, 104), (72, -170), (80, -420), (66, -720))),
        Stroke("青屏街", "secondary", ((482, 720), (493, 560), (506, 402), (524, 152), (518, -122), (500, -390), (486, -720))),
        Stroke("陇溪", "canal", ((-820, -352), (-640, -318), (-480, -282), (-360, -240), (-240, -236), (-90, -286), (60, -312), (200, -284),
                               (318, -206), (392, -96), (480, -12), (640, 36), (820, 44)), 44.0),
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
        Special("school", "陇安中学", 2.1, "学校安保处"),
        Special("school", "织云小学", 1.5, "学校安保处"),
        Special("mall", "锦汇商场", 1.2, "商场安全部", "arterial"),
        Special("site", "桐荫里项目工地", 1.2, "项目部安全科"),
        Special("tower office", "陇安大厦", 0.9, "大厦物业", "arterial"),
        Special("office", "区机关服务中心", 1.1, "机关后勤科"),
        Special("market", "洧溪农贸市场", 0.7, "市场管理办"),
        Special("kindergarten", "梭影幼儿园", 0.5, "园务办"),
        Special("kindergarten", "青屏幼儿园", 0.55, "园务办"),
        Special("depot", "公交云锦路场站", 1.0, "场站安全科", "arterial"),
        Special("high", "云璟府", 1.5),
        Special("village", "岗洼新村", 1.0),
        Special("village", "岗洼南院", 0.9),
        Special("hotel", "洧溪宾馆", 0.6, "", "secondary"),
        Special("shops", "陇安建材街", 0.6, "", "arterial"),
    ),
    kinds=(("yard", 4.0), ("walkup", 4.0), ("slab", 1.6), ("point", 1.2)),
    parcel=(11_500, 28_000),
    margin=150.0,
    code="410102999001",
    street=False,
    communities=("陇南社区",),
    bands=(500.0, 150.0, 45.0),
    edition="2026-09-01",
    incidents=Tally(red=10, yellow=6, green=35, earlier=69, spots=9),
    seed=1,
)

PLANS = {plan.key: plan for plan in (LONGNAN,)}
