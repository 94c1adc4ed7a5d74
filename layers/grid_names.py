"""What to call a grid where several have its label: "4-02" of one community beside "4-02" of the next."""

from collections.abc import Container, Mapping
from functools import lru_cache

import numpy as np

from geo.net import Level, Net


@lru_cache(maxsize=16)
def homes(net: Net) -> Mapping[str, Mapping[str, str]]:
    """Return, for each level, code -> label of the grid above that tells it from others of the same label; "" where its own label does.

    All grids of a level get the home at the same level above, the nearest that makes every label unlike the others, else the widest. Stacked micro-grids have the
    home of the polygon that carries them.
    """
    return {level.key: _homes(net, depth) for depth, level in enumerate(net.levels)}


@lru_cache(maxsize=16)
def full_names(net: Net) -> Mapping[str, Mapping[str, str]]:
    """Return, for each level, code -> label with its home before it, where it needs one."""
    own = {level.key: dict(_labels(net, level)) for level in net.levels}
    found = homes(net)
    return {
        key: {code: f"{found[key][code]} {label}".strip() for code, label in labels.items()}
        for key, labels in own.items()
    }


@lru_cache(maxsize=16)
def every_name(net: Net) -> Mapping[str, Mapping[str, str]]:
    """Return the names of `full_names`, and for each overlay code -> label and title."""
    overlays = {
        one.key: {
            code: f"{label} {title}".strip()
            for code, label, title in zip(one.codes, one.labels, one.titles, strict=True)
        }
        for one in net.overlays
    }
    return {**full_names(net), **overlays}


def _labels(net: Net, level: Level) -> list[tuple[str, str]]:
    stacked = [(stack.code, stack.label) for stack in net.stacks] if level is net.leaf else []
    return [*zip(level.codes, level.labels, strict=True), *stacked]


def _homes(net: Net, depth: int) -> dict[str, str]:
    level = net.levels[depth]
    labels = _labels(net, level)
    carriers = [level.positions[stack.on] for stack in net.stacks] if level is net.leaf else []
    positions = np.array([*range(len(level)), *carriers], dtype=np.int64)
    found = np.full(len(labels), "", dtype=object)
    for above in range(depth - 1, -1, -1):
        if _tell_apart(found, labels, net.stacked if level is net.leaf else ()):
            break
        parents = net.levels[above + 1].parents
        positions = np.where(positions >= 0, parents[positions], -1)
        found = np.append(net.levels[above].labels, "")[positions]
    return {code: str(home) for (code, _), home in zip(labels, found, strict=True)}


def _tell_apart(found: np.ndarray, labels: list[tuple[str, str]], stacked: Container[str]) -> bool:
    """Tell whether no two grids share home and label; a polygon that carries a stack is no grid any more."""
    said = [(home, label) for home, (code, label) in zip(found, labels, strict=True) if code not in stacked]
    return len(set(said)) == len(said)
