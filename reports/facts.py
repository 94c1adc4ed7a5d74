"""The facts of an area (底数): what it holds, where it comes from, and what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import pandas as pd

from desk import clock
from desk.room import Room
from geo.validate import NAMES
from incidents.model import Status
from layers.check import check
from layers.classes import class_names
from layers.load import Area
from ledger import find
from locales import N_, translator
from reports.advice import ADVICE
from reports.figures import FEWEST
from reports.words import moment

SHOWN = 200  # faults on the page; the command lists all
CODES = 4  # codes of one fault on the page
KINDS = {"building": N_("Buildings"), "site": N_("Sites"), "service": N_("Service points")}
SEVERITIES = {"error": N_("Error"), "warning": N_("Warning")}

Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Facts:
    """What an area holds, as rows of text.

    Attributes
    ----------
    about
        Label and value.
    net
        Name, kind, number of grids.
    points
        Kind, class, number of points.
    incidents
        Class, number of cases that the ledger holds.
    """

    about: Rows
    net: Rows
    points: Rows
    incidents: Rows


def facts_of(room: Room, now: datetime, language: str) -> Facts:
    """Return the facts of an area; of its incidents what its ledger holds now."""
    _ = translator(language)
    area = room.area
    pack, net = area.pack, area.net
    about: Rows = [
        (_("Attribution"), pack.attribution.in_(language) or "—"),
        (_("Edition of the net"), pack.edition.isoformat() if pack.edition else "—"),
        (_("Data as of"), moment(room.clock(now))),
        (_("Time zone"), str(pack.timezone)),
        (
            _("Nature of the data"),
            _("Made up for demonstration; not a basis for boundaries")
            if pack.synthetic
            else _("Real data; not a basis for boundaries"),
        ),
        (_("Digest of the files"), area.digest[:16]),
    ]
    levels: Rows = [(level.name.in_(language), _("Level"), f"{net.count(level.key):,}") for level in net.levels]
    stacks: Rows = [(_("of these stacked in buildings"), _("Stack"), f"{len(net.stacks):,}")] if net.stacks else []
    overlays: Rows = [
        (overlay.name.in_(language), _("Dedicated grids") if overlay.responsible else _("Overlay"), f"{len(overlay):,}")
        for overlay in net.overlays
    ]
    return Facts(
        _clock(room, now, language) + about,
        levels + stacks + overlays,
        _point_rows(area, language),
        _incident_rows(room, language),
    )


def _clock(room: Room, now: datetime, language: str) -> Rows:
    """Say that the machine's clock went back, where it did."""
    _, latest = translator(language), clock.behind(room, now)
    if latest is None:
        return []
    zone = room.area.pack.timezone
    said = _(
        "{now}: behind the ledger's latest entry of {latest}. Set the clock; what is written meanwhile keeps its order."
    )
    times = {"now": moment(pd.Timestamp(now).tz_convert(zone)), "latest": moment(pd.Timestamp(latest).tz_convert(zone))}
    return [(_("Clock of the machine"), said.format(**times))]


def _incident_rows(room: Room, language: str) -> Rows:
    """Return a row for each class of incidents that the ledger holds, the most frequent first; a restricted one below five does not say how many, nor in a part of the area whether any."""
    _ = translator(language)
    with room.ledger.reading() as connection:
        count = find.counts_by(connection, room.wanted(), "class")
        hidden = find.counts_by(connection, room.wanted(restricted=True), "class")
    return [
        (
            room.class_name(key).in_(language),
            _("fewer than {n}").format(n=FEWEST) if key in hidden and number < FEWEST else f"{number:,}",
        )
        for key, number in sorted(count.items(), key=lambda found: (-found[1], found[0]))
        if not (room.within.narrows and key in hidden and number < FEWEST)
    ]


@lru_cache(maxsize=16)
def _point_rows(area: Area, language: str) -> Rows:
    _ = translator(language)
    rows: Rows = []
    for kind, title in KINDS.items():
        names = class_names(area, kind) if kind != "building" else {}
        for entry in area.pack.points:
            if entry.kind != kind:
                continue
            frame = area.points[entry.key]
            if kind == "building":
                rows.append((_(title), entry.name.in_(language), f"{len(frame):,}"))
            else:
                rows += [
                    (_(title), names[str(key)].in_(language), f"{number:,}")
                    for key, number in frame["class"].value_counts(sort=False).items()
                ]
    return rows


@lru_cache(maxsize=16)
def faults_of(area: Area, language: str) -> tuple[Rows, int]:
    """Check an area's pack and return the faults to show, errors first, and how many there are: severity, kind, file, codes, what is wrong, what to do."""
    _ = translator(language)
    report = check(area.pack.folder, statuses=frozenset(Status))
    rows: Rows = [
        (
            _(SEVERITIES[fault.severity.value]),
            NAMES[fault.kind].in_(language),
            fault.file or "—",
            _codes(fault.codes),
            fault.message,
            _(ADVICE[fault.kind]),
        )
        for fault in report.faults[:SHOWN]
    ]
    return rows, len(report.faults)


def _codes(codes: tuple[str, ...]) -> str:
    more = f" +{len(codes) - CODES}" if len(codes) > CODES else ""
    return "、".join(codes[:CODES]) + more
