"""The compiled half of the locator: a raster of cells over a net, and the exact questions asked of it.

Words used here
    part      one polygon of a (multi)polygon: a shell and its holes; its owner is the position of the (multi)polygon in the net
    cell      the preimage of one pair of integers under (int((y - y0) * inverse), int((x - x0) * inverse)). Both are monotone in floating
              point, so every point has exactly one cell, and a vertex in a column further right has a larger x: no tolerance is involved
    touching  an edge that comes near a cell (a margin covers the rounding of the raster); all others are left of it, right of it, above or below
    code      what a cell says: an owner >= -1 that covers all of it (-1: none), else -2 - (4 * index + kind)
                RECORD  one straight edge cuts the cell: its ends and the owner on its left, on its right and on it
                BLOCK   8 x 8 smaller cells, one byte each, which point into a short list of codes
                LIST    candidates by precedence, each with its touching edges

Inside a cell, the parity of a part at point p needs only the touching edges. Let [v] be 1 where v.y > p.y, and cross(e) 1 where the ray from p
to the right meets e. Edges that do not touch lie wholly right (then cross(e) = [a] xor [b]) or do not count; every vertex in the band of the cell's row
joins two edges, so its [v] cancels unless exactly one of them touches. Hence

    parity(p) = K xor SUM over touching edges (a, b) of (cross(e) xor fa [a] xor fb [b]),   fa, fb = 1 where the end lies in a column right of the cell

with a K that is found by counting, with integers alone, for a ray just below the row. K and the flags are stored beside the edges, so a polygon of
ten thousand edges costs no more than one of ten.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from numba import types as nt

F = TypeVar("F", bound=Callable[..., Any])

RECORD, BLOCK, LIST = np.int64(0), np.int64(1), np.int64(2)
ASK = -2  # owner of a point that only shapely can settle
PENDING = -(2**31)  # code of a cell that waits to be divided
ASKING = -1  # head of a candidate that only shapely can settle
FULL = np.int64(1)  # head of a candidate that covers the whole cell
NONE, NOTHING = np.int64(-1), np.int64(0)  # typed, since each literal would cost a compilation of its own
SIDE = 8  # cells of a block in each direction
MARGIN = 2.0**-10  # in cells; the rounding of a raster of 2**36 cells stays below 2**-15
NEAR = 2.0**-8  # an end closer to the cell than this is not clear of it
LARGEST, SMALLEST = 1e140, 1e-120  # magnitudes between which products of coordinates neither overflow nor vanish
BATCH = 1024  # points that pass through the phases together

_SPLIT = 134217729.0  # 2**27 + 1 (Dekker 1971)


def compiled(signature: Any = None) -> Callable[[F], F]:
    """Compile a function that releases the interpreter lock, and keep the machine code on disk where a place for it can be written."""

    def decorate(function: F) -> F:
        arguments = () if signature is None else (signature,)
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
        try:
            return numba.njit(*arguments, cache=True, **options)(function)
        except RuntimeError:  # numba finds no writable directory for its cache
            return numba.njit(*arguments, **options)(function)

    return decorate


# ---- exact orientation -------------------------------------------------------------------------------------------------------------------


@compiled()
def _sum(a, b):
    """Return a + b and its rounding error (Knuth)."""
    s = a + b
    z = s - a
    return s, (a - (s - z)) + (b - z)


@compiled()
def _product(a, b):
    """Return a * b and its rounding error (Dekker; without fused operations, so that every machine agrees)."""
    p = a * b
    t = _SPLIT * a
    ah = t - (t - a)
    al = a - ah
    t = _SPLIT * b
    bh = t - (t - b)
    bl = b - bh
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


@compiled()
def _double_product(ah, al, bh, bl):
    """Multiply two double-doubles (Hida, Li and Bailey 2001)."""
    p, e = _product(ah, bh)
    e += ah * bl + al * bh
    s = p + e
    return s, e - (s - p)


@compiled()
def _orientation_near(ax, ay, bx, by, px, py):
    """Orientation in double-double arithmetic with the same operations as GEOS, so that the same ties are ties."""
    abx, abx_ = _sum(bx, -ax)
    aby, aby_ = _sum(by, -ay)
    bpx, bpx_ = _sum(px, -bx)
    bpy, bpy_ = _sum(py, -by)
    m, m_ = _double_product(abx, abx_, bpy, bpy_)
    n, n_ = _double_product(aby, aby_, bpx, bpx_)
    s, e = _sum(m, -n)
    t, f = _sum(m_, -n_)
    s, e = _sum(s, e + t)
    e += f
    d = s + e
    return (d > 0.0) - (d < 0.0)


@compiled()
def _orientation(ax, ay, bx, by, px, py):
    """Return 1 where p lies left of a -> b, -1 right, 0 on the line."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    det = left - right
    # error bound of Ozaki et al. 2016 (doi:10.1007/s10543-015-0574-9), rounded up to the older one of GEOS
    if abs(det) >= 1e-15 * abs(left + right):
        return (det > 0.0) - (det < 0.0)
    return _orientation_near(ax, ay, bx, by, px, py)


