"""What a filter can be set to."""

from functools import lru_cache

from layers.grid_names import full_names
from layers.load import Area


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
