"""Sort the faces of a skeleton into communities and third-level grids, cutting the largest by further lanes until the numbers fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely.geometry import Point, Polygon

from data.synthetic.blocks import halve
from data.synthetic.streets import RESERVE, Skeleton, Street

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.synthetic.plane import Chance
    from data.synthetic.plans import Plan

WEIGHT = {"lane": 0.55, "secondary": 1.0, "arterial": 2.2, "canal": 2.0, "railway": 5.0, "": 1.0}
"""How unwilling a district is to reach over a line of this kind."""


@dataclass
class Sorted:
    """Faces inside the area with their third-level grid and community, and the faces around it."""

    inside: list[Polygon]
    grids: list[int]
    communities: list[int]
    outside: list[Polygon]


def sort_faces(plan: Plan, skeleton: Skeleton, chance: Chance) -> Sorted:
    """Sort faces as the plan says: by its own points, or into so many communities and third-level grids of like size."""
    inside, of_point = [], []
    for face in skeleton.faces:
        group = next((i for i, points in enumerate(plan.grids) if any(face.contains(Point(p)) for p in points)), -1)
        if group >= 0 or (plan.outline and Polygon(plan.outline).contains(face.representative_point())):
            inside.append(face)
            of_point.append(group)
    whole = shapely.union_all(inside)
    near = [
        face
        for face in skeleton.faces
        if not whole.contains(face.representative_point()) and face.intersects(whole.buffer(plan.margin))
    ]
    if plan.grids:
        return Sorted(inside, of_point, [0] * len(inside), near)
    communities = _merge([*inside], len(plan.communities), skeleton.streets)
    found = _into_grids(inside, communities, plan, skeleton, chance)
    found.outside = near
    return found


def _into_grids(
    faces: Sequence[Polygon],
    communities: Sequence[int],
    plan: Plan,
    skeleton: Skeleton,
    chance: Chance,
) -> Sorted:
    found = Sorted([], [], [], [])
    areas = [
        sum(f.area for f, c in zip(faces, communities, strict=True) if c == community)
        for community in range(len(plan.communities))
    ]
    grids = 0
    for community, wanted in enumerate(_apportion(areas, plan.third)):
        mine = [face for face, c in zip(faces, communities, strict=True) if c == community]
        usual = areas[community] / wanted
        while not _enough(mine, wanted, usual) and len(mine) < 3 * wanted:
            mine = _cut_largest(mine, skeleton, chance)
        found.inside += mine
        found.grids += [grids + group for group in _merge(mine, wanted, skeleton.streets)]
        found.communities += [community] * len(mine)
        grids += wanted
    return found


def _enough(faces: Sequence[Polygon], wanted: int, usual: float) -> bool:
    """Say whether there are as many faces of a fair size as grids are wanted, and none too large."""
    return sum(face.area > 0.5 * usual for face in faces) >= wanted and max(face.area for face in faces) <= 1.6 * usual


def _apportion(areas: Sequence[float], seats: int) -> list[int]:
    """Share out seats by area, largest remainders first."""
    exact = [seats * area / sum(areas) for area in areas]
    shares = [int(value) for value in exact]
    order = sorted(range(len(areas)), key=lambda i: shares[i] - exact[i])
    for i in order[: seats - sum(shares)]:
        shares[i] += 1
    return shares


def _cut_largest(faces: list[Polygon], skeleton: Skeleton, chance: Chance) -> list[Polygon]:
    """Cut the largest face by a street of its own."""
    index = max(range(len(faces)), key=lambda i: faces[i].area)
    kind = "secondary" if faces[index].area > 110_000 else "lane"
    parts, line = halve(faces[index], chance, bend=9.0)
    skeleton.streets.append(Street("", kind, line, RESERVE[kind] + (4.0 if kind == "lane" else 0.0)))
    return [*faces[:index], *parts, *faces[index + 1 :]]


def _merge(faces: Sequence[Polygon], wanted: int, streets: Sequence[Street]) -> list[int]:
    """Merge the smallest district with its most willing neighbour until ``wanted`` are left; return the district of each face."""
    district = list(range(len(faces)))
    shapes = {i: face.buffer(0.02) for i, face in enumerate(faces)}
    target = sum(face.area for face in faces) / wanted
    while len(shapes) > wanted:
        smallest = min(shapes, key=lambda key: (shapes[key].area, key))
        least = min(40.0, 0.2 * shapes[smallest].length)
        near = [key for key in shapes if key != smallest and shapes[key].intersection(shapes[smallest]).length > least]
        costs = {key: _reluctance(shapes[smallest], shapes[key], streets, target) for key in near}
        best = min(costs, key=lambda key: (round(costs[key], 6), key))
        shapes[best] = shapes[best].union(shapes.pop(smallest))
        district = [best if d == smallest else d for d in district]
    order = {key: i for i, key in enumerate(sorted(shapes))}
    return [order[d] for d in district]


def _reluctance(a: Polygon, b: Polygon, streets: Sequence[Street], target: float) -> float:
    shared = a.intersection(b)
    kinds = {s.kind: s.line.intersection(shared).length for s in streets if s.line.intersects(shared)}
    kind = max(kinds, key=lambda k: kinds[k], default="")
    union = a.union(b)
    shape = union.length / (4 * float(np.sqrt(union.area)))
    return WEIGHT[kind] + 1.6 * shape + 6.0 * max(0.0, union.area / target - 1.15)