@compiled()
def _crossing(ax, ay, bx, by, px, py):
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


# ---- building ----------------------------------------------------------------------------------------------------------------------------


@compiled()
def _columns(ta, ua, tb, ub, row):
    """Return the first and last column that the edge may touch in a row, in cells."""
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
    return np.int64(np.floor(t0 - MARGIN)), np.int64(np.floor(t1 + MARGIN))


@compiled()
def _clear(coords, edge, x0, y0, inverse, row, column):
    """Tell whether both ends of an edge are clear of a cell: then an edge that touches the cell runs right through it."""
    for end in range(edge, edge + 2):
        t = (coords[end, 0] - x0) * inverse
        u = (coords[end, 1] - y0) * inverse
        if abs(t - column - 0.5) < 0.5 + NEAR and abs(u - row - 0.5) < 0.5 + NEAR:
            return False
    return True


@compiled()
def _copy(source, start, target, at, size):
    """Copy numbers from one array into another (a loop compiles far faster than an assignment of slices)."""
    for i in range(size):
        target[at + i] = source[start + i]


@compiled()
def _append(stream, used, following, owner, head):
    """Write the fixed part of an entry: the entry before it in its cell, its owner, its head (edges * 2 + K)."""
    stream[used] = following
    stream[used + 1] = owner
    stream[used + 2] = head
    return used + 3


@compiled()
def _fill(cells, first, last, owner, stream, used, notes, everything):
    """Note that a part covers the cells from first to last (exclusive) wholly."""
    for cell in range(first, last):
        now = cells[cell]
        if now == -1:
            cells[cell] = owner
            continue
        if now >= 0:
            if now == owner:
                continue
            if not everything:
                notes[0] = 1
                continue
            if used + 6 > stream.size:
                return -1
            cells[cell] = -used - 2
            used = _append(stream, used, NONE, now, FULL)
            now = cells[cell]
        newest = -now - 2
        if stream[newest + 2] == 1 and (not everything or stream[newest + 1] == owner):
            notes[0] |= stream[newest + 1] != owner
            continue
        if used + 3 > stream.size:
            return -1
        cells[cell] = -used - 2
        used = _append(stream, used, np.int64(now), owner, FULL)
    return used


@compiled()
def _enter(cells, cell, owner, stream, used, room, notes, everything):
    """Make an entry for a part in a cell; return where its head goes, or 0 where an earlier owner covers the cell, or -1 where the room ends."""
    now = cells[cell]
    if now >= 0 and not everything:
        notes[0] = 1
        return 0
    if used + room + 6 > stream.size:
        return -1
    if now >= 0:
        cells[cell] = -used - 2
        used = _append(stream, used, NONE, now, FULL)
        now = cells[cell]
    elif now <= -2 and not everything and stream[-now - 2 + 2] == 1:
        notes[0] = 1
        return 0
    cells[cell] = -used - 2
    return _append(stream, used, np.int64(now), owner, NOTHING) - 1


@compiled()
def _sort(spans, start, stop):
    """Sort spans by their first column, in place (Shell 1959, gaps of Knuth)."""
    gap = 1
    while 3 * gap + 1 < stop - start:
        gap = 3 * gap + 1
    while gap > 0:
        for i in range(start + gap, stop):
            a, b, c, d = spans[i, 0], spans[i, 1], spans[i, 2], spans[i, 3]
            k = i - gap
            while k >= start and spans[k, 0] > a:
                for m in range(4):
                    spans[k + gap, m] = spans[k, m]
                k -= gap
            spans[k + gap, 0], spans[k + gap, 1], spans[k + gap, 2], spans[k + gap, 3] = a, b, c, d
        gap //= 3


