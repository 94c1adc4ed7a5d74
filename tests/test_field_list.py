"""What a phone is shown: the open cases of one's posts and grid and nothing beyond, what may be done to each, the classes reported most; small, and once."""

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from accounts import signed_in
from brute import cases_of, sees
from busy_room import Busy
from http_client import ask
from phones import Phone, jpeg, who
from rooms import DISPATCHER, NOON, room_of, shipped
from small_pack import MANIFEST, write_small_pack
from test_gate import built

import app as console
from api.field.reading import said_of_case, said_of_list
from api.identity import COOKIE
from desk.acts import Doing, do
from desk.field.mine import ACTS, HELP, grids, mine
from desk.posts.acting import posts_of
from desk.reading import may_read
from desk.room import Room
from geo.errors import UnknownIncident
from incidents.lifecycle import Act, allowed
from incidents.model import OPEN
from layers.load import load
from locales import translator

NAMES = count()
LEAF, GRID = "41010299900100101", "410102999001001"
SCOPES = [
    ("worker", "micro:1-02"), ("worker", "micro:3-04b"), ("head", "third:1"), ("head", "third:3"), ("head", "dedicated:专1"), ("community", "community:C1"),
    ("department", "department:城市管理"), ("department", "department:没有"), ("dispatcher", ""), ("inspector", ""),
]  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packs")
    pack = write_small_pack(folder / "small")
    (pack / "area.toml").write_text(MANIFEST.replace("archive = true\n", ""), encoding="utf-8")
    room = room_of(load(pack), folder / "var")
    yield room
    room.ledger.close()


@pytest.fixture(scope="module")
def busy(small):
    return Busy(small, f"list{next(NAMES)}", 7, 160, NOON).room


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    room = room_of(shipped("longnan"), tmp_path_factory.mktemp("field"))
    yield room
    room.ledger.close()


@pytest.fixture
def room(template):
    return Room(replace(template.area, id=f"list{next(NAMES)}"), template.rules, template.ledger)


def wanted(asker, posts, case):
    """Whether a case belongs on a list, told from the case alone."""
    keys = {post.key for post in posts}
    own = bool({case.state.handler, case.post} & keys)
    around = asker.scope.grid is not None or asker.role in {"dispatcher", "inspector"}
    readable = not case.restricted or any(may_read(post, case) for post in posts)
    return case.status in OPEN and readable and sees(asker, case) and (own or around)


@pytest.mark.parametrize(("role", "part"), SCOPES)
def test_a_list_holds_what_one_s_posts_and_grid_have_open_and_nothing_else(busy, role, part):
    asker = who(busy.id, role, part)
    seen = busy.seen_by(asker)
    posts = posts_of(seen, asker, NOON)
    found = mine(seen, NOON)
    expected = {case.number for case in cases_of(busy) if wanted(asker, posts, case)}
    assert {task.case.number for task in found.tasks} == expected
    due = [task.case.state.due for task in found.tasks]
    timed = [time for time in due if time]
    assert due == sorted(timed) + [None] * (len(due) - len(timed))
    assert found.more == 0 or role == "department"


@pytest.mark.parametrize(("role", "part"), SCOPES)
def test_what_may_be_done_is_what_the_lifecycle_lets_the_post_do(busy, role, part):
    seen = busy.seen_by(who(busy.id, role, part))
    for task in mine(seen, NOON).tasks:
        may = allowed(task.case.state, task.post.by)
        for name, act in ACTS.items():
            if name not in {HELP, Act.SELF_CLEAR.value}:
                assert (name in task.acts) == (act in may), (task.case.number, name)


def test_every_act_that_a_list_offers_can_be_done(room):
    """But for what it still lacks: a worker's case from its dispatch to its feedback."""
    phone = Phone(room, part=f"micro:{LEAF}")
    number = phone.send(phone.report(grid=LEAF))[0].number
    offered = {"reported": {"self_clear", "note", "help"}, "dispatched": {"accept", "send_back", "escalate", "note", "ask_extension", "help"},
               "in_hand": {"feedback", "send_back", "escalate", "post_notice", "note", "ask_extension", "help"}}  # fmt: skip
    assert set(mine(phone.room, NOON).tasks[0].acts) == offered["reported"]
    do(room, Doing(number, Act.FILE), DISPATCHER, NOON)
    do(room, Doing(number, Act.DISPATCH, {"handler": phone.post}), DISPATCHER, NOON)
    assert set(mine(phone.room, NOON).tasks[0].acts) == offered["dispatched"]
    phone.send(phone.item("accept", case=number))
    assert set(mine(phone.room, NOON).tasks[0].acts) == offered["in_hand"]
    digest = phone.photo(jpeg())
    sent = phone.send(
        phone.item(
            "post_notice", case=number, text="三日内清走", until=(NOON + timedelta(days=3)).isoformat(), photos=[digest]
        )
    )
    assert sent[0].state.value == "done"


