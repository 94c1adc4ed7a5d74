"""Views of a wall: kept with their history, seen as far as one sees, gone round over, described by an address; and screens that are bound to one of them."""

import json
import re
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import pytest
from admin_pages import Seat, doors
from ledgers import NOW
from orders import by, who
from rooms import DISPATCHER, room_of, shipped
from sqlalchemy import delete, update

from desk.access.permissions import permissions_of
from desk.walls import views
from geo.errors import DraftError, FilterError, NoAccess, TextError, UnknownView
from incidents.access import Role, Scope, Who
from incidents.wall_views import DEFAULT, USUAL, WallView, from_query, to_query
from ledger import backup, tables, wall_views
from ledger.find import entries as history_of
from ledger.verify import verify

AREA = "longnan"
HERE, THERE = "410102999001001", "410102999001002"  # two of its third-level grids
HALL = WallView("hall", "指挥大厅", AREA, panels=("counts", "newest"), every=30, over="grid", chime=True)
EAST = WallView("east", "东苑", AREA, grid=f"grid:{HERE}", theme="light")
OTHER = WallView("other", "别处", AREA, grid=f"grid:{THERE}")


@pytest.fixture
def room(tmp_path, database):
    found = room_of(shipped(AREA), tmp_path / "ledger", database)
    yield found
    found.ledger.close()


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A room with three views that tests share which do not change it."""
    found = room_of(shipped(AREA), tmp_path_factory.mktemp("ledger"))
    for view in (HALL, EAST, OTHER):
        views.save(found, view, DISPATCHER, NOW)
    yield found
    found.ledger.close()


def history(room, key):
    with room.ledger.reading() as connection:
        return history_of(connection, room.id, key, subject=wall_views.SUBJECT)


def screen(scope, view=""):
    return permissions_of(None).given(Who("", "hall", Role.WALL, Scope.read(scope), "d1", view=view))


def said(room):
    return [str(found) for found in verify(room.ledger, now=NOW).breaks]


# --- the register --------------------------------------------------------------------------------------------------------------------------------------


def test_a_view_is_kept_changed_and_removed_and_the_history_says_so(room):
    assert views.views(room) == ()
    views.save(room, HALL, DISPATCHER, NOW)
    assert views.view(room, "hall") == HALL
    quiet = replace(HALL, name=" 大厅 ", chime=False)
    kept = views.save(room, quiet, DISPATCHER, NOW, was=HALL)
    assert kept == replace(quiet, name="大厅")
    assert views.views(room) == (kept,)
    views.save(room, kept, DISPATCHER, NOW, was=kept)
    views.remove(room, kept, DISPATCHER, NOW)
    assert views.views(room) == ()
    assert [entry["act"] for entry in history(room, "hall")] == ["add", "edit", "remove"]
    views.save(room, EAST, DISPATCHER, NOW)
    assert said(room) == []


def test_what_the_history_does_not_say_is_found(room):
    for view in (HALL, EAST):
        views.save(room, view, DISPATCHER, NOW)
    table = tables.wall_view
    for statement, word in (
        (update(table).where(table.c.key == "hall").values(grid=f"grid:{THERE}"), "another grid"),
        (delete(table).where(table.c.key == "east"), "was removed"),
    ):
        with room.ledger.engine.begin() as connection:
            connection.execute(statement)
        assert any(word in found for found in said(room))


def test_views_outlive_a_backup(room, tmp_path):
    views.save(room, HALL, DISPATCHER, NOW)
    backup.backup(room.ledger, tmp_path / "copy.zip", now=NOW)
    again = room_of(shipped(AREA), tmp_path / "other")
    backup.restore(again.ledger, tmp_path / "copy.zip", now=NOW)
    assert views.views(again) == (HALL,)
    again.ledger.close()


def test_two_who_change_one_view_at_a_time_do_not_undo_each_other(room):
    views.save(room, HALL, DISPATCHER, NOW)
    views.save(room, replace(HALL, chime=False), DISPATCHER, NOW, was=HALL)
    for late in (
        lambda: views.save(room, replace(HALL, theme="light"), DISPATCHER, NOW, was=HALL),
        lambda: views.remove(room, HALL, DISPATCHER, NOW),
    ):
        with pytest.raises(DraftError, match="changed or removed") as refused:
            late()
        assert refused.value.field == "wall_changed"
    assert views.views(room) == (replace(HALL, chime=False),)


@pytest.mark.parametrize(
    ("wished", "field"),
    [
        (replace(HALL, name="另一个"), "wall_key"),
        (replace(HALL, key="two"), "wall_name"),
        (replace(OTHER, key=""), "wall_key"),
        (replace(OTHER, key="Hall"), "wall_key"),
        (replace(OTHER, key="a/b"), "wall_key"),
        (replace(OTHER, key="-a"), "wall_key"),
        (replace(OTHER, key="a" * 41), "wall_key"),
        (replace(OTHER, key="new", grid="grid:none"), "wall_grid"),
        (replace(OTHER, key="new", grid="grid"), "wall_grid"),
        (replace(OTHER, key="new", layers=("nothing",)), "wall_layers"),
        (replace(OTHER, key="new", panels=("counts", "counts")), "wall_panels"),
        (replace(OTHER, key="new", panels=("secrets",)), "wall_panels"),
        (replace(OTHER, key="new", theme="pink"), "wall_theme"),
        (replace(OTHER, key="new", every=30), "wall_every"),
        (replace(OTHER, key="new", over="micro"), "wall_every"),
        (replace(OTHER, key="new", every=9, over="micro"), "wall_every"),
        (replace(OTHER, key="new", every=3601, over="micro"), "wall_every"),
        (replace(OTHER, key="new", every=30, over="grid"), "wall_over"),
    ],
)
def test_what_cannot_be_a_view_is_refused_by_its_part(one, wished, field):
    with pytest.raises(DraftError) as refused:
        views.save(one, wished if wished.key != "other" else replace(wished, key="new"), DISPATCHER, NOW)
    assert refused.value.field == field
    assert {view.key for view in views.views(one)} == {"hall", "east", "other"}


def test_a_view_needs_a_name(one):
    with pytest.raises(TextError):
        views.save(one, replace(HALL, key="new", name=" "), DISPATCHER, NOW)


def test_only_the_command_room_makes_views(one):
    new = replace(OTHER, key="new", name="新")
    for role, scope, post in (
        ("analyst", AREA, "dispatcher::"),
        ("community", f"{AREA}:grid:{HERE}", f"head:grid:{HERE}"),
        ("wall", AREA, "dispatcher::"),
        ("demo", "*", "dispatcher::"),
    ):
        with pytest.raises((NoAccess, DraftError)):
            views.save(one.seen_by(who(role, scope)), new, by(post, "a"), NOW)
    assert len(views.views(one)) == 3


# --- who sees which, and what it goes round over -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "keys"),
    [
        (AREA, {"hall", "east", "other"}),
        (f"{AREA}:grid:{HERE}", {"hall", "east"}),
        (f"{AREA}:micro:41010299900100101", {"hall"}),
    ],
)
def test_a_view_is_seen_by_those_in_whose_scope_its_part_lies(one, scope, keys):
    seen = one.seen_by(who("wall", scope))
    assert {view.key for view in views.views(seen)} == keys
    for hidden in {"east", "other"} - keys:
        with pytest.raises(UnknownView, match=hidden):
            views.view(seen, hidden)


def test_a_view_that_there_is_not_is_named_with_those_that_there_are(one):
    with pytest.raises(UnknownView, match=r"'nope'.*hall.*"):
        views.view(one, "nope")


def test_a_rotation_stops_at_the_grids_below_what_is_shown_as_far_as_one_sees(one):
    grids = [("grid", str(code)) for code in one.area.net.level("grid").codes]
    assert views.stops(one, HALL) == tuple(grids)
    assert views.stops(one.seen_by(who("wall", f"{AREA}:grid:{THERE}")), HALL) == (("grid", THERE),)
    assert views.stops(one, EAST) == ()
    micro = views.stops(one, replace(EAST, every=30, over="micro"))
    net = one.area.net
    above = net.ancestors(np.arange(len(net.leaf)))["grid"]
    assert {code for _, code in micro} == {str(code) for code in net.leaf.codes[net.level("grid").codes[above] == HERE]}
    assert views.rounds(net, "") == ("grid", "micro")
    assert views.rounds(net, EAST.grid) == ("micro",)


# --- a view by its address -----------------------------------------------------------------------------------------------------------------------------


def test_an_address_that_says_nothing_means_the_area_as_it_is(one):
    assert views.drafted(one, {"lang": "en"}) == replace(DEFAULT, area=AREA)
    assert DEFAULT.panels == USUAL


@pytest.mark.parametrize("view", [HALL, EAST, replace(OTHER, panels=(), every=60, over="micro")])
def test_an_address_says_all_of_a_view_but_what_it_is_called(one, view):
    assert views.drafted(one, to_query(view)) == replace(view, key="", name="")
    assert from_query(to_query(DEFAULT), area="") == DEFAULT


@pytest.mark.parametrize(
    "query",
    [
        {"grid": "grid:none"},
        {"grid": "grid"},
        {"panels": "a"},
        {"layers": "nothing"},
        {"every": "soon"},
        {"every": "30"},
        {"every": "9" * 30, "over": "micro"},
        {"chime": "yes"},
        {"theme": "<script>"},
        {"over": "street", "every": "30"},
    ],
)
def test_an_address_that_describes_no_view_is_refused(one, query):
    with pytest.raises(FilterError):
        views.drafted(one, query)


def test_nobody_describes_what_they_do_not_see(one):
    with pytest.raises(FilterError, match="not in what you see"):
        views.drafted(one.seen_by(who("wall", f"{AREA}:grid:{THERE}")), to_query(EAST))


# --- a screen that is bound ----------------------------------------------------------------------------------------------------------------------------


def test_a_bound_screen_sees_its_view_and_no_farther(one):
    found = views.bound(one, screen(AREA, "east"))
    assert found.within.grid == "grid"
    assert found.within.codes == {HERE}
    assert views.view(found, "east") == EAST
    assert views.views(found) == (EAST,)
    with pytest.raises(UnknownView):
        views.view(found, "hall")
    with pytest.raises(UnknownView):
        views.drafted(found, {})


def test_a_bound_screen_follows_its_view_and_sees_nothing_where_it_is_gone_or_not_its_own(room):
    views.save(room, EAST, DISPATCHER, NOW)
    narrow = screen(f"{AREA}:grid:{HERE}", "east")
    assert views.bound(room, narrow).within.codes == {HERE}
    moved = views.save(room, replace(EAST, grid=OTHER.grid), DISPATCHER, NOW, was=EAST)
    assert views.bound(room, screen(AREA, "east")).within.codes == {THERE}
    with pytest.raises(UnknownView):
        views.bound(room, narrow)
    views.remove(room, moved, DISPATCHER, NOW)
    with pytest.raises(UnknownView):
        views.bound(room, screen(AREA, "east"))


def test_a_bound_screen_whose_view_shows_the_whole_sees_its_own_scope(one):
    assert views.bound(one, screen(f"{AREA}:grid:{HERE}", "hall")).within.codes == {HERE}
    assert not views.bound(one, screen(AREA, "hall")).within.narrows


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The doors of a console with three views, and its room."""
    folder = tmp_path_factory.mktemp("house")
    app = doors(folder)
    room = room_of(shipped(AREA), folder)
    for view in (HALL, EAST, OTHER):
        views.save(room, view, DISPATCHER, NOW)
    yield app, folder, room
    room.ledger.close()


