"""The daily sheet of a campaign: a day from cut-off to cut-off, what was entered late, and findings that are counted and listed alike."""

from datetime import date, timedelta
from random import Random

import pytest
from inspected import AREA, CENTRE, FAULT, inspected, kept, made, shop, worker_of
from rooms import DISPATCHER, NOON

from desk.acts import Doing, do
from desk.campaigns import acts
from desk.campaigns.acts import Wish
from desk.inspections import acts as inspections
from desk.reports import Draft, report
from desk.sheets import acts as sheets
from desk.sites import register
from incidents.lifecycle import Act as Deed
from incidents.lifecycle import By, PostKind
from incidents.sheet_life import Act
from inspections.campaigns import Found, Gate, Phase, Rule, Source, total
from inspections.findings import Act as Step
from inspections.findings import Done
from ledger import findings
from ledger.sites import Asked
from reports.campaign_words import FAULTS, FINDINGS, fault_words, sheet_target, target_of
from reports.coverage import coverage
from reports.daily import draft
from reports.inspection_lists import findings_asked
from reports.sheet_frozen import drawn_up, printable

DAY, HOUR, TODAY = timedelta(days=1), timedelta(hours=1), date(2026, 11, 20)
CUTOFF = NOON + 5 * HOUR  # 17:00
LED = ("targets", "visited", "new_today", FINDINGS, *FAULTS)  # figures of a sheet that lead to a list
WRITER, CHECKER, SIGNER = (By(DISPATCHER.post, PostKind.DISPATCHER, account) for account in ("w1", "c1", "s1"))


@pytest.fixture
def room(tmp_path, database):
    found, site = kept(tmp_path / "ledger", database)
    worker_of(found, site)
    yield found
    found.ledger.close()


def running(room, shops):
    found = [shop(room, f"第{n}家", building=f"B0000{n % 8 + 1}") for n in range(shops)]
    phase = Phase("沿街门店", Rule(("gas_shop",)), TODAY, TODAY + 10 * DAY, Gate())
    campaign = acts.make(room, Wish("瓶装燃气专项行动", Source.SITES, (DISPATCHER.post,), (phase,)), DISPATCHER, NOON)
    return acts.begin(room, campaign, 1, DISPATCHER, NOON), found


def figures(room, campaign, day, now, *names):
    values = draft(room, now, "zh", day=day, campaign=campaign.number).total.values
    return [values[name] for name in names]


def late(room, site, done, now):
    """Write an inspection down that was made before."""
    return inspections.inspect(room, made(room, site, done_at=done), CENTRE, now)


def signed(room, campaign, day, now):
    frozen, seen = drawn_up(room, day, campaign.number, {}, now)
    sheet = sheets.draw(room, day, campaign.number, frozen, seen, 0, WRITER, now)
    sheet = sheets.do(room, sheet, Act.CHECK, CHECKER, now)
    return sheets.do(room, sheet, Act.SIGN, SIGNER, now)


def test_what_was_inspected_between_cut_off_and_midnight_is_new_on_the_next_day(room):
    campaign, shops = running(room, 4)
    minute = timedelta(minutes=1)
    for site, at in zip(shops, (CUTOFF - minute, CUTOFF, CUTOFF + 3 * HOUR, CUTOFF + 18 * HOUR), strict=True):
        inspected(room, site, now=at)
    inspected(room, shops[0], now=CUTOFF + 4 * HOUR)  # again: it is not new
    now = CUTOFF + 2 * DAY
    assert figures(room, campaign, TODAY, now, "visited", "new_today", "change") == [1, 1, 1]
    assert figures(room, campaign, TODAY + DAY, now, "visited", "new_today", "change") == [4, 3, 3]
    assert figures(room, campaign, TODAY + 2 * DAY, now, "visited", "new_today", "change") == [4, 0, 0]
    night = total(coverage(room, campaign, 1, CUTOFF + 6 * HOUR, by="community"))
    assert (night.visited, night.new_today) == (3, 3), "the page of campaigns goes by the calendar's day"


