"""What a filter can be set to."""

from datetime import datetime
from functools import lru_cache

from desk.room import Room
from geo.scheme import Name
from layers.grid_names import full_names
from layers.load import Area
from ledger import find
from reports import figures


@lru_cache(maxsize=32)
def grid_choices(area: Area, language: str) -> dict[str, str]:
    """Return every grid that one can filter by, as ``key:code`` -> its label and level; the widest level first, stacked micro-grids instead of what carries them."""
    choices: dict[str, str] = {}
    for level in area.net.levels:
        name = level.name.in_(language)
        shown = full_names(area.net)[level.key]
        carriers = area.net.stacked if level is area.net.leaf else {}
        for code in level.codes:
            for own in [stack.code for stack in carriers.get(code, ())] or [code]:
                choices[f"{level.key}:{own}"] = f"{shown[own]} · {name}"
    for overlay in area.net.overlays:
        name = overlay.name.in_(language)
        for code, label, title in zip(overlay.codes, overlay.labels, overlay.titles, strict=True):
            choices[f"{overlay.key}:{code}"] = f"{title if label in title else f'{label} {title}'.strip()} · {name}"
    return choices


def class_choices(room: Room, now: datetime, language: str) -> dict[str, str]:
    """Return the major classes and the classes that one can filter by, as key -> name: those that occur, each class after its major, unknown ones last."""
    return _class_choices(room, figures.minute(room, now), language)


def class_names(room: Room) -> dict[str, Name]:
    """Return the names of all classes and major classes that an incident of a room may have, by key: the directory's, and what the pack calls its own."""
    own = (entry.class_ or entry.key for entry in room.area.pack.points if entry.kind == "incident")
    directory = room.rules.directory
    return {key: room.class_name(key) for key in (*own, *directory.majors, *directory.classes)}


@lru_cache(maxsize=32)
def _class_choices(room: Room, _minute: object, language: str) -> dict[str, str]:
    directory = room.rules.directory
    with room.ledger.reading() as connection:
        present = {*find.counts_by(connection, room.wanted(), "class")}
    if room.within.narrows:  # whether there is a restricted one in a part of the area is nobody's to see
        present |= {key for key, known in directory.classes.items() if known.restricted}
    choices: dict[str, str] = {}
    for major, name in directory.majors.items():
        classes = [found.key for found in directory.of_major(major) if found.key in present]
        if classes and major not in directory.classes:
            choices[major] = f"{name.in_(language)} · {len(classes)}"
        choices.update({key: directory.name(key).in_(language) for key in classes})
    return choices | {key: room.class_name(key).in_(language) for key in sorted(present) if key not in choices}
