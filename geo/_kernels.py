"""The compiled half of the locator: a raster of cells over a net, and the exact questions asked of it.

Words used here
    part      one polygon of a (multi)polygon: a shell and its holes; its owner is the position of the (multi)polygon in the net
    cell      the preimage of one pair of integers under (int((y - y0) * inverse), int((x - x0) * inverse)). Both are monotone in floating
              point, so every point has exactly one cell, and a vertex in a column further right has a larger x: no tolerance is involved
    touching  an edge that comes near a cell (a margin covers the rounding of the raster); all others are left, right, above or below of it
    code      what a cell says: an owner >= -1 that covers all of it (-1: none), else -2 - (4 * index + kind)
                RECORD  one straight edge cuts the cell: (ax, ay, bx, by, -, -, owner on its left, owner on its right)
                CORNER  two edges a -> b -> c that turn left at b cut it: (ax, ay, bx, by, cx, cy, owner between them, owner around them)
                BLOCK   4 x 4 smaller cells, one byte each, which point into a short list of codes
                LIST    candidates by precedence, each (owner, head, its touching edges): head = 2 * edges + K, an edge is 4 * vertex + 2 * fa + fb

Inside a cell, the parity of a part at point p needs only the touching edges. Let [v] be 1 where v.y > p.y, and cross(e) 1 where the ray from p
to the right meets e. Edges that do not touch lie wholly right (then cross(e) = [a] xor [b]) or do not count; every vertex in the band of the
cell's row joins two edges, so its [v] cancels unless exactly one of them touches. Hence

    parity(p) = K xor SUM over touching edges (a, b) of (cross(e) xor fa [a] xor fb [b]),   fa, fb = 1 where the end is in a column right of the cell

with a K that is found by counting, with integers alone, for a ray just below the row. K and the flags are stored beside the edges, so a polygon
of ten thousand edges costs no more than one of ten.
"""

from collections.abc import Callable
from math import floor
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numba import types as nt
from numba.core.options import DefaultOptions
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])

Int = Any  # 64 bits wide; a type checker would have to be told at each turn which are Python's and which numpy's
Bool = Any
Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

# Constants stand here, not in a module of their own: numba finds its cached machine code by the age of this file alone.
SMALLEST = 1e-120  # magnitude of coordinates below which products vanish, as in geo/locate.py
SIDE = 4  # cells of a block in each direction
ASK = -2  # owner of a point that only shapely can settle
STREAM, RECORDS, LISTS, BLOCKS, CODES, TODO, CUT, SHORT = range(8)  # places in Draft.used

# Typed, since each literal handed to a function would cost a compilation of its own.
RECORD, BLOCK, LIST, CORNER = (np.int64(kind) for kind in range(4))
NONE, NOTHING, FULL, ASKING = (
    np.int64(-1),
    np.int64(0),
    np.int64(1),
    np.int64(-1),
)  # the last two are heads: covers the cell, only shapely can tell

PENDING = -(2**31)  # code of a cell that waits to be divided
MARGIN = 2.0**-10  # in cells; the rounding of a raster of 2**36 cells stays below 2**-15
NEAR = 2.0**-8  # in cells; a vertex closer than this is not clear of a cell
FILTER = 1e-15  # error bound of Ozaki et al. 2016 (doi:10.1007/s10543-015-0574-9), 3.3e-16, rounded up to the older one of GEOS
BATCH = 1024  # points that pass through the phases together
SPLIT = 134217729.0  # 2**27 + 1 (Dekker 1971)


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
    width: Int
    height: Int
    records: Floats  # (records, 8)
    lists: Ints
    blocks: NDArray[np.uint8]  # (blocks * 16,)
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
    everything: Bool  # keep the candidates behind the first one that covers a cell
    crowd: Int  # touching edges above which a cell of the raster is divided
    inner_crowd: Int  # the same within blocks
    levels: Int  # of blocks within blocks


class Spans(NamedTuple):
    """The edges of one part in the rows of the raster, and its vertices in cells."""

    table: Longs  # (spans, 4): first column, last column, edge, whether it crosses the lower side of the row
    active: Longs
    t: Floats
    u: Floats
    offset: Int  # of the part's first vertex
    owner: Int


class Frame(NamedTuple):
    """One cell: of which raster, where."""

    x0: float
    y0: float
    inverse: float
    row: Int
    column: Int


def compiled(signature: Any = None, *, allocates: bool = False) -> Callable[[F], F]:
    """Compile a function that releases the interpreter lock, and keep the machine code on disk where a place for it can be written.

    Functions that make no arrays are compiled without counting references to those they are handed: numba counts each array of a named tuple at each call, with
    locked instructions, and building the index of 10,000 polygons took 0.70 s, now 0.19 s.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    if hasattr(DefaultOptions, "_nrt"):
        options["_nrt"] = allocates
    arguments = () if signature is None else (signature,)
    njit: Any = numba.njit

    def decorate(function: F) -> F:
        try:
            cached: F = njit(*arguments, cache=True, **options)(function)
        except RuntimeError:  # numba finds no directory for its cache that it may write to
            return njit(*arguments, **options)(function)
        return cached

    return decorate


# ---- exact orientation ----


@compiled()
def _sum(a: float, b: float) -> tuple[float, float]:
    """Return a + b and its rounding error (Knuth)."""
    s = a + b
    z = s - a
    return s, (a - (s - z)) + (b - z)


@compiled()
def _product(a: float, b: float) -> tuple[float, float]:
    """Return a * b and its rounding error (Dekker; without fused operations, so that every machine agrees)."""
    p = a * b
    t = SPLIT * a
    ah = t - (t - a)
    al = a - ah
    t = SPLIT * b
    bh = t - (t - b)
    bl = b - bh
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


@compiled()
def _double_product(ah: float, al: float, bh: float, bl: float) -> tuple[float, float]:
    """Multiply two double-doubles (Hida, Li and Bailey 2001)."""
    p, e = _product(ah, bh)
    e += ah * bl + al * bh
    s = p + e
    return s, e - (s - p)


@compiled()
def _orientation_near(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> Int:
    """Orientation in double-double arithmetic with the operations of GEOS, so that the same ties are ties."""
    abx, abx_ = _sum(bx, -ax)
    aby, aby_ = _sum(by, -ay)
    bpx, bpx_ = _sum(px, -bx)
    bpy, bpy_ = _sum(py, -by)
    m, m_ = _double_product(abx, abx_, bpy, bpy_)
    n, n_ = _double_product(aby, aby_, bpx, bpx_)
    s, e = _sum(m, -n)
    t, f = _sum(m_, -n_)
    s, e = _sum(s, e + t)
    d = s + (e + f)
    return (d > 0.0) - (d < 0.0)


@compiled()
def _orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> Int:
    """Return 1 where p lies left of a -> b, -1 right, 0 on the line."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    det = left - right
    if abs(det) >= FILTER * abs(left + right):
        return (det > 0.0) - (det < 0.0)
    return _orientation_near(ax, ay, bx, by, px, py)


