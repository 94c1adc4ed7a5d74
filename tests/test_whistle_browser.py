"""A whistle in the console, driven by the posts that it takes, and told to nobody else: page, print, photo, inbox, messages."""

import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from accounts import signed_in
from chromium import COMPLETE, pick
from desk_browser import AREA, Desk, jpeg, reported, room_in, seats
from whistles import CENTRE, CITY, COMMUNITY, FIRE, LEADER, POLICE, asked, blown, by, done, with_leader

from api.identity import COOKIE
from desk.outbox.calls import told
from desk.posts import roster
from desk.reports import Draft, report
from incidents.lifecycle import PostKind
from incidents.whistles import Blow, Phase
from ledger import whistles
from ledger.verify import verify

SECRET = "飞线充电屡禁不止"
OFFICE = f"office:community:{COMMUNITY}"


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    then = datetime.now(UTC) - timedelta(hours=1)
    found = with_leader(room_in(tmp_path_factory.mktemp("ledger")), then)
    roster.add(found, roster.Wish(PostKind.OFFICE, "社区办公室", ("community", COMMUNITY)), by(CENTRE), then)
    yield found
    found.ledger.close()


class Post(Desk):
    """Somebody who looks at whistles."""

    def whistle(self, number):
        return self.open("/whistles", ".bm-head", whistle=quote(number)).says(".bm-number", number)

    def send(self):
        """Confirm the form that is open, and wait until it is gone."""
        self.confirm()
        self.page.wait_for_selector(".st-key-act_form", state="detached")
        self.page.wait_for_selector(COMPLETE, state="attached")
        return self


@pytest.fixture
def people(shared, console):
    with seats(Post, shared, console) as (sit, seated):
        yield sit
        assert [one.complaints for one in seated] == [[]] * len(seated)


def fetched(address, token):
    """Return status and body of an address, as whose session asks for a page."""
    asked = urllib.request.Request(address, headers={"Cookie": f"{COOKIE}={token}", "Accept": "text/html"})
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def state(room, number):
    with room.ledger.reading() as connection:
        return whistles.get(connection, room.id, number).state


def test_a_whistle_is_driven_by_its_posts_to_its_end_with_a_dispute_on_the_way(people, room):
    case = reported(room, SECRET)
    community = people(OFFICE)  # another account than its leader's, who may not approve what he asked for
    community.case(case.number)
    community.page.click("a[data-go=whistles][data-own*=about]")
    community.page.wait_for_selector(".st-key-whistle_form textarea")
    community.says(".bm-note", "街道包联领导")
    pick(community.page, ".st-key-whistle_form [class*=_lead_]", "城市管理")
    community.page.click(".st-key-whistle_form [class*=_assisting_] input")
    community.page.keyboard.type("消防")
    community.says("[role=option]", "消防")
    community.page.keyboard.press("Enter")
    community.says(".st-key-whistle_form [class*=_assisting_]", "消防救援机构")
    community.page.keyboard.press("Escape")
    community.page.fill(".st-key-whistle_form textarea", SECRET)
    community.page.keyboard.press("Tab")
    community.page.wait_for_selector(COMPLETE, state="attached")
    community.page.click(".st-key-whistle_ask button")
    community.says(".bm-number", "哨-").says(".bm-head dd", "待审批")
    number = community.page.inner_text(".bm-number code")

    leader = people(LEADER).whistle(number)
    leader.press("approve").says(".st-key-act_form", "不能撤销").send()
    leader.says(".bm-head dd", "已吹哨").until(lambda: state(room, number).phase, Phase.BLOWN)
    assert {party.post: party.lead for party in state(room, number).parties} == {CITY: True, FIRE: False}

    fire = people(FIRE).whistle(number)
    fire.press("dispute").write("reason", "该处不属消防通道").send().says(".bm-parties", "有异议")
    centre = people(CENTRE).whistle(number)
    centre.press("uphold").write("reason", "疏散通道由其负责").send()
    centre.until(lambda: state(room, number).party(FIRE).disputed, False)
    for key in (CITY, FIRE):
        one = people(key).whistle(number)
        for act in (Blow.SIGN, Blow.CONTACT, Blow.ARRIVE):
            one.press(act.value).send()
            one.until(lambda key=key, act=act: act in state(room, number).party(key).times)

    city = people(CITY).whistle(number)
    city.press("task").write("text", "切断电源").choose("owner", "消防")
    city.send().says(".bm-tasks", "切断电源")
    fire.whistle(number).press("task_done").send().until(lambda: bool(state(room, number).tasks[0].done))
    city.whistle(number).press("finish").write("text", "已拆除飞线").send().says(".bm-head dd", "待确认")
    community.whistle(number).press("close").says(".st-key-act_form", "不能撤销").send().says(".bm-head dd", "已销哨")
    assert state(room, number).phase is Phase.CLOSED
    community.case(case.number).says(".st-key-beside", number)
    assert verify(room.ledger, now=datetime.now(UTC)).breaks == ()