@pytest.mark.parametrize("seed", range(3))
def test_each_sheet_is_the_one_before_and_what_is_new(room, seed):
    campaign, shops = running(room, 12)
    random = Random(seed)
    times = sorted(random.randrange(3 * 24 * 60) for _ in range(16))
    for minutes in times:
        site, at = random.choice(shops), NOON + timedelta(minutes=minutes)
        if random.random() < 0.2:
            acts.attempt(room, site.number, Found.ABSENT, None, DISPATCHER, at)
        else:
            inspected(room, site, now=at)
    now, before = NOON + 5 * DAY, 0
    for day in (TODAY + n * DAY for n in range(5)):
        visited, new, change = figures(room, campaign, day, now, "visited", "new_today", "change")
        assert (visited, change) == (before + new, new)
        before = visited
    assert before == total(coverage(room, campaign, 1, now, by="post")).visited


def test_what_is_entered_after_a_sheet_was_signed_is_inspected_on_the_next_one_and_not_new_there(room):
    campaign, shops = running(room, 4)
    inspected(room, shops[0], now=CUTOFF - HOUR)
    sheet = signed(room, campaign, TODAY, CUTOFF + HOUR)
    before = printable(room, sheet, "zh")
    late(room, shops[1], CUTOFF - HOUR, CUTOFF + 2 * HOUR)  # came late
    late(room, shops[0], CUTOFF - 2 * HOUR, CUTOFF + 2 * HOUR)  # so did this one, and was counted already
    late(room, shops[2], CUTOFF + HOUR, CUTOFF + 2 * HOUR)  # of the new day, though before midnight
    frozen, _seen = drawn_up(room, TODAY + DAY, campaign.number, {}, CUTOFF + 3 * HOUR)
    said = frozen["papers"]["en"]
    assert [said["total"][1][name] for name in ("visited", "new_today")] == [3, 1]
    assert [one for one in said["notes"] if one.startswith("Came late: 1 places") and "2026-11-20" in one]
    assert printable(room, sheets.of(room, TODAY, campaign.number), "zh") == before
    assert before.total.values["visited"] == 1
    frozen, _seen = drawn_up(room, TODAY + 2 * DAY, campaign.number, {}, CUTOFF + 30 * HOUR)
    assert [one for one in frozen["papers"]["en"]["notes"] if "Came late: 1" in one], "until the next one is signed"
    signed(room, campaign, TODAY + DAY, CUTOFF + 25 * HOUR)
    frozen, _seen = drawn_up(room, TODAY + 2 * DAY, campaign.number, {}, CUTOFF + 30 * HOUR)
    assert not [one for one in frozen["papers"]["en"]["notes"] if "Came late" in one]


def test_cases_are_new_by_the_cut_off_as_well(room):
    since, before = NOON - HOUR, NOON + HOUR
    key = next(iter(room.rules.directory.classes))
    phase = Phase("拥堵", Rule((key,)), TODAY, TODAY + DAY, Gate())
    campaign = acts.make(room, Wish("占道", Source.CASES, (DISPATCHER.post,), (phase,)), DISPATCHER, NOON)
    campaign = acts.begin(room, campaign, 1, DISPATCHER, NOON)
    point = room.area.net.leaf.geoms[0].representative_point()
    filed = report(room, Draft(key, point.x, point.y, text="占道堆物", reported=NOON), DISPATCHER, NOON)
    do(room, Doing(filed.number, Deed.FILE), DISPATCHER, NOON)
    handler = next(key for key, post in room.register.posts(NOON).items() if post.kind is PostKind.WORKER)
    do(room, Doing(filed.number, Deed.DISPATCH, {"handler": handler}), DISPATCHER, NOON)
    rows = [total(coverage(room, campaign, 1, NOON + 2 * HOUR, by="community", since=moment)) for moment in (since, before)]  # fmt: skip
    assert [(one.visited, one.new_today) for one in rows] == [(1, 1), (1, 0)]