@compiled()
def _sweep(row, width, spans, start, stop, t, u, offset, owner, cells, stream, used, active, notes, everything):
    """Walk one row of one part from left to right; spans are (first column, last column, edge, crosses the row's lower side)."""
    _sort(spans, start, stop)
    beyond = 0
    for i in range(start, stop):
        beyond ^= spans[i, 3]
    count = 0
    i = start
    column = spans[start, 0]
    while True:
        kept = 0
        for k in range(count):
            if spans[active[k], 1] >= column:
                active[kept] = active[k]
                kept += 1
        count = kept
        while i < stop and spans[i, 0] <= column:
            beyond ^= spans[i, 3]
            active[count] = i
            count += 1
            i += 1
        if count == 0:
            if i == stop:
                return used
            if beyond:
                used = _fill(cells, row * width + column, row * width + spans[i, 0], owner, stream, used, notes, everything)
                if used < 0:
                    return used
            column = spans[i, 0]
            continue
        at = _enter(cells, row * width + column, owner, stream, used, count, notes, everything)
        if at < 0:
            return -1
        if at > 0:
            parity = beyond
            used = at + 1
            for k in range(count):
                edge = spans[active[k], 2]
                a, b = edge - offset, edge - offset + 1
                fa, fb = t[a] >= column + 1, t[b] >= column + 1
                parity ^= (fa and u[a] >= row) ^ (fb and u[b] >= row)
                stream[used] = edge * 4 + fa * 2 + fb
                used += 1
            stream[at] = count * 2 + parity
        column += 1


@compiled()
def _raster(coords, rings, polygons, owners, asking, x0, y0, inverse, width, cells, stream, notes, everything):
    """Enter every part into the cells; return the used length of the stream, or -1 where it is too short."""
    used = np.int64(1)
    points = np.int64(0)
    for part in range(owners.size):
        points = max(points, rings[polygons[part + 1]] - rings[polygons[part]])
    t = np.empty(points)
    u = np.empty(points)
    spans = np.empty((256, 4), np.int64)
    active = np.empty(256, np.int64)
    starts = np.empty(256, np.int64)
    for part in range(owners.size):
        offset = rings[polygons[part]]
        end = rings[polygons[part + 1]]
        west, east, low, high = np.inf, -np.inf, np.inf, -np.inf
        for k in range(offset, end):
            t[k - offset] = (coords[k, 0] - x0) * inverse
            u[k - offset] = (coords[k, 1] - y0) * inverse
            west = min(west, t[k - offset])
            east = max(east, t[k - offset])
            low = min(low, u[k - offset])
            high = max(high, u[k - offset])
        bottom = np.int64(np.floor(low - MARGIN))
        rows = np.int64(np.floor(high + MARGIN)) - bottom + 1
        if asking[part]:
            left, right = np.int64(np.floor(west - MARGIN)), np.int64(np.floor(east + MARGIN))
            for row in range(bottom, bottom + rows):
                for column in range(left, right + 1):
                    at = _enter(cells, row * width + column, owners[part], stream, used, NOTHING, notes, everything)
                    if at < 0:
                        return -1
                    if at > 0:
                        stream[at] = ASKING
                        used = at + 1
            continue
        if rows + 1 > starts.size:
            starts = np.empty(2 * rows + 1, np.int64)
        starts[: rows + 1] = 0
        for ring in range(polygons[part], polygons[part + 1]):
            for k in range(rings[ring] - offset, rings[ring + 1] - offset - 1):
                first = np.int64(np.floor(min(u[k], u[k + 1]) - MARGIN)) - bottom
                last = np.int64(np.floor(max(u[k], u[k + 1]) + MARGIN)) - bottom
                for row in range(first, last + 1):
                    starts[row + 1] += 1
        for row in range(rows):
            starts[row + 1] += starts[row]
        if starts[rows] > spans.shape[0]:
            spans = np.empty((2 * starts[rows], 4), np.int64)
            active = np.empty(2 * starts[rows], np.int64)
        for ring in range(polygons[part], polygons[part + 1]):
            for k in range(rings[ring] - offset, rings[ring + 1] - offset - 1):
                first = np.int64(np.floor(min(u[k], u[k + 1]) - MARGIN)) - bottom
                last = np.int64(np.floor(max(u[k], u[k + 1]) + MARGIN)) - bottom
                for row in range(first, last + 1):
                    at = starts[row]
                    starts[row] += 1
                    spans[at, 0], spans[at, 1] = _columns(t[k], u[k], t[k + 1], u[k + 1], row + bottom)
                    spans[at, 2] = k + offset
                    spans[at, 3] = (u[k] >= row + bottom) != (u[k + 1] >= row + bottom)
        start = np.int64(0)
        for row in range(rows):
            if starts[row] > start:
                used = _sweep(row + bottom, width, spans, start, starts[row], t, u, offset, owners[part], cells, stream, used, active, notes, everything)
                if used < 0:
                    return used
            start = starts[row]
    return used


