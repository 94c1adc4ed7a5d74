"""Base tints: few colours, and no two neighbours alike."""

import numpy as np
import shapely


def neighbours(geoms: np.ndarray) -> list[list[int]]:
    """Return, for each polygon (n,), the sorted positions of those that share more than a point with it."""
    near: list[set[int]] = [set() for _ in geoms]
    tree = shapely.STRtree(geoms)
    for a, b in tree.query(geoms, predicate="intersects").T:
        if a < b and shapely.length(shapely.intersection(shapely.boundary(geoms[a]), shapely.boundary(geoms[b]))) > 0:
            near[a].add(int(b))
            near[b].add(int(a))
    return [sorted(group) for group in near]


def tints(geoms: np.ndarray, *, colours: int) -> np.ndarray:
    """Choose a tint for each polygon so that neighbours differ and the tints are used evenly.

    Greedy in order of falling degree (Welsh and Powell 1967); among the free tints the one used least so far.

    Parameters
    ----------
    geoms
        Polygons (n,).
    colours
        How many tints there are; a polygon whose neighbours use them all takes the least used.

    Returns
    -------
    numpy.ndarray
        int64 (n,), each from 0 to ``colours - 1``.
    """
    near = neighbours(geoms)
    chosen = np.full(len(near), -1)
    used = np.zeros(colours, dtype=np.int64)
    for position in sorted(range(len(near)), key=lambda p: (-len(near[p]), p)):
        taken = {int(chosen[other]) for other in near[position]}
        free = [tint for tint in range(colours) if tint not in taken] or list(range(colours))
        tint = min(free, key=lambda t: (used[t], t))
        chosen[position] = tint
        used[tint] += 1
    return chosen
