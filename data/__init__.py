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
        for found in packs_of(folder):
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


def packs_of(folder: Path) -> list[Path]:
    """List the packs of a folder: itself, or those that it holds. What may not be looked into counts as a pack, so that its page says so instead of silence."""
    folder = folder.resolve()
    if _is_pack(folder):
        return [folder]
    try:
        return sorted(child for child in folder.iterdir() if _is_pack(child))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return [folder]


def _is_pack(folder: Path) -> bool:
    try:
        return (folder / MANIFEST).is_file()
    except OSError:
        return True
