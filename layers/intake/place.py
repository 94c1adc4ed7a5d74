"""Which coordinate system a layer is in, and whether its axes stand in the right order: by what it declares where that can be true, else by its numbers.

What numbers can tell: degrees in China, eastings that carry the number of their zone, northings where an easting should be. What they cannot tell: the central
meridian of an easting without a zone number, feet, local systems. Then we ask, and say which systems would put the layer where.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyproj
import shapely

from geo import crs as systems
from geo.errors import CrsError, MissingCrs
from layers.intake.sources import Layer

CHINA = (73.0, 3.0, 136.0, 54.0)
EASTING, NORTHING = (250_000.0, 750_000.0), (330_000.0, 6_000_000.0)  # of a 3-degree zone within China, metres
WIDEST = 12.0  # degrees: without a declaration, what is wider is taken for a drawing's own small numbers
NEARBY = 1.0  # degrees: layers of one street lie no farther apart
STRAY = 0.02  # share of coordinates at either end that may be strays

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Place:
    """Where a layer lies.

    Attributes
    ----------
    crs
        The system, by our name of it.
    swapped
        Whether its first coordinate is the latitude or northing.
    confidence
        ``high``, ``medium`` or ``low``.
    reason
        Why, in one sentence.
    """

    crs: str
    swapped: bool
    confidence: str
    reason: str


def place(
    layers: Sequence[Layer], *, crs: str | None = None, named: Mapping[str, str] | None = None
) -> list[tuple[Layer, Place]]:
    """Bring layers to WGS84.

    Parameters
    ----------
    layers
        Layers as read; each is returned with the place found for it.
    crs
        System of the files that declare none (and of a GeoJSON without a `crs` member); with a single file, of that file whatever it declares.
    named
        Name of a file or layer -> its system, whatever it declares.

    Raises
    ------
    MissingCrs
        Some layers declare none and their numbers do not tell; all are named, with the systems that could be meant.
    CrsError, UnknownCrs
        A given system is unknown or cannot fit the numbers.
    """
    told = _told(layers, crs, named or {})
    found: list[Place | None] = [
        _given(layer, told[layer.name]) if layer.name in told else _declared(layer) for layer in layers
    ]
    extents = [_extent(*_together(layer, layers)) for layer in layers]
    found = [
        place
        or (
            _by_numbers(extent, layer)
            if extent
            else Place("EPSG:4326", swapped=False, confidence="low", reason="it holds no coordinates")
        )
        for place, extent, layer in zip(found, extents, layers, strict=True)
    ]
    known = [
        _centre(extent, place)
        for extent, place in zip(extents, found, strict=True)
        if extent and place and place.confidence != "low"
    ]
    found = [place or _near(extent, known) for place, extent in zip(found, extents, strict=True)]
    found = [
        _agree(place, extent, known) if place and layer.name not in told else place
        for place, extent, layer in zip(found, extents, layers, strict=True)
    ]
    _ask([(layer, extent) for layer, place, extent in zip(layers, found, extents, strict=True) if not place])
    return [(_moved(layer, place), place) for layer, place in zip(layers, found, strict=True) if place]


def _told(layers: Sequence[Layer], crs: str | None, named: Mapping[str, str]) -> dict[str, str]:
    told = {layer.name: named[key] for layer in layers for key in (layer.file, layer.name) if key in named}
    single = len({layer.file for layer in layers}) == 1
    if crs:
        told |= {layer.name: crs for layer in layers if layer.name not in told and (single or not layer.crs)}
    return told


def _together(layer: Layer, layers: Sequence[Layer]) -> list[Layer]:
    """Return the layers that share a system with one: those of its file, where that declares none."""
    return [layer] if layer.crs else [other for other in layers if other.file == layer.file and not other.crs]


def _extent(*layers: Layer) -> Box | None:
    points = np.concatenate(
        [
            shapely.get_coordinates(shapes)
            for layer in layers
            for shapes in (layer.geoms, [point for _, point in layer.texts])
        ]
    )
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    west, south = np.quantile(points, STRAY, axis=0)
    east, north = np.quantile(points, 1 - STRAY, axis=0)
    return float(west), float(south), float(east), float(north)


def _given(layer: Layer, crs: str) -> Place:
    """Take the system that the user names; only what cannot be is refused."""
    system, extent = systems.parse(crs), _extent(layer)
    if extent and _degrees(extent) != system.geographic:
        what = "degrees" if _degrees(extent) else "metres or feet"
        raise CrsError(
            f"{layer.file} holds {what} ({_numbers(extent)}), which cannot be {system.name}. Name its system with --crs {layer.file}=CRS."
        )
    swapped = extent is not None and not _fits(system, extent) and _fits(system, _turned(extent))
    return Place(
        system.name, swapped, "high", f"given as {system.name}" + (", with its axes swapped" if swapped else "")
    )


def _declared(layer: Layer) -> Place | None:
    """Take the system that the file declares, unless its numbers contradict it."""
    extent = _extent(layer)
    if not layer.crs or not extent:
        return None
    try:
        system = systems.parse(layer.crs)
    except CrsError:
        return None
    if _degrees(extent) != system.geographic:
        return None
    known = pyproj.CRS.from_user_input(system.definition) if system.definition else None
    if known is not None and known.area_of_use is None and not system.geographic and not _lands(system, extent):
        return None
    if _fits(system, extent) or not _fits(system, _turned(extent)):
        return Place(
            system.name, swapped=False, confidence="high", reason=f"its file declares {system.name} ({system.title})"
        )
    return Place(
        system.name,
        swapped=True,
        confidence="medium",
        reason=f"its file declares {system.name}, which fits only with the axes swapped",
    )


def _degrees(extent: Box) -> bool:
    west, south, east, north = extent
    return max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 180  # noqa: PLR2004


def _turned(extent: Box) -> Box:
    return extent[1], extent[0], extent[3], extent[2]


def _within(extent: Box, box: Box) -> bool:
    return box[0] <= extent[0] and extent[2] <= box[2] and box[1] <= extent[1] and extent[3] <= box[3]


def _middle(extent: Box) -> tuple[float, float]:
    return (extent[0] + extent[2]) / 2, (extent[1] + extent[3]) / 2


def _lands(system: systems.Crs, extent: Box) -> bool:
    lon, lat = systems.to_wgs84(*_middle(extent), system)
    return bool(np.isfinite(lon) and np.isfinite(lat) and abs(lat) <= 85)  # noqa: PLR2004


def _fits(system: systems.Crs, extent: Box) -> bool:
    """Whether the middle of an extent lies where its system is used, give or take three degrees, and where people live."""
    lon, lat = (float(value) for value in systems.to_wgs84(*_middle(extent), system))
    if not np.isfinite(lon) or not np.isfinite(lat) or not -60 < lat < 84 or abs(lon) > 180:  # noqa: PLR2004
        return False
    if not system.definition:
        return _within((lon, lat, lon, lat), CHINA)
    area = pyproj.CRS.from_user_input(system.definition).area_of_use
    return (
        area is None
        or area.west > area.east
        or _within((lon, lat, lon, lat), (area.west - 3, area.south - 3, area.east + 3, area.north + 3))
    )


def _by_numbers(extent: Box, layer: Layer) -> Place | None:
    wide = max(extent[2] - extent[0], extent[3] - extent[1]) > WIDEST
    if (
        wide and _degrees(extent) and not layer.file.lower().endswith("json")
    ):  # a GeoJSON without a declaration is WGS 84
        return None
    return (
        _by_degrees(extent)
        if _degrees(extent)
        else _by_zone(extent, swapped=False) or _by_zone(_turned(extent), swapped=True)
    )


def _by_degrees(extent: Box) -> Place | None:
    china = "degrees within China: CGCS2000 (WGS 84 differs by centimetres); if it came from a web map it may be GCJ-02 or BD-09, give --crs then"
    if systems.in_china(*_middle(extent)):
        return Place("EPSG:4490", swapped=False, confidence="medium", reason=china)
    if systems.in_china(*_middle(_turned(extent))):
        return Place("EPSG:4490", swapped=True, confidence="medium", reason=f"latitude first; {china}")
    if _fits(systems.WGS84, extent):
        return Place("EPSG:4326", swapped=False, confidence="medium", reason="degrees, taken for WGS 84")
    if _fits(systems.WGS84, _turned(extent)):
        return Place(
            "EPSG:4326",
            swapped=True,
            confidence="medium",
            reason="degrees, latitude first (otherwise it would lie at the South Pole or nowhere), taken for WGS 84",
        )
    return None


def _by_zone(extent: Box, *, swapped: bool) -> Place | None:
    """Read the number of a 3-degree zone in front of the easting (38 500 000 = zone 38)."""
    zone = int(extent[0] // 1e6)
    east = (extent[0] - zone * 1e6, extent[2] - zone * 1e6)
    if not systems.FIRST_ZONE <= zone <= systems.LAST_ZONE or not _within(
        (east[0], extent[1], east[1], extent[3]), (EASTING[0], NORTHING[0], EASTING[1], NORTHING[1])
    ):
        return None
    turned = ", northing first" if swapped else ""
    reason = f"eastings with the number of zone {zone}{turned}: CGCS2000 3-degree (Xi'an 80 and Beijing 54 look the same and lie up to 100 m off: ask the surveyor)"
    return Place(f"EPSG:{systems.PREFIXED + zone}", swapped, "medium", reason)


def _candidates(extent: Box) -> list[tuple[str, bool, float, float]]:
    """List the systems that would put an extent somewhere in China: (code, swapped, lon, lat)."""
    limits = (EASTING[0], NORTHING[0], EASTING[1], NORTHING[1])
    zones = range(systems.FIRST_ZONE, systems.LAST_ZONE + 1)
    out = []
    for swapped, box in ((False, extent), (True, _turned(extent))):
        zoned = _within(box, limits)
        first = f"EPSG:{systems.UNPREFIXED + zones[0]}" if zoned else "EPSG:3857"
        lon, lat = (float(value) for value in systems.to_wgs84(*_middle(box), first))
        tried = [(f"EPSG:{systems.UNPREFIXED + zone}", lon + 3.0 * step) for step, zone in enumerate(zones)]
        for code, east in tried if zoned else [(first, lon)]:  # zones differ by their meridian alone
            if _within((east, lat, east, lat), CHINA):
                out.append((code, swapped, east, lat))
    return out if not any(not swapped for _, swapped, _, _ in out) else [one for one in out if not one[1]]


def _centre(extent: Box, found: Place) -> tuple[float, float]:
    lon, lat = systems.to_wgs84(*_middle(_turned(extent) if found.swapped else extent), found.crs)
    return float(lon), float(lat)


def _close(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return abs(a[0] - b[0]) <= NEARBY and abs(a[1] - b[1]) <= NEARBY


def _near(extent: Box | None, known: list[tuple[float, float]]) -> Place | None:
    """Choose the candidate that puts a layer beside the layers whose place is known."""
    fitting = (
        [one for one in _candidates(extent) if any(_close((one[2], one[3]), centre) for centre in known)]
        if extent
        else []
    )
    if not fitting:
        return None
    code, swapped, lon, lat = min(fitting, key=lambda one: min(abs(one[2] - centre[0]) for centre in known))
    return Place(
        code,
        swapped,
        "medium",
        f"without a declaration; {code} puts it at {lon:.2f}, {lat:.2f}, beside the other layers",
    )


def _agree(found: Place, extent: Box | None, known: list[tuple[float, float]]) -> Place:
    """Swap the axes of a layer that lies far from most others and, turned, lies among them."""
    if not extent or len(known) < 2:  # noqa: PLR2004
        return found
    turned = replace(found, swapped=not found.swapped)
    here, there = (sum(_close(_centre(extent, one), centre) for centre in known) for one in (found, turned))
    if here <= 1 and there > here and there >= len(known) // 2:
        return replace(
            turned,
            confidence="medium",
            reason=f"{found.reason}; its axes are swapped: turned, it lies among the other layers",
        )
    return found


def _numbers(extent: Box) -> str:
    digits = 4 if _degrees(extent) else 0
    return f"x {extent[0]:.{digits}f} to {extent[2]:.{digits}f}, y {extent[1]:.{digits}f} to {extent[3]:.{digits}f}"


def _ask(lost: list[tuple[Layer, Box | None]]) -> None:
    if not lost:
        return
    lines = []
    for file in dict.fromkeys(layer.file for layer, _ in lost):
        boxes = [extent for layer, extent in lost if layer.file == file and extent]
        declared = next((layer.crs for layer, _ in lost if layer.file == file and layer.crs), None)
        says = (
            f"declares {' '.join(declared.split())[:60]!r}, which its numbers contradict"
            if declared
            else "declares no coordinate system"
        )
        places = [
            f"{code}{' (axes swapped)' if swapped else ''} puts it at {lon:.2f}, {lat:.2f}"
            for code, swapped, lon, lat in _candidates(boxes[0])
        ]
        advice = (
            "Candidates: " + "; ".join(places)
            if places
            else "Its numbers fit no system of China: local coordinates, feet, or a system of another country; ask whoever made it"
        )
        lines.append(f"{file} {says} ({_numbers(boxes[0])}). {advice}")
    raise MissingCrs(
        "Some files do not say where they lie; name their system with --crs CRS or --crs FILE=CRS.\n  - "
        + "\n  - ".join(lines)
    )


def _moved(layer: Layer, found: Place) -> Layer:
    geoms = layer.geoms
    texts = np.array([point for _, point in layer.texts], dtype=object)
    if found.swapped:
        geoms, texts = (shapely.transform(shapes, lambda points: points[:, ::-1]) for shapes in (geoms, texts))
    geoms, texts = (systems.geometries_to_wgs84(shapes, found.crs) for shapes in (geoms, texts))
    words = tuple((word, point) for (word, _), point in zip(layer.texts, texts, strict=True))
    return replace(layer, geoms=geoms, texts=words, crs=found.crs)
