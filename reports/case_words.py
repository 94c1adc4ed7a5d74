"""A case in words, for page and paper: where it lies, how much time it has, who did what when, and what an act changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import pandas as pd

from desk.acts import unit_of
from desk.room import Room
from geo.errors import UnknownClass, UnknownPost
from incidents.case import Incident
from incidents.deadlines import Light, light, remaining
from incidents.lifecycle import Act
from incidents.limits import EXTERNAL, Span, StepKind, Unit
from incidents.model import OPEN, Status
from layers.grid_names import full_names
from locales import N_, Translator
from reports.figures import minute
from reports.words import ACT, URGENCY, day_and_time, length_of_time, moment, post_title, status_name

LIGHT = MappingProxyType({Light.GREEN: N_("In time"), Light.AMBER: N_("Due soon"), Light.RED: N_("Overdue")})
UNIT = MappingProxyType(
    {
        Unit.URGENT_HOUR: N_("{n} h, day and night"),
        Unit.WORK_HOUR: N_("{n} h of working time"),
        Unit.WORK_DAY: N_("{n} d of work"),
        Unit.NATURAL_DAY: N_("{n} d by the calendar"),
    }
)
STEP: Mapping[str, str] = MappingProxyType(
    {
        StepKind.REMINDER: N_("Reminder"),
        StepKind.NEXT_HEAD: N_("The head above was told"),
        StepKind.SUPERVISE: N_("Supervision is due"),
        "first": N_("Nobody has begun"),  # of the first-handler timer (desk/outbox/timers.py)
    }
)
HELP = MappingProxyType({"help": N_("asks {post} for help"), "material": N_("asks {post} for material")})
LATER = timedelta(minutes=2)  # a thing that was sent so long after it was done says when that was
RATINGS = (N_("Satisfied"), N_("Fairly satisfied"), N_("Not satisfied"))
HANDED_OVER = MappingProxyType(
    {
        "hours": N_("working hours have begun"),
        "sorted": N_("it was sorted"),
        "signed": N_("the hand-over note was signed"),
    }
)
CHANGED = MappingProxyType(
    {
        "class": N_("Minor class"),
        "urgency": N_("Urgency"),
        "codes": N_("Grid"),
        "post": N_("Responsible post"),
        "status": N_("State"),
        "handler": N_("Handler"),
        "due": N_("Deadline"),
        "until": N_("Until"),
        "level": N_("Level"),
        "returns": N_("Times returned"),
    }
)


@dataclass(frozen=True)
class Deadline:
    """A case's deadline as it shows.

    Attributes
    ----------
    light
        None while no clock runs.
    due
        The moment, in the area's zone; "" for none.
    left
        How much time is left, or by how much it is over, in words.
    """

    light: Light | None
    due: str
    left: str


@dataclass(frozen=True)
class Line:
    """One entry of a case's history in words.

    Attributes
    ----------
    at
        The moment, in the area's zone.
    after
        How long it took since the entry before; "" for the first.
    said
        What a person wrote, None where it was erased.
    details
        What came with the act: handler, deadline, level …
    photos
        SHA-256 of the thumbnail and of the photo, of each that came with it.
    """

    version: int
    act: str
    at: str
    after: str
    who: str
    what: str
    said: str
    details: tuple[str, ...]
    photos: tuple[tuple[str, str], ...] = ()


def post_name(room: Room, key: str, _: Translator) -> str:
    """Return a post's title by its key; the key where nobody knows it, "" for none."""
    if not key:
        return ""
    try:
        return post_title(room.post(key), _)
    except UnknownPost:
        return key


def grid_name(room: Room, codes: Mapping[str, str]) -> str:
    """Return the micro-grid of a place as people call it, or the lowest level that is certain."""
    names = full_names(room.area.net)
    for level in reversed(room.area.net.levels):
        code = codes.get(level.key, "")
        if code and ";" not in code:
            return names[level.key].get(code, code)
    return ""


def dedicated_names(room: Room, codes: Mapping[str, str]) -> str:
    """Return the dedicated grids (专属网格) that a place lies in, "" for none."""
    found = []
    for overlay in room.area.net.overlays:
        for code in filter(None, codes.get(overlay.key, "").split(";")):
            place = overlay.positions.get(code)
            found.append(code if place is None else f"{overlay.labels[place]} {overlay.titles[place]}".strip())
    return " ".join(dict.fromkeys(found))


def class_name(room: Room, key: str, language: str) -> str:
    """Return the name of a class, its key where the directory has it no more."""
    try:
        return room.rules.directory.get(key).name.in_(language)
    except UnknownClass:
        return key


def local(room: Room, time: datetime | None) -> str:
    """Return a moment to the minute in the area's zone; "" for none."""
    return "" if time is None else moment(pd.Timestamp(time).tz_convert(room.area.pack.timezone))


