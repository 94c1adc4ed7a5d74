"""Area packs: which there are, and where.

A pack is a folder that holds an ``area.toml``; docs/packs.md describes it.
"""

from collections.abc import Iterable
from pathlib import Path

from geo.errors import UnknownArea

SHIPPED = Path(__file__).parent
MANIFEST = "area.toml"


def available(folders: Iterable[Path] = ()) -> dict[str, Path]:
    """List the area packs by name.

    Parameters
    ----------
    folders
        Packs, or folders of packs, beside the shipped ones. A later pack of the same name wins, so that a street can replace a shipped one.

    Returns
    -------
    dict
        Name of the pack's folder -> its path, shipped ones first, each group in order of name.
    """
    packs: dict[str, Path] = {}
    for folder in (SHIPPED, *folders):
        for found in _packs_of(folder):
            packs[found.name] = found
    return packs


def path(name: str, folders: Iterable[Path] = ()) -> Path:
    """Return the folder of one pack.

    Raises
    ------
    UnknownArea
        No pack has that name.
    """
    packs = available(folders)
    if name not in packs:
        raise UnknownArea(
            f"There is no area {name!r}. Known areas: {', '.join(packs) or 'none'}. Add its folder to BATTLEMAP_PACKS."
        )
    return packs[name]


def _packs_of(folder: Path) -> list[Path]:
    folder = folder.resolve()
    if (folder / MANIFEST).is_file():
        return [folder]
    if not folder.is_dir():
        return []
    return sorted(child for child in folder.iterdir() if (child / MANIFEST).is_file())
