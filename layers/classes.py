"""Names of the classes of sites and services, as a pack gives them; those of incidents stand in the class directory."""

from functools import lru_cache

from geo.scheme import Name
from layers.load import Area


@lru_cache(maxsize=32)
def class_names(area: Area, kind: str) -> dict[str, Name]:
    """Return class -> name for the point layers of one kind, in the order of the pack; a class without a name of its own is named by its key.

    Parameters
    ----------
    kind
        ``site`` or ``service``.
    """
    names: dict[str, Name] = {}
    for entry in area.pack.points:
        if entry.kind != kind:
            continue
        if not entry.class_property:
            key = entry.class_ or entry.key
            names.setdefault(key, entry.classes.get(key, entry.name))
            continue
        present = {str(found) for found in area.points[entry.key]["class"]}
        for key in [*(key for key in entry.classes if key in present), *sorted(present - set(entry.classes))]:
            names.setdefault(key, entry.classes.get(key, Name(key, key)))
    return names
