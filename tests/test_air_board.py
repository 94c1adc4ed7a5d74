"""How stations stand, their day by the standard, and the sources upwind of one, with the settings read from a file."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from inspected import BUILDING, FAULT, NOON, inspected, kept, shop

from data import rules
from desk.access.permissions import permissions_of
from desk.air.board import board, daily, likely, readings, sources_upwind
from desk.air.readings import Readings, Station, folder_of, take
from geo.errors import RulesError
from geo.measure import WGS84
from incidents.access import Role, Scope, Who
from inspections.air import Pollutant
from inspections.air_rules import AirRules
from inspections.upwind import Alarm, Wind

ZONE = ZoneInfo("Asia/Shanghai")
RULES = AirRules.from_table(rules.read("air"))
YESTERDAY = date(2026, 11, 19)
HOUR = timedelta(hours=1)
CLEAN = {Pollutant.SO2: 10.0, Pollutant.NO2: 20.0, Pollutant.CO: 1.0, Pollutant.O3: 60.0, Pollutant.PM10: 90.0, Pollutant.PM25: 40.0}  # fmt: skip


@pytest.fixture
def there(tmp_path):
    room, site = kept(tmp_path / "ledger")
    yield room, site
    room.ledger.close()


def measured(**stations):
    """Return readings of stations: code -> values by hours before noon."""
    hours = {code: {NOON - at * HOUR: values for at, values in said.items()} for code, said in stations.items()}
    return Readings({code: Station(code, code) for code in stations}, hours)


def test_those_that_stand_out_come_first_and_the_stopped_last(there):
    room, _ = there
    high = {**CLEAN, Pollutant.PM25: 90.0}
    found = measured(a={0: CLEAN, 1: CLEAN}, b={0: high, 1: CLEAN}, c={0: CLEAN, 1: CLEAN}, d={4: high})
    standing = board(room, found, NOON)
    assert [one.station.code for one in standing] == ["b", "a", "c", "d"]
    assert standing[0].alarms == {Pollutant.PM25: (Alarm.NEIGHBOURS, Alarm.RISE)}
    assert [one.stopped for one in standing] == [False, False, False, True]
    assert standing[0].index.value == 128
    assert board(room, Readings(), NOON) == []


@pytest.mark.parametrize(("hours", "there_is"), [(20, True), (19, False)])
def test_a_day_has_a_mean_from_so_many_hours_on(hours, there_is):
    found = measured(a={12 - at: {Pollutant.PM25: 200.0} for at in range(hours)})
    day = daily(found, "a", NOON.astimezone(ZONE).date(), ZONE, RULES)
    if not there_is:
        assert day is None
    else:
        assert (day.parts[Pollutant.PM25], day.value) == (250, 250)


def test_the_ozone_of_a_day_is_its_highest_mean_of_eight_hours():
    values = {at: {Pollutant.O3: 100.0 if at < 16 else 200.0} for at in range(24)}
    start = (NOON.astimezone(ZONE).replace(hour=0) - timedelta(days=1)).astimezone(NOON.tzinfo)
    found = Readings({"a": Station("a", "a")}, {"a": {start + at * HOUR: said for at, said in values.items()}})
    assert daily(found, "a", YESTERDAY, ZONE, RULES).parts[Pollutant.O3] == 137  # of 200, between 160 and 215
    few = {"a": dict(list(found.hours["a"].items())[:15])}
    assert daily(replace(found, hours=few), "a", YESTERDAY, ZONE, RULES) is None


def test_what_is_likely_follows_the_coarse_share():
    assert "dust" in likely({Pollutant.PM10: 200.0, Pollutant.PM25: 100.0}, RULES)
    assert "fumes" in likely({Pollutant.PM10: 199.0, Pollutant.PM25: 100.0}, RULES)
    assert likely({Pollutant.PM25: 100.0}, RULES) == ()


def test_sources_upwind_come_from_the_register_as_far_as_one_sees(there):
    room, gas = there
    fumes = shop(room, "炭火烧烤", "fumes", BUILDING)
    inspected(room, gas, FAULT)
    lon, lat, _ = WGS84.fwd(fumes.lon, fumes.lat, 180, 300)
    station = Station("s", "站", lon, lat)
    ((proposal, site),) = sources_upwind(room, station, {}, Wind(0, 3))
    assert (site.number, round(proposal.metres), proposal.ring) == (fumes.number, 300, 0)
    assert sources_upwind(room, station, {}, Wind(180, 3)) == []
    assert sources_upwind(room, Station("s", "站"), {}, Wind(0, 3)) == []
    leaf = room.area.net.leaf
    elsewhere = next(code for code in leaf.codes if code not in fumes.codes[leaf.key])
    who = permissions_of(None).given(Who("a1", "li", Role.WORKER, Scope.read(f"{room.id}:{leaf.key}:{elsewhere}"), "s"))
    assert sources_upwind(room.seen_by(who), station, {}, Wind(0, 3)) == []


def test_a_room_reads_the_folder_of_its_own_area(there):
    room, _ = there
    table = "站点,时间,PM2.5\n一,2026-11-20 12:00,40\n".encode()
    take(folder_of(room.ledger.folder, "mianfang"), "a.csv", table, ZONE)
    assert readings(room) == Readings()
    take(folder_of(room.ledger.folder, room.id), "a.csv", table, ZONE)
    assert list(readings(room).stations) == ["一"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rings_m": [500, 400]}, "rings_m: [500, 400] is no list of metres"),
        ({"core_deg": 60}, "core_deg: the core is wider"),
        ({"stopped_hours": "3"}, "stopped_hours: '3' is no whole number"),
        ({"colour": 1}, "colour: this is not known"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_their_key(change, said):
    with pytest.raises(RulesError) as refused:
        AirRules.from_table(rules.read("air") | change)
    assert said in "\n".join(refused.value.faults)


def test_the_shipped_kinds_are_kinds_of_sites(there):
    room, _ = there
    assert {*room.rules.air.coarse_kinds, *room.rules.air.fine_kinds} <= room.rules.sites.kinds.keys()