@compiled()
def _single(scratch, size, coords, x0, y0, inverse, row, column, labels, everything):
    """Find out whether one straight edge decides a cell; then set labels to (edge, left, right, on, owners on one side at most one)."""
    edge, left, right, lefts, rights = -1, -1, -1, 0, 0
    ax = ay = bx = by = 0.0
    at = 0
    while at < size:
        owner, head = scratch[at], scratch[at + 1]
        at += 2
        if head == ASKING or head >> 1 > 1:
            return False
        inside_left = inside_right = 1
        if head >> 1 == 1:
            k, flags = scratch[at] >> 2, scratch[at] & 3
            at += 1
            cx, cy, dx, dy = coords[k, 0], coords[k, 1], coords[k + 1, 0], coords[k + 1, 1]
            upper = flags & 1
            if cy > dy or (cy == dy and cx > dx):
                cx, cy, dx, dy = dx, dy, cx, cy
                upper = flags >> 1
            if edge < 0:
                if not _clear(coords, k, x0, y0, inverse, row, column):
                    return False
                edge, ax, ay, bx, by = k, cx, cy, dx, dy
            elif ax != cx or ay != cy or bx != dx or by != dy:
                return False
            inside_left = (head & 1) ^ 1 ^ upper
            inside_right = inside_left ^ 1
        if inside_left:
            left = owner if lefts == 0 else left
            lefts += 1
        if inside_right:
            right = owner if rights == 0 else right
            rights += 1
    plain = lefts < 2 and rights < 2
    if edge < 0 or (everything and not plain):
        return False
    labels[0], labels[1], labels[2], labels[3], labels[4] = edge, left, right, scratch[0], plain
    return True


@compiled()
def _record(labels, coords, records, count, latest):
    """Write a record, or find that the latest one of the same edge says the same; return its index."""
    edge = labels[0]
    k = latest[edge]
    if k >= 0 and records[k, 4] == labels[1] and records[k, 5] == labels[2] and records[k, 6] == labels[3]:
        return k
    if count == records.shape[0]:
        return -1
    a, b = edge, edge + 1
    if coords[a, 1] > coords[b, 1] or (coords[a, 1] == coords[b, 1] and coords[a, 0] > coords[b, 0]):
        a, b = b, a
    records[count, 0], records[count, 1], records[count, 2], records[count, 3] = coords[a, 0], coords[a, 1], coords[b, 0], coords[b, 1]
    records[count, 4], records[count, 5], records[count, 6], records[count, 7] = labels[1], labels[2], labels[3], 0.0
    latest[edge] = count
    return count


@compiled()
def _encode(index, kind):
    return -2 - (4 * index + kind)


@compiled()
def _settle(scratch, size, coords, x0, y0, inverse, row, column, records, lists, latest, labels, used, notes, everything):
    """Return the code of a cell from its candidates; used counts records and list entries. 0 in notes[1] while there is room."""
    if size == 0:
        return -1
    if size == 2 and scratch[1] == 1:
        return scratch[0]
    if _single(scratch, size, coords, x0, y0, inverse, row, column, labels, everything):
        k = _record(labels, coords, records, used[0], latest)
        if k < 0:
            notes[1] = 1
            return -1
        used[0] = max(used[0], k + 1)
        notes[0] |= labels[4] == 0
        return _encode(k, RECORD)
    if used[1] + size + 1 > lists.size:
        notes[1] = 1
        return -1
    at = used[1]
    lists[at] = size
    _copy(scratch, NOTHING, lists, at + 1, size)
    used[1] = at + 1 + size
    return _encode(at, LIST)


@compiled()
def _edges(scratch, size):
    """Count the touching edges of the candidates; -1 where one of them only shapely can settle."""
    total = 0
    at = 0
    while at < size:
        head = scratch[at + 1]
        if head == ASKING:
            return -1
        total += head >> 1
        at += 2 + (head >> 1)
    return total


@compiled()
def _count(head):
    """Return how many edges follow the head of an entry."""
    return np.int64(head >> 1) if head > 0 else np.int64(0)


@compiled()
def _length(stream, head):
    """Return the length of the candidates of a cell."""
    size = 0
    while head <= -2:
        at = -head - 2
        size += 2 + _count(stream[at + 2])
        head = stream[at]
    return size


@compiled()
def _gather(stream, head, scratch, chain, everything):
    """Copy the candidates of a cell into scratch, in order of precedence, up to the first that covers the cell; return the length."""
    count = 0
    while head <= -2:
        chain[count] = -head - 2
        count += 1
        head = stream[-head - 2]
    size = np.int64(0)
    for i in range(count - 1, -1, -1):
        at = chain[i]
        edges = _count(stream[at + 2])
        _copy(stream, at + 1, scratch, size, 2 + edges)
        size += 2 + edges
        if stream[at + 2] == 1 and not everything:
            break
    return size