def short(room: Room, time: datetime | None, now: datetime) -> str:
    """Return a moment as short as its distance allows: the hour today, else the day."""
    zone = room.area.pack.timezone
    return "" if time is None else day_and_time(pd.Timestamp(time).tz_convert(zone), pd.Timestamp(now).tz_convert(zone))


def span_name(text: str, _: Translator) -> str:
    """Return a span (``4 work_hour``) in words."""
    span = Span.parse(text)
    return _(UNIT[span.unit]).format(n=f"{span.value:g}" if span.value >= 1 else f"{span.value:.2f}")


def deadline(room: Room, case: Incident, now: datetime, _: Translator) -> Deadline:
    """Return a case's deadline with its light (时限灯)."""
    state = case.state
    if case.status is Status.SUSPENDED:
        return Deadline(None, "", _("Clock stopped until {day}").format(day=local(room, state.until)[:10]))
    if state.due is None or case.status not in OPEN:
        return Deadline(None, "", "")
    zone, clock = room.area.pack.timezone, minute(room, now).to_pydatetime()
    due = state.due.astimezone(zone)
    begun = max((time for act, time in state.times.items() if act in _STARTS), default=case.reported)
    shown = light(
        room.rules.calendar, min(begun, state.due).astimezone(zone), due, clock, rules=room.rules.deadlines, unit=unit_of(state)
    )  # fmt: skip
    span = pd.Timedelta(abs(due - clock))
    words = _("{span} over") if shown is Light.RED else _("{span} left")
    return Deadline(shown, local(room, state.due), words.format(span=length_of_time(span, _)))


def called(room: Room, case: Incident, _: Translator) -> str:
    """Return who calls for what, and whom, while nobody has answered; "" where nobody calls."""
    state = case.state
    if state.help not in HELP:
        return ""
    asks = _(HELP[state.help]).format(post=post_name(room, state.help_to, _))
    return f"{post_name(room, state.help_by, _)} {asks}"


def working_left(room: Room, case: Incident, now: datetime, _: Translator) -> str:
    """Return what is left in the unit of the limit, where that differs from hours on the clock; "" elsewhere."""
    state = case.state
    if state.due is None or not state.limit or state.rule == EXTERNAL or case.status not in OPEN:
        return ""
    unit = unit_of(state)
    if unit not in {Unit.WORK_HOUR, Unit.WORK_DAY}:
        return ""
    zone, clock = room.area.pack.timezone, room.clock(now).to_pydatetime()
    left = remaining(room.rules.calendar, clock, state.due.astimezone(zone), unit)
    return "" if left <= 0 else _(UNIT[unit]).format(n=f"{left:.1f}".removesuffix(".0"))


def timeline(
    room: Room, entries: Sequence[Mapping[str, Any]], photos: Sequence[Mapping[str, Any]], _: Translator, language: str
) -> list[Line]:
    """Return a case's history in words, oldest first."""
    lines: list[Line] = []
    for place, entry in enumerate(entries):
        before = entries[place - 1]["at"] if place else None
        took = length_of_time(pd.Timedelta(entry["at"] - before), _) if before and entry["at"] > before else ""
        shown = tuple((photo["thumbnail"], photo["sha256"]) for photo in photos if photo["version"] == entry["version"])
        lines.append(
            Line(
                version=entry["version"],
                act=entry["act"],
                at=local(room, entry["at"]),
                after=took,
                who="" if _is_of_time(entry) else post_name(room, entry["post"], _),
                what=_what(entry, _),
                said=said(entry["data"], _),
                details=tuple(_details(room, entry, _, language)),
                photos=shown,
            )
        )
    return lines


def said(data: Mapping[str, Any], _: Translator) -> str:
    """Return what a person wrote with an act; that it was erased, where it was."""
    found = [
        str(data[name]) if data[name] is not None else _("(erased)") for name in ("reason", "text") if name in data
    ]
    return " ".join(found)


def facts_at(entries: Sequence[Mapping[str, Any]], version: int) -> dict[str, Any]:
    """Return what the history says of a case at a version: its facts, those of its state among them."""
    found: dict[str, Any] = {}
    for entry in entries:
        if entry["version"] <= version:
            found |= {name: value for name, value in entry["after"].items() if name != "words"}
    return {**found, **found.get("state", {})}


def compared(
    room: Room, old: Mapping[str, Any], new: Mapping[str, Any], _: Translator, language: str
) -> list[tuple[str, str, str]]:
    """Return the facts of a case that people look at, then and now: label, old, new."""
    rows = [
        (_(label), _fact(room, name, old.get(name), _, language), _fact(room, name, new.get(name), _, language))
        for name, label in CHANGED.items()
    ]
    return [row for row in rows if row[1] or row[2]]


_STARTS = frozenset(act.value for act in (Act.DISPATCH, Act.ESCALATE, Act.REOPEN, Act.RETURN, Act.RESUME, Act.FEEDBACK))


