"""Draw an area: skeleton, parcels, buildings, then the net in one exact topology."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import shapely
from shapely import STRtree
from shapely.geometry import Point, Polygon

from data.synthetic import compounds, dedicated, grids
from data.synthetic.blocks import Block, Parcel, parcel_out
from data.synthetic.districts import sort_faces
from data.synthetic.names import Names, name_lanes, name_parcels
from data.synthetic.plane import Chance
from data.synthetic.streets import Skeleton, Street, lay

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from data.synthetic.grids import Leaf, Options, Piece
    from data.synthetic.plans import Plan

HOMES = {"yard", "walkup", "slab", "point", "high", "village"}


@dataclass
class Drawing:
    """An area as drawn on the plane, with its net."""

    plan: Plan
    seed: int
    skeleton: Skeleton
    blocks: list[Block]
    groups: list[int]
    communities: list[int]
    context: list[Block] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)

    def parcels(self) -> Iterator[Parcel]:
        """Walk the parcels inside the area."""
        for block in self.blocks:
            yield from block.node.parcels()

    def streets(self) -> list[Street]:
        """Return the skeleton's streets and the lanes cut through the blocks."""
        return [*self.skeleton.streets, *(lane for block in [*self.blocks, *self.context] for lane in block.lanes)]


class NoFit(ValueError):
    """The draw does not add up to the wanted number of micro-grids."""


def draw(plan: Plan, seed: int) -> Drawing:
    """Draw the area; where the numbers do not come out, draw again with the next variation of the seed.

    Raises
    ------
    NoFit
        Not even the twentieth variation adds up.
    """
    faults = []
    known = plan.variation if seed == plan.seed else 0
    for variation in range(known, known + 20):
        try:
            return _draw(plan, seed, f"{plan.key}/{seed}/{variation}")
        except NoFit as fault:
            faults.append(str(fault))
    raise NoFit(f"Plan {plan.key!r} does not add up with seed {seed}: {faults[-1]} Try another seed.")


def _draw(plan: Plan, seed: int, key: str) -> Drawing:
    skeleton = lay(plan.strokes, plan.extent, Chance(key, "streets"), sway=plan.sway)
    found = sort_faces(plan, skeleton, Chance(key, "districts"))
    blocks = [_block(f"in{i}", face, plan, skeleton, key) for i, face in enumerate(found.inside)]
    context = [_block(f"out{i}", face, plan, skeleton, key) for i, face in enumerate(found.outside)]
    drawing = Drawing(plan, seed, skeleton, blocks, found.grids, found.communities, context)
    _give_kinds(drawing, key)
    names = Names(Chance(key, "names"))
    name_lanes([*blocks, *context], skeleton, names)
    name_parcels(
        [p for block in [*blocks, *context] for p in block.node.parcels()],
        drawing.streets(),
        names,
        Chance(key, "numbers"),
    )
    ways = [_build_block(block, drawing.streets(), key) for block in blocks]
    for block in context:
        _build_around(block, drawing.streets(), key)
    _make_leaves(drawing, ways)
    return drawing


def _block(name: str, face: Polygon, plan: Plan, skeleton: Skeleton, key: str) -> Block:
    broad = any(face.contains(Point(point)) for point in plan.broad)
    sizes = (0.4 * face.area, 0.55 * face.area) if broad else plan.parcel
    return parcel_out(name, face, skeleton, Chance(key, "parcels", name), sizes=sizes)


def _give_kinds(drawing: Drawing, key: str) -> None:
    pairs = zip(drawing.blocks, drawing.groups, strict=True)
    parcels = [(parcel, group) for block, group in pairs for parcel in block.node.parcels()]
    skeleton = drawing.skeleton.streets
    dedicated.place(
        [p for p, _ in parcels], [b for _, b in parcels], drawing.plan.specials, skeleton, Chance(key, "specials")
    )
    for block in [*drawing.blocks, *drawing.context]:
        chance = Chance(key, "kinds", block.key)
        habit = [(kind, weight * chance.between(0.25, 1.9)) for kind, weight in drawing.plan.kinds]
        for parcel in block.node.parcels():
            if not parcel.kind:
                parcel.kind = _kind(parcel, habit, chance)


def _kind(parcel: Parcel, habit: Sequence[tuple[str, float]], chance: Chance) -> str:
    if parcel.land.area < 2_600:
        return "shops"
    roomy = {"slab": 9_000.0, "point": 9_500.0}
    return chance.weighted([(kind, weight) for kind, weight in habit if parcel.land.area > roomy.get(kind, 0)])


