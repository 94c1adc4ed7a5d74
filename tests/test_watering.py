"""Watering logs: lines once and never deleted, dry sites found, days that nobody has to water do not count, and all of it proved."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspected import CENTRE, kept, shop, worker_of
from rooms import NOON
from visits import who

from desk.posts.acting import acting, posts_of
from desk.sites import register, watering
from geo.errors import DraftError, NoAccess, RulesError
from inspections.sites import Act
from inspections.watering import WateringRules, Wet, standing
from ledger.verify import verify
from reports import site_lists
from reports.site_layer import layer

ZONE = ZoneInfo("Asia/Shanghai")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def room(tmp_path, database):
    found, _shop = kept(tmp_path / "ledger", database)
    yield found
    found.ledger.close()


def site_in(room):
    return shop(room, "一号工地", "dust")


def breaks(room):
    return [str(one) for one in verify(room.ledger, now=NOON).breaks]


def test_a_line_is_written_struck_and_proved(room):
    site = site_in(room)
    assert watering.log(room, site, NOON).standing is Wet.DRY
    assert list(watering.dry(room, NOON)) == [site.number]
    by = worker_of(room, site)
    line = watering.water(room, site.number, "mist", NOON - 2 * HOUR, by, NOON)
    found = watering.log(room, site, NOON)
    assert (found.standing, found.last, [one.way for one in found.lines]) == (Wet.WATERED, NOON - 2 * HOUR, ["mist"])
    assert watering.dry(room, NOON) == {}
    assert list(watering.dry(room, NOON + DAY)) == [site.number]
    watering.strike(room, site.number, line.id, by, NOON)
    with pytest.raises(DraftError):
        watering.strike(room, site.number, line.id, by, NOON)
    after = watering.log(room, site, NOON)
    assert (after.standing, after.last, after.lines[0].struck) == (Wet.DRY, None, NOON)
    watering.excuse(room, NOON.astimezone(ZONE).date(), "rain", CENTRE, NOON)
    assert watering.log(room, site, NOON).standing is Wet.EXCUSED
    assert breaks(room) == []
    watering.excuse(room, NOON.astimezone(ZONE).date(), "", CENTRE, NOON)
    assert watering.log(room, site, NOON).standing is Wet.DRY
    assert breaks(room) == []


def test_the_same_from_a_phone_is_one_line(room):
    site = site_in(room)
    by = worker_of(room, site)
    first = watering.water(room, site.number, "cart", NOON - HOUR, by, NOON, item="a1:k")
    assert watering.water(room, site.number, "cart", NOON - HOUR, by, NOON + HOUR, item="a1:k") == first
    assert len(watering.log(room, site, NOON).lines) == 1
    other = shop(room, "二号工地", "dust")
    assert watering.water(room, other.number, "cart", NOON - HOUR, by, NOON, item="a1:k") == first
    assert watering.log(room, other, NOON).lines == ()


def test_what_cannot_be_is_refused(room):
    site, by = site_in(room), CENTRE
    other = shop(room, "二号店")
    for wrong in [
        (other.number, "mist", NOON),
        (site.number, "prayer", NOON),
        (site.number, "mist", NOON + DAY),
        (site.number, "mist", NOON - 30 * DAY),
        ("场-9999", "mist", NOON),
    ]:
        with pytest.raises(DraftError):
            watering.water(room, *wrong, by, NOON)
    with pytest.raises(DraftError):
        watering.excuse(room, date(2026, 1, 1), "rain", by, NOON)
    with pytest.raises(DraftError):
        watering.excuse(room, NOON.date(), "laziness", by, NOON)
    assert watering.log(room, site, NOON).lines == ()


def test_only_who_wrote_a_line_or_judges_strikes_it_and_only_the_whole_area_is_excused(room):
    site = site_in(room)
    by = worker_of(room, site)
    line = watering.water(room, site.number, "hand", NOON, by, NOON)
    level, code = room.area.net.leaf.key, site.codes[room.area.net.leaf.key]
    looks = room.seen_by(who("worker", f"longnan:{level}:{code}"))
    own = watering.water(looks, site.number, "hand", NOON, looks_as(looks), NOON)
    assert own.post == by.post
    with pytest.raises((DraftError, NoAccess)):
        watering.excuse(looks, NOON.date(), "rain", looks_as(looks), NOON)
    analyst = room.seen_by(who("analyst", "longnan"))
    with pytest.raises(NoAccess):
        watering.strike(analyst, site.number, line.id, CENTRE, NOON)
    other = next(str(one) for one in room.area.net.leaf.codes if one != code)
    with pytest.raises(DraftError):
        watering.water(room.seen_by(who("worker", f"longnan:{level}:{other}")), site.number, "hand", NOON, by, NOON)


def looks_as(room):
    return acting(room, posts_of(room, room.who, NOON)[0])


def test_the_list_of_dry_sites_is_the_layer_of_dry_sites(room):
    sites = [shop(room, f"{n}号工地", "dust") for n in range(3)]
    watering.water(room, sites[1].number, "mist", NOON, CENTRE, NOON)
    own = {"water": "dry"}
    asked = site_lists.asked_of(room, own, NOON)
    assert [one.number for one in register.listed(room, asked)] == [sites[0].number, sites[2].number]
    assert layer(room, "sites", "water=dry", NOON)["number"] == [sites[0].number, sites[2].number]
    for one in (sites[0], sites[2]):
        register.turn(room, one, Act.SUSPEND, "停工", NOON.date(), register.hand(room, NOON), NOON)
    assert register.listed(room, site_lists.asked_of(room, own, NOON)) == []


# The rule alone


@pytest.mark.parametrize(("ago", "wet"), [(24 * HOUR, Wet.WATERED), (24 * HOUR + timedelta(seconds=1), Wet.DRY)])
def test_the_limit_on_both_sides(ago, wet):
    assert standing(NOON - ago, NOON, 24, (), ZONE) is wet


def test_a_day_of_rain_does_not_count():
    rain = NOON.astimezone(ZONE).date() - DAY
    assert standing(NOON - 47 * HOUR, NOON, 24, {rain}, ZONE) is Wet.WATERED
    assert standing(NOON - 49 * HOUR, NOON, 24, {rain}, ZONE) is Wet.DRY
    assert standing(None, NOON, 24, {rain}, ZONE) is Wet.DRY


@pytest.mark.parametrize("rain", [date(2026, 3, 8), date(2026, 11, 1)])  # of 23 and of 25 hours
def test_a_day_of_rain_on_which_the_clocks_change_does_not_count_as_long_as_it_is(rain):
    zone = ZoneInfo("America/New_York")
    start, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (rain, rain + DAY))
    last, now = start - 12 * HOUR, end + 12 * HOUR
    assert standing(last, now, 24, {rain}, zone) is Wet.WATERED
    assert standing(last, now + timedelta(seconds=1), 24, {rain}, zone) is Wet.DRY


@given(st.integers(0, 400), st.sets(st.integers(0, 16), max_size=6), st.integers(0, 16), st.integers(1, 100))
def test_more_excuses_and_later_waterings_never_make_a_site_drier(hours, back, more, limit):
    now = datetime(2026, 11, 20, 4, tzinfo=UTC)
    days = {now.astimezone(ZONE).date() - timedelta(days=one) for one in back}
    order = [Wet.DRY, Wet.WATERED, Wet.EXCUSED]
    before = standing(now - hours * HOUR, now, limit, days, ZONE)
    wider = standing(now - hours * HOUR, now, limit, days | {now.astimezone(ZONE).date() - timedelta(days=more)}, ZONE)
    assert order.index(wider) >= order.index(before)
    assert order.index(standing(now - hours * HOUR / 2, now, limit, days, ZONE)) >= order.index(before)


def test_faults_of_the_file_are_all_named():
    with pytest.raises(RulesError) as error:
        WateringRules.from_table({"hours": 0, "kinds": ["dust"], "ways": [{"key": "1", "name": "x"}], "odd": 1})
    said = str(error.value) + " ".join(getattr(error.value, "faults", []))
    for word in ("hours", "back_days", "ways[1].key", "odd"):
        assert word in said


@pytest.mark.parametrize("key", ["x" * 21, "喷淋", "a b", "", 1])
def test_a_key_that_the_ledger_cannot_hold_is_a_fault(key):
    table = {"hours": 24, "back_days": 7, "kinds": ["dust"], "ways": [{"key": "x" * 20, "name": "喷淋"}]}
    assert list(WateringRules.from_table(table).ways) == ["x" * 20]
    with pytest.raises(RulesError):
        WateringRules.from_table({**table, "ways": [{"key": key, "name": "喷淋"}]})
