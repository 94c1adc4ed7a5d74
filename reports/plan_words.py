"""What pages and papers say of a plan of a day: its state, why a site is left out or cannot be moved, its figures."""

from collections.abc import Mapping
from types import MappingProxyType

from desk.room import Room
from inspections.planning import Why
from inspections.plans import State, Unfit
from locales import N_, Translator
from reports.case_words import post_name

STATE: Mapping[State, str] = MappingProxyType({State.KEPT: N_("in force"), State.REPLACED: N_("replaced"), State.WITHDRAWN: N_("withdrawn")})  # fmt: skip
WHY: Mapping[str, str] = MappingProxyType(
    {
        Why.NOBODY.value: N_("in nobody's grid"),
        Why.CLOSED.value: N_("closed in these hours"),
        Why.BEYOND.value: N_("too far to come back in time"),
        Why.FULL.value: N_("no time left"),
        Why.TAKEN.value: N_("taken out by hand"),
    }
)
UNFIT: Mapping[Unfit, str] = MappingProxyType(
    {
        Unfit.HOURS: N_("It is closed when that walk would come there. Nothing was moved; choose another walk or place."),
        Unfit.BACK: N_("That walk would not be back in time. Nothing was moved; take another site out of it first."),
        Unfit.OTHER: N_("Another site of that walk would be closed by then. Nothing was moved; choose another place."),
    }
)  # fmt: skip
DRAFT: Mapping[str, str] = MappingProxyType(
    {
        "plan_gone": N_("There is no such plan here. Look it up in the list."),
        "plan_day": N_("That day is over. Choose today or a later one."),
        "plan_past": N_("The hours begin before now. Choose a later beginning, or another day."),
        "plan_empty": N_("No site is in a walk. Move one into a walk, or plan anew."),
        "plan_nothing": N_("No site is due there by that day. Choose a later day or a wider grid, or name sites."),
        "plan_busy": N_("Others are planning. Try again in a minute."),
        "plan_posts": N_("Choose at least one post with a grid of its own, each once."),
        "plan_hours": N_("The hours leave no time beside the noon break. Choose a later end or an earlier beginning."),
    }
)


def clock(seconds: int) -> str:
    """Return seconds since midnight as people write the time."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"


def kilometres(metres: int) -> str:
    """Return a way in kilometres, with one digit."""
    return f"{metres / 1000:,.1f}"


def who(room: Room, posts: tuple[str, ...], _: Translator) -> str:
    """Return who walks: one post, or two."""
    return " + ".join(post_name(room, post, _) for post in posts)


def gain(ours: tuple[int, int, int], plain: tuple[int, int, int], _: Translator) -> str:
    """Return what a plan comes to, and what the sites by due date alone would: sites, kilometres, minutes on the way."""
    return _("{sites} sites, {km} km, {minutes} min on the way; by due date alone {plain_sites} sites, {plain_km} km, {plain_minutes} min.").format(
        sites=f"{ours[0]:,}", km=kilometres(ours[1]), minutes=f"{ours[2]:,}", plain_sites=f"{plain[0]:,}", plain_km=kilometres(plain[1]), plain_minutes=f"{plain[2]:,}"
    )  # fmt: skip


def saved(ours: tuple[int, int, int], plain: tuple[int, int, int], _: Translator) -> str:
    """Return the gain of each visit: way a site less, or more; "" where one of the two has no visit."""
    if not ours[0] or not plain[0]:
        return ""
    metres, minutes = plain[1] / plain[0] - ours[1] / ours[0], plain[2] / plain[0] - ours[2] / ours[0]
    said = _("{metres} m and {minutes} min less way for each site.") if metres >= 0 else _("{metres} m and {minutes} min more way for each site: it goes to those that count more.")  # fmt: skip
    return said.format(metres=f"{abs(metres):,.0f}", minutes=f"{abs(minutes):,.1f}")


def about_ways(*, network: bool, straight: int, _: Translator) -> str:
    """Return along what the ways go."""
    if not network:
        return _("The pack has no streets: ways are straight lines times a factor.")
    if not straight:
        return _("Ways follow the streets; the lines on the map only join the stops.")
    return _("Ways follow the streets; {n} pairs of places have none between them and count as straight lines times a factor.").format(n=f"{straight:,}")  # fmt: skip