@compiled()
def _divide(scratch, size, coords, x0, y0, inverse, row, column, parts, sizes, notes, everything):
    """Divide the candidates of a cell among its 8 x 8 smaller cells; row, column and inverse are those of the smaller cells, lowest left."""
    total = _edges(scratch, size)
    first = np.empty(total, np.int64)
    last = np.empty(total, np.int64)
    ends = np.empty((total, 4))
    above = np.empty((total, 2), np.int64)
    n = at = 0
    while at < size:
        for k in range(at + 2, at + 2 + (scratch[at + 1] >> 1)):
            edge = scratch[k] >> 2
            for end in range(2):
                ends[n, 2 * end] = (coords[edge + end, 0] - x0) * inverse
                ends[n, 2 * end + 1] = (coords[edge + end, 1] - y0) * inverse
            n += 1
        at += 2 + (scratch[at + 1] >> 1)
    for i in range(SIDE):
        for n in range(total):
            ta, ua, tb, ub = ends[n, 0], ends[n, 1], ends[n, 2], ends[n, 3]
            above[n, 0], above[n, 1] = ua >= row + i, ub >= row + i
            first[n], last[n] = -1, -1  # as if it were left of all cells
            if np.floor(min(ua, ub) - MARGIN) <= row + i <= np.floor(max(ua, ub) + MARGIN):
                first[n], last[n] = _columns(ta, ua, tb, ub, row + i)
        for j in range(SIDE):
            here = column + j
            filled = n = at = 0
            while at < size:
                owner, head = scratch[at], scratch[at + 1]
                parity = head & 1
                touching = 0
                for k in range(at + 2, at + 2 + (head >> 1)):
                    fa, fb = (scratch[k] >> 1) & 1, scratch[k] & 1
                    if here < first[n]:
                        fa, fb = fa ^ 1, fb ^ 1
                    elif here <= last[n]:
                        right_a, right_b = ends[n, 0] >= here + 1, ends[n, 2] >= here + 1
                        parts[i * SIDE + j, filled + 2 + touching] = (scratch[k] >> 2) * 4 + right_a * 2 + right_b
                        touching += 1
                        fa, fb = fa ^ right_a, fb ^ right_b
                    parity ^= (fa & above[n, 0]) ^ (fb & above[n, 1])
                    n += 1
                at += 2 + (head >> 1)
                if touching or parity:
                    parts[i * SIDE + j, filled] = owner
                    parts[i * SIDE + j, filled + 1] = touching * 2 + parity
                    filled += 2 + touching
                    if not touching and not everything:
                        notes[0] |= at < size
                        break
            sizes[i * SIDE + j] = filled


@compiled()
def _queue(todo, used, place, level, row, column, scratch, size):
    """Put a crowded cell on the list of those to divide; return whether it fits."""
    at = used[4]
    if at + 5 + size > todo.size:
        return False
    todo[at], todo[at + 1], todo[at + 2], todo[at + 3], todo[at + 4] = place, level, row, column, size
    _copy(scratch, NOTHING, todo, at + 5, size)
    used[4] = at + 5 + size
    return True