@compiled()
def _line(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> Int:
    """Return the orientation, or 2 where it would change with the direction of the line: then only shapely can tell."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    det = left - right
    if abs(det) > FILTER * abs(left + right):
        return (det > 0.0) - (det < 0.0)
    sign = _orientation(ax, ay, bx, by, px, py)
    return sign if sign == -_orientation(bx, by, ax, ay, px, py) else 2


@compiled()
def _crossing(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> Int:
    """Return 2 where p lies on the edge a -> b, else 1 or 0: whether the ray from p to the right crosses it."""
    if ax < px and bx < px:
        return 0
    if px == bx and py == by:
        return 2
    if ay == py and by == py:
        return 2 if min(ax, bx) <= px <= max(ax, bx) else 0
    if (ay > py) == (by > py):
        return 0
    sign = _orientation(ax, ay, bx, by, px, py)
    if sign == 0:
        return 2
    return 1 if (sign > 0) == (by > ay) else 0


# ---- codes, candidates ----


@compiled()
def _encode(index: Int, kind: Int) -> Int:
    return -2 - (4 * index + kind)


@compiled()
def _count(head: Int) -> Int:
    """Return how many edges follow a head."""
    return np.int64(head >> 1) if head > 0 else np.int64(0)


@compiled()
def _copy(source: Ints, start: Int, target: Ints, at: Int, size: Int) -> None:
    """Copy numbers from one array into another (a loop compiles far faster than an assignment of slices)."""
    for i in range(size):
        target[at + i] = source[start + i]


@compiled()
def _edges(candidates: Ints, size: Int) -> Int:
    """Count the touching edges of all candidates; -1 where one of them only shapely can settle."""
    total = 0
    at = 0
    while at < size:
        if candidates[at + 1] == ASKING:
            return -1
        total += _count(candidates[at + 1])
        at += 2 + _count(candidates[at + 1])
    return total


@compiled()
def _vanishing(x: float, y: float) -> Bool:
    """Tell whether products of a point's coordinates may underflow (the net's own are 0 or larger)."""
    return 0.0 < abs(x) < SMALLEST or 0.0 < abs(y) < SMALLEST


@compiled()
def _relation(candidates: Ints, at: Int, coords: Floats, x: float, y: float) -> Int:
    """Return 2 where a point is on the boundary of the candidate at a place, 1 inside, 0 outside, -1 where only shapely can tell."""
    head = candidates[at + 1]
    if head == ASKING or _vanishing(x, y):
        return -1
    parity = head & 1
    for k in range(at + 2, at + 2 + (head >> 1)):
        edge = candidates[k] >> 2
        ay, by = coords[edge, 1], coords[edge + 1, 1]
        cross = _crossing(coords[edge, 0], ay, coords[edge + 1, 0], by, x, y)
        if cross == 2:
            return 2
        parity ^= cross ^ ((candidates[k] >> 1) & (ay > y)) ^ (candidates[k] & 1 & (by > y))
    return parity


# ---- building: every part is entered into the cells it touches or covers ----


@compiled()
def _append(draft: Draft, cell: Int, owner: Int, head: Int) -> Int:
    """Chain an entry (the one before it, owner, head, edges) to a cell; return where its head is."""
    used = draft.used[STREAM]
    draft.stream[used] = draft.tables.cells[cell]
    draft.stream[used + 1] = owner
    draft.stream[used + 2] = head
    draft.tables.cells[cell] = -used - 2
    draft.used[STREAM] = used + 3
    return used + 2


@compiled()
def _open(draft: Draft, cell: Int, owner: Int, room: Int) -> Bool:
    """Make a cell ready for an entry; False where it needs none, or where room runs SHORT."""
    if draft.used[STREAM] + room + 6 > draft.stream.size:
        draft.used[SHORT] = 1
        return False
    now = draft.tables.cells[cell]
    if now == -1:
        return True
    covered = now if now >= 0 else (draft.stream[-now - 1] if draft.stream[-now] == FULL else -1)
    if covered >= 0 and not draft.everything:
        draft.used[CUT] |= room > 0 or covered != owner
        return False
    if now >= 0:
        draft.tables.cells[cell] = -1
        _append(draft, cell, now, FULL)
    return True


@compiled()
def _fill(draft: Draft, first: Int, last: Int, owner: Int) -> None:
    """Note that a part covers the cells from first to last (exclusive) wholly."""
    for cell in range(first, last):
        now = draft.tables.cells[cell]
        if now == -1:
            draft.tables.cells[cell] = owner
        elif now != owner and _open(draft, cell, owner, NOTHING):
            _append(draft, cell, owner, FULL)


@compiled()
def _columns(ta: float, ua: float, tb: float, ub: float, row: Int) -> tuple[Int, Int]:
    """Return the first and last column that an edge may touch in a row; t and u are x and y in cells."""
    low = row - MARGIN
    high = row + 1.0 + MARGIN
    if ua > ub:
        ta, ua, tb, ub = tb, ub, ta, ua
    t0, t1 = ta, tb
    if ua < low:
        t0 = ta + (low - ua) / (ub - ua) * (tb - ta)
    if ub > high:
        t1 = ta + (high - ua) / (ub - ua) * (tb - ta)
    if t0 > t1:
        t0, t1 = t1, t0
    return floor(t0 - MARGIN), floor(t1 + MARGIN)


@compiled()
def _sort(table: Longs, start: Int, stop: Int) -> None:
    """Sort spans by their first column, in place (Shell 1959, gaps of Knuth)."""
    gap = 1
    while 3 * gap + 1 < stop - start:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(start + gap, stop):
            a, b, c, d = table[i, 0], table[i, 1], table[i, 2], table[i, 3]
            k = i - gap
            while k >= start and table[k, 0] > a:
                for m in range(4):
                    table[k + gap, m] = table[k, m]
                k -= gap
            table[k + gap, 0], table[k + gap, 1], table[k + gap, 2], table[k + gap, 3] = a, b, c, d
        gap //= 3


@compiled()
def _touch(draft: Draft, spans: Spans, row: Int, column: Int, count: Int, beyond: Int) -> None:
    """Enter a part into a cell that its active spans touch; beyond is the parity of the spans right of the cell."""
    cell = row * draft.tables.width + column
    if not _open(draft, cell, spans.owner, count):
        return
    head = _append(draft, cell, spans.owner, NOTHING)
    parity = beyond
    used = draft.used[STREAM]
    for k in range(count):
        edge = spans.table[spans.active[k], 2]
        a = edge - spans.offset
        fa, fb = spans.t[a] >= column + 1, spans.t[a + 1] >= column + 1
        parity ^= (fa and spans.u[a] >= row) ^ (fb and spans.u[a + 1] >= row)
        draft.stream[used + k] = edge * 4 + fa * 2 + fb
    draft.stream[head] = count * 2 + parity
    draft.used[STREAM] = used + count


@compiled()
def _sweep(draft: Draft, spans: Spans, row: Int, start: Int, stop: Int) -> None:
    """Walk one row of one part from left to right, over the spans from start to stop."""
    table = spans.table
    _sort(table, start, stop)
    beyond = 0
    for i in range(start, stop):
        beyond ^= table[i, 3]
    count = 0
    i = start
    column = table[start, 0]
    while True:
        kept = 0
        for k in range(count):
            if table[spans.active[k], 1] >= column:
                spans.active[kept] = spans.active[k]
                kept += 1
        count = kept
        while i < stop and table[i, 0] <= column:
            beyond ^= table[i, 3]
            spans.active[count] = i
            count += 1
            i += 1
        if count > 0:
            _touch(draft, spans, row, column, count, beyond)
            column += 1
        elif i < stop:
            if beyond:
                _fill(draft, row * draft.tables.width + column, row * draft.tables.width + table[i, 0], spans.owner)
            column = table[i, 0]
        else:
            return


@compiled()
def _rows(net: Net, part: Int, spans: Spans, bottom: Int, starts: Longs, write: Bool) -> None:
    """Count the spans of a part in each row, or write them and leave in starts where those of each row end."""
    t, u, offset = spans.t, spans.u, spans.offset
    for ring in range(net.polygons[part], net.polygons[part + 1]):
        for k in range(net.rings[ring] - offset, net.rings[ring + 1] - offset - 1):
            first = floor(min(u[k], u[k + 1]) - MARGIN)
            last = floor(max(u[k], u[k + 1]) + MARGIN)
            for row in range(first, last + 1):
                if write:
                    at = starts[row - bottom]
                    starts[row - bottom] += 1
                    spans.table[at, 0], spans.table[at, 1] = _columns(t[k], u[k], t[k + 1], u[k + 1], row)
                    spans.table[at, 2] = k + offset
                    spans.table[at, 3] = (u[k] >= row) != (u[k + 1] >= row)
                else:
                    starts[row - bottom + 1] += 1


@compiled()
def _ask(draft: Draft, owner: Int, left: Int, right: Int, bottom: Int, top: Int) -> None:
    """Enter a part that only shapely can settle into all cells around it."""
    for row in range(bottom, top + 1):
        for column in range(left, right + 1):
            cell = row * draft.tables.width + column
            if _open(draft, cell, owner, FULL):
                _append(draft, cell, owner, ASKING)


@compiled(allocates=True)
def _enter(net: Net, draft: Draft) -> None:
    """Enter every part into the cells, in order of precedence."""
    tables = draft.tables
    points = np.int64(0)
    for part in range(net.owners.size):
        points = max(points, net.rings[net.polygons[part + 1]] - net.rings[net.polygons[part]])
    t, u = np.empty(points), np.empty(points)
    table, active, starts = np.empty((256, 4), np.int64), np.empty(256, np.int64), np.empty(256, np.int64)
    for part in range(net.owners.size):
        offset, end = net.rings[net.polygons[part]], net.rings[net.polygons[part + 1]]
        owner = np.int64(net.owners[part])
        left, right, low, high = np.inf, -np.inf, np.inf, -np.inf
        for k in range(end - offset):
            t[k] = (net.coords[offset + k, 0] - tables.x0) * tables.inverse
            u[k] = (net.coords[offset + k, 1] - tables.y0) * tables.inverse
            left, right, low, high = min(left, t[k]), max(right, t[k]), min(low, u[k]), max(high, u[k])
        bottom, top = floor(low - MARGIN), floor(high + MARGIN)
        if net.asking[part]:
            _ask(draft, owner, floor(left - MARGIN), floor(right + MARGIN), bottom, top)
            continue
        rows = top - bottom + 1
        if rows + 1 > starts.size:
            starts = np.empty(2 * rows + 1, np.int64)
        starts[: rows + 1] = 0
        _rows(net, part, Spans(table, active, t, u, offset, owner), bottom, starts, False)
        for row in range(rows):
            starts[row + 1] += starts[row]
        if starts[rows] > active.size:
            table, active = np.empty((2 * starts[rows], 4), np.int64), np.empty(2 * starts[rows], np.int64)
        spans = Spans(table, active, t, u, offset, owner)
        _rows(net, part, spans, bottom, starts, True)
        start = np.int64(0)
        for row in range(rows):
            if starts[row] > start:
                _sweep(draft, spans, row + bottom, start, starts[row])
            start = starts[row]
        if draft.used[SHORT]:
            return


# ---- building: the entries of a cell become a code ----


@compiled()
def _near(coords: Floats, vertex: Int, frame: Frame) -> Bool:
    """Tell whether a vertex is in a cell or close to it; an edge that touches the cell with both ends clear of it runs right through."""
    t = (coords[vertex, 0] - frame.x0) * frame.inverse
    u = (coords[vertex, 1] - frame.y0) * frame.inverse
    return abs(t - frame.column - 0.5) < 0.5 + NEAR and abs(u - frame.row - 0.5) < 0.5 + NEAR


@compiled()
def _same(coords: Floats, a: Int, b: Int) -> Bool:
    return coords[a, 0] == coords[b, 0] and coords[a, 1] == coords[b, 1]


@compiled()
def _owners(sides: Longs, owner: Int, left: Int, right: Int) -> None:
    """Note on which side an owner covers: sides = (owner left, owner right, how many left, how many right)."""
    if left:
        sides[0] = owner if sides[2] == 0 else sides[0]
        sides[2] += 1
    if right:
        sides[1] = owner if sides[3] == 0 else sides[1]
        sides[3] += 1


@compiled()
def _straight(candidates: Ints, size: Int, coords: Floats, frame: Frame, sides: Longs) -> Int:
    """Return the edge that alone decides a cell, -1 if there is none; sides tells the owners left and right of it, seen upwards."""
    sides[0], sides[1], sides[2], sides[3] = -1, -1, 0, 0
    found = -1
    ax = ay = bx = by = 0.0
    at = 0
    while at < size:
        owner, head = candidates[at], candidates[at + 1]
        at += 2
        if head == ASKING or head >> 1 > 1:
            return -1
        left = right = 1
        if head >> 1 == 1:
            edge, upper = candidates[at] >> 2, candidates[at] & 1
            cx, cy, dx, dy = coords[edge, 0], coords[edge, 1], coords[edge + 1, 0], coords[edge + 1, 1]
            if cy > dy or (cy == dy and cx > dx):
                cx, cy, dx, dy = dx, dy, cx, cy
                upper = (candidates[at] >> 1) & 1
            at += 1
            if found < 0:
                if _near(coords, edge, frame) or _near(coords, edge + 1, frame):
                    return -1
                found, ax, ay, bx, by = edge, cx, cy, dx, dy
            elif ax != cx or ay != cy or bx != dx or by != dy:
                return -1
            left = (head & 1) ^ 1 ^ upper
            right = left ^ 1
        _owners(sides, owner, left, right)
    return found


@compiled()
def _chain(candidates: Ints, size: Int, coords: Floats, frame: Frame, vertices: Longs) -> Bool:
    """Find out whether all candidates have the same two edges a -> b -> c, of which only b is near the cell; vertices tells which, turning left."""
    known = False
    a = b = c = np.int64(0)
    at = 0
    while at < size:
        head = candidates[at + 1]
        at += 2
        if head >> 1 == 0 and head == FULL:
            continue
        if head >> 1 != 2:
            return False
        first, second = np.int64(candidates[at] >> 2), np.int64(candidates[at + 1] >> 2)
        at += 2
        if _same(coords, first + 1, second):
            d, e, f = first, second, second + 1
        elif _same(coords, second + 1, first):
            d, e, f = second, first, first + 1
        else:
            return False
        if not known:
            a, b, c = d, e, f
            known = True
            if _near(coords, a, frame) or _near(coords, c, frame) or not _near(coords, b, frame):
                return False
        elif not (
            _same(coords, b, e)
            and ((_same(coords, a, d) and _same(coords, c, f)) or (_same(coords, a, f) and _same(coords, c, d)))
        ):
            return False
    if not known:
        return False
    turn = _orientation(coords[a, 0], coords[a, 1], coords[b, 0], coords[b, 1], coords[c, 0], coords[c, 1])
    vertices[0], vertices[1], vertices[2] = (a, b, c) if turn > 0 else (c, b, a)
    return turn != 0


@compiled()
def _corner_side(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, x: float, y: float) -> Int:
    """Return 1 where a point is between two edges a -> b -> c that turn left, -1 around them, 0 on them, 2 where only shapely can tell."""
    if _vanishing(x, y):
        return 2
    first, second = _line(ax, ay, bx, by, x, y), _line(bx, by, cx, cy, x, y)
    if first == 2 or second == 2:
        return 2
    return min(first, second)


@compiled()
def _corner(candidates: Ints, size: Int, coords: Floats, frame: Frame, vertices: Longs, sides: Longs) -> Bool:
    """Find out which owners are between and around the two edges of a cell, by asking at samples of it; False where a side is not seen."""
    sides[0], sides[1], sides[2], sides[3] = -1, -1, 0, 0
    between = around = False
    a, b, c = vertices[0], vertices[1], vertices[2]
    for sample in range(9):
        x = frame.x0 + (frame.column + 0.05 + 0.45 * (sample % 3)) / frame.inverse
        y = frame.y0 + (frame.row + 0.05 + 0.45 * (sample // 3)) / frame.inverse
        if floor((x - frame.x0) * frame.inverse) != frame.column or floor((y - frame.y0) * frame.inverse) != frame.row:
            continue
        side = _corner_side(coords[a, 0], coords[a, 1], coords[b, 0], coords[b, 1], coords[c, 0], coords[c, 1], x, y)
        if (side == 1 and not between) or (side == -1 and not around):
            between |= side == 1
            around |= side == -1
            at = 0
            while at < size:
                inside = _relation(candidates, at, coords, x, y) > 0
                _owners(sides, candidates[at], inside and side == 1, inside and side == -1)
                at += 2 + _count(candidates[at + 1])
    return between and around


@compiled()
def _write(draft: Draft, edge: Int, vertices: Longs, sides: Longs) -> Int:
    """Write a record of one edge, or of the corner at vertices where edge is -1; return its code, found again where it says the same."""
    coords, records, count = draft.tables.coords, draft.tables.records, draft.used[RECORDS]
    draft.used[CUT] |= sides[2] > 1 or sides[3] > 1
    straight = edge >= 0
    place = edge if straight else vertices[1]
    kind = RECORD if straight else CORNER
    at = draft.latest[place]
    if at >= 0 and at & 1 == straight and records[at >> 1, 6] == sides[0] and records[at >> 1, 7] == sides[1]:
        return _encode(np.int64(at >> 1), kind)
    if count == records.shape[0]:
        draft.used[SHORT] = 1
        return -1
    a, b, c = vertices[0], vertices[1], vertices[2]
    if straight:
        a, b = edge, edge + 1
        if coords[a, 1] > coords[b, 1] or (coords[a, 1] == coords[b, 1] and coords[a, 0] > coords[b, 0]):
            a, b = b, a
        c = b
    for k in range(2):
        records[count, k], records[count, 2 + k], records[count, 4 + k] = coords[a, k], coords[b, k], coords[c, k]
        records[count, 6 + k] = sides[k]
    draft.latest[place] = count * 2 + straight
    draft.used[RECORDS] = count + 1
    return _encode(count, kind)


@compiled()
def _settle(draft: Draft, candidates: Ints, size: Int, frame: Frame, crowd: Int, vertices: Longs, sides: Longs) -> Int:
    """Return the code of a cell from its candidates; PENDING where more edges than a crowd touch it."""
    coords = draft.tables.coords
    if size == 0:
        return -1
    if size == 2 and candidates[1] == FULL:
        return candidates[0]
    edge = _straight(candidates, size, coords, frame, sides)
    decided = edge >= 0 or (
        _chain(candidates, size, coords, frame, vertices) and _corner(candidates, size, coords, frame, vertices, sides)
    )
    if decided and (not draft.everything or (sides[2] < 2 and sides[3] < 2)):
        return _write(draft, edge, vertices, sides)
    if _edges(candidates, size) > crowd:
        return PENDING
    at = draft.used[LISTS]
    if at + size + 1 > draft.tables.lists.size:
        draft.used[SHORT] = 1
        return -1
    draft.tables.lists[at] = size
    _copy(candidates, NOTHING, draft.tables.lists, at + 1, size)
    draft.used[LISTS] = at + 1 + size
    return _encode(at, LIST)


@compiled()
def _queue(draft: Draft, place: Int, level: Int, row: Int, column: Int, candidates: Ints, size: Int) -> None:
    """Put a crowded cell among those that wait to be divided; place is that of its code, -1 - place where among the codes of blocks."""
    at, todo = draft.used[TODO], draft.todo
    if at + 5 + size > todo.size:
        draft.used[SHORT] = 1
        return
    todo[at], todo[at + 1], todo[at + 2], todo[at + 3], todo[at + 4] = place, level, row, column, size
    _copy(candidates, NOTHING, todo, at + 5, size)
    draft.used[TODO] = at + 5 + size


@compiled()
def _length(stream: Ints, code: Int) -> Int:
    """Return the length of the candidates of a cell."""
    size = 0
    while code <= -2:
        size += 2 + _count(stream[-code])
        code = stream[-code - 2]
    return size


@compiled()
def _gather(stream: Ints, code: Int, candidates: Ints, chain: Longs) -> Int:
    """Copy the candidates of a cell, in order of precedence; return their length."""
    count = 0
    while code <= -2:
        chain[count] = -code - 2
        count += 1
        code = stream[-code - 2]
    size = np.int64(0)
    for i in range(count - 1, -1, -1):
        edges = _count(stream[chain[i] + 2])
        _copy(stream, chain[i] + 1, candidates, size, 2 + edges)
        size += 2 + edges
    return size


@compiled(allocates=True)
def _compact(draft: Draft) -> Int:
    """Turn the chains of entries into codes; return the greatest length of candidates."""
    cells, width = draft.tables.cells, draft.tables.width
    candidates, chain = np.empty(1024, np.int32), np.empty(1024, np.int64)
    vertices, sides = np.empty(3, np.int64), np.empty(4, np.int64)
    for cell in range(cells.size):
        if cells[cell] >= -1:
            continue
        size = _length(draft.stream, cells[cell])
        if size > candidates.size:
            candidates, chain = np.empty(2 * size, np.int32), np.empty(2 * size, np.int64)
        _gather(draft.stream, cells[cell], candidates, chain)
        row, column = cell // width, cell % width
        frame = Frame(draft.tables.x0, draft.tables.y0, draft.tables.inverse, row, column)
        cells[cell] = _settle(draft, candidates, size, frame, draft.crowd, vertices, sides)
        if cells[cell] == PENDING:
            _queue(draft, cell, NOTHING, row, column, candidates, size)
        if draft.used[SHORT]:
            break
    return candidates.size


# ---- building: crowded cells are divided ----


class Division(NamedTuple):
    """Working space for the 16 smaller cells of a crowded one."""

    first: Longs  # per touching edge: the columns it may touch in the row at hand
    last: Longs
    ends: Floats  # (edges, 4): both ends in smaller cells
    parts: Ints  # (16, n): the candidates of each smaller cell
    sizes: Longs


@compiled()
def _measure(draft: Draft, candidates: Ints, size: Int, frame: Frame, division: Division) -> None:
    """Write the ends of all touching edges, in smaller cells."""
    coords = draft.tables.coords
    n = at = 0
    while at < size:
        for k in range(at + 2, at + 2 + _count(candidates[at + 1])):
            edge = candidates[k] >> 2
            for end in range(2):
                division.ends[n, 2 * end] = (coords[edge + end, 0] - frame.x0) * frame.inverse
                division.ends[n, 2 * end + 1] = (coords[edge + end, 1] - frame.y0) * frame.inverse
            n += 1
        at += 2 + _count(candidates[at + 1])


@compiled()
def _share(draft: Draft, candidates: Ints, size: Int, row: Int, column: Int, division: Division, k: Int) -> None:
    """Write the candidates of one smaller cell: those that touch or cover it, with the K and the flags of this cell."""
    out = division.parts[k]
    filled = n = at = 0
    while at < size:
        head = candidates[at + 1]
        parity = head & 1
        touching = 0
        for m in range(at + 2, at + 2 + (head >> 1)):
            ta, ua, tb, ub = division.ends[n, 0], division.ends[n, 1], division.ends[n, 2], division.ends[n, 3]
            fa, fb = (candidates[m] >> 1) & 1, candidates[m] & 1
            if column < division.first[n]:
                fa, fb = fa ^ 1, fb ^ 1
            elif column <= division.last[n]:
                right_a, right_b = ta >= column + 1, tb >= column + 1
                out[filled + 2 + touching] = (candidates[m] >> 2) * 4 + right_a * 2 + right_b
                touching += 1
                fa, fb = fa ^ right_a, fb ^ right_b
            parity ^= (fa & (ua >= row)) ^ (fb & (ub >= row))
            n += 1
        if touching or parity:
            out[filled], out[filled + 1] = candidates[at], touching * 2 + parity
            filled += 2 + touching
        at += 2 + (head >> 1)
        if parity and not touching and not draft.everything:
            draft.used[CUT] |= at < size
            break
    division.sizes[k] = filled


@compiled()
def _divide(draft: Draft, candidates: Ints, size: Int, frame: Frame, division: Division) -> None:
    """Divide the candidates of a cell among 4 x 4 smaller ones; the frame is that of the lowest left of them."""
    _measure(draft, candidates, size, frame, division)
    total = _edges(candidates, size)
    for i in range(SIDE):
        row = frame.row + i
        for n in range(total):
            ta, ua, tb, ub = division.ends[n, 0], division.ends[n, 1], division.ends[n, 2], division.ends[n, 3]
            division.first[n], division.last[n] = -1, -1  # as if it were left of all cells
            if floor(min(ua, ub) - MARGIN) <= row <= floor(max(ua, ub) + MARGIN):
                division.first[n], division.last[n] = _columns(ta, ua, tb, ub, row)
        for j in range(SIDE):
            _share(draft, candidates, size, row, frame.column + j, division, i * SIDE + j)


@compiled()
def _block(draft: Draft, frame: Frame, level: Int, division: Division, vertices: Longs, sides: Longs) -> None:
    """Write one block from the candidates of its smaller cells; those still crowded wait for their own division."""
    block, base = draft.used[BLOCKS], draft.used[CODES]
    codes = draft.tables.codes
    if base + SIDE * SIDE > codes.size:
        draft.used[SHORT] = 1
        return
    draft.tables.bases[block] = base
    draft.used[BLOCKS] = block + 1
    crowd = draft.inner_crowd if level + 1 < draft.levels else 2**30
    for k in range(SIDE * SIDE):
        row, column = frame.row + k // SIDE, frame.column + k % SIDE
        here = Frame(frame.x0, frame.y0, frame.inverse, row, column)
        code = _settle(draft, division.parts[k], division.sizes[k], here, crowd, vertices, sides)
        slot, end = base, draft.used[CODES]
        if code == PENDING:
            _queue(draft, -1 - end, level + 1, row, column, division.parts[k], division.sizes[k])
            slot = end
        while slot < end and codes[slot] != code:
            slot += 1
        if slot == end:
            codes[end] = code
            draft.used[CODES] = end + 1
        draft.tables.blocks[block * SIDE * SIDE + k] = slot - base


@compiled(allocates=True)
def _refine(draft: Draft, longest: Int) -> None:
    """Divide the crowded cells, the coarsest first, while there are blocks to be had."""
    vertices, sides = np.empty(3, np.int64), np.empty(4, np.int64)
    candidates = np.empty(longest, np.int32)
    division = Division(
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty((longest, 4)),
        np.empty((SIDE * SIDE, longest), np.int32),
        np.empty(SIDE * SIDE, np.int64),
    )
    todo, tables = draft.todo, draft.tables
    at = np.int64(0)
    while at < draft.used[TODO] and not draft.used[SHORT]:
        place, level = np.int64(todo[at]), np.int64(todo[at + 1])
        row, column, size = np.int64(todo[at + 2]), np.int64(todo[at + 3]), np.int64(todo[at + 4])
        _copy(todo, at + 5, candidates, NOTHING, size)
        at += 5 + size
        inverse = tables.inverse * float(SIDE**level)
        code = _encode(draft.used[BLOCKS], BLOCK)
        if draft.used[BLOCKS] < tables.bases.size:
            frame = Frame(tables.x0, tables.y0, inverse * SIDE, row * SIDE, column * SIDE)
            _divide(draft, candidates, size, frame, division)
            _block(draft, frame, level, division, vertices, sides)
        else:
            frame = Frame(tables.x0, tables.y0, inverse, row, column)
            code = _settle(draft, candidates, size, frame, 2**30, vertices, sides)
        if place >= 0:
            tables.cells[place] = code
        else:
            tables.codes[-1 - place] = code


@compiled(allocates=True)
def build(net: Net, draft: Draft) -> None:
    """Fill the tables of a draft, whose cells are -1 at first; used says how far, whether anything was CUT off, and whether room ran SHORT."""
    draft.used[STREAM] = 1
    _enter(net, draft)
    if not draft.used[SHORT]:
        longest = _compact(draft)
        if not draft.used[SHORT]:
            _refine(draft, longest)


# ---- asking ----


def _read_only(element: Any, dimensions: Int) -> Any:
    return nt.Array(element, dimensions, "C", readonly=True)


_INTS, _BYTES = _read_only(nt.int32, 1), _read_only(nt.uint8, 1)
_FLOATS, _ROWS = _read_only(nt.float64, 1), _read_only(nt.float64, 2)
_TABLES: Any = nt.NamedTuple(  # type: ignore[no-untyped-call]
    (_INTS, nt.float64, nt.float64, nt.float64, nt.int64, nt.int64, _ROWS, _INTS, _BYTES, _INTS, _INTS, _ROWS), Tables
)


@compiled()
def _descend(tables: Tables, code: Int, x: float, y: float) -> Int:
    """Follow blocks down to the code of the smallest cell around a point that lies in the raster."""
    inverse = tables.inverse
    while code <= -2 and (-2 - code) & 3 == BLOCK:
        inverse *= SIDE
        block = (-2 - code) >> 2
        row = np.int64((y - tables.y0) * inverse) & (SIDE - 1)
        column = np.int64((x - tables.x0) * inverse) & (SIDE - 1)
        code = np.int64(tables.codes[tables.bases[block] + tables.blocks[(block * SIDE + row) * SIDE + column]])
    return code


@compiled()
def _code_at(tables: Tables, x: float, y: float) -> Int:
    """Return the code of the smallest cell around a point; -1 outside the raster and for NaN."""
    t = (x - tables.x0) * tables.inverse
    u = (y - tables.y0) * tables.inverse
    if not (0.0 <= t < tables.width and 0.0 <= u < tables.height):
        return np.int64(-1)
    return _descend(tables, np.int64(tables.cells[np.int64(u) * tables.width + np.int64(t)]), x, y)


@compiled()
def _side(tables: Tables, k: Int, straight: Bool, x: float, y: float) -> Int:
    """Return 1 where a point is left of the edge of a record, or between its edges; -1 on the other side, 0 on them, 2 where only shapely can tell."""
    r = tables.records[k]
    if not straight:
        return _corner_side(r[0], r[1], r[2], r[3], r[4], r[5], x, y)
    if _vanishing(x, y):
        return 2
    return _line(r[0], r[1], r[2], r[3], x, y)


@compiled()
def _owner(tables: Tables, k: Int, side: Int) -> Int:
    """Return the first owner on one side of a record, or on its edges."""
    left, right = np.int64(tables.records[k, 6]), np.int64(tables.records[k, 7])
    if side == 2:
        return np.int64(ASK)
    if side > 0 or (side == 0 and (right < 0 or 0 <= left < right)):
        return left
    return right


@compiled()
def _first(tables: Tables, at: Int, x: float, y: float) -> Int:
    """Return the owner of the first candidate of a list that covers a point; -1 for none, ASK where only shapely can tell."""
    lists = tables.lists
    end = at + 1 + lists[at]
    at += 1
    while at < end:
        relation = _relation(lists, at, tables.coords, x, y)
        if relation != 0:
            return lists[at] if relation > 0 else ASK
        at += 2 + _count(lists[at + 1])
    return -1


@compiled(nt.int64(_TABLES, nt.float64, nt.float64))
def locate_one(tables: Tables, x: float, y: float) -> Int:
    """Return the owner of the first part that covers one point; -1 for none, ASK where only shapely can tell."""
    code = _code_at(tables, x, y)
    if code >= -1:
        return code
    k, kind = (-2 - code) >> 2, (-2 - code) & 3
    if kind == LIST:
        return np.int64(_first(tables, k, x, y))
    return _owner(tables, k, _side(tables, k, kind == RECORD, x, y))


class Batch(NamedTuple):
    """Which points of a batch wait for which question; counts = how many of each kind."""

    block: Any
    record: Any
    corner: Any
    list: Any
    counts: Any


@compiled()
def _look_up(tables: Tables, x: Floats, y: Floats, cell: Any, found: Ints) -> None:
    """Write the code of the cell of each point; the outermost cells are empty and take what lies beyond, and NaN."""
    right, top, width = tables.width - 1.0, tables.height - 1.0, np.uint32(tables.width)
    for i in range(x.size):
        t = (x[i] - tables.x0) * tables.inverse
        u = (y[i] - tables.y0) * tables.inverse
        t = t if t > 0.0 else 0.0
        u = u if u > 0.0 else 0.0
        t = t if t < right else right
        u = u if u < top else top
        cell[i] = np.uint32(np.int32(u)) * width + np.uint32(np.int32(t))
    for i in range(x.size):
        found[i] = tables.cells[cell[i]]


@compiled()
def _select(found: Ints, first: Bool, batch: Batch) -> None:
    """Put points into the queue of their kind, without a branch; all of them first, then those that came out of blocks."""
    blocks, records, corners, lists = np.uint32(0), batch.counts[RECORD], batch.counts[CORNER], batch.counts[LIST]
    for j in range(found.size if first else batch.counts[BLOCK]):
        i = np.uint32(j) if first else batch.block[j]
        v = -2 - found[i]
        special, kind = v >= 0, v & 3
        if first:
            batch.block[blocks] = i
            blocks += np.uint32(special & (kind == BLOCK))
        batch.record[records] = i
        records += np.uint32(special & (kind == RECORD))
        batch.corner[corners] = i
        corners += np.uint32(special & (kind == CORNER))
        batch.list[lists] = i
        lists += np.uint32(special & (kind == LIST))
    batch.counts[BLOCK], batch.counts[RECORD], batch.counts[CORNER], batch.counts[LIST] = (
        blocks,
        records,
        corners,
        lists,
    )


@compiled()
def _decide_records(tables: Tables, x: Floats, y: Floats, found: Ints, batch: Batch) -> None:
    """Decide the points in cells that one edge cuts."""
    records = tables.records
    for j in range(batch.counts[RECORD]):
        i = batch.record[j]
        k = np.uint32(-2 - found[i]) >> np.uint32(2)
        px, py = x[i], y[i]
        left = (records[k, 0] - px) * (records[k, 3] - py)
        right = (records[k, 1] - py) * (records[k, 2] - px)
        det = left - right
        if abs(det) > FILTER * abs(left + right):
            found[i] = np.int32(records[k, 6] if det > 0.0 else records[k, 7])
        else:
            found[i] = _owner(tables, np.int64(k), _side(tables, np.int64(k), True, px, py))


@compiled()
def _decide_corners(tables: Tables, x: Floats, y: Floats, found: Ints, batch: Batch) -> None:
    """Decide the points in cells that two edges with a common end cut."""
    records = tables.records
    for j in range(batch.counts[CORNER]):
        i = batch.corner[j]
        k = np.uint32(-2 - found[i]) >> np.uint32(2)
        px, py = x[i], y[i]
        ax, ay, bx, by = records[k, 0] - px, records[k, 1] - py, records[k, 2] - px, records[k, 3] - py
        cx, cy = records[k, 4] - px, records[k, 5] - py
        left, right = ax * by, ay * bx
        left2, right2 = bx * cy, by * cx
        det, det2 = left - right, left2 - right2
        sure = (abs(det) > FILTER * abs(left + right)) & (abs(det2) > FILTER * abs(left2 + right2))
        if sure:
            found[i] = np.int32(records[k, 6] if (det > 0.0) & (det2 > 0.0) else records[k, 7])
        else:
            found[i] = _owner(tables, np.int64(k), _side(tables, np.int64(k), False, px, py))


@compiled(nt.int64(_TABLES, _FLOATS, _FLOATS, nt.int32[::1]), allocates=True)
def locate(tables: Tables, x: Floats, y: Floats, out: Ints) -> Int:
    """Write the owner of each point, in phases over batches so that the reads of many points overlap; return how many got ASK."""
    asks = 0
    cell = np.empty(BATCH, np.uint32)
    batch = Batch(
        np.empty(BATCH + 1, np.uint32),
        np.empty(BATCH + 1, np.uint32),
        np.empty(BATCH + 1, np.uint32),
        np.empty(BATCH + 1, np.uint32),
        np.zeros(4, np.uint32),
    )
    for start in range(0, x.size, BATCH):
        stop = min(start + BATCH, x.size)
        xs, ys, found = x[start:stop], y[start:stop], out[start:stop]
        _look_up(tables, xs, ys, cell, found)
        batch.counts[:] = 0
        _select(found, True, batch)
        for j in range(batch.counts[BLOCK]):
            i = batch.block[j]
            found[i] = _descend(tables, np.int64(found[i]), xs[i], ys[i])
        _select(found, False, batch)
        _decide_records(tables, xs, ys, found, batch)
        _decide_corners(tables, xs, ys, found, batch)
        for j in range(batch.counts[LIST]):
            i = batch.list[j]
            found[i] = _first(tables, np.int64((-2 - found[i]) >> 2), xs[i], ys[i])
        for i in range(stop - start):
            asks += found[i] == ASK
    return asks


@compiled()
def _all_at(tables: Tables, code: Int, x: float, y: float, found: Ints, used: Int) -> Int:
    """Write all owners that cover a point in a cell with this code; return how many, ASK where only shapely can tell."""
    k, kind = (-2 - code) >> 2, (-2 - code) & 3
    start = used
    if kind == LIST:
        at, end = k + 1, k + 1 + tables.lists[k]
        while at < end:
            relation = _relation(tables.lists, at, tables.coords, x, y)
            owner = tables.lists[at]
            if relation < 0:
                return ASK
            if relation > 0 and (used == start or found[used - 1] != owner):
                found[used] = owner
                used += 1
            at += 2 + _count(tables.lists[at + 1])
        return used - start
    side = _side(tables, k, kind == RECORD, x, y)
    if side == 2:
        return ASK
    left, right = np.int32(tables.records[k, 6]), np.int32(tables.records[k, 7])
    low = left if side > 0 or (side == 0 and left <= right) else right
    high = left if side > 0 or (side == 0 and left > right) else right
    if low >= 0:
        found[used] = low
        used += 1
    if high != low:
        found[used] = high
        used += 1
    return used - start


@compiled(nt.int64(_TABLES, _FLOATS, _FLOATS, nt.int32[::1], nt.int32[::1]))
def locate_all(tables: Tables, x: Floats, y: Floats, counts: Ints, found: Ints) -> Int:
    """Write how many owners cover each point (ASK where only shapely can tell), and the owners; return for how many points there was room."""
    used = 0
    for i in range(x.size):
        code = _code_at(tables, x[i], y[i])
        needed = tables.lists[(-2 - code) >> 2] if code < -1 and (-2 - code) & 3 == LIST else 2
        if used + needed > found.size:
            return i
        if code >= 0:
            found[used] = code
            counts[i] = 1
        elif code == -1:
            counts[i] = 0
        else:
            counts[i] = _all_at(tables, code, x[i], y[i], found, used)
        if counts[i] > 0:
            used += counts[i]
    return x.size


@compiled(nt.int64(_TABLES, _FLOATS, _FLOATS, _INTS, nt.int8[::1]))
def on_edge(tables: Tables, x: Floats, y: Floats, owners: Ints, out: Any) -> Int:
    """Write 1 where a point is on the boundary of its owner, 0 where not, ASK where only shapely can tell; return how many got ASK."""
    asks = 0
    for i in range(x.size):
        out[i] = 0
        code = _code_at(tables, x[i], y[i])
        if code >= -1 or owners[i] < 0:
            continue
        k, kind = (-2 - code) >> 2, (-2 - code) & 3
        if kind == LIST:
            at, end = k + 1, k + 1 + tables.lists[k]
            while at < end and out[i] == 0:
                if tables.lists[at] == owners[i]:
                    relation = _relation(tables.lists, at, tables.coords, x[i], y[i])
                    out[i] = 1 if relation == 2 else (ASK if relation < 0 else 0)
                at += 2 + _count(tables.lists[at + 1])
        elif owners[i] in (tables.records[k, 6], tables.records[k, 7]):
            side = _side(tables, k, kind == RECORD, x[i], y[i])
            out[i] = 1 if side == 0 else (ASK if side == 2 else 0)
        asks += out[i] == ASK
    return asks