def connected(house, **fields):
    """Let a screen in by a code that the security administrator makes; return it, the answer of the log-in, and the page with the code."""
    app, folder, _room = house
    security = Seat(app, folder, "security")
    page = security.send("/grants/walls", {"act": "offer"}, {"name": "屏", "place": "", "view": "", **fields})
    code = re.search(r'id="code">([^<]+)<', page.text)
    if code is None:
        return None, None, page
    wall = Seat(app, folder, None)
    action, hidden = wall.forms("/log-in", code="")[0]
    body = urlencode({**hidden, "code": code[1]}).encode()
    return wall, wall.ask(action, "POST", body), page


def test_a_code_that_names_a_view_leads_there_and_nowhere_else(house):
    wall, answer, page = connected(house, view="east")
    assert "只显示视图“东苑”" in page.text
    assert answer.headers["location"] == "/wall/longnan/east"
    listed = Seat(*house[:2], "security").text("/grants/walls")
    assert "视图 · 东苑" in listed
    live = wall.ask("/live/longnan", accept="application/json")
    assert live.status == 200
    assert set(json.loads(live.text)["grids"]) >= {"grid", "micro"}
    for address in (
        "/",
        "/map/longnan",
        "/card/longnan/grid/x",
        "/search/longnan?q=a",
        "/print/longnan",
        "/cases",
        "/own",
    ):
        found = wall.ask(address)
        assert (found.status, found.headers.get("location")) == (303, "/wall/longnan/east"), address
        assert wall.ask(address, accept="application/json").status == 403, address


def test_a_screen_of_a_removed_view_is_told_so_and_shown_nothing(house):
    room = house[2]
    gone = views.save(room, WallView("gone", "临时", AREA), DISPATCHER, NOW)
    wall, _answer, _page = connected(house, view="gone")
    assert wall.ask("/live/longnan", accept="application/json").status == 200
    views.remove(room, gone, DISPATCHER, NOW)
    refused = wall.ask("/live/longnan", accept="application/json")
    assert refused.status == 404
    assert "no wall view 'gone'" in refused.text
    views.save(room, gone, DISPATCHER, NOW)
    assert wall.ask("/live/longnan", accept="application/json").status == 200


@pytest.mark.parametrize("fields", [{"view": "nope"}, {"view": "east", "place": f"grid:{THERE}"}, {"view": "east\0"}])
def test_no_code_is_made_for_a_view_that_the_screen_would_not_see(house, fields):
    wall, _answer, page = connected(house, **fields)
    assert wall is None
    assert page.status == 422
    assert 'id="fault-view"' in page.text
