"""The lifecycle of a whistle: who may do what when, and what always holds whatever they do."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import LifecycleError
from incidents.lifecycle import By, PostKind
from incidents.whistles import RULES, STAGES, Blow, Blown, Phase, Whistle, allowed, apply, replay

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
ASKER = By("office:community:C1", PostKind.OFFICE)
LEADER = By("first_head:community:C1", PostKind.FIRST_HEAD)
CENTRE = By("dispatcher::", PostKind.DISPATCHER)
FIRE, CITY, POWER = (
    By(f"department::{name}", PostKind.DEPARTMENT) for name in ("消防救援站", "城管执法中队", "供电所")
)
WORKER = By("worker:micro:3-04", PostKind.WORKER)
EVERYBODY = (ASKER, LEADER, CENTRE, FIRE, CITY, POWER, WORKER)
LIKELY = 0.8  # that a step of a random walk is among those that are allowed
HOURS = {Blow.SIGN: 1, Blow.CONTACT: 24, Blow.ARRIVE: 72}


def due(since=NOON, hours=HOURS):
    return {stage.value: (since + timedelta(hours=length)).isoformat() for stage, length in hours.items()}


def called(*posts, lead=0, **more):
    return [{"post": by.post, "lead": n == lead, "due": due(**more)} for n, by in enumerate(posts)]


def blown(*more, parties=(CITY, FIRE), hours=HOURS):
    """Return the entries of a whistle that was blown, and what follows, each (act, by, data) a minute later."""
    first = [
        (Blow.ASK, ASKER, {"kind": "advance", "approvers": ["first_head"], "text": "飞线"}),
        (Blow.APPROVE, LEADER, {"parties": called(*parties, hours=hours)}),
    ]
    return [Blown(act, by, NOON + timedelta(minutes=n), data) for n, (act, by, data) in enumerate([*first, *more])]


def stages(*parties):
    return [(stage, by, {}) for by in parties for stage in STAGES]


DONE = (Blow.FINISH, CITY, {"text": "已整治"})


def test_a_whistle_goes_by_four_posts_to_its_end():
    whistle = replay(
        blown(
            *stages(CITY, FIRE),
            (Blow.TASK, CITY, {"text": "断电", "owner": FIRE.post, "step": 1}),
            (Blow.TASK, CENTRE, {"text": "拆除", "owner": CITY.post, "step": 2}),
            (Blow.TASK_DONE, FIRE, {"task": 1}),
            (Blow.TASK_DONE, CITY, {"task": 2}),
            DONE,
            (Blow.CLOSE, ASKER, {}),
            (Blow.RATE, ASKER, {"post": CITY.post, "stars": 5}),
            (Blow.RATE, CITY, {"post": ASKER.post, "stars": 4}),
        )
    )
    assert whistle.phase is Phase.CLOSED
    assert whistle.rated == {CITY.post: {ASKER.post: 5}, ASKER.post: {CITY.post: 4}}
    assert whistle.deadline is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([(Blow.APPROVE, LEADER, {"parties": called(CITY)})], "blown"),
        ([(Blow.CONTACT, CITY, {})], "next is sign"),
        ([(Blow.SIGN, POWER, {})], "not for"),
        ([DONE], "finish has to wait"),
        ([*stages(CITY, FIRE), (Blow.TASK, CITY, {"text": "x", "owner": CITY.post, "step": 1}), DONE], "task 1"),
        ([(Blow.DISPUTE, FIRE, {"reason": "非我单位职责"}), (Blow.SIGN, FIRE, {})], "disputes"),
        ([*stages(CITY), (Blow.DISPUTE, CITY, {"reason": "x"})], "too late"),
        ([(Blow.RELEASE, CENTRE, {"post": CITY.post, "reason": "x"})], "leads"),
        ([(Blow.UPHOLD, CENTRE, {"post": FIRE.post, "reason": "x", "due": due()})], "disputes nothing"),
        ([(Blow.CALL, CENTRE, {"reason": "x", "parties": called(ASKER)})], "who asked"),
        ([(Blow.CALL, CENTRE, {"reason": "x", "parties": called(CITY, lead=9)})], "needs one party that leads"),
        ([(Blow.CALL, CITY, {"reason": "x", "parties": called(POWER)})], "not for"),
        ([(Blow.TASK, CITY, {"text": "x", "owner": POWER.post, "step": 1})], "not in this whistle"),
        ([(Blow.RATE, ASKER, {"post": CITY.post, "stars": 5})], "blown"),
    ],
)
def test_what_may_not_be_done_is_refused_with_its_reason(more, said):
    with pytest.raises(LifecycleError, match=said):
        replay(blown(*more))


def test_who_asked_cannot_approve_it_whatever_his_kind():
    asked = Blown(Blow.ASK, LEADER, NOON, {"kind": "advance", "approvers": ["first_head"]})
    with pytest.raises(LifecycleError, match="not for"):
        replay([asked, Blown(Blow.APPROVE, LEADER, NOON, {"parties": called(CITY)})])


def test_a_disputed_call_stands_still_until_the_centre_decides():
    disputed = blown((Blow.DISPUTE, FIRE, {"reason": "非我单位职责"}))
    before, after = replay(disputed[:-1]), replay(disputed)
    assert before.party(FIRE.post).deadline == NOON + timedelta(hours=1)
    assert after.party(FIRE.post).deadline is None
    later = NOON + timedelta(days=1)
    upheld = {"post": FIRE.post, "reason": "在其辖区", "due": due(later)}
    assert apply(after, Blown(Blow.UPHOLD, CENTRE, later, upheld)).party(FIRE.post).deadline == later + timedelta(
        hours=1
    )
    let_go = apply(after, Blown(Blow.RELEASE, CENTRE, later, {"post": FIRE.post, "reason": "改派"}))
    assert let_go.party(FIRE.post) is None
    again = apply(let_go, Blown(Blow.CALL, CENTRE, later, {"reason": "仍需到场", "parties": called(FIRE, lead=9)}))
    assert again.party(FIRE.post).next is Blow.SIGN
    assert again.lead.post == CITY.post


def test_the_centre_gives_the_lead_to_another_one_whose_clocks_go_on():
    entries = blown((Blow.SIGN, FIRE, {}), (Blow.CALL, CENTRE, {"reason": "x", "parties": called(FIRE)}))
    whistle = replay(entries)
    assert [party.post for party in whistle.parties if party.lead] == [FIRE.post]
    assert whistle.party(FIRE.post).next is Blow.CONTACT


def test_a_hand_over_needs_a_receipt_and_a_reply_and_nobody_on_site():
    given_ = blown((Blow.SIGN, CITY, {}), parties=(CITY,), hours={Blow.SIGN: 24})
    assert Blow.FINISH in allowed(replay(given_), CITY)
    assert Blow.DISPUTE in allowed(replay(given_), CITY)  # it may return it
    assert Blow.FINISH not in allowed(replay(given_[:-1]), CITY)


def test_tasks_are_done_in_the_order_of_their_steps():
    steps = (2, 1, 1)
    tasks = [(Blow.TASK, CITY, {"text": "x", "owner": CITY.post, "step": step}) for step in steps]
    whistle = replay(blown(*tasks))
    assert [task.number for task in whistle.open_tasks] == [2, 3]
    with pytest.raises(LifecycleError, match="has to wait"):
        apply(whistle, Blown(Blow.TASK_DONE, CITY, NOON, {"task": 1}))


def test_what_a_party_had_still_to_do_is_the_leads_when_it_is_let_go():
    task = (Blow.TASK, CITY, {"text": "断电", "owner": FIRE.post, "step": 1})
    whistle = replay(blown(task, (Blow.RELEASE, CENTRE, {"post": FIRE.post, "reason": "非其职责"})))
    assert [one.owner for one in whistle.open_tasks] == [CITY.post]


def test_a_task_that_is_dropped_holds_nobody_up():
    task = (Blow.TASK, CITY, {"text": "断电", "owner": FIRE.post, "step": 1})
    whistle = replay(blown(*stages(CITY, FIRE), task, (Blow.TASK_DROP, CITY, {"task": 1, "reason": "已断电"}), DONE))
    assert whistle.phase is Phase.FINISHED
    assert not whistle.open_tasks


def test_the_reply_of_the_lead_has_a_clock_of_its_own_and_a_new_one_when_it_is_returned():
    hours = {Blow.SIGN: 24, Blow.FINISH: 240}
    entries = blown((Blow.SIGN, CITY, {}), parties=(CITY,), hours=hours)
    whistle = replay(entries)
    assert (whistle.lead.running, whistle.deadline) == (Blow.FINISH, NOON + timedelta(hours=240))
    later = NOON + timedelta(days=9)
    back = {"reason": "未见处理结果", "due": (later + timedelta(days=5)).isoformat()}
    finished = replay([*entries, Blown(Blow.FINISH, CITY, later, {"text": "已立案"})])
    assert finished.deadline is None
    assert apply(finished, Blown(Blow.RETURN, ASKER, later, back)).deadline == later + timedelta(days=5)


def test_time_does_a_step_and_nobody_is_offered_it():
    whistle = replay(blown((Blow.STEP, CENTRE, {"step": "remind:sign", "to": CITY.post})))
    assert whistle.steps == ("remind:sign",)
    assert Blow.STEP not in allowed(whistle, CENTRE)


def data_of(act, random):
    """Return data for an act, drawn, as a person might give it: what fits, or not."""
    posts = [by.post for by in EVERYBODY]
    given_ = {
        "reason": "原因",
        "text": "话",
        "post": random.choice(posts),
        "owner": random.choice(posts),
        "step": random.randint(1, 3),
        "task": random.randint(1, 4),
        "stars": random.randint(0, 6),
        "parties": called(*random.choices([CITY, FIRE, POWER, ASKER], k=random.randint(1, 3)), lead=random.randint(0, 3)),
    }  # fmt: skip
    return given_ if act in {Blow.TASK, Blow.RETURN} else {**given_, "due": due()}


def walked(random, length=120):
    """Return the entries of a random walk that were taken, and the states after each; a refusal leaves no trace. Most steps are among those that are allowed."""
    entries = blown()[:1]
    states = [replay(entries)]
    for minutes in range(1, length):
        before = states[-1]
        ways = [(act, by) for by in EVERYBODY for act in allowed(before, by) if act is not Blow.WITHDRAW]
        anything = [(random.choice(list(Blow)), random.choice(EVERYBODY))]
        act, by = random.choice(ways if ways and random.random() < LIKELY else anything)
        if act in {Blow.TASK, Blow.CALL, Blow.NOTE, Blow.DECLINE, Blow.DISPUTE} and random.random() < LIKELY:
            continue  # or no walk would come to an end
        entry = Blown(act, by, NOON + timedelta(minutes=minutes), data_of(act, random))
        try:
            after = apply(before, entry)
        except LifecycleError:
            continue
        assert act in {*allowed(before, by), Blow.STEP}
        entries.append(entry)
        states.append(after)
    return entries, states


def test_the_walks_come_through_every_phase():
    assert {state.phase for seed in range(150) for state in walked(Random(seed))[1]} == set(Phase)


WALKS = st.integers(0, 2**32).map(Random)


@given(WALKS)
@settings(max_examples=40)
def test_whatever_they_do_the_table_holds(walk):
    entries, states = walked(walk)
    for entry, before, after in zip(entries[1:], states, states[1:], strict=False):
        holds(after)
        assert after.phase is (RULES[entry.act].to or before.phase)
        assert Whistle.from_json(after.to_json()) == after
    assert replay(entries) == states[-1]


def holds(whistle):
    posts = [party.post for party in whistle.parties]
    assert len(set(posts)) == len(posts)
    if whistle.phase in {Phase.BLOWN, Phase.FINISHED, Phase.CLOSED}:
        assert whistle.approver != whistle.asker
        assert sum(party.lead for party in whistle.active) == 1
    if whistle.phase is Phase.FINISHED:
        assert not whistle.open_tasks
        assert all(party.next is None and not party.disputed for party in whistle.active)
    for party in whistle.active:
        reached = [stage in party.times for stage in STAGES if stage in party.due]
        assert reached == sorted(reached, reverse=True)  # no stage before the one that goes before it
    assert all(rater != rated for rated, stars in whistle.rated.items() for rater in stars)


@given(WALKS)
@settings(max_examples=40)
def test_a_party_that_was_let_go_is_out_of_it(walk):
    for state in walked(walk)[1]:
        for party in state.parties:
            if party.released:
                assert party.next is None
                assert not set(allowed(state, By(party.post, PostKind.DEPARTMENT))) & {
                    *STAGES,
                    Blow.DISPUTE,
                    Blow.FINISH,
                }
