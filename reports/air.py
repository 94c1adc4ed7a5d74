"""The air in words: classes of the index, pollutants, why a station stands out, and the table of stations as a file."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from types import MappingProxyType

import pandas as pd

from desk.air.board import Standing
from desk.air.readings import MEASURED, STATION, TIME, Fault, ReadingsError
from geo.errors import TableError
from inspections.air import Grade, Index, Pollutant
from inspections.sites import Site
from inspections.upwind import Alarm, Proposal
from locales import N_, Translator, listed

GRADE: Mapping[Grade, str] = MappingProxyType(
    {
        Grade.EXCELLENT: N_("excellent air"),
        Grade.GOOD: N_("good air"),
        Grade.LIGHT: N_("lightly polluted"),
        Grade.MODERATE: N_("moderately polluted"),
        Grade.HEAVY: N_("heavily polluted"),
        Grade.SEVERE: N_("severely polluted"),
    }
)
POLLUTANT: Mapping[Pollutant, str] = MappingProxyType(
    {
        Pollutant.SO2: "SO₂",
        Pollutant.NO2: "NO₂",
        Pollutant.CO: "CO",
        Pollutant.O3: "O₃",
        Pollutant.PM10: "PM10",
        Pollutant.PM25: "PM2.5",
    }
)
SHOWN = (Pollutant.PM25, Pollutant.PM10, Pollutant.SO2, Pollutant.NO2, Pollutant.CO, Pollutant.O3)
NEEDED: Mapping[str, str] = MappingProxyType(
    {
        STATION: N_("the station (its number or its name)"),
        TIME: N_("the time of the reading"),
        MEASURED: N_("a pollutant (PM2.5, PM10, SO2, NO2, CO or O3)"),
    }
)
ALARM: Mapping[Alarm, str] = MappingProxyType(
    {Alarm.NEIGHBOURS: N_("far above its neighbours"), Alarm.RISE: N_("rose steeply within an hour")}
)
WINDS = (N_("north"), N_("north-east"), N_("east"), N_("south-east"), N_("south"), N_("south-west"), N_("west"), N_("north-west"))  # fmt: skip


def index_text(index: Index | None, _: Translator) -> str:
    """Return the index with its class, or that there is none (NA)."""
    if index is None or index.value is None or index.grade is None:
        return "NA"
    return f"{index.value} {_(GRADE[index.grade])}"


def primary_text(index: Index | None) -> str:
    """Return the primary pollutants, "–" for none."""
    return "、".join(POLLUTANT[one] for one in index.primary) if index and index.primary else "–"


def alarm_text(standing: Standing, _: Translator, language: str) -> str:
    """Return why a station stands out, "" where it does not."""
    by_reason: dict[tuple[Alarm, ...], list[str]] = {}
    for one, reasons in standing.alarms.items():
        by_reason.setdefault(reasons, []).append(POLLUTANT[one])
    said = [f"{listed(names, language)} {listed([_(ALARM[why]) for why in reasons], language)}" for reasons, names in by_reason.items()]  # fmt: skip
    return listed(said, language)


def hour_text(hour: datetime | None, zone: tzinfo) -> str:
    """Return an hour in the area's time, "–" for none."""
    return f"{hour.astimezone(zone):%m-%d %H:00}" if hour else "–"


def direction_text(degrees: float, _: Translator) -> str:
    """Return a direction in words, of eight."""
    return _(WINDS[round(degrees / 45) % len(WINDS)])


def reason_text(proposal: Proposal, rings: Sequence[float], _: Translator, language: str) -> str:
    """Return why a source is proposed where it is."""
    near = f"{rings[proposal.ring]:,.0f} m" if proposal.ring < len(rings) else ""
    said = [_("within {distance}").format(distance=near)] if near else []
    if proposal.off_deg is not None:
        said.append(_("straight upwind") if proposal.core else _("at the edge of the sector upwind"))
    if proposal.likely:
        said.append(_("its kind fits what was measured"))
    if proposal.source.findings:
        said.append(_("{n} open finding(s)").format(n=proposal.source.findings))
    return listed(said, language)


def stations(found: Sequence[Standing], zone: tzinfo, _: Translator, language: str) -> pd.DataFrame:
    """Return the stations as a table for an office."""
    return pd.DataFrame(
        [
            {
                _("Station"): one.station.name,
                _("Code"): one.station.code,
                _("Last hour"): hour_text(one.hour, zone),
                _("Index of the hour (for reference)"): index_text(one.index, _),
                _("Primary pollutant"): primary_text(one.index),
                **{POLLUTANT[name]: one.measured.get(name) for name in SHOWN},
                _("Day before (for reference)"): index_text(one.day, _),
                _("Stands out"): alarm_text(one, _, language) or (_("stopped") if one.stopped else ""),
            }
            for one in found
        ]
    )


def walk(found: Sequence[tuple[Proposal, Site]], rings: Sequence[float], kinds: Mapping[str, str], _: Translator, language: str) -> pd.DataFrame:  # fmt: skip
    """Return the sources to walk to, in their order, as a table."""
    return pd.DataFrame(
        [
            {
                _("Order"): place,
                _("Number"): site.number,
                _("Name"): site.name,
                _("Kind of site"): kinds.get(site.kind, site.kind),
                _("Address"): site.address,
                _("Metres"): round(one.metres),
                _("Direction"): direction_text(one.bearing_deg, _),
                _("Why"): reason_text(one, rings, _, language),
            }
            for place, (one, site) in enumerate(found, 1)
        ]
    )


def refused_text(name: str, error: TableError, _: Translator, language: str) -> list[str]:
    """Return why a table of readings was not taken, and what to do: a sentence, then a line for each cell of the first ones that cannot be read."""
    if isinstance(error, ReadingsError) and error.faults:
        said = _("{file}: {n} cells cannot be read, and nothing was taken in. Correct them, and hand it in again.")
        return [said.format(file=name, n=f"{error.left_out:,}"), *(fault_text(one, _) for one in error.faults)]
    if isinstance(error, ReadingsError):
        said = _("{file} has no column for {missing}; its columns are: {there}. Name them in the row of headings.")
        missing = listed([_(NEEDED[one]) for one in error.missing], language)
        return [said.format(file=name, missing=missing, there=", ".join(error.there)[:300])]
    return [_("{file} is no table that can be read: damaged, protected, empty or of another kind. Save it anew as XLSX or CSV.").format(file=name)]  # fmt: skip


def fault_text(one: Fault, _: Translator) -> str:
    """Return which cell cannot be read."""
    said = _("{file}, row {row}, {column}: {said} cannot be read")
    return said.format(file=one.file, row=one.row, column=one.column, said=one.said or "–")
