"""Patrol lists of sources upwind (溯源巡查单) in words: what was found, what is refused, and their tables."""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import pandas as pd

from desk.air import walks
from desk.room import Room
from inspections.proposed import Found, Line, Tally
from inspections.sites import Site
from inspections.upwind import Proposal, Source
from locales import N_, Translator
from reports.air import direction_text, hour_text, reason_text
from reports.case_words import local, post_name

FOUND: Mapping[Found, str] = MappingProxyType(
    {
        Found.CONFIRMED: N_("Cause confirmed"),
        Found.NOTHING: N_("Nothing found"),
        Found.UNREACHED: N_("Nobody got there or in"),
    }
)
DRAFT = MappingProxyType(
    {
        "upwind_cause": N_("Say which kind of cause it is."),
        "upwind_undo": N_("Only the post that answered takes its answer back."),
        "upwind_stopped": N_("The station has stopped. A list is made of an hour that it measured."),
        "upwind_none": N_("Every source that lies there is on a list of this hour already, or none lies there."),
        "upwind_gone": N_("There is no such patrol list here. Look it up on the page of the air."),
    }
)
RULES = (
    (re.compile(r"^The line was answered"), N_("The line was answered already. Look at the list again.")),
    (re.compile(r"^The line is open"), N_("The line is open: there is no answer to take back.")),
)
STATION, KIND = "station", "kind"


def why(room: Room, line: Line, _: Translator, language: str) -> str:
    """Return why a source is on a list: how far, in which direction, and the reasons for its rank."""
    proposal = Proposal(
        Source(line.site, line.kind, 0.0, 0.0, line.findings),
        line.metres,
        line.bearing,
        line.off,
        line.ring,
        line.core,
        line.likely,
    )
    reasons = reason_text(proposal, room.rules.air.upwind.rings_m, _, language)
    return " · ".join(filter(None, (f"{line.metres:,} m", direction_text(line.bearing, _), reasons)))


def stands(room: Room, line: Line, _: Translator, language: str) -> str:
    """Return what was found at a source, by whom and when; that nobody answered yet."""
    if line.found is None or line.at is None:
        return _("not answered yet")
    cause = room.rules.air.causes.get(line.cause)
    said = cause.name.in_(language) if cause else line.cause
    return " · ".join(filter(None, (_(FOUND[line.found]), said, line.note, post_name(room, line.by, _), local(room, line.at))))  # fmt: skip


def share_text(count: Tally) -> str:
    """Return how many of those that somebody looked at were confirmed, "–" where nobody looked."""
    return "–" if count.share is None else f"{count.share:.0%}"


def sums(found: Mapping[tuple[str, str], Tally], by: str) -> dict[str, Tally]:
    """Return counts by station or by kind of source, the most confirmed first."""
    made: dict[str, Tally] = {}
    for (station, kind), count in found.items():
        key, was = (station if by == STATION else kind), Tally()
        was = made.get(key, was)
        made[key] = Tally(was.confirmed + count.confirmed, was.nothing + count.nothing, was.unreached + count.unreached, was.open + count.open)  # fmt: skip
    return dict(sorted(made.items(), key=lambda one: (-one[1].confirmed, -one[1].handed, one[0])))


def counted(room: Room, by: str, called: Callable[[str], str], _: Translator) -> pd.DataFrame:
    """Return how often proposals were confirmed, as a table."""
    heads = HEADS[by], _("Handed out"), _("Cause confirmed"), _("Nothing found"), _("Nobody got there or in"), _("To be answered"), _("Confirmed of those looked at")  # fmt: skip
    rows = [(called(key), one.handed, one.confirmed, one.nothing, one.unreached, one.open, share_text(one)) for key, one in sums(walks.counts(room), by).items()]  # fmt: skip
    return pd.DataFrame(rows, columns=[_(heads[0]), *heads[1:]])


HEADS: Mapping[str, str] = MappingProxyType({STATION: N_("Station"), KIND: N_("Kind of site")})


def table(room: Room, number: str, _: Translator, language: str) -> pd.DataFrame:
    """Return a list as a table for an office, as far as who looks sees it."""
    walk, found = walks.get(room, number)
    return pd.DataFrame([_table_row(room, walk.name, hour_text(walk.hour, room.area.pack.timezone), one, _, language) for one in found])  # fmt: skip


def _table_row(room: Room, station: str, hour: str, said: tuple[Line, Site], _: Translator, language: str) -> dict[str, object]:  # fmt: skip
    line, site = said
    return {
        _("Order"): line.number,
        _("Station"): station,
        _("Hour"): hour,
        _("Number"): site.number,
        _("Name"): site.name,
        _("Kind of site"): room.rules.sites.kind(line.kind).name.in_(language),
        _("Address"): site.address,
        _("Why"): why(room, line, _, language),
        _("Responsible post"): post_name(room, line.post, _),
        _("What was found"): stands(room, line, _, language),
    }


def station_names(found: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the newest name of each station, by its code, of lists that stand newest first."""
    names: dict[str, str] = {}
    for code, name in found:
        names.setdefault(code, name)
    return names
