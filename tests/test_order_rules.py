"""The lifecycle of a service order, which teams it fits, and the catalogue: who may do what when, and what always holds whatever they do."""

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import rules as files
from geo.errors import DraftError, LifecycleError, RulesError
from incidents.calendar import Calendar
from incidents.lifecycle import By, PostKind
from incidents.orders import (
    RULES,
    RUNNING,
    Offer,
    Order,
    Outcome,
    Phase,
    Repeat,
    Serve,
    Served,
    allowed,
    apply,
    due_step,
    following,
    opaque,
    replay,
)
from incidents.service_rules import ServiceRules
from incidents.teams import EVERY, Team

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
WORKER = By("worker:micro:3-04", PostKind.WORKER)
HEAD = By("head:community:C1", PostKind.HEAD)
CENTRE = By("dispatcher::", PostKind.DISPATCHER)
ERRANDS, REPAIRS = (By(f"department::{name}", PostKind.DEPARTMENT) for name in ("跑腿队", "维修队"))
EVERYBODY = (WORKER, HEAD, CENTRE, ERRANDS, REPAIRS)
TEAMS = [{"team": 1, "post": ERRANDS.post}, {"team": 2, "post": REPAIRS.post}]
LIKELY = 0.8  # that a step of a random walk is among those that are allowed


def asked(**more):
    return {
        "item": "errand",
        "key": "K7-2MQ4",
        "keepers": [WORKER.post, HEAD.post],
        "since": (NOON + timedelta(hours=2)).isoformat(),
        "until": (NOON + timedelta(hours=6)).isoformat(),
        **more,
    }


def entries(*steps, data=None):
    first = (Serve.ASK, WORKER, data or asked())
    return [Served(act, by, NOON + timedelta(minutes=n), said) for n, (act, by, said) in enumerate([first, *steps])]


OFFER = (Serve.OFFER, WORKER, {"teams": TEAMS, "until": (NOON + timedelta(hours=4)).isoformat()})
ACCEPT = (Serve.ACCEPT, ERRANDS, {"team": 1})
DONE = (Serve.FINISH, ERRANDS, {"outcome": "served"})


def test_an_order_goes_by_three_posts_to_its_end():
    order = replay(entries(OFFER, ACCEPT, DONE, (Serve.RATE, HEAD, {"stars": 5})))
    assert (order.phase, order.server, order.stars, order.outcome) == (Phase.CLOSED, ERRANDS.post, 5, "served")
    assert order.posts == {WORKER.post, HEAD.post, ERRANDS.post}  # who was offered it in vain sees it no more


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([OFFER, ACCEPT, (Serve.ACCEPT, REPAIRS, {"team": 2})], "is accepted"),
        ([OFFER, (Serve.ACCEPT, REPAIRS, {"team": 1})], "was not offered"),
        ([OFFER, (Serve.ACCEPT, WORKER, {"team": 1})], "not for"),
        ([(Serve.ACCEPT, ERRANDS, {"team": 1})], "is asked"),
        ([OFFER, (Serve.DECLINE, ERRANDS, {"team": 1, "reason": "x"}), ACCEPT], "not for"),
        ([OFFER, (Serve.DECLINE, ERRANDS, {"team": 1})], "needs reason"),
        ([OFFER, ACCEPT, (Serve.FINISH, REPAIRS, {"outcome": "served"})], "not for"),
        ([OFFER, ACCEPT, (Serve.FINISH, ERRANDS, {"outcome": "perhaps"})], "finish takes"),
        ([OFFER, ACCEPT, DONE, (Serve.RATE, ERRANDS, {"stars": 5})], "not for"),
        ([OFFER, ACCEPT, DONE, (Serve.RATE, HEAD, {"stars": 6})], "1 to 5"),
        ([OFFER, ACCEPT, DONE, (Serve.RATE, HEAD, {"stars": True})], "1 to 5"),
        ([OFFER, ACCEPT, DONE, (Serve.CANCEL, HEAD, {"reason": "x"})], "is done"),
        ([(Serve.STOP, HEAD, {"reason": "x"})], "comes again"),
        ([OFFER, (Serve.STEP, CENTRE, {"step": "lapsed"})], "not what time brings"),
    ],
)
def test_what_may_not_be_done_is_refused_with_its_reason(steps, said):
    with pytest.raises(LifecycleError, match=said):
        replay(entries(*steps))


def test_a_team_that_keeps_it_as_well_does_not_rate_itself():
    mine = asked(keepers=[WORKER.post, ERRANDS.post])
    order = replay(entries(OFFER, ACCEPT, DONE, data=mine))
    assert Serve.RATE not in allowed(order, ERRANDS)
    assert Serve.RATE in allowed(order, WORKER)


