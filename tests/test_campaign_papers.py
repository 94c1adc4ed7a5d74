"""The papers of a campaign, and its meetings, theme days and letters at a desk in a browser."""

from datetime import UTC, datetime, time, timedelta

import pytest
from accounts import signed_in
from desk_browser import COOKIE, Desk, consoles, seats
from inspected import AREA, kept, worker_of
from rooms import DISPATCHER

from desk.campaigns import acts, letters, meetings, themes
from desk.sites import register
from desk.visits.acts import today as today_of
from inspections.campaigns import Phase, Rule, Source
from inspections.meetings import State
from ledger.sites import Asked
from ledger.verify import verify

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("campaign")


@pytest.fixture(scope="module")
def room(folder):
    found, _site = kept(folder)
    today = today_of(found, NOW)
    acts.make(found, acts.Wish("瓶装燃气专项行动", Source.SITES, (DISPATCHER.post,), [Phase("沿街门店", Rule(("gas_shop",)), today, today + DAY)]), DISPATCHER, NOW)  # fmt: skip
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def campaign(room):
    return acts.listed(room)[0].number


@pytest.fixture(scope="module")
def site(room):
    return register.listed(room, Asked(AREA))[0]


@pytest.fixture(scope="module")
def served(folder, room, tmp_path_factory):
    with consoles(folder, tmp_path_factory.mktemp("home")) as addresses:
        yield addresses


@pytest.fixture
def sit(context, served):
    with seats(Desk, context, *served) as (sit, people):
        yield sit
        assert not [said for one in people for said in one.complaints]


def test_a_meeting_is_written_down_and_the_post_that_got_a_task_does_it(sit, room, campaign, site):
    worker = worker_of(room, site)
    desk = sit(DISPATCHER.post).open(
        "/campaigns", ".st-key-meeting_save", campaign=campaign, tab="meetings", meeting="new"
    )
    desk.page.click(".st-key-meeting_save button")
    desk.says(".bm-refused", "请写明")
    desk.page.fill("[class*=_place_] input", "三楼会议室")
    desk.page.fill("[class*=_problems_] textarea", "两家关门")
    desk.page.keyboard.press("Tab")
    desk.page.fill("[class*=_matter_0_] input", "补查关门的两家")
    desk.page.keyboard.press("Tab")
    desk.page.click("[class*=_post_0_] [role=combobox], [class*=_post_0_] input")
    desk.page.keyboard.type(room.register.posts(NOW)[worker.post].title)
    desk.page.keyboard.press("Enter")
    desk.page.click(".st-key-meeting_save button")
    desk.says(".st-key-visit_form", "三楼会议室", "两家关门", "补查关门的两家")
    (task,) = meetings.tasks(room, campaign)
    assert task.post == worker.post
    own = sit(worker.post).open("/inbox", ".bm-piles")
    own.says(".bm-piles", "例会任务")
    own.open("/campaigns", f".st-key-task_{task.id}", campaign=campaign, tab="meetings", meeting=task.meeting)
    own.page.click(f".st-key-task_{task.id}_done button")
    own.until(lambda: meetings.tasks(room, campaign), [])
    assert not verify(room.ledger, now=datetime.now(UTC)).breaks


def test_each_paper_is_for_who_sees_it_and_escapes_what_was_written(room, campaign, site, served, folder, context):  # noqa: PLR0917
    today = today_of(room, NOW)
    wish = meetings.Wish(campaign, today, time(17, 30), "<b>三楼</b>", DISPATCHER.post, done="<script>x</script>", tasks=[meetings.Give("补查", DISPATCHER.post, today)])  # fmt: skip
    meeting = meetings.hold(room, wish, DISPATCHER, NOW)
    theme = themes.plan(room, themes.Wish(campaign, "大排查", today, time(9), time(11), "门口", [DISPATCHER.post]), DISPATCHER, NOW)  # fmt: skip
    (letter,) = letters.issue(room, letters.Wish(campaign, [("site", site.number)], "整改", "自查"), DISPATCHER, NOW)
    wanted = {f"/meeting/{AREA}/{meeting.number}": "日例会纪要", f"/theme-day/{AREA}/{theme.number}": "主题网格日", f"/letter/{AREA}/{letter.number}": site.name}  # fmt: skip
    for role, scope, status in (("dispatcher", AREA, 200), ("department", f"{AREA}:department:城市管理综合执法", 403)):
        token = signed_in(folder, role, scope)
        for path, said in wanted.items():
            answer = context.request.get(f"{served[0]}{path}?lang=zh", headers={"Cookie": f"{COOKIE}={token}"}, max_redirects=0)  # fmt: skip
            assert answer.status == status, path
            assert (said in answer.text()) is (status == 200)
            assert "<script>x" not in answer.text()
            assert "<b>三楼" not in answer.text()
    far = signed_in(folder, "worker", f"{AREA}:micro:{next(str(one) for one in room.area.net.leaf.codes if str(one) not in site.codes['micro'])}")  # fmt: skip
    for path in wanted:
        assert context.request.get(f"{served[0]}{path}", headers={"Cookie": f"{COOKIE}={far}"}).status == 404
    assert letters.of(room, letter.number).state is State.ISSUED
