"""The words of the map document. Msgids are English; the door hands in who translates them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType


def N_(text: str) -> str:  # noqa: N802  the name that msgid extraction looks for
    """Mark a msgid."""
    return text


WORDS: Mapping[str, str] = MappingProxyType(
    {
        "battle_map": N_("Grid battle map"),
        "synthetic": N_("Illustrative"),
        "disclaimer": N_("Illustrative; not a basis for boundaries"),
        "disclaimer_real": N_("Not a basis for boundaries"),
        "now": N_("Current incidents"),
        "red": N_("Reported up"),
        "yellow": N_("Cleared on the spot"),
        "yellow_short": N_("On the spot"),
        "green": N_("Done"),
        "red_long": N_("Reported up and transferred, or not yet sorted"),
        "yellow_long": N_("Cleared on the spot, not yet checked"),
        "green_long": N_("Done"),
        "neutral": N_("Nothing in the period"),
        "overdue": N_("Overdue"),
        "newest": N_("Newest"),
        "suspended": N_("Suspended"),
        "stack": N_("Several at one place; press to fan out"),
        "count_of": N_("{n} {name}"),
        "as_of": N_("Data as of {time}"),
        "no_time": N_("Data carry no time"),
        "live": N_("Live"),
        "old_minutes": N_("{n} min old"),
        "old_hours": N_("{n} h old"),
        "old_days": N_("{n} days old"),
        "old_years": N_("{n} years old"),
        "span_over": N_("{span} over"),
        "span_minutes": N_("{n} min"),
        "span_hours": N_("{n} h"),
        "span_days": N_("{n} d"),
        "n_hidden": N_("{n} of restricted classes are counted and not shown"),
        "few_hidden": N_("Restricted classes: fewer than 5 here, or none, and not counted"),
        "demo": N_("Demonstration"),
        "n_overdue": N_("{n} overdue"),
        "connecting": N_("Connecting …"),
        "lost": N_("Connection lost; what you see is from {time}"),
        "search": N_("Search grid, building, street, site"),
        "search_none": N_("Nothing found for “{q}”"),
        "search_failed": N_("The search does not answer; try again"),
        "layers": N_("Layers"),
        "legend": N_("Legend"),
        "legend_marks": N_("Marks of incidents"),
        "legend_states": N_("State of a grid"),
        "legend_precedence": N_("Red before yellow before green; the period: {period}"),
        "period_all": N_("all the data"),
        "period_day": N_("the last day"),
        "period_days": N_("the last {n} days"),
        "legend_dedicated": N_("Dedicated grid: its own head answers for it"),
        "legend_ground": N_("Streets and ground"),
        "legend_sites": N_("Sites and service points"),
        "outline_of": N_("Outline: {name}"),
        "arterial": N_("Arterial street"),
        "secondary": N_("Secondary street"),
        "lane": N_("Lane"),
        "railway": N_("Railway"),
        "water": N_("Water"),
        "park": N_("Green"),
        "block": N_("Compounds"),
        "footprint": N_("Building outlines"),
        "street": N_("Streets"),
        "states": N_("Grid states"),
        "marks": N_("Incident marks"),
        "tints": N_("Base tints"),
        "numbers": N_("Numbers of grids"),
        "buildings": N_("Buildings"),
        "names": N_("Street and place names"),
        "basemap": N_("Basemap"),
        "home": N_("Whole area"),
        "this_view": N_("This view"),
        "zoom_in": N_("Zoom in"),
        "zoom_out": N_("Zoom out"),
        "full": N_("Full screen"),
        "print": N_("Print"),
        "close": N_("Close"),
        "only": N_("Only this grid"),
        "filtered": N_("Filtered"),
        "clear_filter": N_("Clear the filter"),
        "map_of": N_("Map of {name}"),
        "card_failed": N_("The card does not answer; try again"),
        "bad_filter": N_("The filter in the address is not understood: {error}"),
        "none": N_("none"),
        "more": N_("{n} more"),
        "at_place": N_("{n} incidents at one place"),
        "ground_failed": N_("Part of the map did not load; reload the page"),
        "keys": N_("Keys: arrows move, + and - zoom, / search, L layers, F full screen, Esc closes"),
    }
)


def words(translate: Callable[[str], str]) -> dict[str, str]:
    """Return every text of the document in one language."""
    return {key: translate(text) for key, text in WORDS.items()}