def test_who_was_not_reached_is_no_star():
    assert replay(entries(OFFER, ACCEPT, DONE, (Serve.RATE, HEAD, {"stars": 0}))).stars == 0


def test_when_all_decline_it_goes_back_and_may_be_offered_anew():
    both = [(Serve.DECLINE, by, {"team": n, "reason": "人手不足"}) for n, by in ((1, ERRANDS), (2, REPAIRS))]
    order = replay(entries(OFFER, *both))
    assert order.phase is Phase.BACK
    again = replay(entries(OFFER, *both, OFFER, ACCEPT))
    assert again.server == ERRANDS.post


def test_who_gives_it_back_has_it_no_more_and_nobody_takes_it_unasked():
    order = replay(entries(OFFER, ACCEPT, (Serve.GIVE_BACK, ERRANDS, {"reason": "车坏了"})))
    assert (order.phase, order.server, order.open_offers) == (Phase.BACK, "", ())
    anew = (Serve.OFFER, HEAD, {"teams": TEAMS[1:], "until": OFFER[2]["until"]})
    offered = replay(entries(OFFER, ACCEPT, (Serve.GIVE_BACK, ERRANDS, {"reason": "车坏了"}), anew))
    assert offered.open_offers == (Offer(2, REPAIRS.post),)
    assert Serve.ACCEPT not in allowed(offered, ERRANDS)


def test_what_nobody_takes_in_time_lapses_once():
    order = replay(entries(OFFER))
    at = order.due
    assert due_step(order, at - timedelta(milliseconds=1)) is None
    back = apply(order, Served(Serve.STEP, CENTRE, at, {"step": due_step(order, at).value}))
    assert back.phase is Phase.BACK
    assert due_step(back, at) is None


def test_what_comes_again_is_missed_when_its_time_is_over_and_may_still_be_done():
    daily = asked(every="1 day", first="2026-11-20", turn=0, teams=TEAMS[:1])
    order = replay(entries(data=daily))
    assert (order.phase, order.server) == (Phase.ACCEPTED, ERRANDS.post)  # the team goes on
    step = due_step(order, order.until)
    missed = apply(order, Served(Serve.STEP, CENTRE, order.until, {"step": step.value}))
    assert missed.phase is Phase.MISSED
    assert apply(missed, Served(Serve.FINISH, ERRANDS, order.until, {"outcome": "served"})).phase is Phase.DONE


def test_one_that_does_not_come_again_is_late_and_goes_on():
    order = replay(entries(OFFER, ACCEPT))
    late = apply(order, Served(Serve.STEP, CENTRE, order.until, {"step": due_step(order, order.until).value}))
    assert late.phase is Phase.ACCEPTED
    assert due_step(late, order.until + timedelta(days=9)) is None


def test_days_are_counted_from_the_first_so_that_a_short_month_moves_no_other():
    monthly = Repeat.read("1 month")
    days = [monthly.day(date(2027, 1, 31), turn) for turn in range(3)]
    assert days == [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31)]
    assert Repeat.read("2 week").day(date(2026, 12, 24), 1) == date(2027, 1, 7)


@pytest.mark.parametrize("text", ["0 day", "1 year", "105 week", "day", "-1 day", "1.5 day"])
def test_an_interval_that_is_none_is_refused(text):
    with pytest.raises(DraftError, match="no interval"):
        Repeat.read(text)


def test_the_next_one_is_the_first_that_is_not_over():
    daily = asked(every="1 day", first="2026-11-20", turn=0)
    order = replay(entries(data=daily))
    assert following(order, date(2026, 11, 20)) == (1, date(2026, 11, 21))
    assert following(order, date(2026, 12, 1)) == (11, date(2026, 12, 1))
    cancelled = apply(order, Served(Serve.CANCEL, HEAD, NOON, {"reason": "外出"}))
    assert following(cancelled, date(2026, 11, 20))  # this once
    ended = apply(order, Served(Serve.CANCEL, HEAD, NOON, {"reason": "搬走", "last": True}))
    assert following(ended, date(2026, 11, 20)) is None
    went_on = apply(order, Served(Serve.NEXT, CENTRE, NOON, {"number": "单-2"}))
    assert following(went_on, date(2026, 11, 20)) is None


@pytest.mark.parametrize(
    "text", ["王大爷", "13812345678", "138-123456-78", "1234", "A", "K7 2MQ4", "410102195001011234", "", "A1234567"]
)
def test_a_key_that_could_name_somebody_is_refused(text):
    with pytest.raises(DraftError, match="stand for nobody"):
        opaque(text)


