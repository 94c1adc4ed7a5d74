"""Lists of service orders: what waits for whom, narrowed and counted by the database as the rules say one by one; what comes again; satisfaction as counts; files without residents."""

from datetime import timedelta
from io import BytesIO
from random import Random

import openpyxl
import pytest
from canary_orders import sees_order
from orders import (
    AREA,
    CENTRE,
    COMMUNITY,
    DAY,
    ERRANDS,
    HEAD,
    HOUR,
    MINUTE,
    NOON,
    REPAIRS,
    asked,
    by,
    done,
    serving,
    who,
)
from postgres import DATABASES, fresh

from desk.orders import clock
from desk.orders.people import sight, waits_for
from incidents.orders import OPEN, OVER, STILL, Phase, Serve, allowed
from ledger import order_lists, orders
from ledger.order_lists import LATEST, Wanted
from locales import translator
from reports.listing import to_csv, to_xlsx
from reports.order_lists import PAGE, PILE, counts, listed, rows, satisfaction, table, waiting
from reports.order_lists import clock as order_clock

POSTS = (HEAD, CENTRE, ERRANDS, REPAIRS)
LATER = NOON + 3 * DAY
ACTS = (Serve.ACCEPT, Serve.DECLINE, Serve.GIVE_BACK, Serve.FINISH, Serve.RATE, Serve.CANCEL)
SAID = {Serve.DECLINE: {"reason": "x"}, Serve.GIVE_BACK: {"reason": "x"}, Serve.CANCEL: {"reason": "x"}}
_ = translator("zh")


@pytest.fixture(scope="module", params=DATABASES)
def room(request, tmp_path_factory):
    """A room with orders to which this and that happened, and three days of the clock."""
    url = (
        ""
        if request.param == "sqlite"
        else fresh(*(request.getfixturevalue(name) for name in ("postgres", "migrated")))
    )
    made, random = serving(tmp_path_factory.mktemp("lists"), url), Random(7)
    filed = [asked(made, place=n, key=f"K{n}-AAA", every="1 day" if n % 5 == 0 else "") for n in range(30)]
    for one in filed:
        happens(made, one, random)
    for hours in range(0, 72, 6):
        clock.take(made, NOON + hours * HOUR)
    yield made
    made.ledger.close()


def happens(room, filed, random):
    """Do up to four acts at random that the rules allow."""
    for n in range(random.randint(0, 3)):
        may = [
            (act, post)
            for post in POSTS
            for act in allowed(filed.state, by(post))
            if act in ACTS and (act is not Serve.CANCEL or random.random() < 0.1)
        ]
        if may:
            act, post = random.choice(may)
            said = {"stars": random.randint(0, 5)} if act is Serve.RATE else SAID.get(act, {})
            filed = done(room, filed, act, post, NOON + n * MINUTE, **said)


def every(room):
    with room.ledger.reading() as connection:
        return orders.listed(connection, room.id)


def numbers(found):
    return {one.number for one in found}


FITS = {
    "mine": lambda one, post: post in waits_for(one.state),
    "unplaced": lambda one, _post: one.state.phase in {Phase.ASKED, Phase.BACK},
    "running": lambda one, _post: one.state.phase in OPEN,
    "late": lambda one, _post: one.state.until <= LATER and (
        one.state.phase in OPEN - {Phase.DONE} or (one.state.phase is Phase.MISSED and one.state.until > LATER - STILL)
    ),
    "again": lambda one, _post: bool(one.state.every and not one.state.next),
    "over": lambda one, _post: one.state.phase in OVER,
}  # fmt: skip


@pytest.mark.parametrize("post", POSTS)
def test_every_pile_holds_what_the_rules_say_one_by_one(room, post):
    found = counts(room, room.post(post), LATER, {})
    for pile in PILE:
        fits = {one.number for one in every(room) if FITS[pile](one, post)}
        assert numbers(listed(room, room.post(post), pile, LATER, {}, most=99)) == fits, pile
        assert found[pile] == len(fits)
    late = {one.number for one in every(room) if FITS["mine"](one, post) and FITS["late"](one, post)}
    assert waiting(room, room.post(post), LATER) == (found["mine"], len(late))


def test_there_is_something_in_every_pile(room):
    assert all(counts(room, room.post(HEAD), LATER, {}).values())
    assert counts(room, room.post(ERRANDS), LATER, {})["mine"]


@pytest.mark.parametrize("asker", [("head", f"{AREA}:community:{COMMUNITY}"), ("head", f"{AREA}:third:1"), ("department", f"{AREA}:department:跑腿服务队"), ("department", f"{AREA}:department:无此部门")])  # fmt: skip
def test_a_list_holds_what_who_looks_sees_and_nothing_else(room, asker):
    person = who(*asker)
    seen, post = room.seen_by(person), room.post(HEAD)
    sees = {one.number for one in every(room) if sees_order(person, one)}
    for pile in ("running", "over"):
        assert numbers(listed(seen, post, pile, LATER, {}, most=99)) == {one.number for one in every(room) if FITS[pile](one, HEAD)} & sees  # fmt: skip
    with room.ledger.reading() as connection:
        assert order_lists.count(connection, Wanted(room.id, sight(seen))) == len(sees)


