"""What `battlemap pack show` tells of a pack."""

from pathlib import Path
from typing import Any

import numpy as np

from geo.scheme import Name
from layers.load import Area, load
from layers.pack import Source

FIRST_FAULTS = 10


def describe(folder: Path) -> dict[str, Any]:
    """Describe a pack, ready for JSON.

    Raises
    ------
    PackError
        The pack cannot be used.
    """
    area = load(folder)
    pack, net = area.pack, area.net
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        "id": area.id,
        "name": pack.name.zh,
        "name_en": pack.name.en,
        "edition": pack.edition.isoformat() if pack.edition else None,
        "synthetic": pack.synthetic,
        "attribution": pack.attribution.zh,
        "timezone": str(pack.timezone),
        "calendar": pack.calendar,
        "levels": [
            {**_source(entry), "grids": net.count(entry.key), "polygons": len(net.level(entry.key))}
            for entry in pack.levels
        ],
        "stacks": len(net.stacks),
        "overlays": [
            {**_source(entry), "grids": len(overlay), "responsible": entry.responsible}
            for entry, overlay in zip(pack.overlays, net.overlays, strict=True)
        ],
        "points": [
            {
                **_source(entry),
                "kind": entry.kind,
                "count": len(area.points[entry.key]),
                "classes": _classes(area, entry.key),
            }
            for entry in pack.points
        ],
        "ground": [
            {**_source(entry), "kind": entry.kind, "count": len(area.ground[entry.key])} for entry in pack.ground
        ],
        "bounds": [round(value, 7) for value in net.bounds],
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
        "digest": area.digest,
        "faults": [f"{fault.file}: {fault.message}" if fault.file else fault.message for fault in area.faults],
    }


def _source(entry: Source) -> dict[str, Any]:
    return {
        "key": entry.key,
        "name": entry.name.zh,
        "name_en": entry.name.en,
        "file": entry.file,
        "crs": entry.crs,
        "encoding": entry.encoding,
    }


def _classes(area: Area, key: str) -> dict[str, int]:
    frame = area.points[key]
    if "class" not in frame:
        return {}
    names, counts = np.unique(frame["class"].to_numpy(dtype=str), return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def text(described: dict[str, Any]) -> str:
    """Return a description as lines for people."""
    found = described
    west, south, east, north = found["bounds"]
    lines = [
        f"{_both(found)}  [{found['id']}]",
        f"edition {found['edition'] or 'not given'}{', synthetic (示意)' if found['synthetic'] else ''}; timezone {found['timezone']}; calendar {found['calendar']}",
        f"bounds {west:.5f} to {east:.5f} E, {south:.5f} to {north:.5f} N",
        f"{found['files']} files, {found['bytes'] / 1e6:.1f} MB; digest {found['digest'][:16]}",
        *([f"© {found['attribution']}"] if found["attribution"] else []),
    ]
    lines += _section(
        "levels",
        [
            (
                entry,
                _grids(entry)
                + (
                    f" ({found['stacks']} stacked, on {entry['polygons']:,} polygons)"
                    if found["stacks"] and entry is found["levels"][-1]
                    else ""
                ),
            )
            for entry in found["levels"]
        ],
    )
    lines += _section(
        "overlays",
        [(entry, f"{_grids(entry)}{', responsible' if entry['responsible'] else ''}") for entry in found["overlays"]],
    )
    lines += _section(
        "points",
        [(entry, f"{entry['count']:,} {entry['kind']}{_class_text(entry['classes'])}") for entry in found["points"]],
    )
    lines += _section("ground", [(entry, f"{entry['count']:,} {entry['kind']}") for entry in found["ground"]])
    lines += [
        f"faults: {len(found['faults'])} on reading; `battlemap check` finds the rest",
        *(f"  - {fault}" for fault in found["faults"][:FIRST_FAULTS]),
    ]
    return "\n".join(lines)


def _both(entry: dict[str, Any]) -> str:
    return str(entry["name"]) if entry["name"] == entry["name_en"] else f"{entry['name']} ({entry['name_en']})"


def _grids(entry: dict[str, Any]) -> str:
    return f"{entry['grids']:,} {Name('', 'grid').counted(entry['grids'], 'en')}"


def _class_text(classes: dict[str, int]) -> str:
    shown = [f"{name} {count:,}" for name, count in classes.items()][:8]
    return f": {', '.join(shown)}{', …' if len(classes) > len(shown) else ''}" if len(classes) > 1 else ""


def _section(title: str, rows: list[tuple[dict[str, Any], str]]) -> list[str]:
    if not rows:
        return []
    return [
        f"{title}:",
        *(
            f"  {entry['key']:<12} {_both(entry)}: {what}; {entry['file']}, {entry['crs']}, {entry['encoding']}"
            for entry, what in rows
        ),
    ]
