"""The emergency card: what stands on it, who sees it, and a log in which every step stands once, is struck and never deleted; on both databases."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from accounts import signed_in
from http_client import ask
from rooms import DISPATCHER, NOON, room_of, shipped
from sqlalchemy import delete, insert, select, update
from test_gate import built
from whole_app import ROOMS

import app as console
from api.identity import COOKIE
from desk.access.permissions import permissions_of
from desk.emergency import events
from desk.emergency.building import building, nearest
from desk.emergency.card import card
from desk.outbox.book import Books
from desk.outbox.book import Contact as Office
from desk.posts import duty
from geo.errors import DraftError, NoAccess, RulesError, UnknownGrid
from incidents.access import Role, Scope, Who
from incidents.emergency_rules import EmergencyRules
from incidents.lifecycle import By, PostKind
from ledger import backup, tables
from ledger.emergencies import Point
from ledger.verify import verify

BY = replace(DISPATCHER, account="a1")
FIRST, TWIN = "key-0001", "key-0002"
HERE, PAGE = console.SETTINGS.data_dir, "/emergency/longnan/B00040"
OWN = {"origin": "http://localhost:8501", "sec_fetch_site": "same-origin"}


@pytest.fixture
def room(tmp_path, database):
    room = room_of(shipped("longnan"), tmp_path / "ledger", database)
    yield room
    room.ledger.close()


@pytest.fixture
def home(room):
    """A building in which people live."""
    frame = room.area.of_kind("building")["buildings"]
    return str(frame[frame["households"] > 0]["id"].iloc[0])


def somebody(role, scope="longnan"):
    return permissions_of(None).given(Who("a1", "li", Role(role), Scope.read(scope), "s1"))


def entries(room, subject="emergency"):
    c = tables.history.c
    with room.ledger.reading() as connection:
        asked = select(c.act, c.data, c.before, c.after).where(c.subject == subject).order_by(c.version)
        return connection.execute(asked).all()


def holds(room):
    return verify(room.ledger, now=NOON).breaks == ()


def test_a_card_says_whom_to_call_where_to_cut_off_how_many_live_there_and_what_is_near(room, home):
    found = card(room, home, "fire", NOON)
    assert [number.number for number in found.numbers][:3] == ["119", "120", "110"]
    assert found.building.households > 0
    near = {one.kind.key: one for one in found.near}
    assert near["hydrant"].metres is None  # the pack has none, and the card says so
    assert near["fire_station"].metres > 0
    assert found.points == {}
    assert [one.why for one in found.reach][:2] == ["duty", "answers"]
    assert found.event is None


def test_the_office_telephone_of_a_post_comes_from_the_address_book(room, home):
    post = card(room, home, "fire", NOON).reach[1].post.key
    books = Books(room.ledger.folder)
    books.write(books.read().with_contact(room.id, post, Office(sms="0371-60000001")))
    assert next(one.phone for one in card(room, home, "fire", NOON).reach if one.post.key == post) == "0371-60000001"


def test_the_post_on_duty_stands_first_with_its_own_telephone_or_the_duty_telephone(room, home):
    def first():
        return card(room, home, "fire", NOON).reach[0]

    assert (first().post.key, first().phone) == (DISPATCHER.post, "")  # the rota names nobody
    books = Books(room.ledger.folder)
    books.write(books.read().with_contact(room.id, "duty", Office(sms="0371-60000110")))
    assert first().phone == "0371-60000110"
    room.ledger.change(lambda writing: duty.demo(room, writing, NOON))
    officer = next(one.post for one in duty.on_duty(room, NOON) if one.role is duty.Role.OFFICER)
    assert (first().why, first().post.key, first().phone) == ("officer", officer, "0371-60000110")
    books.write(books.read().with_contact(room.id, officer, Office(sms="0371-60000111")))
    assert first().phone == "0371-60000111"


@pytest.mark.parametrize("said", ["1:24 2:20", "2单元：20户，1单元：24户", "1=24、2=20", " 1 : 24 ; 2:20 "])
def test_households_of_each_unit_are_written_down_as_counts(room, home, said):
    assert events.write_points(room, home, {"units": (said, "")}, BY, NOON)
    assert events.points(room, home) == {"units": Point("1:24 2:20")}
    assert not events.write_points(room, home, {"units": (said, "")}, BY, NOON)
    assert holds(room)


@pytest.mark.parametrize("said", ["王家三口", "1:24 1:20", "1:24 13812345678", "24 20", "1:24:20", " ".join(f"{n}:1" for n in range(1, 26))])  # fmt: skip
def test_what_is_no_count_of_a_unit_is_refused(room, home, said):
    with pytest.raises(DraftError) as error:
        events.write_points(room, home, {"units": (said, "")}, BY, NOON)
    assert error.value.field == "units"
    assert events.points(room, home) == {}


def test_the_pack_says_how_many_units_a_building_has(room, home):
    assert building(room, home).units > 0


def test_the_nearest_point_is_the_one_that_is_nearest(room, home):
    at, kind = building(room, home), room.rules.emergencies.nearest[1]
    services = room.area.points["services"]
    stations = services[services["class"] == "fire"].geometry
    found = nearest(room, at)[1]
    assert found.kind == kind
    degrees = [((point.x - at.lon) * 0.82) ** 2 + (point.y - at.lat) ** 2 for point in stations]
    assert found.name == services[services["class"] == "fire"]["name"].iloc[degrees.index(min(degrees))]


def test_where_a_building_is_cut_off_is_written_by_the_street_with_the_post_that_has_the_key(room, home):
    keeper = next(iter(room.posts))
    wanted = {
        "gas": ("东侧墙外阀门井", ""),
        "electric": ("一单元楼道配电箱", keeper),
        "muster": ("中心花园", ""),
        "water": (" ", ""),
    }
    assert events.write_points(room, home, wanted, BY, NOON)
    assert not events.write_points(room, home, wanted, BY, NOON)
    assert events.points(room, home) == {
        "gas": Point("东侧墙外阀门井"),
        "electric": Point("一单元楼道配电箱", keeper),
        "muster": Point("中心花园"),
    }
    assert events.write_points(room, home, {"gas": ("西侧", "")}, BY, NOON)
    assert events.points(room, home) == {"gas": Point("西侧")}
    assert [entry.act for entry in entries(room, "cutoff")] == ["set", "set"]
    assert holds(room)


def test_no_person_and_no_number_stands_in_the_words_of_a_place(room, home):
    events.write_points(room, home, {"gas": ("找王师傅拿钥匙", "")}, BY, NOON)
    assert "王" not in events.points(room, home)["gas"].place
    events.write_points(room, home, {"gas": ("钥匙在门卫 13812345678", "")}, BY, NOON)
    assert "138" not in events.points(room, home)["gas"].place


def test_a_key_is_with_a_post_that_there_is(room, home):
    with pytest.raises(DraftError):
        events.write_points(room, home, {"gas": ("东侧", "head:micro:0")}, BY, NOON)


def test_a_step_is_logged_once_however_often_it_is_sent(room, home):
    event = events.begin(room, home, "fire", BY, NOON)
    assert events.begin(room, home, "fire", BY, NOON).id == event.id
    line = events.log(room, home, event.id, "call", FIRST, BY, NOON)
    assert events.log(room, home, event.id, "call", FIRST, BY, NOON + timedelta(seconds=9)) == line
    assert events.log(room, home, event.id, "call", TWIN, BY, NOON) == line  # a second thumb
    assert [entry.act for entry in entries(room)] == ["begin", "step"]
    assert holds(room)


def test_a_step_that_counts_is_logged_as_often_as_doors_are_knocked_at(room, home):
    event = events.begin(room, home, "fire", BY, NOON)
    for key, count in ((FIRST, 12), (TWIN, 8), (FIRST, 99)):
        events.log(room, home, event.id, "knock", key, BY, NOON, count=count)
    found = events.events(room, home)[0]
    assert [line.count for line in found.standing("knock")] == [12, 8]
    assert holds(room)


def test_a_wrong_line_is_struck_and_stays(room, home):
    event = events.begin(room, home, "gas", BY, NOON)
    line = events.log(room, home, event.id, "gas_off", FIRST, BY, NOON)
    events.strike(room, home, event.id, line.id, BY, NOON + timedelta(minutes=1))
    events.strike(room, home, event.id, line.id, BY, NOON + timedelta(minutes=2))
    again = events.log(room, home, event.id, "gas_off", TWIN, BY, NOON + timedelta(minutes=3))
    lines = events.events(room, home)[0].lines
    assert [(one.id, one.struck) for one in lines] == [(line.id, NOON + timedelta(minutes=1)), (again.id, None)]
    assert lines[0].struck_by == BY.post
    assert [entry.act for entry in entries(room)] == ["begin", "step", "strike", "step"]
    assert all('"a1"' in entry.data for entry in entries(room))
    assert holds(room)


def test_what_was_done_without_a_network_keeps_its_time_within_bounds(room, home):
    event = events.begin(room, home, "fire", BY, NOON)
    later = NOON + timedelta(minutes=30)
    done = {"call": NOON + timedelta(minutes=2), "road": NOON - timedelta(days=3), "solar": later + timedelta(hours=1)}
    for number, (step, at) in enumerate(done.items()):
        events.log(room, home, event.id, step, f"late-{number:04}", BY, later, done=at)
    assert [line.at for line in events.events(room, home)[0].lines] == [NOON + timedelta(minutes=2), NOON, later]
    assert holds(room)


def test_an_emergency_ends_once_and_takes_no_line_of_what_was_done_later(room, home):
    event = events.begin(room, home, "flood", BY, NOON)
    events.end(room, home, event.id, BY, NOON + timedelta(hours=1))
    events.end(room, home, event.id, BY, NOON + timedelta(hours=2))
    late, end = NOON + timedelta(hours=2), NOON + timedelta(hours=1)
    with pytest.raises(DraftError):
        events.log(room, home, event.id, "call", FIRST, BY, late, done=end + timedelta(minutes=1))
    kept = events.log(
        room, home, event.id, "call", FIRST, BY, late, done=end - timedelta(minutes=1)
    )  # by a phone without a network
    found = events.events(room, home)[0]
    assert found.lines == (kept,)
    assert (found.ended, found.ended_by) == (NOON + timedelta(hours=1), BY.post)
    assert events.begin(room, home, "flood", BY, NOON + timedelta(hours=3)).id != event.id
    assert [one.id for one in events.listed(room, running=False)] == [event.id]
    assert holds(room)


@pytest.mark.parametrize(
    ("step", "key", "count"),
    [("dance", FIRST, None), ("call", "", None), ("call", "x" * 99, None), ("call", FIRST, 3), ("knock", FIRST, -1), ("knock", FIRST, 10**9)],
)  # fmt: skip
def test_nothing_is_logged_that_the_plan_does_not_know(room, home, step, key, count):
    event = events.begin(room, home, "fire", BY, NOON)
    with pytest.raises(DraftError):
        events.log(room, home, event.id, step, key, BY, NOON, count=count)
    assert [entry.act for entry in entries(room)] == ["begin"]


def test_an_emergency_is_found_through_its_own_building_alone(room, home):
    event = events.begin(room, home, "fire", BY, NOON)
    other = next(code for code in room.area.points["buildings"]["id"] if code != home)
    with pytest.raises(DraftError):
        events.log(room, other, event.id, "call", FIRST, BY, NOON)


def test_a_building_beyond_the_scope_is_answered_like_none(room, home):
    own = building(room, home).codes["micro"].split(";")[0]
    there = next(code for code in map(str, room.area.net.leaf.codes) if code != own)
    assert building(room.seen_by(somebody("worker", f"longnan:micro:{own}")), home).code == home
    with pytest.raises(UnknownGrid) as beyond:
        building(room.seen_by(somebody("worker", f"longnan:micro:{there}")), home)
    with pytest.raises(UnknownGrid) as missing:
        building(room, "B99999")
    assert str(beyond.value).replace(home, "B99999") == str(missing.value)
    assert building(room.seen_by(somebody("department", "longnan:department:城市管理综合执法")), home).code == home


def test_who_only_looks_logs_nothing_and_a_worker_writes_no_plan(room, home):
    event = events.begin(room, home, "fire", BY, NOON)
    analyst = room.seen_by(somebody("analyst"))
    with pytest.raises(NoAccess):
        events.log(analyst, home, event.id, "call", FIRST, BY, NOON)
    own = building(room, home).codes["micro"].split(";")[0]
    worker = room.seen_by(somebody("worker", f"longnan:micro:{own}"))
    by = By(f"worker:micro:{own}", PostKind.WORKER, "a1")
    assert events.log(worker, home, event.id, "call", FIRST, by, NOON).post == by.post
    with pytest.raises(NoAccess):
        events.write_points(worker, home, {"gas": ("东侧", "")}, by, NOON)
    with pytest.raises(NoAccess):  # a post that is not theirs
        events.log(worker, home, event.id, "road", TWIN, BY, NOON)
    assert holds(room)


def tampered(room, statement):
    room.ledger.change(lambda writing: writing.connection.execute(statement))
    return [one.what for one in verify(room.ledger, now=NOON).breaks]


def test_verify_sees_what_was_changed_beside_the_history(room, home):
    event = events.begin(room, home, "fire", BY, NOON)
    line = events.log(room, home, event.id, "knock", FIRST, BY, NOON, count=3)
    events.write_points(room, home, {"gas": ("东侧", "")}, BY, NOON)
    assert holds(room)
    step, cutoff = tables.emergency_step, tables.cutoff
    assert tampered(room, update(step).where(step.c.id == line.id).values(count=30)) == [
        f"emergency_step {line.id} in longnan stands with another count than its history says"
    ]
    assert f"emergency_step {line.id} in longnan was removed" in tampered(room, delete(step))
    assert any("another place" in what for what in tampered(room, update(cutoff).values(place="西侧")))
    row = {"area": "longnan", "building": home, "kind": "water", "place": "x", "keeper": ""}
    assert any("was put in" in what for what in tampered(room, insert(cutoff).values(row)))
    assert any("another begun" in what for what in tampered(room, update(tables.emergency).values(begun=1)))


def test_a_backup_brings_the_log_back(room, home, tmp_path):
    event = events.begin(room, home, "fire", BY, NOON)
    events.log(room, home, event.id, "call", FIRST, BY, NOON)
    events.write_points(room, home, {"gas": ("东侧", "")}, BY, NOON)
    backup.backup(room.ledger, tmp_path / "ledger.zip", now=NOON)
    kept = events.events(room, home)
    events.log(room, home, event.id, "road", TWIN, BY, NOON)
    backup.restore(room.ledger, tmp_path / "ledger.zip", now=NOON, force=True)
    assert events.events(room, home) == kept
    assert events.points(room, home) == {"gas": Point("东侧")}
    assert holds(room)


def test_rules_name_every_fault():
    said = {
        "numbers": [{"key": "fire", "name": "火", "name_en": "Fire", "number": "call me"}],
        "nearest": [{"key": "Hydrant"}],
        "classes": {"fire": {"name": "火", "numbers": ["none"], "cutoffs": ["heat"], "steps": []}},
        "colour": 1,
    }
    with pytest.raises(RulesError) as error:
        EmergencyRules.from_table(said)
    assert all(
        word in str(error.value)
        for word in ("numbers 1", "nearest 1", "'none'", "'heat'", "no steps", "name_en", "'colour'")
    )


# The document, through the whole app


@pytest.fixture(scope="module")
def cookie():
    return f"{COOKIE}={signed_in(HERE, 'dispatcher', 'longnan')}"


def card_page(cookie, query="", **headers):
    return ask(built(), f"{PAGE}?class=flood{query}", accept="text/html", cookie=cookie, **headers)


def send(cookie, shown, headers=OWN, **fields):
    mine = shown.headers["set-cookie"].split(";")[0]
    body = urlencode(
        {"form": re.search(r'name="form" value="([^"]+)"', shown.text)[1], "as": "dispatcher::", **fields}
    ).encode()
    return ask(
        built(),
        f"{PAGE}?class=flood",
        method="POST",
        chunks=[body],
        accept="text/html",
        cookie=f"{cookie}; {mine}",
        **headers,
    )


def test_a_card_is_shown_begun_logged_and_ended_by_its_forms(cookie):
    shown = card_page(cookie)
    assert shown.status == 200
    assert "script-src 'self'" in shown.headers["content-security-policy"]
    assert send(cookie, shown, act="begin", **{"class": "flood"}).status == 303
    event = re.search(r'name="event" value="(\d+)"', card_page(cookie).text)[1]
    for _twice in range(2):
        answer = send(cookie, shown, act="step", event=event, step="knock", key="once-0001", count="7", ago="60")
        assert answer.status == 303
        assert answer.headers["location"].endswith("#steps")
    page = card_page(cookie).text
    assert page.count('class="fine done-by"') == 1
    assert 'class="total">7<' in page
    line = re.search(r'name="line" value="(\d+)"', page)[1]
    assert send(cookie, shown, act="strike", event=event, line=line).status == 303
    assert "struck" in card_page(cookie).text
    assert send(cookie, shown, act="end", event=event).status == 303
    late = send(cookie, shown, act="step", event=event, step="call", key="once-0002")
    assert (late.status, "没有再记录" in late.text) == (422, True)


def test_a_head_writes_the_households_of_each_unit_on_the_card_and_its_paper_shows_them(cookie):
    shown = card_page(cookie)
    assert "各单元户数" in shown.text
    refused = send(cookie, shown, act="plan", gas_place="东侧阀门井", units_place="24 20")
    assert refused.status == 422
    assert all(f'value="{said}"' in refused.text for said in ("东侧阀门井", "24 20"))  # what was written is still there
    assert send(cookie, shown, act="plan", units_place="1:24 2:20").status == 303
    for query in ("", "&paper=1"):
        said = re.sub(r"<[^>]+>", " ", card_page(cookie, query).text)
        assert re.search(r"1 单元\s+24 户", said)
        assert re.search(r"各单元合计\s+44 户", said)
    assert send(cookie, card_page(cookie), act="plan", units_place="").status == 303


def test_a_card_takes_nothing_that_none_of_its_pages_sent(cookie):
    shown = card_page(cookie)
    foreign = {"origin": "http://evil.example", "sec_fetch_site": "cross-site"}
    assert send(cookie, shown, headers=foreign, act="begin", **{"class": "flood"}).status == 403
    assert send(cookie, shown, form="forged", act="begin").status == 403
    assert send(cookie, shown, act="dance").status == 422
    assert send(cookie, shown, act="begin", **{"class": "war"}).status == 422
    assert send(cookie, shown, act="begin", **{"class": "flood", "as": "inspector::"}).status == 422
    assert "/emergency/" not in ask(built(), f"{PAGE}?class=war", accept="text/html", cookie=cookie).headers.get(
        "location", ""
    )
    assert ask(built(), f"{PAGE}?class=war", accept="text/html", cookie=cookie).status == 404
    assert ask(built(), "/emergency/longnan/B99999", accept="text/html", cookie=cookie).status == 404


def test_who_may_not_work_sees_no_form_and_a_wall_no_card():
    analyst, wall = (f"{COOKIE}={signed_in(HERE, role, 'longnan')}" for role in ("inspector", "wall"))
    shown = card_page(analyst).text
    assert "gas_place" not in shown  # an inspector writes no plan
    assert card_page(wall).status == 403
    link = ask(built(), "/card/longnan/buildings/B00040", cookie=wall).json["link"]
    assert link is None
    assert (
        ask(built(), "/card/longnan/buildings/B00040", cookie=analyst)
        .json["link"]["href"]
        .startswith("/emergency/longnan/B00040?")
    )


def test_a_printed_card_leaves_a_line_in_the_audit_trail_and_carries_who_printed_it(cookie):
    paper = card_page(cookie, "&paper=1")
    assert paper.status == 200
    assert "dispatcher-" in paper.text
    assert 'class="watermark"' in paper.text
    assert "<form" not in paper.text


def test_the_log_of_a_running_and_of_a_past_emergency_is_printed_with_what_was_struck(cookie):
    room = ROOMS.get("longnan", datetime.now(UTC))
    now = datetime.now(UTC)
    event = events.begin(room, "B00040", "flood", BY, now)
    line = events.log(room, "B00040", event.id, "lift", FIRST, BY, now)
    events.strike(room, "B00040", event.id, line.id, BY, now)
    running = card_page(cookie, "&paper=1").text
    events.end(room, "B00040", event.id, BY, now)
    assert 'class="log"' not in card_page(cookie, "&paper=1").text
    past = card_page(cookie, f"&paper=1&event={event.id}").text
    for shown, ended in ((running, False), (past, True)):
        assert ("结束" in shown, "划掉" in shown) == (ended, True)


def test_a_list_of_emergencies_says_how_many_buildings_have_a_plan(cookie):
    shown = ask(built(), "/emergency/longnan?lang=en", accept="text/html", cookie=cookie)
    assert shown.status == 200
    assert re.search(r"for \d+ of \d+ buildings", shown.text)