@compiled()
def _compact(coords, stream, x0, y0, inverse, width, cells, records, lists, blocks, bases, codes, todo, notes, everything, crowd, levels):
    """Turn the chains of entries into codes; return the used lengths of records, lists, blocks, codes and todo."""
    used = np.zeros(5, np.int64)
    latest = np.full(coords.shape[0], -1, np.int32)
    labels = np.empty(5, np.int64)
    scratch = np.empty(1024, np.int32)
    chain = np.empty(1024, np.int64)
    sizes = np.empty(SIDE * SIDE, np.int64)
    for cell in range(cells.size):
        if cells[cell] >= -1:
            continue
        size = _length(stream, cells[cell])
        if size > scratch.size:
            scratch = np.empty(2 * size, np.int32)
            chain = np.empty(2 * size, np.int64)
        size = _gather(stream, cells[cell], scratch, chain, everything)
        row, column = cell // width, cell % width
        if _edges(scratch, size) > crowd[0] and not _single(scratch, size, coords, x0, y0, inverse, row, column, labels, everything):
            if not _queue(todo, used, cell, NOTHING, row, column, scratch, size):
                notes[1] = 1
        else:
            cells[cell] = _settle(scratch, size, coords, x0, y0, inverse, row, column, records, lists, latest, labels, used, notes, everything)
        if notes[1]:
            return used
    parts = np.empty((SIDE * SIDE, scratch.size), np.int32)
    at = np.int64(0)
    while at < used[4]:
        place, level, row, column, size = np.int64(todo[at]), np.int64(todo[at + 1]), np.int64(todo[at + 2]), np.int64(todo[at + 3]), np.int64(todo[at + 4])
        _copy(todo, at + 5, scratch, NOTHING, size)
        at += 5 + size
        if used[2] == bases.size:
            code = _settle(scratch, size, coords, x0, y0, inverse * SIDE**level, row, column, records, lists, latest, labels, used, notes, everything)
        else:
            code = _encode(used[2], BLOCK)
            finer = inverse * float(SIDE ** (level + 1))
            block = used[2]
            used[2] += 1
            base = used[3]
            bases[block] = base
            if base + SIDE * SIDE > codes.size:
                notes[1] = 1
                return used
            _divide(scratch, size, coords, x0, y0, finer, row * SIDE, column * SIDE, parts, sizes, notes, everything)
            for k in range(SIDE * SIDE):
                here_row, here_column = row * SIDE + k // SIDE, column * SIDE + k % SIDE
                crowded = _edges(parts[k], sizes[k]) > crowd[1] and level + 1 < levels
                if crowded and not _single(parts[k], sizes[k], coords, x0, y0, finer, here_row, here_column, labels, everything):
                    inner = PENDING
                    if not _queue(todo, used, -used[3] - 1, level + 1, here_row, here_column, parts[k], sizes[k]):
                        notes[1] = 1
                else:
                    crowded = False
                    inner = _settle(parts[k], sizes[k], coords, x0, y0, finer, here_row, here_column, records, lists, latest, labels, used, notes, everything)
                if notes[1]:
                    return used
                slot = base
                while slot < used[3] and (crowded or codes[slot] != inner):
                    slot += 1
                if slot == used[3]:
                    codes[slot] = inner
                    used[3] += 1
                blocks[block * SIDE * SIDE + k] = slot - base
        if place >= 0:
            cells[place] = code
        else:
            codes[-place - 1] = code
    return used


@compiled(
    nt.int64[::1](
        *(nt.float64[:, ::1], nt.int64[::1], nt.int64[::1], nt.int32[::1], nt.boolean[::1]),
        *(nt.float64, nt.float64, nt.float64, nt.int64, nt.int32[::1], nt.int32[::1]),
        *(nt.float64[:, ::1], nt.int32[::1], nt.uint8[::1], nt.int32[::1], nt.int32[::1], nt.int32[::1]),
        *(nt.boolean, nt.int64[::1], nt.int64),
    )
)
def build(coords, rings, polygons, owners, asking, x0, y0, inverse, width, cells, stream, records, lists, blocks, bases, codes, todo, everything, crowd, levels):
    """Fill the tables of an index; return the used lengths of records, lists, blocks and codes, a mark where some answers were cut off, and a mark where room ran out.

    Parameters
    ----------
    coords, rings, polygons
        Vertices and offsets as shapely.to_ragged_array gives them for the parts.
    owners, asking
        Position of the owner of each part; whether only shapely can settle it.
    x0, y0, inverse, width
        The raster: its origin, cells per unit, columns.
    cells
        Codes of the cells, -1 at first.
    stream, todo
        Working space.
    everything
        Keep the candidates behind the first one that covers a cell.
    crowd, levels
        Touching edges above which a cell is divided, at first and within blocks; how often at most.
    """
    notes = np.zeros(2, np.int64)
    answer = np.zeros(6, np.int64)
    if _raster(coords, rings, polygons, owners, asking, x0, y0, inverse, width, cells, stream, notes, everything) < 0:
        answer[5] = 1
        return answer
    used = _compact(coords, stream, x0, y0, inverse, width, cells, records, lists, blocks, bases, codes, todo, notes, everything, crowd, levels)
    for i in range(4):
        answer[i] = used[i]
    answer[4], answer[5] = notes[0], notes[1]
    return answer


# ---- asking ------------------------------------------------------------------------------------------------------------------------------


@compiled()
def _descend(code, x, y, x0, y0, inverse, blocks, bases, codes):
    """Follow blocks down to the code of the smallest cell around a point that lies in the raster."""
    while code <= -2 and (-2 - code) & 3 == BLOCK:
        inverse *= SIDE
        block = (-2 - code) >> 2
        row = np.int64((y - y0) * inverse) & (SIDE - 1)
        column = np.int64((x - x0) * inverse) & (SIDE - 1)
        code = codes[bases[block] + blocks[block * SIDE * SIDE + row * SIDE + column]]
    return code


@compiled()
def _code_at(cells, x0, y0, inverse, width, height, blocks, bases, codes, x, y):
    """Return the code of the smallest cell around a point; -1 outside the raster and for NaN."""
    t = (x - x0) * inverse
    u = (y - y0) * inverse
    if not (0.0 <= t < width and 0.0 <= u < height):
        return np.int64(-1)
    return _descend(np.int64(cells[np.int64(u) * width + np.int64(t)]), x, y, x0, y0, inverse, blocks, bases, codes)


