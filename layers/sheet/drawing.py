"""What every part of a sheet needs to know: the area, what is wanted of it, the plot, the ink, and the board of taken places."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
import shapely

from geo.errors import UnknownGrid, UnknownLevel
from geo.net import Level, Net, Overlay
from geo.scheme import Name
from layers.load import Area
from layers.sheet.board import LEAST, Board
from layers.sheet.ink import Ink, ladder, sizes
from layers.sheet.plot import Plot, View


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be printed of an area.

    Attributes
    ----------
    cases
        The incidents, as `reports.figures.select` returns them: ``uid``, ``mark``, ``status``, ``lon``, ``lat``, ``restricted`` (counted, but without a place) and a column of codes per level and overlay.
    states
        Key of a level or overlay -> code -> ``red``, ``yellow`` or ``green``; grids that are not named are neutral.
    overdue
        How many of the red ones are overdue.
    grid
        ``(key, code)``: the sheet shows this grid.
    conditions
        The other parts of the filter, said in words.
    notes
        What else is to be said below the map.
    view
        Show what this screen shows, instead of the whole area or grid.
    ink
        ``colour`` or ``black``.
    as_of
        The time at which all this held, in the area's zone.
    watermark
        Who prints it, when, and by which filter.
    """

    cases: pd.DataFrame
    states: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    overdue: int = 0
    grid: tuple[str, str] | None = None
    conditions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    view: View | None = None
    ink: str = "colour"
    as_of: pd.Timestamp | None = None
    watermark: str = ""

    @property
    def placed(self) -> pd.DataFrame:
        """The cases that have a place."""
        return self.cases[~self.cases["restricted"].to_numpy(dtype=bool)]

    @property
    def hidden(self) -> int:
        """How many are counted and have no place."""
        return len(self.cases) - len(self.placed)


@dataclass(frozen=True, eq=False)
class Drawing:
    """One sheet while it is drawn.

    ``levels`` and ``overlays`` hold the drawn shapes (millimetres, whole) by key; ``focus`` is the drawn shape of the wanted grid.
    """

    area: Area
    wanted: Wanted
    plot: Plot
    ink: Ink
    board: Board
    language: str
    translate: Callable[[str], str]
    levels: Mapping[str, np.ndarray]
    overlays: Mapping[str, np.ndarray]
    focus: shapely.Geometry | None

    def say(self, name: Name, count: int = 1) -> str:
        """Return a name in the sheet's language, as it stands after a number."""
        return name.counted(count, self.language)

    def layer(self, key: str) -> Level | Overlay:
        """Return a level or overlay by its key."""
        return layer_of(self.net, key)

    @cached_property
    def grain(self) -> float:
        """Side of a square as large as the median grid of the leaf in the window, millimetres: type and marks grow with it."""
        shapes = self.levels[self.net.leaf.key]
        seen = shapes[shapely.intersects(self.plot.window.polygon(), shapes)]
        return float(np.sqrt(np.median(shapely.area(seen)))) if len(seen) else 0.0

    @property
    def mark(self) -> float:
        """Width of a mark, millimetres."""
        least, most = sizes("mark")
        return float(np.clip(0.16 * self.grain, least, most))

    def sizes(self, kind: str, *, share: float = 0.14) -> tuple[float, ...]:
        """Return the sizes that a kind of label may have on this sheet, millimetres, the best first: none is above ``share`` of the grain."""
        found = ladder(kind)
        return tuple(em for em in found if em <= max(LEAST, share * self.grain)) or found[-1:]

    @property
    def net(self) -> Net:
        """The net in force."""
        return self.area.net

    @property
    def reach(self) -> shapely.Geometry:
        """What the sheet is about: the wanted grid, else the whole net; drawn."""
        return (
            self.focus
            if self.focus is not None
            else shapely.union_all(shapely.make_valid(self.levels[self.net.levels[0].key]))
        )


def shape_of(net: Net, key: str, code: str) -> shapely.Geometry:
    """Return the lon/lat polygon of a grid of any level or overlay; a stacked micro-grid has that of its carrier.

    Raises
    ------
    UnknownLevel, UnknownGrid
        There is no such grid.
    """
    layer = layer_of(net, key)
    return layer.geoms[position_of(net, layer, code)]


def layer_of(net: Net, key: str) -> Level | Overlay:
    """Return a level or overlay by its key.

    Raises
    ------
    UnknownLevel
        There is neither.
    """
    found: list[Level | Overlay] = [*net.levels, *net.overlays]
    for layer in found:
        if layer.key == key:
            return layer
    raise UnknownLevel(f"There is no level or overlay {key!r}; there are {', '.join(layer.key for layer in found)}.")


def position_of(net: Net, layer: Level | Overlay, code: str) -> int:
    """Return where a code stands in a level or overlay; a stacked micro-grid's is that of its carrier.

    Raises
    ------
    UnknownGrid
        There is no such grid.
    """
    carrier = next((stack.on for stack in net.stacks if stack.code == code), code) if layer is net.leaf else code
    found = np.flatnonzero(layer.codes == carrier)
    if not len(found):
        raise UnknownGrid(f"{layer.key!r} has no grid {code!r}.")
    return int(found[0])


def parents_at(net: Net, depth: int, below: int) -> np.ndarray:
    """Return, for each grid of the level ``below``, its position in the level at ``depth`` above it, -1 for none."""
    positions = np.arange(len(net.levels[below]))
    for level in reversed(net.levels[depth + 1 : below + 1]):
        positions = np.where(positions >= 0, level.parents[np.maximum(positions, 0)], -1)
    return positions


def grids_within(net: Net, depth: int, below: int) -> np.ndarray:
    """Count, for each grid of the level at ``depth``, its grids at the level ``below``; stacked micro-grids count, what carries them does not."""
    lower = net.levels[below]
    weight = np.ones(len(lower), dtype=np.int64)
    if lower is net.leaf:
        weight = np.array([len(net.stacked.get(str(code), ())) or 1 for code in lower.codes], dtype=np.int64)
    positions = parents_at(net, depth, below)
    counts = np.zeros(len(net.levels[depth]), dtype=np.int64)
    np.add.at(counts, positions[positions >= 0], weight[positions >= 0])
    return counts
