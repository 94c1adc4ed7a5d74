"""What the two halves of the locator share: the tables of an index, and the bounds within which its arithmetic holds."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

LARGEST, SMALLEST = 1e140, 1e-120  # magnitudes of coordinates between which products neither overflow nor vanish
SIDE = 8  # cells of a block in each direction
ASK = -2  # owner of a point that only shapely can settle

# places in Draft.used
STREAM, RECORDS, LISTS, BLOCKS, CODES, TODO, CUT, SHORT = range(8)


class Net(NamedTuple):
    """The parts of a net, as shapely.to_ragged_array gives them."""

    coords: Floats  # (vertices, 2)
    rings: Longs  # where each ring begins among the vertices, and the end
    polygons: Longs  # where each part begins among the rings, and the end
    owners: Ints  # position of the (multi)polygon that each part belongs to
    asking: NDArray[np.bool_]  # only shapely can settle this part


class Tables(NamedTuple):
    """An index."""

    cells: Ints  # (height * width,) codes
    x0: float
    y0: float
    inverse: float  # cells per unit
    width: int
    height: int
    records: Floats  # (records, 8)
    lists: Ints
    blocks: NDArray[np.uint8]  # (blocks * 64,)
    bases: Ints  # where the codes of each block begin
    codes: Ints
    coords: Floats  # (vertices, 2)


class Draft(NamedTuple):
    """An index in the making: its tables with room to spare, and working space."""

    tables: Tables
    stream: Ints  # entries of parts in cells, each chained to the one before it in its cell
    todo: Ints  # cells that wait to be divided
    latest: Ints  # the latest record of each edge
    used: Longs  # how much of each table is; whether candidates were CUT off; whether room ran SHORT
    everything: bool  # keep the candidates behind the first one that covers a cell
    crowd: int  # touching edges above which a cell of the raster is divided
    inner_crowd: int  # the same within blocks
    levels: int  # of blocks within blocks


def nbytes(tables: Tables) -> int:
    """Return the size of an index in bytes."""
    parts: tuple[Any, ...] = tables
    return sum(part.nbytes for part in parts if isinstance(part, np.ndarray))
