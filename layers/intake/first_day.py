"""A street's first day: from the files that it has to an area pack, by way of sources, places and a proposal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo.crs import in_china
from geo.measure import distances_m
from geo.scheme import Name
from layers.intake.place import Place, place
from layers.intake.propose import Entry, Proposal, Wishes, propose
from layers.intake.sources import Layer, read_sources
from layers.intake.write import Heading, file_name, write_pack


@dataclass(frozen=True)
class Request:
    """What is asked of `pack init`.

    Attributes
    ----------
    source
        A folder or a file.
    today
        The edition, where none is given.
    name, name_en
        Names of the area; default: the name of the source.
    crs
        System of the files that declare none.
    crs_of
        File or layer -> its system, whatever it declares.
    encoding
        Encoding of the files, where detection fails.
    """

    source: Path
    today: date
    name: str | None = None
    name_en: str | None = None
    edition: date | None = None
    timezone: str | None = None
    attribution: str = ""
    crs: str | None = None
    crs_of: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    wishes: Wishes = field(default_factory=Wishes)


@dataclass(frozen=True, eq=False)
class FirstDay:
    """A proposal, with what the whole pack will say of itself."""

    heading: Heading
    proposal: Proposal
    places: Mapping[str, Place]
    unread: tuple[str, ...]

    def write(self, out: Path, *, force: bool = False) -> None:
        """Write the pack; see `layers.intake.write.write_pack`."""
        write_pack(out, self.heading, self.proposal, self.places, force=force)

    def as_dict(self) -> dict[str, Any]:
        """Return the proposal, ready for JSON."""
        return {
            "name": self.heading.name.zh,
            "name_en": self.heading.name.en,
            "edition": self.heading.edition.isoformat(),
            "timezone": self.heading.timezone,
            "entries": [self._entry(entry) for entry in self.proposal.entries],
            "left_out": [{"layer": name, "reason": why} for name, why in self.proposal.left_out],
            "advice": list(self.proposal.advice),
            "unread": list(self.unread),
        }

    def _entry(self, entry: Entry) -> dict[str, Any]:
        found = self.places.get(entry.layer.name)
        origin = {
            "layer": entry.layer.name,
            "source": entry.layer.file,
            "features": len(entry.layer),
            "geometry": entry.layer.kind,
            "encoding": entry.layer.encoding,
        }
        where = (
            {"crs": found.crs, "swapped": found.swapped, "crs_confidence": found.confidence, "crs_reason": found.reason}
            if found
            else {}
        )
        named = {
            "role": entry.role,
            "key": entry.key,
            "name": entry.name.zh,
            "name_en": entry.name.en,
            "file": file_name(entry),
            "settings": dict(entry.settings),
        }
        return {
            **named,
            **origin,
            **where,
            "confidence": entry.confidence,
            "reasons": [*entry.reasons, *entry.layer.notes],
        }

    def text(self) -> str:
        """Return the proposal as lines for people."""
        lines: list[str] = []
        for entry in self.proposal.entries:
            found = self.places.get(entry.layer.name)
            lines.append(
                f"{entry.role} {entry.key!r}: {entry.layer.name}, {len(entry.layer):,} {entry.layer.kind}s{f', {found.crs}' if found else ''} ({entry.confidence})"
            )
            lines += [f"    {reason}" for reason in (*entry.reasons, *entry.layer.notes)]
            if found and found.confidence != "high":
                lines.append(f"    coordinates: {found.reason} ({found.confidence})")
        lines += [f"left out: {name}: {why}" for name, why in self.proposal.left_out]
        lines += [f"not read: {fault}" for fault in self.unread]
        return "\n".join([*lines, *self.proposal.advice])


def first_day(request: Request) -> FirstDay:
    """Read a street's files and propose a pack; nothing is written.

    Raises
    ------
    PackError
        Nothing can be read, no layer can be the net, or a wish does not fit.
    MissingCrs
        Some files do not say where they lie.
    CrsError
        A given system is unknown or contradicts the numbers.
    """
    sources = read_sources(request.source, encoding=request.encoding)
    placed = place(sources.layers, crs=request.crs, named=request.crs_of)
    proposal = propose([layer for layer, _ in placed], request.wishes)
    by_layer = {layer.name: found for layer, found in placed}
    places = {entry.layer.name: by_layer[_origin(entry.layer, by_layer)] for entry in proposal.entries}
    return FirstDay(_heading(request, proposal), proposal, places, sources.faults)


def _origin(layer: Layer, known: Mapping[str, Place]) -> str:
    """Return the layer that one was made from: a part is named "layer:part"."""
    return max((name for name in known if layer.name == name or layer.name.startswith(f"{name}:")), key=len)


def _heading(request: Request, proposal: Proposal) -> Heading:
    stem = request.source.resolve()
    name = request.name or (stem.name if stem.is_dir() else stem.stem)
    lon, lat = _middle(proposal.of("level")[-1].layer)
    chinese = bool(np.all(in_china(np.array([lon]), np.array([lat]))))
    return Heading(
        name=Name(name, request.name_en or name),
        edition=request.edition or request.today,
        timezone=request.timezone or ("Asia/Shanghai" if chinese else nearest_timezone(lon, lat)),
        calendar="cn" if chinese else "none",
        attribution=request.attribution,
    )


def _middle(layer: Layer) -> tuple[float, float]:
    points = shapely.get_coordinates(layer.geoms)
    lon, lat = np.median(points[np.isfinite(points).all(axis=1)], axis=0)
    return float(lon), float(lat)


_ISO6709 = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?")


def nearest_timezone(lon: float, lat: float) -> str:
    """Return the timezone whose principal city lies nearest (zone1970.tab of the tz database): right but near some borders, so a guess to confirm."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone1970.tab").read_text("utf-8")
    rows = [line.split("\t") for line in table.splitlines() if line and not line.startswith("#")]
    places = np.array([_degrees(row[1]) for row in rows])
    metres = distances_m(np.full(len(rows), lon), np.full(len(rows), lat), places[:, 0], places[:, 1])
    return rows[int(np.argmin(metres))][2]


def _degrees(text: str) -> tuple[float, float]:
    match = _ISO6709.fullmatch(text)
    if not match:
        return np.nan, np.nan
    south, lat, lat_m, lat_s, west, lon, lon_m, lon_s = match.groups(default="0")
    return (int(lon) + int(lon_m) / 60 + int(lon_s) / 3600) * (-1 if west == "-" else 1), (
        int(lat) + int(lat_m) / 60 + int(lat_s) / 3600
    ) * (-1 if south == "-" else 1)
