"""What a campaign agrees on: meetings and their tasks, theme days counted from inspections, letters of responsibility among a site's papers; each proved by the history, seen by whom it concerns, erased in time."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspected import AREA, FAULT, inspected, kept, shop, worker_of
from orders import who
from rooms import DISPATCHER, NOON
from sqlalchemy import update

from desk.access.rules import identity_of
from desk.campaigns import acts, letters, meetings, themes
from desk.people import retention
from desk.sites import register
from geo.errors import Conflict, DraftError, LifecycleError, NoAccess, TextError
from incidents.access import Role
from inspections.campaigns import Phase, Rule, Source
from inspections.meetings import LEADS, Act, State, Subject, after, tally
from inspections.meetings import acts as allowed
from ledger import backup, tables
from ledger.store import open_ledger
from ledger.verify import verify
from reports import meeting_words

DAY, TODAY = timedelta(days=1), date(2026, 11, 20)
CAMPAIGN = "专-2026-0001"


@pytest.fixture
def room(tmp_path, database):
    found, _site = kept(tmp_path / "ledger", database)
    phase = Phase("沿街门店", Rule(("gas_shop",)), TODAY, TODAY + DAY)
    assert acts.make(found, acts.Wish("瓶装燃气", Source.SITES, (DISPATCHER.post,), [phase]), DISPATCHER, NOON).number == CAMPAIGN  # fmt: skip
    yield found
    found.ledger.close()


@pytest.fixture
def site(room):
    return register.listed(room, letters.sites.Asked(AREA))[0]


def breaks(room):
    return [str(one) for one in verify(room.ledger, now=NOON).breaks]


def wish(**fields):
    said = {"done": "排查 12 家，整改 3 家。", "problems": "两家关门。", "decisions": "明早再去。", **fields}
    return meetings.Wish(CAMPAIGN, said.pop("day", TODAY), time(17, 30), "街道三楼会议室", DISPATCHER.post, **said)


def held(room, **fields):
    return meetings.hold(room, wish(**fields), DISPATCHER, NOON)


def give(post=DISPATCHER.post, due=TODAY + DAY, matter="补查关门的两家"):
    return meetings.Give(matter, post, due)


def looking(room, role, part, account="a9"):
    return room.seen_by(who(role, part, account))


# The table


@given(st.sampled_from(list(Subject)), st.lists(st.sampled_from(list(Act))))
def test_what_is_done_either_follows_the_table_or_is_refused_and_changes_nothing(subject, wanted):
    state = after(subject, None, Act.MAKE)
    for act in wanted:
        if act in allowed(subject, state):
            state = after(subject, state, act)
            assert state in {*LEADS[subject].values()}
        else:
            with pytest.raises(LifecycleError):
                after(subject, state, act)


@given(st.lists(st.tuples(st.sampled_from([State.OPEN, State.DONE, State.CANCELLED]), st.dates())), st.dates())
def test_each_task_is_counted_once_and_late_is_a_part_of_what_is_open(tasks, today):
    found = tally(tasks, today)
    assert found.open + found.done + found.cancelled == len(tasks)
    assert 0 <= found.late <= found.open <= found.given <= len(tasks)
    assert tally(reversed(tasks), today) == found


# Meetings and their tasks


def test_a_meeting_is_kept_with_its_words_its_posts_and_its_tasks_and_the_history_proves_it(room):
    filed = held(room, tasks=[give(), give(due=TODAY, matter="通报两家")])
    found, tasks = meetings.of(room, filed.number)
    assert found == filed
    assert found.number == "会-20261120-0001"
    assert (found.roster, found.begins, found.words["problems"]) == ((DISPATCHER.post,), "17:30", "两家关门。")
    assert [(one.words["matter"], one.due, one.state) for one in tasks] == [("通报两家", TODAY, State.OPEN), ("补查关门的两家", TODAY + DAY, State.OPEN)]  # fmt: skip
    assert not breaks(room)


def test_a_task_is_done_opened_again_moved_and_cancelled_and_each_time_counted(room):
    filed = held(room, tasks=[give(due=TODAY)])
    (one,) = meetings.tasks(room, CAMPAIGN)
    later = NOON + 2 * DAY
    assert meetings.waiting(room, DISPATCHER.post, later) == (1, 1)
    done = meetings.follow(room, one, Act.DONE, DISPATCHER, later)
    assert (done.state, done.ended) == (State.DONE, TODAY + 2 * DAY)
    assert meetings.done_since(room, CAMPAIGN, TODAY, TODAY + 2 * DAY) == [done]
    assert meetings.waiting(room, DISPATCHER.post, later) == (0, 0)
    again = meetings.follow(room, done, Act.REOPEN, DISPATCHER, later)
    moved = meetings.follow(room, again, Act.MOVE, DISPATCHER, later, due=TODAY + 9 * DAY)
    assert (moved.ended, moved.due, moved.words) == (None, TODAY + 9 * DAY, {"matter": "补查关门的两家"})
    with pytest.raises(Conflict):
        meetings.follow(room, one, Act.DONE, DISPATCHER, later)
    meetings.follow(room, moved, Act.CANCEL, DISPATCHER, later)
    said = meetings.tally(room, CAMPAIGN, TODAY)
    assert (said.open, said.done, said.cancelled, said.given) == (0, 0, 1, 0)
    with pytest.raises(LifecycleError):
        meetings.follow(room, meetings.of(room, filed.number)[1][0], Act.DONE, DISPATCHER, later)
    assert not breaks(room)


def test_a_task_goes_to_another_post_and_its_inbox_and_the_history_says_from_whom_until_when(room, site):
    worker = worker_of(room, site)
    held(room, tasks=[give(due=TODAY)])
    (one,) = meetings.tasks(room, CAMPAIGN)
    with pytest.raises(DraftError) as refused:
        meetings.follow(room, one, Act.MOVE, DISPATCHER, NOON, due=TODAY)
    assert refused.value.field == "meeting_move"
    for fields in ({"due": TODAY - DAY}, {"due": TODAY, "post": "nobody::x"}, {}):
        with pytest.raises(DraftError):
            meetings.follow(room, one, Act.MOVE, DISPATCHER, NOON, **fields)
    moved = meetings.follow(room, one, Act.MOVE, DISPATCHER, NOON, due=TODAY + DAY, post=worker.post)
    assert (moved.post, moved.due, moved.words) == (worker.post, TODAY + DAY, one.words)
    assert [meetings.waiting(room, post, NOON)[0] for post in (DISPATCHER.post, worker.post)] == [0, 1]
    with pytest.raises(Conflict):
        meetings.follow(room, one, Act.CANCEL, DISPATCHER, NOON)
    first, then = meeting_words.history(room, meetings.entries(room, Subject.TASK, one.number), str)
    assert not first.details
    assert len(then.details) == 2
    assert then.details[1] == f"{TODAY} → {TODAY + DAY}"
    code = site.codes["micro"].split(";")[0]
    own = looking(room, Role.WORKER, f"{AREA}:micro:{code}", worker.account)
    with pytest.raises(NoAccess):
        meetings.follow(own, moved, Act.MOVE, worker, NOON, due=TODAY + 2 * DAY)
    assert not breaks(room)


def test_a_planned_theme_day_is_changed_and_nobody_writes_over_what_another_changed(room):
    filed = themes.plan(room, _theme(), DISPATCHER, NOON)
    wanted = replace(_theme(day=TODAY + DAY, name="主题网格日改期"), number=filed.number, version=filed.version)
    changed = themes.plan(room, wanted, DISPATCHER, NOON)
    assert (changed.number, changed.day, changed.name) == (filed.number, TODAY + DAY, "主题网格日改期")
    with pytest.raises(Conflict):
        themes.plan(room, wanted, DISPATCHER, NOON)
    (_made, line) = meeting_words.history(room, meetings.entries(room, Subject.THEME, filed.number), str)
    assert line.details == (f"{TODAY} → {TODAY + DAY}",)
    gone = themes.turn(room, changed, Act.CANCEL, DISPATCHER, NOON, reason="预报有雨")
    with pytest.raises(LifecycleError):
        themes.plan(room, replace(wanted, version=gone.version), DISPATCHER, NOON)
    years = NOON + timedelta(days=room.rules.settings.duty_days + 3)
    retention.run(room.ledger, {AREA: room.rules.settings}, identity_of(None), years)
    assert not themes.of(room, filed.number).words
    assert not breaks(room)


def test_a_meeting_is_corrected_under_its_number_and_one_that_was_written_by_mistake_is_struck_with_its_open_tasks(
    room,
):
    filed = held(room, tasks=[give()])
    changed = meetings.hold(room, replace(wish(problems="三家关门。", tasks=[give(matter="再通报")]), number=filed.number, version=filed.version), DISPATCHER, NOON)  # fmt: skip
    assert (changed.number, changed.words["problems"]) == (filed.number, "三家关门。")
    assert len(meetings.tasks(room, CAMPAIGN)) == 2
    with pytest.raises(Conflict):
        meetings.strike(room, filed, "记错了专项行动", DISPATCHER, NOON)
    struck = meetings.strike(room, changed, "记错了专项行动", DISPATCHER, NOON)
    assert meetings.of(room, filed.number)[0] == struck
    assert (struck.state, struck.words["reason"], struck.words["problems"]) == (
        State.STRUCK,
        "记错了专项行动",
        "三家关门。",
    )
    assert meetings.listed(room, CAMPAIGN) == []
    assert meetings.tasks(room, CAMPAIGN) == []
    assert not breaks(room)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"day": TODAY + DAY}, DraftError),
        ({"done": "", "problems": " ", "decisions": ""}, DraftError),
        ({"present": ["nobody::x"]}, DraftError),
        ({"tasks": [give(due=TODAY - DAY)]}, DraftError),
        ({"tasks": [give(matter=" ")]}, TextError),
        ({"tasks": [give(post="nobody::x")]}, DraftError),
        ({"tasks": [give()] * 31}, DraftError),
        ({"done": "长" * 2001}, TextError),
    ],
)
def test_what_cannot_be_of_a_meeting_is_refused_and_nothing_is_written(room, fields, error):
    with pytest.raises(error):
        held(room, **fields)
    assert meetings.listed(room, CAMPAIGN) == []


def test_names_and_telephones_are_struck_from_what_a_meeting_says(room):
    filed = held(room, problems="王阿姨说煤气味大，电话13812345678。")
    assert "13812345678" not in meetings.of(room, filed.number)[0].words["problems"]
    assert "王阿姨" not in meetings.of(room, filed.number)[0].words["problems"]


def test_a_post_sees_the_meetings_and_tasks_that_concern_it_does_its_own_task_and_no_other(room, site):
    worker = worker_of(room, site)
    held(room, tasks=[give(worker.post), give()])
    held(room)
    code = site.codes["micro"].split(";")[0]
    own = looking(room, Role.WORKER, f"{AREA}:micro:{code}", worker.account)
    (seen,) = meetings.listed(own, CAMPAIGN)
    (task,) = meetings.own(own, worker.post)
    assert meetings.tasks(own, CAMPAIGN) == [task]
    assert meetings.of(own, seen.number)[1] == [task]
    other = next(one for one in meetings.tasks(room, CAMPAIGN) if one.post != worker.post)
    with pytest.raises((DraftError, NoAccess)):
        meetings.follow(own, other, Act.DONE, worker, NOON)
    with pytest.raises(NoAccess):
        meetings.follow(own, task, Act.CANCEL, worker, NOON)
    with pytest.raises(NoAccess):
        meetings.hold(own, wish(), worker, NOON)
    assert meetings.follow(own, task, Act.DONE, worker, NOON).state is State.DONE


def test_who_does_not_see_campaigns_sees_no_meeting(room):
    held(room, tasks=[give()])
    far = looking(room, Role.DEPARTMENT, f"{AREA}:department:城市管理综合执法")
    assert meetings.listed(far, CAMPAIGN) == []
    assert meetings.waiting(far, DISPATCHER.post, NOON) == (0, 0)


def test_words_are_erased_when_their_time_is_over_and_the_history_still_holds(room):
    filed = held(room, tasks=[give(due=TODAY), give()])
    meetings.follow(room, meetings.tasks(room, CAMPAIGN)[0], Act.DONE, DISPATCHER, NOON)
    years = NOON + timedelta(days=room.rules.settings.duty_days + 2)
    assert (
        retention.run(room.ledger, {AREA: room.rules.settings}, identity_of(None), years).areas[AREA]["meetings"] == 2
    )
    found, tasks = meetings.of(room, filed.number)
    assert not found.words
    assert [bool(one.words) for one in tasks] == [False, True], "what is open is still to be done"
    assert not breaks(room)


def test_a_row_that_was_changed_behind_the_history_is_found(room):
    filed = held(room, tasks=[give()])
    with room.ledger.engine.begin() as connection:
        connection.execute(update(tables.meeting).values(place="别处"))
    assert any(filed.number in one and "place" in one for one in breaks(room))


def test_a_backup_brings_meetings_theme_days_and_letters_back(room, site, tmp_path):
    filed = held(room, tasks=[give()])
    letters.issue(room, _letter([("site", site.number)]), DISPATCHER, NOON)
    archive = tmp_path / "kept.zip"
    backup.backup(room.ledger, archive, now=NOON)
    again = open_ledger(tmp_path / "again")
    backup.restore(again, archive, now=NOON)
    try:
        assert not verify(again, now=NOON).breaks
        found = replace(room, ledger=again)
        assert meetings.of(found, filed.number)[0] == filed
        assert len(letters.listed(found, CAMPAIGN)) == 1
    finally:
        again.close()


def test_nothing_is_written_for_a_campaign_that_there_is_not(room, site):
    with pytest.raises(DraftError):
        meetings.hold(room, replace(wish(), campaign="专-2026-0009"), DISPATCHER, NOON)
    with pytest.raises(DraftError):
        themes.plan(room, replace(_theme(), campaign="专-2026-0009"), DISPATCHER, NOON)
    with pytest.raises(DraftError):
        letters.issue(room, replace(_letter([("site", site.number)]), campaign="专-2026-0009"), DISPATCHER, NOON)


# Theme days


def _theme(**fields):
    said = {"name": "六小场所和沿街门店安全大排查", "day": TODAY, "begins": time(9), "ends": time(11, 30), "place": "社区门口", "roster": [DISPATCHER.post], **fields}  # fmt: skip
    return themes.Wish(CAMPAIGN, **said)


def test_a_theme_day_counts_what_its_posts_inspected_on_its_day_by_its_checklist(room, site):
    filed = themes.plan(room, _theme(checklist="gas_shop"), DISPATCHER, NOON)
    assert themes.result(room, filed).inspections == 0
    inspected(room, site, FAULT)
    inspected(room, shop(room, name="另一家"), by=worker_of(room, site))  # no post of the day
    inspected(room, shop(room, name="昨天的"), now=NOON - DAY)
    found = themes.result(room, filed)
    assert (found.sites, found.inspections, found.found, found.corrected, found.refused) == (1, 1, 1, 0, 0)
    done = themes.turn(room, filed, Act.HOLD, DISPATCHER, NOON)
    assert themes.listed(room, CAMPAIGN) == [done]
    assert not breaks(room)


@pytest.mark.parametrize(
    "fields",
    [{"ends": time(9)}, {"roster": []}, {"checklist": "none"}, {"grid": ("micro", "x")}, {"day": TODAY + 400 * DAY}],
)
def test_what_cannot_be_of_a_theme_day_is_refused(room, fields):
    with pytest.raises(DraftError):
        themes.plan(room, _theme(**fields), DISPATCHER, NOON)


def test_a_theme_day_that_lies_ahead_was_not_held(room):
    filed = themes.plan(room, _theme(day=TODAY + DAY), DISPATCHER, NOON)
    with pytest.raises(DraftError):
        themes.turn(room, filed, Act.HOLD, DISPATCHER, NOON)
    with pytest.raises(TextError):
        themes.turn(room, filed, Act.CANCEL, DISPATCHER, NOON)
    gone = themes.turn(room, filed, Act.CANCEL, DISPATCHER, NOON, reason="预报有雨")
    assert (gone.state, gone.words) == (State.CANCELLED, {"reason": "预报有雨"})
    with pytest.raises(Conflict):
        themes.turn(room, filed, Act.REOPEN, DISPATCHER, NOON)
    assert themes.turn(room, gone, Act.REOPEN, DISPATCHER, NOON).state is State.PLANNED
    assert not breaks(room)


# Letters


def _letter(parties, **fields):
    said = {"target": "隐患整改率 100%", "tasks": "每日自查，胶管到期更换。", "rewards": "纳入评先评优。", **fields}
    return letters.Wish(CAMPAIGN, parties, **said)


def test_a_signed_letter_stands_among_the_papers_of_its_site_and_goes_when_it_is_taken_back(room, site):
    (filed,) = letters.issue(room, _letter([("site", site.number)], until=TODAY + 365 * DAY), DISPATCHER, NOON)
    assert letters.without(room, CAMPAIGN, [("site", site.number)]) == []
    signed = letters.sign(room, filed, TODAY, DISPATCHER, NOON)
    paper = register.get(room, site.number).document("pledge")
    assert (paper.issued, paper.expires, paper.note) == (TODAY, TODAY + 365 * DAY, filed.number)
    assert letters.counts(room, CAMPAIGN) == {State.SIGNED: 1}
    letters.void(room, signed, DISPATCHER, NOON)
    assert register.get(room, site.number).document("pledge") is None
    assert letters.without(room, CAMPAIGN, [("site", site.number)]) == [("site", site.number)]
    assert not breaks(room)


def test_a_refused_letter_says_why_keeps_its_words_and_may_still_be_signed(room, site):
    (filed,) = letters.issue(room, _letter([("site", site.number)]), DISPATCHER, NOON)
    with pytest.raises(DraftError):
        letters.refuse(room, filed, " ", DISPATCHER, NOON)
    refused = letters.refuse(room, filed, "业主不在，拒绝代签", DISPATCHER, NOON)
    assert letters.of(room, filed.number).words == {**filed.words, "reason": "业主不在，拒绝代签"}
    assert letters.sign(room, refused, TODAY, DISPATCHER, NOON).state is State.SIGNED


def test_letters_are_made_out_all_or_none_and_nobody_has_two_in_a_campaign(room, site):
    with pytest.raises(DraftError):
        letters.issue(room, _letter([("post", DISPATCHER.post), ("site", "场-9999")]), DISPATCHER, NOON)
    assert letters.listed(room, CAMPAIGN) == []
    letters.issue(room, _letter([("post", DISPATCHER.post), ("site", site.number)]), DISPATCHER, NOON)
    with pytest.raises(DraftError):
        letters.issue(room, _letter([("site", site.number)]), DISPATCHER, NOON)


@pytest.mark.parametrize("fields", [{"target": ""}, {"tasks": " "}, {"until": TODAY - DAY}])
def test_what_cannot_be_of_a_letter_is_refused(room, site, fields):
    with pytest.raises(DraftError):
        letters.issue(room, _letter([("site", site.number)], **fields), DISPATCHER, NOON)


def test_a_letter_of_a_site_is_seen_by_who_sees_the_site(room, site):
    letters.issue(room, _letter([("site", site.number), ("post", DISPATCHER.post)]), DISPATCHER, NOON)
    own = site.codes["micro"].split(";")[0]
    other = next(str(code) for code in room.area.net.leaf.codes if str(code) not in site.codes["micro"])
    assert [one.key for one in letters.listed(looking(room, Role.WORKER, f"{AREA}:micro:{own}"), CAMPAIGN)] == [site.number]  # fmt: skip
    assert letters.listed(looking(room, Role.WORKER, f"{AREA}:micro:{other}"), CAMPAIGN) == []


def test_a_letter_is_signed_on_a_day_between_its_own_and_today(room, site):
    (filed,) = letters.issue(room, _letter([("site", site.number)]), DISPATCHER, NOON)
    for day in (TODAY - DAY, TODAY + DAY):
        with pytest.raises(DraftError):
            letters.sign(room, filed, day, DISPATCHER, NOON)
