"""Reading a GeoJSON file (RFC 7946) into rows and geometries, with every fault named."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo import crs as systems
from geo.validate import Fault


@dataclass(eq=False)
class Features:
    """What a file holds.

    Attributes
    ----------
    rows
        Properties of each feature, in order.
    geoms
        Geometries, object (n,), WGS84 lon/lat; None where a feature has none that can be read.
    faults
        What is wrong with the file.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    geoms: np.ndarray = field(default_factory=lambda: np.array([], dtype=object))
    faults: list[Fault] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str | None) -> list[Any]:
        """Return one property of every feature, None where it lacks."""
        return [row.get(name) if name else None for row in self.rows]


def read_geojson(path: Path, *, crs: str = "EPSG:4326", encoding: str = "utf-8") -> Features:
    """Read the features of a GeoJSON file; nothing is raised for what is wrong in it, everything is listed.

    Parameters
    ----------
    path
        A FeatureCollection.
    crs
        Declared system of its coordinates; they are returned as WGS84.
    encoding
        Declared encoding.
    """
    found = Features()
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding))
    except OSError as error:
        found.faults.append(Fault("unreadable_file", f"cannot be read: {error.strerror}", path.name))
        return found
    except UnicodeDecodeError as error:
        found.faults.append(Fault("wrong_encoding", f"is not {encoding} (byte {error.start}); declare its `encoding` or save it as UTF-8", path.name))
        return found
    except ValueError as error:
        found.faults.append(Fault("not_geojson", f"is not JSON: {error}", path.name))
        return found
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        found.faults.append(Fault("not_geojson", "is not a FeatureCollection", path.name))
        return found
    found.rows = [feature.get("properties") or {} for feature in features]
    found.geoms = np.array([_geometry(feature.get("geometry")) for feature in features], dtype=object)
    found.geoms = systems.geometries_to_wgs84(found.geoms, crs)
    return found


def _geometry(member: Any) -> shapely.Geometry | None:
    if not isinstance(member, dict):
        return None
    try:
        return shapely.geometry.shape(member)
    except (shapely.errors.ShapelyError, KeyError, TypeError, ValueError, AttributeError):
        return None
