"""Views of a wall (大屏视图): what one screen shows, of which part of the net, in which order, and how it goes round."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from geo.errors import DraftError

USUAL = ("counts", "overdue", "newest", "whistles", "duty")
PANELS = (*USUAL, "campaign", "sheet", "plan", "air")
THEMES = ("dark", "light")
SHORTEST, LONGEST = 10, 3600  # seconds of a stop: below the first nobody reads it from six metres
LONGEST_KEY = 40
_KEY = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{LONGEST_KEY - 2}}}[a-z0-9])?")


@dataclass(frozen=True)
class WallView:
    """What one screen shows.

    Attributes
    ----------
    key
        Its name in the address, unique in its area: small letters, digits, hyphens; "" for one that is not kept.
    name
        What it is called in lists; "" for the area's own.
    area
        Name of the area.
    grid
        ``level:code`` of the part of the net that is shown and counted, as far as who looks sees it; "" for the whole.
    layers
        Keys of what is drawn beside the net; none for what the map shows of itself.
    panels
        Of `PANELS`, in the order in which they stand; none for the map alone. `USUAL` where nobody chose.
    every
        Seconds that a stop of the rotation lasts; 0 where it stands still.
    over
        Key of the level over whose grids it goes round; "" where it stands still.
    theme
        Of `THEMES`.
    chime
        Whether a new red mark is heard as well.
    """

    key: str = ""
    name: str = ""
    area: str = ""
    grid: str = ""
    layers: tuple[str, ...] = ()
    panels: tuple[str, ...] = USUAL
    every: int = 0
    over: str = ""
    theme: str = THEMES[0]
    chime: bool = False

    @property
    def part(self) -> tuple[str, str] | None:
        """Key of a level or overlay, and the code in it, that are shown; None for the whole area."""
        key, _, code = self.grid.partition(":")
        return (key, code) if self.grid else None


DEFAULT = WallView()
SHOWN = ("grid", "layers", "panels", "every", "over", "theme", "chime")  # what an address can say of a view


def to_query(view: WallView) -> dict[str, str]:
    """Return what an address says of a view that is not kept, but for what is as usual."""
    said = {name: getattr(view, name) for name in SHOWN if getattr(view, name) != getattr(DEFAULT, name)}
    return {name: _written(value) for name, value in said.items()}


def from_query(query: Mapping[str, str], *, area: str) -> WallView:
    """Return the view that an address describes; one that says nothing means the area's own.

    Raises
    ------
    DraftError
        It describes none that can be; ``field`` says which part.
    """
    every, chime = query.get("every", "0"), query.get("chime", "0")
    if not (every.isdecimal() and len(every) <= len(str(LONGEST))):
        raise _fault("every", f"every={every}: give whole seconds.")
    if chime not in {"0", "1"}:
        raise _fault("chime", f"chime={chime}: choose 1 for yes, 0 for no.")
    several = {name: tuple(filter(None, query[name].split(","))) for name in ("layers", "panels") if name in query}
    plain = {name: query[name] for name in ("grid", "over", "theme") if name in query}
    view = WallView(area=area, every=int(every), chime=chime == "1", **several, **plain)  # type: ignore[arg-type]  # texts and tuples by their names
    require(view)
    return view


def require(view: WallView) -> None:
    """Ask that a view can be, as far as one can tell without its area.

    Raises
    ------
    DraftError
        ``field`` says which part cannot.
    """
    if strange := set(view.panels) - set(PANELS):
        raise _fault("panels", f"There is no panel {', '.join(sorted(strange))}. Choose among {', '.join(PANELS)}.")
    if _repeats(view.panels) or _repeats(view.layers):
        raise _fault("panels", "A panel or a layer is named twice. Name each once.")
    if view.theme not in THEMES:
        raise _fault("theme", f"theme={view.theme}: choose among {', '.join(THEMES)}.")
    if bool(view.every) is not bool(view.over):
        raise _fault("every", "A rotation has a level to go over and seconds for each stop; give both, or none.")
    if view.every and not SHORTEST <= view.every <= LONGEST:
        raise _fault("every", f"A stop lasts {SHORTEST} to {LONGEST} seconds.")
    key, _, code = view.grid.partition(":")
    if view.grid and not (key and code):
        raise _fault("grid", f"grid={view.grid}: write it as level:code.")


def require_key(key: str) -> None:
    """Ask that a view can be kept under a key; raises DraftError."""
    if not _KEY.fullmatch(key):
        raise _fault("key", f"A view's address has 1 to {LONGEST_KEY} small letters, digits and hyphens between them.")


def said(view: WallView) -> dict[str, object]:
    """Return a view as the history writes it, without its area and key."""
    plain = {one.name: getattr(view, one.name) for one in fields(view) if one.name not in {"key", "area"}}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()}


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def _repeats(keys: Iterable[str]) -> bool:
    found = list(keys)
    return len(found) != len(set(found))


def _fault(field: str, message: str) -> DraftError:
    return DraftError(message, field=f"wall_{field}")
