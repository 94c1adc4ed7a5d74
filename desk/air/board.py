"""How the air stands: of every station its last hour and its day by the standard, for reference; which stand out; and the sources upwind of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from desk.air.readings import Readings, Station, folder_of, gather
from desk.inspections.reading import sight
from desk.room import Room
from inspections.air import Index, Pollutant, Report, index
from inspections.air_rules import AirRules
from inspections.site_rules import Group
from inspections.sites import Site, State
from inspections.upwind import Alarm, Proposal, Source, Wind, alarms, upwind
from ledger import findings, sites

WATCHED = (Pollutant.PM25, Pollutant.PM10)  # whose hours are compared between stations, the likelier first
EIGHT = 8


@dataclass(frozen=True)
class Standing:
    """A station as it stands.

    Attributes
    ----------
    hour, measured
        The last one in which it measured anything, and what; None and {} for never.
    stopped
        Whether that is too long ago.
    index
        Of that hour; of a stopped one as well, which is said beside.
    day
        Of the day before, None where too few hours were measured.
    alarms
        Pollutant -> why it stands out in the hour that is compared.
    """

    station: Station
    hour: datetime | None
    stopped: bool
    measured: dict[Pollutant, float]
    index: Index | None
    day: Index | None
    alarms: dict[Pollutant, tuple[Alarm, ...]]


def readings(room: Room) -> Readings:
    """Return what the files of an area say."""
    return gather(folder_of(room.ledger.folder, room.id), room.area.pack.timezone)


def board(room: Room, found: Readings, now: datetime) -> list[Standing]:
    """Return how every station stands, those that stand out first, then by the index of the last hour, the stopped ones last."""
    zone, rules = room.area.pack.timezone, room.rules.air
    hour = max((at for said in found.hours.values() for at, values in said.items() if values and at <= now), default=None)  # fmt: skip
    told = {one: _alarms(found, one, hour, rules) for one in WATCHED} if hour else {}
    day = now.astimezone(zone).date() - timedelta(days=1)
    made = [_standing(found, station, now, day, zone, rules, {one: told[one][code] for one in told if code in told[one]}) for code, station in found.stations.items()]  # fmt: skip
    return sorted(made, key=lambda one: (one.stopped, not one.alarms, -(one.index.value or 0) if one.index else 1, one.station.code))  # fmt: skip


def daily(found: Readings, code: str, day: date, zone: tzinfo, rules: AirRules) -> Index | None:
    """Return the index of a station's day; None where too few hours were measured of every pollutant.

    Means need so many hours as ``air.toml`` says; of ozone the highest mean of eight hours that end in that day counts.
    """
    begin = datetime.combine(day, time(), zone)
    hours = [(begin + timedelta(hours=at)).astimezone(UTC) for at in range(24)]
    there = found.hours.get(code, {})
    values = [there.get(hour, {}) for hour in hours]
    measured: dict[Pollutant, float] = {}
    for one in Pollutant:
        said = [value[one] for value in values if one in value]
        if one is Pollutant.O3:
            means = _eights([value.get(one) for value in values], rules)
            if len(means) >= rules.ozone_least_means:
                measured[one] = max(means)
        elif len(said) >= rules.day_least_hours:
            measured[one] = sum(said) / len(said)
    return index(measured, Report.DAY, day) if measured else None


def sources_upwind(room: Room, station: Station, values: dict[Pollutant, float], wind: Wind | None) -> list[tuple[Proposal, Site]]:  # fmt: skip
    """Return the active sources of pollution from which it may have come to a station, the likeliest first, as far as who looks sees them."""
    if station.lon is None or station.lat is None:
        return []
    with room.ledger.reading() as connection:
        kinds = frozenset(key for key, kind in room.rules.sites.kinds.items() if kind.group is Group.POLLUTION)
        asked = sites.Asked(room.id, sight(room), kinds=kinds, states=frozenset({State.ACTIVE.value}))
        there = {one.number: one for one in sites.page(connection, asked)}
        worst = findings.open_of(connection, room.id, list(there))
    many = [Source(one.number, one.kind, one.lon, one.lat, len(worst.get(one.number, ()))) for one in there.values()]
    found = upwind(station.lon, station.lat, wind, many, room.rules.air.upwind, likely(values, room.rules.air))
    return [(one, there[one.source.number]) for one in found]


def likely(values: dict[Pollutant, float], rules: AirRules) -> Sequence[str]:
    """Return the kinds of sources that fit what was measured; none where particles were not."""
    coarse, fine = values.get(Pollutant.PM10), values.get(Pollutant.PM25)
    if not coarse or not fine:
        return ()
    return rules.coarse_kinds if coarse / fine >= rules.coarse_ratio else rules.fine_kinds


def _standing(found: Readings, station: Station, now: datetime, day: date, zone: tzinfo, rules: AirRules, told: dict[Pollutant, tuple[Alarm, ...]]) -> Standing:  # noqa: PLR0917  # fmt: skip
    hours = found.hours.get(station.code, {})
    hour = max((at for at, measured in hours.items() if measured and at <= now), default=None)
    values = dict(hours[hour]) if hour else {}
    stopped = hour is None or now - hour > timedelta(hours=rules.stopped_hours)
    of_hour = index(values, Report.HOUR, hour.astimezone(zone).date()) if hour else None
    return Standing(station, hour, stopped, values, of_hour, daily(found, station.code, day, zone, rules), told)


def _alarms(found: Readings, pollutant: Pollutant, hour: datetime, rules: AirRules) -> dict[str, tuple[Alarm, ...]]:
    """Return which stations stand out in an hour."""
    now, before = (
        {code: said[wanted][pollutant] for code, said in found.hours.items() if pollutant in said.get(wanted, {})}
        for wanted in (hour, hour - timedelta(hours=1))
    )
    return alarms(now, before, rules.upwind)


def _eights(values: Sequence[float | None], rules: AirRules) -> list[float]:
    """Return the means of eight hours that end in a day, from its eighth hour on, each of hours enough."""
    spans = ([one for one in values[end - EIGHT : end] if one is not None] for end in range(EIGHT, len(values) + 1))
    return [sum(span) / len(span) for span in spans if len(span) >= rules.ozone_least_hours]