def test_a_key_is_kept_as_it_is_written_on_paper():
    assert opaque(" k7-2mq4 ") == "K7-2MQ4"


def test_a_team_fits_by_skill_place_and_hours():
    calendar = Calendar("cn")
    team = Team("跑腿队", ("errand",), ERRANDS.post, (("community", "C1"),), closes=time(17))
    friday = datetime(2026, 11, 20, 16, tzinfo=ZONE)
    here = {"community": "C1", "micro": "3-04"}

    def fits(item="errand", codes=here, since=friday, hours=4):
        return team.fits(item, codes, since, since + timedelta(hours=hours), calendar)

    assert fits()
    assert not fits(item="meal")
    assert not fits(codes={"community": "C2"})
    assert fits(codes={"community": "C9;C1"})  # two grids come into question
    assert not fits(since=friday + timedelta(hours=1))  # it closes at five
    assert not fits(since=friday + timedelta(days=1))  # Saturday
    assert fits(since=friday + timedelta(days=2), hours=30)  # and on into Monday
    always = Team("送餐队", ("errand",), ERRANDS.post, days=EVERY)
    assert always.fits("errand", {}, friday + timedelta(days=1), friday + timedelta(days=1, hours=1), calendar)


def _data(act, random):
    return {
        Serve.OFFER: {"teams": random.sample(TEAMS, random.randint(1, 2)), "until": OFFER[2]["until"]},
        Serve.ACCEPT: {"team": random.choice((1, 2))},
        Serve.DECLINE: {"team": random.choice((1, 2)), "reason": "x"},
        Serve.FINISH: {"outcome": random.choice(list(Outcome)).value},
        Serve.RATE: {"stars": random.randint(0, 5)},
        Serve.NEXT: {"number": "单-2"},
        Serve.STEP: {"step": random.choice(("lapsed", "late", "missed"))},
        Serve.NOTE: {"text": "x"},
    }.get(act, {"reason": "x"})


@given(st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=200, deadline=None)
def test_whatever_is_done_one_team_has_it_and_it_reads_as_it_was_written(random: Random, repeats):
    more = {"every": "1 week", "first": "2026-11-20"} if repeats else {}
    done = entries(data=asked(**more))
    order = replay(done)
    for n in range(random.randint(1, 25)):
        by = random.choice(EVERYBODY)
        may = allowed(order, by)
        act = random.choice(may) if may and random.random() < LIKELY else random.choice(list(RULES))
        entry = Served(act, by, NOON + timedelta(hours=n), _data(act, random))
        try:
            after = apply(order, entry)
        except LifecycleError:
            continue
        done.append(entry)
        assert order.phase in RULES[act].frm
        order = after
        assert Order.from_json(order.to_json()) == order
        assert bool(order.server) == bool(order.team)
        if order.phase is Phase.ACCEPTED:
            assert order.server
        if order.phase is Phase.OFFERED:
            assert order.open_offers
            assert order.due
        if order.phase not in RUNNING:
            assert Serve.ACCEPT not in allowed(order, ERRANDS)
    assert replay(done) == order


def table():
    return tomllib.loads((files.SHIPPED / "services.toml").read_text(encoding="utf-8"))


def test_the_catalogue_has_what_a_city_asked_for():
    rules = ServiceRules.from_table(table())
    assert {"医疗保障代办", "社会保障代办", "社会救助代办", "计划生育代办", "上门办理"} <= {
        item.name.zh for item in rules.items.values()
    }
    assert all(item.group in rules.groups for item in rules.items.values())
    assert rules.item("gone").name.zh == "gone"


def test_a_catalogue_with_faults_names_them_all_with_what_to_write():
    plain = table()
    plain["prefix"] = ""
    plain["accept"] = "soon"
    plain["ahead_days"] = -1
    plain["colour"] = "red"
    plain["items"] = [*plain["items"], {**plain["items"][0]}, {"key": "X", "name": "y", "group": "agency"}, {"key": "z", "group": "?", "name": "z", "home": 1, "holidays": "never"}]  # fmt: skip
    with pytest.raises(RulesError, match=r"services.toml has 9 fault") as caught:
        ServiceRules.from_table(plain)
    for said in ("colour is not known", 'prefix = "单"', 'accept = "4 work_hour"', "ahead_days = 1", "there already", "no word of a to z", "no group", 'holidays = "shift"', "neither true nor false"):  # fmt: skip
        assert any(said in fault for fault in caught.value.faults), said