@compiled()
def _vanishing(x, y):
    """Tell whether products of a coordinate may underflow (the net's own are 0 or larger than this)."""
    return 0.0 < abs(x) < SMALLEST or 0.0 < abs(y) < SMALLEST


@compiled()
def _side(records, k, x, y):
    """Return 1 where the point is left of a record's edge, -1 right, 0 on it, 2 where only shapely can tell: the sign depends on the edge's direction."""
    if _vanishing(x, y):
        return 2
    sign = _orientation(records[k, 0], records[k, 1], records[k, 2], records[k, 3], x, y)
    back = _orientation(records[k, 2], records[k, 3], records[k, 0], records[k, 1], x, y)
    return sign if sign == -back else 2


@compiled()
def _relation(lists, at, coords, x, y):
    """Return 2 where a point is on the boundary of the candidate at an offset, 1 inside, 0 outside, -1 where only shapely can tell."""
    head = lists[at + 1]
    if head == ASKING or _vanishing(x, y):
        return -1
    parity = head & 1
    for k in range(at + 2, at + 2 + (head >> 1)):
        edge = lists[k] >> 2
        ay, by = coords[edge, 1], coords[edge + 1, 1]
        cross = _crossing(coords[edge, 0], ay, coords[edge + 1, 0], by, x, y)
        if cross == 2:
            return 2
        parity ^= cross ^ ((lists[k] >> 1) & (ay > y)) ^ (lists[k] & 1 & (by > y))
    return parity


@compiled()
def _first(lists, at, coords, x, y):
    """Return the owner of the first candidate of a list that covers a point; -1 for none, ASK where only shapely can tell."""
    end = at + 1 + lists[at]
    at += 1
    while at < end:
        relation = _relation(lists, at, coords, x, y)
        if relation != 0:
            return lists[at] if relation > 0 else ASK
        at += 2 + _count(lists[at + 1])
    return -1


def _signature(returns, *arguments):
    tables = (nt.int32[::1], nt.float64, nt.float64, nt.float64, nt.int64, nt.int64, nt.float64[:, ::1], nt.int32[::1], nt.uint8[::1], nt.int32[::1], nt.int32[::1], nt.float64[:, ::1])
    return returns(*tables, *arguments)


_FLOATS = nt.Array(nt.float64, 1, "C", readonly=True)
_INTS = nt.Array(nt.int32, 1, "C", readonly=True)


@compiled(_signature(nt.int64, nt.float64, nt.float64))
def locate_one(cells, x0, y0, inverse, width, height, records, lists, blocks, bases, codes, coords, x, y):
    """Return the owner of the first part that covers one point; -1 for none, ASK where only shapely can tell."""
    code = _code_at(cells, x0, y0, inverse, width, height, blocks, bases, codes, x, y)
    if code >= -1:
        return code
    k = (-2 - code) >> 2
    if (-2 - code) & 3 == LIST:
        return np.int64(_first(lists, k, coords, x, y))
    side = _side(records, k, x, y)
    if side == 2:
        return ASK
    return np.int64(records[k, 4] if side > 0 else (records[k, 5] if side < 0 else records[k, 6]))