def test_pages_follow_one_another_and_leave_nothing_out(room):
    with room.ledger.reading() as connection:
        whole = order_lists.page(connection, Wanted(room.id))
        parts = [one for start in range(0, len(whole), 7) for one in order_lists.page(connection, Wanted(room.id), start=start, most=7)]  # fmt: skip
        over = order_lists.page(connection, Wanted(room.id, phases=OVER), LATEST)
    assert [one.number for one in parts] == [one.number for one in whole]
    assert [one.state.until for one in whole] == sorted(one.state.until for one in whole)
    assert numbers(over) == {one.number for one in whole if one.state.phase in OVER}


@pytest.mark.parametrize(("query", "fits"), [
    ({"q": "k3-aaa"}, lambda one: one.state.key == "K3-AAA"),
    ({"q": "-0001"}, lambda one: one.number.endswith("-0001")),
    ({"q": "%"}, lambda _one: False),
    ({"q": "\0"}, lambda _one: True),
    ({"item": "errand"}, lambda _one: True),
    ({"item": "care_visit"}, lambda _one: False),
    ({"team": "99999999999999999999"}, lambda _one: True),
])  # fmt: skip
def test_a_list_is_narrowed(room, query, fits):
    running = [one for one in every(room) if one.state.phase in OPEN]
    assert numbers(listed(room, room.post(HEAD), "running", LATER, query)) == {
        one.number for one in running if fits(one)
    }


def test_a_team_finds_what_it_has(room):
    team = next(one.state.team for one in every(room) if one.state.team and one.state.phase in OVER)
    found = listed(room, room.post(HEAD), "over", LATER, {"team": str(team)}, most=99)
    assert found
    assert {one.state.team for one in found} == {team}


def test_what_comes_again_says_its_next_day_and_what_became_of_it_as_counts(tmp_path):
    room = serving(tmp_path)
    filed = asked(room, item="housekeeping", every="1 day", key="H1-AAA")  # a Friday; holidays = skip
    done(room, filed, Serve.ACCEPT, ERRANDS)
    done(room, filed, Serve.FINISH, ERRANDS, NOON + HOUR)
    clock.take(room, NOON + 2 * DAY)  # Sunday: Monday's is made, Saturday and Sunday were skipped
    clock.take(room, NOON + 4 * DAY)
    (row,) = rows(room, listed(room, room.post(HEAD), "again", LATER, {}), NOON + 4 * DAY, _, "zh", again=True)
    assert "已办 1 · 漏办 1 · 跳过 2" in row.about
    assert row.clock.left == "下次 11-25"
    room.ledger.close()


def test_satisfaction_is_counted_by_team_and_by_service_and_names_no_resident(room):
    by_team, by_item = satisfaction(room, 30, LATER, _, "zh")
    closed = [one for one in every(room) if one.state.phase is Phase.CLOSED]
    for n, name in ((5, "非常满意"), (1, "很不满意"), (0, "未联系上")):
        assert by_team[name].sum() == by_item[name].sum() == sum(one.state.stars == n for one in closed)
    assert by_item["漏办"].sum() == sum(one.state.phase is Phase.MISSED for one in every(room))
    assert by_team["作废"].sum() == sum(one.state.phase is Phase.CANCELLED for one in every(room)) > 0
    assert set(by_item["服务事项"]) == {"跑腿代办"}
    assert "AAA" not in by_team.to_csv() + by_item.to_csv()


def test_who_sees_no_order_is_counted_none(room):
    nobody = room.seen_by(who("department", f"{AREA}:department:无此部门"))
    assert all(frame.empty for frame in satisfaction(nobody, 365, LATER, _, "zh"))


def test_a_file_holds_no_resident(room):
    frame = table(room, every(room), _, "zh")
    said = to_csv(frame).decode()
    assert len(frame) == len(every(room)) > PAGE / 3
    assert "AAA" not in said
    assert "腿脚不便" not in said
    book = openpyxl.load_workbook(BytesIO(to_xlsx(frame, "点单")))
    assert book.active["D2"].value == frame["约定开始"].iloc[0].to_pydatetime()


def test_an_empty_list_makes_an_empty_file(room):
    assert list(table(room, [], _, "zh").columns) == list(table(room, every(room), _, "zh").columns)


def test_a_clock_is_amber_two_hours_before_its_end_and_red_after_it(room):
    state = next(one.state for one in every(room) if one.state.phase is Phase.ACCEPTED)
    lights = [order_clock(room, state, state.until + timedelta(minutes=n), _).light.value for n in (-121, -119, 1)]
    assert lights == ["green", "amber", "red"]
    assert (
        order_clock(room, next(one.state for one in every(room) if one.state.phase is Phase.CLOSED), LATER, _).light
        is None
    )
