"""Inspections in the ledger, on both databases: what they open, once, in which version, as far as one sees, and proven."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from inspected import BUILDING, CENTRE, FAULT, NOON, inspected, kept, made, passing, shop, worker_of
from rooms import room_of, shipped
from sqlalchemy import delete, update

from desk.access.permissions import permissions_of
from desk.demo import sites as demo
from desk.inspections import clock, reading
from desk.inspections import findings as acts
from desk.inspections.acts import Made, inspect, preview
from desk.inspections.findings import Doing
from desk.sites import register
from desk.sites.register import Wish
from geo.errors import AnswersError, Conflict, DraftError, LifecycleError, NoAccess, PhotoError, RulesError
from incidents.access import Role, Scope, Who
from incidents.lifecycle import By, PostKind
from inspections.answers import Outcome
from inspections.findings import Act, State
from inspections.inspection import Signed, Way
from inspections.sites import Act as Turn
from ledger import tables
from ledger.findings import Asked as AskedFindings
from ledger.findings import forget
from ledger.inspections import Asked
from ledger.verify import verify

TODAY = date(2026, 11, 20)
DAY = timedelta(days=1)
HEAD = By("head:grid:1", PostKind.HEAD, "a2")


@pytest.fixture
def there(tmp_path, database):
    room, site = kept(tmp_path / "ledger", database)
    yield room, site
    room.ledger.close()


def asked(room, **fields):
    return AskedFindings(room.id, TODAY, **fields)


def do(room, number, act, by=CENTRE, *, now=NOON, expected=None, **data):
    return acts.do(room, Doing(number, act, data, expected=expected), by, now)


def breaks(room):
    return verify(room.ledger, now=NOON).breaks


def somebody(role, scope):
    return permissions_of(None).given(Who("a1", "li", Role(role), Scope.read(scope), "s1"))


def test_what_passes_is_a_record_without_findings(there):
    room, site = there
    done = inspected(room, site)
    assert (done.inspection.number, done.inspection.outcome) == ("检-20261120-0001", Outcome.PASS)
    assert (done.findings, done.inspection.day, done.inspection.codes) == ((), TODAY, site.codes)
    assert reading.get(room, done.inspection.number).verdict.outcome is Outcome.PASS
    assert breaks(room) == ()


def test_what_fails_opens_a_finding_with_grade_and_day_and_keeps_its_words_apart(there):
    room, site = there
    done = inspected(room, site, FAULT)
    (found,) = done.findings
    assert (found.number, found.item, found.state.state) == ("患-20261120-0001", "G03", State.OPEN)
    assert found.state.due == done.inspection.due == TODAY + 7 * DAY
    sheet = reading.get(room, done.inspection.number)
    assert (sheet.notes, sheet.findings, sheet.inspection.failed) == ({"G03": "阀门旁堆放纸箱"}, (found,), 1)
    assert "note" not in sheet.inspection.answers["G03"]
    assert breaks(room) == ()


def test_what_was_put_right_on_the_spot_is_in_the_register_and_closed(there):
    room, site = there
    done = inspected(room, site, {"G03": {"value": "fail", "corrected": True}})
    assert done.inspection.outcome is Outcome.CORRECTED
    assert [(one.state.state, one.state.spot, one.closed) for one in done.findings] == [(State.CLOSED, True, TODAY)]
    assert breaks(room) == ()


def test_a_fault_that_asks_for_a_photo_needs_it_and_keeps_it_once(there, jpeg):
    room, site = there
    with pytest.raises(DraftError, match="A photo is missing of G01"):
        inspected(room, site, {"G01": "fail"})
    fault = {"G01": {"value": "fail", "photos": ["p"]}}
    with pytest.raises(DraftError, match="did not come"):
        inspected(room, site, fault)
    done = inspected(room, site, fault, photos={"p": jpeg})
    (photo,) = reading.get(room, done.inspection.number).photos
    assert done.inspection.answers["G01"]["photos"] == [photo["sha256"]]
    assert breaks(room) == ()
    with pytest.raises(PhotoError):
        inspected(room, site, fault, photos={"p": b"no photo"})


def test_a_signature_has_its_picture(there, jpeg):
    room, site = there
    with pytest.raises(DraftError, match="A signature has its picture"):
        inspected(room, site, signed=Signed.SIGNED)
    with pytest.raises(DraftError, match="picture of the signature did not come"):
        inspected(room, site, signed=Signed.SIGNED, signature="another", photos={"s": jpeg})
    done = inspected(room, site, signed=Signed.SIGNED, signature="s", photos={"s": jpeg})
    assert done.inspection.signature in done.inspection.photos
    assert inspected(room, site, signed=Signed.REFUSED).inspection.signed is Signed.REFUSED


def test_what_a_phone_sends_twice_is_written_once(there):
    room, site = there
    first = inspected(room, site, FAULT, item="a1 k1")
    again = inspected(room, site, FAULT, item="a1 k1", now=NOON + DAY)
    assert (again.inspection, again.findings) == (first.inspection, first.findings)
    assert reading.count(room, Asked(room.id)) == reading.found_count(room, asked(room)) == 1


def test_a_week_late_it_counts_for_its_own_day(there):
    room, site = there
    done = inspected(room, site, FAULT, done_at=NOON - 7 * DAY)
    assert done.inspection.day == TODAY - 7 * DAY
    assert done.inspection.number == "检-20261113-0001"
    assert done.findings[0].state.due == TODAY
    assert breaks(room) == ()


def test_a_site_that_closed_is_not_looked_at_but_was_before(there):
    room, site = there
    register.turn(room, site, Turn.CLOSE, "拆除", TODAY - DAY, CENTRE, NOON)
    with pytest.raises(DraftError, match="is closed since 2026-11-19"):
        inspected(room, site)
    assert inspected(room, site, done_at=NOON - 3 * DAY).inspection.day == TODAY - 3 * DAY


def test_answers_keep_the_version_of_their_checklist_and_another_is_refused(there):
    room, site = there
    with pytest.raises(RulesError, match="of version 99"):
        inspect(room, Made(site.number, "gas_shop", 99, {"G03": "fail"}), CENTRE, NOON)
    with pytest.raises(DraftError, match="is not for gas_shop"):
        inspected(room, site, checklist="fumes")
    number = inspected(room, site).inspection.number
    found = dict(room.rules.checklists.found)
    old = found.pop(("gas_shop", 1))
    later = replace(room.rules.checklists, found={**found, ("gas_shop", 2): replace(old, version=2)})
    newer = replace(room, rules=replace(room.rules, checklists=later))
    assert reading.get(newer, number).verdict is None
    assert reading.get(newer, number).inspection.checklist_version == 1


def test_a_checklist_that_is_edited_under_its_version_is_named_and_gives_no_verdict(there):
    room, site = there
    number = inspected(room, site).inspection.number
    assert reading.edited(room) == []
    found = dict(room.rules.checklists.found)
    found["gas_shop", 1] = replace(found["gas_shop", 1], digest="0" * 64)
    other = replace(room, rules=replace(room.rules, checklists=replace(room.rules.checklists, found=found)))
    (line,) = reading.edited(other)
    assert "Write version = 2" in line
    assert reading.get(other, number).verdict is None


def test_nothing_half_is_written(there):
    room, site = there
    with pytest.raises(AnswersError):
        inspected(room, site, {"G03": "maybe"})
    with pytest.raises(DraftError, match="Nothing was looked at"):
        inspect(room, Made(site.number), CENTRE, NOON)
    with pytest.raises(DraftError, match="患-1"):
        inspected(room, site, FAULT, rechecks={"患-1": "pass"})
    assert reading.count(room, Asked(room.id)) == reading.found_count(room, asked(room)) == 0


def test_the_same_item_again_is_a_repeat_within_its_time(there):
    room, site = there
    first = inspected(room, site, FAULT)
    do(room, first.findings[0].number, Act.CORRECT, worker_of(room, site))
    do(room, first.findings[0].number, Act.PASS)
    second = inspected(room, site, FAULT, now=NOON + 30 * DAY)
    assert second.findings[0].repeats == first.findings[0].number
    do(room, second.findings[0].number, Act.PASS, HEAD)
    much_later = NOON + 500 * DAY
    said = {**passing(room.rules.checklists.current("gas_shop"), much_later), **FAULT}
    assert inspected(room, site, said, now=much_later).findings[0].repeats == ""
    assert reading.found_count(room, asked(room, repeated=True)) == 1


def test_an_item_that_fails_while_its_finding_stands_is_that_finding_again_and_no_second_one(there):
    room, site = there
    (one,) = inspected(room, site, FAULT).findings
    again = inspected(room, site, FAULT, now=NOON + 3 * DAY)
    assert (again.findings, again.inspection.rechecked) == ((), (one.number,))
    state = reading.finding(room, one.number).filed.state
    assert (state.state, state.failed_rounds, state.due) == (State.OPEN, 1, TODAY + 10 * DAY)
    do(room, one.number, Act.HAND_OVER, to="住建局", reason="超出权限")
    assert inspected(room, site, FAULT, now=NOON + 4 * DAY).inspection.rechecked == ()
    assert reading.found_count(room, asked(room)) == 1
    assert breaks(room) == ()


def test_what_waits_to_be_looked_at_again_waits_on_where_a_worker_puts_it_right_once_more(there):
    room, site = there
    (one,) = inspected(room, site, FAULT).findings
    worker = worker_of(room, site)
    do(room, one.number, Act.CORRECT, worker)
    spot = {"G03": {"value": "fail", "corrected": True}}
    done = inspected(room, site, spot, worker, now=NOON + DAY)
    assert (done.findings, done.inspection.rechecked, done.inspection.corrected) == ((), (), 1)
    assert reading.finding(room, one.number).filed.state.state is State.CORRECTED
    assert inspected(room, site, spot, CENTRE, now=NOON + 2 * DAY).inspection.rechecked == (one.number,)
    assert reading.finding(room, one.number).filed.state.state is State.CLOSED
    assert breaks(room) == ()


def test_a_site_that_moved_to_another_grid_meanwhile_is_taken_with_its_grids_of_now(there):
    room, site = there
    before = inspected(room, site, FAULT)
    level = room.area.net.leaf.key
    wish = Wish(site.kind, site.name, building="B00300", number=site.number, version=site.version)
    now_at = register.put(room, wish, CENTRE, NOON)
    done = inspected(room, site, done_at=NOON - DAY)  # sent later, with the site as the phone knew it
    assert (done.inspection.codes, done.inspection.lon) == (now_at.codes, now_at.lon)
    assert now_at.codes[level] != site.codes[level]
    assert reading.get(room, before.inspection.number).inspection.codes == site.codes
    here = (level, now_at.codes[level].split(";")[0])
    assert reading.count(room, Asked(room.id, grid=here)) == 2
    assert breaks(room) == ()


def test_nobody_inspected_tomorrow(there):
    room, site = there
    with pytest.raises(DraftError, match="2026-11-21 has not come yet"):
        inspected(room, site, done_at=NOON + DAY)


def test_an_item_that_fails_never_passes_its_finding_whatever_the_recheck_says(there):
    room, site = there
    (one,) = inspected(room, site, FAULT).findings
    do(room, one.number, Act.CORRECT, worker_of(room, site))
    inspected(room, site, FAULT, now=NOON + DAY, rechecks={one.number: "pass"})
    assert reading.finding(room, one.number).filed.state.state is State.OPEN
    do(room, one.number, Act.HAND_OVER, to="住建局", reason="超出权限")
    done = inspected(room, site, FAULT, HEAD, now=NOON + 2 * DAY, rechecks={one.number: "pass"})
    assert done.inspection.rechecked == ()
    assert reading.finding(room, one.number).filed.state.state is State.HANDED_OVER
    assert breaks(room) == ()


def test_a_day_after_failing_again_is_no_way_round_the_limit_of_more_time(there):
    room, site = there
    (one,) = inspected(room, site, FAULT).findings
    with pytest.raises(DraftError, match="That is too long"):
        do(room, one.number, Act.FAIL, due="2028-01-01")
    latest = TODAY + (7 + room.rules.findings.most_extension_days) * DAY
    assert do(room, one.number, Act.FAIL, due=latest.isoformat()).state.due == latest


def test_looking_again_closes_what_another_person_put_right(there):
    room, site = there
    (one,) = inspected(room, site, FAULT).findings
    worker = worker_of(room, site)
    assert do(room, one.number, Act.CORRECT, worker).state.state is State.CORRECTED
    done = inspect(room, Made(site.number, rechecks={one.number: "pass"}), CENTRE, NOON + DAY)
    assert (done.inspection.way, done.inspection.rechecked) == (Way.RECHECK, (one.number,))
    assert reading.finding(room, one.number).filed.closed == TODAY + DAY
    assert breaks(room) == ()


def test_looking_again_at_ones_own_finding_leaves_its_closing_to_another(there):
    room, site = there
    (one,) = inspected(room, site, FAULT).findings
    inspect(room, Made(site.number, rechecks={one.number: "pass"}), CENTRE, NOON + DAY)
    assert reading.finding(room, one.number).filed.state.state is State.CORRECTED
    with pytest.raises(LifecycleError, match="who put it right does not close it"):
        do(room, one.number, Act.PASS)
    assert do(room, one.number, Act.PASS, HEAD).state.state is State.CLOSED


def test_what_fails_again_has_the_days_of_its_grade_from_then_on(there):
    room, site = there
    (one,) = inspected(room, site, FAULT).findings
    inspect(room, Made(site.number, rechecks={one.number: "fail"}), CENTRE, NOON + 8 * DAY)
    state = reading.finding(room, one.number).filed.state
    assert (state.failed_rounds, state.due) == (1, TODAY + 15 * DAY)
    other = shop(room, "另一家", building="B00041")
    with pytest.raises(DraftError, match="Look at it there"):
        inspect(room, Made(other.number, rechecks={one.number: "pass"}), CENTRE, NOON)


def test_more_time_is_given_as_often_and_as_long_as_the_setting_says(there):
    room, site = there
    (one,) = inspected(room, site, FAULT).findings
    with pytest.raises(DraftError, match="That is too long"):
        do(room, one.number, Act.EXTEND, due="2027-03-01", reason="x")
    for days in (10, 20):
        do(room, one.number, Act.EXTEND, due=(TODAY + days * DAY).isoformat(), reason="配件未到")
    with pytest.raises(DraftError, match="got more time 2 time"):
        do(room, one.number, Act.EXTEND, due=(TODAY + 25 * DAY).isoformat(), reason="配件未到")


def test_two_who_judge_at_once_meet_as_a_conflict(there):
    room, site = there
    (one,) = inspected(room, site, FAULT).findings
    do(room, one.number, Act.NOTE, text="已联系", expected=one.version)
    with pytest.raises(Conflict):
        do(room, one.number, Act.CORRECT, expected=one.version)


def test_a_day_that_is_over_is_told_once(there):
    room, site = there
    inspected(room, site, FAULT)
    assert clock.take(room, NOON + 7 * DAY) == 0
    assert clock.take(room, NOON + 8 * DAY) == 1
    assert clock.take(room, NOON + 9 * DAY) == 0
    assert reading.found_count(room, replace(asked(room, overdue=True), today=TODAY + 8 * DAY)) == 1
    assert breaks(room) == ()


def test_who_does_not_see_the_site_sees_nothing_of_it(there):
    room, site = there
    done = inspected(room, site, FAULT)
    level = room.area.net.leaf.key
    here = site.codes[level].split(";")[0]
    elsewhere = next(code for code in room.area.net.leaf.codes if code != here)
    mine, theirs = (room.seen_by(somebody("worker", f"{room.id}:{level}:{code}")) for code in (here, elsewhere))
    assert reading.count(mine, Asked(room.id)) == reading.found_count(mine, asked(room)) == 1
    assert reading.count(theirs, Asked(room.id)) == reading.found_count(theirs, asked(room)) == 0
    with pytest.raises(DraftError, match="no inspection"):
        reading.get(theirs, done.inspection.number)
    with pytest.raises(DraftError, match="no finding"):
        reading.finding(theirs, done.findings[0].number)
    with pytest.raises(DraftError, match="no site"):
        inspect(theirs, made(room, site), worker_of(room, site), NOON)


def test_an_analyst_looks_and_writes_nothing(there):
    room, site = there
    analyst = room.seen_by(somebody("analyst", room.id))
    assert reading.count(analyst, Asked(room.id)) == 0
    with pytest.raises(NoAccess):
        inspected(analyst, site)


def test_a_preview_writes_nothing(there):
    room, site = there
    assert preview(room, made(room, site, FAULT), NOON).outcome is Outcome.DEADLINE
    assert reading.count(room, Asked(room.id)) == 0


def test_questions_narrow_in_the_database(there):
    room, site = there
    inspected(room, site, FAULT)
    fumes = shop(room, "炭火烧烤", "fumes", "B00041")
    inspected(room, fumes, checklist="fumes", now=NOON + DAY)
    assert [one.kind for one in reading.listed(room, Asked(room.id))] == ["fumes", "gas_shop"]
    assert reading.counts(room, Asked(room.id), "outcome") == {"pass": 1, "deadline": 1}
    assert reading.count(room, Asked(room.id, kinds=frozenset({"fumes"}))) == 1
    assert reading.count(room, Asked(room.id, since=TODAY + DAY)) == 1
    assert reading.count(room, Asked(room.id, text="羊汤")) == reading.count(room, Asked(room.id, text="0001")) - 1 == 1
    level = room.area.net.leaf.key
    code = site.codes[level].split(";")[0]
    by_grid = reading.counts(room, Asked(room.id), level)
    assert sum(by_grid.values()) == 2
    assert reading.count(room, Asked(room.id, grid=(level, code))) == by_grid[code]
    assert reading.found_counts(room, asked(room), "grade") == {"minor": 1}


FORGERIES = {
    "another outcome": lambda: update(tables.inspection).values(outcome="pass"),
    "no inspection": lambda: delete(tables.inspection),
    "a closed finding": lambda: update(tables.finding).values(state="closed"),
    "no photo": lambda: delete(tables.inspection_photo),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_stands_otherwise_than_its_history_is_named(there, jpeg, forgery):
    room, site = there
    inspected(room, site, {"G01": {"value": "fail", "photos": ["p"]}}, photos={"p": jpeg})
    assert breaks(room) == ()
    with room.ledger.engine.begin() as connection:
        connection.execute(FORGERIES[forgery]())
    assert breaks(room)


def test_every_checklist_that_passes_passes(there):
    room, _site = there
    kinds = {"construction": "dust", "ebike": "ebike_charging", "fumes": "fumes", "gas_household": "gas_household", "small_places": "small_shop"}  # fmt: skip
    for place, (key, kind) in enumerate(kinds.items()):
        site = shop(room, f"{place}号", kind if kind in room.rules.sites.kinds else next(iter(room.rules.checklists.current(key).kinds), "shop"), BUILDING)  # fmt: skip
        assert passing(room.rules.checklists.current(key))
        assert inspected(room, site, checklist=key).inspection.failed == 0


def test_a_demonstration_has_sites_and_findings_in_every_state(tmp_path):
    room = room_of(shipped("longnan"), tmp_path / "ledger")
    room.ledger.change(lambda writing: demo.write(writing, room, NOON))
    states = reading.found_counts(room, asked(room), "state")
    assert {"open", "corrected", "closed"} <= states.keys()
    assert {"pass", "deadline"} <= reading.counts(room, Asked(room.id), "outcome").keys()
    assert reading.found_count(room, asked(room, overdue=True)) > 0
    assert breaks(room) == ()
    room.ledger.close()


def test_words_go_once_all_that_belongs_to_them_is_over_for_long_enough(there):
    room, site = there
    done = inspected(room, site, FAULT)
    (one,) = done.findings
    later = NOON + timedelta(days=room.rules.settings.inspection_days + 30)

    def erase():
        return room.ledger.change(lambda writing: forget(writing, room.id, before=(later - 20 * DAY).date(), at=later))

    assert erase() == 0
    do(room, one.number, Act.CORRECT, worker_of(room, site))
    do(room, one.number, Act.WITHDRAW, HEAD, reason="重复登记")
    assert erase() == 2
    assert reading.get(room, done.inspection.number).notes == {}
    assert erase() == 0
    assert breaks(room) == ()
