"""Campaigns: phases in order, targets drawn by rule, coverage that is never above 100 % and is the same when it is recounted from the exported inspections."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspected import AREA, FAULT, inspected, kept, shop, worker_of
from orders import who
from rooms import DISPATCHER, NOON
from sqlalchemy import update

from desk.campaigns import acts
from desk.campaigns.acts import Wish
from desk.sites import register
from geo.errors import Conflict, DraftError, LifecycleError, NoAccess
from incidents.access import Role
from inspections.campaigns import (
    COUNTS,
    Campaign,
    Found,
    Gate,
    Phase,
    Reach,
    Row,
    Rule,
    Source,
    State,
    Target,
    begun,
    closed,
    lived,
    reached,
    reopened,
    row,
    shortfall,
    total,
)
from inspections.sites import Act as SiteAct
from ledger import backup, campaigns, tables
from ledger.store import open_ledger
from ledger.verify import verify
from reports.coverage import coverage, lines, missing, question
from reports.site_lists import asked_of

DAY, TODAY = timedelta(days=1), date(2026, 11, 20)


@pytest.fixture
def room(tmp_path, database):
    found, site = kept(tmp_path / "ledger", database)
    worker_of(found, site)
    yield found
    found.ledger.close()


def phase(name="沿街门店", kinds=("gas_shop",), rest=False, gate=None, starts=TODAY, **rule):
    return Phase(name, Rule(kinds, rest=rest, **rule), starts, starts + 10 * DAY, gate or Gate())


def made(room, *phases, source=Source.SITES, **fields):
    return acts.make(
        room, Wish("瓶装燃气专项行动", source, (DISPATCHER.post,), phases or (phase(),), **fields), DISPATCHER, NOON
    )


def running(room, *phases, **fields):
    return acts.begin(room, made(room, *phases, **fields), 1, DISPATCHER, NOON)


def count(room, campaign, at=NOON, by="community", number=1):
    return total(coverage(room, campaign, number, at, by=by))


def test_a_phase_draws_its_sites_and_counts_each_once(room):
    shops = [shop(room, f"第{n}家") for n in range(3)]
    campaign = running(room)
    assert (count(room, campaign).targets, count(room, campaign).not_yet) == (4, 4)
    inspected(room, shops[0], FAULT)
    inspected(room, shops[0], FAULT, now=NOON + timedelta(hours=1))
    acts.attempt(room, shops[1].number, Found.ABSENT, None, DISPATCHER, NOON)
    acts.attempt(room, shops[2].number, Found.REFUSED, TODAY + DAY, DISPATCHER, NOON)
    whole = count(room, campaign, NOON + timedelta(hours=2))
    assert (whole.targets, whole.visited, whole.absent, whole.refused, whole.not_yet) == (4, 1, 1, 1, 1)
    assert (whole.second_due, whole.new_today, whole.findings, whole.correcting) == (1, 1, 1, 1)
    assert count(room, campaign, NOON + DAY + timedelta(hours=2)).second_due == 2
    assert count(room, campaign, NOON + DAY + timedelta(hours=2)).new_today == 0


@pytest.mark.parametrize("by", ["community", "grid", "micro", "post"])
def test_the_parts_are_the_whole_and_lead_to_their_lists(room, by):
    for n in range(3):
        shop(room, f"第{n}家", building=f"B0000{n + 1}")
    campaign = running(room)
    inspected(room, register.listed(room, campaigns.sites.Asked(AREA))[1])
    rows = coverage(room, campaign, 1, NOON + DAY, by=by)
    assert total(rows) == replace(count(room, campaign, NOON + DAY), code="")
    for one in rows:
        for reach in Reach:
            asked = question(room, campaign, 1, NOON + DAY, grid=(by, one.code), reach=reach)
            with room.ledger.reading() as connection:
                assert campaigns.count(connection, asked) == getattr(one, reach.value)
                assert len(campaigns.targets(connection, asked)) == getattr(one, reach.value)
    assert {one.code for one in lines(room, campaign, 1, NOON + DAY, by, str)} >= {one.code for one in rows}


def test_the_past_stays_as_it_was(room):
    site = shop(room)
    campaign = running(room)
    before = count(room, campaign, NOON)
    inspected(room, site, FAULT, now=NOON + DAY)
    acts.attempt(room, register.listed(room, campaigns.sites.Asked(AREA))[0].number, Found.ABSENT, None, DISPATCHER, NOON + 2 * DAY)  # fmt: skip
    assert count(room, campaign, NOON) == before
    then = count(room, campaign, NOON + DAY)
    assert (then.visited, then.absent, then.findings) == (1, 0, 1)
    assert count(room, campaign, NOON + 3 * DAY).absent == 1


def test_an_attempt_that_is_struck_counts_no_more(room):
    site = shop(room)
    campaign = running(room)
    one = acts.attempt(room, site.number, Found.ABSENT, None, DISPATCHER, NOON)
    assert count(room, campaign).absent == 1
    acts.strike_attempt(room, site.number, one.id, DISPATCHER, NOON + timedelta(minutes=1))
    assert count(room, campaign, NOON + timedelta(minutes=2)).absent == 0
    with pytest.raises(DraftError, match="struck already"):
        acts.strike_attempt(room, site.number, one.id, DISPATCHER, NOON)


def test_phases_begin_in_order_and_the_last_takes_what_is_left(room):
    shop(room, "流动早餐车", kind="gas_vendor")
    shop(room, "小面馆", kind="gas_restaurant")
    campaign = made(room, phase(), phase("游商", ("gas_vendor",)), phase("不留死角", (), rest=True, text="面"))
    with pytest.raises(LifecycleError, match="in order"):
        acts.begin(room, campaign, 2, DISPATCHER, NOON)
    for number in (1, 2):
        campaign = acts.begin(room, campaign, number, DISPATCHER, NOON)
        campaign = acts.close(room, campaign, number, "其余转入下一阶段", DISPATCHER, NOON)
    campaign = acts.begin(room, campaign, 3, DISPATCHER, NOON)
    with room.ledger.reading() as connection:
        drawn = [set(campaigns.drawn(connection, AREA, campaign.number, number)) for number in (1, 2, 3)]
    assert [len(one) for one in drawn] == [1, 1, 1]
    assert not drawn[2] & (drawn[0] | drawn[1])
    assert campaign.running == 3
    campaign = acts.close(room, campaign, 3, "", DISPATCHER, NOON)
    assert campaign.state is State.CLOSED
    assert acts.reopen(room, campaign, 3, DISPATCHER, NOON).running == 3


def test_who_comes_later_is_drawn_by_hand_and_who_closes_leaves_with_its_reason(room):
    first = register.listed(room, campaigns.sites.Asked(AREA))[0]
    campaign = running(room)
    shop(room, "新开的")
    assert count(room, campaign).targets == 1
    register.turn(room, first, SiteAct.CLOSE, "拆迁", TODAY, DISPATCHER, NOON)
    campaign, came, went = acts.draw(room, campaign, DISPATCHER, NOON + DAY)
    assert (came, went) == (1, 1)
    assert count(room, campaign, NOON + DAY).targets == 1
    assert count(room, campaign, NOON).targets == 1
    with room.ledger.reading() as connection:
        assert campaigns.left(connection, AREA, campaign.number, 1) == [(first.number, "2026-11-21", "closed")]
    assert acts.draw(room, campaign, DISPATCHER, NOON + DAY)[1:] == (0, 0)
    assert not list(verify(room.ledger, now=NOON + DAY).breaks)


def test_what_was_visited_stays_on_the_list_though_it_closes(room):
    first = register.listed(room, campaigns.sites.Asked(AREA))[0]
    campaign = running(room)
    inspected(room, first)
    first = register.listed(room, campaigns.sites.Asked(AREA))[0]
    register.turn(room, first, SiteAct.CLOSE, "拆迁", TODAY, DISPATCHER, NOON)
    assert acts.draw(room, campaign, DISPATCHER, NOON + DAY)[1:] == (0, 0)
    assert count(room, campaign, NOON + DAY).visited == 1


def test_a_gate_says_what_is_missing(room):
    site = shop(room)
    campaign = running(room, phase(gate=Gate(100.0, "minor", letters=True)))
    inspected(room, site, FAULT)
    lacks = missing(room, campaign, 1, NOON)
    assert (lacks.visited, lacks.grade, lacks.letters, lacks.is_met) == (50.0, 1, 2, False)
    assert missing(room, running(room), 1, NOON).is_met


def test_households_are_counted_and_never_named(room):
    campaign = running(room, phase("入户", ()), source=Source.HOUSEHOLDS)
    whole = count(room, campaign, NOON)
    assert whole.targets > 1000
    assert whole.not_yet == whole.targets
    assert count(room, campaign, NOON, by="micro").targets == whole.targets


def test_cases_of_some_classes_are_a_campaign_as_well(room):
    key = next(iter(room.rules.directory.classes))
    campaign = running(room, phase("拥堵", (key,)), source=Source.CASES)
    assert count(room, campaign, NOON).targets == 0
    with pytest.raises(DraftError):
        made(room, phase("无", ()), source=Source.CASES)


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"name": " "}, "campaign_name"),
        ({"force": ()}, "campaign_force"),
        ({"force": ("nobody",)}, "campaign_force"),
        ({"phases": ()}, "campaign_phases"),
        ({"phases": (phase(starts=TODAY), phase(starts=TODAY - DAY))}, "campaign_days"),
        ({"phases": (replace(phase(), ends=TODAY - DAY),)}, "campaign_days"),
        ({"phases": (phase(kinds=("moon",)),)}, "campaign_kinds"),
        ({"phases": (phase(grids=(("community", "x"),)),)}, "campaign_grids"),
        ({"phases": (phase(gate=Gate(101.0)),)}, "campaign_gate"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(room, fields, what):
    good = {"name": "甲", "source": Source.SITES, "force": (DISPATCHER.post,), "phases": (phase(),)}
    with pytest.raises(DraftError) as refused:
        acts.make(room, Wish(**{**good, **fields}), DISPATCHER, NOON)
    assert refused.value.field == what
    assert acts.listed(room) == []


def test_a_phase_without_targets_does_not_begin(room):
    with pytest.raises(DraftError) as refused:
        running(room, phase(kinds=("coal",)))
    assert refused.value.field == "campaign_empty"


def test_nobody_overtakes_and_what_began_stays(room):
    campaign = made(room)
    acts.begin(room, campaign, 1, DISPATCHER, NOON)
    with pytest.raises(Conflict):
        acts.begin(room, campaign, 1, DISPATCHER, NOON)
    there = acts.of(room, campaign.number)
    with pytest.raises(LifecycleError, match="began"):
        acts.edit(
            room, there, Wish("乙", Source.SITES, (DISPATCHER.post,), (phase(kinds=("gas_vendor",)),)), DISPATCHER, NOON
        )
    renamed = acts.edit(
        room,
        there,
        Wish("乙", Source.SITES, (DISPATCHER.post,), (phase(), phase("二", ("gas_vendor",)))),
        DISPATCHER,
        NOON,
    )
    assert (renamed.name, len(renamed.phases), renamed.running) == ("乙", 2, 1)
    over = acts.cancel(room, renamed, "上级叫停", DISPATCHER, NOON)
    with pytest.raises(LifecycleError, match="called off"):
        acts.close(room, over, 1, "", DISPATCHER, NOON)


def test_who_sees_a_grid_counts_its_sites_and_no_other(room):
    there = shop(room, building="B00001")
    campaign = running(room)
    code = there.codes["community"]
    looks = room.seen_by(who(Role.HEAD, f"{AREA}:community:{code}", "a7"))
    seen = coverage(looks, campaign, 1, NOON, by="community")
    assert {one.code for one in seen} == {code}
    assert coverage(room.seen_by(who(Role.DEPARTMENT, AREA, "a8")), campaign, 1, NOON, by="community") == ()
    assert acts.listed(room.seen_by(who(Role.DEPARTMENT, AREA, "a8"))) == []
    with pytest.raises(NoAccess):
        acts.begin(room.seen_by(who(Role.ANALYST, AREA, "a9")), campaign, 1, DISPATCHER, NOON)


def test_a_target_that_somebody_slipped_in_is_found(room):
    campaign = running(room)
    assert not list(verify(room.ledger, now=NOON).breaks)
    with room.ledger.engine.begin() as connection:
        connection.execute(update(tables.campaign_target).values(weight=7))
    assert any("campaign_target" in str(one) for one in verify(room.ledger, now=NOON).breaks)
    assert campaign.number.startswith("专-2026-")


def test_a_backup_brings_campaigns_back(room, tmp_path):
    campaign = running(room)
    archive = tmp_path / "b.zip"
    backup.backup(room.ledger, archive, now=NOON)
    again = open_ledger(tmp_path / "again")
    backup.restore(again, archive, now=NOON)
    with again.reading() as connection:
        assert campaigns.get(connection, AREA, campaign.number) == campaign
        assert len(campaigns.drawn(connection, AREA, campaign.number, 1)) == 1


# Rules

targets = st.one_of(
    st.builds(
        reached,
        st.just("a"),
        st.none() | st.dates(TODAY - 9 * DAY, TODAY),
        st.none() | st.tuples(st.sampled_from(Found), st.none() | st.dates(TODAY - DAY, TODAY + DAY)),
        st.just(TODAY),
    ),
    st.builds(
        lived,
        st.just("b"),
        st.integers(1, 90),
        st.integers(0, 200),
        st.integers(0, 5),
        met_before=st.integers(0, 50),
        refused=st.booleans(),
    ),
)


@given(st.lists(targets), st.lists(targets), st.randoms())
def test_each_target_is_in_one_state_whatever_the_order_and_parts_add_up(some, others, chance):
    one, other = row("1", some), row("2", others)
    both = [*some, *others]
    chance.shuffle(both)
    whole = row("", both)
    assert total([one, other]) == whole
    assert whole.targets == whole.visited + whole.refused + whole.absent + whole.not_yet
    assert all(getattr(whole, name) >= 0 for name in COUNTS)
    assert whole.second_due <= whole.refused + whole.absent
    assert whole.new_today <= whole.visited


@given(st.lists(st.sampled_from(["begin", "close", "reopen"]), max_size=20), st.integers(1, 4))
def test_whatever_is_tried_one_phase_runs_at_most_and_the_standing_is_read_back(tries, many):
    phases = tuple(phase(f"{n}") for n in range(many))
    campaign = Campaign("甲", Source.SITES, ("p",), phases, TODAY)
    for act in tries:
        now = campaign.running or campaign.latest or 1
        try:
            if act == "begin":
                campaign = begun(campaign, min(campaign.latest + 1, many), TODAY)
            else:
                campaign = closed(campaign, now, TODAY) if act == "close" else reopened(campaign, now)
        except LifecycleError:
            continue
        states = [one.state for one in campaign.phases]
        assert states.count(State.RUNNING) <= 1
        assert states == sorted(states, key=[State.CLOSED, State.RUNNING, State.PLANNED].index)
        assert Campaign.from_json(campaign.to_json()) == campaign


@pytest.mark.parametrize(("visited", "asks", "met"), [(9, 90, True), (8, 90, False), (0, 0, True)])
def test_a_share_opens_the_gate(visited, asks, met):
    assert shortfall(Gate(asks), Row("", targets=10, visited=visited), 0, 0).is_met is met


def test_a_gate_of_nothing_is_open():
    assert shortfall(Gate(100), Row(""), 0, 0).is_met
    assert Target("a").weight == 1


def test_a_figure_leads_to_a_list_of_as_many_sites(room):
    shops = [shop(room, f"第{n}家", building=f"B0000{n + 1}") for n in range(4)]
    campaign = running(room)
    inspected(room, shops[0])
    acts.attempt(room, shops[1].number, Found.ABSENT, None, DISPATCHER, NOON)
    later = NOON + timedelta(hours=1)
    for by in ("community", "grid", "post"):
        for one in coverage(room, campaign, 1, later, by=by):
            for name in ("targets", *(reach.value for reach in Reach), "second_due", "new_today"):
                how = "" if name == "targets" else f".{name}"
                asked = asked_of(room, {"state": "every", "target": f"{campaign.number}.1{how}@{by}:{one.code}"}, later)
                assert register.count(room, asked) == getattr(one, name)
    for wrong in ("x.1", f"{campaign.number}.9", f"{campaign.number}.x", "@", f"{campaign.number}.1.2026-99-99"):
        assert register.count(room, asked_of(room, {"state": "every", "target": wrong}, later)) == 0
