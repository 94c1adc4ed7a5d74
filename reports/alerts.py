"""Warnings (预警) in words: what holds, by whose order, since when and until when."""

from datetime import datetime
from types import MappingProxyType
from typing import Any

from desk.alerts import alerts
from desk.room import Room
from incidents.alerts import Alert, Level
from locales import N_, Translator

LEVEL = MappingProxyType(
    {Level.BLUE: N_("blue"), Level.YELLOW: N_("yellow"), Level.ORANGE: N_("orange"), Level.RED: N_("red")}
)
DRAFT = MappingProxyType(
    {
        "alert_kind": N_("There is no such kind of warning. Choose one of the list."),
        "alert_level": N_("A warning of this kind has no such level. Choose one of the list."),
        "alert_issuer": N_("Write who gave the order."),
        "alert_begins": N_("Say from when it holds."),
        "alert_ends": N_("It ends before it begins. Correct one of the two times."),
        "alert_twice": N_("A warning of this kind holds. Change its level or its end, or lift it first."),
        "alert_tasks": N_(
            "This warning has tasks at sources. Change it or stand it down on the page of heavy-pollution warnings."
        ),
        "alert_changed": N_("Somebody changed or lifted this warning meanwhile. Look at it as it is now."),
    }
)


def name_of(room: Room, one: Alert, _: Translator, language: str) -> str:
    """Return what a warning is called: 重污染天气橙色预警（Ⅱ级响应）."""
    kind = room.rules.alerts.kind(one.kind)
    response = kind.levels[one.level].in_(language) if one.level in kind.levels else ""
    words = _("{kind}: {level} warning ({response})") if response else _("{kind}: {level} warning")
    return words.format(kind=kind.name.in_(language), level=_(LEVEL[one.level]), response=response)


def times_of(room: Room, one: Alert, _: Translator, now: datetime) -> str:
    """Say since or from when a warning holds, and until when it is expected to."""
    begun = _("since {time}") if one.begins <= now else _("begins {time}")
    said = [begun.format(time=_clock(room, one.begins, now))]
    if one.lifted:
        said.append(_("lifted {time}").format(time=_clock(room, one.lifted, now)))
    elif one.ends and one.ends > now:
        said.append(_("expected until {time}").format(time=_clock(room, one.ends, now)))
    elif one.ends:
        said.append(_("expected until {time}, not lifted yet").format(time=_clock(room, one.ends, now)))
    return " · ".join(said)


def _clock(room: Room, time: datetime, now: datetime) -> str:
    """Return a time in the area's zone: the hour today, else with the day."""
    local, today = (one.astimezone(room.area.pack.timezone) for one in (time, now))
    near = "%H:%M" if local.date() == today.date() else "%m-%d %H:%M" if local.year == today.year else "%Y-%m-%d %H:%M"
    return local.strftime(near)


def order_of(one: Alert) -> str:
    """Return by whose order, and its number."""
    return " ".join(filter(None, (one.issuer, one.number)))


def told(room: Room, now: datetime, _: Translator, language: str) -> list[dict[str, Any]]:
    """Return the warnings that hold or will, the most severe first, as a wall shows them."""
    return [
        {
            "level": one.level.value,
            "name": name_of(room, one, _, language),
            "order": order_of(one),
            "times": times_of(room, one, _, now),
            "begun": one.begins <= now,
        }
        for one in alerts(room).running
    ]
