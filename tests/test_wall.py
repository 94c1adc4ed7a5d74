"""What stands beside the map of a wall: figures that agree with the ledger, cut to who looks, and no word, name or private number in them."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from desk_browser import jpeg
from desk_browser import reported as report
from http_client import ask
from rooms import room_of, shipped
from starlette.applications import Starlette
from starlette.middleware import Middleware
from whistles import AREA, CITY, LEADER, MINUTE, NOON, blown, whistling, who

from api import wall
from desk.outbox.book import Book, Books, Contact
from desk.posts import duty
from desk.rooms import Rooms
from desk.sites import register
from desk.sites.register import Wish
from incidents.wall_views import DEFAULT, WallView
from inspections.sites import Act
from layers.areas import Areas
from ledger import sites
from ledger.sites import Asked
from ledger.store import open_ledger
from reports import figures
from reports.wall import panels, shown
from settings import Settings

HERE, THERE = "410102999001001", "410102999001002"  # two of the third-level grids
EAST = WallView("east", "东苑", AREA, grid=f"grid:{HERE}")
SHIFT = timedelta(hours=12)


@pytest.fixture
def room(tmp_path):
    return whistling(tmp_path)


def told(room, view=DEFAULT, now=NOON, language="zh"):
    return panels(room, view, now, language)


def leaves(room, grid):
    return [n for n, code in enumerate(room.area.net.leaf.codes) if room.codes_of(str(code))["grid"] == grid]


def test_every_micro_grid_is_counted_once_by_its_state(room):
    report(room, place=0, now=NOON - MINUTE)
    report(room, place=1, now=NOON - MINUTE)
    found = told(room)["grids"]
    assert found["red"] == 2
    assert sum(found.values()) == len(figures._codes(room.area.net, room.area.net.leaf.key))


def test_a_view_of_a_grid_and_a_wall_of_a_grid_count_that_grid_alone(room):
    here, there = leaves(room, HERE), leaves(room, THERE)
    for place in (here[0], there[0], there[1]):
        report(room, place=place, now=NOON - MINUTE)
    for seen in (told(room, EAST), told(room.seen_by(who("wall", f"{AREA}:grid:{HERE}")))):
        assert seen["grids"]["red"] == 1
        assert sum(seen["grids"].values()) == sum(max(1, len(room.area.net.stacked.get(str(room.area.net.leaf.codes[n]), ()))) for n in here)  # fmt: skip


def test_what_was_done_leaves_the_wall_at_the_end_of_the_shift_and_what_is_open_stays(room):
    litter = next(key for key, one in room.rules.directory.classes.items() if one.self_clear)
    worker = f"head:grid:{HERE}"
    done = report(room, place=leaves(room, HERE)[0], by=worker, now=NOON - MINUTE, class_=litter, cleared=True, photos=[jpeg()])  # fmt: skip
    open_ = report(room, place=leaves(room, THERE)[0], now=NOON - MINUTE)

    def there(now):
        return set(figures.look(room, shown(DEFAULT), now).cases["uid"])

    assert there(NOON + MINUTE) == {done.number, open_.number}
    assert there(NOON + SHIFT) == {open_.number}
    assert shown(DEFAULT).to_query() == {"days": "shift"}


def test_a_whistle_is_its_kind_its_place_who_was_called_and_its_clock_and_no_word_of_it(room):
    filed = blown(room, now=NOON - MINUTE)
    found = told(room.seen_by(who("wall", AREA)))["whistles"]
    assert found["count"] == 1
    assert found["rows"] == [{"kind": "工作推进哨", "who": room.post(CITY).title, "leaf": filed.codes["micro"], "stage": "签收", "due": filed.state.deadline.isoformat()}]  # fmt: skip
    assert "飞线" not in json.dumps(found, ensure_ascii=False)


def test_what_is_due_soon_is_its_class_its_place_and_its_deadline_and_what_is_late_is_not_told_twice(room):
    case = report(room, place=leaves(room, HERE)[0], now=NOON - MINUTE)
    due = case.state.due
    assert told(room)["soon"] == []
    near = told(room, now=due - MINUTE)["soon"]
    assert [(class_, leaf) for class_, leaf, _due in near] == [(case.class_, case.codes["micro"])]
    assert datetime.fromisoformat(near[0][2]) == due
    assert told(room, EAST, now=due - MINUTE)["soon"] == near
    assert told(room, replace(EAST, grid=f"grid:{THERE}"), now=due - MINUTE)["soon"] == []
    assert told(room, now=due + MINUTE)["soon"] == []


def test_a_whistle_in_another_grid_is_not_on_the_wall_of_this_one(room):
    filed = blown(room, now=NOON - MINUTE)
    own = filed.codes["grid"]
    other = next(code for code in room.area.net.level("grid").codes.tolist() if code != own)
    counts = {code: told(room.seen_by(who("wall", f"{AREA}:grid:{code}")))["whistles"]["count"] for code in (own, other)}  # fmt: skip
    assert counts == {own: 1, other: 0}


def test_those_on_duty_are_posts_and_the_number_is_that_of_the_duty_telephone(tmp_path):
    room = room_of(shipped(AREA), tmp_path)
    room.ledger.change(lambda writing: duty.demo(room, writing, NOON))
    Books(tmp_path).write(Book(contacts={AREA: {"duty": Contact(sms="67000000"), LEADER: Contact(sms="67000001")}}))
    found = told(room)["duty"]
    assert [row["role"] for row in found["rows"]] == ["带班领导", "值班员"]
    assert all(row["posts"] for row in found["rows"])
    assert found["phone"] == "67000000"
    assert "67000001" not in json.dumps(found)


def test_all_walls_that_look_the_same_way_get_one_answer(room, monkeypatch):
    asked = []
    monkeypatch.setattr("reports.wall.grids", lambda *_: asked.append(1))
    for account in "abc":
        told(room.seen_by(who("wall", AREA, account)), now=NOON + timedelta(hours=1))
    assert len(asked) == 1
    told(room.seen_by(who("wall", f"{AREA}:grid:{HERE}")), now=NOON + timedelta(hours=1))
    assert len(asked) == 2


def test_a_view_that_names_few_panels_is_told_few_things(room):
    assert set(told(room, replace(DEFAULT, panels=("newest",)))) == {"stops", "alerts"}


def test_the_page_and_its_panels_name_the_same_making_and_another_view_another(tmp_path):
    rooms = Rooms(Areas((), AREA), open_ledger(tmp_path), demo=False)

    class Screen:
        def __init__(self, app):
            self._app = app

        async def __call__(self, scope, receive, send):
            await self._app({**scope, "state": {"who": who("wall", AREA)}}, receive, send)

    app = Starlette(routes=wall.routes(rooms, Settings()), middleware=[Middleware(Screen)])
    rooms.get(AREA, NOON)

    def made(query):
        page = ask(app, f"/wall/{AREA}{query}", accept="text/html").text
        data = json.loads(page.split('id="battlemap-data">', 1)[1].split("</script>", 1)[0])
        answer = ask(app, f"/panels/{AREA}{query}")
        assert answer.status == 200, answer.body
        assert answer.json["made"] == data["made"]
        return data["made"]

    assert made("") != made("?panels=counts")


def test_sources_of_pollution_are_counted_with_those_that_have_a_post_and_no_other_site_is(room):
    assert told(room)["sources"] is None, "a street without a register has no bar"
    here, there = (room.area.net.leaf.geoms[leaves(room, grid)[0]].representative_point() for grid in (HERE, THERE))
    hand = register.hand(room, NOON)
    for kind, name, at in (("dust", "甲工地", here), ("enterprise", "乙厂", there), ("gas_shop", "丙店", here)):
        register.put(room, Wish(kind, name, at.x, at.y), hand, NOON)
    assert told(room, now=NOON + MINUTE)["sources"] == {"all": 2, "bound": 2}
    (dust,) = register.listed(room, Asked(AREA, kinds=frozenset({"dust"})))
    room.ledger.change(lambda writing: sites.put(writing, AREA, replace(dust, post=""), Act.EDIT, by=hand, at=NOON))
    assert told(room, now=NOON + 2 * MINUTE)["sources"] == {"all": 2, "bound": 1}
    assert told(room, EAST, NOON + 2 * MINUTE)["sources"] == {"all": 1, "bound": 0}
    assert told(room.seen_by(who("wall", f"{AREA}:grid:{THERE}")), now=NOON + 2 * MINUTE)["sources"] == {
        "all": 1,
        "bound": 1,
    }
