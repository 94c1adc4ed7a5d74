"""A kept plan of a day: it is moved by hand and holds its rules, kept with its history, replaced and withdrawn; phones go by it, its posts are told, and nobody sees or writes what is not theirs."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspected import CENTRE, inspected, kept, shop, worker_of
from outbox import derived, messages
from phones import who
from rooms import DISPATCHER, NOON
from sqlalchemy import update
from test_planning import HOUR, NOONS, holds, problems

from desk.campaigns import acts
from desk.campaigns.acts import Wish
from desk.field.inspections import errands
from desk.outbox.seen import masked
from desk.outbox.words import words as message_words
from desk.planning import day, keep
from desk.planning.day import Asking, demand_ahead, usual_day
from desk.planning.draft import Draft
from desk.planning.kept import sight, stops
from desk.planning.runs import RUNS, Runs, Stage
from desk.planning.solve import solved
from desk.sites import register
from desk.sites.register import Wish as Site
from geo.errors import Conflict, DraftError, LifecycleError, NoAccess
from inspections.campaigns import Phase, Rule, Source
from inspections.planning import Problem, Visit, Why, by_due, spans_of, walked
from inspections.plans import Act, DayPlan, Moved, State, Unfit, after, moved
from ledger import plans
from ledger.tables import day_plan
from ledger.verify import verify
from locales import translator
from pages.parts.plan_board import shown_kept
from reports.plan_campaigns import running, waiting
from reports.refusals import refusal

TODAY = NOON.date()


@pytest.fixture
def room(tmp_path):
    found, _ = kept(tmp_path)
    shop(found, name="康桥粮油店")
    yield found
    found.ledger.close()


def sites_of(room):
    return sorted(plan_sites(room))


def plan_sites(room):
    return [one.number for one in day.register.listed(room, day.Asked(room.id))]


def post_of(room):
    return worker_of(room, day.register.listed(room, day.Asked(room.id))[0]).post


def asked(room, **changed):
    return Asking((post_of(room),), TODAY, 14 * HOUR, 18 * HOUR, sites=frozenset(sites_of(room)), **changed)


def made(room, by=CENTRE, now=NOON, seen=None):
    asking = asked(room)
    return keep.keep(room, day.planned(room, asking, now), asking, by, now, seen=seen or {})


def test_numbers_that_are_no_sites_are_named(room):
    with pytest.raises(DraftError) as refused:
        day.ready(room, replace(asked(room), sites=frozenset({*sites_of(room), "场-9999", "X"})), NOON)
    said = refusal(refused.value, translator("zh"))
    assert "X, 场-9999。" in said
    assert not any(number in said for number in sites_of(room))


# Moves


@given(problems(), st.data())
def test_a_move_keeps_every_rule_but_whose_grid_it_is_and_no_site_is_lost_or_doubled(problem, data):
    orders = by_due(problem)
    for _ in range(3):
        if not problem.visits:
            return
        one = data.draw(st.integers(0, len(problem.visits) - 1))
        span = data.draw(st.none() | st.integers(0, len(problem.spans) - 1)) if problem.spans else None
        place = data.draw(st.none() | st.integers(0, 9))
        found = moved(problem, orders, one, span, place)
        if isinstance(found, Moved):
            holds(found.problem, found.orders)
            there = {each for order in found.orders for each in order}
            before = {each for order in orders for each in order}
            assert there == (before - {one} if span is None else before | {one})
            assert span is None or one in found.orders[span]
            problem, orders = found.problem, found.orders


def line(*hours, ends=12):
    visits = tuple(Visit(str(n), 1800, ((begins * HOUR, closes * HOUR),), 1, 0, frozenset({0})) for n, (begins, closes) in enumerate(hours))  # fmt: skip
    metres = np.abs(np.subtract.outer(np.arange(len(visits) + 2), np.arange(len(visits) + 2))) * 700
    spans = (*spans_of(0, 9 * HOUR, ends * HOUR, NOONS), *spans_of(1, 9 * HOUR, ends * HOUR, NOONS))
    return Problem(visits, spans, metres, 70)


def test_a_move_that_cannot_be_says_why():
    closed = moved(line((7, 8)), ((), ()), 0, 0)
    late = moved(line((9, 12), ends=9.5), ((), ()), 0, 0)
    pushes = moved(line((9, 12), (9, 9.75)), ((1,), ()), 0, 0, 0)
    assert (closed, late, pushes) == (Unfit.HOURS, Unfit.BACK, Unfit.OTHER)


def test_a_site_goes_to_a_walk_of_another_grid_where_a_person_puts_it():
    found = moved(line((9, 12)), ((0,), ()), 0, 1)
    assert found.orders == ((), (0,))
    assert walked(found.problem, 1, (0,))


def test_a_draft_takes_each_change_back_and_says_what_a_person_took_out(room):
    asking = asked(room)
    ready = day.ready(room, asking, NOON)
    run = RUNS.start(ready.work)
    assert run.wait(60)
    draft = Draft(asking, ready, run)
    first = draft.look()
    assert first.orders == day.planned(room, asking, NOON).orders  # the process plans what this one does
    assert draft.move(0, None) is None
    assert draft.look().out == {0: Why.TAKEN}
    assert draft.move(99, 0) is draft.move(0, 99) is None
    draft.undo()
    draft.undo()
    assert draft.look() is first


def test_a_run_that_is_taken_back_ends_and_too_many_are_refused(room):
    work = day.ready(room, asked(room), NOON).work
    runs = Runs()
    some = [runs.start(work) for _ in range(9)]
    with pytest.raises(DraftError):
        runs.start(work)
    for one in some:
        one.cancel()
    assert all(one.wait(60) for one in some)
    assert {one.stage for one in some[1:]} <= {Stage.CANCELLED, Stage.DONE}
    assert some[-1].stage is Stage.CANCELLED


# The ledger


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("act", list(Act))
def test_only_a_plan_in_force_is_replaced_or_withdrawn(state, act):
    if state is State.KEPT and act is not Act.KEEP:
        assert after(state, act) is not State.KEPT
    else:
        with pytest.raises(LifecycleError):
            after(state, act)


def test_a_plan_is_kept_as_it_was_drawn(room):
    plan = made(room)
    assert keep.plan(room, plan.number) == replace(plan, walkers=plan.posts)
    assert [stop.number for stop in plan.of_post(post_of(room))] == [stop.number for walk in plan.walks for stop in walk.stops]  # fmt: skip
    assert {*sites_of(room)} == {stop.number for stop in plan.of_post(post_of(room))}
    assert list(verify(room.ledger, now=NOON).breaks) == []


def test_a_later_plan_replaces_that_of_its_posts_and_whoever_did_not_see_it_is_told(room):
    first = made(room)
    with pytest.raises(Conflict):
        made(room)
    second = made(room, seen={first.number: first.version})
    assert [(one.number, one.state, one.replaced_by) for one in keep.listed(room)] == [(second.number, State.KEPT, ""), (first.number, State.REPLACED, second.number)]  # fmt: skip
    assert list(verify(room.ledger, now=NOON).breaks) == []


def test_a_plan_is_withdrawn_once_and_not_over_a_change(room):
    plan = made(room)
    with pytest.raises(Conflict):
        keep.withdraw(room, replace(plan, version=plan.version - 1), CENTRE, NOON)
    gone = keep.withdraw(room, plan, CENTRE, NOON)
    assert gone.state is State.WITHDRAWN
    with pytest.raises(LifecycleError):
        keep.withdraw(room, gone, CENTRE, NOON)
    assert list(verify(room.ledger, now=NOON).breaks) == []


def test_a_day_that_is_over_and_a_plan_without_a_visit_are_not_kept(room):
    asking = asked(room)
    found = day.planned(room, asking, NOON)
    with pytest.raises(DraftError, match="over"):
        keep.keep(room, found, asking, CENTRE, NOON + timedelta(days=1), seen={})
    with pytest.raises(DraftError, match="no visit"):
        keep.keep(room, replace(found, orders=((),) * len(found.orders)), asking, CENTRE, NOON, seen={})
    assert keep.listed(room) == []


def test_a_plan_that_was_changed_behind_the_ledger_is_found(room):
    plan = made(room)
    with room.ledger.engine.begin() as connection:
        connection.execute(update(day_plan).where(day_plan.c.number == plan.number).values(walkers=";x;"))
    assert any("walkers" in str(one) for one in verify(room.ledger, now=NOON).breaks)


# Who sees and does what


def grid_of(room):
    return post_of(room).split(":", 1)[1]


def test_a_worker_sees_the_plans_of_the_own_post_and_plans_none(room):
    plan = made(room)
    mine = room.seen_by(who(room.id, part=grid_of(room)))
    others = room.seen_by(who(room.id, part=next(f"{room.area.net.leaf.key}:{code}" for code in room.area.net.leaf.codes if f"{room.area.net.leaf.key}:{code}" != grid_of(room))))  # fmt: skip
    assert [one.number for one in keep.listed(mine)] == [plan.number]
    assert keep.listed(others) == []
    with pytest.raises(DraftError):
        keep.plan(others, plan.number)
    with pytest.raises(NoAccess):
        keep.withdraw(mine, plan, worker_of(room, day.register.listed(room, day.Asked(room.id))[0]), NOON)


def test_who_has_nothing_to_do_with_plans_sees_none(room):
    plan = made(room)
    inspector = room.seen_by(who(room.id, "inspector"))
    assert sight(inspector) is None
    with room.ledger.reading() as connection:
        assert plans.seen_of(connection, room.id, None, {plan.number}) == frozenset()
    assert keep.listed(inspector) == []


def test_a_head_plans_for_nobody_above_or_beside(room):
    head = room.seen_by(who(room.id, "head", grid_of(room)))
    strange = next(key for key, post in room.register.posts(NOON).items() if post.grid and key not in keep.people(head, NOON))  # fmt: skip
    with pytest.raises(DraftError, match="no post"):
        day.ready(head, replace(asked(room), posts=(strange,)), NOON)


# Phones and messages


def test_a_phone_shows_the_sites_of_a_kept_plan_first_in_its_order_until_they_are_inspected(room):
    phone = room.seen_by(who(room.id, part=grid_of(room)))
    assert stops(room, {post_of(room)}, NOON) == {}
    order = [stop.number for stop in made(room).of_post(post_of(room))]
    found, _ = errands(phone, NOON)
    assert [one.due.site.number for one in found if one.due.begins is not None] == order
    assert [one.due.site.number for one in found][: len(order)] == order
    inspected(room, found[0].due.site)
    assert [one.due.site.number for one in errands(phone, NOON)[0] if one.due.begins is not None] == order[1:]
    keep.withdraw(room, keep.listed(room)[0], CENTRE, NOON)
    assert all(one.due.begins is None for one in errands(phone, NOON)[0])


def test_the_posts_of_a_plan_are_told_when_it_is_kept_and_withdrawn_and_nobody_else_reads_of_it(room):
    plan = made(room)
    keep.withdraw(room, plan, CENTRE, NOON)
    derived(room, NOON)
    there = [one for one in messages(room) if one.channel == "app" and one.subject == plans.SUBJECT]
    assert [(one.kind, one.post) for one in there] == [("day_plan", post_of(room)), ("day_plan_withdrawn", post_of(room))]  # fmt: skip
    text = message_words(room, there[0], "zh", console="http://c")
    assert str(TODAY) in text.text
    assert "/plan?" in text.link
    with room.ledger.reading() as connection:
        assert {one.number for one in masked(room.seen_by(who(room.id, "inspector")), connection, there)} == {""}


def places(room):
    """A place in the grid of the plan, and one in another."""
    leaf = room.area.net.leaf
    mine = grid_of(room).partition(":")[2]
    there = next(at for at, code in enumerate(leaf.codes) if str(code) != mine)
    return [leaf.geoms[at].representative_point().coords[0] for at in (leaf.positions[mine], there)]


def test_who_sees_a_part_reads_how_many_beyond_it_are_left_out_and_not_a_line_for_each(room):
    plan = made(room)
    one, other = (register.put(room, Site("gas_shop", name, lon=x, lat=y), DISPATCHER, NOON).number for name, (x, y) in zip("甲乙", places(room), strict=True))  # fmt: skip
    plan = replace(plan, out=((one, Why.FULL.value), (other, Why.FULL.value), ("场-9999", Why.FULL.value)))
    seen = room.seen_by(who(room.id, part=grid_of(room)))
    _sites, (*_walks, left) = shown_kept(SimpleNamespace(_=str, language="zh"), seen, plan)
    assert left["about"] == "3 sites"
    assert [stop["name"] for stop in left["stops"]] == ["甲", "2 sites beyond what you see"]


def test_a_plan_of_another_day_changes_no_list(room):
    made(room)
    assert stops(room, {post_of(room)}, NOON + timedelta(days=1)) == stops(room, {"x"}, NOON) == stops(room, (), NOON) == {}  # fmt: skip


def test_a_body_is_read_as_it_was_written(room):
    plan = made(room)
    own = {name: getattr(plan, name) for name in ("area", "day", "post", "number", "version", "id", "state", "replaced_by", "walkers")}  # fmt: skip
    assert DayPlan.of_body(plan.body(), **own) == plan


def test_the_same_is_planned_in_the_same_order(room):
    work = day.ready(room, asked(room), NOON).work
    problem = day.planned(room, asked(room), NOON).problem
    assert solved(problem, iterations=work.iterations, seed=7) == solved(problem, iterations=work.iterations, seed=7)


def test_sites_of_a_walk_that_its_post_does_not_see_are_counted(room):
    asking = asked(room)
    found = day.planned(room, asking, NOON)
    plan = keep.drawn(room, found, asking, CENTRE)
    assert keep.beyond(room, plan, found.sites, NOON) == 0
    elsewhere = [replace(site, codes={}, post="") for site in found.sites]
    assert keep.beyond(room, plan, elsewhere, NOON) == plan.ours[0]
    assert keep.beyond(room, plan, (), NOON) == 0


def test_the_sites_of_a_campaign_that_runs_come_first_until_they_are_visited(room):
    assert running(room) == {}
    wish = Wish("瓶装燃气专项行动", Source.SITES, (CENTRE.post,), (Phase("沿街门店", Rule(("gas_shop",)), TODAY, TODAY + timedelta(days=9)),))  # fmt: skip
    begun = acts.begin(room, acts.make(room, wish, CENTRE, NOON), 1, CENTRE, NOON)
    assert running(room) == {begun.number: begun}
    assert waiting(room, begun, None, NOON) == {*sites_of(room)}
    first = day.register.listed(room, day.Asked(room.id))[0]
    inspected(room, first)
    assert waiting(room, begun, None, NOON) == {*sites_of(room)} - {first.number}
    leaf = room.area.net.leaf
    elsewhere = next(str(code) for code in leaf.codes if str(code) not in first.codes[leaf.key].split(";"))
    assert waiting(room, begun, (leaf.key, elsewhere), NOON) == frozenset()


@pytest.mark.parametrize(
    ("clock", "usual"),
    [("07:00", (0, "08:30")), ("08:30", (0, "08:30")), ("09:44", (0, "09:45")), ("09:45", (0, "10:00")), ("16:29", (0, "16:30")), ("16:30", (1, "08:30")), ("23:59", (1, "08:30"))],
)  # fmt: skip
def test_a_day_is_planned_ahead_and_never_into_hours_that_are_over(room, clock, usual):
    now = datetime.combine(date(2026, 11, 20), time.fromisoformat(clock), room.area.pack.timezone)
    day, begins = usual_day(room, now, time(8, 30), time(17, 30))
    assert (day, begins) == (now.date() + timedelta(days=usual[0]), time.fromisoformat(usual[1]))
    demand_ahead(room, day, begins.hour * 3600 + begins.minute * 60, now)
    demand_ahead(room, now.date() + timedelta(days=1), 0, now)
    with pytest.raises(DraftError, match="before now"):
        demand_ahead(room, now.date(), now.hour * 3600 + now.minute * 60 - 601, now)
