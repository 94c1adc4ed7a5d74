"""Checklists as files: those that are shipped, those of a city (BATTLEMAP_RULES) and those of the area's pack, each file replaced as a whole."""

import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from data import rules
from geo.errors import RulesError
from inspections.checklist_file import checklist_of
from inspections.checklists import Checklist, Checklists
from inspections.grades import Grades
from inspections.reading import lines_of

FOLDER = "checklists"


def checklists_of(folders: Iterable[Path] = ()) -> Checklists:
    """Read all checklists; one that cannot be used is refused with line and reason, and takes no other with it.

    Parameters
    ----------
    folders
        Where replacements may lie, as `data.rules.folders_of` gives them.

    Raises
    ------
    RulesError
        ``grades.toml`` cannot be used: no checklist could be.
    """
    folders = tuple(folders)
    said = rules.text("grades", folders)
    grades = Grades.from_table(rules.read("grades", folders), lines_of(said))
    found: list[tuple[str, Checklist]] = []
    refused: dict[str, RulesError] = {}
    for name in rules.group(FOLDER, folders):
        try:
            found.append((name, _checklist(name, folders, rules.text(name, folders), said)))
        except RulesError as error:
            refused[name] = error
    return Checklists.of(grades, found, refused)


@lru_cache(maxsize=128)
def _checklist(name: str, folders: tuple[Path, ...], text: str, grades: str) -> Checklist:
    """Return a checklist; one whose file says the same is read once, for a process has a room for each area (0.1 s for all of them)."""
    file = str(rules.find(name, folders))
    return checklist_of(
        rules.read(name, folders), Grades.from_table(tomllib.loads(grades)), lines=lines_of(text), file=file
    )
