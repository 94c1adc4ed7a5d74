"""The campaign of the demonstration, replayed day by day: what the console counts is what anybody counts by hand from the exported tables."""

from datetime import UTC, datetime, time, timedelta

import pandas as pd
import pytest
from rooms import room_of, shipped

from desk.campaigns import acts, letters, meetings, themes
from desk.demo import campaign as demo
from desk.demo import sheets as demo_sheets
from desk.sheets import acts as sheet_acts
from incidents.sheet_life import State as SheetState
from inspections.campaigns import total
from inspections.meetings import State
from inspections.sites import State as Stands
from ledger import campaigns, find, findings, inspections, sites
from ledger.verify import verify
from reports import inspection_exports, site_exports
from reports.coverage import coverage
from reports.sheet_frozen import drawn_up, printable, to_json

AREA, NOW, DAY = "mianfang", datetime(2026, 11, 20, 4, tzinfo=UTC), timedelta(days=1)
COUNTS = ["targets", "visited", "new_today", "findings", "corrected"]


def write(folder, now=NOW):
    room = room_of(shipped(AREA), folder)

    def work(writing):
        writing.begin(room.id, "demo", edition="x", digest="y", at=now)
        demo.write(writing, room, now)

    room.ledger.change(work)
    return room


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    found = write(tmp_path_factory.mktemp("campaign"))
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def tables(room, tmp_path_factory):
    """The three workbooks as an office has them: the register, the inspections, the findings."""
    folder, today = tmp_path_factory.mktemp("tables"), NOW.date()
    site_exports.export(room, sites.Asked(AREA), folder / "sites.xlsx", "en")
    inspection_exports.export(room, inspections.Asked(AREA), folder / "inspections.xlsx", "en")
    inspection_exports.export(room, findings.Asked(AREA, today=today), folder / "findings.xlsx", "en")
    return {name: pd.read_excel(folder / f"{name}.xlsx", dtype=str, header=0) for name in ("sites", "inspections", "findings")}  # fmt: skip


def by_hand(tables, phase, day, targets):
    """Count a day of a phase by community from the workbooks alone."""
    last = min(day, phase.closed).isoformat()
    first = phase.begun.isoformat()
    place = tables["sites"].set_index("Number")
    place = place.loc[sorted(targets)]
    level = next(name for name in place.columns if name.lower().startswith("community"))
    looked = tables["inspections"]
    looked = looked[looked["Number of the site"].isin(targets) & looked["Inspected on"].between(first, last)]
    firsts = looked.groupby("Number of the site")["Inspected on"].min()
    found = tables["findings"]
    found = found[found["Number of the site"].isin(targets) & found["Inspected on"].between(first, last)]
    right = found[found["Closed on"].fillna("9") <= day.isoformat()]
    counted = pd.DataFrame(
        {
            "targets": place.groupby(level).size(),
            "visited": place.loc[firsts.index].groupby(level).size(),
            "new_today": place.loc[firsts[firsts == day.isoformat()].index].groupby(level).size(),
            "findings": place.loc[found["Number of the site"]].groupby(level).size(),
            "corrected": place.loc[right["Number of the site"]].groupby(level).size(),
        }
    )
    return counted.fillna(0).astype(int)


def test_the_figures_of_every_day_are_those_that_one_counts_by_hand_from_the_workbooks(room, tables):
    (campaign,) = acts.listed(room)
    level, days = room.area.net.levels[1], 0
    names = dict(zip(map(str, level.codes), level.labels, strict=True))
    for number, phase in enumerate(campaign.phases, 1):
        with room.ledger.reading() as connection:
            targets = set(campaigns.drawn(connection, room.id, campaign.number, number))
        day = phase.begun
        while day <= phase.closed + DAY:
            at = datetime.combine(day, time(23, 59, 59), room.area.pack.timezone)
            rows = coverage(room, campaign, number, at, by="community")
            said = pd.DataFrame([{name: getattr(row, name) for name in COUNTS} for row in rows], index=[names[row.code] for row in rows])  # fmt: skip
            wanted = by_hand(tables, phase, day, targets)
            assert said.sort_index().to_dict() == wanted[COUNTS].sort_index().to_dict(), (number, day)
            whole = total(rows)
            assert whole.visited + whole.refused + whole.absent + whole.not_yet == whole.targets == len(targets)
            assert whole.corrected + whole.correcting + whole.handed_over == whole.findings
            days += 1
            day += DAY
    assert days == 43