def test_each_figure_of_findings_leads_to_exactly_those_findings_now_and_on_a_past_day(room):
    campaign, shops = running(room, 6)
    for site in shops:
        inspected(room, site, FAULT, now=NOON + HOUR)
    with room.ledger.reading() as connection:
        numbers = [one.number for one in findings.page(connection, findings.Asked(AREA, TODAY))]
    steps = ([Step.CORRECT], [Step.CORRECT, Step.PASS], [Step.HAND_OVER], [Step.WITHDRAW], [], [])
    for number, some in zip(sorted(numbers), steps, strict=False):
        for place, step in enumerate(some, 1):
            _step(room, number, step, NOON + (place + 1) * HOUR)
    now, after = NOON + 90 * DAY, total(coverage(room, campaign, 1, NOON + 90 * DAY, by="post"))
    assert after.findings == 5
    assert {name: getattr(after, name) for name in FAULTS} == {"corrected": 1, "handed_over": 1, "correcting": 3, "open_late": 2}  # fmt: skip
    for day in ("", ".2026-11-20", ".2026-11-19"):
        at = {"": now, ".2026-11-20": NOON + 12 * HOUR - timedelta(seconds=1), ".2026-11-19": NOON - 12 * HOUR}[day]
        for by in ("community", "post"):
            for row in coverage(room, campaign, 1, at, by=by):
                for name in (FINDINGS, *FAULTS):
                    how = "" if name == FINDINGS else f".{name}"
                    said = {"pile": "all", "target": f"{campaign.number}.1{how}{day}@{by}:{row.code}"}
                    with room.ledger.reading() as connection:
                        assert findings.count(connection, findings_asked(room, said, now)) == getattr(row, name)


def listed(room, campaign, paper, which, now):
    """Follow each figure of a sheet to its list: column and line -> how many are there."""
    found = {}
    for row in (*paper.rows, paper.total):
        for column in paper.columns:
            to = sheet_target(room, campaign.number, paper, which, column.key, row.code)
            if to and (row.code or row is paper.total):
                page, own = to
                with room.ledger.reading() as connection:
                    found[column.key, row.name] = findings.count(connection, findings_asked(room, own, now)) if page == "findings" else len(target_of(room, own["target"], now))  # fmt: skip
    return found


def said(paper):
    return {(name, row.name): row.values[name] for row in (*paper.rows, paper.total) for name in LED if row.code or row is paper.total}  # fmt: skip


def test_each_figure_of_a_sheet_leads_to_what_it_counts_also_of_one_that_was_signed_before_more_came(room):
    campaign, shops = running(room, 6)
    for site, hours in zip(shops[:4], (1, 2, 3, 26), strict=True):
        inspected(room, site, FAULT if hours != 2 else None, now=NOON + hours * HOUR)
    now = CUTOFF + DAY
    for day in (TODAY, TODAY + DAY):
        paper = draft(room, now, "zh", day=day, campaign=campaign.number)
        assert listed(room, campaign, paper, str(day), now) == said(paper)
    sheet = signed(room, campaign, TODAY + DAY, now)
    paper = printable(room, sheet, "zh")
    late(room, shops[4], CUTOFF, now + HOUR)
    inspected(room, shops[5], now=now + HOUR)
    assert listed(room, campaign, paper, sheet.number, now + DAY) == said(paper)
    assert paper.total.values["visited"] == 4
    assert paper.total.values["findings"] == 3


def _step(room, number, step, at):
    data = {"to": DISPATCHER.post, "reason": "多次督促未整改"} if step is Step.HAND_OVER else {"reason": "误记"} if step is Step.WITHDRAW else {}  # fmt: skip
    by = (
        worker_of(room, register.listed(room, Asked(AREA))[0])
        if step is Step.CORRECT
        else By("head:community:1", PostKind.HEAD)
        if step is Step.WITHDRAW
        else DISPATCHER
    )
    room.ledger.change(lambda writing: findings.act(writing, room.id, number, Done(step, by, at, data), day=TODAY))


@pytest.mark.parametrize("said", ["专-1999-0001.1", "x", "专-2026-0001.9.corrected", "专-2026-0001.1.2026-13-40"])
def test_an_address_of_no_phase_lists_no_finding(room, said):
    campaign, shops = running(room, 1)
    inspected(room, shops[0], FAULT, now=NOON)
    with room.ledger.reading() as connection:
        assert findings.count(connection, findings_asked(room, {"target": said}, NOON)) == 0
        assert findings.count(connection, findings_asked(room, {"target": f"{campaign.number}.1"}, NOON)) == 1
    assert fault_words(room, said, NOON, str) == ""
    assert campaign.name in fault_words(room, f"{campaign.number}.1.corrected", NOON, str)
