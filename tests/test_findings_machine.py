"""The life of a finding as a machine of states: whatever some people do to it, in whatever order, no hand closes alone what it put right."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from geo.errors import LifecycleError
from incidents.lifecycle import By, PostKind
from inspections.findings import OVER, Act, Done, Finding, State, allowed, apply, replay, why_not

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
TODAY = date(2026, 11, 20)
CLOCK = By("dispatcher::", PostKind.DISPATCHER)
# Three people, of whom two hold several posts, and a post that two people hold.
PEOPLE = (
    By("worker:micro:1", PostKind.WORKER, "wang"),
    By("head:grid:1", PostKind.HEAD, "wang"),
    By("head:grid:1", PostKind.HEAD, "li"),
    By("inspector::", PostKind.INSPECTOR, "li"),
    By("dispatcher::", PostKind.DISPATCHER, "zhao"),
)
HANDS = st.sampled_from(PEOPLE)
DAYS = st.integers(1, 30).map(lambda days: (TODAY + timedelta(days=days)).isoformat())


class Life(RuleBasedStateMachine):
    """What is done to one finding, and what was done so far."""

    def __init__(self):
        super().__init__()
        self.entries = []
        self.state = None

    def do(self, act, by, **data):
        entry = Done(act, by, NOON, data)
        before = self.state
        try:
            after = apply(before, entry)
        except LifecycleError:
            return
        self.entries.append(entry)
        self.state = after

    def hand_of(self, act):
        return next((one.by for one in reversed(self.entries) if one.act is act), None)

    @initialize(by=HANDS, due=DAYS, spot=st.booleans())
    def find(self, by, due, spot):
        self.do(Act.FIND, by, grade="minor", **({"spot": True} if spot else {"due": due}))

    @rule(by=HANDS)
    def correct(self, by):
        self.do(Act.CORRECT, by)

    @rule(by=HANDS, due=DAYS)
    def fail(self, by, due):
        self.do(Act.FAIL, by, due=due)

    @rule(by=HANDS, act=st.sampled_from([Act.EXTEND, Act.RETURN]), due=DAYS)
    def another_day(self, by, act, due):
        self.do(act, by, due=due, reason="配件未到")

    @rule(by=HANDS)
    def hand_over(self, by):
        self.do(Act.HAND_OVER, by, to="燃气公司", reason="超出权限")

    @rule(by=HANDS)
    def withdraw(self, by):
        finder, many = self.entries[0].by, len(self.entries)
        self.do(Act.WITHDRAW, by, reason="重复登记")
        if len(self.entries) > many:
            assert {by.post, by.account}.isdisjoint({finder.post, finder.account})

    @rule(by=HANDS)
    def note(self, by):
        before = self.state.state
        self.do(Act.NOTE, by, text="已联系")
        assert self.state.state is before

    @rule(day=DAYS)
    def clock(self, day):
        self.do(Act.STEP, CLOCK, day=day)

    @rule(by=HANDS)
    @precondition(lambda self: self.state.state not in OVER)
    def close(self, by):
        was, finder, corrector = self.state.state, self.entries[0].by, self.hand_of(Act.CORRECT)
        may = not why_not(self.state, Act.PASS, by)
        self.do(Act.PASS, by)
        assert (self.state.state is State.CLOSED) == may
        if may:
            others = {corrector.post, corrector.account} if corrector else set()
            if was is not State.CORRECTED:
                others |= {finder.post, finder.account}
            assert {by.post, by.account}.isdisjoint(others)
            assert by.kind is not PostKind.WORKER

    @invariant()
    @precondition(lambda self: self.state is not None)
    def it_is_what_its_history_says(self):
        assert replay(self.entries) == self.state
        assert Finding.from_json(self.state.to_json()) == self.state

    @invariant()
    @precondition(lambda self: self.state is not None and self.state.state in OVER)
    def what_is_over_has_no_day_and_takes_notes_alone(self):
        assert self.state.due is None
        assert all(allowed(self.state, by) == (Act.NOTE,) for by in PEOPLE)


Life.TestCase.settings = settings(max_examples=150, stateful_step_count=15, deadline=None)
test_whatever_is_done_no_hand_closes_alone_what_it_put_right = Life.TestCase