def _near(parcel: Parcel, streets: Sequence[Street], tree: STRtree) -> list[Street]:
    found = [streets[i] for i in sorted(tree.query(parcel.land.buffer(30), predicate="intersects").tolist())]
    return [street for street in found if street.line.distance(parcel.land) < street.width / 2 + 4]


def _build_block(block: Block, streets: Sequence[Street], key: str) -> Options:
    """Build the parcels of a block and cut it into micro-grids."""
    tree = STRtree([street.line for street in streets])
    for i, parcel in enumerate(block.node.parcels()):
        if parcel.land.area > 300:
            _build_parcel(parcel, _near(parcel, streets, tree), (key, "build", block.key, i))
        else:
            parcel.kind = "shops"
    return grids.options(block.node)


def _build_around(block: Block, streets: Sequence[Street], key: str) -> None:
    tree = STRtree([street.line for street in streets])
    for i, parcel in enumerate(block.node.parcels()):
        if parcel.land.area > 300:
            maker = compounds if parcel.kind in HOMES else dedicated
            maker.build(parcel, _near(parcel, streets, tree), Chance(key, "build", block.key, i))


def _build_parcel(parcel: Parcel, near: Sequence[Street], key: tuple[object, ...]) -> None:
    """Build a parcel; where its flats cannot be cut into micro-grids, build it otherwise, in the end without flats."""
    if parcel.kind not in HOMES:
        dedicated.build(parcel, near, Chance(*key))
        return
    for kind in dict.fromkeys((parcel.kind, "yard", "walkup")):
        parcel.kind = kind
        for attempt in range(14):
            compounds.build(parcel, near, Chance(*key, attempt))
        _keep_cuttable(parcel, Chance(*key, kind, "yards"))
        if parcel.builds:
            return
    parcel.kind = "shops"
    dedicated.build(parcel, near, Chance(*key))


def _keep_cuttable(parcel: Parcel, chance: Chance) -> None:
    """Keep the ways to build a parcel that can be cut into micro-grids, the fullest first, at most five."""
    kept = []
    for i in range(len(parcel.builds)):
        parcel.chosen = i
        if _cuttable(parcel, chance):
            kept.append(parcel.builds[i])
    parcel.chosen = 0
    parcel.builds = sorted(kept, key=lambda build: -sum(b.flats for b in build.buildings))[:5]


def _cuttable(parcel: Parcel, chance: Chance) -> bool:
    """Say whether a parcel can be cut, if need be after one or two of its houses gave way to a yard."""
    if grids.cut_parcel(parcel):
        return True
    whole = list(parcel.buildings)
    for tries in range(10):
        left = chance.shuffled(range(len(whole)))[: 1 if tries < 6 else 2]
        parcel.build.buildings = [b for i, b in enumerate(whole) if i not in left or not b.flats]
        if grids.cut_parcel(parcel):
            return True
    return False


def _make_leaves(drawing: Drawing, ways: Sequence[Options]) -> None:
    plans = grids.choose(ways, drawing.plan.micros)
    if plans is None:
        least, most = sum(min(found) for found in ways), sum(max(found) for found in ways)
        raise NoFit(f"The blocks hold {least} to {most} micro-grids, not {drawing.plan.micros}.")
    towers = sum(piece.stacks > 0 for found in plans for piece in found)
    if drawing.plan.towers not in {0, towers}:
        raise NoFit(f"{towers} towers carry stacks, not {drawing.plan.towers}.")
    _check_spread(drawing, plans)
    pieces: list[Piece] = []
    groups: list[int] = []
    for plan, group in zip(plans, drawing.groups, strict=True):
        pieces += plan
        for parcel, chosen in (build for piece in plan for build in piece.builds):
            parcel.chosen = chosen
        groups += [group] * len(plan)
    drawing.leaves = grids.assemble(pieces, groups, drawing.plan.plane)
    for leaf in drawing.leaves:
        grids.settle(leaf)


def _check_spread(drawing: Drawing, plans: Sequence[grids.Plan]) -> None:
    counts = dict.fromkeys(drawing.groups, 0)
    for plan, group in zip(plans, drawing.groups, strict=True):
        counts[group] += sum(max(1, piece.stacks) for piece in plan if any(b.flats for b in piece.buildings))
    least, most = drawing.plan.spread
    if not least <= min(counts.values()) <= max(counts.values()) <= most:
        raise NoFit(
            f"Third-level grids have {min(counts.values())} to {max(counts.values())} micro-grids, not {least} to {most}."
        )


def outline_of(drawing: Drawing) -> Polygon:
    """Return the outline of the whole area on the plane."""
    whole = shapely.union_all([block.node.shape.buffer(0.05) for block in drawing.blocks])
    assert isinstance(whole, Polygon)
    return whole
