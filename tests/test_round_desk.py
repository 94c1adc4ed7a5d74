"""Rounds of a room: when sites are due, the rule with its effect before it is saved, fewer rounds by another person's approval, today's list, and what runs out told once."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inspected import CENTRE, kept, shop, worker_of
from rooms import DISPATCHER, NOON
from sqlalchemy import select

from data import rules as files
from desk.inspections import expiring, rounds, today
from desk.inspections.acts import Made, inspect
from desk.outbox.book import Book
from desk.outbox.derive import derive
from desk.outbox.rules import OutboxRules
from desk.sites import register
from desk.sites.register import Wish
from geo.errors import Conflict, DraftError, NoAccess, RulesError
from incidents.access import Role, Scope, Who
from incidents.lifecycle import By, PostKind
from inspections.lowering import Act, State
from inspections.rounds import RoundRules, Standing, Why
from inspections.sites import Act as Turn
from inspections.sites import Document
from ledger import rounds as rows
from ledger.sites import Asked
from ledger.tables import message

DAY = timedelta(days=1)
TODAY = date(2026, 11, 20)
HEAD = By("head:grid:01", PostKind.HEAD, "a2")
FAILS = {"G03": "fail"}


def look(room, site, said=None, now=NOON):
    checklist = room.rules.checklists.current("gas_shop")
    return inspect(room, Made(site.number, checklist.key, checklist.version, said or {"G03": "pass"}), CENTRE, now)


@pytest.fixture
def shops(tmp_path):
    """A room with three shops: entered today, and two that were inspected 31 and 70 days ago."""
    room, first = kept(tmp_path)
    second, third = (shop(room, name, building=at, now=NOON - 90 * DAY) for name, at in (("二店", "B00041"), ("三店", "B00042")))  # fmt: skip
    look(room, second, now=NOON - 31 * DAY)
    look(room, third, now=NOON - 70 * DAY)
    return room, first, second, third


def base(room, site):
    return room.rules.sites.kind(site.kind).base_days


def fewer(room, days):
    """Return the table of the rule that holds with another base for shops."""
    return {**rounds.rules(room).to_table(), "base_days": {"gas_shop": days}}


def test_some_sites_stand_alone_as_they_do_among_all(shops):
    room, first, second, third = shops
    look(room, second, FAILS)
    register.turn(room, register.get(room, third.number), Turn.SUSPEND, "装修", TODAY, CENTRE, NOON)
    wanted = [first.number, second.number, third.number, "场-9999"]
    for now in (NOON, NOON + 40 * DAY):
        alone = rounds.some(room, wanted, now)  # nothing is kept of this day yet
        assert alone == {number: one for number in wanted if (one := rounds.stand(room, now).of(number))}
        assert rounds.some(room, wanted, now) == alone
    assert alone.keys() == {first.number, second.number}
    assert alone[second.number].why is not alone[first.number].why
    assert rounds.some(room, [], NOON) == {}


def test_a_site_is_due_so_many_days_after_its_last_inspection_or_after_it_was_entered(shops):
    room, first, second, third = shops
    found = rounds.stand(room, NOON)
    assert base(room, first) == 30
    assert [(found.of(one.number).due, found.of(one.number).last) for one in (first, second, third)] == [
        (TODAY + 30 * DAY, None),
        (TODAY - 1 * DAY, TODAY - 31 * DAY),
        (TODAY - 40 * DAY, TODAY - 70 * DAY),
    ]
    assert [found.of(one.number).standing for one in (first, second, third)] == [Standing.LATER, Standing.OVERDUE, Standing.SKIPPED]  # fmt: skip


def test_an_inspection_moves_the_day_and_a_finding_brings_it_nearer(shops):
    room, _, second, _ = shops
    report = look(room, second, FAILS)
    found = rounds.stand(room, NOON).of(second.number)
    assert report.findings
    assert (found.last, found.why) == (TODAY, Why.OPEN)
    assert found.due < TODAY + 30 * DAY


def test_a_site_out_of_use_is_not_due_and_counts_anew_when_it_is_opened_again(shops):
    room, _, _, third = shops
    closed = register.turn(room, third, Turn.CLOSE, "停业", TODAY - DAY, DISPATCHER, NOON)
    assert rounds.stand(room, NOON).of(third.number) is None
    register.turn(room, closed, Turn.REOPEN, "复业", TODAY, DISPATCHER, NOON)
    assert rounds.stand(room, NOON).of(third.number).due == TODAY + 30 * DAY


def test_what_is_kept_of_a_day_is_not_what_holds_on_the_next(shops):
    room, first, *_ = shops
    assert rounds.stand(room, NOON).of(first.number).standing is Standing.LATER
    assert rounds.stand(room, NOON + 30 * DAY).of(first.number).standing is Standing.DUE
    assert rounds.stand(room, NOON) is rounds.stand(room, NOON)


def test_counts_are_those_of_the_lists(shops):
    room, *_ = shops
    counts = rounds.counts(room, Asked(room.id), NOON)
    assert {one: len(rounds.numbers(room, Asked(room.id), {one}, NOON)) for one in Standing} == counts
    assert counts[Standing.OVERDUE] == counts[Standing.SKIPPED] == counts[Standing.LATER] == 1


def test_a_worker_sees_the_standing_of_their_own_grid_alone(shops):
    room, first, *_ = shops
    level = room.area.net.leaf.key
    mine = first.codes[level].split(";")[0]
    other = next(str(code) for code in room.area.net.leaf.codes if str(code) != mine)
    looks = [room.seen_by(Who("a1", "a", Role.WORKER, Scope(room.id, (level, code)), may=frozenset({"sites", "inspect"}))) for code in (mine, other)]  # fmt: skip
    lists = [rounds.numbers(one, Asked(room.id), set(Standing), NOON) for one in looks]
    assert first.number in dict(lists[0])
    assert first.number not in dict(lists[1])
    with pytest.raises(NoAccess):
        rounds.effect(looks[0], rounds.rules(room), NOON)
    nobody = room.seen_by(Who("a9", "b", Role.WALL, Scope(room.id), may=frozenset()))
    assert rounds.numbers(nobody, Asked(room.id), set(Standing), NOON) == []


# The rule


def test_the_effect_is_what_one_counts_by_hand(shops):
    room, _, second, third = shops
    wished = RoundRules.from_table(fewer(room, 10))
    found = rounds.effect(room, wished, NOON)
    # Every 30 days: the first on day 30 (not within 30), the second and third today. Every 10 days: the first on days 10 and 20, the others today, and on days 10 and 20.
    assert found.effect.before.tolist() == [2] + [0] * 29
    assert found.effect.after.tolist() == [3 - 1] + [0] * 9 + [3] + [0] * 9 + [3] + [0] * 9
    assert [(one.key, one.before, one.after) for one in found.kinds] == [("gas_shop", 2, 8)]
    assert sum(one.after for one in found.posts) == 8
    assert found.at_once == ()
    assert (rounds.stand(room, NOON).of(second.number).every, rounds.versions(room)) == (30, [])
    assert third.number in rounds.stand(room, NOON).places


def test_the_effect_names_what_is_overdue_at_once(shops):
    room, *_ = shops
    late = shop(room, "四店", building="B00043", now=NOON - 20 * DAY)
    assert rounds.effect(room, RoundRules.from_table(fewer(room, 15)), NOON).at_once == (late.number,)


def test_a_saved_rule_holds_has_its_trail_and_is_put_back(shops):
    room, first, *_ = shops
    rounds.save(room, fewer(room, 10), "夏季加密", CENTRE, NOON, seen=0)
    assert rounds.stand(room, NOON).of(first.number).every == 10
    (one,) = rounds.versions(room)
    assert (one.reason, one.post, one.table["base_days"]) == ("夏季加密", CENTRE.post, {"gas_shop": 10})
    with pytest.raises(Conflict):
        rounds.save(room, fewer(room, 12), "又改", CENTRE, NOON, seen=0)
    rounds.save(room, {}, "撤回", CENTRE, NOON, seen=one.version)
    assert rounds.stand(room, NOON).of(first.number).every == 30
    assert [kept_.reason for kept_ in rounds.versions(room)] == ["撤回", "夏季加密"]


def test_a_rule_that_is_wrong_is_not_saved(shops):
    room, *_ = shops
    with pytest.raises(RulesError):
        rounds.save(room, {**fewer(room, 10), "window_days": 0}, "错", CENTRE, NOON, seen=0)
    with pytest.raises(DraftError):
        rounds.save(room, {**fewer(room, 10), "base_days": {"castle": 3}}, "错", CENTRE, NOON, seen=0)
    assert rounds.versions(room) == []


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 60), st.integers(1, 60))
def test_fewer_days_never_mean_fewer_rounds(shops, one, other):
    room, *_ = shops
    shorter, longer = (RoundRules.from_table(fewer(room, days)) for days in sorted((one, other)))
    assert rounds.effect(room, shorter, NOON).effect.after.sum() >= rounds.effect(room, longer, NOON).effect.after.sum()


# Fewer rounds


@pytest.fixture
def clean(tmp_path):
    """A room with a shop of which six rounds found nothing."""
    room, _ = kept(tmp_path)
    site = shop(room, "五店", building="B00041", now=NOON - 300 * DAY)
    for many in range(6):
        look(room, site, now=NOON - (12 - 2 * many) * DAY)
    return room, site


def test_another_person_approves_fewer_rounds_until_their_last_day(clean):
    room, site = clean
    worker = worker_of(room, site)
    asked = rounds.ask(room, site.number, "连续合格", worker, NOON)
    assert rounds.stand(room, NOON).of(site.number).why is Why.KIND
    made = rounds.decide(room, asked, Act.APPROVE, CENTRE, NOON)
    assert (made.state, made.until) == (State.APPROVED, TODAY + 180 * DAY)
    assert (rounds.stand(room, NOON).of(site.number).every, rounds.stand(room, NOON).of(site.number).why) == (45, Why.LOWERED)  # fmt: skip
    assert rounds.stand(room, NOON + 180 * DAY).of(site.number).every == 45
    assert rounds.stand(room, NOON + 181 * DAY).of(site.number).every == 30


def test_who_asked_does_not_approve_nor_does_a_worker(clean):
    room, site = clean
    asked = rounds.ask(room, site.number, "连续合格", CENTRE, NOON)
    for by in (CENTRE, By("office:grid:01", PostKind.OFFICE, CENTRE.account), worker_of(room, site)):
        with pytest.raises(DraftError):
            rounds.decide(room, asked, Act.APPROVE, by, NOON)
    assert rounds.decide(room, asked, Act.APPROVE, HEAD, NOON).state is State.APPROVED


def test_a_finding_ends_it_for_good(clean):
    room, site = clean
    rounds.decide(room, rounds.ask(room, site.number, "连续合格", worker_of(room, site), NOON), Act.APPROVE, CENTRE, NOON)  # fmt: skip
    look(room, site, {"G03": {"value": "fail", "corrected": True}}, now=NOON + DAY)
    after = NOON + (room.rules.rounds.window_days + 5) * DAY
    assert rounds.lowerings(room)[site.number].holds(after.date())
    assert rounds.stand(room, after).of(site.number).why is Why.KIND


def test_it_is_refused_or_ended_with_a_reason_and_asked_for_again(clean):
    room, site = clean
    worker = worker_of(room, site)
    refused = rounds.decide(room, rounds.ask(room, site.number, "连续合格", worker, NOON), Act.REFUSE, CENTRE, NOON, reason="新换人员")  # fmt: skip
    assert (refused.state, refused.decided_reason) == (State.REFUSED, "新换人员")
    made = rounds.decide(room, rounds.ask(room, site.number, "再申请", worker, NOON), Act.APPROVE, CENTRE, NOON)
    with pytest.raises(DraftError):
        rounds.ask(room, site.number, "又申请", worker, NOON)
    rounds.decide(room, made, Act.END, CENTRE, NOON, reason="群众举报")
    assert rounds.stand(room, NOON).of(site.number).every == 30
    with pytest.raises(DraftError):
        rounds.decide(room, made, Act.END, CENTRE, NOON, reason="重复")


def test_a_site_of_which_too_few_rounds_found_nothing_is_not_lowered(shops):
    room, _, second, _ = shops
    with pytest.raises(DraftError) as refused:
        rounds.ask(room, second.number, "想少查", CENTRE, NOON)
    assert refused.value.field == "round_clean"


# Today, and what runs out


def test_todays_list_has_those_of_the_posts_first_each_by_its_day_with_reason_and_checklists(shops):
    room, first, second, third = shops
    found, left = today.listed(room, {first.post}, NOON)
    assert ([one.site.number for one in found[:1]], left) == ([third.number] if third.post == first.post else [first.number] if second.post != first.post else [second.number], 0)  # fmt: skip
    assert {one.site.number for one in found} == {first.number, second.number, third.number}
    assert all(one.checklists[0].key == "gas_shop" for one in found)
    late, left = today.listed(room, (), NOON, most=1, only={Standing.OVERDUE, Standing.SKIPPED})
    assert ([one.site.number for one in late], left) == ([third.number], 1)


def paper(room, days, now=NOON):
    wish = Wish("gas_shop", "有证件的店", building="B00044", documents=(Document("hose", None, TODAY + days * DAY),))
    return register.put(room, wish, DISPATCHER, now)


def tells(room, number):
    with room.ledger.reading() as connection:
        return rows.told(connection, room.id, [number])


def test_what_runs_out_is_a_task_and_told_once(tmp_path):
    room, _ = kept(tmp_path)
    soon, far = paper(room, 20), paper(room, 90)
    assert expiring.take(room, NOON) >= 1
    assert tells(room, soon.number) == {(soon.number, "paper:hose", (TODAY + 20 * DAY).isoformat())}
    assert tells(room, far.number) == set()
    assert expiring.take(room, NOON) == expiring.take(room, NOON + DAY) == 0
    assert expiring.take(room, NOON + 61 * DAY) == 1
    found = {one.site.number: one.expiring for one in today.listed(room, (), NOON)[0]}
    assert [one.key for one in found[soon.number]] == ["paper:hose"]
    assert found[far.number] == ()


def test_a_thing_that_an_inspection_read_runs_out_too(tmp_path):
    room, site = kept(tmp_path)
    checklist = room.rules.checklists.current("gas_shop")
    key = next(item.key for item in checklist.items.values() if item.means == "expires")
    look(room, site, {key: (TODAY + 25 * DAY).isoformat()})
    assert expiring.take(room, NOON) == 1
    assert tells(room, site.number) == {(site.number, f"item:gas_shop:{key}", (TODAY + 25 * DAY).isoformat())}
    assert expiring.thing_name(room, f"item:gas_shop:{key}", "zh") == checklist.items[key].text.zh


def test_the_post_of_the_site_gets_one_message_that_says_how_many_more(tmp_path):
    room, _ = kept(tmp_path)
    one, _other = paper(room, 20), paper(room, 21)
    expiring.take(room, NOON)
    rules = OutboxRules.from_table(files.read("outbox"))
    derive(room, rules, Book(), NOON)
    with room.ledger.reading() as connection:
        told = [row for row in connection.execute(select(message)) if row.subject == rows.EXPIRY]
    assert {(row.post, row.kind) for row in told} == {(one.post, "expiring")}
    assert len({row.version for row in told}) == 1
