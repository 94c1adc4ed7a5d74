"""Writing a proposed pack: area.toml with a comment for each guess, and a GeoJSON file for each layer. The whole pack, or nothing."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from data import MANIFEST
from geo.errors import PackError
from geo.scheme import Name
from layers.intake.place import Place
from layers.intake.propose import Entry, Proposal
from layers.intake.sources import Layer

DECIMALS = 7  # of a degree: a centimetre
_TABLES = {"level": "levels", "overlay": "overlays", "points": "points", "ground": "ground"}
_BARE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Heading:
    """What area.toml says of the whole area."""

    name: Name
    edition: date
    timezone: str
    calendar: str
    attribution: str = ""


def write_pack(
    out: Path, heading: Heading, proposal: Proposal, places: Mapping[str, Place], *, force: bool = False
) -> None:
    """Write a pack.

    Parameters
    ----------
    out
        Folder of the pack; made.
    places
        Name of a layer -> where it was found to lie, for the comments.
    force
        Replace a pack that stands there. A folder that is no pack is never replaced.

    Raises
    ------
    PackError
        The folder is there already, or cannot be written.
    """
    if out.exists() and not (force and (out / MANIFEST).is_file()):
        advice = "Add --force to replace it." if (out / MANIFEST).is_file() else "It is no pack: choose another --out."
        raise PackError(f"{out} exists. {advice}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".battlemap-") as scratch:
            made = Path(scratch) / "pack"
            made.mkdir()
            _fill(made, heading, proposal, places)
            if out.exists():
                out.rename(Path(scratch) / "old")
            made.rename(out)
    except OSError as error:
        raise PackError(f"{out} cannot be written: {error.strerror or error}.") from error


def _fill(folder: Path, heading: Heading, proposal: Proposal, places: Mapping[str, Place]) -> None:
    for entry in proposal.entries:
        with (folder / file_name(entry)).open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(geojson_lines(entry.layer))
    (folder / MANIFEST).write_text(area_toml(heading, proposal, places), encoding="utf-8", newline="\n")


def file_name(entry: Entry) -> str:
    """Return the name of an entry's file in the pack."""
    return f"{entry.key}.geojson"


# ---- GeoJSON --------------------------------------------------------------------------------------------------------------------------------------------


def geojson_lines(layer: Layer) -> Iterator[str]:
    """Yield a FeatureCollection (RFC 7946): a feature a line, seven decimals, outer rings counter-clockwise, properties as they are."""
    geoms = shapely.transform(layer.geoms, lambda points: np.round(points, DECIMALS))
    if layer.kind == "polygon":
        geoms = shapely.orient_polygons(geoms, exterior_cw=False)
    shapes = shapely.to_geojson(geoms)
    yield '{"type":"FeatureCollection","features":[\n'
    for number, shape in enumerate(shapes):
        row = {name: values[number] for name, values in layer.columns.items()}
        properties = json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=str)
        comma = "," if number + 1 < len(shapes) else ""
        yield f'{{"type":"Feature","properties":{properties},"geometry":{shape or "null"}}}{comma}\n'
    yield "]}\n"


# ---- TOML -----------------------------------------------------------------------------------------------------------------------------------------------


def area_toml(heading: Heading, proposal: Proposal, places: Mapping[str, Place]) -> str:
    """Return the text of area.toml. Comments matter here, so this is our own writer: text, truth values, dates, and tables one deep."""
    lines = [
        "# Proposed by `battlemap pack init`. Every guess says why and how sure it is (high, medium, low): correct what is wrong, then run `battlemap check`.",
        "# docs/packs.md describes every key.",
        "",
        *_pairs({"name": heading.name.zh, "name_en": heading.name.en, "crs": "EPSG:4326"}),
        f"{_pair('edition', heading.edition)}  # the net is valid from this day; correct it",
        *_pairs({"synthetic": False, "attribution": heading.attribution}),
        f"{_pair('timezone', heading.timezone)}  # by place, unless you gave it; times without an offset are read in it",
        f'{_pair("calendar", heading.calendar)}  # working calendar: "cn" or "none"',
    ]
    lines += [f"# {_one_line(text)}" for text in proposal.advice]
    for entry in proposal.entries:
        lines += ["", *_entry_lines(entry, places.get(entry.layer.name))]
    if proposal.left_out:
        lines += ["", "# Left out:", *(f"#   {_one_line(name)}: {_one_line(why)}" for name, why in proposal.left_out)]
    return "\n".join(lines) + "\n"


def _entry_lines(entry: Entry, found: Place | None) -> list[str]:
    plain = {key: value for key, value in entry.settings.items() if not isinstance(value, Mapping)}
    nested = {key: value for key, value in entry.settings.items() if isinstance(value, Mapping) and value}
    comments = [
        f"{entry.layer.name} ({entry.layer.file}), {len(entry.layer)} {entry.layer.kind}s; {entry.role} ({entry.confidence})",
        *entry.reasons,
    ]
    if found:
        comments.append(f"coordinates: {found.reason} ({found.confidence}); written as WGS 84")
    comments += entry.layer.notes
    lines = [f"# {_one_line(comment)}" for comment in comments]
    lines += [
        f"[[{_TABLES[entry.role]}]]",
        *_pairs({"key": entry.key, "name": entry.name.zh, "name_en": entry.name.en, "file": file_name(entry), **plain}),
    ]
    for key, table in nested.items():
        lines += ["", f"[{_TABLES[entry.role]}.{key}]", *_pairs(table)]
    return lines


def _one_line(text: str) -> str:
    """Make text fit for a comment: one line, no control characters."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _pairs(table: Mapping[str, Any]) -> Sequence[str]:
    return [_pair(key, value) for key, value in table.items()]


def _pair(key: str, value: object) -> str:
    return f"{key if _BARE.fullmatch(key) else _quoted(key)} = {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """Quote text as a basic string: JSON's escapes are TOML's, but for DEL and lone surrogates."""
    whole = text.encode("utf-8", errors="replace").decode("utf-8")
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007F")
