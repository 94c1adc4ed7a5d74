"""Compact files for the map's script: shapes and points as whole millionths of a degree, each the difference from the one before.

A coordinate costs two to four digits that way and gzip finds the repeats; 1e-6 degree is 0.11 m. Everything is counted from an origin, the south-west corner of the net.
"""

import json
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo.net import Net
from layers.load import Area

UNIT = 1e-6
POLYGONS = (3, 6)
SAFE_DIGITS = 15
"""Whole numbers up to here are exact in JavaScript."""

Parts = list[list[int]]
Origin = tuple[int, int]


def origin_of(net: Net) -> Origin:
    """Return the origin of an area's files: the south-west corner of its net, in millionths of a degree."""
    west, south, _, _ = net.bounds
    return int(np.floor(west / UNIT)), int(np.floor(south / UNIT))


def shapes(geoms: np.ndarray, origin: Origin) -> list[Parts]:
    """Encode polygons (their rings; fill them by the even-odd rule) and lines.

    Parameters
    ----------
    geoms
        (Multi)polygons and (multi)lines (n,), degrees; other kinds become empty.
    origin
        See `origin_of`.

    Returns
    -------
    list
        For each geometry its parts; a part is ``[x, y, dx, dy, dx, dy, …]`` without repeated points, and a ring is not closed.
    """
    out: list[Parts] = [[] for _ in geoms]
    areal = np.isin(shapely.get_type_id(geoms), POLYGONS)
    areas, others = np.flatnonzero(areal), np.flatnonzero(~areal)
    rings, ring_owner = shapely.get_rings(geoms[areas], return_index=True)
    lines, line_owner = shapely.get_parts(geoms[others], return_index=True)
    linear = shapely.get_type_id(lines) == 1
    pieces = np.concatenate([rings, lines[linear]])
    owners = np.concatenate([areas[ring_owner], others[line_owner[linear]]])
    coordinates, piece = shapely.get_coordinates(pieces, return_index=True)
    whole = np.rint(coordinates / UNIT).astype(np.int64) - np.array(origin)
    for number, part in enumerate(np.split(whole, np.searchsorted(piece, np.arange(1, len(pieces))))):
        encoded = _steps(part, closed=number < len(rings))
        if len(encoded):
            out[owners[number]].append(encoded)
    return out


def ground_file(area: Area) -> bytes:
    """Encode what lies under the net: water, green, streets, compounds, footprints.

    Returns
    -------
    bytes
        JSON: for each layer ``key``, ``kind``, ``classes``, ``titles`` and ``things``, rows of class, title (positions) and parts.
    """
    origin = origin_of(area.net)
    layers = []
    for entry in area.pack.ground:
        frame = area.ground[entry.key]
        classes, class_at = np.unique(frame["class"].astype(str), return_inverse=True)
        titles, title_at = np.unique(frame["title"].astype(str), return_inverse=True)
        parts = shapes(frame.geometry.to_numpy(), origin)
        layers.append(
            {
                "key": entry.key,
                "kind": entry.kind,
                "classes": classes.tolist(),
                "titles": titles.tolist(),
                "things": [[int(c), int(t), p] for c, t, p in zip(class_at, title_at, parts, strict=True)],
            }
        )
    return to_json({"layers": layers})


def points_file(area: Area, kinds: tuple[str, ...]) -> bytes:
    """Encode the point layers of some kinds (building, site, service).

    Returns
    -------
    bytes
        JSON: for each layer ``key``, ``kind``, ``classes`` and the columns ``x``, ``y`` (differences), ``class`` (positions), ``names`` (one text, parts by line feeds) and ``ids`` (the same, or ``prefix``, ``digits`` and ``steps``).
    """
    origin = origin_of(area.net)
    layers = [
        _points(entry.key, entry.kind, area.points[entry.key], origin)
        for entry in area.pack.points
        if entry.kind in kinds
    ]
    return to_json({"layers": layers})


def to_json(value: Any) -> bytes:
    """Write JSON as short as it gets."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _steps(points: np.ndarray, *, closed: bool) -> list[int]:
    """Return a first point and differences, without points that repeat the one before; nothing where less than a line is left."""
    if closed:
        points = points[:-1]
    steps = np.diff(points, axis=0, prepend=0)
    keep = np.any(steps != 0, axis=1)
    keep[:1] = True
    least = 3 if closed else 2
    return [int(value) for value in steps[keep].ravel()] if keep.sum() >= least else []


def _points(key: str, kind: str, frame: gpd.GeoDataFrame, origin: Origin) -> dict[str, Any]:
    geoms = frame.geometry.to_numpy()
    whole = np.rint(shapely.get_coordinates(geoms) / UNIT).astype(np.int64) - np.array(origin)
    steps = np.diff(whole, axis=0, prepend=0)
    classes, class_at = np.unique(
        frame["class"].astype(str) if "class" in frame else np.full(len(frame), key), return_inverse=True
    )
    return {
        "key": key,
        "kind": kind,
        "classes": classes.tolist(),
        "class": class_at.tolist() if len(classes) > 1 else [],
        "x": steps[:, 0].tolist(),
        "y": steps[:, 1].tolist(),
        "ids": _ids([str(code) for code in frame["id"]]),
        "names": _lines(frame["name"]),
    }


def _ids(codes: list[str]) -> str | dict[str, Any]:
    """Write ids that are numbers behind one prefix as differences: 50,000 running numbers take 0.1 kB instead of 100."""
    prefix = codes[0].rstrip("0123456789") if codes else ""
    tails = [code[len(prefix) :] for code in codes]
    digits = len(tails[0]) if tails and len({len(tail) for tail in tails}) == 1 else 0
    if not codes or any(not code.startswith(prefix) for code in codes):
        return _lines(codes)
    if not all(tail.isascii() and tail.isdecimal() and len(tail) <= SAFE_DIGITS for tail in tails):
        return _lines(codes)
    numbers = [int(tail) for tail in tails]
    if any(str(number).zfill(digits) != tail for number, tail in zip(numbers, tails, strict=True)):
        return _lines(codes)
    return {"prefix": prefix, "digits": digits, "steps": np.diff(numbers, prepend=0).tolist()}


def _lines(column: Any) -> str:
    return "\n".join(str(value).replace("\n", " ") for value in column)
