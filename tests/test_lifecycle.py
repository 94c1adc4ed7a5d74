"""The lifecycle: a table, held by properties over every path that it allows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import LifecycleError
from incidents.lifecycle import (
    BY_NOBODY,
    RULES,
    UNDO_WITHIN,
    Act,
    By,
    CaseState,
    Entry,
    PostKind,
    allowed,
    apply,
    replay,
    undone,
)
from incidents.model import MARK, OPEN, Mark, Status, mark_of

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DONE = {Status.CLOSED, Status.EVALUATED}
POSTS = tuple(By(f"{kind.value}::{number}", kind) for kind in PostKind for number in (1, 2))
# Acts that begin a case; an import states what it is by itself.
BEGINNINGS = (Act.REPORT, Act.SELF_CLEAR)


def data_for(act, by, draw):
    """What an act needs, with a handler and times that may be anything."""
    soon = draw(st.integers(1, 40))
    wide = {
        "reason": "理由",
        "text": "说明",
        "photo": True,
        "rating": "good",
        "to": "LN-20261122-0009",
        "codes": "0306",
        "why": "hours",
        "level": draw(st.sampled_from(["micro", "grid", "community", "street"])),
        "handler": draw(st.sampled_from(POSTS)).post,
        "until": (START + timedelta(hours=soon)).isoformat(),
        "due": (START + timedelta(hours=soon * 10)).isoformat(),
    }
    more = ("due", "level") if act in {Act.DISPATCH, Act.RETURN, Act.RESUME, Act.REPORT} and draw(st.booleans()) else ()
    return {name: wide[name] for name in (*RULES[act].needs, *more)}


@st.composite
def histories(draw, most=14):
    """A history as people might write it: acts by posts that may do them, some of them undone."""
    by = draw(st.sampled_from(POSTS))
    begin = draw(st.sampled_from([act for act in BEGINNINGS if act in allowed(None, by)]))
    entries = [Entry(begin, by, START, data_for(begin, by, draw))]
    states = [apply(None, entries[0])]
    at = START
    for _ in range(draw(st.integers(0, most))):
        at += timedelta(seconds=draw(st.sampled_from([5, 59, 61, 7200])))
        by = draw(st.sampled_from(POSTS))
        if draw(st.integers(0, 5)) == 0:
            entry = Entry(Act.UNDO, entries[-1].by, at)
        else:
            acts = allowed(states[-1], by)
            if not acts:
                continue
            act = draw(st.sampled_from(acts))
            entry = Entry(act, by, at, data_for(act, by, draw))
        try:
            state = replay([*entries, entry])
        except LifecycleError:
            continue
        entries.append(entry)
        states.append(state)
    return entries, states


@given(histories())
def test_a_history_replays_to_the_present_state_and_every_state_before_it(history):
    entries, states = history
    assert [replay(entries[:count]) for count in range(1, len(entries) + 1)] == states


@given(histories())
def test_a_state_survives_being_written_and_read(history):
    for state in history[1]:
        assert CaseState.from_json(state.to_json()) == state


@given(histories())
def test_a_case_has_at_most_one_mark_and_it_follows_from_its_state(history):
    for state in history[1]:
        mark = MARK[state.status]
        assert mark is None or mark in set(Mark)
        assert (state.status in OPEN) is (mark is Mark.RED)
        assert mark_of(state.status, shift_over=True) is (Mark.GREEN if mark is Mark.YELLOW else mark)


@given(histories())
def test_nothing_is_closed_but_by_verification(history):
    """The one exception is 自行处置, cleared on the spot with a photo, which is yellow until it is sampled."""
    entries, states = history
    previous = None
    for entry, state in zip(entries, states, strict=True):
        if state.status in DONE and (previous is None or previous.status not in DONE) and entry.act is not Act.UNDO:
            assert entry.act is Act.CLOSE
            assert previous.status is Status.FEEDBACK
        if state.status is Status.SELF_VERIFIED and entry.act is not Act.UNDO and previous.status is not state.status:
            assert entry.act is Act.SAMPLE_PASS
        if state.status is Status.SELF_CLEARED and (previous is None or previous.status is not state.status):
            assert entry.act in {Act.SELF_CLEAR, Act.UNDO}
        previous = state


@given(histories())
def test_who_handled_a_case_never_verifies_it_nor_grants_himself_time(history):
    entries, states = history
    for entry, before in zip(entries[1:], states, strict=False):
        if entry.act in {
            Act.CLOSE,
            Act.RETURN,
            Act.EVALUATE,
            Act.SAMPLE_PASS,
            Act.SAMPLE_FAIL,
            Act.EXTEND,
            Act.SUSPEND,
            Act.REVIEW,
            Act.REFUSE,
            Act.CANCEL,
            Act.LINK,
        }:
            assert entry.by.post not in before.handlers
    for state in states:
        assert not state.verifier or state.verifier not in state.handlers or state.status not in DONE


@given(histories())
def test_who_handled_a_case_stays_known(history):
    entries, states = history
    for entry, before, after in zip(entries[1:], states, states[1:], strict=False):
        if entry.act is not Act.UNDO:
            assert set(before.handlers) <= set(after.handlers)
        if after.handler:
            assert after.handler in after.handlers


@given(histories())
def test_an_act_is_offered_exactly_when_it_can_be_done(history):
    """What is left is what the act needs: with all of it, an offered act is done; one that is not offered is refused."""
    state = history[1][-1]
    at = START + timedelta(days=90)
    wide = {
        "reason": "x",
        "text": "x",
        "photo": True,
        "rating": "good",
        "to": "LN-1",
        "codes": "1",
        "level": "grid",
        "handler": POSTS[0].post,
        "until": (at + timedelta(days=1)).isoformat(),
        "due": (at + timedelta(days=900)).isoformat(),
    }
    for by in POSTS:
        offered = allowed(state, by)
        for act in set(Act) - BY_NOBODY:
            entry = Entry(act, by, at, wide)
            to_him = act in {Act.DISPATCH, Act.ESCALATE} and wide["handler"] in {
                state.handler,
                by.post,
                *state.handlers,
            }
            if to_him and (wide["handler"] == state.handler or wide["handler"] == by.post in state.handlers):
                with pytest.raises(LifecycleError):
                    apply(state, entry)
            elif act in offered and not (act is Act.DENY and not state.asked):
                apply(state, entry)
            else:
                with pytest.raises(LifecycleError):
                    apply(state, entry)


@given(histories())
def test_what_an_act_needs_must_be_there(history):
    state = history[1][-1]
    for by in POSTS[::3]:
        for act in allowed(state, by):
            for missing in RULES[act].needs:
                full = dict.fromkeys(RULES[act].needs, START.isoformat())
                with pytest.raises(LifecycleError, match=missing):
                    apply(state, Entry(act, by, START + timedelta(days=9), {**full, missing: ""}))


@given(histories())
@settings(max_examples=60)
def test_an_undo_puts_back_what_stood_before_and_only_within_the_minute_and_by_its_post(history):
    entries, states = history
    if len(entries) < 2 or entries[-1].act is Act.UNDO:
        return
    last, before = entries[-1], states[-2]
    at = last.at + UNDO_WITHIN
    if RULES[last.act].undo:
        back = undone(last, before, Entry(Act.UNDO, last.by, at))
        assert {**back.to_json(), "times": 0} == {**before.to_json(), "times": 0}
        with pytest.raises(LifecycleError, match="minute"):
            undone(last, before, Entry(Act.UNDO, last.by, at + timedelta(milliseconds=1)))
        with pytest.raises(LifecycleError, match="only that post"):
            undone(last, before, Entry(Act.UNDO, By("another", last.by.kind), at))
    else:
        with pytest.raises(LifecycleError, match="cannot be undone"):
            undone(last, before, Entry(Act.UNDO, last.by, at))


def test_every_state_can_be_reached_and_left_or_is_an_end():
    reached = {rule.to for rule in RULES.values() if rule.to} | {Status.REPORTED, Status.RETURNED}
    assert reached == set(Status)
    left = {status for rule in RULES.values() if rule.to for status in rule.frm}
    resumed = {Status.SUSPENDED}
    ends = set(Status) - left - resumed
    assert ends == set()


def test_every_act_says_who_may_do_it_and_where():
    for act in Act:
        rule = RULES[act]
        assert rule.by, act
        assert rule.frm, act


def by(kind, number=1):
    return By(f"{kind.value}::{number}", kind)


HANDLER, CHECKER, CENTRE = by(PostKind.DEPARTMENT), by(PostKind.HEAD), by(PostKind.DISPATCHER)


def entry(act, who=CENTRE, hours=0, **data):
    return Entry(act, who, START + timedelta(hours=hours), data)


def fed_back():
    """A case whose handler says that it is done."""
    return [
        entry(Act.REPORT, by(PostKind.WORKER)),
        entry(Act.FILE),
        entry(Act.DISPATCH, handler=HANDLER.post, due=(START + timedelta(hours=9)).isoformat(), limit="4 work_hour"),
        entry(Act.ACCEPT, HANDLER),
        entry(Act.FEEDBACK, HANDLER, text="已清理"),
    ]


def test_the_handler_cannot_close_his_own_case_and_another_can():
    assert replay([*fed_back(), entry(Act.CLOSE, CHECKER)]).status is Status.CLOSED
    with pytest.raises(LifecycleError, match="kind department"):
        replay([*fed_back(), entry(Act.CLOSE, HANDLER)])
    done = fed_back()
    done[2] = entry(Act.DISPATCH, handler=CHECKER.post)
    done[3:] = [entry(Act.ACCEPT, CHECKER), entry(Act.FEEDBACK, CHECKER, text="x")]
    with pytest.raises(LifecycleError, match="never verifies"):
        replay([*done, entry(Act.CLOSE, CHECKER)])


def in_hand_of(head):
    return [
        entry(Act.REPORT, by(PostKind.WORKER)),
        entry(Act.FILE),
        entry(Act.DISPATCH, handler=head.post),
        entry(Act.ACCEPT, head),
    ]


@pytest.mark.parametrize("act", [Act.CANCEL, Act.LINK, Act.REFUSE])
def test_who_handles_a_case_cannot_make_it_vanish(act):
    """A head may cancel, link and refuse cases; his own one would go without anybody having looked at it."""
    history = in_hand_of(CHECKER)
    if act is Act.REFUSE:
        history.append(entry(Act.SEND_BACK, CHECKER, reason="x"))
    with pytest.raises(LifecycleError, match="nor ends it"):
        replay([*history, entry(act, CHECKER, reason="x", to="LN-1")])
    assert MARK[replay([*history, entry(act, by(PostKind.HEAD, 2), reason="x", to="LN-1")]).status] is None


def test_a_case_that_was_sorted_cannot_become_a_new_report_that_is_cleared_on_the_spot():
    unlinked = [*in_hand_of(CHECKER), entry(Act.LINK, to="LN-1"), entry(Act.UNLINK)]
    assert replay(unlinked).status is Status.FILED
    with pytest.raises(LifecycleError, match="self_clear cannot be done"):
        replay([*unlinked, entry(Act.SELF_CLEAR, CHECKER, photo=True)])
    new = [entry(Act.REPORT, by(PostKind.WORKER)), entry(Act.LINK, to="LN-1"), entry(Act.UNLINK)]
    assert replay(new).status is Status.REPORTED


def test_nobody_sends_a_case_to_himself_again_so_that_its_clock_begins_anew():
    history = in_hand_of(CHECKER)
    with pytest.raises(LifecycleError, match="who has it already"):
        replay([*history, entry(Act.DISPATCH, CHECKER, handler=CHECKER.post)])
    with pytest.raises(LifecycleError, match="who has it already"):
        replay([*history, entry(Act.ESCALATE, CHECKER, handler=CHECKER.post, level="grid")])
    back = [*history, entry(Act.SEND_BACK, CHECKER, reason="x")]
    with pytest.raises(LifecycleError, match="handled the case before"):
        replay([*back, entry(Act.DISPATCH, CHECKER, handler=CHECKER.post)])
    assert replay([*back, entry(Act.DISPATCH, CENTRE, handler=CHECKER.post)]).handler == CHECKER.post


def test_who_handles_a_suspended_case_does_not_lengthen_its_suspension():
    leader, until = by(PostKind.FIRST_HEAD), (START + timedelta(days=30)).isoformat()
    history = [*in_hand_of(leader), entry(Act.SUSPEND, reason="等配件", until=until)]
    with pytest.raises(LifecycleError, match="grants himself time"):
        replay([*history, entry(Act.REVIEW, leader, text="x", until=until)])
    assert replay([*history, entry(Act.REVIEW, text="x", until=until)]).status is Status.SUSPENDED


def test_whether_a_case_was_handled_in_time_is_open_while_it_is_handled_again_and_goes_by_the_last_time():
    due, until = (START + timedelta(hours=9)).isoformat(), (START + timedelta(hours=2)).isoformat()
    assert replay(fed_back()).in_time is True
    again = [*fed_back(), entry(Act.RETURN, CHECKER, reason="没清干净", due=due), entry(Act.ACCEPT, HANDLER)]
    noticed = [*again, entry(Act.POST_NOTICE, HANDLER, photo=True, until=until)]
    assert replay(again).in_time is None
    assert replay(noticed).in_time is None
    assert replay([*noticed, entry(Act.CLEAR, HANDLER, hours=9, photo=True)]).in_time is True
    assert replay([*noticed, entry(Act.CLEAR, HANDLER, hours=10, photo=True)]).in_time is False


def test_a_case_that_comes_back_goes_to_who_handled_it():
    returned = replay([*fed_back(), entry(Act.RETURN, CHECKER, reason="没清干净")])
    assert (returned.status, returned.handler, returned.returns) == (Status.RETURNED, HANDLER.post, 1)
    reopened = replay([*fed_back(), entry(Act.CLOSE, CHECKER), entry(Act.REOPEN, reason="又堆上了")])
    assert (reopened.status, reopened.handler) == (Status.RETURNED, HANDLER.post)


def test_a_suspension_stops_the_clock_and_goes_on_where_it_was():
    until = (START + timedelta(days=30)).isoformat()
    before = fed_back()[:4]
    suspended = replay([*before, entry(Act.SUSPEND, reason="等配件", until=until, left=2.5)])
    assert (suspended.status, suspended.due, suspended.left) == (Status.SUSPENDED, None, 2.5)
    due = (START + timedelta(days=31)).isoformat()
    again = replay([*before, entry(Act.SUSPEND, reason="等配件", until=until, left=2.5), entry(Act.RESUME, due=due)])
    assert (again.status, again.due) == (Status.IN_HAND, START + timedelta(days=31))


def test_a_notice_gives_its_reader_the_time_that_it_says():
    until = (START + timedelta(hours=24)).isoformat()
    noticed = [*fed_back()[:4], entry(Act.POST_NOTICE, HANDLER, photo=True, until=until)]
    with pytest.raises(LifecycleError, match="wait until"):
        replay([*noticed, entry(Act.CLEAR, HANDLER, hours=23, photo=True)])
    assert replay([*noticed, entry(Act.CLEAR, HANDLER, hours=24, photo=True)]).status is Status.FEEDBACK


def test_an_extension_moves_the_deadline_forward_only():
    with pytest.raises(LifecycleError, match="after"):
        replay([*fed_back()[:4], entry(Act.EXTEND, due=(START + timedelta(hours=9)).isoformat())])
    later = replay([*fed_back()[:4], entry(Act.EXTEND, due=(START + timedelta(hours=10)).isoformat())])
    assert (later.due, later.extensions) == (START + timedelta(hours=10), 1)


@pytest.mark.parametrize("status", list(Status))
def test_an_import_stands_where_it_says(status):
    state = replay([entry(Act.IMPORT, status=status.value, handler=HANDLER.post, times={"close": START.isoformat()})])
    assert state.status is status
    assert state.handlers == (HANDLER.post,)


def test_nothing_is_done_to_a_case_that_is_not_there():
    assert replay([]) is None
    for act in set(Act) - {Act.REPORT, Act.RECEIVE, Act.SELF_CLEAR, Act.IMPORT}:
        with pytest.raises(LifecycleError):
            replay([entry(act, photo=True, reason="x")])
