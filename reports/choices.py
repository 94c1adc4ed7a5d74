"""What a filter can be set to."""

from functools import lru_cache

from layers.load import Area


@lru_cache(maxsize=32)
def grid_choices(area: Area, language: str) -> dict[str, str]:
    """Return every grid that one can filter by, as ``key:code`` -> its label and level; the widest level first, stacked micro-grids instead of what carries them."""
    choices: dict[str, str] = {}
    for level in area.net.levels:
        name = level.name.in_(language)
        carriers = area.net.stacked if level is area.net.leaf else {}
        for code, label in zip(level.codes, level.labels, strict=True):
            for own, shown in [(stack.code, stack.label) for stack in carriers.get(code, ())] or [(code, label)]:
                choices[f"{level.key}:{own}"] = f"{shown} · {name}"
    for overlay in area.net.overlays:
        name = overlay.name.in_(language)
        for code, label, title in zip(overlay.codes, overlay.labels, overlay.titles, strict=True):
            choices[f"{overlay.key}:{code}"] = f"{title if label in title else f'{label} {title}'.strip()} · {name}"
    return choices