def test_one_s_own_come_before_what_lies_around_where_not_all_fit(busy):
    asker = who(busy.id, "head", "third:1")
    seen = busy.seen_by(asker)
    whole = mine(seen, NOON)
    own = [task.case.number for task in whole.tasks if task.mine]
    few = mine(seen, NOON, most=len(own))
    assert {task.case.number for task in few.tasks} == set(own)
    assert few.more == len(whole.tasks) - len(own)


def test_the_classes_reported_most_lately_come_first(room):
    phone = Phone(room, part=f"micro:{LEAF}")
    for key, times in (("09005", 1), ("06042", 3)):
        phone.send(*(phone.report(grid=LEAF, class_=key) for _ in range(times)))
    found = mine(phone.room, NOON).favourites
    assert found[:2] == ("06042", "09005")
    assert len(found) == 8
    assert mine(phone.room, NOON + timedelta(days=91)).favourites == room.rules.directory.favourites[:8]


@pytest.mark.parametrize(
    ("part", "codes"),
    [("micro:1-02", {"1-02"}), ("micro:3-04b", {"3-04"}), ("third:1", {"1", "1-01", "1-02", "1-03", "1-04"}), ("dedicated:专1", {"专1"}), ("third:gone", set())],
)  # fmt: skip
def test_the_grids_of_a_phone_are_its_own_and_all_below(small, part, codes):
    seen = small.seen_by(who(small.id, "head", part))
    assert {grid.code for grid in grids(seen)} == codes
    for grid in grids(seen):
        west, south, east, north = grid.bounds
        assert west < east
        assert south < north


def test_two_hundred_cases_are_below_a_hundred_kilobytes(template):
    room = Busy(template, f"list{next(NAMES)}", 3, 700, NOON).room
    seen = room.seen_by(who(room.id, "dispatcher"))
    found = mine(seen, NOON)
    assert len(found.tasks) == 200
    assert found.more > 0
    body = json.dumps(said_of_list(seen, found, translator("zh")), ensure_ascii=False, separators=(",", ":")).encode()
    assert len(gzip.compress(body, 5)) < 60_000


def test_a_case_is_shown_with_its_history_to_who_may_read_it_and_to_nobody_else(busy):
    for role, part in SCOPES:
        asker = who(busy.id, role, part)
        seen = busy.seen_by(asker)
        posts = posts_of(seen, asker, NOON)
        for case in cases_of(busy)[:40]:
            if sees(asker, case) and (not case.restricted or any(may_read(post, case) for post in posts)):
                assert said_of_case(seen, case.number, NOON, "zh")["number"] == case.number
            else:
                with pytest.raises(UnknownIncident):
                    said_of_case(seen, case.number, NOON, "zh")


def test_what_did_not_change_is_not_sent_again():
    cookie = f"{COOKIE}={signed_in(console.SETTINGS.data_dir, 'worker', f'longnan:micro:{LEAF}')}"
    first = ask(built(), "/field/longnan/data", cookie=cookie, accept_encoding="gzip")
    assert (first.status, first.headers["content-encoding"]) == (200, "gzip")
    assert "no-cache" in first.headers["cache-control"]
    assert "private" in first.headers["cache-control"]
    again = ask(built(), "/field/longnan/data", cookie=cookie, if_none_match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    other = ask(built(), "/field/longnan/data?lang=en", cookie=cookie, if_none_match=first.headers["etag"])
    assert other.status in {200, 304}
    assert first.json["who"]["role"] == "worker"
    assert {"account", "name", "role", "posts", "may"} == set(first.json["who"])
    missing = ask(built(), "/field/longnan/case/LN-20200101-0001", cookie=cookie)
    assert missing.status == 404
