"""Rules as files: class directory, time limits, checklists. Each city may replace a file by its own; docs/rules.md describes them.

A replacement takes the place of the whole file. It is never merged, so that what a city reads in its own file is what holds there.
"""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from geo.errors import RulesError

SHIPPED = Path(__file__).parent
UTF16 = (b"\xff\xfe", b"\xfe\xff")


def folders_of(pack_folder: Path | None, extra: Path | None = None) -> tuple[Path, ...]:
    """Return the folders to look in for the rules of an area, the last one wins: that of the setting, then ``rules`` of the pack.

    Parameters
    ----------
    pack_folder
        Folder of the area pack, or None where no area is meant.
    extra
        Folder of BATTLEMAP_RULES, which holds for every area.
    """
    rules = None if pack_folder is None else pack_folder / "rules"
    return tuple(folder for folder in (extra, rules) if folder is not None)


def find(name: str, folders: Iterable[Path] = ()) -> Path:
    """Return the file that holds the rules of that name: that of the last folder that has one, else the shipped one.

    Raises
    ------
    RulesError
        There is no such file, or a folder may not be looked into: the shipped rules must not stand in for a city's in silence.
    """
    for folder in (*reversed(tuple(folders)), SHIPPED):
        path = folder / f"{name}.toml"
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise RulesError(
                f"{path} cannot be looked for: {error.strerror}. Let the console read {folder}."
            ) from error
        return path
    raise RulesError(f"There are no rules {name!r}. Shipped are: {', '.join(shipped())}.")


def shipped() -> tuple[str, ...]:
    """List the names of the shipped rules."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.toml")))


def unread(folder: Path) -> tuple[Path, ...]:
    """List the TOML files of a folder whose name no rules have, so that nobody reads them: ``sheet.toml`` in place of ``sheets.toml``."""
    return tuple(path for path in sorted(folder.glob("*.toml")) if path.stem not in shipped())


def group(name: str, folders: Iterable[Path] = ()) -> tuple[str, ...]:
    """List the names of the rules that stand in a folder of files, such as ``checklists``: those of every place, each once.

    Raises
    ------
    RulesError
        A folder may not be looked into.
    """
    found: set[str] = set()
    for folder in (SHIPPED, *folders):
        try:
            found |= {f"{name}/{path.stem}" for path in (folder / name).iterdir() if path.suffix == ".toml"}
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise RulesError(
                f"{folder / name} cannot be looked for: {error.strerror}. Let the console read {folder}."
            ) from error
    return tuple(sorted(found))


def text(name: str, folders: Iterable[Path] = ()) -> str:
    """Return the text of the file that holds the rules of that name, for a reader that says where in it a fault stands; raises RulesError as `read`."""
    return _text(find(name, folders))


def read(name: str, folders: Iterable[Path] = ()) -> dict[str, Any]:
    """Read the rules of one name.

    Parameters
    ----------
    name
        ``classes``, ``deadlines``, …: the file's name without ``.toml``.
    folders
        Where replacements may lie, as `folders_of` gives them; the last one that has the file wins.

    Raises
    ------
    RulesError
        The file cannot be read, is not UTF-8 or not TOML; says which file, line and reason.
    """
    path = find(name, folders)
    said = _text(path)
    try:
        return tomllib.loads(said)
    except tomllib.TOMLDecodeError as error:
        raise RulesError(f"{path}, {_place(str(error), said)}. Correct that line; the file must be TOML.") from error
    except RecursionError as error:
        raise RulesError(f"{path} nests its brackets too deeply. Correct it; the file must be TOML.") from error


def digest(name: str, folders: Iterable[Path] = ()) -> str:
    """Return the SHA-256 of the file that holds the rules of that name, so that what was made from it can say from which.

    Raises
    ------
    RulesError
        As `read`, but for the content, which is not looked at.
    """
    return hashlib.sha256(_bytes(find(name, folders))).hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RulesError(f"{path} cannot be read: {error.strerror}. Let the console read it, or remove it.") from error


def _text(path: Path) -> str:
    """Return the text of a file; a byte order mark, as Windows editors write it, is no fault."""
    data = _bytes(path)
    if data.startswith(UTF16):
        raise RulesError(f"{path}, line 1: this is UTF-16. Save the file as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RulesError(f"{path}, line {line}: this is not UTF-8 (GBK perhaps). Save the file as UTF-8.") from error


def _place(message: str, text: str) -> str:
    """Turn tomllib's ``Reason (at line 3, column 5)`` into ``line 3, column 5: Reason``."""
    found = re.fullmatch(r"(?s)(.*) \(at (?:(line \d+, column \d+)|end of document)\)", message)
    if not found:
        return message
    return f"{found[2] or f'line {text.count(chr(10)) + 1}, the end'}: {found[1]}"