def _is_of_time(entry: Mapping[str, Any]) -> bool:
    """Tell whether nobody did it, but time."""
    if entry["act"] == Act.ADOPT.value:
        return _is_of_time({**entry, "act": entry["data"]["inside"]["act"]})
    return entry["act"] == Act.STEP.value or (
        entry["act"] == Act.HAND_OVER.value and entry["data"].get("why") == "hours"
    )


def _what(entry: Mapping[str, Any], _: Translator) -> str:
    if entry["act"] == Act.STEP.value:
        kind = str(entry["data"].get("step", "")).partition(":")[0]
        return _(STEP.get(kind, kind))
    if entry["act"] == Act.ADOPT.value:  # what the command room did, on the other side of a bridge
        return _what({**entry, "act": entry["data"]["inside"]["act"]}, _)
    return _(ACT[Act(entry["act"])]) if entry["act"] in set(Act) else str(entry["act"])


def _details(room: Room, entry: Mapping[str, Any], _: Translator, language: str) -> list[str]:
    data, act, found = entry["data"], entry["act"], _with_whom(room, entry, _)
    if data.get("due"):
        limit = (
            _(" ({span})").format(span=span_name(data["limit"], _))
            if data.get("limit") and data.get("rule") != EXTERNAL
            else ""
        )
        found.append(_("by {time}").format(time=_moment(room, data["due"])) + limit)
    if data.get("until"):
        found.append(_("until {time}").format(time=_moment(room, data["until"])))
    found += _from_a_phone(room, entry, _)
    found += _over_the_bridge(entry, _)
    if data.get("rating"):
        found.append(_(data["rating"]) if data["rating"] in RATINGS else str(data["rating"]))
    if act in {Act.CORRECT.value, Act.REASSIGN.value}:
        found += [
            _("{label}: {change}").format(label=label, change=f"{old} → {new}")
            for label, old, new in compared(room, entry["before"], entry["after"], _, language)
            if old != new and new
        ]
    return found


def _from_a_phone(room: Room, entry: Mapping[str, Any], _: Translator) -> list[str]:
    """Return what only a phone says: whom it calls for help, and when a thing was done that came later."""
    data, found = entry["data"], []
    if data.get("help") in HELP:
        found.append(_(HELP[data["help"]]).format(post=post_name(room, data.get("to", ""), _)))
    if data.get("done_at") and entry["at"] - datetime.fromisoformat(data["done_at"]) > LATER:
        found.append(_("done {time}, sent later").format(time=_moment(room, data["done_at"])))
    return found


def _over_the_bridge(entry: Mapping[str, Any], _: Translator) -> list[str]:
    """Return what only a bridge says: that something done outside was not possible any more, and the number that a case has inside."""
    data, found = entry["data"], []
    if data.get("refused") and data.get("did"):
        act = Act.NOTE if data["did"] == "help" else data["did"]
        found.append(
            _("was done outside and not possible any more: {did}").format(did=_(ACT.get(Act(act), ACT[Act.NOTE])))
        )
    if entry["act"] == Act.ADOPT.value and data["inside"]["number"] != entry["key"]:
        found.append(_("in the command room {number}").format(number=data["inside"]["number"]))
    return found


def _with_whom(room: Room, entry: Mapping[str, Any], _: Translator) -> list[str]:
    """Return whom or what else an act names: the post that was told or sent, or the other case."""
    data, act = entry["data"], entry["act"]
    if act == Act.STEP.value and data.get("to"):
        return [_("told {post}").format(post=post_name(room, data["to"], _))]
    if act == Act.HAND_OVER.value:
        return [post_name(room, data["to"], _), _(HANDED_OVER[data["why"]])]
    if act in {Act.LINK.value, Act.KEEP_APART.value} and data.get("to"):
        return [_("with {number}").format(number=data["to"])]
    return [_("to {post}").format(post=post_name(room, data["handler"], _))] if data.get("handler") else []


def _fact(room: Room, name: str, value: Any, _: Translator, language: str) -> str:
    if value in (None, "", {}):
        return ""
    speak: dict[str, Callable[[], str]] = {
        "post": lambda: post_name(room, value, _),
        "handler": lambda: post_name(room, value, _),
        "due": lambda: _moment(room, value),
        "until": lambda: _moment(room, value),
        "codes": lambda: grid_name(room, value),
        "class": lambda: class_name(room, value, language),
        "level": lambda: level_name(room, value, language),
        "status": lambda: status_name(value, _),
        "urgency": lambda: _(URGENCY[value]) if value in URGENCY else str(value),
    }
    return speak[name]() if name in speak else str(value)


def level_name(room: Room, key: str, language: str) -> str:
    """Return the name of a level of the net, its key where the net has it no more."""
    return next((level.name.in_(language) for level in room.area.net.levels if level.key == key), key)


def _moment(room: Room, text: str) -> str:
    return local(room, datetime.fromisoformat(text))
