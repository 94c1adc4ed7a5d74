"""The life of a finding, without a database: who may do what, and that nobody closes what they put right themselves."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import rules
from geo.errors import LifecycleError, RulesError
from incidents.lifecycle import By, PostKind
from inspections.finding_rules import FindingRules
from inspections.findings import OVER, STANDING, Act, Done, Finding, State, allowed, apply, replay, why_not
from inspections.grades import Degree

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
DUE = date(2026, 11, 27)
FINDER = By("worker:micro:1", PostKind.WORKER, "a1")
OTHER = By("worker:micro:2", PostKind.WORKER, "a2")
HEAD = By("head:grid:1", PostKind.HEAD, "a3")
CENTRE = By("dispatcher::", PostKind.DISPATCHER, "a4")
PEOPLE = (FINDER, OTHER, HEAD, CENTRE, By("head:grid:1", PostKind.HEAD, "a1"), By("head:grid:2", PostKind.HEAD, "a2"))


def act(finding, name, by, **data):
    return apply(finding, Done(Act(name), by, NOON, data))


def found(by=FINDER, **data):
    return act(None, "find", by, grade="minor", **({"due": DUE.isoformat()} | data))


def test_a_finding_is_put_right_and_closed_by_another_person():
    corrected = act(found(), "correct", OTHER)
    assert (corrected.state, corrected.corrected_by) == (State.CORRECTED, OTHER.post)
    closed = act(corrected, "pass", HEAD)
    assert (closed.state, closed.due) == (State.CLOSED, None)


def test_who_put_it_right_does_not_close_it_as_another_post_of_the_same_account_either():
    corrected = act(found(), "correct", HEAD)
    with pytest.raises(LifecycleError, match="who put it right does not close it"):
        act(corrected, "pass", HEAD)
    with pytest.raises(LifecycleError, match="who put it right does not close it"):
        act(corrected, "pass", By("dispatcher::", PostKind.DISPATCHER, HEAD.account))


def test_where_nobody_said_that_it_is_put_right_who_found_it_does_not_close_it():
    mine = found(HEAD)
    with pytest.raises(LifecycleError, match="who found it does not close it"):
        act(mine, "pass", HEAD)
    assert act(mine, "pass", CENTRE).state is State.CLOSED


def test_a_worker_closes_nothing():
    assert "head does that" in why_not(act(found(), "correct", FINDER), Act.PASS, OTHER)


def test_what_fails_again_gets_a_new_day_and_is_open():
    again = act(act(found(), "correct", OTHER), "fail", HEAD, due="2026-12-04")
    assert (again.state, again.failed_rounds, again.due) == (State.OPEN, 1, date(2026, 12, 4))


def test_who_says_that_the_own_work_failed_or_hands_it_over_and_back_does_not_close_it_then():
    corrected = act(found(), "correct", HEAD)
    failed = act(corrected, "fail", HEAD, due="2026-12-04")
    back = act(act(corrected, "hand_over", HEAD, to="街道", reason="x"), "return", HEAD, due="2026-12-04", reason="x")
    for one in (failed, back):
        with pytest.raises(LifecycleError, match="who put it right does not close it"):
            act(one, "pass", HEAD)
        assert act(one, "pass", CENTRE).state is State.CLOSED


def test_what_was_put_right_on_the_spot_is_born_closed():
    spot = act(None, "find", FINDER, grade="serious", spot=True)
    assert (spot.state, spot.spot, spot.grade, spot.due) == (State.CLOSED, True, Degree.SERIOUS, None)
    assert allowed(spot, HEAD) == (Act.NOTE,)


@pytest.mark.parametrize(
    ("name", "data", "lacks"),
    [
        ("extend", {"due": "2026-12-04"}, "reason"),
        ("hand_over", {"reason": "x"}, "to"),
        ("withdraw", {}, "reason"),
        ("note", {}, "text"),
        ("fail", {}, "due"),
    ],
)
def test_an_act_names_what_it_lacks(name, data, lacks):
    with pytest.raises(LifecycleError, match=f"needs {lacks}"):
        act(found(), name, HEAD, **data)


def test_more_time_is_later_than_before():
    with pytest.raises(LifecycleError, match="a day after 2026-11-27"):
        act(found(), "extend", HEAD, due="2026-11-27", reason="雨")
    assert act(found(), "extend", HEAD, due="2026-11-28", reason="雨").extended == 1


def test_it_is_handed_over_with_its_case_and_comes_back_open():
    handed = act(found(), "hand_over", HEAD, to="消防救援站", reason="超出权限", incident="20261120-1", whistle="哨-1")
    assert (handed.state, handed.incident, handed.whistle) == (State.HANDED_OVER, "20261120-1", "哨-1")
    back = act(handed, "return", HEAD, due="2026-12-04", reason="退回")
    assert (back.state, back.to, back.incident) == (State.OPEN, "", "20261120-1")


def test_the_clock_tells_a_day_once_and_not_before_it_is_over():
    clock = By("dispatcher::", PostKind.DISPATCHER)
    with pytest.raises(LifecycleError, match="not over yet"):
        act(found(), "step", clock, day="2026-11-27")
    late = act(found(), "step", clock, day="2026-11-28")
    assert late.late
    with pytest.raises(LifecycleError, match="that was told"):
        act(late, "step", clock, day="2026-11-29")


def test_nothing_is_done_before_it_was_found():
    with pytest.raises(LifecycleError, match="not there yet"):
        act(None, "pass", HEAD)
    with pytest.raises(LifecycleError, match="find needs due"):
        act(None, "find", HEAD, grade="minor")


STEPS = st.lists(st.tuples(st.sampled_from([one for one in Act if one is not Act.FIND]), st.sampled_from(PEOPLE), st.integers(1, 30)), max_size=12)  # fmt: skip


@given(st.sampled_from(PEOPLE), STEPS)
def test_no_way_closes_a_finding_by_the_hand_that_put_it_right(finder, steps):
    entries = [Done(Act.FIND, finder, NOON, {"grade": "minor", "due": DUE.isoformat()})]
    state = replay(entries)
    for name, by, days in steps:
        due = (DUE + timedelta(days=days)).isoformat()
        entry = Done(name, by, NOON, {"due": due, "reason": "r", "to": "t", "text": "x", "day": due})
        before = state
        try:
            state = apply(before, entry)
        except LifecycleError:
            assert before.state in OVER or name not in allowed(before, by) or name in {Act.EXTEND, Act.STEP}
            continue
        entries.append(entry)
        assert (state.due is None) <= (state.state is not State.OPEN)
        if name is Act.PASS:
            hands = [one.by for one in entries if one.act is Act.CORRECT][-1:]
            hands += [] if before.state is State.CORRECTED else [finder]
            assert {by.post, by.account}.isdisjoint({said for one in hands for said in (one.post, one.account)})
        assert (state.state in STANDING) != (state.state in OVER)
    assert replay(entries) == state
    assert Finding.from_json(state.to_json()) == state


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"finding_prefix": "患-"}, "finding_prefix: '患-' is no beginning"),
        ({"repeat_days": -1}, "repeat_days: -1 is no whole number"),
        ({"colour": 1}, "colour: this is not known"),
    ],
)
def test_settings_that_cannot_be_are_refused_with_their_key(change, said):
    with pytest.raises(RulesError) as refused:
        FindingRules.from_table(rules.read("findings") | change)
    assert said in "\n".join(refused.value.faults)


def test_a_setting_that_is_missing_is_named():
    table = {key: value for key, value in rules.read("findings").items() if key != "expiring_days"}
    with pytest.raises(RulesError) as refused:
        FindingRules.from_table(table)
    assert "expiring_days: it is missing" in "\n".join(refused.value.faults)
