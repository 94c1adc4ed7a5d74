"""Wall views in words: what each shows, what it can show, and why one was not kept."""

from types import MappingProxyType

from desk.room import Room
from desk.walls import views
from incidents.wall_views import WallView
from locales import N_, Translator
from reports.choices import grid_choices

PANEL = MappingProxyType(
    {
        "counts": N_("Counts by mark"),
        "overdue": N_("Overdue and due soon"),
        "newest": N_("Newest cases"),
        "whistles": N_("Whistles"),
        "duty": N_("On duty"),
        "campaign": N_("Campaign: how far"),
        "sheet": N_("Daily sheet, as signed"),
        "plan": N_("Walks of the day"),
        "air": N_("Air and warning"),
    }
)
THEME = MappingProxyType({"dark": N_("Dark screen"), "light": N_("Light screen")})
DRAFT = MappingProxyType(
    {
        "wall_key": N_("Another view has this address, or it is none: small letters, digits and hyphens between them."),
        "wall_name": N_("A view of that name is there already. Give this one another name."),
        "wall_grid": N_("Choose a grid that this area has and that you see."),
        "wall_layers": N_("This area has one of the layers no more. Choose them anew."),
        "wall_panels": N_("One of the panels is named twice, or is none. Choose them anew."),
        "wall_every": N_("A stop of the rotation lasts ten seconds to an hour."),
        "wall_over": N_("A rotation goes over a level below what is shown. Choose another level, or a wider part."),
        "wall_theme": N_("Choose dark or light."),
        "wall_changed": N_("Somebody changed or removed this view meanwhile. Look at it as it is now, then change it."),
    }
)  # fmt: skip


def parts(room: Room, language: str) -> dict[str, str]:
    """Return the parts of an area that a view may show, as ``level:code`` -> name: every grid but the smallest, as far as who looks sees them."""
    leaf, scope = f"{room.area.net.leaf.key}:", room.who.scope.grid if room.who else None
    found = {grid: name for grid, name in grid_choices(room.area, language).items() if not grid.startswith(leaf)}
    if scope is None:
        return found
    return {grid: name for grid, name in found.items() if views.lies_in(room.area.net, _split(grid), scope)}


def level_name(room: Room, key: str, language: str) -> str:
    """Return what a level is called; one that is not there any more goes by its key."""
    return next((level.name.in_(language) for level in room.area.net.levels if level.key == key), key)


def part_name(room: Room, one: WallView, _: Translator, language: str) -> str:
    """Return what the part is called that a view shows."""
    return grid_choices(room.area, language).get(one.grid, one.grid) if one.grid else _("The whole area")


def described(room: Room, one: WallView, _: Translator, language: str) -> str:
    """Say in a line what a view shows."""
    panels = "、" if language == "zh" else ", "
    said = [part_name(room, one, _, language)]
    said.append(panels.join(_(PANEL[panel]) for panel in one.panels) or _("The map alone"))
    if one.every:
        said.append(_("goes round over {level}, {n} s each").format(level=level_name(room, one.over, language), n=one.every))  # fmt: skip
    if one.chime:
        said.append(_("with a chime"))
    return " · ".join(said)


def _split(grid: str) -> tuple[str, str]:
    key, _, code = grid.partition(":")
    return key, code