@compiled(_signature(nt.int64, _FLOATS, _FLOATS, nt.int32[::1]))
def locate(cells, x0, y0, inverse, width, height, records, lists, blocks, bases, codes, coords, x, y, out):
    """Write the owner of each point, in phases over batches so that the reads of many points overlap; return how many got ASK."""
    asks = 0
    right, top = width - 1.0, height - 1.0
    cell = np.empty(BATCH, np.uint32)
    by_block = np.empty(BATCH, np.uint32)
    by_record = np.empty(2 * BATCH, np.uint32)
    by_list = np.empty(2 * BATCH, np.uint32)
    for start in range(0, x.size, BATCH):
        size = min(BATCH, x.size - start)
        xs, ys, found = x[start : start + size], y[start : start + size], out[start : start + size]
        for i in range(size):
            t = (xs[i] - x0) * inverse
            u = (ys[i] - y0) * inverse
            t = t if t > 0.0 else 0.0  # also for NaN; the outermost cells are empty
            u = u if u > 0.0 else 0.0
            t = t if t < right else right
            u = u if u < top else top
            cell[i] = np.uint32(np.int32(u)) * np.uint32(width) + np.uint32(np.int32(t))
        blocked = recorded = listed = np.uint32(0)
        for i in range(size):
            code = cells[cell[i]]
            found[i] = code
            kind = (-2 - code) & 3
            special = code < -1
            by_block[blocked] = i
            blocked += np.uint32(special & (kind == BLOCK))
            by_record[recorded] = i
            recorded += np.uint32(special & (kind == RECORD))
            by_list[listed] = i
            listed += np.uint32(special & (kind == LIST))
        for j in range(blocked):
            i = by_block[j]
            code = _descend(np.int64(found[i]), xs[i], ys[i], x0, y0, inverse, blocks, bases, codes)
            found[i] = code
            kind = (-2 - code) & 3
            special = code < -1
            by_record[recorded] = i
            recorded += np.uint32(special & (kind == RECORD))
            by_list[listed] = i
            listed += np.uint32(special & (kind == LIST))
        for j in range(recorded):
            i = by_record[j]
            k = (-2 - found[i]) >> 2
            px, py = xs[i], ys[i]
            left_part = (records[k, 0] - px) * (records[k, 3] - py)
            right_part = (records[k, 1] - py) * (records[k, 2] - px)
            det = left_part - right_part
            if abs(det) > 1e-15 * abs(left_part + right_part):
                found[i] = np.int32(records[k, 4] if det > 0.0 else records[k, 5])
            else:
                side = _side(records, k, px, py)
                if side == 2:
                    found[i] = ASK
                    asks += 1
                else:
                    found[i] = np.int32(records[k, 4] if side > 0 else (records[k, 5] if side < 0 else records[k, 6]))
        for j in range(listed):
            i = by_list[j]
            found[i] = _first(lists, np.int64((-2 - found[i]) >> 2), coords, xs[i], ys[i])
            asks += found[i] == ASK
    return asks


@compiled(_signature(nt.int64, _FLOATS, _FLOATS, nt.int32[::1], nt.int32[::1]))
def locate_all(cells, x0, y0, inverse, width, height, records, lists, blocks, bases, codes, coords, x, y, counts, found):
    """Write how many owners cover each point (ASK where only shapely can tell), and the owners; return for how many points there was room."""
    used = 0
    for i in range(x.size):
        code = _code_at(cells, x0, y0, inverse, width, height, blocks, bases, codes, x[i], y[i])
        k = (-2 - code) >> 2
        listed = code < -1 and (-2 - code) & 3 == LIST
        if used + (lists[k] if listed else 2) > found.size:
            return i
        start = used
        if code >= -1:
            if code >= 0:
                found[used] = code
                used += 1
        elif not listed:
            side = _side(records, k, x[i], y[i])
            left, right = np.int32(records[k, 4]), np.int32(records[k, 5])
            if side == 2:
                counts[i] = ASK
                continue
            low, high = (left, left) if side > 0 else ((right, right) if side < 0 else (min(left, right), max(left, right)))
            if low >= 0:
                found[used] = low
                used += 1
            if high != low:
                found[used] = high
                used += 1
        else:
            at = k + 1
            while at < k + 1 + lists[k]:
                relation = _relation(lists, at, coords, x[i], y[i])
                if relation < 0:
                    break
                if relation > 0 and (used == start or found[used - 1] != lists[at]):
                    found[used] = lists[at]
                    used += 1
                at += 2 + _count(lists[at + 1])
            if at < k + 1 + lists[k]:
                counts[i] = ASK
                used = start
                continue
        counts[i] = used - start
    return x.size


@compiled(_signature(nt.int64, _FLOATS, _FLOATS, _INTS, nt.int8[::1]))
def on_edge(cells, x0, y0, inverse, width, height, records, lists, blocks, bases, codes, coords, x, y, owners, out):
    """Write 1 where a point is on the boundary of its owner, 0 where not, ASK where only shapely can tell; return how many got ASK."""
    asks = 0
    for i in range(x.size):
        out[i] = 0
        owner = owners[i]
        code = _code_at(cells, x0, y0, inverse, width, height, blocks, bases, codes, x[i], y[i])
        if code >= -1 or owner < 0:
            continue
        k = (-2 - code) >> 2
        if (-2 - code) & 3 == RECORD:
            if owner == records[k, 4] or owner == records[k, 5]:
                side = _side(records, k, x[i], y[i])
                out[i] = 1 if side == 0 else (ASK if side == 2 else 0)
        else:
            at = k + 1
            while at < k + 1 + lists[k] and out[i] == 0:
                if lists[at] == owner:
                    relation = _relation(lists, at, coords, x[i], y[i])
                    out[i] = 1 if relation == 2 else (ASK if relation < 0 else 0)
                at += 2 + _count(lists[at + 1])
        asks += out[i] == ASK
    return asks
