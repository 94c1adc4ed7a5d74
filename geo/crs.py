"""Coordinate systems: any EPSG code, the 3-degree zones of CGCS2000, and the shifted systems of Chinese web maps.

Inside the program everything is WGS84 with x = longitude and y = latitude. Whatever a register says about the order of axes (EPSG:4326 and EPSG:4490 name the
latitude first, CGCS2000 zones the northing), x here is always the longitude or the easting.

GCJ-02 (火星坐标: 高德, 腾讯) moves WGS84 by 90 to 670 m, BD-09 (百度) moves GCJ-02 again. Neither is published; the constants below are those that every open
implementation shares (eviltransform, PRCoords, gcoord), and agree with 664 published places within 1e-5 degree. They are our own lines because no maintained
library does this work: docs/decisions/ has the measurements. Both inverses are solved to 1e-12 degree, not approximated.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial

import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj.enums import TransformDirection
from pyproj.exceptions import CRSError, ProjError

from geo.errors import CrsError, UnknownCrs

__all__ = [
    "BD09",
    "GCJ02",
    "NAMES",
    "WGS84",
    "ZONES",
    "Crs",
    "from_wgs84",
    "geometries_from_wgs84",
    "geometries_to_wgs84",
    "in_china",
    "parse",
    "prefixed_zone",
    "shift_metres",
    "to_wgs84",
]

Array = NDArray[np.float64]
Step = Callable[[Array, Array], tuple[Array, Array]]

_FORWARD, _INVERSE = TransformDirection.FORWARD, TransformDirection.INVERSE

FIRST_ZONE, LAST_ZONE = 25, 45
PREFIXED = 4488  # + zone: easting = zone * 1e6 + 500 000 + metres east of the central meridian
UNPREFIXED = 4509  # + zone: easting = 500 000 + metres east of the central meridian

# Krasovsky 1940, on which the shift of GCJ-02 is computed.
_AXIS = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
_BAIDU = np.pi * 3000.0 / 180.0
_STRIP = 0.1  # degrees outside of the outline over which the shift fades
_REACH = 0.05  # degrees, more than the largest shift (0.0153)
_SOLVED = 1e-12  # degrees: a ten-thousandth of a millimetre

# Where the shift is applied: a coarse ring around the whole of China with its islands and seas; 60 border towns and islands lie 0.15 degree or more within. It follows a
# distortion, is not a boundary, and is never drawn. Places across a river or a ridge may lie within; Seoul, Hanoi, Vladivostok, Kathmandu, Almaty, Delhi
# and Ulaanbaatar do not, which the usual rectangle of 72..138 by 0.8..56 degrees would shift by 300 to 700 m.
# fmt: off
_OUTLINE = (
    (73.0, 38.0), (73.0, 40.3), (74.6, 40.9), (76.3, 41.1), (76.7, 41.6), (77.9, 41.8), (79.6, 42.5), (79.7, 43.1), (80.0, 43.4), (79.4, 44.8), (79.6, 45.4),
    (82.0, 46.0), (82.9, 47.9), (85.0, 47.6), (85.4, 48.9), (87.7, 49.8), (89.1, 48.6), (90.7, 48.1), (91.5, 47.0), (91.2, 45.8), (93.6, 45.6), (95.5, 44.8),
    (96.6, 43.4), (100.9, 43.3), (105.0, 42.3), (110.1, 43.4), (111.1, 44.0), (110.9, 44.6), (111.6, 45.7), (113.4, 45.4), (115.3, 46.8), (114.8, 48.2),
    (116.3, 50.4), (117.8, 50.1), (118.8, 50.5), (120.1, 52.2), (119.7, 53.0), (120.9, 53.8), (123.6, 54.1), (126.3, 53.3), (128.1, 50.3), (129.7, 50.0),
    (130.9, 49.2), (131.3, 48.4), (135.0, 49.0), (135.6, 48.6), (133.9, 45.2), (133.0, 44.7), (131.7, 44.7), (131.6, 42.8), (130.9, 42.1), (130.1, 42.2),
    (128.7, 41.6), (128.3, 41.0), (126.9, 41.1), (124.6, 39.5), (123.6, 38.6), (123.6, 34.0), (124.4, 30.5), (124.4, 25.3), (123.5, 21.7), (121.4, 20.5),
    (119.7, 15.5), (118.9, 11.0), (116.0, 7.1), (112.3, 3.1), (108.7, 7.1), (109.9, 12.5), (109.5, 16.1), (107.8, 18.4), (107.6, 21.2), (106.8, 21.5),
    (106.1, 22.4), (105.3, 22.7), (103.9, 22.2), (102.3, 22.0), (102.2, 20.9), (101.2, 20.8), (99.0, 21.7), (98.3, 23.4), (97.4, 23.4), (97.0, 23.8),
    (97.3, 25.3), (98.0, 26.2), (98.0, 27.0), (97.3, 27.0), (92.1, 26.4), (91.1, 27.6), (90.0, 27.85), (89.35, 27.7), (89.15, 27.1), (88.7, 27.1), (88.4, 27.5), (87.0, 27.6), (85.8, 27.8),
    (82.1, 29.6), (81.0, 29.6), (79.5, 30.4), (78.3, 31.4), (77.9, 32.6), (78.4, 33.1), (78.3, 34.2), (77.6, 35.0), (75.8, 35.6), (74.4, 37.0), (74.2, 37.6),
)
# fmt: on


@dataclass(frozen=True)
class Crs:
    """A coordinate system.

    Attributes
    ----------
    name
        How we write it: "EPSG:4547", "GCJ-02", "BD-09"; a system without a code carries its own name.
    title
        What it is called, for people.
    definition
        What pyproj reads (a code or WKT); empty for GCJ-02 and BD-09.
    geographic
        Whether x and y are longitude and latitude in degrees.
    """

    name: str
    title: str
    definition: str = ""
    geographic: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def is_wgs84(self) -> bool:
        """Whether coordinates need no work: WGS84, or CGCS2000 in degrees, which differs from it by centimetres."""
        return self.name in _SAME_AS_WGS84


WGS84 = Crs("EPSG:4326", "WGS 84", "EPSG:4326")
GCJ02 = Crs("GCJ-02", "GCJ-02 火星坐标 (高德, 腾讯)")
BD09 = Crs("BD-09", "BD-09 百度坐标")
_SAME_AS_WGS84 = frozenset({"EPSG:4326", "OGC:CRS84", "EPSG:4490"})

_SYNONYMS = {
    "EPSG:4326": ("WGS84", "WGS 84", "WGS-84", "WGS1984", "GPS", "LONLAT", "经纬度", "WGS84经纬度"),
    "OGC:CRS84": ("CRS84", "OGC CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84"),
    "EPSG:4490": (
        "CGCS2000",
        "CGCS 2000",
        "国家2000",
        "2000国家大地坐标系",
        "国家大地2000",
        "大地2000",
        "CGCS2000经纬度",
        "天地图",
    ),
    "EPSG:3857": ("Web Mercator", "WebMercator", "Pseudo-Mercator", "EPSG:900913", "Web墨卡托"),
    "EPSG:4214": ("北京54", "BEIJING54", "BEIJING 1954"),
    "EPSG:4610": ("西安80", "XIAN80", "XIAN 1980"),
    "GCJ-02": (
        "GCJ02",
        "GCJ 02",
        "火星坐标",
        "火星坐标系",
        "国测局坐标",
        "高德",
        "高德坐标",
        "腾讯",
        "腾讯坐标",
        "AMAP",
        "MARS",
    ),
    "BD-09": ("BD09", "BD 09", "BD09LL", "百度", "百度坐标", "百度经纬度", "BAIDU"),
}


def _zone_titles() -> dict[str, str]:
    titles = {}
    for zone in range(FIRST_ZONE, LAST_ZONE + 1):
        titles[f"EPSG:{PREFIXED + zone}"] = f"CGCS2000 3度带 {zone}带 (中央经线 {3 * zone}°, 横坐标带带号)"
        titles[f"EPSG:{UNPREFIXED + zone}"] = f"CGCS2000 3度带 中央经线 {3 * zone}° (横坐标不带带号)"
    return titles


ZONES = _zone_titles()
"""The 3-degree Gauss-Krueger zones of CGCS2000: EPSG code -> Chinese title."""


def _folded(name: str) -> str:
    """Fold a name for comparison: width, case, and everything that is not a letter or digit."""
    return "".join(character for character in unicodedata.normalize("NFKC", name).upper() if character.isalnum())


NAMES = {_folded(spelling): name for name, spellings in _SYNONYMS.items() for spelling in (name, *spellings)}
"""Folded spelling -> our name, for the systems with names of their own."""

_EPSG = re.compile(
    r"(?:EPSG[:\s/_]*(?:0[/:])?|URN:OGC:DEF:CRS:EPSG:[\d.]*:|HTTPS?://\S*/EPSG/(?:0/)?)?(\d{4,6})", re.IGNORECASE
)
_ZONE = re.compile(
    r"(?:CGCS|国家)?2000\D*?(?:3度|三度|3DEGREE)\D*?(?:第?(\d{2})带|ZONE(\d{2})|(?:中央经线|中央子午线|CM)(\d{2,3})[E°度]*)\D*",
    re.IGNORECASE,
)
_LOCAL = re.compile(r"城建|独立坐标|地方坐标|城市坐标")


def parse(name: object) -> Crs:
    """Read the name of a coordinate system.

    Parameters
    ----------
    name
        A code ("EPSG:4547", "4547", 4547, an OGC URN or URL), a common name in English or Chinese ("WGS84", "CGCS2000", "火星坐标", "BD09",
        "CGCS2000 3度带 38带", "CGCS2000 3度带 中央经线114"), WKT, a PROJ string, a ``pyproj.CRS`` or a `Crs`.

    Raises
    ------
    UnknownCrs
        Nobody knows that name; the message says which names come near.
    CrsError
        The system exists, but has no plane coordinates (heights, geocentric).
    """
    if isinstance(name, Crs):
        return name
    if isinstance(name, pyproj.CRS):
        return _from_pyproj(name)
    return _parse_text(str(name).strip())


@lru_cache(maxsize=256)
def _parse_text(text: str) -> Crs:
    known = NAMES.get(_folded(text))
    if known in (GCJ02.name, BD09.name):
        return GCJ02 if known == GCJ02.name else BD09
    for candidate in filter(None, (known, _zone_code(text), _epsg_code(text), text)):
        try:
            return _from_pyproj(pyproj.CRS.from_user_input(candidate))
        except CRSError:
            continue
    raise UnknownCrs(f"Coordinate system {text!r} is unknown. {_advice(text)}")


def _epsg_code(text: str) -> str | None:
    match = _EPSG.fullmatch(unicodedata.normalize("NFKC", text))
    return f"EPSG:{match[1]}" if match else None


def _zone_code(text: str) -> str | None:
    """Read "CGCS2000 3度带 38带" (easting with the zone's number) and "... 中央经线114" (without)."""
    match = _ZONE.fullmatch(re.sub(r"[\s/()_\-,，:：]", "", unicodedata.normalize("NFKC", text)))
    if not match:
        return None
    meridian = int(match[3]) if match[3] else 3 * int(match[1] or match[2])
    zone, rest = divmod(meridian, 3)
    if rest or not FIRST_ZONE <= zone <= LAST_ZONE:
        return None
    return f"EPSG:{(UNPREFIXED if match[3] else PREFIXED) + zone}"


def _from_pyproj(crs: pyproj.CRS) -> Crs:
    code = ":".join(crs.to_authority() or ()) or _weak_code(crs)
    name = "EPSG:4326" if code == "OGC:CRS84" else code
    plane = crs.sub_crs_list[0] if crs.is_compound else crs
    if not (plane.is_geographic or plane.is_projected or plane.is_bound):
        raise CrsError(
            f"{code or crs.name} ({crs.name}) has no plane coordinates: {crs.type_name}. Name a system of longitude and latitude or of eastings and northings."
        )
    return Crs(name or crs.name, ZONES.get(name, crs.name), code or crs.to_wkt(), bool(plane.is_geographic))


def _weak_code(crs: pyproj.CRS) -> str:
    """Return the code of a system that is written out in a dialect (a .prj of ESRI), or nothing."""
    epsg = crs.to_epsg(min_confidence=70)
    return f"EPSG:{epsg}" if epsg else ""


def _advice(text: str) -> str:
    folded = _folded(text)
    if "BD09MC" in folded:
        return "Baidu's metres (BD09MC) are not read: export longitude and latitude instead, which are BD-09."
    if _LOCAL.search(text):
        return "The parameters of local city systems are not public: ask the surveyor for CGCS2000 (EPSG:4490 or a 3-degree zone, EPSG:4513 to 4554)."
    if _EPSG.fullmatch(text):
        return "EPSG has no such code; is a digit wrong? 3-degree zones of CGCS2000 are EPSG:4513 to 4533 (easting with zone number) and 4534 to 4554 (without)."
    near = difflib.get_close_matches(folded, NAMES, n=3, cutoff=0.5)
    names = list(dict.fromkeys(NAMES[spelling] for spelling in near))
    guess = f"Did you mean {' or '.join(names)}? " if names else ""
    return guess + 'Write a code such as "EPSG:4326", "EPSG:4490" or "EPSG:4547", or "GCJ-02" or "BD-09".'


def to_wgs84(x: ArrayLike, y: ArrayLike, crs: object) -> tuple[Array, Array]:
    """Convert coordinates to WGS84.

    Parameters
    ----------
    x, y
        Longitude and latitude in degrees, or easting and northing in the units of the system; any shape, equal for both.
    crs
        Whatever `parse` reads.

    Returns
    -------
    tuple of numpy.ndarray
        Longitude and latitude, degrees, float64; NaN where a coordinate is not finite or has no place on earth.

    Raises
    ------
    UnknownCrs, CrsError
        The system is unknown, or PROJ has no way from it to WGS84.
    """
    return _convert(x, y, parse(crs), back=True)


def from_wgs84(x: ArrayLike, y: ArrayLike, crs: object) -> tuple[Array, Array]:
    """Convert WGS84 longitude and latitude to a coordinate system: the inverse of `to_wgs84`, with the same parameters."""
    return _convert(x, y, parse(crs), back=False)


def geometries_to_wgs84(geoms: ArrayLike, crs: object) -> NDArray[np.object_]:
    """Convert geometries (n,) to WGS84; missing and empty ones stay as they are, heights are dropped."""
    return _convert_geometries(geoms, crs, to_wgs84)


def geometries_from_wgs84(geoms: ArrayLike, crs: object) -> NDArray[np.object_]:
    """Convert WGS84 geometries (n,) to a coordinate system: the inverse of `geometries_to_wgs84`."""
    return _convert_geometries(geoms, crs, from_wgs84)


def _convert_geometries(
    geoms: ArrayLike, crs: object, convert: Callable[[Array, Array, Crs], tuple[Array, Array]]
) -> NDArray[np.object_]:
    found = parse(crs)

    def move(coordinates: Array) -> Array:
        return np.column_stack(convert(coordinates[:, 0], coordinates[:, 1], found))

    return np.asarray(shapely.transform(np.asarray(geoms, dtype=object), move), dtype=object)


def _convert(x: ArrayLike, y: ArrayLike, crs: Crs, *, back: bool) -> tuple[Array, Array]:
    lon, lat = np.broadcast_arrays(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    usable = np.isfinite(lon) & np.isfinite(lat)
    out_x, out_y = np.where(usable, lon, np.nan), np.where(usable, lat, np.nan)
    if not crs.is_wgs84:
        forth, undo = _SHIFTED.get(crs.name, (partial(_by_proj, crs, _INVERSE), partial(_by_proj, crs, _FORWARD)))
        out_x[usable], out_y[usable] = (undo if back else forth)(lon[usable], lat[usable])
    return out_x, out_y


def _by_proj(crs: Crs, direction: TransformDirection, x: Array, y: Array) -> tuple[Array, Array]:
    try:
        moved = _transformer(crs.definition).transform(x, y, direction=direction)
    except ProjError as error:
        raise CrsError(
            f"No way between {crs.name} ({crs.title}) and WGS 84: {error}. Convert the file in a GIS first."
        ) from error
    lost = ~(np.isfinite(moved[0]) & np.isfinite(moved[1]))
    return np.where(lost, np.nan, moved[0]), np.where(lost, np.nan, moved[1])


@lru_cache(maxsize=64)
def _transformer(definition: str) -> pyproj.Transformer:
    """Return the way to WGS84: pyproj keeps one per thread behind this object. Building one takes 40 ms, hence the cache."""
    try:
        return pyproj.Transformer.from_crs(definition, "OGC:CRS84", always_xy=True)
    except ProjError as error:
        raise CrsError(f"No way between {definition} and WGS 84: {error}. Convert the file in a GIS first.") from error


# --- GCJ-02 and BD-09 ------------------------------------------------------------------------------------------------------------------------------------


def in_china(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Tell where GCJ-02 and BD-09 are shifted in full: within the outline, given WGS84 degrees."""
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    return np.asarray(shapely.contains_xy(_ring(0.0), x, y))


@cache
def _ring(margin: float) -> shapely.Polygon:
    """Return the outline, wider by a margin in degrees."""
    polygon = shapely.buffer(shapely.Polygon(_OUTLINE), margin) if margin else shapely.Polygon(_OUTLINE)
    shapely.prepare(polygon)
    return polygon


def _weight(lon: Array, lat: Array) -> Array:
    """Return how much of the shift applies: 1 within the outline, fading to 0 over the strip around it.

    A shift that broke off at a line would tear the map there: two places would share one image, and neither inverse could be right.
    """
    weight = in_china(lon, lat).astype(np.float64)
    strip = (weight == 0) & shapely.contains_xy(_ring(_STRIP), lon, lat)
    distance = shapely.distance(_ring(0.0), shapely.points(lon[strip], lat[strip]))
    weight[strip] = np.clip(1.0 - distance / _STRIP, 0.0, 1.0)
    return weight


def shift_metres(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Return by how many metres GCJ-02 lies east and north of WGS84 at places given in WGS84 degrees; 0 outside of China."""
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    moved_x, moved_y = from_wgs84(x, y, GCJ02)
    metres = np.pi * 6371008.8 / 180.0
    return (moved_x - x) * metres * np.cos(np.radians(y)), (moved_y - y) * metres


def prefixed_zone(x: ArrayLike) -> NDArray[np.int64]:
    """Read the zone's number off eastings with a zone prefix (38 464 289.6 -> 38), int64; 0 where there is none.

    An easting with eight digits before the point carries its zone (带号): its file is in EPSG:4513 to 4533, not in 4534 to 4554.
    """
    zone = np.floor(np.nan_to_num(np.asarray(x, dtype=np.float64), posinf=0.0, neginf=0.0) / 1e6)
    return np.where((zone >= FIRST_ZONE) & (zone <= LAST_ZONE), zone, 0).astype(np.int64)


def _waves(a: Array, b: Array) -> Array:
    """Return the short waves that both components share (a = longitude - 105), and the long ones of b."""
    return (
        (
            20.0 * np.sin(6.0 * a * np.pi)
            + 20.0 * np.sin(2.0 * a * np.pi)
            + 20.0 * np.sin(b * np.pi)
            + 40.0 * np.sin(b / 3.0 * np.pi)
        )
        * 2.0
        / 3.0
    )


def _gcj_delta(lon: Array, lat: Array) -> tuple[Array, Array]:
    """Return the shift of GCJ-02 at WGS84 places, degrees."""
    a, b = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(a))
    north = -100.0 + 2.0 * a + 3.0 * b + 0.2 * b * b + 0.1 * a * b + 0.2 * root + _waves(a, b)
    north += (160.0 * np.sin(b / 12.0 * np.pi) + 320.0 * np.sin(b * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + a + 2.0 * b + 0.1 * a * a + 0.1 * a * b + 0.1 * root + _waves(a, a)
    east += (150.0 * np.sin(a / 12.0 * np.pi) + 300.0 * np.sin(a / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    w2 = 1.0 - _ECCENTRICITY2 * np.sin(phi) ** 2
    meridian = _AXIS * (1.0 - _ECCENTRICITY2) / (w2 * np.sqrt(w2))
    parallel = _AXIS / np.sqrt(w2) * np.cos(phi)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def _gcj_everywhere(lon: Array, lat: Array) -> tuple[Array, Array]:
    east, north = _gcj_delta(lon, lat)
    return lon + east, lat + north


def _bd_from_gcj(lon: Array, lat: Array) -> tuple[Array, Array]:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _bd_everywhere(lon: Array, lat: Array) -> tuple[Array, Array]:
    return _bd_from_gcj(*_gcj_everywhere(lon, lat))


def _solve(forward: Step, lon: Array, lat: Array) -> tuple[Array, Array]:
    """Solve forward(x, y) = (lon, lat) by fixed-point steps; each divides the error by more than 100, in the strip by more than 3."""
    x, y = lon.copy(), lat.copy()
    for _ in range(40):
        at_x, at_y = forward(x, y)
        step_x, step_y = lon - at_x, lat - at_y
        x += step_x
        y += step_y
        if not x.size or max(np.abs(step_x).max(), np.abs(step_y).max()) < _SOLVED:
            break
    return x, y


def _shift(everywhere: Step, lon: Array, lat: Array) -> tuple[Array, Array]:
    """Shift places by their weight; those outside of the strip come back unchanged, to the last bit."""
    weight = _weight(lon, lat)
    some = weight > 0
    x, y = lon.copy(), lat.copy()
    to_x, to_y = everywhere(lon[some], lat[some])
    x[some] += weight[some] * (to_x - lon[some])
    y[some] += weight[some] * (to_y - lat[some])
    return x, y


def _unshift(everywhere: Step, lon: Array, lat: Array) -> tuple[Array, Array]:
    """Undo `_shift`; deep within the outline the weight is 1 and need not be asked for."""
    deep = shapely.contains_xy(_ring(-_REACH), lon, lat)
    rest = ~deep & shapely.contains_xy(_ring(_STRIP + _REACH), lon, lat)
    x, y = lon.copy(), lat.copy()
    x[deep], y[deep] = _solve(everywhere, lon[deep], lat[deep])
    x[rest], y[rest] = _solve(partial(_shift, everywhere), lon[rest], lat[rest])
    return x, y


_SHIFTED: dict[str, tuple[Step, Step]] = {
    GCJ02.name: (partial(_shift, _gcj_everywhere), partial(_unshift, _gcj_everywhere)),
    BD09.name: (partial(_shift, _bd_everywhere), partial(_unshift, _bd_everywhere)),
}
"""Name -> the way from WGS84 and the way back."""