def test_the_phases_are_street_shops_then_vendors_without_an_address_then_everything_that_is_left(room):
    (campaign,) = acts.listed(room)
    assert (campaign.phases[0].begun.month, campaign.phases[0].begun.day) == (6, 9)
    with room.ledger.reading() as connection:
        drawn = [set(campaigns.drawn(connection, room.id, campaign.number, number)) for number in (1, 2, 3)]
        known = {one.number: one for one in sites.page(connection, sites.Asked(AREA))}
    assert {known[one].kind for one in drawn[0]} == {"gas_shop", "gas_restaurant"}
    assert all(not known[one].address and len(known[one].spots) == 2 and known[one].mobile for one in drawn[1])
    assert set.union(*drawn) == set(known), "nothing is left out"
    assert sum(map(len, drawn)) == len(known), "and nothing counts twice"
    assert all(one.state is Stands.ACTIVE for one in known.values())


def test_meetings_say_what_was_inspected_that_day_and_letters_stand_among_the_papers(room, tables):
    (campaign,) = acts.listed(room)
    looked = tables["inspections"].groupby("Inspected on").size()
    held = meetings.listed(room, campaign.number)
    assert len(held) == sum((campaign.phases[0].begun + n * DAY).weekday() < 5 for n in range(40))
    for one in held:
        many = looked.get(one.day.isoformat(), 0)
        assert (f"检查 {many} 次" in one.words["done"]) is bool(many)
    assert {one.state for one in themes.listed(room, campaign.number)} == {State.HELD}
    signed = letters.listed(room, campaign.number, states=frozenset({State.SIGNED}))
    assert signed
    with room.ledger.reading() as connection:
        known = sites.named(connection, AREA, {one.key for one in signed if one.party == "site"})
    assert all(known[one.key].document("pledge").note == one.number for one in signed if one.party == "site")


def test_the_history_proves_all_of_it(room):
    assert not verify(room.ledger, now=NOW).breaks


def test_it_has_signed_sheets_of_its_last_days_with_the_figures_of_their_cut_off_and_one_that_was_withdrawn(room):
    with room.ledger.reading() as connection:
        before = find.version_at(connection, room.id, NOW)
    assert demo_sheets.take(room, NOW, drawn_up) == 4
    assert demo_sheets.take(room, NOW + DAY, drawn_up) == 0, "they are drawn up once"
    (campaign,) = acts.listed(room)
    found = sheet_acts.listed(room)
    last = found[1].day
    assert campaign.phases[-1].begun < last <= campaign.phases[-1].closed
    assert [(one.day, one.campaign, one.state) for one in found] == [
        (NOW.date() - DAY, "", SheetState.SENT),
        (last, campaign.number, SheetState.SENT),
        (last - DAY, campaign.number, SheetState.SENT),
        (last - DAY, campaign.number, SheetState.WITHDRAWN),
    ]
    assert all(one.seen <= before for one in found)
    assert all(len({hand.post for _act, hand in one.hands}) >= 3 for one in found)
    assert found[-1].reason
    assert len({one.issue for one in found}) == 4
    end = datetime.combine(last, room.rules.sheets.cutoff, room.area.pack.timezone) - timedelta(seconds=1)
    whole = total(coverage(room, campaign, 3, end, by="community", since=end - DAY))
    (_name, said) = to_json(printable(room, found[1], "zh"))["total"]
    for name in ("targets", "visited", "new_today", "findings", "corrected", "open_late"):
        assert said[name] == getattr(whole, name)
    assert said["new_today"]
    assert not verify(room.ledger, now=NOW).breaks


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (datetime(2026, 6, 9, 12, tzinfo=UTC), 4),  # that of the year before
        (datetime(2026, 6, 10, 8, 59, tzinfo=UTC), 2),
        (datetime(2026, 6, 11, 9, 5, tzinfo=UTC), 4),
    ],
)
def test_sheets_are_those_of_days_that_are_over(tmp_path, now, wanted):
    room = write(tmp_path, now)
    assert demo_sheets.take(room, now, drawn_up) == wanted
    assert all(hand.at <= now for one in sheet_acts.listed(room) for _act, hand in one.hands)
    assert not verify(room.ledger, now=now).breaks
    room.ledger.close()


def test_a_room_without_that_demonstration_has_no_sheet_of_it(tmp_path):
    room = room_of(shipped("longnan"), tmp_path)
    assert demo_sheets.take(room, NOW, drawn_up) == 0
    room.ledger.close()
    room = room_of(shipped(AREA), tmp_path / "empty")
    assert demo_sheets.take(room, NOW, drawn_up) == 0
    room.ledger.close()


@pytest.mark.parametrize("now", [datetime(2026, 6, 9, 12, tzinfo=UTC), datetime(2026, 6, 25, 3, tzinfo=UTC)])
def test_what_lies_ahead_has_not_happened(tmp_path, now):
    room = write(tmp_path, now)
    (campaign,) = acts.listed(room)
    with room.ledger.reading() as connection:
        made = inspections.page(connection, inspections.Asked(AREA))
    assert all(one.done_at <= now for one in made)
    year = 2026 if now.date() > datetime(2026, 6, 9, tzinfo=UTC).date() else 2025
    assert campaign.phases[0].begun.year == year
    room.ledger.close()