def test_what_is_missing_is_said_and_nothing_is_done(people, room):
    filed = blown(room, now=datetime.now(UTC) - timedelta(minutes=9))
    fire = people(FIRE).whistle(filed.number)
    fire.press("dispute").confirm().says(".st-key-act_form .bm-refused", "尚未填写")
    assert not state(room, filed.number).party(FIRE).disputed


def test_the_page_speaks_english_and_says_that_nothing_waits(people):
    english = people(POLICE, "en").open("/whistles", ".bm-empty")
    english.says(".bm-piles", "Waits for me").says(".bm-empty", "No whistle")


def test_a_department_that_is_not_called_hears_of_nothing(people, room, console, shared):
    point = room.area.net.leaf.geoms[5].representative_point()
    draft = Draft(
        class_=room.rules.directory.favourites[0], lon=point.x, lat=point.y, text=SECRET, photos=(jpeg("#123456"),)
    )
    case = report(room, draft, by(CENTRE), datetime.now(UTC))
    now = datetime.now(UTC) - timedelta(minutes=5)
    filed = asked(room, now=now, text=SECRET, incident=case.number, lon=None, lat=None)
    filed = done(room, filed, Blow.APPROVE, LEADER, now, lead=CITY)
    filed = done(room, filed, Blow.SIGN, CITY, now)
    filed = done(room, filed, Blow.CONTACT, CITY, now)
    filed = done(room, filed, Blow.ARRIVE, CITY, now, photos=[jpeg("#654321")])
    with room.ledger.reading() as connection:
        photo = whistles.photos(connection, filed)[0]["sha256"]
    paper = f"/whistle/{AREA}/{quote(filed.number)}"
    tokens = {
        key: signed_in(console.folder, "department", f"{AREA}:{key.replace('::', ':')}") for key in (CITY, POLICE)
    }

    def got(key, path):
        return fetched(f"{console}{path}", tokens[key])

    assert got(CITY, paper)[0] == 200
    assert SECRET.encode() in got(CITY, paper)[1]
    assert got(CITY, f"{paper}/{photo}")[0] == 200
    status, body = got(POLICE, paper)
    missing = got(POLICE, f"/whistle/{AREA}/{quote('哨-19990101-0001')}")
    assert (status, missing[0]) == (404, 404)
    assert body.replace(filed.number.encode(), b"") == missing[1].replace("哨-19990101-0001".encode(), b"")
    assert got(POLICE, f"{paper}/{photo}")[0] == 404

    stranger = people(POLICE)
    stranger.open("/whistles", ".bm-trouble", whistle=quote(filed.number))
    assert SECRET not in stranger.page.content()
    stranger.open("/whistles", ".bm-piles", pile="running").says(".bm-empty", "没有")
    stranger.open("/inbox", ".bm-piles").says(".bm-piles", "吹哨")
    assert stranger.page.inner_text(".bm-piles a[data-go=whistles] b") == "0"
    assert told(room, {POLICE}) == []
    called = people(CITY).open("/inbox", ".bm-piles")
    called.until(lambda: int(called.page.inner_text(".bm-piles a[data-go=whistles] b")) > 0)


def test_the_papers_of_a_hand_over_are_no_evidence_pack_and_order_nothing(room, console):
    now = datetime.now(UTC) - timedelta(minutes=3)
    filed = done(room, asked(room, now=now, kind="hand_over"), Blow.APPROVE, LEADER, now, lead=CITY)
    other = blown(room, now=now - timedelta(minutes=3))
    token = signed_in(console.folder, "department", f"{AREA}:{CITY.replace('::', ':')}")
    texts = [
        fetched(f"{console}/whistle/{AREA}/{quote(one.number)}?lang=zh", token)[1].decode() for one in (filed, other)
    ]
    assert all(
        word in texts[0] for word in ("线索移交函", "城市管理综合执法：", "回执", "答复时限", "不作责令或处罚决定")
    )
    assert "证据包" not in texts[0]
    assert "证据包" in texts[1]
    assert not any(word in texts[1] for word in ("移交函", "盖章"))
